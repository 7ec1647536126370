package statement_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"

	"shuniu/clock"
	"shuniu/event"
	"shuniu/fault"
	"shuniu/guard"
	"shuniu/guard/audit"
	"shuniu/matter"
	"shuniu/matter/statement"
	"shuniu/matter/store"
	"shuniu/metadb"
	"shuniu/packs/matters"
	"shuniu/shuniutest/pg"
)

type world struct {
	db  *metadb.DB
	e   *matter.Engine
	s   *statement.Statements
	key *sm2.PrivateKey
	log *audit.Log
}

func onBoth(t *testing.T, test func(t *testing.T, w *world)) {
	for name, dsn := range map[string]func(*testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite://" + filepath.Join(t.TempDir(), "m.db") },
		"postgres": func(t *testing.T) string { return pg.Database(t) },
	} {
		t.Run(name, func(t *testing.T) {
			db, err := metadb.Open(t.Context(), dsn(t), slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			book := clock.NewBook(clock.Shipped())
			types, err := matter.Load(matters.Files, book)
			if err != nil {
				t.Fatal(err)
			}
			key, err := sm2.GenerateKey(rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			st := store.New(db, event.New(db))
			w := &world{db: db, e: matter.New(types, book, st, slog.New(slog.DiscardHandler)), key: key, log: audit.New(db)}
			w.s = statement.New(db, st, statement.Options{Sign: key, Record: w.log.Recorder()})
			test(t, w)
		})
	}
}

func (w *world) file(t *testing.T) matter.ID {
	t.Helper()
	r, err := w.e.File(officer(t), matter.Filing{Type: "approval", Data: map[string]any{"subject": "借用机房", "text": "周六施工一天"}})
	if err != nil {
		t.Fatal(err)
	}
	return r.Matter
}

func officer(t *testing.T) context.Context {
	return guard.With(t.Context(), guard.Principal{Account: "li", Role: guard.Steward, Department: "a"})
}

func (w *world) comment(t *testing.T, id matter.ID) {
	t.Helper()
	if _, err := w.e.Do(officer(t), matter.Command{Matter: id, Action: "comment", Note: "请尽快"}); err != nil {
		t.Fatal(err)
	}
}

func TestSealAndProve(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		var ids []matter.ID
		for range 7 { // no power of two
			ids = append(ids, w.file(t))
		}
		if _, err := w.s.Prove(t.Context(), ids[0]); !errors.Is(err, fault.NotFound) {
			t.Errorf("before a statement: %v", err)
		}
		first, err := w.s.Seal(t.Context())
		if err != nil || first.N != 1 || first.Leaves != 7 {
			t.Fatalf("first %+v, %v", first, err)
		}
		w.comment(t, ids[2])
		late := w.file(t)
		second, err := w.s.Seal(t.Context())
		if err != nil || second.Leaves != 2 || second.Prev != first.Hash {
			t.Fatalf("second %+v, %v: only what changed, chained", second, err)
		}
		if none, err := w.s.Seal(t.Context()); err != nil || none.Leaves != 0 || none.N != 3 {
			t.Errorf("nothing changed: %+v, %v", none, err)
		}
		for _, id := range append(ids, late) {
			p, err := w.s.Prove(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			file, err := json.Marshal(p)
			if err != nil {
				t.Fatal(err)
			}
			read, err := statement.Read(file)
			if err != nil {
				t.Fatal(err)
			}
			r, err := read.Verify(&w.key.PublicKey)
			if err != nil || !r.Signed || r.Matter != id || r.Sealed != int64(r.Events) {
				t.Errorf("%s: %+v, %v", id, r, err)
			}
		}
		w.comment(t, late)
		p, err := w.s.Prove(t.Context(), late)
		if err != nil {
			t.Fatal(err)
		}
		if r, err := p.Verify(nil); err != nil || r.Sealed != 1 || r.Events != 2 || r.Signed {
			t.Errorf("a later event: %+v, %v; want it chained and not sealed", r, err)
		}
		other, err := sm2.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Verify(&other.PublicKey); !errors.Is(err, fault.Damaged) {
			t.Errorf("another's key: %v", err)
		}
		if n, err := w.s.Check(t.Context()); err != nil || n != 3 {
			t.Errorf("check %d, %v", n, err)
		}
		lines, err := w.log.List(t.Context(), audit.Filter{Action: string(statement.SealMatters), Limit: 10})
		if err != nil || len(lines) != 3 || lines[2].Detail != first.Hash {
			t.Errorf("audit log %+v, %v", lines, err)
		}
		// The event log is trimmed: the next statement takes all.
		if _, err := event.New(w.db).Trim(t.Context(), -time.Hour); err != nil {
			t.Fatal(err)
		}
		w.comment(t, ids[0])
		w.comment(t, ids[0])
		if _, err := event.New(w.db).Trim(t.Context(), -time.Hour); err != nil {
			t.Fatal(err)
		}
		w.comment(t, ids[1])
		if all, err := w.s.Seal(t.Context()); err != nil || all.Leaves != 8 {
			t.Errorf("after a gap %+v, %v; want all 8", all, err)
		}
	})
}

// TestEveryByteCounts flips each letter and digit of a proof file in turn: none
// that says something else may pass.
func TestEveryByteCounts(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ids := []matter.ID{w.file(t), w.file(t), w.file(t)}
		w.comment(t, ids[1])
		if _, err := w.s.Seal(t.Context()); err != nil {
			t.Fatal(err)
		}
		p, err := w.s.Prove(t.Context(), ids[1])
		if err != nil {
			t.Fatal(err)
		}
		file, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		tried := 0
		for i := range file {
			c := file[i]
			if (c < '0' || c > '9') && (c < 'a' || c > 'z') {
				continue
			}
			was := file[i]
			file[i] = '7'
			if was == '7' {
				file[i] = '3'
			}
			tried++
			if q, err := statement.Read(file); err == nil {
				if _, err := q.Verify(&w.key.PublicKey); err == nil {
					t.Errorf("altered and passed: byte %d …%s…", i, file[max(0, i-30):min(len(file), i+10)])
				}
			}
			file[i] = was
		}
		t.Logf("%d bytes altered", tried)
		if tried < 1000 {
			t.Errorf("%d bytes: this proves little", tried)
		}
	})
}

// TestTheAdministratorIsFound rewrites a matter with its whole chain, as one
// who holds the database can: the chain holds, the statement does not.
func TestTheAdministratorIsFound(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		a, b := w.file(t), w.file(t)
		if _, err := w.s.Seal(t.Context()); err != nil {
			t.Fatal(err)
		}
		// b takes the place of a's history, hashes and all.
		for _, stmt := range []string{
			"UPDATE matter_leaf SET hash = 'forged' WHERE matter = '" + string(a) + "'",
		} {
			if _, err := w.db.SQL().ExecContext(t.Context(), stmt); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.s.Check(t.Context()); !errors.Is(err, fault.Damaged) {
			t.Errorf("a leaf was altered: %v", err)
		}
		p, err := w.s.Prove(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Verify(&w.key.PublicKey); !errors.Is(err, fault.Damaged) {
			t.Errorf("proof of the altered one: %v", err)
		}
		if p, err = w.s.Prove(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Verify(&w.key.PublicKey); !errors.Is(err, fault.Damaged) {
			t.Errorf("the other's path leads through the altered leaf: %v", err)
		}
	})
}
