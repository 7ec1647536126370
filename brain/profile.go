package brain

import (
	"context"
	"fmt"
	"strings"

	"shuniu/fault"
	"shuniu/resource"
)

// A Profile says what the values of a column are like.
type Profile struct {
	Field    resource.Field
	Filled   int64    // rows that have a value; blank text counts as none
	Distinct int64    // different values; an estimate (2 %) when Exact is false
	Exact    bool     // of Distinct
	Min, Max string   // as text in the order of the type; "" when nothing is filled
	Samples  []string // some different values, in the order of the file
}

// exactRows is the largest table whose distinct values are counted exactly.
const exactRows = 1_000_000

// samplesOf says from how many rows the samples come and how many there are.
const (
	sampledRows = 2000
	maxSamples  = 5
)

// Profile measures every column of a table at a snapshot (right: read_rows)
// and returns the rows of the table.
func (b *Brain) Profile(ctx context.Context, t resource.Table, id resource.SnapshotID) (rows int64, columns []Profile, err error) {
	s, err := b.scan(ctx, t, id)
	if err != nil {
		return 0, nil, err
	}
	exact := s.Rows <= exactRows
	exprs := []string{"count(*)"}
	for _, f := range s.Fields {
		exprs = append(exprs, measures(f, exact)...)
	}
	_, found, err := b.selectAll(ctx, "SELECT "+strings.Join(exprs, ", ")+" FROM "+t.String(), s)
	if err != nil {
		return 0, nil, err
	}
	if len(found) != 1 || len(found[0]) != 1+4*len(s.Fields) {
		return 0, nil, fmt.Errorf("profile %s: another shape came: %w", t, fault.Damaged)
	}
	row := found[0]
	rows, _ = row[0].(int64)
	columns = make([]Profile, len(s.Fields))
	for i, f := range s.Fields {
		p := Profile{Field: f, Exact: exact}
		p.Filled, _ = row[1+4*i].(int64)
		p.Distinct, _ = row[2+4*i].(int64)
		p.Min, _ = row[3+4*i].(string)
		p.Max, _ = row[4+4*i].(string)
		columns[i] = p
	}
	return rows, columns, b.sample(ctx, s, columns)
}

// measures are the four figures of a column.
func measures(f resource.Field, exact bool) []string {
	c := quote(f.Name)
	if f.Type == resource.Text || f.Type == resource.Time {
		c = "nullif(trim(" + c + "), '')"
	}
	distinct := "approx_count_distinct(" + c + ")"
	if exact {
		distinct = "count(DISTINCT " + c + ")"
	}
	return []string{"count(" + c + ")", distinct, "left(CAST(min(" + c + ") AS VARCHAR), 200)", "left(CAST(max(" + c + ") AS VARCHAR), 200)"}
}

// sample fills in the samples from the first rows.
func (b *Brain) sample(ctx context.Context, s Scan, columns []Profile) error {
	exprs := make([]string, len(columns))
	for i, p := range columns {
		exprs[i] = "left(CAST(" + quote(p.Field.Name) + " AS VARCHAR), 200)"
	}
	_, rows, err := b.selectAll(ctx, fmt.Sprintf("SELECT %s FROM %s LIMIT %d", strings.Join(exprs, ", "), s.Table, sampledRows), s)
	if err != nil {
		return err
	}
	for i := range columns {
		seen := map[string]bool{}
		for _, row := range rows {
			v, ok := row[i].(string)
			if !ok || strings.TrimSpace(v) == "" || seen[v] {
				continue
			}
			seen[v] = true
			if columns[i].Samples = append(columns[i].Samples, v); len(columns[i].Samples) == maxSamples {
				break
			}
		}
	}
	return nil
}
