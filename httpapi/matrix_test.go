package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"shuniu/guard"
)

// A spec is the part of the OpenAPI document that tests read.
type spec struct {
	Paths      map[string]map[string]operation `json:"paths"`
	Components struct {
		Schemas map[string]*schema `json:"schemas"`
	} `json:"components"`
}

type operation struct {
	OperationID string `json:"operationId"`
	Right       string `json:"x-right"`
	Public      bool   `json:"x-public"`
	Local       bool   `json:"x-local"`
	Parameters  []struct {
		Name     string  `json:"name"`
		In       string  `json:"in"`
		Required bool    `json:"required"`
		Schema   *schema `json:"schema"`
	} `json:"parameters"`
	RequestBody *struct {
		Content map[string]struct {
			Schema *schema `json:"schema"`
		} `json:"content"`
	} `json:"requestBody"`
}

type schema struct {
	Ref        string             `json:"$ref"`
	Type       any                `json:"type"`
	Properties map[string]*schema `json:"properties"`
	Required   []string           `json:"required"`
	Items      *schema            `json:"items"`
	Enum       []any              `json:"enum"`
	Pattern    string             `json:"pattern"`
	Format     string             `json:"format"`
	MinLength  int                `json:"minLength"`
	MinItems   int                `json:"minItems"`
	Minimum    float64            `json:"minimum"`
}

func readSpec(t *testing.T) *spec {
	t.Helper()
	var s spec
	if err := json.Unmarshal(document(t), &s); err != nil {
		t.Fatal(err)
	}
	return &s
}

// sample makes a value that the schema takes.
func (s *spec) sample(x *schema) any {
	if x.Ref != "" {
		return s.sample(s.Components.Schemas[x.Ref[strings.LastIndexByte(x.Ref, '/')+1:]])
	}
	if len(x.Enum) > 0 {
		return x.Enum[0]
	}
	typ, _ := x.Type.(string)
	switch typ {
	case "object":
		out := map[string]any{}
		for _, k := range x.Required {
			out[k] = s.sample(x.Properties[k])
		}
		return out
	case "array":
		if x.MinItems == 0 {
			return []any{}
		}
		return []any{s.sample(x.Items)}
	case "integer", "number":
		return max(x.Minimum, 1)
	case "boolean":
		return false
	}
	switch {
	case strings.Contains(x.Pattern, "{64}"):
		return strings.Repeat("a", 64)
	case strings.Contains(x.Pattern, "[0-9]{1,19}"):
		return "1"
	case x.Format == "date-time":
		return "2026-11-25T00:00:00Z"
	}
	return "abcdefgh"
}

// request makes a call that passes validation.
func (s *spec) request(path string, o operation) (string, any, []string) {
	var query, headers []string
	for _, p := range o.Parameters {
		v := fmt.Sprint(s.sample(p.Schema))
		switch {
		case p.In == "path":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", v)
		case p.In == "query" && p.Required:
			query = append(query, p.Name+"="+v)
		case p.In == "header" && p.Required:
			headers = append(headers, p.Name, v)
		}
	}
	if len(query) > 0 {
		path += "?" + strings.Join(query, "&")
	}
	if o.RequestBody == nil {
		return path, nil, headers
	}
	for ct, c := range o.RequestBody.Content {
		if ct == "application/json" {
			body := s.sample(c.Schema)
			switch o.OperationID { // where the document alone does not say what is valid
			case "query":
				body = map[string]any{"sql": "SELECT 1"}
			case "replay-lines":
				body = map[string]any{"batch": "abcdefgh"}
			}
			return path, body, headers
		}
		return path, "bytes", append(headers, "Content-Type", ct)
	}
	return path, nil, headers
}

