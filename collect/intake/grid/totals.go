package grid

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// number reads a figure cell for adding up.
func (a *analyser) number(c Cell) (float64, bool) {
	if c.Flags&(blank|covered) != 0 {
		return 0, false
	}
	t := a.s.Text(c)
	switch c.Kind {
	case Number:
		v, err := strconv.ParseFloat(string(t), 64)
		return v, err == nil
	case Text:
		if k := classify(t, a.s.Typed); k != cNumber && k != cYear && k != cCode {
			return 0, false
		}
		t = bytes.TrimSpace(t)
		if bytes.IndexByte(t, '%') >= 0 {
			return 0, false
		}
		s := strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' || r == '.' || r == '-' {
				return r
			}
			return -1
		}, string(t))
		v, err := strconv.ParseFloat(s, 64)
		return v, err == nil
	default:
	}
	return 0, false
}

// sums of one stretch of rows, by column.
type sums struct {
	v, abs []float64
	n      int
}

func newSums(w int) *sums { return &sums{v: make([]float64, w), abs: make([]float64, w)} }

func (s *sums) add(row []float64) {
	for c, v := range row {
		if !math.IsNaN(v) {
			s.v[c] += v
			s.abs[c] += math.Abs(v)
		}
	}
	s.n++
}

func (s *sums) clear() {
	clear(s.v)
	clear(s.abs)
	s.n = 0
}

// match compares a row of a total with sums: how many of its figures agree
// and how many do not.
func (s *sums) match(row []float64) (yes, no int) {
	if s.n == 0 {
		return 0, 0
	}
	for c, v := range row {
		if math.IsNaN(v) || v == 0 { // nothing confirms nothing
			continue
		}
		if math.Abs(s.v[c]-v) <= 1e-6*math.Max(s.abs[c], 1)+0.5*step(v) {
			yes++
		} else {
			no++
		}
	}
	return yes, no
}

// step is the size of the last digit a rounded figure shows, for sums of
// rounded figures.
func step(v float64) float64 {
	if v == math.Trunc(v) {
		return 0
	}
	return 0.02
}

type mag struct {
	i   int
	row []float64
}

// checkTotals confirms rows that are labelled as totals, takes back those that
// are data after all, and finds totals that have no label.
func (b *builder) checkTotals() {
	w := b.c1 - b.c0 + 1
	if len(b.prof) != w {
		return
	}
	b.tidyTotals()
	if len(b.totals) == 0 && b.data > 20000 || w > 2000 {
		return
	}
	marks := map[int]*totalMark{}
	for k := range b.totals {
		marks[b.totals[k].i] = &b.totals[k]
	}
	rows := b.figureRows(marks)
	verified := b.verify(rows, marks)
	var kept []totalMark
	for _, t := range b.totals {
		row := b.rowOf(t.i)
		v := verified[t.i]
		if t.kind == maybeTotal && (v.yes == 0 || v.no > v.yes) && !totalTail.MatchString(strings.Trim(squeeze(t.label), "*#-—–=<>")) {
			delete(b.roles, int32(row))
			b.data++
			b.lastData = max(b.lastData, t.i)
			if b.firstData < 0 || t.i < b.firstData {
				b.firstData = t.i
			}
			if v.no > 0 {
				b.ask(0.02, "第%d行“%s”字面像合计，但与各行之和不符，按数据行收下。", row+1, clip(t.label))
			}
			continue
		}
		lost := t.kind == grandTotal && len(b.totals) == 1 && v.yes == 0 && b.data > 30 && t.i > b.firstData && t.i < b.lastData
		if lost || t.kind == average && (t.i < b.lastData || b.data < 2) {
			delete(b.roles, int32(row))
			b.data++
			b.ask(0.02, "第%d行“%s”字面像合计或平均，但在表的中间，按数据行收下。", row+1, clip(t.label))
			continue
		}
		if t.kind == maybeTotal && b.amongNames(t) {
			delete(b.roles, int32(row))
			b.data++
			continue
		}
		kind := "total"
		if t.kind == subTotal || t.kind == maybeTotal && len(b.totals) > 1 && t.i < b.lastData && t.i > b.firstData {
			kind = "subtotal"
		}
		if t.kind != average && t.col > b.c0 && b.governed(t) {
			kind = "subtotal"
		}
		b.notes = append(b.notes, Note{Kind: kind, Text: b.a.text(t.i, b.c0, b.c1), Row: row, Col: t.col, Rows: 1})
		switch {
		case t.kind == average:
			b.ask(0.02, "第%d行“%s”是平均数，记为合计类备注，没有当作数据。", row+1, clip(t.label))
		case b.a.opt.Partial: // the sums may need rows not seen
		case v.yes == 0 && v.no > 0:
			b.ask(0.02, "第%d行“%s”与它所管各行之和不符，请核对。", row+1, clip(t.label))
		case v.yes > 0 && v.no > v.yes:
			b.ask(0.01, "第%d行“%s”有几列与各行之和不符，请核对。", row+1, clip(t.label))
		}
		kept = append(kept, t)
	}
	b.totals = kept
	b.afterTotal(rows, marks)
	b.unlabelled(rows, marks)
	b.sumsBelow(rows, marks)
}

