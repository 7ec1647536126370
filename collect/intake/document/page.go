package document

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"shuniu/collect/intake/grid"
	"shuniu/collect/intake/tabular"
)

// A page is one table of an HTML or DOCX file as a sheet of cells, while it is
// being read.
type page struct {
	sheet   *grid.Sheet
	row     int // of the row begun, from 0; -1 before the first
	col     int
	until   []int // by column: the row up to which a cell from above reaches
	cells   int
	title   string // heading or caption above it
	nested  bool   // other tables lie in its cells
	covered int    // cells under merges
	wide    bool   // a cell stood beyond maxWidth
	width   int
	filled  int // rows with more than one filled cell
	inRow   int
}

const (
	maxWidth     = 4096    // columns of a table, as far as its cells reach
	maxCovered   = 1 << 20 // cells under the merges of one table
	maxSpan      = 1000    // columns or rows that one cell may cover
	maxPageCells = 8 << 20 // cells of all tables of one file
)

func newPage(name string) *page { return &page{sheet: grid.NewSheet(name), row: -1} }

func (p *page) startRow() {
	p.endRow()
	p.row++
	p.col, p.inRow = 0, 0
	p.sheet.StartRow(p.row)
}

func (p *page) endRow() {
	if p.inRow > 1 {
		p.filled++
	}
}

// skip moves to the next column that no cell from above covers.
func (p *page) skip() {
	for p.col < len(p.until) && p.until[p.col] > p.row {
		p.col++
	}
}

// add puts a cell into the row begun.
func (p *page) add(kind grid.Kind, text []byte, columns, rows int, flags uint8) {
	p.skip()
	if p.col >= maxWidth {
		p.wide = true
		return
	}
	columns, rows = min(max(columns, 1), maxSpan), min(max(rows, 1), maxSpan)
	at := p.col
	p.sheet.AddFlagged(at, kind, text, 0, flags)
	p.merge(p.row, at, rows, columns)
	if rows > 1 {
		for len(p.until) < at+columns {
			p.until = append(p.until, 0)
		}
		for c := at; c < at+columns; c++ {
			p.until[c] = p.row + rows
		}
	}
	p.col += columns
	p.width = max(p.width, p.col)
	p.cells++
	if len(text) > 0 {
		p.inRow++
	}
}

// merge tells a cell of several rows or columns. When all of them together
// cover more than a sheet may hold, the rest stay single cells.
func (p *page) merge(row, col, rows, columns int) {
	if rows <= 1 && columns <= 1 || p.covered+rows*columns > maxCovered {
		return
	}
	p.covered += rows * columns
	p.sheet.Merge(grid.Range{Top: row, Left: col, Bottom: row + rows - 1, Right: col + columns - 1})
}

// tablesOf analyses the pages of a file.
func tablesOf(ctx context.Context, src *tabular.Source, pages []*page, format string, opt tabular.Options) ([]tabular.Found, error) {
	var out []tabular.Found
	several := len(pages) > 1
	titles := map[string]int{}
	for i, p := range pages {
		p.endRow()
		p.sheet.Finish()
		if p.wide {
			return nil, tooLarge("请另存为 XLSX 或拆分后再上传。", "文件里的表格超过 %d 列。", maxWidth)
		}
		if p.sheet.Full() {
			return nil, tooLarge("请分成几个文件上传。", "文件里的表格过大，放不下。")
		}
		path := "/"
		if several {
			path = fmt.Sprintf("/table[%d]", i+1)
		}
		area, use := areaOf(path, p.sheet.Name, opt)
		if !use {
			continue
		}
		blocks, rest := grid.Analyse(ctx, p.sheet, area)
		for k, b := range blocks {
			name := stem(src.Name)
			if several {
				name = fmt.Sprintf("%s/%d", name, i+1)
				if p.sheet.Name != "" {
					name = stem(src.Name) + "/" + p.sheet.Name
				}
			}
			if len(blocks) > 1 {
				name = fmt.Sprintf("%s_%d", name, k+1)
			}
			if title := titleOf(p, b, len(blocks)); title != "" && p.sheet.Name == "" && (several || len(blocks) > 1) {
				if titles[title]++; titles[title] > 1 {
					title = fmt.Sprintf("%s（%d）", title, titles[title])
				}
				name = title
			}
			f := b.Found(name, format)
			f.Place.Path, f.Area.Path = path, path
			if p.title != "" {
				f.Notes = append([]tabular.Note{{Kind: "title", Text: p.title, Place: path}}, f.Notes...)
				read := f.Read
				f.Read = func(ctx context.Context, emit func(*tabular.Batch) error, reject func(tabular.Reject) error) (tabular.Tally, error) {
					t, err := read(ctx, emit, reject)
					t.Notes++ // the title stands outside the table's own rows
					t.Physical++
					return t, err
				}
			}
			out = append(out, f)
		}
		if len(blocks) == 0 && len(out) > 0 {
			for _, n := range rest {
				out[len(out)-1].Questions = append(out[len(out)-1].Questions, "这段文字不属于任何一张表："+clip([]byte(n.Text), 200))
			}
		}
	}
	return out, nil
}

// areaOf turns what a person said of a table into options of grid; use is
// false when tables were named and this is none of them.
func areaOf(path, sheet string, opt tabular.Options) (grid.Options, bool) {
	if len(opt.Tables) == 0 {
		return grid.Options{}, true
	}
	for _, a := range opt.Tables {
		if a.Path != path && (a.Path != "" || a.Sheet != sheet) {
			continue
		}
		o := grid.Options{HeaderRows: a.HeaderRows}
		if r, ok := grid.ParseRange(a.Range); ok {
			o.Area = &r
		}
		return o, true
	}
	return grid.Options{}, false
}

// foldText folds blanks as a browser does and trims.
func foldText(b []byte) []byte {
	b = bytes.ReplaceAll(b, []byte("\u00a0"), []byte(" "))
	lines := bytes.Split(b, []byte("\v")) // \v stands for a break that is meant
	for i, l := range lines {
		lines[i] = bytes.Join(bytes.Fields(l), []byte(" "))
	}
	return bytes.TrimSpace(bytes.Join(lines, []byte("\n")))
}

// A streamAt lets a stream be read as if at random, from its beginning on.
type streamAt struct {
	r  io.Reader
	at int64
}

func (s *streamAt) ReadAt(b []byte, off int64) (int, error) {
	if off != s.at {
		return 0, fmt.Errorf("read at %d of a stream that is at %d", off, s.at)
	}
	n, err := io.ReadFull(s.r, b)
	s.at += int64(n)
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	return n, err
}

// titleOf is the name that a block's own title gives, or the page's when the
// page holds no other.
func titleOf(p *page, b *grid.Block, blocks int) string {
	if t := b.Title(); t != "" || blocks > 1 {
		return t
	}
	return grid.TitleName(p.title)
}
