package httpapi

import (
	"context"
	"encoding/json"
	"iter"
	"slices"
	"strings"
	"time"

	"shuniu/event"
	"shuniu/guard"
	"shuniu/locale"
	"shuniu/run"
)

// heartbeatEvery keeps proxies and browsers from giving a quiet stream up.
const heartbeatEvery = 15 * time.Second

// A SnapshotOf tells the state of a topic as the caller may see it, so that
// a page that begins to listen needs no other call.
type SnapshotOf func(ctx context.Context) (any, error)

// events answers Events from package event.
type events struct {
	log       *event.Log
	gate      guard.Policy
	snapshots map[string]SnapshotOf
	session   func(ctx context.Context) error
	beat      time.Duration
}

// NewEvents returns the service of the stream; snapshots are by topic, and
// session fails once the caller's session has ended.
func NewEvents(log *event.Log, snapshots map[string]SnapshotOf, session func(ctx context.Context) error) Events {
	return &events{log: log, snapshots: snapshots, session: session, beat: heartbeatEvery}
}

// A topic as the caller names it: "run", or "run:01J…" for one thing.
type topic struct{ name, key string }

func topics(names []string) []topic {
	var out []topic
	for _, n := range names {
		name, key, _ := strings.Cut(strings.TrimSpace(n), ":")
		if name != "" {
			out = append(out, topic{name, key})
		}
	}
	return out
}

func (s *events) Follow(ctx context.Context, names []string, after int64) iter.Seq2[Event, error] {
	wanted := topics(names)
	return func(yield func(Event, error) bool) {
		from := after
		if after < 0 {
			// Read before the snapshots: an event that is in both is told twice
			// rather than not at all.
			last, err := s.log.Last(ctx)
			if err != nil {
				yield(Event{}, err)
				return
			}
			from = last
			if !s.begin(ctx, wanted, last, yield) {
				return
			}
		} else if !yield(Event{}, nil) { // opens the stream at once
			return
		}
		s.deltas(ctx, wanted, from, yield)
	}
}

func (s *events) begin(ctx context.Context, wanted []topic, last int64, yield func(Event, error) bool) bool {
	if len(wanted) == 0 {
		for name := range s.snapshots {
			wanted = append(wanted, topic{name: name})
		}
		slices.SortFunc(wanted, func(a, b topic) int { return strings.Compare(a.name, b.name) })
	}
	for _, t := range wanted {
		e := Event{ID: last, Topic: t.name, Kind: "snapshot", Key: t.key, At: time.Now().UTC()}
		if of := s.snapshots[t.name]; of != nil && t.key == "" {
			data, err := of(ctx)
			if err != nil {
				yield(Event{}, err)
				return false
			}
			e.Data = data
		}
		if !yield(e, nil) {
			return false
		}
	}
	return true
}

// deltas yields events as they come, and a heartbeat when none comes.
func (s *events) deltas(ctx context.Context, wanted []topic, from int64, yield func(Event, error) bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type item struct {
		e   event.Event
		err error
	}
	ch := make(chan item)
	done := make(chan struct{})
	defer func() { <-done }()
	defer cancel()
	go func() {
		defer close(done)
		defer close(ch)
		for e, err := range s.log.Watch(ctx, from, topicNames(wanted)) {
			select {
			case ch <- item{e, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	beat := time.NewTicker(s.beat)
	defer beat.Stop()
	stopping := callOf(ctx).stopped()
	for {
		select {
		case <-stopping:
			return
		case <-beat.C:
			if s.session(ctx) != nil || !yield(Event{}, nil) {
				return
			}
		case it, ok := <-ch:
			if !ok {
				return
			}
			if it.err != nil {
				yield(Event{}, it.err)
				return
			}
			if !s.concerns(ctx, wanted, &it.e) {
				continue
			}
			if !yield(eventShape(callOf(ctx).lang, &it.e), nil) {
				return
			}
		}
	}
}

func topicNames(wanted []topic) []string {
	var out []string
	for _, t := range wanted {
		if !slices.Contains(out, t.name) {
			out = append(out, t.name)
		}
	}
	return out
}

// concerns reports whether the caller asked for e and may know of it: one's
// own, the department's, or any for who reads rows everywhere.
func (s *events) concerns(ctx context.Context, wanted []topic, e *event.Event) bool {
	asked := len(wanted) == 0
	for _, t := range wanted {
		if t.name == e.Topic && (t.key == "" || t.key == e.Subject) {
			asked = true
		}
	}
	p, ok := guard.From(ctx)
	if !asked || !ok {
		return false
	}
	if e.Account != "" && p.Account == e.Account || p.Department != "" && string(p.Department) == e.Department {
		return true
	}
	action := guard.ReadRows
	switch e.Topic {
	case "run":
		action = guard.ManageRuns
	case "dataset":
		action = guard.ReadEntry // the catalogue is open to all who see entries
	}
	all, _ := s.gate.Reach(ctx, action)
	return all
}

func eventShape(lang locale.Lang, e *event.Event) Event {
	out := Event{ID: e.Seq, Topic: e.Topic, Kind: e.Kind, Key: e.Subject, At: e.At.UTC(), Data: e.Data}
	if e.Topic == "run" {
		// The same shape as /api/runs, so that a page can put it in its list.
		var r run.Run
		if json.Unmarshal(e.Data, &r) == nil && r.ID != "" {
			out.Data = runShape(lang, &r, nil)
		}
	}
	return out
}
