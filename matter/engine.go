package matter

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"

	"shuniu/clock"
	"shuniu/fault"
	"shuniu/guard"
	"shuniu/matter/define"
	"shuniu/resource"
)

// A Deliverer takes a message to its target. It is called at least once for
// each; Message.ID is the same each time.
type Deliverer func(ctx context.Context, m Message) error

// An Engine runs matters. Its methods are safe for concurrent use.
type Engine struct {
	store Store
	types *Types
	log   *slog.Logger
	owner string
	now   func() time.Time

	mu      sync.RWMutex
	book    *clock.Book
	machine *Machine
	deliver map[string]Deliverer
	stuck   map[ID]time.Time // matters that time could not move, and when to try again
	wake    chan struct{}
}

// New returns an engine of types over store, with the calendars of book.
func New(types *Types, book *clock.Book, store Store, log *slog.Logger) *Engine {
	return &Engine{
		store: store, types: types, log: log, owner: ulid.Make().String(), now: time.Now, book: book,
		machine: NewMachine(types, book, newID), deliver: map[string]Deliverer{}, stuck: map[ID]time.Time{}, wake: make(chan struct{}, 1),
	}
}

func newID() ID { return ID(ulid.Make().String()) }

// WithTime makes the engine read the time of day from now; for tests and
// plays of a past day. Call it before anything else.
func (e *Engine) WithTime(now func() time.Time) *Engine {
	e.now = now
	return e
}

// Deliver says who takes messages of a kind: notify, publish or call. Kinds
// without a deliverer wait. Call it before Work.
func (e *Engine) Deliver(kind string, d Deliverer) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.deliver[kind] = d
}

func (e *Engine) at() *Machine {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.machine
}

// actor is who acts, and whose place they take.
func (e *Engine) actor(ctx context.Context, instead string) (Actor, error) {
	p, ok := guard.From(ctx)
	if !ok || p.Account == "" {
		return Actor{}, fmt.Errorf("nobody is named: %w", fault.Denied)
	}
	a := Actor{Principal: p}
	if instead == "" || instead == p.Account {
		return a, nil
	}
	list, err := e.store.Delegations(ctx, p.Account, e.now())
	if err != nil {
		return a, err
	}
	for _, d := range list {
		if d.Account == instead {
			a.For = &guard.Principal{Account: d.Account, Role: guard.Role(d.Role), Department: resource.DepartmentID(d.Department)}
			return a, nil
		}
	}
	return a, fmt.Errorf("%s has not let %s act for them: %w", instead, p.Account, fault.Denied)
}

// keyOf is an idempotency key as it is kept: one caller cannot meet another's.
func keyOf(a Actor, key string) string {
	if key == "" {
		return ""
	}
	return a.Account + "/" + key
}

