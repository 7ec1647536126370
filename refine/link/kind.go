package link

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"shuniu/refine/link/compare"
)

// A kind is what a column holds; it decides how values are compared.
type kind uint8

const (
	kindKey      kind = iota // names rows; no evidence
	kindCategory             // few values
	kindNumber
	kindCode // numbers given by an office: citizen number, phone, licence
	kindDate
	kindEmail
	kindWord // one word: a given name, a town
	kindHanName
	kindAddress // Chinese
	kindTokens  // several words, or Chinese text
)

var kindNames = map[string]kind{
	"key": kindKey, "category": kindCategory, "number": kindNumber, "code": kindCode, "date": kindDate,
	"email": kindEmail, "word": kindWord, "han_name": kindHanName, "address": kindAddress, "tokens": kindTokens,
}

func kindList() []string { return slices.Sorted(maps.Keys(kindNames)) }

func (k kind) String() string {
	for name, x := range kindNames {
		if x == k {
			return name
		}
	}
	return strconv.Itoa(int(k))
}

// absent are ways to write that there is nothing.
var absent = []string{"null", "none", "n/a", "nan", "-", "--", "\\n", "unknown", "?", "无", "空", "不详", "未知", "暂无"}

// fold writes a value in half width and lower case with single blanks.
func fold(s string) string {
	plain := true
	for i := range len(s) {
		if c := s[i]; c >= 0x80 || c >= 'A' && c <= 'Z' || c == ' ' && i+1 < len(s) && s[i+1] == ' ' || c < ' ' {
			plain = false
			break
		}
	}
	if !plain {
		var b strings.Builder
		blank := true
		for _, r := range s {
			switch {
			case r == 0x3000:
				r = ' '
			case r >= 0xFF01 && r <= 0xFF5E:
				r -= 0xFEE0
			case r == '’' || r == '‘':
				r = '\''
			}
			r = unaccent(unicode.ToLower(r))
			if unicode.IsSpace(r) {
				if !blank {
					b.WriteByte(' ')
				}
				blank = true
				continue
			}
			blank = false
			b.WriteRune(r)
		}
		s = strings.TrimSpace(b.String())
	}
	if len(s) <= 9 && slices.Contains(absent, s) {
		return ""
	}
	return s
}

const accented, unaccented = "àáâãäåçèéêëìíîïñòóôõöøùúûüýÿšžčćđłśżźąęńřťůě", "aaaaaaceeeeiiiinoooooouuuuyyszccdlszzaenrtue"

func unaccent(r rune) rune {
	if r < 0xC0 || r > 0x17F {
		return r
	}
	if i := strings.IndexRune(accented, r); i >= 0 {
		return rune(unaccented[len([]rune(accented[:i]))])
	}
	return r
}

// tokens are the words of a text: runs of letters or digits; a run of Chinese
// characters gives its pairs of characters. "ps-lx350h" gives ps, lx350h.
func tokens(s string) []string {
	var out []string
	start, han := -1, false
	flush := func(end int) {
		if start < 0 {
			return
		}
		w := s[start:end]
		start = -1
		if !han {
			out = append(out, strings.ToLower(w))
			return
		}
		r := []rune(w)
		if len(r) == 1 {
			out = append(out, w)
		}
		for i := range len(r) - 1 {
			out = append(out, string(r[i:i+2]))
		}
	}
	for i, r := range s {
		letter := unicode.IsLetter(r) || unicode.IsDigit(r)
		h := letter && r >= 0x2E80 && compare.IsHan(r)
		if start >= 0 && (!letter || h != han) {
			flush(i)
		}
		if letter && start < 0 {
			start, han = i, h
		}
	}
	flush(len(s))
	return out
}

// A look is what a column's values are like.
type look struct {
	rows, filled, distinct                int
	han, digit, number, date, email, code float64 // shares of distinct values
	address, roads                        float64
	tokens, runes                         float64 // means
	uniform                               float64 // share of the most frequent length
	surname                               float64 // how far few first characters cover
}

