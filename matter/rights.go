package matter

import (
	"errors"
	"slices"
	"strings"
	"time"

	"shuniu/guard"
	"shuniu/matter/define"
)

// turns lists the desks the matter waits for.
func (s *step) turns() []Turn {
	if !s.m.Open {
		return nil
	}
	var out []Turn
	for _, t := range s.t.Turns(s.m.State, s.m.Regions) {
		r := s.t.Roles[t.Role]
		if r == nil {
			continue // only time moves it
		}
		for _, desk := range s.desks(r) {
			if !slices.ContainsFunc(out, func(o Turn) bool { return o.Desk == desk && o.Region == t.Region }) {
				out = append(out, Turn{desk, t.Region, t.Role, t.State})
			}
		}
	}
	return out
}

// desks are the keys under which whoever has the role finds the matter.
func (s *step) desks(r *define.Role) []string {
	if r.Account != "" {
		return []string{"account:" + s.from(r.Account)}
	}
	where := "*"
	if r.Department != "" {
		where = s.from(r.Department)
	}
	if len(r.Is) == 0 {
		return []string{"@" + where}
	}
	out := make([]string, 0, len(r.Is))
	for _, is := range r.Is {
		out = append(out, is+"@"+where)
	}
	return out
}

// Desks lists the desks of a principal.
func Desks(p guard.Principal) []string {
	return []string{string(p.Role) + "@" + string(p.Department), string(p.Role) + "@*", "@" + string(p.Department), "account:" + p.Account}
}

// from is a department or account that a role names: of the header or a field.
func (s *step) from(where string) string {
	switch where {
	case "org":
		return s.m.Org
	case "reporter_org":
		return s.m.ReporterOrg
	case "reporter":
		return s.m.Reporter
	case "assignee":
		return s.m.Assignee
	}
	v, _ := s.m.Data[where].(string)
	return v
}

// roleFor is the first role of the action that the actor has.
func (s *step) roleFor(a *define.Action) string {
	for _, r := range a.Role {
		if s.holds(r) {
			return r
		}
	}
	return ""
}

// holds tells whether the actor has a role of the type.
func (s *step) holds(role string) bool {
	r := s.t.Roles[role]
	if r == nil { // the system's
		return false
	}
	p := s.actor.counts()
	if p.Account == "" || len(r.Is) > 0 && !slices.Contains(r.Is, string(p.Role)) {
		return false
	}
	if r.Department != "" {
		want := s.from(r.Department)
		if want == "" || want != string(p.Department) {
			return false
		}
	}
	if r.Account != "" {
		want := s.from(r.Account)
		if want == "" || want != p.Account {
			return false
		}
	}
	return true
}

// eyes names the action whose doer may not do this one and who the actor is.
func (s *step) eyes(a *define.Action) string {
	for _, n := range a.Not {
		d := s.m.Did[n]
		for _, who := range []string{s.actor.Account, s.actor.forAccount()} {
			if who != "" && (who == d.Account || who == d.For) {
				return n
			}
		}
	}
	return ""
}

func editable(at *define.State, role string) []string {
	var out []string
	for _, r := range []string{role, "*"} {
		if f := at.Form[r]; f != nil {
			out = append(out, f.Edit...)
		}
	}
	return out
}

// relied tells whether the type relies on a field where the matter stands.
func (s *step) relied(field string) bool {
	if s.t.Known(s.m.State, field) {
		return true
	}
	for _, at := range s.m.Regions {
		if s.t.Known(at, field) {
			return true
		}
	}
	return false
}

// give takes the fields of a command: only those of may, all of ask; those of
// need may have been given before.
func (s *step) give(data map[string]any, may, need, ask []string) error {
	var bad []FieldError
	names := make([]string, 0, len(data))
	for n := range data {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		f := s.t.Fields[n]
		switch {
		case f == nil:
			bad = append(bad, FieldError{n, "unknown", "is no field of " + s.t.Name})
		case !slices.Contains(may, n):
			bad = append(bad, FieldError{n, "not_yours", "cannot be given here"})
		case (data[n] == nil || data[n] == "") && s.relied(n):
			bad = append(bad, FieldError{n, "missing", "must not be taken away"})
		case data[n] == nil || data[n] == "":
			delete(s.m.Data, n)
		default:
			v, err := f.Value(data[n])
			if err != nil {
				bad = append(bad, FieldError{n, "invalid", err.Error()})
				continue
			}
			s.m.Data[n] = v
		}
	}
	for _, n := range slices.Concat(need, ask) {
		v := s.m.Data[n]
		if slices.Contains(ask, n) {
			v = data[n]
		}
		if v == nil || v == "" {
			if !slices.ContainsFunc(bad, func(e FieldError) bool { return e.Field == n }) {
				bad = append(bad, FieldError{n, "missing", "must be given"})
			}
		}
	}
	if len(bad) > 0 {
		return &FormError{bad}
	}
	return nil
}

