package address

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode/utf8"

	"shuniu/packs/standards"
	"shuniu/standard/code"
)

// A generator writes addresses whose parts are known: the structure is a chain
// of parts with the chances typed below, names are of the divisions of the
// country or put together from the syllables typed here. It is all the tagger
// ever learned from; no annotated text of others is in it.
type generator struct {
	*rand.Rand
	out    sample
	areas  []code.Area
	cities map[string][]code.Area // province or prefecture code → counties
	towns  map[string][]string    // county code → towns
	stems  []string               // two-character beginnings of names of towns
	homes  []string               // names of committees without their kind
	blanks bool                   // blanks stand between the parts
	here   []string               // beginnings of the names of the towns of the county
}

func newGenerator(seed uint64) *generator {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 7)), cities: map[string][]code.Area{}, towns: map[string][]string{}}
	for _, a := range code.Areas().All() {
		if a.To == 0 && a.Level == code.County && a.Code < "70" {
			g.areas = append(g.areas, a)
			g.cities[a.Code[:2]] = append(g.cities[a.Code[:2]], a)
		}
	}
	for line := range strings.SplitSeq(standards.Text("towns.txt"), "\n") {
		area, rest, ok := strings.Cut(line, " ")
		if !ok {
			continue
		}
		for f := range strings.FieldsSeq(rest) {
			name := f[3:]
			g.towns[area] = append(g.towns[area], name)
			if s := short(name, 4); utf8.RuneCountInString(s) == 2 {
				g.stems = append(g.stems, s)
			}
		}
	}
	for line := range strings.SplitSeq(standards.Text("committees_310000.txt"), "\n") {
		for i, f := range strings.Fields(line) {
			if i == 0 {
				continue
			}
			name := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(f[3:], "委会"), "居"), "村")
			if n := utf8.RuneCountInString(name); n >= 2 && n <= 3 && !strings.ContainsAny(name, "路0123456789") {
				g.homes = append(g.homes, name)
			}
		}
	}
	return g
}

func (g *generator) p(chance float64) bool { return g.Float64() < chance }

func (g *generator) pick(words string) string {
	f := strings.Fields(words)
	return f[g.IntN(len(f))]
}

func (g *generator) put(l label, text string) {
	if text == "" {
		return
	}
	if g.blanks && g.out.text != "" && g.p(.8) {
		g.out.text += " "
	}
	at := len(g.out.text)
	g.out.text += text
	g.out.parts = append(g.out.parts, part{l, at, at + len(text)})
}

func (g *generator) pickN(n ...int) int { return n[g.IntN(len(n))] }

// choose picks an index by weight.
func (g *generator) choose(weights ...float64) int {
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	x := g.Float64() * sum
	for i, w := range weights {
		if x -= w; x < 0 {
			return i
		}
	}
	return len(weights) - 1
}

const syllables = "人民 解放 中山 建设 和平 新华 文化 友谊 胜利 团结 光明 幸福 朝阳 东风 红旗 前进 振兴 迎宾 学院 体育 工业 科技 创业 创新 滨江 环城 江滨 湖滨 沿江 金山 银河 长江 黄河 " +
	"天山 泰山 华山 衡山 嵩山 昆仑 凤凰 龙翔 金龙 玉龙 白云 青云 彩虹 星光 阳光 春晓 秋实 百花 荷花 桂花 梅花 兰花 丹桂 紫荆 银杏 香樟 翠竹 青松 枫林 柳浪 西湖 太湖 东湖 南湖 北湖 月湖 镜湖 " +
	"景观 世纪 时代 未来 希望 光华 文一 文二 文三 文晖 文汇 体育场 凯旋 天目 莫干 望江 清江 钱江 之江 富春 秋涛 庆春 凤起 中河 建国 保俶 曙光 教工 学源 科海 江南 江北 江东 江西 城东 城西 城南 城北 城中 开元 通惠 市心 " +
	"金城 金惠 育才 博学 博文 明德 崇文 尚德 致远 宁静 康乐 安康 健康 永安 永康 永兴 永宁 长安 长宁 平安 太平 兴业 兴隆 兴盛 兴达 宏达 宏图 鸿运 富强 富民 惠民 利民 便民 爱民 拥军 联丰 联合 共和 民主 民生 民族 民丰"

