package delimited

import "bytes"

// isRule reports whether a line is drawn rather than written: +----+ or |---|.
func isRule(line []byte) bool {
	line = bytes.TrimSpace(line)
	if len(line) < 3 {
		return false
	}
	dashes := 0
	for _, c := range line {
		switch c {
		case '-', '=', '_':
			dashes++
		case '+', '|', ':', ' ', '\t':
		default:
			return false
		}
	}
	return dashes >= 3 && dashes*3 >= len(line)
}

// gaps decides which blank records end nothing.
func (p *page) gaps() {
	p.empties = 0
	runs, even := 0, true
	w, n, total := p.modal(0, len(p.recs))
	repeats := 0
	first := -1
	for i := range p.recs {
		r := &p.recs[i]
		r.soft, r.emptyRow = false, false
		if r.verdict != rejected && isRule(p.line(r)) {
			r.verdict, r.soft = isBlank, i > 0 && first >= 0
			continue
		}
		if r.verdict == isBlank {
			continue
		}
		if first < 0 {
			first = i
		}
		if i > 0 && p.recs[i-1].verdict == isBlank && i > first {
			runs++
			if i > 2 && p.recs[i-2].verdict == isBlank {
				even = false
			}
			if bytes.Equal(p.line(r), p.line(&p.recs[first])) {
				repeats++
			}
		}
	}
	// groups of lines, each followed by a blank one: sentences of words
	groups := runs >= 20 && even && w > 1 && n*100 >= total*98 && n*100 >= 95*(len(p.recs)-runs) && repeats*5 < runs
	for i := 0; i < len(p.recs); i++ {
		if p.recs[i].verdict != isBlank || p.recs[i].soft {
			continue
		}
		k := i
		for k < len(p.recs) && p.recs[k].verdict == isBlank {
			k++
		}
		// a lone record of delimiters in an even table is one of its rows
		lone := (k <= i+3 || total >= 1000 && k <= i+50) && total >= 50 && n*100 >= total*98 && p.recs[i].width == w && i > 0 && k < len(p.recs) && p.recs[i-1].width == w && p.recs[k].width == w
		if groups && k < len(p.recs) && i > 0 || p.softGap(i, k, lone) {
			for j := i; j < k; j++ {
				if p.recs[j].width > 1 && p.recs[j].damage == sound && !isRule(p.line(&p.recs[j])) {
					p.recs[j].emptyRow = true
					p.empties++
				} else {
					p.recs[j].soft = true
				}
			}
		}
		i = k
	}
}

// softGap reports whether the blank records [i, k) stand inside one table: the
// record after them is of the width, the classes and the recurring values of
// those before.
func (p *page) softGap(i, k int, lone bool) bool {
	if i == 0 || k >= len(p.recs) || k-i > 3 && !lone {
		return false
	}
	next := &p.recs[k]
	if next.verdict != fine {
		return false
	}
	const most = 400
	from := i
	n := 0
	for from > 0 && n < most && (p.recs[from-1].verdict != isBlank || p.recs[from-1].soft || p.recs[from-1].emptyRow) {
		from--
		if p.recs[from].verdict == fine && p.recs[from].width == next.width {
			n++
		}
	}
	if n < 5 {
		return lone && n > 0
	}
	cols := p.classes(from, i, next.width)
	seen := make([]map[string]bool, next.width)
	for c := range seen {
		seen[c] = map[string]bool{}
	}
	for j := from; j < i; j++ {
		if r := &p.recs[j]; r.verdict == fine && r.width == next.width {
			for c, f := range p.fields[r.f0:r.f1] {
				seen[c][string(p.text[f.from:f.to])] = true
			}
			if bytes.Equal(p.line(r), p.line(next)) && j == from {
				return false // the header again
			}
		}
	}
	proof := 0
	for c, f := range p.fields[next.f0:next.f1] {
		v := p.text[f.from:f.to]
		cl := classOf(v)
		switch {
		case cl == classEmpty:
		case len(seen[c]) < n/2 && seen[c][string(v)], cols[c].sure() && cl == cols[c].top:
			proof++
		case cols[c].sure(), len(seen[c]) < n/4 && !lone:
			return false
		}
	}
	return proof > 0 || lone
}
