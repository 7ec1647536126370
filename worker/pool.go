package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"time"

	"shuniu/fault"
)

// Locale keys of what a pool explains.
const (
	KeyCrashed  = "worker.crashed"  // the input killed the worker
	KeyMemory   = "worker.memory"   // the job needs more memory than it may have
	KeyDeadline = "worker.deadline" // the job took too long; Args: seconds
)

// Config sets a Pool up. Zero values take the defaults named.
type Config struct {
	// Command starts a child: it must end in Serve. Default: this binary with
	// the argument "worker".
	Command []string
	// Dir is the pool's own folder, on the disk where results go, so that
	// they are moved and lake files are linked without copying. It is made
	// when missing and what a former pool left in it is removed.
	Dir string
	// Size is how many jobs run at once. Default 2.
	Size int
	// Deadline of a job that names none. Default one minute.
	Deadline time.Duration
	// MemoryBytes a child may hold: address space is limited to it (and what
	// Go reserves), engines are told half of it. Default 3 GiB; < 0: no limit.
	MemoryBytes int64
	// FileBytes is the largest file a child may write. Default 1 TiB.
	FileBytes int64
	// Cold pools start no child before the first job.
	Cold bool
	// JobsPerChild, after which a child is replaced. Default 500.
	JobsPerChild int
	Log          *slog.Logger // default: discards
}

// A Pool keeps warm children and runs jobs in them.
type Pool struct {
	cfg   Config
	slots chan struct{} // one per running job

	starts chan start    // to the goroutine whose thread all children hang on
	done   chan struct{} // closed by Close
	wg     sync.WaitGroup

	mu      sync.Mutex // guards what follows
	change  *sync.Cond // idle, warming or closed changed
	idle    []*child
	live    map[*child]struct{}
	warming int // children on their way to idle
	waiting int // jobs that wait for one of them
	number  int
	closed  bool
	warned  bool
}

type start struct {
	dir   string
	reply chan started
}

type started struct {
	child *child
	err   error
}

// NewPool makes a pool and, unless it is cold, starts its first child, without
// waiting for it. The
// others start when they are wanted and stay: a short command needs one, and
// the start of this program costs a tenth of a CPU second.
func NewPool(cfg Config) (*Pool, error) {
	if len(cfg.Command) == 0 {
		self, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("worker pool: %w", err)
		}
		cfg.Command = []string{self, "worker"}
	}
	cfg.Size = defaultTo(cfg.Size, 2)
	cfg.Deadline = defaultTo(cfg.Deadline, time.Minute)
	cfg.MemoryBytes = max(defaultTo(cfg.MemoryBytes, 3<<30), 0)
	cfg.FileBytes = defaultTo(cfg.FileBytes, 1<<40)
	cfg.JobsPerChild = defaultTo(cfg.JobsPerChild, 500)
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Dir == "" {
		return nil, fmt.Errorf("worker pool without a folder: %w", fault.Invalid)
	}
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("worker pool: %w", err)
	}
	if err := os.RemoveAll(dir); err != nil {
		return nil, fmt.Errorf("worker pool: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("worker pool: %w", err)
	}
	// Landlock rules name inodes, so a link on the way is no matter, but the
	// child's own paths should be the real ones.
	if cfg.Dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, fmt.Errorf("worker pool: %w", err)
	}
	p := &Pool{
		cfg: cfg, slots: make(chan struct{}, cfg.Size), starts: make(chan start), done: make(chan struct{}),
		live: map[*child]struct{}{},
	}
	p.change = sync.NewCond(&p.mu)
	p.wg.Go(p.starter)
	if !cfg.Cold {
		p.warm()
	}
	return p, nil
}

func defaultTo[T comparable](v, d T) T {
	var zero T
	if v == zero {
		return d
	}
	return v
}

// starter starts all children from one thread: the kernel kills a child with
// Pdeathsig when the thread that forked it ends, and Go's threads may.
func (p *Pool) starter() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for {
		select {
		case s := <-p.starts:
			c, err := startChild(p.cfg, s.dir)
			s.reply <- started{c, err}
		case <-p.done:
			return
		}
	}
}

