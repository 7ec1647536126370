package collect

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/oklog/ulid/v2"
	"github.com/uptrace/bun"

	"shuniu/brain"
	"shuniu/collect/intake"
	"shuniu/event"
	"shuniu/fault"
	"shuniu/guard"
	"shuniu/resource"
	"shuniu/worker"
)

// A Request says what to land and where.
type Request struct {
	Path       string                // a file of this machine, or
	Original   string                // the digest of a kept original
	Name       string                // as a person calls the file; default: Path's base
	Department resource.DepartmentID // owner of datasets made by it
	Dataset    resource.DatasetID    // where to land; "": by the source
	Options    intake.Options        // decisions of a person; they become the dataset's recipe
	Companions map[string]string     // extension -> path, e.g. ".dbf" beside a .shp
	Run        string                // the run it belongs to
	Decided    map[DriftKind]Action  // answers that overrule the policy this time
	Renamed    map[string]string     // column of the file -> column of the dataset
	Only       []int                 // numbers of the tables in the report to land; none: all, and objects

	only *batchRow // land this table alone, where it was to land
}

// wants tells whether the table of b is to land.
func (r *Request) wants(b *batchRow) bool {
	if r.only != nil && r.only.N > 0 {
		return r.only.Member == b.Member && r.only.PlaceKey == b.PlaceKey
	}
	return len(r.Only) == 0 || slices.Contains(r.Only, b.N)
}

// A landing is one call of Land.
type landing struct {
	s         *Service
	req       Request
	principal guard.Principal
	id        string
	file      string
	sha       string
	size      int64
	source    *source                   // read in place of the copy, while that is made
	receive   func() (*Incoming, error) // waits for the copy
	incoming  *Incoming                 // the copy, when this call brought the file
	begun     func() error              // waits until the file is known and the landing noted
	known     identity
	tell      func(Progress)

	done     map[string]bool // members dealt with
	ordinals map[string]int
	batches  []*batch
	deferred []*batch
	held     map[resource.DatasetID]bool
	inflight []string // dedupe keys
	main     string   // of an explicit dataset: the name key of its first table
	mainKey  string
	tables   int
	replay   *replayOf         // what a replay mends; nil otherwise
	drafts   map[string]string // member and table -> id of the batch that was drafted for it
	byHand   bool              // the caller decided how to read the file
}

// An identity is what is known of a file once its digest is.
type identity struct {
	sha      string
	incoming *Incoming
	unlock   func()    // the file
	again    []Receipt // of the same file, when it landed before
	noted    bool      // the landing is
}

// Land keeps a file and lands its tables and objects: a receipt for each, in
// the order of the file. A file that cannot be taken is a receipt with status
// refused, not an error. Receipts given with an error tell what did land; they
// are durable. After an error the same call may be made again.
func (s *Service) Land(ctx context.Context, req Request, progress func(Progress)) ([]Receipt, error) {
	p, err := s.decide(ctx, guard.Land, "", req.Department)
	if err != nil {
		return nil, err
	}
	if req.Dataset != "" {
		if err := req.Dataset.Check(); err != nil {
			return nil, err
		}
	}
	if progress == nil {
		progress = func(Progress) {}
	}
	l := &landing{s: s, req: req, principal: p, id: ulid.Make().String(), tell: progress}
	if err := l.keep(ctx); err != nil {
		return nil, err
	}
	rs, err := l.land(ctx)
	return rs, errors.Join(err, l.settleOriginal(context.WithoutCancel(ctx)))
}

func (l *landing) land(ctx context.Context) ([]Receipt, error) {
	defer func() {
		if l.known.unlock != nil {
			l.known.unlock()
		}
	}()
	if err := l.useRecipe(ctx); err != nil {
		return nil, errors.Join(err, l.received())
	}
	if l.source != nil {
		// A big file that most likely is new: a worker reads it while it is copied.
		err := l.runBeside(ctx)
		if l.known.again != nil || !errors.Is(err, errOccupied) && !errors.Is(err, errChanged) {
			return l.ended(ctx, err)
		}
		// Nothing is committed: from the start, by the copy.
		*l = landing{
			s: l.s, req: l.req, principal: l.principal, id: l.id, file: l.file, sha: l.sha, size: l.size, byHand: l.byHand,
			receive: l.receive, incoming: l.incoming, begun: l.begun, known: l.known, tell: l.tell,
		}
	}
	if !l.known.noted {
		if l.known.unlock != nil {
			l.known.unlock()
			l.known.unlock = nil
		}
		known, err := l.identify(ctx, l.s.files.lock)
		if l.adopt(known); err != nil {
			return l.ended(ctx, err)
		}
		l.begin(func() (identity, error) { return l.note(ctx, known) })
	}
	return l.ended(ctx, errors.Join(l.run(ctx), l.begun()))
}

