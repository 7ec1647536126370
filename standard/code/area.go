package code

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"shuniu/packs/standards"
	"shuniu/standard/rule"
)

// A Level is how deep a division stands.
type Level uint8

// The levels of GB/T 2260.
const (
	Province   Level = iota + 1 // 省级: xx0000
	Prefecture                  // 地级: xxyy00
	County                      // 县级: xxyyzz
)

// String returns the level's name in the standard.
func (l Level) String() string {
	switch l {
	case Province:
		return "省级"
	case Prefecture:
		return "地级"
	case County:
		return "县级"
	}
	return ""
}

// An Area is one division under one name for one span of years. The lists are
// as of 31 December, so From is the first year whose list has it, To the first
// whose list no longer has it (0: in force).
type Area struct {
	Code       string // six digits
	Name       string // its own, e.g. 浦东新区
	Level      Level
	From, To   int
	Successors []Successor
}

// A Successor is a code that took over an area, wholly or partly, in Year.
type Successor struct {
	Code string
	Year int
}

// In reports whether the list of 31 December of year has the area.
func (a Area) In(year int) bool { return a.From <= year && (a.To == 0 || year < a.To) }

// On reports whether the area was in force on day. Within a year of change the
// lists do not say on which day it happened: the old and the new area both
// pass, except on 31 December, for which the list speaks.
func (a Area) On(day rule.Day) bool {
	y := day.Year()
	if a.In(y) {
		return true
	}
	return a.To == y && a.From < y && day%10000 != 1231
}

// An AreaList is GB/T 2260 since 1981. It is made by [Areas] and safe for
// concurrent use.
type AreaList struct {
	areas       []Area
	statistical []StatisticalArea
	byCode      []uint16                     // code-110000 → 1 + index of its first area
	stats       map[string]int               // code → index in statistical
	children    map[string][]StatisticalArea // civil code → what the statistical list has in it
}

const (
	lowestArea  = 110000
	highestArea = 829999
)

// Areas returns the shipped list.
var Areas = sync.OnceValue(loadAreas)

func loadAreas() *AreaList {
	l := &AreaList{byCode: make([]uint16, highestArea-lowestArea+1), stats: map[string]int{}, children: map[string][]StatisticalArea{}}
	standards.Rows("areas.csv", func(f []string) {
		a := Area{Code: f[0], Name: f[1], Level: Level(number(f[2])), From: number(f[3])}
		if f[4] != "" {
			a.To = number(f[4])
		}
		for s := range strings.FieldsSeq(f[5]) {
			next := Successor{Code: s, Year: a.To}
			if len(s) > 6 { // 310107[1984]
				next = Successor{Code: s[:6], Year: number(s[7 : len(s)-1])}
			}
			a.Successors = append(a.Successors, next)
		}
		l.areas = append(l.areas, a)
	})
	for i, a := range l.areas {
		if n := number(a.Code) - lowestArea; l.byCode[n] == 0 {
			l.byCode[n] = uint16(i + 1)
		}
	}
	standards.Rows("areas_statistical.csv", func(f []string) {
		s := StatisticalArea{Code: f[0], Name: f[1], Within: f[3] == "within", Civil: f[4]}
		for e := range strings.FieldsSeq(f[2]) {
			s.Editions = append(s.Editions, number(e))
		}
		l.stats[s.Code] = len(l.statistical)
		l.statistical = append(l.statistical, s)
		if s.Code != s.Civil {
			l.children[s.Civil] = append(l.children[s.Civil], s)
		}
	})
	return l
}

// number reads a figure of a shipped file, which is a constant of the program.
func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(fmt.Sprintf("packs/standards: %q is no number", s))
	}
	return n
}

// All returns every area, by code and year. The caller must not change it.
func (l *AreaList) All() []Area { return l.areas }

// Periods returns the areas that ever had the code, oldest first.
func (l *AreaList) Periods(code string) []Area {
	if len(code) != 6 {
		return nil
	}
	return l.periods([]byte(code))
}

