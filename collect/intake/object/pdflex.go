package object

import (
	"bytes"
	"strconv"
)

const maxPDFDepth = 64

// A pdfLexer reads values of PDF syntax, forgivingly.
// Source: ISO 32000-1:2008, 7.2 and 7.3.
type pdfLexer struct {
	b  []byte
	at int
}

func pdfBlank(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func pdfDelimiter(c byte) bool {
	return bytes.IndexByte([]byte("()<>[]{}/%"), c) >= 0
}

func (l *pdfLexer) blanks() {
	for l.at < len(l.b) {
		switch c := l.b[l.at]; {
		case pdfBlank(c):
			l.at++
		case c == '%':
			for l.at < len(l.b) && l.b[l.at] != '\n' && l.b[l.at] != '\r' {
				l.at++
			}
		default:
			return
		}
	}
}

// value reads the next value; a word that is none (an operator, "endobj", a
// closing bracket) comes as pdfWord, the end as nil.
func (l *pdfLexer) value(depth int) any {
	l.blanks()
	if l.at >= len(l.b) || depth > maxPDFDepth {
		l.at = len(l.b)
		return nil
	}
	switch c := l.b[l.at]; {
	case c == '/':
		l.at++
		return l.name()
	case c == '(':
		return l.literal()
	case c == '<' && l.at+1 < len(l.b) && l.b[l.at+1] == '<':
		l.at += 2
		return l.dictionary(depth)
	case c == '<':
		return l.hexString()
	case c == '[':
		l.at++
		return l.list(depth)
	case c == '>' && l.at+1 < len(l.b) && l.b[l.at+1] == '>':
		l.at += 2
		return pdfWord(">>")
	case pdfDelimiter(c):
		l.at++
		return pdfWord(string(c))
	}
	from := l.at
	for l.at < len(l.b) && !pdfBlank(l.b[l.at]) && !pdfDelimiter(l.b[l.at]) {
		l.at++
	}
	word := string(l.b[from:min(l.at, from+64)])
	switch word {
	case "true":
		return true
	case "false":
		return false
	case "null":
		return nil
	}
	f, err := strconv.ParseFloat(word, 64)
	if err != nil || word[0] != '-' && word[0] != '+' && word[0] != '.' && (word[0] < '0' || word[0] > '9') {
		return pdfWord(word)
	}
	if r, ok := l.reference(f); ok {
		return r
	}
	return f
}

// reference looks whether "G R" follows a number.
func (l *pdfLexer) reference(f float64) (pdfRef, bool) {
	if f < 0 || f > 1e8 || f != float64(int(f)) {
		return 0, false
	}
	i := l.at
	skip := func() {
		for i < len(l.b) && pdfBlank(l.b[i]) {
			i++
		}
	}
	skip()
	from := i
	for i < len(l.b) && l.b[i] >= '0' && l.b[i] <= '9' && i-from < 6 {
		i++
	}
	if i == from || i == l.at {
		return 0, false
	}
	skip()
	if i >= len(l.b) || l.b[i] != 'R' || i+1 < len(l.b) && !pdfBlank(l.b[i+1]) && !pdfDelimiter(l.b[i+1]) {
		return 0, false
	}
	l.at = i + 1
	return pdfRef(int(f)), true
}

func (l *pdfLexer) name() pdfName {
	var out []byte
	for l.at < len(l.b) && !pdfBlank(l.b[l.at]) && !pdfDelimiter(l.b[l.at]) {
		c := l.b[l.at]
		if c == '#' && l.at+2 < len(l.b) {
			if v, err := strconv.ParseUint(string(l.b[l.at+1:l.at+3]), 16, 8); err == nil {
				c = byte(v)
				l.at += 2
			}
		}
		out = append(out, c)
		l.at++
	}
	return pdfName(out)
}

func (l *pdfLexer) literal() string {
	var out []byte
	depth := 0
	for ; l.at < len(l.b); l.at++ {
		c := l.b[l.at]
		switch c {
		case '(':
			if depth++; depth == 1 {
				continue
			}
		case ')':
			if depth--; depth == 0 {
				l.at++
				return string(out)
			}
		case '\\':
			l.at++
			if l.at >= len(l.b) {
				return string(out)
			}
			switch e := l.b[l.at]; {
			case e == 'n':
				c = '\n'
			case e == 'r':
				c = '\r'
			case e == 't':
				c = '\t'
			case e == 'b':
				c = '\b'
			case e == 'f':
				c = '\f'
			case e >= '0' && e <= '7':
				v := 0
				for k := 0; k < 3 && l.at < len(l.b) && l.b[l.at] >= '0' && l.b[l.at] <= '7'; k++ {
					v = v<<3 | int(l.b[l.at]-'0')
					l.at++
				}
				l.at--
				c = byte(v)
			case e == '\r':
				if l.at+1 < len(l.b) && l.b[l.at+1] == '\n' {
					l.at++
				}
				continue
			case e == '\n':
				continue
			default:
				c = e
			}
		}
		out = append(out, c)
	}
	return string(out)
}

func (l *pdfLexer) hexString() string {
	l.at++
	var out []byte
	high, half := byte(0), false
	for ; l.at < len(l.b); l.at++ {
		c := l.b[l.at]
		switch {
		case c == '>':
			l.at++
			if half {
				out = append(out, high<<4)
			}
			return string(out)
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			continue
		}
		if half {
			out = append(out, high<<4|c)
		}
		high, half = c, !half
	}
	return string(out)
}

func (l *pdfLexer) dictionary(depth int) pdfDict {
	d := pdfDict{}
	for l.at < len(l.b) && len(d) < 100_000 {
		k := l.value(depth + 1)
		name, ok := k.(pdfName)
		if !ok {
			if k == pdfWord(">>") || k == nil || k == pdfWord("endobj") || k == pdfWord("stream") {
				return d
			}
			continue
		}
		v := l.value(depth + 1)
		if v == pdfWord(">>") {
			return d
		}
		d[name] = v
	}
	return d
}

func (l *pdfLexer) list(depth int) []any {
	out := []any{}
	for l.at < len(l.b) && len(out) < 1_000_000 {
		v := l.value(depth + 1)
		if v == pdfWord("]") || v == pdfWord("endobj") {
			return out
		}
		out = append(out, v)
	}
	return out
}