// checkSource tells, with errChanged, that the file in place of the copy is
// not as it was.
func (l *landing) checkSource() error {
	if l.source == nil {
		return nil
	}
	return l.source.check()
}

// runBeside runs while the file is copied and identified. When that says that
// the run is in vain, it ends.
func (l *landing) runBeside(ctx context.Context) error {
	running, end := context.WithCancelCause(ctx)
	defer end(nil)
	l.begin(func() (identity, error) {
		known, err := l.identify(ctx, l.s.files.tryLock)
		if err == nil {
			known, err = l.note(ctx, known)
		}
		if err != nil {
			end(err)
		}
		return known, err
	})
	err := errors.Join(l.run(running), l.begun())
	if err != nil {
		err = errors.Join(l.checkSource(), err) // it may follow from a change
	}
	return err
}

// received waits for the copy of a file that will not land.
func (l *landing) received() (err error) {
	if l.incoming == nil && l.receive != nil {
		l.incoming, err = l.receive()
	}
	return err
}

// ended gives the receipts and notes how the landing ended.
func (l *landing) ended(ctx context.Context, err error) ([]Receipt, error) {
	if l.known.again != nil {
		return l.known.again, nil
	}
	if !l.known.noted {
		return nil, err
	}
	return l.receipts(), l.end(context.WithoutCancel(ctx), err)
}

var (
	errOccupied = fmt.Errorf("the same file lands just now: %w", fault.Busy)
	errAgain    = fmt.Errorf("the file landed before: %w", fault.Conflict)
)

// identify waits for the file's digest, takes its lock and looks whether it
// landed before in the same way: then errAgain, with the receipts.
func (l *landing) identify(ctx context.Context, lock func(context.Context, string) (func(), error)) (known identity, err error) {
	known.sha = l.sha
	if l.receive != nil {
		if known.incoming, err = l.receive(); err != nil {
			return known, err
		}
		known.sha = known.incoming.SHA256
	}
	if known.unlock, err = lock(ctx, known.sha); err != nil {
		return known, err
	}
	if known.again, err = l.unchanged(ctx, known.sha); err != nil {
		return known, err
	}
	if known.again != nil {
		return known, errAgain
	}
	return known, nil
}

// adopt takes over what became known.
func (l *landing) adopt(known identity) {
	l.known, l.sha = known, known.sha
	if known.incoming != nil {
		l.incoming, l.size = known.incoming, known.incoming.Size
	}
}

// useRecipe reads the file as earlier ones of its source were, when the caller
// decided nothing about it.
func (l *landing) useRecipe(ctx context.Context) error {
	l.byHand = !reflect.ValueOf(l.req.Options.Options).IsZero() || len(l.req.Options.Members) > 0
	if l.byHand || l.req.only != nil {
		return nil
	}
	if l.req.Dataset == "" {
		r, ok, err := l.s.RecipeFor(ctx, l.req.Department, l.file)
		if ok {
			l.req.Options = r.Options
		}
		return err
	}
	d, err := loadDataset(ctx, l.s.DB.Bun(), l.req.Dataset)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	l.req.Options, err = decode[intake.Options](d.Recipe)
	return err
}

