package statement

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/smx509"
	"github.com/uptrace/bun"

	"shuniu/fault"
	"shuniu/guard"
	"shuniu/matter"
	"shuniu/metadb"
)

// A Statement seals the heads of the matters that changed since the one before.
type Statement struct {
	N         int64     `json:"n"` // counts from 1
	At        time.Time `json:"at"`
	Prev      string    `json:"prev"` // hash of the statement before, "" for the first
	Root      string    `json:"root"`
	Leaves    int64     `json:"leaves"`
	LastEvent int64     `json:"last_event"` // of the event log, up to which it looked
	Algorithm string    `json:"algorithm"`
	Hash      string    `json:"hash"`
	Signer    string    `json:"signer,omitempty"`    // name of the key, "" when unsigned
	Signature string    `json:"signature,omitempty"` // SM2 with SM3 over Hash, ASN.1, hex
}

func (s *Statement) sum() string {
	var b []byte
	for _, n := range []int64{s.N, s.At.UnixMicro(), s.Leaves, s.LastEvent} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	for _, t := range []string{s.Prev, s.Root, s.Algorithm} {
		b = binary.BigEndian.AppendUint64(b, uint64(len(t)))
		b = append(b, t...)
	}
	h := sm3.Sum(b)
	return hex.EncodeToString(h[:])
}

// KeyName names a public key: the first 16 bytes of the SM3 of its
// SubjectPublicKeyInfo (DER), hex.
func KeyName(key *ecdsa.PublicKey) (string, error) {
	der, err := smx509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "", fmt.Errorf("key: %w: %w", err, fault.Invalid)
	}
	h := sm3.Sum(der)
	return hex.EncodeToString(h[:16]), nil
}

// ParseKey reads an SM2 public key in PEM (SubjectPublicKeyInfo).
func ParseKey(text []byte) (*ecdsa.PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("no PEM: %w", fault.Invalid)
	}
	key, err := smx509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("key: %w: %w", err, fault.Invalid)
	}
	if k, ok := key.(*ecdsa.PublicKey); ok && k.Curve == sm2.P256() {
		return k, nil
	}
	return nil, fmt.Errorf("a key that is not SM2: %w", fault.Invalid)
}

// Options are how statements are made.
type Options struct {
	Sign   *sm2.PrivateKey // nil: unsigned
	Record guard.Recorder  // puts each statement into the audit log; nil: not
	Now    func() time.Time
}

// SealMatters is the act that stands in the audit log.
const SealMatters guard.Action = "seal_matters"

// Statements makes and proves statements.
type Statements struct {
	db    *metadb.DB
	store matter.Store
	opt   Options
}

// New returns the statements kept in db over the matters of store.
func New(db *metadb.DB, store matter.Store, opt Options) *Statements {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	return &Statements{db: db, store: store, opt: opt}
}

type statementRow struct {
	bun.BaseModel `bun:"table:matter_statement,alias:s"`

	N         int64     `bun:"n,pk"`
	At        time.Time `bun:"at"`
	Prev      string    `bun:"prev"`
	Root      string    `bun:"root"`
	Leaves    int64     `bun:"leaves"`
	LastEvent int64     `bun:"last_event"`
	Algorithm string    `bun:"algorithm"`
	Hash      string    `bun:"hash"`
	Signer    string    `bun:"signer"`
	Signature string    `bun:"signature"`
}

func (r *statementRow) statement() Statement {
	return Statement{r.N, r.At.UTC(), r.Prev, r.Root, r.Leaves, r.LastEvent, r.Algorithm, r.Hash, r.Signer, r.Signature}
}

type leafRow struct {
	bun.BaseModel `bun:"table:matter_leaf,alias:l"`

	N      int64  `bun:"n,pk"`
	I      int64  `bun:"i,pk"`
	Matter string `bun:"matter"`
	Seq    int64  `bun:"seq"`
	Hash   string `bun:"hash"`
}

// Last returns the newest statement; fault.NotFound when there is none.
func (s *Statements) Last(ctx context.Context) (Statement, error) {
	return last(ctx, s.db.Bun())
}

func last(ctx context.Context, db bun.IDB) (Statement, error) {
	var r statementRow
	err := db.NewSelect().Model(&r).Order("s.n DESC").Limit(1).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return Statement{}, fmt.Errorf("statement: %w", fault.NotFound)
	}
	if err != nil {
		return Statement{}, fmt.Errorf("statement: %w", metadb.Classify(err))
	}
	return r.statement(), nil
}

// changed are the heads of matters of which the event log tells since an event.
const changed = `SELECT h.id AS matter, h.seq, h.hash FROM matter AS h WHERE h.id IN
	(SELECT DISTINCT e.subject FROM event AS e WHERE e.topic = 'matter' AND e.seq > ? AND e.seq <= ?) ORDER BY h.id`

