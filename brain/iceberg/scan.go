package iceberg

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"

	ice "github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"shuniu/brain"
	"shuniu/durable"
	"shuniu/fault"
	"shuniu/resource"
)

// A plannedFile is a data file as a manifest names it.
type plannedFile struct {
	rel  string
	size int64
	rows int64
}

type planKey struct {
	table    uuid.UUID
	snapshot int64
}

// A stamp tells whether a file is still the one that was checked.
type stamp struct {
	size, mtime int64
}

// Scan plans the data files of a snapshot and checks their digests.
func (t *Table) Scan(ctx context.Context, id resource.SnapshotID) (brain.Scan, error) {
	for try := 0; ; try++ {
		h, err := t.lake.load(ctx, t.name)
		if err != nil {
			return brain.Scan{}, fmt.Errorf("scan %s: %w", t.name, err)
		}
		s, err := h.scan(ctx, id)
		if err == nil {
			return s, nil
		}
		// Upkeep may have removed what this state names: then there is a newer.
		if !errors.Is(err, fault.Damaged) || try == 3 || !h.old(ctx) {
			return brain.Scan{}, fmt.Errorf("scan %s: %w", t.name, err)
		}
	}
}

// old tells whether the table has moved on from this state.
func (h *handle) old(ctx context.Context) bool {
	now, err := h.lake.location(ctx, h.name)
	return err != nil || now != h.location
}

func (h *handle) scan(ctx context.Context, id resource.SnapshotID) (brain.Scan, error) {
	var err error
	schema, snap := h.meta.CurrentSchema(), h.meta.CurrentSnapshot()
	if id != 0 {
		if snap = h.meta.SnapshotByID(int64(id)); snap == nil {
			return brain.Scan{}, fmt.Errorf("no snapshot %d: %w", id, fault.NotFound)
		}
		if snap.SchemaID != nil {
			for _, s := range h.meta.Schemas() {
				if s.ID == *snap.SchemaID {
					schema = s
				}
			}
		}
	}
	out := brain.Scan{Table: h.name}
	if out.Fields, err = fieldsOf(schema, h.meta.Properties()); err != nil {
		return brain.Scan{}, err
	}
	if snap == nil {
		return out, nil
	}
	out.Snapshot = resource.SnapshotID(snap.SnapshotID)
	plan, err := h.plan(ctx, snap)
	if err != nil {
		return brain.Scan{}, err
	}
	if err := h.lake.prove(ctx, plan); err != nil {
		return brain.Scan{}, err
	}
	out.Files = make([]brain.DataFile, len(plan))
	for i, f := range plan {
		out.Files[i] = brain.DataFile{Path: h.lake.abs(f.rel), SizeBytes: f.size, Rows: f.rows}
		out.Rows += f.rows
	}
	return out, nil
}

// plan lists the data files of a snapshot, each once, oldest first. Snapshots never change, so plans are kept.
func (h *handle) plan(ctx context.Context, snap *table.Snapshot) ([]plannedFile, error) {
	const most = 512
	key := planKey{h.meta.TableUUID(), snap.SnapshotID}
	h.lake.mu.Lock()
	plan, ok := h.lake.plans[key]
	h.lake.mu.Unlock()
	if ok {
		return plan, nil
	}
	seen := map[string]bool{}
	var bad error
	err := h.entries(ctx, snap, func(df ice.DataFile) {
		rel, err := h.lake.rel(df.FilePath())
		if err != nil {
			bad = errors.Join(bad, err)
			return
		}
		if !seen[rel] {
			seen[rel] = true
			plan = append(plan, plannedFile{rel: rel, size: df.FileSizeBytes(), rows: df.Count()})
		}
	})
	if err := errors.Join(err, bad); err != nil {
		return nil, err
	}
	// Names begin with a ULID: this is the order in which the files came.
	slices.SortFunc(plan, func(a, b plannedFile) int { return strings.Compare(a.rel, b.rel) })
	h.lake.mu.Lock()
	defer h.lake.mu.Unlock()
	remembered(h.lake.plans, key, plan, most)
	return plan, nil
}

