package document

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"shuniu/collect/intake/tabular"
)

// FindSQL finds the tables of a SQL dump (MySQL, MariaDB, PostgreSQL, SQLite,
// SQL Server, Oracle): the columns of CREATE TABLE with their declared types,
// the rows of INSERT … VALUES and of COPY … FROM stdin. The source is UTF-8.
//
// Numbers stay as written, strings are unescaped, NULL and DEFAULT are absent,
// expressions such as NOW() stay as text and are told in a question. A row
// that cannot be read is rejected with its line, and reading goes on with the
// next line. A table without rows is found with its columns. Column comments
// follow the name in Head.Raw, on a line of their own.
//
// The row number is the line on which the row begins when no two rows of the
// table share one, else it counts the rows from 1.
func FindSQL(ctx context.Context, src *tabular.Source, opt tabular.Options) ([]tabular.Found, error) {
	head := make([]byte, min(src.Size, sniffBytes))
	n, err := src.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read %s: %w", src.Name, err)
	}
	if len(bytes.TrimSpace(head[:n])) == 0 && int64(n) == src.Size {
		return nil, emptyFile()
	}
	d := &sqlDump{src: src, dialect: guessDialect(head[:n]), byName: map[string]*sqlTable{}}
	if err := d.scan(ctx); err != nil {
		return nil, sqlRefusal(err)
	}
	var out []tabular.Found
	for _, t := range d.tables {
		if len(t.heads) == 0 {
			continue
		}
		if len(t.heads) > maxColumns {
			return nil, tooLarge("请检查这个文件是否完整。", "SQL 里的表 %s 超过 %d 列。", t.name, maxColumns)
		}
		out = append(out, d.found(t))
	}
	if len(out) > 0 && d.strange > 0 {
		out[0].Questions = append(out[0].Questions, fmt.Sprintf("有 %d 处内容不像 SQL 语句，已跳过，第一处在第 %d 行，请核对。", d.strange, d.strangeAt))
	}
	return chosen(out, opt), nil
}

func sqlRefusal(err error) error {
	if errors.Is(err, errValue) {
		return tooLarge("请检查文件是否完整，或分成几个文件。", "SQL 里有一条语句或一个值超过 %s。", sizeText(cellBytes))
	}
	return err
}

// A sqlDump is one dump and the tables in it.
type sqlDump struct {
	src       *tabular.Source
	dialect   sqlDialect
	tables    []*sqlTable
	byName    map[string]*sqlTable
	strange   int64
	strangeAt int64
}

// A sqlTable is a table of a dump.
type sqlTable struct {
	name, title string
	line        int64
	declared    bool
	heads       []tabular.Head
	column      map[string]int // lower-case name
	rows        int64
	rejects     int64
	lastLine    int64
	byLine      bool // no two rows begin on one line
	exprs       int64
	expr        string
	expanded    []string // columns that only an INSERT names
	spans       []span
	raw         bool // backslashes were left as they stood
}

// A span is a run of statements that holds rows of one table.
type span struct{ from, to, line int64 }

const maxSpans = 1 << 20

func (d *sqlDump) table(schema, name string) *sqlTable {
	key := strings.ToLower(name)
	switch low := strings.ToLower(schema); low {
	case "", "public", "dbo", "main":
	default:
		if t := d.byName[key]; t != nil && d.byName[low+"."+key] == nil {
			d.byName[low+"."+key] = t // said with and without its schema
		}
		key = low + "." + key
	}
	t := d.byName[key]
	if t == nil {
		t = &sqlTable{name: name, column: map[string]int{}, byLine: true}
		d.byName[key] = t
		d.tables = append(d.tables, t)
	}
	return t
}

func (t *sqlTable) addColumn(h tabular.Head) int {
	key := strings.ToLower(h.Name)
	if i, ok := t.column[key]; ok {
		return i
	}
	t.column[key] = len(t.heads)
	t.heads = append(t.heads, h)
	return len(t.heads) - 1
}

