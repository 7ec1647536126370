package reading

import (
	"math/bits"

	"shuniu/collect/intake/tabular"
	"shuniu/resource"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Arrow is the Arrow type of the finding's typed column. A time of day is
// text, because Spark cannot load Iceberg's time; a timestamp has no zone and
// is UTC where the text named a zone.
func (f *Finding) Arrow() arrow.DataType {
	switch f.Type {
	case resource.Integer:
		return arrow.PrimitiveTypes.Int64
	case resource.Decimal:
		return &arrow.Decimal128Type{Precision: int32(f.Precision), Scale: int32(f.Scale)}
	case resource.Boolean:
		return arrow.FixedWidthTypes.Boolean
	case resource.Date:
		return arrow.FixedWidthTypes.Date32
	case resource.Timestamp:
		return &arrow.TimestampType{Unit: arrow.Microsecond}
	default:
		return arrow.BinaryTypes.String
	}
}

// As returns the finding read as another type of number, or as text, as a
// dataset's field wants it: integers as decimals, decimals with more room. ok
// is false when the values cannot be read so; such a column is text.
func (f Finding) As(field resource.Field) (g Finding, ok bool) {
	g = f
	switch {
	case field.Type == f.Type && f.Type != resource.Decimal:
		return g, true
	case field.Type == resource.Text:
		g.Type, g.Exact, g.EmptyNull, g.Unread = resource.Text, true, false, 0
		return g, true
	case field.Type == resource.Decimal && (f.Type == resource.Decimal || f.Type == resource.Integer):
		g.Exact = f.Exact && f.Type == resource.Decimal && f.Scale == field.Scale
		g.Type, g.Precision, g.Scale = resource.Decimal, field.Precision, field.Scale
		return g, f.Scale <= field.Scale && (f.Type == resource.Integer || f.Precision-f.Scale <= field.Precision-field.Scale)
	case field.Type == resource.Timestamp && f.Type == resource.Date:
		g.Type, g.Exact = resource.Timestamp, false
		return g, true
	case f.Nulls == f.Rows: // nothing but missing values reads as anything
		g.Type, g.Precision, g.Scale = field.Type, field.Precision, field.Scale
		g.Exact = false
		return g, true
	}
	return f, false
}

// A Converter turns text columns into Arrow arrays by a finding: Append adds
// rows, Take gives the array of those since the last Take. It is used by one
// goroutine.
type Converter struct {
	f     Finding
	mem   memory.Allocator
	buf   [256]byte
	bools map[string]bool

	n      int            // rows so far
	values *memory.Buffer // of the array under work: fixed width, or the offsets of text
	text   *memory.Buffer // bytes of text
	bytes  int            // of text so far
	usual  int            // bytes of text of the last array
	valid  []byte         // bitmap; nil while all are valid
	nulls  int
}

// NewConverter returns a converter for the column of f.
func NewConverter(f Finding, mem memory.Allocator) *Converter {
	c := &Converter{f: f, mem: mem}
	if f.Type == resource.Boolean {
		c.bools = map[string]bool{}
		for w, k := range boolWords {
			if k&f.plan.Bools != 0 {
				c.bools[w] = k&mTrue != 0
			}
		}
	}
	return c
}

// Convert returns the values of t as the finding's Arrow type, null where they
// are missing or do not read, and how many of the null ones did not read. The
// caller releases the array; t may be reused at once. Nothing may have been
// appended before.
func (c *Converter) Convert(t *tabular.Text) (a arrow.Array, unread int64) {
	n := max(len(t.Offsets)-1, 0)
	unread = c.Append(t, 0, n, n)
	return c.Take(), unread
}

// Append adds the values from up to, not including, to of t, as Convert does.
// most is how many rows the array will have, as far as the caller knows.
func (c *Converter) Append(t *tabular.Text, from, to, most int) (unread int64) {
	most = max(most, c.n+to-from)
	switch c.f.Type {
	case resource.Integer:
		c.reserve(most * 8)
		unread = c.integers(t, from, to)
	case resource.Decimal:
		c.reserve(most * 16)
		unread = c.decimals(t, from, to)
	case resource.Boolean:
		c.reserve(int(bitutil.BytesForBits(int64(most))))
		unread = c.booleans(t, from, to)
	case resource.Date:
		c.reserve(most * 4)
		unread = c.dates(t, from, to)
	case resource.Timestamp:
		c.reserve(most * 8)
		unread = c.timestamps(t, from, to)
	default:
		c.reserve((most + 1) * 4)
		c.texts(t, from, to)
	}
	c.n += to - from
	return unread
}

// Take gives the array; the caller releases it.
func (c *Converter) Take() arrow.Array {
	var bitmap *memory.Buffer
	if c.valid != nil {
		c.cover(c.n)
		bitmap = memory.NewBufferBytes(c.valid)
	}
	if c.values == nil {
		c.reserve(4)
		clear(c.values.Bytes())
	}
	bufs := []*memory.Buffer{bitmap, c.values}
	if c.isText() {
		if c.text == nil {
			c.text = memory.NewResizableBuffer(c.mem)
		}
		c.usual = c.bytes
		bufs = append(bufs, c.text)
	}
	data := array.NewData(c.f.Arrow(), c.n, bufs, nil, c.nulls, 0)
	defer data.Release()
	for _, b := range bufs[1:] {
		b.Release()
	}
	c.n, c.values, c.text, c.bytes, c.valid, c.nulls = 0, nil, nil, 0, nil, 0
	return array.MakeFromData(data)
}

func (c *Converter) isText() bool { return c.f.Arrow().ID() == arrow.STRING }

// reserve makes room for size bytes of values.
func (c *Converter) reserve(size int) {
	if c.values == nil {
		c.values = memory.NewResizableBuffer(c.mem)
	}
	if size > c.values.Len() {
		c.values.Resize(size)
	}
}

// null marks row i of the array as missing.
func (c *Converter) null(i int) {
	c.cover(i + 1)
	bitutil.ClearBit(c.valid, i)
	c.nulls++
}

// cover makes the bitmap hold n rows, the new ones valid.
func (c *Converter) cover(n int) {
	need := int(bitutil.BytesForBits(int64(n)))
	if need <= len(c.valid) {
		return
	}
	more := make([]byte, max(need, 2*len(c.valid), 64))
	for k := copy(more, c.valid); k < len(more); k++ {
		more[k] = 0xFF
	}
	c.valid = more
}

// Bytes is how much text the array under work holds.
func (c *Converter) Bytes() int { return c.bytes }

func (c *Converter) texts(t *tabular.Text, from, to int) {
	base, end := t.Offsets[from], t.Offsets[to]
	o := arrow.Int32Traits.CastFromBytes(c.values.Bytes())[c.n:]
	if shift := int32(c.bytes) - base; shift == 0 {
		copy(o, t.Offsets[from:to+1])
	} else {
		for i, at := range t.Offsets[from : to+1] {
			o[i] = at + shift
		}
	}
	if c.text == nil {
		c.text = memory.NewResizableBuffer(c.mem)
		c.text.Reserve(c.usual + c.usual/8)
	}
	size := c.bytes + int(end-base)
	if size > c.text.Cap() {
		c.text.Reserve(max(size, 2*c.text.Cap()))
	}
	c.text.ResizeNoShrink(size)
	copy(c.text.Bytes()[c.bytes:], t.Data[base:end])
	c.bytes = size
	if t.Null != nil {
		for i := from; i < to; i++ {
			if t.Null[i] {
				c.null(c.n + i - from)
			}
		}
	}
}

// Present counts the values from up to, not including, to of t that say
// something.
func Present(t *tabular.Text, from, to int) (n int64) {
	for i := from; i < to; i++ {
		if v, ok := t.At(i); ok && !missing(v) {
			n++
		}
	}
	return n
}

// missing reports whether v, which did not read, is missing and not unread.
func missing(v []byte) bool {
	t := trim(v)
	if len(t) == 0 {
		return true
	}
	if len(t) > 16 {
		return false
	}
	var low [16]byte
	return nullTokens[string(appendLower(low[:0], t))]
}

func (c *Converter) integers(t *tabular.Text, from, to int) (unread int64) {
	out := arrow.Int64Traits.CastFromBytes(c.values.Bytes())[c.n:]
	var d number
	bare := c.f.plan.Unit == "" // among numbers of a unit, one without is another thing
	for i := range to - from {
		v, ok := t.At(from + i)
		if !ok {
			out[i] = 0
			c.null(c.n + i)
			continue
		}
		if x, ok := plainInt(v); ok && bare {
			out[i] = x
			continue
		}
		if c.number(v, &d) {
			if x, ok := d.int64(); ok {
				out[i] = x
				continue
			}
		}
		out[i] = 0
		c.null(c.n + i)
		if !missing(v) {
			unread++
		}
	}
	return unread
}

// number reads v, of any writing, under the finding's style.
func (c *Converter) number(v []byte, d *number) bool {
	s := narrow(trim(v), c.buf[:])
	if len(s) == 0 || len(s) > 64 {
		return false
	}
	a, ok := splitNumber(s)
	if !ok || a.unit != c.f.plan.Unit || !readBody(a.body, c.f.plan.Style, d) {
		return false
	}
	d.neg = a.neg
	return true
}

var pow10 = func() (p [19]int64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()

func (c *Converter) decimals(t *tabular.Text, from, to int) (unread int64) {
	out := arrow.Decimal128Traits.CastFromBytes(c.values.Bytes())[c.n:]
	var d number
	scale, room := c.f.Scale, c.f.Precision-c.f.Scale
	bare := c.f.plan.Unit == ""
	for i := range to - from {
		v, ok := t.At(from + i)
		if !ok {
			out[i] = decimal128.Num{}
			c.null(c.n + i)
			continue
		}
		if bare && c.f.plan.Style == point {
			if mant, ints, sc, ok := plainDecimal(v); ok && sc <= scale && ints <= room && ints+scale <= 18 {
				out[i] = decimal128.FromI64(mant * pow10[scale-sc])
				continue
			}
		}
		if x, ok := plainInt(v); ok && bare && len(v) <= room && len(v)+scale <= 18 {
			out[i] = decimal128.FromI64(x * pow10[scale])
			continue
		}
		if c.number(v, &d) {
			if x, ok := d.decimal(scale, room); ok {
				out[i] = x
				continue
			}
		}
		out[i] = decimal128.Num{}
		c.null(c.n + i)
		if !missing(v) {
			unread++
		}
	}
	return unread
}

// decimal is d at the scale, if it has no more decimals and at most room
// digits before the point.
func (d *number) decimal(scale, room int) (decimal128.Num, bool) {
	digits := d.digits[:d.n]
	sc := d.scale
	for sc > scale && len(digits) > 0 && digits[len(digits)-1] == '0' {
		digits, sc = digits[:len(digits)-1], sc-1
	}
	if len(digits) == 0 {
		return decimal128.Num{}, true
	}
	if sc > scale || len(digits)-sc > room || len(digits)-sc+scale > 38 {
		return decimal128.Num{}, false
	}
	var hi, lo uint64
	step := func(add uint64) {
		h, l := bits.Mul64(lo, 10)
		var carry uint64
		lo, carry = bits.Add64(l, add, 0)
		hi = hi*10 + h + carry
	}
	for _, c := range digits {
		step(uint64(c - '0'))
	}
	for range scale - sc {
		step(0)
	}
	x := decimal128.New(int64(hi), lo)
	if d.neg {
		x = x.Negate()
	}
	return x, true
}

func (c *Converter) booleans(t *tabular.Text, from, to int) (unread int64) {
	out := c.values.Bytes()
	var low [16]byte
	for i := range to - from {
		v, ok := t.At(from + i)
		if ok {
			if s := trim(v); len(s) <= len(low) {
				if yes, known := c.bools[string(appendLower(low[:0], s))]; known {
					bitutil.SetBitTo(out, c.n+i, yes)
					continue
				}
			}
			if !missing(v) {
				unread++
			}
		}
		bitutil.ClearBit(out, c.n+i)
		c.null(c.n + i)
	}
	return unread
}

func (c *Converter) dates(t *tabular.Text, from, to int) (unread int64) {
	out := arrow.Int32Traits.CastFromBytes(c.values.Bytes())[c.n:]
	sep := map[form]byte{formSlash: '/', formDot: '.'}[c.f.plan.Layout.form]
	if sep == 0 {
		sep = '-'
	}
	for i := range to - from {
		v, ok := t.At(from + i)
		if ok {
			if day, ok := plainDate(v, sep); ok {
				out[i] = day
				continue
			}
			if m, ok := c.moment(v); ok && !m.hasTime {
				if day, ok := m.day(c.f.plan.Order); ok {
					out[i] = day
					continue
				}
			}
			if !missing(v) {
				unread++
			}
		}
		out[i] = 0
		c.null(c.n + i)
	}
	return unread
}

func (c *Converter) moment(v []byte) (moment, bool) {
	s := narrow(trim(v), c.buf[:])
	m, ok := parseMoment(s)
	return m, ok && m.hasDate && (c.f.plan.Digits || m.order != orderDigits || m.hasTime)
}

// plainStamp reads "yyyy-mm-dd hh:mm:ss" with any separator of both kinds.
func plainStamp(v []byte, sep, mark byte) (micros int64, ok bool) {
	if len(v) != 19 || v[10] != mark || v[13] != ':' || v[16] != ':' {
		return 0, false
	}
	day, ok := plainDate(v[:10], sep)
	h1, h2, m1, m2, s1, s2 := v[11]-'0', v[12]-'0', v[14]-'0', v[15]-'0', v[17]-'0', v[18]-'0'
	if !ok || h1 > 2 || h2 > 9 || m1 > 5 || m2 > 9 || s1 > 5 || s2 > 9 || h1 == 2 && h2 > 3 {
		return 0, false
	}
	return int64(day)*86400e6 + (int64(h1*10+h2)*3600+int64(m1*10+m2)*60+int64(s1*10+s2))*1e6, true
}

func (c *Converter) timestamps(t *tabular.Text, from, to int) (unread int64) {
	out := arrow.Int64Traits.CastFromBytes(c.values.Bytes())[c.n:]
	sep := map[form]byte{formSlash: '/', formDot: '.'}[c.f.plan.Layout.form]
	if sep == 0 {
		sep = '-'
	}
	mark := c.f.plan.Layout.mark
	if mark == 0 {
		mark = ' '
	}
	for i := range to - from {
		v, ok := t.At(from + i)
		if ok {
			if at, ok := plainStamp(v, sep, mark); ok {
				out[i] = at
				continue
			}
			if m, ok := c.moment(v); ok {
				if day, ok := m.day(c.f.plan.Order); ok {
					out[i] = int64(day)*86400e6 + int64(m.seconds)*1e6 + int64(m.micros) - int64(m.offsetMn)*60e6
					continue
				}
			}
			if !missing(v) {
				unread++
			}
		}
		out[i] = 0
		c.null(c.n + i)
	}
	return unread
}
