package worker_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"shuniu/fault"
	"shuniu/worker"
)

// one runs a job that sends one message and returns it.
func one(t testing.TB, p *worker.Pool, req worker.Request) string {
	t.Helper()
	var got []string
	err := p.Run(t.Context(), req, func(m worker.Message) error {
		got = append(got, string(m.Payload))
		return nil
	})
	if err != nil {
		t.Fatalf("%s: %v", req.Method, err)
	}
	if len(got) != 1 {
		t.Fatalf("%s sent %d messages, want 1", req.Method, len(got))
	}
	return got[0]
}

func TestEcho(t *testing.T) {
	p := newPool(t, worker.Config{})
	if got := one(t, p, worker.Request{Method: "echo", Params: "枢纽"}); got != "枢纽" {
		t.Errorf("echo = %q", got)
	}
}

func TestSandboxHolds(t *testing.T) {
	p := newPool(t, worker.Config{})
	target := filepath.Join(t.TempDir(), "lake.parquet")
	if err := os.WriteFile(target, []byte("rows"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(target)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var got []string
	text := one(t, p, worker.Request{Method: "escape", Params: target, Files: []*os.File{f}, Links: map[string]string{"linked": target}})
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	for _, what := range got {
		t.Errorf("the child could: %s", what)
	}
	b, err := os.ReadFile(target)
	if err != nil || string(b) != "rows" {
		t.Errorf("the linked file is now %q, %v", b, err)
	}
}

func TestErrorsKeepTheirKind(t *testing.T) {
	p := newPool(t, worker.Config{})
	err := p.Run(t.Context(), worker.Request{Method: "refuse"}, nil)
	if !errors.Is(err, fault.Damaged) || err.Error() != "level 7: damaged" {
		t.Errorf("err = %v, want damaged", err)
	}
	e, ok := errors.AsType[*fault.Explained](err)
	if !ok || e.Key != "test.damaged" || e.Args["level"] != 7.0 {
		t.Errorf("explained = %+v", e)
	}
	if err := p.Run(t.Context(), worker.Request{Method: "nothing"}, nil); !errors.Is(err, fault.Invalid) {
		t.Errorf("unknown method: %v, want invalid", err)
	}
}

func TestDeathIsOneError(t *testing.T) {
	for _, tc := range []struct {
		method string
		kind   error
		key    string
	}{
		{"panic", fault.Invalid, worker.KeyCrashed},
		{"segv", fault.Invalid, worker.KeyCrashed},
		{"exit", fault.Invalid, worker.KeyCrashed},
		{"spin", fault.Busy, worker.KeyDeadline},
	} {
		t.Run(tc.method, func(t *testing.T) {
			var log lines
			p := newPool(t, worker.Config{Size: 1, Deadline: time.Second, Log: log.logger()})
			from := time.Now()
			err := p.Run(t.Context(), worker.Request{Method: tc.method}, nil)
			if !errors.Is(err, tc.kind) {
				t.Errorf("err = %v, want %v", err, tc.kind)
			}
			if e, ok := errors.AsType[*fault.Explained](err); !ok || e.Key != tc.key {
				t.Errorf("explained = %+v, want %s", e, tc.key)
			}
			if d := time.Since(from); d > 5*time.Second {
				t.Errorf("took %s", d)
			}
			if got := one(t, p, worker.Request{Method: "echo", Params: "on"}); got != "on" {
				t.Errorf("after it: %q", got)
			}
			want := 1
			if tc.method == "spin" {
				want = 0 // we killed it, and the caller knows
			}
			if n := log.count("worker "); n != want {
				t.Errorf("%d log lines, want %d: %s", n, want, log.String())
			}
		})
	}
}

func TestMemoryIsLimited(t *testing.T) {
	if raceEnabled {
		t.Skip("no address space limit under the race detector")
	}
	p := newPool(t, worker.Config{Size: 1, MemoryBytes: 256 << 20, Deadline: 20 * time.Second})
	err := p.Run(t.Context(), worker.Request{Method: "hoard"}, nil)
	if e, ok := errors.AsType[*fault.Explained](err); !ok || e.Key != worker.KeyMemory || !errors.Is(err, fault.Invalid) {
		t.Errorf("err = %v (%+v), want memory", err, e)
	}
}

func TestCancelKills(t *testing.T) {
	p := newPool(t, worker.Config{Size: 1})
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("the user left")
	time.AfterFunc(50*time.Millisecond, func() { cancel(why) })
	if err := p.Run(ctx, worker.Request{Method: "sleep"}, nil); !errors.Is(err, why) {
		t.Errorf("err = %v, want %v", err, why)
	}
	if got := one(t, p, worker.Request{Method: "echo", Params: "on"}); got != "on" {
		t.Errorf("after it: %q", got)
	}
}

func TestWaitingForAFreeChildEnds(t *testing.T) {
	p := newPool(t, worker.Config{Size: 1})
	j, err := p.Do(t.Context(), worker.Request{Method: "sleep"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := p.Do(ctx, worker.Request{Method: "echo", Params: ""}); !errors.Is(fault.KindOf(err), fault.Busy) {
		t.Errorf("err = %v, want busy", err)
	}
	if err := j.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

func TestBackPressure(t *testing.T) {
	p := newPool(t, worker.Config{Size: 1, Deadline: 2 * time.Second})
	temp := one(t, p, worker.Request{Method: "temp"})
	j, err := p.Do(t.Context(), worker.Request{Method: "flood", Params: 24})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	time.Sleep(2200 * time.Millisecond) // longer than the deadline: its clock stands
	b, err := os.ReadFile(filepath.Join(temp, "sent"))
	sent := 0
	if err == nil {
		if sent, err = strconv.Atoi(string(b)); err != nil {
			t.Fatal(err)
		}
	}
	if sent > 8 {
		t.Errorf("the child sent %d MiB that nobody read", sent)
	}
	for i := range 24 {
		m, err := j.Next()
		if err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
		if len(m.Payload) != 1<<20 || m.Payload[0] != byte(i) {
			t.Fatalf("message %d: %d bytes, first %d", i, len(m.Payload), m.Payload[0])
		}
	}
	if _, err := j.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("end: %v", err)
	}
}

func TestFilesAndLinks(t *testing.T) {
	p := newPool(t, worker.Config{Size: 1})
	dir := t.TempDir()
	path := filepath.Join(dir, "immutable")
	if err := os.WriteFile(path, []byte("the rows"), 0o400); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got := one(t, p, worker.Request{Method: "read file", Files: []*os.File{f}}); got != "the rows" {
		t.Errorf("descriptor: %q", got)
	}
	if got := one(t, p, worker.Request{Method: "read in", Params: "x", Links: map[string]string{"x": path}}); got != "the rows" {
		t.Errorf("link: %q", got)
	}
	for _, name := range []string{"", "..", "../x", "a/b"} {
		if _, err := p.Do(t.Context(), worker.Request{Method: "echo", Links: map[string]string{name: path}}); !errors.Is(err, fault.Invalid) {
			t.Errorf("link named %q: %v, want invalid", name, err)
		}
	}
	out := filepath.Join(dir, "out")
	if err := os.Mkdir(out, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := p.Run(t.Context(), worker.Request{Method: "write out", OutDir: out}, nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "deep/b"} {
		if b, err := os.ReadFile(filepath.Join(out, name)); err != nil || string(b) != "made in the worker" {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	if err := p.Run(t.Context(), worker.Request{Method: "left over"}, nil); err != nil {
		t.Error(err)
	}
	if err := p.Run(t.Context(), worker.Request{Method: "leave link", OutDir: out}, nil); !errors.Is(err, fault.Invalid) {
		t.Errorf("a link as result: %v, want invalid", err)
	}
	if _, err := os.Lstat(filepath.Join(out, "innocent")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the link came out: %v", err)
	}
}

// TestFinish: the caller has a finished file while the child is still at work,
// and a name that leads elsewhere ends the job.
func TestFinish(t *testing.T) {
	p := newPool(t, worker.Config{Size: 1})
	out := t.TempDir()
	var told []string
	err := p.Run(t.Context(), worker.Request{
		Method: "finish", Params: []string{"a", "b"}, OutDir: out,
		Answer: func(string, []byte) ([]byte, error) {
			for _, name := range []string{"a", "b"} {
				if b, err := os.ReadFile(filepath.Join(out, name)); err != nil || string(b) != name {
					t.Errorf("%s while the child is at work: %q, %v", name, b, err)
				}
			}
			return nil, nil
		},
	}, func(m worker.Message) error {
		if m.Kind == worker.Finished {
			told = append(told, string(m.Payload))
		}
		return nil
	})
	if err != nil || !slices.Equal(told, []string{"a", "b"}) {
		t.Errorf("told of %q, %v", told, err)
	}
	for _, name := range []string{"", ".", "..", "../a", "/etc/hostname"} {
		if err := p.Run(t.Context(), worker.Request{Method: "finish", Params: []string{name}, OutDir: out}, nil); err == nil {
			t.Errorf("finishing %q went well", name)
		}
	}
}

func TestAsk(t *testing.T) {
	p := newPool(t, worker.Config{Size: 1})
	got := one(t, p, worker.Request{Method: "ask", Answer: func(kind string, payload []byte) ([]byte, error) {
		return []byte(kind + " " + string(payload)), nil
	}})
	if got != "double 21" {
		t.Errorf("answer = %q", got)
	}
	err := p.Run(t.Context(), worker.Request{Method: "ask", Answer: func(string, []byte) ([]byte, error) { return nil, fault.Conflict }}, nil)
	if !errors.Is(err, fault.Conflict) {
		t.Errorf("refused answer: %v, want conflict", err)
	}
	if err := p.Run(t.Context(), worker.Request{Method: "ask"}, nil); !errors.Is(err, fault.Invalid) {
		t.Errorf("no answer: %v, want invalid", err)
	}
}

// TestHubDistrustsFrames sends what no honest child sends.
func TestHubDistrustsFrames(t *testing.T) {
	p := newPool(t, worker.Config{Size: 1, Deadline: 5 * time.Second})
	for name, b := range map[string][]byte{
		"unknown type": {99, 0, 0, 0, 0, 0, 0},
		"huge":         {4, 0, 0, 0xff, 0xff, 0xff, 0xff},
		"bad failure":  {9, 0, 0, 2, 0, 0, 0, '{', '{'},
		"again ready":  {1, 0, 0, 0, 0, 0, 0},
		"a job":        {2, 0, 0, 0, 0, 0, 0},
	} {
		from := time.Now()
		if err := p.Run(t.Context(), worker.Request{Method: "garble", Params: b}, nil); err == nil {
			t.Errorf("%s: taken for the end of the job", name)
		}
		if d := time.Since(from); d > 4*time.Second {
			t.Errorf("%s: took %s", name, d)
		}
	}
}

func TestHubTakesNoDescriptors(t *testing.T) {
	p := newPool(t, worker.Config{Size: 1})
	one(t, p, worker.Request{Method: "echo", Params: "warm"})
	before := openFiles(t)
	n := 0
	err := p.Run(t.Context(), worker.Request{Method: "send descriptors"}, func(worker.Message) error { n++; return nil })
	if err != nil || n != 20 {
		t.Fatalf("%d messages, %v", n, err)
	}
	if after := openFiles(t); after > before {
		t.Errorf("%d descriptors after, %d before: the child's stay open here", after, before)
	}
}

func TestManyJobs(t *testing.T) {
	p := newPool(t, worker.Config{Size: 3, JobsPerChild: 7})
	var g errgroup.Group
	for i := range 120 {
		g.Go(func() error {
			want := strings.Repeat(strconv.Itoa(i), 1000)
			var got string
			err := p.Run(t.Context(), worker.Request{Method: "echo", Params: want}, func(m worker.Message) error {
				got = string(m.Payload)
				return nil
			})
			if err == nil && got != want {
				err = errors.New("job got another's answer")
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}

// TestFirstJobTakesTheFirstChild: a job that comes while the pool still warms up
// does not start a child of its own, and a cold pool starts none before.
func TestFirstJobTakesTheFirstChild(t *testing.T) {
	for _, cold := range []bool{false, true} {
		dir := filepath.Join(t.TempDir(), "pool")
		p := newPool(t, worker.Config{Size: 1, Dir: dir, Cold: cold})
		if cold {
			time.Sleep(50 * time.Millisecond)
			if p.LandlockABI() != 0 {
				t.Error("a cold pool has a child")
			}
		}
		first := one(t, p, worker.Request{Method: "pid"})
		if again := one(t, p, worker.Request{Method: "pid"}); again != first {
			t.Errorf("cold %v: the second job ran in child %s, the first in %s", cold, again, first)
		}
		if used, err := os.ReadDir(dir); err != nil || len(used) != 1 {
			t.Errorf("cold %v: %d children were started, %v", cold, len(used), err)
		}
	}
}

func TestIdleDeathIsNobodysError(t *testing.T) {
	p := newPool(t, worker.Config{Size: 1})
	pid, err := strconv.Atoi(one(t, p, worker.Request{Method: "pid"}))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	again := one(t, p, worker.Request{Method: "pid"})
	if again == strconv.Itoa(pid) {
		t.Error("a dead child answered")
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	before := openFiles(t)
	dir := filepath.Join(t.TempDir(), "pool")
	p := newPool(t, worker.Config{Size: 2, Dir: dir})
	pid, err := strconv.Atoi(one(t, p, worker.Request{Method: "pid"}))
	if err != nil {
		t.Fatal(err)
	}
	j, err := p.Do(t.Context(), worker.Request{Method: "sleep"})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Next(); !errors.Is(err, fault.Busy) {
		t.Errorf("the running job: %v, want busy", err)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("child %d after Close: %v", pid, err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("folder after Close: %v", err)
	}
	if _, err := p.Do(t.Context(), worker.Request{Method: "echo"}); !errors.Is(err, fault.Busy) {
		t.Errorf("Do after Close: %v", err)
	}
	if after := openFiles(t); after > before {
		t.Errorf("%d descriptors after, %d before", after, before)
	}
}

func TestChildWithoutServeIsAnError(t *testing.T) {
	p, err := worker.NewPool(worker.Config{Command: []string{"/bin/false"}, Dir: t.TempDir() + "/pool", Size: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := p.Do(t.Context(), worker.Request{Method: "echo"}); err == nil {
		t.Error("a program that does not serve was taken for a worker")
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}
