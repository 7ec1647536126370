package catalogue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"shuniu/fault"
	"shuniu/guard"
	"shuniu/resource"
)

// maxCandidates is how many entries one condition may bring to the ranking:
// the newest. The tiers are asked from the best down, so what is cut off is
// older than what is kept within its tier.
const maxCandidates = 400

// A Query of the catalogue. Filters within one list are alternatives.
type Query struct {
	Text        string // as typed: words, Chinese, pinyin or its initials; "" lists all
	Departments []string
	Themes      []string
	Formats     []string
	Statuses    []string
	Kinds       []string
	Cursor      string // Page.Next of the page before
	Limit       int    // 1 to 1,000; 0 means 50
}

// A Page of entries, best first; without a text, newest change first. Fields
// are left out.
type Page struct {
	Entries []Entry `json:"entries"`
	Facets  Facets  `json:"facets"`
	Total   int64   `json:"total"`
	More    bool    `json:"more"` // Total is a lower bound
	Next    string  `json:"next,omitempty"`
}

// Facets count entries by value, largest first.
type Facets struct {
	Departments []Count `json:"departments"`
	Themes      []Count `json:"themes"`
	Formats     []Count `json:"formats"`
	Statuses    []Count `json:"statuses"`
	Kinds       []Count `json:"kinds"`
}

// A Count of entries that have a value.
type Count struct {
	Value string `json:"value"`
	Count int64  `json:"count"`
}

const hitColumns = "e.seq, e.id, e.kind, e.name, e.name_key, e.department, e.theme, e.status, e.format"

// A hit is a candidate; the rest of the entry is read for the page only.
type hit struct {
	seq                               int64
	id, kind, name, key               string
	department, theme, status, format string
	score                             int
}

func scanHits(ctx context.Context, q *bun.SelectQuery) (_ []hit, err error) {
	rows, err := q.Rows(ctx)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var out []hit
	for rows.Next() {
		var h hit
		if err := rows.Scan(&h.seq, &h.id, &h.kind, &h.name, &h.key, &h.department, &h.theme, &h.status, &h.format); err != nil {
			return nil, fmt.Errorf("search: %w", err)
		}
		out = append(out, h)
	}
	return out, rows.Err()
}

// Search finds entries. It returns fault.Denied when the caller may not see
// the catalogue. The text of objects is searched only where the caller may
// read rows: everywhere or in the caller's own department.
func (s *Store) Search(ctx context.Context, q Query) (Page, error) {
	if _, err := s.gate.Decide(ctx, guard.ReadEntry, guard.Object{}); err != nil {
		return Page{}, err
	}
	if strings.TrimSpace(q.Text) == "" {
		return s.list(ctx, q)
	}
	p, _ := guard.From(ctx)
	own, err := s.contentScope(ctx, p.Department)
	if err != nil {
		return Page{}, err
	}
	hits, more, err := s.rank(ctx, q, own)
	if err != nil {
		return Page{}, err
	}
	page := Page{Facets: countFacets(hits), Total: int64(len(hits)), More: more, Entries: []Entry{}}
	start := 0
	if q.Cursor != "" {
		score, seq, err := readCursor(q.Cursor)
		if err != nil {
			return Page{}, err
		}
		start, _ = slices.BinarySearchFunc(hits, hit{score: int(score), seq: seq}, compareHits)
		if start < len(hits) && hits[start].seq == seq {
			start++
		}
	}
	end := min(start+pageSize(q.Limit), len(hits))
	if start >= end {
		return page, nil
	}
	if page.Entries, err = s.entries(ctx, hits[start:end]); err != nil {
		return Page{}, err
	}
	if end < len(hits) {
		last := hits[end-1]
		page.Next = writeCursor(int64(last.score), last.seq)
	}
	return page, nil
}

