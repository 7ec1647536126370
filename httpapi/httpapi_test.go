package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"shuniu/event"
	"shuniu/fault"
	"shuniu/guard"
	"shuniu/guard/audit"
	"shuniu/metadb"
	"shuniu/resource/catalogue"
	"shuniu/run"
)

const (
	password   = "correct-Horse-7"
	ownerToken = "owner-token-of-the-test"
)

// A hub is a server on the real stores of a temp folder. Parts that a test
// does not bring find nothing.
type hub struct {
	*httptest.Server
	db       *metadb.DB
	accounts *guard.Accounts
	audit    *audit.Log
	events   *event.Log
	runs     *run.Runs
	logs     *safeBuffer
	sessions map[string]string
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func newHub(t *testing.T, change func(*Config)) *hub {
	t.Helper()
	db, err := metadb.Open(t.Context(), "sqlite://"+filepath.Join(t.TempDir(), "meta.db"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	h := &hub{db: db, logs: &safeBuffer{}, sessions: map[string]string{}}
	log := slog.New(slog.NewTextHandler(h.logs, nil))
	h.audit = audit.New(db)
	h.accounts = guard.NewAccounts(db, h.audit.Recorder())
	h.events = event.New(db)
	h.runs = run.New(db, h.events, 2, log)
	h.runs.Register("sleep", func(ctx context.Context, _ *run.Work) (any, error) { <-ctx.Done(); return nil, ctx.Err() })
	cat := catalogue.New(db, guard.Policy{})
	none := nothing{}
	cfg := Config{
		Log: log, OwnerToken: ownerToken, Front: testFront,
		Live:    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) },
		Ready:   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) },
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "shuniu_up 1\n") }),
		Services: Services{
			Accounts: NewPeople(db, h.accounts, cat), Gate: guard.Policy{}, Audit: NewAuditLog(h.audit), Uploads: noUploads{},
			Intake: none, Batches: none, Quarantine: noQuarantine{}, Catalogue: noCatalogue{}, Tables: noTables{},
			Runs: NewRuns(h.runs), Events: NewEvents(h.events, nil, func(context.Context) error { return nil }),
			Search:  func(context.Context, string, []string, int) (SearchResult, error) { return SearchResult{}, nil },
			Objects: noObjects{}, Views: NewViews(db),
			Query:   func(context.Context, string, int64) (RowStream, error) { return &memoryRows{}, nil },
			Summary: func(context.Context) (Summary, error) { return Summary{}, nil },
			Doctor:  func(context.Context, bool) (DoctorReport, error) { return DoctorReport{OK: true}, nil },
			Collect: func(context.Context, CLICollect, func(Receipt) error) (CollectSums, error) { return CollectSums{}, nil },
		},
	}
	if change != nil {
		change(&cfg)
	}
	srv, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	h.Server = httptest.NewServer(srv.Handler())
	t.Cleanup(func() {
		srv.stop()
		h.Close()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

var testFront = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, "<!doctype html><title>枢纽</title>")
})

