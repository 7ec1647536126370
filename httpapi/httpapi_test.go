package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"shuniu/brain"
	"shuniu/brain/duck"
	"shuniu/brain/iceberg"
	"shuniu/collect"
	"shuniu/event"
	"shuniu/fault"
	"shuniu/guard"
	"shuniu/guard/audit"
	"shuniu/metadb"
	"shuniu/resource/catalogue"
	"shuniu/run"
	"shuniu/shuniutest/pg"
	"shuniu/worker"
)

const (
	password   = "correct-Horse-7"
	ownerToken = "owner-token-of-the-test"
)

// TestMain is also the worker: the pool starts this binary again.
func TestMain(m *testing.M) {
	if worker.IsChild() {
		h := collect.Handlers(duck.WriteParquet)
		maps.Copy(h, duck.Handlers())
		worker.Main(h)
	}
	os.Exit(m.Run())
}

// A hub is a server on the real stores, lake and workers of a temp folder.
type hub struct {
	*httptest.Server
	db       *metadb.DB
	accounts *guard.Accounts
	audit    *audit.Log
	events   *event.Log
	runs     *run.Runs
	collect  *collect.Service
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

// newHub starts a hub; change may put other parts in for what a test is about.
func newHub(t *testing.T, change func(*Config)) *hub {
	t.Helper()
	return newHubOn(t, "sqlite://"+filepath.Join(t.TempDir(), "meta.db"), change)
}

// onBothStores runs a test on a hub on SQLite and on one on PostgreSQL.
func onBothStores(t *testing.T, test func(t *testing.T, h *hub)) {
	t.Run("sqlite", func(t *testing.T) { test(t, newHub(t, nil)) })
	t.Run("postgres", func(t *testing.T) { test(t, newHubOn(t, pg.Database(t), nil)) })
}

// newHubOn starts a hub on the metadata store at dsn.
func newHubOn(t *testing.T, dsn string, change func(*Config)) *hub {
	t.Helper()
	return newHubWithin(t, dsn, time.Minute, change)
}

// newHubWithin starts a hub whose workers have so long for a job.
func newHubWithin(t *testing.T, dsn string, deadline time.Duration, change func(*Config)) *hub {
	t.Helper()
	dir := t.TempDir()
	h := &hub{logs: &safeBuffer{}, sessions: map[string]string{}}
	log := slog.New(slog.NewTextHandler(h.logs, nil))
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var err error
	h.db, err = metadb.Open(ctx, dsn, log)
	must(err)
	pool, err := worker.NewPool(worker.Config{Command: []string{os.Args[0]}, Dir: filepath.Join(dir, "tmp"), Size: 1, Deadline: deadline, Log: log})
	must(err)
	lake, err := iceberg.Open(ctx, iceberg.Config{Dir: filepath.Join(dir, "lake"), DB: h.db, Log: log})
	must(err)
	gate := guard.Policy{}
	h.audit, h.events = audit.New(h.db), event.New(h.db)
	h.accounts = guard.NewAccounts(h.db, h.audit.Recorder())
	h.runs = run.New(h.db, h.events, 2, log)
	h.runs.Register("sleep", func(ctx context.Context, _ *run.Work) (any, error) { <-ctx.Done(); return nil, ctx.Err() })
	cat := catalogue.New(h.db, gate)
	engine := duck.New(pool)
	h.collect, err = collect.New(collect.Config{
		Dir: dir, DB: h.db, Lake: lake, Engine: engine, Pool: pool, Catalogue: cat, Gate: gate,
		Events: h.events, Record: h.audit.Recorder(), Log: log,
	})
	must(err)
	must(h.collect.Recover(ctx))
	cfg := Config{
		Log: log, OwnerToken: ownerToken, Front: testFront,
		Live:    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) },
		Ready:   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) },
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "shuniu_up 1\n") }),
		Services: Wire(Parts{
			DB: h.db, Accounts: h.accounts, Audit: h.audit, Events: h.events, Runs: h.runs, Catalogue: cat, Collect: h.collect,
			Brain: brain.New(lake, engine, gate, cat.Owner), MaxUploadBytes: 1 << 30,
			Doctor: func(context.Context, bool) (DoctorReport, error) { return DoctorReport{OK: true}, nil },
			Land:   func(context.Context, CLICollect, func(Receipt) error) (CollectSums, error) { return CollectSums{}, nil },
		}),
	}
	if change != nil {
		change(&cfg)
	}
	srv, err := New(cfg)
	must(err)
	h.Server = httptest.NewServer(srv.Handler())
	work := make(chan error, 1)
	go func() { work <- h.runs.Work(ctx) }()
	t.Cleanup(func() {
		srv.stop()
		h.Close()
		cancel()
		if err := errors.Join(<-work, pool.Close(), h.db.Close()); err != nil {
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

// errNothing is an error of kind fault.NotFound.
var errNothing = errors.Join(errors.New("nothing here"), fault.NotFound)

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
