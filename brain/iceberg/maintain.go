package iceberg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	ice "github.com/apache/iceberg-go"
	iceio "github.com/apache/iceberg-go/io"
	"github.com/apache/iceberg-go/table"
	"github.com/uptrace/bun"

	"shuniu/brain"
	"shuniu/durable"
	"shuniu/fault"
)

// manifestsEnough is how many manifests a snapshot may have before Maintain
// merges them: planning reads each.
const manifestsEnough = 8

// Maintain merges manifests, expires snapshots and removes the files that no
// snapshot names any more. Files of expired snapshots go at once, so that what
// was erased from the table is gone from the disk too (facts/lake.md §1, rule
// 16); files that no table ever named go when they are older than
// Config.OrphanAge, since another process may be about to commit them. A scan
// of an expired snapshot that is still being read may find its files gone:
// choose KeepSeconds longer than the longest query.
func (t *Table) Maintain(ctx context.Context, p brain.Upkeep) (brain.UpkeepReport, error) {
	r, err := t.maintain(ctx, p)
	if err != nil {
		return r, fmt.Errorf("maintain %s: %w", t.name, err)
	}
	return r, nil
}

func (t *Table) maintain(ctx context.Context, p brain.Upkeep) (r brain.UpkeepReport, err error) {
	if p.KeepSnapshots < 0 || p.KeepSeconds < 0 {
		return r, fmt.Errorf("keep %d snapshots and %d seconds: %w", p.KeepSnapshots, p.KeepSeconds, fault.Invalid)
	}
	unlock, err := t.lake.lock(ctx, t.name)
	if err != nil {
		return r, err
	}
	defer unlock()
	before, err := t.lake.load(ctx, t.name)
	if err != nil {
		return r, err
	}
	named, err := before.named(ctx, before.meta.Snapshots())
	if err != nil {
		return r, err
	}
	r.ManifestsBefore, r.ManifestsAfter = named.manifests, named.manifests
	if named.manifests > manifestsEnough {
		_, _, err := t.lake.commit(ctx, t.name, "", func(ctx context.Context, h *handle, tx *table.Transaction) error {
			if err := h.refuseDeleteFiles(ctx, h.meta.CurrentSnapshot()); err != nil {
				return err
			}
			_, err := tx.RewriteManifests(ctx)
			return err
		})
		if err != nil {
			return r, fmt.Errorf("merge manifests: %w", err)
		}
	}
	h, _, err := t.lake.commit(ctx, t.name, "", func(_ context.Context, _ *handle, tx *table.Transaction) error {
		return tx.ExpireSnapshots(table.WithOlderThan(time.Duration(p.KeepSeconds)*time.Second),
			table.WithRetainLast(max(1, p.KeepSnapshots)), table.WithPostCommit(false))
	})
	if err != nil {
		return r, fmt.Errorf("expire snapshots: %w", err)
	}
	var expired []planKey
	for _, s := range before.meta.Snapshots() {
		if h.meta.SnapshotByID(s.SnapshotID) == nil {
			r.SnapshotsExpired++
			expired = append(expired, planKey{before.meta.TableUUID(), s.SnapshotID})
		}
	}
	t.lake.mu.Lock()
	for _, k := range expired {
		delete(t.lake.plans, k)
	}
	t.lake.mu.Unlock()
	now, err := h.named(ctx, h.meta.Snapshots())
	if err != nil {
		return r, err
	}
	r.ManifestsAfter = now.manifests
	r.FilesRemoved, err = h.removeUnnamed(ctx, named, now)
	return r, err
}

// A naming is what some snapshots name: paths relative to the lake.
type naming struct {
	meta, data map[string]plannedFile
	manifests  int // of the newest snapshot
}

func (n naming) has(rel string) bool {
	_, m := n.meta[rel]
	_, d := n.data[rel]
	return m || d
}

// named reads what the snapshots name. Each manifest is read once.
func (h *handle) named(ctx context.Context, snaps []table.Snapshot) (naming, error) {
	n := naming{meta: map[string]plannedFile{}, data: map[string]plannedFile{}}
	for i := range snaps {
		if err := n.snapshot(ctx, h, &snaps[i]); err != nil {
			return n, err
		}
	}
	return n, nil
}

