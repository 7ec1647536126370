package catalogue

import (
	"encoding/json"
	"time"

	"shuniu/resource"
)

// A Kind is what an entry stands for.
type Kind string

// The kinds of entries.
const (
	Dataset Kind = "dataset" // a table of the brain
	Object  Kind = "object"  // a file kept as it is: a PDF, an image, a recording
)

// A Status is how far an entry has come.
type Status string

// The states of an entry.
const (
	Draft     Status = "draft"     // made by landing, not yet looked at
	Published Status = "published" // described and released to all roles
	Retired   Status = "retired"   // no longer kept up; its data stays
)

// An Entry is one resource of the catalogue.
type Entry struct {
	ID          string                `json:"id"` // dataset id, or "object." and the digest
	Kind        Kind                  `json:"kind"`
	Name        string                `json:"name"`
	Department  resource.DepartmentID `json:"department"`
	Theme       string                `json:"theme"`
	Status      Status                `json:"status"`
	Format      string                `json:"format"` // of the source: csv, xlsx, … or a media type
	Description string                `json:"description"`
	Tags        []string              `json:"tags"`
	Rows        int64                 `json:"rows"`
	SizeBytes   int64                 `json:"size_bytes"` // of the stored files
	Snapshot    resource.SnapshotID   `json:"snapshot,omitempty"`
	Batch       resource.BatchID      `json:"batch,omitempty"` // the newest
	Source      json.RawMessage       `json:"source"`          // the recipe: how the newest file was read
	Words       string                `json:"-"`               // further words to find it by: file names, sheets
	CreatedAt   time.Time             `json:"created_at"`
	CreatedBy   string                `json:"created_by"`
	UpdatedAt   time.Time             `json:"updated_at"`
	UpdatedBy   string                `json:"updated_by"`
	Fields      []Field               `json:"fields,omitempty"`
}

// A Field is a column of the entry's table with what is known of its values.
// Min, Max and Samples are values: only who may read rows may see them.
type Field struct {
	resource.Field
	ValueRows     int64    `json:"value_rows"`     // rows with a value
	FillRate      float64  `json:"fill_rate"`      // 0 to 1, of the entry's rows
	Unread        int64    `json:"unread"`         // values that did not read as Type
	Distinct      int64    `json:"distinct"`       // different values
	DistinctExact bool     `json:"distinct_exact"` // false: at least Distinct
	Min           string   `json:"min,omitempty"`
	Max           string   `json:"max,omitempty"`
	Samples       []string `json:"samples,omitempty"` // the first different values, at most 5
}

// A Change of an entry, for its history.
type Change struct {
	ID      string          `json:"id"` // ULID
	Entry   string          `json:"entry"`
	At      time.Time       `json:"at"`
	Account string          `json:"account"`
	Kind    string          `json:"kind"`   // created, landed, edited, published, field_added, …
	Detail  json.RawMessage `json:"detail"` // what changed, before and after
}

// A Department owns datasets.
type Department struct {
	ID        resource.DepartmentID `json:"id"`
	Name      string                `json:"name"`
	CreatedAt time.Time             `json:"created_at"`
	Entries   int64                 `json:"entries"`
}
