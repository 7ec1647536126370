package httpapi

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unicode"

	"shuniu/collect/intake/tabular"
	"shuniu/fault"
	"shuniu/shuniutest/publicdata"
)

func hasHan(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) }) >= 0
}

func TestProblemPerFault(t *testing.T) {
	var err error
	h := newHub(t, func(c *Config) {
		c.Services.Summary = func(context.Context) (Summary, error) { return Summary{}, err }
	})
	h.seed(t)
	for _, tc := range []struct {
		err    error
		status int
		code   string
	}{
		{fmt.Errorf("x: %w", fault.NotFound), 404, "not_found"},
		{fmt.Errorf("x: %w", fault.Invalid), 422, "invalid"},
		{fmt.Errorf("x: %w", fault.Denied), 403, "denied"},
		{fmt.Errorf("x: %w", fault.Conflict), 409, "conflict"},
		{fmt.Errorf("x: %w", fault.Busy), 503, "busy"},
		{fmt.Errorf("x: %w", fault.Damaged), 500, "damaged"},
		{fmt.Errorf("x: %w", fault.Full), 507, "full"},
		{fmt.Errorf("write: %w", syscall.ENOSPC), 507, "full"},
		{errors.New("secret of the inside /var/lib/x"), 500, "internal"},
		{&tabular.Refusal{Kind: "encrypted", Message: "文件有密码", Hint: "请去掉密码"}, 422, "refused.encrypted"},
		{fault.Explain(fmt.Errorf("x: %w", fault.Busy), "worker.deadline", map[string]any{"seconds": 60}), 503, "worker.deadline"},
	} {
		err = tc.err
		zh := h.do(t, "leader", http.MethodGet, "/api/summary", nil)
		en := h.do(t, "leader", http.MethodGet, "/api/summary", nil, "Accept-Language", "en-GB,en;q=0.9")
		p, q := zh.problem(t), en.problem(t)
		if zh.status != tc.status || p.Status != tc.status || p.Code != tc.code || p.Type == "" || p.TraceID != zh.header.Get("X-Trace-Id") ||
			zh.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%v: %d %s", tc.err, zh.status, zh.body)
		}
		if !hasHan(p.Title) || !hasHan(p.Detail) || strings.ContainsAny(p.Detail, "{}") {
			t.Errorf("%v: Chinese is %q, %q", tc.err, p.Title, p.Detail)
		}
		if hasHan(q.Title) || hasHan(q.Detail) && !strings.HasPrefix(tc.code, "refused.") || strings.ContainsAny(q.Detail, "{}") {
			t.Errorf("%v: English is %q, %q", tc.err, q.Title, q.Detail)
		}
		if strings.Contains(string(zh.body), "secret") {
			t.Errorf("the inside shows: %s", zh.body)
		}
	}
	if !strings.Contains(h.logs.String(), "secret of the inside") {
		t.Error("the log does not have what the caller is not told")
	}
}

func TestPanicIsOneAnswer(t *testing.T) {
	h := newHub(t, func(c *Config) {
		c.Services.Summary = func(context.Context) (Summary, error) { panic("secret boom") }
	})
	h.seed(t)
	r := h.do(t, "leader", http.MethodGet, "/api/summary", nil)
	if p := r.problem(t); r.status != 500 || p.Code != "internal" || strings.Contains(string(r.body), "boom") {
		t.Errorf("%d %s", r.status, r.body)
	}
	if !strings.Contains(h.logs.String(), "secret boom") || !strings.Contains(h.logs.String(), r.problem(t).TraceID) {
		t.Error("the log does not have the panic under its trace id")
	}
	if r := h.do(t, "leader", http.MethodGet, "/api/me", nil); r.status != 200 {
		t.Errorf("after a panic: %d", r.status)
	}
}

