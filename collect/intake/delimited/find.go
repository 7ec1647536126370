package delimited

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"regexp"
	"shuniu/collect/intake/charset"
	"shuniu/collect/intake/grid"
	"shuniu/collect/intake/tabular"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
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

// unwrap takes off the quotes of a text whose every line was quoted as one
// value ("1,""a"",2"); nil when it is not such a text.
func unwrap(text []byte, d *dialect) []byte {
	lines, wrapped := 0, 0
	out := make([]byte, 0, len(text))
	for pos := 0; pos < len(text); {
		end, next := d.lineEnd(text, pos)
		line := bytes.TrimSpace(text[pos:end])
		line = bytes.TrimRight(line, ",;\t")
		if len(line) > 0 {
			lines++
			inner := line[1:max(1, len(line)-1)]
			bare := bytes.Count(inner, []byte(`"`)) - 2*bytes.Count(inner, []byte(`""`))
			if len(line) > 1 && line[0] == '"' && line[len(line)-1] == '"' && bare == 0 {
				wrapped++
				line = bytes.ReplaceAll(inner, []byte(`""`), []byte(`"`))
			}
			if lines > 50 && wrapped*10 < lines*9 {
				return nil
			}
		}
		out = append(append(out, line...), text[end:next]...)
		pos = next
	}
	if lines < 2 || wrapped*10 < lines*9 {
		return nil
	}
	return out
}

// widthOf is the number of values most records have.
func widthOf(text []byte, d *dialect) int {
	counts := map[int]int{}
	var fields []field
	best := 0
	for pos, n := 0, 0; pos < len(text) && n < 200; n++ {
		var r record
		r, fields = d.split(text, pos, fields[:0])
		pos = int(r.next)
		if counts[len(fields)]++; counts[len(fields)] > counts[best] {
			best = len(fields)
		}
	}
	return best
}

// declared takes Excel's first line "sep=;" for what it is: one remark.
func (p *page) declared() {
	if len(p.recs) == 0 {
		return
	}
	if r := &p.recs[0]; sepLine(p.line(r)) != "" {
		r.f0 = int32(len(p.fields))
		p.fields = append(p.fields, field{from: r.from, to: r.to, literal: true})
		r.f1, r.width, r.damage = r.f0+1, 1, sound
	}
}

