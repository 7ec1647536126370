package address

import (
	"bytes"
	"compress/gzip"
	_ "embed" // the model
	"encoding/binary"
	"fmt"
	"io"
	"sync"

	"shuniu/fault"
)

// modelFile is written by the generator and trainer of this package's tests:
// go test ./standard/address -run TestTrain -update.
//
//go:embed model.bin.gz
var modelFile []byte

var shipped = sync.OnceValue(func() *model {
	z, err := gzip.NewReader(bytes.NewReader(modelFile))
	if err != nil {
		panic(fmt.Sprintf("standard/address: model: %v", err))
	}
	b, err := io.ReadAll(z)
	if err != nil {
		panic(fmt.Sprintf("standard/address: model: %v", err))
	}
	m, err := readModel(b)
	if err != nil {
		panic(fmt.Sprintf("standard/address: model: %v", err))
	}
	return m
})

// The form of a model: the transitions, the number of rows, then for each row
// its key as four bytes and its weights as a count and pairs of tag and weight,
// all numbers varints.

func readModel(b []byte) (*model, error) {
	m := &model{}
	bad := fmt.Errorf("cut off: %w", fault.Damaged)
	next := func() (int64, bool) {
		v, n := binary.Varint(b)
		if n <= 0 {
			return 0, false
		}
		b = b[n:]
		return v, true
	}
	for _, w := range m.transitions() {
		v, ok := next()
		if !ok {
			return nil, bad
		}
		*w = int32(v)
	}
	m.settle()
	n, ok := next()
	if !ok || n < 0 || n > 1<<20 {
		return nil, bad
	}
	m.room(int(n))
	for i := range int(n) {
		if len(b) < 4 {
			return nil, bad
		}
		key := binary.LittleEndian.Uint32(b)
		b = b[4:]
		count, ok := next()
		if !ok || count < 0 || count > int64(nTags) {
			return nil, bad
		}
		for range count {
			t, ok := next()
			w, also := next()
			if !ok || !also || t < 0 || t >= int64(nTags) || w > maxWeight || w < -maxWeight {
				return nil, bad
			}
			m.set(i, int(t), int32(w))
		}
		m.enter(key, i)
	}
	return m, nil
}

// transitions lists all weights between tags, in the order of the file.
func (m *model) transitions() []*int32 {
	var out []*int32
	for l := range m.start {
		out = append(out, &m.start[l], &m.stay[l])
		for k := range m.begin[l] {
			out = append(out, &m.begin[l][k])
		}
	}
	return out
}

// room makes an empty table for n rows.
func (m *model) room(n int) {
	size := 16
	for size < n*3 {
		size *= 2
	}
	m.slots, m.table = make([]uint64, size), make([]uint64, n*nWords)
	for i := range m.table {
		m.table[i] = biases
	}
}

func (m *model) enter(key uint32, row int) {
	mask := uint32(len(m.slots) - 1)
	i := key * 0x9E3779B1 >> 7 & mask
	for m.slots[i] != 0 {
		i = (i + 1) & mask
	}
	m.slots[i] = uint64(key)<<32 | uint64(row+1)
}

// set and weight access one weight of a row.
func (m *model) set(row, t int, w int32) {
	p := &m.table[row*nWords+t/4]
	shift := t % 4 * 16
	*p = *p&^(0xFFFF<<shift) | uint64(w+bias)<<shift
}
