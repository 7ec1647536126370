package reading

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"math"
	"slices"
	"strconv"

	"shuniu/collect/intake/tabular"
)

// maxEntries bounds how many kinds of value a profile tells apart; values of
// further kinds are counted as text.
const maxEntries = 256

// maxSamples is how many different values a finding shows.
const maxSamples = 5

// A Profile gathers what a column's values are. It is used by one goroutine;
// profiles of parts of a column are put together by Merge.
type Profile struct {
	head    tabular.Head
	rows    int64
	absent  int64
	empty   int64
	entries []entry
	last    int
	values  counter

	wholes   [2]wholes // by style
	num      [2]extent // by style
	canon    [2]int8   // least and greatest scale of canonical decimals; least -1 is none
	dates    [8]span
	text     textSpan
	stamps   [16]int32 // entries of the usual dates and times; -1 is none yet
	maxBytes int
	samples  []string
	picked   *string // the unit a person chose
	buf      [256]byte
}

// An entry counts the values of one mask, layout and unit.
type entry struct {
	mask   mask
	layout layout
	unit   string
	n      int64
}

// wholes is a range of integers; empty while min is above max.
type wholes struct{ min, max int64 }

func (w *wholes) add(n int64) { w.min, w.max = min(w.min, n), max(w.max, n) }

// An extent is the range of numbers under one style.
type extent struct {
	any         bool
	min, max    float64
	minText     []byte
	maxText     []byte
	ints, scale int8
}

// A span is a range of moments in microseconds since 1970.
type span struct {
	any      bool
	min, max int64
}

type textSpan struct {
	any            bool
	minKey, maxKey uint64
	min, max       []byte
}

// New starts a profile of the column that head names.
func New(head tabular.Head) *Profile {
	none := wholes{math.MaxInt64, math.MinInt64}
	p := &Profile{head: head, last: -1, canon: [2]int8{-1, -1}, wholes: [2]wholes{none, none}}
	for i := range p.stamps {
		p.stamps[i] = -1
	}
	return p
}

// ReadIn says in which unit a column of several is read: a person's word. "" is
// numbers without one. Numbers in other units stay text.
func (p *Profile) ReadIn(unit string) { p.picked = &unit }

// Add takes in the next rows of the column.
func (p *Profile) Add(t *tabular.Text) {
	n := len(t.Offsets) - 1
	if n <= 0 {
		return
	}
	p.rows += int64(n)
	data := t.Data
	from := t.Offsets[0]
	for i := range n {
		to := t.Offsets[i+1]
		v := data[from:to]
		from = to
		if t.Null != nil && t.Null[i] {
			p.absent++
			continue
		}
		if len(v) == 0 {
			p.empty++
			continue
		}
		s, fresh := p.values.add(maphash.Bytes(seed, v))
		if s != nil {
			if !fresh && s.entry >= 0 {
				p.entries[s.entry].n++
				continue
			}
			if fresh && len(p.samples) < maxSamples {
				p.samples = append(p.samples, clip(v))
			}
			s.entry = p.observe(v)
			continue
		}
		p.observe(v)
	}
}

func clip(v []byte) string {
	const most = 200
	if len(v) <= most {
		return string(v)
	}
	cut := most
	for cut > 0 && v[cut]&0xC0 == 0x80 {
		cut--
	}
	return string(v[:cut])
}

