package define

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// known is what holds in a state whatever way led there: clocks that run and
// fields that have a value.
type known struct{ clocks, fields map[string]bool }

func (k known) clone() known { return known{maps.Clone(k.clocks), maps.Clone(k.fields)} }

// meet keeps what holds on both ways.
func (k known) meet(o known) known {
	both := func(a, b map[string]bool) map[string]bool {
		out := map[string]bool{}
		for n := range a {
			if b[n] {
				out[n] = true
			}
		}
		return out
	}
	return known{both(k.clocks, o.clocks), both(k.fields, o.fields)}
}

// after is k after the effects. A conditional effect may not happen: what it
// starts is not counted on, what it stops is.
func (k known) after(t *Type, effects []Effect) known {
	k = k.clone()
	for _, e := range effects {
		if e.Stop != "" {
			delete(k.clocks, e.Stop)
		}
		if e.When != "" {
			continue
		}
		for _, c := range []string{e.Start, e.Resume} {
			if c != "" {
				k.clocks[c] = true
			}
		}
		for n := range e.Set {
			k.fields[n] = true
		}
		if tb := t.Tables[e.Decide]; tb != nil {
			for _, n := range tb.Out {
				k.fields[n] = true
			}
		}
	}
	return k
}

func (k known) with(fields []string) known {
	k = k.clone()
	for _, n := range fields {
		k.fields[n] = true
	}
	return k
}

// A flow works out what is known in every state.
type flow struct {
	t  *Type
	at map[string]*known // by state, after it was entered; nil: not reached
}

// enter lets a way with k lead into a state; it reports whether that told
// something new.
func (w *flow) enter(s *State, k known) bool {
	k = k.clone()
	if s.Limit != "" {
		k.clocks[s.Limit] = true
	}
	k = k.after(w.t, s.Enter)
	return w.merge(s, k)
}

func (w *flow) merge(s *State, k known) bool {
	was := w.at[s.Name]
	if was == nil {
		w.at[s.Name] = &k
		return true
	}
	met := was.meet(k)
	if len(met.clocks) == len(was.clocks) && len(met.fields) == len(was.fields) {
		return false
	}
	w.at[s.Name] = &met
	return true
}

// leave is what is known when s is left by an action.
func (w *flow) leave(s *State, k known) known {
	k = k.clone()
	if s.Limit != "" {
		delete(k.clocks, s.Limit)
	}
	return k
}

// Known tells whether a field has a value in a state whatever way led there:
// conditions and effects rely on it, so nobody may take it away.
func (t *Type) Known(state, field string) bool {
	k := t.env.known[state]
	return k != nil && k.fields[field]
}

// filed is what is known when a matter is opened.
func (t *Type) filed() known {
	first := known{map[string]bool{}, map[string]bool{}}.with(t.File.Need)
	for n, f := range t.Fields {
		if f.Default != nil {
			first.fields[n] = true
		}
	}
	return first
}

// work runs until nothing new is known.
func (w *flow) work() {
	t := w.t
	w.enter(t.States[t.Start], t.filed().after(t, t.File.Do))
	for changed := true; changed; {
		changed = false
		for _, s := range t.all() {
			at := w.at[s.Name]
			if at == nil {
				continue
			}
			for _, a := range t.Actions(s) {
				k := at.with(a.Given()).after(t, a.Effects)
				if len(a.To) == 0 {
					changed = w.merge(s, k) || changed
				}
				for _, to := range a.To {
					changed = w.enter(t.State(to.To), w.leave(s, k)) || changed
				}
			}
			if len(s.Regions) > 0 {
				changed = w.regions(s, *at) || changed
			}
		}
	}
}

func (w *flow) regions(s *State, at known) (changed bool) {
	joined := at.clone()
	ends := false
	for _, n := range s.RegionOrder {
		r := s.Regions[n]
		changed = w.enter(r.States[r.Start], at) || changed
		var all *known
		for _, in := range r.States {
			if k := w.at[in.Name]; in.Final && k != nil {
				ends = true
				if all == nil {
					all = k
				} else {
					m := all.meet(*k)
					all = &m
				}
			}
		}
		if all == nil {
			continue
		}
		for c := range joined.clocks {
			if !all.clocks[c] {
				delete(joined.clocks, c)
			}
		}
		if s.Join == "all" && r.When == "" {
			maps.Copy(joined.fields, all.fields)
		}
	}
	if !ends {
		return changed
	}
	for _, to := range s.To {
		changed = w.enter(w.t.State(to.To), w.leave(s, joined)) || changed
	}
	return changed
}

