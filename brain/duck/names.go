package duck

import (
	"fmt"
	"strings"
	"time"

	"shuniu/fault"
	"shuniu/resource"
)

// rewriteDeadline is long: a rewrite goes through whole tables.
const rewriteDeadline = time.Hour

// checkNames refuses columns that DuckDB takes for the same one: it folds the
// case of ASCII letters.
func checkNames(fields []resource.Field) error {
	seen := map[string]string{}
	for _, f := range fields {
		folded := strings.Map(func(r rune) rune {
			if 'A' <= r && r <= 'Z' {
				return r + 'a' - 'A'
			}
			return r
		}, f.Name)
		if other, ok := seen[folded]; ok {
			return fmt.Errorf("columns %q and %q differ in nothing but case: %w", other, f.Name, fault.Invalid)
		}
		seen[folded] = f.Name
		if f.Name == "" {
			return fmt.Errorf("a column without a name: %w", fault.Invalid)
		}
	}
	return nil
}
