package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/uptrace/bun"

	"shuniu/event"
	"shuniu/fault"
	"shuniu/metadb"
)

// An ID is the ULID of a run.
type ID string

// A State is where a run stands.
type State string

// The states. Waiting and Running are open, the others are final until Retry.
const (
	Waiting   State = "waiting"
	Running   State = "running"
	Done      State = "done"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// Open tells whether the run may still change by itself.
func (s State) Open() bool { return s == Waiting || s == Running }

// A Run is the record of one piece of work.
type Run struct {
	bun.BaseModel `bun:"table:run" json:"-"`

	ID          ID              `bun:"id,pk" json:"id"`
	Kind        string          `bun:"kind,notnull" json:"kind"`
	Title       string          `bun:"title,notnull" json:"title"`
	Subject     string          `bun:"subject,notnull" json:"subject"` // what it works on, e.g. an upload
	Account     string          `bun:"account,notnull" json:"account"`
	Role        string          `bun:"role,notnull" json:"role"`
	Department  string          `bun:"department,notnull" json:"department"`
	Params      json.RawMessage `bun:"params,type:text,notnull" json:"-"`
	State       State           `bun:"state,notnull" json:"state"`
	Step        string          `bun:"step,notnull" json:"step"`
	Done        int64           `bun:"done,notnull" json:"done"`
	Total       int64           `bun:"total,notnull" json:"total"` // 0: not known
	Unit        string          `bun:"unit,notnull" json:"unit"`   // rows, bytes, files
	Result      json.RawMessage `bun:"result,type:text,notnull" json:"result"`
	Error       string          `bun:"error,notnull" json:"error"`
	ErrorKind   string          `bun:"error_kind,notnull" json:"error_kind"`
	Attempt     int64           `bun:"attempt,notnull" json:"attempt"`
	CancelAsked bool            `bun:"cancel_asked,notnull" json:"cancel_asked"`
	LeaseOwner  string          `bun:"lease_owner,notnull" json:"-"`
	LeaseUntil  time.Time       `bun:"lease_until,notnull" json:"-"`
	CreatedAt   time.Time       `bun:"created_at,notnull" json:"created_at"`
	StartedAt   time.Time       `bun:"started_at,notnull" json:"started_at"`
	EndedAt     time.Time       `bun:"ended_at,notnull" json:"ended_at"`
}

// A Step of an attempt, as recorded.
type Step struct {
	bun.BaseModel `bun:"table:run_step" json:"-"`

	RunID     ID        `bun:"run_id,pk" json:"-"`
	Attempt   int64     `bun:"attempt,pk" json:"attempt"`
	N         int64     `bun:"n,pk" json:"n"`
	Name      string    `bun:"name,notnull" json:"name"`
	Note      string    `bun:"note,notnull" json:"note"`
	StartedAt time.Time `bun:"started_at,notnull" json:"started_at"`
	EndedAt   time.Time `bun:"ended_at,notnull" json:"ended_at"`
}

// A Spec is what to do and for whom.
type Spec struct {
	Kind, Title, Subject      string
	Account, Role, Department string
	Params                    any
}

// A Handler does the work of a kind. It must be safe to run again: after a
// crash the same run starts anew with Attempt+1. When ctx ends it stops soon.
type Handler func(ctx context.Context, w *Work) (result any, err error)

// Lease times: a run whose lease ran out belongs to nobody and is taken up.
const (
	leaseFor   = 30 * time.Second
	leaseRenew = 10 * time.Second
	pollEvery  = 2 * time.Second
)

// Runs starts, does and records runs. Make one with New, register handlers,
// then call Work once.
type Runs struct {
	db     *metadb.DB
	events *event.Log
	log    *slog.Logger
	owner  string
	limit  int

	mu       sync.Mutex
	handlers map[string]Handler
	cancels  map[ID]context.CancelCauseFunc
	wake     chan struct{}
}

// New returns runs kept in db; at most limit of them are done at once here.
func New(db *metadb.DB, events *event.Log, limit int, log *slog.Logger) *Runs {
	return &Runs{
		db: db, events: events, log: log, limit: limit, owner: ulid.Make().String(),
		handlers: map[string]Handler{}, cancels: map[ID]context.CancelCauseFunc{},
		wake: make(chan struct{}, 1),
	}
}

// Register says who does the work of a kind. A second call for a kind is a
// programming error and panics.
func (r *Runs) Register(kind string, h Handler) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, twice := r.handlers[kind]; twice {
		panic("run: kind " + kind + " registered twice")
	}
	r.handlers[kind] = h
}

