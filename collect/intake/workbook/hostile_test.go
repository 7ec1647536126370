package workbook

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"shuniu/collect/intake/grid/messy"
	"shuniu/collect/intake/tabular"
	"shuniu/shuniutest/publicdata"
)

// drain finds and reads everything; it fails the test on a panic (by dying),
// an unbalanced tally or more than ten seconds of work.
func drain(t testing.TB, name string, b []byte) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	found, err := Find(ctx, &tabular.Source{Name: name, Size: int64(len(b)), ReaderAt: bytes.NewReader(b)}, tabular.Options{})
	if err != nil {
		return err
	}
	for _, f := range found {
		rows := 0
		tally, err := f.Read(ctx, func(b *tabular.Batch) error {
			rows += b.Rows
			for _, c := range b.Columns {
				if len(c.Offsets) != b.Rows+1 {
					t.Fatalf("%s: column of %d offsets in a batch of %d rows", name, len(c.Offsets), b.Rows)
				}
			}
			return nil
		}, nil)
		if err != nil {
			return err
		}
		if !tally.Balanced() || tally.Rows != int64(rows) {
			t.Errorf("%s %s: tally %+v does not balance, %d rows", name, f.Place.Range, tally, rows)
		}
		if len(f.Heads) == 0 || f.Confidence < 0 || f.Confidence > 1 || f.Confidence < 0.8 && len(f.Questions) == 0 {
			t.Errorf("%s %s: %d columns, confidence %.2f, questions %q", name, f.Place.Range, len(f.Heads), f.Confidence, f.Questions)
		}
	}
	return nil
}

