package reading

import (
	"bytes"
	"math/bits"
	"unicode/utf8"
)

// A style is how a number separates thousands and decimals.
type style uint8

const (
	point style = iota // 1,234.5 (also 1 234.5)
	comma              // 1.234,5 (also 1 234,5)
)

// maxDigits is how many digits a decimal may have in every engine we feed.
const maxDigits = 28

// A number is a decimal as written: digits without separators and leading
// zeros, of which the last scale stand after the point.
type number struct {
	neg    bool
	n      int
	scale  int
	digits [48]byte
}

// intDigits is how many digits stand before the point, at least one.
func (d *number) intDigits() int { return max(d.n-d.scale, 1) }

func (d *number) int64() (int64, bool) {
	if d.scale != 0 || d.n > 19 {
		return 0, false
	}
	var u uint64
	for _, c := range d.digits[:d.n] {
		hi, lo := bits.Mul64(u, 10)
		if hi != 0 {
			return 0, false
		}
		var carry uint64
		u, carry = bits.Add64(lo, uint64(c-'0'), 0)
		if carry != 0 {
			return 0, false
		}
	}
	if d.neg {
		if u > 1<<63 {
			return 0, false
		}
		return -int64(u-1) - 1, true
	}
	if u > 1<<63-1 {
		return 0, false
	}
	return int64(u), true
}

func (d *number) float() float64 {
	var f float64
	for _, c := range d.digits[:d.n] {
		f = f*10 + float64(c-'0')
	}
	f /= pow10f(d.scale)
	if d.neg {
		return -f
	}
	return f
}

func pow10f(n int) float64 {
	f := 1.0
	for range n {
		f *= 10
	}
	return f
}

// units that may follow a number, longest first where one begins another.
// 年, 月 and 日 are not among them: 2024年 is a year.
var units = [...]string{
	"%", "％", "‰", "万元人民币", "(万元人民币)", "万人民币", "元人民币", "万美元", "亿美元", "美元", "港元", "万港元", "欧元", "万欧元", "日元",
	"亿元", "万元", "千元", "百万元", "十万元", "万亿元", "万亿", "亿", "万", "元", "角", "分钱",
	"平方公里", "平方千米", "平方米", "平方厘米", "立方米", "公顷", "亩", "万亩", "㎡", "m²", "m2", "km²", "km2", "m³", "m3", "ha",
	"公里", "千米", "厘米", "毫米", "米", "km", "cm", "mm", "m", "KM", "Km",
	"万吨", "吨", "公斤", "千克", "kg", "KG", "Kg", "毫克", "克", "mg", "g", "t", "斤",
	"亿人", "万人", "千人", "人次", "万人次", "人", "万户", "户", "个", "家", "件", "次", "台", "辆", "套", "间", "栋", "幢", "张", "条", "座", "名", "位", "岁", "例", "所", "只", "头", "册", "项", "起", "宗",
	"天", "小时", "分钟", "秒", "工作日", "个工作日", "个月", "周",
	"℃", "°C", "度", "千瓦时", "万千瓦时", "亿千瓦时", "kWh", "kW", "MW", "kV", "mg/m3", "mg/L", "μg/m³", "ug/m3", "dB",
	"円", "千円", "百万円", "億円", "万円", "兆円", "원", "천원", "백만원", "억원", "만원", "명", "건", "개", "세대", "호",
	"平方公尺", "公尺", "公噸", "億元", "萬元", "千萬元", "百萬元", "萬", "億", "戶", "個", "棟", "台幣",
	"€", "EUR", "USD", "RMB", "CNY", "GBP", "$", "£", "Mio.", "Mrd.", "Tsd.", "EUR/Monat", "pts", "ppm", "mm/h",
}

var unitSet = func() map[string]bool {
	m := make(map[string]bool, len(units))
	for _, u := range units {
		m[u] = true
	}
	return m
}()

// signs of currency that may stand before a number.
var currencies = [...]string{"¥", "￥", "US$", "NT$", "HK$", "A$", "C$", "R$", "$", "€", "£", "₩", "￦", "₹", "RMB", "CNY", "USD", "EUR", "GBP", "人民币"}

// An affixed number is the body of a number and what stood around it.
type affixed struct {
	body []byte
	neg  bool
	unit string // "" when none
}

// isBlankRune tells the blanks that pad values: ASCII, no-break, ideographic,
// narrow no-break.
func isBlankRune(r rune) bool {
	switch r {
	case ' ', '\t', '\r', '\n', 0xA0, 0x3000, 0x202F, 0x2009, 0xFEFF:
		return true
	}
	return false
}

func trim(v []byte) []byte {
	for len(v) > 0 {
		if v[0] < utf8.RuneSelf {
			if v[0] != ' ' && v[0] != '\t' && v[0] != '\r' && v[0] != '\n' {
				break
			}
			v = v[1:]
			continue
		}
		r, n := utf8.DecodeRune(v)
		if !isBlankRune(r) {
			break
		}
		v = v[n:]
	}
	for len(v) > 0 {
		c := v[len(v)-1]
		if c < utf8.RuneSelf {
			if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
				break
			}
			v = v[:len(v)-1]
			continue
		}
		r, n := utf8.DecodeLastRune(v)
		if !isBlankRune(r) {
			break
		}
		v = v[:len(v)-n]
	}
	return v
}

