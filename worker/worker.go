package worker

import (
	"context"
	"encoding/json"
	"os"
)

// A Handler does one job inside the child. Its error reaches the caller of
// Pool.Do with its fault kind and text.
type Handler func(ctx context.Context, c Call) error

// A Call is a job as the child sees it.
type Call interface {
	// Params decodes the caller's parameters.
	Params(into any) error
	// Files are the descriptors the caller passed, open for reading.
	Files() []*os.File
	// In is the folder with the files the caller linked, read-only.
	In() string
	// Out is the folder the child may write in; empty at the start of a job.
	Out() string
	// Send streams a message to the caller; it blocks while the caller is slow.
	Send(kind string, payload []byte) error
	// Ask sends a message and waits for the caller's answer.
	Ask(kind string, payload []byte) ([]byte, error)
}

// A Request is a job as the hub states it.
type Request struct {
	Method string
	Params any               // encoded as JSON
	Files  []*os.File        // descriptors handed to the child; the caller closes its own
	Links  map[string]string // name in Call.In() -> absolute path of an immutable file
	// OutDir, when set, is a folder of the caller's on the data disk that the
	// child's Out() is bound to for this job (by rename when the job is done).
	OutDir string
	// Answer is called for each Ask of the child.
	Answer func(kind string, payload []byte) ([]byte, error)
}

// A Message is what the child sent.
type Message struct {
	Kind    string
	Payload json.RawMessage // raw bytes; JSON only where the method says so
}
