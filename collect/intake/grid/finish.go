package grid

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"shuniu/collect/intake/tabular"
)

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
	b.folded(names)
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

// folded asks about a list that was folded into two or more stripes: the names
// on the right are those on the left again.
func (b *builder) folded(names []string) {
	for k := 2; k*2 <= len(names); k++ {
		if names[0] == "" || len(names)%k != 0 {
			continue
		}
		same := true
		for i := k; i < len(names) && same; i++ {
			same = names[i] == names[i-k]
		}
		if same {
			b.ask(0.15, "列名每%d列重复一遍，像是一张表折成了几栏；按原样收下。", k)
			return
		}
	}
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
		if heads[c].Unit == "" && !unitless.MatchString(heads[c].Name) && p.n[cNumber] > 0 && p.n[cNumber]*2 > p.full()-p.n[cNull] && (c > 0 || !b.serial(lo)) {
			heads[c].Unit = unit
		}
	}
}

// unitless are columns that a unit over the table does not mean.
var unitless = regexp.MustCompile(`(?i)(率|比重|占比|比例|比$|指数|%|percent|prozent|rate|share|index|序号|行次|栏次|编号|编码|代码|年份|年度|^no\.?$|^nr\.?$|^id$|番号)`)

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
	if b.form {
		b.ask(0.25, "像是一张“项目—内容”的登记表，没有表头，按原样收下。")
		return
	}
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
	if w > 2 {
		b.ask(0.25, "像是横过来的表：字段在左边，每列一条记录；按原样收下，请看一眼。")
	}
}

// gaps is a quick look before fillDown: is the first column blank often enough?
func (b *builder) gaps(out *Block, lo int) bool {
	n, own := 0, 0
	for _, z := range b.zones {
		for i := z.i0; i < z.i1; i++ {
			row := b.rowOf(i)
			if row < out.Place.Top || row > out.Place.Bottom || b.roles[b.a.s.rowNum[i]] != Data {
				continue
			}
			n++
			if c, ok := cellAt(b.a.cut(i, b.c0+lo, b.c0+lo), b.c0+lo); ok && c.Flags&(blank|coveredRight) == 0 {
				own++
			}
		}
	}
	if own*10 <= n*6 {
		return true
	}
	if own < n && own*10 < n*9 {
		b.ask(0.02, "第1列有%d个空格，没有向下填充，请看是否应与上一行相同。", n-own)
	}
	return false
}

// fillDown marks key columns whose blanks stand for the value above.
func (b *builder) fillDown(out *Block, lo int) {
	if len(out.Columns) < 2 {
		return
	}
	if !b.gaps(out, lo) {
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
