package resource

import (
	"fmt"
	"regexp"
	"time"

	"shuniu/fault"
)

// A DatasetID names a dataset: [a-z][a-z0-9_]{0,62}. The table
// landing.<DatasetID> is valid SQL without quotes.
type DatasetID string

// A BatchID is the ULID of one landing of one table.
type BatchID string

// A SnapshotID is an Iceberg snapshot of one table; 0 means the current one.
type SnapshotID int64

// A DepartmentID names a department (部门), e.g. "scjg"; ASCII, as DatasetID.
type DepartmentID string

var idPattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

// Check returns fault.Invalid unless the id has the legal form.
func (id DatasetID) Check() error {
	if !idPattern.MatchString(string(id)) {
		return fmt.Errorf("dataset id %q, want [a-z][a-z0-9_]{0,62}: %w", string(id), fault.Invalid)
	}
	return nil
}

// A Station is one of the six stations of a datum's way; it is the namespace
// of the dataset's table.
type Station string

// The stations (贴源, 标准, 基础库/主题库, 专题).
const (
	Landing  Station = "landing"
	Standard Station = "standard"
	Library  Station = "library"
	Topic    Station = "topic"
)

// A Table names a table of the brain: station and dataset.
type Table struct {
	Station Station
	Dataset DatasetID
}

// String is the table's SQL name, e.g. landing.scjg_company.
func (t Table) String() string { return string(t.Station) + "." + string(t.Dataset) }

// A Type is the type of a value as a person knows it. Storage follows facts
// of every engine: integer is BIGINT, decimal has at most 28 digits, time is
// kept as text (Spark cannot load Iceberg's time).
type Type string

// The types of values.
const (
	Text      Type = "text"
	Integer   Type = "integer"
	Decimal   Type = "decimal"
	Boolean   Type = "boolean"
	Date      Type = "date"
	Time      Type = "time"
	Timestamp Type = "timestamp"
)

// A Field is one column of a dataset's table.
type Field struct {
	ID        int    `json:"id"`                  // Iceberg field id, given once, never reused
	Name      string `json:"name"`                // as the source named it; any language
	Type      Type   `json:"type"`                //
	Precision int    `json:"precision,omitempty"` // of a decimal, at most 28
	Scale     int    `json:"scale,omitempty"`     // of a decimal
	Unit      string `json:"unit,omitempty"`      // e.g. 万元, as the source states it
	Comment   string `json:"comment,omitempty"`   //
}

// Reserved columns of every landing table.
const (
	BatchColumn   = "_batch"  // text: BatchID
	RowColumn     = "_row"    // integer: physical row or line in the source, from 1
	ReadingSuffix = "__value" // "C__value" is the typed reading beside the text column "C"
)

// A Snapshot is one committed state of a table.
type Snapshot struct {
	ID        SnapshotID        `json:"id"`
	Parent    SnapshotID        `json:"parent,omitempty"`
	At        time.Time         `json:"at"`
	Operation string            `json:"operation"` // append, overwrite, replace, delete
	Rows      int64             `json:"rows"`      // rows of the whole table after it
	Summary   map[string]string `json:"summary"`   // shuniu.batch and what else the writer said
}
