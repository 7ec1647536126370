package matter

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"shuniu/clock"
	"shuniu/fault"
	"shuniu/matter/define"
)

func (s *step) openChildren() (n int) {
	for _, state := range s.m.Children {
		if state == "" {
			n++
		}
	}
	return n
}

func (s *step) mergeInto(id ID) error {
	switch {
	case s.other == nil || s.other.ID != id:
		return &FormError{[]FieldError{{"other", "missing", "the matter it is merged into"}}}
	case id == s.m.ID || s.other.MergedInto != "":
		return fmt.Errorf("merge %s into %s, which is itself or merged already: %w", s.m.ID, id, fault.Conflict)
	case s.other.Type != s.m.Type:
		return fmt.Errorf("merge %s into %s of type %s: %w", s.m.Type, id, s.other.Type, fault.Invalid)
	}
	s.m.MergedInto = id
	s.ch.Links = append(s.ch.Links, Link{s.m.ID, id, "merge"})
	return nil
}

// within is until when something may be done after the end.
func (s *step) within(limit clock.Limit) (time.Time, error) {
	def := &clock.Definition{Name: "within", Party: clock.Promised, Limit: limit}
	c, err := s.mc.book.Start(def, s.m.ClosedAt)
	if err != nil {
		return time.Time{}, err
	}
	due, err := s.mc.book.Due(c, s.m.ClosedAt)
	return due.At, err
}

func (s *step) done(action string) {
	d := s.m.Did[action]
	s.m.Did[action] = Done{Account: s.actor.Account, For: s.actor.forAccount(), At: s.now, Times: d.Times + 1}
}

// act does the action: what it counts, its effects, and the way it leads.
func (s *step) act(at *define.State, a *define.Action, c *Command) error {
	if s.depth++; s.depth > maxDepth {
		return fmt.Errorf("action %s leads on %d times at once: %w", a.Name, s.depth, fault.Invalid)
	}
	if a.Handoff {
		s.m.Handoffs++
	}
	if a.Return {
		s.m.Returns++
	}
	if a.Reopen {
		s.m.Reopens++
		s.m.Open, s.m.ClosedAt = true, time.Time{}
	}
	s.done(a.Name)
	// What the action says of clocks is said before the state's own end.
	if err := s.effects(a.Effects); err != nil {
		return err
	}
	if len(a.To) == 0 {
		return nil
	}
	if at == nil {
		at = s.t.State(s.m.State)
	}
	return s.goTo(at, a.To)
}

// goTo leaves at by the first way that holds.
func (s *step) goTo(at *define.State, to define.To) error {
	for _, w := range to {
		ok, err := s.t.Holds(w.When, s.facts(w.When))
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if err := s.leave(at); err != nil {
			return err
		}
		return s.enter(s.t.State(w.To))
	}
	return fmt.Errorf("from state %s no way holds: %w", at.Name, fault.Conflict)
}

// leave ends the state's own clock, and those of the lines in it.
func (s *step) leave(at *define.State) error {
	for _, r := range at.RegionOrder {
		if in := s.t.State(s.m.Regions[r]); in != nil {
			if err := s.leave(in); err != nil {
				return err
			}
		}
	}
	if at.Parent == nil {
		s.m.Regions = nil
	}
	if at.Limit != "" {
		return s.deed(at.Limit, clock.Event{Deed: clock.Stopped})
	}
	return nil
}

// enter goes into a state: its clock, its effects, its lines, its end.
func (s *step) enter(to *define.State) error {
	if s.depth++; s.depth > maxDepth*4 {
		return fmt.Errorf("state %s leads on without end: %w", to.Name, fault.Invalid)
	}
	if to.Parent == nil {
		s.m.State, s.m.EnteredAt = to.Name, s.now
	} else {
		s.m.Regions[to.Region] = to.Name
	}
	if to.Limit != "" {
		if err := s.start(to.Limit); err != nil {
			return err
		}
	}
	if err := s.effects(to.Enter); err != nil {
		return err
	}
	switch {
	case to.Final && to.Parent == nil:
		return s.finish()
	case to.Final:
		return s.join(to.Parent)
	case len(to.Regions) > 0:
		return s.split(to)
	}
	return nil
}

