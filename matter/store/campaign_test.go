package store_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"shuniu/clock"
	"shuniu/event"
	"shuniu/guard"
	"shuniu/matter"
	"shuniu/matter/store"
	"shuniu/metadb"
	"shuniu/shuniutest/powerfs"
)

// The campaigns re-execute this test binary as the program under test: several
// people open matters and act, each acknowledged command is printed.
const campaignDir = "SHUNIU_MATTER_CAMPAIGN"

func TestMain(m *testing.M) {
	if dir := os.Getenv(campaignDir); dir != "" {
		if err := campaign(context.Background(), dir); err != nil {
			fmt.Println("bad", strings.ReplaceAll(err.Error(), "\n", " / "))
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// campaignTime is the time of the engines: the day has time with something to do.
func campaignTime() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, clock.Shanghai) }

func campaignEngine(db *metadb.DB) (*matter.Engine, *store.Store) {
	st := store.New(db, event.New(db))
	return matter.New(shipped(), clock.NewBook(clock.Shipped()), st, slog.New(slog.DiscardHandler)).WithTime(campaignTime), st
}

// campaign works until it is killed. Keys are "SEED-person-n": the parent can
// send every command again.
func campaign(ctx context.Context, dir string) error {
	db, err := metadb.Open(ctx, "sqlite://"+filepath.Join(dir, "m.db"), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	e, _ := campaignEngine(db)
	seed := os.Getenv(campaignDir + "_SEED")
	fmt.Println("ready")
	var mu sync.Mutex
	var wg sync.WaitGroup
	errs := make(chan error, 8)
	for person := range 8 {
		wg.Go(func() {
			for n := 0; ; n++ {
				key := fmt.Sprintf("%s-%d-%d", seed, person, n)
				for step := range campaignSteps {
					id, rev, err := campaignStep(ctx, e, key, step, "")
					if err != nil {
						errs <- err
						return
					}
					mu.Lock()
					fmt.Println("ack", key, step, id, rev)
					mu.Unlock()
				}
			}
		})
	}
	return <-errs
}

// campaignSteps is how many commands a matter sees: opened, proposed, approved.
const campaignSteps = 3

// campaignStep does a step of the matter that the key names, again when it was
// done before.
func campaignStep(ctx context.Context, e *matter.Engine, key string, step int, again matter.ID) (matter.ID, int64, error) {
	filed, err := e.File(as(ctx, "wang", guard.Consumer, "fgw"), matter.Filing{Type: "share.request", Data: ask(), Key: key})
	if err != nil {
		return "", 0, err
	}
	if again != "" && (!filed.Repeated || filed.Matter != again) {
		return "", 0, fmt.Errorf("opening %s again made %s, want %s", key, filed.Matter, again)
	}
	who, action := as(ctx, "li", guard.Steward, "scjg"), "agree"
	switch step {
	case 0:
		return filed.Matter, filed.Rev, nil
	case 2:
		who, action = as(ctx, "zhao", guard.Leader, "scjg"), "approve"
	}
	r, err := e.Do(who, matter.Command{Matter: filed.Matter, Action: action, Key: key})
	if err == nil && again != "" && !r.Repeated {
		err = fmt.Errorf("%s of %s was done again", action, key)
	}
	return r.Matter, r.Rev, err
}

// strikes is how many times each campaign strikes.
func strikes(t *testing.T, short, soak int) int {
	t.Helper()
	if os.Getenv("SHUNIU_SOAK") == "1" {
		return soak
	}
	return short
}

type ack struct {
	key  string
	step int
	id   matter.ID
	rev  int64
}

// TestAcknowledgedCommandsSurvive strikes the program while it works: kill -9
// on the real disk, and power cuts. SHUNIU_SOAK=1 strikes 1,000 times.
func TestAcknowledgedCommandsSurvive(t *testing.T) {
	t.Run("kill", func(t *testing.T) {
		dir := t.TempDir()
		survive(t, dir, strikes(t, 100, 1000), func(cmd *exec.Cmd) {
			time.Sleep(time.Duration(5+rand.IntN(120)) * time.Millisecond)
			_ = cmd.Process.Kill() // it may have ended by itself
		}, func() {})
	})
	for _, mode := range []powerfs.Mode{powerfs.Ext4, powerfs.Strict} {
		t.Run("power cut/"+mode.String(), func(t *testing.T) {
			fs := powerfs.Mount(t, mode)
			dir := filepath.Join(fs.Dir(), "data")
			survive(t, dir, strikes(t, 10, 200), func(cmd *exec.Cmd) {
				n := 1 + rand.Int64N(400)
				struck := make(chan struct{})
				fs.CutAt(powerfs.Any, n, powerfs.Cut{Mixed: n%2 == 0, Seed: uint64(n)}, func() { close(struck) })
				select {
				case <-struck:
				case <-time.After(10 * time.Second):
					t.Error("the cut never came: the program does nothing")
					fs.Cut(powerfs.Cut{}, func() {})
				}
				_ = cmd.Process.Kill() // it may have ended of the cut
			}, fs.Resume)
		})
	}
}

func survive(t *testing.T, dir string, strikes int, strike func(*exec.Cmd), resume func()) {
	t.Helper()
	var all []ack
	for s := range strikes {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), campaignDir+"="+dir, fmt.Sprintf("%s_SEED=%d", campaignDir, s))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		ready := make(chan struct{})
		ended := make(chan []ack)
		go func() {
			var got []ack
			for lines.Scan() {
				var a ack
				switch text := lines.Text(); {
				case text == "ready":
					close(ready)
				case strings.HasPrefix(text, "ack "):
					if _, err := fmt.Sscanf(text, "ack %s %d %s %d", &a.key, &a.step, &a.id, &a.rev); err == nil {
						got = append(got, a)
					}
				}
			}
			_ = cmd.Wait() // struck
			ended <- got
		}()
		select {
		case <-ready:
		case <-time.After(time.Minute):
			t.Fatal("the program does not start")
		}
		strike(cmd)
		got := <-ended
		resume()
		all = append(all, got...)
		check(t, dir, got, s == strikes-1, all)
	}
	t.Logf("%d strikes, %d acknowledged commands, 0 lost", strikes, len(all))
	if len(all) < strikes {
		t.Fatalf("%d acknowledged commands: this proves nothing", len(all))
	}
}

