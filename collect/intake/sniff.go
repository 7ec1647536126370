package intake

import (
	"bytes"
	"encoding/binary"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/klauspost/compress/zip"

	"shuniu/collect/intake/tabular"
)

// headSize is how much of a file decides what it is.
const headSize = 64 << 10

// head reads the first bytes of src, at most n.
func head(src *tabular.Source, n int64) ([]byte, error) {
	b := make([]byte, min(n, src.Size))
	k, err := src.ReadAt(b, 0)
	if err != nil && err != io.EOF && k < len(b) { //nolint:errorlint // io.ReaderAt returns io.EOF itself
		return nil, err
	}
	return b[:k], nil
}

// container decides by magic numbers; "" means text or unknown bytes.
func container(src *tabular.Source, b []byte) string {
	has := func(magic string) bool { return bytes.HasPrefix(b, []byte(magic)) }
	switch {
	case has("PK\x03\x04"), has("PK\x05\x06"), has("PK\x07\x08"):
		return zipKind(src)
	case has("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"):
		return "ole"
	case has("\x1f\x8b"):
		return "gz"
	case has("BZh") && len(b) > 10 && bytes.Equal(b[4:10], []byte("1AY&SY")):
		return "bz2"
	case has("\x28\xb5\x2f\xfd"):
		return "zst"
	case has("PAR1"):
		return "parquet"
	case has("7z\xbc\xaf\x27\x1c"), has("Rar!\x1a\x07"), has("\xfd7zXZ\x00"):
		return "object"
	case has("%PDF"), has("\x89PNG"), has("\xff\xd8\xff"), has("GIF8"), has("{\\rtf"), has("SQLite format 3\x00"), has("\x7fELF"), has("MZ\x90"):
		return "object"
	case isTar(b):
		return "tar"
	case isBIFF(b):
		return "xls"
	case isShape(src, b):
		return "shp"
	case isDBF(src, b):
		return "dbf"
	}
	return ""
}

// zipKind tells office documents from archives by their members.
func zipKind(src *tabular.Source) string {
	r, err := zip.NewReader(src, src.Size)
	if err != nil {
		return "zip" // the archive reader says what is wrong
	}
	var names []string
	for _, f := range r.File {
		names = append(names, f.Name)
		if f.Name == "mimetype" && f.UncompressedSize64 < 256 {
			if rc, err := f.Open(); err == nil {
				kind, readErr := io.ReadAll(io.LimitReader(rc, 256))
				if rc.Close() == nil && readErr == nil {
					switch {
					case bytes.HasPrefix(kind, []byte("application/vnd.oasis.opendocument.spreadsheet")):
						return "ods"
					case bytes.HasPrefix(kind, []byte("application/")):
						return "object" // text, slides, epub
					}
				}
			}
		}
	}
	under := func(dir string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(strings.ToLower(n), dir) })
	}
	if slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, "[Content_Types].xml") }) {
		switch {
		case under("xl/"):
			return "xlsx"
		case under("word/"):
			return "docx"
		default:
			return "object"
		}
	}
	return "zip"
}

func isTar(b []byte) bool {
	if len(b) < 512 {
		return false
	}
	if bytes.Equal(b[257:262], []byte("ustar")) {
		return true
	}
	// An old archive has no magic: its header's checksum decides.
	var sum, want int64
	for i, c := range b[:512] {
		if i >= 148 && i < 156 {
			c = ' '
		}
		sum += int64(c)
	}
	field := bytes.Trim(b[148:156], " \x00")
	if len(field) == 0 {
		return false
	}
	for _, c := range field {
		if c < '0' || c > '7' {
			return false
		}
		want = want<<3 | int64(c-'0')
	}
	return sum == want
}

// isBIFF knows a bare BIFF2–BIFF8 stream by its first record, BOF.
func isBIFF(b []byte) bool {
	if len(b) < 8 || b[0] != 0x09 {
		return false
	}
	size := binary.LittleEndian.Uint16(b[2:])
	kind := binary.LittleEndian.Uint16(b[6:])
	return slices.Contains([]byte{0x00, 0x02, 0x04, 0x08}, b[1]) && (size == 4 || size == 6 || size == 8 || size == 16) &&
		(kind == 0x10 || kind == 0x05 || kind == 0x20 || kind == 0x40)
}

func isShape(src *tabular.Source, b []byte) bool {
	return len(b) >= 100 && binary.BigEndian.Uint32(b) == 9994 && binary.LittleEndian.Uint32(b[28:]) == 1000 &&
		!strings.EqualFold(path.Ext(src.Name), ".shx")
}

