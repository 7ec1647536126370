package address

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"shuniu/packs/standards"
	"shuniu/standard/code"
)

// A location is where an address lies.
type location struct {
	code      string // 6, 9 or 12 digits; "" when nothing is sure
	province  string // names as the lists have them
	city      string
	district  string
	town      string
	committee string
}

// locate finds the smallest division that the parts name without doubt. The
// names must agree: a county counts only within the province and prefecture
// named, and a name that several divisions have needs one above it.
func (p *Parser) locate(r *reader, a *Parsed) location {
	g := p.divisions
	counties := g.county(a)
	if len(counties) == 0 && a.District == "" && freeTrade(a.Zone) {
		counties = []uint32{310115000}
	}
	var loc location
	switch {
	case len(counties) == 1:
		p.name(&loc, counties[0])
		if a.Town != "" {
			if t, ok := g.town(counties[0], a.Town); ok {
				loc.town = g.towns[t]
				loc.code = fmt.Sprintf("%09d", t)
				if c, name := committee(loc.code, a.Community); c != "" {
					loc.code, loc.committee = c, name
				}
			}
		} else if c, name, town := committeeIn(g, counties[0], a.Community); c != "" {
			loc.code, loc.committee, loc.town = c, name, g.towns[town]
		}
	case len(counties) == 0:
		city := g.pick(a.City, 2, 0)
		province := g.pick(a.Province, 1, 0)
		if len(city) > 1 && len(province) == 1 {
			city = slices.DeleteFunc(city, func(c uint32) bool { return c/10000000 != province[0]/10000000 })
		}
		switch {
		case len(city) == 1:
			p.name(&loc, city[0])
		case len(province) == 1:
			p.name(&loc, province[0])
		}
	}
	return loc
}

// freeTrade reports the pilot free-trade zone of Shanghai, which lies in
// Pudong but for its Lingang new area. Source: 国函〔2014〕177号.
func freeTrade(zone string) bool {
	return zone != "" && strings.Contains(Fold(zone), "上海)自由贸易试验区") && !strings.Contains(zone, "新片区")
}

// name sets the names and code of a division with nine digits.
func (p *Parser) name(loc *location, c uint32) {
	l := code.Areas()
	s := fmt.Sprintf("%06d", c/1000)
	loc.code = s
	if a, ok := l.On(s[:2]+"0000", 0); ok {
		loc.province = a.Name
	}
	if s[2:] == "0000" {
		return
	}
	if a, ok := l.On(s[:4]+"00", 0); ok && a.To == 0 {
		loc.city = a.Name
	}
	if s[4:] == "00" {
		return
	}
	if a, ok := l.On(s, 0); ok {
		loc.district = a.Name
	}
}

// pick returns the codes in force that a name means at a level, those that
// stand in full first; within, when not zero, must hold them.
func (g *gazetteer) pick(name string, level uint8, within uint32) []uint32 {
	if name == "" {
		return nil
	}
	node := int32(0)
	for _, c := range name {
		if node = g.names.step(node, c); node < 0 {
			return nil
		}
	}
	var full, now []uint32
	for _, p := range g.lists[g.names.value[node]] {
		if p.level != level {
			continue
		}
		codes := []uint32{p.code}
		if !p.now {
			codes = codes[:0]
			for _, c := range code.Areas().Follow(fmt.Sprintf("%06d", p.code/1000), 0) {
				if n := number(c) * 1000; levelOf(n) == level {
					codes = append(codes, n)
				}
			}
			if len(codes) != 1 { // divided since, or gone: too little to go on
				continue
			}
		}
		for _, c := range codes {
			if within != 0 && !inside(c, within) {
				continue
			}
			if p.full && p.now && !slices.Contains(full, c) {
				full = append(full, c)
			}
			if !slices.Contains(now, c) {
				now = append(now, c)
			}
		}
	}
	if len(full) > 0 {
		return full
	}
	return now
}

func levelOf(c uint32) uint8 {
	switch {
	case c%10000000 == 0:
		return 1
	case c%100000 == 0:
		return 2
	case c%1000 == 0:
		return 3
	}
	return 4
}

func inside(c, outer uint32) bool { return below(c, place{code: outer, level: levelOf(outer)}) }

