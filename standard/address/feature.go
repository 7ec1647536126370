package address

// A reader holds what is looked up for one text; it is reused.
type reader struct {
	text    string
	tokens  []token
	words   []found // the keyword that ends at token i, or group 0
	wordAt  []uint8 // the keyword that covers token i: group<<2 | 1 begin, 2 inside, 3 end
	places  []uint16
	right   []uint16 // group of the keyword ahead<<4 | distance
	beyond  []uint16 // class behind the keyword ahead
	left    []uint16
	run     []uint8 // in numbers joined by hyphens: which one of how many, place<<3 | count
	last    []uint8 // the smallest division named before: its level, 8 with other text since
	scores  []int32
	back    []uint8
	tags    []tag
	spans   []span
	matches []match
}

// A match is the name of a division in the text: tokens [from, to).
type match struct {
	from, to int16
	list     int32 // of the gazetteer
	levels   uint8 // bit l: a division of level l goes by it in full
	shorts   uint8 // bit l: … in short
	child    bool  // a division of the list lies in one named before
	again    bool  // the name stands in the text once more, behind
	before   bool  // … or stood before
}

func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/2)
	}
	s = s[:n]
	clear(s)
	return s
}

// look finds the tokens, keywords and divisions of text.
func (r *reader) look(text string, g *gazetteer) {
	r.text = text
	r.tokens = tokenize(r.tokens[:0], text)
	n := len(r.tokens)
	r.findKeywords(n)
	r.findPlaces(n, g)
	r.lookAround(n)
	r.findRuns(n)
}

// findKeywords marks, from left to right, the longest keyword at each place.
func (r *reader) findKeywords(n int) {
	r.words, r.wordAt = grow(r.words, n), grow(r.wordAt, n)
	t := keywordTrie
	for i := range n {
		node := int32(0)
		for j := i; j < n; j++ {
			node = t.step(node, r.tokens[j].first)
			if node < 0 || r.tokens[j].class >= classDigits1 && r.tokens[j].class <= classMixed {
				break
			}
			// The longest keyword that ends at j counts; an earlier start is longer.
			if g := group(t.value[node]); g != 0 && r.words[j].group == 0 {
				r.words[j] = found{g, int16(i)}
			}
		}
	}
	for j := n - 1; j >= 0; j-- {
		w := r.words[j]
		if w.group == 0 || r.wordAt[j] != 0 {
			continue
		}
		for k := int(w.from); k <= j; k++ {
			pos := uint8(2)
			if k == j {
				pos = 3
			} else if k == int(w.from) {
				pos = 1
			}
			if r.wordAt[k] == 0 {
				r.wordAt[k] = uint8(w.group)<<2 | pos
			}
		}
	}
}

// findPlaces lays the names of divisions over the tokens: the longest at each
// place, none inside another that began before.
func (r *reader) findPlaces(n int, g *gazetteer) {
	r.places = grow(r.places, n)
	r.matches = r.matches[:0]
	for i := 0; i < n; {
		node, end, list := int32(0), 0, int32(0)
		for j := i; j < n; j++ {
			if c := r.tokens[j].class; c >= classDigits1 && c <= classMark {
				break
			}
			node = g.names.step(node, r.tokens[j].first)
			if node < 0 {
				break
			}
			if v := g.names.value[node]; v != 0 {
				end, list = j+1, v
			}
		}
		if end == 0 {
			i++
			continue
		}
		m := match{from: int16(i), to: int16(end), list: list}
		for _, p := range g.lists[list] {
			if p.full {
				m.levels |= 1 << p.level
			} else {
				m.shorts |= 1 << p.level
			}
		}
		for k := range r.matches {
			before := &r.matches[k]
			if before.list == list {
				before.again, m.before = true, true
			}
			m.child = m.child || within(g.lists[list], g.lists[before.list])
		}
		r.matches = append(r.matches, m)
		i = end
	}
	for _, m := range r.matches {
		v := uint16(m.levels>>1)<<4 | uint16(m.shorts>>1)<<8
		if m.child {
			v |= 1 << 12
		}
		if m.again {
			v |= 1 << 13
		}
		if m.before {
			v |= 1 << 14
		}
		for k := m.from; k < m.to; k++ {
			pos := uint16(2)
			switch k {
			case m.from:
				pos = 1
			case m.to - 1:
				pos = 3
			}
			r.places[k] = v | pos
		}
	}
}

// within reports whether one of the inner divisions lies in one of the outer.
func within(inner, outer []place) bool {
	if len(inner)*len(outer) > 400 {
		return false
	}
	for _, o := range outer {
		for _, i := range inner {
			if i.level > o.level && below(i.code, o) {
				return true
			}
		}
	}
	return false
}

// below reports whether a code lies in a division.
func below(code uint32, o place) bool {
	switch o.level {
	case 1:
		return code/10000000 == o.code/10000000
	case 2:
		return code/100000 == o.code/100000
	case 3:
		return code/1000 == o.code/1000
	}
	return false
}

