package guard_test

import (
	"context"
	"errors"
	"testing"

	"shuniu/fault"
	"shuniu/guard"
	"shuniu/resource"
)

// want states the policy a second time, in another form: own department,
// foreign department, no department; one letter per action that is allowed.
var want = map[guard.Role][3]string{
	guard.Leader:    {"re", "re", "re"},
	guard.Admin:     {"relmdbxuof", "relmdbxuof", "relmdbxuof"},
	guard.Engineer:  {"relmdbxof", "relmdbxof", "relmdbxof"},
	guard.Steward:   {"relmd", "e", "e"},
	guard.Consumer:  {"re", "e", "e"},
	guard.Assessor:  {"re", "re", "re"},
	guard.Security:  {"eo", "eo", "eo"},
	guard.Auditor:   {"ea", "ea", "ea"},
	guard.Officer:   {"re", "e", "e"},
	guard.Community: {"re", "e", "e"},
	guard.Clerk:     {"re", "e", "e"},
	guard.Company:   {"", "", ""},
	guard.Resident:  {"", "", ""},
	guard.Public:    {"", "", ""},
}

var letters = map[guard.Action]string{
	guard.ReadRows: "r", guard.ReadEntry: "e", guard.Land: "l", guard.Mend: "m", guard.EditEntry: "d",
	guard.Rollback: "b", guard.ManageRuns: "x", guard.ManageUsers: "u", guard.ReadAudit: "a", guard.Operate: "o", guard.Refine: "f",
}

func TestPolicyMatrix(t *testing.T) {
	table := resource.Table{Station: resource.Landing, Dataset: "d"}
	objects := [3]guard.Object{{Table: table, Department: "mine"}, {Table: table, Department: "theirs"}, {Table: table}}
	for _, r := range guard.Roles() {
		ctx := guard.With(t.Context(), guard.Principal{Account: "a", Role: r, Department: "mine"})
		for i, o := range objects {
			for _, action := range guard.Actions() {
				d, err := guard.Policy{}.Decide(ctx, action, o)
				allowed := containsLetter(want[r][i], letters[action])
				if d.Allowed(action, table) != allowed || (err == nil) != allowed {
					t.Errorf("%s %s on department %q: allowed %v (%v), want %v", r, action, o.Department, d.Allowed(action, table), err, allowed)
				}
				if err != nil && !errors.Is(err, fault.Denied) {
					t.Errorf("%s %s: %v is not fault.Denied", r, action, err)
				}
			}
		}
	}
}

func containsLetter(s, l string) bool {
	for _, r := range s {
		if string(r) == l {
			return true
		}
	}
	return false
}

func TestDecisionIsForItsActionAndTableOnly(t *testing.T) {
	ctx := guard.With(t.Context(), guard.Principal{Account: "a", Role: guard.Engineer})
	x, y := resource.Table{Station: resource.Landing, Dataset: "x"}, resource.Table{Station: resource.Landing, Dataset: "y"}
	d, err := guard.Policy{}.Decide(ctx, guard.ReadEntry, guard.Object{Table: x})
	if err != nil || !d.Allowed(guard.ReadEntry, x) {
		t.Fatalf("engineer may not read an entry: %v", err)
	}
	if d.Allowed(guard.ReadRows, x) || d.Allowed(guard.ReadEntry, y) || (guard.Decision{}).Allowed(guard.ReadEntry, x) {
		t.Error("a decision allows more than it was made for")
	}
}

func TestNobodyMayNothing(t *testing.T) {
	people := []context.Context{
		t.Context(),
		guard.With(t.Context(), guard.Principal{}),
		guard.With(t.Context(), guard.Principal{Account: "x", Role: "root"}),
		guard.With(t.Context(), guard.Principal{Account: "x", Role: guard.Public, Department: "d"}),
	}
	for i, ctx := range people {
		for _, action := range guard.Actions() {
			if _, err := (guard.Policy{}).Decide(ctx, action, guard.Object{Department: "d"}); !errors.Is(err, fault.Denied) {
				t.Errorf("person %d, %s: err = %v, want fault.Denied", i, action, err)
			}
			if err := (guard.Policy{}).Somewhere(ctx, action); !errors.Is(err, fault.Denied) {
				t.Errorf("person %d, %s somewhere: err = %v, want fault.Denied", i, action, err)
			}
			if all, dept := (guard.Policy{}).Reach(ctx, action); all || dept != "" {
				t.Errorf("person %d, %s reaches %v %q", i, action, all, dept)
			}
		}
	}
}

// Without a department, "own" must not match objects that have none.
func TestNoDepartmentOwnsNothing(t *testing.T) {
	ctx := guard.With(t.Context(), guard.Principal{Account: "x", Role: guard.Steward})
	if _, err := (guard.Policy{}).Decide(ctx, guard.Land, guard.Object{}); !errors.Is(err, fault.Denied) {
		t.Errorf("err = %v, want fault.Denied", err)
	}
	if err := (guard.Policy{}).Somewhere(ctx, guard.Land); !errors.Is(err, fault.Denied) {
		t.Errorf("err = %v, want fault.Denied", err)
	}
}

func TestOwnerOfTheFolder(t *testing.T) {
	ctx := guard.With(t.Context(), guard.Local())
	for _, action := range guard.Actions() {
		_, err := guard.Policy{}.Decide(ctx, action, guard.Object{Department: "any"})
		if allowed := action != guard.ReadAudit; (err == nil) != allowed {
			t.Errorf("local %s: %v, want allowed %v", action, err, allowed)
		}
	}
}
