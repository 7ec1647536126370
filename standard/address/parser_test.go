package address

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"strings"
	"syscall"
	"testing"

	"shuniu/shuniutest/publicdata"
)

func TestParse(t *testing.T) {
	p := New()
	for _, tc := range []struct{ text, want string }{
		{"上海市浦东新区张江镇碧波路690弄5号601室", `{"province":"上海市","city":"上海市","district":"浦东新区","town":"张江镇","road":"碧波路","road_no":"5号","lane":"690弄","room":"601室",
			"standard":"上海市浦东新区张江镇碧波路690弄5号601室","code":"310115125"}`},
		{"浦东新区世纪大道100号环球金融中心28楼", `{"district":"浦东新区","road":"世纪大道","road_no":"100号","floor":"28楼","poi":"环球金融中心",
			"standard":"上海市浦东新区世纪大道100号环球金融中心28层","code":"310115"}`},
		{"上海市南汇区惠南镇人民东路3252号", `{"province":"上海市","city":"上海市","district":"南汇区","town":"惠南镇","road":"人民东路","road_no":"3252号",
			"standard":"上海市浦东新区惠南镇人民东路3252号","code":"310115131"}`},
		{"上海市浦东新区陆家嘴街道东昌居委会浦城路99弄3号楼1204", `{"province":"上海市","city":"上海市","district":"浦东新区","town":"陆家嘴街道","community":"东昌居委会","road":"浦城路","lane":"99弄",
			"building":"3号楼","room":"1204","standard":"上海市浦东新区陆家嘴街道东昌居委会浦城路99弄3幢1204室","code":"310115005018"}`},
		{"广东省深圳市南山区粤海街道科技南十二路２８号康佳研发大厦１２层", `{"province":"广东省","city":"深圳市","district":"南山区","town":"粤海街道","road":"科技南十二路","road_no":"２８号","floor":"１２层",
			"poi":"康佳研发大厦","standard":"广东省深圳市南山区粤海街道科技南十二路28号康佳研发大厦12层","code":"440305007"}`},
		{"上海市浦东新区花木街道锦绣路1001号3幢2单元501室", `{"province":"上海市","city":"上海市","district":"浦东新区","town":"花木街道","road":"锦绣路","road_no":"1001号","building":"3幢","unit":"2单元",
			"room":"501室","standard":"上海市浦东新区花木街道锦绣路1001号3幢2单元501室","code":"310115016"}`},
		{"上海 浦东新区 康桥镇 秀沿路 1028弄 15号 902室", `{"province":"上海","city":"上海","district":"浦东新区","town":"康桥镇","road":"秀沿路","road_no":"15号","lane":"1028弄","room":"902室",
			"standard":"上海市浦东新区康桥镇秀沿路1028弄15号902室","code":"310115136"}`},
		{"上海市浦东新区陆家嘴环路1000号恒生银行大厦18楼", `{"province":"上海市","city":"上海市","district":"浦东新区","road":"陆家嘴环路","road_no":"1000号","floor":"18楼","poi":"恒生银行大厦",
			"standard":"上海市浦东新区陆家嘴环路1000号恒生银行大厦18层","code":"310115"}`},
		{"天津市滨海新区第三大街51号", `{"province":"天津市","city":"天津市","district":"滨海新区","road":"第三大街","road_no":"51号","standard":"天津市滨海新区第三大街51号","code":"120116"}`},
		{"中国（上海）自由贸易试验区富特北路211号368室", `{"road":"富特北路","road_no":"211号","room":"368室","zone":"中国（上海）自由贸易试验区",
			"standard":"上海市浦东新区中国(上海)自由贸易试验区富特北路211号368室","code":"310115"}`},
		{"四川省成都市武侯区", `{"province":"四川省","city":"成都市","district":"武侯区","standard":"四川省成都市武侯区","code":"510107"}`},
		{"朝阳区建国路1号", `{"district":"朝阳区","road":"建国路","road_no":"1号","standard":"朝阳区建国路1号"}`}, // there are several 朝阳区
		{"hello", `{"rest":"hello"}`},
		{"", `{}`},
		{" \n", `{}`},
	} {
		b, err := json.Marshal(p.Parse(tc.text))
		if err != nil {
			t.Fatal(err)
		}
		var got, want map[string]string
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(strings.Join(strings.Fields(tc.want), "")), &want); err != nil {
			t.Fatal(err)
		}
		for k := range want {
			if got[k] != want[k] {
				t.Errorf("%s: %s is %q, want %q", tc.text, k, got[k], want[k])
			}
		}
		for k := range got {
			if want[k] == "" {
				t.Errorf("%s: %s is %q, want none", tc.text, k, got[k])
			}
		}
	}
}

