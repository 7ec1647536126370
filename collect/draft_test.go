package collect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"shuniu/brain/duck"
	"shuniu/collect/intake"
	"shuniu/fault"
	"shuniu/resource"
	"shuniu/worker"
)

// A fakeCall is a job of LandHandler in this process: the hub's answers are
// those for a new dataset of each table.
type fakeCall struct {
	worker.Call
	file    *os.File
	out     string
	kept    string                                    // what the hub was given
	change  func(facts *memberFacts, plan *tablePlan) // of the final plan
	drafts  int
	results []tableResult
	rejects []rejectLine
}

func (c *fakeCall) Params(into any) error {
	p, err := json.Marshal(fileParams{Name: filepath.Base(c.file.Name()), Undigested: true})
	if err != nil {
		return err
	}
	return json.Unmarshal(p, into)
}

func (c *fakeCall) Files() []*os.File { return []*os.File{c.file} }
func (c *fakeCall) Out() string       { return c.out }
func (c *fakeCall) Temp() string      { return c.out }

// Finish gives the file away, as the hub takes it.
func (c *fakeCall) Finish(name string) error {
	return os.Rename(filepath.Join(c.out, name), filepath.Join(c.kept, name))
}

func (c *fakeCall) Send(kind string, payload []byte) error {
	switch kind {
	case kindTable:
		r, err := decode[tableResult](payload)
		c.results = append(c.results, r)
		return err
	case kindRejects:
		r, err := decode[rejectChunk](payload)
		c.rejects = append(c.rejects, r.Lines...)
		return err
	}
	return nil
}

func (c *fakeCall) Ask(kind string, payload []byte) ([]byte, error) {
	facts, err := decode[memberFacts](payload)
	if err != nil {
		return nil, err
	}
	var plan memberPlan
	for i := range facts.Tables {
		plan.Tables = append(plan.Tables, newPlan(&facts.Tables[i]))
	}
	if kind == kindDraft {
		c.drafts++
		return json.Marshal(plan.Tables[0])
	}
	if c.change != nil {
		c.change(&facts, &plan.Tables[0])
	}
	return json.Marshal(plan)
}

func newPlan(t *tableFacts) tablePlan {
	forms := make([]form, len(t.Report.Columns))
	for i, c := range t.Report.Columns {
		forms[i] = newForm(c.Name, c.Unit, &t.Findings[i], t.Probes[i])
	}
	storeNames(forms)
	reserved := number(forms)
	p := tablePlan{Batch: resource.BatchID(fmt.Sprintf("batch%d", t.Report.N)), Dataset: "gaj.x"}
	for i := range forms {
		p.Out = append(p.Out, outColumn{Field: forms[i].field(), Source: i})
		if forms[i].Value != nil {
			p.Out = append(p.Out, outColumn{Field: forms[i].Value.field(""), Source: i})
		}
	}
	p.Out = append(p.Out,
		outColumn{Field: resource.Field{ID: reserved[0], Name: resource.BatchColumn, Type: resource.Text}, Source: sourceBatch},
		outColumn{Field: resource.Field{ID: reserved[1], Name: resource.RowColumn, Type: resource.Integer}, Source: sourceRow})
	return p
}

// landOnce runs the handler over content and returns the call and how many
// Parquet files were begun.
func landOnce(t testing.TB, path string, change func(*memberFacts, *tablePlan)) (c *fakeCall, written int) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c = &fakeCall{file: f, out: t.TempDir(), kept: t.TempDir(), change: change}
	write := func(ctx context.Context, path string, fields []resource.Field, batches iter.Seq2[arrow.RecordBatch, error]) (int64, error) {
		written++
		return duck.WriteParquet(ctx, path, fields, batches)
	}
	if err := LandHandler(write)(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return c, written
}