const luckyChars = "金银玉翠锦绣华盛丰泰康宁安平和顺祥瑞福禄寿喜嘉佳美丽秀雅文明德仁义信诚达通兴旺隆昌宏伟大新春夏秋冬梅兰竹菊松柏枫桂莲荷龙凤虎麟鹏鹤鸿雁星月日光辉天宇世纪元亨利贞恒源汇泉海江河湖溪川山岭峰岩石城东西南北中一三五阳云霞虹雨露风润泽清波浪涛汀洲岸港湾景园林森木果青绿碧蓝红紫黄白兆君御皇帝王国民众合联创智科远见卓越飞跃腾杰英豪俊才贤圣道亿万千百方圆"

// chars writes n lucky characters.
func (g *generator) chars(n int) string {
	r := []rune(luckyChars)
	var b strings.Builder
	for range n {
		b.WriteRune(r[g.IntN(len(r))])
	}
	return b.String()
}

// stem is the beginning of a name.
func (g *generator) stem() string {
	if len(g.here) > 0 && g.p(.16) {
		return g.here[g.IntN(len(g.here))]
	}
	switch g.choose(3, 3, 3, 1, .5) {
	case 4:
		a := g.areas[g.IntN(len(g.areas))]
		if city, ok := code.Areas().On(a.Code[:4]+"00", 0); ok && city.To == 0 && g.p(.6) {
			return short(city.Name, 2)
		}
		return short(a.Name, 3)
	case 0:
		return g.stems[g.IntN(len(g.stems))]
	case 1:
		return g.pick(syllables)
	case 2:
		return g.chars(2)
	}
	return g.homes[g.IntN(len(g.homes))]
}

var numerals = strings.Fields("一 二 三 四 五 六 七 八 九 十 十一 十二")

func (g *generator) num(limit int) string {
	switch g.choose(3, 5, 3) {
	case 0:
		return fmt.Sprint(1 + g.IntN(9))
	case 1:
		return fmt.Sprint(1 + g.IntN(min(limit, 99)))
	}
	return fmt.Sprint(1 + g.IntN(limit))
}

func (g *generator) letter() string {
	s := string(rune('A' + g.IntN(6)))
	if g.p(.12) {
		return strings.ToLower(s)
	}
	return s
}

func (g *generator) road() string {
	s := ""
	if len(g.here) > 0 && g.p(.04) { // streets gave towns their names
		for range 4 {
			if s := g.here[g.IntN(len(g.here))]; strings.HasSuffix(s, "路") || strings.HasSuffix(s, "街") || strings.HasSuffix(s, "道") {
				return s
			}
		}
	}
	if g.p(.035) {
		return g.stem() + g.pick("路 大道 东路 大街") + g.pick("中段 北段 南段 东段 西段 一段 二段 三段")
	}
	switch g.choose(12, 3, 1) {
	case 0:
		s = g.stem()
	case 1:
		s = g.chars(1 + g.IntN(2))
	case 2:
		s = g.stem() + g.chars(1)
	}
	switch g.choose(50, 22, 5, 5, 4, 3, 1, 1, 1, 3) {
	case 0:
		return s + "路"
	case 1:
		return s + g.pick("东 西 南 北 中 东 西 南 北 一 二 三 四 五") + "路"
	case 2:
		return s + "大道"
	case 3:
		return s + "街"
	case 4:
		return s + g.pick("东 西 南 北 中 后 前 横 直 老 大 小 一 二 三 四 五") + "街"
	case 5:
		return s + g.pick("巷 一巷 二巷 弄 东巷 胡同 里")
	case 6:
		return s + "公路"
	case 7:
		return s + g.pick("线 环路 环路 桥 支路 高速 东大道 西大道 外大街 内大街 门外大街 北大街 南大街 东大街 西大街")
	case 8:
		return g.pick("104国道 320国道 329国道 G60 人民大道中 解放路北 东环 西环")
	}
	return s + g.pick("路 街")
}

