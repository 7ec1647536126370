package library

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"shuniu/brain"
	"shuniu/fault"
	"shuniu/resource"
	"shuniu/standard"
	"shuniu/standard/rule"
	"shuniu/worker"
)

// MethodStandardise is the worker's part of a build: it writes the rows of one
// landing table in the standards' form.
const MethodStandardise = "library.standardise"

// Columns of the table of rows beside the pack's fields.
const (
	departmentColumn = "_department"
	datasetColumn    = "_dataset"
	foldedColumn     = "_folded" // the name as it is compared
	issuesColumn     = "_issues" // JSON: []issue; null when there is none
)

// An issue is a value that was mended or rejected.
type issue struct {
	Field    string `json:"field"`
	Verdict  string `json:"verdict"` // mended, rejected
	Value    string `json:"value"`
	Repaired string `json:"repaired,omitempty"`
	Reason   string `json:"reason"`
}

// standardiseParams state the job.
type standardiseParams struct {
	Pack       *Pack                 `json:"pack"`
	Department resource.DepartmentID `json:"department"`
	Dataset    resource.DatasetID    `json:"dataset"`
	Files      []string              `json:"files"`   // names in In
	Columns    map[string]int        `json:"columns"` // field -> id of the landing column
	Batch      int                   `json:"batch"`   // id of _batch
	Row        int                   `json:"row"`     // id of _row
	Out        []resource.Field      `json:"out"`
	Name       string                `json:"name"` // of the file in Out
}

// rowFields are the columns of the rows of a library, without ids.
func rowFields(p *Pack) []resource.Field {
	fields := []resource.Field{
		{Name: departmentColumn, Type: resource.Text},
		{Name: datasetColumn, Type: resource.Text},
		{Name: resource.BatchColumn, Type: resource.Text},
		{Name: resource.RowColumn, Type: resource.Integer},
		{Name: foldedColumn, Type: resource.Text},
		{Name: issuesColumn, Type: resource.Text},
	}
	for _, f := range p.Fields {
		fields = append(fields, resource.Field{Name: f.Name, Type: resource.Text, Comment: f.Title.ZH})
	}
	return fields
}

// Handlers are what a build needs in the worker.
func Handlers(write brain.WriteParquet) map[string]worker.Handler {
	return map[string]worker.Handler{MethodStandardise: func(ctx context.Context, c worker.Call) error {
		var p standardiseParams
		if err := c.Params(&p); err != nil {
			return err
		}
		s, err := newStandardiser(&p)
		if err != nil {
			return err
		}
		rows, err := write(ctx, filepath.Join(c.Out(), p.Name), p.Out, s.records(ctx, c))
		if err != nil {
			return err
		}
		payload, err := json.Marshal(rows)
		if err != nil {
			return err
		}
		return c.Send("rows", payload)
	}}
}

// A standardiser turns landing records into records of a library's rows.
type standardiser struct {
	p      *standardiseParams
	rules  []*rule.Rule // per field of the pack; nil: none
	schema *arrow.Schema
}

func newStandardiser(p *standardiseParams) (*standardiser, error) {
	s := &standardiser{p: p, rules: make([]*rule.Rule, len(p.Pack.Fields))}
	for i, f := range p.Pack.Fields {
		if f.Standard == "" {
			continue
		}
		var err error
		if s.rules[i], err = standard.Find(f.Standard); err != nil {
			return nil, err
		}
	}
	cols := make([]arrow.Field, len(p.Out))
	for i, f := range p.Out {
		t := arrow.DataType(arrow.BinaryTypes.String)
		if f.Type == resource.Integer {
			t = arrow.PrimitiveTypes.Int64
		}
		cols[i] = arrow.Field{Name: f.Name, Type: t, Nullable: true}
	}
	s.schema = arrow.NewSchema(cols, nil)
	return s, nil
}

// records yields the rows of all files.
func (s *standardiser) records(ctx context.Context, c worker.Call) iter.Seq2[arrow.RecordBatch, error] {
	return func(yield func(arrow.RecordBatch, error) bool) {
		for _, name := range s.p.Files {
			for rec, err := range s.file(ctx, filepath.Join(c.In(), name)) {
				if !yield(rec, err) || err != nil {
					return
				}
			}
		}
	}
}

