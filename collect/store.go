package collect

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"shuniu/fault"
	"shuniu/resource"
)

// States of a batch.
const (
	statePending   = "pending" // to be committed, or found at the next start
	stateLanded    = "landed"
	stateFailed    = "failed"      // nothing of it is in the table
	stateWithdrawn = "rolled_back" // it was; the table was rolled back since
	stateUnchanged = "unchanged"   // landed before; Reason and origin name the batch
	stateObject    = "kept_as_object"
	stateWaiting   = "waiting" // for a person's answer
	stateAnswered  = "answered"
	stateRefused   = "refused"
)

// batchRow is collect_batch.
type batchRow struct {
	bun.BaseModel `bun:"table:collect_batch,alias:b"`

	ID          string    `bun:"id,pk"`
	Landing     string    `bun:"landing"`
	CommitID    string    `bun:"commit_id"`
	File        string    `bun:"file"`
	Member      string    `bun:"member"`
	N           int       `bun:"n"`
	TableName   string    `bun:"table_name"`
	SHA256      string    `bun:"sha256"`
	Content     string    `bun:"content_sha256"`
	PlaceKey    string    `bun:"place_key"`
	Format      string    `bun:"format"`
	Encoding    string    `bun:"encoding"`
	Department  string    `bun:"department"`
	Dataset     string    `bun:"dataset"`
	Dedupe      string    `bun:"dedupe"`
	State       string    `bun:"state"`
	RowsIn      int64     `bun:"rows_in"`
	Landed      int64     `bun:"rows_landed"`
	Quarantined int64     `bun:"rows_quarantined"`
	SizeBytes   int64     `bun:"size_bytes"`
	Snapshot    int64     `bun:"snapshot"`
	Reason      string    `bun:"reason"`
	Questions   string    `bun:"questions"`
	Drift       string    `bun:"drift"`
	Report      string    `bun:"report"` // batchReport
	Origin      string    `bun:"origin_batch"`
	Account     string    `bun:"account"`
	StartedAt   time.Time `bun:"started_at"`
	LandedAt    time.Time `bun:"landed_at"`
}

// datasetRow is collect_dataset.
type datasetRow struct {
	bun.BaseModel `bun:"table:collect_dataset,alias:d"`

	Dataset    string    `bun:"dataset,pk"`
	Department string    `bun:"department"`
	Name       string    `bun:"name"`
	NameKey    string    `bun:"name_key"`
	ColumnsKey string    `bun:"columns_key"`
	Forms      string    `bun:"column_forms"`
	Policy     string    `bun:"policy"`
	Recipe     string    `bun:"recipe"`
	LastRows   int64     `bun:"last_rows"`
	CreatedAt  time.Time `bun:"created_at"`
}

type landingRow struct {
	bun.BaseModel `bun:"table:collect_landing,alias:l"`

	ID         string    `bun:"id,pk"`
	SHA256     string    `bun:"sha256"`
	CallKey    string    `bun:"call_key"`
	File       string    `bun:"file"`
	Department string    `bun:"department"`
	State      string    `bun:"state"` // running, done, failed
	Error      string    `bun:"error"`
	Account    string    `bun:"account"`
	Run        string    `bun:"run"`
	Options    string    `bun:"options"`
	StartedAt  time.Time `bun:"started_at"`
	EndedAt    time.Time `bun:"ended_at"`
}

type originalRow struct {
	bun.BaseModel `bun:"table:collect_original"`

	SHA256     string    `bun:"sha256,pk"`
	SizeBytes  int64     `bun:"size_bytes"`
	Name       string    `bun:"name"`
	Account    string    `bun:"account"`
	ReceivedAt time.Time `bun:"received_at"`
}

