package object

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"shuniu/collect/intake/tabular"
	"shuniu/shuniutest/publicdata"
)

func source(name string, b []byte) *tabular.Source {
	return &tabular.Source{Name: name, Size: int64(len(b)), ReaderAt: bytes.NewReader(b)}
}

func zipped(t testing.TB, parts map[string]string) []byte {
	t.Helper()
	var buf bytes.Buffer
	zw := zip.NewWriter(&buf)
	for name, text := range parts {
		w, err := zw.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func deflated(t testing.TB, text string) string {
	t.Helper()
	var buf bytes.Buffer
	zw := zlib.NewWriter(&buf)
	if _, err := zw.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

// pdfBytes is a document of one page with a Latin and a Chinese font.
func pdfBytes(t testing.TB) []byte {
	t.Helper()
	content := deflated(t, "BT /F1 12 Tf 72 720 Td (Hello) Tj 40 0 Td (world) Tj ET BT /F2 12 Tf 1 0 0 1 72 700 Tm <00010002> Tj ET")
	cmap := deflated(t, "1 begincodespacerange <0000> <FFFF> endcodespacerange 2 beginbfchar <0001> <6D66> <0002> <4E1C> endbfchar")
	return []byte("%PDF-1.4\n" +
		"1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n" +
		"2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1/Resources<</Font<</F1 5 0 R/F2 6 0 R>>>>>> endobj\n" +
		"3 0 obj <</Type/Page/Parent 2 0 R/Contents 4 0 R>> endobj\n" +
		fmt.Sprintf("4 0 obj <</Length %d/Filter/FlateDecode>> stream\n%s\nendstream endobj\n", len(content), content) +
		"5 0 obj <</Type/Font/Subtype/Type1/BaseFont/Helvetica>> endobj\n" +
		"6 0 obj <</Type/Font/Subtype/Type0/Encoding/Identity-H/ToUnicode 7 0 R>> endobj\n" +
		fmt.Sprintf("7 0 obj <</Length %d/Filter/FlateDecode>> stream\n%s\nendstream endobj\n", len(cmap), cmap) +
		"8 0 obj <</Title<FEFF6D664E1C>/CreationDate(D:20240305134500+08'00')>> endobj\n" +
		"trailer <</Root 1 0 R/Info 8 0 R>>\n%%EOF")
}

func jpegBytes(t testing.TB) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, image.NewGray(image.Rect(0, 0, 30, 20)), nil); err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	tiff := []byte("II*\x00\x08\x00\x00\x00")
	entry := func(tag, kind uint16, count, value uint32) {
		tiff = le.AppendUint16(tiff, tag)
		tiff = le.AppendUint16(tiff, kind)
		tiff = le.AppendUint32(tiff, count)
		tiff = le.AppendUint32(tiff, value)
	}
	tiff = le.AppendUint16(tiff, 2)
	entry(306, 2, 20, 38) // DateTime
	entry(34853, 4, 1, 58)
	tiff = append(le.AppendUint32(tiff, 0), "2024:03:05 13:45:00\x00"...)
	tiff = le.AppendUint16(tiff, 4)
	entry(1, 2, 2, 'N')
	entry(2, 5, 3, 112)
	entry(3, 2, 2, 'E')
	entry(4, 5, 3, 136)
	tiff = le.AppendUint32(tiff, 0)
	for _, v := range []uint32{31, 1, 15, 1, 0, 1, 121, 1, 30, 1, 0, 1} {
		tiff = le.AppendUint32(tiff, v)
	}
	app1 := append([]byte("\xff\xe1\x00\x00Exif\x00\x00"), tiff...)
	binary.BigEndian.PutUint16(app1[2:], uint16(len(app1)-2))
	return append(append([]byte("\xff\xd8"), app1...), buf.Bytes()[2:]...)
}

func TestDescribe(t *testing.T) {
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 7, 5))); err != nil {
		t.Fatal(err)
	}
	gbk, err := simplifiedchinese.GBK.NewEncoder().String("关于做好浦东新区数据归集工作的通知，请各部门按时提交。")
	if err != nil {
		t.Fatal(err)
	}
	wav := "RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00data\x40\x1f\x00\x00" + strings.Repeat("\x80", 8000)
	core := `<cp:coreProperties xmlns:dc="u"><dc:title>通知</dc:title><dc:creator>张三</dc:creator></cp:coreProperties>`
	for _, tc := range []struct {
		name string
		in   []byte
		want string
	}{
		{"PDF", pdfBytes(t), "application/pdf|浦东|1|Hello world\n浦东|2024-03-05 13:45:00+08:00"},
		{"PNG", picture.Bytes(), "image/png|7x5"},
		{"JPEG", jpegBytes(t), "image/jpeg|30x20|2024-03-05 13:45:00|31.250000|121.500000"},
		{"WAV", []byte(wav), "audio/wav|1"},
		{"DOCX", zipped(t, map[string]string{"[Content_Types].xml": "<x/>", "docProps/core.xml": core, "word/document.xml": `<w:document xmlns:w="u"><w:p><w:r><w:t>第一段</w:t></w:r></w:p><w:p><w:t>第二段</w:t></w:p></w:document>`}), "wordprocessingml.document|通知|张三|第一段\n第二段"},
		{"PPTX", zipped(t, map[string]string{"[Content_Types].xml": "<x/>", "ppt/slides/slide10.xml": `<a:p xmlns:a="u"><a:t>末页</a:t></a:p>`, "ppt/slides/slide2.xml": `<a:p xmlns:a="u"><a:t>前页</a:t></a:p>`}), "presentationml.presentation|2|前页\n末页"},
		{"ODT", zipped(t, map[string]string{"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": `<o:doc xmlns:o="u"><o:style>no</o:style><o:body><o:p>正文</o:p></o:body></o:doc>`}), "opendocument.text|正文"},
		{"OFD", zipped(t, map[string]string{"OFD.xml": `<o:OFD xmlns:o="u"><o:Title>发票</o:Title></o:OFD>`, "Doc_0/Pages/Page_0/Content.xml": `<o:Page xmlns:o="u"><o:TextObject><o:TextCode>电子发票</o:TextCode></o:TextObject></o:Page>`}), "application/ofd|发票|1|电子发票"},
		{"RTF", []byte(`{\rtf1\ansi\ansicpg936{\fonttbl{\f0 Song;}}\f0 \'c6\'d6\'b6\'ab abc\par \u26032?x}`), "application/rtf|浦东 abc\n新x"},
		{"GBK text", []byte(gbk), "text/plain|gb18030|归集工作"},
		{"Markdown", []byte("# 标题\n\n## 二\n\n[x](y)\n"), "text/markdown|标题"},
		{"letter", []byte("From: =?UTF-8?B?5byg5LiJ?= <a@b>\r\nTo: c@d\r\nSubject: =?UTF-8?B?6YCa55+l?=\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n5L2g5aW9\r\n"), "message/rfc822|通知|张三|你好"},
		{"page", []byte("<!DOCTYPE html><title>题</title><script>no</script><p>正文</p>"), "text/html|题|正文"},
		{"bytes", []byte{0, 1, 2, 3, 0xfe, 0, 0, 9, 0xff, 0xff}, "application/octet-stream"},
		{"damaged PDF", pdfBytes(t)[:200], "application/pdf"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := Describe(context.Background(), source("wrong.xlsx", tc.in))
			got := fmt.Sprintf("%s %s %s %d %dx%d %g %s %v", o.MediaType, o.Encoding, o.Title, o.Pages, o.Width, o.Height, o.DurationSeconds, o.Text, o.Meta)
			for want := range strings.SplitSeq(tc.want, "|") {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in %q", want, got)
				}
			}
		})
	}
}

