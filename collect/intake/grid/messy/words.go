package messy

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// A day is a date stored as a serial with a date format.
type day int

func (d day) time() time.Time {
	return time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(d))
}
func (d day) serial() int { return int(d) }

// Text is how a stored value must be read.
func Text(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	case int:
		return strconv.Itoa(x)
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	case day:
		return x.time().Format("2006-01-02")
	case bool:
		return strconv.FormatBool(x)
	}
	return fmt.Sprint(v)
}

// A locale is an office's habits and words.
type locale struct {
	lang     string
	titles   []string
	units    []string
	metas    []string
	keys     []string // names of key columns
	places   []string
	people   []string
	measures []string // names of figures
	groups   []string // upper headings
	words    []string // names of text columns
	values   []string // their values
	sections []string
	total    []string
	subtotal []string
	notes    []string
	sources  []string
	signs    []string
	nulls    []string
	cities   []string
}

var locales = []locale{
	{
		lang:     "zh",
		titles:   []string{"2023年度浦东新区各街镇户籍人口情况", "基层医疗机构运行月报", "城市管理综合执法案件汇总", "关于报送安全生产隐患排查结果的表", "民办非企业单位登记台账（截至6月底）", "全区教育经费执行情况", "市容环境考核得分表", "重点企业用能统计", "老旧小区改造项目进度"},
		units:    []string{"单位：万元", "（单位：人）", "单位:户、人", "计量单位：吨", "金额单位：元"},
		metas:    []string{"填报单位：区统计局", "统计时间：2023年1-12月", "报送部门：民政科", "表号：PD-3表"},
		keys:     []string{"街镇", "单位名称", "项目", "行业", "学校"},
		places:   []string{"潍坊新村", "陆家嘴", "周家渡", "塘桥", "上钢新村", "南码头路", "沪东新村", "金杨新村", "洋泾", "浦兴路", "东明路", "花木", "川沙新镇", "高桥镇", "北蔡镇", "合庆镇", "唐镇", "曹路镇", "高行镇", "高东镇", "张江镇", "三林镇", "惠南镇", "周浦镇", "新场镇"},
		people:   []string{"王建国", "李秀英", "张伟", "陈静", "杨洋", "赵敏", "黄海涛", "周丽", "吴刚", "徐晓东", "孙悦", "马超"},
		measures: []string{"总户数", "常住人口", "床位数", "门诊人次", "立案数", "结案数", "投入资金(万元)", "完成率", "同比增长(%)", "得分", "耗电量（万千瓦时）", "面积(平方米)", "在校生数", "教师数", "罚没款", "男", "女"},
		groups:   []string{"户籍人口", "案件情况", "本月", "本年累计", "经费支出", "其中", "2022年", "2023年", "机构情况"},
		words:    []string{"负责人", "所在社区", "业务类型", "整改状态", "登记机关", "处理意见"},
		values:   []string{"已整改", "整改中", "行政处罚", "一般程序", "社会服务", "教育培训", "文化体育", "正在办理", "建议关注"},
		sections: []string{"一、街道", "二、镇", "三、开发区", "（一）内环以内", "（二）内外环之间", "城区部分", "郊区部分"},
		total:    []string{"合计", "总计", "合　计", "总 计"},
		subtotal: []string{"小计", "小　计"},
		notes:    []string{"注：本表数据为初步统计数。", "注:1.因四舍五入，分项之和可能与总数略有出入。", "说明：数据不含市属单位。", "备注：空格表示无数据。"},
		sources:  []string{"资料来源：浦东新区统计局", "数据来源：区卫健委信息中心"},
		signs:    []string{"填表人：张三", "审核人：李四", "联系电话：58781234", "填报日期：2024年1月5日", "单位负责人：王五"},
		nulls:    []string{"-", "—", "…", "无"},
		cities:   []string{"310115", "310104", "310101"},
	},
	{
		lang:     "en",
		titles:   []string{"Table 4.2 Households by tenure and borough", "Quarterly parking enforcement summary", "Library visits, loans and members", "Housing completions by district, 2019-2023", "Fire stations and response times"},
		units:    []string{"Unit: thousands", "(Unit: persons)", "Units: GBP million", "(in thousands)"},
		metas:    []string{"Period: January to March 2024", "Department: Community Services", "Report date: 12 April 2024", "As at: 31 March 2024"},
		keys:     []string{"Area", "Ward", "Borough", "District", "Service"},
		places:   []string{"Ashford", "Barnet", "Camden", "Dover", "Ealing", "Folkestone", "Gravesham", "Hackney", "Islington", "Kensington", "Lambeth", "Maidstone", "Newham", "Oxford", "Preston", "Redbridge", "Sutton", "Thanet", "Uttlesford", "Wandsworth"},
		people:   []string{"A. Smith", "B. Jones", "C. Taylor", "D. Brown", "E. Wilson", "F. Evans"},
		measures: []string{"Households", "Owner occupied", "Visits", "Loans", "Active members", "Fines issued", "Amount (GBP)", "Completions", "Change (%)", "Response time (min)", "Male", "Female", "Staff"},
		groups:   []string{"Tenure", "2022", "2023", "Population", "Current quarter", "Year to date"},
		words:    []string{"Manager", "Status", "Ward type", "Outcome", "Comment"},
		values:   []string{"open", "closed", "pending review", "urban", "rural", "upheld", "withdrawn"},
		sections: []string{"Inner London", "Outer London", "Part A: North", "Part B: South", "Rest of England"},
		total:    []string{"Total", "Grand total", "TOTAL", "All areas total"},
		subtotal: []string{"Subtotal", "Sub-total"},
		notes:    []string{"Note: figures may not sum due to rounding.", "Notes: excludes temporary accommodation.", "1) Provisional.", "* Revised figure."},
		sources:  []string{"Source: Office for National Statistics", "Source: council records"},
		signs:    []string{"Prepared by: J. Doe", "Approved by: K. Lee", "Contact: 020 7946 0000"},
		nulls:    []string{"-", "n/a", "..", "N/A"},
		cities:   []string{"E09000007", "E09000003"},
	},
	{
		lang:     "ja",
		titles:   []string{"表3 市区町村別人口及び世帯数", "令和5年度 施設利用状況", "図書館の貸出冊数", "ごみ収集量の推移"},
		units:    []string{"（単位：人）", "単位：千円", "（単位：世帯、人）"},
		metas:    []string{"調査日：令和5年10月1日", "作成日：2024年3月1日"},
		keys:     []string{"市区町村", "区分", "施設名", "年度"},
		places:   []string{"千代田区", "中央区", "港区", "新宿区", "文京区", "台東区", "墨田区", "江東区", "品川区", "目黒区", "大田区", "世田谷区", "渋谷区", "中野区"},
		people:   []string{"佐藤", "鈴木", "高橋", "田中"},
		measures: []string{"世帯数", "人口", "男", "女", "利用者数", "貸出冊数", "収集量(t)", "金額（千円）", "構成比(%)", "前年比"},
		groups:   []string{"総数", "人口", "令和4年度", "令和5年度", "一般会計"},
		words:    []string{"担当課", "状態", "種類"},
		values:   []string{"完了", "継続中", "屋内", "屋外", "直営", "委託"},
		sections: []string{"区部", "市部", "郡部", "島部"},
		total:    []string{"合計", "総計", "計"},
		subtotal: []string{"小計"},
		notes:    []string{"注：外国人を含む。", "※ 端数処理のため合計が一致しない場合がある。", "注1 速報値である。"},
		sources:  []string{"資料：総務局統計部", "出典：総務省統計局"},
		signs:    []string{"担当：統計課", "作成者：鈴木"},
		nulls:    []string{"-", "…", "－"},
		cities:   []string{"13101", "13102"},
	},
	{
		lang:     "de",
		titles:   []string{"Tabelle 12: Bevölkerung nach Bezirken", "Kfz-Zulassungen im Landkreis", "Wohngeldempfänger 2023", "Haushaltsplan - Erträge und Aufwendungen"},
		units:    []string{"Einheit: 1.000 EUR", "(in 1 000)", "Einheit: Personen"},
		metas:    []string{"Stichtag: 31.12.2023", "Berichtsjahr: 2023", "Stand: Januar 2024"},
		keys:     []string{"Bezirk", "Gemeinde", "Kreis", "Merkmal"},
		places:   []string{"Mitte", "Pankow", "Spandau", "Neukölln", "Lichtenberg", "Reinickendorf", "Potsdam", "Cottbus", "Brandenburg", "Oranienburg", "Bernau", "Eberswalde"},
		people:   []string{"Müller", "Schmidt", "Weber"},
		measures: []string{"Einwohner", "männlich", "weiblich", "Haushalte", "Fläche (km²)", "Zulassungen", "Erträge", "Aufwendungen", "Veränderung (%)", "Anzahl"},
		groups:   []string{"Bevölkerung", "2022", "2023", "davon", "Ergebnis"},
		words:    []string{"Sachbearbeiter", "Zustand", "Art der Nutzung"},
		values:   []string{"offen", "erledigt", "Wohnen", "Gewerbe", "in Prüfung"},
		sections: []string{"Kreisfreie Städte", "Landkreise", "Ost", "West"},
		total:    []string{"Insgesamt", "Summe", "Gesamt"},
		subtotal: []string{"Zwischensumme"},
		notes:    []string{"Anmerkung: vorläufige Zahlen.", "Hinweis: Rundungsdifferenzen möglich.", "1) ohne Berlin"},
		sources:  []string{"Quelle: Statistisches Landesamt", "Quelle: Einwohnermelderegister"},
		signs:    []string{"Erstellt von: H. Weber", "Ansprechpartner: Frau Schmidt"},
		nulls:    []string{"-", "...", "k. A."},
		cities:   []string{"11000", "12054"},
	},
	{
		lang:     "ko",
		titles:   []string{"구별 주민등록 인구", "2023년 민원 처리 현황", "공공도서관 이용 통계"},
		units:    []string{"(단위: 명)", "단위: 백만원"},
		metas:    []string{"기준일: 2023년 12월 31일"},
		keys:     []string{"자치구", "구분", "기관명"},
		places:   []string{"종로구", "중구", "용산구", "성동구", "광진구", "동대문구", "중랑구", "성북구", "강북구", "도봉구"},
		people:   []string{"김철수", "이영희"},
		measures: []string{"세대수", "인구", "남자", "여자", "접수", "처리", "금액(백만원)", "비율(%)"},
		groups:   []string{"총인구", "민원", "2022년", "2023년"},
		words:    []string{"담당부서", "상태"},
		values:   []string{"완료", "진행중", "보류"},
		sections: []string{"도심권", "동북권", "서남권"},
		total:    []string{"합계", "총계"},
		subtotal: []string{"소계"},
		notes:    []string{"주: 외국인 포함", "비고: 잠정치"},
		sources:  []string{"자료: 행정안전부", "출처: 서울특별시"},
		signs:    []string{"작성자: 김철수", "담당자: 이영희"},
		nulls:    []string{"-", "…"},
		cities:   []string{"11110", "11140"},
	},
}