func digestOf(parts ...any) (string, error) {
	raw, err := json.Marshal(parts)
	if err != nil {
		return "", fmt.Errorf("%w: %w", err, fault.Invalid)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}

// maxKey bounds an idempotency key, in bytes.
const maxKey = 200

// File opens a matter and returns its id. With the key of an earlier call it
// returns that one's matter. It returns *Refusal when the actor may not, and
// *FormError when fields are wrong.
func (e *Engine) File(ctx context.Context, f Filing) (Result, error) {
	actor, err := e.actor(ctx, f.For)
	if err != nil {
		return Result{}, fmt.Errorf("file %s: %w", f.Type, err)
	}
	if len(f.Key) > maxKey {
		return Result{}, fmt.Errorf("key of %d bytes, want at most %d: %w", len(f.Key), maxKey, fault.Invalid)
	}
	digest, err := digestOf("file", f.Type, f.Data, f.Title, f.For)
	if err != nil {
		return Result{}, err
	}
	mc, now := e.at(), e.now()
	r := e.store.Apply(ctx, Work{Key: keyOf(actor, f.Key), Digest: digest, Do: func(map[ID]*Matter) (*Change, error) {
		return mc.Open(f, actor, now)
	}})[0]
	if r.Err != nil {
		return r, fmt.Errorf("file %s: %w", f.Type, r.Err)
	}
	e.poke()
	return r, nil
}

// Do does a command. It returns *Refusal when the action is not allowed,
// *Stale when the matter moved on since Command.Rev, *FormError when fields
// are wrong, fault.NotFound when there is no such matter or action.
func (e *Engine) Do(ctx context.Context, c Command) (Result, error) {
	r := e.DoAll(ctx, c)[0]
	return r, r.Err
}

// DoAll does commands in order, e.g. one action on many matters; each is whole
// or not at all, and none waits for another's success.
func (e *Engine) DoAll(ctx context.Context, list ...Command) []Result {
	out := make([]Result, len(list))
	works, at := make([]Work, 0, len(list)), make([]int, 0, len(list))
	for i, c := range list {
		w, err := e.work(ctx, c)
		if err != nil {
			out[i] = Result{Matter: c.Matter, Err: fmt.Errorf("%s matter %s: %w", c.Action, c.Matter, err)}
			continue
		}
		works, at = append(works, w), append(at, i)
	}
	for n, r := range e.store.Apply(ctx, works...) {
		c := list[at[n]]
		if r.Err != nil {
			r.Matter = c.Matter
			e.newer(ctx, r.Err)
			r.Err = fmt.Errorf("%s matter %s: %w", c.Action, c.Matter, r.Err)
		}
		out[at[n]] = r
	}
	e.poke()
	return out
}

func (e *Engine) work(ctx context.Context, c Command) (Work, error) {
	actor, err := e.actor(ctx, c.For)
	if err != nil {
		return Work{}, err
	}
	if len(c.Key) > maxKey || len(c.Note) > maxKey*20 {
		return Work{}, fmt.Errorf("key of at most %d bytes, note of at most %d: %w", maxKey, maxKey*20, fault.Invalid)
	}
	digest, err := digestOf("do", c.Matter, c.Action, c.Region, c.Data, c.Note, c.Other, c.For)
	if err != nil {
		return Work{}, err
	}
	needs := []ID{c.Matter}
	if c.Other != "" {
		needs = append(needs, c.Other)
	}
	mc, now := e.at(), e.now()
	return Work{Needs: needs, Key: keyOf(actor, c.Key), Digest: digest, Do: func(loaded map[ID]*Matter) (*Change, error) {
		return mc.Do(loaded[c.Matter], c, loaded[c.Other], actor, now)
	}}, nil
}

// newer fills in the newer event of a stale command.
func (e *Engine) newer(ctx context.Context, err error) {
	var stale *Stale
	if !errors.As(err, &stale) || stale.Newer.Matter != "" {
		return
	}
	m, err := e.store.Get(ctx, stale.Matter)
	if err != nil {
		return // the conflict itself is the answer
	}
	// Comments come after changes; the newest change is among the last few.
	events, err := e.store.History(ctx, m.ID, max(m.Seq-50, 0), 50)
	if err != nil {
		return
	}
	for _, ev := range slices.Backward(events) {
		if ev.Action != CommentAction {
			stale.Newer = ev
			return
		}
	}
}

// A View is a matter as an actor may see it.
type View struct {
	*Matter
	Type     *define.Type
	Clocks   []ClockView
	Hidden   []string // fields the actor may not read
	Options  []Option
	Links    []Link
	Watchers []string
}

// A ClockView is a clock with what it shows now.
type ClockView struct {
	Name string
	Def  *define.Clock
	clock.Reading
}

// Get returns a matter as the actor of ctx may see it. It returns
// fault.Denied when they have no part in it: no role of its type, not watching,
// and neither leader, administrator nor auditor.
func (e *Engine) Get(ctx context.Context, id ID) (*View, error) {
	actor, err := e.actor(ctx, "")
	if err != nil {
		return nil, fmt.Errorf("matter %s: %w", id, err)
	}
	m, err := e.store.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	mc := e.at()
	now := moment(e.now())
	s, err := mc.step(m, actor, now)
	if err != nil {
		return nil, err
	}
	v := &View{Matter: m, Type: s.t}
	if v.Watchers, err = e.store.Watchers(ctx, id); err != nil {
		return nil, err
	}
	if !s.mayRead() && !slices.Contains(v.Watchers, actor.Account) {
		return nil, fmt.Errorf("matter %s: the actor has no part in it: %w", id, fault.Denied)
	}
	set, err := s.set()
	if err != nil {
		return nil, err
	}
	for _, c := range set {
		r, err := mc.book.Read(c, now)
		if err != nil {
			return nil, err
		}
		v.Clocks = append(v.Clocks, ClockView{c.ID, s.t.Clocks[c.ID], r})
	}
	if v.Options, err = mc.Options(m, actor, now); err != nil {
		return nil, err
	}
	if v.Links, err = e.store.Links(ctx, id); err != nil {
		return nil, err
	}
	v.Hidden = s.strip()
	return v, nil
}

// hidden lists the fields that the actor may not read.
func (s *step) hidden() []string {
	var out []string
	at := s.t.State(s.m.State)
	for _, n := range s.t.FieldOrder {
		see := s.t.Fields[n].See
		hide := len(see) > 0 && !slices.ContainsFunc(see, s.holds)
		for role, f := range at.Form {
			if f != nil && slices.Contains(f.Hide, n) && (role == "*" || s.holds(role)) {
				hide = true
			}
		}
		if hide {
			out = append(out, n)
		}
	}
	return out
}

// History returns at most limit events of a matter after seq, without the
// fields that the actor of ctx may not read. It returns what Get returns.
func (e *Engine) History(ctx context.Context, id ID, seq int64, limit int) ([]Event, error) {
	v, err := e.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	events, err := e.store.History(ctx, id, seq, min(max(limit, 1), 1000))
	if err != nil || len(v.Hidden) == 0 {
		return events, err
	}
	for i := range events {
		if events[i].Data, err = without(events[i].Data, v.Hidden); err != nil {
			return nil, err
		}
	}
	return events, nil
}

// without takes fields out of the patch of an event.
func without(raw json.RawMessage, hidden []string) (json.RawMessage, error) {
	d, p, data := object{}, object{}, object{}
	if err := json.Unmarshal(raw, &d); err != nil {
		return nil, err
	}
	if d["patch"] == nil {
		return raw, nil
	}
	if err := json.Unmarshal(d["patch"], &p); err != nil {
		return nil, err
	}
	if p["data"] == nil {
		return raw, nil
	}
	if err := json.Unmarshal(p["data"], &data); err != nil {
		return nil, err
	}
	for _, n := range hidden {
		delete(data, n)
	}
	var err error
	if p["data"], err = json.Marshal(data); err != nil {
		return nil, err
	}
	if d["patch"], err = json.Marshal(p); err != nil {
		return nil, err
	}
	return json.Marshal(d)
}

// Inbox returns what waits for the actor of ctx, their absent colleagues
// included, the most pressing first.
func (e *Engine) Inbox(ctx context.Context, after Place, limit int) ([]Waiting, error) {
	desks, err := e.desks(ctx)
	if err != nil {
		return nil, err
	}
	list, err := e.store.Inbox(ctx, desks, after, min(max(limit, 1), 200))
	if err != nil {
		return nil, err
	}
	actor, err := e.actor(ctx, "")
	if err != nil {
		return nil, err
	}
	for i := range list {
		s, err := e.at().step(list[i].Head, actor, moment(e.now()))
		if err != nil {
			return nil, err
		}
		s.strip()
	}
	return list, nil
}

// List returns those matters of a filter that the actor of ctx may see, newest
// first, without the fields they may not read. next is the Filter.Before of the
// page after, "" when there is none; a page may hold fewer than the limit.
func (e *Engine) List(ctx context.Context, f Filter) (page []*Matter, next ID, err error) {
	actor, err := e.actor(ctx, "")
	if err != nil {
		return nil, "", err
	}
	f.Limit = min(max(f.Limit, 1), 200)
	list, err := e.store.List(ctx, f)
	if err != nil {
		return nil, "", err
	}
	for _, m := range list {
		s, err := e.at().step(m, actor, moment(e.now()))
		if err != nil {
			return nil, "", err
		}
		if s.mayRead() {
			s.strip()
			page = append(page, m)
		}
	}
	if len(list) == f.Limit {
		next = list[len(list)-1].ID
	}
	return page, next, nil
}

// Counts tells how many lines Inbox has: all, and those due before the times.
func (e *Engine) Counts(ctx context.Context, before ...time.Time) (all int, due []int, err error) {
	desks, err := e.desks(ctx)
	if err != nil {
		return 0, nil, err
	}
	return e.store.Counts(ctx, desks, before...)
}

func (e *Engine) desks(ctx context.Context) ([]string, error) {
	a, err := e.actor(ctx, "")
	if err != nil {
		return nil, err
	}
	out := Desks(a.Principal)
	list, err := e.store.Delegations(ctx, a.Account, e.now())
	if err != nil {
		return nil, err
	}
	for _, d := range list {
		out = append(out, Desks(guard.Principal{Account: d.Account, Role: guard.Role(d.Role), Department: resource.DepartmentID(d.Department)})...)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// Delegate lets another account act for the actor of ctx, in the role they are
// in, from since until until: leave, absence. The delegate acts with
// Command.For and finds the matters in their inbox.
func (e *Engine) Delegate(ctx context.Context, delegate string, since, until time.Time, reason string) (Delegation, error) {
	a, err := e.actor(ctx, "")
	if err != nil {
		return Delegation{}, err
	}
	if delegate == "" || delegate == a.Account || !until.After(since) {
		return Delegation{}, fmt.Errorf("delegate to %q from %s to %s: %w", delegate, since, until, fault.Invalid)
	}
	d := Delegation{
		ID: string(newID()), Account: a.Account, Role: string(a.Role), Department: string(a.Department), Delegate: delegate,
		Since: moment(since), Until: moment(until), Reason: reason,
	}
	return d, e.store.Delegate(ctx, d)
}

// Watch lets the actor of ctx watch a matter that they may see, or ends it.
func (e *Engine) Watch(ctx context.Context, id ID, on bool) error {
	if _, err := e.Get(ctx, id); err != nil {
		return err
	}
	a, err := e.actor(ctx, "")
	if err != nil {
		return err
	}
	return e.store.Watch(ctx, id, a.Account, on)
}

// Verify checks a matter's chain and that its events say what it is. It
// returns fault.Damaged with the place.
func (e *Engine) Verify(ctx context.Context, id ID) error {
	m, err := e.store.Get(ctx, id)
	if err != nil {
		return err
	}
	var all []Event
	for {
		events, err := e.store.History(ctx, id, int64(len(all)), 1000)
		if err != nil {
			return err
		}
		all = append(all, events...)
		if len(events) < 1000 {
			return Verify(m, all)
		}
	}
}

// Types returns the types the engine runs.
func (e *Engine) Types() *Types { return e.types }

// Publish adds a version of a type and keeps it. It returns fault.Conflict
// when the version is there with another text.
func (e *Engine) Publish(ctx context.Context, t *define.Type) error {
	a, err := e.actor(ctx, "")
	if err != nil {
		return err
	}
	if ps := e.types.check(t); len(ps) > 0 {
		return ps
	}
	if err := e.store.Publish(ctx, t, a.Account, e.now()); err != nil {
		return err
	}
	return e.types.Add(t)
}

// Restore adds the versions that were published before to the types, and keeps
// those that are new to the store, so that no running matter ever misses its
// version. Call it once at start.
func (e *Engine) Restore(ctx context.Context) error {
	list, err := e.store.Published(ctx)
	if err != nil {
		return err
	}
	for _, p := range list {
		t, err := define.Parse(fmt.Sprintf("published/%s/%d", p.Name, p.Version), p.Source, e.at().book)
		if err != nil {
			return fmt.Errorf("published type %s version %d: %w", p.Name, p.Version, err)
		}
		if err := e.types.Add(t); err != nil {
			return err
		}
	}
	for _, t := range e.types.List() {
		if err := e.store.Publish(ctx, t, "", e.now()); err != nil {
			return err
		}
	}
	return nil
}

// Trim forgets idempotency keys older than age and returns how many.
func (e *Engine) Trim(ctx context.Context, age time.Duration) (int64, error) {
	return e.store.Trim(ctx, e.now().Add(-age))
}
