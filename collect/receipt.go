package collect

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"shuniu/fault"
	"shuniu/guard"
	"shuniu/resource"
)

// A Receipt acknowledges what became of one table or file. Its rows survive a
// power cut.
type Receipt struct {
	File            string              `json:"file"`
	Member          string              `json:"member"`
	Table           int                 `json:"table"`
	Name            string              `json:"name"` // of the table
	Batch           resource.BatchID    `json:"batch"`
	Dataset         resource.DatasetID  `json:"dataset"`
	SQL             string              `json:"sql"`
	Snapshot        resource.SnapshotID `json:"snapshot"`
	SHA256          string              `json:"sha256"`
	SizeBytes       int64               `json:"size_bytes"`
	RowsIn          int64               `json:"rows_in"`
	RowsLanded      int64               `json:"rows_landed"`
	RowsQuarantined int64               `json:"rows_quarantined"`
	Status          string              `json:"status"`
	Reason          string              `json:"reason"`
	Questions       []string            `json:"questions,omitempty"`
	Drift           []Drift             `json:"drift,omitempty"`
	Account         string              `json:"account"`
	At              time.Time           `json:"at"`
}

func receiptOf(r *batchRow) Receipt {
	rc := Receipt{
		File: r.File, Member: r.Member, Table: r.N, Name: r.TableName, Batch: resource.BatchID(r.ID), Dataset: resource.DatasetID(r.Dataset),
		Snapshot: resource.SnapshotID(r.Snapshot), SHA256: r.SHA256, SizeBytes: r.SizeBytes,
		RowsIn: r.RowsIn, RowsLanded: r.Landed, RowsQuarantined: r.Quarantined,
		Status: r.State, Reason: r.Reason, Account: r.Account, At: r.LandedAt.UTC(),
	}
	switch r.State {
	case stateLanded, stateUnchanged, stateWaiting:
		if r.Dataset != "" {
			rc.SQL = tableOf(rc.Dataset).String()
		}
	case stateObject:
		rc.Dataset = resource.DatasetID("object." + r.Content)
	}
	if r.State == stateUnchanged && r.Origin != "" {
		rc.Batch = resource.BatchID(r.Origin)
	}
	// Both were written by us; what does not decode is left out.
	_ = json.Unmarshal([]byte(r.Questions), &rc.Questions)
	_ = json.Unmarshal([]byte(r.Drift), &rc.Drift)
	return rc
}

