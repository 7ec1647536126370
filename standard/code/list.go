package code

import (
	"strings"
	"sync"

	"shuniu/packs/standards"
	"shuniu/standard/rule"
)

// An Item is one entry of a flat code list.
type Item struct {
	Code     string            // the code the list is kept by
	Name     string            // as the standard writes it
	Also     []string          // other codes of the standard, e.g. CHN and 156 beside CN
	Parts    map[string]string // what a valid value says
	From, To rule.Day          // first day, and first day no longer; 0 open
}

// A List is a flat code list. A value is valid as a code or as the standard's
// name; customary other names are mended to the code.
type List struct {
	kind, source string
	items        []Item
	valid        map[string]int // codes and names of the standard → item
	spoken       map[string]int // customary names and abbreviations → item
}

// Items returns the entries in the order of the standard. The caller must not
// change them.
func (l *List) Items() []Item { return l.items }

// Find returns the entry that has the code or the standard's name.
func (l *List) Find(value string) (Item, bool) {
	i, ok := l.valid[value]
	if !ok {
		return Item{}, false
	}
	return l.items[i], true
}

// newList indexes the items; spoken maps other names to codes.
func newList(kind, source string, items []Item, spoken map[string]string) *List {
	l := &List{kind: kind, source: source, items: items, valid: map[string]int{}, spoken: map[string]int{}}
	for i, it := range items {
		for _, k := range append([]string{it.Code, it.Name}, it.Also...) {
			if old, taken := l.valid[k]; k != "" && (!taken || l.items[old].To != 0) {
				l.valid[k] = i
			}
		}
	}
	for name, c := range spoken {
		i, ok := l.valid[c]
		if !ok {
			panic("code list " + kind + " has no " + c)
		}
		l.spoken[strings.ToUpper(name)] = i
	}
	return l
}

// Rule returns the list as a rule.
func (l *List) Rule() *rule.Rule {
	return &rule.Rule{
		Kind: l.kind, Source: l.source, Upper: true,
		Strict: func(v []byte, at rule.Day) rule.Fault {
			if len(v) == 0 {
				return rule.Empty
			}
			i, ok := l.valid[string(v)]
			if !ok {
				return rule.Unknown
			}
			if it := &l.items[i]; at != 0 && (at < it.From || it.To != 0 && at >= it.To) {
				return rule.NotInForce
			}
			return rule.Sound
		},
		Remake: func(dst, v []byte, _ rule.Day) ([]byte, rule.Mends) {
			if i, ok := l.spoken[string(v)]; ok {
				return append(dst, l.items[i].Code...), rule.Name
			}
			return nil, 0
		},
		Parts: func(v []byte, _ rule.Day) rule.Parts { return l.parts(string(v)) },
		Explain: func(v []byte, f rule.Fault, at rule.Day) (string, rule.Parts) {
			i, ok := l.valid[string(v)]
			if f != rule.NotInForce || !ok {
				return "", nil
			}
			it := l.items[i]
			said := "not in force on " + at.String() + ": valid from " + it.From.String()
			if it.To != 0 && at >= it.To {
				said = "not in force on " + at.String() + ": withdrawn on " + it.To.String()
			}
			return said, l.parts(string(v))
		},
	}
}

func (l *List) parts(v string) rule.Parts {
	i, ok := l.valid[v]
	if !ok {
		return nil
	}
	it := l.items[i]
	p := rule.Parts{"code": it.Code, "name": it.Name}
	for k, s := range it.Parts {
		p[k] = s
	}
	if it.From != 0 {
		p["valid_from"] = it.From.String()
	}
	if it.To != 0 {
		p["valid_to"] = it.To.String()
	}
	return p
}

// Sex is GB/T 2261.1-2003.
var Sex = sync.OnceValue(func() *List {
	items := plain("sexes.csv")
	return newList("sex", "GB/T 2261.1-2003", items, map[string]string{
		"男": "1", "女": "2", "男性性别": "1", "女性性别": "2", "未知": "0", "未说明": "9", "M": "1", "F": "2", "male": "1", "female": "2",
		"01": "1", "02": "2", "男人": "1", "女人": "2", "先生": "1", "女士": "2",
	})
})

// MaritalStatus is GB/T 2261.2-2003.
var MaritalStatus = sync.OnceValue(func() *List {
	return newList("marital_status", "GB/T 2261.2-2003", plain("marital_statuses.csv"), map[string]string{
		"已婚人士": "20", "未说明": "90", "离异": "40", "离婚人士": "40", "丧偶人士": "30", "有配偶": "20",
	})
})

