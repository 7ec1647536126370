package httpapi

import (
	"context"
	"encoding/json"
	"fmt"

	"shuniu/fault"
	"shuniu/guard"
	"shuniu/locale"
	"shuniu/resource"
	"shuniu/run"
)

// runs answers Runs from package run. A person sees the runs of their
// account and department, or all with a right that reaches everywhere.
type runs struct {
	runs *run.Runs
	gate guard.Policy
}

// NewRuns returns the service of runs.
func NewRuns(r *run.Runs) Runs { return runs{runs: r} }

// sees reports whether the caller may know of a run: one's own, one of the
// department, or any with manage_runs.
func (s runs) sees(ctx context.Context, account, department string) bool {
	p, ok := guard.From(ctx)
	if !ok {
		return false
	}
	if p.Account == account || p.Department != "" && string(p.Department) == department {
		return true
	}
	all, _ := s.gate.Reach(ctx, guard.ManageRuns)
	return all
}

func (s runs) List(ctx context.Context, f RunFilter, p Paging) (Page[Run], error) {
	filter := run.Filter{Account: f.Account, Before: run.ID(p.After), Limit: MaxLimit}
	if f.Kind != "" {
		filter.Kinds = []string{f.Kind}
	}
	if f.State != "" {
		filter.States = []run.State{run.State(f.State)}
	}
	me, _ := guard.From(ctx)
	if f.Mine {
		filter.Account = me.Account
	}
	page := Page[Run]{Items: []Run{}}
	for {
		rows, err := s.runs.List(ctx, filter)
		if err != nil {
			return page, err
		}
		for i := range rows {
			if !s.sees(ctx, rows[i].Account, rows[i].Department) {
				continue
			}
			if len(page.Items) == p.Limit {
				page.Next = page.Items[p.Limit-1].ID
				return page, nil
			}
			page.Items = append(page.Items, runShape(callOf(ctx).lang, &rows[i], nil))
		}
		if len(rows) < filter.Limit {
			return page, nil
		}
		filter.Before = rows[len(rows)-1].ID
	}
}

func (s runs) Get(ctx context.Context, id string) (Run, error) {
	row, steps, err := s.runs.Get(ctx, run.ID(id))
	if err != nil {
		return Run{}, err
	}
	if !s.sees(ctx, row.Account, row.Department) {
		return Run{}, fmt.Errorf("run %s: %w", id, fault.NotFound)
	}
	return runShape(callOf(ctx).lang, &row, steps), nil
}

func (s runs) Cancel(ctx context.Context, id string) (Run, error) {
	return s.change(ctx, id, s.runs.Cancel)
}

func (s runs) Retry(ctx context.Context, id string) (Run, error) {
	return s.change(ctx, id, s.runs.Retry)
}

// change is for the run's own account, or with manage_runs.
func (s runs) change(ctx context.Context, id string, do func(context.Context, run.ID) error) (Run, error) {
	row, _, err := s.runs.Get(ctx, run.ID(id))
	if err != nil {
		return Run{}, err
	}
	if !s.sees(ctx, row.Account, row.Department) {
		return Run{}, fmt.Errorf("run %s: %w", id, fault.NotFound)
	}
	if p, _ := guard.From(ctx); p.Account != row.Account {
		if _, err := s.gate.Decide(ctx, guard.ManageRuns, guard.Object{Department: resource.DepartmentID(row.Department)}); err != nil {
			return Run{}, err
		}
	}
	if err := do(ctx, row.ID); err != nil {
		return Run{}, err
	}
	return s.Get(ctx, id)
}

func runShape(lang locale.Lang, r *run.Run, steps []run.Step) Run {
	out := Run{
		ID: string(r.ID), Kind: r.Kind, State: string(r.State), Subject: r.Title, Account: r.Account, Department: r.Department,
		Progress: RunProgress{Done: r.Done, Total: r.Total, Unit: r.Unit}, Attempt: int(r.Attempt), Step: r.Step,
		CreatedAt: r.CreatedAt.UTC(), StartedAt: timeOrNil(r.StartedAt), EndedAt: timeOrNil(r.EndedAt), Steps: []RunStep{}, Errors: []string{},
	}
	if r.Error != "" {
		out.Errors = append(out.Errors, heard(lang, r))
	}
	for _, st := range steps {
		if st.Attempt != r.Attempt {
			continue
		}
		step := RunStep{Name: st.Name, State: "done", Message: st.Note, StartedAt: timeOrNil(st.StartedAt), EndedAt: timeOrNil(st.EndedAt)}
		switch {
		case st.Note == "failed":
			step.State = string(run.Failed)
		case st.Note == "cancelled":
			step.State = string(run.Cancelled)
		case step.EndedAt == nil:
			step.State = string(run.Running)
		}
		out.Steps = append(out.Steps, step)
	}
	out.fromResult(r.Result)
	switch r.Unit {
	case "rows":
		out.Rows = max(out.Rows, r.Done)
	case "bytes":
		out.Bytes = max(out.Bytes, r.Done)
	}
	return out
}

// fromResult takes counts and names from the result of a run of collect.
func (r *Run) fromResult(raw json.RawMessage) {
	var result struct {
		Receipts []struct {
			Batch  string `json:"batch"`
			RowsIn int64  `json:"rows_in"`
		} `json:"receipts"`
		UploadID string `json:"upload_id"`
	}
	if json.Unmarshal(raw, &result) != nil {
		return // another kind of run has another result
	}
	r.UploadID = result.UploadID
	for _, rc := range result.Receipts {
		r.Batches = append(r.Batches, rc.Batch)
		r.Rows += rc.RowsIn
	}
}
