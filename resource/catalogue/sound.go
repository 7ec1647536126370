package catalogue

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/mozillazg/go-pinyin"
)

// Lengths in bytes to which the sounds of a name are indexed; a longer query
// is cut to them and the rest checked when ranking.
const (
	maxInitials  = 10
	maxSyllables = 16
)

// phrases reads words in which a character does not sound as it does alone.
var phrases = []struct{ word, sound string }{
	{"银行", "yin hang"},
	{"行业", "hang ye"},
	{"商行", "shang hang"},
	{"支行", "zhi hang"},
	{"重庆", "chong qing"},
	{"长宁", "chang ning"},
	{"长江", "chang jiang"},
	{"长期", "chang qi"},
	{"长者", "zhang zhe"},
	{"校长", "xiao zhang"},
	{"会计", "kuai ji"},
	{"调查", "diao cha"},
	{"调研", "diao yan"},
	{"调度", "diao du"},
	{"音乐", "yin yue"},
	{"还款", "huan kuan"},
	{"参差", "cen ci"},
	{"厦门", "xia men"},
	{"朝阳", "chao yang"},
	{"乐清", "yue qing"},
	{"供给", "gong ji"},
	{"重复", "chong fu"},
	{"重建", "chong jian"},
	{"都市", "du shi"},
	{"莘庄", "xin zhuang"},
	{"东莞", "dong guan"},
	{"单县", "shan xian"},
	{"六安", "lu an"},
	{"番禺", "pan yu"},
	{"台州", "tai zhou"},
	{"大厦", "da sha"},
	{"传记", "zhuan ji"},
}

var pinyinArgs = sync.OnceValue(func() pinyin.Args {
	a := pinyin.NewArgs()
	a.Style = pinyin.Normal
	return a
})

// Syllables returns the sound of each character of a text: the pinyin of a
// Chinese one, letters and digits joined as they stand, anything else left
// out. 人口2024 → ren, kou, 2024.
func Syllables(s string) []string {
	s = Fold(s)
	var out []string
	var word strings.Builder
	flush := func() {
		if word.Len() > 0 {
			out = append(out, word.String())
			word.Reset()
		}
	}
scan:
	for len(s) > 0 {
		for _, p := range phrases {
			if rest, ok := strings.CutPrefix(s, p.word); ok {
				flush()
				out = append(out, strings.Fields(p.sound)...)
				s = rest
				continue scan
			}
		}
		r, size := utf8.DecodeRuneInString(s)
		s = s[size:]
		switch {
		case unicode.Is(unicode.Han, r):
			flush()
			if p := pinyin.SinglePinyin(r, pinyinArgs()); len(p) > 0 && p[0] != "" {
				out = append(out, strings.ReplaceAll(p[0], "ü", "v"))
			}
		case r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			word.WriteRune(r)
		default:
			flush()
		}
	}
	flush()
	return out
}

// initials returns the first letter of each syllable.
func initials(syllables []string) string {
	var b strings.Builder
	for _, s := range syllables {
		b.WriteByte(s[0])
	}
	return b.String()
}

// soundTerms are the index terms by which the name is found when its pinyin
// is typed, from any of its characters on.
func soundTerms(name string) []string {
	syl := Syllables(name)
	if len(syl) == 0 {
		return nil
	}
	ini, full := initials(syl), strings.Join(syl, "")
	seen := map[string]struct{}{}
	var out []string
	add := func(t string) {
		if _, ok := seen[t]; !ok && len(t) > 1 {
			seen[t] = struct{}{}
			out = append(out, t)
		}
	}
	at := 0
	for i, s := range syl {
		add(ini[i:min(len(ini), i+maxInitials)])
		add(full[at:min(len(full), at+maxSyllables)])
		at += len(s)
	}
	return out
}

// soundQuery returns the prefix to look for when q may be pinyin typed; ""
// when it may not.
func soundQuery(q string) (prefixes []string) {
	q = strings.ReplaceAll(Fold(q), " ", "")
	if len(q) < 2 || len(q) > 200 {
		return nil
	}
	for _, r := range q {
		if r >= utf8.RuneSelf || !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return nil
		}
	}
	// An index term is cut to one of two lengths; a longer query must not
	// look beyond it.
	out := []string{q[:min(len(q), maxSyllables)]}
	if len(q) > maxInitials {
		out = append(out, q[:maxInitials])
	}
	return out
}

// sounds reports whether the name sounds like the typed letters from one of
// its characters on.
func sounds(name, typed string) bool {
	syl := Syllables(name)
	if strings.Contains(initials(syl), typed) {
		return true
	}
	for i := range syl {
		if strings.HasPrefix(strings.Join(syl[i:], ""), typed) {
			return true
		}
	}
	return false
}
