package delimited

import (
	"bytes"
	"fmt"

	"shuniu/collect/intake/grid"
)

// A verdict is what is known of a record before its table is looked for.
type verdict uint8

const (
	fine     verdict = iota
	isBlank          // nothing but delimiters and blanks
	rejected         // cannot be landed; reason says why
)

// A rec is one record of a text held in memory.
type rec struct {
	record
	line     int64 // physical line it begins at
	f0, f1   int32 // its fields
	verdict  verdict
	reason   string
	broken   bool // of a rejected record: less than a row
	mended   bool
	padded   bool
	trimmed  bool  // empty values beyond the table's last column were left out
	soft     bool  // a blank line or a drawn one inside a table: it has no row in the grid
	emptyRow bool  // delimiters alone, between rows of a table: a row without values
	cut      bool  // a table of another width begins here
	row      int32 // in the grid
	width    int32 // values, as split
}

// A page is a text split into records.
type page struct {
	text    []byte
	d       dialect
	recs    []rec
	rows    []int32      // rows of the grid: index into recs
	empties int          // records of delimiters alone that are rows
	dated   int          // the record of a header of dates; -1 is none
	names   map[int]bool // records whose first value is a name, though it looks like a total
	real    *grid.Sheet  // as the text is
	fields  []field
	bad     map[int64][]byte
	enc     string // encoding's name, for messages and for bytes of rejects
}

func (p *page) line(r *rec) []byte { return p.text[r.from:r.to] }

// splitAll splits the text. Records whose quotes are damaged are those of one
// line; so are records that a quote seems to have run through.
func splitAll(text []byte, d dialect, bad map[int64][]byte, enc string) *page {
	p := &page{text: text, d: d, bad: bad, enc: enc}
	line := int64(1)
	budget := int64(4<<20 + 2*len(text))
	d.budget = &budget
	for pos := 0; pos < len(text); {
		f0 := len(p.fields)
		var r record
		r, p.fields = d.split(text, pos, p.fields)
		if r.lines > 1 && p.ranThrough(pos, &r, len(p.fields)-f0) {
			end, next := d.lineEnd(text, pos)
			r, p.fields = d.damaged(text, pos, end, next, unclosed, p.fields[:f0])
		}
		p.add(r, line, f0)
		line += int64(r.lines)
		pos = int(r.next)
	}
	return p
}

func (p *page) add(r record, line int64, f0 int) {
	x := rec{record: r, line: line, f0: int32(f0), f1: int32(len(p.fields)), width: int32(len(p.fields) - f0)}
	if r.damage == sound && p.blank(&x) {
		x.verdict = isBlank
	}
	for k := range int64(r.lines) {
		if _, ok := p.bad[line+k]; ok {
			x.verdict, x.broken, x.reason = rejected, true, fmt.Sprintf("有字节不能按 %s 解读", p.enc)
		}
	}
	p.recs = append(p.recs, x)
}

// ranThrough reports whether a record of several lines looks like a quote that
// was never closed and met the next quote of another row: the first line, the
// last and nearly all between are by themselves rows of the record's width.
func (p *page) ranThrough(pos int, r *record, width int) bool {
	if width < 2 {
		return false
	}
	lines, rows, last := 0, 0, false
	var fields []field
	for i, at := int32(0), pos; i < r.lines && lines < 200; i++ {
		end, next := p.d.lineEnd(p.text, at)
		fields = p.d.plain(p.text, at, end, fields[:0])
		last = len(fields) == width
		if i == 0 && !last {
			return false
		}
		lines++
		if last {
			rows++
		}
		at = next
	}
	return last && rows*5 >= lines*4
}

func (p *page) blank(r *rec) bool {
	for _, f := range p.fields[r.f0:r.f1] {
		v := p.text[f.from:f.to]
		if len(v) > 0 && (v[0] > ' ' || len(bytes.Trim(v, " \t\r\n\v\f\x00\x1a\u3000\u00a0")) > 0) {
			return false
		}
	}
	return true
}

// judge decides which records cannot be rows of the tables around them. They
// are left out of the grid, and told.
func (p *page) judge() {
	p.sentences()
	from := p.preamble()
	for i := from; i < len(p.recs); {
		// a segment lies between blank lines; lines of one value do not end it,
		// they may be headings inside
		j := i
		for j < len(p.recs) && p.recs[j].verdict != isBlank {
			j++
		}
		if j > i {
			p.segment(i, j)
		}
		i = max(j, i+1)
	}
}

// modal is the width most sound records of [i, j) have, and how many do.
func (p *page) modal(i, j int) (width int32, count, total int) {
	counts := map[int32]int{}
	for k := i; k < j; k++ {
		if r := &p.recs[k]; r.verdict == fine && r.damage == sound && r.width > 1 {
			counts[r.width]++
			total++
		}
	}
	for w, n := range counts {
		if n > count || n == count && w > width {
			width, count = w, n
		}
	}
	return width, count, total
}

func (p *page) segment(i, j int) {
	// runs of one width are tables of their own when they are long enough
	const run = 4
	for i < j {
		w, count, total := p.modal(i, j)
		if w == 0 {
			p.mendAll(i, j, 1)
			return
		}
		if count*10 >= total*7 || total < 2*run {
			p.region(i, j, w, count, total)
			return
		}
		// several widths: cut where a long run of another width begins
		k, width := p.firstRun(i, j, run)
		if k < 0 {
			p.region(i, j, w, count, total)
			return
		}
		end := p.runEnd(k, j, width, run)
		if end >= j {
			n, t := 0, 0
			for x := i; x < j; x++ {
				if p.recs[x].verdict == fine && p.recs[x].damage == sound && p.recs[x].width > 1 {
					t++
					if p.recs[x].width == width {
						n++
					}
				}
			}
			p.region(i, j, width, n, t)
			return
		}
		p.region(i, end, width, end-i, end-i)
		p.recs[end].cut = true
		i = end
	}
}

