package insight

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"shuniu/matter"
)

// An Event is one line of a log: an activity done to a case.
type Event struct {
	Case, Activity, Resource string // Resource "": not known
	At                       time.Time
}

// OfMatters takes the events of matters, in order, as a log: the actions of
// people and of time, without remarks.
func OfMatters(events []matter.Event) []Event {
	out := make([]Event, 0, len(events))
	for _, e := range events {
		switch e.Action {
		case matter.CommentAction, matter.RecountAction, matter.MoveAction, matter.AssignAction:
			continue
		case matter.TickAction:
			if e.From == e.To { // only somebody was told
				continue
			}
		}
		out = append(out, Event{Case: string(e.Matter), Activity: e.Action, Resource: e.Account, At: e.At})
	}
	return out
}

// A Report is what a log says.
type Report struct {
	Cases, Events, Activities, Resources int
	Variants                             []Variant // most frequent first
	Edges                                []Edge    // most frequent first
	CaseMedian, CaseP90                  time.Duration
	Rework                               []Count // cases in which an activity was done more than once
	Begins, Ends                         []Count // activities that cases begin and end with
	Handovers                            int     // steps that another resource does than the one before
}

// A Variant is a way that cases take.
type Variant struct {
	Path  []string
	Cases int
	Share float64 // of all cases
}

// An Edge is a pair of activities of which one follows the other at once.
type Edge struct {
	From, To    string
	Count       int
	Median, P90 time.Duration // between the two
	Total       time.Duration // of all cases
}

// A Count is how often something was.
type Count struct {
	Name string
	N    int
}

// Mine works out a log. Events of a case may come in any order; those of the
// same moment keep the order they have.
func Mine(log []Event) Report {
	names := map[string]int32{} // activities by number
	var activities []string
	number := func(s string) int32 {
		n, ok := names[s]
		if !ok {
			n = int32(len(activities))
			names[s] = n
			activities = append(activities, s)
		}
		return n
	}
	type line struct {
		activity, order int32
		at              int64 // nanoseconds
		resource        string
	}
	cases := map[string][]line{}
	var order []string
	resources := map[string]bool{}
	for i, e := range log {
		list, known := cases[e.Case]
		if !known {
			order = append(order, e.Case)
		}
		cases[e.Case] = append(list, line{number(e.Activity), int32(i), e.At.UnixNano(), e.Resource})
		if e.Resource != "" {
			resources[e.Resource] = true
		}
	}
	r := Report{Cases: len(cases), Events: len(log), Activities: len(activities), Resources: len(resources)}
	variants := map[string]int{}
	waits := map[[2]int32][]int64{}
	rework, begins, ends := make([]int, len(activities)), make([]int, len(activities)), make([]int, len(activities))
	seen := make([]int32, len(activities))
	var lengths []int64
	var path []int32
	for _, name := range order {
		list := cases[name]
		slices.SortFunc(list, func(a, b line) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.order, b.order)) })
		path = path[:0]
		for i, l := range list {
			path = append(path, l.activity)
			if seen[l.activity]++; seen[l.activity] == 2 {
				rework[l.activity]++
			}
			if i == 0 {
				continue
			}
			before := list[i-1]
			k := [2]int32{before.activity, l.activity}
			waits[k] = append(waits[k], l.at-before.at)
			if l.resource != before.resource {
				r.Handovers++
			}
		}
		for _, l := range list {
			seen[l.activity] = 0
		}
		begins[list[0].activity]++
		ends[list[len(list)-1].activity]++
		lengths = append(lengths, list[len(list)-1].at-list[0].at)
		variants[key(path)]++
	}
	r.CaseMedian, r.CaseP90 = quantile(lengths, 0.5), quantile(lengths, 0.9)
	for k, n := range variants {
		v := Variant{Cases: n, Share: float64(n) / float64(r.Cases)}
		for _, a := range unkey(k) {
			v.Path = append(v.Path, activities[a])
		}
		r.Variants = append(r.Variants, v)
	}
	slices.SortFunc(r.Variants, func(a, b Variant) int {
		return cmp.Or(cmp.Compare(b.Cases, a.Cases), strings.Compare(strings.Join(a.Path, "\x00"), strings.Join(b.Path, "\x00")))
	})
	for k, w := range waits {
		e := Edge{From: activities[k[0]], To: activities[k[1]], Count: len(w), Median: quantile(w, 0.5), P90: quantile(w, 0.9)}
		for _, d := range w {
			e.Total += time.Duration(d)
		}
		r.Edges = append(r.Edges, e)
	}
	slices.SortFunc(r.Edges, func(a, b Edge) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.From, b.From), strings.Compare(a.To, b.To))
	})
	r.Rework, r.Begins, r.Ends = counts(rework, activities), counts(begins, activities), counts(ends, activities)
	return r
}

// Bottlenecks lists the n edges at which all cases together lose most time.
func (r *Report) Bottlenecks(n int) []Edge {
	out := slices.Clone(r.Edges)
	slices.SortStableFunc(out, func(a, b Edge) int { return cmp.Compare(b.Total, a.Total) })
	return out[:min(n, len(out))]
}

// Slowest lists the n edges with the longest median among those taken at
// least least times.
func (r *Report) Slowest(n, least int) []Edge {
	out := slices.DeleteFunc(slices.Clone(r.Edges), func(e Edge) bool { return e.Count < least })
	slices.SortStableFunc(out, func(a, b Edge) int { return cmp.Compare(b.Median, a.Median) })
	return out[:min(n, len(out))]
}

// key is a path as a map key.
func key(path []int32) string {
	b := make([]byte, 0, 4*len(path))
	for _, a := range path {
		b = binary.LittleEndian.AppendUint32(b, uint32(a))
	}
	return string(b)
}

func unkey(k string) []int32 {
	out := make([]int32, len(k)/4)
	for i := range out {
		out[i] = int32(binary.LittleEndian.Uint32([]byte(k[i*4 : i*4+4])))
	}
	return out
}

func counts(n []int, names []string) []Count {
	var out []Count
	for i, c := range n {
		if c > 0 {
			out = append(out, Count{names[i], c})
		}
	}
	slices.SortFunc(out, func(a, b Count) int { return cmp.Or(cmp.Compare(b.N, a.N), strings.Compare(a.Name, b.Name)) })
	return out
}

// quantile is the value at q of a list in nanoseconds, between two neighbours
// in proportion (type 7 of Hyndman and Fan, which NumPy and pandas use).
func quantile(list []int64, q float64) time.Duration {
	if len(list) == 0 {
		return 0
	}
	s := slices.Clone(list)
	slices.Sort(s)
	at := q * float64(len(s)-1)
	i := int(at)
	if i+1 >= len(s) {
		return time.Duration(s[len(s)-1])
	}
	return time.Duration(float64(s[i]) + (at-float64(i))*float64(s[i+1]-s[i]))
}
