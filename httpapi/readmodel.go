package httpapi

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"shuniu/guard"
	"shuniu/metadb"
)

// readModel counts over the stores of several packages for lists and the
// workbench: figures that no single store owns. It changes nothing.
type readModel struct {
	db   *metadb.DB
	gate guard.Policy
}

// A figure is what is counted of one dataset.
type figure struct {
	Dataset     string
	Fields      int
	Batches     int64
	Quarantined int64 // lines that still wait
}

// figures counts for the datasets named.
func (m *readModel) figures(ctx context.Context, ids []string) (map[string]figure, error) {
	out := make(map[string]figure, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	var rows []struct {
		ID string
		N  int64
	}
	count := func(sql string, set func(f *figure, n int64)) error {
		rows = rows[:0]
		if err := m.db.Bun().NewRaw(sql, bun.List(ids)).Scan(ctx, &rows); err != nil {
			return fmt.Errorf("count for the catalogue: %w", err)
		}
		for _, r := range rows {
			f := out[r.ID]
			set(&f, r.N)
			out[r.ID] = f
		}
		return nil
	}
	// grain of each: one row per dataset
	if err := count("SELECT f.entry AS id, COUNT(*) AS n FROM catalogue_field AS f WHERE f.entry IN (?) GROUP BY f.entry",
		func(f *figure, n int64) { f.Fields = int(n) }); err != nil {
		return nil, err
	}
	if err := count("SELECT b.dataset AS id, COUNT(*) AS n FROM collect_batch AS b WHERE b.dataset IN (?) AND b.state = 'landed' GROUP BY b.dataset",
		func(f *figure, n int64) { f.Batches = n }); err != nil {
		return nil, err
	}
	if err := count("SELECT b.dataset AS id, COUNT(*) AS n FROM collect_reject AS r JOIN collect_batch AS b ON b.id = r.batch "+
		"WHERE b.dataset IN (?) AND b.state = 'landed' AND r.state IN ('open', 'mended') GROUP BY b.dataset",
		func(f *figure, n int64) { f.Quarantined = n }); err != nil {
		return nil, err
	}
	return out, nil
}

// names are how datasets are called.
func (m *readModel) names(ctx context.Context, ids []string) (map[string]string, error) {
	out := make(map[string]string, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	var rows []struct{ ID, Name string }
	err := m.db.Bun().NewRaw("SELECT e.id, e.name FROM catalogue_entry AS e WHERE e.id IN (?)", bun.List(ids)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("names of datasets: %w", err)
	}
	for _, r := range rows {
		out[r.ID] = r.Name
	}
	return out, nil
}

// departments are the names of all departments, those of people before those
// that data came from.
func (m *readModel) departments(ctx context.Context) (map[string]string, error) {
	out := map[string]string{}
	for _, sql := range []string{
		"SELECT d.id, d.name FROM catalogue_department AS d",
		"SELECT d.id, d.name FROM department AS d",
	} {
		var rows []struct{ ID, Name string }
		if err := m.db.Bun().NewRaw(sql).Scan(ctx, &rows); err != nil {
			return nil, fmt.Errorf("names of departments: %w", err)
		}
		for _, r := range rows {
			out[r.ID] = r.Name
		}
	}
	return out, nil
}

// totals are figures of the hub: how much there is, which is no secret to who
// sees the catalogue, and how much landed on each of the last 30 days.
func (m *readModel) totals(ctx context.Context, now time.Time) (Totals, error) {
	var t Totals
	for _, q := range []struct {
		sql  string
		into []any
	}{
		{"SELECT COUNT(*), COALESCE(SUM(e.row_count), 0), COUNT(DISTINCT e.department) FROM catalogue_entry AS e WHERE e.kind = 'dataset'", []any{&t.Datasets, &t.Rows, &t.Departments}},
		{"SELECT COUNT(*) FROM catalogue_entry AS e WHERE e.kind = 'object'", []any{&t.Objects}},
		{"SELECT COUNT(*) FROM collect_batch AS b WHERE b.state = 'landed'", []any{&t.Batches}},
	} {
		if err := m.db.Bun().NewRaw(q.sql).Scan(ctx, q.into...); err != nil {
			return t, fmt.Errorf("totals: %w", err)
		}
	}
	var err error
	t.Days, err = m.days(ctx, now)
	return t, err
}

// shanghai is the hub's legal time, UTC+8 without summer time since 1992.
var shanghai = time.FixedZone("Asia/Shanghai", 8*3600)

const shownDays = 30

func (m *readModel) days(ctx context.Context, now time.Time) ([]DayTotal, error) {
	today := now.In(shanghai)
	first := time.Date(today.Year(), today.Month(), today.Day()-shownDays+1, 0, 0, 0, 0, shanghai)
	// One sum for each day: collect_batch_landed holds all it asks for, and
	// neither store need know of time zones.
	parts, args := make([]string, shownDays), make([]any, 0, 3*shownDays)
	for i := range parts {
		parts[i] = "SELECT ? AS day, COUNT(*) AS batches, COALESCE(SUM(b.rows_landed), 0) AS landed FROM collect_batch AS b WHERE b.state = 'landed' AND b.landed_at >= ? AND b.landed_at < ?"
		args = append(args, i, first.AddDate(0, 0, i).UTC(), first.AddDate(0, 0, i+1).UTC())
	}
	var rows []struct {
		Day             int
		Batches, Landed int64
	}
	if err := m.db.Bun().NewRaw(strings.Join(parts, " UNION ALL "), args...).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("days: %w", err)
	}
	out := make([]DayTotal, shownDays)
	for i := range out {
		out[i].Day = first.AddDate(0, 0, i).Format(time.DateOnly)
	}
	for _, r := range rows {
		out[r.Day].Batches, out[r.Day].Rows = r.Batches, r.Landed
	}
	return out, nil
}

// waitingLines counts the quarantined lines the caller may read, with the
// datasets and reasons most of them have.
func (m *readModel) waitingLines(ctx context.Context) (QuarantineCount, error) {
	var c QuarantineCount
	all, own := m.gate.Reach(ctx, guard.ReadRows)
	if !all && own == "" {
		return c, nil
	}
	base := func() *bun.SelectQuery {
		q := m.db.Bun().NewSelect().TableExpr("collect_reject AS r").Join("JOIN collect_batch AS b ON b.id = r.batch").
			Where("b.state = 'landed' AND r.state IN ('open', 'mended')")
		if !all {
			q = q.Where("b.department = ?", string(own))
		}
		return q
	}
	err := base().ColumnExpr("COUNT(*)").Scan(ctx, &c.Open)
	if err == nil {
		err = base().Join("LEFT JOIN catalogue_entry AS e ON e.id = b.dataset").
			ColumnExpr("b.dataset AS value, COALESCE(MAX(e.name), b.dataset) AS label, COUNT(*) AS count").
			GroupExpr("b.dataset").OrderExpr("count DESC, b.dataset").Limit(5).Scan(ctx, &c.Datasets)
	}
	if err == nil {
		err = base().ColumnExpr("r.reason AS value, r.reason AS label, COUNT(*) AS count").
			GroupExpr("r.reason").OrderExpr("count DESC, r.reason").Limit(5).Scan(ctx, &c.Reasons)
	}
	if err != nil {
		return c, fmt.Errorf("count quarantined lines: %w", err)
	}
	return c, nil
}

// sorted lists the ids of datasets by rows or name, limit of them after a
// key "value\x1fid", with the filters of the catalogue.
func (m *readModel) sorted(ctx context.Context, f DatasetFilter, after string, limit int) (ids []string, keys []string, err error) {
	column, order, op := "e.row_count", "DESC", "<"
	if f.Sort == "name" {
		column, order, op = "e.name_key", "ASC", ">"
	}
	q := m.db.Bun().NewSelect().TableExpr("catalogue_entry AS e").ColumnExpr("e.id, CAST(? AS TEXT) AS value", bun.Safe(column)).
		Where("e.kind = 'dataset'").OrderExpr("? ?, e.id", bun.Safe(column), bun.Safe(order)).Limit(limit)
	for name, values := range map[string][]string{"e.department": f.Department, "e.theme": f.Theme, "e.format": f.Format, "e.status": f.Status} {
		if len(values) > 0 {
			q = q.Where("? IN (?)", bun.Safe(name), bun.List(values))
		}
	}
	if after != "" {
		value, id, err := sortKey(after, f.Sort)
		if err != nil {
			return nil, nil, err
		}
		q = q.Where("(? ? ? OR ? = ? AND e.id > ?)", bun.Safe(column), bun.Safe(op), value, bun.Safe(column), value, id)
	}
	var rows []struct{ ID, Value string }
	if err := q.Scan(ctx, &rows); err != nil {
		return nil, nil, fmt.Errorf("list the catalogue by %s: %w", f.Sort, err)
	}
	for _, r := range rows {
		ids, keys = append(ids, r.ID), append(keys, r.Value+"\x1f"+r.ID)
	}
	return ids, keys, nil
}
