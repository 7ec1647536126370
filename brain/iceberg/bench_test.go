package iceberg_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"shuniu/brain"
	"shuniu/brain/braintest"
	"shuniu/resource"
)

// stageRows writes n rows for tbl.
func stageRows(tb testing.TB, l brain.Lake, tbl brain.Table, batch resource.BatchID, n int) (brain.Commit, brain.Staging) {
	tb.Helper()
	s, err := l.Stage(tb.Context(), tbl.Name())
	if err != nil {
		tb.Fatal(err)
	}
	fields, err := tbl.Fields(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	rows := make([][]any, n)
	for i := range rows {
		rows[i] = braintest.Row(fields, batch, i)
	}
	p := filepath.Join(s.Dir(), "part.parquet")
	k, err := braintest.WriteParquet(tb.Context(), p, fields, braintest.Rows(fields, rows))
	if err != nil {
		tb.Fatal(err)
	}
	return brain.Commit{Batch: batch, Files: []brain.StagedFile{{Path: p, Rows: k}}}, s
}

// BenchmarkCreateAppend makes one table and lands one small batch in it per
// operation: a folder of many small files. Target: 2,000 tables in a minute.
func BenchmarkCreateAppend(b *testing.B) {
	l, _ := openLake(b, b.TempDir())
	var made, landed []time.Duration
	for i := 0; b.Loop(); i++ {
		t0 := time.Now()
		tbl, err := l.Create(b.Context(), resource.Table{Station: resource.Landing, Dataset: resource.DatasetID(fmt.Sprintf("t%d", i))}, braintest.Fields)
		if err != nil {
			b.Fatal(err)
		}
		made = append(made, time.Since(t0))
		c, s := stageRows(b, l, tbl, braintest.NewBatch(), 100)
		t0 = time.Now()
		if _, err := tbl.Append(b.Context(), c); err != nil {
			b.Fatal(err)
		}
		landed = append(landed, time.Since(t0))
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	report(b, "create", made)
	report(b, "append", landed)
}

// BenchmarkAppend lands small batches in one table, maintained every 100.
// Target: p50 ≤ 30 ms.
func BenchmarkAppend(b *testing.B) {
	l, _ := openLake(b, b.TempDir())
	tbl, err := l.Create(b.Context(), resource.Table{Station: resource.Landing, Dataset: "t"}, braintest.Fields)
	if err != nil {
		b.Fatal(err)
	}
	var landed, planned []time.Duration
	for i := 0; b.Loop(); i++ {
		c, s := stageRows(b, l, tbl, braintest.NewBatch(), 100)
		t0 := time.Now()
		if _, err := tbl.Append(b.Context(), c); err != nil {
			b.Fatal(err)
		}
		landed = append(landed, time.Since(t0))
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		if i%100 == 99 {
			if _, err := tbl.Maintain(b.Context(), brain.Upkeep{KeepSnapshots: 20}); err != nil {
				b.Fatal(err)
			}
		}
		if i%50 == 49 {
			t0 = time.Now()
			if _, err := tbl.Scan(b.Context(), 0); err != nil {
				b.Fatal(err)
			}
			planned = append(planned, time.Since(t0))
		}
	}
	report(b, "append", landed)
	report(b, "append_last50", landed[max(0, len(landed)-50):])
	if len(planned) > 0 {
		report(b, "plan", planned)
	}
}

func report(b *testing.B, name string, d []time.Duration) {
	d = slices.Sorted(slices.Values(d))
	b.ReportMetric(float64(d[len(d)/2].Microseconds())/1000, name+"_p50_ms")
	b.ReportMetric(float64(d[len(d)*99/100].Microseconds())/1000, name+"_p99_ms")
}
