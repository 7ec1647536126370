package grid

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// settle gives every loose line to the table above or below it.
func (a *analyser) settle() {
	slices.SortStableFunc(a.free, func(x, y line) int {
		return cmp.Or(cmp.Compare(x.row, y.row), cmp.Compare(x.col, y.col))
	})
	live := a.built[:0]
	for _, b := range a.built { // a header alone, without rows and names to speak of, is text
		if b.data == 0 && len(b.totals) == 0 && b.headOnlyText() {
			for _, i := range b.headRows {
				a.free = append(a.free, a.line(i, b.c0, b.c1))
			}
			continue
		}
		live = append(live, b)
	}
	a.built = live
	slices.SortStableFunc(a.built, func(x, y *builder) int { return cmp.Compare(x.top, y.top) })
	slices.SortStableFunc(a.free, func(x, y line) int {
		return cmp.Or(cmp.Compare(x.row, y.row), cmp.Compare(x.col, y.col))
	})
	kept := a.free[:0]
	var lastBelow *builder // the previous line went to the table below it
	lastRow := -10
	for _, l := range a.free {
		above, below, beside := a.around(l)
		kind, sure := noteKind(l.text)
		switch {
		case beside != nil:
			beside.notes = append(beside.notes, Note{Kind: kind, Text: l.text, Row: l.row, Col: l.col, Rows: 1})
			beside.ask(0, "表旁（%s）有一段文字，记为备注。", A1(l.row, l.col))
			continue
		case above == nil && below == nil:
			kept = append(kept, l)
			continue
		case above == nil:
			below.above = append(below.above, l)
			lastBelow, lastRow = below, l.row
			continue
		case below == nil:
			above.after(l, kind, sure)
			lastBelow = nil
			continue
		}
		var toBelow bool
		switch {
		case lastBelow == below && l.row-lastRow <= 2:
			toBelow = true // a title block goes on
		case kind == "unit":
			toBelow = true
		case kind == "source" || kind == "signature":
		case tableLine.MatchString(strings.TrimSpace(l.text)):
			toBelow = true
		case sure:
			toBelow = metaLine.MatchString(strings.TrimSpace(l.text)) && below.top-l.row < l.row-above.last
		case sentence(l.text):
		default:
			toBelow = a.joined(l.row, below.top) || l.emph || l.row-above.last > 1
		}
		if toBelow {
			below.above = append(below.above, l)
			lastBelow, lastRow = below, l.row
		} else {
			above.after(l, kind, sure)
			lastBelow = nil
		}
	}
	a.free = kept
}

// joined reports whether no blank row lies between two sheet rows.
func (a *analyser) joined(from, to int) bool {
	i := a.s.find(from)
	return i+to-from < len(a.s.rowNum) && int(a.s.rowNum[i+to-from]) == to
}

func (b *builder) headOnlyText() bool {
	for _, i := range b.headRows {
		sh := b.a.shape(i, b.c0, b.c1)
		if sh.own >= 3 && !b.a.remark(i, zone{i, i + 1, b.c0, b.c1}, sh, sh.own) {
			return false
		}
	}
	return true
}

func sentence(t string) bool {
	t = strings.TrimSpace(t)
	return strings.HasSuffix(t, "。") || strings.HasSuffix(t, ".") && len(t) > 40 || utf8.RuneCountInString(t) > 60
}

// around finds the tables next to a line: the nearest above and below whose
// columns it shares (or any, when it shares none's), and one it lies beside.
func (a *analyser) around(l line) (above, below, beside *builder) {
	near := a.built
	if len(near) > 64 { // the tables around the line's row
		k, _ := slices.BinarySearchFunc(near, l.row, func(b *builder, row int) int { return cmp.Compare(b.top, row) })
		near = near[max(0, k-32):min(len(near), k+32)]
	}
	for pass := range 2 {
		for _, b := range near {
			over := b.c0 <= max(l.right, l.col) && l.col <= b.c1
			if pass == 0 && !over {
				continue
			}
			switch {
			case l.row > b.last:
				if above == nil || b.last > above.last {
					above = b
				}
			case l.row < b.top:
				if below == nil || b.top < below.top {
					below = b
				}
			case pass == 1 && beside == nil:
				beside = b
			}
		}
		if above != nil || below != nil {
			return above, below, nil
		}
	}
	return above, below, beside
}