func (g *generator) community() string {
	var s string
	switch g.choose(5, 3, 2) {
	case 0:
		s = g.homes[g.IntN(len(g.homes))]
	case 1:
		s = g.pick("陈 王 李 张 周 吴 徐 沈 蒋 杨 朱 金 方 林 叶 何 郑 黄 胡 高 宋 许 傅 楼 俞 董 卢") + g.pick("家 家桥 家塘 家埭 宅 村 家湾 家岙 家坞 家墩 家渡 庄 家浜 家河 家山 家店 坑")
	case 2:
		s = g.pick("上 下 前 后 东 西 南 北 大 小 新 老 里 外 中") + g.chars(1+g.IntN(2))
	}
	switch g.choose(70, 6, 3, 2, 8, 2) {
	case 0:
		if !strings.HasSuffix(s, "村") {
			s += "村"
		}
		return s
	case 1:
		return s + "社区"
	case 2:
		return s + g.pick("居委会 村委会 居委 村委 行政村 路居委会 一居委会 二村居委会 东路居委会 社区居委会 第二居委会")
	case 3:
		return s + g.pick("一村 二村 三村 自然村")
	case 4:
		return s
	}
	return s + g.pick("桥 里 山 庄 头 口 塘")
}

func (g *generator) estate() string {
	s := g.stem()
	if g.p(.3) {
		s += g.chars(1 + g.IntN(2))
	}
	if g.p(.12) {
		s = g.pick("绿城 万科 碧桂园 保利 绿地 中海 恒大 龙湖 融创 滨江 金地 华润 世茂 新城 万达 银泰 宝龙 荣安 雅戈尔 佳源 祥生 德信 阳光城") + g.chars(g.IntN(3))
	}
	end := g.pick("小区 小区 小区 小区 花园 花园 公寓 公寓 苑 苑 家园 新村 新村 嘉园 华庭 名苑 城 城 府 园 花苑 名都 嘉苑 人家 国际 佳苑 锦园 景园 豪庭 名邸 山庄 别墅 家苑 居 里 坊 湾 庭 新苑 安置房 公馆 新城 天下 尚城 时代 春天")
	return s + end
}

func (g *generator) building() string {
	s := g.stem()
	if g.p(.35) {
		s += g.chars(1 + g.IntN(2))
	}
	return s + g.pick("大厦 大厦 大厦 广场 广场 中心 商务中心 国际 国际大厦 大楼 科技大厦 商务大厦 时代广场 城市广场 购物中心 商城 市场 批发市场 农贸市场 商贸城 小商品市场 建材市场 酒店 大酒店 宾馆 写字楼 商厦 银座 商业街 综合楼 万象城 金融中心 商务楼 服装城 家具城 汽配城 电脑城 科技城 商业广场 国际中心 电商园 百货 国际商贸城")
}

