package grid

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"shuniu/collect/intake/tabular"
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
		toBelow := false
		switch {
		case lastBelow == below && l.row-lastRow <= 2:
			toBelow = true // a title block goes on
		case kind == "unit":
			toBelow = true
		case kind == "source" || kind == "signature":
			toBelow = false
		case tableLine.MatchString(strings.TrimSpace(l.text)):
			toBelow = true
		case sure:
			toBelow = metaLine.MatchString(strings.TrimSpace(l.text)) && below.top-l.row < l.row-above.last
		case sentence(l.text):
			toBelow = false
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
	for pass := range 2 {
		for _, b := range a.built {
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
	for _, n := range b.a.split(l, kind, sure) {
		b.notes = append(b.notes, n)
	}
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
			if l.cells == 1 && !sentence(t) && (!titled || utf8.RuneCountInString(t) <= 40 && notes[len(notes)-1].Kind == "title") && !labelled.MatchString(t) {
				ns[k].Kind = "title"
				titled = true
			} else if l.cells == 1 && !titled && !sentence(t) {
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
	b := &builder{a: a, c0: z.c0, c1: z.c1, roles: map[int32]Role{}, firstData: -1, lastData: -1, head: heading{numbering: -1}}
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
			b.head = heading{from: i0, to: i0 + 1, numbering: -1}
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
	b := &builder{a: a, c0: z.c0, c1: z.c1, width: max(a.width(z), 1), roles: map[int32]Role{}, firstData: -1, lastData: -1, head: heading{from: s, to: s, numbering: -1}}
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

// block finishes the table.
func (b *builder) block() *Block {
	b.loneSection()
	b.checkTotals()
	heads := b.a.heads(b.head, b.c0, b.c1)
	used := b.usedColumns()
	lo, hi := 0, len(heads)-1
	for lo < hi && heads[lo].Name == "" && !used[lo] {
		lo++
	}
	for hi > lo && heads[hi].Name == "" && !used[hi] {
		hi--
	}
	heads = heads[lo : hi+1]
	out := &Block{
		Place:      Range{b.top, b.c0 + lo, b.last, b.c0 + hi},
		HeaderRows: len(b.headRows), sheet: b.a.s, roles: b.roles, data: b.data,
	}
	for c := range heads {
		out.Columns = append(out.Columns, out.Place.Left+c)
	}
	out.fill = make([]bool, len(heads))
	b.fillDown(out, lo)
	lead := b.lead()
	b.unit(lead, heads, lo)
	marks := b.governs()
	if len(marks) >= 2 && b.data > 0 {
		heads = append(heads, tabular.Head{Name: "section"})
		out.Columns = append(out.Columns, -1)
		out.fill = append(out.fill, false)
		out.sections = marks
		if b.firstData >= 0 && b.rowOf(b.firstData) < int(marks[0].row) {
			b.ask(0.05, "第一个分组标题（第%d行）之前的数据行没有分组。", marks[0].row+1)
		}
		if len(b.doubtRows) > 0 {
			b.ask(0.1, "第%s行各只有一个值，看作分组标题，列为 section。", strings.Join(b.doubtRows[:min(len(b.doubtRows), 8)], "、"))
		}
	} else if len(b.doubtRows) > 0 {
		b.ask(0.1, "第%s行只有一个值，看作分组标题。", strings.Join(b.doubtRows, "、"))
	}
	names := make([]string, len(heads))
	blankHeads := 0
	for c := range heads {
		names[c] = heads[c].Name
		if names[c] == "" {
			blankHeads++
		}
	}
	if len(b.headRows) > 0 && blankHeads > 0 {
		b.ask(0.02*float64(min(blankHeads, 3)), "有%d列没有列名。", blankHeads)
	}
	Unique(names)
	for c := range heads {
		heads[c].Name = names[c]
	}
	out.Heads = heads
	if len(b.headRows) == 0 {
		b.ask(0.12, "没有找到表头，列名为 column_1、column_2……")
	}
	b.shapeDoubts(out)
	out.Notes = append(lead, b.notes...)
	slices.SortStableFunc(out.Notes, func(x, y Note) int {
		return cmp.Or(cmp.Compare(x.Row, y.Row), cmp.Compare(x.Col, y.Col))
	})
	out.Questions = b.questions
	out.Confidence = max(0.98-b.doubt, 0.05)
	if out.Confidence < 0.8 && len(out.Questions) == 0 {
		out.Questions = []string{"这张表的样子不常见，请看一眼范围和表头。"}
	}
	b.blankRows(out)
	return out
}

// loneSection takes back a single heading that nothing but its place speaks
// for: it may as well be a row without values.
func (b *builder) loneSection() {
	if len(b.sections) != 1 || len(b.doubtRows) != 1 {
		return
	}
	row := b.sections[0].row
	for k, n := range b.notes {
		if n.Row == row && n.Kind == "section" {
			b.notes = slices.Delete(b.notes, k, k+1)
			break
		}
	}
	b.ask(0.05, "第%d行只有一个值“%s”，按数据行收下；也可能是分组标题。", row+1, clip(b.sections[0].text))
	delete(b.roles, int32(row))
	b.sections, b.doubtRows = nil, nil
	i := b.a.s.find(row)
	b.data++
	b.lastData = max(b.lastData, i)
	if b.firstData < 0 || i < b.firstData {
		b.firstData = i
	}
}

// usedColumns tells which columns hold a value in the table's rows.
func (b *builder) usedColumns() []bool {
	used := make([]bool, b.c1-b.c0+1)
	left := len(used)
	totals := make(map[int]bool, len(b.totals))
	for _, t := range b.totals {
		totals[t.i] = true
	}
	for _, z := range b.zones {
		for i := z.i0; i < z.i1 && left > 0; i++ {
			if b.rowOf(i) > b.last {
				break
			}
			if r := b.roles[b.a.s.rowNum[i]]; r == NoteRow && !totals[i] {
				continue
			}
			for _, c := range b.a.cut(i, b.c0, b.c1) {
				if c.Flags&(blank|coveredRight) == 0 && !used[int(c.Col)-b.c0] {
					used[int(c.Col)-b.c0] = true
					left--
				}
			}
		}
	}
	return used
}

// blankRows marks rows inside the place that hold nothing of this table.
func (b *builder) blankRows(out *Block) {
	s := b.a.s
	n := 0
	for i := s.find(out.Place.Top); i < len(s.rowNum) && int(s.rowNum[i]) <= out.Place.Bottom; i++ {
		if _, ok := b.roles[s.rowNum[i]]; ok {
			continue
		}
		own := false
		for _, c := range b.a.cut(i, out.Place.Left, out.Place.Right) {
			if c.Flags&(blank|covered) == 0 {
				own = true
				break
			}
		}
		if !own {
			b.roles[s.rowNum[i]] = BlankRow
			continue
		}
		n++
	}
	out.data = n
	for _, note := range out.Notes { // a note of several rows takes them all
		for r := note.Row; r < note.Row+note.Rows && r <= out.Place.Bottom; r++ {
			if r >= out.Place.Top && b.roles[int32(r)] == BlankRow {
				b.roles[int32(r)] = NoteRow
			}
		}
	}
}

// unit gives the unit said over the table to the columns that hold figures.
func (b *builder) unit(lead []Note, heads []tabular.Head, lo int) {
	unit := ""
	for _, n := range lead {
		if n.Kind != "unit" {
			continue
		}
		u := unitOf(n.Text)
		if unit != "" && unit != u {
			return
		}
		unit = u
	}
	if unit == "" || strings.ContainsAny(unit, "、，,;；") && !strings.Contains(unit, "1,000") {
		return
	}
	for c := range heads {
		p := &b.prof[min(lo+c, len(b.prof)-1)]
		if heads[c].Unit == "" && !unitless.MatchString(heads[c].Name) && p.n[cNumber] > 0 && p.n[cNumber]*2 > p.full()-p.n[cNull] && !(c == 0 && b.serial(lo)) {
			heads[c].Unit = unit
		}
	}
}

// unitless are columns that a unit over the table does not mean.
var unitless = regexp.MustCompile(`(?i)(率|比重|占比|比例|比$|指数|%|percent|prozent|rate|share|index|序号|编号|编码|代码|年份|年度|^no\.?$|^nr\.?$|^id$|番号)`)

// serial reports whether the first column counts the rows.
func (b *builder) serial(lo int) bool {
	if b.firstData < 0 {
		return false
	}
	cells := b.a.cut(b.firstData, b.c0+lo, b.c0+lo)
	if len(cells) == 0 {
		return false
	}
	v, ok := small(string(b.a.s.Text(cells[0])))
	return ok && v <= 1
}

// shapeDoubts looks at what the finished table is like: forms and tables that
// lie on their side.
func (b *builder) shapeDoubts(out *Block) {
	w := out.Place.Right - out.Place.Left + 1
	if b.data == 0 {
		b.ask(0.2, "表里没有数据行。")
		return
	}
	if b.data > 200 || b.data < 3 {
		return
	}
	if len(b.prof) != b.c1-b.c0+1 {
		return
	}
	// Mixed kinds down every column but one kind along the rows.
	mixed, cols := 0, 0
	for c := 1; c < w; c++ {
		p := &b.prof[out.Place.Left-b.c0+c]
		full := p.full() - p.n[cNull]
		if full < 3 {
			continue
		}
		cols++
		if k := p.n[p.main()]; k*10 < full*8 && p.n[cText] > 0 && p.n[cText] < full {
			mixed++
		}
	}
	if cols == 0 || mixed*2 < cols {
		return
	}
	even, rows := 0, 0
	for _, z := range b.zones {
		for i := z.i0; i < z.i1 && rows < 60; i++ {
			if b.roles[b.a.s.rowNum[i]] != Data {
				continue
			}
			var n [classes]int
			full := 0
			for _, c := range b.a.cut(i, out.Place.Left+1, out.Place.Right) {
				if c.Flags&(blank|covered) == 0 {
					k := b.a.s.class(c)
					if k == cYear || k == cCode {
						k = cNumber
					}
					n[k]++
					full++
				}
			}
			if full == 0 {
				continue
			}
			rows++
			if slices.Max(n[:])*10 >= full*9 {
				even++
			}
		}
	}
	if rows < 3 || even*10 < rows*8 {
		return
	}
	if w == 2 {
		b.ask(0.25, "像是一张“项目—内容”的登记表，按两列收下。")
	} else if w > 2 {
		b.ask(0.25, "像是横过来的表：字段在左边，每列一条记录；按原样收下，请看一眼。")
	}
}

// fillDown marks key columns whose blanks stand for the value above.
func (b *builder) fillDown(out *Block, lo int) {
	if b.data < 3 || len(out.Columns) < 2 {
		return
	}
	w := min(len(out.Columns)-1, 3)
	spaced := make([]int, w)
	own := make([]int, w)
	runsAgain := make([]map[string]bool, w)
	bad := make([]bool, w)
	firstBlank := make([]bool, w)
	maxGap := make([]int, w)
	gapNow := make([]int, w)
	n := 0
	apart := make([]int, w) // rows that begin a group without a member beside it
	for k := range w {
		runsAgain[k] = map[string]bool{}
	}
	for _, z := range b.zones {
		for i := z.i0; i < z.i1; i++ {
			if b.roles[b.a.s.rowNum[i]] != Data || b.rowOf(i) > out.Place.Bottom || b.rowOf(i) < out.Place.Top {
				continue
			}
			cells := b.a.cut(i, b.c0+lo, b.c0+lo+w)
			has := 0
			for _, c := range cells {
				if k := int(c.Col) - b.c0 - lo; c.Flags&blank != 0 && k < w {
					spaced[k]++
				}
				if c.Flags&(blank|coveredRight) != 0 {
					continue
				}
				k := int(c.Col) - b.c0 - lo
				has |= 1 << k
				if k == w {
					continue
				}
				own[k]++
				t := string(b.a.s.Text(c))
				if c.Flags&coveredDown == 0 {
					if runsAgain[k][t] && k == 0 {
						bad[k] = true
					}
					if len(runsAgain[k]) < 100000 {
						runsAgain[k][t] = true
					}
				}
			}
			for k := range w {
				if has>>k&1 == 0 {
					gapNow[k]++
					maxGap[k] = max(maxGap[k], gapNow[k])
					if n == 0 {
						firstBlank[k] = true
					}
				} else {
					gapNow[k] = 0
					if has>>(k+1)&1 == 0 {
						apart[k]++
					}
				}
			}
			n++
		}
	}
	for k := range w {
		// Blank in at least four of ten rows, first row filled, no value twice.
		if own[k]*10 > n*6 || own[k] < 1 || own[k] < 2 && k > 0 || firstBlank[k] || bad[k] || n-own[k] < 2 || apart[k] > 0 || spaced[k]*2 > n-own[k] {
			if k == 0 && own[0] < n && own[0]*10 < n*9 {
				b.ask(0.02, "第1列有%d个空格，没有向下填充，请看是否应与上一行相同。", n-own[0])
			}
			break
		}
		next := lo + k + 1
		if next >= len(b.prof) {
			break
		}
		if own[k] < n && k+1 < w && own[k+1] < own[k] {
			break
		}
		out.fill[k] = true
		name := fmt.Sprintf("第%d列", k+1)
		b.ask(0.03, "%s的空格看作与上面相同，已向下填充（%d行）。", name, n-own[k])
	}
}
