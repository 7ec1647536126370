package reading

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"shuniu/collect/intake/tabular"
	"shuniu/resource"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"pgregory.net/rapid"
)

func column(values ...string) *tabular.Text {
	var t tabular.Text
	for _, v := range values {
		t.AppendString(v)
	}
	return &t
}

func find(name string, values ...string) Finding {
	p := New(tabular.Head{Name: name})
	p.Add(column(values...))
	return p.Finding()
}

func TestTypes(t *testing.T) {
	for _, tc := range []struct {
		name   string
		head   string
		in     []string
		want   resource.Type
		exact  bool
		unit   string
		unread int64
		asks   bool
	}{
		{"integers", "人数", []string{"1", "20", "-3"}, resource.Integer, true, "", 0, false},
		{"integers with an empty one", "人数", []string{"1", "", "3"}, resource.Integer, true, "", 0, false},
		{"a null token keeps its text", "人数", []string{"1", "--", "3"}, resource.Integer, false, "", 0, false},
		{"leading zeros", "编号", []string{"001", "002"}, resource.Text, true, "", 0, false},
		{"one leading zero", "n", []string{"1", "2", "03"}, resource.Text, true, "", 0, false},
		{"eighteen digits", "号", []string{"310115199001011234", "310115199001011235"}, resource.Text, true, "", 0, false},
		{"mobile phones", "联系", []string{"13812345678", "15912345678"}, resource.Text, true, "", 0, false},
		{"post codes by name", "邮编", []string{"200120", "201200"}, resource.Text, true, "", 0, false},
		{"decimals of one scale", "x", []string{"1.50", "0.25", "-3.00"}, resource.Decimal, true, "", 0, false},
		{"decimals of two scales", "x", []string{"1.5", "0.25"}, resource.Decimal, false, "", 0, false},
		{"thousands", "x", []string{"1,234", "12,345", "999", "1,234,567"}, resource.Integer, false, "", 0, false},
		{"European", "x", []string{"1.234,56", "0,5", "12"}, resource.Decimal, false, "", 0, false},
		{"French", "x", []string{"1 234,56", "0,5", "12 345 678,9"}, resource.Decimal, false, "", 0, false},
		{"brackets", "x", []string{"(1,234.00)", "5.00"}, resource.Decimal, false, "", 0, false},
		{"full width", "x", []string{"１２３", "４"}, resource.Integer, false, "", 0, false},
		{"wan yuan", "资本", []string{"1,000万元", "50万元"}, resource.Integer, false, "万元", 0, false},
		{"two units", "资本", []string{"1000万元", "50元"}, resource.Text, true, "", 0, true},
		{"percent", "率", []string{"12.5%", "3%"}, resource.Decimal, false, "%", 0, false},
		{"exponent", "x", []string{"1.2E+5", "3.4e-2", "5"}, resource.Decimal, false, "", 0, false},
		{"yes and no", "是否", []string{"是", "否", "是"}, resource.Boolean, true, "", 0, false},
		{"zero and one", "是否", []string{"0", "1"}, resource.Integer, true, "", 0, false},
		{"only have", "有无", []string{"有", "有"}, resource.Text, true, "", 0, false},
		{"have or not", "有无", []string{"有", "无"}, resource.Boolean, false, "", 0, false},
		{"ISO dates", "日期", []string{"2024-03-05", "2024-12-31"}, resource.Date, true, "", 0, false},
		{"Excel dates", "日期", []string{"2024/3/5", "2024/12/31"}, resource.Date, true, "", 0, false},
		{"Chinese dates", "日期", []string{"2024年3月5日", "2024年12月31日"}, resource.Date, true, "", 0, false},
		{"compact dates", "日期", []string{"20240305", "20241231"}, resource.Date, true, "", 0, false},
		{"dotted dates", "d", []string{"2024.3.5", "2024.12.31"}, resource.Date, true, "", 0, false},
		{"mixed dates", "d", []string{"2024.3.5", "2024-12-31", "2024年1月1日"}, resource.Date, false, "", 0, false},
		{"Minguo", "d", []string{"民国113年3月5日", "民國113年12月31日"}, resource.Date, false, "", 0, false},
		{"Minguo slashes", "d", []string{"113/3/5", "112/12/31"}, resource.Date, false, "", 0, true},
		{"Reiwa", "d", []string{"令和6年3月5日", "令和元年5月1日"}, resource.Date, false, "", 0, false},
		{"Korean", "d", []string{"2024. 3. 5.", "2024년 12월 31일"}, resource.Date, false, "", 0, false},
		{"day first", "d", []string{"05/03/2024", "31/12/2024"}, resource.Date, true, "", 0, false},
		{"month first", "d", []string{"03/05/2024", "12/31/2024"}, resource.Date, true, "", 0, false},
		{"day or month", "d", []string{"03/05/2024", "12/11/2024"}, resource.Date, true, "", 0, true},
		{"two-digit years", "d", []string{"24-03-05", "23-12-31"}, resource.Date, false, "", 0, true},
		{"English months", "d", []string{"5 Mar 2024", "March 6, 2024", "07-Apr-24"}, resource.Date, false, "", 0, false},
		{"months", "d", []string{"2024-03", "2024年4月"}, resource.Text, true, "", 0, false},
		{"years", "年份", []string{"2023", "2024"}, resource.Integer, true, "", 0, false},
		{"timestamps", "t", []string{"2024-03-05 10:20:30", "2024-03-05 00:00:00"}, resource.Timestamp, true, "", 0, false},
		{"timestamps of minutes", "t", []string{"2024/3/5 9:20", "2024/3/15 10:00"}, resource.Timestamp, true, "", 0, false},
		{"zones", "t", []string{"2024-03-05T10:20:30Z", "2024-03-05T10:20:30+08:00"}, resource.Timestamp, false, "", 0, false},
		{"half days", "t", []string{"03/05/2024 10:20:30 PM", "12/25/2024 01:00:00 AM"}, resource.Timestamp, false, "", 0, false},
		{"times", "t", []string{"10:20", "23:59"}, resource.Time, true, "", 0, false},
		{"words", "名称", []string{"浦东新区", "黄浦区"}, resource.Text, true, "", 0, false},
		{"one word among numbers", "n", []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "约十"}, resource.Integer, false, "", 1, false},
		{"words among numbers", "n", []string{"1", "2", "甲", "乙"}, resource.Text, true, "", 0, false},
		{"too long", "n", []string{"12345678901234567890123456789.5", "1.5"}, resource.Text, true, "", 0, false},
		{"buildings", "n", []string{"12号楼", "3号楼"}, resource.Text, true, "", 0, false},
		{"padding", "n", []string{" 12", "3"}, resource.Integer, false, "", 0, false},
		{"nothing", "n", []string{"", ""}, resource.Text, true, "", 0, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := find(tc.head, tc.in...)
			if f.Type != tc.want || f.Exact != tc.exact || f.Unit != tc.unit || f.Unread != tc.unread || len(f.Questions) > 0 != tc.asks {
				t.Errorf("%q: got %s exact=%v unit=%q unread=%d %q, want %s %v %q %d asks=%v", tc.in, f.Type, f.Exact, f.Unit, f.Unread, f.Questions, tc.want, tc.exact, tc.unit, tc.unread, tc.asks)
			}
			c := NewConverter(f, memory.DefaultAllocator)
			a, unread := c.Convert(column(tc.in...))
			defer a.Release()
			if unread != f.Unread {
				t.Errorf("%q: converter left %d unread, the finding says %d", tc.in, unread, f.Unread)
			}
			if f.Type != resource.Text && f.Type != resource.Time && int64(a.NullN()) != f.Nulls+f.Unread {
				t.Errorf("%q: %d nulls, the finding says %d + %d", tc.in, a.NullN(), f.Nulls, f.Unread)
			}
		})
	}
}

