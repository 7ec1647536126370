package delimited

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"shuniu/collect/intake/charset"
	"shuniu/collect/intake/grid"
	"shuniu/collect/intake/tabular"
)

// Find finds the tables of a text. It is a tabular.Finder. Prose has none.
func Find(ctx context.Context, src *tabular.Source, opt tabular.Options) ([]tabular.Found, error) {
	if src.Size == 0 {
		return nil, &tabular.Refusal{Kind: "empty", Message: "文件是空的，没有任何内容。", Hint: "请检查导出是否成功，重新上传有内容的文件。"}
	}
	t, enc, dec, err := open(src, opt)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(t.data)) == 0 && len(t.bad) == 0 {
		return nil, &tabular.Refusal{Kind: "empty", Message: "文件里只有空白，没有任何数据。", Hint: "请检查导出是否成功，重新上传有内容的文件。"}
	}
	if opt.Delimiter == "" {
		nl, _ := newlineOf(t.data)
		end, _ := (&dialect{newline: nl}).lineEnd(t.data, 0)
		opt.Delimiter = sepLine(t.data[:end])
	}
	d, confidence := sniff(t.data, opt)
	if opt.Delimiter == "" {
		if cols := fixedColumns(t.data[:min(len(t.data), sampleBytes)], d.newline); cols != nil && fixedWins(t.data, &d, cols) {
			d.fixed, d.quote, confidence = cols, 0, .8
		}
	}
	if !t.partial && opt.Delimiter == "" && d.quote == '"' {
		if inner := unwrap(t.data, &d); inner != nil {
			if x, c := sniff(inner, opt); c > 0 && widthOf(inner, &x) > 1 {
				t.data, d, confidence, t.unwrapped = inner, x, c, true
			}
		}
	}
	if d.fixed == nil && opt.Delimiter == "" && len(opt.Tables) == 0 && !tableName(src.Name) && d.score(sampleOf(t.data, d.newline)) < .2 && proseLike(t.data, &d) {
		return nil, nil
	}
	f := &finder{unwrapped: t.unwrapped, src: src, opt: opt, enc: enc, dec: dec, d: d, confidence: confidence}
	if t.partial {
		return f.large(ctx, t)
	}
	p := splitAll(t.data, d, t.bad, enc.Name)
	p.declared()
	return f.small(ctx, p)
}

// A finder holds what one look at a text needs.
type finder struct {
	src        *tabular.Source
	opt        tabular.Options
	enc        charset.Result
	dec        *charset.Decoder
	d          dialect
	confidence float64
	unwrapped  bool
}

// fixedWins reports whether fixed columns explain the text better than the
// delimiter found.
func fixedWins(text []byte, d *dialect, cols []int) bool {
	sample := sampleOf(text, d.newline)
	if len(d.delim) == 1 && d.delim[0] == ' ' {
		w := 0
		counts := map[int]int{}
		rows := 0
		var fields []field
		for pos := 0; pos < len(sample) && rows < 500; rows++ {
			var r record
			r, fields = d.split(sample, pos, fields[:0])
			pos = int(r.next)
			counts[len(fields)]++
			w = max(w, counts[len(fields)])
		}
		return w*10 < rows*9 // blanks as delimiters give ragged rows
	}
	s := d.score(sample)
	x := dialect{fixed: cols, newline: d.newline}
	return s < .35 && x.score(sample) > s
}

// report is the dialect for people.
func (d *dialect) report() *tabular.Dialect {
	if d.fixed != nil {
		return &tabular.Dialect{Newline: d.newlineText()}
	}
	r := &tabular.Dialect{Delimiter: string(d.delim), Newline: d.newlineText()}
	if d.quote != 0 {
		r.Quote = string(rune(d.quote))
	}
	if d.escape != 0 {
		r.Escape = string(rune(d.escape))
	}
	return r
}

func (d *dialect) newlineText() string {
	switch {
	case d.newline == lineCR:
		return "\r"
	case d.crlf:
		return "\r\n"
	}
	return "\n"
}

