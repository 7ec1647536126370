package collect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/oklog/ulid/v2"
	"github.com/uptrace/bun"

	"shuniu/brain"
	"shuniu/collect/intake"
	"shuniu/collect/intake/reading"
	"shuniu/collect/intake/tabular"
	"shuniu/fault"
	"shuniu/guard"
	"shuniu/resource"
	"shuniu/worker"
)

// mendParams are the lines of MethodMend.
type mendParams struct {
	Table intake.TableReport `json:"table"`
	Lines []mendLine         `json:"lines"`
}

type mendLine struct {
	N      int64     `json:"n"`
	Line   int64     `json:"line"`
	Values []*string `json:"values"`
}

// mendHandler lands lines that a person mended, as a table of their own with
// the columns of the one they came from.
func mendHandler(write brain.WriteParquet) worker.Handler {
	return func(ctx context.Context, c worker.Call) error {
		var p mendParams
		if err := c.Params(&p); err != nil {
			return err
		}
		heads := make([]tabular.Head, len(p.Table.Columns))
		profiles := make([]*reading.Profile, len(heads))
		for i, col := range p.Table.Columns {
			heads[i] = tabular.Head{Name: col.Name, Unit: col.Unit}
			profiles[i] = reading.New(heads[i])
		}
		batch := &tabular.Batch{Columns: make([]tabular.Text, len(heads))}
		for _, line := range p.Lines {
			if len(line.Values) != len(heads) {
				return fmt.Errorf("line %d has %d values of %d: %w", line.Line, len(line.Values), len(heads), fault.Invalid)
			}
			for i, v := range line.Values {
				if v == nil {
					batch.Columns[i].AppendNull()
				} else {
					batch.Columns[i].AppendString(*v)
				}
			}
			batch.Origin = append(batch.Origin, line.Line)
			batch.Rows++
		}
		for i := range profiles {
			profiles[i].Add(&batch.Columns[i])
		}
		rows := int64(batch.Rows)
		tally := tabular.Tally{Physical: rows, Rows: rows}
		t := intake.Table{
			Found: tabular.Found{Name: p.Table.Name, Heads: heads, Read: func(_ context.Context, emit func(*tabular.Batch) error, _ func(tabular.Reject) error) (tabular.Tally, error) {
				return tally, emit(batch)
			}},
			Findings: reading.Settle(profiles), Tally: tally, Report: p.Table,
		}
		t.Report.Rows, t.Report.RejectedCount, t.Report.Rejected, t.Report.N = rows, 0, nil, 1
		l := &lander{c: c, write: write}
		if err := l.member(ctx, &intake.Member{Format: p.Table.Format, Encoding: p.Table.Encoding, Tables: []intake.Table{t}}); err != nil {
			return err
		}
		return l.flush(ctx)
	}
}

