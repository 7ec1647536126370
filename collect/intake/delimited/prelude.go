package delimited

import (
	"bytes"
	"strconv"
)

// preamble makes one value of each of the lines "name：,value" that stand before
// the text's main table, and returns where they end.
func (p *page) preamble() (end int) {
	w, n, _ := p.modal(0, len(p.recs))
	if w < 3 || n < 3 {
		return 0
	}
	pairs, lines := 0, 0
	for i := 0; i < min(len(p.recs), 30); i++ {
		r := &p.recs[i]
		if r.verdict == isBlank {
			continue
		}
		if r.verdict != fine || r.damage != sound || r.width >= w {
			break
		}
		f := p.fields[r.f0]
		v := bytes.TrimSpace(p.text[f.from:f.to])
		lines++
		end = i + 1
		if bytes.HasSuffix(v, []byte("：")) || bytes.HasSuffix(v, []byte(":")) || bytes.Trim(v, "*-.#") == nil || len(bytes.Trim(v, "*-.#")) == 0 {
			pairs++
		}
	}
	// the table begins after a blank line, or with a full line
	if end == 0 || pairs*2 < lines || pairs < 2 {
		return 0
	}
	if end < len(p.recs) && p.recs[end].verdict != isBlank && p.recs[end].width < w {
		return 0
	}
	var buf []byte
	for i := range end {
		r := &p.recs[i]
		if r.verdict != fine || r.width < 2 {
			continue
		}
		at := len(p.text)
		for _, f := range p.fields[r.f0:r.f1] {
			if v := bytes.TrimSpace(p.d.value(p.text, f, &buf)); len(v) > 0 {
				if len(p.text) > at {
					p.text = append(p.text, "  "...)
				}
				p.text = append(p.text, v...)
			}
		}
		r.f0 = int32(len(p.fields))
		p.fields = append(p.fields, field{from: int32(at), to: int32(len(p.text)), literal: true})
		r.f1, r.width = r.f0+1, 1
	}
	return end
}

// leads reports whether values are missing at the record's start only, or some
// are dates and none is missing.
func (p *page) leads(r *rec) bool {
	begun, missing, dated := false, false, false
	for _, f := range p.fields[r.f0:r.f1] {
		v := p.text[f.from:f.to]
		switch c := classOf(v); {
		case c == classEmpty && begun:
			return false
		case c == classEmpty:
			missing = true
		default:
			begun = true
			dated = dated || c == classDate || c == classNumber && bytes.Count(v, []byte(".")) == 2
		}
	}
	return begun && (missing || dated)
}

// filled counts the values of a record that are not missing.
func (p *page) filled(r *rec) (n int) {
	for _, f := range p.fields[r.f0:r.f1] {
		if len(bytes.TrimSpace(p.text[f.from:f.to])) > 0 {
			n++
		}
	}
	return n
}

// datedHeader finds a header that lacks its first names, or that is of dates:
// one line above columns of numbers. -1 if there is none.
func (p *page) datedHeader() int {
	for i := 0; i+2 < min(len(p.recs), 60); i++ {
		r := &p.recs[i]
		if r.verdict != fine || r.width < 3 {
			continue
		}
		if i > 0 && p.filled(&p.recs[i-1]) > 1 {
			continue // not the first line of a header
		}
		first := p.fields[r.f0]
		if c := classOf(p.text[first.from:first.to]); c != classEmpty && c != classText {
			continue
		}
		if !p.leads(r) {
			continue
		}
		dates, others, under := 0, 0, 0
		for k, f := range p.fields[r.f0:r.f1] {
			switch classOf(p.text[f.from:f.to]) {
			case classEmpty:
				continue
			case classDate:
			case classNumber:
				if bytes.Count(p.text[f.from:f.to], []byte(".")) != 2 {
					others++
					continue
				}
			default:
				if k < 2 {
					continue
				}
			}
			dates++
			for j := i + 1; j <= i+2; j++ {
				q := &p.recs[j]
				if q.verdict != fine || q.width != r.width {
					continue
				}
				v := p.text[p.fields[q.f0+int32(k)].from:p.fields[q.f0+int32(k)].to]
				if c := classOf(v); c == classNumber && bytes.Count(v, []byte(".")) < 2 || c == classEmpty {
					under++
				}
			}
		}
		if dates >= 2 && others == 0 && under == 2*dates {
			return i
		}
	}
	return -1
}

// sentences makes one value of records that are prose with the delimiter in it
// ("Households by area, England, 2021"), where they are not of the text's usual
// width: titles and footnotes that nobody quoted.
func (p *page) sentences() {
	if p.d.fixed != nil || p.d.skip || p.d.blanks || string(p.d.delim) == "\t" {
		return
	}
	w, _, _ := p.modal(0, len(p.recs))
	for i := range p.recs {
		r := &p.recs[i]
		if r.verdict != fine || r.damage != sound || r.width < 2 || r.width == w || r.lines > 1 {
			continue
		}
		n, spaced := 0, 0
		for k, f := range p.fields[r.f0:r.f1] {
			v := p.text[f.from:f.to]
			if len(bytes.TrimSpace(v)) == 0 || f.quoted {
				continue
			}
			n++
			if k > 0 && v[0] == ' ' && len(v) > 1 {
				spaced++
			}
		}
		if n < 2 || spaced*2 < n-1 || classOf(p.text[p.fields[r.f0].from:p.fields[r.f0].to]) != classText && spaced < n-1 {
			continue
		}
		line := bytes.TrimRight(p.line(r), string(p.d.delim)+" ")
		r.f0 = int32(len(p.fields))
		p.fields = append(p.fields, field{from: r.from, to: r.from + int32(len(line)), literal: true})
		r.f1, r.width = r.f0+1, 1
	}
}

