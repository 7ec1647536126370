package matter

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"shuniu/clock"
	"shuniu/fault"
	"shuniu/guard"
	"shuniu/matter/define"
)

// A Machine works out what a command does. It keeps nothing and reads no
// clock: the same input gives the same Change.
type Machine struct {
	types *Types
	book  *clock.Book
	newID func() ID
}

// NewMachine returns a machine over types that gives new matters ids by newID.
func NewMachine(types *Types, book *clock.Book, newID func() ID) *Machine {
	return &Machine{types: types, book: book, newID: newID}
}

// An Actor is who acts, and for whom when a delegation lets them.
type Actor struct {
	guard.Principal
	For *guard.Principal // whose place they take
}

// counts is the principal whose rights are asked.
func (a Actor) counts() guard.Principal {
	if a.For != nil {
		return *a.For
	}
	return a.Principal
}

func (a Actor) forAccount() string {
	if a.For != nil {
		return a.For.Account
	}
	return ""
}

// A step is one command at work.
type step struct {
	mc    *Machine
	t     *define.Type
	m     *Matter
	was   []byte // the matter's JSON before the event
	actor Actor
	role  string
	now   time.Time
	ch    *Change
	d     Details
	other *Matter
	depth int
}

// maxDepth bounds matters that open matters, and states that lead on at once.
const maxDepth = 8

// maxCatchUp bounds what time does to one matter at once.
const maxCatchUp = 500

func moment(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

func (mc *Machine) step(m *Matter, actor Actor, now time.Time) (*step, error) {
	t, err := mc.types.Get(m.Type, m.Version)
	if err != nil {
		return nil, err
	}
	return &step{mc: mc, t: t, m: m, actor: actor, now: now, ch: &Change{Matter: m}}, nil
}

// begin notes the matter before an event.
func (s *step) begin() (err error) {
	s.d = Details{}
	s.was, err = s.m.Encode()
	return err
}

// end writes the event. changes says whether it counts as a revision.
func (s *step) end(action, from string, changes bool) error {
	if changes {
		s.m.Rev++
	}
	if err := s.settle(); err != nil {
		return err
	}
	is, err := json.Marshal(s.m)
	if err != nil {
		return err
	}
	if s.d.Patch, err = patch(s.was, is); err != nil {
		return err
	}
	raw, err := json.Marshal(s.d)
	if err != nil {
		return err
	}
	p := s.actor.counts()
	e := Event{
		Matter: s.m.ID, Seq: s.m.Seq + 1, At: s.now, Action: action, From: from, To: s.m.State,
		Account: s.actor.Account, For: s.actor.forAccount(), Role: s.role, Department: string(p.Department),
		Rev: s.m.Rev, Data: raw, Algorithm: SM3, Prev: s.m.Hash,
	}
	if e.Hash, err = e.sum(); err != nil {
		return err
	}
	s.m.Seq, s.m.Hash, s.m.raw = e.Seq, e.Hash, is
	s.ch.Events = append(s.ch.Events, e)
	s.ch.Turns = s.turns()
	return nil
}

// Open works out a new matter.
func (mc *Machine) Open(f Filing, actor Actor, now time.Time) (*Change, error) {
	t, err := mc.types.Latest(f.Type)
	if err != nil {
		return nil, err
	}
	return mc.open(t, f, actor, "", 0, moment(now))
}

func (mc *Machine) open(t *define.Type, f Filing, actor Actor, parent ID, depth int, now time.Time) (*Change, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("matters open matters %d deep: %w", depth, fault.Invalid)
	}
	p := actor.counts()
	m := &Matter{
		ID: mc.newID(), Type: t.Name, Version: t.Version, Open: true, Reporter: p.Account, ReporterOrg: string(p.Department),
		CreatedAt: now, EnteredAt: now, Data: map[string]any{}, Did: map[string]Done{}, Parent: parent,
	}
	s := &step{mc: mc, t: t, m: m, actor: actor, role: t.File.Role, now: now, ch: &Change{Matter: m}, was: []byte("{}"), depth: depth}
	for n, fd := range t.Fields {
		if fd.Default != nil {
			m.Data[n], _ = fd.Value(fd.Default) // checked when the type was loaded
		}
	}
	if parent == "" && !s.holds(t.File.Role) {
		return nil, &Refusal{Action: FileAction, Roles: []string{t.File.Role}, Why: "the actor may not open it", Kind: fault.Denied}
	}
	if err := s.give(f.Data, slices.Concat(t.File.Need, t.File.May), t.File.Need, nil); err != nil {
		return nil, err
	}
	ok, err := t.Holds(t.File.When, s.facts(t.File.When))
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, &Refusal{Action: FileAction, When: t.File.When, Why: "the condition does not hold", Kind: fault.Conflict}
	}
	m.Title, _ = m.Data[t.File.Name].(string)
	if f.Title != "" {
		m.Title = f.Title
	}
	if m.Title == "" {
		m.Title = t.Title.Zh
	}
	m.Subject, _ = m.Data[t.File.Subject].(string)
	if err := s.effects(t.File.Do); err != nil {
		return nil, err
	}
	s.done(FileAction)
	if err := s.enter(t.States[t.Start]); err != nil {
		return nil, err
	}
	if err := s.end(FileAction, "", true); err != nil {
		return nil, err
	}
	return s.ch, nil
}

