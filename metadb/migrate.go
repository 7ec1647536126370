package metadb

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// Migrations are numbered by owner: 00001 ground, 00100 guard, 00200 collect,
// 00300 catalogue, 00400 lake, 00500 matter. One that the two stores write differently
// stands twice, as NNNNN_name.sqlite.sql and NNNNN_name.postgres.sql.
//
//go:embed migrations/*.sql
var migrations embed.FS

func (d *DB) migrate(ctx context.Context) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	dialect, mine := goose.DialectSQLite3, dialectFS{dir, ".postgres.sql"}
	opts := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true), goose.WithAllowOutofOrder(true)}
	if d.postgres {
		dialect, mine = goose.DialectPostgres, dialectFS{dir, ".sqlite.sql"}
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return err
		}
		opts = append(opts, goose.WithSessionLocker(locker))
	}
	p, err := goose.NewProvider(dialect, d.writer.DB, mine, opts...)
	if err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("%w", Classify(err))
	}
	return nil
}

// dialectFS hides the files of the other store.
type dialectFS struct {
	fs.FS
	hide string
}

// ReadDir lists the files of this store.
func (d dialectFS) ReadDir(name string) ([]fs.DirEntry, error) {
	all, err := fs.ReadDir(d.FS, name)
	if err != nil {
		return nil, err
	}
	mine := all[:0:0]
	for _, e := range all {
		if !strings.HasSuffix(e.Name(), d.hide) {
			mine = append(mine, e)
		}
	}
	return mine, nil
}
