package object

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	_ "image/gif"  // the size of GIF
	_ "image/jpeg" // the size of JPEG
	_ "image/png"  // the size of PNG
	"io"
	"math"
	"strconv"
	"strings"
)

// image reads the size of a picture and what a camera wrote into it.
func (d *description) image() error {
	switch d.Format {
	case "tiff":
		return d.tiff()
	case "bmp", "webp":
		head := make([]byte, 64)
		n, err := d.src.ReadAt(head, 0)
		if n < 30 {
			return fmt.Errorf("read header: %w", errors.Join(err, errDamaged))
		}
		if d.Format == "bmp" {
			d.Width = int(int32(binary.LittleEndian.Uint32(head[18:])))
			d.Height = int(math.Abs(float64(int32(binary.LittleEndian.Uint32(head[22:])))))
			return nil
		}
		d.webp(head)
		return nil
	}
	cfg, _, err := image.DecodeConfig(io.NewSectionReader(d.src, 0, d.src.Size))
	if err != nil {
		return fmt.Errorf("read size: %w", errors.Join(err, errDamaged))
	}
	d.Width, d.Height = cfg.Width, cfg.Height
	if d.Format == "jpeg" {
		return d.jpegExif()
	}
	return nil
}

// webp reads the size from the first chunk.
// Source: WebP Container Specification.
func (d *description) webp(b []byte) {
	switch string(b[12:16]) {
	case "VP8X":
		d.Width = 1 + int(b[24]) + int(b[25])<<8 + int(b[26])<<16
		d.Height = 1 + int(b[27]) + int(b[28])<<8 + int(b[29])<<16
	case "VP8L":
		v := binary.LittleEndian.Uint32(b[21:])
		d.Width, d.Height = int(v&0x3FFF)+1, int(v>>14&0x3FFF)+1
	case "VP8 ":
		d.Width, d.Height = int(binary.LittleEndian.Uint16(b[26:])&0x3FFF), int(binary.LittleEndian.Uint16(b[28:])&0x3FFF)
	}
}

// jpegExif looks for the APP1 segment.
func (d *description) jpegExif() error {
	at := int64(2)
	var head [4]byte
	for range 64 {
		if _, err := d.src.ReadAt(head[:], at); err != nil || head[0] != 0xFF || head[1] == 0xDA {
			return nil //nolint:nilerr // a picture without it is whole too
		}
		size := int64(binary.BigEndian.Uint16(head[2:]))
		if head[1] == 0xE1 && size > 8 {
			b := make([]byte, size-2)
			if n, _ := d.src.ReadAt(b, at+4); n == len(b) && bytes.HasPrefix(b, []byte("Exif\x00\x00")) {
				d.exif(b[6:])
				return nil
			}
		}
		at += 2 + size
	}
	return nil
}

func (d *description) tiff() error {
	b, err := d.whole(64 << 20)
	if err != nil {
		return err
	}
	d.exif(b)
	return nil
}

// An ifd reads directories of a TIFF structure, which EXIF is.
// Source: TIFF 6.0; CIPA DC-008 (Exif 2.3).
type ifd struct {
	b     []byte
	order binary.ByteOrder
}

func (d *description) exif(b []byte) {
	if len(b) < 8 {
		return
	}
	f := ifd{b: b, order: binary.LittleEndian}
	if b[0] == 'M' {
		f.order = binary.BigEndian
	}
	main := f.entries(int64(f.order.Uint32(b[4:])))
	if d.Format == "tiff" {
		d.Width, d.Height = int(f.number(main[256])), int(f.number(main[257]))
	}
	d.note("make", f.text(main[271]))
	d.note("model", f.text(main[272]))
	d.note("software", f.text(main[305]))
	d.note("author", f.text(main[315]))
	d.Title = f.text(main[270])
	created := f.text(main[306])
	if at := f.number(main[34665]); at > 0 {
		if s := f.text(f.entries(at)[36867]); s != "" {
			created = s
		}
	}
	// 2024:03:05 13:45:00
	if len(created) >= 10 && created[4] == ':' && created[7] == ':' {
		created = strings.Replace(created[:10], ":", "-", 2) + created[10:]
	}
	d.note("created", created)
	if at := f.number(main[34853]); at > 0 {
		gps := f.entries(at)
		lat, ok1 := f.degrees(gps[2], f.text(gps[1]) == "S")
		lon, ok2 := f.degrees(gps[4], f.text(gps[3]) == "W")
		if ok1 && ok2 {
			d.note("lat", strconv.FormatFloat(lat, 'f', 6, 64))
			d.note("lon", strconv.FormatFloat(lon, 'f', 6, 64))
		}
	}
}

// An ifdEntry is one field: its type, count and bytes.
type ifdEntry struct {
	kind  uint16
	value []byte
}

var ifdSizes = [...]int64{0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8}

func (f ifd) entries(at int64) map[uint16]ifdEntry {
	out := map[uint16]ifdEntry{}
	if at < 0 || at+2 > int64(len(f.b)) {
		return out
	}
	n := int64(f.order.Uint16(f.b[at:]))
	for i := range n {
		e := at + 2 + 12*i
		if e+12 > int64(len(f.b)) {
			break
		}
		tag, kind := f.order.Uint16(f.b[e:]), f.order.Uint16(f.b[e+2:])
		if int(kind) >= len(ifdSizes) {
			continue
		}
		size := ifdSizes[kind] * int64(f.order.Uint32(f.b[e+4:]))
		value := f.b[e+8 : e+12]
		if size > 4 {
			from := int64(f.order.Uint32(value))
			if from+size > int64(len(f.b)) {
				continue
			}
			value = f.b[from : from+size]
		}
		out[tag] = ifdEntry{kind, value}
	}
	return out
}

func (f ifd) text(e ifdEntry) string {
	if e.kind != 2 {
		return ""
	}
	s, _, _ := strings.Cut(string(e.value), "\x00")
	return clip(s, maxMeta)
}

func (f ifd) number(e ifdEntry) int64 {
	switch {
	case e.kind == 3 && len(e.value) >= 2:
		return int64(f.order.Uint16(e.value))
	case e.kind == 4 && len(e.value) >= 4:
		return int64(f.order.Uint32(e.value))
	}
	return 0
}

// degrees reads three fractions: degrees, minutes, seconds.
func (f ifd) degrees(e ifdEntry, negative bool) (float64, bool) {
	if e.kind != 5 || len(e.value) < 24 {
		return 0, false
	}
	sum := 0.0
	for i, part := range []float64{1, 60, 3600} {
		den := f.order.Uint32(e.value[8*i+4:])
		if den == 0 {
			return 0, false
		}
		sum += float64(f.order.Uint32(e.value[8*i:])) / float64(den) / part
	}
	if negative {
		sum = -sum
	}
	return sum, true
}
