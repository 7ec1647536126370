// Package worker runs what may not run in the hub (DuckDB, parsers of files
// from outside) in children of the same binary: re-executed, under Landlock,
// without network, with limits, killed at a deadline (decision D1).
//
// The hub keeps a warm Pool and calls Do; the child's main calls Serve with
// its handlers. Files travel as open descriptors or as hard links in the
// child's read-only folder; the child writes only in its own folder.
package worker
