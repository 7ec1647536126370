package worker

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"shuniu/fault"
)

// A frame on the socket is
//
//	type u8 · length of kind u16 · length of payload u32 · kind · payload
//
// little-endian. Descriptors ride on the first byte of a job frame.
type frameType byte

const (
	frameReady    frameType = iota + 1 // child: sandboxed, waiting; payload: readyNote
	frameJob                           // hub: payload: jobNote, with descriptors
	frameTaken                         // child: the job arrived
	frameMessage                       // child: Send
	frameAsk                           // child: Ask
	frameAnswer                        // hub: payload of the answer
	frameRefuse                        // hub: payload: failure, the answer is an error
	frameDone                          // child: the handler returned nil
	frameFailed                        // child: payload: failure
	frameFinished                      // child: Finish; kind: name of the file
)

const (
	headerBytes = 7
	// maxPayload bounds what either side must hold for one frame.
	maxPayload = 64 << 20
	// maxFiles is below SCM_MAX_FD (253).
	maxFiles = 200
)

// A readyNote is the child's first word.
type readyNote struct {
	LandlockABI int `json:"landlock_abi"`
}

// A jobNote states a job.
type jobNote struct {
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Files  int             `json:"files"`
}

// A failure is an error on its way between the processes.
type failure struct {
	Kind string         `json:"kind,omitempty"` // text of the fault kind
	Text string         `json:"text"`
	Key  string         `json:"key,omitempty"` // of fault.Explained
	Args map[string]any `json:"args,omitempty"`
}

var faultKinds = []error{fault.Invalid, fault.NotFound, fault.Denied, fault.Conflict, fault.Busy, fault.Damaged, fault.Full}

// describe turns err into what crosses the socket.
func describe(err error) failure {
	f := failure{Text: err.Error()}
	if kind := fault.KindOf(err); kind != nil {
		f.Kind = kind.Error()
	}
	if e, ok := errors.AsType[*fault.Explained](err); ok {
		f.Key, f.Args = e.Key, e.Args
	}
	return f
}

// A remoteError is the other process's error with its kind.
type remoteError struct {
	text string
	kind error
}

func (e *remoteError) Error() string { return e.text }
func (e *remoteError) Unwrap() error { return e.kind }

// err is the error f describes.
func (f failure) err() error {
	e := &remoteError{text: f.Text}
	for _, k := range faultKinds {
		if k.Error() == f.Kind {
			e.kind = k
		}
	}
	if f.Key != "" {
		return fault.Explain(e, f.Key, f.Args)
	}
	return e
}

// A wire is one end of the socket. Writes may come from several goroutines,
// reads from one.
type wire struct {
	conn *net.UnixConn
	oob  []byte // room for descriptors; empty at the hub, which takes none from a child
	fds  []int  // received, not yet claimed
	// buffered bytes that were read and not yet used.
	buf []byte
	off int

	mu   sync.Mutex // guards head and the order of frames
	head [headerBytes]byte
}

// newWire takes over f. Only a wire with rights accepts descriptors.
func newWire(f *os.File, rights bool) (*wire, error) {
	c, err := net.FileConn(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("socket of the worker: %w", err)
	}
	u, ok := c.(*net.UnixConn)
	if !ok {
		return nil, errors.Join(errors.New("socket of the worker is no unix socket"), c.Close())
	}
	w := &wire{conn: u}
	if rights {
		w.oob = make([]byte, unix.CmsgSpace(maxFiles*4))
	}
	return w, nil
}

// write sends one frame, with descriptors when there are some.
func (w *wire) write(t frameType, kind string, payload []byte, files ...*os.File) error {
	if len(payload) > maxPayload || len(kind) > 1<<16-1 {
		return fmt.Errorf("message of %d bytes, at most %d: %w", len(payload), maxPayload, fault.Invalid)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.head[0] = byte(t)
	binary.LittleEndian.PutUint16(w.head[1:], uint16(len(kind)))
	binary.LittleEndian.PutUint32(w.head[3:], uint32(len(payload)))
	if len(files) > 0 {
		fds := make([]int, len(files))
		for i, f := range files {
			fds[i] = int(f.Fd())
		}
		n, _, err := w.conn.WriteMsgUnix(w.head[:], unix.UnixRights(fds...), nil)
		if err == nil && n < headerBytes {
			_, err = w.conn.Write(w.head[n:])
		}
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w.conn, kind); err != nil {
			return err
		}
		_, err = w.conn.Write(payload)
		return err
	}
	parts := net.Buffers{w.head[:]}
	if kind != "" {
		parts = append(parts, []byte(kind))
	}
	if len(payload) > 0 {
		parts = append(parts, payload)
	}
	_, err := parts.WriteTo(w.conn)
	return err
}

func (w *wire) writeJSON(t frameType, v any, files ...*os.File) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode for the worker: %w", err)
	}
	return w.write(t, "", b, files...)
}

// read returns the next frame; the payload is the caller's own.
func (w *wire) read() (t frameType, kind string, payload []byte, err error) {
	var head [headerBytes]byte
	if err := w.fill(head[:]); err != nil {
		return 0, "", nil, err
	}
	k := make([]byte, binary.LittleEndian.Uint16(head[1:]))
	n := binary.LittleEndian.Uint32(head[3:])
	if n > maxPayload {
		return 0, "", nil, fmt.Errorf("frame of %d bytes, at most %d", n, maxPayload)
	}
	if err := w.fill(k); err != nil {
		return 0, "", nil, noEOF(err)
	}
	payload = make([]byte, n)
	if err := w.fill(payload); err != nil {
		return 0, "", nil, noEOF(err)
	}
	return frameType(head[0]), string(k), payload, nil
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// fill reads exactly len(b) bytes and keeps descriptors that come along.
func (w *wire) fill(b []byte) error {
	for len(b) > 0 {
		if w.off < len(w.buf) {
			n := copy(b, w.buf[w.off:])
			w.off += n
			b = b[n:]
			continue
		}
		// Large payloads go straight into b, the rest through the buffer.
		into := b
		if len(b) < 4096 {
			if w.buf = w.buf[:cap(w.buf)]; len(w.buf) == 0 {
				w.buf = make([]byte, 64<<10)
			}
			into = w.buf
		}
		n, on, _, _, err := w.conn.ReadMsgUnix(into, w.oob)
		if on > 0 {
			if err := w.keepRights(w.oob[:on]); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
		if n == 0 {
			return io.EOF
		}
		if len(b) < 4096 {
			w.buf, w.off = w.buf[:n], 0
		} else {
			b = b[n:]
		}
	}
	return nil
}

func (w *wire) keepRights(oob []byte) error {
	msgs, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return fmt.Errorf("control message: %w", err)
	}
	for _, m := range msgs {
		fds, err := unix.ParseUnixRights(&m)
		if err != nil {
			return fmt.Errorf("control message: %w", err)
		}
		w.fds = append(w.fds, fds...)
	}
	return nil
}

// claim takes n received descriptors as files.
func (w *wire) claim(n int) ([]*os.File, error) {
	if len(w.fds) < n {
		return nil, fmt.Errorf("%d descriptors came, want %d", len(w.fds), n)
	}
	files := make([]*os.File, n)
	for i, fd := range w.fds[:n] {
		unix.CloseOnExec(fd)
		files[i] = os.NewFile(uintptr(fd), fmt.Sprintf("file %d of the job", i))
	}
	w.fds = w.fds[n:]
	return files, nil
}
