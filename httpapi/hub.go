package httpapi

import (
	"context"
	"errors"
	"io"
	"time"

	"shuniu/brain"
	"shuniu/collect"
	"shuniu/event"
	"shuniu/guard"
	"shuniu/guard/audit"
	"shuniu/metadb"
	"shuniu/resource/catalogue"
	"shuniu/run"
)

// Parts are what a hub is made of, for Wire.
type Parts struct {
	DB             *metadb.DB
	Accounts       *guard.Accounts
	Audit          *audit.Log
	Events         *event.Log
	Runs           *run.Runs // not yet at work: Wire registers its kinds
	Catalogue      *catalogue.Store
	Collect        *collect.Service
	Brain          *brain.Brain
	MaxUploadBytes int64
	// Doctor and Land do for the command line what it does without a server.
	Doctor func(ctx context.Context, quick bool) (DoctorReport, error)
	Land   func(ctx context.Context, in CLICollect, emit func(Receipt) error) (CollectSums, error)
}

// Wire makes the services of a hub and registers the kinds of runs that they
// start. Call it once, before the runs work.
func Wire(p Parts) Services {
	read := &readModel{db: p.DB}
	up := &uploads{db: p.DB, svc: p.Collect, max: p.MaxUploadBytes, keep: uploadsKept}
	j := &jobs{runs: p.Runs, svc: p.Collect, cat: p.Catalogue, uploads: up, read: read}
	j.register()
	accounts := NewPeople(p.DB, p.Accounts, p.Catalogue)
	sets := &datasets{cat: p.Catalogue, svc: p.Collect, read: read}
	list := NewRuns(p.Runs)
	receipts := &batches{svc: p.Collect, jobs: j, read: read}
	bench := &workbench{svc: p.Collect, read: read, runs: list, batches: receipts, datasets: sets}
	return Services{
		Accounts: accounts, Gate: guard.Policy{}, Audit: NewAuditLog(p.Audit), Uploads: up, Intake: j, Batches: receipts,
		Quarantine: &quarantine{svc: p.Collect, jobs: j}, Catalogue: sets,
		Tables: &tables{brain: p.Brain, svc: p.Collect},
		Runs:   list,
		Events: NewEvents(p.Events, bench.snapshots(), func(ctx context.Context) error { return alive(ctx, accounts) }),
		Search: (&finder{cat: p.Catalogue, svc: p.Collect, read: read}).search, Objects: &objects{svc: p.Collect, read: read},
		Views: NewViews(p.DB), Summary: bench.summary, Doctor: p.Doctor, Collect: p.Land,
		Query: func(ctx context.Context, sql string, limit int64) (RowStream, error) {
			rows, err := p.Brain.Query(ctx, brain.Statement{SQL: sql, Limit: limit})
			if err != nil {
				return nil, err
			}
			return rowStream{rows}, nil
		},
	}
}

// alive fails once the session of the call has ended.
func alive(ctx context.Context, accounts Accounts) error {
	c := callOf(ctx)
	if c.local {
		return nil
	}
	_, err := accounts.Session(ctx, c.token)
	return err
}

// workbench answers Summary and the snapshots of the stream.
type workbench struct {
	svc      *collect.Service
	read     *readModel
	runs     Runs
	batches  *batches
	datasets *datasets
}

const shownOfEach = 10

func (b *workbench) summary(ctx context.Context) (Summary, error) {
	now := time.Now().UTC()
	out := Summary{GeneratedAt: now}
	var err error
	if out.Waiting, err = b.waiting(ctx); err != nil {
		return out, err
	}
	if out.Quarantine, err = b.read.waitingLines(ctx); err != nil {
		return out, err
	}
	recent, err := b.batches.List(ctx, BatchFilter{}, Paging{Limit: shownOfEach})
	if err != nil {
		return out, err
	}
	out.Recent = recent.Items
	fresh, err := b.datasets.List(ctx, DatasetFilter{}, Paging{Limit: shownOfEach})
	if err != nil {
		return out, err
	}
	out.Fresh = fresh.Items
	if out.Running, err = b.running(ctx); err != nil {
		return out, err
	}
	out.Totals, err = b.read.totals(ctx, now)
	return out, err
}

// waiting are the batches that the caller may answer.
func (b *workbench) waiting(ctx context.Context) ([]Batch, error) {
	all, own := guard.Policy{}.Reach(ctx, guard.Land)
	if !all && own == "" {
		return []Batch{}, nil
	}
	f := BatchFilter{Status: "waiting"}
	if !all {
		f.Department = string(own)
	}
	page, err := b.batches.List(ctx, f, Paging{Limit: 50})
	return page.Items, err
}

func (b *workbench) running(ctx context.Context) ([]Run, error) {
	var out []Run
	for _, state := range []run.State{run.Running, run.Waiting} {
		page, err := b.runs.List(ctx, RunFilter{State: string(state)}, Paging{Limit: shownOfEach})
		if err != nil {
			return nil, err
		}
		out = append(out, page.Items...)
	}
	return out, nil
}

// snapshots are what a stream begins with, by topic.
func (b *workbench) snapshots() map[string]SnapshotOf {
	return map[string]SnapshotOf{
		"run": func(ctx context.Context) (any, error) { return b.running(ctx) },
		"batch": func(ctx context.Context) (any, error) {
			page, err := b.batches.List(ctx, BatchFilter{}, Paging{Limit: shownOfEach})
			return page.Items, err
		},
		"quarantine": func(ctx context.Context) (any, error) { return b.read.waitingLines(ctx) },
	}
}

// isEOF reports the end of a result.
func isEOF(err error) bool { return errors.Is(err, io.EOF) }
