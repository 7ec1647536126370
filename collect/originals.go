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
	f, err := os.CreateTemp(o.dir, ".new-*.tmp")
	if err != nil {
		return "", 0, fmt.Errorf("keep original: %w", durable.Kind(err))
	}
	tmp := f.Name()
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreGone(os.Remove(tmp)))
		}
	}()
	sha, size, err = hashTo(ctx, f, r, progress)
	if err = errors.Join(err, f.Sync(), f.Chmod(0o440), f.Close()); err != nil {
		return "", 0, fmt.Errorf("keep original: %w", durable.Kind(err))
	}
	return sha, size, o.settle(tmp, sha)
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
func hashTo(ctx context.Context, w io.Writer, r io.Reader, progress func(int64)) (sha string, size int64, err error) {
	h := sha256.New()
	buf := make([]byte, 1<<20)
	for {
		if err := ctx.Err(); err != nil {
			return "", size, err
		}
		n, err := r.Read(buf)
		if n > 0 {
			h.Write(buf[:n])
			if _, werr := w.Write(buf[:n]); werr != nil {
				return "", size, durable.Kind(werr)
			}
			size += int64(n)
			if progress != nil {
				progress(size)
			}
		}
		if errors.Is(err, io.EOF) {
			return hex.EncodeToString(h.Sum(nil)), size, nil
		}
		if err != nil {
			return "", size, err
		}
	}
}
