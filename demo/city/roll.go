package city

import "math/bits"

// A kind is what a value belongs to. Numbers are never reused or changed: they
// are part of what makes the bytes of a seed.
type kind uint64

// The kinds.
const (
	ofCity kind = iota + 1
	ofTown
	ofDwelling
	ofHousehold
	ofPerson
	ofFirm
	ofOrganisation
	ofLicence
)

// mix is the finaliser of SplitMix64: every bit of x moves every bit of the
// result. Source: Steele, Lea, Flood, Fast Splittable Pseudorandom Number
// Generators, OOPSLA 2014 (constants of Stafford's variant 13).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Roll is the one source of chance in the whole demo: 64 bits that depend on
// the four numbers and on nothing else.
func Roll(seed, kind, id, field uint64) Chance {
	return Chance(mix(mix(mix(seed^kind<<56)^id) ^ field))
}

func (c *City) roll(k kind, id, field uint64) Chance { return Roll(c.seed, uint64(k), id, field) }

// A Chance is 64 random bits.
type Chance uint64

// N returns a number from 0 to n-1.
func (r Chance) N(n int) int {
	hi, _ := bits.Mul64(uint64(r), uint64(n))
	return int(hi)
}

// Unit returns a number from 0 to 1, 1 left out.
func (r Chance) Unit() float64 { return float64(r>>11) / (1 << 53) }

// Next returns further bits made from the same four numbers.
func (r Chance) Next() Chance { return Chance(mix(uint64(r))) }

// pick returns one of the values.
func pick[T any](r Chance, from []T) T { return from[r.N(len(from))] }
