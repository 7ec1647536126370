package catalogue

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/uptrace/bun"

	"shuniu/fault"
	"shuniu/guard"
	"shuniu/metadb"
	"shuniu/resource"
)

// A Store keeps the catalogue in the metadata store.
type Store struct {
	db   *metadb.DB
	gate guard.Gate
	now  func() time.Time

	mu     sync.Mutex
	facets facetCache // of the whole catalogue, without a query
}

// New returns the catalogue in db. Reads and edits ask gate; Put, which
// landing calls inside its own transaction, trusts the caller's decision.
func New(db *metadb.DB, gate guard.Gate) *Store {
	return &Store{db: db, gate: gate, now: func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }}
}

// entryRow is catalogue_entry.
type entryRow struct {
	bun.BaseModel `bun:"table:catalogue_entry,alias:e"`

	Seq         int64  `bun:"seq,pk,autoincrement"`
	ID          string `bun:"id"`
	Kind        string `bun:"kind"`
	Name        string `bun:"name"`
	NameKey     string `bun:"name_key"`
	Department  string `bun:"department"`
	Theme       string `bun:"theme"`
	Status      string `bun:"status"`
	Format      string `bun:"format"`
	Description string `bun:"description"`
	Tags        string `bun:"tags"`
	Rows        int64  `bun:"row_count"`
	SizeBytes   int64  `bun:"size_bytes"`
	Snapshot    int64  `bun:"snapshot"`
	Batch       string `bun:"batch"`
	Source      string `bun:"source"`
	Words       string `bun:"words"`

	CreatedAt time.Time `bun:"created_at"`
	CreatedBy string    `bun:"created_by"`
	UpdatedAt time.Time `bun:"updated_at"`
	UpdatedBy string    `bun:"updated_by"`
}

type fieldRow struct {
	bun.BaseModel `bun:"table:catalogue_field,alias:f"`

	Entry         string `bun:"entry,pk"`
	FieldID       int    `bun:"field_id,pk"`
	Position      int    `bun:"position"`
	Name          string `bun:"name"`
	Type          string `bun:"type"`
	Precision     int    `bun:"precision_digits"`
	Scale         int    `bun:"scale_digits"`
	Unit          string `bun:"unit"`
	Comment       string `bun:"comment"`
	ValueRows     int64  `bun:"value_rows"`
	Unread        int64  `bun:"unread"`
	Distinct      int64  `bun:"distinct_count"`
	DistinctExact bool   `bun:"distinct_exact"`
	Min           string `bun:"min_value"`
	Max           string `bun:"max_value"`
	Samples       string `bun:"samples"`
}

type changeRow struct {
	bun.BaseModel `bun:"table:catalogue_change,alias:c"`

	ID      string    `bun:"id,pk"`
	Entry   string    `bun:"entry"`
	At      time.Time `bun:"at"`
	Account string    `bun:"account"`
	Kind    string    `bun:"kind"`
	Detail  string    `bun:"detail"`
}

func (r *entryRow) entry() Entry {
	e := Entry{
		ID: r.ID, Kind: Kind(r.Kind), Name: r.Name, Department: resource.DepartmentID(r.Department),
		Theme: r.Theme, Status: Status(r.Status), Format: r.Format, Description: r.Description,
		Rows: r.Rows, SizeBytes: r.SizeBytes, Snapshot: resource.SnapshotID(r.Snapshot), Batch: resource.BatchID(r.Batch),
		Source: json.RawMessage(r.Source), Words: r.Words,
		CreatedAt: r.CreatedAt.UTC(), CreatedBy: r.CreatedBy, UpdatedAt: r.UpdatedAt.UTC(), UpdatedBy: r.UpdatedBy,
	}
	if len(e.Source) == 0 {
		e.Source = json.RawMessage("{}")
	}
	e.Tags = []string{}
	if r.Tags != "" {
		e.Tags = strings.Split(r.Tags, "\n")
	}
	return e
}

func rowOf(e *Entry) *entryRow {
	return &entryRow{
		ID: e.ID, Kind: string(e.Kind), Name: e.Name, NameKey: Fold(e.Name), Department: string(e.Department),
		Theme: e.Theme, Status: string(e.Status), Format: e.Format, Description: e.Description,
		Tags: strings.Join(e.Tags, "\n"), Rows: e.Rows, SizeBytes: e.SizeBytes, Snapshot: int64(e.Snapshot),
		Batch: string(e.Batch), Source: string(e.Source), Words: e.Words,
		CreatedAt: e.CreatedAt, CreatedBy: e.CreatedBy, UpdatedAt: e.UpdatedAt, UpdatedBy: e.UpdatedBy,
	}
}

