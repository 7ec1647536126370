package collect

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/uptrace/bun"

	"shuniu/event"
	"shuniu/fault"
	"shuniu/guard"
	"shuniu/resource"
	"shuniu/resource/catalogue"
)

// moveWait is how long a move waits for landings of the dataset under way.
const moveWait = 10 * time.Second

// Edit changes a dataset's entry and, when to names another department than
// its own, gives the dataset to it. The caller has asked the gate about to.
// fault.Busy when a file is being landed in the dataset and does not end soon.
func (s *Service) Edit(ctx context.Context, id resource.DatasetID, edit catalogue.Edit, to *resource.DepartmentID) error {
	detail := "entry"
	if to != nil {
		detail = "department " + string(*to)
		// A landing under way notes its batches and events for the department
		// it found at its beginning.
		wait, cancel := context.WithTimeoutCause(ctx, moveWait, fmt.Errorf("a file is being landed in it: %w", fault.Busy))
		defer cancel()
		if err := s.locks.lock(wait, id, true); err != nil {
			return err
		}
		defer s.locks.unlock(id, true)
	}
	p, _ := guard.From(ctx)
	_, err := s.Catalogue.Edit(ctx, string(id), edit, func(ctx context.Context, tx bun.Tx) error {
		if to != nil {
			if err := s.move(ctx, tx, id, *to, p.Account); err != nil {
				return err
			}
		}
		return s.record(ctx, tx, p, guard.EditEntry, "dataset:"+string(id), detail)
	})
	return err
}

// move gives a dataset to another department: its entry, where further files
// of the source are looked for, its batches, the landings that brought nothing
// else, and the events of all these, so that the readers of its rows reach the
// files and lines they came from, and the former ones do not.
func (s *Service) move(ctx context.Context, tx bun.Tx, id resource.DatasetID, to resource.DepartmentID, account string) error {
	e, err := s.Catalogue.Load(ctx, tx, string(id))
	if err != nil {
		return err
	}
	detail := map[string]string{"was": string(e.Department), "department": string(to)}
	raw, err := json.Marshal(detail)
	if err != nil {
		return err
	}
	e.Department = to
	if err := s.Catalogue.Put(ctx, tx, e, nil, catalogue.Change{Account: account, Kind: "moved", Detail: raw}); err != nil {
		return err
	}
	for _, q := range []string{
		"UPDATE collect_dataset SET department = ? WHERE dataset = ?",
		"UPDATE collect_batch SET department = ? WHERE dataset = ?",
	} {
		if _, err := tx.ExecContext(ctx, q, string(to), string(id)); err != nil {
			return fmt.Errorf("move dataset %s: %w", id, err)
		}
	}
	// A landing of several datasets stays with the department that sent it.
	const only = "SELECT b.landing FROM collect_batch AS b WHERE b.dataset = ? AND NOT EXISTS (" +
		"SELECT 1 FROM collect_batch AS o WHERE o.landing = b.landing AND o.dataset <> b.dataset)"
	if _, err := tx.ExecContext(ctx, "UPDATE collect_landing SET department = ? WHERE id IN ("+only+")", string(to), string(id)); err != nil {
		return fmt.Errorf("move landings of %s: %w", id, err)
	}
	var batches, landings []string
	if err := tx.NewRaw("SELECT b.id FROM collect_batch AS b WHERE b.dataset = ?", string(id)).Scan(ctx, &batches); err != nil {
		return fmt.Errorf("batches of %s: %w", id, err)
	}
	if err := tx.NewRaw("SELECT DISTINCT x.landing FROM ("+only+") AS x", string(id)).Scan(ctx, &landings); err != nil {
		return fmt.Errorf("landings of %s: %w", id, err)
	}
	for _, x := range []struct{ topics, subjects []string }{
		{[]string{"dataset"}, []string{string(id)}}, {[]string{"batch", "quarantine"}, batches}, {[]string{"landing"}, landings},
	} {
		if err := s.Events.Readdress(ctx, tx, x.topics, x.subjects, string(to)); err != nil {
			return fmt.Errorf("move dataset %s: %w", id, err)
		}
	}
	return s.Events.Publish(ctx, tx, event.Event{Topic: "dataset", Kind: "moved", Subject: string(id), Department: string(to), Account: account}, detail)
}

