package object

import (
	"bytes"
	"slices"
	"strings"

	"github.com/klauspost/compress/zip"

	"shuniu/collect/intake/tabular"
)

// A kind is a format and its reader, nil when nothing is read.
type kind struct {
	media, format string
	read          func(*description) error
}

// A magic is how a format begins.
type magic struct {
	at    int
	begin string
	kind  kind
}

// magics are looked through in order.
var magics = []magic{
	{0, "\x89PNG\r\n\x1a\n", kind{"image/png", "png", (*description).image}},
	{0, "\xff\xd8\xff", kind{"image/jpeg", "jpeg", (*description).image}},
	{0, "GIF8", kind{"image/gif", "gif", (*description).image}},
	{8, "WEBPVP8", kind{"image/webp", "webp", (*description).image}},
	{0, "II*\x00", kind{"image/tiff", "tiff", (*description).image}},
	{0, "MM\x00*", kind{"image/tiff", "tiff", (*description).image}},
	{0, "8BPS", kind{"image/vnd.adobe.photoshop", "psd", nil}},
	{0, "AC10", kind{"image/vnd.dwg", "dwg", nil}},
	{8, "WAVE", kind{"audio/wav", "wav", (*description).wav}},
	{8, "AVI ", kind{"video/x-msvideo", "avi", (*description).avi}},
	{0, "ID3", kind{"audio/mpeg", "mp3", (*description).mp3}},
	{0, "fLaC", kind{"audio/flac", "flac", (*description).flac}},
	{0, "OggS", kind{"audio/ogg", "ogg", nil}},
	{0, "#!AMR", kind{"audio/amr", "amr", nil}},
	{0, "\x1aE\xdf\xa3", kind{"video/x-matroska", "mkv", nil}},
	{0, "FLV\x01", kind{"video/x-flv", "flv", nil}},
	{0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11", kind{"video/x-ms-asf", "wmv", nil}},
	{0, "{\\rtf", kind{"application/rtf", "rtf", (*description).rtf}},
	{0, "SQLite format 3\x00", kind{"application/vnd.sqlite3", "sqlite", nil}},
	{0, "7z\xbc\xaf\x27\x1c", kind{"application/x-7z-compressed", "7z", nil}},
	{0, "Rar!\x1a\x07", kind{"application/vnd.rar", "rar", nil}},
	{0, "\xfd7zXZ\x00", kind{"application/x-xz", "xz", nil}},
	{0, "\x1f\x8b", kind{"application/gzip", "gz", nil}},
	{0, "\x7fELF", kind{"application/x-elf", "elf", nil}},
	{0, "%!PS", kind{"application/postscript", "ps", nil}},
	{0, "wOFF", kind{"font/woff", "woff", nil}},
	{0, "wOF2", kind{"font/woff2", "woff2", nil}},
	{0, "\x00\x00\x01\x00", kind{"image/x-icon", "ico", nil}},
}

// sniff decides by content.
func sniff(head []byte, src *tabular.Source) kind {
	for _, m := range magics {
		if len(head) >= m.at+len(m.begin) && string(head[m.at:m.at+len(m.begin)]) == m.begin {
			return m.kind
		}
	}
	switch {
	case bytes.Contains(head[:min(len(head), 1024)], []byte("%PDF-")):
		return kind{"application/pdf", "pdf", (*description).pdf}
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return sniffZip(src)
	case bytes.HasPrefix(head, []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")):
		return kind{"application/x-ole-storage", "ole", (*description).ole}
	case len(head) > 12 && string(head[4:8]) == "ftyp":
		return sniffBoxes(string(head[8:12]))
	case len(head) > 12 && slices.Contains([]string{"moov", "mdat", "wide"}, string(head[4:8])):
		return kind{"video/quicktime", "mov", (*description).boxes}
	case len(head) > 26 && head[0] == 'B' && head[1] == 'M' && bytes.Equal(head[6:10], make([]byte, 4)):
		return kind{"image/bmp", "bmp", (*description).image}
	case len(head) > 64 && head[0] == 'M' && head[1] == 'Z' && bytes.IndexByte(head[:64], 0) > 0:
		return kind{"application/vnd.microsoft.portable-executable", "exe", nil}
	case mp3Frame(head):
		return kind{"audio/mpeg", "mp3", (*description).mp3}
	}
	return sniffText(head)
}

func sniffBoxes(brand string) kind {
	switch {
	case strings.HasPrefix(brand, "qt"):
		return kind{"video/quicktime", "mov", (*description).boxes}
	case strings.HasPrefix(brand, "M4A"), strings.HasPrefix(brand, "M4B"):
		return kind{"audio/mp4", "m4a", (*description).boxes}
	case strings.HasPrefix(brand, "hei"), strings.HasPrefix(brand, "hev"), brand == "mif1", brand == "msf1":
		return kind{"image/heic", "heic", nil}
	case strings.HasPrefix(brand, "avif"):
		return kind{"image/avif", "avif", nil}
	}
	return kind{"video/mp4", "mp4", (*description).boxes}
}

// sniffZip tells office documents apart by their members.
func sniffZip(src *tabular.Source) kind {
	zr, err := zip.NewReader(src, src.Size)
	if err != nil {
		return kind{"application/zip", "zip", nil}
	}
	names := map[string]bool{}
	folders := map[string]bool{}
	for i, f := range zr.File {
		if i > 10_000 {
			break
		}
		names[f.Name] = true
		dir, _, _ := strings.Cut(f.Name, "/")
		folders[dir] = true
	}
	const ooxml = "application/vnd.openxmlformats-officedocument."
	switch {
	case names["[Content_Types].xml"] && folders["word"]:
		return kind{ooxml + "wordprocessingml.document", "docx", (*description).docx}
	case names["[Content_Types].xml"] && folders["ppt"]:
		return kind{ooxml + "presentationml.presentation", "pptx", (*description).pptx}
	case names["[Content_Types].xml"] && folders["xl"]:
		return kind{ooxml + "spreadsheetml.sheet", "xlsx", (*description).coreProperties}
	case names["[Content_Types].xml"] && folders["visio"]:
		return kind{"application/vnd.ms-visio.drawing.main+xml", "vsdx", (*description).coreProperties}
	case names["OFD.xml"]:
		return kind{"application/ofd", "ofd", (*description).ofd}
	case names["mimetype"] && names["content.xml"]:
		return openDocument(zr)
	case names["mimetype"] && names["META-INF/container.xml"]:
		return kind{"application/epub+zip", "epub", nil}
	case names["META-INF/MANIFEST.MF"]:
		return kind{"application/java-archive", "jar", nil}
	}
	return kind{"application/zip", "zip", nil}
}

// sniffText tells kinds of text by their beginning.
func sniffText(head []byte) kind {
	start := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xEF\xBB\xBF")), " \t\r\n")
	low := bytes.ToLower(start[:min(len(start), 1024)])
	switch {
	case bytes.HasPrefix(low, []byte("<!doctype html")), bytes.HasPrefix(low, []byte("<html")):
		return kind{"text/html", "html", (*description).html}
	case bytes.HasPrefix(low, []byte("<svg")), bytes.HasPrefix(low, []byte("<?xml")) && bytes.Contains(low, []byte("<svg")):
		return kind{"image/svg+xml", "svg", (*description).plain}
	case bytes.HasPrefix(low, []byte("<?xml")):
		return kind{"application/xml", "xml", (*description).plain}
	case bytes.HasPrefix(low, []byte("mime-version: 1")) && bytes.Contains(low, []byte("multipart/related")):
		return kind{"multipart/related", "mht", (*description).mail}
	case isMail(low):
		return kind{"message/rfc822", "eml", (*description).mail}
	case bytes.HasPrefix(start, []byte("BEGIN:VCARD")):
		return kind{"text/vcard", "vcf", (*description).plain}
	case bytes.HasPrefix(start, []byte("BEGIN:VCALENDAR")):
		return kind{"text/calendar", "ics", (*description).plain}
	}
	return kind{"application/octet-stream", "", (*description).plain}
}
