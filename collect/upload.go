package collect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"

	"shuniu/durable"
	"shuniu/fault"
	"shuniu/guard"
)

// An Upload is a file on its way in. Bytes below Offset are durable; the
// sender goes on from there after any interruption.
type Upload struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	Size       int64     `json:"size_bytes"` // as announced; -1 when not known
	Offset     int64     `json:"offset"`
	Department string    `json:"department"`
	Account    string    `json:"account"`
	StartedAt  time.Time `json:"started_at"`
}

// Uploads stages resumable uploads in DIR: the bytes in ID, what is known of
// them in ID.json. Each is used by one writer at a time.
type Uploads struct {
	dir string

	mu   sync.Mutex // guards busy
	busy map[string]bool
}

// uploadsKept is how long an upload may rest before Sweep drops it.
const uploadsKept = 7 * 24 * time.Hour

// NewUploads opens the staging folder.
func NewUploads(dir string) (*Uploads, error) {
	if err := durable.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("uploads: %w", err)
	}
	return &Uploads{dir: dir, busy: map[string]bool{}}, nil
}

func (u *Uploads) claim(id string) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.busy[id] {
		return fmt.Errorf("upload %s is being written: %w", id, fault.Conflict)
	}
	u.busy[id] = true
	return nil
}

func (u *Uploads) release(id string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.busy, id)
}

func (u *Uploads) path(id string) (string, error) {
	if _, err := ulid.ParseStrict(strings.ToUpper(id)); err != nil {
		return "", fmt.Errorf("upload %q: %w", id, fault.NotFound)
	}
	return filepath.Join(u.dir, strings.ToLower(id)), nil
}

// Begin announces a file of size bytes (-1: not known) of the principal of ctx.
func (u *Uploads) Begin(ctx context.Context, name string, size int64, department string) (Upload, error) {
	p, _ := guard.From(ctx)
	up := Upload{
		ID: strings.ToLower(ulid.Make().String()), Name: name, Size: size, Department: department, Account: p.Account,
		StartedAt: time.Now().UTC(),
	}
	path := filepath.Join(u.dir, up.ID)
	if err := durable.WriteFile(path, nil, 0o640); err != nil {
		return Upload{}, fmt.Errorf("begin upload: %w", err)
	}
	note, err := json.Marshal(up)
	if err != nil {
		return Upload{}, err
	}
	if err := durable.WriteFile(path+".json", note, 0o640); err != nil {
		return Upload{}, fmt.Errorf("begin upload: %w", err)
	}
	return up, nil
}

// Get tells how far an upload has come. fault.NotFound when there is none, or
// it is somebody else's.
func (u *Uploads) Get(ctx context.Context, id string) (Upload, error) {
	path, err := u.path(id)
	if err != nil {
		return Upload{}, err
	}
	note, err := os.ReadFile(path + ".json")
	if errors.Is(err, os.ErrNotExist) {
		return Upload{}, fmt.Errorf("upload %s: %w", id, fault.NotFound)
	}
	if err != nil {
		return Upload{}, fmt.Errorf("upload %s: %w", id, err)
	}
	var up Upload
	if err := json.Unmarshal(note, &up); err != nil {
		return Upload{}, fmt.Errorf("upload %s: %w: %w", id, err, fault.Damaged)
	}
	if p, _ := guard.From(ctx); p.Account != up.Account {
		return Upload{}, fmt.Errorf("upload %s: %w", id, fault.NotFound)
	}
	st, err := os.Stat(path)
	if err != nil {
		return Upload{}, fmt.Errorf("upload %s: %w", id, err)
	}
	up.Offset = st.Size()
	return up, nil
}

// Write adds r at offset, which must be where the upload stands: fault.Conflict
// otherwise. What it returns as Offset is durable, after an error too, when it
// returns one the caller asks Get and goes on from there.
func (u *Uploads) Write(ctx context.Context, id string, offset int64, r io.Reader) (Upload, error) {
	if err := u.claim(id); err != nil {
		return Upload{}, err
	}
	defer u.release(id)
	up, err := u.Get(ctx, id)
	if err != nil {
		return Upload{}, err
	}
	if up.Offset != offset {
		return up, fmt.Errorf("upload %s stands at %d, not at %d: %w", id, up.Offset, offset, fault.Conflict)
	}
	path, err := u.path(id)
	if err != nil {
		return up, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return up, fmt.Errorf("upload %s: %w", id, err)
	}
	limit := int64(1) << 62
	if up.Size >= 0 {
		limit = up.Size - offset
	}
	n, err := io.Copy(f, io.LimitReader(contextReader{ctx, r}, limit+1))
	if n > limit {
		err = errors.Join(fmt.Errorf("upload %s is larger than announced: %w", id, fault.Invalid), f.Truncate(up.Size))
		n = limit
	}
	if serr := errors.Join(f.Sync(), f.Close()); serr != nil {
		// What the kernel shows may not be on the disk: back to what is known.
		return up, fmt.Errorf("upload %s: %w", id, errors.Join(durable.Kind(serr), os.Truncate(path, offset)))
	}
	up.Offset = offset + n
	if err != nil {
		return up, fmt.Errorf("upload %s: %w", id, durable.Kind(err))
	}
	return up, nil
}

// Finish moves a complete upload among the originals.
func (u *Uploads) Finish(ctx context.Context, id string, to *Originals) (up Upload, sha string, err error) {
	if err := u.claim(id); err != nil {
		return Upload{}, "", err
	}
	defer u.release(id)
	if up, err = u.Get(ctx, id); err != nil {
		return up, "", err
	}
	if up.Size >= 0 && up.Offset != up.Size {
		return up, "", fmt.Errorf("upload %s has %d of %d bytes: %w", id, up.Offset, up.Size, fault.Conflict)
	}
	path, err := u.path(id)
	if err != nil {
		return up, "", err
	}
	if sha, up.Size, err = to.Adopt(ctx, path); err != nil {
		return up, "", err
	}
	return up, sha, os.Remove(path + ".json")
}

// Drop forgets an upload.
func (u *Uploads) Drop(ctx context.Context, id string) error {
	if err := u.claim(id); err != nil {
		return err
	}
	defer u.release(id)
	if _, err := u.Get(ctx, id); err != nil {
		return err
	}
	path, err := u.path(id)
	if err != nil {
		return err
	}
	return errors.Join(os.Remove(path+".json"), ignoreGone(os.Remove(path)))
}

// Sweep drops uploads that nobody went on with for a week.
func (u *Uploads) Sweep(now time.Time) error {
	files, err := os.ReadDir(u.dir)
	if err != nil {
		return fmt.Errorf("sweep uploads: %w", err)
	}
	for _, e := range files {
		info, err := e.Info()
		if err != nil || now.Sub(info.ModTime()) < uploadsKept {
			continue
		}
		base := strings.TrimSuffix(e.Name(), ".json")
		if st, err := os.Stat(filepath.Join(u.dir, base)); err == nil && now.Sub(st.ModTime()) < uploadsKept {
			continue // its bytes are younger than its note
		}
		if err := ignoreGone(os.Remove(filepath.Join(u.dir, e.Name()))); err != nil {
			return fmt.Errorf("sweep uploads: %w", err)
		}
	}
	return nil
}

// contextReader ends with its context.
type contextReader struct {
	ctx context.Context //nolint:containedctx // lives for one call of Write
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