// numbered writes a CSV of n rows: a number, a day, a word; odd, when not
// empty, is the row before the last.
func numberedCSV(t testing.TB, n int, odd string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("编号,登记日期,街镇\n")
	for i := range n {
		if i == n-2 && odd != "" {
			b.WriteString(odd + "\n")
			continue
		}
		fmt.Fprintf(&b, "%d,2024-%02d-%02d,川沙%d\n", i, i%12+1, i%28+1, i%40)
	}
	path := filepath.Join(t.TempDir(), "登记.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBigTableIsReadOnce(t *testing.T) {
	const n = intake.EarlyRows + 70_000
	for _, tt := range []struct {
		name    string
		odd     string
		change  func(*memberFacts, *tablePlan)
		written int
		rejects int
		none    bool
	}{
		{name: "one kind throughout", written: 1},
		{name: "a late line is rejected", odd: "1,2,3,4,5", written: 1, rejects: 1},
		{name: "a late word among numbers", odd: "无号-x,2024-01-01,川沙", written: 2},
		{name: "a late decimal among integers", odd: "1.5,2024-01-01,川沙", written: 2},
		{name: "the hub wants another plan", written: 2, change: func(_ *memberFacts, p *tablePlan) { p.Batch = "other" }},
		{name: "the hub wants no rows", written: 1, none: true, change: func(_ *memberFacts, p *tablePlan) { p.Skip = true }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, written := landOnce(t, numberedCSV(t, n, tt.odd), tt.change)
			if c.drafts != 1 || written != tt.written {
				t.Errorf("%d drafts and %d files begun, want 1 and %d", c.drafts, written, tt.written)
			}
			if left, err := filepath.Glob(filepath.Join(c.out, "*.parquet")); err != nil || len(left) > 0 {
				t.Errorf("left in the job's folder: %v, %v", left, err)
			}
			kept, err := filepath.Glob(filepath.Join(c.kept, "*.parquet"))
			if err != nil {
				t.Fatal(err)
			}
			if tt.none {
				if len(c.results) != 0 {
					t.Errorf("results %+v, want none", c.results)
				}
				return
			}
			if len(c.results) != 1 || len(c.rejects) != tt.rejects {
				t.Fatalf("results %+v, files %v, %d rejects", c.results, kept, len(c.rejects))
			}
			r := c.results[0]
			if want := int64(n - tt.rejects); r.Written != want || r.Tally.Rows != want || len(r.Files) != 1 || !slices.Contains(kept, filepath.Join(c.kept, r.Files[0].Name)) {
				t.Errorf("result %+v, want %d rows; kept %v", r, want, kept)
			}
		})
	}
}

// TestDroppedDraftOfManyFiles: files that a dropped draft has finished are not
// those of the table, whatever the hub has taken of them by then.
func TestDroppedDraftOfManyFiles(t *testing.T) {
	defer func(was int64) { fileBytes = was }(fileBytes)
	fileBytes = 4 << 20
	const n = 800_000
	path := numberedCSV(t, n, "无号-x,2024-01-01,川沙")
	c, written := landOnce(t, path, nil)
	if len(c.results) != 1 || c.drafts != 1 {
		t.Fatalf("%d drafts, results %+v", c.drafts, c.results)
	}
	r := c.results[0]
	if len(r.Files) < 3 || written < len(r.Files)+2 {
		t.Fatalf("%d files begun, %d of the table: too few to tell anything", written, len(r.Files))
	}
	seen := map[string]bool{}
	var rows int64
	for _, f := range r.Files {
		if _, err := os.Stat(filepath.Join(c.kept, f.Name)); err != nil || seen[f.Name] {
			t.Errorf("file %s: %v, seen %v", f.Name, err, seen[f.Name])
		}
		seen[f.Name] = true
		rows += f.Rows
	}
	if rows != n || r.Written != n {
		t.Errorf("%d rows in files, %d written, want %d", rows, r.Written, n)
	}

	// The same through a real worker and hub.
	h := newHub(t)
	rs, err := h.Land(engineer(t), Request{Path: path}, nil)
	if err != nil || len(rs) != 1 || rs[0].Status != stateLanded || rs[0].RowsLanded != n {
		t.Fatalf("land: %+v, %v", rs, err)
	}
	d := rs[0].Dataset
	if got := h.query(t, d, fmt.Sprintf(`SELECT count(*) || ' ' || count(DISTINCT "编号") || ' ' || count(DISTINCT "街镇") FROM landing.%s WHERE "街镇" <> '川沙'`, d)); len(got) != 1 || got[0] != fmt.Sprintf("%d %d 40", n-1, n-1) {
		t.Errorf("rows %v, want %d of 40 towns", got, n-1)
	}
}

