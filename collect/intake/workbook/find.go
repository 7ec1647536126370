package workbook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"shuniu/collect/intake/grid"
	"shuniu/collect/intake/tabular"
)

// sheetFacts are what a reader noticed on a sheet besides its cells.
type sheetFacts struct {
	chart     bool
	drawing   bool
	noCache   int // formulas without a cached value
	noCacheAt string
	badString int // cells that point to no shared string
	raised    int // texts that end in a superscript digit
	raisedAs  string
	padded    map[int]int
	capped    bool // a run of repeated rows or cells was cut
}

// pads notes a number that its format shows with leading zeros it does not have.
func (f *sheetFacts) pads(col, zeros int, v []byte) {
	if len(v) < zeros && len(f.padded) < 64 {
		if f.padded == nil {
			f.padded = map[int]int{}
		}
		f.padded[col] = zeros
	}
}

// A book is a workbook of any format.
type book interface {
	// count and info tell the sheets without reading them.
	count() int
	// load reads sheet k.
	load(ctx context.Context, k int) (*grid.Sheet, sheetFacts, error)
}

func (x *xlsx) count() int { return len(x.sheets) }

func asRefusal(err error) (*tabular.Refusal, bool) {
	var r *tabular.Refusal
	ok := errors.As(err, &r)
	return r, ok
}

var (
	zipMagic = []byte("PK\x03\x04")
	oleMagic = []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
)

// keepCells is how many cells of a workbook are kept between finding and
// reading; sheets beyond are read again.
const keepCells = 16 << 20

// Find finds the tables of a workbook. It returns a *tabular.Refusal when the
// file is damaged, encrypted with a password of its own, too large, or no workbook.
//
// A fault of the reader itself on bytes nobody foresaw is returned as an error
// that names it; it does not end the process.
func Find(ctx context.Context, src *tabular.Source, opt tabular.Options) (tables []tabular.Found, err error) {
	defer func() {
		if r := recover(); r != nil {
			tables, err = nil, fmt.Errorf("find tables of %s: reader failed: %v", src.Name, r)
		}
	}()
	head := make([]byte, 4096)
	n, err := src.ReadAt(head, 0)
	if n == 0 {
		if src.Size == 0 {
			return nil, refuse("empty", "文件是空的。", "请重新导出后再交。")
		}
		return nil, fmt.Errorf("read %s: %w", src.Name, err)
	}
	b, format, err := open(ctx, src, head[:n], opt.Password)
	if err != nil {
		return nil, err
	}
	return find(ctx, src, b, format, opt)
}

// open looks at the first bytes and opens what they say.
func open(ctx context.Context, src *tabular.Source, head []byte, password string) (book, string, error) {
	switch {
	case bytes.HasPrefix(head, zipMagic), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return openZip(ctx, src, src.Size)
	case bytes.HasPrefix(head, oleMagic):
		c, err := openCompound(src, src.Size)
		if err != nil {
			return nil, "", damaged("文件不完整或已损坏，目录读不出来。")
		}
		if _, ok := c.streams["encryptedpackage"]; ok {
			plain, err := decryptPackage(c, password)
			if err != nil {
				return nil, "", err
			}
			return openZip(ctx, bytes.NewReader(plain), int64(len(plain)))
		}
		x, err := openXLS(c, password)
		if err != nil {
			return nil, "", err
		}
		format := "xls"
		if strings.EqualFold(path.Ext(src.Name), ".et") {
			format = "et"
		}
		return x, format, nil
	case IsSML(head):
		m, err := readSML(ctx, newScanner(io.NewSectionReader(src, 0, src.Size)))
		return m, "xls", partError(src.Name, err)
	case isFlatODS(head):
		m, err := readODS(ctx, newScanner(io.NewSectionReader(src, 0, src.Size)))
		return m, "ods", partError(src.Name, err)
	}
	return nil, "", refuse("unknown", "这不是能识别的工作簿。", "请另存为 XLSX 再交。")
}

func openZip(ctx context.Context, r io.ReaderAt, size int64) (book, string, error) {
	a, err := openArchive(r, size)
	if err != nil {
		return nil, "", err
	}
	if a.has("content.xml") && !a.has("[Content_Types].xml") {
		m, err := openODS(ctx, a)
		return m, "ods", err
	}
	x, err := openXLSX(a)
	return x, "xlsx", err
}

// IsSML reports whether a file begins as SpreadsheetML 2003.
func IsSML(head []byte) bool {
	return bytes.Contains(head, []byte("urn:schemas-microsoft-com:office:spreadsheet")) || bytes.Contains(head, []byte(`progid="Excel.Sheet"`))
}

