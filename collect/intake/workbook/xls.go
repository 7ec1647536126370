package workbook

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"shuniu/collect/intake/grid"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// An xls is a workbook of BIFF8, or of BIFF5 with its code page. Source: [MS-XLS].
type xls struct {
	data     []byte
	biff8    bool
	decoder  *encoding.Decoder
	sheets   []xlsSheet
	text     []byte
	strings  [][2]uint32
	formats  map[int]string
	bold     []bool
	styles   []style
	from1904 bool
}

type xlsSheet struct {
	name   string
	at     uint32
	hidden bool
	kind   byte // 0 worksheet, 2 chart, 6 module
}

// Record types.
const (
	recFormula, recEOF, rec1904, recFilePass, recFont, recCodePage = 0x06, 0x0A, 0x22, 0x2F, 0x31, 0x42
	recBoundSheet, recMulRK, recXF, recMerged, recSST, recLabelSST = 0x85, 0xBD, 0xE0, 0xE5, 0xFC, 0xFD
	recNumber, recLabel, recBoolErr, recString, recRow, recRK      = 0x203, 0x204, 0x205, 0x207, 0x208, 0x27E
	recFormat, recBOF, recContinue, recColInfo, recRString         = 0x41E, 0x809, 0x3C, 0x7D, 0xD6
	recFormat5                                                     = 0x1E
)

var errRecord = errors.New("damaged record")

func openXLS(c *compound, password string) (*xls, error) {
	x := &xls{formats: map[int]string{}}
	for _, name := range []string{"Workbook", "Book"} {
		data, ok, err := c.read(name)
		if !ok {
			continue
		}
		if errors.Is(err, errTooLarge) {
			return nil, tooLarge("工作簿太大。")
		}
		if err != nil {
			return nil, damaged("文件不完整，工作簿的数据流被截断。")
		}
		x.data = data
		break
	}
	if x.data == nil {
		return nil, refuse("unknown", "这个文件里没有工作簿。", "请另存为 XLSX 再交。")
	}
	if len(x.data) < 8 || binary.LittleEndian.Uint16(x.data) != recBOF {
		return nil, damaged("工作簿的开头读不出来，可能是很旧的格式或已损坏。")
	}
	version := binary.LittleEndian.Uint16(x.data[4:])
	x.biff8 = version == 0x600
	if !x.biff8 && version != 0x500 {
		return nil, refuse("unknown", fmt.Sprintf("工作簿的版本 %#x 不认识。", version), "请用办公软件另存为 XLSX 再交。")
	}
	x.decoder = charmap.Windows1252.NewDecoder()
	if err := x.decrypt(password); err != nil {
		return nil, err
	}
	if err := x.globals(); err != nil {
		if _, ok := asRefusal(err); ok {
			return nil, err
		}
		return nil, damaged(fmt.Sprintf("工作簿的目录已损坏：%v。", err))
	}
	return x, nil
}

// record returns the record at p and where the next one begins.
func (x *xls) record(p int) (kind int, body []byte, next int, err error) {
	if p < 0 || p+4 > len(x.data) {
		return 0, nil, 0, errRecord
	}
	n := int(binary.LittleEndian.Uint16(x.data[p+2:]))
	if p+4+n > len(x.data) {
		return 0, nil, 0, errRecord
	}
	return int(binary.LittleEndian.Uint16(x.data[p:])), x.data[p+4 : p+4+n], p + 4 + n, nil
}

// tryRecord is record where the end of the stream is no error.
func (x *xls) tryRecord(p int) (kind int, body []byte, next int, ok bool) {
	kind, body, next, err := x.record(p)
	return kind, body, next, err == nil
}

// decrypt finds a FILEPASS record and opens the stream in place.
func (x *xls) decrypt(password string) error {
	p := 0
	for range 64 {
		kind, body, next, err := x.record(p)
		if err != nil {
			return damaged("工作簿的开头已损坏。")
		}
		if kind == recEOF || kind == recBoundSheet {
			return nil
		}
		if kind == recFilePass {
			return x.unlock(body, next, password)
		}
		p = next
	}
	return nil
}

