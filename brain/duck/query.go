package duck

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	bindings "github.com/duckdb/duckdb-go-bindings"

	"shuniu/brain"
	"shuniu/fault"
	"shuniu/resource"
	"shuniu/worker"
)

// Methods of the worker.
const (
	methodReferences = "duck.references"
	methodQuery      = "duck.query"
	methodRewrite    = "duck.rewrite"
)

// Kinds of message of methodQuery: the columns once, rows as often as there
// are, then the end.
const (
	kindColumns = "columns"
	kindRows    = "rows"
	kindEnd     = "end"
)

// Handlers are what the engine needs in the worker.
func Handlers() map[string]worker.Handler {
	d := &desk{}
	return map[string]worker.Handler{
		methodReferences: d.references,
		methodQuery:      d.query,
		methodRewrite:    d.rewrite,
	}
}

// A desk is what one worker keeps between jobs, which come one at a time.
// Opening a session costs more than a small query does.
type desk struct {
	parser *session      // looks at statements; nothing is run or kept in it
	next   chan *session // the session of the next query, being opened; nil: none
}

// prepare begins to open the session of the query that follows.
func (d *desk) prepare(c worker.Call) {
	if d.next != nil {
		return
	}
	next, l := make(chan *session, 1), limitsOf(c)
	d.next = next
	go func() {
		s, err := openSession(l)
		if err != nil {
			s = nil // the query opens its own and says why not
		}
		next <- s
	}()
}

// open is a fresh session, prepared when there is one.
func (d *desk) open(c worker.Call) (*session, error) {
	if d.next != nil {
		s := <-d.next
		d.next = nil
		if s != nil {
			return s, nil
		}
	}
	return openSession(limitsOf(c))
}

type queryNote struct {
	SQL    string           `json:"sql"`
	Limit  int64            `json:"limit"`
	Tables []tableNote      `json:"tables"`
	Fields []resource.Field `json:"fields,omitempty"` // of a rewrite
}

type endNote struct {
	Truncated bool `json:"truncated"`
}

// limitsOf are the limits of a job.
func limitsOf(c worker.Call) limits {
	return limits{MemoryBytes: c.MemoryBytes() / 2, Temp: c.Temp()}
}

func (d *desk) references(_ context.Context, c worker.Call) error {
	var note queryNote
	if err := c.Params(&note); err != nil {
		return err
	}
	if d.parser == nil {
		s, err := openSession(limitsOf(c))
		if err != nil {
			return err
		}
		if err := s.lock(c.Temp()); err != nil {
			s.close()
			return err
		}
		d.parser = s
	}
	d.prepare(c)
	tables, err := d.parser.gate(note.SQL)
	if err != nil {
		return err
	}
	b, err := json.Marshal(tables)
	if err != nil {
		return err
	}
	return c.Send(kindEnd, b)
}

func (d *desk) query(_ context.Context, c worker.Call) error {
	var note queryNote
	if err := c.Params(&note); err != nil {
		return err
	}
	s, err := d.open(c)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.define(note.Tables, c.In()); err != nil {
		return err
	}
	if err := s.lock(c.In(), c.Temp()); err != nil {
		return err
	}
	// The hub asked for the references and took decisions on them; that the
	// statement reads no other table is checked again where it runs.
	tables, err := s.gate(note.SQL)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if !planned(note.Tables, t) {
			return fmt.Errorf("the statement reads %s, which was not planned: %w", t, fault.Denied)
		}
	}
	return s.run(note.SQL, note.Limit, c)
}

func planned(tables []tableNote, t resource.Table) bool {
	for _, n := range tables {
		if n.Station == t.Station && n.Dataset == t.Dataset {
			return true
		}
	}
	return false
}

// run streams the result of sql to the hub.
func (s *session) run(sql string, limit int64, c worker.Call) error {
	p, err := s.prepare(sql)
	if err != nil {
		return err
	}
	defer func() {
		if p != nil {
			p.close()
		}
	}()
	names, types, err := p.columns()
	if err != nil {
		return err
	}
	columns, plain := make([]brain.Column, len(names)), true
	for i, t := range types {
		columns[i] = brain.Column{Name: names[i], Type: t.known()}
		plain = plain && t.cast("") == ""
	}
	if !plain || limit > 0 {
		text := wrap(sql, types, limit)
		if _, err := s.gate(text); err != nil {
			return err
		}
		p.close()
		if p, err = s.prepare(text); err != nil {
			return err
		}
		if _, types, err = p.columns(); err != nil {
			return err
		}
	}
	head, err := json.Marshal(columns)
	if err != nil {
		return err
	}
	if err := c.Send(kindColumns, head); err != nil {
		return err
	}
	end := endNote{}
	left := limit
	var buf []byte
	err = p.stream(func(chunk bindings.DataChunk, rows int) error {
		take := rows
		if limit > 0 && int64(rows) > left {
			take, end.Truncated = int(left), true
		}
		left -= int64(take)
		if take > 0 {
			buf = encode(buf[:0], chunk, types, rows, take)
			if err := c.Send(kindRows, buf); err != nil {
				return err
			}
		}
		if end.Truncated {
			return errStop
		}
		return nil
	})
	if err != nil && !errors.Is(err, errStop) {
		return err
	}
	tail, err := json.Marshal(end)
	if err != nil {
		return err
	}
	return c.Send(kindEnd, tail)
}

