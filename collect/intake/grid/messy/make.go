package messy

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

type maker struct {
	*rand.Rand
	loc    locale
	csv    bool
	tables []Table
	traits []string
}

func (m *maker) chance(percent int) bool { return m.IntN(100) < percent }

func (m *maker) trait(t string) { m.traits = append(m.traits, t) }

// file draws the pages of one file.
func (m *maker) file() []*page {
	p := newPage(pick(m.Rand, []string{"Sheet1", "汇总", "Data", "附表1", "一季度"}))
	layout := m.IntN(100)
	switch {
	case layout < 62:
		m.one(p, 0, 0, m.spec())
	case layout < 76: // stacked
		m.trait("stacked")
		row := 0
		for k := range 2 + m.IntN(2) {
			s := m.spec()
			s.title = true
			if m.chance(25) {
				s.title = false
				s.unit = false
				s.meta = false
			}
			s.noHeader, s.header = false, max(s.header, 1)
			if k > 0 {
				gap := 1 + m.IntN(3)
				if s.title && m.chance(20) {
					gap = 0
					m.trait("no gap")
				}
				row += gap
			}
			row = m.one(p, row, 0, s)
		}
	case layout < 86: // side by side
		m.trait("side")
		s := m.spec()
		s.noHeader, s.header, s.repeat, s.blankRows = false, max(s.header, 1), false, false
		right := s
		right.rows = 3 + m.IntN(12)
		right.sections = false
		s.sections = false
		s.sign, right.sign = false, false
		s.meta, right.meta = false, false
		both := m.chance(60)
		s.title, right.title = both, both
		if !both {
			s.unit, right.unit = false, false
		}
		right.unit, right.source = s.unit, s.source
		m.one(p, 0, 0, s)
		width := 0
		for k := range p.cells {
			width = max(width, k[1]+1)
		}
		m.one(p, 0, width+1+m.IntN(2), right)
	default: // several sheets
		if m.csv {
			m.one(p, 0, 0, m.spec())
			break
		}
		m.trait("sheets")
		pages := []*page{p}
		m.one(p, 0, 0, m.spec())
		for k := range 1 + m.IntN(2) {
			q := newPage(fmt.Sprintf("%s-%d", pick(m.Rand, []string{"明细", "Anlage", "部门", "Sheet"}), k+2))
			q.hidden = m.chance(30)
			at := len(m.tables)
			m.one(q, m.IntN(3), m.IntN(2), m.spec())
			for i := at; i < len(m.tables); i++ {
				m.tables[i].Hidden = q.hidden
			}
			pages = append(pages, q)
		}
		return pages
	}
	return []*page{p}
}

// A spec is what a table will have.
type spec struct {
	title, unit, meta, subtitle    bool
	header                         int // rows: 1 to 3
	noHeader, numbering            bool
	years                          bool
	merged, blankKeys              bool // a key column over several rows, merged or left blank below
	sections, subtotals, total     bool
	totalFirst                     bool
	note, source, sign             bool
	repeat, blankRows, emptyColumn bool
	dirtyNames, words, serial      bool
	style                          bool
	rows, measures                 int
	allWords                       bool
}

