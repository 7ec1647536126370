package grid

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

type totalMark struct {
	i     int // held row
	kind  totalKind
	label string
	col   int
	tidy  bool // the row's other keys are filled, as in long tables
}

type sectionMark struct {
	row, col int
	text     string
	level    int
}

// A builder gathers one table.
type builder struct {
	a         *analyser
	c0, c1    int
	head      heading
	headRows  []int // held rows
	headText  []string
	prof      []profile
	width     int // columns a row usually fills
	dense     float64
	top, last int // sheet rows
	lastData  int
	zones     []zone
	roles     map[int32]Role
	notes     []Note
	sections  []sectionMark
	totals    []totalMark
	data      int
	firstData int
	doubt     float64
	questions []string
	doubtRows []string
	above     []line // lines over the table that belong to it
}

func (b *builder) rows() int { return b.data }

func (b *builder) ask(doubt float64, format string, args ...any) {
	b.doubt += doubt
	q := fmt.Sprintf(format, args...)
	if !slices.Contains(b.questions, q) && len(b.questions) < 40 {
		b.questions = append(b.questions, q)
	}
}

func (b *builder) rowOf(i int) int { return int(b.a.s.rowNum[i]) }

// piece handles a rectangle without blank rows: part of the table above, lines
// of text, or one or more tables.
func (a *analyser) piece(z zone) {
	if cut := a.seam(z); cut < z.i1 { // two tables of different width without a blank row between
		a.piece(a.trim(zone{z.i0, cut, z.c0, z.c1}))
		a.piece(a.trim(zone{cut, z.i1, z.c0, z.c1}))
		return
	}
	prev := a.lastOver(z)
	for z.i0 < z.i1 && a.ctx.Err() == nil {
		if prev != nil {
			if i, ok := prev.takes(z); ok {
				prev.absorb(z.i0, i, z)
				z.i0 = prev.walk(zone{i, z.i1, z.c0, z.c1})
				prev = nil
				continue
			}
		}
		z.i0 = a.table(z)
		prev = nil
	}
}

// trim narrows a zone to the columns it uses.
func (a *analyser) trim(z zone) zone {
	c0, c1 := z.c1, z.c0
	for i := z.i0; i < z.i1; i++ {
		if sh := a.shape(i, z.c0, z.c1); sh.own > 0 {
			c0, c1 = min(c0, sh.first), max(c1, sh.last)
		}
	}
	if c0 <= c1 {
		z.c0, z.c1 = c0, c1
	}
	return z
}

// seam finds the row at which a table of another width begins under a line of
// its own: its title. It returns z.i1 when there is none.
func (a *analyser) seam(z zone) int {
	last, rows, figures := -1, 0, 0
	for k := z.i0; k < min(z.i1, z.i0+5000)-2; k++ {
		sh := a.shape(k, z.c0, z.c1)
		if sh.own > 1 {
			last = max(last, sh.last)
			rows++
			figures += sh.figure
			continue
		}
		if sh.own != 1 || sh.text != 1 || sh.down > 0 || rows < 2 {
			continue
		}
		m := k + 1
		for m < z.i1-1 && m < k+4 && a.shape(m, z.c0, z.c1).own == 1 {
			m++
		}
		if m < z.i1-1 && m < k+4 { // a line of several remarks may stand over the header
			if q := a.shape(m, z.c0, z.c1); a.remark(m, z, q, 99) {
				m++
			}
		}
		q := a.shape(m, z.c0, z.c1)
		if q.own < 2 || q.figure > q.years || m+1 >= z.i1 {
			continue
		}
		below := -1
		for j := m; j < min(z.i1, m+40); j++ {
			s := a.shape(j, z.c0, z.c1)
			if s.own == 1 && s.down == 0 && j > m+1 {
				break
			}
			if s.own > 1 {
				below = max(below, s.last)
			}
		}
		narrow := a.trim(zone{m, min(z.i1, m+60), z.c0, z.c1})
		to := a.until(m, narrow)
		for j := m + 2; j < to; j++ { // stop at a further line
			if s := a.shape(j, z.c0, z.c1); s.own == 1 && s.down == 0 {
				to = j
			}
		}
		if below == last && !a.turned(zone{z.i0, k, z.c0, z.c1}, m, to) {
			continue
		}
		if h, _ := a.headingAt(m, to, narrow.c0, min(narrow.c1, max(below, q.last))); h.to > m && h.to < to && h.doubt < 0.2 {
			for k > z.i0 && k-1 > z.i0 { // lines above belong to the new table unless they close the old one
				p := a.shape(k-1, z.c0, z.c1)
				if p.own != 1 || p.down > 0 || p.text != 1 {
					break
				}
				if _, sure := noteKind(string(a.s.Text(p.firstCell))); sure {
					break
				}
				k--
			}
			if kind, sure := noteKind(string(a.s.Text(a.shape(k, z.c0, z.c1).firstCell))); sure && kind != "unit" && k+1 < m {
				k++
			}
			return k
		}
	}
	return z.i1
}

