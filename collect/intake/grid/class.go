package grid

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A class is what a cell's content looks like, whatever its container says.
type class uint8

const (
	cEmpty  class = iota
	cText         // words
	cNumber       // a figure, with separators, currency, percent
	cCode         // digits that are a name: leading zero, long, or text in a typed sheet
	cDate         // a date, time or month
	cYear         // 1900 to 2100, 2019年, FY2019
	cNull         // a token for nothing: --, N/A, 无, …
	cOther        // boolean, error value
	classes
)

// figure reports whether a class is one that values have and headers do not.
func (c class) figure() bool { return c == cNumber || c == cCode || c == cDate || c == cOther }

func (s *Sheet) class(c Cell) class {
	if c.Flags&blank != 0 {
		return cEmpty
	}
	switch c.Kind {
	case Number:
		if isYear(s.Text(c)) {
			return cYear
		}
		return cNumber
	case Date, DateTime, Time:
		return cDate
	case Bool, Error:
		return cOther
	case Text:
		return classify(s.Text(c), s.Typed)
	default:
	}
	return cEmpty
}

func isYear(t []byte) bool {
	return len(t) == 4 && (t[0] == '1' && t[1] == '9' || t[0] == '2' && t[1] == '0') && digit(t[2]) && digit(t[3])
}

func digit(b byte) bool { return b >= '0' && b <= '9' }

var nullTokens = words(`[x] [c] [z] [u] [s] [d] [low] [n/a] (x) (d) (s) (na) ***** ****** † ‡ ‥ ― ｘ ･ - -- --- — —— – … .... ... .. . / \ n/a na null none nan nil #n/a n.a. n.a k.a. x keine_angabe ： * ** *** **** 无 无数据 暂无 未知 不详 缺 缺失 空 － ― ‐ ・ … ❌ × · 없음 해당없음 なし 不明 該当なし`)

// nullFirst are the letters that tokens for nothing begin with.
var nullFirst = firsts(nullTokens)

func firsts(tokens map[string]bool) map[rune]bool {
	m := map[rune]bool{}
	for t := range tokens {
		r, _ := utf8.DecodeRuneInString(t)
		m[r] = true
	}
	return m
}

// classify looks at a text. typed says that figures would have been stored as
// figures, so digits stored as text are a code.
func classify(t []byte, typed bool) class {
	t = bytes.TrimSpace(t)
	if len(t) == 0 {
		return cEmpty
	}
	if len(t) > 40 {
		return cText
	}
	b := t[0]
	if len(t) <= 18 && (b < '0' || b > '9') {
		r, _ := utf8.DecodeRune(t)
		if nullFirst[unicode.ToLower(r)] && nullTokens[strings.ReplaceAll(strings.ToLower(string(t)), " ", "")] {
			return cNull
		}
	}
	switch {
	case digit(b), b == '-', b == '+', b == '.', b == '$', b == '(', b == '%':
	case b >= 0x80:
		if !leadsFigure(t) {
			return cText
		}
	default:
		if len(t) == 6 && (b == 'F' || b == 'f') && (t[1] == 'Y' || t[1] == 'y') && isYear(t[2:]) {
			return cYear
		}
		return wordDate(t)
	}
	if isYear(t) {
		return cYear
	}
	if c := figureOf(t, typed); c != cText {
		return c
	}
	return dateOf(t)
}

func leadsFigure(t []byte) bool {
	r, _ := utf8.DecodeRune(t)
	switch r {
	case '￥', '¥', '€', '£', '−', '－', '▲', '△', '０', '１', '２', '３', '４', '５', '６', '７', '８', '９', '（', '民', '令', '平', '昭':
		return true
	}
	return false
}

