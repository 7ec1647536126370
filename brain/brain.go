package brain

import (
	"context"
	"iter"

	"github.com/apache/arrow-go/v18/arrow"

	"shuniu/resource"
)

// A Lake keeps tables. brain/iceberg is its implementation; brain/braintest
// holds the contract every implementation passes.
type Lake interface {
	// Create makes an empty table. fault.Conflict when it exists.
	Create(ctx context.Context, t resource.Table, fields []resource.Field) (Table, error)
	// Open returns the table at its current snapshot; fault.NotFound when there is none.
	Open(ctx context.Context, t resource.Table) (Table, error)
	// Tables lists all tables, ordered by name.
	Tables(ctx context.Context) ([]resource.Table, error)
	// Drop removes the table and its files.
	Drop(ctx context.Context, t resource.Table) error
	// Stage returns a new absolute folder on the lake's own disk in which a
	// worker may write Parquet files for t. Files not committed are swept.
	Stage(ctx context.Context, t resource.Table) (Staging, error)
}

// A Staging is a folder for files that are not yet part of a table.
type Staging interface {
	Dir() string
	// Written tells that the file of this name is complete. Its bytes are made
	// durable and digested while others are written; a commit needs no Written.
	Written(name string)
	// Close removes what was not committed.
	Close() error
}

// BatchKey is where the summary of a snapshot names its batch.
const BatchKey = "shuniu.batch"

// A StagedFile is a Parquet file with field ids, written in a Staging.
type StagedFile struct {
	Path string // absolute, inside the Staging
	Rows int64
}

// A Commit is what becomes of a batch: all of it or none.
type Commit struct {
	Batch   resource.BatchID
	Files   []StagedFile
	Summary map[string]string // kept in the snapshot; keys are prefixed "shuniu."
}

// A Table is one table. Methods reload the newest state; a value is cheap.
type Table interface {
	Name() resource.Table
	// Fields of the current schema, in order, reserved columns included.
	Fields(ctx context.Context) ([]resource.Field, error)
	// Snapshots, newest first.
	Snapshots(ctx context.Context) ([]resource.Snapshot, error)
	// Snapshot returns one of them, 0: the current one, which after a rollback
	// is not the newest. It is the zero value when the table is empty;
	// fault.NotFound when there is none with that id.
	Snapshot(ctx context.Context, id resource.SnapshotID) (resource.Snapshot, error)
	// Append makes files durable, then commits them. When the batch is in a
	// snapshot already it returns that snapshot and commits nothing, so a
	// call whose outcome is unknown may be repeated. fault.Full when the disk
	// is, with the table unchanged.
	Append(ctx context.Context, c Commit) (resource.Snapshot, error)
	// Replace swaps the files old for c.Files in one snapshot; fault.Conflict
	// when one of old is gone.
	Replace(ctx context.Context, old []string, c Commit) (resource.Snapshot, error)
	// Evolve applies changes in order, in one commit of the schema, and
	// returns the new fields with the ids they were given.
	Evolve(ctx context.Context, changes []Change) ([]resource.Field, error)
	// Rollback makes the snapshot current again.
	Rollback(ctx context.Context, id resource.SnapshotID) (resource.Snapshot, error)
	// Batches are those whose rows are in the table; a rollback takes away those
	// of the snapshots after it, and gives them back when it goes forward again.
	Batches(ctx context.Context) (map[resource.BatchID]bool, error)
	// Scan plans the data files of a snapshot (0: current). It refuses with
	// fault.Damaged a plan that has delete files, and verifies the digest of
	// each file the first time this process hands it out.
	Scan(ctx context.Context, id resource.SnapshotID) (Scan, error)
	// Maintain expires snapshots, rewrites manifests and removes orphans.
	Maintain(ctx context.Context, p Upkeep) (UpkeepReport, error)
}

// A Scan is what an engine needs to read a table at a snapshot.
type Scan struct {
	Table    resource.Table
	Snapshot resource.SnapshotID
	Fields   []resource.Field // schema to read with, by field id
	Files    []DataFile
	Rows     int64
}

// A DataFile is one immutable Parquet file.
type DataFile struct {
	Path      string // absolute
	SizeBytes int64
	Rows      int64
}

// A Change of a schema: exactly one of the parts is set.
type Change struct {
	Add    *resource.Field // ID is given by the lake
	Rename *Rename
	Widen  *resource.Field // decimal to more digits; named by ID
	Drop   string          // name
}

// A Rename of a field keeps its id.
type Rename struct{ From, To string }

// Upkeep says what Maintain keeps.
type Upkeep struct {
	KeepSnapshots int   // at least this many
	KeepSeconds   int64 // and all younger than this
}

// UpkeepReport says what Maintain did.
type UpkeepReport struct {
	SnapshotsExpired, FilesRemoved, ManifestsBefore, ManifestsAfter int
}

// WriteParquet writes record batches as one Parquet file at path, zstd, with
// the field ids of fields, and returns its rows. A batch is the producer's: it
// may release it, not change it, when it is asked for the next. It runs inside
// the worker; brain/duck implements it and cmd/shuniu wires it to those who
// write.
type WriteParquet func(ctx context.Context, path string, fields []resource.Field, batches iter.Seq2[arrow.RecordBatch, error]) (rows int64, err error)

// A Statement is one SELECT to run.
type Statement struct {
	SQL      string
	Limit    int64 // rows; 0: none
	Snapshot map[resource.Table]resource.SnapshotID
}

// Rows stream a result. The caller closes them.
type Rows interface {
	Columns() []Column
	// Next returns the next rows, at most a few thousand, or io.EOF. Values
	// are nil, bool, int64, float64, string (decimals, dates and times too,
	// in ISO form).
	Next(ctx context.Context) ([][]any, error)
	// Truncated tells after io.EOF whether Limit cut the result.
	Truncated() bool
	Close() error
}

// A Column of a result.
type Column struct {
	Name string        `json:"name"`
	Type resource.Type `json:"type"`
}

// An Engine runs a gated statement over planned files. brain/duck implements it.
type Engine interface {
	// References returns the tables a statement reads, after checking that it
	// is a single SELECT within the allowed functions; fault.Denied or
	// fault.Invalid otherwise.
	References(ctx context.Context, sql string) ([]resource.Table, error)
	// Run executes it; scans hold every referenced table.
	Run(ctx context.Context, st Statement, scans []Scan) (Rows, error)
	// Rewrite writes the result of sql over scans as Parquet files with the
	// given fields into dir: compaction, replace-by-key, change of types.
	Rewrite(ctx context.Context, sql string, scans []Scan, dir string, fields []resource.Field) ([]StagedFile, error)
}
