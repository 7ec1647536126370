package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"shuniu/collect"
	"shuniu/collect/intake"
	"shuniu/collect/intake/tabular"
	"shuniu/fault"
	"shuniu/guard"
	"shuniu/locale"
	"shuniu/resource"
	"shuniu/resource/catalogue"
	"shuniu/run"
)

// reportShape is a report of the intake as the API shows it.
func reportShape(r *intake.Report) Report {
	out := Report{File: r.File, SHA256: r.SHA256, SizeBytes: r.SizeBytes, Format: r.Format, Encoding: r.Encoding, Refused: refusalShape(r.Refused)}
	for i := range r.Tables {
		out.Tables = append(out.Tables, tableShape(&r.Tables[i]))
	}
	for _, m := range r.Members {
		out.Members = append(out.Members, Member{
			Member: m.Member, SHA256: m.SHA256, SizeBytes: m.SizeBytes, Format: m.Format, Encoding: m.Encoding,
			Tables: m.Tables, Refused: refusalShape(m.Refused), Ignored: m.Ignored,
		})
	}
	if r.Object != nil {
		out.Object = &Object{SHA256: r.SHA256, Name: r.File, MediaType: r.Object.MediaType, SizeBytes: r.SizeBytes}
	}
	return out
}

func refusalShape(r *tabular.Refusal) *Refusal {
	if r == nil {
		return nil
	}
	return &Refusal{Kind: r.Kind, Message: r.Message, Hint: r.Hint}
}

func tableShape(t *intake.TableReport) TableReport {
	out := TableReport{
		N: t.N, Name: t.Name, Member: t.Member, Hidden: t.Hidden, Format: t.Format, Encoding: t.Encoding, Place: t.Place, Dialect: t.Dialect,
		HeaderRows: t.HeaderRows, Rows: t.Rows, Rejected: t.Rejected, RejectedN: t.RejectedCount, Notes: t.Notes, Confidence: t.Confidence,
		Questions: t.Questions, Area: &t.Area, Lines: Lines(t.Lines),
	}
	for _, c := range t.Columns {
		units := make([]UnitCount, len(c.Units))
		for i, u := range c.Units {
			units[i] = UnitCount(u)
		}
		out.Columns = append(out.Columns, ColumnReport{Name: c.Name, Type: string(c.Type), Unit: c.Unit, Nulls: c.Nulls, Unread: c.Unread, Units: units})
	}
	if t.Preview != nil {
		p := Preview{Rows: t.Preview, Origin: t.PreviewOrigin}
		for _, c := range t.Columns {
			p.Columns = append(p.Columns, c.Name)
		}
		out.Preview = &p
	}
	return out
}

func driftShapes(ds []collect.Drift) []Drift {
	out := make([]Drift, len(ds))
	for i, d := range ds {
		out[i] = Drift{Kind: string(d.Kind), Column: d.Column, Was: d.Before, Now: d.After, Decision: string(d.Action), Text: d.Text}
	}
	return out
}

func receiptShape(r *collect.Receipt) Receipt {
	return Receipt{
		File: r.File, Member: r.Member, Table: r.Table, Batch: string(r.Batch), Dataset: string(r.Dataset), SQL: r.SQL, Snapshot: int64(r.Snapshot),
		SHA256: r.SHA256, RowsIn: r.RowsIn, RowsLanded: r.RowsLanded, RowsQuarantined: r.RowsQuarantined, Status: r.Status, Reason: r.Reason,
	}
}

func policyOf(p *DriftPolicy) collect.Policy {
	out := collect.Policy{Actions: map[collect.DriftKind]collect.Action{}, RowsMin: p.RowsMin, RowsMax: p.RowsMax}
	for k, v := range map[collect.DriftKind]string{
		collect.ColumnGone: p.ColumnGone, collect.ColumnNew: p.ColumnNew, collect.ColumnRenamed: p.ColumnRenamed,
		collect.TypeChanged: p.TypeChanged, collect.UnitChanged: p.UnitChanged, collect.RowsOutOfRange: p.RowsOutOfRange,
	} {
		if v != "" {
			out.Actions[k] = collect.Action(v)
		}
	}
	return out
}

func policyShape(p collect.Policy) DriftPolicy {
	a := func(k collect.DriftKind) string { return string(p.Actions[k]) }
	return DriftPolicy{
		ColumnGone: a(collect.ColumnGone), ColumnNew: a(collect.ColumnNew), ColumnRenamed: a(collect.ColumnRenamed),
		TypeChanged: a(collect.TypeChanged), UnitChanged: a(collect.UnitChanged), RowsOutOfRange: a(collect.RowsOutOfRange), RowsMin: p.RowsMin, RowsMax: p.RowsMax,
	}
}

