package bpmn_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shuniu/clock"
	"shuniu/fault"
	"shuniu/matter"
	"shuniu/matter/bpmn"
	"shuniu/matter/define"
	"shuniu/packs/matters"
)

func book() *clock.Book { return clock.NewBook(clock.Shipped()) }

// TestRoundTrip draws every shipped type, writes it and reads it again.
func TestRoundTrip(t *testing.T) {
	types, err := matter.Load(matters.Files, book())
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range types.List() {
		p := bpmn.Of(typ)
		file := bpmn.Marshal(p)
		got, err := bpmn.Unmarshal(typ.Name, file)
		if err != nil {
			t.Errorf("%s: %v\n%s", typ.Name, err, file)
			continue
		}
		if diff := cmp.Diff(p, got); diff != "" {
			t.Errorf("%s (-drawn +read):\n%s", typ.Name, diff)
		}
		tasks := 0
		for _, n := range got.Nodes {
			if n.Kind == bpmn.User || n.Kind == bpmn.Service || n.Kind == bpmn.End {
				tasks++
			}
		}
		want := 0
		for _, s := range typ.AllStates() {
			if len(s.Regions) == 0 && (s.Parent == nil || !s.Final) {
				want++
			}
		}
		if tasks != want {
			t.Errorf("%s: %d tasks and ends, want %d", typ.Name, tasks, want)
		}
	}
}

// TestDraftOfShipped wants drafts that the loader takes, for the types that
// reopen nothing (BPMN has no word for it), with the same ways between the
// same states.
func TestDraftOfShipped(t *testing.T) {
	types, err := matter.Load(matters.Files, book())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"approval", "demand", "supervise.order"} {
		typ, err := types.Latest(name)
		if err != nil {
			t.Fatal(err)
		}
		text, err := bpmn.Draft(bpmn.Of(typ), name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		again, err := define.Parse(name, []byte(text), book())
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, text)
			continue
		}
		if a, b := ways(typ), ways(again); !slices.Equal(a, b) {
			t.Errorf("%s: ways %v, want %v", name, b, a)
		}
	}
}

