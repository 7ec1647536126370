package collect

import (
	"fmt"
	"slices"
	"strings"

	"shuniu/collect/intake/reading"
	"shuniu/fault"
	"shuniu/resource"
	"shuniu/resource/catalogue"
)

// A DriftKind is a way in which a new version of a source differs.
type DriftKind string

// The kinds of drift.
const (
	ColumnGone     DriftKind = "column_gone"
	ColumnNew      DriftKind = "column_new"
	ColumnRenamed  DriftKind = "column_renamed"
	TypeChanged    DriftKind = "type_changed"
	UnitChanged    DriftKind = "unit_changed"
	RowsOutOfRange DriftKind = "rows_out_of_range"
)

// An Action is what a policy does about a drift.
type Action string

// The actions.
const (
	Accept     Action = "accept"     // land as it is; a column that is gone is null
	Evolve     Action = "evolve"     // change the dataset to hold it, losing nothing
	Quarantine Action = "quarantine" // land no row; keep all with the reason
	Ask        Action = "ask"        // wait for a person
)

// A Policy says what a dataset does about drift. Kinds without an entry take
// the default: new columns and types evolve, gone columns and row counts are
// accepted, renames and units are asked about.
type Policy struct {
	Actions map[DriftKind]Action `json:"actions,omitempty"`
	// Rows of a batch as a part of the batch before; 0: no limit.
	RowsMin float64 `json:"rows_min,omitempty"`
	RowsMax float64 `json:"rows_max,omitempty"`
}

var defaultActions = map[DriftKind]Action{
	ColumnGone: Accept, ColumnNew: Evolve, ColumnRenamed: Ask, TypeChanged: Evolve, UnitChanged: Ask, RowsOutOfRange: Accept,
}

// Check returns fault.Invalid for an unknown kind or action.
func (p *Policy) Check() error {
	for k, a := range p.Actions {
		if _, ok := defaultActions[k]; !ok {
			return fmt.Errorf("drift kind %q: %w", k, fault.Invalid)
		}
		if !slices.Contains([]Action{Accept, Evolve, Quarantine, Ask}, a) {
			return fmt.Errorf("drift action %q, want accept, evolve, quarantine or ask: %w", a, fault.Invalid)
		}
	}
	if p.RowsMin < 0 || p.RowsMax < 0 || p.RowsMax > 0 && p.RowsMin > p.RowsMax {
		return fmt.Errorf("rows from %v to %v times the batch before: %w", p.RowsMin, p.RowsMax, fault.Invalid)
	}
	return nil
}

func (p *Policy) action(k DriftKind, decided map[DriftKind]Action) Action {
	if a, ok := decided[k]; ok {
		return a
	}
	if a, ok := p.Actions[k]; ok {
		return a
	}
	return defaultActions[k]
}

// A Drift is one difference between a table and its dataset.
type Drift struct {
	Kind   DriftKind `json:"kind"`
	Column string    `json:"column,omitempty"`
	Before string    `json:"before,omitempty"`
	After  string    `json:"after,omitempty"`
	Action Action    `json:"action"`
	Text   string    `json:"text"` // in plain words
}

// A column of a table on its way into a dataset.
type column struct {
	name    string
	unit    string
	finding *reading.Finding
	probe   string
}

// A match says for each form of a dataset which column fills it (-1: none) and
// which columns are new.
type match struct {
	of    []int // per form
	fresh []int // columns without a form
	drift []Drift
}

