// Package audit is the log of who did what (seed: 全覆盖安保): append-only, each
// entry chained to the one before by its SM3 hash, written in the transaction
// of the change it tells of. Verify finds an entry that was altered, removed
// or slipped in; whoever keeps the hash of the newest entry elsewhere also
// finds that the end was cut off.
//
//	log := audit.New(db)
//	err := db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
//		// … the change …
//		return log.Record(ctx, tx, audit.Entry{Principal: p, Action: guard.EditEntry, Object: "dataset:scjg_company"})
//	})
package audit