func (m *maker) spec() spec {
	s := spec{
		title: m.chance(75), unit: m.chance(45), meta: m.chance(30), subtitle: m.chance(15),
		header: 1, numbering: m.chance(8), years: m.chance(12),
		sections: m.chance(14), subtotals: m.chance(14), total: m.chance(50), totalFirst: m.chance(15),
		note: m.chance(40), source: m.chance(30), sign: m.chance(25),
		repeat: m.chance(5), blankRows: m.chance(8), emptyColumn: m.chance(6),
		dirtyNames: m.chance(20), words: m.chance(45), serial: m.chance(30), style: m.chance(50),
		rows: 3 + m.IntN(22), measures: 2 + m.IntN(5),
	}
	switch h := m.IntN(100); {
	case h < 30:
		s.header = 2
	case h < 37:
		s.header = 3
	}
	if s.years {
		s.header = 1 + m.IntN(2)
	}
	if m.chance(5) {
		s.noHeader, s.header, s.numbering, s.title, s.unit, s.meta, s.subtitle = true, 0, false, false, false, false, false
	}
	if m.chance(10) {
		s.allWords, s.header, s.total, s.subtotals, s.sections, s.years, s.numbering, s.unit = true, 1, false, false, false, false, false, false
	}
	if s.header > 0 && m.chance(14) && !s.allWords {
		s.merged = true
		s.sections = false
		if m.csv || m.chance(25) {
			s.blankKeys = true
		}
	}
	if s.subtotals {
		s.sections = false
		s.merged = false
	}
	if s.sections {
		s.totalFirst = false
	}
	return s
}

// col is one column to be filled.
type col struct {
	levels []string
	kind   string // key, group, int, dec, pct, date, word, code, serial, empty, person
}

// one writes a table at a place and returns the row after it.
func (m *maker) one(p *page, row, left int, s spec) int {
	loc := m.loc
	t := Table{Sheet: p.name}
	cols := m.columns(&s)
	w := len(cols)
	note := func(kind string, r, c int) { t.Notes = append(t.Notes, Note{kind, A1(r, c)}) }
	wide := func(r int, text string, style string) {
		p.put(r, left, text, style)
		if !m.csv && w > 1 && m.chance(65) {
			p.merge(r, left, r, left+w-1)
		}
	}
	bold := ""
	if s.style {
		bold = "bold"
	}
	if s.title {
		m.trait("title")
		wide(row, pick(m.Rand, loc.titles), bold)
		note("title", row, left)
		row++
		if s.subtitle && loc.lang == "zh" {
			p.put(row, left, "（2023年度）", "")
			note("title", row, left)
			row++
		}
		if m.chance(12) {
			row++
		}
	}
	switch {
	case s.meta && s.unit && w >= 3:
		m.trait("meta+unit")
		p.put(row, left, pick(m.Rand, loc.metas), "")
		note("note", row, left)
		p.put(row, left+w-1, pick(m.Rand, loc.units), "")
		note("unit", row, left+w-1)
		row++
	case s.meta:
		p.put(row, left, pick(m.Rand, loc.metas), "")
		note("note", row, left)
		row++
	case s.unit:
		m.trait("unit")
		c := left
		if m.chance(70) {
			c = left + w - 1
		}
		p.put(row, c, pick(m.Rand, loc.units), "")
		note("unit", row, c)
		row++
	}
	top := row
	row = m.header(p, row, left, cols, s, bold)
	t.HeaderRows = row - top
	for _, c := range cols {
		var parts []string
		for _, l := range c.levels {
			f := fold(l)
			if f != "" && (len(parts) == 0 || parts[len(parts)-1] != f) {
				parts = append(parts, f)
			}
		}
		t.Names = append(t.Names, strings.Join(parts, "/"))
	}
	if s.numbering {
		m.trait("numbering")
		n := 0
		for c := range cols {
			if cols[c].kind == "empty" {
				continue
			}
			if c == 0 && loc.lang == "zh" {
				p.put(row, left, "甲", "")
				continue
			}
			n++
			p.put(row, left+c, n, "")
		}
		note("note", row, left)
		row++
	}
	row = m.body(p, row, left, cols, s, &t, note)
	t.Range = A1(top, left) + ":" + A1(row-1, left+w-1)
	if s.note {
		m.trait("note")
		gap := m.IntN(2)
		if s.allWords {
			gap = 1
		}
		row += gap
		wide(row, pick(m.Rand, loc.notes), "")
		note("note", row, left)
		row++
	}
	if s.source {
		p.put(row, left, pick(m.Rand, loc.sources), "")
		note("source", row, left)
		row++
	}
	if s.sign {
		m.trait("sign")
		row += m.IntN(2)
		signs := shuffled(m.Rand, loc.signs, 1+m.IntN(3))
		step := max(w/max(len(signs), 1), 1)
		for k, g := range signs {
			if k*step < w || k == 0 {
				p.put(row, left+k*step, g, "")
				if k == 0 {
					note("signature", row, left)
				}
			}
		}
		row++
	}
	t.Names = unique(t.Names)
	m.tables = append(m.tables, t)
	return row
}

