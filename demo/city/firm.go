package city

import (
	"strconv"
	"strings"
	"sync"

	"shuniu/packs/standards"
)

// A Firm is a company or an individual business.
type Firm struct {
	ID         int
	Code       string // credit code, area 310190, right check characters
	OldNumber  string // registration number of 15 digits, as before 2015
	Name       string
	Kind       string // 企业类型
	Individual bool   // 个体工商户
	Industry   string // GB/T 4754-2017 class
	Trade      string
	Scope      string
	CapitalWan float64 // 10,000 yuan
	Founded    Day
	Closed     Day    // the zero Day while it lives
	Status     string // 存续, 注销, 吊销
	Legal      Person // 法定代表人 or 经营者
	Phone      string
	Committee  *Committee
	Town       *Town
	Address    string
	At         LonLat

	// What it was before a change in the 36 months; the zero Day where nothing changed.
	NameBefore, LegalBefore, AddressBefore, CapitalBefore string
	NameChanged, LegalChanged, AddressChanged             Day
	CapitalChanged                                        Day
}

// A trade is a line of business.
type trade struct {
	code   string // GB/T 4754-2017
	word   string // in the name of a firm
	scope  string
	permit string // scope that needs a licence; "" when none does
	weight int
}

var trades = []trade{
	{"5181", "贸易", "贸易经纪；国内贸易代理；销售代理", "", 70},
	{"5179", "机电设备", "机械设备销售；电子产品销售；仪器仪表销售", "", 45},
	{"5132", "服饰", "服装服饰批发；鞋帽批发；针纺织品销售", "", 35},
	{"5176", "数码科技", "计算机软硬件及辅助设备批发；电子元器件批发", "", 30},
	{"5299", "商贸", "日用百货销售；办公用品销售；礼品花卉销售", "", 45},
	{"5212", "超市", "日用百货销售；农副产品销售", "食品销售；烟草制品零售", 28},
	{"5213", "便利店", "日用百货销售", "食品销售；烟草制品零售", 30},
	{"5251", "大药房", "第一类医疗器械销售；化妆品零售", "药品零售；食品销售", 14},
	{"6210", "餐饮管理", "餐饮管理；外卖递送服务", "餐饮服务", 55},
	{"6220", "小吃", "外卖递送服务", "餐饮服务", 35},
	{"6232", "咖啡", "外卖递送服务；礼品花卉销售", "餐饮服务；食品销售", 14},
	{"6110", "酒店管理", "酒店管理；会议及展览服务", "住宿服务；餐饮服务", 8},
	{"6513", "软件", "软件开发；技术服务、技术开发、技术咨询", "", 60},
	{"6531", "信息技术", "信息系统集成服务；网络技术服务", "", 45},
	{"6450", "数据科技", "数据处理服务；互联网数据服务", "", 15},
	{"7212", "投资管理", "以自有资金从事投资活动；企业管理咨询", "", 30},
	{"7243", "企业咨询", "社会经济咨询服务；信息咨询服务", "", 55},
	{"7241", "财务咨询", "财务咨询；税务服务", "代理记账", 15},
	{"7251", "广告", "广告设计、代理；广告制作；广告发布", "", 25},
	{"7263", "人力资源", "人力资源服务", "劳务派遣服务", 12},
	{"7020", "物业管理", "物业管理；停车场服务；园林绿化工程施工", "", 14},
	{"7030", "房地产经纪", "房地产经纪；房地产咨询", "", 15},
	{"4710", "建筑工程", "土石方工程施工；工程管理服务", "建设工程施工", 22},
	{"4910", "机电工程", "普通机械设备安装服务；工程管理服务", "建设工程施工", 15},
	{"5011", "装饰", "专业设计服务；建筑材料销售", "住宅室内装饰装修；建设工程施工", 25},
	{"5431", "运输", "国内货物运输代理；装卸搬运", "道路货物运输（不含危险货物）", 26},
	{"5810", "物流", "国际货物运输代理；供应链管理服务；普通货物仓储服务", "", 24},
	{"5942", "化工仓储", "装卸搬运", "危险化学品仓储", 2},
	{"7340", "生物医药", "医学研究和试验发展；细胞技术研发和应用", "", 18},
	{"3973", "半导体", "集成电路设计；集成电路芯片及产品制造", "", 10},
	{"3484", "精密机械", "机械零件、零部件加工；通用设备制造", "", 20},
	{"2929", "塑胶制品", "塑料制品制造；模具销售", "", 10},
	{"1411", "烘焙食品", "食用农产品初加工", "食品生产；食品销售", 8},
	{"0141", "蔬果种植", "蔬菜种植；水果种植；农业技术服务", "", 10},
	{"8040", "美发", "日用百货销售", "理发服务；生活美容服务", 24},
	{"8030", "洗染", "洗染服务；日用品维修", "", 6},
	{"8111", "汽车服务", "机动车修理和维护；洗车服务；汽车零配件零售", "", 14},
	{"8211", "保洁", "建筑物清洁服务；专业保洁、清洗、消毒服务", "", 10},
	{"8393", "文化艺术", "组织文化艺术交流活动；文化娱乐经纪人服务", "", 14},
	{"8930", "健身", "体育健康服务；体育用品零售", "高危险性体育运动（游泳）", 8},
	{"8425", "门诊部", "健康咨询服务", "医疗服务", 5},
}

