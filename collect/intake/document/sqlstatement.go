package document

import (
	"bytes"
	"fmt"
	"strings"

	"shuniu/collect/intake/tabular"
	"shuniu/resource"
)

// A sqlInsert is the head of an INSERT, taken up to its first row.
type sqlInsert struct {
	table   *sqlTable
	columns []int // of the named columns, in the table
	line    int64
	broken  bool // no VALUES: the statement is rejected as a whole
}

// insertHead reads up to VALUES; pos then stands behind it. Nil when it is no
// INSERT into a table.
func (d *sqlDump) insertHead(r *sqlReader, i int) *sqlInsert {
	line := r.line
	for range 6 { // IGNORE, INTO, TABLE, OR REPLACE …
		j := r.blank(i)
		w, k := r.word(j)
		switch w {
		case "INTO", "IGNORE", "DELAYED", "LOW_PRIORITY", "HIGH_PRIORITY", "OR", "REPLACE", "ABORT", "ROLLBACK", "FAIL", "TABLE", "OVERWRITE":
			i = k
			continue
		}
		break
	}
	i = r.blank(i)
	schema, name, end := r.name(i)
	if name == "" {
		return nil
	}
	t := d.table(schema, name)
	in := &sqlInsert{table: t, line: line}
	if t.line == 0 {
		t.line = line
	}
	i = r.blank(end)
	if c, _ := r.at(i); c == '(' {
		if i = d.insertColumns(r, i, in); i < 0 {
			in.broken = true
			return in
		}
		i = r.blank(i)
	}
	for range 3 { // OVERRIDING SYSTEM VALUE
		w, j := r.word(i)
		switch w {
		case "VALUES", "VALUE":
			if w == "VALUES" || len(in.columns) > 0 {
				r.drop(j)
				return in
			}
		case "OVERRIDING", "SYSTEM", "USER":
			i = r.blank(j)
			continue
		}
		break
	}
	in.broken = true
	return in
}

// insertColumns reads "(a, b)" at pos+i and gives its end, -1 when it is no
// list of names.
func (d *sqlDump) insertColumns(r *sqlReader, i int, in *sqlInsert) int {
	seen := map[int]bool{}
	for {
		i = r.blank(i + 1)
		_, name, end := r.name(i)
		if name == "" || end == i || len(in.columns) > maxColumns {
			in.columns = nil
			return -1
		}
		t := in.table
		before := len(t.heads)
		c := t.addColumn(tabular.Head{Name: name, Raw: name})
		if len(t.heads) > before && t.declared {
			t.expanded = append(t.expanded, name)
		}
		if seen[c] {
			in.columns = nil
			return -1
		}
		seen[c] = true
		in.columns = append(in.columns, c)
		i = r.blank(end)
		switch c, _ := r.at(i); c {
		case ')':
			return i + 1
		case ',':
		default:
			in.columns = nil
			return -1
		}
	}
}

// each hands every row of the statement to see, and what cannot be read to
// reject; pos then stands behind the statement.
func (in *sqlInsert) each(r *sqlReader, see func(row *rowBuffer, values int, line int64) error, reject func(tabular.Reject) error) error {
	if in.broken {
		n := r.statement(0)
		text := bytes.Clone(r.buf[r.pos : r.pos+min(n, r.end-r.pos)])
		r.drop(n)
		return reject(tabular.Reject{Line: in.line, Reason: "只能读 INSERT … VALUES 写法的插入语句", Text: clip(text, rejectText), Raw: text})
	}
	row := &rowBuffer{}
	for {
		if err := r.check(); err != nil {
			return err
		}
		r.drop(r.blank(0))
		c, ok := r.at(0)
		switch {
		case !ok:
			return r.failed
		case c == ',':
			r.drop(1)
			continue
		case c != '(':
			return in.finish(r)
		}
		line := r.line
		row.cells, row.data = row.cells[:0], row.data[:0]
		exprs, expr := r.exprs, r.expr
		end, values, err := r.tuple(0, row)
		want := len(in.columns)
		if want == 0 && in.table.declared {
			want = len(in.table.heads)
		}
		why := ""
		switch {
		case r.failed != nil:
			return r.failed
		case err != nil:
			why = "这一行的值读不下去（引号、括号或逗号不配对）"
		case want > 0 && values != want:
			why = fmt.Sprintf("这一行有 %d 个值，表有 %d 列", values, want)
		case values > maxColumns:
			why = "这一行的值过多"
		}
		if why == "" {
			if err := see(row, values, line); err != nil {
				return err
			}
			r.drop(end)
			continue
		}
		r.exprs, r.expr = exprs, expr
		if err := in.skipRow(r, end, err != nil, line, why, reject); err != nil {
			return err
		}
	}
}