func plain(file string) []Item {
	var items []Item
	standards.Rows(file, func(f []string) {
		items = append(items, Item{Code: f[0], Name: f[1]})
	})
	return items
}

// EthnicGroup is GB/T 3304-1991: two digits, or two letters.
var EthnicGroup = sync.OnceValue(func() *List {
	var items []Item
	spoken := map[string]string{}
	standards.Rows("ethnic_groups.csv", func(f []string) {
		items = append(items, Item{Code: f[0], Name: f[2], Also: []string{f[1]}, Parts: map[string]string{"letters": f[1]}})
		spoken[strings.TrimSuffix(f[2], "族")] = f[0]
		if f[0][0] == '0' {
			spoken[f[0][1:]] = f[0] // 1 for 01: a spreadsheet ate the zero
		}
	})
	for other, c := range map[string]string{"毛难族": "36", "崩龙族": "46", "僮族": "08", "仫老族": "32", "维族": "05"} {
		spoken[other] = c
	}
	return newList("ethnic_group", "GB/T 3304-1991", items, spoken)
})

// Country is GB/T 2659-2000 (ISO 3166-1): three letters, two letters or three
// digits.
var Country = sync.OnceValue(func() *List {
	var items []Item
	spoken := map[string]string{
		"中华人民共和国": "CHN", "香港": "HKG", "澳门": "MAC", "台湾": "TWN", "香港特别行政区": "HKG", "澳门特别行政区": "MAC", "台湾省": "TWN", "美利坚合众国": "USA",
		"大韩民国": "KOR", "南韩": "KOR", "北韩": "PRK", "朝鲜民主主义人民共和国": "PRK", "俄罗斯联邦": "RUS", "日本国": "JPN", "大不列颠及北爱尔兰联合王国": "GBR", "新西兰国": "NZL",
		"中国香港特别行政区": "HKG", "中国澳门特别行政区": "MAC", "老挝人民民主共和国": "LAO", "伊朗伊斯兰共和国": "IRN", "阿拉伯联合酋长国": "ARE", "德意志联邦共和国": "DEU", "法兰西共和国": "FRA",
		"中国台湾省": "TWN", "沙特": "SAU", "澳洲": "AUS", "越南社会主义共和国": "VNM", "蒙古国": "MNG", "意大利共和国": "ITA", "印度共和国": "IND", "巴西联邦共和国": "BRA", "UK": "GBR",
	}
	standards.Rows("countries.csv", func(f []string) {
		items = append(items, Item{
			Code: f[1], Name: f[3], Also: []string{f[0], f[2]},
			Parts: map[string]string{"alpha2": f[1], "alpha3": f[0], "numeric": f[2], "name_en": f[4]},
		})
		if en := strings.ToUpper(f[4]); !strings.Contains(en, " ") {
			spoken[en] = f[0] // the rule drops blanks: CHINA, but not SRI LANKA
		} else {
			spoken[strings.ReplaceAll(en, " ", "")] = f[0]
		}
	})
	return newList("country", "GB/T 2659-2000 (ISO 3166-1)", items, spoken)
})

// Currency is GB/T 12406-2008 (ISO 4217): three letters or three digits.
var Currency = sync.OnceValue(func() *List {
	var items []Item
	standards.Rows("currencies.csv", func(f []string) {
		it := Item{Code: f[0], Name: f[2], Also: []string{f[1]}, Parts: map[string]string{"letters": f[0], "numeric": f[1]}}
		it.From, it.To = day(f[3]), day(f[4])
		items = append(items, it)
	})
	return newList("currency", "GB/T 12406-2008 (ISO 4217)", items, map[string]string{
		"RMB": "CNY", "人民币": "CNY", "元": "CNY", "港币": "HKD", "美金": "USD", "澳元": "AUD", "加元": "CAD", "澳门币": "MOP", "葡币": "MOP",
		"新台币": "TWD", "台币": "TWD", "新币": "SGD", "英磅": "GBP", "日圆": "JPY", "韩圆": "KRW", "韩币": "KRW", "卢布": "RUB", "€": "EUR", "£": "GBP",
	})
})

// day reads a day of a shipped file; "" is none.
func day(s string) rule.Day {
	if s == "" {
		return 0
	}
	d, err := rule.ParseDay(s)
	if err != nil {
		panic(err)
	}
	return d
}
