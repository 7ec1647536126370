package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

type bench struct {
	shuniu string // the built binary
	shared string // folder with the public data
	rows   int
	dir    string // scratch
}

func main() {
	if len(os.Args) > 2 && os.Args[1] == "peer" {
		exitOn(peer(os.Args[2], os.Args[3]))
		return
	}
	b := bench{}
	flag.StringVar(&b.shuniu, "shuniu", "bin/shuniu", "the built binary")
	flag.StringVar(&b.shared, "shared", "../shared/data", "folder with the public data")
	flag.IntVar(&b.rows, "rows", 10_000_000, "rows of the generated CSV")
	flag.StringVar(&b.dir, "dir", "", "scratch folder; default: a new one in the temporary folder")
	flag.Parse()
	if b.dir == "" {
		dir, err := os.MkdirTemp("", "shuniu-bench-*")
		exitOn(err)
		defer func() { _ = os.RemoveAll(dir) }() // scratch
		b.dir = dir
	}
	var err error
	b.shuniu, err = filepath.Abs(b.shuniu)
	exitOn(err)
	all := map[string]func(context.Context) error{"land": b.land, "xlsx": b.xlsx, "shared": b.sharedData, "start": b.start}
	names := flag.Args()
	if len(names) == 0 {
		names = []string{"start", "xlsx", "shared", "land"}
	}
	for _, n := range names {
		f, ok := all[n]
		if !ok {
			exitOn(fmt.Errorf("no benchmark %q", n))
		}
		fmt.Printf("## %s\n", n)
		exitOn(f(context.Background()))
	}
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// A cost is what a process and its children took.
type cost struct {
	wall, cpu time.Duration
	rss       int64 // bytes, of the largest process
	out       string
}

func (c cost) String() string {
	return fmt.Sprintf("%6.2f s wall  %6.2f s CPU  %5d MB", c.wall.Seconds(), c.cpu.Seconds(), c.rss>>20)
}

// measure runs a command and its children to the end.
func measure(ctx context.Context, name string, args ...string) (cost, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var errOut strings.Builder
	cmd.Stderr = &errOut
	start := time.Now()
	out, err := cmd.Output()
	c := cost{wall: time.Since(start), out: string(out)}
	if cmd.ProcessState != nil {
		c.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		if ru, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			c.rss = ru.Maxrss << 10
		}
	}
	if err != nil {
		return c, fmt.Errorf("%s %s: %w: %s", filepath.Base(name), strings.Join(args, " "), err, errOut.String())
	}
	return c, nil
}
