package duck

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"shuniu/brain"
	"shuniu/fault"
	"shuniu/resource"
	"shuniu/worker"
)

// An Engine runs statements in the workers of a pool. The children of the
// pool serve Handlers.
type Engine struct {
	pool *worker.Pool
}

var _ brain.Engine = (*Engine)(nil)

// New returns an engine on pool.
func New(pool *worker.Pool) *Engine { return &Engine{pool: pool} }

// References implements brain.Engine.
func (e *Engine) References(ctx context.Context, sql string) ([]resource.Table, error) {
	var tables []resource.Table
	err := e.pool.Run(ctx, worker.Request{Method: methodReferences, Params: queryNote{SQL: sql}}, func(m worker.Message) error {
		return json.Unmarshal(m.Payload, &tables)
	})
	if err != nil {
		return nil, ofStatement(err)
	}
	return tables, nil
}

// Run implements brain.Engine. It returns when the columns are known.
func (e *Engine) Run(ctx context.Context, st brain.Statement, scans []brain.Scan) (brain.Rows, error) {
	tables, links := notes(scans)
	job, err := e.pool.Do(ctx, worker.Request{
		Method: methodQuery, Links: links,
		Params: queryNote{SQL: st.SQL, Limit: st.Limit, Tables: tables},
	})
	if err != nil {
		return nil, err
	}
	r := &rows{job: job}
	m, err := job.Next()
	if err == nil && m.Kind != kindColumns {
		err = fmt.Errorf("%w: %s comes first", errFrame, m.Kind)
	}
	if err == nil {
		err = json.Unmarshal(m.Payload, &r.columns)
	}
	if err != nil {
		_ = job.Close() // err says it
		return nil, named(ofStatement(err), scans)
	}
	return r, nil
}

// rows stream a result.
type rows struct {
	job       *worker.Job
	columns   []brain.Column
	truncated bool
	ended     bool
}

func (r *rows) Columns() []brain.Column { return r.columns }
func (r *rows) Truncated() bool         { return r.truncated }
func (r *rows) Close() error            { return r.job.Close() }

func (r *rows) Next(ctx context.Context) ([][]any, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for {
		m, err := r.job.Next()
		switch {
		case errors.Is(err, io.EOF) && !r.ended:
			return nil, fmt.Errorf("%w: no end", errFrame)
		case err != nil && !errors.Is(err, io.EOF):
			return nil, ofStatement(err)
		case err != nil:
			return nil, err
		}
		switch m.Kind {
		case kindRows:
			return decode(m.Payload, len(r.columns))
		case kindEnd:
			var end endNote
			if err := json.Unmarshal(m.Payload, &end); err != nil {
				return nil, fmt.Errorf("%w: %w", errFrame, err)
			}
			r.truncated, r.ended = end.Truncated, true
		default:
			return nil, fmt.Errorf("%w: %s among rows", errFrame, m.Kind)
		}
	}
}

// Rewrite implements brain.Engine: one file, or none when there are no rows.
func (e *Engine) Rewrite(ctx context.Context, sql string, scans []brain.Scan, dir string, fields []resource.Field) ([]brain.StagedFile, error) {
	tables, links := notes(scans)
	var count int64
	err := e.pool.Run(ctx, worker.Request{
		Method: methodRewrite, Links: links, OutDir: dir, Deadline: rewriteDeadline,
		Params: queryNote{SQL: sql, Tables: tables, Fields: fields},
	}, func(m worker.Message) error { return json.Unmarshal(m.Payload, &count) })
	if err != nil {
		return nil, named(err, scans)
	}
	if count == 0 {
		return nil, nil
	}
	return []brain.StagedFile{{Path: filepath.Join(dir, rewritten), Rows: count}}, nil
}

// named tells which files an engine was reading when it found bytes that are
// not as written: in the worker they had other names.
func named(err error, scans []brain.Scan) error {
	if !errors.Is(err, fault.Damaged) {
		return err
	}
	for _, s := range scans {
		err = fmt.Errorf("read %s: %w", s.Table, err)
	}
	return err
}
