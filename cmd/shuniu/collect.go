package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"shuniu/collect"
	"shuniu/collect/intake"
	"shuniu/fault"
	"shuniu/resource"
)

type collectCommand struct {
	Paths      []string `arg:"" name:"path" help:"Files, folders or archives."`
	Dataset    string   `help:"Land in this dataset."`
	Department string   `help:"The department that gives the data."`
	Encoding   string   `help:"Read text in this encoding instead of finding it out."`
	JSON       bool     `help:"Print all receipts as one JSON object at the end."`
	JSONL      bool     `name:"jsonl" help:"Print each receipt as a line the moment it is durable."`
}

// An answer is what collect --json prints.
type answer struct {
	Receipts []collect.Receipt `json:"receipts"`
	Files    int               `json:"files"`
	Landed   int               `json:"landed"`
	Refused  int               `json:"refused"`
	Seconds  float64           `json:"seconds"`
	Error    string            `json:"error,omitempty"` // why the command ended early
}

// Statuses of receipts that count in an answer.
const (
	statusLanded  = "landed"
	statusRefused = "refused"
)

// Run lands the paths.
func (c *collectCommand) Run(ctx context.Context, a *app) error {
	if c.Dataset != "" {
		if err := resource.DatasetID(c.Dataset).Check(); err != nil {
			return usagef("--dataset: %v", err)
		}
	}
	if c.JSON && c.JSONL {
		return usagef("--json and --jsonl exclude each other")
	}
	start := time.Now()
	files, refused := gather(c.Paths)
	p := &receiptPrinter{c: c, a: a, answer: answer{Receipts: []collect.Receipt{}, Files: len(files) + len(refused)}}
	for _, r := range refused {
		if err := p.add(r); err != nil {
			return err
		}
	}
	var fatal error
	if len(files) > 0 {
		f, err := a.openFolder(ctx, true)
		switch {
		case errors.Is(err, errServed):
			fatal = c.throughServer(ctx, a, files, p.add)
		case err != nil:
			fatal = err
		default:
			fatal = a.withHub(ctx, f, toCollect, func(ctx context.Context, h *hub) error {
				return landAll(ctx, h.collect, files, collect.Request{
					Dataset: resource.DatasetID(c.Dataset), Department: resource.DepartmentID(c.Department),
					Options: c.options(),
				}, a.conf.Workers.Count, p.add)
			})
		}
	}
	if fatal != nil && ctx.Err() != nil {
		fatal = errStopped
	}
	if fatal != nil {
		p.answer.Error = fatal.Error()
		if err := p.leftOver(files, fatal); err != nil {
			return errors.Join(fatal, err)
		}
	}
	p.answer.Seconds = time.Since(start).Round(time.Millisecond).Seconds()
	if err := p.finish(); err != nil {
		return err
	}
	if fatal != nil {
		return fatal
	}
	if p.answer.Refused > 0 {
		return &refusedError{reason: fmt.Sprintf("%d of %d files were refused, wholly or partly (部分文件未能归集，原因见上)", p.refusedFiles(), p.answer.Files), said: c.JSON || c.JSONL}
	}
	return nil
}

func (c *collectCommand) options() intake.Options {
	var o intake.Options
	o.Encoding = c.Encoding
	return o
}

// A candidate is a file to land.
type candidate struct {
	path       string            // to open
	name       string            // as receipts call it
	companions map[string]string // extension -> path, of a shapefile
}

// gather lists the files below paths in order; what cannot be a file comes
// back as refused receipts. A link out of a given folder is not followed.
func gather(paths []string) (files []candidate, refused []collect.Receipt) {
	refuse := func(name string, err error) {
		refused = append(refused, collect.Receipt{File: name, Status: statusRefused, Reason: err.Error(), At: time.Now().UTC()})
	}
	for _, p := range paths {
		st, err := os.Stat(p)
		if err != nil || !st.IsDir() {
			if err := checkRegular(p); err != nil {
				refuse(p, err)
				continue
			}
			files = append(files, candidate{path: p, name: p})
			continue
		}
		root, err := filepath.EvalSymlinks(p)
		if err != nil {
			refuse(p, err)
			continue
		}
		err = filepath.WalkDir(p, func(at string, d fs.DirEntry, err error) error {
			if err != nil {
				refuse(at, fmt.Errorf("%s：无法读取文件夹 (cannot read the folder): %w", at, err))
				return nil
			}
			if d.IsDir() || systemFile(d.Name()) {
				return nil
			}
			if d.Type()&fs.ModeSymlink != 0 {
				if linkErr := checkLink(root, at); linkErr != nil {
					refuse(at, linkErr)
					return nil
				}
			}
			if notFile := checkRegular(at); notFile != nil {
				refuse(at, notFile)
			} else {
				files = append(files, candidate{path: at, name: at})
			}
			return nil
		})
		if err != nil {
			refuse(p, err)
		}
	}
	return joinShapefiles(files), refused
}