type objectRow struct {
	bun.BaseModel `bun:"table:collect_object,alias:o"`

	ID         string    `bun:"id,pk"`
	SHA256     string    `bun:"sha256"`
	Name       string    `bun:"name"`
	MediaType  string    `bun:"media_type"`
	SizeBytes  int64     `bun:"size_bytes"`
	Text       string    `bun:"text"`
	Meta       string    `bun:"meta"`
	Department string    `bun:"department"`
	Account    string    `bun:"account"`
	ReceivedAt time.Time `bun:"received_at"`
}

// A dataset as collect knows it: how its columns are stored and who sends it.
type dataset struct {
	ID         resource.DatasetID
	Department resource.DepartmentID
	Name       string
	NameKey    string
	Forms      []form
	Policy     Policy
	Recipe     json.RawMessage
	LastRows   int64
	CreatedAt  time.Time
}

func (d *dataset) names() []string {
	out := make([]string, len(d.Forms))
	for i, f := range d.Forms {
		out[i] = f.Name
	}
	return out
}

func (r *datasetRow) dataset() (*dataset, error) {
	d := &dataset{
		ID: resource.DatasetID(r.Dataset), Department: resource.DepartmentID(r.Department), Name: r.Name, NameKey: r.NameKey,
		Recipe: json.RawMessage(r.Recipe), LastRows: r.LastRows, CreatedAt: r.CreatedAt,
	}
	if err := json.Unmarshal([]byte(r.Forms), &d.Forms); err != nil {
		return nil, fmt.Errorf("columns of dataset %s: %w: %w", r.Dataset, err, fault.Damaged)
	}
	if err := json.Unmarshal([]byte(r.Policy), &d.Policy); err != nil {
		return nil, fmt.Errorf("policy of dataset %s: %w: %w", r.Dataset, err, fault.Damaged)
	}
	return d, nil
}

func (d *dataset) row() (*datasetRow, error) {
	forms, err := json.Marshal(d.Forms)
	if err != nil {
		return nil, err
	}
	policy, err := json.Marshal(d.Policy)
	if err != nil {
		return nil, err
	}
	recipe := string(d.Recipe)
	if recipe == "" {
		recipe = "{}"
	}
	return &datasetRow{
		Dataset: string(d.ID), Department: string(d.Department), Name: storable(d.Name), NameKey: storable(d.NameKey), ColumnsKey: columnsKey(d.names()),
		Forms: storable(string(forms)), Policy: string(policy), Recipe: storable(recipe), LastRows: d.LastRows, CreatedAt: d.CreatedAt,
	}, nil
}

// loadDataset reads a dataset; fault.NotFound when collect does not know it.
func loadDataset(ctx context.Context, db bun.IDB, id resource.DatasetID) (*dataset, error) {
	var r datasetRow
	err := db.NewSelect().Model(&r).Where("d.dataset = ?", string(id)).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("dataset %s: %w", id, fault.NotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("dataset %s: %w", id, err)
	}
	return r.dataset()
}

// saveDataset makes or changes a dataset.
func saveDataset(ctx context.Context, tx bun.Tx, d *dataset) error {
	r, err := d.row()
	if err != nil {
		return err
	}
	_, err = tx.NewInsert().Model(r).On("CONFLICT (dataset) DO UPDATE").
		Set("name = EXCLUDED.name, name_key = EXCLUDED.name_key, columns_key = EXCLUDED.columns_key, column_forms = EXCLUDED.column_forms").
		Set("policy = EXCLUDED.policy, recipe = EXCLUDED.recipe, last_rows = EXCLUDED.last_rows").Exec(ctx)
	if err != nil {
		return fmt.Errorf("dataset %s: %w", d.ID, err)
	}
	return nil
}

// storable makes a text storable in both stores: valid UTF-8 without NUL.
func storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// insertParts inserts rows in statements of bounded size.
func insertParts[T any](ctx context.Context, tx bun.Tx, rows []T, per int) error {
	for len(rows) > 0 {
		n := min(len(rows), per)
		part := rows[:n]
		rows = rows[n:]
		if _, err := tx.NewInsert().Model(&part).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}
