package link

import (
	"cmp"
	"slices"
	"strings"

	"shuniu/refine/link/compare"
)

// An atom is one way to make a key of a field's values: 0 for no key.
type atom struct {
	field int
	name  string
	hash  []uint64 // per value
}

// A rule compares the rows that have the same key under all of its atoms.
type rule struct {
	atoms []atom
	pairs float64 // estimated
}

func (r *rule) String() string {
	names := make([]string, len(r.atoms))
	for i, a := range r.atoms {
		names[i] = a.name
	}
	return strings.Join(names, " + ")
}

// key is the row's key, 0 for none.
func (r *rule) key(fields []*field, row int) uint64 {
	k := uint64(0x51)
	for i := range r.atoms {
		a := &r.atoms[i]
		k = mix(k, a.hash[fields[a.field].ids[row]])
		if k == 0 {
			return 0
		}
	}
	return k
}

// atoms proposes the keys of a field, from the finest to the coarsest.
func (f *field) atoms(n int) []atom {
	var out []atom
	add := func(name string, key func(v int32) string) {
		a := atom{field: n, name: f.name + "/" + name, hash: make([]uint64, len(f.vals))}
		for v := int32(1); int(v) < len(f.vals); v++ {
			if s := key(v); s != "" {
				a.hash[v] = hashBytes(s) | 1
			}
		}
		out = append(out, a)
	}
	whole := func(v int32) string { return f.vals[v] }
	part := func(from, to int) func(int32) string {
		return func(v int32) string {
			if s := f.vals[v]; len(s) >= to {
				return s[from:to]
			}
			return ""
		}
	}
	prefix := func(k int) func(int32) string {
		return func(v int32) string { return string(f.runes[v][:min(k, len(f.runes[v]))]) }
	}
	add("whole", whole)
	switch f.kind {
	case kindDate:
		add("month", part(0, 6))
		add("day", part(4, 8))
		add("year", part(0, 4))
	case kindCode:
		n := 0
		for _, s := range f.vals[1:] {
			n = max(n, min(len(s), 18))
		}
		if n >= 6 {
			add("first half", part(0, n/2))
			add("last half", func(v int32) string {
				if s := f.vals[v]; len(s) >= n/2 {
					return s[len(s)-n/2:]
				}
				return ""
			})
		} else if n >= 4 {
			add("first part", part(0, n-2))
		}
		if n == 18 {
			add("birth", part(6, 14))
		}
	case kindWord:
		add("first letters", prefix(4))
		add("first three", prefix(3))
		add("first two", prefix(2))
	case kindEmail:
		add("name", func(v int32) string { s, _, _ := strings.Cut(f.vals[v], "@"); return s })
		add("first letters", prefix(5))
	case kindHanName:
		add("sound", func(v int32) string { return compare.Pinyin(f.vals[v]) })
		add("given", func(v int32) string {
			if r := f.runes[v]; len(r) > 1 {
				return string(r[1:])
			}
			return ""
		})
		add("family", prefix(1))
	case kindAddress:
		road := func(v int32) string {
			r := f.addrs[v].Road
			return string(r[max(0, len(r)-3):])
		}
		add("numbers", func(v int32) string {
			a := f.addrs[v]
			if len(a.Numbers) < 2 {
				return ""
			}
			return strings.Join(a.Numbers, " ")
		})
		add("road and number", func(v int32) string {
			if a := f.addrs[v]; len(a.Numbers) > 0 {
				return road(v) + a.Numbers[0]
			}
			return ""
		})
		add("road", road)
	case kindTokens:
		nth := func(k ...int) func(v int32) string {
			return func(v int32) string {
				t := f.toks[v]
				if len(t) <= slices.Max(k) {
					return ""
				}
				ws := make([]string, len(k))
				for i, x := range k {
					ws[i] = f.words[t[x]]
				}
				slices.Sort(ws)
				return strings.Join(ws, " ")
			}
		}
		add("two rarest", nth(0, 1))
		add("rarest", nth(0))
		add("second rarest", nth(1))
		add("first letters", func(v int32) string { r := []rune(f.vals[v]); return string(r[:min(5, len(r))]) })
	default: // equal or nothing
	}
	return out
}

