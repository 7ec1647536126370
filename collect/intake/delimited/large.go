package delimited

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"

	"shuniu/collect/intake/grid"
	"shuniu/collect/intake/tabular"
)

// headRows is how many records of a big file are looked at as a grid, headLeast
// from where on its table must go on.
const headRows = 4000

// large finds the tables of a file too big to hold: its beginning and its end
// are looked at whole, and what lies between streams.
func (f *finder) large(ctx context.Context, t *text) ([]tabular.Found, error) {
	p := splitAll(t.data, f.d, t.bad, f.enc.Name)
	if len(p.recs) < 100 {
		return f.whole(ctx)
	}
	p.recs = p.recs[:min(len(p.recs)-1, headRows)]
	p.judge()
	p.gaps()
	s := p.sheet(-1, false)
	p.real = s
	p.dated, p.names = p.datedHeader(), p.shortNames()
	if i := p.countsUp(); i >= 0 || p.empties > 0 || p.dated >= 0 || len(p.names) > 0 {
		s = p.sheet(i, true)
	}
	opt := grid.Options{Partial: true}
	if n := len(f.opt.Tables); n > 1 {
		return f.whole(ctx)
	} else if n == 1 {
		a := f.opt.Tables[0]
		if a.LastLine > 0 {
			return f.whole(ctx)
		}
		r := p.rangeOf(a)
		opt.Area, opt.HeaderRows = &r, a.HeaderRows
	}
	blocks, rest := grid.Analyse(ctx, s, opt)
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("find tables in %s: %w", f.src.Name, err)
	}
	if len(blocks) == 0 || f.prose(p, blocks) {
		return nil, nil
	}
	main := blocks[len(blocks)-1]
	if main.Place.Bottom < len(p.rows)-3 || !f.streams(p, main) {
		return f.whole(ctx) // the table ends early, or is more than rows
	}
	found := f.found(p, blocks, rest)
	head := found[len(found)-1]
	st, err := f.middle(p, t, main, len(head.Heads))
	if err != nil {
		return nil, err
	}
	end, err := f.ending(ctx, p, t, main, st)
	if err != nil {
		return nil, err
	}
	head.Notes = append(head.Notes, end.notes...)
	head.Place.LastLine, head.Area.LastLine = 0, 0
	readHead := head.Read
	head.Read = func(ctx context.Context, emit func(*tabular.Batch) error, reject func(tabular.Reject) error) (tabular.Tally, error) {
		tally, err := readHead(ctx, emit, reject)
		if err != nil {
			return tally, err
		}
		line, err := st.read(ctx, &tally, emit, reject)
		if err != nil {
			return tally, err
		}
		return tally, end.read(ctx, line, &tally, emit, reject)
	}
	found[len(found)-1] = head
	return found, nil
}

// whole reads a big file into memory after all, if it is not too big for that.
func (f *finder) whole(ctx context.Context) ([]tabular.Found, error) {
	const most = 512 << 20
	if f.src.Size > most {
		return nil, &tabular.Refusal{
			Kind: "too_large", Message: "文件超过 512 MB，而且不是从头到尾的一张规整表格。",
			Hint: "请把各张表分成单独的文件，或在预览中指定表格的位置。",
		}
	}
	raw := make([]byte, f.src.Size)
	if err := readAt(f.src, raw, 0); err != nil {
		return nil, fmt.Errorf("read %s: %w", f.src.Name, err)
	}
	data, bad := decodeLines(f.dec, f.enc.Name, f.enc.Foreign, raw[min(f.enc.BOM, len(raw)):], 1)
	p := splitAll(data, f.d, bad, f.enc.Name)
	return f.small(ctx, p)
}

// streams reports whether the rows of a block can be read one by one: no
// sections, no fill-down, one width.
func (f *finder) streams(p *page, b *grid.Block) bool {
	for i, c := range b.Columns {
		if c < 0 || b.Filled(i) {
			return false
		}
	}
	_, count, total := p.modal(p.index(b.Place.Top), len(p.recs))
	return count*10 >= total*8 || total == 0
}

