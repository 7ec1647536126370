package httpapi

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

func TestOriginBelievesOnlyTrustedProxies(t *testing.T) {
	ours := []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}
	for _, tc := range []struct {
		name, remote, forwarded, proto, want string
		secure                               bool
	}{
		{"direct", "192.0.2.7:99", "", "", "192.0.2.7", false},
		{"a liar", "192.0.2.7:99", "198.51.100.1", "https", "192.0.2.7", false},
		{"through a proxy", "10.1.2.3:99", "198.51.100.1", "https", "198.51.100.1", true},
		{"a liar through a proxy", "10.1.2.3:99", "8.8.8.8, 198.51.100.1", "https", "198.51.100.1", true},
		{"two proxies", "10.1.2.3:99", "198.51.100.1, 10.1.9.9", "http", "198.51.100.1", false},
		{"nothing forwarded", "10.1.2.3:99", "", "", "10.1.2.3", false},
		{"rubbish forwarded", "10.1.2.3:99", "<script>", "https,http", "10.1.2.3", false},
		{"mapped", "[::ffff:10.1.2.3]:99", "2001:db8::1", "HTTPS", "2001:db8::1", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := &http.Request{RemoteAddr: tc.remote, Header: http.Header{}}
			if tc.forwarded != "" {
				r.Header.Set("X-Forwarded-For", tc.forwarded)
			}
			if tc.proto != "" {
				r.Header.Set("X-Forwarded-Proto", tc.proto)
			}
			if got, secure := origin(r, ours); got != tc.want || secure != tc.secure {
				t.Errorf("origin = %s, %v, want %s, %v", got, secure, tc.want, tc.secure)
			}
		})
	}
}

func TestCookieIsSecureBehindATrustedProxy(t *testing.T) {
	h := newHub(t, func(c *Config) { c.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	h.seed(t)
	in := Login{Account: "engineer", Password: password}
	r := h.do(t, "", http.MethodPost, "/api/login", in, "X-Forwarded-Proto", "https", "X-Forwarded-For", "198.51.100.1")
	if c := r.header.Get("Set-Cookie"); !strings.HasPrefix(c, "__Host-"+cookieName+"=") || !strings.Contains(c, "Secure") {
		t.Errorf("by https: %q", c)
	}
	r = h.do(t, "", http.MethodPost, "/api/login", in)
	if c := r.header.Get("Set-Cookie"); !strings.HasPrefix(c, cookieName+"=") || strings.Contains(c, "Secure") {
		t.Errorf("by http: %q", c)
	}
	var seen bool
	for _, e := range into[Page[AuditEntry]](t, h.do(t, "auditor", http.MethodGet, "/api/audit?action=sign_in", nil)).Items {
		seen = seen || e.Detail == "address=198.51.100.1"
	}
	if !seen {
		t.Error("the client's address is not on record")
	}
}
