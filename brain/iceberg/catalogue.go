package iceberg

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/apache/iceberg-go/table"
	"github.com/uptrace/bun"

	"shuniu/fault"
	"shuniu/resource"
)

// errMoved says that somebody else committed first: nothing of ours is in, and
// the commit may be built anew on the new state. It is the only error of a
// commit that is redone.
var errMoved = fmt.Errorf("the table has moved on: %w", table.ErrCommitFailed)

// A handle is a table at one state, and the catalogue iceberg-go commits it
// through. It serves one commit.
type handle struct {
	lake     *Lake
	name     resource.Table
	meta     table.Metadata
	location string // of meta; empty before the first commit
	files    *files
	data     []byte // of the metadata written last, until it is committed

	batch   resource.BatchID                    // noted in the commit's transaction
	also    func(context.Context, bun.Tx) error // what else belongs in it
	unknown string                              // location of a commit whose outcome is not known
}

var _ table.CatalogIO = (*handle)(nil)

func (l *Lake) handle(t resource.Table, meta table.Metadata, location string) *handle {
	return &handle{lake: l, name: t, meta: meta, location: location, files: newFiles(l)}
}

func (h *handle) table() *table.Table {
	return table.New(table.Identifier{string(h.name.Station), string(h.name.Dataset)}, h.meta, h.location, h.files.io, h)
}

// location returns where the current metadata of t stands.
func (l *Lake) location(ctx context.Context, t resource.Table) (string, error) {
	var loc string
	err := l.db.Bun().NewRaw(`SELECT metadata_location FROM iceberg_tables WHERE catalog_name = ? AND table_namespace = ? AND table_name = ?
		AND metadata_location IS NOT NULL AND (iceberg_type = 'TABLE' OR iceberg_type IS NULL)`,
		catalogName, string(t.Station), string(t.Dataset)).Scan(ctx, &loc)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("no table %s: %w", t, fault.NotFound)
	}
	return loc, err
}

// load reads the newest state of t.
func (l *Lake) load(ctx context.Context, t resource.Table) (*handle, error) {
	for try := 0; ; try++ {
		loc, err := l.location(ctx, t)
		if err != nil {
			return nil, err
		}
		l.mu.Lock()
		known := l.heads[t]
		l.mu.Unlock()
		if known.location == loc {
			return l.handle(t, known.meta, loc), nil
		}
		meta, err := l.parse(ctx, loc)
		if errors.Is(err, os.ErrNotExist) && try < 5 {
			if again, lerr := l.location(ctx, t); lerr == nil && again != loc {
				continue // another process went ten commits further meanwhile
			}
		}
		if errors.Is(err, os.ErrNotExist) {
			err = fmt.Errorf("%w: %w", err, fault.Damaged)
		}
		if err != nil {
			return nil, fmt.Errorf("read metadata of %s: %w", t, err)
		}
		l.setHead(t, loc, meta)
		return l.handle(t, meta, loc), nil
	}
}

func (l *Lake) parse(ctx context.Context, loc string) (table.Metadata, error) {
	rel, err := l.rel(loc)
	if err != nil {
		return nil, err
	}
	data, err := l.readMetadata(rel, func(rel string) (sum, error) { return l.sumOf(ctx, rel) })
	if err != nil {
		return nil, err
	}
	meta, err := table.ParseMetadataBytes(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", rel, err, fault.Damaged)
	}
	return meta, nil
}

func (l *Lake) setHead(t resource.Table, loc string, meta table.Metadata) {
	const most = 4096
	l.mu.Lock()
	defer l.mu.Unlock()
	remembered(l.heads, t, head{location: loc, meta: meta}, most)
}

// LoadTable is iceberg-go's wish for the newest state.
func (h *handle) LoadTable(ctx context.Context, _ table.Identifier) (*table.Table, error) {
	fresh, err := h.lake.load(ctx, h.name)
	if err != nil {
		return nil, err
	}
	return fresh.table(), nil
}

