package collect

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"path"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"shuniu/collect/intake/reading"
	"shuniu/fault"
	"shuniu/resource"
	"shuniu/resource/catalogue"
)

// A recipe is how a source is read: what a person adjusted, and what was found.
type recipe struct {
	File     string          `json:"file"`
	Format   string          `json:"format"`
	Encoding string          `json:"encoding,omitempty"`
	SHA256   string          `json:"sha256"`
	Area     json.RawMessage `json:"area,omitempty"`
	Dialect  json.RawMessage `json:"dialect,omitempty"`
}

// maxWords bounds the file names an entry is found by, in bytes.
const maxWords = 8 << 10

// catalogueBatches brings the entry of a dataset up to date with new batches.
func (s *Service) catalogueBatches(ctx context.Context, tx bun.Tx, rows []*batchRow, snap resource.Snapshot) error {
	id := rows[0].Dataset
	e, err := s.Catalogue.Load(ctx, tx, id)
	fresh := errors.Is(err, fault.NotFound)
	if err != nil && !fresh {
		return err
	}
	var changes []catalogue.Change
	for _, r := range rows {
		rep, err := decode[batchReport]([]byte(r.Report))
		if err != nil {
			return fmt.Errorf("report of batch %s: %w: %w", r.ID, err, fault.Damaged)
		}
		kind := "landed"
		if fresh {
			e = catalogue.Entry{
				ID: id, Kind: catalogue.Dataset, Name: rep.Name, Department: resource.DepartmentID(r.Department), CreatedAt: r.LandedAt, CreatedBy: r.Account, Tags: []string{},
			}
			kind, fresh = "created", false
		}
		mergeFields(&e, &rep, r.Landed)
		e.Rows += r.Landed
		e.SizeBytes += r.SizeBytes
		e.Format = r.Format
		e.Batch, e.Snapshot = resource.BatchID(r.ID), snap.ID
		e.UpdatedAt, e.UpdatedBy = r.LandedAt, r.Account
		e.Words = addWords(e.Words, path.Base(r.File), path.Base(r.Member), rep.Table.Place.Sheet, rep.Table.Name)
		area, err := json.Marshal(rep.Table.Area)
		if err != nil {
			return err
		}
		dialect, err := json.Marshal(rep.Table.Dialect)
		if err != nil {
			return err
		}
		if e.Source, err = json.Marshal(recipe{File: r.File, Format: r.Format, Encoding: r.Encoding, SHA256: r.SHA256, Area: area, Dialect: dialect}); err != nil {
			return err
		}
		detail, err := json.Marshal(map[string]any{
			"batch": r.ID, "file": r.File, "member": r.Member, "rows_landed": r.Landed, "rows_quarantined": r.Quarantined, "snapshot": r.Snapshot, "drift": json.RawMessage(r.Drift),
		})
		if err != nil {
			return err
		}
		changes = append(changes, catalogue.Change{Account: r.Account, Kind: kind, Detail: detail, At: r.LandedAt})
	}
	if snap.ID != 0 && snap.Rows >= 0 {
		e.Rows = snap.Rows // the lake's own count
	}
	if e.Department != "" {
		if err := s.Catalogue.PutDepartment(ctx, tx, e.Department, string(e.Department), false); err != nil {
			return err
		}
	}
	return s.Catalogue.Put(ctx, tx, e, nil, changes...)
}

func addWords(words string, more ...string) string {
	have := strings.Split(words, "\n")
	for _, w := range more {
		if w != "" && w != "." && !slices.Contains(have, w) {
			have = append(have, w)
		}
	}
	for len(have) > 1 && len(strings.Join(have, "\n")) > maxWords {
		have = have[1:] // the oldest go
	}
	return strings.Trim(strings.Join(have, "\n"), "\n")
}

