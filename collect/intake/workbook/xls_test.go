package workbook

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/rc4"
	"crypto/sha1"
	"encoding/binary"
	"math"
	"strings"
	"testing"
	"unicode/utf16"

	"shuniu/collect/intake/tabular"

	"github.com/google/go-cmp/cmp"
)

// biff writes records of a workbook stream.
type biff struct{ bytes.Buffer }

func (b *biff) rec(kind int, parts ...any) {
	var body bytes.Buffer
	for _, p := range parts {
		switch v := p.(type) {
		case int:
			body.Write(binary.LittleEndian.AppendUint16(nil, uint16(v)))
		case uint32:
			body.Write(binary.LittleEndian.AppendUint32(nil, v))
		case float64:
			body.Write(binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)))
		case byte:
			body.WriteByte(v)
		case []byte:
			body.Write(v)
		}
	}
	b.Write(binary.LittleEndian.AppendUint16(nil, uint16(kind)))
	b.Write(binary.LittleEndian.AppendUint16(nil, uint16(body.Len())))
	b.Write(body.Bytes())
}

func wide(s string) []byte {
	u := utf16.Encode([]rune(s))
	out := []byte{1}
	for _, c := range u {
		out = binary.LittleEndian.AppendUint16(out, c)
	}
	return out
}

// sampleStream is a workbook of two sheets; biff8 or BIFF5 with code page 936.
func sampleStream(biff8 bool, filePass []byte) []byte {
	version := 0x600
	if !biff8 {
		version = 0x500
	}
	gbk := map[string][]byte{"街道": {0xBD, 0xD6, 0xB5, 0xC0}, "人口": {0xC8, 0xCB, 0xBF, 0xDA}, "塘桥": {0xCC, 0xC1, 0xC7, 0xC5}, "花木": {0xBB, 0xA8, 0xC4, 0xBE}}
	build := func(offset uint32) ([]byte, uint32) {
		var b biff
		b.rec(recBOF, version, 5, 0, 0, uint32(0), uint32(0))
		if filePass != nil {
			b.rec(recFilePass, filePass)
		}
		b.rec(recCodePage, 936)
		if biff8 {
			code := `yyyy"年"m"月"d"日"`
			b.rec(recFormat, 164, len([]rune(code)), wide(code))
		}
		for i := range 17 {
			f := 0
			if i == 16 && biff8 {
				f = 164
			} else if i == 16 {
				f = 14
			}
			b.rec(recXF, 0, f, make([]byte, 16))
		}
		if biff8 {
			b.rec(recBoundSheet, offset, byte(0), byte(0), byte(2), wide("甲表"))
			// 街道 人口 塘桥 and a text cut by a continuation in its middle.
			long := strings.Repeat("长", 20)
			w := wide(long)
			b.rec(recSST, uint32(4), uint32(4), 2, wide("街道"), 2, wide("人口"), 2, wide("塘桥"), 20, w[:1+2*12])
			b.rec(recContinue, append([]byte{1}, w[1+2*12:]...))
		} else {
			b.rec(recBoundSheet, offset, byte(0), byte(0), byte(4), []byte{0xBC, 0xD7, 0xB1, 0xED})
		}
		b.rec(recEOF)
		at := uint32(b.Len())
		b.rec(recBOF, version, 0x10, 0, 0, uint32(0), uint32(0))
		if biff8 {
			b.rec(recLabelSST, 0, 0, 0, uint32(0))
			b.rec(recLabelSST, 0, 1, 0, uint32(1))
			b.rec(recLabelSST, 0, 2, 0, uint32(3))
			b.rec(recLabelSST, 1, 0, 0, uint32(2))
			b.rec(recLabel, 2, 0, 0, 2, wide("花木"))
		} else {
			b.rec(recLabel, 0, 0, 0, 4, gbk["街道"])
			b.rec(recLabel, 0, 1, 0, 4, gbk["人口"])
			b.rec(recLabel, 0, 2, 0, 4, []byte("date"))
			b.rec(recLabel, 1, 0, 0, 4, gbk["塘桥"])
			b.rec(recLabel, 2, 0, 0, 4, gbk["花木"])
		}
		b.rec(recNumber, 1, 1, 0, 12.5)
		b.rec(recRK, 1, 2, 16, uint32(45356<<2|2))
		b.rec(recMulRK, 2, 1, 0, uint32(4000<<2|3), 16, uint32(60<<2|2), 2)
		b.rec(recLabel, 3, 0, 0, 1, map[bool][]byte{true: append([]byte{0}, 'x'), false: []byte("x")}[biff8])
		b.rec(recFormula, 3, 1, 0, math.Nextafter(0.3, 1), 0, uint32(0), 0)
		b.rec(recFormula, 3, 2, 0, []byte{2, 0, 0x2A, 0, 0, 0, 0xFF, 0xFF}, 0, uint32(0), 0)
		b.rec(recEOF)
		return b.Bytes(), at
	}
	_, at := build(0)
	out, _ := build(at)
	return out
}