var tradeTotal = func() (n int) {
	for _, t := range trades {
		n += t.weight
	}
	return n
}()

// industryNames by class code of GB/T 4754-2017.
var industryNames = sync.OnceValue(func() map[string]string {
	out := map[string]string{}
	standards.Rows("industries_2017.csv", func(f []string) { out[f[0]] = strings.Join(f[2:], ",") })
	return out
})

// IndustryName is the name of a GB/T 4754-2017 class.
func IndustryName(code string) string { return industryNames()[code] }

// brandRunes make the trade names, three of them each.
var brandRunes = []rune("澄岚锦珩昱霖芃筠曜翊宸沅栖垚奕恺璞瀚晟聿邈骏骁煦朔霁湛渊岱嵘崧峻岑旻昶晗晔暄朗朴柏栩桓梓樾楠榆槿泓泽洵浚涵淳淼湜滢漪潇澜焜炜烨煜熠燊璟瑾瑜璇琮璨琰瓒甯畅皓睿瞻硕祺禾秉穆竣筱笙筹精维绪绮翮翰耘苓茗荻菁葳蔚蕴薇虔谦谨轶逸遥郁郦钧铠锋")

func tradeOf(r Chance) trade {
	n := r.N(tradeTotal)
	for _, t := range trades {
		if n -= t.weight; n < 0 {
			return t
		}
	}
	return trades[0]
}

// formerIndustries leads from classes of GB/T 4754-2017 to those of 2011 that
// have the same meaning.
var formerIndustries = sync.OnceValue(func() map[string]string {
	names, out := map[string]string{}, map[string]string{}
	standards.Rows("industries_2011.csv", func(f []string) { names[f[0]] = strings.Join(f[2:], ",") })
	for code, name := range industryNames() {
		if names[code] == name {
			out[code] = code
		}
	}
	standards.Rows("industry_mapping.csv", func(f []string) {
		if f[0] == "2011" && f[2] == "2017" && (f[4] == "renumbered" || f[4] == "renamed") {
			out[f[3]] = f[1]
		}
	})
	return out
})

// FormerIndustry is the class of GB/T 4754-2011 that a class of 2017 was; "" when
// no single one was.
func FormerIndustry(code string) string { return formerIndustries()[code] }

// FirmCount counts the firms that live on the last day; Firms with higher
// numbers, up to AllFirms, closed during the 36 months.
func (c *City) FirmCount() int { return c.firms }

