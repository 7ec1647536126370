package httpapi

import "time"

// A Dataset is an entry of the catalogue.
type Dataset struct {
	ID             string    `json:"id"`
	Name           string    `json:"name"`
	SQL            string    `json:"sql"`
	Station        string    `json:"station" enum:"landing,standard,library,topic"`
	Department     string    `json:"department,omitempty"`
	DepartmentName string    `json:"department_name,omitempty"`
	Theme          string    `json:"theme,omitempty"`
	Format         string    `json:"format,omitempty" doc:"Format of the newest source file"`
	Status         string    `json:"status" enum:"draft,published,retired"`
	Description    string    `json:"description,omitempty"`
	Rows           int64     `json:"rows"`
	Fields         int       `json:"fields"`
	Quarantined    int64     `json:"quarantined"`
	Batches        int64     `json:"batches"`
	SizeBytes      int64     `json:"size_bytes"`
	Snapshot       string    `json:"snapshot,omitempty" doc:"Id of the current snapshot; text, as it exceeds 2^53"`
	CreatedAt      time.Time `json:"created_at"`
	UpdatedAt      time.Time `json:"updated_at" doc:"When data last landed"`
}

// A DatasetDetail is an entry with its rules and what the caller may do.
type DatasetDetail struct {
	Dataset
	Policy      DriftPolicy  `json:"policy"`
	Recipe      *ReadOptions `json:"recipe,omitempty" doc:"How its files are read"`
	SourceFiles []string     `json:"source_files" doc:"Names of the newest files, newest first"`
	Account     string       `json:"account,omitempty" doc:"Who landed it first"`
	AccountName string       `json:"account_name,omitempty" doc:"The person's name, when the account is still known"`
	Can         []string     `json:"can" doc:"Actions the caller may do on it"`
}

// A Facet is one property with the counts of its values.
type Facet struct {
	Name   string       `json:"name" enum:"department,theme,format,status,reason,kind"`
	Values []FacetCount `json:"values"`
}

// A FacetCount is how many items have a value.
type FacetCount struct {
	Value string `json:"value"`
	Label string `json:"label"`
	Count int64  `json:"count"`
}

// A DatasetPage is a page of entries with facets of the whole result.
type DatasetPage struct {
	Page[Dataset]
	Facets []Facet `json:"facets"`
}

// A DatasetFilter chooses entries.
type DatasetFilter struct {
	Q          string   `query:"q" maxLength:"200" doc:"Chinese words of two characters and up, pinyin initials, ids"`
	Department []string `query:"department,explode" maxItems:"50"`
	Theme      []string `query:"theme,explode" maxItems:"50"`
	Format     []string `query:"format,explode" maxItems:"50"`
	Status     []string `query:"status,explode" maxItems:"10"`
	Sort       string   `query:"sort" enum:"updated,name,rows,relevance" doc:"Default: relevance with q, else updated"`
}

// DatasetChange changes an entry; absent parts stay.
type DatasetChange struct {
	Name        *string      `json:"name,omitempty" minLength:"1" maxLength:"200"`
	Department  *string      `json:"department,omitempty" maxLength:"63"`
	Theme       *string      `json:"theme,omitempty" maxLength:"100"`
	Description *string      `json:"description,omitempty" maxLength:"4000"`
	Status      *string      `json:"status,omitempty" enum:"draft,published,retired"`
	Policy      *DriftPolicy `json:"policy,omitempty"`
}

// A DatasetField is one column with what is known of its values.
type DatasetField struct {
	ID       int      `json:"id"`
	Name     string   `json:"name"`
	Type     string   `json:"type" enum:"text,integer,decimal,boolean,date,time,timestamp"`
	Unit     string   `json:"unit,omitempty"`
	Comment  string   `json:"comment,omitempty"`
	Reading  string   `json:"reading,omitempty" doc:"Of a text column: type of the reading in C__value"`
	FillRate *float64 `json:"fill_rate,omitempty" minimum:"0" maximum:"1"`
	Distinct *int64   `json:"distinct,omitempty"`
	Unread   *int64   `json:"unread,omitempty" doc:"Values that stayed text in a typed column"`
	Min      *string  `json:"min,omitempty"`
	Max      *string  `json:"max,omitempty"`
	Samples  []string `json:"samples"`
}

