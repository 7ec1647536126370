package iceberg

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"
	"time"

	"shuniu/brain"
	"shuniu/resource"
)

// What a lake remembers of a table goes with the table.
func TestADroppedTableIsForgotten(t *testing.T) {
	b := newBench(t)
	b.append(t, 0, 3)
	if _, err := b.tbl.Scan(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if len(b.heads) != 1 || len(b.proven) != 1 || len(b.plans) != 1 || len(b.sums) == 0 {
		t.Fatalf("remembered: %d heads, %d proven, %d plans, %d sums", len(b.heads), len(b.proven), len(b.plans), len(b.sums))
	}
	if err := b.Drop(t.Context(), b.tbl.name); err != nil {
		t.Fatal(err)
	}
	if n := len(b.heads) + len(b.proven) + len(b.plans) + len(b.sums) + len(b.locks); n != 0 {
		t.Errorf("still remembered: %d heads, %d proven, %d plans, %d sums, %d locks", len(b.heads), len(b.proven), len(b.plans), len(b.sums), len(b.locks))
	}
}

func TestPlansOfExpiredSnapshotsAreForgotten(t *testing.T) {
	b := newBench(t)
	first := b.append(t, 0, 1)
	b.append(t, 1, 2)
	if _, err := b.tbl.Scan(t.Context(), first.ID); err != nil {
		t.Fatal(err)
	}
	if r, err := b.tbl.Maintain(t.Context(), brain.Upkeep{KeepSnapshots: 1}); err != nil || r.SnapshotsExpired != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	if len(b.plans) != 0 {
		t.Errorf("plans of %v", b.plans)
	}
}

// A full memory lets one go, not all of them.
func TestAFullMemoryLetsOneGo(t *testing.T) {
	m := map[int]string{}
	for i := range 5 {
		remembered(m, i, "a", 4)
	}
	if _, ok := m[4]; !ok || len(m) != 4 {
		t.Errorf("%v", m)
	}
	for k := range m { // one that is known takes no room
		remembered(m, k, "b", 4)
	}
	if len(m) != 4 {
		t.Errorf("%v", m)
	}
}

// A lock serves one at a time and is gone with the last who wants it.
func TestTheLockOfATable(t *testing.T) {
	b := newBench(t)
	unlock, err := b.lock(t.Context(), b.tbl.name)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := b.lock(ctx, b.tbl.name); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second holder: %v", err)
	}
	done := make(chan error)
	go func() {
		again, err := b.lock(t.Context(), b.tbl.name)
		if err == nil {
			again()
		}
		done <- err
	}()
	unlock()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if len(b.locks) != 0 {
		t.Errorf("%d locks stay", len(b.locks))
	}
}

// One snapshot, as opposed to the newest of all.
func TestSnapshotOfATable(t *testing.T) {
	b := newBench(t)
	if s, err := b.tbl.Snapshot(t.Context(), 0); err != nil || s.ID != 0 {
		t.Errorf("of an empty table: %+v, %v", s, err)
	}
	first, second := b.append(t, 0, 1), b.append(t, 1, 3)
	if _, err := b.tbl.Rollback(t.Context(), first.ID); err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		ask, get int64
		rows     int64
	}{{0, int64(first.ID), 1}, {int64(second.ID), int64(second.ID), 3}} {
		s, err := b.tbl.Snapshot(t.Context(), resource.SnapshotID(want.ask))
		if err != nil || int64(s.ID) != want.get || s.Rows != want.rows {
			t.Errorf("snapshot %d: %+v, %v", want.ask, s, err)
		}
	}
	if all, err := b.tbl.Snapshots(t.Context()); err != nil || !slices.Equal([]int64{int64(all[0].ID), int64(all[1].ID)}, []int64{int64(second.ID), int64(first.ID)}) {
		t.Errorf("all: %+v, %v", all, err)
	}
}

// TestCommitsLeaveNothingInMemory: the lake remembers a table's newest state,
// not all that led to it.
func TestCommitsLeaveNothingInMemory(t *testing.T) {
	b := newBench(t)
	live := func() int64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	commit := func(n int) {
		for i := range n {
			b.append(t, i, i+1)
		}
	}
	commit(20)
	before := live()
	commit(130)
	if grown := live() - before; grown > 8<<20 {
		t.Errorf("130 commits of one row left %d MB", grown>>20)
	}
}
