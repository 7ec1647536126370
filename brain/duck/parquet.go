package duck

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/cdata"
	"github.com/apache/arrow-go/v18/arrow/memory/mallocator"
	bindings "github.com/duckdb/duckdb-go-bindings"

	"shuniu/fault"
	"shuniu/resource"
)

// Schema is the Arrow schema in which WriteParquet takes the batches of fields:
// text utf8, integer int64, decimal decimal128(precision, scale), boolean
// bool, date date32, timestamp timestamp[us] without zone, time utf8; all
// nullable.
func Schema(fields []resource.Field) (*arrow.Schema, error) {
	cols := make([]arrow.Field, len(fields))
	for i, f := range fields {
		t, err := arrowType(f)
		if err != nil {
			return nil, err
		}
		cols[i] = arrow.Field{Name: f.Name, Type: t, Nullable: true}
	}
	return arrow.NewSchema(cols, nil), nil
}

func arrowType(f resource.Field) (arrow.DataType, error) {
	switch f.Type {
	case resource.Text, resource.Time:
		return arrow.BinaryTypes.String, nil
	case resource.Integer:
		return arrow.PrimitiveTypes.Int64, nil
	case resource.Decimal:
		if f.Precision < 1 || f.Precision > 28 || f.Scale < 0 || f.Scale > f.Precision {
			return nil, fmt.Errorf("field %s: decimal(%d,%d), at most 28 digits: %w", f.Name, f.Precision, f.Scale, fault.Invalid)
		}
		return &arrow.Decimal128Type{Precision: int32(f.Precision), Scale: int32(f.Scale)}, nil
	case resource.Boolean:
		return arrow.FixedWidthTypes.Boolean, nil
	case resource.Date:
		return arrow.FixedWidthTypes.Date32, nil
	case resource.Timestamp:
		return &arrow.TimestampType{Unit: arrow.Microsecond}, nil
	}
	return nil, fmt.Errorf("field %s: type %q: %w", f.Name, f.Type, fault.Invalid)
}

// sqlType is DuckDB's type of a field.
func sqlType(f resource.Field) (string, error) {
	switch f.Type {
	case resource.Text, resource.Time:
		return "VARCHAR", nil
	case resource.Integer:
		return "BIGINT", nil
	case resource.Decimal:
		if _, err := arrowType(f); err != nil {
			return "", err
		}
		return fmt.Sprintf("DECIMAL(%d,%d)", f.Precision, f.Scale), nil
	case resource.Boolean:
		return "BOOLEAN", nil
	case resource.Date:
		return "DATE", nil
	case resource.Timestamp:
		return "TIMESTAMP", nil
	}
	return "", fmt.Errorf("field %s: type %q: %w", f.Name, f.Type, fault.Invalid)
}

// What every file of the lake is written with. Larger row groups compress
// little better and cost memory per column. Measured on residents, for the
// same bytes on disk: zstd at level 1 costs a fifth less CPU than DuckDB's
// default of 3 (2 M rows: 2.9 against 3.7 CPU s, 62 MB each), and giving up on
// dictionaries of more than 8,192 values another fifth (0.8 M rows: 1.1
// against 1.4 CPU s, 26.0 MB each). Bloom filters are off: DuckDB writes them
// only where there is a dictionary, and there a scan is as fast.
const (
	rowGroup      = 122880
	zstdLevel     = 1
	maxDictionary = 8192
)

// WriteParquet is brain.WriteParquet: DuckDB writes the batches, in order, as
// Parquet with zstd and field ids. The batches have the columns of Schema and
// may hold Go memory: it is pinned while DuckDB reads it. Batches of 64k to
// 256k rows are best. A batch is the producer's: it may release it, not change
// it, when it is asked for the next.
//
// It runs inside the worker. After an error there may be a part of a file.
func WriteParquet(ctx context.Context, path string, fields []resource.Field, batches iter.Seq2[arrow.RecordBatch, error]) (int64, error) {
	schema, err := Schema(fields)
	if err != nil {
		return 0, err
	}
	if err := checkNames(fields); err != nil {
		return 0, err
	}
	if len(fields) > wide {
		return writeWide(ctx, path, fields, batches)
	}
	threads := max(1, runtime.NumCPU()/2)
	s, err := openSession(limits{MemoryBytes: writerMemory, Temp: os.TempDir(), Threads: threads})
	if err != nil {
		return 0, err
	}
	defer s.close()
	if threads == 1 {
		// One thread keeps the order by itself. What DuckDB does to keep it among
		// several copies every row once more: 10 M rows take 16.9 instead of 19.4
		// CPU seconds without.
		if err := s.exec("SET preserve_insertion_order = false"); err != nil {
			return 0, err
		}
	}
	// Memory given back to the system between row groups would be asked for
	// again at once.
	if err := s.exec("SET allocator_flush_threshold = '64GiB'"); err != nil {
		return 0, err
	}
	if err := s.lock(filepath.Dir(path)); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	r := newReader(ctx, schema, batches)
	rows, err := s.copyArrow(r, path, fields)
	cancel(errStopped)
	r.stop()
	if r.err != nil {
		return 0, fmt.Errorf("write %s: %w", filepath.Base(path), r.err)
	}
	if err != nil {
		return 0, fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	if rows != r.rows {
		return 0, fmt.Errorf("write %s: %d rows written of %d given: %w", filepath.Base(path), rows, r.rows, fault.Damaged)
	}
	return rows, nil
}

// writerMemory bounds DuckDB's buffers while it writes.
const writerMemory = 1 << 30

var errStopped = errors.New("the file is finished")

func (s *session) copyArrow(r *reader, path string, fields []resource.Field) (int64, error) {
	// The stream struct is C memory, zeroed: C code keeps it beyond this call.
	mem := mallocator.NewMallocator()
	block := mem.Allocate(int(unsafe.Sizeof(cdata.CArrowArrayStream{})))
	clear(block)
	defer mem.Free(block)
	stream := (*cdata.CArrowArrayStream)(unsafe.Pointer(&block[0])) //nolint:gosec // C memory of the size of the struct
	cdata.ExportRecordReader(r, stream)
	defer cdata.ReleaseCArrowArrayStream(stream)
	if bindings.ArrowScan(s.conn, "batches", bindings.ArrowStream{Ptr: unsafe.Pointer(stream)}) == bindings.StateError { //nolint:gosec // the binding takes it so
		return 0, errors.New("duckdb: arrow scan refused")
	}
	return s.count("COPY batches TO " + literal(path) + " " + copyOptions(fields))
}

// copyOptions are the same for every file of the lake.
func copyOptions(fields []resource.Field) string {
	ids := make([]string, len(fields))
	for i, f := range fields {
		ids[i] = quote(f.Name) + ": " + fmt.Sprint(f.ID)
	}
	return fmt.Sprintf("(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL %d, ROW_GROUP_SIZE %d, DICTIONARY_SIZE_LIMIT %d, WRITE_BLOOM_FILTER false, FIELD_IDS {%s})",
		zstdLevel, rowGroup, maxDictionary, strings.Join(ids, ", "))
}
