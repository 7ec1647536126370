package delimited

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"shuniu/collect/intake/charset"
	"shuniu/collect/intake/tabular"

	"golang.org/x/sync/errgroup"
)

// chunkBytes is how much of a file one worker takes at once; batchRows is the
// most rows of one batch.
const (
	chunkBytes = 4 << 20
	batchRows  = 65536
)

// A stretch is the middle of a big table: records of one width, between the
// part at the beginning and the part at the end that were looked at whole.
type stretch struct {
	src     *tabular.Source
	dec     *charset.Decoder
	enc     string
	foreign string
	d       dialect
	from    int64 // raw offsets
	to      int64
	line    int64 // physical line at from
	width   int
	targets []int // by value of a record: the table's column, or -1
	columns int
	pad     bool   // rows may lack values at their end
	loose   bool   // rows may end in further, empty values
	header  []byte // the header's line, to know it when it comes again
}

// A chunk is a part of the stretch on its way through a worker.
type chunk struct {
	raw     []byte
	last    bool
	text    []byte
	lines   int64
	batches []*tabular.Batch
	used    int
	rejects []tabular.Reject
	tally   tabular.Tally
	open    int64 // lines before a record that goes on in the next chunk; -1
	done    chan struct{}
	fields  []field
	buf     []byte
}

// read streams the stretch, split and decoded on two cores, in order.
func (s *stretch) read(ctx context.Context, tally *tabular.Tally, emit func(*tabular.Batch) error, reject func(tabular.Reject) error) (line int64, err error) {
	g, ctx := errgroup.WithContext(ctx)
	work, queue := make(chan *chunk, 2), make(chan *chunk, 3)
	free := make(chan *chunk, 6) // chunks keep their memory from one use to the next
	for range cap(free) {
		free <- &chunk{}
	}
	g.Go(func() error {
		defer close(work)
		defer close(queue)
		return s.produce(ctx, free, work, queue)
	})
	for range 2 {
		g.Go(func() error {
			for c := range work {
				s.tokenise(c)
				close(c.done)
			}
			return nil
		})
	}
	line = s.line
	g.Go(func() error {
		var carry []byte
		for c := range queue {
			select {
			case <-c.done:
			case <-ctx.Done():
				return ctx.Err()
			}
			if len(carry) > 0 {
				c.raw = append(carry, c.raw...)
				carry = nil
				s.tokenise(c)
			}
			if c.open >= 0 {
				carry = bytes.Clone(c.raw[rawLine(c.raw, c.open, s.dec.Unit(), s.enc, s.d.newline):])
			}
			if err := c.deliver(line, tally, emit, reject); err != nil {
				return err
			}
			line += c.lines
			free <- c
		}
		return nil
	})
	if err := g.Wait(); err != nil {
		return line, fmt.Errorf("read %s: %w", s.src.Name, err)
	}
	return line, nil
}

