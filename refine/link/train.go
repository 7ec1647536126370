package link

import (
	"math"
	"slices"
)

// trainPairs is how many pairs all rules together give to the training.
const trainPairs = 250_000

// A lesson is the pairs of one rule's blocks.
type lesson struct {
	rule    int
	without []bool // fields the rule's keys are made of
	rate    float64
	pairs   []lessonPair
	counts  map[pattern]float64
	// expected is rows per pair: of a rule that makes few pairs, many belong
	// together.
	expected float64
}

type lessonPair struct {
	a, b   int32
	p      pattern
	weight float64 // how many pairs of the whole it stands for
}

// A random source that is the same in every run.
type sequence uint64

func (s *sequence) next(n int) int {
	*s = *s*6364136223846793005 + 1442695040888963407
	return int(uint64(*s) >> 33 * uint64(n) >> 31)
}

// chance counts the levels of pairs taken at random, and takes the equal level
// from the frequencies of the values.
func (m *model) chance(rows int, apart func(a, b int32) bool) [][8]float64 {
	out := make([][8]float64, len(m.fields))
	seq := sequence(7)
	for range 100_000 {
		a, b := int32(seq.next(rows)), int32(seq.next(rows))
		if a == b || apart != nil && apart(a, b) {
			continue
		}
		p := m.compare(a, b)
		for i := range out {
			out[i][p.level(i)]++
		}
	}
	for i, f := range m.fields {
		n, same := float64(f.filled), 0.0
		for _, c := range f.freq[1:] {
			same += float64(c) * float64(c-1)
		}
		top := max(same/max(1, n*(n-1)), 1/max(1, n*n))
		others := 0.0
		for l := uint8(1); l < f.top; l++ {
			out[i][l] += .05
			others += out[i][l]
		}
		for l := uint8(1); l < f.top; l++ {
			out[i][l] *= (1 - top) / others
		}
		out[i][f.top] = top
		out[i][0] = 0
	}
	return out
}

// gather compares the pairs of every rule, of large rules those of a part of
// their blocks.
func (m *model) gather(rules []rule, rows int, apart func(a, b int32) bool) []lesson {
	each := float64(trainPairs) / float64(max(1, len(rules)))
	var out []lesson
	nr := len(rules)
	keys := allKeys(m.fields, rules, rows)
	buf, tmp := make([]keyed, 0, rows), make([]keyed, rows)
	for r := range rules {
		l := lesson{rule: r, without: make([]bool, len(m.fields)), rate: 1, counts: map[pattern]float64{}, expected: float64(rows) / max(1, rules[r].pairs)}
		for _, a := range rules[r].atoms {
			l.without[a.field] = true
			for i := range m.fields {
				if slices.Contains(m.fields[a.field].inside, i) || slices.Contains(m.fields[i].inside, a.field) {
					l.without[i] = true
				}
			}
		}
		if rules[r].pairs > each {
			l.rate = each / rules[r].pairs
		}
		limit := uint64(l.rate * (1 << 20))
		buf = buf[:0]
		for i := range rows {
			if k := rules[r].key(m.fields, i); k != 0 && (l.rate == 1 || spread(k)>>20&(1<<20-1) < limit) {
				buf = append(buf, keyed{spread(k), int32(i)})
			}
		}
		eachBlock(sortKeyed(buf, tmp), func(s []keyed) {
			if len(s) > maxBlock || float64(len(l.pairs)) > 3*each {
				return
			}
			for x := range s {
				for y := x + 1; y < len(s); y++ {
					a, b := s[x].row, s[y].row
					if apart != nil && apart(a, b) {
						continue
					}
					p := m.compare(a, b)
					n := 0
					kb := keys[int(b)*nr : int(b)*nr+nr]
					for k, ka := range keys[int(a)*nr : int(a)*nr+nr] {
						if ka != 0 && ka == kb[k] {
							n++
						}
					}
					l.pairs = append(l.pairs, lessonPair{a, b, p, 1 / l.rate / float64(max(1, n))})
					l.counts[p]++
				}
			}
		})
		if len(l.pairs) > 0 {
			out = append(out, l)
		}
	}
	return out
}

