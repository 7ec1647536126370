package code

import (
	"strings"
	"sync"

	"shuniu/packs/standards"
	"shuniu/standard/rule"
)

// An Edition is the year of an edition of GB/T 4754.
type Edition int

// The editions, in force from 1 October 2002, 1 November 2011 and 1 October
// 2017.
const (
	Edition2002 Edition = 2002
	Edition2011 Edition = 2011
	Edition2017 Edition = 2017
)

var editions = [...]struct {
	edition Edition
	from    rule.Day
	file    string
	name    string
}{
	{Edition2002, 20021001, "industries_2002.csv", "2002"},
	{Edition2011, 20111101, "industries_2011.csv", "2011"},
	{Edition2017, 20171001, "industries_2017.csv", "2017"},
}

// An Industry is a class of GB/T 4754 at one of its four levels.
type Industry struct {
	Code    string // A, 01, 011 or 0111
	Name    string
	Section string // the letter of its 门类
}

// Level returns 门类, 大类, 中类 or 小类.
func (i Industry) Level() string {
	switch {
	case len(i.Code) == 2:
		return "大类"
	case len(i.Code) == 3:
		return "中类"
	case len(i.Code) == 4:
		return "小类"
	}
	return "门类"
}

// A Move is what became of a class in the next edition.
type Move struct {
	To       string // code there; "" when nothing is known
	Relation string // same, renumbered, renamed, split, likely, within or none
}

// An IndustryList is the three editions. It is made by [Industries] and safe
// for concurrent use.
type IndustryList struct {
	classes [len(editions)]map[string]Industry
	codes   [len(editions)][]Industry
	moves   map[Edition]map[string]Move
}

// Industries returns the shipped list.
var Industries = sync.OnceValue(func() *IndustryList {
	l := &IndustryList{moves: map[Edition]map[string]Move{Edition2002: {}, Edition2011: {}}}
	for i, e := range editions {
		l.classes[i] = map[string]Industry{}
		standards.Rows(e.file, func(f []string) {
			c := Industry{Code: f[0], Section: f[1], Name: f[2]}
			l.classes[i][c.Code] = c
			l.codes[i] = append(l.codes[i], c)
		})
	}
	standards.Rows("industry_mapping.csv", func(f []string) {
		l.moves[Edition(number(f[0]))][f[1]] = Move{To: f[3], Relation: f[4]}
	})
	return l
})

func editionIndex(e Edition) int {
	for i := range editions {
		if editions[i].edition == e {
			return i
		}
	}
	return -1
}

// EditionOn returns the edition in force on day, false before October 2002.
func EditionOn(day rule.Day) (Edition, bool) {
	for i := len(editions) - 1; i >= 0; i-- {
		if day >= editions[i].from {
			return editions[i].edition, true
		}
	}
	return 0, false
}

// All returns the classes of an edition in the order of the standard.
func (l *IndustryList) All(e Edition) []Industry {
	if i := editionIndex(e); i >= 0 {
		return l.codes[i]
	}
	return nil
}

// In returns the class that has the code in edition e.
func (l *IndustryList) In(e Edition, code string) (Industry, bool) {
	i := editionIndex(e)
	if i < 0 {
		return Industry{}, false
	}
	c, ok := l.classes[i][code]
	return c, ok
}

// Newest returns the class from the newest edition that has the code.
func (l *IndustryList) Newest(code string) (Industry, Edition, bool) {
	for i := len(editions) - 1; i >= 0; i-- {
		if c, ok := l.classes[i][code]; ok {
			return c, editions[i].edition, true
		}
	}
	return Industry{}, 0, false
}

