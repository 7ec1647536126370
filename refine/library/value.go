package library

import (
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/width"

	"shuniu/standard/address"
)

// readers take from a value the part that a field means; "" when it has none.
var readers = map[string]func(string) string{
	"money":     func(v string) string { amount, _ := money(v); return amount },
	"currency":  func(v string) string { _, code := money(v); return code },
	"town":      func(v string) string { return parsed(v).Town },
	"area_code": func(v string) string { return parsed(v).Code },
}

var (
	addresses = sync.OnceValue(address.New)
	last      struct { // fields of one row ask for the parts of one address
		sync.Mutex
		text  string
		parts address.Parsed
	}
)

func parsed(v string) address.Parsed {
	last.Lock()
	defer last.Unlock()
	if last.text != v {
		last.text, last.parts = v, addresses().Parse(v)
	}
	return last.parts
}

// currencies are the words for a currency behind an amount, the longer first.
// Source of the codes: GB/T 12406 (ISO 4217).
var currencies = []struct{ word, code string }{
	{"人民币", "CNY"},
	{"美元", "USD"},
	{"美金", "USD"},
	{"港元", "HKD"},
	{"港币", "HKD"},
	{"欧元", "EUR"},
	{"日元", "JPY"},
	{"日圆", "JPY"},
	{"英镑", "GBP"},
	{"新加坡元", "SGD"},
	{"新台币", "TWD"},
	{"台币", "TWD"},
	{"加拿大元", "CAD"},
	{"加元", "CAD"},
	{"澳大利亚元", "AUD"},
	{"澳元", "AUD"},
	{"瑞士法郎", "CHF"},
	{"韩元", "KRW"},
	{"韩圆", "KRW"},
	{"澳门元", "MOP"},
	{"德国马克", "DEM"},
	{"法国法郎", "FRF"},
}

// money reads an amount with its unit and currency, e.g. "6,209(万元人民币)" as
// 62090000 and CNY. Both are "" for what is no amount; an amount without a
// currency is in CNY.
func money(v string) (amount, currency string) {
	s := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune(",()[]", r) {
			return -1
		}
		return r
	}, width.Narrow.String(v))
	currency = "CNY"
	for _, c := range currencies {
		if i := strings.Index(s, c.word); i >= 0 { // before or behind the amount
			s, currency = s[:i]+s[i+len(c.word):], c.code
			break
		}
	}
	n := 0
	for n < len(s) && (s[n]-'0' < 10 || s[n] == '.') {
		n++
	}
	digits, unit := s[:n], s[n:]
	whole, fraction, _ := strings.Cut(digits, ".")
	if whole == "" || strings.Contains(fraction, ".") {
		return "", ""
	}
	shift := 0
	switch strings.TrimSuffix(unit, "元") {
	case "":
	case "千":
		shift = 3
	case "万":
		shift = 4
	case "百万":
		shift = 6
	case "千万":
		shift = 7
	case "亿":
		shift = 8
	default:
		return "", ""
	}
	for range shift {
		digit := "0"
		if fraction != "" {
			digit, fraction = fraction[:1], fraction[1:]
		}
		whole += digit
	}
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
	}
	if fraction = strings.TrimRight(fraction, "0"); fraction != "" {
		whole += "." + fraction
	}
	return whole, currency
}

// absent are values by which offices say that they have none.
var absent = map[string]bool{"": true, "-": true, "--": true, "/": true, "n/a": true, "null": true, "无": true, "暂无": true, "未知": true, "不详": true, "空": true}

// clean is a value without the blanks around it, "" when it says nothing.
func clean(v string) string {
	v = strings.TrimFunc(v, func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' || r == '\u200b' })
	if len(v) < 8 && absent[strings.ToLower(width.Narrow.String(v))] {
		return ""
	}
	return v
}

// fold is a name as it is compared: width, case, blanks and brackets do not
// count.
func fold(v string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), strings.ContainsRune(`()[]<>《》〈〉【】“”"'·.。,，、-—`, r):
			return -1
		}
		return unicode.ToLower(r)
	}, width.Narrow.String(v))
}