// contentScope returns the facet choice that object texts must meet: nil for
// none needed, an empty list for no access.
func (s *Store) contentScope(ctx context.Context, own resource.DepartmentID) ([]string, error) {
	_, err := s.gate.Decide(ctx, guard.ReadRows, guard.Object{})
	if err == nil {
		return nil, nil
	}
	if !errors.Is(err, fault.Denied) {
		return nil, err
	}
	if own != "" {
		_, err = s.gate.Decide(ctx, guard.ReadRows, guard.Object{Department: own})
		if err == nil {
			return []string{facet("d", string(own))}, nil
		}
		if !errors.Is(err, fault.Denied) {
			return nil, err
		}
	}
	return []string{}, nil
}

// compareHits orders by score, then newest first.
func compareHits(a, b hit) int {
	return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.seq, a.seq))
}

// rank collects candidates tier by tier and orders them.
func (s *Store) rank(ctx context.Context, q Query, content []string) (hits []hit, more bool, err error) {
	var (
		key    = Fold(q.Text)
		terms  = queryTerms(q.Text)
		facets = q.facets()
		seen   = map[int64]int{}
	)
	take := func(found []hit, err error, base int) error {
		if err != nil {
			return err
		}
		more = more || len(found) >= maxCandidates
		for _, h := range found {
			h.score = max(base, nameScore(h.key, key, terms))
			if i, ok := seen[h.seq]; ok {
				hits[i].score = max(hits[i].score, h.score)
				continue
			}
			seen[h.seq] = len(hits)
			hits = append(hits, h)
		}
		return nil
	}
	find := func(sc scope, ts []term, extra [][]string, base int) error {
		if len(ts) == 0 {
			return nil
		}
		found, err := s.find(ctx, condition{scope: sc, terms: ts, facets: append(slices.Clone(facets), extra...)}, maxCandidates)
		return take(found, err, base)
	}
	named, err := s.byName(ctx, key, q)
	if err := take(named, err, scoreAny); err != nil {
		return nil, false, err
	}
	if err := find(inName, terms, nil, scoreTerms); err != nil {
		return nil, false, err
	}
	typed := strings.ReplaceAll(key, " ", "")
	for _, p := range soundQuery(q.Text) {
		found, err := s.find(ctx, condition{scope: inSound, terms: []term{{p, true}}, facets: facets}, maxCandidates)
		if len(typed) > min(len(p), maxInitials) {
			found = slices.DeleteFunc(found, func(h hit) bool { return !sounds(h.name, typed) })
		}
		if err := take(found, err, scoreSound); err != nil {
			return nil, false, err
		}
	}
	if len(hits) < maxCandidates {
		if err := find(inAny, terms, nil, scoreAny); err != nil {
			return nil, false, err
		}
	}
	if len(hits) < maxCandidates && (content == nil || len(content) > 0) {
		var extra [][]string
		if content != nil {
			extra = [][]string{content}
		}
		if err := find(inContent, terms, extra, scoreContent); err != nil {
			return nil, false, err
		}
	}
	// Nothing has all of it: what has all but one term is better than nothing.
	if len(hits) < 5 && len(terms) > 1 && len(terms) <= 12 {
		for i := range terms {
			less := slices.Delete(slices.Clone(terms), i, i+1)
			if err := find(inAny, less, nil, scoreLess); err != nil {
				return nil, false, err
			}
		}
	}
	slices.SortFunc(hits, compareHits)
	return hits, more, nil
}

// Scores of the tiers.
const (
	scoreExact    = 1000
	scorePrefix   = 800
	scoreContains = 600
	scoreTerms    = 400 // every term in the name, not together
	scoreSound    = 300
	scoreAny      = 200
	scoreContent  = 100
	scoreLess     = 50
)

// nameScore rates how well a folded name answers the folded query.
func nameScore(name, key string, terms []term) int {
	switch {
	case name == key:
		return scoreExact
	case strings.HasPrefix(name, key):
		return scorePrefix
	case strings.Contains(name, key):
		return scoreContains
	}
	for _, t := range terms {
		if !strings.Contains(name, t.text) {
			return 0
		}
	}
	if len(terms) == 0 {
		return 0
	}
	return scoreTerms
}

