package document

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/klauspost/compress/zip"

	"shuniu/collect/intake/grid"
	"shuniu/collect/intake/tabular"
)

const maxPart = 512 << 20 // inflated bytes of a part of an office document

// FindDOCX finds the tables of a Word document: each is a sheet of cells with
// its merges, in which titles, headers of several rows, totals and notes are
// found as in a workbook; a short paragraph above it is its title. A document
// without tables has none and no error. Row numbers count the table's rows
// from 1.
func FindDOCX(ctx context.Context, src *tabular.Source, opt tabular.Options) ([]tabular.Found, error) {
	const hint = "请用 Word 或 WPS 打开，另存一份后再上传。"
	zr, err := zip.NewReader(src, src.Size)
	if err != nil {
		return nil, damaged(hint, "DOCX 文件打不开，可能没有传完。")
	}
	i := 0
	for i < len(zr.File) && zr.File[i].Name != "word/document.xml" {
		i++
	}
	if i == len(zr.File) {
		return nil, damaged(hint, "DOCX 文件里没有正文。")
	}
	if zr.File[i].UncompressedSize64 > maxPart {
		return nil, tooLarge(hint, "DOCX 的正文解压后有 %s，超过 %s。", sizeText(int64(min(zr.File[i].UncompressedSize64, 1<<62))), sizeText(maxPart))
	}
	part, err := zr.File[i].Open()
	if err != nil {
		return nil, damaged(hint, "DOCX 的正文读不出来。")
	}
	w := &docxReader{}
	body := &tabular.Source{Name: src.Name, Size: int64(zr.File[i].UncompressedSize64), ReaderAt: &streamAt{r: io.LimitReader(part, maxPart)}}
	w.r = &xmlReader{window: newWindow(ctx, body)}
	err = w.read()
	if closeErr := part.Close(); err == nil && closeErr != nil {
		err = closeErr
	}
	if err != nil {
		var refusal *tabular.Refusal
		if ctx.Err() != nil || errors.As(err, &refusal) {
			return nil, errors.Join(ctx.Err(), err)
		}
		return nil, damaged(hint, "DOCX 的正文已损坏（%s）。", err.Error())
	}
	pages := make([]*page, 0, len(w.pages))
	for _, p := range w.pages {
		if p.row < 0 || p.nested && (p.filled < 2 || p.width < 2) {
			continue
		}
		pages = append(pages, p)
	}
	return tablesOf(ctx, src, pages, "docx", opt)
}

// A docxReader turns the body of a document into pages.
type docxReader struct {
	r     *xmlReader
	pages []*page
	cells int
	above []byte // the paragraph before, outside tables
}

func (w *docxReader) read() error {
	for {
		kind, err := w.r.next()
		if err != nil || kind == xmlEnded {
			return err
		}
		if kind != xmlStart {
			continue
		}
		switch string(w.r.name) {
		case "tbl":
			title := foldText(w.above)
			if len(title) > 200 {
				title = nil
			}
			if err := w.table(string(title)); err != nil {
				return err
			}
			w.above = w.above[:0]
		case "p":
			text, err := w.paragraph(nil)
			if err != nil {
				return err
			}
			if len(bytes.TrimSpace(text)) > 0 {
				w.above = text
			}
		}
	}
}

// paragraph gathers the text of the element that just began. Text boxes and
// deleted text are left out.
func (w *docxReader) paragraph(out []byte) ([]byte, error) {
	depth, take := 1, 0
	for depth > 0 {
		kind, err := w.r.next()
		if err != nil {
			return out, err
		}
		switch kind {
		case xmlStart:
			switch string(w.r.name) {
			case "txbxContent", "delText", "instrText", "Fallback":
				if err := w.r.skip(); err != nil {
					return out, err
				}
				continue
			case "t":
				take = depth + 1
			case "tab":
				out = append(out, ' ')
			case "br", "cr":
				out = append(out, '\v')
			}
			depth++
		case xmlEnd:
			if depth == take {
				take = 0
			}
			depth--
		case xmlText:
			if take > 0 && len(out) < 1<<20 {
				out = append(out, w.r.text...)
			}
		case xmlEnded:
			return out, w.r.bad("内容到这里突然结束")
		}
	}
	return out, nil
}

