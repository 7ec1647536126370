package guard

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"shuniu/fault"
	"shuniu/metadb"
	"shuniu/resource"
)

// A Recorder puts an act on record within tx, the transaction of the change;
// audit.Log has one.
type Recorder func(ctx context.Context, tx bun.Tx, p Principal, action Action, object, detail string) error

// Acts that are on record beside the actions.
const (
	SignIn         Action = "sign_in"
	SignInFailed   Action = "sign_in_failed"
	SignOut        Action = "sign_out"
	SwitchRole     Action = "switch_role"
	ChangePassword Action = "change_password"
)

// Accounts keep people, departments and sessions. Make one with NewAccounts.
type Accounts struct {
	db     *metadb.DB
	record Recorder
	now    func() time.Time
}

// NewAccounts returns the accounts kept in db; each change is put on record.
func NewAccounts(db *metadb.DB, record Recorder) *Accounts {
	return &Accounts{db: db, record: record, now: time.Now}
}

// An Account is a person who may sign in.
type Account struct {
	bun.BaseModel `bun:"table:account"`

	Account     string                `bun:"account,pk"`
	Name        string                `bun:"name,notnull"`
	Department  resource.DepartmentID `bun:"department,notnull"`
	Roles       []Role                `bun:"roles,type:text,notnull"`
	Password    string                `bun:"password,notnull" json:"-"` // PHC string
	Disabled    bool                  `bun:"disabled,notnull"`
	Failures    int64                 `bun:"failures,notnull"`
	LockedUntil time.Time             `bun:"locked_until,notnull"`
	LastLoginAt time.Time             `bun:"last_login_at,notnull"`
	CreatedAt   time.Time             `bun:"created_at,notnull"`
}

// Locked tells whether sign-ins to the account are refused at t.
func (a Account) Locked(t time.Time) bool { return a.LockedUntil.After(t) }

var accountPattern = regexp.MustCompile(`^[a-z][a-z0-9_.-]{0,63}$`)

func (a Account) check() error {
	switch {
	case !accountPattern.MatchString(a.Account) || a.Account == LocalAccount:
		return fmt.Errorf("account %q, want [a-z][a-z0-9_.-]{0,63} and not %q: %w", a.Account, LocalAccount, fault.Invalid)
	case strings.TrimSpace(a.Name) == "":
		return fmt.Errorf("account %s has no name: %w", a.Account, fault.Invalid)
	case len(a.Roles) == 0:
		return fmt.Errorf("account %s has no role: %w", a.Account, fault.Invalid)
	}
	for i, r := range a.Roles {
		if _, ok := rights[r]; !ok || slices.Contains(a.Roles[:i], r) {
			return fmt.Errorf("role %q of account %s is unknown or stands twice: %w", r, a.Account, fault.Invalid)
		}
	}
	if slices.Contains(a.Roles, Auditor) && (slices.Contains(a.Roles, Admin) || slices.Contains(a.Roles, Security)) {
		return fmt.Errorf("account %s: audit is separate from both administrators: %w", a.Account, fault.Invalid)
	}
	return nil
}

// Get returns an account; fault.NotFound when there is none.
func (s *Accounts) Get(ctx context.Context, account string) (Account, error) {
	var a Account
	err := s.db.Bun().NewSelect().Model(&a).Where("account = ?", account).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return a, fmt.Errorf("account %q: %w", account, fault.NotFound)
	}
	return a, wrap(err, "account "+account)
}

// List returns at most limit accounts after the one named, by account.
func (s *Accounts) List(ctx context.Context, after string, limit int) ([]Account, error) {
	var out []Account
	err := s.db.Bun().NewSelect().Model(&out).Where("account > ?", after).Order("account").Limit(limit).Scan(ctx)
	return out, wrap(err, "list accounts")
}

// Empty tells whether there is no account yet.
func (s *Accounts) Empty(ctx context.Context) (bool, error) {
	n, err := s.db.Bun().NewSelect().Model((*Account)(nil)).Count(ctx)
	return n == 0, wrap(err, "count accounts")
}

