// Package rule says how one value is held against a standard: valid, mendable
// without guessing, or invalid and why.
//
// A [Rule] is the executable form of one identifier or code list. Its Strict
// function looks at bytes and allocates nothing, so that [Rule.Column] runs
// over columns of millions of values; [Rule.Check] explains one value in full.
//
//	r := identifier.CitizenID()
//	c := r.Check("11010519491231002x", rule.Today())
//	// c.Verdict == rule.Repairable, c.Repaired == "11010519491231002X", c.Mends == rule.LowerCase
//
// Answers the seed's 有标准管理: a standard that cannot be run is a document.
package rule
