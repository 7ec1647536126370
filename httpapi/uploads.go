package httpapi

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/uptrace/bun"

	"shuniu/fault"
	"shuniu/guard"
	"shuniu/metadb"
)

type uploadRow struct {
	bun.BaseModel `bun:"table:upload,alias:u"`

	ID           string    `bun:"id,pk"`
	Account      string    `bun:"account,notnull"`
	Department   string    `bun:"department,notnull"`
	Name         string    `bun:"name,notnull"`
	SizeBytes    int64     `bun:"size_bytes,notnull"`
	OffsetBytes  int64     `bun:"offset_bytes,notnull"` // durable
	Expected     string    `bun:"expected,notnull"`     // digest that was announced
	SHA256       string    `bun:"sha256,notnull"`       // once received
	LastModified time.Time `bun:"last_modified,notnull"`
	CreatedAt    time.Time `bun:"created_at,notnull"`
}

func (r *uploadRow) upload() Upload {
	return Upload{ID: r.ID, Name: r.Name, SizeBytes: r.SizeBytes, OffsetBytes: r.OffsetBytes, Received: r.SHA256 != "",
		SHA256: r.SHA256, LastModified: timeOrNil(r.LastModified), CreatedAt: r.CreatedAt.UTC()}
}

// A Staging receives uploads in a folder: a file per upload, whose length
// beyond the recorded offset is worth nothing after a power cut.
type Staging struct {
	db  *metadb.DB
	dir string
	max int64

	mu   sync.Mutex
	busy map[string]bool // uploads a part is being written to
}

// NewStaging returns a staging in dir, which is made as needed, for files of
// at most maxBytes.
func NewStaging(db *metadb.DB, dir string, maxBytes int64) (*Staging, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("uploads: %w", err)
	}
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := syncDir(d); err != nil {
			return nil, fmt.Errorf("uploads: %w", err)
		}
	}
	return &Staging{db: db, dir: dir, max: maxBytes, busy: map[string]bool{}}, nil
}

// Create announces a file.
func (s *Staging) Create(ctx context.Context, n NewUpload) (Upload, error) {
	if n.SizeBytes > s.max {
		return Upload{}, fault.Explain(fmt.Errorf("upload of %d bytes, at most %d: %w", n.SizeBytes, s.max, fault.Invalid),
			"upload.too_large", map[string]any{"limit": s.max})
	}
	name, err := cleanName(n.Name)
	if err != nil {
		return Upload{}, err
	}
	p, _ := guard.From(ctx)
	row := uploadRow{ID: ulid.Make().String(), Account: p.Account, Department: string(p.Department), Name: name,
		SizeBytes: n.SizeBytes, Expected: n.SHA256, CreatedAt: time.Now().UTC().Truncate(time.Microsecond)}
	if n.LastModified != nil {
		row.LastModified = n.LastModified.UTC().Truncate(time.Microsecond)
	}
	f, err := os.OpenFile(s.path(row.ID), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return Upload{}, fmt.Errorf("create upload: %w", err)
	}
	if row.SizeBytes == 0 {
		row.SHA256 = hex.EncodeToString(sha256.New().Sum(nil))
	}
	if err := errors.Join(f.Sync(), f.Close(), syncDir(s.dir)); err != nil {
		return Upload{}, fmt.Errorf("create upload: %w", errors.Join(err, os.Remove(s.path(row.ID))))
	}
	err = s.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewInsert().Model(&row).Exec(ctx)
		return err
	})
	if err != nil {
		return Upload{}, fmt.Errorf("create upload: %w", errors.Join(err, os.Remove(s.path(row.ID))))
	}
	return row.upload(), nil
}

// cleanName keeps a relative path of plain names, "/" between them.
func cleanName(name string) (string, error) {
	parts := strings.FieldsFunc(strings.ToValidUTF8(name, "\uFFFD"), func(r rune) bool { return r == '/' || r == '\\' })
	kept := parts[:0]
	for _, p := range parts {
		p = strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f {
				return '_'
			}
			return r
		}, p)
		if p != "." && p != ".." && strings.TrimSpace(p) != "" {
			kept = append(kept, p)
		}
	}
	if len(kept) == 0 {
		return "", fmt.Errorf("file name %q is empty: %w", name, fault.Invalid)
	}
	return strings.Join(kept, "/"), nil
}

func (s *Staging) path(id string) string { return filepath.Join(s.dir, id+".part") }

// row reads an upload of the caller's; those of others are not found. The
// owner of the folder sees all.
func (s *Staging) row(ctx context.Context, id string) (*uploadRow, error) {
	p, _ := guard.From(ctx)
	var row uploadRow
	q := s.db.Bun().NewSelect().Model(&row).Where("u.id = ?", id)
	if p.Account != guard.LocalAccount {
		q = q.Where("u.account = ?", p.Account)
	}
	err := q.Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("upload %q: %w", id, fault.NotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("upload %s: %w", id, err)
	}
	return &row, nil
}

// Get says how far an upload is.
func (s *Staging) Get(ctx context.Context, id string) (Upload, error) {
	row, err := s.row(ctx, id)
	if err != nil {
		return Upload{}, err
	}
	return row.upload(), nil
}

// take marks an upload busy; two writers of one file would mix their parts.
func (s *Staging) take(id string) (release func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy[id] {
		return nil, fmt.Errorf("upload %s is being written: %w", id, fault.Busy)
	}
	s.busy[id] = true
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.busy, id)
	}, nil
}