func TestHostileCorpus(t *testing.T) {
	root := filepath.Join(publicdata.Path(t), "hostile", "xlsx-bad")
	files, read := 0, 0
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		err = drain(t, filepath.Base(p), b)
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		files++
		if err == nil {
			read++
		} else if _, ok := asRefusal(err); !ok {
			t.Errorf("%s: %v is no refusal", d.Name(), err)
		}
		if took > 30*time.Second || after.HeapInuse > 1<<30 {
			t.Errorf("%s took %v, heap %d MB", d.Name(), took, after.HeapInuse>>20)
		}
		if took > 2*time.Second {
			t.Logf("%s took %v, allocated %d MB: %v", d.Name(), took, (after.TotalAlloc-before.TotalAlloc)>>20, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files, %d read, the others refused", files, read)
	if files < 30 {
		t.Errorf("only %d files found", files)
	}
}

// pack makes a zip of parts.
func pack(t testing.TB, parts map[string]io.Reader) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, r := range parts {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(f, r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const (
	relsXML = `<Relationships xmlns="r"><Relationship Id="r1" Type="http://x/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="http://x/sharedStrings" Target="sharedStrings.xml"/></Relationships>`
	bookXML = `<workbook xmlns:r="r"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>`
)

func xlsxOf(t testing.TB, sheet, strs io.Reader) []byte {
	t.Helper()
	parts := map[string]io.Reader{
		"xl/workbook.xml": strings.NewReader(bookXML), "xl/_rels/workbook.xml.rels": strings.NewReader(relsXML),
		"xl/worksheets/sheet1.xml": sheet,
	}
	if strs != nil {
		parts["xl/sharedStrings.xml"] = strs
	}
	return pack(t, parts)
}

type repeated struct {
	unit string
	n    int
	at   int
}

func (r *repeated) Read(p []byte) (int, error) {
	total := len(r.unit) * r.n
	k := 0
	for k < len(p) && r.at < total {
		c := copy(p[k:], r.unit[r.at%len(r.unit):])
		c = min(c, total-r.at)
		k += c
		r.at += c
	}
	if r.at >= total {
		return k, io.EOF
	}
	return k, nil
}

func TestBombs(t *testing.T) {
	long := func(head, unit string, n int, tail string) io.Reader {
		return io.MultiReader(strings.NewReader(head), &repeated{unit: unit, n: n}, strings.NewReader(tail))
	}
	for _, tc := range []struct {
		name string
		data []byte
		kind string // of the refusal; "" when it must be read
	}{
		{"blank sheet of 100 MB", xlsxOf(t, long("<worksheet><sheetData>", strings.Repeat(" ", 1024), 100_000, "</sheetData></worksheet>"), nil), "too_large"},
		{"strings of 80 MB", xlsxOf(t, strings.NewReader("<worksheet/>"), long("<sst><si><t>", strings.Repeat("A", 1024), 80_000, "</t></si></sst>")), "too_large"},
		{"entities", xlsxOf(t, strings.NewReader(`<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>&b;</t></is></c><c r="B1"><v>1</v></c></row></sheetData></worksheet>`), nil), ""},
		{"row beyond the sheet", xlsxOf(t, strings.NewReader(`<worksheet><sheetData><row r="99999999"><c r="A99999999"><v>1</v></c></row></sheetData></worksheet>`), nil), "too_large"},
		{"column beyond the sheet", xlsxOf(t, strings.NewReader(`<worksheet><sheetData><row r="1"><c r="ZZZ1"><v>1</v></c></row></sheetData></worksheet>`), nil), "too_large"},
		{"deep", xlsxOf(t, long("<worksheet>", "<a>", 100_000, ""), nil), "damaged"},
		{"corner to corner", xlsxOf(t, strings.NewReader(`<worksheet><dimension ref="A1:XFD1048576"/><sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells></worksheet>`), nil), ""},
		{"cut off", xlsxOf(t, strings.NewReader(`<worksheet><sheetData><row r="1"><c r="A1"><v>1</v>`), nil), "damaged"},
		{"ods with billions of cells", pack(t, map[string]io.Reader{"mimetype": strings.NewReader("application/vnd.oasis.opendocument.spreadsheet"), "content.xml": strings.NewReader(
			`<office:document-content><table:table table:name="T"><table:table-row table:number-rows-repeated="1048576"><table:table-cell table:number-columns-repeated="16384" office:value-type="float" office:value="1"/></table:table-row></table:table></office:document-content>`)}), "too_large"},
		{"ods with blank billions", pack(t, map[string]io.Reader{"content.xml": strings.NewReader(
			`<office:document-content><table:table table:name="T"><table:table-row table:number-rows-repeated="999999999"><table:table-cell table:number-columns-repeated="999999999"/></table:table-row></table:table></office:document-content>`)}), ""},
		{"more sheets than are read", pack(t, map[string]io.Reader{
			"xl/workbook.xml":            strings.NewReader(`<workbook xmlns:r="r"><sheets>` + strings.Repeat(`<sheet name="s" sheetId="1" r:id="r1"/>`, maxSheets+1) + `</sheets></workbook>`),
			"xl/_rels/workbook.xml.rels": strings.NewReader(relsXML), "xl/worksheets/sheet1.xml": strings.NewReader(`<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData></worksheet>`),
		}), "too_large"},
		{"empty zip", []byte("PK\x05\x06" + strings.Repeat("\x00", 18)), "damaged"},
		{"half a compound file", append(append([]byte{}, oleMagic...), make([]byte, 600)...), "damaged"},
		{"nothing known", []byte("hello"), "unknown"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			start := time.Now()
			err := drain(t, "x.xlsx", tc.data)
			r, _ := asRefusal(err)
			switch {
			case tc.kind == "" && err != nil:
				t.Errorf("got %v, want it read", err)
			case tc.kind != "" && (r == nil || r.Kind != tc.kind):
				t.Errorf("got %v, want a refusal of kind %s", err, tc.kind)
			}
			if took := time.Since(start); took > 30*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// An old workbook with more sheets than are read is refused, not cut.
func TestXLSManySheets(t *testing.T) {
	x := &xls{biff8: true}
	var err error
	for range maxSheets + 1 {
		if err != nil {
			t.Fatalf("after %d sheets: %v", len(x.sheets), err)
		}
		err = x.boundSheet(make([]byte, 8))
	}
	if r, _ := asRefusal(err); r == nil || r.Kind != "too_large" {
		t.Errorf("got %v, want a refusal", err)
	}
}

// TestMutants flips bytes of good files: each must be read or refused.
func TestMutants(t *testing.T) {
	var seeds [][]byte
	for _, c := range messy.Make(99, 6) {
		if c.Format == "xlsx" {
			seeds = append(seeds, c.Bytes)
		}
	}
	seeds = append(seeds, sampleXLS(true), sampleXLS(false))
	rng := rand.New(rand.NewPCG(1, 2))
	n := 300
	if testing.Short() {
		n = 60
	}
	for i := range n {
		b := bytes.Clone(seeds[i%len(seeds)])
		switch rng.IntN(3) {
		case 0:
			for range 1 + rng.IntN(8) {
				b[rng.IntN(len(b))] = byte(rng.IntN(256))
			}
		case 1:
			b = b[:rng.IntN(len(b))]
		case 2:
			k := rng.IntN(len(b))
			b = append(b[:k:k], b[min(len(b), k+rng.IntN(64)):]...)
		}
		if err := drain(t, fmt.Sprintf("mutant %d", i), b); err != nil {
			if _, ok := asRefusal(err); !ok && len(b) > 0 {
				t.Errorf("mutant %d: %v is no refusal", i, err)
			}
		}
	}
}

func FuzzFind(f *testing.F) {
	for _, c := range messy.Make(98, 3) {
		if c.Format == "xlsx" {
			f.Add(c.Bytes)
		}
	}
	f.Add(sampleXLS(true))
	f.Add([]byte(`<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet Name="a"><Table><Row><Cell><Data Type="String">a</Data></Cell></Row></Table></Worksheet></Workbook>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<20 {
			return
		}
		_ = drain(t, "fuzz", b)
	})
}