// Put makes or replaces an entry, its fields and its index inside tx, and
// adds changes to its history. content is text to find an object by, kept
// apart because only who may read the object's department may find by it; nil
// keeps what is there. A zero CreatedAt is filled in.
func (s *Store) Put(ctx context.Context, tx bun.Tx, e Entry, content *string, changes ...Change) error {
	now := s.now()
	if e.CreatedAt.IsZero() {
		e.CreatedAt = now
	}
	if e.UpdatedAt.IsZero() {
		e.UpdatedAt = now
	}
	e.UpdatedAt = e.UpdatedAt.Truncate(time.Microsecond) // a cursor carries no more
	if e.Status == "" {
		e.Status = Draft
	}
	clean(&e)
	row := rowOf(&e)
	_, err := tx.NewInsert().Model(row).ExcludeColumn("seq").
		On("CONFLICT (id) DO UPDATE").
		Set("kind = EXCLUDED.kind, name = EXCLUDED.name, name_key = EXCLUDED.name_key, department = EXCLUDED.department, theme = EXCLUDED.theme").
		Set("status = EXCLUDED.status, format = EXCLUDED.format, description = EXCLUDED.description, tags = EXCLUDED.tags").
		Set("row_count = EXCLUDED.row_count, size_bytes = EXCLUDED.size_bytes, snapshot = EXCLUDED.snapshot, batch = EXCLUDED.batch").
		Set("source = EXCLUDED.source, words = EXCLUDED.words, updated_at = EXCLUDED.updated_at, updated_by = EXCLUDED.updated_by").
		Returning("seq").Exec(ctx)
	if err != nil {
		return fmt.Errorf("catalogue entry %s: %w", e.ID, err)
	}
	if err := s.putFields(ctx, tx, &e); err != nil {
		return err
	}
	if err := s.putContent(ctx, tx, e.ID, &content); err != nil {
		return err
	}
	if err := s.index(ctx, tx, row.Seq, &e, *content); err != nil {
		return fmt.Errorf("index entry %s: %w", e.ID, err)
	}
	for _, c := range changes {
		c.Entry = e.ID
		if err := s.addChange(ctx, tx, c); err != nil {
			return err
		}
	}
	metadb.AfterCommit(ctx, s.forgetFacets)
	return nil
}

func (s *Store) putFields(ctx context.Context, tx bun.Tx, e *Entry) error {
	if _, err := tx.NewDelete().Model((*fieldRow)(nil)).Where("entry = ?", e.ID).Exec(ctx); err != nil {
		return fmt.Errorf("fields of %s: %w", e.ID, err)
	}
	if len(e.Fields) == 0 {
		return nil
	}
	rows := make([]fieldRow, len(e.Fields))
	for i, f := range e.Fields {
		samples, err := json.Marshal(f.Samples)
		if err != nil {
			return err
		}
		rows[i] = fieldRow{
			Entry: e.ID, FieldID: f.ID, Position: i, Name: f.Name, Type: string(f.Type), Precision: f.Precision, Scale: f.Scale,
			Unit: f.Unit, Comment: f.Comment, ValueRows: f.ValueRows, Unread: f.Unread, Distinct: f.Distinct,
			DistinctExact: f.DistinctExact, Min: f.Min, Max: f.Max, Samples: string(samples),
		}
	}
	for len(rows) > 0 { // bounded statements: a table may have thousands of columns
		n := min(len(rows), 500)
		part := rows[:n]
		rows = rows[n:]
		if _, err := tx.NewInsert().Model(&part).Exec(ctx); err != nil {
			return fmt.Errorf("fields of %s: %w", e.ID, err)
		}
	}
	return nil
}

// putContent stores or, when *content is nil, fetches the text of an object.
func (s *Store) putContent(ctx context.Context, tx bun.Tx, id string, content **string) error {
	if *content != nil {
		text := printable(**content)
		*content = &text
		_, err := tx.ExecContext(ctx, "INSERT INTO catalogue_content (entry, content) VALUES (?, ?) ON CONFLICT (entry) DO UPDATE SET content = EXCLUDED.content", id, text)
		if err != nil {
			return fmt.Errorf("content of %s: %w", id, err)
		}
		return nil
	}
	var text string
	err := tx.NewRaw("SELECT c.content FROM catalogue_content AS c WHERE c.entry = ?", id).Scan(ctx, &text)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("content of %s: %w", id, err)
	}
	*content = &text
	return nil
}

