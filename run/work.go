package run

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"shuniu/fault"
)

func isNoRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// Work does runs until ctx ends, then waits for those it began; they are left
// waiting so that the next start takes them up.
func (r *Runs) Work(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	room := make(chan struct{}, r.limit)
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		for {
			select {
			case room <- struct{}{}:
			case <-ctx.Done():
				return nil
			}
			row, err := r.take(ctx)
			if err != nil || row == nil {
				<-room
				if err != nil && ctx.Err() == nil {
					r.log.LogAttrs(ctx, slog.LevelError, "take run", slog.Any("error", err))
				}
				break
			}
			wg.Go(func() {
				defer func() { <-room; r.poke() }()
				r.do(ctx, row)
			})
		}
		select {
		case <-ctx.Done():
			return nil
		case <-r.wake:
		case <-tick.C:
		}
	}
}

// take leases the oldest run that waits or whose lease ran out; nil when none.
func (r *Runs) take(ctx context.Context) (*Run, error) {
	var taken *Run
	err := r.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		var row Run
		now := time.Now().UTC()
		q := tx.NewSelect().Model(&row).
			Where("state = ? OR (state = ? AND lease_until < ?)", Waiting, Running, now).
			Order("created_at", "id").Limit(1)
		if at := r.atWork(); len(at) > 0 { // here, however late the heartbeat is
			q = q.Where("id NOT IN (?)", bun.List(at))
		}
		if r.db.Postgres() {
			q = q.For("UPDATE SKIP LOCKED")
		}
		if err := q.Scan(ctx); err != nil {
			if isNoRows(err) {
				return nil
			}
			return err
		}
		if row.State == Running {
			row.Attempt++ // its worker is gone
		}
		row.State, row.LeaseOwner, row.LeaseUntil, row.StartedAt = Running, r.owner, now.Add(leaseFor), now
		row.Done, row.Total, row.Step = 0, 0, ""
		if _, err := tx.NewUpdate().Model(&row).WherePK().Exec(ctx); err != nil {
			return err
		}
		taken = &row
		return r.publish(ctx, tx, &row, string(Running))
	})
	return taken, err
}

// atWork are the runs whose handlers run in this process.
func (r *Runs) atWork() []ID {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Keys(r.cancels))
}

// Recover frees the runs of an earlier process of this store at once instead
// of when their leases run out. Only who holds the data folder may call it.
func (r *Runs) Recover(ctx context.Context) error {
	return r.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewUpdate().Model((*Run)(nil)).
			Set("lease_until = ?", time.Unix(0, 0).UTC()).
			Where("state = ? AND lease_owner <> ?", Running, r.owner).Exec(ctx)
		return err
	})
}

func (r *Runs) do(parent context.Context, row *Run) {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	r.mu.Lock()
	handler := r.handlers[row.Kind]
	r.cancels[row.ID] = cancel
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		delete(r.cancels, row.ID)
		r.mu.Unlock()
	}()
	w := &Work{runs: r, row: row}
	stop := make(chan struct{})
	var beat sync.WaitGroup
	beat.Go(func() { w.heartbeat(ctx, cancel, stop) })
	result, err := w.safely(ctx, handler)
	close(stop)
	beat.Wait()
	// The record is kept even when the hub is stopping.
	final, done := context.WithTimeout(context.WithoutCancel(parent), 10*time.Second)
	defer done()
	cause := context.Cause(ctx)
	if endErr := w.end(final, result, err, cause, parent.Err() != nil); endErr != nil {
		r.log.LogAttrs(final, slog.LevelError, "record run", slog.String("run_id", string(row.ID)), slog.Any("error", endErr))
	}
}

// Work is a run as its handler sees it.
type Work struct {
	runs *Runs

	mu    sync.Mutex
	row   *Run
	steps int64
	sent  time.Time // of the last progress written
	dirty bool
}

// ID of the run.
func (w *Work) ID() ID { return w.row.ID }

// Attempt counts from 1; above 1 an earlier attempt was cut off or failed.
func (w *Work) Attempt() int64 { return w.row.Attempt }

// Spec tells for whom the run is done.
func (w *Work) Spec() Spec {
	return Spec{Kind: w.row.Kind, Title: w.row.Title, Subject: w.row.Subject, Account: w.row.Account, Role: w.row.Role, Department: w.row.Department}
}

// Params decodes the parameters given to Start.
func (w *Work) Params(into any) error {
	if err := json.Unmarshal(w.row.Params, into); err != nil {
		return fmt.Errorf("parameters of run %s: %w: %w", w.row.ID, err, fault.Invalid)
	}
	return nil
}

// Step begins a named step; it ends when the next begins or the run ends.
func (w *Work) Step(ctx context.Context, name string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now().UTC()
	w.steps++
	w.row.Step, w.row.Done, w.row.Total = name, 0, 0
	s := Step{RunID: w.row.ID, Attempt: w.row.Attempt, N: w.steps, Name: name, StartedAt: now}
	return w.runs.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := endStep(ctx, tx, w.row, w.steps-1, now, ""); err != nil {
			return err
		}
		if _, err := tx.NewInsert().Model(&s).Exec(ctx); err != nil {
			return err
		}
		return w.write(ctx, tx)
	})
}

