package city

import "strings"

// A Licence was given to a firm for something in its scope.
type Licence struct {
	No     string // never the form of a real one: it carries the area 310190
	Firm   int
	Kind   string
	Issuer string // department id
	From   Day
	To     Day
	Status string // 有效, 到期, 注销
}

// licenceKinds: a word of the scope, the licence it needs, who gives it, years.
var licenceKinds = []struct {
	word, name, prefix, issuer string
	years                      int
}{
	{"餐饮服务", "食品经营许可证", "JY2", "scjg", 5},
	{"食品销售", "食品经营许可证", "JY1", "scjg", 5},
	{"食品生产", "食品生产许可证", "SC1", "scjg", 5},
	{"药品零售", "药品经营许可证", "YP", "scjg", 5},
	{"理发服务", "公共场所卫生许可证", "WS", "wjw", 4},
	{"住宿服务", "公共场所卫生许可证", "WS", "wjw", 4},
	{"游泳", "公共场所卫生许可证", "WS", "wjw", 4},
	{"医疗服务", "医疗机构执业许可证", "YL", "wjw", 5},
	{"建设工程施工", "建筑业企业资质证书", "D3", "jjw", 5},
	{"劳务派遣", "劳务派遣经营许可证", "LW", "rsj", 3},
	{"代理记账", "代理记账许可证书", "DL", "czj", 5},
	{"道路货物运输", "道路运输经营许可证", "DY", "jjw", 4},
	{"危险化学品", "危险化学品经营许可证", "WH", "yjj", 3},
}

// Licences of a firm: one for each thing in its scope that needs one. Three
// firms in a hundred work without, and five let theirs run out.
func (c *City) Licences(f *Firm) []Licence {
	var out []Licence
	for i, k := range licenceKinds {
		if !strings.Contains(f.Scope, k.word) || i == 1 && strings.Contains(f.Scope, licenceKinds[0].word) {
			continue
		}
		r := c.roll(ofLicence, uint64(f.ID)<<8|uint64(i), 1)
		u := r.N(100)
		if u < 3 {
			continue
		}
		last := End
		if f.Closed != 0 {
			last = f.Closed
		}
		l := Licence{Firm: f.ID, Kind: k.name, Issuer: k.issuer, Status: "有效"}
		l.From = between(r.Next(), max(f.Founded, last-Day(k.years*365)+30), last)
		if u < 8 {
			l.From = max(f.Founded, last-Day(k.years*365)-Day(30+r.Next().N(300)))
		}
		l.To = l.From.AddYears(k.years) - 1
		switch {
		case f.Closed != 0:
			l.Status = "注销"
		case l.To < End:
			l.Status = "到期"
		}
		l.No = k.prefix + "310190" + pad(f.ID*16+i, 9)
		out = append(out, l)
	}
	return out
}

func pad(n, width int) string {
	b := make([]byte, width)
	for i := width - 1; i >= 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
	return string(b)
}
