// Package grid finds the tables on a sheet of cells: where each one stands,
// what its header says, and which of its rows are data, headings, totals or
// remarks. A sheet is a page of a workbook or the records of a text file.
//
// It answers the seed's 无条件归集: a clerk's sheet has titles, units, merged
// headers of several rows, sections, subtotals, footnotes and signatures, and
// all of it is kept: as the table's columns, rows or notes, never dropped.
//
//	s := grid.NewSheet("Sheet1")
//	s.StartRow(0)
//	s.Add(0, grid.Text, []byte("街道"), 0)
//	s.Add(1, grid.Text, []byte("人口(万人)"), 0)
//	s.StartRow(1)
//	s.Add(0, grid.Text, []byte("潍坊新村"), 0)
//	s.Add(1, grid.Number, []byte("10.2"), 0)
//	s.Finish()
//	for _, b := range grid.Analyse(s, grid.Options{}) {
//		fmt.Println(b.Range(), b.Heads)
//	}
//
// Rows and columns are counted from 0 here and from 1 in what people read.
package grid