// amongNames reports whether a row called 计 is one of a list of names such as
// surnames: short words above and below it, filled like it, no total of them.
func (b *builder) amongNames(t totalMark) bool {
	w := squeeze(t.label)
	if utf8.RuneCountInString(w) != 1 || t.i <= b.firstData || t.i >= b.lastData {
		return false
	}
	own := b.a.shape(t.i, b.c0, b.c1).own
	near, short := 0, 0
	for i := max(t.i-6, b.firstData); i <= min(t.i+6, b.lastData); i++ {
		c, ok := cellAt(b.a.cut(i, t.col, t.col), t.col)
		if i == t.i || !ok || c.Flags&(blank|covered) != 0 {
			continue
		}
		near++
		if utf8.RuneCount(bytes.TrimSpace(b.a.s.Text(c))) <= 2 && b.a.shape(i, b.c0, b.c1).own >= own {
			short++
		}
	}
	return near >= 4 && short*10 >= near*9 && b.rowOf(t.i+1) == b.rowOf(t.i)+1
}

// afterTotal asks about a few rows that follow the last total: shares, changes
// and the like, which are no records.
func (b *builder) afterTotal(rows []mag, marks map[int]*totalMark) {
	if len(b.totals) == 0 {
		return
	}
	t := b.totals[len(b.totals)-1]
	before, after := 0, 0
	for _, r := range rows {
		switch {
		case marks[r.i] != nil:
		case r.i < t.i:
			before++
		default:
			after++
		}
	}
	if t.kind != subTotal && before >= 2 && after > 0 && after <= 3 && after < before {
		b.ask(0.04, "合计（第%d行）之后还有%d行，可能是占比、增幅之类；按数据行收下。", b.rowOf(t.i)+1, after)
	}
}

// sumsBelow asks about rows like 一、街道 that carry the sums of the rows under
// them: they stay data, but adding up the column would count twice.
func (b *builder) sumsBelow(rows []mag, marks map[int]*totalMark) {
	w := b.c1 - b.c0 + 1
	under := newSums(w)
	var hits, parts []string
	for k := len(rows) - 1; k >= 0; k-- {
		r := rows[k]
		if marks[r.i] == nil && partOf.Match(b.a.firstText(r.i, b.c0, b.c1)) && len(parts) < 6 {
			parts = append(parts, strconv.Itoa(b.rowOf(r.i)+1))
		}
		if marks[r.i] != nil && b.roles[b.a.s.rowNum[r.i]] != Data {
			under.clear()
			continue
		}
		t := b.a.firstText(r.i, b.c0, b.c1)
		if !sectionNum.Match(t) {
			under.add(r.row)
			continue
		}
		if yes, no := under.match(r.row); under.n >= 2 && yes > 0 && no == 0 {
			hits = append(hits, strconv.Itoa(b.rowOf(r.i)+1))
		}
		under.clear()
	}
	for k, r := range rows { // 全国 among prefectures: the whole beside its parts
		if k > 0 && k < len(rows)-1 || marks[r.i] != nil || len(rows) < 3 {
			continue
		}
		if t := squeeze(string(b.a.firstText(r.i, b.c0, b.c1))); wholeWords[t] {
			b.ask(0.02, "第%d行“%s”可能是其余各行的总数，按数据行收下，汇总时请勿重复相加。", b.rowOf(r.i)+1, t)
		}
	}
	if len(parts) > 0 {
		slices.Reverse(parts)
		b.ask(0.02, "第%s行是“其中”项，已含在别的行里；按数据行收下，汇总时请勿重复相加。", strings.Join(parts, "、"))
	}
	if len(hits) > 0 {
		slices.Reverse(hits)
		b.ask(0.05, "第%s行的数等于它下面各行之和，像是小计；按数据行收下，汇总时请勿重复相加。", strings.Join(hits[:min(len(hits), 8)], "、"))
	}
}