// learn fits m by expectation maximisation over all lessons: in each, the
// fields its rule is made of say nothing.
func (m *model) learn(lessons []lesson) {
	if m.m == nil {
		m.m = make([][8]float64, len(m.fields))
		for i, f := range m.fields {
			for l := uint8(1); l < f.top; l++ {
				m.m[i][l] = .15 / float64(f.top-1)
			}
			m.m[i][f.top] = .85
		}
	}
	share := make([]float64, len(lessons))
	for k := range lessons {
		share[k] = max(.002, min(.5, .3*lessons[k].expected))
	}
	for range 30 {
		next := make([][8]float64, len(m.fields))
		for k := range lessons {
			l := &lessons[k]
			scale := 1.0 / l.rate
			var all, match float64
			sums := make([][8]float64, len(m.fields))
			for p, n := range l.counts {
				x, y := share[k], 1-share[k]
				for i := range m.fields {
					if v := p.level(i); v > 0 && !l.without[i] && m.holder[i] < 0 {
						x *= m.m[i][v]
						y *= m.u[i][v]
					}
				}
				w := x / (x + y) * n
				all += n
				match += w
				for i := range m.fields {
					if !l.without[i] {
						sums[i][p.level(i)] += w
					}
				}
			}
			share[k] = min(.999, max(1e-5, match/all))
			for i := range m.fields {
				for v := range sums[i] {
					next[i][v] += sums[i][v] * math.Sqrt(scale) * share[k] * share[k]
				}
			}
		}
		for i, f := range m.fields {
			total := 0.0
			for l := uint8(1); l <= f.top; l++ {
				total += next[i][l]
			}
			if total < 5 {
				continue
			}
			for l := uint8(1); l <= f.top; l++ {
				m.m[i][l] = (next[i][l] + total*.0005 + .2) / (total*(1+.0005*float64(f.top)) + .2*float64(f.top))
			}
		}
	}
}

// settle finds the prior, and takes the true pairs out of what was counted as
// chance: in a small set most equal e-mail addresses are of one person.
func (m *model) settle(lessons []lesson, rows int, chance [][8]float64) {
	pairs := float64(rows) * float64(rows-1) / 2
	matches := float64(rows) / 2
	type heavy struct{ weight, bits float64 }
	var all []heavy
	for k := range lessons {
		for i := range lessons[k].pairs {
			x := &lessons[k].pairs[i]
			if w := m.weight(x.a, x.b, x.p); w > 0 {
				all = append(all, heavy{x.weight, w})
			}
		}
	}
	for range 12 {
		prior := math.Log2(matches / pairs)
		sum := 0.0
		for _, x := range all {
			sum += x.weight * posterior(x.bits+prior)
		}
		matches = max(1, min(sum, pairs/2))
	}
	m.prior = math.Log2(matches / pairs)
	m.spread = max(1, min(50, 1+2*matches/float64(rows)))
	pi := matches / pairs
	for i, f := range m.fields {
		filled := float64(f.filled)
		for l := uint8(1); l <= f.top; l++ {
			c := chance[i][l]
			m.u[i][l] = max((c-pi*m.m[i][l])/(1-pi), c*.02, 1/(filled*filled))
		}
	}
}

func posterior(bits float64) float64 { return 1 / (1 + math.Exp2(-bits)) }

// train makes the model of fields whose rows the rules put together.
func train(fields []*field, rules []rule, rows int, apart func(a, b int32) bool) (*model, []lesson) {
	m := newModel(fields)
	_, m.implied = m.echoes(rows)
	chance := m.chance(rows, apart)
	m.u = slices.Clone(chance)
	lessons := m.gather(rules, rows, apart)
	for range 2 {
		m.learn(lessons)
		m.setWeights()
		m.settle(lessons, rows, chance)
	}
	m.learn(lessons)
	m.setWeights()
	return m, lessons
}

