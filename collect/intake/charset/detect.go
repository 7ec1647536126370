package charset

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"
)

// A Result is what encoding a file is in.
type Result struct {
	// Name is the encoding: utf-8, utf-8-bom, utf-16le, utf-16be, utf-32le,
	// utf-32be, gb18030 (GBK and GB2312 too), big5, shift_jis, euc-kr, euc-jp,
	// windows-125x, mac-roman, and a few more of Names.
	Name       string
	BOM        int     // bytes of the byte order mark, to be skipped
	ASCII      bool    // nothing but ASCII: every encoding reads it alike
	Confidence float64 // 0 to 1
	// Alternatives are encodings nearly as probable, best first, that read the
	// file differently.
	Alternatives []string
	// Doubt is a sentence for a person when the guess may be wrong, when lines
	// are in another encoding, or when characters were lost before.
	Doubt string
	// Double is the encoding the text was wrongly read as before it was
	// written as UTF-8; NewDecoder("double:"+Double) repairs it.
	Double string
	// Foreign is the encoding of the lines that are not in Name, when some are
	// not. "" means every line decodes; "?" that some bytes do not.
	Foreign string
}

const (
	blockSize    = 1 << 20
	wholeBelow   = 64 << 20 // smaller files are looked at whole for every question
	oneByteMost  = 64 << 10 // bytes of evidence scored under one-byte encodings
	evidenceMost = 2 << 20  // bytes of lines with non-ASCII characters that are scored
)

// Detect decides the encoding of a file. UTF-8 validity is checked on every
// byte; files above 64 MiB in other encodings are scored on their beginning,
// their end and windows between, and the decoder, which is strict, tells what
// does not fit.
func Detect(r io.ReaderAt, size int64) (Result, error) {
	head := make([]byte, min(size, 1<<16))
	if err := readFull(r, head, 0); err != nil {
		return Result{}, err
	}
	if res, ok := byMark(head); ok {
		if res.Name != "utf-8-bom" {
			return checked(r, size, res)
		}
		sc, err := scan(r, int64(res.BOM), size)
		if err != nil {
			return Result{}, err
		}
		if sc.badLines > 0 {
			if sc.badLines > sc.goodLines {
				res.Confidence = .5
			}
			res.Foreign = "?"
			res.Doubt = fmt.Sprintf("文件以 UTF-8 标记开头，但有 %d 行不是 UTF-8，这些行单独列出。", sc.badLines)
		} else {
			sc.finish(&res)
		}
		return res, nil
	}
	if res, ok := wide(r, head, size); ok {
		return checked(r, size, res)
	}
	sc, err := scan(r, 0, size)
	if err != nil {
		return Result{}, err
	}
	if sc.high == 0 {
		return Result{Name: "utf-8", ASCII: true, Confidence: 1}, nil
	}
	if sc.badLines == 0 {
		res := Result{Name: "utf-8", Confidence: 1}
		if sc.high < 8 {
			res.Confidence = .95
		}
		sc.finish(&res)
		return res, nil
	}
	if sc.goodLines >= 3*sc.badLines && sc.goodChars >= 6 {
		return Result{
			Name: "utf-8", Confidence: .9, Foreign: "?",
			Doubt: fmt.Sprintf("有 %d 行不是 UTF-8（其余 %d 行是），这些行单独列出，没有猜着改写。", sc.badLines, sc.goodLines),
		}, nil
	}
	if !sc.whole {
		if err := sc.windows(r, size); err != nil {
			return Result{}, err
		}
	}
	return sc.judge(), nil
}

// checked decodes the whole file as res says and tells when it does not.
func checked(r io.ReaderAt, size int64, res Result) (Result, error) {
	d, err := NewDecoder(res.Name)
	if err != nil {
		return res, err
	}
	var text []byte
	var bad int64
	buf := make([]byte, 0, blockSize+8)
	for off := int64(res.BOM); off < size; {
		n := min(size-off, int64(blockSize))
		kept := len(buf)
		buf = buf[:kept+int(n)]
		if err := readFull(r, buf[kept:], off); err != nil {
			return res, err
		}
		off += n
		src := buf
		for {
			var used int
			var ok bool
			text, used, ok = d.Append(text[:0], src, off == size)
			src = src[used:]
			if ok {
				break
			}
			bad++
			src = src[d.Skip(src):]
		}
		buf = buf[:copy(buf[:cap(buf)], src)]
	}
	if bad > 0 {
		res.Foreign, res.Confidence = "?", min(res.Confidence, .8)
		res.Doubt = fmt.Sprintf("文件编码判断为 %s，但有 %d 处字节不能按它解读，所在的行单独列出。", res.Name, bad)
	}
	return res, nil
}