func (g *generator) venue() string {
	switch g.choose(5, 3, 2, 2) {
	case 0:
		return g.stem() + g.pick("小学 中学 医院 幼儿园 学院 大学 超市 银行 酒店 宾馆 网吧 药店 饭店 车站 公园 派出所 卫生院 加油站 农商银行 邮局 村委会 菜市场 客运中心 体育馆 图书馆 实验小学 人民医院 中医院 职业技术学院 法院 供电局 电信局 国税局 收费站 敬老院 教堂 茶楼 影城 农庄 驾校")
	case 1:
		return g.pick("人民医院 第一人民医院 中医院 市政府 区政府 镇政府 中国银行 工商银行 建设银行 农业银行 农村信用社 中国移动 中国电信 第一中学 第二中学 实验小学 中心小学 汽车站 火车站 客运中心 国税局 公安局 派出所 菜鸟驿站 家乐福 大润发 沃尔玛 肯德基 麦当劳 华润万家 世纪联华 便利店 万达广场 银泰城 红星美凯龙 苏宁电器 新华书店 妇保院 高教园区 少年宫")
	case 2:
		return g.chars(2) + g.pick("超市 便利店 网吧 理发店 美容院 大药房 服装店 水果店 童装店 宾馆 五金店 电动车行 鞋店 小吃店 眼镜店 烟酒店 手机店 汽修厂 家具厂 服饰 鞋业 家纺 家居 宠物店")
	}
	return g.pick("淘宝 圆通 申通 中通 韵达 顺丰 京东 天猫 德邦") + g.pick("快递 物流 速递 快运 仓库")
}

func (g *generator) firm() string {
	s := ""
	if g.p(.45) {
		a := g.areas[g.IntN(len(g.areas))]
		s = short(a.Name, 3)
		if g.p(.4) {
			s = a.Name
		}
	}
	s += g.chars(2 + g.IntN(2))
	s += g.pick("科技 贸易 实业 电子 机械 服饰 制衣 塑料 五金 电器 纺织 化工 物流 印染 模具 包装 汽配 装饰 传媒 工艺品 进出口 网络科技 信息技术 电子商务 新材料 鞋业 皮革 针织 文化传播 建筑 家具 食品 药业 生物 阀门 轴承 紧固件 制冷 休闲用品 玻璃 金属制品")
	return s + g.pick("有限公司 有限公司 有限公司 公司 厂 股份有限公司 集团 有限公司分公司 集团有限公司 经营部")
}

func (g *generator) zone() string {
	s := ""
	if g.p(.7) {
		s = g.stem()
		if g.p(.3) {
			s = g.pick("城东 城西 城南 城北 滨海 临港 空港")
		}
	}
	if s == "" {
		return g.pick("经济开发区 经济开发区 高新区 高新区 经济技术开发区 经济技术开发区 开发区 高新技术开发区 新区 高新 保税区 高新技术产业开发区 工业园区")
	}
	return s + g.pick("经济开发区 经济开发区 经济开发区 开发区 开发区 高新区 经济技术开发区 高新技术开发区 产业集聚区 工业园区 出口加工区 高科技园区")
}

func (g *generator) poi() string {
	switch g.choose(45, 25, 12, 7, 7, 4) {
	case 0:
		return g.estate()
	case 1:
		return g.building()
	case 2:
		return g.venue()
	case 3:
		return g.firm()
	case 4:
		s := g.stem()
		return s + g.pick("工业区 工业区 工业区 工业园 工业园 工业园区 创意园 科技园 产业园 园区 软件园 物流园 创业园 开发区 科创园 文创园 电商产业园 一区 二区 三区")
	}
	return g.stem() + g.pick("桥头 社区 村 头 桥 中区 C区 A区 1区 2区 "+strings.Join(numerals[:9], "区 ")+"区")
}

func (g *generator) subpoi() string {
	switch g.choose(30, 12, 8, 10, 8, 12, 10) {
	case 0:
		return g.pick("一 二 三 四 五 六 七 东 西 南 北 中 A B C D E a b 1 2 3 4") + "区"
	case 1:
		return g.pick("一 二 三 四 1 2 3") + "期"
	case 2:
		return g.pick("东 西 南 北 正 大 后 侧 1号 2号 南大 北大") + "门"
	case 3:
		return g.chars(2) + g.pick("苑 园 阁 轩 庭 居 湾 坊 里")
	case 4:
		return g.pick("一 二 三 1 2 3 东 南 北") + g.pick("组团 园 地块 苑 片区 厂区")
	case 5:
		return g.venue()
	}
	return g.pick("物业 前台 传达室 门卫 营业厅 仓库 综合楼 办公楼 教学楼 门诊部 住院部 南楼 北楼 东楼 西楼 主楼 食堂 车间 菜鸟驿站 便利店 服务台 邮局 宿舍 保安室 售楼处 行政楼 商场 裙楼 丰巢")
}

