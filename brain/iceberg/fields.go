package iceberg

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	ice "github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"shuniu/fault"
	"shuniu/resource"
)

// maxDigits of a decimal: beyond 28 an engine drops rows without a word
// (facts/lake.md §1, rule 14).
const maxDigits = 28

// fieldProperty is the table property that keeps what Iceberg has no place
// for: unit, and "time" kept as text.
func fieldProperty(id int) string { return "shuniu.field." + strconv.Itoa(id) }

type fieldExtra struct {
	Type resource.Type `json:"type,omitempty"` // when the stored type says less
	Unit string        `json:"unit,omitempty"`
}

// tableProperties that every table has.
func tableProperties() ice.Properties {
	return ice.Properties{
		table.PropertyFormatVersion:                   "2",
		table.MetadataDeleteAfterCommitEnabledKey:     "true",
		table.MetadataPreviousVersionsMaxKey:          "10",
		table.WriteDeleteModeKey:                      table.WriteModeCopyOnWrite,
		"write.update.mode":                           table.WriteModeCopyOnWrite,
		"write.merge.mode":                            table.WriteModeCopyOnWrite,
		table.CommitNumRetriesKey:                     "0", // we reload and redo ourselves
		table.ManifestMergeEnabledKey:                 "true",
		table.ManifestMinMergeCountKey:                "50",
		table.WriteFormatDefaultKey:                   "parquet",
		table.ParquetCompressionKey:                   "zstd",
		table.WritePartitionSummaryLimitKey:           "0",
		table.ReadManifestListCacheEnabledKey:         "true",
		"write.metadata.metrics.max-inferred-columns": "200",
	}
}

// schemaOf turns fields into a schema with the ids 1, 2, … and the properties
// of a new table.
func schemaOf(fields []resource.Field) (*ice.Schema, ice.Properties, error) {
	if len(fields) == 0 {
		return nil, nil, fmt.Errorf("a table needs a column: %w", fault.Invalid)
	}
	props := tableProperties()
	nested := make([]ice.NestedField, len(fields))
	for i, f := range fields {
		if err := checkName(f.Name, fields[:i], 0); err != nil {
			return nil, nil, err
		}
		typ, err := storedType(f)
		if err != nil {
			return nil, nil, err
		}
		nested[i] = ice.NestedField{ID: i + 1, Name: f.Name, Type: typ, Doc: f.Comment}
		if err := putExtra(props, i+1, f); err != nil {
			return nil, nil, err
		}
	}
	return ice.NewSchema(0, nested...), props, nil
}

// checkName refuses an empty name and one that differs only in case from a
// field with another id: DuckDB and Trino read both as one (facts/scale-out.md,
// trap 11).
func checkName(name string, fields []resource.Field, id int) error {
	if strings.TrimSpace(name) == "" {
		return fmt.Errorf("a column has no name: %w", fault.Invalid)
	}
	for _, f := range fields {
		if (id == 0 || f.ID != id) && strings.EqualFold(f.Name, name) {
			return fmt.Errorf("column %q is there already, as %q: %w", name, f.Name, fault.Invalid)
		}
	}
	return nil
}

// storedType is the Iceberg type of a field: whole numbers are always long,
// times of day are text, since some engine cannot read them otherwise.
func storedType(f resource.Field) (ice.Type, error) {
	switch f.Type {
	case resource.Text, resource.Time:
		return ice.PrimitiveTypes.String, nil
	case resource.Integer:
		return ice.PrimitiveTypes.Int64, nil
	case resource.Boolean:
		return ice.PrimitiveTypes.Bool, nil
	case resource.Date:
		return ice.PrimitiveTypes.Date, nil
	case resource.Timestamp:
		return ice.PrimitiveTypes.Timestamp, nil
	case resource.Decimal:
		if f.Precision < 1 || f.Precision > maxDigits || f.Scale < 0 || f.Scale > f.Precision {
			return nil, fmt.Errorf("column %q is decimal(%d,%d), want at most %d digits: %w", f.Name, f.Precision, f.Scale, maxDigits, fault.Invalid)
		}
		return ice.DecimalTypeOf(f.Precision, f.Scale), nil
	}
	return nil, fmt.Errorf("column %q has type %q: %w", f.Name, string(f.Type), fault.Invalid)
}

func putExtra(props ice.Properties, id int, f resource.Field) error {
	e := fieldExtra{Unit: f.Unit}
	if f.Type == resource.Time {
		e.Type = f.Type
	}
	if e == (fieldExtra{}) {
		return nil
	}
	b, err := json.Marshal(e)
	if err != nil {
		return err
	}
	props[fieldProperty(id)] = string(b)
	return nil
}

// fieldsOf is the inverse of schemaOf. A type that this package never writes
// is fault.Damaged.
func fieldsOf(schema *ice.Schema, props ice.Properties) ([]resource.Field, error) {
	out := make([]resource.Field, 0, schema.NumFields())
	for _, n := range schema.Fields() {
		f := resource.Field{ID: n.ID, Name: n.Name, Comment: n.Doc}
		switch typ := n.Type.(type) {
		case ice.StringType:
			f.Type = resource.Text
		case ice.Int64Type:
			f.Type = resource.Integer
		case ice.BooleanType:
			f.Type = resource.Boolean
		case ice.DateType:
			f.Type = resource.Date
		case ice.TimestampType:
			f.Type = resource.Timestamp
		case ice.DecimalType:
			f.Type, f.Precision, f.Scale = resource.Decimal, typ.Precision(), typ.Scale()
		default:
			return nil, fmt.Errorf("column %q has type %s, which Shuniu does not write: %w", n.Name, n.Type, fault.Damaged)
		}
		if s := props[fieldProperty(n.ID)]; s != "" {
			var e fieldExtra
			if err := json.Unmarshal([]byte(s), &e); err != nil {
				return nil, fmt.Errorf("property of column %q: %w: %w", n.Name, err, fault.Damaged)
			}
			f.Unit = e.Unit
			if e.Type != "" {
				f.Type = e.Type
			}
		}
		out = append(out, f)
	}
	return out, nil
}
