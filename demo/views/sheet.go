package views

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/transform"
)

// Synthetic is what every file says of itself.
const Synthetic = "虚构数据"

// A kind says what a column holds, and with it which dirt can fall on it.
type kind int

const (
	text     kind = iota
	key           // the department's own key
	foreign       // a key of another table
	name          // of a person
	firmName      // of a company
	citizen       // 公民身份号码
	credit        // 统一社会信用代码
	phone         // mobile
	address       // full address
	birth         // day of birth
	day           // another day
	moment        // day and time, of the zone of Shanghai
	money         // a number with a unit
	number        // a number without
	code          // of a list
	note          // remarks in free text
)

// kindNames of the kinds, as fields.csv has them. The names of identifiers are
// those of package standard.
var kindNames = [...]string{
	text: "text", key: "key", foreign: "foreign_key", name: "person_name", firmName: "company_name", citizen: "citizen_id", credit: "uscc", phone: "phone",
	address: "address", birth: "birth_date", day: "date", moment: "datetime", money: "amount", number: "number", code: "code", note: "note",
}

// A column of a view.
type column struct {
	name  string
	kind  kind
	size  int    // bytes, in a DBF
	group string // head above it, in a workbook
}

// field is what a column is called once the file was read: the head above it
// counts where the format shows it as such.
func (l *layout) field(c column) string {
	if c.group == "" || l.format != "xlsx" && l.format != "ndjson" && l.format != "json" {
		return c.name
	}
	return c.group + "/" + c.name
}

// A sheet takes the rows of one file. Values stand in the order of the columns.
type sheet interface {
	row(values []string) error
	close() error
}

// A layout is how a file is written.
type layout struct {
	format   string // as inspect calls it
	encoding string // as inspect calls it; "" where the format has its own
	ext      string
	maxRows  int // then the next file begins; 0 for none
	open     func(f *os.File, d *delivery) (sheet, error)
}

// A delivery is one file of a view.
type delivery struct {
	title   string
	sender  string
	columns []column
	table   string // name of the table or list inside
}

var (
	csvGBK    = layout{"csv", "gb18030", ".csv", 0, delimited(',', "\r\n", true, encodeGBK)}
	csvUTF8   = layout{"csv", "utf-8", ".csv", 0, delimited(',', "\n", false, nil)}
	csvBOM    = layout{"csv", "utf-8-bom", ".csv", 0, delimited(',', "\r\n", false, withBOM)}
	pipeGBK   = layout{"csv", "gb18030", ".txt", 0, delimited('|', "\r\n", false, encodeGBK)}
	tsvUTF16  = layout{"tsv", "utf-16le", ".txt", 0, delimited('\t', "\r\n", true, encodeUTF16)}
	ndjson    = layout{"ndjson", "utf-8", ".jsonl", 0, openNDJSON}
	jsonArray = layout{"json", "utf-8", ".json", 0, openJSON}
	xmlGBK    = layout{"xml", "gb18030", ".xml", 0, openXML}
	sqlDump   = layout{"sql", "utf-8", ".sql", 0, openSQL}
	htmlGBK   = layout{"html", "gb18030", ".xls", 0, openHTML}
	dbfGBK    = layout{"dbf", "", ".dbf", 0, openDBF}
	xlsx      = layout{"xlsx", "", ".xlsx", 400_000, openXLSX}
	xls       = layout{"xls", "", ".xls", 10_000, openXLS}
	docx      = layout{"docx", "", ".docx", 20_000, openDOCX}
)

// create opens a file and its sheet; the sheet closes the file.
func create(path string, l layout, d *delivery) (sheet, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, err
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	s, err := l.open(f, d)
	if err != nil {
		return nil, fmt.Errorf("begin %s: %w", path, err)
	}
	return s, nil
}

// A textFile is a buffered file behind an encoder.
type textFile struct {
	f   *os.File
	b   *bufio.Writer
	enc io.WriteCloser // nil for UTF-8
	w   *bufio.Writer  // where to write
	err error
}

type encoder func(w io.Writer) io.WriteCloser

func newText(f *os.File, encode encoder) *textFile {
	t := &textFile{f: f, b: bufio.NewWriterSize(f, 1<<17)}
	t.w = t.b
	if encode != nil {
		t.enc = encode(t.b)
		t.w = bufio.NewWriterSize(t.enc, 1<<15)
	}
	return t
}

