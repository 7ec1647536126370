package object

import (
	"math"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// A pdfFont turns the codes of a font into text.
type pdfFont struct {
	wide     bool              // codes have two bytes
	unicode  map[uint32]string // from ToUnicode or Differences
	encoding string            // of codes without an entry: "utf-16be", "gb18030" or "" for Latin
	blind    bool              // codes are glyph numbers: without an entry they say nothing
	widths   map[uint32]float64
	width    float64 // of a code without one; thousandths of the size
}

// page says the words of one page.
func (p *pdfFile) page(page pdfDict) {
	var content []byte
	parts := p.array(page["Contents"])
	if parts == nil {
		parts = []any{page["Contents"]}
	}
	for i, part := range parts {
		if i > 1000 || len(content) > maxPDFStream {
			break
		}
		_, b := p.stream(part, true)
		content = append(append(content, b...), '\n')
	}
	p.content(content, p.dict(page["Resources"]), 0)
}

// content runs the text operators of a content stream.
// Source: ISO 32000-1:2008, 9.4.
func (p *pdfFile) content(b []byte, resources pdfDict, depth int) {
	fonts, forms := p.dict(resources["Font"]), p.dict(resources["XObject"])
	l := &pdfLexer{b: b}
	var args []any
	var font *pdfFont
	pen := pdfPen{size: 1, y: math.NaN()}
	page := pdfMatrix{1, 0, 0, 1, 0, 0}
	line := page
	var saved []pdfMatrix
	number := func(i int) float64 {
		if i < 0 || i >= len(args) {
			return 0
		}
		f, _ := args[i].(float64)
		return f
	}
	for n := 0; l.at < len(l.b) && !p.d.TextCut; n++ {
		if n&1023 == 0 && p.d.check() != nil {
			return
		}
		v := l.value(0)
		op, ok := v.(pdfWord)
		if !ok {
			if args = append(args, v); len(args) > 1000 {
				args = args[:0]
			}
			continue
		}
		switch op {
		case "Tf":
			if len(args) >= 2 {
				if name, ok := args[0].(pdfName); ok {
					font = p.font(fonts[name])
				}
				pen.size = math.Abs(number(1))
			}
		case "BT":
			line = pdfMatrix{1, 0, 0, 1, 0, 0}
		case "Td", "TD":
			line = pdfMatrix{1, 0, 0, 1, number(0), number(1)}.times(line)
			p.move(&pen, line.times(page))
		case "Tm":
			line = pdfMatrix{number(0), number(1), number(2), number(3), number(4), number(5)}
			p.move(&pen, line.times(page))
		case "T*", "'", "\"":
			p.d.say("\n")
			pen.advance = 0
		case "q":
			if len(saved) < 1000 {
				saved = append(saved, page)
			}
		case "Q":
			if n := len(saved); n > 0 {
				page, saved = saved[n-1], saved[:n-1]
			}
		case "cm":
			page = pdfMatrix{number(0), number(1), number(2), number(3), number(4), number(5)}.times(page)
		case "Do":
			p.form(forms, args, resources, depth)
		case "BI":
			l.inlineImage()
		}
		switch op {
		case "Tj", "'", "\"":
			if len(args) > 0 {
				p.show(font, &pen, args[len(args)-1])
			}
		case "TJ":
			if len(args) > 0 {
				list, _ := args[len(args)-1].([]any)
				for _, e := range list {
					p.show(font, &pen, e)
				}
			}
		}
		args = args[:0]
	}
}

// A pdfMatrix places text on the page.
type pdfMatrix [6]float64

func (m pdfMatrix) times(o pdfMatrix) pdfMatrix {
	return pdfMatrix{
		m[0]*o[0] + m[1]*o[2], m[0]*o[1] + m[1]*o[3], m[2]*o[0] + m[3]*o[2], m[2]*o[1] + m[3]*o[3],
		m[4]*o[0] + m[5]*o[2] + o[4], m[4]*o[1] + m[5]*o[3] + o[5],
	}
}

// A pdfPen is where the next character stands: behind (x, y) on the page by
// advance, in units of the text.
type pdfPen struct{ x, y, size, advance float64 }

// move sets the pen where m begins: on another line, or further on.
func (p *pdfFile) move(pen *pdfPen, m pdfMatrix) {
	scale := math.Max(math.Hypot(m[0], m[1]), 1e-6)
	if math.Abs(m[5]-pen.y) > 0.3*scale*pen.size {
		p.d.say("\n")
	} else {
		p.gap(math.Abs(m[4]-pen.x)/scale-pen.advance > 0.2*pen.size)
	}
	pen.x, pen.y, pen.advance = m[4], m[5], 0
}

// show says a string, or moves on by a number of TJ; a wide step is a blank.
func (p *pdfFile) show(font *pdfFont, pen *pdfPen, v any) {
	switch v := v.(type) {
	case string:
		text, width := font.text(v)
		p.d.say(text)
		pen.advance += width * pen.size / 1000
	case float64:
		pen.advance -= v * pen.size / 1000
		p.gap(v < -200)
	}
}

// gap says a blank where there is room for one and none yet.
func (p *pdfFile) gap(room bool) {
	if !room {
		return
	}
	if s := p.d.text.String(); len(s) > 0 && s[len(s)-1] != ' ' && s[len(s)-1] != '\n' && s[len(s)-1] < 0x80 {
		p.d.say(" ")
	}
}

// form runs a form that is drawn on the page.
func (p *pdfFile) form(forms pdfDict, args []any, resources pdfDict, depth int) {
	if depth > 8 || len(args) == 0 {
		return
	}
	name, _ := args[0].(pdfName)
	dict, _ := p.stream(forms[name], false)
	if dict["Subtype"] != pdfName("Form") {
		return
	}
	_, b := p.stream(forms[name], true)
	if own := p.dict(dict["Resources"]); own != nil {
		resources = own
	}
	p.content(b, resources, depth+1)
}

// inlineImage passes the bytes between ID and EI.
func (l *pdfLexer) inlineImage() {
	for l.at+4 < len(l.b) {
		if pdfBlank(l.b[l.at]) && l.b[l.at+1] == 'E' && l.b[l.at+2] == 'I' && pdfBlank(l.b[l.at+3]) {
			l.at += 4
			return
		}
		l.at++
	}
	l.at = len(l.b)
}

// font reads a font's way from codes to text; fonts are kept.
func (p *pdfFile) font(v any) *pdfFont {
	r, isRef := v.(pdfRef)
	if f := p.cmaps[r]; isRef && f != nil {
		return f
	}
	dict := p.dict(v)
	f := &pdfFont{unicode: map[uint32]string{}, widths: map[uint32]float64{}, width: 500}
	p.measure(f, dict)
	encoding, _ := p.get(dict["Encoding"]).(pdfName)
	if dict["Subtype"] == pdfName("Type0") {
		f.wide, f.blind = true, true
		switch name := string(encoding); {
		case strings.Contains(name, "UCS2"), strings.Contains(name, "UTF16"):
			f.encoding, f.blind = "utf-16be", false
		case strings.HasPrefix(name, "GBK"), strings.HasPrefix(name, "GB-"), strings.HasPrefix(name, "GBpc"):
			f.encoding, f.blind, f.wide = "gb18030", false, false
		case strings.HasPrefix(name, "B5"), strings.HasPrefix(name, "ETen"), strings.HasPrefix(name, "HKscs"):
			f.encoding, f.blind, f.wide = "big5", false, false
		}
	}
	if e := p.dict(dict["Encoding"]); e != nil {
		f.differences(p.array(e["Differences"]))
	}
	if _, b := p.stream(dict["ToUnicode"], true); len(b) > 0 {
		f.toUnicode(b)
	}
	if isRef {
		p.cmaps[r] = f
	}
	return f
}

// differences reads [code /name /name …] for names that are plain.
func (f *pdfFont) differences(list []any) {
	code := uint32(0)
	for _, v := range list {
		switch v := v.(type) {
		case float64:
			code = uint32(max(min(v, 255), 0))
		case pdfName:
			if s := glyphText(string(v)); s != "" {
				f.unicode[code] = s
			}
			code++
		}
	}
}

var glyphNames = map[string]string{
	"space": " ", "period": ".", "comma": ",", "colon": ":", "semicolon": ";", "hyphen": "-", "slash": "/", "parenleft": "(", "parenright": ")",
	"zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
	"percent": "%", "ampersand": "&", "quotesingle": "'", "quotedbl": "\"", "at": "@", "numbersign": "#", "plus": "+", "equal": "=", "asterisk": "*",
	"underscore": "_", "bracketleft": "[", "bracketright": "]", "endash": "–", "emdash": "—", "bullet": "•", "quoteleft": "‘", "quoteright": "’",
	"quotedblleft": "“", "quotedblright": "”", "fi": "fi", "fl": "fl", "ellipsis": "…",
}

func glyphText(name string) string {
	if s := glyphNames[name]; s != "" {
		return s
	}
	if len(name) == 1 {
		return name
	}
	if digits, ok := strings.CutPrefix(name, "uni"); ok && len(digits) >= 4 {
		l := &pdfLexer{b: []byte("<" + digits[:4] + ">")}
		return utf16Text([]byte(l.hexString()), true)
	}
	return ""
}

// toUnicode reads a ToUnicode map.
// Source: ISO 32000-1:2008, 9.10.3; Adobe Technical Note 5411.
func (f *pdfFont) toUnicode(b []byte) {
	l := &pdfLexer{b: b}
	var args []any
	for l.at < len(l.b) && len(f.unicode) < 200_000 {
		v := l.value(0)
		op, ok := v.(pdfWord)
		if !ok {
			if args = append(args, v); len(args) > 10_000 {
				args = args[:0]
			}
			continue
		}
		switch op {
		case "endcodespacerange":
			if len(args) > 0 {
				if s, ok := args[0].(string); ok {
					f.wide = len(s) > 1
				}
			}
		case "endbfchar":
			for i := 0; i+1 < len(args); i += 2 {
				from, ok1 := args[i].(string)
				to, ok2 := args[i+1].(string)
				if ok1 && ok2 {
					f.unicode[codeOf(from)] = utf16Text([]byte(to), true)
				}
			}
		case "endbfrange":
			for i := 0; i+2 < len(args); i += 3 {
				f.bfRange(args[i], args[i+1], args[i+2])
			}
		}
		args = args[:0]
	}
}

func (f *pdfFont) bfRange(a, b, to any) {
	s1, ok1 := a.(string)
	s2, ok2 := b.(string)
	if !ok1 || !ok2 {
		return
	}
	from, until := codeOf(s1), codeOf(s2)
	if until < from || until-from > 0xFFFF {
		return
	}
	switch to := to.(type) {
	case []any:
		for i, v := range to {
			if s, ok := v.(string); ok && from+uint32(i) <= until {
				f.unicode[from+uint32(i)] = utf16Text([]byte(s), true)
			}
		}
	case string:
		if len(to) < 2 {
			return
		}
		u := []byte(to)
		last := uint32(u[len(u)-2])<<8 | uint32(u[len(u)-1])
		for c := from; c <= until && len(f.unicode) < 200_000; c++ {
			v := last + c - from
			u[len(u)-2], u[len(u)-1] = byte(v>>8), byte(v)
			f.unicode[c] = utf16Text(u, true)
		}
	}
}

func codeOf(s string) uint32 {
	v := uint32(0)
	for i := range min(len(s), 4) {
		v = v<<8 | uint32(s[i])
	}
	return v
}

// measure reads the widths of a font's codes.
func (p *pdfFile) measure(f *pdfFont, dict pdfDict) {
	first := p.integer(dict["FirstChar"])
	for i, w := range p.array(dict["Widths"]) {
		if w, ok := p.get(w).(float64); ok && i < 256 {
			f.widths[uint32(first+i)] = w
		}
	}
	kids := p.array(dict["DescendantFonts"])
	if len(kids) == 0 {
		return
	}
	kid := p.dict(kids[0])
	if f.width = 1000; kid["DW"] != nil {
		f.width = float64(p.integer(kid["DW"]))
	}
	w := p.array(kid["W"]) // c [w w …] and c c w
	for i := 0; i+1 < len(w) && len(f.widths) < 100_000; {
		from := p.integer(w[i])
		if list, ok := p.get(w[i+1]).([]any); ok {
			for k, v := range list {
				f.widths[uint32(from+k)] = float64(p.integer(v))
			}
			i += 2
			continue
		}
		if i+2 >= len(w) {
			return
		}
		to, v := p.integer(w[i+1]), float64(p.integer(w[i+2]))
		for c := from; c <= to && c-from < 65536 && len(f.widths) < 100_000; c++ {
			f.widths[uint32(c)] = v
		}
		i += 3
	}
}

// text decodes a shown string and measures it, in thousandths of the size.
func (f *pdfFont) text(s string) (string, float64) {
	if f == nil {
		return latin(s), 500 * float64(len(s))
	}
	if len(f.unicode) == 0 && (f.encoding == "gb18030" || f.encoding == "big5") {
		return decode([]byte(s), f.encoding), f.width / 2 * float64(len(s))
	}
	var sb strings.Builder
	step, width := 1, 0.0
	if f.wide {
		step = 2
	}
	for i := 0; i+step <= len(s); i += step {
		code := codeOf(s[i : i+step])
		if w, ok := f.widths[code]; ok {
			width += w
		} else {
			width += f.width
		}
		switch t, ok := f.unicode[code]; {
		case ok:
			sb.WriteString(plainRadicals(t))
		case f.blind:
		case f.wide:
			sb.WriteString(string(utf16.Decode([]uint16{uint16(code)})))
		default:
			sb.WriteString(latin(s[i : i+1]))
		}
	}
	return sb.String(), width
}

// radicals are forms that fonts give for the characters that look like them
// and that normal forms leave alone.
// Source: Unicode CJK Radicals Supplement; the simplified characters.
var radicals = map[rune]rune{
	'⺟': '母', '⺠': '民', '⻁': '虎', '⻄': '西', '⻅': '见', '⻆': '角', '⻉': '贝', '⻋': '车', '⻓': '长', '⻔': '门', '⻘': '青',
	'⻙': '韦', '⻚': '页', '⻛': '风', '⻜': '飞', '⻝': '食', '⻢': '马', '⻣': '骨', '⻤': '鬼', '⻥': '鱼', '⻦': '鸟', '⻧': '卤', '⻨': '麦',
	'⻩': '黄', '⻬': '齐', '⻮': '齿', '⻰': '龙', '⻳': '龟',
}

// plainRadicals writes characters for their radicals and letters for ligatures,
// so that the words are found.
func plainRadicals(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < 0x2E80, r > 0x2FDF:
			return r
		case radicals[r] != 0:
			return radicals[r]
		case r >= 0x2F00:
			if n := []rune(norm.NFKC.String(string(r))); len(n) == 1 {
				return n[0]
			}
		}
		return r
	}, ligatures.Replace(s))
}

var ligatures = strings.NewReplacer("ﬀ", "ff", "ﬁ", "fi", "ﬂ", "fl", "ﬃ", "ffi", "ﬄ", "ffl")

// latin decodes Windows Latin, which stands for the standard encodings.
func latin(s string) string {
	out, err := charmap.Windows1252.NewDecoder().String(s)
	if err != nil {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' {
			return -1
		}
		return r
	}, out)
}
