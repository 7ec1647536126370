package city

import (
	"iter"
	"math"
)

// Margins that the city keeps. Source: census 2020 and yearbook 2023 of
// Shanghai and Pudong, as the project's facts hold them (hubs and matters, §1).
const (
	HouseholdSize     = 2.32
	ShareUnder15      = 0.098
	Share15To59       = 0.668
	ShareOver59       = 0.234
	ShareLocal        = 0.59
	FirmsPerResident  = 0.0797
	dwellingsPerEmpty = 25
)

// MaxResidents bounds a city: the numbers of persons are unique up to here.
const MaxResidents = 8_000_000

// A City is N residents and all that belongs to them. It is read-only and safe
// for many goroutines.
type City struct {
	Towns []Town

	seed       uint64
	asked      int // residents
	households int
	dwellings  int
	firms      int
	committees int     // in all towns
	phase      float64 // start of the sequence of household shapes
	townRefs   []*Town
	schools    []School
	schoolAt   []int // first school of a town and level
}

// New returns the city of about n residents (exact within a few persons).
func New(n int, seed uint64) *City {
	c := &City{seed: seed, asked: n, households: max(1, int(math.Round(float64(n)/HouseholdSize))), firms: max(1, int(math.Round(float64(n)*FirmsPerResident)))}
	c.dwellings = (c.households*dwellingsPerEmpty + dwellingsPerEmpty - 2) / (dwellingsPerEmpty - 1)
	c.Towns = buildTowns(seed, c.dwellings)
	for i := range c.Towns {
		c.townRefs = append(c.townRefs, &c.Towns[i])
		c.committees += len(c.Towns[i].Committees)
	}
	c.buildSchools()
	c.phase = c.roll(ofCity, 0, 1).Unit()
	return c
}

// Seed returns the seed.
func (c *City) Seed() uint64 { return c.seed }

// Asked returns the number of residents that New was asked for.
func (c *City) Asked() int { return c.asked }

// Households counts those that live here on the last day; they are numbered from 0.
func (c *City) Households() int { return c.households }

// Departed counts the households that left during the 36 months; their numbers
// follow those of the residents. Each left a dwelling that is empty now.
func (c *City) Departed() int { return c.households / (dwellingsPerEmpty - 1) }

// Everyone yields every person the departments may know: residents, the dead
// of the 36 months and those who left, by household.
func (c *City) Everyone() iter.Seq[*Person] {
	return func(yield func(*Person) bool) {
		for h := range c.households + c.Departed() {
			hh := c.Household(h)
			for i := range hh.Members {
				if !yield(&hh.Members[i]) {
					return
				}
			}
		}
	}
}
