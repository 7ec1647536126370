package duck

import (
	"errors"
	"fmt"

	bindings "github.com/duckdb/duckdb-go-bindings"
)

// A statement is one prepared SELECT.
type statement struct {
	stmt bindings.PreparedStatement
}

// prepare takes exactly one SELECT.
func (s *session) prepare(sql string) (*statement, error) {
	var all bindings.ExtractedStatements
	n := bindings.ExtractStatements(s.conn, sql, &all)
	defer bindings.DestroyExtracted(&all)
	if n == 0 {
		if msg := bindings.ExtractStatementsError(all); msg != "" {
			return nil, engineError(msg)
		}
		return nil, engineError("Parser Error: no statement")
	}
	if n != 1 {
		return nil, refused("%d statements at once", n)
	}
	p := &statement{}
	if bindings.PrepareExtractedStatement(s.conn, all, 0, &p.stmt) == bindings.StateError {
		err := engineError(bindings.PrepareError(p.stmt))
		p.close()
		return nil, err
	}
	if bindings.PreparedStatementType(p.stmt) != bindings.StatementTypeSelect {
		p.close()
		return nil, refused("anything but SELECT")
	}
	return p, nil
}

func (p *statement) close() { bindings.DestroyPrepare(&p.stmt) }

// columns are the names and types of the result.
func (p *statement) columns() ([]string, []sqlColumn, error) {
	n := int(bindings.PreparedStatementColumnCount(p.stmt))
	names, types := make([]string, n), make([]sqlColumn, n)
	for i := range n {
		names[i] = bindings.PreparedStatementColumnName(p.stmt, bindings.IdxT(i))
		t := bindings.PreparedStatementColumnLogicalType(p.stmt, bindings.IdxT(i))
		types[i] = sqlColumn{id: bindings.GetTypeId(t)}
		if types[i].id == bindings.TypeDecimal {
			types[i].scale = int(bindings.DecimalScale(t))
		}
		bindings.DestroyLogicalType(&t)
		if types[i].id == bindings.TypeInvalid {
			return nil, nil, fmt.Errorf("duckdb: column %d has no type", i+1)
		}
	}
	return names, types, nil
}

// A sqlColumn is the DuckDB type of a result's column.
type sqlColumn struct {
	id    bindings.Type
	scale int
}

// stream runs the statement and hands over its chunks as they come; DuckDB
// holds about a megabyte of result, never all of it.
func (p *statement) stream(each func(chunk bindings.DataChunk, rows int) error) error {
	var pending bindings.PendingResult
	if bindings.PendingPreparedStreaming(p.stmt, &pending) == bindings.StateError {
		err := engineError(bindings.PendingError(pending))
		bindings.DestroyPending(&pending)
		return err
	}
	defer bindings.DestroyPending(&pending)
	var res bindings.Result
	defer bindings.DestroyResult(&res)
	if bindings.ExecutePending(pending, &res) == bindings.StateError {
		return engineError(bindings.ResultError(&res))
	}
	for {
		done, err := fetch(&res, each)
		if err != nil || done {
			return err
		}
	}
}

func fetch(res *bindings.Result, each func(bindings.DataChunk, int) error) (done bool, err error) {
	chunk := bindings.FetchChunk(*res)
	if chunk.Ptr == nil {
		if msg := bindings.ResultError(res); msg != "" {
			return false, engineError(msg)
		}
		return true, nil
	}
	defer bindings.DestroyDataChunk(&chunk)
	rows := int(bindings.DataChunkGetSize(chunk))
	if rows == 0 {
		return true, nil
	}
	return false, each(chunk, rows)
}

// errStop ends a stream early.
var errStop = errors.New("enough rows")