// skipRow rejects the row at pos. One that could be read to its end is passed;
// else reading goes on with the next line.
func (in *sqlInsert) skipRow(r *sqlReader, end int, broken bool, line int64, why string, reject func(tabular.Reject) error) error {
	if broken {
		// what is unreadable is looked through ever less far
		r.faults++
		floor := 64 << 10
		switch {
		case r.faults > 10_000:
			floor = 128
		case r.faults > 1000:
			floor = 1 << 10
		}
		r.limit = max(r.limit/4, floor)
		if end = r.find(0, "\n") + 1; end == 0 {
			end = r.end - r.pos
		}
	}
	text := bytes.Clone(r.take(min(end, r.end-r.pos)))
	return reject(tabular.Reject{Line: line, Reason: why, Text: clip(bytes.TrimSpace(text), rejectText), Raw: text})
}

// finish passes what follows the rows: the semicolon, ON DUPLICATE KEY …, or
// nothing when the next statement begins.
func (in *sqlInsert) finish(r *sqlReader) error {
	if w, _ := r.word(0); opensStatement[w] && w != "REPLACE" && w != "BEGIN" || w == "SET" {
		return nil
	}
	r.drop(max(r.statement(0), 1))
	return nil
}

// A sqlCopy is the head of COPY … FROM stdin.
type sqlCopy struct {
	table   *sqlTable
	columns []int
}

func (d *sqlDump) copyHead(r *sqlReader, i int) *sqlCopy {
	i = r.blank(i)
	schema, name, end := r.name(i)
	if name == "" {
		return nil
	}
	line := r.line
	in := &sqlInsert{table: d.table(schema, name)}
	if in.table.line == 0 {
		in.table.line = line
	}
	i = r.blank(end)
	if c, _ := r.at(i); c == '(' {
		if i = d.insertColumns(r, i, in); i < 0 {
			return nil
		}
	}
	w, j := r.word(r.blank(i))
	if w != "FROM" {
		return nil
	}
	if w, j = r.word(r.blank(j)); w != "STDIN" {
		return nil
	}
	n := r.find(j, "\n")
	if n < 0 {
		return nil
	}
	if options := strings.TrimSpace(strings.ToUpper(string(r.buf[r.pos+j : r.pos+n]))); strings.Contains(options, "CSV") || strings.Contains(options, "BINARY") {
		return nil
	}
	r.drop(n + 1)
	return &sqlCopy{in.table, in.columns}
}

// eachLine reads the lines up to "\.".
func (c *sqlCopy) eachLine(r *sqlReader, see func(row *rowBuffer, values int, line int64) error, reject func(tabular.Reject) error) error {
	want := len(c.columns)
	if want == 0 {
		want = len(c.table.heads)
	}
	row := &rowBuffer{}
	for {
		if err := r.check(); err != nil {
			return err
		}
		n := r.find(0, "\n")
		if n < 0 {
			if r.failed != nil {
				return r.failed
			}
			if n = r.end - r.pos; n == 0 {
				return nil
			}
		}
		number := r.line
		line := bytes.TrimSuffix(r.take(min(n+1, r.end-r.pos)), []byte("\n"))
		line = bytes.TrimSuffix(line, []byte("\r"))
		if string(line) == `\.` {
			return nil
		}
		row.cells, row.data = row.cells[:0], row.data[:0]
		values := 0
		for field := range bytes.SplitSeq(line, []byte("\t")) {
			row.cells = append(row.cells, cell{})
			from := len(row.data)
			if string(field) != `\N` {
				row.data = appendCopy(row.data, field)
				row.cells[values] = cell{from, len(row.data), true}
			}
			if values++; values > maxColumns {
				break
			}
		}
		if want == 0 && !c.table.declared {
			for len(c.table.heads) < values {
				c.table.addColumn(tabular.Head{Name: fmt.Sprintf("column_%d", len(c.table.heads)+1)})
			}
			want = values
		}
		if values != want {
			why := fmt.Sprintf("这一行有 %d 个值，表有 %d 列", values, want)
			if err := reject(tabular.Reject{Line: number, Reason: why, Text: clip(line, rejectText), Raw: bytes.Clone(line)}); err != nil {
				return err
			}
			continue
		}
		if err := see(row, values, number); err != nil {
			return err
		}
	}
}

