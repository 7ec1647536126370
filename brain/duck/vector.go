package duck

import (
	"unsafe"

	bindings "github.com/duckdb/duckdb-go-bindings"
)

// A column is one vector of a chunk, read in place. It is good until the
// chunk is destroyed.
type column struct {
	data  unsafe.Pointer
	valid *uint64 // bitmap, nil: all
	rows  int
}

func columnOf(chunk bindings.DataChunk, i, rows int) column {
	v := bindings.DataChunkGetVector(chunk, bindings.IdxT(i))
	return column{data: bindings.VectorGetData(v), valid: (*uint64)(bindings.VectorGetValidity(v)), rows: rows}
}

// null reports whether row i is NULL.
func (c column) null(i int) bool {
	if c.valid == nil {
		return false
	}
	words := unsafe.Slice(c.valid, (c.rows+63)/64) //nolint:gosec // one bit a row
	return words[i/64]&(1<<(i%64)) == 0
}

// fixed views the values of a vector of fixed width.
func fixed[T any](c column) []T { return unsafe.Slice((*T)(c.data), c.rows) } //nolint:gosec // one T a row, by the column's type

// A stringT is DuckDB's string_t: up to 12 bytes lie in it, longer ones behind
// the pointer in its second half.
type stringT struct {
	length uint32
	inline [12]byte
}

const inlineBytes = 12

// bytes views row i of a vector of strings.
func (c column) bytes(i int) []byte {
	s := &unsafe.Slice((*stringT)(c.data), c.rows)[i] //nolint:gosec // one string_t a row
	if s.length <= inlineBytes {
		return s.inline[:s.length]
	}
	p := *(**byte)(unsafe.Pointer(&s.inline[4])) //nolint:gosec // where string_t has its pointer
	return unsafe.Slice(p, s.length)             //nolint:gosec // as long as string_t says
}

// hugeint is DuckDB's 128-bit integer.
type hugeint struct {
	lower uint64
	upper int64
}