// A RowPage is rows of a table. Every row has one value per column; the
// reserved columns _batch and _row are among them.
type RowPage struct {
	Columns  []RowColumn `json:"columns"`
	Rows     [][]any     `json:"rows" doc:"null, boolean, integer, number or string; decimals, dates, times and integers beyond 2^53 are strings"`
	Next     string      `json:"next,omitempty"`
	Snapshot string      `json:"snapshot" doc:"The state the rows are of; pass it back while paging"`
	Total    int64       `json:"total" doc:"Rows of the table at the snapshot"`
}

// A RowColumn is a column of rows.
type RowColumn struct {
	Name string `json:"name"`
	Type string `json:"type" enum:"text,integer,decimal,boolean,date,time,timestamp"`
	Unit string `json:"unit,omitempty"`
}

// A RowFilter chooses rows of a table at a snapshot.
type RowFilter struct {
	Snapshot string `query:"snapshot" pattern:"^[0-9]{1,19}$" doc:"Absent: the current state"`
	Where    string `query:"where" maxLength:"4000" doc:"JSON object: column name to the text its value must equal, or null; {\"区\":\"浦东\"}"`
	Contains string `query:"contains" maxLength:"200" doc:"Text that some column must contain"`
}

// A Snapshot is one committed state of a table.
type Snapshot struct {
	ID        string    `json:"id" doc:"Text, as it exceeds 2^53"`
	Parent    string    `json:"parent,omitempty"`
	At        time.Time `json:"at"`
	Operation string    `json:"operation"`
	Rows      int64     `json:"rows" doc:"Rows of the whole table after it"`
	Added     int64     `json:"added"`
	Batch     string    `json:"batch,omitempty"`
	Current   bool      `json:"current"`
}

// A RollbackTo names the snapshot to make current again.
type RollbackTo struct {
	Snapshot string `json:"snapshot" pattern:"^[0-9]{1,19}$"`
}

// Lineage is where a table's rows come from.
type Lineage struct {
	Nodes     []LineageNode `json:"nodes"`
	Edges     []LineageEdge `json:"edges"`
	Truncated bool          `json:"truncated" doc:"Only the newest batches are shown"`
}

// A LineageNode is a file, a batch or a table.
type LineageNode struct {
	ID    string            `json:"id"`
	Kind  string            `json:"kind" enum:"file,object,batch,table"`
	Label string            `json:"label"`
	At    *time.Time        `json:"at,omitempty"`
	Facts map[string]string `json:"facts" doc:"What to show of it, e.g. rows, sha256, encoding"`
}

// A LineageEdge leads from source to result.
type LineageEdge struct {
	From string `json:"from"`
	To   string `json:"to"`
	Rows int64  `json:"rows,omitempty"`
}

// A Change is one entry of a dataset's history.
type Change struct {
	ID       string    `json:"id"`
	At       time.Time `json:"at"`
	Account  string    `json:"account"`
	Name     string    `json:"account_name,omitempty" doc:"The person's name, when the account is still known"`
	Kind     string    `json:"kind" doc:"created, landed, evolved, edited, rolled_back, mended, discarded"`
	Text     string    `json:"text" doc:"In plain words"`
	Before   string    `json:"before,omitempty"`
	After    string    `json:"after,omitempty"`
	Snapshot string    `json:"snapshot,omitempty"`
	Batch    string    `json:"batch,omitempty"`
}