// AllFirms counts the firms with those that closed.
func (c *City) AllFirms() int { return c.firms + c.firms/9 }

// employer draws a firm so that a few have many people and most have few.
func (c *City) employer(r Chance) int { return int(float64(c.firms) * r.Unit() * r.Next().Unit()) }

// FirmName makes only what firm f is called: ID, Code, Name, Kind, Individual,
// Trade and CapitalWan.
func (c *City) FirmName(f int) Firm {
	r := func(field uint64) Chance { return c.roll(ofFirm, uint64(f), field) }
	out := Firm{ID: f}
	t := tradeOf(r(1))
	out.Industry, out.Trade = t.code, t.word
	out.Individual = r(2).N(100) < 25
	brand := c.brand(f)
	switch {
	case out.Individual:
		out.Kind, out.Name = "个体工商户", "上海市浦东新区"+brand+strings.TrimSuffix(t.word, "管理")+"店"
		out.CapitalWan = float64(1+r(3).N(20)) / 2
		out.Code = creditCode("92", f)
	default:
		out.Kind = pick(r(4), []string{"有限责任公司（自然人投资或控股）", "有限责任公司（自然人独资）", "有限责任公司（法人独资）", "有限责任公司（自然人投资或控股）", "股份有限公司（非上市）", "有限责任公司（外商投资企业与内资合资）"})
		out.Name = "上海" + brand + t.word + "有限公司"
		if strings.HasPrefix(out.Kind, "股份") {
			out.Name = "上海" + brand + t.word + "股份有限公司"
		}
		out.CapitalWan = []float64{10, 30, 50, 100, 100, 200, 300, 500, 500, 1000, 1000, 2000, 5000, 10000}[r(3).N(14)]
		out.Code = creditCode("91", f)
	}
	return out
}

// Firm makes firm f, 0 to AllFirms()-1.
func (c *City) Firm(f int) Firm {
	r := func(field uint64) Chance { return c.roll(ofFirm, uint64(f), field) }
	out := c.FirmName(f)
	t := tradeOf(r(1))
	out.Scope = "一般项目：" + t.scope + "。"
	if t.permit != "" {
		out.Scope = "许可项目：" + t.permit + "（依法须经批准的项目，经相关部门批准后方可开展经营活动）。" + out.Scope
	}
	brand := c.brand(f)
	out.OldNumber = "310190" + strconv.Itoa(100_000_000 + f*7%900_000_000)[0:9]
	out.Founded = between(r(5), On(1993, 1, 1), End-60) // more of them lately
	if r(6).N(3) > 0 {
		out.Founded = between(r(5), On(2012, 1, 1), End-60)
	}
	out.Status = "存续"
	if f >= c.firms {
		out.Closed = inPeriod(r(7))
		out.Founded = min(out.Founded, out.Closed-200)
		out.Status = pick(r(8), []string{"注销", "注销", "注销", "吊销"})
	}
	out.Legal = c.LegalPerson(uint64(f))
	out.Phone = out.Legal.Phone
	out.Address, out.Committee, out.At = c.office(r(9), r(10))
	out.Town = &c.Towns[out.Committee.Town]
	c.changes(&out, t, brand)
	return out
}

// changes of the 36 months: 4 % of the firms changed the name, 9 % the legal
// person, 8 % the address, 5 % the capital.
func (c *City) changes(f *Firm, t trade, brand string) {
	r := func(field uint64) Chance { return c.roll(ofFirm, uint64(f.ID), 32+field) }
	last := End
	if f.Closed != 0 {
		last = f.Closed
	}
	day := func(field uint64) Day { return between(r(field), max(Start, f.Founded+30), last) }
	if f.Founded+60 > last {
		return
	}
	if r(1).N(100) < 4 {
		f.NameChanged = day(2)
		f.NameBefore = strings.Replace(f.Name, brand, c.brand(c.AllFirms()+f.ID), 1)
	}
	if r(3).N(100) < 9 {
		if before := c.LegalPerson(uint64(f.ID) + 1<<40); before.ID != f.Legal.ID {
			f.LegalChanged, f.LegalBefore = day(4), before.Name
		}
	}
	if r(5).N(100) < 8 {
		f.AddressChanged = day(6)
		f.AddressBefore, _, _ = c.office(r(7), r(8))
	}
	if r(9).N(100) < 5 {
		f.CapitalChanged = day(10)
		f.CapitalBefore = strconv.FormatFloat(f.CapitalWan/2, 'f', -1, 64)
	}
}

