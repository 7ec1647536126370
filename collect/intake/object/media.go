package object

import (
	"encoding/binary"
	"math"
	"strings"
	"unicode/utf16"

	"shuniu/collect/intake/charset"
)

// at reads n bytes, fewer at the end of the file.
func (d *description) at(off int64, n int) []byte {
	b := make([]byte, n)
	k, _ := d.src.ReadAt(b, off)
	return b[:max(k, 0)]
}

// boxes reads duration and size of MP4 and QuickTime.
// Source: ISO/IEC 14496-12, boxes moov, mvhd, trak, tkhd.
func (d *description) boxes() error {
	d.walkBoxes(0, d.src.Size, 0)
	if d.Width == 0 && d.Format == "mp4" && d.DurationSeconds > 0 {
		d.MediaType = "audio/mp4"
	}
	return nil
}

func (d *description) walkBoxes(from, to int64, depth int) {
	for n := 0; from+8 <= to && n < 10_000 && d.check() == nil; n++ {
		h := d.at(from, 16)
		if len(h) < 8 {
			return
		}
		size, body := int64(binary.BigEndian.Uint32(h)), from+8
		switch {
		case size == 1 && len(h) == 16:
			size, body = int64(binary.BigEndian.Uint64(h[8:])), from+16
		case size == 0:
			size = to - from
		}
		if size < 8 || size > to-from {
			return
		}
		switch string(h[4:8]) {
		case "moov", "trak":
			if depth < 4 {
				d.walkBoxes(body, from+size, depth+1)
			}
		case "mvhd":
			d.movieHeader(d.at(body, 32))
		case "tkhd":
			d.trackHeader(d.at(body, 104))
		}
		from += size
	}
}

func (d *description) movieHeader(b []byte) {
	switch {
	case len(b) < 32:
	case b[0] == 1:
		if scale := binary.BigEndian.Uint32(b[20:]); scale > 0 {
			d.DurationSeconds = float64(binary.BigEndian.Uint64(b[24:])) / float64(scale)
		}
	default:
		if scale := binary.BigEndian.Uint32(b[12:]); scale > 0 {
			d.DurationSeconds = float64(binary.BigEndian.Uint32(b[16:])) / float64(scale)
		}
	}
	d.DurationSeconds = math.Round(d.DurationSeconds*1000) / 1000
}

func (d *description) trackHeader(b []byte) {
	at := 76
	if len(b) > 0 && b[0] == 1 {
		at = 88
	}
	if len(b) < at+8 {
		return
	}
	if w, h := int(binary.BigEndian.Uint32(b[at:])>>16), int(binary.BigEndian.Uint32(b[at+4:])>>16); w > d.Width {
		d.Width, d.Height = w, h
	}
}

// wav reads the duration: bytes of sound by bytes a second.
func (d *description) wav() error {
	rate := uint32(0)
	for at := int64(12); at+8 <= d.src.Size; {
		h := d.at(at, 24)
		if len(h) < 8 {
			break
		}
		size := int64(binary.LittleEndian.Uint32(h[4:]))
		switch string(h[:4]) {
		case "fmt ":
			if len(h) >= 20 {
				rate = binary.LittleEndian.Uint32(h[16:])
			}
		case "data":
			if rate > 0 {
				d.DurationSeconds = math.Round(float64(min(size, d.src.Size-at-8))/float64(rate)*1000) / 1000
			}
			return nil
		}
		at += 8 + size + size&1
	}
	return errDamaged
}

// avi reads the main header.
func (d *description) avi() error {
	b := d.at(0, 4096)
	i := strings.Index(string(b), "avih")
	if i < 0 || len(b) < i+48 {
		return errDamaged
	}
	h := b[i+8:]
	d.DurationSeconds = math.Round(float64(binary.LittleEndian.Uint32(h))*float64(binary.LittleEndian.Uint32(h[16:]))/1000) / 1000
	d.Width, d.Height = int(binary.LittleEndian.Uint32(h[32:])), int(binary.LittleEndian.Uint32(h[36:]))
	return nil
}

// flac reads the stream information.
func (d *description) flac() error {
	b := d.at(8, 34)
	if len(b) < 18 {
		return errDamaged
	}
	rate := uint32(b[10])<<12 | uint32(b[11])<<4 | uint32(b[12])>>4
	samples := uint64(b[13]&0x0F)<<32 | uint64(binary.BigEndian.Uint32(b[14:]))
	if rate > 0 {
		d.DurationSeconds = math.Round(float64(samples)/float64(rate)*1000) / 1000
	}
	return nil
}