func isFlatODS(head []byte) bool {
	return bytes.Contains(head, []byte("urn:oasis:names:tc:opendocument")) && bytes.Contains(head, []byte("<office:document"))
}

// A held sheet is kept in memory or read again when asked for.
type held struct {
	b     book
	k     int
	sheet *grid.Sheet
}

func (h *held) get(ctx context.Context) (*grid.Sheet, error) {
	if h.sheet != nil {
		return h.sheet, nil
	}
	s, _, err := h.b.load(ctx, h.k)
	return s, err
}

func find(ctx context.Context, src *tabular.Source, b book, format string, opt tabular.Options) ([]tabular.Found, error) {
	if len(opt.Tables) > 0 {
		return findAreas(ctx, src, b, format, opt)
	}
	var out []tabular.Found
	var rest []tabular.Note
	kept := 0
	total := 0
	for k := range b.count() {
		sheet, facts, err := b.load(ctx, k)
		if err != nil {
			return nil, err
		}
		total += sheet.Cells()
		if total > 4*maxCells {
			return nil, tooLarge("工作簿的单元格太多。")
		}
		blocks, loose := grid.Analyse(ctx, sheet, grid.Options{})
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("find tables of %s: %w", src.Name, err)
		}
		for _, n := range loose {
			rest = append(rest, tabular.Note{Kind: n.Kind, Text: n.Text, Place: sheet.Name + "!" + grid.A1(n.Row, n.Col), Rows: n.Rows})
		}
		if facts.chart || len(blocks) == 0 && facts.drawing {
			rest = append(rest, tabular.Note{Kind: "note", Text: "工作表“" + sheet.Name + "”只有图形或图表，没有表格。", Place: sheet.Name + "!A1"})
		}
		if len(blocks) == 0 {
			continue
		}
		h := &held{b: b, k: k}
		if kept+sheet.Cells() <= keepCells {
			kept += sheet.Cells()
			h.sheet = sheet
		}
		names := tableNames(src.Name, sheet.Name, blocks)
		for n, bl := range blocks {
			out = append(out, found(h, sheet, bl, names[n], format, facts))
		}
	}
	out, prose := proseSheets(out)
	rest = append(prose, rest...)
	if len(out) > 0 {
		out[0].Notes = append(out[0].Notes, rest...)
	}
	return out, nil
}

// proseSheets takes pages of explanations out of a workbook that has tables;
// their lines become notes of its first table.
func proseSheets(all []tabular.Found) ([]tabular.Found, []tabular.Note) {
	tables := 0
	for _, f := range all {
		if f.Confidence >= 0.45 {
			tables++
		}
	}
	if tables == 0 || tables == len(all) {
		return all, nil
	}
	var out []tabular.Found
	var notes []tabular.Note
	for _, f := range all {
		if f.Confidence >= 0.45 || len(f.Heads) != 1 {
			out = append(out, f)
			continue
		}
		for _, n := range f.Notes {
			n.Place = f.Place.Sheet + "!" + n.Place
			notes = append(notes, n)
		}
		_, err := f.Read(context.Background(), func(b *tabular.Batch) error {
			for i := range b.Rows {
				if v, ok := b.Columns[0].At(i); ok && len(notes) < 2000 {
					notes = append(notes, tabular.Note{Kind: "note", Text: string(v), Place: fmt.Sprintf("%s!%d", f.Place.Sheet, b.Origin[i])})
				}
			}
			return nil
		}, nil)
		if err != nil {
			out = append(out, f)
		}
	}
	return out, notes
}

