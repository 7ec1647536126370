package httpapi

import (
	"time"

	"shuniu/collect/intake/tabular"
)

// A Batch is one landing of one table: its receipt.
type Batch struct {
	ID              string    `json:"id"`
	Dataset         string    `json:"dataset,omitempty"`
	DatasetName     string    `json:"dataset_name,omitempty"`
	Department      string    `json:"department,omitempty"`
	DepartmentName  string    `json:"department_name,omitempty"`
	File            string    `json:"file"`
	Member          string    `json:"member,omitempty"`
	Table           int       `json:"table"`
	SHA256          string    `json:"sha256"`
	SQL             string    `json:"sql,omitempty" doc:"Name of the table in SQL"`
	Snapshot        string    `json:"snapshot,omitempty" doc:"Text, as it exceeds 2^53"`
	RowsIn          int64     `json:"rows_in"`
	RowsLanded      int64     `json:"rows_landed"`
	RowsQuarantined int64     `json:"rows_quarantined"`
	Status          string    `json:"status" enum:"landed,unchanged,kept_as_object,waiting,refused,running,failed,rolled_back"`
	Reason          string    `json:"reason,omitempty"`
	Account         string    `json:"account"`
	AccountName     string    `json:"account_name,omitempty" doc:"The person's name, when the account is still known"`
	At              time.Time `json:"at"`
	RunID           string    `json:"run_id,omitempty" doc:"That landed it; none: a command did"`
}

// A BatchDetail is a batch with all that was found around it.
type BatchDetail struct {
	Batch
	Format     string           `json:"format,omitempty"`
	Encoding   string           `json:"encoding,omitempty"`
	Place      *tabular.Place   `json:"place,omitempty"`
	HeaderRows int              `json:"header_rows"`
	Columns    []ColumnReport   `json:"columns"`
	Notes      []tabular.Note   `json:"notes"`
	Questions  []string         `json:"questions"`
	Drift      []Drift          `json:"drift"`
	Rejected   []tabular.Reject `json:"rejected" doc:"The first 100; the rest under /api/quarantine?batch="`
	FirstBatch string           `json:"first_batch,omitempty" doc:"Of an unchanged delivery: the batch that landed the same bytes"`
}

// A BatchAnswer decides on a batch that waits.
type BatchAnswer struct {
	Decision string `json:"decision" enum:"accept,evolve,quarantine,refuse"`
}

// A BatchFilter chooses batches.
type BatchFilter struct {
	Dataset    string    `query:"dataset" maxLength:"63"`
	Status     string    `query:"status" maxLength:"40"`
	Department string    `query:"department" maxLength:"63"`
	Since      time.Time `query:"since" doc:"RFC 3339"`
	Q          string    `query:"q" maxLength:"200" doc:"Part of the file's or dataset's name"`
}

// A Quarantined is a line that was not landed, kept with its reason.
type Quarantined struct {
	ID         string     `json:"id"`
	Batch      string     `json:"batch"`
	Dataset    string     `json:"dataset,omitempty"`
	Name       string     `json:"dataset_name,omitempty" doc:"Absent on the answer to a mending"`
	Department string     `json:"department,omitempty"`
	File       string     `json:"file,omitempty"`
	Line       int64      `json:"line" doc:"Physical line or sheet row, from 1"`
	Reason     string     `json:"reason"`
	Text       string     `json:"text" doc:"As decoded"`
	Mended     *string    `json:"mended,omitempty" doc:"The line as a person mended it"`
	Columns    []string   `json:"columns,omitempty"`
	Values     []*string  `json:"values,omitempty" doc:"One per column, when the line could be split"`
	Status     string     `json:"status" enum:"open,mended,replayed,discarded"`
	Account    string     `json:"account,omitempty" doc:"Who decided"`
	At         *time.Time `json:"at,omitempty"`
	Note       string     `json:"note,omitempty" doc:"Why it was discarded, or why the replay failed"`
}

