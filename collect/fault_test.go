package collect

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"shuniu/brain"
	"shuniu/fault"
	"shuniu/resource"
	"shuniu/worker"
)

func TestALostRowFailsTheBatch(t *testing.T) {
	h := newHub(t)
	l := &landing{s: h.Service, id: "x", file: "坏.csv", sha: strings.Repeat("0", 64), tell: func(Progress) {}}
	l.done, l.held, l.ordinals = map[string]bool{}, map[resource.DatasetID]bool{}, map[string]int{}
	defer l.release()
	ctx := engineer(t)
	err := h.Pool.Run(ctx, worker.Request{
		Method: "collect.broken",
		Answer: func(_ string, payload []byte) ([]byte, error) {
			facts, err := decode[memberFacts](payload)
			if err != nil {
				return nil, err
			}
			plan, err := l.planMember(ctx, &facts)
			if err != nil {
				return nil, err
			}
			return encode(plan)
		},
	}, func(m worker.Message) error { return l.message(ctx, nil, m) })
	if !errors.Is(err, fault.Damaged) {
		t.Fatalf("a reader that lost a row: %v, want fault.Damaged", err)
	}
	// The hub does not trust the worker's word either.
	b := l.batches[0]
	b.result = &tableResult{Tally: b.facts.tally(), Written: 2, Files: []outFile{{"x", 2}}}
	if err := b.account(); !errors.Is(err, fault.Damaged) {
		t.Errorf("an account that does not add up: %v", err)
	}
}

func TestTheSameFileTwiceAtOnceLandsOnce(t *testing.T) {
	t.Run("small", func(t *testing.T) { sameFileAtOnce(t, newHub(t)) })
	t.Run("big", func(t *testing.T) { // read while the digest is computed
		h := newHub(t)
		h.sourceBytes = 0
		sameFileAtOnce(t, h)
	})
}

func sameFileAtOnce(t *testing.T, h *hub) {
	t.Helper()
	path := h.put(t, "同时.csv", "甲,乙\n1,2\n3,4\n")
	if h.sourceBytes == 0 {
		time.Sleep(sourceAge + 100*time.Millisecond)
	}
	var wg sync.WaitGroup
	status := make([]string, 4)
	for i := range status {
		wg.Go(func() {
			rs, err := h.Land(engineer(t), Request{Path: path}, nil)
			if err != nil || len(rs) != 1 {
				t.Errorf("land: %+v, %v", rs, err)
				return
			}
			status[i] = rs[0].Status
		})
	}
	wg.Wait()
	n := map[string]int{}
	for _, s := range status {
		n[s]++
	}
	if n["landed"] != 1 || n["unchanged"] != 3 {
		t.Errorf("statuses %v, want one landed", status)
	}
	if got := h.query(t, "tongshi", `SELECT count(*) || ' ' || sum("乙") FROM landing.tongshi`); len(got) != 1 || got[0] != "2 6" {
		t.Errorf("rows %v, want two", got)
	}
}

// TestASourceThatChanges: what was read of a file that changed meanwhile does
// not count; its rows are those of the copy that was kept.
func TestASourceThatChanges(t *testing.T) {
	h := newHub(t)
	h.sourceBytes = 0
	var text strings.Builder
	text.WriteString("编号,数量\n")
	for i := range 200_000 {
		fmt.Fprintf(&text, "%d,%d\n", i, i%7)
	}
	path := h.put(t, "变化.csv", text.String())
	time.Sleep(sourceAge + 100*time.Millisecond)
	changed, last, readings := false, int64(1<<62), 0
	rs, err := h.Land(engineer(t), Request{Path: path}, func(p Progress) {
		if p.Step != "read" {
			return
		}
		if p.Rows < last {
			readings++ // from its beginning
		}
		if last = p.Rows; !changed {
			changed = true
			if err := os.WriteFile(path, []byte(strings.ReplaceAll(text.String(), "编号", "号码")), 0o600); err != nil {
				t.Error(err)
			}
		}
	})
	if err != nil || len(rs) != 1 || rs[0].Status != stateLanded || !changed {
		t.Fatalf("land: %+v, %v, changed %v", rs, err, changed)
	}
	if readings != 2 {
		t.Errorf("%d readings, want one of the file and one of its copy", readings)
	}
	kept, err := h.Originals.Path(rs[0].SHA256)
	if err != nil {
		t.Fatal(err)
	}
	bytes, err := os.ReadFile(kept)
	if err != nil {
		t.Fatal(err)
	}
	name := "编号"
	if strings.HasPrefix(string(bytes), "号码") {
		name = "号码"
	}
	d := rs[0].Dataset
	if got := h.query(t, d, fmt.Sprintf(`SELECT count(*) || ' ' || sum(%q) FROM landing.%s`, name, d)); len(got) != 1 || got[0] != "200000 19999900000" {
		t.Errorf("rows %v", got)
	}
	// The same file, at rest: known at once, nothing is read to the end.
	if err := os.WriteFile(path, bytes, 0o600); err != nil {
		t.Fatal(err)
	}
	time.Sleep(sourceAge + 100*time.Millisecond)
	again, err := h.Land(engineer(t), Request{Path: path}, nil)
	if err != nil || len(again) != 1 || again[0].Status != stateUnchanged || again[0].Batch != rs[0].Batch {
		t.Errorf("again: %+v, %v", again, err)
	}
}

