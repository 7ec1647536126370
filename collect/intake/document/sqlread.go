package document

import (
	"bytes"
	"errors"
	"strings"
)

// A sqlDialect is what the dump's maker does differently from the standard.
type sqlDialect struct {
	backslash bool // a backslash in a string escapes
	hash      bool // # begins a comment
}

// guessDialect looks at the dump's beginning.
func guessDialect(head []byte) sqlDialect {
	low := bytes.ToLower(head)
	has := func(marks ...string) bool {
		for _, m := range marks {
			if bytes.Contains(low, []byte(m)) {
				return true
			}
		}
		return false
	}
	switch {
	case has("engine=", "engine =", "mysql dump", "mariadb", "auto_increment", "lock tables", "insert into `", "create table `", "navicat mysql"):
		return sqlDialect{backslash: true, hash: true}
	case has("postgresql database dump", "standard_conforming_strings", "::regclass", "from stdin", "pragma ", "[dbo]", "varchar2", "nvarchar"):
		return sqlDialect{}
	}
	// undeclared: a backslash before a quote that does not end the value
	for i := 0; i+2 < len(head); i++ {
		if head[i] == '\\' && head[i+1] == '\'' {
			after := bytes.TrimLeft(head[i+2:min(len(head), i+12)], " \t\r\n")
			if len(after) > 0 && after[0] != ',' && after[0] != ')' {
				return sqlDialect{backslash: true}
			}
		}
	}
	return sqlDialect{}
}

var (
	errTuple   = errors.New("unreadable")
	errTextEnd = errors.New("ended")
)

// A sqlReader walks through the statements of a dump.
type sqlReader struct {
	window
	dialect   sqlDialect
	delimiter string // a client's DELIMITER, "" for the semicolon
	limit     int    // bytes of a string; shrinks when much is unreadable
	exprs     int64  // values that are expressions
	expr      string // the first of them
	faults    int
	escapes   bool // strings with a backslash were seen
}

// blank passes blanks and comments at pos+i and gives the new i.
func (r *sqlReader) blank(i int) int {
	for {
		c, ok := r.at(i)
		if !ok {
			return i
		}
		next, _ := r.at(i + 1)
		switch {
		case c <= ' ':
			i++
		case c == '-' && next == '-', c == '#' && r.dialect.hash:
			n := r.find(i, "\n")
			if n < 0 {
				return r.end - r.pos
			}
			i = n + 1
		case c == '/' && next == '*':
			n := r.find(i+2, "*/")
			if n < 0 {
				return r.end - r.pos
			}
			i = n + 2
		default:
			return i
		}
	}
}

// drop moves on by i bytes.
func (r *sqlReader) drop(i int) { r.take(min(i, r.end-r.pos)) }

func isWordByte(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == '$' || c >= 0x80
}

// word gives the upper-case word at pos+i and where it ends; "" when there is
// none.
func (r *sqlReader) word(i int) (string, int) {
	from := i
	for {
		c, ok := r.at(i)
		if !ok || !isWordByte(c) || i-from > 128 {
			break
		}
		i++
	}
	return strings.ToUpper(string(r.buf[r.pos+from : r.pos+i])), i
}

// name gives the identifier at pos+i, without quotes, its schema (joined with
// ".") and where it ends.
func (r *sqlReader) name(i int) (schema, name string, end int) {
	for {
		part, j := r.part(i)
		if j == i {
			return schema, name, i
		}
		name = part
		k := r.blank(j)
		if c, _ := r.at(k); c != '.' {
			return schema, name, j
		}
		if schema != "" {
			schema += "."
		}
		schema += part
		i = r.blank(k + 1)
	}
}

func (r *sqlReader) part(i int) (string, int) {
	c, _ := r.at(i)
	closing := c
	switch c {
	case '[':
		closing = ']'
	case '`', '"', '\'':
	default:
		from := i
		for {
			c, ok := r.at(i)
			if !ok || !isWordByte(c) && c != '@' || i-from > 512 {
				break
			}
			i++
		}
		return string(r.buf[r.pos+from : r.pos+i]), i
	}
	var out []byte
	for j := i + 1; j-i < 1024; j++ {
		c, ok := r.at(j)
		if !ok || c == '\n' {
			return "", i
		}
		if c != closing {
			out = append(out, c)
			continue
		}
		if next, _ := r.at(j + 1); next != closing || c == ']' {
			return string(out), j + 1
		}
		out = append(out, c)
		j++
	}
	return "", i
}

