package httpapi

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"shuniu/brain"
	"shuniu/collect"
	"shuniu/fault"
	"shuniu/resource"
)

// tables answers Tables from the brain.
type tables struct {
	brain *brain.Brain
	svc   *collect.Service
}

func tableOf(id string) (resource.Table, error) {
	t := resource.Table{Station: resource.Landing, Dataset: resource.DatasetID(id)}
	if err := t.Dataset.Check(); err != nil {
		return t, fmt.Errorf("dataset %q: %w", id, fault.NotFound)
	}
	return t, nil
}

// Rows returns a page in the order of origin.
func (s *tables) Rows(ctx context.Context, id string, f RowFilter, p Paging) (RowPage, error) {
	t, err := tableOf(id)
	if err != nil {
		return RowPage{}, err
	}
	at, err := snapshotOf(f.Snapshot)
	if err != nil {
		return RowPage{}, err
	}
	after, err := readCursor(p.After)
	if err != nil {
		return RowPage{}, err
	}
	fields, err := s.brain.Fields(ctx, t)
	if err != nil {
		return RowPage{}, err
	}
	where, err := condition(f, fields)
	if err != nil {
		return RowPage{}, err
	}
	page, err := s.page(ctx, t, at, where, after, p.Limit)
	if err != nil {
		return RowPage{}, err
	}
	out := RowPage{Columns: rowColumns(page.Columns, fields), Rows: notNil(page.Rows), Snapshot: snapshotText(page.Snapshot)}
	for _, row := range out.Rows {
		for i := range row {
			row[i] = browserValue(row[i])
		}
	}
	if page.Next != nil {
		out.Next = writeCursor(*page.Next)
	}
	out.Total = page.Total
	return out, nil
}

// page asks the brain for a page; with a condition by a statement of its own.
func (s *tables) page(ctx context.Context, t resource.Table, at resource.SnapshotID, where string, after brain.Cursor, limit int) (brain.Page, error) {
	if where == "" {
		return s.brain.Rows(ctx, t, brain.PageRequest{Snapshot: at, After: after, Limit: limit})
	}
	now, err := s.brain.Snapshot(ctx, t, at)
	if err != nil {
		return brain.Page{}, err
	}
	if after.Batch != "" {
		where += fmt.Sprintf(" AND (_batch > %[1]s OR _batch = %[1]s AND _row >= %[2]d)", sqlText(string(after.Batch)), after.Row)
	}
	rows, err := s.brain.Query(ctx, brain.Statement{
		SQL:      fmt.Sprintf("SELECT * FROM %s WHERE %s ORDER BY _batch, _row LIMIT %d OFFSET %d", t, where, limit+1, after.Seen),
		Snapshot: map[resource.Table]resource.SnapshotID{t: now.ID},
	})
	if err != nil {
		return brain.Page{}, err
	}
	page := brain.Page{Snapshot: now.ID, Total: now.Rows, Columns: rows.Columns()}
	if page.Rows, err = readAll(ctx, rows); err != nil {
		return brain.Page{}, err
	}
	if len(page.Rows) > limit {
		page.Rows = page.Rows[:limit]
		page.Next, err = nextCursor(page, after)
	}
	return page, err
}

// readAll reads rows to their end and closes them.
func readAll(ctx context.Context, rows brain.Rows) ([][]any, error) {
	var out [][]any
	for {
		some, err := rows.Next(ctx)
		out = append(out, some...)
		if isEOF(err) {
			return out, rows.Close()
		}
		if err != nil {
			return nil, closeAfter(rows, err)
		}
	}
}

// nextCursor is the place behind the last row of a page that began at after.
func nextCursor(p brain.Page, after brain.Cursor) (*brain.Cursor, error) {
	batch := slices.IndexFunc(p.Columns, func(c brain.Column) bool { return c.Name == resource.BatchColumn })
	row := slices.IndexFunc(p.Columns, func(c brain.Column) bool { return c.Name == resource.RowColumn })
	if batch < 0 || row < 0 {
		return nil, fmt.Errorf("rows without %s and %s: %w", resource.BatchColumn, resource.RowColumn, fault.Damaged)
	}
	origin := func(r []any) brain.Cursor {
		id, _ := r[batch].(string)
		n, _ := r[row].(int64)
		return brain.Cursor{Batch: resource.BatchID(id), Row: n}
	}
	last := origin(p.Rows[len(p.Rows)-1])
	next := last
	for i := len(p.Rows) - 1; i >= 0 && origin(p.Rows[i]) == last; i-- {
		next.Seen++
	}
	if next.Seen == len(p.Rows) && after.Batch == last.Batch && after.Row == last.Row {
		next.Seen += after.Seen
	}
	return &next, nil
}

