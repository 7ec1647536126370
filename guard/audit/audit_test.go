package audit_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/uptrace/bun"

	"shuniu/guard"
	"shuniu/guard/audit"
	"shuniu/metadb"
)

func open(t *testing.T) (*audit.Log, *metadb.DB) {
	t.Helper()
	db, err := metadb.Open(t.Context(), "sqlite://"+filepath.Join(t.TempDir(), "meta.db"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return audit.New(db), db
}

func fill(t *testing.T, log *audit.Log, n int) {
	t.Helper()
	ctx := guard.With(t.Context(), guard.Principal{Account: "xiaoli", Role: guard.Engineer, Department: "dsj"})
	for i := range n {
		if err := log.Act(ctx, guard.ReadRows, fmt.Sprintf("dataset:d%d", i%3), "page rows=50"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestVerifyFindsEveryChange(t *testing.T) {
	for _, tc := range []struct{ name, sql, want string }{
		{"untouched", "", ""},
		{"altered", "UPDATE audit SET account = 'other' WHERE seq = 4", "entry 4 was altered"},
		{"moved a boundary", "UPDATE audit SET object = object || 'p', detail = substr(detail, 2) WHERE seq = 4", "entry 4 was altered"},
		{"removed", "DELETE FROM audit WHERE seq = 4", "entries 4 to 4 are gone"},
		{"cut off", "DELETE FROM audit WHERE seq > 7", "the log ends at entry 7"},
		{"swapped", "UPDATE audit SET seq = -seq WHERE seq IN (4, 5); UPDATE audit SET seq = 9 + seq WHERE seq < 0", "entry 4 was altered"},
		{"other algorithm", "UPDATE audit SET algorithm = 'none' WHERE seq = 2", "entry 2 was altered"},
		{"retold with its hash", "UPDATE audit SET hash = '00' WHERE seq = 5", "entry 6 does not follow"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			log, db := open(t)
			fill(t, log, 10)
			if tc.sql != "" {
				err := db.Write(t.Context(), func(ctx context.Context, tx bun.Tx) error {
					_, err := tx.ExecContext(ctx, tc.sql)
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			v, err := log.Verify(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if tc.want == "" {
				if !v.OK() || v.Checked != 10 || v.Head == "" {
					t.Errorf("verdict = %+v, want whole", v)
				}
				return
			}
			if !strings.Contains(strings.Join(v.Problems, "\n"), tc.want) {
				t.Errorf("problems = %q, want %q", v.Problems, tc.want)
			}
		})
	}
}

func TestRecordIsPartOfTheChange(t *testing.T) {
	log, db := open(t)
	boom := errors.New("boom")
	err := db.Write(t.Context(), func(ctx context.Context, tx bun.Tx) error {
		if err := log.Record(ctx, tx, audit.Entry{Action: guard.Land, Object: "dataset:d"}); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Fatal(err)
	}
	if lines, err := log.List(t.Context(), audit.Filter{Limit: 10}); err != nil || len(lines) != 0 {
		t.Errorf("an undone change is on record: %v, %v", lines, err)
	}
}

func TestConcurrentRecordsMakeOneChain(t *testing.T) {
	log, _ := open(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				if err := log.Act(t.Context(), guard.ReadRows, "x", ""); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if v, err := log.Verify(t.Context()); err != nil || !v.OK() || v.Checked != 80 {
		t.Errorf("verdict = %+v, %v", v, err)
	}
}

func TestListPagesAndBounds(t *testing.T) {
	log, _ := open(t)
	fill(t, log, 10)
	if err := log.Act(t.Context(), guard.ReadRows, strings.Repeat("长", 5000), "a\x00b\xff"); err != nil {
		t.Fatal(err)
	}
	var got []int64
	before := int64(0)
	for {
		lines, err := log.List(t.Context(), audit.Filter{Before: before, Limit: 4})
		if err != nil {
			t.Fatal(err)
		}
		if len(lines) == 0 {
			break
		}
		for _, l := range lines {
			got = append(got, l.Seq)
			before = l.Seq
			if len(l.Object) > 1000 {
				t.Errorf("object has %d bytes", len(l.Object))
			}
		}
	}
	if len(got) != 11 || got[0] != 11 || got[10] != 1 {
		t.Errorf("pages = %v", got)
	}
	lines, err := log.List(t.Context(), audit.Filter{Account: "xiaoli", Object: "dataset:d1", Limit: 100})
	if err != nil || len(lines) != 3 {
		t.Errorf("filtered = %d lines, %v, want 3", len(lines), err)
	}
	if v, err := log.Verify(t.Context()); err != nil || !v.OK() {
		t.Errorf("verdict = %+v, %v", v, err)
	}
}