// observe counts one value and returns its entry.
func (p *Profile) observe(v []byte) int32 {
	p.maxBytes = max(p.maxBytes, len(v))
	p.text.add(v)
	if p.last >= 0 {
		// the value is as the one before: the usual case, without a full look
		e := &p.entries[p.last]
		switch {
		case e.mask&mCanonInt != 0:
			if n, ok := plainInt(v); ok && intMask(v, n) == e.mask && e.mask&mDigitsDate == 0 {
				e.n++
				if n < p.wholes[point].min || n > p.wholes[point].max {
					p.whole(n, v)
				}
				return int32(p.last)
			}
		case e.mask == mPoint|mCanonDec:
			if mant, ints, scale, ok := plainDecimal(v); ok && scale != 3 {
				e.n++
				p.decimal(float64(mant)/pow10f(scale), ints, scale, v)
				return int32(p.last)
			}
		case e.mask == 0:
			if len(v) > 64 || surelyText(v) {
				e.n++
				return int32(p.last)
			}
		}
	}
	at := p.stamp(v)
	if at != nil && *at >= 0 {
		p.entries[*at].n++
		return *at
	}
	var o observation
	classify(v, p.buf[:], &o)
	p.extend(&o, v)
	i := p.count(o.mask, o.layoutKey(), o.unit)
	if at != nil {
		*at = i
	}
	return i
}

// stamp recognises zero-padded dates and times of one separator: the entry of
// their layout, -1 while there is none, or nil for other values. When there is
// an entry the range is widened.
func (p *Profile) stamp(v []byte) *int32 {
	if len(v) != 10 && len(v) != 19 || v[4] != '-' && v[4] != '/' {
		return nil
	}
	var micros int64
	k := 0
	if v[4] == '/' {
		k = 1
	}
	if v[5] == '0' || v[8] == '0' {
		k |= 2
	}
	if len(v) == 10 {
		day, ok := plainDate(v, v[4])
		if !ok {
			return nil
		}
		micros = int64(day) * 86400e6
	} else {
		at, ok := plainStamp(v, v[4], ' ')
		if !ok {
			return nil
		}
		micros = at
		k |= 4
		if v[11] == '0' {
			k |= 8
		}
	}
	if p.stamps[k] >= 0 {
		p.dates[spanYear].add(micros)
	}
	return &p.stamps[k]
}

// layoutKey is the layout where it matters, the zero layout elsewhere.
func (o *observation) layoutKey() layout {
	if o.mask&mExactTime == 0 && o.mask&mDigitsDate == 0 {
		return layout{}
	}
	return o.m.layout
}

func (p *Profile) count(k mask, l layout, unit string) int32 {
	if p.last >= 0 {
		if e := &p.entries[p.last]; e.mask == k && e.layout == l && e.unit == unit {
			e.n++
			return int32(p.last)
		}
	}
	for i := range p.entries {
		if e := &p.entries[i]; e.mask == k && e.layout == l && e.unit == unit {
			e.n++
			p.last = i
			return int32(i)
		}
	}
	if len(p.entries) >= maxEntries-1 && k != 0 {
		return p.count(0, layout{}, "")
	}
	p.entries = append(p.entries, entry{k, l, unit, 1})
	p.last = len(p.entries) - 1
	return int32(p.last)
}

func (p *Profile) whole(n int64, v []byte) {
	p.wholes[point].add(n)
	p.wholes[comma].add(n)
	ints := len(v)
	if n < 0 {
		ints--
	}
	p.num[point].add(float64(n), ints, 0, v)
	p.num[comma].add(float64(n), ints, 0, v)
}

func (p *Profile) decimal(f float64, ints, scale int, v []byte) {
	p.num[point].add(f, ints, scale, v)
	if p.canon[0] < 0 || int8(scale) < p.canon[0] {
		p.canon[0] = int8(scale)
	}
	p.canon[1] = max(p.canon[1], int8(scale))
}

// extend widens the ranges by the observation.
func (p *Profile) extend(o *observation, v []byte) {
	if o.mask&mNumber != 0 && o.mask&mBig == 0 {
		if o.mask&mPointWhole != 0 {
			p.wholes[point].add(o.whole[point])
		}
		if o.mask&mCommaWhole != 0 {
			p.wholes[comma].add(o.whole[comma])
		}
		if o.mask&mPoint != 0 {
			p.num[point].add(o.value, int(o.ints), int(o.scale), v)
		}
		if o.mask&mComma != 0 {
			p.num[comma].add(o.other, int(o.int2), int(o.scal2), v)
		}
		if o.mask&mCanonDec != 0 {
			p.decimal(o.value, int(o.ints), int(o.scale), v)
		}
	}
	if o.mask&(mAnyDate|mDigitsDate) != 0 {
		for i, s := range spanMasks {
			if o.mask&s.mask == 0 {
				continue
			}
			if day, ok := o.m.day(s.order); ok {
				p.dates[i].add(int64(day)*86400e6 + int64(o.m.seconds)*1e6 + int64(o.m.micros) - int64(o.m.offsetMn)*60e6)
			}
		}
	}
}

