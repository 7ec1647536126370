package collect

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
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
type Originals struct {
	dir    string
	beside int64 // files longer than this are hashed beside the copying
}

var shaPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

// NewOriginals opens the folder, making it when missing.
func NewOriginals(dir string) (*Originals, error) {
	if err := durable.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("originals: %w", err)
	}
	return &Originals{dir: dir, beside: besideBytes}, nil
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
	err = in.Settle()
	return in.sha, in.Size, err
}

// An Incoming is a file on its way to the originals. It can be read at once and
// is among them, durable, when Settle returned nil: a landing reads it while
// its digest is computed and while the disk still writes it.
type Incoming struct {
	Size int64

	o      *Originals
	path   string        // of the bytes until they are settled
	synced chan error    // one result, when they are on the disk
	hashed chan struct{} // closed when sha and shaErr are known
	sha    string
	shaErr error

	settle sync.Once
	err    error // of Settle
}

// besideBytes is how much of a file is hashed while it is copied. The digest of
// what follows is computed beside the copying, from what was written.
const besideBytes = 16 << 20

// Receive copies what r gives. The caller calls Settle in the end.
func (o *Originals) Receive(ctx context.Context, r io.Reader, progress func(bytes int64)) (in *Incoming, err error) {
	f, err := os.CreateTemp(o.dir, ".new-*.tmp")
	if err != nil {
		return nil, fmt.Errorf("keep original: %w", durable.Kind(err))
	}
	in = &Incoming{o: o, path: f.Name(), synced: make(chan error, 1), hashed: make(chan struct{})}
	if err := in.copy(ctx, f, r, progress); err != nil {
		<-in.hashed
		err = errors.Join(err, f.Close(), ignoreGone(os.Remove(in.path)))
		return nil, fmt.Errorf("keep original: %w", durable.Kind(err))
	}
	go func() { in.synced <- errors.Join(f.Sync(), f.Chmod(0o440), f.Close()) }()
	return in, nil
}

// copy writes r to f. The digest may follow later.
func (in *Incoming) copy(ctx context.Context, f *os.File, r io.Reader, progress func(int64)) error {
	var (
		to   = &eager{f: f}
		hash = sha256.New()
		tail chan int64 // sizes of the file as it grows, once the digest is computed beside it
		buf  = make([]byte, 1<<20)
	)
	defer func() {
		if tail != nil {
			close(tail)
			return
		}
		in.sha = hex.EncodeToString(hash.Sum(nil))
		close(in.hashed)
	}()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := r.Read(buf)
		if n > 0 {
			if _, werr := to.Write(buf[:n]); werr != nil {
				return durable.Kind(werr)
			}
			in.Size += int64(n)
			if tail == nil {
				hash.Write(buf[:n])
				if in.Size > in.o.beside {
					tail = make(chan int64, 1)
					go in.hashRest(hash, in.Size, tail)
				}
			} else {
				select {
				case <-tail: // a size nobody looked at yet
				default:
				}
				tail <- in.Size
			}
			if progress != nil {
				progress(in.Size)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// hashRest hashes what the file holds from at on, up to the sizes that tail
// tells, to the last of them.
func (in *Incoming) hashRest(hash hash.Hash, at int64, tail <-chan int64) {
	defer close(in.hashed)
	f, err := os.Open(in.path)
	if err != nil {
		in.shaErr = err
		return
	}
	buf := make([]byte, 1<<20)
	for size := range tail {
		for at < size && err == nil {
			var n int
			n, err = f.ReadAt(buf[:min(int64(len(buf)), size-at)], at)
			hash.Write(buf[:n])
			if at += int64(n); n > 0 && errors.Is(err, io.EOF) {
				err = nil
			}
		}
	}
	in.shaErr = errors.Join(err, f.Close())
	in.sha = hex.EncodeToString(hash.Sum(nil))
}

// Digest waits for the sha256 of the bytes, in hex.
func (in *Incoming) Digest() (string, error) {
	<-in.hashed
	if in.shaErr != nil {
		return "", fmt.Errorf("digest of an original: %w", durable.Kind(in.shaErr))
	}
	return in.sha, nil
}

// Lags tells whether the digest is computed beside the copying, so that Digest
// may wait.
func (in *Incoming) Lags() bool { return in.Size > in.o.beside }

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
		return in.o.Open(in.sha)
	}
	return f, err
}

// Settle waits until the file is durable under its digest. Called again it
// says the same. After fault.Full or another error nothing is kept.
func (in *Incoming) Settle() error {
	in.settle.Do(func() {
		sha, err := in.Digest()
		if serr := <-in.synced; serr != nil {
			err = errors.Join(durable.Kind(serr), err)
		}
		if err != nil {
			in.err = fmt.Errorf("keep original: %w", errors.Join(err, ignoreGone(os.Remove(in.path))))
			return
		}
		if err := in.o.settle(in.path, sha); err != nil {
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
