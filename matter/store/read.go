package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"shuniu/fault"
	"shuniu/matter"
	"shuniu/matter/define"
	"shuniu/metadb"
)

// Get returns a matter.
func (s *Store) Get(ctx context.Context, id matter.ID) (*matter.Matter, error) {
	var r headRow
	err := s.db.Bun().NewSelect().Model(&r).Where("h.id = ?", string(id)).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("matter %s: %w", id, fault.NotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("matter %s: %w", id, metadb.Classify(err))
	}
	return r.matter()
}

// History returns at most limit events after seq.
func (s *Store) History(ctx context.Context, id matter.ID, seq int64, limit int) ([]matter.Event, error) {
	var rows []eventRow
	err := s.db.Bun().NewSelect().Model(&rows).Where("e.matter = ? AND e.seq > ?", string(id), seq).Order("e.seq").Limit(limit).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("history of matter %s: %w", id, metadb.Classify(err))
	}
	out := make([]matter.Event, 0, len(rows))
	for i := range rows {
		out = append(out, rows[i].event())
	}
	return out, nil
}

// Inbox merges the desks, each read along its index.
func (s *Store) Inbox(ctx context.Context, desks []string, after matter.Place, limit int) ([]matter.Waiting, error) {
	var all []turnRow
	for _, desk := range desks {
		var rows []turnRow
		q := s.db.Bun().NewSelect().Model(&rows).Where("t.desk = ?", desk).Order("t.due_at", "t.matter", "t.region").Limit(limit)
		if after.Matter != "" {
			q = q.Where("(t.due_at, t.matter, t.region) > (?, ?, ?)", after.Due.UTC(), string(after.Matter), after.Region)
		}
		if err := q.Scan(ctx); err != nil {
			return nil, fmt.Errorf("inbox: %w", metadb.Classify(err))
		}
		all = append(all, rows...)
	}
	slices.SortFunc(all, func(a, b turnRow) int {
		if c := a.DueAt.Compare(b.DueAt); c != 0 {
			return c
		}
		return strings.Compare(a.Matter+"/"+a.Region, b.Matter+"/"+b.Region)
	})
	all = slices.CompactFunc(all, func(a, b turnRow) bool { return a.Matter == b.Matter && a.Region == b.Region })
	all = all[:min(len(all), limit)]
	if len(all) == 0 {
		return nil, nil
	}
	ids := make([]string, 0, len(all))
	for _, r := range all {
		ids = append(ids, r.Matter)
	}
	var heads []headRow
	if err := s.db.Bun().NewSelect().Model(&heads).Where("h.id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return nil, fmt.Errorf("inbox: %w", metadb.Classify(err))
	}
	byID := map[string]*matter.Matter{}
	for i := range heads {
		m, err := heads[i].matter()
		if err != nil {
			return nil, err
		}
		byID[heads[i].ID] = m
	}
	out := make([]matter.Waiting, 0, len(all))
	for _, r := range all {
		if m := byID[r.Matter]; m != nil {
			out = append(out, matter.Waiting{Place: matter.Place{Due: r.DueAt.UTC(), Matter: m.ID, Region: r.Region}, Role: r.Role, State: r.State, Head: m})
		}
	}
	return out, nil
}

// Counts counts the lines that Inbox would list.
func (s *Store) Counts(ctx context.Context, desks []string, before ...time.Time) (all int, due []int, err error) {
	count := func(where string, args ...any) (n int, err error) {
		err = s.db.Bun().NewRaw("SELECT COUNT(*) FROM (SELECT DISTINCT t.matter, t.region FROM matter_turn AS t WHERE t.desk IN (?)"+where+") AS x",
			append([]any{bun.List(desks)}, args...)...).Scan(ctx, &n)
		return n, metadb.Classify(err)
	}
	if all, err = count(""); err != nil {
		return 0, nil, fmt.Errorf("count inbox: %w", err)
	}
	for _, t := range before {
		n, err := count(" AND t.due_at < ?", t.UTC())
		if err != nil {
			return 0, nil, fmt.Errorf("count inbox: %w", err)
		}
		due = append(due, n)
	}
	return all, due, nil
}

