package iceberg

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	ice "github.com/apache/iceberg-go"
	icesql "github.com/apache/iceberg-go/catalog/sql"
	iceio "github.com/apache/iceberg-go/io"
	"github.com/apache/iceberg-go/table"

	"shuniu/brain"
	"shuniu/brain/braintest"
	"shuniu/fault"
	"shuniu/metadb"
	"shuniu/resource"
)

// The rules are those of facts/lake.md §1. 1 to 4 and 12 are the engine's, the
// others the lake's; 7 has its tests in braintest and processes_test.go, 8 in
// power_test.go, 16 in braintest.

type bench struct {
	*Lake
	db  *metadb.DB
	tbl *Table
}

func newBench(t *testing.T) *bench { return openBench(t, filepath.Join(t.TempDir(), "d")) }

func openBench(t *testing.T, dir string) *bench {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	db, err := metadb.Open(t.Context(), "sqlite://"+filepath.Join(dir, "meta.db"), quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() }) // some tests close it themselves
	l, err := Open(t.Context(), Config{Dir: filepath.Join(dir, "lake"), DB: db, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	name := resource.Table{Station: resource.Landing, Dataset: "t"}
	if _, err := l.Create(t.Context(), name, braintest.Fields); err != nil && !errors.Is(err, fault.Conflict) {
		t.Fatal(err)
	}
	return &bench{l, db, &Table{lake: l, name: name}}
}

// stage writes rows from..to-1.
func (b *bench) stage(t *testing.T, from, to int) brain.Commit {
	t.Helper()
	s, err := b.Stage(t.Context(), b.tbl.name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	fields, err := b.tbl.Fields(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	batch := braintest.NewBatch()
	var rows [][]any
	for i := from; i < to; i++ {
		rows = append(rows, braintest.Row(fields, batch, i))
	}
	p := filepath.Join(s.Dir(), "x.parquet")
	n, err := braintest.WriteParquet(t.Context(), p, fields, braintest.Rows(fields, rows))
	if err != nil {
		t.Fatal(err)
	}
	return brain.Commit{Batch: batch, Files: []brain.StagedFile{{Path: p, Rows: n}}}
}

func (b *bench) append(t *testing.T, from, to int) resource.Snapshot {
	t.Helper()
	s, err := b.tbl.Append(t.Context(), b.stage(t, from, to))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (b *bench) load(t *testing.T) *handle {
	t.Helper()
	h, err := b.Lake.load(t.Context(), b.tbl.name)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// force commits a transaction past the checks of CommitTable, as another
// engine on the same catalogue could.
func (h *handle) force(ctx context.Context, tx *table.Transaction) error {
	c, err := tx.TableCommit()
	if err != nil {
		return err
	}
	next, err := table.UpdateTableMetadata(h.meta, c.Updates, h.location)
	if err != nil {
		return err
	}
	loc, err := h.writeMetadata(ctx, next, version(h.location)+1)
	if err != nil {
		return err
	}
	if err := h.swap(ctx, next, loc); err != nil {
		return err
	}
	h.committed(next, loc)
	return nil
}

// deleteByMark builds a delete of one row the merge-on-read way.
func (b *bench) deleteByMark(t *testing.T) (*handle, *table.Transaction) {
	t.Helper()
	h := b.load(t)
	tx := h.table().NewTransaction()
	if err := tx.SetProperties(ice.Properties{table.WriteDeleteModeKey: table.WriteModeMergeOnRead}); err != nil {
		t.Fatal(err)
	}
	if err := tx.Delete(t.Context(), ice.EqualTo(ice.Reference("n"), int64(3)), nil); err != nil {
		t.Fatal(err)
	}
	return h, tx
}

func want(t *testing.T, what string, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s: %v, want %v", what, err, kind)
	}
}

func TestRule05DeleteFilesAreRefused(t *testing.T) {
	b := newBench(t)
	first := b.append(t, 0, 10)
	h, tx := b.deleteByMark(t)
	if err := h.force(t.Context(), tx); err != nil {
		t.Fatal(err)
	}
	if n := count(h.meta.CurrentSnapshot().Summary.Properties["total-delete-files"]); n != 1 {
		t.Fatalf("%d delete files: this test proves nothing", n)
	}
	marked := resource.SnapshotID(h.meta.CurrentSnapshot().SnapshotID)
	_, err := b.tbl.Scan(t.Context(), 0)
	want(t, "scan", err, fault.Damaged)
	_, err = b.tbl.Append(t.Context(), b.stage(t, 10, 11))
	want(t, "append", err, fault.Damaged)
	old, err := b.tbl.Scan(t.Context(), first.ID)
	if err != nil {
		t.Fatalf("the snapshot before is fine: %v", err)
	}
	_, err = b.tbl.Replace(t.Context(), []string{old.Files[0].Path}, b.stage(t, 10, 11))
	want(t, "replace", err, fault.Damaged)
	_, err = b.tbl.Maintain(t.Context(), brain.Upkeep{})
	want(t, "maintain", err, fault.Damaged)
	if _, err := b.tbl.Rollback(t.Context(), first.ID); err != nil {
		t.Fatalf("the way out: %v", err)
	}
	if s, err := b.tbl.Scan(t.Context(), 0); err != nil || s.Rows != 10 {
		t.Errorf("after rollback: %+v, %v", s, err)
	}
	_, err = b.tbl.Rollback(t.Context(), marked)
	want(t, "rollback to it", err, fault.Damaged)
}

func TestRule15DeleteFilesAreNotCommitted(t *testing.T) {
	b := newBench(t)
	b.append(t, 0, 10)
	_, tx := b.deleteByMark(t)
	_, err := tx.Commit(t.Context())
	want(t, "commit", err, fault.Invalid)
	if s, err := b.tbl.Scan(t.Context(), 0); err != nil || s.Rows != 10 {
		t.Errorf("after the refusal: %+v, %v", s, err)
	}
}

func TestRule06AFileIsPlannedOnce(t *testing.T) {
	b := newBench(t)
	b.append(t, 0, 5000) // five row groups
	h := b.load(t)
	tx := h.table().NewTransaction()
	if err := tx.SetProperties(ice.Properties{table.ReadSplitTargetSizeKey: "1000"}); err != nil {
		t.Fatal(err)
	}
	tbl, err := tx.Commit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tasks, err := tbl.Scan().PlanFiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(tasks) < 2 {
		t.Fatalf("iceberg-go plans %d tasks for the file: this test proves nothing", len(tasks))
	}
	s, err := b.tbl.Scan(t.Context(), 0)
	if err != nil || len(s.Files) != 1 || s.Rows != 5000 {
		t.Errorf("scan: %d files, %d rows, %v", len(s.Files), s.Rows, err)
	}
	// The same file in two manifests is one file, too.
	h = b.load(t)
	tx = h.table().NewTransaction()
	err = tx.AddFiles(t.Context(), []string{h.lake.root + "/" + b.relOf(t, s.Files[0].Path)}, nil, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s, err = b.tbl.Scan(t.Context(), 0); err != nil || len(s.Files) != 1 || s.Rows != 5000 {
		t.Errorf("scan of a file named twice: %d files, %d rows, %v", len(s.Files), s.Rows, err)
	}
}

func (b *bench) relOf(t *testing.T, p string) string {
	t.Helper()
	rel, err := filepath.Rel(b.dir, p)
	if err != nil {
		t.Fatal(err)
	}
	return rel
}

func TestRule07OnlyAMovedTableIsRedone(t *testing.T) {
	b := newBench(t)
	boom := errors.New("boom")
	tries := 0
	_, _, err := b.commit(t.Context(), b.tbl.name, "", func(context.Context, *handle, *table.Transaction) error {
		tries++
		return boom
	})
	if want(t, "an error of the build", err, boom); tries != 1 {
		t.Errorf("an error that is no conflict was tried %d times", tries)
	}
	tries = 0
	_, _, err = b.commit(t.Context(), b.tbl.name, "", func(ctx context.Context, h *handle, tx *table.Transaction) error {
		if tries++; tries <= 3 { // somebody else commits between load and swap
			other := b.load(t)
			o := other.table().NewTransaction()
			if err := o.SetProperties(ice.Properties{"x": fmt.Sprint(tries)}); err != nil {
				return err
			}
			if _, err := o.Commit(ctx); err != nil {
				return err
			}
		}
		return tx.SetProperties(ice.Properties{"y": "1"})
	})
	if err != nil || tries != 4 {
		t.Errorf("%v after %d tries, want 4 tries", err, tries)
	}
	if p := b.load(t).meta.Properties(); p["x"] != "3" || p["y"] != "1" {
		t.Errorf("a change was lost: x = %q, y = %q", p["x"], p["y"])
	}
}

// TestRule07AnUnknownOutcomeIsLookedUp plays a commit that is in the table
// although its caller saw an error.
func TestRule07AnUnknownOutcomeIsLookedUp(t *testing.T) {
	b := newBench(t)
	s := b.append(t, 0, 3)
	lost := errors.New("connection lost")
	h := b.load(t)
	h.unknown, h.batch = h.location, resource.BatchID(s.Summary[batchKey])
	_, found, err := b.lookAgain(t.Context(), h, lost)
	if err != nil || found == nil || found.ID != s.ID {
		t.Errorf("by batch: %+v, %v", found, err)
	}
	h.batch = ""
	if _, _, err := b.lookAgain(t.Context(), h, lost); err != nil {
		t.Errorf("by the catalogue's row: %v", err)
	}
	b.append(t, 3, 4) // another commit on top
	if _, _, err := b.lookAgain(t.Context(), h, lost); err != nil {
		t.Errorf("by the log of metadata: %v", err)
	}
	h.unknown = "file:///elsewhere"
	_, _, err = b.lookAgain(t.Context(), h, lost)
	want(t, "a commit that is not in", err, lost)
}

func TestRule08TheStockFileAccessIsGone(t *testing.T) {
	newBench(t)
	got, err := iceio.LoadFS(t.Context(), nil, "file:///tmp/x")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := got.(plainFiles); !ok {
		t.Errorf("file:///tmp/x is opened through %T, which does not fsync", got)
	}
	if fs, err := iceio.LoadFS(t.Context(), nil, "/tmp/x"); err == nil {
		t.Errorf("a bare path is opened through %T", fs)
	}
}

func TestRule09FieldIDs(t *testing.T) {
	b := newBench(t)
	s := b.append(t, 0, 3)
	if _, err := b.tbl.Evolve(t.Context(), []brain.Change{{Rename: &brain.Rename{From: "n", To: "号码"}}}); err != nil {
		t.Fatal(err)
	}
	got, err := b.tbl.Scan(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if vals := braintest.ReadColumn(t, got, 2); len(vals) != 3 || vals[2] != "2" {
		t.Errorf("by id after a rename: %v", vals)
	}
	// A file without ids would be lost at the next rename: it does not get in.
	c := b.stage(t, 3, 4)
	fields := slices.Clone(braintest.Fields)
	for i := range fields {
		fields[i].ID = -1
	}
	n, err := braintest.WriteParquet(t.Context(), c.Files[0].Path, fields, braintest.Rows(fields, [][]any{braintest.Row(fields, c.Batch, 3)}))
	if err != nil || n != 1 {
		t.Fatal(n, err)
	}
	_, err = b.tbl.Append(t.Context(), c)
	want(t, "a file without ids", err, fault.Invalid)
	if p := b.load(t).meta.Properties()[table.DefaultNameMappingKey]; p != "" {
		t.Errorf("the table falls back on names: %s", p)
	}
	if snaps, err := b.tbl.Snapshots(t.Context()); err != nil || len(snaps) != 1 || snaps[0].ID != s.ID {
		t.Errorf("snapshots %v, %v", snaps, err)
	}
}

var plainURI = regexp.MustCompile(`^file:///[A-Za-z0-9._/-]+$`)

func TestRule10And13PlainASCIIPathsWithoutPartitions(t *testing.T) {
	b := newBench(t)
	b.append(t, 0, 3)
	h := b.load(t)
	if spec := h.meta.PartitionSpec(); spec.NumFields() != 0 {
		t.Errorf("partitions: %v", spec)
	}
	n := 0
	err := h.walk(func(rel string, _ os.FileInfo) error {
		n++
		if ok, err := regexp.MatchString(`^landing/t-[0-9a-z]{26}/(data|metadata)/[0-9a-z.-]+$`, rel); err != nil || !ok {
			t.Errorf("path %q", rel)
		}
		return nil
	})
	if err != nil || n < 4 {
		t.Fatal(n, err)
	}
	uris := []string{h.location, h.meta.Location(), h.meta.CurrentSnapshot().ManifestList}
	err = h.entries(t.Context(), h.meta.CurrentSnapshot(), func(df ice.DataFile) { uris = append(uris, df.FilePath()) })
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range uris {
		if !plainURI.MatchString(u) {
			t.Errorf("address %q", u)
		}
	}
}

func TestRule11MetadataStaysSmall(t *testing.T) {
	b := newBench(t)
	for i := range 40 {
		b.append(t, i, i+1)
	}
	names, err := filepath.Glob(filepath.Join(b.dir, "landing", "t-*", "metadata", "*.metadata.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(names) > 11 {
		t.Errorf("%d metadata files after 40 commits: old ones are not deleted", len(names))
	}
	var recorded int
	if err := b.db.Bun().NewRaw("SELECT count(*) FROM lake_file WHERE path LIKE '%.metadata.json'").Scan(t.Context(), &recorded); err != nil {
		t.Fatal(err)
	}
	if recorded != len(names) {
		t.Errorf("%d metadata files, %d recorded", len(names), recorded)
	}
	if _, err := b.tbl.Maintain(t.Context(), brain.Upkeep{KeepSnapshots: 2}); err != nil {
		t.Fatal(err)
	}
	h := b.load(t)
	if n := len(h.meta.Snapshots()); n != 2 {
		t.Errorf("%d snapshots after upkeep", n)
	}
	st, err := os.Stat(b.where(h.location))
	if err != nil {
		t.Fatal(err)
	}
	if st.Size() > 32<<10 {
		t.Errorf("metadata of %d bytes after upkeep", st.Size())
	}
}

func TestRule13FoldersOfAnyName(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "数据 中心 100%#?")
	b := openBench(t, dir)
	b.append(t, 0, 3)
	if loc := b.load(t).location; !plainURI.MatchString(loc) {
		t.Errorf("address %q", loc)
	}
	if s, err := b.tbl.Scan(t.Context(), 0); err != nil || s.Rows != 3 || !strings.HasPrefix(s.Files[0].Path, dir) {
		t.Errorf("scan %+v, %v", s, err)
	}
}

func TestALakeMayBeMoved(t *testing.T) {
	root := t.TempDir()
	b := openBench(t, filepath.Join(root, "old"))
	b.append(t, 0, 3)
	if err := b.db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(root, "old"), filepath.Join(root, "new")); err != nil {
		t.Fatal(err)
	}
	b = openBench(t, filepath.Join(root, "new"))
	b.append(t, 3, 5)
	s, err := b.tbl.Scan(t.Context(), 0)
	if err != nil || s.Rows != 5 {
		t.Fatalf("scan %+v, %v", s, err)
	}
	for _, f := range s.Files {
		if !strings.HasPrefix(f.Path, filepath.Join(root, "new")) {
			t.Errorf("file %s", f.Path)
		}
	}
}

func TestNothingOutsideTheLakeIsOpened(t *testing.T) {
	b := newBench(t)
	b.append(t, 0, 1)
	fs, err := b.load(t).files.io(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, uri := range []string{"file:///etc/passwd", "/etc/passwd", "etc/passwd", b.root + "/../x", b.root + "/landing/../../x", b.root, "s3://x/y", ""} {
		_, err := fs.Open(uri)
		want(t, "open "+uri, err, fault.Damaged)
	}
}

func TestRule14TypesEveryEngineReads(t *testing.T) {
	b := newBench(t)
	h := b.load(t)
	if v := h.meta.Version(); v != 2 {
		t.Errorf("format version %d", v)
	}
	for _, f := range h.meta.CurrentSchema().Fields() {
		switch typ := f.Type.(type) {
		case ice.TimeType, ice.Int32Type, ice.TimestampTzType:
			t.Errorf("column %q is stored as %s", f.Name, f.Type)
		case ice.DecimalType:
			if typ.Precision() > 28 {
				t.Errorf("column %q is stored as %s", f.Name, f.Type)
			}
		}
	}
	for k, v := range map[string]string{table.WriteDeleteModeKey: "copy-on-write", "write.update.mode": "copy-on-write", "write.merge.mode": "copy-on-write"} {
		if got := h.meta.Properties()[k]; got != v {
			t.Errorf("property %s = %q", k, got)
		}
	}
}

// TestOtherEnginesSeeTheSame opens the tables through iceberg-go's own SQL
// catalogue, whose layout Trino's and Spark's JDBC catalogue share.
func TestOtherEnginesSeeTheSame(t *testing.T) {
	b := newBench(t)
	b.append(t, 0, 7)
	b.append(t, 7, 10)
	cat, err := icesql.NewCatalog(catalogName, b.db.SQL(), icesql.SQLite, ice.Properties{"init_catalog_tables": "false"})
	if err != nil {
		t.Fatal(err)
	}
	spaces, err := cat.ListNamespaces(t.Context(), nil)
	if err != nil || len(spaces) != 4 {
		t.Errorf("namespaces %v, %v", spaces, err)
	}
	tbl, err := cat.LoadTable(t.Context(), table.Identifier{"landing", "t"})
	if err != nil {
		t.Fatal(err)
	}
	_, batches, err := tbl.Scan(table.WithRowFilter(ice.GreaterThanEqual(ice.Reference("n"), int64(5)))).ToArrowRecords(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var rows int64
	for r, err := range batches {
		if err != nil {
			t.Fatal(err)
		}
		rows += r.NumRows()
		r.Release()
	}
	if rows != 5 {
		t.Errorf("rows with n >= 5: %d", rows)
	}
}