func (p *page) index(row int) int { return int(p.rows[row]) }

// middle describes the stretch after the part that p holds.
func (f *finder) middle(p *page, t *text, b *grid.Block, columns int) (*stretch, error) {
	from := p.index(b.Place.Top)
	w, _, _ := p.modal(from, len(p.recs))
	w = max(w, 1)
	last := &p.recs[len(p.recs)-1]
	s := &stretch{
		src: f.src, dec: f.dec, enc: f.enc.Name, foreign: f.enc.Foreign, d: f.d, to: f.src.Size,
		line: last.line + int64(last.lines), width: int(w), columns: columns,
	}
	if s.enc == "utf-8-bom" {
		s.enc = "utf-8"
	}
	head := make([]byte, t.used)
	if err := readAt(f.src, head, 0); err != nil {
		return nil, fmt.Errorf("read %s: %w", f.src.Name, err)
	}
	body := head[min(f.enc.BOM, len(head)):]
	s.from = int64(len(head) - len(body) + rawLine(body, s.line-1, f.dec.Unit(), s.enc, f.d.newline))
	s.targets = make([]int, w)
	for k := range s.targets {
		s.targets[k] = slices.Index(b.Columns, k)
		if s.targets[k] < 0 && k > b.Columns[len(b.Columns)-1] && k-b.Columns[len(b.Columns)-1]-1 < columns-len(b.Columns) {
			s.targets[k] = len(b.Columns) + k - b.Columns[len(b.Columns)-1] - 1
		}
	}
	for i := from; i < len(p.recs); i++ {
		r := &p.recs[i]
		s.pad = s.pad || r.padded
		s.loose = s.loose || r.trimmed
	}
	if b.HeaderRows > 0 {
		s.header = p.line(p.at(b.Place.Top + b.HeaderRows - 1))
	}
	return s, nil
}

// An ending is the end of a big table: its last rows with totals and notes.
type ending struct {
	p     *page
	b     *grid.Block
	from  int // first record of the ending in p
	s     *stretch
	notes []tabular.Note
}

// ending looks at the end of the file as the end of the table, and ends the
// stretch where the first line stands that is no plain row.
func (f *finder) ending(ctx context.Context, p *page, t *text, b *grid.Block, s *stretch) (*ending, error) {
	e := &ending{s: s}
	if len(t.tail) == 0 {
		return e, nil
	}
	// the header, a few rows, and the tail, as a table of its own
	first := p.at(b.Place.Top)
	upTo := min(len(p.recs)-1, p.index(b.Place.Top)+b.HeaderRows+40)
	begin := bytes.Clone(p.text[first.from:p.recs[upTo].next])
	begin = begin[:min(len(begin), 1<<20)]
	n := len(begin)
	bad := map[int64][]byte{}
	for line, raw := range t.badTail {
		bad[countLines(begin)+line] = raw
	}
	e.p = splitAll(append(begin, t.tail...), f.d, bad, f.enc.Name)
	e.p.dated = -1
	e.p.judge()
	e.p.gaps()
	h := b.HeaderRows
	blocks, _ := grid.Analyse(ctx, e.p.sheet(-1, true), grid.Options{Area: &grid.Range{Bottom: -1, Right: 1 << 20}, HeaderRows: &h})
	if len(blocks) == 0 || len(blocks[0].Columns) != len(b.Columns) || !slices.Equal(blocks[0].Columns, b.Columns) {
		return e, nil
	}
	e.b = blocks[0]
	// the first record of the tail that is no plain row, near the end
	e.from = len(e.p.recs)
	for i := len(e.p.recs) - 1; i >= 0 && int(e.p.recs[i].from) >= n && len(e.p.recs)-i < 200; i-- {
		if e.role(i) != grid.Data {
			e.from = i
		}
	}
	if e.from == len(e.p.recs) {
		return e, nil
	}
	lines := int64(0)
	for _, r := range e.p.recs[:e.from] {
		if int(r.from) >= n {
			lines += int64(r.lines)
		}
	}
	start := (f.src.Size - tailBytes) &^ 3
	raw := make([]byte, f.src.Size-start)
	if err := readAt(f.src, raw, start); err != nil {
		return nil, fmt.Errorf("read %s: %w", f.src.Name, err)
	}
	skip := firstLine(raw, f.dec.Unit(), s.enc)
	s.to = start + int64(skip+rawLine(raw[skip:], lines, f.dec.Unit(), s.enc, f.d.newline))
	base, line := e.p.recs[e.from].line, int64(0)
	for _, x := range e.b.TabularNotes(nil) {
		row := e.b.Notes[len(e.notes)].Row
		e.notes = append(e.notes, x)
		if row >= len(e.p.rows) || e.p.index(row) < e.from {
			e.notes[len(e.notes)-1].Kind = ""
			continue
		}
		if line == 0 {
			var err error
			if line, err = f.linesBefore(s.to, s.enc); err != nil {
				return nil, err
			}
		}
		e.notes[len(e.notes)-1].Place = strconv.FormatInt(line+1+e.p.at(row).line-base, 10)
	}
	e.notes = slices.DeleteFunc(e.notes, func(x tabular.Note) bool { return x.Kind == "" })
	return e, nil
}

