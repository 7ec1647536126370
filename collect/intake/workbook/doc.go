// Package workbook reads the sheets of office workbooks: XLSX and XLSM, XLS
// (BIFF8 and BIFF5), WPS .et, ODS and SpreadsheetML 2003. Content decides, never
// the name. Each sheet becomes a grid.Sheet, and package grid finds its tables.
//
// It answers the seed's 无条件归集 for the format that departments send most.
// Values are the stored ones: a number as its shortest exact decimal digits, a
// date as 2024-03-05, a formula as its cached value, text untouched.
//
//	found, err := workbook.Find(ctx, src, tabular.Options{})
//
// Hostile files are expected: what is inflated, how many cells and how much
// text are bounded, no XML entity is expanded, and a file that breaks a bound is
// answered with a *tabular.Refusal.
package workbook
