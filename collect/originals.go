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
	in, err := o.Receive(ctx, r, progress)
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

// Receive copies what r gives. The caller calls Settle in the end.
func (o *Originals) Receive(ctx context.Context, r io.Reader, progress func(bytes int64)) (in *Incoming, err error) {
	f, err := os.CreateTemp(o.dir, ".new-*.tmp")
	if err != nil {
		return nil, fmt.Errorf("keep original: %w", durable.Kind(err))
	}
	in = &Incoming{o: o, path: f.Name(), synced: make(chan error, 1)}
	in.SHA256, in.Size, err = hashTo(ctx, &eager{f: f}, r, progress)
	if err != nil {
		err = errors.Join(err, f.Close(), ignoreGone(os.Remove(in.path)))
		return nil, fmt.Errorf("keep original: %w", durable.Kind(err))
	}
	go func() { in.synced <- errors.Join(f.Sync(), f.Chmod(0o440), f.Close()) }()
	return in, nil
}

// An eager file starts to write to the disk while it grows, so that little is
// left for the sync, and for every other sync that the file system makes wait
// for it.
type eager struct {
	f           *os.File
	size, begun int64
}

const eagerBytes = 16 << 20

func (e *eager) Write(p []byte) (int, error) {
	n, err := e.f.Write(p)
	e.size += int64(n)
	if part := e.size - e.begun; part >= eagerBytes {
		// Only a hint: what it does not do the sync does.
		_ = unix.SyncFileRange(int(e.f.Fd()), e.begun, part, unix.SYNC_FILE_RANGE_WRITE)
		e.begun = e.size
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
	sha, size, err = hashTo(ctx, io.Discard, f, nil)
	if err = errors.Join(err, f.Sync(), f.Chmod(0o440), f.Close()); err != nil {
		return "", 0, fmt.Errorf("keep original: %w", durable.Kind(err))
	}
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

// hashTo copies r to w and returns the digest and size of what went through.
// The digest is computed beside the copying.
func hashTo(ctx context.Context, w io.Writer, r io.Reader, progress func(int64)) (sha string, size int64, err error) {
	const parts = 3
	free, full := make(chan []byte, parts), make(chan []byte, parts)
	made := 0
	take := func() []byte {
		select {
		case b := <-free:
			return b
		default:
		}
		if made == parts {
			return <-free
		}
		made++ // a small file needs one only
		return make([]byte, 1<<20)
	}
	sum := make(chan string, 1)
	go func() {
		h := sha256.New()
		for b := range full {
			h.Write(b)
			free <- b[:cap(b)]
		}
		sum <- hex.EncodeToString(h.Sum(nil))
	}()
	defer func() {
		close(full)
		if sha = <-sum; err != nil {
			sha = ""
		}
	}()
	for {
		if err := ctx.Err(); err != nil {
			return "", size, err
		}
		buf := take()
		n, err := r.Read(buf)
		if n > 0 {
			full <- buf[:n]
			if _, werr := w.Write(buf[:n]); werr != nil {
				return "", size, durable.Kind(werr)
			}
			size += int64(n)
			if progress != nil {
				progress(size)
			}
		} else {
			free <- buf
		}
		if errors.Is(err, io.EOF) {
			return "", size, nil
		}
		if err != nil {
			return "", size, err
		}
	}
}