// LegalPerson draws a resident of 22 to 75 years who lives.
func (c *City) LegalPerson(id uint64) Person {
	var hh Household
	for try := range uint64(40) {
		h := c.roll(ofFirm, id, 100+try).N(c.households)
		hh = c.Household(h)
		m := &hh.Members[c.roll(ofFirm, id, 200+try).N(min(2, len(hh.Members)))]
		if age := m.Born.Age(End); age >= 24 && age <= 72 && m.Died == 0 {
			return *m
		}
	}
	return hh.Members[0]
}

// brand is the trade name with number n, three characters, never the same for
// two numbers below the cube of their count.
func (c *City) brand(n int) string {
	k := len(brandRunes)
	v := (n*388_211 + int(c.roll(ofCity, 0, 4)%90_000)) % (k * k * k)
	return string([]rune{brandRunes[v/(k*k)], brandRunes[v/k%k], brandRunes[v%k]})
}

// office returns an address of business: a house on a road, and for one firm in
// seven a room of the address that its town keeps for registering many.
func (c *City) office(where, r Chance) (string, *Committee, LonLat) {
	d := c.Dwelling(where.N(c.dwellings))
	for try := 0; d.Road == "" && try < 20; try++ {
		where = where.Next()
		d = c.Dwelling(where.N(c.dwellings))
	}
	prefix := "上海市浦东新区" + d.Town.Name
	switch {
	case d.Road == "":
		return d.Address(), d.Committee, d.At
	case r.N(7) == 0:
		n := r.Next()
		return prefix + d.Town.roads[0] + "8号" + strconv.Itoa(1+n.N(4)) + "幢" + strconv.Itoa(100+n.Next().N(900)) + "室", &d.Town.Committees[0], d.Town.Centre
	}
	n := r.Next()
	return prefix + d.Road + strconv.Itoa(d.Lane+1) + "号" + strconv.Itoa((1+n.N(12))*100+1+n.Next().N(20)) + "室", d.Committee, d.At
}

const creditAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

var (
	creditWeights = [17]int{1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28}
	orgWeights    = [8]int{3, 7, 9, 10, 5, 8, 4, 2}
)

// creditCode is the credit code with number n: an area that was never given
// (310190), and right check characters.
// Source: GB 32100-2015, check character; GB 11714-1997, check character.
func creditCode(head string, n int) string {
	const span = 31 * 31 * 31 * 31 * 31 * 31
	v := (n*271_828_183 + 314_159_265) % span
	b := append(make([]byte, 0, 18), head...)
	b = append(b, "310190MA"...)
	for k := span / 31; k > 0; k /= 31 {
		b = append(b, creditAlphabet[v/k%31])
	}
	sum := 0
	for i, w := range orgWeights {
		x := int(b[8+i] - '0')
		if x > 9 {
			x = int(b[8+i]-'A') + 10
		}
		sum += x * w
	}
	b = append(b, "0123456789X0"[11-sum%11])
	return string(append(b, CreditCheck(b)))
}

// CreditCheck returns the check character of the 17 characters before it.
func CreditCheck(b []byte) byte {
	sum := 0
	for i, w := range creditWeights {
		sum += strings.IndexByte(creditAlphabet, b[i]) * w
	}
	return creditAlphabet[(31-sum%31)%31]
}