// Append writes a part and makes it durable. Of a body that is cut off it
// keeps what came; a body that is longer than announced is refused.
func (s *Staging) Append(ctx context.Context, id string, offset int64, body io.Reader) (Upload, error) {
	release, err := s.take(id)
	if err != nil {
		return Upload{}, err
	}
	defer release()
	row, err := s.row(ctx, id)
	if err != nil {
		return Upload{}, err
	}
	if offset != row.OffsetBytes {
		return Upload{}, &OffsetError{Want: row.OffsetBytes}
	}
	f, err := os.OpenFile(s.path(id), os.O_RDWR, 0)
	if err != nil {
		return Upload{}, fmt.Errorf("append to upload %s: %w", id, err)
	}
	end, writeErr := s.write(f, row, body)
	var sum string
	if writeErr == nil && end == row.SizeBytes && row.SHA256 == "" {
		sum, writeErr = digestOf(f)
	}
	if err := f.Close(); err != nil {
		writeErr = errors.Join(writeErr, err)
	}
	var cut *cutError
	if writeErr != nil && !errors.As(writeErr, &cut) {
		return Upload{}, fmt.Errorf("append to upload %s: %w", id, writeErr)
	}
	if sum != "" && row.Expected != "" && sum != row.Expected {
		// Wrong on the way: the sender begins anew.
		end, sum = 0, ""
		writeErr = fault.Explain(fmt.Errorf("upload %s: digest is not the announced one: %w", id, fault.Conflict), "upload.digest", nil)
	}
	// What is durable is recorded even when the client has gone.
	ctx = context.WithoutCancel(ctx)
	row.OffsetBytes, row.SHA256 = end, sum
	err = s.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewUpdate().Model(row).Column("offset_bytes", "sha256").WherePK().Exec(ctx)
		return err
	})
	if err := errors.Join(writeErr, err); err != nil {
		return Upload{}, fmt.Errorf("append to upload %s: %w", id, err)
	}
	return row.upload(), nil
}

// A cutError is a body that ended early; its kind is fault.Invalid.
type cutError struct{ err error }

func (e *cutError) Error() string   { return "the part was cut off: " + e.err.Error() }
func (e *cutError) Unwrap() []error { return []error{e.err, fault.Invalid} }

// write writes body after the durable offset and syncs; it returns the new
// durable end. The rest of an earlier part that was never acknowledged goes.
func (s *Staging) write(f *os.File, row *uploadRow, body io.Reader) (int64, error) {
	if err := f.Truncate(row.OffsetBytes); err != nil {
		return 0, err
	}
	if _, err := f.Seek(row.OffsetBytes, io.SeekStart); err != nil {
		return 0, err
	}
	r := &rememberingReader{r: io.LimitReader(body, row.SizeBytes-row.OffsetBytes+1)}
	n, err := io.Copy(f, r)
	if err != nil && r.err == nil {
		return 0, err // the disk, not the client: nothing of it counts
	}
	if n > row.SizeBytes-row.OffsetBytes {
		return 0, fmt.Errorf("more bytes than the %d announced: %w", row.SizeBytes, fault.Invalid)
	}
	if err := f.Sync(); err != nil {
		return 0, err
	}
	if r.err != nil {
		return row.OffsetBytes + n, &cutError{r.err}
	}
	return row.OffsetBytes + n, nil
}

// rememberingReader tells an error of the reader from one of the writer.
type rememberingReader struct {
	r   io.Reader
	err error
}

func (r *rememberingReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}

func digestOf(f *os.File) (string, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	var h hash.Hash = sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Delete gives an upload up.
func (s *Staging) Delete(ctx context.Context, id string) error {
	release, err := s.take(id)
	if err != nil {
		return err
	}
	defer release()
	row, err := s.row(ctx, id)
	if err != nil {
		return err
	}
	return s.remove(ctx, row.ID)
}

func (s *Staging) remove(ctx context.Context, id string) error {
	err := s.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewDelete().Model((*uploadRow)(nil)).Where("u.id = ?", id).Exec(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete upload %s: %w", id, err)
	}
	if err := os.Remove(s.path(id)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("delete upload %s: %w", id, err)
	}
	return nil
}

// A StagedFile is a received upload.
type StagedFile struct {
	ID, Path, Name, SHA256 string
	SizeBytes              int64
	LastModified           time.Time
}

// Received returns a received upload of the caller's; fault.Conflict while
// bytes are missing.
func (s *Staging) Received(ctx context.Context, id string) (StagedFile, error) {
	row, err := s.row(ctx, id)
	if err != nil {
		return StagedFile{}, err
	}
	if row.SHA256 == "" {
		return StagedFile{}, fault.Explain(fmt.Errorf("upload %s: %d of %d bytes are here: %w", id, row.OffsetBytes, row.SizeBytes, fault.Conflict),
			"upload.incomplete", nil)
	}
	return StagedFile{ID: row.ID, Path: s.path(id), Name: row.Name, SHA256: row.SHA256, SizeBytes: row.SizeBytes, LastModified: row.LastModified.UTC()}, nil
}

// Sweep removes uploads that began before the time given, and files of none.
func (s *Staging) Sweep(ctx context.Context, before time.Time) (int, error) {
	var rows []uploadRow
	if err := s.db.Bun().NewSelect().Model(&rows).Column("id", "created_at").Scan(ctx); err != nil {
		return 0, fmt.Errorf("sweep uploads: %w", err)
	}
	known := map[string]bool{}
	n := 0
	for _, r := range rows {
		if r.CreatedAt.After(before) {
			known[r.ID+".part"] = true
			continue
		}
		if err := s.remove(ctx, r.ID); err != nil {
			return n, err
		}
		n++
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return n, fmt.Errorf("sweep uploads: %w", err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || known[e.Name()] || info.ModTime().After(before) {
			continue
		}
		if err := os.Remove(filepath.Join(s.dir, e.Name())); err != nil {
			return n, fmt.Errorf("sweep uploads: %w", err)
		}
		n++
	}
	return n, nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // a folder of the hub's own
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