// str reads the string whose quote stands at pos+i and gives its end; when out
// is not nil, the value without quotes and escapes is appended to it.
func (r *sqlReader) str(i int, backslash bool, out *[]byte) (int, error) {
	quote, _ := r.at(i)
	start := i
	for i++; ; i++ {
		plain := r.buf[min(r.pos+i, r.end):r.end]
		n := 0
		for n < len(plain) && plain[n] != quote && plain[n] != '\\' {
			n++
		}
		if i += n; out != nil {
			*out = append(*out, plain[:n]...)
		}
		c, ok := r.at(i)
		switch {
		case !ok:
			return start, errTextEnd
		case i-start > r.limit:
			return start, errTuple
		case c == quote:
			if next, _ := r.at(i + 1); next != quote {
				return i + 1, nil
			}
			i++
		case c == '\\':
			r.escapes = true
			if backslash {
				i++
				if c, ok = r.at(i); !ok {
					return start, errTextEnd
				}
				if c == '%' || c == '_' { // stay as they are outside of patterns
					add(out, '\\')
				}
				c = unescapeSQL(c)
			}
		}
		add(out, c)
	}
}

func add(out *[]byte, c byte) {
	if out != nil {
		*out = append(*out, c)
	}
}

func unescapeSQL(c byte) byte {
	switch c {
	case '0':
		return 0
	case 'b':
		return '\b'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'Z':
		return 0x1A
	}
	return c
}

// statement gives the distance to the end of the statement that goes on at
// pos+i, behind its semicolon or delimiter. It also ends at a line that begins
// a new statement, because some dumps write no semicolons.
func (r *sqlReader) statement(i int) int {
	depth := 0
	for {
		c, ok := r.at(i)
		if !ok {
			return i
		}
		if r.delimiter != "" {
			n := r.find(i, r.delimiter)
			if n < 0 {
				return r.end - r.pos
			}
			return n + len(r.delimiter)
		}
		switch c {
		case ';':
			return i + 1
		case '\'', '"', '`':
			j, err := r.str(i, c != '`' && r.dialect.backslash, nil)
			if err != nil { // a quote without partner: take it as a character
				j = i + 1
			}
			i = j
			continue
		case '$':
			i = r.dollar(i)
			continue
		case '(':
			depth++
		case ')':
			depth--
		case '-', '/', '#':
			if j := r.blank(i); j > i {
				i = j
				continue
			}
		case '\n':
			if depth <= 0 {
				j := r.blank(i)
				if w, _ := r.word(j); opensStatement[w] {
					return j
				}
				i = max(j, i+1)
				continue
			}
		}
		if i > cellBytes-2 {
			return i
		}
		i++
	}
}

var opensStatement = map[string]bool{
	"INSERT": true, "REPLACE": true, "GO": true, "COPY": true, "CREATE": true, "DELIMITER": true, "USE": true, "BEGIN": true, "COMMIT": true,
}

// dollar passes a $tag$ … $tag$ string of PostgreSQL.
func (r *sqlReader) dollar(i int) int {
	for j := i + 1; j-i < 64; j++ {
		c, ok := r.at(j)
		if !ok || c != '$' && !isWordByte(c) {
			return i + 1
		}
		if c == '$' {
			tag := string(r.buf[r.pos+i : r.pos+j+1])
			if n := r.find(j+1, tag); n >= 0 {
				return n + len(tag)
			}
			return i + 1
		}
	}
	return i + 1
}

// tuple reads the "(…)" at pos+i and gives its end. The row gets the values in
// order; a value too many is an error.
func (r *sqlReader) tuple(i int, row *rowBuffer) (end, values int, err error) {
	for i++; ; i++ {
		i = r.blank(i)
		if values >= len(row.cells) {
			row.cells = append(row.cells, cell{})
		}
		if i, err = r.value(i, row, values); err != nil {
			return i, values, err
		}
		values++
		i = r.blank(i)
		c, ok := r.at(i)
		switch {
		case !ok:
			return i, values, errTextEnd
		case c == ')':
			return i + 1, values, nil
		case c != ',':
			return i, values, errTuple
		}
	}
}

// value reads one literal or expression into cell n.
func (r *sqlReader) value(i int, row *rowBuffer, n int) (int, error) {
	from := len(row.data)
	j, known, err := r.literal(i, &row.data)
	if err != nil {
		return i, err
	}
	k := r.blank(j)
	c, ok := r.at(k)
	if known && ok && (c == ',' || c == ')') {
		row.cells[n] = cell{from, len(row.data), true}
		return j, nil
	}
	if known && ok && c == ':' { // 'x'::type
		if next, _ := r.at(k + 1); next == ':' {
			_, _, end := r.name(r.blank(k + 2))
			if c, _ := r.at(r.blank(end)); c == ',' || c == ')' {
				row.cells[n] = cell{from, len(row.data), true}
				return end, nil
			}
		}
	}
	row.data = row.data[:from]
	return r.expression(i, row, n)
}

