// Package brain is the one door to all data (seed: 城市数据大脑): tables,
// snapshots and queries. Storage and engine stand behind it in brain/iceberg
// and brain/duck; nothing reads through it without a decision of guard.
//
//	rows, err := b.Query(guard.With(ctx, principal), brain.Statement{SQL: "SELECT count(*) FROM landing.scjg_company"})
package brain
