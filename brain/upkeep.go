package brain

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/oklog/ulid/v2"

	"shuniu/fault"
	"shuniu/guard"
	"shuniu/resource"
)

// When files are small enough, and enough of them, to be written anew as one.
const (
	smallFileBytes  = 64 << 20
	smallFilesMin   = 8
	compactionBytes = 512 << 20 // of the files that become one
)

// staged is the name under which a rewrite sees files that are not yet part of
// a table. It is no station, so no statement of a user can name it.
var staged = resource.Table{Station: "staged", Dataset: "batch"}

// Maintain expires snapshots, rewrites manifests and removes orphans (right:
// operate).
func (b *Brain) Maintain(ctx context.Context, t resource.Table, p Upkeep) (UpkeepReport, error) {
	table, err := b.open(ctx, guard.Operate, t)
	if err != nil {
		return UpkeepReport{}, err
	}
	return table.Maintain(ctx, p)
}

// Compact writes many small files of a table anew as few (right: operate) and
// returns how many files went. Rows, their order and the origin of each stay.
// Batches may be appended meanwhile; fault.Conflict when somebody else
// replaced the files.
func (b *Brain) Compact(ctx context.Context, t resource.Table) (files int, err error) {
	table, err := b.open(ctx, guard.Operate, t)
	if err != nil {
		return 0, err
	}
	scan, err := table.Scan(ctx, 0)
	if err != nil {
		return 0, err
	}
	for _, group := range smallGroups(scan.Files) {
		part := scan
		part.Files, part.Rows = group, 0
		for _, f := range group {
			part.Rows += f.Rows
		}
		c := Commit{Batch: newBatch(), Summary: map[string]string{"kind": "compact"}}
		if _, err := b.rewrite(ctx, table, "FROM "+t.String(), []Scan{part}, part, part.Rows, c); err != nil {
			return files, fmt.Errorf("compact %s: %w", t, err)
		}
		files += len(group)
	}
	return files, nil
}

// smallGroups picks neighbouring small files that are worth one rewrite each.
func smallGroups(files []DataFile) [][]DataFile {
	var groups [][]DataFile
	var group []DataFile
	var size int64
	finish := func() {
		if len(group) >= smallFilesMin {
			groups = append(groups, group)
		}
		group, size = nil, 0
	}
	for _, f := range files {
		if f.SizeBytes >= smallFileBytes {
			continue
		}
		if size+f.SizeBytes > compactionBytes {
			finish()
		}
		group, size = append(group, f), size+f.SizeBytes
	}
	finish()
	return groups
}

// ReplaceByKey puts the rows of c.Files into a table in place of those with
// the same key (right: land): rows whose key columns equal those of a new row
// go, all others stay, in one snapshot. Two empty values count as equal. Rows
// of c with the same key all stay. c.Files must lie in a Staging of the lake;
// the call may be repeated with the same batch.
func (b *Brain) ReplaceByKey(ctx context.Context, t resource.Table, key []string, c Commit) (resource.Snapshot, error) {
	table, err := b.open(ctx, guard.Land, t)
	if err != nil {
		return resource.Snapshot{}, err
	}
	s, err := b.replaceByKey(ctx, table, key, c)
	if err != nil {
		return resource.Snapshot{}, fmt.Errorf("replace by key in %s: %w", t, err)
	}
	return s, nil
}

func (b *Brain) replaceByKey(ctx context.Context, table Table, key []string, c Commit) (resource.Snapshot, error) {
	snapshots, err := table.Snapshots(ctx)
	if err != nil {
		return resource.Snapshot{}, err
	}
	for _, s := range snapshots {
		if s.Summary[BatchKey] == string(c.Batch) {
			return s, nil // repeated; its files have moved into the table
		}
	}
	old, err := table.Scan(ctx, 0)
	if err != nil {
		return resource.Snapshot{}, err
	}
	if len(key) == 0 {
		return resource.Snapshot{}, fmt.Errorf("no key column: %w", fault.Invalid)
	}
	equal := make([]string, len(key))
	for i, k := range key {
		if !hasField(old.Fields, k) {
			return resource.Snapshot{}, fmt.Errorf("no key column %q: %w", k, fault.Invalid)
		}
		equal[i] = fmt.Sprintf("n.%[1]s IS NOT DISTINCT FROM o.%[1]s", quote(k))
	}
	if len(old.Files) == 0 {
		return table.Append(ctx, c)
	}
	fresh := Scan{Table: staged, Fields: old.Fields}
	for _, f := range c.Files {
		fresh.Files = append(fresh.Files, DataFile{Path: f.Path, Rows: f.Rows})
	}
	sql := fmt.Sprintf("SELECT o.* FROM %s AS o WHERE NOT EXISTS (SELECT 1 FROM %s AS n WHERE %s)", table.Name(), staged, strings.Join(equal, " AND "))
	return b.rewrite(ctx, table, sql, []Scan{old, fresh}, old, -1, c)
}

// rewrite swaps the files of old for the result of sql and the files of c.
// want, unless negative, is how many rows the result must have.
func (b *Brain) rewrite(ctx context.Context, table Table, sql string, scans []Scan, old Scan, want int64, c Commit) (s resource.Snapshot, err error) {
	staging, err := b.lake.Stage(ctx, table.Name())
	if err != nil {
		return resource.Snapshot{}, err
	}
	defer func() { err = errors.Join(err, staging.Close()) }()
	files, err := b.engine.Rewrite(ctx, sql, scans, staging.Dir(), old.Fields)
	if err != nil {
		return resource.Snapshot{}, err
	}
	var got int64
	for _, f := range files {
		got += f.Rows
	}
	if want >= 0 && got != want {
		return resource.Snapshot{}, fmt.Errorf("%d rows written anew, want %d: %w", got, want, fault.Damaged)
	}
	paths := make([]string, len(old.Files))
	for i, f := range old.Files {
		paths[i] = f.Path
	}
	c.Files = append(files, c.Files...)
	return table.Replace(ctx, paths, c)
}

func hasField(fields []resource.Field, name string) bool {
	for _, f := range fields {
		if f.Name == name {
			return true
		}
	}
	return false
}

// newBatch names a commit that is no landing.
func newBatch() resource.BatchID { return resource.BatchID(ulid.Make().String()) }
