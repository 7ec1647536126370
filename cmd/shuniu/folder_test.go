package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"shuniu/httpapi"
	"shuniu/shuniutest/powerfs"
)

// runs executes a command as a process of its own.
func runs(t *testing.T, args ...string) (code int, out, errOut string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var o, e bytes.Buffer
	cmd := exec.CommandContext(ctx, "shuniu", args...)
	cmd.Stdout, cmd.Stderr, cmd.Env = &o, &e, append(os.Environ(), "TMPDIR="+t.TempDir())
	if err := cmd.Run(); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			t.Fatal(err)
		}
		code = exit.ExitCode()
	}
	return code, o.String(), e.String()
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestCommandsOnAFullDisk(t *testing.T) {
	fs := powerfs.Mount(t, powerfs.Ext4)
	dir := filepath.Join(fs.Dir(), "data")
	small, other := filepath.Join(t.TempDir(), "small.csv"), filepath.Join(t.TempDir(), "other.csv")
	writeFile(t, small, "编号,名称\n001,甲\n002,乙\n")
	writeFile(t, other, "编号,数量\n"+strings.Repeat("001,2\n", 1000))
	fs.Limit(256 << 20)
	if code, _, e := runs(t, "collect", "--data", dir, "--dataset", "small", small); code != exitDone {
		t.Fatalf("collect: exit %d: %s", code, e)
	}
	if st, err := os.Stat(filepath.Join(dir, reserveName)); err != nil || st.Size() != reserveBytes {
		t.Fatalf("reserve: %v, %v", st, err)
	}
	fs.Limit(fs.Used()) // full to the last byte

	for range 2 { // the reserve is there again the second time
		code, out, e := runs(t, "doctor", "--data", dir, "--json")
		var rep httpapi.DoctorReport
		if err := json.Unmarshal([]byte(out), &rep); code != exitRefused || err != nil {
			t.Fatalf("doctor: exit %d, %v: %s%s", code, err, out, e)
		}
		if rep.OK || len(rep.Checks) < 5 || rep.Checks[0].Name != "disk_room" || rep.Checks[0].OK {
			t.Errorf("doctor: %+v, want disk_room first and bad, and the other checks", rep)
		}
		if code, out, e := runs(t, "query", "--data", dir, "--format", "csv", `SELECT "名称" FROM landing.small ORDER BY _row`); code != exitDone || out != "名称\n甲\n乙\n" {
			t.Errorf("query: exit %d: %s%s", code, out, e)
		}
	}
	for _, format := range []string{"--json", "--jsonl"} {
		code, out, e := runs(t, "collect", "--data", dir, format, other)
		var got struct {
			Receipts []struct{ File, Status, Reason string }
			Error    string
			File     string
			Reason   string
		}
		if err := json.Unmarshal([]byte(out), &got); err != nil || code != exitInternal {
			t.Fatalf("collect %s: exit %d, %v: %s%s", format, code, err, out, e)
		}
		if format == "--json" {
			if len(got.Receipts) != 1 || got.Error == "" {
				t.Fatalf("collect --json: %s", out)
			}
			got.File, got.Reason = got.Receipts[0].File, got.Receipts[0].Reason
		}
		if got.File != other || !strings.Contains(got.Reason, "no space left") {
			t.Errorf("collect %s: %s", format, out)
		}
	}
	fs.Limit(256 << 20)
	if code, out, e := runs(t, "collect", "--data", dir, "--json", other); code != exitDone || !strings.Contains(out, `"status":"landed"`) {
		t.Errorf("with room again: exit %d: %s%s", code, out, e)
	}
}

// hold takes the lock of a data folder, as a server does.
func hold(t *testing.T, dir string) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("pid 4711: serve\n"); err != nil {
		t.Fatal(err)
	}
}

func TestDamagedReachIsNamed(t *testing.T) {
	for name, text := range map[string]string{"no json": "{\"url\": \"ht", "empty": "", "no token": `{"url":"http://127.0.0.1:1"}`, "rubbish": "\x00\x00"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			hold(t, dir)
			writeFile(t, filepath.Join(dir, "serve.json"), text)
			code, _, e := runs(t, "query", "--data", dir, "--wait", "100ms", "SHOW TABLES")
			if code != exitRefused || !strings.Contains(e, "serve.json") || !strings.Contains(e, "pid 4711") || strings.Contains(e, "another command") {
				t.Errorf("exit %d: %s", code, e)
			}
		})
	}
}

func TestReachIsNoPipe(t *testing.T) {
	dir := t.TempDir()
	hold(t, dir)
	if err := syscall.Mkfifo(filepath.Join(dir, "serve.json"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, e := runs(t, "query", "--data", dir, "--wait", "100ms", "SHOW TABLES"); code != exitRefused || !strings.Contains(e, "serve.json") {
		t.Errorf("exit %d: %s", code, e)
	}
}

func TestDoctorReportsAHubThatDoesNotOpen(t *testing.T) {
	dir, csv := t.TempDir(), filepath.Join(t.TempDir(), "a.csv")
	writeFile(t, csv, "a,b\n1,2\n")
	if code, _, e := runs(t, "collect", "--data", dir, csv); code != exitDone {
		t.Fatalf("exit %d: %s", code, e)
	}
	writeFile(t, filepath.Join(dir, "meta.db"), strings.Repeat("no database ", 1000))
	code, out, e := runs(t, "doctor", "--data", dir, "--json")
	var rep httpapi.DoctorReport
	if err := json.Unmarshal([]byte(out), &rep); err != nil || code != exitRefused || rep.OK {
		t.Fatalf("exit %d, %v: %s%s", code, err, out, e)
	}
	if last := rep.Checks[len(rep.Checks)-1]; last.OK || len(last.Problems) != 1 || !strings.Contains(last.Problems[0].What, "meta.db") || !strings.Contains(last.Problems[0].Mend, "backup") {
		t.Errorf("%+v", rep)
	}
	if code, out, _ := runs(t, "collect", "--data", dir, "--json", csv); code != exitRefused && code != exitInternal || !strings.Contains(out, `"error"`) {
		t.Errorf("collect: exit %d: %s", code, out)
	}
}
