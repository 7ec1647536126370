package guard

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"shuniu/fault"
)

// A department sits behind one address, so what an address did wrong is
// forgotten sooner than what happened to an account: one failure leaks away
// every addressLeak, each success pays for accountLimit failures, and the
// longest lock is addressDelay. A guesser gets about one guess a minute.
const (
	addressLimit = 25
	addressLeak  = time.Minute
	addressDelay = 5 * time.Minute
)

// UnlockAddress is the act of lifting the lock of an address.
const UnlockAddress Action = "unlock_address"

type addressRow struct {
	bun.BaseModel `bun:"table:sign_in_address"`

	Address     string    `bun:"address,pk"`
	Failures    int64     `bun:"failures,notnull"`
	LockedUntil time.Time `bun:"locked_until,notnull"`
	FailedAt    time.Time `bun:"failed_at,notnull"`
}

// left is how many failures stand against the address at now.
func (r addressRow) left(now time.Time) int64 {
	return max(r.Failures-int64(now.Sub(r.FailedAt)/addressLeak), 0)
}

// An AddressLock is an address from which sign-ins are refused for now.
type AddressLock struct {
	Address  string
	Failures int64
	Until    time.Time
}

func (s *Accounts) addressLockedUntil(ctx context.Context, address string) (time.Time, error) {
	var row addressRow
	err := s.db.Bun().NewSelect().Model(&row).Where("address = ?", address).Scan(ctx)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, wrap(err, "sign in")
	}
	return row.LockedUntil, nil
}

func failedAddress(ctx context.Context, tx bun.Tx, address string, now time.Time) error {
	if _, err := tx.NewDelete().Model((*addressRow)(nil)).Where("failed_at < ?", now.Add(-forgetAfter)).Exec(ctx); err != nil {
		return err
	}
	row := addressRow{Address: address}
	err := tx.NewSelect().Model(&row).Where("address = ?", address).Scan(ctx)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	row.Address, row.Failures, row.FailedAt = address, row.left(now)+1, now
	if d := delay(row.Failures, addressLimit); d > 0 {
		row.LockedUntil = now.Add(min(d, addressDelay))
	}
	_, err = tx.NewInsert().Model(&row).On("CONFLICT (address) DO UPDATE").
		Set("failures = EXCLUDED.failures").Set("locked_until = EXCLUDED.locked_until").Set("failed_at = EXCLUDED.failed_at").
		Exec(ctx)
	return err
}

// trustAddress lets a success pay for failures of others behind the address.
func trustAddress(ctx context.Context, tx bun.Tx, address string, now time.Time) error {
	var row addressRow
	err := tx.NewSelect().Model(&row).Where("address = ?", address).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	row.Failures = row.left(now) - accountLimit
	if row.Failures <= 0 {
		_, err = tx.NewDelete().Model(&row).WherePK().Exec(ctx)
		return err
	}
	row.FailedAt = now
	_, err = tx.NewUpdate().Model(&row).Column("failures", "failed_at").WherePK().Exec(ctx)
	return err
}

// AddressLocks lists the addresses that are locked now, by address; at most
// limit.
func (s *Accounts) AddressLocks(ctx context.Context, limit int) ([]AddressLock, error) {
	var rows []addressRow
	err := s.db.Bun().NewSelect().Model(&rows).Where("locked_until > ?", s.at()).Order("address").Limit(limit).Scan(ctx)
	if err != nil {
		return nil, wrap(err, "list locked addresses")
	}
	out := make([]AddressLock, len(rows))
	for i, r := range rows {
		out[i] = AddressLock{Address: r.Address, Failures: r.Failures, Until: r.LockedUntil.UTC()}
	}
	return out, nil
}

// UnlockAddress forgets the failures of an address, on record; fault.NotFound
// when none stand against it.
func (s *Accounts) UnlockAddress(ctx context.Context, address string) error {
	err := s.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		res, err := tx.NewDelete().Model((*addressRow)(nil)).Where("address = ?", address).Exec(ctx)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, fmt.Errorf("no failures of address %q: %w", address, fault.NotFound))
		}
		return s.note(ctx, tx, UnlockAddress, "address:"+address, "")
	})
	return wrap(err, "unlock address")
}
