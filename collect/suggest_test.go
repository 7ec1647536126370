package collect

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"shuniu/collect/intake"
	"shuniu/collect/intake/tabular"
	"shuniu/fault"
	"shuniu/guard"
	"shuniu/resource"
)

func TestSuggestNamesTheDatasetOfTheSource(t *testing.T) {
	h := newHub(t)
	ctx := engineer(t)
	look := func(name, content string) Suggestion {
		t.Helper()
		path := h.put(t, name, content)
		rep, err := h.Inspect(ctx, Inspection{Path: path, Name: name})
		if err != nil {
			t.Fatal(err)
		}
		s, err := h.Suggest(ctx, "scjg", name, rep)
		if err != nil || len(s) != 1 {
			t.Fatalf("suggestions %+v, %v", s, err)
		}
		return s[0]
	}
	const first = "企业名称,统一代码,注册资本\n甲公司,A1,10\n乙公司,A2,20\n"
	if s := look("企业名录2024.csv", first); s.Exists || !strings.HasPrefix(string(s.Dataset), "scjg_") || s.Name != "企业名录" {
		t.Errorf("a new source: %+v", s)
	}
	got := h.land(t, Request{Path: h.put(t, "企业名录2024.csv", first), Department: "scjg"})
	if s := look("企业名录2024.csv", first); s.Dataset != got[0].Dataset || !strings.Contains(s.Why, string(got[0].Batch)) {
		t.Errorf("the same file: %+v, landed in %s", s, got[0].Dataset)
	}
	s := look("企业名录2025.csv", "企业名称,统一代码,注册资本,电话\n丙公司,A3,30,1\n")
	if s.Dataset != got[0].Dataset || !s.Exists || len(s.Drift) != 1 || s.Drift[0].Kind != ColumnNew {
		t.Errorf("the next issue: %+v", s)
	}
}

func TestOnlyChosenTablesLand(t *testing.T) {
	h := newHub(t)
	const page = "<html><body><table><tr><th>a</th><th>b</th></tr><tr><td>甲</td><td>20</td></tr><tr><td>乙</td><td>40</td></tr></table>" +
		"<table><tr><th>c</th><th>d</th></tr><tr><td>5</td><td>6</td></tr></table></body></html>"
	path := h.put(t, "two.html", page)
	for n, rows := range map[int]int64{2: 1, 1: 2} {
		got := h.land(t, Request{Path: path, Department: "scjg", Only: []int{n}})
		if len(got) != 1 || got[0].Table != n || got[0].Status != stateLanded || got[0].RowsLanded != rows {
			t.Errorf("table %d: %+v", n, got)
		}
	}
}

func TestTheNameInReviewIsTheNameOnTheReceipt(t *testing.T) {
	h := newHub(t)
	ctx := engineer(t)
	for name, content := range map[string]string{
		"2026.json":      `{"year":2026,"days":[{"date":"2026-01-01","name":"元旦"},{"date":"2026-01-02","name":"元旦"}]}`,
		"分省年度数据 (5).csv": "数据库：分省年度数据\n指标：城镇单位就业人员(万人)\n时间：最近20年\n地区,2025年,2024年\n北京市,1,2\n天津市,3,4\n上海市,5,6\n",
		"台账.html": "<html><body><table><tr><th>a</th><th>b</th></tr><tr><td>甲</td><td>20</td></tr><tr><td>乙</td><td>40</td></tr></table>" +
			"<table><tr><th>c</th><th>d</th></tr><tr><td>5</td><td>6</td></tr></table></body></html>",
	} {
		path := h.put(t, name, content)
		rep, err := h.Inspect(ctx, Inspection{Path: path, Name: name})
		if err != nil {
			t.Fatal(err)
		}
		s, err := h.Suggest(ctx, "scjg", name, rep)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range h.land(t, Request{Path: path, Name: name, Department: "scjg"}) {
			d, err := loadDataset(ctx, h.DB.Bun(), r.Dataset)
			if err != nil {
				t.Fatal(err)
			}
			if d.Name != s[i].Name {
				t.Errorf("%s: shown as %q, landed as %q", name, s[i].Name, d.Name)
			}
		}
	}
}

func TestVagueNames(t *testing.T) {
	for name, want := range map[string]bool{
		"上海": true, "浦东新区": true, "附件2": true, "Sheet1": true, "2026": true, "数据": true, "data": true, "表1": true,
		"企业名录": false, "上海空气质量": false, "社区养老机构": false, "12345热线工单": false, "residents": false,
	} {
		if vague(name) != want {
			t.Errorf("vague(%q) = %v", name, !want)
		}
	}
}