// An Origin is the place in a file that a row came from.
type Origin struct {
	Batch      string        `json:"batch"`
	Row        int64         `json:"row" doc:"Physical line or sheet row, from 1"`
	File       string        `json:"file"`
	Member     string        `json:"member,omitempty"`
	Sheet      string        `json:"sheet,omitempty"`
	Range      string        `json:"range,omitempty"`
	Path       string        `json:"path,omitempty"`
	SHA256     string        `json:"sha256"`
	Format     string        `json:"format,omitempty"`
	Encoding   string        `json:"encoding,omitempty"`
	Department string        `json:"department,omitempty"`
	Account    string        `json:"account"`
	Name       string        `json:"account_name,omitempty" doc:"The person's name, when the account is still known"`
	At         time.Time     `json:"at"`
	Values     []OriginValue `json:"values"`
	Around     []OriginLine  `json:"around" doc:"Rows before and after, this one too"`
	Mended     bool          `json:"mended,omitempty" doc:"The row was put right in quarantine; values are as mended"`
}

// An OriginLine is a row near the one asked for, one value per column.
type OriginLine struct {
	Row    int64     `json:"row"`
	Values []*string `json:"values"`
}

// An OriginValue is a value as the file has it.
type OriginValue struct {
	Column string  `json:"column"`
	Text   *string `json:"text" nullable:"true"`
}

// SearchResult is what was found, grouped by kind.
type SearchResult struct {
	Q      string        `json:"q"`
	Groups []SearchGroup `json:"groups"`
}

// A SearchGroup is the hits of one kind.
type SearchGroup struct {
	Kind  string      `json:"kind" enum:"dataset,field,object,batch,department"`
	Total int64       `json:"total"`
	Hits  []SearchHit `json:"hits"`
}

// A SearchHit is one thing found.
type SearchHit struct {
	ID       string      `json:"id" doc:"Dataset id, sha256, batch id or department id"`
	Title    []Highlight `json:"title"`
	Subtitle string      `json:"subtitle,omitempty"`
	Matches  []Match     `json:"matches"`
}

// A Match is where else the words stand.
type Match struct {
	Field string      `json:"field" doc:"name, description, field, text …"`
	Text  []Highlight `json:"text"`
}

// A Highlight is a piece of text; Hit pieces are what was searched for.
type Highlight struct {
	Text string `json:"text"`
	Hit  bool   `json:"hit,omitempty"`
}

// An Object is a file that holds no table, kept as it came.
type Object struct {
	SHA256     string            `json:"sha256"`
	Name       string            `json:"name"`
	Names      []string          `json:"names" doc:"All names it came under"`
	MediaType  string            `json:"media_type"`
	SizeBytes  int64             `json:"size_bytes"`
	Metadata   map[string]string `json:"metadata"`
	Text       string            `json:"text,omitempty" doc:"Extracted; at most 64 KiB"`
	TextCut    bool              `json:"text_cut,omitempty"`
	Department string            `json:"department,omitempty"`
	Account    string            `json:"account,omitempty"`
	At         time.Time         `json:"at"`
}

// A View is a filter of a page that an account saved.
type View struct {
	ID        string    `json:"id"`
	Page      string    `json:"page"`
	Name      string    `json:"name"`
	Query     string    `json:"query" doc:"The page's URL query"`
	UpdatedAt time.Time `json:"updated_at"`
}

// NewView saves a view; the same page and name replace it.
type NewView struct {
	Page  string `json:"page" minLength:"1" maxLength:"40" pattern:"^[a-z_]+$"`
	Name  string `json:"name" minLength:"1" maxLength:"60"`
	Query string `json:"query" maxLength:"4000"`
}

// A QueryRequest is one SELECT.
type QueryRequest struct {
	SQL    string `json:"sql" minLength:"1" maxLength:"100000"`
	Limit  int64  `json:"limit,omitempty" minimum:"0" doc:"Rows; 0 or absent: none"`
	Format string `json:"format,omitempty" enum:"json,csv,ndjson" doc:"Default json"`
	As     string `json:"as,omitempty" maxLength:"64" doc:"Account to act as; only from the folder owner's command line"`
}

