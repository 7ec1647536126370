package grid

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// widen lets the table reach over columns c0 to c1.
func (b *builder) widen(c0, c1 int) {
	if len(b.prof) == b.c1-b.c0+1 {
		if c0 < b.c0 {
			b.prof = append(make([]profile, b.c0-c0), b.prof...)
		}
		if c1 > b.c1 {
			b.prof = append(b.prof, make([]profile, c1-b.c1)...)
		}
	}
	b.c0, b.c1 = min(b.c0, c0), max(b.c1, c1)
}

// walk reads the rows of a zone into the table; it returns the held row at
// which another table begins, or the zone's end.
func (b *builder) walk(z zone) int {
	a := b.a
	b.widen(z.c0, z.c1)
	z.c0, z.c1 = b.c0, b.c1
	end := b.tail(z)
	b.zones = append(b.zones, z)
	for i := z.i0; i < z.i1; i++ {
		if i&8191 == 0 && a.stop() {
			return z.i1
		}
		sh := a.shape(i, z.c0, z.c1)
		if sh.own == 0 {
			continue
		}
		if i >= end {
			a.loose(i, z)
			continue
		}
		if sh.own == 1 && sh.down == 0 {
			switch b.lone(i, sh, z) {
			case loneOther:
				b.zones[len(b.zones)-1].i1 = i
				return i
			case loneNote:
				continue
			default:
			}
		}
		if sh.figure == 0 && sh.text >= 2 && b.data+len(b.totals) > 0 {
			if k := b.repeat(i, z); k > 0 {
				for ; k > 0; k-- {
					b.note("note", i)
					i++
				}
				if i < z.i1 && a.numbering(i, z.c0, z.c1) && !a.sequel(i, z.i1, z.c0, z.c1) {
					b.note("note", i)
					i++
				}
				i--
				continue
			}
			if b.restart(i, sh, z) {
				b.zones[len(b.zones)-1].i1 = i
				return i
			}
		} else if sh.figure > 0 && sh.text > 0 && b.data > 0 {
			if k := b.repeat(i, z); k > 0 {
				for ; k > 0; k-- {
					b.note("note", i)
					i++
				}
				if i < z.i1 && a.numbering(i, z.c0, z.c1) && !a.sequel(i, z.i1, z.c0, z.c1) {
					b.note("note", i)
					i++
				}
				i--
				continue
			}
		}
		if k, label, col := b.total(i, sh); k != noTotal {
			b.totals = append(b.totals, totalMark{i: i, kind: k, label: label, col: col, tidy: b.tidy(i, col)})
			b.roles[a.s.rowNum[i]] = NoteRow
			b.last = b.rowOf(i)
			continue
		}
		if b.firstData < 0 {
			b.firstData = i
		}
		b.data++
		b.lastData = i
		b.last = b.rowOf(i)
	}
	return z.i1
}

// tail finds the held row from which only remarks and signatures follow.
func (b *builder) tail(z zone) int {
	a := b.a
	end := z.i1
	if a.opt.Partial && end == len(a.s.rowNum) {
		return end // the table goes on beyond what is seen
	}
	for end > z.i0 {
		i := end - 1
		sh := a.shape(i, z.c0, z.c1)
		switch {
		case sh.own == 0:
		case sh.own == 1 && sh.down > 0 && !a.titleCover(i, z):
			return end
		case sh.own == 1:
			if sh.text == 0 || labelTotal(string(a.s.Text(sh.firstCell))) != noTotal || b.couldBeRow(i, sh) {
				return end
			}
		case a.remark(i, z, sh, b.width):
		default:
			return end
		}
		end = i
	}
	return end
}

// couldBeRow reports whether a lone text at the end may be a row without values.
func (b *builder) couldBeRow(i int, sh shape) bool {
	t := string(b.a.s.Text(sh.firstCell))
	if _, sure := noteKind(t); sure || sh.first != b.c0 {
		return false
	}
	if _, merged := b.a.s.mergeAt(b.rowOf(i), sh.first); merged {
		return false
	}
	return b.dense > 0 && b.dense < 0.6 && utf8.RuneCountInString(t) <= 20
}

