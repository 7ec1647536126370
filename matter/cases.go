package matter

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"shuniu/clock"
	"shuniu/fault"
	"shuniu/guard"
	"shuniu/matter/define"
	"shuniu/resource"
)

// A caseFile is a cases.yaml: people, and stories of one matter each.
type caseFile struct {
	People map[string]person `yaml:"people"`
	Cases  []story           `yaml:"cases"`
}

type person struct {
	Role       string `yaml:"role"`
	Department string `yaml:"department"`
}

type story struct {
	Name   string         `yaml:"name"`
	Start  string         `yaml:"start"` // 2026-09-25T10:00, in the book's zone
	As     string         `yaml:"as"`
	File   map[string]any `yaml:"file"`
	Do     []deed         `yaml:"do"`
	Expect expectation    `yaml:"expect"`
}

// A deed is one step of a story: an action, or only time that goes by.
type deed struct {
	At     string         `yaml:"at"` // +5m, +3d, 2026-09-28T09:00; "": at once
	As     string         `yaml:"as"`
	Action string         `yaml:"action"`
	Region string         `yaml:"region"`
	Data   map[string]any `yaml:"data"`
	Note   string         `yaml:"note"`
	Merge  bool           `yaml:"merge"`   // into a second matter like this one
	Closed string         `yaml:"closed"`  // a sub-matter of this type is closed
	Refuse string         `yaml:"refused"` // invalid, denied or conflict: it must be
	Expect expectation    `yaml:"expect"`
}

// An expectation holds what is given.
type expectation struct {
	State    string                 `yaml:"state"`
	Regions  map[string]string      `yaml:"regions"`
	Open     *bool                  `yaml:"open"`
	Org      string                 `yaml:"org"`
	Clocks   map[string]clockExpect `yaml:"clocks"`
	Data     map[string]any         `yaml:"data"`
	Told     []string               `yaml:"told"`    // roles and accounts, since the step before
	Sent     []string               `yaml:"sent"`    // kinds and targets of what went out, e.g. publish penalties
	Spawned  []string               `yaml:"spawned"` // types of matters opened
	Handoffs *int                   `yaml:"handoffs"`
	Returns  *int                   `yaml:"returns"`
}

type clockExpect struct {
	Due     string      `yaml:"due"` // 2026-10-10T23:59:59, or a day: its end
	Light   clock.Light `yaml:"light"`
	InTime  *bool       `yaml:"in_time"`
	Running *bool       `yaml:"running"`
	Paused  *bool       `yaml:"paused"`
}

// RunCases runs the stories of a cases.yaml against a type and returns how
// many there are. The error is define.Problems, each with the line of its step.
func RunCases(file string, text []byte, t *define.Type, types *Types, book *clock.Book) (int, error) {
	var cf caseFile
	line, err := define.Decode(file, text, &cf)
	if err != nil {
		return 0, err
	}
	var found define.Problems
	if len(cf.Cases) == 0 {
		return 0, define.Problems{{File: file, What: "no cases", Mend: "give at least one that runs from the first to the last state"}}
	}
	ended := false
	for i, st := range cf.Cases {
		r := &runner{t: t, book: book, people: cf.People}
		n := 0
		r.mc = NewMachine(types, book, func() ID { n++; return ID(fmt.Sprintf("m%d", n)) })
		step, err := r.story(st)
		if err != nil {
			at := fmt.Sprintf("cases/%d", i)
			if step >= 0 {
				at = fmt.Sprintf("cases/%d/do/%d", i, step)
			}
			found = append(found, define.Problem{File: file, Line: line(at), What: fmt.Sprintf("case %q: %v", st.Name, err)})
		}
		ended = ended || r.m != nil && !r.m.Open
	}
	if !ended && len(found) == 0 {
		found = append(found, define.Problem{File: file, What: "no case comes to an end", Mend: "let one run from the first to the last state"})
	}
	if len(found) > 0 {
		return len(cf.Cases), found
	}
	return len(cf.Cases), nil
}

