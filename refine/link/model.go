package link

import (
	"math"
	"slices"
	"strings"
)

// maxFields is how many fields a pattern holds, three bits each.
const maxFields = 20

// A pattern is the levels of all fields of one pair, field f at bits 3f.
type pattern uint64

func (p pattern) level(f int) uint8 { return uint8(p >> (3 * f) & 7) }

// A model says how much each level of each field weighs, in bits.
type model struct {
	fields  []*field
	m, u    [][8]float64
	w       [][8]float64
	prior   float64 // log2 of the odds that two rows taken at random belong together
	spread  float64 // mean rows per entity, seen from a row
	swaps   []swap
	implied [][2]int // where the first field agrees, the second does as well
	holder  []int    // per field: the field that holds it, or -1
}

// A swap is two fields of words that are often written the wrong way round.
type swap struct {
	a, b int
	toB  []int32 // value of a -> the same value of b
}

func newModel(fields []*field) *model {
	m := &model{fields: fields, holder: make([]int, len(fields)), spread: 1}
	for i := range m.holder {
		m.holder[i] = -1
	}
	for c, f := range fields {
		for _, i := range f.inside {
			if m.holder[i] < 0 {
				m.holder[i] = c
			}
		}
	}
	for i := 1; i < len(fields); i++ {
		a, b := fields[i-1], fields[i]
		if a.kind != b.kind || a.kind != kindWord {
			continue
		}
		number := make(map[string]int32, len(b.vals))
		for v, s := range b.vals {
			number[s] = int32(v)
		}
		s := swap{a: i - 1, b: i, toB: make([]int32, len(a.vals))}
		shared := 0
		for v := 1; v < len(a.vals); v++ {
			if x, ok := number[a.vals[v]]; ok && x > 0 {
				s.toB[v] = x
				shared += int(a.freq[v])
			}
		}
		if shared*20 > a.filled {
			m.swaps = append(m.swaps, s)
		}
	}
	return m
}

// findInside notes which fields stand inside others: given and family name in
// the full name. A field that says nothing but what others say is dropped.
func findInside(fields []*field, rows int) []*field {
	sample := sampleRows(rows, 2000)
	bags := make([][][]string, len(fields))
	for i, f := range fields {
		if f.kind != kindWord && f.kind != kindTokens {
			continue
		}
		bags[i] = make([][]string, len(sample))
		for k, row := range sample {
			bags[i][k] = tokens(f.vals[f.ids[row]])
		}
	}
	inside := make([][]int, len(fields))
	dropped := make([]bool, len(fields))
	for c, f := range fields {
		if f.kind != kindTokens {
			continue
		}
		for i := range fields {
			if i == c || bags[i] == nil || fields[i].kind == kindTokens && slices.Contains(inside[i], c) {
				continue
			}
			both, in := 0, 0
			for k := range sample {
				if len(bags[i][k]) == 0 || len(bags[c][k]) == 0 {
					continue
				}
				both++
				if len(bags[i][k]) <= len(bags[c][k]) && subset(bags[i][k], bags[c][k]) {
					in++
				}
			}
			if both > 20 && in*10 > both*6 {
				inside[c] = append(inside[c], i)
			}
		}
		same, both := 0, 0
		for k := range sample {
			if len(bags[c][k]) == 0 {
				continue
			}
			var all []string
			for _, i := range inside[c] {
				if !slices.Contains(inside[i], c) {
					all = append(all, bags[i][k]...)
				}
			}
			both++
			if subset(bags[c][k], all) {
				same++
			}
		}
		if len(inside[c]) > 0 && same*10 > both*8 {
			dropped[c] = true
		}
	}
	to := make([]int, len(fields))
	var out []*field
	for i, f := range fields {
		to[i] = len(out)
		if !dropped[i] {
			out = append(out, f)
		}
	}
	for i, f := range fields {
		for _, j := range inside[i] {
			if !dropped[i] && !dropped[j] {
				f.inside = append(f.inside, to[j])
			}
		}
	}
	return out
}

func subset(a, b []string) bool {
	for _, x := range a {
		if !slices.ContainsFunc(b, func(y string) bool { return strings.EqualFold(x, y) }) {
			return false
		}
	}
	return true
}

// compare returns the levels of two rows.
func (m *model) compare(a, b int32) pattern {
	var p pattern
	for i, f := range m.fields {
		p |= pattern(f.level(f.ids[a], f.ids[b])) << (3 * i)
	}
	for i := range m.swaps {
		s := &m.swaps[i]
		if p.level(s.a) > 2 || p.level(s.b) > 2 {
			continue
		}
		fa, fb := m.fields[s.a].ids, m.fields[s.b].ids
		if x, y := s.toB[fa[a]], s.toB[fa[b]]; (x != 0 || y != 0) && x == fb[b] && y == fb[a] {
			p &^= pattern(7)<<(3*s.a) | pattern(7)<<(3*s.b)
			p |= pattern(4)<<(3*s.a) | pattern(4)<<(3*s.b)
		}
	}
	for _, x := range m.implied {
		if p.level(x[0]) == m.fields[x[0]].top && p.level(x[1]) > 1 {
			p &^= pattern(7) << (3 * x[1]) // says nothing new
		}
	}
	return p
}

// weight is the evidence of a pair in bits, without the prior.
func (m *model) weight(a, b int32, p pattern) float64 {
	var ws [maxFields]float64
	for i, f := range m.fields {
		l := p.level(i)
		w := m.w[i][l]
		if l == f.top {
			w += m.rarity(i, f.ids[a])
		}
		ws[i] = w
	}
	return m.sum(&ws, p)
}

// rarity is what the equality of this very value weighs more than equality.
func (m *model) rarity(i int, v int32) float64 {
	f := m.fields[i]
	n := max(1, float64(f.freq[v])/m.spread)
	return min(10, math.Log2(m.u[i][f.top]*float64(f.filled)/n))
}

// sum adds weights; a field that holds others is weighed against them, for
// they say the same twice.
func (m *model) sum(ws *[maxFields]float64, p pattern) float64 {
	total := 0.0
	for i := range m.fields {
		if m.holder[i] < 0 && len(m.fields[i].inside) == 0 {
			total += ws[i]
		}
	}
	for c, f := range m.fields {
		if len(f.inside) == 0 {
			continue
		}
		if m.holder[c] >= 0 {
			continue
		}
		parts := 0.0
		for _, i := range f.inside {
			if m.holder[i] == c {
				parts += ws[i]
			}
		}
		whole := ws[c]
		switch l := p.level(c); {
		case l == 0 || l >= 4 && parts >= whole:
			total += parts
		case whole > parts || l >= 4:
			total += whole
		case parts > 0 && l == 1:
			total += (parts + whole) / 2
		default:
			total += parts
		}
	}
	return total
}

// setWeights makes the weights of m and u; a nearer level never weighs less
// than a farther one.
func (m *model) setWeights() {
	m.w = make([][8]float64, len(m.fields))
	for i, f := range m.fields {
		for l := uint8(1); l <= f.top; l++ {
			m.w[i][l] = max(-9, min(22, math.Log2(m.m[i][l]/m.u[i][l])))
			if l > 1 {
				m.w[i][l] = max(m.w[i][l], m.w[i][l-1])
			}
		}
	}
}
