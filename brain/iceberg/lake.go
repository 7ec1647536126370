package iceberg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	iceio "github.com/apache/iceberg-go/io"
	"github.com/apache/iceberg-go/table"
	"github.com/google/uuid"
	"github.com/oklog/ulid/v2"
	"github.com/uptrace/bun"

	"shuniu/brain"
	"shuniu/durable"
	"shuniu/fault"
	"shuniu/metadb"
	"shuniu/resource"
)

// catalogName is the name under which other engines find the catalogue.
const catalogName = "shuniu"

// Stations are the namespaces of the lake.
var stations = []resource.Station{resource.Landing, resource.Standard, resource.Library, resource.Topic}

// Config says where the lake is.
type Config struct {
	Dir string       // absolute folder of the lake; made when missing
	DB  *metadb.DB   // holds the catalogue
	Log *slog.Logger // quiet when all is well

	// OrphanAge is how old a file that no table ever named must be before it
	// is swept; 0 means an hour. It must exceed the longest commit of another
	// process on the same lake.
	OrphanAge time.Duration
}

// A Lake keeps tables in one folder. Its methods are safe for concurrent use,
// by several processes too.
type Lake struct {
	dir  string // actual folder
	root string // URI that stands for dir in the metadata, without final slash
	db   *metadb.DB
	log  *slog.Logger
	age  time.Duration

	mu     sync.Mutex
	locks  map[string]*turn          // one committer per table; those somebody holds or waits for
	heads  map[resource.Table]head   // last seen metadata
	dirs   map[string]bool           // folders known to be durable
	sums   map[string]sum            // digests of metadata files, by path relative to dir
	proven map[string]stamp          // data files whose digest was right, by the same
	plans  map[planKey][]plannedFile // of immutable snapshots
	held   map[*staging]struct{}     // not closed yet: their locks must outlive the garbage collector
}

// A head is a table's metadata as of one location.
type head struct {
	location string
	meta     table.Metadata
}

var (
	_                brain.Lake = (*Lake)(nil)
	plainPath                   = regexp.MustCompile(`^/[A-Za-z0-9._/-]*$`)
	registerOnce     sync.Once
	errNotRegistered = errors.New("only file:/// below a lake can be opened")
)

// Open opens the lake at c.Dir, making what is missing, and sweeps what dead
// processes left in staging.
func Open(ctx context.Context, c Config) (*Lake, error) {
	if !filepath.IsAbs(c.Dir) {
		return nil, fmt.Errorf("lake folder %q is not absolute: %w", c.Dir, fault.Invalid)
	}
	registerOnce.Do(registerDurableIO)
	l := &Lake{
		dir: filepath.Clean(c.Dir), db: c.DB, log: c.Log, age: c.OrphanAge,
		locks: map[string]*turn{}, heads: map[resource.Table]head{},
		dirs: map[string]bool{}, sums: map[string]sum{}, proven: map[string]stamp{},
		plans: map[planKey][]plannedFile{}, held: map[*staging]struct{}{},
	}
	if l.age == 0 {
		l.age = time.Hour
	}
	if err := durable.MkdirAll(l.dir, 0o750); err != nil {
		return nil, fmt.Errorf("make lake folder: %w", err)
	}
	// A process that died between mkdir and fsync may have made any of these.
	for _, d := range []string{l.dir, filepath.Dir(l.dir)} {
		if err := durable.SyncDir(d); err != nil {
			return nil, fmt.Errorf("sync lake folder: %w", err)
		}
	}
	if err := l.ensureRoot(ctx); err != nil {
		return nil, fmt.Errorf("open lake %s: %w", l.dir, err)
	}
	if err := l.sweepStaging(); err != nil {
		return nil, fmt.Errorf("sweep staging of %s: %w", l.dir, err)
	}
	if err := l.sweepStray(ctx); err != nil {
		return nil, fmt.Errorf("sweep folders of %s: %w", l.dir, err)
	}
	return l, nil
}

