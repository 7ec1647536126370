package city

import (
	"strconv"
	"sync"

	"shuniu/packs/standards"
)

// A PersonID is household × 8 + the slot within it.
type PersonID uint64

// A Person is a resident, somebody who died here in the 36 months, or somebody
// who left.
type Person struct {
	ID        PersonID
	Household int
	Role      Role
	Name      string
	Male      bool
	Born      Day
	Died      Day
	Citizen   string // 18 characters with a right check character, area 39…: no province
	Phone     string // 154…, no network; "" for children, often that of the household for the old
	Nation    int    // GB/T 3304, 1 is 汉族
	Local     bool   // 户籍人口
	Origin    string // province of the 户籍

	Dwelling  int
	Previous  int // dwelling before MovedOn; -1 for none
	MovedOn   Day
	ArrivedOn Day
	LeftOn    Day

	Marital   int // GB/T 2261.2: 10, 20, 30, 40
	MarriedOn Day
	Partner   PersonID // the husband or wife, when he or she lives in the household; 0 for none

	Education int // GB/T 4658 first digit: 1 研究生, 2 本科, 3 专科, 6 高中, 7 初中, 8 小学; 0 for small children
	School    int // number of the school plus one; 0 for none
	Grade     int // 0 kindergarten, 1 to 12

	Firm     int // employer plus one; 0 for none
	JobSince Day
	WageYuan int // a month

	PensionSince Day
	PensionYuan  int // a month

	Disability int // class of the certificate 1 to 7 (GB/T 26341); 0 for none
	Level      int // 1 to 4
	Party      bool
}

// Resident tells whether the person lives here on a day.
func (p *Person) Resident(on Day) bool {
	return p.Born <= on && (p.Died == 0 || p.Died > on) && (p.LeftOn == 0 || p.LeftOn > on) && p.ArrivedOn <= on
}

// Home returns the dwelling on a day.
func (p *Person) Home(on Day) int {
	if p.Previous >= 0 && on < p.MovedOn {
		return p.Previous
	}
	return p.Dwelling
}

var nationLetters = sync.OnceValue(func() map[int]string {
	out := map[int]string{}
	standards.Rows("ethnic_groups.csv", func(f []string) {
		if n, err := strconv.Atoi(f[0]); err == nil {
			out[n] = f[1]
		}
	})
	return out
})

// NationLetters is the code of letters of an ethnic group. Source: GB/T 3304-1991.
func NationLetters(nation int) string { return nationLetters()[nation] }

var provinces = []string{"安徽省", "江苏省", "河南省", "浙江省", "江西省", "四川省", "湖北省", "山东省", "福建省", "湖南省", "贵州省", "重庆市", "陕西省", "云南省"}

// person makes one member; age is in years on the last day, for the dead what it
// would have been.
func (c *City) person(hh *Household, slot int, age float64, sex byte, role Role) Person {
	id := uint64(hh.ID*slots + slot)
	r := func(field uint64) Chance { return c.roll(ofPerson, id, field) }
	p := Person{
		ID: PersonID(id), Household: hh.ID, Role: role, Local: hh.Local, Nation: 1,
		Dwelling: hh.Dwelling, Previous: hh.Previous, MovedOn: hh.MovedOn, ArrivedOn: hh.ArrivedOn, LeftOn: hh.LeftOn,
	}
	p.Male = sex == 'M' || sex == 0 && r(1).N(1000) < 512
	p.Born, p.Citizen = c.number(id, age, p.Male)
	if p.Born > p.ArrivedOn && p.ArrivedOn != 0 {
		p.ArrivedOn = 0 // born here after the others came
	}
	if slot == deadSlot {
		p.Died = inPeriod(r(2))
		p.ArrivedOn, p.Previous, p.MovedOn = 0, -1, 0
	}
	family := uint64(1)
	switch role {
	case Head, Child: // the father's
	case Spouse:
		family = 2
	case Parent:
		family = 3
		if p.Male {
			family = 1
		}
	case Flatmate:
		family = 4 + uint64(slot)
	}
	p.Name = c.surname(uint64(hh.ID), family) + c.given(id, p.Male, p.Born)
	if r(3).N(1000) < 16 {
		p.Nation = pick(r(4), []int{3, 11, 8, 15, 1, 5, 6, 7})
	}
	p.Origin = "上海市"
	if !p.Local {
		p.Origin = provinces[int(r(5).Unit()*r(6).Unit()*float64(len(provinces)))]
	}
	last := End
	if p.Died != 0 {
		last = p.Died
	}
	years := p.Born.Age(last)
	if years >= 12 {
		p.Phone = mobile(id)
		if years >= 75 && r(7).N(100) < 30 { // the old give the number of the head of the household
			p.Phone = mobile(uint64(hh.ID * slots))
		}
	}
	c.live(&p, years, last)
	return p
}

