package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"shuniu/collect"
	"shuniu/collect/intake"
	"shuniu/collect/intake/tabular"
	"shuniu/fault"
	"shuniu/guard"
	"shuniu/resource"
	"shuniu/resource/catalogue"
	"shuniu/run"
)

// Kinds of runs that the API starts.
const (
	kindInspect = "inspect"
	kindLand    = "land"
	kindAnswer  = "answer"
	kindRerun   = "rerun"
	kindReplay  = "replay"
)

// previewRows is how many rows of each table a report shows.
const previewRows = 50

// jobs does the API's long work as runs. Each acts as the account that asked
// for it, in the role it had.
type jobs struct {
	runs    *run.Runs
	svc     *collect.Service
	cat     *catalogue.Store
	uploads *uploads
	read    *readModel
	// passwords of files, by upload, until the file has landed or a day is over;
	// they are not written down, so a run that a restart interrupted asks for
	// them again.
	passwords sync.Map
}

// register says who does the kinds; call it once, before the runs work.
func (j *jobs) register() {
	j.runs.Register(kindInspect, j.doInspect)
	j.runs.Register(kindLand, j.doLand)
	j.runs.Register(kindAnswer, j.onBatch(func(ctx context.Context, p batchParams, tell func(collect.Progress)) ([]collect.Receipt, error) {
		return j.svc.Answer(ctx, resource.BatchID(p.Batch), collect.Answer{Action: collect.Action(p.Decision)}, tell)
	}))
	j.runs.Register(kindRerun, j.onBatch(func(ctx context.Context, p batchParams, tell func(collect.Progress)) ([]collect.Receipt, error) {
		return j.svc.Rerun(ctx, resource.BatchID(p.Batch), tell)
	}))
	j.runs.Register(kindReplay, j.onBatch(func(ctx context.Context, p batchParams, _ func(collect.Progress)) ([]collect.Receipt, error) {
		r, err := j.svc.Replay(ctx, resource.BatchID(p.Batch), p.IDs)
		if err != nil {
			return nil, err
		}
		return []collect.Receipt{r}, nil
	}))
}

func (j *jobs) start(ctx context.Context, kind, title, subject string, params any) (RunRef, error) {
	p, _ := guard.From(ctx)
	id, err := j.runs.Start(ctx, run.Spec{Kind: kind, Title: title, Subject: subject, Account: p.Account, Role: string(p.Role), Department: string(p.Department), Params: params})
	return RunRef{RunID: string(id)}, err
}

// acting returns ctx in which the run's account acts.
func acting(ctx context.Context, w *run.Work) context.Context {
	s := w.Spec()
	return guard.With(ctx, guard.Principal{Account: s.Account, Name: s.Account, Role: guard.Role(s.Role), Department: resource.DepartmentID(s.Department)})
}

// fileParams say which received file a run is about.
type fileParams struct {
	UploadID string        `json:"upload_id"`
	SHA256   string        `json:"sha256"`
	Name     string        `json:"name"`
	Options  ReadOptions   `json:"options"`
	Tables   []LandedTable `json:"tables,omitempty"`
	Save     bool          `json:"save_recipe,omitempty"`
}

type filePassword struct {
	text  string
	given time.Time
}

const passwordsKept = 24 * time.Hour

// keepPassword takes the password out of what is written down.
func (j *jobs) keepPassword(uploadID string, o *ReadOptions) {
	if o.Password != "" {
		now := time.Now()
		j.passwords.Range(func(id, v any) bool {
			if pw, ok := v.(filePassword); !ok || now.Sub(pw.given) > passwordsKept {
				j.passwords.Delete(id)
			}
			return true
		})
		j.passwords.Store(uploadID, filePassword{o.Password, now})
		o.Password = ""
	}
}

