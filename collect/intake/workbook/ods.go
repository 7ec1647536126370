package workbook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"shuniu/collect/intake/grid"
)

// A memory is a workbook whose sheets are read in one pass and kept.
type memory struct {
	sheets []*grid.Sheet
	facts  []sheetFacts
}

func (m *memory) count() int { return len(m.sheets) }

func (m *memory) load(_ context.Context, k int) (*grid.Sheet, sheetFacts, error) {
	return m.sheets[k], m.facts[k], nil
}

// openODS reads content.xml of an OpenDocument spreadsheet.
func openODS(ctx context.Context, a *archive) (*memory, error) {
	if a.has("META-INF/manifest.xml") {
		locked := false
		err := a.each("META-INF/manifest.xml", maxSmallPart, func(s *scanner) error {
			locked = locked || s.kind == tokStart && string(s.name) == "encryption-data"
			return nil
		})
		if err != nil {
			return nil, err
		}
		if locked {
			return nil, encrypted()
		}
	}
	rc, err := a.open("content.xml", maxPart)
	if err != nil {
		return nil, err
	}
	in := readAhead(rc)
	m, err := readODS(ctx, newScanner(in))
	if cerr := in.Close(); cerr != nil && err == nil {
		err = cerr
	}
	return m, partError("content.xml", err)
}

// maxRepeat bounds the copies of a filled row or cell that are made; blanks
// are only counted.
const maxRepeat = 1 << 16

type odsReader struct {
	stop   func() error
	s      *scanner
	m      *memory
	hidden map[string]bool // table styles
	emph   map[string]bool // cell styles
	sheet  *grid.Sheet
	facts  *sheetFacts
	row    int
	cells  []odsCell // of the row being read
	total  int
	text   []byte
	copies int
}

type odsCell struct {
	col, repeat, across, down int
	kind                      grid.Kind
	flags                     uint8
	text                      []byte
}

func readODS(ctx context.Context, s *scanner) (*memory, error) {
	r := &odsReader{stop: ctx.Err, s: s, m: &memory{}, hidden: map[string]bool{}, emph: map[string]bool{}}
	style, family := "", ""
	for {
		err := s.next()
		if errors.Is(err, io.EOF) {
			if s.depth > 0 {
				return nil, errSyntax
			}
			return r.m, nil
		}
		if err != nil {
			return nil, err
		}
		if s.kind != tokStart {
			continue
		}
		switch string(s.name) {
		case "style":
			style, family = s.attrText("name"), s.attrText("family")
		case "table-properties":
			if family == "table" && string(s.attr("display")) == "false" && len(r.hidden) < 65536 {
				r.hidden[style] = true
			}
		case "text-properties":
			if family == "table-cell" && strings.HasPrefix(s.attrText("font-weight"), "bold") && len(r.emph) < 65536 {
				r.emph[style] = true
			}
		case "table-cell-properties":
			if bg := s.attrText("background-color"); family == "table-cell" && bg != "" && bg != "transparent" && bg != "#ffffff" && len(r.emph) < 65536 {
				r.emph[style] = true
			}
		case "tracked-changes", "forms", "shapes":
			if err := s.skip(); err != nil {
				return nil, err
			}
		case "table":
			if err := r.table(); err != nil {
				return nil, err
			}
		}
	}
}

func (r *odsReader) table() error {
	s := r.s
	if len(r.m.sheets) >= maxSheets {
		return tooManySheets()
	}
	r.sheet = grid.NewSheet(s.attrText("name"))
	r.sheet.Typed = true
	r.sheet.Hidden = r.hidden[s.attrText("style-name")]
	r.m.sheets = append(r.m.sheets, r.sheet)
	r.m.facts = append(r.m.facts, sheetFacts{})
	r.facts = &r.m.facts[len(r.m.facts)-1]
	r.row = 0
	for depth := s.depth; s.depth >= depth; {
		if err := s.next(); err != nil {
			return broken(err)
		}
		if s.kind != tokStart {
			continue
		}
		switch string(s.name) {
		case "table-row":
			if err := r.tableRow(); err != nil {
				return err
			}
		case "table-column":
			if v := s.attrText("visibility"); v == "collapse" || v == "filter" {
				r.sheet.HiddenCols += min(repeatOf(s, "number-columns-repeated"), 256)
			}
		case "frame", "object":
			r.facts.drawing = true
		case "shapes", "forms", "named-expressions":
			if err := s.skip(); err != nil {
				return err
			}
		}
	}
	if r.sheet.Full() {
		return errTooLarge
	}
	r.sheet.Finish()
	return nil
}

