package collect

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"golang.org/x/sync/errgroup"

	"shuniu/collect/intake"
	"shuniu/collect/intake/reading"
	"shuniu/collect/intake/tabular"
	"shuniu/fault"
	"shuniu/resource"
)

// fileBytes is how much Arrow data goes into one Parquet file: about 32 MB when
// compressed. As much waits in memory for each of two writers.
var fileBytes int64 = 192 << 20 // tests lower it

// smallRows is up to how many rows a table shares its Parquet file with others
// of the same dataset: an archive of thousands of small files gives one file.
const smallRows = 20_000

// table lands the rows of t as planned: what was written while the table was
// profiled, when that is as planned, or what is read once more.
func (l *lander) table(ctx context.Context, t *intake.Table, plan *tablePlan) error {
	if d := l.drafts[t.Report.N]; d.fits(t, plan) {
		return l.adopt(d, t)
	}
	l.dropDraft(t.Report.N)
	if plan.Quarantine == "" && t.Report.Rows <= smallRows {
		return l.small(ctx, t, plan)
	}
	w := l.startWriting(ctx, newStream(l, t, plan, t.Report.Rows))
	err := w.stream.read(w.ctx, t)
	res, err := w.end(err)
	if err != nil {
		return err
	}
	res.Tally, res.Rejects = w.stream.tally, w.stream.rejects.sent
	return l.finish(w.stream, res)
}

// finish checks and reports a table of which everything is written.
func (l *lander) finish(s *stream, res *tableResult) error {
	res.Unread = s.unread
	if s.plan.Quarantine == "" {
		if err := res.check(s.emitted); err != nil {
			return err
		}
	}
	return l.report(res)
}

// A writing is the writer of a stream at work beside the reader that feeds it.
type writing struct {
	stream *stream
	ctx    context.Context //nolint:containedctx // of the two sides of one job
	cancel context.CancelCauseFunc
	res    tableResult
	ended  chan error
}

func (l *lander) startWriting(ctx context.Context, s *stream) *writing {
	w := &writing{stream: s, res: tableResult{Batch: s.plan.Batch}, ended: make(chan error, 1)}
	w.ctx, w.cancel = context.WithCancelCause(ctx)
	s.sink = func(r arrow.RecordBatch) error {
		select {
		case s.records <- r:
			return nil
		case <-w.ctx.Done():
			r.Release()
			return context.Cause(w.ctx)
		}
	}
	go func() {
		err := s.writeFiles(w.ctx, &w.res)
		if err != nil {
			w.cancel(err)
			for r := range s.records {
				r.Release()
			}
		}
		w.ended <- err
	}()
	return w
}

// end waits for the writer after the last row, or ends it when reading failed.
func (w *writing) end(reading error) (*tableResult, error) {
	if reading != nil {
		w.cancel(reading)
	}
	close(w.stream.records)
	err := <-w.ended
	cause := context.Cause(w.ctx)
	w.cancel(nil)
	if reading != nil && !errors.Is(reading, context.Canceled) {
		return nil, reading // the cause; what the writer says follows from it
	}
	if err = errors.Join(err, reading); err != nil {
		return nil, err
	}
	return &w.res, cause
}

func (l *lander) report(res *tableResult) error {
	payload, err := json.Marshal(res)
	if err != nil {
		return err
	}
	return l.c.Send(kindTable, payload)
}

// A shared file is one Parquet file in the making for small tables of one
// dataset with the same columns.
type sharedFile struct {
	fields  []resource.Field
	records []arrow.RecordBatch
	bytes   int64
	tables  []sharedTable
}

type sharedTable struct {
	res     tableResult
	emitted int64
}

// small reads a small table into the file it shares.
func (l *lander) small(ctx context.Context, t *intake.Table, plan *tablePlan) error {
	s := newStream(l, t, plan, t.Report.Rows)
	key, err := json.Marshal(s.fields())
	if err != nil {
		return err
	}
	id := string(plan.Dataset) + " " + string(key)
	f := l.shared[id]
	if f == nil {
		f = &sharedFile{fields: s.fields()}
		if l.shared == nil {
			l.shared = map[string]*sharedFile{}
		}
		l.shared[id] = f
	}
	s.sink = func(r arrow.RecordBatch) error {
		f.records = append(f.records, r)
		f.bytes += recordBytes(r)
		return nil
	}
	if err := s.read(ctx, t); err != nil {
		return err
	}
	f.tables = append(f.tables, sharedTable{
		res: tableResult{Batch: plan.Batch, Tally: s.tally, Rejects: s.rejects.sent, Unread: s.unread}, emitted: s.emitted,
	})
	if f.bytes < sharedBytes {
		return nil
	}
	delete(l.shared, id)
	return l.writeShared(ctx, f)
}

