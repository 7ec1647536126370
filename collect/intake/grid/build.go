package grid

import (
	"fmt"
	"slices"
	"strings"
)

// Bounds on looks that cost more than a row: real sheets stay far below them.
const (
	maxChecks = 500
	maxTables = 1000
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
	checks    int  // looks at possible headers inside
	form      bool // labels and contents side by side, not records
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
	for z.i0 < z.i1 && !a.stop() {
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

// lastOver returns the last table that stands over a zone, if none is between.
func (a *analyser) lastOver(z zone) *builder {
	for k := len(a.built) - 1; k >= max(0, len(a.built)-64); k-- {
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
	if width < 2 || len(a.built) >= maxTables {
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
	form := a.form(s, to, z.c0, z.c1)
	if form {
		h = heading{from: s, to: s, numbering: -1, kept: -1}
		prof = a.sample(s, to, z.c0, z.c1, 300)
	}
	b := &builder{form: form, a: a, c0: z.c0, c1: z.c1, head: h, prof: prof, width: width, roles: map[int32]Role{}, top: int(a.s.rowNum[s]), firstData: -1, lastData: -1}
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
	if h.kept >= 0 {
		b.ask(0.03, "第%d行是 1、2、3……，可能是栏次；按数据行收下。", b.rowOf(h.kept)+1)
	}
	if h.to-h.from == 2 && a.codes(h.from, z.c0, z.c1) && !a.codes(h.from+1, z.c0, z.c1) && a.shape(h.from+1, z.c0, z.c1).own == z.c1-z.c0+1 {
		b.ask(0.05, "表头有两行：第%d行是代码，第%d行是说明，列名由两行合成，请核对。", b.top+1, b.rowOf(h.from+1)+1)
	}
	if i < to && h.to == h.from+1 && h.numbering < 0 && !form {
		if g := a.fit(i, prof, z.c0, z.c1); g.firm > g.years && a.shape(i, z.c0, z.c1).own > 1 {
			b.ask(0.03, "第%d行在数值列里是文字，可能是表头的第二行；按数据行收下，请核对。", b.rowOf(i)+1)
		}
	}
	if h.to-h.from >= 2 {
		if sh := a.shape(h.from, z.c0, z.c1); sh.own == 1 && sh.cov == 1 && sh.first > z.c0 {
			b.ask(0.03, "表头第%d行只有“%s”，没有合并单元格，按管到最右一列读，请核对。", b.top+1, clip(string(a.s.Text(sh.firstCell))))
		}
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
		c0, c1 := min(b.c0, z.c0), max(b.c1, z.c1)
		h, prof := a.headingAt(i, z.i1, c0, c1)
		if h.to > h.from && i+1 < z.i1 {
			return 0, false
		}
		b.c0, b.c1 = c0, c1
		b.doubt, b.questions = 0, nil
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
	below := a.sample(i+1, z.i1, b.c0, b.c1, 60)
	for k := range below { // figures below where this table has words: another table
		if p := &b.prof[k]; below[k].full() > 2 && below[k].figures() && p.full() > 2 && !p.figures() {
			return 0, false
		}
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

const (
	loneData loneKind = iota
	loneNote
	loneOther // another table begins here
)
