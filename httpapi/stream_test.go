package httpapi

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"shuniu/event"
	"shuniu/run"
)

// A listener reads a stream.
type listener struct {
	events chan Event
	beats  chan struct{}
	close  func()
}

func (h *hub) listen(t *testing.T, who, query string, headers ...string) *listener {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.URL+"/api/stream?"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.AddCookie(&http.Cookie{Name: cookieName, Value: h.as(t, who)})
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	l := &listener{events: make(chan Event, 1000), beats: make(chan struct{}, 10), close: cancel}
	go func() {
		defer func() { _ = res.Body.Close() }()
		defer close(l.events)
		sc := bufio.NewScanner(res.Body)
		sc.Buffer(nil, 1<<20)
		for sc.Scan() {
			if raw, ok := strings.CutPrefix(sc.Text(), "data: "); ok {
				var e Event
				if json.Unmarshal([]byte(raw), &e) == nil {
					l.events <- e
				}
			} else if strings.HasPrefix(sc.Text(), ":") {
				l.beats <- struct{}{}
			}
		}
	}()
	t.Cleanup(cancel)
	return l
}

func (l *listener) next(t *testing.T) Event {
	t.Helper()
	select {
	case e, ok := <-l.events:
		if !ok {
			t.Fatal("the stream ended")
		}
		return e
	case <-time.After(5 * time.Second):
		t.Fatal("no event within 5 s")
	}
	return Event{}
}