func (m *maker) columns(s *spec) []col {
	loc := m.loc
	var cols []col
	pad := func(name string) []string {
		l := make([]string, max(s.header, 1))
		l[0] = name
		return l
	}
	if s.serial && !s.merged && !s.noHeader {
		cols = append(cols, col{pad(map[string]string{"zh": "序号", "en": "No.", "ja": "番号", "de": "Nr.", "ko": "번호"}[loc.lang]), "serial"})
	}
	if s.merged {
		cols = append(cols, col{pad(map[string]string{"zh": "片区", "en": "Region", "ja": "地域", "de": "Region", "ko": "권역"}[loc.lang]), "group"})
	}
	cols = append(cols, col{pad(pick(m.Rand, loc.keys)), "key"})
	if s.words || s.allWords {
		n := 1
		if s.allWords {
			n = min(2+m.IntN(3), len(loc.words))
		}
		for _, w := range shuffled(m.Rand, loc.words, n) {
			kind := "word"
			if m.chance(25) {
				kind = "person"
			}
			cols = append(cols, col{pad(w), kind})
		}
	}
	if s.allWords {
		return cols
	}
	names := shuffled(m.Rand, loc.measures, s.measures)
	if s.years {
		m.trait("years")
		first := 2015 + m.IntN(5)
		names = names[:0]
		for k := range 3 + m.IntN(3) {
			y := fmt.Sprint(first + k)
			if loc.lang == "zh" && m.Int64N(2) == 0 {
				y += "年"
			}
			names = append(names, y)
		}
	}
	kinds := []string{"int", "int", "int", "dec", "dec"}
	switch {
	case s.header == 1 || s.noHeader:
		for _, n := range names {
			cols = append(cols, col{pad(n), pick(m.Rand, kinds)})
		}
	default:
		m.trait(fmt.Sprintf("header%d", s.header))
		groups := shuffled(m.Rand, loc.groups, 2+m.IntN(2))
		if s.years {
			groups = shuffled(m.Rand, loc.measures, 1)
		}
		g := 0
		for i := 0; i < len(names); {
			n := min(2+m.IntN(2), len(names)-i)
			if s.years {
				n = len(names)
			}
			if n == 1 || g >= len(groups) { // stands alone, over the full height
				for ; i < len(names); i++ {
					cols = append(cols, col{pad(names[i]), pick(m.Rand, kinds)})
				}
				break
			}
			for k := range n {
				l := make([]string, s.header)
				l[0] = groups[g]
				l[1] = names[i+k]
				if s.header == 3 {
					l[1], l[2] = names[i], names[i+k]
					if k == 0 {
						l[2] = map[string]string{"zh": "合计数", "en": "All", "ja": "全体", "de": "alle", "ko": "전체"}[loc.lang]
					}
				}
				cols = append(cols, col{l, pick(m.Rand, kinds)})
			}
			i += n
			g++
		}
	}
	if m.chance(15) {
		cols = append(cols, col{pad(map[string]string{"zh": "填报日期", "en": "Date", "ja": "年月日", "de": "Datum", "ko": "일자"}[loc.lang]), "date"})
	}
	if m.chance(12) {
		cols = append(cols, col{pad(map[string]string{"zh": "区划代码", "en": "Area code", "ja": "団体コード", "de": "AGS", "ko": "코드"}[loc.lang]), "code"})
	}
	if s.emptyColumn {
		m.trait("empty column")
		at := len(cols) - 1
		cols = append(cols[:at:at], append([]col{{pad(map[string]string{"zh": "备用", "en": "Reserved", "ja": "予備", "de": "Reserve", "ko": "예비"}[loc.lang]), "empty"}}, cols[at:]...)...)
	}
	if s.dirtyNames && s.header == 1 && !s.years {
		m.trait("dirty names")
		k := m.IntN(len(cols))
		n := cols[k].levels[0]
		switch r := []rune(n); m.IntN(3) {
		case 0:
			if len(r) > 2 {
				cols[k].levels[0] = string(r[:2]) + "\n" + string(r[2:])
			}
		case 1:
			cols[k].levels[0] = n + "  "
		case 2:
			if len(cols) > 3 {
				cols[len(cols)-1].levels[0] = cols[len(cols)-2].levels[0]
			}
		}
	}
	return cols
}