func (d *dialect) format() string {
	switch {
	case d.fixed != nil:
		return "fixed"
	case string(d.delim) == "\t":
		return "tsv"
	}
	return "csv"
}

// small finds the tables of a text that is held whole.
func (f *finder) small(ctx context.Context, p *page) ([]tabular.Found, error) {
	p.judge()
	p.gaps()
	s := p.sheet(-1, false)
	p.real = s
	p.dated, p.names = p.datedHeader(), p.shortNames()
	if i := p.countsUp(); i >= 0 || p.empties > 0 || p.dated >= 0 || len(p.names) > 0 {
		s = p.sheet(i, true)
	}
	if s.Full() {
		return nil, &tabular.Refusal{Kind: "too_large", Message: "文件里的文字太多，无法一次读完。", Hint: "请把文件分成几份再上传。"}
	}
	var blocks []*grid.Block
	var rest []grid.Note
	if len(f.opt.Tables) > 0 {
		for _, a := range f.opt.Tables {
			r := p.rangeOf(a)
			bs, _ := grid.Analyse(ctx, s, grid.Options{Area: &r, HeaderRows: a.HeaderRows})
			if len(bs) == 0 {
				return nil, &tabular.Refusal{Kind: "damaged", Message: fmt.Sprintf("第 %d 行起没有找到表格。", a.FirstLine), Hint: "请在预览中重新指定表格的位置。"}
			}
			blocks = append(blocks, bs[0])
		}
	} else {
		blocks, rest = grid.Analyse(ctx, s, grid.Options{})
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("find tables in %s: %w", f.src.Name, err)
	}
	if len(blocks) == 0 || f.prose(p, blocks) {
		return nil, nil
	}
	return f.found(p, blocks, rest), nil
}

// rangeOf turns lines into rows of the grid.
func (p *page) rangeOf(a tabular.Area) grid.Range {
	r := grid.Range{Top: 0, Bottom: -1, Right: 1 << 20}
	at := func(line int64) int {
		i, _ := slices.BinarySearchFunc(p.recs, line, func(x rec, line int64) int { return int(x.line - line) })
		if i == len(p.recs) {
			return len(p.rows)
		}
		return int(p.recs[i].row)
	}
	r.Top = at(a.FirstLine)
	if a.LastLine > 0 {
		r.Bottom = at(a.LastLine+1) - 1
	}
	return r
}

// prose reports whether the text is sentences and not a list: one column of
// long or uneven lines.
func (f *finder) prose(p *page, blocks []*grid.Block) bool {
	if len(blocks) > 1 || len(blocks[0].Heads) > 1 || f.opt.Delimiter != "" || len(f.opt.Tables) > 0 {
		return false
	}
	if tableName(f.src.Name) {
		return false
	}
	lines, long, ends := 0, 0, 0
	for i := range p.recs {
		r := &p.recs[i]
		if r.verdict != fine {
			continue
		}
		line := bytes.TrimSpace(p.line(r))
		lines++
		if utf8.RuneCount(line) > 60 {
			long++
		}
		if c, _ := utf8.DecodeLastRune(line); strings.ContainsRune("。.！!？?:：;；,，…”", c) {
			ends++
		}
	}
	return lines > 0 && (long*4 > lines || ends*5 > lines*2)
}

// at is the record of a row of the grid.
func (p *page) at(row int) *rec { return &p.recs[p.rows[row]] }

// tableName reports whether the file is called a table.
func tableName(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".csv", ".tsv", ".tab", ".psv":
		return true
	}
	return false
}

