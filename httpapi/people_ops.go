package httpapi

import (
	"context"
	"net/http"

	"shuniu/guard"
)

func (a *api) peopleOps() {
	add(a, a.get("list-departments", "/api/departments", "people", anySession, "All departments, by name"),
		func(ctx context.Context, _ *empty) (*body[[]Department], error) {
			return answer(a.svc.Accounts.Departments(ctx))
		})
	o := a.post("create-department", "/api/departments", "people", guard.ManageUsers, "Add a department")
	o.status = http.StatusCreated
	add(a, o, func(ctx context.Context, in *struct{ Body NewDepartment }) (*body[Department], error) {
		return answer(a.svc.Accounts.CreateDepartment(ctx, in.Body))
	})
	add(a, a.get("list-accounts", "/api/accounts", "people", guard.ManageUsers, "Accounts, by name"),
		func(ctx context.Context, in *Paging) (*body[Page[Account]], error) {
			return answer(a.svc.Accounts.List(ctx, *in))
		})
	o = a.post("create-account", "/api/accounts", "people", guard.ManageUsers, "Add an account")
	o.status = http.StatusCreated
	add(a, o, func(ctx context.Context, in *struct{ Body NewAccount }) (*body[Account], error) {
		return answer(a.svc.Accounts.Create(ctx, in.Body))
	})
	o = a.get("change-account", "/api/accounts/{account}", "people", guard.ManageUsers, "Change an account, unlock it, set its roles")
	o.method = http.MethodPatch
	add(a, o, func(ctx context.Context, in *struct {
		Account string `path:"account" maxLength:"64"`
		Body    AccountChange
	},
	) (*body[Account], error) {
		return answer(a.svc.Accounts.Change(ctx, in.Account, in.Body))
	})
	add(a, a.get("list-sign-in-locks", "/api/sign-in-locks", "people", guard.ManageUsers, "Addresses from which sign-ins are refused for a while"),
		func(ctx context.Context, _ *empty) (*body[[]SignInLock], error) {
			return answer(a.svc.Accounts.SignInLocks(ctx))
		})
	add(a, a.gone("lift-sign-in-lock", "/api/sign-in-locks/{address}", "people", guard.ManageUsers, "Lift the lock of an address, on record"),
		func(ctx context.Context, in *struct {
			Address string `path:"address" maxLength:"64" doc:"As listed"`
		},
		) (*none, error) {
			return &none{}, a.svc.Accounts.UnlockAddress(ctx, in.Address)
		})
}

type auditList struct {
	AuditFilter
	Paging
}

func (a *api) auditOps() {
	add(a, a.get("list-audit", "/api/audit", "audit", guard.ReadAudit, "Who did what, newest first"),
		func(ctx context.Context, in *auditList) (*body[Page[AuditEntry]], error) {
			return answer(a.svc.Audit.List(ctx, in.AuditFilter, in.Paging))
		})
	add(a, a.get("verify-audit", "/api/audit/verify", "audit", guard.ReadAudit, "Check the chain of the whole log"),
		func(ctx context.Context, _ *empty) (*body[AuditVerdict], error) {
			return answer(a.svc.Audit.Verify(ctx))
		})
}
