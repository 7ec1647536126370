// Package document finds the tables in files that are no sheets and no
// delimited text: JSON and JSON lines, XML, SQL dumps, DBF, Shapefile,
// GeoJSON, HTML, DOCX and Parquet. It answers the seed's 无条件归集 for what
// systems export rather than what people type.
//
// Every format has one tabular.Finder. Text formats expect UTF-8: the caller
// transcodes first. Trees (JSON, XML) are read in two passes, the first to
// learn the shape, the second per table, so a file is never held in memory;
// a repeating part is a table, a repeating part inside it is a child table
// that names its parent's row in the column "_parent".
//
//	found, err := document.FindJSON(ctx, src, tabular.Options{})
package document
