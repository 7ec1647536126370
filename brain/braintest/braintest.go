package braintest

import (
	"errors"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/oklog/ulid/v2"

	"shuniu/brain"
	"shuniu/fault"
	"shuniu/resource"
)

// Fields of the tables the contract works on.
var Fields = []resource.Field{
	{Name: "名称", Type: resource.Text, Comment: "企业名称"},
	{Name: "n", Type: resource.Integer},
	{Name: "注册资本", Type: resource.Decimal, Precision: 12, Scale: 2, Unit: "万元"},
	{Name: "成立日期", Type: resource.Date},
	{Name: "营业时间", Type: resource.Time},
	{Name: "at", Type: resource.Timestamp},
	{Name: "存续", Type: resource.Boolean},
	{Name: resource.BatchColumn, Type: resource.Text},
	{Name: resource.RowColumn, Type: resource.Integer},
}

// A Lake and what a test does with it.
type lab struct {
	brain.Lake
	write brain.WriteParquet
}

// Run checks the contract. open returns a new empty lake; write makes the
// Parquet files.
func Run(t *testing.T, open func(t *testing.T) brain.Lake, write brain.WriteParquet) {
	for name, f := range map[string]func(*testing.T, *lab){
		"create and list":                 createAndList,
		"create refuses":                  createRefuses,
		"append and scan":                 appendAndScan,
		"append is once per batch":        appendOnce,
		"append refuses":                  appendRefuses,
		"append of nothing":               appendNothing,
		"replace":                         replace,
		"evolve":                          evolve,
		"evolve refuses":                  evolveRefuses,
		"rollback":                        rollback,
		"maintain":                        maintain,
		"erased rows leave the disk":      erase,
		"many writers":                    manyWriters,
		"replace is a compare and swap":   counter,
		"names of any language and shape": names,
	} {
		t.Run(name, func(t *testing.T) { f(t, &lab{open(t), write}) })
	}
}

// NewBatch is a fresh batch id.
func NewBatch() resource.BatchID { return resource.BatchID(ulid.Make().String()) }

func (l *lab) create(t *testing.T, name string) brain.Table {
	t.Helper()
	tbl, err := l.Create(t.Context(), resource.Table{Station: resource.Landing, Dataset: resource.DatasetID(name)}, Fields)
	if err != nil {
		t.Fatal(err)
	}
	return tbl
}

// stage writes rows numbered from..to-1 as one file for tbl.
func (l *lab) stage(t *testing.T, tbl brain.Table, b resource.BatchID, from, to int) brain.Commit {
	t.Helper()
	s, err := l.Stage(t.Context(), tbl.Name())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	fields, err := tbl.Fields(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]any
	for i := from; i < to; i++ {
		rows = append(rows, Row(fields, b, i))
	}
	p := filepath.Join(s.Dir(), "part.parquet")
	n, err := l.write(t.Context(), p, fields, Rows(fields, rows))
	if err != nil {
		t.Fatal(err)
	}
	return brain.Commit{Batch: b, Files: []brain.StagedFile{{Path: p, Rows: n}}}
}

// Row makes a row of a table with some of Fields; the number i stands in "n"
// and "_row", everything the contract does not look at is null.
func Row(fields []resource.Field, b resource.BatchID, i int) []any {
	row := make([]any, len(fields))
	for k, f := range fields {
		switch f.Name {
		case "名称", "企业名称":
			row[k] = "企业" + strconv.Itoa(i)
		case "n", resource.RowColumn:
			row[k] = int64(i)
		case "注册资本":
			row[k] = strconv.Itoa(i) + ".50"
		case resource.BatchColumn:
			row[k] = string(b)
		}
	}
	return row
}

func (l *lab) append(t *testing.T, tbl brain.Table, from, to int) resource.Snapshot {
	t.Helper()
	s, err := tbl.Append(t.Context(), l.stage(t, tbl, NewBatch(), from, to))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// numbers are the values of "n" at a snapshot, sorted.
func numbers(t *testing.T, tbl brain.Table, id resource.SnapshotID) []int {
	t.Helper()
	s, err := tbl.Scan(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var out []int
	for _, v := range ReadColumn(t, s, 2) {
		n, err := strconv.Atoi(v)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, n)
	}
	if int64(len(out)) != s.Rows {
		t.Errorf("the plan says %d rows, the files have %d", s.Rows, len(out))
	}
	slices.Sort(out)
	return out
}

func span(from, to int) []int {
	out := []int{}
	for i := from; i < to; i++ {
		out = append(out, i)
	}
	return out
}

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func isKind(t *testing.T, what string, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s: %v, want %v", what, err, kind)
	}
}

func createAndList(t *testing.T, l *lab) {
	if got, err := l.Tables(t.Context()); err != nil || len(got) != 0 {
		t.Fatalf("a new lake has %v, %v", got, err)
	}
	b, a := l.create(t, "b_1"), l.create(t, "a")
	got, err := l.Tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "tables", []resource.Table{a.Name(), b.Name()}, got)
	fields, err := a.Fields(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := slices.Clone(Fields)
	for i := range want {
		want[i].ID = i + 1
	}
	same(t, "fields", want, fields)
	_, err = l.Create(t.Context(), a.Name(), Fields)
	isKind(t, "create again", err, fault.Conflict)
	_, err = l.Open(t.Context(), resource.Table{Station: resource.Topic, Dataset: "a"})
	isKind(t, "open what is not there", err, fault.NotFound)
	if err := l.Drop(t.Context(), a.Name()); err != nil {
		t.Fatal(err)
	}
	_, err = l.Open(t.Context(), a.Name())
	isKind(t, "open after drop", err, fault.NotFound)
	isKind(t, "drop again", l.Drop(t.Context(), a.Name()), fault.NotFound)
	if again := l.create(t, "a"); len(numbers(t, again, 0)) != 0 {
		t.Error("a table made anew has rows")
	}
}

func appendAndScan(t *testing.T, l *lab) {
	tbl := l.create(t, "t")
	s, err := tbl.Scan(t.Context(), 0)
	if err != nil || len(s.Files) != 0 || len(s.Fields) != len(Fields) {
		t.Fatalf("scan of an empty table: %+v, %v", s, err)
	}
	first := l.append(t, tbl, 0, 3000)
	second := l.append(t, tbl, 3000, 3010)
	same(t, "rows", span(0, 3010), numbers(t, tbl, 0))
	same(t, "rows at the first snapshot", span(0, 3000), numbers(t, tbl, first.ID))
	if second.Parent != first.ID || second.Rows != 3010 || second.Operation != "append" {
		t.Errorf("second snapshot %+v", second)
	}
	snaps, err := tbl.Snapshots(t.Context())
	if err != nil || len(snaps) != 2 || snaps[0].ID != second.ID {
		t.Errorf("snapshots %+v, %v", snaps, err)
	}
	_, err = tbl.Scan(t.Context(), 12345)
	isKind(t, "scan of no snapshot", err, fault.NotFound)
}
