// Command bench measures the budgets of DESIGN that need the whole program:
// each against its peer or bound in the same run, in CPU seconds and wall time.
//
//	go run ./bench -shuniu bin/shuniu -rows 10000000 land
package main