// keep makes sure the file is among the originals.
func (l *landing) keep(ctx context.Context) (err error) {
	l.file = l.req.Name
	if l.req.Original != "" {
		path, err := l.s.Originals.Path(l.req.Original)
		if err != nil {
			return err
		}
		st, err := os.Stat(path)
		if err != nil {
			return fmt.Errorf("original %s: %w", l.req.Original, err)
		}
		l.sha, l.size = l.req.Original, st.Size()
		if l.file == "" {
			l.file = l.sha
		}
		return nil
	}
	if l.file == "" {
		l.file = filepath.Base(l.req.Path)
	}
	st, err := os.Lstat(l.req.Path) // look before opening: a FIFO would hang
	if err == nil && st.Mode()&fs.ModeSymlink != 0 {
		st, err = os.Stat(l.req.Path)
	}
	if err != nil {
		return fmt.Errorf("collect %s: %w", l.req.Path, err)
	}
	if !st.Mode().IsRegular() {
		return fault.Explain(fmt.Errorf("collect %s: it is no file: %w", l.req.Path, fault.Invalid), "collect.nofile", map[string]any{"path": l.req.Path})
	}
	f, err := os.Open(l.req.Path)
	if err != nil {
		return fmt.Errorf("collect %s: %w", l.req.Path, err)
	}
	l.size = st.Size()
	var tell func(int64)
	if l.source = sourceOfCopy(f, l.s.sourceBytes); l.source == nil {
		tell = func(n int64) { l.tell(Progress{Step: "keep", Bytes: n, SizeBytes: st.Size()}) }
	}
	receive := func() (*Incoming, error) {
		in, err := l.s.Originals.Receive(ctx, f, l.source == nil, tell)
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, fmt.Errorf("collect %s: %w", l.req.Path, err)
		}
		return in, nil
	}
	if l.source != nil {
		receive = meanwhile(receive)
	}
	l.receive = sync.OnceValues(receive)
	if l.source == nil {
		_, err = l.receive()
	}
	return err
}

// meanwhile starts do; the function it returns waits for its result.
func meanwhile[T any](do func() (T, error)) func() (T, error) {
	var (
		v    T
		err  error
		done = make(chan struct{})
	)
	go func() {
		defer close(done)
		v, err = do()
	}()
	return func() (T, error) {
		<-done
		return v, err
	}
}

// settleOriginal makes sure that the file is durable among the originals and
// noted. Nothing of it is committed before.
func (l *landing) settleOriginal(ctx context.Context) error {
	if l.incoming == nil {
		return nil
	}
	if err := l.incoming.Settle(); err != nil {
		return fmt.Errorf("collect %s: %w", l.file, err)
	}
	err := l.s.DB.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		o := originalRow{SHA256: l.sha, SizeBytes: l.size, Name: storable(l.file), Account: l.principal.Account, ReceivedAt: l.s.now()}
		_, err := tx.NewInsert().Model(&o).On("CONFLICT (sha256) DO NOTHING").Exec(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("note original %s: %w", l.sha, err)
	}
	l.incoming = nil
	return nil
}

// open opens the file for a worker.
func (l *landing) open() (*os.File, error) {
	if l.source != nil {
		return l.source.open()
	}
	if l.incoming != nil {
		return l.incoming.Open()
	}
	return l.s.Originals.Open(l.sha)
}

// callKey identifies a call: the same bytes, read in the same way, for the
// same dataset.
func (l *landing) callKey(sha string) string {
	how, err := json.Marshal(l.req.Options)
	if err != nil {
		how = nil // plain data: it always encodes
	}
	only := ""
	if l.req.only != nil {
		only = l.req.only.ID
	}
	answers, err := json.Marshal([]any{l.req.Decided, l.req.Renamed, l.req.Only, only})
	if err != nil {
		answers = nil
	}
	name := l.file // an unnamed dataset follows from the name
	if l.req.Dataset != "" {
		name = ""
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{sha, string(l.req.Department), string(l.req.Dataset), name, string(how), string(answers)}, "\x1f")))
	return hex.EncodeToString(sum[:])
}

// unchanged answers for a file that landed before in the same way; nil when
// it did not, or not wholly.
func (l *landing) unchanged(ctx context.Context, sha string) ([]Receipt, error) {
	var first landingRow
	err := l.s.DB.Bun().NewSelect().Model(&first).Where("l.call_key = ? AND l.state = 'done'", l.callKey(sha)).Order("l.id").Limit(1).Scan(ctx)
	if isNone(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for the same file: %w", err)
	}
	var rows []batchRow
	if err := l.s.DB.Bun().NewSelect().Model(&rows).Where("b.landing = ?", first.ID).Order("b.n", "b.id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("look for the same file: %w", err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	out := make([]Receipt, len(rows))
	for i := range rows {
		r := &rows[i]
		switch r.State {
		case stateLanded, stateUnchanged:
			id := r.ID
			if r.State == stateUnchanged {
				id = r.Origin
			}
			out[i] = receiptOf(r)
			out[i].File, out[i].Status, out[i].Batch = l.file, stateUnchanged, resource.BatchID(id)
			out[i].RowsIn, out[i].RowsLanded, out[i].RowsQuarantined = 0, 0, 0
			out[i].Reason = "内容与批次 " + id + " 完全相同，没有重复入库。"
		case stateObject:
			out[i] = receiptOf(r)
			out[i].File, out[i].Status = l.file, stateUnchanged
			out[i].Reason = "该文件已经保存过，没有重复保存。"
		default:
			return nil, nil // something was refused or waits: look again
		}
	}
	return out, nil
}

// begin notes the landing. The note waits for the disk, which may be busy with
// the file for seconds: meanwhile the worker reads, and begun waits for it.
func (l *landing) begin(note func() (identity, error)) {
	wait := meanwhile(note)
	l.begun = sync.OnceValue(func() error {
		known, err := wait()
		l.adopt(known)
		return err
	})
}

func (l *landing) note(ctx context.Context, known identity) (identity, error) {
	options, err := json.Marshal(l.req.Options)
	if err != nil {
		return known, err
	}
	now := l.s.now()
	err = l.s.DB.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		row := landingRow{
			ID: l.id, SHA256: known.sha, CallKey: l.callKey(known.sha), File: storable(l.file), Department: string(l.req.Department), State: "running",
			Account: l.principal.Account, Run: l.req.Run, Options: storable(string(options)), StartedAt: now, EndedAt: now,
		}
		if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
			return fmt.Errorf("note landing: %w", err)
		}
		return nil
	})
	known.noted = err == nil
	return known, err
}

