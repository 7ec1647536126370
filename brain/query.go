package brain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"shuniu/fault"
	"shuniu/guard"
	"shuniu/resource"
)

// Query runs one SELECT (right: read_rows on every table it reads), each
// table at its current snapshot or at that of st.Snapshot. "SHOW TABLES"
// lists what the caller may know of.
//
// fault.Denied names the right that is missing; fault.NotFound a table that is
// not there, to those who may read it if it were.
func (b *Brain) Query(ctx context.Context, st Statement) (Rows, error) {
	if isShowTables(st.SQL) {
		return b.showTables(ctx, st.Limit)
	}
	tables, err := b.engine.References(ctx, st.SQL)
	if err != nil {
		return nil, err
	}
	scans := make([]Scan, len(tables))
	var refused []error
	for i, t := range tables {
		if scans[i], err = b.scan(ctx, t, st.Snapshot[t]); err != nil {
			if !errors.Is(err, fault.Denied) && !errors.Is(err, fault.NotFound) {
				return nil, err
			}
			refused = append(refused, err)
		}
	}
	if len(refused) > 0 {
		return nil, errors.Join(refused...)
	}
	return b.engine.Run(ctx, st, scans)
}

// scan plans a table for a reader.
func (b *Brain) scan(ctx context.Context, t resource.Table, id resource.SnapshotID) (Scan, error) {
	table, err := b.open(ctx, guard.ReadRows, t)
	if err != nil {
		return Scan{}, err
	}
	return table.Scan(ctx, id)
}

func isShowTables(sql string) bool {
	words := strings.Fields(strings.TrimRight(strings.TrimSpace(sql), "; \t\r\n"))
	return len(words) == 2 && strings.EqualFold(words[0], "show") && strings.EqualFold(words[1], "tables")
}

func (b *Brain) showTables(ctx context.Context, limit int64) (Rows, error) {
	tables, err := b.Tables(ctx)
	if err != nil {
		return nil, err
	}
	r := &held{columns: []Column{
		{Name: "table", Type: resource.Text},
		{Name: "rows", Type: resource.Integer},
		{Name: "department", Type: resource.Text},
		{Name: "snapshot", Type: resource.Integer},
		{Name: "updated", Type: resource.Timestamp},
		{Name: "readable", Type: resource.Boolean},
	}}
	for _, t := range tables {
		if limit > 0 && int64(len(r.rows)) == limit {
			r.truncated = true
			break
		}
		row := []any{t.Table.String(), t.Snapshot.Rows, string(t.Department), nil, nil, t.Readable}
		if t.Snapshot.ID != 0 {
			row[3], row[4] = int64(t.Snapshot.ID), t.Snapshot.At.UTC().Format(time.DateTime)
		}
		r.rows = append(r.rows, row)
	}
	return r, nil
}

// held are rows in memory.
type held struct {
	columns   []Column
	rows      [][]any
	truncated bool
}

func (h *held) Columns() []Column { return h.columns }
func (h *held) Truncated() bool   { return h.truncated }
func (h *held) Close() error      { return nil }

func (h *held) Next(ctx context.Context) ([][]any, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(h.rows) == 0 {
		return nil, io.EOF
	}
	rows := h.rows
	h.rows = nil
	return rows, nil
}

// collect reads rows to their end and closes them. It is for results whose
// size the statement bounds.
func collect(ctx context.Context, r Rows) (rows [][]any, err error) {
	defer func() {
		if e := r.Close(); e != nil && err == nil {
			err = e
		}
	}()
	for {
		some, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, some...)
	}
}

// selectAll runs a statement of our own over one scan.
func (b *Brain) selectAll(ctx context.Context, sql string, s Scan) ([]Column, [][]any, error) {
	r, err := b.engine.Run(ctx, Statement{SQL: sql}, []Scan{s})
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", s.Table, err)
	}
	columns := r.Columns()
	rows, err := collect(ctx, r)
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", s.Table, err)
	}
	return columns, rows, nil
}

// quote makes an SQL identifier of any name.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// literal makes an SQL text of any value.
func literal(v string) string { return "'" + strings.ReplaceAll(v, "'", "''") + "'" }
