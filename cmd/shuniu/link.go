package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"syscall"

	"shuniu/collect/intake/tabular"
	"shuniu/durable"
	"shuniu/refine/link"
)

type linkCommand struct {
	Files    []string `arg:"" name:"file" help:"CSV, TSV or Parquet files whose rows are linked, within and across."`
	Settings string   `help:"Settings (YAML): id, ignore, columns, kinds, across_only, threshold, labels." type:"path"`
	Out      string   `required:"" help:"Where row_id,cluster_id,probability is written." type:"path"`
	JSON     bool     `help:"Print what was done as JSON."`
}

// A linkReport is what the command prints with --json.
type linkReport struct {
	Rows         int      `json:"rows"`
	Rejected     int      `json:"rejected"`
	Pairs        int64    `json:"pairs_compared"`
	Links        int      `json:"links"`
	Clusters     int      `json:"clusters"`
	Model        string   `json:"model"`
	Threshold    float64  `json:"threshold"`
	ChosenBy     string   `json:"threshold_chosen_by"`
	Fields       []string `json:"fields"`
	Keys         []string `json:"not_compared"`
	Rules        []string `json:"blocking_rules"`
	CPUSeconds   float64  `json:"cpu_seconds"`
	PeakRSSBytes int64    `json:"peak_rss_bytes"`
	Out          string   `json:"out"`
}

// maxSettings bounds a settings file in bytes: it may hold labels.
const maxSettings = 16 << 20

// Run links the rows of the files; it needs no data folder and no server.
func (c *linkCommand) Run(ctx context.Context, a *app) error {
	var set link.Settings
	if c.Settings != "" {
		b, err := readSmall(c.Settings, maxSettings)
		if err != nil {
			return err
		}
		if set, err = link.ParseSettings(b); err != nil {
			return err
		}
	}
	files := make([]link.File, 0, len(c.Files))
	for _, path := range c.Files {
		f, err := openRegular(path)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }() // only read
		st, err := f.Stat()
		if err != nil {
			return fmt.Errorf("look at %s: %w", path, err)
		}
		files = append(files, link.File{Name: path, Source: &tabular.Source{Name: filepath.Base(path), Size: st.Size(), ReaderAt: f}})
	}
	in, err := link.Read(ctx, files, set)
	if err != nil {
		return err
	}
	res, err := link.Run(ctx, in, set)
	if err != nil {
		return err
	}
	if err := writeClusters(c.Out, in, res); err != nil {
		return err
	}
	cpu, rss := resources()
	rep := linkReport{
		Rows: in.Rows, Rejected: in.Rejected, Pairs: res.Pairs, Links: res.Links, Clusters: res.Clusters, Model: res.Model,
		Threshold: res.Threshold, ChosenBy: res.ChosenBy, Fields: res.Fields, Keys: res.Keys, Rules: res.Rules, CPUSeconds: cpu, PeakRSSBytes: rss, Out: c.Out,
	}
	if !c.JSON {
		fmt.Fprintf(a.errOut, "%d rows, %d pairs compared, %d clusters, threshold %.2f (%s), %.1f CPU s\n",
			rep.Rows, rep.Pairs, rep.Clusters, rep.Threshold, rep.ChosenBy, rep.CPUSeconds)
		return nil
	}
	enc := json.NewEncoder(a.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(rep); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// readSmall reads a file of at most limit bytes.
func readSmall(path string, limit int64) ([]byte, error) {
	f, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if int64(len(b)) > limit {
		return nil, &refusedError{reason: fmt.Sprintf("%s：超过 %d 字节 (too large)", path, limit)}
	}
	return b, nil
}

// writeClusters writes one line per row, in the order of the input.
func writeClusters(path string, in *link.Input, res *link.Result) error {
	f, err := durable.Create(path, 0o600) // holds who is who: for its owner only
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer f.Abort()
	w := csv.NewWriter(f) // it buffers; Flush ends it
	if err := w.Write([]string{"row_id", "cluster_id", "probability"}); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	line := make([]string, 3)
	for row := range in.Rows {
		line[0], line[1] = in.RowID(row), strconv.Itoa(int(res.Cluster[row]))
		line[2] = strconv.FormatFloat(float64(res.Probability[row]), 'f', 4, 32)
		if err := w.Write(line); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// resources is the processor time and the largest memory of this process so far.
func resources() (cpuSeconds float64, peakBytes int64) {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0, 0
	}
	return float64(r.Utime.Sec+r.Stime.Sec) + float64(r.Utime.Usec+r.Stime.Usec)/1e6, r.Maxrss << 10
}