// CommitTable makes the updates durable and swaps the table's row, if it still
// names the state they were built on; errMoved otherwise. Called by iceberg-go.
//
// Its requirements are not asked: they speak of the state the updates were
// built on, which swap demands to be the newest. (Several changes of a schema
// in one transaction even require states in between, which never are.)
func (h *handle) CommitTable(ctx context.Context, _ table.Identifier, _ []table.Requirement, updates []table.Update) (table.Metadata, string, error) {
	next, err := table.UpdateTableMetadata(h.meta, updates, h.location)
	if err != nil {
		return nil, "", err
	}
	if next.Equals(h.meta) {
		return h.meta, h.location, nil
	}
	if s := next.CurrentSnapshot(); s != nil && s.Summary != nil && count(s.Summary.Properties["total-delete-files"]) > 0 {
		return nil, "", fmt.Errorf("the commit has delete files, which a later rewrite would undo: %w", fault.Invalid)
	}
	loc, err := h.writeMetadata(ctx, next, version(h.location)+1)
	if err != nil {
		return nil, "", err
	}
	if err := h.swap(ctx, next, loc); err != nil {
		h.doubt(loc, err)
		return nil, "", err
	}
	h.committed(next, loc)
	return next, loc, nil
}

// doubt notes whether the transaction that ended in err may be in all the
// same. A conflict, a full disk and a busy store stop it before its commit
// mark is written; of any other error the outcome is unknown: SQLite may find
// the transaction in its log at the next start.
func (h *handle) doubt(loc string, err error) {
	for _, sure := range []error{errMoved, fault.Conflict, fault.Full, fault.Busy} {
		if errors.Is(err, sure) {
			return
		}
	}
	h.unknown = loc
}

// writeMetadata writes meta as the table's version n and makes it, and all the
// commit wrote before it, durable.
func (h *handle) writeMetadata(ctx context.Context, meta table.Metadata, n int) (string, error) {
	p, err := table.LoadLocationProvider(meta.Location(), meta.Properties())
	if err != nil {
		return "", err
	}
	loc, err := p.NewTableMetadataFileLocation(n)
	if err != nil {
		return "", err
	}
	m, ok := meta.(json.Marshaler)
	if !ok {
		return "", fmt.Errorf("metadata of type %T cannot be written", meta)
	}
	data, err := m.MarshalJSON() // json.Marshal would copy the result once more
	if err != nil {
		return "", err
	}
	fs, err := h.files.io(ctx)
	if err != nil {
		return "", err
	}
	if err := fs.(boundFiles).WriteFile(loc, data); err != nil {
		return "", err
	}
	h.data = data
	return loc, h.files.settle()
}

