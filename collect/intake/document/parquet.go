package document

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"shuniu/collect/intake/tabular"
	"shuniu/resource"
)

const (
	parquetHint   = "请重新导出，或用写出它的程序核对后再上传。"
	parquetMemory = 640 << 20 // bytes that reading may take at a time
	parquetBlock  = 256 << 20 // bytes of one allocation
	parquetBatch  = 4096      // rows read at a time
)

// FindParquet finds the table of a Parquet file. Structs become columns joined
// with "/"; lists and maps become JSON text. Numbers come as their exact
// digits, dates as 2024-03-05, timestamps as 2024-03-05 13:45:00 (UTC when the
// file says so, then with a "Z"), bytes that are no UTF-8 as 0x… . Values take
// no more memory than a fixed bound, whatever sizes the file declares.
func FindParquet(ctx context.Context, src *tabular.Source, _ tabular.Options) (found []tabular.Found, err error) {
	p := &parquetFile{src: src}
	if err := p.check(); err != nil {
		return nil, err
	}
	defer p.recover(&err)
	r, err := p.open()
	if err != nil {
		return nil, err
	}
	schema, err := r.Schema()
	if err != nil {
		return nil, p.refusal(err)
	}
	f := tabular.Found{Name: stem(src.Name), Format: "parquet", Place: tabular.Place{Path: "/"}, Confidence: 1, Area: tabular.Area{Path: "/"}}
	for _, field := range schema.Fields() {
		f.Heads = parquetHeads(f.Heads, field, "")
	}
	if len(f.Heads) == 0 {
		return nil, ctx.Err()
	}
	if len(f.Heads) > maxColumns {
		return nil, tooLarge(parquetHint, "Parquet 文件有 %d 列，超过 %d 列。", len(f.Heads), maxColumns)
	}
	finalNames(f.Heads)
	f.Read = func(ctx context.Context, emit func(*tabular.Batch) error, _ func(tabular.Reject) error) (tabular.Tally, error) {
		return p.read(ctx, len(f.Heads), emit)
	}
	return []tabular.Found{f}, nil
}

// A parquetFile is a Parquet file to be read.
type parquetFile struct {
	src  *tabular.Source
	rows int64 // of all row groups
}

// check looks at the magic numbers and the footer's size.
func (p *parquetFile) check() error {
	if p.src.Size == 0 {
		return emptyFile()
	}
	if p.src.Size < 12 {
		return damaged(parquetHint, "Parquet 文件不完整，只有 %d 字节。", p.src.Size)
	}
	var tail [8]byte
	if n, err := p.src.ReadAt(tail[:], p.src.Size-8); n < 8 {
		return fmt.Errorf("read %s: %w", p.src.Name, err)
	}
	switch string(tail[4:]) {
	case "PAR1":
	case "PARE":
		return &tabular.Refusal{Kind: "encrypted", Message: "Parquet 文件是加密的，打不开。", Hint: "请导出不加密的文件。"}
	default:
		return damaged(parquetHint, "Parquet 文件不完整：结尾的标记不对，可能没有传完。")
	}
	if size := int64(binary.LittleEndian.Uint32(tail[:4])); size > p.src.Size-12 || size > 128<<20 {
		return damaged(parquetHint, "Parquet 文件尾的长度不对，文件已损坏。")
	}
	return nil
}

// open reads the footer and checks what it declares against the file's size.
func (p *parquetFile) open() (*pqarrow.FileReader, error) {
	mem := &boundedAllocator{}
	r, err := file.NewParquetReader(io.NewSectionReader(p.src, 0, p.src.Size), file.WithReadProps(parquet.NewReaderProperties(mem)))
	if err != nil {
		return nil, p.refusal(err)
	}
	if r.MetaData().IsSetEncryptionAlgorithm() {
		return nil, &tabular.Refusal{Kind: "encrypted", Message: "Parquet 文件的列是加密的，打不开。", Hint: "请导出不加密的文件。"}
	}
	if err := p.checkChunks(r); err != nil {
		return nil, err
	}
	ar, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{BatchSize: parquetBatch}, mem)
	if err != nil {
		return nil, p.refusal(err)
	}
	return ar, nil
}

func (p *parquetFile) checkChunks(r *file.Reader) error {
	meta := r.MetaData()
	rows := int64(0)
	for g := range r.NumRowGroups() {
		group := meta.RowGroup(g)
		if group.NumRows() < 0 || group.NumColumns() != meta.Schema.NumColumns() {
			return damaged(parquetHint, "Parquet 文件第 %d 个行组的描述不对，文件已损坏。", g+1)
		}
		rows += group.NumRows()
		for c := range group.NumColumns() {
			chunk, err := group.ColumnChunk(c)
			if err != nil {
				return p.refusal(err)
			}
			begin := chunk.DataPageOffset()
			if chunk.HasDictionaryPage() && chunk.DictionaryPageOffset() > 0 {
				begin = min(begin, chunk.DictionaryPageOffset())
			}
			if begin < 0 || chunk.TotalCompressedSize() < 0 || begin > p.src.Size || chunk.TotalCompressedSize() > p.src.Size-begin {
				return damaged(parquetHint, "Parquet 文件里第 %d 列的位置超出了文件，文件已损坏或没有传完。", c+1)
			}
		}
	}
	p.rows = rows
	return nil
}

