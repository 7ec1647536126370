package messy

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/xuri/excelize/v2"
)

// A Case is one file and the truth about it.
type Case struct {
	Name   string
	Format string // xlsx or csv
	Bytes  []byte
	Tables []Table
	Traits []string // what was put in, for finding weak points
}

// A Table is the truth about one table.
type Table struct {
	Sheet      string
	Hidden     bool
	Range      string // A1:C9
	HeaderRows int
	Names      []string
	Rows       [][]string
	Notes      []Note
}

// A Note is a line that is no data row.
type Note struct {
	Kind  string // title, unit, note, source, section, subtotal, total, signature
	Place string
}

// A cell of the page being written.
type cell struct {
	text  string // as it must be read
	value any    // as it is stored in a workbook
	style string // "", bold, pct, date, code
}

type page struct {
	name    string
	hidden  bool
	cells   map[[2]int]cell
	merges  [][4]int // top, left, bottom, right
	rows    int
	hideRow []int
}

func newPage(name string) *page { return &page{name: name, cells: map[[2]int]cell{}} }

func (p *page) put(r, c int, v any, style string) {
	x := cell{value: v, style: style}
	x.text = Text(v)
	p.cells[[2]int{r, c}] = x
	p.rows = max(p.rows, r+1)
}

func (p *page) merge(r0, c0, r1, c1 int) {
	if r0 != r1 || c0 != c1 {
		p.merges = append(p.merges, [4]int{r0, c0, r1, c1})
	}
	p.rows = max(p.rows, r1+1)
}

// A1 names a cell.
func A1(r, c int) string {
	n, err := excelize.CoordinatesToCellName(c+1, r+1)
	if err != nil {
		panic(err)
	}
	return n
}

// Make returns n files for a seed.
func Make(seed uint64, n int) []Case {
	out := make([]Case, 0, n)
	for i := range n {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		out = append(out, one(rng, fmt.Sprintf("%03d", i)))
	}
	return out
}

func one(rng *rand.Rand, name string) Case {
	m := &maker{Rand: rng, loc: pick(rng, locales)}
	if rng.IntN(10) < 5 {
		m.loc = locales[0]
	}
	if rng.IntN(100) < 18 {
		m.loc = unheard(rng)
	}
	m.csv = rng.IntN(10) < 3
	c := Case{Name: name, Format: "xlsx"}
	if m.csv {
		c.Format = "csv"
	}
	pages := m.file()
	c.Tables, c.Traits = m.tables, m.traits
	if m.csv {
		c.Bytes = writeCSV(pages[0], m.tables)
	} else {
		c.Bytes = writeXLSX(pages)
	}
	return c
}

func writeCSV(p *page, tables []Table) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	width := 0
	for k := range p.cells {
		width = max(width, k[1]+1)
	}
	for r := range p.rows {
		rec := make([]string, width)
		for c := range width {
			rec[c] = p.cells[[2]int{r, c}].text
		}
		if err := w.Write(rec); err != nil {
			panic(err)
		}
	}
	w.Flush()
	return b.Bytes()
}

func writeXLSX(pages []*page) []byte {
	f := excelize.NewFile()
	styles := map[string]int{}
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	style := func(kind string) int {
		if id, ok := styles[kind]; ok {
			return id
		}
		s := &excelize.Style{}
		switch kind {
		case "bold":
			s.Font = &excelize.Font{Bold: true}
			s.Alignment = &excelize.Alignment{Horizontal: "center", WrapText: true}
		case "fill":
			s.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"DDEBF7"}}
		case "pct":
			s.NumFmt = 10
		case "date":
			f := `yyyy"年"m"月"d"日"`
			s.CustomNumFmt = &f
		case "datetime":
			f := `yyyy-mm-dd hh:mm`
			s.CustomNumFmt = &f
		}
		id, err := f.NewStyle(s)
		must(err)
		styles[kind] = id
		return id
	}
	for i, p := range pages {
		if i == 0 {
			must(f.SetSheetName("Sheet1", p.name))
		} else {
			_, err := f.NewSheet(p.name)
			must(err)
		}
		for k, c := range p.cells {
			at := A1(k[0], k[1])
			if d, ok := c.value.(day); ok {
				must(f.SetCellValue(p.name, at, d.serial()))
			} else {
				must(f.SetCellValue(p.name, at, c.value))
			}
			if c.style != "" {
				must(f.SetCellStyle(p.name, at, at, style(c.style)))
			}
		}
		for _, m := range p.merges {
			must(f.MergeCell(p.name, A1(m[0], m[1]), A1(m[2], m[3])))
		}
		for _, r := range p.hideRow {
			must(f.SetRowVisible(p.name, r+1, false))
		}
	}
	for i, p := range pages {
		if p.hidden && i > 0 {
			must(f.SetSheetVisible(p.name, false))
		}
	}
	b, err := f.WriteToBuffer()
	must(err)
	must(f.Close())
	return b.Bytes()
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func unique(names []string) []string {
	seen := map[string]int{}
	out := make([]string, len(names))
	for i, n := range names {
		if n == "" {
			n = fmt.Sprintf("column_%d", i+1)
		}
		seen[n]++
		if seen[n] > 1 {
			n = fmt.Sprintf("%s_%d", n, seen[n])
		}
		out[i] = n
	}
	return out
}

func fold(s string) string { return strings.Join(strings.Fields(s), " ") }