func (x *xls) unlock(body []byte, from int, password string) error {
	tries := []string{defaultPassword}
	if password != "" {
		tries = []string{password, defaultPassword}
	}
	if len(body) < 6 || binary.LittleEndian.Uint16(body) != 1 {
		return encrypted() // XOR obfuscation always has a password of its own
	}
	major, minor := binary.LittleEndian.Uint16(body[2:]), binary.LittleEndian.Uint16(body[4:])
	var key streamKey
	found := false
	for _, pw := range tries {
		switch {
		case major == 1 && minor == 1 && len(body) >= 6+48:
			key, found = rc4Binary(body[6:22], body[22:38], body[38:54], pw)
		case minor == 2 && len(body) >= 14:
			hs := int(binary.LittleEndian.Uint32(body[10:]))
			if hs < 32 || 14+hs+60 > len(body) {
				return damaged("加密信息已损坏。")
			}
			head, v := body[14:14+hs], body[14+hs:]
			key, found = rc4CryptoAPI(v[4:20], v[20:36], v[40:60], int(binary.LittleEndian.Uint32(head[16:])), pw)
		}
		if found {
			break
		}
	}
	if !found {
		return encrypted()
	}
	plain := bytes.Clone(x.data)
	block := -1
	stream, zero := make([]byte, 1024), make([]byte, 1024)
	for p := from; ; {
		kind, body, next, ok := x.tryRecord(p)
		if !ok {
			break // the end, or a cut that the reader will meet again
		}
		skip := 0
		switch kind {
		case recBOF, recFilePass, 0x194, 0x195, 0xE1, 0x138, 0x139, 0x160: // never encrypted
			skip = len(body)
		case recBoundSheet:
			skip = min(4, len(body))
		}
		for i := p + 4 + skip; i < next; i++ {
			if b := i / 1024; b != block {
				c, err := rc4Of(key(uint32(b)))
				if err != nil {
					return damaged("加密信息已损坏。")
				}
				c.XORKeyStream(stream, zero)
				block = b
			}
			plain[i] ^= stream[i%1024]
		}
		p = next
	}
	x.data = plain
	return nil
}

func codePage(n int) *encoding.Decoder {
	var e encoding.Encoding = charmap.Windows1252
	switch n {
	case 936, 54936:
		e = simplifiedchinese.GB18030
	case 950:
		e = traditionalchinese.Big5
	case 932:
		e = japanese.ShiftJIS
	case 949, 1361:
		e = korean.EUCKR
	case 437:
		e = charmap.CodePage437
	case 850:
		e = charmap.CodePage850
	case 852:
		e = charmap.CodePage852
	case 866:
		e = charmap.CodePage866
	case 874:
		e = charmap.Windows874
	case 1250:
		e = charmap.Windows1250
	case 1251:
		e = charmap.Windows1251
	case 1253:
		e = charmap.Windows1253
	case 1254:
		e = charmap.Windows1254
	case 1255:
		e = charmap.Windows1255
	case 1256:
		e = charmap.Windows1256
	case 1257:
		e = charmap.Windows1257
	case 1258:
		e = charmap.Windows1258
	case 10000, 32768:
		e = charmap.Macintosh
	}
	return e.NewDecoder()
}