// lastOver returns the last table that stands over a zone, if none is between.
func (a *analyser) lastOver(z zone) *builder {
	for k := len(a.built) - 1; k >= 0; k-- {
		b := a.built[k]
		if b.c0 <= z.c1 && z.c0 <= b.c1 && b.last < int(a.s.rowNum[z.i0]) {
			return b
		}
	}
	return nil
}

// table begins a table at the top of a zone and returns where the next begins.
func (a *analyser) table(z zone) int {
	width := a.width(z)
	s := z.i0
	if width < 2 {
		for i := z.i0; i < z.i1; i++ {
			a.loose(i, z)
		}
		return z.i1
	}
	if a.scattered(z) {
		for i := z.i0; i < z.i1; i++ {
			for _, c := range a.cut(i, z.c0, z.c1) {
				if c.Flags&(blank|covered) == 0 {
					a.free = append(a.free, a.line(i, int(c.Col), int(c.Col)))
				}
			}
		}
		return z.i1
	}
	for s < z.i1 && a.preamble(s, z, width) {
		a.loose(s, z)
		s++
	}
	if s >= z.i1 {
		return z.i1
	}
	to := a.until(s, z)
	h, prof := a.headingAt(s, to, z.c0, z.c1)
	b := &builder{a: a, c0: z.c0, c1: z.c1, head: h, prof: prof, width: width, roles: map[int32]Role{}, top: int(a.s.rowNum[s]), firstData: -1, lastData: -1}
	b.last = b.top
	for i := h.from; i < h.to; i++ {
		b.headRows = append(b.headRows, i)
		b.headText = append(b.headText, squeeze(a.text(i, z.c0, z.c1)))
		b.roles[a.s.rowNum[i]] = Header
		b.last = b.rowOf(i)
	}
	if h.why != "" {
		b.ask(h.doubt, "%s，请看表头（第%d行）。", h.why, b.top+1)
	}
	i := h.to
	if h.numbering >= 0 {
		b.note("note", h.numbering)
		i = h.numbering + 1
	}
	b.density(i, to)
	a.built = append(a.built, b)
	if len(b.headRows) > 0 {
		b.zones = append(b.zones, zone{h.from, h.to, z.c0, z.c1})
	}
	end := b.walk(zone{i, z.i1, z.c0, z.c1})
	if k := len(a.free) - 1; len(b.headRows) == 0 && len(b.sections) > 0 && k >= 0 {
		// The line over a table without header is the first of its headings.
		for j := k; j >= 0; j-- {
			if l := a.free[j]; l.row == b.top-1 && l.cells == 1 && l.col == b.sections[0].col {
				if _, sure := noteKind(l.text); !sure {
					later := b.sections
					b.sections = nil
					b.section(l.row, l.col, l.text, l.rows)
					b.sections = append(b.sections, later...)
					b.top = l.row
					a.free = append(a.free[:j], a.free[j+1:]...)
				}
				break
			}
		}
	}
	return end
}

