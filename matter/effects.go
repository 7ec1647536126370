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

// effects does a list of effects in order.
func (s *step) effects(list []define.Effect) error {
	for i := range list {
		e := &list[i]
		ok, err := s.t.Holds(e.When, s.facts(e.When))
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if err := s.effect(e); err != nil {
			return err
		}
	}
	return nil
}

func (s *step) effect(e *define.Effect) error {
	switch {
	case len(e.Set) > 0:
		return s.setFields(e.Set)
	case e.Start != "":
		return s.start(e.Start)
	case e.Stop != "":
		return s.deed(e.Stop, clock.Event{Deed: clock.Stopped})
	case e.Pause != "":
		return s.deed(e.Pause, clock.Event{Deed: clock.Paused, Reason: s.text(e.Reason), Approved: s.role})
	case e.Resume != "":
		return s.deed(e.Resume, clock.Event{Deed: clock.Resumed})
	case e.Suspend != "":
		return s.deed(e.Suspend, clock.Event{Deed: clock.Suspended, Reason: s.text(e.Procedure), Approved: s.role})
	case e.Lift != "":
		return s.deed(e.Lift, clock.Event{Deed: clock.Lifted, Reason: s.text(e.Procedure)})
	case e.Extend != "":
		by, err := clock.ParseLimit(s.text(e.By))
		if err != nil {
			return err
		}
		return s.deed(e.Extend, clock.Event{Deed: clock.Extended, By: by, Approved: s.role})
	case e.Decide != "":
		return s.decide(s.t.Tables[e.Decide])
	case len(e.Assign) > 0:
		for where, source := range e.Assign {
			v, err := s.t.Value(source, s.facts(source))
			if err != nil {
				return err
			}
			to, _ := v.(string)
			if where == "org" {
				if to != s.m.Org {
					s.m.Assignee = ""
				}
				s.m.Org = to
			} else {
				s.m.Assignee = to
			}
		}
		return nil
	case e.Spawn != "":
		data, err := s.values(e.With)
		if err != nil {
			return err
		}
		return s.spawn(e.Spawn, data)
	case e.Link != "":
		if s.other == nil {
			return &FormError{[]FieldError{{"other", "missing", "the matter it is linked to"}}}
		}
		s.ch.Links = append(s.ch.Links, Link{s.m.ID, s.other.ID, e.Link})
		return nil
	}
	data, err := s.values(e.With)
	if err != nil {
		return err
	}
	for _, r := range e.Notify {
		if err := s.send("notify", "role:"+r, data); err != nil {
			return err
		}
	}
	if e.Publish != "" {
		return s.send("publish", e.Publish, data)
	}
	if e.Call != "" {
		return s.send("call", e.Call, data)
	}
	return nil
}

// text is a value, or that of the field it names with $.
func (s *step) text(v string) string {
	if from, ok := strings.CutPrefix(v, "$"); ok {
		got, _ := s.m.Data[from].(string)
		return got
	}
	return v
}

func (s *step) values(with map[string]string) (map[string]any, error) {
	out := map[string]any{}
	for k, source := range with {
		v, err := s.t.Value(source, s.facts(source))
		if err != nil {
			return nil, err
		}
		out[k] = v
	}
	return out, nil
}

func (s *step) setFields(set map[string]string) error {
	got, err := s.values(set) // all from the same moment
	if err != nil {
		return err
	}
	for k, v := range got {
		if v, err = s.t.Fields[k].Value(v); err != nil {
			return err
		}
		s.m.Data[k] = v
	}
	return nil
}

func (s *step) decide(tb *define.Table) error {
	in := map[string]string{}
	for _, k := range tb.In {
		in[k] = fmt.Sprint(s.m.Data[k])
	}
	r, err := tb.Decide(in, s.now.In(s.mc.book.Zone()))
	if err != nil {
		return err
	}
	s.d.Table, s.d.Row, s.d.Basis = tb.Name, r.Row, r.Basis
	for k, v := range r.Out {
		if k == "org" {
			s.m.Org, s.m.Assignee = v, ""
			continue
		}
		f := s.t.Fields[k]
		var raw any = v
		if f.Kind == define.Integer || f.Kind == define.Number {
			var n float64
			if _, err := fmt.Sscan(v, &n); err == nil {
				raw = n
			}
		}
		if s.m.Data[k], err = f.Value(raw); err != nil {
			return err
		}
	}
	return nil
}

// send puts a message into the outbox.
func (s *step) send(kind, target string, data map[string]any) error {
	body, err := json.Marshal(map[string]any{
		"type": s.m.Type, "title": s.m.Title, "state": s.m.State, "org": s.m.Org, "assignee": s.m.Assignee, "reporter": s.m.Reporter, "data": data,
	})
	if err != nil {
		return err
	}
	s.ch.Messages = append(s.ch.Messages, Message{
		ID: fmt.Sprintf("%s/%d/%d", s.m.ID, s.m.Seq+1, len(s.ch.Messages)), Kind: kind, Target: target, Matter: s.m.ID, Body: body,
	})
	return nil
}