// ensureRoot reads, or sets on the first Open, the address of the lake and its
// namespaces. Tables name their files by that address for good; the folder
// may be moved or restored elsewhere. An address is the folder's own when that
// is plain ASCII, since other engines read it literally (facts/scale-out.md,
// trap 8).
func (l *Lake) ensureRoot(ctx context.Context) error {
	err := l.db.Bun().NewRaw("SELECT location FROM lake_root WHERE id = 1").Scan(ctx, &l.root)
	if err == nil || !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	root := "file:///shuniu-lake"
	if plainPath.MatchString(l.dir) {
		root = "file://" + l.dir
	}
	return l.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.ExecContext(ctx, "INSERT INTO lake_root (id, location) VALUES (1, ?) ON CONFLICT DO NOTHING", root); err != nil {
			return err
		}
		for _, s := range stations {
			if _, err := tx.ExecContext(ctx, `INSERT INTO iceberg_namespace_properties (catalog_name, namespace, property_key, property_value)
				VALUES (?, ?, 'exists', 'true') ON CONFLICT DO NOTHING`, catalogName, string(s)); err != nil {
				return err
			}
		}
		return tx.NewRaw("SELECT location FROM lake_root WHERE id = 1").Scan(ctx, &l.root)
	})
}

// rel returns the path below the lake of a URI in its metadata. A URI that
// leads elsewhere is fault.Damaged: nothing outside the lake is ever opened.
func (l *Lake) rel(uri string) (string, error) {
	rest, ok := strings.CutPrefix(uri, l.root+"/")
	if !ok || !filepath.IsLocal(rest) {
		return "", fmt.Errorf("%q is not below %s: %w", uri, l.root, fault.Damaged)
	}
	return rest, nil
}

// abs is the actual path of a path below the lake.
func (l *Lake) abs(rel string) string { return filepath.Join(l.dir, filepath.FromSlash(rel)) }

// uri is the address in metadata of an actual path below the lake.
func (l *Lake) uri(path string) (string, error) {
	rel, err := filepath.Rel(l.dir, path)
	if err != nil || !filepath.IsLocal(rel) {
		return "", fmt.Errorf("%q is not in the lake %s: %w", path, l.dir, fault.Invalid)
	}
	return l.root + "/" + filepath.ToSlash(rel), nil
}

// Create makes an empty table with fields, whose ids become 1, 2, … in order.
// fault.Invalid for a name or a type that not every engine reads.
func (l *Lake) Create(ctx context.Context, t resource.Table, fields []resource.Field) (brain.Table, error) {
	h, err := l.create(ctx, t, fields)
	if err != nil {
		return nil, fmt.Errorf("create table %s: %w", t, err)
	}
	return &Table{lake: l, name: h.name}, nil
}

func (l *Lake) create(ctx context.Context, t resource.Table, fields []resource.Field) (*handle, error) {
	if err := checkTable(t); err != nil {
		return nil, err
	}
	schema, props, err := schemaOf(fields)
	if err != nil {
		return nil, err
	}
	unlock, err := l.lock(ctx, t)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if _, err := l.location(ctx, t); !errors.Is(err, fault.NotFound) {
		if err == nil {
			err = fmt.Errorf("it exists: %w", fault.Conflict)
		}
		return nil, err
	}
	rel := fmt.Sprintf("%s/%s-%s", t.Station, t.Dataset, strings.ToLower(ulid.Make().String()))
	meta, err := table.NewMetadata(schema, nil, table.UnsortedSortOrder, l.root+"/"+rel, props)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, fault.Invalid)
	}
	h := l.handle(t, meta, "")
	if err := h.createTable(ctx, rel); err != nil {
		l.forget(t, meta.TableUUID(), rel)
		if h.unknown == "" {
			err = errors.Join(err, os.RemoveAll(l.abs(rel)))
		}
		return nil, err
	}
	return h, nil
}

// Open returns the table t.
func (l *Lake) Open(ctx context.Context, t resource.Table) (brain.Table, error) {
	if _, err := l.location(ctx, t); err != nil {
		return nil, fmt.Errorf("open table %s: %w", t, err)
	}
	return &Table{lake: l, name: t}, nil
}

