package event_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"shuniu/event"
	"shuniu/metadb"
	"shuniu/shuniutest/pg"
)

// onBoth runs a test on SQLite and on PostgreSQL.
func onBoth(t *testing.T, test func(t *testing.T, db *metadb.DB, l *event.Log)) {
	for name, dsn := range map[string]func(*testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite://" + filepath.Join(t.TempDir(), "m.db") },
		"postgres": func(t *testing.T) string { return pg.Database(t) },
	} {
		t.Run(name, func(t *testing.T) {
			db, err := metadb.Open(t.Context(), dsn(t), slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			test(t, db, event.New(db))
		})
	}
}

func publish(t *testing.T, db *metadb.DB, l *event.Log, topic, subject string, after error) {
	t.Helper()
	err := db.Write(t.Context(), func(ctx context.Context, tx bun.Tx) error {
		if err := l.Publish(ctx, tx, event.Event{Topic: topic, Kind: "made", Subject: subject}, map[string]int{"n": 1}); err != nil {
			return err
		}
		return after
	})
	if !errors.Is(err, after) {
		t.Fatal(err)
	}
}

func TestOnlyCommittedEventsAreSeenInOrder(t *testing.T) {
	onBoth(t, testOnlyCommittedEventsAreSeenInOrder)
}

func testOnlyCommittedEventsAreSeenInOrder(t *testing.T, db *metadb.DB, l *event.Log) {
	publish(t, db, l, "batch", "a", nil)
	publish(t, db, l, "batch", "never", errors.New("rolled back"))
	publish(t, db, l, "run", "other topic", nil)
	publish(t, db, l, "batch", "b", nil)
	events, err := l.Since(t.Context(), 0, []string{"batch"}, 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(events) != 2 || events[0].Subject != "a" || events[1].Subject != "b" {
		t.Fatalf("events = %+v", events)
	}
	rest, err := l.Since(t.Context(), events[0].Seq, nil, 10)
	if err != nil || len(rest) != 2 {
		t.Errorf("after the first: %d events, err %v; want 2", len(rest), err)
	}
}

func TestWatchReplaysThenFollows(t *testing.T) { onBoth(t, testWatchReplaysThenFollows) }

func testWatchReplaysThenFollows(t *testing.T, db *metadb.DB, l *event.Log) {
	publish(t, db, l, "batch", "before", nil)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	got := make(chan string, 10)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for e, err := range l.Watch(ctx, 0, nil) {
			if err != nil {
				t.Error(err)
				return
			}
			got <- e.Subject
		}
	}()
	if s := <-got; s != "before" {
		t.Fatalf("first = %q", s)
	}
	publish(t, db, l, "batch", "live", nil)
	select {
	case s := <-got:
		if s != "live" {
			t.Errorf("second = %q", s)
		}
	case <-ctx.Done():
		t.Error("the live event did not come")
	}
	cancel()
	<-done
}

// counter counts the statements of a store.
type counter struct{ n atomic.Int64 }

func (c *counter) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context { return ctx }
func (c *counter) AfterQuery(context.Context, *bun.QueryEvent)                        { c.n.Add(1) }

func TestAnIdleWatchAsksOnlyAStoreOthersWriteTo(t *testing.T) {
	onBoth(t, func(t *testing.T, db *metadb.DB, l *event.Log) {
		var asked counter
		db.Bun().AddQueryHook(&asked)
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		for range l.Watch(ctx, 0, nil) {
			t.Error("an event nobody published")
		}
		if n := asked.n.Load(); db.Postgres() && n < 3 || !db.Postgres() && n != 1 {
			t.Errorf("%d statements in 2.5 s, PostgreSQL %v", n, db.Postgres())
		}
	})
}

func TestTrimKeepsTheYoung(t *testing.T) { onBoth(t, testTrimKeepsTheYoung) }

func testTrimKeepsTheYoung(t *testing.T, db *metadb.DB, l *event.Log) {
	publish(t, db, l, "batch", "a", nil)
	if n, err := l.Trim(t.Context(), time.Hour); err != nil || n != 0 {
		t.Errorf("trimmed %d, err %v; want 0", n, err)
	}
	if n, err := l.Trim(t.Context(), -time.Hour); err != nil || n != 1 {
		t.Errorf("trimmed %d, err %v; want 1", n, err)
	}
}
