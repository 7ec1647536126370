// Package brain is the one door through which people read data (seed:
// 城市数据大脑): tables, snapshots and queries. Storage and engine stand behind
// it in brain/iceberg and brain/duck; nothing reads through a [Brain] without a
// decision of guard.
//
// The [Lake] itself decides nothing. Besides a Brain only package collect holds
// one: to land batches and change the columns they need, after its own decision
// (land, mend) for the dataset; to finish what a crash interrupted; and to
// compare receipts with snapshots. It hands no row of a table to anybody.
//
//	rows, err := b.Query(guard.With(ctx, principal), brain.Statement{SQL: "SELECT count(*) FROM landing.scjg_company"})
package brain
