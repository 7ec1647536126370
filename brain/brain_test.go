package brain_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/oklog/ulid/v2"
	"go.uber.org/goleak"

	"shuniu/brain"
	"shuniu/brain/braintest"
	"shuniu/brain/duck"
	"shuniu/brain/iceberg"
	"shuniu/fault"
	"shuniu/guard"
	"shuniu/metadb"
	"shuniu/resource"
	"shuniu/worker"
)

func TestMain(m *testing.M) {
	if worker.IsChild() {
		worker.Main(duck.Handlers())
	}
	goleak.VerifyTestMain(m)
}

// A city is a real lake, engine and policy with three departments' tables.
type city struct {
	*brain.Brain
	lake brain.Lake
}

var (
	company = resource.Table{Station: resource.Landing, Dataset: "scjg_company"} // of scjg
	person  = resource.Table{Station: resource.Landing, Dataset: "gaj_person"}   // of gaj
	orphan  = resource.Table{Station: resource.Landing, Dataset: "orphan"}       // of nobody
)

var companyFields = []resource.Field{
	{Name: "企业名称", Type: resource.Text},
	{Name: "注册资本", Type: resource.Decimal, Precision: 12, Scale: 2, Unit: "万元"},
	{Name: "成立日期", Type: resource.Date},
	{Name: resource.BatchColumn, Type: resource.Text},
	{Name: resource.RowColumn, Type: resource.Integer},
}

