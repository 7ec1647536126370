package intake

import (
	"shuniu/collect/intake/object"
	"shuniu/collect/intake/reading"
	"shuniu/collect/intake/tabular"
	"shuniu/resource"
)

// A Report is what `shuniu inspect` prints; its JSON shape is a contract.
type Report struct {
	File      string           `json:"file"`
	SHA256    string           `json:"sha256"`
	SizeBytes int64            `json:"size_bytes"`
	Format    string           `json:"format"`
	Encoding  string           `json:"encoding"`
	Tables    []TableReport    `json:"tables"`
	Members   []MemberReport   `json:"members,omitempty"` // of an archive, in its order
	Object    *object.Object   `json:"object,omitempty"`  // when the file is kept as an object
	Refused   *tabular.Refusal `json:"refused"`
}

// A MemberReport is one file inside an archive.
type MemberReport struct {
	Member    string           `json:"member"`
	SHA256    string           `json:"sha256"`
	SizeBytes int64            `json:"size_bytes"`
	Format    string           `json:"format"`
	Encoding  string           `json:"encoding"`
	Tables    int              `json:"tables"`
	Object    *object.Object   `json:"object,omitempty"`
	Refused   *tabular.Refusal `json:"refused,omitempty"`
	Ignored   string           `json:"ignored,omitempty"` // why it is not data: folder, system file
}

// A TableReport is one table found.
type TableReport struct {
	N             int              `json:"n"`
	Name          string           `json:"name"`
	Member        string           `json:"member"`
	Hidden        bool             `json:"hidden"`
	Format        string           `json:"format"`
	Encoding      string           `json:"encoding"`
	Place         tabular.Place    `json:"place"`
	Dialect       *tabular.Dialect `json:"dialect,omitempty"`
	HeaderRows    int              `json:"header_rows"`
	Columns       []ColumnReport   `json:"columns"`
	Rows          int64            `json:"rows"`
	Rejected      []tabular.Reject `json:"rejected"`       // at most RejectsShown
	RejectedCount int64            `json:"rejected_count"` // all of them
	Notes         []tabular.Note   `json:"notes"`
	Lines         Lines            `json:"lines"`
	Confidence    float64          `json:"confidence"`
	Questions     []string         `json:"questions"`
	Area          tabular.Area     `json:"area"`
	Preview       [][]*string      `json:"preview,omitempty"` // first rows, null for absent values
	PreviewOrigin []int64          `json:"preview_origin,omitempty"`
}

// RejectsShown bounds the rejected lines a report repeats; all are counted.
const RejectsShown = 1000

// Lines account for every physical line of the table's place.
type Lines struct {
	Physical int64 `json:"physical"`
	Header   int64 `json:"header"`
	Rows     int64 `json:"rows"`
	Notes    int64 `json:"notes"`
	Rejected int64 `json:"rejected"`
	Blank    int64 `json:"blank"`
}

// A ColumnReport is one column with what its values are over all rows.
type ColumnReport struct {
	Name      string        `json:"name"`
	Type      resource.Type `json:"type"`
	Unit      string        `json:"unit"`
	Nulls     int64         `json:"nulls"`
	Unread    int64         `json:"unread"`
	Precision int           `json:"precision,omitempty"`
	Scale     int           `json:"scale,omitempty"`
	Exact     bool          `json:"exact"` // the typed value renders back to the text, for every row
	Layout    string        `json:"layout,omitempty"`
	Distinct  int64         `json:"distinct"`
	Min       string        `json:"min,omitempty"`
	Max       string        `json:"max,omitempty"`
	// Units of the numbers when there are several, most frequent first.
	Units []reading.UnitCount `json:"units,omitempty"`
}
