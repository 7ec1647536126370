package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
)

// patientBody gives a client up that stops sending, and lifts the deadline
// once the body is whole: one that ran out later would cancel the request.
type patientBody struct {
	io.ReadCloser
	rc *http.ResponseController
}

func (b *patientBody) Read(p []byte) (int, error) {
	if err := setDeadline(b.rc.SetReadDeadline, time.Now().Add(stall)); err != nil {
		return 0, err
	}
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		if err := setDeadline(b.rc.SetReadDeadline, time.Time{}); err != nil {
			return n, err
		}
	}
	return n, err
}

// setDeadline ignores that a recorder in a test has none.
func setDeadline(set func(time.Time) error, t time.Time) error {
	if err := set(t); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// Answers in JSON are gathered up to holdBytes, so that they can carry an
// ETag and be compressed whole; above, and in other types, bytes go straight
// through (JSON compressed on the way).
const (
	holdBytes = 1 << 20
	zipBytes  = 1400 // less fits in one packet anyway
)

// An answerWriter sends an answer: ETag, gzip, and a deadline per write.
type answerWriter struct {
	http.ResponseWriter
	r      *http.Request
	rc     *http.ResponseController
	status int
	held   []byte
	hold   bool         // JSON that may still be held
	sent   bool         // the header is on its way
	zip    *gzip.Writer // set while compressing on the way
}

func newAnswer(w http.ResponseWriter, r *http.Request) *answerWriter {
	return &answerWriter{ResponseWriter: w, r: r, rc: http.NewResponseController(w)}
}

// Unwrap is for http.ResponseController.
func (a *answerWriter) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (a *answerWriter) WriteHeader(status int) {
	if a.status != 0 {
		return
	}
	a.status = status
	if isJSON(a.Header().Get("Content-Type")) && a.Header().Get("Content-Encoding") == "" {
		a.hold = true
		return
	}
	a.pass()
}

func (a *answerWriter) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	if a.hold {
		if len(a.held)+len(p) <= holdBytes {
			a.held = append(a.held, p...)
			return len(p), nil
		}
		a.release(a.acceptsGzip())
	}
	if err := setDeadline(a.rc.SetWriteDeadline, time.Now().Add(stall)); err != nil {
		return 0, err
	}
	if a.zip != nil {
		return a.zip.Write(p)
	}
	return a.ResponseWriter.Write(p)
}

// FlushError sends what there is; http.ResponseController calls it.
func (a *answerWriter) FlushError() error {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	if a.hold {
		a.release(false)
	}
	if a.zip != nil {
		if err := a.zip.Flush(); err != nil {
			return err
		}
	}
	return a.rc.Flush()
}

// Flush is FlushError for those who know http.Flusher only.
func (a *answerWriter) Flush() { _ = a.FlushError() } // the next write tells

// release ends holding: what was held is sent, compressed when zip is set.
func (a *answerWriter) release(zip bool) {
	held := a.held
	a.held, a.hold = nil, false
	if zip {
		a.Header().Set("Content-Encoding", "gzip")
		a.Header().Del("Content-Length")
	}
	a.pass()
	if zip {
		a.zip = gzip.NewWriter(a.ResponseWriter)
	}
	if len(held) > 0 {
		_, _ = a.Write(held) // the next write tells
	}
}

func (a *answerWriter) pass() {
	a.sent = true
	if isJSON(a.Header().Get("Content-Type")) {
		a.Header().Add("Vary", "Accept-Encoding, Accept-Language, Cookie")
	}
	_ = setDeadline(a.rc.SetWriteDeadline, time.Now().Add(stall)) // the next write tells
	a.ResponseWriter.WriteHeader(a.status)
}

// reset forgets what was held, for another answer in its place.
func (a *answerWriter) reset() {
	a.status, a.held, a.hold = 0, nil, false
	for _, h := range []string{"Content-Length", "Content-Disposition", "Set-Cookie", "ETag"} {
		a.Header().Del(h)
	}
}

// finish sends what is still held.
func (a *answerWriter) finish() {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	if a.zip != nil {
		_ = a.zip.Close() // the client went away: nothing to do
		return
	}
	if !a.hold {
		return
	}
	if a.r.Method == http.MethodGet && a.status == http.StatusOK && a.Header().Get("Cache-Control") != "no-store" {
		sum := sha256.Sum256(a.held)
		tag := `W/"` + hex.EncodeToString(sum[:12]) + `"`
		a.Header().Set("ETag", tag)
		if etagMatches(a.r.Header.Get("If-None-Match"), tag) {
			a.Header().Del("Content-Type")
			a.status, a.held, a.hold = http.StatusNotModified, nil, false
			a.pass()
			return
		}
	}
	a.release(len(a.held) > zipBytes && a.acceptsGzip())
	if a.zip != nil {
		_ = a.zip.Close() // the client went away: nothing to do
	}
}

func (a *answerWriter) acceptsGzip() bool { return accepts(a.r, "gzip") }

// accepts reports whether the client takes an encoding.
func accepts(r *http.Request, encoding string) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(name, encoding) {
			q = strings.ReplaceAll(q, " ", "")
			return q != "q=0" && !strings.HasPrefix(q, "q=0.000") && q != "q=0.0" && q != "q=0.00"
		}
	}
	return false
}

func etagMatches(header, tag string) bool {
	for part := range strings.SplitSeq(header, ",") {
		if p := strings.TrimSpace(part); p == tag || p == "*" || "W/"+p == tag {
			return true
		}
	}
	return false
}

func isJSON(contentType string) bool {
	t, _, _ := strings.Cut(contentType, ";")
	return t == "application/json" || t == "application/problem+json"
}
