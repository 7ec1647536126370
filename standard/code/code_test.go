package code_test

import (
	"bufio"
	"encoding/csv"
	"os"
	"slices"
	"strings"
	"testing"

	"shuniu/packs/standards"
	"shuniu/shuniutest/publicdata"
	"shuniu/standard/code"
	"shuniu/standard/rule"
)

func table(t *testing.T, name string) [][]string {
	t.Helper()
	f, err := os.Open(publicdata.Path(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	in := bufio.NewReader(f)
	if b, err := in.Peek(3); err == nil && string(b) == "\ufeff" {
		_, _ = in.Discard(3)
	}
	r := csv.NewReader(in)
	if strings.HasSuffix(name, ".tsv") {
		r.Comma = '\t'
	}
	rows, err := r.ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatal(name, len(rows), err)
	}
	return rows[1:]
}

func TestAreas(t *testing.T) {
	l := code.Areas()
	for _, tc := range []struct {
		code string
		day  rule.Day
		name string // "": none
	}{
		{"310225", 19950601, "上海市南汇县"},
		{"310225", 20050601, ""},
		{"310119", 20050601, "上海市南汇区"},
		{"310119", 20081231, "上海市南汇区"},
		{"310119", 20090301, "上海市南汇区"}, // the lists do not say on which day of 2009
		{"310119", 20091231, ""},
		{"310115", 19911231, ""},
		{"310115", 0, "上海市浦东新区"},
		{"440524", 19850101, "广东省汕头市潮阳县"},
		{"419001", 19890101, "河南省义马市"},
		{"419001", 20240101, "河南省济源市"},
		{"460302", 20240101, "海南省三沙市西沙区"},
		{"653228", 20241231, "新疆维吾尔自治区和田地区和康县"},
		{"810000", 0, "香港特别行政区"},
		{"999999", 0, ""},
		{"31011", 0, ""},
		{"31O115", 0, ""},
	} {
		a, ok := l.On(tc.code, tc.day)
		got := ""
		if ok {
			got = l.FullName(a)
		}
		if got != tc.name {
			t.Errorf("%s on %v: %q, want %q", tc.code, tc.day, got, tc.name)
		}
	}
}

func TestFollow(t *testing.T) {
	l := code.Areas()
	for _, tc := range []struct {
		code string
		want []string
	}{
		{"310225", []string{"310115"}},
		{"310224", []string{"310115"}},
		{"310103", []string{"310101"}}, // 卢湾 → 黄浦
		{"310108", []string{"310106"}}, // 闸北 → 静安
		{"310115", []string{"310115"}},
		{"460025", []string{"469021"}},
		{"000000", nil},
	} {
		if got := l.Follow(tc.code, 0); !slices.Equal(got, tc.want) {
			t.Errorf("Follow(%s) = %v, want %v", tc.code, got, tc.want)
		}
	}
	if got := l.Follow("310225", 20050101); !slices.Equal(got, []string{"310119"}) {
		t.Errorf("Follow(310225, 2005) = %v, want 310119", got)
	}
	// Whatever a code became, it ends in codes in force or was given up.
	for _, a := range l.All() {
		for _, c := range l.Follow(a.Code, 0) {
			if _, ok := l.On(c, 20241231); !ok {
				t.Errorf("%s %s leads to %s, which is not in force", a.Code, a.Name, c)
			}
		}
	}
}

// TestStatisticalList maps every code of the statistical lists of 2018 and
// 2023 to the civil-affairs list and back.
func TestStatisticalList(t *testing.T) {
	l := code.Areas()
	codes := map[string]string{}
	for _, r := range table(t, "01-divisions/areas.csv") {
		codes[r[0]] = r[1]
	}
	for _, r := range table(t, "01-divisions/gb2260_stats_201810.tsv") {
		codes[r[2]] = r[3]
	}
	for c, name := range codes {
		civil, exact, ok := l.ToCivil(c)
		if !ok {
			t.Errorf("%s %s has no civil-affairs code", c, name)
			continue
		}
		if _, ok := l.On(civil, 0); !ok {
			t.Errorf("%s %s maps to %s, which is no civil-affairs code", c, name, civil)
		}
		back, apart, ok := l.ToStatistical(civil)
		inside := slices.ContainsFunc(apart, func(s code.StatisticalArea) bool { return s.Code == c })
		if !ok || exact && back != c || !exact && !inside {
			t.Errorf("%s %s → %s (exact %v) → %s, kept apart %v", c, name, civil, exact, back, inside)
		}
	}
	if civil, exact, _ := l.ToCivil("130171"); civil != "130100" || exact {
		t.Errorf("130171 → %s, exact %v", civil, exact)
	}
	if civil, exact, _ := l.ToCivil("460321"); civil != "460302" || !exact {
		t.Errorf("460321 → %s, exact %v", civil, exact)
	}
	if _, _, ok := l.ToCivil("990000"); ok {
		t.Error("990000 has a civil-affairs code")
	}
}

// TestIndustryTotals holds the editions against the totals they state.
func TestIndustryTotals(t *testing.T) {
	l := code.Industries()
	for e, want := range map[code.Edition][4]int{code.Edition2002: {20, 95, 396, 913}, code.Edition2011: {20, 96, 432, 1094}, code.Edition2017: {20, 97, 473, 1381}} {
		var got [4]int
		for _, c := range l.All(e) {
			got[len(c.Code)-1]++
			if len(c.Code) == 1 {
				got[0]++
				got[len(c.Code)-1]--
			}
			if len(c.Code) == 3 || len(c.Code) == 4 {
				if up, ok := l.In(e, c.Code[:len(c.Code)-1]); !ok || up.Section != c.Section {
					t.Errorf("%d: %s has no class above it in section %s", e, c.Code, c.Section)
				}
			}
		}
		if got != want {
			t.Errorf("edition %d has %v, want %v", e, got, want)
		}
	}
	joined := map[string]string{ // the public file runs the names of a group and of its first class together
		"727": "安全保护服务", "7271": "安全服务", "905": "文化体育娱乐活动与经纪代理服务", "9051": "文化活动服务",
	}
	for _, r := range table(t, "codes/gb4754_2017.csv") {
		if own, ok := joined[r[0]]; ok && strings.Contains(r[2], own) {
			r[2] = own
		}
		c, ok := l.In(code.Edition2017, r[0])
		same := strings.NewReplacer("(", "（", ")", "）").Replace(r[2])
		if !ok || c.Name != same || c.Section != r[4] || c.Level() != r[1] {
			t.Errorf("%s: %+v, want %v", r[0], c, r)
		}
	}
}

func TestIndustryMapping(t *testing.T) {
	l := code.Industries()
	for _, tc := range []struct {
		e              code.Edition
		code, to, kind string
	}{
		{code.Edition2011, "0111", "0111", "same"},
		{code.Edition2002, "6591", "", ""},
		{code.Edition2011, "0170", "017", "split"},
		{code.Edition2011, "7114", "7114", "renamed"},
		{code.Edition2017, "0111", "", ""},
		{code.Edition2011, "A", "A", "same"},
	} {
		m, ok := l.Next(tc.e, tc.code)
		if tc.kind == "" {
			if tc.e == code.Edition2017 && ok {
				t.Errorf("Next(%d, %s) = %v, want none", tc.e, tc.code, m)
			}
			continue
		}
		if m.To != tc.to || m.Relation != tc.kind {
			t.Errorf("Next(%d, %s) = %v, want %s %s", tc.e, tc.code, m, tc.to, tc.kind)
		}
	}
	for i, e := range []code.Edition{code.Edition2002, code.Edition2011} {
		next := []code.Edition{code.Edition2011, code.Edition2017}[i]
		known, n := 0, 0
		for _, c := range l.All(e) {
			if len(c.Code) != 4 {
				continue
			}
			n++
			m, ok := l.Next(e, c.Code)
			if !ok {
				t.Errorf("%d %s: no answer", e, c.Code)
			}
			if m.To != "" {
				if _, ok := l.In(next, m.To); !ok {
					t.Errorf("%d %s maps to %s, which %d does not have", e, c.Code, m.To, next)
				}
				known++
			}
		}
		t.Logf("%d → %d: %d of %d classes mapped", e, next, known, n)
		if known*100 < n*94 {
			t.Errorf("%d: only %d of %d classes mapped", e, known, n)
		}
	}
}

func TestLists(t *testing.T) {
	if n := len(code.EthnicGroup().Items()); n != 56 {
		t.Errorf("%d ethnic groups", n)
	}
	if n := len(code.Country().Items()); n != 249 {
		t.Errorf("%d countries", n)
	}
	names, err := os.ReadFile(publicdata.Path(t, "02-gb4754/56_nations.csv"))
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.FieldsSeq(strings.TrimPrefix(string(names), "\ufeff")) {
		if _, ok := code.EthnicGroup().Find(name); !ok {
			t.Errorf("no ethnic group %q", name)
		}
	}
	for _, tc := range []struct {
		rule             *rule.Rule
		value            string
		at               rule.Day
		verdict          rule.Verdict
		repaired, wanted string // wanted: name
	}{
		{code.EthnicGroup().Rule(), "23", 0, rule.Valid, "", "高山族"},
		{code.EthnicGroup().Rule(), "基诺族", 0, rule.Valid, "", "基诺族"},
		{code.EthnicGroup().Rule(), "1", 0, rule.Repairable, "01", "汉族"},
		{code.EthnicGroup().Rule(), "回", 0, rule.Repairable, "03", "回族"},
		{code.EthnicGroup().Rule(), "97", 0, rule.Invalid, "", ""},
		{code.Sex().Rule(), "2", 0, rule.Valid, "", "女性"},
		{code.Sex().Rule(), "女", 0, rule.Repairable, "2", "女性"},
		{code.Sex().Rule(), "5", 0, rule.Invalid, "", ""},
		{code.MaritalStatus().Rule(), "10", 0, rule.Valid, "", "未婚"},
		{code.Country().Rule(), "CHN", 0, rule.Valid, "", "中国"},
		{code.Country().Rule(), "chn", 0, rule.Repairable, "CHN", "中国"},
		{code.Country().Rule(), "香港", 0, rule.Repairable, "HK", "中国香港"},
		{code.Country().Rule(), "ZZ", 0, rule.Invalid, "", ""},
		{code.Currency().Rule(), "CNY", 0, rule.Valid, "", "人民币元"},
		{code.Currency().Rule(), "036", 0, rule.Valid, "", "澳大利亚元"},
		{code.Currency().Rule(), "DEM", 20240101, rule.Invalid, "", "德国马克"},
		{code.Currency().Rule(), "DEM", 19990101, rule.Valid, "", "德国马克"},
		{code.Currency().Rule(), "EUR", 19980101, rule.Invalid, "", "欧元"},
		{code.IndustryCode(), "6210", 0, rule.Valid, "", "正餐服务"},
		{code.IndustryCode(), "6211", 20050101, rule.Valid, "", "基础软件服务"},
		{code.IndustryCode(), "8053", 20120101, rule.Invalid, "", "养生保健服务"},
		{code.IndustryCode(), "c3911", 0, rule.Repairable, "3911", "计算机整机制造"},
		{code.IndustryCode(), "D3911", 0, rule.Invalid, "", ""},
		{code.IndustryCode(), "9416", 0, rule.Invalid, "", ""}, // a misprint of several tables
		{code.AreaCode(), "310115000000", 0, rule.Repairable, "310115", "浦东新区"},
		{code.AreaCode(), "31", 0, rule.Repairable, "310000", "上海市"},
		{code.AreaCode(), "310225", 0, rule.Valid, "", "南汇县"},
		{code.AreaCode(), "310225", 20240101, rule.Invalid, "", "南汇县"},
		{code.AreaCode(), "130171", 20240101, rule.Valid, "", "石家庄高新技术产业开发区"},
	} {
		c := tc.rule.Check(tc.value, tc.at)
		if c.Verdict != tc.verdict || c.Repaired != tc.repaired || c.Parts["name"] != tc.wanted {
			t.Errorf("%s %q on %v: %v %q %v (%s), want %v %q %q", tc.rule.Kind, tc.value, tc.at, c.Verdict, c.Repaired, c.Parts, c.Reason, tc.verdict, tc.repaired, tc.wanted)
		}
	}
}

// TestHistory holds the shipped list against the one it was made from.
func TestHistory(t *testing.T) {
	l := code.Areas()
	rows := table(t, "01-divisions/areacodes_history_result.csv")
	if len(rows) != len(l.All()) {
		t.Errorf("%d areas, want %d", len(l.All()), len(rows))
	}
	wrong := 0
	for _, r := range rows {
		i := slices.IndexFunc(l.Periods(r[0]), func(a code.Area) bool { return a.Name == r[3] })
		if i < 0 {
			t.Errorf("no %s %s", r[0], r[3])
			continue
		}
		if a := l.Periods(r[0])[i]; a.Level == code.County {
			want := r[1] + strings.TrimPrefix(r[2], "直辖") + r[3]
			if got := l.FullName(a); got != want && a.To == 0 {
				t.Errorf("%s: %s, want %s", r[0], got, want)
			} else if got != want {
				if wrong++; wrong < 5 {
					t.Logf("%s: %s, want %s", r[0], got, want)
				}
			}
		}
	}
	if wrong > 160 { // prefectures that were renamed in the year the county went
		t.Errorf("%d full names differ", wrong)
	}
}

func FuzzRules(f *testing.F) {
	for _, s := range []string{"310115", "C3911", "汉", "CNY", "31", "１"} {
		f.Add(s, int32(20240101))
	}
	rules := []*rule.Rule{code.AreaCode(), code.IndustryCode(), code.Country().Rule(), code.Currency().Rule(), code.EthnicGroup().Rule(), code.Sex().Rule()}
	f.Fuzz(func(t *testing.T, s string, at int32) {
		for _, r := range rules {
			c := r.Check(s, rule.Day(at))
			if c.Verdict == rule.Repairable && r.Check(c.Repaired, rule.Day(at)).Verdict != rule.Valid {
				t.Errorf("%s %q was mended to %q, which is not valid", r.Kind, s, c.Repaired)
			}
		}
	})
}

func BenchmarkColumn(b *testing.B) {
	for _, tc := range []struct {
		rule   *rule.Rule
		values []string
	}{
		{code.AreaCode(), []string{"310115", "310225", "110101", "440524", "130171"}},
		{code.IndustryCode(), []string{"6210", "0111", "3911", "A", "8053"}},
		{code.EthnicGroup().Rule(), []string{"01", "03", "汉族", "56"}},
		{code.Sex().Rule(), []string{"1", "2", "男", "9"}},
		{code.Country().Rule(), []string{"CHN", "156", "US"}},
		{code.Currency().Rule(), []string{"CNY", "USD", "156"}},
	} {
		c := rule.Column{Offsets: []int32{0}}
		for i := range 100_000 {
			c.Data = append(c.Data, tc.values[i%len(tc.values)]...)
			c.Offsets = append(c.Offsets, int32(len(c.Data)))
		}
		b.Run(tc.rule.Kind, func(b *testing.B) {
			for b.Loop() {
				tc.rule.Column(c, 0, nil)
			}
			b.ReportMetric(float64(c.Len())*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mvalues/s")
		})
	}
}

// TestIndustriesHaveTheirOwnNames: a group of several classes is called like
// none of them; two names run together look like that.
func TestIndustriesHaveTheirOwnNames(t *testing.T) {
	for _, edition := range []string{"2002", "2011", "2017"} {
		names, classes := map[string]string{}, map[string][]string{}
		standards.Rows("industries_"+edition+".csv", func(f []string) {
			names[f[0]] = f[2]
			if len(f[0]) == 4 {
				classes[f[0][:3]] = append(classes[f[0][:3]], f[0])
			}
		})
		for group, in := range classes {
			for _, c := range in {
				if len(in) > 1 && names[c] == names[group] {
					t.Errorf("%s: %s and %s are both called %s", edition, group, c, names[c])
				}
			}
		}
	}
}
