package brain

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"shuniu/fault"
	"shuniu/guard"
	"shuniu/resource"
)

// Renew makes what files writes all that a table holds (right: refine on the
// table, read_rows on those in from), in one snapshot. A table that is not
// there is made; one that lacks fields gets them. files is called with the
// scans of from, the fields with their ids, and the folder to write in.
func (b *Brain) Renew(ctx context.Context, t resource.Table, fields []resource.Field, from []resource.Table, summary map[string]string,
	files func(ctx context.Context, scans []Scan, fields []resource.Field, staging Staging) ([]StagedFile, error),
) (s resource.Snapshot, err error) {
	if _, err := b.decide(ctx, guard.Refine, t); err != nil {
		return s, err
	}
	scans := make([]Scan, len(from))
	for i, f := range from {
		if scans[i], err = b.scan(ctx, f, 0); err != nil {
			return s, err
		}
	}
	table, err := b.withFields(ctx, t, fields)
	if err != nil {
		return s, fmt.Errorf("renew %s: %w", t, err)
	}
	have, err := table.Fields(ctx)
	if err != nil {
		return s, err
	}
	fields = slices.DeleteFunc(have, func(f resource.Field) bool { return !hasField(fields, f.Name) })
	staging, err := b.lake.Stage(ctx, t)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, staging.Close()) }()
	made, err := files(ctx, scans, fields, staging)
	if err != nil {
		return s, fmt.Errorf("renew %s: %w", t, err)
	}
	old, err := table.Scan(ctx, 0)
	if err != nil {
		return s, err
	}
	c := Commit{Batch: newBatch(), Files: made, Summary: summary}
	if len(old.Files) == 0 {
		return table.Append(ctx, c)
	}
	paths := make([]string, len(old.Files))
	for i, f := range old.Files {
		paths[i] = f.Path
	}
	return table.Replace(ctx, paths, c)
}

// withFields opens a table that has the fields, making or widening it.
func (b *Brain) withFields(ctx context.Context, t resource.Table, fields []resource.Field) (Table, error) {
	table, err := b.lake.Open(ctx, t)
	if errors.Is(err, fault.NotFound) {
		return b.lake.Create(ctx, t, fields)
	}
	if err != nil {
		return nil, err
	}
	have, err := table.Fields(ctx)
	if err != nil {
		return nil, err
	}
	var changes []Change
	for _, f := range fields {
		if !hasField(have, f.Name) {
			changes = append(changes, Change{Add: &f})
		}
	}
	if len(changes) > 0 {
		if _, err := table.Evolve(ctx, changes); err != nil {
			return nil, err
		}
	}
	return table, nil
}

// RenewBy is Renew with the result of a SELECT over from, whose columns are
// those of fields by name.
func (b *Brain) RenewBy(ctx context.Context, t resource.Table, fields []resource.Field, from []resource.Table, summary map[string]string, sql string) (resource.Snapshot, error) {
	return b.Renew(ctx, t, fields, from, summary, func(ctx context.Context, scans []Scan, fields []resource.Field, staging Staging) ([]StagedFile, error) {
		return b.engine.Rewrite(ctx, sql, scans, staging.Dir(), fields)
	})
}