// literal reads a string, with or without an introducer such as N or E, or a
// number or word; known is false for anything else.
func (r *sqlReader) literal(i int, out *[]byte) (end int, known bool, err error) {
	c, ok := r.at(i)
	if !ok {
		return i, false, errTextEnd
	}
	if c == '\'' || c == '"' {
		end, err = r.str(i, r.dialect.backslash, out)
		return end, true, err
	}
	for end = i; ; end++ {
		c, ok := r.at(end)
		if !ok {
			return i, false, errTextEnd
		}
		if !isWordByte(c) && c != '.' && c != '+' && c != '-' {
			break
		}
		if end-i > 4096 && end-i > r.limit {
			return i, false, errTuple
		}
	}
	k := r.blank(end)
	c, _ = r.at(k)
	text := r.buf[r.pos+i : r.pos+end] // only now: looking ahead moves the buffer
	if c == '\'' && len(text) > 0 {
		intro := strings.ToUpper(string(text))
		switch {
		case intro == "N", intro == "DATE", intro == "TIMESTAMP", intro == "TIME", intro == "E", strings.HasPrefix(intro, "_"), intro == "B":
			end, err = r.str(k, r.dialect.backslash || intro == "E", out)
			return end, true, err
		case intro == "X" && k == end:
			*out = append(*out, "0x"...)
			end, err = r.str(k, false, out)
			return end, true, err
		}
		return end, false, nil
	}
	if len(text) == 0 {
		return end, false, nil
	}
	*out = append(*out, r.buf[r.pos+i:r.pos+end]...)
	return end, isSQLNumber(r.buf[r.pos+i:r.pos+end]) || isSQLBool(r.buf[r.pos+i:r.pos+end]), nil
}

func isSQLBool(v []byte) bool {
	return bytes.EqualFold(v, []byte("true")) || bytes.EqualFold(v, []byte("false"))
}

// isSQLNumber reports whether v is a number or a hexadecimal literal.
func isSQLNumber(v []byte) bool {
	if len(v) > 2 && v[0] == '0' && v[1]|0x20 == 'x' {
		return len(bytes.Trim(v[2:], "0123456789abcdefABCDEF")) == 0
	}
	digits, exponent := 0, false
	for i, c := range v {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case (c == '-' || c == '+') && (i == 0 || v[i-1]|0x20 == 'e'):
		case c == '.' && !exponent:
		case c|0x20 == 'e' && digits > 0 && !exponent:
			exponent = true
		default:
			return false
		}
	}
	return digits > 0
}

// expression takes what stands up to the next comma or bracket of the tuple as
// it is; NULL and DEFAULT are absent, a date or cast gives its string.
func (r *sqlReader) expression(i int, row *rowBuffer, n int) (int, error) {
	start, depth := i, 0
	for {
		c, ok := r.at(i)
		if !ok {
			return start, errTextEnd
		}
		if i-start > r.limit {
			return start, errTuple
		}
		switch {
		case c == '\'' || c == '"' || c == '`':
			j, err := r.str(i, r.dialect.backslash, nil)
			if err != nil {
				return start, err
			}
			i = j
			continue
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth == 0 && (c == ',' || c == ')'):
			return i, r.keepExpression(start, i, row, n)
		case c == ';' && depth == 0:
			return start, errTuple
		}
		i++
	}
}

func (r *sqlReader) keepExpression(start, end int, row *rowBuffer, n int) error {
	text := bytes.TrimSpace(r.buf[r.pos+start : r.pos+end])
	switch upper := strings.ToUpper(string(text[:min(len(text), 24)])); {
	case len(text) == 0 || depthless(text):
		return errTuple
	case upper == "NULL":
		return nil
	case strings.HasPrefix(upper, "TO_DATE("), strings.HasPrefix(upper, "TO_TIMESTAMP("), strings.HasPrefix(upper, "CAST("), strings.HasPrefix(upper, "STR_TO_DATE("):
		open := bytes.IndexByte(text, '(') + 1
		inner := &rowBuffer{cells: make([]cell, 1)}
		sub := &sqlReader{dialect: r.dialect, limit: r.limit}
		sub.buf = append(bytes.Clone(text[open:]), ',')
		sub.end, sub.check = len(sub.buf), r.check
		at := sub.blank(0)
		if _, known, err := sub.literal(at, &inner.data); err == nil && known {
			row.set(n, inner.data)
			return nil
		}
	}
	if r.exprs == 0 {
		r.expr = clip(text, 60)
	}
	r.exprs++
	row.set(n, text)
	return nil
}

// depthless reports text that cannot be an expression: a bare word run
// together with strings, as a lost quote leaves it.
func depthless(text []byte) bool {
	return !bytes.ContainsAny(text, "(+*/|:@") && bytes.ContainsAny(text, "'\"") ||
		bytes.IndexByte(text, '\n') >= 0 && !bytes.ContainsAny(text, "(")
}