// remark reports whether a row of several cells is a signature or remark line.
func (a *analyser) remark(i int, z zone, sh shape, width int) bool {
	if sh.figure*2 > sh.own {
		return false
	}
	sure, colon, first := 0, 0, false
	for n, c := range a.cut(i, z.c0, z.c1) {
		if c.Flags&(blank|covered) != 0 {
			continue
		}
		t := strings.TrimSpace(string(a.s.Text(c)))
		if _, ok := noteKind(t); ok {
			sure++
			first = first || n == 0
		}
		if labelled.MatchString(t) {
			colon++
		}
	}
	return sure*2 >= sh.own || sure > 0 && first && sh.own <= 3 && sh.own < max(width, 3) || colon == sh.own && sh.own >= 2 && sure > 0
}

type loneKind uint8

// lone judges a row with one cell inside the table.
func (b *builder) lone(i int, sh shape, z zone) loneKind {
	a := b.a
	if sh.text == 0 {
		return loneData
	}
	text := string(a.s.Text(sh.firstCell))
	if labelTotal(text) != noTotal {
		return loneData
	}
	row := b.rowOf(i)
	kind, sure := noteKind(text)
	// Does another table begin below?
	j := i + 1
	for j < z.i1 && j < i+5 {
		if q := a.shape(j, z.c0, z.c1); q.own > 1 {
			break
		}
		j++
	}
	if j < z.i1 && b.data+len(b.totals) > 0 {
		q := a.shape(j, z.c0, z.c1)
		if q.own >= 2 && q.figure == 0 && b.repeat(j, z) == 0 && b.restart(j, q, z) {
			return loneOther
		}
		if q.own >= 2 && b.repeat(j, z) > 0 && (sure || tableLine.MatchString(strings.TrimSpace(text))) {
			b.note(kind, i)
			return loneNote
		}
	}
	m, merged := a.s.mergeAt(row, sh.first)
	wide := merged && m.Right > m.Left
	if sure && (!wide || kind != "note" || !sectionNum.MatchString(text)) {
		b.note(kind, i)
		return loneNote
	}
	key := b.prof[sh.first-b.c0]
	switch {
	case wide && (m.Right-m.Left+1)*2 >= b.c1-b.c0+1:
	case sectionNum.MatchString(text):
	case sh.emph > 0 && !a.emph(i+1, z.c0, z.c1):
	case sh.first == b.c0 && key.figures():
	case sh.first == b.c0 && key.full() == 0:
	case sh.first == b.c0 && b.dense >= 0.8 && b.c1-b.c0 >= 2:
		b.doubtRows = append(b.doubtRows, fmt.Sprint(row+1))
	default:
		if sh.first > b.c0+1 && b.dense >= 0.8 {
			b.note("note", i)
			b.ask(0.05, "第%d行只有一个值“%s”，记为备注。", row+1, clip(text))
			return loneNote
		}
		b.ask(0.03, "第%d行只有一个值“%s”，按数据行收下。", row+1, clip(text))
		return loneData
	}
	rows := 1
	if merged {
		rows = m.Bottom - m.Top + 1
	}
	b.section(row, sh.first, text, rows)
	b.last = max(b.last, row)
	return loneNote
}

// repeat returns how many rows from i on repeat the header.
func (b *builder) repeat(i int, z zone) int {
	n := 0
	if len(b.headRows) == 0 || !b.begins(i) {
		return 0
	}
	for n < len(b.headText) && i+n < z.i1 && b.same(i+n, n) {
		n++
	}
	if n == len(b.headText) {
		return n
	}
	return 0
}

// begins is a quick look before repeat: does row i begin with the header's first text?
func (b *builder) begins(i int) bool {
	x, y := b.a.firstText(i, b.c0, b.c1), b.a.firstText(b.headRows[0], b.c0, b.c1)
	return len(x) > 0 && len(y) > 0 && (x[0] == y[0] || x[0] <= ' ' || y[0] <= ' ' || x[0] == 0xEF || y[0] == 0xEF) && squeeze(string(x)) == squeeze(string(y))
}

