package duck

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"unsafe"

	bindings "github.com/duckdb/duckdb-go-bindings"

	"shuniu/resource"
)

// Rows cross from the worker column by column, little-endian:
//
//	rows u32 · columns u32 · then per column:
//	tag u8 · bitmap of the values present, 1 bit each, padded to bytes ·
//	  tagBool    1 byte each
//	  tagInt     8 bytes each
//	  tagFloat   8 bytes each
//	  tagText    u32 length each, then all bytes
//
// A column of 128-bit integers is tagInt where all fit into 64 bits and
// tagText, as digits, where not.
const (
	tagBool byte = iota + 1
	tagInt
	tagFloat
	tagText
)

// known is the type a person is told.
func (c sqlColumn) known() resource.Type {
	switch c.id {
	case bindings.TypeBoolean:
		return resource.Boolean
	case bindings.TypeTinyInt, bindings.TypeSmallInt, bindings.TypeInteger, bindings.TypeBigInt,
		bindings.TypeUTinyInt, bindings.TypeUSmallInt, bindings.TypeUInteger, bindings.TypeUBigInt,
		bindings.TypeHugeInt, bindings.TypeUHugeInt:
		return resource.Integer
	case bindings.TypeDecimal, bindings.TypeFloat, bindings.TypeDouble:
		return resource.Decimal
	case bindings.TypeDate:
		return resource.Date
	case bindings.TypeTime, bindings.TypeTimeTZ:
		return resource.Time
	case bindings.TypeTimestamp, bindings.TypeTimestampS, bindings.TypeTimestampMS, bindings.TypeTimestampNS, bindings.TypeTimestampTZ:
		return resource.Timestamp
	}
	return resource.Text
}

// cast is the expression that brings a column into a type the frames carry;
// "" when it is in one already.
func (c sqlColumn) cast(name string) string {
	switch c.id {
	case bindings.TypeBoolean, bindings.TypeBigInt, bindings.TypeHugeInt, bindings.TypeDouble, bindings.TypeVarchar:
		return ""
	case bindings.TypeTinyInt, bindings.TypeSmallInt, bindings.TypeInteger,
		bindings.TypeUTinyInt, bindings.TypeUSmallInt, bindings.TypeUInteger:
		return "CAST(" + name + " AS BIGINT)"
	case bindings.TypeUBigInt:
		return "CAST(" + name + " AS HUGEINT)"
	case bindings.TypeFloat: // by its shortest text, so that 0.1 stays 0.1
		return "CAST(CAST(" + name + " AS VARCHAR) AS DOUBLE)"
	}
	return "CAST(" + name + " AS VARCHAR)"
}

// encode appends the first take of a chunk's rows to b.
func encode(b []byte, chunk bindings.DataChunk, types []sqlColumn, rows, take int) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(take))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(types)))
	for i, t := range types {
		b = encodeColumn(b, columnOf(chunk, i, rows), t, take)
	}
	return b
}

