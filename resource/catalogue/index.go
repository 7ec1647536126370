package catalogue

import (
	"context"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/uptrace/bun"
)

// maxContent is how much of an object's text is indexed, in bytes.
const maxContent = 1 << 20

// A scope is the part of the index that a term is looked for in.
type scope int

const (
	inName    scope = iota // the name
	inSound                // the pinyin of the name
	inAny                  // name and everything said about the entry
	inContent              // the text of objects
)

// A condition of the index: every term in scope, in a department when Within
// is set, and every facet.
type condition struct {
	scope  scope
	terms  []term
	facets [][]string // each a choice of facet tokens
}

// index writes the search document of an entry inside tx.
func (s *Store) index(ctx context.Context, tx bun.Tx, seq int64, e *Entry, content string) error {
	var body strings.Builder
	for _, t := range []string{e.ID, e.Description, strings.Join(e.Tags, " "), e.Theme, e.Format, e.Words, string(e.Department), s.DepartmentName(ctx, tx, e.Department)} {
		body.WriteString(t)
		body.WriteByte('\n')
	}
	for _, f := range e.Fields {
		body.WriteString(f.Name + "\n" + f.Comment + "\n")
	}
	if len(content) > maxContent {
		content = strings.ToValidUTF8(content[:maxContent], "")
	}
	doc := [5][]string{Terms(e.Name), soundTerms(e.Name), Terms(body.String()), Terms(content), {
		facet("d", string(e.Department)), facet("t", e.Theme), facet("f", e.Format), facet("s", string(e.Status)), facet("k", string(e.Kind)),
	}}
	if s.db.Postgres() {
		return putPostgres(ctx, tx, seq, doc)
	}
	return putSQLite(ctx, tx, seq, doc)
}

// facet is the token of a facet's value: ASCII, whatever the value.
func facet(kind, value string) string {
	if len(value) > 40 {
		value = value[:40]
	}
	return kind + hex.EncodeToString([]byte(value))
}

// --- SQLite: FTS5, contentless; a document is one row of five columns

func putSQLite(ctx context.Context, tx bun.Tx, seq int64, doc [5][]string) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM catalogue_index WHERE rowid = ?", seq); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO catalogue_index (rowid, name, sound, body, content_text, facet) VALUES (?, ?, ?, ?, ?, ?)",
		seq, strings.Join(doc[0], " "), strings.Join(doc[1], " "), strings.Join(doc[2], " "), strings.Join(doc[3], " "), strings.Join(doc[4], " "))
	return err
}

// matchSQLite prints a condition in the language of FTS5.
func matchSQLite(c condition) string {
	column := map[scope]string{inName: "{name}", inSound: "{sound}", inAny: "{name body}", inContent: "{content_text}"}[c.scope]
	var parts []string
	for _, t := range c.terms {
		q := strconv.Quote(t.text) // terms hold letters and digits only
		if t.prefix {
			q += " *"
		}
		parts = append(parts, column+" : "+q)
	}
	for _, choice := range c.facets {
		alt := make([]string, len(choice))
		for i, f := range choice {
			alt[i] = "{facet} : " + strconv.Quote(f)
		}
		parts = append(parts, "("+strings.Join(alt, " OR ")+")")
	}
	return strings.Join(parts, " AND ")
}

// --- PostgreSQL: weights A name, B sound, C body, D facet; content apart

func putPostgres(ctx context.Context, tx bun.Tx, seq int64, doc [5][]string) error {
	var words strings.Builder
	for i, w := range map[int]string{0: ":1A ", 1: ":1B ", 2: ":1C ", 4: ":1D "} {
		for _, t := range doc[i] {
			words.WriteString("'" + t + "'" + w)
		}
	}
	var content strings.Builder
	for _, t := range doc[3] {
		content.WriteString("'" + t + "' ")
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO catalogue_index (seq, words, content) VALUES (?, ?::tsvector, ?::tsvector)
		ON CONFLICT (seq) DO UPDATE SET words = EXCLUDED.words, content = EXCLUDED.content`, seq, words.String(), content.String())
	return err
}

// matchPostgres prints the terms and the facets of a condition as two tsqueries.
func matchPostgres(c condition) (terms, facets string) {
	weight := map[scope]string{inName: "A", inSound: "B", inAny: "AC", inContent: ""}[c.scope]
	var parts []string
	for _, t := range c.terms {
		w := weight
		if t.prefix {
			w = "*" + w
		}
		if w != "" {
			w = ":" + w
		}
		parts = append(parts, "'"+t.text+"'"+w)
	}
	var also []string
	for _, choice := range c.facets {
		alt := make([]string, len(choice))
		for i, f := range choice {
			alt[i] = "'" + f + "':D"
		}
		also = append(also, "("+strings.Join(alt, " | ")+")")
	}
	return strings.Join(parts, " & "), strings.Join(also, " & ")
}

// find returns the newest entries that meet the condition, at most limit.
func (s *Store) find(ctx context.Context, c condition, limit int) ([]hit, error) {
	q := s.db.Bun().NewSelect().ColumnExpr(hitColumns)
	if s.db.Postgres() {
		terms, facets := matchPostgres(c)
		q = q.TableExpr("catalogue_index AS i").Join("JOIN catalogue_entry AS e ON e.seq = i.seq")
		switch {
		case c.scope == inContent:
			q = q.Where("i.content @@ ?::tsquery", terms)
			if facets != "" {
				q = q.Where("i.words @@ ?::tsquery", facets)
			}
		case facets != "":
			q = q.Where("i.words @@ ?::tsquery", terms+" & "+facets)
		default:
			q = q.Where("i.words @@ ?::tsquery", terms)
		}
		q = q.OrderExpr("i.seq DESC")
	} else {
		q = q.TableExpr("catalogue_index AS i").Join("JOIN catalogue_entry AS e ON e.seq = i.rowid").
			Where("catalogue_index MATCH ?", matchSQLite(c)).OrderExpr("i.rowid DESC")
	}
	return scanHits(ctx, q.Limit(limit))
}
