// Package define holds what a type of matter (事项类型) is and reads it from YAML:
// states, actions, roles, fields, clocks, decision tables, forms (DESIGN §5,
// kind `matter`). It answers the seed's 事项 with data: a new type needs no Go.
//
// Parse reads one file and checks it: what cannot hold is named with file,
// line and the mend. A Type never changes after Parse; a change is a new
// version, and Compare says in plain words what two versions differ in.
//
//	t, err := define.Parse("packs/matters/demand/type.yaml", text, book)
//	var ps define.Problems
//	errors.As(err, &ps) // every problem, with its line
//
// Guards are CEL expressions over typed fields. They have no loops and a cost
// limit, so they end.
package define
