package httpapi

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"shuniu/collect"
	"shuniu/resource"
)

// quarantine answers Quarantine from collect.
type quarantine struct {
	svc  *collect.Service
	jobs *jobs
}

func (s *quarantine) List(ctx context.Context, f QuarantineFilter, p Paging) (QuarantinePage, error) {
	filter := collect.LineFilter{
		Batch: resource.BatchID(f.Batch), Dataset: resource.DatasetID(f.Dataset), Department: resource.DepartmentID(f.Department),
		State: f.Status, Reason: f.Reason, Text: f.Q, After: p.After, Limit: min(p.Limit+1, MaxLimit),
	}
	rows, err := s.svc.Lines(ctx, filter)
	if err != nil {
		return QuarantinePage{}, err
	}
	filter.After, filter.Limit, filter.State = "", 0, ""
	counts, err := s.svc.LineCounts(ctx, filter)
	if err != nil {
		return QuarantinePage{}, err
	}
	sets := make([]string, len(rows))
	for i := range rows {
		sets[i] = string(rows[i].Dataset)
	}
	names, err := s.jobs.read.names(ctx, sets)
	if err != nil {
		return QuarantinePage{}, err
	}
	named := func(l collect.Line) Quarantined {
		q := lineShape(&l)
		q.Name = names[q.Dataset]
		return q
	}
	out := QuarantinePage{Page: paged(rows, min(p.Limit, MaxLimit-1), named, func(q Quarantined) string { return q.ID })}
	out.Facets, out.TotalEstimate = lineFacets(counts, f.Status)
	return out, nil
}

// lineFacets counts lines by status, over all of them, and by reason, of those
// of the status asked for; the total is of those too.
func lineFacets(counts []collect.ReasonCount, asked string) ([]Facet, *int64) {
	var total int64
	status, reason := map[string]int64{}, map[string]int64{}
	for _, c := range counts {
		status[c.State] += c.Count
		if asked == "" || c.State == asked {
			reason[c.Reason] += c.Count
			total += c.Count
		}
	}
	of := func(name string, m map[string]int64) Facet {
		f := Facet{Name: name, Values: []FacetCount{}}
		for v, n := range m {
			f.Values = append(f.Values, FacetCount{Value: v, Label: v, Count: n})
		}
		slices.SortFunc(f.Values, func(a, b FacetCount) int {
			if a.Count != b.Count {
				return int(min(max(b.Count-a.Count, -1), 1))
			}
			return strings.Compare(a.Value, b.Value)
		})
		return f
	}
	return []Facet{of("status", status), of("reason", reason)}, &total
}

func lineShape(l *collect.Line) Quarantined {
	q := Quarantined{
		ID: l.ID, Batch: string(l.Batch), Dataset: string(l.Dataset), Department: string(l.Department), File: l.File,
		Line: l.Line, Reason: l.Reason, Text: l.Text, Columns: l.Columns, Values: l.Values, Status: l.State, Account: l.Account,
		At: timeOrNil(l.At), Note: l.Note,
	}
	if l.Mended != nil {
		q.Mended = l.Mended.Text
		if q.Mended == nil {
			if raw, err := json.Marshal(l.Mended.Values); err == nil {
				text := string(raw)
				q.Mended = &text
			}
		}
	}
	return q
}

func (s *quarantine) Mend(ctx context.Context, id string, m Mending) (Quarantined, error) {
	l, err := s.svc.Mend(ctx, id, collect.Mending{Text: m.Text, Values: m.Values})
	if err != nil {
		return Quarantined{}, err
	}
	return lineShape(&l), nil
}

func (s *quarantine) Discard(ctx context.Context, d Discard) (Affected, error) {
	n, err := s.svc.Discard(ctx, d.IDs, d.Reason)
	return Affected{Count: n}, err
}

func (s *quarantine) Replay(ctx context.Context, r Replay) (RunRef, error) {
	return s.jobs.replay(ctx, r)
}
