package grid_test

import (
	"context"
	"strconv"
	"testing"

	"shuniu/collect/intake/grid"
)

// BenchmarkAnalyse looks at one million rows of twelve columns.
func BenchmarkAnalyse(b *testing.B) {
	s := grid.NewSheet("big")
	s.Typed = true
	var t []byte
	const rows = 1_000_000
	for i := range rows {
		s.StartRow(i)
		for c := range 12 {
			if i == 0 {
				s.Add(c, grid.Text, []byte("列"+strconv.Itoa(c)), 0)
				continue
			}
			if c%3 == 0 {
				t = append(t[:0], "街道"...)
				s.Add(c, grid.Text, strconv.AppendInt(t, int64(i%977), 10), 0)
				continue
			}
			t = strconv.AppendInt(t[:0], int64(i*7+c), 10)
			s.Add(c, grid.Number, t, 0)
		}
	}
	s.Finish()
	b.ResetTimer()
	for range b.N {
		blocks, _ := grid.Analyse(context.Background(), s, grid.Options{})
		if len(blocks) != 1 || blocks[0].Rows() != rows-1 {
			b.Fatalf("%d tables", len(blocks))
		}
	}
	b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
}
