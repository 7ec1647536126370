package collect

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"sync"

	"golang.org/x/sys/unix"

	"shuniu/durable"
	"shuniu/fault"
)

// Originals keeps received files as they came, under the digest of their
// bytes: DIR/ab/ab12…. A file that is there is whole, durable and never
// changed.
type Originals struct{ dir string }

var shaPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

// NewOriginals opens the folder, making it when missing.
func NewOriginals(dir string) (*Originals, error) {
	if err := durable.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("originals: %w", err)
	}
	return &Originals{dir: dir}, nil
}

// Path is where the file of a digest stands; fault.NotFound when it does not.
func (o *Originals) Path(sha string) (string, error) {
	if !shaPattern.MatchString(sha) {
		return "", fmt.Errorf("digest %q: %w", sha, fault.Invalid)
	}
	p := filepath.Join(o.dir, sha[:2], sha)
	if _, err := os.Lstat(p); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return "", fmt.Errorf("original %s: %w", sha, fault.NotFound)
		}
		return "", fmt.Errorf("original %s: %w", sha, err)
	}
	return p, nil
}

// Open opens the file of a digest; the caller closes it.
func (o *Originals) Open(sha string) (*os.File, error) {
	p, err := o.Path(sha)
	if err != nil {
		return nil, err
	}
	return os.Open(p)
}

// Put keeps what r gives and returns its digest and size. It is durable when
// Put returns; fault.Full, with nothing kept, when the disk is.
func (o *Originals) Put(ctx context.Context, r io.Reader, progress func(bytes int64)) (sha string, size int64, err error) {
	in, err := o.Receive(ctx, r, true, progress)
	if err != nil {
		return "", 0, err
	}
	return in.SHA256, in.Size, in.Settle()
}

// An Incoming is a file on its way to the originals. It can be read at once and
// is among them, durable, when Settle returned nil: a landing reads it while
// the disk still writes it.
type Incoming struct {
	SHA256 string
	Size   int64

	o      *Originals
	path   string     // of the bytes until they are settled
	synced chan error // one result, when they are on the disk

	settle sync.Once
	err    error // of Settle
}

// Receive copies what r gives. Only a copy that is read soon is left in memory.
// The caller calls Settle in the end.
func (o *Originals) Receive(ctx context.Context, r io.Reader, soon bool, progress func(bytes int64)) (in *Incoming, err error) {
	f, err := os.CreateTemp(o.dir, ".new-*.tmp")
	if err != nil {
		return nil, fmt.Errorf("keep original: %w", durable.Kind(err))
	}
	in = &Incoming{o: o, path: f.Name(), synced: make(chan error, 1)}
	hash := sha256.New()
	to := &counted{w: io.MultiWriter(&eager{f: f, drop: !soon}, hash), tell: progress}
	if _, err = durable.Copy(ctx, to, r); err != nil {
		err = errors.Join(err, f.Close(), ignoreGone(os.Remove(in.path)))
		return nil, fmt.Errorf("keep original: %w", durable.Kind(err))
	}
	in.SHA256, in.Size = hex.EncodeToString(hash.Sum(nil)), to.n
	go func() { in.synced <- errors.Join(f.Sync(), f.Chmod(0o440), f.Close()) }()
	return in, nil
}

// counted tells how many bytes went through.
type counted struct {
	w    io.Writer
	n    int64
	tell func(int64)
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	if c.tell != nil {
		c.tell(c.n)
	}
	return n, err
}

// An eager file starts to write to the disk while it grows, so that little is
// left for the sync, and for every other sync that the file system makes wait
// for it. What nobody reads soon leaves memory as it reaches the disk, so that
// a big file does not drive out what others need.
type eager struct {
	f           *os.File
	drop        bool
	size, begun int64
}

const (
	eagerBytes = 16 << 20
	eagerParts = 4 // on their way to the disk at a time
)

func (e *eager) Write(p []byte) (int, error) {
	n, err := e.f.Write(p)
	e.size += int64(n)
	if part := e.size - e.begun; part >= eagerBytes {
		// Only hints: what they do not do the sync does.
		fd := int(e.f.Fd())
		_ = unix.SyncFileRange(fd, e.begun, part, unix.SYNC_FILE_RANGE_WRITE)
		e.begun = e.size
		if old := e.begun - eagerParts*eagerBytes; e.drop && old > 0 {
			_ = unix.SyncFileRange(fd, max(0, old-eagerBytes), eagerBytes, unix.SYNC_FILE_RANGE_WAIT_BEFORE|unix.SYNC_FILE_RANGE_WRITE|unix.SYNC_FILE_RANGE_WAIT_AFTER)
			_ = unix.Fadvise(fd, 0, old, unix.FADV_DONTNEED)
		}
	}
	return n, err
}

// Open opens the bytes for reading; the caller closes the file. It is not for
// use beside Settle.
func (in *Incoming) Open() (*os.File, error) {
	f, err := os.Open(in.path)
	if errors.Is(err, os.ErrNotExist) {
		return in.o.Open(in.SHA256)
	}
	return f, err
}

// Settle waits until the file is durable under its digest. Called again it
// says the same. After fault.Full or another error nothing is kept.
func (in *Incoming) Settle() error {
	in.settle.Do(func() {
		if err := <-in.synced; err != nil {
			in.err = fmt.Errorf("keep original: %w", errors.Join(durable.Kind(err), ignoreGone(os.Remove(in.path))))
			return
		}
		if err := in.o.settle(in.path, in.SHA256); err != nil {
			in.err = errors.Join(err, ignoreGone(os.Remove(in.path)))
		}
	})
	return in.err
}

// Adopt keeps a file that stands on the same disk by moving it. The file is
// gone afterwards.
func (o *Originals) Adopt(ctx context.Context, path string) (sha string, size int64, err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return "", 0, fmt.Errorf("keep original: %w", err)
	}
	hash := sha256.New()
	size, err = durable.Copy(ctx, hash, f)
	if err = errors.Join(err, f.Sync(), f.Chmod(0o440), f.Close()); err != nil {
		return "", 0, fmt.Errorf("keep original: %w", durable.Kind(err))
	}
	sha = hex.EncodeToString(hash.Sum(nil))
	return sha, size, o.settle(path, sha)
}

// settle gives a synced file its name; one that is there already stays.
func (o *Originals) settle(tmp, sha string) error {
	dir := filepath.Join(o.dir, sha[:2])
	if err := durable.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("keep original: %w", err)
	}
	final := filepath.Join(dir, sha)
	if _, err := os.Lstat(final); err == nil {
		// Its name may be younger than the last sync of the folder.
		return errors.Join(os.Remove(tmp), durable.SyncDir(dir))
	}
	if err := durable.Rename(tmp, final); err != nil {
		return fmt.Errorf("keep original: %w", err)
	}
	return nil
}

// Sweep removes what an earlier process left half written.
func (o *Originals) Sweep() error {
	left, err := filepath.Glob(filepath.Join(o.dir, ".new-*.tmp"))
	if err != nil {
		return err
	}
	for _, p := range left {
		if err := ignoreGone(os.Remove(p)); err != nil {
			return fmt.Errorf("sweep originals: %w", err)
		}
	}
	return nil
}

func ignoreGone(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
