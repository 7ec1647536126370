package metadb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"shuniu/durable"
	"shuniu/fault"
)

// openSQLite opens the file at path. The folder is made and fsynced before
// SQLite opens a file in it: SQLite's own fsync of a new folder can fail
// unseen, and with it everything acknowledged.
func openSQLite(ctx context.Context, path string) (*DB, error) {
	dir := filepath.Dir(path)
	if err := durable.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := durable.SyncDir(d); err != nil {
			return nil, err
		}
	}
	// SQLite gives its log the mode of the database: for the owner only.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	open := func(query url.Values, conns int) (*bun.DB, error) {
		dsn := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: query.Encode()}).String()
		db, err := sql.Open("sqlite3", dsn)
		if err != nil {
			return nil, err
		}
		db.SetMaxOpenConns(conns)
		db.SetMaxIdleConns(conns)
		db.SetConnMaxIdleTime(0)
		return bun.NewDB(db, sqlitedialect.New()), nil
	}
	common := url.Values{
		"_busy_timeout": {"15000"},
		"_foreign_keys": {"1"},
		"_synchronous":  {"FULL"},
	}
	w := url.Values{"_txlock": {"immediate"}}
	r := url.Values{"_query_only": {"1"}}
	for k, v := range common {
		w[k], r[k] = v, v
	}
	writer, err := open(w, 1)
	if err != nil {
		return nil, err
	}
	fail := func(err error) (*DB, error) { return nil, errors.Join(Classify(err), writer.Close()) }
	// The answer is the proof: an I/O error leaves the old mode without an error.
	var mode string
	if err := writer.NewRaw("PRAGMA journal_mode=WAL").Scan(ctx, &mode); err != nil {
		return fail(err)
	}
	if mode != "wal" {
		return fail(fmt.Errorf("journal mode is %q, want wal: %w", mode, fault.Damaged))
	}
	var level int
	if err := writer.NewRaw("PRAGMA synchronous").Scan(ctx, &level); err != nil {
		return fail(err)
	}
	if level != 2 {
		return fail(fmt.Errorf("synchronous is %d, want 2 (FULL): %w", level, fault.Damaged))
	}
	if _, err := writer.ExecContext(ctx, "PRAGMA wal_autocheckpoint=512"); err != nil {
		return fail(err)
	}
	// The names of the database and its log become durable here.
	if err := durable.SyncDir(dir); err != nil {
		return fail(err)
	}
	reader, err := open(r, max(4, runtime.NumCPU()*2))
	if err != nil {
		return fail(err)
	}
	return &DB{reader: reader, writer: writer}, nil
}