// Seal makes a statement over what changed since the last one; with nothing
// changed it still makes one, so that a gap in time is no hiding place. When
// the event log no longer reaches back to the last one, it takes all matters.
func (s *Statements) Seal(ctx context.Context) (Statement, error) {
	var st Statement
	err := s.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		before, err := last(ctx, tx)
		first := errors.Is(err, fault.NotFound)
		if err != nil && !first {
			return err
		}
		var span struct {
			Oldest, Newest int64
		}
		if err := tx.NewRaw("SELECT COALESCE(MIN(e.seq), 0) AS oldest, COALESCE(MAX(e.seq), 0) AS newest FROM event AS e").Scan(ctx, &span.Oldest, &span.Newest); err != nil {
			return err
		}
		st = Statement{
			N: before.N + 1, At: s.opt.Now().UTC().Truncate(time.Microsecond), Prev: before.Hash,
			LastEvent: max(span.Newest, before.LastEvent), Algorithm: matter.SM3,
		}
		var rows []leafRow
		if first || span.Oldest > before.LastEvent+1 {
			err = tx.NewRaw("SELECT h.id AS matter, h.seq, h.hash FROM matter AS h ORDER BY h.id").Scan(ctx, &rows)
		} else {
			err = tx.NewRaw(changed, before.LastEvent, st.LastEvent).Scan(ctx, &rows)
		}
		if err != nil {
			return err
		}
		leaves := make([][]byte, len(rows))
		for i := range rows {
			rows[i].N, rows[i].I = st.N, int64(i)
			leaves[i] = Leaf{matter.ID(rows[i].Matter), rows[i].Seq, rows[i].Hash}.sum()
		}
		st.Leaves, st.Root = int64(len(rows)), hex.EncodeToString(root(leaves))
		st.Hash = st.sum()
		if err := s.sign(&st); err != nil {
			return err
		}
		row := statementRow{
			N: st.N, At: st.At, Prev: st.Prev, Root: st.Root, Leaves: st.Leaves, LastEvent: st.LastEvent, Algorithm: st.Algorithm,
			Hash: st.Hash, Signer: st.Signer, Signature: st.Signature,
		}
		if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
			return err
		}
		for part := rows; len(part) > 0; part = part[min(len(part), 5000):] {
			some := part[:min(len(part), 5000)]
			if _, err := tx.NewInsert().Model(&some).Exec(ctx); err != nil {
				return err
			}
		}
		if s.opt.Record == nil {
			return nil
		}
		return s.opt.Record(ctx, tx, guard.Principal{}, SealMatters, fmt.Sprintf("matter_statement:%d", st.N), st.Hash)
	})
	if err != nil {
		return Statement{}, fmt.Errorf("seal matters: %w", err)
	}
	return st, nil
}

func (s *Statements) sign(st *Statement) error {
	if s.opt.Sign == nil {
		return nil
	}
	name, err := KeyName(&s.opt.Sign.PublicKey)
	if err != nil {
		return err
	}
	sig, err := s.opt.Sign.Sign(rand.Reader, []byte(st.Hash), sm2.DefaultSM2SignerOpts)
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	st.Signer, st.Signature = name, hex.EncodeToString(sig)
	return nil
}

// Check holds every statement against the one before and its own leaves. It
// returns how many there are, and fault.Damaged with the first that is not
// what it was.
func (s *Statements) Check(ctx context.Context) (int64, error) {
	prev := Statement{}
	for {
		var r statementRow
		err := s.db.Bun().NewSelect().Model(&r).Where("s.n > ?", prev.N).Order("s.n").Limit(1).Scan(ctx)
		if errors.Is(err, sql.ErrNoRows) {
			return prev.N, nil
		}
		if err != nil {
			return prev.N, fmt.Errorf("statements: %w", metadb.Classify(err))
		}
		st := r.statement()
		_, hashes, err := s.leaves(ctx, st.N)
		if err != nil {
			return prev.N, err
		}
		if st.N != prev.N+1 || st.Prev != prev.Hash || st.sum() != st.Hash || int64(len(hashes)) != st.Leaves || !equal(root(hashes), st.Root) {
			return prev.N, fmt.Errorf("statement %d is not what it was: %w", st.N, fault.Damaged)
		}
		prev = st
	}
}

func (s *Statements) leaves(ctx context.Context, n int64) ([]Leaf, [][]byte, error) {
	var rows []leafRow
	if err := s.db.Bun().NewSelect().Model(&rows).Where("l.n = ?", n).Order("l.i").Scan(ctx); err != nil {
		return nil, nil, fmt.Errorf("leaves of statement %d: %w", n, metadb.Classify(err))
	}
	leaves, hashes := make([]Leaf, len(rows)), make([][]byte, len(rows))
	for i, r := range rows {
		leaves[i] = Leaf{matter.ID(r.Matter), r.Seq, r.Hash}
		hashes[i] = leaves[i].sum()
	}
	return leaves, hashes, nil
}