func encodeColumn(b []byte, c column, t sqlColumn, take int) []byte {
	switch t.id {
	case bindings.TypeBoolean:
		b = c.bitmap(append(b, tagBool), take)
		b = append(b, fixed[byte](c)[:take]...)
	case bindings.TypeBigInt:
		b = c.bitmap(append(b, tagInt), take)
		for _, v := range fixed[int64](c)[:take] {
			b = binary.LittleEndian.AppendUint64(b, uint64(v))
		}
	case bindings.TypeDouble:
		b = c.bitmap(append(b, tagFloat), take)
		for _, v := range fixed[float64](c)[:take] {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
	case bindings.TypeHugeInt:
		b = c.huge(b, take)
	default:
		b = c.bitmap(append(b, tagText), take)
		lengths := len(b)
		b = append(b, make([]byte, 4*take)...)
		for i := range take {
			if c.null(i) {
				continue
			}
			v := c.bytes(i)
			binary.LittleEndian.PutUint32(b[lengths+4*i:], uint32(len(v)))
			b = append(b, v...)
		}
	}
	return b
}

// bitmap appends which of the first take values are there.
func (c column) bitmap(b []byte, take int) []byte {
	n := (take + 7) / 8
	if c.valid == nil {
		for range n {
			b = append(b, 0xff)
		}
		return b
	}
	return append(b, unsafe.Slice((*byte)(unsafe.Pointer(c.valid)), n)...) //nolint:gosec // the bitmap has a bit for each row
}

func (c column) huge(b []byte, take int) []byte {
	values := fixed[hugeint](c)[:take]
	small := true
	for i, v := range values {
		if !c.null(i) && v.upper != int64(v.lower)>>63 {
			small = false
		}
	}
	if small {
		b = c.bitmap(append(b, tagInt), take)
		for _, v := range values {
			b = binary.LittleEndian.AppendUint64(b, v.lower)
		}
		return b
	}
	b = c.bitmap(append(b, tagText), take)
	lengths := len(b)
	b = append(b, make([]byte, 4*take)...)
	for i, v := range values {
		if c.null(i) {
			continue
		}
		from := len(b)
		n := new(big.Int).Lsh(big.NewInt(v.upper), 64)
		b = n.Add(n, new(big.Int).SetUint64(v.lower)).Append(b, 10)
		binary.LittleEndian.PutUint32(b[lengths+4*i:], uint32(len(b)-from))
	}
	return b
}

// errFrame is what a frame of another shape gets.
var errFrame = errors.New("rows from the worker have another shape")

// decode makes rows of a frame. The worker is not trusted: every length is
// checked.
func decode(b []byte, columns int) ([][]any, error) {
	if len(b) < 8 {
		return nil, errFrame
	}
	rows, n := int(binary.LittleEndian.Uint32(b)), int(binary.LittleEndian.Uint32(b[4:]))
	b = b[8:]
	if n != columns || rows > 1<<16 || (n == 0 && rows > 0) {
		return nil, fmt.Errorf("%w: %d rows of %d columns, want %d", errFrame, rows, n, columns)
	}
	cells := make([]any, rows*n)
	out := make([][]any, rows)
	for i := range out {
		out[i] = cells[i*n : (i+1)*n : (i+1)*n]
	}
	for c := range n {
		var err error
		if b, err = decodeColumn(b, out, c); err != nil {
			return nil, err
		}
	}
	if len(b) != 0 {
		return nil, fmt.Errorf("%w: %d bytes too many", errFrame, len(b))
	}
	return out, nil
}

func decodeColumn(b []byte, out [][]any, c int) ([]byte, error) {
	rows := len(out)
	maskBytes := (rows + 7) / 8
	if len(b) < 1+maskBytes {
		return nil, errFrame
	}
	tag, mask := b[0], b[1:1+maskBytes]
	b = b[1+maskBytes:]
	there := func(i int) bool { return mask[i/8]&(1<<(i%8)) != 0 }
	width := map[byte]int{tagBool: 1, tagInt: 8, tagFloat: 8, tagText: 4}[tag]
	if width == 0 || len(b) < width*rows {
		return nil, errFrame
	}
	data, b := b[:width*rows], b[width*rows:]
	switch tag {
	case tagBool:
		for i := range rows {
			if there(i) {
				out[i][c] = data[i] != 0
			}
		}
	case tagInt:
		for i := range rows {
			if there(i) {
				out[i][c] = int64(binary.LittleEndian.Uint64(data[8*i:]))
			}
		}
	case tagFloat:
		for i := range rows {
			if there(i) {
				out[i][c] = number(math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:])))
			}
		}
	case tagText:
		total := 0
		for i := range rows {
			total += int(binary.LittleEndian.Uint32(data[4*i:]))
		}
		if total > len(b) {
			return nil, errFrame
		}
		text := string(b[:total])
		b = b[total:]
		for i := range rows {
			n := int(binary.LittleEndian.Uint32(data[4*i:]))
			if there(i) {
				out[i][c] = text[:n]
			}
			text = text[n:]
		}
	}
	return b, nil
}

// number keeps what JSON cannot write as text.
func number(v float64) any {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 1):
		return "Infinity"
	case math.IsInf(v, -1):
		return "-Infinity"
	}
	return v
}
