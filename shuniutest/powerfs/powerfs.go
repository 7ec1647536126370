package powerfs

import (
	"errors"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// A Mode says when names are on the disk.
type Mode int

// The modes; see the package comment.
const (
	Ext4 Mode = iota
	Strict
)

func (m Mode) String() string { return [...]string{"ext4", "strict"}[m] }

// An Op is a kind of operation that can be counted, failed or made the moment
// of a cut.
type Op int

// The operations. Write includes a change of size.
const (
	Write Op = 1 << iota
	Fsync
	Rename
	Mkdir
	Create
	Remove
	Any = Write | Fsync | Rename | Mkdir | Create | Remove
)

// An FS is a mounted file system.
type FS struct {
	t    testing.TB
	mode Mode
	dir  string

	mu     sync.Mutex
	root   *node
	epoch  int // of root; calls of an older one answer EIO
	inos   uint64
	used   int64 // bytes programs see
	limit  int64 // 0: none
	count  map[Op]int64
	fault  *fault
	server *fuse.Server
}

// A fault waits for the n-th operation of some kinds.
type fault struct {
	ops   Op
	left  int64
	errno syscall.Errno
	cut   func() // instead of errno
	fired bool
}

// Mount mounts an empty file system until the end of the test. The test is
// skipped where /dev/fuse cannot be opened.
func Mount(t testing.TB, mode Mode) *FS {
	t.Helper()
	f, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("power cuts need FUSE: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	// Not t.TempDir, whose removal would run into a mount that hangs.
	dir, err := os.MkdirTemp("/tmp", "shuniu-power.") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	p := &FS{t: t, mode: mode, dir: dir, root: newFolder(1, 0o755), inos: 1, count: map[Op]int64{}}
	if p.server, err = p.mount(); err != nil {
		t.Fatal(errors.Join(err, os.Remove(dir)))
	}
	t.Cleanup(func() {
		if err := errors.Join(p.unmount(), os.Remove(dir)); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return p
}

// Dir is the absolute path of the file system.
func (f *FS) Dir() string { return f.dir }

func (f *FS) mount() (*fuse.Server, error) {
	var none time.Duration
	return fs.Mount(f.dir, &inode{fs: f, n: f.root, epoch: f.epoch}, &fs.Options{
		EntryTimeout: &none, AttrTimeout: &none,
		MountOptions: fuse.MountOptions{DirectMount: true, FsName: "powerfs", Name: "powerfs", MaxWrite: 1 << 20},
	})
}

func (f *FS) unmount() error {
	var err error
	for range 100 {
		if err = f.server.Unmount(); err == nil {
			return nil
		}
		time.Sleep(20 * time.Millisecond) // a killed program is still letting go
	}
	return err
}

// A Cut says what, beside the synced, is found afterwards.
type Cut struct {
	Mixed bool   // each unsynced page and name by the toss of a coin
	Seed  uint64 // of the coin
}

// Cut cuts the power: from now on every call of a running program fails, kill
// is called to end them, and the file system is mounted again with what was on
// the disk.
func (f *FS) Cut(c Cut, kill func()) {
	f.t.Helper()
	f.freeze(c)
	kill()
	f.remount()
}

// freeze makes the disk's state the state, under a new epoch.
func (f *FS) freeze(c Cut) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.freezeLocked(c)
}

func (f *FS) freezeLocked(c Cut) {
	s := &survivor{toss: coin(c.Mixed, c.Seed), seen: map[*node]*node{}}
	f.root = s.node(f.root)
	f.epoch++
	f.used = 0
	for _, n := range s.seen {
		f.used += n.size
	}
	f.fault = nil
}

// remount ends the old mount and begins the one of the new epoch.
func (f *FS) remount() {
	f.t.Helper()
	if err := f.unmount(); err != nil {
		f.t.Fatalf("unmount after the cut: %v", err)
	}
	server, err := f.mount()
	if err != nil {
		f.t.Fatalf("mount after the cut: %v", err)
	}
	f.server = server
}

// CutAt cuts the power at the n-th operation, from now, of the kinds ops,
// before it has an effect, and calls kill. Follow with Resume when kill was
// called; the file system answers every call with an error until then.
func (f *FS) CutAt(ops Op, n int64, c Cut, kill func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = &fault{ops: ops, left: n, cut: func() {
		f.freezeLocked(c)
		go kill()
	}}
}

// Resume mounts the file system again after a CutAt.
func (f *FS) Resume() {
	f.t.Helper()
	f.remount()
}

// FailAt lets the n-th operation, from now, of the kinds ops fail once.
func (f *FS) FailAt(ops Op, n int64, errno syscall.Errno) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = &fault{ops: ops, left: n, errno: errno}
}

// Disarm takes back FailAt and tells whether it had come to pass.
func (f *FS) Disarm() (fired bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fired = f.fault != nil && f.fault.fired
	f.fault = nil
	return fired
}

// Count is how many operations of the kinds ops there were.
func (f *FS) Count(ops Op) (n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for o, k := range f.count {
		if o&ops != 0 {
			n += k
		}
	}
	return n
}

// Limit sets how many bytes fit, 0: any number. What is there stays.
func (f *FS) Limit(size int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.limit = size
}

// Used is how many bytes there are.
func (f *FS) Used() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.used
}

// begin counts an operation and tells how it is to fail, 0: not. The caller
// holds mu.
func (f *FS) begin(op Op) syscall.Errno {
	f.count[op]++
	if f.fault == nil || f.fault.fired || f.fault.ops&op == 0 {
		return 0
	}
	if f.fault.left--; f.fault.left > 0 {
		return 0
	}
	f.fault.fired = true
	if cut := f.fault.cut; cut != nil {
		cut()
		return syscall.EIO
	}
	return f.fault.errno
}
