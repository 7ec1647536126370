// Package store keeps matters in the metadata store, SQLite or PostgreSQL. It
// implements matter.Store.
//
// Commands that wait at the same time share one transaction (group commit): up
// to 256 heads are read, changed in memory and written with a handful of
// statements. A command that is refused writes nothing and does not disturb
// the others; when the transaction itself fails, each is tried alone.
package store
