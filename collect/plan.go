package collect

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/oklog/ulid/v2"
	"github.com/uptrace/bun"

	"shuniu/brain"
	"shuniu/collect/intake/tabular"
	"shuniu/fault"
	"shuniu/guard"
	"shuniu/resource"
)

// A batch is one table, object or refused member on its way.
type batch struct {
	row      batchRow
	facts    *tableFacts
	columns  []column
	sources  []int // index of each column among the table's own
	dataset  *dataset
	forms    []form      // of the dataset when planned; ids of every column written
	fills    map[int]int // form -> column
	reserved [2]int      // ids of _batch and _row
	drift    []Drift
	single   bool // the only table of its member
	object   *objectFacts
	result   *tableResult
	rejects  int64  // kept in the metadata store
	key      string // of the names
}

type objectFacts struct {
	row     objectRow
	outFile string // in the staging folder; "" when the original itself
}

// planMember answers the worker's question about one member. It runs in the
// goroutine of the job.
func (l *landing) planMember(ctx context.Context, m *memberFacts) (memberPlan, error) {
	if l.done[m.Member] {
		return memberPlan{}, nil
	}
	switch {
	case m.Ignored != "", len(l.req.Only) > 0 && len(m.Tables) == 0, l.req.only != nil && m.Member != l.req.only.Member:
		return memberPlan{}, nil
	case m.Refused != nil:
		b := l.newBatch(m, nil)
		b.row.State, b.row.Reason = stateRefused, refusalText(m.Refused)
		l.finish(m.Member, b)
		return memberPlan{}, nil //nolint:nilerr // a refusal is a receipt, no error
	case m.Object != nil && len(m.Tables) == 0:
		return l.planObject(ctx, m)
	case len(m.Tables) == 0:
		return memberPlan{}, nil
	}
	plan := memberPlan{Tables: make([]tablePlan, len(m.Tables))}
	var batches []*batch
	var at []int // index of each batch's table
	for i := range m.Tables {
		plan.Tables[i].Skip = true
		b, err := l.tableBatch(m, &m.Tables[i])
		if err != nil {
			return memberPlan{}, err
		}
		if l.req.wants(&b.row) {
			batches, at = append(batches, b), append(at, i)
		}
	}
	later, err := l.assign(ctx, m, batches)
	if err != nil {
		return memberPlan{}, err
	}
	if later {
		l.deferred = append(l.deferred, batches...)
		return memberPlan{Later: true}, nil
	}
	for i, b := range batches {
		plan.Tables[at[i]] = b.plan()
	}
	l.finish(m.Member, batches...)
	return plan, nil
}

func refusalText(r *tabular.Refusal) string {
	if r.Hint == "" {
		return r.Message
	}
	return r.Message + r.Hint
}

func (l *landing) newBatch(m *memberFacts, t *tableFacts) *batch {
	id := ulid.Make().String()
	if t != nil {
		if drafted, ok := l.drafts[draftKey(m, t)]; ok {
			id = drafted
		}
	}
	b := &batch{facts: t, row: batchRow{
		ID: id, Landing: l.id, File: storable(l.file), Member: storable(m.Member), SHA256: l.sha, Content: m.SHA256,
		Format: m.Format, Encoding: m.Encoding, Department: string(l.req.Department), SizeBytes: m.SizeBytes,
		Questions: "[]", Drift: "[]", Report: "{}", Account: l.principal.Account, StartedAt: l.s.now(), LandedAt: l.s.now(),
	}}
	b.row.CommitID = b.row.ID
	if l.replay != nil {
		b.row.Origin = l.replay.batch.ID
	}
	if b.row.Content == "" {
		b.row.Content = l.sha
	}
	return b
}

// tableBatch starts the batch of one table: its columns under the names wanted.
func (l *landing) tableBatch(m *memberFacts, t *tableFacts) (*batch, error) {
	r := &t.Report
	if len(t.Findings) != len(r.Columns) || len(t.Probes) != len(r.Columns) {
		return nil, fmt.Errorf("table %d: %d columns, %d findings: %w", r.N, len(r.Columns), len(t.Findings), fault.Damaged)
	}
	b := l.newBatch(m, t)
	b.row.N, b.row.TableName = r.N, storable(r.Name)
	for i, c := range r.Columns {
		if slices.Contains(r.Area.Skip, c.Name) {
			continue
		}
		name := c.Name
		if wanted, ok := r.Area.Names[c.Name]; ok && strings.TrimSpace(wanted) != "" {
			name = strings.TrimSpace(wanted)
		}
		b.columns = append(b.columns, column{name: storable(name), unit: storable(c.Unit), finding: &t.Findings[i], probe: t.Probes[i]})
		b.sources = append(b.sources, i)
	}
	l.ordinals[m.Member+"\x00"+r.Place.Sheet+"\x00"+r.Place.Path]++
	ordinal := l.ordinals[m.Member+"\x00"+r.Place.Sheet+"\x00"+r.Place.Path]
	b.key = storable(nameKey(l.file, r, ordinal))
	place, err := json.Marshal(r.Place)
	if err != nil {
		return nil, err
	}
	b.row.PlaceKey = storable(string(place))
	questions, err := json.Marshal(r.Questions)
	if err != nil {
		return nil, err
	}
	b.row.Questions = storable(string(questions))
	return b, nil
}

