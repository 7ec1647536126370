package object

import (
	"bytes"
	"compress/zlib"
	"encoding/ascii85"
	"encoding/hex"
	"io"
	"strconv"
	"strings"
)

const (
	maxPDF        = 256 << 20 // bytes of a PDF that is looked into
	maxPDFStream  = 32 << 20  // inflated bytes of one stream
	maxPDFInflate = 512 << 20 // inflated bytes of all streams
	maxPDFObjects = 1_000_000
	maxPDFPages   = 100_000
)

// PDF values: nil, bool, float64, pdfName, string (bytes), pdfRef, []any,
// pdfDict, pdfWord (anything else).
type (
	pdfName string
	pdfWord string
	pdfRef  int
	pdfDict map[pdfName]any
)

// A pdfFile is the objects of a document. They are found by scanning, not by
// the cross-reference table, so that a damaged table does not matter.
// Source: ISO 32000-1:2008.
type pdfFile struct {
	d        *description
	b        []byte
	offsets  map[int]int // object number -> where its value begins
	packed   map[int]any // objects out of object streams
	inflated int64
	cmaps    map[pdfRef]*pdfFont
	trailer  pdfDict
}

// pdf reads pages, metadata and words.
func (d *description) pdf() error {
	b, err := d.whole(maxPDF)
	if err != nil {
		return err
	}
	p := &pdfFile{d: d, b: b, offsets: map[int]int{}, packed: map[int]any{}, cmaps: map[pdfRef]*pdfFont{}, trailer: pdfDict{}}
	p.scan()
	encrypted := p.trailer["Encrypt"] != nil
	if !encrypted {
		p.unpack()
		p.info()
	}
	pages := p.pages()
	d.Pages = len(pages)
	if d.Pages == 0 {
		d.Pages = p.countPages()
	}
	if encrypted {
		return errEncrypted
	}
	for _, page := range pages {
		if d.TextCut || d.check() != nil {
			break
		}
		p.page(page)
		d.say("\n")
	}
	return d.check()
}

// scan finds "N G obj" and trailers.
func (p *pdfFile) scan() {
	for at := 0; ; {
		i := bytes.Index(p.b[at:], []byte("obj"))
		if i < 0 {
			break
		}
		i += at
		at = i + 3
		if i >= 3 && string(p.b[i-3:i]) == "end" {
			continue
		}
		if n, ok := objectNumber(p.b, i); ok && len(p.offsets) < maxPDFObjects {
			p.offsets[n] = i + 3 // the last one stands
		}
	}
	for at := 0; ; {
		i := bytes.Index(p.b[at:], []byte("trailer"))
		if i < 0 {
			break
		}
		at += i + 7
		l := &pdfLexer{b: p.b, at: at}
		if t, ok := l.value(0).(pdfDict); ok {
			p.trust(t)
		}
	}
}

func (p *pdfFile) trust(t pdfDict) {
	for _, k := range []pdfName{"Root", "Info", "Encrypt"} {
		if v := t[k]; v != nil {
			p.trailer[k] = v
		}
	}
}

// objectNumber reads "12 0 " that ends at i.
func objectNumber(b []byte, i int) (int, bool) {
	back := func(fits func(byte) bool) string {
		end := i
		for i > 0 && end-i < 12 && fits(b[i-1]) {
			i--
		}
		return string(b[i:end])
	}
	blank := func(c byte) bool { return c == ' ' || c == '\r' || c == '\n' || c == '\t' }
	digit := func(c byte) bool { return c >= '0' && c <= '9' }
	back(blank)
	if back(digit) == "" || back(blank) == "" {
		return 0, false
	}
	n, err := strconv.Atoi(back(digit))
	return n, err == nil
}

// unpack takes the objects out of object streams, and what cross-reference
// streams say of the document.
func (p *pdfFile) unpack() {
	for n, at := range p.offsets {
		if p.d.check() != nil {
			return
		}
		window := p.b[at:min(len(p.b), at+512)]
		objects, xref := bytes.Contains(window, []byte("/ObjStm")), bytes.Contains(window, []byte("/XRef"))
		if !objects && !xref {
			continue
		}
		dict, data := p.stream(pdfRef(n), objects)
		if xref && dict["Type"] == pdfName("XRef") {
			p.trust(dict)
		}
		if !objects || dict["Type"] != pdfName("ObjStm") {
			continue
		}
		count, first := p.integer(dict["N"]), p.integer(dict["First"])
		head := &pdfLexer{b: data}
		for range min(count, maxPDFObjects) {
			num, ok1 := head.value(0).(float64)
			off, ok2 := head.value(0).(float64)
			at := first + int(off)
			if !ok1 || !ok2 || at < 0 || at >= len(data) || len(p.packed) > maxPDFObjects {
				break
			}
			l := &pdfLexer{b: data, at: at}
			p.packed[int(num)] = l.value(0)
		}
	}
}

