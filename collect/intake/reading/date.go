package reading

import (
	"bytes"
	"unicode/utf8"
)

// A form is how the parts of a date are separated; it is a part of a layout.
type form uint8

const (
	formOther   form = iota // names of months, eras, blanks: read, not rendered back
	formDash                // 2024-03-05
	formSlash               // 2024/03/05
	formDot                 // 2024.03.05
	formNian                // 2024年3月5日
	formCompact             // 20240305
)

// An order is which of the numbers is the year, the month and the day.
type order uint8

const (
	orderNone   order = iota
	orderYear         // year first, or every part named: not ambiguous
	orderDigits       // 20240305: a date only if the column says so
	orderLast         // a/b/2024
	orderShort        // a/b/c, none with four digits
)

// A padding tells whether one-digit months, days and hours have a zero before.
type padding uint8

const (
	padEither padding = iota // 2024-11-12 does not tell
	padZero
	padBare
	padMixed
)

func (p padding) and(q padding) padding {
	switch {
	case p == padEither:
		return q
	case q == padEither || p == q:
		return p
	}
	return padMixed
}

// A layout is everything needed to render a moment back to its text.
type layout struct {
	form  form
	order order
	pad   padding
	// of the time; clock 0 is no time
	clock    byte // 'm' hh:mm, 's' hh:mm:ss
	mark     byte // between date and time: ' ' or 'T'
	hourPad  padding
	fraction uint8 // digits after the second's point
	exact    bool  // false: this text cannot be rendered back
}

// A moment is a date, a time or both, as written.
type moment struct {
	layout
	y, m, d  int // orderYear and orderDigits
	a, b, c  int // orderLast and orderShort, as they stand
	roc      bool
	hasDate  bool
	hasTime  bool
	zoned    bool
	seconds  int // of the day
	micros   int
	offsetMn int
}

var eras = [...]struct {
	name string
	add  int
}{
	{"中华民国", 1911},
	{"中華民國", 1911},
	{"民国", 1911},
	{"民國", 1911},
	{"令和", 2018},
	{"平成", 1988},
	{"昭和", 1925},
	{"大正", 1911},
	{"明治", 1867},
	{"公元", 0},
	{"西暦", 0},
	{"西元", 0},
}

var monthNames = map[string]int{
	"jan": 1, "january": 1, "janvier": 1, "januar": 1, "jän": 1, "enero": 1, "ene": 1, "janv": 1,
	"feb": 2, "february": 2, "février": 2, "févr": 2, "februar": 2, "febrero": 2, "fév": 2,
	"mar": 3, "march": 3, "mars": 3, "märz": 3, "mär": 3, "mrz": 3, "marzo": 3,
	"apr": 4, "april": 4, "avril": 4, "avr": 4, "abril": 4, "abr": 4,
	"may": 5, "mai": 5, "mayo": 5,
	"jun": 6, "june": 6, "juin": 6, "juni": 6, "junio": 6,
	"jul": 7, "july": 7, "juillet": 7, "juil": 7, "juli": 7, "julio": 7,
	"aug": 8, "august": 8, "août": 8, "agosto": 8, "ago": 8,
	"sep": 9, "sept": 9, "september": 9, "septembre": 9, "septiembre": 9,
	"oct": 10, "october": 10, "octobre": 10, "okt": 10, "oktober": 10, "octubre": 10,
	"nov": 11, "november": 11, "novembre": 11, "noviembre": 11,
	"dec": 12, "december": 12, "décembre": 12, "déc": 12, "dez": 12, "dezember": 12, "diciembre": 12, "dic": 12,
}

// digitsAt reads at most four digits.
func digitsAt(s []byte) (n, width int) {
	for width < len(s) && width < 5 && isDigit(s[width]) {
		n = n*10 + int(s[width]-'0')
		width++
	}
	return n, width
}

func padOf(n, width int) padding {
	switch {
	case width == 1:
		return padBare
	case n >= 10:
		return padEither
	}
	return padZero
}

