package braintest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"shuniu/brain"
	"shuniu/fault"
	"shuniu/resource"
)

// stageRow stages one row of given values.
func (l *lab) stageRow(t *testing.T, tbl brain.Table, row []any) brain.Commit {
	t.Helper()
	c, err := l.stageRows(t.Context(), tbl, NewBatch(), [][]any{row})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// stageRows leaves the staging to the sweep at the next Open.
func (l *lab) stageRows(ctx context.Context, tbl brain.Table, b resource.BatchID, rows [][]any) (brain.Commit, error) {
	s, err := l.Stage(ctx, tbl.Name())
	if err != nil {
		return brain.Commit{}, err
	}
	fields, err := tbl.Fields(ctx)
	if err != nil {
		return brain.Commit{}, err
	}
	p := filepath.Join(s.Dir(), "part.parquet")
	n, err := l.write(ctx, p, fields, Rows(fields, rows))
	return brain.Commit{Batch: b, Files: []brain.StagedFile{{Path: p, Rows: n}}}, err
}

func appendOnce(t *testing.T, l *lab) {
	tbl := l.create(t, "t")
	c := l.stage(t, tbl, NewBatch(), 0, 5)
	c.Summary = map[string]string{"file": "台账.csv", "shuniu.rows_in": "5"}
	first, err := tbl.Append(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range map[string]string{"shuniu.batch": string(c.Batch), "shuniu.file": "台账.csv", "shuniu.rows_in": "5"} {
		if first.Summary[k] != want {
			t.Errorf("summary %s is %q, want %q", k, first.Summary[k], want)
		}
	}
	for _, files := range [][]brain.StagedFile{c.Files, l.stage(t, tbl, c.Batch, 0, 5).Files} {
		again, err := tbl.Append(t.Context(), brain.Commit{Batch: c.Batch, Files: files})
		if err != nil || again.ID != first.ID {
			t.Errorf("the same batch again: %+v, %v, want snapshot %d", again, err, first.ID)
		}
	}
	l.append(t, tbl, 5, 6)
	if _, err := tbl.Maintain(t.Context(), brain.Upkeep{KeepSnapshots: 1}); err != nil {
		t.Fatal(err)
	}
	again, err := tbl.Append(t.Context(), l.stage(t, tbl, c.Batch, 0, 5))
	if err != nil || again.ID != first.ID {
		t.Errorf("the same batch after its snapshot expired: %+v, %v", again, err)
	}
	same(t, "rows", span(0, 6), numbers(t, tbl, 0))
}

func appendRefuses(t *testing.T, l *lab) {
	tbl := l.create(t, "t")
	fields, err := tbl.Fields(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stage, err := l.Stage(t.Context(), tbl.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := stage.Close(); err != nil {
			t.Error(err)
		}
	}()
	n := 0
	file := func(fields []resource.Field, rows ...[]any) brain.StagedFile {
		n++
		p := filepath.Join(stage.Dir(), strconv.Itoa(n)+".parquet")
		k, err := l.write(t.Context(), p, fields, Rows(fields, rows))
		if err != nil {
			t.Fatal(err)
		}
		return brain.StagedFile{Path: p, Rows: k}
	}
	with := func(id int, f resource.Field) []resource.Field {
		f.ID = id
		return []resource.Field{f}
	}
	good := file(fields, Row(fields, "b", 1))
	outside := filepath.Join(t.TempDir(), "x.parquet")
	if err := os.WriteFile(outside, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(stage.Dir(), "link.parquet")
	if err := os.Symlink(outside, link); err != nil {
		t.Fatal(err)
	}
	junk := filepath.Join(stage.Dir(), "junk.parquet")
	if err := os.WriteFile(junk, []byte(strings.Repeat("PAR1", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		file brain.StagedFile
		kind error
	}{
		{"a file outside staging", brain.StagedFile{Path: outside}, fault.Invalid},
		{"a way out of staging", brain.StagedFile{Path: stage.Dir() + "/../../../x"}, fault.Invalid},
		{"a link", brain.StagedFile{Path: link}, fault.Invalid},
		{"a folder", brain.StagedFile{Path: stage.Dir()}, fault.Invalid},
		{"no file", brain.StagedFile{Path: stage.Dir() + "/none.parquet"}, fault.NotFound},
		{"no Parquet", brain.StagedFile{Path: junk}, fault.Invalid},
		{"a wrong count of rows", brain.StagedFile{Path: good.Path, Rows: 2}, fault.Invalid},
		{"a column without id", file(with(0, resource.Field{Name: "n", Type: resource.Integer}), []any{int64(1)}), fault.Invalid},
		{"an unknown id", file(with(77, resource.Field{Name: "n", Type: resource.Integer}), []any{int64(1)}), fault.Invalid},
		{"a text for a number", file(with(2, resource.Field{Name: "n", Type: resource.Text}), []any{"1"}), fault.Invalid},
		{"too many digits", file(with(3, resource.Field{Name: "注册资本", Type: resource.Decimal, Precision: 13, Scale: 2}), []any{"1.00"}), fault.Invalid},
		{"another scale", file(with(3, resource.Field{Name: "注册资本", Type: resource.Decimal, Precision: 12, Scale: 1}), []any{"1.0"}), fault.Invalid},
	} {
		_, err := tbl.Append(t.Context(), brain.Commit{Batch: NewBatch(), Files: []brain.StagedFile{good, tc.file}})
		isKind(t, tc.name, err, tc.kind)
	}
	_, err = tbl.Append(t.Context(), brain.Commit{Files: []brain.StagedFile{good}})
	isKind(t, "no batch", err, fault.Invalid)
	if s, err := tbl.Snapshots(t.Context()); err != nil || len(s) != 0 {
		t.Errorf("snapshots %v, %v after refusals", s, err)
	}
	// What was refused is still in its staging, so a mended call may follow.
	if _, err := tbl.Append(t.Context(), brain.Commit{Batch: NewBatch(), Files: []brain.StagedFile{good}}); err != nil {
		t.Errorf("the good file alone: %v", err)
	}
	same(t, "rows", []int{1}, numbers(t, tbl, 0))
}

func appendNothing(t *testing.T, l *lab) {
	tbl := l.create(t, "t")
	b := NewBatch()
	empty, err := tbl.Append(t.Context(), brain.Commit{Batch: b})
	if err != nil || empty.Summary["shuniu.batch"] != string(b) {
		t.Fatalf("an empty batch: %+v, %v", empty, err)
	}
	c, err := l.stageRows(t.Context(), tbl, NewBatch(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tbl.Append(t.Context(), c); err != nil {
		t.Fatalf("a file without rows: %v", err)
	}
	l.append(t, tbl, 0, 3)
	same(t, "rows", span(0, 3), numbers(t, tbl, 0))
}

func replace(t *testing.T, l *lab) {
	tbl := l.create(t, "t")
	l.append(t, tbl, 0, 5)
	l.append(t, tbl, 5, 10)
	s, err := tbl.Scan(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	before := s.Snapshot
	got, err := tbl.Replace(t.Context(), []string{s.Files[0].Path}, l.stage(t, tbl, NewBatch(), 20, 23))
	if err != nil {
		t.Fatal(err)
	}
	if got.Rows != 8 {
		t.Errorf("rows after replace: %d, want 8", got.Rows)
	}
	if n := numbers(t, tbl, 0); len(n) != 8 || n[7] != 22 {
		t.Errorf("numbers after replace: %v", n)
	}
	same(t, "rows before", span(0, 10), numbers(t, tbl, before))
	_, err = tbl.Replace(t.Context(), []string{s.Files[0].Path}, l.stage(t, tbl, NewBatch(), 0, 1))
	isKind(t, "replace what is gone", err, fault.Conflict)
	_, err = tbl.Replace(t.Context(), []string{"/etc/passwd"}, l.stage(t, tbl, NewBatch(), 0, 1))
	isKind(t, "replace what is not ours", err, fault.Invalid)
	_, err = tbl.Replace(t.Context(), nil, l.stage(t, tbl, NewBatch(), 0, 1))
	isKind(t, "replace nothing", err, fault.Invalid)
	now, err := tbl.Scan(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, f := range now.Files {
		all = append(all, f.Path)
	}
	if _, err := tbl.Replace(t.Context(), all, brain.Commit{Batch: NewBatch()}); err != nil {
		t.Fatalf("replace all by nothing: %v", err)
	}
	same(t, "rows", []int(nil), numbers(t, tbl, 0))
}

func maintain(t *testing.T, l *lab) {
	tbl := l.create(t, "t")
	for i := range 30 {
		l.append(t, tbl, i*10, i*10+10)
	}
	r, err := tbl.Maintain(t.Context(), brain.Upkeep{KeepSnapshots: 3, KeepSeconds: 3600})
	if err != nil {
		t.Fatal(err)
	}
	if r.SnapshotsExpired != 0 || r.ManifestsBefore < 9 || r.ManifestsAfter >= r.ManifestsBefore {
		t.Errorf("young snapshots: %+v", r)
	}
	same(t, "rows", span(0, 300), numbers(t, tbl, 0))
	if r, err = tbl.Maintain(t.Context(), brain.Upkeep{KeepSnapshots: 3}); err != nil {
		t.Fatal(err)
	}
	snaps, err := tbl.Snapshots(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(snaps) != 3 || r.SnapshotsExpired < 27 || r.FilesRemoved == 0 {
		t.Errorf("%d snapshots left, %+v", len(snaps), r)
	}
	for _, s := range append(snaps, resource.Snapshot{}) {
		numbers(t, tbl, s.ID) // readable
	}
	same(t, "rows", span(0, 300), numbers(t, tbl, 0))
	l.append(t, tbl, 300, 301)
	same(t, "rows", span(0, 301), numbers(t, tbl, 0))
	_, err = tbl.Maintain(t.Context(), brain.Upkeep{KeepSnapshots: -1})
	isKind(t, "keep less than nothing", err, fault.Invalid)
}

// erase is rule 16: after replace and expiry no file of the table, data or
// metadata, holds what was erased.
func erase(t *testing.T, l *lab) {
	tbl := l.create(t, "t")
	fields, err := tbl.Fields(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const secret = "310115199001011234"
	row := Row(fields, "b", 1)
	row[0] = secret
	if _, err := tbl.Append(t.Context(), l.stageRow(t, tbl, row)); err != nil {
		t.Fatal(err)
	}
	s, err := tbl.Scan(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(filepath.Dir(s.Files[0].Path))
	holds := func() (n int) {
		err := filepath.WalkDir(dir, func(p string, e os.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			data, err := os.ReadFile(p)
			if strings.Contains(string(data), secret[:16]) {
				n++
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if holds() == 0 {
		t.Fatal("the value is nowhere before it is erased: this test proves nothing")
	}
	if _, err := tbl.Replace(t.Context(), []string{s.Files[0].Path}, l.stage(t, tbl, NewBatch(), 5, 6)); err != nil {
		t.Fatal(err)
	}
	if _, err := tbl.Maintain(t.Context(), brain.Upkeep{KeepSnapshots: 1}); err != nil {
		t.Fatal(err)
	}
	if n := holds(); n != 0 {
		t.Errorf("%d files still hold the erased value", n)
	}
	same(t, "rows", []int{5}, numbers(t, tbl, 0))
}

// manyWriters is rule 7 within a process: all that was acknowledged is there,
// once.
func manyWriters(t *testing.T, l *lab) {
	const writers, each = 6, 12
	tbl := l.create(t, "t")
	var (
		g     errgroup.Group
		mu    sync.Mutex
		acked []int
	)
	for w := range writers {
		g.Go(func() error {
			for i := range each {
				n := w*each + i
				fields, err := tbl.Fields(t.Context())
				if err != nil {
					return err
				}
				b := NewBatch()
				c, err := l.stageRows(t.Context(), tbl, b, [][]any{Row(fields, b, n)})
				if err != nil {
					return err
				}
				if _, err := tbl.Append(t.Context(), c); err != nil {
					return err
				}
				mu.Lock()
				acked = append(acked, n)
				mu.Unlock()
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if len(acked) != writers*each {
		t.Fatalf("%d acknowledged", len(acked))
	}
	same(t, "rows", span(0, writers*each), numbers(t, tbl, 0))
}

// counter is the lost update test: each writer replaces the only file by one
// that holds its number plus one.
func counter(t *testing.T, l *lab) {
	const writers, each = 4, 6
	tbl := l.create(t, "t")
	l.append(t, tbl, 0, 1)
	var g errgroup.Group
	conflicts := make([]int, writers)
	for w := range writers {
		g.Go(func() error {
			for range each {
				for {
					err := Increment(t.Context(), l.Lake, l.write, tbl)
					if err == nil {
						break
					}
					if !errors.Is(err, fault.Conflict) {
						return err
					}
					conflicts[w]++
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	same(t, "the counter", []int{writers * each}, numbers(t, tbl, 0))
	t.Logf("conflicts %v", conflicts)
}

// Increment replaces the one file of a table of one row by a file in which
// "n" is one more; fault.Conflict when another writer came first.
func Increment(ctx context.Context, lake brain.Lake, write brain.WriteParquet, tbl brain.Table) error {
	s, err := tbl.Scan(ctx, 0)
	if err != nil {
		return err
	}
	if len(s.Files) != 1 {
		return fmt.Errorf("%d files, want 1", len(s.Files))
	}
	old, err := Column(s, 2)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: %w", err, fault.Conflict)
	}
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(old[0])
	if err != nil {
		return err
	}
	l := &lab{lake, write}
	b := NewBatch()
	c, err := l.stageRows(ctx, tbl, b, [][]any{Row(s.Fields, b, n+1)})
	if err != nil {
		return err
	}
	_, err = tbl.Replace(ctx, []string{s.Files[0].Path}, c)
	return err
}