// matchColumns pairs columns with forms by name. renamed names pairs a person
// confirmed: column -> form.
func matchColumns(d *dataset, cols []column, decided map[DriftKind]Action, renamed map[string]string) match {
	m := match{of: make([]int, len(d.Forms))}
	exact, folded := map[string]int{}, map[string][]int{}
	for i := range m.of {
		m.of[i] = -1
		exact[d.Forms[i].Name] = i
		key := catalogue.Fold(d.Forms[i].Name)
		folded[key] = append(folded[key], i)
	}
	nameOf := func(c int) string {
		if old, ok := renamed[cols[c].name]; ok {
			return old
		}
		return cols[c].name
	}
	var rest []int
	for c := range cols {
		if i, ok := exact[nameOf(c)]; ok && m.of[i] < 0 {
			m.of[i] = c
			continue
		}
		rest = append(rest, c)
	}
	for _, c := range rest {
		forms := folded[catalogue.Fold(nameOf(c))]
		if k := slices.IndexFunc(forms, func(i int) bool { return m.of[i] < 0 }); k >= 0 {
			m.of[forms[k]] = c
			continue
		}
		m.fresh = append(m.fresh, c)
	}
	known := d.LastRows > 0
	var gone []int
	for i, c := range m.of {
		if c < 0 {
			gone = append(gone, i)
		}
	}
	if !known {
		return m
	}
	add := func(k DriftKind, name, before, after, text string) {
		m.drift = append(m.drift, Drift{Kind: k, Column: name, Before: before, After: after, Action: d.Policy.action(k, decided), Text: text})
	}
	pairedNew, pairedGone := map[int]bool{}, map[int]bool{}
	if d.Policy.action(ColumnRenamed, decided) != Accept {
		for _, c := range m.fresh {
			for _, g := range gone {
				if !pairedGone[g] && !pairedNew[c] && alike(&d.Forms[g], &cols[c]) {
					pairedNew[c], pairedGone[g] = true, true
					add(ColumnRenamed, d.Forms[g].Name, d.Forms[g].Name, cols[c].name,
						fmt.Sprintf("原来的列“%s”不见了，出现了相似的列“%s”，是否为同一列改名？", d.Forms[g].Name, cols[c].name))
					if d.Policy.action(ColumnRenamed, decided) == Evolve {
						m.of[g] = c // lands in the column it was; the new name stands in the history
					}
				}
			}
		}
	}
	m.fresh = slices.DeleteFunc(m.fresh, func(c int) bool { return slices.Contains(m.of, c) })
	for _, g := range gone {
		if !pairedGone[g] {
			add(ColumnGone, d.Forms[g].Name, d.Forms[g].Name, "", fmt.Sprintf("列“%s”在本次文件中没有了，这些行的该列为空。", d.Forms[g].Name))
		}
	}
	for _, c := range m.fresh {
		if !pairedNew[c] {
			add(ColumnNew, cols[c].name, "", cols[c].name, fmt.Sprintf("出现新列“%s”。", cols[c].name))
		}
	}
	return m
}

// alike reports whether a new column may be an old one under another name: of
// the same reading, and with a name that shares most of its characters.
func alike(f *form, c *column) bool {
	if f.reading() != c.finding.Type && c.finding.Type != resource.Text {
		return false
	}
	a, b := catalogue.Fold(f.Name), catalogue.Fold(c.name)
	if strings.Contains(a, b) || strings.Contains(b, a) {
		return true
	}
	ta, tb := []rune(a), []rune(b)
	shared := 0
	for _, r := range tb {
		if i := slices.Index(ta, r); i >= 0 {
			ta = slices.Delete(ta, i, i+1)
			shared++
		}
	}
	return 2*shared*10 >= 6*(len([]rune(a))+len(tb)) // Dice ≥ 0.6
}

// rowsDrift compares the number of rows with the batch before.
func (d *dataset) rowsDrift(rows int64, decided map[DriftKind]Action) []Drift {
	if d.LastRows == 0 {
		return nil
	}
	part := float64(rows) / float64(d.LastRows)
	if (d.Policy.RowsMin == 0 || part >= d.Policy.RowsMin) && (d.Policy.RowsMax == 0 || part <= d.Policy.RowsMax) {
		return nil
	}
	return []Drift{{
		Kind: RowsOutOfRange, Before: itoa(int(d.LastRows)), After: itoa(int(rows)), Action: d.Policy.action(RowsOutOfRange, decided),
		Text: fmt.Sprintf("本次 %d 行，上次 %d 行，超出约定的范围。", rows, d.LastRows),
	}}
}

// worst is the strictest action of drifts: ask before quarantine before the rest.
func worst(drifts []Drift) Action {
	w := Accept
	for _, d := range drifts {
		switch d.Action {
		case Ask:
			return Ask
		case Quarantine:
			w = Quarantine
		default:
		}
	}
	return w
}

func texts(drifts []Drift, a Action) string {
	var out []string
	for _, d := range drifts {
		if d.Action == a {
			out = append(out, d.Text)
		}
	}
	return strings.Join(out, " ")
}
