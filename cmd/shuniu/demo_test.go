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

	"shuniu/demo/score"
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
	checkScore(t, data, out)
}

// scores runs demo score and returns the values by name.
func scores(t *testing.T, data, truth string) map[string]float64 {
	t.Helper()
	var got struct{ Measures []score.Measure }
	if err := json.Unmarshal(runCommand(t, exitDone, "--data", data, "demo", "score", "--truth", truth, "--json"), &got); err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, m := range got.Measures {
		if m.Count == 0 {
			t.Errorf("%s was computed from nothing", m.Name)
		}
		out[m.Name] = m.Value
	}
	return out
}

// checkScore scores what landed, then against a truth that was tampered with:
// each measure must fall that the tampering touches.
func checkScore(t *testing.T, data, out string) {
	t.Helper()
	whole := scores(t, data, out)
	for name, least := range map[string]float64{
		"rows_landed": 1, "files_landed_whole": 1, "spoiled_values_as_written": 1, "rows_landed.scjg": 1,
		"identifiers.citizen_id.precision": .99, "identifiers.citizen_id.recall.wrong_check": .99, "identifiers.citizen_id.mended.old_id": .99,
		"identifiers.uscc.recall.wrong_check": .99, "identifiers.phone.mended.full_width": .99,
		"linkage.persons.f1": .99, "linkage.persons_without_numbers.f1": .9, "linkage.firms.f1": .9,
	} {
		if v, ok := whole[name]; !ok || v < least {
			t.Errorf("%s is %v (computed: %v), want at least %v", name, v, ok, least)
		}
	}

	truth := filepath.Join(out, "truth")
	tamper := func(name string, change func(string) string) {
		path := filepath.Join(truth, name)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(change(string(b))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tamper("dirt.csv", func(s string) string { head, _, _ := strings.Cut(s, "\n"); return head + "\n" })
	tamper("entity_map.csv", func(s string) string { return strings.ReplaceAll(s, ",本人,P1", ",本人,P2") })
	tamper("files.csv", func(s string) string { return strings.Replace(s, "csv,gb18030,897,", "csv,gb18030,1794,", 1) })
	got := scores(t, data, out)
	if v := got["identifiers.citizen_id.precision"]; v != 0 {
		t.Errorf("precision %v with a truth without dirt", v)
	}
	if _, ok := got["identifiers.citizen_id.recall.wrong_check"]; ok {
		t.Error("a recall of nothing")
	}
	if got["linkage.persons.f1"] >= whole["linkage.persons.f1"] {
		t.Errorf("linkage %v with wrong entities, %v with right ones", got["linkage.persons.f1"], whole["linkage.persons.f1"])
	}
	if got["rows_landed.scjg"] >= 1 || got["files_landed_whole"] >= 1 {
		t.Errorf("rows %v, files %v with a file that has fewer rows than it should", got["rows_landed.scjg"], got["files_landed_whole"])
	}
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
