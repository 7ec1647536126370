package grid

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"shuniu/collect/intake/tabular"
)

// A profile counts what the body of a column holds.
type profile struct {
	n    [classes]int
	seen map[string]int // texts of the sample, bounded
	runs int            // runes of its texts
}

func (p *profile) full() int {
	t := 0
	for c := cText; c < classes; c++ {
		t += p.n[c]
	}
	return t
}

// figures reports whether a column holds figures rather than words.
func (p *profile) figures() bool {
	f := p.n[cNumber] + p.n[cCode] + p.n[cDate] + p.n[cOther] + p.n[cYear]
	return f > 0 && f >= p.n[cText]
}

// years reports whether a column's figures are years.
func (p *profile) years() bool { return p.n[cYear]*2 > p.full()-p.n[cNull] }

// main is the class most of the values have.
func (p *profile) main() class {
	best := cEmpty
	for c := cText; c < classes; c++ {
		if c != cNull && p.n[c] > p.n[best] || best == cEmpty && p.n[c] > 0 && c != cNull {
			best = c
		}
	}
	return best
}

// sample profiles the columns of rows [from,to), at most max of them.
func (a *analyser) sample(from, to, c0, c1, most int) []profile {
	prof := make([]profile, c1-c0+1)
	step := 1
	if to-from > most*4 {
		step = (to - from) / (most * 4)
	}
	n := 0
	for i := from; i < to && n < most; i += step {
		sh := a.shape(i, c0, c1)
		if sh.cov < 2 && c1 > c0 {
			continue
		}
		n++
		for _, c := range a.cut(i, c0, c1) {
			if c.Flags&(blank|coveredRight) != 0 {
				continue
			}
			p := &prof[int(c.Col)-c0]
			k := a.s.class(c)
			p.n[k]++
			if k == cText {
				t := a.s.Text(c)
				p.runs += utf8.RuneCount(t)
				if p.seen == nil {
					p.seen = map[string]int{}
				}
				if len(p.seen) < 400 {
					p.seen[string(t)]++
				}
			}
		}
	}
	return prof
}

// A heading is what was decided about the rows at the top of a piece.
type heading struct {
	from, to  int // held rows of the header
	numbering int // held row of the numbering row below it, or -1
	kept      int // held row that may number the columns and was kept as data, or -1
	doubt     float64
	why       string
}

// rowFit compares a row with the columns below it.
type rowFit struct {
	pro, strong, firm, contra, text, years, nulls, own int
	seq                                                bool // its figures count 1, 2, 3 …
}

func (a *analyser) fit(i int, prof []profile, c0, c1 int) rowFit {
	f := rowFit{seq: true}
	next := 0
	for _, c := range a.cut(i, c0, c1) {
		if c.Flags&(blank|coveredRight) != 0 {
			continue
		}
		f.own++
		p := &prof[int(c.Col)-c0]
		k := a.s.class(c)
		fig := p.figures()
		switch k {
		case cText:
			f.text++
			if fig {
				f.pro++
				if p.n[cText]*4 <= p.full() {
					f.strong++
				}
				if p.n[cText] == 0 {
					f.firm++
				}
			}
		case cYear:
			f.years++
			if fig && !p.years() {
				f.pro++
				f.strong++
				f.firm++
			} else if fig {
				f.contra++
			}
		case cNull:
			f.nulls++
		default:
			switch {
			case fig && k == cDate && p.main() != cDate && p.main() != cYear:
				f.pro++
			case fig:
				f.contra++
			case p.full() > 0:
				f.contra++
			}
		}
		if k == cNumber || k == cCode {
			v := strings.Trim(string(a.s.Text(c)), "()（）")
			if d, ok := small(v); ok && (next == 0 && d <= 3 || d == next) {
				next = d + 1
			} else {
				f.seq = false
			}
		}
	}
	if next < 3 {
		f.seq = false
	}
	return f
}

