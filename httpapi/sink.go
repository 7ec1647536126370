package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"shuniu/guard"
)

// A sink writes a result in one format.
type sink interface {
	contentType() string
	fileName() string // "" when it is not a download
	begin(w *buffered, cols []RowColumn)
	row(w *buffered, first bool, values []any) error
	end(w *buffered, truncated bool)
}

// buffered gathers bytes and remembers the first error of its writer, which
// it opens when the first bytes leave.
type buffered struct {
	open func() io.Writer
	w    io.Writer
	b    []byte
	err  error
}

func (b *buffered) flush() {
	if b.w == nil && b.open != nil {
		b.w = b.open()
	}
	if b.err == nil && len(b.b) > 0 {
		_, b.err = b.w.Write(b.b)
	}
	b.b = b.b[:0]
}

// stream sends rows through s and closes them. What fails before the first
// byte has left is answered with its reason; after it, only the end of the
// connection is left, so that no cut answer looks whole.
func (a *api) stream(ctx context.Context, rows RowStream, s sink) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer a.closeQuietly(ctx, rows)
		first, err := rows.Next(ctx)
		if err != nil && !errors.Is(err, io.EOF) {
			a.refuse(hc, a.problem(ctx, err))
			return
		}
		w := &buffered{open: func() io.Writer {
			hc.SetHeader("Content-Type", s.contentType())
			if n := s.fileName(); n != "" {
				hc.SetHeader("Content-Disposition", attachment(n))
			}
			hc.SetStatus(http.StatusOK)
			return hc.BodyWriter()
		}}
		s.begin(w, rows.Columns())
		if err := pump(ctx, rows, first, err, s, w); err != nil {
			if w.err == nil && callOf(ctx).takeBack(w.w != nil) {
				a.refuse(hc, a.problem(ctx, err)) // nothing has left yet: the reason goes in its place
				return
			}
			a.cut(ctx, "stream rows", err)
			panic(http.ErrAbortHandler)
		}
	}}
}

func pump(ctx context.Context, rows RowStream, chunk [][]any, err error, s sink, w *buffered) error {
	n := 0
	for {
		for _, values := range chunk {
			if rowErr := s.row(w, n == 0, values); rowErr != nil {
				return rowErr
			}
			n++
			if len(w.b) > 64<<10 {
				w.flush()
				if w.err != nil {
					return w.err
				}
			}
		}
		if errors.Is(err, io.EOF) {
			s.end(w, rows.Truncated())
			w.flush()
			return w.err
		}
		if err != nil {
			return err
		}
		chunk, err = rows.Next(ctx)
	}
}

// csvSink writes RFC 4180. Answers to a query are plain, for programs: a value
// that begins with = + - or @ stays exactly what it is. Downloads of a dataset
// are safe, for spreadsheets: such a cell is prefixed with '.
type csvSink struct {
	bom, safe bool
	name      string
}

func (c csvSink) contentType() string { return "text/csv; charset=utf-8" }
func (c csvSink) fileName() string    { return c.name }

func (c csvSink) begin(w *buffered, cols []RowColumn) {
	if c.bom {
		w.b = append(w.b, 0xEF, 0xBB, 0xBF)
	}
	for i, col := range cols {
		c.cell(w, i, col.Name, false)
	}
	c.newline(w)
}

func (c csvSink) row(w *buffered, _ bool, values []any) error {
	for i, v := range values {
		switch v := v.(type) {
		case nil:
			c.cell(w, i, "", false)
		case string:
			c.cell(w, i, v, false)
		default:
			c.cell(w, i, fmt.Sprint(v), true)
		}
	}
	c.newline(w)
	return nil
}

func (c csvSink) end(*buffered, bool) {}

func (c csvSink) newline(w *buffered) {
	if c.safe {
		w.b = append(w.b, '\r')
	}
	w.b = append(w.b, '\n')
}

