package grid

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

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
	last, rows, checks := -1, 0, 0
	for k := z.i0; k < min(z.i1, z.i0+5000)-2; k++ {
		sh := a.shape(k, z.c0, z.c1)
		if sh.own > 1 {
			last = max(last, sh.last)
			rows++
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
		if checks++; checks > 40 {
			break
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
		return sh.first == z.c0 || !a.groupLine(i, z)
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
		text := a.s.Text(sh.firstCell)
		if m, ok := a.s.mergeAt(int(a.s.rowNum[i]), sh.first); ok {
			return m.Right > m.Left && m.Left > z.c0 && m.Bottom == m.Top && utf8.RuneCount(text) <= 24
		}
		return sh.first > z.c0 && sh.text == 1 && utf8.RuneCount(text) <= 40 && !tableLine.Match(text) && a.overFigures(i, sh.first, nx, z)
	}
	if sh.first == z.c0 {
		if nx.first > z.c0 { // the key's name stands in the upper row, names of figures below
			return a.fills(i, i+1, z)
		}
		_, ok := a.s.mergeAt(int(a.s.rowNum[i]), sh.first)
		return ok && sh.cov*10 >= nx.cov*6 || sh.own >= 2 && nx.own*10 >= (z.c1-z.c0+1)*9 && a.twice(i, z)
	}
	return true
}

// overFigures reports whether the lone text of row i stands at the left end of
// the figures below it, over names: the upper level of a header that nobody
// merged. A full row of names below it takes more: a title must stand over both.
func (a *analyser) overFigures(i, col int, nx shape, z zone) bool {
	if nx.first != col && (nx.first != z.c0 || i == z.i0 && !a.titled(i)) {
		return false
	}
	if nx.last <= col || i > z.i0 && a.shape(i-1, z.c0, z.c1).own > 1 {
		return false
	}
	j := i + 2
	for j < min(i+6, z.i1) && a.shape(j, z.c0, z.c1).figure == 0 {
		j++
	}
	if j >= z.i1 {
		return false
	}
	body := a.sample(j, min(z.i1, j+60), z.c0, z.c1, 60)
	figs := 0
	for k := range body {
		c := z.c0 + k
		switch {
		case body[k].full() == 0:
		case c >= col && c <= nx.last:
			if !body[k].figures() {
				return false
			}
			figs++
		case c == col-1 && nx.first == z.c0 && body[k].figures() && body[k].n[cNumber]*2 > body[k].full() && !a.leftTitled(i, z.c0):
			return false // figures on its left too: a title in the middle
		}
	}
	return figs >= 2 && a.shape(j, z.c0, z.c1).first < col
}

// titled reports whether a line of text stands over row i already.
func (a *analyser) titled(i int) bool {
	return len(a.free) > 0 && int(a.s.rowNum[i])-a.free[len(a.free)-1].row <= 3
}

// leftTitled reports whether the titles over row i stand at the left edge, and
// the row holds no digit: then its lone text was not put in the middle as a title.
func (a *analyser) leftTitled(i, c0 int) bool {
	_, cells := a.s.Row(i)
	for _, c := range cells {
		if bytes.ContainsAny(a.s.Text(c), "0123456789") {
			return false
		}
	}
	return a.titled(i) && a.free[len(a.free)-1].col == c0
}

// twice reports whether the names of row i+1 come again under the second
// heading of row i: income and expenditure side by side.
func (a *analyser) twice(i int, z zone) bool {
	var starts []int
	for _, c := range a.cut(i, z.c0, z.c1) {
		if c.Flags&(blank|covered) == 0 {
			starts = append(starts, int(c.Col))
		}
	}
	if len(starts) < 2 {
		return false
	}
	first := map[string]bool{}
	for _, c := range a.cut(i+1, starts[0], starts[1]-1) {
		first[squeeze(string(a.s.Text(c)))] = true
	}
	for _, c := range a.cut(i+1, starts[1], z.c1) {
		if c.Flags&(blank|covered) == 0 && first[squeeze(string(a.s.Text(c)))] {
			return true
		}
	}
	return false
}

// form reports whether rows from s to to are labels with their contents beside
// them, as on an application form, and no records.
func (a *analyser) form(s, to, c0, c1 int) bool {
	w, n := c1-c0+1, to-s
	if w%2 != 0 || w > 8 || n < 3 || n > 60 {
		return false
	}
	labels := map[string]bool{}
	count, mixed, values, named := 0, 0, 0, 0
	var late int
	for k := 0; k < w; k += 2 {
		var text, figure int
		late = 0
		for i := s; i < to; i++ {
			c, ok := cellAt(a.cut(i, c0+k, c0+k), c0+k)
			if !ok || c.Flags&(blank|covered) != 0 {
				if k == 0 {
					return false
				}
				continue
			}
			t := strings.Trim(strings.TrimSpace(string(a.s.Text(c))), ":： *")
			if a.s.class(c) != cText || utf8.RuneCountInString(t) > 14 || labels[t] {
				return false
			}
			labels[t] = true
			count++
			if headTail.MatchString(fold(t)) {
				named++
			}
			if v, ok := cellAt(a.cut(i, c0+k+1, c0+k+1), c0+k+1); ok && v.Flags&(blank|covered) == 0 {
				values++
				if a.s.class(v) == cText {
					text++
					if i > s {
						late++
					}
				} else {
					figure++
				}
			}
		}
		if late > 0 && text > 1 && figure > 0 {
			mixed++
		}
	}
	if mixed*4 < w || values < count/2 || named*4 < count || a.emph(s, c0, c1) && !a.emph(s+1, c0, c1) {
		return false
	}
	// 项目 and 内容 over it would be a header.
	v, ok := cellAt(a.cut(s, c0+1, c0+1), c0+1)
	return !ok || a.s.class(v) != cText || !valueHead.MatchString(strings.TrimSpace(string(a.s.Text(v)))) && !headTail.MatchString(fold(string(a.s.Text(v))))
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
