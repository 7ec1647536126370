package collect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/uptrace/bun"

	"shuniu/brain"
	"shuniu/fault"
	"shuniu/resource"
)

// A change of a dataset's columns so that they hold what is coming.
type change struct {
	dataset  *dataset
	forms    []form
	fits     []fit // per form of the dataset
	dirty    bool  // something that is only noted: a unit, how nulls come
	reserved [2]int
}

// take widens the change by the columns of b and sets what fills what. A
// batch that is to wait or to be quarantined changes nothing.
func (c *change) take(b *batch, decided map[DriftKind]Action, renamed map[string]string) {
	d := *c.dataset
	d.Forms = c.forms
	m := matchColumns(&d, b.columns, decided, renamed)
	b.drift, b.fills = m.drift, map[int]int{}
	forms, fits, dirty := cloneForms(c.forms), append([]fit(nil), c.fits...), c.dirty
	add := func(k DriftKind, name, before, after, text string) {
		b.drift = append(b.drift, Drift{Kind: k, Column: name, Before: before, After: after, Action: d.Policy.action(k, decided), Text: text})
	}
	for i, col := range m.of {
		if col < 0 {
			continue
		}
		b.fills[i] = col
		x := &b.columns[col]
		was := forms[i]
		if otherUnit(&was, x) && was.Value == nil {
			switch {
			case plainUnit(was.Unit) == "" && d.LastRows == 0 || x.finding.MaxBytes == 0:
			case d.LastRows > 0:
				add(UnitChanged, was.Name, was.Unit, x.unit, fmt.Sprintf("列“%s”的单位由“%s”变为“%s”。", was.Name, was.Unit, x.unit))
			}
		}
		f, how := was.take(x.finding, x.probe)
		if how == reshaped && d.LastRows > 0 {
			add(TypeChanged, was.Name, string(was.reading()), string(x.finding.Type),
				fmt.Sprintf("列“%s”原为%s，本次有不能照原样还原的写法，改为保留原文并附读数。", was.Name, typeName(was.reading())))
		}
		if how == same && f != was && f.Value == was.Value {
			dirty = true
		}
		forms[i] = f
		if i < len(fits) {
			fits[i] = max(fits[i], how)
		}
	}
	for _, col := range m.fresh {
		x := &b.columns[col]
		b.fills[len(forms)] = col
		forms = append(forms, newForm(x.name, x.unit, x.finding, x.probe))
	}
	b.drift = append(b.drift, d.rowsDrift(b.facts.Report.Rows, decided)...)
	if w := worst(b.drift); w == Ask || w == Quarantine {
		return
	}
	c.forms, c.fits, c.dirty = forms, fits, dirty
}

func typeName(t resource.Type) string {
	switch t {
	case resource.Integer:
		return "整数"
	case resource.Decimal:
		return "小数"
	case resource.Boolean:
		return "是否"
	case resource.Date:
		return "日期"
	case resource.Timestamp:
		return "日期时间"
	default:
		return "文本"
	}
}

// structural reports whether stored columns must change.
func (c *change) structural() bool {
	for _, f := range c.fits {
		if f != same {
			return true
		}
	}
	return false
}

// applyChange makes the change in the lake and in the registry. The caller
// holds the plan lock, or the dataset's exclusive lock, which it needs when the
// change is structural.
func (s *Service) applyChange(ctx context.Context, c *change) error {
	old := c.dataset.Forms
	added := len(c.forms) > len(old)
	t, err := s.Lake.Open(ctx, tableOf(c.dataset.ID))
	absent := errors.Is(err, fault.NotFound)
	if err != nil && !absent {
		return err
	}
	if !added && !c.structural() {
		if err := c.setReserved(ctx, t, absent); err != nil || !c.dirty {
			return err
		}
		return s.saveForms(ctx, c)
	}
	storeNames(c.forms)
	if absent && c.structural() { // nobody has written with the old ids
		c.reserved = number(c.forms)
		return s.saveForms(ctx, c)
	}
	if absent {
		if t, err = s.Lake.Create(ctx, tableOf(c.dataset.ID), fieldsOf(old)); err != nil {
			return fmt.Errorf("make table of %s: %w", c.dataset.ID, err)
		}
	}
	fields, err := t.Fields(ctx)
	if err != nil {
		return err
	}
	there := map[string]bool{} // a call that died may have added some
	for _, f := range fields {
		there[f.Name] = true
	}
	var changes []brain.Change
	for i := range c.forms {
		f := &c.forms[i]
		if i >= len(old) {
			if field := f.field(); !there[field.Name] {
				changes = append(changes, brain.Change{Add: &field})
			}
			if f.Value == nil {
				continue
			}
			if value := f.Value.field(f.Unit); !there[value.Name] {
				changes = append(changes, brain.Change{Add: &value})
			}
			continue
		}
		if c.fits[i] == wider {
			field := f.field()
			if f.Value != nil {
				field = f.Value.field(f.Unit)
			}
			changes = append(changes, brain.Change{Widen: &field})
		}
	}
	if len(changes) > 0 {
		if _, err := t.Evolve(ctx, changes); err != nil {
			return fmt.Errorf("change columns of %s: %w", c.dataset.ID, err)
		}
	}
	if re := c.reshape(); re != nil {
		if err := s.reshape(ctx, t, re); err != nil {
			return fmt.Errorf("change columns of %s: %w", c.dataset.ID, err)
		}
	}
	if err := c.setReserved(ctx, t, false); err != nil {
		return err
	}
	return s.saveForms(ctx, c)
}

