// Package collect lands files (seed: 无条件归集): it keeps the bytes as
// received, has a worker find and read their tables, matches each table to its
// dataset, commits the rows to the lake and says in a receipt what became of
// every line.
//
//	receipts, err := service.Land(ctx, collect.Request{Path: "报表.xls", Department: "tjj"}, nil)
//
// Rows in = rows landed + rows quarantined with a reason, for every batch; a
// receipt is given only when its rows would survive a power cut; the same
// bytes for the same dataset land once.
//
// Parsing happens in the worker (handlers in handler.go); what runs in the hub
// never opens a received file as anything but bytes.
package collect