type runner struct {
	t       *define.Type
	mc      *Machine
	book    *clock.Book
	people  map[string]person
	m       *Matter
	events  []Event
	now     time.Time
	sent    []Message
	spawned []*Matter
}

func (r *runner) actor(name string) (Actor, error) {
	p, ok := r.people[name]
	if !ok {
		return Actor{}, fmt.Errorf("nobody is called %q", name)
	}
	return Actor{Principal: guard.Principal{Account: name, Name: name, Role: guard.Role(p.Role), Department: resource.DepartmentID(p.Department)}}, nil
}

// when reads a time of a story.
func (r *runner) when(s string) (time.Time, error) {
	if s == "" {
		return r.now, nil
	}
	if by, ok := strings.CutPrefix(s, "+"); ok {
		if d, ok := strings.CutSuffix(by, "d"); ok {
			var n int
			if _, err := fmt.Sscan(d, &n); err != nil {
				return r.now, err
			}
			return r.now.AddDate(0, 0, n), nil
		}
		d, err := time.ParseDuration(by)
		return r.now.Add(d), err
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if t, err := time.ParseInLocation(layout, s, r.book.Zone()); err == nil {
			return t, nil
		}
	}
	return r.now, fmt.Errorf("time %q, want 2026-09-25T10:00 or +3d", s)
}

func (r *runner) take(ch *Change) {
	if ch == nil {
		return
	}
	r.m = ch.Matter
	r.events = append(r.events, ch.Events...)
	r.sent = append(r.sent, ch.Messages...)
	for _, n := range ch.New {
		r.spawned = append(r.spawned, n.Matter)
	}
}

// story runs a story; step is where it went wrong, -1 at its opening.
func (r *runner) story(st story) (step int, err error) {
	if r.now, err = r.when(st.Start); err != nil || st.Start == "" {
		return -1, errors.Join(err, errors.New("a story has a start"))
	}
	actor, err := r.actor(st.As)
	if err != nil {
		return -1, err
	}
	ch, err := r.mc.open(r.t, Filing{Type: r.t.Name, Data: st.File}, actor, "", 0, moment(r.now))
	if err != nil {
		return -1, err
	}
	r.take(ch)
	if err := r.meets(st.Expect); err != nil {
		return -1, err
	}
	for i, d := range st.Do {
		r.sent, r.spawned = nil, slices.DeleteFunc(r.spawned, func(m *Matter) bool { return !m.Open })
		if err := r.deed(d); err != nil {
			return i, err
		}
		if err := r.meets(d.Expect); err != nil {
			return i, err
		}
	}
	if err := Verify(r.m, r.events); err != nil {
		return len(st.Do) - 1, err
	}
	return 0, nil
}