// errClosed is what a closed pool answers.
var errClosed = fmt.Errorf("worker pool is closed: %w", fault.Busy)

// spawn starts a child and enters it in live.
func (p *Pool) spawn() (*child, error) {
	p.mu.Lock()
	p.number++
	dir := filepath.Join(p.cfg.Dir, strconv.Itoa(p.number))
	p.mu.Unlock()
	s := start{dir: dir, reply: make(chan started, 1)}
	select {
	case p.starts <- s:
	case <-p.done:
		return nil, errClosed
	}
	r := <-s.reply
	if r.err != nil {
		return nil, r.err
	}
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		r.child.end()
		return nil, errClosed
	}
	p.live[r.child] = struct{}{}
	warn := !p.warned && r.child.ready.LandlockABI < 4
	p.warned = p.warned || warn
	p.mu.Unlock()
	if warn {
		p.cfg.Log.LogAttrs(context.Background(), slog.LevelWarn, "worker sandbox is weak on this kernel",
			slog.Int("landlock_abi", r.child.ready.LandlockABI))
	}
	return r.child, nil
}

// warm starts a child for the idle list in the background.
func (p *Pool) warm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.warming++
	p.wg.Go(func() {
		defer func() {
			p.mu.Lock()
			p.warming--
			p.change.Broadcast()
			p.mu.Unlock()
		}()
		c, err := p.spawn()
		if err != nil {
			if !errors.Is(err, errClosed) {
				p.cfg.Log.LogAttrs(context.Background(), slog.LevelError, "worker did not start", slog.String("error", err.Error()))
			}
			return
		}
		p.rest(c)
	})
}

// rest puts a child on the idle list, or ends it when enough are there.
func (p *Pool) rest(c *child) {
	p.mu.Lock()
	if !p.closed && len(p.idle) < p.cfg.Size && c.alive() {
		p.idle = append(p.idle, c)
		p.change.Broadcast()
		p.mu.Unlock()
		return
	}
	p.mu.Unlock()
	p.retire(c)
}

// retire ends a child for good.
func (p *Pool) retire(c *child) {
	c.end()
	p.mu.Lock()
	delete(p.live, c)
	p.mu.Unlock()
}

// take returns a child that is alive, warm when there is one.
func (p *Pool) take() (*child, error) {
	for {
		p.mu.Lock()
		for len(p.idle) == 0 && p.waiting < p.warming && !p.closed {
			p.waiting++
			p.change.Wait()
			p.waiting--
		}
		if p.closed {
			p.mu.Unlock()
			return nil, errClosed
		}
		n := len(p.idle)
		if n == 0 {
			p.mu.Unlock()
			return p.spawn()
		}
		c := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		if c.alive() {
			return c, nil
		}
		p.retire(c)
	}
}

// give returns a child after a job. A child that is spent, fat or not well is
// replaced.
func (p *Pool) give(c *child, well bool) {
	well = well && c.alive() && c.jobs < p.cfg.JobsPerChild
	if well && p.cfg.MemoryBytes > 0 && c.rss() > p.cfg.MemoryBytes/2 {
		well = false
	}
	if well && c.wipe() == nil {
		c.words.reset()
		p.rest(c)
		return
	}
	p.retire(c)
	p.warm()
}

// LandlockABI tells how strong the kernel's sandbox is, from the newest child;
// 0 when there is none, or no child yet.
func (p *Pool) LandlockABI() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	abi := 0
	for c := range p.live {
		abi = max(abi, c.ready.LandlockABI)
	}
	return abi
}

// Close kills all children, running jobs included, and removes the folder.
func (p *Pool) Close() error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	p.closed = true
	p.change.Broadcast()
	close(p.done)
	children := make([]*child, 0, len(p.live))
	for c := range p.live {
		children = append(children, c)
	}
	p.mu.Unlock()
	for _, c := range children {
		c.end()
	}
	p.wg.Wait()
	if err := os.RemoveAll(p.cfg.Dir); err != nil {
		return fmt.Errorf("worker pool: %w", err)
	}
	return nil
}