var errMemory = errors.New("declares more than may be held in memory")

// recover turns a panic of the reader into a refusal.
func (p *parquetFile) recover(err *error) {
	if v := recover(); v != nil {
		if e, ok := v.(error); ok && errors.Is(e, errMemory) {
			*err = p.refusal(e)
			return
		}
		*err = p.refusal(fmt.Errorf("reader panic: %v", v))
	}
}

func (p *parquetFile) refusal(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if errors.Is(err, errMemory) {
		return tooLarge("请用更小的行组重新导出。", "Parquet 文件要求的内存超过 %s，可能已损坏。", sizeText(parquetMemory))
	}
	return damaged(parquetHint, "Parquet 文件已损坏，读不下去（%s）。", clip([]byte(err.Error()), 200))
}

// A boundedAllocator panics with errMemory beyond its bounds.
type boundedAllocator struct {
	memory.GoAllocator
	used atomic.Int64
}

func (a *boundedAllocator) Allocate(size int) []byte {
	if size < 0 || size > parquetBlock || a.used.Add(int64(size)) > parquetMemory {
		panic(errMemory)
	}
	return a.GoAllocator.Allocate(size)
}

func (a *boundedAllocator) Reallocate(size int, b []byte) []byte {
	if size < 0 || size > parquetBlock || a.used.Add(int64(size-len(b))) > parquetMemory {
		panic(errMemory)
	}
	return a.GoAllocator.Reallocate(size, b)
}

func (a *boundedAllocator) Free(b []byte) {
	a.used.Add(-int64(len(b)))
	a.GoAllocator.Free(b)
}

func (p *parquetFile) read(ctx context.Context, columns int, emit func(*tabular.Batch) error) (t tabular.Tally, err error) {
	var stop error // of emit: not the file's fault
	defer func() {
		if stop != nil {
			err = stop
		}
	}()
	defer p.recover(&err)
	r, err := p.open()
	if err != nil {
		return t, err
	}
	rr, err := r.GetRecordReader(ctx, nil, nil)
	if err != nil {
		return t, p.refusal(err)
	}
	defer rr.Release()
	b := &tabular.Batch{Columns: make([]tabular.Text, columns)}
	for rr.Next() {
		if err := ctx.Err(); err != nil {
			return t, err
		}
		rec := rr.RecordBatch()
		n := int(rec.NumRows())
		b.Rows, b.Origin = n, b.Origin[:0]
		for i := range n {
			b.Origin = append(b.Origin, t.Rows+int64(i)+1)
		}
		for i := range b.Columns {
			b.Columns[i].Reset()
		}
		at := 0
		for _, c := range rec.Columns() {
			at = appendArray(b, at, c, n, nil)
		}
		t.Rows += int64(n)
		if stop = emit(b); stop != nil {
			return t, stop
		}
	}
	if err := rr.Err(); err != nil && !errors.Is(err, io.EOF) {
		return t, p.refusal(err)
	}
	if want := p.rows; t.Rows != want {
		return t, damaged(parquetHint, "Parquet 文件说有 %d 行，只读出 %d 行，文件已损坏。", want, t.Rows)
	}
	t.Physical = t.Rows
	return t, nil
}

// parquetHeads adds the columns of a field; structs are flattened.
func parquetHeads(heads []tabular.Head, field arrow.Field, prefix string) []tabular.Head {
	name := prefix + field.Name
	if s, ok := field.Type.(*arrow.StructType); ok {
		for _, f := range s.Fields() {
			heads = parquetHeads(heads, f, name+"/")
		}
		return heads
	}
	return append(heads, tabular.Head{Name: name, Raw: name, Type: arrowType(field.Type)})
}

func arrowType(t arrow.DataType) resource.Type {
	switch t.ID() {
	case arrow.INT8, arrow.INT16, arrow.INT32, arrow.INT64, arrow.UINT8, arrow.UINT16, arrow.UINT32:
		return resource.Integer
	case arrow.UINT64, arrow.FLOAT16, arrow.FLOAT32, arrow.FLOAT64, arrow.DECIMAL32, arrow.DECIMAL64, arrow.DECIMAL128, arrow.DECIMAL256:
		return resource.Decimal
	case arrow.BOOL:
		return resource.Boolean
	case arrow.DATE32, arrow.DATE64:
		return resource.Date
	case arrow.TIME32, arrow.TIME64:
		return resource.Time
	case arrow.TIMESTAMP:
		return resource.Timestamp
	case arrow.DICTIONARY:
		if d, ok := t.(*arrow.DictionaryType); ok {
			return arrowType(d.ValueType)
		}
	default:
	}
	return resource.Text
}

