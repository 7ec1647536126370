// Package tabular says what a table in a file is: where it stands, what its
// columns are called, what was found around it, and how its rows are read.
// Each reader of a format (delimited, workbook, document, …) finds tables and
// returns them as Found; package intake types and reports them.
package tabular
