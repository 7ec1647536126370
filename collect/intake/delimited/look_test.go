package delimited

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestLook prints what is found in the files of SHUNIU_LOOK, for a person.
func TestLook(t *testing.T) {
	list := os.Getenv("SHUNIU_LOOK")
	if list == "" {
		t.Skip("SHUNIU_LOOK names no files")
	}
	for _, name := range strings.Split(list, ":") {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		tables := read(t, name, b)
		fmt.Printf("== %s: %d tables\n", name, len(tables))
		for _, x := range tables {
			fmt.Printf("  %q %s %s %+v header %d conf %.2f tally %+v\n", x.Name, x.Format, x.Encoding, x.Place, x.HeaderRows, x.Confidence, x.tally)
			if x.Dialect != nil {
				fmt.Printf("    dialect %q\n", *x.Dialect)
			}
			for _, h := range x.Heads {
				fmt.Printf("    [%s|%s]", h.Name, h.Unit)
			}
			fmt.Println()
			for i, r := range x.rows {
				if i < 2 || i >= len(x.rows)-1 {
					fmt.Printf("    %d: %.200q\n", x.origin[i], r)
				}
			}
			for i, n := range x.Notes {
				if i < 12 {
					fmt.Printf("    note %s@%s: %.120q\n", n.Kind, n.Place, n.Text)
				}
			}
			for i, r := range x.rejects {
				if i < 5 {
					fmt.Printf("    reject %d: %s: %.160q\n", r.Line, r.Reason, r.Text)
				}
			}
			for _, q := range x.Questions {
				fmt.Printf("    ? %s\n", q)
			}
		}
	}
}
