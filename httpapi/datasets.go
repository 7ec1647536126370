package httpapi

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"shuniu/collect"
	"shuniu/fault"
	"shuniu/guard"
	"shuniu/resource"
	"shuniu/resource/catalogue"
)

// datasets answers Catalogue from the catalogue and collect.
type datasets struct {
	cat  *catalogue.Store
	svc  *collect.Service
	read *readModel
	gate guard.Policy
}

// List pages by relevance or newest change; by rows or name only without a
// text, because ranks of a search have no other order.
func (s *datasets) List(ctx context.Context, f DatasetFilter, p Paging) (DatasetPage, error) {
	var out DatasetPage
	q := catalogue.Query{
		Text: f.Q, Departments: f.Department, Themes: f.Theme, Formats: f.Format, Statuses: f.Status,
		Kinds: []string{string(catalogue.Dataset)}, Limit: p.Limit,
	}
	bySort := strings.TrimSpace(f.Q) == "" && (f.Sort == "rows" || f.Sort == "name")
	if bySort {
		q.Limit = 1 // for the facets
	} else {
		q.Cursor = p.After
	}
	page, err := s.cat.Search(ctx, q)
	if err != nil {
		return out, err
	}
	entries := page.Entries
	out.Next, out.TotalEstimate = page.Next, &page.Total
	if bySort {
		if entries, out.Next, err = s.sorted(ctx, f, p); err != nil {
			return out, err
		}
	}
	departments, err := s.read.departments(ctx)
	if err != nil {
		return out, err
	}
	out.Facets = facets(page.Facets, departments)
	out.Items, err = s.shapes(ctx, entries, departments)
	return out, err
}

func (s *datasets) sorted(ctx context.Context, f DatasetFilter, p Paging) ([]catalogue.Entry, string, error) {
	ids, keys, err := s.read.sorted(ctx, f, p.After, p.Limit+1)
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(ids) > p.Limit {
		ids = ids[:p.Limit]
		next = base64.RawURLEncoding.EncodeToString([]byte(keys[p.Limit-1]))
	}
	entries, err := s.cat.Entries(ctx, ids)
	return entries, next, err
}

// sortKey reads the key of a sorted page.
func sortKey(after, sort string) (value any, id string, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(after)
	text, id, ok := strings.Cut(string(raw), "\x1f")
	if err == nil && ok {
		if sort == "name" {
			return text, id, nil
		}
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n, id, nil
		}
	}
	return nil, "", fmt.Errorf("after %q is no place in this list: %w", after, fault.Invalid)
}

func (s *datasets) shapes(ctx context.Context, entries []catalogue.Entry, departments map[string]string) ([]Dataset, error) {
	ids := make([]string, len(entries))
	for i := range entries {
		ids[i] = entries[i].ID
	}
	figures, err := s.read.figures(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]Dataset, len(entries))
	for i := range entries {
		out[i] = datasetShape(&entries[i], figures[ids[i]], departments)
	}
	return out, nil
}

func datasetShape(e *catalogue.Entry, f figure, departments map[string]string) Dataset {
	return Dataset{
		ID: e.ID, Name: e.Name, SQL: string(resource.Landing) + "." + e.ID, Station: string(resource.Landing),
		Department: string(e.Department), DepartmentName: departments[string(e.Department)], Theme: e.Theme, Format: e.Format,
		Status: string(e.Status), Description: e.Description, Rows: e.Rows, Fields: f.Fields, Quarantined: f.Quarantined, Batches: f.Batches,
		SizeBytes: e.SizeBytes, Snapshot: snapshotText(e.Snapshot), CreatedAt: e.CreatedAt.UTC(), UpdatedAt: e.UpdatedAt.UTC(),
	}
}

func facets(f catalogue.Facets, departments map[string]string) []Facet {
	out := make([]Facet, 0, 4)
	for _, x := range []struct {
		name   string
		counts []catalogue.Count
	}{{"department", f.Departments}, {"theme", f.Themes}, {"format", f.Formats}, {"status", f.Statuses}} {
		facet := Facet{Name: x.name}
		for _, c := range x.counts {
			label := c.Value
			if x.name == "department" && departments[c.Value] != "" {
				label = departments[c.Value]
			}
			facet.Values = append(facet.Values, FacetCount{Value: c.Value, Label: label, Count: c.Count})
		}
		out = append(out, facet)
	}
	return out
}

// entry reads an entry of a dataset; objects are entries too, but no datasets.
func (s *datasets) entry(ctx context.Context, id string) (catalogue.Entry, error) {
	e, err := s.cat.Get(ctx, id)
	if err == nil && e.Kind != catalogue.Dataset {
		err = fmt.Errorf("dataset %q: %w", id, fault.NotFound)
	}
	return e, err
}