// narrow writes v with full-width forms (U+FF01–FF5E), minus signs and unusual
// blanks as ASCII. It returns v itself when there is nothing to change.
func narrow(v []byte, buf []byte) []byte {
	plain := true
	for _, c := range v {
		if c >= utf8.RuneSelf {
			plain = false
			break
		}
	}
	if plain {
		return v
	}
	out := buf[:0]
	for i := 0; i < len(v); {
		c := v[i]
		if c < utf8.RuneSelf {
			out = append(out, c)
			i++
			continue
		}
		r, n := utf8.DecodeRune(v[i:])
		i += n
		switch {
		case r >= 0xFF01 && r <= 0xFF5E && r != '％' && r != '￥':
			out = append(out, byte(r-0xFF01+'!'))
		case r == 0x2212 || r == 0x2013 && len(out) == 0:
			out = append(out, '-')
		case r == 0xA0 || r == 0x202F || r == 0x2009 || r == 0x3000:
			out = append(out, ' ')
		case r == 0x2019 && len(out) > 0 && isDigit(out[len(out)-1]):
			out = append(out, '\'')
		default:
			out = append(out, v[i-n:i]...)
		}
	}
	if bytes.Equal(out, v) {
		return v
	}
	return out
}

func isDigit(c byte) bool { return c-'0' <= 9 }

// splitNumber takes sign, parentheses, currency and unit off v, which is
// trimmed and narrowed. ok is false when what is left cannot be a number.
func splitNumber(v []byte) (a affixed, ok bool) {
	if len(v) == 0 || len(v) > 64 {
		return a, false
	}
	if v[0] == '(' && v[len(v)-1] == ')' && len(v) > 2 {
		a.neg = true
		v = trim(v[1 : len(v)-1])
		if len(v) == 0 || !isDigit(v[0]) && !hasCurrency(v) {
			return a, false
		}
	}
	sign := func() {
		if len(v) > 1 && (v[0] == '-' || v[0] == '+') {
			a.neg = a.neg != (v[0] == '-')
			v = trim(v[1:])
		}
	}
	sign()
	if len(v) == 0 {
		return a, false
	}
	if !isDigit(v[0]) && v[0] != '.' && v[0] != ',' {
		found := false
		for _, c := range currencies {
			if bytes.HasPrefix(v, []byte(c)) {
				a.unit, v, found = c, trim(v[len(c):]), true
				break
			}
		}
		if !found {
			return a, false
		}
		if a.neg {
			if len(v) == 0 || !isDigit(v[0]) && v[0] != '.' {
				return a, false
			}
		} else {
			sign()
		}
	}
	end := 0
	for end < len(v) && (isDigit(v[end]) || v[end] == '.' || v[end] == ',' || v[end] == '\'' || v[end] == ' ') {
		end++
	}
	// an exponent
	if end > 0 && end < len(v) && (v[end] == 'e' || v[end] == 'E') {
		e := end + 1
		signed := e < len(v) && (v[e] == '+' || v[e] == '-')
		if signed {
			e++
		}
		d := e
		for d < len(v) && isDigit(v[d]) {
			d++
		}
		if d == len(v) && d > e && d-e <= 3 && (signed || bytes.IndexByte(v[:end], '.') >= 0) {
			a.body = v
			return a, true
		}
	}
	rest := v[end:]
	body := trim(v[:end])
	if len(rest) > 0 {
		if len(rest) == 1 && rest[0] == '-' && !a.neg && a.unit == "" { // SAP writes 12.50-
			a.neg = true
		} else {
			rest = trim(rest)
			if !unitSet[string(rest)] {
				return a, false
			}
			if a.unit != "" {
				a.unit += " "
			}
			a.unit += string(rest)
		}
	}
	if len(body) == 0 || !isDigit(body[len(body)-1]) {
		return a, false
	}
	a.body = body
	return a, true
}

func hasCurrency(v []byte) bool {
	for _, c := range currencies {
		if bytes.HasPrefix(v, []byte(c)) {
			return true
		}
	}
	return false
}

// readBody reads digits, separators and an exponent under one style.
func readBody(b []byte, st style, d *number) bool {
	*d = number{}
	var group, dec byte = ',', '.'
	if st == comma {
		group, dec = '.', ','
	}
	exp := 0
	if i := bytes.IndexAny(b, "eE"); i >= 0 {
		e := b[i+1:]
		neg := false
		if len(e) > 0 && (e[0] == '+' || e[0] == '-') {
			neg = e[0] == '-'
			e = e[1:]
		}
		for _, c := range e {
			exp = exp*10 + int(c-'0')
		}
		if neg {
			exp = -exp
		}
		b = b[:i]
	}
	i := 0
	var sep byte
	run := 0 // digits since the last separator
	lead := true
	for ; i < len(b); i++ {
		c := b[i]
		if isDigit(c) {
			run++
			if d.n == 0 && c == '0' {
				continue
			}
			if d.n == len(d.digits) {
				return false
			}
			d.digits[d.n] = c
			d.n++
			continue
		}
		if c == dec {
			break
		}
		if c != group && c != ' ' && c != '\'' {
			return false
		}
		if sep != 0 && c != sep {
			return false
		}
		if lead && (run == 0 || run > 3 || b[0] == '0') || !lead && run != 3 {
			return false
		}
		sep, lead, run = c, false, 0
	}
	if sep != 0 && run != 3 {
		return false
	}
	if i < len(b) { // at the decimal mark
		frac := b[i+1:]
		if len(frac) == 0 {
			return false
		}
		for _, c := range frac {
			if !isDigit(c) {
				return false
			}
			d.scale++
			if d.n == 0 && c == '0' {
				continue
			}
			if d.n == len(d.digits) {
				return false
			}
			d.digits[d.n] = c
			d.n++
		}
	} else if run == 0 {
		return false
	}
	if exp != 0 {
		d.scale -= exp
		for d.scale < 0 {
			if d.n == len(d.digits) {
				return false
			}
			if d.n > 0 {
				d.digits[d.n] = '0'
				d.n++
			}
			d.scale++
		}
		if d.scale > 40 {
			return false
		}
	}
	return true
}
