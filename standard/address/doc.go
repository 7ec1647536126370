// Package address takes Chinese postal addresses apart, writes them in the
// standard form and finds the division they lie in.
//
//	p := address.New()
//	a := p.Parse("上海市南汇区惠南镇人民东路690弄5号601室")
//	// a.Lane == "690弄", a.RoadNo == "5号", a.Room == "601室"
//	// a.Code == "310115131": 惠南镇 lies in 浦东新区 since 2009
//	// a.Standard == "上海市浦东新区惠南镇人民东路690弄5号601室"
//
// A text is cut into characters and runs of digits. For each, a linear chain
// weighs what it is (of some eight hundred telling characters and keywords, any
// other character being the same), whether a division's name covers it, and
// which keyword comes next; the best chain of parts wins. The weights come
// from addresses written by a generator (generator_test.go) with typed
// chances and the divisions' names, so no annotated data of others are in
// them: see docs/decisions/addresses.md for what was measured.
//
// Answers the seed's 有标准管理 for places: one place, one writing, one code.
package address
