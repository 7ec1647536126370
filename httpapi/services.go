package httpapi

import (
	"context"
	"io"
	"iter"
	"time"

	"shuniu/guard"
)

// Services are what the operations answer from. All must be set; New names
// the first that is missing. The principal is in ctx; a service asks the gate
// for the object at hand and returns errors with a kind of package fault.
type Services struct {
	Accounts   Accounts
	Gate       Gate
	Audit      AuditLog
	Uploads    Uploads
	Intake     Intake
	Batches    Batches
	Quarantine Quarantine
	Catalogue  Catalogue
	Tables     Tables
	Runs       Runs
	Events     Events
	Search     func(ctx context.Context, q string, kinds []string, limit int) (SearchResult, error)
	Objects    Objects
	Views      Views
	Query      func(ctx context.Context, sql string, limit int64) (RowStream, error)
	Summary    func(ctx context.Context) (Summary, error)
	Doctor     func(ctx context.Context, quick bool) (DoctorReport, error)
	Collect    func(ctx context.Context, in CLICollect, emit func(Receipt) error) (CollectSums, error)
}

// A Gate decides, and says whether a right holds anywhere at all;
// guard.Policy is the one implementation.
type Gate interface {
	guard.Gate
	Somewhere(ctx context.Context, action guard.Action) error
}

// Accounts keep people, their sessions and departments.
type Accounts interface {
	// Login returns fault.Denied when the two do not match, and
	// *guard.LockedError (fault.Busy) while the account or address is locked.
	Login(ctx context.Context, account, password, address string) (guard.Session, error)
	// Session returns fault.NotFound when the token is of no live session.
	Session(ctx context.Context, token string) (guard.Principal, error)
	Logout(ctx context.Context, token string) error
	Switch(ctx context.Context, token string, role guard.Role) (guard.Principal, error)
	ChangePassword(ctx context.Context, token, address, old, changed string) error
	Me(ctx context.Context) (Me, error)
	List(ctx context.Context, p Paging) (Page[Account], error)
	Create(ctx context.Context, a NewAccount) (Account, error)
	Change(ctx context.Context, account string, c AccountChange) (Account, error)
	// As returns the principal of an account in its first role.
	As(ctx context.Context, account string) (guard.Principal, error)
	Departments(ctx context.Context) ([]Department, error)
	CreateDepartment(ctx context.Context, d NewDepartment) (Department, error)
	// SignInLocks lists addresses from which sign-ins are refused for now.
	SignInLocks(ctx context.Context) ([]SignInLock, error)
	// UnlockAddress lifts such a lock; fault.NotFound when there is none.
	UnlockAddress(ctx context.Context, address string) error
}

// AuditLog is the log of who did what.
type AuditLog interface {
	// Record writes one entry in a transaction of its own: for reads, whose
	// answer is sent only once the entry is durable.
	Record(ctx context.Context, action guard.Action, object, detail string) error
	List(ctx context.Context, f AuditFilter, p Paging) (Page[AuditEntry], error)
	Verify(ctx context.Context) (AuditVerdict, error)
}

// Uploads receive files in parts.
type Uploads interface {
	Create(ctx context.Context, n NewUpload) (Upload, error)
	// Append writes body at offset, makes it durable and returns the new
	// state. A cut body keeps what came. *OffsetError (fault.Conflict) tells
	// the right offset.
	Append(ctx context.Context, id string, offset int64, body io.Reader) (Upload, error)
	Get(ctx context.Context, id string) (Upload, error)
	Delete(ctx context.Context, id string) error
}

// Intake understands and lands uploads.
type Intake interface {
	Inspect(ctx context.Context, n NewInspection) (RunRef, error)
	Inspection(ctx context.Context, uploadID string) (Inspection, error)
	Land(ctx context.Context, n NewLanding) (RunRef, error)
	// NewID is the id that a new dataset of that name would get. An empty
	// department is the caller's.
	NewID(ctx context.Context, department, name string) (NewID, error)
}

// Batches are the receipts.
type Batches interface {
	List(ctx context.Context, f BatchFilter, p Paging) (Page[Batch], error)
	Get(ctx context.Context, id string) (BatchDetail, error)
	Answer(ctx context.Context, id string, a BatchAnswer) (RunRef, error)
	Rerun(ctx context.Context, id string) (RunRef, error)
}

// Quarantine keeps what did not land.
type Quarantine interface {
	List(ctx context.Context, f QuarantineFilter, p Paging) (QuarantinePage, error)
	Mend(ctx context.Context, id string, m Mending) (Quarantined, error)
	Replay(ctx context.Context, r Replay) (RunRef, error)
	Discard(ctx context.Context, d Discard) (Affected, error)
}

// Catalogue keeps the entries of datasets.
type Catalogue interface {
	List(ctx context.Context, f DatasetFilter, p Paging) (DatasetPage, error)
	Get(ctx context.Context, id string) (DatasetDetail, error)
	Change(ctx context.Context, id string, c DatasetChange) (DatasetDetail, error)
	Fields(ctx context.Context, id string) ([]DatasetField, error)
	Changes(ctx context.Context, id string, p Paging) (Page[Change], error)
	Lineage(ctx context.Context, id string) (Lineage, error)
	Origin(ctx context.Context, id, batch string, row int64) (Origin, error)
}

// Tables are the rows behind datasets.
type Tables interface {
	Rows(ctx context.Context, id string, f RowFilter, p Paging) (RowPage, error)
	// Export streams all rows that f chooses.
	Export(ctx context.Context, id string, f RowFilter) (RowStream, error)
	Snapshots(ctx context.Context, id string, p Paging) (Page[Snapshot], error)
	Rollback(ctx context.Context, id, to string) (Snapshot, error)
}

// A RowStream is a result on its way. The caller closes it.
type RowStream interface {
	Columns() []RowColumn
	// Next returns the next rows or io.EOF.
	Next(ctx context.Context) ([][]any, error)
	// Truncated tells after io.EOF whether a limit cut the result.
	Truncated() bool
	Close() error
}

// Runs are long work.
type Runs interface {
	List(ctx context.Context, f RunFilter, p Paging) (Page[Run], error)
	Get(ctx context.Context, id string) (Run, error)
	Cancel(ctx context.Context, id string) (Run, error)
	Retry(ctx context.Context, id string) (Run, error)
}

// Events is the log of what happened, for the stream.
type Events interface {
	// Follow yields what the caller may know of topics after the event after,
	// then what comes, until ctx ends. With after < 0 it begins with one event
	// of kind "snapshot" per topic. A zero Event is a heartbeat.
	Follow(ctx context.Context, topics []string, after int64) iter.Seq2[Event, error]
}

// Objects are files kept whole.
type Objects interface {
	Get(ctx context.Context, sha256 string) (Object, error)
	// Open returns the content; the caller closes it.
	Open(ctx context.Context, sha256 string) (Object, io.ReadSeekCloser, error)
}

// Views are saved filters of the caller.
type Views interface {
	List(ctx context.Context, page string) ([]View, error)
	Put(ctx context.Context, v NewView) (View, error)
	Delete(ctx context.Context, id string) error
}

// An AuditFilter chooses entries of the log.
type AuditFilter struct {
	Account string    `query:"account" maxLength:"64"`
	Action  string    `query:"action" maxLength:"40"`
	Object  string    `query:"object" maxLength:"200"`
	Since   time.Time `query:"since" doc:"RFC 3339"`
	Until   time.Time `query:"until" doc:"RFC 3339"`
}
