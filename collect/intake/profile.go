package intake

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"shuniu/collect/intake/reading"
	"shuniu/collect/intake/tabular"
	"shuniu/fault"
)

// profile reads all rows of f and says what its columns hold.
func (w *walker) profile(ctx context.Context, m *Member, f tabular.Found, opt tabular.Options) (*Table, error) {
	w.tables++
	f.Member = m.Path
	if f.Format == "" {
		f.Format = m.Format
	}
	ending, read := brokeOff{src: m.Source}, f.Read
	f.Read = func(ctx context.Context, emit func(*tabular.Batch) error, reject func(tabular.Reject) error) (tabular.Tally, error) {
		return read(ctx, emit, func(x tabular.Reject) error {
			x, err := ending.see(x)
			if err != nil {
				return err
			}
			return reject(x)
		})
	}
	t := &Table{Found: f}
	profiles := make([]*reading.Profile, len(f.Heads))
	for i, h := range f.Heads {
		if t, ok := f.Area.Types[h.Name]; ok {
			h.Type = t
		}
		profiles[i] = reading.New(h)
		if u, ok := f.Area.Units[h.Name]; ok {
			profiles[i].ReadIn(u)
		}
	}
	r := TableReport{
		N: w.tables, Name: f.Name, Member: m.Path, Hidden: f.Hidden, Format: f.Format, Encoding: f.Encoding,
		Place: f.Place, Dialect: f.Dialect, HeaderRows: f.HeaderRows, Confidence: f.Confidence, Area: f.Area,
		Notes: orEmpty(f.Notes), Rejected: []tabular.Reject{},
	}
	e := early{w: w, m: m, t: t, profiles: profiles, report: &r}
	tally, err := f.Read(ctx, func(b *tabular.Batch) error {
		if len(b.Columns) != len(profiles) {
			return fmt.Errorf("table %q gave %d columns, its header %d", f.Name, len(b.Columns), len(profiles))
		}
		for i := 0; i < b.Rows && len(r.Preview) < w.opt.Preview; i++ {
			r.Preview = append(r.Preview, previewRow(b, i))
			r.PreviewOrigin = append(r.PreviewOrigin, b.Origin[i])
		}
		add(profiles, b)
		if err := e.batch(b); err != nil {
			return err
		}
		return ctx.Err()
	}, func(x tabular.Reject) error {
		if err := e.reject(x); err != nil {
			return err
		}
		r.RejectedCount++
		if len(r.Rejected) < RejectsShown {
			x.Text = clip(x.Text, 4096)
			r.Rejected = append(r.Rejected, x)
		}
		return ctx.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read table %d %q: %w", w.tables, f.Name, err)
	}
	if !tally.Balanced() || tally.Rejected != r.RejectedCount {
		return nil, fmt.Errorf("table %d %q does not account for every line: %+v, %d rejected: %w", w.tables, f.Name, tally, r.RejectedCount, fault.Damaged)
	}
	t.Findings = reading.Settle(profiles)
	t.Report = r
	t.settle()
	for _, n := range ending.notes() {
		t.Report.Notes = append(slices.Clone(t.Report.Notes), n)
		t.Report.Questions = append(t.Report.Questions, n.Text)
	}
	if t.Report.Rows = tally.Rows; tally.Rows == 0 {
		t.Report.Questions = append(t.Report.Questions, fmt.Sprintf("表“%s”只有 %d 个列名，没有一行数据。确认落地一张空表吗？", f.Name, len(f.Heads)))
	}
	t.Report.Lines = Lines(tally)
	t.Tally = tally
	return t, nil
}

// settle writes the findings into the report.
func (t *Table) settle() {
	t.Report.Questions = orEmpty(slices.Clone(t.Found.Questions))
	t.Report.Columns = make([]ColumnReport, len(t.Found.Heads))
	for i, h := range t.Found.Heads {
		x := t.Findings[i]
		unit := h.Unit
		if unit == "" {
			unit = x.Unit
		}
		t.Report.Columns[i] = ColumnReport{
			Name: h.Name, Type: x.Type, Unit: unit, Nulls: x.Nulls, Unread: x.Unread, Precision: x.Precision, Scale: x.Scale,
			Exact: x.Exact, Layout: x.Layout, Distinct: x.Distinct, Min: clip(x.Min, 256), Max: clip(x.Max, 256), Units: x.Units,
		}
		t.Report.Questions = append(t.Report.Questions, x.Questions...)
	}
}

// EarlyRows is after how many rows Options.Early is called; a table with more
// than EarlyRejects rejected lines among them is not asked about.
const (
	EarlyRows    = 128 << 10
	EarlyRejects = 1000
)

// early keeps the first rows of a table until there are enough of them for a
// guess, and hands all rows to the sink from then on.
type early struct {
	w        *walker
	m        *Member
	t        *Table
	profiles []*reading.Profile
	report   *TableReport

	rows    int
	asked   bool
	batches []*tabular.Batch
	rejects []tabular.Reject
	sink    Sink
}

func (e *early) batch(b *tabular.Batch) error {
	switch {
	case e.sink != nil:
		return e.sink.Batch(b)
	case e.asked || e.w.opt.Early == nil:
		return nil
	}
	e.batches = append(e.batches, b.Clone())
	if e.rows += b.Rows; e.rows < EarlyRows {
		return nil
	}
	guess := &Table{Found: e.t.Found, Findings: reading.Settle(e.profiles), Report: *e.report}
	guess.settle()
	sink, err := e.w.opt.Early(e.m, guess)
	if err != nil {
		return err
	}
	batches, rejects := e.batches, e.rejects
	e.asked, e.sink, e.batches, e.rejects = true, sink, nil, nil
	if sink == nil {
		return nil
	}
	for _, x := range rejects {
		if err := sink.Reject(x); err != nil {
			return err
		}
	}
	for _, b := range batches {
		if err := sink.Batch(b); err != nil {
			return err
		}
	}
	return nil
}

func (e *early) reject(x tabular.Reject) error {
	switch {
	case e.sink != nil:
		return e.sink.Reject(x)
	case e.asked || e.w.opt.Early == nil:
		return nil
	}
	if len(e.rejects) == EarlyRejects { // a table of another kind than it seems
		e.asked, e.batches, e.rejects = true, nil, nil
		return nil
	}
	e.rejects = append(e.rejects, x)
	return nil
}

// add gives each column to its profile, on every core.
func add(profiles []*reading.Profile, b *tabular.Batch) {
	workers := min(runtime.GOMAXPROCS(0), len(profiles))
	if workers < 2 || b.Rows < 2048 {
		for i, p := range profiles {
			p.Add(&b.Columns[i])
		}
		return
	}
	var wg sync.WaitGroup
	for k := range workers {
		wg.Go(func() {
			for i := k; i < len(profiles); i += workers {
				profiles[i].Add(&b.Columns[i])
			}
		})
	}
	wg.Wait()
}

func previewRow(b *tabular.Batch, i int) []*string {
	row := make([]*string, len(b.Columns))
	for c := range b.Columns {
		if v, ok := b.Columns[c].At(i); ok {
			s := clip(string(v), 512)
			row[c] = &s
		}
	}
	return row
}

// clip cuts s to at most n bytes, at a rune.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n] + "…"
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
