package httpapi

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestFront(t *testing.T) {
	h := newHub(t, nil)
	for _, tc := range []struct {
		path, accept, body, encoding, cache, ctype string
		status                                     int
	}{
		{"/", "", "<!doctype", "", "no-cache", "text/html; charset=utf-8", 200},
		{"/datasets/scjg_company?tab=fields", "", "<!doctype", "", "no-cache", "text/html; charset=utf-8", 200},
		{"/assets/app-1234.js", "", "console", "", "public, max-age=31536000, immutable", "text/javascript; charset=utf-8", 200},
		{"/assets/app-1234.js", "gzip, deflate, br", "brotli bytes", "br", "public, max-age=31536000, immutable", "text/javascript; charset=utf-8", 200},
		{"/assets/app-1234.js", "gzip", "gzip bytes", "gzip", "public, max-age=31536000, immutable", "text/javascript; charset=utf-8", 200},
		{"/assets/app-1234.js", "br;q=0, gzip;q=0.5", "gzip bytes", "gzip", "public, max-age=31536000, immutable", "text/javascript; charset=utf-8", 200},
		{"/favicon.svg", "br", "<svg/>", "", "no-cache", "image/svg+xml", 200},
		{"/assets/gone.js", "", "404", "", "", "text/plain; charset=utf-8", 404},
		{"/%2e%2e/%2e%2e/etc/passwd", "", "<!doctype", "", "no-cache", "text/html; charset=utf-8", 200},
		{"/..%5c..%5cx", "", "404", "", "", "text/plain; charset=utf-8", 404},
	} {
		enc := tc.accept
		if enc == "" {
			enc = "identity"
		}
		r := h.do(t, "", http.MethodGet, tc.path, nil, "Accept-Encoding", enc)
		if r.status != tc.status || !strings.HasPrefix(string(r.body), tc.body) || r.header.Get("Content-Encoding") != tc.encoding ||
			r.header.Get("Cache-Control") != tc.cache || r.header.Get("Content-Type") != tc.ctype {
			t.Errorf("GET %s (%s): %d %q %v", tc.path, tc.accept, r.status, r.body, r.header)
		}
	}
	if r := h.do(t, "", http.MethodPost, "/", nil); r.status != http.StatusMethodNotAllowed {
		t.Errorf("POST /: %d", r.status)
	}
}

func TestHeadersOnEveryAnswer(t *testing.T) {
	h := newHub(t, nil)
	for _, path := range []string{"/", "/api/me", "/api/nothing", "/openapi.json", "/healthz"} {
		r := h.do(t, "", http.MethodGet, path, nil)
		csp := r.header.Get("Content-Security-Policy")
		if !strings.Contains(csp, "script-src 'self';") || strings.Contains(csp, "unsafe-eval") || !strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("GET %s: policy %q", path, csp)
		}
		for _, name := range []string{"X-Trace-Id", "X-Content-Type-Options", "Referrer-Policy", "X-Frame-Options"} {
			if r.header.Get(name) == "" {
				t.Errorf("GET %s: no %s", path, name)
			}
		}
	}
}

func TestCompressionAndETag(t *testing.T) {
	h := newHub(t, nil)
	r := h.do(t, "", http.MethodGet, "/openapi.json", nil, "Accept-Encoding", "gzip")
	if r.header.Get("Content-Encoding") != "gzip" || len(r.body) > 60_000 {
		t.Fatalf("the document is not compressed: %v, %d bytes", r.header, len(r.body))
	}
	zr, err := gzip.NewReader(strings.NewReader(string(r.body)))
	if err != nil {
		t.Fatal(err)
	}
	if raw, err := io.ReadAll(zr); err != nil || !strings.Contains(string(raw), `"openapi":"3.1.0"`) {
		t.Errorf("%v: %.100s", err, raw)
	}
	tag := r.header.Get("ETag")
	if r := h.do(t, "", http.MethodGet, "/openapi.json", nil, "If-None-Match", tag); r.status != http.StatusNotModified || len(r.body) != 0 {
		t.Errorf("with its tag %s: %d, %d bytes", tag, r.status, len(r.body))
	}
	if r := h.do(t, "", http.MethodGet, "/openapi.json", nil, "If-None-Match", `W/"other"`); r.status != http.StatusOK {
		t.Errorf("with another tag: %d", r.status)
	}
	h.seed(t)
	list := h.do(t, "admin", http.MethodGet, "/api/accounts", nil)
	if list.header.Get("ETag") == "" || list.header.Get("Cache-Control") != "private, no-cache" {
		t.Errorf("a list: %v", list.header)
	}
	if r := h.do(t, "auditor", http.MethodGet, "/api/audit", nil); r.header.Get("Cache-Control") != "no-store" || r.header.Get("ETag") != "" {
		t.Errorf("the audit log may stay in a cache: %v", r.header)
	}
}
