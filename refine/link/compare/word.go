package compare

// JaroWinkler is the Jaro-Winkler similarity of two words, 0 to 1; letters
// after the 64th are not looked at. Source: Winkler (1990), prefix weight .1,
// at most 4 letters.
func JaroWinkler(a, b []rune) float64 {
	if len(a) > 64 {
		a = a[:64]
	}
	if len(b) > 64 {
		b = b[:64]
	}
	la, lb := len(a), len(b)
	if la == 0 || lb == 0 {
		return 0
	}
	if la > lb { // one direction only: the greedy matching is not symmetric
		a, b, la, lb = b, a, lb, la
	}
	if la == lb && less(b, a) {
		a, b = b, a
	}
	window := max(max(la, lb)/2-1, 0)
	var inA, inB uint64
	m := 0
	for i := range la {
		for j := max(0, i-window); j < min(lb, i+window+1); j++ {
			if inB&(1<<j) == 0 && a[i] == b[j] {
				inA |= 1 << i
				inB |= 1 << j
				m++
				break
			}
		}
	}
	if m == 0 {
		return 0
	}
	swaps, j := 0, 0
	for i := range la {
		if inA&(1<<i) == 0 {
			continue
		}
		for inB&(1<<j) == 0 {
			j++
		}
		if a[i] != b[j] {
			swaps++
		}
		j++
	}
	fm := float64(m)
	s := (fm/float64(la) + fm/float64(lb) + (fm-float64(swaps/2))/fm) / 3
	p := 0
	for p < min(4, la, lb) && a[p] == b[p] {
		p++
	}
	return s + float64(p)*.1*(1-s)
}

func less(a, b []rune) bool {
	for i := range a {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}

// Far is what Edits returns when two values are further apart than its bound.
const Far = 99

// maxEdits is the longest value Edits looks at.
const maxEdits = 62

// Edits counts insertions, deletions, replacements and swaps of neighbours
// that turn a into b (optimal string alignment), Far when more than bound.
func Edits[T byte | rune](a, b []T, bound int) int {
	la, lb := len(a), len(b)
	if la-lb > bound || lb-la > bound || la > maxEdits || lb > maxEdits {
		return Far
	}
	var d [3][maxEdits + 2]uint8
	for j := range lb + 1 {
		d[1][j] = uint8(j)
	}
	before, last, now := 0, 1, 2
	for i := 1; i <= la; i++ {
		d[now][0] = uint8(i)
		best := uint8(i)
		for j := 1; j <= lb; j++ {
			x := uint8(1)
			if a[i-1] == b[j-1] {
				x = 0
			}
			v := min(d[last][j]+1, d[now][j-1]+1, d[last][j-1]+x)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				v = min(v, d[before][j-2]+1)
			}
			d[now][j] = v
			best = min(best, v)
		}
		if int(best) > bound {
			return Far
		}
		before, last, now = last, now, before
	}
	if int(d[last][lb]) > bound {
		return Far
	}
	return int(d[last][lb])
}
