package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shuniu/clock"
	"shuniu/event"
	"shuniu/fault"
	"shuniu/guard"
	"shuniu/matter"
	"shuniu/matter/store"
	"shuniu/metadb"
	"shuniu/packs/matters"
	"shuniu/resource"
	"shuniu/shuniutest/pg"
)

// shipped are the shipped types, loaded once; tests that add versions load
// their own.
var shipped = sync.OnceValue(func() *matter.Types {
	types, err := matter.Load(matters.Files, clock.NewBook(clock.Shipped()))
	if err != nil {
		panic(err)
	}
	return types
})

// A world is an engine with a time that the test moves.
type world struct {
	*matter.Engine
	db *metadb.DB
	st *store.Store

	mu  sync.Mutex
	now time.Time
}

func (w *world) time() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) to(t *testing.T, s string) {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02T15:04", s, clock.Shanghai)
	if err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	w.now = at
	w.mu.Unlock()
}

func newWorld(t testing.TB, db *metadb.DB, types *matter.Types) *world {
	w := &world{db: db, st: store.New(db, event.New(db)), now: time.Date(2026, 3, 2, 9, 0, 0, 0, clock.Shanghai)}
	w.Engine = matter.New(types, clock.NewBook(clock.Shipped()), w.st, slog.New(slog.DiscardHandler)).WithTime(w.time)
	return w
}

// onBoth runs the contract of a store on SQLite and on PostgreSQL.
func onBoth(t *testing.T, contract func(t *testing.T, db *metadb.DB)) {
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
			contract(t, db)
		})
	}
}

func as(ctx context.Context, account string, role guard.Role, department string) context.Context {
	return guard.With(ctx, guard.Principal{Account: account, Name: account, Role: role, Department: resource.DepartmentID(department)})
}

func asker(t testing.TB) context.Context { return as(t.Context(), "wang", guard.Consumer, "fgw") }
func steward(t testing.TB) context.Context {
	return as(t.Context(), "li", guard.Steward, "scjg")
}
func head(t testing.TB) context.Context { return as(t.Context(), "zhao", guard.Leader, "scjg") }

func ask() map[string]any {
	return map[string]any{
		"resource": "企业登记信息", "provider_org": "scjg", "class": "有条件共享", "basis": "优化营商环境条例", "scenario": "一业一证材料核验",
		"scope": "审批", "mode": "服务接口", "until": "2026-12-31",
	}
}

func (w *world) file(t testing.TB, key string) matter.ID {
	t.Helper()
	r, err := w.File(asker(t), matter.Filing{Type: "share.request", Data: ask(), Key: key})
	if err != nil {
		t.Fatal(err)
	}
	return r.Matter
}

