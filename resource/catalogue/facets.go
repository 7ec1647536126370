package catalogue

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// facetsFor is how long the counts of the whole catalogue may be old when
// another process changes it; this process forgets them with each change.
const facetsFor = 10 * time.Second

type facetCache struct {
	at     time.Time
	facets Facets
}

// forgetFacets is called when an entry changed.
func (s *Store) forgetFacets() {
	s.mu.Lock()
	defer s.mu.Unlock()
	// Under a stream of changes the counts may be a second old.
	if time.Since(s.facets.at) > time.Second {
		s.facets = facetCache{}
	} else {
		s.facets.at = time.Now().Add(time.Second - facetsFor)
	}
}

// allFacets counts the whole catalogue, from memory when that is fresh.
func (s *Store) allFacets(ctx context.Context) (Facets, error) {
	s.mu.Lock()
	c := s.facets
	s.mu.Unlock()
	if !c.at.IsZero() && time.Since(c.at) < facetsFor {
		return c.facets, nil
	}
	at := time.Now()
	f, err := s.groupFacets(ctx, Query{})
	if err != nil {
		return Facets{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.facets = facetCache{at: at, facets: f}
	return f, nil
}

// countAll counts the entries that meet the filters of q.
func (s *Store) countAll(ctx context.Context, q Query) (Facets, error) {
	if len(q.facets()) == 0 {
		return s.allFacets(ctx)
	}
	return s.groupFacets(ctx, q)
}

// groupFacets counts in one pass over the index of facets.
func (s *Store) groupFacets(ctx context.Context, q Query) (Facets, error) {
	var groups []struct {
		Department, Theme, Status, Format, Kind string
		N                                       int64
	}
	sel := s.db.Bun().NewSelect().TableExpr("catalogue_entry AS e").
		ColumnExpr("e.department, e.theme, e.status, e.format, e.kind, COUNT(*) AS n").
		GroupExpr("e.department, e.theme, e.status, e.format, e.kind")
	if err := q.where(sel).Scan(ctx, &groups); err != nil {
		return Facets{}, fmt.Errorf("count the catalogue: %w", err)
	}
	var t tally
	for _, g := range groups {
		t.add(g.Department, g.Theme, g.Format, g.Status, g.Kind, g.N)
	}
	return t.facets(), nil
}

func countFacets(hits []hit) Facets {
	var t tally
	for _, h := range hits {
		t.add(h.department, h.theme, h.format, h.status, h.kind, 1)
	}
	return t.facets()
}

// A tally counts values: departments, themes, formats, statuses, kinds.
type tally [5]map[string]int64

func (t *tally) add(department, theme, format, status, kind string, n int64) {
	for i, v := range []string{department, theme, format, status, kind} {
		if t[i] == nil {
			t[i] = map[string]int64{}
		}
		t[i][v] += n
	}
}

func (t *tally) facets() Facets {
	var out [5][]Count
	for i, m := range t {
		out[i] = []Count{}
		for v, n := range m {
			out[i] = append(out[i], Count{v, n})
		}
		slices.SortFunc(out[i], func(a, b Count) int {
			return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
		})
	}
	return Facets{Departments: out[0], Themes: out[1], Formats: out[2], Statuses: out[3], Kinds: out[4]}
}