// live gives school, work, pension and certificates by age.
func (c *City) live(p *Person, years int, last Day) {
	id := uint64(p.ID)
	r := func(field uint64) Chance { return c.roll(ofPerson, id, field) }
	switch {
	case years >= 3 && years < 18:
		// The school year begins in September.
		p.Grade = On(last.Year()-boolInt(last.Time().Month() < 9), 9, 1).Year() - p.Born.Year() - 5
		p.Grade = max(0, min(12, p.Grade))
		p.School = c.schoolFor(p) + 1
		if p.Grade > 0 {
			p.Education = []int{8, 8, 8, 8, 8, 8, 8, 7, 7, 7, 6, 6, 6}[p.Grade]
		}
	case years >= 18:
		u := r(20).Unit()
		if years > 60 {
			u = .35 + u*.65
		}
		switch {
		case u < .08:
			p.Education = 1
		case u < .34:
			p.Education = 2
		case u < .5:
			p.Education = 3
		case u < .7:
			p.Education = 6
		case u < .92:
			p.Education = 7
		default:
			p.Education = 8
		}
	}
	retire := 60
	if !p.Male {
		retire = 50 + 5*boolInt(p.Education > 0 && p.Education <= 3)
	}
	switch {
	case years >= retire && years >= 50:
		p.PensionSince = p.Born.AddYears(retire)
		if p.Local || r(21).N(3) == 0 {
			p.PensionYuan = 2400 + r(22).N(5200)
		}
	case years >= 19 && r(21).N(100) < 82:
		p.Firm = c.employer(r(22)) + 1
		first := p.Born.AddYears(19)
		p.JobSince = between(r(23), max(first, last-3600), last)
		p.WageYuan = 2700 + int(r(24).Unit()*r(25).Unit()*42000)
	}
	disabled := 12
	if years >= 60 {
		disabled = 55
	}
	if r(26).N(1000) < disabled {
		p.Disability, p.Level = 1+r(27).N(7), 1+r(28).N(4)
	}
	p.Party = years >= 20 && r(29).N(1000) < 85
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// marry gives couples their day, and the others their status.
func (c *City) marry(hh *Household, s shape, dead bool) {
	youngest := Day(0) // first child's birth
	for i := range hh.Members {
		if m := &hh.Members[i]; m.Role == Child && (youngest == 0 || m.Born < youngest) {
			youngest = m.Born
		}
	}
	for i := range hh.Members {
		p := &hh.Members[i]
		years := p.Born.Age(End)
		r := c.roll(ofPerson, uint64(p.ID), 40)
		couple := -1
		if i+1 < len(hh.Members) && p.Male && hh.Members[i+1].Died == 0 && p.Died == 0 &&
			(p.Role == Head && hh.Members[i+1].Role == Spouse || p.Role == Parent && hh.Members[i+1].Role == Parent) {
			couple = i + 1
		}
		switch {
		case couple > 0:
			w := &hh.Members[couple]
			lo := max(p.Born.AddYears(22), w.Born.AddYears(20))
			hi := lo + 3000
			if p.Role == Head && youngest != 0 {
				hi = max(lo+1, min(hi, youngest-200))
			}
			on := min(between(r, lo, hi), End)
			p.Marital, w.Marital, p.MarriedOn, w.MarriedOn, p.Partner, w.Partner = 20, 20, on, on, w.ID, p.ID
		case p.Marital != 0:
		case years < 20:
			p.Marital = 10
		case dead && p.Role == Head && s.adults == 0:
			p.Marital = 30
		case years >= 60:
			p.Marital = []int{30, 30, 30, 40, 10, 20}[r.N(6)]
		case p.Role == Child || p.Role == Flatmate:
			p.Marital = 10
			if years > 30 && r.N(4) == 0 {
				p.Marital = 20
			}
		default:
			switch u := r.N(100); {
			case u < 9 && years >= 26:
				p.Marital = 40
			case u < 30 && years >= 28:
				p.Marital = 20 // the other half lives elsewhere
			default:
				p.Marital = 10
			}
		}
	}
}

// The numbers of persons. The area codes are those between 390000 and 399999,
// which is no province, whose weighted sum mod 11 is that of 310115: a number
// keeps its check character when the one is put for the other.
const (
	areaCount  = 900
	sequences  = 500                   // of one sex on one day
	combos     = areaCount * sequences // room for MaxResidents and those who left
	dayResidue = 64
)

var citizenWeights = [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}

var reservedAreas = func() []string {
	sum := func(s string) (n int) {
		for i := range 6 {
			n += int(s[i]-'0') * citizenWeights[i]
		}
		return n % 11
	}
	var out []string
	for n := 390000; len(out) < areaCount; n++ {
		if s := strconv.Itoa(n); sum(s) == sum("310115") {
			out = append(out, s)
		}
	}
	return out
}()

// ReservedArea tells whether a citizen number is one of ours: 39 is no province.
func ReservedArea(citizen string) bool { return len(citizen) >= 6 && citizen[:2] == "39" }

// number returns the birthday and the citizen number of somebody of an age.
// Two persons share area and sequence only when their ids differ by a multiple
// of combos; then their birthdays differ mod 64, so no number is given twice.
func (c *City) number(id uint64, age float64, male bool) (Day, string) {
	combo := id % combos
	want := (int(c.roll(ofCity, combo, 2)%dayResidue) + int(id/combos)) % dayResidue
	born := int(End) - int(age*365.2425)
	born -= ((born-want)%dayResidue + dayResidue) % dayResidue // now born mod 64 = want
	// Stay in the age class: classes begin and end with room of 50 days.
	for _, edge := range []float64{15, 60} {
		if age < edge && float64(int(End)-born) >= edge*365.2425-2 {
			born += dayResidue
		}
	}
	if born > int(End) {
		born -= dayResidue
	}
	// The spread of combos over areas and sequences is mixed, so that
	// neighbours do not have neighbouring numbers.
	mixed := (combo*127_207 + uint64(c.roll(ofCity, 0, 3)%combos)) % combos
	b := make([]byte, 0, 18)
	b = append(b, reservedAreas[mixed/sequences]...)
	b = Day(born).Append(b, "")
	seq := int(mixed%sequences) * 2
	if male {
		seq++
	}
	b = append(b, byte('0'+seq/100), byte('0'+seq/10%10), byte('0'+seq%10))
	return Day(born), string(append(b, CitizenCheck(b)))
}

// CitizenCheck returns the check character of 17 digits.
// Source: GB 11643-1999; ISO 7064 MOD 11-2.
func CitizenCheck(digits []byte) byte {
	sum := 0
	for i, w := range citizenWeights {
		sum += int(digits[i]-'0') * w
	}
	return "10X98765432"[sum%11]
}

// mobile numbers begin with 154, which no network was given; every id has its own.
func mobile(id uint64) string {
	const span = 100_000_000
	s := strconv.FormatUint((id*38_742_049+12_345_679)%span+span, 10)
	return "154" + s[1:]
}
