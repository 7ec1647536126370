package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"shuniu/brain"
	"shuniu/config"
	"shuniu/fault"
	"shuniu/guard"
	"shuniu/resource"
	"shuniu/run"
)

// kindUpkeep is the run that tidies all tables.
const kindUpkeep = "lake.upkeep"

// An upkeepResult is what a run of upkeep did.
type upkeepResult struct {
	Tables           int `json:"tables"`
	FilesCompacted   int `json:"files_compacted"`
	SnapshotsExpired int `json:"snapshots_expired"`
	FilesRemoved     int `json:"files_removed"`
	EventsTrimmed    int `json:"events_trimmed"`
}

// A visit is what upkeep found in a table when it last tidied it.
type visit struct {
	snapshot resource.SnapshotID
	at       time.Time
}

// revisitAfter is when an unchanged table is tidied again: its snapshots have
// grown older meanwhile, and are expired by their age.
const revisitAfter = 24 * time.Hour

// due tells whether a table at snapshot is to be tidied now.
func (v visit) due(snapshot resource.SnapshotID, now time.Time) bool {
	return v.at.IsZero() || v.snapshot != snapshot || now.Sub(v.at) >= revisitAfter
}

// registerUpkeep says how tables are tidied: small files compacted, old
// snapshots expired, manifests rewritten, orphans removed; old events go too.
// A table that did not change since the last time is left alone for a day.
func (h *hub) registerUpkeep(c config.Upkeep, log *slog.Logger) {
	seen := map[resource.Table]visit{} // only one run of the kind is open at a time
	h.runs.Register(kindUpkeep, func(ctx context.Context, w *run.Work) (any, error) {
		ctx = guard.With(ctx, guard.Local())
		var out upkeepResult
		tables, err := h.brain.Tables(ctx)
		if err != nil {
			return nil, err
		}
		for i, t := range tables {
			w.Progress(ctx, int64(i), int64(len(tables)), "tables")
			now := time.Now()
			if !seen[t.Table].due(t.Snapshot.ID, now) {
				continue
			}
			files, err := h.brain.Compact(ctx, t.Table)
			if errors.Is(err, fault.Conflict) {
				continue // somebody replaced its files meanwhile; next time
			}
			if err != nil {
				return out, err
			}
			rep, err := h.brain.Maintain(ctx, t.Table, brain.Upkeep{KeepSnapshots: c.KeepSnapshots, KeepSeconds: int64(c.Keep.Seconds())})
			if err != nil {
				return out, fmt.Errorf("tidy %s: %w", t.Table, err)
			}
			seen[t.Table] = visit{t.Snapshot.ID, now}
			if files > 0 {
				delete(seen, t.Table) // its snapshot is a new one, which the next run may find nothing to do in
			}
			out.Tables++
			out.FilesCompacted += files
			out.SnapshotsExpired += rep.SnapshotsExpired
			out.FilesRemoved += rep.FilesRemoved
		}
		trimmed, err := h.events.Trim(ctx, c.KeepEvents)
		out.EventsTrimmed = int(trimmed)
		log.LogAttrs(ctx, slog.LevelDebug, "upkeep done", slog.Int("tables", out.Tables), slog.Int("files_compacted", out.FilesCompacted))
		return out, err
	})
}

// schedule starts a run of upkeep every so often, unless one is open.
func (h *hub) schedule(ctx context.Context, every time.Duration) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		open, err := h.runs.List(ctx, run.Filter{Kinds: []string{kindUpkeep}, States: []run.State{run.Waiting, run.Running}, Limit: 1})
		if err == nil && len(open) == 0 {
			_, err = h.runs.Start(ctx, run.Spec{Kind: kindUpkeep, Title: "整理数据表", Account: guard.LocalAccount})
		}
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("schedule upkeep: %w", err)
		}
	}
}
