package guard

import (
	"context"

	"shuniu/resource"
)

// A Role is one of the roles of DESIGN §7.
type Role string

// The roles.
const (
	Leader    Role = "leader"    // 领导
	Admin     Role = "admin"     // 数据局管理员
	Engineer  Role = "engineer"  // 数据工程师
	Steward   Role = "steward"   // 部门供数专员
	Consumer  Role = "consumer"  // 部门用数人员
	Assessor  Role = "assessor"  // 质量评估员
	Security  Role = "security"  // 安全管理员
	Auditor   Role = "auditor"   // 审计员
	Officer   Role = "officer"   // 网格/执法人员
	Community Role = "community" // 社区工作者
	Clerk     Role = "clerk"     // 窗口人员
	Company   Role = "company"   // 企业
	Resident  Role = "resident"  // 居民
	Public    Role = "public"    // 公众
)

// A Principal is who acts: one account in one role.
type Principal struct {
	Account    string // login name; "local" for the command line of the folder's owner
	Name       string // as shown
	Role       Role
	Department resource.DepartmentID
}

type principalKey struct{}

// With returns ctx that carries p.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// From returns the principal of ctx; ok is false when nobody is named.
func From(ctx context.Context) (p Principal, ok bool) {
	p, ok = ctx.Value(principalKey{}).(Principal)
	return p, ok
}

// An Action is what is asked for.
type Action string

// The actions of this stage of the hub.
const (
	ReadRows    Action = "read_rows"    // rows, samples and statistics of a dataset
	ReadEntry   Action = "read_entry"   // the catalogue entry: name, fields, counts
	Land        Action = "land"         // give data to a dataset
	Mend        Action = "mend"         // mend, discard and replay quarantined lines
	EditEntry   Action = "edit_entry"   // change an entry, recipe or drift policy
	Rollback    Action = "rollback"     // set a table back to a snapshot
	ManageRuns  Action = "manage_runs"  // cancel and retry runs of others
	ManageUsers Action = "manage_users" // accounts and roles
	ReadAudit   Action = "read_audit"   // the audit log
	Operate     Action = "operate"      // health, metrics, maintenance
	Refine      Action = "refine"       // build libraries from what landed
)

// An Object is what the action is on. The zero value means the hub itself.
type Object struct {
	Table      resource.Table
	Department resource.DepartmentID // owner of the table
}

// A Decision lets its holder do one action on one object. Its fields are
// hidden so that only Decide makes one that Allowed accepts.
type Decision struct {
	principal Principal
	action    Action
	object    Object
	allowed   bool
	reason    string
}

// Allowed reports whether the decision allows action on table.
func (d Decision) Allowed(action Action, table resource.Table) bool {
	return d.allowed && d.action == action && d.object.Table == table
}

// Principal is who the decision was made for.
func (d Decision) Principal() Principal { return d.principal }

// Reason says in English why the decision fell as it did.
func (d Decision) Reason() string { return d.reason }

// A Gate makes decisions. Policy is the one implementation.
type Gate interface {
	// Decide says whether the principal of ctx may do action on object. It
	// returns fault.Denied, with the right that is missing, when not.
	Decide(ctx context.Context, action Action, object Object) (Decision, error)
}
