package metadb_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/uptrace/bun"

	"shuniu/fault"
	"shuniu/metadb"
	"shuniu/shuniutest/pg"
)

// onBoth runs the contract of a store on SQLite and on PostgreSQL.
func onBoth(t *testing.T, contract func(t *testing.T, db *metadb.DB)) {
	for name, dsn := range map[string]func(*testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite://" + filepath.Join(t.TempDir(), "有 空格", "meta.db") },
		"postgres": func(t *testing.T) string { return pg.Database(t) },
	} {
		t.Run(name, func(t *testing.T) {
			db, err := metadb.Open(t.Context(), dsn(t), slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			})
			if db.Postgres() != (name == "postgres") {
				t.Errorf("Postgres() = %v", db.Postgres())
			}
			contract(t, db)
		})
	}
}

func TestOpenRefusesUnknownStore(t *testing.T) {
	_, err := metadb.Open(t.Context(), "mysql://u:secret@h/db", slog.New(slog.DiscardHandler))
	if !errors.Is(err, fault.Invalid) {
		t.Fatalf("err = %v, want fault.Invalid", err)
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the error shows the password: %v", err)
	}
}

func TestWriteIsAllOrNothing(t *testing.T) { onBoth(t, writeIsAllOrNothing) }

func writeIsAllOrNothing(t *testing.T, db *metadb.DB) {
	insert := func(ctx context.Context, tx bun.Tx, subject string) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO event (topic, kind, subject, department, account, data, at) VALUES ('t','k',?,'','','{}',CURRENT_TIMESTAMP)", subject)
		return err
	}
	committed := false
	boom := errors.New("boom")
	err := db.Write(t.Context(), func(ctx context.Context, tx bun.Tx) error {
		metadb.AfterCommit(ctx, func() { committed = true })
		if err := insert(ctx, tx, "lost"); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) || committed {
		t.Fatalf("err = %v, hook called = %v", err, committed)
	}
	err = db.Write(t.Context(), func(ctx context.Context, tx bun.Tx) error {
		metadb.AfterCommit(ctx, func() { committed = true })
		return insert(ctx, tx, "kept")
	})
	if err != nil || !committed {
		t.Fatalf("err = %v, hook called = %v", err, committed)
	}
	var subjects []string
	if err := db.Bun().NewRaw("SELECT subject FROM event").Scan(t.Context(), &subjects); err != nil {
		t.Fatal(err)
	}
	if len(subjects) != 1 || subjects[0] != "kept" {
		t.Errorf("subjects = %v, want [kept]", subjects)
	}
}

func TestReaderCannotWrite(t *testing.T) {
	db, err := metadb.Open(t.Context(), "sqlite://"+filepath.Join(t.TempDir(), "m.db"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Bun().ExecContext(t.Context(), "DELETE FROM event"); err == nil {
		t.Error("the reader deleted")
	}
}

func TestConcurrentWritersQueue(t *testing.T) { onBoth(t, concurrentWritersQueue) }

func concurrentWritersQueue(t *testing.T, db *metadb.DB) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 25 {
				err := db.Write(t.Context(), func(ctx context.Context, tx bun.Tx) error {
					_, err := tx.ExecContext(ctx, "INSERT INTO event (topic, kind, subject, department, account, data, at) VALUES ('t','k','s','','','{}',CURRENT_TIMESTAMP)")
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	var n int
	if err := db.Bun().NewRaw("SELECT count(*) FROM event").Scan(t.Context(), &n); err != nil {
		t.Fatal(err)
	}
	if n != 200 {
		t.Errorf("rows = %d, want 200", n)
	}
}

func TestConflictAndReopen(t *testing.T) {
	onBoth(t, func(t *testing.T, db *metadb.DB) {
		insert := func(ctx context.Context, tx bun.Tx) error {
			_, err := tx.ExecContext(ctx, "INSERT INTO run_step (run_id, attempt, n, name, note, started_at, ended_at) VALUES ('nobody',1,1,'','',CURRENT_TIMESTAMP,CURRENT_TIMESTAMP)")
			return err
		}
		if err := db.Write(t.Context(), insert); err == nil {
			t.Error("a step of no run was kept: foreign keys are off")
		}
	})
}

func TestErrorsOfTheStoreHaveKinds(t *testing.T) {
	onBoth(t, func(t *testing.T, db *metadb.DB) {
		type probe struct {
			name, sql string
			args      []any
			want      error
		}
		probes := []probe{{"a broken statement", "SELECT nothing FROM nowhere", nil, nil}}
		if db.Postgres() {
			probes = append(probes,
				probe{"an escaped NUL", `SELECT E'a\000b'`, nil, fault.Invalid},
				probe{"no number", "SELECT 'x'::bigint", nil, fault.Invalid},
				probe{"out of range", "SELECT 99999999999999999999::bigint", nil, fault.Invalid},
			)
		}
		for _, p := range probes {
			var out string
			err := db.Bun().NewRaw(p.sql, p.args...).Scan(t.Context(), &out)
			if err == nil {
				t.Errorf("%s: no error", p.name)
				continue
			}
			if got := fault.KindOf(metadb.Classify(err)); !errors.Is(got, p.want) {
				t.Errorf("%s: %v is %v, want %v", p.name, err, got, p.want)
			}
		}
		// A NUL as a value is data or the caller's mistake, never a fault of ours.
		var out []string
		if err := metadb.Classify(db.Bun().NewRaw("SELECT subject FROM event WHERE subject = ?", "a\x00b").Scan(t.Context(), &out)); err != nil && !errors.Is(err, fault.Invalid) {
			t.Errorf("NUL in a read: %v", err)
		}
		twice := func(ctx context.Context, tx bun.Tx) error {
			for range 2 {
				if _, err := tx.ExecContext(ctx, "INSERT INTO run_step (run_id, attempt, n, name, note, started_at, ended_at) VALUES ('nobody',1,1,'','',CURRENT_TIMESTAMP,CURRENT_TIMESTAMP)"); err != nil {
					return err
				}
			}
			return nil
		}
		if err := db.Write(t.Context(), twice); !errors.Is(err, fault.Conflict) {
			t.Errorf("a broken constraint: %v, want fault.Conflict", err)
		}
	})
}
