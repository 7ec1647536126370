package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"shuniu/config"
)

func TestOpenToAll(t *testing.T) {
	secure := config.Config{TLS: config.TLS{Cert: "a", Key: "b"}}
	for _, tc := range []struct {
		listen string
		conf   config.Config
		want   bool
	}{
		{"127.0.0.1:8420", config.Config{}, false},
		{"[::1]:0", config.Config{}, false},
		{"localhost:1", config.Config{}, false},
		{"0.0.0.0:8420", config.Config{}, true},
		{":8420", config.Config{}, true},
		{"hub.district:8420", config.Config{}, true},
		{"0.0.0.0:8420", secure, false},
		{"0.0.0.0:8420", config.Config{TrustedProxies: []string{"10.0.0.1"}}, false},
	} {
		if got := openToAll(tc.listen, tc.conf); got != tc.want {
			t.Errorf("openToAll(%q) = %v, want %v", tc.listen, got, tc.want)
		}
		if got := transportCheck(tc.listen, tc.conf); !got.OK || (len(got.Problems) > 0) != tc.want {
			t.Errorf("transportCheck(%q) = %+v", tc.listen, got)
		}
	}
}

// certificate writes a certificate of a public name and its key.
func certificate(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"hub.district.example"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "cert.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	writeFile(t, filepath.Join(dir, "key.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})))
}

func TestServesTLS(t *testing.T) {
	dir, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	certificate(t, dir)
	conf := filepath.Join(dir, "shuniu.yaml")
	writeFile(t, conf, "tls:\n  cert: "+filepath.Join(dir, "cert.pem")+"\n  key: "+filepath.Join(dir, "key.pem")+"\n")
	cmd := exec.CommandContext(t.Context(), "shuniu", "serve", "--data", data, "--config", conf, "--listen", "127.0.0.1:0")
	cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var r reach
	var err error
	for range 200 {
		if r, err = readReach(data); err == nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err != nil || !strings.HasPrefix(r.URL, "https://") || len(r.Certificate) != 64 {
		t.Errorf("reach = %+v, %v", r, err)
	}
	if code, out, e := runs(t, "doctor", "--data", data, "--json"); code != exitDone {
		t.Errorf("through TLS: exit %d: %s%s", code, out, e)
	}
	// A server that is not the one of serve.json gets no token.
	raw, err := os.ReadFile(filepath.Join(data, "serve.json"))
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(data, "serve.json"), strings.Replace(string(raw), r.Certificate, strings.Repeat("0", 64), 1))
	if code, _, e := runs(t, "doctor", "--data", data); code != exitRefused || !strings.Contains(e, "certificate") {
		t.Errorf("another certificate: exit %d: %s", code, e)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	writeFile(t, conf, "tls:\n  cert: nowhere.pem\n  key: nowhere.pem\n")
	if code, _, e := runs(t, "serve", "--data", data, "--config", conf, "--listen", "127.0.0.1:0"); code != exitUsage || !strings.Contains(e, "nowhere.pem") {
		t.Errorf("no certificate: exit %d: %s", code, e)
	}
}
