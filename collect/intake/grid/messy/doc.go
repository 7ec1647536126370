// Package messy makes workbooks and CSV texts as departments fill them in,
// with the truth about each: where its tables stand, what their columns are
// called, every data row, and what the rest of the sheet says. Tests score
// package grid and the readers of formats against it.
//
// Its words are its own: it shares no list with the analyser, so that the
// analyser can be wrong. The same seed gives the same files.
//
//	for _, c := range messy.Make(7, 300) {
//		fmt.Println(c.Name, len(c.Bytes), len(c.Tables))
//	}
package messy
