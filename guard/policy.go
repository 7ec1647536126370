package guard

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"shuniu/resource"
)

// A Scope says on whose objects a right holds.
type Scope string

// The scopes.
const (
	Own Scope = "own" // objects of the principal's department
	Any Scope = "any" // objects of every department, and the hub itself
)

// rights is the policy: what each role may do, and on whose objects. What is
// not here is denied. Administration and audit are in different hands
// (GB/T 22239-2019, 8.1.5); company, resident and public have nothing here.
var rights = map[Role]map[Action]Scope{
	Leader:    {ReadEntry: Any, ReadRows: Any},
	Admin:     {ReadEntry: Any, ReadRows: Any, Land: Any, Mend: Any, EditEntry: Any, Rollback: Any, ManageRuns: Any, ManageUsers: Any, Operate: Any, Refine: Any},
	Engineer:  {ReadEntry: Any, ReadRows: Any, Land: Any, Mend: Any, EditEntry: Any, Rollback: Any, ManageRuns: Any, Operate: Any, Refine: Any},
	Steward:   {ReadEntry: Any, ReadRows: Own, Land: Own, Mend: Own, EditEntry: Own},
	Consumer:  {ReadEntry: Any, ReadRows: Own},
	Assessor:  {ReadEntry: Any, ReadRows: Any},
	Security:  {ReadEntry: Any, Operate: Any},
	Auditor:   {ReadEntry: Any, ReadAudit: Any},
	Officer:   {ReadEntry: Any, ReadRows: Own},
	Community: {ReadEntry: Any, ReadRows: Own},
	Clerk:     {ReadEntry: Any, ReadRows: Own},
	Company:   {},
	Resident:  {},
	Public:    {},
}

// Roles lists the roles in the order of DESIGN §7.
func Roles() []Role {
	return []Role{Leader, Admin, Engineer, Steward, Consumer, Assessor, Security, Auditor, Officer, Community, Clerk, Company, Resident, Public}
}

// Actions lists the actions.
func Actions() []Action {
	return []Action{ReadRows, ReadEntry, Land, Mend, EditEntry, Rollback, ManageRuns, ManageUsers, ReadAudit, Operate, Refine}
}

// Policy is the gate: a table of role, action and scope. The zero value is
// ready; it has no state.
type Policy struct{}

var _ Gate = Policy{}

// scope is the widest scope that p has for action; "" for none. The owner of
// the data folder has what an administrator and an engineer have.
func scope(p Principal, action Action) Scope {
	if p.Account == LocalAccount {
		if s := rights[Admin][action]; s != "" {
			return s
		}
		return rights[Engineer][action]
	}
	return rights[p.Role][action]
}

// Decide says whether the principal of ctx may do action on object.
func (Policy) Decide(ctx context.Context, action Action, object Object) (Decision, error) {
	p, ok := From(ctx)
	d := Decision{principal: p, action: action, object: object}
	if !ok {
		d.reason = "nobody is signed in"
		return d, &DeniedError{Action: action, Object: object, Why: d.reason}
	}
	switch s := scope(p, action); {
	case s == Any:
		d.allowed, d.reason = true, fmt.Sprintf("%s has %s everywhere", p.Role, action)
	case s == Own && p.Department != "" && object.Department == p.Department:
		d.allowed, d.reason = true, fmt.Sprintf("%s has %s in its own department %s", p.Role, action, p.Department)
	case s == Own:
		d.reason = fmt.Sprintf("%s has %s only in its own department", p.Role, action)
	default:
		d.reason = fmt.Sprintf("%s has no right %s", p.Role, action)
	}
	if !d.allowed {
		return d, &DeniedError{Action: action, Object: object, Role: p.Role, Why: d.reason}
	}
	return d, nil
}

// Somewhere returns fault.Denied unless the principal of ctx has the right on
// some object: whether to show a page, and whether to look further.
func (Policy) Somewhere(ctx context.Context, action Action) error {
	p, ok := From(ctx)
	if !ok {
		return &DeniedError{Action: action, Why: "nobody is signed in"}
	}
	switch s := scope(p, action); {
	case s == "":
		return &DeniedError{Action: action, Role: p.Role, Why: fmt.Sprintf("%s has no right %s", p.Role, action)}
	case s == Own && p.Department == "":
		return &DeniedError{Action: action, Role: p.Role, Why: "the account belongs to no department"}
	}
	return nil
}

// Reach tells a store which objects to list: all, or those of one department.
// With neither, nothing may be listed.
func (Policy) Reach(ctx context.Context, action Action) (all bool, department resource.DepartmentID) {
	p, ok := From(ctx)
	if !ok {
		return false, ""
	}
	switch scope(p, action) {
	case Any:
		return true, ""
	case Own:
		return false, p.Department
	}
	return false, ""
}

// A Grant is a right of a principal, for screens.
type Grant struct {
	Action Action
	Scope  Scope
}

// Grants lists the rights of p, by action.
func (Policy) Grants(p Principal) []Grant {
	var out []Grant
	for _, a := range Actions() {
		if s := scope(p, a); s != "" {
			out = append(out, Grant{Action: a, Scope: s})
		}
	}
	slices.SortFunc(out, func(a, b Grant) int { return strings.Compare(string(a.Action), string(b.Action)) })
	return out
}
