// Package demo writes the small set of departmental files that `make run`
// collects: self-made, the same bytes every time, and as messy as what
// departments really send (title rows, merged headers, units, totals, notes,
// broken lines, GBK, UTF-16, archives). No person or company in them exists.
package demo
