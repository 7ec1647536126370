package telemetry

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"shuniu/config"
	"shuniu/fault"
)

// Logger returns a logger to w as c says; fault.Invalid for an unknown level.
func Logger(w io.Writer, c config.Log) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		return nil, fmt.Errorf("log level %q: %w", c.Level, fault.Invalid)
	}
	opts := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, opts)), nil
	}
	return slog.New(slog.NewTextHandler(w, opts)), nil
}

// Metrics are the hub's own figures; the fields are safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry

	Requests    *prometheus.HistogramVec // seconds; operation, status class
	Batches     *prometheus.CounterVec   // status
	Rows        *prometheus.CounterVec   // fate: landed, quarantined
	WorkerJobs  *prometheus.CounterVec   // method, outcome
	RunsStarted *prometheus.CounterVec   // kind
}

// NewMetrics returns metrics in a registry of their own, beside those of the
// Go runtime and the process.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry:    prometheus.NewRegistry(),
		Requests:    prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "shuniu_http_request_seconds", Help: "Time to answer a request.", Buckets: prometheus.ExponentialBuckets(0.001, 3, 10)}, []string{"operation", "status"}),
		Batches:     prometheus.NewCounterVec(prometheus.CounterOpts{Name: "shuniu_batches_total", Help: "Batches by status."}, []string{"status"}),
		Rows:        prometheus.NewCounterVec(prometheus.CounterOpts{Name: "shuniu_rows_total", Help: "Rows received by what became of them."}, []string{"fate"}),
		WorkerJobs:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "shuniu_worker_jobs_total", Help: "Jobs of the sandboxed children."}, []string{"method", "outcome"}),
		RunsStarted: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "shuniu_runs_total", Help: "Runs started."}, []string{"kind"}),
	}
	m.registry.MustRegister(m.Requests, m.Batches, m.Rows, m.WorkerJobs, m.RunsStarted,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler serves the metrics in Prometheus' format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// A Check tells whether one thing the hub needs is there.
type Check func(ctx context.Context) error

// Health answers whether the hub is alive and whether it can serve.
type Health struct {
	mu     sync.Mutex
	checks map[string]Check
}

// Register adds a check of readiness.
func (h *Health) Register(name string, c Check) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.checks == nil {
		h.checks = map[string]Check{}
	}
	h.checks[name] = c
}

// Live answers 200 while the process serves.
func (h *Health) Live(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"ok":true}`+"\n") // the client went away: nothing to do
}

// Ready answers 200 when every check passes within 2 s, else 503 with the
// names of those that do not; reasons stay in the log.
func (h *Health) Ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	h.mu.Lock()
	defer h.mu.Unlock()
	answer := struct {
		OK     bool            `json:"ok"`
		Checks map[string]bool `json:"checks"`
	}{true, map[string]bool{}}
	for name, c := range h.checks {
		ok := c(ctx) == nil
		answer.Checks[name] = ok
		answer.OK = answer.OK && ok
	}
	w.Header().Set("Content-Type", "application/json")
	if !answer.OK {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(answer) // the client went away: nothing to do
}
