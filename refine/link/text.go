package link

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
)

// isText reports whether the rows are texts (products, publications, films):
// a field of several words tells nearly every row apart, and nothing a person
// or a firm is registered under stands beside it.
func isText(fields []*field, rows int) bool {
	title := false
	words, all := 0.0, 0.0
	for _, f := range fields {
		n := 0.0
		if f.kind == kindTokens {
			for v := 1; v < len(f.vals); v++ {
				n += float64(len(f.toks[v])) * float64(f.freq[v])
			}
			n /= float64(f.filled)
			if n >= 3 && len(f.vals)*3 > f.filled && f.filled*2 > rows {
				title = true
			}
			words += n
		} else {
			n = 1
		}
		all += n
		if f.filled*2 > rows && (f.kind == kindHanName || f.kind == kindEmail || f.kind == kindDate || f.kind == kindAddress || f.kind == kindCode && len(f.vals)*2 > f.filled) {
			return false
		}
	}
	return title && words > .6*all
}

// A textDoc is the words of one row, by number, and their weights; the
// squares of the weights add up to 1.
type textDoc struct {
	words   []int32
	weights []float32
}

// documents weighs the words of every row by their rarity.
func documents(fields []*field, rows int) (docs []textDoc, words int) {
	number := map[string]int32{}
	var df []int32
	share := fieldShares(fields)
	docs = make([]textDoc, rows)
	split := make([][][]int32, len(fields))
	for i, f := range fields {
		split[i] = make([][]int32, len(f.vals))
		for v := 1; v < len(f.vals); v++ {
			ts := parts(f.vals[v])
			for _, t := range ts {
				k, ok := number[t]
				if !ok {
					k = int32(len(number))
					number[t] = k
					df = append(df, 0)
				}
				split[i][v] = append(split[i][v], k)
			}
		}
	}
	for row := range docs {
		d := &docs[row]
		for i, f := range fields {
			for _, w := range split[i][f.ids[row]] {
				if k := slices.Index(d.words, w); k >= 0 {
					d.weights[k] = max(d.weights[k], share[i])
				} else {
					d.words, d.weights = append(d.words, w), append(d.weights, share[i])
					df[w]++
				}
			}
		}
	}
	for row := range docs {
		d := &docs[row]
		n := 0.0
		for k, w := range d.words {
			x := float64(d.weights[k]) * math.Log(1+float64(rows)/float64(df[w]))
			d.weights[k] = float32(x)
			n += x * x
		}
		for k := range d.weights {
			d.weights[k] /= float32(math.Sqrt(max(n, 1e-9)))
		}
	}
	return docs, len(number)
}

// fieldShares weighs the words of each field: those of long texts count less
// than those of a title.
func fieldShares(fields []*field) []float32 {
	mean := make([]float64, len(fields))
	title := 0.0
	for i, f := range fields {
		mean[i] = 1
		if f.kind != kindTokens {
			continue
		}
		n := 0.0
		for v := 1; v < len(f.vals); v++ {
			n += float64(len(f.toks[v])) * float64(f.freq[v])
		}
		mean[i] = n / float64(f.filled)
		if mean[i] >= 3 && len(f.vals)*3 > f.filled && (title == 0 || mean[i] < title) {
			title = mean[i]
		}
	}
	out := make([]float32, len(fields))
	for i := range out {
		out[i] = 1
		if mean[i] > 1.5*title && title > 0 {
			out[i] = float32(.6 * title / mean[i])
		}
	}
	return out
}

// parts are the words of a value, and what stands between blanks without its
// marks: ps-lx350h is ps, lx350h and pslx350h.
func parts(s string) []string {
	out := tokens(s)
	for w := range strings.FieldsSeq(s) {
		t := strings.Map(func(r rune) rune {
			if r == '-' || r == '/' || r == '.' || r == '_' {
				return -1
			}
			return r
		}, w)
		if t != w {
			if j := strings.Join(tokens(t), ""); j != "" && !slices.Contains(out, j) {
				out = append(out, j)
			}
		}
	}
	return out
}

