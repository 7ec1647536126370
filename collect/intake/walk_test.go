package intake_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shuniu/collect/intake"
	"shuniu/collect/intake/charset"
	"shuniu/collect/intake/tabular"
	"shuniu/shuniutest/publicdata"
)

func inspect(t *testing.T, name string, data []byte) *intake.Report {
	t.Helper()
	src := &tabular.Source{Name: name, Size: int64(len(data)), ReaderAt: bytes.NewReader(data)}
	rep, err := intake.Inspect(t.Context(), src, intake.Options{Scratch: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

type member struct {
	name string
	data []byte
	gbk  bool
}

func zipOf(t *testing.T, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, m := range members {
		h := &zip.FileHeader{Name: m.name, Method: zip.Deflate}
		if m.gbk {
			raw, ok := charset.Encode("gb18030", []byte(m.name))
			if !ok {
				t.Fatal("name does not encode")
			}
			h.Name, h.NonUTF8 = string(raw), true
		}
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(m.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzOf(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var small = []byte("编号,名称\n001,甲\n002,乙\n")

func TestArchiveOfGBKNamesAndRubbish(t *testing.T) {
	rep := inspect(t, "包.zip", zipOf(t,
		member{name: "数据/表一.csv", data: small, gbk: true},
		member{name: "__MACOSX/数据/._表一.csv", data: []byte("x")},
		member{name: "数据/.DS_Store", data: []byte("x")},
		member{name: "空.csv", data: nil, gbk: true},
		member{name: "里面.zip", data: zipOf(t, member{name: "表二.csv", data: small})},
	))
	if rep.Format != "zip" || rep.Refused != nil || len(rep.Tables) != 2 {
		t.Fatalf("format %s, refused %v, %d tables", rep.Format, rep.Refused, len(rep.Tables))
	}
	if got := rep.Tables[0].Member; got != "数据/表一.csv" {
		t.Errorf("first member %q", got)
	}
	if got := rep.Tables[1].Member; got != "里面.zip/表二.csv" {
		t.Errorf("second member %q", got)
	}
	fates := map[string]string{}
	for _, m := range rep.Members {
		switch {
		case m.Refused != nil:
			fates[m.Member] = m.Refused.Kind
		case m.Ignored != "":
			fates[m.Member] = m.Ignored
		default:
			fates[m.Member] = "taken"
		}
	}
	want := map[string]string{
		"数据/表一.csv": "taken", "__MACOSX/数据/._表一.csv": "system file", "数据/.DS_Store": "system file", "空.csv": "empty", "里面.zip/表二.csv": "taken",
	}
	for name, fate := range want {
		if fates[name] != fate {
			t.Errorf("%s: %q, want %q", name, fates[name], fate)
		}
	}
}

func TestStreamsAndTar(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range []struct {
		h    tar.Header
		data []byte
	}{
		{tar.Header{Name: "a/", Typeflag: tar.TypeDir, Mode: 0o755}, nil},
		{tar.Header{Name: "../../etc/passwd.csv", Typeflag: tar.TypeReg, Mode: 0o644}, small},
		{tar.Header{Name: "link", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}, nil},
	} {
		m.h.Size = int64(len(m.data))
		if err := w.WriteHeader(&m.h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(m.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	rep := inspect(t, "x.tar.gz", gzOf(t, b.Bytes()))
	if rep.Format != "gz" || len(rep.Tables) != 1 || rep.Tables[0].Rows != 2 {
		t.Fatalf("%+v", rep)
	}
	if got := rep.Tables[0].Member; strings.Contains(got, "..") || got != "x.tar/etc/passwd.csv" {
		t.Errorf("member %q", got)
	}
	if rep := inspect(t, "x.csv.gz", gzOf(t, small)); len(rep.Tables) != 1 || rep.Tables[0].Member != "x.csv" {
		t.Errorf("%+v", rep.Tables)
	}
}

func TestBombsAreRefusedSoon(t *testing.T) {
	zeros := bytes.Repeat([]byte{'0'}, 256<<20)
	deep := small
	for range 8 {
		deep = zipOf(t, member{name: "in.zip", data: deep})
	}
	for name, data := range map[string][]byte{
		"zeros.csv.gz": gzOf(t, zeros),
		"zeros.zip":    zipOf(t, member{name: "z.csv", data: zeros}),
		"deep.zip":     deep,
	} {
		start := time.Now()
		rep := inspect(t, name, data)
		if rep.Refused == nil || rep.Refused.Kind != "too_large" {
			t.Errorf("%s: refused %+v, want too_large", name, rep.Refused)
		}
		t.Logf("%s answered in %v", name, time.Since(start).Round(time.Millisecond))
	}
}

func TestWhatAFileIs(t *testing.T) {
	utf16 := func(s string) []byte {
		out, ok := charset.Encode("utf-16le", []byte(s))
		if !ok {
			t.Fatal("utf-16")
		}
		return append([]byte{0xff, 0xfe}, out...)
	}
	for _, tc := range []struct {
		name string
		data []byte
		want string // format, or "refused:KIND"
	}{
		{"a.csv", small, "csv"},
		{"wrong.xlsx", small, "csv"}, // the extension lies
		{"b.json", []byte(`[{"a":1},{"a":2}]`), "json"},
		{"b16.json", utf16(`[{"名":"甲"},{"名":"乙"}]`), "json"},
		{"c.txt", []byte("{\"a\":1}\n{\"a\":2}\n"), "ndjson"},
		{"d.dat", []byte(`<?xml version="1.0"?><r><i><a>1</a></i><i><a>2</a></i></r>`), "xml"},
		{"e.xls", []byte(`<html><table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table></html>`), "html"},
		{"f.txt", []byte("CREATE TABLE t (a int);\nINSERT INTO t VALUES (1),(2);\n"), "sql"},
		{"g.geojson", []byte(`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"a":1},"geometry":{"type":"Point","coordinates":[1,2]}}]}`), "geojson"},
		{"h.pdf", []byte("%PDF-1.4\n%%EOF\n"), "object"},
		{"i.csv", nil, "refused:empty"},
		{"j.csv", []byte(" \r\n\t\n"), "refused:empty"},
		{"k.csv", []byte("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"), "refused:pointer"},
		{"l.zip", []byte("PK\x03\x04 and then nothing"), "refused:damaged"},
		{"m.bin", bytes.Repeat([]byte{0, 1, 2, 3, 200, 255}, 100), "object"},
	} {
		rep := inspect(t, tc.name, tc.data)
		got := rep.Format
		if rep.Refused != nil {
			got = "refused:" + rep.Refused.Kind
			if rep.Refused.Message == "" || rep.Refused.Hint == "" {
				t.Errorf("%s: refused without a sentence or a hint: %+v", tc.name, rep.Refused)
			}
		}
		if got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

func TestEveryLineIsAccountedFor(t *testing.T) {
	var b strings.Builder
	b.WriteString("标题\n编号,值\n")
	for i := range 500 {
		switch i % 50 {
		case 17:
			fmt.Fprintf(&b, "%d,1,多\n", i)
		default:
			fmt.Fprintf(&b, "%d,%d\n", i, i*2)
		}
	}
	rep := inspect(t, "x.csv", []byte(b.String()))
	if len(rep.Tables) != 1 {
		t.Fatalf("%d tables", len(rep.Tables))
	}
	l := rep.Tables[0].Lines
	if l.Physical != l.Header+l.Rows+l.Notes+l.Rejected+l.Blank || l.Rows != 490 || l.Rejected != 10 {
		t.Errorf("lines = %+v", l)
	}
}

// TestHostileArchives opens every archive made to harm: each is answered.
func TestHostileArchives(t *testing.T) {
	root := publicdata.Path(t, "hostile", "archive-bad")
	paths, err := filepath.Glob(filepath.Join(root, "*", "*.*"))
	if err != nil || len(paths) < 10 {
		t.Fatalf("%d files, %v", len(paths), err)
	}
	for _, p := range paths {
		raw, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		rep := inspect(t, filepath.Base(p), raw)
		for _, m := range rep.Members {
			if strings.Contains(m.Member, "..") || strings.HasPrefix(m.Member, "/") {
				t.Errorf("%s: member %q leads out", p, m.Member)
			}
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s took %v", p, took)
		}
	}
}

func FuzzInspect(f *testing.F) {
	f.Add("a.csv", small)
	f.Add("b.zip", []byte("PK\x03\x04"))
	f.Add("c.json", []byte(`[{"a":1}]`))
	f.Add("d.xml", []byte(`<r><i>1</i></r>`))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		src := &tabular.Source{Name: name, Size: int64(len(data)), ReaderAt: bytes.NewReader(data)}
		if _, err := intake.Inspect(t.Context(), src, intake.Options{}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestDamagedOfficeFilesAreCalledByTheirName(t *testing.T) {
	book := zipOf(t, member{name: "[Content_Types].xml", data: []byte("<Types/>")}, member{name: "xl/workbook.xml", data: []byte("<workbook/>")})
	doc := zipOf(t, member{name: "[Content_Types].xml", data: []byte("<Types/>")}, member{name: "word/document.xml", data: []byte("<w/>")})
	sheet := zipOf(t, member{name: "mimetype", data: []byte("application/vnd.oasis.opendocument.spreadsheet")}, member{name: "content.xml", data: []byte("<c/>")})
	plain := zipOf(t, member{name: "a.csv", data: []byte("a,b\n1,2\n")})
	for _, x := range []struct {
		name string
		data []byte
		want string
	}{
		{"台账.xlsx", book[:len(book)-40], "Excel"},
		{"台账.bin", book[:len(book)-40], "Excel"}, // by its parts
		{"说明.docx", doc[:len(doc)-40], "Word"},
		{"名单.ods", sheet[:len(sheet)-40], "ODS"},
		{"名单.et", book[:len(book)-40], "WPS"},
		{"台账.xlsx", zipOf(t, member{name: "xl/workbook.xml", data: []byte("<workbook/>")}), "Excel"},
		{"资料.zip", plain[:len(plain)-40], "压缩包"},
	} {
		r := inspect(t, x.name, x.data).Refused
		if r == nil || r.Kind != "damaged" || !strings.Contains(r.Message, x.want) || x.want != "压缩包" && strings.Contains(r.Message+r.Hint, "压缩包") {
			t.Errorf("%s: %+v, want %s", x.name, r, x.want)
		}
	}
}