func small(v string) (int, bool) {
	if v == "" || len(v) > 3 {
		return 0, false
	}
	n := 0
	for i := range len(v) {
		if !digit(v[i]) {
			return 0, false
		}
		n = n*10 + int(v[i]-'0')
	}
	return n, true
}

var stems = words("甲 乙 丙 丁 戊 己 庚 辛 A B C D E F a b c d 栏次 行次 — - (1) (2) (甲) (乙)")

// numbering reports whether a row only numbers the columns: 甲 乙 1 2 3, (1) (2)=…
func (a *analyser) numbering(i, c0, c1 int) bool {
	figs, want, n := 0, 0, 0
	for _, c := range a.cut(i, c0, c1) {
		if c.Flags&(blank|covered) != 0 {
			continue
		}
		n++
		t := strings.TrimSpace(string(a.s.Text(c)))
		t = strings.NewReplacer("（", "(", "）", ")", "①", "1", "②", "2", "③", "3", "④", "4", "⑤", "5", "⑥", "6", "⑦", "7", "⑧", "8", "⑨", "9", "⑩", "10", "．", ".").Replace(t)
		if cutAt := strings.IndexAny(t, "=＝"); cutAt > 0 {
			t = strings.TrimSpace(t[:cutAt])
		}
		t = strings.Trim(t, "()")
		if d, ok := small(t); ok {
			if figs > 0 && d != want || figs == 0 && d > 4 {
				return false
			}
			want = d + 1
			figs++
			continue
		}
		if !stems[t] || figs > 0 && t != "-" && t != "—" {
			return false
		}
	}
	return n >= 2 && (figs >= 2 || figs == 1 && n >= 3)
}

// headingAt decides how many rows from s on are header. to ends the piece.
func (a *analyser) headingAt(s, to, c0, c1 int) (heading, []profile) {
	n := to - s
	h := heading{from: s, to: s, numbering: -1, kept: -1}
	skip := min(6, n/2)
	if n == 2 {
		skip = 1
	}
	prof := a.sample(s+skip, to, c0, c1, 300)
	if n == 1 {
		sh := a.shape(s, c0, c1)
		if sh.text == sh.own && sh.own >= 2 {
			h.to = s + 1
			h.doubt = 0.3
			h.why = "只有表头，没有数据行"
		}
		return h, prof
	}
	figCols := 0
	for k := range prof {
		if prof[k].figures() {
			figCols++
		}
	}
	f := a.fit(s, prof, c0, c1)
	isHead := false
	switch {
	case figCols > 0 && f.contra == 0 && f.pro > 0:
		isHead = true
		if f.own < 2 && c1 > c0 {
			h.doubt += 0.1
		}
	case figCols > 0 && f.contra > 0 && f.pro >= 2*f.contra+1 && !a.rowLike(s, prof, c0, c1):
		isHead = true
		h.doubt += 0.15
		h.why = "表头里有数字"
	case figCols > 0 && f.contra > 0 && f.seq && (f.text <= 2 || f.firm > 0) && f.own >= 4:
		isHead = true // months, hours, wards: 1 2 3 …
		h.doubt += 0.22
		h.why = "表头是一串连续的数字"
	case f.contra == 0 && f.years >= 2 && a.steps(s, c0, c1) && !a.steps(min(s+1, to-1), c0, c1):
		isHead = true
	case f.contra > 0 && f.years >= 2 && a.steps(s, c0, c1) && f.contra == f.years && !a.steps(min(s+1, to-1), c0, c1):
		isHead = true
		h.doubt += 0.1
	case f.contra > 0 && f.text > 0 && f.years == 0 && a.monthly(s, c0, c1) && !a.monthly(min(s+1, to-1), c0, c1):
		isHead = true // 202201, 202202, … over figures
		h.doubt += 0.05
	case f.contra == 0 && a.s.isHeaded(int(a.s.rowNum[s])):
		isHead = true
	case f.contra == 0:
		score := a.wordHead(s, to, prof, c0, c1)
		isHead = score >= 1.5
		if score > 0 && score < 3 {
			h.doubt += 0.22
			h.why = "各列都是文字，第一行是不是表头不能肯定"
		}
	}
	if !isHead {
		return h, a.sample(s, to, c0, c1, 300)
	}
	h.to = s + 1
	for h.to < to-1 && h.to-s < 8 || h.to < to && h.to-s < 8 && a.shape(h.to, c0, c1).down > 0 && a.headMerge(h, c0, c1) {
		i := h.to
		sh := a.shape(i, c0, c1)
		if sh.cov == 0 {
			break
		}
		if sh.own > 0 && a.numbering(i, c0, c1) && int(a.s.rowNum[i]) == int(a.s.rowNum[i-1])+1 {
			if a.numbers(i, h, to, c0, c1) {
				h.numbering = i
				break
			}
			h.kept = i
			break
		}
		if !a.subHead(i, h, prof, c0, c1) {
			break
		}
		h.to++
	}
	return h, prof
}

