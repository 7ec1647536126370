package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/width"

	"shuniu/brain"
	"shuniu/fault"
	"shuniu/guard"
)

type queryCommand struct {
	SQL    string  `arg:"" help:"One SELECT, or SHOW TABLES."`
	As     *string `help:"Run with the rights of this account."`
	Format string  `help:"table, csv or json." default:"table" enum:"table,csv,json"`
	JSON   bool    `help:"The same as --format json."`
	Limit  int64   `help:"At most this many rows; 0: all." default:"0"`
}

// Run answers a statement through the gate.
func (c *queryCommand) Run(ctx context.Context, a *app) error {
	if c.Limit < 0 {
		return usagef("--limit %d is below 0", c.Limit)
	}
	if c.As != nil && strings.TrimSpace(*c.As) == "" {
		return usagef("--as names no account; leave it out to ask as the folder's owner")
	}
	if c.JSON {
		c.Format = "json"
	}
	f, err := a.openFolder(ctx, false)
	if errors.Is(err, errServed) {
		return c.throughServer(ctx, a)
	}
	if err != nil {
		return err
	}
	return a.withHub(ctx, f, toQuery, func(ctx context.Context, h *hub) error {
		if c.As != nil {
			p, err := h.accounts.As(ctx, *c.As)
			if err != nil {
				if errors.Is(err, fault.NotFound) {
					return &refusedError{reason: fmt.Sprintf("there is no account %q (没有这个账号)", *c.As)}
				}
				return err
			}
			ctx = guard.With(ctx, p)
		}
		rows, err := h.brain.Query(ctx, brain.Statement{SQL: c.SQL, Limit: c.Limit})
		if err != nil {
			return err
		}
		err = printRows(ctx, a.out, c.Format, rows)
		return errors.Join(err, rows.Close())
	})
}

// A rowSource is a result being streamed: brain.Rows, or a server's answer.
type rowSource interface {
	Columns() []brain.Column
	Next(ctx context.Context) ([][]any, error)
	Truncated() bool
}

// printRows writes a result as it comes.
func printRows(ctx context.Context, w io.Writer, format string, rows rowSource) error {
	out := bufio.NewWriterSize(w, 64<<10)
	each := func(f func(row []any) error) error {
		for {
			batch, err := rows.Next(ctx)
			for _, r := range batch {
				if err := f(r); err != nil {
					return err
				}
			}
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
		}
	}
	var err error
	switch format {
	case "json":
		err = writeJSON(out, rows, each)
	case "csv":
		err = writeCSV(out, rows.Columns(), each)
	default:
		err = writeTable(out, rows.Columns(), each)
	}
	return errors.Join(err, out.Flush())
}

type eachRow func(f func(row []any) error) error

func writeJSON(out *bufio.Writer, rows rowSource, each eachRow) error {
	head, err := json.Marshal(rows.Columns())
	if err != nil {
		return err
	}
	fmt.Fprintf(out, `{"columns": %s, "rows": [`, head)
	first := true
	err = each(func(row []any) error {
		raw, err := json.Marshal(row)
		if err != nil {
			return err
		}
		if !first {
			_ = out.WriteByte(',') // a bufio.Writer keeps its error until Flush
		}
		first = false
		_, err = fmt.Fprintf(out, "\n%s", raw)
		return err
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "], \"truncated\": %v}\n", rows.Truncated())
	return err
}

func writeCSV(out *bufio.Writer, columns []brain.Column, each eachRow) error {
	cell := func(i int, v string) {
		if i > 0 {
			_ = out.WriteByte(',') // a bufio.Writer keeps its error until Flush
		}
		if strings.ContainsAny(v, ",\"\r\n") || v == "" && len(columns) == 1 {
			v = `"` + strings.ReplaceAll(v, `"`, `""`) + `"`
		}
		_, _ = out.WriteString(v)
	}
	for i, c := range columns {
		cell(i, c.Name)
	}
	_ = out.WriteByte('\n')
	return each(func(row []any) error {
		for i, v := range row {
			cell(i, plain(v))
		}
		return out.WriteByte('\n')
	})
}

// plain is a value as text; absent is empty.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	default:
		return fmt.Sprint(v)
	}
}

// tableRows is how many rows are measured to set a table's column widths.
const tableRows = 1000

