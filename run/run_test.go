package run_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uptrace/bun"
	"go.uber.org/goleak"

	"shuniu/event"
	"shuniu/fault"
	"shuniu/metadb"
	"shuniu/run"
	"shuniu/shuniutest/pg"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// onBoth runs a test on SQLite and on PostgreSQL.
func onBoth(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, "sqlite://"+filepath.Join(t.TempDir(), "m.db")) })
	t.Run("postgres", func(t *testing.T) { test(t, pg.Database(t)) })
}

type hub struct {
	db     *metadb.DB
	events *event.Log
	runs   *run.Runs
}

func open(t *testing.T, dsn string) hub {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	db, err := metadb.Open(t.Context(), dsn, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	ev := event.New(db)
	return hub{db, ev, run.New(db, ev, 2, log)}
}

// work runs the hub until the returned stop is called.
func (h hub) work(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.runs.Work(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return stop
}

func (h hub) await(t *testing.T, id run.ID, want run.State) run.Run {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		row, _, err := h.runs.Get(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if row.State == want {
			return row
		}
		if !row.State.Open() {
			t.Fatalf("run is %s (%s), want %s", row.State, row.Error, want)
		}
		for range h.events.Watch(ctx, 0, []string{"run"}) {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestRunIsRecorded(t *testing.T) { onBoth(t, testRunIsRecorded) }

func testRunIsRecorded(t *testing.T, dsn string) {
	h := open(t, dsn)
	h.runs.Register("add", func(ctx context.Context, w *run.Work) (any, error) {
		var p []int
		if err := w.Params(&p); err != nil {
			return nil, err
		}
		if err := w.Step(ctx, "adding"); err != nil {
			return nil, err
		}
		w.Progress(ctx, 1, 2, "rows")
		return p[0] + p[1], nil
	})
	h.work(t)
	id, err := h.runs.Start(t.Context(), run.Spec{Kind: "add", Title: "2+3", Params: []int{2, 3}, Account: "wang"})
	if err != nil {
		t.Fatal(err)
	}
	row := h.await(t, id, run.Done)
	if string(row.Result) != "5" || row.EndedAt.IsZero() || row.Step != "adding" {
		t.Errorf("run = %+v", row)
	}
	_, steps, err := h.runs.Get(t.Context(), id)
	if err != nil || len(steps) != 1 || steps[0].EndedAt.IsZero() {
		t.Errorf("steps = %+v, err = %v", steps, err)
	}
}

func TestFailureKeepsItsKindAndCanBeRetried(t *testing.T) {
	onBoth(t, testFailureKeepsItsKindAndCanBeRetried)
}

func testFailureKeepsItsKindAndCanBeRetried(t *testing.T, dsn string) {
	h := open(t, dsn)
	var tries atomic.Int32
	h.runs.Register("flaky", func(context.Context, *run.Work) (any, error) {
		switch tries.Add(1) {
		case 1:
			return nil, errors.Join(errors.New("source is asleep"), fault.Busy)
		case 2:
			panic("boom")
		}
		return "ok", nil
	})
	h.work(t)
	id, err := h.runs.Start(t.Context(), run.Spec{Kind: "flaky"})
	if err != nil {
		t.Fatal(err)
	}
	if row := h.await(t, id, run.Failed); row.ErrorKind != fault.Busy.Error() {
		t.Errorf("error kind = %q", row.ErrorKind)
	}
	if err := h.runs.Retry(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	h.await(t, id, run.Failed)
	if err := h.runs.Retry(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if row := h.await(t, id, run.Done); row.Attempt != 3 {
		t.Errorf("attempt = %d, want 3", row.Attempt)
	}
	if err := h.runs.Retry(t.Context(), id); !errors.Is(err, fault.Conflict) {
		t.Errorf("retry of a done run: %v, want fault.Conflict", err)
	}
}

func TestCancelStopsTheWork(t *testing.T) { onBoth(t, testCancelStopsTheWork) }

func testCancelStopsTheWork(t *testing.T, dsn string) {
	h := open(t, dsn)
	began := make(chan struct{})
	h.runs.Register("long", func(ctx context.Context, _ *run.Work) (any, error) {
		close(began)
		<-ctx.Done()
		return nil, ctx.Err()
	})
	h.work(t)
	id, err := h.runs.Start(t.Context(), run.Spec{Kind: "long"})
	if err != nil {
		t.Fatal(err)
	}
	<-began
	if err := h.runs.Cancel(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	h.await(t, id, run.Cancelled)
}

// TestALateHeartbeatStartsNothingTwice: a run at work here is not taken again
// when its lease has run out, as after a jump of the clock.
func TestALateHeartbeatStartsNothingTwice(t *testing.T) { onBoth(t, lateHeartbeat) }

func lateHeartbeat(t *testing.T, dsn string) {
	h := open(t, dsn)
	began, goOn := make(chan struct{}, 10), make(chan struct{})
	h.runs.Register("long", func(ctx context.Context, _ *run.Work) (any, error) {
		began <- struct{}{}
		select {
		case <-goOn:
		case <-ctx.Done():
		}
		return nil, nil
	})
	h.runs.Register("short", func(context.Context, *run.Work) (any, error) { return nil, nil })
	h.work(t)
	long, err := h.runs.Start(t.Context(), run.Spec{Kind: "long"})
	if err != nil {
		t.Fatal(err)
	}
	<-began
	err = h.db.Write(t.Context(), func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE run SET lease_until = ? WHERE id = ?", time.Unix(0, 0).UTC(), string(long))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // each looks for work
		id, err := h.runs.Start(t.Context(), run.Spec{Kind: "short"})
		if err != nil {
			t.Fatal(err)
		}
		h.await(t, id, run.Done)
	}
	close(goOn)
	if row := h.await(t, long, run.Done); row.Attempt != 1 || len(began) != 0 {
		t.Errorf("attempt %d, begun %d times more", row.Attempt, len(began))
	}
}

func TestRestartTakesUpWhatWasCutOff(t *testing.T) { onBoth(t, restartTakesUpWhatWasCutOff) }

func restartTakesUpWhatWasCutOff(t *testing.T, dsn string) {
	h := open(t, dsn)
	began := make(chan struct{})
	h.runs.Register("job", func(ctx context.Context, _ *run.Work) (any, error) {
		close(began)
		<-ctx.Done()
		return nil, ctx.Err()
	})
	stop := h.work(t)
	id, err := h.runs.Start(t.Context(), run.Spec{Kind: "job"})
	if err != nil {
		t.Fatal(err)
	}
	<-began
	stop()

	again := open(t, dsn)
	again.runs.Register("job", func(_ context.Context, w *run.Work) (any, error) { return w.Attempt(), nil })
	if err := again.runs.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	again.work(t)
	if row := again.await(t, id, run.Done); string(row.Result) != "2" {
		t.Errorf("attempt = %s, want 2", row.Result)
	}
}

func TestStartOfUnknownKind(t *testing.T) { onBoth(t, testStartOfUnknownKind) }

func testStartOfUnknownKind(t *testing.T, dsn string) {
	h := open(t, dsn)
	if _, err := h.runs.Start(t.Context(), run.Spec{Kind: "nobody"}); !errors.Is(err, fault.Invalid) {
		t.Errorf("err = %v, want fault.Invalid", err)
	}
}
