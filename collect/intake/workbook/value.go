package workbook

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"

	"shuniu/collect/intake/grid"
)

// shown is how a number format shows numbers.
type shown uint8

const (
	asNumber shown = iota
	asDate
	asDateTime
	asTime
	asElapsed // [h]:mm
)

// A style is what a cell's format says about its value.
type style struct {
	shown shown
	zeros int  // digits that the format pads to with zeros; 0 when it does not
	emph  bool // bold or filled
}

// builtin formats that show dates or times; the East Asian ones are in force
// in Chinese, Japanese and Korean files. Source: ECMA-376 part 1, 18.8.30.
func builtin(id int) shown {
	switch {
	case id >= 14 && id <= 17, id >= 27 && id <= 31, id == 36, id >= 50 && id <= 54, id == 57, id == 58:
		return asDate
	case id == 22:
		return asDateTime
	case id >= 18 && id <= 21, id >= 32 && id <= 35, id == 45, id == 47, id == 55, id == 56:
		return asTime
	case id == 46:
		return asElapsed
	}
	return asNumber
}

// formatShown reads a number format's first section.
func formatShown(code string) (shown, int) {
	low := strings.ToLower(code)
	if strings.Contains(low, "general") || strings.Contains(low, "通用格式") || strings.Contains(low, "標準") || low == "@" {
		return asNumber, 0
	}
	var date, hour, minute, second, month, elapsed, digits, e bool
	zeros, pure := 0, true
	for i := 0; i < len(code); i++ {
		switch c := code[i]; c {
		case '"':
			k := strings.IndexByte(code[i+1:], '"')
			if k < 0 {
				i = len(code)
				break
			}
			i += k + 1
			pure = false
		case '\\', '_', '*':
			i++
			if c == '\\' {
				pure = pure && i < len(code) && (code[i] == '-' || code[i] == ' ')
			}
		case '[':
			k := strings.IndexByte(code[i:], ']')
			if k < 0 {
				i = len(code)
				break
			}
			in := strings.ToLower(code[i+1 : i+k])
			if in == "h" || in == "hh" || in == "m" || in == "mm" || in == "s" || in == "ss" {
				elapsed = true
			}
			i += k
		case ';':
			i = len(code)
		case 'y', 'Y', 'd', 'D':
			date = true
		case 'h', 'H':
			hour = true
		case 'm', 'M':
			if hour || i+1 < len(code) && strings.HasPrefix(strings.TrimLeft(strings.ToLower(code[i+1:]), "m"), ":s") {
				minute = true
			} else {
				month = true
			}
		case 's', 'S':
			second = true
		case 'e', 'E':
			e = true
		case '0', '#', '?':
			digits = true
			if c == '0' {
				zeros++
			} else {
				pure = false
			}
		case '-', ' ':
		default:
			if c == '.' || c == ',' || c == '%' || c < 0x80 {
				pure = false
			}
		}
	}
	switch {
	case elapsed:
		return asElapsed, 0
	case digits && !date && !month && !hour && !second && !minute:
		if pure && zeros >= 2 {
			return asNumber, zeros
		}
		return asNumber, 0
	case (date || month) && (hour || second):
		if !date && !hour && second { // mm:ss
			return asTime, 0
		}
		return asDateTime, 0
	case date || month || e && !digits:
		return asDate, 0
	case hour || second || minute:
		return asTime, 0
	}
	return asNumber, 0
}

// decimal writes a stored number as its shortest exact digits, without
// exponent. ok is false when it is no finite number.
func decimal(dst, v []byte) (out []byte, ok bool) {
	if plain(v) {
		return append(dst, v...), true
	}
	f, err := strconv.ParseFloat(string(bytes.TrimSpace(v)), 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return dst, false
	}
	return appendFloat(dst, f), true
}

func appendFloat(dst []byte, f float64) []byte {
	if f == 0 {
		return append(dst, '0')
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64)
}

// plain reports whether a number is written the shortest way already.
func plain(v []byte) bool {
	n := len(v)
	if n == 0 || n > 15 {
		return false
	}
	i := 0
	if v[0] == '-' {
		i = 1
	}
	if i == n || v[i] == '0' && i+1 < n && v[i+1] != '.' || v[i] == '0' && i == 1 && n == 2 {
		return false
	}
	point := -1
	for k := i; k < n; k++ {
		switch {
		case v[k] >= '0' && v[k] <= '9':
		case v[k] == '.' && point < 0 && k > i:
			point = k
		default:
			return false
		}
	}
	if point >= 0 {
		return v[n-1] != '0' && point < n-1
	}
	return true
}

var (
	epoch1900 = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	epoch1904 = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
)

// serial writes a stored number as the date or time its format shows. A number
// that is none (negative, beyond 9999) stays a number.
func serial(dst []byte, f float64, how shown, from1904 bool) ([]byte, grid.Kind) {
	if f < 0 || f >= 2958466 || math.IsNaN(f) {
		return appendFloat(dst, f), grid.Number
	}
	days := math.Floor(f)
	ms := int64(math.Round((f - days) * 86400000))
	if ms%1000 != 0 && (ms%1000 <= 1 || ms%1000 >= 999) { // noise of the seventh digit
		ms = (ms + 500) / 1000 * 1000
	}
	if ms >= 86400000 {
		days++
		ms -= 86400000
	}
	if how == asElapsed || how == asTime && days == 0 {
		return clock(dst, ms+int64(days)*86400000), grid.Time
	}
	if days == 0 && !from1904 {
		if ms == 0 {
			return appendFloat(dst, f), grid.Number
		}
		return clock(dst, ms), grid.Time
	}
	switch {
	case from1904:
		dst = epoch1904.AddDate(0, 0, int(days)).AppendFormat(dst, time.DateOnly)
	case days == 60: // the day that never was, which spreadsheets keep
		dst = append(dst, "1900-02-29"...)
	case days < 60:
		dst = epoch1900.AddDate(0, 0, int(days)+1).AppendFormat(dst, time.DateOnly)
	default:
		dst = epoch1900.AddDate(0, 0, int(days)).AppendFormat(dst, time.DateOnly)
	}
	if ms == 0 && how == asDate {
		return dst, grid.Date
	}
	dst = append(dst, ' ')
	return clock(dst, ms), grid.DateTime
}

func clock(dst []byte, ms int64) []byte {
	two := func(n int64) {
		if n < 10 {
			dst = append(dst, '0')
		}
		dst = strconv.AppendInt(dst, n, 10)
	}
	two(ms / 3600000)
	dst = append(dst, ':')
	two(ms / 60000 % 60)
	dst = append(dst, ':')
	two(ms / 1000 % 60)
	if r := ms % 1000; r != 0 {
		dst = append(dst, '.', byte('0'+r/100), byte('0'+r/10%10), byte('0'+r%10))
	}
	return dst
}

// put adds a stored number to the sheet's current row, shown as its style says.
func put(s *grid.Sheet, col int, v []byte, st style, styleID uint16, from1904 bool, flags uint8, work []byte) []byte {
	work = work[:0]
	if st.emph {
		flags |= grid.Emphasis
	}
	if st.shown != asNumber {
		if f, err := strconv.ParseFloat(string(bytes.TrimSpace(v)), 64); err == nil {
			var kind grid.Kind
			work, kind = serial(work, f, st.shown, from1904)
			s.AddFlagged(col, kind, work, styleID, flags)
			return work
		}
	}
	var ok bool
	if work, ok = decimal(work, v); !ok {
		s.AddFlagged(col, grid.Text, v, styleID, flags)
		return work
	}
	s.AddFlagged(col, grid.Number, work, styleID, flags)
	return work
}
