package web

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func built() handler {
	return handler{files: fstest.MapFS{
		".keep":               {},
		"index.html":          {Data: []byte(`<meta name="csp-nonce" content="__NONCE__">`)},
		"favicon.svg":         {Data: []byte("<svg/>")},
		"assets/app-1.js":     {Data: []byte("let a = 1; let a1 = 1;")},
		"assets/app-1.js.br":  {Data: []byte("br")},
		"assets/app-1.js.gz":  {Data: []byte("gzip")},
		"assets/font-1.woff2": {Data: []byte("font")},
	}}
}

func get(t *testing.T, h http.Handler, method, target, accept string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, http.NoBody)
	if accept != "" {
		r.Header.Set("Accept-Encoding", accept)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, res *http.Response) string {
	t.Helper()
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAssetFormFollowsAcceptEncoding(t *testing.T) {
	for _, tc := range []struct{ name, accept, encoding, body string }{
		{"brotli first", "gzip, deflate, br", "br", "br"},
		{"brotli forbidden", "br;q=0, gzip;q=0.5", "gzip", "gzip"},
		{"plain", "", "", "let a = 1; let a1 = 1;"},
		{"unknown", "zstd", "", "let a = 1; let a1 = 1;"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			res := get(t, built(), http.MethodGet, "/assets/app-1.js", tc.accept)
			if got := res.Header.Get("Content-Encoding"); got != tc.encoding {
				t.Errorf("Content-Encoding = %q, want %q", got, tc.encoding)
			}
			if got := body(t, res); got != tc.body {
				t.Errorf("body = %q, want %q", got, tc.body)
			}
			if got := res.Header.Get("Cache-Control"); got != immutable {
				t.Errorf("Cache-Control = %q, want %q", got, immutable)
			}
			if got := res.Header.Get("Content-Type"); got != "text/javascript; charset=utf-8" {
				t.Errorf("Content-Type = %q", got)
			}
		})
	}
}

func TestPagesOfTheRouterAnswerIndex(t *testing.T) {
	for _, target := range []string{"/", "/index.html", "/datasets/scjg_company?tab=rows", "/.keep", "/../../etc/passwd", "/index.html.br"} {
		res := get(t, built(), http.MethodGet, target, "")
		if res.StatusCode != http.StatusOK || !strings.Contains(body(t, res), "csp-nonce") {
			t.Errorf("GET %s: status %d, want the page", target, res.StatusCode)
		}
		if got := res.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("GET %s: Cache-Control = %q, want no-store", target, got)
		}
	}
}

func TestNonceIsFreshAndInThePolicy(t *testing.T) {
	seen := map[string]bool{}
	for range 3 {
		res := get(t, built(), http.MethodGet, "/", "")
		page := body(t, res)
		_, rest, ok := strings.Cut(page, `content="`)
		nonce, _, _ := strings.Cut(rest, `"`)
		if !ok || nonce == nonceMark || seen[nonce] {
			t.Fatalf("nonce %q is not fresh", nonce)
		}
		seen[nonce] = true
		if policy := res.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "'nonce-"+nonce+"'") {
			t.Errorf("policy %q lacks nonce %q", policy, nonce)
		}
	}
}

func TestMissingAssetIsNotThePage(t *testing.T) {
	if res := get(t, built(), http.MethodGet, "/assets/app-0.js", ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("status %d, want 404", res.StatusCode)
	}
}

func TestOtherMethodsAreRefused(t *testing.T) {
	if res := get(t, built(), http.MethodPost, "/", ""); res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: status %d, want 405", res.StatusCode)
	}
	if res := get(t, built(), http.MethodHead, "/assets/app-1.js", ""); body(t, res) != "" || res.Header.Get("Content-Length") != "22" {
		t.Errorf("HEAD: body or length wrong: %v", res.Header)
	}
}

func TestNotBuiltSaysSo(t *testing.T) {
	res := get(t, handler{files: fstest.MapFS{".keep": {}}}, http.MethodGet, "/", "")
	if res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body(t, res), "front end not built: make build") {
		t.Errorf("status %d, want 503 and the reason", res.StatusCode)
	}
}

func TestEmbedded(t *testing.T) {
	res := get(t, Handler(), http.MethodGet, "/", "")
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status %d", res.StatusCode)
	}
}