func (s *Store) addChange(ctx context.Context, tx bun.Tx, c Change) error {
	if c.ID == "" {
		c.ID = ulid.Make().String()
	}
	if c.At.IsZero() {
		c.At = s.now()
	}
	if len(c.Detail) == 0 {
		c.Detail = json.RawMessage("{}")
	}
	row := changeRow{ID: c.ID, Entry: c.Entry, At: c.At, Account: c.Account, Kind: c.Kind, Detail: printable(string(c.Detail))}
	if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
		return fmt.Errorf("history of %s: %w", c.Entry, err)
	}
	return nil
}

// clean makes every text of e storable in both stores.
func clean(e *Entry) {
	for _, p := range []*string{&e.Name, &e.Theme, &e.Format, &e.Description, &e.Words} {
		*p = printable(*p)
	}
	for i := range e.Tags {
		e.Tags[i] = strings.ReplaceAll(printable(e.Tags[i]), "\n", " ")
	}
	for i := range e.Fields {
		f := &e.Fields[i]
		for _, p := range []*string{&f.Name, &f.Unit, &f.Comment, &f.Min, &f.Max} {
			*p = printable(*p)
		}
		for j := range f.Samples {
			f.Samples[j] = printable(f.Samples[j])
		}
	}
}

// printable replaces what PostgreSQL cannot store in text.
func printable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// load reads an entry without a decision; tx may be the reader.
func (s *Store) load(ctx context.Context, db bun.IDB, id string) (Entry, error) {
	var row entryRow
	err := db.NewSelect().Model(&row).Where("e.id = ?", id).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return Entry{}, fmt.Errorf("catalogue entry %q: %w", id, fault.NotFound)
	}
	if err != nil {
		return Entry{}, fmt.Errorf("catalogue entry %q: %w", id, err)
	}
	e := row.entry()
	var fields []fieldRow
	if err := db.NewSelect().Model(&fields).Where("f.entry = ?", id).Order("f.position").Scan(ctx); err != nil {
		return Entry{}, fmt.Errorf("fields of %q: %w", id, err)
	}
	e.Fields = make([]Field, len(fields))
	for i, f := range fields {
		e.Fields[i] = Field{
			Field: resource.Field{
				ID: f.FieldID, Name: f.Name, Type: resource.Type(f.Type), Precision: f.Precision, Scale: f.Scale, Unit: f.Unit, Comment: f.Comment,
			},
			ValueRows: f.ValueRows, Unread: f.Unread, Distinct: f.Distinct, DistinctExact: f.DistinctExact, Min: f.Min, Max: f.Max,
		}
		if e.Rows > 0 {
			e.Fields[i].FillRate = float64(f.ValueRows) / float64(e.Rows)
		}
		if err := json.Unmarshal([]byte(f.Samples), &e.Fields[i].Samples); err != nil {
			return Entry{}, fmt.Errorf("samples of %q: %w", id, err)
		}
	}
	return e, nil
}

// Load reads an entry inside tx without a decision, for those who change it
// there. fault.NotFound when there is none.
func (s *Store) Load(ctx context.Context, tx bun.Tx, id string) (Entry, error) {
	return s.load(ctx, tx, id)
}

// objectOf is what a decision on an entry is about.
func objectOf(e *Entry) guard.Object {
	o := guard.Object{Department: e.Department}
	if e.Kind == Dataset {
		o.Table = resource.Table{Station: resource.Landing, Dataset: resource.DatasetID(e.ID)}
	}
	return o
}

// Get returns an entry with its fields. Values (min, max, samples) are left
// out unless the caller may also read the rows.
func (s *Store) Get(ctx context.Context, id string) (Entry, error) {
	e, err := s.load(ctx, s.db.Bun(), id)
	if err != nil {
		return Entry{}, err
	}
	o := objectOf(&e)
	if _, err := s.gate.Decide(ctx, guard.ReadEntry, o); err != nil {
		return Entry{}, err
	}
	if _, err := s.gate.Decide(ctx, guard.ReadRows, o); err != nil {
		if !errors.Is(err, fault.Denied) {
			return Entry{}, err
		}
		for i := range e.Fields {
			e.Fields[i].Min, e.Fields[i].Max, e.Fields[i].Samples = "", "", nil
		}
	}
	return e, nil
}

// Entries returns the entries with these ids in their order, without fields,
// by one query. Those that are gone or that the caller may not see are left out.
func (s *Store) Entries(ctx context.Context, ids []string) ([]Entry, error) {
	if len(ids) == 0 {
		return []Entry{}, nil
	}
	var rows []entryRow
	if err := s.db.Bun().NewSelect().Model(&rows).Where("e.id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return nil, fmt.Errorf("catalogue entries: %w", err)
	}
	out := make([]Entry, 0, len(rows))
	for i := range rows {
		e := rows[i].entry()
		_, err := s.gate.Decide(ctx, guard.ReadEntry, objectOf(&e))
		switch {
		case errors.Is(err, fault.Denied):
			continue
		case err != nil:
			return nil, err
		}
		out = append(out, e)
	}
	place := make(map[string]int, len(ids))
	for i, id := range ids {
		place[id] = i
	}
	slices.SortFunc(out, func(a, b Entry) int { return place[a.ID] - place[b.ID] })
	return out, nil
}

