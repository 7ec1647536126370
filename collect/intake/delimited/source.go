package delimited

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"shuniu/collect/intake/charset"
	"shuniu/collect/intake/tabular"
)

// wholeBelow is up to which size a file is looked at whole; headBytes and
// tailBytes are how much of a bigger one. Tests make them small.
var (
	wholeBelow int64 = 32 << 20
	headBytes  int64 = 8 << 20
	tailBytes  int64 = 512 << 10
)

// A text is a file, or the beginning of one, as UTF-8. Lines that did not
// decode are empty in it and kept in bad.
type text struct {
	data []byte
	bad  map[int64][]byte // by line number of the file, from 1: bytes as received
	used int              // raw bytes taken, byte order mark included
	// partial: there is more in the file
	partial   bool
	unwrapped bool   // whole lines were quoted
	tail      []byte // the last lines of a partial text, decoded
	// badTail is bad of the tail, by line number of the tail, from 1.
	badTail map[int64][]byte
}

// open reads encoding and text of the source.
func open(src *tabular.Source, opt tabular.Options) (*text, charset.Result, *charset.Decoder, error) {
	var enc charset.Result
	var err error
	if opt.Encoding != "" {
		enc = charset.Result{Name: opt.Encoding, Confidence: 1}
		enc.BOM, err = markOf(src, opt.Encoding)
	} else {
		enc, err = charset.Detect(src, src.Size)
	}
	if err != nil {
		return nil, enc, nil, fmt.Errorf("encoding of %s: %w", src.Name, err)
	}
	name := enc.Name
	if name == "utf-8-bom" {
		name = "utf-8"
	}
	dec, err := charset.NewDecoder(name)
	if err != nil {
		return nil, enc, nil, err
	}
	n := src.Size
	t := &text{}
	if n > wholeBelow {
		n, t.partial = headBytes, true
	}
	raw := make([]byte, n)
	if err := readAt(src, raw, 0); err != nil {
		return nil, enc, nil, fmt.Errorf("read %s: %w", src.Name, err)
	}
	if t.partial {
		raw = raw[:wholeLines(raw, dec.Unit(), name)]
	}
	t.used = len(raw)
	t.data, t.bad = decodeLines(dec, name, enc.Foreign, raw[min(enc.BOM, len(raw)):], 1)
	t.data = bytes.TrimPrefix(t.data, []byte("\uFEFF")) // a second mark, by joined files
	if t.partial {
		from := (src.Size - tailBytes) &^ 3
		end := make([]byte, src.Size-from)
		if err := readAt(src, end, from); err != nil {
			return nil, enc, nil, fmt.Errorf("read %s: %w", src.Name, err)
		}
		skip := firstLine(end, dec.Unit(), name)
		t.tail, t.badTail = decodeLines(dec, name, enc.Foreign, end[skip:], 1)
	}
	return t, enc, dec, nil
}

