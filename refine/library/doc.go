// Package library is 资源化 under 一数一源: it makes one row of what many
// departments say of the same thing (golden rows), by a pack that names the
// fields, the standards they must meet and whose value wins.
//
//	p, err := library.Load("legal-person.yaml", text)
//	rep, err := svc.Build(ctx, p, sources, progress)
//
// A build reads the landing tables of its sources at their current snapshots
// and leaves four tables, each replaced in one snapshot:
//
//	library.<name>           one row a thing; for each field the row it is from
//	library.<name>_row       every source row in the standards' form, with its _entity
//	library.<name>_conflict  fields on which the rows of a thing do not agree
//	library.<name>_issue     every value mended or rejected, and why
//
// Rows keep (_batch, _row) of the landing table, so that a golden value leads
// to the line of the file it came from.
package library