// Next maps a class of edition e to the following edition. Only classes
// (小类, four digits) are mapped one by one; a coarser code maps to itself when
// the next edition has it under the same name. The map was made by comparing
// names and says so in Relation; it is not the official concordance.
func (l *IndustryList) Next(e Edition, code string) (Move, bool) {
	c, ok := l.In(e, code)
	i := editionIndex(e)
	if !ok || i < 0 || i+1 >= len(editions) {
		return Move{}, false
	}
	if m, ok := l.moves[e][code]; ok {
		return m, true
	}
	next, ok := l.classes[i+1][code]
	if ok && (len(code) == 4 || sameName(next.Name, c.Name)) {
		return Move{To: code, Relation: "same"}, true
	}
	for _, d := range l.codes[i+1] {
		if len(d.Code) == len(code) && sameName(d.Name, c.Name) {
			return Move{To: d.Code, Relation: "renumbered"}, true
		}
	}
	return Move{Relation: "none"}, true
}

var filler = strings.NewReplacer("的", "", "、", "", "，", "", "和", "", "及", "", "与", "", "业", "")

// sameName compares names without the particles that editions shuffle.
func sameName(a, b string) bool { return a == b || filler.Replace(a) == filler.Replace(b) }

// IndustryCode is the rule for GB/T 4754 codes. A day asks about the edition
// in force on it; without one the newest edition that has the code answers.
// The section letter may stand before the digits, as registers write C3911.
var IndustryCode = sync.OnceValue(func() *rule.Rule {
	l := Industries()
	find := func(v []byte, at rule.Day) (Industry, Edition, bool) {
		if at == 0 {
			return l.newest(v)
		}
		e, ok := EditionOn(at)
		if !ok {
			return Industry{}, 0, false
		}
		c, ok := l.classes[editionIndex(e)][string(v)]
		return c, e, ok
	}
	return &rule.Rule{
		Kind: "industry_code", Source: "GB/T 4754-2002, -2011 and -2017", Upper: true,
		Strict: func(v []byte, at rule.Day) rule.Fault {
			switch len(v) {
			case 0:
				return rule.Empty
			case 1:
				if v[0] < 'A' || v[0] > 'Z' {
					return rule.Character
				}
			case 2, 3, 4:
				for _, c := range v {
					if c < '0' || c > '9' {
						return rule.Character
					}
				}
			default:
				return rule.Length
			}
			if _, _, ok := find(v, at); ok {
				return rule.Sound
			}
			if at != 0 {
				if _, _, ok := l.newest(v); ok {
					return rule.NotInForce
				}
			}
			return rule.Unknown
		},
		Remake: func(dst, v []byte, at rule.Day) ([]byte, rule.Mends) {
			if len(v) < 3 || len(v) > 5 || v[0] < 'A' || v[0] > 'T' {
				return nil, 0
			}
			c, _, ok := find(v[1:], at)
			if !ok || c.Section != string(v[:1]) {
				return nil, 0
			}
			return append(dst, v[1:]...), rule.Form
		},
		Parts: func(v []byte, at rule.Day) rule.Parts {
			c, e, _ := find(v, at)
			return l.parts(c, e)
		},
		Explain: func(v []byte, f rule.Fault, at rule.Day) (string, rule.Parts) {
			if f != rule.NotInForce {
				return "", nil
			}
			c, e, _ := l.newest(v)
			return "not in the edition in force on " + at.String() + "; the edition of " + editions[editionIndex(e)].name + " has it", l.parts(c, e)
		},
	}
})

func (l *IndustryList) newest(v []byte) (Industry, Edition, bool) {
	for i := len(editions) - 1; i >= 0; i-- {
		if c, ok := l.classes[i][string(v)]; ok {
			return c, editions[i].edition, true
		}
	}
	return Industry{}, 0, false
}

func (l *IndustryList) parts(c Industry, e Edition) rule.Parts {
	i := editionIndex(e)
	p := rule.Parts{"name": c.Name, "level": c.Level(), "edition": editions[i].name, "section": c.Section, "section_name": l.classes[i][c.Section].Name}
	if m, ok := l.Next(e, c.Code); ok && m.To != "" {
		p["next_edition_code"], p["next_edition_relation"] = m.To, m.Relation
	}
	return p
}