func readFull(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("read %d bytes at %d: %w", len(p), off, err)
}

// byMark reads a byte order mark.
func byMark(b []byte) (Result, bool) {
	switch {
	case bytes.HasPrefix(b, []byte{0xEF, 0xBB, 0xBF}):
		return Result{Name: "utf-8-bom", BOM: 3, Confidence: 1}, true
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE, 0, 0}) && len(b)%4 == 0:
		return Result{Name: "utf-32le", BOM: 4, Confidence: 1}, true
	case bytes.HasPrefix(b, []byte{0, 0, 0xFE, 0xFF}):
		return Result{Name: "utf-32be", BOM: 4, Confidence: 1}, true
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE}):
		return Result{Name: "utf-16le", BOM: 2, Confidence: 1}, true
	case bytes.HasPrefix(b, []byte{0xFE, 0xFF}):
		return Result{Name: "utf-16be", BOM: 2, Confidence: 1}, true
	case bytes.HasPrefix(b, []byte{0x84, 0x31, 0x95, 0x33}): // GB18030's mark
		return Result{Name: "gb18030", BOM: 4, Confidence: 1}, true
	}
	return Result{}, false
}

// wide recognises UTF-16 and UTF-32 without a mark by where their NUL bytes
// stand, and by how plausible their characters are.
func wide(r io.ReaderAt, head []byte, size int64) (Result, bool) {
	if size < 4 || size%2 != 0 {
		return Result{}, false
	}
	sample := head
	if size > 1<<18 {
		mid := make([]byte, 1<<16)
		if readFull(r, mid, size/2&^3) == nil {
			sample = append(slices.Clone(head), mid...)
		}
	}
	var zeros [4]int
	for i, b := range sample {
		if b == 0 {
			zeros[i%4]++
		}
	}
	quads := len(sample) / 4
	if quads > 0 && size%4 == 0 {
		if zeros[3] >= quads && zeros[2] > quads*9/10 && zeros[0] < quads/10 {
			return Result{Name: "utf-32le", Confidence: .98}, true
		}
		if zeros[0] >= quads && zeros[1] > quads*9/10 && zeros[3] < quads/10 {
			return Result{Name: "utf-32be", Confidence: .98}, true
		}
	}
	even, odd := zeros[0]+zeros[2], zeros[1]+zeros[3]
	units := len(sample) / 2
	if even+odd == 0 {
		return Result{}, false
	}
	var name string
	switch {
	case odd*100 >= units && even*8 <= odd:
		name = "utf-16le"
	case even*100 >= units && odd*8 <= even:
		name = "utf-16be"
	default:
		return Result{}, false
	}
	d, err := NewDecoder(name)
	if err != nil {
		return Result{}, false
	}
	text, n, _ := d.Append(nil, sample[:len(sample)&^1], false)
	if n < len(sample)*9/10 {
		return Result{}, false
	}
	good, bad := 0, 0
	for _, c := range string(text) {
		if c == '\n' || c == '\r' || c == '\t' || unicode.IsGraphic(c) || c == 0xFEFF {
			good++
		} else {
			bad++
		}
	}
	if bad*50 > good {
		return Result{}, false
	}
	return Result{Name: name, Confidence: .98}, true
}

// scanned is what one pass over the file found.
type scanned struct {
	high      int64  // non-ASCII bytes seen while the file could be UTF-8
	goodLines int64  // with non-ASCII characters, all valid UTF-8
	badLines  int64  // with bytes that are not UTF-8
	goodChars int64  // in goodLines
	whole     bool   // the evidence is of the whole file
	evidence  []byte // lines with non-ASCII bytes
	full      bool   // there were more of them
	lost      int64  // U+FFFD in UTF-8 text
}

