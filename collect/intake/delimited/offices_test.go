package delimited

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"shuniu/collect/intake/charset"
)

// office is a text as an office sends it, and what a careful reader finds.
type office struct {
	name, encoding, text string
	crlf                 bool
	tables               []wanted
}

type wanted struct {
	heads       string // names joined with |
	rows        int
	first, last string // values joined with |
	notes       string // kinds, in order
	rejects     int
	asks        bool
}

var offices = []office{
	{
		"zh budget", "gb18030", "浦东新区2023年度财政收支情况表\n单位：万元\n项目\t预算数\t决算数\t完成率\n一般公共预算收入\t1,200.50\t1,250.00\t104.1%\n一般公共预算支出\t1,500.00\t1,480.20\t98.7%\n合计\t2,700.50\t2,730.20\t\n制表人：张三\t\t审核人：李四\n", true,
		[]wanted{{"项目|预算数|决算数|完成率", 2, "一般公共预算收入|1,200.50|1,250.00|104.1%", "一般公共预算支出|1,500.00|1,480.20|98.7%", "title unit total signature", 0, false}},
	},
	{
		"zh two tables", "gb18030", "一、机构情况\n机构,人数\nA局,10\nB局,20\nC局,30\n\n二、经费情况\n项目,预算,决算\n工资,100,90\n公用,50,40\n", false,
		[]wanted{{"机构|人数", 3, "A局|10", "C局|30", "title", 0, false}, {"项目|预算|决算", 2, "工资|100|90", "公用|50|40", "title", 0, false}},
	},
	{
		"zh header of two rows", "gb18030", "地区,2022年,,2023年,\n,人口,户数,人口,户数\n浦东,568.2,200,570.1,201\n黄浦,66.2,30,65.1,29\n合计,634.4,230,635.2,230\n注：户数单位为万户,,,,\n", false,
		[]wanted{{"地区|2022年/人口|2022年/户数|2023年/人口|2023年/户数", 2, "浦东|568.2|200|570.1|201", "黄浦|66.2|30|65.1|29", "total note", 0, false}},
	},
	{
		"zh without header", "gb18030", "1,张三,2024-01-01,5.5\n2,李四,2024-01-02,6.5\n3,王五,2024-01-03,7.5\n", false,
		[]wanted{{"column_1|column_2|column_3|column_4", 3, "1|张三|2024-01-01|5.5", "3|王五|2024-01-03|7.5", "", 0, true}},
	},
	{
		"zh fixed columns", "gb18030", "编号  姓名      部门         金额\n001   张三      财政局      1200.50\n002   欧阳小明  发展改革委   300.00\n003   李四      民政局        15.25\n", false,
		[]wanted{{"编号|姓名|部门|金额", 3, "001|张三|财政局|1200.50", "003|李四|民政局|15.25", "", 0, false}},
	},
	{
		"Excel's Unicode text", "utf-16le", "姓名\t身份证号\t入职日期\n张三\t310115199001011234\t2020/3/5\n李四\t310115198512120022\t2019/12/15\n", true,
		[]wanted{{"姓名|身份证号|入职日期", 2, "张三|310115199001011234|2020/3/5", "李四|310115198512120022|2019/12/15", "", 0, false}},
	},
	{
		"Taiwan", "big5", "編號,縣市,戶數,設立日期\n001,臺北市,\"1,053,000\",112/03/05\n002,新北市,\"1,660,000\",111/12/25\n合計,,\"2,713,000\",\n", true,
		[]wanted{{"編號|縣市|戶數|設立日期", 2, "001|臺北市|1,053,000|112/03/05", "002|新北市|1,660,000|111/12/25", "total", 0, false}},
	},
	{
		"Japan", "shift_jis", "令和５年度　市町村別人口（推計）,,,,\n,,,,（単位：人）\n市町村名,人口総数,,世帯数,備考\n,男,女,,\n札幌市,\"920,123\",\"1,050,234\",\"980,001\",\n函館市,\"112,345\",\"130,123\",\"140,222\",※1\n合計,\"1,032,468\",\"1,180,357\",\"1,120,223\",\n※1　住民基本台帳による,,,,\n資料：北海道総合政策部,,,,\n", true,
		[]wanted{{"市町村名|人口総数/男|人口総数/女|世帯数|備考", 2, "札幌市|920,123|1,050,234|980,001|", "函館市|112,345|130,123|140,222|※1", "title unit total note source", 0, false}},
	},
	{
		"Korea", "euc-kr", "행정구역별 인구현황\n기준일: 2023-12-31\n행정구역,총인구수,남자,여자,세대수\n서울특별시,\"9,386,034\",\"4,540,031\",\"4,846,003\",\"4,469,417\"\n부산광역시,\"3,293,362\",\"1,607,999\",\"1,685,363\",\"1,560,000\"\n출처: 행정안전부\n", true,
		[]wanted{{"행정구역|총인구수|남자|여자|세대수", 2, "서울특별시|9,386,034|4,540,031|4,846,003|4,469,417", "부산광역시|3,293,362|1,607,999|1,685,363|1,560,000", "title note source", 0, false}},
	},
	{
		"France", "windows-1252", "\"Code\";\"Commune\";\"Population\";\"Superficie\"\n\"01001\";\"L'Abergement-Clémenciat\";\"776\";\"15,95\"\n\"01002\";\"L'Abergement-de-Varey\";\"248\";\"9,15\"\n\"01004\";\"Ambérieu-en-Bugey\";\"14 035\";\"24,6\"\n", true,
		[]wanted{{"Code|Commune|Population|Superficie", 3, "01001|L'Abergement-Clémenciat|776|15,95", "01004|Ambérieu-en-Bugey|14 035|24,6", "", 0, false}},
	},
	{
		"England", "utf-8", "Table 1: Number of households by local authority, England, 2019 to 2021,,,,\nUnits: thousands,,,,\n,,,,\nArea code,Area name,2019,2020 [note 1],2021\nE06000001,Hartlepool,41.2,41.5,[x]\nE06000002,Middlesbrough,58.9,59.1,59.4\nE06000003,Redcar and Cleveland,60.1,60.3,60.2\n,,,,\nSource: Office for National Statistics,,,,\n", false,
		[]wanted{{"Area code|Area name|2019|2020 [note 1]|2021", 3, "E06000001|Hartlepool|41.2|41.5|[x]", "E06000003|Redcar and Cleveland|60.1|60.3|60.2", "title unit source", 0, false}},
	},
	{
		"America", "windows-1252", "Permit No.,Issue Date,Valuation,Owner,Notes\nB-1001,01/15/2024,\"$12,500.00\",\"SMITH, JOHN\",\"Replace 12\"\" pipe\"\nB-1002,02/28/2024,\"$1,250.50\",DOE JANE,\nB-1003,3/5/2024,$980,\"O'Brien, Pat\",see B-1001\nTOTAL,,\"$14,730.50\",,\n", false,
		[]wanted{{"Permit No.|Issue Date|Valuation|Owner|Notes", 3, "B-1001|01/15/2024|$12,500.00|SMITH, JOHN|Replace 12\" pipe", "B-1003|3/5/2024|$980|O'Brien, Pat|see B-1001", "total", 0, false}},
	},
	{
		"addresses of several lines", "utf-8", "name,address,phone\n\"Smith, J.\",\"12 High St\nLondon, UK\nSW1A 1AA\",020 7946 0000\nJones,\"1 Low Rd\nLeeds\",0113 496 0000\n", false,
		[]wanted{{"name|address|phone", 2, "Smith, J.|12 High St\nLondon, UK\nSW1A 1AA|020 7946 0000", "Jones|1 Low Rd\nLeeds|0113 496 0000", "", 0, false}},
	},
	{
		"pipes at both ends", "utf-8", "+----+-------+--------+\n| id | name  | amount |\n+----+-------+--------+\n|  1 | Alice |  10.50 |\n|  2 | Bob   |   8.25 |\n+----+-------+--------+\n2 rows in set (0.00 sec)\n", false,
		[]wanted{{"id|name|amount", 2, "1|Alice|10.50", "2|Bob|8.25", "note", 0, false}},
	},
	{
		"carriage returns", "utf-8", "a;b;c\r1;2,5;x\r3;4,5;y\r5;6,5;z\r", false,
		[]wanted{{"a|b|c", 3, "1|2,5|x", "5|6,5|z", "", 0, false}},
	},
	{
		"Excel's separator line", "windows-1252", "sep=;\nname;v\nä;1,5\nö;2,5\nü;3\n", false,
		[]wanted{{"name|v", 3, "ä|1,5", "ü|3", "note", 0, false}},
	},
	{
		"lines quoted whole", "utf-8", "\"id,name,amount\"\n\"1,\"\"Smith, J\"\",5\"\n\"2,Jones,6\"\n\"3,Brown,7\"\n", false,
		[]wanted{{"id|name|amount", 3, "1|Smith, J|5", "3|Brown|7", "", 0, true}},
	},
	{
		"a name for each row", "utf-8", "\"mpg\",\"cyl\",\"disp\"\n\"Mazda RX4\",21,6,160\n\"Datsun 710\",22.8,4,108\n\"Hornet\",21.4,6,258\n", false,
		[]wanted{{"mpg|cyl|disp|column_4", 3, "Mazda RX4|21|6|160", "Hornet|21.4|6|258", "", 0, true}},
	},
	{
		"counting up is data", "utf-8", "a,b\n1,2\n3,4\n", false,
		[]wanted{{"a|b", 2, "1|2", "3|4", "", 0, false}},
	},
	{
		"ragged", "utf-8", "no,name,tel,mail,memo\n1,王小明,021-1234,a@b.cn,x\n2,李雷,021-2234\n3,韩梅梅,021-3234,c@d.cn\n4,张伟,,,\n5,刘洋,021-5234,e@f.cn,y\n6,陈晨\n", false,
		[]wanted{{"no|name|tel|mail|memo", 6, "1|王小明|021-1234|a@b.cn|x", "6|陈晨|||", "", 0, true}},
	},
}

