package catalogue

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxTerm is the length in bytes at which a word is cut, in the index and in
// a query alike.
const maxTerm = 64

// Fold gives the form in which texts are compared: compatibility forms
// (full width, ligatures) resolved, lower case, blanks and signs removed at
// the edges and folded to one blank inside.
func Fold(s string) string {
	s = strings.ToLower(norm.NFKC.String(strings.ToValidUTF8(s, " ")))
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
}

// ideographic reports whether r belongs to a script written without blanks.
func ideographic(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
}

// A run is a stretch of a text of one kind: ideographs, or a word of letters
// and digits.
type run struct {
	text string
	cjk  bool
}

// runs splits a folded text.
func runs(s string) []run {
	var out []run
	start, kind := -1, 0 // 0 none, 1 ideographs, 2 word
	flush := func(end int) {
		if start >= 0 {
			out = append(out, run{s[start:end], kind == 1})
		}
		start = -1
	}
	for i, r := range s {
		k := 0
		switch {
		case ideographic(r):
			k = 1
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
			k = 2
		}
		if k != kind {
			flush(i)
			if k != 0 {
				start = i
			}
			kind = k
		}
	}
	flush(len(s))
	return out
}

// Terms returns the index terms of a text: for ideographs each pair of
// neighbours and the last one alone (so that a prefix finds every character);
// for a word itself and, where it mixes letters and digits, its parts.
// Repeated terms are kept once.
func Terms(s string) []string {
	seen := map[string]struct{}{}
	var out []string
	add := func(t string) {
		t = cut(t)
		if _, ok := seen[t]; !ok && t != "" {
			seen[t] = struct{}{}
			out = append(out, t)
		}
	}
	for _, r := range runs(Fold(s)) {
		if r.cjk {
			bigrams(r.text, add)
			last, _ := utf8.DecodeLastRuneInString(r.text)
			add(string(last))
			continue
		}
		add(r.text)
		if parts := wordParts(r.text); len(parts) > 1 {
			for _, p := range parts {
				add(p)
			}
		}
	}
	return out
}

func bigrams(s string, add func(string)) {
	prev, size := utf8.DecodeRuneInString(s)
	for _, r := range s[size:] {
		add(string([]rune{prev, r}))
		prev = r
	}
}

// wordParts splits a word where letters and digits meet: gbt4754 → gbt, 4754.
func wordParts(w string) []string {
	var parts []string
	start, digit := 0, false
	for i, r := range w {
		d := unicode.IsDigit(r)
		if i > 0 && d != digit {
			parts = append(parts, w[start:i])
			start = i
		}
		digit = d
	}
	return append(parts, w[start:])
}

// cut shortens a term to maxTerm bytes at a character.
func cut(t string) string {
	if len(t) <= maxTerm {
		return t
	}
	t = t[:maxTerm]
	for len(t) > 0 {
		if r, size := utf8.DecodeLastRuneInString(t); r == utf8.RuneError && size == 1 {
			t = t[:len(t)-1]
			continue
		}
		break
	}
	return t
}

// A term of a query; prefix terms find every index term that begins so.
type term struct {
	text   string
	prefix bool
}

// queryTerms returns what a query asks for: all of them must be there.
// A lone ideograph and a word of two or more letters are prefixes.
func queryTerms(q string) []term {
	const most = 24
	seen := map[string]struct{}{}
	var out []term
	add := func(t string, prefix bool) {
		t = cut(t)
		if _, ok := seen[t]; !ok && t != "" && len(out) < most {
			seen[t] = struct{}{}
			out = append(out, term{t, prefix})
		}
	}
	for _, r := range runs(Fold(q)) {
		switch {
		case !r.cjk:
			add(r.text, utf8.RuneCountInString(r.text) > 1)
		case utf8.RuneCountInString(r.text) == 1:
			add(r.text, true)
		default:
			bigrams(r.text, func(t string) { add(t, false) })
		}
	}
	return out
}
