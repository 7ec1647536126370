package guard

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"shuniu/fault"
)

// How long a session lives: without use, and at most.
const (
	SessionIdle = 2 * time.Hour
	SessionMax  = 12 * time.Hour
	// seenEvery bounds how often use is written down.
	seenEvery = time.Minute
)

// Delays after failed sign-ins: from the first over the limit they double.
const (
	accountLimit = 5
	firstDelay   = 30 * time.Second
	lastDelay    = 30 * time.Minute
	// forgetAfter without a failure, an address begins anew.
	forgetAfter = 24 * time.Hour
)

type sessionRow struct {
	bun.BaseModel `bun:"table:session"`

	Digest    string    `bun:"digest,pk"`
	Account   string    `bun:"account,notnull"`
	Role      Role      `bun:"role,notnull"`
	CreatedAt time.Time `bun:"created_at,notnull"`
	SeenAt    time.Time `bun:"seen_at,notnull"`
}

// A Session is a signed-in browser. Only its digest is stored.
type Session struct {
	Token     string
	Principal Principal
	Expires   time.Time
}

// delay is how long sign-ins are refused after the n-th failure in a row.
func delay(failures, limit int64) time.Duration {
	if failures < limit {
		return 0
	}
	return min(firstDelay<<min(failures-limit, 20), lastDelay)
}

// Login makes a session in the account's first role. It returns fault.Denied
// when account and password do not match, whatever the reason, and
// *LockedError while the account or the address is locked.
func (s *Accounts) Login(ctx context.Context, account, password, address string) (Session, error) {
	release, err := takeHasher(ctx)
	if err != nil {
		return Session{}, err
	}
	defer release()
	// Looked at only with a hasher in hand: guesses in flight count.
	if err := s.locked(ctx, account, address); err != nil {
		return Session{}, err
	}
	a, err := s.Get(ctx, account)
	known := err == nil && !a.Disabled
	if err != nil && !errors.Is(err, fault.NotFound) {
		return Session{}, err
	}
	stored := a.Password
	if !known {
		stored = noPassword
	}
	ok, err := matchPassword(stored, password)
	if err != nil {
		return Session{}, fmt.Errorf("sign in: %w", err)
	}
	if !ok || !known {
		return Session{}, s.failed(ctx, a.Account, address)
	}
	return s.open(ctx, a.Account, address)
}

func (s *Accounts) locked(ctx context.Context, account, address string) error {
	var until time.Time
	now := s.at()
	if a, err := s.Get(ctx, account); err == nil {
		until = a.LockedUntil
	} else if !errors.Is(err, fault.NotFound) {
		return err
	}
	of, err := s.addressLockedUntil(ctx, address)
	if err != nil {
		return err
	}
	if of.After(until) {
		until = of
	}
	if until.After(now) {
		return &LockedError{Wait: until.Sub(now)}
	}
	return nil
}

// failed counts a failure and puts it on record. account is "" when no such
// account exists: what was typed may be a password, so it is not kept.
func (s *Accounts) failed(ctx context.Context, account, address string) error {
	now := s.at()
	err := s.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if account != "" {
			var a Account
			if err := s.lock(ctx, tx, account, &a); err != nil {
				return err
			}
			a.Failures++
			if d := delay(a.Failures, accountLimit); d > 0 {
				a.LockedUntil = now.Add(d)
			}
			if _, err := tx.NewUpdate().Model(&a).Column("failures", "locked_until").WherePK().Exec(ctx); err != nil {
				return err
			}
		}
		if err := failedAddress(ctx, tx, address, now); err != nil {
			return err
		}
		return s.record(ctx, tx, Principal{Account: account}, SignInFailed, "account:"+account, "address="+address)
	})
	if err != nil {
		return wrap(err, "sign in")
	}
	return fmt.Errorf("sign in: account and password do not match: %w", fault.Denied)
}

// open makes the session, forgets the account's failures, some of the
// address's, and sweeps what ran
// out.
func (s *Accounts) open(ctx context.Context, account, address string) (Session, error) {
	var raw [32]byte
	_, _ = rand.Read(raw[:]) // never fails since Go 1.24
	token, now := base64.RawURLEncoding.EncodeToString(raw[:]), s.at()
	var a Account
	err := s.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := s.lock(ctx, tx, account, &a); err != nil {
			return err
		}
		a.Failures, a.LockedUntil, a.LastLoginAt = 0, time.Time{}, now
		if _, err := tx.NewUpdate().Model(&a).Column("failures", "locked_until", "last_login_at").WherePK().Exec(ctx); err != nil {
			return err
		}
		if err := trustAddress(ctx, tx, address, now); err != nil {
			return err
		}
		_, err := tx.NewDelete().Model((*sessionRow)(nil)).
			Where("created_at < ? OR seen_at < ?", now.Add(-SessionMax), now.Add(-SessionIdle)).Exec(ctx)
		if err != nil {
			return err
		}
		row := sessionRow{Digest: digest(token), Account: account, Role: a.Roles[0], CreatedAt: now, SeenAt: now}
		if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
			return err
		}
		return s.record(ctx, tx, a.principal(a.Roles[0]), SignIn, "account:"+account, "address="+address)
	})
	if err != nil {
		return Session{}, wrap(err, "sign in")
	}
	return Session{Token: token, Principal: a.principal(a.Roles[0]), Expires: now.Add(SessionMax)}, nil
}

