package iceberg

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	ice "github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
	"github.com/uptrace/bun"

	"shuniu/brain"
	"shuniu/fault"
	"shuniu/resource"
)

// Evolve changes the schema. See brain.Table.
func (t *Table) Evolve(ctx context.Context, changes []brain.Change) ([]resource.Field, error) {
	unlock, err := t.lake.lock(ctx, t.name)
	if err != nil {
		return nil, err
	}
	defer unlock()
	h, _, err := t.lake.commit(ctx, t.name, "", func(_ context.Context, h *handle, tx *table.Transaction) error {
		return h.stageChanges(tx, changes)
	})
	if err != nil {
		return nil, fmt.Errorf("change columns of %s: %w", t.name, err)
	}
	return fieldsOf(h.meta.CurrentSchema(), h.meta.Properties())
}

// stageChanges stages the changes one after the other, each seeing the last.
func (h *handle) stageChanges(tx *table.Transaction, changes []brain.Change) error {
	props := maps.Clone(h.meta.Properties())
	for i, c := range changes {
		staged, err := tx.StagedTable()
		if err != nil {
			return err
		}
		fields, err := fieldsOf(staged.Schema(), props)
		if err != nil {
			return err
		}
		set, err := change(tx.UpdateSchema(true, true), fields, c)
		if err != nil {
			return fmt.Errorf("change %d: %w", i+1, err)
		}
		if err := set.Commit(); err != nil {
			return fmt.Errorf("change %d: %w: %w", i+1, err, fault.Invalid)
		}
		if c.Add == nil {
			continue
		}
		if staged, err = tx.StagedTable(); err != nil {
			return err
		}
		added, ok := staged.Schema().FindFieldByName(c.Add.Name)
		if !ok {
			return fmt.Errorf("change %d: column %q was not added", i+1, c.Add.Name)
		}
		extra := ice.Properties{}
		if err := putExtra(extra, added.ID, *c.Add); err != nil {
			return err
		}
		if len(extra) > 0 {
			if err := tx.SetProperties(extra); err != nil {
				return err
			}
			maps.Copy(props, extra)
		}
	}
	return nil
}

// change adds c, checked against the fields before it, to the update.
func change(u *table.UpdateSchema, fields []resource.Field, c brain.Change) (*table.UpdateSchema, error) {
	byName := func(name string) (resource.Field, error) {
		for _, f := range fields {
			if f.Name == name {
				return f, nil
			}
		}
		return resource.Field{}, fmt.Errorf("no column %q: %w", name, fault.NotFound)
	}
	switch {
	case c.Add != nil:
		if err := checkName(c.Add.Name, fields, 0); err != nil {
			return nil, err
		}
		typ, err := storedType(*c.Add)
		if err != nil {
			return nil, err
		}
		return u.AddColumn([]string{c.Add.Name}, typ, c.Add.Comment, false, nil), nil
	case c.Rename != nil:
		f, err := byName(c.Rename.From)
		if err != nil {
			return nil, err
		}
		if err := checkName(c.Rename.To, fields, f.ID); err != nil {
			return nil, err
		}
		return u.RenameColumn([]string{f.Name}, c.Rename.To), nil
	case c.Widen != nil:
		for _, f := range fields {
			if f.ID != c.Widen.ID {
				continue
			}
			if f.Type != resource.Decimal || c.Widen.Type != resource.Decimal || c.Widen.Scale != f.Scale || c.Widen.Precision < f.Precision {
				return nil, fmt.Errorf("column %q is %s(%d,%d), only its digits may grow: %w", f.Name, f.Type, f.Precision, f.Scale, fault.Invalid)
			}
			typ, err := storedType(*c.Widen)
			if err != nil {
				return nil, err
			}
			return u.UpdateColumn([]string{f.Name}, table.ColumnUpdate{FieldType: ice.Optional[ice.Type]{Valid: true, Val: typ}}), nil
		}
		return nil, fmt.Errorf("no column with id %d: %w", c.Widen.ID, fault.NotFound)
	case c.Drop != "":
		f, err := byName(c.Drop)
		if err != nil {
			return nil, err
		}
		if len(fields) == 1 {
			return nil, fmt.Errorf("column %q is the last: %w", f.Name, fault.Invalid)
		}
		return u.DeleteColumn([]string{f.Name}), nil
	}
	return nil, fmt.Errorf("an empty change: %w", fault.Invalid)
}

// Rollback makes an earlier, or after a rollback a later, snapshot current.
// Batches that are no longer in the table may be appended again.
func (t *Table) Rollback(ctx context.Context, id resource.SnapshotID) (resource.Snapshot, error) {
	unlock, err := t.lake.lock(ctx, t.name)
	if err != nil {
		return resource.Snapshot{}, err
	}
	defer unlock()
	h, err := t.rollback(ctx, id)
	if err != nil {
		return resource.Snapshot{}, fmt.Errorf("roll %s back to snapshot %d: %w", t.name, id, err)
	}
	return snapshotOf(*h.meta.CurrentSnapshot()), nil
}

func (t *Table) rollback(ctx context.Context, id resource.SnapshotID) (*handle, error) {
	h, err := t.lake.load(ctx, t.name)
	if err != nil {
		return nil, err
	}
	target := h.meta.SnapshotByID(int64(id))
	if target == nil {
		return nil, fmt.Errorf("no such snapshot: %w", fault.NotFound)
	}
	if c := h.meta.CurrentSnapshot(); c != nil && c.SnapshotID == target.SnapshotID {
		return h, nil
	}
	if err := h.refuseDeleteFiles(ctx, target); err != nil {
		return nil, err
	}
	h.also = func(ctx context.Context, tx bun.Tx) error { return noteBatches(ctx, tx, h.meta, target) }
	_, _, err = h.CommitTable(ctx, nil, nil, []table.Update{table.NewSetSnapshotRefUpdate(table.MainBranch, target.SnapshotID, table.BranchRef, 0, 0, 0)})
	if err != nil {
		if h.unknown == "" {
			h.files.discard()
			if errors.Is(err, errMoved) {
				err = fmt.Errorf("%w: %w", err, fault.Conflict)
			}
			return nil, err
		}
		h, _, err = t.lake.lookAgain(ctx, h, err)
		return h, err
	}
	return h, nil
}

// noteBatches makes lake_batch say what is in the table when target is its
// newest snapshot, as far as the snapshots of meta tell.
func noteBatches(ctx context.Context, tx bun.Tx, meta table.Metadata, target *table.Snapshot) error {
	in := map[int64]bool{}
	for s := target; s != nil; s = meta.SnapshotByID(*s.ParentSnapshotID) {
		in[s.SnapshotID] = true
		if s.ParentSnapshotID == nil {
			break
		}
	}
	id := meta.TableUUID().String()
	for _, s := range meta.Snapshots() {
		if s.Summary == nil || s.Summary.Properties[batchKey] == "" {
			continue
		}
		batch := s.Summary.Properties[batchKey]
		if !in[s.SnapshotID] {
			if _, err := tx.ExecContext(ctx, "DELETE FROM lake_batch WHERE table_uuid = ? AND batch = ?", id, batch); err != nil {
				return err
			}
		}
	}
	for _, s := range meta.Snapshots() {
		if s.Summary == nil || s.Summary.Properties[batchKey] == "" || !in[s.SnapshotID] {
			continue
		}
		note, err := json.Marshal(snapshotOf(s))
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO lake_batch (table_uuid, batch, snapshot) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
			id, s.Summary.Properties[batchKey], string(note)); err != nil {
			return err
		}
	}
	return nil
}
