package workbook

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
)

// errSyntax is returned for XML that cannot be followed.
var errSyntax = errors.New("damaged XML")

type tokenKind uint8

const (
	tokEnd tokenKind = iota // </name>
	tokStart
	tokText
)

// A scanner pulls elements and text out of XML without building anything. It
// knows no entities but the five of XML and character numbers, so nothing
// expands. What it returns is good until the next call.
type scanner struct {
	r        io.Reader
	buf      []byte
	pos, end int
	eof      bool

	kind  tokenKind
	name  []byte // local name
	attrs []byte // raw attributes of a start
	text  []byte // raw text; use value to unescape
	cdata bool
	empty bool // <name/>: an end follows of itself
	owed  bool
	depth int
}

// maxToken bounds one tag or one run of text.
const maxToken = 32 << 20

func newScanner(r io.Reader) *scanner {
	var head [4]byte
	n, _ := io.ReadFull(r, head[:])
	r = io.MultiReader(bytes.NewReader(head[:n:n]), r)
	if n >= 2 && (head[0] == 0xFF && head[1] == 0xFE || head[0] == 0xFE && head[1] == 0xFF || head[0] == '<' && head[1] == 0 || head[0] == 0 && head[1] == '<') {
		order := unicode.LittleEndian
		if head[0] == 0xFE || head[0] == 0 {
			order = unicode.BigEndian
		}
		r = unicode.UTF16(order, unicode.UseBOM).NewDecoder().Reader(r)
	}
	return &scanner{r: r, buf: make([]byte, 128<<10)}
}

// fill reads more behind pos, which keeps its bytes.
func (s *scanner) fill() error {
	if s.eof {
		return io.EOF
	}
	if s.pos > 0 {
		copy(s.buf, s.buf[s.pos:s.end])
		s.end -= s.pos
		s.pos = 0
	}
	if s.end == len(s.buf) {
		if len(s.buf) >= maxToken {
			return errTooLarge
		}
		s.buf = append(s.buf, make([]byte, len(s.buf))...)
	}
	for range 100 {
		n, err := s.r.Read(s.buf[s.end:])
		s.end += n
		if errors.Is(err, io.EOF) {
			s.eof = true
			if n == 0 {
				return io.EOF
			}
			return nil
		}
		if err != nil {
			return err
		}
		if n > 0 {
			return nil
		}
	}
	return io.ErrNoProgress
}

// until finds stop at or after pos+from; it returns its offset from pos.
func (s *scanner) until(from int, stop string) (int, error) {
	for {
		if s.pos+from <= s.end {
			var k int
			if len(stop) == 1 {
				k = bytes.IndexByte(s.buf[s.pos+from:s.end], stop[0])
			} else {
				k = bytes.Index(s.buf[s.pos+from:s.end], []byte(stop))
			}
			if k >= 0 {
				return from + k, nil
			}
			from = max(from, s.end-s.pos-len(stop)+1)
		}
		if err := s.fill(); err != nil {
			return 0, err
		}
	}
}

// next moves to the next token; io.EOF at the end.
func (s *scanner) next() error {
	if s.owed {
		s.owed = false
		s.kind = tokEnd
		s.depth--
		return nil
	}
	for {
		if s.pos >= s.end {
			if err := s.fill(); err != nil {
				return err
			}
			continue
		}
		if s.buf[s.pos] != '<' {
			n, err := s.until(0, "<")
			if errors.Is(err, io.EOF) {
				n = s.end - s.pos
			} else if err != nil {
				return err
			}
			s.kind, s.text, s.cdata = tokText, s.buf[s.pos:s.pos+n], false
			s.pos += n
			return nil
		}
		if s.end-s.pos < 9 {
			if err := s.fill(); err != nil && !errors.Is(err, io.EOF) {
				return err
			}
		}
		head := s.buf[s.pos:s.end]
		switch {
		case bytes.HasPrefix(head, []byte("<!--")):
			n, err := s.until(4, "-->")
			if err != nil {
				return broken(err)
			}
			s.pos += n + 3
			continue
		case bytes.HasPrefix(head, []byte("<![CDATA[")):
			n, err := s.until(9, "]]>")
			if err != nil {
				return broken(err)
			}
			s.kind, s.text, s.cdata = tokText, s.buf[s.pos+9:s.pos+n], true
			s.pos += n + 3
			return nil
		case bytes.HasPrefix(head, []byte("<?")):
			n, err := s.until(2, "?>")
			if err != nil {
				return broken(err)
			}
			s.pos += n + 2
			continue
		case bytes.HasPrefix(head, []byte("<!")):
			if err := s.declaration(); err != nil {
				return broken(err)
			}
			continue
		}
		n, err := s.tagEnd()
		if err != nil {
			return broken(err)
		}
		tag := s.buf[s.pos+1 : s.pos+n]
		s.pos += n + 1
		if len(tag) == 0 {
			return errSyntax
		}
		if tag[0] == '/' {
			s.kind, s.name = tokEnd, local(bytes.TrimSpace(tag[1:]))
			s.depth--
			return nil
		}
		s.empty = tag[len(tag)-1] == '/'
		if s.empty {
			tag = tag[:len(tag)-1]
			s.owed = true
		}
		k := 0
		for k < len(tag) && tag[k] > ' ' {
			k++
		}
		s.kind, s.name, s.attrs = tokStart, local(tag[:k]), tag[k:]
		s.depth++
		if s.depth > 256 {
			return errSyntax
		}
		return nil
	}
}

func broken(err error) error {
	if errors.Is(err, io.EOF) {
		return errSyntax
	}
	return err
}