// until walks the parts of the element that just began: see takes an element
// whole and says so, else its parts are walked too.
func (w *docxReader) until(see func(name string) (whole bool, err error)) error {
	for depth := 1; depth > 0; {
		kind, err := w.r.next()
		if err != nil {
			return err
		}
		switch kind {
		case xmlStart:
			whole, err := see(string(w.r.name))
			if err != nil {
				return err
			}
			if !whole {
				depth++
			}
		case xmlEnd:
			depth--
		case xmlEnded:
			return w.r.bad("内容到这里突然结束")
		case xmlText:
		}
	}
	return nil
}

// A docxMerge is a cell that goes on below.
type docxMerge struct{ top, left, right, bottom int }

func (w *docxReader) table(title string) error {
	if len(w.pages) >= 10_000 {
		return tooLarge("请拆分文档后再上传。", "DOCX 里的表格超过 10000 个。")
	}
	p := newPage("")
	p.title = title
	w.pages = append(w.pages, p)
	open := map[int]*docxMerge{} // by left column
	err := w.until(func(name string) (bool, error) {
		if name != "tr" {
			return false, nil
		}
		p.startRow()
		return true, w.row(p, open)
	})
	for _, m := range open {
		m.close(p)
	}
	return err
}

func (m *docxMerge) close(p *page) {
	p.merge(m.top, m.left, m.bottom-m.top+1, m.right-m.left+1)
}

func (w *docxReader) row(p *page, open map[int]*docxMerge) error {
	return w.until(func(name string) (bool, error) {
		switch name {
		case "gridBefore":
			p.col += min(w.number("@val"), maxSpan)
		case "tc":
			return true, w.cell(p, open)
		}
		return false, nil
	})
}

// number is an attribute of the element that just began, 0 when absent.
func (w *docxReader) number(name string) int {
	for _, a := range w.r.attrs {
		if string(a.name) == name {
			if n, err := strconv.Atoi(string(a.value)); err == nil {
				return max(n, 0)
			}
		}
	}
	return 0
}

func (w *docxReader) cell(p *page, open map[int]*docxMerge) error {
	if w.cells++; w.cells > maxPageCells {
		return tooLarge("请拆分文档后再上传。", "DOCX 里的单元格超过 %d 个。", maxPageCells)
	}
	var text []byte
	span, merge := 1, ""
	err := w.until(func(name string) (bool, error) {
		switch name {
		case "gridSpan":
			span = max(w.number("@val"), 1)
		case "vMerge":
			merge = "continue"
			for _, a := range w.r.attrs {
				if string(a.name) == "@val" {
					merge = string(a.value)
				}
			}
		case "tbl":
			p.nested = true
			return true, w.table("")
		case "p":
			if len(text) > 0 {
				text = append(text, '\v')
			}
			var err error
			text, err = w.paragraph(text)
			return true, err
		}
		return false, nil
	})
	if err != nil {
		return fmt.Errorf("table cell: %w", err)
	}
	span = min(span, maxSpan)
	if merge == "continue" {
		if m := open[p.col]; m != nil {
			m.bottom = p.row
			p.col += span
			return nil
		}
	}
	if m := open[p.col]; m != nil {
		m.close(p)
		delete(open, p.col)
	}
	if merge == "restart" {
		// across and down in one merge, told when it ends
		open[p.col] = &docxMerge{top: p.row, left: p.col, right: p.col + span - 1, bottom: p.row}
		p.add(grid.Text, foldText(text), 1, 1, 0)
		p.col += span - 1
		return nil
	}
	p.add(grid.Text, foldText(text), span, 1, 0)
	return nil
}
