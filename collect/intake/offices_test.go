package intake_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shuniu/collect/intake"
	"shuniu/collect/intake/charset"
	"shuniu/collect/intake/tabular"
)

// TestOffices reads small imitations of what offices of several countries
// publish. Each file under testdata/offices states what must come out: the
// columns, rows and first row of its first table, and kinds of notes.
func TestOffices(t *testing.T) {
	paths, err := filepath.Glob("testdata/offices/*.txt")
	if err != nil || len(paths) < 20 {
		t.Fatalf("%d files, %v", len(paths), err)
	}
	for _, p := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(p), ".txt"), func(t *testing.T) {
			raw, err := os.ReadFile(p)
			if err != nil {
				t.Fatal(err)
			}
			head, body, ok := strings.Cut(string(raw), "\n---\n")
			if !ok {
				t.Fatal("no --- line")
			}
			want := map[string]string{}
			for line := range strings.SplitSeq(head, "\n") {
				k, v, _ := strings.Cut(line, ": ")
				want[k] = v
			}
			checkOffice(t, want, body)
		})
	}
}

func checkOffice(t *testing.T, want map[string]string, body string) {
	t.Helper()
	var data []byte
	if want["encoding"] == "utf-8-bom" {
		data = append([]byte("\xef\xbb\xbf"), body...)
	} else {
		var ok bool
		if data, ok = charset.Encode(want["encoding"], []byte(body)); !ok {
			t.Fatalf("does not encode as %s", want["encoding"])
		}
	}
	checkBytes(t, want, data)
}

func checkBytes(t *testing.T, want map[string]string, data []byte) {
	t.Helper()
	src := &tabular.Source{Name: "数据.csv", Size: int64(len(data)), ReaderAt: bytes.NewReader(data)}
	rep, err := intake.Inspect(t.Context(), src, intake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if rep.Refused != nil {
		t.Fatalf("refused: %+v", rep.Refused)
	}
	tables := 1
	if v, ok := want["tables"]; ok {
		if tables, err = strconv.Atoi(v); err != nil {
			t.Fatal(err)
		}
	}
	if len(rep.Tables) != tables {
		t.Fatalf("%d tables, want %d: %+v", len(rep.Tables), tables, rep.Tables)
	}
	tab := rep.Tables[0]
	if tab.Encoding != want["encoding"] {
		t.Errorf("encoding %s, want %s", tab.Encoding, want["encoding"])
	}
	names := make([]string, len(tab.Columns))
	for i, c := range tab.Columns {
		names[i] = c.Name
	}
	if diff := cmp.Diff(strings.Split(want["columns"], "|"), names); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
	if got := strconv.FormatInt(tab.Rows, 10); got != want["rows"] {
		t.Errorf("%s rows, want %s; notes %+v, rejected %+v", got, want["rows"], tab.Notes, tab.Rejected)
	}
	if v, ok := want["header_rows"]; ok && v != strconv.Itoa(tab.HeaderRows) {
		t.Errorf("%d header rows, want %s", tab.HeaderRows, v)
	}
	if v, ok := want["types"]; ok {
		var types []string
		for _, c := range tab.Columns {
			types = append(types, string(c.Type))
		}
		if got := strings.Join(types, "|"); got != v {
			t.Errorf("types %s, want %s", got, v)
		}
	}
	kinds := map[string]bool{}
	for _, n := range tab.Notes {
		kinds[n.Kind] = true
	}
	if v, ok := want["notes"]; ok {
		for k := range strings.SplitSeq(v, ",") {
			if !kinds[k] {
				t.Errorf("no %s among the notes %+v", k, tab.Notes)
			}
		}
	}
	if want["questions"] != "" && len(tab.Questions) == 0 {
		t.Error("nothing is asked")
	}
	if want["rejected_or_question"] != "" && len(tab.Rejected) == 0 && len(tab.Questions) == 0 {
		t.Error("broken lines are neither rejected nor asked about")
	}
	var out bytes.Buffer
	if err := intake.WriteCSV(context.Background(), src, intake.Options{}, 1, &out); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(lines) < 2 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	if diff := cmp.Diff(strings.Split(want["first"], "|"), lines[1]); diff != "" {
		t.Errorf("first row (-want +got):\n%s", diff)
	}
}
