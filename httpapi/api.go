package httpapi

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"shuniu/guard"
)

// Version is the version of the API's shapes.
const Version = "1.0.0"

// Extensions of an operation in the OpenAPI document.
const (
	rightKey  = "x-right"  // guard.Action the operation takes; "session" for any signed-in caller
	publicKey = "x-public" // true: needs no session
	localKey  = "x-local"  // true: only the command line of the folder's owner
	sizeKey   = "x-max-body-bytes"
)

// anySession is the right of operations that every signed-in caller has.
const anySession guard.Action = "session"

// An api registers operations on one mux.
type api struct {
	huma.API
	svc  *Services
	log  *slog.Logger
	demo []DemoAccount
}

// an op states an operation shortly.
type op struct {
	id, method, path, tag, summary string
	right                          guard.Action // empty: public
	local                          bool
	status                         int
	description                    string
	maxBody                        int64
	responses                      map[string]*huma.Response
	request                        *huma.RequestBody
}

func newAPI(mux *http.ServeMux, svc *Services, log *slog.Logger) *api {
	hooks()
	cfg := huma.DefaultConfig("枢纽 Shuniu", Version)
	cfg.Info.Description = "The data hub of a district: collect anything, lose nothing, see where every row came from."
	cfg.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	cfg.CreateHooks = nil
	cfg.DocsPath, cfg.SchemasPath, cfg.OpenAPIPath = "", "", ""
	cfg.Formats = map[string]huma.Format{"application/json": jsonFormat, "json": jsonFormat}
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: cookieName, Description: "Set by POST /api/login"},
		"owner":   {Type: "http", Scheme: "bearer", Description: "The token in the data folder's serve.json"},
	}
	a := &api{API: humago.New(mux, cfg), svc: svc, log: log}
	a.sessionOps()
	a.uploadOps()
	a.intakeOps()
	a.batchOps()
	a.quarantineOps()
	a.runOps()
	a.streamOps()
	a.datasetOps()
	a.rowOps()
	a.searchOps()
	a.objectOps()
	a.viewOps()
	a.queryOps()
	a.peopleOps()
	a.auditOps()
	a.cliOps()
	return a
}

// add registers an operation whose handler's errors become problems in the
// caller's language.
func add[I, O any](a *api, o op, h func(ctx context.Context, in *I) (*O, error)) {
	hop := huma.Operation{
		OperationID: o.id, Method: o.method, Path: o.path, Summary: o.summary,
		Description: o.description, Tags: []string{o.tag}, DefaultStatus: o.status,
		Responses: o.responses, RequestBody: o.request,
		MaxBodyBytes: 1 << 20, BodyReadTimeout: -1, // patientBody has the deadline
		Errors:     []int{http.StatusConflict, http.StatusServiceUnavailable},
		Extensions: map[string]any{},
		Security:   []map[string][]string{{"session": {}}, {"owner": {}}},
	}
	if o.maxBody != 0 {
		hop.MaxBodyBytes = o.maxBody
	}
	if o.right == "" {
		hop.Extensions[publicKey] = true
		hop.Security = []map[string][]string{}
	} else {
		hop.Extensions[rightKey] = string(o.right)
		hop.Errors = append(hop.Errors, http.StatusUnauthorized, http.StatusForbidden)
	}
	if o.local {
		hop.Extensions[localKey] = true
		hop.Security = []map[string][]string{{"owner": {}}}
	}
	hop.Extensions[sizeKey] = hop.MaxBodyBytes
	hop.Middlewares = huma.Middlewares{a.authorize}
	huma.Register(a.API, hop, func(ctx context.Context, in *I) (*O, error) {
		out, err := h(ctx, in)
		if err != nil {
			return nil, a.problem(ctx, err)
		}
		return out, nil
	})
}

// body wraps a value as the body of an answer.
type body[T any] struct{ Body T }

func answer[T any](v T, err error) (*body[T], error) {
	if err != nil {
		return nil, err
	}
	return &body[T]{Body: v}, nil
}

// none is an answer without a body.
type none struct{}

// empty is an input without parameters.
type empty struct{}

func (a *api) get(id, path, tag string, right guard.Action, summary string) op {
	return op{id: id, method: http.MethodGet, path: path, tag: tag, right: right, summary: summary}
}

func (a *api) post(id, path, tag string, right guard.Action, summary string) op {
	return op{id: id, method: http.MethodPost, path: path, tag: tag, right: right, summary: summary}
}

// starts is post whose answer is 202 with a run.
func (a *api) starts(id, path, tag string, right guard.Action, summary string) op {
	o := a.post(id, path, tag, right, summary)
	o.status = http.StatusAccepted
	return o
}

// gone is a DELETE that answers 204.
func (a *api) gone(id, path, tag string, right guard.Action, summary string) op {
	return op{id: id, method: http.MethodDelete, path: path, tag: tag, right: right, summary: summary, status: http.StatusNoContent}
}
