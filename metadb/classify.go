package metadb

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-sqlite3"

	"shuniu/fault"
)

// Classify gives SQLite's and PostgreSQL's errors their kinds. Write and Open
// do it themselves; reads through Bun are classified where an answer is made
// of them. An error that has a kind, or is of neither store, stays as it is.
func Classify(err error) error {
	if err == nil || fault.KindOf(err) != nil {
		return err
	}
	if kind := storeKind(err); kind != nil {
		return fmt.Errorf("%w: %w", err, kind)
	}
	return err
}

// storeKind is the kind of a store's error; nil when there is none.
func storeKind(err error) error {
	var (
		lite    sqlite3.Error
		pg      *pgconn.PgError
		connect *pgconn.ConnectError
	)
	switch {
	case errors.As(err, &lite):
		return sqliteKind(lite.Code)
	case errors.As(err, &pg):
		return sqlstateKind(pg.Code)
	case errors.As(err, &connect):
		return fault.Busy
	}
	return nil
}

func sqliteKind(code sqlite3.ErrNo) error {
	switch code {
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return fault.Busy
	case sqlite3.ErrFull:
		return fault.Full
	case sqlite3.ErrCorrupt, sqlite3.ErrNotADB:
		return fault.Damaged
	case sqlite3.ErrConstraint:
		return fault.Conflict
	case sqlite3.ErrTooBig:
		return fault.Invalid
	}
	return nil
}

// sqlstateKind goes by PostgreSQL's classes of SQLSTATE (its appendix A).
func sqlstateKind(code string) error {
	switch code {
	case "53100": // disk_full
		return fault.Full
	case "XX001", "XX002": // data_corrupted, index_corrupted
		return fault.Damaged
	case "55P03", "57P01", "57P02", "57P03": // lock_not_available, shutdowns, cannot_connect_now
		return fault.Busy
	}
	if len(code) != 5 {
		return nil
	}
	switch code[:2] {
	case "22", "54": // data exception, e.g. 22021 for a NUL; program limit exceeded
		return fault.Invalid
	case "23": // integrity constraint violation
		return fault.Conflict
	case "08", "40", "53": // connection, serialization and deadlock, resources
		return fault.Busy
	}
	return nil
}
