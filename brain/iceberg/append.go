package iceberg

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	ice "github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
	"github.com/oklog/ulid/v2"
	"golang.org/x/sync/errgroup"

	"shuniu/brain"
	"shuniu/durable"
	"shuniu/fault"
	"shuniu/resource"
)

// A Table is one table of a Lake.
type Table struct {
	lake *Lake
	name resource.Table
}

var _ brain.Table = (*Table)(nil)

// Name of the table.
func (t *Table) Name() resource.Table { return t.name }

// Fields of the current schema.
func (t *Table) Fields(ctx context.Context) ([]resource.Field, error) {
	h, err := t.lake.load(ctx, t.name)
	if err != nil {
		return nil, err
	}
	return fieldsOf(h.meta.CurrentSchema(), h.meta.Properties())
}

// Snapshots that are still there, newest first.
func (t *Table) Snapshots(ctx context.Context) ([]resource.Snapshot, error) {
	h, err := t.lake.load(ctx, t.name)
	if err != nil {
		return nil, err
	}
	all := h.meta.Snapshots()
	out := make([]resource.Snapshot, 0, len(all))
	for i := len(all) - 1; i >= 0; i-- {
		out = append(out, snapshotOf(all[i]))
	}
	return out, nil
}

// Snapshot returns one snapshot, 0: the current one. See brain.Table.
func (t *Table) Snapshot(ctx context.Context, id resource.SnapshotID) (resource.Snapshot, error) {
	h, err := t.lake.load(ctx, t.name)
	if err != nil {
		return resource.Snapshot{}, err
	}
	s := h.meta.CurrentSnapshot()
	if id != 0 {
		s = h.meta.SnapshotByID(int64(id))
	}
	switch {
	case s != nil:
		return snapshotOf(*s), nil
	case id != 0:
		return resource.Snapshot{}, fmt.Errorf("no snapshot %d of %s: %w", id, t.name, fault.NotFound)
	}
	return resource.Snapshot{}, nil
}

// Append commits c.Files as new rows. See brain.Table.
func (t *Table) Append(ctx context.Context, c brain.Commit) (resource.Snapshot, error) {
	s, err := t.bring(ctx, nil, c)
	if err != nil {
		return resource.Snapshot{}, fmt.Errorf("append batch %s to %s: %w", c.Batch, t.name, err)
	}
	return s, nil
}

// Replace commits c.Files instead of old. See brain.Table.
func (t *Table) Replace(ctx context.Context, old []string, c brain.Commit) (resource.Snapshot, error) {
	if len(old) == 0 {
		return resource.Snapshot{}, fmt.Errorf("replace no file of %s: %w", t.name, fault.Invalid)
	}
	uris := make([]string, len(old))
	for i, p := range old {
		u, err := t.lake.uri(p)
		if err != nil {
			return resource.Snapshot{}, fmt.Errorf("replace in %s: %w", t.name, err)
		}
		uris[i] = u
	}
	s, err := t.bring(ctx, uris, c)
	if err != nil {
		return resource.Snapshot{}, fmt.Errorf("replace %d files of %s by batch %s: %w", len(old), t.name, c.Batch, err)
	}
	return s, nil
}

// bring appends the files of c, or swaps them for old.
func (t *Table) bring(ctx context.Context, old []string, c brain.Commit) (resource.Snapshot, error) {
	if c.Batch == "" {
		return resource.Snapshot{}, fmt.Errorf("a commit needs a batch: %w", fault.Invalid)
	}
	unlock, err := t.lake.lock(ctx, t.name)
	if err != nil {
		return resource.Snapshot{}, err
	}
	defer unlock()
	h, err := t.lake.load(ctx, t.name)
	if err != nil {
		return resource.Snapshot{}, err
	}
	if s, err := t.lake.findBatch(ctx, h, c.Batch); err != nil {
		return resource.Snapshot{}, err
	} else if s != nil {
		return *s, nil
	}
	landed, err := h.land(ctx, c.Files)
	if err != nil {
		return resource.Snapshot{}, err
	}
	summary := ice.Properties{batchKey: string(c.Batch)}
	for k, v := range c.Summary {
		summary["shuniu."+strings.TrimPrefix(k, "shuniu.")] = v
	}
	summary[batchKey] = string(c.Batch)
	var last *handle
	h, found, err := t.lake.commit(ctx, t.name, c.Batch, func(ctx context.Context, h *handle, tx *table.Transaction) error {
		last = h
		return h.stage(ctx, tx, old, landed, summary)
	})
	if err != nil {
		switch {
		case last == nil || last.unknown == "" && !last.files.poisoned:
			landed.giveBack()
		case last.files.poisoned:
			landed.remove()
		}
		return resource.Snapshot{}, err
	}
	if found != nil {
		return *found, nil
	}
	return snapshotOf(*h.meta.CurrentSnapshot()), nil
}

