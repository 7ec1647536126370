package store_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"shuniu/guard"
	"shuniu/matter"
	"shuniu/metadb"
	"shuniu/shuniutest/pg"
)

// BenchmarkTransitions measures durable transitions by 256 callers at once,
// over SHUNIU_MATTERS open matters (10,000 when not given), and what a page of
// an inbox costs among them.
//
//	go test -run - -bench Transitions -benchtime 20000x ./matter/store
func BenchmarkTransitions(b *testing.B) {
	open := 10000
	if n, err := strconv.Atoi(os.Getenv("SHUNIU_MATTERS")); err == nil {
		open = n
	}
	for name, dsn := range map[string]func(b *testing.B) string{
		"sqlite":   func(b *testing.B) string { return "sqlite://" + filepath.Join(b.TempDir(), "m.db") },
		"postgres": func(b *testing.B) string { return pg.Database(b) },
	} {
		b.Run(name, func(b *testing.B) {
			db, err := metadb.Open(b.Context(), dsn(b), slog.New(slog.DiscardHandler))
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			transitions(b, newWorld(b, db, shipped()), open)
		})
	}
}

func transitions(b *testing.B, w *world, open int) {
	ids := make([]matter.ID, open)
	begun := time.Now()
	each(256, open, func(i int) {
		ids[i] = w.file(b, "")
	})
	b.Logf("%d opened, %.0f/s", open, float64(open)/time.Since(begun).Seconds())
	// Proposed, sent back, proposed …: what a matter can do for ever.
	steps := make([]atomic.Int64, open)
	took := make([]time.Duration, b.N)
	b.ResetTimer()
	each(256, b.N, func(i int) {
		k := i % open
		ctx, c := steward(b), matter.Command{Matter: ids[k], Action: "agree", Data: map[string]any{"opinion": "同意提供"}}
		if steps[k].Add(1)%2 == 0 {
			ctx, c.Action = head(b), "back"
		}
		at := time.Now()
		if _, err := w.Do(ctx, c); err != nil {
			b.Error(err)
		}
		took[i] = time.Since(at)
	})
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "transitions/s")
	b.ReportMetric(float64(took[b.N*99/100].Milliseconds()), "p99-ms")
	at := time.Now()
	list, err := w.Inbox(as(b.Context(), "li", guard.Steward, "scjg"), matter.Place{}, 50)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(time.Since(at).Microseconds())/1000, "inbox-ms")
	if len(list) == 0 {
		b.Error("nothing in the inbox")
	}
	if err := w.Verify(b.Context(), ids[0]); err != nil {
		b.Fatal(fmt.Errorf("after all: %w", err))
	}
}

// each does n things, at most width at once.
func each(width, n int, do func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range width {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				do(int(i))
			}
		})
	}
	wg.Wait()
}