// scan reads the file in blocks. It stops early when it is clear that the file
// is no UTF-8 and there is evidence enough. When the beginning of a big file is
// valid UTF-8, the rest is only checked for that, on every core.
func scan(r io.ReaderAt, from, size int64) (*scanned, error) {
	s := &scanned{whole: true}
	buf := make([]byte, 0, blockSize+blockSize/4)
	for off := from; off < size; {
		if off-from >= wholeBelow && s.badLines == 0 && s.goodLines > 1000 {
			lost, ok, err := restValid(r, off-int64(len(buf)), size)
			if err != nil {
				return nil, err
			}
			if ok {
				s.lost += lost
				return s, nil
			}
		}
		n := min(size-off, int64(blockSize))
		kept := len(buf)
		buf = append(buf, make([]byte, n)...)
		if err := readFull(r, buf[kept:], off); err != nil {
			return nil, err
		}
		off += n
		end := len(buf)
		if off < size { // the last line goes on in the next block
			if i := bytes.LastIndexByte(buf, '\n'); i >= 0 {
				end = i + 1
			} else if len(buf) < 8*blockSize {
				continue
			}
		}
		s.block(buf[:end])
		buf = append(buf[:0], buf[end:]...)
		if s.badLines > 1000 && s.badLines*2 > s.goodLines && s.full && size > wholeBelow {
			s.whole = false
			return s, nil
		}
	}
	return s, nil
}

// restValid reports whether the bytes from from to size, which begin with a
// character, are valid UTF-8, and how many characters of them were lost before.
func restValid(r io.ReaderAt, from, size int64) (lost int64, ok bool, err error) {
	g, ctx := errgroup.WithContext(context.Background())
	var next, replaced atomic.Int64
	next.Store(from)
	for range runtime.GOMAXPROCS(0) {
		g.Go(func() error {
			buf := make([]byte, blockSize+utf8.UTFMax)
			for ctx.Err() == nil {
				off := next.Add(blockSize) - blockSize
				if off >= size {
					return nil
				}
				// up to where the first character of the next block begins
				n := min(size-off, blockSize+utf8.UTFMax)
				b := buf[:n]
				if err := readFull(r, b, off); err != nil {
					return err
				}
				if n > blockSize {
					b = b[:blockSize+continued(b[blockSize:])]
				}
				if off > from {
					b = b[continued(b):]
				}
				if k, _ := validUTF8(b); k < len(b) {
					return errNotUTF8
				}
				replaced.Add(int64(bytes.Count(b, []byte("\uFFFD"))))
			}
			return nil
		})
	}
	if err := g.Wait(); errors.Is(err, errNotUTF8) {
		return 0, false, nil
	} else if err != nil {
		return 0, false, err
	}
	return replaced.Load(), true, nil
}

var errNotUTF8 = errors.New("not UTF-8")

// continued counts the bytes at the start of b, of at most three, that go on a
// character.
func continued(b []byte) (n int) {
	for n < min(len(b), utf8.UTFMax-1) && !utf8.RuneStart(b[n]) {
		n++
	}
	return n
}

// block takes in whole lines. Lines of ASCII cost one fast look.
func (s *scanned) block(b []byte) {
	for len(b) > 0 {
		k := ascii(b)
		if k == len(b) {
			return
		}
		start := bytes.LastIndexByte(b[:k], '\n') + 1
		// as far as it is valid, many lines are taken at once
		n, _ := validUTF8(b[k:])
		if n > 0 {
			end := k + n
			if end < len(b) {
				end = bytes.LastIndexByte(b[:end], '\n') + 1
			}
			if end > k {
				s.valid(b[start:end])
				b = b[end:]
				continue
			}
		}
		end := bytes.IndexByte(b[k:], '\n')
		if end < 0 {
			end = len(b)
		} else {
			end += k + 1
		}
		s.badLines++
		s.high += int64(end - k)
		s.keep(b[start:end])
		b = b[end:]
	}
}

func (s *scanned) keep(lines []byte) {
	if s.full {
		return
	}
	some := wholeLines(lines, evidenceMost-len(s.evidence))
	s.full = len(some) < len(lines)
	if len(s.evidence) == 0 || len(some) == 0 || some[len(some)-1] == '\n' || !s.full {
		s.evidence = append(s.evidence, some...)
	}
}