// scan is the first pass: it learns the tables and where their rows stand.
func (d *sqlDump) scan(ctx context.Context) error {
	r := &sqlReader{window: newWindow(ctx, d.src), dialect: d.dialect, limit: cellBytes / 2}
	var last *sqlTable
	for {
		r.drop(r.blank(0))
		if _, ok := r.at(0); !ok {
			return errors.Join(ctx.Err(), r.failed)
		}
		switch c, _ := r.at(0); c {
		case ';': // what is left of a statement in a comment
			r.drop(1)
			continue
		case '\\', '/', '@': // a command of the client
			if n := r.find(1, "\n"); n >= 0 {
				r.drop(n + 1)
			} else {
				r.drop(r.end - r.pos)
			}
			continue
		}
		from, line := r.offset(), r.line
		t, err := d.statement(r)
		if err != nil {
			return err
		}
		if t == nil {
			if r.offset() == from {
				r.drop(1)
			}
			continue
		}
		switch n := len(t.spans); {
		case t == last:
			t.spans[n-1].to = r.offset()
		case n >= maxSpans:
			t.spans = []span{{t.spans[0].from, d.src.Size, t.spans[0].line}}
		default:
			t.spans = append(t.spans, span{from, r.offset(), line})
		}
		last = t
	}
}

// statement reads the statement at pos; it gives the table whose rows it held.
func (d *sqlDump) statement(r *sqlReader) (*sqlTable, error) {
	w, i := r.word(0)
	switch w {
	case "CREATE":
		d.create(r, i)
	case "COMMENT":
		d.comment(r, i)
	case "DELIMITER":
		n := r.find(i, "\n")
		if n < 0 {
			n = r.end - r.pos
		}
		r.delimiter = strings.TrimSpace(string(r.buf[r.pos+i : r.pos+n]))
		if r.delimiter == ";" || len(r.delimiter) > 16 {
			r.delimiter = ""
		}
		r.drop(n)
	case "INSERT", "REPLACE":
		into := d.insertHead(r, i)
		if into == nil {
			r.drop(r.statement(i))
			return nil, nil
		}
		t := into.table
		err := into.each(r, func(row *rowBuffer, values int, line int64) error {
			t.rows++
			t.byLine = t.byLine && line > t.lastLine
			t.lastLine = line
			for len(t.heads) < values && len(into.columns) == 0 && !t.declared {
				t.addColumn(tabular.Head{Name: fmt.Sprintf("column_%d", len(t.heads)+1)})
			}
			return nil
		}, func(tabular.Reject) error { t.rejects++; return nil })
		t.exprs += r.exprs
		if t.expr == "" {
			t.expr = r.expr
		}
		t.raw = t.raw || r.escapes && !d.dialect.backslash
		r.exprs, r.expr, r.escapes = 0, "", false
		return t, err
	case "COPY":
		c := d.copyHead(r, i)
		if c == nil {
			r.drop(r.statement(i))
			return nil, nil
		}
		t := c.table
		err := c.eachLine(r, func(_ *rowBuffer, _ int, line int64) error {
			t.rows++
			t.byLine = t.byLine && line > t.lastLine
			t.lastLine = line
			return nil
		}, func(tabular.Reject) error { t.rejects++; return nil })
		return t, err
	default:
		if !knownStatement[w] {
			if d.strange++; d.strange == 1 {
				d.strangeAt = r.line
			}
			if w == "" {
				i++
			}
		}
		if w == "GO" || w == "REM" || w == "PROMPT" || w == "" && d.strange > 0 {
			if n := r.find(i, "\n"); n >= 0 {
				r.drop(n + 1)
				return nil, nil
			}
		}
		r.drop(r.statement(i))
	}
	return nil, nil
}

var knownStatement = knownWords()

func knownWords() map[string]bool {
	known := map[string]bool{}
	for w := range strings.FieldsSeq(`ALTER ANALYZE ATTACH BEGIN CALL CHECKPOINT COMMIT CONNECT DECLARE DELETE DETACH DO DROP
		END EXEC EXECUTE EXIT EXPLAIN FLUSH GO GRANT IF KILL LOCK MERGE OPTIMIZE PRAGMA PRINT PROMPT REINDEX RELEASE REM RENAME
		RESET REVOKE ROLLBACK SAVEPOINT SELECT SET SHOW SPOOL START TRUNCATE UNLOCK UPDATE USE VACUUM WITH ALTER SECURITY
		REFRESH CLUSTER REASSIGN LISTEN NOTIFY SOURCE WHENEVER`) {
		known[w] = true
	}
	return known
}