func readAt(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// markOf is how many bytes of byte order mark a file of a given encoding has.
func markOf(src *tabular.Source, name string) (int, error) {
	head := make([]byte, min(src.Size, 4))
	if err := readAt(src, head, 0); err != nil {
		return 0, err
	}
	mark := []byte(nil)
	switch name {
	case "utf-8", "utf-8-bom", "utf8":
		mark = []byte{0xEF, 0xBB, 0xBF}
	default:
		if b, ok := charset.Encode(name, []byte("\uFEFF")); ok {
			mark = b
		}
	}
	if len(mark) > 0 && bytes.HasPrefix(head, mark) {
		return len(mark), nil
	}
	return 0, nil
}

// lineMark is a line feed (or carriage return) as the encoding writes it.
func lineMark(unit int, name string, c byte) []byte {
	mark := make([]byte, unit)
	if name == "utf-16be" || name == "utf-32be" {
		mark[unit-1] = c
	} else {
		mark[0] = c
	}
	return mark
}

// wholeLines is how many bytes of raw end with the last line end.
func wholeLines(raw []byte, unit int, name string) int {
	for _, c := range [...]byte{'\n', '\r'} {
		mark := lineMark(unit, name, c)
		for i := len(raw); i > 0; {
			i = bytes.LastIndex(raw[:i], mark)
			if i < 0 {
				break
			}
			if i%unit == 0 {
				return i + unit
			}
		}
	}
	return len(raw) / unit * unit
}

// firstLine is where the first whole line of raw begins.
func firstLine(raw []byte, unit int, name string) int {
	for _, c := range [...]byte{'\n', '\r'} {
		mark := lineMark(unit, name, c)
		for i := 0; ; {
			k := bytes.Index(raw[i:], mark)
			if k < 0 {
				break
			}
			if i += k; i%unit == 0 {
				return i + unit
			}
			i++
		}
	}
	return len(raw)
}

// decodeLines decodes whole lines, of which the first is line number first. A
// line that does not decode is left empty and kept as it came. In a file of
// mixed encodings (foreign) each line is looked at by itself.
func decodeLines(dec *charset.Decoder, name, foreign string, raw []byte, first int64) (out []byte, bad map[int64][]byte) {
	if foreign == "" && dec.Plain() {
		return raw, nil // Detect looked at every byte
	}
	unit := dec.Unit()
	out = make([]byte, 0, 3*len(raw)+16) // the longest outcome: it never grows
	if foreign == "utf-8" && unit == 1 {
		line := first
		for len(raw) > 0 {
			end := bytes.IndexByte(raw, '\n') + 1
			if end == 0 {
				end = len(raw)
			}
			before := len(out)
			next, n, ok := dec.Append(out, raw[:end], true)
			if !ok || n < end || charset.LooksUTF8(raw[:end]) && !isASCII(raw[:end]) {
				if bad == nil {
					bad = map[int64][]byte{}
				}
				bad[line] = bytes.TrimRight(bytes.Clone(raw[:end]), "\r\n")
				out = append(out[:before], '\n')
			} else {
				out = next
			}
			raw = raw[end:]
			line++
		}
		return out, bad
	}
	lf, cr := lineMark(unit, name, '\n'), lineMark(unit, name, '\r')
	pos := 0
	for pos < len(raw) {
		next, n, ok := dec.Append(out, raw[pos:], true)
		out = next
		pos += n
		if ok {
			break
		}
		// the line around pos is kept aside
		from, to := lineStart(raw, pos, unit, lf, cr), lineStop(raw, pos, unit, lf, cr)
		cut := max(bytes.LastIndexByte(out, '\n'), bytes.LastIndexByte(out, '\r')) + 1
		out = out[:cut]
		if bad == nil {
			bad = map[int64][]byte{}
		}
		bad[first+countLines(out)] = bytes.Clone(raw[from:to])
		if pos = to; pos == len(raw) {
			out = append(out, '\n') // the last line has no end, and stands here empty all the same
		}
	}
	return out, bad
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// countLines counts line ends of any kind.
func countLines(b []byte) (n int64) {
	lf := bytes.Count(b, []byte{'\n'})
	if cr := bytes.Count(b, []byte{'\r'}); cr > 0 && lf == 0 {
		return int64(cr)
	}
	return int64(lf)
}

func lineStart(raw []byte, pos, unit int, lf, cr []byte) int {
	for i := pos - unit; i >= 0; i -= unit {
		if bytes.HasPrefix(raw[i:], lf) || bytes.HasPrefix(raw[i:], cr) {
			return i + unit
		}
	}
	return 0
}

func lineStop(raw []byte, pos, unit int, lf, cr []byte) int {
	for i := pos; i < len(raw); i += unit {
		if bytes.HasPrefix(raw[i:], lf) || bytes.HasPrefix(raw[i:], cr) {
			return i
		}
	}
	return len(raw)
}