func (l *landing) planObject(ctx context.Context, m *memberFacts) (memberPlan, error) {
	b := l.newBatch(m, nil)
	b.row.State, b.row.Reason = stateObject, storable(m.Object.Doubt)
	meta, err := json.Marshal(m.Object)
	if err != nil {
		return memberPlan{}, err
	}
	name := l.file
	if m.Member != "" {
		name = m.Member
	}
	b.object = &objectFacts{row: objectRow{
		ID: "object." + b.row.Content, SHA256: b.row.Content, Name: storable(name), MediaType: storable(m.Object.MediaType), SizeBytes: m.SizeBytes,
		Text: storable(m.Object.Text), Meta: storable(string(meta)), Department: string(l.req.Department), Account: l.principal.Account, ReceivedAt: l.s.now(),
	}}
	plan := memberPlan{}
	if b.row.Content == l.sha { // the file itself, which is kept anyway
	} else if _, err := l.s.Originals.Path(b.row.Content); errors.Is(err, fault.NotFound) {
		plan.KeepObject = "object-" + b.row.ID
		b.object.outFile = plan.KeepObject
	} else if err != nil {
		return memberPlan{}, err
	}
	l.finish(m.Member, b)
	return plan, nil
}

// finish notes the member as dealt with.
func (l *landing) finish(member string, batches ...*batch) {
	l.done[member] = true
	l.batches = append(l.batches, batches...)
}

// assign matches the tables of a member to datasets, locks those, and makes
// their columns ready. later tells that the member must wait for another job.
func (l *landing) assign(ctx context.Context, m *memberFacts, batches []*batch) (later bool, err error) {
	s := l.s
	s.plan.Lock()
	for _, b := range batches {
		if err = l.matchDataset(ctx, b, len(m.Tables) == 1); err != nil {
			break
		}
	}
	s.plan.Unlock()
	if err != nil {
		return false, err
	}
	var ids []resource.DatasetID
	for _, b := range batches {
		if b.dataset != nil && !l.held[b.dataset.ID] && !slices.Contains(ids, b.dataset.ID) {
			ids = append(ids, b.dataset.ID)
		}
	}
	// This runs while the worker waits: it must neither wait for a lock nor
	// ask for another worker. What cannot be had at once is had between jobs.
	for i, id := range ids {
		if !s.locks.try(id, false) {
			l.unlock(ids[:i])
			return true, nil
		}
	}
	later, err = l.prepare(ctx, batches)
	if err != nil || later {
		l.unlock(ids)
		return later, err
	}
	for _, id := range ids {
		l.held[id] = true
	}
	return false, nil
}

func (l *landing) unlock(ids []resource.DatasetID) {
	for _, id := range ids {
		l.s.locks.unlock(id, false)
	}
}

// prepare makes the datasets' columns fit the batches. later tells that stored
// columns must change first, or that another landing has the same content.
func (l *landing) prepare(ctx context.Context, batches []*batch) (later bool, err error) {
	s := l.s
	s.plan.Lock()
	defer s.plan.Unlock()
	sets := map[resource.DatasetID]*change{}
	var order []*change
	for _, b := range batches {
		if b.dataset == nil {
			continue
		}
		c := sets[b.dataset.ID]
		if c == nil {
			d, err := loadDataset(ctx, s.DB.Bun(), b.dataset.ID)
			if err != nil {
				return false, err
			}
			c = &change{dataset: d, forms: cloneForms(d.Forms), fits: make([]fit, len(d.Forms))}
			sets[d.ID] = c
			order = append(order, c)
		}
		b.dataset = c.dataset
		first, busy, err := l.seenBefore(ctx, b)
		switch {
		case err != nil:
			return false, err
		case busy:
			return true, nil
		case first != nil:
			b.row.State, b.row.Origin = stateUnchanged, first.ID
			b.row.Snapshot, b.row.Reason = first.Snapshot, "内容与批次 "+first.ID+" 完全相同，没有重复入库。"
			continue
		}
		c.take(b, l.req.Decided, l.req.Renamed)
	}
	for _, c := range order {
		if c.structural() {
			return true, nil
		}
	}
	for _, c := range order {
		if err := s.applyChange(ctx, c); err != nil {
			return false, err
		}
	}
	for _, b := range batches {
		if b.dataset == nil || b.row.State != "" {
			continue
		}
		c := sets[b.dataset.ID]
		b.forms, b.reserved = c.forms, c.reserved
		l.settle(b)
		if b.row.State == statePending {
			s.inflight[b.row.Dedupe] = b
			l.inflight = append(l.inflight, b.row.Dedupe)
		}
	}
	return false, nil
}

