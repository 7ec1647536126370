// Package matters holds the types of matters (事项类型) that Shuniu ships: what
// package define reads, with the cases that the loader runs. It is data and
// one variable; a district adds its own types beside them.
package matters
