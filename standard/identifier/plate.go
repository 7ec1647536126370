package identifier

import (
	"strings"
	"sync"
	"unicode/utf8"

	"shuniu/standard/rule"
)

// plateProvinces are the one-character short names of the provinces.
var plateProvinces = map[rune]string{
	'京': "北京市", '津': "天津市", '冀': "河北省", '晋': "山西省", '蒙': "内蒙古自治区", '辽': "辽宁省", '吉': "吉林省", '黑': "黑龙江省", '沪': "上海市", '苏': "江苏省",
	'浙': "浙江省", '皖': "安徽省", '闽': "福建省", '赣': "江西省", '鲁': "山东省", '豫': "河南省", '鄂': "湖北省", '湘': "湖南省", '粤': "广东省", '桂': "广西壮族自治区",
	'琼': "海南省", '渝': "重庆市", '川': "四川省", '贵': "贵州省", '云': "云南省", '藏': "西藏自治区", '陕': "陕西省", '甘': "甘肃省", '青': "青海省", '宁': "宁夏回族自治区", '新': "新疆维吾尔自治区",
}

// plateEnds are the characters that may stand in the last place instead of a
// letter or digit, with what they say.
var plateEnds = map[rune]string{'学': "教练", '警': "警用", '挂': "挂车", '领': "领馆", '使': "使馆", '港': "香港入出境", '澳': "澳门入出境", '试': "试验", '超': "超限", '应': "应急救援"}

// Plate is the rule for number plates of motor vehicles: place, issuing
// office and five characters, or six for new-energy vehicles, with no I and O
// and, in ordinary numbers, no more than two letters. The dot or hyphen of
// print is mended.
//
// Source: GA 36-2018, 5 and annex; GA/T 1335 for new energy: D, A, B, C and E
// are battery-electric, F, G, H, J and K other new energy, in the first place
// of the serial for small vehicles and in the last for large ones.
var Plate = sync.OnceValue(func() *rule.Rule {
	return &rule.Rule{
		Kind: "plate", Source: "GA 36-2018", Upper: true, Separators: "-.",
		Strict: func(v []byte, _ rule.Day) rule.Fault { f, _ := plate(v); return f },
		Parts: func(v []byte, _ rule.Day) rule.Parts {
			_, p := plate(v)
			parts := rule.Parts{"kind": p.kind}
			if p.place != 0 {
				parts["province"] = plateProvinces[p.place]
				parts["office"] = string(p.place) + string(rune(p.office))
			}
			if p.energy != "" {
				parts["energy"] = p.energy
			}
			if p.size != "" {
				parts["size"] = p.size
			}
			return parts
		},
	}
})

type plated struct {
	kind, energy, size string
	place              rune
	office             byte
}

// plateSerial tells digits (1), letters but I and O (2), and others (0).
var plateSerial = func() (t [256]uint8) {
	for c := '0'; c <= '9'; c++ {
		t[c] = 1
	}
	for c := 'A'; c <= 'Z'; c++ {
		if c != 'I' && c != 'O' {
			t[c] = 2
		}
	}
	return t
}()

func plate(v []byte) (rule.Fault, plated) {
	var p plated
	if len(v) == 0 {
		return rule.Empty, p
	}
	if v[0] < utf8.RuneSelf {
		return plateWithoutPlace(v)
	}
	place, size := utf8.DecodeRune(v)
	if place == '使' {
		p.kind = "embassy"
		if len(v) == size+6 && allDigits(v[size:]) {
			return rule.Sound, p
		}
		return rule.Layout, p
	}
	if _, ok := plateProvinces[place]; !ok {
		return rule.Prefix, p
	}
	p.place = place
	rest := v[size:]
	if len(rest) < 2 {
		return rule.Length, p
	}
	p.office = rest[0]
	if plateSerial[rest[0]] != 2 && rest[0] != 'O' { // O was the police's office
		return rule.Character, p
	}
	serial := rest[1:]
	if end, w := utf8.DecodeLastRune(serial); end >= utf8.RuneSelf && end != utf8.RuneError {
		said, ok := plateEnds[end]
		if !ok {
			return rule.Character, p
		}
		p.kind = said
		body := serial[:len(serial)-w]
		if len(body) != 4 {
			return rule.Length, p
		}
		for _, c := range body {
			if plateSerial[c] == 0 {
				return rule.Character, p
			}
		}
		return rule.Sound, p
	}
	letters := 0
	for _, c := range serial {
		switch plateSerial[c] {
		case 0:
			return rule.Character, p
		case 2:
			letters++
		}
	}
	switch len(serial) {
	case 5:
		p.kind = "ordinary"
		if letters > 2 {
			return rule.Letters, p
		}
		return rule.Sound, p
	case 6:
		return newEnergy(serial, p)
	}
	return rule.Length, p
}

// newEnergy judges the six characters of a new-energy vehicle.
func newEnergy(serial []byte, p plated) (rule.Fault, plated) {
	p.kind = "new_energy"
	letter := serial[0]
	switch {
	case plateSerial[letter] == 2 && allDigits(serial[2:]):
		p.size = "small"
	case plateSerial[serial[5]] == 2 && allDigits(serial[:5]):
		letter, p.size = serial[5], "large"
	default:
		return rule.Layout, p
	}
	switch {
	case strings.IndexByte("DABCE", letter) >= 0:
		p.energy = "battery_electric"
	case strings.IndexByte("FGHJK", letter) >= 0:
		p.energy = "other_new_energy"
	default:
		return rule.Layout, p
	}
	return rule.Sound, p
}

// plateWithoutPlace judges plates that do not begin with a province: those of
// embassies since 2018 and of the armed forces and the armed police.
func plateWithoutPlace(v []byte) (rule.Fault, plated) {
	var p plated
	end, w := utf8.DecodeLastRune(v)
	switch {
	case end == '使' && len(v) == 6+w && allDigits(v[:6]):
		p.kind = "embassy"
		return rule.Sound, p
	case len(v) > 2 && v[0] == 'W' && v[1] == 'J':
		p.kind = "armed_police"
		rest := v[2:]
		if place, size := utf8.DecodeRune(rest); plateProvinces[place] != "" {
			rest = rest[size:]
		}
		if len(rest) == 5 && allDigits(rest[:4]) && plateSerial[rest[4]] != 0 {
			return rule.Sound, p
		}
		return rule.Layout, p
	case len(v) == 7 && plateSerial[v[0]] == 2 && plateSerial[v[1]] == 2 && allDigits(v[2:]):
		p.kind = "armed_forces"
		return rule.Sound, p
	}
	return rule.Prefix, p
}