// wholeLines is at most the first most bytes of b, to the end of a line where
// there is one: half a character would speak against its encoding.
func wholeLines(b []byte, most int) []byte {
	if len(b) <= most {
		return b
	}
	if end := bytes.LastIndexByte(b[:most], '\n') + 1; end > 0 {
		return b[:end]
	}
	return b[:most]
}

// valid takes in lines of valid UTF-8 of which some are not ASCII.
func (s *scanned) valid(b []byte) {
	lost := int64(bytes.Count(b, []byte("\uFFFD")))
	s.lost += lost
	if s.full && s.goodLines > 1000 {
		// no need to count lines any more, only that they were valid
		s.goodLines += 100
		s.high += int64(len(b))
		return
	}
	for len(b) > 0 {
		end := bytes.IndexByte(b, '\n') + 1
		if end == 0 {
			end = len(b)
		}
		if line := b[:end]; ascii(line) < len(line) {
			s.goodLines++
			s.high += int64(len(line))
			s.goodChars += int64(utf8.RuneCount(line))
			s.keep(line)
		}
		b = b[end:]
	}
}

// windows adds evidence from the end and the middle of a big file.
func (s *scanned) windows(r io.ReaderAt, size int64) error {
	const count, width = 16, 256 << 10
	s.evidence, s.full = wholeLines(s.evidence, evidenceMost/2), false
	buf := make([]byte, width)
	for i := range int64(count) {
		if err := readFull(r, buf, (size-width)/count*(i+1)); err != nil {
			return err
		}
		b := buf
		if a, z := bytes.IndexByte(b, '\n')+1, bytes.LastIndexByte(b, '\n')+1; z > a {
			b = b[a:z]
		}
		s.keep(wholeLines(b, evidenceMost/2/count))
	}
	return nil
}

// A candidate is one encoding with the score of the evidence under it.
type candidate struct {
	name  string
	score float64
	high  int
	bad   int // bytes that do not decode
	total int // characters
}

// judge scores the evidence under every encoding.
func (s *scanned) judge() Result {
	lines := splitLines(s.evidence)
	var all []candidate
	for _, c := range codecs {
		if c.family == doubleFamily {
			c.once.Do(c.build)
			all = append(all, scoreDouble(c, lines))
		}
	}
	few := lines
	for n, i := 0, 0; i < len(lines); i++ {
		if n += len(lines[i]); n > oneByteMost {
			few = lines[:i]
			break
		}
	}
	byCodec := map[string]float64{}
	for _, a := range alphabets {
		if x := a.total(few); byCodec[a.codec] == 0 || x > byCodec[a.codec] {
			byCodec[a.codec] = x
		}
	}
	part := 1.0
	if len(few) < len(lines) {
		part = oneByteMost / float64(len(s.evidence))
	}
	for name, x := range byCodec {
		all = append(all, candidate{name: name, score: x / part})
	}
	slices.SortFunc(all, func(a, b candidate) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.name, b.name)) })
	best := all[0]
	res := Result{Name: best.name}
	evidence := s.evidence
	if c, err := codecOf(best.name); err == nil && c.family == singleFamily {
		for _, b := range evidence {
			if c.packed[b] == 0 {
				best.bad++
			}
		}
	}
	mine := decodeLoose(best.name, evidence)
	margin := math.Inf(1)
	for _, x := range all[1:] {
		if best.score-x.score > 30 {
			break
		}
		if bytes.Equal(decodeLoose(x.name, evidence), mine) {
			continue
		}
		if math.IsInf(margin, 1) {
			margin = best.score - x.score
		}
		if best.score-x.score < 12 {
			res.Alternatives = append(res.Alternatives, x.name)
		}
	}
	res.Confidence = 1 - .5*math.Exp(-margin/6)
	average := best.score / float64(max(len(evidence), 1))
	switch {
	case margin < 7 || average < -7:
		res.Doubt = fmt.Sprintf("文件编码判断为 %s，把握不大，请核对文字是否正常。", res.Name)
		if len(res.Alternatives) > 0 {
			res.Doubt = fmt.Sprintf("文件编码判断为 %s，也可能是 %s，请核对文字是否正常。", res.Name, res.Alternatives[0])
		}
		res.Confidence = min(res.Confidence, .6)
	case best.bad > 0:
		res.Foreign = "?"
		res.Confidence = min(res.Confidence, .9)
		res.Doubt = fmt.Sprintf("文件编码判断为 %s，但有字节不能按它解读，所在的行单独列出。", res.Name)
	}
	if best.bad == 0 || res.Foreign != "" {
		if n := foreignLines(lines); n > 0 {
			res.Foreign = "utf-8"
			res.Doubt = fmt.Sprintf("文件编码判断为 %s，但有 %d 行像是 UTF-8，这些行单独列出，没有猜着改写。", res.Name, n)
			res.Confidence = min(res.Confidence, .9)
		}
	}
	return res
}

