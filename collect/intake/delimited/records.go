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
	rows    []int32     // rows of the grid: index into recs
	empties int         // records of delimiters alone that are rows
	dated   int         // the record of a header of dates; -1 is none
	real    *grid.Sheet // as the text is
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
			x.verdict, x.reason = rejected, fmt.Sprintf("有字节不能按 %s 解读", p.enc)
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

// preamble makes one value of each of the lines "name：,value" that stand before
// the text's main table, and returns where they end.
func (p *page) preamble() (end int) {
	w, n, _ := p.modal(0, len(p.recs))
	if w < 3 || n < 3 {
		return 0
	}
	pairs, lines := 0, 0
	for i := 0; i < min(len(p.recs), 30); i++ {
		r := &p.recs[i]
		if r.verdict == isBlank {
			continue
		}
		if r.verdict != fine || r.damage != sound || r.width >= w {
			break
		}
		f := p.fields[r.f0]
		v := bytes.TrimSpace(p.text[f.from:f.to])
		lines++
		end = i + 1
		if bytes.HasSuffix(v, []byte("：")) || bytes.HasSuffix(v, []byte(":")) || bytes.Trim(v, "*-.#") == nil || len(bytes.Trim(v, "*-.#")) == 0 {
			pairs++
		}
	}
	// the table begins after a blank line, or with a full line
	if end == 0 || pairs*2 < lines || pairs < 2 {
		return 0
	}
	if end < len(p.recs) && p.recs[end].verdict != isBlank && p.recs[end].width < w {
		return 0
	}
	var buf []byte
	for i := range end {
		r := &p.recs[i]
		if r.verdict != fine || r.width < 2 {
			continue
		}
		at := len(p.text)
		for _, f := range p.fields[r.f0:r.f1] {
			if v := bytes.TrimSpace(p.d.value(p.text, f, &buf)); len(v) > 0 {
				if len(p.text) > at {
					p.text = append(p.text, "  "...)
				}
				p.text = append(p.text, v...)
			}
		}
		r.f0 = int32(len(p.fields))
		p.fields = append(p.fields, field{from: int32(at), to: int32(len(p.text)), literal: true})
		r.f1, r.width = r.f0+1, 1
	}
	return end
}

// leads reports whether values are missing at the record's start only, or some
// are dates and none is missing.
func (p *page) leads(r *rec) bool {
	begun, missing, dated := false, false, false
	for _, f := range p.fields[r.f0:r.f1] {
		v := p.text[f.from:f.to]
		switch c := classOf(v); {
		case c == classEmpty && begun:
			return false
		case c == classEmpty:
			missing = true
		default:
			begun = true
			dated = dated || c == classDate || c == classNumber && bytes.Count(v, []byte(".")) == 2
		}
	}
	return begun && (missing || dated)
}

// filled counts the values of a record that are not missing.
func (p *page) filled(r *rec) (n int) {
	for _, f := range p.fields[r.f0:r.f1] {
		if len(bytes.TrimSpace(p.text[f.from:f.to])) > 0 {
			n++
		}
	}
	return n
}

// datedHeader finds a header that lacks its first names, or that is of dates:
// one line above columns of numbers. -1 if there is none.
func (p *page) datedHeader() int {
	for i := 0; i+2 < min(len(p.recs), 60); i++ {
		r := &p.recs[i]
		if r.verdict != fine || r.width < 3 {
			continue
		}
		if i > 0 && p.filled(&p.recs[i-1]) > 1 {
			continue // not the first line of a header
		}
		first := p.fields[r.f0]
		if c := classOf(p.text[first.from:first.to]); c != classEmpty && c != classText {
			continue
		}
		if !p.leads(r) {
			continue
		}
		dates, others, under := 0, 0, 0
		for k, f := range p.fields[r.f0:r.f1] {
			switch classOf(p.text[f.from:f.to]) {
			case classEmpty:
				continue
			case classDate:
			case classNumber:
				if bytes.Count(p.text[f.from:f.to], []byte(".")) != 2 {
					others++
					continue
				}
			default:
				if k < 2 {
					continue
				}
			}
			dates++
			for j := i + 1; j <= i+2; j++ {
				q := &p.recs[j]
				if q.verdict != fine || q.width != r.width {
					continue
				}
				v := p.text[p.fields[q.f0+int32(k)].from:p.fields[q.f0+int32(k)].to]
				if c := classOf(v); c == classNumber && bytes.Count(v, []byte(".")) < 2 || c == classEmpty {
					under++
				}
			}
		}
		if dates >= 2 && others == 0 && under == 2*dates {
			return i
		}
	}
	return -1
}

