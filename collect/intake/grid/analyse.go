package grid

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// Options are what is known before a sheet is looked at.
type Options struct {
	// Area, when set, is where a person says a table stands; Bottom and Right
	// of -1 are open ends.
	Area *Range
	// HeaderRows, with Area, is how many header rows it has; nil: find out.
	HeaderRows *int
	// Partial says the sheet is the first part of something longer: its last
	// row is not the end of the table.
	Partial bool
}

// analyser holds what one look at a sheet needs.
type analyser struct {
	stop  func() bool
	s     *Sheet
	opt   Options
	free  []line // lines that belong to no table yet, in order
	built []*builder
}

// A line is text outside tables: the cells of one row in one band.
type line struct {
	row, col, right int
	rows            int
	text            string
	cells           int
	wide            bool // one merged cell, or alone in its row
	emph            bool
}

// A zone is a rectangle of held rows [i0,i1) and columns [c0,c1].
type zone struct{ i0, i1, c0, c1 int }

// Analyse finds the tables of a finished sheet in reading order. Text that
// belongs to no table is returned too, so that nothing is dropped: it is empty
// when every line found its table.
func Analyse(ctx context.Context, s *Sheet, opt Options) (blocks []*Block, rest []Note) {
	a := &analyser{stop: func() bool { return ctx.Err() != nil }, s: s, opt: opt}
	z, ok := a.used()
	if !ok {
		return nil, nil
	}
	if opt.Area != nil {
		r := *opt.Area
		z.i0 = max(z.i0, s.find(r.Top))
		z.c0 = max(z.c0, r.Left)
		if r.Bottom >= 0 {
			z.i1 = min(z.i1, s.find(r.Bottom+1))
			z.c1 = min(z.c1, r.Right)
		}
		if z.i0 >= z.i1 || z.c0 > z.c1 {
			return nil, nil
		}
		if b := a.forced(z); b != nil {
			return []*Block{b.block()}, nil
		}
		return nil, nil
	}
	a.zone(z, 0)
	a.settle()
	for _, b := range a.built {
		b.onlyTotals()
		if b.rows() > 0 || len(b.headRows) > 0 {
			blocks = append(blocks, b.block())
		}
	}
	slices.SortStableFunc(blocks, func(x, y *Block) int {
		if x.Place.Top <= y.Place.Bottom && y.Place.Top <= x.Place.Bottom {
			return cmp.Compare(x.Place.Left, y.Place.Left)
		}
		return cmp.Compare(x.Place.Top, y.Place.Top)
	})
	if len(blocks) == 0 {
		if b := a.list(z); b != nil {
			return []*Block{b.block()}, nil
		}
	}
	for _, l := range a.free {
		kind, _ := noteKind(l.text)
		rest = append(rest, Note{Kind: kind, Text: l.text, Row: l.row, Col: l.col, Rows: l.rows})
	}
	return blocks, rest
}

// used returns the zone of all cells that hold more than blanks.
func (a *analyser) used() (zone, bool) {
	s := a.s
	z := zone{i0: -1, c0: 1 << 30, c1: -1}
	for i := range s.rowNum {
		_, cells := s.Row(i)
		some := false
		for _, c := range cells {
			if c.Flags&(blank|covered) == 0 {
				some = true
				z.c0, z.c1 = min(z.c0, int(c.Col)), max(z.c1, int(c.Col))
			}
		}
		if some {
			if z.i0 < 0 {
				z.i0 = i
			}
			z.i1 = i + 1
		}
	}
	return z, z.i0 >= 0
}

// cut returns the cells of held row i that stand in columns c0 to c1.
func (a *analyser) cut(i, c0, c1 int) []Cell {
	_, cells := a.s.Row(i)
	lo, hi := 0, len(cells)
	if lo < hi && int(cells[0].Col) < c0 {
		lo, _ = slices.BinarySearchFunc(cells, uint32(c0), func(c Cell, t uint32) int { return int(c.Col) - int(t) })
	}
	if lo < hi && int(cells[hi-1].Col) > c1 {
		hi, _ = slices.BinarySearchFunc(cells, uint32(c1+1), func(c Cell, t uint32) int { return int(c.Col) - int(t) })
	}
	if lo >= hi {
		return nil
	}
	return cells[lo:hi]
}

// shape is a row at a glance.
type shape struct {
	own, cov, down int // own cells; own and covered ones; covered from above
	first, last    int // columns of own cells
	text, figure   int // figures and years
	years          int
	emph           int
	firstCell      Cell
}

func (a *analyser) shape(i, c0, c1 int) shape {
	sh := shape{first: -1}
	for _, c := range a.cut(i, c0, c1) {
		if c.Flags&blank != 0 {
			continue
		}
		sh.cov++
		if c.Flags&covered != 0 {
			if c.Flags&coveredDown != 0 {
				sh.down++
			}
			continue
		}
		if sh.own == 0 {
			sh.first, sh.firstCell = int(c.Col), c
		}
		sh.own++
		sh.last = int(c.Col)
		if c.Flags&Emphasis != 0 {
			sh.emph++
		}
		switch a.s.class(c) {
		case cText:
			sh.text++
		case cYear:
			sh.years++
			sh.figure++
		case cNumber, cCode, cDate, cOther:
			sh.figure++
		default:
		}
	}
	return sh
}

