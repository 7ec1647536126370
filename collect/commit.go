package collect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/oklog/ulid/v2"
	"github.com/uptrace/bun"

	"shuniu/brain"
	"shuniu/collect/intake"
	"shuniu/collect/intake/reading"
	"shuniu/event"
	"shuniu/fault"
	"shuniu/guard"
	"shuniu/resource"
)

// A batchReport is what a batch keeps of how its table was read and what its
// columns hold: enough to finish the batch after a crash.
type batchReport struct {
	Table    intake.TableReport `json:"table"`
	Name     string             `json:"name"` // of the dataset
	Forms    []form             `json:"forms"`
	Findings []reading.Finding  `json:"findings"` // per form, in order; Name "" where the file has no column
	Unread   map[string]int64   `json:"unread"`   // per stored column
}

// account checks the batch against every count there is and fills its row.
func (b *batch) account() error {
	res := b.result
	if res == nil {
		return fmt.Errorf("batch %s: the worker gave no account: %w", b.row.ID, fault.Damaged)
	}
	var inFiles int64
	for _, f := range res.Files {
		inFiles += f.Rows
	}
	landed, quarantined := res.Tally.Rows, res.Tally.Rejected
	if b.row.Reason != "" { // quarantined whole
		landed, quarantined = 0, res.Tally.Rows+res.Tally.Rejected
	}
	if !res.Tally.Balanced() || inFiles != landed || res.Written != landed || b.rejects != quarantined || res.Rejects != quarantined ||
		b.facts.Report.Rows != res.Tally.Rows || b.facts.Report.RejectedCount != res.Tally.Rejected {
		return fault.Explain(fmt.Errorf("batch %s: %d rows read, %d in files, %d written; %d lines rejected, %d kept; profile saw %d and %d: %w",
			b.row.ID, res.Tally.Rows, inFiles, res.Written, res.Tally.Rejected, b.rejects, b.facts.Report.Rows, b.facts.Report.RejectedCount, fault.Damaged),
			"collect.unbalanced", map[string]any{"batch": b.row.ID})
	}
	b.row.RowsIn, b.row.Landed, b.row.Quarantined = landed+quarantined, landed, quarantined
	rep := batchReport{Table: b.facts.Report, Name: b.dataset.Name, Forms: b.forms, Findings: make([]reading.Finding, len(b.forms)), Unread: map[string]int64{}}
	rep.Table.Rejected, rep.Table.Preview, rep.Table.PreviewOrigin = nil, nil, nil
	for i, c := range b.fills {
		rep.Findings[i] = *b.columns[c].finding
		if rep.Findings[i].Name == "" {
			rep.Findings[i].Name = b.forms[i].Name
		}
	}
	for i, o := range b.plan().Out {
		if i < len(res.Unread) && res.Unread[i] > 0 {
			rep.Unread[o.Field.Name] = res.Unread[i]
		}
	}
	text, err := json.Marshal(rep)
	if err != nil {
		return err
	}
	b.row.Report = storable(string(text))
	return nil
}

// commit makes the batches from index from on durable: objects, then one
// commit per dataset.
func (l *landing) commit(ctx context.Context, from int, dir string) error {
	if err := errors.Join(l.begun(), l.settleOriginal(ctx)); err != nil {
		return err
	}
	groups := map[resource.DatasetID][]*batch{}
	var order []resource.DatasetID
	var rows []batchRow
	for _, b := range l.batches[from:] {
		switch b.row.State {
		case stateObject:
			if b.object.outFile == "" {
				break
			}
			sha, _, err := l.s.Originals.Adopt(ctx, filepath.Join(dir, b.object.outFile))
			if err != nil {
				return err
			}
			if sha != b.row.Content {
				return fmt.Errorf("member %q has another digest than when it was looked at: %w", b.row.Member, fault.Damaged)
			}
		case statePending:
			if err := b.account(); err != nil {
				return err
			}
			id := b.dataset.ID
			if groups[id] == nil {
				order = append(order, id)
			}
			groups[id] = append(groups[id], b)
		case stateWaiting:
			rep, err := json.Marshal(batchReport{Table: b.facts.Report, Name: b.dataset.Name})
			if err != nil {
				return err
			}
			b.row.Report = storable(string(rep))
		}
	}
	for _, id := range order {
		commit := ulid.Make().String()
		if len(groups[id]) == 1 {
			commit = groups[id][0].row.ID
		}
		for _, b := range groups[id] {
			b.row.CommitID = commit
		}
	}
	for _, b := range l.batches[from:] {
		rows = append(rows, b.row)
	}
	if len(rows) == 0 {
		return nil
	}
	// From here on a crash is made good at the next start: a pending batch is
	// completed when its commit is in the table, failed when not.
	err := l.s.DB.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := insertParts(ctx, tx, rows, 100); err != nil {
			return fmt.Errorf("note batches: %w", err)
		}
		if l.replay != nil {
			_, err := tx.ExecContext(ctx, "UPDATE collect_reject SET replay_batch = ? WHERE batch = ? AND n IN (?)", rows[0].ID, l.replay.batch.ID, bun.List(l.replay.lines))
			if err != nil {
				return fmt.Errorf("note replay of %s: %w", l.replay.batch.ID, err)
			}
		}
		return l.noteOthers(ctx, tx, from)
	})
	if err != nil {
		return err
	}
	var failed error
	for _, id := range order {
		switch err := l.commitGroup(ctx, groups[id], dir); {
		case errors.Is(err, errUnknown):
			failed = errors.Join(failed, err)
		case err != nil:
			failed = errors.Join(failed, err, l.s.failBatches(context.WithoutCancel(ctx), groups[id], err))
		}
	}
	return failed
}

