package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"shuniu/fault"
	"shuniu/guard"
	"shuniu/packs/libraries"
	"shuniu/refine/library"
)

type refineCommand struct {
	Library string   `arg:"" optional:"" help:"A shipped library, e.g. legal-person, or a YAML file of one. None: list them."`
	From    []string `help:"Only these landing datasets; all that have the key and the name when not given." sep:","`
	JSON    bool     `name:"json" help:"Print the report as one JSON object."`
}

// Run builds a library from what landed.
func (c *refineCommand) Run(ctx context.Context, a *app) error {
	if c.Library == "" {
		return c.list(a)
	}
	pack, err := loadLibrary(c.Library)
	if err != nil {
		return err
	}
	f, err := a.openFolder(ctx, false)
	if errors.Is(err, errServed) {
		return &refusedError{reason: fmt.Sprintf("a server holds the data folder %s; stop it to build a library from the command line (该数据目录已有服务在运行)", a.conf.Data)}
	}
	if err != nil {
		return err
	}
	return a.withHub(ctx, f, toQuery|toCollect, func(ctx context.Context, h *hub) error {
		b := &library.Builder{Brain: h.brain, Pool: h.intake, Deadline: a.conf.Workers.Intake}
		sources, err := b.Sources(ctx, pack)
		if err != nil {
			return err
		}
		if sources, err = c.chosen(sources); err != nil {
			return err
		}
		rep, err := b.Build(ctx, pack, sources, func(step string) { a.log.Info("refine", "library", pack.Library, "step", step) })
		if errors.Is(err, fault.NotFound) {
			return &refusedError{reason: fmt.Sprintf("no dataset has a column for %s (没有数据资源含有“%s”列；请先归集): %v", pack.Key, pack.Title.ZH, err)}
		}
		if err != nil {
			return err
		}
		err = h.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
			p, _ := guard.From(ctx)
			return h.audit.Recorder()(ctx, tx, p, guard.Refine, "library:"+pack.Library, fmt.Sprintf("%d entities of %d rows", rep.Entities, rep.Rows))
		})
		if err != nil {
			return err
		}
		if c.JSON {
			return json.NewEncoder(a.out).Encode(rep)
		}
		for _, s := range rep.Sources {
			fmt.Fprintf(a.out, "from  landing.%s (%s): %d rows, %d of %d fields\n", s.Dataset, s.Department, s.Rows, len(s.Columns), len(pack.Fields))
		}
		fmt.Fprintf(a.out, "%s  library.%s: %d entities of %d rows; %d values mended, %d rejected, %d conflicts\n",
			pack.Title.ZH, rep.Library, rep.Entities, rep.Rows, rep.Mended, rep.Rejected, rep.Conflicts)
		return nil
	})
}

// chosen keeps the sources that --from names.
func (c *refineCommand) chosen(all []library.Source) ([]library.Source, error) {
	if len(c.From) == 0 {
		return all, nil
	}
	var out []library.Source
	for _, name := range c.From {
		i := slices.IndexFunc(all, func(s library.Source) bool { return string(s.Dataset) == strings.TrimPrefix(name, "landing.") })
		if i < 0 {
			return nil, &refusedError{reason: fmt.Sprintf("dataset %q is not there or lacks the key or the name (没有这个数据资源，或缺少主键、名称列)", name)}
		}
		out = append(out, all[i])
	}
	return out, nil
}

func (c *refineCommand) list(a *app) error {
	names, err := fs.Glob(libraries.Files, "*.yaml")
	if err != nil {
		return err
	}
	for _, n := range names {
		p, err := loadLibrary(strings.TrimSuffix(n, ".yaml"))
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "%-16s %s  %s, %d fields\n", strings.TrimSuffix(n, ".yaml"), p.Title.ZH, p.Grain.ZH, len(p.Fields))
	}
	return nil
}

// maxPack bounds a pack's file, in bytes.
const maxPack = 1 << 20

func loadLibrary(name string) (*library.Pack, error) {
	if text, err := libraries.Files.ReadFile(strings.ReplaceAll(name, "_", "-") + ".yaml"); err == nil {
		return library.Load(path.Base(name)+".yaml", text)
	}
	st, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, usagef("there is no library %q; `shuniu refine` lists them", name)
	case err != nil:
		return nil, err
	case !st.Mode().IsRegular() || st.Size() > maxPack:
		return nil, usagef("%s is no YAML file of a library", name)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	p, err := library.Load(name, text)
	if err != nil {
		return nil, &refusedError{reason: err.Error()}
	}
	return p, nil
}