// bare tells whether a row has cells of its own, or only from merges above.
func (a *analyser) bare(i, c0, c1 int) (own, down bool) {
	for _, c := range a.cut(i, c0, c1) {
		if c.Flags&(blank|covered) == 0 {
			return true, false
		}
		down = down || c.Flags&coveredDown != 0
	}
	return false, down
}

// zone splits rows at blank rows and columns at gaps, and hands the pieces on.
func (a *analyser) zone(z zone, depth int) {
	if a.stop() {
		return
	}
	start := -1
	last := -1
	for i := z.i0; i <= z.i1; i++ {
		blankRow := true
		if i < z.i1 {
			own, down := a.bare(i, z.c0, z.c1)
			blankRow = !own
			if blankRow && down { // covered by a merge from above: not a gap
				blankRow = start < 0
				if !blankRow && last >= 0 {
					last = int(a.s.rowNum[i])
					continue
				}
			}
		}
		gap := i < z.i1 && start >= 0 && int(a.s.rowNum[i]) > last+1
		if start >= 0 && (blankRow || gap || i == z.i1) {
			a.run(zone{start, i, z.c0, z.c1}, depth)
			start = -1
		}
		if i < z.i1 && !blankRow {
			if start < 0 {
				start = i
			}
			last = int(a.s.rowNum[i])
		}
	}
}

// run handles rows without a blank one between them.
func (a *analyser) run(z zone, depth int) {
	if depth < 24 {
		if at, to, ok := a.gap(z); ok {
			a.zone(zone{z.i0, z.i1, z.c0, at - 1}, depth+1)
			a.zone(zone{z.i0, z.i1, to + 1, z.c1}, depth+1)
			return
		}
	}
	// Trim to what this run uses.
	c0, c1 := 1<<30, -1
	for i := z.i0; i < z.i1; i++ {
		for _, c := range a.cut(i, z.c0, z.c1) {
			if c.Flags&(blank|covered) == 0 {
				c0, c1 = min(c0, int(c.Col)), max(c1, int(c.Col))
			}
		}
	}
	if c1 < 0 {
		return
	}
	a.piece(zone{z.i0, z.i1, c0, c1})
}

// gap finds an empty stretch of columns at which two tables stand side by side.
func (a *analyser) gap(z zone) (at, to int, ok bool) {
	if z.c1-z.c0 < 2 {
		return 0, 0, false
	}
	used := make([]int32, z.c1-z.c0+1)
	for i := z.i0; i < z.i1; i++ {
		cells := a.cut(i, z.c0, z.c1)
		own := 0
		for _, c := range cells {
			if c.Flags&(blank|covered) == 0 {
				own++
			}
		}
		lone := own <= 1
		for _, c := range cells {
			if c.Flags&blank != 0 || lone && c.Flags&covered != 0 {
				continue
			}
			used[int(c.Col)-z.c0]++
		}
	}
	tries := 0
	lo, hi := 0, len(used)-1
	for lo < hi && used[lo] == 0 {
		lo++
	}
	for hi > lo && used[hi] == 0 {
		hi--
	}
	for c := lo; c <= hi; c++ {
		if used[c] != 0 {
			continue
		}
		e := c
		for e < hi && used[e+1] == 0 {
			e++
		}
		if tries++; tries > 100 {
			break
		}
		if a.apart(z, z.c0+lo, z.c0+c-1, z.c0+e+1, z.c0+hi) {
			return z.c0 + c, z.c0 + e, true
		}
		c = e
	}
	return 0, 0, false
}

// side is what one side of a gap looks like.
type side struct {
	rows, first, last int // held rows with cells, the first and last such
	cols              map[int]bool
	keyText, keySeq   int // first column: texts; 1, 2, 3 …
	figures           int
	lone0             bool // begins with a lone cell (a title of its own)
	heads             []string
	total             bool
	notes             int // lines that can only be remarks
	headRow           int
}

func (a *analyser) side(z zone, c0, c1 int) side {
	sd := side{first: -1, headRow: -1, cols: map[int]bool{}}
	at := -1 // the last number of the first column
	for i := z.i0; i < z.i1; i++ {
		if i == z.i0+6000 && z.i1-i > 600 { // of a long zone its beginning and its end
			i = z.i1 - 500
		}
		sh := a.shape(i, c0, c1)
		if sh.own == 0 {
			continue
		}
		if sd.first < 0 {
			sd.first = i
			sd.lone0 = sh.own == 1 && sh.text == 1
		}
		sd.last = i
		sd.rows++
		sd.figures += sh.figure
		if sd.rows <= 400 {
			for _, c := range a.cut(i, c0, c1) {
				if c.Flags&(blank|covered) == 0 {
					sd.cols[int(c.Col)] = true
				}
			}
		}
		if sd.headRow < 0 && sh.own >= 2 && sh.text == sh.own {
			sd.headRow = i
			for _, c := range a.cut(i, c0, c1) {
				if c.Flags&(blank|covered) == 0 {
					sd.heads = append(sd.heads, squeeze(string(a.s.Text(c))))
				}
			}
		} else if sh.first == c0 || sh.firstCell.Flags&coveredDown != 0 {
			t := string(a.s.Text(sh.firstCell))
			switch a.s.class(sh.firstCell) {
			case cText:
				sd.keyText++
				if labelTotal(t) != noTotal {
					sd.total = true
				}
			case cNumber:
				if n, ok := small(t); ok && (n == at+1 || at < 0 && n <= 1) {
					sd.keySeq++
					at = n
				}
			default:
			}
		}
		if sh.own == 1 && sh.text == 1 {
			if _, sure := noteKind(string(a.s.Text(sh.firstCell))); sure {
				sd.notes++
			}
		}
	}
	return sd
}