func TestSettleLetsOneColumnDecideForTheOthers(t *testing.T) {
	a, b := New(tabular.Head{Name: "a"}), New(tabular.Head{Name: "b"})
	a.Add(column("1,5", "2,75"))
	b.Add(column("1.234", "12.500"))
	f := Settle([]*Profile{a, b})
	if f[1].Type != resource.Integer || f[1].Max != "12500" {
		t.Errorf("got %s up to %s, want integer up to 12500", f[1].Type, f[1].Max)
	}
	c, d := New(tabular.Head{Name: "c"}), New(tabular.Head{Name: "d"})
	c.Add(column("12/31/2024", "1/2/2024"))
	d.Add(column("3/4/2024", "5/6/2024"))
	f = Settle([]*Profile{c, d})
	if len(f[1].Questions) > 0 || f[1].Min != "2024-03-04" {
		t.Errorf("got %q from %s, want 2024-03-04 and no question", f[1].Questions, f[1].Min)
	}
}

// anyValue draws values near the borders of what can be read.
func anyValue() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.Custom(func(t *rapid.T) string { return strconv.FormatInt(rapid.Int64().Draw(t, "int"), 10) }),
		rapid.Custom(func(t *rapid.T) string {
			return fmt.Sprintf("%d.%0*d", rapid.IntRange(-999, 99999).Draw(t, "i"), rapid.IntRange(1, 4).Draw(t, "w"), rapid.IntRange(0, 9999).Draw(t, "f"))
		}),
		rapid.Custom(func(t *rapid.T) string {
			y, m, d := rapid.IntRange(1900, 2100).Draw(t, "y"), rapid.IntRange(1, 12).Draw(t, "m"), rapid.IntRange(1, 31).Draw(t, "d")
			form := rapid.SampledFrom([]string{"%d-%02d-%02d", "%d/%d/%d", "%d年%d月%d日", "%d%02d%02d", "%d.%02d.%02d", "%02d/%02[2]d/%[1]d", "%d-%02d-%02d 10:0%[3]d", "%d/%d/%d 1:22:33.450", "%d-%02d-%02dT11:22:33"}).Draw(t, "form")
			return fmt.Sprintf(form, y, m, d)
		}),
		rapid.SampledFrom([]string{"", "", "是", "否", "Y", "N", "true", "TRUE", "-", "N/A", "0", "-0", "00", "0.0", "-0.00", "1,234", "1.234", "1E+5", " 5", "5 ", "５", "+5", "12%", "¥5", "(5)", "24:00", "2024-02-30", "9223372036854775808"}),
		rapid.StringMatching(`[0-9.,/:\- T年月日%万元]{0,14}`),
		rapid.String(),
	)
}