const spanYear = 0

// spanMasks are the families of dates whose ranges are kept apart.
var spanMasks = [8]struct {
	mask  mask
	order dayOrder
}{
	{mDate, dayFirst},
	{mDigitsDate, dayFirst},
	{mLastDM, dayFirst},
	{mLastMD, monthFirst},
	{mShortDM, dayFirst},
	{mShortMD, monthFirst},
	{mShortYM, yearFirst},
	{mROC, dayFirst},
}

func (e *extent) add(f float64, ints, scale int, v []byte) {
	if !e.any || f < e.min {
		e.min, e.minText = f, append(e.minText[:0], v...)
	}
	if !e.any || f > e.max {
		e.max, e.maxText = f, append(e.maxText[:0], v...)
	}
	e.any = true
	e.ints, e.scale = max(e.ints, int8(min(ints, 120))), max(e.scale, int8(min(scale, 120)))
}

func (s *span) add(at int64) {
	if !s.any {
		s.any, s.min, s.max = true, at, at
		return
	}
	s.min, s.max = min(s.min, at), max(s.max, at)
}

func (s *textSpan) add(v []byte) {
	var key uint64
	if len(v) >= 8 {
		key = binary.BigEndian.Uint64(v)
	} else {
		for i, c := range v {
			key |= uint64(c) << (56 - 8*i)
		}
	}
	if !s.any {
		s.any, s.minKey, s.maxKey = true, key, key
		s.min, s.max = append(s.min[:0], v...), append(s.max[:0], v...)
		return
	}
	if key < s.minKey || key == s.minKey && bytes.Compare(v, s.min) < 0 {
		s.minKey, s.min = key, append(s.min[:0], v...)
	}
	if key > s.maxKey || key == s.maxKey && bytes.Compare(v, s.max) > 0 {
		s.maxKey, s.max = key, append(s.max[:0], v...)
	}
}

// Merge adds what q gathered from other rows of the same column.
func (p *Profile) Merge(q *Profile) {
	p.rows += q.rows
	p.absent += q.absent
	p.empty += q.empty
	for _, e := range q.entries {
		i := p.count(e.mask, e.layout, e.unit)
		p.entries[i].n += e.n - 1
	}
	p.values.merge(&q.values)
	for st := range p.num {
		p.wholes[st].min, p.wholes[st].max = min(p.wholes[st].min, q.wholes[st].min), max(p.wholes[st].max, q.wholes[st].max)
		if e := q.num[st]; e.any {
			p.num[st].add(e.min, int(e.ints), int(e.scale), e.minText)
			p.num[st].add(e.max, int(e.ints), int(e.scale), e.maxText)
		}
	}
	if q.canon[0] >= 0 {
		if p.canon[0] < 0 || q.canon[0] < p.canon[0] {
			p.canon[0] = q.canon[0]
		}
		p.canon[1] = max(p.canon[1], q.canon[1])
	}
	for i, s := range q.dates {
		if s.any {
			p.dates[i].add(s.min)
			p.dates[i].add(s.max)
		}
	}
	if q.text.any {
		p.text.add(q.text.min)
		p.text.add(q.text.max)
	}
	p.maxBytes = max(p.maxBytes, q.maxBytes)
	for _, s := range q.samples {
		if len(p.samples) < maxSamples && !slices.Contains(p.samples, s) {
			p.samples = append(p.samples, s)
		}
	}
}

func appendInt(dst []byte, n int64) []byte { return strconv.AppendInt(dst, n, 10) }
