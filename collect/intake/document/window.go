package document

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"shuniu/collect/intake/tabular"
)

// A window is the part of a text that a tokenizer has in hand: what lies
// before pos is done with, what lies behind it stays until it is taken.
type window struct {
	check     func() error // why to stop: the error of the context
	src       io.ReaderAt
	size, off int64 // off: of buf[end] in src
	buf       []byte
	pos, end  int
	line      int64 // of pos, from 1
	failed    error
}

// newWindow opens src behind its byte order mark.
func newWindow(ctx context.Context, src *tabular.Source) window {
	r := window{check: ctx.Err, src: src, size: src.Size, buf: make([]byte, blockBytes), line: 1}
	if r.grow() && bytes.HasPrefix(r.buf[:r.end], []byte("\xEF\xBB\xBF")) {
		r.pos = 3
	}
	return r
}

// grow reads on behind end, keeping what is from pos; slices given out before
// it are no longer good. False at the end of the text.
func (r *window) grow() bool {
	if r.off >= r.size || r.check() != nil {
		return false
	}
	switch {
	case r.pos > 0:
		copy(r.buf, r.buf[r.pos:r.end])
		r.end -= r.pos
		r.pos = 0
	case r.end == len(r.buf):
		if len(r.buf) >= cellBytes {
			r.failed = errValue
			return false
		}
		r.buf = append(r.buf, make([]byte, len(r.buf))...)
	}
	n, err := r.src.ReadAt(r.buf[r.end:min(int64(len(r.buf)), int64(r.end)+r.size-r.off)], r.off)
	if err != nil && !errors.Is(err, io.EOF) {
		r.failed = fmt.Errorf("read at byte %d: %w", r.off, err)
		return false
	}
	r.off += int64(n)
	r.end += n
	return n > 0
}

func (r *window) bad(what string) error {
	if err := errors.Join(r.check(), r.failed); err != nil {
		return err
	}
	return &syntaxError{r.offset(), r.line, what}
}

// find gives the distance from pos to the first mark at or after from, -1 when
// there is none.
func (r *window) find(from int, mark string) int {
	for {
		if r.pos+from <= r.end {
			if i := bytes.Index(r.buf[r.pos+from:r.end], []byte(mark)); i >= 0 {
				return from + i
			}
		}
		from = max(from, r.end-r.pos-len(mark)+1)
		if !r.grow() {
			return -1
		}
	}
}

// take moves pos on by n bytes, counts their lines and gives them.
func (r *window) take(n int) []byte {
	b := r.buf[r.pos : r.pos+n]
	r.line += int64(bytes.Count(b, []byte("\n")))
	r.pos += n
	return b
}

// has reports whether the text goes on with mark.
func (r *window) has(mark string) bool {
	for r.end-r.pos < len(mark) {
		if !r.grow() {
			return false
		}
	}
	return string(r.buf[r.pos:r.pos+len(mark)]) == mark
}

// offset is the byte of pos in the text, from 0.
func (r *window) offset() int64 { return r.off - int64(r.end-r.pos) }

// at gives the byte i behind pos; ok is false at the end of the text.
func (r *window) at(i int) (c byte, ok bool) {
	for r.pos+i >= r.end {
		if !r.grow() {
			return 0, false
		}
	}
	return r.buf[r.pos+i], true
}

// seek goes to a byte of the text, on the given line.
func (r *window) seek(offset, line int64) {
	r.off, r.pos, r.end, r.line = offset, 0, 0, line
}
