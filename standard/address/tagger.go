package address

// A model is the weights of a linear chain over the tokens of an address:
// a row of weights for each feature, one a tag, and the transitions.
//
// Four tags share a word: every weight is kept with bias added, so that the
// lanes of nTemplates rows never overflow into each other and a row is added
// in nWords steps.
type model struct {
	slots []uint64 // open addressing: feature<<32 | row + 1; 0 is free
	table []uint64 // rows of nWords
	start [nLabels]int32
	begin [nLabels][nLabels]int32 // [label that begins][label that ended before]
	stay  [nLabels]int32          // the label goes on

	lowest, highest [nLabels]int32 // of the transitions from a label
}

const (
	nWords    = (nTags + 3) / 4
	bias      = 1 << 10 // weights lie within ±(bias-1); nTemplates*2*bias < 1<<16
	maxWeight = bias - 1
	biases    = bias | bias<<16 | bias<<32 | bias<<48
)

// row returns the index of a feature's weights in table, or -1.
func (m *model) row(key uint32) int {
	mask := uint32(len(m.slots) - 1)
	for i := key * 0x9E3779B1 >> 7 & mask; ; i = (i + 1) & mask {
		s := m.slots[i]
		if uint32(s>>32) == key {
			return int(uint32(s)-1) * nWords
		}
		if s == 0 {
			return -1
		}
	}
}

// settle is called when the transitions are final.
func (m *model) settle() {
	for k := range m.lowest {
		m.lowest[k], m.highest[k] = m.begin[0][k], m.begin[0][k]
		for l := range m.begin {
			m.lowest[k], m.highest[k] = min(m.lowest[k], m.begin[l][k]), max(m.highest[k], m.begin[l][k])
		}
	}
}

const impossible = -1 << 29

// tag finds the best tags of the tokens that r looked at.
func (m *model) tag(r *reader) []tag {
	n := len(r.tokens)
	r.tags = grow(r.tags, n)
	if n == 0 {
		return r.tags
	}
	r.scores = grow(r.scores, n*nTags)
	r.back = grow(r.back, n*nTags)
	var fs [nTemplates]uint32
	for i := range n {
		r.features(i, &fs)
		// First all look-ups, then all additions: the loads overlap.
		var at [nTemplates + 1]int32
		rows := 0
		for _, f := range fs {
			if x := m.row(f); x >= 0 {
				at[rows] = int32(x)
				rows++
			}
		}
		var sum [nWords]uint64
		for k := 0; k+1 < rows; k += 2 {
			x, y := (*[nWords]uint64)(m.table[at[k]:]), (*[nWords]uint64)(m.table[at[k+1]:])
			for j := range sum {
				sum[j] += x[j] + y[j]
			}
		}
		if rows&1 == 1 {
			x := (*[nWords]uint64)(m.table[at[rows-1]:]) //nolint:gosec // rows is at least 1 here
			for j := range sum {
				sum[j] += x[j]
			}
		}
		off := int32(rows) * bias
		sc := (*[nTags]int32)(r.scores[i*nTags:])
		for t := range sc {
			sc[t] = int32(sum[t/4]>>(t%4*16)&0xFFFF) - off
		}
	}
	m.viterbi(r, n)
	return r.tags
}

// viterbi turns the scores of single tokens into the best sequence. A part
// goes on only behind its own beginning.
func (m *model) viterbi(r *reader, n int) {
	for l := range nLabels {
		r.scores[2*l] += m.start[l]
		r.scores[2*l+1] = impossible
	}
	var ended [nLabels]int32 // best score of a part of the label that ends here
	var by, alive [nLabels]uint8
	for i := 1; i < n; i++ {
		prev := (*[nTags]int32)(r.scores[(i-1)*nTags:])
		cur := (*[nTags]int32)(r.scores[i*nTags:])
		back := (*[nTags]uint8)(r.back[i*nTags:])
		for l := range ended {
			b, in := prev[2*l], prev[2*l+1]
			ended[l], by[l] = b, uint8(2*l)
			if in > b {
				ended[l], by[l] = in, uint8(2*l+1)
			}
		}
		// A label so far behind that no transition brings it back is left out.
		first := 0
		for k, s := range ended {
			if s > ended[first] {
				first = k
			}
		}
		least := ended[first] + m.lowest[first]
		nAlive := 0
		for k, s := range ended {
			if s+m.highest[k] >= least {
				alive[nAlive] = uint8(k)
				nAlive++
			}
		}
		for l := range ended {
			best, from := int32(impossible*2), uint8(0)
			into := &m.begin[l]
			for _, k := range alive[:nAlive] {
				if s := ended[k] + into[k]; s > best {
					best, from = s, k
				}
			}
			cur[2*l] += best
			back[2*l] = by[from]
			cur[2*l+1] += ended[l] + m.stay[l]
			back[2*l+1] = by[l]
		}
	}
	last := r.scores[(n-1)*nTags : n*nTags]
	best := 0
	for t := range last {
		if last[t] > last[best] {
			best = t
		}
	}
	for i := n - 1; i >= 0; i-- {
		r.tags[i] = tag(best)
		best = int(r.back[i*nTags+best])
	}
}

// spansOf turns tags into parts.
func spansOf(out []span, tags []tag) []span {
	for i, t := range tags {
		if t&1 == 1 && len(out) > 0 && out[len(out)-1].to == i {
			out[len(out)-1].to = i + 1
			continue
		}
		out = append(out, span{label: label(t / 2), from: i, to: i + 1})
	}
	return out
}