func TestPointer(t *testing.T) {
	for _, tc := range []struct {
		name, file, in string
		want           bool
	}{
		{"Git LFS", "a.csv", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", true},
		{"git-annex", "a.csv", "../.git/annex/objects/Xx/0k/SHA256E-s10--aa.csv/SHA256E-s10--aa.csv", true},
		{"annex, unlocked", "a.csv", "/annex/objects/SHA256E-s10--aa.csv\n", true},
		{"link as text", "a.csv", "../data/2024/名单.csv", true},
		{"address", "a.url", "[InternetShortcut]\r\nURL=https://example.cn/\r\n", true},
		{"shortcut", "a.lnk", "L\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00F....", true},
		{"zeros", "a.xlsx", strings.Repeat("\x00", 300_000), true},
		{"zeros, then something", "a.bin", strings.Repeat("\x00", 300_000) + "x", false},
		{"owner file", "~$名单.xlsx", "\x05Admin", true},
		{"online sheet", "a.gsheet", `{"url": "https://docs.google.com/open?id=1", "doc_id": "1"}`, true},
		{"data", "a.csv", "a,b\n1,2\n", false},
		{"one word", "a.txt", "data", false},
		{"JSON", "a.json", `{"url": "https://example.cn"}`, false},
	} {
		got := Pointer(source(tc.file, []byte(tc.in)))
		if (got != nil) != tc.want {
			t.Errorf("%s: got %v", tc.name, got)
		}
		if got != nil && got.Kind != "pointer" {
			t.Errorf("%s: kind %s", tc.name, got.Kind)
		}
	}
}

// TestHostile describes every file of the hostile set: none may take long.
func TestHostile(t *testing.T) {
	root := publicdata.Path(t, "hostile")
	n := 0
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || strings.Contains(path, "wycheproof") || strings.Contains(path, "yaml-test-suite") {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		n++
		begin := time.Now()
		_ = Pointer(source(path, b))
		_ = Describe(context.Background(), source(path, b))
		if d := time.Since(begin); d > 2*timeLimit {
			t.Errorf("%s took %v", path, d)
		}
		return nil
	})
	if err != nil || n < 100 {
		t.Fatalf("%d files, %v", n, err)
	}
}

func FuzzDescribe(f *testing.F) {
	f.Add(pdfBytes(f))
	f.Add(jpegBytes(f))
	f.Add([]byte(`{\rtf1 x\par}`))
	f.Add([]byte("From: a\nTo: b\nSubject: c\nDate: d\n\nx"))
	f.Add([]byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		o := Describe(context.Background(), source("f", b))
		if o.MediaType == "" || len(o.Text) > maxText+3 {
			t.Fatalf("%q, %d bytes of text", o.MediaType, len(o.Text))
		}
		_ = Pointer(source("f", b))
	})
}
