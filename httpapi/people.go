package httpapi

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"shuniu/fault"
	"shuniu/guard"
	"shuniu/metadb"
	"shuniu/resource"
	"shuniu/resource/catalogue"
)

// people answers Accounts from guard, and departments from guard and the
// catalogue, which knows those that only data came from.
type people struct {
	*guard.Accounts
	db        *metadb.DB
	catalogue *catalogue.Store
	policy    guard.Policy
}

// NewPeople returns the service of accounts and departments.
func NewPeople(db *metadb.DB, accounts *guard.Accounts, cat *catalogue.Store) Accounts {
	return &people{Accounts: accounts, db: db, catalogue: cat}
}

func (s *people) Me(ctx context.Context) (Me, error) {
	p, _ := guard.From(ctx)
	me := Me{Account: p.Account, Name: p.Name, Role: string(p.Role), Department: string(p.Department), Roles: []string{string(p.Role)}}
	for _, g := range s.policy.Grants(p) {
		me.Rights = append(me.Rights, Right{Action: string(g.Action), Scope: string(g.Scope)})
	}
	if p.Account == guard.LocalAccount {
		return me, nil
	}
	a, err := s.Get(ctx, p.Account)
	if err != nil {
		return Me{}, err
	}
	me.Roles = roleNames(a.Roles)
	names, err := s.names(ctx)
	me.DepartmentName = names[p.Department]
	return me, err
}

func (s *people) names(ctx context.Context) (map[resource.DepartmentID]string, error) {
	all, err := s.Accounts.Departments(ctx)
	out := make(map[resource.DepartmentID]string, len(all))
	for _, d := range all {
		out[d.ID] = d.Name
	}
	return out, err
}

// accounts are the names of the people behind accounts; one that is not known
// any more is left out.
func (m *readModel) accounts(ctx context.Context, accounts []string) (map[string]string, error) {
	out := make(map[string]string, len(accounts))
	if len(accounts) == 0 {
		return out, nil
	}
	accounts = slices.Compact(slices.Sorted(slices.Values(accounts)))
	var rows []struct{ Account, Name string }
	err := m.db.Bun().NewRaw("SELECT a.account, a.name FROM account AS a WHERE a.account IN (?)", bun.List(accounts)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("names of people: %w", err)
	}
	for _, r := range rows {
		out[r.Account] = r.Name
	}
	return out, nil
}

func (s *people) List(ctx context.Context, p Paging) (Page[Account], error) {
	rows, err := s.Accounts.List(ctx, p.After, p.Limit+1)
	if err != nil {
		return Page[Account]{}, err
	}
	names, err := s.names(ctx)
	if err != nil {
		return Page[Account]{}, err
	}
	return paged(rows, p.Limit, func(a guard.Account) Account { return account(a, names) },
		func(a Account) string { return a.Account }), nil
}

func account(a guard.Account, names map[resource.DepartmentID]string) Account {
	out := Account{
		Account: a.Account, Name: a.Name, Department: string(a.Department), DepartmentName: names[a.Department],
		Roles: roleNames(a.Roles), State: "active", LastLoginAt: timeOrNil(a.LastLoginAt), CreatedAt: a.CreatedAt.UTC(),
	}
	switch {
	case a.Disabled:
		out.State = "disabled"
	case a.Locked(time.Now()):
		out.State = "locked"
	}
	return out
}

func (s *people) Create(ctx context.Context, n NewAccount) (Account, error) {
	a, err := s.Accounts.Create(ctx, guard.Account{
		Account: n.Account, Name: strings.TrimSpace(n.Name),
		Department: resource.DepartmentID(n.Department), Roles: roles(n.Roles),
	}, n.Password)
	return s.answer(ctx, a, err)
}

func (s *people) Change(ctx context.Context, name string, c AccountChange) (Account, error) {
	change := guard.Change{Name: c.Name, Password: c.Password}
	if c.Department != nil {
		d := resource.DepartmentID(*c.Department)
		change.Department = &d
	}
	if c.Roles != nil {
		r := roles(*c.Roles)
		change.Roles = &r
	}
	if c.State != nil {
		disabled := *c.State == "disabled"
		change.Disabled = &disabled
	}
	if p, _ := guard.From(ctx); p.Account == name && (change.Disabled != nil && *change.Disabled ||
		change.Roles != nil && !slices.Contains(*change.Roles, guard.Admin)) {
		return Account{}, fmt.Errorf("an administrator does not lock itself out: %w", fault.Invalid)
	}
	a, err := s.Accounts.Change(ctx, name, change)
	return s.answer(ctx, a, err)
}

func (s *people) answer(ctx context.Context, a guard.Account, err error) (Account, error) {
	if err != nil {
		return Account{}, err
	}
	names, err := s.names(ctx)
	return account(a, names), err
}

func (s *people) Departments(ctx context.Context) ([]Department, error) {
	mine, err := s.Accounts.Departments(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Department, 0, len(mine))
	at := map[string]int{}
	for _, d := range mine {
		at[string(d.ID)] = len(out)
		out = append(out, Department{ID: string(d.ID), Name: d.Name, Parent: string(d.Parent)})
	}
	theirs, err := s.catalogue.Departments(ctx)
	if errors.Is(err, fault.Denied) {
		return out, nil // may see the names, not what they own
	} else if err != nil {
		return nil, err
	}
	for _, d := range theirs {
		i, ok := at[string(d.ID)]
		if !ok {
			i = len(out)
			out = append(out, Department{ID: string(d.ID), Name: d.Name})
		}
		out[i].Datasets = d.Entries
	}
	return out, nil
}

// shownLocks is how many locked addresses are listed.
const shownLocks = 1000

func (s *people) SignInLocks(ctx context.Context) ([]SignInLock, error) {
	locks, err := s.AddressLocks(ctx, shownLocks)
	out := make([]SignInLock, len(locks))
	for i, l := range locks {
		out[i] = SignInLock(l)
	}
	return out, err
}

func (s *people) CreateDepartment(ctx context.Context, d NewDepartment) (Department, error) {
	made, err := s.Accounts.CreateDepartment(ctx, guard.Department{ID: resource.DepartmentID(d.ID), Name: strings.TrimSpace(d.Name), Parent: resource.DepartmentID(d.Parent)})
	if err != nil {
		return Department{}, err
	}
	err = s.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		return s.catalogue.PutDepartment(ctx, tx, made.ID, made.Name, true)
	})
	return Department{ID: d.ID, Name: made.Name, Parent: d.Parent}, err
}

func roles(names []string) []guard.Role {
	out := make([]guard.Role, len(names))
	for i, n := range names {
		out[i] = guard.Role(n)
	}
	return out
}

func roleNames(roles []guard.Role) []string {
	out := make([]string, len(roles))
	for i, r := range roles {
		out[i] = string(r)
	}
	return out
}

// paged turns limit+1 rows into a page; key names the last item.
func paged[R, T any](rows []R, limit int, item func(R) T, key func(T) string) Page[T] {
	p := Page[T]{Items: []T{}}
	for i, r := range rows {
		if i == limit {
			p.Next = key(p.Items[limit-1])
			break
		}
		p.Items = append(p.Items, item(r))
	}
	return p
}

func timeOrNil(t time.Time) *time.Time {
	if t.Unix() <= 0 {
		return nil
	}
	t = t.UTC()
	return &t
}