func lookAt(words []string, count []int32, rows int) look {
	l := look{rows: rows, filled: rows - int(count[0]), distinct: len(words) - 1}
	step := max(1, len(words)/4000)
	n := 0.0
	firsts := map[rune]int{}
	lengths := map[int]int{}
	for i := 1; i < len(words); i += step {
		s := words[i]
		n++
		r := []rune(s)
		l.runes += float64(len(r))
		lengths[len(r)]++
		nd, nh, nl := 0, 0, 0
		for _, c := range r {
			switch {
			case c >= '0' && c <= '9':
				nd++
			case compare.IsHan(c):
				nh++
			case unicode.IsLetter(c):
				nl++
			}
		}
		if nh > 0 {
			l.han++
			firsts[r[0]]++
			if strings.ContainsAny(s, "路弄街道巷村号") {
				l.roads++
				if nd > 0 {
					l.address++
				}
			}
		} else {
			l.tokens += float64(len(strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' })))
			if strings.Contains(s, "@") && strings.Contains(s, ".") {
				l.email++
			}
			if _, ok := compare.ParseDate(s); ok {
				l.date++
			}
			if nd > 0 && isNumber(s) {
				l.number++
			}
			if mixedCode(s, nd, nl) || nd >= 4 && nd*10 >= (nd+nl)*6 && nl <= 4 && !strings.Contains(s, ".") {
				l.code++
			}
		}
		if nd == len(r) {
			l.digit++
		}
	}
	if n == 0 {
		return l
	}
	if l.han < n {
		l.tokens /= n - l.han
	}
	for _, x := range []*float64{&l.han, &l.digit, &l.number, &l.date, &l.email, &l.code, &l.runes, &l.address, &l.roads} {
		*x /= n
	}
	most := 0
	for _, c := range lengths {
		most = max(most, c)
	}
	l.uniform = float64(most) / n
	top := slices.Sorted(maps.Values(firsts))
	covered := 0
	for i := range min(60, len(top)) {
		covered += top[len(top)-1-i]
	}
	l.surname = float64(covered) / max(1, n*l.han)
	return l
}

// mixedCode tells short codes of letters and digits from words: postcodes,
// plates, model numbers of one word.
func mixedCode(s string, digits, letters int) bool {
	if digits == 0 || letters == 0 || digits+letters > 12 || digits+letters < 4 || strings.Count(s, " ") > 1 {
		return false
	}
	run := 0
	for _, r := range s {
		if unicode.IsLetter(r) {
			if run++; run > 3 {
				return false
			}
		} else {
			run = 0
		}
	}
	return true
}

func isNumber(s string) bool {
	s = strings.TrimLeft(s, "$€£¥+- ")
	s = strings.TrimRight(s, "% ")
	_, err := strconv.ParseFloat(strings.ReplaceAll(s, ",", ""), 64)
	return err == nil
}

// kindOf decides what a column holds.
func (l *look) kindOf() kind {
	dense := l.filled > 0 && l.distinct*20 < l.filled
	switch {
	case l.distinct <= 1:
		return kindKey
	case l.date > .6:
		return kindDate
	case l.email > .6:
		return kindEmail
	case l.han > .5:
		switch {
		case l.runes <= 4.2 && l.surname > .6 && l.distinct > 50 && l.roads < .2 && l.runes > 1.5:
			return kindHanName
		case l.address > .5:
			return kindAddress
		case l.distinct <= 40 || l.runes < 2:
			return kindCategory
		}
		return kindTokens
	case l.code > .7 && (l.uniform > .4 || l.runes > 6) && l.distinct > 50:
		return kindCode
	case l.number > .8:
		if l.distinct <= 100 && dense {
			return kindCategory
		}
		return kindNumber
	case l.distinct <= 12 || l.runes <= 3.2 && dense:
		return kindCategory
	case l.tokens >= 1.5:
		return kindTokens
	}
	return kindWord
}
