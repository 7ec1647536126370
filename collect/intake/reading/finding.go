package reading

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"shuniu/resource"
)

// A Finding is what a column's values are, over all rows of the profile.
type Finding struct {
	Name      string        `json:"name"`
	Type      resource.Type `json:"type"`
	Precision int           `json:"precision,omitempty"` // of a decimal
	Scale     int           `json:"scale,omitempty"`     // of a decimal
	// Exact tells that every value renders back from its typed reading to
	// exactly its text (Render), so that one typed column serves. Text is
	// always exact.
	Exact bool `json:"exact"`
	// EmptyNull tells, when Exact, that a typed null renders as the empty text
	// (all missing values were empty, none absent).
	EmptyNull bool   `json:"empty_null,omitempty"`
	Layout    string `json:"layout,omitempty"` // how dates are written, e.g. yyyy-mm-dd, for people
	Unit      string `json:"unit,omitempty"`   // of all values, or as the header states it

	Rows       int64    `json:"rows"`
	Nulls      int64    `json:"nulls"`       // absent, empty, and null tokens
	NullTokens []string `json:"null_tokens"` // reserved for people: which tokens counted as null
	Unread     int64    `json:"unread"`      // not null, and null in the typed column

	Distinct      int64    `json:"distinct"`
	DistinctExact bool     `json:"distinct_exact"`
	Min           string   `json:"min,omitempty"` // in canonical form of the type
	Max           string   `json:"max,omitempty"`
	Samples       []string `json:"samples,omitempty"` // the first different values
	MaxBytes      int      `json:"max_bytes,omitempty"`
	Questions     []string `json:"questions,omitempty"` // Chinese sentences for a person to look at
	// Units are the units of the numbers, most frequent first, when there are
	// several; at most UnitsShown.
	Units []UnitCount `json:"units,omitempty"`

	plan plan
}

// UnitsShown bounds Finding.Units.
const UnitsShown = 12

// A UnitCount says how many numbers have a unit; "" is a bare number.
type UnitCount struct {
	Unit  string `json:"unit"`
	Count int64  `json:"count"`
}

// A plan is what the converter needs beyond the type.
type plan struct {
	Style       style
	Order       dayOrder
	Digits      bool // 20240305 are dates
	Bools       mask // which words
	True, False string
	Layout      layout
	Unit        string
}

// SameReading reports whether a converter of g turns every text into what one
// of f does.
func (f *Finding) SameReading(g *Finding) bool {
	if f.Type != g.Type || f.Precision != g.Precision || f.Scale != g.Scale {
		return false
	}
	return f.Type == resource.Text || f.plan == g.plan
}

// Finding decides the column by itself; Settle decides a table's columns
// together.
func (p *Profile) Finding() Finding { return p.find(hints{}) }

// hints are what the other columns of the table tell about style and order.
type hints struct {
	style      style
	styleKnown bool
	order      dayOrder
	orderKnown bool
}

// Settle decides the columns of one table together: where a column leaves open
// whether 1.234 is a thousand or what of 3/4/2024 is the day, the columns that
// leave no doubt decide for it.
func Settle(profiles []*Profile) []Finding {
	var h hints
	var points, commas, dm, md int64
	for _, p := range profiles {
		a, b := p.styleEvidence()
		points, commas = points+a, commas+b
		c, d := p.orderEvidence()
		dm, md = dm+c, md+d
	}
	if (points > 0) != (commas > 0) {
		h.styleKnown = true
		if commas > 0 {
			h.style = comma
		}
	}
	if (dm > 0) != (md > 0) {
		h.orderKnown = true
		if md > 0 {
			h.order = monthFirst
		}
	}
	out := make([]Finding, len(profiles))
	for i, p := range profiles {
		out[i] = p.find(h)
	}
	return out
}

// sum counts the values whose mask has all of the bits all and any of any
// (when any is not 0) and none of none.
func (p *Profile) sum(all, anyOf, none mask) (n int64) {
	for i := range p.entries {
		e := &p.entries[i]
		if e.mask&all == all && (anyOf == 0 || e.mask&anyOf != 0) && e.mask&none == 0 {
			n += e.n
		}
	}
	return n
}

func (p *Profile) styleEvidence() (points, commas int64) {
	points, commas = p.sum(mPoint, 0, mComma), p.sum(mComma, 0, mPoint)
	if n := p.nonNull(); !enough(points+commas, n) && points+commas < n/2 {
		return 0, 0
	}
	return points, commas
}

