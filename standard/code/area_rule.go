package code

import (
	"fmt"
	"strconv"
	"strings"
	"sync"

	"shuniu/standard/rule"
)

// AreaCode is the rule for GB/T 2260 codes. A day asks whether the code was in
// force on it; without one every code passes that ever was, and the parts say
// from when to when.
var AreaCode = sync.OnceValue(func() *rule.Rule {
	l := Areas()
	return &rule.Rule{
		Kind: "area_code", Source: "GB/T 2260-2007 and the yearly lists of the Ministry of Civil Affairs since 1981",
		Strict: func(v []byte, at rule.Day) rule.Fault {
			if len(v) != 6 {
				if len(v) == 0 {
					return rule.Empty
				}
				return rule.Length
			}
			for _, c := range v {
				if c < '0' || c > '9' {
					return rule.Character
				}
			}
			p := l.periods(v)
			if len(p) == 0 {
				if s, ok := l.stats[string(v)]; ok && (at == 0 || l.statistical[s].on(at)) {
					return rule.Sound
				}
				return rule.Unknown
			}
			if at == 0 {
				return rule.Sound
			}
			for i := range p {
				if p[i].On(at) {
					return rule.Sound
				}
			}
			return rule.NotInForce
		},
		Remake: func(dst, v []byte, at rule.Day) ([]byte, rule.Mends) {
			// Longer codes of the same division with nothing below it, and the
			// short forms 31 and 3101 of the statistical files.
			switch {
			case len(v) == 12 && string(v[6:]) == "000000" || len(v) == 9 && string(v[6:]) == "000":
				return append(dst, v[:6]...), rule.Form
			case len(v) == 2:
				return append(append(dst, v...), "0000"...), rule.Form
			case len(v) == 4:
				return append(append(dst, v...), "00"...), rule.Form
			}
			return nil, 0
		},
		Parts: func(v []byte, at rule.Day) rule.Parts { return l.parts(string(v), at) },
		Explain: func(v []byte, f rule.Fault, at rule.Day) (string, rule.Parts) {
			p := l.Periods(string(v))
			if f != rule.NotInForce || len(p) == 0 {
				return "", nil
			}
			last := p[len(p)-1]
			parts := l.parts(string(v), 0)
			if last.To != 0 && last.To <= at.Year() {
				return fmt.Sprintf("not in force on %s: abolished in %d", at, last.To), parts
			}
			return fmt.Sprintf("not in force on %s: valid from %d", at, p[0].From), parts
		},
	}
})

func (l *AreaList) parts(code string, at rule.Day) rule.Parts {
	a, ok := l.On(code, at)
	if !ok {
		s, ok := l.Statistical(code)
		if !ok {
			return nil
		}
		p := rule.Parts{"name": s.Name, "full_name": s.Name, "list": "statistical", "civil_code": s.Civil, "valid_from": strconv.Itoa(s.Editions[0]), "valid_to": ""}
		if over, ok := l.On(s.Civil, 0); ok && s.Within {
			p["full_name"] = l.FullName(over) + s.Name
		}
		return p
	}
	p := rule.Parts{
		"name": a.Name, "full_name": l.FullName(a), "level": a.Level.String(), "list": "civil_affairs",
		"valid_from": strconv.Itoa(a.From), "valid_to": "",
	}
	if a.To != 0 {
		p["valid_to"] = strconv.Itoa(a.To)
		if next := l.Follow(code, 0); len(next) > 0 {
			p["successors"] = strings.Join(next, " ")
		}
	}
	return p
}
