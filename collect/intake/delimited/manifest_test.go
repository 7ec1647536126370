package delimited_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"shuniu/collect/intake/delimited"
	"shuniu/collect/intake/tabular"
	"shuniu/shuniutest/publicdata"
)

// TestManifest reads every text file whose records the manifest of the shared
// data states: one table, all of its records. Prose has no tables.
func TestManifest(t *testing.T) {
	root := publicdata.Path(t)
	raw, err := os.ReadFile(filepath.Join(root, "MANIFEST.md"))
	if err != nil {
		t.Fatal(err)
	}
	// | 上海_1979.csv | 7,202 | utf-8 | 21 records (incl. header) x 10 | …
	line := regexp.MustCompile(`^\| (\S[^|]*\.(?:csv|tsv|txt)) \| [\d,]+ \| ([^|]+) \| ([\d,]+) records \(incl\. header\) x (\d+) \|`)
	section := ""
	n := 0
	// Where the manifest counted otherwise: a file without a header, a note at
	// the end. A lone record of empty values between rows (cpca_addr.csv has
	// 222 lines of one comma) is a row: its sender wrote it, nothing ends there.
	special := map[string]int{"56_nations.csv": 56, "top50char.year.csv": 50}
	for l := range strings.SplitSeq(string(raw), "\n") {
		if s, ok := strings.CutPrefix(l, "## "); ok {
			section = s
		}
		m := line.FindStringSubmatch(l)
		if m == nil || strings.HasPrefix(section, "11-macro") {
			continue
		}
		path := filepath.Join(root, section, m[1])
		if _, err := os.Stat(path); err != nil {
			continue
		}
		n++
		t.Run(section+"/"+m[1], func(t *testing.T) {
			records, _ := strconv.Atoi(strings.ReplaceAll(m[3], ",", ""))
			want := records - 1
			if v, ok := special[m[1]]; ok {
				want = v
			}
			found := find(t, path)
			if len(found) != 1 {
				t.Fatalf("%d tables, want 1", len(found))
			}
			if got, _ := strconv.Atoi(m[4]); got != len(found[0].Heads) {
				t.Errorf("%d columns, want %d", len(found[0].Heads), got)
			}
			rejected := 0
			tally, err := found[0].Read(t.Context(), func(*tabular.Batch) error { return nil }, func(tabular.Reject) error { rejected++; return nil })
			if err != nil {
				t.Fatal(err)
			}
			if int(tally.Rows)+rejected != want {
				t.Errorf("%d rows + %d rejected, want %d together; %d notes", tally.Rows, rejected, want, tally.Notes)
			}
		})
	}
	if n < 60 {
		t.Errorf("only %d files of the manifest were read", n)
	}
	t.Run("words and tags, a blank line between sentences", func(t *testing.T) {
		if found := find(t, filepath.Join(root, "12-addresses/ccks2021_train_bio.txt")); len(found) != 1 || len(found[0].Heads) != 2 {
			t.Errorf("%d tables, want 1 of 2 columns", len(found))
		}
	})
	prose, err := filepath.Glob(filepath.Join(root, "*", "LICENSE*"))
	if err != nil || len(prose) < 10 {
		t.Fatalf("%d licences, %v", len(prose), err)
	}
	for _, p := range prose {
		if found := find(t, p); len(found) > 0 {
			t.Errorf("%s is prose, and %d tables were found in it", filepath.Base(p), len(found))
		}
	}
}

func find(t *testing.T, path string) []tabular.Found {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	src := &tabular.Source{Name: filepath.Base(path), Size: int64(len(raw)), ReaderAt: bytes.NewReader(raw)}
	found, err := delimited.Find(t.Context(), src, tabular.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