func (g *generator) person() string {
	switch g.choose(4, 5, 3) {
	case 0:
		return g.firm()
	case 1:
		return g.pick("办公室 财务部 人事部 前台 专柜 门市部 传达室 仓库 保安室 服务台 设计部 采购部 市场部 销售部 技术部 物业 丰巢 客服部 行政部 营业厅 医务室 收发室 柜台 外贸部 车间 售后")
	}
	return g.venue()
}

// heavy chain of the divisions.
func (g *generator) divisions() {
	var a code.Area
	switch g.choose(50, 18, 32) {
	case 0:
		l := g.cities["33"]
		a = l[g.IntN(len(l))]
	case 1:
		l := g.cities["31"]
		a = l[g.IntN(len(l))]
	default:
		a = g.areas[g.IntN(len(g.areas))]
	}
	l := code.Areas()
	province, _ := l.On(a.Code[:2]+"0000", 0)
	city, hasCity := l.On(a.Code[:4]+"00", 0)
	hasCity = hasCity && city.To == 0
	municipal := strings.HasSuffix(province.Name, "市")
	name := func(full string, level uint8, keep float64) string {
		if g.p(keep) {
			return full
		}
		if s := short(full, level); s != "" {
			return s
		}
		return full
	}
	sep := ""
	if g.p(.05) {
		sep = g.pick("- _ / , ，")
	}
	g.here = g.here[:0]
	for _, t := range g.towns[a.Code] {
		if s := short(t, 4); s != "" {
			g.here = append(g.here, s)
		}
	}
	gap := func() {
		if sep != "" && g.p(.9) {
			g.put(labelWaste, sep)
		}
	}
	start := g.choose(42, 17, 12, 10, 10, 4, 1.5, .5) // province, city, county, town, road, POI, zone, community
	emitAll := func() {
		if g.p(.008) && start <= 1 {
			g.put(labelCountry, "中国")
		}
		if start <= 0 && !municipal {
			g.put(labelProvince, name(province.Name, 1, .88))
			gap()
		} else if start <= 0 && municipal && g.p(.4) {
			g.put(labelProvince, name(province.Name, 1, .3))
			gap()
		}
		if start <= 1 {
			switch {
			case municipal:
				g.put(labelCity, name(province.Name, 1, .9))
				gap()
			case hasCity && g.p(.87):
				g.put(labelCity, name(city.Name, 2, .88))
				gap()
			}
		}
		if start <= 2 && (start == 2 || g.p(.84)) {
			if municipal && g.p(.01) {
				g.put(labelWaste, "市辖区")
			}
			g.put(labelDistrict, name(a.Name, 3, .93))
			gap()
		}
	}
	again := true
	if g.p(.05) && start <= 1 { // written twice
		mark := len(g.out.parts)
		save := start
		if g.p(.5) {
			start = 1
		}
		emitAll()
		if g.p(.6) { // the repetition is idle
			mark = len(g.out.parts)
			start = save
			emitAll()
			again = false
		}
		for i := mark; i < len(g.out.parts); i++ {
			g.out.parts[i].label = labelWaste
		}
		start = save
	} else if g.p(.02) && start <= 1 {
		b := g.areas[g.IntN(len(g.areas))]
		c, ok := l.On(b.Code[:4]+"00", 0)
		if ok {
			g.put(labelWaste, name(c.Name, 2, .7))
		}
	}
	if again {
		emitAll()
	}
	if start <= 3 {
		if a.Code[:2] == "31" && g.p(.06) {
			g.put(labelZone, g.pick("中国（上海）自由贸易试验区 中国(上海)自由贸易试验区 （上海）自由贸易试验区 自由贸易试验区 自贸试验区 自由贸易试验区临港新片区 中国（上海）自由贸易试验区临港新片区"))
		}
		if g.p(.02) || start == 6 {
			g.put(labelZone, g.zone())
		}
		if towns := g.towns[a.Code]; len(towns) > 0 && (start == 3 || g.p(.45)) {
			g.put(labelTown, name(towns[g.IntN(len(towns))], 4, .9))
			gap()
			if g.p(.03) {
				g.put(labelWaste, g.pick("的 - _ ·"))
			}
		} else if g.p(.02) {
			g.put(labelTown, g.stem()+g.pick("镇 街道 乡"))
		}
		if g.p(.015) {
			g.put(labelZone, g.zone())
		}
		if g.p(.14) {
			g.put(labelCommunity, g.community())
			if g.p(.08) {
				g.put(labelRoad, g.pick(strings.Join(numerals, " ")+" 1 2 3 4 5 6 7 8")+"组")
			}
		}
	} else if start == 6 {
		g.put(labelZone, g.zone())
	} else if start == 7 {
		g.put(labelCommunity, g.community())
	}
}