// Do works out a command. other is the matter of Command.Other, nil when it
// names none. What time had to do before is done first.
func (mc *Machine) Do(m *Matter, c Command, other *Matter, actor Actor, now time.Time) (*Change, error) {
	now = moment(now)
	s, err := mc.step(m.clone(), actor, now)
	if err != nil {
		return nil, err
	}
	s.other = other
	if now.Before(m.EnteredAt) { // a clock that was set back
		s.now = m.EnteredAt
		now = s.now
	}
	if err := s.catchUp(now); err != nil {
		return nil, err
	}
	if c.Rev != 0 && c.Rev != s.m.Rev {
		stale := &Stale{Matter: m.ID, Seen: c.Rev, Now: s.m.Rev}
		if n := len(s.ch.Events); n > 0 {
			stale.Newer = s.ch.Events[n-1]
		}
		return nil, stale
	}
	if err := s.begin(); err != nil {
		return nil, err
	}
	from := s.m.State
	switch c.Action {
	case CommentAction:
		err = s.comment(c)
	case AssignAction:
		err = s.assign(c)
	default:
		err = s.command(c)
	}
	if err != nil {
		return nil, err
	}
	s.d.Note = c.Note
	if err := s.end(c.Action, from, c.Action != CommentAction); err != nil {
		return nil, err
	}
	return s.ch, nil
}

// Tick works out what time has to do by now; nil when nothing.
func (mc *Machine) Tick(m *Matter, now time.Time) (*Change, error) {
	now = moment(now)
	if m.Wake.IsZero() || m.Wake.After(now) {
		return nil, nil //nolint:nilnil // nothing to do is neither a change nor an error
	}
	s, err := mc.step(m.clone(), Actor{}, now)
	if err != nil {
		return nil, err
	}
	if err := s.catchUp(now); err != nil {
		return nil, err
	}
	if len(s.ch.Events) == 0 { // it woke for nothing: the calendar moved on
		if err := s.begin(); err != nil {
			return nil, err
		}
		if err := s.end(RecountAction, s.m.State, false); err != nil {
			return nil, err
		}
	}
	return s.ch, nil
}

// ChildClosed works out what the end of a sub-matter does; nil when it is
// known already.
func (mc *Machine) ChildClosed(m *Matter, child *Matter, now time.Time) (*Change, error) {
	if was, ok := m.Children[child.ID]; !ok || was != "" || child.Open {
		return nil, nil //nolint:nilnil // told again
	}
	now = moment(now)
	s, err := mc.step(m.clone(), Actor{}, now)
	if err != nil {
		return nil, err
	}
	if err := s.catchUp(now); err != nil {
		return nil, err
	}
	if err := s.begin(); err != nil {
		return nil, err
	}
	from := s.m.State
	s.role = define.System
	s.m.Children[child.ID] = child.State
	s.d.Other = child.ID
	if s.m.Open {
		at := s.t.State(s.m.State)
		if w := at.Wait; w != nil && (w.Join == "any" || s.openChildren() == 0) {
			if err := s.act(at, at.Do[w.Do], nil); err != nil {
				return nil, err
			}
		}
	}
	return s.ch, s.end(ChildAction, from, true)
}

