package delimited

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shuniu/collect/intake/tabular"
	"shuniu/shuniutest/publicdata"
)

func source(name string, b []byte) *tabular.Source {
	return &tabular.Source{Name: name, Size: int64(len(b)), ReaderAt: bytes.NewReader(b)}
}

// table is a found table with its rows.
type table struct {
	tabular.Found
	rows    [][]string
	origin  []int64
	rejects []tabular.Reject
	tally   tabular.Tally
}

func read(t testing.TB, name string, b []byte) []table {
	t.Helper()
	found, err := Find(context.Background(), source(name, b), tabular.Options{})
	if err != nil {
		if _, ok := err.(*tabular.Refusal); ok { //nolint:errorlint // Find returns it bare
			return nil
		}
		t.Fatalf("%s: %v", name, err)
	}
	return readAll(t, found)
}

func readAll(t testing.TB, found []tabular.Found) []table {
	t.Helper()
	var out []table
	for _, f := range found {
		x := table{Found: f}
		tally, err := f.Read(context.Background(), func(b *tabular.Batch) error {
			for i := range b.Rows {
				row := make([]string, len(b.Columns))
				for c := range b.Columns {
					v, _ := b.Columns[c].At(i)
					row[c] = string(v)
				}
				x.rows = append(x.rows, row)
			}
			x.origin = append(x.origin, b.Origin...)
			return nil
		}, func(r tabular.Reject) error {
			x.rejects = append(x.rejects, r)
			return nil
		})
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		x.tally = tally
		if !tally.Balanced() || tally.Rows != int64(len(x.rows)) || tally.Rejected != int64(len(x.rejects)) {
			t.Errorf("%s: tally %+v of %d rows and %d rejects", f.Name, tally, len(x.rows), len(x.rejects))
		}
		out = append(out, x)
	}
	return out
}

// pollock is the benchmark's ten measures of one file: success, and precision,
// recall and F1 of header, records and cells, as multisets.
// Source: Vitagliano et al., "Pollock: A Data Loading Benchmark", VLDB 2023.
func pollock(want [][]string, headerLines int, header []string, rows [][]string) float64 {
	var wantHeader []string
	if headerLines > 0 && len(want) > 0 {
		wantHeader, want = want[0], want[1:]
	}
	score := 1.0
	if headerLines == 0 {
		if header == nil {
			score += 3
		}
	} else {
		score += overlap(wantHeader, header)
	}
	join := func(rows [][]string) (records, cells []string) {
		for _, r := range rows {
			var b strings.Builder
			for _, c := range r {
				if c == "" {
					c = "null"
				}
				b.WriteString(c)
			}
			records = append(records, b.String())
			cells = append(cells, r...)
		}
		return records, cells
	}
	wr, wc := join(want)
	gr, gc := join(rows)
	return score + overlap(wr, gr) + overlap(wc, gc)
}

// overlap is precision + recall + F1 of two multisets.
func overlap(want, got []string) float64 {
	if len(want) == 0 {
		if len(got) == 0 {
			return 3
		}
		return 0
	}
	counts := map[string]int{}
	for _, w := range want {
		counts[w]++
	}
	both := 0.0
	for _, g := range got {
		if counts[g] > 0 {
			counts[g]--
			both++
		}
	}
	if both == 0 {
		return 0
	}
	p, r := both/float64(len(got)), both/float64(len(want))
	return p + r + 2*p*r/(p+r)
}

func TestPollock(t *testing.T) {
	dir := filepath.Join(publicdata.Path(t), "link-quality", "csv_pollock")
	weights := map[string]float64{}
	b, err := os.ReadFile(filepath.Join(dir, "pollock_weights.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &weights); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "csv", "*.csv"))
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	simple, weighted, sum := 0.0, 0.0, 0.0
	for _, f := range files {
		name := filepath.Base(f)
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		clean, err := os.ReadFile(filepath.Join(dir, "clean", name))
		if err != nil {
			t.Fatal(err)
		}
		want, err := csv.NewReader(bytes.NewReader(clean)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		var param struct {
			HeaderLines int `json:"header_lines"`
		}
		b, err := os.ReadFile(filepath.Join(dir, "parameters", name+"_parameters.json"))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, &param); err != nil {
			t.Fatal(err)
		}
		var header []string
		var rows [][]string
		if param.HeaderLines > 1 {
			// the benchmark joins levels with a blank and says equal ones
			// again, the house says them once
			for i, h := range want[0] {
				want[0][i] = strings.Join(slices.Compact(strings.Fields(h)), " ")
			}
		}
		if tables := read(t, name, data); len(tables) > 0 {
			rows = tables[0].rows
			if tables[0].HeaderRows > 0 {
				for _, h := range tables[0].Heads {
					header = append(header, h.Name)
				}
			}
		}
		s := pollock(want, param.HeaderLines, header, rows)
		if s < 9.9 {
			t.Logf("%s: %.3f (%d rows, want %d, header %q)", name, s, len(rows), len(want), header)
		}
		w := weights[name]
		simple, weighted, sum = simple+s, weighted+w*s, sum+w
	}
	simple, weighted = simple/float64(len(files)), weighted/sum
	t.Logf("Pollock: simple %.3f, weighted %.3f", simple, weighted)
	if simple < 9.85 || weighted < 9.6 {
		t.Errorf("simple %.3f, want 9.85; weighted %.3f, want 9.6", simple, weighted)
	}
}
