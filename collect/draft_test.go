package collect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
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

func (c *fakeCall) Finish(string) error { return nil }

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
	c = &fakeCall{file: f, out: t.TempDir(), change: change}
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
			left, err := filepath.Glob(filepath.Join(c.out, "*.parquet"))
			if err != nil {
				t.Fatal(err)
			}
			if tt.none {
				if len(c.results) != 0 || len(left) != 0 {
					t.Errorf("results %+v, files %v, want none", c.results, left)
				}
				return
			}
			if len(c.results) != 1 || len(left) != 1 || len(c.rejects) != tt.rejects {
				t.Fatalf("results %+v, files %v, %d rejects", c.results, left, len(c.rejects))
			}
			r := c.results[0]
			if want := int64(n - tt.rejects); r.Written != want || r.Tally.Rows != want || len(r.Files) != 1 || filepath.Join(c.out, r.Files[0].Name) != left[0] {
				t.Errorf("result %+v, want %d rows", r, want)
			}
		})
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
		for b := range batches {
			b.Release()
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