// allowed states, in another form than the policy, which roles may begin an
// operation of a right.
var allowed = map[string]string{
	"session":      "leader admin engineer steward consumer assessor security auditor officer community clerk company resident public",
	"read_entry":   "leader admin engineer steward consumer assessor security auditor officer community clerk",
	"read_rows":    "leader admin engineer steward consumer assessor officer community clerk",
	"land":         "admin engineer steward",
	"mend":         "admin engineer steward",
	"edit_entry":   "admin engineer steward",
	"rollback":     "admin engineer",
	"manage_users": "admin",
	"read_audit":   "auditor",
	"operate":      "admin engineer security",
}

// rightOf states the right of each operation a second time: an operation that
// is not here, or has another right, fails.
var rightOf = map[string]string{
	"login": "", "logout": "session", "me": "session", "switch-role": "session", "change-password": "session",
	"create-upload": "land", "append-upload": "land", "get-upload": "land", "delete-upload": "land",
	"inspect-upload": "land", "get-inspection": "land", "land-upload": "land", "new-dataset-id": "land",
	"list-batches": "read_entry", "get-batch": "read_entry", "answer-batch": "land", "rerun-batch": "land",
	"list-quarantine": "read_rows", "mend-line": "mend", "replay-lines": "mend", "discard-lines": "mend",
	"list-runs": "read_entry", "get-run": "read_entry", "cancel-run": "land", "retry-run": "land",
	"stream": "read_entry", "list-datasets": "read_entry", "get-dataset": "read_entry", "change-dataset": "edit_entry",
	"list-fields": "read_entry", "list-dataset-batches": "read_entry", "list-snapshots": "read_entry", "rollback": "rollback",
	"get-lineage": "read_entry", "list-changes": "read_entry", "get-origin": "read_rows", "list-rows": "read_rows", "export-rows": "read_rows",
	"search": "read_entry", "summary": "read_entry", "get-object": "read_rows", "get-object-content": "read_rows",
	"list-views": "session", "save-view": "session", "delete-view": "session", "query": "read_rows",
	"list-departments": "session", "create-department": "manage_users", "list-accounts": "manage_users", "create-account": "manage_users",
	"change-account": "manage_users", "list-sign-in-locks": "manage_users", "lift-sign-in-lock": "manage_users", "list-audit": "read_audit", "verify-audit": "read_audit", "doctor": "operate", "cli-collect": "land",
}

var operationID = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)

func TestRolesByOperation(t *testing.T) {
	h := newHub(t, nil)
	h.seed(t)
	s := readSpec(t)
	calls := 0
	for path, methods := range s.Paths {
		for method, o := range methods {
			method = strings.ToUpper(method)
			want, known := rightOf[o.OperationID]
			if !known || want != o.Right || o.Public != (want == "") || !operationID.MatchString(o.OperationID) {
				t.Errorf("%s %s (%s): right %q, public %v; want %q", method, path, o.OperationID, o.Right, o.Public, want)
			}
			switch o.OperationID {
			case "stream", "logout", "change-password", "switch-role":
				continue // have tests of their own
			}
			url, body, headers := s.request(path, o)
			if !o.Public {
				if r := h.do(t, "", method, url, body, headers...); r.status != http.StatusUnauthorized {
					t.Errorf("%s without a session: %d", o.OperationID, r.status)
				}
				if r := h.do(t, "", method, url, body, append(headers, "Authorization", "Bearer wrong")...); r.status != http.StatusUnauthorized {
					t.Errorf("%s with a wrong token: %d", o.OperationID, r.status)
				}
				if r := h.do(t, "", method, url, body, append(headers, "Cookie", cookieName+"=forged")...); r.status != http.StatusUnauthorized {
					t.Errorf("%s with a forged cookie: %d", o.OperationID, r.status)
				}
			}
			for _, role := range guard.Roles() {
				r := h.do(t, string(role), method, url, body, headers...)
				calls++
				may := want == "" || slices.Contains(strings.Fields(allowed[want]), string(role)) && !o.Local
				switch {
				case r.status >= 500:
					t.Errorf("%s as %s: %d %s", o.OperationID, role, r.status, r.body)
				case may && want != "" && (r.status == http.StatusForbidden || r.status == http.StatusUnauthorized):
					t.Errorf("%s as %s: %d, want allowed", o.OperationID, role, r.status)
				case !may && r.status != http.StatusForbidden:
					t.Errorf("%s as %s: %d, want 403", o.OperationID, role, r.status)
				case !may && r.problem(t).Code != "denied":
					t.Errorf("%s as %s: problem %s", o.OperationID, role, r.body)
				case may && r.status == http.StatusUnprocessableEntity && want != "" && o.OperationID != "create-account": // its password is too plain
					t.Errorf("%s as %s: the sample request is not valid: %s", o.OperationID, role, r.body)
				}
			}
		}
	}
	if calls < 600 {
		t.Errorf("only %d calls", calls)
	}
	t.Logf("%d calls", calls)
}