// propose makes the rules: one key alone where it is rare enough, and for each
// two fields the coarsest two keys that together are. perRow bounds the
// pairs of one rule, per row.
func propose(fields []*field, rows int, perRow float64) []rule {
	sample := sampleRows(rows, 40_000)
	byField := make([][]atom, len(fields))
	var rules []rule
	n := float64(rows)
	limit := perRow * n
	scale := n * n / (float64(len(sample)) * float64(len(sample)))
	estimate := func(r *rule) float64 { return sampledPairs(fields, r, sample) * scale }
	rough := make([][]float64, len(fields))
	for i, f := range fields {
		byField[i] = f.atoms(i)
		alone := -1
		for k := range byField[i] {
			r := rule{atoms: byField[i][k : k+1]}
			r.pairs = estimate(&r)
			rough[i] = append(rough[i], r.pairs)
			if r.pairs <= limit && (alone < 0 || f.kind == kindTokens || r.pairs > 2*rough[i][alone]+n/20) && f.kind != kindNumber {
				rules = append(rules, r)
				alone = k
			}
		}
	}
	for i := range fields {
		for j := range i {
			if slices.Contains(fields[i].inside, j) || slices.Contains(fields[j].inside, i) {
				continue
			}
			type option struct {
				a, b int
				rule rule
			}
			var options []option
			for a := range byField[i] {
				for b := range byField[j] {
					if rough[i][a] <= limit/20 || rough[j][b] <= limit/20 {
						continue // alone it was rare enough
					}
					if rough[i][a]*rough[j][b]/(n*n) > 40*limit {
						continue
					}
					options = append(options, option{a, b, rule{atoms: []atom{byField[i][a], byField[j][b]}}})
				}
			}
			// the coarsest first, by what the two are alone
			slices.SortStableFunc(options, func(x, y option) int {
				return cmp.Compare(rough[i][y.a]*rough[j][y.b], rough[i][x.a]*rough[j][x.b])
			})
			kept, perPair := 0, 2
			if len(fields) > 6 {
				perPair = 1
			}
			var had []option
			for _, o := range options {
				if slices.ContainsFunc(had, func(h option) bool { return h.a <= o.a && h.b <= o.b && nested(fields[i], fields[j]) }) {
					continue
				}
				o.rule.pairs = estimate(&o.rule)
				if o.rule.pairs > limit {
					continue
				}
				rules = append(rules, o.rule)
				had = append(had, o)
				if kept++; kept == perPair {
					break
				}
			}
		}
	}
	slices.SortStableFunc(rules, func(a, b rule) int { return cmp.Compare(a.pairs, b.pairs) })
	left := perRow * rulesPerBudget * n
	for k := range rules {
		if left -= rules[k].pairs; left < 0 && k > 0 || k == ruleLimit(rows) {
			return slices.Clone(rules[:k])
		}
	}
	return rules
}

// rulesPerBudget is how many of the largest rules all rules together may cost.
const rulesPerBudget = 12

// pairsPerRow is how many pairs one rule may make of a row: many in a small
// set, few in a large one.
func pairsPerRow(rows int) float64 {
	return max(1, min(20, 2e5/float64(rows)))
}

// ruleLimit bounds the rules; the ones with the fewest pairs are kept.
func ruleLimit(rows int) int {
	if rows > 300_000 {
		return 16
	}
	return 40
}

// nested reports whether the atoms of both fields grow coarser in order.
func nested(a, b *field) bool { return a.kind == kindWord && b.kind == kindWord }

// sampleRows takes about want rows evenly by a mix of their number.
func sampleRows(rows, want int) []int32 {
	var out []int32
	for i := range rows {
		if rows <= want || (uint64(i)*mixA^mixB)*mixA>>32 < uint64(want)<<32/uint64(rows) {
			out = append(out, int32(i))
		}
	}
	return out
}

