package object

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/richardlehane/mscfb"
)

const maxStream = 128 << 20 // bytes of a stream that are read

// ole tells the documents of old Office apart and reads their words.
func (d *description) ole() error {
	doc, err := mscfb.New(io.NewSectionReader(d.src, 0, d.src.Size))
	if err != nil {
		return errors.Join(err, errDamaged)
	}
	streams := map[string]*mscfb.File{}
	for n := 0; n < 100_000; n++ {
		f, err := doc.Next()
		if err != nil {
			break
		}
		if len(f.Path) == 0 || streams[f.Name] == nil {
			streams[f.Name] = f
		}
		if strings.HasPrefix(f.Name, "__substg1.0_") {
			streams["msg"] = f
		}
	}
	switch {
	case streams["EncryptedPackage"] != nil:
		d.MediaType, d.Format = "application/vnd.ms-office", "office"
		return errEncrypted
	case streams["WordDocument"] != nil:
		d.MediaType, d.Format = "application/msword", "doc"
		return d.doc(streams)
	case streams["PowerPoint Document"] != nil:
		d.MediaType, d.Format = "application/vnd.ms-powerpoint", "ppt"
		b, err := stream(streams["PowerPoint Document"])
		d.slides(b, 0)
		return err
	case streams["Workbook"] != nil, streams["Book"] != nil:
		d.MediaType, d.Format = "application/vnd.ms-excel", "xls"
	case streams["msg"] != nil:
		d.MediaType, d.Format = "application/vnd.ms-outlook", "msg"
		return d.message(streams)
	case streams["VisioDocument"] != nil:
		d.MediaType, d.Format = "application/vnd.visio", "vsd"
	}
	return nil
}

func stream(f *mscfb.File) ([]byte, error) {
	if f == nil {
		return nil, fmt.Errorf("stream is missing: %w", errDamaged)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxStream))
	if err != nil {
		return b, errors.Join(err, errDamaged)
	}
	return b, nil
}

// doc reads the words of a Word 97–2003 document by its piece table.
// Source: [MS-DOC] 2.4.1, Retrieving Text.
func (d *description) doc(streams map[string]*mscfb.File) error {
	b, err := stream(streams["WordDocument"])
	if err != nil {
		return err
	}
	if len(b) < 0x1AA || binary.LittleEndian.Uint16(b) != 0xA5EC {
		return errDamaged
	}
	flags := binary.LittleEndian.Uint16(b[0x0A:])
	if flags&0x0100 != 0 {
		return errEncrypted
	}
	name := "0Table"
	if flags&0x0200 != 0 {
		name = "1Table"
	}
	table, err := stream(streams[name])
	if err != nil {
		return err
	}
	from, size := int64(binary.LittleEndian.Uint32(b[0x1A2:])), int64(binary.LittleEndian.Uint32(b[0x1A6:]))
	if from+size > int64(len(table)) {
		return errDamaged
	}
	clx := table[from : from+size]
	for len(clx) > 3 && clx[0] == 1 { // properties come first
		n := int(binary.LittleEndian.Uint16(clx[1:])) + 3
		if n > len(clx) {
			return errDamaged
		}
		clx = clx[n:]
	}
	if len(clx) < 5 || clx[0] != 2 {
		return errDamaged
	}
	plc := clx[5:]
	n := (len(plc) - 4) / 12
	for i := range n {
		begin, end := int64(binary.LittleEndian.Uint32(plc[4*i:])), int64(binary.LittleEndian.Uint32(plc[4*i+4:]))
		fc := binary.LittleEndian.Uint32(plc[4*(n+1)+8*i+2:])
		count := end - begin
		if count <= 0 || count > maxStream || d.TextCut || d.check() != nil {
			continue
		}
		at, bytes := int64(fc&0x3FFFFFFF), 2*count
		if fc&0x40000000 != 0 {
			at, bytes = at/2, count
		}
		if at+bytes > int64(len(b)) {
			return errDamaged
		}
		piece := b[at : at+bytes]
		if fc&0x40000000 != 0 {
			d.say(wordText(decode(piece, "windows-1252")))
		} else {
			d.say(wordText(utf16Text(piece, false)))
		}
	}
	return nil
}

// wordText turns Word's control characters into breaks and drops the codes of
// fields.
func wordText(s string) string {
	var sb strings.Builder
	code := 0
	for _, c := range s {
		switch c {
		case 0x13:
			code++
		case 0x14, 0x15:
			code = max(code-1, 0)
		case '\r', 0x0B, 0x0C:
			sb.WriteByte('\n')
		case 0x07:
			sb.WriteByte('\t')
		default:
			if code == 0 && (c >= ' ' || c == '\t') {
				sb.WriteRune(c)
			}
		}
	}
	return sb.String()
}

// slides reads the text atoms of a PowerPoint 97–2003 document.
// Source: [MS-PPT] 2.9, Text Types.
func (d *description) slides(b []byte, depth int) {
	for len(b) >= 8 && !d.TextCut && depth < 64 && d.check() == nil {
		version, kind := binary.LittleEndian.Uint16(b)&0x0F, binary.LittleEndian.Uint16(b[2:])
		size := int64(binary.LittleEndian.Uint32(b[4:]))
		if size > int64(len(b)-8) {
			return
		}
		body := b[8 : 8+size]
		switch {
		case kind == 0x0FA0:
			d.say(wordText(utf16Text(body, false)) + "\n")
		case kind == 0x0FA8:
			d.say(wordText(decode(body, "windows-1252")) + "\n")
		case version == 0x0F:
			if kind == 0x03EE {
				d.Pages++
			}
			d.slides(body, depth+1)
		}
		b = b[8+size:]
	}
}

// message reads the subject, sender and body of an Outlook message.
func (d *description) message(streams map[string]*mscfb.File) error {
	read := func(id string) string {
		if f := streams["__substg1.0_"+id+"001F"]; f != nil {
			if b, err := stream(f); err == nil {
				return utf16Text(b, false)
			}
		}
		if f := streams["__substg1.0_"+id+"001E"]; f != nil {
			if b, err := stream(f); err == nil {
				return guessText(b)
			}
		}
		return ""
	}
	d.Title = read("0037")
	d.note("author", read("0C1A"))
	d.say(read("1000"))
	return nil
}