// parseMoment reads s, which is trimmed and narrowed, as a date with or
// without a time, or as a time alone. It judges no ambiguity.
func parseMoment(s []byte) (m moment, ok bool) {
	if len(s) < 4 || len(s) > 48 {
		return m, false
	}
	if !isDigit(s[0]) {
		return parseNamed(s)
	}
	first := 0
	for first < len(s) && isDigit(s[first]) {
		first++
	}
	m.exact = true
	switch {
	case first == len(s) && first == 8:
		m.y, m.m, m.d = num(s[:4]), num(s[4:6]), num(s[6:8])
		m.form, m.order, m.hasDate = formCompact, orderDigits, true
		return m, m.y >= 1850 && m.y <= 2200 && validDay(m.y, m.m, m.d)
	case first == len(s) && first == 14:
		m.y, m.m, m.d = num(s[:4]), num(s[4:6]), num(s[6:8])
		h, mi, se := num(s[8:10]), num(s[10:12]), num(s[12:])
		m.form, m.order, m.hasDate, m.hasTime, m.exact = formOther, orderDigits, true, true, false
		m.seconds = h*3600 + mi*60 + se
		return m, m.y >= 1850 && m.y <= 2200 && validDay(m.y, m.m, m.d) && h < 24 && mi < 60 && se < 60
	case first == len(s) || first > 4:
		return m, false
	case s[first] == ':' || hasPrefix(s[first:], "时") || hasPrefix(s[first:], "時") || hasPrefix(s[first:], "點") || hasPrefix(s[first:], "点"):
		return m, parseClock(s, &m) && !m.zoned
	}
	rest, ok := m.numeric(s, 0)
	if !ok {
		return parseNamed(s)
	}
	return m, m.tail(rest)
}

func hasPrefix(s []byte, p string) bool { return len(s) >= len(p) && string(s[:len(p)]) == p }

func num(s []byte) int {
	n := 0
	for _, c := range s {
		n = n*10 + int(c-'0')
	}
	return n
}

func validDay(y, m, d int) bool {
	_, ok := dayOf(y, m, d)
	return ok
}

// numeric reads three numbers with one separator; add is the era's first year
// less one, which makes the first number a year whatever its width.
func (m *moment) numeric(s []byte, add int) (rest []byte, ok bool) {
	n1, w1 := digitsAt(s)
	if w1 == 0 && add > 0 && hasPrefix(s, "元") {
		n1, w1, m.exact = 1, len("元"), false
	}
	if w1 == 0 || w1 > 4 {
		return nil, false
	}
	s = s[w1:]
	var sep2, sep3 string
	named := false
	switch {
	case hasPrefix(s, "年"):
		s, sep2, sep3, named, m.form = s[len("年"):], "月", "日", true, formNian
	case hasPrefix(s, "년"):
		s, sep2, sep3, named, m.form, m.exact = s[len("년"):], "월", "일", true, formOther, false
	case len(s) > 0 && (s[0] == '-' || s[0] == '/' || s[0] == '.'):
		sep2 = string(s[:1])
		switch s[0] {
		case '-':
			m.form = formDash
		case '/':
			m.form = formSlash
		default:
			m.form = formDot
		}
		s = s[1:]
	default:
		return nil, false
	}
	blanks := func() {
		for len(s) > 0 && s[0] == ' ' && (named || m.form == formDot) {
			s, m.exact = s[1:], false
		}
	}
	blanks()
	n2, w2 := digitsAt(s)
	if w2 == 0 || w2 > 2 {
		return nil, false
	}
	s = s[w2:]
	blanks()
	if !hasPrefix(s, sep2) {
		return nil, false
	}
	s = s[len(sep2):]
	blanks()
	n3, w3 := digitsAt(s)
	if w3 == 0 || w3 > 4 {
		return nil, false
	}
	s = s[w3:]
	if named {
		blanks()
		switch {
		case hasPrefix(s, sep3):
			s = s[len(sep3):]
		case hasPrefix(s, "号"), hasPrefix(s, "號"):
			s, m.exact = s[len("号"):], false
		default:
			return nil, false
		}
	} else if m.form == formDot && len(s) > 0 && s[0] == '.' && (len(s) == 1 || s[1] == ' ') { // Korean 2024. 3. 5.
		s, m.exact = s[1:], false
	}
	m.hasDate = true
	switch {
	case add > 0:
		m.y, m.m, m.d, m.order, m.exact, m.form = n1+add, n2, n3, orderYear, false, formOther
		return s, w3 <= 2 && validDay(m.y, m.m, m.d)
	case w1 == 4:
		m.y, m.m, m.d, m.order = n1, n2, n3, orderYear
		m.pad = padOf(n2, w2).and(padOf(n3, w3))
		return s, w3 <= 2 && validDay(n1, n2, n3)
	case named && w1 == 3, named && w1 == 2 && n1 >= 100: // 113年3月5日
		m.y, m.m, m.d, m.order, m.exact, m.form = n1+1911, n2, n3, orderYear, false, formOther
		return s, validDay(m.y, n2, n3)
	case w1 == 3 && w3 <= 2: // 113/03/05
		m.y, m.m, m.d, m.order, m.exact, m.roc, m.form = n1+1911, n2, n3, orderYear, false, true, formOther
		return s, validDay(m.y, n2, n3)
	case named: // 24年3月5日
		m.a, m.b, m.c, m.order, m.exact = n1, n2, n3, orderShort, false
		return s, w1 == 2 && w3 <= 2 && n2 <= 12 && n3 <= 31 && n2 > 0 && n3 > 0
	case w3 == 4:
		m.a, m.b, m.c, m.order = n1, n2, n3, orderLast
		m.pad = padOf(n1, w1).and(padOf(n2, w2))
		return s, n3 >= 1000 && (validDay(n3, n2, n1) || validDay(n3, n1, n2))
	case w3 == 2 && w1 <= 2:
		m.a, m.b, m.c, m.order, m.exact = n1, n2, n3, orderShort, false
		return s, shortDate(m.a, m.b, m.c) != 0
	}
	return nil, false
}

