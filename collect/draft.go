package collect

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"

	"shuniu/collect/intake"
	"shuniu/collect/intake/reading"
	"shuniu/collect/intake/tabular"
	"shuniu/fault"
)

// A draft is a table's Parquet files in the making while its rows are still
// being profiled, by the plan that its first rows would get. Most tables are
// throughout what they are at first: they are read once. When the plan for the
// whole table differs, the draft is thrown away and the table read again.
type draft struct {
	writing  *writing
	plan     tablePlan
	findings []reading.Finding // those of the first rows, by which it is written
	rejects  []rejectLine
	broken   bool         // too many rejects to hold back
	sealed   bool         // the writer has ended
	res      *tableResult // of the writer
}

var _ intake.Sink = (*draft)(nil)

// early asks the hub how the table would land and starts to write it so.
func (l *lander) early(ctx context.Context, m *intake.Member, t *intake.Table) (intake.Sink, error) {
	for _, d := range l.drafts { // of the tables before it
		if err := d.seal(); err != nil {
			return nil, err
		}
	}
	payload, err := json.Marshal(factsOf(m, t))
	if err != nil {
		return nil, err
	}
	answer, err := l.c.Ask(kindDraft, payload)
	if err != nil {
		return nil, err
	}
	plan, err := decode[tablePlan](answer)
	if err != nil {
		return nil, fmt.Errorf("draft of %q: %w", m.Path, err)
	}
	if plan.Skip || plan.Quarantine != "" {
		return nil, nil
	}
	d := &draft{plan: plan, findings: t.Findings}
	d.writing = l.startWriting(ctx, newStream(l, t, &d.plan, recordRows))
	if l.drafts == nil {
		l.drafts = map[int]*draft{}
	}
	l.drafts[t.Report.N] = d
	return d, nil
}

// Batch writes rows.
func (d *draft) Batch(b *tabular.Batch) error {
	s := d.writing.stream
	if d.broken {
		return s.l.progress(int64(b.Rows))
	}
	s.emitted += int64(b.Rows)
	if err := s.send(b); err != nil {
		return err
	}
	return s.l.progress(int64(b.Rows))
}

// Reject holds a line back until the hub knows its batch.
func (d *draft) Reject(r tabular.Reject) error {
	if len(d.rejects) == intake.EarlyRejects {
		d.broken, d.rejects = true, nil
	}
	if !d.broken {
		d.rejects = append(d.rejects, rejectLine{Line: r.Line, Reason: r.Reason, Text: r.Text, Raw: r.Raw})
	}
	return nil
}

// seal finishes the files.
func (d *draft) seal() (err error) {
	if !d.sealed {
		err = d.writing.stream.flush()
		d.sealed = true
		d.res, err = d.writing.end(err)
	}
	return err
}

// fits reports whether what the draft wrote is what plan and the findings of
// the whole table ask for.
func (d *draft) fits(t *intake.Table, plan *tablePlan) bool {
	if d == nil || d.broken || !reflect.DeepEqual(d.plan, *plan) {
		return false
	}
	for _, o := range plan.Out {
		if o.Source < 0 {
			continue
		}
		was, ok := d.findings[o.Source].As(o.Field)
		is, still := t.Findings[o.Source].As(o.Field)
		if ok != still || ok && !was.SameReading(&is) {
			return false
		}
	}
	return true
}

// adopt makes the draft the table's files.
func (l *lander) adopt(d *draft, t *intake.Table) error {
	if err := d.seal(); err != nil {
		return err
	}
	delete(l.drafts, t.Report.N)
	s := d.writing.stream
	for _, r := range d.rejects {
		if err := s.rejects.add(r); err != nil {
			return err
		}
	}
	if err := s.rejects.flush(); err != nil {
		return err
	}
	d.res.Tally, d.res.Rejects = t.Tally, s.rejects.sent
	return l.finish(s, d.res)
}

// dropDrafts ends the drafts that nobody wants.
func (l *lander) dropDrafts() {
	for n := range l.drafts {
		l.dropDraft(n)
	}
}

var errDropped = fmt.Errorf("the draft is not as planned: %w", fault.Conflict)

// dropDraft ends a draft. What it finished lies with the hub, which does not
// commit it; the file it was about to write goes.
func (l *lander) dropDraft(n int) {
	d := l.drafts[n]
	if d == nil {
		return
	}
	delete(l.drafts, n)
	if !d.sealed {
		_, _ = d.writing.end(errDropped) // whatever became of it
	}
	finished := map[string]bool{}
	for _, f := range d.writing.res.Files {
		finished[f.Name] = true
	}
	// What cannot be removed goes with the job's folder.
	left, _ := filepath.Glob(filepath.Join(l.c.Out(), string(d.plan.Batch)+"-*.parquet"))
	for _, f := range left {
		if !finished[filepath.Base(f)] {
			_ = os.Remove(f)
		}
	}
}
