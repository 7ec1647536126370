package standards

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed *.csv *.txt
var files embed.FS

// Text returns the whole of a shipped file, e.g. "areas.csv". An unknown name
// is a wrong constant of the caller: it panics.
func Text(name string) string {
	b, err := files.ReadFile(name)
	if err != nil {
		panic(fmt.Sprintf("packs/standards: %s: %v", name, err))
	}
	return string(b)
}

// Rows yields the fields of every line of a shipped CSV file below its heading.
// The files hold no quotes; a comma always parts two fields. Text is read with
// lines of one field.
func Rows(name string, yield func(fields []string)) {
	text := Text(name)
	_, text, _ = strings.Cut(text, "\n") // the heading
	var fields []string
	for line := range strings.SplitSeq(text, "\n") {
		if line == "" {
			continue
		}
		fields = fields[:0]
		for f := range strings.SplitSeq(line, ",") {
			fields = append(fields, f)
		}
		yield(fields)
	}
}
