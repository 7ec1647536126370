package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"shuniu/collect"
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
	name := filepath.Base(c.File)
	var opt intake.Options
	opt.Encoding = c.Encoding
	req := worker.Request{
		Params: collect.InspectParams(name, opt, exts, c.Table), Files: append([]*os.File{f}, files...), Deadline: a.conf.Workers.Intake,
	}
	if c.CSV {
		out := bufio.NewWriterSize(a.out, 256<<10)
		err := collect.CSVFile(ctx, pool, req, out)
		return errors.Join(err, out.Flush())
	}
	rep, err := collect.InspectFile(ctx, pool, req)
	if errors.Is(err, fault.Invalid) {
		// The parser died of the file: an answer about the file all the same.
		a.log.Warn("the worker ended on this file", "file", c.File, "error", err)
		rep, err = &intake.Report{Format: "object", Tables: []intake.TableReport{}, Refused: &tabular.Refusal{
			Kind: "damaged", Message: "解析这份文件的进程意外停止，文件可能已损坏或带有攻击内容。", Hint: "请核对文件来源，重新导出后再提交。",
		}}, nil
		if st, statErr := f.Stat(); statErr == nil {
			rep.SizeBytes = st.Size()
		}
	}
	if err != nil {
		return fmt.Errorf("inspect %s: %w", c.File, err)
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
		a.printReport(rep)
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

func (a *app) printReport(r *intake.Report) {
	fmt.Fprintf(a.out, "%s  %s  %s  %d bytes\nsha256 %s\n", r.File, r.Format, r.Encoding, r.SizeBytes, r.SHA256)
	for _, t := range r.Tables {
		where := t.Place.Path
		switch {
		case t.Place.Range != "":
			where = strings.TrimSpace(t.Place.Sheet + " " + t.Place.Range)
		case t.Place.FirstLine > 0:
			last := t.Place.LastLine
			if last == 0 { // the one table of a big file
				last = t.Place.FirstLine + t.Lines.Physical - 1
			}
			where = fmt.Sprintf("lines %d–%d", t.Place.FirstLine, last)
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
