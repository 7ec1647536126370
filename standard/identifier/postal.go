package identifier

import (
	"sync"

	"shuniu/standard/rule"
)

// postalProvinces maps the first two digits of a postal code to the province;
// "" where none is given out. Source: 邮政编码 by province, State Post Bureau.
var postalProvinces = func() (t [100]string) {
	for _, r := range []struct {
		from, to int
		name     string
	}{
		{1, 2, "内蒙古自治区"},
		{3, 4, "山西省"},
		{5, 7, "河北省"},
		{10, 10, "北京市"},
		{11, 12, "辽宁省"},
		{13, 13, "吉林省"},
		{15, 16, "黑龙江省"},
		{20, 20, "上海市"},
		{21, 22, "江苏省"},
		{23, 24, "安徽省"},
		{25, 27, "山东省"},
		{30, 30, "天津市"},
		{31, 32, "浙江省"},
		{33, 34, "江西省"},
		{35, 36, "福建省"},
		{40, 40, "重庆市"},
		{41, 42, "湖南省"},
		{43, 44, "湖北省"},
		{45, 47, "河南省"},
		{51, 52, "广东省"},
		{53, 54, "广西壮族自治区"},
		{55, 56, "贵州省"},
		{57, 57, "海南省"},
		{61, 64, "四川省"},
		{65, 67, "云南省"},
		{71, 72, "陕西省"},
		{73, 74, "甘肃省"},
		{75, 75, "宁夏回族自治区"},
		{81, 81, "青海省"},
		{83, 84, "新疆维吾尔自治区"},
		{85, 85, "西藏自治区"},
	} {
		for n := r.from; n <= r.to; n++ {
			t[n] = r.name
		}
	}
	return t
}()

// PostalCode is the rule for postal codes: six digits, the first two of a
// province; 999077 and 999078 stand for Hong Kong and Macao, which have none.
//
// Source: GB/T 1988 digits; 邮政编码 of the State Post Bureau.
var PostalCode = sync.OnceValue(func() *rule.Rule {
	return &rule.Rule{
		Kind: "postal_code", Source: "邮政编码, State Post Bureau",
		Strict: func(v []byte, _ rule.Day) rule.Fault {
			switch {
			case len(v) == 0:
				return rule.Empty
			case !allDigits(v):
				return rule.Character
			case len(v) != 6:
				return rule.Length
			case postalProvince(v) == "":
				return rule.Prefix
			}
			return rule.Sound
		},
		Parts: func(v []byte, _ rule.Day) rule.Parts { return rule.Parts{"province": postalProvince(v)} },
	}
})

func postalProvince(v []byte) string {
	switch string(v) {
	case "999077":
		return "香港特别行政区"
	case "999078":
		return "澳门特别行政区"
	}
	return postalProvinces[int(v[0]-'0')*10+int(v[1]-'0')]
}
