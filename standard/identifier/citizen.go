package identifier

import (
	"sync"

	"shuniu/standard/code"
	"shuniu/standard/rule"
)

// earliestBirth is before the birth of anybody who lived when the first
// numbers were given, in 1984.
const earliestBirth = 18500101

// The weights of the 17 digits and the check character by sum mod 11.
// Source: GB 11643-1999, 4.2.4; ISO 7064 MOD 11-2: weight i is 2^(18-i) mod 11.
var citizenWeights = [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}

const citizenChecks = "10X98765432"

// CitizenID is the rule for citizen numbers: six digits of the area by the
// list of the year of issue, eight of the birth date, three in sequence (odd
// for men) and a check character. The residence permits of Hong Kong, Macao
// and Taiwan residents follow it with the areas 810000, 820000 and 830000.
// A number of 15 digits is mended to its 18.
//
// Source: GB 11643-1999; 港澳台居民居住证申领发放办法 (2018), art. 8.
var CitizenID = sync.OnceValue(func() *rule.Rule {
	areas := code.Areas()
	return &rule.Rule{
		Kind: "citizen_id", Source: "GB 11643-1999", Upper: true, NeedsDay: true,
		Strict: func(v []byte, at rule.Day) rule.Fault { return citizen(areas, v, at) },
		Remake: func(dst, v []byte, at rule.Day) ([]byte, rule.Mends) { return fifteen(dst, v) },
		Parts: func(v []byte, _ rule.Day) rule.Parts {
			return citizenParts(areas, v)
		},
		Explain: func(v []byte, f rule.Fault, _ rule.Day) (string, rule.Parts) {
			if f == rule.AreaAbolished && len(v) == 18 {
				if a, ok := areas.On(string(v[:6]), 0); ok {
					return "the area " + areas.FullName(a) + " was abolished before the birth date", nil
				}
			}
			return "", nil
		},
	}
})

func citizen(areas *code.AreaList, v []byte, at rule.Day) rule.Fault {
	if len(v) != 18 {
		switch {
		case len(v) == 0:
			return rule.Empty
		case len(v) == 15 && allDigits(v):
			return rule.FifteenDigits
		}
		return rule.Length
	}
	sum := 0
	for i, w := range citizenWeights {
		c := v[i] - '0'
		if c > 9 {
			return rule.Character
		}
		sum += int(c) * w
	}
	if c := v[17]; c-'0' > 9 && c != 'X' {
		return rule.Character
	}
	if v[0] == '9' {
		return rule.NotCitizen
	}
	birth, ok := rule.DayFromDigits(v[6:14])
	switch {
	case !ok:
		return rule.BirthDate
	case birth < earliestBirth:
		return rule.BirthEarly
	case at != 0 && birth > at:
		return rule.BirthFuture
	}
	// 830000 stands for Taiwan in residence permits only; GB/T 2260 has 710000.
	if string(v[:6]) != "830000" {
		if f := areas.Holder(v[:6], birth, at); f != rule.Sound {
			return f
		}
	}
	if citizenChecks[sum%11] != v[17] {
		return rule.CheckCharacter
	}
	return rule.Sound
}

// fifteen writes an old number of 15 digits as 18: the century goes in front
// of the year and the check character behind. Sequences 996 to 999 were kept
// for people over a hundred, whose century is the one before.
// Source: GB 11643-1999, annex on the change from GB 11643-1989.
func fifteen(dst, v []byte) ([]byte, rule.Mends) {
	if len(v) != 15 || !allDigits(v) {
		return nil, 0
	}
	century := "19"
	if v[12] == '9' && v[13] == '9' && v[14] >= '6' {
		century = "18"
	}
	dst = append(dst, v[:6]...)
	dst = append(dst, century...)
	dst = append(dst, v[6:]...)
	sum := 0
	for i, w := range citizenWeights {
		sum += int(dst[i]-'0') * w
	}
	return append(dst, citizenChecks[sum%11]), rule.Fifteen
}

func citizenParts(areas *code.AreaList, v []byte) rule.Parts {
	birth, _ := rule.DayFromDigits(v[6:14])
	p := rule.Parts{"birth": birth.String(), "sex": "女", "sex_code": "2", "area_code": string(v[:6]), "sequence": string(v[14:17])}
	if v[16]&1 == 1 {
		p["sex"], p["sex_code"] = "男", "1"
	}
	if string(v[:6]) == "830000" {
		p["area"] = "台湾省"
		return p
	}
	// The area is named as the list of the earliest year of issue had it.
	periods := areas.Periods(string(v[:6]))
	for _, a := range periods {
		if a.To == 0 || a.To >= birth.Year() {
			p["area"] = areas.FullName(a)
			break
		}
	}
	return p
}

func allDigits(v []byte) bool {
	for _, c := range v {
		if c-'0' > 9 {
			return false
		}
	}
	return len(v) > 0
}