func (p *Profile) orderEvidence() (dm, md int64) {
	dm = p.sum(mLastDM, 0, mLastMD) + p.sum(mShortDM, 0, mShortMD|mShortYM)
	md = p.sum(mLastMD, 0, mLastDM) + p.sum(mShortMD, 0, mShortDM|mShortYM)
	return dm, md
}

func (p *Profile) nonNull() int64 { return p.sum(0, 0, mNullToken) }

// enough is the threshold of a type: read of n values that are not null.
func enough(read, n int64) bool {
	return n > 0 && read > 0 && ((n-read)*20 <= n || n >= 10 && n-read <= 1)
}

func (p *Profile) find(h hints) Finding {
	f := Finding{
		Name: p.head.Name, Type: resource.Text, Unit: p.head.Unit, Rows: p.rows, Exact: true,
		Samples: p.samples, MaxBytes: p.maxBytes, NullTokens: []string{},
	}
	f.Distinct, f.DistinctExact = p.values.count()
	tokens := p.sum(mNullToken, 0, 0)
	f.Nulls = p.absent + p.empty + p.sum(mNullToken, 0, mWeakToken)
	n := p.nonNull()
	if p.text.any {
		f.Min, f.Max = clip(p.text.min), clip(p.text.max)
	}
	if n == 0 || p.head.Type == resource.Text {
		return f
	}
	name := strings.ToLower(p.head.Name)
	switch {
	case p.asBool(&f, n):
	case p.asDate(&f, n, name, h):
	case p.asNumber(&f, n, name, h):
	case p.asTime(&f, n):
	default:
		p.nearly(&f, n, name)
		return f
	}
	if f.Type != resource.Boolean {
		f.Nulls = p.absent + p.empty + tokens
	}
	if f.Exact {
		// one way of being missing renders back; two do not, and tokens never do
		f.EmptyNull = p.empty > 0
		f.Exact = tokens == 0 && f.Unread == 0 && (p.empty == 0 || p.absent == 0)
	}
	return f
}

func (f *Finding) ask(format string, args ...any) {
	f.Questions = append(f.Questions, fmt.Sprintf(format, args...))
}

// nearly asks about a column of words of which most could be figures.
func (p *Profile) nearly(f *Finding, n int64, name string) {
	read := max(p.sum(mPoint, 0, mBig), p.sum(mComma, 0, mBig))
	if len(f.Questions) > 0 || read == n || read*5 < n*4 || p.sum(0, mLeadZero|mLong|mPhone, 0) > 0 || named(name, codeNames[:]) {
		return
	}
	f.ask("列“%s”的 %d 个值里有 %d 个不是数，按文字收下，请核对。", p.head.Name, n, n-read)
}

func (p *Profile) asBool(f *Finding, n int64) bool {
	// 无 is a null token too: among 有 it is a value
	for _, pair := range [...]mask{mBoolYes, mBoolTrue, mBoolYN, mBoolHave, mBoolMark} {
		k := p.sum(pair, 0, 0)
		others := n - p.sum(pair, 0, mNullToken)
		if k == 0 || others > 0 || p.sum(pair|mTrue, 0, 0) == 0 {
			continue
		}
		if pair != mBoolYes && pair != mBoolTrue && p.sum(pair, 0, mTrue) == 0 {
			continue // only Y, only 有: no pair
		}
		f.Nulls = p.rows - k
		f.Type, f.plan.Bools = resource.Boolean, pair
		f.Exact = p.boolWords(f)
		f.Min, f.Max = "", ""
		return true
	}
	return false
}

// boolWords sets the words that true and false render as, and reports whether
// the column has no others.
func (p *Profile) boolWords(f *Finding) bool {
	if n, exact := p.values.count(); !exact || n > 2 {
		return false
	}
	for _, s := range p.samples {
		yes := boolWords[strings.ToLower(s)]
		switch {
		case yes&f.plan.Bools == 0:
			return false
		case yes&mTrue != 0 && f.plan.True == "":
			f.plan.True = s
		case yes&mTrue == 0 && f.plan.False == "":
			f.plan.False = s
		default:
			return false
		}
	}
	return true
}

var dateNames = [...]string{"日期", "时间", "日", "date", "day", "datum", "年月日", "日付", "일자", "날짜", "日時", "fecha", "jour", "tag", "时点", "時間"}

// codeNames are columns whose numbers name things.
var codeNames = [...]string{
	"电话", "手机", "传真", "邮编", "邮政编码", "代码", "编码", "身份证", "证件号", "信用代码", "账号", "卡号", "证号", "条码",
	"電話", "傳真", "郵遞區號", "郵便番号", "統一編號", "代碼", "コード", "우편번호", "전화", "코드", "phone", "telefon", "telephone", "mobile", "fax", "zip", "postal", "postcode", "plz", "postleitzahl", "barcode", "ean", "isbn", "uscc", "siret", "siren",
}

