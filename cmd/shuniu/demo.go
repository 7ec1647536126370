package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"shuniu/demo/city"
	"shuniu/demo/views"
)

type demoCommand struct {
	City  demoCityCommand  `cmd:"" default:"withargs" help:"Write the departmental files of a synthetic city, and the truth beside them (default)."`
	Score demoScoreCommand `cmd:"" help:"Hold what the data folder has of the city against its truth."`
}

type demoCityCommand struct {
	Residents int    `required:"" help:"How many people live in it, 200 to 8,000,000."`
	Seed      uint64 `default:"1" help:"The same seed gives the same bytes."`
	Out       string `required:"" help:"Folder for the files; must not hold a truth." type:"path"`
	JSON      bool   `name:"json" help:"Print what was written as JSON."`
}

// A demoAnswer is what the command prints with --json.
type demoAnswer struct {
	Residents   int     `json:"residents"`
	Households  int     `json:"households"`
	Firms       int     `json:"firms"`
	Departments int     `json:"departments"`
	Files       int     `json:"files"`
	Rows        int64   `json:"rows"`
	Seconds     float64 `json:"seconds"`
	Out         string  `json:"out"`
}

// Run writes the city.
func (c *demoCityCommand) Run(ctx context.Context, a *app) error {
	if c.Residents < 200 || c.Residents > city.MaxResidents {
		return usagef("--residents %d, want 200 to %d", c.Residents, city.MaxResidents)
	}
	switch _, err := os.Lstat(filepath.Join(c.Out, "truth")); {
	case err == nil:
		return &refusedError{reason: fmt.Sprintf("%s：已有生成的城市，请换一个文件夹 (holds a city already; choose another folder)", c.Out)}
	case !errors.Is(err, fs.ErrNotExist):
		return &refusedError{reason: err.Error()}
	}
	start := time.Now()
	sum, err := views.Write(ctx, city.New(c.Residents, c.Seed), c.Out, runtime.GOMAXPROCS(0))
	if err != nil {
		return fmt.Errorf("write the city: %w", err)
	}
	ans := demoAnswer{
		Residents: sum.Residents, Households: sum.Households, Firms: sum.Firms, Departments: sum.Departments, Files: sum.Files, Rows: sum.Rows,
		Seconds: time.Since(start).Round(time.Millisecond).Seconds(), Out: c.Out,
	}
	if c.JSON {
		return json.NewEncoder(a.out).Encode(ans)
	}
	_, err = fmt.Fprintf(a.out, "%d residents, %d households, %d firms: %d files of %d departments, %d rows, in %.1f s (%s)\n",
		ans.Residents, ans.Households, ans.Firms, ans.Files, ans.Departments, ans.Rows, ans.Seconds, views.Synthetic)
	return err
}
