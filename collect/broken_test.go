package collect

import (
	"context"

	"shuniu/brain/duck"
	"shuniu/collect/intake"
	"shuniu/collect/intake/reading"
	"shuniu/collect/intake/tabular"
	"shuniu/worker"
)

// brokenHandler lands a table whose reader loses a row on its second reading.
func brokenHandler(ctx context.Context, c worker.Call) error {
	heads := []tabular.Head{{Name: "甲"}}
	rows := func(n int) *tabular.Batch {
		b := &tabular.Batch{Columns: make([]tabular.Text, 1)}
		for i := range n {
			b.Columns[0].AppendString("x")
			b.Origin = append(b.Origin, int64(i+2))
			b.Rows++
		}
		return b
	}
	p := reading.New(heads[0])
	p.Add(&rows(3).Columns[0])
	tally := tabular.Tally{Physical: 4, Header: 1, Rows: 3}
	t := intake.Table{
		Found: tabular.Found{Heads: heads, Read: func(_ context.Context, emit func(*tabular.Batch) error, _ func(tabular.Reject) error) (tabular.Tally, error) {
			return tally, emit(rows(2))
		}},
		Findings: []reading.Finding{p.Finding()}, Tally: tally,
		Report: intake.TableReport{N: 1, Name: "坏", Rows: 3, Columns: []intake.ColumnReport{{Name: "甲"}}},
	}
	l := &lander{c: c, write: duck.WriteParquet}
	if err := l.member(ctx, &intake.Member{SHA256: "0", Format: "csv", Tables: []intake.Table{t}}); err != nil {
		return err
	}
	return l.flush(ctx)
}