func damagedFiles() []office {
	var a, b, c strings.Builder
	a.WriteString("编号,名称,地址,电话,日期\n")
	b.WriteString("id,name,size,qty\n")
	for i := 1; i < 60; i++ {
		if i == 40 {
			a.WriteString("40,公司40,上海市,浦东新区,021-1040,2024-01-05\n")
		} else {
			fmt.Fprintf(&a, "%d,公司%d,上海市路%d号,021-%d,2024-01-%02d\n", i, i, i, 1000+i, i%28+1)
		}
		switch i {
		case 20:
			b.WriteString("20,\"monitor 24\" wide,40,60\n")
		case 21:
			b.WriteString("21,\"tube 3 inch,42,63\n")
		case 50:
			b.WriteString("50,\"hose 2\"\",100,150\n")
		default:
			fmt.Fprintf(&b, "%d,item %d,%d,%d\n", i, i, 2*i, 3*i)
		}
		if i < 20 {
			fmt.Fprintf(&c, "%d,单位%d\n", i, i)
		}
	}
	gbk, _ := charset.Encode("gb18030", []byte("20,黄浦区\n"))
	return []office{
		{"an unquoted delimiter", "utf-8", a.String(), false, []wanted{{"编号|名称|地址|电话|日期", 58, "1|公司1|上海市路1号|021-1001|2024-01-02", "59|公司59|上海市路59号|021-1059|2024-01-04", "", 1, true}}},
		{"stray quotes", "utf-8", b.String(), false, []wanted{{"id|name|size|qty", 59, "1|item 1|2|3", "59|item 59|118|177", "", 0, true}}},
		{"a line of another encoding", "", "编号,名称\n" + c.String() + string(gbk) + "21,静安区\n", false, []wanted{{"编号|名称", 20, "1|单位1", "21|静安区", "", 1, true}}},
	}
}