// What came in comes out, whenever a finding says so.
func TestExactRendersBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var values []string
		// columns of one kind are exact more often than columns of all kinds
		if rapid.Bool().Draw(t, "one kind") {
			values = rapid.SliceOfN(rapid.StringMatching(rapid.SampledFrom([]string{
				`-?(0|[1-9][0-9]{0,17})`, `-?(0|[1-9][0-9]{0,3})\.[0-9]{2}`, `20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9])`, `20[0-9]{2}/[1-9]/[1-9]`, `(是|否|)`,
				`20[0-9]{2}-0[1-9]-0[1-9] 0[0-9]:[0-5][0-9]:[0-5][0-9]`, `20[0-9]{2}-0[1-9]-0[1-9] [0-9]:[0-5][0-9]`, `20[0-9]{2}年[1-9]月[1-9]日`, `20[0-9]{2}0[1-9]1[0-9]`, `[0-2][0-9]/0[1-9]/20[0-9]{2}`,
			}).Draw(t, "pattern")), 1, 30).Draw(t, "values")
		} else {
			values = rapid.SliceOfN(anyValue(), 1, 6).Draw(t, "values")
		}
		f := find("c", values...)
		c := NewConverter(f, memory.DefaultAllocator)
		a, unread := c.Convert(column(values...))
		defer a.Release()
		if unread != f.Unread {
			t.Fatalf("converter left %d unread, the finding says %d (%s)", unread, f.Unread, f.Type)
		}
		if !f.Exact {
			return
		}
		for i, v := range values {
			got, absent := f.Render(nil, a, i)
			if absent || string(got) != v {
				t.Fatalf("value %d renders as %q (absent %v), came as %q; %s %+v", i, got, absent, v, f.Type, f.plan)
			}
		}
	})
}

