package define_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"shuniu/clock"
	"shuniu/fault"
	"shuniu/matter/define"
)

// sample is a whole type in which every test below changes one thing.
const sample = `matter: test.order
version: 1
title: {zh: 测试单, en: Test order}
laws:
  rule: {article: 测试办法 第一条, version: "2026-01-01"}
roles:
  asker: {title: 提出人, is: [consumer]}
  worker: {title: 承办人, is: [officer], department: org}
  chief: {title: 负责人, is: [leader]}
fields:
  text: {type: text, title: 内容, min: 2}
  level: {type: choice, options: [high, low], title: 等级}
  reason: {type: text, title: 理由}
  days: {type: limit, title: 期限}
  score: {type: integer, title: 评分, min: 1, max: 5}
  place: {type: point, title: 位置}
  photo: {type: photo, title: 照片}
file: {role: asker, need: [text, level, place], effects: [{decide: duty}]}
tables:
  duty:
    in: [level]
    out: [org, days]
    hit: unique
    rows:
      - {in: {level: high}, out: {org: fire, days: 1wd}}
      - {in: {level: low}, out: {org: parks, days: 5wd}}
clocks:
  accept: {title: 受理, party: promised, limit: 30m}
  handle: {title: 处置, party: legal, limit: $days, law: rule, ladder: [{at: 80%, tell: chief}]}
handoff: {limit: 2, arbiter: chief}
start: filed
states:
  filed:
    title: 待受理
    limit: accept
    do:
      accept: {title: 受理, role: worker, to: handling}
      pass_on: {title: 转办, role: worker, handoff: true, need: [reason], to: contested}
  contested:
    title: 待裁决
    untimed: 裁决不限时
    do:
      rule: {title: 裁决, role: chief, to: filed}
  handling:
    title: 处置中
    limit: handle
    do:
      done: {title: 办结, role: worker, need: [photo], when: "distance(data.photo.point, data.place) < 100.0 && !clocks.handle.overdue", to: closed}
  closed:
    title: 已办结
    final: true
    do:
      rate: {title: 评价, role: asker, need: [score]}
`

func parse(t *testing.T, text string) (*define.Type, error) {
	t.Helper()
	return define.Parse("order.yaml", []byte(text), clock.NewBook(clock.Shipped()))
}

func TestParse(t *testing.T) {
	got, err := parse(t, sample)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"filed", "contested", "handling", "closed"}; !slices.Equal(got.StateOrder, want) {
		t.Errorf("states = %v, want %v: the order they are written in", got.StateOrder, want)
	}
	if got.Fields["text"].Title.Zh != "内容" || !slices.Equal(got.TurnOf(got.State("handling")), []string{"worker"}) {
		t.Errorf("title %q, turn %q", got.Fields["text"].Title.Zh, got.TurnOf(got.State("handling")))
	}
}

