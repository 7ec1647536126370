package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/uptrace/bun"
	"golang.org/x/sync/errgroup"

	"shuniu/collect"
	"shuniu/demo"
	"shuniu/guard"
	"shuniu/httpapi"
	"shuniu/resource"
	"shuniu/telemetry"
	"shuniu/web"
)

type serveCommand struct {
	Listen string `help:"Address to listen on; port 0 takes a free one." default:""`
	Demo   bool   `help:"Make the demo accounts and collect the built-in files (loopback only)."`
}

// demoPassword is the password of every demo account. It is printed at start
// and only ever set on a hub that listens on loopback.
const demoPassword = "Shuniu-2026"

// Run serves until SIGTERM.
func (c *serveCommand) Run(ctx context.Context, a *app) error {
	if c.Listen == "" {
		c.Listen = a.conf.Listen
	}
	if err := c.checkAddress(); err != nil {
		return err
	}
	f, err := a.openFolder(ctx, true)
	if errors.Is(err, errServed) {
		return &refusedError{reason: fmt.Sprintf("a server already holds the data folder %s (该数据目录已有服务在运行)", a.conf.Data)}
	}
	if err != nil {
		return err
	}
	h, err := a.openHub(ctx, f, toQuery|toCollect)
	if err != nil {
		return err
	}
	err = c.serve(ctx, a, h)
	return errors.Join(err, h.close())
}

func (c *serveCommand) checkAddress() error {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return usagef("--listen %q: %v", c.Listen, err)
	}
	ip := net.ParseIP(host)
	if c.Demo && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return usagef("--demo makes accounts with a known password and so listens on loopback only, not on %q", c.Listen)
	}
	return nil
}

func (c *serveCommand) serve(ctx context.Context, a *app, h *hub) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, os.Interrupt)
	defer stop()
	var secret [32]byte
	if _, err := rand.Read(secret[:]); err != nil {
		return err
	}
	token := hex.EncodeToString(secret[:])
	h.listen = c.Listen
	secure, leaf, err := serverTLS(a.conf.TLS)
	if err != nil {
		return err
	}
	proxies, err := a.conf.Proxies()
	if err != nil {
		return err
	}
	metrics := telemetry.NewMetrics()
	health := &telemetry.Health{}
	health.Register("metadb", func(ctx context.Context) error {
		_, err := h.events.Last(ctx)
		return err
	})
	health.Register("lake", func(ctx context.Context) error {
		_, err := h.lake.Tables(ctx)
		return err
	})
	services := httpapi.Wire(httpapi.Parts{
		DB: h.db, Accounts: h.accounts, Audit: h.audit, Events: h.events, Runs: h.runs, Catalogue: h.catalogue,
		Collect: h.collect, Brain: h.brain, MaxUploadBytes: int64(a.conf.Uploads.MaxMB) << 20,
		Doctor: h.doctor, Land: h.landForClient(a.conf.Workers.Count),
	})
	server, err := httpapi.New(httpapi.Config{
		Demo: c.accounts(), Services: services, Log: a.log, OwnerToken: token, TLS: secure, Proxies: proxies, Front: web.Handler(),
		Live: health.Live, Ready: health.Ready, Metrics: metrics.Handler(),
		Observe: func(operation string, status int, took time.Duration) {
			metrics.Requests.WithLabelValues(operation, fmt.Sprintf("%dxx", status/100)).Observe(took.Seconds())
		},
	})
	if err != nil {
		return err
	}
	listener, err := listenOn(ctx, c.Listen)
	if err != nil {
		return err
	}
	if openToAll(c.Listen, a.conf) {
		a.log.LogAttrs(ctx, slog.LevelWarn, plainHTTP, slog.String("listen", c.Listen), slog.String("mend", plainHTTPMend))
	}
	h.registerUpkeep(a.conf.Upkeep, a.log)
	if err := h.runs.Recover(ctx); err != nil {
		return errors.Join(err, listener.Close())
	}
	if c.Demo {
		if err := h.seedAccounts(ctx); err != nil {
			return errors.Join(err, listener.Close())
		}
	}
	g, gctx := errgroup.WithContext(ctx)
	h.background(gctx, g, a.conf.Upkeep.Every)
	g.Go(func() error { h.folder.watchRoom(gctx); return nil })
	g.Go(func() error { return server.Serve(gctx, listener) })
	url := "http://" + listener.Addr().String()
	if secure != nil {
		url = "https://" + listener.Addr().String()
	}
	if err := h.folder.announce(reach{URL: url, Token: token, PID: os.Getpid(), Certificate: leaf}); err != nil {
		stop()
		return errors.Join(err, g.Wait())
	}
	fmt.Fprintf(a.out, "ready %s\n", url)
	if c.Demo {
		g.Go(func() error { return h.loadDemo(gctx, a, url) })
	}
	return g.Wait()
}