// appendCopy undoes the escapes of COPY's text format.
// Source: PostgreSQL manual, COPY, "Text Format".
func appendCopy(out, v []byte) []byte {
	for i := 0; i < len(v); i++ {
		if v[i] != '\\' || i+1 == len(v) {
			out = append(out, v[i])
			continue
		}
		i++
		switch c := v[i]; {
		case c == 'b':
			out = append(out, '\b')
		case c == 'f':
			out = append(out, '\f')
		case c == 'n':
			out = append(out, '\n')
		case c == 'r':
			out = append(out, '\r')
		case c == 't':
			out = append(out, '\t')
		case c == 'v':
			out = append(out, '\v')
		case c >= '0' && c <= '7':
			u := 0
			for k := 0; k < 3 && i < len(v) && v[i] >= '0' && v[i] <= '7'; k++ {
				u = u<<3 | int(v[i]-'0')
				i++
			}
			i--
			out = append(out, byte(u))
		default:
			out = append(out, c)
		}
	}
	return out
}

// create reads CREATE TABLE; other things created are passed.
func (d *sqlDump) create(r *sqlReader, i int) {
	line := r.line
	n := r.statement(i)
	defer func() { r.drop(max(n, 1)) }()
	isTable := false
	for range 6 {
		w, j := r.word(r.blank(i))
		i = j
		if isTable = w == "TABLE"; isTable || w == "" {
			break
		}
	}
	if !isTable {
		return
	}
	for range 3 {
		if w, j := r.word(r.blank(i)); w == "IF" || w == "NOT" || w == "EXISTS" {
			i = j
		}
	}
	schema, name, end := r.name(r.blank(i))
	i = r.blank(end)
	if c, _ := r.at(i); c != '(' || name == "" {
		return
	}
	body, tail := splitBody(r, i, n)
	t := d.table(schema, name)
	t.line, t.declared = line, true
	for _, def := range body {
		t.define(def)
	}
	for i, w := range tail {
		if strings.EqualFold(w, "COMMENT") {
			for _, v := range tail[i+1:] {
				if v == "=" {
					continue
				}
				if text, ok := unquote(v); ok {
					t.title = text
				}
				break
			}
		}
	}
}

// splitBody cuts the bracket at pos+i into definitions of tokens, and what
// follows it into tokens.
func splitBody(r *sqlReader, i, n int) (body [][]string, tail []string) {
	var def []string
	depth := 0
	for i < n {
		i = r.blank(i)
		c, ok := r.at(i)
		if !ok || i >= n {
			break
		}
		end := i + 1
		switch {
		case c == '\'' || c == '"' || c == '`' || c == '[':
			if c == '\'' {
				if j, err := r.str(i, r.dialect.backslash, nil); err == nil {
					end = j
				}
			} else if _, j := r.part(i); j > i {
				end = j
			}
		case isWordByte(c):
			for end < n {
				if c, ok := r.at(end); !ok || !isWordByte(c) && c != '.' {
					break
				}
				end++
			}
		}
		token := string(r.buf[r.pos+i : r.pos+min(end, r.end-r.pos)])
		i = end
		switch {
		case token == "(":
			if depth++; depth == 1 {
				continue
			}
		case token == ")":
			depth--
			if depth == 0 {
				body = append(body, def)
				def = nil
				continue
			}
		case token == "," && depth == 1:
			body = append(body, def)
			def = nil
			continue
		}
		if depth <= 0 {
			if token != ";" {
				tail = append(tail, token)
			}
		} else {
			def = append(def, token)
		}
	}
	if len(def) > 0 {
		body = append(body, def)
	}
	return body, tail
}