// commitGroup commits the batches of one dataset in one snapshot.
func (l *landing) commitGroup(ctx context.Context, group []*batch, dir string) error {
	s, d := l.s, group[0].dataset
	t, err := s.ensureTable(ctx, d.ID)
	if err != nil {
		return err
	}
	c := brain.Commit{Batch: resource.BatchID(group[0].row.CommitID), Summary: map[string]string{"batches": strconv.Itoa(len(group)), "sha256": l.sha}}
	var rows int64
	at := map[string]int{} // small tables share a file
	for _, b := range group {
		rows += b.row.Landed
		for _, f := range b.result.Files {
			if i, ok := at[f.Name]; ok {
				c.Files[i].Rows += f.Rows
				continue
			}
			at[f.Name] = len(c.Files)
			c.Files = append(c.Files, brain.StagedFile{Path: filepath.Join(dir, filepath.Base(f.Name)), Rows: f.Rows})
		}
	}
	c.Summary["rows"] = strconv.FormatInt(rows, 10)
	snap, err := s.append(ctx, t, c)
	if err != nil {
		return err
	}
	if added, ok := snap.Summary["added-records"]; ok && added != c.Summary["rows"] {
		// The files were compared before: this cannot be. To roll back could take
		// away what another landing committed meanwhile.
		return fmt.Errorf("%w: snapshot %d of %s added %s rows, want %d: %w", errUnknown, snap.ID, d.ID, added, rows, fault.Damaged)
	}
	rowsOf := make([]*batchRow, len(group))
	for i, b := range group {
		rowsOf[i] = &b.row
	}
	// The rows are in the table: what is left to note must not be cut short
	// by a caller that goes away.
	if err := s.acknowledge(context.WithoutCancel(ctx), l.principal, rowsOf, snap); err != nil {
		return fmt.Errorf("%w: it is in the table, but not noted: %w", errUnknown, err)
	}
	return nil
}

// errUnknown says that nobody can tell yet whether a commit is in the table.
// Its batches stay pending until somebody can.
var errUnknown = errors.New("the outcome of the commit is unknown")

// append commits; after an error it looks whether the commit is in after all.
func (s *Service) append(ctx context.Context, t brain.Table, c brain.Commit) (resource.Snapshot, error) {
	snap, err := t.Append(ctx, c)
	if err == nil {
		return snap, nil
	}
	snapshots, lerr := t.Snapshots(context.WithoutCancel(ctx))
	if lerr != nil {
		return resource.Snapshot{}, fmt.Errorf("%w: %w", errUnknown, errors.Join(err, lerr))
	}
	for _, sn := range snapshots {
		if sn.Summary[batchKey] == string(c.Batch) {
			return sn, nil
		}
	}
	return resource.Snapshot{}, err
}

// ensureTable opens the table of a dataset, making it when it is new.
func (s *Service) ensureTable(ctx context.Context, id resource.DatasetID) (brain.Table, error) {
	t, err := s.Lake.Open(ctx, tableOf(id))
	if !errors.Is(err, fault.NotFound) {
		return t, err
	}
	d, err := loadDataset(ctx, s.DB.Bun(), id)
	if err != nil {
		return nil, err
	}
	t, err = s.Lake.Create(ctx, tableOf(id), fieldsOf(d.Forms))
	if errors.Is(err, fault.Conflict) {
		return s.Lake.Open(ctx, tableOf(id))
	}
	return t, err
}

