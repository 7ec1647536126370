package httpapi

import (
	"context"
	"net/http"

	"shuniu/guard"
)

// A BatchKey names the batch of an operation; exported as DatasetKey is.
type BatchKey struct {
	ID string `path:"id" maxLength:"64"`
}

type batchList struct {
	BatchFilter
	Paging
}

func (a *api) batchOps() {
	add(a, a.get("list-batches", "/api/batches", "batches", guard.ReadEntry, "Receipts, newest first"),
		func(ctx context.Context, in *batchList) (*body[Page[Batch]], error) {
			return answer(a.svc.Batches.List(ctx, in.BatchFilter, in.Paging))
		})
	add(a, a.get("get-batch", "/api/batches/{id}", "batches", guard.ReadEntry, "One receipt with all that was found around the table"),
		func(ctx context.Context, in *BatchKey) (*body[BatchDetail], error) {
			return answer(a.svc.Batches.Get(ctx, in.ID))
		})
	add(a, a.starts("answer-batch", "/api/batches/{id}/answer", "batches", guard.Land, "Decide on a batch that waits"),
		func(ctx context.Context, in *struct {
			BatchKey
			Body BatchAnswer
		},
		) (*body[RunRef], error) {
			return answer(a.svc.Batches.Answer(ctx, in.ID, in.Body))
		})
	add(a, a.starts("rerun-batch", "/api/batches/{id}/rerun", "batches", guard.Land, "Land the batch's file again"),
		func(ctx context.Context, in *BatchKey) (*body[RunRef], error) {
			return answer(a.svc.Batches.Rerun(ctx, in.ID))
		})
}

type quarantineList struct {
	QuarantineFilter
	Paging
}

func (a *api) quarantineOps() {
	add(a, a.get("list-quarantine", "/api/quarantine", "quarantine", guard.ReadRows, "Lines that did not land, with their reasons"),
		func(ctx context.Context, in *quarantineList) (*body[QuarantinePage], error) {
			return answer(a.svc.Quarantine.List(ctx, in.QuarantineFilter, in.Paging))
		})
	o := a.get("mend-line", "/api/quarantine/{id}", "quarantine", guard.Mend, "Mend a line; it lands with the next replay")
	o.method, o.maxBody = http.MethodPatch, 4<<20
	add(a, o, func(ctx context.Context, in *struct {
		ID   string `path:"id" maxLength:"64"`
		Body Mending
	},
	) (*body[Quarantined], error) {
		return answer(a.svc.Quarantine.Mend(ctx, in.ID, in.Body))
	})
	add(a, a.starts("replay-lines", "/api/quarantine/replay", "quarantine", guard.Mend, "Land mended lines"),
		func(ctx context.Context, in *struct{ Body Replay }) (*body[RunRef], error) {
			return answer(a.svc.Quarantine.Replay(ctx, in.Body))
		})
	add(a, a.post("discard-lines", "/api/quarantine/discard", "quarantine", guard.Mend, "Give lines up, with the reason; they stay on record"),
		func(ctx context.Context, in *struct{ Body Discard }) (*body[Affected], error) {
			return answer(a.svc.Quarantine.Discard(ctx, in.Body))
		})
}

type runID struct {
	ID string `path:"id" maxLength:"64"`
}

type runList struct {
	RunFilter
	Paging
}

func (a *api) runOps() {
	add(a, a.get("list-runs", "/api/runs", "runs", guard.ReadEntry, "Long work, newest first"),
		func(ctx context.Context, in *runList) (*body[Page[Run]], error) {
			return answer(a.svc.Runs.List(ctx, in.RunFilter, in.Paging))
		})
	add(a, a.get("get-run", "/api/runs/{id}", "runs", guard.ReadEntry, "One run: steps, progress, errors"),
		func(ctx context.Context, in *runID) (*body[Run], error) {
			return answer(a.svc.Runs.Get(ctx, in.ID))
		})
	add(a, a.post("cancel-run", "/api/runs/{id}/cancel", "runs", guard.Land, "Stop a run: one's own, or any with manage_runs"),
		func(ctx context.Context, in *runID) (*body[Run], error) {
			return answer(a.svc.Runs.Cancel(ctx, in.ID))
		})
	add(a, a.post("retry-run", "/api/runs/{id}/retry", "runs", guard.Land, "Try a failed run again"),
		func(ctx context.Context, in *runID) (*body[Run], error) {
			return answer(a.svc.Runs.Retry(ctx, in.ID))
		})
}