func (j *jobs) options(p *fileParams) intake.Options {
	o := p.Options
	if pw, ok := j.passwords.Load(p.UploadID); ok {
		pw, _ := pw.(filePassword)
		o.Password = pw.text
	}
	out := intake.Options{Options: o.Tabular()}
	for path, m := range o.Members {
		if out.Members == nil {
			out.Members = make(map[string]tabular.Options, len(o.Members))
		}
		out.Members[path] = tabular.Options{Encoding: m.Encoding, Delimiter: m.Delimiter, Quote: m.Quote, Escape: m.Escape, Password: o.Password, Tables: m.Tables}
	}
	return out
}

// Inspect starts to look at an upload.
func (j *jobs) Inspect(ctx context.Context, n NewInspection) (RunRef, error) {
	row, err := j.uploads.received(ctx, n.UploadID)
	if err != nil {
		return RunRef{}, err
	}
	j.keepPassword(row.ID, &n.Options)
	return j.start(ctx, kindInspect, row.Name, row.ID, fileParams{UploadID: row.ID, SHA256: row.SHA256, Name: row.Name, Options: n.Options})
}

// inspected is the result of a run of kindInspect.
type inspected struct {
	UploadID string      `json:"upload_id"`
	Report   Report      `json:"report"`
	Options  ReadOptions `json:"options"`
	Recipe   string      `json:"recipe,omitempty"`
}

func (j *jobs) doInspect(ctx context.Context, w *run.Work) (any, error) {
	var p fileParams
	if err := w.Params(&p); err != nil {
		return nil, err
	}
	ctx = acting(ctx, w)
	if err := w.Step(ctx, kindInspect); err != nil {
		return nil, err
	}
	out := inspected{UploadID: p.UploadID, Options: p.Options}
	opt := j.options(&p)
	me, _ := guard.From(ctx)
	if undecided(p.Options) {
		recipe, ok, err := j.svc.RecipeFor(ctx, me.Department, p.Name)
		if err != nil {
			return nil, spoken(err)
		}
		if ok {
			pw := opt.Password
			opt = recipe.Options
			opt.Password = pw
			out.Recipe, out.Options = string(recipe.Dataset), readOptions(opt)
		}
	}
	rep, err := j.svc.Inspect(ctx, collect.Inspection{Original: p.SHA256, Name: p.Name, Options: opt, Preview: previewRows})
	if err != nil {
		return nil, spoken(err)
	}
	rep.File = p.Name
	out.Report = reportShape(rep)
	if err := j.suggest(ctx, me.Department, p.Name, rep, &out.Report); err != nil {
		return nil, spoken(err)
	}
	return out, nil
}

func undecided(o ReadOptions) bool {
	return o.Encoding == "" && o.Delimiter == "" && o.Quote == "" && o.Escape == "" && len(o.Tables) == 0 && len(o.Members) == 0
}

func readOptions(o intake.Options) ReadOptions {
	out := ReadOptions{Encoding: o.Encoding, Delimiter: o.Delimiter, Quote: o.Quote, Escape: o.Escape, Tables: o.Tables}
	for path, m := range o.Members {
		if out.Members == nil {
			out.Members = make(map[string]MemberOptions, len(o.Members))
		}
		out.Members[path] = MemberOptions{Encoding: m.Encoding, Delimiter: m.Delimiter, Quote: m.Quote, Escape: m.Escape, Tables: m.Tables}
	}
	return out
}

// Inspection tells what is known of an upload: the newest look at it.
func (j *jobs) Inspection(ctx context.Context, uploadID string) (Inspection, error) {
	if _, err := j.uploads.row(ctx, uploadID); err != nil {
		return Inspection{}, err
	}
	out := Inspection{UploadID: uploadID, State: "none"}
	rows, err := j.runs.List(ctx, run.Filter{Kinds: []string{kindInspect}, Subject: uploadID, Limit: 1})
	if err != nil || len(rows) == 0 {
		return out, err
	}
	r := &rows[0]
	out.RunID = string(r.ID)
	switch {
	case r.State.Open():
		out.State = "running"
	case r.State == run.Done:
		out.State = "done"
		var got inspected
		if err := json.Unmarshal(r.Result, &got); err != nil {
			return out, fmt.Errorf("result of run %s: %w: %w", r.ID, err, fault.Damaged)
		}
		out.Report, out.Options, out.Recipe = &got.Report, got.Options, got.Recipe
	default:
		out.State = "failed"
		detail := heard(callOf(ctx).lang, r)
		out.Problem = &ProblemText{Code: r.ErrorKind, Detail: detail}
	}
	return out, nil
}

