package collect

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"shuniu/brain"
	"shuniu/event"
	"shuniu/guard"
	"shuniu/metadb"
	"shuniu/resource"
	"shuniu/resource/catalogue"
	"shuniu/worker"
)

// Config is what a Service works with.
type Config struct {
	Dir       string // of the originals and uploads
	DB        *metadb.DB
	Lake      brain.Lake
	Engine    brain.Engine
	Pool      *worker.Pool
	Catalogue *catalogue.Store
	Gate      guard.Gate
	Events    *event.Log
	Record    guard.Recorder // puts each act on record in its own transaction
	Deadline  time.Duration  // of one file in the worker; 0: an hour
	Log       *slog.Logger
}

// A Service lands files. Its methods are safe for concurrent use; each asks
// the gate for the principal of its context.
type Service struct {
	Config
	Originals *Originals
	Uploads   *Uploads

	sourceBytes int64 // see the constant; tests lower it

	now      func() time.Time
	files    keyed             // one landing of the same bytes at a time
	locks    dsLocks           // of datasets, from plan to commit
	plan     sync.Mutex        // guards inflight, and matching and changing the registry
	inflight map[string]*batch // by dedupe key
}

// New opens the service. Call Recover before the first landing.
func New(cfg Config) (*Service, error) {
	if cfg.Deadline == 0 {
		cfg.Deadline = time.Hour
	}
	originals, err := NewOriginals(filepath.Join(cfg.Dir, "originals"))
	if err != nil {
		return nil, err
	}
	uploads, err := NewUploads(filepath.Join(cfg.Dir, "uploads"))
	if err != nil {
		return nil, err
	}
	return &Service{
		Config: cfg, Originals: originals, Uploads: uploads, inflight: map[string]*batch{}, sourceBytes: sourceBytes,
		now: func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) },
	}, nil
}

// A Progress tells a watcher how a landing goes on.
type Progress struct {
	Step      string // keep, read, commit
	Bytes     int64  // kept so far
	SizeBytes int64  // of the file
	Rows      int64  // read so far
}

// decide asks the gate about a dataset; an empty id means the department.
func (s *Service) decide(ctx context.Context, a guard.Action, id resource.DatasetID, d resource.DepartmentID) (guard.Principal, error) {
	o := guard.Object{Department: d}
	if id != "" {
		o.Table = tableOf(id)
	}
	if _, err := s.Gate.Decide(ctx, a, o); err != nil {
		return guard.Principal{}, err
	}
	p, _ := guard.From(ctx)
	return p, nil
}

func tableOf(id resource.DatasetID) resource.Table {
	return resource.Table{Station: resource.Landing, Dataset: id}
}

// keyed is a mutex per key.
type keyed struct {
	mu   sync.Mutex
	held map[string]chan struct{}
}

// take takes the lock if it is free; otherwise wait is closed when it was given
// back.
func (k *keyed) take(key string) (unlock func(), wait <-chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if held, taken := k.held[key]; taken {
		return nil, held
	}
	if k.held == nil {
		k.held = map[string]chan struct{}{}
	}
	mine := make(chan struct{})
	k.held[key] = mine
	return func() {
		k.mu.Lock()
		delete(k.held, key)
		k.mu.Unlock()
		close(mine)
	}, nil
}

func (k *keyed) lock(ctx context.Context, key string) (unlock func(), err error) {
	for {
		unlock, wait := k.take(key)
		if unlock != nil {
			return unlock, nil
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for another landing of the same file: %w", context.Cause(ctx))
		}
	}
}

// tryLock fails with errOccupied when the lock is not free.
func (k *keyed) tryLock(_ context.Context, key string) (unlock func(), err error) {
	if unlock, _ = k.take(key); unlock == nil {
		return nil, errOccupied
	}
	return unlock, nil
}

// dsLocks lets many landings write to a dataset whose columns stay, and one
// alone change how columns are stored.
type dsLocks struct {
	mu      sync.Mutex
	state   map[resource.DatasetID]*dsState
	changed chan struct{}
}

type dsState struct {
	shared    int
	exclusive bool
}

func (l *dsLocks) get(id resource.DatasetID) *dsState {
	if l.state == nil {
		l.state, l.changed = map[resource.DatasetID]*dsState{}, make(chan struct{})
	}
	st := l.state[id]
	if st == nil {
		st = &dsState{}
		l.state[id] = st
	}
	return st
}

// try takes the lock if it is free.
func (l *dsLocks) try(id resource.DatasetID, exclusive bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	st := l.get(id)
	if st.exclusive || exclusive && st.shared > 0 {
		return false
	}
	if exclusive {
		st.exclusive = true
	} else {
		st.shared++
	}
	return true
}

// lock waits for the lock. The caller holds no other lock of a later id.
func (l *dsLocks) lock(ctx context.Context, id resource.DatasetID, exclusive bool) error {
	for {
		l.mu.Lock()
		l.get(id)
		wait := l.changed
		l.mu.Unlock()
		if l.try(id, exclusive) {
			return nil
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return fmt.Errorf("wait for dataset %s: %w", id, context.Cause(ctx))
		}
	}
}

func (l *dsLocks) unlock(id resource.DatasetID, exclusive bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	st := l.get(id)
	if exclusive {
		st.exclusive = false
	} else {
		st.shared--
	}
	if !st.exclusive && st.shared == 0 {
		delete(l.state, id)
	}
	close(l.changed)
	l.changed = make(chan struct{})
}

// downgrade turns an exclusive lock into a shared one.
func (l *dsLocks) downgrade(id resource.DatasetID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	st := l.get(id)
	st.exclusive, st.shared = false, st.shared+1
	close(l.changed)
	l.changed = make(chan struct{})
}
