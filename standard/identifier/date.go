package identifier

import (
	"strings"
	"sync"
	"unicode/utf8"

	"shuniu/standard/rule"
)

// Date is the rule for dates: 2024-03-05, or 20240305 without hyphens. Other
// writings are mended when they mean one day only: 2024/3/5, 2024年3月5日,
// 二〇二四年三月五日. 01/02/2024 may be two days and is not mended.
//
// Source: GB/T 7408.1-2023 (ISO 8601-1), calendar dates.
var Date = sync.OnceValue(func() *rule.Rule {
	return &rule.Rule{
		Kind: "date", Source: "GB/T 7408.1-2023 (ISO 8601-1)",
		Strict: func(v []byte, _ rule.Day) rule.Fault { f, _ := isoDate(v); return f },
		Remake: remakeDate,
		Parts: func(v []byte, _ rule.Day) rule.Parts {
			_, d := isoDate(v)
			return rule.Parts{"date": d.String(), "year": d.String()[:4], "month": d.String()[5:7], "day": d.String()[8:]}
		},
		Explain: func(v []byte, f rule.Fault, _ rule.Day) (string, rule.Parts) {
			if f != rule.Layout {
				return "", nil
			}
			_, g := spokenDate(v)
			return g.String(), nil
		},
	}
})

func isoDate(v []byte) (rule.Fault, rule.Day) {
	var digits [8]byte
	switch {
	case len(v) == 0:
		return rule.Empty, 0
	case len(v) == 8:
		copy(digits[:], v)
	case len(v) == 10 && v[4] == '-' && v[7] == '-':
		copy(digits[:4], v)
		copy(digits[4:6], v[5:])
		copy(digits[6:], v[8:])
	default:
		return rule.Layout, 0
	}
	if !allDigits(digits[:]) {
		return rule.Layout, 0
	}
	d, ok := rule.DayFromDigits(digits[:])
	if !ok {
		return rule.NotInCalendar, 0
	}
	return rule.Sound, d
}

func remakeDate(dst, v []byte, _ rule.Day) ([]byte, rule.Mends) {
	d, f := spokenDate(v)
	if f != rule.Sound {
		return nil, 0
	}
	n := int(d)
	for i, unit := range [...]int{1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 10, 1} {
		if i == 4 || i == 6 {
			dst = append(dst, '-')
		}
		dst = append(dst, byte('0'+n/unit%10))
	}
	return dst, rule.Form
}

// spokenDate reads a date written with separators or in words; the year has
// four digits and stands first, or nothing is said.
func spokenDate(v []byte) (rule.Day, rule.Fault) {
	if len(v) > 64 {
		return 0, rule.Layout
	}
	var nums [4]int
	var widths [4]int
	n := 0           // numbers begun
	open := false    // a number is being read
	var ends [4]rune // what stands behind each number
	chinese := false
	rest := v
	for len(rest) > 0 {
		r, size := utf8.DecodeRune(rest)
		rest = rest[size:]
		digit := int(r - '0')
		if r < '0' || r > '9' {
			digit = chineseDigit(r)
			chinese = chinese || digit >= 0
		}
		if digit >= 0 {
			if !open {
				if n == len(nums) {
					return 0, rule.TimeOfDay
				}
				n++
				open = true
			}
			switch {
			case digit < 10:
				nums[n-1] = nums[n-1]*10 + digit
			case widths[n-1] == 0: // 十 at the beginning is 1 and a place
				nums[n-1] = 10
			default: // 二十 … the tens are there already
				nums[n-1] *= 10
			}
			if digit == 10 && len(rest) > 0 {
				// 十五: the unit fills the place that 十 opened.
				if next, w := utf8.DecodeRune(rest); chineseDigit(next) > 0 && chineseDigit(next) < 10 {
					nums[n-1] += chineseDigit(next)
					rest = rest[w:]
					widths[n-1]++
				}
			}
			widths[n-1]++
			if widths[n-1] > 8 {
				return 0, rule.Layout
			}
			continue
		}
		if !open || n == 0 {
			return 0, rule.Layout
		}
		open = false
		ends[n-1] = r //nolint:gosec // n is at least 1 here
		if !strings.ContainsRune("-/.年月日号T:_", r) {
			return 0, rule.Layout
		}
	}
	switch {
	case n == 0:
		return 0, rule.Layout
	case n > 3:
		return 0, rule.TimeOfDay
	case n < 3:
		if n == 2 && widths[0] == 4 || n == 1 && (widths[0] == 4 || widths[0] == 6) {
			return 0, rule.Incomplete
		}
		return 0, rule.Layout
	}
	if widths[0] != 4 {
		return 0, rule.Ambiguous
	}
	if words := ends[0] == '年'; words {
		if ends[1] != '月' || ends[2] != 0 && ends[2] != '日' && ends[2] != '号' {
			return 0, rule.Layout
		}
	} else if chinese || ends[0] != ends[1] || ends[2] != 0 {
		return 0, rule.Layout
	}
	if widths[1] > 2 && !chinese || widths[2] > 2 && !chinese {
		return 0, rule.TimeOfDay // 2024-03-0512:00
	}
	d, ok := rule.MakeDay(nums[0], nums[1], nums[2])
	if !ok {
		return 0, rule.NotInCalendar
	}
	return d, rule.Sound
}

// chineseDigit returns 0 to 9, 10 for 十, or -1.
func chineseDigit(r rune) int {
	switch r {
	case '〇', '零', '○', 'Ｏ':
		return 0
	case '一', '元':
		return 1
	case '二':
		return 2
	case '三':
		return 3
	case '四':
		return 4
	case '五':
		return 5
	case '六':
		return 6
	case '七':
		return 7
	case '八':
		return 8
	case '九':
		return 9
	case '十':
		return 10
	}
	return -1
}
