package metadb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/uptrace/bun"

	"shuniu/fault"
)

// DB is an open metadata store. Its methods are safe for concurrent use.
type DB struct {
	reader   *bun.DB
	writer   *bun.DB
	postgres bool
	log      *slog.Logger
}

// Open opens the store at dsn, sqlite:///ABSOLUTE/PATH or postgres://…, making
// and migrating it as needed. It returns fault.Invalid for a dsn of another
// form and fault.Busy when the store does not answer.
func Open(ctx context.Context, dsn string, log *slog.Logger) (*DB, error) {
	var (
		db  *DB
		err error
	)
	switch {
	case strings.HasPrefix(dsn, "sqlite:///"):
		db, err = openSQLite(ctx, strings.TrimPrefix(dsn, "sqlite://"))
	case strings.HasPrefix(dsn, "postgres://"), strings.HasPrefix(dsn, "postgresql://"):
		db, err = openPostgres(ctx, dsn)
	default:
		return nil, fmt.Errorf("metadata store %q, want sqlite:///PATH or postgres://…: %w", redact(dsn), fault.Invalid)
	}
	if err != nil {
		return nil, fmt.Errorf("open metadata store %s: %w", redact(dsn), err)
	}
	db.log = log
	if err := db.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("migrate metadata store %s: %w", redact(dsn), err), db.Close())
	}
	return db, nil
}

// Bun reads. On SQLite it cannot write.
func (d *DB) Bun() *bun.DB { return d.reader }

// SQL is the handle that may write, for a library that brings its own
// statements (the Iceberg catalogue). On SQLite it is a single connection, so
// a caller must not hold a transaction while it asks for another.
func (d *DB) SQL() *sql.DB { return d.writer.DB }

// Postgres tells which of the two stores this is.
func (d *DB) Postgres() bool { return d.postgres }

// Close closes the store; on SQLite it also folds the write-ahead log back
// into the database, so that the log stays short.
func (d *DB) Close() error {
	var errs []error
	if !d.postgres {
		_, err := d.writer.ExecContext(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)")
		if err != nil && !errors.Is(err, sql.ErrConnDone) {
			errs = append(errs, err)
		}
		errs = append(errs, d.reader.Close())
	}
	return errors.Join(append(errs, d.writer.Close())...)
}

type hooksKey struct{}

type hooks struct{ after []func() }

// Write runs fn in one transaction and commits it. What fn published or
// changed is durable when Write returns nil, and not there at all when it
// returns an error. Calls must not nest.
func (d *DB) Write(ctx context.Context, fn func(ctx context.Context, tx bun.Tx) error) error {
	h := &hooks{}
	ctx = context.WithValue(ctx, hooksKey{}, h)
	if err := d.writer.RunInTx(ctx, nil, fn); err != nil {
		return Classify(err)
	}
	for _, f := range h.after {
		f()
	}
	return nil
}

// AfterCommit has f called once the transaction of ctx, made by Write, is
// durable; never when it is not. Outside Write it does nothing.
func AfterCommit(ctx context.Context, f func()) {
	if h, ok := ctx.Value(hooksKey{}).(*hooks); ok {
		h.after = append(h.after, f)
	}
}

// redact hides a password in a dsn.
func redact(dsn string) string {
	scheme, rest, ok := strings.Cut(dsn, "://")
	if !ok {
		return dsn
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		user, _, _ := strings.Cut(rest[:at], ":")
		return scheme + "://" + user + ":***" + rest[at:]
	}
	return dsn
}
