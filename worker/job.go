package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"shuniu/fault"
)

// A Job is a request that a child is working on. One goroutine uses it.
type Job struct {
	pool  *Pool
	child *child
	req   Request

	left   time.Duration // of the deadline
	unhook func() bool   // from the context
	err    error         // the end, io.EOF when it was good

	mu    sync.Mutex // guards what follows
	over  bool       // the child is no longer ours to kill
	cause error      // why we killed it
}

// Do hands the request to a child, waiting for a free one. Ending ctx kills
// the child. The caller reads Next until it fails, or calls Close; both free
// the child.
//
// A request whose child dies gets fault.Invalid explained as KeyCrashed or
// KeyMemory, one that takes too long fault.Busy explained as KeyDeadline; the
// pool goes on with a new child.
func (p *Pool) Do(ctx context.Context, req Request) (*Job, error) {
	params, err := json.Marshal(req.Params)
	if err != nil {
		return nil, fmt.Errorf("worker %s: parameters: %w", req.Method, err)
	}
	if len(req.Files) > maxFiles {
		return nil, fmt.Errorf("worker %s: %d files, at most %d: %w", req.Method, len(req.Files), maxFiles, fault.Invalid)
	}
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("worker %s: wait for a free worker: %w", req.Method, context.Cause(ctx))
	case <-p.done:
		return nil, errClosed
	}
	c, err := p.dispatch(req, params)
	if err != nil {
		<-p.slots
		return nil, fmt.Errorf("worker %s: %w", req.Method, err)
	}
	j := &Job{pool: p, child: c, req: req, left: req.Deadline}
	if j.left <= 0 {
		j.left = p.cfg.Deadline
	}
	j.unhook = context.AfterFunc(ctx, func() {
		j.abort(fmt.Errorf("worker %s: %w", req.Method, context.Cause(ctx)))
	})
	return j, nil
}

// Run does a request to its end and hands each message to each, which may be
// nil. An error of each ends the job.
func (p *Pool) Run(ctx context.Context, req Request, each func(Message) error) error {
	j, err := p.Do(ctx, req)
	if err != nil {
		return err
	}
	for {
		m, err := j.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if each == nil {
			continue
		}
		if err := each(m); err != nil {
			return errors.Join(err, j.Close())
		}
	}
}

// dispatch links the files and sends the job. A child that died while idle is
// no fault of the request: the next one gets it.
func (p *Pool) dispatch(req Request, params []byte) (*child, error) {
	for attempt := 0; ; attempt++ {
		c, err := p.take()
		if err != nil {
			return nil, err
		}
		if err := link(req.Links, c.setting.In); err != nil {
			p.give(c, true)
			return nil, err
		}
		c.jobs++
		note := jobNote{Method: req.Method, Params: params, Files: len(req.Files)}
		if err = c.hand(note, req.Files); err == nil {
			return c, nil
		}
		p.give(c, false)
		if attempt == 2 || errors.Is(err, fault.Invalid) {
			return nil, fmt.Errorf("hand over the job: %w", err)
		}
	}
}

// hand sends the job and waits until it has arrived, so that what goes wrong
// later is the job's own doing.
func (c *child) hand(note jobNote, files []*os.File) error {
	if err := c.wire.writeJSON(frameJob, note, files...); err != nil {
		return err
	}
	if err := c.wire.conn.SetReadDeadline(time.Now().Add(startLimit)); err != nil {
		return err
	}
	t, _, _, err := c.wire.read()
	if err != nil {
		return err
	}
	if t != frameTaken {
		return fmt.Errorf("frame of type %d, want taken", t)
	}
	return c.wire.conn.SetReadDeadline(time.Time{})
}

// abort kills the child for cause, unless the job is over.
func (j *Job) abort(cause error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.over || j.cause != nil {
		return
	}
	j.cause = cause
	j.child.kill()
}

// Next returns the child's next message, or io.EOF when the handler returned
// nil and its files are in OutDir. After an error the job is over.
func (j *Job) Next() (Message, error) {
	if j.err != nil {
		return Message{}, j.err
	}
	for {
		t, kind, payload, err := j.await()
		if err != nil {
			return Message{}, j.end(j.died(err), false)
		}
		switch t {
		case frameMessage:
			return Message{Kind: kind, Payload: payload}, nil
		case frameFinished:
			if j.req.OutDir == "" {
				continue
			}
			if err := moveOne(j.child.setting.Out, kind, j.req.OutDir); err != nil {
				return Message{}, j.end(fmt.Errorf("worker %s: %w", j.req.Method, err), false)
			}
			return Message{Kind: Finished, Payload: []byte(kind)}, nil
		case frameAsk:
			if err := j.answer(kind, payload); err != nil {
				return Message{}, j.end(j.died(err), false)
			}
		case frameDone:
			if j.req.OutDir != "" {
				if err := moveAll(j.child.setting.Out, j.req.OutDir); err != nil {
					return Message{}, j.end(fmt.Errorf("worker %s: %w", j.req.Method, err), false)
				}
			}
			return Message{}, j.end(io.EOF, true)
		case frameFailed:
			var f failure
			if err := json.Unmarshal(payload, &f); err != nil {
				return Message{}, j.end(fmt.Errorf("worker %s: %w", j.req.Method, err), false)
			}
			if f.Key == KeyCrashed {
				j.report(f.Text)
			}
			return Message{}, j.end(f.err(), f.Key != KeyCrashed)
		default:
			return Message{}, j.end(fmt.Errorf("worker %s: frame of type %d", j.req.Method, t), false)
		}
	}
}