func (h *hub) publish(t *testing.T, topic, key, department, account string) {
	t.Helper()
	err := h.db.Write(t.Context(), func(ctx context.Context, tx bun.Tx) error {
		return h.events.Publish(ctx, tx, event.Event{Topic: topic, Kind: "landed", Subject: key, Department: department, Account: account}, map[string]any{"rows": 1})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestStreamReplaysAndGoesOn(t *testing.T) {
	h := newHub(t, func(c *Config) {
		log := c.Services.Events.(*events)
		log.snapshots = map[string]SnapshotOf{"batch": func(context.Context) (any, error) { return []string{"state"}, nil }}
	})
	h.seed(t)
	l := h.listen(t, "engineer", "topics=batch")
	if e := l.next(t); e.Kind != "snapshot" || e.Topic != "batch" || e.Data == nil {
		t.Fatalf("first event %+v", e)
	}
	for i := range 3 {
		h.publish(t, "batch", "b"+strconv.Itoa(i), "scjg", "steward")
		h.publish(t, "quarantine", "q", "scjg", "steward")
	}
	var last int64
	for i := range 3 {
		e := l.next(t)
		if e.Key != "b"+strconv.Itoa(i) || e.ID <= last {
			t.Fatalf("event %d is %+v", i, e)
		}
		last = e.ID
		if i == 0 {
			l.close() // cut off after the first
			break
		}
	}
	l = h.listen(t, "engineer", "topics=batch", "Last-Event-ID", strconv.FormatInt(last, 10))
	h.publish(t, "batch", "b3", "scjg", "steward")
	for _, want := range []string{"b1", "b2", "b3"} {
		if e := l.next(t); e.Key != want || e.Kind != "landed" {
			t.Errorf("after the cut: %+v, want %s", e, want)
		}
	}
	if r := h.do(t, "engineer", http.MethodGet, "/api/stream?topics=batch", nil, "Last-Event-ID", "x"); r.status != http.StatusUnprocessableEntity {
		t.Errorf("wrong id: %d", r.status)
	}
}

// A person is told of what is theirs, their department's, or what their role
// may see everywhere.
func TestStreamTellsOnlyWhatConcerns(t *testing.T) {
	h := newHub(t, nil)
	h.seed(t)
	for who, want := range map[string][]string{
		"engineer": {"foreign", "department", "own", "end"},
		"steward":  {"department", "own", "end"},
		"steward2": {"foreign", "end"}, // of mzj
		"auditor":  {"end"},
	} {
		l := h.listen(t, who, "topics=batch,dataset")
		l.next(t)
		l.next(t)
		h.publish(t, "batch", "foreign", "mzj", "steward2")
		h.publish(t, "batch", "department", "scjg", "other")
		h.publish(t, "batch", "own", "", "steward")
		h.publish(t, "dataset", "end", "mzj", "x")
		var got []string
		for {
			e := l.next(t)
			got = append(got, e.Key)
			if e.Key == "end" {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s is told %v, want %v", who, got, want)
		}
		l.close()
	}
}

func TestStreamOfOneThing(t *testing.T) {
	h := newHub(t, nil)
	h.seed(t)
	l := h.listen(t, "engineer", "topics=batch:b2")
	l.next(t)
	h.publish(t, "batch", "b1", "", "")
	h.publish(t, "batch", "b2", "", "")
	if e := l.next(t); e.Key != "b2" {
		t.Errorf("told of %+v", e)
	}
}

func TestRunsAreWatchedAndCancelled(t *testing.T) {
	h := newHub(t, nil)
	h.seed(t)
	l := h.listen(t, "steward", "topics=run")
	l.next(t)
	id, err := h.runs.Start(t.Context(), run.Spec{Kind: "sleep", Title: "表.xlsx", Account: "steward", Role: "steward", Department: "scjg"})
	if err != nil {
		t.Fatal(err)
	}
	if e := l.next(t); e.Key != string(id) || e.Data.(map[string]any)["id"] != string(id) || e.Data.(map[string]any)["subject"] != "表.xlsx" {
		t.Errorf("event %+v", e)
	}
	url := "/api/runs/" + string(id)
	eventually(t, "the run runs", func() bool { return into[Run](t, h.do(t, "steward", http.MethodGet, url, nil)).State == "running" })
	if r := h.do(t, "steward2", http.MethodGet, url, nil); r.status != http.StatusNotFound {
		t.Errorf("another department sees it: %d", r.status)
	}
	if r := h.do(t, "steward2", http.MethodPost, url+"/cancel", nil); r.status != http.StatusNotFound {
		t.Errorf("another department cancels it: %d", r.status)
	}
	if p := into[Page[Run]](t, h.do(t, "steward2", http.MethodGet, "/api/runs", nil)); len(p.Items) != 0 {
		t.Errorf("another department lists %v", p.Items)
	}
	if p := into[Page[Run]](t, h.do(t, "engineer", http.MethodGet, "/api/runs?state=running", nil)); len(p.Items) != 1 {
		t.Errorf("the engineer lists %v", p.Items)
	}
	if r := h.do(t, "steward", http.MethodPost, url+"/cancel", nil); r.status != http.StatusOK {
		t.Errorf("cancel: %d %s", r.status, r.body)
	}
	eventually(t, "the run is cancelled", func() bool { return into[Run](t, h.do(t, "steward", http.MethodGet, url, nil)).State == "cancelled" })
	if r := h.do(t, "engineer", http.MethodPost, url+"/retry", nil); r.status != http.StatusOK {
		t.Errorf("retry by who manages runs: %d %s", r.status, r.body)
	}
}

func TestStreamEndsWithTheSession(t *testing.T) {
	h := newHub(t, func(c *Config) {
		c.Services.Events.(*events).beat = 20 * time.Millisecond
		people := c.Services.Accounts
		c.Services.Events.(*events).session = func(ctx context.Context) error {
			_, err := people.Session(ctx, callOf(ctx).token)
			return err
		}
	})
	h.seed(t)
	l := h.listen(t, "engineer", "topics=batch")
	l.next(t)
	<-l.beats // alive
	if err := h.accounts.Logout(t.Context(), h.as(t, "engineer")); err != nil {
		t.Fatal(err)
	}
	select {
	case _, ok := <-l.events:
		if ok {
			t.Error("an event in place of the end")
		}
	case <-time.After(5 * time.Second):
		t.Error("the stream goes on after logout")
	}
}