// globals reads the workbook's own records: sheets, strings, formats.
func (x *xls) globals() error {
	p := 0
	for {
		kind, body, next, err := x.record(p)
		if err != nil {
			if len(x.sheets) > 0 {
				return nil
			}
			return err
		}
		switch kind {
		case recEOF:
			return nil
		case rec1904:
			x.from1904 = len(body) >= 2 && body[0] == 1
		case recCodePage:
			if len(body) >= 2 {
				x.decoder = codePage(int(binary.LittleEndian.Uint16(body)))
			}
		case recBoundSheet:
			if err := x.boundSheet(body); err != nil {
				return err
			}
		case recFormat, recFormat5:
			x.format(body)
		case recFont:
			x.bold = append(x.bold, len(body) >= 8 && binary.LittleEndian.Uint16(body[6:]) >= 600)
		case recXF:
			x.xf(body)
		case recSST:
			parts := [][]byte{body}
			for {
				k, b, n, err := x.record(next)
				if err != nil || k != recContinue {
					break
				}
				parts = append(parts, b)
				next = n
			}
			if err := x.sst(parts); err != nil {
				return err
			}
		}
		p = next
	}
}

func (x *xls) boundSheet(b []byte) error {
	if len(b) < 8 {
		return nil
	}
	if len(x.sheets) >= maxSheets {
		return tooManySheets()
	}
	s := xlsSheet{at: binary.LittleEndian.Uint32(b), hidden: b[4]&3 != 0, kind: b[5]}
	n := int(b[6])
	if x.biff8 {
		s.name = string(short8(b[7:], n))
	} else {
		s.name = x.bytes(b[7:min(len(b), 7+n)])
	}
	x.sheets = append(x.sheets, s)
	return nil
}

// short8 reads a BIFF8 string of n characters after its count.
func short8(b []byte, n int) []byte {
	if len(b) < 1 {
		return nil
	}
	wide := b[0]&1 != 0
	b = b[1:]
	if wide {
		return appendUTF16(nil, b[:min(len(b)/2, n)*2])
	}
	return appendLatin(nil, b[:min(len(b), n)])
}

func appendUTF16(dst, b []byte) []byte {
	for i := 0; i+1 < len(b); i += 2 {
		c := rune(binary.LittleEndian.Uint16(b[i:]))
		if utf16.IsSurrogate(c) && i+3 < len(b) {
			if r := utf16.DecodeRune(c, rune(binary.LittleEndian.Uint16(b[i+2:]))); r != utf8.RuneError {
				dst = utf8.AppendRune(dst, r)
				i += 2
				continue
			}
		}
		dst = utf8.AppendRune(dst, c)
	}
	return dst
}

func appendLatin(dst, b []byte) []byte {
	for _, c := range b {
		dst = utf8.AppendRune(dst, rune(c))
	}
	return dst
}

func (x *xls) bytes(b []byte) string {
	out, err := x.decoder.Bytes(b)
	if err != nil {
		return string(appendLatin(nil, b))
	}
	return string(out)
}

func (x *xls) format(b []byte) {
	if len(b) < 3 || len(x.formats) > 65536 {
		return
	}
	id := int(binary.LittleEndian.Uint16(b))
	if x.biff8 {
		if len(b) >= 5 {
			x.formats[id] = string(short8(b[4:], int(binary.LittleEndian.Uint16(b[2:]))))
		}
		return
	}
	x.formats[id] = x.bytes(b[3:min(len(b), 3+int(b[2]))])
}

func (x *xls) xf(b []byte) {
	var st style
	if len(b) >= 4 {
		font, id := int(binary.LittleEndian.Uint16(b)), int(binary.LittleEndian.Uint16(b[2:]))
		st.shown = builtin(id)
		if code, ok := x.formats[id]; ok {
			st.shown, st.zeros = formatShown(code)
		}
		if font >= 4 { // there is no font 4
			font--
		}
		st.emph = font < len(x.bold) && x.bold[font]
		if x.biff8 && len(b) >= 18 {
			st.emph = st.emph || b[17]>>2 != 0 // fill pattern
		}
	}
	if len(x.styles) < 65535 {
		x.styles = append(x.styles, st)
	}
}

// A pieces reader walks a record and its continuations.
type pieces struct {
	parts [][]byte
	k, i  int
}

func (p *pieces) left() int { return len(p.parts[p.k]) - p.i }