// linesBefore counts the physical lines before a raw offset.
func (f *finder) linesBefore(to int64, enc string) (n int64, err error) {
	unit := f.dec.Unit()
	mark := lineMark(unit, enc, '\n')
	if f.d.newline == lineCR {
		mark = lineMark(unit, enc, '\r')
	}
	buf := make([]byte, 1<<20)
	for off := int64(0); off < to; {
		b := buf[:min(int64(len(buf)), to-off)]
		if err := readAt(f.src, b, off); err != nil {
			return 0, fmt.Errorf("read %s: %w", f.src.Name, err)
		}
		off += int64(len(b))
		if unit == 1 {
			n += int64(bytes.Count(b, mark))
			continue
		}
		for i := 0; i+unit <= len(b); i += unit {
			if bytes.Equal(b[i:i+unit], mark) {
				n++
			}
		}
	}
	return n, nil
}

// role is what record i of the end is to the table.
func (e *ending) role(i int) grid.Role {
	r := &e.p.recs[i]
	switch {
	case r.emptyRow && int(r.row) <= e.b.Place.Bottom:
		return grid.Data
	case r.verdict == isBlank:
		return grid.BlankRow
	case int(r.row) > e.b.Place.Bottom:
		return grid.NoteRow
	}
	return e.b.Role(int(r.row))
}

// read hands on the records of the ending, the first being physical line.
func (e *ending) read(ctx context.Context, line int64, tally *tabular.Tally, emit func(*tabular.Batch) error, reject func(tabular.Reject) error) error {
	if e.b == nil || e.from >= len(e.p.recs) {
		return ctx.Err()
	}
	b := &tabular.Batch{Columns: make([]tabular.Text, e.s.columns)}
	for i := range b.Columns {
		b.Columns[i].Reset()
	}
	base := e.p.recs[e.from].line
	var buf []byte
	for i := e.from; i < len(e.p.recs); i++ {
		r := &e.p.recs[i]
		at := line + r.line - base
		if r.verdict == rejected {
			x := e.p.reject(i)
			x.Line = at
			tally.Rejected++
			tally.Physical++
			if err := reject(x); err != nil {
				return err
			}
			continue
		}
		inside := int(r.row) <= e.b.Place.Bottom
		switch e.role(i) {
		case grid.Data:
			for k, t := range e.s.targets {
				if t < 0 {
					continue
				}
				var v []byte
				if f := r.f0 + int32(k); f < r.f1 {
					v = e.p.d.value(e.p.text, e.p.fields[f], &buf)
				}
				b.Columns[t].Append(v)
			}
			b.Origin = append(b.Origin, at)
			b.Rows++
			tally.Rows++
			tally.Physical++
		case grid.BlankRow:
			if inside {
				tally.Blank++
				tally.Physical++
			}
		default:
			if inside {
				tally.Notes++
				tally.Physical++
			}
		}
	}
	if b.Rows > 0 {
		return emit(b)
	}
	return nil
}