// sharedBytes is how much Arrow data waits in memory for its file.
const sharedBytes = 64 << 20

// flush writes the shared files that are left.
func (l *lander) flush(ctx context.Context) error {
	for _, id := range slices.Sorted(maps.Keys(l.shared)) {
		if err := l.writeShared(ctx, l.shared[id]); err != nil {
			return err
		}
	}
	return nil
}

// writeShared writes a shared file and accounts for its tables.
func (l *lander) writeShared(ctx context.Context, f *sharedFile) error {
	var emitted int64
	for i := range f.tables {
		emitted += f.tables[i].emitted
	}
	name := fmt.Sprintf("%s-shared.parquet", f.tables[0].res.Batch)
	if len(f.records) > 0 {
		rows, err := l.write(ctx, filepath.Join(l.c.Out(), name), f.fields, func(yield func(arrow.RecordBatch, error) bool) {
			for i, r := range f.records {
				more := yield(r, nil)
				r.Release()
				f.records[i] = nil
				if !more {
					return
				}
			}
		})
		if err != nil {
			return err
		}
		if rows != emitted {
			return fmt.Errorf("%d rows written of %d: %w", rows, emitted, fault.Damaged)
		}
	}
	for i := range f.tables {
		t := &f.tables[i]
		if t.emitted > 0 {
			t.res.Written, t.res.Files = t.emitted, []outFile{{name, t.emitted}}
		}
		if err := t.res.check(t.emitted); err != nil {
			return err
		}
		if err := l.report(&t.res); err != nil {
			return err
		}
	}
	return nil
}

// check compares the three counts that must agree: what the reader's tally of
// physical lines says, what it emitted, what the files hold.
func (r *tableResult) check(emitted int64) error {
	switch {
	case !r.Tally.Balanced():
		return fmt.Errorf("batch %s: the lines do not add up: %+v: %w", r.Batch, r.Tally, fault.Damaged)
	case r.Tally.Rows != emitted || emitted != r.Written:
		return fmt.Errorf("batch %s: %d rows counted, %d read, %d written: %w", r.Batch, r.Tally.Rows, emitted, r.Written, fault.Damaged)
	case r.Tally.Rejected != r.Rejects:
		return fmt.Errorf("batch %s: %d lines counted as rejected, %d kept: %w", r.Batch, r.Tally.Rejected, r.Rejects, fault.Damaged)
	}
	return nil
}

// A stream turns a table's text batches into records of the planned columns.
type stream struct {
	l       *lander
	plan    *tablePlan
	schema  *arrow.Schema
	conv    []*reading.Converter // per out column; nil for the reserved ones
	mem     memory.Allocator
	batch   arrow.Array // the batch id, repeated
	records chan arrow.RecordBatch
	sink    func(arrow.RecordBatch) error
	rejects rejectSender

	most    int     // rows of a record, as far as is known
	filled  int     // rows of the record under work
	rows    []int64 // their row numbers
	emitted int64
	unread  []int64
	tally   tabular.Tally
}

// newStream makes the stream of a table of about rows rows.
func newStream(l *lander, t *intake.Table, plan *tablePlan, rows int64) *stream {
	s := &stream{
		most: int(min(rows, recordRows)), l: l, plan: plan, mem: &recycler{}, records: make(chan arrow.RecordBatch, 2),
		conv: make([]*reading.Converter, len(plan.Out)), unread: make([]int64, len(plan.Out)),
		rejects: rejectSender{l: l, batch: plan.Batch},
	}
	fields := make([]arrow.Field, len(plan.Out))
	for i, o := range plan.Out {
		f := reading.Finding{Type: o.Field.Type, Precision: o.Field.Precision, Scale: o.Field.Scale}
		if o.Source >= 0 && o.Source < len(t.Findings) {
			var ok bool
			if f, ok = t.Findings[o.Source].As(o.Field); ok {
				s.conv[i] = reading.NewConverter(f, s.mem)
			} else {
				f.Type, f.Precision, f.Scale = o.Field.Type, o.Field.Precision, o.Field.Scale
			}
		}
		fields[i] = arrow.Field{Name: o.Field.Name, Type: f.Arrow(), Nullable: true}
	}
	s.schema = arrow.NewSchema(fields, nil)
	return s
}