func (b *builder) after(l line, kind string, sure bool) {
	b.notes = append(b.notes, b.a.split(l, kind, sure)...)
	if !sure && l.cells == 1 && l.row == b.last+1 && l.col == b.c0 && utf8.RuneCountInString(l.text) <= 8 && b.c1 > b.c0 {
		b.ask(0.05, "表末第%d行只有“%s”，记为备注，没有当作数据。", l.row+1, clip(l.text))
	}
}

// split makes notes of a line; cells that say different things are told apart.
func (a *analyser) split(l line, kind string, sure bool) []Note {
	if l.cells <= 1 {
		return []Note{{Kind: kind, Text: l.text, Row: l.row, Col: l.col, Rows: l.rows}}
	}
	i := a.s.find(l.row)
	var notes []Note
	kinds := map[string]bool{}
	for _, c := range a.cut(i, l.col, l.right) {
		if c.Flags&(blank|covered) != 0 {
			continue
		}
		t := strings.TrimSpace(string(a.s.Text(c)))
		k, ok := noteKind(t)
		if !ok && sure {
			k = kind
		}
		kinds[k] = true
		notes = append(notes, Note{Kind: k, Text: t, Row: l.row, Col: int(c.Col), Rows: 1})
	}
	if len(kinds) == 1 && !kinds["unit"] {
		return []Note{{Kind: kind, Text: l.text, Row: l.row, Col: l.col, Rows: 1}}
	}
	return notes
}

// lead makes notes of the lines over a table: title, unit, remarks.
func (b *builder) lead() []Note {
	var notes []Note
	titled := false
	for _, l := range b.above {
		kind, sure := noteKind(l.text)
		ns := b.a.split(l, kind, sure)
		for k := range ns {
			t := ns[k].Text
			if ns[k].Kind != "note" {
				continue
			}
			if _, ok := noteKind(t); ok {
				continue
			}
			full := strings.HasSuffix(t, "。") || strings.HasSuffix(t, ".") || utf8.RuneCountInString(t) > 100
			if l.cells == 1 && !full && (!titled || utf8.RuneCountInString(t) <= 80 && notes[len(notes)-1].Kind == "title") && (!titled || !labelled.MatchString(t) || titleNumber.MatchString(t)) {
				ns[k].Kind = "title"
				titled = true
			}
		}
		notes = append(notes, ns...)
	}
	return notes
}

var (
	level1 = regexp.MustCompile(`^\s*([一二三四五六七八九十]{1,3}\s*[、．.]|第[一二三四五六七八九十\d]+[章部]|[IVX]{1,4}\s*[.．、]|[A-Z]\s*[.．、)])`)
	level2 = regexp.MustCompile(`^\s*([\(（][一二三四五六七八九十]{1,3}[\)）]|\d{1,2}\s*[、．])`)
)

func sectionLevel(t string) int {
	switch {
	case level1.MatchString(t):
		return 1
	case level2.MatchString(t):
		return 2
	}
	return 0
}

// governs turns the headings into marks: what each row is said to belong to.
// A heading directly under another one, of a lower level, is said after it.
func (b *builder) governs() []mark {
	var marks []mark
	upper, level := "", 0
	for k, s := range b.sections {
		text := s.text
		switch {
		case k+1 < len(b.sections) && b.sections[k+1].row == s.row+1 && s.level != 2:
			upper, level = s.text, b.sections[k+1].level // no rows of its own
		case upper != "" && s.level == level && level != 0, upper != "" && k > 0 && b.sections[k-1].row == s.row-1:
			text = upper + "/" + text
		default:
			upper, level = "", 0
		}
		marks = append(marks, mark{int32(s.row), text})
	}
	return marks
}

