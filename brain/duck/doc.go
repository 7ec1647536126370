// Package duck is the engine of the brain: DuckDB in sandboxed workers
// (decision D1), over planned Parquet files of the lake.
//
// On the hub's side New gives the brain.Engine. In the worker Handlers answer
// it, and WriteParquet writes what collect lands. Every statement of a user
// passes a gate on its syntax tree: one SELECT, known functions, tables named
// station.dataset; the session that runs it holds nothing but the tables that
// were decided on.
//
//	pool, err := worker.NewPool(cfg)           // whose children serve duck.Handlers()
//	b := brain.New(lake, duck.New(pool), gate, owner)
package duck