func TestManyVersionsAtOnce(t *testing.T) {
	h := newHub(t)
	var wg sync.WaitGroup
	for i := range 8 {
		text := fmt.Sprintf("编号,日期,数量\n%d,2024-01-0%d,%d\n", i, i+1, i)
		if i%2 == 1 {
			text = fmt.Sprintf("编号,日期,数量\n%d,2024/1/%d,%d.5\n", i, i+1, i)
		}
		path := h.put(t, fmt.Sprintf("台账2024010%d.csv", i+1), text)
		wg.Go(func() {
			if rs, err := h.Land(engineer(t), Request{Path: path}, nil); err != nil || len(rs) != 1 || rs[0].Status != "landed" || rs[0].Dataset != "taizhang" {
				t.Errorf("land %s: %+v, %v", path, rs, err)
			}
		})
	}
	wg.Wait()
	got := h.query(t, "taizhang", `SELECT string_agg("日期" || ' ' || "数量", ',' ORDER BY "编号") FROM landing.taizhang`)
	want := "2024-01-01 0,2024/1/2 1.5,2024-01-03 2,2024/1/4 3.5,2024-01-05 4,2024/1/6 5.5,2024-01-07 6,2024/1/8 7.5"
	if len(got) != 1 || got[0] != want {
		t.Errorf("texts %v, want %s", got, want)
	}
}

