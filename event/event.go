package event

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"shuniu/metadb"
)

// An Event is one thing that happened. Department and Account say whom it
// concerns; whoever streams events to people filters by them.
type Event struct {
	bun.BaseModel `bun:"table:event"`

	Seq        int64           `bun:"seq,pk,autoincrement" json:"seq"`
	Topic      string          `bun:"topic,notnull" json:"topic"`     // run, batch, quarantine, dataset, …
	Kind       string          `bun:"kind,notnull" json:"kind"`       // started, progress, landed, …
	Subject    string          `bun:"subject,notnull" json:"subject"` // id of the thing
	Department string          `bun:"department,notnull" json:"department"`
	Account    string          `bun:"account,notnull" json:"account"`
	Data       json.RawMessage `bun:"data,type:text,notnull" json:"data"` // no personal data
	At         time.Time       `bun:"at,notnull" json:"at"`
}

// A Log is the outbox.
type Log struct {
	db  *metadb.DB
	now func() time.Time

	mu   sync.Mutex
	wake chan struct{} // closed and replaced at each commit of this process
}

// publishLock orders commits of several PostgreSQL sessions, so that a
// sequence number never appears after a higher one was read.
const publishLock = 0x5348554e // "SHUN"

// New returns the log kept in db.
func New(db *metadb.DB) *Log {
	return &Log{db: db, now: time.Now, wake: make(chan struct{})}
}

// Publish adds e to the log within tx, a transaction of metadb.DB.Write, and
// sets its time. Data is any value that encodes as JSON.
func (l *Log) Publish(ctx context.Context, tx bun.Tx, e Event, data any) error {
	raw, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("publish %s %s: %w", e.Topic, e.Kind, err)
	}
	e.Seq, e.Data, e.At = 0, raw, l.now().UTC()
	if l.db.Postgres() {
		if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock(?)", publishLock); err != nil {
			return fmt.Errorf("publish %s %s: %w", e.Topic, e.Kind, err)
		}
	}
	if _, err := tx.NewInsert().Model(&e).ExcludeColumn("seq").Returning("NULL").Exec(ctx); err != nil {
		return fmt.Errorf("publish %s %s: %w", e.Topic, e.Kind, err)
	}
	metadb.AfterCommit(ctx, l.notify)
	return nil
}

func (l *Log) notify() {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.wake)
	l.wake = make(chan struct{})
}

func (l *Log) waker() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.wake
}

// Last returns the sequence number of the newest event, 0 when there is none.
func (l *Log) Last(ctx context.Context) (int64, error) {
	var seq int64
	err := l.db.Bun().NewRaw("SELECT COALESCE(MAX(e.seq), 0) FROM event AS e").Scan(ctx, &seq)
	if err != nil {
		return 0, fmt.Errorf("last event: %w", err)
	}
	return seq, nil
}

// Since returns at most limit events after seq of the topics (none: all), in
// order.
func (l *Log) Since(ctx context.Context, seq int64, topics []string, limit int) ([]Event, error) {
	var out []Event
	q := l.db.Bun().NewSelect().Model(&out).Where("seq > ?", seq).Order("seq").Limit(limit)
	if len(topics) > 0 {
		q = q.Where("topic IN (?)", bun.List(topics))
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("events since %d: %w", seq, err)
	}
	return out, nil
}

// pollEvery bounds how long an event committed by another process waits. Only
// PostgreSQL has other processes: whoever opens the SQLite store holds the lock
// of its data folder, and commands beside a server go through the server.
const pollEvery = time.Second

// Watch yields events after seq as they are committed, until ctx ends or the
// caller stops. It ends with an error only when the store fails.
func (l *Log) Watch(ctx context.Context, seq int64, topics []string) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		var poll <-chan time.Time
		if l.db.Postgres() {
			tick := time.NewTicker(pollEvery)
			defer tick.Stop()
			poll = tick.C
		}
		for {
			wake := l.waker() // before the read, so that nothing slips between
			events, err := l.Since(ctx, seq, topics, 500)
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				yield(Event{}, err)
				return
			}
			for _, e := range events {
				if !yield(e, nil) {
					return
				}
				seq = e.Seq
			}
			if len(events) > 0 {
				continue
			}
			select {
			case <-ctx.Done():
				return
			case <-wake:
			case <-poll:
			}
		}
	}
}

// Trim removes events older than age and returns how many.
func (l *Log) Trim(ctx context.Context, age time.Duration) (int64, error) {
	var n int64
	err := l.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		res, err := tx.NewDelete().Model((*Event)(nil)).Where("at < ?", l.now().UTC().Add(-age)).Exec(ctx)
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("trim events: %w", err)
	}
	return n, nil
}