// seed makes the accounts of the demo city. Their passwords are hashed once
// per test binary: the rows are copied from the first hub.
func (h *hub) seed(t *testing.T) {
	t.Helper()
	departments, accounts := guard.Demo()
	if err := guard.Seed(t.Context(), h.accounts, departments, nil, nil); err != nil {
		t.Fatal(err)
	}
	seeded.Lock()
	defer seeded.Unlock()
	if seeded.accounts == nil {
		if err := guard.Seed(t.Context(), h.accounts, nil, accounts, func(string) string { return password }); err != nil {
			t.Fatal(err)
		}
		if err := h.db.Bun().NewSelect().Model(&seeded.accounts).Scan(t.Context()); err != nil {
			t.Fatal(err)
		}
		return
	}
	rows := slices.Clone(seeded.accounts)
	err := h.db.Write(t.Context(), func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewInsert().Model(&rows).Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

var seeded struct {
	sync.Mutex
	accounts []guard.Account
}

// as returns the session token of an account, signing in once.
func (h *hub) as(t *testing.T, account string) string {
	t.Helper()
	if token := h.sessions[account]; token != "" {
		return token
	}
	s, err := h.accounts.Login(t.Context(), account, password, "test")
	if err != nil {
		t.Fatal(err)
	}
	h.sessions[account] = s.Token
	return s.Token
}

// A reply is an answer that was read.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func (r reply) problem(t *testing.T) Problem {
	t.Helper()
	var p Problem
	if err := json.Unmarshal(r.body, &p); err != nil {
		t.Fatalf("body %q is no problem: %v", r.body, err)
	}
	return p
}

func into[T any](t *testing.T, r reply) (v T) {
	t.Helper()
	if err := json.Unmarshal(r.body, &v); err != nil {
		t.Fatalf("status %d, body %q: %v", r.status, r.body, err)
	}
	return v
}

// do sends a request; who is an account, "owner" for the token, or "".
func (h *hub) do(t *testing.T, who, method, path string, body any, headers ...string) reply {
	t.Helper()
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case io.Reader:
		r = b
	case string:
		r = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		r = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, h.URL+path, r)
	if err != nil {
		t.Fatal(err)
	}
	switch who {
	case "":
	case "owner":
		req.Header.Set("Authorization", "Bearer "+ownerToken)
	default:
		req.AddCookie(&http.Cookie{Name: cookieName, Value: h.as(t, who)})
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return reply{res.StatusCode, res.Header, raw}
}

// The parts below are what a hub without data answers.

type nothing struct{}

var errNothing = errors.Join(errors.New("nothing here"), fault.NotFound)

func (nothing) Inspect(context.Context, NewInspection) (RunRef, error) { return RunRef{}, errNothing }
func (nothing) Inspection(context.Context, string) (Inspection, error) {
	return Inspection{}, errNothing
}
func (nothing) Land(context.Context, NewLanding) (RunRef, error) { return RunRef{}, errNothing }
func (nothing) Get(context.Context, string) (BatchDetail, error) { return BatchDetail{}, errNothing }
func (nothing) Answer(context.Context, string, BatchAnswer) (RunRef, error) {
	return RunRef{}, errNothing
}
func (nothing) Rerun(context.Context, string) (RunRef, error) { return RunRef{}, errNothing }
func (nothing) List(context.Context, BatchFilter, Paging) (Page[Batch], error) {
	return Page[Batch]{}, nil
}

type noQuarantine struct{}

func (noQuarantine) List(context.Context, QuarantineFilter, Paging) (QuarantinePage, error) {
	return QuarantinePage{}, nil
}
func (noQuarantine) Mend(context.Context, string, Mending) (Quarantined, error) {
	return Quarantined{}, errNothing
}
func (noQuarantine) Replay(context.Context, Replay) (RunRef, error) { return RunRef{}, errNothing }
func (noQuarantine) Discard(context.Context, Discard) (Affected, error) {
	return Affected{}, errNothing
}

type noCatalogue struct{}

func (noCatalogue) List(context.Context, DatasetFilter, Paging) (DatasetPage, error) {
	return DatasetPage{}, nil
}
func (noCatalogue) Get(context.Context, string) (DatasetDetail, error) {
	return DatasetDetail{}, errNothing
}
func (noCatalogue) Change(context.Context, string, DatasetChange) (DatasetDetail, error) {
	return DatasetDetail{}, errNothing
}
func (noCatalogue) Fields(context.Context, string) ([]DatasetField, error) { return nil, errNothing }
func (noCatalogue) Changes(context.Context, string, Paging) (Page[Change], error) {
	return Page[Change]{}, errNothing
}
func (noCatalogue) Lineage(context.Context, string) (Lineage, error) { return Lineage{}, errNothing }
func (noCatalogue) Origin(context.Context, string, string, int64) (Origin, error) {
	return Origin{}, errNothing
}

type noTables struct{}

func (noTables) Rows(context.Context, string, RowFilter, Paging) (RowPage, error) {
	return RowPage{}, errNothing
}
func (noTables) Export(context.Context, string, RowFilter) (RowStream, error) {
	return &memoryRows{}, nil
}
func (noTables) Snapshots(context.Context, string, Paging) (Page[Snapshot], error) {
	return Page[Snapshot]{}, errNothing
}
func (noTables) Rollback(context.Context, string, string) (Snapshot, error) {
	return Snapshot{}, errNothing
}

type noObjects struct{}

func (noObjects) Get(context.Context, string) (Object, error) { return Object{}, errNothing }
func (noObjects) Open(context.Context, string) (Object, io.ReadSeekCloser, error) {
	return Object{}, nil, errNothing
}

// memoryRows is a result in memory, in chunks of one row.
type memoryRows struct {
	cols []RowColumn
	rows [][]any
	fail error // after the rows, in place of io.EOF
	n    int
}

func (m *memoryRows) Columns() []RowColumn { return m.cols }
func (m *memoryRows) Truncated() bool      { return false }
func (m *memoryRows) Close() error         { return nil }
func (m *memoryRows) Next(context.Context) ([][]any, error) {
	if m.n < len(m.rows) {
		m.n++
		return m.rows[m.n-1 : m.n], nil
	}
	if m.fail != nil {
		return nil, m.fail
	}
	return nil, io.EOF
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 200 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("not within 2 s: %s", what)
}

type noUploads struct{}

func (noUploads) Create(context.Context, NewUpload) (Upload, error) { return Upload{}, nil }
func (noUploads) Append(context.Context, string, int64, io.Reader) (Upload, error) {
	return Upload{}, errNothing
}
func (noUploads) Get(context.Context, string) (Upload, error) { return Upload{}, errNothing }
func (noUploads) Delete(context.Context, string) error        { return errNothing }
