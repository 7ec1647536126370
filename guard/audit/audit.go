package audit

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/emmansun/gmsm/sm3"
	"github.com/uptrace/bun"

	"shuniu/fault"
	"shuniu/guard"
	"shuniu/metadb"
)

// SM3 is the algorithm of new entries. Source: GB/T 32905-2016.
const SM3 = "sm3"

// maxDetail bounds Object and Detail, in bytes.
const maxDetail = 1000

// An Entry is one act. Object and Detail hold ids and counts, no personal
// data and no secrets. A zero At means now.
type Entry struct {
	Principal guard.Principal
	Action    guard.Action
	Object    string // e.g. dataset:scjg_company
	Detail    string
	At        time.Time
}

// A Line is an entry as it stands in the log.
type Line struct {
	bun.BaseModel `bun:"table:audit"`

	Seq        int64     `bun:"seq,pk"`
	At         time.Time `bun:"at,notnull"`
	Account    string    `bun:"account,notnull"`
	Role       string    `bun:"role,notnull"`
	Department string    `bun:"department,notnull"`
	Action     string    `bun:"action,notnull"`
	Object     string    `bun:"object,notnull"`
	Detail     string    `bun:"detail,notnull"`
	Algorithm  string    `bun:"algorithm,notnull"`
	Prev       string    `bun:"prev,notnull"` // hash of the line before, "" for the first
	Hash       string    `bun:"hash,notnull"` // of this line and Prev, hex
}

type head struct {
	bun.BaseModel `bun:"table:audit_head"`

	ID   int64  `bun:"id,pk"`
	Seq  int64  `bun:"seq,notnull"`
	Hash string `bun:"hash,notnull"`
}

// A Log is the audit log of one store.
type Log struct {
	db  *metadb.DB
	now func() time.Time
}

// New returns the log kept in db.
func New(db *metadb.DB) *Log { return &Log{db: db, now: time.Now} }

// Record appends e within tx, a transaction of metadb.DB.Write.
func (l *Log) Record(ctx context.Context, tx bun.Tx, e Entry) error {
	h := head{}
	q := tx.NewSelect().Model(&h).Where("id = 1")
	if l.db.Postgres() {
		q = q.For("UPDATE")
	}
	if err := q.Scan(ctx); err != nil {
		return fmt.Errorf("audit: head: %w", err)
	}
	if e.At.IsZero() {
		e.At = l.now()
	}
	line := Line{
		Seq: h.Seq + 1, At: e.At.UTC().Truncate(time.Microsecond),
		Account: e.Principal.Account, Role: string(e.Principal.Role), Department: string(e.Principal.Department),
		Action: string(e.Action), Object: clip(e.Object), Detail: clip(e.Detail), Algorithm: SM3, Prev: h.Hash,
	}
	sum, err := line.sum()
	if err != nil {
		return err
	}
	line.Hash = sum
	if _, err := tx.NewInsert().Model(&line).Exec(ctx); err != nil {
		return fmt.Errorf("audit: entry %d: %w", line.Seq, err)
	}
	h.ID, h.Seq, h.Hash = 1, line.Seq, line.Hash
	if _, err := tx.NewUpdate().Model(&h).WherePK().Exec(ctx); err != nil {
		return fmt.Errorf("audit: head: %w", err)
	}
	return nil
}

// Recorder is Record in the form of guard.Recorder.
func (l *Log) Recorder() guard.Recorder {
	return func(ctx context.Context, tx bun.Tx, p guard.Principal, action guard.Action, object, detail string) error {
		return l.Record(ctx, tx, Entry{Principal: p, Action: action, Object: object, Detail: detail})
	}
}

// Act appends an entry of the principal of ctx in a transaction of its own:
// for reads, which change nothing else.
func (l *Log) Act(ctx context.Context, action guard.Action, object, detail string) error {
	p, _ := guard.From(ctx)
	return l.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		return l.Record(ctx, tx, Entry{Principal: p, Action: action, Object: object, Detail: detail})
	})
}