// QueryResult is the JSON form of a result.
type QueryResult struct {
	Columns   []RowColumn `json:"columns"`
	Rows      [][]any     `json:"rows"`
	Truncated bool        `json:"truncated"`
}

// Summary is the workbench of the caller.
type Summary struct {
	Waiting     []Batch         `json:"waiting" doc:"Batches that need an answer from the caller"`
	Quarantine  QuarantineCount `json:"quarantine"`
	Recent      []Batch         `json:"recent" doc:"Newest receipts"`
	Fresh       []Dataset       `json:"fresh" doc:"Datasets with new data, newest first"`
	Running     []Run           `json:"running"`
	Totals      Totals          `json:"totals"`
	GeneratedAt time.Time       `json:"generated_at"`
}

// A QuarantineCount is how many lines wait, and where most of them do.
type QuarantineCount struct {
	Open     int64        `json:"open"`
	Datasets []FacetCount `json:"datasets"`
	Reasons  []FacetCount `json:"reasons"`
}

// Totals are figures of all the caller may see.
type Totals struct {
	Datasets    int64      `json:"datasets"`
	Departments int64      `json:"departments"`
	Rows        int64      `json:"rows"`
	Batches     int64      `json:"batches"`
	Objects     int64      `json:"objects"`
	Days        []DayTotal `json:"days" doc:"The last 30 days, oldest first"`
}

// A DayTotal is what landed on one day (Asia/Shanghai).
type DayTotal struct {
	Day     string `json:"day" format:"date"`
	Batches int64  `json:"batches"`
	Rows    int64  `json:"rows"`
}

// DoctorReport is what shuniu doctor prints.
type DoctorReport struct {
	OK     bool          `json:"ok"`
	Checks []DoctorCheck `json:"checks"`
}

// A DoctorCheck is one check.
type DoctorCheck struct {
	Name     string          `json:"name"`
	OK       bool            `json:"ok"`
	Checked  int64           `json:"checked"`
	Problems []DoctorProblem `json:"problems"`
}

// A DoctorProblem is what is wrong, where, and how to mend it.
type DoctorProblem struct {
	What  string `json:"what"`
	Where string `json:"where"`
	Mend  string `json:"mend"`
}

// CLICollect asks to land files for the command line: absolute paths on the
// hub's own machine, or uploads that were received.
type CLICollect struct {
	Paths      []string `json:"paths,omitempty" maxItems:"100000"`
	Uploads    []string `json:"uploads,omitempty" maxItems:"100000"`
	Dataset    string   `json:"dataset,omitempty" maxLength:"63"`
	Department string   `json:"department,omitempty" maxLength:"63"`
}

// A Receipt is one line of the answer to the command line, as facts of
// shuniu collect state it.
type Receipt struct {
	File            string `json:"file"`
	Member          string `json:"member"`
	Table           int    `json:"table"`
	Batch           string `json:"batch"`
	Dataset         string `json:"dataset"`
	SQL             string `json:"sql"`
	Snapshot        int64  `json:"snapshot"`
	SHA256          string `json:"sha256"`
	RowsIn          int64  `json:"rows_in"`
	RowsLanded      int64  `json:"rows_landed"`
	RowsQuarantined int64  `json:"rows_quarantined"`
	Status          string `json:"status" enum:"landed,unchanged,kept_as_object,waiting,refused"`
	Reason          string `json:"reason"`
}

// A CollectLine is one line of the NDJSON answer: a receipt the moment it is
// durable, and at the end the sums or the problem.
type CollectLine struct {
	Receipt *Receipt     `json:"receipt,omitempty"`
	Sums    *CollectSums `json:"sums,omitempty"`
	Problem *Problem     `json:"problem,omitempty"`
}

// CollectSums ends the answer to the command line.
type CollectSums struct {
	Files   int64   `json:"files"`
	Landed  int64   `json:"landed"`
	Refused int64   `json:"refused"`
	Seconds float64 `json:"seconds"`
}