func found(h *held, sheet *grid.Sheet, bl *grid.Block, name, format string, facts sheetFacts) tabular.Found {
	f := bl.Found(name, format)
	ask := func(q string) { f.Questions = append(f.Questions, q) }
	if sheet.HiddenRows > 0 || sheet.HiddenCols > 0 {
		ask(fmt.Sprintf("这一页有隐藏的行（%d）或列（%d），已一并读入。", sheet.HiddenRows, sheet.HiddenCols))
	}
	if facts.noCache > 0 {
		ask(fmt.Sprintf("有 %d 个公式没有存下计算结果（如 %s 列），读作空；请用办公软件打开、保存后再交。", facts.noCache, facts.noCacheAt))
		f.Confidence = min(f.Confidence, 0.7)
	}
	if facts.raised > 0 {
		ask(fmt.Sprintf("有 %d 个单元格末尾是上标数字（多半是注号），已连在文字后面，如“%s”。", facts.raised, strings.Join(strings.Fields(facts.raisedAs), " ")))
	}
	if facts.badString > 0 {
		ask(fmt.Sprintf("有 %d 个单元格指向不存在的文字，读作空。", facts.badString))
		f.Confidence = min(f.Confidence, 0.5)
	}
	if facts.capped {
		ask("文件声明了极多的重复行或列，超出部分没有展开。")
		f.Confidence = min(f.Confidence, 0.5)
	}
	cols := make([]int, 0, len(facts.padded))
	for c := range facts.padded {
		cols = append(cols, c)
	}
	slices.Sort(cols)
	for _, c := range cols {
		for i, col := range bl.Columns {
			if col == c {
				ask(fmt.Sprintf("列“%s”显示为 %d 位、不足补零，但存的是数，前面的零没有存下；值按存的数给出。", f.Heads[i].Name, facts.padded[c]))
			}
		}
	}
	if h.sheet == nil {
		f.Read = func(ctx context.Context, emit func(*tabular.Batch) error, _ func(tabular.Reject) error) (tabular.Tally, error) {
			s, err := h.get(ctx)
			if err != nil {
				return tabular.Tally{}, err
			}
			return bl.ReadFrom(ctx, s, nil, emit)
		}
		bl.Release()
	}
	return f
}

var plainSheet = regexp.MustCompile(`(?i)^(sheet|工作表|工作簿|表|シート|tabelle|feuil|hoja|лист|table|page)\s*_?\(?\d*\)?$`)

// tableNames names the tables of a sheet: after the sheet, or after their
// titles when the sheet has no name of its own or holds several.
func tableNames(file, sheet string, blocks []*grid.Block) []string {
	base := strings.TrimSuffix(path.Base(strings.ReplaceAll(file, "\\", "/")), path.Ext(file))
	out := make([]string, len(blocks))
	for i, b := range blocks {
		name := sheet
		if plainSheet.MatchString(strings.TrimSpace(sheet)) || len(blocks) > 1 {
			title := b.Title()
			switch {
			case title != "":
				name = title
			case plainSheet.MatchString(strings.TrimSpace(sheet)):
				name = base
			}
		}
		out[i] = name
	}
	for i := range out {
		n := 1
		for j := range i {
			if out[j] == out[i] || strings.HasPrefix(out[j], out[i]+"（") {
				n++
			}
		}
		if n > 1 {
			out[i] = fmt.Sprintf("%s（%d）", out[i], n)
		}
	}
	return out
}

// findAreas reads the tables where a person or a recipe says they stand.
func findAreas(ctx context.Context, src *tabular.Source, b book, format string, opt tabular.Options) ([]tabular.Found, error) {
	sheets := map[int]*held{}
	facts := map[int]sheetFacts{}
	var out []tabular.Found
	for _, area := range opt.Tables {
		at := -1
		for k := range b.count() {
			h := sheets[k]
			if h == nil {
				s, f, err := b.load(ctx, k)
				if err != nil {
					return nil, err
				}
				h = &held{b: b, k: k, sheet: s}
				sheets[k], facts[k] = h, f
			}
			if area.Sheet == "" || area.Sheet == h.sheet.Name {
				at = k
				break
			}
		}
		if at < 0 {
			return nil, refuse("unknown", fmt.Sprintf("工作簿里没有名为“%s”的工作表。", area.Sheet), "请核对工作表名称，或去掉这份配方重新识别。")
		}
		h := sheets[at]
		o := grid.Options{HeaderRows: area.HeaderRows}
		if area.Range != "" {
			r, ok := grid.ParseRange(area.Range)
			if !ok {
				return nil, refuse("unknown", fmt.Sprintf("范围“%s”读不懂。", area.Range), "请写成 A5:Q35 或 A5: 的样子。")
			}
			o.Area = &r
		} else if area.HeaderRows != nil {
			o.Area = &grid.Range{Bottom: -1, Right: -1}
		}
		blocks, _ := grid.Analyse(ctx, h.sheet, o)
		names := tableNames(src.Name, h.sheet.Name, blocks)
		for n, bl := range blocks {
			f := found(h, h.sheet, bl, names[n], format, facts[at])
			if len(blocks) == 1 {
				given := area
				given.Sheet = h.sheet.Name
				f.Area = given
			}
			for i := range f.Heads {
				if want, ok := area.Names[f.Heads[i].Name]; ok && want != "" {
					f.Heads[i].Name = want
				}
			}
			out = append(out, f)
		}
	}
	return out, nil
}
