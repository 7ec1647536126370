package link

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestClusterKeepsItsPartition: the order of rows and of edges does not change
// who belongs together.
func TestClusterKeepsItsPartition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 24).Draw(t, "rows")
		seed := rapid.Uint64().Draw(t, "seed")
		r := rand.New(rand.NewPCG(seed, 1))
		var edges []edge
		for a := range n {
			for b := a + 1; b < n; b++ {
				if r.IntN(3) == 0 {
					edges = append(edges, edge{int32(a), int32(b), float32(r.IntN(40) - 15)})
				}
			}
		}
		order := make([]uint64, n)
		for i := range order {
			order[i] = uint64(i)*mixA + seed
		}
		want := cluster(n, edges, 1, order)
		to := r.Perm(n)
		moved := make([]edge, len(edges))
		for i, k := range r.Perm(len(edges)) {
			e := edges[k]
			moved[i] = edge{int32(to[e.b]), int32(to[e.a]), e.w}
		}
		movedOrder := make([]uint64, n)
		for i, o := range order {
			movedOrder[to[i]] = o
		}
		got := cluster(n, moved, 1, movedOrder)
		for a := range n {
			for b := range n {
				if (want[a] == want[b]) != (got[to[a]] == got[to[b]]) {
					t.Fatalf("rows %d and %d: together %v, after a shuffle %v", a, b, want[a] == want[b], got[to[a]] == got[to[b]])
				}
			}
		}
	})
}

func readText(t testing.TB, set Settings, texts ...string) (*Input, error) {
	t.Helper()
	var files []File
	for i, s := range texts {
		path := filepath.Join(t.TempDir(), "in.csv")
		if err := os.WriteFile(path, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
		f := openFile(t, path)
		f.Name = string(rune('a' + i))
		files = append(files, f)
	}
	return Read(t.Context(), files, set)
}

// TestLittle links sets too small to learn from.
func TestLittle(t *testing.T) {
	in, err := readText(t, Settings{}, "name,phone\n张三,13812345678\n张三,13812345678\n李四,13987654321\n")
	if err != nil {
		t.Fatal(err)
	}
	res, err := Run(t.Context(), in, Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Cluster) != 3 || res.Cluster[0] == res.Cluster[2] || res.Cluster[0] != res.Cluster[1] {
		t.Errorf("clusters %v, want the first two together", res.Cluster)
	}
	if got := in.RowID(1); got != "a:2" {
		t.Errorf("row id %q, want a:2", got)
	}
}

// TestSettingsAreChecked refuses what names nothing.
func TestSettingsAreChecked(t *testing.T) {
	for _, y := range []string{"idd: x", "kinds: {a: colour}", "model: deep", "id: [1"} {
		if _, err := ParseSettings([]byte(y)); err == nil {
			t.Errorf("settings %q were taken", y)
		}
	}
	set, err := ParseSettings([]byte("id: nobody\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := readText(t, set, "a,b\n1,x\n2,y\n"); err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("id column that is not there: %v", err)
	}
}

// BenchmarkLink links 30,000 made residents.
func BenchmarkLink(b *testing.B) {
	files := []string{"er_zh_population_synth/pop30k_seed42.csv"}
	for b.Loop() {
		in := readSet(b, files, Settings{ID: "uid"})
		if _, err := Run(b.Context(), in, Settings{}); err != nil {
			b.Fatal(err)
		}
	}
}