// unquote gives the text of a quoted token.
func unquote(token string) (string, bool) {
	if len(token) < 2 {
		return token, false
	}
	q := token[0]
	closing := q
	if q == '[' {
		closing = ']'
	}
	if q != '\'' && q != '"' && q != '`' && q != '[' || token[len(token)-1] != closing {
		return token, false
	}
	in := token[1 : len(token)-1]
	if q != '[' {
		in = strings.ReplaceAll(in, string(q)+string(q), string(q))
	}
	if q == '\'' {
		in = strings.NewReplacer(`\'`, `'`, `\\`, `\`, `\"`, `"`, `\n`, "\n", `\r`, "\r").Replace(in)
	}
	return in, true
}

// define takes one definition of CREATE TABLE: a column, or a constraint.
func (t *sqlTable) define(def []string) {
	if len(def) < 1 {
		return
	}
	name, quoted := unquote(def[0])
	if !quoted {
		switch strings.ToUpper(def[0]) {
		case "PRIMARY", "KEY", "INDEX", "UNIQUE", "CONSTRAINT", "FOREIGN", "CHECK", "FULLTEXT", "SPATIAL", "EXCLUDE", "LIKE", "PERIOD":
			return
		}
	}
	h := tabular.Head{Name: name, Raw: name}
	if len(def) > 1 {
		h.Type = sqlType(def[1:])
	}
	for i := 1; i+1 < len(def); i++ {
		if strings.EqualFold(def[i], "COMMENT") {
			if text, ok := unquote(def[i+1]); ok && strings.TrimSpace(text) != "" {
				h.Raw += "\n" + text
			}
		}
	}
	t.addColumn(h)
}

// sqlType is what a declared type holds; text when it is not known.
func sqlType(def []string) resource.Type {
	word, _ := unquote(def[0])
	switch w := strings.ToLower(strings.TrimPrefix(strings.ToLower(word), "pg_catalog.")); w {
	case "tinyint", "smallint", "mediumint", "int", "integer", "bigint", "int2", "int4", "int8", "serial", "bigserial", "smallserial", "year":
		return resource.Integer
	case "decimal", "numeric", "number", "float", "double", "real", "money", "smallmoney", "float4", "float8", "dec", "fixed":
		if w == "number" && len(def) > 1 && def[1] == "(" && len(def) > 3 && def[3] == ")" {
			return resource.Integer
		}
		return resource.Decimal
	case "bool", "boolean":
		return resource.Boolean
	case "date":
		return resource.Date
	case "time":
		return resource.Time
	case "datetime", "timestamp", "timestamptz", "datetime2", "smalldatetime":
		return resource.Timestamp
	}
	return resource.Text
}

// comment reads COMMENT ON TABLE and COMMENT ON COLUMN.
func (d *sqlDump) comment(r *sqlReader, i int) {
	n := r.statement(i)
	defer func() { r.drop(max(n, 1)) }()
	w, j := r.word(r.blank(i))
	if w != "ON" {
		return
	}
	what, j := r.word(r.blank(j))
	schema, name, end := r.name(r.blank(j))
	is, j := r.word(r.blank(end))
	if is != "IS" {
		return
	}
	j = r.blank(j)
	if c, _ := r.at(j); c != '\'' {
		return
	}
	var text []byte
	if _, err := r.str(j, r.dialect.backslash, &text); err != nil || len(bytes.TrimSpace(text)) == 0 {
		return
	}
	switch what {
	case "TABLE":
		if t := d.known(schema, name); t != nil {
			t.title = clip(text, sampleBytes)
		}
	case "COLUMN":
		at := strings.LastIndexByte(schema, '.')
		t := d.known(schema[:max(at, 0)], schema[at+1:])
		if t == nil {
			return
		}
		if c, ok := t.column[strings.ToLower(name)]; ok && !strings.Contains(t.heads[c].Raw, "\n") {
			t.heads[c].Raw += "\n" + clip(text, sampleBytes)
		}
	}
}

// known gives a table that was seen before, or nil.
func (d *sqlDump) known(schema, name string) *sqlTable {
	if t := d.byName[strings.ToLower(schema+"."+name)]; t != nil {
		return t
	}
	return d.byName[strings.ToLower(name)]
}
