package document

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"shuniu/collect/intake/tabular"
)

// An xmlKind is what came next in an XML text.
type xmlKind uint8

const (
	xmlStart xmlKind = iota
	xmlEnd
	xmlText
	xmlEnded
)

// An xmlAttr is an attribute; its name is without prefix and led by "@".
type xmlAttr struct{ name, value []byte }

// An xmlReader is a streaming tokenizer of XML 1.0. Namespace prefixes are
// dropped, comments and instructions passed over, entities are the five of
// XML and numbers: others stay as written and are counted. A text that
// declares entities is refused.
type xmlReader struct {
	window
	name    []byte // of the element that began
	attrs   []xmlAttr
	text    []byte
	arena   []byte // decoded attribute values
	pending bool   // an empty-element tag: its end comes next
	tags    []byte // open elements' full names, joined
	starts  []int
	rooted  bool // the root element has begun
	invalid int64
	unknown int64 // entities that are not known
}

var errEntities = errors.New("declares entities")

func newXMLReader(ctx context.Context, src *tabular.Source) *xmlReader {
	return &xmlReader{window: newWindow(ctx, src)}
}

// next gives the next start, end, or text; text comes in pieces around
// comments and CDATA.
func (r *xmlReader) next() (xmlKind, error) {
	if r.pending {
		r.pending = false
		return xmlEnd, nil
	}
	for {
		if r.pos == r.end && !r.grow() {
			if err := errors.Join(r.check(), r.failed); err != nil {
				return xmlEnded, err
			}
			if len(r.starts) > 0 || !r.rooted {
				return xmlEnded, r.bad("内容到这里突然结束")
			}
			return xmlEnded, nil
		}
		if r.buf[r.pos] != '<' {
			if given, err := r.plain(); given || err != nil {
				return xmlText, err
			}
			continue
		}
		switch {
		case r.has("<!--"):
			if err := r.pass(4, "-->"); err != nil {
				return 0, err
			}
		case r.has("<![CDATA["):
			n := r.find(9, "]]>")
			if n < 0 || len(r.starts) == 0 {
				return 0, r.bad("CDATA 段没有结束")
			}
			b := r.take(n + 3)
			r.text = r.valid(r.text[:0], b[9:n])
			return xmlText, nil
		case r.has("<?"):
			if err := r.pass(2, "?>"); err != nil {
				return 0, err
			}
		case r.has("<!"):
			if err := r.doctype(); err != nil {
				return 0, err
			}
		case r.has("</"):
			return xmlEnd, r.endTag()
		default:
			return xmlStart, r.startTag()
		}
	}
}

func (r *xmlReader) pass(from int, mark string) error {
	n := r.find(from, mark)
	if n < 0 {
		return r.bad("注释或指令没有结束")
	}
	r.take(n + len(mark))
	return nil
}

// plain takes text up to the next tag; given is false for blanks outside the
// root element.
func (r *xmlReader) plain() (given bool, err error) {
	n := r.find(0, "<")
	if n < 0 {
		if r.failed != nil {
			return false, r.failed
		}
		n = r.end - r.pos
	}
	b := r.take(n)
	if len(r.starts) == 0 {
		if len(bytes.TrimSpace(b)) > 0 {
			r.pos -= n
			return false, r.bad("根元素之外有文字")
		}
		return false, nil
	}
	r.text, err = r.decode(r.text[:0], b)
	return true, err
}

// doctype passes over a document type; one that declares entities is refused.
func (r *xmlReader) doctype() error {
	depth, i := 0, 2
	for quote := byte(0); ; i++ {
		if r.pos+i >= r.end && !r.grow() {
			return r.bad("DOCTYPE 没有结束")
		}
		c := r.buf[r.pos+i]
		switch {
		case i > 1<<20:
			return errEntities
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '[' || c == '<':
			depth++
		case c == ']':
			depth--
		case c == '>' && depth > 0:
			depth--
		case c == '>':
			b := r.take(i + 1)
			if bytes.Contains(b, []byte("<!ENTITY")) {
				return errEntities
			}
			return nil
		}
	}
}

func (r *xmlReader) endTag() error {
	n := r.find(2, ">")
	if n < 0 {
		return r.bad("结束标签不完整")
	}
	name := bytes.TrimSpace(r.buf[r.pos+2 : r.pos+n])
	if len(r.starts) == 0 {
		return r.bad(fmt.Sprintf("多了一个结束标签 </%s>", clip(name, 80)))
	}
	at := r.starts[len(r.starts)-1]
	if string(r.tags[at:]) != string(name) {
		return r.bad(fmt.Sprintf("结束标签 </%s> 与 <%s> 对不上", clip(name, 80), clip(r.tags[at:], 80)))
	}
	r.starts, r.tags = r.starts[:len(r.starts)-1], r.tags[:at]
	r.take(n + 1)
	return nil
}

// tagEnd gives the distance to the '>' that ends the tag, quotes heeded.
func (r *xmlReader) tagEnd() int {
	quote := byte(0)
	for i := 1; ; i++ {
		if r.pos+i >= r.end && !r.grow() {
			return -1
		}
		switch c := r.buf[r.pos+i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i
		case c == '<':
			return -1
		}
	}
}

func isXMLSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// nameEnd gives where a name in b ends.
func nameEnd(b []byte) int {
	i := 0
	for i < len(b) && !isXMLSpace(b[i]) && b[i] != '=' && b[i] != '/' {
		i++
	}
	return i
}

func local(name []byte) []byte {
	if i := bytes.LastIndexByte(name, ':'); i >= 0 && i+1 < len(name) {
		return name[i+1:]
	}
	return name
}

func (r *xmlReader) startTag() error {
	n := r.tagEnd()
	if n < 0 {
		return r.bad("标签不完整")
	}
	if len(r.starts) == 0 && r.rooted {
		return r.bad("文档已经结束，后面还有多余的内容")
	}
	b := r.buf[r.pos+1 : r.pos+n]
	empty := len(b) > 0 && b[len(b)-1] == '/'
	if empty {
		b = b[:len(b)-1]
	}
	i := nameEnd(b)
	if i == 0 || b[0] < utf8.RuneSelf && (b[0]|0x20 < 'a' || b[0]|0x20 > 'z') && b[0] != '_' && b[0] != ':' {
		return r.bad("此处的 < 不是标签")
	}
	full := b[:i]
	r.name = append(r.name[:0], local(full)...)
	if !utf8.Valid(r.name) {
		r.name = appendValid(nil, r.name)
	}
	if err := r.attributes(b[i:]); err != nil {
		return err
	}
	r.rooted = true
	if empty {
		r.pending = true
	} else {
		if len(r.starts) >= maxDepth {
			return errDepth
		}
		r.starts = append(r.starts, len(r.tags))
		r.tags = append(r.tags, full...)
	}
	r.take(n + 1)
	return nil
}

// attributes splits what follows a tag's name. Declarations of namespaces are
// left out.
func (r *xmlReader) attributes(b []byte) error {
	r.attrs, r.arena = r.attrs[:0], r.arena[:0]
	for {
		b = bytes.TrimLeft(b, " \t\r\n")
		if len(b) == 0 {
			return nil
		}
		i := nameEnd(b)
		name := b[:i]
		b = bytes.TrimLeft(b[i:], " \t\r\n")
		if i == 0 || len(b) < 2 || b[0] != '=' {
			return r.bad("属性写法不对")
		}
		b = bytes.TrimLeft(b[1:], " \t\r\n")
		if len(b) == 0 || b[0] != '"' && b[0] != '\'' {
			return r.bad("属性值没有引号")
		}
		end := bytes.IndexByte(b[1:], b[0])
		if end < 0 {
			return r.bad("属性值没有结束")
		}
		value := b[1 : 1+end]
		b = b[end+2:]
		if bytes.HasPrefix(name, []byte("xmlns")) && (len(name) == 5 || name[5] == ':') {
			continue
		}
		from := len(r.arena)
		r.arena = append(append(r.arena, '@'), local(name)...)
		mid := len(r.arena)
		var err error
		if r.arena, err = r.decode(r.arena, value); err != nil {
			return err
		}
		// an arena that moves leaves the earlier slices good where they lie
		r.attrs = append(r.attrs, xmlAttr{r.arena[from:mid:mid], r.arena[mid:]})
	}
}

// valid appends b, with what is no UTF-8 replaced.
func (r *xmlReader) valid(out, b []byte) []byte {
	if utf8.Valid(b) {
		return append(out, b...)
	}
	r.invalid++
	return appendValid(out, b)
}

// decode appends b with its entities resolved.
func (r *xmlReader) decode(out, b []byte) ([]byte, error) {
	for {
		i := bytes.IndexByte(b, '&')
		if i < 0 {
			return r.valid(out, b), nil
		}
		out = r.valid(out, b[:i])
		b = b[i:]
		end := bytes.IndexByte(b[:min(len(b), 40)], ';')
		if end < 0 {
			r.unknown++
			out = append(out, '&')
			b = b[1:]
			continue
		}
		if c, ok := entity(b[1:end]); ok {
			out = utf8.AppendRune(out, c)
			b = b[end+1:]
			continue
		}
		r.unknown++
		out = append(out, '&')
		b = b[1:]
	}
}

func entity(name []byte) (rune, bool) {
	switch string(name) {
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
	}
	if len(name) < 2 || name[0] != '#' {
		return 0, false
	}
	base, digits := 10, name[1:]
	if digits[0]|0x20 == 'x' {
		base, digits = 16, digits[1:]
	}
	u, err := strconv.ParseUint(string(digits), base, 32)
	if err != nil || u > utf8.MaxRune || u == 0 || u >= 0xD800 && u < 0xE000 {
		return 0, false
	}
	return rune(u), true
}

// skip passes over the element that just began.
func (r *xmlReader) skip() error {
	for depth := 1; depth > 0; {
		kind, err := r.next()
		if err != nil {
			return err
		}
		switch kind {
		case xmlStart:
			depth++
		case xmlEnd:
			depth--
		case xmlEnded:
			return r.bad("内容到这里突然结束")
		case xmlText:
		}
	}
	return nil
}
