package main

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/text/encoding/simplifiedchinese"

	"shuniu/shuniutest/publicdata"
	"shuniu/worker"
)

func TestMain(m *testing.M) {
	if worker.IsChild() {
		worker.Main(handlers())
	}
	testscript.Main(m, map[string]func(){"shuniu": main})
}

// TestScript runs the commands as a user does. Scripts have, beside the usual:
//
//	gbk FILE       re-encodes a UTF-8 file in place
//	fifo FILE      makes a named pipe
//	flip FILE      flips one bit in the middle of a file
//	await FILE     waits until a file is there
//	stop DIR       ends the server of a data folder with SIGTERM
//	code N CMD…    runs a command that must exit with N
//
// $PUBLIC is the public data beside the checkout; [public] tells that it is there.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("TMPDIR", e.WorkDir+"/tmp")
			if dir, ok := publicdata.Find(t); ok {
				e.Setenv("PUBLIC", dir)
			}
			return os.Mkdir(e.WorkDir+"/tmp", 0o700)
		},
		Condition: func(cond string) (bool, error) {
			if cond != "public" {
				return false, fmt.Errorf("no condition %q", cond)
			}
			_, ok := publicdata.Find(t)
			return ok, nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"gbk": func(ts *testscript.TestScript, _ bool, args []string) {
				path := ts.MkAbs(args[0])
				raw, err := os.ReadFile(path)
				ts.Check(err)
				out, err := simplifiedchinese.GB18030.NewEncoder().Bytes(raw)
				ts.Check(err)
				ts.Check(os.WriteFile(path, out, 0o600))
			},
			"fifo": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(syscall.Mkfifo(ts.MkAbs(args[0]), 0o600))
			},
			"flip": func(ts *testscript.TestScript, _ bool, args []string) {
				path := ts.MkAbs(args[0])
				raw, err := os.ReadFile(path)
				ts.Check(err)
				raw[len(raw)/2] ^= 4
				ts.Check(os.Chmod(path, 0o600))
				ts.Check(os.WriteFile(path, raw, 0o600))
			},
			"await": func(ts *testscript.TestScript, _ bool, args []string) {
				for range 600 {
					if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
						return
					}
					time.Sleep(50 * time.Millisecond)
				}
				ts.Fatalf("%s did not come", args[0])
			},
			"stop": func(ts *testscript.TestScript, _ bool, args []string) {
				r, err := readReach(ts.MkAbs(args[0]))
				ts.Check(err)
				ts.Check(syscall.Kill(r.PID, syscall.SIGTERM))
			},
			"code": func(ts *testscript.TestScript, _ bool, args []string) {
				want := args[0]
				err := ts.Exec(args[1], args[2:]...)
				got := "0"
				if err != nil {
					got = exitCode(err)
				}
				if got != want {
					ts.Fatalf("exit %s, want %s: %v", got, want, err)
				}
			},
		},
	})
}

func exitCode(err error) string {
	text := err.Error() // "exit status N"
	return text[len(text)-1:]
}
