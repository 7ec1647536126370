package bpmn

import (
	"fmt"
	"slices"
	"strings"

	"shuniu/fault"
)

// Draft writes the YAML of a type out of a process: its states, the ways
// between them and its timers. What BPMN does not say stands there as a guess
// that a person replaces: roles, fields, laws, clocks of tasks without a timer.
// It returns fault.Invalid for parallel gateways that do not pair.
func Draft(p *Process, name string) (string, error) {
	d := &draft{p: p, region: map[string]string{}, names: map[string]string{}}
	for _, n := range p.Nodes {
		d.names[n.ID] = d.name(n.ID)
	}
	for _, n := range p.Nodes {
		if n.Kind == Parallel && len(d.out(n.ID)) > 1 {
			if err := d.pair(n.ID); err != nil {
				return "", err
			}
		}
	}
	first, err := d.first()
	if err != nil {
		return "", err
	}
	d.line(0, "matter: %s", name)
	d.line(0, "version: 1")
	d.line(0, "title: {zh: %q, en: %q}", or(p.Name, name), name)
	d.line(0, "roles:")
	d.line(1, "opener: {title: {zh: 提出人, en: Opener}, is: [clerk]} # who may open it")
	d.line(1, "handler: {title: {zh: 承办人, en: Handler}, is: [officer]} # who acts: part it by task")
	d.line(0, "clocks:")
	d.line(1, "work: {title: {zh: 办理, en: Work}, party: promised, limit: 5wd} # for tasks without a timer")
	for _, n := range p.Nodes {
		if n.Kind == Timer {
			d.line(1, "%s: {title: {zh: %q, en: %q}, party: promised, limit: %s, run_out: %s}", d.names[n.ID], or(n.Name, n.ID), n.ID, or(n.Limit, "5wd"), "time_"+d.names[n.ID])
		}
	}
	d.line(0, "file: {role: opener}")
	d.line(0, "start: %s", first)
	d.line(0, "states:")
	for _, n := range p.Nodes {
		if d.region[n.ID] != "" {
			continue
		}
		if err := d.state(1, n); err != nil {
			return "", err
		}
	}
	return d.b.String(), nil
}

type draft struct {
	p      *Process
	b      strings.Builder
	region map[string]string // split/branch of nodes that are in a parallel line
	names  map[string]string
	joins  []string // by split, in order of pairs: split, join
}

func (d *draft) line(depth int, format string, args ...any) {
	d.b.WriteString(strings.Repeat("  ", depth))
	fmt.Fprintf(&d.b, format+"\n", args...)
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// name makes a name of a state out of an id; no two are alike.
func (d *draft) name(id string) string {
	s := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '_':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '_'
	}, strings.TrimPrefix(id, "state_"))
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		s = "s_" + s
	}
	for taken := true; taken; {
		taken = false
		for _, o := range d.names {
			taken = taken || o == s
		}
		if taken {
			s += "_2"
		}
	}
	return s
}

func (d *draft) out(id string) []Flow {
	var out []Flow
	for _, f := range d.p.Flows {
		if f.From == id {
			out = append(out, f)
		}
	}
	return out
}

// pair finds the join of a split and what is in its lines.
func (d *draft) pair(split string) error {
	join := ""
	for i, f := range d.out(split) {
		branch := fmt.Sprintf("%s/%d", split, i+1)
		todo := []string{f.To}
		for len(todo) > 0 {
			id := todo[0]
			todo = todo[1:]
			n := d.p.node(id)
			switch {
			case n.Kind == Parallel && len(d.out(id)) <= 1:
				if join != "" && join != id {
					return fmt.Errorf("lines of %s end in %s and %s: %w", split, join, id, fault.Invalid)
				}
				join = id
				continue
			case n.Kind == Parallel:
				return fmt.Errorf("%s splits within a line of %s: %w", id, split, fault.Invalid)
			case n.Kind == End || n.Kind == Start:
				return fmt.Errorf("a line of %s leads to %s without a join: %w", split, id, fault.Invalid)
			case d.region[id] == branch:
				continue
			case d.region[id] != "":
				return fmt.Errorf("%s is in two lines: %w", id, fault.Invalid)
			}
			d.region[id] = branch
			for _, t := range d.p.Nodes {
				if t.Kind == Timer && t.Attached == id {
					todo = append(todo, t.ID)
				}
			}
			for _, f := range d.out(id) {
				todo = append(todo, f.To)
			}
		}
	}
	if join == "" {
		return fmt.Errorf("the lines of %s never join: %w", split, fault.Invalid)
	}
	d.joins = append(d.joins, split, join)
	return nil
}

func (d *draft) first() (string, error) {
	for _, n := range d.p.Nodes {
		if n.Kind != Start {
			continue
		}
		if ways := d.ways(n.ID, 0); len(ways) == 1 {
			return ways[0].to, nil
		}
		return "", fmt.Errorf("the start leads to several tasks: %w", fault.Invalid)
	}
	return "", fmt.Errorf("no start: %w", fault.Invalid)
}

