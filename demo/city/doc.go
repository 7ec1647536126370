// Package city is a district that does not exist, person by person and firm by
// firm, over 36 months: the ground truth behind the files that the departments
// of `shuniu demo` send (seed: 资源化, 一数一源; a claim about matching or mending
// needs a truth to be held against).
//
//	c := city.New(10_000, 1)
//	for h := range c.Households() {
//		for p := range c.Members(h) { … }
//	}
//
// Nothing is stored and nothing is drawn from a running generator: every value
// is a function of (seed, kind, id, field), see roll. So any row can be made
// alone, in any order and on any number of threads, memory does not grow with
// the number of residents, and a layer added later changes no value of an
// earlier one as long as it takes kinds and fields of its own.
//
// The state on the last day (End) comes first; what happened in the 36 months
// before is derived backwards from it. This keeps the margins exact: residents,
// household size, ages, hukou and firms per resident are those published for
// Pudong and Shanghai (Source: facts of the project, hubs and matters, §1),
// and TestMargins holds them within 1 %.
//
// Towns and committees are real names and codes; weights, centres, roads,
// lanes, rooms, people and firms are made up (虚构数据, positions 示意). Citizen
// numbers begin with 39, which is no province; credit codes carry the area
// 310190, which was never given; mobile numbers begin with 154, which no
// network has.
//
// Later layers (inspections, complaints, sensors, policies) come with the hubs
// that use them: they take a new kind in roll.go and their own file here.
package city
