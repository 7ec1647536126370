// Package braintest holds the contract of brain.Lake and brain.Table: what
// every implementation, on every metadata store, must do.
//
//	braintest.Run(t, func(t *testing.T) brain.Lake { … }, braintest.WriteParquet)
package braintest
