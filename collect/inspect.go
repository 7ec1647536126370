package collect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"shuniu/collect/intake"
	"shuniu/collect/intake/tabular"
	"shuniu/fault"
	"shuniu/guard"
	"shuniu/resource"
	"shuniu/worker"
)

// An Inspection asks what is in a file; nothing is stored.
type Inspection struct {
	Path       string // a file of this machine, or
	Original   string // the digest of a kept original
	Name       string // as a person calls it; default: Path
	Options    intake.Options
	Preview    int               // first rows of each table in the report
	Companions map[string]string // extension -> path
}

func (s *Service) openInspected(in *Inspection) (files []*os.File, companions []string, err error) {
	path := in.Path
	if in.Original != "" {
		if path, err = s.Originals.Path(in.Original); err != nil {
			return nil, nil, err
		}
	}
	return openWithCompanions(path, in.Companions)
}

func openWithCompanions(path string, companions map[string]string) (files []*os.File, exts []string, err error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", path, err)
	}
	if !st.Mode().IsRegular() { // look before opening: a FIFO would hang
		return nil, nil, fault.Explain(fmt.Errorf("read %s: it is no file: %w", path, fault.Invalid), "collect.nofile", map[string]any{"path": path})
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", path, err)
	}
	return withCompanions(f, companions)
}

// withCompanions opens the files beside f, which is closed after an error.
func withCompanions(f *os.File, companions map[string]string) (files []*os.File, exts []string, err error) {
	files = []*os.File{f}
	for ext := range companions {
		exts = append(exts, ext)
	}
	slices.Sort(exts)
	for _, ext := range exts {
		f, err := os.Open(companions[ext])
		if err != nil {
			return nil, nil, errors.Join(fmt.Errorf("read %s: %w", companions[ext], err), closeAll(files))
		}
		files = append(files, f)
	}
	return files, exts, nil
}

func closeAll(files []*os.File) error {
	var errs []error
	for _, f := range files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// Inspect has a worker look at a file and returns its report.
func (s *Service) Inspect(ctx context.Context, in Inspection) (_ *intake.Report, err error) {
	if _, err := s.decide(ctx, guard.Land, "", departmentOf(ctx)); err != nil {
		return nil, err
	}
	files, companions, err := s.openInspected(&in)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeAll(files)) }()
	return InspectFile(ctx, s.Pool, worker.Request{
		Files: files, Deadline: s.Deadline,
		Params: fileParams{Name: nameOf(&in), Options: in.Options, Password: in.Options.Password, Preview: in.Preview, Companions: companions},
	})
}

func nameOf(in *Inspection) string {
	if in.Name != "" {
		return in.Name
	}
	return in.Path
}

// departmentOf is the department of the principal of ctx.
func departmentOf(ctx context.Context) resource.DepartmentID {
	p, _ := guard.From(ctx)
	return p.Department
}

// InspectParams are the parameters of MethodInspect and, with a table, of
// MethodCSV, for a command that has a pool and no service.
func InspectParams(name string, opt intake.Options, companions []string, table int) any {
	return fileParams{Name: name, Options: opt, Password: opt.Password, Preview: opt.Preview, Companions: companions, Table: table}
}