// command does an action of the type.
func (s *step) command(c Command) error {
	at, a := s.find(c.Action, c.Region)
	refuse := func(kind error, why string) *Refusal {
		r := &Refusal{Matter: s.m.ID, Action: c.Action, State: s.m.State, Why: why, Kind: kind}
		if a != nil {
			r.Roles, r.When, r.Say = a.Role, a.When, a.Else
		}
		return r
	}
	if a == nil {
		r := refuse(fault.Conflict, "the state has no such action")
		for _, st := range s.t.AllStates() {
			if o := st.Do[c.Action]; o != nil {
				r.Roles = append(r.Roles, o.Role...)
				r.When = strings.Trim(r.When+", in state "+st.Name, ", ")
			}
		}
		if r.When == "" {
			return fmt.Errorf("type %s has no action %q: %w", s.t.Name, c.Action, fault.NotFound)
		}
		return r
	}
	if s.role = s.roleFor(a); s.role == "" {
		return refuse(fault.Denied, "the actor has none of its roles")
	}
	if who := s.eyes(a); who != "" {
		return refuse(fault.Denied, "four eyes: the actor did "+who)
	}
	if a.Within != "" {
		limit, err := clock.ParseLimit(a.Within)
		if err != nil {
			return err
		}
		due, err := s.within(limit)
		if err != nil {
			return err
		}
		if s.now.After(due) {
			r := refuse(fault.Conflict, "it could be done until "+due.Format(time.RFC3339))
			r.Until = due
			return r
		}
	}
	if a.Handoff && s.t.Handoff.Limit > 0 && s.m.Handoffs >= s.t.Handoff.Limit {
		r := refuse(fault.Conflict, fmt.Sprintf("it was handed on %d times", s.m.Handoffs))
		r.Say = define.Text{
			Zh: fmt.Sprintf("已转办 %d 次,须由%s裁决", s.m.Handoffs, s.t.Roles[s.t.Handoff.Arbiter].Title.Zh),
			En: fmt.Sprintf("handed on %d times: %s decides", s.m.Handoffs, s.t.Roles[s.t.Handoff.Arbiter].Title.En),
		}
		return r
	}
	may := slices.Concat(a.Given(), a.May)
	if at != nil {
		may = append(may, editable(at, s.role)...)
	}
	if err := s.give(c.Data, may, a.Need, a.Ask); err != nil {
		return err
	}
	ok, err := s.t.Holds(a.When, s.facts(a.When))
	if err != nil {
		return fmt.Errorf("%w: %w", refuse(fault.Conflict, "the condition cannot be asked"), err)
	}
	if !ok {
		return refuse(fault.Conflict, "the condition does not hold")
	}
	if c.Other != "" {
		s.d.Other = c.Other
	}
	if a.Merge {
		if err := s.mergeInto(c.Other); err != nil {
			return err
		}
	}
	return s.act(at, a, &c)
}

// find returns the action of that name: of the state, of a line in it, or
// common to all open states. at is nil for the last.
func (s *step) find(action, region string) (at *define.State, a *define.Action) {
	st := s.t.State(s.m.State)
	if region == "" {
		if a := st.Do[action]; a != nil {
			return st, a
		}
	}
	for _, r := range st.RegionOrder {
		in := s.t.State(s.m.Regions[r])
		if in == nil || region != "" && r != region {
			continue
		}
		if b := in.Do[action]; b != nil && (a == nil || s.roleFor(a) == "") {
			at, a = in, b
		}
	}
	if a == nil && !st.Final {
		return nil, s.t.Any[action]
	}
	return at, a
}
