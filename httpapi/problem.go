package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"shuniu/collect/intake/tabular"
	"shuniu/fault"
	"shuniu/guard"
	"shuniu/locale"
	"shuniu/metadb"
)

// A Problem is an error as a caller gets it: RFC 9457 with a stable code, a
// hint what to do, and the id under which the log knows it.
type Problem struct { //nolint:errname // it is the document first; its name is in the API
	Type        string         `json:"type" doc:"about:blank or a page that explains the problem"`
	Title       string         `json:"title" doc:"What kind of problem, in the caller's language"`
	Status      int            `json:"status"`
	Detail      string         `json:"detail" doc:"What happened, in the caller's language"`
	Code        string         `json:"code" doc:"invalid, not_found, denied, conflict, busy, damaged, full, unauthenticated, locked, too_large, internal or a finer one"`
	Hint        string         `json:"hint,omitempty" doc:"What to do"`
	TraceID     string         `json:"trace_id"`
	Right       string         `json:"right,omitempty" doc:"Of code denied: the right that is missing"`
	OffsetBytes *int64         `json:"offset_bytes,omitempty" doc:"Of a wrong upload offset: the right one"`
	RetryAfter  int            `json:"retry_after_seconds,omitempty"`
	Demo        []DemoAccount  `json:"demo,omitempty" doc:"On a demonstration hub, of code unauthenticated: accounts to sign in with"`
	Errors      []ProblemField `json:"errors,omitempty" doc:"Which parts of the request are wrong"`
}

// A DemoAccount is an account of a demonstration hub.
type DemoAccount struct {
	Account  string `json:"account"`
	Name     string `json:"name"`
	Role     string `json:"role"`
	Password string `json:"password"`
}

// A ProblemField is one part of a request that is wrong.
type ProblemField struct {
	Location string `json:"location" doc:"e.g. body.tables[3].name"`
	Message  string `json:"message"`
}

// Error satisfies error.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus satisfies huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders satisfies huma.HeadersError: when to try again.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	return h
}

// ContentType makes the answer application/problem+json.
func (p *Problem) ContentType(ct string) string {
	if ct == "application/json" {
		return "application/problem+json"
	}
	return ct
}

// An OffsetError says where an upload really stands.
type OffsetError struct{ Want int64 }

func (e *OffsetError) Error() string { return "upload offset does not match" }

// Unwrap makes it a fault.Conflict.
func (e *OffsetError) Unwrap() error { return fault.Conflict }

// errUnauthenticated is the answer to a call without a live session.
var errUnauthenticated = errors.New("no live session")

// kinds maps the kinds of fault to status and code.
var kinds = []struct {
	err    error
	status int
	code   string
}{
	{errUnauthenticated, http.StatusUnauthorized, "unauthenticated"},
	{fault.Denied, http.StatusForbidden, "denied"},
	{fault.NotFound, http.StatusNotFound, "not_found"},
	{fault.Invalid, http.StatusUnprocessableEntity, "invalid"},
	{fault.Conflict, http.StatusConflict, "conflict"},
	{fault.Busy, http.StatusServiceUnavailable, "busy"},
	{fault.Damaged, http.StatusInternalServerError, "damaged"},
	{fault.Full, http.StatusInsufficientStorage, "full"},
}

// hooks sets huma's package-wide error constructors, once.
var hooks = sync.OnceFunc(func() {
	huma.DefaultArrayNullable = false
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		return validation(context.Background(), status, msg, errs)
	}
	huma.NewErrorWithContext = func(hc huma.Context, status int, msg string, errs ...error) huma.StatusError {
		return validation(hc.Context(), status, msg, errs)
	}
})