func (g *generator) roadNo() {
	n := g.num(2600)
	switch g.choose(80, 8, 3, 2, 4.5, 1, 1) {
	case 0:
		g.put(labelRoadNo, n+"号")
	case 1:
		g.put(labelRoadNo, n)
	case 2:
		g.put(labelRoadNo, n+"-"+g.num(300)+"号")
	case 3:
		g.put(labelRoadNo, n+"-"+g.num(300))
	case 4:
		g.put(labelRoadNo, n+"弄")
		if g.p(.8) {
			g.put(labelHouse, g.num(200)+"号")
		}
	case 5:
		g.put(labelRoadNo, numerals[g.IntN(10)]+"号")
	case 6:
		g.put(labelRoadNo, n+"号"+g.pick("附 之")+g.num(20)+g.pick("号 号 1"))
	}
}

func (g *generator) place() {
	road := g.p(.68)
	if g.out.text == "" && !road {
		road = g.p(.3)
	}
	if road {
		g.put(labelRoad, g.road())
		switch g.choose(76, 12, 2, 2.5, 2, 4) {
		case 0:
			g.roadNo()
			if g.p(.02) {
				g.put(labelWaste, g.pick("- _ 商铺 ("))
			}
		case 1:
		case 2:
			g.put(labelSubRoad, fmt.Sprint(1+g.IntN(300))+"弄")
			if g.p(.8) {
				g.put(labelSubRoadNo, g.num(99)+"号")
			}
		case 3:
			g.put(labelNear, g.pick("与 和 、"))
			g.put(labelSubRoad, g.road())
			g.put(labelNear, g.pick("交叉口 交汇处 交叉路口 路口 口 交界处"))
		case 4:
			g.put(labelSubRoad, g.road())
			if g.p(.6) {
				g.put(labelSubRoadNo, g.num(999)+"号")
			}
		case 5:
			g.put(labelNear, g.pick("口 路口 旁 中段 东段 与 旁边 附近 对面"))
			if strings.HasSuffix(g.out.text, "与") {
				g.put(labelSubRoad, g.road())
				g.put(labelNear, g.pick("交叉口 交汇处 口"))
			}
		}
		if !g.p(.48) {
			return
		}
	}
	if last := len(g.out.parts); last > 0 && g.out.parts[last-1].label == labelCommunity && g.p(.5) {
		g.put(labelRoadNo, g.num(900)+g.pick("号 号 号 户"))
		return
	}
	g.put(labelPOI, g.poi())
	industrial := strings.HasSuffix(g.out.text, "工业区") || strings.HasSuffix(g.out.text, "园区") || strings.HasSuffix(g.out.text, "工业园")
	if !road && (g.p(.05) || industrial && g.p(.5)) {
		g.put(labelRoad, g.road())
		if g.p(.85) {
			g.roadNo()
		}
		if industrial && g.p(.3) {
			g.put(labelSubPOI, g.firm())
		}
	} else if industrial && g.p(.3) {
		g.put(labelSubPOI, g.firm())
	}
	if g.p(.2) {
		g.put(labelSubPOI, g.subpoi())
	}
	if g.p(.03) {
		g.put(labelNear, g.pick("对面 旁边 附近 门口 斜对面 旁 后面 内 院内 楼下 隔壁 东侧 西 东"))
		if g.p(.4) {
			g.put(labelSubPOI, g.venue())
		}
	}
	if !road && g.p(.015) {
		g.put(labelRoadNo, g.num(999)+"号")
	}
}

