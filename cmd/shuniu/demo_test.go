package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"shuniu/demo/views"
)

// runCommand executes a command in this process and returns what it printed.
func runCommand(t *testing.T, want int, args ...string) []byte {
	t.Helper()
	var out, errOut bytes.Buffer
	if got := execute(args, &out, &errOut); got != want {
		t.Fatalf("shuniu %s: exit %d, want %d\n%s%s", strings.Join(args, " "), got, want, out.String(), errOut.String())
	}
	return out.Bytes()
}

// The city comes in through the real doors: every file is understood as what it
// is, and every row that the truth counts lands.
func TestTheCityLands(t *testing.T) {
	dir := t.TempDir()
	out, data := filepath.Join(dir, "city"), filepath.Join(dir, "data")
	runCommand(t, exitDone, "demo", "--residents", "10000", "--seed", "1", "--out", out)
	runCommand(t, exitRefused, "demo", "--residents", "10000", "--seed", "2", "--out", out)
	runCommand(t, exitUsage, "demo", "--residents", "10", "--out", filepath.Join(dir, "small"))

	files, err := views.ReadFiles(filepath.Join(out, "truth"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		var seen struct {
			Format, Encoding string
			Tables           []struct {
				Rows     int
				Rejected []any
			}
		}
		if err := json.Unmarshal(runCommand(t, exitDone, "inspect", filepath.Join(out, f.File), "--json"), &seen); err != nil {
			t.Fatal(err)
		}
		if seen.Format != f.Format || seen.Encoding != f.Encoding || len(seen.Tables) != 1 || seen.Tables[0].Rows != f.Rows || len(seen.Tables[0].Rejected) > 0 {
			t.Errorf("%s: %+v, truth says %+v", f.File, seen, f)
		}
	}

	args := []string{"--data", data, "collect", "--json"}
	entries, err := os.ReadDir(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "truth" {
			args = append(args, filepath.Join(out, e.Name()))
		}
	}
	var got answer
	if err := json.Unmarshal(runCommand(t, exitDone, args...), &got); err != nil {
		t.Fatal(err)
	}
	landed := map[string]int64{}
	var register string
	for _, r := range got.Receipts {
		name, err := filepath.Rel(out, r.File)
		if err != nil || r.Status != statusLanded || r.RowsQuarantined != 0 {
			t.Errorf("%s: %s, %d rows put aside: %s", r.File, r.Status, r.RowsQuarantined, r.Reason)
		}
		landed[filepath.ToSlash(name)] += r.RowsLanded
		if strings.Contains(r.File, "城镇职工参保登记") {
			register = r.SQL
		}
	}
	if len(landed) != len(files) {
		t.Errorf("%d files landed, %d written", len(landed), len(files))
	}
	for _, f := range files {
		if landed[f.File] != int64(f.Rows) {
			t.Errorf("%s: %d rows landed, truth says %d", f.File, landed[f.File], f.Rows)
		}
	}
	checkSpoiled(t, data, register, filepath.Join(out, "truth"))
}

// checkSpoiled holds the landed values of the employment register against the
// truth: every spoiled value stands in its row as it was written.
func checkSpoiled(t *testing.T, data, table, truth string) {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(runCommand(t, exitDone, "--data", data, "query", "SELECT * FROM "+table+" AS t ORDER BY t._row", "--format", "csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]int{}
	for i, name := range rows[0] {
		at[name] = i
	}
	checked := 0
	if err := views.ReadTruth(truth, "dirt.csv", func(f []string) error {
		if !strings.Contains(f[1], "城镇职工参保登记") || f[3] == "" {
			return nil
		}
		n, err := strconv.Atoi(f[2])
		if err != nil {
			return err
		}
		checked++
		if got := rows[n][at[f[3]]]; got != strings.TrimSpace(f[6]) && got != f[6] {
			t.Errorf("row %d %s: landed %q, written %q (%s)", n, f[3], got, f[6], f[4])
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if checked < 200 {
		t.Errorf("%d spoiled values checked", checked)
	}
}
