package delimited

import (
	"bytes"

	"shuniu/collect/intake/grid"
	"shuniu/collect/intake/tabular"
)

// wordMark before a date makes it a word in the eyes of the grid.
// A value that is missing becomes a word too.
const wordMark = "\u2063"

// emptyMark stands in the grid for a row that has delimiters and no values.
var emptyMark = []byte{0}

// sheet puts the records that may be rows into a grid: a row for each record,
// and a gap where a table of another width begins. With shape it is for a look
// alone: rows without values repeat the row before them, so that nothing seems
// to end there, and the values of record masked are decimals.
func (p *page) sheet(masked int, shape bool) *grid.Sheet {
	s := grid.NewSheet("")
	var buf []byte
	row := int32(0)
	p.rows = p.rows[:0]
	var before *rec
	for i := range p.recs {
		r := &p.recs[i]
		if r.soft {
			r.row = max(row-1, 0)
			continue
		}
		if r.cut {
			for range 3 {
				p.rows = append(p.rows, int32(i)-1)
				row++
			}
		}
		r.row = row
		p.rows = append(p.rows, int32(i))
		row++
		if r.emptyRow {
			s.StartRow(int(r.row))
			if !shape || before == nil {
				s.Add(0, grid.Text, emptyMark, 0)
				continue
			}
			for c, f := range p.fields[before.f0:before.f1] {
				s.Add(c, grid.Text, p.d.value(p.text, f, &buf), 0)
			}
			continue
		}
		if r.verdict != fine {
			continue
		}
		s.StartRow(int(r.row))
		for c, f := range p.fields[r.f0:r.f1] {
			v := p.d.value(p.text, f, &buf)
			if shape && i == masked && len(v) > 0 {
				v = append(bytes.Clone(v), ".5"...)
			}
			if shape && (i == p.dated || c == 0 && p.names[i]) {
				v = append([]byte(wordMark), v...)
			}
			s.Add(c, grid.Text, v, 0)
		}
		before = r
	}
	s.Finish()
	return s
}

// unmark makes the marks of rows without values empty again.
func unmark(t *tabular.Text) {
	if !bytes.Contains(t.Data, emptyMark) {
		return
	}
	out := tabular.Text{}
	for i := range len(t.Offsets) - 1 {
		v := t.Data[t.Offsets[i]:t.Offsets[i+1]]
		if bytes.Equal(v, emptyMark) {
			v = nil
		}
		out.Append(v)
	}
	*t = out
}

// headerAgain counts the rows right below the header that say the same again:
// they are header rows, whatever the grid calls them. The notes of such rows
// come first among those inside the block.
func (p *page) headerAgain(b *grid.Block) (n int) {
	if b.HeaderRows == 0 || len(b.Notes) == 0 {
		return 0
	}
	last := b.Place.Top + b.HeaderRows - 1
	for row := last + 1; row <= b.Place.Bottom && b.Role(row) == grid.NoteRow; row++ {
		if !bytes.Equal(p.joined(p.at(row)), p.joined(p.at(last))) || n >= len(b.Notes) || b.Notes[n].Row != row {
			break
		}
		n++
	}
	return n
}

// joined is a record's values, for comparison.
func (p *page) joined(r *rec) (out []byte) {
	var buf []byte
	for _, f := range p.fields[r.f0:r.f1] {
		out = append(append(out, p.d.value(p.text, f, &buf)...), 0)
	}
	return out
}

// emptyEdge counts the columns at the right edge of a table without header that
// every row delimits and leaves empty: without names to go by they are kept.
func (p *page) emptyEdge(b *grid.Block) int {
	if len(b.Columns) == 0 || b.Place.Left != 0 {
		return 0
	}
	width := int32(-1)
	for row := b.Place.Top; row <= b.Place.Bottom; row++ {
		r := p.at(row)
		if r.verdict != fine || b.Role(row) != grid.Data {
			continue
		}
		if width < 0 {
			width = r.width
		}
		if r.width != width {
			return 0
		}
	}
	return max(0, int(width)-1-b.Columns[len(b.Columns)-1])
}