func (s *datasets) Get(ctx context.Context, id string) (DatasetDetail, error) {
	e, err := s.entry(ctx, id)
	if err != nil {
		return DatasetDetail{}, err
	}
	return s.detail(ctx, e)
}

func (s *datasets) detail(ctx context.Context, e catalogue.Entry) (DatasetDetail, error) {
	departments, err := s.read.departments(ctx)
	if err != nil {
		return DatasetDetail{}, err
	}
	shapes, err := s.shapes(ctx, []catalogue.Entry{e}, departments)
	if err != nil {
		return DatasetDetail{}, err
	}
	people, err := s.read.accounts(ctx, []string{e.CreatedBy})
	if err != nil {
		return DatasetDetail{}, err
	}
	out := DatasetDetail{Dataset: shapes[0], Account: e.CreatedBy, AccountName: people[e.CreatedBy]}
	object := guard.Object{Table: resource.Table{Station: resource.Landing, Dataset: resource.DatasetID(e.ID)}, Department: e.Department}
	for _, a := range guard.Actions() {
		if _, err := s.gate.Decide(ctx, a, object); err == nil {
			out.Can = append(out.Can, string(a))
		}
	}
	if out.Policy, out.Recipe, err = s.rules(ctx, e); err != nil {
		return out, err
	}
	newest, err := s.svc.Batches(ctx, collect.BatchFilter{Dataset: resource.DatasetID(e.ID), Department: e.Department, Limit: 20})
	seen := map[string]bool{}
	for i := range newest {
		if f := newest[i].File; !seen[f] {
			seen[f] = true
			out.SourceFiles = append(out.SourceFiles, f)
		}
	}
	return out, err
}

func (s *datasets) Fields(ctx context.Context, id string) ([]DatasetField, error) {
	e, err := s.entry(ctx, id)
	if err != nil {
		return nil, err
	}
	out := make([]DatasetField, len(e.Fields))
	for i, f := range e.Fields {
		out[i] = DatasetField{
			ID: f.ID, Name: f.Name, Type: string(f.Type), Unit: f.Unit, Comment: f.Comment,
			FillRate: &f.FillRate, Distinct: &f.Distinct, Unread: &f.Unread, Min: textOrNil(f.Min), Max: textOrNil(f.Max), Samples: f.Samples,
		}
	}
	return out, nil
}

func textOrNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func (s *datasets) Changes(ctx context.Context, id string, p Paging) (Page[Change], error) {
	if _, err := s.entry(ctx, id); err != nil {
		return Page[Change]{}, err
	}
	rows, err := s.cat.Changes(ctx, id, p.After, min(p.Limit+1, MaxLimit))
	if err != nil {
		return Page[Change]{}, err
	}
	accounts := make([]string, len(rows))
	for i := range rows {
		accounts[i] = rows[i].Account
	}
	people, err := s.read.accounts(ctx, accounts)
	if err != nil {
		return Page[Change]{}, err
	}
	lang := callOf(ctx).lang
	return paged(rows, min(p.Limit, MaxLimit-1), func(c catalogue.Change) Change { return changeShape(lang, people, &c) }, func(c Change) string { return c.ID }), nil
}

// Lineage shows the newest batches of a dataset: file to batch to table.
func (s *datasets) Lineage(ctx context.Context, id string) (Lineage, error) {
	e, err := s.entry(ctx, id)
	if err != nil {
		return Lineage{}, err
	}
	const shown = 100
	rows, err := s.svc.Batches(ctx, collect.BatchFilter{Dataset: resource.DatasetID(id), Department: e.Department, Status: "landed", Limit: shown + 1})
	if err != nil {
		return Lineage{}, err
	}
	accounts := make([]string, len(rows))
	for i := range rows {
		accounts[i] = rows[i].Account
	}
	people, err := s.read.accounts(ctx, accounts)
	if err != nil {
		return Lineage{}, err
	}
	out := Lineage{Truncated: len(rows) > shown, Nodes: []LineageNode{{
		ID: "table:" + id, Kind: "table", Label: e.Name, At: timeOrNil(e.UpdatedAt),
		Facts: map[string]string{"sql": "landing." + id, "rows": strconv.FormatInt(e.Rows, 10), "snapshot": snapshotText(e.Snapshot)},
	}}}
	files := map[string]bool{}
	for i := range rows[:min(len(rows), shown)] {
		b := &rows[i]
		file, batch := "file:"+b.SHA256, "batch:"+string(b.Batch)
		if !files[file] {
			files[file] = true
			out.Nodes = append(out.Nodes, LineageNode{ID: file, Kind: "file", Label: b.File, Facts: map[string]string{
				"sha256": b.SHA256, "format": b.Format, "encoding": b.Encoding, "size_bytes": strconv.FormatInt(b.SizeBytes, 10),
			}})
		}
		facts := map[string]string{
			"rows_in": strconv.FormatInt(b.RowsIn, 10), "rows_landed": strconv.FormatInt(b.RowsLanded, 10),
			"rows_quarantined": strconv.FormatInt(b.RowsQuarantined, 10), "snapshot": snapshotText(b.Snapshot), "account": b.Account,
		}
		if name := people[b.Account]; name != "" {
			facts["account_name"] = name
		}
		if b.Member != "" {
			facts["member"] = b.Member
		}
		label := b.At.In(shanghai).Format(time.DateTime)
		out.Nodes = append(out.Nodes, LineageNode{ID: batch, Kind: "batch", Label: label, At: timeOrNil(b.At), Facts: facts})
		out.Edges = append(out.Edges, LineageEdge{From: file, To: batch, Rows: b.RowsIn}, LineageEdge{From: batch, To: "table:" + id, Rows: b.RowsLanded})
	}
	return out, nil
}

