package workbook

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"shuniu/collect/intake/tabular"
)

// A sheetCase is a departmental workbook's sheet and what must come out of it.
type sheetCase struct {
	name   string
	sheet  string
	rows   [][]any
	merges []string
	tables []wantTable
}

type wantTable struct {
	place   string
	columns string
	rows    int
	first   string
	notes   string // kinds that must be there
	name    string
	ask     bool
}

// officeSheets state what comes out; none was written after a run.
var officeSheets = []sheetCase{
	{
		name: "budget with three levels", rows: [][]any{
			{"2024年部门预算收支总表"},
			{nil, nil, nil, nil, nil, "单位：万元"},
			{"科目编码", "科目名称", "基本支出", nil, nil, "项目支出"},
			{nil, nil, "合计", "人员经费", "公用经费", nil},
			{"201", "一般公共服务支出", 120, 100, 20, 50},
			{"20103", "政府办公厅", 80, 70, 10, 30},
			{"208", "社会保障和就业支出", 60, 60, 0, 5},
			{"合计", nil, 260, 230, 30, 85},
		},
		merges: []string{"A1:F1", "A3:A4", "B3:B4", "C3:E3", "F3:F4", "A8:B8"},
		tables: []wantTable{{place: "A3:F8", columns: "科目编码|科目名称|基本支出/合计|基本支出/人员经费|基本支出/公用经费|项目支出", rows: 3, first: "201|一般公共服务支出|120|100|20|50", notes: "title,unit,total"}},
	},
	{
		name: "keys merged down with subtotals", rows: [][]any{
			{"各街镇垃圾分类月报"},
			{"片区", "街镇", "小区数", "达标数"},
			{"北片", "高桥", 50, 45},
			{nil, "高行", 40, 38},
			{nil, "小计", 90, 83},
			{"南片", "周浦", 60, 50},
			{nil, "康桥", 45, 44},
			{nil, "小计", 105, 94},
			{"合计", nil, 195, 177},
			{"填表人：张三", nil, nil, "2024年4月2日"},
		},
		merges: []string{"A1:D1", "A3:A5", "A6:A8", "A9:B9"},
		tables: []wantTable{{place: "A2:D9", columns: "片区|街镇|小区数|达标数", rows: 4, first: "北片|高桥|50|45", notes: "title,subtotal,total,signature"}},
	},
	{
		name: "two tables stacked are called by their titles", sheet: "Sheet1", rows: [][]any{
			{"表1 各街镇户籍人口（单位：人）"},
			{"街镇", "户数", "人口"},
			{"张江", 10, 30},
			{"唐镇", 20, 60},
			{},
			{"表2 各街镇税收完成情况（单位：万元）"},
			{"街镇", "年度任务", "完成数", "完成率"},
			{"张江", 100, 90, 0.9},
			{"唐镇", 200, 210, 1.05},
		},
		merges: []string{"A1:C1", "A6:D6"},
		tables: []wantTable{
			{place: "A2:C4", columns: "街镇|户数|人口", rows: 2, first: "张江|10|30", notes: "title", name: "表1 各街镇户籍人口"},
			{place: "A7:D9", columns: "街镇|年度任务|完成数|完成率", rows: 2, first: "张江|100|90|0.9", notes: "title", name: "表2 各街镇税收完成情况"},
		},
	},
	{
		name: "attendance by day", rows: [][]any{
			{"社区工作者考勤登记表（2024年3月）"},
			{"序号", "姓名", 1, 2, 3, 4, 5, 6, "备注"},
			{1, "张伟", "√", "√", "√", "休", "√", "√", nil},
			{2, "王芳", "√", "事", "√", "√", "√", "√", "事假1天"},
			{3, "李娜", "√", "√", "√", "√", "√", "休", nil},
			{"注：√出勤，事假为“事”。"},
		},
		merges: []string{"A1:I1", "A6:I6"},
		tables: []wantTable{{place: "A2:I5", columns: "序号|姓名|1|2|3|4|5|6|备注", rows: 3, first: "1|张伟|√|√|√|休|√|√|", notes: "title,note"}},
	},
	{
		name: "numbering row and remarks beside", rows: [][]any{
			{"农村集体资产清查表"},
			{"村名", "资产总额", "其中", nil, "负债"},
			{nil, nil, "货币资金", "固定资产", nil},
			{"甲", 1, 2, 3, 4},
			{"新桥村", 1000, 200, 800, 50, nil, "新桥村数据待核"},
			{"光明村", 2000, 500, 1500, 70},
			{"合计", 3000, 700, 2300, 120},
		},
		merges: []string{"A1:E1", "A2:A3", "B2:B3", "C2:D2", "E2:E3"},
		tables: []wantTable{{place: "A2:E7", columns: "村名|资产总额|其中/货币资金|其中/固定资产|负债", rows: 2, first: "新桥村|1000|200|800|50", notes: "title,total,note"}},
	},
	{
		name: "a short numeric list keeps its first row", rows: [][]any{{"编号", "分值"}, {1, 2}, {2, 5}, {3, 4}},
		tables: []wantTable{{place: "A1:B4", columns: "编号|分值", rows: 3, first: "1|2"}},
	},
	{
		name: "japanese with vertical header texts", rows: [][]any{
			{"市町村別世帯数・人口（令和5年1月1日現在）"},
			{"市\n町\n村", "世\n帯\n数", "人口", nil, nil},
			{nil, nil, "総数", "男", "女"},
			{"総　数", 300, 700, 340, 360},
			{"青山市", 200, 450, 220, 230},
			{"白川町", 100, 250, 120, 130},
			{"資料：市民課"},
		},
		merges: []string{"A1:E1", "A2:A3", "B2:B3", "C2:E2"},
		tables: []wantTable{{place: "A2:E6", columns: "市 町 村|世 帯 数|人口/総数|人口/男|人口/女", rows: 3, first: "総　数|300|700|340|360", notes: "title,source", ask: true}},
	},
	{
		name: "side by side", rows: [][]any{
			{"党支部名册", nil, nil, nil, "志愿者名册"},
			{"姓名", "电话", "支部", nil, "姓名", "电话", "服务时长"},
			{"张伟", "13800000001", "一支部", nil, "赵一", "13900000001", 20},
			{"王芳", "13800000002", "二支部", nil, "钱二", "13900000002", 35},
			{"李娜", "13800000003", "一支部", nil, "孙三", "13900000003", 12},
			{nil, nil, nil, nil, "周四", "13900000004", 8},
		},
		merges: []string{"A1:C1", "E1:G1"},
		tables: []wantTable{
			{place: "A2:C5", columns: "姓名|电话|支部", rows: 3, first: "张伟|13800000001|一支部", notes: "title", name: "党支部名册"},
			{place: "E2:G6", columns: "姓名|电话|服务时长", rows: 4, first: "赵一|13900000001|20", notes: "title", name: "志愿者名册"},
		},
	},
	{
		name: "korean merged headers", rows: [][]any{
			{"어린이집 현황"},
			{nil, nil, nil, "(단위 : 개소, 명)"},
			{"구분", "시설수", "정원", nil},
			{nil, nil, "남", "여"},
			{"강남구", 120, 3000, 2900},
			{"서초구", 90, 2100, 2000},
			{"송파구", 150, 3900, 3700},
			{"합계", 360, 9000, 8600},
		},
		merges: []string{"A1:D1", "A3:A4", "B3:B4", "C3:D3"},
		tables: []wantTable{{place: "A3:D8", columns: "구분|시설수|정원/남|정원/여", rows: 3, first: "강남구|120|3000|2900", notes: "title,unit,total"}},
	},
	{
		name: "pivot export", rows: [][]any{
			{"求和项:金额", "列标签"},
			{"行标签", "1月", "2月", "3月", "总计"},
			{"办公室", 10, 20, 30, 60},
			{"财政所", 15, 25, 35, 75},
			{"农业办", 5, 10, 15, 30},
			{"总计", 30, 55, 80, 165},
		},
		tables: []wantTable{{place: "A2:E6", columns: "行标签|1月|2月|3月|总计", rows: 3, first: "办公室|10|20|30|60", notes: "total"}},
	},
	{
		name: "ledger with sections", rows: [][]any{
			{"安全生产隐患台账"},
			{"序号", "企业", "隐患", "整改期限"},
			{"一、危化企业"},
			{1, "某某化工", "消防通道堵塞", "2024-03-20"},
			{2, "某某涂料", "标识缺失", "2024-03-22"},
			{"二、仓储企业"},
			{3, "某某物流", "电线老化", "2024-03-25"},
			{4, "某某冷链", "氨气报警失灵", "2024-03-28"},
		},
		merges: []string{"A1:D1", "A3:D3", "A6:D6"},
		tables: []wantTable{{place: "A2:D8", columns: "序号|企业|隐患|整改期限|section", rows: 4, first: "1|某某化工|消防通道堵塞|2024-03-20|一、危化企业", notes: "title,section"}},
	},
	{
		name: "german yearbook with units row", rows: [][]any{
			{"Tab. 3.1 Schulen nach Kreisen"},
			{"Kreis", "Schulen", "Schüler", "Schüler je Klasse"},
			{nil, "Anzahl", "Anzahl", "Anzahl"},
			{"Kiel", 71, 30120, 23.1},
			{"Lübeck", 83, 28900, 22.4},
			{"Plön", 40, 12010, 21.9},
			{"Insgesamt", 194, 71030, 22.5},
			{"Quelle: Statistikamt Nord"},
		},
		merges: []string{"A1:D1", "A2:A3"},
		tables: []wantTable{{place: "A2:D7", columns: "Kreis|Schulen/Anzahl|Schüler/Anzahl|Schüler je Klasse/Anzahl", rows: 3, first: "Kiel|71|30120|23.1", notes: "title,total,source"}},
	},
	{
		name: "footnotes' marks and suppressed cells", rows: [][]any{
			{"Table 2: Pupils by ethnicity"},
			{"Local authority", "All pupils", "White", "Mixed", "Other"},
			{"Barking", 40123, 20111, "1,234r", "c"},
			{"Barnet", 52000, 25000, 6000, "x"},
			{"Bexley", 41000, 30000, 3100, 500},
			{"Brent", 45000, 9000, 4000, 5200},
			{"r = revised; c = suppressed."},
		},
		tables: []wantTable{{place: "A2:E6", columns: "Local authority|All pupils|White|Mixed|Other", rows: 4, first: "Barking|40123|20111|1,234r|c", notes: "title"}},
	},
	{
		name: "years as numbers", rows: [][]any{
			{"主要指标（2020-2023年）"},
			{"指标", "单位", 2020, 2021, 2022, 2023},
			{"生产总值", "亿元", 100.5, 110.2, 115.3, 121.8},
			{"常住人口", "万人", 50.1, 50.3, 50.2, 50.4},
			{"一般公共预算收入", "亿元", 10.1, 11.2, 11.0, 11.9},
		},
		merges: []string{"A1:F1"},
		tables: []wantTable{{place: "A2:F5", columns: "指标|单位|2020|2021|2022|2023", rows: 3, first: "生产总值|亿元|100.5|110.2|115.3|121.8", notes: "title"}},
	},
	{
		name: "diagonal head and blank row before the total", rows: [][]any{
			{"各街镇民生实事完成情况"},
			{"项目\n街镇", "加装电梯", "老旧改造", "口袋公园"},
			{"张江", 5, 3, 1},
			{"唐镇", 4, 2, 2},
			{"合庆", 3, 1, 1},
			{},
			{"合计", 12, 6, 4},
		},
		merges: []string{"A1:D1"},
		tables: []wantTable{{place: "A2:D7", columns: "项目 街镇|加装电梯|老旧改造|口袋公园", rows: 3, first: "张江|5|3|1", notes: "title,total"}},
	},
	{
		name: "three tables stacked without blank rows", rows: [][]any{
			{"表一 人员情况"},
			{"部门", "编制数", "在岗数"},
			{"办公室", 10, 9},
			{"财政所", 6, 6},
			{"表二 车辆情况"},
			{"车牌", "型号", "购置年份", "里程"},
			{"沪A12345", "轿车", 2018, 56000},
			{"沪B23456", "货车", 2020, 32000},
		},
		merges: []string{"A1:C1", "A5:D5"},
		tables: []wantTable{
			{place: "A2:C4", columns: "部门|编制数|在岗数", rows: 2, first: "办公室|10|9", notes: "title", name: "表一 人员情况"},
			{place: "A6:D8", columns: "车牌|型号|购置年份|里程", rows: 2, first: "沪A12345|轿车|2018|56000", notes: "title", name: "表二 车辆情况"},
		},
	},
	{
		name: "title over two rows, department and unit in one line", rows: [][]any{
			{"XX区2024年一季度\n财政专项资金使用情况表"},
			nil,
			{"填报单位：区财政局", nil, nil, "单位：万元"},
			{"序号", "项目", "下达", "支付"},
			{1, "养老服务", 300, 210.5},
			{2, "托育", 120, 88},
			{3, "残疾人就业", 90, 45},
			{"合计", nil, 510, 343.5},
			{"备注：支付数截至3月31日。"},
		},
		merges: []string{"A1:D2", "A8:B8", "A9:D9"},
		tables: []wantTable{{place: "A4:D8", columns: "序号|项目|下达|支付", rows: 3, first: "1|养老服务|300|210.5", notes: "title,unit,total,note"}},
	},
	{
		name: "comparison with last year", rows: [][]any{
			{"主要经济指标快报"},
			{"指标名称", "计量单位", "本月", nil, "累计", nil},
			{nil, nil, "绝对值", "同比±%", "绝对值", "同比±%"},
			{"规上工业产值", "亿元", 12.5, 3.2, 36.8, 4.1},
			{"其中：汽车", "亿元", 5.1, -1.2, 15, 0.4},
			{"固定资产投资", "亿元", 8.8, "—", 20.1, 10.2},
			{"社零总额", "亿元", 6.6, 5, 19.9, 5.5},
		},
		merges: []string{"A1:F1", "A2:A3", "B2:B3", "C2:D2", "E2:F2"},
		tables: []wantTable{{place: "A2:F7", columns: "指标名称|计量单位|本月/绝对值|本月/同比±%|累计/绝对值|累计/同比±%", rows: 4, first: "规上工业产值|亿元|12.5|3.2|36.8|4.1", notes: "title", ask: true}},
	},
	{
		name: "no title, header only of words", rows: [][]any{
			{"姓名", "岗位", "联系方式", "负责网格"}, {"张伟", "网格长", "13800000001", "第一网格"}, {"王芳", "网格员", "13800000002", "第一网格"}, {"李娜", "网格员", "13800000003", "第二网格"}, {"赵六", "网格员", "无", "第三网格"},
		},
		tables: []wantTable{{place: "A1:D5", columns: "姓名|岗位|联系方式|负责网格", rows: 4, first: "张伟|网格长|13800000001|第一网格"}},
	},
	{
		name: "sheet that starts in C4", rows: [][]any{
			nil, nil, nil, {nil, nil, "楼栋", "户数", "空置"}, {nil, nil, "1号楼", 40, 3}, {nil, nil, "2号楼", 36, 5}, {nil, nil, "3号楼", 44, 1},
		},
		tables: []wantTable{{place: "C4:E7", columns: "楼栋|户数|空置", rows: 3, first: "1号楼|40|3"}},
	},
	{
		name: "header again under a page line", rows: [][]any{
			{"企业名录"}, {"序号", "企业名称", "注册资本（万元）"}, {1, "某某电子", 500}, {2, "某某医药", 1000}, {"第1页"}, {"序号", "企业名称", "注册资本（万元）"}, {3, "某某软件", 300}, {4, "某某物流", 200}, {"第2页"},
		},
		merges: []string{"A1:C1"},
		tables: []wantTable{{place: "A2:C8", columns: "序号|企业名称|注册资本（万元）", rows: 4, first: "1|某某电子|500", notes: "title,note"}},
	},
	{
		name: "election with parties over votes", rows: [][]any{
			{"Kommunalwahl 2023"},
			{"Wahlbezirk", "Wahlberechtigte", "CDU", nil, "SPD", nil},
			{nil, nil, "Stimmen", "%", "Stimmen", "%"},
			{"001", 1200, 300, 41.2, 250, 34.3},
			{"002", 980, 210, 38, 240, 43.4},
			{"003", 1500, 400, 44.9, 310, 34.8},
			{"Gesamt", 3680, 910, 41.8, 800, 36.7},
		},
		merges: []string{"A1:F1", "A2:A3", "B2:B3", "C2:D2", "E2:F2"},
		tables: []wantTable{{place: "A2:F7", columns: "Wahlbezirk|Wahlberechtigte|CDU/Stimmen|CDU/%|SPD/Stimmen|SPD/%", rows: 3, first: "001|1200|300|41.2|250|34.3", notes: "title,total"}},
	},
	{
		name: "empty rows inside the data", rows: [][]any{
			{"设备编号", "名称", "数量"}, {"SB-001", "摄像头", 12}, {}, {"SB-002", "路由器", 3}, {}, {"SB-003", "服务器", 2},
		},
		tables: []wantTable{{place: "A1:C6", columns: "设备编号|名称|数量", rows: 3, first: "SB-001|摄像头|12"}},
	},
	{
		name: "units line under the header", rows: [][]any{
			{"街镇", "面积", "人口", "生产总值"}, {nil, "平方公里", "万人", "亿元"}, {"张江", 42, 30.1, 1200}, {"唐镇", 32.1, 12, 210}, {"合庆", 41.9, 13, 150},
		},
		tables: []wantTable{{place: "A1:D5", columns: "街镇|面积/平方公里|人口/万人|生产总值/亿元", rows: 3, first: "张江|42|30.1|1200"}},
	},
	{
		name: "sums of all at the top", rows: [][]any{
			{"指标", "一月", "二月"}, {"总计", 60, 66}, {"张江", 30, 33}, {"唐镇", 20, 22}, {"合庆", 10, 11},
		},
		tables: []wantTable{{place: "A1:C5", columns: "指标|一月|二月", rows: 3, first: "张江|30|33", notes: "total"}},
	},
	{
		name: "one record", rows: [][]any{{"项目名称", "中标单位", "金额（元）"}, {"道路养护", "某某建设", 1234567.89}},
		tables: []wantTable{{place: "A1:C2", columns: "项目名称|中标单位|金额（元）", rows: 1, first: "道路养护|某某建设|1234567.89"}},
	},
}