// TestColumnThatDoesNotReadIsEmpty: where a dataset keeps a typed reading beside
// a text, a batch of other texts has none, in the whole of a big table too.
func TestColumnThatDoesNotReadIsEmpty(t *testing.T) {
	h := newHub(t)
	first := h.put(t, "台账一.csv", "编号,金额\n1,3 元\n2,1.50 元\n")
	rs, err := h.Land(engineer(t), Request{Path: first, Dataset: "taizhang"}, nil)
	if err != nil || len(rs) != 1 || rs[0].Status != stateLanded {
		t.Fatalf("land: %+v, %v", rs, err)
	}
	const n = 400_000
	var b strings.Builder
	b.WriteString("编号,金额\n")
	for i := range n {
		fmt.Fprintf(&b, "%d,面议%d次以后再定下来的价格\n", i, i)
	}
	rs, err = h.Land(engineer(t), Request{Path: h.put(t, "台账二.csv", b.String()), Dataset: "taizhang", Decided: acceptAll}, nil)
	if err != nil || len(rs) != 1 || rs[0].Status != stateLanded {
		t.Fatalf("land: %+v, %v", rs, err)
	}
	table, err := h.lake.Open(t.Context(), resource.Table{Station: resource.Landing, Dataset: "taizhang"})
	if err != nil {
		t.Fatal(err)
	}
	fields, err := table.Fields(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	column := "金额" + resource.ReadingSuffix
	if !slices.ContainsFunc(fields, func(f resource.Field) bool { return f.Name == column }) {
		t.Fatalf("金额 is kept without a reading: %v", fields)
	}
	if got := h.query(t, "taizhang", fmt.Sprintf(`SELECT count(*) || ' ' || count(%q) FROM landing.taizhang`, column)); len(got) != 1 || got[0] != fmt.Sprintf("%d 2", n+2) {
		t.Errorf("rows and readings %v, want %d 2", got, n+2)
	}
}

// BenchmarkLandHandler lands the file SHUNIU_BENCH_FILE names, or a million
// rows, in this process.
func BenchmarkLandHandler(b *testing.B) {
	path := os.Getenv("SHUNIU_BENCH_FILE")
	if path == "" {
		path = numberedCSV(b, 1_000_000, "")
	}
	st, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(st.Size())
	for b.Loop() {
		if c, _ := landOnce(b, path, nil); len(c.results) != 1 {
			b.Fatalf("results %+v", c.results)
		}
	}
}

// TestDraftThatCannotBeFinished: the writer fails after the last row, as a
// full disk makes it; the job ends with that, once.
func TestDraftThatCannotBeFinished(t *testing.T) {
	f, err := os.Open(numberedCSV(t, intake.EarlyRows+70_000, ""))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c := &fakeCall{file: f, out: t.TempDir()}
	write := func(_ context.Context, _ string, _ []resource.Field, batches iter.Seq2[arrow.RecordBatch, error]) (int64, error) {
		for range batches {
		}
		return 0, fault.Full
	}
	if err := LandHandler(write)(t.Context(), c); !errors.Is(err, fault.Full) {
		t.Errorf("error %v, want %v", err, fault.Full)
	}
	if len(c.results) > 0 {
		t.Errorf("results %+v", c.results)
	}
}