// NoteRollback puts on record that snapshot now of a dataset was made current,
// in the history of its entry, in the stream and in the audit log.
func (s *Service) NoteRollback(ctx context.Context, id resource.DatasetID, now resource.Snapshot) error {
	p, _ := guard.From(ctx)
	to := strconv.FormatInt(int64(now.ID), 10)
	detail := map[string]any{"snapshot": to, "rows": now.Rows}
	t, err := s.Lake.Open(ctx, tableOf(id))
	if err != nil {
		return fmt.Errorf("note rollback of %s: %w", id, err)
	}
	in, err := t.Batches(ctx)
	if err != nil {
		return fmt.Errorf("note rollback of %s: %w", id, err)
	}
	err = s.DB.Write(context.WithoutCancel(ctx), func(ctx context.Context, tx bun.Tx) error {
		e, err := s.Catalogue.Load(ctx, tx, string(id))
		if err != nil {
			return err
		}
		if err := withdraw(ctx, tx, id, in); err != nil {
			return err
		}
		detail["was"], detail["rows_before"] = strconv.FormatInt(int64(e.Snapshot), 10), e.Rows
		raw, err := json.Marshal(detail)
		if err != nil {
			return err
		}
		e.Rows, e.Snapshot, e.UpdatedAt, e.UpdatedBy = now.Rows, now.ID, now.At, p.Account
		if err := s.Catalogue.Put(ctx, tx, e, nil, catalogue.Change{Account: p.Account, Kind: "rolled_back", Detail: raw}); err != nil {
			return err
		}
		err = s.Events.Publish(ctx, tx, event.Event{Topic: "dataset", Kind: "rolled_back", Subject: string(id), Department: string(e.Department), Account: p.Account}, detail)
		if err != nil {
			return err
		}
		return s.record(ctx, tx, p, guard.Rollback, "dataset:"+string(id), "to "+to)
	})
	if err != nil {
		return fmt.Errorf("note rollback of %s: %w", id, err)
	}
	return nil
}

// withdraw makes the batches of a dataset say whether their rows are in its
// table: in are those that are. What was rolled back may land again; what is
// there again has landed, unless the same content has landed meanwhile.
func withdraw(ctx context.Context, tx bun.Tx, id resource.DatasetID, in map[resource.BatchID]bool) error {
	var rows []batchRow
	err := tx.NewSelect().Model(&rows).Column("id", "commit_id", "state", "dedupe").
		Where("b.dataset = ? AND b.state IN (?, ?)", string(id), stateLanded, stateWithdrawn).Scan(ctx)
	if err != nil {
		return fmt.Errorf("batches of %s: %w", id, err)
	}
	landed := map[string]bool{}
	set := func(r *batchRow, state string) error {
		_, err := tx.ExecContext(ctx, "UPDATE collect_batch SET state = ? WHERE id = ?", state, r.ID)
		return err
	}
	for i := range rows { // first away: a content lands once
		r := &rows[i]
		if there := in[resource.BatchID(r.CommitID)]; r.State == stateLanded && there {
			landed[r.Dedupe] = true
		} else if r.State == stateLanded {
			if err := set(r, stateWithdrawn); err != nil {
				return err
			}
		}
	}
	for i := range rows {
		if r := &rows[i]; r.State == stateWithdrawn && in[resource.BatchID(r.CommitID)] && !landed[r.Dedupe] {
			landed[r.Dedupe] = true
			if err := set(r, stateLanded); err != nil {
				return err
			}
		}
	}
	return nil
}
