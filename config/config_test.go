package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"shuniu/config"
	"shuniu/fault"
)

func write(t *testing.T, text string) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), "shuniu.yaml")
	if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEnvironmentBeatsFile(t *testing.T) {
	file := write(t, "listen: 127.0.0.1:1\nworkers:\n  count: 3\n  deadline: 5s\n")
	c, err := config.Load(file, []string{"SHUNIU_WORKERS_COUNT=4", "PATH=/bin", "SHUNIU_SOAK=1"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:1" || c.Workers.Count != 4 || c.Workers.Deadline != 5*time.Second {
		t.Errorf("config = %+v", c)
	}
	if c.Workers.MemoryMB != config.Default().Workers.MemoryMB {
		t.Errorf("an absent key lost its default: %+v", c.Workers)
	}
}

// A file that says nothing leaves every default.
func TestEmptyFile(t *testing.T) {
	for name, text := range map[string]string{"empty": "", "blank": " \n\n", "a remark": "# nothing yet\n", "a document mark": "---\n", "null": "null\n"} {
		c, err := config.Load(write(t, text), nil)
		if err != nil || c.Workers != config.Default().Workers || c.Data != config.Default().Data {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
}

// What is no file of text is refused at once, and nothing of it is printed that
// a terminal would obey.
func TestNoTextFile(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{"pipe": pipe, "folder": t.TempDir(), "device": "/dev/zero", "binary": write(t, "a: \x1b[2J\x00\xff\xfe{\n"), "huge": write(t, strings.Repeat("# remark\n", 1<<18))} {
		_, err := config.Load(file, nil)
		if !errors.Is(err, fault.Invalid) || !strings.Contains(err.Error(), file) || strings.ContainsAny(err.Error(), "\x1b\x00") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTransport(t *testing.T) {
	c, err := config.Load(write(t, "tls:\n  cert: a.pem\n  key: b.pem\ntrusted_proxies: [10.1.2.0/24, 10.9.9.9]\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Proxies()
	if err != nil || len(got) != 2 || got[1].String() != "10.9.9.9/32" || c.TLS.Key != "b.pem" {
		t.Errorf("%+v, %v, %v", c, got, err)
	}
	if c, err = config.Load("", []string{"SHUNIU_TRUSTED_PROXIES=10.1.2.3, ::1/128", "SHUNIU_TLS_CERT=a", "SHUNIU_TLS_KEY=b"}); err != nil || len(c.TrustedProxies) != 2 || c.TLS.Cert != "a" {
		t.Errorf("environment: %+v, %v", c, err)
	}
}

func TestTypoNamesTheNearestKey(t *testing.T) {
	for _, tc := range []struct{ name, file, env, want string }{
		{"file", "workers:\n  cuont: 3\n", "", `line 2: unknown setting "workers.cuont", did you mean "workers.count"?`},
		{"environment", "", "SHUNIU_LISTN=x", `"SHUNIU_LISTN", did you mean "SHUNIU_LISTEN"?`},
		{"nothing near", "zzzzzzzzzzzzzzzz: 1\n", "", `unknown setting "zzzzzzzzzzzzzzzz"`},
		{"not yaml", "a: [", "", "shuniu.yaml"},
		{"wrong kind", "", "SHUNIU_WORKERS_COUNT=many", "no whole number"},
		{"half a certificate", "tls:\n  cert: a.pem\n", "", "tls.cert and tls.key"},
		{"no network", "trusted_proxies: [proxy.local]\n", "", `"proxy.local" is neither`},
		{"out of range", "workers:\n  count: 0\n", "", "workers.count is 0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			file := ""
			if tc.file != "" {
				file = write(t, tc.file)
			}
			_, err := config.Load(file, []string{tc.env})
			if !errors.Is(err, fault.Invalid) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("err = %v, want fault.Invalid with %q", err, tc.want)
			}
		})
	}
}
