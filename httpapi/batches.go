package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"shuniu/collect"
	"shuniu/collect/intake"
	"shuniu/fault"
	"shuniu/resource"
)

// batches answers Batches from collect.
type batches struct {
	svc  *collect.Service
	jobs *jobs
	read *readModel
}

func (s *batches) List(ctx context.Context, f BatchFilter, p Paging) (Page[Batch], error) {
	filter := collect.BatchFilter{
		Dataset: resource.DatasetID(f.Dataset), Department: resource.DepartmentID(f.Department), Status: stateOf(f.Status), File: f.Q,
		Before: resource.BatchID(p.After), Limit: min(p.Limit+1, MaxLimit),
	}
	rows, err := s.svc.Batches(ctx, filter)
	if err != nil {
		return Page[Batch]{}, err
	}
	names, err := s.labels(ctx, rows)
	if err != nil {
		return Page[Batch]{}, err
	}
	// Newest first: the first one too old ends the list.
	for i := range rows {
		if !f.Since.IsZero() && rows[i].At.Before(f.Since) {
			rows = rows[:i]
			break
		}
	}
	return paged(rows, min(p.Limit, MaxLimit-1), func(b collect.Batch) Batch { return batchShape(&b, names) }, func(b Batch) string { return b.ID }), nil
}

// labels are what the things that batches name are called.
type labels struct {
	datasets, departments, accounts map[string]string
}

func (s *batches) labels(ctx context.Context, rows []collect.Batch) (labels, error) {
	sets, accounts := make([]string, len(rows)), make([]string, len(rows))
	for i := range rows {
		sets[i], accounts[i] = string(rows[i].Dataset), rows[i].Account
	}
	var out labels
	var err error
	if out.datasets, err = s.read.names(ctx, sets); err != nil {
		return out, err
	}
	if out.departments, err = s.read.departments(ctx); err != nil {
		return out, err
	}
	out.accounts, err = s.read.accounts(ctx, accounts)
	return out, err
}

func batchShape(b *collect.Batch, names labels) Batch {
	return Batch{
		ID: string(b.Batch), Dataset: string(b.Dataset), DatasetName: names.datasets[string(b.Dataset)],
		Department: string(b.Department), DepartmentName: names.departments[string(b.Department)],
		File: b.File, Member: b.Member, Table: b.Table, SHA256: b.SHA256, SQL: b.SQL, Snapshot: snapshotText(b.Snapshot),
		RowsIn: b.RowsIn, RowsLanded: b.RowsLanded, RowsQuarantined: b.RowsQuarantined, Status: batchStatus(b.Status), Reason: b.Reason,
		Account: b.Account, AccountName: names.accounts[b.Account], At: b.At.UTC(), RunID: b.Run,
	}
}

// stateOf is the state that a status of the list means.
func stateOf(status string) string {
	if status == "running" {
		return "pending"
	}
	return status
}

// batchStatus folds the states that only the hub itself tells apart.
func batchStatus(s string) string {
	switch s {
	case "pending":
		return "running"
	case "answered":
		return "landed"
	}
	return s
}

func snapshotText(id resource.SnapshotID) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(int64(id), 10)
}

func snapshotOf(s string) (resource.SnapshotID, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("snapshot %q: %w", s, fault.Invalid)
	}
	return resource.SnapshotID(n), nil
}

func (s *batches) Get(ctx context.Context, id string) (BatchDetail, error) {
	b, err := s.svc.Batch(ctx, resource.BatchID(id))
	if err != nil {
		return BatchDetail{}, err
	}
	names, err := s.labels(ctx, []collect.Batch{b})
	if err != nil {
		return BatchDetail{}, err
	}
	out := BatchDetail{Batch: batchShape(&b, names), Format: b.Format, Encoding: b.Encoding, Questions: b.Questions, Drift: driftShapes(b.Drift)}
	if string(b.Batch) != id { // an unchanged delivery names the batch that landed
		out.ID, out.FirstBatch = id, string(b.Batch)
	}
	var report struct {
		Table intake.TableReport `json:"table"`
	}
	if err := json.Unmarshal(b.Report, &report); err != nil {
		return out, fmt.Errorf("report of batch %s: %w: %w", id, err, fault.Damaged)
	}
	t := tableShape(&report.Table)
	out.Place, out.HeaderRows, out.Columns, out.Notes = &t.Place, t.HeaderRows, t.Columns, t.Notes
	if len(out.Questions) == 0 {
		out.Questions = t.Questions
	}
	out.Rejected = t.Rejected[:min(len(t.Rejected), 100)]
	return out, nil
}

func (s *batches) Answer(ctx context.Context, id string, a BatchAnswer) (RunRef, error) {
	return s.jobs.answer(ctx, id, a)
}

func (s *batches) Rerun(ctx context.Context, id string) (RunRef, error) { return s.jobs.rerun(ctx, id) }