// read runs the table's reader.
func (s *stream) read(ctx context.Context, t *intake.Table) (err error) {
	s.tally, err = t.Found.Read(ctx, func(b *tabular.Batch) error {
		if len(b.Columns) != len(t.Found.Heads) || len(b.Origin) != b.Rows {
			return fmt.Errorf("the reader gave %d columns and %d origins for %d rows of %d columns: %w",
				len(b.Columns), len(b.Origin), b.Rows, len(t.Found.Heads), fault.Damaged)
		}
		s.emitted += int64(b.Rows)
		if s.plan.Quarantine != "" {
			if err := s.reject(b); err != nil {
				return err
			}
		} else if err := s.send(b); err != nil {
			return err
		}
		return s.l.progress(int64(b.Rows))
	}, func(r tabular.Reject) error {
		return s.rejects.add(rejectLine{Line: r.Line, Reason: r.Reason, Text: r.Text, Raw: r.Raw})
	})
	if err == nil {
		err = s.flush()
	}
	return errors.Join(err, s.rejects.flush())
}

// reject gives the rows of b as rejected lines, values as CSV.
func (s *stream) reject(b *tabular.Batch) error {
	row := make([]string, len(b.Columns))
	for i := range b.Rows {
		for c := range b.Columns {
			v, _ := b.Columns[c].At(i)
			row[c] = string(v)
		}
		text := csvLine(row)
		if err := s.rejects.add(rejectLine{Line: b.Origin[i], Reason: s.plan.Quarantine, Text: text, Raw: []byte(text)}); err != nil {
			return err
		}
	}
	return nil
}

