package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"shuniu/collect/intake"
	"shuniu/collect/intake/tabular"
	"shuniu/fault"
	"shuniu/worker"
)

type inspectCommand struct {
	File     string `arg:"" help:"The file to look at."`
	JSON     bool   `help:"Print the whole report as JSON."`
	Table    int    `help:"With --csv: the number of the table to print." default:"0"`
	CSV      bool   `name:"csv" help:"Print one table as CSV (UTF-8, RFC 4180)."`
	Encoding string `help:"Read text in this encoding instead of finding it out."`
}

// Methods of the worker for this command.
const (
	methodInspect = "inspect.report"
	methodCSV     = "inspect.csv"
)

type inspectParams struct {
	Name       string         `json:"name"`
	Table      int            `json:"table"`
	Options    intake.Options `json:"options"`
	Companions []string       `json:"companions"` // extensions of Files[1:]
}

// Run looks at the file in a sandboxed child.
func (c *inspectCommand) Run(ctx context.Context, a *app) error {
	if c.CSV && c.Table == 0 {
		c.Table = 1
	}
	if c.Table < 0 || c.Table > 0 && !c.CSV {
		return usagef("--table N goes with --csv, N from 1")
	}
	f, err := openRegular(c.File)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read
	files, exts := companions(c.File)
	defer func() {
		for _, f := range files {
			_ = f.Close() // only read
		}
	}()
	pool, drop, err := a.temporaryPool(1)
	if err != nil {
		return err
	}
	defer drop()
	p := inspectParams{Name: filepath.Base(c.File), Table: c.Table, Companions: exts}
	p.Options.Encoding = c.Encoding
	req := worker.Request{Method: methodInspect, Params: p, Files: append([]*os.File{f}, files...), Deadline: a.conf.Workers.Intake}
	if c.CSV {
		req.Method = methodCSV
		out := bufio.NewWriterSize(a.out, 256<<10)
		err := pool.Run(ctx, req, func(m worker.Message) error {
			_, err := out.Write(m.Payload)
			return err
		})
		return errors.Join(err, out.Flush())
	}
	var raw []byte
	err = pool.Run(ctx, req, func(m worker.Message) error {
		raw = append(raw, m.Payload...)
		return nil
	})
	var refusal *tabular.Refusal
	var rep intake.Report
	switch {
	case err != nil && errors.Is(err, fault.Invalid):
		// The parser died of the file: an answer about the file all the same.
		refusal = &tabular.Refusal{Kind: "damaged", Message: "解析这份文件的进程意外停止，文件可能已损坏或带有攻击内容。", Hint: "请核对文件来源，重新导出后再提交。"}
		rep = intake.Report{File: p.Name, Format: "object", Tables: []intake.TableReport{}, Refused: refusal}
		if st, statErr := f.Stat(); statErr == nil {
			rep.SizeBytes = st.Size()
		}
		a.log.Warn("worker died", "error", err)
	case err != nil:
		return fmt.Errorf("inspect %s: %w", c.File, err)
	default:
		if err := json.Unmarshal(raw, &rep); err != nil {
			return fmt.Errorf("inspect %s: %w", c.File, err)
		}
	}
	rep.File = c.File
	if c.JSON {
		enc := json.NewEncoder(a.out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", " ")
		if err := enc.Encode(rep); err != nil {
			return fmt.Errorf("write report: %w", err)
		}
	} else {
		a.printReport(&rep)
	}
	if rep.Refused != nil {
		return &refusedError{reason: c.File + "：" + rep.Refused.Message + rep.Refused.Hint}
	}
	return nil
}

// companions opens the files that belong to a shapefile.
func companions(path string) (files []*os.File, exts []string) {
	ext := filepath.Ext(path)
	if !strings.EqualFold(ext, ".shp") {
		return nil, nil
	}
	for _, e := range []string{".dbf", ".prj", ".cpg", ".shx"} {
		for _, name := range []string{strings.TrimSuffix(path, ext) + e, strings.TrimSuffix(path, ext) + strings.ToUpper(e)} {
			if f, err := openRegular(name); err == nil {
				files, exts = append(files, f), append(exts, e)
				break
			}
		}
	}
	return files, exts
}

// inspectHandlers are the worker's side.
func inspectHandlers() map[string]worker.Handler {
	return map[string]worker.Handler{
		methodInspect: func(ctx context.Context, c worker.Call) error {
			src, opt, _, err := inspectInput(c)
			if err != nil {
				return err
			}
			rep, err := intake.Inspect(ctx, src, opt)
			if err != nil {
				return err
			}
			raw, err := json.Marshal(rep)
			if err != nil {
				return err
			}
			for len(raw) > 0 {
				n := min(len(raw), 1<<20)
				if err := c.Send("report", raw[:n]); err != nil {
					return err
				}
				raw = raw[n:]
			}
			return nil
		},
		methodCSV: func(ctx context.Context, c worker.Call) error {
			src, opt, table, err := inspectInput(c)
			if err != nil {
				return err
			}
			err = intake.WriteCSV(ctx, src, opt, table, sender{c})
			var r *tabular.Refusal
			if errors.As(err, &r) {
				return fmt.Errorf("%s%s: %w", r.Message, r.Hint, fault.Invalid)
			}
			return err
		},
	}
}

func inspectInput(c worker.Call) (*tabular.Source, intake.Options, int, error) {
	var p inspectParams
	if err := c.Params(&p); err != nil {
		return nil, intake.Options{}, 0, err
	}
	sources := make([]*tabular.Source, 0, len(c.Files()))
	for _, f := range c.Files() {
		st, err := f.Stat()
		if err != nil {
			return nil, intake.Options{}, 0, err
		}
		sources = append(sources, &tabular.Source{Name: p.Name, Size: st.Size(), ReaderAt: f, Scratch: c.Temp()})
	}
	opt := p.Options
	opt.Scratch = c.Temp()
	opt.Companion = func(ext string) *tabular.Source {
		for i, e := range p.Companions {
			if e == ext && i+1 < len(sources) {
				return sources[i+1]
			}
		}
		return nil
	}
	return sources[0], opt, p.Table, nil
}

// A sender streams bytes as messages.
type sender struct{ c worker.Call }

func (s sender) Write(p []byte) (int, error) {
	if err := s.c.Send("csv", p); err != nil {
		return 0, err
	}
	return len(p), nil
}

var _ io.Writer = sender{}

func (a *app) printReport(r *intake.Report) {
	fmt.Fprintf(a.out, "%s  %s  %s  %d bytes\nsha256 %s\n", r.File, r.Format, r.Encoding, r.SizeBytes, r.SHA256)
	for _, t := range r.Tables {
		where := t.Place.Path
		switch {
		case t.Place.Range != "":
			where = strings.TrimSpace(t.Place.Sheet + " " + t.Place.Range)
		case t.Place.FirstLine > 0:
			where = fmt.Sprintf("lines %d–%d", t.Place.FirstLine, t.Place.LastLine)
		}
		hidden := ""
		if t.Hidden {
			hidden = "  (hidden)"
		}
		fmt.Fprintf(a.out, "\ntable %d  %s%s  %s%s\n  %d rows, %d columns, %d header rows, %d rejected, confidence %.2f\n",
			t.N, prefix(t.Member, "/"), t.Name, where, hidden, t.Rows, len(t.Columns), t.HeaderRows, t.RejectedCount, t.Confidence)
		for _, c := range t.Columns {
			fmt.Fprintf(a.out, "    %-10s %s%s", c.Type, c.Name, prefix2("  [", c.Unit, "]"))
			if c.Nulls > 0 {
				fmt.Fprintf(a.out, "  %d empty", c.Nulls)
			}
			if c.Unread > 0 {
				fmt.Fprintf(a.out, "  %d do not read", c.Unread)
			}
			fmt.Fprintln(a.out)
		}
		for _, n := range t.Notes {
			fmt.Fprintf(a.out, "  %s (%s): %s\n", n.Kind, n.Place, oneLine(n.Text))
		}
		for i, x := range t.Rejected {
			if i == 5 {
				fmt.Fprintf(a.out, "  … and %d more rejected\n", t.RejectedCount-5)
				break
			}
			fmt.Fprintf(a.out, "  rejected line %d: %s: %s\n", x.Line, x.Reason, oneLine(x.Text))
		}
		for _, q := range t.Questions {
			fmt.Fprintf(a.out, "  ? %s\n", q)
		}
	}
	for _, m := range r.Members {
		switch {
		case m.Refused != nil:
			fmt.Fprintf(a.out, "\n%s: refused: %s%s\n", m.Member, m.Refused.Message, m.Refused.Hint)
		case m.Object != nil:
			fmt.Fprintf(a.out, "\n%s: kept as an object (%s)\n", m.Member, m.Object.MediaType)
		}
	}
	if r.Object != nil {
		fmt.Fprintf(a.out, "\nkept as an object (%s)\n", r.Object.MediaType)
	}
}

func prefix(s, sep string) string {
	if s == "" {
		return ""
	}
	return s + sep
}

func prefix2(open, s, closing string) string {
	if s == "" {
		return ""
	}
	return open + s + closing
}

func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 80 {
		return string(r[:80]) + "…"
	}
	return s
}