// sum is the hash of the line: each part with its length before it, so that
// no two different lines have the same bytes.
func (l *Line) sum() (string, error) {
	var h hash.Hash
	switch l.Algorithm {
	case SM3:
		h = sm3.New()
	default:
		return "", fmt.Errorf("audit: algorithm %q: %w", l.Algorithm, fault.Damaged)
	}
	var n [8]byte
	number := func(v int64) {
		binary.BigEndian.PutUint64(n[:], uint64(v))
		h.Write(n[:])
	}
	number(l.Seq)
	number(l.At.UnixMicro())
	for _, s := range []string{l.Account, l.Role, l.Department, l.Action, l.Object, l.Detail, l.Algorithm, l.Prev} {
		number(int64(len(s)))
		h.Write([]byte(s))
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func clip(s string) string {
	if len(s) <= maxDetail && utf8.ValidString(s) && !strings.Contains(s, "\x00") {
		return s
	}
	out := make([]rune, 0, min(len(s), maxDetail))
	size := 0
	for _, r := range s {
		if r == 0 {
			r = utf8.RuneError // PostgreSQL keeps no NUL
		}
		if size += utf8.RuneLen(r); size > maxDetail {
			break
		}
		out = append(out, r)
	}
	return string(out)
}

// A Filter chooses lines; empty parts choose all.
type Filter struct {
	Account, Action, Object string
	Since, Until            time.Time
	Before                  int64 // only lines older than this one; 0: from the newest
	Limit                   int
}

// List returns lines, newest first.
func (l *Log) List(ctx context.Context, f Filter) ([]Line, error) {
	var out []Line
	q := l.db.Bun().NewSelect().Model(&out).Order("seq DESC").Limit(min(max(f.Limit, 1), 1000))
	for column, v := range map[string]string{"account": f.Account, "action": f.Action, "object": f.Object} {
		if v != "" {
			q = q.Where("? = ?", bun.Ident(column), v)
		}
	}
	if !f.Since.IsZero() {
		q = q.Where("at >= ?", f.Since.UTC())
	}
	if !f.Until.IsZero() {
		q = q.Where("at < ?", f.Until.UTC())
	}
	if f.Before > 0 {
		q = q.Where("seq < ?", f.Before)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("audit: list: %w", err)
	}
	return out, nil
}

// A Verdict says whether the log is whole.
type Verdict struct {
	Checked  int64
	Head     string   // hash of the newest line
	Problems []string // at most 100
}

// OK reports whether no problem was found.
func (v Verdict) OK() bool { return len(v.Problems) == 0 }

// Verify checks every line and the head.
func (l *Log) Verify(ctx context.Context) (Verdict, error) {
	var v Verdict
	bad := func(format string, args ...any) {
		if len(v.Problems) < 100 {
			v.Problems = append(v.Problems, fmt.Sprintf(format, args...))
		}
	}
	var h head
	if err := l.db.Bun().NewSelect().Model(&h).Where("id = 1").Scan(ctx); err != nil {
		return v, fmt.Errorf("audit: head: %w", err)
	}
	var seq int64
	for {
		var lines []Line
		// Entries written meanwhile are newer than the head and left alone.
		err := l.db.Bun().NewSelect().Model(&lines).Where("seq > ? AND seq <= ?", seq, h.Seq).Order("seq").Limit(1000).Scan(ctx)
		if err != nil {
			return v, fmt.Errorf("audit: verify: %w", err)
		}
		for i := range lines {
			line := &lines[i]
			if line.Seq != seq+1 {
				bad("entries %d to %d are gone", seq+1, line.Seq-1)
			} else if line.Prev != v.Head {
				bad("entry %d does not follow from entry %d", line.Seq, seq)
			}
			if sum, err := line.sum(); err != nil || sum != line.Hash {
				bad("entry %d was altered", line.Seq)
			}
			seq, v.Head = line.Seq, line.Hash
			v.Checked++
		}
		if len(lines) == 0 {
			break
		}
	}
	if seq != h.Seq || v.Head != h.Hash {
		bad("the log ends at entry %d, its head says %d", seq, h.Seq)
	}
	return v, nil
}