// get follows references.
func (p *pdfFile) get(v any) any {
	for range 16 {
		r, ok := v.(pdfRef)
		if !ok {
			return v
		}
		if at, ok := p.offsets[int(r)]; ok {
			l := &pdfLexer{b: p.b, at: at}
			v = l.value(0)
			continue
		}
		v = p.packed[int(r)]
	}
	return nil
}

func (p *pdfFile) dict(v any) pdfDict {
	d, _ := p.get(v).(pdfDict)
	return d
}

func (p *pdfFile) array(v any) []any {
	a, _ := p.get(v).([]any)
	return a
}

func (p *pdfFile) integer(v any) int {
	f, _ := p.get(v).(float64)
	if f < -1e9 || f > 1e9 {
		return 0
	}
	return int(f)
}

// stream gives a stream's dictionary and, when wanted, its inflated bytes.
func (p *pdfFile) stream(v any, wanted bool) (pdfDict, []byte) {
	r, ok := v.(pdfRef)
	if !ok {
		return nil, nil
	}
	at, ok := p.offsets[int(r)]
	if !ok {
		return nil, nil
	}
	l := &pdfLexer{b: p.b, at: at}
	dict, ok := l.value(0).(pdfDict)
	if !ok || !wanted {
		return dict, nil
	}
	l.blanks()
	if !bytes.HasPrefix(p.b[l.at:], []byte("stream")) {
		return dict, nil
	}
	from := l.at + 6
	if from < len(p.b) && p.b[from] == '\r' {
		from++
	}
	if from < len(p.b) && p.b[from] == '\n' {
		from++
	}
	size := p.integer(dict["Length"])
	if size <= 0 || from+size > len(p.b) || !bytes.HasPrefix(bytes.TrimLeft(p.b[from+size:min(len(p.b), from+size+16)], "\r\n "), []byte("endstream")) {
		size = max(bytes.Index(p.b[from:], []byte("endstream")), 0)
	}
	return dict, p.inflate(dict, p.b[from:from+size])
}

// inflate undoes the filters that text comes in; nil for any other.
func (p *pdfFile) inflate(dict pdfDict, data []byte) []byte {
	filters := p.array(dict["Filter"])
	if name, ok := p.get(dict["Filter"]).(pdfName); ok {
		filters = []any{name}
	}
	for i, f := range filters {
		if i > 4 {
			return nil
		}
		name, _ := p.get(f).(pdfName)
		switch name {
		case "FlateDecode", "Fl":
			left := min(maxPDFStream, maxPDFInflate-p.inflated)
			zr, err := zlib.NewReader(bytes.NewReader(data))
			if err != nil || left <= 0 {
				return nil
			}
			out, err := io.ReadAll(io.LimitReader(zr, left)) // what came before an error is good
			if err != nil && len(out) == 0 {
				return nil
			}
			p.inflated += int64(len(out))
			data = p.predict(dict, i, out)
		case "ASCIIHexDecode", "AHx":
			clean := bytes.Map(func(r rune) rune {
				if strings.ContainsRune("0123456789abcdefABCDEF", r) {
					return r
				}
				return -1
			}, data)
			out := make([]byte, len(clean)/2)
			n, _ := hex.Decode(out, clean[:len(clean)/2*2])
			data = out[:n]
		case "ASCII85Decode", "A85":
			data = bytes.TrimPrefix(bytes.TrimSpace(data), []byte("<~"))
			if j := bytes.Index(data, []byte("~>")); j >= 0 {
				data = data[:j]
			}
			out, err := io.ReadAll(io.LimitReader(ascii85.NewDecoder(bytes.NewReader(data)), maxPDFStream))
			if err != nil && len(out) == 0 {
				return nil
			}
			data = out
		default:
			return nil
		}
	}
	return data
}