// byName finds by the beginning of the name, the whole name first.
func (s *Store) byName(ctx context.Context, key string, q Query) ([]hit, error) {
	sel := s.db.Bun().NewSelect().ColumnExpr(hitColumns).TableExpr("catalogue_entry AS e").
		Where("e.name_key >= ? AND e.name_key < ?", key, key+"\U0010FFFF")
	return scanHits(ctx, q.where(sel).OrderExpr("e.name_key, e.seq").Limit(100))
}

// facets are the query's filters as tokens of the index.
func (q *Query) facets() [][]string {
	var out [][]string
	for _, f := range q.filters() {
		if len(f.values) == 0 {
			continue
		}
		choice := make([]string, len(f.values))
		for i, v := range f.values {
			choice[i] = facet(f.token, v)
		}
		out = append(out, choice)
	}
	return out
}

type filter struct {
	token, column string
	values        []string
}

func (q *Query) filters() []filter {
	return []filter{
		{"d", "e.department", q.Departments},
		{"t", "e.theme", q.Themes},
		{"f", "e.format", q.Formats},
		{"s", "e.status", q.Statuses},
		{"k", "e.kind", q.Kinds},
	}
}

func (q *Query) where(sel *bun.SelectQuery) *bun.SelectQuery {
	for _, f := range q.filters() {
		if len(f.values) > 0 {
			sel = sel.Where("? IN (?)", bun.Safe(f.column), bun.List(f.values))
		}
	}
	return sel
}

// list pages through the entries without a text.
func (s *Store) list(ctx context.Context, q Query) (Page, error) {
	limit := pageSize(q.Limit)
	var rows []entryRow
	sel := q.where(s.db.Bun().NewSelect().Model(&rows))
	if q.Cursor != "" {
		at, seq, err := readCursor(q.Cursor)
		if err != nil {
			return Page{}, err
		}
		t := time.UnixMicro(at).UTC()
		sel = sel.Where("e.updated_at < ? OR (e.updated_at = ? AND e.seq < ?)", t, t, seq)
	}
	if err := sel.Order("e.updated_at DESC", "e.seq DESC").Limit(limit + 1).Scan(ctx); err != nil {
		return Page{}, fmt.Errorf("list the catalogue: %w", err)
	}
	page := Page{Entries: []Entry{}}
	if len(rows) > limit {
		rows = rows[:limit]
		last := rows[limit-1]
		page.Next = writeCursor(last.UpdatedAt.UnixMicro(), last.Seq)
	}
	for i := range rows {
		page.Entries = append(page.Entries, rows[i].entry())
	}
	var err error
	if page.Facets, err = s.countAll(ctx, q); err != nil {
		return Page{}, err
	}
	for _, c := range page.Facets.Kinds {
		page.Total += c.Count
	}
	return page, nil
}

// entries reads the entries of hits, in their order.
func (s *Store) entries(ctx context.Context, hits []hit) ([]Entry, error) {
	seqs := make([]int64, len(hits))
	for i, h := range hits {
		seqs[i] = h.seq
	}
	var rows []entryRow
	if err := s.db.Bun().NewSelect().Model(&rows).Where("e.seq IN (?)", bun.List(seqs)).Scan(ctx); err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	bySeq := make(map[int64]*entryRow, len(rows))
	for i := range rows {
		bySeq[rows[i].Seq] = &rows[i]
	}
	out := make([]Entry, 0, len(hits))
	for _, h := range hits {
		if r := bySeq[h.seq]; r != nil {
			out = append(out, r.entry())
		}
	}
	return out, nil
}

func writeCursor(a, b int64) string {
	return strconv.FormatInt(a, 36) + "." + strconv.FormatInt(b, 36)
}

func readCursor(c string) (a, b int64, err error) {
	x, y, _ := strings.Cut(c, ".")
	a, err = strconv.ParseInt(x, 36, 64)
	if err == nil {
		b, err = strconv.ParseInt(y, 36, 64)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("cursor %q: %w", c, fault.Invalid)
	}
	return a, b, nil
}
