package delimited

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"shuniu/collect/intake/tabular"
)

// TestFastRowsAreSplitAsPlainly compares the split of unquoted rows with
// bytes.Split: a row of another width leaves no trace.
func TestFastRowsAreSplitAsPlainly(t *testing.T) {
	value := rapid.OneOf(rapid.SampledFrom([]string{"", "1", "12345678", "浦东", "上海市浦东新区川沙新镇", "1234567", "\x00\xff"}), rapid.StringN(0, 30, -1))
	rapid.Check(t, func(t *rapid.T) {
		clean := func(s string) string { return strings.NewReplacer(",", "", "\n", "").Replace(s) }
		width := rapid.IntRange(1, 6).Draw(t, "width")
		targets := make([]int, width)
		columns := 0
		for k := range targets {
			targets[k] = -1
			if rapid.IntRange(0, 4).Draw(t, "kept") > 0 {
				targets[k] = columns
				columns++
			}
		}
		b := &tabular.Batch{Columns: make([]tabular.Text, columns)}
		for i := range b.Columns {
			b.Columns[i].Reset()
		}
		var want [][][]byte
		s := &stretch{width: width, targets: targets}
		for range rapid.IntRange(1, 8).Draw(t, "rows") {
			var row []byte
			for k := range rapid.IntRange(1, 7).Draw(t, "values") {
				if k > 0 {
					row = append(row, ',')
				}
				row = append(row, clean(value.Draw(t, "value"))...)
			}
			values := bytes.Split(row, []byte{','})
			ok := s.fast(b, row, ',')
			if ok != (len(values) == width) {
				t.Fatalf("row %q of %d columns: %v", row, width, ok)
			}
			if ok {
				b.Rows++
				want = append(want, values)
			}
		}
		for i, row := range want {
			for k, v := range row {
				if c := targets[k]; c >= 0 {
					if got, _ := b.Columns[c].At(i); !bytes.Equal(got, v) {
						t.Fatalf("row %d, value %d: %q, want %q", i, k, got, v)
					}
				}
			}
		}
		for i := range b.Columns {
			if len(b.Columns[i].Offsets) != len(want)+1 {
				t.Fatalf("column %d has %d offsets for %d rows", i, len(b.Columns[i].Offsets), len(want))
			}
		}
	})
}
