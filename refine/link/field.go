package link

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"shuniu/refine/link/compare"
)

// A field is a column that is evidence: its values normalised for its kind and
// numbered anew, 0 absent.
type field struct {
	name string
	kind kind
	ids  []int32 // per row
	vals []string
	freq []int32
	top  uint8 // level of equal values; levels run from 1, 0 is absent

	runes [][]rune
	dates []compare.Date
	nums  []float64
	addrs []compare.Address
	toks  [][]int32 // numbers of words, the rarest first
	idf   []float64 // per word
	words []string  // per word

	filled int
	memo   memo
	inside []int // fields whose values stand inside this one's
}

// A memo remembers the levels of pairs of values; a later pair displaces an
// earlier one in the same slot.
type memo struct {
	keys   []uint64
	levels []uint8
	shift  uint
}

func newMemo(bits uint) memo {
	return memo{make([]uint64, 1<<bits), make([]uint8, 1<<bits), 64 - bits}
}

// buildFields decides the kinds and makes the fields. The second value names
// the columns that are no evidence.
func buildFields(in *Input, set Settings) (fields []*field, keys []string) {
	for _, c := range in.columns {
		folded, count := foldColumn(c)
		l := lookAt(folded, count, in.Rows)
		k := l.kindOf()
		if k != kindKey && isKey(in, c, &l) {
			k = kindKey
		}
		for name, want := range set.Kinds {
			if foldName(name) == foldName(c.name) {
				k = kindNames[want]
			}
		}
		if k == kindKey {
			keys = append(keys, c.name)
			continue
		}
		if f := newField(c, k); f.filled > 0 {
			fields = append(fields, f)
		} else {
			keys = append(keys, c.name)
		}
	}
	return fields, keys
}

// foldColumn returns the distinct folded values of a column.
func foldColumn(c *column) (words []string, count []int32) {
	seen := make(map[string]int, len(c.words))
	words, count = []string{""}, []int32{c.count[0]}
	for i := 1; i < len(c.words); i++ {
		s := fold(c.words[i])
		if s == "" {
			count[0] += c.count[i]
			continue
		}
		j, ok := seen[s]
		if !ok {
			j = len(words)
			seen[s] = j
			words, count = append(words, s), append(count, 0)
		}
		count[j] += c.count[i]
	}
	return words, count
}

// isKey reports whether a column names rows: within each file every row has a
// value of its own, and equal values of two files are a row's number by
// chance. A text is no key.
func isKey(in *Input, c *column, l *look) bool {
	if l.tokens >= 2 && l.number < .5 || l.han > .5 || l.filled < l.rows || l.email > .5 {
		return false
	}
	last := make([]int32, len(c.words))
	files := 0
	shared := 0
	low, high := math.Inf(1), math.Inf(-1)
	for f, rows := range in.Files {
		if !c.in[f] {
			continue
		}
		files++
		for _, v := range c.ids[rows.First : rows.First+rows.Rows] {
			if last[v] == int32(f+1) {
				return false
			}
			if last[v] != 0 {
				shared++
			}
			last[v] = int32(f + 1)
		}
	}
	if files <= 1 {
		return true
	}
	if l.number > .99 {
		for _, s := range c.words[1:] {
			if x, err := strconv.ParseFloat(s, 64); err == nil {
				low, high = min(low, x), max(high, x)
			}
		}
		if high-low < 2*float64(l.distinct) {
			return true
		}
	}
	return shared*50 < l.rows
}

func newField(c *column, k kind) *field {
	f := &field{name: c.name, kind: k, memo: newMemo(18)}
	to := make([]int32, len(c.words))
	d := newDict()
	for i := 1; i < len(c.words); i++ {
		to[i] = d.add([]byte(normal(k, fold(c.words[i]))))
	}
	clear(d.count)
	f.ids = make([]int32, len(c.ids))
	for row, v := range c.ids {
		w := to[v]
		f.ids[row] = w
		d.count[w]++
	}
	f.vals, f.freq = d.values(), d.count
	f.filled = len(f.ids) - int(f.freq[0])
	f.prepare()
	return f
}