// entries calls f with each live data file of a snapshot. A delete file is
// fault.Damaged: engines that read Parquet directly would show deleted rows.
func (h *handle) entries(ctx context.Context, snap *table.Snapshot, f func(ice.DataFile)) error {
	fs, err := h.files.io(ctx)
	if err != nil {
		return err
	}
	manifests, err := snap.Manifests(fs)
	if err != nil {
		return fmt.Errorf("read manifest list of snapshot %d: %w", snap.SnapshotID, missing(err))
	}
	if err := deleteManifest(snap, manifests); err != nil {
		return err
	}
	for _, m := range manifests {
		for e, err := range m.Entries(fs, true) {
			if err != nil {
				return fmt.Errorf("read manifest %s: %w", m.FilePath(), missing(err))
			}
			if e.DataFile().ContentType() != ice.EntryContentData {
				return refusal(snap)
			}
			f(e.DataFile())
		}
	}
	return nil
}

// refuseDeleteFiles is done before anything is built on a snapshot.
func (h *handle) refuseDeleteFiles(ctx context.Context, snap *table.Snapshot) error {
	if snap == nil {
		return nil
	}
	fs, err := h.files.io(ctx)
	if err != nil {
		return err
	}
	manifests, err := snap.Manifests(fs)
	if err != nil {
		return fmt.Errorf("read manifest list of snapshot %d: %w", snap.SnapshotID, missing(err))
	}
	return deleteManifest(snap, manifests)
}

func deleteManifest(snap *table.Snapshot, manifests []ice.ManifestFile) error {
	for _, m := range manifests {
		if m.ManifestContent() == ice.ManifestContentDeletes {
			return refusal(snap)
		}
	}
	return nil
}

func refusal(snap *table.Snapshot) error {
	return fmt.Errorf("snapshot %d has delete files, whose rows would come back: %w", snap.SnapshotID, fault.Damaged)
}

// missing marks a file that metadata names and the disk does not have.
func missing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: %w", err, fault.Damaged)
	}
	return err
}

// mostProven bounds the memory of proven files, about 30 MB.
const mostProven = 1 << 17

// prove checks each file by the digest in its name, once as long as neither
// its size nor its time changes. It answers fault.Damaged for the first that
// differs.
func (l *Lake) prove(ctx context.Context, plan []plannedFile) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, f := range plan {
		st, err := os.Stat(l.abs(f.rel))
		if err != nil {
			return errors.Join(missing(err), g.Wait())
		}
		now := stamp{st.Size(), st.ModTime().UnixNano()}
		l.mu.Lock()
		known := l.proven[f.rel] == now
		l.mu.Unlock()
		if known {
			continue
		}
		g.Go(func() error {
			if err := l.checkDigest(ctx, f); err != nil {
				return err
			}
			l.mu.Lock()
			defer l.mu.Unlock()
			remembered(l.proven, f.rel, now, mostProven)
			return nil
		})
	}
	return g.Wait()
}

var digestName = regexp.MustCompile(`-([0-9a-f]{32})\.parquet$`)

// checkDigest reads a data file whole and compares it with its name.
func (l *Lake) checkDigest(ctx context.Context, f plannedFile) error {
	p := l.abs(f.rel)
	want := digestName.FindStringSubmatch(f.rel)
	if want == nil {
		return fmt.Errorf("%s carries no digest in its name: %w", p, fault.Damaged)
	}
	file, err := os.Open(p)
	if err != nil {
		return missing(err)
	}
	defer func() { _ = file.Close() }() // read only
	hash := sha256.New()
	n, err := durable.Copy(ctx, hash, file)
	if err != nil {
		return fmt.Errorf("read %s: %w", p, err)
	}
	if n != f.size || hex.EncodeToString(hash.Sum(nil))[:32] != want[1] {
		return fmt.Errorf("%s is not what was written: %w", p, fault.Damaged)
	}
	return nil
}
