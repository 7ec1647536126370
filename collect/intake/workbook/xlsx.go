package workbook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"shuniu/collect/intake/grid"
)

// An xlsx is a workbook of Office Open XML, transitional or strict.
type xlsx struct {
	*archive
	sheets   []sheetPart
	strings  [][2]uint32     // begin and end in text
	raised   map[uint32]bool // strings that end in a superscript
	text     []byte
	styles   []style
	from1904 bool
}

type sheetPart struct {
	name   string
	part   string
	hidden bool
	chart  bool
}

// openXLSX reads everything but the sheets.
func openXLSX(a *archive) (*xlsx, error) {
	x := &xlsx{archive: a}
	book := "xl/workbook.xml"
	if rels, err := a.relations("_rels/.rels", ""); err == nil {
		for _, r := range rels {
			if strings.HasSuffix(r.kind, "/officeDocument") {
				book = r.target
			}
		}
	}
	if !a.has(book) {
		if a.has("xl/workbook.bin") {
			return nil, refuse("unknown", "这是二进制的 XLSB 工作簿。", "请用办公软件另存为 XLSX 再交。")
		}
		return nil, damaged("压缩包里没有工作簿。")
	}
	rels, err := a.relations(relsOf(book), path.Dir(book))
	if err != nil {
		return nil, err
	}
	if err := x.book(book, rels); err != nil {
		return nil, err
	}
	for _, r := range rels {
		switch {
		case strings.HasSuffix(r.kind, "/sharedStrings") && a.has(r.target):
			if err := x.sharedStrings(r.target); err != nil {
				return nil, err
			}
		case strings.HasSuffix(r.kind, "/styles") && a.has(r.target):
			if err := x.readStyles(r.target); err != nil {
				return nil, err
			}
		}
	}
	return x, nil
}

type relation struct{ id, kind, target string }

func relsOf(part string) string {
	return path.Join(path.Dir(part), "_rels", path.Base(part)+".rels")
}

func (a *archive) relations(part, base string) (map[string]relation, error) {
	out := map[string]relation{}
	err := a.each(part, maxSmallPart, func(s *scanner) error {
		if s.kind == tokStart && string(s.name) == "Relationship" && len(out) < maxParts {
			r := relation{id: s.attrText("Id"), kind: s.attrText("Type"), target: s.attrText("Target")}
			if !strings.HasPrefix(r.target, "/") {
				r.target = path.Join(base, r.target)
			}
			r.target = strings.TrimPrefix(r.target, "/")
			out[r.id] = r
		}
		return nil
	})
	return out, err
}

// each scans a whole part.
func (a *archive) each(part string, most int64, visit func(*scanner) error) error {
	rc, err := a.open(part, most)
	if err != nil {
		return err
	}
	s := newScanner(rc)
	for err = s.next(); err == nil; err = s.next() {
		if err = visit(s); err != nil {
			break
		}
	}
	if cerr := rc.Close(); cerr != nil && errors.Is(err, io.EOF) {
		err = cerr
	}
	return partError(part, err)
}