// Replay lands the mended lines of a batch: those named, or all when ids is
// empty. They land as a new batch of the same dataset; each row keeps its line
// number, and the batch names the one it mends. fault.NotFound when no line is
// mended.
func (s *Service) Replay(ctx context.Context, id resource.BatchID, ids []string) (Receipt, error) {
	old, p, err := s.mayMend(ctx, id)
	if err != nil {
		return Receipt{}, err
	}
	unlock, err := s.files.lock(ctx, "replay:"+string(id)) // a line must not land twice
	if err != nil {
		return Receipt{}, err
	}
	defer unlock()
	rep, err := s.report(ctx, id)
	if err != nil {
		return Receipt{}, err
	}
	q := s.DB.Bun().NewSelect().Model((*rejectRow)(nil)).Where("r.batch = ? AND r.state = ?", string(id), LineMended)
	if len(ids) > 0 {
		by, _, err := linesByBatch(ids)
		if err != nil {
			return Receipt{}, err
		}
		if len(by) != 1 || by[id] == nil {
			return Receipt{}, fmt.Errorf("lines of other batches than %s: %w", id, fault.Invalid)
		}
		q = q.Where("r.n IN (?)", bun.List(by[id]))
	}
	var lines []rejectRow
	if err := q.Order("r.n").Limit(200_000).Scan(ctx, &lines); err != nil {
		return Receipt{}, fmt.Errorf("mended lines of %s: %w", id, err)
	}
	params := mendParams{Table: rep.Table}
	var numbers []int64
	for i := range lines {
		m, err := decode[Mending]([]byte(lines[i].Mended))
		if err != nil {
			return Receipt{}, fmt.Errorf("line %s: %w: %w", LineID(id, lines[i].N), err, fault.Damaged)
		}
		line := mendLine{N: lines[i].N, Line: lines[i].Line, Values: m.Values}
		if m.Text != nil {
			values, err := splitLine(*m.Text, rep.Table.Dialect)
			if err != nil {
				return Receipt{}, err
			}
			for k := range values {
				line.Values = append(line.Values, &values[k])
			}
		}
		params.Lines = append(params.Lines, line)
		numbers = append(numbers, lines[i].N)
	}
	if len(params.Lines) == 0 {
		return Receipt{}, fmt.Errorf("batch %s has no mended line to land: %w", id, fault.NotFound)
	}
	d, err := loadDataset(ctx, s.DB.Bun(), resource.DatasetID(old.Dataset))
	if err != nil {
		return Receipt{}, err
	}
	l := &landing{
		s: s, principal: p, id: ulid.Make().String(), file: old.File, sha: old.SHA256, tell: func(Progress) {},
		req:  Request{Department: d.Department, Dataset: d.ID, Decided: acceptAll},
		done: map[string]bool{}, held: map[resource.DatasetID]bool{}, ordinals: map[string]int{},
		replay: &replayOf{batch: old, lines: numbers},
	}
	l.begin(func() (identity, error) { return l.note(ctx, identity{sha: old.SHA256}) })
	err = errors.Join(l.replayJob(ctx, params), l.begun())
	l.release()
	if err = l.end(context.WithoutCancel(ctx), err); err != nil {
		return Receipt{}, err
	}
	if rs := l.receipts(); len(rs) == 1 {
		return rs[0], nil
	}
	return Receipt{}, fmt.Errorf("replay of %s gave no receipt", id)
}

// acceptAll overrules a policy: who mends has looked.
var acceptAll = map[DriftKind]Action{
	ColumnGone: Accept, ColumnNew: Evolve, ColumnRenamed: Accept, TypeChanged: Evolve, UnitChanged: Accept, RowsOutOfRange: Accept,
}

// A replayOf is what a replay mends.
type replayOf struct {
	batch *batchRow
	lines []int64
}

func (l *landing) replayJob(ctx context.Context, params mendParams) (err error) {
	stage, err := l.s.Lake.Stage(ctx, tableOf("incoming"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stage.Close()) }()
	err = l.s.Pool.Run(ctx, worker.Request{
		Method: MethodMend, Params: params, OutDir: stage.Dir(), Deadline: l.s.Deadline,
		Answer: func(_ string, payload []byte) ([]byte, error) {
			facts, err := decode[memberFacts](payload)
			if err != nil {
				return nil, err
			}
			facts.Member, facts.SHA256 = l.replay.batch.Member, "replay."+l.id // its content is its own
			plan, err := l.planMember(ctx, &facts)
			if err != nil {
				return nil, err
			}
			return json.Marshal(plan)
		},
	}, func(m worker.Message) error { return l.message(ctx, stage, m) })
	if err != nil {
		return err
	}
	return l.commit(ctx, 0, stage.Dir())
}

// noteReplayed marks the lines of a replay, in the transaction that marks its
// batch landed.
func noteReplayed(ctx context.Context, tx bun.Tx, s *Service, r *batchRow) error {
	_, err := tx.ExecContext(ctx, "UPDATE collect_reject SET state = ?, changed_at = ? WHERE batch = ? AND replay_batch = ?", LineReplayed, s.now(), r.Origin, r.ID)
	if err != nil {
		return fmt.Errorf("replayed lines of %s: %w", r.Origin, err)
	}
	return s.record(ctx, tx, guard.Principal{Account: r.Account}, guard.Mend, "batch:"+r.Origin, "replayed as "+r.ID)
}
