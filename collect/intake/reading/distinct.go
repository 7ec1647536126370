package reading

import (
	"hash/maphash"
	"math"
	"math/bits"
)

// exactDistinct is how many different values are counted exactly.
const exactDistinct = 10_000

// seed is one for the process, so that profiles of parts can be merged.
var seed = maphash.MakeSeed()

// A counter counts different values: exactly up to exactDistinct, from then on
// by a HyperLogLog sketch of 4,096 registers (standard error 1.6 %).
// Source: Flajolet et al., "HyperLogLog" (2007), with linear counting below
// 2.5 registers.
type counter struct {
	table []slot // open addressing, hash 0 is free; nil once it overflowed
	n     int
	regs  *[4096]uint8
}

// A slot is one value counted exactly, and which entry of the profile it is.
type slot struct {
	hash  uint64
	entry int32
}

// add returns the slot of h and whether it is new; once the table overflowed
// it only sketches and returns nil.
func (c *counter) add(h uint64) (s *slot, fresh bool) {
	h |= 1
	if c.regs != nil {
		c.sketch(h)
		return nil, false
	}
	if c.n*2 >= len(c.table) {
		c.grow()
		if c.regs != nil {
			c.sketch(h)
			return nil, false
		}
	}
	i := h >> 8 & uint64(len(c.table)-1)
	for {
		s = &c.table[i]
		switch s.hash {
		case h:
			return s, false
		case 0:
			s.hash = h
			c.n++
			return s, true
		}
		i = (i + 1) & uint64(len(c.table)-1)
	}
}

func (c *counter) grow() {
	old := c.table
	if c.n >= exactDistinct {
		c.regs = new([4096]uint8)
		for _, s := range old {
			if s.hash != 0 {
				c.sketch(s.hash)
			}
		}
		c.table = nil
		return
	}
	c.table = make([]slot, max(256, 2*len(old)))
	for _, s := range old {
		if s.hash != 0 {
			i := s.hash >> 8 & uint64(len(c.table)-1)
			for c.table[i].hash != 0 {
				i = (i + 1) & uint64(len(c.table)-1)
			}
			c.table[i] = s
		}
	}
}

func (c *counter) sketch(h uint64) {
	r := &c.regs[h>>52]
	if z := uint8(bits.LeadingZeros64(h<<12|1<<11) + 1); z > *r {
		*r = z
	}
}

func (c *counter) merge(d *counter) {
	if d.regs == nil {
		for _, s := range d.table {
			if s.hash == 0 {
				continue
			}
			// an entry is of one profile only: the value is looked at again
			if mine, fresh := c.add(s.hash); fresh {
				mine.entry = -1
			}
		}
		return
	}
	if c.regs == nil {
		c.regs = new([4096]uint8)
		for _, s := range c.table {
			if s.hash != 0 {
				c.sketch(s.hash)
			}
		}
		c.table = nil
	}
	for i, z := range d.regs {
		c.regs[i] = max(c.regs[i], z)
	}
}

// count returns the number and whether it is exact.
func (c *counter) count() (int64, bool) {
	if c.regs == nil {
		return int64(c.n), true
	}
	const m = 4096.0
	sum, zeros := 0.0, 0.0
	for _, z := range c.regs {
		sum += math.Ldexp(1, -int(z))
		if z == 0 {
			zeros++
		}
	}
	e := 0.7213 / (1 + 1.079/m) * m * m / sum
	if e < 2.5*m && zeros > 0 {
		e = m * math.Log(m/zeros)
	}
	return int64(e + 0.5), false
}