// list takes a sheet that holds one column as a table of one column.
func (a *analyser) list(z zone) *builder {
	var rows []int
	col := -1
	for i := z.i0; i < z.i1; i++ {
		sh := a.shape(i, z.c0, z.c1)
		if sh.own == 0 {
			continue
		}
		if sh.own > 1 {
			return nil
		}
		rows = append(rows, i)
		col = sh.first
	}
	if len(rows) == 0 {
		return nil
	}
	long, figs, same := 0, 0, 0
	for _, i := range rows {
		sh := a.shape(i, z.c0, z.c1)
		if sh.first == col {
			same++
		}
		if t := string(a.s.Text(sh.firstCell)); sentence(t) || utf8.RuneCountInString(t) > 40 {
			long++
		}
		figs += sh.figure
	}
	b := &builder{a: a, c0: z.c0, c1: z.c1, roles: map[int32]Role{}, firstData: -1, lastData: -1, head: heading{numbering: -1, kept: -1}}
	first := 0
	for first < len(rows)-2 { // titles over the list
		sh := a.shape(rows[first], z.c0, z.c1)
		t := strings.TrimSpace(string(a.s.Text(sh.firstCell)))
		_, sure := noteKind(t)
		_, merged := a.s.mergeAt(int(a.s.rowNum[rows[first]]), sh.first)
		gap := a.s.rowNum[rows[first+1]]-a.s.rowNum[rows[first]] > 1
		if sh.text == 1 && (sure || merged || tableLine.MatchString(t) || gap) {
			first++
			continue
		}
		break
	}
	titles := rows[:first]
	rows = rows[first:]
	b.top = int(a.s.rowNum[rows[0]])
	b.prof = a.sample(rows[0]+min(1, len(rows)-1), z.i1, z.c0, z.c1, 300)
	b.width = 1
	i0 := rows[0]
	if len(rows) >= 2 {
		sh := a.shape(i0, z.c0, z.c1)
		p := b.prof[sh.first-z.c0]
		t := string(a.s.Text(sh.firstCell))
		head := false
		switch {
		case p.figures() && sh.text == 1:
			head = true
		case sh.text == 1 && p.seen[t] == 0 && !sentence(t):
			score := a.wordHead(i0, z.i1, b.prof, z.c0, z.c1)
			head = score >= 1.9
			if score < 3 {
				b.ask(0.22, "只有一列文字，第一行是不是表头不能肯定。")
			}
		}
		if head {
			b.head = heading{from: i0, to: i0 + 1, numbering: -1, kept: -1}
			b.headRows = []int{i0}
			b.roles[a.s.rowNum[i0]] = Header
			rows = rows[1:]
		}
	}
	if long*2 > len(rows) {
		b.ask(0.6, "这一页像是说明文字，不是表格；按一列文字收下。")
	} else if same*5 < len(rows)*4 {
		b.ask(0.4, "文字散在各处，没有看出表格；按原位置收下。")
	}
	b.last = b.top
	for _, i := range rows {
		b.data++
		if b.firstData < 0 {
			b.firstData = i
		}
		b.lastData, b.last = i, b.rowOf(i)
	}
	for _, i := range titles {
		b.above = append(b.above, a.line(i, z.c0, z.c1))
	}
	b.zones = []zone{{i0, z.i1, z.c0, z.c1}}
	a.free = nil
	return b
}

// forced reads a table where a person says it stands.
func (a *analyser) forced(z zone) *builder {
	s := z.i0
	b := &builder{a: a, c0: z.c0, c1: z.c1, width: max(a.width(z), 1), roles: map[int32]Role{}, firstData: -1, lastData: -1, head: heading{from: s, to: s, numbering: -1, kept: -1}}
	if a.opt.HeaderRows != nil {
		b.head.to = min(s+max(*a.opt.HeaderRows, 0), z.i1)
		b.prof = a.sample(b.head.to, z.i1, z.c0, z.c1, 300)
	} else {
		for s < z.i1-1 && b.width >= 2 && a.preamble(s, z, b.width) {
			a.loose(s, z)
			s++
		}
		b.head, b.prof = a.headingAt(s, a.until(s, z), z.c0, z.c1)
	}
	b.top = int(a.s.rowNum[s])
	b.last = b.top
	for i := b.head.from; i < b.head.to; i++ {
		b.headRows = append(b.headRows, i)
		b.headText = append(b.headText, squeeze(a.text(i, z.c0, z.c1)))
		b.roles[a.s.rowNum[i]] = Header
		b.last = b.rowOf(i)
	}
	if len(b.headRows) > 0 {
		b.zones = append(b.zones, zone{b.head.from, b.head.to, z.c0, z.c1})
	}
	i := b.head.to
	if b.head.numbering >= 0 {
		b.note("note", b.head.numbering)
		i = b.head.numbering + 1
	}
	b.density(i, z.i1)
	for i < z.i1 { // another header inside the area is the person's word against ours: theirs holds
		n := b.walk(zone{i, z.i1, z.c0, z.c1})
		if n < z.i1 {
			b.data++
			if b.firstData < 0 {
				b.firstData = n
			}
			b.lastData, b.last = n, max(b.last, b.rowOf(n))
			b.ask(0.1, "第%d行像是另一张表的表头，按指定的范围作数据收下。", b.rowOf(n)+1)
			n++
		}
		i = n
	}
	for _, l := range a.free {
		if l.row < b.top {
			b.above = append(b.above, l)
		} else {
			kind, sure := noteKind(l.text)
			b.after(l, kind, sure)
		}
	}
	a.free = nil
	return b
}