// check wants every acknowledged command to be there, once, and every chain to
// hold; the last time it looks at all there ever were.
func check(t *testing.T, dir string, got []ack, last bool, all []ack) {
	t.Helper()
	db, err := metadb.Open(t.Context(), "sqlite://"+filepath.Join(dir, "m.db"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	e, st := campaignEngine(db)
	newest := map[matter.ID]int64{}
	for _, a := range got {
		newest[a.id] = max(newest[a.id], a.rev)
	}
	if last {
		for _, a := range all {
			newest[a.id] = max(newest[a.id], a.rev)
		}
	}
	for id, rev := range newest {
		m, err := st.Get(t.Context(), id)
		if err != nil {
			t.Fatalf("an acknowledged matter: %v", err)
		}
		if m.Rev < rev {
			t.Fatalf("matter %s is at revision %d, %d was acknowledged", id, m.Rev, rev)
		}
		if err := e.Verify(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	for _, a := range got[max(0, len(got)-24):] { // those nearest to the strike are sent again
		id, rev, err := campaignStep(t.Context(), e, a.key, a.step, a.id)
		if err != nil || id != a.id || rev != a.rev {
			t.Fatalf("%+v sent again: %s at %d, %v", a, id, rev, err)
		}
	}
	var heads, events, told int
	for q, n := range map[string]*int{
		"SELECT COALESCE(SUM(seq), 0) FROM matter": &heads, "SELECT COUNT(*) FROM matter_event": &events,
		"SELECT COUNT(*) FROM event WHERE topic = 'matter'": &told,
	} {
		if err := db.Bun().NewRaw(q).Scan(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	if heads != events || events != told {
		t.Fatalf("heads count %d events, there are %d, %d were told: a command is half there", heads, events, told)
	}
}
