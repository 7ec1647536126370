package charset

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// TestValidUTF8IsWhatTheStandardLibrarySays on text that is long enough for
// the automaton, with bytes of it changed.
func TestValidUTF8IsWhatTheStandardLibrarySays(t *testing.T) {
	const signs = "abc,1 \n上海市浦东新区é𠮷😀\u0800\ud7ff\ue000\uffff\U0010ffff"
	rapid.Check(t, func(t *rapid.T) {
		var b []byte
		piece := rapid.SliceOfN(rapid.SampledFrom([]rune(signs)), 1, 40).Draw(t, "piece")
		b = bytes.Repeat([]byte(string(piece)), rapid.IntRange(1, 600).Draw(t, "times"))
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		}
		b = b[:rapid.IntRange(0, len(b)).Draw(t, "end")]
		n, cut := validUTF8(b)
		if !utf8.Valid(b[:n]) {
			t.Fatalf("the first %d bytes are not valid", n)
		}
		if n < len(b) {
			if r, size := utf8.DecodeRune(b[n:]); r != utf8.RuneError || size != 1 {
				t.Fatalf("byte %d of %d begins a valid character", n, len(b))
			}
		}
		if want := n < len(b) && !utf8.FullRune(b[n:]); cut != want {
			t.Fatalf("cut %v, want %v", cut, want)
		}
	})
}

// A repeating file is a text over and over, with one byte changed.
type repeating struct {
	text []byte
	at   int64
	to   byte
}

func (r repeating) ReadAt(p []byte, off int64) (int, error) {
	for n := 0; n < len(p); {
		n += copy(p[n:], r.text[(off+int64(n))%int64(len(r.text)):])
	}
	if r.at >= off && r.at < off+int64(len(p)) {
		p[r.at-off] = r.to
	}
	return len(p), nil
}

// TestLateBytesDecide: one wrong byte anywhere in a file of 70 MB is told, in
// whichever block and wherever in a character it stands.
func TestLateBytesDecide(t *testing.T) {
	text := []byte(strings.Repeat("川沙新镇,第12居委会,张三,13800000000\n", 1000))
	size := int64(70<<20) / int64(len(text)) * int64(len(text))
	if res, err := Detect(repeating{text: text, at: -1}, size); err != nil || res.Name != "utf-8" || res.Foreign != "" || res.Confidence != 1 {
		t.Errorf("whole: %+v, %v", res, err)
	}
	for _, at := range []int64{wholeBelow + blockSize - 1, wholeBelow + 2*blockSize, wholeBelow + 3*blockSize + 1, size - 2, size - 1} {
		res, err := Detect(repeating{text, at, 0xFF}, size)
		if err != nil || res.Name != "utf-8" || res.Foreign != "?" || res.Doubt == "" {
			t.Errorf("byte %d is wrong: %+v, %v", at, res, err)
		}
	}
}