// TestProblems changes one thing and wants its line and its text.
func TestProblems(t *testing.T) {
	for _, tc := range []struct{ name, old, new, at, what string }{
		{"no YAML", "title: {zh: 测试单, en: Test order}", "title: {zh: 测试单", "4", ""},
		{"a tag that makes the library panic", "need: [text, level, place]", "need: !x level, may: [place]", "", "no YAML that can be read"},
		{"a key nobody knows", "    untimed: 裁决不限时", "    untimd: 裁决不限时", "untimd", "untimd"},
		{"a state nothing leads to", "need: [reason], to: contested}", "need: [reason], to: handling}", "contested:", "never reached"},
		{"a state without an end", "need: [photo], when: \"distance(data.photo.point, data.place) < 100.0 && !clocks.handle.overdue\", to: closed}", "to: filed}", "", "no way leads to an end"},
		{"a state without a clock", "    untimed: 裁决不限时\n", "", "contested:", "has no clock"},
		{"a role that is not there", "chief, to: filed", "boss, to: filed", "role: boss", `role "boss"`},
		{"a role of the hub that is not there", "is: [officer]", "is: [general]", "general", `no role "general"`},
		{"a target that is not there", "to: handling}", "to: handeling}", "handeling", `state "handeling"`},
		{"a field that is not there", "need: [score]", "need: [scores]", "need: [scores]", `field "scores"`},
		{"a choice without options", "options: [high, low], ", "", "level:", "0 options"},
		{"a law that is not there", "law: rule", "law: rules", "law: rules", `law "rules"`},
		{"a legal clock without a law", "law: rule, ladder", "ladder", "handle:", "cites no article"},
		{"a limit that is none", "limit: 30m", "limit: soon", "soon", "clock accept"},
		{"a limit from a field of another kind", "limit: $days", "limit: $text", "$text", "from \"text\""},
		{"a condition that does not compile", "!clocks.handle.overdue", "!clocks.handel.overdue", "handel", "undefined field 'handel'"},
		{"a condition of the wrong type", "when: \"distance(data.photo.point, data.place) < 100.0 && !clocks.handle.overdue\"", "when: \"data.level\"", "when: \"data.level\"", "gives string, want bool"},
		{"a comparison of two types", "!clocks.handle.overdue", "data.level == 3", "data.level", "no matching overload"},
		{"a loop", "!clocks.handle.overdue", "[1,2].all(x, x > 0)", "all(x", "undeclared reference"},
		{"a field that may be absent", "!clocks.handle.overdue", "data.score > 2", "data.score", "may not be given in state handling"},
		{"a limit that may be absent", "effects: [{decide: duty}]", "effects: [{assign: {org: \"'x'\"}}]", "limit: handle", "field days may not be given"},
		{"an action of the engine's own", "      rule: {", "      comment: {", "comment:", "the engine's own"},
		{"an opening that asks what is not there", "need: [text, level, place]", "need: [text, place], may: [level]", "file:", "table duty asks field level"},
		{"sent back without a reason", "handoff: true, need", "handoff: true, return: true, need", "pass_on", "asks no reason"},
		{"a gap in the matrix", "      - {in: {level: low}, out: {org: parks, days: 5wd}}\n", "", "rows:", "no row for level=low"},
		{"an overlap in the matrix", "in: {level: low}", "in: {level: [low, high]}", "level: [low, high]", "row 2 matches what row 1 matches"},
		{"a value the matrix may not set", "days: 1wd", "days: soon", "soon", "soon"},
		{"hand-overs against no limit", "handoff: {limit: 2, arbiter: chief}\n", "", "", "counted against no limit"},
		{"a role nobody uses", "  chief: {title: 负责人, is: [leader]}", "  chief: {title: 负责人, is: [leader]}\n  spare: {title: 备用, is: [leader]}", "spare:", "role spare is never used"},
		{"a clock nobody starts", "    limit: accept\n", "    untimed: 无\n", "accept:", "clock accept is never used"},
		{"a way out of an end", "need: [score]}", "need: [score], to: filed}", "score], to: filed", "leads out of final state"},
		{"two effects in one", "{decide: duty}", "{decide: duty, start: accept}", "decide: duty", "in one entry"},
		{"a start that is no state", "start: filed", "start: begun", "start: begun", `"begun" is no state`},
		{"anybody's role", "{title: 提出人, is: [consumer]}", "{title: 提出人}", "提出人", "anybody would be asker"},
		{"an unfinished version", "version: 1", "version: 0", "version: 0", "version 0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := strings.Replace(sample, tc.old, tc.new, 1)
			if text == sample {
				t.Fatalf("%q is not in the sample", tc.old)
			}
			_, err := parse(t, text)
			var ps define.Problems
			if !errors.As(err, &ps) || !errors.Is(err, fault.Invalid) {
				t.Fatalf("err = %v, want problems", err)
			}
			line := 0
			for i, l := range strings.Split(text, "\n") {
				if tc.at != "" && strings.Contains(l, tc.at) {
					line = i + 1
					break
				}
			}
			if _, err := fmt.Sscanf(tc.at, "%d", &line); err == nil && tc.name != "no YAML" {
				t.Fatal("say a text, not a number")
			}
			if !slices.ContainsFunc(ps, func(p define.Problem) bool {
				return strings.Contains(p.What, tc.what) && (line == 0 || p.Line == line)
			}) {
				t.Errorf("problems:\n%v\nwant line %d: …%s…", err, line, tc.what)
			}
		})
	}
}

func TestDecide(t *testing.T) {
	typ, err := parse(t, sample)
	if err != nil {
		t.Fatal(err)
	}
	tb := typ.Tables["duty"]
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, clock.Shanghai)
	r, err := tb.Decide(map[string]string{"level": "low"}, now)
	if err != nil || r.Out["org"] != "parks" || r.Row != 2 {
		t.Errorf("low: %+v, %v", r, err)
	}
	if _, err := tb.Decide(map[string]string{"level": "middle"}, now); !errors.Is(err, fault.Invalid) {
		t.Errorf("middle: %v, want fault.Invalid", err)
	}
}