// List returns matters of a filter, newest first.
func (s *Store) List(ctx context.Context, f matter.Filter) ([]*matter.Matter, error) {
	var rows []headRow
	q := s.db.Bun().NewSelect().Model(&rows).Order("h.id DESC").Limit(min(max(f.Limit, 1), 1000))
	for col, v := range map[string]string{"type": f.Type, "reporter": f.Reporter, "subject": f.Subject} {
		if v != "" {
			q = q.Where("h.? = ?", bun.Ident(col), v)
		}
	}
	if f.Version != 0 {
		q = q.Where("h.version = ?", f.Version)
	}
	if f.Open != nil {
		q = q.Where("h.open = ?", *f.Open)
	}
	if f.Before != "" {
		q = q.Where("h.id < ?", string(f.Before))
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("list matters: %w", metadb.Classify(err))
	}
	out := make([]*matter.Matter, 0, len(rows))
	for i := range rows {
		m, err := rows[i].matter()
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

// Links returns the links from and to a matter.
func (s *Store) Links(ctx context.Context, id matter.ID) ([]matter.Link, error) {
	var rows []linkRow
	err := s.db.Bun().NewSelect().Model(&rows).Where("l.from_matter = ? OR l.to_matter = ?", string(id), string(id)).
		Order("l.from_matter", "l.to_matter", "l.kind").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("links of matter %s: %w", id, metadb.Classify(err))
	}
	out := make([]matter.Link, 0, len(rows))
	for _, r := range rows {
		out = append(out, matter.Link{From: matter.ID(r.From), To: matter.ID(r.To), Kind: r.Kind})
	}
	return out, nil
}

// Waking lists matters that time has something to do with.
func (s *Store) Waking(ctx context.Context, now time.Time, limit int) ([]matter.ID, error) {
	var out []matter.ID
	err := s.db.Bun().NewRaw("SELECT h.id FROM matter AS h WHERE h.wake_at IS NOT NULL AND h.wake_at <= ? ORDER BY h.wake_at, h.id LIMIT ?", now.UTC(), limit).Scan(ctx, &out)
	if err != nil {
		return nil, fmt.Errorf("waking matters: %w", metadb.Classify(err))
	}
	return out, nil
}

// Pings lists parents that were not told.
func (s *Store) Pings(ctx context.Context, limit int) ([][2]matter.ID, error) {
	var rows []pingRow
	if err := s.db.Bun().NewSelect().Model(&rows).Order("p.parent", "p.child").Limit(limit).Scan(ctx); err != nil {
		return nil, fmt.Errorf("pings: %w", metadb.Classify(err))
	}
	out := make([][2]matter.ID, 0, len(rows))
	for _, r := range rows {
		out = append(out, [2]matter.ID{matter.ID(r.Parent), matter.ID(r.Child)})
	}
	return out, nil
}

// Messages lists what is to be delivered.
func (s *Store) Messages(ctx context.Context, now time.Time, limit int) ([]matter.Message, error) {
	var rows []messageRow
	if err := s.db.Bun().NewSelect().Model(&rows).Where("g.due_at <= ?", now.UTC()).Order("g.due_at", "g.id").Limit(limit).Scan(ctx); err != nil {
		return nil, fmt.Errorf("messages: %w", metadb.Classify(err))
	}
	out := make([]matter.Message, 0, len(rows))
	for _, r := range rows {
		out = append(out, matter.Message{ID: r.ID, Kind: r.Kind, Target: r.Target, Matter: matter.ID(r.Matter), Body: json.RawMessage(r.Body)})
	}
	return out, nil
}

// Delivered removes messages.
func (s *Store) Delivered(ctx context.Context, ids ...string) error {
	if len(ids) == 0 {
		return nil
	}
	return s.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewDelete().Model((*messageRow)(nil)).Where("g.id IN (?)", bun.List(ids)).Exec(ctx)
		return err
	})
}

// Postpone keeps a message for later.
func (s *Store) Postpone(ctx context.Context, id, why string, until time.Time) error {
	return s.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE matter_message SET due_at = ?, attempts = attempts + 1, error = ? WHERE id = ?", until.UTC(), why, id)
		return err
	})
}

// Lease takes or renews a job.
func (s *Store) Lease(ctx context.Context, name, owner string, now time.Time, d time.Duration) (bool, error) {
	var held bool
	err := s.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		res, err := tx.ExecContext(ctx, "INSERT INTO matter_lease (name, owner, until) VALUES (?, ?, ?)"+
			" ON CONFLICT (name) DO UPDATE SET owner = EXCLUDED.owner, until = EXCLUDED.until"+
			" WHERE matter_lease.owner = EXCLUDED.owner OR matter_lease.until < ?", name, owner, now.Add(d).UTC(), now.UTC())
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		held = n == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("lease %s: %w", name, err)
	}
	return held, nil
}

