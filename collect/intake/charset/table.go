package charset

import (
	"fmt"
	"sync"
	"unicode/utf8"

	"shuniu/fault"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// A family is how an encoding is built.
type family uint8

const (
	utf8Family family = iota
	utf16Family
	utf32Family
	singleFamily // one byte a character
	doubleFamily // ASCII, some single bytes, two-byte characters, and rarer longer ones
)

// A codec is an encoding and its tables.
type codec struct {
	name   string
	family family
	big    bool // byte order of UTF-16 and UTF-32
	enc    encoding.Encoding

	once sync.Once
	// single[b] is what byte b stands for: 0 when it stands for nothing alone.
	single [256]rune
	// lead[b] is how byte b begins a longer character.
	lead [256]leadKind
	// double[lead<<8|trail] is the character packed as UTF-8: length in the
	// high byte, then its bytes, first byte lowest. 0 is no character.
	double []uint32
	packed [256]uint32 // single, packed the same way
}

// A leadKind is what a first byte may begin.
type leadKind uint8

const (
	leadNone leadKind = iota
	leadTwo           // a two-byte character
	leadMore          // a longer one may be possible: ask x/text
)

var codecs = []*codec{
	{name: "utf-8", family: utf8Family},
	{name: "utf-16le", family: utf16Family},
	{name: "utf-16be", family: utf16Family, big: true},
	{name: "utf-32le", family: utf32Family},
	{name: "utf-32be", family: utf32Family, big: true},
	{name: "gb18030", family: doubleFamily, enc: simplifiedchinese.GB18030},
	{name: "big5", family: doubleFamily, enc: traditionalchinese.Big5},
	{name: "shift_jis", family: doubleFamily, enc: japanese.ShiftJIS},
	{name: "euc-jp", family: doubleFamily, enc: japanese.EUCJP},
	{name: "euc-kr", family: doubleFamily, enc: korean.EUCKR},
	{name: "windows-1250", family: singleFamily, enc: charmap.Windows1250},
	{name: "windows-1251", family: singleFamily, enc: charmap.Windows1251},
	{name: "windows-1252", family: singleFamily, enc: charmap.Windows1252},
	{name: "windows-1253", family: singleFamily, enc: charmap.Windows1253},
	{name: "windows-1254", family: singleFamily, enc: charmap.Windows1254},
	{name: "windows-1255", family: singleFamily, enc: charmap.Windows1255},
	{name: "windows-1256", family: singleFamily, enc: charmap.Windows1256},
	{name: "windows-1257", family: singleFamily, enc: charmap.Windows1257},
	{name: "windows-1258", family: singleFamily, enc: charmap.Windows1258},
	{name: "windows-874", family: singleFamily, enc: charmap.Windows874},
	{name: "iso-8859-1", family: singleFamily, enc: charmap.ISO8859_1},
	{name: "iso-8859-2", family: singleFamily, enc: charmap.ISO8859_2},
	{name: "iso-8859-5", family: singleFamily, enc: charmap.ISO8859_5},
	{name: "iso-8859-7", family: singleFamily, enc: charmap.ISO8859_7},
	{name: "iso-8859-9", family: singleFamily, enc: charmap.ISO8859_9},
	{name: "iso-8859-15", family: singleFamily, enc: charmap.ISO8859_15},
	{name: "mac-roman", family: singleFamily, enc: charmap.Macintosh},
	{name: "koi8-r", family: singleFamily, enc: charmap.KOI8R},
	{name: "ibm866", family: singleFamily, enc: charmap.CodePage866},
	{name: "ibm850", family: singleFamily, enc: charmap.CodePage850},
	{name: "ibm437", family: singleFamily, enc: charmap.CodePage437},
}

// aliases a person or a recipe may write.
var aliases = map[string]string{
	"utf8": "utf-8", "utf-8-bom": "utf-8", "utf-8-sig": "utf-8", "ascii": "utf-8", "us-ascii": "utf-8", "utf-16": "utf-16le", "utf-32": "utf-32le",
	"gbk": "gb18030", "gb2312": "gb18030", "cp936": "gb18030", "gb-18030": "gb18030", "big5-hkscs": "big5", "cp950": "big5",
	"sjis": "shift_jis", "shift-jis": "shift_jis", "cp932": "shift_jis", "windows-31j": "shift_jis", "cp949": "euc-kr", "uhc": "euc-kr", "ks_c_5601-1987": "euc-kr",
	"latin1": "windows-1252", "latin-1": "windows-1252", "iso8859-1": "iso-8859-1", "cp1252": "windows-1252", "cp1251": "windows-1251", "cp1250": "windows-1250",
	"macintosh": "mac-roman", "macroman": "mac-roman", "cp866": "ibm866", "cp850": "ibm850", "cp437": "ibm437",
}

func codecOf(name string) (*codec, error) {
	if a, ok := aliases[name]; ok {
		name = a
	}
	for _, c := range codecs {
		if c.name == name {
			c.once.Do(c.build)
			return c, nil
		}
	}
	return nil, fmt.Errorf("encoding %q is not known: %w", name, fault.Invalid)
}

// Names lists the encodings that can be decoded, for a person to choose from.
func Names() []string {
	out := make([]string, 0, len(codecs)+1)
	for _, c := range codecs {
		out = append(out, c.name)
		if c.name == "utf-8" {
			out = append(out, "utf-8-bom")
		}
	}
	return out
}

// pack puts a character's UTF-8 into a word; 0 for what is no character.
func pack(r rune) uint32 {
	if r == utf8.RuneError || r < 0 {
		return 0
	}
	var b [4]byte
	n := utf8.EncodeRune(b[:], r)
	if n > 3 {
		return 0 // beyond the basic plane: decoded the slow way
	}
	return uint32(n)<<24 | uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16
}

// build fills the tables from x/text, once.
func (c *codec) build() {
	if c.family != singleFamily && c.family != doubleFamily {
		return
	}
	dec := c.enc.NewDecoder()
	one := func(src ...byte) (rune, bool) {
		out, err := dec.Bytes(src)
		if err != nil {
			return 0, false
		}
		r, n := utf8.DecodeRune(out)
		return r, n == len(out) && r != utf8.RuneError
	}
	for b := range 256 {
		r, ok := one(byte(b))
		if !ok && b >= 0x80 {
			r = 0
		}
		if b < 0x80 {
			r = rune(b) // Shift_JIS's yen and overline are kept as ASCII
		}
		c.single[b] = r
		if ok || b < 0x80 {
			c.packed[b] = pack(r)
		}
		if b == 0 {
			c.packed[b] = 1 << 24
		}
	}
	if c.family == singleFamily {
		return
	}
	c.double = make([]uint32, 1<<16)
	for lead := 0x81; lead < 0xFF; lead++ {
		if c.packed[lead] != 0 {
			continue
		}
		found := false
		for trail := 0x40; trail < 0xFF; trail++ {
			if trail == 0x7F && c.name != "shift_jis" {
				continue
			}
			if r, ok := one(byte(lead), byte(trail)); ok && r >= 0x80 {
				if p := pack(r); p != 0 {
					c.double[lead<<8|trail] = p
					found = true
				}
			}
		}
		if found {
			c.lead[lead] = leadTwo
		}
	}
	switch c.name {
	case "gb18030":
		for b := 0x81; b < 0xFF; b++ {
			c.lead[b] = leadMore
		}
	case "euc-jp":
		c.lead[0x8F] = leadMore
		c.lead[0x8E] = leadTwo
	case "big5":
		for b := 0x87; b < 0xFF; b++ {
			c.lead[b] = leadMore // some characters lie beyond the basic plane, some are two
		}
	}
}
