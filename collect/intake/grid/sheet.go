package grid

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// A Kind says what a cell holds, as its container declares it. Cells of text
// files are Text; analysis looks at their content.
type Kind uint8

// The kinds of cell.
const (
	Empty Kind = iota
	Text
	Number
	Date
	DateTime
	Time
	Bool
	Error
)

// Flags of a cell.
const (
	coveredDown  uint8 = 1 << iota // takes its value from a merge that begins in a row above
	coveredRight                   // lies in a merge that begins in a column to the left
	Formula                        // holds a formula's cached value
	Emphasis                       // stands out: bold or filled
	blank                          // nothing but blanks
)

const covered = coveredDown | coveredRight

// A Cell is one value: twelve bytes, its text held by the sheet.
type Cell struct {
	Col   uint32
	str   uint32
	Style uint16 // of the reader's choosing, e.g. an index of number formats
	Kind  Kind
	Flags uint8
}

// A Range is a rectangle of cells, ends included, counted from 0.
type Range struct{ Top, Left, Bottom, Right int }

// ErrTooLarge is returned when a sheet does not fit into what one file may take.
var ErrTooLarge = errors.New("sheet has more text than can be held")

const maxArena = 1 << 31

// A Sheet is a page of cells in rows, sparse, without an object per cell:
// twelve million numbers take less than half a gigabyte.
//
// Fill it with StartRow and Add, tell merges with Merge, then call Finish once.
type Sheet struct {
	Name   string
	Hidden bool
	Typed  bool // kinds are declared by the container (a workbook), not guessed from text
	// HiddenRows and HiddenCols count what the author hid; the cells are read all the same.
	HiddenRows, HiddenCols int

	headed [2]int // rows that the author froze or filters by, plus one
	cells  []Cell
	rowNum []int32  // sheet row of each row that holds cells, ascending after Finish
	rowAt  []uint32 // index into cells; one more than rowNum after Finish
	ends   []uint32 // text i is arena[ends[i-1]:ends[i]]
	arena  []byte
	merges []Range
	tops   map[uint64]int32 // top-left cell of a merge to its index
	sorted bool             // rows and cells came in order so far
	full   bool
}

// NewSheet returns an empty sheet.
func NewSheet(name string) *Sheet {
	return &Sheet{Name: name, ends: []uint32{0}, sorted: true}
}

// Intern stores a text once and returns its number for AddShared.
func (s *Sheet) Intern(text []byte) uint32 {
	if len(s.arena)+len(text) > maxArena {
		s.full = true
		return 0
	}
	s.arena = append(s.arena, text...)
	s.ends = append(s.ends, uint32(len(s.arena)))
	return uint32(len(s.ends) - 1)
}

// StartRow begins row n, counted from 0. Rows should come in order; when they
// do not, Finish sorts them.
func (s *Sheet) StartRow(n int) {
	if k := len(s.rowNum); k > 0 {
		if s.rowAt[k-1] == uint32(len(s.cells)) { // the last row stayed empty
			s.rowNum[k-1] = int32(n)
			if k > 1 && s.rowNum[k-2] >= int32(n) {
				s.sorted = false
			}
			return
		}
		if s.rowNum[k-1] >= int32(n) {
			s.sorted = false
		}
	}
	s.rowNum = append(s.rowNum, int32(n))
	s.rowAt = append(s.rowAt, uint32(len(s.cells)))
}

// Add puts a value into column col of the row begun. An empty text adds
// nothing; a text of blanks alone is kept, but counts as empty where tables are
// looked for.
func (s *Sheet) Add(col int, kind Kind, text []byte, style uint16) {
	s.AddFlagged(col, kind, text, style, 0)
}

// AddFlagged is Add with flags.
func (s *Sheet) AddFlagged(col int, kind Kind, text []byte, style uint16, flags uint8) {
	if len(text) == 0 {
		return
	}
	s.AddShared(col, kind, s.Intern(text), style, flags)
}

// AddShared puts an interned text into column col of the row begun.
func (s *Sheet) AddShared(col int, kind Kind, id uint32, style uint16, flags uint8) {
	text := s.arena[s.begin(id):s.ends[id]]
	if len(text) == 0 {
		return
	}
	flags &^= covered | blank
	if (text[0] <= ' ' || text[0] >= 0x80) && len(bytes.TrimSpace(text)) == 0 {
		flags |= blank
	}
	if n := len(s.cells); n > int(s.rowAt[len(s.rowAt)-1]) && s.cells[n-1].Col >= uint32(col) {
		s.sorted = false
	}
	s.cells = append(s.cells, Cell{Col: uint32(col), str: id, Kind: kind, Style: style, Flags: flags})
}