// setReserved binds all ids to the table's.
func (c *change) setReserved(ctx context.Context, t brain.Table, absent bool) error {
	if absent {
		c.reserved = number(c.forms)
		return nil
	}
	fields, err := t.Fields(ctx)
	if err != nil {
		return err
	}
	bind(c.forms, fields)
	for _, f := range fields {
		switch f.Name {
		case resource.BatchColumn:
			c.reserved[0] = f.ID
		case resource.RowColumn:
			c.reserved[1] = f.ID
		}
	}
	for i := range c.forms {
		if c.forms[i].Field == 0 || c.forms[i].Value != nil && c.forms[i].Value.Field == 0 || c.reserved[0] == 0 || c.reserved[1] == 0 {
			return fmt.Errorf("table of %s lacks column %q: %w", c.dataset.ID, c.forms[i].Store, fault.Damaged)
		}
	}
	return nil
}

func (s *Service) saveForms(ctx context.Context, c *change) error {
	c.dataset.Forms = c.forms
	return s.DB.Write(ctx, func(ctx context.Context, tx bun.Tx) error { return saveDataset(ctx, tx, c.dataset) })
}

// A reshaping changes how columns are stored, in three steps that each leave
// the table right: add columns, fill them by rewriting the files, swap names.
type reshaping struct {
	ID      string             `json:"id"` // batch of the rewrite's snapshot
	Dataset resource.DatasetID `json:"dataset"`
	Adds    []resource.Field   `json:"adds"`
	Fill    map[string]string  `json:"fill"` // added column -> SQL over the old ones
	Swap    []brain.Change     `json:"swap"`
	forms   []form
}

const temporary = "__new" // suffix of a column under way

// reshape returns what the reshaped forms need; nil when none is.
func (c *change) reshape() *reshaping {
	re := &reshaping{ID: ulid.Make().String(), Dataset: c.dataset.ID, Fill: map[string]string{}, forms: c.forms}
	for i, old := range c.dataset.Forms {
		if c.fits[i] != reshaped {
			continue
		}
		now := &c.forms[i]
		value := now.Value.field(now.Unit)
		value.ID, value.Name = 0, now.Value.Store+temporary
		if old.Value != nil { // only the reading changes
			re.Adds = append(re.Adds, value)
			re.Fill[value.Name] = "CAST(" + quoteName(old.Value.Store) + " AS " + sqlType(value) + ")"
			re.Swap = append(re.Swap, brain.Change{Drop: old.Value.Store}, brain.Change{Rename: &brain.Rename{From: value.Name, To: now.Value.Store}})
			continue
		}
		text := resource.Field{Name: now.Store + temporary, Type: resource.Text, Unit: now.Unit}
		re.Adds = append(re.Adds, text)
		re.Fill[text.Name], _ = renderSQL(old.Type, old.Probe, old.Nulls, quoteName(old.Store))
		if value.Type == old.Type && value.Precision == old.Precision && value.Scale == old.Scale {
			re.Swap = append(re.Swap, brain.Change{Rename: &brain.Rename{From: old.Store, To: now.Value.Store}})
		} else {
			re.Adds = append(re.Adds, value)
			re.Fill[value.Name] = "CAST(" + quoteName(old.Store) + " AS " + sqlType(value) + ")"
			re.Swap = append(re.Swap, brain.Change{Drop: old.Store}, brain.Change{Rename: &brain.Rename{From: value.Name, To: now.Value.Store}})
		}
		re.Swap = append(re.Swap, brain.Change{Rename: &brain.Rename{From: text.Name, To: now.Store}})
	}
	if len(re.Adds) == 0 {
		return nil
	}
	return re
}

func sqlType(f resource.Field) string {
	switch f.Type {
	case resource.Integer:
		return "BIGINT"
	case resource.Decimal:
		return fmt.Sprintf("DECIMAL(%d,%d)", f.Precision, f.Scale)
	case resource.Boolean:
		return "BOOLEAN"
	case resource.Date:
		return "DATE"
	case resource.Timestamp:
		return "TIMESTAMP"
	default:
		return "VARCHAR"
	}
}