func (p *pieces) turn() bool {
	for p.left() == 0 {
		if p.k+1 >= len(p.parts) {
			return false
		}
		p.k, p.i = p.k+1, 0
	}
	return true
}

func (p *pieces) byte() (byte, bool) {
	if !p.turn() {
		return 0, false
	}
	b := p.parts[p.k][p.i]
	p.i++
	return b, true
}

func (p *pieces) uint(n int) (int, bool) {
	v := 0
	for k := range n {
		b, ok := p.byte()
		if !ok {
			return 0, false
		}
		v |= int(b) << (8 * k)
	}
	return v, true
}

func (p *pieces) skip(n int) bool {
	for n > 0 {
		if !p.turn() {
			return false
		}
		k := min(n, p.left())
		p.i += k
		n -= k
	}
	return true
}

// sst reads the shared strings; a string broken by a continuation begins anew
// with its own width flag. Source: [MS-XLS] 2.5.293.
func (x *xls) sst(parts [][]byte) error {
	p := &pieces{parts: parts}
	if !p.skip(4) {
		return errRecord
	}
	unique, ok := p.uint(4)
	if !ok || unique < 0 {
		return errRecord
	}
	for range unique {
		n, ok := p.uint(2)
		if !ok {
			break // fewer than promised: cells that point beyond are counted
		}
		flags, ok := p.byte()
		if !ok {
			break
		}
		runs, ext := 0, 0
		if flags&8 != 0 {
			runs, _ = p.uint(2)
		}
		if flags&4 != 0 {
			ext, _ = p.uint(4)
		}
		begin := len(x.text)
		wide := flags&1 != 0
		for n > 0 {
			if p.left() == 0 {
				if !p.turn() {
					break
				}
				f, _ := p.byte()
				wide = f&1 != 0
			}
			b := p.parts[p.k][p.i:]
			if wide {
				k := min(n, len(b)/2)
				if k == 0 {
					p.i = len(p.parts[p.k])
					continue
				}
				x.text = appendUTF16(x.text, b[:2*k])
				p.i += 2 * k
				n -= k
			} else {
				k := min(n, len(b))
				x.text = appendLatin(x.text, b[:k])
				p.i += k
				n -= k
			}
		}
		if len(x.text) > maxStrings || len(x.strings) > maxCells {
			return tooLarge("工作簿的文字太多。")
		}
		x.strings = append(x.strings, [2]uint32{uint32(begin), uint32(len(x.text))})
		if ext < 0 || !p.skip(4*runs+ext) {
			break
		}
	}
	return nil
}

func (x *xls) count() int { return len(x.sheets) }

func (x *xls) load(ctx context.Context, k int) (*grid.Sheet, sheetFacts, error) {
	s := x.sheets[k]
	sheet := grid.NewSheet(s.name)
	sheet.Hidden, sheet.Typed = s.hidden, true
	facts := sheetFacts{chart: s.kind == 2}
	if s.kind != 0 {
		sheet.Finish()
		return sheet, facts, nil
	}
	r := &xlsReader{x: x, sheet: sheet, facts: &facts, ids: make([]uint32, len(x.strings)), row: -1}
	if err := r.read(ctx, int(s.at)); err != nil {
		if ctx.Err() != nil {
			return nil, facts, err
		}
		if errors.Is(err, errTooLarge) {
			return nil, facts, tooLarge(fmt.Sprintf("工作表“%s”太大。", s.name))
		}
		return nil, facts, damaged(fmt.Sprintf("工作表“%s”已损坏：%v。", s.name, err))
	}
	if sheet.Full() {
		return nil, facts, tooLarge(fmt.Sprintf("工作表“%s”的文字太多。", s.name))
	}
	sheet.Finish()
	return sheet, facts, nil
}

type xlsReader struct {
	x     *xls
	sheet *grid.Sheet
	facts *sheetFacts
	ids   []uint32
	row   int
	work  []byte
	// A formula whose value is a text: the text comes in the next record.
	owed           bool
	owedRow, owed0 int
	owedStyle      int
}