// accounts are those the sign-in page of a demonstration hub offers.
func (c *serveCommand) accounts() []httpapi.DemoAccount {
	if !c.Demo {
		return nil
	}
	_, people := guard.Demo()
	out := make([]httpapi.DemoAccount, 0, len(people))
	for _, p := range people {
		out = append(out, httpapi.DemoAccount{Account: p.Account, Name: p.Name, Role: string(p.Roles[0]), Password: demoPassword})
	}
	return out
}

// seedAccounts makes the demo people and departments.
func (h *hub) seedAccounts(ctx context.Context) error {
	ctx = guard.With(ctx, guard.Local())
	departments, accounts := guard.Demo()
	for _, d := range demo.Departments() {
		departments = append(departments, guard.Department{ID: resource.DepartmentID(d.ID), Name: d.Name})
	}
	if err := guard.Seed(ctx, h.accounts, departments, accounts, func(string) string { return demoPassword }); err != nil {
		return err
	}
	return h.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		for _, d := range departments {
			if err := h.catalogue.PutDepartment(ctx, tx, d.ID, d.Name, false); err != nil {
				return err
			}
		}
		return nil
	})
}

// loadDemo collects the built-in files as their departments would send them;
// files already collected are recognised.
func (h *hub) loadDemo(ctx context.Context, a *app, url string) error {
	start := time.Now()
	files, err := demo.Files()
	if err != nil {
		return err
	}
	sender, err := h.accounts.As(ctx, "engineer")
	if err != nil {
		return fmt.Errorf("demo account: %w", err)
	}
	landed := 0
	for _, f := range files {
		sha, _, err := h.collect.Originals.Put(ctx, bytes.NewReader(f.Data), nil)
		if err != nil {
			return fmt.Errorf("demo file %s: %w", f.Name, err)
		}
		_, err = h.collect.Land(guard.With(ctx, sender), collect.Request{Original: sha, Name: f.Name, Department: resource.DepartmentID(f.Department)}, nil)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the hub is stopping; the next start goes on
		}
		if err != nil {
			a.log.Error("demo file", "file", f.Name, "error", err)
			continue
		}
		landed++
	}
	fmt.Fprintf(a.out, "loaded %d of %d demo files in %.1f s\n", landed, len(files), time.Since(start).Seconds())
	_, accounts := guard.Demo()
	fmt.Fprintf(a.out, "\n  枢纽 Shuniu  %s\n  演示账号（密码均为 %s）：\n", url, demoPassword)
	for _, acc := range accounts {
		fmt.Fprintf(a.out, "    %-10s %s  %v\n", acc.Account, acc.Name, acc.Roles)
	}
	return nil
}

// landForClient lands paths for a command line that goes through the server.
func (h *hub) landForClient(width int) func(ctx context.Context, in httpapi.CLICollect, emit func(httpapi.Receipt) error) (httpapi.CollectSums, error) {
	return func(ctx context.Context, in httpapi.CLICollect, emit func(httpapi.Receipt) error) (httpapi.CollectSums, error) {
		start := time.Now()
		if err := h.folder.checkRoom(); err != nil {
			return httpapi.CollectSums{}, err
		}
		files, refused := gather(in.Paths)
		sums := httpapi.CollectSums{Files: int64(len(files) + len(refused))}
		tell := func(r collect.Receipt) error {
			switch r.Status {
			case statusLanded:
				sums.Landed++
			case statusRefused:
				sums.Refused++
			}
			return emit(httpapi.Receipt{
				File: r.File, Member: r.Member, Table: r.Table, Batch: string(r.Batch), Dataset: string(r.Dataset), SQL: r.SQL,
				Snapshot: int64(r.Snapshot), SHA256: r.SHA256, RowsIn: r.RowsIn, RowsLanded: r.RowsLanded,
				RowsQuarantined: r.RowsQuarantined, Status: r.Status, Reason: r.Reason,
			})
		}
		for _, r := range refused {
			if err := tell(r); err != nil {
				return sums, err
			}
		}
		err := landAll(ctx, h.collect, files, collect.Request{
			Dataset: resource.DatasetID(in.Dataset), Department: resource.DepartmentID(in.Department),
		}, width, tell)
		sums.Seconds = time.Since(start).Seconds()
		return sums, err
	}
}