// restart reports whether row i is the header of another table: words where
// this table has figures, or a row of names under a title of its own.
func (b *builder) restart(i int, sh shape, z zone) bool {
	a := b.a
	if i+1 >= z.i1 || len(b.prof) != z.c1-z.c0+1 || sh.own < 2 || sh.figure > sh.years {
		return false
	}
	if k, _, _ := b.total(i, sh); k != noTotal {
		return false
	}
	f := a.fit(i, b.prof, z.c0, z.c1)
	if f.contra > 0 {
		return false
	}
	titled := a.shape(i-1, z.c0, z.c1).own == 1 && a.shape(i-1, z.c0, z.c1).text == 1
	figs := 0
	for k := range b.prof {
		if p := &b.prof[k]; p.figures() && p.n[cText]*10 <= p.full() {
			figs++
		}
	}
	switch {
	case f.firm < 2 && !titled:
		return false
	case f.firm > 0 && (f.nulls == 0 || f.pro > 1) && f.pro*2 >= min(figs, sh.own) && (f.pro > 1 || figs <= 1):
	case titled && (sh.last < z.c1-1 && b.dense >= 0.7 || f.firm > 0 || a.emph(i, z.c0, z.c1) && !a.emph(i+1, z.c0, z.c1)):
	default:
		return false
	}
	if b.checks++; b.checks > maxChecks {
		return false
	}
	to := a.until(i, zone{i, min(z.i1, i+80), z.c0, z.c1})
	h, _ := a.headingAt(i, to, z.c0, z.c1)
	return h.to > i && h.to < z.i1 && h.doubt < 0.2
}

// total looks for a total's label among the words before the first figure.
func (b *builder) total(i int, sh shape) (totalKind, string, int) {
	n := 0
	for _, c := range b.a.cut(i, b.c0, b.c1) {
		if c.Flags&(blank|covered) != 0 {
			continue
		}
		k := b.a.s.class(c)
		if k == cText {
			t := b.a.s.Text(c)
			if hintTotal(t) {
				if kind := labelTotal(string(t)); kind != noTotal {
					return kind, string(t), int(c.Col)
				}
			}
			n++
		} else if k != cNull && int(c.Col) > b.c0+1 {
			break
		}
		if n >= 4 {
			break
		}
	}
	return noTotal, "", 0
}

// hintTotal is a quick look before labelTotal.
func hintTotal(t []byte) bool {
	if len(t) > 120 {
		return false
	}
	for i := 0; i+2 < len(t); i++ {
		switch t[i] {
		case 0xE8:
			if t[i+1] == 0xAE && t[i+2] == 0xA1 || t[i+1] == 0xA8 && t[i+2] == 0x88 { // 计 計
				return true
			}
		case 0xEA: // 계 균
			if t[i+1] == 0xB3 && t[i+2] == 0x84 || t[i+1] == 0xB7 && t[i+2] == 0xA0 {
				return true
			}
		case 0xE5: // 均
			if t[i+1] == 0x9D && t[i+2] == 0x87 {
				return true
			}
		case 0xE6: // 数
			if t[i+1] == 0x95 && t[i+2] == 0xB0 {
				return true
			}
		case 0xD0, 0xD1:
			return true
		case 't', 'T', 's', 'S', 'g', 'G', 'i', 'I', 'e', 'E', 'z', 'Z', 'a', 'A', 'm', 'M', 'd', 'D', 'r', 'R', 'o', 'O':
			if i == 0 || !letter(t[i-1]) || t[i] == 't' || t[i] == 's' {
				if latinHint(t[i:]) {
					return true
				}
			}
		}
	}
	return false
}

func letter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }

func latinHint(t []byte) bool {
	w := strings.ToLower(string(t[:min(len(t), 9)]))
	for _, p := range []string{"total", "sum", "sub", "suma", "summe", "gesamt", "insgesamt", "ensemble", "zwischens", "teilsumme", "sous", "totaal", "razem", "ogó", "average", "mean", "durchschn", "moyenne", "grand"} {
		if strings.HasPrefix(w, p) {
			return true
		}
	}
	return false
}

// tidy reports whether a row with a total's label has its other keys filled
// like any data row.
func (b *builder) tidy(i, col int) bool {
	for _, c := range b.a.cut(i, b.c0, b.c1) {
		if c.Flags&(blank|covered) != 0 || int(c.Col) == col {
			continue
		}
		if p := &b.prof[int(c.Col)-b.c0]; b.a.s.class(c) == cText && !p.figures() && !b.a.mergedDown(i, int(c.Col)) {
			if labelTotal(string(b.a.s.Text(c))) == noTotal {
				return true
			}
		}
	}
	return false
}

func clip(t string) string {
	r := []rune(fold(t))
	if len(r) > 24 {
		return string(r[:24]) + "…"
	}
	return string(r)
}