// spoken wraps an error of a run so that its record says in which words a
// person is told of it: the record keeps only text.
func spoken(err error) error {
	if err == nil {
		return nil
	}
	var (
		e       *fault.Explained
		refused *tabular.Refusal
		denied  *guard.DeniedError
	)
	n := note{}
	switch {
	case errors.As(err, &e) && locale.Has(e.Key):
		n.Key, n.Args = e.Key, e.Args
	case errors.As(err, &refused):
		n.Text = refused.Message + refused.Hint
	case errors.As(err, &denied):
		n.Right = string(denied.Action)
	case errors.Is(err, fault.Invalid):
		n.Text = plain(err)
	default:
		return err
	}
	raw, jsonErr := json.Marshal(n)
	if jsonErr != nil {
		return err
	}
	return &spokenError{note: string(raw), err: err}
}

// A note says how a person is told of an error.
type note struct {
	Key   string         `json:"key,omitempty"`
	Args  map[string]any `json:"args,omitempty"`
	Text  string         `json:"text,omitempty"`
	Right string         `json:"right,omitempty"`
}

const noteMark = "\x1e"

type spokenError struct {
	note string
	err  error
}

func (e *spokenError) Error() string { return noteMark + e.note + noteMark + e.err.Error() }
func (e *spokenError) Unwrap() error { return e.err }

// heard is the error of a run in the words of a person.
func heard(lang locale.Lang, r *run.Run) string {
	if rest, ok := strings.CutPrefix(r.Error, noteMark); ok {
		raw, _, _ := strings.Cut(rest, noteMark)
		var n note
		if json.Unmarshal([]byte(raw), &n) == nil {
			switch {
			case n.Key != "":
				return locale.Text(lang, n.Key, n.Args)
			case n.Right != "":
				return locale.Text(lang, "fault.denied", map[string]any{"right": locale.Text(lang, "right."+n.Right, nil)})
			}
			return n.Text
		}
	}
	code := "internal"
	for _, k := range kinds {
		if k.err.Error() == r.ErrorKind {
			code = k.code
		}
	}
	if code == "denied" {
		return locale.Text(lang, "http.denied", nil)
	}
	return locale.Text(lang, "fault."+code, nil)
}

// changeShape tells an entry of a history in plain words.
func changeShape(lang locale.Lang, people map[string]string, c *catalogue.Change) Change {
	out := Change{ID: c.ID, At: c.At.UTC(), Account: c.Account, Name: people[c.Account], Kind: c.Kind}
	var d struct {
		Batch       string          `json:"batch"`
		File        string          `json:"file"`
		Landed      int64           `json:"rows_landed"`
		Quarantined int64           `json:"rows_quarantined"`
		Snapshot    json.RawMessage `json:"snapshot"`
		Was         string          `json:"was"`
	}
	if json.Unmarshal(c.Detail, &d) == nil {
		out.Batch, out.Snapshot = d.Batch, strings.Trim(string(d.Snapshot), `"`)
	}
	if out.Snapshot == "null" || out.Snapshot == "0" {
		out.Snapshot = ""
	}
	key := "change." + c.Kind
	if !locale.Has(key) {
		key = "change.other"
	}
	out.Text = locale.Text(lang, key, map[string]any{"file": d.File, "rows": d.Landed, "quarantined": d.Quarantined, "snapshot": out.Snapshot, "kind": c.Kind})
	switch c.Kind {
	case "created", "landed":
	case "rolled_back":
		out.Before, out.After = d.Was, out.Snapshot
	default:
		out.After = string(c.Detail)
	}
	return out
}

// suggest says for each table of a report where it would land.
func (j *jobs) suggest(ctx context.Context, department resource.DepartmentID, name string, rep *intake.Report, out *Report) error {
	found, err := j.svc.Suggest(ctx, department, name, rep)
	if err != nil {
		return err
	}
	for i, s := range found {
		out.Tables[i].Suggested = &Suggestion{ID: string(s.Dataset), Exists: s.Exists, Name: s.Name, Department: string(s.Department), Why: s.Why, Drift: driftShapes(s.Drift), Vague: s.Vague, Names: s.Names}
	}
	return nil
}

// NewID is the id that a new dataset of that name would get.
func (j *jobs) NewID(ctx context.Context, department, name string) (NewID, error) {
	if department == "" {
		me, _ := guard.From(ctx)
		department = string(me.Department)
	}
	id, err := j.svc.NewID(ctx, resource.DepartmentID(department), name)
	return NewID{ID: string(id)}, err
}