func newCity(t testing.TB) *city {
	t.Helper()
	quiet, dir := slog.New(slog.DiscardHandler), t.TempDir()
	db, err := metadb.Open(t.Context(), "sqlite://"+filepath.Join(dir, "meta.db"), quiet)
	if err != nil {
		t.Fatal(err)
	}
	lake, err := iceberg.Open(t.Context(), iceberg.Config{Dir: filepath.Join(dir, "lake"), DB: db, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	pool, err := worker.NewPool(worker.Config{Command: []string{self}, Dir: filepath.Join(dir, "pool"), Size: 1, MemoryBytes: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(pool.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	owner := func(_ context.Context, table resource.Table) (resource.DepartmentID, error) {
		name, _, ok := strings.Cut(string(table.Dataset), "_")
		if !ok {
			return "", fmt.Errorf("entry of %s: %w", table, fault.NotFound)
		}
		return resource.DepartmentID(name), nil
	}
	c := &city{Brain: brain.New(lake, duck.New(pool), guard.Policy{}, owner), lake: lake}
	for _, table := range []resource.Table{company, person, orphan} {
		if _, err := lake.Create(t.Context(), table, companyFields); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// as is a context of somebody with a role in a department.
func as(t testing.TB, role guard.Role, department resource.DepartmentID) context.Context {
	t.Helper()
	return guard.With(t.Context(), guard.Principal{Account: "somebody", Role: role, Department: department})
}

// land appends rows name, capital, date to a table and returns the batch.
func (c *city) land(t testing.TB, table resource.Table, rows ...[3]any) resource.BatchID {
	t.Helper()
	commit, done := c.stage(t, table, rows...)
	defer done()
	w, err := c.lake.Open(t.Context(), table)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Append(t.Context(), commit); err != nil {
		t.Fatal(err)
	}
	return commit.Batch
}

func (c *city) stage(t testing.TB, table resource.Table, rows ...[3]any) (brain.Commit, func()) {
	t.Helper()
	commit := brain.Commit{Batch: resource.BatchID(ulid.Make().String())}
	staging, err := c.lake.Stage(t.Context(), table)
	if err != nil {
		t.Fatal(err)
	}
	w, err := c.lake.Open(t.Context(), table)
	if err != nil {
		t.Fatal(err)
	}
	fields, err := w.Fields(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var values [][]any
	for i, r := range rows {
		if day, ok := r[2].(string); ok {
			at, err := time.Parse(time.DateOnly, day)
			if err != nil {
				t.Fatal(err)
			}
			r[2] = at
		}
		values = append(values, []any{r[0], r[1], r[2], string(commit.Batch), int64(i + 2)})
	}
	path := filepath.Join(staging.Dir(), "x.parquet")
	n, err := duck.WriteParquet(t.Context(), path, fields, braintest.Rows(fields, values))
	if err != nil {
		t.Fatal(err)
	}
	commit.Files = []brain.StagedFile{{Path: path, Rows: n}}
	return commit, func() {
		if err := staging.Close(); err != nil {
			t.Error(err)
		}
	}
}

func (c *city) query(ctx context.Context, st brain.Statement) ([][]any, error) {
	r, err := c.Query(ctx, st)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var out [][]any
	for {
		rows, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
	}
}

func TestQueryThroughTheGate(t *testing.T) {
	c := newCity(t)
	c.land(t, company, [3]any{"甲公司", "100.50", "2024-03-05"}, [3]any{"乙公司", nil, nil})
	c.land(t, person, [3]any{"张三", "1.00", nil})
	leader, steward := as(t, guard.Leader, ""), as(t, guard.Steward, "scjg")
	got, err := c.query(steward, brain.Statement{SQL: `SELECT "企业名称", "注册资本", "成立日期" FROM landing.scjg_company ORDER BY 1 DESC`})
	want := [][]any{{"甲公司", "100.50", "2024-03-05"}, {"乙公司", nil, nil}}
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("own table: %v, %v", got, err)
	}
	for name, tc := range map[string]struct {
		who  context.Context //nolint:containedctx // the caller of one case
		sql  string
		kind error
		part string
	}{
		"other department":         {steward, "SELECT count(*) FROM landing.gaj_person", fault.Denied, "read_rows"},
		"join with another's":      {steward, "SELECT * FROM landing.scjg_company JOIN landing.gaj_person USING (_row)", fault.Denied, "own department"},
		"missing, seen by steward": {steward, "FROM landing.missing", fault.Denied, ""},
		"missing, seen by leader":  {leader, "FROM landing.missing", fault.NotFound, ""},
		"nobody":                   {t.Context(), "FROM landing.scjg_company", fault.Denied, ""},
		"resident":                 {as(t, guard.Resident, ""), "FROM landing.scjg_company", fault.Denied, ""},
		"file":                     {leader, "FROM read_text('/etc/passwd')", fault.Denied, "read_text"},
		"wrong column":             {leader, "SELECT nothing FROM landing.scjg_company", fault.Invalid, "nothing"},
	} {
		if _, err := c.query(tc.who, brain.Statement{SQL: tc.sql}); !errors.Is(err, tc.kind) || !strings.Contains(err.Error(), tc.part) {
			t.Errorf("%s: %v, want %v with %q", name, err, tc.kind, tc.part)
		}
	}
	if got, err = c.query(leader, brain.Statement{SQL: "SELECT count(*) FROM landing.scjg_company c, landing.gaj_person p, landing.orphan o"}); err != nil || got[0][0] != int64(0) {
		t.Errorf("leader: %v, %v", got, err)
	}
}

func TestQueryTravelsInTime(t *testing.T) {
	c := newCity(t)
	c.land(t, company, [3]any{"甲", nil, nil})
	leader := as(t, guard.Leader, "")
	first, err := c.Snapshots(leader, company)
	if err != nil || len(first) != 1 {
		t.Fatalf("snapshots = %v, %v", first, err)
	}
	c.land(t, company, [3]any{"乙", nil, nil})
	st := brain.Statement{SQL: "SELECT count(*) FROM landing.scjg_company", Snapshot: map[resource.Table]resource.SnapshotID{company: first[0].ID}}
	for want, st := range map[int64]brain.Statement{1: st, 2: {SQL: st.SQL}} {
		if got, err := c.query(leader, st); err != nil || got[0][0] != want {
			t.Errorf("count = %v, %v; want %d", got, err, want)
		}
	}
	if _, err := c.Rollback(leader, company, first[0].ID); !errors.Is(err, fault.Denied) {
		t.Errorf("a leader rolls back: %v", err)
	}
	if _, err := c.Rollback(as(t, guard.Admin, ""), company, first[0].ID); err != nil {
		t.Fatal(err)
	}
	if got, err := c.query(leader, brain.Statement{SQL: st.SQL}); err != nil || got[0][0] != int64(1) {
		t.Errorf("after rollback: %v, %v", got, err)
	}
}

func TestShowTablesAfterARollback(t *testing.T) {
	c := newCity(t)
	c.land(t, company, [3]any{"甲", nil, nil})
	admin := as(t, guard.Admin, "")
	first, err := c.Snapshots(admin, company)
	if err != nil {
		t.Fatal(err)
	}
	c.land(t, company, [3]any{"乙", nil, nil})
	if _, err := c.Rollback(admin, company, first[0].ID); err != nil {
		t.Fatal(err)
	}
	tables, err := c.Tables(admin)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(tables, func(l brain.Listed) bool { return l.Table == company })
	if i < 0 || tables[i].Snapshot.ID != first[0].ID || tables[i].Snapshot.Rows != 1 {
		t.Errorf("listed %+v, want snapshot %d with 1 row", tables, first[0].ID)
	}
}

func TestShowTables(t *testing.T) {
	c := newCity(t)
	c.land(t, company, [3]any{"甲", nil, nil})
	got, err := c.query(as(t, guard.Steward, "scjg"), brain.Statement{SQL: " show  Tables ; "})
	if err != nil || len(got) != 3 {
		t.Fatalf("tables = %v, %v", got, err)
	}
	if got[2][0] != "landing.scjg_company" || got[2][1] != int64(1) || got[2][5] != true || got[0][5] != false {
		t.Errorf("tables = %v", got)
	}
	if got, err := c.query(as(t, guard.Public, ""), brain.Statement{SQL: "SHOW TABLES"}); err != nil || len(got) != 0 {
		t.Errorf("the public sees %v, %v", got, err)
	}
}

func TestPagesVisitEachRowOnce(t *testing.T) {
	c := newCity(t)
	var batches []resource.BatchID
	for range 3 {
		var rows [][3]any
		for i := range 25 {
			rows = append(rows, [3]any{fmt.Sprintf("企业%d", i), nil, nil})
		}
		batches = append(batches, c.land(t, company, rows...))
	}
	leader := as(t, guard.Leader, "")
	for _, limit := range []int{1, 7, 25, 75, 1000} {
		seen := map[string]bool{}
		req := brain.PageRequest{Limit: limit}
		for {
			p, err := c.Rows(leader, company, req)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range p.Rows {
				key := fmt.Sprint(r[3], r[4])
				if seen[key] {
					t.Fatalf("limit %d: row %s twice", limit, key)
				}
				seen[key] = true
			}
			if p.Next == nil {
				break
			}
			req.After, req.Snapshot = *p.Next, p.Snapshot
		}
		if len(seen) != 75 {
			t.Errorf("limit %d: %d rows, want 75", limit, len(seen))
		}
	}
	p, err := c.Rows(leader, company, brain.PageRequest{Batch: batches[1], Limit: 1000})
	if err != nil || len(p.Rows) != 25 {
		t.Errorf("one batch: %d rows, %v", len(p.Rows), err)
	}
	one, err := c.Row(leader, company, 0, batches[2], 4)
	if err != nil || len(one.Rows) != 1 || one.Rows[0][0] != "企业2" {
		t.Errorf("row 4: %v, %v", one.Rows, err)
	}
	if _, err := c.Row(leader, company, 0, batches[2], 99); !errors.Is(err, fault.NotFound) {
		t.Errorf("no such row: %v", err)
	}
	if _, err := c.Rows(as(t, guard.Consumer, "gaj"), company, brain.PageRequest{}); !errors.Is(err, fault.Denied) {
		t.Errorf("another department: %v", err)
	}
	if _, err := c.Rows(leader, company, brain.PageRequest{Limit: 1001}); !errors.Is(err, fault.Invalid) {
		t.Errorf("large page: %v", err)
	}
}

// TestPagesPassRowsOfOneOrigin has more rows of one line than a page holds.
func TestPagesPassRowsOfOneOrigin(t *testing.T) {
	c := newCity(t)
	batch := c.land(t, company, [3]any{"甲", nil, nil}, [3]any{"乙", nil, nil})
	w, err := c.lake.Open(t.Context(), company)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // the same rows again, as three other commits
		commit, done := c.stage(t, company, [3]any{"甲", nil, nil})
		fields, err := w.Fields(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := duck.WriteParquet(t.Context(), commit.Files[0].Path, fields, braintest.Rows(fields, [][]any{{"丙", nil, nil, string(batch), int64(2)}})); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Append(t.Context(), commit); err != nil {
			t.Fatal(err)
		}
		done()
	}
	n, req := 0, brain.PageRequest{Limit: 1}
	for {
		p, err := c.Rows(as(t, guard.Leader, ""), company, req)
		if err != nil {
			t.Fatal(err)
		}
		n += len(p.Rows)
		if p.Next == nil || n > 10 {
			break
		}
		req.After = *p.Next
	}
	if n != 5 {
		t.Errorf("%d rows, want 5", n)
	}
}

func TestProfile(t *testing.T) {
	c := newCity(t)
	c.land(t, company, [3]any{"甲", "1.50", "2024-03-05"}, [3]any{"乙", "-2.00", nil}, [3]any{"甲", nil, nil}, [3]any{" ", nil, "1999-01-01"})
	rows, columns, err := c.Profile(as(t, guard.Leader, ""), company, 0)
	if err != nil || rows != 4 || len(columns) != 5 {
		t.Fatalf("%d rows, %d columns, %v", rows, len(columns), err)
	}
	for i, want := range []brain.Profile{
		{Filled: 3, Distinct: 2, Exact: true, Min: "乙", Max: "甲", Samples: []string{"甲", "乙"}},
		{Filled: 2, Distinct: 2, Exact: true, Min: "-2.00", Max: "1.50", Samples: []string{"1.50", "-2.00"}},
		{Filled: 2, Distinct: 2, Exact: true, Min: "1999-01-01", Max: "2024-03-05", Samples: []string{"2024-03-05", "1999-01-01"}},
	} {
		got := columns[i]
		got.Field = resource.Field{}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("column %d (-want +got):\n%s", i, diff)
		}
	}
	if rows, columns, err = c.Profile(as(t, guard.Leader, ""), person, 0); err != nil || rows != 0 || columns[0].Filled != 0 || columns[0].Min != "" {
		t.Errorf("empty table: %d, %+v, %v", rows, columns, err)
	}
}

func TestCompact(t *testing.T) {
	c := newCity(t)
	for i := range 10 {
		c.land(t, company, [3]any{fmt.Sprintf("企业%d", i), "1.00", nil})
	}
	admin := as(t, guard.Admin, "")
	if _, err := c.Compact(as(t, guard.Leader, ""), company); !errors.Is(err, fault.Denied) {
		t.Errorf("a leader compacts: %v", err)
	}
	before, err := c.Rows(admin, company, brain.PageRequest{})
	if err != nil {
		t.Fatal(err)
	}
	n, err := c.Compact(admin, company)
	if err != nil || n != 10 {
		t.Fatalf("%d files, %v", n, err)
	}
	w, err := c.lake.Open(admin, company)
	if err != nil {
		t.Fatal(err)
	}
	scan, err := w.Scan(t.Context(), 0)
	if err != nil || len(scan.Files) != 1 || scan.Rows != 10 {
		t.Errorf("%d files, %d rows, %v", len(scan.Files), scan.Rows, err)
	}
	after, err := c.Rows(admin, company, brain.PageRequest{})
	if diff := cmp.Diff(before.Rows, after.Rows); err != nil || diff != "" {
		t.Errorf("rows (-before +after): %v\n%s", err, diff)
	}
	if n, err = c.Compact(admin, company); err != nil || n != 0 {
		t.Errorf("again: %d, %v", n, err)
	}
}

func TestReplaceByKey(t *testing.T) {
	c := newCity(t)
	ctx := as(t, guard.Steward, "scjg")
	replace := func(rows ...[3]any) resource.Snapshot {
		t.Helper()
		commit, done := c.stage(t, company, rows...)
		defer done()
		s, err := c.ReplaceByKey(ctx, company, []string{"企业名称"}, commit)
		if err != nil {
			t.Fatal(err)
		}
		again, err := c.ReplaceByKey(ctx, company, []string{"企业名称"}, commit)
		if err != nil || again.ID != s.ID {
			t.Errorf("repeated: snapshot %d, %v; want %d", again.ID, err, s.ID)
		}
		return s
	}
	replace([3]any{"甲", "1.00", nil}, [3]any{"乙", "2.00", nil}, [3]any{nil, "3.00", nil})
	s := replace([3]any{"乙", "22.00", nil}, [3]any{"丙", "4.00", nil}, [3]any{nil, "33.00", nil})
	if s.Rows != 4 {
		t.Errorf("%d rows in the snapshot, want 4", s.Rows)
	}
	got, err := c.query(ctx, brain.Statement{SQL: `SELECT "企业名称", "注册资本" FROM landing.scjg_company ORDER BY 2`})
	want := [][]any{{"甲", "1.00"}, {"丙", "4.00"}, {"乙", "22.00"}, {nil, "33.00"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("rows (-want +got): %v\n%s", err, diff)
	}
	replace([3]any{"甲", "1.10", nil}, [3]any{"乙", "2.20", nil}, [3]any{"丙", "4.40", nil}, [3]any{nil, "3.30", nil})
	commit, done := c.stage(t, company, [3]any{"x", nil, nil})
	defer done()
	if _, err := c.ReplaceByKey(ctx, company, []string{"nothing"}, commit); !errors.Is(err, fault.Invalid) {
		t.Errorf("unknown key: %v", err)
	}
	if _, err := c.ReplaceByKey(as(t, guard.Steward, "gaj"), company, []string{"企业名称"}, commit); !errors.Is(err, fault.Denied) {
		t.Errorf("another department: %v", err)
	}
}

func TestSchemaChangesReadThrough(t *testing.T) {
	c := newCity(t)
	c.land(t, company, [3]any{"甲", "1.00", nil})
	w, err := c.lake.Open(t.Context(), company)
	if err != nil {
		t.Fatal(err)
	}
	fields, err := w.Evolve(t.Context(), []brain.Change{
		{Rename: &brain.Rename{From: "企业名称", To: "名称"}},
		{Add: &resource.Field{Name: "电话", Type: resource.Text}},
		{Drop: "成立日期"},
	})
	if err != nil {
		t.Fatal(err)
	}
	wide := fields[1]
	wide.Precision = 20
	if _, err := w.Evolve(t.Context(), []brain.Change{{Widen: &wide}}); err != nil {
		t.Fatal(err)
	}
	got, err := c.query(as(t, guard.Leader, ""), brain.Statement{SQL: `SELECT "名称", "注册资本" + 10000000000000, "电话" FROM landing.scjg_company`})
	if err != nil || !cmp.Equal(got, [][]any{{"甲", "10000000000001.00", nil}}) {
		t.Errorf("rows = %v, %v", got, err)
	}
	if _, err := c.query(as(t, guard.Leader, ""), brain.Statement{SQL: `SELECT "成立日期" FROM landing.scjg_company`}); !errors.Is(err, fault.Invalid) {
		t.Errorf("dropped column: %v", err)
	}
}