// onlyTotals takes rows labelled as totals for data when there is nothing else.
func (b *builder) onlyTotals() {
	if b.data > 0 || len(b.totals) == 0 {
		return
	}
	for _, t := range b.totals {
		delete(b.roles, b.a.s.rowNum[t.i])
		b.data++
	}
	b.firstData, b.lastData = b.totals[0].i, b.totals[len(b.totals)-1].i
	b.totals = nil
	b.ask(0.25, "只有合计行，没有明细，按数据行收下。")
}

// governed reports whether the row's key to the left is merged from above.
func (b *builder) governed(t totalMark) bool {
	for _, c := range b.a.cut(t.i, b.c0, t.col-1) {
		if c.Flags&blank == 0 {
			return true
		}
	}
	return false
}

// tidyTotals gives rows back to the data where a total is one value of a key
// among others, as in long tables of statistics.
func (b *builder) tidyTotals() {
	tidy := 0
	for _, t := range b.totals {
		if t.tidy && t.kind != subTotal {
			tidy++
		}
	}
	if tidy == 0 || tidy < 3 && tidy*8 < b.data {
		// One total row whose other key says something is still a total,
		// unless the label stands beside a key of its own.
		only := true
		for _, t := range b.totals {
			if t.tidy && t.col > b.c0 {
				only = false
			}
		}
		if only {
			return
		}
	}
	var kept []totalMark
	var given []string
	for _, t := range b.totals {
		if !t.tidy || t.kind == subTotal {
			kept = append(kept, t)
			continue
		}
		delete(b.roles, b.a.s.rowNum[t.i])
		b.data++
		b.lastData = max(b.lastData, t.i)
		if b.firstData < 0 || t.i < b.firstData {
			b.firstData = t.i
		}
		if len(given) < 6 {
			given = append(given, strconv.Itoa(b.rowOf(t.i)+1))
		}
	}
	b.totals = kept
	if len(given) > 0 {
		b.ask(0.05, "有合计与明细并存的行（第%s行等），它们的其他列也有取值，按数据行收下，汇总时请勿重复相加。", strings.Join(given, "、"))
	}
}

// figureRows reads the figures of all data and total rows.
func (b *builder) figureRows(marks map[int]*totalMark) []mag {
	w := b.c1 - b.c0 + 1
	var rows []mag
	if b.data > 1<<20 {
		return nil
	}
	arena := make([]float64, 0, min((b.data+len(b.totals)), 1<<16)*w)
	for _, z := range b.zones {
		for i := z.i0; i < z.i1; i++ {
			role := b.roles[b.a.s.rowNum[i]]
			if role != Data && marks[i] == nil || b.rowOf(i) > b.last {
				continue
			}
			if cap(arena)-len(arena) < w {
				arena = make([]float64, 0, 1<<12*w)
			}
			row := arena[len(arena) : len(arena)+w]
			arena = arena[:len(arena)+w]
			for k := range row {
				row[k] = math.NaN()
			}
			for _, c := range b.a.cut(i, b.c0, b.c1) {
				k := int(c.Col) - b.c0
				if !b.prof[k].figures() || b.prof[k].years() {
					continue
				}
				if v, ok := b.a.number(c); ok {
					row[k] = v
				}
			}
			rows = append(rows, mag{i, row})
		}
	}
	slices.SortFunc(rows, func(x, y mag) int { return x.i - y.i })
	return rows
}

