package httpapi

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"reflect"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"shuniu/fault"
)

// Config is what a Server is made of.
type Config struct {
	Services Services
	Log      *slog.Logger
	// OwnerToken authenticates the command line of the data folder's owner
	// (serve.json); "" for none.
	OwnerToken string
	// Proxies are the reverse proxies whose X-Forwarded-For and
	// X-Forwarded-Proto are believed.
	Proxies []netip.Prefix
	// TLS, unless nil, is what Serve speaks.
	TLS *tls.Config
	// Front serves the front end for every path that is not the API's.
	Front http.Handler
	// Demo, on a demonstration hub only, are accounts that anybody may use; the
	// answer to a caller who is not signed in lists them.
	Demo []DemoAccount
	// Live and Ready answer /healthz and /readyz, Metrics /metrics; the last
	// only to who may operate the hub.
	Live, Ready http.HandlerFunc
	Metrics     http.Handler
	// Observe is told of every answered request; operation is "" for files.
	Observe func(operation string, status int, took time.Duration)
}

// A Server answers HTTP.
type Server struct {
	cfg      Config
	api      *api
	mux      *http.ServeMux
	csrf     *http.CrossOriginProtection
	owner    [sha256.Size]byte
	document []byte
	handler  http.Handler
	stopping context.Context //nolint:containedctx // ends open streams at shutdown
	stop     context.CancelFunc
}

// New returns a server; fault.Invalid names the first service that is missing.
func New(cfg Config) (*Server, error) {
	v := reflect.ValueOf(cfg.Services)
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			return nil, fmt.Errorf("httpapi: service %s is missing: %w", v.Type().Field(i).Name, fault.Invalid)
		}
	}
	if cfg.Front == nil {
		cfg.Front = http.NotFoundHandler()
	}
	s := &Server{cfg: cfg, mux: http.NewServeMux(), owner: sha256.Sum256([]byte(cfg.OwnerToken))}
	s.stopping, s.stop = context.WithCancel(context.Background())
	s.api = newAPI(s.mux, &s.cfg.Services, cfg.Log)
	doc, err := s.api.OpenAPI().MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("httpapi: document: %w", err)
	}
	s.document = doc
	s.api.demo = cfg.Demo
	s.csrf = http.NewCrossOriginProtection()
	s.csrf.SetDenyHandler(http.HandlerFunc(s.crossOrigin))
	s.mux.HandleFunc("/api/", s.noSuchOperation)
	s.handler = s.csrf.Handler(http.HandlerFunc(s.route))
	return s, nil
}

// Handler returns the whole server as a handler.
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.serve) }

// How long a client may pause while it sends or receives, and how long
// answers in flight get at shutdown.
const (
	stall    = 60 * time.Second
	drainFor = 8 * time.Second
)

// Serve answers on l until ctx ends, then lets requests in flight finish.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	srv := &http.Server{
		Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	if s.cfg.TLS != nil {
		srv.TLSConfig = s.cfg.TLS
		go func() { failed <- srv.ServeTLS(l, "", "") }()
	} else {
		go func() { failed <- srv.Serve(l) }()
	}
	select {
	case err := <-failed:
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	s.stop()
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainFor)
	defer cancel()
	err := srv.Shutdown(drain)
	if errors.Is(err, context.DeadlineExceeded) {
		err = srv.Close() // a client that does not read its answer is cut off
	}
	if served := <-failed; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// serve is the outermost layer: call, limits, headers, panics, figures.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	c := newCall(r, s.owner, s.cfg.OwnerToken != "", s.cfg.Proxies)
	c.stopping = s.stopping
	ctx := context.WithValue(r.Context(), callKey{}, c)
	r = r.WithContext(ctx)
	aw := newAnswer(w, r)
	c.answer = aw
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = &patientBody{ReadCloser: r.Body, rc: http.NewResponseController(w)}
	}
	headers(aw.Header(), c.trace)
	defer func() {
		if p := recover(); p != nil {
			s.panicked(ctx, aw, p)
		}
		aw.finish()
		if s.cfg.Observe != nil {
			s.cfg.Observe(c.operation, aw.status, time.Since(start))
		}
	}()
	s.handler.ServeHTTP(aw, r)
}

// panicked answers 500 when nothing was sent yet, and cuts the connection
// when something was, so that a half answer does not look whole.
func (s *Server) panicked(ctx context.Context, aw *answerWriter, p any) {
	if p != http.ErrAbortHandler { //nolint:errorlint // the sentinel itself is panicked with
		s.cfg.Log.LogAttrs(ctx, slog.LevelError, "request panicked", slog.String("trace_id", callOf(ctx).trace),
			slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
	}
	if aw.sent {
		panic(http.ErrAbortHandler)
	}
	aw.reset()
	s.writeProblem(ctx, aw, s.api.problem(ctx, errInternal))
}

var errInternal = errors.New("internal fault")

func headers(h http.Header, trace string) {
	h.Set("X-Trace-Id", trace)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
	// No answer of the API is a page; the front end states its own policy.
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
}

func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	switch path := r.URL.Path; {
	case strings.HasPrefix(path, "/api/"):
		w.Header().Set("Cache-Control", "private, no-cache")
		s.mux.ServeHTTP(w, r)
	case path == "/openapi.json":
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-cache")
		s.send(r.Context(), w, s.document)
	case path == "/healthz" && s.cfg.Live != nil:
		s.cfg.Live(w, r)
	case path == "/readyz" && s.cfg.Ready != nil:
		s.cfg.Ready(w, r)
	case path == "/metrics" && s.cfg.Metrics != nil:
		if err := s.api.mayOperate(r.Context()); err != nil {
			s.writeProblem(r.Context(), w, s.api.problem(r.Context(), err))
			return
		}
		s.cfg.Metrics.ServeHTTP(w, r)
	default:
		s.cfg.Front.ServeHTTP(w, r)
	}
}

func (s *Server) noSuchOperation(w http.ResponseWriter, r *http.Request) {
	s.writeProblem(r.Context(), w, s.api.problem(r.Context(), fmt.Errorf("no operation %s %s: %w", r.Method, r.URL.Path, fault.NotFound)))
}

func (s *Server) crossOrigin(w http.ResponseWriter, r *http.Request) {
	s.writeProblem(r.Context(), w, s.api.problem(r.Context(),
		fault.Explain(fmt.Errorf("cross-origin request: %w", fault.Denied), "http.cross_origin", nil)))
}

func (s *Server) writeProblem(ctx context.Context, w http.ResponseWriter, p *Problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	if p.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	w.WriteHeader(p.Status)
	if err := jsonFormat.Marshal(w, p); err != nil {
		s.api.cut(ctx, "send problem", err)
	}
}

func (s *Server) send(ctx context.Context, w http.ResponseWriter, raw []byte) {
	if _, err := w.Write(raw); err != nil {
		s.api.cut(ctx, "send", err)
	}
}