// turned reports whether some column holds figures in rows m to to where the
// zone above has words, or words where it has figures.
func (a *analyser) turned(above zone, m, to int) bool {
	x := a.sample(above.i0+1, above.i1, above.c0, above.c1, 100)
	y := a.sample(m+1, to, above.c0, above.c1, 100)
	for k := range x {
		if x[k].full() > 2 && y[k].full() > 2 && x[k].figures() != y[k].figures() {
			return true
		}
	}
	return false
}

// scattered reports whether a zone is a few lines of text standing far apart,
// such as the titles over tables side by side.
func (a *analyser) scattered(z zone) bool {
	if z.i1-z.i0 > 3 || z.c1-z.c0 < 3 {
		return false
	}
	for i := z.i0; i < z.i1; i++ {
		sh := a.shape(i, z.c0, z.c1)
		if sh.own > 3 || sh.text != sh.own {
			return false
		}
		at := -2
		for _, c := range a.cut(i, z.c0, z.c1) {
			if c.Flags&(blank|covered) == 0 {
				if int(c.Col) == at+1 {
					return false
				}
				at = int(c.Col)
			}
		}
	}
	return true
}

// width is how many columns the rows of a zone usually fill.
func (a *analyser) width(z zone) int {
	var n []int
	step := max((z.i1-z.i0)/400, 1)
	for i := z.i0; i < z.i1; i += step {
		if sh := a.shape(i, z.c0, z.c1); sh.own >= 2 || sh.own == 1 && sh.down > 0 {
			n = append(n, sh.cov)
		}
	}
	if len(n) == 0 {
		return 0
	}
	slices.Sort(n)
	return n[len(n)/2]
}

// until ends the first table of a zone for sampling: where a lone line is
// followed by a row of names over figures.
func (a *analyser) until(s int, z zone) int {
	figures := false
	for j := s + 2; j < z.i1-1 && j < s+4000; j++ {
		figures = figures || a.shape(j-2, z.c0, z.c1).figure > 0 && j-2 > s
		if !figures {
			continue
		}
		p := a.shape(j-1, z.c0, z.c1)
		if p.own != 1 || p.down > 0 {
			continue
		}
		q := a.shape(j, z.c0, z.c1)
		if q.own >= 2 && q.text == q.own && j+1 < z.i1 {
			r := a.shape(j+1, z.c0, z.c1)
			if r.figure > 0 {
				return j - 1
			}
		}
	}
	end := z.i1 // without the remarks at the end
	for end > s+2 {
		sh := a.shape(end-1, z.c0, z.c1)
		if sh.own > 1 && !a.remark(end-1, z, sh, 99) || sh.own == 1 && (sh.down > 0 || sh.text == 0) {
			break
		}
		end--
	}
	return end
}

// preamble reports whether row i stands over the table rather than in it.
func (a *analyser) preamble(i int, z zone, width int) bool {
	sh := a.shape(i, z.c0, z.c1)
	if sh.own == 0 {
		return true
	}
	if sh.own == 1 && sh.down > 0 && sh.cov >= 2 && !a.titleCover(i, z) {
		return false
	}
	sure := 0
	colon := false
	for _, c := range a.cut(i, z.c0, z.c1) {
		if c.Flags&(blank|covered) != 0 {
			continue
		}
		t := string(a.s.Text(c))
		if _, ok := noteKind(t); ok {
			sure++
		}
		if strings.HasSuffix(strings.TrimSpace(t), ":") || strings.HasSuffix(strings.TrimSpace(t), "：") {
			colon = true
		}
	}
	if sh.own == 1 {
		return sure > 0 || !a.groupLine(i, z)
	}
	if sure*2 >= sh.own && sure > 0 {
		return true
	}
	fuller := false
	for j := i + 1; j < min(i+14, z.i1); j++ {
		if a.shape(j, z.c0, z.c1).cov*10 >= width*7 && a.shape(j, z.c0, z.c1).own >= 2 {
			fuller = true
			break
		}
	}
	if !fuller || width < 3 {
		return false
	}
	if colon && sh.cov < width {
		return true
	}
	if width >= 4 && sh.cov <= max(2, width*2/5) {
		return !a.groupLine(i, z)
	}
	return false
}

