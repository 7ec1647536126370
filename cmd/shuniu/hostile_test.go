package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"shuniu/shuniutest/powerfs"
)

// landed makes a data folder with one table.
func landed(t *testing.T) (dir, csv string) {
	t.Helper()
	dir, csv = filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "small.csv")
	writeFile(t, csv, "编号,名称\n001,甲\n002,乙\n")
	if code, _, e := runs(t, "collect", "--data", dir, "--dataset", "small", csv); code != exitDone {
		t.Fatalf("collect: exit %d: %s", code, e)
	}
	return dir, csv
}

// A lost metadata store is told: a new, empty one beside the old tables would
// answer that nothing was ever there, and doctor that all is well.
func TestLostMetadataStore(t *testing.T) {
	for _, how := range []string{"missing", "empty"} {
		t.Run(how, func(t *testing.T) {
			dir, csv := landed(t)
			name := filepath.Join(dir, "meta.db")
			if err := os.Rename(name, name+".aside"); err != nil {
				t.Fatal(err)
			}
			if how == "empty" {
				writeFile(t, name, "")
			}
			for _, args := range [][]string{
				{"query", "SHOW TABLES"}, {"doctor", "--json"}, {"collect", "--dataset", "small", csv}, {"serve", "--listen", "127.0.0.1:0"},
			} {
				code, out, e := runs(t, append([]string{"--data", dir}, args...)...)
				if code != exitRefused || !strings.Contains(out+e, "meta.db") || !strings.Contains(out+e, "备份") {
					t.Errorf("%s: exit %d: %s%s", args[0], code, out, e)
				}
			}
			if err := os.Rename(name+".aside", name); err != nil {
				t.Fatal(err)
			}
			if code, out, e := runs(t, "query", "--data", dir, "--format", "csv", "SELECT count(*) AS n FROM landing.small"); code != exitDone || out != "n\n2\n" {
				t.Errorf("restored: exit %d: %s%s", code, out, e)
			}
		})
	}
}

// Doctor misses a file that rows came from, and one that changed.
func TestLostOriginal(t *testing.T) {
	dir, _ := landed(t)
	kept, err := filepath.Glob(filepath.Join(dir, "originals", "*", "*"))
	if err != nil || len(kept) != 1 {
		t.Fatal(kept, err)
	}
	raw, err := os.ReadFile(kept[0])
	if err != nil {
		t.Fatal(err)
	}
	raw[0] ^= 1
	for _, tc := range []struct {
		how     string
		do      func() error
		quickly bool // found by --quick
	}{
		{"flipped", func() error { return errors.Join(os.Chmod(kept[0], 0o600), os.WriteFile(kept[0], raw, 0o600)) }, false},
		{"shorter", func() error { return os.Truncate(kept[0], 3) }, true},
		{"missing", func() error { return os.Remove(kept[0]) }, true},
	} {
		if err := tc.do(); err != nil {
			t.Fatal(err)
		}
		if code, out, e := runs(t, "doctor", "--data", dir); code != exitRefused || !strings.Contains(out, "BAD  originals") || !strings.Contains(out, kept[0]) {
			t.Errorf("%s: exit %d: %s%s", tc.how, code, out, e)
		}
		if code, _, _ := runs(t, "doctor", "--quick", "--data", dir); (code == exitRefused) != tc.quickly {
			t.Errorf("%s, quickly: exit %d", tc.how, code)
		}
	}
	if code, out, _ := runs(t, "query", "--data", dir, "--format", "csv", "SELECT count(*) AS n FROM landing.small"); code != exitDone || out != "n\n2\n" {
		t.Errorf("query: exit %d: %s", code, out)
	}
}

// An empty account is a script's mistake, not the owner of the folder.
func TestQueryAsNobody(t *testing.T) {
	dir, _ := landed(t)
	if code, out, e := runs(t, "query", "--data", dir, "--as", "", "SHOW TABLES"); code != exitUsage || out != "" || !strings.Contains(e, "--as") {
		t.Errorf("exit %d: %s%s", code, out, e)
	}
	if code, out, e := runs(t, "query", "--data", dir, "--as", "nobody", "SHOW TABLES"); code != exitRefused || out != "" || strings.Count(e, "nobody") != 1 {
		t.Errorf("exit %d: %s%s", code, out, e)
	}
}