// run does jobs until every member is dealt with.
func (l *landing) run(ctx context.Context) (err error) {
	l.done, l.held = map[string]bool{}, map[resource.DatasetID]bool{}
	defer l.release()
	for pass := 0; ; pass++ {
		before := len(l.done)
		if err := l.job(ctx); err != nil {
			return err
		}
		l.release()
		if len(l.deferred) == 0 {
			return nil
		}
		if pass > 100 && len(l.done) == before {
			return fmt.Errorf("%s: %d tables cannot be planned: %w", l.file, len(l.deferred), fault.Busy)
		}
		if err := l.reshapeDeferred(ctx); err != nil {
			return err
		}
	}
}

// release gives back locks and keys.
func (l *landing) release() {
	l.s.plan.Lock()
	for _, k := range l.inflight {
		delete(l.s.inflight, k)
	}
	l.inflight = nil
	l.s.plan.Unlock()
	for id := range l.held {
		l.s.locks.unlock(id, false)
	}
	clear(l.held)
}

// reshapeDeferred changes the columns of datasets for all tables put off, and
// keeps those datasets for the next job.
func (l *landing) reshapeDeferred(ctx context.Context) error {
	sets := map[resource.DatasetID][]*batch{}
	for _, b := range l.deferred {
		if b.dataset != nil {
			sets[b.dataset.ID] = append(sets[b.dataset.ID], b)
		}
	}
	l.deferred = nil
	for _, id := range slices.Sorted(maps.Keys(sets)) { // one order for all, so that nobody waits in a ring
		if err := l.s.locks.lock(ctx, id, true); err != nil {
			return err
		}
		err := l.reshapeFor(ctx, id, sets[id])
		if err != nil {
			l.s.locks.unlock(id, true)
			return err
		}
		l.s.locks.downgrade(id)
		l.held[id] = true
	}
	return nil
}

func (l *landing) reshapeFor(ctx context.Context, id resource.DatasetID, batches []*batch) error {
	d, err := loadDataset(ctx, l.s.DB.Bun(), id)
	if err != nil {
		return err
	}
	c := &change{dataset: d, forms: cloneForms(d.Forms), fits: make([]fit, len(d.Forms))}
	for _, b := range batches {
		c.take(b, l.req.Decided, l.req.Renamed)
	}
	return l.s.applyChange(ctx, c)
}

