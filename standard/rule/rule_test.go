package rule_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"shuniu/standard/rule"
)

// letters takes upper-case words of four letters but "NONO".
func letters() *rule.Rule {
	return &rule.Rule{
		Kind: "word", Upper: true, Separators: "-",
		Strict: func(v []byte, _ rule.Day) rule.Fault {
			if len(v) != 4 {
				return rule.Length
			}
			for _, c := range v {
				if c < 'A' || c > 'Z' {
					return rule.Character
				}
			}
			if string(v) == "NONO" {
				return rule.CheckCharacter
			}
			return rule.Sound
		},
	}
}

func TestMends(t *testing.T) {
	for _, tc := range []struct {
		in, repaired string
		verdict      rule.Verdict
		mends        rule.Mends
	}{
		{"ABCD", "", rule.Valid, 0},
		{"abCD", "ABCD", rule.Repairable, rule.LowerCase},
		{"ＡＢＣＤ", "ABCD", rule.Repairable, rule.FullWidth},
		{"ａＢＣＤ", "ABCD", rule.Repairable, rule.FullWidth | rule.LowerCase},
		{" AB\u3000CD\u200b", "ABCD", rule.Repairable, rule.Blank},
		{"\ufeffABCD", "ABCD", rule.Repairable, rule.Blank},
		{"'ABCD", "ABCD", rule.Repairable, rule.TextMark},
		{"AB-CD", "ABCD", rule.Repairable, rule.Separator},
		{"AB－CD", "ABCD", rule.Repairable, rule.FullWidth | rule.Separator},
		{"AB–CD", "ABCD", rule.Repairable, rule.Separator},
		{"nono", "", rule.Invalid, 0},
		{"ABC", "", rule.Invalid, 0},
		{"", "", rule.Invalid, 0},
		{"  ", "", rule.Invalid, 0},
		{strings.Repeat("A", 1<<20), "", rule.Invalid, 0},
		{"A\xffCD", "", rule.Invalid, 0},
	} {
		c := letters().Check(tc.in, 0)
		if c.Verdict != tc.verdict || c.Repaired != tc.repaired || c.Mends != tc.mends {
			t.Errorf("Check(%.40q) = %v %q %v, want %v %q %v", tc.in, c.Verdict, c.Repaired, c.Mends.List(), tc.verdict, tc.repaired, tc.mends.List())
		}
		if (c.Reason == "") != (tc.verdict == rule.Valid) {
			t.Errorf("Check(%.40q): reason %q", tc.in, c.Reason)
		}
	}
}

func TestColumn(t *testing.T) {
	var c rule.Column
	c.Offsets = []int32{0}
	for _, v := range []string{"ABCD", "abcd", "", "nono", "ABCD"} {
		c.Data = append(c.Data, v...)
		c.Offsets = append(c.Offsets, int32(len(c.Data)))
		c.Null = append(c.Null, false)
	}
	c.Null[4] = true
	out := make([]rule.Verdict, c.Len())
	if n := letters().Column(c, 0, out); n != (rule.Counts{2, 1, 1, 1}) {
		t.Errorf("counts %v", n)
	}
	for i, want := range []rule.Verdict{rule.Valid, rule.Repairable, rule.Absent, rule.Invalid, rule.Absent} {
		if out[i] != want {
			t.Errorf("value %d: %v, want %v", i, out[i], want)
		}
	}
	if n := letters().Column(rule.Column{}, 0, nil); n != (rule.Counts{}) {
		t.Errorf("counts of nothing: %v", n)
	}
}

// TestDay holds the calendar against that of package time.
func TestDay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y, m, d := rapid.IntRange(1, 9999).Draw(t, "y"), rapid.IntRange(0, 13).Draw(t, "m"), rapid.IntRange(0, 32).Draw(t, "d")
		day, ok := rule.MakeDay(y, m, d)
		tm := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
		if want := tm.Year() == y && int(tm.Month()) == m && tm.Day() == d; ok != want {
			t.Fatalf("MakeDay(%d, %d, %d) %v, want %v", y, m, d, ok, want)
		}
		if !ok {
			return
		}
		if back, err := rule.ParseDay(day.String()); err != nil || back != day || day != rule.DayOf(tm) {
			t.Fatalf("%v reads back as %v, %v", day, back, err)
		}
	})
	for _, s := range []string{"", "2024-02-30", "1900-02-29", "2024/02/03", "20240230", "２０２４0101"} {
		if d, err := rule.ParseDay(s); err == nil {
			t.Errorf("ParseDay(%q) = %v", s, d)
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, s := range []string{"ABCD", "ａ\xff", "'", "1E+", "－－"} {
		f.Add(s)
	}
	r := letters()
	f.Fuzz(func(t *testing.T, s string) {
		c := r.Check(s, 0)
		if c.Verdict == rule.Repairable && r.Check(c.Repaired, 0).Verdict != rule.Valid {
			t.Errorf("%q was mended to %q, which is not valid", s, c.Repaired)
		}
	})
}