// file yields the rows of one Parquet file.
func (s *standardiser) file(ctx context.Context, path string) iter.Seq2[arrow.RecordBatch, error] {
	return func(yield func(arrow.RecordBatch, error) bool) {
		f, err := os.Open(path)
		if err != nil {
			yield(nil, err)
			return
		}
		pf, err := file.NewParquetReader(f)
		if err != nil {
			yield(nil, errors.Join(err, f.Close()))
			return
		}
		defer pf.Close()
		wanted := map[int]bool{s.p.Batch: true, s.p.Row: true}
		for _, id := range s.p.Columns {
			wanted[id] = true
		}
		var want []int         // columns of the file, in its order
		place := map[int]int{} // field id -> which of them
		for i := range pf.MetaData().Schema.NumColumns() {
			if id := int(pf.MetaData().Schema.Column(i).SchemaNode().FieldID()); wanted[id] {
				place[id] = len(want)
				want = append(want, i)
			}
		}
		r, err := pqarrow.NewFileReader(pf, pqarrow.ArrowReadProperties{BatchSize: 32 << 10}, memory.DefaultAllocator)
		if err != nil {
			yield(nil, err)
			return
		}
		rr, err := r.GetRecordReader(ctx, want, nil)
		if err != nil {
			yield(nil, err)
			return
		}
		defer rr.Release()
		for rr.Next() {
			rec, err := s.record(rr.RecordBatch(), place)
			if !yield(rec, err) || err != nil {
				return
			}
		}
		if err := rr.Err(); err != nil && !errors.Is(err, io.EOF) {
			yield(nil, fmt.Errorf("%w: %w", err, fault.Damaged))
		}
	}
}

// record makes the rows of one landing record.
func (s *standardiser) record(in arrow.RecordBatch, place map[int]int) (arrow.RecordBatch, error) {
	b := array.NewRecordBuilder(memory.DefaultAllocator, s.schema)
	defer b.Release()
	column := func(id int) arrow.Array {
		if i, ok := place[id]; ok {
			return in.Column(i)
		}
		return nil
	}
	batch, row := column(s.p.Batch), column(s.p.Row)
	if batch == nil || row == nil {
		return nil, fmt.Errorf("%s: rows without an origin: %w", s.p.Dataset, fault.Damaged)
	}
	sources := make([]arrow.Array, len(s.p.Pack.Fields))
	for i, f := range s.p.Pack.Fields {
		if id, ok := s.p.Columns[f.Name]; ok {
			sources[i] = column(id)
		}
	}
	text := func(col int, v string) {
		sb, _ := b.Field(col).(*array.StringBuilder)
		if v == "" {
			sb.AppendNull()
			return
		}
		sb.Append(v)
	}
	values := make([]string, len(s.p.Pack.Fields))
	for i := range int(in.NumRows()) {
		issues := s.row(sources, i, values)
		text(0, string(s.p.Department))
		text(1, string(s.p.Dataset))
		text(2, valueOf(batch, i))
		n, ok := row.(*array.Int64)
		if !ok {
			return nil, fmt.Errorf("%s: row numbers of type %s: %w", s.p.Dataset, row.DataType(), fault.Damaged)
		}
		numbers, _ := b.Field(3).(*array.Int64Builder)
		numbers.Append(n.Value(i))
		folded, noted := "", ""
		if len(issues) > 0 {
			j, err := json.Marshal(issues)
			if err != nil {
				return nil, err
			}
			noted = string(j)
		}
		for k, f := range s.p.Pack.Fields {
			if f.Name == s.p.Pack.Name {
				folded = fold(values[k])
			}
			text(6+k, values[k])
		}
		text(4, folded)
		text(5, noted)
	}
	return b.NewRecordBatch(), nil
}

// row puts the values of one row into values and returns what was mended or
// rejected.
func (s *standardiser) row(sources []arrow.Array, i int, values []string) (issues []issue) {
	for k, f := range s.p.Pack.Fields {
		values[k] = ""
		if sources[k] == nil {
			continue
		}
		v := clean(valueOf(sources[k], i))
		if v == "" {
			continue
		}
		switch {
		case f.Read != "":
			values[k] = readers[f.Read](v)
			if values[k] == "" && f.Read == "money" {
				issues = append(issues, issue{Field: f.Name, Verdict: "rejected", Value: v, Reason: "it is no amount of money"})
			}
		case s.rules[k] != nil && s.rules[k].Verdict([]byte(v), 0) == rule.Valid:
			values[k] = v // most are: nothing to explain
		case s.rules[k] != nil:
			switch c := s.rules[k].Check(v, 0); c.Verdict {
			case rule.Valid:
				values[k] = v
			case rule.Repairable:
				values[k] = c.Repaired
				issues = append(issues, issue{Field: f.Name, Verdict: "mended", Value: v, Repaired: c.Repaired, Reason: c.Reason})
			default:
				issues = append(issues, issue{Field: f.Name, Verdict: "rejected", Value: v, Reason: c.Reason})
			}
		default:
			values[k] = v
		}
	}
	return issues
}

// valueOf is a value as text, "" for null.
func valueOf(a arrow.Array, i int) string {
	if a.IsNull(i) {
		return ""
	}
	switch a := a.(type) {
	case *array.String:
		return a.Value(i)
	case *array.Date32:
		return a.Value(i).FormattedString()
	case *array.Timestamp:
		t, _ := a.DataType().(*arrow.TimestampType)
		return a.Value(i).ToTime(t.Unit).Format("2006-01-02 15:04:05")
	default:
		return a.ValueStr(i)
	}
}