// apart decides whether the columns left and right of an empty stretch belong
// to different tables.
func (a *analyser) apart(z zone, l0, l1, r0, r1 int) bool {
	l, r := a.side(z, l0, l1), a.side(z, r0, r1)
	if l.rows < 2 || r.rows < 1 {
		return false
	}
	for _, m := range a.s.merges[:min(len(a.s.merges), 20000)] { // a heading over the gap holds both sides together
		if m.Left <= l1 && m.Right >= r0 && m.Top >= int(a.s.rowNum[z.i0]) && m.Bottom <= int(a.s.rowNum[z.i1-1]) {
			i := a.s.find(m.Top)
			if a.shape(i, z.c0, z.c1).own > 1 {
				return false
			}
		}
	}
	lw, rw := len(l.cols), len(r.cols)
	if rw == 1 {
		// A column of remarks beside the table.
		if l.headRow >= 0 && r.first > l.headRow && r.rows*3 <= l.rows && r.figures == 0 {
			return true // no name stands over it
		}
		return r.notes > 0 && r.notes*2 >= r.rows || r.rows <= 3 && l.rows >= 4 && r.figures == 0 && a.long(z, r0, r1)
	}
	if lw == 1 {
		return false
	}
	if r.rows < 2 {
		return r.notes > 0
	}
	score := 0
	// Headers of the right repeat those of the left.
	if l.headRow >= 0 && r.headRow >= 0 {
		same := 0
		for _, h := range r.heads {
			if slices.Contains(l.heads, h) {
				same++
			}
		}
		if same*2 >= len(r.heads) && same >= 1 && len(r.heads) >= 2 {
			score += 4
		} else if same >= 1 {
			score += 2
		}
		if l.headRow != r.headRow {
			score += 2
		}
	}
	if l.lone0 && r.lone0 && l.first == r.first || r.lone0 && r.last > r.first {
		score += 3
	}
	if l.total && r.total {
		score += 2
	}
	if l.last != r.last {
		short := min(l.last, r.last)
		longer := max(l.last, r.last)
		score += 2
		if longer-short >= 2 {
			score++
		}
	}
	if l.first != r.first {
		score += 2
	}
	body := max(min(l.rows, r.rows)-1, 1)
	if r.keyText*4 >= body*3 && (l.keyText*4 >= body*3 || l.keySeq*4 >= body*3) {
		score += 2
	}
	if r.keySeq*4 >= body*3 && l.keySeq*4 >= body*3 {
		score += 3
	}
	if r0-l1 >= 3 {
		score++
	}
	if r.keyText == 0 && r.keySeq == 0 { // figures go on: the gap is a spacer
		score -= 4
	}
	return score >= 3
}

func (a *analyser) long(z zone, c0, c1 int) bool {
	n := 0
	for i := z.i0; i < z.i1; i++ {
		sh := a.shape(i, c0, c1)
		if sh.own > 0 {
			n = max(n, len(a.s.Text(sh.firstCell)))
		}
	}
	return n > 24
}

// text joins the own cells of a row in a band.
func (a *analyser) text(i, c0, c1 int) string {
	var parts []string
	for _, c := range a.cut(i, c0, c1) {
		if c.Flags&(blank|covered) == 0 {
			parts = append(parts, strings.TrimSpace(string(a.s.Text(c))))
		}
	}
	return strings.Join(parts, "  ")
}

// line makes a row of a band a line of text.
func (a *analyser) line(i, c0, c1 int) line {
	sh := a.shape(i, c0, c1)
	l := line{row: int(a.s.rowNum[i]), col: sh.first, right: sh.last, text: a.text(i, c0, c1), cells: sh.own, rows: 1}
	l.emph = sh.emph == sh.own
	if sh.own == 1 {
		l.wide = true
		if m, ok := a.s.mergeAt(l.row, sh.first); ok {
			l.right = max(l.right, m.Right)
			l.rows = m.Bottom - m.Top + 1
		}
	}
	return l
}

// firstText is the text of the first own cell of a row in a band.
func (a *analyser) firstText(i, c0, c1 int) []byte {
	for _, c := range a.cut(i, c0, c1) {
		if c.Flags&(blank|covered) == 0 {
			return a.s.Text(c)
		}
	}
	return nil
}