func repeatOf(s *scanner, name string) int {
	n, ok := atoi(s.attr(name))
	if !ok || n < 1 {
		if len(s.attr(name)) > 9 {
			return 1 << 30
		}
		return 1
	}
	return n
}

func (r *odsReader) tableRow() error {
	s := r.s
	repeat := repeatOf(s, "number-rows-repeated")
	if v := s.attrText("visibility"); v == "collapse" || v == "filter" {
		defer func(before int) {
			if r.sheet.Cells() > before {
				r.sheet.HiddenRows += min(repeat, 1024)
			}
		}(r.sheet.Cells())
	}
	r.cells = r.cells[:0]
	col := 0
	for depth := s.depth; s.depth >= depth; {
		if err := s.next(); err != nil {
			return broken(err)
		}
		if s.kind != tokStart {
			continue
		}
		switch string(s.name) {
		case "table-cell", "covered-table-cell":
			n := repeatOf(s, "number-columns-repeated")
			if err := r.tableCell(col, n); err != nil {
				return err
			}
			if col += n; col > 1<<30 {
				return errTooLarge
			}
		}
	}
	return r.flush(repeat)
}

// flush adds the row, as often as it is repeated.
func (r *odsReader) flush(repeat int) error {
	if len(r.cells) == 0 {
		r.row += min(repeat, 1<<30-r.row)
		return nil
	}
	if r.row&1023 == 0 {
		if err := r.stop(); err != nil {
			return err
		}
	}
	made := repeat
	if made > 1 {
		if made > maxRepeat || r.copies+made > 1<<20 {
			made = max(1, min(maxRepeat, 1<<20-r.copies))
			r.facts.capped = true
		}
		r.copies += made
	}
	width := 0
	for _, c := range r.cells {
		width += min(c.repeat, maxColumns+1)
	}
	if made > 1 && made*width > 2<<20 { // nobody fills millions of cells with the same
		return errTooLarge
	}
	for k := range made {
		if r.row >= maxRows {
			return errTooLarge
		}
		r.sheet.StartRow(r.row)
		for _, c := range r.cells {
			n := c.repeat
			if n > 1024 && c.col+n > 1024 {
				n = max(1, 1024-c.col)
				r.facts.capped = true
			}
			if c.col+n > maxColumns {
				return errTooLarge
			}
			if r.total += n; r.total > maxCells {
				return errTooLarge
			}
			id := r.sheet.Intern(c.text)
			for i := range n {
				r.sheet.AddShared(c.col+i, c.kind, id, 0, c.flags)
			}
			if k == 0 && (c.across > 1 || c.down > 1) {
				r.sheet.Merge(grid.Range{Top: r.row, Left: c.col, Bottom: r.row + c.down - 1, Right: c.col + c.across - 1})
			}
		}
		r.row++
	}
	r.row += repeat - made
	return nil
}

