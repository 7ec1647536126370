package identifier

import (
	"sync"

	"shuniu/standard/code"
	"shuniu/standard/rule"
)

// usccValue maps a character to its value in GB 32100, 0xFF where the
// alphabet (0-9 A-Z without I, O, S, V, Z) has none.
var usccValue = func() (t [256]uint8) {
	const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	for i := range t {
		t[i] = 0xFF
	}
	for i, c := range []byte(alphabet) {
		t[c] = uint8(i)
	}
	return t
}()

const usccAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// The weights 3^(i-1) mod 31. Source: GB 32100-2015, 4.6.
var usccWeights = [17]int{1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28}

// A department registers organisations; categories are the characters that
// may follow its own.
type department struct {
	name       string
	categories map[byte]string
}

// departments by first character.
// Source: GB 32100-2015, table of registering departments, and the notices
// that added A, N and category 4 of 5 (committees of residents and villagers,
// legal persons since the General Provisions of Civil Law of 2017).
var departments = map[byte]department{
	'1': {"机构编制", map[byte]string{'1': "机关", '2': "事业单位", '3': "中央编办直接管理机构编制的群众团体", '9': "其他"}},
	'2': {"外交", map[byte]string{'1': "外国常驻新闻机构", '9': "其他"}},
	'3': {"司法行政", map[byte]string{'1': "律师执业机构", '2': "公证处", '3': "基层法律服务所", '4': "司法鉴定机构", '5': "仲裁委员会", '9': "其他"}},
	'4': {"文化", map[byte]string{'1': "外国在华文化中心", '9': "其他"}},
	'5': {"民政", map[byte]string{'1': "社会团体", '2': "民办非企业单位", '3': "基金会", '4': "基层群众性自治组织", '9': "其他"}},
	'6': {"旅游", map[byte]string{'1': "外国旅游部门常驻代表机构", '2': "港澳台地区旅游部门常驻内地（大陆）代表机构", '9': "其他"}},
	'7': {"宗教", map[byte]string{'1': "宗教活动场所", '2': "宗教院校", '9': "其他"}},
	'8': {"工会", map[byte]string{'1': "基层工会", '9': "其他"}},
	'9': {"工商", map[byte]string{'1': "企业", '2': "个体工商户", '3': "农民专业合作社"}},
	'A': {"中央军委改革和编制办公室", map[byte]string{'1': "军队事业单位", '9': "其他"}},
	'N': {"农业", map[byte]string{'1': "组级集体经济组织", '2': "村级集体经济组织", '3': "乡镇级集体经济组织", '9': "其他"}},
	'Y': {"其他", map[byte]string{'1': "其他"}},
}

// usccHeads is departments as a table for the kernel: bit c-'0' is set when
// the department may be followed by category c.
var usccHeads = func() (t [256]uint16) {
	for d, x := range departments {
		for c := range x.categories {
			t[d] |= 1 << (c - '0')
		}
	}
	return t
}()

// provinceHeads tells which first two digits of an area code are a province.
var provinceHeads = func() (t [100]bool) {
	for _, p := range []int{
		11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82,
	} {
		t[p] = true
	}
	return t
}()

// USCC is the rule for unified social credit codes: department, category, six
// digits of the area of registration, the organisation code of GB 11714 with
// its own check character, and a check character.
//
// The area must begin with a province or be 100000 (registered nationally).
// Its other digits are not held against GB/T 2260: registers use codes of
// their own there (440101, 310141), so a known one is only named.
//
// Source: GB 32100-2015.
var USCC = sync.OnceValue(func() *rule.Rule {
	return &rule.Rule{Kind: "uscc", Source: "GB 32100-2015, GB 11714-1997", Upper: true, Strict: uscc, Parts: usccParts, Explain: usccExplain}
})