// Start records a run; it begins as soon as there is room.
func (r *Runs) Start(ctx context.Context, s Spec) (ID, error) {
	r.mu.Lock()
	_, known := r.handlers[s.Kind]
	r.mu.Unlock()
	if !known {
		return "", fmt.Errorf("start run of kind %q: %w", s.Kind, fault.Invalid)
	}
	params, err := json.Marshal(s.Params)
	if err != nil {
		return "", fmt.Errorf("start run of kind %q: %w", s.Kind, err)
	}
	now := time.Now().UTC()
	row := Run{
		ID: ID(ulid.Make().String()), Kind: s.Kind, Title: s.Title, Subject: s.Subject,
		Account: s.Account, Role: s.Role, Department: s.Department, Params: params,
		State: Waiting, Result: json.RawMessage("null"), Attempt: 1, CreatedAt: now,
	}
	err = r.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
			return err
		}
		return r.publish(ctx, tx, &row, "started")
	})
	if err != nil {
		return "", fmt.Errorf("start run of kind %q: %w", s.Kind, err)
	}
	r.poke()
	return row.ID, nil
}

// Get returns a run; fault.NotFound when there is none.
func (r *Runs) Get(ctx context.Context, id ID) (Run, []Step, error) {
	var row Run
	n, err := r.db.Bun().NewSelect().Model(&row).Where("id = ?", id).Limit(1).ScanAndCount(ctx)
	if n == 0 && (err == nil || isNoRows(err)) {
		return Run{}, nil, fmt.Errorf("run %s: %w", id, fault.NotFound)
	}
	if err != nil {
		return Run{}, nil, fmt.Errorf("run %s: %w", id, err)
	}
	var steps []Step
	if err := r.db.Bun().NewSelect().Model(&steps).Where("run_id = ?", id).Order("attempt", "n").Scan(ctx); err != nil {
		return Run{}, nil, fmt.Errorf("run %s: %w", id, err)
	}
	return row, steps, nil
}

// A Filter chooses runs; empty parts choose all.
type Filter struct {
	States  []State
	Kinds   []string
	Account string
	Subject string
	Before  ID // only runs older than this one
	Limit   int
}

// List returns runs, newest first.
func (r *Runs) List(ctx context.Context, f Filter) ([]Run, error) {
	var out []Run
	q := r.db.Bun().NewSelect().Model(&out).Order("id DESC").Limit(min(max(f.Limit, 1), 1000))
	if len(f.States) > 0 {
		q = q.Where("state IN (?)", bun.List(f.States))
	}
	if len(f.Kinds) > 0 {
		q = q.Where("kind IN (?)", bun.List(f.Kinds))
	}
	if f.Account != "" {
		q = q.Where("account = ?", f.Account)
	}
	if f.Subject != "" {
		q = q.Where("subject = ?", f.Subject)
	}
	if f.Before != "" {
		q = q.Where("id < ?", f.Before)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	return out, nil
}

// errCancelled is the cause of a context ended by Cancel.
var errCancelled = errors.New("cancelled by a person")

// errTaken is the cause of a context whose run another process has taken over.
var errTaken = errors.New("the lease ran out and another process took the run")

// Cancel asks an open run to stop; a waiting one stops at once.
// fault.Conflict when it has ended already.
func (r *Runs) Cancel(ctx context.Context, id ID) error {
	err := r.change(ctx, id, "cancel", func(row *Run) error {
		if !row.State.Open() {
			return fmt.Errorf("it is %s: %w", row.State, fault.Conflict)
		}
		row.CancelAsked = true
		if row.State == Waiting {
			row.State, row.EndedAt = Cancelled, time.Now().UTC()
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.mu.Lock()
	cancel := r.cancels[id]
	r.mu.Unlock()
	if cancel != nil {
		cancel(errCancelled)
	}
	return nil
}

// Retry starts a failed or cancelled run again, with the same parameters.
func (r *Runs) Retry(ctx context.Context, id ID) error {
	err := r.change(ctx, id, "retry", func(row *Run) error {
		if row.State != Failed && row.State != Cancelled {
			return fmt.Errorf("it is %s: %w", row.State, fault.Conflict)
		}
		row.State, row.Attempt, row.CancelAsked = Waiting, row.Attempt+1, false
		row.Error, row.ErrorKind, row.Step, row.Done, row.Total = "", "", "", 0, 0
		return nil
	})
	if err == nil {
		r.poke()
	}
	return err
}

// change edits the row of a run under the writer's lock and tells watchers.
func (r *Runs) change(ctx context.Context, id ID, what string, edit func(*Run) error) error {
	err := r.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		var row Run
		q := tx.NewSelect().Model(&row).Where("id = ?", id)
		if r.db.Postgres() {
			q = q.For("UPDATE")
		}
		if err := q.Scan(ctx); err != nil {
			if isNoRows(err) {
				return fault.NotFound
			}
			return err
		}
		if err := edit(&row); err != nil {
			return err
		}
		if _, err := tx.NewUpdate().Model(&row).WherePK().Exec(ctx); err != nil {
			return err
		}
		return r.publish(ctx, tx, &row, string(row.State))
	})
	if err != nil {
		return fmt.Errorf("%s run %s: %w", what, id, err)
	}
	return nil
}

func (r *Runs) publish(ctx context.Context, tx bun.Tx, row *Run, kind string) error {
	e := event.Event{Topic: "run", Kind: kind, Subject: string(row.ID), Account: row.Account, Department: row.Department}
	return r.events.Publish(ctx, tx, e, row)
}

func (r *Runs) poke() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}