// checkFlow finds states that are not reached or cannot end, states without a
// clock, and conditions on fields that may not be there.
func (t *Type) checkFlow(f *finder) {
	w := &flow{t: t, at: map[string]*known{}}
	w.work()
	t.env.known = w.at
	ends := t.ends()
	t.asks(f, "file", "file/when", t.File.When, t.filed())
	t.asksOf(f, "file", "file/effects", t.File.Do, t.filed())
	for _, s := range t.all() {
		at := w.at[s.Name]
		switch {
		case at == nil:
			f.add(s.path(), "lead an action to it, or take it away", "state %s is never reached", s.Name)
			continue
		case !ends[s.Name]:
			f.add(s.path(), "lead an action from it towards a final state", "from state %s no way leads to an end", s.Name)
		case !s.Final && s.Untimed == "" && len(at.clocks) == 0 && len(s.Regions) == 0:
			f.add(s.path(), "limit: CLOCK, start one on every way to it, or untimed: why", "state %s has no clock", s.Name)
		case s.Untimed != "" && len(at.clocks) > 0:
			f.add(s.path()+"/untimed", "take untimed away", "clock %s runs in state %s", keysOf(at.clocks)[0], s.Name)
		}
		t.checkAsked(f, s, *at)
	}
	if finals := slices.ContainsFunc(t.all(), func(s *State) bool { return s.Final && s.Parent == nil }); !finals {
		f.add("states", "say final: true", "no state is final")
	}
}

// asks wants the fields that an expression asks to be known; where says where.
func (t *Type) asks(f *finder, where, path, source string, have known) {
	if source == "" {
		return
	}
	for _, n := range t.env.exprs[source].Fields {
		if !have.fields[n] {
			f.add(path, fmt.Sprintf("ask has(data.%s) first, or need %s before", n, n), "%q asks field %s, which may not be given in state %s", source, n, where)
		}
	}
}

// asksOf is asks for a list of effects; a condition with has() makes sure of
// the field in its own effect.
func (t *Type) asksOf(f *finder, where, path string, effects []Effect, have known) {
	for i, e := range effects {
		p := fmt.Sprintf("%s/%d", path, i)
		t.asks(f, where, p, e.When, have)
		sure := have
		if x := t.env.exprs[e.When]; x != nil {
			sure = have.with(x.Tests)
		}
		for _, m := range []map[string]string{e.Set, e.With, e.Assign} {
			for _, k := range keysOf(m) {
				t.asks(f, where, p, m[k], sure)
			}
		}
		from := []string{e.Reason, e.By}
		if c := t.Clocks[e.Start]; c != nil {
			from = append(from, c.Limit, c.Calendar)
		}
		for _, v := range from {
			if n, ok := strings.CutPrefix(v, "$"); ok && !sure.fields[n] {
				f.add(p, "need it before", "field %s may not be given in state %s", n, where)
			}
		}
		if tb := t.Tables[e.Decide]; tb != nil {
			for _, n := range tb.In {
				if !sure.fields[n] {
					f.add(p, "need it before", "table %s asks field %s, which may not be given in state %s", tb.Name, n, where)
				}
			}
		}
		have = have.after(t, []Effect{e})
	}
}

// checkAsked wants every field that a condition in s asks to be known there.
func (t *Type) checkAsked(f *finder, s *State, at known) {
	ask := func(path, source string, have known) { t.asks(f, s.Name, path, source, have) }
	list := func(path string, effects []Effect, have known) { t.asksOf(f, s.Name, path, effects, have) }
	if c := t.Clocks[s.Limit]; c != nil {
		list(s.path()+"/limit", []Effect{{Start: s.Limit}}, at)
	}
	list(s.path()+"/enter", s.Enter, at)
	for _, a := range t.Actions(s) {
		have, path := at.with(a.Given()), s.path()+"/do/"+a.Name
		if s.Do[a.Name] == nil {
			path = "any/" + a.Name
		}
		ask(path+"/when", a.When, have)
		list(path+"/effects", a.Effects, have)
		for _, to := range a.To {
			ask(path+"/to", to.When, have.after(t, a.Effects))
		}
	}
	for _, n := range s.RegionOrder {
		ask(s.path()+"/regions/"+n+"/when", s.Regions[n].When, at)
	}
	for _, to := range s.To {
		ask(s.path()+"/to", to.When, at)
	}
}

// ends are the states from which a way leads to an end: for those in a region
// the end of the region.
func (t *Type) ends() map[string]bool {
	out := map[string]bool{}
	for changed := true; changed; {
		changed = false
		for _, s := range t.all() {
			if out[s.Name] {
				continue
			}
			ok := s.Final
			for _, a := range t.Actions(s) {
				ok = ok || slices.ContainsFunc(a.To, func(w Way) bool { return out[w.To] })
			}
			ok = ok || slices.ContainsFunc(s.To, func(w Way) bool { return out[w.To] })
			if ok {
				out[s.Name], changed = true, true
			}
		}
	}
	return out
}