// partError says what went wrong with a part in words of the contract.
func partError(part string, err error) error {
	switch {
	case err == nil || errors.Is(err, io.EOF):
		return nil
	case errors.Is(err, errTooLarge) || errors.Is(err, grid.ErrTooLarge):
		return tooLarge(fmt.Sprintf("部件 %s 展开后太大，像是压缩炸弹或超出可读范围。", path.Base(part)))
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	if _, ok := asRefusal(err); ok {
		return err
	}
	return damaged(fmt.Sprintf("部件 %s 已损坏：%v。", path.Base(part), err))
}

func (x *xlsx) book(part string, rels map[string]relation) error {
	return x.each(part, maxSmallPart, func(s *scanner) error {
		if s.kind != tokStart {
			return nil
		}
		switch string(s.name) {
		case "workbookPr":
			v := s.attrText("date1904")
			x.from1904 = v == "1" || v == "true"
		case "sheet":
			r, ok := rels[s.attrText("id")]
			if !ok {
				return nil
			}
			if len(x.sheets) >= maxSheets {
				return tooManySheets()
			}
			state := s.attrText("state")
			x.sheets = append(x.sheets, sheetPart{
				name: string(xstring([]byte(s.attrText("name")))), part: r.target,
				hidden: state == "hidden" || state == "veryHidden",
				chart:  !strings.HasSuffix(r.kind, "/worksheet"),
			})
		}
		return nil
	})
}

func (x *xlsx) sharedStrings(part string) error {
	rc, err := x.open(part, 4<<30)
	if err != nil {
		return err
	}
	in := readAhead(rc)
	s := newScanner(in)
	begin, item, phonetic, isText, raised := 0, false, 0, false, false
	for err = s.next(); err == nil; err = s.next() {
		switch s.kind {
		case tokStart:
			switch string(s.name) {
			case "si":
				begin, item, raised = len(x.text), true, false
			case "r":
				raised = false
			case "vertAlign":
				raised = string(s.attr("val")) == "superscript"
			case "rPh":
				phonetic++
			case "t":
				isText = phonetic == 0 && item
			}
		case tokText:
			if isText {
				x.text = s.value(x.text)
				if len(x.text) > maxStrings {
					err = errTooLarge
				}
			}
		case tokEnd:
			switch string(s.name) {
			case "si":
				t := xstring(x.text[begin:])
				x.text = x.text[:begin+len(t)]
				if n := len(x.text); raised && n > begin && x.text[n-1] >= '0' && x.text[n-1] <= '9' && len(x.raised) < 1<<16 {
					if x.raised == nil {
						x.raised = map[uint32]bool{}
					}
					x.raised[uint32(len(x.strings))] = true
				}
				x.strings = append(x.strings, [2]uint32{uint32(begin), uint32(len(x.text))})
				item = false
				if len(x.strings) > maxCells {
					err = errTooLarge
				}
			case "rPh":
				phonetic--
			case "t":
				isText = false
			}
		}
		if err != nil {
			break
		}
	}
	if cerr := in.Close(); cerr != nil && errors.Is(err, io.EOF) {
		err = cerr
	}
	return partError(part, err)
}

func (x *xlsx) readStyles(part string) error {
	codes := map[int]string{}
	var bold, filled []bool
	where := ""
	depth := 0
	return x.each(part, maxSmallPart, func(s *scanner) error {
		if s.kind == tokEnd && s.depth == depth-1 && where != "" {
			where = ""
		}
		if s.kind != tokStart {
			return nil
		}
		switch name := string(s.name); name {
		case "fonts", "fills", "cellXfs", "cellStyleXfs", "dxfs", "borders", "cellStyles":
			if where == "" {
				where, depth = name, s.depth
			}
		case "numFmt":
			if where != "dxfs" && len(codes) < 65536 {
				id, _ := strconv.Atoi(s.attrText("numFmtId"))
				codes[id] = s.attrText("formatCode")
			}
		case "font":
			if where == "fonts" && len(bold) < 65536 {
				bold = append(bold, false)
			}
		case "b":
			if where == "fonts" && len(bold) > 0 {
				v := s.attrText("val")
				bold[len(bold)-1] = v != "0" && v != "false"
			}
		case "fill":
			if where == "fills" && len(filled) < 65536 {
				filled = append(filled, false)
			}
		case "patternFill":
			if where == "fills" && len(filled) > 0 {
				p := s.attrText("patternType")
				filled[len(filled)-1] = p != "" && p != "none" && p != "gray125"
			}
		case "xf":
			if where != "cellXfs" || len(x.styles) >= 65535 {
				return nil
			}
			id, _ := strconv.Atoi(s.attrText("numFmtId"))
			font, _ := strconv.Atoi(s.attrText("fontId"))
			fill, _ := strconv.Atoi(s.attrText("fillId"))
			st := style{shown: builtin(id)}
			if code, ok := codes[id]; ok {
				st.shown, st.zeros = formatShown(code)
			}
			st.emph = font > 0 && font < len(bold) && bold[font] || font == 0 && len(bold) > 0 && bold[0] || fill > 0 && fill < len(filled) && filled[fill]
			x.styles = append(x.styles, st)
		}
		return nil
	})
}

// load reads one sheet.
func (x *xlsx) load(ctx context.Context, k int) (*grid.Sheet, sheetFacts, error) {
	p := x.sheets[k]
	sheet := grid.NewSheet(p.name)
	sheet.Hidden, sheet.Typed = p.hidden, true
	var facts sheetFacts
	if p.chart {
		facts.chart = true
		sheet.Finish()
		return sheet, facts, nil
	}
	if !x.has(p.part) {
		return nil, facts, damaged(fmt.Sprintf("工作表“%s”的部件不在文件里。", p.name))
	}
	rc, err := x.open(p.part, maxPart)
	if err != nil {
		return nil, facts, err
	}
	in := readAhead(rc)
	r := &sheetReader{x: x, sheet: sheet, facts: &facts, ids: make([]uint32, len(x.strings))}
	err = r.read(ctx, newScanner(in))
	if cerr := in.Close(); cerr != nil && err == nil {
		err = cerr
	}
	if err == nil && sheet.Full() {
		err = errTooLarge
	}
	if err = partError(p.part, err); err != nil {
		return nil, facts, err
	}
	sheet.Finish()
	return sheet, facts, nil
}

type sheetReader struct {
	x     *xlsx
	sheet *grid.Sheet
	facts *sheetFacts
	ids   []uint32 // shared string to interned text
	work  []byte
	val   []byte
	merge int
}

func (r *sheetReader) read(ctx context.Context, s *scanner) error {
	row, col := -1, -1
	for {
		err := s.next()
		if errors.Is(err, io.EOF) {
			if s.depth > 0 {
				return errSyntax
			}
			return nil
		}
		if err != nil {
			return err
		}
		if s.kind != tokStart {
			continue
		}
		switch string(s.name) {
		case "row":
			row++
			if v, ok := attrOf(s.attrs, "r"); ok {
				n, ok := atoi(v)
				if !ok || n < 1 {
					return errSyntax
				}
				row = n - 1
			}
			if row >= maxRows {
				return errTooLarge
			}
			if v, ok := attrOf(s.attrs, "hidden"); ok && (string(v) == "1" || string(v) == "true") {
				r.sheet.HiddenRows++
			}
			col = -1
			r.sheet.StartRow(row)
			if row&1023 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
		case "c":
			if row < 0 {
				return errSyntax
			}
			col++
			if col, err = r.cell(s, col); err != nil {
				return err
			}
		case "col":
			if v := s.attr("hidden"); string(v) == "1" || string(v) == "true" {
				lo, _ := atoi(s.attr("min"))
				hi, _ := atoi(s.attr("max"))
				if hi >= lo && hi <= 256 { // beyond are the empty columns to the right
					r.sheet.HiddenCols += hi - lo + 1
				}
			}
		case "mergeCell":
			if g, ok := grid.ParseRange(s.attrText("ref")); ok && g.Bottom >= 0 && r.merge < 1<<20 {
				r.sheet.Merge(g)
				r.merge++
			}
		case "autoFilter":
			if g, ok := grid.ParseRange(s.attrText("ref")); ok {
				r.sheet.Headed(g.Top)
			}
		case "pane":
			if n, ok := atoi(s.attr("ySplit")); ok && n > 0 && s.attrText("state") != "split" {
				r.sheet.Headed(n - 1)
			}
		case "drawing":
			r.facts.drawing = true
		}
	}
}

func atoi(v []byte) (int, bool) {
	n := 0
	if len(v) == 0 || len(v) > 9 {
		return 0, false
	}
	for _, b := range v {
		if b < '0' || b > '9' {
			return 0, false
		}
		n = n*10 + int(b-'0')
	}
	return n, true
}

// cellRef reads the column of a reference such as AB12.
func cellRef(v []byte) (col, row int, ok bool) {
	i := 0
	for i < len(v) && i < 4 && v[i]|0x20 >= 'a' && v[i]|0x20 <= 'z' {
		col = col*26 + int(v[i]|0x20-'a') + 1
		i++
	}
	if i == 0 {
		return 0, 0, false
	}
	row, ok = atoi(v[i:])
	return col - 1, row - 1, ok
}

func (r *sheetReader) cell(s *scanner, col int) (int, error) {
	kind, id := byte('n'), 0
	for a := s.attrs; ; {
		name, v, rest, ok := nextAttr(a)
		if !ok {
			break
		}
		a = rest
		if len(name) != 1 {
			continue
		}
		switch name[0] {
		case 'r':
			c, _, ok := cellRef(v)
			if !ok {
				return 0, errSyntax
			}
			col = c
		case 's':
			id, _ = atoi(v)
		case 't':
			if len(v) > 0 {
				kind = v[0] // n, b, e, d; s: shared; i: inlineStr
				if string(v) == "str" {
					kind = 't'
				}
			}
		}
	}
	if col >= maxColumns {
		return 0, errTooLarge
	}
	if s.empty {
		return col, nil
	}
	var st style
	if id < len(r.x.styles) {
		st = r.x.styles[id]
	}
	depth := s.depth
	var flags uint8
	has := false
	r.val = r.val[:0]
	for s.depth >= depth {
		if err := s.next(); err != nil {
			return 0, broken(err)
		}
		if s.kind != tokStart {
			continue
		}
		switch string(s.name) {
		case "v":
			has = true
			if err := r.gather(s, false); err != nil {
				return 0, err
			}
		case "f":
			flags |= grid.Formula
			if err := s.skip(); err != nil {
				return 0, err
			}
		case "is":
			has = true
			if err := r.gather(s, true); err != nil {
				return 0, err
			}
		}
	}
	if flags&grid.Formula != 0 && len(r.val) == 0 && kind != 't' {
		r.facts.noCache++
		if r.facts.noCacheAt == "" {
			r.facts.noCacheAt = grid.ColumnName(col)
		}
	}
	if !has || len(r.val) == 0 {
		return col, nil
	}
	if r.sheet.Cells() >= maxCells {
		return 0, errTooLarge
	}
	if st.emph {
		flags |= grid.Emphasis
	}
	switch kind {
	case 's':
		n, ok := atoi(bytes.TrimSpace(r.val))
		if !ok || n >= len(r.x.strings) {
			r.facts.badString++
			return col, nil
		}
		if r.x.raised[uint32(n)] {
			r.facts.raised++
			if at := r.x.strings[n]; r.facts.raisedAs == "" {
				r.facts.raisedAs = string(r.x.text[at[0]:at[1]])
			}
		}
		if r.ids[n] == 0 {
			at := r.x.strings[n]
			if at[0] == at[1] {
				return col, nil
			}
			r.ids[n] = r.sheet.Intern(r.x.text[at[0]:at[1]])
		}
		r.sheet.AddShared(col, grid.Text, r.ids[n], uint16(id), flags)
	case 'i', 't':
		r.sheet.AddFlagged(col, grid.Text, xstring(r.val), uint16(id), flags)
	case 'b':
		v := "false"
		if r.val[0] == '1' || r.val[0] == 't' {
			v = "true"
		}
		r.sheet.AddFlagged(col, grid.Bool, []byte(v), uint16(id), flags)
	case 'e':
		r.sheet.AddFlagged(col, grid.Error, r.val, uint16(id), flags)
	case 'd':
		v := r.val
		k := grid.DateTime
		if t := bytes.IndexByte(v, 'T'); t > 0 {
			v[t] = ' '
			v = bytes.TrimSuffix(bytes.TrimSuffix(v, []byte("Z")), []byte(".000"))
			if bytes.HasSuffix(v, []byte(" 00:00:00")) && st.shown != asDateTime {
				v, k = v[:t], grid.Date
			}
		} else {
			k = grid.Date
		}
		r.sheet.AddFlagged(col, k, v, uint16(id), flags)
	default:
		if st.zeros > 0 {
			r.facts.pads(col, st.zeros, r.val)
		}
		r.work = put(r.sheet, col, r.val, st, uint16(id), r.x.from1904, flags, r.work)
	}
	return col, nil
}

// gather collects the text of the element just started; of rich text its t
// elements, without phonetic runs.
func (r *sheetReader) gather(s *scanner, rich bool) error {
	if s.empty {
		return s.next()
	}
	depth := s.depth
	phonetic, in := 0, !rich
	for s.depth >= depth {
		if err := s.next(); err != nil {
			return broken(err)
		}
		switch s.kind {
		case tokText:
			if in && phonetic == 0 {
				r.val = s.value(r.val)
			}
		case tokStart:
			if string(s.name) == "rPh" {
				phonetic++
			}
			in = !rich || string(s.name) == "t"
		case tokEnd:
			if string(s.name) == "rPh" {
				phonetic--
			}
			if rich {
				in = false
			}
		}
	}
	return nil
}
