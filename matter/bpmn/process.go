package bpmn

import (
	"fmt"
	"slices"
	"strings"

	"shuniu/matter/define"
)

// A Kind is the kind of a node.
type Kind string

// The kinds of nodes, as BPMN names them.
const (
	Start     Kind = "startEvent"
	End       Kind = "endEvent"
	User      Kind = "userTask"
	Service   Kind = "serviceTask"
	Exclusive Kind = "exclusiveGateway"
	Parallel  Kind = "parallelGateway"
	Timer     Kind = "boundaryEvent"
)

// A Process is a graph of nodes and flows.
type Process struct {
	ID, Name string
	Nodes    []Node
	Flows    []Flow
}

// A Node is an event, a task or a gateway.
type Node struct {
	ID       string
	Kind     Kind
	Name     string
	Attached string // of a timer: the task
	Limit    string // of a timer, e.g. 5wd
}

// A Flow leads from one node to another.
type Flow struct {
	ID, From, To, Name string
	When               string // condition, "" none
}

func (p *Process) node(id string) *Node {
	if i := slices.IndexFunc(p.Nodes, func(n Node) bool { return n.ID == id }); i >= 0 {
		return &p.Nodes[i]
	}
	return nil
}

func (p *Process) flow(from, to, name, when string) {
	p.Flows = append(p.Flows, Flow{ID: fmt.Sprintf("flow_%d", len(p.Flows)+1), From: from, To: to, Name: name, When: when})
}

// drawing is a type on its way to a process.
type drawing struct {
	t *define.Type
	p *Process
}

// Of draws a type.
func Of(t *define.Type) *Process {
	d := &drawing{t, &Process{ID: strings.ReplaceAll(t.Name, ".", "_"), Name: t.Title.Zh}}
	d.p.Nodes = append(d.p.Nodes, Node{ID: "start", Kind: Start, Name: "开始"})
	for _, s := range t.AllStates() {
		d.state(s)
	}
	d.p.flow("start", d.into(t.State(t.Start)), "", "")
	for _, s := range t.AllStates() {
		d.leave(s)
	}
	return d.p
}

// into is the node that a way to the state leads to.
func (d *drawing) into(s *define.State) string {
	switch {
	case len(s.Regions) > 0:
		return "split_" + s.Name
	case s.Final && s.Parent != nil:
		return "join_" + s.Parent.Name
	}
	return "state_" + s.Name
}

func (d *drawing) state(s *define.State) {
	add := func(id string, k Kind, name string) { d.p.Nodes = append(d.p.Nodes, Node{ID: id, Kind: k, Name: name}) }
	switch {
	case len(s.Regions) > 0:
		add("split_"+s.Name, Parallel, s.Title.Zh)
		join := Parallel
		if s.Join == "any" {
			join = Exclusive
		}
		add("join_"+s.Name, join, "")
		if len(s.To) > 1 {
			add("choice_"+s.Name, Exclusive, "")
		}
		return
	case s.Final && s.Parent != nil:
		return
	case s.Final:
		add("state_"+s.Name, End, s.Title.Zh)
		return
	}
	kind := Service
	if len(d.t.TurnOf(s)) > 0 {
		kind = User
	}
	add("state_"+s.Name, kind, s.Title.Zh)
	if len(d.ways(s)) > 1 {
		add("choice_"+s.Name, Exclusive, "")
	}
	if a := d.runOut(s); a != nil {
		d.p.Nodes = append(d.p.Nodes, Node{ID: "timer_" + s.Name, Kind: Timer, Attached: "state_" + s.Name, Name: d.t.Clocks[s.Limit].Title.Zh, Limit: d.t.Clocks[s.Limit].Limit})
	}
}

type way struct {
	name string
	define.Way
}

// ways are where people lead a matter from s.
func (d *drawing) ways(s *define.State) []way {
	var out []way
	for _, name := range s.ActionOrder {
		a := s.Do[name]
		if !slices.ContainsFunc(a.Role, func(r string) bool { return r != define.System }) {
			continue
		}
		for _, w := range a.To {
			out = append(out, way{a.Title.Zh, w})
		}
	}
	return out
}

// runOut is the action of the state's own clock when it runs out.
func (d *drawing) runOut(s *define.State) *define.Action {
	c := d.t.Clocks[s.Limit]
	if c == nil || c.RunOut == "" || s.Do[c.RunOut] == nil || len(s.Do[c.RunOut].To) == 0 {
		return nil
	}
	return s.Do[c.RunOut]
}

func (d *drawing) leave(s *define.State) {
	if s.Final {
		return
	}
	from := "state_" + s.Name
	ways := d.ways(s)
	if len(s.Regions) > 0 {
		for _, r := range s.RegionOrder {
			d.p.flow("split_"+s.Name, d.into(d.t.State(s.Regions[r].Start)), s.Regions[r].Title.Zh, s.Regions[r].When)
		}
		from, ways = "join_"+s.Name, nil
		for _, w := range s.To {
			ways = append(ways, way{"", w})
		}
	}
	if len(ways) > 1 {
		d.p.flow(from, "choice_"+s.Name, "", "")
		from = "choice_" + s.Name
	}
	for _, w := range ways {
		d.p.flow(from, d.into(d.t.State(w.To)), w.name, w.When)
	}
	if a := d.runOut(s); a != nil && len(s.Regions) == 0 {
		d.p.flow("timer_"+s.Name, d.into(d.t.State(a.To[0].To)), a.Title.Zh, "")
	}
}
