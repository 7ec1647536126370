package collect

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"

	"shuniu/brain"
	"shuniu/collect/intake"
	"shuniu/collect/intake/tabular"
	"shuniu/fault"
	"shuniu/worker"
)

// Handlers are the worker's part of this package. write puts rows into
// Parquet files.
func Handlers(write brain.WriteParquet) map[string]worker.Handler {
	return map[string]worker.Handler{
		MethodInspect: inspectHandler,
		MethodCSV:     csvHandler,
		MethodLand:    LandHandler(write),
		MethodOrigin:  originHandler,
		MethodMend:    mendHandler(write),
	}
}

// openFile makes the source and options of a job about one file.
func openFile(c worker.Call, p *fileParams) (*tabular.Source, intake.Options, error) {
	files := c.Files()
	if len(files) == 0 {
		return nil, intake.Options{}, fmt.Errorf("a job without a file: %w", fault.Invalid)
	}
	src, err := sourceOf(files[0], p.Name, c.Temp())
	if err != nil {
		return nil, intake.Options{}, err
	}
	opt := p.Options
	opt.Password, opt.Preview, opt.Scratch, opt.Undigested = p.Password, p.Preview, c.Temp(), p.Undigested
	if len(p.Companions) > 0 {
		opt.Companion = func(ext string) *tabular.Source {
			for i, e := range p.Companions {
				if e == ext && i+1 < len(files) {
					if s, err := sourceOf(files[i+1], p.Name+ext, c.Temp()); err == nil {
						return s
					}
				}
			}
			return nil
		}
	}
	return src, opt, nil
}

func sourceOf(f *os.File, name, scratch string) (*tabular.Source, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return &tabular.Source{Name: name, Size: st.Size(), ReaderAt: f, Scratch: scratch}, nil
}

func inspectHandler(ctx context.Context, c worker.Call) error {
	var p fileParams
	if err := c.Params(&p); err != nil {
		return err
	}
	src, opt, err := openFile(c, &p)
	if err != nil {
		return err
	}
	rep, err := intake.Inspect(ctx, src, opt)
	if err != nil {
		return err
	}
	payload, err := json.Marshal(rep)
	if err != nil {
		return err
	}
	return sendParts(c, kindReport, payload)
}

// partBytes bounds a message.
const partBytes = 512 << 10

// sendParts sends a payload of any size; the receiver joins the parts.
func sendParts(c worker.Call, kind string, payload []byte) error {
	for len(payload) > 0 {
		n := min(len(payload), partBytes)
		if err := c.Send(kind, payload[:n]); err != nil {
			return err
		}
		payload = payload[n:]
	}
	return nil
}

func csvHandler(ctx context.Context, c worker.Call) error {
	var p fileParams
	if err := c.Params(&p); err != nil {
		return err
	}
	src, opt, err := openFile(c, &p)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(sender{c, kindCSV}, 256<<10)
	if err := intake.WriteCSV(ctx, src, opt, p.Table, w); err != nil {
		var r *tabular.Refusal
		if errors.As(err, &r) {
			return refusalError(r)
		}
		return err
	}
	return w.Flush()
}

// refusalError carries a refusal to the hub with its words.
func refusalError(r *tabular.Refusal) error {
	return fault.Explain(fmt.Errorf("%w: %w", r, fault.Invalid), "collect.refused."+r.Kind, map[string]any{"message": r.Message, "hint": r.Hint})
}

type sender struct {
	c    worker.Call
	kind string
}

func (s sender) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		n := min(len(rest), partBytes)
		if err := s.c.Send(s.kind, rest[:n]); err != nil {
			return 0, err
		}
		rest = rest[n:]
	}
	return len(p), nil
}

// LandHandler finds the tables of a file, asks the hub about each member, and
// writes the rows it is to take as Parquet files into Out.
func LandHandler(write brain.WriteParquet) worker.Handler {
	return func(ctx context.Context, c worker.Call) error {
		var p fileParams
		if err := c.Params(&p); err != nil {
			return err
		}
		src, opt, err := openFile(c, &p)
		if err != nil {
			return err
		}
		l := &lander{c: c, write: write}
		defer l.dropDrafts()
		opt.Early = func(m *intake.Member, t *intake.Table) (intake.Sink, error) { return l.early(ctx, m, t) }
		if _, err = intake.Walk(ctx, src, opt, func(m *intake.Member) error { return l.member(ctx, m) }); err != nil {
			return err
		}
		return l.flush(ctx)
	}
}

// A lander is one job of MethodLand.
type lander struct {
	c      worker.Call
	write  brain.WriteParquet
	rows   int64 // read so far, for progress
	shared map[string]*sharedFile
	drafts map[int]*draft // by the table's number: those of the member under way
	files  atomic.Int64   // Parquet files begun
}

// factsOf is what the hub is told of a member.
func factsOf(m *intake.Member, tables ...*intake.Table) *memberFacts {
	facts := &memberFacts{
		Member: m.Path, SHA256: m.SHA256, SizeBytes: m.SizeBytes, Format: m.Format, Encoding: m.Encoding,
		Refused: m.Refused, Ignored: m.Ignored, Object: m.Object,
	}
	for _, t := range tables {
		facts.Tables = append(facts.Tables, tableFacts{Report: t.Report, Findings: t.Findings, Probes: probes(t.Findings)})
	}
	return facts
}

func (l *lander) member(ctx context.Context, m *intake.Member) error {
	defer l.dropDrafts()
	tables := make([]*intake.Table, len(m.Tables))
	for i := range m.Tables {
		tables[i] = &m.Tables[i]
	}
	payload, err := json.Marshal(factsOf(m, tables...))
	if err != nil {
		return err
	}
	answer, err := l.c.Ask(kindMember, payload)
	if err != nil {
		return err
	}
	plan, err := decode[memberPlan](answer)
	if err != nil {
		return fmt.Errorf("plan of %q: %w", m.Path, err)
	}
	if plan.KeepObject != "" && m.Source != nil {
		if err := copyOut(m.Source, filepath.Join(l.c.Out(), filepath.Base(plan.KeepObject))); err != nil {
			return err
		}
	}
	if plan.Later || len(plan.Tables) == 0 {
		return nil
	}
	if len(plan.Tables) != len(m.Tables) {
		return fmt.Errorf("plan of %q is for %d tables, it has %d", m.Path, len(plan.Tables), len(m.Tables))
	}
	for i := range m.Tables {
		if plan.Tables[i].Skip {
			continue
		}
		if err := l.table(ctx, &m.Tables[i], &plan.Tables[i]); err != nil {
			return fmt.Errorf("land table %d: %w", m.Tables[i].Report.N, err)
		}
	}
	return nil
}

func copyOut(src *tabular.Source, path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, io.NewSectionReader(src, 0, src.Size))
	return errors.Join(err, f.Close())
}

func (l *lander) progress(rows int64) error {
	l.rows += rows
	return l.c.Send(kindProgress, strconv.AppendInt(nil, l.rows, 10))
}
