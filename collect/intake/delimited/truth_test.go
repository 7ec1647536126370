package delimited

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shuniu/shuniutest/publicdata"
)

// The dialects of 221 files of the W3C, as annotated by hand.
func TestW3C(t *testing.T) {
	dir := filepath.Join(publicdata.Path(t), "link-quality", "csv_sniffer")
	b, err := os.ReadFile(filepath.Join(dir, "ground truth", "W3C-CSVW-dialect_annotations.txt"))
	if err != nil {
		t.Fatal(err)
	}
	delims := map[string]string{"comma": ",", "tab": "\t", "space": " ", "semicolon": ";", "vslash": "|"}
	right, total := 0, 0
	for line := range strings.Lines(string(b)) {
		f := strings.Split(strings.TrimSpace(line), "|")
		if len(f) < 6 || delims[f[2]] == "" {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, "W3C-CSVW", f[0]))
		if err != nil {
			continue
		}
		tables := read(t, f[0], data)
		total++
		got := ","
		if len(tables) > 0 && tables[0].Dialect != nil && len(tables[0].Heads) > 1 {
			got = tables[0].Dialect.Delimiter
		}
		if got == delims[f[2]] {
			right++
			continue
		}
		t.Logf("%s: %q, want %q", f[0], got, delims[f[2]])
	}
	t.Logf("W3C: %d of %d", right, total)
	if total < 150 || right*1000 < total*990 {
		t.Errorf("%d of %d delimiters right, want 99 %%", right, total)
	}
}

// Twelve small files with the rows they mean.
func TestSpectrum(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(publicdata.Path(t), "link-quality", "csv_spectrum", "*.csv"))
	if err != nil || len(files) < 10 {
		t.Fatal(err, len(files))
	}
	for _, f := range files {
		if filepath.Base(f) == "location_coordinates.csv" {
			continue // its JSON holds another row than the file
		}
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(strings.TrimSuffix(f, ".csv") + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var want []map[string]any
		if b[0] == '{' {
			b = append(append([]byte("["), b...), ']')
		}
		if err := json.Unmarshal(b, &want); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		tables := read(t, filepath.Base(f), data)
		if len(tables) != 1 || len(tables[0].rows) != len(want) {
			t.Errorf("%s: %d tables, want one of %d rows: %+v", filepath.Base(f), len(tables), len(want), tables)
			continue
		}
		for i, row := range tables[0].rows {
			for k, h := range tables[0].Heads {
				w, _ := want[i][h.Name].(string)
				if w = strings.ReplaceAll(w, "\r\n", "\n"); strings.ReplaceAll(row[k], "\r\n", "\n") != w {
					t.Errorf("%s: row %d %s is %q, want %q", filepath.Base(f), i, h.Name, row[k], w)
				}
			}
		}
	}
}