func TestOfficeSheets(t *testing.T) {
	for _, c := range officeSheets {
		t.Run(c.name, func(t *testing.T) {
			found := findSheet(t, c)
			if len(found) != len(c.tables) {
				for _, f := range found {
					t.Logf("%q %+v %+v", f.Name, f.Place, f.Notes)
				}
				t.Fatalf("%d tables, want %d", len(found), len(c.tables))
			}
			for i, w := range c.tables {
				checkSheet(t, found[i], w)
			}
		})
	}
}

func findSheet(t *testing.T, c sheetCase) []tabular.Found {
	t.Helper()
	f := excelize.NewFile()
	defer func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}()
	sheet := "Sheet1"
	for i, r := range c.rows {
		for k, v := range r {
			if v == nil {
				continue
			}
			cell, err := excelize.CoordinatesToCellName(k+1, i+1)
			if err == nil {
				err = f.SetCellValue(sheet, cell, v)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, m := range c.merges {
		a, b, _ := strings.Cut(m, ":")
		if err := f.MergeCell(sheet, a, b); err != nil {
			t.Fatal(err)
		}
	}
	var buf bytes.Buffer
	if err := f.Write(&buf); err != nil {
		t.Fatal(err)
	}
	found, err := Find(t.Context(), &tabular.Source{Name: "报表.xlsx", Size: int64(buf.Len()), ReaderAt: bytes.NewReader(buf.Bytes())}, tabular.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func checkSheet(t *testing.T, f tabular.Found, w wantTable) {
	t.Helper()
	if f.Place.Range != w.place {
		t.Errorf("place %s, want %s", f.Place.Range, w.place)
	}
	var names, first []string
	for _, h := range f.Heads {
		names = append(names, h.Name)
	}
	if got := strings.Join(names, "|"); got != w.columns {
		t.Errorf("columns %s, want %s", got, w.columns)
	}
	if w.name != "" && f.Name != w.name {
		t.Errorf("name %q, want %q", f.Name, w.name)
	}
	if w.ask && len(f.Questions) == 0 {
		t.Error("nothing is asked")
	}
	rows := 0
	tally, err := f.Read(t.Context(), func(b *tabular.Batch) error {
		for k := range b.Columns {
			if rows == 0 {
				v, _ := b.Columns[k].At(0)
				first = append(first, string(v))
			}
		}
		rows += b.Rows
		return nil
	}, func(tabular.Reject) error { return nil })
	if err != nil || !tally.Balanced() {
		t.Errorf("%v, %+v", err, tally)
	}
	if rows != w.rows {
		t.Errorf("%d rows, want %d; notes %+v", rows, w.rows, f.Notes)
	}
	if got := strings.Join(first, "|"); got != w.first {
		t.Errorf("first %s, want %s", got, w.first)
	}
	for k := range strings.SplitSeq(w.notes, ",") {
		if k != "" && !slices.ContainsFunc(f.Notes, func(n tabular.Note) bool { return n.Kind == k }) {
			t.Errorf("no %s among %+v", k, f.Notes)
		}
	}
}