// A QuarantineFilter chooses quarantined lines.
type QuarantineFilter struct {
	Batch      string `query:"batch" maxLength:"64"`
	Dataset    string `query:"dataset" maxLength:"63"`
	Department string `query:"department" maxLength:"63"`
	Status     string `query:"status" maxLength:"40"`
	Reason     string `query:"reason" maxLength:"200"`
	Q          string `query:"q" maxLength:"200"`
}

// A QuarantinePage is a page of lines with counts by status and reason.
type QuarantinePage struct {
	Page[Quarantined]
	Facets []Facet `json:"facets"`
}

// A Mending replaces a line by text, or by values, one per column.
type Mending struct {
	Text   *string   `json:"text,omitempty" maxLength:"1048576"`
	Values []*string `json:"values,omitempty" maxItems:"20000"`
}

// A Replay lands mended lines: those named, or all of a batch.
type Replay struct {
	IDs   []string `json:"ids,omitempty" maxItems:"10000"`
	Batch string   `json:"batch,omitempty" maxLength:"64"`
}

// A Discard gives lines up, with the reason.
type Discard struct {
	IDs    []string `json:"ids" minItems:"1" maxItems:"10000"`
	Reason string   `json:"reason" minLength:"1" maxLength:"500"`
}

// Affected counts what a call changed.
type Affected struct {
	Count int64 `json:"count"`
}

// A Run is a piece of long work.
type Run struct {
	ID         string      `json:"id"`
	Kind       string      `json:"kind" doc:"inspect, land, replay, maintain, doctor …"`
	State      string      `json:"state" enum:"waiting,running,done,failed,cancelled"`
	Subject    string      `json:"subject" doc:"What it is about, e.g. the file's name"`
	Account    string      `json:"account"`
	Department string      `json:"department,omitempty"`
	Step       string      `json:"step,omitempty" doc:"Name of the step it is at"`
	Steps      []RunStep   `json:"steps" doc:"In lists and events empty"`
	Progress   RunProgress `json:"progress"`
	Rows       int64       `json:"rows"`
	Bytes      int64       `json:"bytes"`
	Errors     []string    `json:"errors"`
	Attempt    int         `json:"attempt"`
	UploadID   string      `json:"upload_id,omitempty"`
	Batches    []string    `json:"batches,omitempty"`
	CreatedAt  time.Time   `json:"created_at"`
	StartedAt  *time.Time  `json:"started_at,omitempty"`
	EndedAt    *time.Time  `json:"ended_at,omitempty"`
}

// A RunStep is one step of a run.
type RunStep struct {
	Name      string     `json:"name"`
	State     string     `json:"state" enum:"waiting,running,done,failed,cancelled"`
	Message   string     `json:"message,omitempty"`
	StartedAt *time.Time `json:"started_at,omitempty"`
	EndedAt   *time.Time `json:"ended_at,omitempty"`
}

// RunProgress says how far a run is; total 0 means unknown.
type RunProgress struct {
	Done  int64  `json:"done"`
	Total int64  `json:"total"`
	Unit  string `json:"unit" doc:"bytes, rows, files"`
}

// A RunFilter chooses runs.
type RunFilter struct {
	Kind    string `query:"kind" maxLength:"40"`
	State   string `query:"state" maxLength:"40"`
	Account string `query:"account" maxLength:"64"`
	Mine    bool   `query:"mine" doc:"Only the caller's"`
}

// An Event is one message of the stream.
type Event struct {
	ID    int64     `json:"id"`
	Topic string    `json:"topic" doc:"run, batch, quarantine, dataset …"`
	Kind  string    `json:"kind" doc:"What happened, e.g. progress, landed, mended"`
	Key   string    `json:"key" doc:"Id of the thing it happened to"`
	At    time.Time `json:"at"`
	Data  any       `json:"data"`
}
