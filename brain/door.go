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

// Owner tells which department owns a table, for the gate; fault.NotFound
// when no entry says so.
type Owner func(ctx context.Context, t resource.Table) (resource.DepartmentID, error)

// Brain is the door. Open it with New. Each method asks the gate for the
// right it names, on behalf of the principal of its context, and returns
// fault.Denied without it.
type Brain struct {
	lake   Lake
	engine Engine
	gate   guard.Gate
	owner  Owner
}

// New returns the door to lake, read through engine under gate.
func New(lake Lake, engine Engine, gate guard.Gate, owner Owner) *Brain {
	return &Brain{lake: lake, engine: engine, gate: gate, owner: owner}
}

// decide takes one decision on a table. A table that nobody owns belongs to
// the hub: only who may do action everywhere may do it there.
func (b *Brain) decide(ctx context.Context, action guard.Action, t resource.Table) (guard.Decision, error) {
	department, err := b.owner(ctx, t)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return guard.Decision{}, fmt.Errorf("owner of %s: %w", t, err)
	}
	d, err := b.gate.Decide(ctx, action, guard.Object{Table: t, Department: department})
	if err != nil {
		return d, err
	}
	if !d.Allowed(action, t) {
		return d, fmt.Errorf("%s on %s: %s: %w", action, t, d.Reason(), fault.Denied)
	}
	return d, nil
}

// open opens a table after the decision for it.
func (b *Brain) open(ctx context.Context, action guard.Action, t resource.Table) (Table, error) {
	if _, err := b.decide(ctx, action, t); err != nil {
		return nil, err
	}
	table, err := b.lake.Open(ctx, t)
	if errors.Is(err, fault.NotFound) {
		return nil, fault.Explain(err, KeyNoTable, map[string]any{"table": t.String()})
	}
	return table, err
}

// KeyNoTable is the locale key of a table that is not there; Args: table.
const KeyNoTable = "brain.no_table"

// Fields of a table (right: read_entry).
func (b *Brain) Fields(ctx context.Context, t resource.Table) ([]resource.Field, error) {
	table, err := b.open(ctx, guard.ReadEntry, t)
	if err != nil {
		return nil, err
	}
	return table.Fields(ctx)
}

// Snapshots of a table, newest first (right: read_entry).
func (b *Brain) Snapshots(ctx context.Context, t resource.Table) ([]resource.Snapshot, error) {
	table, err := b.open(ctx, guard.ReadEntry, t)
	if err != nil {
		return nil, err
	}
	return table.Snapshots(ctx)
}

// Snapshot returns one snapshot of a table, 0: the current one (right:
// read_entry). It is the zero value when the table is empty.
func (b *Brain) Snapshot(ctx context.Context, t resource.Table, id resource.SnapshotID) (resource.Snapshot, error) {
	table, err := b.open(ctx, guard.ReadEntry, t)
	if err != nil {
		return resource.Snapshot{}, err
	}
	return table.Snapshot(ctx, id)
}

// Rollback makes a snapshot current again (right: rollback).
func (b *Brain) Rollback(ctx context.Context, t resource.Table, id resource.SnapshotID) (resource.Snapshot, error) {
	table, err := b.open(ctx, guard.Rollback, t)
	if err != nil {
		return resource.Snapshot{}, err
	}
	return table.Rollback(ctx, id)
}

// A Listed is a table as a list shows it.
type Listed struct {
	Table      resource.Table
	Department resource.DepartmentID
	Snapshot   resource.Snapshot // current; the zero value when there is none
	Readable   bool              // the caller may read its rows
}

// Tables lists what the caller may know of (right: read_entry on each),
// ordered by name.
func (b *Brain) Tables(ctx context.Context) ([]Listed, error) {
	all, err := b.lake.Tables(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Listed, 0, len(all))
	for _, t := range all {
		l, err := b.listed(ctx, t)
		switch {
		case errors.Is(err, fault.Denied), errors.Is(err, fault.NotFound): // dropped meanwhile
			continue
		case err != nil:
			return nil, err
		}
		out = append(out, l)
	}
	slices.SortFunc(out, func(x, y Listed) int { return compareTables(x.Table, y.Table) })
	return out, nil
}

func (b *Brain) listed(ctx context.Context, t resource.Table) (Listed, error) {
	department, err := b.owner(ctx, t)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return Listed{}, fmt.Errorf("owner of %s: %w", t, err)
	}
	object := guard.Object{Table: t, Department: department}
	if _, err := b.gate.Decide(ctx, guard.ReadEntry, object); err != nil {
		return Listed{}, err
	}
	l := Listed{Table: t, Department: department}
	if d, err := b.gate.Decide(ctx, guard.ReadRows, object); err == nil {
		l.Readable = d.Allowed(guard.ReadRows, t)
	} else if !errors.Is(err, fault.Denied) {
		return Listed{}, err
	}
	table, err := b.lake.Open(ctx, t)
	if err != nil {
		return Listed{}, err
	}
	l.Snapshot, err = table.Snapshot(ctx, 0)
	return l, err
}

func compareTables(x, y resource.Table) int {
	switch {
	case x.String() < y.String():
		return -1
	case x.String() > y.String():
		return 1
	}
	return 0
}