// titleCover reports whether row i lies under a merged title that reaches into it.
func (a *analyser) titleCover(i int, z zone) bool {
	for _, c := range a.cut(i, z.c0, z.c1) {
		if c.Flags&coveredDown != 0 && c.Flags&coveredRight != 0 {
			return true
		}
	}
	return false
}

// groupLine reports whether a thin row is the upper level of a header: words
// or years that stand over names of the next row, not at its left edge.
func (a *analyser) groupLine(i int, z zone) bool {
	if i+2 >= z.i1 {
		return false
	}
	sh := a.shape(i, z.c0, z.c1)
	nx := a.shape(i+1, z.c0, z.c1)
	if nx.own < 2 || nx.figure > nx.years || sh.text+sh.figure != sh.own {
		return false
	}
	if sh.figure > sh.years {
		return false
	}
	if sh.own == 1 {
		m, ok := a.s.mergeAt(int(a.s.rowNum[i]), sh.first)
		return ok && m.Right > m.Left && m.Left > z.c0 && m.Bottom == m.Top && utf8.RuneCount(a.s.Text(sh.firstCell)) <= 24
	}
	if sh.first == z.c0 {
		if nx.first > z.c0 { // the key's name stands in the upper row, names of figures below
			return a.fills(i, i+1, z)
		}
		_, ok := a.s.mergeAt(int(a.s.rowNum[i]), sh.first)
		return ok && sh.cov*10 >= nx.cov*6
	}
	return true
}

// fills reports whether rows i and j together name most of the columns and the
// row below j has values in them.
func (a *analyser) fills(i, j int, z zone) bool {
	named := map[uint32]bool{}
	for _, k := range []int{i, j} {
		for _, c := range a.cut(k, z.c0, z.c1) {
			if c.Flags&blank == 0 {
				named[c.Col] = true
			}
		}
	}
	k := j + 1
	for k < z.i1-1 && k < j+4 && a.shape(k, z.c0, z.c1).own == 1 {
		k++
	}
	body := a.cut(k, z.c0, z.c1)
	n, hit := 0, 0
	for _, c := range body {
		if c.Flags&blank == 0 {
			n++
			if named[c.Col] {
				hit++
			}
		}
	}
	return n >= 2 && hit == n
}

// loose puts a row of text aside until it is known which table it belongs to.
func (a *analyser) loose(i int, z zone) {
	if a.shape(i, z.c0, z.c1).own == 0 {
		return
	}
	a.free = append(a.free, a.line(i, z.c0, z.c1))
}

func (b *builder) density(from, to int) {
	own, n := 0, 0
	for i := from; i < to && n < 200; i++ {
		if sh := b.a.shape(i, b.c0, b.c1); sh.own >= 2 {
			own += sh.cov
			n++
		}
	}
	used := 0
	for k := range b.prof {
		if b.prof[k].full() > 0 {
			used++
		}
	}
	if n > 0 {
		b.dense = min(float64(own)/float64(n)/float64(max(used, 1)), 1)
	}
}

