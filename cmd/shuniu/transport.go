package main

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"net"

	"shuniu/config"
	"shuniu/fault"
	"shuniu/httpapi"
)

// serverTLS reads the certificate that the configuration names, and the
// SHA-256 of its leaf, by which the folder's commands know the server; nil
// when it names none.
func serverTLS(c config.TLS) (conf *tls.Config, leaf string, err error) {
	if c.Cert == "" {
		return nil, "", nil
	}
	pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
	if err != nil {
		return nil, "", usagef("tls.cert %s and tls.key %s: %v", c.Cert, c.Key, err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}, digestOf(pair.Certificate[0]), nil
}

func digestOf(der []byte) string {
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

// pinned is how a command speaks to the server that wrote leaf into
// serve.json: the certificate names the hub's public name, not the loopback
// address, so that very certificate is asked for instead of a name.
func pinned(leaf string) *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection compares the whole certificate
		VerifyConnection: func(s tls.ConnectionState) error {
			if certs := s.PeerCertificates; len(certs) == 0 || digestOf(certs[0].Raw) != leaf {
				return fmt.Errorf("not the certificate of serve.json: %w", fault.Denied)
			}
			return nil
		},
	}
}

// openToAll tells whether listen is reached from other machines without TLS
// and without a proxy in front: passwords and data cross the network readable.
func openToAll(listen string, c config.Config) bool {
	if c.TLS.Cert != "" || len(c.TrustedProxies) > 0 {
		return false
	}
	host, _, err := net.SplitHostPort(listen)
	if err != nil || host == "localhost" {
		return false
	}
	ip := net.ParseIP(host)
	return ip == nil || !ip.IsLoopback()
}

const (
	plainHTTP     = "plain HTTP on a network address: passwords and data cross the network readable (在网络地址上使用明文 HTTP，口令和数据会被窃听)"
	plainHTTPMend = "set tls.cert and tls.key, or listen on 127.0.0.1 behind a reverse proxy with TLS and set trusted_proxies"
)

// transportCheck is doctor's word on openToAll: a warning, because what was
// acknowledged is not at risk.
func transportCheck(listen string, c config.Config) httpapi.DoctorCheck {
	check := httpapi.DoctorCheck{Name: "transport", OK: true, Checked: 1, Problems: []httpapi.DoctorProblem{}}
	if openToAll(listen, c) {
		check.Problems = append(check.Problems, httpapi.DoctorProblem{What: plainHTTP, Where: listen, Mend: plainHTTPMend})
	}
	return check
}

// listenOn opens the address to serve on.
func listenOn(ctx context.Context, address string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w: %w", address, err, fault.Busy)
	}
	return l, nil
}
