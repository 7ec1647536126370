// Package delimited finds the tables of text files whose values stand between
// delimiters or in fixed columns: CSV, TSV, TXT of any delimiter, quote and
// line end, in any encoding (seed: 无条件归集).
//
// Find decides encoding (package charset), dialect and, with package grid,
// where the tables stand. Small files are looked at whole; above 32 MiB the
// beginning and the end are, and the rest is checked line by line as it is
// read, on two cores.
//
// # Conservation
//
// Tally counts records: a line, or the lines that a quoted line break binds
// into one. Each is header, row, note, rejected or blank. A record whose number
// of values does not fit its table, whose quotes cannot be read in exactly one
// way, or whose bytes do not decode is rejected with its line, reason and bytes;
// what was mended (a stray quote read as itself) is named in Questions. An
// unclosed quote never takes the lines after it along.
package delimited
