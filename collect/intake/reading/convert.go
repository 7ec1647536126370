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

// A Converter turns text columns into Arrow arrays by a finding. It is used by
// one goroutine.
type Converter struct {
	f     Finding
	mem   memory.Allocator
	buf   [256]byte
	valid []byte // bitmap of the array under work; nil while all are valid
	nulls int
	bools map[string]bool
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
// caller releases the array; t may be reused at once.
func (c *Converter) Convert(t *tabular.Text) (a arrow.Array, unread int64) {
	n := max(len(t.Offsets)-1, 0)
	c.valid, c.nulls = nil, 0
	switch c.f.Type {
	case resource.Integer:
		return c.integers(t, n)
	case resource.Decimal:
		return c.decimals(t, n)
	case resource.Boolean:
		return c.booleans(t, n)
	case resource.Date:
		return c.dates(t, n)
	case resource.Timestamp:
		return c.timestamps(t, n)
	default:
		return c.texts(t, n), 0
	}
}

// null marks value i of n as missing.
func (c *Converter) null(i, n int) {
	if c.valid == nil {
		c.valid = make([]byte, bitutil.BytesForBits(int64(n)))
		for j := range c.valid {
			c.valid[j] = 0xFF
		}
	}
	bitutil.ClearBit(c.valid, i)
	c.nulls++
}

func (c *Converter) finish(n int, bufs ...*memory.Buffer) arrow.Array {
	var bitmap *memory.Buffer
	if c.valid != nil {
		bitmap = memory.NewBufferBytes(c.valid)
	}
	data := array.NewData(c.f.Arrow(), n, append([]*memory.Buffer{bitmap}, bufs...), nil, c.nulls, 0)
	defer data.Release()
	for _, b := range bufs {
		b.Release()
	}
	return array.MakeFromData(data)
}

func (c *Converter) buffer(size int) *memory.Buffer {
	b := memory.NewResizableBuffer(c.mem)
	b.Resize(size)
	return b
}

func (c *Converter) texts(t *tabular.Text, n int) arrow.Array {
	var base, end int32
	if n > 0 {
		base, end = t.Offsets[0], t.Offsets[n]
	}
	off := c.buffer((n + 1) * 4)
	o := arrow.Int32Traits.CastFromBytes(off.Bytes())[:n+1]
	if base == 0 {
		copy(o, t.Offsets)
	} else {
		for i := range o {
			o[i] = t.Offsets[i] - base
		}
	}
	if n == 0 {
		o[0] = 0
	}
	data := c.buffer(int(end - base))
	copy(data.Bytes(), t.Data[base:end])
	for i, absent := range t.Null {
		if i < n && absent {
			c.null(i, n)
		}
	}
	return c.finish(n, off, data)
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

func (c *Converter) integers(t *tabular.Text, n int) (arrow.Array, int64) {
	b := c.buffer(n * 8)
	out := arrow.Int64Traits.CastFromBytes(b.Bytes())[:n]
	var unread int64
	var d number
	for i := range n {
		v, ok := t.At(i)
		if !ok {
			out[i] = 0
			c.null(i, n)
			continue
		}
		if x, ok := plainInt(v); ok {
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
		c.null(i, n)
		if !missing(v) {
			unread++
		}
	}
	return c.finish(n, b), unread
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

func (c *Converter) decimals(t *tabular.Text, n int) (arrow.Array, int64) {
	b := c.buffer(n * 16)
	out := arrow.Decimal128Traits.CastFromBytes(b.Bytes())[:n]
	var unread int64
	var d number
	scale, room := c.f.Scale, c.f.Precision-c.f.Scale
	for i := range n {
		v, ok := t.At(i)
		if !ok {
			out[i] = decimal128.Num{}
			c.null(i, n)
			continue
		}
		if c.f.plan.Style == point {
			if mant, ints, sc, ok := plainDecimal(v); ok && sc <= scale && ints <= room && ints+scale <= 18 {
				out[i] = decimal128.FromI64(mant * pow10[scale-sc])
				continue
			}
		}
		if x, ok := plainInt(v); ok && len(v) <= room && len(v)+scale <= 18 {
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
		c.null(i, n)
		if !missing(v) {
			unread++
		}
	}
	return c.finish(n, b), unread
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

func (c *Converter) booleans(t *tabular.Text, n int) (arrow.Array, int64) {
	b := c.buffer(int(bitutil.BytesForBits(int64(n))))
	out := b.Bytes()
	clear(out)
	var unread int64
	var low [16]byte
	for i := range n {
		v, ok := t.At(i)
		if ok {
			if s := trim(v); len(s) <= len(low) {
				if yes, known := c.bools[string(appendLower(low[:0], s))]; known {
					if yes {
						bitutil.SetBit(out, i)
					}
					continue
				}
			}
			if !missing(v) {
				unread++
			}
		}
		c.null(i, n)
	}
	return c.finish(n, b), unread
}

func (c *Converter) dates(t *tabular.Text, n int) (arrow.Array, int64) {
	b := c.buffer(n * 4)
	out := arrow.Int32Traits.CastFromBytes(b.Bytes())[:n]
	var unread int64
	sep := map[form]byte{formSlash: '/', formDot: '.'}[c.f.plan.Layout.form]
	if sep == 0 {
		sep = '-'
	}
	for i := range n {
		v, ok := t.At(i)
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
		c.null(i, n)
	}
	return c.finish(n, b), unread
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

func (c *Converter) timestamps(t *tabular.Text, n int) (arrow.Array, int64) {
	b := c.buffer(n * 8)
	out := arrow.Int64Traits.CastFromBytes(b.Bytes())[:n]
	var unread int64
	sep := map[form]byte{formSlash: '/', formDot: '.'}[c.f.plan.Layout.form]
	if sep == 0 {
		sep = '-'
	}
	mark := c.f.plan.Layout.mark
	if mark == 0 {
		mark = ' '
	}
	for i := range n {
		v, ok := t.At(i)
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
		c.null(i, n)
	}
	return c.finish(n, b), unread
}