// ole wraps one stream of at least 4,096 bytes in a compound file.
func ole(name string, stream []byte) []byte {
	size := max(len(stream), 4096)
	sectors := (size + 511) / 512
	fatSectors := (sectors + 2 + 127) / 128
	for (sectors+1+fatSectors+127)/128 > fatSectors {
		fatSectors++
	}
	h := make([]byte, 512)
	copy(h, oleMagic)
	binary.LittleEndian.PutUint16(h[24:], 0x3E)
	binary.LittleEndian.PutUint16(h[26:], 3)
	binary.LittleEndian.PutUint16(h[28:], 0xFFFE)
	binary.LittleEndian.PutUint16(h[30:], 9)
	binary.LittleEndian.PutUint16(h[32:], 6)
	binary.LittleEndian.PutUint32(h[44:], uint32(fatSectors))
	binary.LittleEndian.PutUint32(h[48:], uint32(fatSectors)) // directory
	binary.LittleEndian.PutUint32(h[56:], 4096)
	binary.LittleEndian.PutUint32(h[60:], 0xFFFFFFFE)
	binary.LittleEndian.PutUint32(h[68:], 0xFFFFFFFE)
	for i := range 109 {
		v := uint32(0xFFFFFFFF)
		if i < fatSectors {
			v = uint32(i)
		}
		binary.LittleEndian.PutUint32(h[76+4*i:], v)
	}
	fat := make([]byte, 512*fatSectors)
	for i := range fat {
		fat[i] = 0xFF
	}
	set := func(i int, v uint32) { binary.LittleEndian.PutUint32(fat[4*i:], v) }
	for i := range fatSectors {
		set(i, 0xFFFFFFFD)
	}
	set(fatSectors, 0xFFFFFFFE)
	first := fatSectors + 1
	for i := range sectors {
		if i == sectors-1 {
			set(first+i, 0xFFFFFFFE)
		} else {
			set(first+i, uint32(first+i+1))
		}
	}
	dir := make([]byte, 512)
	put := func(i int, name string, kind byte, start uint32, size int) {
		e := dir[128*i:]
		u := utf16.Encode([]rune(name))
		for k, c := range u {
			binary.LittleEndian.PutUint16(e[2*k:], c)
		}
		binary.LittleEndian.PutUint16(e[64:], uint16(2*len(u)+2))
		e[66] = kind
		binary.LittleEndian.PutUint32(e[116:], start)
		binary.LittleEndian.PutUint32(e[120:], uint32(size))
	}
	put(0, "Root Entry", 5, 0xFFFFFFFE, 0)
	put(1, name, 2, uint32(first), size)
	body := make([]byte, 512*sectors)
	copy(body, stream)
	return bytes.Join([][]byte{h, fat, dir, body}, nil)
}

func sampleXLS(biff8 bool) []byte {
	if biff8 {
		return ole("Workbook", sampleStream(true, nil))
	}
	return ole("Book", sampleStream(false, nil))
}

