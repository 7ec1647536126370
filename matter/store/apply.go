package store

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"shuniu/event"
	"shuniu/fault"
	"shuniu/matter"
	"shuniu/metadb"
)

// lanesPostgres is how many transactions of commands run at once on
// PostgreSQL; SQLite has one writer.
const lanesPostgres = 4

// A Store keeps matters in db and tells events of them.
type Store struct {
	db     *metadb.DB
	events *event.Log
	lanes  []lane
	now    func() time.Time
}

// New returns the store kept in db; each change is told in events, topic
// "matter".
func New(db *metadb.DB, events *event.Log) *Store {
	n := 1
	if db.Postgres() {
		n = lanesPostgres
	}
	return &Store{db: db, events: events, lanes: make([]lane, n), now: time.Now}
}

var _ matter.Store = (*Store)(nil)

// Apply does works in order, together with those of other callers.
func (s *Store) Apply(ctx context.Context, works ...matter.Work) []matter.Result {
	j := &job{works: works, results: make([]matter.Result, len(works)), done: make(chan struct{}), lead: make(chan struct{})}
	if len(works) == 0 {
		return nil
	}
	if err := s.lane(works[0]).submit(ctx, j, s.commit); err != nil {
		for i := range j.results {
			j.results[i].Err = err
		}
	}
	return j.results
}

// lane chooses by the first matter, so that commands to one matter meet.
func (s *Store) lane(w matter.Work) *lane {
	h := fnv.New32a()
	if len(w.Needs) > 0 {
		h.Write([]byte(w.Needs[0]))
	} else {
		h.Write([]byte(w.Key))
	}
	return &s.lanes[int(h.Sum32())%len(s.lanes)]
}

// commit does the jobs in one transaction, or each work alone when that fails.
func (s *Store) commit(ctx context.Context, jobs []*job) {
	type ref struct {
		j *job
		i int
	}
	var works []matter.Work
	var refs []ref
	for _, j := range jobs {
		for i, w := range j.works {
			works = append(works, w)
			refs = append(refs, ref{j, i})
		}
	}
	results, err := s.write(ctx, works)
	for i, r := range refs {
		if err == nil {
			r.j.results[r.i] = results[i]
			continue
		}
		if len(works) == 1 {
			r.j.results[r.i] = matter.Result{Err: err}
			continue
		}
		one, err := s.write(ctx, works[i:i+1])
		if err == nil {
			r.j.results[r.i] = one[0]
		} else {
			r.j.results[r.i] = matter.Result{Err: err}
		}
	}
}

// write does works in one transaction. A conflict of two processes (a key, a
// deadlock) is tried once more: the second time the other's row is there.
func (s *Store) write(ctx context.Context, works []matter.Work) (results []matter.Result, err error) {
	for range 2 {
		err = s.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
			g := &group{s: s, tx: tx, heads: map[matter.ID]*matter.Matter{}, keys: map[string]keyRow{}, turns: map[matter.ID][]matter.Turn{}}
			if err := g.load(ctx, works); err != nil {
				return err
			}
			results = results[:0]
			for _, w := range works {
				results = append(results, g.do(w))
			}
			return g.save(ctx)
		})
		if err == nil || !errors.Is(err, fault.Conflict) && !errors.Is(err, fault.Busy) {
			break
		}
	}
	return results, err
}

// A group is the works of one transaction.
type group struct {
	s     *Store
	tx    bun.Tx
	heads map[matter.ID]*matter.Matter
	keys  map[string]keyRow

	changed  []matter.ID // in order, each once
	turns    map[matter.ID][]matter.Turn
	events   []eventRow
	newKeys  []keyRow
	messages []messageRow
	links    []linkRow
	pings    []pingRow
	told     []pingRow
	watch    []watchRow
	tell     []event.Event
	tellData []any
}

