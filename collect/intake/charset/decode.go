package charset

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"

	"shuniu/fault"
)

// A Decoder turns bytes of one encoding into UTF-8, strictly. It keeps no
// state between calls and may be used by many goroutines.
type Decoder struct {
	c     *codec
	wrong string // of a double encoding: what UTF-8 was wrongly read as
}

// NewDecoder returns the decoder of an encoding by the name Detect gives it;
// usual other names (gbk, cp932, latin1) are understood. fault.Invalid
// otherwise. A byte order mark is the caller's to skip (Result.BOM).
//
// "double:windows-1252" repairs UTF-8 that was read as windows-1252 and written
// as UTF-8 again; "double:windows-1252/gb18030" GB18030 that was.
func NewDecoder(name string) (*Decoder, error) {
	wrong, inner := "", name
	if rest, ok := strings.CutPrefix(name, "double:"); ok {
		wrong, inner, _ = strings.Cut(rest, "/")
		if inner == "" {
			inner = "utf-8"
		}
		if _, err := codecOf(wrong); err != nil {
			return nil, err
		}
	}
	c, err := codecOf(inner)
	if err != nil {
		return nil, err
	}
	return &Decoder{c, wrong}, nil
}

// Unit is how many bytes the smallest character takes: 1, 2 or 4.
func (d *Decoder) Unit() int {
	if d.wrong != "" {
		return 1
	}
	switch d.c.family {
	case utf16Family:
		return 2
	case utf32Family:
		return 4
	default:
		return 1
	}
}

// Plain reports whether decoding is copying (UTF-8).
func (d *Decoder) Plain() bool { return d.c.family == utf8Family && d.wrong == "" }

// Append decodes src onto dst. n is how many bytes of src were used. ok is
// false when src[n:] begins with bytes that stand for no character. With last
// false a character cut off at the end of src is left for the next call; with
// last true it does not decode.
func (d *Decoder) Append(dst, src []byte, last bool) (out []byte, n int, ok bool) {
	if d.wrong != "" {
		return d.appendDoubled(dst, src, last)
	}
	switch d.c.family {
	case utf8Family:
		return appendUTF8(dst, src, last)
	case utf16Family:
		return d.appendUTF16(dst, src, last)
	case utf32Family:
		return d.appendUTF32(dst, src, last)
	case singleFamily:
		return d.appendSingle(dst, src)
	default:
		return d.appendDouble(dst, src, last)
	}
}

// appendDoubled undoes the wrong reading line by line.
func (d *Decoder) appendDoubled(dst, src []byte, last bool) ([]byte, int, bool) {
	inner := &Decoder{c: d.c}
	n := 0
	for n < len(src) {
		end := bytes.IndexByte(src[n:], '\n') + 1
		if end == 0 {
			if !last {
				return dst, n, true
			}
			end = len(src) - n
		}
		line := src[n : n+end]
		raw, ok := undo(line, d.wrong)
		if !ok {
			return dst, n, false
		}
		out, used, ok := inner.Append(dst, raw, true)
		if !ok || used < len(raw) {
			return dst, n, false
		}
		dst = out
		n += end
	}
	return dst, n, true
}

// Skip is how many bytes to step over where src does not decode.
func (d *Decoder) Skip(src []byte) int { return min(d.Unit(), len(src)) }

// ascii counts the bytes below 0x80 at the start of s.
func ascii(s []byte) int {
	i := 0
	for len(s)-i >= 8 {
		if w := binary.LittleEndian.Uint64(s[i:]) & highBits; w != 0 {
			return i + bits.TrailingZeros64(w)>>3
		}
		i += 8
	}
	for i < len(s) && s[i] < utf8.RuneSelf {
		i++
	}
	return i
}

const highBits = 0x8080808080808080

// validUTF8 counts the bytes of valid UTF-8 at the start of s, and tells
// whether what follows is a character cut off by the end of s.
func validUTF8(s []byte) (n int, cut bool) {
	const block = 4096
	for len(s)-n >= block {
		end := n + block
		for back := 0; back < utf8.UTFMax && !utf8.RuneStart(s[end-1]); back++ {
			end--
		}
		end-- // a character that begins near the end belongs to the next block
		if !utf8Machine.accepts(s[n:end]) {
			break
		}
		n = end
	}
	for n < len(s) {
		if s[n] < utf8.RuneSelf {
			n += ascii(s[n:])
			continue
		}
		r, size := utf8.DecodeRune(s[n:])
		if r == utf8.RuneError && size <= 1 {
			return n, !utf8.FullRune(s[n:])
		}
		n += size
	}
	return n, false
}

// A machine is an automaton over bytes whose states are shift counts: the next
// state is in the low six bits of the byte's row, shifted right by the state.
// A step is a load, which waits for nothing, and one shift.
// Source: P. Vognsen, "Shift-based DFAs" (2021).
type machine [256]uint64