// ways lists "state > state" for the states outside of regions.
func ways(t *define.Type) []string {
	var out []string
	for _, s := range t.AllStates() {
		for _, a := range s.ActionOrder {
			for _, w := range s.Do[a].To {
				out = append(out, s.Name+" > "+w.To)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

const foreign = `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d">
  <bpmn:process id="Permit" name="许可" isExecutable="true">
    <bpmn:startEvent id="S"><bpmn:outgoing>f1</bpmn:outgoing></bpmn:startEvent>
    <bpmn:userTask id="Receive" name="收件"/>
    <bpmn:boundaryEvent id="Late" name="五日" attachedToRef="Receive">
      <bpmn:timerEventDefinition><bpmn:timeDuration>5wd</bpmn:timeDuration></bpmn:timerEventDefinition>
    </bpmn:boundaryEvent>
    <bpmn:exclusiveGateway id="Ok"/>
    <bpmn:parallelGateway id="Both"/>
    <bpmn:userTask id="Fire" name="消防"/>
    <bpmn:serviceTask id="Check" name="比对"/>
    <bpmn:parallelGateway id="Joined"/>
    <bpmn:userTask id="Decide" name="决定"/>
    <bpmn:endEvent id="Done" name="办结"/>
    <bpmn:endEvent id="No" name="不受理"/>
    <bpmn:sequenceFlow id="f1" sourceRef="S" targetRef="Receive"/>
    <bpmn:sequenceFlow id="f2" sourceRef="Receive" targetRef="Ok"/>
    <bpmn:sequenceFlow id="f3" name="受理" sourceRef="Ok" targetRef="Both"/>
    <bpmn:sequenceFlow id="f4" name="不受理" sourceRef="Ok" targetRef="No">
      <bpmn:conditionExpression>incomplete</bpmn:conditionExpression>
    </bpmn:sequenceFlow>
    <bpmn:sequenceFlow id="f5" sourceRef="Late" targetRef="Both"/>
    <bpmn:sequenceFlow id="f6" sourceRef="Both" targetRef="Fire"/>
    <bpmn:sequenceFlow id="f7" sourceRef="Both" targetRef="Check"/>
    <bpmn:sequenceFlow id="f8" sourceRef="Fire" targetRef="Joined"/>
    <bpmn:sequenceFlow id="f9" sourceRef="Check" targetRef="Joined"/>
    <bpmn:sequenceFlow id="f10" sourceRef="Joined" targetRef="Decide"/>
    <bpmn:sequenceFlow id="f11" sourceRef="Decide" targetRef="Done"/>
  </bpmn:process>
  <bpmndi:BPMNDiagram xmlns:bpmndi="x"><bpmndi:BPMNPlane/></bpmndi:BPMNDiagram>
</bpmn:definitions>
`

// TestDraftRuns imports a process as another program writes it; its draft is a
// type that runs, silence after five days included.
func TestDraftRuns(t *testing.T) {
	p, err := bpmn.Unmarshal("permit.bpmn", []byte(foreign))
	if err != nil {
		t.Fatal(err)
	}
	text, err := bpmn.Draft(p, "own.permit")
	if err != nil {
		t.Fatal(err)
	}
	typ, err := define.Parse("draft", []byte(text), book())
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	types, err := matter.NewTypes(typ)
	if err != nil {
		t.Fatal(err)
	}
	cases := `people: {desk: {role: clerk}, li: {role: officer}}
cases:
  - name: 五日不告知即受理，两线并行
    start: 2026-03-02T09:00
    as: desk
    file: {}
    do:
      - {at: 2026-03-10T00:00, expect: {state: both, regions: {line_1: fire, line_2: check}}}
      - {as: li, action: go_1, region: line_1, expect: {state: both}}
      - {as: li, action: go_1, region: line_2, expect: {state: decide}}
      - {as: li, action: go_1, expect: {state: done, open: false}}
`
	if _, err := matter.RunCases("cases", []byte(cases), typ, types, book()); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestRefused(t *testing.T) {
	for _, tc := range []struct{ old, new, what string }{
		{`<bpmn:userTask id="Fire" name="消防"/>`, `<bpmn:businessRuleTask id="Fire" name="消防"/>`, "element businessRuleTask in process is not in the subset"},
		{`<bpmn:timerEventDefinition><bpmn:timeDuration>5wd</bpmn:timeDuration></bpmn:timerEventDefinition>`, `<bpmn:errorEventDefinition/>`, "errorEventDefinition in boundaryEvent"},
		{`<bpmn:exclusiveGateway id="Ok"/>`, `<bpmn:inclusiveGateway id="Ok"/>`, "inclusiveGateway"},
		{`targetRef="Decide"`, `targetRef="Nobody"`, "no node"},
		{`<bpmn:endEvent id="No"`, `<bpmn:endEvent id="Done"`, "stands twice"},
		{`</bpmn:definitions>`, ``, "no XML"},
	} {
		text := strings.Replace(foreign, tc.old, tc.new, 1)
		_, err := bpmn.Unmarshal("f", []byte(text))
		var ps define.Problems
		if !errors.As(err, &ps) || !errors.Is(err, fault.Invalid) || !strings.Contains(err.Error(), tc.what) {
			t.Errorf("%s: %v", tc.what, err)
			continue
		}
		line := 0
		for i, l := range strings.Split(text, "\n") {
			if strings.Contains(l, tc.new) {
				line = i + 1
			}
		}
		if strings.Contains(tc.what, "element") && ps[0].Line != line {
			t.Errorf("%s: line %d, want %d", tc.what, ps[0].Line, line)
		}
	}
	for what, old := range map[string][2]string{
		"without a join": {`sourceRef="Fire" targetRef="Joined"`, `sourceRef="Fire" targetRef="Done"`},
		"in two lines":   {`sourceRef="Fire" targetRef="Joined"`, `sourceRef="Fire" targetRef="Check"`},
	} {
		p, err := bpmn.Unmarshal("f", []byte(strings.Replace(foreign, old[0], old[1], 1)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := bpmn.Draft(p, "x"); !errors.Is(err, fault.Invalid) || !strings.Contains(fmt.Sprint(err), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
