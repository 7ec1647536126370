package collect

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shuniu/collect/intake/tabular"
	"shuniu/fault"
	"shuniu/guard"
	"shuniu/shuniutest/pg"
)

func TestQuarantineMendReplay(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { mendAndReplay(t, newHub(t)) })
	t.Run("postgres", func(t *testing.T) { mendAndReplay(t, openHubOn(t, t.TempDir(), pg.Database(t))) })
}

func mendAndReplay(t *testing.T, h *hub) {
	ctx := engineer(t)
	r := h.one(t, Request{Path: h.put(t, "名册.csv", "姓名,年龄,街道\n张三,30,川沙\n李四,31,张江,多一列,再多\n王五,32,金桥\n赵六,33,三林\n"), Department: "mz"})
	if r.Status != "landed" || r.RowsIn != 4 || r.RowsQuarantined != 1 || r.RowsLanded != 3 {
		t.Fatalf("receipt: %+v", r)
	}
	lines, err := h.Lines(ctx, LineFilter{Batch: r.Batch, State: LineOpen})
	if err != nil || len(lines) != 1 {
		t.Fatalf("lines: %+v, %v", lines, err)
	}
	id := lines[0].ID
	whole, err := h.Quarantined(ctx, id)
	if err != nil || string(whole.Raw) != "李四,31,张江,多一列,再多" && string(whole.Raw) != "李四,31,张江,多一列,再多\n" || whole.Line != 3 || whole.Reason == "" {
		t.Errorf("line: %+v, %v", whole, err)
	}
	if _, err := h.Replay(ctx, r.Batch, nil); !errors.Is(err, fault.NotFound) {
		t.Errorf("replay of nothing: %v", err)
	}
	short := "李四,31"
	if _, err := h.Mend(ctx, id, Mending{Text: &short}); !errors.Is(err, fault.Invalid) {
		t.Errorf("mended to too few values: %v", err)
	}
	good := "李四,31,张江"
	if m, err := h.Mend(ctx, id, Mending{Text: &good}); err != nil || m.State != LineMended {
		t.Fatalf("mend: %+v, %v", m, err)
	}
	again, err := h.Replay(ctx, r.Batch, nil)
	if err != nil || again.Status != "landed" || again.RowsLanded != 1 || again.Dataset != r.Dataset {
		t.Fatalf("replay: %+v, %v", again, err)
	}
	got := h.query(t, r.Dataset, `SELECT "姓名", "年龄", _row FROM landing.`+string(r.Dataset)+` ORDER BY _row`)
	if diff := cmp.Diff([]string{"张三|30|2", "李四|31|3", "王五|32|4", "赵六|33|5"}, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	o, err := h.Origin(ctx, r.Dataset, again.Batch, 3)
	if err != nil || o.Mended == nil || o.Mended.Text != lines[0].Text || *o.Values[2] != "张江" {
		t.Errorf("origin of a mended row: %+v, %v", o, err)
	}
	if _, err := h.Replay(ctx, r.Batch, nil); !errors.Is(err, fault.NotFound) {
		t.Errorf("a line was replayed twice: %v", err)
	}
	if n, err := h.Discard(ctx, []string{id}, "重复"); err != nil || n != 0 {
		t.Errorf("a replayed line was discarded: %d, %v", n, err)
	}
	stranger := guard.With(t.Context(), guard.Principal{Account: "x", Role: guard.Steward, Department: "other"})
	if _, err := h.Lines(stranger, LineFilter{Batch: r.Batch}); !errors.Is(err, fault.Denied) {
		t.Errorf("a stranger reads lines: %v", err)
	}
	if _, err := h.Mend(stranger, id, Mending{Text: &good}); !errors.Is(err, fault.Denied) {
		t.Errorf("a stranger mends: %v", err)
	}
	// The same file again: nothing is doubled, mended or not.
	if u := h.one(t, Request{Path: h.put(t, "名册.csv", "姓名,年龄,街道\n张三,30,川沙\n李四,31,张江,多一列,再多\n王五,32,金桥\n赵六,33,三林\n"), Department: "mz"}); u.Status != "unchanged" || u.Batch != r.Batch {
		t.Errorf("again: %+v", u)
	}
}

func TestSplitLine(t *testing.T) {
	semicolon := &tabular.Dialect{Delimiter: ";", Quote: `"`}
	plain := &tabular.Dialect{Delimiter: "||", Quote: "'"}
	for _, tc := range []struct {
		text string
		d    *tabular.Dialect
		want []string
	}{
		{"a,b", nil, []string{"a", "b"}},
		{`a;"b;""c"""` + "\r\n", semicolon, []string{"a", `b;"c"`}},
		{"a||'b||''c'||", plain, []string{"a", "b||'c", ""}},
		{"", plain, []string{""}},
	} {
		got, err := splitLine(tc.text, tc.d)
		if err != nil {
			t.Errorf("splitLine(%q): %v", tc.text, err)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("splitLine(%q) (-want +got):\n%s", tc.text, diff)
		}
	}
	if _, err := splitLine("a\nb", nil); !errors.Is(err, fault.Invalid) {
		t.Errorf("two lines: %v", err)
	}
}
