package link

import (
	"cmp"
	"math"
	"slices"
)

// An edge is a pair of rows and the evidence that they belong together, in
// bits: 0 is an even chance.
type edge struct {
	a, b int32
	w    float32
}

// missing is the evidence of two rows of one component that were never
// compared: no key of theirs is the same.
const missing = -2.0

type forest []int32

func newForest(n int) forest {
	f := make(forest, n)
	for i := range f {
		f[i] = int32(i)
	}
	return f
}

func (f forest) find(x int32) int32 {
	for f[x] != x {
		f[x] = f[f[x]]
		x = f[x]
	}
	return x
}

func (f forest) join(a, b int32) {
	a, b = f.find(a), f.find(b)
	if a < b {
		f[b] = a
	} else {
		f[a] = b
	}
}

// cluster joins rows by average linkage: two clusters become one while the
// mean evidence between their rows is at least bits. order, a number per row
// made of what the row holds, decides between equals, so that the partition
// does not depend on the order of rows. It returns the first row of the
// cluster of each row.
func cluster(rows int, edges []edge, bits float64, order []uint64) []int32 {
	whole := newForest(rows)
	for _, e := range edges {
		if float64(e.w) >= bits {
			whole.join(e.a, e.b)
		}
	}
	size := make([]int32, rows)
	for i := range size {
		size[whole.find(int32(i))]++
	}
	out := newForest(rows)
	inside := map[int32][]edge{}
	for _, e := range edges {
		r := whole.find(e.a)
		if r != whole.find(e.b) {
			continue
		}
		if size[r] == 2 {
			if float64(e.w) >= bits {
				out.join(e.a, e.b)
			}
			continue
		}
		inside[r] = append(inside[r], e)
	}
	for _, es := range inside {
		averageLink(es, bits, order, out)
	}
	for i := range out {
		out[i] = out.find(int32(i))
	}
	return out
}

// A link is what stands between two clusters.
type between struct {
	sum   float64
	count float64
}

type merge struct {
	score        float64
	a, b         int32
	sizeA, sizeB int32
}

// averageLink clusters the rows of one component and joins them in out.
func averageLink(es []edge, bits float64, order []uint64, out forest) {
	local := map[int32]int32{}
	var rows []int32
	for _, e := range es {
		for _, r := range [2]int32{e.a, e.b} {
			if _, ok := local[r]; !ok {
				local[r] = 0
				rows = append(rows, r)
			}
		}
	}
	slices.SortFunc(rows, func(x, y int32) int { return cmp.Or(cmp.Compare(order[x], order[y]), cmp.Compare(x, y)) })
	for i, r := range rows {
		local[r] = int32(i)
	}
	n := len(rows)
	near := make([]map[int32]between, n)
	size := make([]int32, n)
	part := newForest(n)
	for i := range near {
		near[i], size[i] = map[int32]between{}, 1
	}
	var q queue
	for _, e := range es {
		a, b := local[e.a], local[e.b]
		if a > b {
			a, b = b, a
		}
		w := max(-10, min(20, float64(e.w)))
		near[a][b] = between{w, 1}
		near[b][a] = between{w, 1}
		if w >= bits {
			q = append(q, merge{w, a, b, 1, 1})
		}
	}
	q.order()
	for len(q) > 0 {
		m := q.pop()
		a, b := m.a, m.b
		if part[a] != a || part[b] != b || size[a] != m.sizeA || size[b] != m.sizeB {
			continue
		}
		if a > b {
			a, b = b, a
		}
		part[b] = a
		size[a] += size[b]
		delete(near[a], b)
		for c, x := range near[b] {
			if c == a {
				continue
			}
			y := near[a][c]
			z := between{x.sum + y.sum, x.count + y.count}
			near[a][c] = z
			delete(near[c], b)
			near[c][a] = z
		}
		near[b] = nil
		for c, x := range near[a] {
			t := float64(size[a]) * float64(size[c])
			if s := (x.sum + missing*(t-x.count)) / t; s >= bits {
				q.push(merge{s, min(a, c), max(a, c), size[min(a, c)], size[max(a, c)]})
			}
		}
	}
	for i := range n {
		if r := part.find(int32(i)); r != int32(i) {
			out.join(rows[i], rows[r])
		}
	}
}

// A queue yields the best merge first; between equals the one of lower rows.
type queue []merge

func (m merge) before(o merge) bool {
	if d := m.score - o.score; math.Abs(d) > 1e-9 {
		return d > 0
	}
	return m.a < o.a || m.a == o.a && m.b < o.b
}

func (q queue) order() {
	for i := len(q)/2 - 1; i >= 0; i-- {
		q.down(i)
	}
}

func (q *queue) push(m merge) {
	*q = append(*q, m)
	s := *q
	for k := len(s) - 1; k > 0; {
		p := (k - 1) / 2
		if !s[k].before(s[p]) {
			break
		}
		s[k], s[p] = s[p], s[k]
		k = p
	}
}

func (q *queue) pop() merge {
	s := *q
	top := s[0]
	s[0] = s[len(s)-1]
	*q = s[:len(s)-1]
	q.down(0)
	return top
}

func (q queue) down(k int) {
	for {
		c := 2*k + 1
		if c >= len(q) {
			return
		}
		if c+1 < len(q) && q[c+1].before(q[c]) {
			c++
		}
		if !q[c].before(q[k]) {
			return
		}
		q[k], q[c] = q[c], q[k]
		k = c
	}
}
