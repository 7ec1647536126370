package iceberg

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/apache/iceberg-go/table"
	"golang.org/x/sync/errgroup"

	"shuniu/durable"
	"shuniu/fault"
	"shuniu/resource"
)

// A Problem is something Verify found.
type Problem struct {
	What  string `json:"what"`
	Where string `json:"where"`
	Mend  string `json:"mend"`
}

// Verify reads every file of every live snapshot of every table, quick: of
// the current snapshots only, and compares it with its digest. It also names
// files that are missing, files that no table names, and tables of which the
// metadata store knows less than was acknowledged. It returns an error only
// when it could not look; checked counts files.
func (l *Lake) Verify(ctx context.Context, quick bool) (problems []Problem, checked int, err error) {
	all, err := l.Tables(ctx)
	if err != nil {
		return nil, 0, err
	}
	for _, t := range all {
		found, n, err := l.verifyTable(ctx, t, quick)
		for try := 0; err == nil && len(found) > 0 && try < 3; try++ {
			// Upkeep may have removed what was just looked for: look again
			// until two looks in a row find something wrong with one state.
			before, lerr := l.location(ctx, t)
			found, n, err = l.verifyTable(ctx, t, quick)
			if after, aerr := l.location(ctx, t); lerr == nil && aerr == nil && before == after {
				break
			}
		}
		if err != nil {
			return problems, checked, fmt.Errorf("verify %s: %w", t, err)
		}
		problems, checked = append(problems, found...), checked+n
	}
	found, err := l.strayFolders(ctx)
	return append(problems, found...), checked, err
}

func (l *Lake) verifyTable(ctx context.Context, t resource.Table, quick bool) (problems []Problem, checked int, err error) {
	bad := func(what, where, mend string) { problems = append(problems, Problem{what, where, mend}) }
	// Nothing remembered counts here: the disk is asked.
	loc, err := l.location(ctx, t)
	if errors.Is(err, fault.NotFound) {
		return nil, 0, nil // dropped meanwhile
	}
	if err != nil {
		return nil, 0, err
	}
	checked++
	meta, err := l.parse(ctx, loc)
	if err != nil {
		bad(err.Error(), t.String(), "restore the file "+l.where(loc)+" from a backup")
		return problems, checked, nil
	}
	h := l.handle(t, meta, loc)
	if w, ok := h.readWitness(); ok && w.Version > version(loc) {
		bad(fmt.Sprintf("the metadata store knows version %d of the table, version %d was acknowledged: commits are lost", version(loc), w.Version),
			t.String(), "restore the metadata store, or set the table's metadata_location to "+w.Location)
	}
	snaps := meta.Snapshots()
	if quick {
		snaps = nil
		if s := meta.CurrentSnapshot(); s != nil {
			snaps = []table.Snapshot{*s}
		}
	}
	names := naming{meta: map[string]plannedFile{}, data: map[string]plannedFile{}}
	for i := range snaps {
		s := &snaps[i]
		if err := names.snapshot(ctx, h, s); err != nil {
			if ctx.Err() != nil {
				return problems, checked, ctx.Err()
			}
			bad(err.Error(), fmt.Sprintf("%s, snapshot %d", t, s.SnapshotID), "restore the file from a backup, or roll the table back to another snapshot")
		}
	}
	checked += len(names.meta) + len(names.data) // metadata was checked while it was read
	var (
		g  errgroup.Group
		mu sync.Mutex
	)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for rel, f := range names.data {
		g.Go(func() error {
			err := l.checkDigest(ctx, f)
			if err != nil && ctx.Err() == nil {
				mu.Lock()
				defer mu.Unlock()
				bad(err.Error(), l.abs(rel), "restore the file from a backup, or land its batch again")
			}
			return ctx.Err()
		})
	}
	if err := g.Wait(); err != nil {
		return problems, checked, err
	}
	if quick || len(problems) > 0 {
		return problems, checked, nil // without all names nobody can tell an orphan
	}
	err = h.walk(func(rel string, st fs.FileInfo) error {
		if !names.has(rel) && !h.isCurrent(rel) && time.Since(st.ModTime()) > l.age {
			bad("no snapshot names this file", l.abs(rel), "table maintenance removes it")
		}
		return nil
	})
	return problems, checked, err
}

// where is the path behind an address, or the address when it leads outside.
func (l *Lake) where(uri string) string {
	rel, err := l.rel(uri)
	if err != nil {
		return uri
	}
	return l.abs(rel)
}

// readWitness reads what witness wrote; false when there is nothing readable,
// as after a power cut.
func (h *handle) readWitness() (w witness, ok bool) {
	rel, err := h.lake.rel(h.meta.Location())
	if err != nil {
		return w, false
	}
	data, err := os.ReadFile(h.lake.abs(rel + "/metadata/committed"))
	return w, err == nil && json.Unmarshal(data, &w) == nil
}

// strayFolders names the table folders that no table owns: what a process
// left that died while it made or dropped a table.
func (l *Lake) strayFolders(ctx context.Context) (problems []Problem, err error) {
	stray, err := l.stray(ctx)
	for _, rel := range stray {
		problems = append(problems, Problem{"no table owns this folder", l.abs(rel), "it is removed when the lake is opened next"})
	}
	return problems, err
}

// stray lists table folders, relative to the lake, that no table owns and
// nobody touched for Config.OrphanAge.
func (l *Lake) stray(ctx context.Context) ([]string, error) {
	// Folders first, owners second: a table made in between has an owner.
	var dirs []string
	for _, s := range stations {
		es, err := os.ReadDir(l.abs(string(s)))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		for _, e := range es {
			if st, err := e.Info(); err == nil && time.Since(st.ModTime()) > l.age {
				dirs = append(dirs, path.Join(string(s), e.Name()))
			}
		}
	}
	if len(dirs) == 0 {
		return nil, nil
	}
	var locs []string
	if err := l.db.Bun().NewRaw("SELECT metadata_location FROM iceberg_tables WHERE catalog_name = ? AND metadata_location IS NOT NULL", catalogName).Scan(ctx, &locs); err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	owned := map[string]bool{}
	for _, loc := range locs {
		if rel, err := l.rel(loc); err == nil {
			parts := strings.SplitN(rel, "/", 3)
			owned[path.Join(parts[0], parts[1])] = true
		}
	}
	var out []string
	for _, d := range dirs {
		if !owned[d] {
			out = append(out, d)
		}
	}
	return out, nil
}

// sweepStray removes them.
func (l *Lake) sweepStray(ctx context.Context) error {
	stray, err := l.stray(ctx)
	if err != nil {
		return err
	}
	for _, rel := range stray {
		l.log.Info("stray table folder removed", "path", rel)
		if err := os.RemoveAll(l.abs(rel)); err != nil {
			return err
		}
		if err := durable.SyncDir(filepath.Dir(l.abs(rel))); err != nil {
			return err
		}
	}
	return nil
}