func (r *xlsReader) read(ctx context.Context, p int) error {
	depth, n := 0, 0
	for {
		kind, body, next, err := r.x.record(p)
		if err != nil {
			return err
		}
		if n++; n&8191 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		switch {
		case kind == recBOF:
			depth++
		case kind == recEOF:
			if depth--; depth <= 0 {
				return nil
			}
		case depth == 0:
			return errRecord // the list of sheets points into nowhere
		case depth == 1:
			if err := r.cell(kind, body, next); err != nil {
				return err
			}
		}
		p = next
	}
}

func (r *xlsReader) at(row int) {
	if row != r.row {
		r.sheet.StartRow(row)
		r.row = row
	}
}

func (r *xlsReader) style(id int) style {
	if id < len(r.x.styles) {
		return r.x.styles[id]
	}
	return style{}
}

func (r *xlsReader) number(row, col, xf int, f float64, flags uint8) {
	st := r.style(xf)
	r.at(row)
	r.work = appendFloat(r.work[:0], f)
	if st.zeros > 0 {
		r.facts.pads(col, st.zeros, r.work)
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		r.sheet.AddFlagged(col, grid.Text, r.work, uint16(xf), flags)
		return
	}
	var num [32]byte
	v := strconv.AppendFloat(num[:0], f, 'g', -1, 64)
	r.work = put(r.sheet, col, v, st, uint16(xf), r.x.from1904, flags, r.work)
}

func (r *xlsReader) text(row, col, xf int, t []byte, flags uint8) {
	r.at(row)
	if r.style(xf).emph {
		flags |= grid.Emphasis
	}
	r.sheet.AddFlagged(col, grid.Text, t, uint16(xf), flags)
}

func (r *xlsReader) special(row, col, xf int, isErr bool, v byte, flags uint8) {
	r.at(row)
	if r.style(xf).emph {
		flags |= grid.Emphasis
	}
	if isErr {
		r.sheet.AddFlagged(col, grid.Error, []byte(errorText(v)), uint16(xf), flags)
		return
	}
	t := "false"
	if v != 0 {
		t = "true"
	}
	r.sheet.AddFlagged(col, grid.Bool, []byte(t), uint16(xf), flags)
}

func errorText(code byte) string {
	switch code {
	case 0x00:
		return "#NULL!"
	case 0x07:
		return "#DIV/0!"
	case 0x0F:
		return "#VALUE!"
	case 0x17:
		return "#REF!"
	case 0x1D:
		return "#NAME?"
	case 0x24:
		return "#NUM!"
	}
	return "#N/A"
}

// rk reads a packed number. Source: [MS-XLS] 2.5.217.
func rk(v uint32) float64 {
	var f float64
	if v&2 != 0 {
		f = float64(int32(v) >> 2)
	} else {
		f = math.Float64frombits(uint64(v&^3) << 32)
	}
	if v&1 != 0 {
		f /= 100
	}
	return f
}