// maxPosting is in how many rows a word may stand to find candidates.
const maxPosting = 3000

// nearest is the best match of each row among the rows that want accepts, and
// its cosine.
func nearest(docs []textDoc, words int, want func(a, b int32) bool, bonus func(a, b int32) float32, pairs *int64) (best []int32, cosine []float32) {
	postings := make([][]int32, words)
	weights := make([][]float32, words)
	for row, d := range docs {
		for k, w := range d.words {
			postings[w] = append(postings[w], int32(row))
			weights[w] = append(weights[w], d.weights[k])
		}
	}
	best, cosine = make([]int32, len(docs)), make([]float32, len(docs))
	sum := make([]float32, len(docs))
	var touched []int32
	for row, d := range docs {
		touched = touched[:0]
		for k, w := range d.words {
			if len(postings[w]) > maxPosting {
				continue
			}
			for x, b := range postings[w] {
				if sum[b] == 0 {
					touched = append(touched, b)
				}
				sum[b] += d.weights[k] * weights[w][x]
			}
		}
		best[row] = -1
		for _, b := range touched {
			s := sum[b]
			sum[b] = 0
			if b == int32(row) || !want(int32(row), b) {
				continue
			}
			*pairs++
			if s += bonus(int32(row), b); s > cosine[row] || s == cosine[row] && b < best[row] {
				best[row], cosine[row] = b, s
			}
		}
	}
	return best, cosine
}

// runText links rows by the cosine of their rare words: rows of two files that
// are each other's best match, rows of one file that are and are nearer than
// chance.
func runText(ctx context.Context, in *Input, fields []*field, set Settings, res *Result, apart func(a, b int32) bool) (*Result, error) {
	res.Model = "text"
	docs, words := documents(fields, in.Rows)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	file := make([]uint8, in.Rows)
	for i := range file {
		file[i] = uint8(in.fileOf(i))
	}
	within := func(a, b int32) bool { return file[a] == file[b] }
	across := func(a, b int32) bool { return file[a] != file[b] }
	var edges []edge
	mutual := func(best []int32, cosine []float32) (out []edge) {
		for a, b := range best {
			if b > int32(a) && best[b] == int32(a) {
				out = append(out, edge{int32(a), b, cosine[a]})
			}
		}
		slices.SortFunc(out, func(x, y edge) int { return cmp.Or(cmp.Compare(y.w, x.w), cmp.Compare(x.a, y.a)) })
		return out
	}
	none := func(a, b int32) float32 { return 0 }
	if len(in.Files) > 1 {
		first := mutual(nearest(docs, words, across, none, &res.Pairs))
		bonus := sideEvidence(fields, first)
		best, cosine := nearest(docs, words, across, bonus, &res.Pairs)
		edges = mutual(best, cosine)
		var chance []float32
		for a, b := range best {
			if b >= 0 && best[b] != int32(a) {
				chance = append(chance, cosine[a])
			}
		}
		res.Threshold, res.ChosenBy = textThreshold(edges, chance)
		if apart == nil {
			bestW, cosW := nearest(docs, words, within, bonus, &res.Pairs)
			var inner []edge
			for _, e := range mutual(bestW, cosW) {
				if e.w > .9 && e.w > cosine[e.a] && e.w > cosine[e.b] {
					inner = append(inner, e)
				}
			}
			if len(inner)*20 > in.Rows { // the files hold their own doubles
				edges = append(edges, inner...)
			}
		}
	} else {
		first := mutual(nearest(docs, words, within, none, &res.Pairs))
		best, cosine := nearest(docs, words, within, sideEvidence(fields, first), &res.Pairs)
		var all []edge
		var chance []float32
		for a, b := range best {
			if b >= 0 {
				all = append(all, edge{int32(a), b, cosine[a]})
				if best[b] != int32(a) {
					chance = append(chance, cosine[a])
				}
			}
		}
		edges = mutual(best, cosine)
		if t := valley(all); mutualShare(best, cosine, t) >= .5 { // mostly twos
			res.Threshold, res.ChosenBy = textThreshold(edges, chance)
		} else { // larger groups: who is best is a matter of chance among many
			edges, res.Threshold, res.ChosenBy = all, t, "valley of cosines"
		}
	}
	if set.Threshold != nil {
		res.Threshold, res.ChosenBy = *set.Threshold, "settings"
	}
	if debugText != nil {
		debugText(in, edges)
	}
	roots := newForest(in.Rows)
	for _, e := range edges {
		if float64(e.w) >= res.Threshold {
			roots.join(e.a, e.b)
			res.Links++
		}
	}
	for i := range roots {
		roots[i] = roots.find(int32(i))
	}
	links := res.Links
	res.finish(roots, edges)
	res.Links = links
	return res, nil
}