// header writes the header rows, merged in workbooks, blank-filled in texts.
func (m *maker) header(p *page, row, left int, cols []col, s spec, style string) int {
	if s.noHeader {
		m.trait("no header")
		for c := range cols {
			cols[c].levels = nil
		}
		return row
	}
	mergeless := m.csv || m.chance(20)
	if mergeless && s.header > 1 {
		m.trait("unmerged header")
	}
	for d := range s.header {
		for c := 0; c < len(cols); {
			text := cols[c].levels[d]
			e := c + 1
			if text != "" && d+1 < s.header {
				for e < len(cols) && cols[e].levels[d] == text && (d == 0 || cols[e].levels[0] == cols[c].levels[0]) && cols[e].levels[d+1] != "" && cols[c].levels[d+1] != "" {
					e++
				}
			}
			if text != "" {
				var v any = text
				if s.years && !strings.HasSuffix(text, "年") && len(text) == 4 && text[0] == '2' && !m.csv {
					var y int
					if _, err := fmt.Sscan(text, &y); err == nil {
						v = y
					}
				}
				p.put(row+d, left+c, v, style)
				if !mergeless {
					down := d
					for down+1 < s.header && e == c+1 && cols[c].levels[down+1] == "" {
						down++
					}
					p.merge(row+d, left+c, row+down, left+e-1)
				}
			}
			c = e
		}
	}
	return row + s.header
}

