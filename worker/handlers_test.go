package worker_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"shuniu/fault"
	"shuniu/worker"
)

// handlers are what the test binary does as a child.
var handlers = map[string]worker.Handler{
	"echo": func(_ context.Context, c worker.Call) error {
		var text string
		if err := c.Params(&text); err != nil {
			return err
		}
		return c.Send("echo", []byte(text))
	},
	"pid": func(_ context.Context, c worker.Call) error {
		return c.Send("pid", []byte(strconv.Itoa(os.Getpid())))
	},
	"refuse": func(context.Context, worker.Call) error {
		return fault.Explain(fmt.Errorf("level 7: %w", fault.Damaged), "test.damaged", map[string]any{"level": 7})
	},
	"panic": func(context.Context, worker.Call) error { panic("as asked") },
	"segv": func(context.Context, worker.Call) error {
		if err := syscall.Kill(syscall.Getpid(), syscall.SIGSEGV); err != nil {
			return err
		}
		time.Sleep(time.Minute) // until it arrives
		return nil
	},
	"exit": func(context.Context, worker.Call) error { os.Exit(7); return nil },
	"spin": func(context.Context, worker.Call) error {
		for n := 0; ; n++ {
			if n < 0 {
				return nil
			}
		}
	},
	"hoard": func(context.Context, worker.Call) error {
		var all [][]byte
		for {
			b := make([]byte, 64<<20)
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
			all = append(all, b)
			if len(all) > 1<<20 {
				return nil
			}
		}
	},
	"read file": func(_ context.Context, c worker.Call) error {
		for _, f := range c.Files() {
			b, err := io.ReadAll(f)
			if err != nil {
				return err
			}
			if err := c.Send("file", b); err != nil {
				return err
			}
		}
		return nil
	},
	"read in": func(_ context.Context, c worker.Call) error {
		var name string
		if err := c.Params(&name); err != nil {
			return err
		}
		b, err := os.ReadFile(filepath.Join(c.In(), name))
		if err != nil {
			return err
		}
		return c.Send("file", b)
	},
	"write out": func(_ context.Context, c worker.Call) error {
		if err := os.MkdirAll(filepath.Join(c.Out(), "deep"), 0o700); err != nil {
			return err
		}
		for _, name := range []string{"a", "deep/b"} {
			if err := os.WriteFile(filepath.Join(c.Out(), name), []byte("made in the worker"), 0o600); err != nil {
				return err
			}
		}
		return os.WriteFile(filepath.Join(c.Temp(), "gone"), []byte("x"), 0o600)
	},
	"leave link": func(_ context.Context, c worker.Call) error {
		return os.Symlink("/etc/passwd", filepath.Join(c.Out(), "innocent"))
	},
	"left over": func(_ context.Context, c worker.Call) error {
		for _, dir := range []string{c.In(), c.Out(), c.Temp()} {
			entries, err := os.ReadDir(dir)
			if err != nil {
				return err
			}
			for _, e := range entries {
				return fmt.Errorf("%s is still there", e.Name())
			}
		}
		return nil
	},
	"ask": func(_ context.Context, c worker.Call) error {
		a, err := c.Ask("double", []byte("21"))
		if err != nil {
			return fmt.Errorf("asked: %w", err)
		}
		return c.Send("answer", a)
	},
	"flood": func(_ context.Context, c worker.Call) error {
		var n int
		if err := c.Params(&n); err != nil {
			return err
		}
		b := make([]byte, 1<<20)
		for i := range n {
			b[0] = byte(i)
			if err := c.Send("block", b); err != nil {
				return err
			}
			// How far the child came, for the test to see from outside.
			if err := os.WriteFile(filepath.Join(c.Temp(), "sent"), []byte(strconv.Itoa(i+1)), 0o600); err != nil {
				return err
			}
		}
		return nil
	},
	"finish": func(_ context.Context, c worker.Call) error {
		var names []string
		if err := c.Params(&names); err != nil {
			return err
		}
		for _, n := range names {
			if filepath.IsLocal(n) {
				if err := os.WriteFile(filepath.Join(c.Out(), n), []byte(n), 0o600); err != nil {
					return err
				}
			}
			if err := c.Finish(n); err != nil {
				return err
			}
		}
		_, err := c.Ask("still at work", nil)
		return err
	},
	"temp": func(_ context.Context, c worker.Call) error { return c.Send("temp", []byte(c.Temp())) },
	"escape": func(_ context.Context, c worker.Call) error {
		var target string
		if err := c.Params(&target); err != nil {
			return err
		}
		b, err := json.Marshal(escape(c, target))
		if err != nil {
			return err
		}
		return c.Send("got", b)
	},
	"garble": func(_ context.Context, c worker.Call) error {
		var b []byte
		if err := c.Params(&b); err != nil {
			return err
		}
		// As a child would that has been taken over.
		if _, err := unix.Write(hubSocket(), b); err != nil {
			return err
		}
		time.Sleep(time.Minute)
		return nil
	},
	"send descriptors": func(_ context.Context, c worker.Call) error {
		for range 20 { // each an empty message
			if err := unix.Sendmsg(hubSocket(), []byte{4, 0, 0, 0, 0, 0, 0}, unix.UnixRights(0, 0, 0), nil, 0); err != nil {
				return err
			}
		}
		return nil
	},
	"sleep": func(context.Context, worker.Call) error { time.Sleep(time.Hour); return nil },
}