// mergeFields brings the fields of an entry up to date with one batch: one
// field per source column, under the name and reading a person knows.
func mergeFields(e *catalogue.Entry, rep *batchReport, rows int64) {
	byName := map[string]*catalogue.Field{}
	for i := range e.Fields {
		byName[e.Fields[i].Name] = &e.Fields[i]
	}
	out := make([]catalogue.Field, 0, len(rep.Forms))
	for i := range rep.Forms {
		f := &rep.Forms[i]
		now := catalogue.Field{Field: f.field()}
		if f.Value != nil {
			now.Type, now.Precision, now.Scale = f.Value.Type, f.Value.Precision, f.Value.Scale
		}
		old := byName[f.Store]
		if old != nil {
			was := *old
			was.Field, was.Comment = now.Field, old.Comment
			if old.Unit != "" {
				was.Unit = old.Unit
			}
			if old.Type != now.Type { // kept as text from now on: compare as text
				was.Min, was.Max = "", ""
			}
			now = was
			delete(byName, f.Store)
		}
		if i < len(rep.Findings) && rep.Findings[i].Name != "" && rows > 0 {
			mergeFinding(&now, &rep.Findings[i], old == nil)
		}
		if f.Value != nil {
			now.Unread += rep.Unread[f.Value.Store]
		}
		out = append(out, now)
	}
	// Batches are planned one after the other; a form another landing added
	// meanwhile stays.
	for i := range e.Fields {
		if byName[e.Fields[i].Name] != nil {
			out = append(out, e.Fields[i])
		}
	}
	e.Fields = out
}

func mergeFinding(f *catalogue.Field, x *reading.Finding, first bool) {
	f.ValueRows += x.Rows - x.Nulls
	f.Distinct, f.DistinctExact = max(f.Distinct, x.Distinct), first && x.DistinctExact
	if x.Type == f.Type || f.Type == resource.Decimal && x.Type == resource.Integer {
		f.Min, f.Max = extreme(f.Type, f.Min, x.Min, -1), extreme(f.Type, f.Max, x.Max, 1)
	}
	for _, v := range x.Samples {
		if len(f.Samples) < 5 && v != "" && !slices.Contains(f.Samples, v) {
			f.Samples = append(f.Samples, clip(v, 200))
		}
	}
}

// extreme is the smaller (sign -1) or larger (1) of two canonical values.
func extreme(t resource.Type, a, b string, sign int) string {
	if a == "" || b == "" {
		return cmp.Or(a, b)
	}
	order := cmp.Compare(a, b)
	if t == resource.Integer || t == resource.Decimal {
		x, okX := new(big.Rat).SetString(a)
		y, okY := new(big.Rat).SetString(b)
		if okX && okY {
			order = x.Cmp(y)
		}
	}
	if order == sign {
		return a
	}
	return b
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

// noteOthers records the objects among the batches, refusals and questions.
func (l *landing) noteOthers(ctx context.Context, tx bun.Tx, from int) error {
	s := l.s
	for _, b := range l.batches[from:] {
		switch b.row.State {
		case stateObject:
			o := b.object.row
			if _, err := tx.NewInsert().Model(&o).On("CONFLICT (id) DO NOTHING").Exec(ctx); err != nil {
				return fmt.Errorf("note object: %w", err)
			}
			e, err := s.Catalogue.Load(ctx, tx, o.ID)
			kind := "landed"
			if errors.Is(err, fault.NotFound) {
				kind = "created"
				e = catalogue.Entry{
					ID: o.ID, Kind: catalogue.Object, Name: path.Base(o.Name), Department: l.req.Department, CreatedAt: o.ReceivedAt, CreatedBy: o.Account, Tags: []string{},
				}
			} else if err != nil {
				return err
			}
			e.Format, e.SizeBytes, e.UpdatedAt, e.UpdatedBy = o.MediaType, o.SizeBytes, o.ReceivedAt, o.Account
			e.Words = addWords(e.Words, path.Base(l.file), path.Base(b.row.Member))
			detail, err := json.Marshal(map[string]any{"batch": b.row.ID, "file": b.row.File, "member": b.row.Member})
			if err != nil {
				return err
			}
			text := o.Text
			if err := s.Catalogue.Put(ctx, tx, e, &text, catalogue.Change{Account: o.Account, Kind: kind, Detail: detail}); err != nil {
				return err
			}
		case stateRefused, stateWaiting, stateUnchanged:
		default:
			continue
		}
		err := s.publishBatch(ctx, tx, &b.row)
		if err != nil {
			return err
		}
	}
	return nil
}