func writeCursor(c brain.Cursor) string {
	raw, err := json.Marshal(c)
	if err != nil {
		return "" // a text and two numbers: it always encodes
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

func readCursor(s string) (c brain.Cursor, err error) {
	if s == "" {
		return c, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err == nil {
		err = json.Unmarshal(raw, &c)
	}
	if err != nil || c.Seen < 0 {
		return c, fmt.Errorf("after %q is no place in a table: %w", s, fault.Invalid)
	}
	return c, nil
}

// condition makes SQL of a filter; values are quoted, columns must exist.
func condition(f RowFilter, fields []resource.Field) (string, error) {
	var parts []string
	if f.Where != "" {
		var want map[string]*string
		if err := json.Unmarshal([]byte(f.Where), &want); err != nil {
			return "", badParam("query.where", "want a JSON object of column names and texts")
		}
		for _, name := range slices.Sorted(maps.Keys(want)) {
			if !slices.ContainsFunc(fields, func(x resource.Field) bool { return x.Name == name }) {
				return "", badParam("query.where", fmt.Sprintf("no column %q", name))
			}
			if v := want[name]; v == nil {
				parts = append(parts, sqlName(name)+" IS NULL")
			} else {
				parts = append(parts, "CAST("+sqlName(name)+" AS VARCHAR) = "+sqlText(*v))
			}
		}
	}
	if f.Contains != "" {
		var some []string
		for _, x := range fields {
			if x.Name != resource.BatchColumn {
				some = append(some, "contains(lower(CAST("+sqlName(x.Name)+" AS VARCHAR)), "+sqlText(strings.ToLower(f.Contains))+")")
			}
		}
		parts = append(parts, "("+strings.Join(some, " OR ")+")")
	}
	return strings.Join(parts, " AND "), nil
}

func sqlName(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
func sqlText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func rowColumns(columns []brain.Column, fields []resource.Field) []RowColumn {
	out := make([]RowColumn, len(columns))
	for i, c := range columns {
		out[i] = RowColumn{Name: c.Name, Type: string(c.Type)}
		for _, f := range fields {
			if f.Name == c.Name {
				out[i].Unit = f.Unit
			}
		}
	}
	return out
}

// Export streams all rows that f chooses, in the order they are stored.
func (s *tables) Export(ctx context.Context, id string, f RowFilter) (RowStream, error) {
	t, err := tableOf(id)
	if err != nil {
		return nil, err
	}
	at, err := snapshotOf(f.Snapshot)
	if err != nil {
		return nil, err
	}
	fields, err := s.brain.Fields(ctx, t)
	if err != nil {
		return nil, err
	}
	where, err := condition(f, fields)
	if err != nil {
		return nil, err
	}
	st := brain.Statement{SQL: "SELECT * FROM " + t.String()}
	if where != "" {
		st.SQL += " WHERE " + where
	}
	if at != 0 {
		st.Snapshot = map[resource.Table]resource.SnapshotID{t: at}
	}
	rows, err := s.brain.Query(ctx, st)
	if err != nil {
		return nil, err
	}
	return rowStream{rows}, nil
}

// rowStream is a result of the brain as RowStream.
type rowStream struct{ brain.Rows }

func (r rowStream) Columns() []RowColumn { return rowColumns(r.Rows.Columns(), nil) }

func (s *tables) Snapshots(ctx context.Context, id string, p Paging) (Page[Snapshot], error) {
	t, err := tableOf(id)
	if err != nil {
		return Page[Snapshot]{}, err
	}
	all, err := s.brain.Snapshots(ctx, t)
	if err != nil {
		return Page[Snapshot]{}, err
	}
	now, err := s.brain.Snapshot(ctx, t, 0) // after a rollback not the newest
	if err != nil {
		return Page[Snapshot]{}, err
	}
	total, current := int64(len(all)), now.ID
	if p.After != "" {
		i := slices.IndexFunc(all, func(x resource.Snapshot) bool { return snapshotText(x.ID) == p.After })
		if i < 0 {
			return Page[Snapshot]{}, fmt.Errorf("after %q is no snapshot of %s: %w", p.After, t, fault.Invalid)
		}
		all = all[i+1:]
	}
	page := paged(all, p.Limit, func(x resource.Snapshot) Snapshot { return snapshotShape(&x, current) }, func(x Snapshot) string { return x.ID })
	page.TotalEstimate = &total
	return page, nil
}

func snapshotShape(x *resource.Snapshot, current resource.SnapshotID) Snapshot {
	out := Snapshot{
		ID: snapshotText(x.ID), Parent: snapshotText(x.Parent), At: x.At.UTC(), Operation: x.Operation, Rows: x.Rows,
		Batch: x.Summary[brain.BatchKey], Current: x.ID == current,
	}
	if _, err := fmt.Sscan(x.Summary["added-records"], &out.Added); err != nil {
		out.Added = 0 // a snapshot that adds nothing does not say so
	}
	return out
}

// Rollback makes a snapshot current and puts that on record, in the history
// of the entry and in the stream.
func (s *tables) Rollback(ctx context.Context, id, to string) (Snapshot, error) {
	t, err := tableOf(id)
	if err != nil {
		return Snapshot{}, err
	}
	at, err := snapshotOf(to)
	if err != nil {
		return Snapshot{}, err
	}
	now, err := s.brain.Rollback(ctx, t, at)
	if err != nil {
		return Snapshot{}, err
	}
	if err := s.svc.NoteRollback(ctx, t.Dataset, now); err != nil {
		return Snapshot{}, err
	}
	return snapshotShape(&now, now.ID), nil
}