// predict undoes PNG prediction, which object streams may have.
func (p *pdfFile) predict(dict pdfDict, filter int, data []byte) []byte {
	parms := p.dict(dict["DecodeParms"])
	if a := p.array(dict["DecodeParms"]); filter < len(a) {
		parms = p.dict(a[filter])
	}
	if p.integer(parms["Predictor"]) < 10 {
		return data
	}
	columns := max(p.integer(parms["Columns"]), 1)
	if columns > len(data) {
		return data
	}
	out := make([]byte, 0, len(data))
	prev := make([]byte, columns)
	for len(data) > columns {
		kind, row := data[0], data[1:columns+1]
		data = data[columns+1:]
		for i := range row {
			left, up, corner := byte(0), prev[i], byte(0)
			if i > 0 {
				left, corner = row[i-1], prev[i-1]
			}
			switch kind {
			case 1:
				row[i] += left
			case 2:
				row[i] += up
			case 3:
				row[i] += byte((int(left) + int(up)) / 2)
			case 4:
				row[i] += paeth(left, up, corner)
			}
		}
		out = append(out, row...)
		prev = row
	}
	return out
}

func paeth(a, b, c byte) byte {
	pa, pb, pc := abs(int(b)-int(c)), abs(int(a)-int(c)), abs(int(a)+int(b)-2*int(c))
	switch {
	case pa <= pb && pa <= pc:
		return a
	case pb <= pc:
		return b
	}
	return c
}

func abs(v int) int { return max(v, -v) }

// info reads the document information.
func (p *pdfFile) info() {
	info := p.dict(p.trailer["Info"])
	text := func(k pdfName) string {
		s, _ := p.get(info[k]).(string)
		return pdfString(s)
	}
	p.d.Title = text("Title")
	p.d.note("author", text("Author"))
	p.d.note("subject", text("Subject"))
	p.d.note("keywords", text("Keywords"))
	p.d.note("software", text("Creator"))
	p.d.note("created", pdfDate(text("CreationDate")))
	p.d.note("modified", pdfDate(text("ModDate")))
}

// pdfString decodes a text string: UTF-16 or UTF-8 by its mark, else Latin.
func pdfString(s string) string {
	switch {
	case strings.HasPrefix(s, "\xFE\xFF"), strings.HasPrefix(s, "\xFF\xFE"):
		return utf16Text([]byte(s), true)
	case strings.HasPrefix(s, "\xEF\xBB\xBF"):
		return s[3:]
	}
	return guessText([]byte(s))
}

// pdfDate writes D:20240305134500+08'00' as 2024-03-05 13:45:00+08:00.
func pdfDate(s string) string {
	s = strings.TrimPrefix(s, "D:")
	if len(s) < 8 || strings.Trim(s[:8], "0123456789") != "" {
		return s
	}
	out := s[:4] + "-" + s[4:6] + "-" + s[6:8]
	if len(s) >= 14 && strings.Trim(s[8:14], "0123456789") == "" {
		out += " " + s[8:10] + ":" + s[10:12] + ":" + s[12:14]
		out += strings.TrimSuffix(strings.ReplaceAll(s[14:], "'", ":"), ":")
	}
	return out
}

// pages walks the page tree; the pages inherit the resources above them.
func (p *pdfFile) pages() []pdfDict {
	var out []pdfDict
	seen := map[pdfRef]bool{}
	var walk func(v any, resources any, depth int)
	walk = func(v any, resources any, depth int) {
		if r, ok := v.(pdfRef); ok {
			if seen[r] {
				return
			}
			seen[r] = true
		}
		n := p.dict(v)
		if n == nil || depth > 64 || len(out) >= maxPDFPages || p.d.check() != nil {
			return
		}
		if n["Resources"] != nil {
			resources = n["Resources"]
		}
		if kids, ok := p.get(n["Kids"]).([]any); ok {
			for _, k := range kids {
				walk(k, resources, depth+1)
			}
			return
		}
		n["Resources"] = resources
		out = append(out, n)
	}
	walk(p.dict(p.trailer["Root"])["Pages"], nil, 0)
	return out
}

// countPages counts page objects when the tree is broken.
func (p *pdfFile) countPages() int {
	n := 0
	for _, at := range p.offsets {
		l := &pdfLexer{b: p.b, at: at}
		if l.blanks(); !bytes.HasPrefix(p.b[l.at:], []byte("<<")) || !bytes.Contains(p.b[at:min(len(p.b), at+1024)], []byte("/Page")) {
			continue
		}
		if d, ok := l.value(0).(pdfDict); ok && d["Type"] == pdfName("Page") {
			n++
		}
		if p.d.check() != nil {
			break
		}
	}
	return n
}