func (s *step) split(at *define.State) error {
	s.m.Regions = map[string]string{}
	var begin []*define.State
	for _, n := range at.RegionOrder {
		r := at.Regions[n]
		ok, err := s.t.Holds(r.When, s.facts(r.When))
		if err != nil {
			return err
		}
		if ok {
			begin = append(begin, r.States[r.Start])
			s.m.Regions[n] = r.Start
		}
	}
	for _, st := range begin {
		if s.m.State != at.Name { // a line that ended at once joined
			return nil
		}
		if err := s.enter(st); err != nil {
			return err
		}
	}
	if len(begin) == 0 {
		return s.goTo(at, at.To)
	}
	return nil
}

// join leaves a state with lines once enough of them have ended.
func (s *step) join(at *define.State) error {
	ended := 0
	for _, name := range s.m.Regions {
		if s.t.State(name).Final {
			ended++
		}
	}
	if at.Join == "all" && ended < len(s.m.Regions) {
		return nil
	}
	return s.goTo(at, at.To)
}

// finish closes the matter and ends every clock.
func (s *step) finish() error {
	s.m.Open, s.m.ClosedAt, s.m.Regions = false, s.now, nil
	for _, c := range s.m.Clocks {
		if err := s.deed(c.Name, clock.Event{Deed: clock.Stopped}); err != nil {
			return err
		}
	}
	s.ch.Tell = s.m.Parent
	return nil
}

// comment adds a remark; whoever is mentioned is told and watches from then on.
func (s *step) comment(c Command) error {
	if strings.TrimSpace(c.Note) == "" {
		return &FormError{[]FieldError{{"note", "missing", "a comment says something"}}}
	}
	s.role = s.part()
	if s.role == "" {
		return &Refusal{Matter: s.m.ID, Action: c.Action, State: s.m.State, Why: "the actor has no part in it", Kind: fault.Denied}
	}
	s.d.Mentions = mentions(c.Note)
	for _, who := range s.d.Mentions {
		if err := s.send("notify", "account:"+who, map[string]any{"why": "mentioned"}); err != nil {
			return err
		}
	}
	s.ch.Watch = append(s.ch.Watch, s.d.Mentions...)
	return nil
}

// mentions lists the accounts after an @.
func mentions(text string) []string {
	var out []string
	for i := strings.IndexByte(text, '@'); i >= 0; i = strings.IndexByte(text, '@') {
		text = text[i+1:]
		end := strings.IndexFunc(text, func(r rune) bool {
			return r != '_' && r != '.' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
		})
		if end < 0 {
			end = len(text)
		}
		if name := strings.TrimRight(text[:end], "."); name != "" && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// assign gives the matter to a person, Data["assignee"]; whoever has the turn
// may take or give it within their department.
func (s *step) assign(c Command) error {
	if !s.m.Open {
		return &Refusal{Matter: s.m.ID, Action: c.Action, State: s.m.State, Why: "it is closed", Kind: fault.Conflict}
	}
	for _, turn := range s.t.Turns(s.m.State, s.m.Regions) {
		if s.holds(turn.Role) {
			s.role = turn.Role
		}
	}
	if s.role == "" {
		return &Refusal{Matter: s.m.ID, Action: c.Action, State: s.m.State, Why: "it is not the actor's turn", Kind: fault.Denied}
	}
	who, ok := c.Data["assignee"].(string)
	if !ok || len(c.Data) != 1 {
		return &FormError{[]FieldError{{"assignee", "missing", "an account, or empty"}}}
	}
	s.m.Assignee = who
	if who != "" && who != s.actor.Account {
		return s.send("notify", "account:"+who, map[string]any{"why": "assigned"})
	}
	return nil
}