func (r *runner) deed(d deed) error {
	at, err := r.when(d.At)
	if err != nil {
		return err
	}
	if at.Before(r.now) {
		return fmt.Errorf("%s lies before the step before", d.At)
	}
	r.now = at
	ch, err := r.mc.Tick(r.m, r.now)
	if err != nil {
		return err
	}
	r.take(ch)
	switch {
	case d.Closed != "":
		i := slices.IndexFunc(r.spawned, func(m *Matter) bool { return m.Type == d.Closed && m.Open })
		if i < 0 {
			return fmt.Errorf("no open %s was opened", d.Closed)
		}
		child := r.spawned[i]
		child.Open, child.State = false, "closed"
		if ch, err = r.mc.ChildClosed(r.m, child, r.now); err != nil {
			return err
		}
		r.take(ch)
		return nil
	case d.Action == "":
		return nil
	}
	actor, err := r.actor(d.As)
	if err != nil {
		return err
	}
	c := Command{Matter: r.m.ID, Action: d.Action, Region: d.Region, Data: d.Data, Note: d.Note}
	var other *Matter
	if d.Merge {
		other = r.m.clone()
		other.ID, c.Other = "m0", "m0"
	}
	ch, err = r.mc.Do(r.m, c, other, actor, r.now)
	if d.Refuse != "" {
		switch kind := fault.KindOf(err); {
		case err == nil:
			return fmt.Errorf("%s was done, want it refused as %s", d.Action, d.Refuse)
		case kind == nil || kind.Error() != d.Refuse:
			return fmt.Errorf("%s, want it refused as %s: %w", d.Action, d.Refuse, err)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", d.Action, err)
	}
	r.take(ch)
	return nil
}

func (r *runner) meets(x expectation) error {
	m := r.m
	differ := func(what string, want, got any) error { return fmt.Errorf("%s is %v, want %v", what, got, want) }
	if x.State != "" && x.State != m.State {
		return differ("state", x.State, m.State)
	}
	for k, v := range x.Regions {
		if m.Regions[k] != v {
			return differ("region "+k, v, m.Regions[k])
		}
	}
	if x.Open != nil && *x.Open != m.Open {
		return differ("open", *x.Open, m.Open)
	}
	if x.Org != "" && x.Org != m.Org {
		return differ("org", x.Org, m.Org)
	}
	if x.Handoffs != nil && *x.Handoffs != m.Handoffs {
		return differ("handoffs", *x.Handoffs, m.Handoffs)
	}
	if x.Returns != nil && *x.Returns != m.Returns {
		return differ("returns", *x.Returns, m.Returns)
	}
	for k, want := range x.Data {
		f := r.t.Fields[k]
		if f == nil {
			return fmt.Errorf("no field %q", k)
		}
		w, err := f.Value(want)
		if want == nil {
			w, err = nil, nil
		}
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(w, m.Data[k]) {
			return differ("data."+k, w, m.Data[k])
		}
	}
	names := make([]string, 0, len(x.Clocks))
	for n := range x.Clocks {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		if err := r.clock(n, x.Clocks[n]); err != nil {
			return err
		}
	}
	for _, who := range x.Told {
		if !slices.ContainsFunc(r.sent, func(g Message) bool {
			return g.Kind == "notify" && (g.Target == "role:"+who || g.Target == "account:"+who)
		}) {
			return fmt.Errorf("%s was not told", who)
		}
	}
	for _, what := range x.Sent {
		if !slices.ContainsFunc(r.sent, func(g Message) bool { return g.Kind+" "+g.Target == what }) {
			return fmt.Errorf("%s was not sent", what)
		}
	}
	for _, typ := range x.Spawned {
		if !slices.ContainsFunc(r.spawned, func(m *Matter) bool { return m.Type == typ }) {
			return fmt.Errorf("no %s was opened", typ)
		}
	}
	return nil
}

func (r *runner) clock(name string, x clockExpect) error {
	s, err := r.mc.step(r.m, Actor{}, r.now)
	if err != nil {
		return err
	}
	set, err := s.set()
	if err != nil {
		return err
	}
	c, ok := set.Find(name)
	if !ok {
		if x.Running != nil && !*x.Running && r.t.Clocks[name] != nil {
			return nil
		}
		return fmt.Errorf("clock %s was not started", name)
	}
	got, err := r.book.Read(c, r.now)
	if err != nil {
		return err
	}
	if x.Due != "" {
		want := x.Due
		if _, err := clock.ParseDay(want); err == nil {
			want += "T23:59:59"
		}
		due, err := r.when(want)
		if err != nil {
			return err
		}
		if !due.Equal(got.At) {
			return fmt.Errorf("clock %s is due %s, want %s", name, got.At.In(r.book.Zone()).Format("2006-01-02T15:04:05"), want)
		}
	}
	switch {
	case x.Light != "" && x.Light != got.Light:
		return fmt.Errorf("clock %s shows %s, want %s", name, got.Light, x.Light)
	case x.InTime != nil && *x.InTime != got.InTime:
		return fmt.Errorf("clock %s in time: %v, want %v", name, got.InTime, *x.InTime)
	case x.Running != nil && *x.Running == got.Done:
		return fmt.Errorf("clock %s running: %v, want %v", name, !got.Done, *x.Running)
	case x.Paused != nil && *x.Paused != got.Standing:
		return fmt.Errorf("clock %s paused: %v, want %v", name, got.Standing, *x.Paused)
	}
	return nil
}