// isDBF checks the header's own arithmetic: version, date, sizes.
func isDBF(src *tabular.Source, b []byte) bool {
	if len(b) < 33 || !slices.Contains([]byte{0x02, 0x03, 0x04, 0x05, 0x30, 0x31, 0x32, 0x43, 0x63, 0x7b, 0x83, 0x8b, 0x8e, 0xcb, 0xe5, 0xf5, 0xfb}, b[0]) {
		return false
	}
	rows := int64(binary.LittleEndian.Uint32(b[4:]))
	header := int64(binary.LittleEndian.Uint16(b[8:]))
	record := int64(binary.LittleEndian.Uint16(b[10:]))
	if b[2] > 12 || b[3] > 31 || header < 33 || record < 1 || header > src.Size {
		return false
	}
	// The end of the field list stands in the header; a file cut short is
	// still a DBF, and its reader says so.
	var mark [1]byte
	for at := int64(32); at < header && at < src.Size; at += 32 {
		if _, err := src.ReadAt(mark[:], at); err != nil {
			return false
		}
		if mark[0] == 0x0d {
			return rows >= 0
		}
	}
	return false
}

var (
	htmlTag   = regexp.MustCompile(`(?i)<(!doctype\s+html|html|table)[\s>]`)
	htmlPart  = regexp.MustCompile(`(?i)<(body|head|meta|style|div)[\s>]`)
	htmlRoot  = regexp.MustCompile(`(?is)^<\?xml[^>]*>\s*(<!--.*?-->\s*)*<(!doctype\s+html|html|table)[\s>]`)
	htmlCell  = regexp.MustCompile(`(?i)<(p|br|tr|td|th|span|h[1-6]|title|link|script)[\s/>]`)
	xmlStart  = regexp.MustCompile(`^<(\?xml|!--|!DOCTYPE|[A-Za-z_\p{Han}])`)
	jsonStart = regexp.MustCompile(`^(\{\s*("|\}|$)|\[\s*([\{\["\-0-9tfn\]]|$))`)
	geoType   = regexp.MustCompile(`"type"\s*:\s*"(FeatureCollection|Feature|Topology|GeometryCollection)"`)
	sqlStart  = regexp.MustCompile(`(?i)^(rem(ark)?\s|prompt\b|whenever\s|spool\s|define\s|--|/\*|#|create\s|insert\s|drop\s|set\s|use\s|copy\s|begin\b|start\s+transaction|lock\s+tables|delimiter\s|pragma\s|alter\s|delete\s|truncate\s|if\s+exists|go\b)`)
	sqlVerb   = regexp.MustCompile(`(?im)^\s*(create\s+(temporary\s+|unlogged\s+)?table\b|insert\s+(ignore\s+|or\s+\w+\s+)?into\b|replace\s+into\b|copy\s+\S+[^;\n]*\bfrom\s+stdin)`)
	mimeStart = regexp.MustCompile(`(?i)^(mime-version|from|received|return-path|message-id|subject|date):\s`)
)

// isHTML knows a page by its own tags. <HEAD> and <BODY> are names that any XML
// may use: they make a page only of a text that does not begin as XML.
func isHTML(t string) bool {
	if htmlTag.MatchString(t) {
		return !strings.HasPrefix(t, "<?xml") || htmlRoot.MatchString(t)
	}
	return !strings.HasPrefix(t, "<?xml") && htmlPart.MatchString(t) && htmlCell.MatchString(t)
}

// mostlyTags tells XML from a list of lines of which the first begins with a
// tag: a declaration, or tags that open most of the lines.
func mostlyTags(t string) bool {
	if strings.HasPrefix(t, "<?xml") || strings.HasPrefix(t, "<!DOCTYPE") {
		return true
	}
	lines, tags := 0, 0
	for l := range strings.Lines(t) {
		if l = strings.TrimSpace(l); l == "" {
			continue
		}
		lines++
		if strings.HasPrefix(l, "<") || strings.HasSuffix(l, ">") {
			tags++
		}
	}
	return tags*5 >= lines*4
}

// textKind decides what text is, by its decoded beginning and end: json,
// geojson, xml, html, sql, mail or "" for lines.
func textKind(begin, end string) string {
	t := strings.TrimLeft(strings.TrimPrefix(begin, "\ufeff"), " \t\r\n\x00")
	switch {
	case strings.HasPrefix(t, "<"):
		if isHTML(t[:min(len(t), 4096)]) && !strings.Contains(t[:min(len(t), 4096)], "urn:schemas-microsoft-com:office:spreadsheet") {
			return "html"
		}
		if xmlStart.MatchString(t) && mostlyTags(t) {
			return "xml"
		}
	case jsonStart.MatchString(t[:min(len(t), 4096)]):
		if geoType.MatchString(t[:min(len(t), 8192)]) || geoType.MatchString(end) && strings.HasPrefix(t, "{") && strings.Contains(t, `"features"`) {
			return "geojson"
		}
		return "json"
	case sqlStart.MatchString(t) && sqlVerb.MatchString(t):
		return "sql"
	case mimeStart.MatchString(t) && strings.Contains(strings.ToLower(t[:min(len(t), 8192)]), "content-type:"):
		return "mail"
	}
	return ""
}
