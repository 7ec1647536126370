package catalogue

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"shuniu/guard"
	"shuniu/resource"
)

type departmentRow struct {
	bun.BaseModel `bun:"table:catalogue_department,alias:d"`

	ID        string    `bun:"id,pk"`
	Name      string    `bun:"name"`
	CreatedAt time.Time `bun:"created_at"`
}

// PutDepartment makes or renames a department inside tx. With rename false an
// existing name stays.
func (s *Store) PutDepartment(ctx context.Context, tx bun.Tx, id resource.DepartmentID, name string, rename bool) error {
	row := departmentRow{ID: string(id), Name: printable(name), CreatedAt: s.now()}
	q := tx.NewInsert().Model(&row)
	if rename {
		q = q.On("CONFLICT (id) DO UPDATE").Set("name = EXCLUDED.name")
	} else {
		q = q.On("CONFLICT (id) DO NOTHING")
	}
	if _, err := q.Exec(ctx); err != nil {
		return fmt.Errorf("department %s: %w", id, err)
	}
	return nil
}

// Departments lists all departments with the number of their entries.
func (s *Store) Departments(ctx context.Context) ([]Department, error) {
	if _, err := s.gate.Decide(ctx, guard.ReadEntry, guard.Object{}); err != nil {
		return nil, err
	}
	var rows []departmentRow
	if err := s.db.Bun().NewSelect().Model(&rows).Order("d.id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("departments: %w", err)
	}
	counts := map[string]int64{}
	facets, err := s.allFacets(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range facets.Departments {
		counts[c.Value] = c.Count
	}
	out := make([]Department, len(rows))
	for i, r := range rows {
		out[i] = Department{ID: resource.DepartmentID(r.ID), Name: r.Name, CreatedAt: r.CreatedAt.UTC(), Entries: counts[r.ID]}
	}
	return out, nil
}

// DepartmentName returns how a department is called; its id when the
// catalogue has no name for it.
func (s *Store) DepartmentName(ctx context.Context, db bun.IDB, id resource.DepartmentID) string {
	var name string
	if err := db.NewRaw("SELECT d.name FROM catalogue_department AS d WHERE d.id = ?", string(id)).Scan(ctx, &name); err != nil || name == "" {
		return string(id)
	}
	return name
}
