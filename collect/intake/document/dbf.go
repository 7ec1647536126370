package document

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"shuniu/collect/intake/charset"
	"shuniu/collect/intake/tabular"
	"shuniu/resource"
)

// FindDBF finds the table of a dBASE III to 7, FoxPro or Visual FoxPro file.
//
// Text is decoded by the file's code page mark; without one, or where the mark
// does not fit the bytes, by what the bytes say. Dates come as 2024-03-05,
// times as 2024-03-05 13:45:00, logicals as true and false, numbers as they
// stand. Records marked as deleted are rejected, with their number, and kept.
// The row number is the record's, from 1.
func FindDBF(ctx context.Context, src *tabular.Source, opt tabular.Options) ([]tabular.Found, error) {
	d, err := openDBF(ctx, src, opt.Encoding)
	if err != nil {
		return nil, err
	}
	heads := d.heads()
	f := tabular.Found{
		Name: stem(src.Name), Format: "dbf", Encoding: d.encoding, Place: tabular.Place{Path: "/"}, Heads: heads,
		Confidence: 0.99, Questions: d.questions, Area: tabular.Area{Path: "/"},
	}
	if d.doubt {
		f.Confidence = 0.8
	}
	f.Read = func(ctx context.Context, emit func(*tabular.Batch) error, reject func(tabular.Reject) error) (tabular.Tally, error) {
		return d.read(ctx, emit, reject)
	}
	return []tabular.Found{f}, nil
}

// A dbfField is a column of a DBF file.
type dbfField struct {
	name     []byte
	kind     byte
	offset   int // in the record
	size     int
	decimals int
}

// A dbfFile is an opened DBF file.
type dbfFile struct {
	src       *tabular.Source
	version   byte
	begin     int64 // of the first record
	record    int   // bytes
	count     int64
	fields    []dbfField
	encoding  string
	decoder   *charset.Decoder
	doubt     bool
	questions []string
}

func (d *dbfFile) visual() bool { return d.version == 0x30 || d.version == 0x31 || d.version == 0x32 }

const dbfHint = "请用原来的程序打开核对，重新导出 DBF 后再上传。"

// openDBF reads the header and decides the encoding; declared, when not
// empty, is what a person or a .cpg file says it is.
func openDBF(ctx context.Context, src *tabular.Source, declared string) (*dbfFile, error) {
	head := make([]byte, min(src.Size, 64<<10))
	if n, err := src.ReadAt(head, 0); n < len(head) && err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read %s: %w", src.Name, err)
	}
	if len(head) == 0 {
		return nil, emptyFile()
	}
	if len(head) < 33 {
		return nil, damaged(dbfHint, "DBF 文件头不完整，只有 %d 字节。", len(head))
	}
	d := &dbfFile{
		src: src, version: head[0], begin: int64(binary.LittleEndian.Uint16(head[8:])),
		record: int(binary.LittleEndian.Uint16(head[10:])), count: int64(binary.LittleEndian.Uint32(head[4:])),
	}
	if head[15] == 1 {
		return nil, &tabular.Refusal{Kind: "encrypted", Message: "DBF 文件是加密的，打不开。", Hint: "请在原程序里取消加密后重新导出。"}
	}
	if d.begin < 33 || d.begin > min(src.Size+1, int64(len(head))) || d.record < 1 {
		return nil, damaged(dbfHint, "DBF 文件头的长度不对，文件可能不完整。")
	}
	if err := d.readFields(head[:min(d.begin, int64(len(head)))]); err != nil {
		return nil, err
	}
	if err := d.checkSize(); err != nil {
		return nil, err
	}
	if err := d.decide(ctx, declared, head[29]); err != nil {
		return nil, err
	}
	return d, nil
}