// sampledPairs counts the pairs a rule makes of the rows.
func sampledPairs(fields []*field, r *rule, rows []int32) float64 {
	keys := make([]uint64, 0, len(rows))
	for _, row := range rows {
		if k := r.key(fields, int(row)); k != 0 {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	pairs := 0.0
	for i := 0; i < len(keys); {
		j := i + 1
		for j < len(keys) && keys[j] == keys[i] {
			j++
		}
		pairs += float64(j-i) * float64(j-i-1) / 2
		i = j
	}
	return pairs
}

// allKeys returns half of the key of every row under every rule, row by row.
func allKeys(fields []*field, rules []rule, rows int) []uint32 {
	nr := len(rules)
	keys := make([]uint32, rows*nr)
	for i := range rows {
		for k := range rules {
			keys[i*nr+k] = uint32(spread(rules[k].key(fields, i)) >> 32)
		}
	}
	return keys
}

type keyed struct {
	key uint64
	row int32
}

// sortKeyed sorts by key: one pass over its high bits, then small sorts.
func sortKeyed(in, out []keyed) []keyed {
	bits := 8
	for 1<<bits < len(in)/4 && bits < 20 {
		bits++
	}
	shift := 64 - bits
	count := make([]int32, 1<<bits+1)
	for _, x := range in {
		count[x.key>>shift+1]++
	}
	for b := range 1 << bits {
		count[b+1] += count[b]
	}
	next := slices.Clone(count)
	out = out[:len(in)]
	for _, x := range in {
		b := x.key >> shift
		out[next[b]] = x
		next[b]++
	}
	for b := range 1 << bits {
		s := out[count[b]:count[b+1]]
		if len(s) > 24 {
			slices.SortFunc(s, func(x, y keyed) int { return cmp.Or(cmp.Compare(x.key, y.key), cmp.Compare(x.row, y.row)) })
			continue
		}
		for i := 1; i < len(s); i++ {
			x := s[i]
			j := i - 1
			for j >= 0 && (s[j].key > x.key || s[j].key == x.key && s[j].row > x.row) {
				s[j+1] = s[j]
				j--
			}
			s[j+1] = x
		}
	}
	return out
}

// maxBlock is how many rows with one key are compared with each other; more
// say that the key is no key.
const maxBlock = 1500

// eachPair calls fn for every pair of rows that some rule puts together, once.
// apart tells pairs not to be compared.
func eachPair(fields []*field, rules []rule, rows int, apart func(a, b int32) bool, fn func(a, b int32)) {
	nr := len(rules)
	keys := allKeys(fields, rules, rows)
	buf, tmp := make([]keyed, 0, rows), make([]keyed, rows)
	for k := range rules {
		buf = buf[:0]
		for i := range rows {
			if x := rules[k].key(fields, i); x != 0 {
				buf = append(buf, keyed{spread(x), int32(i)})
			}
		}
		eachBlock(sortKeyed(buf, tmp), func(s []keyed) {
			if len(s) > maxBlock { // no key, so that a later rule may have the pairs
				for _, x := range s {
					keys[int(x.row)*nr+k] = 0
				}
				return
			}
			for x := range s {
				a := s[x].row
				ka := keys[int(a)*nr : int(a)*nr+k]
			next:
				for y := x + 1; y < len(s); y++ {
					b := s[y].row
					kb := keys[int(b)*nr : int(b)*nr+k]
					for p, v := range ka {
						if v == kb[p] && v != 0 {
							continue next
						}
					}
					if apart == nil || !apart(a, b) {
						fn(a, b)
					}
				}
			}
		})
	}
}

// spread makes the high bits of a key good ones.
func spread(k uint64) uint64 { return (k ^ k>>31) * mixA }

func eachBlock(s []keyed, fn func([]keyed)) {
	for i := 0; i < len(s); {
		j := i + 1
		for j < len(s) && s[j].key == s[i].key {
			j++
		}
		if j-i > 1 {
			fn(s[i:j])
		}
		i = j
	}
}