func (r *xlsReader) cell(kind int, b []byte, next int) error {
	u16 := func(i int) int { return int(binary.LittleEndian.Uint16(b[i:])) }
	if r.sheet.Cells() >= maxCells {
		return errTooLarge
	}
	switch kind {
	case recNumber, recRK, recLabelSST, recLabel, recRString, recBoolErr, recFormula, 0x206, 0x406, recMulRK:
		if len(b) < 6 {
			return errRecord
		}
	}
	switch kind {
	case recNumber:
		if len(b) < 14 {
			return errRecord
		}
		r.number(u16(0), u16(2), u16(4), math.Float64frombits(binary.LittleEndian.Uint64(b[6:])), 0)
	case recRK:
		if len(b) < 10 {
			return errRecord
		}
		r.number(u16(0), u16(2), u16(4), rk(binary.LittleEndian.Uint32(b[6:])), 0)
	case recMulRK:
		for i, col := 4, u16(2); i+6 <= len(b)-2; i, col = i+6, col+1 {
			r.number(u16(0), col, u16(i), rk(binary.LittleEndian.Uint32(b[i+2:])), 0)
		}
	case recLabelSST:
		if len(b) < 10 {
			return errRecord
		}
		n := int(binary.LittleEndian.Uint32(b[6:]))
		if n < 0 || n >= len(r.x.strings) {
			r.facts.badString++
			return nil
		}
		if at := r.x.strings[n]; r.ids[n] == 0 && at[0] < at[1] {
			r.ids[n] = r.sheet.Intern(r.x.text[at[0]:at[1]])
		}
		r.at(u16(0))
		var flags uint8
		if r.style(u16(4)).emph {
			flags = grid.Emphasis
		}
		r.sheet.AddShared(u16(2), grid.Text, r.ids[n], uint16(u16(4)), flags)
	case recLabel, recRString:
		if len(b) < 8 {
			return errRecord
		}
		n := u16(6)
		if r.x.biff8 {
			r.text(u16(0), u16(2), u16(4), short8(b[8:], n), 0)
		} else {
			r.text(u16(0), u16(2), u16(4), []byte(r.x.bytes(b[8:min(len(b), 8+n)])), 0)
		}
	case recBoolErr:
		if len(b) < 8 {
			return errRecord
		}
		r.special(u16(0), u16(2), u16(4), b[7] != 0, b[6], 0)
	case recFormula, 0x206, 0x406:
		if len(b) < 14 {
			return errRecord
		}
		if b[12] != 0xFF || b[13] != 0xFF {
			r.number(u16(0), u16(2), u16(4), math.Float64frombits(binary.LittleEndian.Uint64(b[6:])), grid.Formula)
			return nil
		}
		switch b[6] {
		case 0:
			r.owed, r.owedRow, r.owed0, r.owedStyle = true, u16(0), u16(2), u16(4)
		case 1:
			r.special(u16(0), u16(2), u16(4), false, b[8], grid.Formula)
		case 2:
			r.special(u16(0), u16(2), u16(4), true, b[8], grid.Formula)
		}
	case recString, 0x07:
		if !r.owed || len(b) < 2 {
			return nil
		}
		r.owed = false
		if !r.x.biff8 {
			r.text(r.owedRow, r.owed0, r.owedStyle, []byte(r.x.bytes(b[2:min(len(b), 2+u16(0))])), grid.Formula)
			return nil
		}
		n := u16(0)
		t := short8(b[2:], n)
		for have := utf16Len(t); have < n; have = utf16Len(t) { // the text goes on
			k, c, nx, err := r.x.record(next)
			if err != nil || k != recContinue {
				break
			}
			more := short8(c, n-have)
			if len(more) == 0 {
				break
			}
			t = append(t, more...)
			next = nx
		}
		r.text(r.owedRow, r.owed0, r.owedStyle, t, grid.Formula)
	case recMerged:
		if len(b) < 2 {
			return nil
		}
		for i, n := 2, u16(0); n > 0 && i+8 <= len(b); i, n = i+8, n-1 {
			r.sheet.Merge(grid.Range{Top: u16(i), Bottom: u16(i + 2), Left: u16(i + 4), Right: u16(i + 6)})
		}
	case recRow:
		if len(b) >= 16 && b[12]&0x20 != 0 {
			r.sheet.HiddenRows++
		}
	case recColInfo:
		if len(b) >= 10 && b[8]&1 != 0 && u16(2) >= u16(0) && u16(2) < 255 {
			r.sheet.HiddenCols += u16(2) - u16(0) + 1
		}
	}
	return nil
}

func utf16Len(t []byte) int {
	n := 0
	for _, c := range string(t) {
		n++
		if c > 0xFFFF {
			n++
		}
	}
	return n
}
