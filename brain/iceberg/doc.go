// Package iceberg keeps the lake's tables as Apache Iceberg tables on local
// disk, their catalogue in metadb (SQLite or PostgreSQL). It implements
// brain.Lake and brain.Table.
//
// iceberg-go plans, reads and writes metadata; four things are ours, each
// because data was lost in a test without it:
//
//   - files: every metadata file is fsynced, and every folder up to the lake's,
//     before the catalogue names it (iceberg-go never calls fsync: after 10 of
//     10 simulated power cuts the table was unreadable);
//   - the catalogue: one transaction swaps the table's row, records the sha256
//     of the new metadata files and notes the batch; a swap that finds another
//     row is a conflict of its own type, the only error that is redone;
//   - the redo: load, look for the batch, build the snapshot anew, swap. Any
//     other error of a commit is followed by a look whether the batch is in;
//   - the plan: manifests are read and checked by digest, a file is listed
//     once whatever its row groups, and delete files are refused, because a
//     later rewrite would bring the deleted rows back (apache/iceberg-go#2042).
//
// The layout below the lake's folder:
//
//	landing/<dataset>-<ulid>/data/<ulid>-<32 hex digits of sha256>.parquet
//	landing/<dataset>-<ulid>/metadata/*.metadata.json, *.avro
//	landing/<dataset>-<ulid>/metadata/committed   what was last acknowledged
//	.staging/<ulid>/                              files of workers, not yet committed
//
// The catalogue's tables are those of Iceberg's JDBC catalogue, so iceberg-go's
// own SQL catalogue and Trino can open them (catalogue name "shuniu").
package iceberg
