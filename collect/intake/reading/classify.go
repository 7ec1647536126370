package reading

import (
	"bytes"
	"math"
)

// A mask says, in bits, as what a value can be read. The profile counts masks;
// every decision on a column is made from those counts.
type mask uint64

const (
	mPoint      mask = 1 << iota // a number, the point being the decimal mark
	mComma                       // a number, the comma being the decimal mark
	mPointWhole                  // … without decimals
	mCommaWhole
	mCanonInt   // renders back from int64
	mCanonDec   // renders back from a decimal of its scale
	mGrouped    // has thousands separators
	mUnit       // stands with a unit or currency
	mNegParen   // written with an exponent, brackets or a trailing sign
	mLeadZero   // digits with leading zeros
	mLong       // fifteen digits or more
	mPhone      // a mobile phone number
	mYearLike   // 1900 to 2100
	mDate       // a date that is not ambiguous
	mDigitsDate // 20240305
	mLastDM     // a/b/2024 as day, month
	mLastMD     // a/b/2024 as month, day
	mShortDM    // two-digit years
	mShortMD
	mShortYM
	mROC       // 113/3/5
	mClock     // has a time of day
	mTimeOnly  // is a time of day
	mZoned     // has a zone
	mExactTime // renders back by its layout
	mBoolYes   // 是/否
	mBoolYN    // Y/N, yes/no
	mBoolTrue  // true/false
	mBoolHave  // 有/无
	mBoolMark  // √/×
	mTrue      // of a boolean pair, the true one
	mNullToken // N/A, --, 无
	mPadded    // blanks around it
	mBig       // more digits than a decimal holds
	mWeakToken // a null token that may be a word
	mDecThree  // 1.234: three decimals after at most three digits
	mMarked    // a number with a footnote's mark or a bound: 1,234r, 12.5*, <5
)

const (
	mBool    = mBoolYes | mBoolYN | mBoolTrue | mBoolHave | mBoolMark
	mNumber  = mPoint | mComma
	mAnyDate = mDate | mLastDM | mLastMD | mShortDM | mShortMD | mShortYM | mROC
)

var nullTokens = map[string]bool{
	"n/a": true, "na": true, "null": true, "(null)": true, "none": true, "nil": true, "nan": true, "<na>": true, "#n/a": true, "\\n": true, "<null>": true, "n.a.": true, "n.a": true, "nd": true,
	"-": true, "--": true, "---": true, "----": true, "―": true, "‐": true, "−": true, "‥": true, "†": true, "‡": true, "(s)": true, "(z)": true, "(n)": true, "[s]": true, "[d]": true, "[n/a]": true, "s": true, "d": true, "ｘ": true, "Ｘ": true, "秘匿": true, "*.*": true, "—": true, "——": true, "–": true, "－": true, "－－": true, "…": true, "...": true, "……": true,
	"无": true, "無": true, "暂无": true, "不详": true, "未知": true, "空": true, "无数据": true, "暂缺": true, "不适用": true, "缺失": true,
	"*": true, "**": true, "***": true, "****": true, "*****": true, "******": true,
	"/": true, "\\": true, ".": true, "..": true, "x": true, "c": true, "r": true, "z": true, "u": true, "nc": true, "?": true, "？": true, "#": true, "~": true,
	"[x]": true, "[c]": true, "[z]": true, "[u]": true, "[low]": true, "n.d.": true, "n.d": true, "n.c.": true, "(x)": true, "(d)": true, "(na)": true, "(n/a)": true, "***.*": true,
	"#n/a!": true, "#value!": true, "#ref!": true, "#div/0!": true, "#null!": true, "#num!": true, "#name?": true,
	"なし": true, "該当なし": true, "不明": true, "없음": true, "해당없음": true, "미상": true, "･": true, "・": true, "△": true,
	"k.a.": true, "k. a.": true, "s.o.": true, "missing": true, "unknown": true, "not available": true, "unavailable": true, ":": true,
}

// weakTokens are null among numbers and dates, but words among words.
var weakTokens = map[string]bool{
	"s": true, "d": true, "ｘ": true, "Ｘ": true, "†": true, "‡": true, "―": true, "‐": true, "−": true, "‥": true,
	"x": true, "c": true, "r": true, "z": true, "u": true, "nd": true, "nc": true, ".": true, "/": true, "\\": true, ":": true, "none": true, "unknown": true, "?": true, "？": true, "*": true, "#": true, "~": true,
	"△": true, "・": true, "･": true, "無": true, "无": true, "空": true, "なし": true, "없음": true, "na": true, "不详": true, "未知": true, "不明": true, "暂缺": true, "missing": true,
}