// What is no operation: only health, the document and the front end are open.
func TestOutsideTheDocument(t *testing.T) {
	h := newHub(t, nil)
	h.seed(t)
	for _, tc := range []struct {
		who, path string
		want      int
	}{
		{"", "/healthz", 200},
		{"", "/readyz", 200},
		{"", "/openapi.json", 200},
		{"", "/", 200},
		{"", "/datasets/x", 200},
		{"", "/metrics", 401},
		{"steward", "/metrics", 403},
		{"engineer", "/metrics", 200},
		{"owner", "/metrics", 200},
		{"", "/api/nothing", 404},
		{"", "/api/", 404},
		{"", "/debug/pprof/", 200}, // the front end's own page
	} {
		if r := h.do(t, tc.who, http.MethodGet, tc.path, nil); r.status != tc.want {
			t.Errorf("GET %s as %q: %d, want %d", tc.path, tc.who, r.status, tc.want)
		}
	}
	if r := h.do(t, "", http.MethodGet, "/debug/pprof/", nil); !strings.Contains(string(r.body), "枢纽") {
		t.Errorf("/debug/pprof/ is not the front end: %s", r.body)
	}
}

// hostileRequest puts strings of list into every parameter and every text of
// the body.
func (s *spec) hostileRequest(path string, o operation, list []string, n int) (string, any, []string) {
	next := func() string { n++; return list[(n*7919)%len(list)] }
	var query, headers []string
	for _, p := range o.Parameters {
		v := url.PathEscape(next())
		switch p.In {
		case "path":
			if v == "" || v == "." || v == ".." {
				v = "x"
			}
			path = strings.ReplaceAll(path, "{"+p.Name+"}", v)
		case "query":
			query = append(query, p.Name+"="+url.QueryEscape(next()))
		case "header":
			headers = append(headers, p.Name, strings.Map(printable, next()))
		}
	}
	if len(query) > 0 {
		path += "?" + strings.Join(query, "&")
	}
	if o.RequestBody == nil {
		return path, nil, headers
	}
	for ct, c := range o.RequestBody.Content {
		if ct == "application/json" {
			return path, s.hostileBody(c.Schema, next, 0), headers
		}
	}
	return path, next(), append(headers, "Content-Type", "application/octet-stream")
}

func printable(r rune) rune {
	if r < ' ' || r > '~' {
		return '?'
	}
	return r
}

func (s *spec) hostileBody(x *schema, next func() string, depth int) any {
	if x.Ref != "" {
		return s.hostileBody(s.Components.Schemas[x.Ref[strings.LastIndexByte(x.Ref, '/')+1:]], next, depth)
	}
	if depth > 4 {
		return s.sample(x)
	}
	typ, _ := x.Type.(string)
	switch typ {
	case "object":
		out := map[string]any{}
		for k, v := range x.Properties {
			out[k] = s.hostileBody(v, next, depth+1)
		}
		return out
	case "array":
		return []any{s.hostileBody(x.Items, next, depth+1), s.hostileBody(x.Items, next, depth+1)}
	case "integer", "number", "boolean":
		return s.sample(x)
	}
	if len(x.Enum) > 0 || x.Format != "" || x.Pattern != "" {
		return s.sample(x)
	}
	return next()
}
