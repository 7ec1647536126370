package link

// A Score compares a partition with the truth by pairs of rows.
type Score struct {
	Precision, Recall, F1 float64
}

// Rate scores the clusters of rows against their true clusters: over all pairs
// of rows that either puts together.
func Rate(cluster, truth []int32) Score {
	type cell struct{ c, t int32 }
	ours, theirs, both := map[int32]int64{}, map[int32]int64{}, map[cell]int64{}
	for i := range cluster {
		ours[cluster[i]]++
		theirs[truth[i]]++
		both[cell{cluster[i], truth[i]}]++
	}
	a, b, c := pairsOf(ours), pairsOf(theirs), pairsOf(both)
	var s Score
	if a > 0 {
		s.Precision = c / a
	}
	if b > 0 {
		s.Recall = c / b
	}
	if a+b > 0 {
		s.F1 = 2 * c / (a + b)
	}
	return s
}

func pairsOf[K comparable](m map[K]int64) float64 {
	n := 0.0
	for _, k := range m {
		n += float64(k) * float64(k-1) / 2
	}
	return n
}
