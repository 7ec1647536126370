package httpapi

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func export(cols []RowColumn, rows [][]any, fail error) func(*Config) {
	return func(c *Config) {
		c.Services.Tables = exportTables{Tables: c.Services.Tables, rows: func() *memoryRows { return &memoryRows{cols: cols, rows: rows, fail: fail} }}
		c.Services.Query = func(context.Context, string, int64) (RowStream, error) {
			return &memoryRows{cols: cols, rows: rows, fail: fail}, nil
		}
	}
}

type exportTables struct {
	Tables
	rows func() *memoryRows
}

func (e exportTables) Export(context.Context, string, RowFilter) (RowStream, error) {
	return e.rows(), nil
}

func TestExportIsSafeForSpreadsheets(t *testing.T) {
	cells := []struct{ in, want string }{
		{"普通", "普通"},
		{"=1+1", "'=1+1"},
		{"+8613812345678", "+8613812345678"},
		{"+86 138", "'+86 138"},
		{"-12.5", "-12.5"},
		{"-1e5", "-1e5"},
		{"-", "'-"},
		{"-0x1F", "'-0x1F"},
		{"-Inf", "'-Inf"},
		{"-2+3+cmd|' /C calc'!A0", "'-2+3+cmd|' /C calc'!A0"},
		{"@SUM(A1)", "'@SUM(A1)"},
		{"\t=1", "'\t=1"},
		{"\r=1", "'\r=1"},
		{"＝1+1", "'＝1+1"},
		{"＋1", "'＋1"},
		{"－1", "'－1"},
		{"＠x", "'＠x"},
		{"a,b", "a,b"},
		{"say \"hi\"", "say \"hi\""},
		{"two\nlines", "two\nlines"},
		{"", ""},
		{" =1", " =1"},
	}
	rows := make([][]any, len(cells))
	for i, c := range cells {
		rows[i] = []any{c.in, int64(-7), nil, 1.5, true}
	}
	cols := []RowColumn{{Name: "=名称", Type: "text"}, {Name: "n", Type: "integer"}, {Name: "空", Type: "text"}, {Name: "f", Type: "decimal"}, {Name: "b", Type: "boolean"}}
	h := newHub(t, export(cols, rows, nil))
	h.seed(t)
	r := h.do(t, "engineer", http.MethodGet, "/api/datasets/d/rows.csv", nil)
	if r.status != 200 || !strings.HasPrefix(string(r.body), "\uFEFF'=名称,n") || !strings.Contains(r.header.Get("Content-Disposition"), `attachment; filename=d.csv`) {
		t.Fatalf("%d %v %.80q", r.status, r.header, r.body)
	}
	// The reader folds CRLF inside quotes; none of the cells has one.
	got, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(r.body), "\uFEFF"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range cells {
		if row := got[i+1]; row[0] != c.want || row[1] != "-7" || row[2] != "" || row[3] != "1.5" || row[4] != "true" {
			t.Errorf("%q: %q, want %q", c.in, row, c.want)
		}
	}
	lines := h.do(t, "auditor", http.MethodGet, "/api/audit?action=read_rows", nil)
	if p := into[Page[AuditEntry]](t, lines); len(p.Items) != 1 || p.Items[0].Object != "dataset:d" || p.Items[0].Detail != "export" || p.Items[0].Account != "engineer" {
		t.Errorf("on record: %+v", p.Items)
	}
}

// No cell that leaves in an export begins a formula.
func TestEscapeFormulaProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.OneOf(rapid.String(), rapid.StringMatching(`[=+\-@＝＋－＠\t\r][ -~]{0,12}`)).Draw(t, "v")
		got := escapeFormula(v)
		if r, _ := utf8.DecodeRuneInString(got); strings.ContainsRune("=+-@＝＋－＠\t\r", r) && !plainNumber(got) {
			t.Errorf("%q leaves as %q", v, got)
		}
		if got != v && got != "'"+v {
			t.Errorf("%q was changed to %q", v, got)
		}
	})
}