// figureOf reads signs, currency, digits with separators, a percent sign.
func figureOf(t []byte, typed bool) class {
	s := t
	for len(s) > 0 {
		r, w := utf8.DecodeRune(s)
		switch r {
		case '-', '+', '(', '$', '￥', '¥', '€', '£', '−', '－', '▲', '△', '（', ' ':
			s = s[w:]
			continue
		}
		break
	}
	digits, points, commas, exp := 0, 0, 0, 0
	lead := len(s) > 1 && s[0] == '0' && digit(s[1])
	i := 0
	for i < len(s) {
		b := s[i]
		switch {
		case digit(b):
			digits++
		case b == '.':
			points++
		case b == ',' || b == '\'' || b == ' ' && i+1 < len(s) && digit(s[i+1]) && i > 0 && digit(s[i-1]):
			commas++
		case (b == 'e' || b == 'E') && digits > 0 && exp == 0 && i+1 < len(s) && (digit(s[i+1]) || s[i+1] == '+' || s[i+1] == '-'):
			exp++
			i++
			if !digit(s[i]) {
				i++
			}
			continue
		case b >= 0x80:
			r, w := utf8.DecodeRune(s[i:])
			switch {
			case r >= '０' && r <= '９':
				digits++
			case r == '，' || r == '\u00a0' || r == '\u202f' || r == '\u2009':
				commas++
			case r == '．':
				points++
			case digits > 0 && tailFigure(s[i:]):
				return cNumber
			default:
				return cText
			}
			i += w
			continue
		default:
			if digits > 0 && tailFigure(s[i:]) {
				return cNumber
			}
			return cText
		}
		i++
	}
	if digits == 0 || exp > 1 {
		return cText
	}
	if points > 1 && commas > 0 || points > 2 {
		if points == 2 && digits >= 5 { // 2024.3.5
			return cDate
		}
		return cText
	}
	if points == 2 && digits >= 4 {
		return cDate
	}
	if points == 0 && commas == 0 && exp == 0 && (lead || digits > 11 || typed && digits > 4) {
		return cCode
	}
	return cNumber
}

func tailFigure(t []byte) bool {
	switch string(bytes.TrimSpace(t)) {
	case "%", "％", "‰", ")", "）", "-", "p", "r", "e", "元", "万", "亿", "万元", "亿元", "人", "户", "个", "件", "*", "†", "円", "千円", "百万円", "€", "$", "EUR", "USD", "원", "명", "%)", "℃", "°C", "㎡", "km", "kg", "m2", "m²", "平方米", "岁", "天", "次":
		return true
	}
	return footnote(bytes.TrimSpace(t))
}

// footnote knows the marks of footnotes behind a figure: *, **, (1), [r], ¹, 1).
func footnote(t []byte) bool {
	if len(t) == 0 || len(t) > 6 {
		return false
	}
	if t[0] == '(' || t[0] == '[' {
		end := t[len(t)-1]
		return len(t) <= 4 && (end == ')' || end == ']')
	}
	if len(t) == 2 && digit(t[0]) && t[1] == ')' {
		return true
	}
	for _, r := range string(t) {
		if !strings.ContainsRune("*†‡#§¹²³⁴⁵⁶⁷⁸⁹⁰ª※", r) {
			return false
		}
	}
	return true
}

// dateOf knows what begins with a digit and holds date marks.
func dateOf(t []byte) class {
	digits, marks := 0, 0
	year := isYear(t[:min(4, len(t))])
	for i := 0; i < len(t); {
		b := t[i]
		switch {
		case digit(b):
			digits++
		case b == '-' || b == '/' || b == ':' || b == '.' || b == 'T' || b == 'Z' || b == '+' || b == ' ' || b == ',':
			marks++
		case b >= 0x80:
			r, w := utf8.DecodeRune(t[i:])
			switch r {
			case '年', '度', '月', '日', '时', '時', '分', '秒', '：', '년', '월', '일', '号', '民', '国', '令', '和', '平', '成', '昭':
				marks++
			default:
				return cText
			}
			i += w
			continue
		default:
			return wordDate(t)
		}
		i++
	}
	if digits == 0 || marks == 0 {
		return cText
	}
	if digits == 4 && year && (bytes.HasSuffix(t, []byte("年")) || bytes.HasSuffix(t, []byte("年度")) || bytes.HasSuffix(t, []byte("년"))) || year && digits <= 6 && len(t) <= 7 && (t[4] == '/' || t[4] == '-') && digits == 6 && len(t) == 7 && t[5] != '0' && t[5] != '1' {
		return cYear
	}
	if digits <= 2 && marks == 1 { // 1月, 3日: labels as often as dates
		if len(t) > 0 && t[len(t)-1] >= 0x80 {
			return cYear
		}
		return cText
	}
	if digits >= 3 && digits <= 17 {
		return cDate
	}
	if digits > 17 {
		return cText
	}
	return cText
}

var months = words("jan feb mar apr may jun jul aug sep oct nov dec january february march april june july august september october november december mai okt dez märz januar februar juni juli oktober dezember")

// wordDate knows 5 Mar 2024, March 2024 and the like; everything else is text.
func wordDate(t []byte) class {
	if len(t) > 20 || len(t) < 5 {
		return cText
	}
	digits, month := 0, false
	for f := range strings.FieldsFuncSeq(string(t), func(r rune) bool { return r == ' ' || r == '-' || r == '/' || r == ',' || r == '.' || r == ':' }) {
		switch {
		case months[strings.ToLower(f)]:
			month = true
		default:
			for _, r := range f {
				if r < '0' || r > '9' {
					return cText
				}
				digits++
			}
		}
	}
	if month && digits >= 2 {
		return cDate
	}
	return cText
}
