package document

import (
	"bytes"
	"context"
	"strconv"
	"strings"

	"shuniu/collect/intake/grid"
	"shuniu/collect/intake/tabular"
)

// isSpreadsheet reports whether the shape is that of a workbook saved as XML.
func isSpreadsheet(root *node) bool {
	if root.name != "Workbook" {
		return false
	}
	sheet := child(root, "Worksheet")
	return sheet != nil && child(sheet, "Table") != nil
}

// findSpreadsheet reads SpreadsheetML 2003 as sheets of cells.
// Source: Microsoft, XML Spreadsheet Reference (Office XP).
func findSpreadsheet(ctx context.Context, src *tabular.Source, opt tabular.Options) ([]tabular.Found, error) {
	m := &spreadsheetReader{docxReader: docxReader{r: newXMLReader(ctx, src)}}
	if err := m.read(); err != nil {
		return nil, (&xmlDoc{src: src}).refusal(err)
	}
	return tablesOf(ctx, src, m.pages, "xml", opt)
}

// A spreadsheetReader turns worksheets into pages.
type spreadsheetReader struct{ docxReader }

func (m *spreadsheetReader) read() error {
	for {
		kind, err := m.r.next()
		if err != nil || kind == xmlEnded {
			return err
		}
		if kind == xmlStart && string(m.r.name) == "Worksheet" {
			p := newPage(m.attr("@Name"))
			m.pages = append(m.pages, p)
			row := 0
			err := m.until(func(name string) (bool, error) {
				if name != "Row" {
					return false, nil
				}
				if n := m.number("@Index"); n > row && n <= 1<<20 {
					row = n
				} else {
					row++
				}
				p.row, p.col, p.inRow = row-1, 0, 0
				p.sheet.StartRow(p.row)
				return true, m.row(p)
			})
			if err != nil {
				return err
			}
		}
	}
}

func (m *spreadsheetReader) attr(name string) string {
	for _, a := range m.r.attrs {
		if string(a.name) == name {
			return string(a.value)
		}
	}
	return ""
}

func (m *spreadsheetReader) row(p *page) error {
	return m.until(func(name string) (bool, error) {
		if name != "Cell" {
			return false, nil
		}
		if m.cells++; m.cells > maxPageCells {
			return true, tooLarge("请另存为 XLSX 后再上传。", "表格里的单元格超过 %d 个。", maxPageCells)
		}
		if n := m.number("@Index"); n > 0 && n <= 16384 {
			p.col = n - 1
		}
		columns, rows := m.number("@MergeAcross")+1, m.number("@MergeDown")+1
		var text []byte
		kind, data := grid.Text, false
		err := m.until(func(name string) (bool, error) {
			if name != "Data" {
				return name == "Comment", m.pass(name == "Comment")
			}
			kind, data = spreadsheetKind(m.attr("@Type")), true
			var err error
			text, err = m.text(text)
			return true, err
		})
		if err != nil {
			return true, err
		}
		if data {
			kind, text = spreadsheetValue(kind, text)
		}
		at := p.col
		p.until = p.until[:0] // columns are numbered by the file itself
		p.sheet.AddFlagged(at, kind, text, 0, 0)
		columns, rows = min(columns, maxSpan), min(rows, maxSpan)
		p.merge(p.row, at, rows, columns)
		p.col = at + columns
		p.cells++
		return true, nil
	})
}

func (m *spreadsheetReader) pass(skip bool) error {
	if skip {
		return m.r.skip()
	}
	return nil
}

// text gathers all text of the element that just began.
func (m *spreadsheetReader) text(out []byte) ([]byte, error) {
	for depth := 1; depth > 0; {
		kind, err := m.r.next()
		if err != nil {
			return out, err
		}
		switch kind {
		case xmlStart:
			depth++
		case xmlEnd:
			depth--
		case xmlText:
			out = append(out, m.r.text...)
		case xmlEnded:
			return out, m.r.bad("内容到这里突然结束")
		}
	}
	return out, nil
}

func spreadsheetKind(name string) grid.Kind {
	switch name {
	case "Number":
		return grid.Number
	case "DateTime":
		return grid.DateTime
	case "Boolean":
		return grid.Bool
	case "Error":
		return grid.Error
	}
	return grid.Text
}

// spreadsheetValue writes a value as workbooks are written out: dates as
// 2024-03-05, with a time only when they have one; booleans true and false.
func spreadsheetValue(kind grid.Kind, v []byte) (grid.Kind, []byte) {
	v = bytes.TrimSpace(v)
	switch kind {
	case grid.DateTime:
		day, clock, timed := strings.Cut(string(v), "T")
		clock = strings.TrimSuffix(clock, ".000")
		switch {
		case timed && strings.Trim(clock, "0:.") == "":
			return grid.Date, []byte(day)
		case timed && day == "1899-12-31":
			return grid.Time, []byte(clock)
		case timed:
			return grid.DateTime, []byte(day + " " + clock)
		}
		return grid.Text, v
	case grid.Bool:
		if string(v) == "1" {
			return kind, []byte("true")
		}
		return kind, []byte("false")
	case grid.Number:
		if bytes.ContainsAny(v, "eE") {
			if plain, ok := plainNumber(string(v)); ok {
				return kind, []byte(plain)
			}
		}
	default:
	}
	return kind, v
}

// plainNumber writes a number with an exponent as plain digits.
func plainNumber(v string) (string, bool) {
	f, err := strconv.ParseFloat(v, 64)
	if err != nil {
		return "", false
	}
	return strconv.FormatFloat(f, 'f', -1, 64), true
}
