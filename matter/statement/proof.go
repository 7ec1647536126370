package statement

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/emmansun/gmsm/sm2"

	"shuniu/fault"
	"shuniu/matter"
	"shuniu/metadb"
)

// A Proof is one matter with its whole history and the newest statement it is
// in: what its JSON holds is enough to check it anywhere.
type Proof struct {
	Matter    json.RawMessage `json:"matter"`
	Seq       int64           `json:"seq"`
	Hash      string          `json:"hash"`
	Events    []matter.Event  `json:"events"`
	Leaf      Leaf            `json:"leaf"`
	Index     int             `json:"index"`
	Path      []string        `json:"path"`
	Statement Statement       `json:"statement"`
}

// Prove makes the proof of a matter. It returns fault.NotFound when no
// statement holds the matter yet.
func (s *Statements) Prove(ctx context.Context, id matter.ID) (*Proof, error) {
	m, err := s.store.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	p := &Proof{Seq: m.Seq, Hash: m.Hash}
	if p.Matter, err = m.Encode(); err != nil {
		return nil, err
	}
	for {
		events, err := s.store.History(ctx, id, int64(len(p.Events)), 1000)
		if err != nil {
			return nil, err
		}
		p.Events = append(p.Events, events...)
		if len(events) < 1000 {
			break
		}
	}
	// It may have changed while it was read: the proof is of what was read first.
	p.Events = p.Events[:min(int64(len(p.Events)), m.Seq)]
	var row leafRow
	if err := s.db.Bun().NewSelect().Model(&row).Where("l.matter = ? AND l.seq <= ?", string(id), m.Seq).Order("l.n DESC").Limit(1).Scan(ctx); err != nil {
		return nil, fmt.Errorf("matter %s is in no statement yet: %w: %w", id, metadb.Classify(err), fault.NotFound)
	}
	var st statementRow
	if err := s.db.Bun().NewSelect().Model(&st).Where("s.n = ?", row.N).Scan(ctx); err != nil {
		return nil, fmt.Errorf("statement %d: %w", row.N, metadb.Classify(err))
	}
	leaves, hashes, err := s.leaves(ctx, row.N)
	if err != nil {
		return nil, err
	}
	p.Statement, p.Index, p.Leaf = st.statement(), int(row.I), leaves[row.I]
	for _, h := range path(hashes, p.Index) {
		p.Path = append(p.Path, hex.EncodeToString(h))
	}
	return p, nil
}

// Read reads a proof and refuses what it does not know: what is not read is not
// proved. It returns fault.Invalid.
func Read(file []byte) (*Proof, error) {
	p := &Proof{}
	d := json.NewDecoder(bytes.NewReader(file))
	d.DisallowUnknownFields()
	if err := d.Decode(p); err != nil {
		return nil, fmt.Errorf("proof: %w: %w", err, fault.Invalid)
	}
	if d.More() {
		return nil, fmt.Errorf("proof: something follows it: %w", fault.Invalid)
	}
	return p, nil
}

// A Report is what a proof proves.
type Report struct {
	Matter    matter.ID
	Events    int
	Sealed    int64 // events up to this one are in the statement; later ones are only chained
	Statement Statement
	Signed    bool // by the key that was given
}

// Verify checks a proof without the hub. With a key the statement must be
// signed by it. Who keeps the statement's hash apart (Report.Statement.Hash)
// compares it: a made-up proof has another. It returns fault.Damaged with what
// does not hold.
func (p *Proof) Verify(key *ecdsa.PublicKey) (Report, error) {
	bad := func(format string, args ...any) (Report, error) {
		return Report{}, fmt.Errorf("proof: %s: %w", fmt.Sprintf(format, args...), fault.Damaged)
	}
	m, err := matter.Decode(p.Matter)
	if err != nil {
		return Report{}, err
	}
	m.Seq, m.Hash = p.Seq, p.Hash
	again, err := json.Marshal(m)
	if err != nil {
		return Report{}, err
	}
	var plain bytes.Buffer
	if err := json.Compact(&plain, p.Matter); err != nil || !bytes.Equal(plain.Bytes(), again) {
		return bad("the matter holds what no matter has")
	}
	if err := matter.Verify(m, p.Events); err != nil {
		return Report{}, err
	}
	if p.Leaf.Matter != m.ID || p.Leaf.Seq < 1 || p.Leaf.Seq > int64(len(p.Events)) || p.Events[p.Leaf.Seq-1].Hash != p.Leaf.Hash {
		return bad("the statement holds another matter or another event")
	}
	steps := make([][]byte, len(p.Path))
	for i, s := range p.Path {
		if steps[i], err = hex.DecodeString(s); err != nil {
			return bad("step %d of the path: %v", i, err)
		}
	}
	top, err := climb(p.Leaf.sum(), p.Index, int(p.Statement.Leaves), steps)
	if err != nil || !equal(top, p.Statement.Root) {
		return bad("the path does not lead to the statement's root")
	}
	if p.Statement.Algorithm != matter.SM3 || p.Statement.sum() != p.Statement.Hash {
		return bad("the statement was altered")
	}
	r := Report{Matter: m.ID, Events: len(p.Events), Sealed: p.Leaf.Seq, Statement: p.Statement}
	if key == nil {
		return r, nil
	}
	name, err := KeyName(key)
	if err != nil {
		return Report{}, err
	}
	sig, err := hex.DecodeString(p.Statement.Signature)
	if err != nil || name != p.Statement.Signer || !sm2.VerifyASN1WithSM2(key, nil, []byte(p.Statement.Hash), sig) {
		return bad("the statement is not signed by that key")
	}
	r.Signed = true
	return r, nil
}
