// Package code holds the code lists of the national standards and knows by
// which day each code holds and what became of it.
//
// [Areas] is GB/T 2260 since 1981 with the statistical list beside it,
// [Industries] GB/T 4754 in the editions of 2002, 2011 and 2017; [EthnicGroup],
// [Sex], [MaritalStatus], [Country] and [Currency] are flat lists. Each list
// is parsed once, when first asked for, from package packs/standards.
//
//	old, _ := code.Areas().On("310225", 19950101)
//	code.Areas().FullName(old)            // 上海市南汇县
//	code.Areas().Follow("310225", 0)      // [310115]: 南汇县 → 南汇区 → 浦东新区
//
// Answers the seed's 有标准管理: one code means one thing, on a day one can name.
package code
