package iceberg_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"shuniu/shuniutest/powerfs"
)

func soak() bool { return os.Getenv("SHUNIU_SOAK") == "1" }

// cycles is how often a campaign strikes.
func cycles(short, long int) int {
	if soak() {
		return long
	}
	return short
}

// TestPowerCuts cuts the power again and again: at a random moment, at a random
// operation, while the program starts for the first time or after a cut; with
// and without pages that the kernel happened to write. All that was
// acknowledged is there, and every table is readable, every time.
func TestPowerCuts(t *testing.T) {
	for _, mode := range []powerfs.Mode{powerfs.Ext4, powerfs.Strict} {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			powerCuts(t, mode, cycles(12, 500))
		})
	}
}

func powerCuts(t *testing.T, mode powerfs.Mode, want int) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	chance := rand.New(rand.NewPCG(seed, uint64(mode)))
	c := &tally{ops: map[string]int{}}
	for c.faults < want {
		c.acked = map[int]bool{}
		fs := powerfs.Mount(t, mode)
		what := "nothing"
		for range min(12, want-c.faults) {
			what = powerCut(t, c, fs, chance, what)
			c.faults++
		}
		last := start(t, "loop", filepath.Join(fs.Dir(), "data"))
		_, ok := last.await(t, "ready")
		last.kill()
		if c.check(t, last, what); !ok {
			t.Fatalf("after %s the program does not start", what)
		}
	}
	t.Logf("%d cuts in mode %s (%v), %d acknowledged, 0 lost", c.faults, mode, c.ops, c.all)
	if c.all == 0 || c.faults < want {
		t.Fatalf("%d acknowledged, %d cuts: this campaign proves nothing", c.all, c.faults)
	}
}

// powerCut is one life and its end.
func powerCut(t *testing.T, c *tally, fs *powerfs.FS, chance *rand.Rand, before string) (what string) {
	t.Helper()
	cut := powerfs.Cut{Mixed: chance.IntN(2) == 0, Seed: chance.Uint64()}
	dir := filepath.Join(fs.Dir(), "data")
	struck := make(chan struct{})
	arm := func(n int64) { fs.CutAt(powerfs.Any, n, cut, func() { close(struck) }) }
	switch kind := chance.IntN(4); kind {
	case 0: // while it starts
		n := 1 + chance.Int64N(60)
		what = fmt.Sprintf("a cut at operation %d of a start (mixed %v)", n, cut.Mixed)
		c.ops["start"]++
		arm(n)
		l := start(t, "loop", dir)
		l.drain()
		strike(t, l, struck, before)
		l.kill()
		fs.Resume()
		c.take(l)
		return what
	case 1: // at a moment
		l := start(t, "loop", dir)
		ready(t, c, l, before)
		pause := time.Duration(chance.IntN(200)) * time.Millisecond
		what = fmt.Sprintf("a cut %v after an ack (mixed %v)", pause, cut.Mixed)
		c.ops["moment"]++
		l.await(t, "ack")
		l.drain()
		time.Sleep(pause)
		fs.Cut(cut, l.kill)
		c.take(l)
		return what
	default: // at an operation
		l := start(t, "loop", dir)
		ready(t, c, l, before)
		n := 1 + chance.Int64N(800)
		what = fmt.Sprintf("a cut at operation %d (mixed %v)", n, cut.Mixed)
		c.ops["operation"]++
		l.drain()
		arm(n)
		strike(t, l, struck, before)
		l.kill()
		fs.Resume()
		c.take(l)
		return what
	}
}

// strike waits for the cut.
func strike(t *testing.T, l *life, struck chan struct{}, before string) {
	t.Helper()
	select {
	case <-struck:
		return
	case <-l.ended: // of the cut, perhaps, before anybody could say so
	}
	select {
	case <-struck:
	case <-time.After(5 * time.Second):
		t.Fatalf("after %s the program ended before the cut: %s", before, l.bad)
	}
}

// ready waits until the program has read everything, and compares.
func ready(t *testing.T, c *tally, l *life, before string) {
	t.Helper()
	_, ok := l.await(t, "ready")
	if !ok {
		<-l.ended
	}
	c.check(t, l, before)
	if !ok {
		t.Fatalf("after %s the program does not start", before)
	}
}

// TestKills ends the program by kill -9 at random moments, on the real disk.
func TestKills(t *testing.T) {
	t.Parallel()
	want := cycles(50, 5000)
	c := &tally{ops: map[string]int{}}
	for c.faults < want {
		c.acked = map[int]bool{}
		dir := filepath.Join(t.TempDir(), "data")
		before := "nothing"
		for range min(25, want-c.faults) {
			l := start(t, "loop", dir)
			if rand.IntN(5) == 0 { // while it starts
				l.drain()
				time.Sleep(time.Duration(rand.IntN(80)) * time.Millisecond)
				l.kill()
				if l.bad != "" {
					t.Fatalf("after %s: %s", before, l.bad)
				}
			} else {
				ready(t, c, l, before)
				if rand.IntN(2) == 0 { // however slow the machine is
					l.await(t, "ack")
				}
				l.drain()
				time.Sleep(time.Duration(rand.IntN(120)) * time.Millisecond)
				l.kill()
			}
			c.take(l)
			c.faults++
			before = fmt.Sprintf("kill %d", c.faults)
		}
		last := start(t, "loop", dir)
		ready(t, c, last, before)
		last.kill()
	}
	t.Logf("%d kills, %d acknowledged, 0 lost", c.faults, c.all)
	if c.all == 0 || c.faults < want {
		t.Fatalf("%d acknowledged, %d kills: this campaign proves nothing", c.all, c.faults)
	}
}