// normal writes a folded value in the form in which its kind is compared.
func normal(k kind, s string) string {
	if s == "" {
		return ""
	}
	switch k {
	case kindDate:
		if d, ok := compare.ParseDate(s); ok {
			return d.Text()
		}
		return strings.Map(alnum, s)
	case kindCode:
		s = strings.Map(alnum, s)
		if len(s) == 13 && strings.HasPrefix(s, "861") {
			s = s[2:]
		}
		if len(s) == 15 && compareDigits(s) {
			s = s[:6] + "19" + s[6:]
			s += checkCharacter(s)
		}
		return s
	case kindNumber:
		s = strings.ReplaceAll(strings.Trim(s, "$€£¥+% "), ",", "")
		if x, err := strconv.ParseFloat(s, 64); err == nil {
			return strconv.FormatFloat(x, 'g', -1, 64)
		}
		return s
	case kindHanName:
		return compare.Simplified(strings.Map(func(r rune) rune {
			if r == ' ' || r == '·' || r == '•' || r == '.' {
				return -1
			}
			return r
		}, s))
	case kindAddress:
		return plainAddress(compare.Simplified(s))
	case kindWord, kindTokens:
		return compare.Simplified(strings.Trim(s, " .,;'\""))
	default:
		return s
	}
}

func alnum(r rune) rune {
	if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' {
		return r
	}
	return -1
}

