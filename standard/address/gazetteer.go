package address

import (
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"shuniu/packs/standards"
	"shuniu/standard/code"
)

// A place is one division that a name may mean.
type place struct {
	code  uint32 // 12 digits would not fit: town codes have 9, others 6 with three zeros behind
	level uint8  // 1 province, 2 prefecture, 3 county, 4 town
	full  bool   // the name stands in full, with 省, 市, 区, 镇 …
	now   bool   // the division exists today
}

// A gazetteer is the names of all divisions since 1981 and of all towns.
type gazetteer struct {
	names  *trie // value: 1 + index into lists
	lists  [][]place
	towns  map[uint32]string // code → name
	byArea map[uint32][]uint32
}

var divisions = sync.OnceValue(func() *gazetteer {
	g := &gazetteer{names: newTrie(1 << 18), towns: map[uint32]string{}, byArea: map[uint32][]uint32{}}
	g.lists = append(g.lists, nil)
	for _, a := range code.Areas().All() {
		n := number(a.Code) * 1000
		p := place{code: n, level: uint8(a.Level), full: true, now: a.To == 0}
		g.add(a.Name, p)
		p.full = false
		if s := short(a.Name, p.level); s != "" {
			g.add(s, p)
		}
	}
	for line := range strings.SplitSeq(standards.Text("towns.txt"), "\n") {
		area, rest, ok := strings.Cut(line, " ")
		if !ok {
			continue
		}
		base := number(area) * 1000
		for f := range strings.FieldsSeq(rest) {
			n := base + number(f[:3])
			name := f[3:]
			g.towns[n] = name
			g.byArea[base] = append(g.byArea[base], n)
			p := place{code: n, level: 4, full: true, now: true}
			name = strings.TrimSuffix(name, "办事处")
			g.add(name, p)
			p.full = false
			if s := short(name, 4); s != "" {
				g.add(s, p)
			}
		}
	}
	return g
})

func number(s string) uint32 {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		panic("packs/standards: " + err.Error())
	}
	return uint32(n)
}

func (g *gazetteer) add(name string, p place) {
	n := g.names.insert(name)
	i := g.names.value[n]
	if i == 0 {
		i = int32(len(g.lists))
		g.lists = append(g.lists, nil)
		g.names.value[n] = i
	}
	for k := range g.lists[i] {
		if q := &g.lists[i][k]; q.code == p.code && q.level == p.level {
			q.now = q.now || p.now
			return
		}
	}
	g.lists[i] = append(g.lists[i], p)
}

var peoples = func() []string {
	var out []string
	for _, it := range code.EthnicGroup().Items() {
		out = append(out, it.Name)
		if s := strings.TrimSuffix(it.Name, "族"); utf8.RuneCountInString(s) > 1 {
			out = append(out, s)
		}
	}
	return out
}

var shortEnds = [5][]string{
	1: {"特别行政区", "自治区", "省", "市"},
	2: {"自治州", "地区", "盟", "市"},
	3: {"自治县", "自治旗", "林区", "特区", "新区", "县", "市", "区", "旗"},
	4: {"民族乡", "街道", "镇", "乡", "苏木", "地区"},
}

// short returns the name without what kind of division it is, and without the
// peoples of autonomous ones; "" when fewer than two characters would be left.
func short(name string, level uint8) string {
	for _, end := range shortEnds[level] {
		s, ok := strings.CutSuffix(name, end)
		if !ok {
			continue
		}
		if strings.HasPrefix(end, "自治") || end == "民族乡" {
			for again := true; again; {
				again = false
				for _, p := range peopleNames() {
					if rest, ok := strings.CutSuffix(s, p); ok && utf8.RuneCountInString(rest) > 1 {
						s, again = rest, true
						break
					}
				}
			}
		}
		if utf8.RuneCountInString(s) < 2 {
			return ""
		}
		return s
	}
	return ""
}

var peopleNames = sync.OnceValue(peoples)