func (w *world) state(t testing.TB, id matter.ID) *matter.Matter {
	t.Helper()
	m, err := w.st.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestLife(t *testing.T) {
	onBoth(t, func(t *testing.T, db *metadb.DB) {
		w := newWorld(t, db, shipped())
		id := w.file(t, "")
		list, err := w.Inbox(steward(t), matter.Place{}, 10)
		if err != nil || len(list) != 1 || list[0].Matter != id || list[0].Role != "provider" || list[0].Head.Title != "企业登记信息" {
			t.Fatalf("the steward's inbox: %+v, %v", list, err)
		}
		if all, due, err := w.Counts(steward(t), list[0].Due, list[0].Due.Add(time.Second)); err != nil || all != 1 || !slices.Equal(due, []int{0, 1}) {
			t.Errorf("counts %d %v, %v; want 1 [0 1]", all, due, err)
		}
		if list, err := w.Inbox(as(t.Context(), "sun", guard.Steward, "gaj"), matter.Place{}, 10); err != nil || len(list) != 0 {
			t.Errorf("another department's inbox: %v, %v", list, err)
		}
		v, err := w.Get(steward(t), id)
		if err != nil {
			t.Fatal(err)
		}
		can := map[string]bool{}
		for _, o := range v.Options {
			can[o.Action.Name] = o.Why == nil && o.Role != ""
		}
		if want := map[string]bool{"agree": true, "refuse": true, "supplement": true, "ask_longer": true, "grant_longer": false}; fmt.Sprint(can) != fmt.Sprint(want) {
			t.Errorf("options %v, want %v", can, want)
		}
		if len(v.Clocks) != 1 || v.Clocks[0].Def.Law != "answer" || v.Clocks[0].At.Format(time.DateOnly) != "2026-03-16" {
			t.Errorf("clocks %+v", v.Clocks)
		}
		if r, err := w.Do(steward(t), matter.Command{Matter: id, Action: "agree", Rev: v.Rev, Note: "可以"}); err != nil || r.Rev != v.Rev+1 {
			t.Fatalf("agree: %+v, %v", r, err)
		}
		if _, err := w.Do(head(t), matter.Command{Matter: id, Action: "approve"}); err != nil {
			t.Fatal(err)
		}
		events, err := w.History(asker(t), id, 0, 100)
		if err != nil || len(events) != 3 || events[1].Action != "agree" || events[1].Account != "li" || events[2].Prev != events[1].Hash {
			t.Errorf("history %+v, %v", events, err)
		}
		if err := w.Verify(t.Context(), id); err != nil {
			t.Error(err)
		}
		for _, stranger := range []context.Context{as(t.Context(), "x", guard.Resident, ""), as(t.Context(), "sun", guard.Consumer, "gaj")} {
			if _, err := w.Get(stranger, id); !errors.Is(err, fault.Denied) {
				t.Errorf("a stranger reads it: %v: that they may open one of their own is no part in this", err)
			}
			if list, _, err := w.List(stranger, matter.Filter{}); err != nil || len(list) != 0 {
				t.Errorf("a stranger lists it: %v, %v", list, err)
			}
		}
		if list, next, err := w.List(asker(t), matter.Filter{Type: "share.request", Limit: 1}); err != nil || len(list) != 1 || next != id {
			t.Errorf("list %v, next %q, %v", list, next, err)
		}
		told, err := event.New(db).Since(t.Context(), 0, []string{"matter"}, 10)
		if err != nil || len(told) != 3 || told[2].Kind != "approve" || told[2].Subject != string(id) {
			t.Errorf("events told: %+v, %v", told, err)
		}
	})
}

func TestRefusals(t *testing.T) {
	onBoth(t, func(t *testing.T, db *metadb.DB) {
		w := newWorld(t, db, shipped())
		id := w.file(t, "")
		var r *matter.Refusal
		_, err := w.Do(head(t), matter.Command{Matter: id, Action: "approve"})
		if !errors.As(err, &r) || !errors.Is(err, fault.Conflict) || !slices.Contains(r.Roles, "head") || !strings.Contains(r.When, "approving") {
			t.Errorf("too early: %v; want who may and when", err)
		}
		_, err = w.Do(asker(t), matter.Command{Matter: id, Action: "agree"})
		if !errors.As(err, &r) || !errors.Is(err, fault.Denied) || !slices.Equal(r.Roles, []string{"provider"}) {
			t.Errorf("wrong actor: %v", err)
		}
		var form *matter.FormError
		_, err = w.Do(steward(t), matter.Command{Matter: id, Action: "refuse", Data: map[string]any{"resource": "x", "nothing": 1}})
		if !errors.As(err, &form) || len(form.Fields) != 3 {
			t.Errorf("form: %v; want an unknown, a foreign and a missing field", err)
		}
		if _, err = w.Do(steward(t), matter.Command{Matter: id, Action: "fly"}); !errors.Is(err, fault.NotFound) {
			t.Errorf("no such action: %v", err)
		}
		if _, err = w.Do(steward(t), matter.Command{Matter: "01ARZ3NDEKTSV4RRFFQ69G5FAV", Action: "agree"}); !errors.Is(err, fault.NotFound) {
			t.Errorf("no such matter: %v", err)
		}
		if _, err = w.Do(t.Context(), matter.Command{Matter: id, Action: "agree"}); !errors.Is(err, fault.Denied) {
			t.Errorf("nobody: %v", err)
		}
		if _, err := w.Do(steward(t), matter.Command{Matter: id, Action: "agree", Rev: 1}); err != nil {
			t.Fatal(err)
		}
		var stale *matter.Stale
		_, err = w.Do(steward(t), matter.Command{Matter: id, Action: "refuse", Rev: 1})
		if !errors.As(err, &stale) || !errors.Is(err, fault.Conflict) || stale.Newer.Action != "agree" || stale.Newer.Account != "li" {
			t.Errorf("stale: %v; want the newer event", err)
		}
		if m := w.state(t, id); m.Rev != 2 || m.Seq != 2 {
			t.Errorf("refused commands changed it: rev %d seq %d", m.Rev, m.Seq)
		}
	})
}

func TestKeysActOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, db *metadb.DB) {
		w := newWorld(t, db, shipped())
		var wg sync.WaitGroup
		ids, repeated := make([]matter.ID, 40), make([]bool, 40)
		for i := range ids {
			wg.Go(func() {
				// Two engines stand for two processes of one store.
				e := w.Engine
				if i%2 == 1 {
					e = newWorld(t, db, shipped()).Engine
				}
				r, err := e.File(asker(t), matter.Filing{Type: "share.request", Data: ask(), Key: "form-1"})
				if err != nil {
					t.Error(err)
				}
				ids[i], repeated[i] = r.Matter, r.Repeated
			})
		}
		wg.Wait()
		fresh := 0
		for i := range ids {
			if ids[i] != ids[0] {
				t.Fatalf("one key, two matters: %s, %s", ids[0], ids[i])
			}
			if !repeated[i] {
				fresh++
			}
		}
		if fresh != 1 {
			t.Errorf("%d of 40 say they were the first", fresh)
		}
		other := ask()
		other["scope"] = "别的"
		if _, err := w.File(asker(t), matter.Filing{Type: "share.request", Data: other, Key: "form-1"}); !errors.Is(err, fault.Conflict) {
			t.Errorf("the key with another form: %v", err)
		}
		if r, err := w.File(as(t.Context(), "chen", guard.Consumer, "fgw"), matter.Filing{Type: "share.request", Data: ask(), Key: "form-1"}); err != nil || r.Matter == ids[0] {
			t.Errorf("another person's key: %+v, %v", r, err)
		}
		c := matter.Command{Matter: ids[0], Action: "agree", Rev: 1, Key: "click"}
		if _, err := w.Do(steward(t), c); err != nil {
			t.Fatal(err)
		}
		if r, err := w.Do(steward(t), c); err != nil || !r.Repeated || r.Rev != 2 {
			t.Errorf("sent again: %+v, %v; want the same answer", r, err)
		}
	})
}