// shortDate tells which readings of three short numbers exist: bit 0 day,
// month, year; bit 1 month, day, year; bit 2 year, month, day.
func shortDate(a, b, c int) (set uint8) {
	if validDay(fullYear(c), b, a) {
		set |= 1
	}
	if validDay(fullYear(c), a, b) {
		set |= 2
	}
	if validDay(fullYear(a), b, c) {
		set |= 4
	}
	return set
}

// fullYear is the POSIX reading of a two-digit year: 69–99 are 1969–1999.
func fullYear(y int) int {
	switch {
	case y >= 100:
		return y
	case y >= 69:
		return 1900 + y
	}
	return 2000 + y
}

// parseNamed reads dates with an era, a month's name or a weekday in front.
func parseNamed(s []byte) (m moment, ok bool) {
	for _, e := range eras {
		if !hasPrefix(s, e.name) {
			continue
		}
		rest := trim(s[len(e.name):])
		m.exact = false
		if e.add == 0 {
			m, ok = parseMoment(rest)
			m.exact = false
			return m, ok
		}
		rest, ok = m.numeric(rest, e.add)
		return m, ok && m.tail(rest)
	}
	if len(s) > 5 && isDigit(s[1]) { // R6.3.5
		add := 0
		switch s[0] {
		case 'R':
			add = 2018
		case 'H':
			add = 1988
		case 'S':
			add = 1925
		}
		if add > 0 {
			rest, ok := m.numeric(s[1:], add)
			return m, ok && m.tail(rest)
		}
	}
	if m.hasTime = parseClock(s, &m); m.hasTime {
		m.exact = false
		return m, !m.zoned
	}
	// words and numbers in any order, one word being a month
	m = moment{}
	var nums [2]int
	var widths [2]int
	k, month, yearAt := 0, 0, -1
	i, words := 0, 0
	for i < len(s) && (k < 2 || month == 0) {
		c := s[i]
		switch {
		case isDigit(c):
			n, w := digitsAt(s[i:])
			if k == 2 || w > 4 || w == 3 {
				return m, false
			}
			nums[k], widths[k] = n, w
			if w == 4 {
				yearAt = k
			}
			k++
			i += w
			for _, suffix := range [...]string{"st", "nd", "rd", "th", "er"} {
				if hasPrefix(s[i:], suffix) {
					i += 2
				}
			}
		case c == ' ' || c == '-' || c == '/' || c == '.' || c == ',':
			i++
		default:
			j := i
			for j < len(s) {
				r, n := utf8.DecodeRune(s[j:])
				if r < utf8.RuneSelf && (r < 'A' || r > 'Z' && r < 'a' || r > 'z') || r > 0x24F {
					break
				}
				j += n
			}
			if words++; j == i || words > 4 {
				return m, false
			}
			word := bytes.ToLower(s[i:j])
			if n := monthNames[string(word)]; n > 0 {
				if month > 0 {
					return m, false
				}
				month = n
			} else if !weekdays[string(word)] {
				return m, false
			}
			i = j
		}
	}
	if k != 2 || month == 0 {
		return m, false
	}
	var y, d int
	switch yearAt {
	case 0:
		y, d = nums[0], nums[1]
	case 1:
		y, d = nums[1], nums[0]
	default:
		if widths[1] != 2 {
			return m, false
		}
		y, d = fullYear(nums[1]), nums[0]
	}
	m.y, m.m, m.d, m.order, m.hasDate = y, month, d, orderYear, true
	return m, validDay(y, month, d) && m.tail(s[i:])
}