func isNone(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// A Batch is what is known of one batch: its receipt and how the table was
// read.
type Batch struct {
	Receipt
	Landing    string                `json:"landing"`
	Run        string                `json:"run,omitempty"` // that landed it; "": a command did
	Department resource.DepartmentID `json:"department"`
	Format     string                `json:"format"`
	Encoding   string                `json:"encoding"`
	Content    string                `json:"content_sha256"`         // of the member
	Origin     resource.BatchID      `json:"origin_batch,omitempty"` // of a replay
	StartedAt  time.Time             `json:"started_at"`
	Report     json.RawMessage       `json:"report,omitempty"` // batchReport; only Batch fills it
}

// A BatchFilter chooses batches; empty parts choose all.
type BatchFilter struct {
	Dataset    resource.DatasetID
	Department resource.DepartmentID
	Status     string
	Landing    string
	File       string           // part of the name of the file, or of the dataset's name or id
	Before     resource.BatchID // page: older than this one
	Limit      int
}

// Batches lists batches, newest first. The caller sees those of departments
// whose entries the gate lets it see.
func (s *Service) Batches(ctx context.Context, f BatchFilter) ([]Batch, error) {
	if _, err := s.decide(ctx, guard.ReadEntry, f.Dataset, f.Department); err != nil {
		return nil, err
	}
	var rows []batchRow
	q := s.DB.Bun().NewSelect().Model(&rows).ExcludeColumn("report")
	if f.Dataset != "" {
		q = q.Where("b.dataset = ?", string(f.Dataset))
	}
	if f.Department != "" {
		q = q.Where("b.department = ?", string(f.Department))
	}
	if f.Status != "" {
		q = q.Where("b.state = ?", f.Status)
	}
	if f.Landing != "" {
		q = q.Where("b.landing = ?", f.Landing)
	}
	if f.File != "" {
		like := "%" + escapeLike(f.File) + "%"
		q = q.Where("(b.file LIKE ? ESCAPE '!' OR b.dataset IN (SELECT d.dataset FROM collect_dataset AS d WHERE d.name LIKE ? ESCAPE '!' OR d.dataset LIKE ? ESCAPE '!'))", like, like, like)
	}
	if f.Before != "" {
		q = q.Where("b.id < ?", string(f.Before))
	}
	if err := q.Order("b.id DESC").Limit(pageSize(f.Limit)).Scan(ctx); err != nil {
		return nil, fmt.Errorf("list batches: %w", err)
	}
	out := make([]Batch, len(rows))
	for i := range rows {
		out[i] = batchOf(&rows[i])
		out[i].Report = nil
		if len(out[i].Questions) > 0 && !s.seesRows(ctx, out[i].Dataset, out[i].Department) {
			out[i].redact()
		}
	}
	return out, s.addRuns(ctx, out)
}

// addRuns fills in the runs that landed the batches.
func (s *Service) addRuns(ctx context.Context, batches []Batch) error {
	var landings []string
	for i := range batches {
		landings = append(landings, batches[i].Landing)
	}
	slices.Sort(landings)
	landings = slices.Compact(landings)
	var rows []landingRow
	if len(landings) == 0 {
		return nil
	}
	if err := s.DB.Bun().NewSelect().Model(&rows).Column("id", "run").Where("l.id IN (?)", bun.List(landings)).Scan(ctx); err != nil {
		return fmt.Errorf("runs of batches: %w", err)
	}
	runs := map[string]string{}
	for i := range rows {
		runs[rows[i].ID] = rows[i].Run
	}
	for i := range batches {
		batches[i].Run = runs[batches[i].Landing]
	}
	return nil
}

// Batch returns one batch with its report.
func (s *Service) Batch(ctx context.Context, id resource.BatchID) (Batch, error) {
	r, err := s.batchRow(ctx, id)
	if err != nil {
		return Batch{}, err
	}
	if _, err := s.decide(ctx, guard.ReadEntry, resource.DatasetID(r.Dataset), resource.DepartmentID(r.Department)); err != nil {
		return Batch{}, err
	}
	b := batchOf(r)
	if !s.seesRows(ctx, resource.DatasetID(r.Dataset), b.Department) {
		b.redact()
	}
	one := []Batch{b}
	err = s.addRuns(ctx, one)
	return one[0], err
}

func (s *Service) batchRow(ctx context.Context, id resource.BatchID) (*batchRow, error) {
	var r batchRow
	err := s.DB.Bun().NewSelect().Model(&r).Where("b.id = ?", string(id)).Scan(ctx)
	if isNone(err) {
		return nil, fmt.Errorf("batch %s: %w", id, fault.NotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("batch %s: %w", id, err)
	}
	return &r, nil
}

func batchOf(r *batchRow) Batch {
	return Batch{
		Receipt: receiptOf(r), Landing: r.Landing, Department: resource.DepartmentID(r.Department), Format: r.Format, Encoding: r.Encoding,
		Content: r.Content, Origin: resource.BatchID(r.Origin), StartedAt: r.StartedAt.UTC(), Report: json.RawMessage(r.Report),
	}
}

// pageSize bounds what a caller asks for: 1 to 1,000, 50 when it says nothing.
func pageSize(limit int) int {
	if limit <= 0 {
		return 50
	}
	return min(limit, 1000)
}

func escapeLike(s string) string {
	var out []rune
	for _, r := range s {
		if r == '%' || r == '_' || r == '!' {
			out = append(out, '!')
		}
		out = append(out, r)
	}
	return string(out)
}
