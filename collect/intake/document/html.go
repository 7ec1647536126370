package document

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"shuniu/collect/intake/grid"
	"shuniu/collect/intake/tabular"
)

const maxHTML = 512 << 20 // bytes of an HTML file

// FindHTML finds the tables of an HTML page, also of one that calls itself
// .xls: each <table> is a sheet of cells with its spans, in which titles,
// headers of several rows, totals and notes are found as in a workbook. A
// caption, or the heading above, is a title. A table that only lays out others
// is none. The source is UTF-8. Row numbers count the table's <tr> from 1.
func FindHTML(ctx context.Context, src *tabular.Source, opt tabular.Options) ([]tabular.Found, error) {
	if src.Size == 0 {
		return nil, emptyFile()
	}
	if src.Size > maxHTML {
		return nil, tooLarge("请让原系统导出为 CSV 或 XLSX，或分批导出。", "HTML 文件有 %s，超过 %s。", sizeText(src.Size), sizeText(maxHTML))
	}
	h := &htmlReader{z: html.NewTokenizer(io.NewSectionReader(src, 0, src.Size))}
	h.z.SetMaxBuf(cellBytes)
	if err := h.read(ctx); err != nil {
		return nil, err
	}
	if !h.known { // no tag of HTML that is not one of anybody's XML: then it may be XML
		if found, err := FindXML(ctx, src, opt); err == nil {
			return found, nil
		}
	}
	pages := make([]*page, 0, len(h.pages))
	for _, p := range h.pages {
		if p.row < 0 || p.cells == 0 || p.nested && (p.filled < 2 || p.width < 2) {
			continue
		}
		pages = append(pages, p)
	}
	return tablesOf(ctx, src, pages, "html", opt)
}

// An htmlTable is a table that is open while the page is read.
type htmlTable struct {
	*page
	inCell        bool
	text          []byte
	columns, rows int
	header        bool
	caption       bool
}

// An htmlReader turns tokens into pages.
type htmlReader struct {
	z       *html.Tokenizer
	pages   []*page
	open    []*htmlTable
	heading []byte
	inHead  bool // in h1 to h6
	mute    int  // in script, style, head …
	cells   int
	known   bool // tags were seen that are of HTML beyond doubt
}