// settle decides from the drift whether the batch lands, is quarantined whole
// or waits.
func (l *landing) settle(b *batch) {
	b.row.State = statePending
	if len(b.drift) > 0 {
		drift, err := json.Marshal(b.drift)
		if err == nil {
			b.row.Drift = storable(string(drift))
		}
	}
	switch worst(b.drift) {
	case Ask:
		b.row.State, b.row.Reason = stateWaiting, texts(b.drift, Ask)
	case Quarantine:
		b.row.Reason = texts(b.drift, Quarantine)
	default:
	}
}

// plan is the worker's part of the batch.
func (b *batch) plan() tablePlan {
	if b.row.State != statePending {
		return tablePlan{Skip: true}
	}
	p := tablePlan{Batch: resource.BatchID(b.row.ID)}
	if b.row.Reason != "" { // quarantined whole
		p.Quarantine = b.row.Reason
	}
	for i := range b.forms {
		f := &b.forms[i]
		c, ok := b.fills[i]
		if !ok {
			continue // a column the file does not have is null by being absent
		}
		src := b.sources[c]
		p.Out = append(p.Out, outColumn{Field: f.field(), Source: src})
		if f.Value != nil && !otherUnit(f, &b.columns[c]) {
			p.Out = append(p.Out, outColumn{Field: f.Value.field(f.Unit), Source: src})
		}
	}
	reserved := b.reserved
	return tablePlan{Batch: p.Batch, Dataset: b.dataset.ID, Quarantine: p.Quarantine, Out: append(p.Out,
		outColumn{Field: resource.Field{ID: reserved[0], Name: resource.BatchColumn, Type: resource.Text}, Source: sourceBatch},
		outColumn{Field: resource.Field{ID: reserved[1], Name: resource.RowColumn, Type: resource.Integer}, Source: sourceRow})}
}

// matchDataset finds or makes the dataset of a table. The caller holds s.plan.
func (l *landing) matchDataset(ctx context.Context, b *batch, single bool) error {
	b.single = single
	id, known, err := l.lookUp(ctx, b, single)
	switch {
	case err != nil:
		return err
	case known:
		return l.use(ctx, b, id)
	}
	return l.create(ctx, b, id)
}

// lookUp finds the dataset of a table, or how a new one is to be called.
func (l *landing) lookUp(ctx context.Context, b *batch, single bool) (id resource.DatasetID, known bool, err error) {
	s := l.s
	names := b.names()
	if l.req.only != nil && l.req.only.Dataset != "" {
		return resource.DatasetID(l.req.only.Dataset), true, nil
	}
	if l.req.Dataset != "" {
		return l.explicit(ctx, b, names)
	}
	d, _, err := s.sameSource(ctx, l.req.Department, b.row.Content, b.row.PlaceKey, b.key, names)
	if err != nil {
		return "", false, fmt.Errorf("match table %d: %w", b.row.N, err)
	}
	if d != nil {
		return d.ID, true, nil
	}
	return makeID(l.req.Department, displayName(l.file, &b.facts.Report, single)), false, nil
}

func (b *batch) names() []string {
	names := make([]string, len(b.columns))
	for i, c := range b.columns {
		names[i] = c.name
	}
	return names
}

