package pg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

var (
	server   = sync.OnceValues(start)
	database atomic.Int64
)

// A running server.
type running struct {
	bin, dir string
	as       *syscall.Credential
	keep     *os.File // the watchdog stops the server when this pipe closes
}

// Database makes an empty database and returns its address.
func Database(t testing.TB) string {
	t.Helper()
	if os.Getenv("SHUNIU_NO_POSTGRES") == "1" {
		t.Skip("SHUNIU_NO_POSTGRES=1: PostgreSQL is not tested")
	}
	s, err := server()
	if err != nil {
		t.Fatalf("PostgreSQL for tests (make setup installs it; SHUNIU_NO_POSTGRES=1 skips): %v", err)
	}
	name := "t" + strconv.FormatInt(database.Add(1), 10)
	if err := s.run(t.Context(), "psql", "-X", "-q", "-h", s.dir, "-U", "shuniu", "-d", "postgres", "-c", "CREATE DATABASE "+name); err != nil {
		t.Fatalf("make database: %v", err)
	}
	return "postgres://shuniu@/" + name + "?host=" + s.dir
}

// start runs initdb and the server in a new folder.
func start() (s *running, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		p, err := exec.LookPath("initdb")
		if err != nil {
			return nil, errors.New("no initdb in /usr/lib/postgresql/*/bin nor in PATH")
		}
		found = []string{p}
	}
	slices.SortFunc(found, func(a, b string) int { return len(a) - len(b) })
	s = &running{bin: filepath.Dir(found[0])}
	if s.dir, err = os.MkdirTemp("/tmp", "shuniu-pg."); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(s.dir))
		}
	}()
	if os.Geteuid() == 0 {
		if s.as, err = credential("postgres"); err != nil {
			return nil, err
		}
		if err := os.Chown(s.dir, int(s.as.Uid), int(s.as.Gid)); err != nil {
			return nil, err
		}
	}
	data := filepath.Join(s.dir, "data")
	if err := s.run(ctx, "initdb", "-D", data, "-U", "shuniu", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"); err != nil {
		return nil, err
	}
	opts := "-c listen_addresses= -c fsync=off -c max_connections=200 -c shared_buffers=32MB -k " + s.dir
	if err := s.run(ctx, "pg_ctl", "-D", data, "-w", "-t", "60", "-l", filepath.Join(s.dir, "log"), "-o", opts, "start"); err != nil {
		log, _ := os.ReadFile(filepath.Join(s.dir, "log")) // only to explain err
		return nil, fmt.Errorf("%w\n%s", err, log)
	}
	return s, s.watch(data)
}

// watch starts a shell that waits for the end of this process, however it
// ends, and then stops the server and removes its folder.
func (s *running) watch(data string) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	// context.Background: the shell outlives every test.
	cmd := exec.CommandContext(context.Background(), "sh", "-c",
		`cat >/dev/null; "$1/pg_ctl" -D "$2" -m immediate stop >/dev/null 2>&1; rm -rf "$3"`, "sh", s.bin, data, s.dir)
	cmd.Stdin = r
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: s.as}
	if err := cmd.Start(); err != nil {
		return errors.Join(err, r.Close(), w.Close())
	}
	s.keep = w
	return r.Close()
}

// run runs one of PostgreSQL's programs to its end.
func (s *running) run(ctx context.Context, prog string, args ...string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, prog), args...)
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.as}
	// A file, not a pipe: the server inherits it and would keep a pipe open.
	out, err := os.CreateTemp("", "shuniu-pg-out.*")
	if err != nil {
		return err
	}
	defer func() { _ = errors.Join(out.Close(), os.Remove(out.Name())) }()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(out.Name()) // only to explain err
		return fmt.Errorf("%s: %w: %s", prog, err, bytes.TrimSpace(said))
	}
	return nil
}

func credential(name string) (*syscall.Credential, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// Exec runs one statement in a database that Database made.
func Exec(t testing.TB, address, statement string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "psql", "-X", "-At", "-c", statement, address)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", statement, err, out)
	}
	return strings.TrimSpace(string(out))
}
