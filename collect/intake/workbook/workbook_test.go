package workbook

import (
	"bytes"
	"context"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"shuniu/collect/intake/grid"
	"shuniu/collect/intake/tabular"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"
)

func excel(t *testing.T, fill func(f *excelize.File), opt ...excelize.Options) []byte {
	t.Helper()
	f := excelize.NewFile()
	fill(f)
	var b bytes.Buffer
	if err := f.Write(&b, opt...); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestXLSXValues(t *testing.T) {
	style := func(f *excelize.File, at, code string) {
		id, err := f.NewStyle(&excelize.Style{CustomNumFmt: &code})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.SetCellStyle("Sheet1", at, at, id); err != nil {
			t.Fatal(err)
		}
	}
	type cell struct {
		v    any
		code string
		want string
	}
	cells := []cell{
		{12.5, "", "12.5"},
		{0.125, "0.0%", "0.125"},
		{1e-7, "", "0.0000001"},
		{1.5e15, "#,##0", "1500000000000000"},
		{1234567.5, "#,##0.00", "1234567.5"},
		{45356, `yyyy"年"m"月"d"日"`, "2024-03-05"},
		{45356, "[$-804]yyyy/m/d;@", "2024-03-05"},
		{45356.572916666664, "yyyy-mm-dd hh:mm", "2024-03-05 13:45:00"},
		{45356.0, "yyyy-mm-dd hh:mm", "2024-03-05 00:00:00"},
		{0.572916666666667, "h:mm", "13:45:00"},
		{1.25, "[h]:mm:ss", "30:00:00"},
		{60, "yyyy-mm-dd", "1900-02-29"},
		{59, "yyyy-mm-dd", "1900-02-28"},
		{61, "yyyy-mm-dd", "1900-03-01"},
		{-1, "yyyy-mm-dd", "-1"},
		{2024, "0000", "2024"},
		{12, `0"月"`, "12"},
		{3, `#,##0_);[Red](#,##0)`, "3"},
		{true, "", "true"},
		{"007 ", "", "007 "},
		{" a  b\nc", "", " a  b\nc"},
		{45356, `m"月"d"日"`, "2024-03-05"},
		{5, `0.00E+00`, "5"},
		{7, `"共"0"件"`, "7"},
		{9, `[=1]"是";[=0]"否";General`, "9"},
	}
	b := excel(t, func(f *excelize.File) {
		for i, c := range cells {
			at := grid.A1(i+1, 1)
			for k, v := range map[string]any{grid.A1(i+1, 0): "k" + strconv.Itoa(i), at: c.v} {
				if err := f.SetCellValue("Sheet1", k, v); err != nil {
					t.Fatal(err)
				}
			}
			if c.code != "" {
				style(f, at, c.code)
			}
		}
		for k, v := range map[string]string{"A1": "名称", "B1": "值"} {
			if err := f.SetCellValue("Sheet1", k, v); err != nil {
				t.Fatal(err)
			}
		}
	})
	got := table(t, "a.xlsx", b, tabular.Options{})
	if len(got) != len(cells)+1 {
		t.Fatalf("%d rows, want %d", len(got)-1, len(cells))
	}
	for i, c := range cells {
		if got[i+1][1] != c.want {
			t.Errorf("%v as %q gives %q, want %q", c.v, c.code, got[i+1][1], c.want)
		}
	}
}

func TestXLSXParts(t *testing.T) {
	sheet := `<x:worksheet xmlns:x="http://purl.oclc.org/ooxml/spreadsheetml/main"><x:cols><x:col min="2" max="2" hidden="1"/></x:cols><x:sheetData>
<x:row r="1"><x:c r="A1" t="s"><x:v>0</x:v></x:c><x:c r="B1" t="inlineStr"><x:is><x:r><x:t>人</x:t></x:r><x:r><x:t>口</x:t></x:r><x:rPh><x:t>rénkǒu</x:t></x:rPh></x:is></x:c><x:c r="C1" t="str"><x:f>A1&amp;"x"</x:f><x:v>f &lt;1&gt;</x:v></x:c></x:row>
<x:row r="2" hidden="1"><x:c r="A2" t="s"><x:v>1</x:v></x:c><x:c r="B2"><x:v>1.50</x:v></x:c><x:c r="C2" t="e"><x:v>#N/A</x:v></x:c></x:row>
<x:row r="3"><x:c t="s"><x:v>1</x:v></x:c><x:c><x:f>1+1</x:f></x:c><x:c t="b"><x:v>0</x:v></x:c></x:row></x:sheetData></x:worksheet>`
	strs := `<sst><si><t>街_x000D_道</t></si><si><t xml:space="preserve"> 甲&#10;乙 </t><rPh sb="0" eb="1"><t>no</t></rPh></si></sst>`
	b := xlsxOf(t, strings.NewReader(sheet), strings.NewReader(strs))
	found, err := Find(context.Background(), &tabular.Source{Name: "统计.xlsx", Size: int64(len(b)), ReaderAt: bytes.NewReader(b)}, tabular.Options{})
	if err != nil || len(found) != 1 {
		t.Fatalf("%d tables, %v", len(found), err)
	}
	want := [][]string{{"街 道", "人口", "f <1>"}, {" 甲\n乙 ", "1.5", "#N/A"}, {" 甲\n乙 ", "", "false"}}
	if diff := cmp.Diff(want, table(t, "a.xlsx", b, tabular.Options{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	asked := strings.Join(found[0].Questions, "\n")
	for _, w := range []string{"隐藏", "公式没有存下计算结果"} {
		if !strings.Contains(asked, w) {
			t.Errorf("questions %q do not tell of %s", asked, w)
		}
	}
}

func TestXLSXAgilePassword(t *testing.T) {
	fill := func(f *excelize.File) {
		for at, v := range map[string]any{"A1": "街道", "B1": "人口", "A2": "塘桥", "B2": 3, "A3": "花木", "B3": 4} {
			if err := f.SetCellValue("Sheet1", at, v); err != nil {
				t.Fatal(err)
			}
		}
	}
	own := excel(t, fill, excelize.Options{Password: "secret"})
	if r, ok := asRefusal(drain(t, "a.xlsx", own)); !ok || r.Kind != "encrypted" || r.Hint == "" {
		t.Errorf("got %v, want a refusal of kind encrypted with a hint", r)
	}
	for _, tc := range []struct {
		data     []byte
		password string
	}{{own, "secret"}, {excel(t, fill, excelize.Options{Password: defaultPassword}), ""}} {
		if got := table(t, "a.xlsx", tc.data, tabular.Options{Password: tc.password}); len(got) != 3 || got[1][0] != "塘桥" {
			t.Errorf("got %q", got)
		}
	}
}

func TestODS(t *testing.T) {
	content := `<office:document-content xmlns:office="o"><office:automatic-styles><style:style style:name="ta2" style:family="table"><style:table-properties table:display="false"/></style:style></office:automatic-styles>
<office:body><office:spreadsheet><table:table table:name="收入" table:style-name="ta1"><table:table-column table:number-columns-repeated="1024"/>
<table:table-row><table:table-cell office:value-type="string" table:number-columns-spanned="5" table:number-rows-spanned="1"><text:p>收入<text:s text:c="2"/>表</text:p></table:table-cell><table:covered-table-cell table:number-columns-repeated="4"/></table:table-row>
<table:table-row><table:table-cell office:value-type="string"><text:p>部门</text:p></table:table-cell><table:table-cell office:value-type="string"><text:p>日期</text:p></table:table-cell><table:table-cell office:value-type="string"><text:p>时间</text:p></table:table-cell><table:table-cell office:value-type="string"><text:p>比例</text:p></table:table-cell><table:table-cell office:value-type="string"><text:p>是否</text:p></table:table-cell></table:table-row>
<table:table-row table:number-rows-repeated="2"><table:table-cell office:value-type="string"><text:p>财政</text:p><text:p>局</text:p><office:annotation><text:p>no</text:p></office:annotation></table:table-cell><table:table-cell office:value-type="date" office:date-value="2024-03-05T13:45:00"><text:p>x</text:p></table:table-cell><table:table-cell office:value-type="time" office:time-value="PT13H45M00S"><text:p>x</text:p></table:table-cell><table:table-cell office:value-type="percentage" office:value="0.125"><text:p>12.5%</text:p></table:table-cell><table:table-cell office:value-type="boolean" office:boolean-value="true"><text:p>TRUE</text:p></table:table-cell></table:table-row>
<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="1024"/></table:table-row></table:table>
<table:table table:name="空" table:style-name="ta2"></table:table></office:spreadsheet></office:body></office:document-content>`
	b := pack(t, map[string]io.Reader{"mimetype": strings.NewReader("application/vnd.oasis.opendocument.spreadsheet"), "content.xml": strings.NewReader(content)})
	row := []string{"财政\n局", "2024-03-05 13:45:00", "13:45:00", "0.125", "true"}
	want := [][]string{{"部门", "日期", "时间", "比例", "是否"}, row, row}
	if diff := cmp.Diff(want, table(t, "a.ods", b, tabular.Options{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSpreadsheetML(t *testing.T) {
	b := []byte(`<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Styles><Style ss:ID="d"><NumberFormat ss:Format="Short Date"/></Style></Styles>
<Worksheet ss:Name="一季度"><Table><Row><Cell ss:MergeAcross="2"><Data ss:Type="String">标题</Data></Cell></Row>
<Row ss:Index="3"><Cell><Data ss:Type="String">街道</Data></Cell><Cell><Data ss:Type="String">人口</Data></Cell><Cell><Data ss:Type="String">日期</Data></Cell></Row>
<Row><Cell><Data ss:Type="String">塘桥</Data></Cell><Cell><Data ss:Type="Number">1E3</Data></Cell><Cell ss:StyleID="d"><Data ss:Type="DateTime">2024-03-05T00:00:00.000</Data></Cell></Row>
<Row><Cell><Data ss:Type="String">花木</Data></Cell><Cell ss:Index="3"><Data ss:Type="DateTime">2024-03-05T13:45:00.000</Data></Cell></Row></Table></Worksheet></Workbook>`)
	want := [][]string{{"街道", "人口", "日期"}, {"塘桥", "1000", "2024-03-05"}, {"花木", "", "2024-03-05 13:45:00"}}
	if diff := cmp.Diff(want, table(t, "a.xls", b, tabular.Options{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAreas(t *testing.T) {
	b := excel(t, func(f *excelize.File) {
		for i, rec := range [][]any{{"说明"}, {"x", "y"}, {"甲", "乙"}, {"a", 1}, {"b", 2}, {"c", 3}} {
			if err := f.SetSheetRow("Sheet1", "B"+strconv.Itoa(i+1), &rec); err != nil {
				t.Fatal(err)
			}
		}
	})
	one := 1
	got := table(t, "a.xlsx", b, tabular.Options{Tables: []tabular.Area{{Sheet: "Sheet1", Range: "B3:C5", HeaderRows: &one, Names: map[string]string{"乙": "数量"}}}})
	want := [][]string{{"甲", "数量"}, {"a", "1"}, {"b", "2"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	two := 2
	got = table(t, "a.xlsx", b, tabular.Options{Tables: []tabular.Area{{Range: "B2:", HeaderRows: &two}}})
	if len(got) != 4 || got[0][0] != "x/甲" || got[3][1] != "3" {
		t.Errorf("got %q", got)
	}
}

// TestSerial: a day written as a serial reads back as that day.
func TestSerial(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		day := rapid.IntRange(61, 2958465).Draw(t, "day")
		sec := rapid.IntRange(0, 86399).Draw(t, "second")
		want := time.Date(1899, 12, 30, 0, 0, sec, 0, time.UTC).AddDate(0, 0, day).Format(time.DateTime)
		got, _ := serial(nil, float64(day)+float64(sec)/86400, asDateTime, false)
		if string(got) != want {
			t.Fatalf("serial %d + %d s = %q, want %q", day, sec, got, want)
		}
	})
}

// TestDecimal: a number reads back the same, without exponent.
func TestDecimal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.Float64().Draw(t, "f")
		for _, format := range []byte{'g', 'e', 'f'} {
			out, ok := decimal(nil, strconv.AppendFloat(nil, f, format, -1, 64))
			if !ok || bytes.ContainsAny(out, "eE+") {
				t.Fatalf("%v gives %q", f, out)
			}
			if back, err := strconv.ParseFloat(string(out), 64); err != nil || back != f {
				t.Fatalf("%v gives %q, reads back as %v", f, out, back)
			}
		}
	})
}

func BenchmarkXLSX(b *testing.B) {
	f := excelize.NewFile()
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		b.Fatal(err)
	}
	const rows = 100_000
	for i := range rows + 1 {
		rec := []any{"编号" + strconv.Itoa(i), i, "街道" + strconv.Itoa(i%40), float64(i) / 7, "办理中", i % 13, "社区", i * 3, 45000 + i%300, "备注文字", 121.5, "13800000000"}
		if i == 0 {
			rec = []any{"编号", "序", "街道", "金额", "状态", "数量", "社区", "件数", "日期", "备注", "经度", "电话"}
		}
		if err := w.SetRow("A"+strconv.Itoa(i+1), rec); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	buf, err := f.WriteToBuffer()
	if err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	data := buf.Bytes()
	b.ResetTimer()
	for range b.N {
		if err := drain(b, "b.xlsx", data); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
}

// TestFilteredHeader: a row that carries filters is a header, whatever it says.
func TestFilteredHeader(t *testing.T) {
	b := excel(t, func(f *excelize.File) {
		for i, rec := range [][]any{{"甲", "乙"}, {"丙", "乙"}, {"丁", "戊"}, {"己", "乙"}} {
			if err := f.SetSheetRow("Sheet1", "A"+strconv.Itoa(i+1), &rec); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.AutoFilter("Sheet1", "A1:B4", nil); err != nil {
			t.Fatal(err)
		}
	})
	if got := table(t, "a.xlsx", b, tabular.Options{}); len(got) != 4 || got[0][0] != "甲" {
		t.Errorf("got %q, want the first row as header", got)
	}
}

// TestSuperscript: the number of a footnote that hangs on a value is told of.
func TestSuperscript(t *testing.T) {
	sheet := `<worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>年份</t></is></c><c r="B1" t="inlineStr"><is><t>人口</t></is></c></row><row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2"><v>1</v></c></row><row r="3"><c r="A3"><v>2005</v></c><c r="B3"><v>2</v></c></row></sheetData></worksheet>`
	strs := `<sst><si><r><t>2004</t></r><r><rPr><vertAlign val="superscript"/></rPr><t>3</t></r></si></sst>`
	b := xlsxOf(t, strings.NewReader(sheet), strings.NewReader(strs))
	found, err := Find(context.Background(), &tabular.Source{Name: "a.xlsx", Size: int64(len(b)), ReaderAt: bytes.NewReader(b)}, tabular.Options{})
	if err != nil || len(found) != 1 {
		t.Fatalf("%d tables, %v", len(found), err)
	}
	if asked := strings.Join(found[0].Questions, "\n"); !strings.Contains(asked, "20043") {
		t.Errorf("questions %q do not tell of the superscript", asked)
	}
}
