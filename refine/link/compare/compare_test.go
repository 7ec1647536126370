package compare

import (
	"testing"

	"pgregory.net/rapid"
)

// TestSymmetric: no comparison depends on which value comes first.
func TestSymmetric(t *testing.T) {
	word := rapid.StringMatching(`[a-d]{0,9}`)
	han := rapid.StringMatching(`[张章王陳陈李伟偉文明民]{1,4}`)
	road := rapid.StringMatching(`(浦东)?[东南西]{1,2}路[0-9]{1,2}弄[0-9]{1,2}号([0-9]{1,2}室)?`)
	day := rapid.Custom(func(t *rapid.T) Date {
		return Date{rapid.IntRange(1990, 1993).Draw(t, "y"), rapid.IntRange(1, 12).Draw(t, "m"), rapid.IntRange(1, 28).Draw(t, "d")}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := []rune(word.Draw(t, "a")), []rune(word.Draw(t, "b"))
		if x, y := JaroWinkler(a, b), JaroWinkler(b, a); x != y || x < 0 || x > 1.000001 {
			t.Errorf("JaroWinkler(%q, %q) = %v, %v", string(a), string(b), x, y)
		}
		if x, y := Edits(a, b, 3), Edits(b, a, 3); x != y {
			t.Errorf("Edits(%q, %q) = %v, %v", string(a), string(b), x, y)
		}
		c, d := []rune(han.Draw(t, "c")), []rune(han.Draw(t, "d"))
		if x, y := HanNames(c, d), HanNames(d, c); x != y {
			t.Errorf("HanNames(%q, %q) = %v, %v", string(c), string(d), x, y)
		}
		e, f := SplitAddress(road.Draw(t, "e")), SplitAddress(road.Draw(t, "f"))
		if x, y := Addresses(e, f), Addresses(f, e); x != y {
			t.Errorf("Addresses(%q, %q) = %v, %v", e.Text, f.Text, x, y)
		}
		g, h := day.Draw(t, "g"), day.Draw(t, "h")
		if x, y := Dates(g, h), Dates(h, g); x != y {
			t.Errorf("Dates(%v, %v) = %v, %v", g, h, x, y)
		}
	})
}

func TestLevels(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want uint8
	}{
		{"张伟", "章伟", 4},
		{"陳明", "陈鸣", 4},
		{"王小明", "王晓明", 4},
		{"王小明", "王大明", 3},
		{"王小明", "李大伟", 1},
	} {
		if got := HanNames([]rune(Simplified(tc.a)), []rune(Simplified(tc.b))); got != tc.want {
			t.Errorf("HanNames(%s, %s) = %d, want %d", tc.a, tc.b, got, tc.want)
		}
	}
	for _, tc := range []struct {
		a, b string
		want uint8
	}{
		{"浦东成听路946弄48号1202", "成听路946弄48号1202", 5},
		{"成听路946弄48号1202", "成听路946弄48号1203", 4},
		{"成听路946弄48号", "成听路946弄49号", 3},
		{"成听路946弄48号", "坊长路946弄48号", 1},
	} {
		if got := Addresses(SplitAddress(tc.a), SplitAddress(tc.b)); got != tc.want {
			t.Errorf("Addresses(%s, %s) = %d, want %d", tc.a, tc.b, got, tc.want)
		}
	}
	if d, ok := ParseDate("2024年3月5日"); !ok || d != (Date{2024, 3, 5}) {
		t.Errorf("ParseDate = %v, %v", d, ok)
	}
}
