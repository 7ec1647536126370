package matter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"shuniu/clock"
	"shuniu/fault"
	"shuniu/matter/define"
)

// Times of the work behind the scenes.
const (
	leaseName  = "matter.time"
	leaseFor   = 30 * time.Second
	pollEvery  = time.Second
	retryAfter = 30 * time.Second
	stuckFor   = 10 * time.Minute
	atOnce     = 200
)

func (e *Engine) poke() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// Work does what time asks and delivers messages until ctx ends. Several
// processes may call it; one works at a time, by lease.
func (e *Engine) Work(ctx context.Context) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		held, err := e.store.Lease(ctx, leaseName, e.owner, e.now(), leaseFor)
		if err == nil && held {
			_, err = e.CatchUp(ctx)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil { // the next round tries again; nothing is lost by it
			e.log.LogAttrs(ctx, slog.LevelWarn, "matters: time and messages", slog.String("error", err.Error()))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		case <-e.wake:
		}
	}
}

// CatchUp does once what Work does: what time asks by now in the order it was
// due, ends that parents must learn of, and messages. It returns how much it
// did. Only one process at a time may call it.
func (e *Engine) CatchUp(ctx context.Context) (int, error) {
	done := 0
	for {
		n, err := e.timers(ctx)
		done += n
		if err != nil {
			return done, err
		}
		p, err := e.pings(ctx)
		done += p
		if err != nil {
			return done, err
		}
		if n+p == 0 {
			break
		}
		if held, err := e.store.Lease(ctx, leaseName, e.owner, e.now(), leaseFor); err != nil || !held {
			return done, err
		}
	}
	n, err := e.messages(ctx)
	return done + n, err
}

// timers does a page of what time asks. A matter that time cannot move is
// named in the log and left alone for a while: it keeps no other waiting.
func (e *Engine) timers(ctx context.Context) (int, error) {
	now := e.now()
	e.mu.Lock()
	for id, until := range e.stuck {
		if until.Before(now) {
			delete(e.stuck, id)
		}
	}
	limit := atOnce + len(e.stuck)
	e.mu.Unlock()
	ids, err := e.store.Waking(ctx, now, limit)
	if err != nil {
		return 0, err
	}
	e.mu.RLock()
	ids = slices.DeleteFunc(ids, func(id ID) bool { _, is := e.stuck[id]; return is })
	e.mu.RUnlock()
	mc := e.at()
	works := make([]Work, 0, len(ids))
	for _, id := range ids {
		works = append(works, Work{Needs: []ID{id}, Do: func(loaded map[ID]*Matter) (*Change, error) { return mc.Tick(loaded[id], now) }})
	}
	return e.count(ctx, "timer", ids, e.store.Apply(ctx, works...))
}

// count returns how many works were done, and says which were not.
func (e *Engine) count(ctx context.Context, what string, ids []ID, results []Result) (n int, err error) {
	for i, r := range results {
		switch {
		case r.Err == nil:
			n++
		case errors.Is(r.Err, fault.Busy), errors.Is(r.Err, fault.Full): // the store, not the matter
			err = errors.Join(err, fmt.Errorf("%s of matter %s: %w", what, ids[i], r.Err))
		default:
			e.mu.Lock()
			e.stuck[ids[i]] = e.now().Add(stuckFor)
			e.mu.Unlock()
			e.log.LogAttrs(ctx, slog.LevelError, "matters: time cannot move one", slog.String("what", what), slog.String("matter", string(ids[i])), slog.String("error", r.Err.Error()))
		}
	}
	return n, err
}

func (e *Engine) pings(ctx context.Context) (int, error) {
	pairs, err := e.store.Pings(ctx, atOnce)
	if err != nil || len(pairs) == 0 {
		return 0, err
	}
	mc, now := e.at(), e.now()
	works, ids := make([]Work, 0, len(pairs)), make([]ID, 0, len(pairs))
	for _, p := range pairs {
		works = append(works, Work{Needs: p[:], Told: p, Do: func(loaded map[ID]*Matter) (*Change, error) {
			return mc.ChildClosed(loaded[p[0]], loaded[p[1]], now)
		}})
		ids = append(ids, p[0])
	}
	return e.count(ctx, "end of a sub-matter", ids, e.store.Apply(ctx, works...))
}

// messages delivers a page of the outbox.
func (e *Engine) messages(ctx context.Context) (int, error) {
	list, err := e.store.Messages(ctx, e.now(), atOnce)
	if err != nil {
		return 0, err
	}
	var sent []string
	for _, m := range list {
		e.mu.RLock()
		d := e.deliver[m.Kind]
		e.mu.RUnlock()
		why := "nobody delivers " + m.Kind
		if d != nil {
			err := d(ctx, m)
			if err == nil {
				sent = append(sent, m.ID)
				continue
			}
			why = err.Error()
		}
		if err := e.store.Postpone(ctx, m.ID, why, e.now().Add(retryAfter)); err != nil {
			return len(sent), errors.Join(err, e.store.Delivered(ctx, sent...))
		}
	}
	return len(sent), e.store.Delivered(ctx, sent...)
}