func shuffled(r *rand.Rand, list []string, n int) []string {
	out := make([]string, 0, n)
	p := r.Perm(len(list))
	for _, i := range p[:min(n, len(p))] {
		out = append(out, list[i])
	}
	return out
}

// unheard is an office whose words nobody knows: only their places tell what
// they are. Totals, notes and sources are said in English.
func unheard(r *rand.Rand) locale {
	loc := locales[1]
	word := func(most int) string {
		var b []byte
		for range 2 + r.IntN(most) {
			b = append(b, "bdfgklmnprstvz"[r.IntN(14)], "aeiou"[r.IntN(5)])
		}
		b[0] -= 'a' - 'A'
		return string(b)
	}
	list := func(n, most, words int) []string {
		seen := map[string]bool{}
		var out []string
		for len(out) < n {
			w := word(most)
			for range r.IntN(words) {
				w += " " + word(most)
			}
			if !seen[w] {
				seen[w] = true
				out = append(out, w)
			}
		}
		return out
	}
	loc.titles = list(6, 4, 5)
	loc.keys = list(4, 3, 1)
	loc.places = list(24, 4, 2)
	loc.people = list(6, 3, 2)
	loc.measures = list(12, 4, 2)
	loc.groups = list(6, 3, 2)
	loc.words = list(5, 3, 1)
	loc.values = list(7, 4, 1)
	loc.sections = list(5, 4, 2)
	return loc
}