// Owner returns the department of a dataset; fault.NotFound when the
// catalogue does not know it.
func (s *Store) Owner(ctx context.Context, t resource.Table) (resource.DepartmentID, error) {
	var d string
	err := s.db.Bun().NewRaw("SELECT e.department FROM catalogue_entry AS e WHERE e.id = ?", string(t.Dataset)).Scan(ctx, &d)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("table %s: %w", t, fault.NotFound)
	}
	return resource.DepartmentID(d), err
}

// An Edit changes what a person may say about an entry; nil parts stay.
type Edit struct {
	Name        *string           `json:"name,omitempty"`
	Description *string           `json:"description,omitempty"`
	Theme       *string           `json:"theme,omitempty"`
	Tags        []string          `json:"tags,omitempty"`
	Status      *Status           `json:"status,omitempty"`
	Units       map[string]string `json:"units,omitempty"`    // by field name
	Comments    map[string]string `json:"comments,omitempty"` // by field name
}

// Edit applies a person's change and records who made it.
func (s *Store) Edit(ctx context.Context, id string, edit Edit, also func(ctx context.Context, tx bun.Tx) error) (Entry, error) {
	var e Entry
	err := s.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		var err error
		if e, err = s.load(ctx, tx, id); err != nil {
			return err
		}
		if _, err := s.gate.Decide(ctx, guard.EditEntry, objectOf(&e)); err != nil {
			return err
		}
		kind, err := edit.apply(&e)
		if err != nil {
			return err
		}
		p, _ := guard.From(ctx)
		e.UpdatedAt, e.UpdatedBy = s.now(), p.Account
		detail, err := json.Marshal(edit)
		if err != nil {
			return err
		}
		if err := s.Put(ctx, tx, e, nil, Change{Account: e.UpdatedBy, Kind: kind, Detail: detail}); err != nil {
			return err
		}
		if also != nil {
			return also(ctx, tx)
		}
		return nil
	})
	return e, err
}

func (edit *Edit) apply(e *Entry) (kind string, err error) {
	kind = "edited"
	if edit.Name != nil {
		if strings.TrimSpace(*edit.Name) == "" {
			return "", fmt.Errorf("an entry needs a name: %w", fault.Invalid)
		}
		e.Name = strings.TrimSpace(*edit.Name)
	}
	if edit.Description != nil {
		e.Description = *edit.Description
	}
	if edit.Theme != nil {
		e.Theme = *edit.Theme
	}
	if edit.Tags != nil {
		e.Tags = edit.Tags
	}
	if edit.Status != nil {
		if !slices.Contains([]Status{Draft, Published, Retired}, *edit.Status) {
			return "", fmt.Errorf("status %q, want draft, published or retired: %w", *edit.Status, fault.Invalid)
		}
		if e.Status != *edit.Status {
			kind = string(*edit.Status)
		}
		e.Status = *edit.Status
	}
	for i := range e.Fields {
		f := &e.Fields[i]
		if u, ok := edit.Units[f.Name]; ok {
			f.Unit = u
		}
		if c, ok := edit.Comments[f.Name]; ok {
			f.Comment = c
		}
	}
	return kind, nil
}

// Changes lists the history of an entry, newest first, at most limit (1,000)
// before the change named by cursor.
func (s *Store) Changes(ctx context.Context, id, cursor string, limit int) ([]Change, error) {
	if _, err := s.Get(ctx, id); err != nil {
		return nil, err
	}
	q := s.db.Bun().NewSelect().Model((*changeRow)(nil)).Where("c.entry = ?", id)
	if cursor != "" {
		q = q.Where("c.id < ?", cursor)
	}
	var rows []changeRow
	if err := q.Order("c.id DESC").Limit(pageSize(limit)).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("history of %q: %w", id, err)
	}
	out := make([]Change, len(rows))
	for i, r := range rows {
		out[i] = Change{ID: r.ID, Entry: r.Entry, At: r.At.UTC(), Account: r.Account, Kind: r.Kind, Detail: json.RawMessage(r.Detail)}
	}
	return out, nil
}

// pageSize bounds what a caller asks for: 1 to 1,000, 50 when it says nothing.
func pageSize(limit int) int {
	if limit <= 0 {
		return 50
	}
	return min(limit, 1000)
}
