package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"shuniu/clock"
	"shuniu/fault"
	"shuniu/guard"
	"shuniu/matter"
	"shuniu/matter/define"
	"shuniu/metadb"
)

const twoSteps = `matter: test.step
version: 1
title: {zh: 两步, en: Two steps}
roles:
  worker: {title: 承办人, is: [officer]}
fields:
  text: {type: text, title: 内容}
clocks:
  do: {title: 办理, party: promised, limit: 5wd}
file: {role: worker, need: [text], title: text}
start: one
states:
  one:
    title: 第一步
    limit: do
    do:
      sub: {title: 交办, role: worker, effects: [{spawn: test.step, with: {text: data.text}}]}
      go: {title: 办结, role: [worker, system], to: done}
    children: {join: all, do: go}
  done:
    title: 完成
    final: true
`

func TestSubMatters(t *testing.T) {
	onBoth(t, func(t *testing.T, db *metadb.DB) {
		typ, err := define.Parse("step", []byte(twoSteps), clock.NewBook(clock.Shipped()))
		if err != nil {
			t.Fatal(err)
		}
		types, err := matter.NewTypes(typ)
		if err != nil {
			t.Fatal(err)
		}
		w := newWorld(t, db, types)
		ctx := as(t.Context(), "a", guard.Officer, "x")
		r, err := w.File(ctx, matter.Filing{Type: "test.step", Data: map[string]any{"text": "父"}})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := w.Do(ctx, matter.Command{Matter: r.Matter, Action: "sub"}); err != nil {
				t.Fatal(err)
			}
		}
		links, err := w.st.Links(t.Context(), r.Matter)
		if err != nil || len(links) != 2 || links[0].Kind != "child" {
			t.Fatalf("links %v, %v", links, err)
		}
		for i, l := range links {
			if _, err := w.Do(ctx, matter.Command{Matter: l.To, Action: "go"}); err != nil {
				t.Fatal(err)
			}
			for range 2 { // told twice, done once
				if _, err := w.CatchUp(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if m := w.state(t, r.Matter); m.Open != (i == 0) {
				t.Errorf("after %d of 2 the parent is open: %v", i+1, m.Open)
			}
		}
		if err := w.Verify(t.Context(), r.Matter); err != nil {
			t.Error(err)
		}
		if m := w.state(t, r.Matter); m.Seq != 5 { // opening, twice sub, twice an end
			t.Errorf("%d events, want 5", m.Seq)
		}
	})
}

func TestVersions(t *testing.T) {
	onBoth(t, func(t *testing.T, db *metadb.DB) {
		parse := func(text string) *define.Type {
			typ, err := define.Parse("step", []byte(text), clock.NewBook(clock.Shipped()))
			if err != nil {
				t.Fatal(err)
			}
			return typ
		}
		types, err := matter.NewTypes(parse(twoSteps))
		if err != nil {
			t.Fatal(err)
		}
		w := newWorld(t, db, types)
		ctx := as(t.Context(), "a", guard.Officer, "x")
		if err := w.Restore(ctx); err != nil {
			t.Fatal(err)
		}
		r, err := w.File(ctx, matter.Filing{Type: "test.step", Data: map[string]any{"text": "旧"}})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Publish(ctx, parse(strings.Replace(twoSteps, "limit: 5wd", "limit: 6wd", 1))); !errors.Is(err, fault.Conflict) {
			t.Errorf("version 1 was changed: %v", err)
		}
		next := strings.NewReplacer("version: 1", "version: 2", "  one:\n", "  first:\n", "start: one", "start: first").Replace(twoSteps)
		if err := w.Publish(ctx, parse(next)); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Do(ctx, matter.Command{Matter: r.Matter, Action: "sub"}); err != nil {
			t.Errorf("the old one goes on: %v", err)
		}
		if got, err := w.Move(ctx, "test.step", 1, 2, nil, true); err != nil || got.Matters != 0 || len(got.Problems) != 1 {
			t.Errorf("without a map: %+v, %v", got, err)
		}
		states := map[string]string{"one": "first"}
		if got, err := w.Move(ctx, "test.step", 1, 2, states, true); err != nil || got.Matters != 1 || w.state(t, r.Matter).Version != 1 {
			t.Errorf("dry: %+v, %v", got, err)
		}
		if got, err := w.Move(ctx, "test.step", 1, 2, states, false); err != nil || got.Matters != 1 {
			t.Errorf("move: %+v, %v", got, err)
		}
		if m := w.state(t, r.Matter); m.Version != 2 || m.State != "first" {
			t.Errorf("version %d, state %s", m.Version, m.State)
		}
		if err := w.Verify(t.Context(), r.Matter); err != nil {
			t.Error(err)
		}
		third := strings.NewReplacer("version: 2", "version: 3", "with: {text: data.text}", "with: {text: data.text, more: data.text}", "need: [text]", "need: [text, more]", "fields:\n", "fields:\n  more: {type: text, title: 更多}\n",
			"limit: do\n", "limit: late\n", "clocks:\n", "clocks:\n  late: {title: 新时限, party: promised, limit: 9wd}\n").Replace(next)
		third = strings.Replace(third, "    children:", "      late: {title: 旧时限, role: worker, effects: [{start: do}]}\n    children:", 1)
		if err := w.Publish(ctx, parse(third)); err != nil {
			t.Fatal(err)
		}
		if got, err := w.Move(ctx, "test.step", 2, 3, nil, true); err != nil || got.Matters != 0 || len(got.Problems) == 0 || !strings.Contains(got.Problems[0], "relies on field more") {
			t.Errorf("a field it has not: %+v, %v", got, err)
		}
		if err := w.Publish(ctx, parse(strings.Replace(strings.Replace(third, "version: 3", "version: 4", 1), ", more: data.text}", "}", 1))); !errors.Is(err, fault.Invalid) {
			t.Errorf("it opens its own kind without a field that it needs: %v", err)
		}
		fourth := strings.NewReplacer("version: 3", "version: 4", "need: [text, more]", "need: [text], may: [more]").Replace(third)
		if err := w.Publish(ctx, parse(fourth)); err != nil {
			t.Fatal(err)
		}
		if got, err := w.Move(ctx, "test.step", 2, 4, nil, false); err != nil || got.Matters != 2 { // it and its sub-matter
			t.Errorf("move to 4: %+v, %v", got, err)
		}
		if m := w.state(t, r.Matter); !slices.ContainsFunc(m.Clocks, func(c matter.ClockState) bool { return c.Name == "late" }) {
			t.Errorf("the clock of the new version does not run: %+v", m.Clocks)
		}
		if err := w.Verify(t.Context(), r.Matter); err != nil {
			t.Error(err)
		}
		// Another start knows all versions from the store.
		fresh, err := matter.NewTypes()
		if err != nil {
			t.Fatal(err)
		}
		if err := newWorld(t, db, fresh).Restore(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := fresh.Get("test.step", 1); err != nil {
			t.Error(err)
		}
		if typ, err := fresh.Latest("test.step"); err != nil || typ.Version != 4 {
			t.Errorf("latest %v, %v", typ, err)
		}
	})
}

// TestHiddenFields looks for a field that only some roles may read, wherever a
// matter is shown.
func TestHiddenFields(t *testing.T) {
	onBoth(t, func(t *testing.T, db *metadb.DB) {
		text := strings.NewReplacer("text: {type: text, title: 内容}", "text: {type: text, title: 内容}\n  secret: {type: text, title: 秘密, see: [boss]}",
			"roles:\n", "roles:\n  boss: {title: 领导, is: [leader]}\n", "need: [text], title", "need: [text], may: [secret], title",
			"role: worker, effects", "role: [worker, boss], effects").Replace(twoSteps)
		typ, err := define.Parse("step", []byte(text), clock.NewBook(clock.Shipped()))
		if err != nil {
			t.Fatal(err)
		}
		types, err := matter.NewTypes(typ)
		if err != nil {
			t.Fatal(err)
		}
		w := newWorld(t, db, types)
		worker, boss := as(t.Context(), "a", guard.Officer, "x"), as(t.Context(), "b", guard.Leader, "x")
		r, err := w.File(worker, matter.Filing{Type: "test.step", Data: map[string]any{"text": "公开", "secret": "不可说"}})
		if err != nil {
			t.Fatal(err)
		}
		shown := func(ctx context.Context) string {
			v, err := w.Get(ctx, r.Matter)
			if err != nil {
				t.Fatal(err)
			}
			h, err := w.History(ctx, r.Matter, 0, 10)
			if err != nil {
				t.Fatal(err)
			}
			l, _, err := w.List(ctx, matter.Filter{})
			if err != nil {
				t.Fatal(err)
			}
			in, err := w.Inbox(ctx, matter.Place{}, 10)
			if err != nil || len(in) != 1 {
				t.Fatalf("inbox %v, %v", in, err)
			}
			raw, err := json.Marshal([]any{v.Matter, h, l, in})
			if err != nil {
				t.Fatal(err)
			}
			return string(raw)
		}
		if s := shown(worker); strings.Contains(s, "不可说") || !strings.Contains(s, "公开") {
			t.Errorf("the worker reads %s", s)
		}
		if s := shown(boss); strings.Count(s, "不可说") != 4 {
			t.Errorf("the boss reads it %d times, want 4: page, history, list, inbox", strings.Count(s, "不可说"))
		}
		if err := w.Verify(t.Context(), r.Matter); err != nil {
			t.Error(err)
		}
	})
}
