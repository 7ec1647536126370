package duck

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"shuniu/fault"
	"shuniu/resource"
)

func TestWriteParquetKeepsRowsOrderAndIDs(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	batches := []arrow.RecordBatch{residentBatch(t, rng, 70000), residentBatch(t, rng, 1), residentBatch(t, rng, 0), residentBatch(t, rng, 130000)}
	for range 5 { // enough row groups for threads to overtake one another
		batches = append(batches, residentBatch(t, rng, 100000))
	}
	path := filepath.Join(t.TempDir(), "a.parquet")
	rows, err := WriteParquet(t.Context(), path, residents, func(yield func(arrow.RecordBatch, error) bool) {
		for _, b := range batches {
			runtime.GC()
			if !yield(b, nil) {
				return
			}
		}
	})
	if err != nil || rows != 700001 {
		t.Fatalf("rows = %d, %v; want 700001", rows, err)
	}
	f, err := file.OpenParquetFile(path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if id := f.MetaData().Schema.Column(7).SchemaNode().FieldID(); id != 8 {
		t.Errorf("手机 has field id %d, want 8", id)
	}
	r, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.ReadTable(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer got.Release()
	for _, col := range []int{0, 7} { // number and phone: no two rows are alike
		var want []string
		for _, b := range batches {
			for i := range int(b.NumRows()) {
				want = append(want, b.Column(col).(*array.String).Value(i))
			}
		}
		n := 0
		for _, c := range got.Column(col).Data().Chunks() {
			for i := range c.Len() {
				if v := c.(*array.String).Value(i); v != want[n] {
					t.Fatalf("column %d, row %d: %q, want %q", col, n, v, want[n])
				}
				n++
			}
		}
		if n != len(want) {
			t.Errorf("column %d: %d values, want %d", col, n, len(want))
		}
	}
}

func TestWriteParquetPassesErrorsOn(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	b := residentBatch(t, rng, 1000)
	path := filepath.Join(t.TempDir(), "a.parquet")
	_, err := WriteParquet(t.Context(), path, residents, func(yield func(arrow.RecordBatch, error) bool) {
		for range 5 {
			if !yield(b, nil) {
				return
			}
		}
		yield(nil, fault.Damaged)
	})
	if !errors.Is(err, fault.Damaged) {
		t.Errorf("err = %v, want damaged", err)
	}
	if _, err = WriteParquet(t.Context(), path, residents, func(func(arrow.RecordBatch, error) bool) { panic("reader") }); !errors.Is(err, fault.Invalid) {
		t.Errorf("panic: %v, want invalid", err)
	}
	if _, err = WriteParquet(t.Context(), path, residents[:3], repeat([]arrow.RecordBatch{b}, 10)); !errors.Is(err, fault.Invalid) {
		t.Errorf("other columns: %v, want invalid", err)
	}
	if rows, err := WriteParquet(t.Context(), path, residents, repeat(nil, 0)); err != nil || rows != 0 {
		t.Errorf("no batches: %d, %v", rows, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = WriteParquet(ctx, path, residents, repeat([]arrow.RecordBatch{b}, 1<<20)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// A table of a thousand columns lands in little memory, with its field ids.
func TestWriteParquetOfManyColumns(t *testing.T) {
	fields := make([]resource.Field, 1000)
	for i := range fields {
		fields[i] = resource.Field{ID: i + 1, Name: fmt.Sprintf("c%d", i), Type: resource.Text}
	}
	schema, err := Schema(fields)
	if err != nil {
		t.Fatal(err)
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	for i := range fields {
		col, ok := b.Field(i).(*array.StringBuilder)
		if !ok {
			t.Fatalf("column %d is a %T", i, b.Field(i))
		}
		for r := range 250 {
			col.Append(fmt.Sprint(r, i))
		}
	}
	batch := b.NewRecordBatch()
	path := filepath.Join(t.TempDir(), "wide.parquet")
	rows, err := WriteParquet(t.Context(), path, fields, func(yield func(arrow.RecordBatch, error) bool) { yield(batch, nil) })
	if err != nil || rows != 250 {
		t.Fatalf("rows = %d, err = %v", rows, err)
	}
	r, err := file.OpenParquetFile(path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got := r.MetaData().Schema.Column(999).SchemaNode().FieldID(); got != 1000 || r.NumRows() != 250 {
		t.Errorf("field id of the last column = %d, rows = %d", got, r.NumRows())
	}
}
