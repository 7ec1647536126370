package httpapi

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"shuniu/collect"
	"shuniu/fault"
	"shuniu/guard"
	"shuniu/metadb"
)

// uploadRow is what outlives the bytes: they move among the originals once
// all are here, and the row then holds their digest.
type uploadRow struct {
	bun.BaseModel `bun:"table:upload,alias:u"`

	ID           string    `bun:"id,pk"`
	Account      string    `bun:"account,notnull"`
	Department   string    `bun:"department,notnull"`
	Name         string    `bun:"name,notnull"`
	SizeBytes    int64     `bun:"size_bytes,notnull"`
	OffsetBytes  int64     `bun:"offset_bytes,notnull"` // size_bytes once received
	Expected     string    `bun:"expected,notnull"`     // digest that was announced
	SHA256       string    `bun:"sha256,notnull"`       // once received
	LastModified time.Time `bun:"last_modified,notnull"`
	CreatedAt    time.Time `bun:"created_at,notnull"`
}

func (r *uploadRow) upload(offset int64) Upload {
	u := Upload{
		ID: r.ID, Name: r.Name, SizeBytes: r.SizeBytes, OffsetBytes: offset, Received: r.SHA256 != "",
		SHA256: r.SHA256, LastModified: timeOrNil(r.LastModified), CreatedAt: r.CreatedAt.UTC(),
	}
	if u.Received {
		u.OffsetBytes = r.SizeBytes
	}
	return u
}

// Uploads of collect, with what was announced of each file.
type uploads struct {
	db   *metadb.DB
	svc  *collect.Service
	max  int64
	keep time.Duration
}

// uploadsKept is how long the row of an upload stays.
const uploadsKept = 7 * 24 * time.Hour

func (s *uploads) Create(ctx context.Context, n NewUpload) (Upload, error) {
	if n.SizeBytes > s.max {
		return Upload{}, fault.Explain(fmt.Errorf("upload of %d bytes, at most %d: %w", n.SizeBytes, s.max, fault.Invalid),
			"upload.too_large", map[string]any{"limit": s.max})
	}
	name, err := cleanName(n.Name)
	if err != nil {
		return Upload{}, err
	}
	p, _ := guard.From(ctx)
	begun, err := s.svc.Uploads.Begin(ctx, name, n.SizeBytes, string(p.Department))
	if err != nil {
		return Upload{}, err
	}
	row := uploadRow{
		ID: begun.ID, Account: p.Account, Department: string(p.Department), Name: name,
		SizeBytes: n.SizeBytes, Expected: n.SHA256, CreatedAt: time.Now().UTC().Truncate(time.Microsecond),
	}
	if n.LastModified != nil {
		row.LastModified = n.LastModified.UTC().Truncate(time.Microsecond)
	}
	err = s.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		// Rows of uploads that were forgotten long ago go with the newest.
		_, err := tx.NewDelete().Model((*uploadRow)(nil)).Where("u.created_at < ?", row.CreatedAt.Add(-s.keep)).Exec(ctx)
		if err != nil {
			return err
		}
		_, err = tx.NewInsert().Model(&row).Exec(ctx)
		return err
	})
	if err != nil {
		return Upload{}, fmt.Errorf("create upload: %w", errors.Join(err, s.svc.Uploads.Drop(ctx, begun.ID)))
	}
	if row.SizeBytes == 0 {
		return s.finish(ctx, &row)
	}
	return row.upload(0), nil
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

// row reads an upload of the caller's; those of others are not found.
func (s *uploads) row(ctx context.Context, id string) (*uploadRow, error) {
	p, _ := guard.From(ctx)
	var row uploadRow
	err := s.db.Bun().NewSelect().Model(&row).Where("u.id = ? AND u.account = ?", id, p.Account).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("upload %q: %w", id, fault.NotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("upload %s: %w", id, err)
	}
	return &row, nil
}

func (s *uploads) Get(ctx context.Context, id string) (Upload, error) {
	row, err := s.row(ctx, id)
	if err != nil {
		return Upload{}, err
	}
	if row.SHA256 != "" {
		return row.upload(row.SizeBytes), nil
	}
	u, err := s.svc.Uploads.Get(ctx, id)
	return row.upload(u.Offset), err
}

// Append writes a part and makes it durable. Of a body that is cut off it
// keeps what came.
func (s *uploads) Append(ctx context.Context, id string, offset int64, body io.Reader) (Upload, error) {
	row, err := s.row(ctx, id)
	if err != nil {
		return Upload{}, err
	}
	if row.SHA256 != "" {
		if offset != row.SizeBytes {
			return Upload{}, &OffsetError{Want: row.SizeBytes}
		}
		return row.upload(row.SizeBytes), nil
	}
	r := &rememberingReader{r: body}
	u, err := s.svc.Uploads.Write(ctx, id, offset, r)
	switch {
	case errors.Is(err, fault.Conflict) && u.ID != "" && u.Offset != offset:
		return Upload{}, &OffsetError{Want: u.Offset}
	case err != nil && r.err != nil:
		return Upload{}, &cutError{r.err}
	case err != nil:
		return Upload{}, err
	case u.Offset < row.SizeBytes:
		return row.upload(u.Offset), nil
	}
	return s.finish(ctx, row)
}

// finish moves a whole upload among the originals and records its digest.
func (s *uploads) finish(ctx context.Context, row *uploadRow) (Upload, error) {
	// All bytes are here: a client that goes away now changes nothing.
	ctx = context.WithoutCancel(ctx)
	_, sum, err := s.svc.Uploads.Finish(ctx, row.ID, s.svc.Originals)
	if err != nil {
		return Upload{}, fmt.Errorf("finish upload %s: %w", row.ID, err)
	}
	wrong := row.Expected != "" && row.Expected != sum
	err = s.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if wrong {
			_, err := tx.NewDelete().Model(row).WherePK().Exec(ctx)
			return err
		}
		row.SHA256, row.OffsetBytes = sum, row.SizeBytes
		_, err := tx.NewUpdate().Model(row).Column("sha256", "offset_bytes").WherePK().Exec(ctx)
		return err
	})
	if err == nil && wrong {
		err = fault.Explain(fmt.Errorf("digest is not the announced one: %w", fault.Conflict), "upload.digest", nil)
	}
	if err != nil {
		return Upload{}, fmt.Errorf("finish upload %s: %w", row.ID, err)
	}
	return row.upload(row.SizeBytes), nil
}

// A cutError is a body that ended early; its kind is fault.Invalid.
type cutError struct{ err error }

func (e *cutError) Error() string   { return "the part was cut off: " + e.err.Error() }
func (e *cutError) Unwrap() []error { return []error{e.err, fault.Invalid} }

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

func (s *uploads) Delete(ctx context.Context, id string) error {
	row, err := s.row(ctx, id)
	if err != nil {
		return err
	}
	if row.SHA256 == "" {
		if err := s.svc.Uploads.Drop(ctx, id); err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
	}
	err = s.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewDelete().Model(row).WherePK().Exec(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete upload %s: %w", id, err)
	}
	return nil
}

// received returns an upload of the caller's whose bytes are all here;
// fault.Conflict otherwise.
func (s *uploads) received(ctx context.Context, id string) (*uploadRow, error) {
	row, err := s.row(ctx, id)
	if err != nil {
		return nil, err
	}
	if row.SHA256 == "" {
		return nil, fault.Explain(fmt.Errorf("upload %s is not whole: %w", id, fault.Conflict), "upload.incomplete", nil)
	}
	return row, nil
}