// InspectFile runs a job of MethodInspect; the request has files and params.
func InspectFile(ctx context.Context, pool *worker.Pool, req worker.Request) (*intake.Report, error) {
	req.Method = MethodInspect
	var payload []byte
	err := pool.Run(ctx, req, func(m worker.Message) error {
		if m.Kind == kindReport {
			payload = append(payload, m.Payload...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	rep, err := decode[intake.Report](payload)
	if err != nil {
		return nil, fmt.Errorf("report of the worker: %w: %w", err, fault.Damaged)
	}
	return &rep, nil
}

// CSVFile runs a job of MethodCSV and copies the table to w.
func CSVFile(ctx context.Context, pool *worker.Pool, req worker.Request, w io.Writer) error {
	req.Method = MethodCSV
	return pool.Run(ctx, req, func(m worker.Message) error {
		if m.Kind != kindCSV {
			return nil
		}
		_, err := w.Write(m.Payload)
		return err
	})
}

// A Recipe is how a dataset's source is read: a person's decisions, used for
// every file that comes for it.
type Recipe struct {
	Dataset resource.DatasetID `json:"dataset"`
	Options intake.Options     `json:"options"`
}

// SaveRecipe keeps decisions for the files of a dataset.
func (s *Service) SaveRecipe(ctx context.Context, r Recipe) error {
	return s.editDataset(ctx, r.Dataset, "recipe", func(d *dataset) (err error) {
		d.Recipe, err = encode(openEnds(r.Options))
		return err
	})
}

// openEnds lets the areas of a recipe grow: the next file has other rows.
func openEnds(opt intake.Options) intake.Options {
	grow := func(areas []tabular.Area) []tabular.Area {
		areas = slices.Clone(areas)
		for i := range areas {
			areas[i].LastLine = 0
			if from, _, ok := strings.Cut(areas[i].Range, ":"); ok {
				areas[i].Range = from + ":"
			}
		}
		return areas
	}
	opt.Tables = grow(opt.Tables)
	members := make(map[string]tabular.Options, len(opt.Members))
	for name, o := range opt.Members {
		o.Tables = grow(o.Tables)
		members[name] = o
	}
	if opt.Members = members; len(members) == 0 {
		opt.Members = nil
	}
	return opt
}

// Recipe returns the decisions kept for a dataset; zero when there are none.
func (s *Service) Recipe(ctx context.Context, id resource.DatasetID) (Recipe, error) {
	d, err := loadDataset(ctx, s.DB.Bun(), id)
	if err != nil {
		return Recipe{}, err
	}
	if _, err := s.decide(ctx, guard.ReadEntry, id, d.Department); err != nil {
		return Recipe{}, err
	}
	r := Recipe{Dataset: id}
	if r.Options, err = decode[intake.Options](d.Recipe); err != nil {
		return Recipe{}, fmt.Errorf("recipe of %s: %w: %w", id, err, fault.Damaged)
	}
	return r, nil
}

// RecipeFor finds the recipe of the source that a file named name of a
// department seems to belong to; ok is false when none was saved.
func (s *Service) RecipeFor(ctx context.Context, department resource.DepartmentID, name string) (r Recipe, ok bool, err error) {
	if _, err := s.decide(ctx, guard.Land, "", department); err != nil {
		return Recipe{}, false, err
	}
	key := storable(normalName(stem(name)))
	if generic(key) {
		return Recipe{}, false, nil
	}
	var rows []datasetRow
	err = s.DB.Bun().NewSelect().Model(&rows).Where("d.department = ? AND d.name_key >= ? AND d.name_key < ?", string(department), key, key+"\U0010FFFF").
		Where("d.recipe <> '{}'").Order("d.name_key", "d.created_at DESC").Limit(20).Scan(ctx)
	if err != nil {
		return Recipe{}, false, fmt.Errorf("recipes of %q: %w", key, err)
	}
	for i := range rows {
		if k := rows[i].NameKey; k != key && !strings.ContainsRune("/#|", rune(k[len(key)])) {
			continue
		}
		opt, err := decode[intake.Options]([]byte(rows[i].Recipe))
		if err != nil {
			return Recipe{}, false, fmt.Errorf("recipe of %s: %w: %w", rows[i].Dataset, err, fault.Damaged)
		}
		return Recipe{Dataset: resource.DatasetID(rows[i].Dataset), Options: opt}, true, nil
	}
	return Recipe{}, false, nil
}

// SetPolicy says what a dataset does about drift.
func (s *Service) SetPolicy(ctx context.Context, id resource.DatasetID, p Policy) error {
	if err := p.Check(); err != nil {
		return err
	}
	return s.editDataset(ctx, id, "drift policy", func(d *dataset) error {
		d.Policy = p
		return nil
	})
}

// DriftPolicy returns what a dataset does about each kind of drift.
func (s *Service) DriftPolicy(ctx context.Context, id resource.DatasetID) (Policy, error) {
	d, err := loadDataset(ctx, s.DB.Bun(), id)
	if err != nil {
		return Policy{}, err
	}
	if _, err := s.decide(ctx, guard.ReadEntry, id, d.Department); err != nil {
		return Policy{}, err
	}
	p := Policy{Actions: map[DriftKind]Action{}, RowsMin: d.Policy.RowsMin, RowsMax: d.Policy.RowsMax}
	for k := range defaultActions {
		p.Actions[k] = d.Policy.action(k, nil)
	}
	return p, nil
}

// editDataset changes what collect knows of a dataset and puts it on record.
func (s *Service) editDataset(ctx context.Context, id resource.DatasetID, what string, edit func(*dataset) error) error {
	s.plan.Lock() // a landing saves the same row
	defer s.plan.Unlock()
	return s.DB.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		d, err := loadDataset(ctx, tx, id)
		if err != nil {
			return err
		}
		p, err := s.decide(ctx, guard.EditEntry, id, d.Department)
		if err != nil {
			return err
		}
		if err := edit(d); err != nil {
			return err
		}
		if err := saveDataset(ctx, tx, d); err != nil {
			return err
		}
		return s.record(ctx, tx, p, guard.EditEntry, "dataset:"+string(id), what)
	})
}
