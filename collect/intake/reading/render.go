package reading

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// Render appends the text of value i of a, an array the finding's converter
// made. When the finding is Exact that is the text which came in; absent
// reports a value that was absent.
func (f *Finding) Render(dst []byte, a arrow.Array, i int) (text []byte, absent bool) {
	if a.IsNull(i) {
		return dst, !f.EmptyNull
	}
	switch a := a.(type) {
	case *array.Int64:
		return appendInt(dst, a.Value(i)), false
	case *array.Decimal128:
		return append(dst, a.Value(i).ToString(int32(f.Scale))...), false
	case *array.Boolean:
		if a.Value(i) {
			return append(dst, f.plan.True...), false
		}
		return append(dst, f.plan.False...), false
	case *array.Date32:
		return f.plan.Layout.appendDate(dst, int32(a.Value(i)), f.plan.Order), false
	case *array.Timestamp:
		at := int64(a.Value(i))
		day := at / 86400e6
		if at%86400e6 < 0 {
			day--
		}
		dst = f.plan.Layout.appendDate(dst, int32(day), f.plan.Order)
		return f.plan.Layout.appendClock(dst, at-day*86400e6), false
	case *array.String:
		return append(dst, a.Value(i)...), false
	}
	return dst, false
}

func appendPadded(dst []byte, n, width int) []byte {
	var b [8]byte
	i := len(b)
	for n > 0 || width > 0 {
		i--
		b[i] = byte('0' + n%10)
		n /= 10
		width--
	}
	return append(dst, b[i:]...)
}

func (l layout) appendDate(dst []byte, day int32, o dayOrder) []byte {
	y, m, d := civil(day)
	w := 2
	if l.pad == padBare {
		w = 1
	}
	var sep byte
	switch l.form {
	case formCompact:
		return appendPadded(appendPadded(appendPadded(dst, y, 4), m, 2), d, 2)
	case formNian:
		dst = append(appendPadded(dst, y, 4), "年"...)
		dst = append(appendPadded(dst, m, w), "月"...)
		return append(appendPadded(dst, d, w), "日"...)
	case formSlash:
		sep = '/'
	case formDot:
		sep = '.'
	default:
		sep = '-'
	}
	a, b, c := appendPadded(nil, y, 4), m, d
	if l.order == orderLast {
		if o == monthFirst {
			b, c = m, d
		} else {
			b, c = d, m
		}
		dst = append(appendPadded(dst, b, w), sep)
		dst = append(appendPadded(dst, c, w), sep)
		return append(dst, a...)
	}
	dst = append(append(dst, a...), sep)
	dst = append(appendPadded(dst, b, w), sep)
	return appendPadded(dst, c, w)
}

func (l layout) appendClock(dst []byte, micros int64) []byte {
	if l.clock == 0 {
		return dst
	}
	w := 2
	if l.hourPad == padBare {
		w = 1
	}
	s := int(micros / 1e6)
	dst = append(dst, l.mark)
	dst = append(appendPadded(dst, s/3600, w), ':')
	dst = appendPadded(dst, s/60%60, 2)
	if l.clock == 's' {
		dst = append(dst, ':')
		dst = appendPadded(dst, s%60, 2)
		if l.fraction > 0 {
			dst = append(dst, '.')
			frac := appendPadded(nil, int(micros%1e6), 6)
			dst = append(dst, frac[:l.fraction]...)
		}
	}
	return dst
}