// Recount puts another calendar in force and works out every open matter's due
// times again; each that moves is an event of its matter. It returns how many
// moved.
func (e *Engine) Recount(ctx context.Context, book *clock.Book) (int, error) {
	e.mu.Lock()
	was := e.book
	e.book, e.machine = book, NewMachine(e.types, book, newID)
	mc := e.machine
	e.mu.Unlock()
	open, moved := true, 0
	f := Filter{Open: &open, Limit: atOnce}
	for {
		page, err := e.store.List(ctx, f)
		if err != nil || len(page) == 0 {
			return moved, err
		}
		now := e.now()
		works, ids := make([]Work, 0, len(page)), make([]ID, 0, len(page))
		for _, m := range page {
			works = append(works, Work{Needs: []ID{m.ID}, Do: func(loaded map[ID]*Matter) (*Change, error) {
				return mc.recount(loaded[m.ID], was, now)
			}})
			ids = append(ids, m.ID)
		}
		results := e.store.Apply(ctx, works...)
		for _, r := range results {
			if r.Err == nil && r.Matter != "" {
				moved++
			}
		}
		if _, err := e.count(ctx, "recount", ids, results); err != nil {
			return moved, err
		}
		f.Before = page[len(page)-1].ID
	}
}

// recount works out due times by the machine's book; nil when none moved.
func (mc *Machine) recount(m *Matter, was *clock.Book, now time.Time) (*Change, error) {
	if !m.Open {
		return nil, nil //nolint:nilnil // closed since it was listed
	}
	s, err := mc.step(m.clone(), Actor{}, moment(now))
	if err != nil {
		return nil, err
	}
	set, err := s.set()
	if err != nil {
		return nil, err
	}
	s.role = define.System
	if err := s.begin(); err != nil {
		return nil, err
	}
	for change, err := range clock.Recompute(was, mc.book, func(yield func(clock.Clock) bool) {
		for _, c := range set {
			if !yield(c) {
				return
			}
		}
	}, s.now) {
		if err != nil {
			return nil, err
		}
		if s.d.Note != "" {
			s.d.Note += "\n"
		}
		s.d.Note += change.String()
	}
	if s.d.Note == "" {
		return nil, nil //nolint:nilnil // nothing moved
	}
	return s.ch, s.end(RecountAction, s.m.State, true)
}

// A Moved says what moving matters to another version would do, or did.
type Moved struct {
	Matters  int
	Problems []string // what stands in the way, by matter
}

// Move moves the open matters of a type from one version to another. states
// maps states that have another name; the others keep theirs. With dry nothing
// is changed. A matter that cannot move stays and is named.
func (e *Engine) Move(ctx context.Context, name string, from, to int, states map[string]string, dry bool) (Moved, error) {
	var out Moved
	actor, err := e.actor(ctx, "")
	if err != nil {
		return out, err
	}
	target, err := e.types.Get(name, to)
	if err != nil {
		return out, err
	}
	open := true
	f := Filter{Type: name, Version: from, Open: &open, Limit: atOnce}
	mc := e.at()
	for {
		page, err := e.store.List(ctx, f)
		if err != nil || len(page) == 0 {
			return out, err
		}
		var works []Work
		for _, m := range page {
			if err := fits(m, target, states); err != nil {
				out.Problems = append(out.Problems, err.Error())
				continue
			}
			out.Matters++
			works = append(works, Work{Needs: []ID{m.ID}, Do: func(loaded map[ID]*Matter) (*Change, error) {
				return mc.move(loaded[m.ID], target, states, actor, e.now())
			}})
		}
		if !dry {
			for _, r := range e.store.Apply(ctx, works...) {
				if r.Err != nil {
					out.Matters--
					out.Problems = append(out.Problems, r.Err.Error())
				}
			}
		}
		f.Before = page[len(page)-1].ID
	}
}

// fits tells whether a matter can go on in a version.
func fits(m *Matter, t *define.Type, states map[string]string) error {
	for _, at := range append([]string{m.State}, values(m.Regions)...) {
		if s := t.State(renamed(states, at)); s == nil || s.Final {
			return fmt.Errorf("matter %s: state %s is no open state of version %d: map it: %w", m.ID, at, t.Version, fault.Conflict)
		}
	}
	for _, n := range t.FieldOrder {
		if v := m.Data[n]; (v == nil || v == "") && t.Known(renamed(states, m.State), n) {
			return fmt.Errorf("matter %s: version %d relies on field %s, which it has not: %w", m.ID, t.Version, n, fault.Conflict)
		}
	}
	for _, c := range m.Clocks {
		if t.Clocks[c.Name] == nil {
			return fmt.Errorf("matter %s: version %d has no clock %s: %w", m.ID, t.Version, c.Name, fault.Conflict)
		}
	}
	for n, v := range m.Data {
		f := t.Fields[n]
		if f == nil {
			return fmt.Errorf("matter %s: version %d has no field %s: %w", m.ID, t.Version, n, fault.Conflict)
		}
		if _, err := f.Value(v); err != nil {
			return fmt.Errorf("matter %s: %w", m.ID, err)
		}
	}
	return nil
}

func values(m map[string]string) []string {
	out := make([]string, 0, len(m))
	for _, v := range m {
		out = append(out, v)
	}
	return out
}

func renamed(states map[string]string, s string) string {
	if to, ok := states[s]; ok {
		return to
	}
	return s
}

func (mc *Machine) move(m *Matter, t *define.Type, states map[string]string, actor Actor, now time.Time) (*Change, error) {
	if err := fits(m, t, states); err != nil { // it may have moved on since it was listed
		return nil, err
	}
	s, err := mc.step(m.clone(), actor, moment(now))
	if err != nil {
		return nil, err
	}
	if err := s.begin(); err != nil {
		return nil, err
	}
	from := s.m.State
	s.d.Note = fmt.Sprintf("version %d to %d", m.Version, t.Version)
	s.t, s.m.Version, s.m.State = t, t.Version, renamed(states, s.m.State)
	if limit := t.State(s.m.State).Limit; limit != "" { // the new version may time the state
		if err := s.start(limit); err != nil {
			return nil, err
		}
	}
	for r, at := range s.m.Regions {
		s.m.Regions[r] = renamed(states, at)
	}
	return s.ch, s.end(MoveAction, from, true)
}
