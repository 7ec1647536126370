package city_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"shuniu/demo/city"
	"shuniu/standard"
	"shuniu/standard/rule"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got/want-1) > .01 {
		t.Errorf("%s: %.4f, want %.4f within 1 %%", what, got, want)
	}
}

func TestMargins(t *testing.T) {
	for _, n := range []int{10_000, 100_000} {
		for _, seed := range []uint64{1, 77} {
			c := city.New(n, seed)
			var all, young, middle, old, local, born, died float64
			for p := range c.Everyone() {
				if p.Died != 0 {
					died++
				}
				if p.Born >= city.Start && p.Died == 0 && p.LeftOn == 0 {
					born++
				}
				if !p.Resident(city.End) {
					continue
				}
				all++
				if p.Local {
					local++
				}
				switch age := p.Born.Age(city.End); {
				case age < 15:
					young++
				case age < 60:
					middle++
				default:
					old++
				}
			}
			near(t, "residents", all, float64(n))
			near(t, "household size", all/float64(c.Households()), city.HouseholdSize)
			near(t, "0-14", young/all, city.ShareUnder15)
			near(t, "15-59", middle/all, city.Share15To59)
			near(t, "60+", old/all, city.ShareOver59)
			near(t, "local", local/all, city.ShareLocal)
			near(t, "firms per resident", float64(c.FirmCount())/all, city.FirmsPerResident)
			if per := 1000 * died / all / 3; per < 6 || per > 11 {
				t.Errorf("%.1f deaths per 1,000 and year, want 6 to 11", per)
			}
			if per := 1000 * born / all / 3; per < 3 || per > 9 {
				t.Errorf("%.1f births per 1,000 and year, want 3 to 9", per)
			}
		}
	}
}

// Nobody real can be hit: the standards know the area of no number and the
// network of no phone, and find nothing else wrong.
func TestNoRealPersonCanBeHit(t *testing.T) {
	citizen, err := standard.Find("citizen_id")
	if err != nil {
		t.Fatal(err)
	}
	phone, err := standard.Find("phone")
	if err != nil {
		t.Fatal(err)
	}
	uscc, err := standard.Find("uscc")
	if err != nil {
		t.Fatal(err)
	}
	c := city.New(60_000, 5)
	ids, phones, at := map[string]bool{}, map[string]int{}, rule.Day(20241231)
	for p := range c.Everyone() {
		if ids[p.Citizen] {
			t.Fatalf("citizen number %s twice", p.Citizen)
		}
		ids[p.Citizen] = true
		if f := citizen.Strict([]byte(p.Citizen), at); f != rule.AreaUnknown || !city.ReservedArea(p.Citizen) {
			t.Fatalf("%s: %v, want an unknown area", p.Citizen, f)
		}
		// 310115 stands in for the area without breaking the check character.
		if f := citizen.Strict([]byte("310115"+p.Citizen[6:]), at); f != rule.Sound {
			t.Fatalf("%s with the area of Pudong: %v", p.Citizen, f)
		}
		if p.Citizen[6:14] != p.Born.Digits() || (p.Citizen[16]%2 == 1) != p.Male {
			t.Fatalf("%s does not fit birth %s, male %v", p.Citizen, p.Born, p.Male)
		}
		if p.Phone != "" {
			if h, known := phones[p.Phone]; known && h != p.Household || phone.Strict([]byte(p.Phone), 0) != rule.Segment {
				t.Fatalf("phone %s: in two households, or of a network", p.Phone)
			}
			phones[p.Phone] = p.Household
		}
	}
	codes, names := map[string]bool{}, map[string]bool{}
	for f := range c.AllFirms() {
		x := c.Firm(f)
		if names[x.Name] {
			t.Errorf("%s twice", x.Name)
		}
		names[x.Name] = true
		checkCode(t, uscc, codes, x.Code)
	}
	for o := range c.OrganisationCount() {
		checkCode(t, uscc, codes, c.Organisation(o).Code)
	}
}

func checkCode(t *testing.T, r *rule.Rule, seen map[string]bool, code string) {
	t.Helper()
	if seen[code] || !strings.Contains(code[:8], "310190") || r.Strict([]byte(code), 0) != rule.Sound {
		t.Fatalf("credit code %s: twice, another area, or wrong", code)
	}
	seen[code] = true
}

// In a full city up to 64 persons share area and sequence of their numbers; the
// birthdays of those differ modulo 64, so no two numbers are the same.
func TestNumbersOfAFullCity(t *testing.T) {
	const combos = 900 * 500
	c := city.New(city.MaxResidents, 3)
	if top := (c.Households() + c.Departed()) * 8; top > combos*64 {
		t.Fatalf("%d ids, more than numbers", top)
	}
	type shared struct{ combo, residue int }
	seen, numbers, most := map[shared]city.PersonID{}, map[string]bool{}, map[int]int{}
	for first := range 400 {
		for h := first * 97 % (combos / 8); h < c.Households()+c.Departed(); h += combos / 8 {
			for _, m := range c.Household(h).Members {
				k := shared{int(m.ID) % combos, int(m.Born) % 64}
				if other, twice := seen[k]; twice {
					t.Fatalf("persons %d and %d share area, sequence and the residue of the birthday", other, m.ID)
				}
				seen[k] = m.ID
				if numbers[m.Citizen] {
					t.Fatalf("%s twice", m.Citizen)
				}
				numbers[m.Citizen] = true
				most[k.combo]++
			}
		}
	}
	full := 0
	for _, n := range most {
		full = max(full, n)
	}
	if full < 40 {
		t.Errorf("at most %d persons share area and sequence: the test sees nothing", full)
	}
}