// total is the score of all lines under the alphabet.
func (a *alphabet) total(lines [][]byte) float64 {
	c, err := codecOf(a.codec)
	if err != nil {
		return math.Inf(-1)
	}
	a.build(c)
	sum := a.prior
	for _, l := range lines {
		sum += a.score(c, l)
	}
	return sum
}

func splitLines(b []byte) [][]byte {
	lines := bytes.FieldsFunc(b, func(r rune) bool { return r == '\n' || r == '\r' })
	return lines
}

func decodeLoose(name string, b []byte) []byte {
	d, err := NewDecoder(name)
	if err != nil {
		return nil
	}
	var out []byte
	for len(b) > 0 {
		var n int
		out, n, _ = d.Append(out, b, true)
		b = b[n:]
		if len(b) > 0 {
			out = append(out, "\uFFFD"...)
			b = b[1:]
		}
	}
	return out
}

// A symbol that comes again and again (√ in a register of attendance) is no
// further evidence for what it means: after sameSymbol times it weighs the same
// under every encoding.
const (
	sameSymbol = 3
	repeated   = -6
)

// scoreDouble is the log probability of lines in a double-byte encoding.
func scoreDouble(c *codec, lines [][]byte) candidate {
	// how often offices still use it
	prior := map[string]float64{"big5": -1, "shift_jis": -1, "euc-kr": -1.5, "euc-jp": -4}
	x := candidate{name: c.name, score: prior[c.name]}
	p := languageOf(c.name).table()
	d := &Decoder{c: c}
	var seen [0x3040]uint8 // how often a symbol came
	for _, line := range lines {
		for i := 0; i < len(line); {
			b := line[i]
			if b < utf8.RuneSelf {
				x.score -= 3
				i++
				continue
			}
			x.total++
			x.high++
			if i+1 < len(line) {
				if w := c.double[int(b)<<8|int(line[i+1])]; w != 0 {
					r := unpack(w)
					i += 2
					if r >= 0x2000 && r < 0x3040 {
						if seen[r] == sameSymbol {
							x.score += repeated
							continue
						}
						seen[r]++
					}
					x.score += float64(p[r])
					continue
				}
			}
			if w := c.packed[b]; w != 0 {
				if r := unpack(w); r >= 0xFF61 && r <= 0xFF9F {
					x.score += float64(p[r])
				} else {
					x.score -= 12
				}
				i++
				continue
			}
			if _, n, _ := d.slow(line[i:]); n > 0 {
				x.score -= 18
				i += n
				continue
			}
			x.score -= 30
			x.bad++
			i++
		}
	}
	return x
}

func unpack(w uint32) rune {
	switch w >> 24 {
	case 1:
		return rune(w & 0x7F)
	case 2:
		return rune(w&0x1F)<<6 | rune(w>>8&0x3F)
	}
	return rune(w&0xF)<<12 | rune(w>>8&0x3F)<<6 | rune(w>>16&0x3F)
}

// LooksUTF8 reports whether a line that should be in another encoding is
// rather UTF-8: all of it is valid, with three longer characters or more.
func LooksUTF8(line []byte) bool {
	if n, _ := validUTF8(line); n < len(line) {
		return false
	}
	return len(line)-utf8.RuneCount(line) >= 6
}

func foreignLines(lines [][]byte) (n int) {
	for _, l := range lines {
		if ascii(l) < len(l) && LooksUTF8(l) {
			n++
		}
	}
	if n == len(lines) {
		return 0
	}
	return n
}
