package document

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shuniu/collect/intake/tabular"
)

func TestFindHTML(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{
			"plain", `<html><body><table><tr><th>街道<th>人口<tr><td>潍坊<td>10.2<tr><td>陆家嘴<td>11.5</table>`,
			"f /\n街道|人口\n潍坊|10.2\n陆家嘴|11.5\n",
		},
		{
			"spans and caption", `<table><caption>人口表</caption><tr><td rowspan=2>街道</td><td colspan="2">人口</td></tr><tr><td>男</td><td>女</td></tr>` +
				`<tr><td>潍坊</td><td>5</td><td>6</td></tr><tr><td>塘桥</td><td>7</td><td>8</td></tr></table>`,
			"f /\n街道|人口/男|人口/女\n潍坊|5|6\n塘桥|7|8\n",
		},
		{
			"layout around", `<table><tr><td>菜单</td><td><table><tr><td>a</td><td>b</td></tr><tr><td>x</td><td>2.5</td></tr><tr><td>y</td><td>4.1&nbsp;</td></tr></table></td></tr></table>`,
			"f /\na|b\nx|2.5\ny|4.1\n",
		},
		{"none", `<p>x</p>`, ""},
		{"XML with a body", `<ENVELOPE><HEAD><V>1</V></HEAD><BODY><L><X>1</X></L><L><X>2</X></L></BODY></ENVELOPE>`, "f /ENVELOPE/BODY/L\nX\n1\n2\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			found, err := FindHTML(context.Background(), textSource("f.xls", tc.in), tabular.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, dumpAll(t, found)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// docxFile makes a document of the body given.
func docxFile(t testing.TB, body string) *tabular.Source {
	t.Helper()
	var buf bytes.Buffer
	zw := zip.NewWriter(&buf)
	for name, text := range map[string]string{
		"[Content_Types].xml": `<Types/>`,
		"word/document.xml":   `<?xml version="1.0"?><w:document xmlns:w="u"><w:body>` + body + `</w:body></w:document>`,
	} {
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
	return textSource("f.docx", buf.String())
}

func docxRow(cells ...string) string {
	var sb strings.Builder
	sb.WriteString("<w:tr>")
	for _, c := range cells {
		props, text, ok := strings.Cut(c, "|")
		if !ok {
			props, text = "", c
		}
		sb.WriteString("<w:tc><w:tcPr>" + props + "</w:tcPr><w:p><w:r><w:t>" + text + "</w:t></w:r></w:p></w:tc>")
	}
	return sb.String() + "</w:tr>"
}

func TestFindDOCX(t *testing.T) {
	body := `<w:p><w:r><w:t>表1 人口</w:t></w:r></w:p><w:tbl>` +
		docxRow(`<w:vMerge w:val="restart"/>|街道`, `<w:gridSpan w:val="2"/>|人口`) +
		docxRow(`<w:vMerge/>|`, "男", "女") + docxRow("潍坊", "5", "6") + docxRow("塘桥", "7", "8") + `</w:tbl>`
	found, err := FindDOCX(context.Background(), docxFile(t, body), tabular.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("f /\n街道|人口/男|人口/女\n潍坊|5|6\n塘桥|7|8\n", dumpAll(t, found)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(found[0].Notes) == 0 || found[0].Notes[0].Text != "表1 人口" {
		t.Errorf("notes %v", found[0].Notes)
	}
	none, err := FindDOCX(context.Background(), docxFile(t, "<w:p/>"), tabular.Options{})
	if err != nil || len(none) > 0 {
		t.Errorf("a document without tables: %v, %v", none, err)
	}
	var refusal *tabular.Refusal
	if _, err := FindDOCX(context.Background(), docxFile(t, "<w:p>"), tabular.Options{}); !errors.As(err, &refusal) {
		t.Errorf("a damaged body: %v", err)
	}
}

func TestSpreadsheetML(t *testing.T) {
	in := `<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
<Worksheet ss:Name="甲"><Table><Row><Cell ss:MergeAcross="1"><Data ss:Type="String">人口表</Data></Cell></Row>
<Row><Cell><Data ss:Type="String">街道</Data></Cell><Cell><Data ss:Type="String">日期</Data></Cell></Row>
<Row><Cell><Data ss:Type="String">潍坊</Data></Cell><Cell><Data ss:Type="DateTime">2024-03-05T00:00:00.000</Data></Cell></Row>
<Row ss:Index="4"><Cell ss:Index="2"><Data ss:Type="DateTime">2024-03-06T10:30:00.000</Data></Cell></Row>
</Table></Worksheet></Workbook>`
	found, err := FindXML(context.Background(), textSource("f.xml", in), tabular.Options{})
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	got := dump(t, found[0])
	for _, want := range []string{"街道|日期", "潍坊|2024-03-05", "2024-03-06 10:30:00"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func FuzzHTML(f *testing.F) {
	fuzz(f, FindHTML, `<table><tr><th>a<th>b<tr><td rowspan=3 colspan=2>1</table>`, `<table><caption>x<tr><td><table><tr><td>1`)
}

func FuzzDOCX(f *testing.F) {
	f.Add([]byte(`<w:tbl>` + docxRow("a", "b") + docxRow("1", "2") + `</w:tbl>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		found, err := FindDOCX(context.Background(), docxFile(t, string(body)), tabular.Options{})
		if err == nil {
			for _, table := range found {
				countRows(t, table)
			}
		}
	})
}
