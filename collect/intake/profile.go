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
	t := &Table{Found: f}
	profiles := make([]*reading.Profile, len(f.Heads))
	for i, h := range f.Heads {
		if t, ok := f.Area.Types[h.Name]; ok {
			h.Type = t
		}
		profiles[i] = reading.New(h)
	}
	r := TableReport{
		N: w.tables, Name: f.Name, Member: m.Path, Hidden: f.Hidden, Format: f.Format, Encoding: f.Encoding,
		Place: f.Place, Dialect: f.Dialect, HeaderRows: f.HeaderRows, Confidence: f.Confidence, Area: f.Area,
		Notes: orEmpty(f.Notes), Rejected: []tabular.Reject{},
	}
	tally, err := f.Read(ctx, func(b *tabular.Batch) error {
		if len(b.Columns) != len(profiles) {
			return fmt.Errorf("table %q gave %d columns, its header %d", f.Name, len(b.Columns), len(profiles))
		}
		for i := 0; i < b.Rows && len(r.Preview) < w.opt.Preview; i++ {
			r.Preview = append(r.Preview, previewRow(b, i))
			r.PreviewOrigin = append(r.PreviewOrigin, b.Origin[i])
		}
		add(profiles, b)
		return ctx.Err()
	}, func(x tabular.Reject) error {
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
	r.Questions = orEmpty(slices.Clone(f.Questions))
	r.Columns = make([]ColumnReport, len(f.Heads))
	for i, h := range f.Heads {
		x := t.Findings[i]
		unit := h.Unit
		if unit == "" {
			unit = x.Unit
		}
		r.Columns[i] = ColumnReport{
			Name: h.Name, Type: x.Type, Unit: unit, Nulls: x.Nulls, Unread: x.Unread, Precision: x.Precision, Scale: x.Scale,
			Exact: x.Exact, Layout: x.Layout, Distinct: x.Distinct, Min: clip(x.Min, 256), Max: clip(x.Max, 256),
		}
		r.Questions = append(r.Questions, x.Questions...)
	}
	r.Rows = tally.Rows
	r.Lines = Lines(tally)
	t.Tally, t.Report = tally, r
	return t, nil
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
