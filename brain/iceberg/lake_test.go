package iceberg_test

import (
	"log/slog"
	"path/filepath"
	"testing"

	"shuniu/brain"
	"shuniu/brain/braintest"
	"shuniu/brain/iceberg"
	"shuniu/metadb"
	"shuniu/shuniutest/pg"
)

var quiet = slog.New(slog.DiscardHandler)

// openLake opens a lake in dir over the SQLite store beside it.
func openLake(t testing.TB, dir string) (*iceberg.Lake, *metadb.DB) {
	t.Helper()
	db, err := metadb.Open(t.Context(), "sqlite://"+filepath.Join(dir, "meta.db"), quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	l, err := iceberg.Open(t.Context(), iceberg.Config{Dir: filepath.Join(dir, "lake"), DB: db, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	return l, db
}

func TestContractOnSQLite(t *testing.T) {
	braintest.Run(t, func(t *testing.T) brain.Lake {
		l, _ := openLake(t, t.TempDir())
		return l
	}, braintest.WriteParquet)
}

func TestContractOnPostgres(t *testing.T) {
	braintest.Run(t, func(t *testing.T) brain.Lake {
		db, err := metadb.Open(t.Context(), pg.Database(t), quiet)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		l, err := iceberg.Open(t.Context(), iceberg.Config{Dir: filepath.Join(t.TempDir(), "lake"), DB: db, Log: quiet})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}, braintest.WriteParquet)
}