// acknowledge marks the batches of one commit landed, together with the
// catalogue entry, the event and the audit entry.
func (s *Service) acknowledge(ctx context.Context, p guard.Principal, rows []*batchRow, snap resource.Snapshot) error {
	now := s.now()
	err := s.DB.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		for _, r := range rows {
			r.Snapshot, r.LandedAt = int64(snap.ID), now
			_, err := tx.ExecContext(ctx, "UPDATE collect_batch SET state = ?, snapshot = ?, landed_at = ? WHERE id = ?", stateLanded, r.Snapshot, now, r.ID)
			if err != nil {
				return fmt.Errorf("batch %s: %w", r.ID, err)
			}
		}
		id := resource.DatasetID(rows[0].Dataset)
		last := rows[len(rows)-1]
		if _, err := tx.ExecContext(ctx, "UPDATE collect_dataset SET last_rows = ? WHERE dataset = ?", last.RowsIn, string(id)); err != nil {
			return fmt.Errorf("dataset %s: %w", id, err)
		}
		if err := s.catalogueBatches(ctx, tx, rows, snap); err != nil {
			return err
		}
		var landed, quarantined int64
		for _, r := range rows {
			if r.Origin != "" {
				if err := noteReplayed(ctx, tx, s, r); err != nil {
					return err
				}
			}
			landed, quarantined = landed+r.Landed, quarantined+r.Quarantined
			err := s.Events.Publish(ctx, tx, event.Event{Topic: "batch", Kind: "landed", Subject: r.ID, Department: r.Department, Account: r.Account},
				map[string]any{"dataset": r.Dataset, "file": r.File, "rows_landed": r.Landed, "rows_quarantined": r.Quarantined})
			if err != nil {
				return err
			}
		}
		return s.record(ctx, tx, p, guard.Land, "dataset:"+string(id),
			fmt.Sprintf("batches=%d commit=%s landed=%d quarantined=%d snapshot=%d", len(rows), rows[0].CommitID, landed, quarantined, snap.ID))
	})
	if err != nil {
		return err
	}
	for _, r := range rows {
		r.State = stateLanded
	}
	return nil
}

func (s *Service) record(ctx context.Context, tx bun.Tx, p guard.Principal, a guard.Action, object, detail string) error {
	if s.Record == nil {
		return nil
	}
	return s.Record(ctx, tx, p, a, object, detail)
}

// failBatches marks batches that did not land and drops their rejected lines.
func (s *Service) failBatches(ctx context.Context, group []*batch, cause error) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		for _, b := range group {
			b.row.State, b.row.Reason = stateFailed, storable(cause.Error())
			if err := failBatch(ctx, tx, b.row.ID, b.row.Reason); err != nil {
				return err
			}
		}
		return nil
	})
}

func failBatch(ctx context.Context, tx bun.Tx, id, reason string) error {
	_, err := tx.ExecContext(ctx, "UPDATE collect_batch SET state = ?, reason = ?, rows_landed = 0, rows_quarantined = 0, rows_in = 0 WHERE id = ?", stateFailed, reason, id)
	if err == nil {
		_, err = tx.ExecContext(ctx, "DELETE FROM collect_reject WHERE batch = ?", id)
	}
	if err != nil {
		return fmt.Errorf("batch %s: %w", id, err)
	}
	return nil
}

// Recover brings what a crash interrupted to its end. Call it once at the
// start, before any landing.
func (s *Service) Recover(ctx context.Context) error {
	if err := errors.Join(s.Originals.Sweep(), s.Uploads.Sweep(s.now())); err != nil {
		return err
	}
	if err := s.recoverReshapes(ctx); err != nil {
		return err
	}
	var pending []batchRow
	if err := s.DB.Bun().NewSelect().Model(&pending).Where("b.state = ?", statePending).Order("b.id").Scan(ctx); err != nil {
		return fmt.Errorf("unfinished batches: %w", err)
	}
	groups := map[string][]*batchRow{}
	var order []string
	for i := range pending {
		r := &pending[i]
		if groups[r.CommitID] == nil {
			order = append(order, r.CommitID)
		}
		groups[r.CommitID] = append(groups[r.CommitID], r)
	}
	for _, id := range order {
		if err := s.recoverCommit(ctx, id, groups[id]); err != nil {
			return fmt.Errorf("recover commit %s: %w", id, err)
		}
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		res, err := tx.ExecContext(ctx, "UPDATE collect_landing SET state = 'failed', error = 'the hub stopped', ended_at = ? WHERE state = 'running'", s.now())
		if err != nil {
			return fmt.Errorf("end what was landing: %w", err)
		}
		if cut, err := res.RowsAffected(); err != nil || cut == 0 {
			return err // nothing was cut short: no line is without its batch
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM collect_reject WHERE batch NOT IN (SELECT b.id FROM collect_batch AS b)"); err != nil {
			return fmt.Errorf("sweep rejected lines: %w", err)
		}
		return nil
	})
}

func (s *Service) recoverCommit(ctx context.Context, id string, rows []*batchRow) error {
	t, err := s.Lake.Open(ctx, tableOf(resource.DatasetID(rows[0].Dataset)))
	if err != nil && !errors.Is(err, fault.NotFound) {
		return err
	}
	if err == nil {
		snapshots, err := t.Snapshots(ctx)
		if err != nil {
			return err
		}
		for _, sn := range snapshots {
			if sn.Summary[batchKey] == id {
				p := guard.Principal{Account: rows[0].Account, Department: resource.DepartmentID(rows[0].Department)}
				return s.acknowledge(ctx, p, rows, sn)
			}
		}
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		for _, r := range rows {
			if err := failBatch(ctx, tx, r.ID, "the hub stopped before the rows were committed"); err != nil {
				return err
			}
		}
		return nil
	})
}
