package identifier

import (
	"bytes"
	"sync"

	"shuniu/standard/rule"
)

// mobileSegments are the three-digit beginnings given to mobile networks.
// Source: 电信网编号计划 (MIIT, 2017) and the assignments since.
var mobileSegments = func() (t [1000]bool) {
	for _, r := range [][2]int{{130, 141}, {144, 153}, {155, 159}, {162, 162}, {165, 167}, {170, 178}, {180, 193}, {195, 199}} {
		for n := r[0]; n <= r[1]; n++ {
			t[n] = true
		}
	}
	return t
}()

// dialProvinces maps the long-distance codes, without their zero, to the
// province. Source: the long-distance area codes of the 电信网编号计划.
var dialProvinces = func() (t [1000]string) {
	for _, r := range []struct {
		name  string
		spans [][2]int
	}{
		{"北京市", [][2]int{{10, 10}}},
		{"上海市", [][2]int{{21, 21}}},
		{"天津市", [][2]int{{22, 22}}},
		{"重庆市", [][2]int{{23, 23}}},
		{"河北省", [][2]int{{310, 319}, {335, 335}}},
		{"山西省", [][2]int{{349, 359}}},
		{"河南省", [][2]int{{370, 379}, {391, 398}}},
		{"辽宁省", [][2]int{{24, 24}, {410, 419}, {421, 421}, {427, 427}, {429, 429}}},
		{"吉林省", [][2]int{{431, 440}, {448, 448}}},
		{"黑龙江省", [][2]int{{451, 459}, {464, 464}, {467, 469}}},
		{"内蒙古自治区", [][2]int{{470, 479}, {482, 483}}},
		{"江苏省", [][2]int{{25, 25}, {510, 519}, {523, 523}, {527, 527}}},
		{"山东省", [][2]int{{530, 539}, {543, 543}, {546, 546}, {631, 635}}},
		{"安徽省", [][2]int{{550, 559}, {561, 566}}},
		{"浙江省", [][2]int{{570, 580}}},
		{"福建省", [][2]int{{591, 599}}},
		{"湖南省", [][2]int{{730, 739}, {743, 746}}},
		{"广东省", [][2]int{{20, 20}, {660, 660}, {662, 663}, {668, 668}, {750, 763}, {765, 766}, {768, 769}}},
		{"广西壮族自治区", [][2]int{{770, 779}}},
		{"江西省", [][2]int{{701, 701}, {790, 799}}},
		{"四川省", [][2]int{{28, 28}, {812, 814}, {816, 819}, {825, 839}}},
		{"贵州省", [][2]int{{851, 859}}},
		{"湖北省", [][2]int{{27, 27}, {710, 719}, {722, 722}, {724, 724}, {728, 728}}},
		{"云南省", [][2]int{{691, 692}, {870, 879}, {883, 888}}},
		{"西藏自治区", [][2]int{{891, 897}}},
		{"海南省", [][2]int{{898, 899}, {890, 890}}},
		{"陕西省", [][2]int{{29, 29}, {910, 919}}},
		{"甘肃省", [][2]int{{930, 939}, {941, 941}, {943, 943}}},
		{"宁夏回族自治区", [][2]int{{951, 955}}},
		{"青海省", [][2]int{{970, 979}}},
		{"新疆维吾尔自治区", [][2]int{{901, 903}, {906, 906}, {908, 909}, {990, 999}}},
	} {
		for _, s := range r.spans {
			for n := s[0]; n <= s[1]; n++ {
				t[n] = r.name
			}
		}
	}
	return t
}()