// stage builds the snapshot of one attempt.
func (h *handle) stage(ctx context.Context, tx *table.Transaction, old []string, landed landedFiles, summary ice.Properties) error {
	if err := h.refuseDeleteFiles(ctx, h.meta.CurrentSnapshot()); err != nil {
		return err
	}
	fs, err := h.files.io(ctx)
	if err != nil {
		return err
	}
	if len(landed) > 0 {
		h.files.note(path.Dir(landed[0].rel))
	}
	add := make([]ice.DataFile, len(landed))
	for i, f := range landed {
		if add[i], err = table.FileToDataFile(ctx, fs, f.uri, h.meta.CurrentSchema(), h.meta.PartitionSpec(), 0, h.meta.Properties()); err != nil {
			return fmt.Errorf("%s does not fit the table: %w: %w", f.staged, err, fault.Invalid)
		}
	}
	switch {
	case len(old) > 0:
		return h.stageReplace(ctx, tx, old, add, summary)
	case len(add) == 0:
		return tx.AddFiles(ctx, nil, summary, true) // an empty batch is a batch
	}
	return tx.AddDataFiles(ctx, add, summary, table.WithoutDuplicateCheck(), table.WithoutAutoNameMapping())
}

func (h *handle) stageReplace(ctx context.Context, tx *table.Transaction, old []string, add []ice.DataFile, summary ice.Properties) error {
	wanted := make(map[string]bool, len(old))
	for _, u := range old {
		wanted[u] = true
	}
	var gone []ice.DataFile
	if s := h.meta.CurrentSnapshot(); s != nil {
		err := h.entries(ctx, s, func(df ice.DataFile) {
			if wanted[df.FilePath()] {
				delete(wanted, df.FilePath())
				gone = append(gone, df)
			}
		})
		if err != nil {
			return err
		}
	}
	if len(wanted) > 0 {
		return fmt.Errorf("%d of the files to replace are no longer in the table: %w", len(wanted), fault.Conflict)
	}
	return tx.ReplaceDataFilesWithDataFiles(ctx, gone, add, summary, table.WithoutAutoNameMapping())
}

// A landedFile was moved from a staging folder into the table's own.
type landedFile struct {
	staged, rel, path, uri string
}

type landedFiles []landedFile

// giveBack undoes land after a commit that surely failed, so that the call
// may be repeated.
func (l landedFiles) giveBack() {
	for _, f := range l {
		if os.Rename(f.path, f.staged) != nil {
			_ = os.Remove(f.path) // the staging is gone; swept later otherwise
		}
	}
}

// remove undoes land when an fsync failed: what the kernel still shows of the
// files may not be on the disk, so nobody may try again with them.
func (l landedFiles) remove() {
	for _, f := range l {
		_ = os.Remove(f.staged)
		_ = os.Remove(f.path)
	}
}

// land checks the staged files, makes their bytes durable and moves them to
// names that carry their digests. The names become durable in settle.
func (h *handle) land(ctx context.Context, staged []brain.StagedFile) (landedFiles, error) {
	rel, err := h.lake.rel(h.meta.Location())
	if err != nil {
		return nil, err
	}
	rel += "/data"
	if err := h.lake.ensureDir(rel); err != nil {
		return nil, fmt.Errorf("make %s: %w", rel, err)
	}
	landed := make(landedFiles, len(staged))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(2)
	for i, s := range staged {
		id := strings.ToLower(ulid.Make().String()) // in order: a scan reads the files in it
		g.Go(func() error {
			if err := h.lake.checkStaged(s.Path); err != nil {
				return err
			}
			if err := checkParquet(s, h.meta.CurrentSchema()); err != nil {
				return fmt.Errorf("staged file %s: %w", s.Path, err)
			}
			settle := settleFile
			if in := h.lake.stagingOf(s.Path); in != nil {
				settle = in.settle
			}
			digest, err := settle(gctx, s.Path)
			if err != nil {
				return fmt.Errorf("staged file %s: %w", s.Path, err)
			}
			name := id + "-" + digest[:32] + ".parquet"
			landed[i] = landedFile{staged: s.Path, rel: rel + "/" + name, path: h.lake.abs(rel + "/" + name), uri: h.lake.root + "/" + rel + "/" + name}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for i, f := range landed {
		if err := os.Rename(f.staged, f.path); err != nil {
			landed[:i].giveBack()
			return nil, fmt.Errorf("move %s into the table: %w", f.staged, durable.Kind(err))
		}
	}
	return landed, nil
}

// checkStaged refuses a path that is not a plain file in a staging folder.
func (l *Lake) checkStaged(p string) error {
	rel, err := filepath.Rel(l.stagingDir(), p)
	if err != nil || !filepath.IsLocal(rel) || filepath.Clean(p) != p {
		return fmt.Errorf("%q is not in a staging folder: %w", p, fault.Invalid)
	}
	st, err := os.Lstat(p)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("staged file: %w: %w", err, fault.NotFound)
	}
	if err != nil {
		return err
	}
	if !st.Mode().IsRegular() {
		return fmt.Errorf("%q is no plain file: %w", p, fault.Invalid)
	}
	return nil
}

// settleFile fsyncs the file at p while it computes its digest. When the
// fsync fails the file is removed.
func settleFile(ctx context.Context, p string) (digest string, err error) {
	f, err := os.OpenFile(p, os.O_RDWR, 0)
	if err != nil {
		return "", err
	}
	synced := make(chan error, 1)
	go func() { synced <- f.Sync() }()
	hash := sha256.New()
	_, err = durable.Copy(ctx, hash, f)
	if serr := <-synced; serr != nil {
		_ = os.Remove(p)
		err = errors.Join(serr, err)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", durable.Kind(err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