func (d *sqlDump) found(t *sqlTable) tabular.Found {
	f := tabular.Found{
		Name: t.name, Format: "sql", Place: tabular.Place{Path: t.name}, Heads: t.heads,
		Confidence: 0.98, Area: tabular.Area{Path: t.name},
	}
	if len(t.spans) > 0 {
		f.Place.FirstLine, f.Place.LastLine = t.spans[0].line, t.lastLine
	}
	finalNames(f.Heads)
	place := fmt.Sprint(max(t.line, 1))
	if t.title != "" {
		f.Notes = append(f.Notes, tabular.Note{Kind: "title", Text: t.title, Place: place})
	}
	var comments []string
	for _, h := range t.heads {
		if _, c, ok := strings.Cut(h.Raw, "\n"); ok {
			comments = append(comments, h.Name+" "+c)
		}
	}
	if len(comments) > 0 {
		f.Notes = append(f.Notes, tabular.Note{Kind: "note", Text: "列说明：" + clip([]byte(strings.Join(comments, "；")), 8<<10), Place: place})
	}
	if t.exprs > 0 {
		f.Questions = append(f.Questions, fmt.Sprintf("有 %d 个值是函数或表达式（如 %s），没有计算，照原文保留。", t.exprs, t.expr))
	}
	if len(t.expanded) > 0 {
		f.Questions = append(f.Questions, "插入语句里有建表语句没有的列："+strings.Join(t.expanded, "、")+"。")
	}
	if t.raw {
		f.Questions = append(f.Questions, "文字里有反斜杠，看不出它是不是转义符，已照原样保留。")
	}
	notes := int64(len(f.Notes))
	f.Read = func(ctx context.Context, emit func(*tabular.Batch) error, reject func(tabular.Reject) error) (tabular.Tally, error) {
		return d.read(ctx, t, notes, emit, reject)
	}
	return f
}

// read is the second pass, over the spans of one table.
func (d *sqlDump) read(ctx context.Context, t *sqlTable, notes int64, emit func(*tabular.Batch) error, reject func(tabular.Reject) error) (tabular.Tally, error) {
	out := newBatcher(len(t.heads), emit)
	tally := tabular.Tally{Notes: notes}
	ordered := newRowBuffer(len(t.heads))
	turn := func(columns []int) func(*rowBuffer, int, int64) error {
		return func(row *rowBuffer, values int, line int64) error {
			if !t.byLine {
				line = out.rows + 1
			}
			cells := row.cells[:min(values, len(row.cells))]
			if columns != nil {
				clear(ordered.cells)
				for i, c := range columns {
					ordered.cells[c] = cells[i]
				}
				cells = ordered.cells
			}
			return out.add(line, cells, row.data)
		}
	}
	refuse := func(rej tabular.Reject) error {
		tally.Rejected++
		if reject == nil {
			return nil
		}
		return reject(rej)
	}
	r := &sqlReader{window: newWindow(ctx, d.src), dialect: d.dialect}
	for _, s := range t.spans {
		r.limit, r.size = cellBytes/2, s.to
		r.seek(s.from, s.line)
		for {
			r.drop(r.blank(0))
			if _, ok := r.at(0); !ok {
				break
			}
			var err error
			w, i := r.word(0)
			into, c := (*sqlInsert)(nil), (*sqlCopy)(nil)
			switch w {
			case "INSERT", "REPLACE":
				into = d.insertHead(r, i)
			case "COPY":
				c = d.copyHead(r, i)
			}
			switch {
			case into != nil && into.table == t:
				err = into.each(r, turn(into.columns), refuse)
			case c != nil && c.table == t:
				err = c.eachLine(r, turn(c.columns), refuse)
			default:
				r.drop(max(r.statement(i), 1))
			}
			if err != nil {
				return tally, sqlRefusal(err)
			}
		}
		if err := errors.Join(ctx.Err(), r.failed); err != nil {
			return tally, sqlRefusal(err)
		}
	}
	if err := out.flush(); err != nil {
		return tally, err
	}
	tally.Rows = out.rows
	tally.Physical = tally.Rows + tally.Rejected + tally.Notes
	return tally, nil
}