func endStep(ctx context.Context, tx bun.Tx, row *Run, n int64, now time.Time, note string) error {
	_, err := tx.NewUpdate().Model((*Step)(nil)).Set("ended_at = ?", now).Set("note = ?", note).
		Where("run_id = ? AND attempt = ? AND n = ?", row.ID, row.Attempt, n).Exec(ctx)
	return err
}

// write saves the progress if the run is still ours.
func (w *Work) write(ctx context.Context, tx bun.Tx) error {
	w.sent, w.dirty = time.Now(), false
	res, err := tx.NewUpdate().Model(w.row).Column("step", "done", "total", "unit").
		Where("id = ? AND lease_owner = ?", w.row.ID, w.runs.owner).Exec(ctx)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, fmt.Errorf("run %s was taken over: %w", w.row.ID, fault.Conflict))
	}
	return w.runs.publish(ctx, tx, w.row, "progress")
}

// progressEvery bounds how often progress is written.
const progressEvery = 500 * time.Millisecond

// Progress says how far the step is: done of total (0: not known) in unit.
// It is cheap to call often.
func (w *Work) Progress(ctx context.Context, done, total int64, unit string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.row.Done, w.row.Total, w.row.Unit, w.dirty = done, total, unit, true
	if time.Since(w.sent) < progressEvery {
		return
	}
	w.flush(ctx)
}

// flush writes progress; a failure to do so is no failure of the work.
func (w *Work) flush(ctx context.Context) {
	err := w.runs.db.Write(ctx, w.write)
	if err != nil && ctx.Err() == nil {
		w.runs.log.LogAttrs(ctx, slog.LevelWarn, "record progress", slog.String("run_id", string(w.row.ID)), slog.Any("error", err))
	}
}

// heartbeat keeps the lease and sees a cancel asked of another node.
func (w *Work) heartbeat(ctx context.Context, cancel context.CancelCauseFunc, stop <-chan struct{}) {
	beat := time.NewTicker(leaseRenew)
	defer beat.Stop()
	show := time.NewTicker(progressEvery)
	defer show.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ctx.Done():
			return
		case <-show.C:
			w.mu.Lock()
			if w.dirty {
				w.flush(ctx)
			}
			w.mu.Unlock()
		case <-beat.C:
			var asked, lost bool
			err := w.runs.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
				res, err := tx.NewUpdate().Model((*Run)(nil)).Set("lease_until = ?", time.Now().UTC().Add(leaseFor)).
					Where("id = ? AND lease_owner = ?", w.row.ID, w.runs.owner).Exec(ctx)
				if err != nil {
					return err
				}
				n, err := res.RowsAffected()
				if lost = err == nil && n == 0; err != nil || lost {
					return err
				}
				return tx.NewSelect().Model((*Run)(nil)).Column("cancel_asked").Where("id = ?", w.row.ID).Scan(ctx, &asked)
			})
			if err != nil && ctx.Err() == nil {
				w.runs.log.LogAttrs(ctx, slog.LevelWarn, "renew lease", slog.String("run_id", string(w.row.ID)), slog.Any("error", err))
			}
			if asked {
				cancel(errCancelled)
			}
			if lost {
				cancel(errTaken)
			}
		}
	}
}

// safely turns a panic of the handler into an error of the run.
func (w *Work) safely(ctx context.Context, h Handler) (result any, err error) {
	defer func() {
		if p := recover(); p != nil {
			w.runs.log.LogAttrs(ctx, slog.LevelError, "run panicked", slog.String("run_id", string(w.row.ID)),
				slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
			err = fmt.Errorf("the work stopped on an internal fault: %v", p)
		}
	}()
	return h(ctx, w)
}

func (w *Work) end(ctx context.Context, result any, err, cause error, stopping bool) error {
	raw, jsonErr := json.Marshal(result)
	if jsonErr != nil {
		err = errors.Join(err, jsonErr)
		raw = json.RawMessage("null")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	row, now := w.row, time.Now().UTC()
	note := ""
	switch {
	case err == nil:
		row.State, row.Result = Done, raw
	case errors.Is(cause, errCancelled):
		row.State, note = Cancelled, "cancelled"
	case stopping:
		// Not the work's fault: the next start takes it up.
		row.State, row.LeaseOwner, row.Attempt = Waiting, "", row.Attempt+1
	default:
		row.State, row.Error, note = Failed, err.Error(), "failed"
		if k := fault.KindOf(err); k != nil {
			row.ErrorKind = k.Error()
		}
	}
	if row.State != Waiting {
		row.EndedAt = now
	}
	return w.runs.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		res, err := tx.NewUpdate().Model(row).
			Column("state", "result", "error", "error_kind", "ended_at", "step", "done", "total", "unit", "attempt", "lease_owner").
			Where("id = ? AND lease_owner = ?", row.ID, w.runs.owner).Exec(ctx)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, fmt.Errorf("run %s was taken over: %w", row.ID, fault.Conflict))
		}
		if err := endStep(ctx, tx, row, w.steps, now, note); err != nil {
			return err
		}
		return w.runs.publish(ctx, tx, row, string(row.State))
	})
}