// swap is the commit proper, one transaction.
func (h *handle) swap(ctx context.Context, next table.Metadata, loc string) error {
	id := next.TableUUID().String()
	var gone []string
	kept := slices.Collect(next.PreviousFiles())
	for f := range h.meta.PreviousFiles() {
		if !slices.Contains(kept, f) {
			if rel, err := h.lake.rel(f.MetadataFile); err == nil {
				gone = append(gone, rel)
			}
		}
	}
	return h.lake.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE iceberg_tables SET metadata_location = ?, previous_metadata_location = ?, iceberg_type = 'TABLE'
			WHERE catalog_name = ? AND table_namespace = ? AND table_name = ? AND metadata_location = ?`,
			loc, h.location, catalogName, string(h.name.Station), string(h.name.Dataset), h.location)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return err
		}
		if n != 1 {
			return errMoved
		}
		if err := h.record(ctx, tx, id); err != nil {
			return err
		}
		if len(gone) > 0 {
			if _, err := tx.ExecContext(ctx, "DELETE FROM lake_file WHERE path IN (?)", bun.List(gone)); err != nil {
				return err
			}
		}
		if h.batch != "" {
			note, err := json.Marshal(snapshotOf(*next.CurrentSnapshot()))
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, "INSERT INTO lake_batch (table_uuid, batch, snapshot) VALUES (?, ?, ?)", id, string(h.batch), string(note)); err != nil {
				return err
			}
		}
		if h.also != nil {
			return h.also(ctx, tx)
		}
		return nil
	})
}

// record notes the digests of the files this commit wrote.
func (h *handle) record(ctx context.Context, tx bun.Tx, uuid string) error {
	h.files.mu.Lock()
	defer h.files.mu.Unlock()
	rels := make([]string, 0, len(h.files.written))
	for rel := range h.files.written {
		rels = append(rels, rel)
	}
	slices.Sort(rels)
	for chunk := range slices.Chunk(rels, 100) {
		args := make([]any, 0, 4*len(chunk))
		for _, rel := range chunk {
			s := h.files.written[rel]
			args = append(args, rel, uuid, s.sha256, s.size)
		}
		q := "INSERT INTO lake_file (path, table_uuid, sha256, size_bytes) VALUES " + strings.TrimSuffix(strings.Repeat("(?, ?, ?, ?), ", len(chunk)), ", ")
		if _, err := tx.ExecContext(ctx, q, args...); err != nil {
			return err
		}
	}
	return nil
}

// committed moves the handle on to its new state and leaves the witness.
func (h *handle) committed(next table.Metadata, loc string) {
	// What a builder made holds on to all the states before it: who remembered
	// that would remember every commit of the table.
	if own, err := table.ParseMetadataBytes(h.data); err == nil {
		next = own
	}
	h.meta, h.location, h.data = next, loc, nil
	h.lake.remember(h.files.written)
	h.lake.setHead(h.name, loc, next)
	h.witness()
}

// A witness is the file metadata/committed: the newest state that the
// metadata store acknowledged. It is written after the fact and not fsynced;
// when it is ahead of the store, the store lost commits (a flipped bit in
// SQLite's log drops them without an error).
type witness struct {
	Version  int    `json:"version"`
	Location string `json:"location"`
}

func (h *handle) witness() {
	rel, err := h.lake.rel(h.meta.Location())
	if err != nil {
		return
	}
	data, err := json.Marshal(witness{version(h.location), h.location})
	if err == nil {
		dir := h.lake.abs(rel + "/metadata")
		tmp := fmt.Sprintf("%s/committed.%d.tmp", dir, os.Getpid())
		if err = os.WriteFile(tmp, data, 0o600); err == nil {
			err = os.Rename(tmp, dir+"/committed")
		}
	}
	if err != nil {
		h.lake.log.Warn("witness not written", "table", h.name.String(), "error", err)
	}
}

// createTable is the first commit of a table, into the new folder rel.
func (h *handle) createTable(ctx context.Context, rel string) error {
	if err := h.files.newTable(rel); err != nil {
		return err
	}
	loc, err := h.writeMetadata(ctx, h.meta, 0)
	if err != nil {
		return err
	}
	err = h.lake.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		res, err := tx.ExecContext(ctx, `INSERT INTO iceberg_tables (catalog_name, table_namespace, table_name, iceberg_type, metadata_location)
			VALUES (?, ?, ?, 'TABLE', ?) ON CONFLICT DO NOTHING`, catalogName, string(h.name.Station), string(h.name.Dataset), loc)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return errors.Join(err, fmt.Errorf("it exists: %w", fault.Conflict))
		}
		return h.record(ctx, tx, h.meta.TableUUID().String())
	})
	if err != nil {
		h.doubt(loc, err)
		return err
	}
	h.committed(h.meta, loc)
	return nil
}

// version is the number in the name of a metadata file, -1 without one.
func version(location string) int {
	digits, _, _ := strings.Cut(path.Base(location), "-")
	n, err := strconv.Atoi(digits)
	if err != nil {
		return -1
	}
	return n
}

// commit builds and commits one change of t, anew when somebody else came
// first. With a batch that is in the table already it commits nothing and
// returns that snapshot. The caller holds the table's lock.
func (l *Lake) commit(ctx context.Context, t resource.Table, batch resource.BatchID, build func(context.Context, *handle, *table.Transaction) error) (*handle, *resource.Snapshot, error) {
	const attempts = 200
	for try := range attempts {
		h, err := l.load(ctx, t)
		if err != nil {
			return nil, nil, err
		}
		if s, err := l.findBatch(ctx, h, batch); err != nil || s != nil {
			return h, s, err
		}
		h.batch = batch
		tx, err := h.table().NewTransactionOnBranchWithError(table.MainBranch)
		if err != nil {
			return nil, nil, err
		}
		if err = build(ctx, h, tx); err == nil {
			_, err = tx.Commit(ctx)
		}
		switch {
		case err == nil:
			return h, nil, nil
		case h.unknown != "":
			return l.lookAgain(ctx, h, err)
		}
		h.files.discard()
		if !errors.Is(err, errMoved) {
			return nil, nil, err
		}
		pause := rand.N(time.Duration(min(try+1, 20)) * 5 * time.Millisecond) //nolint:gosec // only spreads the next tries
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
	return nil, nil, fmt.Errorf("%d commits of others came first: %w", attempts, fault.Busy)
}

// lookAgain finds out whether a commit that ended in cause is in after all. It
// never removes files: a transaction whose end was an error may still come
// back when SQLite recovers its log.
func (l *Lake) lookAgain(ctx context.Context, h *handle, cause error) (*handle, *resource.Snapshot, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer cancel()
	now, err := l.load(ctx, h.name)
	if err != nil {
		return nil, nil, fmt.Errorf("outcome unknown, repeat the call: %w", errors.Join(cause, err))
	}
	if s, err := l.findBatch(ctx, now, h.batch); err == nil && s != nil {
		return now, s, nil
	}
	if now.location == h.unknown {
		return now, nil, nil
	}
	for f := range now.meta.PreviousFiles() {
		if f.MetadataFile == h.unknown {
			return now, nil, nil
		}
	}
	return nil, nil, cause
}

// Batches implements brain.Table.
func (t *Table) Batches(ctx context.Context) (map[resource.BatchID]bool, error) {
	h, err := t.lake.load(ctx, t.name)
	if err != nil {
		return nil, err
	}
	in := map[resource.BatchID]bool{}
	for s := range ancestors(h.meta) {
		if s.Summary != nil && s.Summary.Properties[batchKey] != "" {
			in[resource.BatchID(s.Summary.Properties[batchKey])] = true
		}
	}
	var older []string // of snapshots that have expired
	if err := t.lake.db.Bun().NewRaw("SELECT batch FROM lake_batch WHERE table_uuid = ?", h.meta.TableUUID().String()).Scan(ctx, &older); err != nil {
		return nil, fmt.Errorf("batches of %s: %w", t.name, err)
	}
	for _, b := range older {
		in[resource.BatchID(b)] = true
	}
	return in, nil
}

// findBatch returns the snapshot that brought batch into the table, nil when
// it is not in it or was rolled back.
func (l *Lake) findBatch(ctx context.Context, h *handle, batch resource.BatchID) (*resource.Snapshot, error) {
	if batch == "" {
		return nil, nil
	}
	for s := range ancestors(h.meta) {
		if s.Summary != nil && s.Summary.Properties[batchKey] == string(batch) {
			found := snapshotOf(*s)
			return &found, nil
		}
	}
	var note string
	err := l.db.Bun().NewRaw("SELECT snapshot FROM lake_batch WHERE table_uuid = ? AND batch = ?", h.meta.TableUUID().String(), string(batch)).Scan(ctx, &note)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for batch %s: %w", batch, err)
	}
	var s resource.Snapshot
	if err := json.Unmarshal([]byte(note), &s); err != nil {
		return nil, fmt.Errorf("batch %s: %w: %w", batch, err, fault.Damaged)
	}
	return &s, nil
}
