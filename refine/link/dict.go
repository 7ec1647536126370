package link

import "math/bits"

// A dict numbers the distinct values of a column in the order they appear.
// Number 0 is the absent value.
type dict struct {
	slots []uint32 // number of the value in the slot; 0 is free
	tags  []uint32 // low bits of the value's hash
	mask  uint64
	ends  []int // value i is arena[ends[i-1]:ends[i]]
	arena []byte
	count []int32 // rows per value
}

func newDict() *dict {
	const size = 1 << 10
	return &dict{slots: make([]uint32, size), tags: make([]uint32, size), mask: size - 1, ends: []int{0}, count: []int32{0}}
}

func (d *dict) at(i int32) []byte { return d.arena[d.ends[i-1]:d.ends[i]] }

// add returns the number of v and counts one row.
func (d *dict) add(v []byte) int32 {
	if len(v) == 0 {
		d.count[0]++
		return 0
	}
	h := hashBytes(v)
	p := h & d.mask
	for ; d.slots[p] != 0; p = (p + 1) & d.mask {
		if i := int32(d.slots[p]); d.tags[p] == uint32(h>>32) && string(d.at(i)) == string(v) {
			d.count[i]++
			return i
		}
	}
	i := int32(len(d.ends))
	d.arena = append(d.arena, v...)
	d.ends = append(d.ends, len(d.arena))
	d.count = append(d.count, 1)
	d.slots[p], d.tags[p] = uint32(i), uint32(h>>32)
	if uint64(len(d.ends))*2 > d.mask {
		d.grow()
	}
	return i
}

func (d *dict) grow() {
	size := len(d.slots) * 4
	d.slots, d.tags, d.mask = make([]uint32, size), make([]uint32, size), uint64(size-1)
	for i := 1; i < len(d.ends); i++ {
		h := hashBytes(d.at(int32(i)))
		p := h & d.mask
		for d.slots[p] != 0 {
			p = (p + 1) & d.mask
		}
		d.slots[p], d.tags[p] = uint32(i), uint32(h>>32)
	}
}

// values returns all values; they share one string.
func (d *dict) values() []string {
	all := string(d.arena)
	out := make([]string, len(d.ends))
	for i := 1; i < len(d.ends); i++ {
		out[i] = all[d.ends[i-1]:d.ends[i]]
	}
	return out
}

const (
	mixA = 0x9E3779B97F4A7C15
	mixB = 0xD6E8FEB86659FD93
)

// mix joins two hashes; the order matters. 0 (absent) stays absent.
func mix(a, b uint64) uint64 {
	if a == 0 || b == 0 {
		return 0
	}
	hi, lo := bits.Mul64(a^mixA, b^mixB)
	return hi ^ lo | 1
}

// hashBytes is the same in every process: clusters must not depend on it.
func hashBytes[T string | []byte](v T) uint64 {
	h := uint64(len(v)) ^ mixA
	i := 0
	for ; i+8 <= len(v); i += 8 {
		w := uint64(v[i]) | uint64(v[i+1])<<8 | uint64(v[i+2])<<16 | uint64(v[i+3])<<24 |
			uint64(v[i+4])<<32 | uint64(v[i+5])<<40 | uint64(v[i+6])<<48 | uint64(v[i+7])<<56
		hi, lo := bits.Mul64(h^w, mixB)
		h = hi ^ lo
	}
	var w uint64
	for ; i < len(v); i++ {
		w = w<<8 | uint64(v[i])
	}
	hi, lo := bits.Mul64(h^w, mixB)
	h = hi ^ lo
	return (h ^ h>>29) * mixA
}