func TestArchive(t *testing.T) {
	h := newHub(t)
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	const members = 60
	for i := range members {
		w, err := z.Create(fmt.Sprintf("日报/日报2024%02d%02d.csv", i/28+1, i%28+1))
		if err != nil {
			t.Fatal(err)
		}
		note := ""
		if i == 40 {
			note = "约10"
		}
		fmt.Fprintf(w, "街道,事件数,备注\n川沙,%d,a\n张江,%d%s,b\n", i, i*2, note)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	rs := h.land(t, Request{Path: h.put(t, "日报.zip", buf.String())})
	t.Logf("%d members in %v", members, time.Since(start))
	if len(rs) != members {
		t.Fatalf("%d receipts, want %d", len(rs), members)
	}
	for i, r := range rs {
		if r.Status != "landed" || r.Table != i+1 || r.RowsLanded != 2 || r.Dataset != rs[0].Dataset {
			t.Errorf("receipt %d: %+v", i, r)
		}
	}
	got := h.query(t, rs[0].Dataset, `SELECT count(*), count("事件数") FROM landing.`+string(rs[0].Dataset))
	if got[0] != "120|120" {
		t.Errorf("rows: %v", got)
	}
	got = h.query(t, rs[0].Dataset, `SELECT "事件数" FROM landing.`+string(rs[0].Dataset)+` WHERE "事件数" LIKE '%约%'`)
	if len(got) != 1 || got[0] != "80约10" {
		t.Errorf("the text that does not read: %v", got)
	}
	if again := h.land(t, Request{Path: filepath.Join(h.dir, "in", "日报.zip")}); len(again) != members || again[5].Status != "unchanged" {
		t.Errorf("again: %d receipts", len(again))
	}
	o, err := h.Origin(engineer(t), rs[7].Dataset, rs[7].Batch, 3)
	if err != nil || o.Member != "日报/日报20240108.csv" || *o.Values[0] != "张江" || *o.Values[1] != "14" {
		t.Errorf("origin: %+v, %v", o, err)
	}
}

func TestWorkbook(t *testing.T) {
	h := newHub(t)
	x := excelize.NewFile()
	for _, row := range []struct {
		cell string
		data []any
	}{
		{"A1", []any{"养老机构统计表"}},
		{"A2", []any{"机构名称", "床位数", "开业日期"}},
		{"A3", []any{"第一福利院", 200, time.Date(2019, 5, 1, 0, 0, 0, 0, time.UTC)}},
		{"A4", []any{"康乐养老院", 80, time.Date(2020, 6, 1, 0, 0, 0, 0, time.UTC)}},
	} {
		if err := x.SetSheetRow("Sheet1", row.cell, &row.data); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := x.NewSheet("街道"); err != nil {
		t.Fatal(err)
	}
	for i, row := range [][]any{{"街道名称", "人口"}, {"川沙", 420000}, {"张江", 200000}} {
		if err := x.SetSheetRow("街道", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	var buf bytes.Buffer
	if _, err := x.WriteTo(&buf); err != nil {
		t.Fatal(err)
	}
	rs := h.land(t, Request{Path: h.put(t, "养老.xlsx", buf.String()), Department: "mz"})
	if len(rs) != 2 || rs[0].RowsLanded != 2 || rs[1].RowsLanded != 2 || rs[0].Dataset == rs[1].Dataset {
		t.Fatalf("receipts: %+v", rs)
	}
	got := h.query(t, rs[0].Dataset, `SELECT "机构名称", "床位数", _row FROM landing.`+string(rs[0].Dataset)+` ORDER BY _row`)
	if len(got) != 2 || got[0] != "第一福利院|200|3" {
		t.Errorf("rows: %v", got)
	}
}

func TestRefusedAndMissing(t *testing.T) {
	h := newHub(t)
	if r := h.one(t, Request{Path: h.put(t, "空.csv", "")}); r.Status != "refused" || r.Reason == "" {
		t.Errorf("empty file: %+v", r)
	}
	if _, err := h.Land(engineer(t), Request{Path: filepath.Join(h.dir, "nothing")}, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := h.Land(engineer(t), Request{Path: h.dir}, nil); !errors.Is(err, fault.Invalid) {
		t.Errorf("a folder: %v", err)
	}
	if _, err := h.Land(engineer(t), Request{Path: h.put(t, "a.csv", "a,b\n1,2\n"), Dataset: "坏 名"}, nil); !errors.Is(err, fault.Invalid) {
		t.Errorf("a bad id: %v", err)
	}
	if _, err := h.Land(t.Context(), Request{Path: h.put(t, "a.csv", "a,b\n1,2\n")}, nil); !errors.Is(err, fault.Denied) {
		t.Errorf("nobody: %v", err)
	}
}

// A cutLake commits and then loses its voice, as a hub does that is killed
// between the commit and the receipt.
type cutLake struct {
	brain.Lake
	before bool // lose it before the commit
}

type cutTable struct {
	brain.Table
	lake *cutLake
}

var errCut = errors.New("cut")

func (l *cutLake) Open(ctx context.Context, t resource.Table) (brain.Table, error) {
	x, err := l.Lake.Open(ctx, t)
	return &cutTable{x, l}, err
}

func (l *cutLake) Create(ctx context.Context, t resource.Table, f []resource.Field) (brain.Table, error) {
	x, err := l.Lake.Create(ctx, t, f)
	return &cutTable{x, l}, err
}

func (t *cutTable) Append(ctx context.Context, c brain.Commit) (resource.Snapshot, error) {
	if !t.lake.before {
		if _, err := t.Table.Append(ctx, c); err != nil {
			return resource.Snapshot{}, err
		}
	}
	return resource.Snapshot{}, errCut
}

func (t *cutTable) Snapshots(context.Context) ([]resource.Snapshot, error) { return nil, errCut }

func TestACutBetweenCommitAndReceipt(t *testing.T) {
	for _, before := range []bool{false, true} {
		t.Run(fmt.Sprintf("before=%v", before), func(t *testing.T) {
			dir := t.TempDir()
			var path string
			t.Run("cut", func(t *testing.T) {
				h := openHub(t, dir)
				h.Lake = &cutLake{Lake: h.lake, before: before}
				path = h.put(t, "断电.csv", "甲,乙\n11,2\n3,4\n5,6,7,8\n9,9\n")
				if rs, err := h.Land(engineer(t), Request{Path: path}, nil); !errors.Is(err, errCut) || len(rs) != 0 {
					t.Fatalf("land: %+v, %v", rs, err)
				}
			})
			h := openHub(t, dir)
			r := h.one(t, Request{Path: path})
			want := "unchanged"
			if before {
				want = "landed"
			}
			if r.Status != want {
				t.Errorf("after the cut: %+v, want %s", r, want)
			}
			if got := h.query(t, "duandian", "SELECT count(*) FROM landing.duandian"); got[0] != "3" {
				t.Errorf("rows: %v, want 3", got)
			}
			lines, err := h.Lines(engineer(t), LineFilter{Dataset: "duandian"})
			if err != nil || len(lines) != 1 {
				t.Errorf("quarantine: %+v, %v", lines, err)
			}
			e, err := h.Catalogue.Get(engineer(t), "duandian")
			if err != nil || e.Rows != 3 {
				t.Errorf("entry: %+v, %v", e, err)
			}
		})
	}
}
