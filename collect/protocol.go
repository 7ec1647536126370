package collect

import (
	"encoding/json"

	"shuniu/collect/intake"
	"shuniu/collect/intake/object"
	"shuniu/collect/intake/reading"
	"shuniu/collect/intake/tabular"
	"shuniu/resource"
)

// Methods of the worker.
const (
	MethodInspect = "collect.inspect"
	MethodCSV     = "collect.csv"
	MethodLand    = "collect.land"
	MethodOrigin  = "collect.origin"
	MethodMend    = "collect.mend"
)

// Kinds of messages between hub and worker.
const (
	kindReport   = "report"
	kindMember   = "member"   // asked: memberFacts, answered by memberPlan
	kindDraft    = "draft"    // asked: memberFacts with one table as its first rows show it, answered by the tablePlan it would get
	kindRejects  = "rejects"  // rejectChunk
	kindTable    = "table"    // tableResult
	kindProgress = "progress" // rows read, decimal
	kindCSV      = "csv"      // bytes
	kindOrigin   = "origin"   // Origin's part of the worker
)

// fileParams say how the worker reads the file it is handed as descriptor 0.
type fileParams struct {
	Name       string         `json:"name"`
	Options    intake.Options `json:"options"`
	Password   string         `json:"password,omitempty"`
	Preview    int            `json:"preview,omitempty"`
	Companions []string       `json:"companions,omitempty"` // extensions of descriptors 1, 2, …
	Undigested bool           `json:"undigested,omitempty"` // the hub knows the digest of descriptor 0
	Table      int            `json:"table,omitempty"`      // of MethodCSV
}

// memberFacts is what the worker found in one member.
type memberFacts struct {
	Member    string           `json:"member"`
	SHA256    string           `json:"sha256"`
	SizeBytes int64            `json:"size_bytes"`
	Format    string           `json:"format"`
	Encoding  string           `json:"encoding"`
	Refused   *tabular.Refusal `json:"refused,omitempty"`
	Ignored   string           `json:"ignored,omitempty"`
	Object    *object.Object   `json:"object,omitempty"`
	Tables    []tableFacts     `json:"tables"`
}

// tableFacts is a table as found, profiled over all rows.
type tableFacts struct {
	Report   intake.TableReport `json:"report"`
	Findings []reading.Finding  `json:"findings"`
	Probes   []string           `json:"probes"` // per column: how its typed reading renders, see probe
}

// memberPlan is the hub's answer.
type memberPlan struct {
	Later      bool        `json:"later,omitempty"`       // leave the member for another job
	KeepObject string      `json:"keep_object,omitempty"` // file name in Out for the member's bytes
	Tables     []tablePlan `json:"tables"`                // as in memberFacts; none: take nothing
}

// tablePlan says what becomes of one table.
type tablePlan struct {
	Skip       bool               `json:"skip,omitempty"`
	Batch      resource.BatchID   `json:"batch,omitempty"`
	Dataset    resource.DatasetID `json:"dataset,omitempty"`
	Quarantine string             `json:"quarantine,omitempty"` // not empty: every row is rejected for this reason
	Out        []outColumn        `json:"out,omitempty"`
}

// outColumn is one column of the Parquet file. Source -1 is the batch id, -2
// the row number.
type outColumn struct {
	Field  resource.Field `json:"field"`
	Source int            `json:"source"`
}

const (
	sourceBatch = -1
	sourceRow   = -2
)

type rejectChunk struct {
	Batch resource.BatchID `json:"batch"`
	Lines []rejectLine     `json:"lines"`
}

type rejectLine struct {
	Line   int64  `json:"line"`
	Reason string `json:"reason"`
	Text   string `json:"text"`
	Raw    []byte `json:"raw"`
}

// tableResult accounts for a batch.
type tableResult struct {
	Batch   resource.BatchID `json:"batch"`
	Tally   tabular.Tally    `json:"tally"`
	Written int64            `json:"written"` // rows in the Parquet files, as their writer counted
	Rejects int64            `json:"rejects"` // lines sent as rejected
	Files   []outFile        `json:"files"`
	Unread  []int64          `json:"unread"` // per out column: values that did not read
}

type outFile struct {
	Name string `json:"name"`
	Rows int64  `json:"rows"`
}

func decode[T any](payload []byte) (v T, err error) {
	err = json.Unmarshal(payload, &v)
	return v, err
}

// tally is the table's own count of its lines.
func (t *tableFacts) tally() tabular.Tally {
	l := t.Report.Lines
	return tabular.Tally{Physical: l.Physical, Header: l.Header, Rows: l.Rows, Notes: l.Notes, Rejected: l.Rejected, Blank: l.Blank}
}