var debugText func(in *Input, edges []edge)

// sideEvidence weighs what is no text (years, prices, kinds) by how much more
// often it agrees between good matches than by chance, in cosine per bit.
func sideEvidence(fields []*field, matches []edge) func(a, b int32) float32 {
	const perBit = .02
	var side []*field
	var w [][2]float32
	good := matches[:len(matches)/2]
	for _, f := range fields {
		if f.kind != kindCategory && f.kind != kindNumber || len(good) < 30 {
			continue
		}
		var same, both, n, top float64
		for _, e := range good {
			if x, y := f.ids[e.a], f.ids[e.b]; x != 0 && y != 0 {
				both++
				if x == y {
					same++
				}
			}
		}
		for _, c := range f.freq[1:] {
			n += float64(c)
			top += float64(c) * float64(c-1)
		}
		if both < 30 || n < 2 {
			continue
		}
		m, u := (same+.5)/(both+1), max(top/(n*(n-1)), 1e-4)
		if m <= u || u >= .999 {
			continue
		}
		side = append(side, f)
		w = append(w, [2]float32{float32(perBit * max(-4, math.Log2((1-m)/(1-u)))), float32(perBit * min(5, math.Log2(m/u)))})
	}
	return func(a, b int32) float32 {
		s := float32(0)
		for k, f := range side {
			if x, y := f.ids[a], f.ids[b]; x != 0 && y != 0 {
				s += w[k][bit(x == y)]
			}
		}
		return s
	}
}

// textThreshold chooses the cosine from which mutual best matches are taken.
// What is best one way only is chance, and chance is mutual about one time in
// three. edges run from the nearest.
func textThreshold(edges []edge, chance []float32) (float64, string) {
	slices.SortFunc(chance, func(a, b float32) int { return cmp.Compare(b, a) })
	best, at, k := math.Inf(-1), 1.0, 0
	for n, e := range edges {
		for k < len(chance) && chance[k] >= e.w {
			k++
		}
		if gain := float64(n+1) - 2*.3*float64(k); gain > best {
			best, at = gain, float64(e.w)
		}
	}
	return at, "one-sided best matches as chance"
}

// mutualShare is how many of the rows with a match of at least t are the best
// match of their best match.
func mutualShare(best []int32, cosine []float32, t float64) float64 {
	n, both := 0.0, 0.0
	for a, b := range best {
		if b >= 0 && float64(cosine[a]) >= t {
			n++
			if best[b] == int32(a) {
				both++
			}
		}
	}
	return both / max(1, n)
}

// valley is the emptiest place between the two heaps of cosines.
func valley(edges []edge) float64 {
	const bins = 40
	var h [bins + 2]float64
	for _, e := range edges {
		h[1+min(bins-1, int(e.w*bins))]++
	}
	var total, mean float64
	for i, x := range h {
		total += x
		mean += x * float64(i)
	}
	best, at, w, m := 0.0, bins/2, 0.0, 0.0
	for i := range bins {
		w += h[i+1]
		m += h[i+1] * float64(i+1)
		if w == 0 || w == total {
			continue
		}
		d := m/w - (mean-m)/(total-w)
		if s := w * (total - w) * d * d; s > best {
			best, at = s, i+1
		}
	}
	return float64(at) / bins
}