// accepts reports whether the automaton ends in its first state.
func (m *machine) accepts(s []byte) bool {
	state := uint64(stateStart)
	for len(s) >= 8 {
		state = m[s[0]] >> (state & 63)
		state = m[s[1]] >> (state & 63)
		state = m[s[2]] >> (state & 63)
		state = m[s[3]] >> (state & 63)
		state = m[s[4]] >> (state & 63)
		state = m[s[5]] >> (state & 63)
		state = m[s[6]] >> (state & 63)
		state = m[s[7]] >> (state & 63)
		s = s[8:]
	}
	for _, b := range s {
		state = m[b] >> (state & 63)
	}
	return state&63 == stateStart
}

// States of utf8Machine: what the next byte must be.
const (
	stateError = 6 * iota
	stateStart
	stateOne   // one continuation byte
	stateTwo   // two
	stateThree // three
	stateE0    // two, the first not overlong
	stateED    // two, the first below the surrogates
	stateF0    // three, the first not overlong
	stateF4    // three, the first within Unicode
)

var utf8Machine = newUTF8Machine()

// newUTF8Machine is the table of well-formed sequences (Unicode 16, table 3-7).
func newUTF8Machine() *machine {
	var m machine
	step := func(from, to uint64, lo, hi int) {
		for b := lo; b <= hi; b++ {
			m[b] |= to << from
		}
	}
	step(stateStart, stateStart, 0x00, 0x7F)
	step(stateStart, stateOne, 0xC2, 0xDF)
	step(stateStart, stateE0, 0xE0, 0xE0)
	step(stateStart, stateTwo, 0xE1, 0xEC)
	step(stateStart, stateED, 0xED, 0xED)
	step(stateStart, stateTwo, 0xEE, 0xEF)
	step(stateStart, stateF0, 0xF0, 0xF0)
	step(stateStart, stateThree, 0xF1, 0xF3)
	step(stateStart, stateF4, 0xF4, 0xF4)
	step(stateOne, stateStart, 0x80, 0xBF)
	step(stateTwo, stateOne, 0x80, 0xBF)
	step(stateThree, stateTwo, 0x80, 0xBF)
	step(stateE0, stateOne, 0xA0, 0xBF)
	step(stateED, stateOne, 0x80, 0x9F)
	step(stateF0, stateTwo, 0x90, 0xBF)
	step(stateF4, stateTwo, 0x80, 0x8F)
	return &m
}

func appendUTF8(dst, src []byte, last bool) ([]byte, int, bool) {
	n, cut := validUTF8(src)
	return append(dst, src[:n]...), n, n == len(src) || cut && !last
}

func (d *Decoder) appendUTF16(dst, src []byte, last bool) ([]byte, int, bool) {
	n := 0
	for len(src)-n >= 2 {
		r := rune(d.word(src[n:]))
		if r < utf8.RuneSelf {
			dst = append(dst, byte(r))
			n += 2
			continue
		}
		if r >= 0xD800 && r < 0xE000 {
			if r >= 0xDC00 {
				return dst, n, false
			}
			if len(src)-n < 4 {
				return dst, n, !last
			}
			low := rune(d.word(src[n+2:]))
			if low < 0xDC00 || low >= 0xE000 {
				return dst, n, false
			}
			dst = utf8.AppendRune(dst, 0x10000+(r-0xD800)<<10|(low-0xDC00))
			n += 4
			continue
		}
		dst = utf8.AppendRune(dst, r)
		n += 2
	}
	return dst, n, n == len(src) || !last
}

func (d *Decoder) word(s []byte) uint16 {
	if d.c.big {
		return binary.BigEndian.Uint16(s)
	}
	return binary.LittleEndian.Uint16(s)
}

func (d *Decoder) appendUTF32(dst, src []byte, last bool) ([]byte, int, bool) {
	n := 0
	for len(src)-n >= 4 {
		u := binary.LittleEndian.Uint32(src[n:])
		if d.c.big {
			u = binary.BigEndian.Uint32(src[n:])
		}
		if u > utf8.MaxRune || u >= 0xD800 && u < 0xE000 {
			return dst, n, false
		}
		dst = utf8.AppendRune(dst, rune(u))
		n += 4
	}
	return dst, n, n == len(src) || !last
}

func (d *Decoder) appendSingle(dst, src []byte) ([]byte, int, bool) {
	n := 0
	for n < len(src) {
		if src[n] < utf8.RuneSelf {
			k := ascii(src[n:])
			dst = append(dst, src[n:n+k]...)
			n += k
			continue
		}
		p := d.c.packed[src[n]]
		if p == 0 {
			return dst, n, false
		}
		dst = append(dst, byte(p), byte(p>>8), byte(p>>16))
		dst = dst[:len(dst)-3+int(p>>24)]
		n++
	}
	return dst, n, true
}