// numbers reports whether row i, which counts, numbers the columns and is no
// first data row: it is enough that the body goes on differently where it has
// figures. Losing a data row is worse than keeping a numbering row.
func (a *analyser) numbers(i int, h heading, to, c0, c1 int) bool {
	own, marked, ones := 0, false, false
	for _, c := range a.cut(i, c0, c1) {
		if c.Flags&(blank|covered) != 0 {
			continue
		}
		own++
		t := strings.TrimSpace(string(a.s.Text(c)))
		if _, ok := small(t); !ok {
			marked = true // 甲, (1), ③
		} else if t == "1" {
			ones = true
		}
	}
	if own*10 < (c1-c0+1)*9 && (!marked || own*10 < (c1-c0+1)*7) {
		return false
	}
	if marked {
		return true
	}
	deep := h.to-h.from >= 2
	if !ones || a.sequel(i, to, c0, c1) || c1-c0 < 2 && !deep {
		return false
	}
	body := a.sample(i+1, to, c0, c1, 300)
	words := 0
	for k := range body {
		if body[k].full() > 0 && !body[k].figures() {
			words++
		}
	}
	return words > 0 || deep
}

// sequel reports whether the row after i goes on counting where i begins, so
// that i is the first data row and not a numbering row.
func (a *analyser) sequel(i, to, c0, c1 int) bool {
	if i+1 >= to {
		return false
	}
	x, y := a.cut(i, c0, c1), a.cut(i+1, c0, c1)
	if len(x) == 0 || len(y) == 0 {
		return false
	}
	p, ok1 := small(string(a.s.Text(x[0])))
	q, ok2 := small(string(a.s.Text(y[0])))
	return ok1 && ok2 && q == p+1
}

// headMerge reports whether a merge that begins in the header reaches row h.to.
func (a *analyser) headMerge(h heading, c0, c1 int) bool {
	row := int(a.s.rowNum[h.to])
	for _, c := range a.cut(h.to, c0, c1) {
		if c.Flags&coveredDown != 0 && c.Flags&coveredRight == 0 {
			for r := h.from; r < h.to; r++ {
				if m, ok := a.s.mergeAt(int(a.s.rowNum[r]), int(c.Col)); ok && m.Bottom >= row {
					return true
				}
			}
		}
	}
	return false
}