// inside writes house, unit, floor and room.
func (g *generator) inside() {
	last := labelWaste
	if n := len(g.out.parts); n > 0 {
		last = g.out.parts[n-1].label
	}
	room := func() string {
		switch g.choose(60, 24, 7, 3, 2) {
		case 0:
			return fmt.Sprint(101 + g.IntN(2600))
		case 1:
			return fmt.Sprint(101+g.IntN(2600)) + "室"
		case 2:
			return fmt.Sprint(1+g.IntN(2000)) + "号"
		case 3:
			return g.letter() + fmt.Sprint(1+g.IntN(2000))
		}
		if g.p(.25) {
			return g.pick("A B 3E 2D 5F T C1") + fmt.Sprint(1+g.IntN(999)) + g.pick("-12室 -3室 室 -1347室 、B102室")
		}
		return fmt.Sprint(101+g.IntN(2600)) + g.pick("A B 房 -1 -2号 号室 户 A B 房 号室 户 E-12室 、502室")
	}
	floor := func() string {
		switch g.choose(55, 28, 8, 5, 3) {
		case 0:
			return g.num(g.pickN(12, 30, 150)) + "楼"
		case 1:
			return numerals[g.IntN(9)] + "楼"
		case 2:
			return g.num(30) + "层"
		case 3:
			return numerals[g.IntN(9)] + "层"
		}
		return g.pick("负一楼 地下一层 3A楼 底楼 顶楼 5F 12F 负一层 地下室 架空层 B1层")
	}
	estate := last == labelPOI || last == labelSubPOI || last == labelRoadNo || last == labelRoad || last == labelCommunity
	if !estate {
		return
	}
	if last == labelRoadNo || last == labelRoad || last == labelCommunity {
		switch g.choose(72, 9, 9, 5, 3) {
		case 0:
			return
		case 1:
			g.put(labelFloor, floor())
			if g.p(.3) {
				g.put(labelRoom, room())
			}
			return
		case 2:
			g.put(labelRoom, room())
			return
		case 3:
		case 4:
			g.put(labelWaste, "-")
			g.put(labelRoom, room())
			return
		}
	}
	switch g.choose(22, 20, 10, 14, 7, 14, 4, 1.5, 1.5) {
	case 6: // 11单元 without a house
		g.put(labelUnit, g.unit())
		if g.p(.7) {
			g.put(labelRoom, room())
		}
		return
	case 7: // stalls of a market
		g.put(labelFloor, floor())
		g.put(labelUnit, g.num(30)+"街")
		g.put(labelRoom, fmt.Sprint(1+g.IntN(40000)))
		return
	case 8: // registers write 2幢302部位
		g.put(labelHouse, g.house())
		g.put(labelRoom, fmt.Sprint(101+g.IntN(900))+g.pick("部位 部位 部位208室 室-12 单元"))
		return
	case 0:
		return
	case 1: // 12-3-401
		hyphen := "-"
		if g.p(.12) {
			hyphen = g.pick("_ — / # .")
		}
		house := fmt.Sprint(1 + g.IntN(180))
		if g.p(.45) {
			house += g.pick("幢 栋 号楼 号 座")
		}
		if g.p(.06) {
			house = g.letter() + g.num(30)
		}
		g.put(labelHouse, house)
		g.put(labelWaste, hyphen)
		if g.p(.5) {
			g.put(labelUnit, fmt.Sprint(1+g.IntN(g.pickN(6, 14, 30))))
			g.put(labelWaste, hyphen)
		}
		g.put(labelRoom, room())
		return
	case 2:
		g.put(labelFloor, floor())
		if g.p(.22) {
			g.put(labelRoom, room())
		}
		return
	case 3:
		g.put(labelHouse, g.house())
		g.put(labelUnit, g.unit())
		switch g.choose(60, 25, 10) {
		case 0:
			g.put(labelRoom, room())
		case 2:
			g.put(labelFloor, floor())
		}
		return
	case 4:
		g.put(labelRoom, room())
		return
	case 5:
		g.put(labelHouse, g.house())
		switch g.choose(40, 30, 12, 5) {
		case 0:
			g.put(labelRoom, room())
		case 2:
			g.put(labelFloor, floor())
			if g.p(.3) {
				g.put(labelRoom, room())
			}
		case 3:
			g.put(labelSubPOI, g.subpoi())
		}
	}
}