// explicit is lookUp when the caller named the dataset: the first table goes
// there, others of other columns beside it.
func (l *landing) explicit(ctx context.Context, b *batch, names []string) (id resource.DatasetID, known bool, err error) {
	s := l.s
	key := columnsKey(names)
	d, err := loadDataset(ctx, s.DB.Bun(), l.req.Dataset)
	switch {
	case errors.Is(err, fault.NotFound):
		l.main, l.mainKey = b.key, key
		return l.req.Dataset, false, nil
	case err != nil:
		return "", false, err
	}
	if l.main == "" || l.mainKey == key || columnsKey(d.names()) == key {
		if l.main == "" {
			l.main, l.mainKey = b.key, key
		}
		return d.ID, true, nil
	}
	var rows []datasetRow
	err = s.DB.Bun().NewSelect().Model(&rows).Where("d.department = ? AND d.name_key = ?", string(d.Department), string(d.ID)+"|"+b.key).Order("d.dataset").Scan(ctx)
	if err != nil {
		return "", false, fmt.Errorf("match table %d: %w", b.row.N, err)
	}
	for i := range rows {
		if rows[i].ColumnsKey == key {
			return resource.DatasetID(rows[i].Dataset), true, nil
		}
	}
	b.key = string(d.ID) + "|" + b.key
	return numbered(l.req.Dataset, max(b.row.N, 2)), false, nil
}

// use sets the batch's dataset after asking the gate.
func (l *landing) use(ctx context.Context, b *batch, id resource.DatasetID) error {
	d, err := loadDataset(ctx, l.s.DB.Bun(), id)
	if err != nil {
		return err
	}
	if _, err := l.s.decide(ctx, guard.Land, d.ID, d.Department); err != nil {
		return err
	}
	b.dataset = d
	b.row.Dataset, b.row.Department = string(d.ID), string(d.Department)
	b.row.Dedupe = l.dedupe(b)
	return nil
}

// freeID is id, or id with a number, such that no dataset or table has it. With
// numbers given without gaps it is the next; it is found in few steps among
// any number of namesakes.
func (s *Service) freeID(ctx context.Context, id resource.DatasetID) (resource.DatasetID, error) {
	taken := func(id resource.DatasetID) (bool, error) {
		_, err := loadDataset(ctx, s.DB.Bun(), id)
		if errors.Is(err, fault.NotFound) {
			_, err = s.Lake.Open(ctx, tableOf(id))
		}
		if errors.Is(err, fault.NotFound) {
			return false, nil
		}
		return err == nil, err
	}
	if is, err := taken(id); err != nil || !is {
		return id, err
	}
	low, high := 1, 2 // low is taken
	for {
		is, err := taken(numbered(id, high))
		if err != nil {
			return "", err
		}
		if !is {
			break
		}
		low, high = high, 2*high
	}
	for high-low > 1 {
		mid := (low + high) / 2
		is, err := taken(numbered(id, mid))
		if err != nil {
			return "", err
		}
		if is {
			low = mid
		} else {
			high = mid
		}
	}
	return numbered(id, high), nil
}

// create registers a new dataset under id, or id with a suffix when taken.
func (l *landing) create(ctx context.Context, b *batch, id resource.DatasetID) error {
	s := l.s
	if err := id.Check(); err != nil {
		return err
	}
	free, err := s.freeID(ctx, id)
	if err != nil {
		return err
	}
	if _, err := s.decide(ctx, guard.Land, free, l.req.Department); err != nil {
		return err
	}
	d := l.newDataset(b, free)
	if err := s.DB.Write(ctx, func(ctx context.Context, tx bun.Tx) error { return saveDataset(ctx, tx, d) }); err != nil {
		return err
	}
	b.dataset = d
	b.row.Dataset, b.row.Department = string(d.ID), string(d.Department)
	b.row.Dedupe = l.dedupe(b)
	return nil
}

// newDataset is a dataset made for the columns of b.
func (l *landing) newDataset(b *batch, id resource.DatasetID) *dataset {
	forms := make([]form, len(b.columns))
	for i, c := range b.columns {
		forms[i] = newForm(c.name, c.unit, c.finding, c.probe)
	}
	storeNames(forms)
	number(forms)
	return &dataset{
		ID: id, Department: l.req.Department, Name: displayName(l.file, &b.facts.Report, b.single), NameKey: b.key, Forms: forms, CreatedAt: l.s.now(),
	}
}

