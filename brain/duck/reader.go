package duck

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"shuniu/fault"
)

// A reader hands batches to DuckDB's threads. The batches are made in a
// goroutine of its own: the iterator must not run on the threads that call
// from C, and the next batch is made while the last one is written.
type reader struct {
	schema  *arrow.Schema
	batches chan arrow.RecordBatch
	done    chan struct{} // closed when the producer has ended
	current arrow.RecordBatch
	refs    atomic.Int64
	rows    int64
	err     error // of the producer; read after done
}

var _ array.RecordReader = (*reader)(nil)

func newReader(ctx context.Context, schema *arrow.Schema, batches iter.Seq2[arrow.RecordBatch, error]) *reader {
	r := &reader{schema: schema, batches: make(chan arrow.RecordBatch, 1), done: make(chan struct{})}
	go func() {
		defer close(r.batches)
		defer close(r.done) // first, so that Err knows the end of the batches
		defer func() {
			// The iterator is a reader of hostile files; a panic in it must
			// end this job, not C++ code half way through a call.
			if p := recover(); p != nil {
				r.err = fmt.Errorf("rows: panic: %v: %w", p, fault.Invalid)
			}
		}()
		for b, err := range batches {
			if err != nil {
				r.err = err
				return
			}
			if err := r.check(b); err != nil {
				r.err = err
				return
			}
			b.Retain() // the producer may release its own at the next step
			select {
			case r.batches <- b:
				r.rows += b.NumRows()
			case <-ctx.Done():
				b.Release()
				if err := context.Cause(ctx); !errors.Is(err, errStopped) {
					r.err = err
				}
				return
			}
		}
	}()
	return r
}

// check compares a batch with the schema; names do not matter, types do.
func (r *reader) check(b arrow.RecordBatch) error {
	if int(b.NumCols()) != r.schema.NumFields() {
		return fmt.Errorf("batch of %d columns, want %d: %w", b.NumCols(), r.schema.NumFields(), fault.Invalid)
	}
	for i, f := range r.schema.Fields() {
		if got := b.Column(i).DataType(); !arrow.TypeEqual(got, f.Type) {
			return fmt.Errorf("column %s is %s, want %s: %w", f.Name, got, f.Type, fault.Invalid)
		}
	}
	return nil
}

// stop waits for the producer and drops what nobody read.
func (r *reader) stop() {
	for b := range r.batches {
		b.Release()
	}
	<-r.done
	if r.current != nil {
		r.current.Release()
		r.current = nil
	}
}

func (r *reader) Retain()                        { r.refs.Add(1) }
func (r *reader) Release()                       { r.refs.Add(-1) }
func (r *reader) Schema() *arrow.Schema          { return r.schema }
func (r *reader) RecordBatch() arrow.RecordBatch { return r.current }
func (r *reader) Record() arrow.RecordBatch      { return r.current }

// Next is called by one thread at a time, with DuckDB's lock held.
func (r *reader) Next() bool {
	if r.current != nil {
		r.current.Release()
		r.current = nil
	}
	for b := range r.batches {
		if b.NumRows() == 0 {
			b.Release()
			continue
		}
		r.current = pin(r.schema, b)
		return true
	}
	return false
}

// Err tells DuckDB that the rows ended early.
func (r *reader) Err() error {
	select {
	case <-r.done:
		return r.err
	default:
		return nil
	}
}

// pin returns the batch with its memory pinned until C has released it: C
// keeps the addresses of Go memory, which only pinned memory allows.
func pin(schema *arrow.Schema, b arrow.RecordBatch) arrow.RecordBatch {
	cols := make([]arrow.Array, b.NumCols())
	for i := range cols {
		d := b.Column(i).Data()
		bufs := make([]*memory.Buffer, len(d.Buffers()))
		for k, old := range d.Buffers() {
			if old == nil {
				continue
			}
			if old.Len() == 0 {
				bufs[k] = memory.NewBufferBytes(nil)
				continue
			}
			old.Retain()
			p := &pinned{owner: old}
			p.pinner.Pin(&old.Bytes()[0])
			bufs[k] = memory.NewBufferWithAllocator(old.Bytes(), p)
		}
		data := array.NewData(schema.Field(i).Type, d.Len(), bufs, nil, d.NullN(), d.Offset())
		for _, buf := range bufs {
			if buf != nil {
				buf.Release() // the data holds it now
			}
		}
		cols[i] = array.MakeFromData(data)
		data.Release()
	}
	out := array.NewRecordBatch(schema, cols, b.NumRows())
	for _, c := range cols {
		c.Release()
	}
	b.Release()
	return out
}

// pinned is the allocator of one buffer: it is freed once.
type pinned struct {
	pinner runtime.Pinner
	owner  *memory.Buffer
}

func (p *pinned) Allocate(int) []byte { panic("duck: a pinned buffer does not grow") }

func (p *pinned) Reallocate(int, []byte) []byte { panic("duck: a pinned buffer does not grow") }

func (p *pinned) Free([]byte) {
	p.pinner.Unpin()
	p.owner.Release()
}
