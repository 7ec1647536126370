package grid

import (
	"context"
	"fmt"

	"shuniu/collect/intake/tabular"
)

// A Role is what a sheet row is to a table.
type Role uint8

// The roles. Every row from a table's Top to its Bottom has exactly one.
const (
	Data Role = iota
	Header
	NoteRow // section, subtotal, total, numbering, repeated header, remark
	BlankRow
)

// A Note is text that belongs to a table and is no data row.
type Note struct {
	Kind     string // as tabular.Note
	Text     string
	Row, Col int
	Rows     int // sheet rows it takes
}

// A Block is one table on a sheet.
type Block struct {
	// Place is the table from its header to its last row of data or total.
	Place      Range
	HeaderRows int
	Heads      []tabular.Head
	// Columns are the sheet columns of Heads; -1 is the column of section headings.
	Columns    []int
	Notes      []Note
	Confidence float64 // 0 to 1
	Questions  []string

	roles    map[int32]Role // rows that are not data
	sections []mark         // where each section heading begins to govern
	fill     []bool         // by head: blanks take the value above
	sheet    *Sheet
	data     int
}

type mark struct {
	row  int32
	text string
}

// Range writes the place as A1:C9.
func (b *Block) Range() string { return b.Place.String() }

// Rows returns how many data rows the block has.
func (b *Block) Rows() int { return b.data }

// Role tells what a sheet row inside the place is.
func (b *Block) Role(row int) Role {
	if r, ok := b.roles[int32(row)]; ok {
		return r
	}
	return Data
}

// Filled reports whether blanks of head i take the value above them.
func (b *Block) Filled(i int) bool { return b.fill[i] }

// BatchRows is how many rows Read hands on at once.
const BatchRows = 8192

// Read streams the data rows in order. origin turns a sheet row (from 0) into
// what the source calls it (a line number); nil counts sheet rows from 1.
func (b *Block) Read(ctx context.Context, origin func(row int) int64, emit func(*tabular.Batch) error) (tabular.Tally, error) {
	return b.ReadFrom(ctx, b.sheet, origin, emit)
}

// Release lets go of the sheet; from then on rows come by ReadFrom.
func (b *Block) Release() { b.sheet = nil }

// ReadFrom is Read on the same sheet read again.
func (b *Block) ReadFrom(ctx context.Context, s *Sheet, origin func(row int) int64, emit func(*tabular.Batch) error) (tabular.Tally, error) {
	var tally tabular.Tally
	batch := &tabular.Batch{Columns: make([]tabular.Text, len(b.Columns))}
	reset := func() {
		batch.Rows, batch.Origin = 0, batch.Origin[:0]
		for i := range batch.Columns {
			batch.Columns[i].Reset()
		}
	}
	reset()
	section := -1
	above := make([][]byte, len(b.Columns))
	row := b.Place.Top
	for i := s.find(b.Place.Top); i <= len(s.rowNum) && row <= b.Place.Bottom; i++ {
		n, cells := b.Place.Bottom+1, []Cell(nil)
		if i < len(s.rowNum) {
			n, cells = s.Row(i)
		}
		n = min(n, b.Place.Bottom+1)
		tally.Blank += int64(n - row) // rows without any cell
		tally.Physical += int64(n - row)
		row = n
		if n > b.Place.Bottom {
			break
		}
		row++
		tally.Physical++
		switch b.Role(n) {
		case Header:
			tally.Header++
			continue
		case NoteRow:
			tally.Notes++
			continue
		case BlankRow:
			tally.Blank++
			continue
		default:
		}
		tally.Rows++
		for section+1 < len(b.sections) && int(b.sections[section+1].row) <= n {
			section++
			clear(above)
		}
		k := 0
		for c, col := range b.Columns {
			t := &batch.Columns[c]
			if col < 0 {
				if section >= 0 {
					t.AppendString(b.sections[section].text)
				} else {
					t.AppendNull()
				}
				continue
			}
			for k < len(cells) && int(cells[k].Col) < col {
				k++
			}
			if k < len(cells) && int(cells[k].Col) == col && cells[k].Flags&coveredRight == 0 {
				v := s.Text(cells[k])
				t.Append(v)
				if b.fill[c] && cells[k].Flags&blank == 0 {
					above[c] = v
					clear(above[c+1:])
				}
				continue
			}
			if b.fill[c] && above[c] != nil {
				t.Append(above[c])
				continue
			}
			t.AppendNull()
		}
		batch.Rows++
		if origin != nil {
			batch.Origin = append(batch.Origin, origin(n))
		} else {
			batch.Origin = append(batch.Origin, int64(n)+1)
		}
		if batch.Rows == BatchRows {
			if err := ctx.Err(); err != nil {
				return tally, fmt.Errorf("read table %s: %w", b.Range(), err)
			}
			if err := emit(batch); err != nil {
				return tally, err
			}
			reset()
		}
	}
	if batch.Rows > 0 {
		if err := emit(batch); err != nil {
			return tally, err
		}
	}
	return tally, nil
}

// Found turns the block into a table of a workbook.
func (b *Block) Found(name, format string) tabular.Found {
	s := b.sheet
	h := b.HeaderRows
	f := tabular.Found{
		Name: name, Format: format, Hidden: s.Hidden,
		Place:      tabular.Place{Sheet: s.Name, Range: b.Range()},
		HeaderRows: h, Heads: b.Heads, Notes: b.TabularNotes(nil),
		Confidence: b.Confidence, Questions: b.Questions,
		Area: tabular.Area{Sheet: s.Name, Range: b.Range(), HeaderRows: &h},
	}
	f.Read = func(ctx context.Context, emit func(*tabular.Batch) error, _ func(tabular.Reject) error) (tabular.Tally, error) {
		return b.Read(ctx, nil, emit)
	}
	return f
}

// TabularNotes turns the notes into those of package tabular; place names a
// note's place, nil writes A1.
func (b *Block) TabularNotes(place func(row, col int) string) []tabular.Note {
	if place == nil {
		place = A1
	}
	notes := make([]tabular.Note, len(b.Notes))
	for i, n := range b.Notes {
		notes[i] = tabular.Note{Kind: n.Kind, Text: n.Text, Place: place(n.Row, n.Col), Rows: n.Rows}
	}
	return notes
}