// spawn opens a sub-matter.
func (s *step) spawn(name string, data map[string]any) error {
	t, err := s.mc.types.Latest(name)
	if err != nil {
		return err
	}
	given := map[string]any{}
	for k, v := range data {
		if t.Fields[k] != nil {
			given[k] = v
		}
	}
	p := s.actor.counts()
	child, err := s.mc.open(t, Filing{Type: name, Data: given}, Actor{Principal: guard.Principal{Account: p.Account, Department: p.Department, Role: p.Role}}, s.m.ID, s.depth+1, s.now)
	if err != nil {
		return fmt.Errorf("open %s: %w", name, err)
	}
	if s.m.Children == nil {
		s.m.Children = map[ID]string{}
	}
	s.m.Children[child.Matter.ID] = ""
	s.ch.New = append(s.ch.New, child)
	s.ch.Links = append(s.ch.Links, Link{s.m.ID, child.Matter.ID, "child"})
	return nil
}

// set builds the clocks as package clock knows them.
func (s *step) set() (clock.Set, error) {
	out := make(clock.Set, 0, len(s.m.Clocks))
	for _, c := range s.m.Clocks {
		def := s.t.Clocks[c.Name]
		if def == nil {
			return nil, fmt.Errorf("type %s has no clock %s: %w", s.t.Name, c.Name, fault.Damaged)
		}
		k := clock.Clock{ID: c.Name, Def: def.With(c.Limit, c.Calendar), Events: make([]clock.Event, len(c.Events))}
		for i, e := range c.Events {
			k.Events[i] = clock.Event{Deed: e.Deed, At: e.At, Reason: e.Reason, By: e.By, Approved: e.Approved}
		}
		out = append(out, k)
	}
	return out, nil
}

// keep stores the clocks of a set.
func (s *step) keep(set clock.Set) {
	rungs := map[string]int{}
	for _, c := range s.m.Clocks {
		rungs[c.Name] = c.Rung
	}
	s.m.Clocks = s.m.Clocks[:0:0]
	for _, c := range set {
		k := ClockState{Name: c.ID, Limit: c.Def.Limit, Calendar: c.Def.Calendar, Rung: rungs[c.ID]}
		for _, e := range c.Events {
			k.Events = append(k.Events, ClockEvent{Deed: e.Deed, At: e.At, Reason: e.Reason, By: e.By, Approved: e.Approved})
		}
		s.m.Clocks = append(s.m.Clocks, k)
	}
}

// start starts a clock; one that was stopped begins anew, one that runs goes on.
func (s *step) start(name string) error {
	set, err := s.set()
	if err != nil {
		return err
	}
	if old, ok := set.Find(name); ok {
		r, err := s.mc.book.Read(old, s.now)
		if err != nil {
			return err
		}
		if !r.Done {
			return nil
		}
		s.m.Past = append(s.m.Past, PastClock{Name: name, StartedAt: old.Events[0].At, StoppedAt: old.Events[len(old.Events)-1].At, Due: r.At.UTC(), InTime: r.InTime})
		set = slices.DeleteFunc(set, func(c clock.Clock) bool { return c.ID == name })
		s.m.Clocks = slices.DeleteFunc(s.m.Clocks, func(c ClockState) bool { return c.Name == name })
	}
	def, err := s.t.Clocks[name].Definition(s.m.Data)
	if err != nil {
		return err
	}
	if set, err = set.Start(s.mc.book, def, s.now); err != nil {
		return err
	}
	s.keep(set)
	return nil
}

// deed lets something happen to a clock. Stopping one that was not started or
// is stopped does nothing.
func (s *step) deed(name string, e clock.Event) error {
	set, err := s.set()
	if err != nil {
		return err
	}
	c, ok := set.Find(name)
	if e.Deed == clock.Stopped && (!ok || c.Events[len(c.Events)-1].Deed == clock.Stopped) {
		return nil
	}
	if ok && e.Deed == clock.Resumed && c.Events[len(c.Events)-1].Deed != clock.Stopped && !standing(c) {
		return nil
	}
	e.At = s.now
	if ok { // a clock that was set back must not stop the work
		if last := c.Events[len(c.Events)-1].At; e.At.Before(last) {
			e.At = last
		}
	}
	if set, err = set.Apply(s.mc.book, name, e); err != nil {
		return err
	}
	s.keep(set)
	if e.Deed == clock.Extended || e.Deed == clock.Resumed || e.Deed == clock.Lifted {
		return s.rewind(name)
	}
	return nil
}

