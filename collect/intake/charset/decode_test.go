package charset

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"shuniu/fault"

	"pgregory.net/rapid"
)

// Our decoders read what x/text's encoders write, in blocks of any size.
func TestDecodeIsTheInverseOfEncode(t *testing.T) {
	for _, c := range codecs {
		t.Run(c.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				text := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune(hans+kanji+hangul+"éüабв\n,;12€①㎡𠮷ﾊﾝ"))))
				var kept strings.Builder
				for _, r := range text.Draw(t, "text") {
					b, ok := Encode(c.name, []byte(string(r)))
					if !ok || r == utf8.RuneError {
						continue
					}
					if back := decodeLoose(c.name, b); string(back) != string(r) {
						if c.enc == nil {
							t.Fatalf("%q encodes to % x and decodes to %q", r, b, back)
						}
						continue // x/text writes what it does not read back
					}
					kept.WriteRune(r)
				}
				want := kept.String()
				src, _ := Encode(c.name, []byte(want))
				d, err := NewDecoder(c.name)
				if err != nil {
					t.Fatal(err)
				}
				var got []byte
				cut := rapid.IntRange(0, len(src)).Draw(t, "cut")
				got, n, ok := d.Append(got, src[:cut], false)
				if !ok {
					t.Fatalf("first part: stopped at %d of %d", n, cut)
				}
				got, m, ok := d.Append(got, src[n:], true)
				if !ok || n+m != len(src) || string(got) != want {
					t.Fatalf("got %q, want %q", got, want)
				}
			})
		})
	}
}

func TestStrict(t *testing.T) {
	for _, tc := range []struct {
		name string
		src  string
		n    int
	}{
		{"utf-8", "ab\xffc", 2},
		{"gb18030", "a\xd6\xd0\xff", 3},
		{"gb18030", "a\xd6\n", 1},
		{"shift_jis", "a\x81\n", 1},
		{"euc-kr", "\xb0\xa1\xff\xff", 2},
		{"big5", "\xa4\xa4\xa4\n", 2},
		{"utf-16le", "a\x00\x00\xdc", 2},
	} {
		d, err := NewDecoder(tc.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, n, ok := d.Append(nil, []byte(tc.src), true); ok || n != tc.n {
			t.Errorf("%s %q: used %d (ok %v), want to stop at %d", tc.name, tc.src, n, ok, tc.n)
		}
		r, err := NewReader(strings.NewReader(tc.src), tc.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(r); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: reader ended with %v, want fault.Invalid", tc.name, err)
		}
	}
}

func FuzzDetect(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text))
	}
	f.Add([]byte{0xFF, 0xFE, 0, 0xD8})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Detect(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		d, err := NewDecoder(r.Name)
		if err != nil {
			t.Fatal(err)
		}
		src := b[r.BOM:]
		out, n, ok := d.Append(nil, src, true)
		if ok != (n == len(src)) || !utf8.Valid(out) {
			t.Errorf("%s: used %d of %d, ok %v, valid %v", r.Name, n, len(src), ok, utf8.Valid(out))
		}
		if !ok && r.Foreign == "" && r.Doubt == "" && len(b) < evidenceMost {
			t.Errorf("%s does not decode and nothing was said", r.Name)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	for _, name := range []string{"utf-8", "gb18030", "shift_jis", "utf-16le", "windows-1252"} {
		text := strings.Repeat("310115199001011234,张三,浦东新区陆家嘴街道,2024-03-05,13812345678,上海市浦东新区世纪大道100号,12.50,正常\n", 10000)
		if name == "shift_jis" {
			text = strings.Repeat("1,中央図書館,東京都港区芝公園一丁目,03-1234-5678,2024-03-05\n", 10000)
		}
		if name == "windows-1252" {
			text = strings.Repeat("310115;Müller;Straße 12;2024-03-05;12,50;geprüft\n", 10000)
		}
		src, ok := Encode(name, []byte(text))
		if !ok {
			b.Fatal(name)
		}
		d, err := NewDecoder(name)
		if err != nil {
			b.Fatal(err)
		}
		dst := make([]byte, 0, 2*len(text))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				dst, _, _ = d.Append(dst[:0], src, true)
			}
		})
	}
}

func BenchmarkDetect(b *testing.B) {
	for _, tc := range []struct{ name, line string }{
		{"ascii", "310115199001011234,Zhang San,Pudong,2024-03-05,13812345678,100 Century Avenue,12.50,normal\n"},
		{"utf-8", "310115199001011234,张三,浦东新区陆家嘴街道,2024-03-05,13812345678,上海市浦东新区世纪大道100号,12.50,正常\n"},
	} {
		src := bytes.Repeat([]byte(tc.line), 300_000)
		b.Run(tc.name, func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				if _, err := Detect(bytes.NewReader(src), int64(len(src))); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