func (t *textFile) put(parts ...string) {
	for _, p := range parts {
		if _, err := t.w.WriteString(p); err != nil && t.err == nil {
			t.err = err
		}
	}
}

func (t *textFile) close() error {
	if err := t.w.Flush(); err != nil && t.err == nil {
		t.err = err
	}
	if t.enc != nil {
		if err := t.enc.Close(); err != nil && t.err == nil {
			t.err = err
		}
	}
	if err := t.b.Flush(); err != nil && t.err == nil {
		t.err = err
	}
	if err := t.f.Close(); err != nil && t.err == nil {
		t.err = err
	}
	return t.err
}

func encodeGBK(w io.Writer) io.WriteCloser {
	return transform.NewWriter(w, simplifiedchinese.GB18030.NewEncoder())
}

func withBOM(w io.Writer) io.WriteCloser { return &bomWriter{w: w} }

type bomWriter struct {
	w     io.Writer
	begun bool
}

func (b *bomWriter) Write(p []byte) (int, error) {
	if !b.begun {
		b.begun = true
		if _, err := io.WriteString(b.w, "\ufeff"); err != nil {
			return 0, err
		}
	}
	return b.w.Write(p)
}

func (b *bomWriter) Close() error { return nil }

// encodeUTF16 writes little-endian UTF-16 with its mark.
func encodeUTF16(w io.Writer) io.WriteCloser { return &utf16Writer{w: w} }

type utf16Writer struct {
	w     io.Writer
	rest  []byte
	begun bool
}

func (u *utf16Writer) Write(p []byte) (int, error) {
	n := len(p)
	var out []byte
	if !u.begun {
		u.begun, out = true, []byte{0xFF, 0xFE}
	}
	p = append(u.rest, p...)
	// Keep back the bytes of a character that has not come whole.
	cut := len(p)
	for back := 1; back <= 3 && back <= len(p); back++ {
		if c := p[len(p)-back]; c >= 0xC0 {
			need := 2
			if c >= 0xF0 {
				need = 4
			} else if c >= 0xE0 {
				need = 3
			}
			if back < need {
				cut = len(p) - back
			}
			break
		} else if c < 0x80 {
			break
		}
	}
	u.rest = append([]byte(nil), p[cut:]...)
	for _, c := range utf16.Encode([]rune(string(p[:cut]))) {
		out = append(out, byte(c), byte(c>>8))
	}
	if _, err := u.w.Write(out); err != nil {
		return 0, err
	}
	return n, nil
}

func (u *utf16Writer) Close() error { return nil }

// delimited files: with a title they begin with a line that is no table.
func delimited(sep rune, end string, titled bool, encode encoder) func(*os.File, *delivery) (sheet, error) {
	return func(f *os.File, d *delivery) (sheet, error) {
		s := &delimitedSheet{textFile: newText(f, encode), sep: string(sep), end: end, special: string(sep) + "\"\r\n"}
		if titled {
			s.put(d.title, "（", Synthetic, "）", end)
		}
		names := make([]string, 0, len(d.columns)+1)
		for _, c := range d.columns {
			names = append(names, c.name)
		}
		s.line(append(names, "数据性质"))
		s.put(end)
		return s, s.err
	}
}

type delimitedSheet struct {
	*textFile
	sep, end, special string
}

func (s *delimitedSheet) row(values []string) error {
	s.line(values)
	s.put(s.sep, Synthetic, s.end)
	return s.err
}

func (s *delimitedSheet) line(values []string) {
	for i, v := range values {
		if i > 0 {
			s.put(s.sep)
		}
		if strings.ContainsAny(v, s.special) {
			v = `"` + strings.ReplaceAll(v, `"`, `""`) + `"`
		}
		s.put(v)
	}
}

// gbk returns s in GBK, for formats that count bytes.
func gbk(s string) ([]byte, error) { return simplifiedchinese.GBK.NewEncoder().Bytes([]byte(s)) }

// escaped text of XML and HTML.
var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

func escape(s string) string {
	if strings.ContainsAny(s, `&<>"`) {
		return escaper.Replace(s)
	}
	return s
}

// quoteJSON adds s as a JSON string.
func quoteJSON(b []byte, s string) []byte {
	b = append(b, '"')
	for _, c := range []byte(s) {
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20:
			b = fmt.Appendf(b, `\u%04x`, c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

func isNumber(s string) bool {
	return s != "" && len(bytes.Trim([]byte(s), "0123456789.-")) == 0 && !strings.HasPrefix(s, "0") || s == "0"
}