func uscc(v []byte, _ rule.Day) rule.Fault {
	if len(v) != 18 {
		if len(v) == 0 {
			return rule.Empty
		}
		return rule.Length
	}
	sum := 0
	for i, w := range usccWeights {
		n := usccValue[v[i]]
		if n == 0xFF {
			return rule.Character
		}
		sum += int(n) * w
	}
	if usccValue[v[17]] == 0xFF {
		return rule.Character
	}
	heads := usccHeads[v[0]]
	if heads == 0 {
		return rule.Department
	}
	if c := v[1] - '0'; c > 9 || heads&(1<<c) == 0 {
		return rule.Category
	}
	if !allDigits(v[2:8]) {
		return rule.Character
	}
	if !provinceHeads[int(v[2]-'0')*10+int(v[3]-'0')] && string(v[2:8]) != "100000" {
		return rule.AreaUnknown
	}
	if usccAlphabet[(31-sum%31)%31] != v[17] {
		return rule.CheckCharacter
	}
	if orgCheck(v[8:16]) != v[16] {
		return rule.InnerCheck
	}
	return rule.Sound
}

func usccParts(v []byte, _ rule.Day) rule.Parts {
	d := departments[v[0]]
	p := rule.Parts{
		"department": string(v[:1]), "department_name": d.name, "category": string(v[1:2]), "category_name": d.categories[v[1]],
		"area_code": string(v[2:8]), "org_code": string(v[8:16]) + "-" + string(v[16:17]),
	}
	areas := code.Areas()
	if a, ok := areas.On(string(v[2:8]), 0); ok {
		p["area"] = areas.FullName(a)
	} else if string(v[2:8]) == "100000" {
		p["area"] = "全国"
	}
	return p
}

func usccExplain(v []byte, f rule.Fault, _ rule.Day) (string, rule.Parts) {
	switch {
	case f == rule.Length && len(v) == 15 && allDigits(v):
		return "a registration number of 15 digits from before 2015, not a credit code", nil
	case f == rule.Character:
		for _, c := range v {
			switch c {
			case 'I', 'O', 'S', 'V', 'Z':
				return "the letter " + string(rune(c)) + " is not used in credit codes", nil
			}
		}
	}
	return "", nil
}

// orgValue maps a character to its value in GB 11714, 0xFF for others.
var orgValue = func() (t [256]uint8) {
	for i := range t {
		t[i] = 0xFF
	}
	for c := byte('0'); c <= '9'; c++ {
		t[c] = c - '0'
	}
	for c := byte('A'); c <= 'Z'; c++ {
		t[c] = c - 'A' + 10
	}
	return t
}()

// orgCheck returns the check character of eight characters, 0 when one of them
// cannot stand there. Source: GB 11714-1997, 3.3: C9 = 11 - sum mod 11.
func orgCheck(v []byte) byte {
	weights := [8]int{3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		n := orgValue[v[i]]
		if n == 0xFF {
			return 0
		}
		sum += int(n) * w
	}
	return "0X987654321"[sum%11]
}

// OrgCode is the rule for organisation codes: eight characters, a hyphen in
// print, and a check character. It is valid with the hyphen and without.
//
// Source: GB 11714-1997.
var OrgCode = sync.OnceValue(func() *rule.Rule {
	return &rule.Rule{
		Kind: "org_code", Source: "GB 11714-1997", Upper: true,
		Strict: func(v []byte, _ rule.Day) rule.Fault {
			switch {
			case len(v) == 0:
				return rule.Empty
			case len(v) == 10 && v[8] == '-', len(v) == 9:
			default:
				return rule.Length
			}
			c, last := orgCheck(v[:8]), v[len(v)-1]
			switch {
			case c == 0 || last != 'X' && last-'0' > 9:
				return rule.Character
			case c != last:
				return rule.CheckCharacter
			case string(v[:8]) == "00000000":
				return rule.Placeholder
			}
			return rule.Sound
		},
		Parts: func(v []byte, _ rule.Day) rule.Parts {
			return rule.Parts{"org_code": string(v[:8]) + "-" + string(v[len(v)-1:])}
		},
	}
})
