package document

import (
	"context"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep a tree may nest.
const maxDepth = 512

// A syntaxError is where and why a text does not follow its grammar.
type syntaxError struct {
	offset int64 // byte, from 0
	line   int64 // from 1
	what   string
}

func (e *syntaxError) Error() string {
	return fmt.Sprintf("byte %d, line %d: %s", e.offset, e.line, e.what)
}

var (
	errDepth = errors.New("nested too deep")
	errValue = errors.New("value too large")
)

// A jsonReader is a streaming tokenizer of JSON (RFC 8259, strict) that holds
// one block and, at most, one value that crosses blocks.
type jsonReader struct {
	check    func() error // why to stop: the error of the context
	src      io.ReaderAt  // nil: buf is all there is
	size     int64
	off      int64 // offset in src of buf[end]
	buf      []byte
	pos, end int
	line     int64 // of pos, from 1
	depth    int
	scratch  []byte
	invalid  int64 // strings that were no valid UTF-8
	strange  int64 // NaN and Infinity
	failed   error // of src
}

const blockBytes = 256 << 10

func newJSONReader(ctx context.Context, src io.ReaderAt, size int64) *jsonReader {
	r := &jsonReader{check: ctx.Err, src: src, size: size, buf: make([]byte, blockBytes), line: 1}
	if r.fill() && r.end >= 3 && string(r.buf[:3]) == "\xEF\xBB\xBF" {
		r.pos = 3
	}
	return r
}

// over makes r read the bytes of one line.
func (r *jsonReader) over(line []byte, number int64) {
	r.buf, r.pos, r.end, r.line, r.depth = line, 0, len(line), number, 0
	r.off = int64(len(line))
}

// fill reads the next block; it is called with nothing left in buf.
func (r *jsonReader) fill() bool {
	if r.src == nil || r.off >= r.size || r.check() != nil {
		return false
	}
	n, err := r.src.ReadAt(r.buf[:min(int64(len(r.buf)), r.size-r.off)], r.off)
	if err != nil && !errors.Is(err, io.EOF) {
		r.failed = fmt.Errorf("read at byte %d: %w", r.off, err)
		return false
	}
	if n <= 0 {
		return false
	}
	r.off += int64(n)
	r.pos, r.end = 0, n
	return true
}

// offset is the byte of pos in the source.
func (r *jsonReader) offset() int64 { return r.off - int64(r.end-r.pos) }

func (r *jsonReader) bad(what string) error {
	if err := errors.Join(r.check(), r.failed); err != nil {
		return err
	}
	return &syntaxError{r.offset(), r.line, what}
}

func (r *jsonReader) ended() error {
	if err := errors.Join(r.check(), r.failed); err != nil {
		return err
	}
	return &syntaxError{r.offset(), r.line, "内容到这里突然结束"}
}

// next skips blanks and gives the next byte without taking it; ok is false at
// the end.
func (r *jsonReader) next() (c byte, ok bool) {
	for {
		for r.pos < r.end {
			c := r.buf[r.pos]
			switch c {
			case ' ', '\t', '\r':
				r.pos++
			case '\n':
				r.line++
				r.pos++
			default:
				return c, true
			}
		}
		if !r.fill() {
			return 0, false
		}
	}
}

// open takes a bracket.
func (r *jsonReader) open() error {
	r.pos++
	r.depth++
	if r.depth > maxDepth {
		return errDepth
	}
	return nil
}

// more is called after open and after each member with first true and false;
// it takes the comma and tells whether another member follows, else it takes
// the closing bracket.
func (r *jsonReader) more(closing byte, first bool) (bool, error) {
	c, ok := r.next()
	if !ok {
		return false, r.ended()
	}
	if c == closing {
		r.pos++
		r.depth--
		return false, nil
	}
	if first {
		return true, nil
	}
	if c != ',' {
		return false, r.bad("此处应是逗号或右括号")
	}
	r.pos++
	if c, ok = r.next(); !ok {
		return false, r.ended()
	}
	if c == closing {
		return false, r.bad("最后一项后面多了一个逗号")
	}
	return true, nil
}

// key takes a member's name and colon. The bytes are good until the next call.
func (r *jsonReader) key() ([]byte, error) {
	c, ok := r.next()
	if !ok {
		return nil, r.ended()
	}
	if c != '"' {
		return nil, r.bad("字段名应写在双引号里")
	}
	k, err := r.str()
	if err != nil {
		return nil, err
	}
	// the colon may lie in the next block, which overwrites k
	if r.pos >= r.end || r.buf[r.pos] != ':' {
		r.scratch = append(r.scratch[:0], k...)
		k = r.scratch
		c, ok = r.next()
		if !ok {
			return nil, r.ended()
		}
		if c != ':' {
			return nil, r.bad("字段名后应是冒号")
		}
	}
	r.pos++
	return k, nil
}

// str takes a string whose opening quote is next and gives it unescaped. The
// bytes are good until the next call.
func (r *jsonReader) str() ([]byte, error) {
	r.pos++
	start := r.pos
	high := false
	buf := r.buf[:r.end]
	for i := start; i < len(buf); i++ {
		c := buf[i]
		if c == '"' {
			r.pos = i + 1
			v := buf[start:i]
			if high && !utf8.Valid(v) {
				r.invalid++
				r.scratch = appendValid(r.scratch[:0], v)
				v = r.scratch
			}
			return v, nil
		}
		if c == '\\' {
			break
		}
		if c < 0x20 {
			r.pos = i
			return nil, r.bad("字符串里有未转义的控制字符")
		}
		high = high || c >= utf8.RuneSelf
	}
	return r.longStr()
}

// longStr is str for strings with escapes or across blocks.
func (r *jsonReader) longStr() ([]byte, error) {
	out := r.scratch[:0]
	for {
		start := r.pos
		i := start
		for i < r.end && r.buf[i] != '"' && r.buf[i] != '\\' && r.buf[i] >= 0x20 {
			i++
		}
		out = append(out, r.buf[start:i]...)
		r.pos = i
		if len(out) > cellBytes {
			return nil, errValue
		}
		if i == r.end {
			if !r.fill() {
				return nil, r.ended()
			}
			continue
		}
		switch c := r.buf[i]; {
		case c == '"':
			r.pos++
			if !utf8.Valid(out) {
				r.invalid++
				out = appendValid(nil, out)
			}
			r.scratch = out
			return out, nil
		case c != '\\':
			return nil, r.bad("字符串里有未转义的控制字符")
		}
		r.pos++
		var err error
		if out, err = r.escape(out); err != nil {
			return nil, err
		}
	}
}

// take gives the next byte inside a token.
func (r *jsonReader) take() (byte, bool) {
	if r.pos >= r.end && !r.fill() {
		return 0, false
	}
	c := r.buf[r.pos]
	r.pos++
	return c, true
}

// escape reads what follows a backslash. Half a surrogate pair stays as the
// six characters it was written with, so that nothing is lost.
func (r *jsonReader) escape(out []byte) ([]byte, error) {
	c, ok := r.take()
	if !ok {
		return nil, r.ended()
	}
	switch c {
	case '"', '\\', '/':
		return append(out, c), nil
	case 'b':
		return append(out, '\b'), nil
	case 'f':
		return append(out, '\f'), nil
	case 'n':
		return append(out, '\n'), nil
	case 'r':
		return append(out, '\r'), nil
	case 't':
		return append(out, '\t'), nil
	case 'u':
	default:
		return nil, r.bad("反斜杠后的字符不对")
	}
	u, err := r.hex4()
	if err != nil {
		return nil, err
	}
	for utf16.IsSurrogate(u) {
		if u >= 0xDC00 || !r.pair() {
			return appendHex(out, u), nil
		}
		low, err := r.hex4()
		if err != nil {
			return nil, err
		}
		if full := utf16.DecodeRune(u, low); full != utf8.RuneError {
			return utf8.AppendRune(out, full), nil
		}
		out = appendHex(out, u)
		u = low
	}
	return utf8.AppendRune(out, u), nil
}

// pair takes \u when it comes next.
func (r *jsonReader) pair() bool {
	if r.end-r.pos < 2 && r.src != nil && r.off < r.size {
		// join the rest of this block with the next one
		rest := append([]byte(nil), r.buf[r.pos:r.end]...)
		n, err := r.src.ReadAt(r.buf[len(rest):min(int64(len(r.buf)), int64(len(rest))+r.size-r.off)], r.off)
		if n > 0 && (err == nil || errors.Is(err, io.EOF)) {
			copy(r.buf, rest)
			r.off += int64(n)
			r.pos, r.end = 0, len(rest)+n
		}
	}
	if r.end-r.pos >= 2 && r.buf[r.pos] == '\\' && r.buf[r.pos+1] == 'u' {
		r.pos += 2
		return true
	}
	return false
}

func (r *jsonReader) hex4() (rune, error) {
	var u rune
	for range 4 {
		c, ok := r.take()
		if !ok {
			return 0, r.ended()
		}
		switch {
		case c >= '0' && c <= '9':
			u = u<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			u = u<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, r.bad("\\u 后应是四位十六进制数")
		}
	}
	return u, nil
}

func appendHex(out []byte, u rune) []byte { return fmt.Appendf(out, `\u%04x`, u) }

func appendValid(out, v []byte) []byte {
	for len(v) > 0 {
		c, n := utf8.DecodeRune(v)
		out = utf8.AppendRune(out, c)
		v = v[n:]
	}
	return out
}

// A jsonKind is what a scalar is.
type jsonKind uint8

const (
	jsonString jsonKind = iota
	jsonNumber
	jsonBool
	jsonNull
)

// scalar takes a string, number, true, false or null; its text as written,
// strings unescaped. The bytes are good until the next call.
func (r *jsonReader) scalar() (jsonKind, []byte, error) {
	c, ok := r.next()
	if !ok {
		return 0, nil, r.ended()
	}
	switch {
	case c == '"':
		v, err := r.str()
		return jsonString, v, err
	case c == '-' || c >= '0' && c <= '9':
		v, err := r.number()
		return jsonNumber, v, err
	case c == 't' || c == 'f' || c == 'n' || c == 'N' || c == 'I':
		w := r.word()
		switch string(w) {
		case "true", "false":
			return jsonBool, w, nil
		case "null":
			return jsonNull, nil, nil
		case "NaN", "Infinity": // no JSON, but what Python writes
			r.strange++
			return jsonNumber, w, nil
		}
	}
	return 0, nil, r.bad("此处应是一个值")
}

// word takes letters and digits.
func (r *jsonReader) word() []byte {
	return r.run(func(c byte) bool {
		return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_'
	})
}

// run takes bytes while they fit.
func (r *jsonReader) run(fits func(byte) bool) []byte {
	start := r.pos
	for r.pos < r.end && fits(r.buf[r.pos]) {
		r.pos++
	}
	if r.pos < r.end || r.src == nil || r.off >= r.size {
		return r.buf[start:r.pos]
	}
	out := append(r.scratch[:0], r.buf[start:r.pos]...)
	for r.fill() {
		for r.pos < r.end && fits(r.buf[r.pos]) {
			out = append(out, r.buf[r.pos])
			r.pos++
		}
		if r.pos < r.end || len(out) > 1<<20 {
			break
		}
	}
	r.scratch = out
	return out
}

func (r *jsonReader) number() ([]byte, error) {
	i := r.pos
	for i < r.end && numberBytes[r.buf[i]] {
		i++
	}
	v := r.buf[r.pos:i]
	if i < r.end {
		r.pos = i
	} else {
		v = r.run(func(c byte) bool { return numberBytes[c] })
	}
	if string(v) == "-" && r.pos < r.end && r.buf[r.pos] == 'I' {
		if w := r.word(); string(w) == "Infinity" {
			r.strange++
			return []byte("-Infinity"), nil
		}
	}
	if !isJSONNumber(v) {
		return nil, r.bad("数字写法不对")
	}
	return v, nil
}

// numberBytes are the bytes of numbers.
var numberBytes = [256]bool{
	'0': true, '1': true, '2': true, '3': true, '4': true, '5': true, '6': true, '7': true, '8': true, '9': true,
	'.': true, '-': true, '+': true, 'e': true, 'E': true,
}

// isJSONNumber reports whether v is a number of RFC 8259.
func isJSONNumber(v []byte) bool {
	i := 0
	digits := func() bool {
		from := i
		for i < len(v) && v[i] >= '0' && v[i] <= '9' {
			i++
		}
		return i > from
	}
	if i < len(v) && v[i] == '-' {
		i++
	}
	if i < len(v) && v[i] == '0' {
		i++
	} else if !digits() {
		return false
	}
	if i < len(v) && v[i] == '.' {
		i++
		if !digits() {
			return false
		}
	}
	if i < len(v) && v[i]|0x20 == 'e' {
		i++
		if i < len(v) && (v[i] == '+' || v[i] == '-') {
			i++
		}
		if !digits() {
			return false
		}
	}
	return i == len(v)
}

// skip takes a value of any kind and checks its grammar.
func (r *jsonReader) skip() error {
	_, err := r.copyValue(nil, false)
	return err
}

// raw appends a value of any kind to out, without the blanks between tokens.
func (r *jsonReader) raw(out []byte) ([]byte, error) { return r.copyValue(out, true) }

func (r *jsonReader) copyValue(out []byte, keep bool) ([]byte, error) {
	c, ok := r.next()
	if !ok {
		return out, r.ended()
	}
	if len(out) > cellBytes {
		return out, errValue
	}
	if c != '{' && c != '[' {
		if keep {
			return r.copyScalar(out, c)
		}
		_, _, err := r.scalar()
		return out, err
	}
	if err := r.open(); err != nil {
		return out, err
	}
	if keep {
		out = append(out, c)
	}
	closing := c + 2 // ']' and '}' stand two after their openers in ASCII
	for first := true; ; first = false {
		more, err := r.more(closing, first)
		if err != nil {
			return out, err
		}
		if !more {
			break
		}
		if keep && !first {
			out = append(out, ',')
		}
		if c == '{' {
			k, err := r.key()
			if err != nil {
				return out, err
			}
			if keep {
				out = append(appendQuoted(out, k), ':')
			}
		}
		if out, err = r.copyValue(out, keep); err != nil {
			return out, err
		}
	}
	if keep {
		out = append(out, closing)
	}
	return out, nil
}

func (r *jsonReader) copyScalar(out []byte, c byte) ([]byte, error) {
	kind, v, err := r.scalar()
	switch {
	case err != nil:
		return out, err
	case c == '"':
		return appendQuoted(out, v), nil
	case kind == jsonNull:
		return append(out, "null"...), nil
	}
	return append(out, v...), nil
}

// appendQuoted writes a JSON string with the fewest escapes.
func appendQuoted(out, v []byte) []byte {
	out = append(out, '"')
	for _, c := range v {
		switch {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c == '\n':
			out = append(out, '\\', 'n')
		case c == '\r':
			out = append(out, '\\', 'r')
		case c == '\t':
			out = append(out, '\\', 't')
		case c < 0x20:
			out = fmt.Appendf(out, `\u%04x`, c)
		default:
			out = append(out, c)
		}
	}
	return append(out, '"')
}
