package iceberg

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/oklog/ulid/v2"

	"shuniu/brain"
	"shuniu/durable"
	"shuniu/resource"
)

func (l *Lake) stagingDir() string { return filepath.Join(l.dir, ".staging") }

// A staging is a folder that its process holds locked while it lives.
type staging struct {
	lake *Lake
	dir  string
	lock *os.File

	mu      sync.Mutex
	settled map[string]*settling // by path
	busy    chan struct{}        // holds as many as settle at a time
}

// A settling is the way of one file to the disk.
type settling struct {
	size   int64
	mtime  time.Time
	done   chan struct{} // closed when digest and err are known
	digest string
	err    error
}

// is tells whether the file is still as it was.
func (f *settling) is(now os.FileInfo) bool {
	return now.Size() == f.size && now.ModTime().Equal(f.mtime)
}

// Stage makes a folder for the files of one worker, on the lake's own disk.
func (l *Lake) Stage(ctx context.Context, t resource.Table) (brain.Staging, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := checkTable(t); err != nil {
		return nil, err
	}
	if err := l.ensureDir(".staging"); err != nil {
		return nil, fmt.Errorf("stage for %s: %w", t, err)
	}
	// Not fsynced: what is here is lost with the power anyway, and its bytes
	// are made durable when they are moved into a table. Another process that
	// opens the lake may sweep the folder before it is locked: then again.
	for {
		dir := filepath.Join(l.stagingDir(), strings.ToLower(ulid.Make().String()))
		if err := os.Mkdir(dir, 0o750); err != nil {
			return nil, fmt.Errorf("stage for %s: %w", t, durable.Kind(err))
		}
		lock, err := lockDir(dir)
		if errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("stage for %s: %w", t, errors.Join(err, os.Remove(dir)))
		}
		if _, err := os.Stat(dir); err == nil {
			s := &staging{lake: l, dir: dir, lock: lock, settled: map[string]*settling{}, busy: make(chan struct{}, 2)}
			l.mu.Lock()
			l.held[s] = struct{}{}
			l.mu.Unlock()
			return s, nil
		}
		if err := lock.Close(); err != nil {
			return nil, fmt.Errorf("stage for %s: %w", t, err)
		}
	}
}

// Dir of the staging.
func (s *staging) Dir() string { return s.dir }

// Written settles a file ahead of its commit.
func (s *staging) Written(name string) {
	path := filepath.Join(s.dir, name)
	st, err := os.Lstat(path)
	if err != nil || !filepath.IsLocal(name) || !st.Mode().IsRegular() {
		return // the commit will say so
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.settled[path]; f != nil && f.is(st) {
		return
	}
	before := s.settled[path]
	f := &settling{size: st.Size(), mtime: st.ModTime(), done: make(chan struct{})}
	s.settled[path] = f
	go func() {
		defer close(f.done)
		if before != nil { // of another file of that name: one at a time
			<-before.done
		}
		s.busy <- struct{}{}
		defer func() { <-s.busy }()
		f.digest, f.err = settleFile(context.Background(), path)
	}()
}

// settle makes a staged file durable and returns its digest. What Written
// found counts as long as the file is as it was then.
func (s *staging) settle(ctx context.Context, path string) (digest string, err error) {
	s.mu.Lock()
	f := s.settled[path]
	s.mu.Unlock()
	if f != nil {
		select {
		case <-f.done:
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
		if st, err := os.Lstat(path); f.err != nil || err == nil && f.is(st) {
			return f.digest, f.err
		}
	}
	return settleFile(ctx, path)
}

// stagingOf is the staging of this process that path lies in, nil when there
// is none.
func (l *Lake) stagingOf(path string) *staging {
	l.mu.Lock()
	defer l.mu.Unlock()
	for s := range l.held {
		if filepath.Dir(path) == s.dir {
			return s
		}
	}
	return nil
}

// Close removes the folder and what was not committed.
func (s *staging) Close() error {
	s.mu.Lock()
	under := slices.Collect(maps.Values(s.settled))
	s.mu.Unlock()
	for _, f := range under {
		<-f.done
	}
	s.lake.mu.Lock()
	delete(s.lake.held, s)
	s.lake.mu.Unlock()
	return errors.Join(os.RemoveAll(s.dir), s.lock.Close())
}

// sweepStaging removes the folders of processes that are no more.
func (l *Lake) sweepStaging() error {
	es, err := os.ReadDir(l.stagingDir())
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range es {
		dir := filepath.Join(l.stagingDir(), e.Name())
		lock, err := lockDir(dir)
		if errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, os.ErrNotExist) {
			continue // at work, or swept by another process
		}
		if err != nil {
			return err
		}
		if err := errors.Join(os.RemoveAll(dir), lock.Close()); err != nil {
			return err
		}
	}
	return nil
}

// lockDir locks a folder for this process; the lock ends with the process.
func lockDir(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", dir, err), f.Close())
	}
	return f, nil
}
