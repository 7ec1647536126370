// Package standards holds the code lists that Shuniu ships: divisions by
// year, towns, committees, industries in three editions and the way between
// them, ethnic groups, countries, currencies, sex and marital status.
//
// It is data and one function. What the lists mean, how they are searched and
// by which day they hold is the business of package standard/code; README.md
// beside the files names the source and licence of each.
package standards
