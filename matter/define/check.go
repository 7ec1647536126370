package define

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/cel-go/common/types"

	"shuniu/clock"
	"shuniu/guard"
)

var (
	typeName = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){0,3}$`)
	partName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
)

// check finds what cannot hold in the type.
func (t *Type) check(f *finder, book *clock.Book) {
	if !typeName.MatchString(t.Name) {
		f.add("matter", "small letters, digits and dots, e.g. share.request", "name %q", t.Name)
	}
	if t.Version < 1 {
		f.add("version", "count from 1", "version %d", t.Version)
	}
	if t.Title.Zh == "" || t.Title.En == "" {
		f.add("title", "title: {zh: …, en: …}", "no title")
	}
	t.checkNames(f)
	t.checkRoles(f)
	t.checkFields(f)
	t.checkLaws(f)
	t.checkClocks(f, book)
	for _, n := range keysOf(t.Tables) {
		t.Tables[n].check(f, t)
	}
	var err error
	if len(f.found) == 0 {
		if t.env, err = newEnvironment(t); err != nil {
			f.add("", "", "expressions: %v", err)
		}
	}
	if t.env == nil {
		return // what follows would only repeat it
	}
	t.checkFiling(f)
	for _, s := range t.all() {
		t.checkState(f, s)
	}
	for _, n := range keysOf(t.Any) {
		t.checkAction(f, "any/"+n, nil, t.Any[n])
	}
	t.checkHandoff(f)
	if len(f.found) == 0 {
		t.checkFlow(f)
		t.checkUse(f)
	}
}

// reserved are the actions of the engine itself.
var reserved = []string{"file", "comment", "assign", "tick", "child", "recount", "move"}

// checkNames holds the names of parts against one form: expressions use them.
func (t *Type) checkNames(f *finder) {
	for path, names := range map[string][]string{
		"roles": keysOf(t.Roles), "fields": keysOf(t.Fields), "clocks": keysOf(t.Clocks), "tables": keysOf(t.Tables), "any": keysOf(t.Any),
	} {
		for _, n := range names {
			if !partName.MatchString(n) {
				f.add(path+"/"+n, "small letters, digits and _", "name %q", n)
			}
		}
	}
	for _, s := range t.all() {
		if !partName.MatchString(s.Name) {
			f.add(s.path(), "small letters, digits and _", "name %q", s.Name)
		}
		for _, a := range s.ActionOrder {
			if !partName.MatchString(a) {
				f.add(s.path()+"/do/"+a, "small letters, digits and _", "name %q", a)
			}
		}
	}
	own := func(path string, actions []string) {
		for _, a := range actions {
			if slices.Contains(reserved, a) {
				f.add(path+"/"+a, "choose another name", "action %s is the engine's own", a)
			}
		}
	}
	own("any", keysOf(t.Any))
	for _, s := range t.all() {
		own(s.path()+"/do", s.ActionOrder)
	}
	if t.Roles[System] != nil {
		f.add("roles/"+System, "choose another name", "%s is the role of time", System)
	}
}

// place tells whether a department or an account may be taken from there.
func (t *Type) place(from string, kind Kind, known ...string) bool {
	return from == "" || slices.Contains(known, from) || t.Fields[from] != nil && t.Fields[from].Kind == kind
}

func (t *Type) checkRoles(f *finder) {
	hub := make([]string, 0, len(guard.Roles()))
	for _, r := range guard.Roles() {
		hub = append(hub, string(r))
	}
	for _, n := range keysOf(t.Roles) {
		r := t.Roles[n]
		if r.Title.Zh == "" {
			f.add("roles/"+n, "title: {zh: …, en: …}", "role %s has no title", n)
		}
		for _, is := range r.Is {
			if !slices.Contains(hub, is) {
				f.add("roles/"+n+"/is", oneOf("roles of the hub", hub), "role %s: the hub has no role %q", n, is)
			}
		}
		if !t.place(r.Department, Department, "org", "reporter_org") {
			f.add("roles/"+n+"/department", "org, reporter_org, or a field of type department", "role %s: department %q", n, r.Department)
		}
		if !t.place(r.Account, Account, "reporter", "assignee") {
			f.add("roles/"+n+"/account", "reporter, assignee, or a field of type account", "role %s: account %q", n, r.Account)
		}
		if len(r.Is) == 0 && r.Department == "" && r.Account == "" {
			f.add("roles/"+n, "say is, department or account", "anybody would be %s", n)
		}
	}
}

func (t *Type) checkFields(f *finder) {
	for _, n := range t.FieldOrder {
		d, path := t.Fields[n], "fields/"+n
		if !slices.Contains(Kinds(), d.Kind) {
			f.add(path+"/type", fmt.Sprint("one of ", Kinds()), "field %s is of type %q", n, d.Kind)
			continue
		}
		if d.Title.Zh == "" {
			f.add(path, "title: {zh: …, en: …}", "field %s has no title", n)
		}
		if (d.Kind == Choice) != (len(d.Options) > 0) {
			f.add(path, "options belong to a choice, and only there", "field %s of type %s has %d options", n, d.Kind, len(d.Options))
		}
		if d.Default != nil {
			if _, err := d.Value(d.Default); err != nil {
				f.add(path+"/default", "", "%v", err)
			}
		}
		for _, r := range d.See {
			t.role(f, path+"/see", r)
		}
	}
}

func (t *Type) role(f *finder, path, role string) {
	if t.Roles[role] == nil {
		f.add(path, oneOf("roles", keysOf(t.Roles)), "role %q is not in the type", role)
	}
}

func (t *Type) fields(f *finder, path string, names []string) {
	for _, n := range names {
		if t.Fields[n] == nil {
			f.add(path, oneOf("fields", t.FieldOrder), "field %q is not in the type", n)
		}
	}
}

func (t *Type) checkLaws(f *finder) {
	for _, n := range keysOf(t.Laws) {
		if l := t.Laws[n]; l.Article == "" || l.Version == "" {
			f.add("laws/"+n, `{article: …, version: "2025-08-01"}`, "law %s has no article or no version", n)
		}
	}
}

// cite returns the citation of a law, which must be in the type.
func (t *Type) cite(f *finder, path, law string) clock.Citation {
	if law == "" {
		return clock.Citation{}
	}
	l, ok := t.Laws[law]
	if !ok {
		f.add(path, oneOf("laws", keysOf(t.Laws)), "law %q is not in the type", law)
	}
	return clock.Citation{Article: l.Article, Version: l.Version}
}

func (t *Type) checkClocks(f *finder, book *clock.Book) {
	for _, n := range keysOf(t.Clocks) {
		c, path := t.Clocks[n], "clocks/"+n
		cited := t.cite(f, path+"/law", c.Law)
		c.law = &cited
		if from, ok := strings.CutPrefix(c.Limit, "$"); ok {
			if fd := t.Fields[from]; fd == nil || fd.Kind != Length {
				f.add(path+"/limit", "a field of type limit", "clock %s takes its limit from %q", n, from)
			}
			c.limit = clock.Limit{N: 1, Unit: clock.WorkingDay} // stands for it in the check below
		} else {
			var err error
			if c.limit, err = clock.ParseLimit(c.Limit); err != nil {
				f.add(path+"/limit", "e.g. 10wd, 4wh, 15m, 3mo, or $field", "clock %s: %v", n, err)
				continue
			}
		}
		if c.Extend != nil {
			c.extendLaw = t.cite(f, path+"/extend/law", c.Extend.Law)
			if p, ok := strings.CutSuffix(c.Extend.Max, "%"); ok {
				c.percent, _ = strconv.Atoi(p)
			} else if c.extendMost, _ = clock.ParseLimit(c.Extend.Max); c.extendMost.N == 0 {
				f.add(path+"/extend", "e.g. 10wd or 100%", "clock %s: extension by at most %q", n, c.Extend.Max)
			}
			if c.Extend.Approve != "" {
				t.role(f, path+"/extend/approve", c.Extend.Approve)
			}
		}
		for i := range c.Ladder {
			r := &c.Ladder[i]
			at := fmt.Sprintf("%s/ladder/%d", path, i)
			var err error
			if r.percent, err = strconv.Atoi(strings.TrimSuffix(r.At, "%")); err != nil || !strings.HasSuffix(r.At, "%") {
				f.add(at, "e.g. at: 80%", "rung at %q", r.At)
			}
			if r.Tell != "" {
				t.role(f, at, r.Tell)
			}
		}
		for _, h := range c.Holds {
			if t.Clocks[h] == nil {
				f.add(path+"/holds", oneOf("clocks", keysOf(t.Clocks)), "clock %q is not in the type", h)
			}
		}
		for _, list := range [][]Reason{c.Procedures, c.pauses()} {
			for _, r := range list {
				t.cite(f, path, r.Law)
				if r.Approve != "" {
					t.role(f, path, r.Approve)
				}
			}
		}
		if c.Pause != nil && len(c.Pause.Reasons) == 0 {
			f.add(path+"/pause", "list the reasons", "clock %s may pause for no reason", n)
		}
		if c.RunOut != "" && !slices.ContainsFunc(t.all(), func(s *State) bool { return s.Do[c.RunOut] != nil }) {
			f.add(path+"/run_out", oneOf("actions", t.actionNames()), "no state has action %q", c.RunOut)
		}
		if strings.HasPrefix(c.Calendar, "$") {
			t.fields(f, path+"/calendar", []string{c.Calendar[1:]})
			continue
		}
		if strings.HasPrefix(c.Limit, "$") && c.Calendar != "" {
			c.limit = clock.Limit{N: 1, Unit: clock.Hour} // counts on every calendar
		}
		if err := book.Check(c.definition(c.limit, c.Calendar)); err != nil {
			f.add(path, "", "%v", err)
		}
	}
}

func (c *Clock) pauses() []Reason {
	if c.Pause == nil {
		return nil
	}
	return c.Pause.Reasons
}

// Definition returns the clock as package clock counts it. limit and calendar
// are those of the type, or the values of the fields it names.
func (c *Clock) Definition(data map[string]any) (*clock.Definition, error) {
	limit, calendar := c.limit, c.Calendar
	if from, ok := strings.CutPrefix(c.Limit, "$"); ok {
		s, _ := data[from].(string)
		var err error
		if limit, err = clock.ParseLimit(s); err != nil {
			return nil, fmt.Errorf("clock %s: field %s: %w", c.Name, from, err)
		}
	}
	if from, ok := strings.CutPrefix(c.Calendar, "$"); ok {
		calendar, _ = data[from].(string)
	}
	return c.definition(limit, calendar), nil
}

// With returns the clock with a limit and a calendar that were fixed when it
// was started.
func (c *Clock) With(limit clock.Limit, calendar string) *clock.Definition {
	return c.definition(limit, calendar)
}

func (c *Clock) definition(limit clock.Limit, calendar string) *clock.Definition {
	reasons := func(list []Reason) []clock.Reason {
		out := make([]clock.Reason, 0, len(list))
		for _, r := range list {
			out = append(out, clock.Reason{Name: r.Name, Max: r.Max, Approve: r.Approve})
		}
		return out
	}
	d := &clock.Definition{
		Name: c.Name, Party: c.Party, Limit: limit, Calendar: calendar, Start: clock.StartRule(c.Begin),
		Law: *c.law, Yellow: c.Yellow, Holds: c.Holds, Procedures: reasons(c.Procedures),
	}
	if p := c.Pause; p != nil {
		d.Pause = clock.PauseRule{Reasons: reasons(p.Reasons), Max: p.Max, Times: p.Times, Approve: p.Approve}
	}
	if x := c.Extend; x != nil {
		d.Extend = clock.ExtendRule{Times: x.Times, Max: c.extendMost, MaxPercent: c.percent, AskBeforeDue: x.AskBeforeDue, Approve: x.Approve, Law: c.extendLaw}
	}
	for _, r := range c.Ladder {
		d.Ladder = append(d.Ladder, clock.Rung{Percent: r.percent, Light: r.Light, Tell: r.Tell, Spawn: r.Spawn})
	}
	if c.RunOut != "" && !slices.ContainsFunc(d.Ladder, func(r clock.Rung) bool { return r.Percent == 100 }) {
		d.Ladder = append(d.Ladder, clock.Rung{Percent: 100, Light: clock.Red, Tell: System})
		slices.SortFunc(d.Ladder, func(a, b clock.Rung) int { return a.Percent - b.Percent })
	}
	return d
}

// ActionNames lists every action of the type, and "file".
func (t *Type) ActionNames() []string { return t.env.actions }

// Parts lists the roles that have a part in an open matter, by name: whoever
// may only open matters of the type has none in those of others.
func (t *Type) Parts() []string { return t.env.parts }

func (t *Type) actionNames() []string {
	seen := map[string]bool{"file": true}
	for _, s := range t.all() {
		for a := range s.Do {
			seen[a] = true
		}
	}
	for a := range t.Any {
		seen[a] = true
	}
	return keysOf(seen)
}

// expr compiles an expression at path; nil when it cannot be.
func (t *Type) expr(f *finder, path, source string, want ...*types.Type) *Expr {
	if source == "" {
		return nil
	}
	x, err := t.env.compile(source, want...)
	if err != nil {
		f.add(path, "", "%v", err)
		return nil
	}
	return x
}

func (t *Type) checkFiling(f *finder) {
	if t.Start == "" || t.States[t.Start] == nil {
		f.add("start", oneOf("states", t.StateOrder), "start %q is no state", t.Start)
	} else if t.States[t.Start].Final {
		f.add("start", "begin with a state that is not final", "start %q is final", t.Start)
	}
	if t.File.Role == "" {
		f.add("file", "file: {role: …, need: […]}", "nobody may open it")
	} else if t.File.Role != System {
		t.role(f, "file/role", t.File.Role)
	}
	t.fields(f, "file/need", t.File.Need)
	t.fields(f, "file/may", t.File.May)
	t.expr(f, "file/when", t.File.When, types.BoolType)
	if t.File.Subject != "" {
		t.fields(f, "file/subject", []string{t.File.Subject})
	}
	if t.File.Name != "" {
		t.fields(f, "file/title", []string{t.File.Name})
	}
	t.checkEffects(f, "file/effects", t.File.Do)
}

func (t *Type) checkState(f *finder, s *State) {
	path := s.path()
	if s.Title.Zh == "" {
		f.add(path, "title: {zh: …, en: …}", "state %s has no title", s.Name)
	}
	if s.Limit != "" && t.Clocks[s.Limit] == nil {
		f.add(path+"/limit", oneOf("clocks", keysOf(t.Clocks)), "clock %q is not in the type", s.Limit)
	}
	if s.Final && (s.Limit != "" || s.Untimed != "" || len(s.Regions) > 0 || s.Wait != nil) {
		f.add(path, "take limit, untimed, regions and children away", "a final state needs no time")
	}
	for _, r := range s.Turn {
		t.role(f, path+"/turn", r)
	}
	for _, r := range keysOf(s.Form) {
		if r != "*" {
			t.role(f, path+"/form/"+r, r)
		}
		if s.Form[r] != nil {
			t.fields(f, path+"/form/"+r+"/edit", s.Form[r].Edit)
			t.fields(f, path+"/form/"+r+"/hide", s.Form[r].Hide)
		}
	}
	t.checkEffects(f, path+"/enter", s.Enter)
	for _, a := range s.ActionOrder {
		t.checkAction(f, path+"/do/"+a, s, s.Do[a])
	}
	if w := s.Wait; w != nil {
		if s.Do[w.Do] == nil {
			f.add(path+"/children", oneOf("actions", s.ActionOrder), "action %q is not in the state", w.Do)
		}
		if w.Join != "all" && w.Join != "any" {
			f.add(path+"/children", "all or any", "join %q", w.Join)
		}
	}
	if len(s.Regions) == 0 {
		if s.Join != "" || len(s.To) > 0 {
			f.add(path, "give regions", "join without regions")
		}
		return
	}
	if s.Join != "all" && s.Join != "any" {
		f.add(path, "join: all or any", "join %q", s.Join)
	}
	t.checkWays(f, path+"/to", s, s.To)
	if len(s.To) == 0 {
		f.add(path, "to: the state after the join", "regions that lead nowhere")
	}
	for _, n := range s.RegionOrder {
		r := s.Regions[n]
		at := path + "/regions/" + n
		if r.States[r.Start] == nil {
			f.add(at+"/start", oneOf("states", r.StateOrder), "start %q is no state of region %s", r.Start, n)
		}
		t.expr(f, at+"/when", r.When, types.BoolType)
	}
}

// checkWays holds the targets of an action in s against the type: within a
// region they stay in it.
func (t *Type) checkWays(f *finder, path string, s *State, to To) {
	for i, w := range to {
		target := t.State(w.To)
		switch {
		case target == nil:
			f.add(path, oneOf("states", t.StateOrder), "state %q is not in the type", w.To)
		case target.Parent != nil && (s == nil || s.Region != target.Region || s.Parent != target.Parent):
			f.add(path, "go to the state that has the regions", "%s is in region %s", w.To, target.Region)
		case s != nil && s.Parent != nil && target.Parent == nil:
			f.add(path, "end the region in a final state of its own", "%s is not in region %s", w.To, s.Region)
		}
		t.expr(f, path, w.When, types.BoolType)
		if w.When == "" && i < len(to)-1 {
			f.add(path, "put it last", "the way to %s is always gone, those after it never", w.To)
		}
		if w.When != "" && i == len(to)-1 {
			f.add(path, "let the last way have no condition", "no way when none of the conditions holds")
		}
	}
}

func (t *Type) checkAction(f *finder, path string, s *State, a *Action) {
	if a.Title.Zh == "" {
		f.add(path, "title: {zh: …, en: …}", "action %s has no title", a.Name)
	}
	if len(a.Role) == 0 {
		f.add(path, "role: …", "nobody may do %s", a.Name)
	}
	for _, r := range a.Role {
		if r != System {
			t.role(f, path+"/role", r)
		}
	}
	t.checkWays(f, path+"/to", s, a.To)
	t.fields(f, path+"/need", a.Need)
	t.fields(f, path+"/ask", a.Ask)
	t.fields(f, path+"/may", a.May)
	t.expr(f, path+"/when", a.When, types.BoolType)
	for _, n := range a.Not {
		if !slices.Contains(t.actionNames(), n) {
			f.add(path+"/not", oneOf("actions", t.actionNames()), "no action %q", n)
		}
	}
	t.checkEffects(f, path+"/effects", a.Effects)
	final := s != nil && s.Final
	if a.Within != "" {
		if _, err := clock.ParseLimit(a.Within); err != nil {
			f.add(path+"/within", "e.g. 10d", "%v", err)
		}
	}
	if final && (s.Parent != nil || !a.Reopen && len(a.To) > 0) {
		f.add(path, "reopen: true, or take the action away", "%s leads out of final state %s", a.Name, s.Name)
	}
	if a.Reopen && !final || a.Within != "" && !final {
		f.add(path, "reopen and within belong to actions of a final state", "%s is in state that is open", a.Name)
	}
	if a.Merge && !slices.ContainsFunc(a.To, func(w Way) bool { return t.State(w.To) != nil && t.State(w.To).Final }) {
		f.add(path, "let it lead to a final state", "%s merges and leaves the matter open", a.Name)
	}
	if a.Return && len(a.Ask) == 0 {
		f.add(path, "ask: [reason]", "%s sends back and asks no reason", a.Name)
	}
}

func (t *Type) checkHandoff(f *finder) {
	h := t.Handoff
	counted := slices.ContainsFunc(t.all(), func(s *State) bool {
		return slices.ContainsFunc(s.ActionOrder, func(a string) bool { return s.Do[a].Handoff })
	})
	if h.Limit == 0 {
		if counted {
			f.add("handoff", "handoff: {limit: 2, arbiter: …}", "hand-overs are counted against no limit")
		}
		return
	}
	if !counted {
		f.add("handoff", "say handoff: true at the actions that hand over", "no action hands over")
	}
	t.role(f, "handoff/arbiter", h.Arbiter)
	if !slices.ContainsFunc(t.all(), func(s *State) bool {
		return slices.ContainsFunc(s.ActionOrder, func(a string) bool { return slices.Contains(s.Do[a].Role, h.Arbiter) })
	}) {
		f.add("handoff/arbiter", "give it an action", "%s has nothing to do", h.Arbiter)
	}
}

func (t *Type) checkEffects(f *finder, path string, list []Effect) {
	clocks := keysOf(t.Clocks)
	for i := range list {
		e := &list[i]
		at := fmt.Sprintf("%s/%d", path, i)
		kinds := e.kinds()
		if len(kinds) != 1 {
			f.add(at, "one effect an entry: set, start, stop, pause, resume, suspend, lift, extend, spawn, link, notify, publish, call, decide, assign", "effects %v in one entry", kinds)
			continue
		}
		t.expr(f, at, e.When, types.BoolType)
		for _, c := range []string{e.Start, e.Stop, e.Pause, e.Resume, e.Suspend, e.Lift, e.Extend} {
			if c != "" && t.Clocks[c] == nil {
				f.add(at, oneOf("clocks", clocks), "clock %q is not in the type", c)
			}
		}
		for _, k := range keysOf(e.Set) {
			t.fields(f, at, []string{k})
			if fd := t.Fields[k]; fd != nil {
				t.expr(f, at, e.Set[k], fd.celTypes()...)
			}
		}
		for _, k := range keysOf(e.With) {
			t.expr(f, at, e.With[k])
		}
		for _, k := range keysOf(e.Assign) {
			if k != "org" && k != "assignee" {
				f.add(at, "org or assignee", "assign %q", k)
			}
			t.expr(f, at, e.Assign[k], types.StringType)
		}
		for _, r := range e.Notify {
			t.role(f, at, r)
		}
		if e.Decide != "" && t.Tables[e.Decide] == nil {
			f.add(at, oneOf("tables", keysOf(t.Tables)), "table %q is not in the type", e.Decide)
		}
		switch kinds[0] {
		case "pause":
			if c := t.Clocks[e.Pause]; c != nil {
				t.checkReason(f, at, e.Reason, c.pauses(), "pauses")
			}
		case "suspend", "lift":
			if c := t.Clocks[e.Suspend+e.Lift]; c != nil {
				t.checkReason(f, at, e.Procedure, c.Procedures, "procedures")
			}
		case "extend":
			if c := t.Clocks[e.Extend]; c != nil && c.Extend == nil {
				f.add(at, "give the clock `extend`", "clock %s may not be extended", e.Extend)
			}
			if from, ok := strings.CutPrefix(e.By, "$"); ok {
				if fd := t.Fields[from]; fd == nil || fd.Kind != Length {
					f.add(at, "a field of type limit", "extension by field %q", from)
				}
			} else if _, err := clock.ParseLimit(e.By); err != nil {
				f.add(at, "by: 10wd, or by: $field", "%v", err)
			}
		}
	}
}

// checkReason wants a listed reason, or a field of which every option is one.
func (t *Type) checkReason(f *finder, path, reason string, listed []Reason, what string) {
	names := make([]string, 0, len(listed))
	for _, r := range listed {
		names = append(names, r.Name)
	}
	given := []string{reason}
	if from, ok := strings.CutPrefix(reason, "$"); ok {
		fd := t.Fields[from]
		if fd == nil || fd.Kind != Choice {
			f.add(path, "a field of type choice", "reason from field %q", from)
			return
		}
		given = fd.Options
	}
	for _, g := range given {
		if !slices.Contains(names, g) {
			f.add(path, oneOf(what, names), "%q is not listed", g)
		}
	}
}

// celTypes are the types an expression for the field may have.
func (f *Field) celTypes() []*types.Type {
	switch f.Kind {
	case Integer:
		return []*types.Type{types.IntType}
	case Number:
		return []*types.Type{types.DoubleType, types.IntType}
	case Boolean:
		return []*types.Type{types.BoolType}
	case Time:
		return []*types.Type{types.TimestampType}
	case List:
		return []*types.Type{types.NewListType(types.StringType)}
	case PointField, Photo, Document, Signature:
		return []*types.Type{object(map[Kind]string{PointField: pointType, Photo: photoType, Document: docType, Signature: signType}[f.Kind])}
	case TextField, Date, Choice, Department, Account, Length:
	}
	return []*types.Type{types.StringType}
}