func (c csvSink) cell(w *buffered, i int, v string, number bool) {
	if i > 0 {
		w.b = append(w.b, ',')
	}
	if c.safe && !number {
		v = escapeFormula(v)
	}
	if strings.ContainsAny(v, "\",\r\n") || v != strings.TrimSpace(v) {
		w.b = append(w.b, '"')
		w.b = append(w.b, strings.ReplaceAll(v, `"`, `""`)...)
		w.b = append(w.b, '"')
		return
	}
	w.b = append(w.b, v...)
}

// escapeFormula prefixes with ' what a spreadsheet would run: a cell that
// begins with = + - @, tab, CR or their full-width forms, and is no number.
// Source: OWASP, CSV Injection.
func escapeFormula(v string) string {
	r, _ := utf8.DecodeRuneInString(v)
	switch r {
	case '=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠':
	default:
		return v
	}
	if plainNumber(v) {
		return v
	}
	return "'" + v
}

// plainNumber reports whether v is digits with at most one sign before and
// one point within, and an exponent.
func plainNumber(v string) bool {
	if strings.ContainsAny(v, "xXpP_iInN") {
		return false // what ParseFloat takes beyond decimal digits
	}
	_, err := strconv.ParseFloat(v, 64)
	return err == nil
}

// jsonSink writes a QueryResult. For browsers, whose numbers end at 2^53,
// larger integers are text.
type jsonSink struct{ browser bool }

// maxSafe is the largest integer every JavaScript number holds exactly.
const maxSafe = 1<<53 - 1

// browserValue is v as a browser reads it without loss.
func browserValue(v any) any {
	if n, ok := v.(int64); ok && (n > maxSafe || n < -maxSafe) {
		return strconv.FormatInt(n, 10)
	}
	return v
}

func (jsonSink) contentType() string { return "application/json" }
func (jsonSink) fileName() string    { return "" }

func (jsonSink) begin(w *buffered, cols []RowColumn) {
	w.b = append(w.b, `{"columns":`...)
	w.columns(cols)
	w.b = append(w.b, `,"rows":[`...)
}

func (j jsonSink) row(w *buffered, first bool, values []any) error {
	if j.browser {
		values = slices.Clone(values)
		for i := range values {
			values[i] = browserValue(values[i])
		}
	}
	if !first {
		w.b = append(w.b, ",\n"...)
	}
	return w.value(values)
}

func (jsonSink) end(w *buffered, truncated bool) {
	w.b = append(w.b, `],"truncated":`...)
	w.b = strconv.AppendBool(w.b, truncated)
	w.b = append(w.b, "}\n"...)
}

// ndjsonSink writes the columns as one line, then an array a row.
type ndjsonSink struct{}

func (ndjsonSink) contentType() string { return "application/x-ndjson" }
func (ndjsonSink) fileName() string    { return "" }

func (ndjsonSink) begin(w *buffered, cols []RowColumn) {
	w.columns(cols)
	w.b = append(w.b, '\n')
}

func (ndjsonSink) row(w *buffered, _ bool, values []any) error {
	err := w.value(values)
	w.b = append(w.b, '\n')
	return err
}

func (ndjsonSink) end(*buffered, bool) {}

func (b *buffered) value(v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		b.err = errors.Join(b.err, err)
		return err
	}
	b.b = append(b.b, raw...)
	return nil
}

// columns writes the head of a result; pump sees an error of it in b.err.
func (b *buffered) columns(cols []RowColumn) {
	if err := b.value(notNil(cols)); err != nil {
		b.err = err
	}
}

func notNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// streamReceipts sends each receipt the moment it is durable.
func (a *api) streamReceipts(ctx context.Context, in CLICollect) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", "application/x-ndjson")
		hc.SetStatus(http.StatusOK)
		_, w := unwrap(hc)
		send := func(l CollectLine) error {
			if err := jsonFormat.Marshal(w, l); err != nil {
				return err
			}
			return http.NewResponseController(w).Flush()
		}
		last := CollectLine{}
		sums, err := a.svc.Collect(ctx, in, func(r Receipt) error { return send(CollectLine{Receipt: &r}) })
		if err != nil {
			last.Problem = a.problem(ctx, err)
		} else {
			last.Sums = &sums
		}
		if err := send(last); err != nil {
			a.cut(ctx, "stream receipts", err)
		}
	}}
}

// follow streams events as server-sent events.
func (a *api) follow(ctx context.Context, in *streamIn) (*huma.StreamResponse, error) {
	after := int64(-1)
	last := in.Last
	if last == "" {
		last = in.After
	}
	if last != "" {
		n, err := strconv.ParseInt(last, 10, 64)
		if err != nil || n < 0 {
			return nil, badParam("header.Last-Event-ID", "want the id of an event")
		}
		after = n
	}
	events := a.svc.Events.Follow(ctx, in.Topics, after)
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", "text/event-stream; charset=utf-8")
		hc.SetHeader("Cache-Control", "no-cache")
		hc.SetHeader("X-Accel-Buffering", "no")
		hc.SetStatus(http.StatusOK)
		_, w := unwrap(hc)
		rc := http.NewResponseController(w)
		for e, err := range events {
			if err != nil {
				a.cut(ctx, "stream events", err)
				return
			}
			if err := sendEvent(w, rc, e); err != nil {
				return // the client went away
			}
		}
	}}, nil
}

func sendEvent(w io.Writer, rc *http.ResponseController, e Event) error {
	if err := rc.SetWriteDeadline(time.Now().Add(10 * time.Second)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if e.Topic == "" {
		if _, err := io.WriteString(w, ": still here\n\n"); err != nil {
			return err
		}
		return rc.Flush()
	}
	e.Data = fill(e.Data) // an empty list is [], here too
	raw, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "id: %d\nevent: %s\ndata: %s\n\n", e.ID, e.Topic, raw); err != nil {
		return err
	}
	return rc.Flush()
}

// seen puts a read on record before its answer leaves. rows < 0: not counted.
func (a *api) seen(ctx context.Context, action guard.Action, object, how string, rows int64) error {
	detail := how
	if rows >= 0 {
		detail += " rows=" + strconv.FormatInt(rows, 10)
	}
	return a.svc.Audit.Record(ctx, action, object, detail)
}

// closeAfter closes c after err and returns both.
func closeAfter(c io.Closer, err error) error { return errors.Join(err, c.Close()) }

func (a *api) closeQuietly(ctx context.Context, c io.Closer) {
	if err := c.Close(); err != nil {
		a.cut(ctx, "close result", err)
	}
}

// cut logs that an answer ended early; a client that went away is no news.
func (a *api) cut(ctx context.Context, what string, err error) {
	if ctx.Err() == nil {
		a.log.LogAttrs(ctx, slog.LevelWarn, "answer cut short", slog.String("what", what),
			slog.String("trace_id", callOf(ctx).trace), slog.Any("error", err))
	}
}

func attachment(name string) string {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	if v := mime.FormatMediaType("attachment", map[string]string{"filename": name}); v != "" {
		return v
	}
	return "attachment"
}

func badParam(location, message string) *Problem {
	p := validation(context.Background(), http.StatusUnprocessableEntity, "", nil)
	p.Errors = []ProblemField{{Location: location, Message: message}}
	return p
}

func rawResponses(description string, types ...string) map[string]*huma.Response {
	content := map[string]*huma.MediaType{}
	for _, t := range types {
		content[t] = &huma.MediaType{Schema: &huma.Schema{Type: "string"}}
	}
	return map[string]*huma.Response{"200": {Description: description, Content: content}}
}

func (a *api) schema(v any) *huma.Schema {
	t := reflect.TypeOf(v)
	return a.OpenAPI().Components.Schemas.Schema(t, true, t.Name())
}