func (d *Decoder) appendDouble(dst, src []byte, last bool) ([]byte, int, bool) {
	double, packed := d.c.double, &d.c.packed
	// room for the longest outcome, so that characters are stored, not appended
	dst = slices.Grow(dst, 3*len(src)+16)
	buf, o := dst[:cap(dst)], len(dst)
	n := 0
	for n < len(src) {
		b := src[n]
		if b < utf8.RuneSelf {
			for len(src)-n >= 8 {
				w := binary.LittleEndian.Uint64(src[n:])
				binary.LittleEndian.PutUint64(buf[o:], w)
				if w &= 0x8080808080808080; w != 0 {
					k := bits.TrailingZeros64(w) >> 3
					n, o = n+k, o+k
					break
				}
				n, o = n+8, o+8
			}
			for n < len(src) && src[n] < utf8.RuneSelf {
				buf[o] = src[n]
				n, o = n+1, o+1
			}
			continue
		}
		if len(src)-n >= 2 {
			if p := double[uint(b)<<8|uint(src[n+1])]; p != 0 {
				binary.LittleEndian.PutUint32(buf[o:], p)
				n, o = n+2, o+int(p>>24)
				continue
			}
		}
		if p := packed[b]; p != 0 {
			binary.LittleEndian.PutUint32(buf[o:], p)
			n, o = n+1, o+int(p>>24)
			continue
		}
		r, w, cut := d.slow(src[n:])
		if cut {
			return buf[:o], n, !last
		}
		if w == 0 {
			return buf[:o], n, false
		}
		o += copy(buf[o:], r)
		n += w
	}
	return buf[:o], n, true
}

// slow decodes one character of more than the tables hold: four-byte GB18030,
// three-byte EUC-JP, Big5 beyond the basic plane. w is 0 when there is none;
// cut tells that src may be the start of one.
func (d *Decoder) slow(src []byte) (out []byte, w int, cut bool) {
	kind := d.c.lead[src[0]]
	if kind == leadNone {
		return nil, 0, false
	}
	longest := 2
	switch {
	case d.c.name == "gb18030":
		if len(src) == 1 {
			return nil, 0, true
		}
		if src[1] < '0' || src[1] > '9' {
			return nil, 0, false
		}
		longest = 4
	case d.c.name == "euc-jp" && src[0] == 0x8F:
		longest = 3
	}
	if len(src) < longest {
		for _, b := range src[1:] {
			if b == '\n' || b == '\r' {
				return nil, 0, false
			}
		}
		return nil, 0, true
	}
	if kind == leadTwo {
		return nil, 0, false // the table has all of them
	}
	text, err := d.c.enc.NewDecoder().Bytes(src[:longest])
	if err != nil || len(text) == 0 || bytes.Contains(text, []byte("\uFFFD")) || text[len(text)-1] < utf8.RuneSelf {
		return nil, 0, false
	}
	return text, longest, false
}

// Encode turns UTF-8 back into the encoding; ok is false when a character has
// no place in it.
func Encode(name string, text []byte) (out []byte, ok bool) {
	c, err := codecOf(name)
	if err != nil {
		return nil, false
	}
	switch c.family {
	case utf8Family:
		return text, true
	case utf16Family, utf32Family:
		var order binary.AppendByteOrder = binary.LittleEndian
		if c.big {
			order = binary.BigEndian
		}
		for _, r := range string(text) {
			switch {
			case c.family == utf32Family:
				out = order.AppendUint32(out, uint32(r))
			case r >= 0x10000:
				out = order.AppendUint16(out, uint16(0xD800+(r-0x10000)>>10))
				out = order.AppendUint16(out, uint16(0xDC00+(r-0x10000)&0x3FF))
			default:
				out = order.AppendUint16(out, uint16(r))
			}
		}
		return out, true
	case singleFamily, doubleFamily:
	}
	out, err = c.enc.NewEncoder().Bytes(text)
	return out, err == nil
}

// A Reader decodes a stream; it fails with fault.Invalid at the first bytes
// that do not decode and names their offset.
type Reader struct {
	r   io.Reader
	d   *Decoder
	src []byte
	out []byte
	pos int // of out, read so far
	off int64
	err error
}

// NewReader returns a reader of r as UTF-8.
func NewReader(r io.Reader, name string) (*Reader, error) {
	d, err := NewDecoder(name)
	if err != nil {
		return nil, err
	}
	return &Reader{r: r, d: d}, nil
}

// Read is io.Reader's.
func (r *Reader) Read(p []byte) (int, error) {
	for r.pos == len(r.out) {
		if r.err != nil {
			return 0, r.err
		}
		r.fill()
	}
	n := copy(p, r.out[r.pos:])
	r.pos += n
	return n, nil
}

func (r *Reader) fill() {
	const block = 256 << 10
	kept := len(r.src)
	r.src = append(r.src, make([]byte, block)...)
	n, err := io.ReadFull(r.r, r.src[kept:])
	r.src = r.src[:kept+n]
	last := err != nil
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		r.err = err
		return
	}
	out, used, ok := r.d.Append(r.out[:0], r.src, last)
	r.out, r.pos = out, 0
	r.off += int64(used)
	if !ok {
		r.err = fmt.Errorf("byte %d does not decode as %s: %w", r.off, r.d.c.name, fault.Invalid)
		return
	}
	r.src = append(r.src[:0], r.src[used:]...)
	if last {
		r.err = io.EOF
	}
}
