// Package resource holds the nouns that the principles share: Dataset, Field,
// Department, Batch, Snapshot and the types of their values (seed: 数据资源).
// It has no behaviour beyond checking and naming; stores live with their owners.
package resource