func (s *Sheet) begin(id uint32) uint32 {
	if id == 0 {
		return 0
	}
	return s.ends[id-1]
}

// Merge tells a merged area.
func (s *Sheet) Merge(r Range) {
	if r.Top > r.Bottom || r.Left > r.Right || r.Top == r.Bottom && r.Left == r.Right || len(s.merges) >= 1<<20 {
		return
	}
	s.merges = append(s.merges, r)
}

// Headed tells a row that the author treats as the last of a header: panes are
// frozen below it, or it carries filters.
func (s *Sheet) Headed(row int) {
	if s.headed[0] == 0 {
		s.headed[0] = row + 1
	} else {
		s.headed[1] = row + 1
	}
}

func (s *Sheet) isHeaded(row int) bool {
	return row+1 == s.headed[0] || row+1 == s.headed[1]
}

// Cells returns how many cells hold a value.
func (s *Sheet) Cells() int { return len(s.cells) }

// Full reports whether the sheet had to leave text out; the reader must refuse the file.
func (s *Sheet) Full() bool { return s.full }

// Text returns the text of a cell, good while the sheet is.
func (s *Sheet) Text(c Cell) []byte { return s.arena[s.begin(c.str):s.ends[c.str]] }

// Rows returns how many rows hold cells.
func (s *Sheet) Rows() int { return len(s.rowNum) }

// Row returns the i-th row that holds cells, and its number on the sheet.
func (s *Sheet) Row(i int) (n int, cells []Cell) {
	return int(s.rowNum[i]), s.cells[s.rowAt[i]:s.rowAt[i+1]]
}

// find returns the index of the first held row at or after sheet row n.
func (s *Sheet) find(n int) int {
	i, _ := slices.BinarySearch(s.rowNum, int32(n))
	return i
}

// mergeAt returns the merge that begins at a cell.
func (s *Sheet) mergeAt(row, col int) (Range, bool) {
	i, ok := s.tops[uint64(row)<<24|uint64(col)]
	if !ok {
		return Range{}, false
	}
	return s.merges[i], true
}

// Finish sorts what came out of order and gives covered cells the value of
// their merge. Call it once, after the last Add.
func (s *Sheet) Finish() {
	if n := len(s.rowNum); n > 0 && s.rowAt[n-1] == uint32(len(s.cells)) {
		s.rowNum, s.rowAt = s.rowNum[:n-1], s.rowAt[:n-1]
	}
	s.rowAt = append(s.rowAt, uint32(len(s.cells)))
	if !s.sorted {
		s.sort(nil)
		s.sorted = true
	}
	if len(s.merges) > 0 {
		s.spread()
	}
}

type placed struct {
	row int32
	Cell
}

// sort rebuilds the rows in order, with more cells added; the last of several
// values for one place stays, a value before a covered one.
func (s *Sheet) sort(more []placed) {
	all := make([]placed, 0, len(s.cells)+len(more))
	for i, n := range s.rowNum {
		for _, c := range s.cells[s.rowAt[i]:s.rowAt[i+1]] {
			all = append(all, placed{n, c})
		}
	}
	all = append(all, more...)
	slices.SortStableFunc(all, func(a, b placed) int {
		if a.row != b.row {
			return int(a.row) - int(b.row)
		}
		return int(a.Col) - int(b.Col)
	})
	s.cells, s.rowNum, s.rowAt = s.cells[:0:0], s.rowNum[:0], s.rowAt[:0]
	for i, p := range all {
		if i > 0 && all[i-1].row == p.row && all[i-1].Col == p.Col {
			last := &s.cells[len(s.cells)-1]
			if p.Flags&covered == 0 || last.Flags&covered != 0 {
				*last = p.Cell
			}
			continue
		}
		if k := len(s.rowNum); k == 0 || s.rowNum[k-1] != p.row {
			s.rowNum = append(s.rowNum, p.row)
			s.rowAt = append(s.rowAt, uint32(len(s.cells)))
		}
		s.cells = append(s.cells, p.Cell)
	}
	s.rowAt = append(s.rowAt, uint32(len(s.cells)))
}

// maxSpread bounds how many covered cells are filled in.
const maxSpread = 4 << 20