// problem puts err in the words of the caller of ctx and logs what the
// program itself did wrong.
func (a *api) problem(ctx context.Context, err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	err = metadb.Classify(err) // reads of the metadata store come as its driver left them
	c := callOf(ctx)
	p = &Problem{Type: "about:blank", Status: http.StatusInternalServerError, Code: "internal", TraceID: c.trace}
	kind := fault.KindOf(err)
	if errors.Is(err, errUnauthenticated) {
		kind = errUnauthenticated
	}
	for _, k := range kinds {
		if kind == k.err { //nolint:errorlint // the kinds are sentinels that KindOf returned
			p.Status, p.Code = k.status, k.code
		}
	}
	var (
		explained *fault.Explained
		offset    *OffsetError
		locked    *guard.LockedError
		denied    *guard.DeniedError
		refused   *tabular.Refusal
		tooLarge  *http.MaxBytesError
	)
	args := map[string]any{}
	key := "fault." + p.Code
	switch {
	case errors.As(err, &offset):
		p.OffsetBytes = &offset.Want
	case errors.As(err, &locked):
		p.Status, p.Code, p.RetryAfter = http.StatusTooManyRequests, "locked", int(locked.Wait.Seconds())+1
		key, args["seconds"] = "fault.locked", p.RetryAfter
	case kind == fault.Denied && !errors.As(err, &denied): //nolint:errorlint // KindOf returned the sentinel
		key = "http.denied"
	case denied != nil:
		p.Right = string(denied.Action)
		args["right"] = locale.Text(c.lang, "right."+string(denied.Action), nil)
	case errors.As(err, &tooLarge):
		p.Status, p.Code = http.StatusRequestEntityTooLarge, "too_large"
		key, args["limit"] = "fault.too_large", tooLarge.Limit
	case errors.As(err, &refused):
		p.Status, p.Code, p.Hint = http.StatusUnprocessableEntity, "refused."+refused.Kind, refused.Hint
		p.Detail = refused.Message
	}
	if errors.As(err, &explained) && !locale.Has(explained.Key) {
		explained = nil // a key without a text explains nothing
	}
	if explained != nil {
		key, args = explained.Key, explained.Args
		p.Code = explained.Key
		if h := explained.Key + ".hint"; locale.Has(h) {
			p.Hint = locale.Text(c.lang, h, args)
		}
	}
	if p.Code == "unauthenticated" {
		p.Demo = a.demo
	}
	if p.Code == "busy" {
		p.RetryAfter = 2
	}
	p.Title = locale.Text(c.lang, "http."+strconv.Itoa(p.Status), nil)
	if p.Detail == "" {
		p.Detail = locale.Text(c.lang, key, args)
	}
	if errors.Is(err, fault.Invalid) && explained == nil && refused == nil {
		// The engineer's text names what is wrong with the caller's own input.
		p.Errors = append(p.Errors, ProblemField{Message: plain(err)})
	}
	if p.Status >= http.StatusInternalServerError && p.Code != "busy" && ctx.Err() == nil {
		a.log.LogAttrs(ctx, slog.LevelError, "request failed", slog.String("trace_id", p.TraceID), slog.Any("error", err))
	}
	return p
}

// plain is the text of an error of kind Invalid without the kind's own name.
func plain(err error) string {
	return strings.TrimSuffix(err.Error(), ": "+fault.Invalid.Error())
}

// validation is a problem that the framework found in a request.
func validation(ctx context.Context, status int, msg string, errs []error) *Problem {
	c := callOf(ctx)
	p := &Problem{Type: "about:blank", Status: status, Code: "invalid", TraceID: c.trace}
	key := "fault.invalid"
	switch {
	case status == http.StatusRequestEntityTooLarge:
		p.Code, key = "too_large", "fault.too_large_part"
	case status == http.StatusNotFound:
		p.Code, key = "not_found", "fault.not_found"
	case status >= http.StatusInternalServerError:
		p.Code, key = "internal", "fault.internal"
	}
	p.Title = locale.Text(c.lang, "http."+strconv.Itoa(status), nil)
	p.Detail = locale.Text(c.lang, key, nil)
	for _, e := range errs {
		if e == nil {
			continue
		}
		f := ProblemField{Message: e.Error()}
		var d *huma.ErrorDetail
		if errors.As(e, &d) {
			f = ProblemField{Location: d.Location, Message: d.Message}
		}
		p.Errors = append(p.Errors, f)
	}
	if len(p.Errors) == 0 && status < http.StatusInternalServerError && msg != "" {
		p.Errors = []ProblemField{{Message: msg}}
	}
	return p
}