// Tables lists all tables, ordered by name.
func (l *Lake) Tables(ctx context.Context) ([]resource.Table, error) {
	var rows []struct{ TableNamespace, TableName string }
	err := l.db.Bun().NewRaw(`SELECT table_namespace, table_name FROM iceberg_tables WHERE catalog_name = ?
		AND (iceberg_type = 'TABLE' OR iceberg_type IS NULL)`, catalogName).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	out := make([]resource.Table, len(rows))
	for i, r := range rows {
		out[i] = resource.Table{Station: resource.Station(r.TableNamespace), Dataset: resource.DatasetID(r.TableName)}
	}
	slices.SortFunc(out, func(a, b resource.Table) int { return strings.Compare(a.String(), b.String()) })
	return out, nil
}

// Drop removes the table t and then its files.
func (l *Lake) Drop(ctx context.Context, t resource.Table) error {
	unlock, err := l.lock(ctx, t)
	if err != nil {
		return err
	}
	defer unlock()
	h, err := l.load(ctx, t)
	if err != nil {
		return fmt.Errorf("drop table %s: %w", t, err)
	}
	rel, err := l.rel(h.meta.Location())
	if err != nil {
		return fmt.Errorf("drop table %s: %w", t, err)
	}
	id := h.meta.TableUUID().String()
	err = l.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		for _, q := range []string{"DELETE FROM lake_file WHERE table_uuid = ?", "DELETE FROM lake_batch WHERE table_uuid = ?"} {
			if _, err := tx.ExecContext(ctx, q, id); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM iceberg_tables WHERE catalog_name = ? AND table_namespace = ? AND table_name = ?`,
			catalogName, string(t.Station), string(t.Dataset))
		return err
	})
	if err != nil {
		return fmt.Errorf("drop table %s: %w", t, err)
	}
	l.forget(t, h.meta.TableUUID(), rel)
	if err := os.RemoveAll(l.abs(rel)); err != nil {
		return fmt.Errorf("drop table %s: remove its files: %w", t, err)
	}
	return nil
}

// forget drops what is remembered of a table and its folder.
func (l *Lake) forget(t resource.Table, id uuid.UUID, rel string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.heads, t)
	for k := range l.dirs {
		if k == rel || strings.HasPrefix(k, rel+"/") {
			delete(l.dirs, k)
		}
	}
	maps.DeleteFunc(l.sums, func(k string, _ sum) bool { return strings.HasPrefix(k, rel+"/") })
	maps.DeleteFunc(l.proven, func(k string, _ stamp) bool { return strings.HasPrefix(k, rel+"/") })
	maps.DeleteFunc(l.plans, func(k planKey, _ []plannedFile) bool { return k.table == id })
}

// remembered sets m[k] and lets another key go when there are most already.
func remembered[K comparable, V any](m map[K]V, k K, v V, most int) {
	if _, known := m[k]; !known && len(m) >= most {
		for other := range m {
			delete(m, other)
			break
		}
	}
	m[k] = v
}

// A turn is the lock of one table and how many hold or want it.
type turn struct {
	busy  chan struct{}
	users int
}

// lock waits until no other commit of this process is at work on t.
func (l *Lake) lock(ctx context.Context, t resource.Table) (unlock func(), err error) {
	name := t.String()
	l.mu.Lock()
	c := l.locks[name]
	if c == nil {
		c = &turn{busy: make(chan struct{}, 1)}
		l.locks[name] = c
	}
	c.users++
	l.mu.Unlock()
	leave := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if c.users--; c.users == 0 {
			delete(l.locks, name)
		}
	}
	select {
	case c.busy <- struct{}{}:
		return func() { <-c.busy; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, fmt.Errorf("wait for another commit to %s: %w", t, ctx.Err())
	}
}

func checkTable(t resource.Table) error {
	if !slices.Contains(stations, t.Station) {
		return fmt.Errorf("station %q: %w", string(t.Station), fault.Invalid)
	}
	return t.Dataset.Check()
}

// registerDurableIO replaces iceberg-go's own file access, which never calls
// fsync, for whoever resolves an address by its scheme. Tables of a Lake bring
// their own; bare paths are refused, since other engines cannot read them.
func registerDurableIO() {
	iceio.Unregister("file")
	iceio.Register("file", func(_ context.Context, u *url.URL, _ map[string]string) (iceio.IO, error) {
		if u.Host != "" {
			return nil, fmt.Errorf("%s: %w", u, errNotRegistered)
		}
		return plainFiles{}, nil
	})
	iceio.Unregister("")
}