// spread adds the covered cells of merges, clipped to the used area.
func (s *Sheet) spread() {
	if len(s.rowNum) == 0 {
		s.merges = nil
		return
	}
	lastRow, lastCol := int(s.rowNum[len(s.rowNum)-1]), 0
	for _, c := range s.cells {
		if c.Flags&blank == 0 {
			lastCol = max(lastCol, int(c.Col))
		}
	}
	s.tops = make(map[uint64]int32, len(s.merges))
	var more []placed
	kept := s.merges[:0]
	for _, m := range s.merges {
		c, ok := s.at(m.Top, m.Left)
		if !ok {
			continue
		}
		tall := m.Bottom
		m.Bottom, m.Right = min(m.Bottom, max(lastRow, m.Top)), min(m.Right, lastCol)
		if m.Top >= lastRow && tall > m.Top { // a merged remark at the very end keeps its rows
			m.Bottom = min(tall, m.Top+64)
		}
		if (m.Bottom-m.Top+1)*(m.Right-m.Left+1)+len(more) > maxSpread {
			continue
		}
		s.tops[uint64(m.Top)<<24|uint64(m.Left)] = int32(len(kept))
		kept = append(kept, m)
		for r := m.Top; r <= m.Bottom; r++ {
			for col := m.Left; col <= m.Right; col++ {
				f := c.Flags
				if r > m.Top {
					f |= coveredDown
				}
				if col > m.Left {
					f |= coveredRight
				}
				if f&covered != 0 {
					more = append(more, placed{int32(r), Cell{Col: uint32(col), str: c.str, Style: c.Style, Kind: c.Kind, Flags: f}})
				}
			}
		}
	}
	s.merges = kept
	if len(more) > 0 {
		s.sort(more)
	}
}

// at returns the cell at a place.
func (s *Sheet) at(row, col int) (Cell, bool) {
	i := s.find(row)
	if i >= len(s.rowNum) || int(s.rowNum[i]) != row {
		return Cell{}, false
	}
	_, cells := s.Row(i)
	return cellAt(cells, col)
}

func cellAt(cells []Cell, col int) (Cell, bool) {
	j, ok := slices.BinarySearchFunc(cells, uint32(col), func(c Cell, col uint32) int {
		return int(c.Col) - int(col)
	})
	if !ok {
		return Cell{}, false
	}
	return cells[j], true
}

// A1 names a cell as spreadsheets do; row and col count from 0.
func A1(row, col int) string {
	return ColumnName(col) + strconv.Itoa(row+1)
}

// ColumnName is A for 0, Z for 25, AA for 26.
func ColumnName(col int) string {
	var b [8]byte
	i := len(b)
	for col++; col > 0; col = (col - 1) / 26 {
		i--
		b[i] = byte('A' + (col-1)%26)
	}
	return string(b[i:])
}

// String writes the range as A1:C9.
func (r Range) String() string { return A1(r.Top, r.Left) + ":" + A1(r.Bottom, r.Right) }

// ParseRange reads A5:Q35, A5 (one cell) or A5: (open to the end, Bottom and
// Right are -1).
func ParseRange(text string) (Range, bool) {
	from, to, has := strings.Cut(strings.ToUpper(strings.ReplaceAll(strings.TrimSpace(text), "$", "")), ":")
	var r Range
	var ok bool
	if r.Top, r.Left, ok = parseA1(from); !ok {
		return r, false
	}
	switch {
	case !has:
		r.Bottom, r.Right = r.Top, r.Left
	case to == "":
		r.Bottom, r.Right = -1, -1
	default:
		if r.Bottom, r.Right, ok = parseA1(to); !ok {
			return r, false
		}
	}
	return r, r.Bottom == -1 || r.Bottom >= r.Top && r.Right >= r.Left
}

func parseA1(text string) (row, col int, ok bool) {
	i := 0
	for i < len(text) && text[i] >= 'A' && text[i] <= 'Z' && i < 5 {
		col = col*26 + int(text[i]-'A') + 1
		i++
	}
	digits := text[i:]
	if i == 0 || digits == "" || len(digits) > 9 {
		return 0, 0, false
	}
	for _, d := range digits {
		if d < '0' || d > '9' {
			return 0, 0, false
		}
		row = row*10 + int(d-'0')
	}
	return row - 1, col - 1, row > 0
}

// Covered reports whether a cell lies in a merge that begins elsewhere.
func (s *Sheet) Covered(c Cell) bool { return c.Flags&covered != 0 }

// Blank reports whether a cell holds nothing but blanks.
func (s *Sheet) Blank(c Cell) bool { return c.Flags&blank != 0 }
