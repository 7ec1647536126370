package intake_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"

	"shuniu/collect/intake/charset"
)

// A file cut off in transfer says so, with the line, and why its last line
// stands apart; what came before it is read.
func TestCutOff(t *testing.T) {
	const rows = 4000
	var table, lines, records strings.Builder
	table.WriteString("编号,姓名,地址,金额\n")
	for i := range rows {
		fmt.Fprintf(&table, "%d,张%d,\"浦东新区%d路%d号\",%d.%02d\n", i, i%97, i%31, i, i*3%1000, i%100)
		fmt.Fprintf(&lines, "{\"id\": %d, \"name\": \"张%d\"}\n", i, i%97)
		fmt.Fprintf(&records, "<r><id>%d</id><n>张%d</n></r>\n", i, i%97)
	}
	gbk, ok := charset.Encode("gb18030", []byte(table.String()+"4000,张三"))
	if !ok {
		t.Fatal("does not encode")
	}
	for _, tc := range []struct {
		name, file string
		data       []byte
		line       int64
	}{
		{"fewer columns", "a.csv", []byte(table.String() + "4000,张三"), rows + 2},
		{"fewer columns, GB18030", "a.csv", gbk, rows + 2},
		{"open quote", "a.csv", []byte(table.String() + "4000,张三,\"浦东"), rows + 2},
		{"half a character", "a.csv", []byte(table.String() + "4000,\xe5\xbc"), rows + 2},
		{"JSON lines", "a.ndjson", []byte(lines.String() + "{\"id\": 4000, \"na"), rows + 1},
		{"JSON lines, half a character", "a.ndjson", []byte(lines.String() + "{\"id\": 4000, \"name\": \"\xe5\xbc"), rows + 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rep := inspect(t, tc.file, tc.data)
			if len(rep.Tables) != 1 {
				t.Fatalf("%d tables, refused %+v", len(rep.Tables), rep.Refused)
			}
			x := rep.Tables[0]
			if x.Rows != rows || x.RejectedCount != 1 || x.Rejected[0].Line != tc.line {
				t.Fatalf("%d rows, rejected %+v", x.Rows, x.Rejected)
			}
			place := fmt.Sprint(tc.line)
			if !strings.Contains(x.Rejected[0].Reason, "文件在这一行中断") {
				t.Errorf("reason %s", x.Rejected[0].Reason)
			}
			if len(x.Notes) != 1 || x.Notes[0].Kind != "note" || x.Notes[0].Place != place || !strings.Contains(x.Notes[0].Text, "文件在第 "+place+" 行中断") {
				t.Errorf("notes %+v", x.Notes)
			}
			if l := x.Lines; l.Physical != l.Header+l.Rows+l.Notes+l.Rejected+l.Blank || l.Notes != 0 {
				t.Errorf("lines %+v", l)
			}
		})
	}
	for name, text := range map[string]string{
		"ended":           table.String() + "4000,张三\n",
		"whole":           strings.TrimSuffix(table.String(), "\n"),
		"too many values": table.String() + "4000,张三,地址,1.00,2",
	} {
		rep := inspect(t, "a.csv", []byte(text))
		if len(rep.Tables) != 1 || len(rep.Tables[0].Notes) != 0 {
			t.Errorf("%s: %+v", name, rep.Tables)
		}
	}

	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write([]byte(table.String())); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		data   []byte
		reason string
	}{
		"a.csv.gz": {zipped.Bytes()[:zipped.Len()*2/3], "没有传完"},
		"a.json":   {[]byte("[" + strings.TrimSuffix(strings.ReplaceAll(lines.String(), "\n", ","), ",")), "突然结束"},
		"b.json":   {[]byte("[" + strings.ReplaceAll(lines.String(), "\n", ",") + "{\"name\": \"\xe5\xbc"), "突然结束"},
		"a.xml":    {[]byte("<l>" + records.String() + "<r><n>\xe5\xbc"), "突然结束"},
	} {
		rep := inspect(t, name, tc.data)
		if rep.Refused == nil || rep.Refused.Kind != "damaged" || !strings.Contains(rep.Refused.Message, tc.reason) {
			t.Errorf("%s: %+v, want a refusal that says %s", name, rep.Refused, tc.reason)
		}
	}
}

// An archive of a few thousand files is read, one of very many kept whole, with
// the reason.
func TestArchiveOfManyFiles(t *testing.T) {
	of := func(n int) []byte {
		members := make([]member, n)
		for i := range members {
			members[i] = member{name: fmt.Sprintf("m/%d.csv", i), data: fmt.Appendf(nil, "编号,名称\n1,甲%d\n2,乙\n", i)}
		}
		return zipOf(t, members...)
	}
	if rep := inspect(t, "a.zip", of(2_100)); len(rep.Tables) != 2_100 || rep.Object != nil || rep.Refused != nil {
		t.Errorf("%d tables, object %v, refused %v", len(rep.Tables), rep.Object, rep.Refused)
	}
	rep := inspect(t, "a.zip", of(5_001))
	if len(rep.Tables) != 0 || rep.Object == nil || !strings.Contains(rep.Object.Doubt, "5001 个文件") || !strings.Contains(rep.Object.Doubt, "5000") {
		t.Errorf("%d tables, object %+v", len(rep.Tables), rep.Object)
	}
}
