package collect

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/uptrace/bun"

	"shuniu/fault"
	"shuniu/guard"
	"shuniu/resource"
)

// An Answer decides about a batch that waits.
type Answer struct {
	Action  Action            `json:"action"`            // accept, evolve or quarantine; "refuse" gives the table up
	Renamed map[string]string `json:"renamed,omitempty"` // column of the file -> column of the dataset
}

// Refuse gives a waiting table up.
const Refuse Action = "refuse"

// Answer lands a waiting table as decided and returns its receipt.
func (s *Service) Answer(ctx context.Context, id resource.BatchID, a Answer, progress func(Progress)) ([]Receipt, error) {
	b, err := s.batchRow(ctx, id)
	if err != nil {
		return nil, err
	}
	p, err := s.decide(ctx, guard.Land, resource.DatasetID(b.Dataset), resource.DepartmentID(b.Department))
	if err != nil {
		return nil, err
	}
	if b.State != stateWaiting {
		return nil, fmt.Errorf("batch %s does not wait: %w", id, fault.Conflict)
	}
	mark := func(state, reason string) error {
		return s.DB.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
			_, err := tx.ExecContext(ctx, "UPDATE collect_batch SET state = ?, reason = ? WHERE id = ? AND state = ?", state, reason, b.ID, stateWaiting)
			if err != nil {
				return fmt.Errorf("answer batch %s: %w", id, err)
			}
			r := *b
			r.State = state
			if err := s.publishBatch(ctx, tx, &r); err != nil {
				return err
			}
			return s.record(ctx, tx, p, guard.Land, "batch:"+b.ID, "answered "+string(a.Action))
		})
	}
	switch a.Action {
	case Refuse:
		if err := mark(stateRefused, "经人工确认，本次不入库。"); err != nil {
			return nil, err
		}
		b.State, b.Reason = stateRefused, "经人工确认，本次不入库。"
		return []Receipt{receiptOf(b)}, nil
	case Accept, Evolve, Quarantine:
	default:
		return nil, fmt.Errorf("answer %q, want accept, evolve, quarantine or refuse: %w", a.Action, fault.Invalid)
	}
	req, err := s.again(ctx, b)
	if err != nil {
		return nil, err
	}
	req.only, req.Decided, req.Renamed = b, map[DriftKind]Action{}, a.Renamed
	for k := range defaultActions {
		req.Decided[k] = a.Action
	}
	if a.Action == Evolve && len(a.Renamed) == 0 { // the columns that look renamed are
		req.Renamed = map[string]string{}
		drift, err := decode[[]Drift]([]byte(b.Drift))
		if err != nil {
			return nil, fmt.Errorf("drift of batch %s: %w: %w", id, err, fault.Damaged)
		}
		for _, d := range drift {
			if d.Kind == ColumnRenamed {
				req.Renamed[d.After] = d.Before
			}
		}
	}
	rs, err := s.Land(ctx, req, progress)
	if err != nil {
		return rs, err
	}
	return rs, mark(stateAnswered, b.Reason)
}

// Rerun lands the table of a batch once more, with the options of its landing:
// what landed says unchanged, what failed or was refused gets its chance.
func (s *Service) Rerun(ctx context.Context, id resource.BatchID, progress func(Progress)) ([]Receipt, error) {
	b, err := s.batchRow(ctx, id)
	if err != nil {
		return nil, err
	}
	req, err := s.again(ctx, b)
	if err != nil {
		return nil, err
	}
	req.only = b
	return s.Land(ctx, req, progress)
}

// again is the request that landed a batch, for its file.
func (s *Service) again(ctx context.Context, b *batchRow) (Request, error) {
	opt, err := s.optionsOf(ctx, b)
	if err != nil {
		return Request{}, err
	}
	return Request{Original: b.SHA256, Name: b.File, Department: resource.DepartmentID(b.Department), Options: opt}, nil
}

func encode(v any) (json.RawMessage, error) { return json.Marshal(v) }
