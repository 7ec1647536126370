package city

// Surnames by frequency: everyday knowledge, weights typed here. The i-th of
// about a hundred has the weight of Zipf's law with an offset.
var surnames = []string{
	"王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马", "朱", "胡", "郭", "何", "林", "高", "罗",
	"郑", "梁", "谢", "宋", "唐", "许", "韩", "邓", "冯", "曹", "彭", "曾", "肖", "田", "董", "潘", "袁", "蔡", "蒋", "余",
	"于", "杜", "叶", "程", "魏", "苏", "吕", "丁", "任", "沈", "姚", "卢", "姜", "崔", "钟", "谭", "陆", "汪", "范", "金",
	"石", "廖", "贾", "夏", "韦", "付", "方", "白", "邹", "孟", "熊", "秦", "邱", "江", "尹", "薛", "闫", "段", "雷", "侯",
	"龙", "史", "陶", "黎", "贺", "顾", "毛", "郝", "龚", "邵", "万", "钱", "严", "覃", "武", "戴", "莫", "孔", "向", "汤",
	"瞿", "乔", "施", "储", "翁", "奚", "倪", "凌", "欧阳", "诸葛", "上官", "司徒",
}

var surnameSums = func() []float64 {
	sums, total := make([]float64, len(surnames)), 0.0
	for i := range surnames {
		total += 1 / (float64(i) + 9)
		sums[i] = total
	}
	for i := range sums {
		sums[i] /= total
	}
	return sums
}()

// Characters of given names, by sex and by the years in which they were usual.
var givenRunes = map[bool][3][]rune{
	true: { // men: before 1970, before 1995, later
		[]rune("国建志明德福荣根林生金宝祥发永富贵华平忠良义仁兴顺才康阿龙虎海云山文武庆元"),
		[]rune("伟强军勇磊涛斌杰鹏辉超波峰刚俊健飞亮宁晖毅鑫凯翔旭晨栋佳骏昊东海阳文浩明"),
		[]rune("浩宇轩梓子涵睿博文奕辰泽皓然俊熙嘉懿宸昱煜恒铭逸晨航朗霖景铄瑞安予星洲"),
	},
	false: {
		[]rune("秀英兰珍芳凤玉梅桂菊妹宝珠翠莲银娣香琴华美月娥惠仙巧云彩金爱素雅根阿"),
		[]rune("丽敏静燕艳娜芳娟霞莉婷雪琳洁颖倩慧晶蕾薇佳莹欣怡丹萍红玲蓉瑶琼嘉晓思文"),
		[]rune("梓涵欣怡诗雨萱可馨思语桐若曦梦瑶佳琪艺彤悦沐妍心苒芷晴依诺雯宁安予星语"),
	},
}

// rareRunes are in GB 18030 and GBK and often missing in old systems.
var rareRunes = []rune("喆赟昇堃翀甯珺琤旻玥璟婳瑄珩晔煊燊焱垚淼")

func (c *City) surname(household uint64, field uint64) string {
	u := c.roll(ofHousehold, household, field).Unit()
	lo, hi := 0, len(surnameSums)-1
	for lo < hi {
		if m := (lo + hi) / 2; surnameSums[m] > u {
			hi = m
		} else {
			lo = m + 1
		}
	}
	return surnames[lo]
}

func (c *City) given(id uint64, male bool, born Day) string {
	era := 0
	if y := born.Year(); y >= 1995 {
		era = 2
	} else if y >= 1970 {
		era = 1
	}
	from := givenRunes[male][era]
	r := c.roll(ofPerson, id, 10)
	first := pick(r, from)
	if c.roll(ofPerson, id, 11).N(50) == 0 {
		first = pick(r, rareRunes)
	}
	second := pick(r.Next(), from)
	two := c.roll(ofPerson, id, 12).Unit() < []float64{.72, .6, .88}[era]
	if !two || second == first && r.N(3) > 0 {
		return string(first)
	}
	return string([]rune{first, second})
}
