package link

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// A Result is the partition of the rows and how it was found.
type Result struct {
	Cluster     []int32   // per row, numbered from 0 in the order of first rows
	Probability []float32 // per row: that it belongs to the rest of its cluster; 1 when alone
	Clusters    int
	Pairs       int64    // compared
	Links       int      // pairs at or above the threshold
	Model       string   // fields or text
	Threshold   float64  // bits (fields) or cosine (text)
	ChosenBy    string   // how the threshold was chosen
	Fields      []string // evidence: name (kind)
	Keys        []string // columns that are no evidence
	Rules       []string // blocking
}

// Run links the rows of in.
func Run(ctx context.Context, in *Input, set Settings) (*Result, error) {
	fields, keys := buildFields(in, set)
	if len(fields) == 0 { // every row is somebody else
		res := &Result{Keys: keys, Model: "fields", ChosenBy: "no column is evidence"}
		res.finish(newForest(in.Rows), nil)
		return res, nil
	}
	var apart func(a, b int32) bool
	if set.AcrossOnly {
		apart = func(a, b int32) bool { return in.fileOf(int(a)) == in.fileOf(int(b)) }
	}
	res := &Result{Keys: keys, Model: "fields"}
	fields = findInside(fields, in.Rows)
	if len(fields) > maxFields {
		slices.SortStableFunc(fields, func(a, b *field) int { return b.filled - a.filled })
		fields = fields[:maxFields]
	}
	if len(fields) > 2 {
		fields = withoutEchoes(fields, in.Rows)
	}
	for _, f := range fields {
		res.Fields = append(res.Fields, f.name+" ("+f.kind.String()+")")
	}
	if set.Model == "text" || set.Model == "" && isText(fields, in.Rows) {
		return runText(ctx, in, fields, set, res, apart)
	}
	rules := propose(fields, in.Rows, pairsPerRow(in.Rows))
	m, _ := train(fields, rules, in.Rows, apart)
	for i := range rules {
		res.Rules = append(res.Rules, rules[i].String())
	}
	var edges []edge
	eachPair(fields, rules, in.Rows, apart, func(a, b int32) {
		res.Pairs++
		p := m.compare(a, b)
		w := m.weight(a, b, p) + m.prior
		if in.Rows < tooFew && m.identical(p) {
			w = max(w, 12)
		}
		if w > -12 {
			edges = append(edges, edge{a, b, float32(w)})
		}
	})
	res.Threshold, res.ChosenBy = chooseBits(edges), "density of evidence"
	if t, ok := m.byLabels(in, set.Labels); ok {
		res.Threshold, res.ChosenBy = t, "labels"
	}
	if set.Threshold != nil {
		res.Threshold, res.ChosenBy = *set.Threshold, "settings"
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	order := rowOrder(fields, in.Rows)
	roots := cluster(in.Rows, edges, res.Threshold, order)
	res.finish(roots, edges)
	if debug != nil {
		debug(in, m, edges, order)
	}
	return res, nil
}

var debug func(in *Input, m *model, edges []edge, order []uint64)

// chooseBits is the least evidence, from an even chance up, at which pairs are
// few beside the ones that are sure: pairs that belong together by chance thin
// out with every bit, and where they are still dense an even chance is none.
func chooseBits(edges []edge) float64 {
	const few, sure, most = .05, 6, 24
	var at [most + 3]float64   // at[k]: from k-1 to k bits
	var over [most + 3]float64 // over[k]: at least k-1 bits, and sure
	for _, e := range edges {
		k := max(0, min(len(at)-1, int(math.Floor(float64(e.w)))+1))
		if e.w >= -1 {
			at[k]++
		}
		if e.w >= sure {
			over[k]++
		}
	}
	for k := len(over) - 2; k >= 0; k-- {
		over[k] += over[k+1]
	}
	for t := range most {
		if (at[t]+at[t+1]+at[t+2])/3 <= few*over[t+1] {
			return float64(t)
		}
	}
	return most
}

// tooFew is below how many rows there is nothing to learn from: rows that are
// the same are taken to be one then.
const tooFew = 200

// identical reports whether a pair agrees in all that both say, in two fields
// at least that tell rows apart.
func (m *model) identical(p pattern) bool {
	same := 0
	for i, f := range m.fields {
		switch l := p.level(i); {
		case l == 0:
		case l != f.top:
			return false
		case (len(f.vals)-1)*3 > f.filled:
			same++
		}
	}
	return same >= 2
}

// byLabels chooses the evidence that agrees with most labels, when there are
// at least ten of which some say yes and some no. Labels that name no row are
// passed over.
func (m *model) byLabels(in *Input, labels []Label) (float64, bool) {
	if len(labels) < 10 {
		return 0, false
	}
	row := make(map[string]int32, in.Rows)
	for i := range in.Rows {
		row[in.RowID(i)] = int32(i)
	}
	type said struct {
		w     float64
		match bool
	}
	var all []said
	yes := 0
	for _, l := range labels {
		a, okA := row[l.Left]
		b, okB := row[l.Right]
		if okA && okB {
			all = append(all, said{m.weight(a, b, m.compare(a, b)) + m.prior, l.Match})
			yes += bit(l.Match)
		}
	}
	if yes == 0 || yes == len(all) {
		return 0, false
	}
	slices.SortFunc(all, func(a, b said) int { return cmp.Compare(b.w, a.w) })
	best, right, at := -1, len(all)-yes, 0.0
	for i, s := range all {
		if s.match {
			right++
		} else {
			right--
		}
		if right > best {
			best, at = right, s.w
			if i+1 < len(all) {
				at = (s.w + all[i+1].w) / 2
			}
		}
	}
	return max(-1, at), true
}

func rowOrder(fields []*field, rows int) []uint64 {
	out := make([]uint64, rows)
	for _, f := range fields {
		h := make([]uint64, len(f.vals))
		for v := 1; v < len(h); v++ {
			h[v] = hashBytes(f.vals[v])
		}
		for i := range out {
			out[i] = (out[i] ^ h[f.ids[i]]) * mixA
			out[i] ^= out[i] >> 29
		}
	}
	return out
}

// finish numbers the clusters and gives each row the probability of its best
// link inside the cluster.
func (r *Result) finish(roots []int32, edges []edge) {
	n := len(roots)
	number := make([]int32, n)
	r.Cluster = make([]int32, n)
	r.Probability = make([]float32, n)
	for i := range number {
		number[i] = -1
	}
	for i, root := range roots {
		if number[root] < 0 {
			number[root] = int32(r.Clusters)
			r.Clusters++
		}
		r.Cluster[i] = number[root]
	}
	best := make([]float32, n)
	for i := range best {
		best[i] = float32(math.Inf(-1))
	}
	for _, e := range edges {
		if float64(e.w) >= r.Threshold {
			r.Links++
		}
		if roots[e.a] == roots[e.b] {
			best[e.a], best[e.b] = max(best[e.a], e.w), max(best[e.b], e.w)
		}
	}
	for i, b := range best {
		r.Probability[i] = 1
		if !math.IsInf(float64(b), -1) {
			r.Probability[i] = float32(posterior(float64(b)))
		}
	}
}
