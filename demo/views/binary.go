package views

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"time"
	"unicode/utf16"
)

func itoa(n int) string { return strconv.Itoa(n) }

// openDBF: dBase III in GBK; its count of records is written at the end.
func openDBF(f *os.File, d *delivery) (sheet, error) {
	s := &dbfSheet{f: f, b: bufio.NewWriterSize(f, 1<<17), d: d}
	size := 1
	for _, c := range d.columns {
		size += c.size
	}
	head := make([]byte, 32)
	head[0], head[1], head[2], head[3], head[29] = 0x03, 124, 12, 31, 0x4d // 0x4d: GBK
	binary.LittleEndian.PutUint16(head[8:], uint16(32+32*len(d.columns)+1))
	binary.LittleEndian.PutUint16(head[10:], uint16(size))
	s.b.Write(head) //nolint:errcheck // a bufio.Writer keeps its error
	for _, c := range d.columns {
		b := make([]byte, 32)
		copy(b[:10], c.name)
		b[11], b[16] = 'C', byte(c.size)
		switch c.kind {
		case number, money:
			b[11], b[17] = 'N', byte(2*b2i(c.kind == money))
		case day:
			b[11] = 'D'
		default:
		}
		s.b.Write(b) //nolint:errcheck // as above
	}
	return s, s.b.WriteByte(0x0d)
}

type dbfSheet struct {
	f *os.File
	b *bufio.Writer
	d *delivery
	n uint32
}

func (s *dbfSheet) row(values []string) error {
	s.n++
	s.b.WriteByte(' ') //nolint:errcheck // the last write says
	for i, c := range s.d.columns {
		v, err := gbk(values[i])
		if err != nil {
			return fmt.Errorf("%s %q: %w", c.name, values[i], err)
		}
		pad := c.size - len(v)
		if pad < 0 {
			return fmt.Errorf("%s %q: %d bytes, room for %d", c.name, values[i], len(v), c.size)
		}
		right := c.kind == number || c.kind == money
		if !right {
			s.b.Write(v) //nolint:errcheck // the last write says
		}
		for range pad {
			s.b.WriteByte(' ') //nolint:errcheck // the last write says
		}
		if right {
			s.b.Write(v) //nolint:errcheck // the last write says
		}
	}
	_, err := s.b.Write(nil)
	return err
}

func (s *dbfSheet) close() error {
	if err := s.b.WriteByte(0x1a); err != nil {
		return err
	}
	if err := s.b.Flush(); err != nil {
		return err
	}
	if _, err := s.f.WriteAt(binary.LittleEndian.AppendUint32(nil, s.n), 4); err != nil {
		return err
	}
	return s.f.Close()
}

// A zipFile is a package of Office Open XML whose last part is written row by row.
type zipFile struct {
	f *os.File
	z *zip.Writer
	w *bufio.Writer
}

var packed = time.Date(2024, 12, 31, 0, 0, 0, 0, time.UTC)

func newZip(f *os.File, parts [][2]string, last string) (*zipFile, error) {
	z := &zipFile{f: f, z: zip.NewWriter(f)}
	for _, p := range append(parts, [2]string{last, ""}) {
		w, err := z.z.CreateHeader(&zip.FileHeader{Name: p[0], Method: zip.Deflate, Modified: packed})
		if err != nil {
			return nil, err
		}
		if p[0] == last {
			z.w = bufio.NewWriterSize(w, 1<<16)
		} else if _, err := io.WriteString(w, p[1]); err != nil {
			return nil, err
		}
	}
	return z, nil
}

func (z *zipFile) put(parts ...string) {
	for _, p := range parts {
		z.w.WriteString(p) //nolint:errcheck // a bufio.Writer keeps its error for Flush
	}
}

func (z *zipFile) close() error {
	if err := z.w.Flush(); err != nil {
		return err
	}
	if err := z.z.Close(); err != nil {
		return err
	}
	return z.f.Close()
}

const (
	xmlHead  = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	relSpace = "http://schemas.openxmlformats.org/package/2006/relationships"
	offSpace = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	coreProp = xmlHead + `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>` + Synthetic + `</dc:title></cp:coreProperties>`
)

