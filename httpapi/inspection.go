package httpapi

import (
	"time"

	"shuniu/collect/intake/tabular"
)

// An Upload is a file on its way in or received.
type Upload struct {
	ID           string     `json:"id"`
	Name         string     `json:"name"`
	SizeBytes    int64      `json:"size_bytes"`
	OffsetBytes  int64      `json:"offset_bytes" doc:"Bytes that are durable; send the next part from here"`
	Received     bool       `json:"received" doc:"All bytes are here and their digest is right"`
	SHA256       string     `json:"sha256,omitempty" doc:"Known once received"`
	LastModified *time.Time `json:"last_modified,omitempty"`
	CreatedAt    time.Time  `json:"created_at"`
}

// NewUpload announces a file.
type NewUpload struct {
	Name         string     `json:"name" minLength:"1" maxLength:"1024" doc:"File name, or path inside the folder that was dropped"`
	SizeBytes    int64      `json:"size_bytes" minimum:"0" maximum:"1099511627776"`
	SHA256       string     `json:"sha256,omitempty" pattern:"^[0-9a-f]{64}$" doc:"When given, the received bytes must have it"`
	LastModified *time.Time `json:"last_modified,omitempty"`
}

// ReadOptions are a person's decisions on how to read a file; what is absent
// is found out.
type ReadOptions struct {
	Encoding  string         `json:"encoding,omitempty" maxLength:"40"`
	Delimiter string         `json:"delimiter,omitempty" maxLength:"16"`
	Quote     string         `json:"quote,omitempty" maxLength:"8" doc:"none for no quoting"`
	Escape    string         `json:"escape,omitempty" maxLength:"8"`
	Password  string         `json:"password,omitempty" maxLength:"256" writeOnly:"true"`
	Tables    []tabular.Area `json:"tables,omitempty" maxItems:"1000" doc:"When given, they replace the areas found, in this order"`
	// Members are for an archive: a member without an entry is read by the above.
	Members map[string]MemberOptions `json:"members,omitempty" doc:"Decisions for single members of an archive, by path"`
}

// MemberOptions are a person's decisions on how to read one file of an archive.
type MemberOptions struct {
	Encoding  string         `json:"encoding,omitempty" maxLength:"40"`
	Delimiter string         `json:"delimiter,omitempty" maxLength:"16"`
	Quote     string         `json:"quote,omitempty" maxLength:"8" doc:"none for no quoting"`
	Escape    string         `json:"escape,omitempty" maxLength:"8"`
	Tables    []tabular.Area `json:"tables,omitempty" maxItems:"1000" doc:"When given, they replace the areas found, in this order"`
}

// Tabular returns the options as the readers take them.
func (o ReadOptions) Tabular() tabular.Options {
	return tabular.Options{
		Encoding: o.Encoding, Delimiter: o.Delimiter, Quote: o.Quote,
		Escape: o.Escape, Password: o.Password, Tables: o.Tables,
	}
}

// NewInspection asks to understand an uploaded file.
type NewInspection struct {
	UploadID string      `json:"upload_id" minLength:"1" maxLength:"64"`
	Options  ReadOptions `json:"options,omitempty"`
}

// An Inspection is what is known of an uploaded file.
type Inspection struct {
	UploadID string       `json:"upload_id"`
	RunID    string       `json:"run_id,omitempty"`
	State    string       `json:"state" enum:"none,running,done,failed"`
	Report   *Report      `json:"report,omitempty"`
	Options  ReadOptions  `json:"options" doc:"Options in force: given by a person or taken from the source's recipe"`
	Recipe   string       `json:"recipe,omitempty" doc:"Name of the recipe that was applied"`
	Problem  *ProblemText `json:"problem,omitempty"`
}

// ProblemText is a failure in plain words.
type ProblemText struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
	Hint   string `json:"hint,omitempty"`
}

// A Report is what a file holds, as shuniu inspect --json prints it, with a
// preview and a suggestion per table.
type Report struct {
	File      string        `json:"file"`
	SHA256    string        `json:"sha256"`
	SizeBytes int64         `json:"size_bytes"`
	Format    string        `json:"format"`
	Encoding  string        `json:"encoding"`
	Tables    []TableReport `json:"tables"`
	Members   []Member      `json:"members,omitempty" doc:"Of an archive, in its order"`
	Object    *Object       `json:"object,omitempty" doc:"When the file is kept whole"`
	Refused   *Refusal      `json:"refused,omitempty" doc:"Present when the file is not taken"`
}

// A Member is one file inside an archive.
type Member struct {
	Member    string   `json:"member"`
	SHA256    string   `json:"sha256"`
	SizeBytes int64    `json:"size_bytes"`
	Format    string   `json:"format"`
	Encoding  string   `json:"encoding"`
	Tables    int      `json:"tables"`
	Refused   *Refusal `json:"refused,omitempty"`
	Ignored   string   `json:"ignored,omitempty" doc:"Why it is no data"`
}

// Lines account for every physical line of a table's place.
type Lines struct {
	Physical int64 `json:"physical"`
	Header   int64 `json:"header"`
	Rows     int64 `json:"rows"`
	Notes    int64 `json:"notes"`
	Rejected int64 `json:"rejected"`
	Blank    int64 `json:"blank"`
}

// A Refusal says why a file is not taken.
type Refusal struct {
	Kind    string `json:"kind" enum:"empty,damaged,encrypted,pointer,unknown,too_large"`
	Message string `json:"message"`
	Hint    string `json:"hint"`
}

