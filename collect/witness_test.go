package collect

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/uptrace/bun"
)

// Receipts and snapshots that differ are told, by commit.
func TestWitnessComparesEachCommit(t *testing.T) {
	h := newHub(t)
	ctx := engineer(t)
	first := h.one(t, Request{Path: h.put(t, "a.csv", "名称,数量\n甲,1\n乙,2\n")})
	second := h.one(t, Request{Path: h.put(t, "a.csv", "名称,数量\n丙,3\n")})
	if first.Dataset != second.Dataset {
		t.Fatalf("two datasets: %s, %s", first.Dataset, second.Dataset)
	}
	found, checked, err := h.Witness(ctx)
	if err != nil || len(found) != 0 || checked != 3 { // two commits and a dataset
		t.Fatalf("undamaged: %+v, %d checked, %v", found, checked, err)
	}
	err = h.DB.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.ExecContext(ctx, "UPDATE collect_batch SET rows_landed = 5 WHERE id = ?", string(first.Batch)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM collect_batch WHERE id = ?", string(second.Batch))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	found, _, err = h.Witness(ctx)
	if err != nil || len(found) != 2 {
		t.Fatalf("%+v, %v", found, err)
	}
	for _, part := range []string{"added 2 rows, the receipts of commit", "holds 1 rows of commit"} {
		if !slices.ContainsFunc(found, func(d Disagreement) bool { return strings.Contains(d.What, part) }) {
			t.Errorf("nothing says %q: %+v", part, found)
		}
	}
}
