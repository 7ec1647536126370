package views

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"shuniu/demo/city"
)

// digests of every file below dir.
func digests(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		out[name] = fmt.Sprintf("%x", sha256.Sum256(b))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSameBytesOnAnyNumberOfThreads(t *testing.T) {
	c := city.New(6000, 42)
	var want map[string]string
	for _, threads := range []int{1, 7} {
		before := runtime.GOMAXPROCS(threads)
		dir := t.TempDir()
		_, err := Write(t.Context(), c, dir, threads)
		runtime.GOMAXPROCS(before)
		if err != nil {
			t.Fatal(err)
		}
		got := digests(t, dir)
		if want == nil {
			want = got
			if len(got) < 38 {
				t.Errorf("%d files", len(got))
			}
			continue
		}
		if len(got) != len(want) {
			t.Errorf("%d files, want %d", len(got), len(want))
		}
		for name, sum := range want {
			if got[name] != sum {
				t.Errorf("%s differs with %d threads", name, threads)
			}
		}
	}
	dir := t.TempDir()
	if _, err := Write(t.Context(), city.New(6000, 43), dir, 2); err != nil {
		t.Fatal(err)
	}
	for name, sum := range digests(t, dir) {
		switch filepath.Base(name) {
		case "source_of_right.csv", "fields.csv", "街镇示意范围（虚构数据）.geojson":
			continue // hold nothing made up
		}
		if want[name] == sum {
			t.Errorf("%s is the same with another seed", name)
		}
	}
}

// A view added at the end changes no byte of a file before it, and of the truth
// only what follows.
func TestALaterViewChangesNothingBefore(t *testing.T) {
	c := city.New(2000, 7)
	few, many := t.TempDir(), t.TempDir()
	n := len(all()) - 3
	if _, err := write(t.Context(), c, few, 2, all()[:n]); err != nil {
		t.Fatal(err)
	}
	if _, err := write(t.Context(), c, many, 2, all()); err != nil {
		t.Fatal(err)
	}
	after := digests(t, many)
	for name, sum := range digests(t, few) {
		if !strings.HasPrefix(name, "truth/") {
			if after[name] != sum {
				t.Errorf("%s changed", name)
			}
			continue
		}
		a, err := os.ReadFile(filepath.Join(few, name))
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(many, name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(b, a) {
			t.Errorf("%s does not begin as it did", name)
		}
	}
}

// The truth says what is in the files: every spoiled value of the register of
// people is found where the truth says, and every value that differs from the
// city has its row of truth.
func TestTruthIsWhatIsWritten(t *testing.T) {
	c, dir := city.New(9000, 11), t.TempDir()
	if _, err := write(t.Context(), c, dir, 2, []*view{&population}); err != nil {
		t.Fatal(err)
	}
	files, err := ReadFiles(filepath.Join(dir, "truth"))
	if err != nil || len(files) != 2 { // the map is the first
		t.Fatalf("%v, %d files", err, len(files))
	}
	if files = files[1:]; len(files) != 1 {
		t.Fatalf("%v, %d files", err, len(files))
	}
	raw, err := os.ReadFile(filepath.Join(dir, files[0].File))
	if err != nil {
		t.Fatal(err)
	}
	text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(raw)
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "\r\n") // the title
	rows, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	head, rows := rows[0], rows[1:]
	if len(rows) != files[0].Rows {
		t.Fatalf("%d rows, truth says %d", len(rows), files[0].Rows)
	}
	at := map[string]int{}
	for i, name := range head {
		at[name] = i
	}
	spoiled := map[string]bool{}
	must(t, ReadTruth(filepath.Join(dir, "truth"), "dirt.csv", func(f []string) error {
		n, err := strconv.Atoi(f[2])
		if err != nil || f[4] == string(testData) {
			return err
		}
		spoiled[f[2]+"/"+f[3]] = true
		if got := rows[n-1][at[f[3]]]; got != f[6] || f[5] == f[6] && f[4] != string(copied) {
			t.Errorf("row %d %s: %q, truth says %q for %q (%s)", n, f[3], got, f[6], f[5], f[4])
		}
		return nil
	}))
	people := map[string]*city.Person{}
	for p := range c.Everyone() {
		people["P"+utoa(uint64(p.ID))] = p
	}
	checked := 0
	must(t, ReadTruth(filepath.Join(dir, "truth"), "entity_map.csv", func(f []string) error {
		p := people[f[4]]
		if f[3] != "本人" {
			return nil
		}
		n, err := strconv.Atoi(f[2])
		if err != nil {
			return err
		}
		home := c.Dwelling(p.Dwelling)
		for name, want := range map[string]string{"姓名": p.Name, "公民身份号码": p.Citizen, "出生日期": p.Born.Digits(), "联系电话": p.Phone, "现住址": home.Address()} {
			checked++
			if got := rows[n-1][at[name]]; got != want && !spoiled[f[2]+"/"+name] {
				t.Errorf("row %d %s: %q, the city has %q and the truth no dirt", n, name, got, want)
			}
		}
		return nil
	}))
	if checked < 5*9000 || len(spoiled) < 500 {
		t.Errorf("%d values checked, %d spoiled", checked, len(spoiled))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Every kind of the catalogue has its rows of truth, and every department files.
func TestEveryKindOfDirt(t *testing.T) {
	dir := t.TempDir()
	sum, err := Write(t.Context(), city.New(10_000, 1), dir, 2)
	must(t, err)
	if sum.Departments < 12 || sum.Departments != len(Departments()) {
		t.Errorf("%d departments", sum.Departments)
	}
	kinds := map[string]int{}
	must(t, ReadTruth(filepath.Join(dir, "truth"), "dirt.csv", func(f []string) error { kinds[f[4]]++; return nil }))
	for d := range falls {
		if kinds[string(d)] == 0 {
			t.Errorf("no %s", d)
		}
	}
	if kinds["schema_drift"] == 0 {
		t.Error("no schema_drift")
	}
	formats := map[string]bool{}
	files, err := ReadFiles(filepath.Join(dir, "truth"))
	must(t, err)
	for _, f := range files {
		formats[f.Format+" "+f.Encoding] = true
		if f.Rows == 0 || !strings.Contains(f.File, Synthetic) {
			t.Errorf("%s: %d rows", f.File, f.Rows)
		}
	}
	if len(formats) < 13 {
		t.Errorf("%d pairs of format and encoding: %v", len(formats), formats)
	}
	twins := 0
	must(t, ReadTruth(filepath.Join(dir, "truth"), "duplicates.csv", func([]string) error { twins++; return nil }))
	if twins < 100 {
		t.Errorf("%d duplicates", twins)
	}
}

// Big deliveries are parted, and no part is larger than its format bears.
func TestPartedFiles(t *testing.T) {
	small := disabled
	small.layout.maxRows = 50
	dir := t.TempDir()
	must2 := func(s Summary, err error) Summary { must(t, err); return s }
	sum := must2(write(t.Context(), city.New(8000, 3), dir, 1, []*view{&small}))
	if sum.Files < 6 {
		t.Errorf("%d files", sum.Files)
	}
	files, err := ReadFiles(filepath.Join(dir, "truth"))
	must(t, err)
	for _, f := range files {
		if f.Format != "geojson" && f.Rows > 50 || f.Rows == 0 {
			t.Errorf("%s: %d rows", f.File, f.Rows)
		}
	}
}

// A call that is given up ends within a view, not behind it.
func TestGivenUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	rows := 0
	v := view{
		department: "gaj", title: "x", layout: csvUTF8, files: []issue{{name: "x"}}, columns: []column{{name: "a", kind: key}},
		rows: func(e *emitter) error {
			for {
				if rows++; rows == 5000 {
					cancel()
				}
				if err := e.put(0, &line{values: []string{"1"}}); err != nil {
					return err
				}
			}
		},
	}
	if _, err := write(ctx, city.New(500, 1), t.TempDir(), 1, []*view{&v}); !errors.Is(err, context.Canceled) || rows > 10_000 {
		t.Errorf("%v after %d rows", err, rows)
	}
}
