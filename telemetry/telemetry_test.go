package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"shuniu/config"
	"shuniu/telemetry"
)

func TestLoggerKeepsToItsLevel(t *testing.T) {
	var b bytes.Buffer
	log, err := telemetry.Logger(&b, config.Log{Level: "warn", Format: "json"})
	if err != nil {
		t.Fatal(err)
	}
	log.InfoContext(t.Context(), "quiet")
	log.WarnContext(t.Context(), "loud")
	if got := b.String(); strings.Contains(got, "quiet") || !strings.Contains(got, `"msg":"loud"`) {
		t.Errorf("log = %s", got)
	}
}

func TestReadyNamesWhatIsMissing(t *testing.T) {
	var h telemetry.Health
	h.Register("metadb", func(context.Context) error { return nil })
	w := httptest.NewRecorder()
	h.Ready(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil))
	if w.Code != http.StatusOK {
		t.Errorf("status = %d", w.Code)
	}
	h.Register("lake", func(context.Context) error { return errors.New("secret path") })
	w = httptest.NewRecorder()
	h.Ready(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil))
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), `"lake":false`) || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("status = %d, body = %s", w.Code, w.Body)
	}
}

func TestMetricsAreServed(t *testing.T) {
	m := telemetry.NewMetrics()
	m.Rows.WithLabelValues("landed").Add(3)
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if !strings.Contains(w.Body.String(), `shuniu_rows_total{fate="landed"} 3`) {
		t.Error("the counter is not there")
	}
}