// takes decides whether a zone below goes on with this table, and from which
// held row its rows come; the rows before are lines between.
func (b *builder) takes(z zone) (int, bool) {
	a := b.a
	i := z.i0
	for i < z.i1 {
		sh := a.shape(i, b.c0, b.c1)
		if sh.own >= 2 || sh.own == 1 && sh.down > 0 {
			break
		}
		i++
	}
	if i >= z.i1 {
		return 0, false
	}
	if b.data > 0 && (z.c0 < b.c0 || z.c1 > b.c1) { // wider: another table below it in the zone, or a stray cell
		for k := i; k < min(i+3, z.i1); k++ {
			if sh := a.shape(k, z.c0, z.c1); sh.own > 1 && (sh.first < b.c0 || sh.last > b.c1) {
				return 0, false
			}
		}
	}
	if b.same(i, 0) {
		return i, true
	}
	if b.data == 0 { // a header alone so far
		if z.c0 < b.c0-1 || z.c1 > b.c1+1 {
			return 0, false
		}
		b.c0, b.c1 = min(b.c0, z.c0), max(b.c1, z.c1)
		h, prof := a.headingAt(i, z.i1, b.c0, b.c1)
		if h.to > h.from && i+1 < z.i1 {
			return 0, false
		}
		b.prof = prof
		b.width = a.width(z)
		b.density(i, z.i1)
		return i, i == z.i0
	}
	if len(b.prof) != b.c1-b.c0+1 {
		return 0, false
	}
	f := a.fit(i, b.prof, b.c0, b.c1)
	if f.contra > 0 {
		bad := 0
		for _, c := range a.cut(i, b.c0, b.c1) {
			if c.Flags&(blank|coveredRight) != 0 {
				continue
			}
			p := &b.prof[int(c.Col)-b.c0]
			k := a.s.class(c)
			if k.figure() && p.full() > 0 && !p.figures() || k == cText && p.figures() && p.n[cText] == 0 {
				bad++
			}
		}
		return i, bad*4 <= f.contra
	}
	for _, p := range b.prof {
		if p.figures() && p.full() > b.data/4 {
			return 0, false // words where figures should be: another header, or remarks
		}
	}
	if i > z.i0 || z.c0 != b.c0 || a.shape(i, b.c0, b.c1).cov*3 < b.width*2 {
		return 0, false
	}
	for _, c := range a.cut(i, b.c0, b.c1) { // a value that this table's column has
		if p := &b.prof[int(c.Col)-b.c0]; c.Flags&(blank|covered) == 0 && p.seen[string(a.s.Text(c))] > 0 {
			return i, true
		}
	}
	return i, a.wordHead(i, z.i1, nil, b.c0, b.c1) < 3
}

// same reports whether row i repeats header row k.
func (b *builder) same(i, k int) bool {
	return k < len(b.headText) && b.headText[k] != "" && squeeze(b.a.text(i, b.c0, b.c1)) == b.headText[k]
}

// absorb takes the lines between the table and the rows that go on with it.
func (b *builder) absorb(from, to int, z zone) {
	a := b.a
	row := b.rowOf(to)
	kept := a.free[:0]
	for _, l := range a.free {
		if l.row > b.last && l.row < row && l.col <= b.c1 && l.right >= b.c0 {
			b.between(l)
			continue
		}
		kept = append(kept, l)
	}
	a.free = kept
	for i := from; i < to; i++ {
		if a.shape(i, b.c0, b.c1).own > 0 {
			b.between(a.line(i, z.c0, z.c1))
		}
	}
}

func (b *builder) between(l line) {
	kind, sure := noteKind(l.text)
	if !sure && l.cells == 1 && !tableLine.MatchString(l.text) {
		b.section(l.row, l.col, l.text, l.rows)
		return
	}
	b.roles[int32(l.row)] = NoteRow
	b.notes = append(b.notes, Note{Kind: kind, Text: l.text, Row: l.row, Col: l.col, Rows: l.rows})
}

func (b *builder) section(row, col int, text string, rows int) {
	text = strings.TrimSpace(text)
	b.roles[int32(row)] = NoteRow
	b.notes = append(b.notes, Note{Kind: "section", Text: text, Row: row, Col: col, Rows: rows})
	b.sections = append(b.sections, sectionMark{row: row, col: col, text: fold(text), level: sectionLevel(text)})
}

func (b *builder) note(kind string, i int) {
	l := b.a.line(i, b.c0, b.c1)
	b.roles[int32(l.row)] = NoteRow
	b.notes = append(b.notes, Note{Kind: kind, Text: l.text, Row: l.row, Col: l.col, Rows: max(l.rows, 1)})
	b.last = max(b.last, l.row)
}

// widen lets the table reach over columns c0 to c1.
func (b *builder) widen(c0, c1 int) {
	if len(b.prof) == b.c1-b.c0+1 {
		if c0 < b.c0 {
			b.prof = append(make([]profile, b.c0-c0), b.prof...)
		}
		if c1 > b.c1 {
			b.prof = append(b.prof, make([]profile, c1-b.c1)...)
		}
	}
	b.c0, b.c1 = min(b.c0, c0), max(b.c1, c1)
}