// readFields reads the descriptors: 32 bytes each, 48 in dBASE 7.
func (d *dbfFile) readFields(head []byte) error {
	at, size, nameSize, kindAt := 32, 32, 11, 11
	if d.version&7 == 4 && d.version != 0xF4 {
		at, size, nameSize, kindAt = 68, 48, 32, 32
	}
	offset := 1
	for ; at+size <= len(head) && head[at] != 0x0D; at += size {
		b := head[at : at+size]
		name, _, _ := bytes.Cut(b[:nameSize], []byte{0})
		f := dbfField{name: name, kind: b[kindAt], offset: offset, size: int(b[kindAt+5]), decimals: int(b[kindAt+6])}
		if size == 48 {
			f.size, f.decimals = int(b[33]), int(b[34])
		}
		if f.kind == 'C' && f.decimals > 0 && size == 32 {
			f.size |= f.decimals << 8 // Clipper and FoxPro: long text
		}
		offset += f.size
		if offset > d.record || f.size == 0 && f.kind != '0' {
			return damaged(dbfHint, "DBF 的字段 %q 超出了记录长度，文件头已损坏。", clip(name, 32))
		}
		if f.kind != '0' { // the flags of nulls
			d.fields = append(d.fields, f)
		}
	}
	if len(d.fields) == 0 {
		return damaged(dbfHint, "DBF 文件里没有字段定义。")
	}
	return nil
}

func (d *dbfFile) checkSize() error {
	held := (d.src.Size - d.begin) / int64(d.record)
	switch {
	case held < d.count:
		return damaged(dbfHint, "DBF 文件不完整：文件头说有 %d 条记录，实际只有 %d 条。", d.count, max(held, 0))
	case held > d.count:
		first := make([]byte, 1)
		if n, _ := d.src.ReadAt(first, d.begin+d.count*int64(d.record)); n == 1 && first[0] != 0x1A && first[0] != 0 {
			d.questions = append(d.questions, fmt.Sprintf("文件头说有 %d 条记录，后面还有约 %d 条没有计入，请核对。", d.count, held-d.count))
		}
	}
	return nil
}

// codePages are the marks of language drivers.
// Source: Visual FoxPro and dBASE manuals, "code page mark".
var codePages = map[byte]string{
	0x01: "ibm437", 0x02: "ibm850", 0x03: "windows-1252", 0x04: "mac-roman", 0x13: "shift_jis", 0x4D: "gb18030", 0x4E: "euc-kr",
	0x4F: "big5", 0x50: "windows-874", 0x57: "windows-1252", 0x58: "windows-1252", 0x59: "windows-1252", 0x64: "ibm852", 0x65: "ibm866",
	0x78: "big5", 0x79: "euc-kr", 0x7A: "gb18030", 0x7B: "shift_jis", 0x7C: "windows-874", 0x7D: "windows-1255", 0x7E: "windows-1256",
	0xC8: "windows-1250", 0xC9: "windows-1251", 0xCA: "windows-1254", 0xCB: "windows-1253",
}

// decide settles the encoding: declared if it fits, the mark if it fits, else
// what the bytes of names and texts say.
func (d *dbfFile) decide(ctx context.Context, declared string, mark byte) error {
	text, err := d.texts(ctx)
	if err != nil {
		return err
	}
	for _, name := range []string{declared, codePages[mark]} {
		if name == "" || name == "windows-1252" && declared == "" { // what every driver writes for want of better
			continue
		}
		dec, err := charset.NewDecoder(name)
		if err != nil {
			continue
		}
		if _, _, ok := dec.Append(nil, text, true); ok {
			d.encoding, d.decoder = name, dec
			return nil
		}
		d.questions = append(d.questions, fmt.Sprintf("文件标明的编码 %s 与内容不符，已按内容判断编码，请核对汉字。", name))
		d.doubt = true
	}
	res, err := charset.Detect(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		return fmt.Errorf("detect encoding of %s: %w", d.src.Name, err)
	}
	name := res.Name
	if res.ASCII || name == "" {
		name = "utf-8"
	}
	if res.Doubt != "" {
		d.questions = append(d.questions, res.Doubt)
		d.doubt = true
	}
	dec, err := charset.NewDecoder(name)
	if err != nil {
		return fmt.Errorf("decode %s: %w", d.src.Name, err)
	}
	d.encoding, d.decoder = name, dec
	return nil
}

