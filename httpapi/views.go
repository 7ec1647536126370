package httpapi

import (
	"context"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/uptrace/bun"

	"shuniu/fault"
	"shuniu/guard"
	"shuniu/metadb"
)

type viewRow struct {
	bun.BaseModel `bun:"table:saved_view,alias:v"`

	ID        string    `bun:"id,pk"`
	Account   string    `bun:"account,notnull"`
	Page      string    `bun:"page,notnull"`
	Name      string    `bun:"name,notnull"`
	Query     string    `bun:"query,notnull"`
	UpdatedAt time.Time `bun:"updated_at,notnull"`
}

func (r viewRow) view() View {
	return View{ID: r.ID, Page: r.Page, Name: r.Name, Query: r.Query, UpdatedAt: r.UpdatedAt.UTC()}
}

// maxViews bounds the views of one account.
const maxViews = 200

// views keeps each account's own views.
type views struct{ db *metadb.DB }

// NewViews returns the service of saved views kept in db.
func NewViews(db *metadb.DB) Views { return views{db} }

func (s views) List(ctx context.Context, page string) ([]View, error) {
	p, _ := guard.From(ctx)
	var rows []viewRow
	q := s.db.Bun().NewSelect().Model(&rows).Where("v.account = ?", p.Account).Order("v.page", "v.name").Limit(maxViews)
	if page != "" {
		q = q.Where("v.page = ?", page)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("list views: %w", err)
	}
	out := make([]View, len(rows))
	for i, r := range rows {
		out[i] = r.view()
	}
	return out, nil
}

func (s views) Put(ctx context.Context, v NewView) (View, error) {
	p, _ := guard.From(ctx)
	row := viewRow{
		ID: ulid.Make().String(), Account: p.Account, Page: v.Page, Name: v.Name, Query: v.Query,
		UpdatedAt: time.Now().UTC().Truncate(time.Microsecond),
	}
	err := s.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		n, err := tx.NewSelect().Model((*viewRow)(nil)).Where("v.account = ?", p.Account).Count(ctx)
		if err != nil {
			return err
		}
		if n >= maxViews {
			return fmt.Errorf("%d views already: %w", n, fault.Full)
		}
		_, err = tx.NewInsert().Model(&row).On("CONFLICT (account, page, name) DO UPDATE").
			Set("query = EXCLUDED.query").Set("updated_at = EXCLUDED.updated_at").Returning("id").Exec(ctx)
		return err
	})
	if err != nil {
		return View{}, fmt.Errorf("save view: %w", err)
	}
	return row.view(), nil
}

func (s views) Delete(ctx context.Context, id string) error {
	p, _ := guard.From(ctx)
	err := s.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		res, err := tx.NewDelete().Model((*viewRow)(nil)).Where("v.id = ? AND v.account = ?", id, p.Account).Exec(ctx)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if err == nil && n == 0 {
			err = fault.NotFound
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("delete view %s: %w", id, err)
	}
	return nil
}