func (g *generator) house() string {
	n := fmt.Sprint(1 + g.IntN(190))
	switch g.choose(22, 18, 18, 11, 4, 3, 3, 5, 3, 14) {
	case 0:
		return n + "幢"
	case 1:
		return n + "栋"
	case 2:
		return n + "号"
	case 3:
		return n + "号楼"
	case 4:
		return g.letter() + "座"
	case 5:
		return g.letter() + g.pick("栋 幢 楼")
	case 6:
		return g.letter() + n + g.pick("幢 栋")
	case 7:
		return numerals[g.IntN(10)] + g.pick("幢 栋 号楼 座")
	case 8:
		return g.pick("1 2 3 4 5 6") + g.letter() + g.pick("幢 栋")
	}
	return n
}

func (g *generator) unit() string {
	switch g.choose(62, 12, 12, 3, 4) {
	case 0:
		return g.num(g.pickN(6, 6, 20)) + "单元"
	case 1:
		return numerals[g.IntN(6)] + "单元"
	case 2:
		return g.num(60) + "号"
	case 3:
		return g.letter() + "单元"
	}
	return g.pick("1 2 3 4") + g.pick("街 区 单 梯")
}

// next writes one address.
func (g *generator) next() sample {
	g.out = sample{}
	g.blanks = g.p(.06)
	g.divisions()
	g.place()
	g.inside()
	switch g.choose(88, 6, 3.5, 3, 2) {
	case 1:
		switch l := g.out.parts[len(g.out.parts)-1].label; l {
		case labelFloor, labelRoom, labelHouse, labelUnit:
			g.put(labelPerson, g.person())
		case labelSubPOI:
			if g.p(.3) {
				g.put(labelPerson, g.person())
			}
		case labelPOI:
			if g.p(.4) {
				g.put(labelSubPOI, g.firm())
			}
		case labelRoadNo:
			if g.p(.4) {
				g.put(labelPOI, g.firm())
			}
		default:
		}
	case 2:
		g.put(labelWaste, g.pick("电联 电联 电联 电话联系 到了打电话 请送货上门 收 丰巢 （电联） 送货前请电话联系 勿放驿站 的 A座 商铺"))
	case 3:
		g.put(labelNear, g.pick("门口 对面 附近 旁边 旁 内 楼下 隔壁 院内 后面 往东100米 斜对面 路口 向西50米 东侧 往里走"))
		if g.p(.35) {
			g.put(labelSubPOI, g.venue())
		}
	case 4:
		g.put(labelWaste, g.pick("- , 。 _ ; ( )"))
	}
	return g.out
}

func (g *generator) many(n int) []sample {
	out := make([]sample, 0, n)
	for len(out) < n {
		if s := g.next(); s.text != "" && len(s.parts) > 0 {
			s.parts = slices.Clone(s.parts)
			out = append(out, s)
		}
	}
	return out
}
