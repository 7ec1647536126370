package library

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/width"

	"shuniu/brain"
	"shuniu/fault"
	"shuniu/resource"
	"shuniu/worker"
)

// A Builder builds libraries.
type Builder struct {
	Brain    *brain.Brain
	Pool     *worker.Pool
	Deadline time.Duration // of one source in the worker; 0: the pool's
}

// A Source is a landing dataset that feeds a library.
type Source struct {
	Dataset    resource.DatasetID    `json:"dataset"`
	Department resource.DepartmentID `json:"department"`
	Rows       int64                 `json:"rows"`
	Columns    map[string]string     `json:"columns"` // field -> column of the dataset

	ids        map[string]int
	batch, row int
}

// A Report tells what a build made.
type Report struct {
	Library   string           `json:"library"`
	Sources   []Source         `json:"sources"`
	Rows      int64            `json:"rows"`      // of all sources
	Entities  int64            `json:"entities"`  // golden rows
	Mended    int64            `json:"mended"`    // values
	Rejected  int64            `json:"rejected"`  // values
	Conflicts int64            `json:"conflicts"` // fields of things on which rows differ
	How       map[string]int64 `json:"how"`       // rows by why they belong to their thing
}

// Tables of a library.
func (p *Pack) table(suffix string) resource.Table {
	return resource.Table{Station: resource.Library, Dataset: resource.DatasetID(p.Library + suffix)}
}

// Sources finds the landing datasets that the caller may read and that have a
// column for the key and one for the name (or any other field, when the pack
// has no name).
func (b *Builder) Sources(ctx context.Context, p *Pack) ([]Source, error) {
	tables, err := b.Brain.Tables(ctx)
	if err != nil {
		return nil, err
	}
	var out []Source
	for _, t := range tables {
		if t.Table.Station != resource.Landing || !t.Readable || t.Snapshot.Rows == 0 {
			continue
		}
		fields, err := b.Brain.Fields(ctx, t.Table)
		if err != nil {
			return nil, err
		}
		s := Source{Dataset: t.Table.Dataset, Department: t.Department, Rows: t.Snapshot.Rows}
		s.match(p, fields)
		if len(s.Columns) >= 2 && s.Columns[p.Key] != "" && (p.Name == "" || s.Columns[p.Name] != "") {
			out = append(out, s)
		}
	}
	return out, nil
}

// match finds the column of each field: the heading that comes first in the
// pack wins.
func (s *Source) match(p *Pack, fields []resource.Field) {
	s.Columns, s.ids = map[string]string{}, map[string]int{}
	byName := map[string]resource.Field{}
	for _, f := range fields {
		switch f.Name {
		case resource.BatchColumn:
			s.batch = f.ID
		case resource.RowColumn:
			s.row = f.ID
		default:
			if h := heading(f.Name); !strings.HasSuffix(f.Name, resource.ReadingSuffix) {
				if _, taken := byName[h]; !taken {
					byName[h] = f
				}
			}
		}
	}
	for _, f := range p.Fields {
		for _, h := range f.Headings {
			if col, ok := byName[heading(h)]; ok {
				s.Columns[f.Name], s.ids[f.Name] = col.Name, col.ID
				break
			}
		}
	}
}

// heading is a column's name as it is compared: without what stands in brackets.
func heading(s string) string {
	s, _, _ = strings.Cut(strings.ToLower(width.Narrow.String(s)), "(")
	return strings.Join(strings.Fields(s), "")
}

// Build makes the library anew from the sources. progress, which may be nil,
// hears of each step.
func (b *Builder) Build(ctx context.Context, p *Pack, sources []Source, progress func(step string)) (*Report, error) {
	if len(sources) == 0 {
		return nil, fault.Explain(fmt.Errorf("library %s: no source: %w", p.Library, fault.NotFound), "library.nosource", map[string]any{"library": p.Title.ZH})
	}
	if progress == nil {
		progress = func(string) {}
	}
	rep := &Report{Library: p.Library, Sources: sources, How: map[string]int64{}}
	clean, rows, golden := p.table("_clean"), p.table("_row"), p.table("")
	progress("standardise")
	from := make([]resource.Table, len(sources))
	for i, s := range sources {
		from[i] = resource.Table{Station: resource.Landing, Dataset: s.Dataset}
	}
	summary := map[string]string{"kind": "library", "library": p.Library}
	_, err := b.Brain.Renew(ctx, clean, rowFields(p), from, summary, func(ctx context.Context, scans []brain.Scan, fields []resource.Field, staging brain.Staging) ([]brain.StagedFile, error) {
		return b.standardise(ctx, p, sources, scans, fields, staging)
	})
	if err != nil {
		return nil, err
	}
	for _, step := range []struct {
		name   string
		table  resource.Table
		fields []resource.Field
		from   resource.Table
		sql    string
	}{
		{"link", rows, linkedFields(p), clean, linkedSQL(p, clean)},
		{"golden", golden, goldenFields(p), rows, goldenSQL(p, rows)},
		{"conflicts", p.table("_conflict"), conflictFields(), rows, conflictSQL(p, rows)},
		{"issues", p.table("_issue"), issueFields(), rows, issueSQL(rows)},
	} {
		progress(step.name)
		if _, err := b.Brain.RenewBy(ctx, step.table, step.fields, []resource.Table{step.from}, summary, step.sql); err != nil {
			return nil, fmt.Errorf("library %s: %s: %w", p.Library, step.name, err)
		}
	}
	return rep, b.count(ctx, p, rep)
}