// Phone is the rule for telephone numbers: mobile, fixed line with its
// long-distance code, 400 and 800 numbers, and service numbers. A hyphen
// between code and number and an extension behind a hyphen are as the plan
// writes them; blanks, brackets and +86 are mended.
//
// Source: 电信网编号计划 (MIIT, 2017 edition).
var Phone = sync.OnceValue(func() *rule.Rule {
	return &rule.Rule{
		Kind: "phone", Source: "电信网编号计划 (MIIT 2017)",
		Strict: func(v []byte, _ rule.Day) rule.Fault { f, _ := phone(v); return f },
		Remake: func(dst, v []byte, _ rule.Day) ([]byte, rule.Mends) { return remakePhone(dst, v) },
		Parts:  func(v []byte, _ rule.Day) rule.Parts { _, p := phone(v); return p.parts(v) },
	}
})

// A dialled number, as spans of the value.
type dialled struct {
	kind           string
	code, local    [2]int
	extension      [2]int
	longDistanceIn string
}

func (d dialled) parts(v []byte) rule.Parts {
	p := rule.Parts{"kind": d.kind}
	for name, s := range map[string][2]int{"code": d.code, "number": d.local, "extension": d.extension} {
		if s[1] > s[0] {
			p[name] = string(v[s[0]:s[1]])
		}
	}
	if d.longDistanceIn != "" {
		p["province"] = d.longDistanceIn
	}
	return p
}

func phone(v []byte) (rule.Fault, dialled) {
	var d dialled
	n := len(v)
	if n == 0 {
		return rule.Empty, d
	}
	for i, c := range v {
		if c-'0' > 9 && (c != '-' || i == 0) {
			return rule.Character, d
		}
	}
	d.local = [2]int{0, n}
	digits := bytes.IndexByte(v, '-') < 0
	switch {
	case v[0] == '1' && digits && n == 11:
		d.kind = "mobile"
		if !mobileSegments[int(v[0]-'0')*100+int(v[1]-'0')*10+int(v[2]-'0')] {
			return rule.Segment, d
		}
		return rule.Sound, d
	case v[0] == '0':
		return fixedLine(v)
	case (v[0] == '4' || v[0] == '8') && n >= 10 && v[1] == '0' && v[2] == '0':
		return service400(v)
	case digits && n <= 8 && serviceNumber(v):
		d.kind = "service"
		return rule.Sound, d
	case v[0] >= '2' && v[0] <= '8' && (digits && (n == 7 || n == 8) || !digits && n >= 8 && n <= 9):
		return rule.DialCodeMissing, d
	case v[0] == '1' && !digits:
		return rule.Separators, d
	}
	return rule.Length, d
}

// fixedLine judges 0xx(x)[-]number[-extension].
func fixedLine(v []byte) (rule.Fault, dialled) {
	d := dialled{kind: "fixed"}
	width := 0
	for w := 3; w <= 4 && w <= len(v); w++ {
		if !allDigits(v[:w]) {
			break
		}
		n := 0
		for _, c := range v[1:w] {
			n = n*10 + int(c-'0')
		}
		if name := dialProvinces[n]; name != "" && (w == 3) == (n < 100) {
			width, d.longDistanceIn = w, name
			break
		}
	}
	if width == 0 {
		return rule.DialCode, d
	}
	d.code = [2]int{0, width}
	i := width
	if i < len(v) && v[i] == '-' {
		i++
	}
	end := i
	for end < len(v) && v[end] != '-' {
		end++
	}
	d.local = [2]int{i, end}
	if end < len(v) {
		d.extension = [2]int{end + 1, len(v)}
		if ext := v[end+1:]; !allDigits(ext) || len(ext) > 6 {
			return rule.Separators, d
		}
	}
	local := v[i:end]
	switch {
	case len(local) == 8, len(local) == 7 && width == 4:
	case len(local) == 5 && local[0] == '9' && local[1] >= '5': // 021-96xxx, 010-95xxx
		return rule.Sound, d
	default:
		return rule.LocalNumber, d
	}
	if local[0] < '2' {
		return rule.LocalNumber, d
	}
	return rule.Sound, d
}