func (r *odsReader) tableCell(col, repeat int) error {
	s := r.s
	isCovered := string(s.name) == "covered-table-cell"
	c := odsCell{col: col, repeat: repeat, across: 1, down: 1}
	c.across = min(repeatOf(s, "number-columns-spanned"), maxColumns)
	c.down = min(repeatOf(s, "number-rows-spanned"), maxRows)
	kind := s.attrText("value-type")
	attrs := s.attrs
	value := func(name string) []byte {
		v, _ := attrOf(attrs, name)
		return unescape(nil, v)
	}
	var stored []byte
	switch kind {
	case "float", "percentage", "currency":
		stored = value("value")
	case "date":
		stored = value("date-value")
	case "time":
		stored = value("time-value")
	case "boolean":
		stored = value("boolean-value")
	case "string":
		stored = value("string-value")
	}
	if r.emph[string(value("style-name"))] {
		c.flags |= grid.Emphasis
	}
	if v, ok := attrOf(attrs, "formula"); ok && len(v) > 0 {
		c.flags |= grid.Formula
	}
	failed := bytes.Contains(attrs, []byte(`calcext:value-type="error"`))
	r.text = r.text[:0]
	if !s.empty {
		if err := r.paragraphs(); err != nil {
			return err
		}
	} else if err := s.next(); err != nil {
		return broken(err)
	}
	if isCovered {
		return nil
	}
	switch {
	case failed:
		c.kind, c.text = grid.Error, bytes.Clone(r.text)
	case kind == "float" || kind == "percentage" || kind == "currency":
		c.kind = grid.Number
		var ok bool
		if c.text, ok = decimal(nil, stored); !ok {
			c.kind, c.text = grid.Text, bytes.Clone(r.text)
		}
	case kind == "date":
		c.kind, c.text = isoDate(stored)
	case kind == "time":
		c.kind, c.text = isoTime(stored)
	case kind == "boolean":
		c.kind, c.text = grid.Bool, stored
	default:
		c.kind, c.text = grid.Text, bytes.Clone(r.text)
		if len(c.text) == 0 && len(stored) > 0 {
			c.text = stored
		}
	}
	if len(c.text) == 0 {
		if c.flags&grid.Formula != 0 && kind != "string" {
			r.facts.noCache++
			r.facts.noCacheAt = grid.ColumnName(col)
		}
		return nil
	}
	r.cells = append(r.cells, c)
	return nil
}

// isoDate reads 2024-03-05 or 2024-03-05T13:45:00.
func isoDate(v []byte) (grid.Kind, []byte) {
	t := bytes.IndexByte(v, 'T')
	if t < 0 {
		return grid.Date, v
	}
	out := append(bytes.Clone(v[:t]), ' ')
	clockPart := bytes.TrimSuffix(v[t+1:], []byte("Z"))
	if k := bytes.IndexByte(clockPart, '.'); k >= 0 && len(bytes.Trim(clockPart[k+1:], "0")) == 0 {
		clockPart = clockPart[:k]
	}
	if len(clockPart) == 5 {
		clockPart = append(bytes.Clone(clockPart), ":00"...)
	}
	return grid.DateTime, append(out, clockPart...)
}

// isoTime reads PT13H45M00S.
func isoTime(v []byte) (grid.Kind, []byte) {
	var ms float64
	num := ""
	for _, b := range v {
		switch {
		case b >= '0' && b <= '9' || b == '.' || b == ',':
			if b == ',' {
				b = '.'
			}
			num += string(rune(b))
		case b == 'H' || b == 'M' || b == 'S' || b == 'D':
			f, err := strconv.ParseFloat(num, 64)
			if err != nil || f > 1e7 {
				return grid.Text, v
			}
			num = ""
			ms += f * map[byte]float64{'D': 86400000, 'H': 3600000, 'M': 60000, 'S': 1000}[b]
		case b == 'P' || b == 'T':
		default:
			return grid.Text, v
		}
	}
	return grid.Time, clock(nil, int64(ms+0.5))
}

// paragraphs gathers the text of the cell just started; paragraphs are joined
// by line breaks, remarks on the cell are left out.
func (r *odsReader) paragraphs() error {
	s := r.s
	depth := s.depth
	paras, inPara := 0, 0
	for s.depth >= depth {
		if err := s.next(); err != nil {
			return broken(err)
		}
		switch s.kind {
		case tokText:
			if inPara > 0 {
				r.text = s.value(r.text)
			}
		case tokStart:
			switch string(s.name) {
			case "annotation", "table", "ruby-text", "note":
				if err := s.skip(); err != nil {
					return err
				}
			case "p", "h":
				if paras > 0 && inPara == 0 {
					r.text = append(r.text, '\n')
				}
				paras++
				inPara++
			case "s":
				n := 1
				if v, ok := attrOf(s.attrs, "c"); ok {
					n, _ = atoi(v)
				}
				r.text = append(r.text, bytes.Repeat([]byte{' '}, min(n, 4096))...)
			case "tab":
				r.text = append(r.text, '\t')
			case "line-break":
				r.text = append(r.text, '\n')
			case "frame", "image", "object":
				r.facts.drawing = true
			}
			if len(r.text) > maxToken {
				return fmt.Errorf("cell text: %w", errTooLarge)
			}
		case tokEnd:
			if n := string(s.name); (n == "p" || n == "h") && inPara > 0 {
				inPara--
			}
		}
	}
	return nil
}