// A TableReport is one table of a file.
type TableReport struct {
	N          int              `json:"n"`
	Name       string           `json:"name"`
	Member     string           `json:"member"`
	Hidden     bool             `json:"hidden"`
	Format     string           `json:"format"`
	Encoding   string           `json:"encoding"`
	Place      tabular.Place    `json:"place"`
	Dialect    *tabular.Dialect `json:"dialect,omitempty"`
	HeaderRows int              `json:"header_rows"`
	Columns    []ColumnReport   `json:"columns"`
	Rows       int64            `json:"rows"`
	Rejected   []tabular.Reject `json:"rejected" doc:"At most 1000"`
	RejectedN  int64            `json:"rejected_count" doc:"All of them"`
	Lines      Lines            `json:"lines"`
	Notes      []tabular.Note   `json:"notes"`
	Confidence float64          `json:"confidence" minimum:"0" maximum:"1"`
	Questions  []string         `json:"questions"`
	Area       *tabular.Area    `json:"area,omitempty" doc:"Given back in options.tables, it finds this table again"`
	Preview    *Preview         `json:"preview,omitempty"`
	Suggested  *Suggestion      `json:"suggested,omitempty"`
}

// A ColumnReport is one column of a table in a file.
type ColumnReport struct {
	Name   string      `json:"name"`
	Type   string      `json:"type" enum:"text,integer,decimal,boolean,date,time,timestamp"`
	Unit   string      `json:"unit"`
	Nulls  int64       `json:"nulls"`
	Unread int64       `json:"unread"`
	Units  []UnitCount `json:"units,omitempty" doc:"Of the numbers when there are several, most frequent first; area.units chooses one"`
}

// A UnitCount says how many numbers of a column have a unit; "" is none.
type UnitCount struct {
	Unit  string `json:"unit"`
	Count int64  `json:"count"`
}

// A Preview is the first 50 rows, in the source's own text.
type Preview struct {
	Columns []string    `json:"columns"`
	Rows    [][]*string `json:"rows" doc:"null is an absent value"`
	Origin  []int64     `json:"origin" doc:"Physical line or sheet row of each row, from 1"`
}

// A Suggestion says where a table would land.
type Suggestion struct {
	ID         string  `json:"id" doc:"Dataset id: an existing one, or a free one made from the name"`
	Exists     bool    `json:"exists"`
	Name       string  `json:"name"`
	Department string  `json:"department"`
	Why        string  `json:"why" doc:"In plain words"`
	Drift      []Drift `json:"drift"`
	// Vague asks a person for a name.
	Vague bool     `json:"vague,omitempty" doc:"The name of the new dataset does not say what it is about: ask for one"`
	Names []string `json:"names,omitempty" maxItems:"3" doc:"Better names, best first"`
}

// A Drift is one way in which a delivery differs from its dataset.
type Drift struct {
	Kind     string `json:"kind" doc:"column_gone, column_new, column_renamed, type_changed, unit_changed, rows_out_of_range"`
	Column   string `json:"column,omitempty"`
	Was      string `json:"was,omitempty"`
	Now      string `json:"now,omitempty"`
	Decision string `json:"decision,omitempty" doc:"accept, evolve, quarantine, ask, refuse"`
	Text     string `json:"text,omitempty" doc:"In plain words"`
}

// A DriftPolicy says what to do with each kind of drift; what is absent
// follows the hub's default.
type DriftPolicy struct {
	ColumnGone     string  `json:"column_gone,omitempty" enum:"accept,evolve,quarantine,ask"`
	ColumnNew      string  `json:"column_new,omitempty" enum:"accept,evolve,quarantine,ask"`
	ColumnRenamed  string  `json:"column_renamed,omitempty" enum:"accept,evolve,quarantine,ask"`
	TypeChanged    string  `json:"type_changed,omitempty" enum:"accept,evolve,quarantine,ask"`
	UnitChanged    string  `json:"unit_changed,omitempty" enum:"accept,evolve,quarantine,ask"`
	RowsOutOfRange string  `json:"rows_out_of_range,omitempty" enum:"accept,evolve,quarantine,ask"`
	RowsMin        float64 `json:"rows_min,omitempty" minimum:"0" doc:"Fewest rows, as a part of the batch before; 0: no limit"`
	RowsMax        float64 `json:"rows_max,omitempty" minimum:"0" doc:"Most rows, as a multiple of the batch before; 0: no limit"`
}

// NewLanding lands the tables of an uploaded file.
type NewLanding struct {
	UploadID string        `json:"upload_id" minLength:"1" maxLength:"64"`
	Options  ReadOptions   `json:"options,omitempty"`
	Tables   []LandedTable `json:"tables,omitempty" maxItems:"1000" doc:"Absent: every table where it is suggested"`
	Save     bool          `json:"save_recipe,omitempty" doc:"Keep the options as the source's recipe"`
}

// A NewID is the id of a dataset that is not made yet.
type NewID struct {
	ID string `json:"id"`
}

// A LandedTable says where one table goes.
type LandedTable struct {
	N          int          `json:"n" minimum:"1" doc:"Number of the table in the report"`
	Land       bool         `json:"land"`
	Dataset    string       `json:"dataset,omitempty" maxLength:"63" doc:"Existing or new id; absent: as suggested"`
	Name       string       `json:"name,omitempty" maxLength:"200"`
	Department string       `json:"department,omitempty" maxLength:"63"`
	Policy     *DriftPolicy `json:"policy,omitempty"`
}