// job runs the worker over the file once and commits what it wrote.
func (l *landing) job(ctx context.Context) (err error) {
	f, err := l.open()
	if err != nil {
		return fmt.Errorf("read %s: %w", l.file, err)
	}
	files, companions, err := withCompanions(f, l.req.Companions)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeAll(files)) }()
	stage, err := l.s.Lake.Stage(ctx, tableOf("incoming"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stage.Close()) }()
	l.ordinals = map[string]int{}
	from := len(l.batches)
	err = l.s.Pool.Run(ctx, worker.Request{
		Method: MethodLand,
		Params: fileParams{Name: l.file, Options: l.req.Options, Password: l.req.Options.Password, Companions: companions, Undigested: true},
		Files:  files, OutDir: stage.Dir(), Deadline: l.s.Deadline,
		Answer: func(kind string, payload []byte) ([]byte, error) {
			facts, err := decode[memberFacts](payload)
			if err != nil {
				return nil, fmt.Errorf("what the worker found: %w: %w", err, fault.Damaged)
			}
			if kind != kindDraft || l.source == nil { // a draft decides nothing: the copy may still be made
				if err := errors.Join(l.begun(), l.checkSource()); err != nil {
					return nil, err
				}
			}
			if facts.Member == "" {
				facts.SHA256 = l.sha
			}
			switch kind {
			case kindDraft:
				plan, err := l.draft(ctx, &facts)
				if err != nil {
					return nil, err
				}
				return json.Marshal(plan)
			case kindMember:
				l.tables += len(facts.Tables)
				plan, err := l.planMember(ctx, &facts)
				if err != nil {
					return nil, err
				}
				return json.Marshal(plan)
			}
			return nil, fmt.Errorf("worker asks %q: %w", kind, fault.Invalid)
		},
	}, func(m worker.Message) error { return l.message(ctx, stage, m) })
	if err = errors.Join(err, l.begun(), l.checkSource()); err != nil {
		return errors.Join(err, l.dropRejects(context.WithoutCancel(ctx), from))
	}
	l.source = nil                                   // another pass reads the copy: it cannot change
	if len(l.batches) == 0 && len(l.deferred) == 0 { // an archive with nothing in it
		b := l.newBatch(&memberFacts{SHA256: l.sha, Format: "object", SizeBytes: l.size}, nil)
		b.row.State, b.row.Reason = stateRefused, "文件里没有可以归集的数据。请检查文件是否正确。"
		l.finish("", b)
	}
	l.tell(Progress{Step: "commit", SizeBytes: l.size})
	if err := l.commit(ctx, from, stage.Dir()); err != nil {
		return errors.Join(err, l.dropRejects(context.WithoutCancel(ctx), from))
	}
	return nil
}

// message takes what the worker streams.
func (l *landing) message(ctx context.Context, stage brain.Staging, m worker.Message) error {
	switch m.Kind {
	case kindProgress:
		rows, err := strconv.ParseInt(string(m.Payload), 10, 64)
		if err != nil {
			return fmt.Errorf("progress of the worker: %w", err)
		}
		l.tell(Progress{Step: "read", Rows: rows, SizeBytes: l.size})
	case kindRejects:
		chunk, err := decode[rejectChunk](m.Payload)
		if err != nil {
			return fmt.Errorf("rejected lines: %w", err)
		}
		b := l.byID(string(chunk.Batch))
		if b == nil {
			return fmt.Errorf("rejected lines of unknown batch %q: %w", chunk.Batch, fault.Damaged)
		}
		return l.s.keepRejects(ctx, b, chunk.Lines)
	case worker.Finished:
		stage.Written(string(m.Payload))
	case kindTable:
		res, err := decode[tableResult](m.Payload)
		if err != nil {
			return fmt.Errorf("account of a table: %w", err)
		}
		b := l.byID(string(res.Batch))
		if b == nil {
			return fmt.Errorf("account of unknown batch %q: %w", res.Batch, fault.Damaged)
		}
		b.result = &res
	}
	return nil
}

func (l *landing) byID(id string) *batch {
	for i := len(l.batches) - 1; i >= 0; i-- { // the newest is asked for
		if l.batches[i].row.ID == id {
			return l.batches[i]
		}
	}
	return nil
}

func (l *landing) receipts() []Receipt {
	out := []Receipt{}
	for _, b := range l.batches {
		if b.row.State != statePending && b.row.State != stateFailed {
			out = append(out, receiptOf(&b.row))
		}
	}
	slices.SortStableFunc(out, func(a, b Receipt) int { return a.Table - b.Table })
	return out
}

// end notes how the landing ended and returns its error.
func (l *landing) end(ctx context.Context, cause error) error {
	state, text := "done", ""
	if cause != nil {
		state, text = "failed", cause.Error()
	}
	err := l.s.DB.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE collect_landing SET state = ?, error = ?, ended_at = ? WHERE id = ?", state, storable(text), l.s.now(), l.id)
		if err != nil {
			return err
		}
		return l.s.Events.Publish(ctx, tx, event.Event{
			Topic: "landing", Kind: state, Subject: l.id, Department: string(l.req.Department), Account: l.principal.Account,
		}, map[string]any{"file": l.file, "receipts": len(l.receipts())})
	})
	return errors.Join(cause, err)
}