// A folder this account may not write is refused with whose it is.
func TestFolderOfAnother(t *testing.T) {
	dir := t.TempDir()
	owner := fmt.Sprintf("of uid %d", os.Getuid())
	for _, tc := range []struct {
		err  error
		want string // "": no refusal
	}{
		{&os.PathError{Op: "open", Path: dir, Err: syscall.EACCES}, owner},
		{fmt.Errorf("sweep: %w", syscall.EPERM), owner},
		{fmt.Errorf("open: %w", syscall.EROFS), "read-only file system"},
		{syscall.EISDIR, "is no file"},
		{syscall.EIO, ""},
	} {
		err := notOurs(dir, tc.err)
		var refused *refusedError
		if got := errors.As(err, &refused); got != (tc.want != "") || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), dir) && tc.want != "" {
			t.Errorf("%v: %v", tc.err, err)
		}
	}
}

func TestLockIsNoFile(t *testing.T) {
	dir, _ := landed(t)
	lock := filepath.Join(dir, "lock")
	if err := os.Remove(lock); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(lock, 0o700); err != nil {
		t.Fatal(err)
	}
	if code, _, e := runs(t, "query", "--data", dir, "SHOW TABLES"); code != exitRefused || !strings.Contains(e, lock) {
		t.Errorf("exit %d: %s", code, e)
	}
}

// A process started by begin.
type process struct {
	cmd *exec.Cmd
	out *lineBuffer
	err *lineBuffer
}

// A lineBuffer may be read while a process writes it.
type lineBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lineBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lineBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func begin(t *testing.T, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	p := &process{exec.CommandContext(ctx, "shuniu", args...), &lineBuffer{}, &lineBuffer{}}
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.Env = p.out, p.err, append(os.Environ(), "TMPDIR="+t.TempDir())
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// await waits until cond holds.
func await(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for range 1200 {
		if cond() {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatalf("%s did not come", what)
}

func (p *process) end(t *testing.T, sig os.Signal) int {
	t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait() // its code says more
	return p.cmd.ProcessState.ExitCode()
}

// A server starts on a full disk, answers readers, refuses what needs room, and
// goes on when there is room again.
func TestServeOnAFullDisk(t *testing.T) {
	fs := powerfs.Mount(t, powerfs.Ext4)
	dir := filepath.Join(fs.Dir(), "data")
	small, big := filepath.Join(t.TempDir(), "small.csv"), filepath.Join(t.TempDir(), "big.csv")
	writeFile(t, small, "编号,名称\n001,甲\n002,乙\n")
	writeFile(t, big, "编号,数量\n"+strings.Repeat("001,2\n", 100_000))
	fs.Limit(256 << 20)
	if code, _, e := runs(t, "collect", "--data", dir, "--dataset", "small", small); code != exitDone {
		t.Fatalf("collect: exit %d: %s", code, e)
	}
	fs.Limit(fs.Used())
	p := begin(t, "serve", "--data", dir, "--listen", "127.0.0.1:0")
	await(t, "ready", func() bool {
		return strings.Contains(p.out.String(), "ready ") || p.cmd.ProcessState != nil || p.err.String() != ""
	})
	if !strings.Contains(p.out.String(), "ready ") {
		t.Fatalf("serve: %s%s", p.out, p.err)
	}
	ask := func() {
		t.Helper()
		for range 3 {
			if code, out, e := runs(t, "query", "--data", dir, "--format", "csv", `SELECT "名称" FROM landing.small ORDER BY _row`); code != exitDone || out != "名称\n甲\n乙\n" {
				t.Errorf("query: exit %d: %s%s", code, out, e)
			}
		}
	}
	ask()
	code, out, e := runs(t, "collect", "--data", dir, "--json", big)
	var got answer
	if err := json.Unmarshal([]byte(out), &got); err != nil || code != exitInternal || len(got.Receipts) != 1 || got.Receipts[0].Status != statusRefused || !strings.Contains(got.Error, "磁盘") {
		t.Errorf("collect: exit %d, %v: %s%s", code, err, out, e)
	}
	if code, out, e := runs(t, "doctor", "--data", dir); code != exitRefused || !strings.Contains(out, "disk_room") {
		t.Errorf("doctor: exit %d: %s%s", code, out, e)
	}
	ask()
	fs.Limit(256 << 20)
	if code, out, e := runs(t, "collect", "--data", dir, "--json", big); code != exitDone || !strings.Contains(out, `"status":"landed"`) {
		t.Errorf("with room again: exit %d: %s%s", code, out, e)
	}
	await(t, "the reserve", func() bool {
		st, err := os.Stat(filepath.Join(dir, reserveName))
		return err == nil && st.Size() == reserveBytes
	})
	if code := p.end(t, syscall.SIGTERM); code != exitDone {
		t.Errorf("serve: exit %d: %s", code, p.err)
	}
}

// A landing that is stopped says so, leaves nothing half done, and the same
// command lands every row once.
func TestStoppedLanding(t *testing.T) {
	csv := filepath.Join(t.TempDir(), "big.csv")
	writeFile(t, csv, "编号,名称,地址\n"+strings.Repeat("001,张三,\"浦东新区世纪大道1号\"\n", 1_000_000))
	for name, sig := range map[string]os.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": os.Interrupt} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			p := begin(t, "collect", "--data", dir, "--dataset", "big", "--json", csv)
			await(t, "a worker's file", func() bool {
				m, err := filepath.Glob(filepath.Join(dir, "tmp", "intake", "*", "*"))
				return err == nil && len(m) > 0
			})
			code := p.end(t, sig)
			var got answer
			if err := json.Unmarshal([]byte(p.out.String()), &got); err != nil || code != exitRefused || len(got.Receipts) != 1 {
				t.Fatalf("exit %d, %v: %s%s", code, err, p.out, p.err)
			}
			if r := got.Receipts[0]; r.Status != statusRefused || !strings.Contains(r.Reason, "已按信号停止") || !strings.Contains(got.Error, "已按信号停止") || strings.Count(p.err.String(), "\n") > 1 {
				t.Errorf("%+v, error %q: %s", r, got.Error, p.err)
			}
			if code, out, _ := runs(t, "doctor", "--data", dir); code != exitDone {
				t.Errorf("doctor: exit %d: %s", code, out)
			}
			if code, out, e := runs(t, "collect", "--data", dir, "--dataset", "big", csv); code != exitDone {
				t.Errorf("again: exit %d: %s%s", code, out, e)
			}
			if _, out, e := runs(t, "query", "--data", dir, "--format", "csv", "SELECT count(*) AS n, count(DISTINCT _row) AS d FROM landing.big"); out != "n,d\n1000000,1000000\n" {
				t.Errorf("query: %s%s", out, e)
			}
		})
	}
}

