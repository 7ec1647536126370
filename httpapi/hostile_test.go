package httpapi

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A NUL that a caller sends is the caller's mistake or a text like any other,
// on either store; never a fault of the hub.
func TestNULIsNoFaultOfTheHub(t *testing.T) { onBothStores(t, nulIsNoFault) }

func nulIsNoFault(t *testing.T, h *hub) {
	h.seed(t)
	for _, c := range []struct {
		who, method, path string
		body              any
	}{
		{"steward", http.MethodGet, "/api/search?q=a%00b", nil},
		{"steward", http.MethodGet, "/api/datasets?q=a%00b", nil},
		{"steward", http.MethodGet, "/api/datasets?department=a%00b", nil},
		{"steward", http.MethodGet, "/api/datasets/a%00b", nil},
		{"steward", http.MethodGet, "/api/batches?status=a%00b", nil},
		{"steward", http.MethodGet, "/api/batches/a%00b", nil},
		{"steward", http.MethodGet, "/api/runs/a%00b", nil},
		{"steward", http.MethodGet, "/api/uploads/a%00b", nil},
		{"steward", http.MethodGet, "/api/inspections/a%00b", nil},
		{"steward", http.MethodGet, "/api/quarantine?batch=a%00b", nil},
		{"steward", http.MethodPost, "/api/uploads", NewUpload{Name: "a\x00b.csv", SizeBytes: 3}},
		{"steward", http.MethodPost, "/api/query", QueryRequest{SQL: "SELECT '\x00'"}},
		{"auditor", http.MethodGet, "/api/audit?account=a%00b", nil},
		{"", http.MethodPost, "/api/session", `{"account":"a\u0000b","password":"x"}`},
	} {
		if r := h.do(t, c.who, c.method, c.path, c.body); r.status >= http.StatusInternalServerError {
			t.Errorf("%s %s: %d %s", c.method, c.path, r.status, r.body)
		}
	}
	if logs := h.logs.String(); strings.Contains(logs, "level=ERROR") {
		t.Errorf("logged as faults of the hub:\n%s", logs)
	}
}

// What is wrong with a statement is told to its author, with the reason, and
// is no fault of the hub.
func TestImpossibleStatementsAreTheCallers(t *testing.T) {
	h := newHubWithin(t, "sqlite://"+filepath.Join(t.TempDir(), "meta.db"), 2*time.Second, nil)
	h.seed(t)
	h.land(t, "engineer", "t.csv", []byte("名称,数量\n甲,1\n乙,2\n丙,x3\n"), LandedTable{N: 1, Land: true, Dataset: "t"})
	for _, q := range []string{
		"", ";", "SELEC 1", "SELECT", "SELECT 1; SELECT 2", "INSERT INTO landing.t VALUES (1)", "SELECT * FROM landing.t WHERE", "SELECT 'open",
		"SELECT nothing FROM landing.t", "SELECT * FROM landing.none", "SELECT * FROM t", "SELECT nofunction(1)", "SELECT read_text('/etc/passwd')",
		"SELECT CAST('x' AS INTEGER)", `SELECT CAST("名称" AS INTEGER) FROM landing.t`, "SELECT CAST(300 AS TINYINT)", "SELECT CAST(1e300 AS BIGINT)",
		"SELECT 9223372036854775807 + 1", "SELECT CAST('2024-13-45' AS DATE)", "SELECT CAST('" + strings.Repeat("9", 60) + "' AS DECIMAL(38,0))",
		"SELECT CAST(99999 AS DECIMAL(4,2))", "SELECT regexp_matches('a', '(')", `SELECT regexp_replace("名称", '[', '') FROM landing.t`,
		"SELECT sum(x) FROM (VALUES (9223372036854775807::HUGEINT * 9223372036854775807), (170141183460469231731687303715884105727)) AS v(x)",
		"SELECT sqrt(-1)", "SELECT ln(0)", "SELECT strptime('x', '%Y')", "SELECT date '9999999-01-01'", "SELECT (SELECT i FROM range(3) AS r(i))",
		"SELECT CASE WHEN i = 90000 THEN CAST('x' || i AS INTEGER) ELSE i::INTEGER END AS v FROM range(100000) AS r(i)",
		"SELECT CAST(CASE WHEN i > 2900 THEN 300 ELSE 1 END AS TINYINT) FROM range(3000) AS r(i)",
		"SELECT len(list(rpad('x', 1000, 'y') || i)) FROM range(100000000) AS r(i)", "SELECT length(rpad('x', 2000000000, 'y'))",
		"SELECT max(a.i + b.i) FROM range(100000000) AS a(i), range(100000000) AS b(i)",
		"SELECT " + strings.Repeat("(", 5000) + "1" + strings.Repeat(")", 5000), "SELECT 1 LIMIT -1", "SELECT 1 ORDER BY 7", "SELECT sum(sum(1))",
		"WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) SELECT count(*) FROM r",
	} {
		short := q[:min(len(q), 90)]
		r := h.do(t, "engineer", http.MethodPost, "/api/query", QueryRequest{SQL: q})
		if r.status == http.StatusOK {
			continue // DuckDB has an answer: infinity, NULL
		}
		if r.status < 400 || r.status >= 500 {
			t.Errorf("%s: %d %s", short, r.status, r.body)
			continue
		}
		if p := r.problem(t); !hasHan(p.Detail) || p.Detail == "" {
			t.Errorf("%s: no reason in %s", short, r.body)
		}
	}
	if logs := h.logs.String(); strings.Contains(logs, "level=ERROR") {
		t.Errorf("logged as faults of the hub:\n%s", logs)
	}
}