type step struct{ to, name, when string }

// ways are where a node leads, through exclusive gateways.
func (d *draft) ways(id string, depth int) []step {
	var out []step
	if depth > len(d.p.Nodes) { // gateways in a ring
		return nil
	}
	for _, f := range d.out(id) {
		n := d.p.node(f.To)
		switch {
		case n.Kind == Exclusive:
			for _, w := range d.ways(n.ID, depth+1) {
				w.name, w.when = or(w.name, f.Name), or(w.when, f.When)
				out = append(out, w)
			}
		case n.Kind == Parallel && d.region[id] != "": // the join of this line
			out = append(out, step{d.done(id), f.Name, f.When})
		default:
			out = append(out, step{d.names[n.ID], f.Name, f.When})
		}
	}
	return out
}

// done is the end of the line that a node is in.
func (d *draft) done(id string) string {
	split, n, _ := strings.Cut(d.region[id], "/")
	return d.names[split] + "_done_" + n
}

func (d *draft) state(depth int, n Node) error {
	switch n.Kind {
	case End:
		d.line(depth, "%s: {title: {zh: %q, en: %q}, final: true}", d.names[n.ID], or(n.Name, n.ID), n.ID)
	case User, Service:
		return d.task(depth, n)
	case Parallel:
		if at := slices.Index(d.joins, n.ID); at >= 0 && at%2 == 0 {
			return d.split(depth, n, d.joins[at+1])
		}
	case Start, Exclusive, Timer:
	}
	return nil
}

func (d *draft) task(depth int, n Node) error {
	d.line(depth, "%s:", d.names[n.ID])
	d.line(depth+1, "title: {zh: %q, en: %q}", or(n.Name, n.ID), n.ID)
	limit, role := "work", "handler"
	if n.Kind == Service {
		role = "[handler, system]"
	}
	var timer *Node
	for i := range d.p.Nodes {
		if t := &d.p.Nodes[i]; t.Kind == Timer && t.Attached == n.ID {
			timer, limit = t, d.names[t.ID]
		}
	}
	d.line(depth+1, "limit: %s", limit)
	ways := d.ways(n.ID, 0)
	if len(ways) == 0 && timer == nil {
		return fmt.Errorf("task %s leads nowhere: %w", n.ID, fault.Invalid)
	}
	d.line(depth+1, "do:")
	for i, w := range ways {
		note := ""
		if w.when != "" {
			note = " # when " + strings.ReplaceAll(w.when, "\n", " ")
		}
		d.line(depth+2, "go_%d: {title: {zh: %q, en: %q}, role: %s, to: %s}%s", i+1, or(w.name, "办结"), fmt.Sprintf("Go on %d", i+1), role, w.to, note)
	}
	if timer != nil {
		late := d.ways(timer.ID, 0)
		if len(late) != 1 {
			return fmt.Errorf("timer %s leads to %d tasks, want one: %w", timer.ID, len(late), fault.Invalid)
		}
		d.line(depth+2, "time_%s: {title: {zh: %q, en: %q}, role: system, to: %s}", d.names[timer.ID], or(late[0].name, "逾期"), "Time is up", late[0].to)
	}
	return nil
}

func (d *draft) split(depth int, n Node, join string) error {
	after := d.ways(join, 0)
	if len(after) == 0 {
		return fmt.Errorf("%s leads nowhere: %w", join, fault.Invalid)
	}
	d.line(depth, "%s:", d.names[n.ID])
	d.line(depth+1, "title: {zh: %q, en: %q}", or(n.Name, n.ID), n.ID)
	d.line(depth+1, "join: all")
	d.line(depth+1, "to: %s", after[0].to) // further ways need a condition on fields
	d.line(depth+1, "regions:")
	for i, f := range d.out(n.ID) {
		branch := fmt.Sprintf("%s/%d", n.ID, i+1)
		begin := d.p.node(f.To)
		if begin.Kind != User && begin.Kind != Service {
			return fmt.Errorf("a line of %s begins with %s, want a task: %w", n.ID, f.To, fault.Invalid)
		}
		d.line(depth+2, "line_%d:", i+1)
		d.line(depth+3, "title: {zh: %q, en: %q}", or(f.Name, fmt.Sprintf("第%d线", i+1)), fmt.Sprintf("Line %d", i+1))
		d.line(depth+3, "start: %s", d.names[f.To])
		d.line(depth+3, "states:")
		for _, in := range d.p.Nodes {
			if d.region[in.ID] == branch {
				if err := d.state(depth+4, in); err != nil {
					return err
				}
			}
		}
		d.line(depth+4, "%s_done_%d: {title: {zh: 完成, en: Done}, final: true}", d.names[n.ID], i+1)
	}
	return nil
}
