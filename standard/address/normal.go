package address

import "strings"

// standard writes the address in full and in order: divisions by their names
// in the lists where they are known, then road, lane, number, POI, building,
// unit, floor and room, in half width, each with its measure word.
func (p *Parser) standard(a *Parsed, at location) string {
	var b strings.Builder
	either := func(known, said string) {
		if known == "" {
			known = Fold(said)
		}
		b.WriteString(known)
	}
	either(at.province, a.Province)
	// Counties right under a province and those of municipalities have no
	// prefecture above them.
	under := at.city == "" && at.district != ""
	if !under && !municipality(at.province) && !municipality(a.City) && at.city != at.province {
		either(at.city, a.City)
	}
	either(at.district, a.District)
	either(at.town, a.Town)
	b.WriteString(Fold(a.Zone))
	if at.committee != "" && !strings.HasSuffix(a.Community, "村") {
		b.WriteString(at.committee)
	} else {
		b.WriteString(Fold(a.Community))
	}
	b.WriteString(Fold(a.Road))
	b.WriteString(Fold(a.Lane))
	b.WriteString(measured(a.RoadNo, "号"))
	b.WriteString(Fold(a.SubRoad))
	b.WriteString(measured(a.SubRoadNo, "号"))
	b.WriteString(Fold(a.POI))
	b.WriteString(Fold(a.SubPOI))
	house := measured(a.Building, "幢")
	for _, other := range []string{"号楼", "栋", "棟", "撞"} {
		if s, ok := strings.CutSuffix(house, other); ok && s != "" && hasDigit(s) {
			house = s + "幢"
			break
		}
	}
	b.WriteString(house)
	b.WriteString(measured(a.Unit, "单元"))
	floor := measured(a.Floor, "层")
	if s, ok := strings.CutSuffix(floor, "楼"); ok && s != "" && hasDigit(s) {
		floor = s + "层"
	}
	b.WriteString(floor)
	b.WriteString(measured(a.Room, "室"))
	return b.String()
}

// measured adds the measure word to a bare number.
func measured(s, word string) string {
	s = Fold(s)
	if s == "" {
		return ""
	}
	if c := s[len(s)-1]; c < 0x80 {
		return s + word
	}
	return s
}

// Fold writes full-width letters, digits and marks in half width and drops
// blanks, the form in which parts of addresses are compared.
func Fold(s string) string {
	return strings.Map(func(r rune) rune {
		r = fold(r)
		switch r {
		case ' ', '\t', '\r', '\n', '\u200b', '\ufeff':
			return -1
		}
		return r
	}, s)
}