// Whatever a file is called, its name is a text: it leads nowhere, is sent as
// data, and a name too long to keep is refused.
func TestHostileFileNames(t *testing.T) {
	h := newHub(t, nil)
	h.seed(t)
	for i, name := range []string{"<script>alert(1)<\u2044script>.csv", "../../../etc/passwd.csv", `..\..\boot.csv`, "a\x00b.csv", "=cmd|'x'!A1.csv", "a\nb\r\n.csv", "\u202egpj.csv", strings.Repeat("长", 1365) + ".csv"} {
		r := h.do(t, "steward", http.MethodPost, "/api/uploads", NewUpload{Name: name, SizeBytes: 9})
		if r.status >= 400 && r.status < 500 && hasHan(r.problem(t).Detail) {
			continue
		}
		if u := into[Upload](t, r); r.status != http.StatusCreated || strings.Contains(u.Name, "..") || strings.ContainsAny(u.Name, "\x00\n\r") {
			t.Errorf("name %d: %d %s", i, r.status, r.body)
			continue
		}
		if got := h.land(t, "steward", name, []byte("名,数\n甲,"+string(rune('1'+i))+"\n")); len(got) != 1 || strings.Contains(got[0].File, "..") {
			t.Errorf("name %d: %+v", i, got)
		}
	}
	if logs := h.logs.String(); strings.Contains(logs, "level=ERROR") {
		t.Errorf("logged as faults of the hub:\n%s", logs)
	}
}

// The ids of another department's work tell nothing to who guesses them.
func TestIDsOfOthersTellNothing(t *testing.T) {
	h := newHub(t, nil)
	h.seed(t)
	u := h.send(t, "steward", "机密名单.csv", []byte("名,数\n甲,1\n"))
	ref := h.do(t, "steward", http.MethodPost, "/api/inspections", NewInspection{UploadID: u.ID})
	h.wait(t, "steward", ref)
	run := into[RunRef](t, ref).RunID
	for _, c := range []struct {
		method, path string
		body         any
	}{
		{http.MethodGet, "/api/uploads/" + u.ID, nil},
		{http.MethodDelete, "/api/uploads/" + u.ID, nil},
		{http.MethodGet, "/api/inspections/" + u.ID, nil},
		{http.MethodPost, "/api/inspections", NewInspection{UploadID: u.ID}},
		{http.MethodPost, "/api/landings", NewLanding{UploadID: u.ID}},
		{http.MethodGet, "/api/runs/" + run, nil},
		{http.MethodPost, "/api/runs/" + run + "/cancel", nil},
		{http.MethodPost, "/api/runs/" + run + "/retry", nil},
	} {
		for _, who := range []string{"steward2", "consumer"} {
			r := h.do(t, who, c.method, c.path, c.body)
			if r.status != http.StatusNotFound && r.status != http.StatusForbidden || strings.Contains(string(r.body), "机密") {
				t.Errorf("%s %s %s: %d %s", who, c.method, c.path, r.status, r.body)
			}
		}
	}
}
