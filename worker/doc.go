// Package worker runs what may not run in the hub (DuckDB, parsers of files
// from outside) in children of the same binary: re-executed, under Landlock
// and a system call filter, without network, with limits, killed at a
// deadline (decision D1).
//
// The hub keeps a warm Pool and calls Run, or Do and Next; the child's main
// calls Serve with its handlers. Files travel as open descriptors or as hard
// links in the child's read-only folder; the child writes only in its own
// folders, which are other trees than that of the links, so that nothing it
// does reaches the bytes of the lake.
//
//	err := pool.Run(ctx, worker.Request{Method: "intake", Params: p, Files: []*os.File{f}}, func(m worker.Message) error {
//		return report(m.Payload)
//	})
package worker
