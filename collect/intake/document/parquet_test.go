package document

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/google/go-cmp/cmp"

	"shuniu/collect/intake/tabular"
	"shuniu/shuniutest/publicdata"
)

// parquetBytes writes the rows, given as JSON, in the schema.
func parquetBytes(t testing.TB, schema *arrow.Schema, rows string) string {
	t.Helper()
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	defer rec.Release()
	var buf bytes.Buffer
	w, err := pqarrow.NewFileWriter(schema, &buf, parquet.NewWriterProperties(), pqarrow.DefaultWriterProps())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(rec); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

func TestFindParquet(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "名", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "n", Type: arrow.PrimitiveTypes.Int64},
		{Name: "d", Type: &arrow.Decimal128Type{Precision: 10, Scale: 2}, Nullable: true},
		{Name: "t", Type: arrow.FixedWidthTypes.Timestamp_ms, Nullable: true},
		{Name: "s", Type: arrow.StructOf(arrow.Field{Name: "a", Type: arrow.FixedWidthTypes.Boolean, Nullable: true}), Nullable: true},
		{Name: "l", Type: arrow.ListOf(arrow.PrimitiveTypes.Int32), Nullable: true},
	}, nil)
	file := parquetBytes(t, schema, `[{"名":"甲","n":9007199254740993,"d":"1.10","t":"2024-03-05T13:45:00Z","s":{"a":true},"l":[1,2]},{"n":-1,"s":null}]`)
	found, err := FindParquet(context.Background(), textSource("f.parquet", file), tabular.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := "f /\n名|n|d|t|s/a|l\n甲|9007199254740993|1.10|2024-03-05 13:45:00Z|true|[1,2]\n∅|-1|∅|∅|∅|∅\n"
	if diff := cmp.Diff(want, dumpAll(t, found)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, n := range []int{0, 5, 100, len(file) - 3} {
		var refusal *tabular.Refusal
		if _, err := FindParquet(context.Background(), textSource("f.parquet", file[:n]), tabular.Options{}); !errors.As(err, &refusal) {
			t.Errorf("the first %d bytes: %v", n, err)
		}
	}
}

// TestHostileParquet reads every file of the Parquet project's bad and odd
// files, and those that made the library panic: each is read or refused.
func TestHostileParquet(t *testing.T) {
	var files []string
	for _, dir := range []string{"bad_data", "data", "data/geospatial", "found-arrow-go-v18.8.0-panics"} {
		found, err := filepath.Glob(publicdata.Path(t, "hostile", "parquet-bad", dir, "*.parquet*"))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) < 100 {
		t.Fatalf("only %d files", len(files))
	}
	good := 0
	for _, path := range files {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		begin := time.Now()
		found, err := FindParquet(context.Background(), fileSource(t, path), tabular.Options{})
		for _, f := range found {
			if _, readErr := f.Read(context.Background(), func(*tabular.Batch) error { return nil }, nil); readErr != nil {
				err = readErr
			}
		}
		if d := time.Since(begin); d > 5*slow*time.Second {
			t.Errorf("%s took %v", filepath.Base(path), d)
		}
		runtime.ReadMemStats(&after)
		if sys := after.TotalAlloc - before.TotalAlloc; sys > 1<<30 {
			t.Errorf("%s allocated %d MB", filepath.Base(path), sys>>20)
		}
		var refusal *tabular.Refusal
		switch {
		case err == nil:
			good++
		case !errors.As(err, &refusal):
			t.Errorf("%s: %v is no refusal", filepath.Base(path), err)
		case testing.Verbose():
			t.Log(filepath.Base(path), err)
		}
	}
	t.Logf("%d of %d files read", good, len(files))
	if good < 60 {
		t.Errorf("only %d files read", good)
	}
}

func FuzzParquet(f *testing.F) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "a", Type: arrow.BinaryTypes.String, Nullable: true}, {Name: "b", Type: arrow.PrimitiveTypes.Int64}}, nil)
	f.Add([]byte(parquetBytes(f, schema, `[{"a":"x","b":1},{"b":2}]`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		found, err := FindParquet(context.Background(), textSource("f", string(data)), tabular.Options{})
		if err != nil {
			return
		}
		for _, table := range found {
			_, _ = table.Read(context.Background(), func(*tabular.Batch) error { return nil }, nil)
		}
	})
}