var weekdays = map[string]bool{
	"mon": true, "tue": true, "wed": true, "thu": true, "fri": true, "sat": true, "sun": true,
	"monday": true, "tuesday": true, "wednesday": true, "thursday": true, "friday": true, "saturday": true, "sunday": true,
	"de": true, "of": true, "tues": true, "thur": true, "thurs": true,
}

// tail reads what follows a date: nothing, a weekday in brackets, or a time.
func (m *moment) tail(rest []byte) bool {
	if len(rest) == 0 {
		return true
	}
	if i := bytes.IndexByte(rest, '('); i >= 0 && i <= 1 { // 2024-03-05(火), 2024/3/5 (周二)
		if j := bytes.IndexByte(rest, ')'); j > i && j-i <= 12 {
			m.exact = false
			return m.tail(rest[j+1:])
		}
	}
	for _, w := range [...]string{"星期", "周", "週"} {
		if t := trim(rest); hasPrefix(t, w) {
			t = t[len(w):]
			if r, n := utf8.DecodeRune(t); n > 0 && bytes.ContainsRune([]byte("一二三四五六日天"), r) {
				m.exact = false
				return m.tail(t[n:])
			}
		}
	}
	switch {
	case rest[0] == ' ' || rest[0] == 'T':
		m.mark = rest[0]
		if t := trim(rest[1:]); len(t) != len(rest)-1 {
			m.exact = false
			rest = t
		} else {
			rest = rest[1:]
		}
	case m.form == formNian || m.form == formOther:
		m.exact = false
	case rest[0] == ',':
		m.exact = false
		rest = trim(rest[1:])
	default:
		return false
	}
	return len(rest) > 0 && parseClock(rest, m)
}