// county returns the counties that the named divisions leave: one when they
// name it, several when they do not tell, none when no county is named.
func (g *gazetteer) county(a *Parsed) []uint32 {
	provinces := g.pick(a.Province, 1, 0)
	cities := g.pick(a.City, 2, 0)
	named := g.pick(a.District, 3, 0)
	if len(named) == 0 && a.District == "" && a.City != "" { // 义乌市 stands where a prefecture would
		if len(cities) == 0 {
			named = g.pick(a.City, 3, 0)
		}
	}
	keep := func(in []uint32, outer []uint32) []uint32 {
		if len(outer) == 0 {
			return in
		}
		var out []uint32
		for _, c := range in {
			if slices.ContainsFunc(outer, func(o uint32) bool { return inside(c, o) }) {
				out = append(out, c)
			}
		}
		return out
	}
	if len(named) > 0 {
		if in := keep(keep(named, provinces), cities); len(in) > 0 {
			named = in
		} else if in := keep(named, provinces); len(in) > 0 {
			named = in // the prefecture changed, the county did not
		}
		if len(named) > 1 && a.Town != "" {
			named = slices.DeleteFunc(slices.Clone(named), func(c uint32) bool { _, ok := g.town(c, a.Town); return !ok })
		}
		return named
	}
	if a.District != "" {
		return nil
	}
	// No county is named: a town may tell it, within what is named above.
	if a.Town == "" {
		return nil
	}
	var out []uint32
	for _, t := range keep(keep(g.pick(a.Town, 4, 0), provinces), cities) {
		if c := t / 1000 * 1000; !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	if len(provinces)+len(cities) == 0 && len(out) != 1 {
		return nil
	}
	if len(out) > 1 {
		return nil
	}
	return out
}

// town finds a town of a county by its name or the name without its kind.
func (g *gazetteer) town(county uint32, name string) (uint32, bool) {
	want := townStem(name)
	var found uint32
	for _, t := range g.byArea[county] {
		if g.towns[t] == name {
			return t, true
		}
		if townStem(g.towns[t]) == want {
			found = t
		}
	}
	return found, found != 0
}

func townStem(name string) string {
	for _, end := range []string{"街道办事处", "办事处", "街道", "民族乡", "镇", "乡", "地区"} {
		if s, ok := strings.CutSuffix(name, end); ok && s != "" {
			return s
		}
	}
	return name
}

// committees are the committees by town code: code, name, and name without its
// kind.
var committees = sync.OnceValue(func() map[string][][3]string {
	m := map[string][][3]string{}
	for line := range strings.SplitSeq(standards.Text("committees_310000.txt"), "\n") {
		town, rest, ok := strings.Cut(line, " ")
		if !ok {
			continue
		}
		for f := range strings.FieldsSeq(rest) {
			m[town] = append(m[town], [3]string{town + f[:3], f[3:], committeeStem(f[3:])})
		}
	}
	return m
})

var committeeEnds = []string{"社区居民委员会", "居民委员会", "村民委员会", "社区居委会", "村委会", "居委会", "社区", "居委", "村委", "村"}

func committeeStem(name string) string {
	for _, end := range committeeEnds {
		if s, ok := strings.CutSuffix(name, end); ok && s != "" {
			return s
		}
	}
	return name
}

// committee finds a committee of a town by its name without its kind. Two
// that share it (王港村, 王港居委会) are told apart by the kind, or not at all.
func committee(town, name string) (code, full string) {
	if name == "" {
		return "", ""
	}
	want := committeeStem(name)
	village := strings.HasSuffix(strings.TrimSuffix(strings.TrimSuffix(name, "委会"), "民委员会"), "村")
	var hits [][3]string
	for _, c := range committees()[town] {
		if c[1] == name {
			return c[0], c[1]
		}
		if c[2] == want {
			hits = append(hits, c)
		}
	}
	if len(hits) > 1 {
		hits = slices.DeleteFunc(hits, func(c [3]string) bool { return strings.HasSuffix(c[1], "村委会") != village })
	}
	if len(hits) != 1 {
		return "", ""
	}
	return hits[0][0], hits[0][1]
}

// committeeIn finds a committee of a county when only one town has it.
func committeeIn(g *gazetteer, county uint32, name string) (code, full string, town uint32) {
	if name == "" {
		return "", "", 0
	}
	for _, t := range g.byArea[county] {
		if c, n := committee(fmt.Sprintf("%09d", t), name); c != "" {
			if code != "" {
				return "", "", 0
			}
			code, full, town = c, n, t
		}
	}
	return code, full, town
}
