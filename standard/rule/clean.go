package rule

import (
	"bytes"
	"unicode/utf8"
)

// clean appends v to dst without the accidents of writing that change no
// meaning and says which there were.
func clean(dst, v []byte, upper bool, separators string) ([]byte, Mends) {
	var m Mends
	if len(v) > 1 && v[0] == '\'' {
		v, m = v[1:], TextMark
	}
	for i := 0; i < len(v); {
		c := v[i]
		if c < utf8.RuneSelf {
			i++
			switch {
			case c == ' ' || c == '\t' || c == '\r' || c == '\n':
				m |= Blank
				continue
			case separators != "" && isSeparator(c, separators):
				m |= Separator
				continue
			case upper && 'a' <= c && c <= 'z':
				m |= LowerCase
				c -= 'a' - 'A'
			}
			dst = append(dst, c)
			continue
		}
		r, size := utf8.DecodeRune(v[i:])
		switch {
		case r >= 0xFF01 && r <= 0xFF5E: // the full-width forms of ! to ~
			m |= FullWidth
			a := byte(r - 0xFF01 + '!')
			if upper && 'a' <= a && a <= 'z' {
				m |= LowerCase
				a -= 'a' - 'A'
			}
			if separators != "" && isSeparator(a, separators) {
				m |= Separator
			} else {
				dst = append(dst, a)
			}
		case blankRune(r):
			m |= Blank
		case r >= 0x2010 && r <= 0x2015 || r == 0x2212: // hyphens, dashes, minus
			if separators != "" && isSeparator('-', separators) {
				m |= Separator
			} else {
				m |= FullWidth
				dst = append(dst, '-')
			}
		case (r == 0x00B7 || r == 0x2022 || r == 0x30FB || r == 0x2027) && separators != "" && isSeparator('.', separators):
			m |= Separator
		default:
			dst = append(dst, v[i:i+size]...)
		}
		i += size
	}
	return dst, m
}

func isSeparator(c byte, separators string) bool {
	for i := range len(separators) {
		if separators[i] == c {
			return true
		}
	}
	return false
}

// blankRune reports whether r shows nothing: blanks of every width, and the
// zero-width characters and byte order mark that copying leaves behind.
func blankRune(r rune) bool {
	return r == 0x00A0 || r == 0x3000 || r >= 0x2000 && r <= 0x200F || r == 0x2028 || r == 0x2029 || r == 0x202F || r == 0x2060 || r == 0xFEFF || r == 0x00AD ||
		r >= 0x202A && r <= 0x202E
}

var placeholders = [][]byte{
	[]byte("N/A"), []byte("NA"), []byte("n/a"), []byte("NULL"), []byte("null"), []byte("None"), []byte("NONE"), []byte("-"), []byte("--"), []byte("/"), []byte("\\N"),
	[]byte("无"), []byte("暂无"), []byte("不详"), []byte("未知"), []byte("空"), []byte("未提供"), []byte("没有"), []byte("?"), []byte("#N/A"), []byte("待补"),
}

func placeholder(v []byte) bool {
	for _, p := range placeholders {
		if bytes.Equal(v, p) {
			return true
		}
	}
	return false
}

func masked(v []byte) bool { return bytes.IndexByte(v, '*') >= 0 }

// powerOfTen reports a number such as 3.10115E+17.
func powerOfTen(v []byte) bool {
	i := bytes.IndexAny(v, "Ee")
	if i < 1 || i+2 >= len(v) || v[i+1] != '+' {
		return false
	}
	for j, c := range v {
		if j != i && j != i+1 && c != '.' && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}
