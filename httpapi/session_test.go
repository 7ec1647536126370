package httpapi

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"shuniu/guard"
)

func TestSignInJourney(t *testing.T) {
	h := newHub(t, nil)
	h.seed(t)
	r := h.do(t, "", http.MethodPost, "/api/login", Login{Account: "engineer", Password: password})
	me := into[Me](t, r)
	if r.status != 200 || me.Role != "engineer" || !slices.Equal(me.Roles, []string{"engineer", "assessor"}) || me.DepartmentName != "区大数据中心" {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if !slices.Contains(me.Rights, Right{Action: "land", Scope: "any"}) {
		t.Errorf("rights: %v", me.Rights)
	}
	cookie := r.header.Get("Set-Cookie")
	for _, part := range []string{cookieName + "=", "HttpOnly", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(cookie, part) {
			t.Errorf("cookie %q has no %s", cookie, part)
		}
	}
	pair, _, _ := strings.Cut(cookie, ";")
	with := func(method, path string, body any) reply { return h.do(t, "", method, path, body, "Cookie", pair) }
	if r := with("POST", "/api/me/role", RoleChoice{Role: "assessor"}); into[Me](t, r).Role != "assessor" {
		t.Errorf("switch: %d %s", r.status, r.body)
	}
	if r := with("GET", "/api/me", nil); into[Me](t, r).Role != "assessor" {
		t.Errorf("after the switch: %s", r.body)
	}
	if r := with("POST", "/api/uploads", NewUpload{Name: "x", SizeBytes: 1}); r.status != http.StatusForbidden || r.problem(t).Right != "land" || !strings.Contains(r.problem(t).Detail, "归集数据") {
		t.Errorf("as assessor: %d %s", r.status, r.body)
	}
	if r := with("POST", "/api/me/role", RoleChoice{Role: "admin"}); r.status != http.StatusForbidden {
		t.Errorf("foreign role: %d", r.status)
	}
	if r := with("POST", "/api/me/password", PasswordChange{Old: "wrong", New: "another-Good-1"}); r.status != http.StatusForbidden || r.problem(t).Code != "http.sign_in" {
		t.Errorf("wrong old password: %d %s", r.status, r.body)
	}
	if r := with("POST", "/api/me/password", PasswordChange{Old: password, New: "another-Good-1"}); r.status != http.StatusNoContent {
		t.Errorf("change: %d %s", r.status, r.body)
	}
	if r := with("POST", "/api/logout", nil); r.status != http.StatusNoContent || !strings.Contains(r.header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("logout: %d %v", r.status, r.header)
	}
	if r := with("GET", "/api/me", nil); r.status != http.StatusUnauthorized || r.problem(t).Code != "unauthenticated" {
		t.Errorf("after logout: %d %s", r.status, r.body)
	}
	got := map[string]int{}
	for _, e := range into[Page[AuditEntry]](t, h.do(t, "auditor", http.MethodGet, "/api/audit?limit=1000&account=engineer", nil)).Items {
		got[e.Action]++
	}
	if got["sign_in"] != 1 || got["switch_role"] != 1 || got["change_password"] != 1 || got["sign_out"] != 1 || got["sign_in_failed"] != 1 {
		t.Errorf("on record: %v", got)
	}
	if v := into[AuditVerdict](t, h.do(t, "auditor", http.MethodGet, "/api/audit/verify", nil)); !v.OK || v.Checked == 0 {
		t.Errorf("verdict %+v", v)
	}
}

func TestLockoutOverHTTP(t *testing.T) {
	h := newHub(t, nil)
	h.seed(t)
	for range 5 {
		r := h.do(t, "", http.MethodPost, "/api/login", Login{Account: "clerk", Password: "wrong"})
		if p := r.problem(t); r.status != http.StatusUnauthorized || p.Code != "http.sign_in" {
			t.Fatalf("%d %s", r.status, r.body)
		}
	}
	r := h.do(t, "", http.MethodPost, "/api/login", Login{Account: "clerk", Password: password})
	if p := r.problem(t); r.status != http.StatusTooManyRequests || p.Code != "locked" || p.RetryAfter < 1 || p.RetryAfter > 31 || !hasHan(p.Detail) {
		t.Errorf("%d %s", r.status, r.body)
	}
	if got := r.header.Get("Retry-After"); got != strconv.Itoa(r.problem(t).RetryAfter) {
		t.Errorf("Retry-After is %q, the body says %d", got, r.problem(t).RetryAfter)
	}
	// The same words for an unknown account as for a wrong password.
	known := h.do(t, "", http.MethodPost, "/api/login", Login{Account: "leader", Password: "wrong"}).problem(t)
	unknown := h.do(t, "", http.MethodPost, "/api/login", Login{Account: "nobody", Password: "wrong"}).problem(t)
	known.TraceID, unknown.TraceID = "", ""
	if known.Detail != unknown.Detail || known.Code != unknown.Code {
		t.Errorf("%+v and %+v differ", known, unknown)
	}
	if r := h.do(t, "admin", http.MethodPatch, "/api/accounts/clerk", `{"state":"active"}`); r.status != 200 || into[Account](t, r).State != "active" {
		t.Errorf("unlock: %d %s", r.status, r.body)
	}
	if r := h.do(t, "", http.MethodPost, "/api/login", Login{Account: "clerk", Password: password}); r.status != 200 {
		t.Errorf("after the unlock: %d", r.status)
	}
}

func TestAddressIsUnlockedOverHTTP(t *testing.T) {
	h := newHub(t, nil)
	h.seed(t)
	h.as(t, "admin")
	for i := range 25 {
		h.do(t, "", http.MethodPost, "/api/login", Login{Account: "guess" + strconv.Itoa(i), Password: "wrong"})
	}
	if r := h.do(t, "", http.MethodPost, "/api/login", Login{Account: "clerk", Password: password}); r.status != http.StatusTooManyRequests || r.header.Get("Retry-After") == "" {
		t.Fatalf("%d %v %s", r.status, r.header, r.body)
	}
	locks := into[[]SignInLock](t, h.do(t, "admin", http.MethodGet, "/api/sign-in-locks", nil))
	if len(locks) != 1 || locks[0].Address != "127.0.0.1" || locks[0].Failures != 25 {
		t.Fatalf("locks: %+v", locks)
	}
	if r := h.do(t, "steward", http.MethodDelete, "/api/sign-in-locks/127.0.0.1", nil); r.status != http.StatusForbidden {
		t.Errorf("a steward lifts a lock: %d", r.status)
	}
	for _, want := range []int{http.StatusNoContent, http.StatusNotFound} {
		if r := h.do(t, "admin", http.MethodDelete, "/api/sign-in-locks/127.0.0.1", nil); r.status != want {
			t.Errorf("lift: %d %s, want %d", r.status, r.body, want)
		}
	}
	if r := h.do(t, "", http.MethodPost, "/api/login", Login{Account: "clerk", Password: password}); r.status != http.StatusOK {
		t.Errorf("after the lift: %d", r.status)
	}
	if got := into[Page[AuditEntry]](t, h.do(t, "auditor", http.MethodGet, "/api/audit?action=unlock_address", nil)).Items; len(got) != 1 || got[0].Account != "admin" {
		t.Errorf("on record: %+v", got)
	}
}

func TestPeople(t *testing.T) {
	h := newHub(t, nil)
	h.seed(t)
	if r := h.do(t, "admin", http.MethodPost, "/api/departments", NewDepartment{ID: "tjj", Name: "区统计局"}); r.status != http.StatusCreated {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if r := h.do(t, "admin", http.MethodPost, "/api/departments", NewDepartment{ID: "tjj", Name: "again"}); r.status != http.StatusConflict {
		t.Errorf("twice: %d", r.status)
	}
	r := h.do(t, "admin", http.MethodPost, "/api/accounts", NewAccount{Account: "xiaotong", Name: "小统", Department: "tjj", Roles: []string{"steward"}, Password: password})
	if a := into[Account](t, r); r.status != http.StatusCreated || a.DepartmentName != "区统计局" || strings.Contains(string(r.body), "argon2") {
		t.Errorf("%d %s", r.status, r.body)
	}
	if r := h.do(t, "admin", http.MethodPatch, "/api/accounts/admin", `{"roles":["leader"]}`); r.status != http.StatusUnprocessableEntity {
		t.Errorf("an administrator locked itself out: %d", r.status)
	}
	if r := h.do(t, "admin", http.MethodPatch, "/api/accounts/xiaotong", `{"roles":["admin","auditor"]}`); r.status != http.StatusUnprocessableEntity {
		t.Errorf("administrator and auditor in one: %d", r.status)
	}
	found := slices.ContainsFunc(into[[]Department](t, h.do(t, "resident", http.MethodGet, "/api/departments", nil)), func(d Department) bool { return d.Name == "区统计局" })
	if !found {
		t.Error("the new department is not listed")
	}
}

// Any page size lists every account once and in order.
func TestPagingProperty(t *testing.T) {
	h := newHub(t, nil)
	h.seed(t)
	_, all := guard.Demo()
	rapid.Check(t, func(rt *rapid.T) {
		limit := rapid.IntRange(1, 20).Draw(rt, "limit")
		var got []string
		after := ""
		for range len(all) + 2 {
			p := into[Page[Account]](t, h.do(t, "admin", http.MethodGet, "/api/accounts?limit="+strconv.Itoa(limit)+"&after="+after, nil))
			if len(p.Items) > limit {
				rt.Fatalf("%d items, limit %d", len(p.Items), limit)
			}
			for _, a := range p.Items {
				got = append(got, a.Account)
			}
			if after = p.Next; after == "" {
				break
			}
		}
		if len(got) != len(all) || !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(all) {
			rt.Fatalf("limit %d lists %v", limit, got)
		}
	})
}

func TestViewsAreTheAccountsOwn(t *testing.T) {
	h := newHub(t, nil)
	h.seed(t)
	v := into[View](t, h.do(t, "engineer", http.MethodPut, "/api/views", NewView{Page: "batches", Name: "待办", Query: "status=waiting"}))
	again := into[View](t, h.do(t, "engineer", http.MethodPut, "/api/views", NewView{Page: "batches", Name: "待办", Query: "status=failed"}))
	if v.ID == "" || again.ID != v.ID || again.Query != "status=failed" {
		t.Errorf("%+v then %+v", v, again)
	}
	if got := into[[]View](t, h.do(t, "steward", http.MethodGet, "/api/views", nil)); len(got) != 0 {
		t.Errorf("another account sees %v", got)
	}
	if r := h.do(t, "steward", http.MethodDelete, "/api/views/"+v.ID, nil); r.status != http.StatusNotFound {
		t.Errorf("another account deletes: %d", r.status)
	}
	if got := into[[]View](t, h.do(t, "engineer", http.MethodGet, "/api/views?page=batches", nil)); len(got) != 1 {
		t.Errorf("own: %v", got)
	}
	if r := h.do(t, "engineer", http.MethodDelete, "/api/views/"+v.ID, nil); r.status != http.StatusNoContent {
		t.Errorf("delete: %d", r.status)
	}
}