func TestFilesThatNobodyNamed(t *testing.T) {
	for name, want := range map[string]bool{
		"新建 Microsoft Excel 工作表": true, "新建 Microsoft Excel 工作表 (2)": true, "新建 XLSX 工作表": true, "工作簿1": true, "Book1": true, "Untitled spreadsheet": true,
		"新建文本文档": true, "未命名表格": true, "Workbook": true, "无标题文档": true,
		"企业名录": false, "工作表现考核": false, "Booking": false, "New York": false, "表格数据标准": false, "document_types": false,
	} {
		if unnamed(name) != want {
			t.Errorf("unnamed(%q) = %v", name, !want)
		}
	}
	cols := []intake.ColumnReport{{Name: "企业名称"}, {Name: "注册资本"}}
	for _, tc := range []struct {
		file string
		t    intake.TableReport
		want string
	}{
		{"新建 Microsoft Excel 工作表.xlsx", intake.TableReport{Columns: cols}, "企业名称、注册资本"},
		{"养老机构2026年/Book1.xlsx", intake.TableReport{Columns: cols}, "养老机构"},
		{"工作簿1.xlsx", intake.TableReport{Notes: []tabular.Note{{Kind: "title", Text: "2026年企业登记情况"}}, Columns: cols}, "企业登记情况"},
	} {
		if got := namesWithout(tc.file, &tc.t); len(got) == 0 || got[0] != tc.want {
			t.Errorf("names for %s: %q, want %q first", tc.file, got, tc.want)
		}
	}
}

func TestTheIDFollowsFromTheName(t *testing.T) {
	h := newHub(t)
	ctx := engineer(t)
	first, err := h.NewID(ctx, "scjg", "企业名录")
	if err != nil || first != "scjg_qiyeminglu" {
		t.Fatalf("id %q, %v", first, err)
	}
	h.land(t, Request{Path: h.put(t, "Sheet1.csv", "企业名称,统一代码,注册资本\n甲公司,A1,10\n"), Department: "scjg", Dataset: first})
	if second, err := h.NewID(ctx, "scjg", "企业名录"); err != nil || second != "scjg_qiyeminglu_2" {
		t.Errorf("the id of a second dataset of that name: %q, %v", second, err)
	}
	if _, err := h.NewID(guard.With(ctx, guard.Principal{Account: "c", Role: guard.Consumer}), "scjg", "企业名录"); !errors.Is(err, fault.Denied) {
		t.Errorf("who may not land got %v", err)
	}
}

func TestACountedFileIsNamedByItsIndicator(t *testing.T) {
	indicator := func(text string) *intake.TableReport {
		return &intake.TableReport{Notes: []tabular.Note{{Kind: "title", Text: "数据库：分省年度数据"}, {Kind: "note", Text: text}}}
	}
	a, b := indicator("指标：固定资产投资(不含农户)实际到位资金_比上年增长(%)"), indicator("指标：城镇单位就业人员(万人)")
	if got := displayName("分省年度数据 (5).csv", a, true); got != "固定资产投资(不含农户)实际到位资金_比上年增长" {
		t.Errorf("name %q", got)
	}
	if nameKey("分省年度数据 (5).csv", a, 1) == nameKey("分省年度数据 (3).csv", b, 1) {
		t.Error("two indicators are one source")
	}
	if nameKey("分省年度数据 (5).csv", a, 1) != nameKey("分省年度数据 (7).csv", a, 1) {
		t.Error("two copies of one indicator are two sources")
	}
	if got := proposeNames("air/08.csv", &intake.TableReport{Columns: []intake.ColumnReport{{Name: "日期"}, {Name: "AQI"}}}, "上海"); len(got) == 0 || got[len(got)-1] != "上海（日期、AQI）" {
		t.Errorf("proposals %q", got)
	}
}

// TestNamesakesWithoutEnd: however many datasets have one name, a delivery goes
// to that of its columns, and a new one gets the next number.
func TestNamesakesWithoutEnd(t *testing.T) {
	h := newHub(t)
	const n = 60
	file := func(i, value int) string {
		return h.put(t, "data.csv", fmt.Sprintf("编号,甲%d,乙%d\n%d,2,3\n", i, i, value))
	}
	var ids []resource.DatasetID
	for i := range n {
		r := h.one(t, Request{Path: file(i, 1)})
		if slices.Contains(ids, r.Dataset) {
			t.Fatalf("file %d went to %s", i, r.Dataset)
		}
		ids = append(ids, r.Dataset)
	}
	if want := numbered(ids[0], n); ids[n-1] != want {
		t.Errorf("the last is %s, want %s", ids[n-1], want)
	}
	for _, i := range []int{0, 30, 49, 50, 55, n - 1} {
		if r := h.one(t, Request{Path: file(i, 2)}); r.Dataset != ids[i] || r.Status != stateLanded {
			t.Errorf("a delivery for %s went to %s, %s", ids[i], r.Dataset, r.Status)
		}
	}
}
