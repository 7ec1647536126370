// Package httpapi is the hub's door for browsers, programs and the command
// line: an HTTP API whose OpenAPI 3.1 document is served at /openapi.json and
// kept beside the code as openapi.json.
//
// Every operation names the right it takes (x-right); the server asks
// guard.Gate before the handler runs, and the handler's services ask again
// for the object at hand. Errors are problem+json (RFC 9457) in the caller's
// language. Lists page by key. Long work answers 202 with a run to watch.
//
//	srv, err := httpapi.New(httpapi.Config{Services: svc, Log: log})
//	http.Serve(listener, srv.Handler())
package httpapi