func rootRels(target string) string {
	return xmlHead + `<Relationships xmlns="` + relSpace + `"><Relationship Id="rId1" Type="` + offSpace + `/officeDocument" Target="` + target +
		`"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>`
}

// openXLSX: a title over all columns, the sender's line, a head of one or two
// rows with merged groups, the rows, and at the end a note and the signatures.
func openXLSX(f *os.File, d *delivery) (sheet, error) {
	const types = xmlHead + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>` +
		`<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>`
	z, err := newZip(f, [][2]string{
		{"[Content_Types].xml", types},
		{"_rels/.rels", rootRels("xl/workbook.xml")},
		{"docProps/core.xml", coreProp},
		{"xl/workbook.xml", xmlHead + `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="` + offSpace + `"><sheets><sheet name="` + escape(d.table) + `" sheetId="1" r:id="rId1"/></sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", xmlHead + `<Relationships xmlns="` + relSpace + `"><Relationship Id="rId1" Type="` + offSpace + `/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`},
	}, "xl/worksheets/sheet1.xml")
	if err != nil {
		return nil, err
	}
	s := &xlsxSheet{zipFile: z, d: d}
	s.put(xmlHead, `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`)
	last := len(d.columns) - 1
	s.cells(map[int]string{0: d.title + "（" + Synthetic + "）"})
	s.merge(0, 1, last, 1)
	s.cells(map[int]string{0: "填报单位：" + d.sender})
	grouped := false
	for _, c := range d.columns {
		grouped = grouped || c.group != ""
	}
	top, below := map[int]string{}, map[int]string{}
	for i, c := range d.columns {
		if c.group == "" {
			top[i] = c.name
			if grouped {
				s.merge(i, 3, i, 4)
			}
			continue
		}
		below[i] = c.name
		if i == 0 || d.columns[i-1].group != c.group {
			end := i
			for end < last && d.columns[end+1].group == c.group {
				end++
			}
			top[i] = c.group
			s.merge(i, 3, end, 3)
		}
	}
	s.cells(top)
	if grouped {
		s.cells(below)
	}
	return s, nil
}

type xlsxSheet struct {
	*zipFile
	d      *delivery
	n      int
	merged []string
}

func cellName(column int) string {
	if column < 26 {
		return string(rune('A' + column))
	}
	return string(rune('A'+column/26-1)) + string(rune('A'+column%26))
}

func (s *xlsxSheet) merge(left, top, right, bottom int) {
	if left != right || top != bottom {
		s.merged = append(s.merged, cellName(left)+itoa(top)+":"+cellName(right)+itoa(bottom))
	}
}

func (s *xlsxSheet) cells(values map[int]string) {
	s.n++
	n := itoa(s.n)
	s.put(`<row r="`, n, `">`)
	for i := range s.d.columns {
		if v, ok := values[i]; ok {
			s.put(`<c r="`, cellName(i), n, `" t="inlineStr"><is><t>`, escape(v), `</t></is></c>`)
		}
	}
	s.put(`</row>`)
}

func (s *xlsxSheet) row(values []string) error {
	s.n++
	n := itoa(s.n)
	s.put(`<row r="`, n, `">`)
	for i, v := range values {
		switch c := s.d.columns[i]; {
		case v == "":
		case (c.kind == money || c.kind == number) && isNumber(v):
			s.put(`<c r="`, cellName(i), n, `"><v>`, v, `</v></c>`)
		default:
			s.put(`<c r="`, cellName(i), n, `" t="inlineStr"><is><t xml:space="preserve">`, escape(v), `</t></is></c>`)
		}
	}
	s.put(`</row>`)
	_, err := s.w.Write(nil)
	return err
}

func (s *xlsxSheet) close() error {
	s.cells(map[int]string{0: "注：本表为" + Synthetic + "，与任何真实的人和单位无关。"})
	s.put(`</sheetData><mergeCells count="`, itoa(len(s.merged)), `">`)
	for _, m := range s.merged {
		s.put(`<mergeCell ref="`, m, `"/>`)
	}
	s.put(`</mergeCells></worksheet>`)
	return s.zipFile.close()
}

// openDOCX: a heading and one table.
func openDOCX(f *os.File, d *delivery) (sheet, error) {
	const types = xmlHead + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>` +
		`<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>`
	z, err := newZip(f, [][2]string{{"[Content_Types].xml", types}, {"_rels/.rels", rootRels("word/document.xml")}, {"docProps/core.xml", coreProp}}, "word/document.xml")
	if err != nil {
		return nil, err
	}
	s := &docxSheet{z}
	s.put(xmlHead, `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>`, escape(d.title), "（", Synthetic, `）</w:t></w:r></w:p><w:tbl>`)
	names := make([]string, len(d.columns))
	for i, c := range d.columns {
		names[i] = c.name
	}
	return s, s.row(names)
}