func writeTable(out *bufio.Writer, columns []brain.Column, each eachRow) error {
	const widest = 48
	widths := make([]int, len(columns))
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
		widths[i] = min(columnsOf(c.Name), widest)
	}
	var held [][]string
	line := func(cells []string) error {
		for i, v := range cells {
			v = oneLineOf(v, widest)
			_, _ = out.WriteString(v) // a bufio.Writer keeps its error until Flush
			if i < len(cells)-1 {
				_, _ = out.WriteString(strings.Repeat(" ", max(widths[i]-columnsOf(v), 0)+2))
			}
		}
		return out.WriteByte('\n')
	}
	flush := func() error {
		if err := line(names); err != nil {
			return err
		}
		rule := make([]string, len(widths))
		for i, w := range widths {
			rule[i] = strings.Repeat("-", w)
		}
		if err := line(rule); err != nil {
			return err
		}
		for _, r := range held {
			if err := line(r); err != nil {
				return err
			}
		}
		return nil
	}
	n, flushed := 0, false
	err := each(func(row []any) error {
		n++
		cells := make([]string, len(row))
		for i, v := range row {
			cells[i] = plain(v)
			if v == nil {
				cells[i] = "∅"
			}
		}
		if flushed {
			return line(cells)
		}
		for i, v := range cells {
			widths[i] = max(widths[i], min(columnsOf(oneLineOf(v, widest)), widest))
		}
		if held = append(held, cells); len(held) == tableRows {
			flushed = true
			return flush()
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !flushed {
		if err := flush(); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(out, "(%d rows)\n", n)
	return err
}

// columnsOf is how many terminal columns s takes; Chinese takes two.
func columnsOf(s string) int {
	n := 0
	for _, r := range s {
		switch width.LookupRune(r).Kind() {
		case width.EastAsianWide, width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}

func oneLineOf(s string, columns int) string {
	s = strings.NewReplacer("\r", "␍", "\n", "␊", "\t", "␉").Replace(s)
	if utf8.RuneCountInString(s) <= columns/2 || columnsOf(s) <= columns {
		return s
	}
	n := 0
	for i, r := range s {
		if n += columnsOf(string(r)); n > columns-1 {
			return s[:i] + "…"
		}
	}
	return s
}

// asked says on whose behalf it was asked when something was not found.
func (c *queryCommand) asked(err error) error {
	if c.As == nil || !errors.Is(err, fault.NotFound) {
		return err
	}
	return fmt.Errorf("as account %q (以该账号查询): %w", *c.As, err)
}

// throughServer asks the server that holds the folder.
func (c *queryCommand) throughServer(ctx context.Context, a *app) error {
	cl, err := a.client()
	if err != nil {
		return err
	}
	body := map[string]any{"sql": c.SQL, "limit": c.Limit, "format": "json"}
	if c.As != nil {
		body["as"] = *c.As
	}
	res, err := cl.post(ctx, "/api/query", body)
	if err != nil {
		return c.asked(err)
	}
	defer func() { _ = res.Body.Close() }() // only read
	rows, err := newAnswerRows(res.Body)
	if err != nil {
		return fmt.Errorf("the server's answer: %w", err)
	}
	return printRows(ctx, a.out, c.Format, rows)
}

// answerRows reads {"columns": […], "rows": [[…]…], "truncated": …} as it comes.
type answerRows struct {
	dec       *json.Decoder
	columns   []brain.Column
	truncated bool
	done      bool
}

func newAnswerRows(r io.Reader) (*answerRows, error) {
	a := &answerRows{dec: json.NewDecoder(r)}
	a.dec.UseNumber()
	for _, want := range []json.Token{json.Delim('{'), "columns"} {
		if err := a.expect(want); err != nil {
			return nil, err
		}
	}
	if err := a.dec.Decode(&a.columns); err != nil {
		return nil, err
	}
	for _, want := range []json.Token{"rows", json.Delim('[')} {
		if err := a.expect(want); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func (a *answerRows) expect(want json.Token) error {
	got, err := a.dec.Token()
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("got %v, want %v: %w", got, want, fault.Damaged)
	}
	return nil
}

func (a *answerRows) Columns() []brain.Column { return a.columns }
func (a *answerRows) Truncated() bool         { return a.truncated }

func (a *answerRows) Next(context.Context) ([][]any, error) {
	if a.done {
		return nil, io.EOF
	}
	var batch [][]any
	for a.dec.More() {
		var row []any
		if err := a.dec.Decode(&row); err != nil {
			return nil, fmt.Errorf("the answer was cut off: %w", err)
		}
		for i, v := range row {
			if n, ok := v.(json.Number); ok {
				row[i] = n.String()
				if whole, err := n.Int64(); err == nil {
					row[i] = whole
				} else if f, err := n.Float64(); err == nil {
					row[i] = f
				}
			}
		}
		if batch = append(batch, row); len(batch) == 1000 {
			return batch, nil
		}
	}
	a.done = true
	for _, want := range []json.Token{json.Delim(']'), "truncated"} {
		if err := a.expect(want); err != nil {
			return nil, fmt.Errorf("the answer was cut off: %w", err)
		}
	}
	if err := a.dec.Decode(&a.truncated); err != nil {
		return nil, err
	}
	return batch, nil
}
