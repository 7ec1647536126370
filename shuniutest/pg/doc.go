// Package pg gives tests a real PostgreSQL: one server per test binary, in a
// temporary folder, reached by a Unix socket only, and one fresh database per
// call.
//
//	db, err := metadb.Open(ctx, pg.Database(t), log)
//
// It needs Debian's postgresql-15 (make setup installs it) and works as root,
// for whom it changes to the user postgres. Where the server is missing the
// test fails, unless SHUNIU_NO_POSTGRES=1 says that this is known.
package pg