// subHead decides whether row i continues the header h.
func (a *analyser) subHead(i int, h heading, prof []profile, c0, c1 int) bool {
	sh := a.shape(i, c0, c1)
	if sh.down > 0 && a.headMerge(h, c0, c1) {
		return true
	}
	if sh.own == 0 {
		return false
	}
	f := a.fit(i, prof, c0, c1)
	above := a.cut(i-1, c0, c1)
	// Which columns of the row above are open: blank, or spanned by a wide heading.
	open := map[int]bool{}
	for c := c0; c <= c1; c++ {
		open[c] = true
	}
	groups := 0
	for _, c := range above {
		if c.Flags&blank == 0 && c.Flags&coveredRight == 0 {
			open[int(c.Col)] = false
		}
	}
	for _, c := range above {
		if c.Flags&blank != 0 || c.Flags&coveredRight != 0 {
			continue
		}
		if m, ok := a.s.mergeAt(int(a.s.rowNum[i-1]), int(c.Col)); ok && m.Right > m.Left && m.Bottom == m.Top {
			groups++
			for k := m.Left; k <= min(m.Right, c1); k++ {
				open[k] = true
			}
		}
	}
	under, outside, holes := 0, 0, 0
	firstOwn := -1
	for _, c := range a.cut(i, c0, c1) {
		if c.Flags&(blank|covered) != 0 {
			continue
		}
		if firstOwn < 0 {
			firstOwn = int(c.Col)
		}
		if open[int(c.Col)] {
			under++
		} else {
			outside++
		}
	}
	for c := c0; c <= c1; c++ {
		if open[c] {
			holes++
		}
	}
	if sh.own == 1 && sh.first == c0 {
		return false
	}
	if f.firm > 0 && f.firm == f.own && f.years == 0 && firstOwn > c0 && i == h.from+1 && a.keyed(i+1, c0, c1) {
		return true // units under the names of figures
	}
	switch {
	case f.contra > 0 && (groups == 0 || f.contra > f.years):
		return false
	case groups > 0 && under > 0 && f.text+f.years == f.own:
		return true // names below a wide heading
	case f.contra > 0:
		return false
	case under > 0 && f.strong > 0 && f.text+f.years+f.nulls == f.own && f.nulls <= 1:
		return true // names in the holes of the row above, over figures
	case f.firm >= 2 && f.firm == f.pro && f.text+f.nulls == f.own && f.nulls <= 1:
		return true // a second full row of words where the body has figures only
	case f.firm >= 1 && f.firm == f.pro && f.text == f.own && f.own == c1-c0+1 && i == h.from+1 && a.codes(i-1, c0, c1):
		return true // names in plain words under names that are codes
	case f.strong > 0 && f.strong == f.own && firstOwn > c0 && a.middle(i+1, prof, c0, c1):
		return true // a thin middle level over another level
	case f.pro == 0 && under > 0 && holes >= 2 && outside == 0 && firstOwn > c0 && f.text == f.own:
		return true // fills exactly what the row above left open
	case f.pro == 0 && under >= 2 && holes >= 2 && f.text == f.own && a.emph(h.from, c0, c1) && a.emph(i, c0, c1) && !a.emph(i+1, c0, c1):
		return true
	}
	return false
}

// codes reports whether a row's names are a program's: every one ASCII without
// a blank, most with an underscore or a digit.
func (a *analyser) codes(i, c0, c1 int) bool {
	n, coded := 0, 0
	for _, c := range a.cut(i, c0, c1) {
		if c.Flags&(blank|covered) != 0 {
			continue
		}
		t := strings.TrimSpace(string(a.s.Text(c)))
		for k := range len(t) {
			if t[k] >= 0x80 || t[k] == ' ' {
				return false
			}
		}
		n++
		if strings.ContainsAny(t, "_0123456789") {
			coded++
		}
	}
	return n >= 2 && coded*2 >= n
}

// keyed reports whether row i has its first column and figures: a data row.
func (a *analyser) keyed(i, c0, c1 int) bool {
	if i >= len(a.s.rowNum) {
		return false
	}
	sh := a.shape(i, c0, c1)
	return sh.first == c0 && sh.figure > 0
}

// middle reports whether row i is a lower level of a header, left open at its edge.
func (a *analyser) middle(i int, prof []profile, c0, c1 int) bool {
	if i >= len(a.s.rowNum) {
		return false
	}
	f := a.fit(i, prof, c0, c1)
	return f.contra == 0 && f.own >= 2 && f.strong == f.own && a.shape(i, c0, c1).first > c0
}