// walk reads the rows of a zone into the table; it returns the held row at
// which another table begins, or the zone's end.
func (b *builder) walk(z zone) int {
	a := b.a
	b.widen(z.c0, z.c1)
	z.c0, z.c1 = b.c0, b.c1
	end := b.tail(z)
	b.zones = append(b.zones, z)
	for i := z.i0; i < z.i1; i++ {
		if i&8191 == 0 && a.ctx.Err() != nil {
			return z.i1
		}
		sh := a.shape(i, z.c0, z.c1)
		if sh.own == 0 {
			continue
		}
		if i >= end {
			a.loose(i, z)
			continue
		}
		if sh.own == 1 && sh.down == 0 {
			switch b.lone(i, sh, z) {
			case loneOther:
				b.zones[len(b.zones)-1].i1 = i
				return i
			case loneNote:
				continue
			}
		}
		if sh.figure == 0 && sh.text >= 2 && b.data+len(b.totals) > 0 {
			if k := b.repeat(i, z); k > 0 {
				for ; k > 0; k-- {
					b.note("note", i)
					i++
				}
				if i < z.i1 && a.numbering(i, z.c0, z.c1) && !a.sequel(i, z.i1, z.c0, z.c1) {
					b.note("note", i)
					i++
				}
				i--
				continue
			}
			if b.restart(i, sh, z) {
				b.zones[len(b.zones)-1].i1 = i
				return i
			}
		} else if sh.figure > 0 && sh.text > 0 && b.data > 0 {
			if k := b.repeat(i, z); k > 0 {
				for ; k > 0; k-- {
					b.note("note", i)
					i++
				}
				if i < z.i1 && a.numbering(i, z.c0, z.c1) && !a.sequel(i, z.i1, z.c0, z.c1) {
					b.note("note", i)
					i++
				}
				i--
				continue
			}
		}
		if k, label, col := b.total(i, sh); k != noTotal {
			b.totals = append(b.totals, totalMark{i: i, kind: k, label: label, col: col, tidy: b.tidy(i, col)})
			b.roles[a.s.rowNum[i]] = NoteRow
			b.last = b.rowOf(i)
			continue
		}
		if b.firstData < 0 {
			b.firstData = i
		}
		b.data++
		b.lastData = i
		b.last = b.rowOf(i)
	}
	return z.i1
}

// tail finds the held row from which only remarks and signatures follow.
func (b *builder) tail(z zone) int {
	a := b.a
	end := z.i1
	for end > z.i0 {
		i := end - 1
		sh := a.shape(i, z.c0, z.c1)
		switch {
		case sh.own == 0:
		case sh.own == 1 && sh.down > 0 && !a.titleCover(i, z):
			return end
		case sh.own == 1:
			if sh.text == 0 || labelTotal(string(a.s.Text(sh.firstCell))) != noTotal || b.couldBeRow(i, sh) {
				return end
			}
		case a.remark(i, z, sh, b.width):
		default:
			return end
		}
		end = i
	}
	return end
}

// couldBeRow reports whether a lone text at the end may be a row without values.
func (b *builder) couldBeRow(i int, sh shape) bool {
	t := string(b.a.s.Text(sh.firstCell))
	if _, sure := noteKind(t); sure || sh.first != b.c0 {
		return false
	}
	if _, merged := b.a.s.mergeAt(b.rowOf(i), sh.first); merged {
		return false
	}
	return b.dense > 0 && b.dense < 0.6 && utf8.RuneCountInString(t) <= 20
}

// remark reports whether a row of several cells is a signature or remark line.
func (a *analyser) remark(i int, z zone, sh shape, width int) bool {
	if sh.figure*2 > sh.own {
		return false
	}
	sure, colon, first := 0, 0, false
	for n, c := range a.cut(i, z.c0, z.c1) {
		if c.Flags&(blank|covered) != 0 {
			continue
		}
		t := strings.TrimSpace(string(a.s.Text(c)))
		if _, ok := noteKind(t); ok {
			sure++
			first = first || n == 0
		}
		if labelled.MatchString(t) {
			colon++
		}
	}
	return sure*2 >= sh.own || sure > 0 && first && sh.own <= 3 && sh.own < max(width, 3) || colon == sh.own && sh.own >= 2 && sure > 0
}

