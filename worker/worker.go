package worker

import (
	"context"
	"os"
	"time"
)

// A Handler does one job inside the child. Its error reaches the caller of
// Pool.Do with its fault kind, its text and what fault.Explain gave it.
type Handler func(ctx context.Context, c Call) error

// A Call is a job as the child sees it.
type Call interface {
	// Params decodes the caller's parameters.
	Params(into any) error
	// Files are the descriptors the caller passed, open for reading. They are
	// closed when the handler returns.
	Files() []*os.File
	// In is the folder with the files the caller linked, read-only.
	In() string
	// Out is the folder the child may write in; empty at the start of a job.
	// What lies there when the handler returns nil is the job's result.
	Out() string
	// Temp is a folder for what nobody wants afterwards; empty at the start.
	Temp() string
	// MemoryBytes is what the pool allows the child; 0: no limit. Engines with
	// a limit of their own stay below half of it.
	MemoryBytes() int64
	// Send streams a message to the caller; it blocks while the caller is
	// slow. The payload is the handler's again when Send returns.
	Send(kind string, payload []byte) error
	// Finish gives the file of that name in Out to the caller while the job goes
	// on. The caller gets a message of kind Finished, with the name.
	Finish(name string) error
	// Ask sends a message and waits for the caller's answer. An error of the
	// caller comes back with its fault kind.
	Ask(kind string, payload []byte) ([]byte, error)
}

// A Request is a job as the hub states it.
type Request struct {
	Method string
	Params any               // encoded as JSON
	Files  []*os.File        // descriptors handed to the child; the caller closes its own
	Links  map[string]string // name in Call.In() -> absolute path of an immutable file
	// OutDir, when set, is an existing folder of the caller's, best on the
	// pool's disk. What the child finishes is moved there at once, what it
	// left in Call.Out() when the job is done; after an error nothing is.
	OutDir string
	// Answer is called for each Ask of the child, from within Job.Next. It may
	// use this pool only when the pool is larger than the jobs that do so.
	Answer func(kind string, payload []byte) ([]byte, error)
	// Deadline of this job; 0: the pool's. The clock stands still while the
	// caller is not waiting in Next, so a slow reader costs a job nothing.
	Deadline time.Duration
}

// Finished is the kind of the message that names a file in OutDir that is
// complete; see Call.Finish.
const Finished = "finished"

// A Message is what the child sent.
type Message struct {
	Kind    string
	Payload []byte // the receiver's own
}