type docxSheet struct{ *zipFile }

func (s *docxSheet) row(values []string) error {
	s.put(`<w:tr>`)
	for _, v := range values {
		s.put(`<w:tc><w:p><w:r><w:t xml:space="preserve">`, escape(v), `</w:t></w:r></w:p></w:tc>`)
	}
	s.put(`</w:tr>`)
	_, err := s.w.Write(nil)
	return err
}

func (s *docxSheet) close() error {
	s.put(`</w:tbl><w:p><w:r><w:t>本表为`, Synthetic, `。</w:t></w:r></w:p></w:body></w:document>`)
	return s.zipFile.close()
}

// Records of BIFF8. Source: [MS-XLS] 2.3.
const (
	recBOF        = 0x809
	recEOF        = 0x0A
	recCodePage   = 0x42
	recFont       = 0x31
	recXF         = 0xE0
	recBoundSheet = 0x85
	recDimensions = 0x200
	recLabel      = 0x204
	recNumber     = 0x203
)

// openXLS: a workbook of Excel 97, one sheet, texts in LABEL records.
func openXLS(f *os.File, d *delivery) (sheet, error) {
	s := &xlsSheet{f: f, d: d}
	if err := s.cells([]string{d.title + "（" + Synthetic + "）"}, false); err != nil {
		return nil, err
	}
	names := make([]string, len(d.columns))
	for i, c := range d.columns {
		names[i] = c.name
	}
	return s, s.cells(names, false)
}

type xlsSheet struct {
	f *os.File
	d *delivery
	b bytes.Buffer // records of the cells
	n int
}

func record(b *bytes.Buffer, kind int, body []byte) {
	b.Write(binary.LittleEndian.AppendUint16(nil, uint16(kind)))
	b.Write(binary.LittleEndian.AppendUint16(nil, uint16(len(body))))
	b.Write(body)
}

func shorts(values ...int) (b []byte) {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	return b
}

func wide(s string) []byte {
	u := utf16.Encode([]rune(s))
	b := []byte{1}
	for _, c := range u {
		b = binary.LittleEndian.AppendUint16(b, c)
	}
	return b
}

func (s *xlsSheet) row(values []string) error { return s.cells(values, true) }

func (s *xlsSheet) cells(values []string, typed bool) error {
	for i, v := range values {
		c := s.d.columns[i]
		switch {
		case v == "":
		case typed && (c.kind == money || c.kind == number) && isNumber(v):
			x, err := strconv.ParseFloat(v, 64)
			if err != nil {
				return err
			}
			record(&s.b, recNumber, binary.LittleEndian.AppendUint64(shorts(s.n, i, 15), math.Float64bits(x)))
		default:
			w := wide(v)
			record(&s.b, recLabel, append(shorts(s.n, i, 15, (len(w)-1)/2), w...))
		}
	}
	s.n++
	return nil
}

