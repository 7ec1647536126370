package iceberg_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"testing"

	"shuniu/brain"
	"shuniu/brain/braintest"
	"shuniu/brain/iceberg"
	"shuniu/fault"
	"shuniu/metadb"
	"shuniu/resource"
	"shuniu/shuniutest/pg"
)

const (
	childStore = "SHUNIU_CAMPAIGN_STORE" // address of the metadata store
	childFrom  = "SHUNIU_CAMPAIGN_FROM"  // first number of a writer
)

var (
	appended = resource.Table{Station: resource.Landing, Dataset: "appended"}
	counted  = resource.Table{Station: resource.Landing, Dataset: "counted"}
)

// writer is the child that works on tables together with another process: it
// appends a number and adds one to a counter, in turn.
func writer(ctx context.Context, dir, store string, from, each int) error {
	db, err := metadb.Open(ctx, store, quiet)
	if err != nil {
		return err
	}
	lake, err := iceberg.Open(ctx, iceberg.Config{Dir: filepath.Join(dir, "lake"), DB: db, Log: quiet})
	if err != nil {
		return err
	}
	p := &program{dir: dir, db: db, lake: lake}
	a, err := lake.Open(ctx, appended)
	if err != nil {
		return err
	}
	c, err := lake.Open(ctx, counted)
	if err != nil {
		return err
	}
	for n := from; n < from+each; n++ {
		if err := p.commit(ctx, a, braintest.NewBatch(), nil, []int{n}); err != nil {
			return err
		}
		fmt.Println("ack", n)
		for {
			err := braintest.Increment(ctx, lake, braintest.WriteParquet, c)
			if err == nil {
				break
			}
			if !errors.Is(err, fault.Conflict) {
				return err
			}
		}
	}
	fmt.Println("ready")
	return db.Close()
}

// TestRule07TwoProcesses lets two processes write to the same tables: what was
// acknowledged is there, once, and no update is lost.
func TestRule07TwoProcesses(t *testing.T) {
	for name, store := range map[string]func(t *testing.T, dir string) string{
		"sqlite":   func(_ *testing.T, dir string) string { return "sqlite://" + filepath.Join(dir, "meta.db") },
		"postgres": func(t *testing.T, _ string) string { return pg.Database(t) },
	} {
		t.Run(name, func(t *testing.T) {
			const each = 12
			dir := t.TempDir()
			address := store(t, dir)
			db, err := metadb.Open(t.Context(), address, quiet)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			})
			lake, err := iceberg.Open(t.Context(), iceberg.Config{Dir: filepath.Join(dir, "lake"), DB: db, Log: quiet})
			if err != nil {
				t.Fatal(err)
			}
			p := &program{dir: dir, db: db, lake: lake}
			a, c := p.make(t, appended), p.make(t, counted)
			if err := p.commit(t.Context(), c, braintest.NewBatch(), nil, []int{0}); err != nil {
				t.Fatal(err)
			}
			t.Setenv(childStore, address)
			var lives []*life
			for i := range 2 {
				t.Setenv(childFrom, strconv.Itoa(i*each))
				lives = append(lives, start(t, "writer", dir))
			}
			acked := map[int]bool{}
			for _, l := range lives {
				_, ok := l.await(t, "ready")
				l.drain()
				<-l.ended
				if !ok || l.bad != "" {
					t.Fatalf("a writer ended: %s", l.bad)
				}
				for n := range l.acked {
					acked[n] = true
				}
			}
			if len(acked) != 2*each {
				t.Fatalf("%d acknowledged, want %d", len(acked), 2*each)
			}
			rows := map[int]int{}
			for _, n := range p.numbers(t, a) {
				rows[n]++
			}
			for n := range acked {
				if rows[n] != 1 {
					t.Errorf("number %d is there %d times", n, rows[n])
				}
			}
			if got := p.numbers(t, c); len(got) != 1 || got[0] != 2*each {
				t.Errorf("the counter is %v, want %d", got, 2*each)
			}
		})
	}
}

func (p *program) make(t *testing.T, name resource.Table) brain.Table {
	t.Helper()
	tbl, err := p.lake.Create(t.Context(), name, braintest.Fields)
	if err != nil {
		t.Fatal(err)
	}
	return tbl
}

func (p *program) numbers(t *testing.T, tbl brain.Table) []int {
	t.Helper()
	s, err := tbl.Scan(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	nums, err := numbersOf(s)
	if err != nil {
		t.Fatal(err)
	}
	return nums
}