// texts gathers names and text values that are not plain ASCII, a line each.
func (d *dbfFile) texts(ctx context.Context) ([]byte, error) {
	var out []byte
	for _, f := range d.fields {
		out = append(append(out, f.name...), '\n')
	}
	memos, deleted := 0, int64(0)
	err := d.each(ctx, func(_ int64, rec []byte) error {
		if rec[0] == '*' {
			deleted++
		}
		for _, f := range d.fields {
			switch v := rec[f.offset : f.offset+f.size]; f.kind {
			case 'M', 'G', 'P':
				if len(bytes.Trim(v, " \x00")) > 0 {
					memos++
				}
			case 'C', 'V':
				if v = bytes.TrimRight(v, " \x00"); len(out) < 4<<20 && !ascii(v) {
					out = append(append(out, v...), '\n')
				}
			}
		}
		return nil
	})
	if memos > 0 {
		d.questions = append(d.questions, fmt.Sprintf("有 %d 个备注字段的内容在同名的 .dbt 或 .fpt 文件里，没有随文件一起提交，这些值为空。", memos))
	}
	if deleted > 0 {
		d.questions = append(d.questions, fmt.Sprintf("有 %d 条记录带删除标记，没有作为数据，可在拒收的行里查看。", deleted))
	}
	return out, err
}