// TestTogether lets many people act at once, some of them refused: nobody
// disturbs anybody, and every chain holds.
func TestTogether(t *testing.T) {
	onBoth(t, func(t *testing.T, db *metadb.DB) {
		w := newWorld(t, db, shipped())
		ids := make([]matter.ID, 20)
		for i := range ids {
			ids[i] = w.file(t, "")
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		won := map[matter.ID]int{}
		for g := range 8 {
			e := w.Engine
			if g%2 == 1 {
				e = newWorld(t, db, shipped()).Engine
			}
			wg.Go(func() {
				for _, id := range ids {
					_, err := e.Do(steward(t), matter.Command{Matter: id, Action: "agree", Rev: 1})
					switch {
					case err == nil:
						mu.Lock()
						won[id]++
						mu.Unlock()
					case !errors.Is(err, fault.Conflict):
						t.Errorf("agree: %v", err)
					}
					if _, err := e.Do(asker(t), matter.Command{Matter: id, Action: "comment", Note: fmt.Sprintf("请 @li 看 %d", g)}); err != nil {
						t.Error(err)
					}
					if _, err := e.Do(asker(t), matter.Command{Matter: id, Action: "agree"}); !errors.Is(err, fault.Denied) && !errors.Is(err, fault.Conflict) {
						t.Errorf("not the asker's: %v", err)
					}
				}
			})
		}
		wg.Wait()
		for _, id := range ids {
			if won[id] != 1 {
				t.Errorf("%d of 8 won", won[id])
			}
			if err := w.Verify(t.Context(), id); err != nil {
				t.Error(err)
			}
			if m := w.state(t, id); m.Seq != 10 || m.Rev != 2 {
				t.Errorf("seq %d rev %d, want 1 opening, 1 change, 8 comments", m.Seq, m.Rev)
			}
		}
		if who, err := w.st.Watchers(t.Context(), ids[0]); err != nil || !slices.Equal(who, []string{"li"}) {
			t.Errorf("watchers %v, %v: who is mentioned watches", who, err)
		}
	})
}

func TestTimeActsOnceAndInOrder(t *testing.T) {
	onBoth(t, func(t *testing.T, db *metadb.DB) {
		w := newWorld(t, db, shipped())
		first := w.file(t, "")
		w.to(t, "2026-03-04T10:00")
		if _, err := w.Do(steward(t), matter.Command{Matter: first, Action: "supplement", Data: map[string]any{"missing": []any{"依据全文"}}}); err != nil {
			t.Fatal(err)
		}
		second := w.file(t, "")
		// The hub stands still for a month. Two processes come back at once.
		w.to(t, "2026-04-10T08:00")
		other := newWorld(t, db, shipped())
		other.to(t, "2026-04-10T08:00")
		var wg sync.WaitGroup
		for _, e := range []*world{w, other} {
			wg.Go(func() {
				if _, err := e.CatchUp(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if m := w.state(t, first); m.State != "withdrawn" || m.ClosedAt.In(clock.Shanghai).Format("2006-01-02T15:04") != "2026-03-19T00:00" {
			t.Errorf("the first is %s since %s: it ended when it was due, not when the hub woke", m.State, m.ClosedAt)
		}
		m := w.state(t, second)
		if len(m.Children) != 1 {
			t.Errorf("%d supervision orders, want 1", len(m.Children))
		}
		events, err := w.st.History(t.Context(), second, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		var rungs []int
		for _, e := range events {
			var d matter.Details
			if err := json.Unmarshal(e.Data, &d); err != nil {
				t.Fatal(err)
			}
			if e.Action == matter.TickAction {
				rungs = append(rungs, d.Percent)
			}
		}
		if !slices.Equal(rungs, []int{80, 100}) {
			t.Errorf("rungs %v, want 80 then 100, once each", rungs)
		}
		for _, id := range []matter.ID{first, second} {
			if err := w.Verify(t.Context(), id); err != nil {
				t.Error(err)
			}
		}
		for i := range events[1:] {
			if events[i+1].At.Before(events[i].At) {
				t.Errorf("event %d lies before the one before", i+2)
			}
		}
	})
}

func TestMessagesGoOutAtLeastOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, db *metadb.DB) {
		w := newWorld(t, db, shipped())
		var got []string
		fail := true
		w.Deliver("notify", func(_ context.Context, m matter.Message) error {
			if fail {
				return errors.New("the mail server is away")
			}
			got = append(got, m.ID+" "+m.Target)
			return nil
		})
		id := w.file(t, "")
		if n, err := w.CatchUp(t.Context()); err != nil || n != 0 {
			t.Errorf("%d went out, %v", n, err)
		}
		fail = false
		if n, err := w.CatchUp(t.Context()); err != nil || n != 0 {
			t.Errorf("%d went out before its time, %v", n, err)
		}
		w.to(t, "2026-03-02T09:01")
		if n, err := w.CatchUp(t.Context()); err != nil || n != 1 {
			t.Errorf("%d went out, %v; want 1", n, err)
		}
		if want := []string{string(id) + "/1/0 role:provider"}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if n, err := w.CatchUp(t.Context()); err != nil || n != 0 {
			t.Errorf("%d went out again, %v", n, err)
		}
	})
}

func TestDelegation(t *testing.T) {
	onBoth(t, func(t *testing.T, db *metadb.DB) {
		w := newWorld(t, db, shipped())
		id := w.file(t, "")
		deputy := as(t.Context(), "qian", guard.Clerk, "scjg")
		c := matter.Command{Matter: id, Action: "agree", For: "li"}
		if _, err := w.Do(deputy, c); !errors.Is(err, fault.Denied) {
			t.Errorf("without a delegation: %v", err)
		}
		if _, err := w.Delegate(steward(t), "qian", w.time(), w.time().Add(48*time.Hour), "出差"); err != nil {
			t.Fatal(err)
		}
		if list, err := w.Inbox(deputy, matter.Place{}, 10); err != nil || len(list) != 1 {
			t.Errorf("the deputy's inbox: %v, %v", list, err)
		}
		if _, err := w.Do(deputy, c); err != nil {
			t.Fatal(err)
		}
		events, err := w.st.History(t.Context(), id, 1, 10)
		if err != nil || events[0].Account != "qian" || events[0].For != "li" {
			t.Errorf("history %+v, %v: both stand on record", events, err)
		}
		// Four eyes: the head lets the deputy act, who proposed it for another.
		if _, err := w.Delegate(head(t), "qian", w.time(), w.time().Add(48*time.Hour), "出差"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Do(deputy, matter.Command{Matter: id, Action: "approve", For: "zhao"}); !errors.Is(err, fault.Denied) {
			t.Errorf("the same person proposes and approves: %v", err)
		}
		w.to(t, "2026-03-05T09:00")
		if list, err := w.Inbox(deputy, matter.Place{}, 10); err != nil || len(list) != 0 {
			t.Errorf("after the delegation: %v, %v", list, err)
		}
	})
}

func TestRecountAfterANewCalendar(t *testing.T) {
	onBoth(t, func(t *testing.T, db *metadb.DB) {
		w := newWorld(t, db, shipped())
		w.to(t, "2027-01-28T09:00") // 2027 is not announced
		id := w.file(t, "")
		before := w.state(t, id).Due
		list, err := clock.ParseArrangements("year 2027\nnotice 测试 2026-11-01\n春节 rest 02-05..02-11 work 02-13\n")
		if err != nil {
			t.Fatal(err)
		}
		hol, err := clock.Shipped().With(list...)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := w.Recount(t.Context(), clock.NewBook(hol)); err != nil || n != 1 {
			t.Fatalf("%d moved, %v; want 1", n, err)
		}
		after := w.state(t, id).Due
		if before.In(clock.Shanghai).Format(time.DateOnly) != "2027-02-11" || after.In(clock.Shanghai).Format(time.DateOnly) != "2027-02-17" {
			t.Errorf("due %s, then %s", before, after)
		}
		events, err := w.st.History(t.Context(), id, 1, 10)
		if err != nil || len(events) != 1 || events[0].Action != matter.RecountAction || !strings.Contains(string(events[0].Data), "2027-02-05") {
			t.Errorf("log %+v, %v: it names the days", events, err)
		}
		if n, err := w.Recount(t.Context(), clock.NewBook(hol)); err != nil || n != 0 {
			t.Errorf("%d moved again, %v", n, err)
		}
		if err := w.Verify(t.Context(), id); err != nil {
			t.Error(err)
		}
	})
}

// TestOneThatCannotMoveKeepsNoOtherWaiting breaks one matter.
func TestOneThatCannotMoveKeepsNoOtherWaiting(t *testing.T) {
	onBoth(t, func(t *testing.T, db *metadb.DB) {
		w := newWorld(t, db, shipped())
		broken, whole := w.file(t, ""), w.file(t, "")
		if _, err := db.SQL().ExecContext(t.Context(), "UPDATE matter SET body = REPLACE(body, '\"version\":1', '\"version\":99') WHERE id = '"+string(broken)+"'"); err != nil {
			t.Fatal(err)
		}
		w.to(t, "2026-03-20T09:00")
		for range 2 {
			if _, err := w.CatchUp(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if m := w.state(t, whole); len(m.Children) != 1 {
			t.Errorf("the other one waits: %+v", m.Clocks)
		}
	})
}

// TestTampering changes what is stored and wants it found.
func TestTampering(t *testing.T) {
	onBoth(t, func(t *testing.T, db *metadb.DB) {
		for name, stmt := range map[string]string{
			"an event altered":  "UPDATE matter_event SET account = 'nobody' WHERE matter = ? AND seq = 2",
			"an event removed":  "DELETE FROM matter_event WHERE matter = ? AND seq = 2",
			"the end cut off":   "DELETE FROM matter_event WHERE matter = ? AND seq = 3",
			"the matter itself": `UPDATE matter SET body = REPLACE(body, '"scope":"审批"', '"scope":"全部"') WHERE id = ?`,
		} {
			w := newWorld(t, db, shipped())
			id := w.file(t, "")
			if _, err := w.Do(steward(t), matter.Command{Matter: id, Action: "agree"}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Do(head(t), matter.Command{Matter: id, Action: "approve"}); err != nil {
				t.Fatal(err)
			}
			if err := w.Verify(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			if !db.Postgres() {
				stmt = strings.ReplaceAll(stmt, "?", "'"+string(id)+"'")
			} else {
				stmt = strings.ReplaceAll(stmt, "?", "$1")
			}
			args := []any{}
			if db.Postgres() {
				args = append(args, string(id))
			}
			if _, err := db.SQL().ExecContext(t.Context(), stmt, args...); err != nil {
				t.Fatal(err)
			}
			if err := w.Verify(t.Context(), id); !errors.Is(err, fault.Damaged) {
				t.Errorf("%s: %v, want fault.Damaged", name, err)
			}
		}
	})
}

func TestLease(t *testing.T) {
	onBoth(t, func(t *testing.T, db *metadb.DB) {
		s := store.New(db, event.New(db))
		now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
		for _, tc := range []struct {
			owner string
			after time.Duration
			want  bool
		}{{"a", 0, true}, {"b", time.Second, false}, {"a", 2 * time.Second, true}, {"b", 33 * time.Second, true}, {"a", 34 * time.Second, false}} {
			got, err := s.Lease(t.Context(), "x", tc.owner, now.Add(tc.after), 30*time.Second)
			if err != nil || got != tc.want {
				t.Errorf("%s after %s: %v, %v; want %v", tc.owner, tc.after, got, err, tc.want)
			}
		}
	})
}

// TestCallersMayLeave lets callers give up while they wait: nobody hangs.
func TestCallersMayLeave(t *testing.T) {
	onBoth(t, func(t *testing.T, db *metadb.DB) {
		w := newWorld(t, db, shipped())
		var wg sync.WaitGroup
		for i := range 64 {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(asker(t), time.Duration(i%8)*time.Millisecond)
				defer cancel()
				_, err := w.File(ctx, matter.Filing{Type: "share.request", Data: ask()})
				if err != nil && !errors.Is(err, context.DeadlineExceeded) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		w.file(t, "")
	})
}