func named(name string, list []string) bool {
	for _, w := range list {
		if len(w) <= 3 && w[0] < 0x80 { // short ASCII words stand alone
			if name == w || strings.HasSuffix(name, "_"+w) || strings.HasSuffix(name, " "+w) || strings.HasPrefix(name, w+" ") || strings.HasPrefix(name, w+"_") {
				return true
			}
			continue
		}
		if strings.Contains(name, w) {
			return true
		}
	}
	return false
}

func (p *Profile) asNumber(f *Finding, n int64, name string, h hints) bool {
	if p.sum(0, mLeadZero, 0) > 0 {
		return false
	}
	points, commas := p.sum(mPoint, 0, mBig), p.sum(mComma, 0, mBig)
	st := point
	read := points
	onlyPoint, onlyComma := p.sum(mPoint, 0, mComma|mBig), p.sum(mComma, 0, mPoint|mBig)
	switch {
	case commas > points:
		st, read = comma, commas
	case onlyPoint == 0 && onlyComma == 0 && h.styleKnown:
		if st = h.style; st == comma {
			read = commas
		}
	}
	if !enough(read, n) {
		// figures of which some carry footnotes' marks stay figures
		notes := p.sum(mMarked, 0, 0)
		if notes == 0 || n-read-notes > n/20 {
			return false
		}
		if read < notes {
			f.ask("列“%s”里 %d 个数带脚注或界限标记（如 1234r、<5），多于不带的，未作数值读取，请确认。", p.head.Name, notes)
			return false
		}
		f.ask("列“%s”里 %d 个数带脚注或界限标记（如 1234r、<5），留作文字，没有读作数值，请核对。", p.head.Name, notes)
	}
	whole := mPointWhole
	if st == comma {
		whole = mCommaWhole
	}
	style := mPoint
	if st == comma {
		style = mComma
	}
	wholes := p.sum(style|whole, 0, mBig)
	if p.sum(mLong, 0, 0)*2 > n || p.sum(mPhone, 0, 0)*10 >= n*9 && wholes == read {
		return false
	}
	if wholes == read && named(name, codeNames[:]) && p.sum(mUnit, 0, 0) == 0 {
		return false
	}
	ext := p.num[st]
	ints, scale := int(ext.ints), int(ext.scale)
	if wholes < read && ints+scale > maxDigits {
		return false
	}
	// units: one for all, or the column is no number without a person's word
	byUnit := map[string]int64{}
	for i := range p.entries {
		if e := &p.entries[i]; e.mask&style != 0 {
			byUnit[e.unit] += e.n
		}
	}
	if len(byUnit) > 1 {
		for u, k := range byUnit {
			f.Units = append(f.Units, UnitCount{u, k})
		}
		slices.SortFunc(f.Units, func(a, b UnitCount) int {
			return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Unit, b.Unit))
		})
		f.Units = f.Units[:min(len(f.Units), UnitsShown)]
		if p.picked == nil || byUnit[*p.picked] == 0 {
			says := make([]string, len(f.Units))
			for i, u := range f.Units {
				says[i] = fmt.Sprintf("%s %d 个", cmp.Or(u.Unit, "无单位"), u.Count)
			}
			f.ask("列“%s”的数值单位不一致：%s。现按文字收下，请选择按哪种单位读作数值，或保持原文。", p.head.Name, strings.Join(says, "、"))
			return false
		}
		// a person chose one: the others stay words
		read, wholes = byUnit[*p.picked], 0
		for i := range p.entries {
			if e := &p.entries[i]; e.mask&(style|whole) == style|whole && e.mask&mBig == 0 && e.unit == *p.picked {
				wholes += e.n
			}
		}
		f.plan.Style, f.Unread, f.Exact = st, n-read, false
		f.Unit, f.plan.Unit = *p.picked, *p.picked
		if f.Type = resource.Integer; wholes < read {
			f.Type, f.Scale, f.Precision = resource.Decimal, scale, max(ints+scale, scale+1)
		}
		return true
	}
	for u := range byUnit {
		if u != "" {
			f.Unit, f.plan.Unit = u, u
		}
	}
	if onlyPoint > 0 && onlyComma > 0 {
		f.ask("列“%s”里小数点与逗号两种写法并存（%d 个按小数点、%d 个按小数逗号才能读），请确认。", p.head.Name, onlyPoint, onlyComma)
	}
	if onlyPoint == 0 && onlyComma == 0 && !h.styleKnown {
		if g := p.sum(mGrouped|mPoint|mComma, 0, 0); g > 0 && p.sum(mPointWhole|mGrouped, 0, mCommaWhole) == g {
			if g < 3 && !bytes.Contains(ext.maxText, []byte("00")) {
				f.ask("列“%s”的“%s”一类写法现按千位分隔读，请确认不是小数。", p.head.Name, ext.maxText)
			}
		} else if d := p.sum(mDecThree, 0, 0); d > 0 && d < 3 && p.sum(mCanonInt, 0, 0) > 0 {
			f.ask("列“%s”的“%s”一类写法现按小数读，请确认不是千位分隔。", p.head.Name, ext.maxText)
		}
	}
	f.plan.Style = st
	f.Unread = n - read
	f.Min, f.Max = p.canonical(ext.minText, st), p.canonical(ext.maxText, st)
	if wholes == read {
		f.Type = resource.Integer
		f.Exact = p.sum(mCanonInt, 0, 0) == n
		f.Min, f.Max = fmt.Sprint(p.wholes[st].min), fmt.Sprint(p.wholes[st].max)
		return true
	}
	f.Type, f.Scale = resource.Decimal, scale
	f.Precision = max(ints+scale, scale+1)
	f.Exact = st == point && p.sum(mCanonDec, 0, 0) == n && p.canon[0] == p.canon[1]
	return true
}