func ascii(v []byte) bool {
	for _, c := range v {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// each hands every record to see, with its number from 1.
func (d *dbfFile) each(ctx context.Context, see func(number int64, rec []byte) error) error {
	per := max(blockBytes/d.record, 1)
	buf := make([]byte, per*d.record)
	for i := int64(0); i < d.count; i += int64(per) {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(int64(per), d.count-i)
		b := buf[:n*int64(d.record)]
		if k, err := d.src.ReadAt(b, d.begin+i*int64(d.record)); k < len(b) {
			return fmt.Errorf("read %s: %w", d.src.Name, err)
		}
		for k := range n {
			if err := see(i+k+1, b[k*int64(d.record):(k+1)*int64(d.record)]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *dbfFile) heads() []tabular.Head {
	heads := make([]tabular.Head, len(d.fields))
	for i, f := range d.fields {
		name, _ := d.text(nil, f.name)
		heads[i] = tabular.Head{Name: string(name), Raw: string(name), Type: f.holds(d.visual())}
	}
	finalNames(heads)
	return heads
}

// holds is what a field's declared kind means.
func (f *dbfField) holds(visual bool) resource.Type {
	switch f.kind {
	case 'N':
		if f.decimals == 0 {
			return resource.Integer
		}
		return resource.Decimal
	case 'F', 'O', 'Y':
		return resource.Decimal
	case 'B':
		if visual {
			return resource.Decimal
		}
	case 'I', '+':
		return resource.Integer
	case 'L':
		return resource.Boolean
	case 'D':
		return resource.Date
	case 'T', '@':
		return resource.Timestamp
	}
	return resource.Text
}

// text appends v decoded; bytes that do not decode become U+FFFD.
func (d *dbfFile) text(out, v []byte) ([]byte, bool) {
	clean := true
	for {
		var n int
		var ok bool
		if out, n, ok = d.decoder.Append(out, v, true); ok {
			return out, clean
		}
		clean = false
		out = utf8.AppendRune(out, utf8.RuneError)
		v = v[min(n+max(d.decoder.Skip(v[n:]), 1), len(v)):]
	}
}

// fill puts a record's values into the row, from column 0.
func (d *dbfFile) fill(row *rowBuffer, rec []byte) {
	for i, f := range d.fields {
		v := rec[f.offset : f.offset+f.size]
		from := len(row.data)
		out, ok := d.value(row.data, &f, v)
		row.data = out
		if ok {
			row.cells[i] = cell{from, len(out), true}
		}
	}
}

// value appends one value as text; false when it is absent.
func (d *dbfFile) value(out []byte, f *dbfField, v []byte) ([]byte, bool) {
	switch f.kind {
	case 'C', 'V':
		out, _ = d.text(out, bytes.TrimRight(v, " \x00"))
		return out, true
	case 'M', 'G', 'P':
		return out, false
	case 'L':
		switch v[0] {
		case 'T', 't', 'Y', 'y':
			return append(out, "true"...), true
		case 'F', 'f', 'N', 'n':
			return append(out, "false"...), true
		}
		return out, false
	case 'D':
		v = bytes.Trim(v, " \x00")
		if len(v) == 0 || string(v) == "00000000" {
			return out, false
		}
		if len(v) == 8 && len(bytes.Trim(v, "0123456789")) == 0 {
			return fmt.Appendf(out, "%s-%s-%s", v[:4], v[4:6], v[6:]), true
		}
		out, _ = d.text(out, v)
		return out, true
	case 'I':
		if len(v) == 4 && d.visual() {
			return strconv.AppendInt(out, int64(int32(binary.LittleEndian.Uint32(v))), 10), true
		}
	case 'T':
		if len(v) == 8 {
			return appendJulian(out, int64(binary.LittleEndian.Uint32(v)), int64(binary.LittleEndian.Uint32(v[4:])))
		}
	case 'Y':
		if len(v) == 8 {
			return appendScaled(out, int64(binary.LittleEndian.Uint64(v))), true
		}
	}
	if out, ok, done := d.binary(out, f, v); done {
		return out, ok
	}
	if v = bytes.Trim(v, " \x00"); len(v) == 0 {
		return out, false
	}
	out, _ = d.text(out, v)
	return out, true
}

// binary is value for numbers stored as such.
func (d *dbfFile) binary(out []byte, f *dbfField, v []byte) (_ []byte, ok, done bool) {
	switch {
	case f.kind == 'B' && d.visual() && len(v) == 8:
		return appendFloat(out, binary.LittleEndian.Uint64(v)), true, true
	case (f.kind == 'I' || f.kind == '+') && len(v) == 4: // dBASE 7: big end first, sign turned
		u := binary.BigEndian.Uint32(v)
		if u == 0 {
			return out, false, true
		}
		return strconv.AppendInt(out, int64(int32(u^0x80000000)), 10), true, true
	case f.kind == 'O' && len(v) == 8: // dBASE 7: sign turned, negatives inverted
		u := binary.BigEndian.Uint64(v)
		switch {
		case u == 0:
			return out, false, true
		case u&(1<<63) != 0:
			u ^= 1 << 63
		default:
			u = ^u
		}
		return appendFloat(out, u), true, true
	case f.kind == '@' && len(v) == 8:
		out, ok = appendJulian(out, int64(binary.BigEndian.Uint32(v)), int64(binary.BigEndian.Uint32(v[4:])))
		return out, ok, true
	}
	return out, false, false
}

// appendJulian writes a Julian day and milliseconds of it.
func appendJulian(out []byte, day, ms int64) ([]byte, bool) {
	if day == 0 || day > 5_373_484 || ms < 0 || ms > 86_400_000 {
		return out, false
	}
	t := time.Unix((day-2_440_588)*86_400, 0).UTC().Add(time.Duration(ms) * time.Millisecond)
	if t.Nanosecond() == 0 {
		return t.AppendFormat(out, time.DateTime), true
	}
	return t.AppendFormat(out, "2006-01-02 15:04:05.000"), true
}

// appendScaled writes ten-thousandths without trailing noughts beyond two.
func appendScaled(out []byte, v int64) []byte {
	u := uint64(v)
	if v < 0 {
		out = append(out, '-')
		u = -u
	}
	return fmt.Appendf(out, "%d.%04d", u/10_000, u%10_000)
}

func (d *dbfFile) read(ctx context.Context, emit func(*tabular.Batch) error, reject func(tabular.Reject) error) (tabular.Tally, error) {
	out := newBatcher(len(d.fields), emit)
	row := newRowBuffer(len(d.fields))
	t := tabular.Tally{}
	err := d.each(ctx, func(number int64, rec []byte) error {
		t.Physical++
		if why := recordFault(rec); why != "" {
			t.Rejected++
			return d.refuse(reject, number, rec, why)
		}
		row.reset()
		d.fill(row, rec)
		return out.add(number, row.cells, row.data)
	})
	if err = errors.Join(err, out.flush()); err != nil {
		return t, err
	}
	t.Rows = out.rows
	return t, nil
}

func recordFault(rec []byte) string {
	switch rec[0] {
	case ' ', 0:
		return ""
	case '*':
		return "记录带删除标记"
	}
	return "记录开头的标记不对"
}

func (d *dbfFile) refuse(reject func(tabular.Reject) error, number int64, rec []byte, why string) error {
	if reject == nil {
		return nil
	}
	text, _ := d.text(nil, bytes.ReplaceAll(rec, []byte{0}, []byte{' '}))
	return reject(tabular.Reject{Line: number, Reason: why, Text: clip(bytes.TrimSpace(text), rejectText), Raw: bytes.Clone(rec)})
}
