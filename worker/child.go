package worker

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// startLimit is how long a child may take until it is ready, on a busy machine.
const startLimit = 60 * time.Second

// A child is one process of the pool, as the hub sees it.
type child struct {
	pid     int
	wire    *wire
	setting setting
	dir     string // holds in, out and temp
	ready   readyNote
	words   *words        // what it said on standard error
	gone    chan struct{} // closed when the process was waited for
	state   *os.ProcessState
	jobs    int
	kill    func()
}

// startChild runs command in a folder of its own and waits until it is in
// its sandbox. The caller's thread must outlive the child (Pdeathsig).
func startChild(cfg Config, dir string) (*child, error) {
	s := setting{
		In: filepath.Join(dir, "in"), Out: filepath.Join(dir, "out"), Temp: filepath.Join(dir, "temp"),
		MemoryBytes: cfg.MemoryBytes, FileBytes: cfg.FileBytes,
	}
	for _, d := range []string{s.In, s.Out, s.Temp} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("folder of a worker: %w", err)
		}
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("socket of a worker: %w", err)
	}
	theirs := os.NewFile(uintptr(pair[1]), "worker")
	w, err := newWire(os.NewFile(uintptr(pair[0]), "hub"), false)
	if err != nil {
		return nil, errors.Join(err, theirs.Close())
	}
	c := &child{wire: w, setting: s, dir: dir, words: &words{}, gone: make(chan struct{})}
	cmd, err := c.launch(cfg, theirs)
	// Only the child may hold its end, so that its death is seen here.
	if err := errors.Join(err, theirs.Close()); err != nil {
		return nil, errors.Join(err, w.conn.Close(), os.RemoveAll(dir))
	}
	c.pid = cmd.Process.Pid
	c.kill = sync.OnceFunc(func() {
		// The group first: it is the child's own since Setpgid.
		if syscall.Kill(-c.pid, syscall.SIGKILL) != nil {
			_ = cmd.Process.Kill()
		}
	})
	go func() {
		_ = cmd.Wait() // the state tells more than the error
		c.state = cmd.ProcessState
		close(c.gone)
	}()
	if err := c.awaitReady(); err != nil {
		c.end()
		return nil, fmt.Errorf("start a worker: %w", err)
	}
	return c, nil
}

// launch starts the process, in a network of its own where the kernel lets us.
func (c *child) launch(cfg Config, socket *os.File) (*exec.Cmd, error) {
	text, err := json.Marshal(c.setting)
	if err != nil {
		return nil, fmt.Errorf("setting of a worker: %w", err)
	}
	env := []string{
		childEnv + "=" + string(text), "TMPDIR=" + c.setting.Temp, "HOME=" + c.setting.Temp,
		"GOTRACEBACK=single", "LANG=C.UTF-8", "MALLOC_ARENA_MAX=4",
		// Workers are short of processor time, not of memory (which has its own
		// limit below): a tenth less of it for landing a large file.
		"GOGC=400",
	}
	if cfg.MemoryBytes > 0 {
		env = append(env, "GOMEMLIMIT="+strconv.FormatInt(cfg.MemoryBytes/2, 10))
	}
	if tz, ok := os.LookupEnv("TZ"); ok {
		env = append(env, "TZ="+tz)
	}
	var first error
	for _, flags := range []uintptr{syscall.CLONE_NEWNET, syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET, 0} {
		cmd := exec.Command(cfg.Command[0], cfg.Command[1:]...) //nolint:gosec,noctx // our own binary; lives longer than any context
		cmd.Env, cmd.Dir, cmd.Stderr = env, c.setting.Temp, c.words
		cmd.ExtraFiles = []*os.File{socket}
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true, Cloneflags: flags}
		if flags&syscall.CLONE_NEWUSER != 0 {
			cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
			cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
		}
		if err = cmd.Start(); err == nil {
			return cmd, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, fmt.Errorf("start a worker: %w", errors.Join(first, err))
}

func (c *child) awaitReady() error {
	if err := c.wire.conn.SetReadDeadline(time.Now().Add(startLimit)); err != nil {
		return err
	}
	t, _, payload, err := c.wire.read()
	if err != nil {
		c.kill()
		<-c.gone
		return fmt.Errorf("%w; %s; it said: %s", err, c.state, c.words)
	}
	if t != frameReady {
		return fmt.Errorf("its first word is of type %d", t)
	}
	if err := json.Unmarshal(payload, &c.ready); err != nil {
		return fmt.Errorf("its first word: %w", err)
	}
	return c.wire.conn.SetReadDeadline(time.Time{})
}

// alive reports whether the process still runs.
func (c *child) alive() bool {
	select {
	case <-c.gone:
		return false
	default:
		return true
	}
}

// end kills the process, waits for it and removes its folder.
func (c *child) end() {
	if c.alive() {
		c.kill()
	}
	<-c.gone
	_ = c.wire.conn.Close() // nothing is waiting in it
	_ = os.RemoveAll(c.dir) // swept with the pool's folder otherwise
}

// rss is the memory the process holds, in bytes; 0 when it cannot be read.
func (c *child) rss() int64 {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(c.pid) + "/statm")
	if err != nil {
		return 0
	}
	f := strings.Fields(string(b))
	if len(f) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(f[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

// wipe empties the child's folders between jobs.
func (c *child) wipe() error {
	for _, d := range []string{c.setting.In, c.setting.Out, c.setting.Temp} {
		entries, err := os.ReadDir(d)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := os.RemoveAll(filepath.Join(d, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// words keeps the beginning and the end of a text: the cause of death stands
// at the beginning, what led to it before the end.
type words struct {
	mu          sync.Mutex // guards what follows
	first, last []byte
}

const wordsBytes = 4 << 10

func (w *words) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(p)
	room := min(wordsBytes-len(w.first), n)
	w.first = append(w.first, p[:room]...)
	w.last = append(w.last, p[room:]...)
	if extra := len(w.last) - wordsBytes; extra > 0 {
		w.last = append(w.last[:0], w.last[extra:]...)
	}
	return n, nil
}

func (w *words) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return string(bytes.ToValidUTF8(bytes.TrimSpace(slices.Concat(w.first, w.last)), []byte("?")))
}

func (w *words) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.first, w.last = w.first[:0], w.last[:0]
}