func (a *analyser) emph(i, c0, c1 int) bool {
	if i >= len(a.s.rowNum) {
		return false
	}
	sh := a.shape(i, c0, c1)
	return sh.own > 0 && sh.emph == sh.own
}

// steps reports whether a row holds at least two years going up or down evenly.
func (a *analyser) steps(i, c0, c1 int) bool {
	prev, step, n := 0, 0, 0
	for _, c := range a.cut(i, c0, c1) {
		if c.Flags&(blank|covered) != 0 || a.s.class(c) != cYear {
			continue
		}
		y := 0
		for _, d := range a.s.Text(c) {
			if digit(d) && y < 1e6 {
				y = y*10 + int(d-'0')
			}
		}
		if n == 1 {
			step = y - prev
		}
		if n > 1 && y-prev != step && y != prev {
			return false
		}
		prev = y
		n++
	}
	return n >= 2 && step != 0 && step <= 10 && step >= -10
}

// monthly reports whether the figures of row i are at least two months one after
// the other, written 202201.
func (a *analyser) monthly(i, c0, c1 int) bool {
	n, last := 0, 0
	for _, c := range a.cut(i, c0, c1) {
		if c.Flags&(blank|covered) != 0 || !a.s.class(c).figure() {
			continue
		}
		t := strings.TrimSpace(string(a.s.Text(c)))
		if len(t) != 6 || !isYear([]byte(t[:4])) || t[4:] < "01" || t[4:] > "12" {
			return false
		}
		y, err := strconv.Atoi(t[:4])
		if err != nil {
			return false
		}
		at := y*12 + int(t[4]-'0')*10 + int(t[5]-'0')
		if n > 0 && at != last+1 && at != last-1 && at != last+3 && at != last+12 {
			return false
		}
		last = at
		n++
	}
	return n >= 2
}

// rowLike reports whether most figure columns hold figures in row i as well.
func (a *analyser) rowLike(i int, prof []profile, c0, c1 int) bool {
	f := a.fit(i, prof, c0, c1)
	return f.contra*3 >= f.pro
}

// wordHead weighs whether row s heads a table of words alone.
func (a *analyser) wordHead(s, to int, prof []profile, c0, c1 int) float64 {
	cells := a.cut(s, c0, c1)
	if s+1 < to {
		prof = a.sample(s+1, to, c0, c1, 300)
	} else if len(prof) != c1-c0+1 {
		return 0
	}
	score := 1.3
	own, vocab, again, low, runs, bodyRuns, bodyN := 0, 0, 0, 0, 0, 0, 0
	distinct := map[string]bool{}
	for _, c := range cells {
		if c.Flags&(blank|coveredRight) != 0 {
			continue
		}
		own++
		t := string(a.s.Text(c))
		w := squeeze(t)
		distinct[w] = true
		if headTail.MatchString(fold(t)) {
			vocab++
		}
		p := &prof[int(c.Col)-c0]
		if p.seen[t] > 0 || utf8.RuneCountInString(t) > 1 && elsewhere(prof, t) {
			again++
		} else if len(p.seen) > 0 && p.n[cText] >= 4 && len(p.seen)*3 <= p.n[cText]*2 {
			low++
		}
		runs += utf8.RuneCountInString(t)
		bodyRuns += p.runs
		bodyN += p.n[cText]
	}
	if own == 0 {
		return -1
	}
	score += 3 * float64(vocab) / float64(own)
	if a.emph(s, c0, c1) && !a.emph(s+1, c0, c1) {
		score += 3
	}
	if len(distinct) == own {
		score += 0.4
	} else {
		score -= 0.8
	}
	switch {
	case a.again(s, to, c0, c1):
		score += 3 // the whole row comes again, as headers do page by page
	case again > 0:
		score -= 2 + 3*float64(again)/float64(own)
	}
	score += 0.8 * float64(min(low, 3))
	if bodyN > 0 {
		hr, br := float64(runs)/float64(own), float64(bodyRuns)/float64(bodyN)
		if hr <= 12 && br >= 2*hr {
			score += 0.8
		}
		if hr > 24 {
			score -= 1.5
		}
	}
	if own < c1-c0+1 && own*3 < (c1-c0+1)*2 {
		score -= 0.8
	}
	return score
}