// escape tries every way out and returns those that opened. target is a file
// of the hub's beside the child's folders; in/linked is a link to it.
func escape(c worker.Call, target string) []string {
	got := []string{}
	try := func(what string, err error) {
		if err == nil {
			got = append(got, what)
		}
	}
	read := func(path string) error { _, err := os.ReadFile(path); return err }
	write := func(path string) error { return os.WriteFile(path, []byte("owned"), 0o600) }
	linked := filepath.Join(c.In(), "linked")
	try("read passwd", read("/etc/passwd"))
	try("read shadow", read("/etc/shadow"))
	try("read target", read(target))
	try("list target's folder", func() error { _, err := os.ReadDir(filepath.Dir(target)); return err }())
	try("list root", func() error { _, err := os.ReadDir("/"); return err }())
	try("read through root link", read("/proc/self/root/etc/passwd"))
	try("read parent's memory", read("/proc/"+strconv.Itoa(os.Getppid())+"/mem"))
	try("read parent's environment", read("/proc/"+strconv.Itoa(os.Getppid())+"/environ"))
	try("write target", write(target))
	try("write beside", write(filepath.Join(filepath.Dir(c.In()), "beside")))
	try("write into in", write(filepath.Join(c.In(), "new")))
	try("write linked", write(linked))
	try("append linked", func() error {
		f, err := os.OpenFile(linked, os.O_APPEND|os.O_WRONLY, 0)
		if err == nil {
			err = f.Close()
		}
		return err
	}())
	try("truncate linked", os.Truncate(linked, 0))
	try("remove linked", os.Remove(linked))
	try("rename linked", os.Rename(linked, filepath.Join(c.Out(), "renamed")))
	try("hard link out of in", os.Link(linked, filepath.Join(c.Out(), "again")))
	try("chmod linked", os.Chmod(linked, 0))
	try("chown linked", os.Lchown(linked, 1, 1))
	try("change times of linked", os.Chtimes(linked, time.Unix(1, 0), time.Unix(1, 0)))
	try("read by symbolic link", func() error {
		l := filepath.Join(c.Out(), "sym")
		if err := os.Symlink("/etc/passwd", l); err != nil {
			return err
		}
		defer os.Remove(l)
		return read(l)
	}())
	for _, f := range c.Files() {
		try("reopen descriptor for writing", func() error {
			g, err := os.OpenFile("/proc/self/fd/"+strconv.Itoa(int(f.Fd())), os.O_RDWR, 0)
			if err == nil {
				err = g.Close()
			}
			return err
		}())
		try("write descriptor", func() error { _, err := f.Write([]byte("x")); return err }())
	}
	dial := func(network, address string) error {
		conn, err := net.DialTimeout(network, address, time.Second)
		if err == nil {
			err = conn.Close()
		}
		return err
	}
	try("tcp", dial("tcp", "127.0.0.1:1"))
	try("udp", dial("udp", "127.0.0.1:53"))
	try("unix", dial("unix", "/run/dbus/system_bus_socket"))
	try("listen", func() error {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err == nil {
			err = l.Close()
		}
		return err
	}())
	try("run a program", exec.Command("/bin/true").Run())
	try("run itself", exec.Command("/proc/self/exe").Run())
	try("signal the hub", syscall.Kill(os.Getppid(), 0))
	try("trace", unix.PtraceAttach(os.Getppid()))
	try("mount", unix.Mount("none", c.Out(), "tmpfs", 0, ""))
	try("new namespace", unix.Unshare(unix.CLONE_NEWUSER))
	try("new session", func() error { _, err := unix.Setsid(); return err }())
	var lim unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &lim); err != nil || lim.Max != 0 {
		got = append(got, "core dumps")
	}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 1 << 50, Max: 1 << 50}); err == nil && os.Getuid() != 0 {
		got = append(got, "raise limits")
	}
	if errors.Is(write(filepath.Join(c.Out(), "fine")), os.ErrPermission) {
		got = append(got, "nothing at all, not even its own folder")
	}
	return got
}

// hubSocket finds the descriptor of the socket to the hub.
func hubSocket() int {
	for fd := 3; fd < 64; fd++ {
		var st unix.Stat_t
		if unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFSOCK {
			return fd
		}
	}
	return -1
}