// proseLike reports whether the lines read like sentences: several words or a
// full stop, and few digits.
func proseLike(text []byte, d *dialect) bool {
	lines, sentences, digits, size := 0, 0, 0, 0
	text = text[:min(len(text), sampleBytes)]
	for pos := 0; pos < len(text); {
		end, next := d.lineEnd(text, pos)
		line := bytes.TrimSpace(text[pos:end])
		pos = next
		if len(line) == 0 {
			continue
		}
		lines++
		size += len(line)
		letters := 0
		for _, c := range line {
			switch {
			case c-'0' < 10:
				digits++
			case c-'a' < 26, c-'A' < 26, c == ' ':
				letters++
			}
		}
		words := bytes.Count(line, []byte{' '}) + 1
		if words >= 5 && letters*10 > len(line)*8 || bytes.Contains(line, []byte("。")) || utf8.RuneCount(line) > 60 && bytes.Contains(line, []byte("，")) {
			sentences++
		}
	}
	return sentences*10 >= lines*4 && digits*10 < size
}

// attach says to which block each rejected record belongs.
func (p *page) attach(blocks []*grid.Block) [][]int {
	out := make([][]int, len(blocks))
	for i := range p.recs {
		if p.recs[i].verdict != rejected {
			continue
		}
		at := 0
		for k, b := range blocks {
			if b.Place.Top <= int(p.recs[i].row) {
				at = k
			}
		}
		out[at] = append(out[at], i)
	}
	return out
}

func (f *finder) found(p *page, blocks []*grid.Block, rest []grid.Note) []tabular.Found {
	rejects := p.attach(blocks)
	place := func(row, _ int) string { return strconv.FormatInt(p.at(row).line, 10) }
	names := f.names(blocks)
	var out []tabular.Found
	for k, b := range blocks {
		again := p.headerAgain(b)
		h := b.HeaderRows + again
		t := tabular.Found{
			Name: names[k], Format: f.d.format(), Encoding: f.enc.Name, Dialect: f.d.report(), HeaderRows: h, Heads: b.Heads,
			Notes: b.TabularNotes(place), Confidence: min(b.Confidence, f.confidence), Questions: p.inLines(b.Questions),
		}
		bottom := p.at(b.Place.Bottom)
		t.Place = tabular.Place{FirstLine: p.at(b.Place.Top).line, LastLine: bottom.line + int64(bottom.lines) - 1}
		t.Area = tabular.Area{FirstLine: t.Place.FirstLine, LastLine: t.Place.LastLine, HeaderRows: &h}
		if k == len(blocks)-1 {
			t.Area.LastLine = 0
		}
		if k < len(f.opt.Tables) {
			a := f.opt.Tables[k]
			t.Area = t.Area.Decided(a)
			t.Area.LastLine = a.LastLine
		}
		if k == len(blocks)-1 {
			for _, n := range rest {
				t.Notes = append(t.Notes, tabular.Note{Kind: n.Kind, Text: n.Text, Place: place(n.Row, n.Col), Rows: n.Rows})
			}
		}
		for i := range t.Notes {
			if sepLine([]byte(t.Notes[i].Text)) != "" {
				t.Notes[i].Kind = "note"
			}
		}
		if f.unwrapped {
			t.Questions = append(t.Questions, "整行被引号包成一个值，已去掉外层引号再分列，请核对。")
		}
		if f.enc.Doubt != "" {
			t.Questions = append(t.Questions, f.enc.Doubt)
			t.Confidence = min(t.Confidence, f.enc.Confidence)
		}
		t.Questions = append(t.Questions, p.questions(b, rejects[k])...)
		if f.confidence < .6 && f.opt.Delimiter == "" && len(b.Heads) > 1 {
			t.Questions = append(t.Questions, fmt.Sprintf("分隔符判断为“%s”，把握不大，请核对各列是否正确。", string(f.d.delim)))
		}
		if again > 0 {
			t.Notes = t.Notes[again:]
			t.Heads = slices.Clone(t.Heads)
			for i := range t.Heads {
				t.Heads[i].Raw += strings.Repeat("\n"+t.Heads[i].Raw, again)
			}
		}
		if p.dated >= 0 || len(p.names) > 0 {
			t.Heads = slices.Clone(t.Heads)
			for i := range t.Heads {
				t.Heads[i].Name = strings.ReplaceAll(t.Heads[i].Name, wordMark, "")
				t.Heads[i].Raw = strings.ReplaceAll(t.Heads[i].Raw, wordMark, "")
				if p.dated >= 0 && t.Heads[i].Raw == "" && (i >= len(b.Columns) || b.Columns[i] >= 0) {
					t.Heads[i].Name = fmt.Sprintf("column_%d", i+1)
				}
			}
			for i := range t.Notes {
				t.Notes[i].Text = strings.ReplaceAll(t.Notes[i].Text, wordMark, "")
			}
		}
		edge := 0
		if h == 0 {
			edge = p.emptyEdge(b)
			for range edge {
				t.Heads = append(t.Heads, tabular.Head{Name: fmt.Sprintf("column_%d", len(t.Heads)+1)})
			}
		}
		t.Read = p.reader(b, rejects[k], again, edge)
		out = append(out, t)
	}
	return out
}

