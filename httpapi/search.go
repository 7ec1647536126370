package httpapi

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"shuniu/collect"
	"shuniu/guard"
	"shuniu/resource/catalogue"
)

// finder answers Search over everything that has a name.
type finder struct {
	cat  *catalogue.Store
	svc  *collect.Service
	read *readModel
}

// searchKinds in the order in which groups are shown.
var searchKinds = []string{"dataset", "field", "object", "batch", "department"}

func (s *finder) search(ctx context.Context, q string, kinds []string, limit int) (SearchResult, error) {
	out := SearchResult{Q: q, Groups: []SearchGroup{}}
	departments, err := s.read.departments(ctx)
	if err != nil {
		return out, err
	}
	for _, kind := range searchKinds {
		if len(kinds) > 0 && !slices.Contains(kinds, kind) {
			continue
		}
		g := SearchGroup{Kind: kind, Hits: []SearchHit{}}
		var err error
		switch kind {
		case "dataset", "object":
			err = s.entries(ctx, q, kind, limit, departments, &g)
		case "field":
			err = s.fields(ctx, q, limit, &g)
		case "batch":
			err = s.batches(ctx, q, limit, &g)
		case "department":
			inDepartments(q, limit, departments, &g)
		}
		if err != nil {
			return out, err
		}
		if len(g.Hits) > 0 {
			out.Groups = append(out.Groups, g)
		}
	}
	return out, nil
}

func (s *finder) entries(ctx context.Context, q, kind string, limit int, departments map[string]string, g *SearchGroup) error {
	page, err := s.cat.Search(ctx, catalogue.Query{Text: q, Kinds: []string{kind}, Limit: limit})
	if err != nil {
		return err
	}
	g.Total = page.Total
	for i := range page.Entries {
		e := &page.Entries[i]
		h := SearchHit{ID: strings.TrimPrefix(e.ID, "object."), Title: highlight(e.Name, q), Subtitle: departments[string(e.Department)], Matches: []Match{}}
		for _, m := range []Match{{"id", highlight(h.ID, q)}, {"description", highlight(e.Description, q)}, {"theme", highlight(e.Theme, q)}, {"tags", highlight(strings.Join(e.Tags, " "), q)}} {
			if hasHit(m.Text) {
				h.Matches = append(h.Matches, m)
			}
		}
		g.Hits = append(g.Hits, h)
	}
	return nil
}

// fields finds columns by a part of their name; ids of hits are datasets.
func (s *finder) fields(ctx context.Context, q string, limit int, g *SearchGroup) error {
	if err := s.read.gate.Somewhere(ctx, guard.ReadEntry); err != nil {
		return err
	}
	var rows []struct{ Entry, Name, EntryName string }
	pattern := "%" + likeEscape(q) + "%"
	err := s.read.db.Bun().NewRaw("SELECT f.entry, f.name, e.name AS entry_name FROM catalogue_field AS f JOIN catalogue_entry AS e ON e.id = f.entry "+
		"WHERE LOWER(f.name) LIKE LOWER(?) ESCAPE '!' ORDER BY LENGTH(f.name), e.name, f.position LIMIT ?", pattern, limit).Scan(ctx, &rows)
	if err != nil {
		return fmt.Errorf("search fields: %w", err)
	}
	for _, r := range rows {
		g.Hits = append(g.Hits, SearchHit{ID: r.Entry, Title: highlight(r.Name, q), Subtitle: r.EntryName, Matches: []Match{}})
	}
	g.Total = int64(len(g.Hits))
	return nil
}

func (s *finder) batches(ctx context.Context, q string, limit int, g *SearchGroup) error {
	rows, err := s.svc.Batches(ctx, collect.BatchFilter{File: q, Limit: limit})
	if err != nil {
		return err
	}
	for i := range rows {
		g.Hits = append(g.Hits, SearchHit{ID: string(rows[i].Batch), Title: highlight(rows[i].File, q), Subtitle: string(rows[i].Dataset), Matches: []Match{}})
	}
	g.Total = int64(len(g.Hits))
	return nil
}

func inDepartments(q string, limit int, departments map[string]string, g *SearchGroup) {
	for id, name := range departments {
		if containsFold(name, q) || containsFold(id, q) {
			g.Hits = append(g.Hits, SearchHit{ID: id, Title: highlight(name, q), Matches: []Match{}})
		}
	}
	slices.SortFunc(g.Hits, func(a, b SearchHit) int { return strings.Compare(a.ID, b.ID) })
	g.Total = int64(len(g.Hits))
	g.Hits = g.Hits[:min(len(g.Hits), limit)]
}

func containsFold(s, q string) bool {
	return strings.Contains(strings.ToLower(s), strings.ToLower(strings.TrimSpace(q)))
}

func likeEscape(s string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(s)
}

func hasHit(h []Highlight) bool {
	return slices.ContainsFunc(h, func(x Highlight) bool { return x.Hit })
}

// highlight cuts text into what was searched for and what stands between:
// the whole query where it stands together, else its words.
func highlight(text, q string) []Highlight {
	words := []string{strings.TrimSpace(q)}
	if !containsFold(text, words[0]) {
		words = strings.Fields(q)
	}
	lower := foldRunes(text)
	runes := []rune(text)
	hit := make([]bool, len(runes))
	for _, w := range words {
		find := foldRunes(w)
		if len(find) == 0 {
			continue
		}
		for i := 0; i+len(find) <= len(lower); i++ {
			if slices.Equal(lower[i:i+len(find)], find) {
				for k := range find {
					hit[i+k] = true
				}
			}
		}
	}
	out := []Highlight{}
	for i := 0; i < len(runes); {
		j := i
		for j < len(runes) && hit[j] == hit[i] {
			j++
		}
		out = append(out, Highlight{Text: string(runes[i:j]), Hit: hit[i]})
		i = j
	}
	return out
}

// foldRunes lowers each character by itself, so that places stay the same.
func foldRunes(s string) []rune {
	out := []rune(s)
	for i, r := range out {
		if l := []rune(strings.ToLower(string(r))); len(l) == 1 {
			out[i] = l[0]
		}
	}
	return out
}