// standardise has the worker write the rows of each source.
func (b *Builder) standardise(ctx context.Context, p *Pack, sources []Source, scans []brain.Scan, fields []resource.Field, staging brain.Staging) (out []brain.StagedFile, err error) {
	ordered := make([]resource.Field, 0, len(fields))
	for _, want := range rowFields(p) { // the order in which the worker fills them
		i := slices.IndexFunc(fields, func(f resource.Field) bool { return f.Name == want.Name })
		if i < 0 {
			return nil, fmt.Errorf("library %s lacks column %s: %w", p.Library, want.Name, fault.Damaged)
		}
		ordered = append(ordered, fields[i])
	}
	for i, s := range sources {
		links, names := map[string]string{}, []string(nil)
		for k, f := range scans[i].Files {
			name := strconv.Itoa(k) + ".parquet"
			links[name] = f.Path
			names = append(names, name)
		}
		if len(names) == 0 {
			continue
		}
		name := fmt.Sprintf("%d-%s.parquet", i, s.Dataset)
		var rows int64
		err := b.Pool.Run(ctx, worker.Request{
			Method: MethodStandardise, Links: links, OutDir: staging.Dir(), Deadline: b.Deadline,
			Params: standardiseParams{Pack: p, Department: s.Department, Dataset: s.Dataset, Files: names, Columns: s.ids, Batch: s.batch, Row: s.row, Out: ordered, Name: name},
		}, func(m worker.Message) error { return json.Unmarshal(m.Payload, &rows) })
		if err != nil {
			return nil, fmt.Errorf("standardise %s: %w", s.Dataset, err)
		}
		if rows != scans[i].Rows {
			return nil, fmt.Errorf("standardise %s: %d rows of %d: %w", s.Dataset, rows, scans[i].Rows, fault.Damaged)
		}
		out = append(out, brain.StagedFile{Path: filepath.Join(staging.Dir(), name), Rows: rows})
	}
	return out, nil
}

// count fills the report from the tables made.
func (b *Builder) count(ctx context.Context, p *Pack, rep *Report) error {
	for _, q := range []struct {
		sql  string
		take func(row []any)
	}{
		{"SELECT _how, count(*) FROM " + p.table("_row").String() + " GROUP BY 1", func(r []any) {
			how, _ := r[0].(string)
			n, _ := r[1].(int64)
			rep.How[how] = n
			rep.Rows += n
		}},
		{"SELECT count(*) FROM " + p.table("").String(), func(r []any) { rep.Entities, _ = r[0].(int64) }},
		{"SELECT count(*) FILTER (WHERE verdict = 'mended'), count(*) FILTER (WHERE verdict = 'rejected') FROM " + p.table("_issue").String(), func(r []any) {
			rep.Mended, _ = r[0].(int64)
			rep.Rejected, _ = r[1].(int64)
		}},
		{"SELECT count(DISTINCT _entity || ' ' || field) FROM " + p.table("_conflict").String(), func(r []any) { rep.Conflicts, _ = r[0].(int64) }},
	} {
		rows, err := b.Brain.Query(ctx, brain.Statement{SQL: q.sql})
		if err != nil {
			return err
		}
		if err := each(ctx, rows, q.take); err != nil {
			return err
		}
	}
	return nil
}

// each hands over the rows of a result and closes it.
func each(ctx context.Context, rows brain.Rows, take func(row []any)) (err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for {
		some, err := rows.Next(ctx)
		for _, r := range some {
			take(r)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