type loneKind uint8

const (
	loneData loneKind = iota
	loneNote
	loneOther // another table begins here
)

// lone judges a row with one cell inside the table.
func (b *builder) lone(i int, sh shape, z zone) loneKind {
	a := b.a
	if sh.text == 0 {
		return loneData
	}
	text := string(a.s.Text(sh.firstCell))
	if labelTotal(text) != noTotal {
		return loneData
	}
	row := b.rowOf(i)
	kind, sure := noteKind(text)
	// Does another table begin below?
	j := i + 1
	for j < z.i1 && j < i+5 {
		if q := a.shape(j, z.c0, z.c1); q.own > 1 {
			break
		}
		j++
	}
	if j < z.i1 && b.data+len(b.totals) > 0 {
		q := a.shape(j, z.c0, z.c1)
		if q.own >= 2 && q.figure == 0 && b.repeat(j, z) == 0 && b.restart(j, q, z) {
			return loneOther
		}
		if q.own >= 2 && b.repeat(j, z) > 0 && (sure || tableLine.MatchString(strings.TrimSpace(text))) {
			b.note(kind, i)
			return loneNote
		}
	}
	m, merged := a.s.mergeAt(row, sh.first)
	wide := merged && m.Right > m.Left
	if sure && !(wide && kind == "note" && sectionNum.MatchString(text)) {
		b.note(kind, i)
		return loneNote
	}
	key := b.prof[sh.first-b.c0]
	switch {
	case wide && (m.Right-m.Left+1)*2 >= b.c1-b.c0+1:
	case sectionNum.MatchString(text):
	case sh.emph > 0 && !a.emph(i+1, z.c0, z.c1):
	case sh.first == b.c0 && key.figures():
	case sh.first == b.c0 && key.full() == 0:
	case sh.first == b.c0 && b.dense >= 0.8 && b.c1-b.c0 >= 2:
		b.doubtRows = append(b.doubtRows, fmt.Sprint(row+1))
	default:
		if sh.first > b.c0+1 && b.dense >= 0.8 {
			b.note("note", i)
			b.ask(0.05, "第%d行只有一个值“%s”，记为备注。", row+1, clip(text))
			return loneNote
		}
		b.ask(0.03, "第%d行只有一个值“%s”，按数据行收下。", row+1, clip(text))
		return loneData
	}
	rows := 1
	if merged {
		rows = m.Bottom - m.Top + 1
	}
	b.section(row, sh.first, text, rows)
	b.last = max(b.last, row)
	return loneNote
}

// repeat returns how many rows from i on repeat the header.
func (b *builder) repeat(i int, z zone) int {
	n := 0
	if len(b.headRows) == 0 || !b.begins(i) {
		return 0
	}
	for n < len(b.headText) && i+n < z.i1 && b.same(i+n, n) {
		n++
	}
	if n == len(b.headText) {
		return n
	}
	return 0
}

// begins is a quick look before repeat: does row i begin with the header's first text?
func (b *builder) begins(i int) bool {
	x, y := b.a.firstText(i, b.c0, b.c1), b.a.firstText(b.headRows[0], b.c0, b.c1)
	return len(x) > 0 && len(y) > 0 && (x[0] == y[0] || x[0] <= ' ' || y[0] <= ' ' || x[0] == 0xEF || y[0] == 0xEF) && squeeze(string(x)) == squeeze(string(y))
}

