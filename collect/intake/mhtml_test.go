package intake_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime/quotedprintable"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// mhtmlOf is a workbook as Excel saves it as a single file web page: a frame
// set, a page per sheet, a style sheet.
func mhtmlOf(t *testing.T, boundary string, pages ...string) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "MIME-Version: 1.0\r\nX-Document-Type: Workbook\r\nContent-Type: multipart/related; boundary=%q\r\n\r\n本文档为“单个文件网页”。\r\n\r\n", boundary)
	for i, p := range append([]string{"<html><head><title>台账</title></head><frameset rows=\"*,39\"></frameset></html>"}, pages...) {
		gbk, err := simplifiedchinese.GBK.NewEncoder().String(p)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "--%s\r\nContent-Location: file:///C:/x/sheet%03d.htm\r\n", boundary, i)
		if i%2 == 1 {
			var q bytes.Buffer
			w := quotedprintable.NewWriter(&q)
			if _, err := w.Write([]byte(gbk)); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "Content-Transfer-Encoding: quoted-printable\r\nContent-Type: text/html; charset=\"gb2312\"\r\n\r\n%s\r\n", q.String())
		} else {
			fmt.Fprintf(&b, "Content-Transfer-Encoding: base64\r\nContent-Type: text/html; charset=\"gb2312\"\r\n\r\n%s\r\n", base64.StdEncoding.EncodeToString([]byte(gbk)))
		}
	}
	fmt.Fprintf(&b, "--%s\r\nContent-Type: text/css\r\n\r\ntd {mso-number-format:General}\r\n--%s--\r\n", boundary, boundary)
	return b.String()
}

func sheetPage(rows ...string) string {
	var b strings.Builder
	b.WriteString("<html><body><table>")
	for _, r := range rows {
		b.WriteString("<tr><td>" + strings.ReplaceAll(r, ",", "</td><td>") + "</td></tr>\n")
	}
	b.WriteString("</table></body></html>")
	return b.String()
}

func TestSingleFileWebPageIsAWorkbook(t *testing.T) {
	content := mhtmlOf(t, "----=_NextPart_01", sheetPage("街镇,人口", "川沙,120", "张江,80"), sheetPage("编号,名称,登记日期", "001,甲公司,2024-01-02", "002,乙公司,2024-03-04"))
	rep := inspect(t, "台账.xls", []byte(content))
	if rep.Refused != nil || len(rep.Tables) != 2 || rep.Format != "html" {
		t.Fatalf("format %s, refused %v, %d tables", rep.Format, rep.Refused, len(rep.Tables))
	}
	for i, want := range []struct {
		rows    int64
		columns string
	}{{2, "街镇 人口"}, {2, "编号 名称 登记日期"}} {
		var names []string
		for _, c := range rep.Tables[i].Columns {
			names = append(names, c.Name)
		}
		if got := strings.Join(names, " "); got != want.columns || rep.Tables[i].Rows != want.rows {
			t.Errorf("table %d: %d rows of %s, want %d of %s", i+1, rep.Tables[i].Rows, got, want.rows, want.columns)
		}
	}
}

func TestLettersAndDamagedWebPages(t *testing.T) {
	letter := "From: a@example.org\r\nSubject: =?gb2312?B?suLK1A==?=\r\nContent-Type: text/plain; charset=gb2312\r\n\r\nhello\r\n"
	if rep := inspect(t, "信.eml", []byte(letter)); rep.Refused != nil || len(rep.Tables) != 0 || rep.Object == nil {
		t.Errorf("a letter: refused %v, %d tables, object %v", rep.Refused, len(rep.Tables), rep.Object)
	}
	content := mhtmlOf(t, "b1", sheetPage("街镇,人口", "川沙,120"), sheetPage("编号,名称", "001,甲"))
	for _, cut := range []int{len(content) / 2, len(content) - 200} {
		rep := inspect(t, "台账.xls", []byte(content[:cut]))
		if rep.Refused == nil || rep.Refused.Kind != "damaged" {
			t.Errorf("cut at %d: refused %v, %d tables", cut, rep.Refused, len(rep.Tables))
		}
	}
}