// A server that is killed in the middle of a landing is told as such, and the
// same command again lands every row once.
func TestKilledServer(t *testing.T) {
	csv := filepath.Join(t.TempDir(), "big.csv")
	writeFile(t, csv, "编号,名称,地址\n"+strings.Repeat("001,张三,\"浦东新区世纪大道1号\"\n", 1_000_000))
	dir := filepath.Join(t.TempDir(), "data")
	server := begin(t, "serve", "--data", dir, "--listen", "127.0.0.1:0")
	await(t, "ready", func() bool { return strings.Contains(server.out.String(), "ready ") })
	p := begin(t, "collect", "--data", dir, "--dataset", "big", "--json", csv)
	await(t, "the file on its way", func() bool {
		m, err := filepath.Glob(filepath.Join(dir, "originals", "*"))
		return err == nil && len(m) > 0
	})
	server.end(t, os.Kill)
	_ = p.cmd.Wait() // its code says more
	var got answer
	if err := json.Unmarshal([]byte(p.out.String()), &got); err != nil || p.cmd.ProcessState.ExitCode() != exitRefused || !strings.Contains(got.Error, "服务已中断") {
		t.Fatalf("%v, %v: %s%s", p.cmd.ProcessState, err, p.out, p.err)
	}
	if code, out, _ := runs(t, "doctor", "--data", dir); code != exitDone {
		t.Errorf("doctor: exit %d: %s", code, out)
	}
	if code, out, e := runs(t, "collect", "--data", dir, "--dataset", "big", csv); code != exitDone {
		t.Errorf("again: exit %d: %s%s", code, out, e)
	}
	if _, out, e := runs(t, "query", "--data", dir, "--format", "csv", "SELECT count(*) AS n, count(DISTINCT _row) AS d FROM landing.big"); out != "n,d\n1000000,1000000\n" {
		t.Errorf("query: %s%s", out, e)
	}
}