// Delegate records a delegation.
func (s *Store) Delegate(ctx context.Context, d matter.Delegation) error {
	row := delegationRow{ID: d.ID, Account: d.Account, Delegate: d.Delegate, Role: d.Role, Department: d.Department, Since: d.Since.UTC(), Until: d.Until.UTC(), Reason: d.Reason}
	return s.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewInsert().Model(&row).On("CONFLICT (id) DO UPDATE").Set("until = EXCLUDED.until").Exec(ctx)
		return err
	})
}

// Delegations lists those to an account that hold at a time.
func (s *Store) Delegations(ctx context.Context, delegate string, at time.Time) ([]matter.Delegation, error) {
	var rows []delegationRow
	err := s.db.Bun().NewSelect().Model(&rows).Where("d.delegate = ? AND d.since <= ? AND d.until > ?", delegate, at.UTC(), at.UTC()).Order("d.id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("delegations: %w", metadb.Classify(err))
	}
	out := make([]matter.Delegation, 0, len(rows))
	for _, r := range rows {
		out = append(out, matter.Delegation{ID: r.ID, Account: r.Account, Delegate: r.Delegate, Role: r.Role, Department: r.Department, Since: r.Since.UTC(), Until: r.Until.UTC(), Reason: r.Reason})
	}
	return out, nil
}

// Watch lets an account watch a matter, or ends that.
func (s *Store) Watch(ctx context.Context, id matter.ID, account string, on bool) error {
	row := watchRow{Matter: string(id), Account: account}
	return s.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		var err error
		if on {
			_, err = tx.NewInsert().Model(&row).On("CONFLICT DO NOTHING").Exec(ctx)
		} else {
			_, err = tx.NewDelete().Model(&row).WherePK().Exec(ctx)
		}
		return err
	})
}

// Watchers lists the accounts that watch a matter.
func (s *Store) Watchers(ctx context.Context, id matter.ID) ([]string, error) {
	var out []string
	err := s.db.Bun().NewRaw("SELECT w.account FROM matter_watch AS w WHERE w.matter = ? ORDER BY w.account", string(id)).Scan(ctx, &out)
	if err != nil {
		return nil, fmt.Errorf("watchers of matter %s: %w", id, metadb.Classify(err))
	}
	return out, nil
}

// Trim forgets keys used before a time.
func (s *Store) Trim(ctx context.Context, before time.Time) (n int64, err error) {
	err = s.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		res, err := tx.NewDelete().Model((*keyRow)(nil)).Where("k.at < ?", before.UTC()).Exec(ctx)
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("trim keys: %w", err)
	}
	return n, nil
}

// Publish keeps a version of a type.
func (s *Store) Publish(ctx context.Context, t *define.Type, by string, at time.Time) error {
	row := typeRow{Name: t.Name, Version: int64(t.Version), Digest: t.Digest(), Source: string(t.Source), By: by, At: at.UTC()}
	err := s.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		var was typeRow
		err := tx.NewSelect().Model(&was).Where("y.name = ? AND y.version = ?", row.Name, row.Version).Scan(ctx)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			_, err = tx.NewInsert().Model(&row).Exec(ctx)
			return err
		case err != nil:
			return err
		case was.Digest != row.Digest:
			return fmt.Errorf("version %d says something else: %w", row.Version, fault.Conflict)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("publish type %s: %w", t.Name, err)
	}
	return nil
}

// Published returns every version of every type, in order.
func (s *Store) Published(ctx context.Context) ([]matter.Published, error) {
	var rows []typeRow
	if err := s.db.Bun().NewSelect().Model(&rows).Order("y.name", "y.version").Scan(ctx); err != nil {
		return nil, fmt.Errorf("published types: %w", metadb.Classify(err))
	}
	out := make([]matter.Published, 0, len(rows))
	for _, r := range rows {
		out = append(out, matter.Published{Name: r.Name, Version: int(r.Version), Source: []byte(r.Source), By: r.By, At: r.At.UTC()})
	}
	return out, nil
}
