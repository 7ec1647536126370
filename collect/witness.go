package collect

import (
	"context"
	"fmt"
	"strconv"

	"shuniu/resource"
)

// A Disagreement is where the receipts and the tables' own snapshots tell
// different stories.
type Disagreement struct{ What, Where, Mend string }

// Witness compares the receipts with the snapshots of the tables, which were
// written apart from them: a flipped bit in a write-ahead log drops commits
// without any error. It returns how many commits it compared.
func (s *Service) Witness(ctx context.Context) (found []Disagreement, checked int64, err error) {
	tables, err := s.Lake.Tables(ctx)
	if err != nil {
		return nil, 0, err
	}
	say := func(where, mend, format string, args ...any) {
		found = append(found, Disagreement{fmt.Sprintf(format, args...), where, mend})
	}
	for _, t := range tables {
		if t.Station != resource.Landing {
			continue
		}
		table, err := s.Lake.Open(ctx, t)
		if err != nil {
			return found, checked, err
		}
		snapshots, err := table.Snapshots(ctx)
		if err != nil {
			return found, checked, err
		}
		receipts, err := s.receiptsByCommit(ctx, t.Dataset) // read after the snapshots: it knows of all of them
		if err != nil {
			return found, checked, err
		}
		for _, sn := range snapshots {
			id := sn.Summary[batchKey]
			added, perr := strconv.ParseInt(sn.Summary["added-records"], 10, 64)
			if id == "" || sn.Operation != "append" || perr != nil {
				continue
			}
			checked++
			rows, ok := receipts[id]
			switch {
			case !ok:
				say(t.String(), "the metadata store lost commits: restore meta.db from a backup, or land the originals again",
					"snapshot %d holds %d rows of commit %s, and no receipt knows of them", sn.ID, added, id)
			case rows != added:
				say(t.String(), "compare the batches of this commit with their originals and land the missing ones again",
					"snapshot %d added %d rows, the receipts of commit %s say %d", sn.ID, added, id, rows)
			}
		}
	}
	// And the other way round: a landed batch whose table is gone.
	var orphans []struct {
		Dataset string `bun:"dataset"`
		Rows    int64  `bun:"rows"`
	}
	err = s.DB.Bun().NewRaw("SELECT b.dataset AS dataset, sum(b.rows_landed) AS rows FROM collect_batch AS b WHERE b.state = ? GROUP BY b.dataset", stateLanded).Scan(ctx, &orphans)
	if err != nil {
		return found, checked, fmt.Errorf("landed batches: %w", err)
	}
	have := map[string]bool{}
	for _, t := range tables {
		have[string(t.Dataset)] = true
	}
	for _, o := range orphans {
		checked++
		if !have[o.Dataset] {
			say("landing."+o.Dataset, "restore the metadata store and the lake from the same backup, or land the originals again",
				"%d rows have receipts and their table is gone", o.Rows)
		}
	}
	return found, checked, nil
}

// receiptsByCommit sums the rows that landed in a dataset, by commit.
func (s *Service) receiptsByCommit(ctx context.Context, id resource.DatasetID) (map[string]int64, error) {
	var rows []struct {
		CommitID string `bun:"commit_id"`
		Rows     int64  `bun:"rows"`
	}
	err := s.DB.Bun().NewRaw("SELECT b.commit_id, SUM(b.rows_landed) AS rows FROM collect_batch AS b WHERE b.dataset = ? AND b.state = ? GROUP BY b.commit_id",
		string(id), stateLanded).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("receipts of %s: %w", id, err)
	}
	out := make(map[string]int64, len(rows))
	for _, r := range rows {
		out[r.CommitID] = r.Rows
	}
	return out, nil
}