// TestScore holds the shipped model against annotated addresses it never saw.
// The floors are a little under what was measured (docs/decisions/addresses.md).
func TestScore(t *testing.T) {
	m := shipped()
	a, b := halves(readSamples(t, "link-quality/zh_address_parsing/dev.txt"))
	for _, set := range []struct {
		name    string
		samples []sample
		floor   float64
	}{
		{"dev, tuned on", a, floorTuned},
		{"dev, held back", b, floorHeld},
		{"12-addresses", readSamples(t, "12-addresses/ccks2021_train_bio.txt"), floorOther},
	} {
		all, fields, _ := score(m, set.samples)
		t.Logf("%s: %d addresses, entity F1 of the fields %.4f, of all labels %.4f", set.name, len(set.samples), fields.f1(), all.f1())
		if fields.f1() < set.floor {
			t.Errorf("%s: F1 %.4f, want %.3f or more", set.name, fields.f1(), set.floor)
		}
	}
}

func registerAddresses(t testing.TB) []string {
	f, err := os.Open(publicdata.Path(t, "05-enterprise/上海_2009.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r := csv.NewReader(f)
	r.LazyQuotes, r.FieldsPerRecord = true, -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, row := range rows[1:] {
		out = append(out, row[len(row)-1])
	}
	return out
}

// TestRegister: the districts of a real register are found, and no character
// of an address is lost.
func TestRegister(t *testing.T) {
	p := New()
	n, located := 0, 0
	for _, text := range registerAddresses(t) {
		a := p.Parse(text)
		n++
		if strings.HasPrefix(a.Code, "31") && len(a.Code) >= 6 && a.Code != "310000" {
			located++
		}
	}
	t.Logf("%d addresses, %d with a district or more", n, located)
	if located*100 < n*94 {
		t.Errorf("only %d of %d have a district: some name none", located, n)
	}
}

// TestLong: what stands behind the part that is looked at is not lost, and a
// long text takes no long time.
func TestLong(t *testing.T) {
	p := New()
	text := strings.Repeat("上海市浦东新区王港村", 100_000)
	a := p.Parse(text)
	if a.City == "" || len(a.Rest) < len(text)-maxTokens*4 {
		t.Errorf("city %q, %d bytes of %d in rest", a.City, len(a.Rest), len(text))
	}
}

// FuzzParse: any bytes give an answer, and every part stands in the text.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"上海市浦东新区张江镇碧波路690弄5号601室", "竹海水韵12-3-1001", "\xff\xfe弄", "弄号室", "１２３", strings.Repeat("路", 300), "A", "-", "690弄5号"} {
		f.Add(s)
	}
	p := New()
	f.Fuzz(func(t *testing.T, s string) {
		a := p.Parse(s)
		for _, part := range []string{
			a.Province, a.City, a.District, a.Town, a.Community, a.Road, a.RoadNo, a.Lane, a.Building, a.Unit, a.Floor, a.Room, a.POI, a.Zone, a.SubRoad, a.SubRoadNo, a.SubPOI,
		} {
			if !strings.Contains(s, part) {
				t.Errorf("%q has no part %q", s, part)
			}
		}
	})
}

func FuzzReadModel(f *testing.F) {
	f.Add([]byte{0, 1, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := readModel(b); err == nil && m == nil {
			t.Error("neither model nor error")
		}
	})
}

func BenchmarkParse(b *testing.B) {
	p := New()
	texts := registerAddresses(b)
	p.Parse(texts[0])
	b.ReportAllocs()
	i, before := 0, cpuSeconds()
	for b.Loop() {
		p.Parse(texts[i%len(texts)])
		i++
	}
	b.ReportMetric(float64(i)/(cpuSeconds()-before), "addresses/cpu-s")
}

// cpuSeconds is the processor time of the process, which a busy machine does
// not change.
func cpuSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}