func (g *group) load(ctx context.Context, works []matter.Work) error {
	var ids, keys []string
	for _, w := range works {
		for _, id := range w.Needs {
			ids = append(ids, string(id))
		}
		if w.Key != "" {
			keys = append(keys, w.Key)
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if len(ids) > 0 {
		var rows []headRow
		q := g.tx.NewSelect().Model(&rows).Column("id", "seq", "hash", "body").Where("h.id IN (?)", bun.List(ids)).Order("h.id")
		if g.s.db.Postgres() {
			q = q.For("UPDATE")
		}
		if err := q.Scan(ctx); err != nil {
			return fmt.Errorf("load matters: %w", err)
		}
		for i := range rows {
			m, err := rows[i].matter()
			if err != nil {
				return err
			}
			g.heads[m.ID] = m
		}
	}
	if len(keys) > 0 {
		var rows []keyRow
		if err := g.tx.NewSelect().Model(&rows).Where("k.key IN (?)", bun.List(keys)).Scan(ctx); err != nil {
			return fmt.Errorf("load keys: %w", err)
		}
		for _, r := range rows {
			g.keys[r.Key] = r
		}
	}
	return nil
}

// do does one work in memory.
func (g *group) do(w matter.Work) matter.Result {
	if w.Key != "" {
		if k, ok := g.keys[w.Key]; ok {
			if k.Digest != w.Digest {
				return matter.Result{Err: fmt.Errorf("key %q was used for another command: %w", w.Key, fault.Conflict)}
			}
			return matter.Result{Matter: matter.ID(k.Matter), Rev: k.Rev, Repeated: true}
		}
	}
	loaded := map[matter.ID]*matter.Matter{}
	for _, id := range w.Needs {
		m := g.heads[id]
		if m == nil {
			return matter.Result{Err: fmt.Errorf("matter %s: %w", id, fault.NotFound)}
		}
		loaded[id] = m
	}
	ch, err := w.Do(loaded)
	if err != nil {
		return matter.Result{Err: err}
	}
	if w.Told[0] != "" {
		g.told = append(g.told, pingRow{Parent: string(w.Told[0]), Child: string(w.Told[1])})
	}
	if ch == nil { // nothing to do
		return matter.Result{}
	}
	g.take(ch)
	r := matter.Result{Matter: ch.Matter.ID, Rev: ch.Matter.Rev}
	if w.Key != "" {
		k := keyRow{Key: w.Key, Matter: string(r.Matter), Digest: w.Digest, Rev: r.Rev, At: g.s.now().UTC()}
		g.keys[w.Key] = k
		g.newKeys = append(g.newKeys, k)
	}
	return r
}

func (g *group) take(ch *matter.Change) {
	m := ch.Matter
	g.heads[m.ID] = m
	if !slices.Contains(g.changed, m.ID) {
		g.changed = append(g.changed, m.ID)
	}
	g.turns[m.ID] = ch.Turns
	var at time.Time // of the engine, which may play another day
	for _, e := range ch.Events {
		at = e.At
		g.events = append(g.events, rowOfEvent(e))
		g.tell = append(g.tell, event.Event{Topic: "matter", Kind: e.Action, Subject: string(m.ID), Department: m.Org, Account: m.Assignee})
		g.tellData = append(g.tellData, map[string]any{"type": m.Type, "state": e.To, "rev": e.Rev, "seq": e.Seq})
	}
	for _, x := range ch.Messages {
		g.messages = append(g.messages, messageRow{ID: x.ID, Kind: x.Kind, Target: x.Target, Matter: string(x.Matter), Body: string(x.Body), DueAt: at})
	}
	for _, l := range ch.Links {
		g.links = append(g.links, linkRow{From: string(l.From), To: string(l.To), Kind: l.Kind})
	}
	if ch.Tell != "" {
		g.pings = append(g.pings, pingRow{Parent: string(ch.Tell), Child: string(m.ID)})
	}
	for _, who := range ch.Watch {
		g.watch = append(g.watch, watchRow{Matter: string(m.ID), Account: who})
	}
	for _, n := range ch.New {
		g.take(n)
	}
}

// save writes everything with a few statements.
func (g *group) save(ctx context.Context) error {
	if len(g.told) > 0 {
		for _, p := range g.told {
			if _, err := g.tx.NewDelete().Model(&p).WherePK().Exec(ctx); err != nil {
				return fmt.Errorf("save pings: %w", err)
			}
		}
	}
	if len(g.changed) == 0 {
		return nil
	}
	heads := make([]headRow, 0, len(g.changed))
	var turns []turnRow
	for _, id := range g.changed {
		r, err := rowOf(g.heads[id])
		if err != nil {
			return err
		}
		heads = append(heads, r)
		for _, t := range g.turns[id] {
			turns = append(turns, turnRow{Matter: string(id), Region: t.Region, Desk: t.Desk, Role: t.Role, State: t.State, DueAt: r.DueAt})
		}
	}
	q := g.tx.NewInsert().Model(&heads).On("CONFLICT (id) DO UPDATE")
	for _, c := range changing {
		q = q.Set("? = EXCLUDED.?", bun.Ident(c), bun.Ident(c))
	}
	if _, err := q.Exec(ctx); err != nil {
		return fmt.Errorf("save matters: %w", err)
	}
	if _, err := g.tx.NewDelete().Model((*turnRow)(nil)).Where("t.matter IN (?)", bun.List(g.changed)).Exec(ctx); err != nil {
		return fmt.Errorf("save turns: %w", err)
	}
	for _, part := range []struct {
		name string
		rows any
		n    int
		on   string
	}{
		{"turns", &turns, len(turns), ""},
		{"events", &g.events, len(g.events), ""},
		{"keys", &g.newKeys, len(g.newKeys), ""},
		{"messages", &g.messages, len(g.messages), ""},
		{"links", &g.links, len(g.links), "CONFLICT DO NOTHING"},
		{"pings", &g.pings, len(g.pings), "CONFLICT DO NOTHING"},
		{"watchers", &g.watch, len(g.watch), "CONFLICT DO NOTHING"},
	} {
		if part.n == 0 {
			continue
		}
		q := g.tx.NewInsert().Model(part.rows)
		if part.on != "" {
			q = q.On(part.on)
		}
		if _, err := q.Exec(ctx); err != nil {
			return fmt.Errorf("save %s: %w", part.name, err)
		}
	}
	for i, e := range g.tell {
		if err := g.s.events.Publish(ctx, g.tx, e, g.tellData[i]); err != nil {
			return err
		}
	}
	return nil
}