func TestFieldValues(t *testing.T) {
	one, five := 1.0, 5.0
	for _, tc := range []struct {
		field define.Field
		in    any
		want  any // nil: refused
	}{
		{define.Field{Kind: define.Integer, Min: &one, Max: &five}, 3, 3.0},
		{define.Field{Kind: define.Integer, Min: &one, Max: &five}, 6, nil},
		{define.Field{Kind: define.Integer}, 2.5, nil},
		{define.Field{Kind: define.Integer}, "3", nil},
		{define.Field{Kind: define.Boolean}, "true", true},
		{define.Field{Kind: define.Date}, "2026-02-30", nil},
		{define.Field{Kind: define.Date}, "2026-02-28", "2026-02-28"},
		{define.Field{Kind: define.Time}, "2026-02-28T10:00:00+08:00", "2026-02-28T02:00:00Z"},
		{define.Field{Kind: define.Length}, "5个工作日", "5wd"},
		{define.Field{Kind: define.Choice, Options: []string{"a"}}, "b", nil},
		{define.Field{Kind: define.TextField, Max: &five}, "一二三四五六", nil},
		{define.Field{Kind: define.TextField, Max: &five}, "一二三四五", "一二三四五"},
		{define.Field{Kind: define.PointField}, map[string]any{"lon": 121.5, "lat": 131.2}, nil},
		{define.Field{Kind: define.Photo}, map[string]any{"object": "o1", "sha256": "ab", "at": "2026-02-28T10:00:00+08:00"}, nil}, // no place
	} {
		tc.field.Name = "f"
		got, err := tc.field.Value(tc.in)
		if tc.want == nil {
			if !errors.Is(err, fault.Invalid) {
				t.Errorf("%s %v = %v, %v; want fault.Invalid", tc.field.Kind, tc.in, got, err)
			}
			continue
		}
		if err != nil || got != tc.want {
			t.Errorf("%s %v = %v, %v; want %v", tc.field.Kind, tc.in, got, err, tc.want)
		}
	}
}

func TestHolds(t *testing.T) {
	typ, err := parse(t, sample)
	if err != nil {
		t.Fatal(err)
	}
	guard := typ.State("handling").Do["done"].When
	point := func(lon float64) map[string]any { return map[string]any{"lon": lon, "lat": 31.2} }
	facts := &define.Facts{
		Data:   map[string]any{"place": point(121.5), "photo": map[string]any{"point": point(121.5005)}},
		Clocks: map[string]any{"handle": map[string]any{"overdue": false}}, Now: time.Now(),
	}
	if ok, err := typ.Holds(guard, facts); err != nil || !ok { // 47.6 m
		t.Errorf("near: %v, %v", ok, err)
	}
	facts.Data["photo"] = map[string]any{"point": point(121.502)} // 190 m
	if ok, err := typ.Holds(guard, facts); err != nil || ok {
		t.Errorf("far: %v, %v", ok, err)
	}
	delete(facts.Data, "photo")
	if _, err := typ.Holds(guard, facts); !errors.Is(err, fault.Conflict) {
		t.Errorf("without a photo: %v, want fault.Conflict", err)
	}
}

func TestCompare(t *testing.T) {
	a, err := parse(t, sample)
	if err != nil {
		t.Fatal(err)
	}
	next := strings.NewReplacer("version: 1", "version: 2", "limit: 30m", "limit: 15m",
		"      rule: {title: 裁决, role: chief, to: filed}", "      rule: {title: 裁决, role: chief, to: filed}\n      drop: {title: 作废, role: chief, to: closed}",
		"min: 1, max: 5", "min: 1, max: 10").Replace(sample)
	b, err := parse(t, next)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range define.Compare(a, b) {
		got = append(got, c.Zh)
	}
	want := []string{"字段 score:max 由 5 改为 10", "时限 accept:limit 由 30m 改为 15m", "新增状态 contested 的 do drop"}
	if !slices.Equal(got, want) {
		t.Errorf("changes = %q, want %q", got, want)
	}
	if same := define.Compare(a, a); len(same) != 0 {
		t.Errorf("a version differs from itself: %v", same)
	}
}

func TestAliasesThatGrow(t *testing.T) {
	text := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 9; i++ {
		text += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	begun := time.Now()
	_, err := parse(t, text)
	if !errors.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "aliases") {
		t.Errorf("err = %v", err)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("it took %s to refuse", took)
	}
}

// FuzzParse wants a type or problems, whatever is read.
func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("matter: a\nstates: {x: }\n"))
	f.Add([]byte("a: &a [*a]"))
	book := clock.NewBook(clock.Shipped())
	f.Fuzz(func(t *testing.T, text []byte) {
		_, err := define.Parse("f", text, book)
		var ps define.Problems
		if err != nil && !errors.As(err, &ps) {
			t.Errorf("%v is no list of problems", err)
		}
	})
}