type verdict struct{ yes, no int }

func (v verdict) better(yes, no int) verdict {
	if yes > v.yes || yes == v.yes && no < v.no {
		return verdict{yes, no}
	}
	if v.yes == 0 && v.no == 0 {
		return verdict{yes, no}
	}
	return v
}

// verify compares every labelled total with what it may add up: the rows since
// the last total, all rows, the subtotals, or the rows below it.
func (b *builder) verify(rows []mag, marks map[int]*totalMark) map[int]verdict {
	w := b.c1 - b.c0 + 1
	out := map[int]verdict{}
	if len(marks) == 0 {
		return out
	}
	since, all, subs, group := newSums(w), newSums(w), newSums(w), newSums(w)
	forward := 0
	for k, r := range rows {
		m := marks[r.i]
		if m == nil {
			if c, ok := cellAt(b.a.cut(r.i, b.c0, b.c0), b.c0); ok && c.Flags&(blank|covered) == 0 {
				group.clear() // a key of its own begins a group
			}
			since.add(r.row)
			all.add(r.row)
			group.add(r.row)
			continue
		}
		v := verdict{}
		for _, s := range []*sums{since, all, subs} {
			v = v.better(s.match(r.row))
		}
		if group.n > 1 {
			v = v.better(group.match(r.row))
		}
		if forward++; (v.yes == 0 || v.no > v.yes) && forward <= 200 { // at the top: the rows that follow
			after, rest := newSums(w), newSums(w)
			stop := false
			for n, q := range rows[k+1:] {
				if n > 20000 {
					break
				}
				if marks[q.i] != nil {
					if marks[q.i].kind == m.kind && !stop {
						v = v.better(after.match(r.row))
						stop = true
					}
					continue
				}
				if !stop {
					after.add(q.row)
				}
				rest.add(q.row)
			}
			v = v.better(after.match(r.row))
			v = v.better(rest.match(r.row))
		}
		out[r.i] = v
		since.clear()
		if m.kind == subTotal || m.kind == maybeTotal {
			subs.add(r.row)
		}
	}
	return out
}

// unlabelled finds a first or last row that is the sum of all the others.
func (b *builder) unlabelled(rows []mag, marks map[int]*totalMark) {
	var data []mag
	for _, r := range rows {
		if t := marks[r.i]; t == nil || b.roles[b.a.s.rowNum[r.i]] == Data {
			data = append(data, r)
		}
	}
	if len(data) < 4 || b.a.opt.Partial {
		return
	}
	w := b.c1 - b.c0 + 1
	for _, pick := range []int{0, len(data) - 1} {
		s := newSums(w)
		for k, r := range data {
			if k != pick {
				s.add(r.row)
			}
		}
		yes, no := s.match(data[pick].row)
		if yes < 1 || no > 0 || yes < 2 && len(data) < 6 {
			continue
		}
		i := data[pick].i
		row := b.rowOf(i)
		labelled := false
		for _, c := range b.a.cut(i, b.c0, b.c1) {
			if c.Flags&(blank|covered) == 0 && b.a.s.class(c) == cText {
				labelled = true
			}
		}
		if labelled {
			b.ask(0.04, "第%d行的数等于其余各行之和，可能是合计；没有合计字样，按数据行收下。", row+1)
			continue
		}
		if pick > 0 && yes >= 1 {
			b.roles[int32(row)] = NoteRow
			b.data--
			b.notes = append(b.notes, Note{Kind: "total", Text: b.a.text(i, b.c0, b.c1), Row: row, Col: b.a.shape(i, b.c0, b.c1).first, Rows: 1})
			b.ask(0.04, "第%d行没有名称，数等于以上各行之和，记为合计。", row+1)
		}
	}
}