func (h *htmlReader) read(ctx context.Context) error {
	for n := 0; ; n++ {
		if n&4095 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		kind := h.z.Next()
		switch kind {
		case html.ErrorToken:
			for len(h.open) > 0 {
				h.endTable()
			}
			if err := h.z.Err(); !errors.Is(err, io.EOF) {
				if errors.Is(err, html.ErrBufferExceeded) {
					return tooLarge("请让原系统导出为 CSV 或 XLSX。", "HTML 里有一段内容超过 %s。", sizeText(cellBytes))
				}
				return fmt.Errorf("read html: %w", err)
			}
			return nil
		case html.TextToken:
			if h.mute == 0 {
				h.words(h.z.Text())
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			if err := h.start(kind == html.SelfClosingTagToken); err != nil {
				return err
			}
		case html.EndTagToken:
			name, _ := h.z.TagName()
			h.end(atom.Lookup(name))
		case html.CommentToken, html.DoctypeToken:
		}
	}
}

func (h *htmlReader) top() *htmlTable {
	if len(h.open) == 0 {
		return nil
	}
	return h.open[len(h.open)-1]
}

func (h *htmlReader) words(b []byte) {
	t := h.top()
	switch {
	case t != nil && (t.inCell || t.caption):
		if len(t.text)+len(b) <= 1<<20 {
			t.text = append(t.text, b...)
		}
	case t == nil && h.inHead && len(h.heading) < sampleBytes:
		h.heading = append(h.heading, b...)
	}
}

func (h *htmlReader) start(closed bool) error {
	name, more := h.z.TagName()
	a := atom.Lookup(name)
	switch a {
	case atom.Html, atom.Td, atom.Th, atom.Tr, atom.Div, atom.Span, atom.P, atom.Meta, atom.Br:
		h.known = true
	default:
	}
	switch a {
	case atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Title:
		if !closed {
			h.mute++
		}
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		if len(h.open) == 0 {
			h.heading, h.inHead = h.heading[:0], true
		}
	case atom.Table:
		return h.startTable()
	case atom.Caption:
		if t := h.top(); t != nil && !closed {
			h.endCell(t)
			t.caption, t.text = true, t.text[:0]
		}
	case atom.Tr:
		if t := h.top(); t != nil {
			h.endCell(t)
			t.startRow()
		}
	case atom.Td, atom.Th:
		if t := h.top(); t != nil {
			h.endCell(t)
			return h.startCell(t, a == atom.Th, more)
		}
	case atom.Br, atom.P, atom.Div, atom.Li:
		if t := h.top(); t != nil && t.inCell {
			t.text = append(t.text, '\v')
		}
	case atom.Input:
		return h.input(more)
	default:
	}
	return nil
}

// input takes the value of a text field that stands in a cell.
func (h *htmlReader) input(more bool) error {
	t := h.top()
	if t == nil || !t.inCell {
		return nil
	}
	value, kind := []byte(nil), ""
	for more {
		var k, v []byte
		k, v, more = h.z.TagAttr()
		switch string(k) {
		case "value":
			value = v
		case "type":
			kind = strings.ToLower(string(v))
		}
	}
	if kind == "" || kind == "text" || kind == "number" {
		h.words(value)
	}
	return nil
}

func (h *htmlReader) startTable() error {
	if len(h.open) >= 64 || len(h.pages) >= 10_000 {
		return tooLarge("请另存为只含数据表格的网页后再上传。", "HTML 里的表格过多或嵌套过深。")
	}
	if t := h.top(); t != nil {
		t.nested = true
	}
	t := &htmlTable{page: newPage("")}
	t.title = string(foldText(h.heading))
	h.heading = h.heading[:0]
	h.open = append(h.open, t)
	h.pages = append(h.pages, t.page)
	return nil
}

func (h *htmlReader) startCell(t *htmlTable, header, more bool) error {
	if t.row < 0 {
		t.startRow()
	}
	if h.cells++; h.cells > maxPageCells {
		return tooLarge("请让原系统导出为 CSV 或 XLSX，或分批导出。", "HTML 里的单元格超过 %d 个。", maxPageCells)
	}
	t.inCell, t.header, t.text, t.columns, t.rows = true, header, t.text[:0], 1, 1
	for more {
		var k, v []byte
		k, v, more = h.z.TagAttr()
		switch string(k) {
		case "colspan":
			t.columns = spanOf(v)
		case "rowspan":
			t.rows = spanOf(v)
		}
	}
	return nil
}

func spanOf(v []byte) int {
	n, err := strconv.Atoi(strings.TrimSpace(string(v)))
	if err != nil {
		return 1
	}
	return min(max(n, 1), maxSpan)
}

func (h *htmlReader) endCell(t *htmlTable) {
	switch {
	case t.caption:
		t.caption = false
		if text := foldText(t.text); len(text) > 0 {
			t.title = string(text)
		}
	case t.inCell:
		t.inCell = false
		flags := uint8(0)
		if t.header {
			flags = grid.Emphasis
		}
		t.add(grid.Text, foldText(t.text), t.columns, t.rows, flags)
	}
}

func (h *htmlReader) endTable() {
	t := h.top()
	h.endCell(t)
	h.open = h.open[:len(h.open)-1]
}

func (h *htmlReader) end(a atom.Atom) {
	t := h.top()
	switch a {
	case atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Title:
		h.mute = max(h.mute-1, 0)
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		h.inHead = false
	case atom.Table:
		if t != nil {
			h.endTable()
		}
	case atom.Td, atom.Th, atom.Tr, atom.Caption:
		if t != nil {
			h.endCell(t)
		}
	default:
	}
}