// produce reads the file in chunks of whole lines.
func (s *stretch) produce(ctx context.Context, free <-chan *chunk, work, queue chan<- *chunk) error {
	var rest []byte
	var held *chunk // whose line goes on
	for off := s.from; off < s.to || len(rest) > 0; {
		c := held
		held = nil
		if c == nil {
			select {
			case c = <-free:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		n := int(min(chunkBytes, s.to-off))
		c.raw = slices.Grow(append(c.raw[:0], rest...), n)[:len(rest)+n]
		if err := readAt(s.src, c.raw[len(rest):], off); err != nil {
			return err
		}
		off += int64(n)
		c.last = off >= s.to
		rest = rest[:0]
		if !c.last {
			end := wholeLines(c.raw, s.dec.Unit(), s.enc)
			if end == 0 || end < len(c.raw)/2 && len(c.raw) < 64<<20 && !bytes.ContainsAny(c.raw[:min(len(c.raw), 1<<16)], "\r\n") {
				rest = append(rest, c.raw...)
				held = c
				if len(rest) > 256<<20 {
					return &tabular.Refusal{Kind: "too_large", Message: "文件里有一行超过 256 MB。", Hint: "请检查换行是否正确。"}
				}
				continue
			}
			rest = append(rest, c.raw[end:]...)
			c.raw = c.raw[:end]
		}
		c.done = make(chan struct{})
		select {
		case queue <- c:
		case <-ctx.Done():
			return ctx.Err()
		}
		select {
		case work <- c:
		case <-ctx.Done():
			return ctx.Err()
		}
		if c.last {
			return nil
		}
	}
	return nil
}

// deliver hands on what a worker made of the chunk.
func (c *chunk) deliver(line int64, tally *tabular.Tally, emit func(*tabular.Batch) error, reject func(tabular.Reject) error) error {
	for _, b := range c.batches[:c.used] {
		if b.Rows == 0 {
			continue
		}
		for i := range b.Origin {
			b.Origin[i] += line
		}
		if err := emit(b); err != nil {
			return err
		}
	}
	for _, r := range c.rejects {
		r.Line += line
		if err := reject(r); err != nil {
			return err
		}
	}
	tally.Physical += c.tally.Physical
	tally.Header += c.tally.Header
	tally.Rows += c.tally.Rows
	tally.Notes += c.tally.Notes
	tally.Rejected += c.tally.Rejected
	tally.Blank += c.tally.Blank
	return nil
}

// batch is the batch under work, a new one when it is full.
func (c *chunk) batch(columns int) *tabular.Batch {
	if c.used > 0 {
		if b := c.batches[c.used-1]; b.Rows < batchRows {
			return b
		}
	}
	if c.used == len(c.batches) {
		c.batches = append(c.batches, &tabular.Batch{Columns: make([]tabular.Text, columns)})
	}
	b := c.batches[c.used]
	c.used++
	b.Rows, b.Origin = 0, b.Origin[:0]
	for i := range b.Columns {
		b.Columns[i].Reset()
	}
	return b
}

// tokenise decodes and splits a chunk.
func (s *stretch) tokenise(c *chunk) {
	c.used, c.rejects, c.tally, c.open, c.lines = 0, c.rejects[:0], tabular.Tally{}, -1, 0
	text := c.raw
	var bad map[int64][]byte
	if s.foreign != "" || !s.dec.Plain() {
		if s.foreign == "" {
			var n int
			var ok bool
			c.text, n, ok = s.dec.Append(c.text[:0], c.raw, true)
			if !ok || n < len(c.raw) {
				c.text, bad = decodeLines(s.dec, s.enc, s.foreign, c.raw, 0)
			}
		} else {
			c.text, bad = decodeLines(s.dec, s.enc, s.foreign, c.raw, 0)
		}
		text = c.text
	}
	own := s.d
	budget := int64(2 * len(text))
	own.budget = &budget
	d := &own
	simple := d.fixed == nil && len(d.delim) == 1 && !d.skip && !d.blanks && d.newline == lineLF && len(s.targets) == s.width
	quoted := d.quote != 0 && bytes.IndexByte(text, d.quote) >= 0
	b := c.batch(s.columns)
	for pos := 0; pos < len(text); {
		if b.Rows == batchRows {
			b = c.batch(s.columns)
		}
		if simple {
			nl := bytes.IndexByte(text[pos:], '\n')
			next := pos + nl + 1
			if nl < 0 {
				nl, next = len(text)-pos, len(text)
			}
			row := text[pos : pos+nl]
			if n := len(row); n > 0 && row[n-1] == '\r' {
				row = row[:n-1]
			}
			if (!quoted || bytes.IndexByte(row, d.quote) < 0) && (bad == nil || bad[c.lines] == nil) && len(row) > 0 {
				if s.fast(b, row, d.delim[0]) {
					b.Origin = append(b.Origin, c.lines)
					b.Rows++
					c.lines++
					pos = next
					continue
				}
			}
		}
		var r record
		r, c.fields = d.split(text, pos, c.fields[:0])
		if r.damage == unclosed && !c.last && len(text)-pos < mostBytes {
			c.open = c.lines
			break
		}
		if r.lines > 1 && (&page{text: text, d: *d}).ranThrough(pos, &r, len(c.fields)) {
			end, next := d.lineEnd(text, pos)
			r, c.fields = d.damaged(text, pos, end, next, unclosed, c.fields[:0])
		}
		s.careful(c, b, text, &r, bad)
		c.lines += int64(r.lines)
		pos = int(r.next)
	}
	c.tally.Rows = 0
	for _, b := range c.batches[:c.used] {
		c.tally.Rows += int64(b.Rows)
	}
	c.tally.Rejected = int64(len(c.rejects))
	c.tally.Physical = c.tally.Rows + c.tally.Rejected + c.tally.Blank + c.tally.Notes
}

// fast appends an unquoted row of exactly the right width; else it leaves the
// batch as it was.
func (s *stretch) fast(b *tabular.Batch, row []byte, delim byte) bool {
	last := s.width - 1
	n := b.Rows + 1
	k := 0
	for ; k < last; k++ {
		i := bytes.IndexByte(row, delim)
		if i < 0 {
			break
		}
		if t := s.targets[k]; t >= 0 {
			col := &b.Columns[t]
			col.Data = append(col.Data, row[:i]...)
			col.Offsets = append(col.Offsets, int32(len(col.Data)))
		}
		row = row[i+1:]
	}
	if k == last && bytes.IndexByte(row, delim) < 0 {
		if t := s.targets[k]; t >= 0 {
			col := &b.Columns[t]
			col.Data = append(col.Data, row...)
			col.Offsets = append(col.Offsets, int32(len(col.Data)))
		}
		return true
	}
	for i := range b.Columns {
		col := &b.Columns[i]
		if len(col.Offsets) > n {
			col.Offsets = col.Offsets[:n]
			col.Data = col.Data[:col.Offsets[n-1]]
		}
	}
	return false
}

// careful judges a record that is not simply a row.
func (s *stretch) careful(c *chunk, b *tabular.Batch, text []byte, r *record, bad map[int64][]byte) {
	line := text[r.from:r.to]
	reason := ""
	for k := range int64(r.lines) {
		if raw, ok := bad[c.lines+k]; ok {
			s.refuse(c, raw, raw, fmt.Sprintf("有字节不能按 %s 解读", s.enc), true)
			return
		}
	}
	n := len(c.fields)
	blank := true
	for _, f := range c.fields {
		if len(bytes.TrimSpace(text[f.from:f.to])) > 0 {
			blank = false
			break
		}
	}
	switch {
	case blank && r.damage == sound:
		c.tally.Blank++
		return
	case s.header != nil && bytes.Equal(line, s.header):
		c.tally.Notes++
		return
	case r.damage != sound:
		reason = "引号不成对，读不出确定的列"
	case n > s.width:
		extra := false
		for _, f := range c.fields[s.width:] {
			extra = extra || len(bytes.TrimSpace(text[f.from:f.to])) > 0
		}
		if extra || !s.loose {
			reason = fmt.Sprintf("有 %d 个值，表有 %d 列（多出的分隔符会使各列错位）", n, s.width)
		}
	case n < s.width && !s.pad:
		reason = fmt.Sprintf("只有 %d 个值，表有 %d 列", n, s.width)
	}
	if reason != "" {
		raw, ok := charset.Encode(s.enc, line)
		if !ok {
			raw = line
		}
		s.refuse(c, raw, line, reason, r.damage != sound || n < s.width)
		return
	}
	for k := range s.width {
		t := s.targets[k]
		if t < 0 {
			continue
		}
		if k < n {
			b.Columns[t].Append(s.d.value(text, c.fields[k], &c.buf))
		} else {
			b.Columns[t].Append(nil)
		}
	}
	b.Origin = append(b.Origin, c.lines)
	b.Rows++
}

func (s *stretch) refuse(c *chunk, raw, text []byte, reason string, broken bool) {
	const most = 4096
	text = bytes.ToValidUTF8(text[:min(len(text), most)], []byte("\uFFFD"))
	c.rejects = append(c.rejects, tabular.Reject{Line: c.lines, Reason: reason, Text: string(text), Raw: bytes.Clone(raw), Broken: broken})
}

// rawLine is where line n (from 0) of raw begins.
func rawLine(raw []byte, n int64, unit int, enc string, mode newline) int {
	lf, cr := lineMark(unit, enc, '\n'), lineMark(unit, enc, '\r')
	mark := lf
	if mode == lineCR {
		mark = cr
	}
	pos := 0
	for ; n > 0; n-- {
		if mode == lineAny {
			i := pos
			for i < len(raw) && !bytes.HasPrefix(raw[i:], lf) && !bytes.HasPrefix(raw[i:], cr) {
				i += unit
			}
			if i >= len(raw) {
				return len(raw)
			}
			pos = i + unit
			if bytes.HasPrefix(raw[i:], cr) && bytes.HasPrefix(raw[pos:], lf) {
				pos += unit
			}
			continue
		}
		for from := pos; ; {
			k := bytes.Index(raw[from:], mark)
			if k < 0 {
				return len(raw)
			}
			if from += k; from%unit == 0 {
				pos = from + unit
				break
			}
			from++
		}
	}
	return pos
}
