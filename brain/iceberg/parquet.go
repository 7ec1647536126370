package iceberg

import (
	"fmt"
	"os"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"
	ice "github.com/apache/iceberg-go"

	"shuniu/brain"
	"shuniu/fault"
)

// checkParquet refuses, with fault.Invalid, a file that some engine would
// misread in the table: columns without field ids (after a rename they would
// be lost), whole numbers narrower than 64 bit, too many digits, another
// count of rows than the writer says. The file comes from a worker that read
// hostile input, so a panic of the reader is an answer too.
func checkParquet(s brain.StagedFile, want *ice.Schema) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("no readable Parquet file: %v: %w", p, fault.Invalid)
		}
	}()
	f, err := os.Open(s.Path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // read only
	r, err := file.NewParquetReader(f)
	if err != nil {
		return fmt.Errorf("no readable Parquet file: %w: %w", err, fault.Invalid)
	}
	if r.NumRows() != s.Rows {
		return fmt.Errorf("it has %d rows, its writer says %d: %w", r.NumRows(), s.Rows, fault.Invalid)
	}
	root := r.MetaData().Schema.Root()
	seen := map[int]bool{}
	for i := range root.NumFields() {
		n := root.Field(i)
		id := int(n.FieldID())
		if id < 1 {
			return fmt.Errorf("column %q has no field id: %w", n.Name(), fault.Invalid)
		}
		field, ok := want.FindFieldByID(id)
		if !ok || seen[id] {
			return fmt.Errorf("column %q has field id %d, which is not in the table or twice in the file: %w", n.Name(), id, fault.Invalid)
		}
		seen[id] = true
		p, ok := n.(*schema.PrimitiveNode)
		if !ok || !stores(p, field.Type) {
			return fmt.Errorf("column %q is stored as %s, the table has %s: %w", n.Name(), n, field.Type, fault.Invalid)
		}
	}
	return nil
}

// stores tells whether a Parquet column holds an Iceberg type in the one form
// that DuckDB, Trino and Spark all read.
func stores(n *schema.PrimitiveNode, typ ice.Type) bool {
	logical, physical := n.LogicalType(), n.PhysicalType()
	switch typ := typ.(type) {
	case ice.StringType:
		_, ok := logical.(schema.StringLogicalType)
		return physical == parquet.Types.ByteArray && ok
	case ice.Int64Type:
		switch l := logical.(type) {
		case schema.NoLogicalType, schema.UnknownLogicalType:
			return physical == parquet.Types.Int64
		case *schema.IntLogicalType:
			return physical == parquet.Types.Int64 && l.IsSigned() && l.BitWidth() == 64
		case schema.IntLogicalType:
			return physical == parquet.Types.Int64 && l.IsSigned() && l.BitWidth() == 64
		}
		return false
	case ice.BooleanType:
		return physical == parquet.Types.Boolean
	case ice.DateType:
		_, ok := logical.(schema.DateLogicalType)
		return physical == parquet.Types.Int32 && ok
	case ice.TimestampType:
		switch l := logical.(type) {
		case *schema.TimestampLogicalType:
			return physical == parquet.Types.Int64 && l.TimeUnit() == schema.TimeUnitMicros && !l.IsAdjustedToUTC()
		case schema.TimestampLogicalType:
			return physical == parquet.Types.Int64 && l.TimeUnit() == schema.TimeUnitMicros && !l.IsAdjustedToUTC()
		}
		return false
	case ice.DecimalType:
		var digits, scale int32
		switch l := logical.(type) {
		case *schema.DecimalLogicalType:
			digits, scale = l.Precision(), l.Scale()
		case schema.DecimalLogicalType:
			digits, scale = l.Precision(), l.Scale()
		default:
			return false
		}
		return int(digits) <= typ.Precision() && int(scale) == typ.Scale()
	}
	return false
}
