package workbook

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"shuniu/collect/intake/grid"
)

// readSML reads SpreadsheetML 2003, the XML that old Office and many reporting
// tools write under the name .xls.
func readSML(ctx context.Context, s *scanner) (*memory, error) {
	m := &memory{}
	styles := map[string]style{}
	ids := map[string]uint16{}
	current := ""
	var sheet *grid.Sheet
	finish := func() {
		if sheet != nil {
			sheet.Finish()
			sheet = nil
		}
	}
	row, col, total := -1, -1, 0
	for {
		err := s.next()
		if errors.Is(err, io.EOF) {
			if s.depth > 0 {
				return nil, errSyntax
			}
			finish()
			return m, nil
		}
		if err != nil {
			return nil, err
		}
		if s.kind == tokText {
			continue
		}
		if s.kind == tokEnd {
			if string(s.name) == "Worksheet" {
				finish()
			}
			continue
		}
		switch string(s.name) {
		case "Style":
			current = s.attrText("ID")
			if len(styles) < 65535 {
				styles[current] = style{}
				ids[current] = uint16(len(ids) + 1)
			}
		case "NumberFormat":
			if st, ok := styles[current]; ok && sheet == nil {
				switch code := s.attrText("Format"); code {
				case "General Date":
					st.shown = asDateTime
				case "Short Date", "Medium Date", "Long Date":
					st.shown = asDate
				case "Short Time", "Medium Time", "Long Time":
					st.shown = asTime
				default:
					st.shown, st.zeros = formatShown(code)
				}
				styles[current] = st
			}
		case "Font":
			if st, ok := styles[current]; ok && sheet == nil && s.attrText("Bold") == "1" {
				st.emph = true
				styles[current] = st
			}
		case "Interior":
			if st, ok := styles[current]; ok && sheet == nil && s.attrText("Pattern") == "Solid" {
				st.emph = true
				styles[current] = st
			}
		case "Worksheet":
			finish()
			if len(m.sheets) >= maxSheets {
				return nil, tooManySheets()
			}
			sheet = grid.NewSheet(s.attrText("Name"))
			sheet.Typed = true
			m.sheets = append(m.sheets, sheet)
			m.facts = append(m.facts, sheetFacts{})
			row = -1
		case "Visible":
			if sheet != nil && !s.empty {
				if err := s.next(); err != nil {
					return nil, broken(err)
				}
				if s.kind == tokText && strings.HasPrefix(string(s.text), "SheetHidden") || s.kind == tokText && strings.HasPrefix(string(s.text), "SheetVeryHidden") {
					sheet.Hidden = true
				}
			}
		case "Row":
			if sheet == nil {
				continue
			}
			row++
			if n, ok := atoi(s.attr("Index")); ok && n > 0 {
				row = n - 1
			}
			if row >= maxRows {
				return nil, errTooLarge
			}
			if s.attrText("Hidden") == "1" {
				sheet.HiddenRows++
			}
			if row&1023 == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
			sheet.StartRow(row)
			col = -1
		case "Cell":
			if sheet == nil || row < 0 {
				continue
			}
			col++
			if n, ok := atoi(s.attr("Index")); ok && n > 0 {
				col = n - 1
			}
			if total++; col >= maxColumns || total > maxCells || sheet.Full() {
				return nil, errTooLarge
			}
			id := s.attrText("StyleID")
			across, _ := atoi(s.attr("MergeAcross"))
			down, _ := atoi(s.attr("MergeDown"))
			if across > 0 || down > 0 {
				sheet.Merge(grid.Range{Top: row, Left: col, Bottom: row + min(down, maxRows), Right: col + min(across, maxColumns)})
			}
			if s.empty {
				col += min(across, maxColumns)
				continue
			}
			if err := smlCell(s, sheet, col, styles[id], ids[id]); err != nil {
				return nil, err
			}
			col += min(across, maxColumns)
		}
	}
}

func smlCell(s *scanner, sheet *grid.Sheet, col int, st style, id uint16) error {
	depth := s.depth
	for s.depth >= depth {
		if err := s.next(); err != nil {
			return broken(err)
		}
		if s.kind != tokStart {
			continue
		}
		if string(s.name) != "Data" {
			if string(s.name) == "Comment" {
				if err := s.skip(); err != nil {
					return err
				}
			}
			continue
		}
		kind := s.attrText("Type")
		var text []byte
		if !s.empty {
			inner := s.depth
			for s.depth >= inner {
				if err := s.next(); err != nil {
					return broken(err)
				}
				if s.kind == tokText {
					text = s.value(text)
				}
			}
		}
		var flags uint8
		if st.emph {
			flags = grid.Emphasis
		}
		switch kind {
		case "Number":
			put(sheet, col, text, st, id, false, flags, nil)
		case "DateTime":
			k, v := isoDate(bytes.TrimSpace(text))
			switch {
			case bytes.HasPrefix(v, []byte("1899-12-31 ")):
				k, v = grid.Time, v[11:]
			case bytes.HasSuffix(v, []byte(" 00:00:00")) && st.shown != asDateTime:
				k, v = grid.Date, v[:len(v)-9]
			}
			sheet.AddFlagged(col, k, v, id, flags)
		case "Boolean":
			v := "false"
			if string(bytes.TrimSpace(text)) == "1" {
				v = "true"
			}
			sheet.AddFlagged(col, grid.Bool, []byte(v), id, flags)
		case "Error":
			sheet.AddFlagged(col, grid.Error, text, id, flags)
		default:
			sheet.AddFlagged(col, grid.Text, text, id, flags)
		}
	}
	return nil
}
