package httpapi

import "time"

// A Right is an action the caller's role allows, and where.
type Right struct {
	Action string `json:"action" enum:"read_rows,read_entry,land,mend,edit_entry,rollback,manage_runs,manage_users,read_audit,operate,refine"`
	Scope  string `json:"scope" enum:"hub,any,own" doc:"hub: of the hub as a whole; any: every department; own: the caller's department"`
}

// Me is the caller.
type Me struct {
	Account        string   `json:"account"`
	Name           string   `json:"name"`
	Roles          []string `json:"roles" doc:"Roles the account may take"`
	Role           string   `json:"role" doc:"Role in force"`
	Department     string   `json:"department,omitempty"`
	DepartmentName string   `json:"department_name,omitempty"`
	Rights         []Right  `json:"rights"`
	MustChange     bool     `json:"must_change_password,omitempty"`
}

// Login is what a person signs in with.
type Login struct {
	Account  string `json:"account" minLength:"1" maxLength:"64"`
	Password string `json:"password" minLength:"1" maxLength:"256"`
}

// RoleChoice switches the role in force.
type RoleChoice struct {
	Role string `json:"role" minLength:"1" maxLength:"32"`
}

// PasswordChange sets a new password; it ends every other session.
type PasswordChange struct {
	Old string `json:"old" minLength:"1" maxLength:"256"`
	New string `json:"new" minLength:"8" maxLength:"256"`
}

// An Account is a person who may sign in.
type Account struct {
	Account        string     `json:"account"`
	Name           string     `json:"name"`
	Department     string     `json:"department,omitempty"`
	DepartmentName string     `json:"department_name,omitempty"`
	Roles          []string   `json:"roles"`
	State          string     `json:"state" enum:"active,locked,disabled"`
	LastLoginAt    *time.Time `json:"last_login_at,omitempty"`
	CreatedAt      time.Time  `json:"created_at"`
}

// NewAccount makes an account.
type NewAccount struct {
	Account    string   `json:"account" minLength:"1" maxLength:"64" pattern:"^[a-z][a-z0-9_.-]*$"`
	Name       string   `json:"name" minLength:"1" maxLength:"100"`
	Department string   `json:"department,omitempty" maxLength:"63"`
	Roles      []string `json:"roles" minItems:"1" maxItems:"14" enum:"leader,admin,engineer,steward,consumer,assessor,security,auditor,officer,community,clerk,company,resident,public"`
	Password   string   `json:"password" minLength:"8" maxLength:"256"`
}

// AccountChange changes an account; absent parts stay.
type AccountChange struct {
	Name       *string   `json:"name,omitempty" minLength:"1" maxLength:"100"`
	Department *string   `json:"department,omitempty" maxLength:"63"`
	Roles      *[]string `json:"roles,omitempty" minItems:"1" maxItems:"14"`
	State      *string   `json:"state,omitempty" enum:"active,disabled"`
	Password   *string   `json:"password,omitempty" minLength:"8" maxLength:"256"`
}

// A SignInLock is an address from which sign-ins are refused for a while.
type SignInLock struct {
	Address  string    `json:"address"`
	Failures int64     `json:"failures" doc:"Failed sign-ins that are not forgotten yet"`
	Until    time.Time `json:"until"`
}

// A Department owns datasets and people.
type Department struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Parent   string `json:"parent,omitempty"`
	Datasets int64  `json:"datasets"`
}

// NewDepartment makes a department.
type NewDepartment struct {
	ID     string `json:"id" pattern:"^[a-z][a-z0-9_]{0,62}$"`
	Name   string `json:"name" minLength:"1" maxLength:"100"`
	Parent string `json:"parent,omitempty" maxLength:"63"`
}

// An AuditEntry is one line of the audit log. Hash covers the entry and Prev.
type AuditEntry struct {
	Seq        int64     `json:"seq"`
	At         time.Time `json:"at"`
	Account    string    `json:"account"`
	Role       string    `json:"role"`
	Department string    `json:"department,omitempty"`
	Action     string    `json:"action"`
	Object     string    `json:"object"`
	Detail     string    `json:"detail,omitempty"`
	Algorithm  string    `json:"algorithm"`
	Prev       string    `json:"prev"`
	Hash       string    `json:"hash"`
}

// AuditVerdict says whether the log is whole.
type AuditVerdict struct {
	OK       bool     `json:"ok"`
	Checked  int64    `json:"checked"`
	Head     string   `json:"head" doc:"Hash of the newest entry; note it down elsewhere to detect truncation"`
	Problems []string `json:"problems"`
}
