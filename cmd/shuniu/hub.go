package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"shuniu/brain"
	"shuniu/brain/duck"
	"shuniu/brain/iceberg"
	"shuniu/collect"
	"shuniu/config"
	"shuniu/event"
	"shuniu/guard"
	"shuniu/guard/audit"
	"shuniu/metadb"
	"shuniu/resource/catalogue"
	"shuniu/run"
	"shuniu/worker"
)

// A hub is the whole system over one data folder, wired.
type hub struct {
	folder    *folder
	conf      config.Config
	listen    string // of the server, or that a server would have
	db        *metadb.DB
	queries   *worker.Pool // apart from intake: a long landing starves no page, and a
	intake    *worker.Pool // parser that a file took over never serves a query
	lake      *iceberg.Lake
	events    *event.Log
	runs      *run.Runs
	gate      guard.Policy
	audit     *audit.Log
	accounts  *guard.Accounts
	catalogue *catalogue.Store
	brain     *brain.Brain
	collect   *collect.Service
}

// A use tells which workers a command needs at once; the others start with
// their first job.
type use uint8

const (
	toQuery use = 1 << iota
	toCollect
)

// openHub wires the hub over f and completes what an earlier process left
// half done.
func (a *app) openHub(ctx context.Context, f *folder, u use) (h *hub, err error) {
	h = &hub{folder: f, conf: a.conf, listen: a.conf.Listen}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.close())
			h = nil
		}
	}()
	if h.queries, err = a.pool(f.path("tmp/queries"), u&toQuery != 0); err != nil {
		return h, err
	}
	if h.intake, err = a.pool(f.path("tmp/intake"), u&toCollect != 0); err != nil {
		return h, err
	}
	dsn := a.conf.MetaDB
	if dsn == "" {
		if err = f.checkStore(); err != nil {
			return h, err
		}
		dsn = "sqlite://" + f.path("meta.db")
	}
	if h.db, err = metadb.Open(ctx, dsn, a.log); err != nil {
		return h, err
	}
	if h.lake, err = iceberg.Open(ctx, iceberg.Config{Dir: f.path("lake"), DB: h.db, Log: a.log}); err != nil {
		return h, err
	}
	h.events = event.New(h.db)
	h.runs = run.New(h.db, h.events, 2, a.log)
	h.audit = audit.New(h.db)
	h.accounts = guard.NewAccounts(h.db, h.audit.Recorder())
	h.catalogue = catalogue.New(h.db, h.gate)
	engine := duck.New(h.queries)
	h.brain = brain.New(h.lake, engine, h.gate, h.catalogue.Owner)
	h.collect, err = collect.New(collect.Config{
		Dir: f.dir, DB: h.db, Lake: h.lake, Engine: engine, Pool: h.intake, Catalogue: h.catalogue,
		Gate: h.gate, Events: h.events, Record: h.audit.Recorder(), Deadline: a.conf.Workers.Intake, Log: a.log,
	})
	if err != nil {
		return h, err
	}
	if err := h.collect.Recover(ctx); err != nil {
		return h, fmt.Errorf("complete what an earlier process left: %w", err)
	}
	return h, nil
}

func (h *hub) close() error {
	var errs []error
	for _, p := range []*worker.Pool{h.intake, h.queries} {
		if p != nil {
			errs = append(errs, p.Close())
		}
	}
	if h.db != nil {
		errs = append(errs, h.db.Close())
	}
	return errors.Join(append(errs, h.folder.close())...)
}

func (a *app) pool(dir string, warm bool) (*worker.Pool, error) {
	cfg := a.poolConfig(dir, a.conf.Workers.Count)
	cfg.Cold = !warm
	return worker.NewPool(cfg)
}

// withHub runs a command of the folder's owner over the opened folder.
func (a *app) withHub(ctx context.Context, f *folder, u use, do func(ctx context.Context, h *hub) error) error {
	h, err := a.openHub(ctx, f, u)
	if err != nil {
		return err
	}
	err = do(guard.With(ctx, guard.Local()), h)
	return errors.Join(err, h.close())
}

// background runs what the hub does by itself until ctx ends.
func (h *hub) background(ctx context.Context, g *errgroup.Group, every time.Duration) {
	g.Go(func() error { return h.runs.Work(ctx) })
	if every > 0 {
		g.Go(func() error { return h.schedule(ctx, every) })
	}
}
