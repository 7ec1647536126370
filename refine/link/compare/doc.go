// Package compare says how alike two values are: words with typing errors,
// Chinese names with homophones and traditional forms, numbers with swapped
// digits, dates, addresses by parts. Every comparison is symmetric.
//
// It serves the seed's 一数一源: the same person is written in many ways.
package compare