// facts are what the expression may see; readings only when it asks them.
func (s *step) facts(source string) *define.Facts {
	p := s.actor.counts()
	f := &define.Facts{
		Data: s.m.Data, Now: s.now,
		Actor: map[string]any{"account": s.actor.Account, "role": s.role, "department": string(p.Department)},
	}
	if strings.Contains(source, "m.") {
		f.Matter = map[string]any{
			"state": s.m.State, "org": s.m.Org, "assignee": s.m.Assignee, "reporter": s.m.Reporter, "reporter_org": s.m.ReporterOrg,
			"handoffs": s.m.Handoffs, "returns": s.m.Returns, "reopens": s.m.Reopens, "rev": s.m.Rev, "created": s.m.CreatedAt,
			"open_children": s.openChildren(),
		}
	}
	if strings.Contains(source, "times.") {
		f.Times = map[string]any{}
		for _, a := range s.t.ActionNames() {
			f.Times[a] = s.m.Did[a].Times
		}
	}
	if strings.Contains(source, "clocks.") {
		f.Clocks = map[string]any{}
		for n := range s.t.Clocks {
			f.Clocks[n] = map[string]any{"running": false, "overdue": false, "percent": 0}
		}
		set, err := s.set()
		if err != nil {
			return f // the expression will find no clock and be refused
		}
		for _, c := range set {
			if r, err := s.mc.book.Read(c, s.now); err == nil {
				f.Clocks[c.ID] = map[string]any{"running": !r.Done, "overdue": !r.InTime, "percent": r.Percent}
			}
		}
	}
	return f
}

// part is the role in which the actor has a part in the matter, "" when none:
// a role of the type that acts or is told, or having opened it.
func (s *step) part() string {
	for _, n := range s.t.Parts() {
		if s.holds(n) {
			return n
		}
	}
	if p := s.actor.counts(); p.Account != "" && p.Account == s.m.Reporter {
		return "reporter"
	}
	return ""
}

// mayRead tells whether the actor may see the matter.
func (s *step) mayRead() bool {
	return s.part() != "" || slices.Contains([]guard.Role{guard.Leader, guard.Admin, guard.Auditor}, s.actor.Role)
}

// strip takes away the fields the actor may not read and names them.
func (s *step) strip() []string {
	hidden := s.hidden()
	for _, n := range hidden {
		delete(s.m.Data, n)
	}
	if len(hidden) > 0 {
		s.m.raw = nil
	}
	return hidden
}

// An Option is an action as it looks to an actor.
type Option struct {
	Action *define.Action
	Region string
	Role   string // in which the actor may do it; "" when they may not
	Why    error  // why it cannot be done now, nil when it can; missing fields do not count
}

// Options lists the actions of the matter's state, those the actor may not do
// with the reason.
func (mc *Machine) Options(m *Matter, actor Actor, now time.Time) ([]Option, error) {
	s, err := mc.step(m, actor, moment(now))
	if err != nil {
		return nil, err
	}
	st := s.t.State(m.State)
	list := []*define.State{st}
	for _, r := range st.RegionOrder {
		if in := s.t.State(m.Regions[r]); in != nil {
			list = append(list, in)
		}
	}
	var out []Option
	for _, at := range list {
		for _, a := range s.t.Actions(at) {
			if len(a.Role) == 1 && a.Role[0] == define.System {
				continue
			}
			o := Option{Action: a, Region: at.Region, Role: s.roleFor(a)}
			_, err := mc.Do(m, Command{Action: a.Name, Region: at.Region}, nil, actor, now)
			var form *FormError
			if !errors.As(err, &form) {
				o.Why = err
			}
			out = append(out, o)
		}
	}
	return out, nil
}
