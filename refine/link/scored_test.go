package link

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"shuniu/collect/intake/tabular"
	"shuniu/shuniutest/publicdata"
)

func openFile(t testing.TB, path string) File {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return File{Name: path, Source: &tabular.Source{Name: filepath.Base(path), Size: st.Size(), ReaderAt: f}}
}

// A scoredSet is a set with a truth that only the scorer reads.
type scoredSet struct {
	name  string
	files []string
	set   Settings
	truth func(t testing.TB, s *scoredSet) []int32
	f1, p float64 // at least
}

func readSet(t testing.TB, files []string, set Settings) *Input {
	t.Helper()
	var fs []File
	for _, f := range files {
		fs = append(fs, openFile(t, publicdata.Path(t, "link-quality/"+f)))
	}
	in, err := Read(t.Context(), fs, set)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// byColumn takes the truth from a column, cut at cut.
func byColumn(name, from, to string) func(t testing.TB, s *scoredSet) []int32 {
	return func(t testing.TB, s *scoredSet) []int32 {
		in := readSet(t, s.files, Settings{Columns: []string{name}})
		d := newDict()
		out := make([]int32, in.Rows)
		for i, v := range in.columns[0].ids {
			w := in.columns[0].words[v]
			if from != "" {
				_, w, _ = strings.Cut(w, from)
				w, _, _ = strings.Cut(w, to)
			}
			out[i] = d.add([]byte(w))
		}
		return out
	}
}

// byPairs takes the truth from a file of pairs of row numbers of two files.
func byPairs(file string) func(t testing.TB, s *scoredSet) []int32 {
	return func(t testing.TB, s *scoredSet) []int32 {
		in := readSet(t, s.files, Settings{ID: "id"})
		gt := readSet(t, []string{file}, Settings{})
		row := [2]map[string]int32{{}, {}}
		for i, id := range in.IDs {
			row[in.fileOf(i)][id] = int32(i)
		}
		f := newForest(in.Rows)
		for i := range gt.Rows {
			a, b := gt.columns[0], gt.columns[1]
			x, okx := row[0][a.words[a.ids[i]]]
			y, oky := row[1][b.words[b.ids[i]]]
			if !okx || !oky {
				t.Fatalf("truth row %d names no row", i)
			}
			f.join(x, y)
		}
		for i := range f {
			f[i] = f.find(int32(i))
		}
		return f
	}
}

var scoredSets = []scoredSet{
	{"fake_1000", []string{"er_splink/fake_1000.csv"}, Settings{}, byColumn("cluster", "", ""), .94, .97},
	{"febrl3", []string{"er_febrl/dataset3.csv"}, Settings{ID: "rec_id"}, byColumn("rec_id", "rec-", "-"), .999, .999},
	{"febrl4", []string{"er_febrl/dataset4a.csv", "er_febrl/dataset4b.csv"}, Settings{ID: "rec_id"}, byColumn("rec_id", "rec-", "-"), .999, .999},
	{"residents", []string{"er_zh_population_synth/pop30k_seed42.csv"}, Settings{ID: "uid"}, byColumn("cluster", "", ""), .988, .98},
	{"historical", []string{"er_splink/historical_figures_with_errors_50k.parquet"}, Settings{ID: "unique_id"}, byColumn("cluster", "", ""), .88, .97},
	{"products", []string{"er_pyjedai_ccer/D2/abt.csv", "er_pyjedai_ccer/D2/buy.csv"}, Settings{ID: "id"}, byPairs("er_pyjedai_ccer/D2/gt.csv"), .87, .97},
	{"publications", []string{"er_pyjedai_ccer/D4/dblp.csv", "er_pyjedai_ccer/D4/acm.csv"}, Settings{ID: "id"}, byPairs("er_pyjedai_ccer/D4/gt.csv"), .985, .98},
}

func cpuSeconds() float64 {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return float64(r.Utime.Sec+r.Stime.Sec) + float64(r.Utime.Usec+r.Stime.Usec)/1e6
}

func TestScores(t *testing.T) {
	for _, s := range scoredSets {
		t.Run(s.name, func(t *testing.T) {
			truth := s.truth(t, &s)
			if os.Getenv("LINKDEBUG") != "" {
				debugText = func(in *Input, edges []edge) {
					for _, th := range []float64{.05, .1, .15, .2, .25, .3, .35, .4, .45, .5, .55, .6, .65, .7, .8} {
						f := newForest(in.Rows)
						for _, e := range edges {
							if float64(e.w) >= th {
								f.join(e.a, e.b)
							}
						}
						for i := range f {
							f[i] = f.find(int32(i))
						}
						r := Rate(f, truth)
						t.Logf("  th %.2f P %.4f R %.4f F1 %.4f", th, r.Precision, r.Recall, r.F1)
					}
				}
				debug = func(in *Input, m *model, edges []edge, order []uint64) {
					for i, f := range m.fields {
						t.Logf("  %s %v m=%.3f w=%.1f inside %v", f.name, f.kind, m.m[i][1:f.top+1], m.w[i][1:f.top+1], f.inside)
					}
					t.Logf("implied %v prior %.1f spread %.2f edges %d swaps %d", m.implied, m.prior, m.spread, len(edges), len(m.swaps))
					var h [32]int
					for _, e := range edges {
						h[max(0, min(31, int(e.w)+12))]++
					}
					t.Logf("  hist from -12: %v", h)
					for _, th := range []float64{0, 2, 4, 6, 8, 11} {
						r := Rate(cluster(in.Rows, edges, th, order), truth)
						t.Logf("  th %.0f P %.4f R %.4f F1 %.4f", th, r.Precision, r.Recall, r.F1)
					}
				}
			}
			before := cpuSeconds()
			in := readSet(t, s.files, s.set)
			read := cpuSeconds()
			res, err := Run(t.Context(), in, s.set)
			if err != nil {
				t.Fatal(err)
			}
			r := Rate(res.Cluster, truth)
			t.Logf("%s: P %.4f R %.4f F1 %.4f, threshold %.2f (%s), %d rows, %d pairs, %d rules, CPU %.2f + %.2f s", s.name, r.Precision, r.Recall, r.F1,
				res.Threshold, res.ChosenBy, in.Rows, res.Pairs, len(res.Rules), read-before, cpuSeconds()-read)
			if os.Getenv("LINKDEBUG") != "" {
				t.Log(res.Fields, res.Keys)
				t.Log(strings.Join(res.Rules, "\n"))
			}
			if r.F1 < s.f1 || r.Precision < s.p {
				t.Errorf("F1 %.4f, want %.4f; precision %.4f, want %.4f", r.F1, s.f1, r.Precision, s.p)
			}
		})
	}
}
