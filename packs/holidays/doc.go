// Package holidays holds the days off and the make-up working days (调休) that
// the State Council arranged for mainland China since 2007.
//
// It is data and one constant. What the lines mean is the business of package
// clock, which reads them with clock.ParseArrangements; README.md beside the
// file names the notice of each year. A district loads the notice of a new
// year in the same format.
package holidays