// names of the tables: the file's, and the titles' when there are several.
func (f *finder) names(blocks []*grid.Block) []string {
	base := path.Base(strings.ReplaceAll(f.src.Name, "\\", "/"))
	base = strings.TrimSuffix(base, path.Ext(base))
	out := make([]string, len(blocks))
	used := map[string]int{}
	for i, b := range blocks {
		name := base
		if len(blocks) > 1 {
			if title := b.Title(); title != "" {
				name = title
			}
		}
		used[name]++
		if n := used[name]; n > 1 {
			name = fmt.Sprintf("%s（%d）", name, n)
		}
		out[i] = name
	}
	return out
}

// reader streams the rows of a block and its rejects: again of the block's
// notes are header rows, and edge empty columns stand right of it.
func (p *page) reader(b *grid.Block, rejects []int, again, edge int) func(context.Context, func(*tabular.Batch) error, func(tabular.Reject) error) (tabular.Tally, error) {
	return func(ctx context.Context, emit func(*tabular.Batch) error, reject func(tabular.Reject) error) (tabular.Tally, error) {
		tally, err := b.ReadFrom(ctx, p.real, func(row int) int64 { return p.at(row).line }, func(batch *tabular.Batch) error {
			for i := range batch.Columns {
				batch.Columns[i].Null = nil // a text file has empty values, no absent ones
				if p.empties > 0 {
					unmark(&batch.Columns[i])
				}
			}
			if edge == 0 {
				return emit(batch)
			}
			wide := *batch
			wide.Columns = slices.Clip(batch.Columns)
			for range edge {
				wide.Columns = append(wide.Columns, tabular.Text{Offsets: make([]int32, batch.Rows+1)})
			}
			return emit(&wide)
		})
		if err != nil {
			return tally, err
		}
		for i := range p.recs {
			if r := &p.recs[i]; r.soft && int(r.row) >= b.Place.Top && int(r.row) < b.Place.Bottom {
				tally.Blank++
				tally.Physical++
			}
		}
		tally.Header += int64(again)
		tally.Notes -= int64(again)
		for _, i := range rejects {
			tally.Rejected++
			if row := int(p.recs[i].row); row >= b.Place.Top && row <= b.Place.Bottom {
				tally.Blank--
			} else {
				tally.Physical++
			}
			if err := reject(p.reject(i)); err != nil {
				return tally, err
			}
		}
		return tally, nil
	}
}

func (p *page) reject(i int) tabular.Reject {
	r := &p.recs[i]
	text := p.line(r)
	raw, ok := p.bad[r.line]
	if !ok {
		if raw, ok = charset.Encode(p.enc, text); !ok || p.enc == "utf-8-bom" {
			raw = text
		}
	} else {
		text = bytes.ToValidUTF8(raw, []byte("\uFFFD"))
	}
	const most = 4096
	if len(text) > most {
		text = bytes.ToValidUTF8(text[:most], nil)
	}
	return tabular.Reject{Line: r.line, Reason: r.reason, Text: string(text), Raw: bytes.Clone(raw), Broken: r.broken}
}
