package duck

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"shuniu/resource"
)

// wide is from how many columns on a file is written by arrow-go: DuckDB's
// writer holds more than a megabyte a column, however few the rows (860
// columns of 250 rows did not fit in 1 GiB).
const wide = 400

// writeWide writes batches as WriteParquet does, column chunk by column chunk.
func writeWide(ctx context.Context, path string, fields []resource.Field, batches iter.Seq2[arrow.RecordBatch, error]) (rows int64, err error) {
	schema, err := schemaWithIDs(fields)
	if err != nil {
		return 0, err
	}
	f, err := os.Create(path)
	if err != nil {
		return 0, fmt.Errorf("write Parquet: %w", err)
	}
	props := parquet.NewWriterProperties(
		parquet.WithCompression(compress.Codecs.Zstd), parquet.WithCompressionLevel(zstdLevel),
		parquet.WithMaxRowGroupLength(rowGroup/8), parquet.WithStats(true),
	)
	w, err := pqarrow.NewFileWriter(schema, f, props, pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema()))
	if err != nil {
		return 0, errors.Join(fmt.Errorf("write Parquet: %w", err), f.Close())
	}
	for batch, err := range batches {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = w.Write(array.NewRecordBatch(schema, batch.Columns(), batch.NumRows()))
		}
		if err != nil {
			return 0, errors.Join(fmt.Errorf("write Parquet: %w", err), w.Close())
		}
		rows += batch.NumRows()
	}
	if err := w.Close(); err != nil { // closes f too
		return 0, fmt.Errorf("write Parquet: %w", err)
	}
	return rows, nil
}

// schemaWithIDs is Schema with the field ids where arrow-go looks for them.
func schemaWithIDs(fields []resource.Field) (*arrow.Schema, error) {
	plain, err := Schema(fields)
	if err != nil {
		return nil, err
	}
	out := plain.Fields()
	for i := range out {
		out[i].Metadata = arrow.NewMetadata([]string{"PARQUET:field_id"}, []string{strconv.Itoa(fields[i].ID)})
	}
	return arrow.NewSchema(out, nil), nil
}
