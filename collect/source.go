package collect

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"shuniu/fault"
)

// A source is the caller's own file on this machine, which a worker reads while
// it is copied into the originals. What was read counts only when the file was
// the same before and after: else the copy is read.
type source struct {
	path string
	was  os.FileInfo
}

const (
	// sourceBytes is from which size on reading beside the copying pays.
	sourceBytes = 16 << 20
	// sourceAge is how long a file has rested when a change is sure to give it
	// another time of change: file systems count in steps of a few milliseconds.
	sourceAge = time.Second
)

// sourceSystems are the file systems whose times of change this machine's
// kernel sets itself.
var sourceSystems = map[int64]bool{
	unix.EXT4_SUPER_MAGIC: true, unix.XFS_SUPER_MAGIC: true, unix.BTRFS_SUPER_MAGIC: true,
	unix.F2FS_SUPER_MAGIC: true, unix.TMPFS_MAGIC: true, unix.OVERLAYFS_SUPER_MAGIC: true,
}

// sourceOfCopy is f as a source, nil when its copy is to be read.
func sourceOfCopy(f *os.File, least int64) *source {
	st, err := f.Stat()
	if err != nil || st.Size() < least || time.Since(changed(st)) < sourceAge {
		return nil
	}
	var fs unix.Statfs_t
	if unix.Fstatfs(int(f.Fd()), &fs) != nil || !sourceSystems[int64(fs.Type)] { //nolint:unconvert // its width differs between platforms
		return nil
	}
	return &source{path: f.Name(), was: st}
}

// changed is when the kernel last noted a change of the file or of its status.
func changed(st os.FileInfo) time.Time {
	sys, ok := st.Sys().(*syscall.Stat_t)
	if !ok {
		return time.Now()
	}
	return time.Unix(sys.Ctim.Unix())
}

var errChanged = fmt.Errorf("the file changed while it was read: %w", fault.Conflict)

// open opens the file; errChanged when it is another one by now.
func (s *source) open() (*os.File, error) {
	f, err := os.Open(s.path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errChanged, err)
	}
	st, err := f.Stat()
	if err != nil || !s.is(st) {
		_ = f.Close() // was only read
		return nil, errChanged
	}
	return f, nil
}

// check tells, with errChanged, that the file is not as it was.
func (s *source) check() error {
	st, err := os.Stat(s.path)
	if err != nil || !s.is(st) {
		return errChanged
	}
	return nil
}

func (s *source) is(st os.FileInfo) bool {
	return os.SameFile(s.was, st) && st.Size() == s.was.Size() && st.ModTime().Equal(s.was.ModTime()) && changed(st).Equal(changed(s.was))
}