// await reads a frame while the clock of the deadline runs.
func (j *Job) await() (t frameType, kind string, payload []byte, err error) {
	limit := j.req.Deadline
	if limit <= 0 {
		limit = j.pool.cfg.Deadline
	}
	from := time.Now()
	timer := time.AfterFunc(j.left, func() {
		j.abort(fault.Explain(fmt.Errorf("worker %s: not done within %s: %w", j.req.Method, limit, fault.Busy),
			KeyDeadline, map[string]any{"seconds": limit.Seconds()}))
	})
	defer timer.Stop()
	t, kind, payload, err = j.child.wire.read()
	j.left = max(j.left-time.Since(from), time.Millisecond)
	return t, kind, payload, err
}

func (j *Job) answer(kind string, payload []byte) error {
	answer := j.req.Answer
	if answer == nil {
		answer = func(string, []byte) ([]byte, error) {
			return nil, fmt.Errorf("worker %s asks %s and nobody answers: %w", j.req.Method, kind, fault.Invalid)
		}
	}
	reply, err := answer(kind, payload)
	if err != nil {
		return j.child.wire.writeJSON(frameRefuse, describe(err))
	}
	return j.child.wire.write(frameAnswer, "", reply)
}

// died says why the socket broke.
func (j *Job) died(err error) error {
	j.mu.Lock()
	cause := j.cause
	j.mu.Unlock()
	if cause != nil {
		return cause
	}
	select {
	case <-j.pool.done:
		return errClosed
	default:
	}
	j.child.kill() // it may have closed the socket and gone on
	<-j.child.gone
	state, said := j.child.state, j.child.words.String()
	j.report(fmt.Sprintf("%s: %v", state, err))
	key, what := KeyCrashed, "the worker died"
	killed := false
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		killed = ws.Signal() == syscall.SIGKILL && errors.Is(err, io.EOF)
	}
	if killed || strings.Contains(said, "out of memory") || strings.Contains(said, "cannot allocate memory") || strings.Contains(said, "bad_alloc") {
		key, what = KeyMemory, "the worker ran out of memory"
	}
	return fault.Explain(fmt.Errorf("worker %s: %s (%s): %w", j.req.Method, what, state, fault.Invalid), key, nil)
}

// report logs how a child ended that nobody killed.
func (j *Job) report(end string) {
	said := j.child.words.String()
	if len(said) > 2048 {
		said = said[:2048]
	}
	j.pool.cfg.Log.LogAttrs(context.Background(), slog.LevelError, "worker died",
		slog.String("method", j.req.Method), slog.Int("pid", j.child.pid), slog.Int("jobs", j.child.jobs),
		slog.String("end", end), slog.String("stderr", said))
}

// end frees the child once and remembers how the job ended.
func (j *Job) end(err error, well bool) error {
	if j.err != nil {
		return j.err
	}
	j.err = err
	j.mu.Lock()
	j.over = true
	well = well && j.cause == nil
	j.mu.Unlock()
	j.unhook()
	j.pool.give(j.child, well)
	<-j.pool.slots
	return err
}

// Close ends a job that is not over by killing its child; it is nil then and
// after a good end, and the job's error otherwise.
func (j *Job) Close() error {
	if j.err == nil {
		j.abort(fmt.Errorf("worker %s: closed by its caller: %w", j.req.Method, context.Canceled))
		_ = j.end(io.EOF, false)
	}
	if errors.Is(j.err, io.EOF) {
		return nil
	}
	return j.err
}

// link puts the files into dir under their names, by hard link where the disk
// allows it.
func link(links map[string]string, dir string) error {
	for name, path := range links {
		if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") {
			return fmt.Errorf("name %q in the worker's folder: %w", name, fault.Invalid)
		}
		info, err := os.Lstat(path)
		if err != nil {
			return fmt.Errorf("link into the worker: %w", err)
		}
		if !info.Mode().IsRegular() {
			return fmt.Errorf("link %s into the worker: no regular file: %w", path, fault.Invalid)
		}
		to := filepath.Join(dir, name)
		if err := os.Link(path, to); err == nil {
			continue
		}
		if err := copyFile(path, to); err != nil {
			return fmt.Errorf("copy into the worker: %w", err)
		}
	}
	return nil
}

// moveAll moves what a child left in from to the folder to. Only folders and
// regular files count: a link of the child's could point anywhere.
func moveAll(from, to string) error {
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !d.IsDir() && !d.Type().IsRegular() {
			return fmt.Errorf("the worker left %s, %s: %w", d.Name(), d.Type(), fault.Invalid)
		}
		return nil
	})
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := move(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// moveOne moves the regular file of a name; one of that name in to is replaced.
func moveOne(from, name, to string) error {
	if name == "" || name != filepath.Base(name) || name == "." || name == ".." {
		return fmt.Errorf("the worker finished %q: %w", name, fault.Invalid)
	}
	info, err := os.Lstat(filepath.Join(from, name))
	if err != nil {
		return fmt.Errorf("take the worker's result: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("the worker finished %s, %s: %w", name, info.Mode().Type(), fault.Invalid)
	}
	return move(filepath.Join(from, name), filepath.Join(to, name))
}

func move(from, to string) error {
	err := os.Rename(from, to)
	if errors.Is(err, syscall.EXDEV) {
		if err = os.RemoveAll(to); err == nil {
			err = copyTree(from, to)
		}
	}
	if err != nil {
		return fmt.Errorf("take the worker's result: %w", err)
	}
	return nil
}

func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		}
		return copyFile(path, filepath.Join(to, rel))
	})
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, in)
	return err
}