// elsewhere reports whether a text is a value of more than one row of some column.
func elsewhere(prof []profile, t string) bool {
	n := 0
	for k := range prof {
		n += prof[k].seen[t]
	}
	return n > 1
}

// again reports whether row s comes again further down.
func (a *analyser) again(s, to, c0, c1 int) bool {
	head := a.text(s, c0, c1)
	for i := s + 2; i < min(to, s+400); i++ {
		if a.text(i, c0, c1) == head {
			return true
		}
	}
	return false
}

// heads names the columns c0 to c1 from the header rows.
func (a *analyser) heads(h heading, c0, c1 int) []tabular.Head {
	width := c1 - c0 + 1
	depth := h.to - h.from
	levels := make([][]string, depth)
	for d := range depth {
		levels[d] = make([]string, width)
		merged := false
		i := h.from + d
		for _, c := range a.cut(i, c0, c1) {
			if c.Flags&blank != 0 {
				continue
			}
			levels[d][int(c.Col)-c0] = strings.TrimSpace(string(a.s.Text(c)))
			if c.Flags&coveredRight != 0 {
				merged = true
			}
		}
		_ = merged
	}
	for d := range depth - 1 { // an unmerged group heading reaches over the names to its right
		group := -1
		for c := range width {
			if levels[d][c] != "" {
				group = -1
				if a.below(levels, d, c) && !a.mergedDown(h.from+d, c0+c) {
					group = c
				}
				continue
			}
			if group < 0 || !a.below(levels, d, c) {
				group = -1
				continue
			}
			levels[d][c] = levels[d][group]
		}
	}
	heads := make([]tabular.Head, width)
	for c := range width {
		var raw, name []string
		for d := range depth {
			t := levels[d][c]
			if t == "" {
				continue
			}
			if n := len(raw); n == 0 || raw[n-1] != t {
				raw = append(raw, t)
			}
			f := fold(t)
			if n := len(name); n == 0 || name[n-1] != f {
				name = append(name, f)
			}
		}
		heads[c].Raw = strings.Join(raw, "\n")
		heads[c].Name = strings.Join(name, "/")
		for k := len(name) - 1; k >= 0 && heads[c].Unit == ""; k-- {
			heads[c].Unit = unitIn(name[k])
			if heads[c].Unit == "" && k > 0 && unitText.MatchString(name[k]) && k == len(name)-1 && utf8.RuneCountInString(name[k]) <= 4 {
				heads[c].Unit = name[k]
			}
		}
	}
	return heads
}

func (a *analyser) below(levels [][]string, d, c int) bool {
	for k := d + 1; k < len(levels); k++ {
		if levels[k][c] != "" {
			return true
		}
	}
	return false
}

// mergedDown reports whether a cell begins a merge of one column over several rows.
func (a *analyser) mergedDown(i, col int) bool {
	m, ok := a.s.mergeAt(int(a.s.rowNum[i]), col)
	return ok && m.Bottom > m.Top && m.Left == m.Right
}

// Unique makes column names final: an empty one is column_N, a repeated one
// gets _2, _3 and so on, never a name that another column has.
func Unique(names []string) {
	taken := make(map[string]bool, len(names))
	count := make(map[string]int, len(names))
	for i, n := range names {
		if n == "" {
			n = "column_" + strconv.Itoa(i+1)
			names[i] = n
		}
		count[n]++
	}
	for n := range count {
		taken[n] = true
	}
	used := make(map[string]int, len(names))
	for i, n := range names {
		used[n]++
		if used[n] == 1 {
			continue
		}
		k := used[n]
		for taken[n+"_"+strconv.Itoa(k)] {
			k++
		}
		used[n] = k
		names[i] = n + "_" + strconv.Itoa(k)
		taken[names[i]] = true
	}
}