// lookAround notes for each token the nearest keyword that ends at or behind
// it, what follows that one, and the nearest that ended before it.
func (r *reader) lookAround(n int) {
	r.right, r.beyond, r.left = grow(r.right, n), grow(r.beyond, n), grow(r.left, n)
	g, at, behind := uint16(60), n, classNone
	for i := n - 1; i >= 0; i-- {
		c := r.tokens[i].class
		switch {
		case c >= classDigits1 && c <= classMixed:
			g, at, behind = 61, i, classNone
		case c >= classHyphen && c <= classMark:
			g, at, behind = 62, i, classNone
		case r.wordAt[i]&3 == 3:
			g, at = uint16(r.wordAt[i]>>2), i
			behind = classNone
			if i+1 < n {
				behind = min(r.tokens[i+1].class, classChar)
				if w := r.wordAt[i+1]; w != 0 {
					behind = 32 + uint16(w>>2)
				}
			}
		}
		r.right[i] = g<<4 | uint16(min(at-i, 9))
		r.beyond[i] = behind
	}
	g, at = 60, 0
	for i := range n {
		r.left[i] = g<<4 | uint16(min(i-at, 9))
		c := r.tokens[i].class
		switch {
		case c >= classDigits1 && c <= classMixed:
			g, at = 61, i
		case c >= classHyphen && c <= classMark:
			g, at = 62, i
		case r.wordAt[i]&3 == 3:
			g, at = uint16(r.wordAt[i]>>2), i
		}
	}
}

// number reports a token of digits or letters.
func (t token) number() bool { return t.class >= classDigits1 && t.class <= classMixed }

// findRuns numbers the members of runs such as 12-3-401 and notes for each
// token the level of the division named last before it.
func (r *reader) findRuns(n int) {
	r.run, r.last = grow(r.run, n), grow(r.last, n)
	for i := 0; i < n; {
		if !r.tokens[i].number() {
			i++
			continue
		}
		end, count := i+1, 1
		for end+1 < n && r.tokens[end].class == classHyphen && r.tokens[end+1].number() {
			end += 2
			count++
		}
		for k := i; k < end; k++ {
			r.run[k] = uint8(min((k-i)/2, 5)<<3 | min(count, 5))
		}
		i = end
	}
	level, k := uint8(0), 0
	for i := range n {
		if r.tokens[i].apart {
			r.run[i] |= 64
		}
		for k < len(r.matches) && int(r.matches[k].to) <= i {
			m := r.matches[k]
			set := m.levels
			if set == 0 {
				set = m.shorts
			}
			for l := uint8(1); l <= 4; l++ {
				if set&(1<<l) != 0 {
					level = l
					break
				}
			}
			k++
		}
		since := level
		if k > 0 && int(r.matches[k-1].to) != i {
			since |= 8
		}
		r.last[i] = since
	}
}

const nTemplates = 25

// features writes the features of token i, one a template.
func (r *reader) features(i int, out *[nTemplates]uint32) {
	class := func(j int) uint32 {
		if j < 0 || j >= len(r.tokens) {
			return uint32(classNone)
		}
		return uint32(r.tokens[j].class)
	}
	word := func(j int) uint32 {
		if j < 0 || j >= len(r.tokens) {
			return 255
		}
		return uint32(r.wordAt[j])
	}
	division := func(j int) uint32 {
		if j < 0 || j >= len(r.tokens) {
			return 0xFFFF
		}
		return uint32(r.places[j])
	}
	w0, w1, w2, p1 := class(i), class(i+1), class(i+2), class(i-1)
	k0, k1, kp := word(i), word(i+1), word(i-1)
	g0, gp := division(i), division(i-1)
	right, left := uint32(r.right[i]), uint32(r.left[i])
	beyond := uint32(r.beyond[i])
	f := func(t int, a, b, c uint32) {
		h := uint32(t)*0x9E3779B1 ^ a*0x85EBCA6B
		h = (h<<13 | h>>19) ^ b*0xC2B2AE35
		h = (h<<11 | h>>21) ^ c*0x27D4EB2F
		h ^= h >> 15
		h *= 0x2C1B3C6D
		h ^= h >> 13
		out[t] = h | 1
	}
	f(0, w0, 0, 0)
	f(1, p1, w0, 0)
	f(2, w0, w1, 0)
	f(3, uint32(r.run[i]), k0, 0)
	f(4, uint32(r.last[i]), g0, 0)
	f(5, k0, 0, 0)
	f(6, kp, k0, 0)
	f(7, k0, k1, 0)
	f(8, g0, 0, 0)
	f(9, gp, g0, 0)
	f(10, right>>4, g0, 0)
	f(11, right, 0, 0)
	f(12, right, kp, 0)
	f(13, left>>4, right, 0)
	f(14, right, beyond, 0)
	f(15, p1, w0, w1)
	f(16, w0, w1, w2)
	f(17, g0, k0, 0)
	f(18, left, w0, 0)
	f(19, kp, right>>4, beyond)
	f(20, w0, beyond, right)
	first := uint32(0)
	if i == 0 {
		first = 1
	}
	f(21, first, right>>4, beyond)
	f(22, gp, right, 0)
	f(23, uint32(r.run[i]), left, right)
	f(24, uint32(r.last[i]), right>>4, left>>4)
}