// wrap selects from sql what the row format can carry. The order of the rows
// is that of sql.
func wrap(sql string, types []sqlColumn, limit int64) string {
	names, exprs := make([]string, len(types)), make([]string, len(types))
	for i, t := range types {
		names[i] = fmt.Sprintf("c%d", i)
		exprs[i] = names[i]
		if e := t.cast(names[i]); e != "" {
			exprs[i] = e
		}
	}
	out := fmt.Sprintf("SELECT %s FROM (%s\n) AS q(%s)", strings.Join(exprs, ", "), trimEnd(sql), strings.Join(names, ", "))
	if limit > 0 {
		out += fmt.Sprintf(" LIMIT %d", limit+1)
	}
	return out
}

// trimEnd drops what may follow a statement: blanks, comments, semicolons. It
// goes through the text once, past quotes, so that it cuts no literal.
func trimEnd(sql string) string {
	end := 0 // of the last thing that counts
	for i := 0; i < len(sql); {
		rest := sql[i:]
		switch {
		case strings.HasPrefix(rest, "--"):
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				return sql[:end]
			}
			i += n
		case strings.HasPrefix(rest, "/*"):
			i += commentEnd(rest)
		case rest[0] == '\'' || rest[0] == '"':
			n := strings.IndexByte(rest[1:], rest[0])
			if n < 0 {
				return sql
			}
			i += n + 2
			end = i
		case rest[0] == '$':
			i += dollarEnd(rest)
			end = i
		case strings.ContainsRune(" \t\r\n\f\v;", rune(rest[0])):
			i++
		default:
			i++
			end = i
		}
	}
	return sql[:end]
}

// commentEnd is the length of a block comment; they nest.
func commentEnd(s string) int {
	depth, i := 0, 0
	for i < len(s) {
		switch {
		case strings.HasPrefix(s[i:], "/*"):
			depth++
			i += 2
		case strings.HasPrefix(s[i:], "*/"):
			depth--
			i += 2
			if depth == 0 {
				return i
			}
		default:
			i++
		}
	}
	return i
}

// dollarEnd is the length of a $tag$…$tag$ literal, or 1 for a lone dollar.
func dollarEnd(s string) int {
	n := strings.IndexByte(s[1:], '$')
	if n < 0 || strings.ContainsAny(s[1:1+n], " \t\r\n'\"()+-*/,;") {
		return 1
	}
	tag := s[:n+2]
	end := strings.Index(s[len(tag):], tag)
	if end < 0 {
		return len(s)
	}
	return end + 2*len(tag)
}

// rewrite writes the result of a statement of the hub's own as a Parquet file.
func (d *desk) rewrite(_ context.Context, c worker.Call) error {
	var note queryNote
	if err := c.Params(&note); err != nil {
		return err
	}
	s, err := d.open(c)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.define(note.Tables, c.In()); err != nil {
		return err
	}
	if err := s.lock(c.In(), c.Out(), c.Temp()); err != nil {
		return err
	}
	exprs := make([]string, len(note.Fields))
	for i, f := range note.Fields {
		typ, err := sqlType(f)
		if err != nil {
			return err
		}
		exprs[i] = fmt.Sprintf("CAST(%s AS %s) AS %s", quote(f.Name), typ, quote(f.Name))
	}
	if err := checkNames(note.Fields); err != nil {
		return err
	}
	path := filepath.Join(c.Out(), rewritten)
	rows, err := s.count(fmt.Sprintf("COPY (SELECT %s FROM (%s) AS q) TO %s %s",
		strings.Join(exprs, ", "), note.SQL, literal(path), copyOptions(note.Fields)))
	if err != nil {
		return err
	}
	if rows == 0 {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	b, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	return c.Send(kindEnd, b)
}

// rewritten names the file of a rewrite.
const rewritten = "rewritten.parquet"