// parseClock reads a time of day, with a zone if there is one.
func parseClock(s []byte, m *moment) bool {
	half := 0 // 1 morning, 2 afternoon
	for _, w := range [...]struct {
		text string
		half int
	}{{"上午", 1}, {"下午", 2}, {"凌晨", 1}, {"晚上", 2}, {"午前", 1}, {"午後", 2}, {"오전", 1}, {"오후", 2}} {
		if hasPrefix(s, w.text) {
			s, half, m.exact = trim(s[len(w.text):]), w.half, false
			break
		}
	}
	h, w := digitsAt(s)
	if w == 0 || w > 2 || h > 24 {
		return false
	}
	m.hourPad = padOf(h, w)
	s = s[w:]
	var mi, se int
	m.clock = 'm'
	switch {
	case len(s) > 0 && s[0] == ':':
		var w int
		mi, w = digitsAt(s[1:])
		if w != 2 {
			return false
		}
		s = s[3:]
		if len(s) > 0 && s[0] == ':' {
			se, w = digitsAt(s[1:])
			if w != 2 {
				return false
			}
			s = s[3:]
			m.clock = 's'
			if len(s) > 1 && (s[0] == '.' || s[0] == ',') && isDigit(s[1]) {
				if s[0] == ',' {
					m.exact = false
				}
				i := 1
				scale := 100_000
				for i < len(s) && isDigit(s[i]) {
					m.micros += int(s[i]-'0') * scale
					scale /= 10
					i++
				}
				if i-1 > 6 {
					m.exact = false
				}
				m.fraction = uint8(min(i-1, 9))
				s = s[i:]
			}
		}
	default:
		hour := false
		for _, mark := range [...]string{"时", "時", "点", "點"} {
			if hasPrefix(s, mark) {
				s, hour = s[len(mark):], true
				break
			}
		}
		if !hour {
			// 3 PM
			if t := bytes.ToUpper(trim(s)); string(t) != "AM" && string(t) != "PM" {
				return false
			}
			break
		}
		m.exact = false
		if len(s) > 0 {
			var w int
			if mi, w = digitsAt(s); w == 0 || w > 2 || !hasPrefix(s[w:], "分") {
				return false
			}
			s = s[w+len("分"):]
			if len(s) > 0 {
				if se, w = digitsAt(s); w == 0 || w > 2 || !hasPrefix(s[w:], "秒") {
					return false
				}
				s = s[w+len("秒"):]
			}
		}
	}
	if t := trim(s); len(t) >= 2 {
		switch u := bytes.ToUpper(t[:2]); {
		case string(u) == "AM":
			half, s, m.exact = 1, t[2:], false
		case string(u) == "PM":
			half, s, m.exact = 2, t[2:], false
		case len(t) >= 4 && (string(bytes.ToUpper(t[:4])) == "A.M." || string(bytes.ToUpper(t[:4])) == "P.M."):
			half, s, m.exact = 1, t[4:], false
			if t[0] == 'p' || t[0] == 'P' {
				half = 2
			}
		}
	}
	switch {
	case half == 1 && h == 12:
		h = 0
	case half == 2 && h < 12:
		h += 12
	}
	if h == 24 && (mi > 0 || se > 0 || !m.hasDate) || mi > 59 || se > 60 {
		return false
	}
	if h == 24 || se == 60 {
		m.exact = false
	}
	m.seconds = h*3600 + mi*60 + se
	m.hasTime = true
	if len(s) == 0 {
		return true
	}
	s = trim(s)
	m.exact, m.zoned = false, true
	switch {
	case string(s) == "Z" || string(s) == "UTC" || string(s) == "GMT":
		return true
	case (s[0] == '+' || s[0] == '-') && len(s) >= 3:
		d := make([]byte, 0, 4)
		for _, c := range s[1:] {
			if isDigit(c) {
				d = append(d, c)
			} else if c != ':' {
				return false
			}
		}
		switch len(d) {
		case 2:
			m.offsetMn = num(d) * 60
		case 4:
			m.offsetMn = num(d[:2])*60 + num(d[2:])
		default:
			return false
		}
		if s[0] == '-' {
			m.offsetMn = -m.offsetMn
		}
		return m.offsetMn > -16*60 && m.offsetMn < 16*60
	}
	return false
}

// A dayOrder is how orderLast and orderShort are read in a column.
type dayOrder uint8

const (
	dayFirst dayOrder = iota
	monthFirst
	yearFirst // of short dates
)

// day resolves the moment's date under o.
func (m *moment) day(o dayOrder) (int32, bool) {
	switch m.order {
	case orderYear, orderDigits:
		return dayOf(m.y, m.m, m.d)
	case orderLast:
		if o == monthFirst {
			return dayOf(m.c, m.a, m.b)
		}
		return dayOf(m.c, m.b, m.a)
	case orderShort:
		switch {
		case m.form == formNian, o == yearFirst:
			return dayOf(fullYear(m.a), m.b, m.c)
		case o == monthFirst:
			return dayOf(fullYear(m.c), m.a, m.b)
		}
		return dayOf(fullYear(m.c), m.b, m.a)
	default:
		return 0, false
	}
}
