package matter_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"shuniu/clock"
	"shuniu/fault"
	"shuniu/guard"
	"shuniu/matter"
	"shuniu/matter/define"
	"shuniu/packs/matters"
	"shuniu/resource"
)

// walks are made of each type.
const walks = 8

// TestRandomWalks lets random people do random things to every shipped type:
// whatever happens, an answer is of a known kind, the chain holds, time never
// finds a matter it cannot move, and what is closed has no clock that runs.
func TestRandomWalks(t *testing.T) {
	book := clock.NewBook(clock.Shipped())
	types, err := matter.Load(matters.Files, book)
	if err != nil {
		t.Fatal(err)
	}
	closed, refused := 0, map[error]int{}
	for _, typ := range types.List() {
		seen := map[string]bool{}
		for seed := range uint64(walks) {
			r := rand.New(rand.NewPCG(seed, 7))
			w := &walk{t: t, r: r, typ: typ, mc: matter.NewMachine(types, book, func() matter.ID { return matter.ID(fmt.Sprint(r.Uint64())) }), now: time.Date(2026, 1, 5, 9, 0, 0, 0, clock.Shanghai)}
			w.run(seen, refused)
			if w.m != nil && !w.m.Open {
				closed++
			}
		}
		for _, s := range typ.AllStates() {
			if !seen[s.Name] && s.Parent == nil {
				t.Logf("%s: no walk came to %s", typ.Name, s.Name)
			}
		}
	}
	t.Logf("%d of %d walks came to an end, refused: %v", closed, walks*len(types.List()), refused)
	if closed < 60 {
		t.Errorf("only %d walks came to an end: this proves little", closed)
	}
}

type walk struct {
	t      *testing.T
	r      *rand.Rand
	typ    *define.Type
	mc     *matter.Machine
	now    time.Time
	m      *matter.Matter
	events []matter.Event
}

// somebody is an actor, most often one who has the role.
func (w *walk) somebody(role string) matter.Actor {
	p := guard.Principal{Account: fmt.Sprintf("p%d", w.r.IntN(4)), Department: resource.DepartmentID([]string{"a", "b"}[w.r.IntN(2)]), Role: guard.Roles()[w.r.IntN(len(guard.Roles()))]}
	if r := w.typ.Roles[role]; r != nil && w.r.IntN(5) > 0 {
		if len(r.Is) > 0 {
			p.Role = guard.Role(r.Is[w.r.IntN(len(r.Is))])
		}
		if w.m != nil {
			from := map[string]string{"org": w.m.Org, "reporter_org": w.m.ReporterOrg, "reporter": w.m.Reporter, "assignee": w.m.Assignee}
			pick := func(k string) string {
				if v, ok := from[k]; ok {
					return v
				}
				v, _ := w.m.Data[k].(string)
				return v
			}
			if r.Department != "" {
				p.Department = resource.DepartmentID(pick(r.Department))
			}
			if r.Account != "" {
				p.Account = pick(r.Account)
			}
		}
	}
	return matter.Actor{Principal: p}
}

func (w *walk) data(names ...string) map[string]any {
	out := map[string]any{}
	point := map[string]any{"lon": 121.5, "lat": 31.2}
	at := w.now.Format(time.RFC3339)
	for _, n := range names {
		f := w.typ.Fields[n]
		switch f.Kind {
		case define.Integer, define.Number:
			out[n] = w.r.IntN(6)
		case define.Boolean:
			out[n] = w.r.IntN(4) > 0
		case define.Date:
			out[n] = "2026-12-31"
		case define.Time:
			out[n] = at
		case define.Choice:
			out[n] = f.Options[w.r.IntN(len(f.Options))]
		case define.List:
			out[n] = []any{"一"}
		case define.Department:
			out[n] = []string{"a", "b"}[w.r.IntN(2)]
		case define.Account:
			out[n] = fmt.Sprintf("p%d", w.r.IntN(4))
		case define.Length:
			out[n] = []string{"1wd", "5wd", "10wd"}[w.r.IntN(3)]
		case define.PointField:
			out[n] = point
		case define.Photo:
			out[n] = map[string]any{"object": "o", "sha256": "s", "at": at, "point": point}
		case define.Document:
			out[n] = map[string]any{"object": "o", "sha256": "s", "name": "n"}
		case define.Signature:
			out[n] = map[string]any{"account": "p", "at": at, "sha256": "s"}
		case define.TextField:
			out[n] = "一二三四五六七八九十"
		}
		if w.r.IntN(20) == 0 {
			delete(out, n)
		}
	}
	return out
}