// draft is the plan that a table would get if all of it were as its first rows.
// It only looks: nothing is made, changed or locked, and the plan for the whole
// table, which planMember gives later, decides. The zero plan's Skip tells that
// there is nothing to write ahead.
func (l *landing) draft(ctx context.Context, m *memberFacts) (tablePlan, error) {
	none := tablePlan{Skip: true}
	if len(m.Tables) != 1 || l.done[m.Member] || l.replay != nil {
		return none, nil
	}
	look := *l // what is noted on the way is not kept
	look.ordinals = maps.Clone(l.ordinals)
	b, err := look.tableBatch(m, &m.Tables[0])
	if err != nil {
		return none, err
	}
	if !l.req.wants(&b.row) {
		return none, nil
	}
	l.s.plan.Lock()
	defer l.s.plan.Unlock()
	id, known, err := look.lookUp(ctx, b, true)
	if err != nil {
		return none, err
	}
	if known {
		b.dataset, err = loadDataset(ctx, l.s.DB.Bun(), id)
	} else {
		b.dataset = look.newDataset(b, id)
	}
	if err != nil {
		return none, err
	}
	c := &change{dataset: b.dataset, forms: cloneForms(b.dataset.Forms), fits: make([]fit, len(b.dataset.Forms))}
	c.take(b, l.req.Decided, l.req.Renamed)
	if c.structural() || len(c.forms) > len(b.dataset.Forms) {
		return none, nil // the ids of the columns are not known yet
	}
	var t brain.Table
	absent := !known
	if known {
		t, err = l.s.Lake.Open(ctx, tableOf(id))
		if absent = errors.Is(err, fault.NotFound); err != nil && !absent {
			return none, err
		}
	}
	if err := c.setReserved(ctx, t, absent); err != nil {
		return none, err
	}
	b.forms, b.reserved = c.forms, c.reserved
	if l.settle(b); b.row.State != statePending {
		return none, nil
	}
	if l.drafts == nil {
		l.drafts = map[string]string{}
	}
	l.drafts[draftKey(m, b.facts)] = b.row.ID
	return b.plan(), nil
}

func draftKey(m *memberFacts, t *tableFacts) string {
	return m.Member + "\x00" + strconv.Itoa(t.Report.N)
}

// dedupe identifies what the batch would land: bytes, place, reading, dataset.
func (l *landing) dedupe(b *batch) string {
	opt := l.req.Options.Options
	if o, ok := l.req.Options.Members[b.row.Member]; ok {
		opt = o
	}
	how, err := json.Marshal(opt)
	if err != nil {
		how = nil // plain data: it always encodes
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{b.row.Dataset, b.row.Content, b.row.PlaceKey, string(how)}, "\x1f")))
	return hex.EncodeToString(sum[:])
}

// seenBefore returns the batch in which the same content landed, nil when none
// did; busy tells that another landing is just doing it.
func (l *landing) seenBefore(ctx context.Context, b *batch) (first *batchRow, busy bool, err error) {
	var r batchRow
	q := l.s.DB.Bun().NewSelect().Model(&r).ExcludeColumn("report").Where("b.state = ?", stateLanded)
	if l.byHand || l.replay != nil {
		q = q.Where("b.dedupe = ?", b.row.Dedupe)
	} else { // however it was read when it landed
		q = q.Where("b.content_sha256 = ? AND b.dataset = ? AND (b.dedupe = ? OR b.place_key = ? OR b.n = ?)",
			b.row.Content, b.row.Dataset, b.row.Dedupe, b.row.PlaceKey, b.row.N)
	}
	err = q.Order("b.id").Limit(1).Scan(ctx)
	if err == nil {
		return &r, false, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return nil, false, fmt.Errorf("look for the same content: %w", err)
	}
	if o := l.s.inflight[b.row.Dedupe]; o != nil && o != b {
		if o.row.Landing == l.id {
			return &o.row, false, nil
		}
		return nil, true, nil
	}
	return l.unresolved(ctx, b)
}

// unresolved looks for a batch of the same content whose commit had no clear
// outcome, finds out, and returns it when its rows are in the table.
func (l *landing) unresolved(ctx context.Context, b *batch) (first *batchRow, busy bool, err error) {
	var pending []batchRow
	if err := l.s.DB.Bun().NewSelect().Model(&pending).Where("b.dedupe = ? AND b.state = ?", b.row.Dedupe, statePending).Scan(ctx); err != nil {
		return nil, false, fmt.Errorf("look for the same content: %w", err)
	}
	for i := range pending {
		var group []*batchRow
		var rows []batchRow
		if err := l.s.DB.Bun().NewSelect().Model(&rows).Where("b.commit_id = ? AND b.state = ?", pending[i].CommitID, statePending).Order("b.id").Scan(ctx); err != nil {
			return nil, false, fmt.Errorf("look for the same content: %w", err)
		}
		for k := range rows {
			group = append(group, &rows[k])
		}
		if err := l.s.recoverCommit(ctx, pending[i].CommitID, group); err != nil {
			return nil, false, fmt.Errorf("batch %s: %w", pending[i].ID, err)
		}
		for _, r := range group {
			if r.ID == pending[i].ID && r.State == stateLanded {
				return r, false, nil
			}
		}
	}
	return nil, false, nil
}