var boolWords = map[string]mask{
	"是": mBoolYes | mTrue, "否": mBoolYes,
	"y": mBoolYN | mTrue, "n": mBoolYN, "yes": mBoolYN | mTrue, "no": mBoolYN,
	"true": mBoolTrue | mTrue, "false": mBoolTrue, "t": mBoolTrue | mTrue, "f": mBoolTrue,
	"有": mBoolHave | mTrue, "无": mBoolHave, "無": mBoolHave,
	"√": mBoolMark | mTrue, "×": mBoolMark, "✓": mBoolMark | mTrue, "✗": mBoolMark,
	"ja": mBoolYN | mTrue, "nein": mBoolYN, "oui": mBoolYN | mTrue, "non": mBoolYN,
	"예": mBoolYN | mTrue, "아니오": mBoolYN, "はい": mBoolYN | mTrue, "いいえ": mBoolYN,
}

// An observation is one value, understood.
type observation struct {
	mask  mask
	unit  string
	whole [2]int64 // of an integer that fits, by style
	value float64  // of a number under the style it reads as (point first)
	other float64  // under comma, when both read
	scale int8     // under point
	ints  int8
	scal2 int8 // under comma
	int2  int8
	m     moment
}

// classify understands v. buf is scratch of at least 256 bytes.
func classify(v []byte, buf []byte, o *observation) {
	*o = observation{}
	if n, ok := plainInt(v); ok {
		o.mask = intMask(v, n)
		o.whole, o.value, o.other = [2]int64{n, n}, float64(n), float64(n)
		o.ints = int8(len(v))
		if n < 0 {
			o.ints--
		}
		o.int2 = o.ints
		if o.mask&mDigitsDate != 0 {
			o.m = compactMoment(v)
		}
		return
	}
	if mant, ints, scale, ok := plainDecimal(v); ok {
		o.mask = mPoint | mCanonDec
		o.value = float64(mant) / pow10f(scale)
		o.ints, o.scale = int8(ints), int8(scale)
		if scale == 3 && ints <= 3 && v[0] != '0' && (v[0] != '-' || v[1] != '0') {
			o.mask |= mComma | mCommaWhole | mDecThree
			o.other, o.int2, o.whole[comma] = float64(mant), int8(ints+3), mant
		}
		return
	}
	t := trim(v)
	if len(t) != len(v) {
		o.mask |= mPadded
	}
	if len(t) == 0 {
		o.mask |= mNullToken
		return
	}
	if len(t) <= 16 {
		var low [16]byte
		k := appendLower(low[:0], t)
		o.mask |= boolWords[string(k)]
		if nullTokens[string(k)] {
			o.mask |= mNullToken
			if weakTokens[string(k)] {
				o.mask |= mWeakToken
			}
		}
		if o.mask&(mNullToken|mBool) != 0 {
			return
		}
	}
	if len(t) > 64 {
		return
	}
	t = narrow(t, buf)
	changed := o.mask&mPadded != 0 || len(t) > 0 && &t[0] == &buf[0]
	if isDigits(t) {
		if changed {
			o.mask |= mPadded
		}
		switch {
		case len(t) >= 15:
			o.mask |= mLong
		case t[0] == '0' && len(t) > 1:
			o.mask |= mLeadZero
		}
		if len(t) >= 15 && t[0] == '0' {
			o.mask |= mLeadZero
		}
	}
	if classifyNumber(t, o) {
		if changed {
			o.mask &^= mCanonInt | mCanonDec
		}
		if m, ok := parseMoment(t); ok && o.mask&mUnit == 0 {
			o.addMoment(m, changed)
		}
		return
	}
	if m, ok := parseMoment(t); ok {
		o.addMoment(m, changed)
	} else if marked(t) {
		o.mask |= mMarked
	}
}