func TestQueryFormats(t *testing.T) {
	cols := []RowColumn{{Name: "名", Type: "text"}, {Name: "n", Type: "integer"}}
	h := newHub(t, export(cols, [][]any{{"=甲", int64(1)}, {nil, int64(2)}, {" x", int64(3)}}, nil))
	h.seed(t)
	r := h.do(t, "owner", http.MethodPost, "/api/query", QueryRequest{SQL: "SELECT 1"})
	if q := into[QueryResult](t, r); len(q.Columns) != 2 || len(q.Rows) != 3 || q.Rows[1][0] != nil || q.Truncated {
		t.Errorf("json: %s", r.body)
	}
	r = h.do(t, "owner", http.MethodPost, "/api/query", QueryRequest{SQL: "SELECT 1", Format: "csv"})
	if string(r.body) != "名,n\n=甲,1\n,2\n\" x\",3\n" {
		t.Errorf("csv: %q", r.body)
	}
	r = h.do(t, "owner", http.MethodPost, "/api/query", QueryRequest{SQL: "SELECT 1", Format: "ndjson"})
	if lines := strings.Split(strings.TrimSpace(string(r.body)), "\n"); len(lines) != 4 || lines[1] != `["=甲",1]` {
		t.Errorf("ndjson: %q", r.body)
	}
	big := newHub(t, export(cols[1:], [][]any{{int64(9007199254740993)}}, nil))
	big.seed(t)
	for who, want := range map[string]string{"engineer": `["9007199254740993"]`, "owner": `[9007199254740993]`} {
		if r := big.do(t, who, http.MethodPost, "/api/query", QueryRequest{SQL: "SELECT 1"}); !strings.Contains(string(r.body), want) {
			t.Errorf("a large integer for %s: %s", who, r.body)
		}
	}
	if r := h.do(t, "engineer", http.MethodPost, "/api/query", QueryRequest{SQL: "SELECT 1", As: "steward"}); r.status != http.StatusForbidden {
		t.Errorf("as another over a session: %d", r.status)
	}
	if r := h.do(t, "owner", http.MethodPost, "/api/query", QueryRequest{SQL: "SELECT 1", As: "steward"}); r.status != http.StatusOK {
		t.Errorf("as another from the command line: %d %s", r.status, r.body)
	}
	if r := h.do(t, "owner", http.MethodPost, "/api/query", QueryRequest{SQL: "SELECT 1", As: "nobody"}); r.status != http.StatusNotFound {
		t.Errorf("as nobody: %d %s", r.status, r.body)
	}
}

// A result that fails on the way must not look whole; one that fails at once
// is a plain problem.
func TestResultThatFails(t *testing.T) {
	boom := errors.New("boom")
	big := make([][]any, 3000)
	for i := range big {
		big[i] = []any{strings.Repeat("x", 1000)}
	}
	for _, tc := range []struct {
		name string
		rows [][]any
		cut  bool
	}{{"at once", nil, false}, {"after 3 MB", big, true}, {"after one row", big[:1], true}} {
		for _, format := range []string{"json", "csv", "ndjson"} {
			h := newHub(t, export([]RowColumn{{Name: "x", Type: "text"}}, tc.rows, boom))
			raw, err := json.Marshal(QueryRequest{SQL: "SELECT 1", Format: format})
			if err != nil {
				t.Fatal(err)
			}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.URL+"/api/query", strings.NewReader(string(raw)))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+ownerToken)
			req.Header.Set("Content-Type", "application/json")
			res, err := http.DefaultTransport.RoundTrip(req)
			whole := false
			if err == nil {
				_, err = io.Copy(io.Discard, res.Body)
				whole = err == nil && res.StatusCode == http.StatusOK
				if err := res.Body.Close(); err != nil {
					t.Error(err)
				}
				if !tc.cut && (err != nil || res.StatusCode != http.StatusInternalServerError) {
					t.Errorf("%s %s: %v, %d", tc.name, format, err, res.StatusCode)
				}
			}
			if whole || tc.cut && err == nil && res.StatusCode == http.StatusOK {
				t.Errorf("%s %s: looks whole", tc.name, format)
			}
		}
	}
}

func TestReceiptsStream(t *testing.T) {
	h := newHub(t, func(c *Config) {
		c.Services.Collect = func(_ context.Context, in CLICollect, emit func(Receipt) error) (CollectSums, error) {
			for i, p := range in.Paths {
				if err := emit(Receipt{File: p, Table: i + 1, Status: "landed"}); err != nil {
					return CollectSums{}, err
				}
			}
			if in.Dataset == "bad" {
				return CollectSums{}, fmt.Errorf("disk: %w", errNothing)
			}
			return CollectSums{Files: int64(len(in.Paths)), Landed: int64(len(in.Paths))}, nil
		}
	})
	for _, dataset := range []string{"", "bad"} {
		r := h.do(t, "owner", http.MethodPost, "/api/cli/collect", CLICollect{Paths: []string{"/a.csv", "/b.csv"}, Dataset: dataset})
		lines := strings.Split(strings.TrimSpace(string(r.body)), "\n")
		if r.status != 200 || len(lines) != 3 {
			t.Fatalf("%d %s", r.status, r.body)
		}
		var last CollectLine
		if err := json.Unmarshal([]byte(lines[2]), &last); err != nil {
			t.Fatal(err)
		}
		if dataset == "" && (last.Sums == nil || last.Sums.Landed != 2) || dataset == "bad" && (last.Problem == nil || last.Problem.Code != "not_found") {
			t.Errorf("last line %s", lines[2])
		}
	}
	if r := h.do(t, "owner", http.MethodPost, "/api/cli/collect", CLICollect{}); r.status != http.StatusUnprocessableEntity {
		t.Errorf("neither paths nor uploads: %d", r.status)
	}
}
