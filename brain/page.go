package brain

import (
	"context"
	"fmt"
	"slices"

	"shuniu/fault"
	"shuniu/resource"
)

// MaxPage is the largest page of rows.
const MaxPage = 1000

// A Cursor is a place between two rows of a table in the order of their
// origin (_batch, _row). The zero value is the beginning.
type Cursor struct {
	Batch resource.BatchID `json:"batch"`
	Row   int64            `json:"row"`
	Seen  int              `json:"seen"` // rows of this very origin that were passed
}

// A Page is some rows of a table, reserved columns included.
type Page struct {
	Snapshot resource.SnapshotID
	Total    int64 // rows of the table at Snapshot, whatever the page was chosen by
	Columns  []Column
	Rows     [][]any
	Next     *Cursor // nil at the end
}

// A PageRequest asks for rows of one table.
type PageRequest struct {
	Snapshot resource.SnapshotID // 0: current; give the page's own for the next ones
	Batch    resource.BatchID    // only rows of this batch; "": all
	After    Cursor
	Limit    int // 1 to MaxPage; 0: 100
}

// Rows returns a page of a table in the order of origin (right: read_rows).
func (b *Brain) Rows(ctx context.Context, t resource.Table, req PageRequest) (Page, error) {
	if req.Limit == 0 {
		req.Limit = 100
	}
	if req.Limit < 1 || req.Limit > MaxPage {
		return Page{}, fmt.Errorf("page of %d rows, want 1 to %d: %w", req.Limit, MaxPage, fault.Invalid)
	}
	s, err := b.scan(ctx, t, req.Snapshot)
	if err != nil {
		return Page{}, err
	}
	where := "true"
	if req.Batch != "" {
		where = fmt.Sprintf("%s = %s", resource.BatchColumn, literal(string(req.Batch)))
	}
	if a := req.After; a.Batch != "" {
		batch := literal(string(a.Batch))
		where += fmt.Sprintf(" AND %[1]s >= %[2]s AND (%[1]s > %[2]s OR %[3]s >= %[4]d)", resource.BatchColumn, batch, resource.RowColumn, a.Row)
	}
	sql := fmt.Sprintf("SELECT * FROM %s WHERE %s ORDER BY %s, %s LIMIT %d OFFSET %d",
		t, where, resource.BatchColumn, resource.RowColumn, req.Limit+1, req.After.Seen)
	columns, rows, err := b.selectAll(ctx, sql, s)
	if err != nil {
		return Page{}, err
	}
	p := Page{Snapshot: s.Snapshot, Total: s.Rows, Columns: columns, Rows: rows}
	if len(rows) <= req.Limit {
		return p, nil
	}
	p.Rows = rows[:req.Limit]
	p.Next, err = cursorAfter(p, req.After)
	return p, err
}

// cursorAfter is the place behind the last row of p, which began at after.
func cursorAfter(p Page, after Cursor) (*Cursor, error) {
	batch := slices.IndexFunc(p.Columns, func(c Column) bool { return c.Name == resource.BatchColumn })
	row := slices.IndexFunc(p.Columns, func(c Column) bool { return c.Name == resource.RowColumn })
	if batch < 0 || row < 0 {
		return nil, fmt.Errorf("rows without %s and %s: %w", resource.BatchColumn, resource.RowColumn, fault.Damaged)
	}
	origin := func(r []any) (Cursor, bool) {
		id, ok1 := r[batch].(string)
		n, ok2 := r[row].(int64)
		return Cursor{Batch: resource.BatchID(id), Row: n}, ok1 && ok2
	}
	last, ok := origin(p.Rows[len(p.Rows)-1])
	if !ok {
		return nil, fmt.Errorf("a row without its origin: %w", fault.Damaged)
	}
	next := last
	for i := len(p.Rows) - 1; i >= 0; i-- {
		if o, _ := origin(p.Rows[i]); o != last {
			break
		}
		next.Seen++
	}
	if next.Seen == len(p.Rows) && after.Batch == last.Batch && after.Row == last.Row {
		next.Seen += after.Seen
	}
	return &next, nil
}

// Row returns the rows that came from one line of one batch, almost always
// one (right: read_rows); fault.NotFound when there is none.
func (b *Brain) Row(ctx context.Context, t resource.Table, id resource.SnapshotID, batch resource.BatchID, row int64) (Page, error) {
	s, err := b.scan(ctx, t, id)
	if err != nil {
		return Page{}, err
	}
	sql := fmt.Sprintf("SELECT * FROM %s WHERE %s = %s AND %s = %d LIMIT %d",
		t, resource.BatchColumn, literal(string(batch)), resource.RowColumn, row, MaxPage)
	columns, rows, err := b.selectAll(ctx, sql, s)
	if err != nil {
		return Page{}, err
	}
	if len(rows) == 0 {
		return Page{}, fmt.Errorf("row %d of batch %s in %s: %w", row, batch, t, fault.NotFound)
	}
	return Page{Snapshot: s.Snapshot, Total: s.Rows, Columns: columns, Rows: rows}, nil
}