// rules are a dataset's drift policy and how its files are read.
func (s *datasets) rules(ctx context.Context, e catalogue.Entry) (DriftPolicy, *ReadOptions, error) {
	policy, err := s.svc.DriftPolicy(ctx, resource.DatasetID(e.ID))
	if err != nil {
		return DriftPolicy{}, nil, err
	}
	r, err := s.svc.Recipe(ctx, resource.DatasetID(e.ID))
	if err != nil {
		return DriftPolicy{}, nil, err
	}
	opt := readOptions(r.Options)
	if undecided(opt) {
		return policyShape(policy), nil, nil
	}
	return policyShape(policy), &opt, nil
}

// Change changes an entry, and the policy beside it.
func (s *datasets) Change(ctx context.Context, id string, c DatasetChange) (DatasetDetail, error) {
	e, err := s.entry(ctx, id)
	if err != nil {
		return DatasetDetail{}, err
	}
	edit := catalogue.Edit{Name: c.Name, Theme: c.Theme, Description: c.Description}
	if c.Status != nil {
		st := catalogue.Status(*c.Status)
		edit.Status = &st
	}
	moves := c.Department != nil && *c.Department != string(e.Department)
	if moves {
		if err := s.mayMove(ctx, id, *c.Department); err != nil {
			return DatasetDetail{}, err
		}
	}
	if moves || c.Name != nil || c.Theme != nil || c.Description != nil || c.Status != nil {
		var to *resource.DepartmentID
		if moves {
			to = (*resource.DepartmentID)(c.Department)
		}
		if err := s.svc.Edit(ctx, resource.DatasetID(id), edit, to); err != nil {
			return DatasetDetail{}, err
		}
	}
	if c.Policy != nil {
		if err := s.svc.SetPolicy(ctx, resource.DatasetID(id), policyOf(c.Policy)); err != nil {
			return DatasetDetail{}, err
		}
	}
	return s.Get(ctx, id)
}

// mayMove asks for the right to edit in the department a dataset goes to.
func (s *datasets) mayMove(ctx context.Context, id, department string) error {
	known, err := s.read.departments(ctx)
	if err != nil {
		return err
	}
	if known[department] == "" {
		return badParam("body.department", "no such department")
	}
	_, err = s.gate.Decide(ctx, guard.EditEntry, guard.Object{
		Table: resource.Table{Station: resource.Landing, Dataset: resource.DatasetID(id)}, Department: resource.DepartmentID(department),
	})
	return err
}

// Origin reads the row's place in its file again.
func (s *datasets) Origin(ctx context.Context, id, batch string, row int64) (Origin, error) {
	o, err := s.svc.Origin(ctx, resource.DatasetID(id), resource.BatchID(batch), row)
	if err != nil {
		return Origin{}, err
	}
	people, err := s.read.accounts(ctx, []string{o.Account})
	if err != nil {
		return Origin{}, err
	}
	out := Origin{
		Batch: string(o.Batch), Row: o.Row, File: o.File, Member: o.Member, Sheet: o.Place.Sheet, Range: o.Place.Range, Path: o.Place.Path,
		SHA256: o.SHA256, Format: o.Format, Encoding: o.Encoding, Department: string(o.Department), Account: o.Account, Name: people[o.Account], At: o.At, Mended: o.Mended != nil,
	}
	for i, c := range o.Columns {
		v := OriginValue{Column: c}
		if i < len(o.Values) {
			v.Text = o.Values[i]
		}
		out.Values = append(out.Values, v)
	}
	for _, l := range o.Around {
		out.Around = append(out.Around, OriginLine{Row: l.Row, Values: l.Values})
	}
	return out, nil
}