// periods is Periods without a string.
func (l *AreaList) periods(code []byte) []Area {
	n := 0
	for _, c := range code[:6] {
		if c < '0' || c > '9' {
			return nil
		}
		n = n*10 + int(c-'0')
	}
	if n < lowestArea || n > highestArea {
		return nil
	}
	i := int(l.byCode[n-lowestArea])
	if i == 0 {
		return nil
	}
	end := i
	for end < len(l.areas) && l.areas[end].Code == l.areas[i-1].Code {
		end++
	}
	return l.areas[i-1 : end]
}

// Holder judges the first six digits of a citizen number as of day at: the
// code must have been in the list in some year from the birth on and not after
// at, because the number keeps the code of the year of issue (GB 11643-1999,
// 4.2.1), long after the county is gone. code must have six bytes.
func (l *AreaList) Holder(code []byte, birth, at rule.Day) rule.Fault {
	periods := l.periods(code)
	if len(periods) == 0 {
		return rule.AreaUnknown
	}
	fault := rule.AreaUnknown
	for i := range periods {
		a := &periods[i]
		switch {
		case a.Level == Province && code[0] != '8' && code[0] != '7':
			// Only Hong Kong, Macao and Taiwan are their own lowest division.
		case a.To != 0 && a.To < birth.Year():
			fault = rule.AreaAbolished
		case at != 0 && a.From > at.Year():
			fault = rule.AreaLater
		default:
			return rule.Sound
		}
	}
	return fault
}

// On returns the area that had the code on day; the zero day asks for the
// newest one.
func (l *AreaList) On(code string, day rule.Day) (Area, bool) {
	p := l.Periods(code)
	if len(p) == 0 {
		return Area{}, false
	}
	if day == 0 {
		return p[len(p)-1], true
	}
	for _, a := range slices.Backward(p) {
		if a.On(day) {
			return a, true
		}
	}
	return Area{}, false
}

// FullName returns the area's name after those of the divisions it belonged to
// at the end of its time, e.g. 江苏省南京市玄武区.
func (l *AreaList) FullName(a Area) string {
	var b strings.Builder
	if a.Level > Province {
		b.WriteString(l.nameOver(a.Code[:2]+"0000", a))
	}
	if a.Level > Prefecture {
		b.WriteString(l.nameOver(a.Code[:4]+"00", a))
	}
	b.WriteString(a.Name)
	return b.String()
}

// nameOver returns the name that the code above a had in a's last year, or ""
// when there was none: counties of the four municipalities have no prefecture.
func (l *AreaList) nameOver(code string, a Area) string {
	last := a.To - 1
	periods := l.Periods(code)
	if a.To == 0 && len(periods) > 0 && periods[len(periods)-1].To == 0 {
		return periods[len(periods)-1].Name
	}
	for _, p := range slices.Backward(periods) {
		if p.In(last) {
			return p.Name
		}
	}
	return ""
}

// Follow returns the codes in force on day (zero: now) for the area that code
// named, following every change since. A county that was divided gives several,
// in the order of the list; a code in force gives itself.
func (l *AreaList) Follow(code string, day rule.Day) []string {
	var out []string
	seen := map[string]bool{}
	var walk func(code string, since int)
	walk = func(code string, since int) {
		key := code + strconv.Itoa(since)
		if seen[key] {
			return
		}
		seen[key] = true
		periods := l.Periods(code)
		i := slices.IndexFunc(periods, func(a Area) bool { return a.To == 0 || a.To > since })
		if i < 0 {
			return
		}
		a := periods[i]
		if a.To == 0 || day != 0 && a.To > day.Year() {
			if !slices.Contains(out, code) {
				out = append(out, code)
			}
			return
		}
		for _, s := range a.Successors {
			if s.Year == a.To { // parts that left earlier are not the area itself
				walk(s.Code, s.Year)
			}
		}
	}
	periods := l.Periods(code)
	if len(periods) == 0 {
		return nil
	}
	walk(code, periods[len(periods)-1].From)
	return out
}
