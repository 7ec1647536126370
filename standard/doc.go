// Package standard is 有标准管理: what the standards say, in a form that runs.
//
// [Kinds] names the identifiers and code lists that values can be held
// against, [Find] gives the rule of one. Rules live below: package rule has
// the machinery, identifier the numbers, code the lists with their days,
// address the postal addresses.
//
//	r, err := standard.Find("uscc")
//	n := r.Column(rule.Column{Offsets: t.Offsets, Data: t.Data, Null: t.Null}, 0, nil)
//	// n[rule.Valid], n[rule.Repairable], n[rule.Invalid], n[rule.Absent]
package standard