// canonical writes a number's text with a point and without separators.
func (p *Profile) canonical(text []byte, st style) string {
	a, ok := splitNumber(narrow(trim(text), p.buf[:]))
	var d number
	if !ok || !readBody(a.body, st, &d) {
		return string(text)
	}
	digits := slices.Clone(d.digits[:d.n])
	for len(digits) <= d.scale {
		digits = append([]byte{'0'}, digits...)
	}
	s := string(digits[:len(digits)-d.scale])
	if d.scale > 0 {
		s += "." + string(digits[len(digits)-d.scale:])
	}
	if a.neg && d.n > 0 {
		s = "-" + s
	}
	return s
}

func (p *Profile) asDate(f *Finding, n int64, name string, h hints) bool {
	digits := p.sum(mDigitsDate, 0, 0)
	plain := p.sum(0, mAnyDate, 0)
	if plain == 0 {
		plausible := n >= 3 && p.years() || named(name, dateNames[:])
		if digits != n || named(name, codeNames[:]) || !plausible {
			return false
		}
	}
	dm, md, ym := p.sum(0, mLastDM|mShortDM, 0), p.sum(0, mLastMD|mShortMD, 0), p.sum(mShortYM, 0, 0)
	ord := dayFirst
	asked := false
	if short := p.sum(0, mShortDM|mShortMD|mShortYM, 0); dm+md > 0 || short > 0 {
		best := max(dm, md, ym)
		var open []string
		for i, k := range [...]int64{dm, md, ym} {
			if k == best {
				open = append(open, [...]string{"日/月/年", "月/日/年", "年/月/日"}[i])
			}
		}
		switch {
		case ym == best && (dm < best && md < best || p.sum(mShortYM|mShortDM, 0, mShortMD) == 0 && !h.orderKnown && p.shortYears()):
			ord = yearFirst
		case md == best && (dm < best || h.orderKnown && h.order == monthFirst):
			ord = monthFirst
		}
		if len(open) > 1 && !h.orderKnown {
			f.ask("列“%s”的日期写法（如“%s”）可读作%s，现按%s读，请确认。", p.head.Name, p.sampleDate(), strings.Join(open, "或"), [...]string{"日/月/年", "月/日/年", "年/月/日"}[ord])
			asked = true
		}
		if dm > 0 && md > 0 && p.sum(mLastDM, 0, mLastMD) > 0 && p.sum(mLastMD, 0, mLastDM) > 0 {
			f.ask("列“%s”里有的日期只能读作日/月/年，有的只能读作月/日/年，请确认。", p.head.Name)
			asked = true
		}
		if short > 0 && !asked {
			f.ask("列“%s”的年份只有两位，现把 69–99 读作 19xx、00–68 读作 20xx，请确认。", p.head.Name)
		}
	}
	ok := mDate | mROC | mDigitsDate
	switch ord {
	case dayFirst:
		ok |= mLastDM | mShortDM
	case monthFirst:
		ok |= mLastMD | mShortMD
	default:
		ok |= mLastDM | mShortYM
	}
	read := p.sum(0, ok, 0)
	if !enough(read, n) {
		f.Questions = nil
		return false
	}
	if p.sum(mROC, 0, 0) > 0 {
		f.ask("列“%s”的年份现按民国纪年读（113 年即 2024 年），请确认。", p.head.Name)
	}
	f.Type = resource.Date
	clocks := p.sum(mClock, ok, 0)
	if clocks > 0 {
		f.Type = resource.Timestamp
		if z := p.sum(mZoned, ok, 0); z > 0 && z < clocks {
			f.ask("列“%s”里有的时间带时区，有的不带，不带的按原样读。", p.head.Name)
		}
	}
	f.Unread = n - read
	f.plan.Order, f.plan.Digits = ord, digits > 0
	// range
	var r span
	for i, s := range spanMasks {
		if ok&s.mask != 0 && p.dates[i].any {
			r.add(p.dates[i].min)
			r.add(p.dates[i].max)
		}
	}
	f.Min, f.Max = formatMoment(r.min, clocks > 0), formatMoment(r.max, clocks > 0)
	f.plan.Layout, f.Exact = p.oneLayout(ok, n)
	f.Exact = f.Exact && (clocks == 0 || clocks == read)
	if f.Exact {
		f.Layout = f.plan.Layout.String(ord)
	}
	return true
}

