package collect

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shuniu/brain"
	"shuniu/brain/duck"
	"shuniu/brain/iceberg"
	"shuniu/event"
	"shuniu/guard"
	"shuniu/guard/audit"
	"shuniu/metadb"
	"shuniu/resource"
	"shuniu/resource/catalogue"
	"shuniu/worker"
)

// handlers are what this test binary does as a worker.
func handlers() map[string]worker.Handler {
	h := Handlers(duck.WriteParquet)
	maps.Copy(h, duck.Handlers())
	h["collect.broken"] = brokenHandler
	return h
}

func TestMain(m *testing.M) {
	if worker.IsChild() {
		worker.Main(handlers())
	}
	os.Exit(m.Run())
}

// A hub is a whole landing path in a temporary folder.
type hub struct {
	*Service
	dir    string
	pool   *worker.Pool
	engine *duck.Engine
	lake   brain.Lake
	audit  *audit.Log
}

func newHub(tb testing.TB) *hub {
	tb.Helper()
	return openHub(tb, tb.TempDir())
}

// openHub opens the data folder dir, as a start of the hub does.
func openHub(tb testing.TB, dir string) *hub {
	tb.Helper()
	return openHubOn(tb, dir, "sqlite://"+filepath.Join(dir, "meta.db"))
}

func openHubOn(tb testing.TB, dir, dsn string) *hub {
	tb.Helper()
	log := slog.New(slog.DiscardHandler)
	ctx := context.Background()
	db, err := metadb.Open(ctx, dsn, log)
	if err != nil {
		tb.Fatal(err)
	}
	pool, err := worker.NewPool(worker.Config{Command: []string{os.Args[0]}, Dir: filepath.Join(dir, "tmp", "workers"), Deadline: 2 * time.Minute, Log: log})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := pool.Close(); err != nil {
			tb.Error(err)
		}
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	lake, err := iceberg.Open(ctx, iceberg.Config{Dir: filepath.Join(dir, "lake"), DB: db, Log: log})
	if err != nil {
		tb.Fatal(err)
	}
	gate := guard.Policy{}
	h := &hub{dir: dir, pool: pool, lake: lake, engine: duck.New(pool), audit: audit.New(db)}
	h.Service, err = New(Config{
		Dir: dir, DB: db, Lake: lake, Engine: h.engine, Pool: pool, Catalogue: catalogue.New(db, gate), Gate: gate,
		Events: event.New(db), Record: h.audit.Recorder(), Log: log,
	})
	if err != nil {
		tb.Fatal(err)
	}
	if err := h.Recover(ctx); err != nil {
		tb.Fatal(err)
	}
	return h
}

// engineer is a context of somebody who may do everything here.
func engineer(tb testing.TB) context.Context {
	ctx := context.Background()
	if t, ok := tb.(*testing.T); ok {
		ctx = t.Context()
	}
	return guard.With(ctx, guard.Principal{Account: "li", Name: "李工", Role: guard.Engineer})
}

// put writes a file to land.
func (h *hub) put(tb testing.TB, name, content string) string {
	tb.Helper()
	dir := filepath.Join(h.dir, "in")
	if err := os.MkdirAll(dir, 0o750); err != nil {
		tb.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// land lands a file that must not fail.
func (h *hub) land(tb testing.TB, req Request) []Receipt {
	tb.Helper()
	rs, err := h.Land(engineer(tb), req, nil)
	if err != nil {
		tb.Fatalf("land %s: %v", req.Path, err)
	}
	for _, r := range rs {
		if r.RowsIn != r.RowsLanded+r.RowsQuarantined {
			tb.Errorf("receipt does not add up: %+v", r)
		}
	}
	return rs
}

// one lands a file of one table.
func (h *hub) one(tb testing.TB, req Request) Receipt {
	tb.Helper()
	rs := h.land(tb, req)
	if len(rs) != 1 {
		tb.Fatalf("land %s: %d receipts, want 1: %+v", req.Path, len(rs), rs)
	}
	return rs[0]
}

// query runs SQL over one dataset and returns its rows as text, NULL for null.
func (h *hub) query(tb testing.TB, id resource.DatasetID, sql string) []string {
	tb.Helper()
	ctx := engineer(tb)
	t, err := h.lake.Open(ctx, tableOf(id))
	if err != nil {
		tb.Fatal(err)
	}
	scan, err := t.Scan(ctx, 0)
	if err != nil {
		tb.Fatal(err)
	}
	rows, err := h.engine.Run(ctx, brain.Statement{SQL: sql}, []brain.Scan{scan})
	if err != nil {
		tb.Fatalf("%s: %v", sql, err)
	}
	defer func() {
		if err := rows.Close(); err != nil {
			tb.Error(err)
		}
	}()
	var out []string
	for {
		part, err := rows.Next(ctx)
		if err != nil {
			break
		}
		for _, r := range part {
			cells := make([]string, len(r))
			for i, v := range r {
				cells[i] = "NULL"
				if v != nil {
					cells[i] = fmt.Sprint(v)
				}
			}
			out = append(out, strings.Join(cells, "|"))
		}
	}
	return out
}