// checkLink says why a link below root may not be followed.
func checkLink(root, at string) error {
	target, err := filepath.EvalSymlinks(at)
	if err != nil {
		return fmt.Errorf("%s：链接指向的文件不存在 (a link to nowhere): %w", at, fault.NotFound)
	}
	if target != root && !strings.HasPrefix(target, root+string(filepath.Separator)) {
		return fmt.Errorf("%s：链接指向所给文件夹之外，未读取 (the link leads out of the given folder): %w", at, fault.Denied)
	}
	return nil
}

func checkRegular(path string) error {
	f, err := openRegular(path)
	if err != nil {
		return err
	}
	return f.Close()
}

func systemFile(name string) bool {
	return name == ".DS_Store" || strings.HasPrefix(name, "._") || strings.EqualFold(name, "thumbs.db") || strings.EqualFold(name, "desktop.ini")
}

// joinShapefiles makes one candidate of the parts of each shapefile.
func joinShapefiles(files []candidate) []candidate {
	parts := []string{".dbf", ".shx", ".prj", ".cpg", ".sbn", ".sbx"}
	stem := func(p string) (string, string) {
		ext := filepath.Ext(p)
		return strings.TrimSuffix(p, ext), strings.ToLower(ext)
	}
	shapes := map[string]map[string]string{}
	for _, f := range files {
		if s, ext := stem(f.path); ext == ".shp" {
			shapes[s] = map[string]string{}
		}
	}
	kept := files[:0]
	for _, f := range files {
		s, ext := stem(f.path)
		if m, ok := shapes[s]; ok && slices.Contains(parts, ext) {
			m[ext] = f.path
			continue
		}
		kept = append(kept, f)
	}
	for i := range kept {
		if s, ext := stem(kept[i].path); ext == ".shp" {
			kept[i].companions = shapes[s]
		}
	}
	return kept
}

// landAll lands files, several at once, and hands their receipts on in the
// order of the files. A file that fails for its own reasons is a refused
// receipt; a fault of the hub ends the whole.
func landAll(ctx context.Context, s *collect.Service, files []candidate, req collect.Request, width int, emit func(collect.Receipt) error) error {
	type outcome struct {
		receipts []collect.Receipt
		err      error
	}
	results := make([]chan outcome, len(files))
	for i := range results {
		results[i] = make(chan outcome, 1)
	}
	ctx, cancel := context.WithCancel(ctx)
	read := 0
	defer func() { // no landing outlives the hub that the caller closes
		cancel()
		for ; read < len(files); read++ {
			<-results[read]
		}
	}()
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(width)
	go func() {
		for i, f := range files {
			g.Go(func() error {
				r := req
				r.Path, r.Name, r.Companions = f.path, filepath.Base(f.path), f.companions
				receipts, err := s.Land(gctx, r, nil)
				for k := range receipts {
					receipts[k].File = f.name
				}
				results[i] <- outcome{receipts, err}
				return nil
			})
		}
	}()
	var firstErr error
	for i, f := range files {
		o := <-results[i]
		read++
		for _, r := range o.receipts {
			if err := emit(r); err != nil {
				return err
			}
		}
		if o.err == nil {
			continue
		}
		if ctx.Err() != nil {
			o.err, firstErr = errStopped, errStopped
		} else if k := fault.KindOf(o.err); k == nil || errors.Is(k, fault.Full) {
			if firstErr == nil {
				firstErr = fmt.Errorf("collect %s: %w", f.name, o.err)
			}
		}
		if err := emit(collect.Receipt{File: f.name, Status: statusRefused, Reason: o.err.Error(), At: time.Now().UTC()}); err != nil {
			return err
		}
	}
	return errors.Join(firstErr, g.Wait())
}

// A receiptPrinter prints receipts as they come and counts.
type receiptPrinter struct {
	c *collectCommand
	a *app

	mu     sync.Mutex
	answer answer
}

