package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shuniu/shuniutest/powerfs"
)

// TestReceiptsSurvive strikes the real program while it collects: a power cut
// at a random operation, in both modes, and kill -9 on the real disk. Every
// receipt it printed is an acknowledgement: its rows are there afterwards, and
// doctor finds nothing. SHUNIU_SOAK=1 strikes 100 times each.
func TestReceiptsSurvive(t *testing.T) {
	strikes := 3
	if os.Getenv("SHUNIU_SOAK") == "1" {
		strikes = 100
	}
	for _, mode := range []powerfs.Mode{powerfs.Ext4, powerfs.Strict} {
		t.Run("power cut/"+mode.String(), func(t *testing.T) {
			fs := powerfs.Mount(t, mode)
			receipts(t, filepath.Join(fs.Dir(), "data"), strikes, func(cmd *child, ended <-chan struct{}) {
				struck := make(chan struct{})
				n := 1 + rand.Int64N(2500)
				fs.CutAt(powerfs.Any, n, powerfs.Cut{Mixed: n%2 == 0, Seed: uint64(n)}, func() { close(struck) })
				start(t, cmd)
				select {
				case <-struck:
					_ = cmd.Process.Kill() // it may have ended of the cut
					<-ended
					fs.Resume()
				case <-ended:
					select {
					case <-struck:
						fs.Resume()
					case <-time.After(time.Second):
						fs.Cut(powerfs.Cut{}, func() {})
					}
				}
			})
		})
	}
	t.Run("kill", func(t *testing.T) {
		receipts(t, filepath.Join(t.TempDir(), "data"), strikes, func(cmd *child, ended <-chan struct{}) {
			start(t, cmd)
			select {
			case <-time.After(time.Duration(200+rand.IntN(1500)) * time.Millisecond):
				_ = cmd.Process.Kill() // it may have ended by itself
				<-ended
			case <-ended:
			}
		})
	})
}

// A child is a program that is read from once it has begun.
type child struct {
	*exec.Cmd
	began chan struct{}
}

func start(t *testing.T, c *child) {
	t.Helper()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	close(c.began)
}

// receipts collects new files again and again into data; strike starts the
// program and ends it. A last run is left in peace, so that there is a receipt.
func receipts(t *testing.T, data string, strikes int, strike func(cmd *child, ended <-chan struct{})) {
	t.Helper()
	const rows = 20
	src := t.TempDir()
	landed := map[string]string{} // file to table
	for c := range strikes + 1 {
		args := []string{"collect", "--data", data, "--jsonl"}
		for f := range 6 {
			p := filepath.Join(src, fmt.Sprintf("c%df%d.csv", c, f))
			text := fmt.Sprintf("编号,名称%d_%d\n", c, f)
			for i := range rows {
				text += fmt.Sprintf("%d,企业%d\n", i, i)
			}
			if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			args = append(args, p)
		}
		cmd := &child{exec.CommandContext(t.Context(), "shuniu", args...), make(chan struct{})}
		cmd.Env = append(os.Environ(), "TMPDIR="+src)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			<-cmd.began
			lines := bufio.NewScanner(out)
			lines.Buffer(nil, 1<<20)
			for lines.Scan() {
				var r struct{ File, SQL, Status string }
				if json.Unmarshal(lines.Bytes(), &r) == nil && r.Status == "landed" {
					landed[r.File] = r.SQL
				}
			}
			_ = cmd.Wait() // struck
		}()
		if c < strikes {
			strike(cmd, ended)
		} else {
			start(t, cmd)
			<-ended
		}
		checkLanded(t, data, src, rows, landed)
	}
	t.Logf("%d strikes, %d receipts, 0 lost", strikes, len(landed))
	if len(landed) < 6 {
		t.Fatalf("%d receipts: this proves nothing", len(landed))
	}
}

// checkLanded asks the program for the rows of every receipt.
func checkLanded(t *testing.T, data, tmp string, rows int, landed map[string]string) {
	t.Helper()
	if len(landed) == 0 {
		return
	}
	run := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), "shuniu", args...)
		cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	var parts []string
	for _, table := range landed {
		parts = append(parts, "SELECT '"+table+"' AS t, count(*) AS n FROM "+table)
	}
	found := run("query", "--data", data, "--format", "csv", strings.Join(parts, " UNION ALL "))
	for file, table := range landed {
		if !strings.Contains(found, fmt.Sprintf("%s,%d\n", table, rows)) {
			t.Fatalf("%s was receipted as %s with %d rows; there is:\n%s", file, table, rows, found)
		}
	}
	run("doctor", "--data", data)
}