func appendLower(dst, s []byte) []byte {
	for _, c := range s {
		if c-'A' < 26 {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

func isDigits(t []byte) bool {
	for _, c := range t {
		if !isDigit(c) {
			return false
		}
	}
	return len(t) > 0
}

// intMask is the mask of a canonical integer.
func intMask(v []byte, n int64) mask {
	k := mNumber | mPointWhole | mCommaWhole | mCanonInt
	switch len(v) {
	case 4:
		if n >= 1900 && n <= 2100 {
			k |= mYearLike
		}
	case 8:
		if n > 1850_00_00 && n < 2201_00_00 && validDay(int(n/10000), int(n/100%100), int(n%100)) {
			k |= mDigitsDate
		}
	case 11:
		if v[0] == '1' && v[1] >= '3' {
			k |= mPhone
		}
	case 15, 16, 17, 18:
		k |= mLong
	}
	return k
}

func compactMoment(v []byte) moment {
	m := moment{y: num(v[:4]), m: num(v[4:6]), d: num(v[6:8]), hasDate: true}
	m.form, m.order, m.exact = formCompact, orderDigits, true
	return m
}

// classifyNumber reads t, trimmed and narrowed, as a number under both styles.
func classifyNumber(t []byte, o *observation) bool {
	a, ok := splitNumber(t)
	if !ok {
		return false
	}
	var p, c number
	okP, okC := readBody(a.body, point, &p), readBody(a.body, comma, &c)
	if !okP && !okC {
		return false
	}
	for _, ch := range a.body {
		if ch == 'e' || ch == 'E' {
			o.mask |= mNegParen
		}
		if ch == ',' || ch == '\'' || ch == ' ' {
			o.mask |= mGrouped
		}
	}
	if a.unit != "" {
		o.mask |= mUnit
		o.unit = a.unit
	}
	if okP {
		p.neg = a.neg
		o.mask |= mPoint
		if p.scale == 0 {
			o.mask |= mPointWhole
		}
		if p.n > maxDigits || p.intDigits()+p.scale > maxDigits {
			o.mask |= mBig
		}
		o.value = p.float()
		o.ints, o.scale = int8(p.intDigits()), int8(min(p.scale, math.MaxInt8))
		if n, ok := p.int64(); ok {
			o.whole[point] = n
			if a.unit == "" && sameInt(t, n) {
				o.mask |= mCanonInt
			}
		} else if p.scale > 0 && a.unit == "" && canonDecimal(t) {
			o.mask |= mCanonDec
		} else if p.scale == 0 {
			o.mask |= mBig
		}
	}
	if okC {
		c.neg = a.neg
		o.mask |= mComma
		if c.scale == 0 {
			o.mask |= mCommaWhole
		}
		o.other = c.float()
		o.int2, o.scal2 = int8(c.intDigits()), int8(min(c.scale, math.MaxInt8))
		if n, ok := c.int64(); ok {
			o.whole[comma] = n
		} else if c.scale == 0 {
			o.mask |= mBig
		}
		if !okP {
			o.value = o.other
			if c.n > maxDigits || c.intDigits()+c.scale > maxDigits {
				o.mask |= mBig
			}
		}
	}
	return true
}

func sameInt(t []byte, n int64) bool {
	var b [24]byte
	return bytes.Equal(t, appendInt(b[:0], n))
}

// canonDecimal is plainDecimal without a limit of digits.
func canonDecimal(t []byte) bool {
	i := 0
	neg := t[0] == '-'
	if neg {
		i = 1
	}
	dot := bytes.IndexByte(t, '.')
	if dot <= i || dot == len(t)-1 || dot-i > 1 && t[i] == '0' {
		return false
	}
	zero := true
	for j, c := range t[i:] {
		if j+i == dot {
			continue
		}
		if !isDigit(c) {
			return false
		}
		zero = zero && c == '0'
	}
	return !neg || !zero
}

func (o *observation) addMoment(m moment, changed bool) {
	o.m = m
	if m.hasTime && !m.hasDate {
		o.mask |= mTimeOnly
		return
	}
	if m.hasTime {
		o.mask |= mClock
	}
	if m.zoned {
		o.mask |= mZoned
	}
	if m.exact && !changed {
		o.mask |= mExactTime
	}
	switch m.order {
	case orderNone:
	case orderYear:
		if m.roc {
			o.mask |= mROC
		} else {
			o.mask |= mDate
		}
	case orderDigits:
		if m.hasTime {
			o.mask |= mDate
		} else {
			o.mask |= mDigitsDate
		}
	case orderLast:
		if validDay(m.c, m.b, m.a) {
			o.mask |= mLastDM
		}
		if validDay(m.c, m.a, m.b) {
			o.mask |= mLastMD
		}
	case orderShort:
		if m.form == formNian {
			o.mask |= mShortYM
			return
		}
		set := shortDate(m.a, m.b, m.c)
		if set&1 != 0 {
			o.mask |= mShortDM
		}
		if set&2 != 0 {
			o.mask |= mShortMD
		}
		if set&4 != 0 {
			o.mask |= mShortYM
		}
	}
}
