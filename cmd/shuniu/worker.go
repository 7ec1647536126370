package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"shuniu/brain/duck"
	"shuniu/collect"
	"shuniu/refine/library"
	"shuniu/worker"
)

type workerCommand struct{}

// Run serves the hub that started this process.
func (workerCommand) Run(ctx context.Context) error {
	return worker.Serve(ctx, handlers())
}

// handlers are all methods a worker knows.
func handlers() map[string]worker.Handler {
	all := map[string]worker.Handler{}
	maps.Copy(all, collect.Handlers(duck.WriteParquet))
	maps.Copy(all, duck.Handlers())
	maps.Copy(all, library.Handlers(duck.WriteParquet))
	return all
}

// temporaryPool is a pool for a command without a data folder; drop ends it
// and removes its folder.
func (a *app) temporaryPool(size int) (pool *worker.Pool, drop func(), err error) {
	dir, err := os.MkdirTemp("", "shuniu-*")
	if err != nil {
		return nil, nil, fmt.Errorf("make a temporary folder: %w", err)
	}
	pool, err = worker.NewPool(a.poolConfig(filepath.Join(dir, "worker"), size))
	if err != nil {
		_ = os.RemoveAll(dir) // nothing was put there
		return nil, nil, err
	}
	return pool, func() {
		if err := pool.Close(); err != nil {
			a.log.Warn("close worker pool", "error", err)
		}
		if err := os.RemoveAll(dir); err != nil {
			a.log.Warn("remove temporary folder", "error", err)
		}
	}, nil
}

func (a *app) poolConfig(dir string, size int) worker.Config {
	return worker.Config{
		Dir: dir, Size: size, Deadline: a.conf.Workers.Deadline,
		MemoryBytes: int64(a.conf.Workers.MemoryMB) << 20, Log: a.log,
	}
}
