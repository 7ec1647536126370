package iceberg

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"shuniu/brain"
	"shuniu/durable"
	"shuniu/fault"
)

// reopen opens the same lake as another process would: nothing is remembered.
func (b *bench) reopen(t *testing.T) *bench {
	t.Helper()
	l, err := Open(t.Context(), Config{Dir: b.dir, DB: b.db, Log: b.log, OrphanAge: b.age})
	if err != nil {
		t.Fatal(err)
	}
	return &bench{l, b.db, &Table{lake: l, name: b.tbl.name}}
}

// TestAFlippedBitIsNeverServed flips bits, one at a time, in every file of a
// table: a scan by a new process, and Verify, name the damage.
func TestAFlippedBitIsNeverServed(t *testing.T) {
	b := newBench(t)
	b.append(t, 0, 50)
	b.append(t, 50, 60)
	h := b.load(t)
	if problems, n, err := b.Verify(t.Context(), false); err != nil || len(problems) != 0 || n < 7 {
		t.Fatalf("a sound lake: %v, %d checked, %v", problems, n, err)
	}
	var files []string
	err := h.walk(func(rel string, _ os.FileInfo) error {
		if filepath.Base(rel) != "committed" && (!strings.HasSuffix(rel, ".json") || b.where(h.location) == b.abs(rel)) {
			files = append(files, rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// The first snapshot's list is not part of the current one.
	first := h.meta.Snapshots()[0]
	if len(files) != 7 {
		t.Fatalf("files %v", files)
	}
	for _, rel := range files {
		for range 6 {
			data, err := os.ReadFile(b.abs(rel))
			if err != nil {
				t.Fatal(err)
			}
			bit := rand.IntN(len(data) * 8)
			flip := func() {
				data[bit/8] ^= 1 << (bit % 8)
				if err := os.WriteFile(b.abs(rel), data, 0o640); err != nil {
					t.Fatal(err)
				}
			}
			flip()
			fresh := b.reopen(t)
			_, err = fresh.tbl.Scan(t.Context(), 0)
			if !strings.HasSuffix(first.ManifestList, filepath.Base(rel)) {
				want(t, "scan with bit "+rel+" flipped", err, fault.Damaged)
				if err != nil && !strings.Contains(err.Error(), filepath.Base(rel)) {
					t.Errorf("the error does not name %s: %v", rel, err)
				}
			}
			if problems, _, err := fresh.Verify(t.Context(), false); err != nil || len(problems) == 0 {
				t.Errorf("verify with a bit of %s flipped: %v, %v", rel, problems, err)
			}
			flip()
		}
	}
	if s, err := b.reopen(t).tbl.Scan(t.Context(), 0); err != nil || s.Rows != 60 {
		t.Errorf("mended: %+v, %v", s, err)
	}
}

// TestDamageAfterTheFirstScan changes a file that was checked already.
func TestDamageAfterTheFirstScan(t *testing.T) {
	b := newBench(t)
	b.append(t, 0, 50)
	s, err := b.tbl.Scan(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	p := s.Files[0].Path
	data, err := os.ReadFile(p)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 4
	if err := os.WriteFile(p, data, 0o640); err != nil {
		t.Fatal(err)
	}
	_, err = b.tbl.Scan(t.Context(), 0)
	want(t, "scan of a changed file", err, fault.Damaged)
	if err := os.Remove(p); err != nil {
		t.Fatal(err)
	}
	_, err = b.tbl.Scan(t.Context(), 0)
	want(t, "scan of a missing file", err, fault.Damaged)
	if problems, _, err := b.Verify(t.Context(), true); err != nil || len(problems) != 1 || !strings.Contains(problems[0].Where, filepath.Base(p)) {
		t.Errorf("quick verify: %+v, %v", problems, err)
	}
}

// TestLostCommitsAreNoticed puts the metadata store back by a commit, as a
// flipped bit in SQLite's log does: the witness in the table's folder tells.
func TestLostCommitsAreNoticed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	b := openBench(t, dir)
	b.append(t, 0, 5)
	if err := b.db.Close(); err != nil {
		t.Fatal(err)
	}
	old, err := os.ReadFile(filepath.Join(dir, "meta.db"))
	if err != nil {
		t.Fatal(err)
	}
	b = openBench(t, dir)
	b.append(t, 5, 10)
	if err := b.db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "meta.db"), old, 0o640); err != nil {
		t.Fatal(err)
	}
	b = openBench(t, dir)
	if s, err := b.tbl.Scan(t.Context(), 0); err != nil || s.Rows != 5 {
		t.Fatalf("scan %+v, %v", s, err)
	}
	problems, _, err := b.Verify(t.Context(), true)
	if err != nil || len(problems) != 1 || !strings.Contains(problems[0].What, "commits are lost") {
		t.Errorf("verify: %+v, %v", problems, err)
	}
}

func TestOrphansAreFoundAndSwept(t *testing.T) {
	b := newBench(t)
	b.append(t, 0, 5)
	rel, err := b.rel(b.load(t).meta.Location())
	if err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-2 * time.Hour)
	orphan := func(name string, at time.Time) string {
		p := b.abs(name)
		if err := durable.MkdirAll(filepath.Dir(p), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte("x"), 0o640); err != nil {
			t.Fatal(err)
		}
		for _, q := range []string{p, filepath.Dir(p)} {
			if err := os.Chtimes(q, at, at); err != nil {
				t.Fatal(err)
			}
		}
		return p
	}
	dead, young := orphan(rel+"/data/dead.parquet", old), orphan(rel+"/metadata/young.avro", time.Now())
	stray := filepath.Dir(orphan("landing/gone-1/dead.parquet", old))
	problems, _, err := b.Verify(t.Context(), false)
	if err != nil || len(problems) != 2 || problems[0].Where != dead || problems[1].Where != stray {
		t.Errorf("verify: %+v, %v", problems, err)
	}
	r, err := b.tbl.Maintain(t.Context(), brain.Upkeep{KeepSnapshots: 1})
	if err != nil || r.FilesRemoved != 1 {
		t.Errorf("maintain: %+v, %v", r, err)
	}
	b.reopen(t)
	for p, there := range map[string]bool{dead: false, stray: false, young: true} {
		if _, err := os.Stat(p); (err == nil) != there {
			t.Errorf("%s: %v, want there: %v", p, err, there)
		}
	}
	if s, err := b.tbl.Scan(t.Context(), 0); err != nil || s.Rows != 5 {
		t.Errorf("scan %+v, %v", s, err)
	}
}

// TestWrittenAhead: a file settled before its commit is taken as it was then,
// and again when it is not the same any more.
func TestWrittenAhead(t *testing.T) {
	for _, changed := range []bool{false, true} {
		b := newBench(t)
		c := b.stage(t, 0, 100)
		st := b.stagingOf(c.Files[0].Path)
		st.Written(filepath.Base(c.Files[0].Path))
		ahead, err := st.settle(t.Context(), c.Files[0].Path)
		if err != nil {
			t.Fatal(err)
		}
		if changed {
			other := b.stage(t, 100, 300)
			if err := os.Rename(other.Files[0].Path, c.Files[0].Path); err != nil {
				t.Fatal(err)
			}
			c.Files[0].Rows = other.Files[0].Rows
		}
		if _, err := b.tbl.Append(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(b.dir, "landing", "*", "data", "*-"+ahead[:32]+".parquet"))
		if err != nil || len(files) == 1 == changed {
			t.Errorf("changed %v: files of the first digest %q, %v", changed, files, err)
		}
		if bad, _, err := b.Verify(t.Context(), false); err != nil || len(bad) > 0 {
			t.Errorf("changed %v: %v, %v", changed, bad, err)
		}
	}
}

// TestStagingOutlivesItsValue: a caller that keeps only the path of a staging
// does not lose the folder to the garbage collector and another process.
func TestStagingOutlivesItsValue(t *testing.T) {
	b := newBench(t)
	st, err := b.Stage(t.Context(), b.tbl.name)
	if err != nil {
		t.Fatal(err)
	}
	dir := st.Dir()
	st = nil //nolint:wastedassign // the value must be gone
	for range 3 {
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
	if err := b.sweepStaging(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Errorf("the staging was swept while its lake is open: %v", err)
	}
}

func TestStagingIsSweptWhenItsProcessIsGone(t *testing.T) {
	b := newBench(t)
	st, err := b.Stage(t.Context(), b.tbl.name)
	if err != nil {
		t.Fatal(err)
	}
	b.reopen(t)
	if _, err := os.Stat(st.Dir()); err != nil {
		t.Fatalf("the staging of a living process was swept: %v", err)
	}
	if err := st.(*staging).lock.Close(); err != nil { // as the death of the process does
		t.Fatal(err)
	}
	b.reopen(t)
	if _, err := os.Stat(st.Dir()); !os.IsNotExist(err) {
		t.Errorf("the staging of a dead process is there: %v", err)
	}
}

// TestRecordsOfDroppedTablesGo keeps the metadata store as small as the lake.
func TestRecordsOfDroppedTablesGo(t *testing.T) {
	b := newBench(t)
	b.append(t, 0, 5)
	if err := b.Drop(t.Context(), b.tbl.name); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"lake_file", "lake_batch", "iceberg_tables"} {
		var n int
		if err := b.db.Bun().NewRaw("SELECT count(*) FROM "+name).Scan(t.Context(), &n); err != nil || n != 0 {
			t.Errorf("%s has %d rows, %v", name, n, err)
		}
	}
	left, err := filepath.Glob(filepath.Join(b.dir, "landing", "*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

// TestScanAndVerifyBesideUpkeep reads while files are replaced and removed:
// what the newest state names is there, and nothing is called damaged.
func TestScanAndVerifyBesideUpkeep(t *testing.T) {
	b := newBench(t)
	b.append(t, 0, 5)
	done := make(chan error, 1)
	go func() {
		for range 25 {
			s, err := b.tbl.Scan(t.Context(), 0)
			if err == nil {
				_, err = b.tbl.Replace(t.Context(), []string{s.Files[0].Path}, b.stage(t, 0, 5))
			}
			if err == nil {
				_, err = b.tbl.Maintain(t.Context(), brain.Upkeep{KeepSnapshots: 1})
			}
			if err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for n := 0; ; n++ {
		select {
		case err := <-done:
			if err != nil || n == 0 {
				t.Fatalf("%v after %d looks", err, n)
			}
			return
		default:
		}
		if s, err := b.tbl.Scan(t.Context(), 0); err != nil || s.Rows != 5 {
			t.Fatalf("scan: %d rows, %v", s.Rows, err)
		}
		if problems, _, err := b.Verify(t.Context(), false); err != nil || len(problems) > 0 {
			t.Fatalf("verify: %+v, %v", problems, err)
		}
	}
}

// TestStageBesideSweeps stages while other processes open the lake.
func TestStageBesideSweeps(t *testing.T) {
	b := newBench(t)
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			if err := b.sweepStaging(); err != nil {
				done <- err
				return
			}
		}
	}()
	for range 1000 {
		s, err := b.Stage(t.Context(), b.tbl.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(s.Dir()); err != nil {
			t.Fatalf("a staging was swept: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