// Create adds an account with a password; fault.Conflict when it exists.
func (s *Accounts) Create(ctx context.Context, a Account, password string) (Account, error) {
	if err := a.check(); err != nil {
		return Account{}, err
	}
	if err := checkPassword(a.Account, password); err != nil {
		return Account{}, err
	}
	hash, err := hashPassword(ctx, password)
	if err != nil {
		return Account{}, err
	}
	a.Password, a.CreatedAt = hash, s.at()
	err = s.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := departmentExists(ctx, tx, a.Department); err != nil {
			return err
		}
		if _, err := tx.NewInsert().Model(&a).Exec(ctx); err != nil {
			return err
		}
		return s.note(ctx, tx, ManageUsers, "account:"+a.Account, "created roles="+joinRoles(a.Roles))
	})
	return a, wrap(err, "create account "+a.Account)
}

// A Change of an account; nil parts stay.
type Change struct {
	Name       *string
	Department *resource.DepartmentID
	Roles      *[]Role
	Disabled   *bool // false also unlocks
	Password   *string
}

// Change changes an account. Its sessions end when it is disabled, loses the
// role of the session, or gets a new password.
func (s *Accounts) Change(ctx context.Context, account string, c Change) (Account, error) {
	var hash string
	if c.Password != nil {
		if err := checkPassword(account, *c.Password); err != nil {
			return Account{}, err
		}
		h, err := hashPassword(ctx, *c.Password)
		if err != nil {
			return Account{}, err
		}
		hash = h
	}
	var a Account
	err := s.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := s.lock(ctx, tx, account, &a); err != nil {
			return err
		}
		what := c.apply(&a)
		if hash != "" {
			a.Password, what = hash, append(what, "password")
		}
		if err := a.check(); err != nil {
			return err
		}
		if err := departmentExists(ctx, tx, a.Department); err != nil {
			return err
		}
		if _, err := tx.NewUpdate().Model(&a).WherePK().Exec(ctx); err != nil {
			return err
		}
		if a.Disabled || hash != "" {
			if err := endSessions(ctx, tx, account, ""); err != nil {
				return err
			}
		}
		return s.note(ctx, tx, ManageUsers, "account:"+account, "changed "+strings.Join(what, ","))
	})
	return a, wrap(err, "change account "+account)
}

func (c Change) apply(a *Account) (what []string) {
	if c.Name != nil {
		a.Name, what = *c.Name, append(what, "name")
	}
	if c.Department != nil {
		a.Department, what = *c.Department, append(what, "department")
	}
	if c.Roles != nil {
		a.Roles, what = *c.Roles, append(what, "roles="+joinRoles(*c.Roles))
	}
	if c.Disabled != nil {
		a.Disabled = *c.Disabled
		if a.Disabled {
			what = append(what, "disabled")
		} else {
			a.Failures, a.LockedUntil, what = 0, time.Time{}, append(what, "enabled")
		}
	}
	return what
}

// lock reads an account within tx so that nobody else changes it meanwhile.
func (s *Accounts) lock(ctx context.Context, tx bun.Tx, account string, a *Account) error {
	q := tx.NewSelect().Model(a).Where("account = ?", account)
	if s.db.Postgres() {
		q = q.For("UPDATE")
	}
	if err := q.Scan(ctx); errors.Is(err, sql.ErrNoRows) {
		return fault.NotFound
	} else if err != nil {
		return err
	}
	return nil
}

// note records an act of the principal of ctx.
func (s *Accounts) note(ctx context.Context, tx bun.Tx, action Action, object, detail string) error {
	p, _ := From(ctx)
	return s.record(ctx, tx, p, action, object, detail)
}

// at is now as the stores keep it.
func (s *Accounts) at() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

func joinRoles(roles []Role) string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = string(r)
	}
	return strings.Join(names, "+")
}

func wrap(err error, what string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