func TestValidationNamesThePart(t *testing.T) {
	h := newHub(t, nil)
	h.seed(t)
	for _, tc := range []struct{ method, path, body, location string }{
		{"POST", "/api/uploads", `{"name":"a","size_bytes":-1}`, "body.size_bytes"},
		{"POST", "/api/uploads", `{"size_bytes":1}`, "body"},
		{"POST", "/api/uploads", `{"name":"a","size_bytes":1,"titel":"b"}`, "body.titel"},
		{"GET", "/api/batches?limit=1001", "", "query.limit"},
		{"GET", "/api/batches?limit=0", "", "query.limit"},
		{"GET", "/api/batches?since=yesterday", "", "query.since"},
		{"GET", "/api/datasets?sort=size", "", "query.sort"},
		{"GET", "/api/objects/zz", "", "path.sha256"},
	} {
		var body any
		if tc.body != "" {
			body = tc.body
		}
		r := h.do(t, "engineer", tc.method, tc.path, body)
		p := r.problem(t)
		if r.status != 422 || p.Code != "invalid" || !slices.ContainsFunc(p.Errors, func(f ProblemField) bool { return f.Location == tc.location }) {
			t.Errorf("%s %s %s: %d %s", tc.method, tc.path, tc.body, r.status, r.body)
		}
	}
	for _, bad := range []string{"", "{", "[]", "null", `"x"`, strings.Repeat("[", 100_000), "\xff\xfe"} {
		if r := h.do(t, "engineer", http.MethodPost, "/api/uploads", bad); r.status < 400 || r.status >= 500 {
			t.Errorf("body %.20q: %d %s", bad, r.status, r.body)
		}
	}
	if r := h.do(t, "engineer", http.MethodPost, "/api/query", `{"sql":"`+strings.Repeat("x", 2<<20)+`"}`); r.status != http.StatusRequestEntityTooLarge {
		t.Errorf("2 MiB of JSON: %d %.200s", r.status, r.body)
	}
}

func TestCrossOriginIsRefused(t *testing.T) {
	h := newHub(t, nil)
	h.seed(t)
	view := `{"page":"batches","name":"x","query":"a=1"}`
	for _, tc := range []struct {
		name    string
		headers []string
		want    int
	}{
		{"same origin", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"no browser", nil, 200},
		{"cross site", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"same site, other origin", []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"old browser, foreign origin", []string{"Origin", "https://evil.example"}, 403},
		{"old browser, own origin", []string{"Origin", h.URL}, 200},
		{"null origin", []string{"Origin", "null"}, 403},
	} {
		r := h.do(t, "engineer", http.MethodPut, "/api/views", view, tc.headers...)
		if r.status != tc.want {
			t.Errorf("%s: %d %s, want %d", tc.name, r.status, r.body, tc.want)
		}
		if tc.want == 403 && r.problem(t).Code != "http.cross_origin" {
			t.Errorf("%s: %s", tc.name, r.body)
		}
	}
}

func naughty(t *testing.T) []string {
	t.Helper()
	out := []string{"' OR 1=1 --", "\x00", "%00", "../../etc/passwd", "{{7*7}}", "\"><script>", "-1", "9223372036854775808", "%", "_", "\\", "💩", "\u202e", strings.Repeat("a", 5000), "NaN", "a\r\nSet-Cookie: x=1"}
	dir, ok := publicdata.Find(t, "hostile")
	if !ok {
		return out
	}
	files, err := filepath.Glob(filepath.Join(dir, "blns", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		if json.Unmarshal(raw, &list) == nil {
			for i, s := range list {
				if i%4 == 0 {
					out = append(out, s)
				}
			}
			break
		}
	}
	return out
}

// Whatever stands in a parameter or a body: an answer below 500, and a header
// of our own making only.
func TestHostileStringsEverywhere(t *testing.T) {
	h := newHub(t, nil)
	h.seed(t)
	s := readSpec(t)
	list := naughty(t)
	calls, n := 0, 0
	for path, methods := range s.Paths {
		for method, o := range methods {
			if o.OperationID == "stream" || o.OperationID == "logout" || o.OperationID == "login" || o.Local {
				continue
			}
			who := "engineer"
			switch o.Right {
			case "manage_users":
				who = "admin"
			case "read_audit":
				who = "auditor"
			}
			for range 40 {
				n++
				url, body, headers := s.hostileRequest(path, o, list, n)
				r := h.do(t, who, strings.ToUpper(method), url, body, headers...)
				calls++
				if r.status >= 500 || r.header.Get("Set-Cookie") != "" {
					t.Errorf("%s %s %v: %d %s", method, url, body, r.status, r.body)
				}
			}
		}
	}
	t.Logf("%d calls with %d strings", calls, len(list))
	sc := bufio.NewScanner(strings.NewReader(h.logs.String()))
	for sc.Scan() {
		if strings.Contains(sc.Text(), "panicked") {
			t.Errorf("a panic: %s", sc.Text())
		}
	}
}
