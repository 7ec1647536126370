package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"syscall"

	"shuniu/fault"
)

// childEnv carries the setting from the pool to its child.
const childEnv = "SHUNIU_WORKER"

// socketFD is where a child finds its end of the socket.
const socketFD = 3

// A setting is what a child must know before it accepts jobs.
type setting struct {
	In, Out, Temp string
	MemoryBytes   int64
	FileBytes     int64
}

// IsChild reports whether a pool started this process. A test binary asks it
// in TestMain, so that a pool can run the test binary itself as its child:
//
//	func TestMain(m *testing.M) {
//		if worker.IsChild() {
//			worker.Main(handlers)
//		}
//		os.Exit(m.Run())
//	}
func IsChild() bool { return os.Getenv(childEnv) != "" }

// Main serves until the hub is gone and ends the process.
func Main(handlers map[string]Handler) {
	if err := Serve(context.Background(), handlers); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// Serve shuts the process into its sandbox, then does the jobs the hub sends,
// one at a time, until the hub closes the socket. It returns fault.Invalid
// when no pool started this process.
func Serve(ctx context.Context, handlers map[string]Handler) error {
	text := os.Getenv(childEnv)
	if text == "" {
		return fmt.Errorf("worker without a pool: %w", fault.Invalid)
	}
	var s setting
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return fmt.Errorf("worker setting: %w", err)
	}
	w, err := newWire(os.NewFile(socketFD, "hub"), true)
	if err != nil {
		return err
	}
	// A file over its limit gives EFBIG instead of death; a hub that went
	// away is seen on the socket, not as a signal.
	signal.Ignore(syscall.SIGXFSZ, syscall.SIGPIPE, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	abi, err := confine(s)
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	if err := w.writeJSON(frameReady, readyNote{LandlockABI: abi}); err != nil {
		return fmt.Errorf("tell the hub: %w", err)
	}
	return serve(ctx, w, s, handlers)
}

// serve reads frames until the hub is gone. A job runs in a goroutine of its
// own, so that the end of the hub is seen while it runs.
func serve(ctx context.Context, w *wire, s setting, handlers map[string]Handler) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answers := make(chan answer, 1)
	for {
		t, _, payload, err := w.read()
		if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
			return nil // the hub let go
		}
		if err != nil {
			return fmt.Errorf("read from the hub: %w", err)
		}
		switch t {
		case frameJob:
			var note jobNote
			if err := json.Unmarshal(payload, &note); err != nil {
				return fmt.Errorf("job: %w", err)
			}
			files, err := w.claim(note.Files)
			if err != nil {
				return fmt.Errorf("job: %w", err)
			}
			if err := w.write(frameTaken, "", nil); err != nil {
				return fmt.Errorf("tell the hub: %w", err)
			}
			c := &call{wire: w, setting: s, params: note.Params, files: files, answers: answers}
			go c.run(ctx, handlers[note.Method], note.Method)
		case frameAnswer:
			answers <- answer{payload: payload}
		case frameRefuse:
			var f failure
			if err := json.Unmarshal(payload, &f); err != nil {
				return fmt.Errorf("answer: %w", err)
			}
			answers <- answer{err: f.err()}
		default:
			return fmt.Errorf("frame of type %d from the hub", t)
		}
	}
}

type answer struct {
	payload []byte
	err     error
}

// A call is the child's side of one job.
type call struct {
	wire    *wire
	setting setting
	params  json.RawMessage
	files   []*os.File
	answers chan answer
}

func (c *call) Files() []*os.File  { return c.files }
func (c *call) In() string         { return c.setting.In }
func (c *call) Out() string        { return c.setting.Out }
func (c *call) Temp() string       { return c.setting.Temp }
func (c *call) MemoryBytes() int64 { return c.setting.MemoryBytes }

func (c *call) Params(into any) error {
	if err := json.Unmarshal(c.params, into); err != nil {
		return fmt.Errorf("parameters of the job: %w: %w", err, fault.Invalid)
	}
	return nil
}

func (c *call) Send(kind string, payload []byte) error {
	return c.wire.write(frameMessage, kind, payload)
}

func (c *call) Finish(name string) error { return c.wire.write(frameFinished, name, nil) }

func (c *call) Ask(kind string, payload []byte) ([]byte, error) {
	if err := c.wire.write(frameAsk, kind, payload); err != nil {
		return nil, err
	}
	a := <-c.answers // the process ends when the hub does
	return a.payload, a.err
}

// run does the job and tells the hub how it ended. When the hub cannot be
// told, nobody is waiting any more and the process ends.
func (c *call) run(ctx context.Context, h Handler, method string) {
	err := c.handle(ctx, h, method)
	for _, f := range c.files {
		if f.Close() != nil && err == nil {
			continue // read-only: nothing can be lost
		}
	}
	if err == nil {
		err = c.wire.write(frameDone, "", nil)
	} else {
		err = c.wire.writeJSON(frameFailed, describe(err))
	}
	if err != nil {
		os.Exit(1)
	}
}

func (c *call) handle(ctx context.Context, h Handler, method string) (err error) {
	if h == nil {
		return fmt.Errorf("no method %s in the worker: %w", strconv.Quote(method), fault.Invalid)
	}
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(os.Stderr, "panic in %s: %v\n%s", method, p, debug.Stack())
			err = fault.Explain(fmt.Errorf("%s: panic: %v: %w", method, p, fault.Invalid), KeyCrashed, nil)
		}
	}()
	return h(ctx, c)
}