// tagEnd finds the > that ends a tag, not one inside quotes.
func (s *scanner) tagEnd() (int, error) {
	from := 1
	for {
		n, err := s.until(from, ">")
		if err != nil {
			return 0, err
		}
		tag := s.buf[s.pos : s.pos+n]
		if bytes.Count(tag, []byte{'"'})%2 == 0 && (bytes.IndexByte(tag, '\'') < 0 || quotesEven(tag)) {
			return n, nil
		}
		from = n + 1
	}
}

func quotesEven(tag []byte) bool {
	var q byte
	for _, b := range tag {
		switch {
		case q == 0 && (b == '"' || b == '\''):
			q = b
		case b == q:
			q = 0
		}
	}
	return q == 0
}

// declaration skips <!DOCTYPE …> with its brackets; what it declares is not used.
func (s *scanner) declaration() error {
	from, open := 2, 0
	for {
		for s.pos+from >= s.end {
			if err := s.fill(); err != nil {
				return err
			}
		}
		switch s.buf[s.pos+from] {
		case '[':
			open++
		case ']':
			open--
		case '>':
			if open <= 0 {
				s.pos += from + 1
				return nil
			}
		}
		from++
	}
}

func local(name []byte) []byte {
	if k := bytes.IndexByte(name, ':'); k >= 0 {
		return name[k+1:]
	}
	return name
}

// skip passes over the rest of the element just started.
func (s *scanner) skip() error {
	depth := s.depth - 1
	for s.depth > depth {
		if err := s.next(); err != nil {
			return broken(err)
		}
	}
	return nil
}

// attr returns a raw attribute of the element just started by its local name.
func (s *scanner) attr(name string) []byte {
	v, _ := attrOf(s.attrs, name)
	return v
}

func (s *scanner) attrText(name string) string {
	return string(unescape(nil, s.attr(name)))
}

// attrOf finds name="value" among raw attributes; a prefix does not matter.
func attrOf(a []byte, name string) ([]byte, bool) {
	for {
		key, v, rest, ok := nextAttr(a)
		if !ok {
			return nil, false
		}
		if string(key) == name {
			return v, true
		}
		a = rest
	}
}

// nextAttr takes the first attribute off raw attributes: its local name, its
// raw value, and what follows.
func nextAttr(a []byte) (name, value, rest []byte, ok bool) {
	i := 0
	for i < len(a) && a[i] <= ' ' {
		i++
	}
	k := i
	for i < len(a) && a[i] != '=' && a[i] > ' ' {
		if a[i] == ':' {
			k = i + 1
		}
		i++
	}
	name = a[min(k, i):i]
	for i < len(a) && a[i] <= ' ' {
		i++
	}
	if i >= len(a) || a[i] != '=' {
		return nil, nil, nil, false
	}
	i++
	for i < len(a) && a[i] <= ' ' {
		i++
	}
	if i >= len(a) || a[i] != '"' && a[i] != '\'' {
		return nil, nil, nil, false
	}
	q := a[i]
	i++
	e := bytes.IndexByte(a[i:], q)
	if e < 0 {
		return nil, nil, nil, false
	}
	return name, a[i : i+e], a[i+e+1:], true
}

// value appends the current text, unescaped, to dst.
func (s *scanner) value(dst []byte) []byte {
	if s.cdata {
		return append(dst, s.text...)
	}
	return unescape(dst, s.text)
}

// unescape appends text with its character references resolved and line ends
// made \n, as XML says.
func unescape(dst, t []byte) []byte {
	if bytes.IndexByte(t, '&') < 0 && bytes.IndexByte(t, '\r') < 0 {
		return append(dst, t...)
	}
	for i := 0; i < len(t); i++ {
		switch t[i] {
		case '\r':
			if i+1 < len(t) && t[i+1] == '\n' {
				continue
			}
			dst = append(dst, '\n')
		case '&':
			e := bytes.IndexByte(t[i:min(len(t), i+12)], ';')
			if e < 0 {
				dst = append(dst, '&')
				continue
			}
			ref := string(t[i+1 : i+e])
			r, ok := reference(ref)
			if !ok {
				dst = append(dst, '&')
				continue
			}
			dst = utf8.AppendRune(dst, r)
			i += e
		default:
			dst = append(dst, t[i])
		}
	}
	return dst
}

func reference(ref string) (rune, bool) {
	switch ref {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	case "nbsp":
		return '\u00a0', true
	}
	if len(ref) < 2 || ref[0] != '#' {
		return 0, false
	}
	base, digits := 10, ref[1:]
	if digits[0] == 'x' || digits[0] == 'X' {
		base, digits = 16, digits[1:]
	}
	n, err := strconv.ParseInt(digits, base, 32)
	if err != nil || n <= 0 || n > utf8.MaxRune {
		return 0, false
	}
	return rune(n), true
}

// xstring resolves the _xHHHH_ escapes of Office strings, in place.
// Source: ECMA-376 part 1, 22.9.2.19 ST_Xstring.
func xstring(t []byte) []byte {
	if !bytes.Contains(t, []byte("_x")) {
		return t
	}
	out := t[:0]
	for i := 0; i < len(t); i++ {
		if t[i] == '_' && i+6 < len(t) && t[i+1] == 'x' && t[i+6] == '_' {
			if n, err := strconv.ParseUint(string(t[i+2:i+6]), 16, 16); err == nil && (n < 0xD800 || n > 0xDFFF) {
				var b [4]byte
				w := utf8.EncodeRune(b[:], rune(n))
				out = append(out, b[:w]...)
				i += 6
				continue
			}
		}
		out = append(out, t[i])
	}
	return out
}