func (s *xlsSheet) close() error {
	var globals bytes.Buffer
	record(&globals, recBOF, append(shorts(0x600, 5, 0x0DBB, 0x07CC), make([]byte, 8)...))
	record(&globals, recCodePage, shorts(1200))
	font := append(shorts(200, 0, 0x7FFF, 400, 0), 0, 0, 134, 0, 2)
	record(&globals, recFont, append(font, wide("宋体")...))
	for i := range 16 {
		style := 0xFFF5 // a style
		if i == 15 {
			style = 1
		}
		record(&globals, recXF, append(shorts(0, 0, style), make([]byte, 14)...))
	}
	title := wide("Sheet1")
	bound := append([]byte{0, 0, 0, 0, 0, 0, 6}, title...)
	// The sheet begins behind this record and the EOF.
	binary.LittleEndian.PutUint32(bound, uint32(globals.Len()+4+len(bound)+4))
	record(&globals, recBoundSheet, bound)
	record(&globals, recEOF, nil)
	record(&globals, recBOF, append(shorts(0x600, 0x10, 0x0DBB, 0x07CC), make([]byte, 8)...))
	dim := binary.LittleEndian.AppendUint32(make([]byte, 4), uint32(s.n))
	record(&globals, recDimensions, append(dim, shorts(0, len(s.d.columns), 0)...))
	globals.Write(s.b.Bytes())
	record(&globals, recEOF, nil)
	compound, err := compoundFile("Workbook", globals.Bytes())
	if err != nil {
		return err
	}
	if _, err := s.f.Write(compound); err != nil {
		return err
	}
	return s.f.Close()
}

// compoundFile wraps one stream. Source: [MS-CFB], version 3, sectors of 512 bytes.
func compoundFile(name string, stream []byte) ([]byte, error) {
	const sector, perFAT = 512, 128
	size := max(len(stream), 4096) // below, it would lie in the mini stream
	data := (size + sector - 1) / sector
	fats := 1
	for (data+1+fats+perFAT-1)/perFAT > fats {
		fats++
	}
	if fats > 109 {
		return nil, fmt.Errorf("a stream of %d bytes needs %d FAT sectors, room for 109", size, fats)
	}
	out := make([]byte, sector*(1+fats+1+data))
	le := binary.LittleEndian
	copy(out, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")
	le.PutUint16(out[24:], 0x3E)
	le.PutUint16(out[26:], 3)
	le.PutUint16(out[28:], 0xFFFE)
	le.PutUint16(out[30:], 9)
	le.PutUint16(out[32:], 6)
	le.PutUint32(out[44:], uint32(fats))
	le.PutUint32(out[48:], uint32(fats)) // the directory follows the FAT
	le.PutUint32(out[56:], 4096)
	le.PutUint32(out[60:], 0xFFFFFFFE)
	le.PutUint32(out[68:], 0xFFFFFFFE)
	for i := range 109 {
		v := uint32(0xFFFFFFFF)
		if i < fats {
			v = uint32(i)
		}
		le.PutUint32(out[76+4*i:], v)
	}
	for i := range fats * perFAT {
		v := uint32(0xFFFFFFFF)
		switch {
		case i < fats:
			v = 0xFFFFFFFD
		case i == fats || i == fats+data:
			v = 0xFFFFFFFE
		case i < fats+data:
			v = uint32(i + 1)
		}
		le.PutUint32(out[sector+4*i:], v)
	}
	entry := func(at int, name string, kind byte, child, start, size uint32) {
		e := out[sector*(1+fats)+128*at:][:128]
		for i, c := range utf16.Encode([]rune(name)) {
			le.PutUint16(e[2*i:], c)
		}
		le.PutUint16(e[64:], uint16(2*len(name)+2))
		e[66], e[67] = kind, 1
		le.PutUint32(e[68:], 0xFFFFFFFF)
		le.PutUint32(e[72:], 0xFFFFFFFF)
		le.PutUint32(e[76:], child)
		le.PutUint32(e[116:], start)
		le.PutUint32(e[120:], size)
	}
	entry(0, "Root Entry", 5, 1, 0xFFFFFFFE, 0)
	entry(1, name, 2, 0xFFFFFFFF, uint32(fats+1), uint32(size))
	copy(out[sector*(1+fats+1):], stream)
	return out, nil
}
