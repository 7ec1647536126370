package messy

import "fmt"

// A Reading is what a reader says of one table, in the truth's terms.
type Reading struct {
	Table
	Questions int
}

// A Score is the marks of one file, ten at most: two for the number of
// tables, two for their places, two for their column names, three for their
// rows, one for what else the sheet says.
type Score struct {
	Count, Place, Names, Rows, Notes float64
	Wrong                            []string
}

// Total adds the marks.
func (s Score) Total() float64 { return s.Count + s.Place + s.Names + s.Rows + s.Notes }

// Judge marks what was read of a case.
func Judge(c Case, got []Reading) Score {
	var s Score
	say := func(format string, args ...any) {
		if len(s.Wrong) < 30 {
			s.Wrong = append(s.Wrong, fmt.Sprintf(format, args...))
		}
	}
	if len(got) == len(c.Tables) {
		s.Count = 2
	} else {
		say("%d tables, want %d", len(got), len(c.Tables))
	}
	n := float64(max(len(c.Tables), 1))
	used := make([]bool, len(got))
	for _, want := range c.Tables {
		best, bestOverlap := -1, 0
		for i, g := range got {
			if used[i] || g.Sheet != want.Sheet {
				continue
			}
			if o := overlap(g.Range, want.Range); o > bestOverlap {
				best, bestOverlap = i, o
			}
		}
		if best < 0 {
			say("table at %s!%s not found", want.Sheet, want.Range)
			continue
		}
		used[best] = true
		g := got[best]
		if g.Range == want.Range && g.HeaderRows == want.HeaderRows && g.Hidden == want.Hidden {
			s.Place += 2 / n
		} else {
			say("place %s with %d header rows, want %s with %d", g.Range, g.HeaderRows, want.Range, want.HeaderRows)
		}
		same := 0
		for i := range min(len(g.Names), len(want.Names)) {
			if g.Names[i] == want.Names[i] {
				same++
			} else {
				say("column %d is %q, want %q", i+1, g.Names[i], want.Names[i])
			}
		}
		if len(g.Names) != len(want.Names) {
			say("%d columns, want %d", len(g.Names), len(want.Names))
		}
		s.Names += 2 / n * float64(same) / float64(max(len(g.Names), len(want.Names), 1))
		right := 0
		for i := range min(len(g.Rows), len(want.Rows)) {
			if equal(g.Rows[i], want.Rows[i]) {
				right++
			} else {
				say("row %d is %q, want %q", i+1, g.Rows[i], want.Rows[i])
			}
		}
		if len(g.Rows) != len(want.Rows) {
			say("%d rows, want %d", len(g.Rows), len(want.Rows))
		}
		s.Rows += 3 / n * float64(right) / float64(max(len(g.Rows), len(want.Rows), 1))
		hit := 0
		have := map[Note]bool{}
		for _, x := range g.Notes {
			have[x] = true
		}
		for _, x := range want.Notes {
			if have[x] {
				hit++
			} else {
				say("note %s at %s missing; have %v", x.Kind, x.Place, g.Notes)
			}
		}
		if len(want.Notes) == 0 {
			s.Notes += 1 / n
		} else {
			s.Notes += 1 / n * float64(hit) / float64(len(want.Notes))
		}
	}
	return s
}

func equal(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// overlap counts the cells two ranges share.
func overlap(a, b string) int {
	var c0, c1, d0, d1 string
	var ar0, ar1, br0, br1 int
	read := func(s string, c0 *string, r0 *int, c1 *string, r1 *int) bool {
		var from, to string
		for i := range s {
			if s[i] == ':' {
				from, to = s[:i], s[i+1:]
			}
		}
		split := func(t string) (string, int) {
			i := 0
			for i < len(t) && t[i] >= 'A' {
				i++
			}
			n := 0
			if _, err := fmt.Sscan(t[i:], &n); err != nil {
				return "", 0
			}
			return t[:i], n
		}
		*c0, *r0 = split(from)
		*c1, *r1 = split(to)
		return *r0 > 0 && *r1 > 0
	}
	if !read(a, &c0, &ar0, &c1, &ar1) || !read(b, &d0, &br0, &d1, &br1) {
		return 0
	}
	col := func(s string) int {
		n := 0
		for _, r := range s {
			n = n*26 + int(r-'A') + 1
		}
		return n
	}
	w := min(col(c1), col(d1)) - max(col(c0), col(d0)) + 1
	h := min(ar1, br1) - max(ar0, br0) + 1
	return max(w, 0) * max(h, 0)
}