// appendArray puts an array into the columns from at on and gives the next.
// Rows for which null answers true are absent whatever the array says.
func appendArray(b *tabular.Batch, at int, a arrow.Array, n int, null func(int) bool) int {
	if s, ok := a.(*array.Struct); ok {
		gone := func(i int) bool { return s.IsNull(i) || null != nil && null(i) }
		for i := range s.NumField() {
			at = appendArray(b, at, s.Field(i), n, gone)
		}
		return at
	}
	col := &b.Columns[at]
	write := writerOf(a)
	var buf []byte
	for i := range n {
		if a.IsNull(i) || null != nil && null(i) {
			col.AppendNull()
			continue
		}
		buf = write(buf[:0], i)
		if len(col.Data)+len(buf) > math.MaxInt32 {
			panic(errMemory)
		}
		col.Append(buf)
	}
	return at + 1
}

// writerOf gives what appends value i of an array as text.
func writerOf(a arrow.Array) func(out []byte, i int) []byte {
	switch a := a.(type) {
	case *array.String:
		return func(out []byte, i int) []byte { return appendBytes(out, []byte(a.Value(i))) }
	case *array.LargeString:
		return func(out []byte, i int) []byte { return appendBytes(out, []byte(a.Value(i))) }
	case *array.Binary:
		return func(out []byte, i int) []byte { return appendBytes(out, a.Value(i)) }
	case *array.FixedSizeBinary:
		return func(out []byte, i int) []byte { return appendBytes(out, a.Value(i)) }
	case *array.Int64:
		return func(out []byte, i int) []byte { return strconv.AppendInt(out, a.Value(i), 10) }
	case *array.Int32:
		return func(out []byte, i int) []byte { return strconv.AppendInt(out, int64(a.Value(i)), 10) }
	case *array.Int16:
		return func(out []byte, i int) []byte { return strconv.AppendInt(out, int64(a.Value(i)), 10) }
	case *array.Int8:
		return func(out []byte, i int) []byte { return strconv.AppendInt(out, int64(a.Value(i)), 10) }
	case *array.Uint64:
		return func(out []byte, i int) []byte { return strconv.AppendUint(out, a.Value(i), 10) }
	case *array.Uint32:
		return func(out []byte, i int) []byte { return strconv.AppendUint(out, uint64(a.Value(i)), 10) }
	case *array.Uint16:
		return func(out []byte, i int) []byte { return strconv.AppendUint(out, uint64(a.Value(i)), 10) }
	case *array.Uint8:
		return func(out []byte, i int) []byte { return strconv.AppendUint(out, uint64(a.Value(i)), 10) }
	case *array.Float64:
		return func(out []byte, i int) []byte { return strconv.AppendFloat(out, a.Value(i), 'f', -1, 64) }
	case *array.Float32:
		return func(out []byte, i int) []byte { return strconv.AppendFloat(out, float64(a.Value(i)), 'f', -1, 32) }
	case *array.Boolean:
		return func(out []byte, i int) []byte { return strconv.AppendBool(out, a.Value(i)) }
	case *array.Date32:
		return func(out []byte, i int) []byte { return a.Value(i).ToTime().AppendFormat(out, time.DateOnly) }
	case *array.Date64:
		return func(out []byte, i int) []byte { return a.Value(i).ToTime().AppendFormat(out, time.DateOnly) }
	case *array.Timestamp:
		return timestampWriter(a)
	case *array.Decimal128:
		scale := a.DataType().(arrow.DecimalType).GetScale() //nolint:forcetypeassert // a decimal's type is one
		return func(out []byte, i int) []byte { return append(out, a.Value(i).ToString(scale)...) }
	case *array.Decimal256:
		scale := a.DataType().(arrow.DecimalType).GetScale() //nolint:forcetypeassert // a decimal's type is one
		return func(out []byte, i int) []byte { return append(out, a.Value(i).ToString(scale)...) }
	case *array.Dictionary:
		inner := writerOf(a.Dictionary())
		return func(out []byte, i int) []byte { return inner(out, a.GetValueIndex(i)) }
	case array.ExtensionArray:
		return writerOf(a.Storage())
	case *array.List, *array.LargeList, *array.FixedSizeList, *array.Map:
		return func(out []byte, i int) []byte {
			text, err := json.Marshal(a.GetOneForMarshal(i))
			if err != nil {
				return append(out, a.ValueStr(i)...)
			}
			return append(out, text...)
		}
	}
	return func(out []byte, i int) []byte { return append(out, a.ValueStr(i)...) }
}

func timestampWriter(a *array.Timestamp) func(out []byte, i int) []byte {
	unit, utc := arrow.Nanosecond, false
	if t, ok := a.DataType().(*arrow.TimestampType); ok {
		unit, utc = t.Unit, t.TimeZone != ""
	}
	return func(out []byte, i int) []byte {
		out = a.Value(i).ToTime(unit).UTC().AppendFormat(out, "2006-01-02 15:04:05.999999999")
		if utc {
			out = append(out, 'Z')
		}
		return out
	}
}

// appendBytes appends text as it is and other bytes as hexadecimal digits.
func appendBytes(out, v []byte) []byte {
	if utf8.Valid(v) {
		return append(out, v...)
	}
	return fmt.Appendf(append(out, "0x"...), "%x", v)
}
