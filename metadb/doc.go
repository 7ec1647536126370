// Package metadb opens the metadata store: SQLite for one machine, PostgreSQL
// for several, behind one set of migrations and queries (decision D6).
//
// SQLite runs with WAL and synchronous=FULL through one writer connection and
// a pool of readers; what Write returned nil for survives a power cut.
//
//	db, err := metadb.Open(ctx, "sqlite:///var/lib/shuniu/meta.db", log)
//	err = db.Write(ctx, func(ctx context.Context, tx bun.Tx) error { … })
package metadb