// sepLine is the delimiter that Excel's line "sep=x" declares, "" for others.
func sepLine(line []byte) string {
	line = bytes.Trim(line, "\"\r\n")
	if rest, ok := bytes.CutPrefix(bytes.ToLower(line), []byte("sep=")); ok && len(rest) == 1 {
		return string(rest)
	}
	return ""
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

// wordMark before a date makes it a word in the eyes of the grid.
// A value that is missing becomes a word too.
const wordMark = "\u2063"

// emptyMark stands in the grid for a row that has delimiters and no values.
var emptyMark = []byte{0}

// sheet puts the records that may be rows into a grid: a row for each record,
// and a gap where a table of another width begins. With shape it is for a look
// alone: rows without values repeat the row before them, so that nothing seems
// to end there, and the values of record masked are decimals.
func (p *page) sheet(masked int, shape bool) *grid.Sheet {
	s := grid.NewSheet("")
	var buf []byte
	row := int32(0)
	p.rows = p.rows[:0]
	var before *rec
	for i := range p.recs {
		r := &p.recs[i]
		if r.soft {
			r.row = max(row-1, 0)
			continue
		}
		if r.cut {
			for range 3 {
				p.rows = append(p.rows, int32(i)-1)
				row++
			}
		}
		r.row = row
		p.rows = append(p.rows, int32(i))
		row++
		if r.emptyRow {
			s.StartRow(int(r.row))
			if !shape || before == nil {
				s.Add(0, grid.Text, emptyMark, 0)
				continue
			}
			for c, f := range p.fields[before.f0:before.f1] {
				s.Add(c, grid.Text, p.d.value(p.text, f, &buf), 0)
			}
			continue
		}
		if r.verdict != fine {
			continue
		}
		s.StartRow(int(r.row))
		for c, f := range p.fields[r.f0:r.f1] {
			v := p.d.value(p.text, f, &buf)
			if shape && i == masked && len(v) > 0 {
				v = append(bytes.Clone(v), ".5"...)
			}
			if shape && i == p.dated {
				v = append([]byte(wordMark), v...)
			}
			s.Add(c, grid.Text, v, 0)
		}
		before = r
	}
	s.Finish()
	return s
}

// unmark makes the marks of rows without values empty again.
func unmark(t *tabular.Text) {
	if !bytes.Contains(t.Data, emptyMark) {
		return
	}
	out := tabular.Text{}
	for i := range len(t.Offsets) - 1 {
		v := t.Data[t.Offsets[i]:t.Offsets[i+1]]
		if bytes.Equal(v, emptyMark) {
			v = nil
		}
		out.Append(v)
	}
	*t = out
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
	p.dated = p.datedHeader()
	if i := p.countsUp(); i >= 0 || p.empties > 0 || p.dated >= 0 {
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

// countsUp finds a first row of 1, 2, 3 … in a table of nothing but numbers: it
// is data, though in other tables such a row numbers the columns. -1 if none.
func (p *page) countsUp() int {
	i := 0
	for i < len(p.recs) && p.recs[i].verdict == isBlank {
		i++
	}
	if i++; i >= len(p.recs) {
		return -1
	}
	r := &p.recs[i]
	if r.verdict != fine || r.width < 2 {
		return -1
	}
	for k, f := range p.fields[r.f0:r.f1] {
		if string(bytes.TrimSpace(p.text[f.from:f.to])) != strconv.Itoa(k+1) {
			return -1
		}
	}
	words, names, rows := 0, 0, 0
	for j := i + 1; j < min(len(p.recs), i+20); j++ {
		for _, f := range p.fields[p.recs[j].f0:p.recs[j].f1] {
			if c := classOf(p.text[f.from:f.to]); c != classNumber && c != classEmpty {
				words++
			}
		}
		if c := p.fields[p.recs[j].f0]; p.recs[j].verdict == fine {
			rows++
			if classOf(p.text[c.from:c.to]) == classText {
				names++
			}
		}
	}
	if names > 0 && names == rows || words > names && r.width > 3 { // the first column names things
		return -1
	}
	return i
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
			t.Area.LastLine, t.Area.Names, t.Area.Types, t.Area.Skip = a.LastLine, a.Names, a.Types, a.Skip
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
		if p.dated >= 0 {
			t.Heads = slices.Clone(t.Heads)
			for i := range t.Heads {
				t.Heads[i].Name = strings.ReplaceAll(t.Heads[i].Name, wordMark, "")
				t.Heads[i].Raw = strings.ReplaceAll(t.Heads[i].Raw, wordMark, "")
				if t.Heads[i].Raw == "" {
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

var rowNumber = regexp.MustCompile(`第\s*(\d+)\s*行`)

// inLines rewrites the grid's row numbers in questions as physical lines.
func (p *page) inLines(questions []string) []string {
	out := make([]string, len(questions))
	for i, q := range questions {
		out[i] = rowNumber.ReplaceAllStringFunc(q, func(s string) string {
			n, err := strconv.Atoi(rowNumber.FindStringSubmatch(s)[1])
			if err != nil || n < 1 || n > len(p.rows) {
				return s
			}
			return fmt.Sprintf("第%d行", p.at(n-1).line)
		})
	}
	return out
}

// headerAgain counts the rows right below the header that say the same again:
// they are header rows, whatever the grid calls them. The notes of such rows
// come first among those inside the block.
func (p *page) headerAgain(b *grid.Block) (n int) {
	if b.HeaderRows == 0 || len(b.Notes) == 0 {
		return 0
	}
	last := b.Place.Top + b.HeaderRows - 1
	for row := last + 1; row <= b.Place.Bottom && b.Role(row) == grid.NoteRow; row++ {
		if !bytes.Equal(p.joined(p.at(row)), p.joined(p.at(last))) || n >= len(b.Notes) || b.Notes[n].Row != row {
			break
		}
		n++
	}
	return n
}

// joined is a record's values, for comparison.
func (p *page) joined(r *rec) (out []byte) {
	var buf []byte
	for _, f := range p.fields[r.f0:r.f1] {
		out = append(append(out, p.d.value(p.text, f, &buf)...), 0)
	}
	return out
}

// emptyEdge counts the columns at the right edge of a table without header that
// every row delimits and leaves empty: without names to go by they are kept.
func (p *page) emptyEdge(b *grid.Block) int {
	if len(b.Columns) == 0 || b.Place.Left != 0 {
		return 0
	}
	width := int32(-1)
	for row := b.Place.Top; row <= b.Place.Bottom; row++ {
		r := p.at(row)
		if r.verdict != fine || b.Role(row) != grid.Data {
			continue
		}
		if width < 0 {
			width = r.width
		}
		if r.width != width {
			return 0
		}
	}
	return max(0, int(width)-1-b.Columns[len(b.Columns)-1])
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
			for _, n := range b.Notes {
				if n.Kind == "title" && n.Row < b.Place.Top && utf8.RuneCountInString(n.Text) <= 60 {
					name = strings.Join(strings.Fields(n.Text), " ")
					break
				}
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

// questions names what was mended or padded in the block.
func (p *page) questions(b *grid.Block, rejects []int) (out []string) {
	var mended, padded []int64
	need := int32(b.Place.Right + 1)
	for i := b.Place.Top; i <= b.Place.Bottom; i++ {
		r := p.at(i)
		if r.verdict != fine {
			continue
		}
		if r.mended {
			mended = append(mended, r.line)
		}
		if r.padded || r.width < need && r.width > 1 && b.Role(i) == grid.Data {
			padded = append(padded, r.line)
		}
	}
	if len(mended) > 0 {
		out = append(out, fmt.Sprintf("%s的引号不规范，多余的引号已按普通字符保留，请核对。", lineList(mended)))
	}
	if len(padded) > 0 {
		out = append(out, fmt.Sprintf("%s末尾缺列，缺的列按空值读，请核对。", lineList(padded)))
	}
	var hollow []int64
	for i := b.Place.Top; i <= b.Place.Bottom; i++ {
		if r := p.at(i); r.emptyRow && b.Role(i) == grid.Data {
			hollow = append(hollow, r.line)
		}
	}
	if len(hollow) > 0 {
		out = append(out, fmt.Sprintf("%s只有分隔符没有值，按空值的数据行收下。", lineList(hollow)))
	}
	if b.HeaderRows > 0 && b.Place.Left == 0 && b.Rows() > 0 {
		head := p.at(b.Place.Top + b.HeaderRows - 1).width
		w, n, total := p.modal(p.index(b.Place.Top+b.HeaderRows), min(len(p.recs), p.index(b.Place.Bottom)+1))
		if n*2 > total && head > 1 && w > 1 && (head > w || head < w && int(w) <= b.Place.Right+1) {
			out = append(out, fmt.Sprintf("表头有 %d 列，数据行有 %d 列，列名可能错位，请核对。", head, w))
		}
	}
	if len(rejects) > 0 {
		lines := make([]int64, len(rejects))
		for k, i := range rejects {
			lines[k] = p.recs[i].line
		}
		out = append(out, fmt.Sprintf("%s读不成行，已隔离，请核对。", lineList(lines)))
	}
	return out
}

// lineList writes 第 3、5、9 行.
func lineList(lines []int64) string {
	var b strings.Builder
	b.WriteString("第 ")
	for i, n := range lines {
		if i == 6 {
			fmt.Fprintf(&b, " 等共 %d ", len(lines))
			break
		}
		if i > 0 {
			b.WriteString("、")
		}
		b.WriteString(strconv.FormatInt(n, 10))
	}
	b.WriteString(" 行")
	return b.String()
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
	return tabular.Reject{Line: r.line, Reason: r.reason, Text: string(text), Raw: bytes.Clone(raw)}
}