func TestOffices(t *testing.T) {
	for _, o := range append(slices.Clone(offices), damagedFiles()...) {
		t.Run(o.name, func(t *testing.T) {
			text := o.text
			if o.crlf {
				text = strings.ReplaceAll(text, "\n", "\r\n")
			}
			data := []byte(text)
			if o.encoding != "" {
				var ok bool
				if data, ok = charset.Encode(o.encoding, data); !ok {
					t.Fatal("does not encode")
				}
			}
			got := read(t, "office.txt", data)
			if len(got) != len(o.tables) {
				t.Fatalf("%d tables, want %d", len(got), len(o.tables))
			}
			for i, w := range o.tables {
				g := got[i]
				var heads, kinds []string
				for _, h := range g.Heads {
					heads = append(heads, h.Name)
				}
				for _, n := range g.Notes {
					kinds = append(kinds, n.Kind)
				}
				if h := strings.Join(heads, "|"); h != w.heads {
					t.Errorf("table %d: columns %s, want %s", i+1, h, w.heads)
				}
				if len(g.rows) != w.rows {
					t.Fatalf("table %d: %d rows, want %d", i+1, len(g.rows), w.rows)
				}
				if f := strings.Join(g.rows[0], "|"); f != w.first {
					t.Errorf("table %d: first row %s, want %s", i+1, f, w.first)
				}
				if l := strings.Join(g.rows[len(g.rows)-1], "|"); l != w.last {
					t.Errorf("table %d: last row %s, want %s", i+1, l, w.last)
				}
				if k := strings.Join(kinds, " "); k != w.notes {
					t.Errorf("table %d: notes %q, want %q", i+1, k, w.notes)
				}
				if len(g.rejects) != w.rejects || len(g.Questions) > 0 != w.asks {
					t.Errorf("table %d: %d rejects, want %d; questions %q, want any: %v", i+1, len(g.rejects), w.rejects, g.Questions, w.asks)
				}
			}
		})
	}
}

// Whatever comes, every record is accounted for, quickly.
func FuzzFind(f *testing.F) {
	for _, o := range offices {
		f.Add([]byte(o.text))
	}
	f.Add([]byte("\"\"\"\"\"\"\n\"a,\"\"b\",\"\n\""))
	f.Add([]byte(strings.Repeat("\"a", 3000)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<16 {
			return
		}
		start := time.Now()
		defer func() {
			if d := time.Since(start); d > 20*time.Second {
				t.Errorf("took %v", d)
			}
		}()
		for _, x := range read(t, "fuzz.csv", b) {
			for _, r := range x.rows {
				if len(r) != len(x.Heads) {
					t.Fatalf("row of %d values under %d columns", len(r), len(x.Heads))
				}
			}
		}
	})
}
