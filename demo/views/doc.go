// Package views writes the city (package city) as its departments know it:
// every department in its own schema, codes, key, format, encoding and
// lateness, with dirt of every kind at a set rate, and the truth beside it.
//
//	sum, err := views.Write(ctx, city.New(10_000, 1), "out", 2)
//
// A view is a table of columns with kinds and a function that walks the city.
// Between the two stands the emitter: it makes the dirt by the kinds of the
// columns, and for each row and each spoiled value it writes a row of truth.
// Views draw from the seed by the hash of their own name, so a view added later
// changes no byte of an earlier one, and its truth follows that of the earlier.
//
// Under out/<department>/ lie the files, under out/truth/ CSVs in UTF-8:
//
//	files.csv            department, file, format, encoding, rows, as of, days late
//	entity_map.csv       department, file, row, role, entity
//	dirt.csv             department, file, row, field, kind, true value, written value
//	duplicates.csv       department, file, row, row it repeats, entity
//	fields.csv           department, file, field, what it holds
//	source_of_right.csv  attribute, department whose value wins, basis
//	city.csv             residents asked for and seed: package city makes any true value again
//	margins.csv          what the city holds, against what it should
//
// Rows count the data rows of a file from 1; row 0 is the file itself. Only the
// scorer reads the truth, the product never does. Every file says 虚构数据, in
// its name and within.
package views
