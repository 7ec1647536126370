package httpapi

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"shuniu/fault"
)

func TestHeadersOnEveryAnswer(t *testing.T) {
	h := newHub(t, nil)
	for _, path := range []string{"/", "/api/me", "/api/nothing", "/openapi.json", "/healthz"} {
		r := h.do(t, "", http.MethodGet, path, nil)
		csp := r.header.Get("Content-Security-Policy")
		if strings.Contains(csp, "unsafe") || !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") {
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
	if r := h.do(t, "", http.MethodGet, "/openapi.json", nil, "Accept-Encoding", "gzip;q=0"); r.header.Get("Content-Encoding") != "" {
		t.Error("compressed for who refuses it")
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

func TestDemoAccountsAreToldOnlyByADemo(t *testing.T) {
	plain := newHub(t, nil).do(t, "", http.MethodGet, "/api/me", nil)
	if p := plain.problem(t); p.Demo != nil || plain.status != http.StatusUnauthorized {
		t.Errorf("%d %s", plain.status, plain.body)
	}
	demo := newHub(t, func(c *Config) { c.Demo = []DemoAccount{{Account: "leader", Password: "x"}} }).do(t, "", http.MethodGet, "/api/me", nil)
	if p := demo.problem(t); len(p.Demo) != 1 {
		t.Errorf("%s", demo.body)
	}
}

func TestMissingServiceIsNamed(t *testing.T) {
	if _, err := New(Config{}); !errors.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "Accounts") {
		t.Errorf("err = %v", err)
	}
}

// A stop lets an answer in flight finish and ends open streams.
func TestServeStopsCleanly(t *testing.T) {
	began, release := make(chan struct{}), make(chan struct{})
	var srv *Server
	h := newHub(t, func(c *Config) {
		c.Services.Summary = func(context.Context) (Summary, error) {
			close(began)
			<-release
			return Summary{}, nil
		}
		s, err := New(*c)
		if err != nil {
			t.Fatal(err)
		}
		srv = s
	})
	h.seed(t)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ctx, l) }()
	h.URL = "http://" + l.Addr().String()
	stream := h.listen(t, "engineer", "topics=batch")
	stream.next(t)
	answers := make(chan reply, 1)
	go func() { answers <- h.do(t, "engineer", http.MethodGet, "/api/summary", nil) }()
	<-began
	stop()
	select {
	case err := <-done:
		t.Fatalf("stopped with an answer in flight: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	close(release)
	if r := <-answers; r.status != http.StatusOK {
		t.Errorf("the answer in flight: %d", r.status)
	}
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("stop: %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Error("an open stream keeps the server from stopping")
	}
}
