package grid_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shuniu/collect/intake/grid"
	"shuniu/collect/intake/tabular"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

// page reads a drawing of a sheet: cells between bars, < merged with the cell
// to the left, ^ with the cell above, *bold*, #number as a stored number.
func page(drawing string) *grid.Sheet {
	s := grid.NewSheet("S")
	s.Typed = true
	type at struct{ r, c int }
	own := map[at]at{} // covered cell to the top left of its merge
	far := map[at]at{} // top left to bottom right
	for r, l := range strings.Split(strings.TrimRight(drawing, "\n"), "\n") {
		s.StartRow(r)
		for c, v := range strings.Split(l, "|") {
			v = strings.TrimSpace(v)
			here := at{r, c}
			var from at
			switch v {
			case "<":
				from = at{r, c - 1}
			case "^":
				from = at{r - 1, c}
			default:
				var flags uint8
				if strings.HasPrefix(v, "*") && strings.HasSuffix(v, "*") && len(v) > 2 {
					v, flags = v[1:len(v)-1], grid.Emphasis
				}
				kind := grid.Text
				if strings.HasPrefix(v, "#") && len(v) > 1 {
					v, kind = v[1:], grid.Number
				} else if figure(v) {
					kind = grid.Number
				}
				s.AddFlagged(c, kind, []byte(strings.ReplaceAll(v, `\n`, "\n")), 0, flags)
				continue
			}
			if o, ok := own[from]; ok {
				from = o
			}
			own[here] = from
			f := far[from]
			far[from] = at{max(f.r, r), max(f.c, c)}
		}
	}
	for o, f := range far {
		s.Merge(grid.Range{Top: o.r, Left: o.c, Bottom: f.r, Right: f.c})
	}
	s.Finish()
	return s
}

func figure(v string) bool {
	if v == "" || len(v) > 1 && v[0] == '0' && v[1] != '.' {
		return false
	}
	dots := 0
	for i, b := range v {
		if b == '.' {
			dots++
		} else if (b < '0' || b > '9') && (i > 0 || b != '-' || len(v) == 1) {
			return false
		}
	}
	return dots < 2
}

// tell writes what was found, one fact a line.
func tell(t *testing.T, s *grid.Sheet) string {
	t.Helper()
	var w strings.Builder
	blocks, rest := grid.Analyse(context.Background(), s, grid.Options{})
	for _, b := range blocks {
		fmt.Fprintf(&w, "table %s header %d confidence %.2f\n", b.Range(), b.HeaderRows, b.Confidence)
		for _, h := range b.Heads {
			fmt.Fprintf(&w, "  column %s", h.Name)
			if h.Unit != "" {
				fmt.Fprintf(&w, " [%s]", h.Unit)
			}
			w.WriteString("\n")
		}
		tally, err := b.Read(context.Background(), nil, func(x *tabular.Batch) error {
			for i := range x.Rows {
				fmt.Fprintf(&w, "  row %d:", x.Origin[i])
				for k := range x.Columns {
					v, ok := x.Columns[k].At(i)
					if !ok {
						v = []byte("~")
					}
					fmt.Fprintf(&w, " %s;", v)
				}
				w.WriteString("\n")
			}
			return nil
		})
		if err != nil || !tally.Balanced() {
			t.Errorf("tally %+v, %v", tally, err)
		}
		for _, n := range b.Notes {
			fmt.Fprintf(&w, "  %s %s: %s\n", n.Kind, grid.A1(n.Row, n.Col), n.Text)
		}
		for _, q := range b.Questions {
			fmt.Fprintf(&w, "  ? %s\n", q)
		}
	}
	for _, n := range rest {
		fmt.Fprintf(&w, "rest %s %s: %s\n", n.Kind, grid.A1(n.Row, n.Col), n.Text)
	}
	return w.String()
}

// TestCases looks at drawings of sheets as offices make them; what is found is
// kept in golden files and was read by eye.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.sheet")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".sheet"), func(t *testing.T) {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			drawing, want, _ := strings.Cut(string(b), "\n====\n")
			got := tell(t, page(drawing))
			if *update {
				if err := os.WriteFile(f, []byte(drawing+"\n====\n"+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