// table reads a file that must hold one table: header line, then rows.
func table(t *testing.T, name string, b []byte, opt tabular.Options) [][]string {
	t.Helper()
	found, err := Find(context.Background(), &tabular.Source{Name: name, Size: int64(len(b)), ReaderAt: bytes.NewReader(b)}, opt)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 {
		t.Fatalf("%d tables, want 1", len(found))
	}
	var head []string
	for _, h := range found[0].Heads {
		head = append(head, h.Name)
	}
	out := [][]string{head}
	if _, err := found[0].Read(context.Background(), func(b *tabular.Batch) error {
		for i := range b.Rows {
			var rec []string
			for k := range b.Columns {
				v, _ := b.Columns[k].At(i)
				rec = append(rec, string(v))
			}
			out = append(out, rec)
		}
		return nil
	}, nil); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestXLS(t *testing.T) {
	want := [][]string{
		{"街道", "人口", strings.Repeat("长", 20)},
		{"塘桥", "12.5", "2024-03-05"},
		{"花木", "40", "1900-02-29"},
		{"x", "0.30000000000000004", "#N/A"},
	}
	if diff := cmp.Diff(want, table(t, "a.xls", sampleXLS(true), tabular.Options{})); diff != "" {
		t.Errorf("BIFF8 (-want +got):\n%s", diff)
	}
	want[0][2] = "date"
	if diff := cmp.Diff(want, table(t, "a.xls", sampleXLS(false), tabular.Options{})); diff != "" {
		t.Errorf("BIFF5 (-want +got):\n%s", diff)
	}
}

// lock encrypts a stream as XLS does, by its own way through the specification.
func lock(stream []byte, key func(block uint32) []byte) []byte {
	out := bytes.Clone(stream)
	ks := make([]byte, (len(stream)/1024+1)*1024)
	for b := range len(ks) / 1024 {
		c, err := rc4.NewCipher(key(uint32(b)))
		if err != nil {
			panic(err)
		}
		c.XORKeyStream(ks[b*1024:(b+1)*1024], ks[b*1024:(b+1)*1024])
	}
	past := false
	for p := 0; p+4 <= len(stream); {
		kind, n := int(binary.LittleEndian.Uint16(stream[p:])), int(binary.LittleEndian.Uint16(stream[p+2:]))
		if past && kind != recBOF {
			from := p + 4
			if kind == recBoundSheet {
				from += 4
			}
			for i := from; i < p+4+n; i++ {
				out[i] = stream[i] ^ ks[i]
			}
		}
		past = past || kind == recFilePass
		p += 4 + n
	}
	return out
}

func TestXLSPasswords(t *testing.T) {
	salt := []byte("0123456789abcdef")
	verifier := []byte("fedcba9876543210")
	binaryPass := func(password string) ([]byte, func(uint32) []byte) {
		h := md5.Sum(utf16le(password))
		h1 := md5.Sum(bytes.Repeat(append(bytes.Clone(h[:5]), salt...), 16))
		key := func(b uint32) []byte {
			k := md5.Sum(append(bytes.Clone(h1[:5]), le32(b)...))
			return k[:]
		}
		c, err := rc4.NewCipher(key(0))
		if err != nil {
			t.Fatal(err)
		}
		sum := md5.Sum(verifier)
		v := make([]byte, 32)
		c.XORKeyStream(v, append(bytes.Clone(verifier), sum[:]...))
		return bytes.Join([][]byte{{1, 0, 1, 0, 1, 0}, salt, v}, nil), key
	}
	apiPass := func(password string) ([]byte, func(uint32) []byte) {
		h0 := sha1.Sum(append(bytes.Clone(salt), utf16le(password)...))
		key := func(b uint32) []byte {
			k := sha1.Sum(append(bytes.Clone(h0[:]), le32(b)...))
			return bytes.Clone(k[:16])
		}
		c, err := rc4.NewCipher(key(0))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha1.Sum(verifier)
		v := make([]byte, 36)
		c.XORKeyStream(v, append(bytes.Clone(verifier), sum[:]...))
		head := make([]byte, 34)
		binary.LittleEndian.PutUint32(head[16:], 128)
		return bytes.Join([][]byte{{1, 0, 2, 0, 2, 0}, le32(0), le32(uint32(len(head))), head, le32(16), salt, v[:16], le32(20), v[16:]}, nil), key
	}
	for _, tc := range []struct {
		name, password, given string
		make                  func(string) ([]byte, func(uint32) []byte)
		open                  bool
	}{
		{"default password, 40 bits", defaultPassword, "", binaryPass, true},
		{"default password, CryptoAPI", defaultPassword, "", apiPass, true},
		{"own password given", "secret", "secret", apiPass, true},
		{"own password", "secret", "", binaryPass, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			pass, key := tc.make(tc.password)
			b := ole("Workbook", lock(sampleStream(true, pass), key))
			if !tc.open {
				err := drain(t, "a.xls", b)
				if r, ok := asRefusal(err); !ok || r.Kind != "encrypted" {
					t.Errorf("got %v, want a refusal of kind encrypted", err)
				}
				return
			}
			got := table(t, "a.xls", b, tabular.Options{Password: tc.given})
			if len(got) != 4 || got[1][0] != "塘桥" || got[1][2] != "2024-03-05" {
				t.Errorf("got %q", got)
			}
		})
	}
}