func (w *walk) take(ch *matter.Change) {
	if ch != nil {
		w.m = ch.Matter
		w.events = append(w.events, ch.Events...)
	}
}

func (w *walk) run(seen map[string]bool, refused map[error]int) {
	for range 20 {
		ch, err := w.mc.Open(matter.Filing{Type: w.typ.Name, Data: w.data(append(w.typ.File.Need, w.typ.File.May...)...)}, w.somebody(w.typ.File.Role), w.now)
		if err == nil {
			w.take(ch)
			break
		}
		w.kind(err, "file", refused)
	}
	if w.m == nil {
		return
	}
	defer func() {
		if err := matter.Verify(w.m, w.events); err != nil {
			w.t.Error(err)
		}
	}()
	for range 60 {
		seen[w.m.State] = true
		w.now = w.now.Add(time.Duration(w.r.IntN(72)) * time.Hour)
		ch, err := w.mc.Tick(w.m, w.now)
		if err != nil {
			w.t.Fatalf("%s in %s: time cannot go on: %v", w.typ.Name, w.m.State, err)
		}
		w.take(ch)
		for child, state := range w.m.Children {
			if state == "" && w.r.IntN(2) == 0 {
				ch, err := w.mc.ChildClosed(w.m, &matter.Matter{ID: child, State: "closed"}, w.now)
				if err != nil {
					w.t.Fatalf("%s: end of a sub-matter: %v", w.typ.Name, err)
				}
				w.take(ch)
				break
			}
		}
		options, err := w.mc.Options(w.m, w.somebody(""), w.now)
		if err != nil {
			w.t.Fatal(err)
		}
		if len(options) == 0 {
			return
		}
		o := options[w.r.IntN(len(options))]
		c := matter.Command{Action: o.Action.Name, Region: o.Region, Data: w.data(append(o.Action.Given(), o.Action.May...)...), Rev: w.m.Rev}
		var other *matter.Matter
		if o.Action.Merge {
			other = &matter.Matter{ID: "other", Type: w.m.Type}
			c.Other = "other"
		}
		before := w.m.Seq
		ch, err = w.mc.Do(w.m, c, other, w.somebody(o.Action.Role[0]), w.now)
		if err != nil {
			w.kind(err, o.Action.Name, refused)
			if w.m.Seq != before {
				w.t.Fatalf("%s: a refused command changed the matter", w.typ.Name)
			}
			continue
		}
		w.take(ch)
		if !w.m.Open && (!w.m.Wake.IsZero() || len(ch.Turns) > 0) {
			w.t.Fatalf("%s is closed and still waits", w.typ.Name)
		}
		if w.m.Open && len(ch.Turns) == 0 && w.m.Wake.IsZero() {
			w.t.Fatalf("%s in %s is open and waits for nobody", w.typ.Name, w.m.State)
		}
	}
}

// kind wants every refusal to be of a kind that a caller can act on.
func (w *walk) kind(err error, action string, refused map[error]int) {
	k := fault.KindOf(err)
	refused[k]++
	if k == nil || errors.Is(err, fault.Damaged) || errors.Is(err, fault.NotFound) {
		w.t.Errorf("%s, %s: %v", w.typ.Name, action, err)
	}
}
