package iceberg_test

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"shuniu/shuniutest/powerfs"
)

// A served life answers one command at a time.
func (l *life) ask(t *testing.T, command string) string {
	t.Helper()
	if _, err := fmt.Fprintln(l.in, command); err != nil {
		t.Fatalf("ask %s: %v (%s)", command, err, l.bad)
	}
	want := []string{"ack", "fail"}
	if command == "check" {
		want = []string{"checked"}
	}
	line, ok := l.await(t, want...)
	if !ok {
		<-l.ended
		t.Fatalf("%s ended the program: %s", command, l.bad)
	}
	return line
}

// unchanged fails when the rows of a landing that failed are there, unless it
// failed after its commit.
func (l *life) unchanged(t *testing.T, what, line string) {
	t.Helper()
	if strings.Contains(line, " receipt: ") || strings.Contains(line, " upkeep: ") {
		return
	}
	n, err := strconv.Atoi(strings.Fields(line)[1])
	if err != nil {
		t.Fatal(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.have[n] {
		t.Errorf("%s: %s, yet its rows are in the table", what, line)
	}
}

// TestEveryIOFailsOnce lets the i-th write, fsync, rename, mkdir or create of
// landing a batch fail, for i = 1, 2, … Either the landing says so, and the
// table is what it was and takes the next batch, or it succeeds and is there
// after a power cut.
func TestEveryIOFailsOnce(t *testing.T) {
	t.Parallel()
	const ops = powerfs.Write | powerfs.Fsync | powerfs.Rename | powerfs.Mkdir | powerfs.Create
	fs := powerfs.Mount(t, powerfs.Strict)
	c := &tally{}
	var l *life
	fresh := func() {
		dir := filepath.Join(fs.Dir(), "data"+strconv.Itoa(c.faults))
		c.acked = map[int]bool{}
		l = start(t, "serve", dir)
		ready(t, c, l, "nothing")
		for range 2 { // the first makes the table
			l.ask(t, "step")
		}
	}
	fresh()
	before := fs.Count(ops)
	l.ask(t, "step")
	every := fs.Count(ops) - before
	step := (every + 39) / 40
	if soak() {
		step = 1
	}
	failed, same := 0, 0
	for i := int64(1); i <= every+1; i += step {
		errno := []syscall.Errno{syscall.EIO, syscall.ENOSPC}[i/step%2]
		what := fmt.Sprintf("%v at operation %d of %d", errno, i, every)
		fs.FailAt(ops, i, errno)
		line := l.ask(t, "step")
		fired := fs.Disarm()
		switch {
		case strings.HasPrefix(line, "fail"):
			failed++
			if !fired {
				t.Errorf("%s: %s, yet nothing failed", what, line)
			}
			l.ask(t, "check") // all is readable, nothing half there
			l.unchanged(t, what, line)
		case fired:
			same++
		}
		if line := l.ask(t, "step"); !strings.HasPrefix(line, "ack") {
			t.Errorf("after %s the next batch does not land: %s", what, line)
		}
		dir := l.dir
		fs.Cut(powerfs.Cut{}, l.kill)
		c.take(l)
		c.faults++
		l = start(t, "serve", dir)
		ready(t, c, l, what+" and a cut")
		if c.faults%8 == 0 { // what is there is read at each start
			l.kill()
			fresh()
		}
	}
	l.kill()
	t.Logf("%d of %d operations failed in turn: %d landings said so, %d landed all the same; %d acknowledged, 0 lost", c.faults, every, failed, same, c.all)
	if failed < int(every/step)/2 || c.all == 0 {
		t.Fatalf("%d failed, %d acknowledged: this campaign proves nothing", failed, c.all)
	}
}

// TestDiskFull fills the disk at many sizes. The landing says that there is no
// room, the table is what it was, and with room again it takes the next batch.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	fs := powerfs.Mount(t, powerfs.Ext4)
	dir := filepath.Join(fs.Dir(), "data")
	c := &tally{acked: map[int]bool{}}
	l := start(t, "serve", dir)
	ready(t, c, l, "nothing")
	l.ask(t, "step")
	full := 0
	for room := int64(0); room < 160<<10; room += 4096 * int64(cycles(3, 1)) {
		fs.Limit(max(1, fs.Used()+room))
		line := l.ask(t, "step")
		fs.Limit(0)
		if f := strings.Fields(line); f[0] == "fail" {
			full++
			if f[2] != "no-room" {
				t.Errorf("with room for %d bytes: %s, want the kind fault.Full", room, line)
			}
			l.ask(t, "check")
			l.unchanged(t, "a full disk", line)
		}
		if line := l.ask(t, "step"); !strings.HasPrefix(line, "ack") {
			t.Errorf("after a full disk the next batch does not land: %s", line)
		}
	}
	fs.Cut(powerfs.Cut{}, l.kill)
	c.take(l)
	last := start(t, "serve", dir)
	ready(t, c, last, "a full disk")
	last.kill()
	t.Logf("%d full disks, %d acknowledged, 0 lost", full, c.all)
	if full < 4 || c.all == 0 {
		t.Fatalf("%d full, %d acknowledged: this campaign proves nothing", full, c.all)
	}
}