func (a Account) principal(r Role) Principal {
	return Principal{Account: a.Account, Name: a.Name, Role: r, Department: a.Department}
}

func digest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Session returns who holds token; fault.NotFound when it is of no live
// session of an enabled account that still has the session's role.
func (s *Accounts) Session(ctx context.Context, token string) (Principal, error) {
	now := s.at()
	var row sessionRow
	err := s.db.Bun().NewSelect().Model(&row).Where("digest = ?", digest(token)).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return Principal{}, fmt.Errorf("session: %w", fault.NotFound)
	}
	if err != nil {
		return Principal{}, wrap(err, "session")
	}
	if now.Sub(row.CreatedAt) >= SessionMax || now.Sub(row.SeenAt) >= SessionIdle {
		return Principal{}, fmt.Errorf("session ran out: %w", fault.NotFound)
	}
	a, err := s.Get(ctx, row.Account)
	if err != nil {
		return Principal{}, err
	}
	if a.Disabled || !slices.Contains(a.Roles, row.Role) {
		return Principal{}, fmt.Errorf("session of %s: account or role is gone: %w", a.Account, fault.NotFound)
	}
	if now.Sub(row.SeenAt) >= seenEvery {
		err := s.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
			_, err := tx.NewUpdate().Model((*sessionRow)(nil)).Set("seen_at = ?", now).Where("digest = ?", row.Digest).Exec(ctx)
			return err
		})
		if err != nil {
			return Principal{}, wrap(err, "session")
		}
	}
	return a.principal(row.Role), nil
}

// Logout ends the session of token; one that is gone is no error.
func (s *Accounts) Logout(ctx context.Context, token string) error {
	p, err := s.Session(ctx, token)
	if errors.Is(err, fault.NotFound) {
		return nil
	} else if err != nil {
		return err
	}
	err = s.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewDelete().Model((*sessionRow)(nil)).Where("digest = ?", digest(token)).Exec(ctx); err != nil {
			return err
		}
		return s.record(ctx, tx, p, SignOut, "account:"+p.Account, "")
	})
	return wrap(err, "sign out")
}

// Switch puts another of the account's roles in force, on record.
func (s *Accounts) Switch(ctx context.Context, token string, role Role) (Principal, error) {
	p, err := s.Session(ctx, token)
	if err != nil {
		return p, err
	}
	err = s.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		var a Account
		if err := s.lock(ctx, tx, p.Account, &a); err != nil {
			return err
		}
		if !slices.Contains(a.Roles, role) {
			return fmt.Errorf("role %q is none of the account's: %w", role, fault.Denied)
		}
		_, err := tx.NewUpdate().Model((*sessionRow)(nil)).Set("role = ?", role).Where("digest = ?", digest(token)).Exec(ctx)
		if err != nil {
			return err
		}
		if err := s.record(ctx, tx, p, SwitchRole, "account:"+p.Account, string(p.Role)+" to "+string(role)); err != nil {
			return err
		}
		p.Role = role
		return nil
	})
	return p, wrap(err, "switch role of "+p.Account)
}

// ChangePassword sets a new password and ends every other session of the
// account. A wrong old password counts as a failed sign-in.
func (s *Accounts) ChangePassword(ctx context.Context, token, address, old, changed string) error {
	p, err := s.Session(ctx, token)
	if err != nil {
		return err
	}
	if err := checkPassword(p.Account, changed); err != nil {
		return err
	}
	if err := s.confirm(ctx, p.Account, address, old); err != nil {
		return err
	}
	hash, err := hashPassword(ctx, changed)
	if err != nil {
		return err
	}
	err = s.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewUpdate().Model((*Account)(nil)).Set("password = ?", hash).Where("account = ?", p.Account).Exec(ctx); err != nil {
			return err
		}
		if err := endSessions(ctx, tx, p.Account, digest(token)); err != nil {
			return err
		}
		return s.record(ctx, tx, p, ChangePassword, "account:"+p.Account, "")
	})
	return wrap(err, "change password of "+p.Account)
}

// confirm checks the password of a signed-in account.
func (s *Accounts) confirm(ctx context.Context, account, address, password string) error {
	release, err := takeHasher(ctx)
	if err != nil {
		return err
	}
	defer release()
	if err := s.locked(ctx, account, address); err != nil {
		return err
	}
	a, err := s.Get(ctx, account)
	if err != nil {
		return err
	}
	ok, err := matchPassword(a.Password, password)
	if err != nil {
		return err
	}
	if !ok {
		return s.failed(ctx, account, address)
	}
	return nil
}

// As returns the principal of an account in its first role.
func (s *Accounts) As(ctx context.Context, account string) (Principal, error) {
	a, err := s.Get(ctx, account)
	if err != nil {
		return Principal{}, err
	}
	if a.Disabled {
		return Principal{}, fmt.Errorf("account %s is disabled: %w", account, fault.Denied)
	}
	return a.principal(a.Roles[0]), nil
}

// endSessions ends the sessions of an account except the one of keep.
func endSessions(ctx context.Context, tx bun.Tx, account, keep string) error {
	_, err := tx.NewDelete().Model((*sessionRow)(nil)).Where("account = ? AND digest <> ?", account, keep).Exec(ctx)
	return err
}
