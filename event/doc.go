// Package event keeps what happened in order and tells those who watch: a
// transactional outbox in the metadata store (decision D7). An event is
// published in the transaction of the change it tells of, so neither exists
// without the other; watchers read on from any sequence number.
package event