// reshape notes the reshaping, so that a crash is made good at the next start,
// and does it.
func (s *Service) reshape(ctx context.Context, t brain.Table, re *reshaping) error {
	steps, err := json.Marshal(re)
	if err != nil {
		return err
	}
	forms, err := json.Marshal(re.forms)
	if err != nil {
		return err
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO collect_reshape (id, dataset, steps, columns_key, column_forms, started_at) VALUES (?, ?, ?, '', ?, ?)",
			re.ID, string(re.Dataset), storable(string(steps)), storable(string(forms)), s.now())
		return err
	})
	if err != nil {
		return err
	}
	return s.finishReshape(ctx, t, re)
}

// finishReshape does what of the steps is not done yet.
func (s *Service) finishReshape(ctx context.Context, t brain.Table, re *reshaping) error {
	filled, err := hasBatch(ctx, t, resource.BatchID(re.ID))
	if err != nil {
		return err
	}
	fields, err := t.Fields(ctx)
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for _, f := range fields {
		there[f.Name] = true
	}
	if !filled {
		var adds []brain.Change
		for i := range re.Adds {
			if !there[re.Adds[i].Name] {
				adds = append(adds, brain.Change{Add: &re.Adds[i]})
			}
		}
		if len(adds) > 0 {
			if fields, err = t.Evolve(ctx, adds); err != nil {
				return err
			}
		}
		if err := s.refill(ctx, t, re, fields); err != nil {
			return err
		}
	}
	if !filled || there[re.Adds[0].Name] {
		if fields, err = t.Evolve(ctx, re.Swap); err != nil {
			return err
		}
	}
	bind(re.forms, fields)
	return s.DB.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		d, err := loadDataset(ctx, tx, re.Dataset)
		if err != nil {
			return err
		}
		d.Forms = re.forms
		if err := saveDataset(ctx, tx, d); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM collect_reshape WHERE id = ?", re.ID)
		return err
	})
}

// refill rewrites the table's files with the added columns filled.
func (s *Service) refill(ctx context.Context, t brain.Table, re *reshaping, fields []resource.Field) (err error) {
	commit := brain.Commit{Batch: resource.BatchID(re.ID), Summary: map[string]string{"kind": "reshape"}}
	scan, err := t.Scan(ctx, 0)
	if err != nil {
		return err
	}
	if len(scan.Files) == 0 {
		_, err := t.Append(ctx, commit) // an empty snapshot marks the step as done
		return err
	}
	stage, err := s.Lake.Stage(ctx, t.Name())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stage.Close()) }()
	items := make([]string, len(fields))
	for i, f := range fields {
		items[i] = quoteName(f.Name)
		if sql, ok := re.Fill[f.Name]; ok {
			items[i] = sql + " AS " + quoteName(f.Name)
		}
	}
	sql := "SELECT " + strings.Join(items, ", ") + " FROM " + t.Name().String()
	if commit.Files, err = s.Engine.Rewrite(ctx, sql, []brain.Scan{scan}, stage.Dir(), fields); err != nil {
		return err
	}
	var rows int64
	for _, f := range commit.Files {
		rows += f.Rows
	}
	if rows != scan.Rows {
		return fmt.Errorf("rewrite of %s gave %d rows of %d: %w", t.Name(), rows, scan.Rows, fault.Damaged)
	}
	old := make([]string, len(scan.Files))
	for i, f := range scan.Files {
		old[i] = f.Path
	}
	_, err = t.Replace(ctx, old, commit)
	return err
}

// batchKey is where the lake keeps the batch in a snapshot's summary.
const batchKey = brain.BatchKey

func hasBatch(ctx context.Context, t brain.Table, id resource.BatchID) (bool, error) {
	snapshots, err := t.Snapshots(ctx)
	if err != nil {
		return false, err
	}
	for _, sn := range snapshots {
		if sn.Summary[batchKey] == string(id) {
			return true, nil
		}
	}
	return false, nil
}

// recoverReshapes finishes what a crash interrupted.
func (s *Service) recoverReshapes(ctx context.Context) error {
	var rows []struct {
		ID, Dataset, Steps, ColumnForms string
		StartedAt                       time.Time
	}
	if err := s.DB.Bun().NewRaw("SELECT r.id, r.dataset, r.steps, r.column_forms, r.started_at FROM collect_reshape AS r ORDER BY r.id").Scan(ctx, &rows); err != nil {
		return fmt.Errorf("unfinished column changes: %w", err)
	}
	for _, r := range rows {
		re, err := decode[reshaping]([]byte(r.Steps))
		if err != nil {
			return fmt.Errorf("column change %s: %w: %w", r.ID, err, fault.Damaged)
		}
		if re.forms, err = decode[[]form]([]byte(r.ColumnForms)); err != nil {
			return fmt.Errorf("column change %s: %w: %w", r.ID, err, fault.Damaged)
		}
		t, err := s.Lake.Open(ctx, tableOf(re.Dataset))
		if err != nil {
			return fmt.Errorf("column change %s: %w", r.ID, err)
		}
		if err := s.finishReshape(ctx, t, &re); err != nil {
			return fmt.Errorf("column change %s of %s: %w", r.ID, re.Dataset, err)
		}
	}
	return nil
}