func compareDigits(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

// checkCharacter is the 18th character of a citizen number.
// Source: GB 11643-1999, ISO 7064 MOD 11-2.
func checkCharacter(s string) string {
	weights := [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	n := 0
	for i, w := range weights {
		n += w * int(s[i]-'0')
	}
	return "10x98765432"[n%11 : n%11+1]
}

// plainAddress drops blanks, the last word 室 and the divisions before the road
// that are written in many ways (上海市浦东新区, 浦东).
func plainAddress(s string) string {
	s = strings.ReplaceAll(s, " ", "")
	s = strings.TrimSuffix(strings.TrimSuffix(s, "室"), "号房")
	r := []rune(s)
	for i := min(len(r)-4, 12); i > 1; i-- {
		if i >= 2 && (r[i-1] == '区' || r[i-1] == '县' || r[i-1] == '市' || r[i-1] == '省') {
			return string(r[i:])
		}
	}
	return s
}

func (f *field) prepare() {
	n := len(f.vals)
	switch f.kind {
	case kindDate:
		f.top = 5
		f.dates = make([]compare.Date, n)
		for i := 1; i < n; i++ {
			f.dates[i], _ = compare.ParseDate(f.vals[i]) // zero when it is none
		}
	case kindNumber:
		f.top = 4
		f.nums = make([]float64, n)
		for i := 1; i < n; i++ {
			x, err := strconv.ParseFloat(f.vals[i], 64)
			if err != nil {
				x = math.NaN()
			}
			f.nums[i] = x
		}
	case kindCategory:
		f.top = 2
	case kindCode:
		f.top = 4
	case kindEmail, kindWord, kindHanName:
		f.top = 5
		f.runes = make([][]rune, n)
		for i := 1; i < n; i++ {
			f.runes[i] = []rune(f.vals[i])
		}
	case kindAddress:
		f.top = 5
		f.addrs = make([]compare.Address, n)
		for i := 1; i < n; i++ {
			f.addrs[i] = compare.SplitAddress(f.vals[i])
		}
	case kindTokens:
		f.top = 5
		f.splitWords()
	default: // a key is no evidence
	}
}

// splitWords numbers the words of a field of several words.
func (f *field) splitWords() {
	number := map[string]int32{}
	var df []int32
	f.toks = make([][]int32, len(f.vals))
	for i := 1; i < len(f.vals); i++ {
		ts := tokens(f.vals[i])
		out := make([]int32, 0, len(ts))
		for _, t := range ts {
			k, ok := number[t]
			if !ok {
				k = int32(len(f.words))
				number[t] = k
				f.words, df = append(f.words, t), append(df, 0)
			}
			if !slices.Contains(out, k) && len(out) < 64 {
				out = append(out, k)
				df[k] += f.freq[i]
			}
		}
		f.toks[i] = out
	}
	f.idf = make([]float64, len(f.words))
	for k, n := range df {
		f.idf[k] = math.Log(float64(f.filled)/(float64(n)+1) + 1)
	}
	f.runes = make([][]rune, len(f.words))
	for k, w := range f.words {
		f.runes[k] = []rune(w)
	}
	for _, t := range f.toks {
		slices.SortFunc(t, func(a, b int32) int {
			return cmp.Or(cmp.Compare(f.idf[b], f.idf[a]), strings.Compare(f.words[a], f.words[b]))
		})
	}
}

// level compares two values by their numbers; 0 when one is absent.
func (f *field) level(a, b int32) uint8 {
	if a == 0 || b == 0 {
		return 0
	}
	if a == b {
		return f.top
	}
	switch f.kind {
	case kindCategory:
		return 1
	case kindNumber:
		return numberLevel(f.nums[a], f.nums[b])
	default:
	}
	if a > b {
		a, b = b, a
	}
	k := uint64(a)<<32 | uint64(b)
	slot := k * mixA >> f.memo.shift
	if f.memo.keys[slot] == k {
		return f.memo.levels[slot]
	}
	l := f.slow(a, b)
	f.memo.keys[slot], f.memo.levels[slot] = k, l
	return l
}

func numberLevel(a, b float64) uint8 {
	gap, size := math.Abs(a-b), max(math.Abs(a), math.Abs(b))
	switch {
	case gap <= .02*size:
		return 3
	case gap <= .12*size:
		return 2
	}
	return 1 // NaN too
}

// slow compares two different values.
func (f *field) slow(a, b int32) uint8 {
	switch f.kind {
	case kindDate:
		if f.dates[a].Year == 0 || f.dates[b].Year == 0 {
			if compare.Edits([]byte(f.vals[a]), []byte(f.vals[b]), 1) <= 1 {
				return 4
			}
			return 1
		}
		return compare.Dates(f.dates[a], f.dates[b])
	case kindCode:
		return codeLevel(f.vals[a], f.vals[b])
	case kindEmail:
		return emailLevel(f.vals[a], f.vals[b])
	case kindHanName:
		return compare.HanNames(f.runes[a], f.runes[b])
	case kindAddress:
		return compare.Addresses(f.addrs[a], f.addrs[b])
	case kindTokens:
		return f.wordsLevel(f.toks[a], f.toks[b])
	default:
		return wordLevel(f.runes[a], f.runes[b])
	}
}

func wordLevel(a, b []rune) uint8 {
	j := compare.JaroWinkler(a, b)
	switch {
	case j >= .92:
		return 4
	case j >= .88, min(len(a), len(b)) == 1 && a[0] == b[0], len(a) <= 6 && compare.Edits(a, b, 1) == 1:
		return 3
	case j >= .7:
		return 2
	}
	return 1
}

func codeLevel(a, b string) uint8 {
	switch compare.Edits([]byte(a), []byte(b), 2) {
	case 0, 1:
		return 3
	case 2:
		if min(len(a), len(b)) >= 7 {
			return 2
		}
	}
	return 1
}

func emailLevel(a, b string) uint8 {
	la, da, _ := strings.Cut(a, "@")
	lb, db, _ := strings.Cut(b, "@")
	switch {
	case la == lb, compare.Edits([]byte(a), []byte(b), 2) <= 2:
		return 4
	case compare.JaroWinkler([]rune(la), []rune(lb)) >= .9:
		return 3
	case da == db:
		return 2
	}
	return 1
}

// wordsLevel weighs the words two texts share by their rarity, words with
// typing errors at less: 4 nearly all, 3 half, 2 a third.
func (f *field) wordsLevel(a, b []int32) uint8 {
	s := f.overlap(a, b)
	switch {
	case s >= .8:
		return 4
	case s >= .5:
		return 3
	case s >= .3:
		return 2
	}
	return 1
}

func (f *field) overlap(a, b []int32) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	if len(a) > len(b) || len(a) == len(b) && slices.Compare(a, b) > 0 {
		a, b = b, a
	}
	all, in := 0.0, 0.0
	for _, x := range a {
		all += f.idf[x]
	}
	for _, y := range b {
		all += f.idf[y]
	}
	for _, x := range a {
		best := 0.0
		for _, y := range b {
			if x == y {
				best = f.idf[x]
				break
			}
			if len(f.runes[x]) > 3 && len(f.runes[y]) > 3 {
				if j := compare.JaroWinkler(f.runes[x], f.runes[y]); j >= .9 {
					best = max(best, .8*min(f.idf[x], f.idf[y]))
				}
			}
		}
		in += best
	}
	return 2 * in / all
}
