package delimited

import "bytes"

// likeRow reports whether a short record after the last full row is a row cut
// short rather than a note or total.
func (p *page) likeRow(r *rec, w int32, cols []columnClass) bool {
	return r.width*2 > w && p.fits(r, r.width, cols) && p.strong(r, cols)
}

// strong reports whether a value of r shows the class of its column.
func (p *page) strong(r *rec, cols []columnClass) bool {
	n := 0
	for k, f := range p.fields[r.f0:r.f1] {
		if k < len(cols) && cols[k].sure() && cols[k].top != classText && classOf(p.text[f.from:f.to]) == cols[k].top {
			n++
		}
	}
	return n >= 2
}

// fits reports whether the first n values of r are of the classes of their
// columns.
func (p *page) fits(r *rec, n int32, cols []columnClass) bool {
	for k, f := range p.fields[r.f0:min(r.f1, r.f0+n)] {
		c := cols[k]
		if !c.sure() {
			continue
		}
		if got := classOf(p.text[f.from:f.to]); got != classEmpty && got != c.top {
			return false
		}
	}
	return true
}

// A class is a rough kind of value.
type class uint8

// A columnClass counts the classes of a column's values.
type columnClass struct {
	counts       [classText + 1]int
	top          class
	empty, total int
}

// sure reports whether nearly all values that are not empty are of one class.
func (c *columnClass) sure() bool {
	n := c.total - c.empty
	return n >= 3 && n-c.counts[c.top] <= max(1, n/20) && c.top != classText
}

func (p *page) classes(i, j int, w int32) []columnClass {
	cols := make([]columnClass, w)
	step := max(1, (j-i)/400)
	for k := i; k < j; k += step {
		r := &p.recs[k]
		if r.verdict != fine || r.width != w || r.mended {
			continue
		}
		for c, f := range p.fields[r.f0 : r.f0+w] {
			cl := classOf(p.text[f.from:f.to])
			cols[c].counts[cl]++
			cols[c].total++
			if cl == classEmpty {
				cols[c].empty++
			}
		}
	}
	for c := range cols {
		col := &cols[c]
		col.top = classText
		for cl := classNumber; cl <= classText; cl++ {
			if col.counts[cl] > col.counts[col.top] {
				col.top = cl
			}
		}
	}
	return cols
}

func classOf(v []byte) class {
	v = bytes.TrimSpace(v)
	if len(v) == 0 {
		return classEmpty
	}
	if len(v) > 8 && (bytes.HasPrefix(v, []byte("http://")) || bytes.HasPrefix(v, []byte("https://"))) {
		return classURL
	}
	digits, letters, date, other, high := 0, 0, 0, 0, 0
	for _, c := range v {
		switch {
		case c-'0' < 10:
			digits++
		case c >= 0x80:
			high++
		case c-'a' < 26 || c-'A' < 26:
			letters++
		case c == '-' || c == '/' || c == ':':
			date++
		case c == '.' || c == ',' || c == '+' || c == '%' || c == '$' || c == ' ' || c == '(' || c == ')':
		default:
			other++
		}
	}
	switch {
	case digits == 0:
		return classText
	case high == 0 && letters == 0 && other == 0 && date == 0, v[0] == '-' && date == 1 && letters+high+other == 0:
		return classNumber
	case high == 0 && letters == 0 && other == 0 && digits >= 3:
		return classDate
	case high <= 9 && letters+other == 0 && bytes.Contains(v, []byte("年")):
		return classDate
	case high == 0 && other == 0 && letters > 0 && bytes.IndexByte(v, ' ') < 0 && len(v) <= 32:
		return classCode
	}
	return classText
}

const (
	classEmpty class = iota
	classNumber
	classDate // digits with - / : between
	classURL
	classCode // letters and digits
	classText
)