// body writes the data rows with everything between them.
func (m *maker) body(p *page, row, left int, cols []col, s spec, t *Table, note func(string, int, int)) int {
	loc := m.loc
	keyCol := 0
	for c := range cols {
		if cols[c].kind == "key" {
			keyCol = c
		}
	}
	names := shuffled(m.Rand, loc.places, len(loc.places))
	sum, part := make([]float64, len(cols)), make([]float64, len(cols))
	n := 0
	head := row - s.header
	totalRow := func(kind, label string, v []float64, at int) {
		labelCol := 0
		if s.serial || cols[0].kind == "serial" {
			labelCol = keyCol
			if m.chance(40) {
				labelCol = 0
			}
		}
		p.put(at, left+labelCol, label, map[bool]string{true: "bold", false: ""}[s.style])
		for c := range cols {
			switch cols[c].kind {
			case "int":
				p.put(at, left+c, int(v[c]), "")
			case "dec":
				p.put(at, left+c, round2(v[c]), "")
			}
		}
		note(kind, at, left+labelCol)
	}
	firstTotal := -1
	if s.total && s.totalFirst && !s.allWords {
		m.trait("total first")
		firstTotal = row
		row++
	}
	serial := 0
	groupLeft, groupTop, groupText := 0, 0, ""
	sections := shuffled(m.Rand, loc.sections, 2+m.IntN(2))
	sectionEvery := max(s.rows/len(sections), 2)
	section := ""
	sectionMerge := m.chance(60)
	if s.sections {
		m.trait("sections")
	}
	if s.merged {
		m.trait("merged keys")
	}
	endGroup := func() {
		if s.merged && !s.blankKeys && groupText != "" && row-groupTop > 1 {
			p.merge(groupTop, left, row-1, left)
		}
	}
	closed := func() { // a subtotal ends a part
		m.trait("subtotal")
		totalRow("subtotal", pick(m.Rand, loc.subtotal), part, row)
		clear(part)
		row++
	}
	inPart := 0
	for n < s.rows {
		if s.sections && n%sectionEvery == 0 && n/sectionEvery < len(sections) {
			section = sections[n/sectionEvery]
			style := ""
			if s.style {
				style = "bold"
			}
			p.put(row, left, section, style)
			if !m.csv && sectionMerge && len(cols) > 1 {
				p.merge(row, left, row, left+len(cols)-1)
			}
			note("section", row, left)
			row++
		}
		if s.repeat && n == s.rows/2 && n > 1 && s.header == 1 && !s.merged && !s.numbering {
			m.trait("repeat")
			for c := range cols {
				if x, ok := p.cells[[2]int{head, left + c}]; ok {
					p.put(row, left+c, x.value, x.style)
				}
			}
			note("note", row, left)
			row++
		}
		if s.blankRows && n == s.rows/2 && n > 1 && !s.merged {
			m.trait("blank row")
			row++
		}
		if s.merged && groupLeft == 0 {
			endGroup()
			lastGroup := pick(m.Rand, loc.sections) + " " + fmt.Sprint(n)
			groupLeft = 2 + m.IntN(3)
			groupTop, groupText = row, lastGroup
		}
		rec := make([]string, len(cols))
		for c := range cols {
			v, style := m.value(cols[c].kind, names, n)
			switch cols[c].kind {
			case "serial":
				serial++
				v = serial
			case "group":
				if row == groupTop {
					p.put(row, left+c, groupText, "")
				}
				rec[c] = groupText
				continue
			}
			if v == nil {
				continue
			}
			switch x := v.(type) {
			case int:
				if cols[c].kind == "int" {
					sum[c] += float64(x)
					part[c] += float64(x)
				}
			case float64:
				sum[c] += x
				part[c] += x
			}
			p.put(row, left+c, v, style)
			rec[c] = Text(v)
		}
		if s.sections {
			rec = append(rec, section)
		}
		t.Rows = append(t.Rows, rec)
		row++
		n++
		inPart++
		groupLeft--
		if s.subtotals && !s.allWords && inPart >= 3 && (n == s.rows || m.chance(30)) {
			closed()
			inPart = 0
		}
	}
	endGroup()
	if s.sections {
		t.Names = append(t.Names, "section")
	}
	if s.total && !s.allWords {
		m.trait("total")
		at := row
		if firstTotal >= 0 {
			at = firstTotal
		} else {
			row++
		}
		totalRow("total", pick(m.Rand, loc.total), sum, at)
	}
	return row
}

func round2(v float64) float64 {
	var f float64
	if _, err := fmt.Sscan(fmt.Sprintf("%.2f", v), &f); err != nil {
		return v
	}
	return f
}

func (m *maker) value(kind string, names []string, n int) (any, string) {
	loc := m.loc
	if kind != "key" && kind != "serial" && kind != "group" && kind != "empty" && m.chance(4) {
		if m.chance(50) {
			return nil, ""
		}
		return pick(m.Rand, loc.nulls), ""
	}
	switch kind {
	case "key":
		v := names[n%len(names)]
		if n >= len(names) {
			v += fmt.Sprint(n / len(names))
		}
		return v, ""
	case "int":
		return 1 + m.IntN(90000), ""
	case "dec":
		return round2(float64(1+m.IntN(9000000)) / 100), ""
	case "date":
		if m.csv {
			return day(44000 + m.IntN(1500)).time().Format("2006-01-02"), ""
		}
		return day(44000 + m.IntN(1500)), "date"
	case "word":
		return pick(m.Rand, loc.values), ""
	case "person":
		return pick(m.Rand, loc.people), ""
	case "code":
		return pick(m.Rand, loc.cities) + fmt.Sprintf("%03d", m.IntN(1000)), ""
	}
	return nil, ""
}