// csvLine is a row as one RFC 4180 record without its line end.
func csvLine(row []string) string {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(row) // a buffer takes everything
	w.Flush()
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// recordRows is how many rows a record has: as many as a row group of the file,
// so that the writer takes each as it is. recordText is how much text of one
// column ends a record early: offsets are 32 bits.
const (
	recordRows = 122_880
	recordText = 64 << 20
)

// send converts a batch, its columns on all cores, and hands full records to
// the writer.
func (s *stream) send(b *tabular.Batch) error {
	for from := 0; from < b.Rows; {
		to := min(b.Rows, from+recordRows-s.filled)
		s.add(b, from, to)
		s.filled += to - from
		from = to
		if s.filled == recordRows || s.long() {
			if err := s.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// add converts some rows of a batch.
func (s *stream) add(b *tabular.Batch, from, to int) {
	var next atomic.Int64
	work := func() {
		for i := next.Add(1) - 1; i < int64(len(s.plan.Out)); i = next.Add(1) - 1 {
			source := s.plan.Out[i].Source
			if c := s.conv[i]; c != nil {
				s.unread[i] += c.Append(&b.Columns[source], from, to, s.most)
			} else if source >= 0 { // it does not read as the column's type
				s.unread[i] += reading.Present(&b.Columns[source], from, to)
			}
		}
	}
	s.rows = append(s.rows, b.Origin[from:to]...)
	if workers := min(runtime.GOMAXPROCS(0), len(s.plan.Out)); workers > 1 && to-from >= 2048 {
		var wg sync.WaitGroup
		for range workers {
			wg.Go(work)
		}
		wg.Wait()
		return
	}
	work()
}

// long reports whether a column has so much text that the record must end.
func (s *stream) long() bool {
	for _, c := range s.conv {
		if c != nil && c.Bytes() >= recordText {
			return true
		}
	}
	return false
}

// flush hands the record under work to the writer.
func (s *stream) flush() error {
	n := s.filled
	if n == 0 {
		return nil
	}
	cols := make([]arrow.Array, len(s.plan.Out))
	for i, o := range s.plan.Out {
		switch {
		case o.Source == sourceBatch:
			cols[i] = s.batchColumn(n)
		case o.Source == sourceRow:
			cols[i] = rowColumn(s.mem, s.rows)
		case s.conv[i] == nil:
			// Not from s.mem: an array of nulls is of cleared memory.
			cols[i] = array.MakeArrayOfNull(memory.DefaultAllocator, s.schema.Field(i).Type, n)
		default:
			cols[i] = s.conv[i].Take()
		}
	}
	rec := array.NewRecordBatch(s.schema, cols, int64(n))
	for _, c := range cols {
		c.Release()
	}
	s.filled, s.rows = 0, s.rows[:0]
	return s.sink(rec)
}

// batchColumn is the batch id n times, kept for the next call.
func (s *stream) batchColumn(n int) arrow.Array {
	if s.batch == nil || s.batch.Len() < n {
		b := array.NewStringBuilder(s.mem)
		defer b.Release()
		b.Reserve(n)
		for range n {
			b.Append(string(s.plan.Batch))
		}
		s.batch = b.NewArray()
	}
	if s.batch.Len() == n {
		s.batch.Retain()
		return s.batch
	}
	return array.NewSlice(s.batch, 0, int64(n))
}

func rowColumn(mem memory.Allocator, origin []int64) arrow.Array {
	b := array.NewInt64Builder(mem)
	defer b.Release()
	b.AppendValues(origin, nil)
	return b.NewArray()
}

// fields of the file.
func (s *stream) fields() []resource.Field {
	fields := make([]resource.Field, len(s.plan.Out))
	for i, o := range s.plan.Out {
		fields[i] = o.Field
	}
	return fields
}

// fileWriters is how many files of a table are written at a time, each in its
// own order. While one is being finished the next is filled.
const fileWriters = 2

// writeFiles writes the records as files of bounded size. A table without rows
// gives none.
func (s *stream) writeFiles(ctx context.Context, res *tableResult) error {
	var (
		fields = s.fields()
		files  []*outFile
		feed   chan arrow.RecordBatch // of the file under way; holds all of it, so that the next can begin
		fed    int64
	)
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(fileWriters)
	for rec := range s.records {
		if feed == nil {
			// No two files of a job have one name: the hub may still be about to
			// take one of a draft that was dropped.
			f := &outFile{Name: fmt.Sprintf("%s-%d.parquet", s.plan.Batch, s.l.files.Add(1))}
			feed, fed, files = make(chan arrow.RecordBatch, maxRecords), 0, append(files, f)
			records := feed
			g.Go(func() (err error) {
				f.Rows, err = s.l.write(gctx, filepath.Join(s.l.c.Out(), f.Name), fields, handOver(records))
				if err = cmp.Or(err, context.Cause(gctx)); err != nil { // dropped: the file is nobody's
					return err
				}
				return s.l.c.Finish(f.Name) // the hub brings it to the disk while the rest is read
			})
		}
		fed += recordBytes(rec)
		select {
		case feed <- rec:
		case <-gctx.Done():
			rec.Release()
			close(feed)
			return g.Wait()
		}
		if fed >= fileBytes || len(feed) == maxRecords {
			close(feed)
			feed = nil
		}
	}
	if feed != nil {
		close(feed)
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, f := range files {
		res.Written += f.Rows
		res.Files = append(res.Files, *f)
	}
	return nil
}

// maxRecords bounds the records of a file; a file of few bytes has few.
const maxRecords = 1024

// handOver yields records and gives back their memory.
func handOver(records <-chan arrow.RecordBatch) iter.Seq2[arrow.RecordBatch, error] {
	return func(yield func(arrow.RecordBatch, error) bool) {
		for rec := range records {
			more := yield(rec, nil)
			rec.Release() // whoever still needs it has retained it
			if !more {
				return
			}
		}
	}
}

func recordBytes(r arrow.RecordBatch) (n int64) {
	for _, c := range r.Columns() {
		for _, b := range c.Data().Buffers() {
			if b != nil {
				n += int64(b.Len())
			}
		}
	}
	return n
}

// A rejectSender sends rejected lines in chunks.
type rejectSender struct {
	l     *lander
	batch resource.BatchID
	chunk rejectChunk
	bytes int
	sent  int64
}

func (r *rejectSender) add(line rejectLine) error {
	if line.Raw == nil {
		line.Raw = []byte(line.Text)
	}
	r.chunk.Lines = append(r.chunk.Lines, line)
	r.bytes += len(line.Text) + len(line.Raw)
	r.sent++
	if len(r.chunk.Lines) >= 2000 || r.bytes > 1<<20 {
		return r.flush()
	}
	return nil
}

func (r *rejectSender) flush() error {
	if len(r.chunk.Lines) == 0 {
		return nil
	}
	r.chunk.Batch = r.batch
	payload, err := json.Marshal(r.chunk)
	if err != nil {
		return err
	}
	r.chunk.Lines, r.bytes = r.chunk.Lines[:0], 0
	return r.l.c.Send(kindRejects, payload)
}
