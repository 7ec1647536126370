package guard

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"shuniu/fault"
	"shuniu/resource"
)

// A Department (部门) owns datasets and employs people.
type Department struct {
	bun.BaseModel `bun:"table:department"`

	ID        resource.DepartmentID `bun:"id,pk"`
	Name      string                `bun:"name,notnull"`
	Parent    resource.DepartmentID `bun:"parent,notnull"`
	CreatedAt time.Time             `bun:"created_at,notnull"`
}

// Departments lists all, by name.
func (s *Accounts) Departments(ctx context.Context) ([]Department, error) {
	var out []Department
	err := s.db.Bun().NewSelect().Model(&out).Order("name", "id").Limit(10_000).Scan(ctx)
	return out, wrap(err, "list departments")
}

// CreateDepartment adds one; fault.Conflict when the id is taken.
func (s *Accounts) CreateDepartment(ctx context.Context, d Department) (Department, error) {
	if err := resource.DatasetID(d.ID).Check(); err != nil {
		return d, fmt.Errorf("department: %w", err)
	}
	if strings.TrimSpace(d.Name) == "" || d.Parent == d.ID {
		return d, fmt.Errorf("department %s needs a name, and a parent that is not itself: %w", d.ID, fault.Invalid)
	}
	d.CreatedAt = s.at()
	err := s.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := departmentExists(ctx, tx, d.Parent); err != nil {
			return err
		}
		if _, err := tx.NewInsert().Model(&d).Exec(ctx); err != nil {
			return err
		}
		return s.note(ctx, tx, ManageUsers, "department:"+string(d.ID), "created")
	})
	return d, wrap(err, "create department "+string(d.ID))
}

// departmentExists refuses an id of no department; "" is no department.
func departmentExists(ctx context.Context, tx bun.Tx, id resource.DepartmentID) error {
	if id == "" {
		return nil
	}
	ok, err := tx.NewSelect().Model((*Department)(nil)).Where("id = ?", id).Exists(ctx)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("department %q is not known: %w", id, fault.Invalid)
	}
	return nil
}
