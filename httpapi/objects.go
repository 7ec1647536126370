package httpapi

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"shuniu/collect"
	"shuniu/fault"
	"shuniu/guard"
	"shuniu/resource"
)

// shownText bounds the extracted text an answer carries, in bytes.
const shownText = 64 << 10

// objects answers Objects from what collect keeps whole.
type objects struct {
	svc  *collect.Service
	read *readModel
}

// objectRow is one sending of a file.
type objectRow struct {
	SHA256     string `bun:"sha256"`
	Name       string
	MediaType  string
	SizeBytes  int64
	Text       string
	Meta       string
	Department string
	Account    string
	ReceivedAt time.Time
}

// Get answers with the first sending of the file by a department whose rows
// the caller may read. A file that only others sent is not found, like one
// that nobody sent: who knows a digest does not learn whether it is here.
func (s *objects) Get(ctx context.Context, sum string) (Object, error) {
	row, err := s.sending(ctx, sum)
	if err != nil {
		return Object{}, fmt.Errorf("object %s: %w", sum, err)
	}
	out := Object{
		SHA256: row.SHA256, Name: path.Base(row.Name), MediaType: row.MediaType, SizeBytes: row.SizeBytes, Text: row.Text,
		Metadata: flatten(row.Meta), Department: row.Department, Account: row.Account, At: row.ReceivedAt.UTC(),
	}
	if len(out.Text) > shownText {
		out.Text, out.TextCut = strings.ToValidUTF8(out.Text[:shownText], ""), true
	}
	var names []struct{ File, Member string }
	err = s.read.db.Bun().NewRaw("SELECT DISTINCT b.file, b.member FROM collect_batch AS b WHERE b.content_sha256 = ? AND b.department = ? LIMIT 100", sum, row.Department).Scan(ctx, &names)
	if err != nil {
		return Object{}, fmt.Errorf("names of object %s: %w", sum, err)
	}
	for _, n := range names {
		name := n.File
		if n.Member != "" {
			name += "/" + n.Member
		}
		out.Names = append(out.Names, name)
	}
	slices.Sort(out.Names)
	return out, nil
}

// sending is the first sending of sum that the gate lets the caller read. The
// bytes, their kind and their text are kept once; the receipts say who sent
// them, under which name and when.
func (s *objects) sending(ctx context.Context, sum string) (row objectRow, err error) {
	err = s.read.db.Bun().NewRaw("SELECT o.sha256, o.name, o.media_type, o.size_bytes, o.text, o.meta, o.department, o.account, o.received_at "+
		"FROM collect_object AS o WHERE o.sha256 = ? ORDER BY o.received_at, o.id LIMIT 1", sum).Scan(ctx, &row)
	if errors.Is(err, sql.ErrNoRows) {
		return row, fault.NotFound
	}
	if err != nil {
		return row, err
	}
	switch err := s.may(ctx, row.Department); {
	case err == nil:
		return row, nil
	case !errors.Is(err, fault.Denied):
		return row, err
	}
	var sent []struct {
		File, Member, Department, Account string
		StartedAt                         time.Time
	}
	err = s.read.db.Bun().NewRaw("SELECT b.file, b.member, b.department, b.account, b.started_at FROM collect_batch AS b "+
		"WHERE b.id IN (SELECT min(x.id) FROM collect_batch AS x WHERE x.content_sha256 = ? AND x.state = 'kept_as_object' GROUP BY x.department) "+
		"ORDER BY b.started_at, b.id", sum).Scan(ctx, &sent)
	if err != nil {
		return row, err
	}
	for _, r := range sent {
		err := s.may(ctx, r.Department)
		if errors.Is(err, fault.Denied) {
			continue
		}
		row.Name, row.Department, row.Account, row.ReceivedAt = cmp.Or(r.Member, r.File), r.Department, r.Account, r.StartedAt
		return row, err
	}
	return objectRow{}, fault.NotFound
}

func (s *objects) may(ctx context.Context, department string) error {
	_, err := s.svc.Gate.Decide(ctx, guard.ReadRows, guard.Object{Department: resource.DepartmentID(department)})
	return err
}

// flatten turns what a reader found of a file into names and texts.
func flatten(meta string) map[string]string {
	out := map[string]string{}
	var found map[string]any
	if json.Unmarshal([]byte(meta), &found) != nil {
		return out
	}
	var walk func(prefix string, v any)
	walk = func(prefix string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, x := range v {
				if k != "text" {
					walk(strings.TrimPrefix(prefix+"."+k, "."), x)
				}
			}
		case nil:
		case string:
			if v != "" {
				out[prefix] = v
			}
		default:
			out[prefix] = strings.Trim(fmt.Sprint(v), "[]")
		}
	}
	walk("", found)
	return out
}

// Open returns the bytes as they came.
func (s *objects) Open(ctx context.Context, sum string) (Object, io.ReadSeekCloser, error) {
	o, err := s.Get(ctx, sum)
	if err != nil {
		return Object{}, nil, err
	}
	f, err := s.svc.Originals.Open(sum)
	if err != nil {
		return Object{}, nil, err
	}
	st, err := f.Stat()
	if err != nil {
		return Object{}, nil, closeAfter(f, fmt.Errorf("object %s: %w", sum, err))
	}
	o.SizeBytes = st.Size()
	return o, f, nil
}