// snapshot adds what one snapshot names. A manifest that an earlier one named
// is not read again.
func (n *naming) snapshot(ctx context.Context, h *handle, s *table.Snapshot) error {
	access, err := h.files.io(ctx)
	if err != nil {
		return err
	}
	rel, err := h.lake.rel(s.ManifestList)
	if err != nil {
		return err
	}
	n.meta[rel] = plannedFile{rel: rel}
	manifests, err := s.Manifests(access)
	if err != nil {
		return fmt.Errorf("read manifest list of snapshot %d: %w", s.SnapshotID, missing(err))
	}
	if err := deleteManifest(s, manifests); err != nil {
		return err
	}
	if c := h.meta.CurrentSnapshot(); c != nil && c.SnapshotID == s.SnapshotID {
		n.manifests = len(manifests)
	}
	for _, m := range manifests {
		if err := n.add(h.lake, access, m); err != nil {
			return err
		}
	}
	return nil
}

// add reads one manifest into the naming. One that could not be read is not
// named, so that each snapshot that needs it says so.
func (n *naming) add(l *Lake, access iceio.IO, m ice.ManifestFile) error {
	manifest, err := l.rel(m.FilePath())
	if err != nil {
		return err
	}
	if _, ok := n.meta[manifest]; ok {
		return nil
	}
	for e, err := range m.Entries(access, true) {
		if err != nil {
			return fmt.Errorf("read manifest %s: %w", manifest, missing(err))
		}
		df := e.DataFile()
		rel, err := l.rel(df.FilePath())
		if err != nil {
			return err
		}
		n.data[rel] = plannedFile{rel: rel, size: df.FileSizeBytes(), rows: df.Count()}
	}
	n.meta[manifest] = plannedFile{rel: manifest, size: m.Length()}
	return nil
}

// removeUnnamed removes the table's files that now does not name, if before
// did or they are old.
func (h *handle) removeUnnamed(ctx context.Context, before, now naming) (int, error) {
	var gone []string
	err := h.walk(func(rel string, st fs.FileInfo) error {
		if now.has(rel) || h.isCurrent(rel) {
			return nil
		}
		if !before.has(rel) && time.Since(st.ModTime()) < h.lake.age {
			return nil
		}
		gone = append(gone, rel)
		return nil
	})
	if err != nil || len(gone) == 0 {
		return 0, err
	}
	// The record goes first: a file without one is an orphan, a record
	// without its file would be damage.
	err = h.lake.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		for chunk := range slices.Chunk(gone, 500) {
			if _, err := tx.ExecContext(ctx, "DELETE FROM lake_file WHERE path IN (?)", bun.List(chunk)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	for i, rel := range gone {
		if err := os.Remove(h.lake.abs(rel)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return i, err
		}
	}
	h.lake.mu.Lock()
	for _, rel := range gone {
		delete(h.lake.sums, rel)
		delete(h.lake.proven, rel)
	}
	h.lake.mu.Unlock()
	rel, err := h.lake.rel(h.meta.Location())
	if err != nil {
		return len(gone), err
	}
	return len(gone), errors.Join(durable.SyncDir(h.lake.abs(rel+"/data")), durable.SyncDir(h.lake.abs(rel+"/metadata")))
}

// isCurrent tells of the files that no snapshot names and the table needs: its
// metadata, the few versions before it, the witness.
func (h *handle) isCurrent(rel string) bool {
	if filepath.Base(rel) == "committed" || h.lake.root+"/"+rel == h.location {
		return true
	}
	for f := range h.meta.PreviousFiles() {
		if h.lake.root+"/"+rel == f.MetadataFile {
			return true
		}
	}
	return false
}

// walk calls f with every file below the table's folder.
func (h *handle) walk(f func(rel string, st fs.FileInfo) error) error {
	rel, err := h.lake.rel(h.meta.Location())
	if err != nil {
		return err
	}
	return filepath.WalkDir(h.lake.abs(rel), func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		st, err := e.Info()
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(h.lake.dir, p)
		if err != nil {
			return err
		}
		return f(filepath.ToSlash(rel), st)
	})
}