func TestFamiliesFit(t *testing.T) {
	c := city.New(20_000, 9)
	for h := range c.Households() {
		hh := c.Household(h)
		var mother, father *city.Person
		for i := range hh.Members {
			switch m := &hh.Members[i]; m.Role {
			case city.Head:
				father = m
			case city.Spouse:
				mother = m
			default:
			}
		}
		for i := range hh.Members {
			m := &hh.Members[i]
			if m.Role == city.Child && mother != nil && (m.Born.Age(city.End)+16 > mother.Born.Age(city.End) || mother.Born.AddYears(50) < m.Born) {
				t.Fatalf("household %d: child of %s, mother of %s", h, m.Born, mother.Born)
			}
			if m.MarriedOn != 0 && (m.MarriedOn < m.Born.AddYears(20) || m.MarriedOn > city.End) {
				t.Fatalf("household %d: born %s, married %s", h, m.Born, m.MarriedOn)
			}
			if m.Died != 0 && (m.Died < city.Start || m.Died > city.End || m.Resident(city.End)) {
				t.Fatalf("household %d: died %s", h, m.Died)
			}
			if m.School > 0 && m.Firm > 0 {
				t.Fatalf("household %d: at school and at work", h)
			}
		}
		if father != nil && mother != nil && father.Partner != 0 && father.Partner != mother.ID && hh.Members[0].Role != city.Parent {
			t.Errorf("household %d: partner %d, want %d", h, father.Partner, mother.ID)
		}
	}
}

func TestPlaces(t *testing.T) {
	c := city.New(200_000, 2)
	if len(c.Towns) != 36 {
		t.Fatalf("%d towns", len(c.Towns))
	}
	seen := map[string]int{}
	for d := range c.DwellingCount() {
		x := c.Dwelling(d)
		if other, twice := seen[x.Address()]; twice {
			t.Fatalf("dwellings %d and %d: %s", other, d, x.Address())
		}
		seen[x.Address()] = d
		if x.Town.Name == "" || len(x.Committee.Code) != 12 || !strings.HasPrefix(x.Grid, x.Town.Code) {
			t.Fatalf("dwelling %d: %+v", d, x)
		}
	}
	total := 0.0
	for i := range c.Towns {
		ring := c.Cell(i)
		if len(ring) < 4 || ring[0] != ring[len(ring)-1] {
			t.Errorf("%s: no closed cell: %v", c.Towns[i].Name, ring)
		}
		total += area(ring)
		// A point lies in one cell only: every corner of the cell is at least
		// as near to its own centre.
		for _, p := range ring {
			for j := range c.Towns {
				if dist(p, c.Towns[j].Centre) < dist(p, c.Towns[i].Centre)-1e-6 {
					t.Errorf("%s: corner %v is nearer to %s", c.Towns[i].Name, p, c.Towns[j].Name)
				}
			}
		}
	}
	near(t, "area of the cells in square degrees", total, area(city.Outline()))
}

func dist(a, b city.LonLat) float64 {
	return math.Hypot((a.Lon-b.Lon)*math.Sqrt(.733), a.Lat-b.Lat)
}

func area(ring []city.LonLat) (a float64) {
	for i := 1; i < len(ring); i++ {
		a += ring[i-1].Lon*ring[i].Lat - ring[i].Lon*ring[i-1].Lat
	}
	return math.Abs(a) / 2
}

func TestFirms(t *testing.T) {
	c := city.New(100_000, 4)
	var named, moved, licensed int
	for f := range c.AllFirms() {
		x := c.Firm(f)
		if city.IndustryName(x.Industry) == "" {
			t.Fatalf("class %s is not in GB/T 4754-2017", x.Industry)
		}
		if (x.Closed == 0) != (f < c.FirmCount()) || x.Founded > city.End {
			t.Fatalf("firm %d: founded %s, closed %s", f, x.Founded, x.Closed)
		}
		if x.NameChanged != 0 {
			named++
			if x.NameBefore == x.Name || x.NameChanged < city.Start {
				t.Fatalf("firm %d: %q before %q on %s", f, x.NameBefore, x.Name, x.NameChanged)
			}
		}
		if x.AddressChanged != 0 {
			moved++
		}
		for _, l := range c.Licences(&x) {
			licensed++
			if l.From < x.Founded || l.To <= l.From {
				t.Fatalf("firm %d founded %s: licence %+v", f, x.Founded, l)
			}
		}
	}
	if named == 0 || moved == 0 || licensed < c.FirmCount()/6 {
		t.Errorf("%d names changed, %d addresses, %d licences", named, moved, licensed)
	}
}

func TestFormerIndustry(t *testing.T) {
	for code, want := range map[string]string{"5181": "5181", "8211": "8111", "8393": "8293", "5213": ""} {
		if got := city.FormerIndustry(code); got != want {
			t.Errorf("FormerIndustry(%s) = %q, want %q", code, got, want)
		}
	}
}

func TestValuesComeAlone(t *testing.T) {
	a, b := city.New(50_000, 8), city.New(50_000, 8)
	var forward []string
	for h := range 500 {
		for _, m := range a.Household(h).Members {
			forward = append(forward, m.Citizen+m.Name+m.Phone)
		}
	}
	var backward []string
	for h := 499; h >= 0; h-- {
		members := b.Household(h).Members
		for i := len(members) - 1; i >= 0; i-- {
			backward = append(backward, members[i].Citizen+members[i].Name+members[i].Phone)
		}
	}
	slices.Reverse(backward)
	if !slices.Equal(forward, backward) {
		t.Error("the order in which households are made changes them")
	}
	if other := city.New(50_000, 9).Household(0).Members[0]; other.Name+other.Phone+other.Citizen == forward[0] {
		t.Error("another seed gives the same person")
	}
}