func standing(c clock.Clock) bool {
	paused := false
	for _, e := range c.Events {
		switch e.Deed {
		case clock.Paused:
			paused = true
		case clock.Resumed:
			paused = false
		default:
		}
	}
	return paused
}

// rewind lets rungs that lie ahead again be told again.
func (s *step) rewind(name string) error {
	i := slices.IndexFunc(s.m.Clocks, func(c ClockState) bool { return c.Name == name })
	set, err := s.set()
	if err != nil {
		return err
	}
	alarms, err := s.mc.book.Alarms(set[i], s.now)
	if err != nil {
		return err
	}
	past := 0
	for _, a := range alarms {
		if !a.At.After(s.now) {
			past = a.Percent
		}
	}
	s.m.Clocks[i].Rung = min(s.m.Clocks[i].Rung, past)
	return nil
}

// An alarm is a rung that is to come.
type alarm struct {
	clock string
	clock.Alarm
}

// farAhead is beyond the end of any limited pause.
const farAhead = 5 * 365 * 24 * time.Hour

// alarms lists the rungs not acted on, in order of time.
func (s *step) alarms() ([]alarm, error) {
	set, err := s.set()
	if err != nil {
		return nil, err
	}
	var out []alarm
	for i, c := range set {
		if c.Events[len(c.Events)-1].Deed == clock.Stopped {
			continue
		}
		list, err := s.mc.book.Alarms(c, s.now)
		if err == nil && len(list) == 0 {
			// It may stand still for a limited time: then it goes on by itself.
			list, err = s.mc.book.Alarms(c, s.now.Add(farAhead))
		}
		if err != nil {
			return nil, err
		}
		for _, a := range list {
			if a.Percent > s.m.Clocks[i].Rung {
				out = append(out, alarm{c.ID, a})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b alarm) int { return a.At.Compare(b.At) })
	return out, nil
}

// settle works out the header's due time and when to wake.
func (s *step) settle() error {
	s.m.Due, s.m.DueClock, s.m.Wake = time.Time{}, "", time.Time{}
	if !s.m.Open {
		return nil
	}
	set, err := s.set()
	if err != nil {
		return err
	}
	id, r, err := set.Pressing(s.mc.book, s.now)
	if err != nil {
		return err
	}
	if id != "" {
		s.m.Due, s.m.DueClock = r.At.UTC(), id
	}
	list, err := s.alarms()
	if err != nil {
		return err
	}
	if len(list) > 0 {
		s.m.Wake = list[0].At.UTC()
	}
	return nil
}

// catchUp does what time has to do by until, in order, each at its own time:
// that an outage kept it from being done does not move anybody's deadline.
func (s *step) catchUp(until time.Time) error {
	actor, role, now := s.actor, s.role, s.now
	defer func() { s.actor, s.role, s.now = actor, role, now }()
	for range maxCatchUp {
		if !s.m.Open {
			return nil
		}
		list, err := s.alarms()
		if err != nil {
			return err
		}
		if len(list) == 0 || list[0].At.After(until) {
			return nil
		}
		a := list[0]
		s.actor, s.role, s.now, s.depth = Actor{}, define.System, moment(a.At), 0
		if err := s.begin(); err != nil {
			return err
		}
		from := s.m.State
		if err := s.rung(a); err != nil {
			return err
		}
		// A rung nobody acts on changes nothing that a person has seen.
		if err := s.end(TickAction, from, s.m.State != from || s.d.Other != ""); err != nil {
			return err
		}
	}
	return fmt.Errorf("matter %s: time has more than %d things to do at once: %w", s.m.ID, maxCatchUp, fault.Invalid)
}

// rung acts on one rung of a clock's ladder.
func (s *step) rung(a alarm) error {
	for i := range s.m.Clocks {
		if s.m.Clocks[i].Name == a.clock {
			s.m.Clocks[i].Rung = a.Percent
		}
	}
	s.d.Clock, s.d.Percent = a.clock, a.Percent
	if a.Tell != "" && a.Tell != define.System {
		if err := s.send("notify", "role:"+a.Tell, map[string]any{"why": "clock", "clock": a.clock, "percent": a.Percent, "light": a.Light}); err != nil {
			return err
		}
	}
	if a.Spawn != "" {
		err := s.spawn(a.Spawn, map[string]any{"about": string(s.m.ID), "subject": s.m.Title, "clock": a.clock, "org": s.m.Org})
		if err != nil {
			return err
		}
		s.d.Other = s.ch.New[len(s.ch.New)-1].Matter.ID
	}
	runOut := s.t.Clocks[a.clock].RunOut
	if a.Percent != 100 || runOut == "" {
		return nil
	}
	at, act := s.find(runOut, "")
	if act == nil {
		return nil // the state has moved on
	}
	return s.act(at, act, nil)
}