// years reports whether the compact dates lie within plausible years.
func (p *Profile) years() bool {
	s := p.dates[1]
	const year = int64(365.25 * 86400e6)
	return s.any && s.min > -70*year && s.max < 80*year
}

// shortYears reports whether the first of the short numbers looks like a year:
// as year, month, day the range is narrower than the two others.
func (p *Profile) shortYears() bool {
	ym := p.dates[6]
	return ym.any && ym.max-ym.min < min(p.dates[4].max-p.dates[4].min, p.dates[5].max-p.dates[5].min)/4
}

func (p *Profile) sampleDate() string {
	for _, s := range p.samples {
		var o observation
		classify([]byte(s), p.buf[:], &o)
		if o.mask&(mAnyDate&^mDate) != 0 {
			return s
		}
	}
	return ""
}

// oneLayout returns the layout that all n values share, if they do.
func (p *Profile) oneLayout(ok mask, n int64) (l layout, exact bool) {
	first := true
	var seen int64
	for i := range p.entries {
		e := &p.entries[i]
		if e.mask&ok == 0 {
			continue
		}
		if e.mask&mExactTime == 0 && e.mask&(mDigitsDate|mCanonInt) != mDigitsDate|mCanonInt {
			return l, false
		}
		seen += e.n
		if first {
			l, first = e.layout, false
			continue
		}
		m := e.layout
		pad, hour := l.pad.and(m.pad), l.hourPad.and(m.hourPad)
		l.pad, m.pad, l.hourPad, m.hourPad = pad, pad, hour, hour
		if l != m || pad == padMixed || hour == padMixed {
			return l, false
		}
	}
	return l, seen == n && l.order != orderShort
}

// String names the layout for people, e.g. yyyy/m/d hh:mm.
func (l layout) String(o dayOrder) string {
	mm, dd := "mm", "dd"
	if l.pad == padBare {
		mm, dd = "m", "d"
	}
	sep := map[form]string{formDash: "-", formSlash: "/", formDot: "."}[l.form]
	var s string
	switch {
	case l.form == formCompact:
		s = "yyyymmdd"
	case l.form == formNian:
		s = "yyyy年" + mm + "月" + dd + "日"
	case l.order == orderLast && o == monthFirst:
		s = mm + sep + dd + sep + "yyyy"
	case l.order == orderLast:
		s = dd + sep + mm + sep + "yyyy"
	default:
		s = "yyyy" + sep + mm + sep + dd
	}
	switch l.clock {
	case 'm':
		s += string(rune(l.mark)) + "hh:mm"
	case 's':
		s += string(rune(l.mark)) + "hh:mm:ss"
		if l.fraction > 0 {
			s += "." + strings.Repeat("f", int(l.fraction))
		}
	}
	return s
}

func formatMoment(micros int64, clock bool) string {
	t := time.UnixMicro(micros).UTC()
	if !clock {
		return t.Format("2006-01-02")
	}
	return t.Format("2006-01-02 15:04:05.999999")
}

func (p *Profile) asTime(f *Finding, n int64) bool {
	read := p.sum(mTimeOnly, 0, 0)
	if !enough(read, n) {
		return false
	}
	// kept as text in storage: the text itself is the value
	f.Type, f.Unread = resource.Time, n-read
	return true
}