// withoutEchoes leaves out fields that only repeat another.
func withoutEchoes(fields []*field, rows int) []*field {
	m := newModel(fields)
	muted, _ := m.echoes(rows)
	to := make([]int, len(fields))
	var out []*field
	for i, f := range fields {
		to[i] = len(out)
		if !muted[i] {
			out = append(out, f)
		}
	}
	for _, f := range out {
		for k, j := range f.inside {
			f.inside[k] = to[j] // what stands inside is never muted
		}
	}
	return out
}

// echoes finds fields that only repeat another: of rows that agree in one and
// in nothing else, nearly all agree in the other too, both ways. A road is no
// evidence beside the address it stands in. The one with fewer values is the echo.
func (m *model) echoes(rows int) (muted []bool, implied [][2]int) {
	muted = make([]bool, len(m.fields))
	agree := make([][]float64, len(m.fields)) // [i][j]: share that agrees in j of those that agree in i
	var s []keyed
	tmp := make([]keyed, rows)
	for i, f := range m.fields {
		agree[i] = make([]float64, len(m.fields))
		if f.kind == kindCategory {
			continue
		}
		s = s[:0]
		for row, v := range f.ids {
			if v != 0 && f.freq[v] > 1 {
				s = append(s, keyed{spread(uint64(v)), int32(row)})
			}
		}
		var both, same [maxFields]float64
		looked := 0
		eachBlock(sortKeyed(s, tmp), func(b []keyed) {
			if looked > 20_000 {
				return
			}
			for k := 1; k < len(b); k++ {
				p := m.compare(b[k-1].row, b[k].row)
				looked++
				near, far := 0, 0
				for j, g := range m.fields {
					switch l := p.level(j); {
					case j == i || l == 0 || g.kind == kindCategory:
					case l > 1:
						near++
					default:
						far++
					}
				}
				for j, g := range m.fields {
					l := p.level(j)
					if j == i || l == 0 {
						continue
					}
					n, d := near, far
					if g.kind != kindCategory {
						if l > 1 {
							n--
						} else {
							d--
						}
					}
					if n > 0 || d < 2 {
						continue // one entity twice, or nobody can tell
					}
					both[j]++
					if l > 1 {
						same[j]++
					}
				}
			}
		})
		for j := range m.fields {
			if both[j] >= 30 {
				agree[i][j] = same[j] / both[j]
			}
		}
	}
	for i := range m.fields {
		for j := range i {
			if agree[i][j] < .9 || agree[j][i] < .9 || m.holder[i] >= 0 || m.holder[j] >= 0 || len(m.fields[i].inside)+len(m.fields[j].inside) > 0 || muted[i] || muted[j] {
				continue
			}
			if len(m.fields[i].vals) < len(m.fields[j].vals) {
				muted[i] = true
			} else {
				muted[j] = true
			}
		}
	}
	for i := range m.fields {
		for j := range m.fields {
			if i != j && (agree[i][j]-m.fields[j].evenness())/(1-m.fields[j].evenness()+1e-9) > .6 && !muted[i] && !muted[j] && len(m.fields[i].vals) > len(m.fields[j].vals) &&
				m.holder[i] != j && m.holder[j] != i && m.fields[j].place() {
				implied = append(implied, [2]int{i, j})
			}
		}
	}
	return muted, implied
}

// place reports whether a field may follow from another, as a town from a
// postcode does.
func (f *field) place() bool {
	return f.kind == kindWord || f.kind == kindTokens || f.kind == kindCategory || f.kind == kindAddress
}

// evenness is how often two values taken at random are equal.
func (f *field) evenness() float64 {
	s, n := 0.0, float64(f.filled)
	for _, c := range f.freq[1:] {
		s += float64(c) * float64(c)
	}
	return s / (n * n)
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