// Land starts to land an upload.
func (j *jobs) Land(ctx context.Context, n NewLanding) (RunRef, error) {
	row, err := j.uploads.received(ctx, n.UploadID)
	if err != nil {
		return RunRef{}, err
	}
	seen := map[int]bool{}
	for _, t := range n.Tables {
		if t.Dataset != "" {
			if err := resource.DatasetID(t.Dataset).Check(); err != nil {
				return RunRef{}, err
			}
		}
		if seen[t.N] {
			return RunRef{}, fmt.Errorf("table %d stands twice: %w", t.N, fault.Invalid)
		}
		seen[t.N] = true
	}
	if len(n.Tables) > 0 && !slices.ContainsFunc(n.Tables, func(t LandedTable) bool { return t.Land }) {
		return RunRef{}, fmt.Errorf("no table is to land: %w", fault.Invalid)
	}
	j.keepPassword(row.ID, &n.Options)
	return j.start(ctx, kindLand, row.Name, row.ID, fileParams{UploadID: row.ID, SHA256: row.SHA256, Name: row.Name, Options: n.Options, Tables: n.Tables, Save: n.Save})
}

// landed is the result of a run that gives receipts.
type landed struct {
	UploadID string    `json:"upload_id,omitempty"`
	Receipts []Receipt `json:"receipts"`
}

func (j *jobs) doLand(ctx context.Context, w *run.Work) (any, error) {
	var p fileParams
	if err := w.Params(&p); err != nil {
		return nil, err
	}
	ctx = acting(ctx, w)
	out := landed{UploadID: p.UploadID, Receipts: []Receipt{}}
	steps := newSteps(ctx, w)
	for _, r := range j.requests(ctx, &p, w) {
		receipts, err := j.svc.Land(ctx, r.Request, steps.tell)
		for i := range receipts {
			out.Receipts = append(out.Receipts, receiptShape(&receipts[i]))
		}
		if err := errors.Join(err, steps.err); err != nil {
			return out, spoken(err)
		}
		if err := j.settle(ctx, &p, r, receipts); err != nil {
			return out, spoken(err)
		}
	}
	j.passwords.Delete(p.UploadID) // it has landed: nothing opens the file any more
	return out, nil
}

// A target is one call of Land and what to keep of the person's choices.
type target struct {
	collect.Request
	table *LandedTable
}

// requests makes the calls of a landing: one for the whole file, or one for
// each table when the person chose tables or where they go.
func (j *jobs) requests(ctx context.Context, p *fileParams, w *run.Work) []target {
	me, _ := guard.From(ctx)
	base := collect.Request{Original: p.SHA256, Name: p.Name, Department: me.Department, Options: j.options(p), Run: string(w.ID())}
	if len(p.Tables) == 0 {
		return []target{{Request: base}}
	}
	var out []target
	for i := range p.Tables {
		t := &p.Tables[i]
		if !t.Land {
			continue
		}
		r := target{Request: base, table: t}
		r.Dataset, r.Only = resource.DatasetID(t.Dataset), []int{t.N}
		if t.Department != "" {
			r.Department = resource.DepartmentID(t.Department)
		}
		out = append(out, r)
	}
	return out
}

// settle keeps what a person chose beside the rows: the entry's name, the
// drift policy, and how the file is read.
func (j *jobs) settle(ctx context.Context, p *fileParams, t target, receipts []collect.Receipt) error {
	for i := range receipts {
		rc := &receipts[i]
		if rc.Dataset == "" || rc.Status != "landed" && rc.Status != "unchanged" {
			continue
		}
		if t.table != nil && t.table.Name != "" {
			e, err := j.cat.Get(ctx, string(rc.Dataset))
			if err != nil {
				return err
			}
			if e.Name != t.table.Name {
				if _, err := j.cat.Edit(ctx, string(rc.Dataset), catalogue.Edit{Name: &t.table.Name}, nil); err != nil {
					return err
				}
			}
		}
		if t.table != nil && t.table.Policy != nil {
			if err := j.svc.SetPolicy(ctx, rc.Dataset, policyOf(t.table.Policy)); err != nil {
				return err
			}
		}
		if p.Save {
			opt := t.Options
			opt.Password = ""
			if err := j.svc.SaveRecipe(ctx, collect.Recipe{Dataset: rc.Dataset, Options: opt}); err != nil {
				return err
			}
		}
	}
	return nil
}

