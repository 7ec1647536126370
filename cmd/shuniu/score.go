package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"shuniu/brain"
	"shuniu/collect"
	"shuniu/demo/score"
	"shuniu/resource"
)

type demoScoreCommand struct {
	Truth string `required:"" help:"The truth folder of the city, or the folder that holds it." type:"path"`
	JSON  bool   `name:"json" help:"Print the measures as JSON."`
}

// Run compares what landed with the truth.
func (c *demoScoreCommand) Run(ctx context.Context, a *app) error {
	truth := c.Truth
	if _, err := os.Stat(filepath.Join(truth, "files.csv")); errors.Is(err, fs.ErrNotExist) {
		truth = filepath.Join(truth, "truth")
	}
	if _, err := os.Stat(filepath.Join(truth, "files.csv")); err != nil {
		return &refusedError{reason: fmt.Sprintf("%s：不是生成城市的真值文件夹 (no truth folder of a city): %v", c.Truth, err)}
	}
	f, err := a.openFolder(ctx, false)
	if errors.Is(err, errServed) {
		return &refusedError{reason: "数据文件夹由服务占用，评分请先停止服务 (a server holds the data folder: stop it before scoring)"}
	}
	if err != nil {
		return err
	}
	return a.withHub(ctx, f, toQuery, func(ctx context.Context, h *hub) error {
		measures, err := score.Run(ctx, truth, &landing{hub: h})
		if err != nil {
			return err
		}
		return printMeasures(a.out, measures, c.JSON)
	})
}

func printMeasures(w io.Writer, measures []score.Measure, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(map[string]any{"measures": measures})
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "MEASURE\tVALUE\tTARGET\tCOUNT\tUNIT") // the writer keeps its error until Flush
	for _, m := range measures {
		target := "-"
		if m.Target != nil {
			target = fmt.Sprintf("%g", *m.Target)
		}
		fmt.Fprintf(t, "%s\t%.5f\t%s\t%d\t%s\n", m.Name, m.Value, target, m.Count, m.Unit)
	}
	return t.Flush()
}

// A landing answers the scorer from the data folder.
type landing struct {
	hub     *hub
	batches map[string][]collect.Batch // by file name without folders
}

func (l *landing) of(ctx context.Context, file string) ([]collect.Batch, error) {
	if l.batches == nil {
		l.batches = map[string][]collect.Batch{}
		for before := resource.BatchID(""); ; {
			page, err := l.hub.collect.Batches(ctx, collect.BatchFilter{Status: statusLanded, Before: before})
			if err != nil {
				return nil, err
			}
			if len(page) == 0 {
				break
			}
			for _, b := range page {
				name := path.Base(filepath.ToSlash(b.File))
				l.batches[name] = append(l.batches[name], b)
			}
			before = page[len(page)-1].Batch
		}
	}
	return l.batches[path.Base(file)], nil
}

// Rows returns the rows of the file that landed.
func (l *landing) Rows(ctx context.Context, file string) (n int64, err error) {
	batches, err := l.of(ctx, file)
	for _, b := range batches {
		n += b.RowsLanded
	}
	return n, err
}

// Read yields fields of the landed rows of the file in their order.
func (l *landing) Read(ctx context.Context, file string, fields []string, yield func([]string) error) error {
	batches, err := l.of(ctx, file)
	if err != nil {
		return err
	}
	if len(batches) != 1 {
		return fmt.Errorf("%s landed %d times, want once", file, len(batches))
	}
	b := batches[0]
	columns := make([]string, len(fields))
	for i, f := range fields {
		columns[i] = `CAST(t."` + strings.ReplaceAll(f, `"`, `""`) + `" AS VARCHAR)`
	}
	// grain: one row per row of the file; the names are the dataset's own, the
	// batch id is ours.
	rows, err := l.hub.brain.Query(ctx, brain.Statement{
		SQL: "SELECT " + strings.Join(columns, ", ") + " FROM " + b.SQL + " AS t WHERE t._batch = '" + string(b.Batch) + "' ORDER BY t._row",
	})
	if err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	defer func() { _ = rows.Close() }() // only read
	values := make([]string, len(fields))
	for {
		page, err := rows.Next(ctx)
		for _, row := range page {
			for i, v := range row {
				values[i], _ = v.(string) // nil is an empty value
			}
			if err := yield(values); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", file, err)
		}
	}
}