// restart reports whether row i is the header of another table: words where
// this table has figures, or a row of names under a title of its own.
func (b *builder) restart(i int, sh shape, z zone) bool {
	a := b.a
	if i+1 >= z.i1 || len(b.prof) != z.c1-z.c0+1 || sh.own < 2 || sh.figure > sh.years {
		return false
	}
	if k, _, _ := b.total(i, sh); k != noTotal {
		return false
	}
	f := a.fit(i, b.prof, z.c0, z.c1)
	if f.contra > 0 {
		return false
	}
	titled := a.shape(i-1, z.c0, z.c1).own == 1 && a.shape(i-1, z.c0, z.c1).text == 1
	figs := 0
	for k := range b.prof {
		if p := &b.prof[k]; p.figures() && p.n[cText]*10 <= p.full() {
			figs++
		}
	}
	switch {
	case f.firm < 2 && !titled:
		return false
	case f.firm > 0 && (f.nulls == 0 || f.pro > 1) && f.pro*2 >= min(figs, sh.own) && (f.pro > 1 || figs <= 1):
	case titled && (sh.last < z.c1-1 && b.dense >= 0.7 || f.firm > 0 || a.emph(i, z.c0, z.c1) && !a.emph(i+1, z.c0, z.c1)):
	default:
		return false
	}
	to := a.until(i, zone{i, min(z.i1, i+80), z.c0, z.c1})
	h, _ := a.headingAt(i, to, z.c0, z.c1)
	return h.to > i && h.to < z.i1 && h.doubt < 0.2
}

// total looks for a total's label among the words before the first figure.
func (b *builder) total(i int, sh shape) (totalKind, string, int) {
	n := 0
	for _, c := range b.a.cut(i, b.c0, b.c1) {
		if c.Flags&(blank|covered) != 0 {
			continue
		}
		k := b.a.s.class(c)
		if k == cText {
			t := b.a.s.Text(c)
			if hintTotal(t) {
				if kind := labelTotal(string(t)); kind != noTotal {
					return kind, string(t), int(c.Col)
				}
			}
			n++
		} else if k != cNull && int(c.Col) > b.c0+1 {
			break
		}
		if n >= 4 {
			break
		}
	}
	return noTotal, "", 0
}

// hintTotal is a quick look before labelTotal.
func hintTotal(t []byte) bool {
	if len(t) > 120 {
		return false
	}
	for i := 0; i+2 < len(t); i++ {
		switch t[i] {
		case 0xE8:
			if t[i+1] == 0xAE && t[i+2] == 0xA1 || t[i+1] == 0xA8 && t[i+2] == 0x88 { // 计 計
				return true
			}
		case 0xEA: // 계 균
			if t[i+1] == 0xB3 && t[i+2] == 0x84 || t[i+1] == 0xB7 && t[i+2] == 0xA0 {
				return true
			}
		case 0xE5: // 均
			if t[i+1] == 0x9D && t[i+2] == 0x87 {
				return true
			}
		case 0xE6: // 数
			if t[i+1] == 0x95 && t[i+2] == 0xB0 {
				return true
			}
		case 0xD0, 0xD1:
			return true
		case 't', 'T', 's', 'S', 'g', 'G', 'i', 'I', 'e', 'E', 'z', 'Z', 'a', 'A', 'm', 'M', 'd', 'D', 'r', 'R', 'o', 'O':
			if i == 0 || !letter(t[i-1]) || t[i] == 't' || t[i] == 's' {
				if latinHint(t[i:]) {
					return true
				}
			}
		}
	}
	return false
}

func letter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }

func latinHint(t []byte) bool {
	w := strings.ToLower(string(t[:min(len(t), 9)]))
	for _, p := range []string{"total", "sum", "sub", "suma", "summe", "gesamt", "insgesamt", "ensemble", "zwischens", "teilsumme", "sous", "totaal", "razem", "ogó", "average", "mean", "durchschn", "moyenne", "grand"} {
		if strings.HasPrefix(w, p) {
			return true
		}
	}
	return false
}

// tidy reports whether a row with a total's label has its other keys filled
// like any data row.
func (b *builder) tidy(i, col int) bool {
	for _, c := range b.a.cut(i, b.c0, b.c1) {
		if c.Flags&(blank|covered) != 0 || int(c.Col) == col {
			continue
		}
		if p := &b.prof[int(c.Col)-b.c0]; b.a.s.class(c) == cText && !p.figures() && !b.a.mergedDown(i, int(c.Col)) {
			if labelTotal(string(b.a.s.Text(c))) == noTotal {
				return true
			}
		}
	}
	return false
}

func clip(t string) string {
	r := []rune(fold(t))
	if len(r) > 24 {
		return string(r[:24]) + "…"
	}
	return string(r)
}