// batchParams say which batch a run is about.
type batchParams struct {
	Batch    string   `json:"batch"`
	Decision string   `json:"decision,omitempty"`
	IDs      []string `json:"ids,omitempty"`
}

// about starts a run on a batch after looking whether the caller may.
func (j *jobs) about(ctx context.Context, kind, id string, action guard.Action, params batchParams) (RunRef, error) {
	b, err := j.svc.Batch(ctx, resource.BatchID(id))
	if err != nil {
		return RunRef{}, err
	}
	object := guard.Object{Department: b.Department}
	if b.Dataset != "" {
		object.Table = resource.Table{Station: resource.Landing, Dataset: b.Dataset}
	}
	if _, err := j.svc.Gate.Decide(ctx, action, object); err != nil {
		return RunRef{}, err
	}
	return j.start(ctx, kind, b.File, id, params)
}

func (j *jobs) answer(ctx context.Context, id string, a BatchAnswer) (RunRef, error) {
	return j.about(ctx, kindAnswer, id, guard.Land, batchParams{Batch: id, Decision: a.Decision})
}

func (j *jobs) rerun(ctx context.Context, id string) (RunRef, error) {
	return j.about(ctx, kindRerun, id, guard.Land, batchParams{Batch: id})
}

// replay starts to land mended lines: of a batch, or those named.
func (j *jobs) replay(ctx context.Context, r Replay) (RunRef, error) {
	batch := r.Batch
	for _, id := range r.IDs {
		b, _, ok := strings.Cut(id, "-")
		if !ok || batch != "" && b != batch {
			return RunRef{}, fmt.Errorf("lines of several batches in one replay: %w", fault.Invalid)
		}
		batch = b
	}
	if batch == "" {
		return RunRef{}, fmt.Errorf("neither lines nor a batch given: %w", fault.Invalid)
	}
	return j.about(ctx, kindReplay, batch, guard.Mend, batchParams{Batch: batch, IDs: r.IDs})
}

// onBatch makes a handler of a call that gives receipts for a batch.
func (j *jobs) onBatch(do func(ctx context.Context, p batchParams, tell func(collect.Progress)) ([]collect.Receipt, error)) run.Handler {
	return func(ctx context.Context, w *run.Work) (any, error) {
		var p batchParams
		if err := w.Params(&p); err != nil {
			return nil, err
		}
		ctx = acting(ctx, w)
		steps := newSteps(ctx, w)
		out := landed{Receipts: []Receipt{}}
		receipts, err := do(ctx, p, steps.tell)
		for i := range receipts {
			out.Receipts = append(out.Receipts, receiptShape(&receipts[i]))
		}
		return out, spoken(errors.Join(err, steps.err))
	}
}

// steps tells a run how a landing goes on.
type steps struct {
	ctx  context.Context //nolint:containedctx // lives for one run
	w    *run.Work
	name string
	err  error // the first that a step could not be written down for
}

func newSteps(ctx context.Context, w *run.Work) *steps { return &steps{ctx: ctx, w: w} }

func (s *steps) tell(p collect.Progress) {
	if p.Step != s.name {
		s.name = p.Step
		if err := s.w.Step(s.ctx, p.Step); err != nil && s.err == nil {
			s.err = err
		}
	}
	switch {
	case p.Rows > 0:
		s.w.Progress(s.ctx, p.Rows, 0, "rows")
	case p.Bytes > 0:
		s.w.Progress(s.ctx, p.Bytes, p.SizeBytes, "bytes")
	}
}