var (
	mp3Rates   = [...]int{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320}
	mp3Samples = [...]int{44100, 48000, 32000}
)

// mp3Frame reports whether b begins with a frame of MPEG 1 layer III.
func mp3Frame(b []byte) bool {
	return len(b) >= 4 && b[0] == 0xFF && b[1]&0xFE == 0xFA && b[2]>>4 > 0 && b[2]>>4 < 15 && b[2]>>2&3 < 3
}

// mp3 reads the tags and the duration: from the number of frames when the file
// says it, else from the size at a constant rate.
// Source: id3.org, ID3v2.3; ISO/IEC 11172-3.
func (d *description) mp3() error {
	at := int64(0)
	if h := d.at(0, 10); len(h) == 10 && string(h[:3]) == "ID3" {
		size := int64(h[6]&0x7F)<<21 | int64(h[7]&0x7F)<<14 | int64(h[8]&0x7F)<<7 | int64(h[9]&0x7F)
		d.id3(d.at(10, int(min(size, 1<<20))), h[3])
		at = 10 + size
	}
	b := d.at(at, 4096)
	for i := range b {
		if !mp3Frame(b[i:]) {
			continue
		}
		samples := mp3Samples[b[i+2]>>2&3]
		if x := strings.Index(string(b[i:min(len(b), i+64)]), "Xing"); x > 0 && len(b) >= i+x+12 && b[i+x+7]&1 == 1 {
			d.DurationSeconds = float64(binary.BigEndian.Uint32(b[i+x+8:])) * 1152 / float64(samples)
		} else {
			d.DurationSeconds = float64(d.src.Size-at-int64(i)) * 8 / float64(mp3Rates[b[i+2]>>4]*1000)
		}
		d.DurationSeconds = math.Round(d.DurationSeconds*10) / 10
		return nil
	}
	return nil
}

func (d *description) id3(b []byte, version byte) {
	for len(b) > 10 && b[0] != 0 {
		size := int(binary.BigEndian.Uint32(b[4:]))
		if version >= 4 {
			size = int(b[4]&0x7F)<<21 | int(b[5]&0x7F)<<14 | int(b[6]&0x7F)<<7 | int(b[7]&0x7F)
		}
		if size < 1 || size > len(b)-10 {
			return
		}
		value := id3Text(b[10 : 10+size])
		switch string(b[:4]) {
		case "TIT2":
			d.Title = value
		case "TPE1":
			d.note("author", value)
		case "TALB":
			d.note("album", value)
		case "TDRC", "TYER":
			d.note("created", value)
		}
		b = b[10+size:]
	}
}

// id3Text decodes a text frame: its first byte names the encoding, of which
// the first is in China as often GBK as what it should be.
func id3Text(b []byte) string {
	if len(b) < 2 {
		return ""
	}
	switch b[0] {
	case 1, 2:
		return utf16Text(b[1:], b[0] == 2)
	case 3:
		return string(b[1:])
	}
	return guessText(b[1:])
}

// utf16Text decodes UTF-16, by its byte order mark when it has one.
func utf16Text(b []byte, big bool) string {
	if len(b) >= 2 && (b[0] == 0xFE && b[1] == 0xFF || b[0] == 0xFF && b[1] == 0xFE) {
		big = b[0] == 0xFE
		b = b[2:]
	}
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = binary.LittleEndian.Uint16(b[2*i:])
		if big {
			u[i] = binary.BigEndian.Uint16(b[2*i:])
		}
	}
	return strings.TrimRight(string(utf16.Decode(u)), "\x00")
}

// guessText decodes a few bytes by what they say.
func guessText(b []byte) string {
	res, err := charset.Detect(strings.NewReader(string(b)), int64(len(b)))
	if err != nil || res.Name == "" {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	return decode(b, res.Name)
}

// decode turns bytes of an encoding into text; what does not decode is U+FFFD.
func decode(b []byte, name string) string {
	dec, err := charset.NewDecoder(name)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	var out []byte
	for len(b) > 0 {
		var n int
		var ok bool
		if out, n, ok = dec.Append(out, b, true); ok {
			break
		}
		out = append(out, "\uFFFD"...)
		b = b[min(n+max(dec.Skip(b[n:]), 1), len(b)):]
	}
	return string(out)
}