// checkUse finds what is declared and used nowhere: it is a misspelling, or a
// rule somebody believes in.
func (t *Type) checkUse(f *finder) {
	used := map[string]bool{}
	use := func(kind string, names ...string) {
		for _, n := range names {
			used[kind+"/"+n] = true
		}
	}
	effects := func(list []Effect) {
		for _, e := range list {
			use("clocks", e.Start)
			use("tables", e.Decide)
			use("roles", e.Notify...)
			use("fields", keysOf(e.Set)...)
		}
	}
	action := func(a *Action) {
		use("roles", a.Role...)
		use("fields", a.Given()...)
		use("fields", a.May...)
		effects(a.Effects)
	}
	use("roles", t.File.Role, t.Handoff.Arbiter)
	for _, r := range t.Roles {
		use("fields", r.Department, r.Account)
	}
	use("fields", t.File.Need...)
	use("fields", t.File.May...)
	effects(t.File.Do)
	for _, s := range t.all() {
		use("clocks", s.Limit)
		use("roles", s.Turn...)
		effects(s.Enter)
		for _, a := range s.Do {
			action(a)
		}
		for _, r := range s.Form {
			if r != nil {
				use("fields", r.Edit...)
			}
		}
	}
	for _, a := range t.Any {
		action(a)
	}
	for _, c := range t.Clocks {
		use("laws", c.Law)
		for _, r := range c.Ladder {
			use("roles", r.Tell)
		}
		if c.Extend != nil {
			use("laws", c.Extend.Law)
			use("roles", c.Extend.Approve)
		}
		for _, r := range append(c.pauses(), c.Procedures...) {
			use("laws", r.Law)
			use("roles", r.Approve)
		}
		if c.Pause != nil {
			use("roles", c.Pause.Approve)
		}
	}
	for _, tb := range t.Tables {
		use("fields", tb.Out...)
	}
	for path, names := range map[string][]string{
		"roles": keysOf(t.Roles), "fields": keysOf(t.Fields), "clocks": keysOf(t.Clocks), "tables": keysOf(t.Tables), "laws": keysOf(t.Laws),
	} {
		for _, n := range names {
			if !used[path+"/"+n] {
				f.add(path+"/"+n, "use it, or take it away", "%s %s is never used", strings.TrimSuffix(path, "s"), n)
			}
		}
	}
}

// A Spawning is a place where the type opens matters of another type.
type Spawning struct {
	Type string
	With []string // fields it gives
	Line int
}

// rungGives are the fields that a rung of a ladder gives the matter it opens.
var rungGives = []string{"about", "subject", "clock", "org"}

// Spawns lists the types that this one opens.
func (t *Type) Spawns() []Spawning {
	var out []Spawning
	list := func(path string, effects []Effect) {
		for i, e := range effects {
			if e.Spawn != "" {
				out = append(out, Spawning{e.Spawn, keysOf(e.With), t.places.line(fmt.Sprintf("%s/%d", path, i))})
			}
		}
	}
	list("file/effects", t.File.Do)
	for _, s := range t.all() {
		list(s.path()+"/enter", s.Enter)
		for _, a := range s.ActionOrder {
			list(s.path()+"/do/"+a+"/effects", s.Do[a].Effects)
		}
	}
	for _, a := range keysOf(t.Any) {
		list("any/"+a+"/effects", t.Any[a].Effects)
	}
	for _, n := range keysOf(t.Clocks) {
		for i, r := range t.Clocks[n].Ladder {
			if r.Spawn != "" {
				out = append(out, Spawning{r.Spawn, rungGives, t.places.line(fmt.Sprintf("clocks/%s/ladder/%d", n, i))})
			}
		}
	}
	return out
}

// parts lists the roles that have a part in a matter once it is open: those
// that act, are asked, or are told. Whoever may only open matters of the type
// has none in those of others.
func (t *Type) parts() []string {
	seen := map[string]bool{t.Handoff.Arbiter: true}
	effects := func(list []Effect) {
		for _, e := range list {
			for _, r := range e.Notify {
				seen[r] = true
			}
		}
	}
	action := func(a *Action) {
		for _, r := range a.Role {
			seen[r] = true
		}
		effects(a.Effects)
	}
	effects(t.File.Do)
	for _, s := range t.all() {
		for _, r := range s.Turn {
			seen[r] = true
		}
		effects(s.Enter)
		for _, a := range s.Do {
			action(a)
		}
	}
	for _, a := range t.Any {
		action(a)
	}
	for _, c := range t.Clocks {
		for _, r := range c.Ladder {
			seen[r.Tell] = true
		}
	}
	var out []string
	for _, r := range keysOf(seen) {
		if t.Roles[r] != nil {
			out = append(out, r)
		}
	}
	return out
}