// sentences makes one value of records that are prose with the delimiter in it
// ("Households by area, England, 2021"), where they are not of the text's usual
// width: titles and footnotes that nobody quoted.
func (p *page) sentences() {
	if p.d.fixed != nil || p.d.skip || p.d.blanks || string(p.d.delim) == "\t" {
		return
	}
	w, _, _ := p.modal(0, len(p.recs))
	for i := range p.recs {
		r := &p.recs[i]
		if r.verdict != fine || r.damage != sound || r.width < 2 || r.width == w || r.lines > 1 {
			continue
		}
		n, spaced := 0, 0
		for k, f := range p.fields[r.f0:r.f1] {
			v := p.text[f.from:f.to]
			if len(bytes.TrimSpace(v)) == 0 || f.quoted {
				continue
			}
			n++
			if k > 0 && v[0] == ' ' && len(v) > 1 {
				spaced++
			}
		}
		if n < 2 || spaced*2 < n-1 || classOf(p.text[p.fields[r.f0].from:p.fields[r.f0].to]) != classText && spaced < n-1 {
			continue
		}
		line := bytes.TrimRight(p.line(r), string(p.d.delim)+" ")
		r.f0 = int32(len(p.fields))
		p.fields = append(p.fields, field{from: r.from, to: r.from + int32(len(line)), literal: true})
		r.f1, r.width = r.f0+1, 1
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
		if r.verdict != fine || r.width == w || r.width == 1 && r.damage == sound {
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
			r.verdict, r.reason = rejected, "引号不成对，读不出确定的列"
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
	r.verdict, r.reason = rejected, fmt.Sprintf("只有 %d 个值，表有 %d 列", r.width, w)
}

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

const (
	classEmpty class = iota
	classNumber
	classDate // digits with - / : between
	classURL
	classCode // letters and digits
	classText
)

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

// isRule reports whether a line is drawn rather than written: +----+ or |---|.
func isRule(line []byte) bool {
	line = bytes.TrimSpace(line)
	if len(line) < 3 {
		return false
	}
	dashes := 0
	for _, c := range line {
		switch c {
		case '-', '=', '_':
			dashes++
		case '+', '|', ':', ' ', '\t':
		default:
			return false
		}
	}
	return dashes >= 3 && dashes*3 >= len(line)
}

// gaps decides which blank records end nothing.
func (p *page) gaps() {
	p.empties = 0
	runs, even := 0, true
	w, n, total := p.modal(0, len(p.recs))
	repeats := 0
	first := -1
	for i := range p.recs {
		r := &p.recs[i]
		r.soft, r.emptyRow = false, false
		if r.verdict != rejected && isRule(p.line(r)) {
			r.verdict, r.soft = isBlank, i > 0 && first >= 0
			continue
		}
		if r.verdict == isBlank {
			continue
		}
		if first < 0 {
			first = i
		}
		if i > 0 && p.recs[i-1].verdict == isBlank && i > first {
			runs++
			if i > 2 && p.recs[i-2].verdict == isBlank {
				even = false
			}
			if bytes.Equal(p.line(r), p.line(&p.recs[first])) {
				repeats++
			}
		}
	}
	// groups of lines, each followed by a blank one: sentences of words
	groups := runs >= 20 && even && w > 1 && n*100 >= total*98 && n*100 >= 95*(len(p.recs)-runs) && repeats*5 < runs
	for i := 0; i < len(p.recs); i++ {
		if p.recs[i].verdict != isBlank || p.recs[i].soft {
			continue
		}
		k := i
		for k < len(p.recs) && p.recs[k].verdict == isBlank {
			k++
		}
		// a lone record of delimiters in an even table is one of its rows
		lone := (k <= i+3 || total >= 1000 && k <= i+50) && total >= 50 && n*100 >= total*98 && p.recs[i].width == w && i > 0 && k < len(p.recs) && p.recs[i-1].width == w && p.recs[k].width == w
		if groups && k < len(p.recs) && i > 0 || p.softGap(i, k, lone) {
			for j := i; j < k; j++ {
				if p.recs[j].width > 1 && p.recs[j].damage == sound && !isRule(p.line(&p.recs[j])) {
					p.recs[j].emptyRow = true
					p.empties++
				} else {
					p.recs[j].soft = true
				}
			}
		}
		i = k
	}
}

// softGap reports whether the blank records [i, k) stand inside one table: the
// record after them is of the width, the classes and the recurring values of
// those before.
func (p *page) softGap(i, k int, lone bool) bool {
	if i == 0 || k >= len(p.recs) || k-i > 3 && !lone {
		return false
	}
	next := &p.recs[k]
	if next.verdict != fine {
		return false
	}
	const most = 400
	from := i
	n := 0
	for from > 0 && n < most && (p.recs[from-1].verdict != isBlank || p.recs[from-1].soft || p.recs[from-1].emptyRow) {
		from--
		if p.recs[from].verdict == fine && p.recs[from].width == next.width {
			n++
		}
	}
	if n < 5 {
		return lone && n > 0
	}
	cols := p.classes(from, i, next.width)
	seen := make([]map[string]bool, next.width)
	for c := range seen {
		seen[c] = map[string]bool{}
	}
	for j := from; j < i; j++ {
		if r := &p.recs[j]; r.verdict == fine && r.width == next.width {
			for c, f := range p.fields[r.f0:r.f1] {
				seen[c][string(p.text[f.from:f.to])] = true
			}
			if bytes.Equal(p.line(r), p.line(next)) && j == from {
				return false // the header again
			}
		}
	}
	proof := 0
	for c, f := range p.fields[next.f0:next.f1] {
		v := p.text[f.from:f.to]
		cl := classOf(v)
		switch {
		case cl == classEmpty:
		case len(seen[c]) < n/2 && seen[c][string(v)], cols[c].sure() && cl == cols[c].top:
			proof++
		case cols[c].sure(), len(seen[c]) < n/4 && !lone:
			return false
		}
	}
	return proof > 0 || lone
}
