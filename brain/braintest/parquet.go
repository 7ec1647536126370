package braintest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"shuniu/brain"
	"shuniu/resource"
)

// ArrowSchema is the schema of record batches with these fields, their ids in
// the metadata as Parquet writers expect them.
func ArrowSchema(fields []resource.Field) *arrow.Schema {
	out := make([]arrow.Field, len(fields))
	for i, f := range fields {
		out[i] = arrow.Field{
			Name: f.Name, Type: arrowType(f), Nullable: true,
			Metadata: arrow.NewMetadata([]string{"PARQUET:field_id"}, []string{strconv.Itoa(f.ID)}),
		}
	}
	return arrow.NewSchema(out, nil)
}

func arrowType(f resource.Field) arrow.DataType {
	switch f.Type {
	case resource.Integer:
		return arrow.PrimitiveTypes.Int64
	case resource.Decimal:
		return &arrow.Decimal128Type{Precision: int32(f.Precision), Scale: int32(f.Scale)}
	case resource.Boolean:
		return arrow.FixedWidthTypes.Boolean
	case resource.Date:
		return arrow.FixedWidthTypes.Date32
	case resource.Timestamp:
		return &arrow.TimestampType{Unit: arrow.Microsecond}
	default:
		return arrow.BinaryTypes.String
	}
}

// Batch is one record batch of rows. A value is nil, or as the field's type
// wants it: string, int64, bool, time.Time; a decimal is its text.
func Batch(fields []resource.Field, rows [][]any) (arrow.RecordBatch, error) {
	b := array.NewRecordBuilder(memory.DefaultAllocator, ArrowSchema(fields))
	defer b.Release()
	for _, row := range rows {
		for i, f := range fields {
			if err := put(b.Field(i), f, row[i]); err != nil {
				return nil, fmt.Errorf("column %q: %w", f.Name, err)
			}
		}
	}
	return b.NewRecordBatch(), nil
}

func put(b array.Builder, f resource.Field, v any) error {
	if v == nil {
		b.AppendNull()
		return nil
	}
	switch b := b.(type) {
	case *array.StringBuilder:
		b.Append(v.(string))
	case *array.Int64Builder:
		b.Append(v.(int64))
	case *array.BooleanBuilder:
		b.Append(v.(bool))
	case *array.Date32Builder:
		b.Append(arrow.Date32FromTime(v.(time.Time)))
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(v.(time.Time).UnixMicro()))
	case *array.Decimal128Builder:
		n, err := decimal128.FromString(v.(string), int32(f.Precision), int32(f.Scale))
		if err != nil {
			return err
		}
		b.Append(n)
	default:
		return fmt.Errorf("no builder for %T", b)
	}
	return nil
}

// WriteParquet is a plain brain.WriteParquet for tests: arrow-go's writer.
func WriteParquet(ctx context.Context, path string, fields []resource.Field, batches iter.Seq2[arrow.RecordBatch, error]) (rows int64, err error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	w, err := pqarrow.NewFileWriter(ArrowSchema(fields), f,
		parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Zstd), parquet.WithMaxRowGroupLength(1024)),
		pqarrow.DefaultWriterProps())
	if err != nil {
		return 0, errors.Join(err, f.Close())
	}
	for b, err := range batches {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = w.Write(b)
			rows += b.NumRows()
		}
		if err != nil {
			return 0, errors.Join(err, w.Close())
		}
	}
	return rows, w.Close() // closes f too
}

// Rows yields rows as one record batch.
func Rows(fields []resource.Field, rows [][]any) iter.Seq2[arrow.RecordBatch, error] {
	return func(yield func(arrow.RecordBatch, error) bool) {
		b, err := Batch(fields, rows)
		if err != nil {
			yield(nil, err)
			return
		}
		defer b.Release()
		yield(b, nil)
	}
}

// ReadColumn reads one column, by field id, of all files of a scan as text;
// a null, or a file without the column, reads as "NULL".
func ReadColumn(t testing.TB, s brain.Scan, id int) []string {
	t.Helper()
	out, err := Column(s, id)
	if err != nil {
		t.Fatalf("read column %d of %s: %v", id, s.Table, err)
	}
	return out
}

// Column is ReadColumn without a test.
func Column(s brain.Scan, id int) ([]string, error) {
	var out []string
	for _, df := range s.Files {
		vals, err := columnOf(df.Path, id)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", df.Path, err)
		}
		out = append(out, vals...)
	}
	return out, nil
}

func columnOf(path string, id int) (out []string, err error) {
	r, err := file.OpenParquetFile(path, false)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	root, index := r.MetaData().Schema.Root(), -1
	for i := range root.NumFields() {
		if int(root.Field(i).FieldID()) == id {
			index = i
		}
	}
	if index < 0 {
		for range r.NumRows() {
			out = append(out, "NULL")
		}
		return out, nil
	}
	pr, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		return nil, err
	}
	groups := make([]int, r.NumRowGroups())
	for i := range groups {
		groups[i] = i
	}
	tbl, err := pr.ReadRowGroups(context.Background(), []int{index}, groups)
	if err != nil {
		return nil, err
	}
	defer tbl.Release()
	for _, c := range tbl.Column(0).Data().Chunks() {
		for i := range c.Len() {
			if c.IsNull(i) {
				out = append(out, "NULL")
			} else {
				out = append(out, c.ValueStr(i))
			}
		}
	}
	return out, nil
}