func (p *receiptPrinter) add(r collect.Receipt) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer.Receipts = append(p.answer.Receipts, r)
	switch r.Status {
	case statusLanded:
		p.answer.Landed++
	case statusRefused:
		p.answer.Refused++
	}
	switch {
	case p.c.JSONL:
		enc := json.NewEncoder(p.a.out)
		enc.SetEscapeHTML(false)
		return enc.Encode(r)
	case p.c.JSON:
		return nil
	}
	member := ""
	if r.Member != "" {
		member = " / " + r.Member
	}
	var err error
	switch r.Status {
	case statusRefused:
		_, err = fmt.Fprintf(p.a.out, "refused    %s%s: %s\n", r.File, member, r.Reason)
	case "kept_as_object":
		_, err = fmt.Fprintf(p.a.out, "object     %s%s: kept as %s\n", r.File, member, r.Dataset)
	default:
		_, err = fmt.Fprintf(p.a.out, "%-10s %s%s table %d → %s: %d rows in = %d landed + %d quarantined, batch %s%s\n",
			r.Status, r.File, member, r.Table, r.SQL, r.RowsIn, r.RowsLanded, r.RowsQuarantined, r.Batch, prefix2(" (", r.Reason, ")"))
	}
	return err
}

// leftOver refuses the files that have no receipt because of why.
func (p *receiptPrinter) leftOver(files []candidate, why error) error {
	told := map[string]bool{}
	for _, r := range p.answer.Receipts {
		told[r.File] = true
	}
	for _, f := range files {
		if told[f.name] {
			continue
		}
		if err := p.add(collect.Receipt{File: f.name, Status: statusRefused, Reason: why.Error(), At: time.Now().UTC()}); err != nil {
			return err
		}
	}
	return nil
}

func (p *receiptPrinter) refusedFiles() int {
	files := map[string]bool{}
	for _, r := range p.answer.Receipts {
		if r.Status == statusRefused {
			files[r.File] = true
		}
	}
	return len(files)
}

func (p *receiptPrinter) finish() error {
	switch {
	case p.c.JSON:
		enc := json.NewEncoder(p.a.out)
		enc.SetEscapeHTML(false)
		return enc.Encode(p.answer)
	case p.c.JSONL:
		return nil
	}
	_, err := fmt.Fprintf(p.a.out, "%d files, %d tables landed, %d refused, %.1f s\n", p.answer.Files, p.answer.Landed, p.answer.Refused, p.answer.Seconds)
	return err
}

// throughServer has the server that holds the folder land the files; it reads
// them itself, being on the same machine.
func (c *collectCommand) throughServer(ctx context.Context, a *app, files []candidate, emit func(collect.Receipt) error) error {
	if c.Encoding != "" {
		return &refusedError{reason: "--encoding cannot be passed to the server that holds the data folder: stop it, or give the encoding on its upload page (有服务占用数据目录时不能用 --encoding；请停止服务，或在上传页指定编码)"}
	}
	cl, err := a.client()
	if err != nil {
		return err
	}
	names := map[string]string{} // absolute -> as given
	body := struct {
		Paths      []string `json:"paths"`
		Dataset    string   `json:"dataset,omitempty"`
		Department string   `json:"department,omitempty"`
	}{Dataset: c.Dataset, Department: c.Department}
	for _, f := range files {
		abs, err := filepath.Abs(f.path)
		if err != nil {
			return err
		}
		names[abs] = f.name
		body.Paths = append(body.Paths, abs)
	}
	res, err := cl.post(ctx, "/api/cli/collect", body)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // only read
	lines := bufio.NewReaderSize(res.Body, 1<<20)
	for {
		raw, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(raw) == 0 {
			return errWentAway
		}
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) {
			return errWentAway
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("the server's answer: %w", err)
		}
		var line struct {
			Receipt *collect.Receipt `json:"receipt"`
			Sums    *json.RawMessage `json:"sums"`
			Problem *struct{ Title, Detail, Hint string }
		}
		if err := json.Unmarshal(raw, &line); err != nil {
			return fmt.Errorf("the server's answer: %w", err)
		}
		switch {
		case line.Receipt != nil:
			if n, ok := names[line.Receipt.File]; ok {
				line.Receipt.File = n
			}
			if err := emit(*line.Receipt); err != nil {
				return err
			}
		case line.Problem != nil:
			return errors.New(join(line.Problem.Title, line.Problem.Detail, line.Problem.Hint))
		case line.Sums != nil:
			return nil
		}
	}
}