// unwrap takes off the quotes of a text whose every line was quoted as one
// value ("1,""a"",2"); nil when it is not such a text.
func unwrap(text []byte, d *dialect) []byte {
	lines, wrapped := 0, 0
	out := make([]byte, 0, len(text))
	for pos := 0; pos < len(text); {
		end, next := d.lineEnd(text, pos)
		line := bytes.TrimSpace(text[pos:end])
		line = bytes.TrimRight(line, ",;\t")
		if len(line) > 0 {
			lines++
			inner := line[1:max(1, len(line)-1)]
			bare := bytes.Count(inner, []byte(`"`)) - 2*bytes.Count(inner, []byte(`""`))
			if len(line) > 1 && line[0] == '"' && line[len(line)-1] == '"' && bare == 0 {
				wrapped++
				line = bytes.ReplaceAll(inner, []byte(`""`), []byte(`"`))
			}
			if lines > 50 && wrapped*10 < lines*9 {
				return nil
			}
		}
		out = append(append(out, line...), text[end:next]...)
		pos = next
	}
	if lines < 2 || wrapped*10 < lines*9 {
		return nil
	}
	return out
}

// widthOf is the number of values most records have.
func widthOf(text []byte, d *dialect) int {
	counts := map[int]int{}
	var fields []field
	best := 0
	for pos, n := 0, 0; pos < len(text) && n < 200; n++ {
		var r record
		r, fields = d.split(text, pos, fields[:0])
		pos = int(r.next)
		if counts[len(fields)]++; counts[len(fields)] > counts[best] {
			best = len(fields)
		}
	}
	return best
}

// declared takes Excel's first line "sep=;" for what it is: one remark.
func (p *page) declared() {
	if len(p.recs) == 0 {
		return
	}
	if r := &p.recs[0]; sepLine(p.line(r)) != "" {
		r.f0 = int32(len(p.fields))
		p.fields = append(p.fields, field{from: r.from, to: r.to, literal: true})
		r.f1, r.width, r.damage = r.f0+1, 1, sound
	}
}

// sepLine is the delimiter that Excel's line "sep=x" declares, "" for others.
func sepLine(line []byte) string {
	line = bytes.Trim(line, "\"\r\n")
	if rest, ok := bytes.CutPrefix(bytes.ToLower(line), []byte("sep=")); ok && len(rest) == 1 {
		return string(rest)
	}
	return ""
}

// countsUp finds a first row of 1, 2, 3 … in a table of nothing but numbers: it
// is data, though in other tables such a row numbers the columns. -1 if none.
func (p *page) countsUp() int {
	i := 0
	for i < len(p.recs) && p.recs[i].verdict == isBlank {
		i++
	}
	if i++; i >= len(p.recs) {
		return -1
	}
	r := &p.recs[i]
	if r.verdict != fine || r.width < 2 {
		return -1
	}
	for k, f := range p.fields[r.f0:r.f1] {
		if string(bytes.TrimSpace(p.text[f.from:f.to])) != strconv.Itoa(k+1) {
			return -1
		}
	}
	words, names, rows := 0, 0, 0
	for j := i + 1; j < min(len(p.recs), i+20); j++ {
		for _, f := range p.fields[p.recs[j].f0:p.recs[j].f1] {
			if c := classOf(p.text[f.from:f.to]); c != classNumber && c != classEmpty {
				words++
			}
		}
		if c := p.fields[p.recs[j].f0]; p.recs[j].verdict == fine {
			rows++
			if classOf(p.text[c.from:c.to]) == classText {
				names++
			}
		}
	}
	if names > 0 && names == rows || words > names && r.width > 3 { // the first column names things
		return -1
	}
	return i
}

// shortNames finds records named 计 among records named by one or two
// characters: a surname, not a total.
func (p *page) shortNames() map[int]bool {
	var names map[int]bool
	short, all := 0, 0
	for i := range p.recs {
		r := &p.recs[i]
		if r.verdict != fine || r.width < 2 {
			continue
		}
		v := p.text[p.fields[r.f0].from:p.fields[r.f0].to]
		all++
		if len(v) <= 6 && len(v) > 0 && v[0] >= 0x80 {
			short++
		}
		if s := string(v); (s == "计" || s == "計") && i+1 < len(p.recs) && p.recs[i+1].verdict == fine {
			if names == nil {
				names = map[int]bool{}
			}
			names[i] = true
		}
	}
	if all < 50 || short*10 < all*9 {
		return nil
	}
	return names
}