// A profile of parts is the profile of the whole.
func TestMerge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SliceOfN(anyValue(), 0, 20).Draw(t, "a")
		b := rapid.SliceOfN(anyValue(), 0, 20).Draw(t, "b")
		p, q, both := New(tabular.Head{}), New(tabular.Head{}), New(tabular.Head{})
		p.Add(column(a...))
		q.Add(column(b...))
		both.Add(column(append(a[:len(a):len(a)], b...)...))
		p.Merge(q)
		f, g := p.Finding(), both.Finding()
		if f.Type != g.Type || f.Exact != g.Exact || f.Nulls != g.Nulls || f.Unread != g.Unread || f.Distinct != g.Distinct || f.Min != g.Min || f.Max != g.Max {
			t.Fatalf("merged %+v, whole %+v", f, g)
		}
	})
}

func TestDistinctOfMany(t *testing.T) {
	p := New(tabular.Head{})
	var c tabular.Text
	for i := range 200_000 {
		c.AppendString(strconv.Itoa(i * 7))
	}
	p.Add(&c)
	p.Add(&c)
	f := p.Finding()
	if f.DistinctExact || f.Distinct < 184_000 || f.Distinct > 216_000 || !f.Exact || f.Rows != 400_000 {
		t.Errorf("got %d distinct (exact %v) of %d rows", f.Distinct, f.DistinctExact, f.Rows)
	}
}

// The short cut never differs from the full look.
func TestSurelyText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.OneOf(anyValue(), rapid.SampledFrom([]string{"人民币12元", "上午10:20", "大正5年3月5日", "中华民国113年3月5日", "无", "不详", "Monday, March 5, 2024", "mars 5 2024 10:20:30", "US$ 1,000,000.0000", "RMB 123456789012345", "December 12, 2024", "is not a date 12 2024"}),
			rapid.StringMatching(`[民中令平大明公西上下午无不是否有人国和成正治元年月日0-9]{1,12}`), rapid.StringMatching(`[A-Za-z]{1,14}[ .,0-9-]{0,12}`)).Draw(t, "v")
		if v == "" || !surelyText([]byte(v)) {
			return
		}
		var o observation
		var buf [256]byte
		if classify([]byte(v), buf[:], &o); o.mask&^mPadded != 0 {
			t.Fatalf("%q is taken for text and reads as %b", v, o.mask)
		}
	})
}

func FuzzClassify(f *testing.F) {
	for _, s := range []string{"1", "1,234.5", "2024年3月5日", "R6.3.5", "5. März 2024", "(12)", "10:20:30.5 PM", "民国元年1月1日", "١٢٣", "\xff\xfe", "1e999", "2024-03-05T10:20:30+99:99"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		fd := find("c", s)
		c := NewConverter(fd, memory.DefaultAllocator)
		a, unread := c.Convert(column(s))
		defer a.Release()
		if unread != fd.Unread {
			t.Errorf("%q: %d unread, finding says %d", s, unread, fd.Unread)
		}
		if fd.Exact {
			if got, _ := fd.Render(nil, a, 0); string(got) != s {
				t.Errorf("%q renders as %q (%s)", s, got, fd.Type)
			}
		}
	})
}

func TestAPersonChoosesAmongUnits(t *testing.T) {
	values := []string{"1000万元", "50元", "20万元", "7"}
	f := find("注册资本", values...)
	want := []UnitCount{{"万元", 2}, {"", 1}, {"元", 1}}
	if f.Type != resource.Text || len(f.Questions) != 1 || fmt.Sprint(f.Units) != fmt.Sprint(want) {
		t.Errorf("before a choice: %+v", f)
	}
	if q := f.Questions[0]; strings.Contains(q, "（（") || !strings.Contains(q, "万元 2 个、无单位 1 个、元 1 个") {
		t.Errorf("question %q", q)
	}
	for unit, read := range map[string]int64{"万元": 2, "": 1} {
		p := New(tabular.Head{Name: "注册资本"})
		p.ReadIn(unit)
		p.Add(column(values...))
		f := p.Finding()
		if f.Type != resource.Integer || f.Unit != unit || f.Unread != int64(len(values))-read || f.Exact || len(f.Questions) > 0 {
			t.Errorf("in %q: %+v", unit, f)
		}
		a, unread := NewConverter(f, memory.DefaultAllocator).Convert(column(values...))
		if unread != f.Unread || int64(a.NullN()) != f.Unread {
			t.Errorf("in %q: %v, %d unread", unit, a, unread)
		}
		a.Release()
	}
}
