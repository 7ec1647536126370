package code

import "shuniu/standard/rule"

// A StatisticalArea is a code that only the lists of the National Bureau of
// Statistics use: development zones, 市辖区, counties under a province.
type StatisticalArea struct {
	Code     string
	Name     string
	Editions []int  // the years of the lists seen with it: 2018, 2023
	Civil    string // civil-affairs code that it equals or lies within
	Within   bool   // it lies within Civil; false: it is the same area
}

// Statistical returns what the statistical list means by a code that the
// civil-affairs list does not have, or has no longer.
func (l *AreaList) Statistical(code string) (StatisticalArea, bool) {
	i, ok := l.stats[code]
	if !ok {
		return StatisticalArea{}, false
	}
	return l.statistical[i], true
}

// ToCivil maps a code of the statistical list to the civil-affairs list; exact
// is false when the area lies within the one returned.
func (l *AreaList) ToCivil(code string) (civil string, exact, ok bool) {
	if s, found := l.Statistical(code); found && s.Civil != code {
		return s.Civil, !s.Within, true
	}
	if len(l.Periods(code)) > 0 {
		return code, true, true
	}
	return "", false, false
}

// ToStatistical maps a civil-affairs code to the statistical list: the code
// there, which is nearly always the same, and the areas that only the
// statistical list keeps apart within it.
func (l *AreaList) ToStatistical(civil string) (code string, apart []StatisticalArea, ok bool) {
	if len(l.Periods(civil)) == 0 {
		return "", nil, false
	}
	code = civil
	for _, s := range l.children[civil] {
		if s.Within {
			apart = append(apart, s)
		} else {
			code = s.Code
		}
	}
	return code, apart, true
}

// on reports whether a statistical list of about that day has the area: the
// first list seen opens it, the last one closes it unless it is the newest.
func (s StatisticalArea) on(day rule.Day) bool {
	const newest = 2023
	y := day.Year()
	last := s.Editions[len(s.Editions)-1]
	return y >= min(s.Editions[0], 2018)-2 && (last == newest || y <= last)
}
