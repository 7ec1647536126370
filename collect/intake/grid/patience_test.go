package grid_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"shuniu/collect/intake/grid"
	"shuniu/collect/intake/tabular"

	"pgregory.net/rapid"
)

// TestPatience looks at sheets made to be slow.
func TestPatience(t *testing.T) {
	const rows = 20_000
	for _, tc := range []struct {
		name string
		cell func(r, c int) string
		cols int
	}{
		{"a blank row after each row", func(r, c int) string {
			if r%2 == 1 {
				return ""
			}
			return fmt.Sprint(r * c)
		}, 6},
		{"each row a heading or a header", func(r, c int) string {
			if r%3 == 0 {
				if c == 0 {
					return "标题"
				}
				return ""
			}
			if r%3 == 1 {
				return fmt.Sprint("名", c)
			}
			return fmt.Sprint(r)
		}, 5},
		{"nothing but totals", func(r, c int) string {
			if c == 0 {
				return "合计"
			}
			return fmt.Sprint(r)
		}, 4},
		{"steps", func(r, c int) string {
			if r%40 == c {
				return "x"
			}
			return ""
		}, 40},
		{"chessboard", func(r, c int) string {
			if (r+c)%2 == 0 {
				return fmt.Sprint(r % 7)
			}
			return ""
		}, 20},
		{"words", func(r, c int) string { return "词" }, 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := grid.NewSheet("S")
			for r := range rows {
				s.StartRow(r)
				for c := range tc.cols {
					s.Add(c, grid.Text, []byte(tc.cell(r, c)), 0)
				}
			}
			s.Finish()
			start := time.Now()
			account(t, s)
			if took := time.Since(start); took > 30*time.Second {
				t.Errorf("took %v", took)
			} else if took > 2*time.Second {
				t.Logf("took %v", took)
			}
		})
	}
}

// account checks that every cell of a sheet is in a table, a header or a note.
func account(t interface {
	Errorf(string, ...any)
	Fatalf(string, ...any)
}, s *grid.Sheet,
) {
	blocks, rest := grid.Analyse(context.Background(), s, grid.Options{})
	told := map[[2]int]bool{} // row and column, -1 for the row as a whole
	for _, b := range blocks {
		for _, n := range b.Notes {
			told[[2]int{n.Row, -1}] = true
		}
		tally, err := b.Read(context.Background(), nil, func(x *tabular.Batch) error {
			if len(x.Columns) != len(b.Heads) || len(x.Origin) != x.Rows {
				t.Errorf("%s: %d columns, %d heads, %d origins", b.Range(), len(x.Columns), len(b.Heads), len(x.Origin))
			}
			return nil
		})
		if err != nil || !tally.Balanced() || tally.Rows != int64(b.Rows()) {
			t.Errorf("%s: tally %+v, %d rows, %v", b.Range(), tally, b.Rows(), err)
		}
		names := map[string]bool{}
		for _, h := range b.Heads {
			if h.Name == "" || names[h.Name] {
				t.Errorf("%s: name %q is empty or comes twice", b.Range(), h.Name)
			}
			names[h.Name] = true
		}
		if b.Confidence < 0.8 && len(b.Questions) == 0 {
			t.Errorf("%s: confidence %.2f without a question", b.Range(), b.Confidence)
		}
	}
	for _, n := range rest {
		told[[2]int{n.Row, -1}] = true
	}
	lost := 0
	for i := range s.Rows() {
		row, cells := s.Row(i)
	cell:
		for _, c := range cells {
			if len(s.Text(c)) == 0 || s.Covered(c) || s.Blank(c) || told[[2]int{row, -1}] {
				continue
			}
			for _, b := range blocks {
				if row >= b.Place.Top && row <= b.Place.Bottom && int(c.Col) >= b.Place.Left && int(c.Col) <= b.Place.Right && (b.Role(row) == grid.Data || b.Role(row) == grid.Header) {
					continue cell
				}
			}
			if lost++; lost < 5 {
				t.Errorf("cell %s %q is in no table and no note", grid.A1(row, int(c.Col)), s.Text(c))
			}
		}
	}
}

// TestNothingLost: whatever stands on a sheet, each cell is told of.
func TestNothingLost(t *testing.T) {
	words := []string{"", "", "", "合计", "街道", "塘桥", "12", "3.5", "2024-03-05", "2019", "2020", "注：说明", "单位：万元", "名称", "小计", "x", "一、城区", "审核人：李四", "-", "Total", "2023年"}
	rapid.Check(t, func(t *rapid.T) {
		s := grid.NewSheet("S")
		s.Typed = rapid.Bool().Draw(t, "typed")
		cols := rapid.IntRange(1, 9).Draw(t, "columns")
		rows := rapid.IntRange(1, 24).Draw(t, "rows")
		for r := range rows {
			s.StartRow(r)
			kind := rapid.IntRange(0, 5).Draw(t, "kind")
			for c := range cols {
				v := ""
				switch kind {
				case 0:
				case 1:
					if c == 0 {
						v = rapid.SampledFrom(words).Draw(t, "lone")
					}
				case 2:
					v = fmt.Sprint(r*10 + c)
				default:
					v = rapid.SampledFrom(words).Draw(t, "cell")
				}
				s.Add(c, grid.Text, []byte(v), 0)
			}
		}
		for range rapid.IntRange(0, 4).Draw(t, "merges") {
			r, c := rapid.IntRange(0, rows-1).Draw(t, "top"), rapid.IntRange(0, cols-1).Draw(t, "left")
			s.Merge(grid.Range{Top: r, Left: c, Bottom: r + rapid.IntRange(0, 3).Draw(t, "tall"), Right: c + rapid.IntRange(0, 3).Draw(t, "wide")})
		}
		s.Finish()
		account(t, s)
	})
}