// service400 judges 400 and 800 numbers: ten digits, hyphens between groups.
func service400(v []byte) (rule.Fault, dialled) {
	d := dialled{kind: "service", local: [2]int{0, len(v)}}
	n, last := 0, byte('-')
	for _, c := range v {
		if c == '-' {
			if last == '-' {
				return rule.Separators, d
			}
		} else {
			n++
		}
		last = c
	}
	if last == '-' {
		return rule.Separators, d
	}
	if n != 10 {
		return rule.Length, d
	}
	return rule.Sound, d
}

// serviceNumber reports emergency, operator, bank and government numbers.
func serviceNumber(v []byte) bool {
	switch len(v) {
	case 3:
		return v[0] == '1' && (v[1] == '1' || v[1] == '2') // 110, 119, 120, 122 …
	case 5:
		return v[0] == '1' && (v[1] == '2' || v[1] == '0') || v[0] == '9' && (v[1] == '5' || v[1] == '6') // 12345, 10086, 95588, 96xxx
	case 6, 8:
		return v[0] == '9' && (v[1] == '5' || v[1] == '6') || v[0] == '1' && v[1] == '1' && v[2] == '6' || len(v) == 8 && v[0] == '1' && v[1] == '0' && v[2] == '1'
	}
	return false
}

// remakePhone drops +86 and brackets, sets the hyphen between code and number
// and writes an extension behind one.
func remakePhone(dst, v []byte) ([]byte, rule.Mends) {
	var m rule.Mends
	switch {
	case bytes.HasPrefix(v, []byte("+86")):
		v, m = v[3:], rule.CountryCode
	case bytes.HasPrefix(v, []byte("0086")):
		v, m = v[4:], rule.CountryCode
	case bytes.HasPrefix(v, []byte("86")) && len(v) == 13 && v[2] == '1':
		v, m = v[2:], rule.CountryCode
	case bytes.HasPrefix(v, []byte("(+86)")):
		v, m = v[5:], rule.CountryCode
	case bytes.HasPrefix(v, []byte("86-")):
		v, m = v[3:], rule.CountryCode
	}
	if m != 0 && len(v) > 0 && v[0] == '-' {
		v = v[1:]
	}
	var plain [maxPhone]byte
	p := plain[:0]
	extension := -1
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case c-'0' <= 9:
			if len(p) == maxPhone {
				return nil, 0
			}
			p = append(p, c)
		case c == '(' || c == ')' || c == '-' || c == '.' || c == '/' || c == '_':
			m |= rule.Separator
		case bytes.HasPrefix(v[i:], []byte("转")) || bytes.HasPrefix(v[i:], []byte("分机")) || c == '*' || c == '#' || c|0x20 == 'x':
			if extension >= 0 || len(p) == 0 {
				return nil, 0
			}
			m |= rule.Separator
			extension = len(p)
			for i+1 < len(v) && v[i+1]-'0' > 9 {
				i++
			}
		default:
			return nil, 0
		}
	}
	if extension < 0 {
		extension = len(p)
	}
	if len(p) == 0 {
		return nil, 0
	}
	number := p[:extension]
	// 13812345678 may be written 010-… style with a leading zero: 013812345678.
	if len(number) == 12 && number[0] == '0' && number[1] == '1' && number[2] >= '3' {
		number, m = number[1:], m|rule.Separator
	}
	if m&rule.CountryCode != 0 && number[0] != '0' && number[0] != '1' && number[0] != '4' && number[0] != '8' {
		dst = append(dst, '0') // +86 21 … is 021 at home
	}
	dst = append(dst, number...)
	if dst[0] == '0' && len(dst) > 4 {
		// 0 code number → 0code-number
		width := 4
		if dst[1] == '1' || dst[1] == '2' {
			width = 3
		}
		dst = append(dst, 0)
		copy(dst[width+1:], dst[width:])
		dst[width] = '-'
	}
	if extension < len(p) {
		dst = append(append(dst, '-'), p[extension:]...)
	}
	return dst, m
}

const maxPhone = 24