// firstRun finds the first run of at least n records of one width.
func (p *page) firstRun(i, j, n int) (at int, width int32) {
	start, count := i, 0
	var w int32 = -1
	for k := i; k < j; k++ {
		r := &p.recs[k]
		if r.verdict != fine || r.damage != sound {
			continue
		}
		if r.width != w {
			w, start, count = r.width, k, 0
		}
		if count++; count >= n && w > 1 {
			return start, w
		}
	}
	return -1, 0
}

// runEnd is where a run of n records of another width follows the region of
// width w that begins at k.
func (p *page) runEnd(k, j int, w int32, n int) int {
	for i := k; i < j; i++ {
		r := &p.recs[i]
		if r.verdict != fine || r.damage != sound || r.width == w || r.width < 2 {
			continue
		}
		if at, other := p.firstRun(i, min(j, i+n+1), n); at == i && other != w {
			return i
		}
	}
	return j
}

// region judges the records of [i, j), which are a table of width w with what
// stands before, inside and after it.
func (p *page) region(i, j int, w int32, count, total int) {
	p.mendAll(i, j, int(w))
	first, last := -1, -1
	for k := i; k < j; k++ {
		if r := &p.recs[k]; r.verdict == fine && r.width == w {
			if first < 0 {
				first = k
			}
			last = k
		}
	}
	if first < 0 {
		return
	}
	var cols []columnClass
	ragged := 0
	for k := first; k <= last; k++ {
		if r := &p.recs[k]; r.verdict == fine && r.width > 1 && r.width < w {
			ragged++
		}
	}
	for k := i; k < j; k++ {
		r := &p.recs[k]
		if r.verdict != fine || r.width == w {
			continue
		}
		if k > last && ragged == 0 && total-count <= 1 && p.breaksOff(r, first, last, w, count) { // total may count r
			p.tooShort(r, w)
			continue
		}
		if r.width == 1 && r.damage == sound {
			continue
		}
		if k < first {
			continue // before the table: title, header
		}
		if cols == nil {
			cols = p.classes(first, last+1, w)
		}
		switch {
		case r.width > w:
			p.long(r, w, cols, count)
		case k > last && !p.likeRow(r, w, cols):
			// after the table: notes, totals
		default:
			p.short(r, w, cols, ragged >= 3 && ragged*10 >= count)
		}
	}
}

// mendAll reads damaged records in the one way that gives w values, if there
// is one, and rejects the others.
func (p *page) mendAll(i, j, w int) {
	for k := i; k < j; k++ {
		r := &p.recs[k]
		if r.verdict != fine || r.damage == sound {
			continue
		}
		fields, ok := p.d.mend(p.text, int(r.from), int(r.to), w)
		if !ok && r.width == 1 {
			// a remark that begins with a quote
			fields, ok = []field{{from: r.from, to: r.to, literal: true}}, true
		}
		if !ok {
			r.verdict, r.broken, r.reason = rejected, true, "引号不成对，读不出确定的列"
			continue
		}
		r.f0 = int32(len(p.fields))
		p.fields = append(p.fields, fields...)
		r.f1 = int32(len(p.fields))
		r.width, r.damage, r.mended = int32(len(fields)), sound, true
	}
}

// long judges a record with more values than its table has columns.
func (p *page) long(r *rec, w int32, cols []columnClass, count int) {
	extra := false
	for _, f := range p.fields[r.f0+w : r.f1] {
		if len(bytes.TrimSpace(p.text[f.from:f.to])) > 0 {
			extra = true
		}
	}
	if !extra && p.fits(r, w, cols) {
		r.f1 = r.f0 + w
		r.width, r.trimmed = w, true
		return
	}
	if count < 3 && !extra {
		return
	}
	r.verdict, r.reason = rejected, fmt.Sprintf("有 %d 个值，表有 %d 列（多出的分隔符会使各列错位）", r.width, w)
}

// short judges a record with fewer values than its table has columns: values
// missing at the end are padded when that is what the table's rows are like.
func (p *page) short(r *rec, w int32, cols []columnClass, ragged bool) {
	missing := true
	for _, c := range cols[r.width:] {
		if c.empty*5 < c.total {
			missing = false
		}
	}
	if (ragged || missing) && p.fits(r, r.width, cols) {
		r.padded = true
		return
	}
	p.tooShort(r, w)
}

func (p *page) tooShort(r *rec, w int32) {
	r.verdict, r.broken, r.reason = rejected, true, fmt.Sprintf("只有 %d 个值，表有 %d 列", r.width, w)
}

// breaksOff reports whether r is where the text was cut off: its last line,
// without a line end, shorter than every row of a table of count rows, and
// begun as they begin.
func (p *page) breaksOff(r *rec, first, last int, w int32, count int) bool {
	const least = 20
	if count < least || r.width >= w || int(r.next) != len(p.text) || int(r.to) != len(p.text) {
		return false
	}
	cols := p.classes(first, last+1, w)
	begun := classOf(p.text[p.fields[r.f0].from:p.fields[r.f0].to])
	return cols[0].sure() && begun == cols[0].top && p.fits(r, r.width-1, cols)
}
