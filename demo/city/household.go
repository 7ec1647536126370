package city

// A shape is how many children (0 to 14), adults (15 to 59) and elders a
// household has, and which part of the households has it.
type shape struct {
	children, adults, elders int
	local, other             float64
}

// shapes: weights solve, for local and for other households alike, mean size
// 2.32 and 9.8 % children; elders are 35.5 % of the local and 6.0 % of the other
// residents, together 23.4 %. TestMargins holds the sums.
var shapes = []shape{
	{0, 1, 0, .139381, .276371},
	{0, 0, 1, .150779, .025106},
	{0, 2, 0, .110191, .231475},
	{0, 0, 2, .194595, .013574},
	{1, 2, 0, .084953, .135474},
	{0, 3, 0, .084093, .129687},
	{2, 2, 0, .015616, .026496},
	{0, 2, 1, .073788, .026820},
	{1, 2, 1, .068290, .032381},
	{1, 2, 2, .042885, .006514},
	{0, 4, 0, .007636, .088743},
	{0, 2, 2, .027793, .007358},
}

// slots is the room that every household has in the numbers of persons.
const slots = 8

// deadSlot is the member that died during the 36 months.
const deadSlot = 6

// A Role of a member in the household.
type Role string

// The roles, as the household register writes them.
const (
	Head     Role = "户主"
	Spouse   Role = "配偶"
	Child    Role = "子女"
	Parent   Role = "父母"
	Flatmate Role = "非亲属"
)

// A Household is the people of one dwelling.
type Household struct {
	ID        int
	Members   []Person // those that live, then those that died
	Local     bool
	Dwelling  int
	Previous  int // dwelling before MovedOn; -1 when they did not move within the district
	MovedOn   Day // moved within the district
	ArrivedOn Day // came from outside during the 36 months
	LeftOn    Day // left the district
}

// Household makes household h with its members.
func (c *City) Household(h int) Household {
	local, s := c.shapeOf(h)
	hh := Household{ID: h, Local: local, Previous: -1}
	r := func(field uint64) Chance { return c.roll(ofHousehold, uint64(h), field) }
	if h < c.households {
		hh.Dwelling = h + h/(dwellingsPerEmpty-1)
		switch move := r(2).Unit(); {
		case move < .05: // within the district, from a dwelling that somebody else has now
			hh.MovedOn, hh.Previous = inPeriod(r(3)), r(4).N(c.dwellings)
		case move < .05+.02 || !local && move < .05+.12:
			hh.ArrivedOn = inPeriod(r(3))
		}
	} else {
		hh.Dwelling = (h-c.households)*dwellingsPerEmpty + dwellingsPerEmpty - 1
		hh.LeftOn = inPeriod(r(3))
	}
	c.fill(&hh, s)
	return hh
}

// shapeOf takes the next number of the golden-ratio sequence, which fills every
// share evenly: the margins are exact within a few households, whatever n.
func (c *City) shapeOf(h int) (local bool, s shape) {
	const golden = 0.6180339887498949
	u := c.phase + float64(h)*golden
	u -= float64(int(u))
	for _, s := range shapes {
		if u -= s.local * ShareLocal; u < 0 {
			return true, s
		}
		if u -= s.other * (1 - ShareLocal); u < 0 {
			return false, s
		}
	}
	return true, shapes[0]
}

// Ages in years that the classes keep clear of, so that no day of birth moved by
// a month falls into another class.
const (
	minChild, maxChild = 0.1, 14.85
	minAdult, maxAdult = 15.15, 59.85
	minElder, maxElder = 60.15, 103.0
)

// fill makes the members: ages that fit each other, then everything else.
func (c *City) fill(hh *Household, s shape) {
	r := func(field uint64) float64 { return c.roll(ofHousehold, uint64(hh.ID), 16+field).Unit() }
	type member struct {
		slot int
		age  float64
		sex  byte // M or F; 0: by chance
		role Role
	}
	var ms []member
	add := func(age, lo, hi float64, sex byte, role Role) {
		ms = append(ms, member{len(ms), min(max(age, lo), hi), sex, role})
	}
	child := func(age float64) { add(age, minChild, maxChild, 0, Child) }
	adult := func(age float64, sex byte, role Role) { add(age, minAdult, maxAdult, sex, role) }
	elder := func(age float64, sex byte, role Role) { add(age, minElder, maxElder, sex, role) }
	pow := func(u float64) float64 { return u * (1 + u) / 2 } // more small values than large

	switch s.adults {
	case 0: // elders alone
		age := 60 + 42*pow(r(1))
		if s.elders == 1 {
			sex := byte('F')
			if r(2) < .38 {
				sex = 'M'
			}
			elder(age, sex, Head)
			break
		}
		elder(age, 'M', Head)
		elder(age-4+6*r(2), 'F', Spouse)
	case 1:
		adult(20+40*pow(r(1)), 0, Head)
	case 4: // a flat that strangers share
		for i := range 4 {
			role := Flatmate
			if i == 0 {
				role = Head
			}
			adult(18+24*r(uint64(1+i)), 0, role)
		}
	case 3: // parents and a grown child
		young := 15.2 + 17*r(1)
		mother := young + 22 + 7*r(2)
		adult(mother-1+5*r(3), 'M', Head)
		adult(mother, 'F', Spouse)
		adult(young, 0, Child)
	default: // a couple, with children or parents
		mother := 24 + 34*r(1)
		var first float64
		if s.children > 0 {
			u := r(2)
			first = 14.85 * (u*.6 + .4*r(3))
			mother = first + 23 + 11*r(4)
		} else if s.elders > 0 {
			mother = 32 + 26*r(1)
		}
		adult(mother-1+5*r(5), 'M', Head)
		adult(mother, 'F', Spouse)
		if s.children > 0 {
			child(first)
		}
		if s.children > 1 {
			child(first - 2 - 4*r(6))
		}
		switch s.elders {
		case 1:
			elder(mother+23+9*r(7), 0, Parent)
		case 2:
			father := mother + 24 + 8*r(7)
			elder(father, 'M', Parent)
			elder(father-3+4*r(8), 'F', Parent)
		}
	}
	// Who died: mostly in households of elders. The rates give 8.8 deaths per
	// 1,000 residents and year.
	died := .012
	if s.elders > 0 {
		died = .125
	}
	dead := hh.LeftOn == 0 && r(9) < died
	if dead {
		role, sex := Parent, byte(0)
		age := 62 + 38*r(10)
		switch {
		case s.elders == 1 && s.adults == 0: // the other half of the one who is left
			role, age = Spouse, ms[0].age+4*r(10)
			sex = 'M' + 'F' - ms[0].sex
		case s.elders == 0 && s.adults != 2:
			role, age = Flatmate, 30+29*r(10)
		case s.elders == 0:
			age = ms[1].age + 24 + 6*r(10)
		}
		ms = append(ms, member{deadSlot, age, sex, role})
	}
	hh.Members = make([]Person, 0, len(ms))
	for _, m := range ms {
		hh.Members = append(hh.Members, c.person(hh, m.slot, m.age, m.sex, m.role))
	}
	c.marry(hh, s, dead)
}

// HouseholdAt returns the household that lives in dwelling d on the last day.
func (c *City) HouseholdAt(d int) (h int, lived bool) {
	if d%dwellingsPerEmpty == dwellingsPerEmpty-1 {
		return 0, false
	}
	h = d - d/dwellingsPerEmpty
	return h, h < c.households
}
