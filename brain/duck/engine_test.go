package duck

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"shuniu/brain"
	"shuniu/fault"
	"shuniu/resource"
	"shuniu/worker"
)

func TestMain(m *testing.M) {
	if worker.IsChild() {
		worker.Main(Handlers())
	}
	goleak.VerifyTestMain(m)
}

func newEngine(tb testing.TB) *Engine {
	tb.Helper()
	self, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	pool, err := worker.NewPool(worker.Config{Command: []string{self}, Dir: filepath.Join(tb.TempDir(), "pool"), Size: 1, MemoryBytes: 1 << 30, Log: slog.New(slog.NewTextHandler(tb.Output(), nil))})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := pool.Close(); err != nil {
			tb.Error(err)
		}
	})
	return New(pool)
}

// all runs a statement to its end.
func all(tb testing.TB, e *Engine, st brain.Statement, scans ...brain.Scan) ([]brain.Column, [][]any, bool, error) {
	tb.Helper()
	r, err := e.Run(tb.Context(), st, scans)
	if err != nil {
		return nil, nil, false, err
	}
	defer r.Close()
	var out [][]any
	for {
		rows, err := r.Next(tb.Context())
		if errors.Is(err, io.EOF) {
			return r.Columns(), out, r.Truncated(), nil
		}
		if err != nil {
			return nil, nil, false, err
		}
		out = append(out, rows...)
	}
}

func must(tb testing.TB, e *Engine, sql string, scans ...brain.Scan) [][]any {
	tb.Helper()
	_, rows, _, err := all(tb, e, brain.Statement{SQL: sql}, scans...)
	if err != nil {
		tb.Fatalf("%s: %v", sql, err)
	}
	return rows
}

// write makes a file of fields from rows of Go values.
func write(tb testing.TB, fields []resource.Field, rows [][]any) brain.DataFile {
	tb.Helper()
	schema, err := Schema(fields)
	if err != nil {
		tb.Fatal(err)
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for _, row := range rows {
		for i, v := range row {
			switch v := v.(type) {
			case nil:
				b.Field(i).AppendNull()
			case int:
				b.Field(i).(*array.Int64Builder).Append(int64(v))
			case decimal128.Num:
				b.Field(i).(*array.Decimal128Builder).Append(v)
			case bool:
				b.Field(i).(*array.BooleanBuilder).Append(v)
			case string:
				if err := b.Field(i).AppendValueFromString(v); err != nil {
					tb.Fatal(err)
				}
			default:
				tb.Fatalf("value %T", v)
			}
		}
	}
	path := filepath.Join(tb.TempDir(), "x.parquet")
	batch := b.NewRecordBatch()
	n, err := WriteParquet(tb.Context(), path, fields, func(yield func(arrow.RecordBatch, error) bool) { yield(batch, nil) })
	if err != nil {
		tb.Fatal(err)
	}
	return brain.DataFile{Path: path, Rows: n}
}

var person = resource.Table{Station: resource.Landing, Dataset: "person"}

func TestRunEveryType(t *testing.T) {
	fields := []resource.Field{
		{ID: 1, Name: "文本", Type: resource.Text},
		{ID: 2, Name: "整数", Type: resource.Integer},
		{ID: 3, Name: "小数", Type: resource.Decimal, Precision: 28, Scale: 6},
		{ID: 4, Name: "是否", Type: resource.Boolean},
		{ID: 5, Name: "日期", Type: resource.Date},
		{ID: 6, Name: "时刻", Type: resource.Timestamp},
		{ID: 7, Name: `时"间'`, Type: resource.Time},
	}
	f := write(t, fields, [][]any{
		{"张三, 一个很长很长很长的名字", -9007199254740993, decimal128.FromI64(-1234567), true, "2024-03-05", "2024-03-05 13:45:00", "13:45:00"},
		{nil, nil, nil, nil, nil, nil, nil},
		{"", 0, decimal128.FromI64(0), false, "1900-02-28", "1969-12-31 23:59:59.5", ""},
	})
	e := newEngine(t)
	cols, rows, _, err := all(t, e, brain.Statement{SQL: "FROM landing.person"}, brain.Scan{Table: person, Fields: fields, Files: []brain.DataFile{f}})
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range cols {
		want := fields[i].Type
		if want == resource.Time {
			want = resource.Text // kept as text
		}
		if c.Name != fields[i].Name || c.Type != want {
			t.Errorf("column %d is %+v, want %s %s", i, c, fields[i].Name, want)
		}
	}
	want := [][]any{
		{"张三, 一个很长很长很长的名字", int64(-9007199254740993), "-1.234567", true, "2024-03-05", "2024-03-05 13:45:00", "13:45:00"},
		{nil, nil, nil, nil, nil, nil, nil},
		{"", int64(0), "0.000000", false, "1900-02-28", "1969-12-31 23:59:59.5", ""},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestRunResultTypes(t *testing.T) {
	e := newEngine(t)
	cols, rows, _, err := all(t, e, brain.Statement{SQL: `SELECT sum(i) AS s, 170141183460469231731687303715884105727 AS huge, avg(i) AS a, 0.1::FLOAT AS f, 'NaN'::DOUBLE AS n,
		[1, 2] AS l, {'a': '张'} AS st, INTERVAL 3 DAY AS iv, 18446744073709551615::UBIGINT AS u, 1::TINYINT AS ti, NULL AS nothing, TIME '01:02:03' AS t, s, 1.50 AS d, -5::HUGEINT AS neg
		FROM range(10) r(i), (SELECT 'x' AS s) GROUP BY ALL`})
	if err != nil {
		t.Fatal(err)
	}
	var types []string
	for _, c := range cols {
		types = append(types, string(c.Type))
	}
	if want := "integer integer decimal decimal decimal text text text integer integer integer time text decimal integer"; strings.Join(types, " ") != want {
		t.Errorf("types = %v, want %s", types, want)
	}
	want := [][]any{{
		int64(45), "170141183460469231731687303715884105727", 4.5, 0.1, "NaN", "[1, 2]", "{'a': 张}", "3 days",
		"18446744073709551615", int64(1), nil, "01:02:03", "x", "1.50", int64(-5),
	}}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestRunReadsByFieldID(t *testing.T) {
	old := []resource.Field{
		{ID: 1, Name: "gone", Type: resource.Integer},
		{ID: 2, Name: "name", Type: resource.Text},
		{ID: 3, Name: "money", Type: resource.Decimal, Precision: 10, Scale: 2},
	}
	now := []resource.Field{
		{ID: 4, Name: "gone", Type: resource.Text}, // another column of the same name
		{ID: 3, Name: "money", Type: resource.Decimal, Precision: 16, Scale: 2},
		{ID: 2, Name: "姓名", Type: resource.Text},
	}
	a := write(t, old, [][]any{{1, "张", decimal128.FromI64(150)}})
	b := write(t, now, [][]any{{"new", decimal128.FromI64(99999999999999), "李"}})
	e := newEngine(t)
	got := must(t, e, "SELECT * FROM landing.person ORDER BY 2", brain.Scan{Table: person, Fields: now, Files: []brain.DataFile{a, b}})
	want := [][]any{{nil, "1.50", "张"}, {"new", "999999999999.99", "李"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	empty := brain.Scan{Table: person, Fields: now}
	if got := must(t, e, `SELECT count(*), max("姓名"), sum(money) FROM landing.person`, empty); !cmp.Equal(got, [][]any{{int64(0), nil, nil}}) {
		t.Errorf("no files: %v", got)
	}
}

func TestRunLimitAndOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	var batches []arrow.RecordBatch
	for range 6 {
		batches = append(batches, residentBatch(t, rng, 65536))
	}
	path := filepath.Join(t.TempDir(), "a.parquet")
	if _, err := WriteParquet(t.Context(), path, residents, repeat(batches, 6*65536)); err != nil {
		t.Fatal(err)
	}
	scan := brain.Scan{Table: person, Fields: residents, Files: []brain.DataFile{{Path: path}}}
	e := newEngine(t)
	_, rows, _, err := all(t, e, brain.Statement{SQL: `SELECT "手机", "收入" FROM landing.person`}, scan)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 6*65536 {
		t.Fatalf("%d rows", len(rows))
	}
	for i, row := range rows {
		b := batches[i/65536]
		if want := b.Column(7).(*array.String).Value(i % 65536); row[0] != want {
			t.Fatalf("row %d is %v, want %s: the order of the file is lost", i, row[0], want)
		}
	}
	_, rows, truncated, err := all(t, e, brain.Statement{SQL: `SELECT "更新时间" AS t, "手机" FROM landing.person ORDER BY t DESC, 2; -- newest`, Limit: 100000}, scan)
	if err != nil || !truncated || len(rows) != 100000 {
		t.Fatalf("%d rows, truncated %t, %v", len(rows), truncated, err)
	}
	for i := 1; i < len(rows); i++ {
		if rows[i-1][0].(string) < rows[i][0].(string) && len(rows[i-1][0].(string)) == len(rows[i][0].(string)) {
			t.Fatalf("row %d out of order: %v, %v", i, rows[i-1], rows[i])
		}
	}
	for limit, want := range map[int64]bool{9: true, 10: false, 11: false} {
		if _, rows, truncated, err = all(t, e, brain.Statement{SQL: "FROM range(10)", Limit: limit}); err != nil || truncated != want || len(rows) != int(min(limit, 10)) {
			t.Errorf("limit %d: %d rows, truncated %t, %v", limit, len(rows), truncated, err)
		}
	}
}

func TestRunStreams(t *testing.T) {
	e := newEngine(t)
	from := time.Now()
	r, err := e.Run(t.Context(), brain.Statement{SQL: "SELECT i, 'row ' || i FROM range(100000000000) t(i)"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		rows, err := r.Next(t.Context())
		if err != nil || len(rows) == 0 || rows[0][0] != int64(i*2048) {
			t.Fatalf("chunk %d: %v, %v", i, rows[:1], err)
		}
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if d := time.Since(from); d > 10*time.Second {
		t.Errorf("the first rows took %s", d)
	}
	if got := must(t, e, "SELECT 42"); got[0][0] != int64(42) {
		t.Errorf("after it: %v", got)
	}
}

func TestRunErrors(t *testing.T) {
	e := newEngine(t)
	fields := []resource.Field{{ID: 1, Name: "a", Type: resource.Integer}}
	scan := brain.Scan{Table: person, Fields: fields, Files: []brain.DataFile{write(t, fields, [][]any{{1}})}}
	for _, tc := range []struct {
		sql  string
		kind error
		part string
	}{
		{"SELEC 1", fault.Invalid, "LINE 1"},
		{"SELECT b FROM landing.person", fault.Invalid, `"b"`},
		{"SELECT a::DATE FROM landing.person", fault.Invalid, "Conversion"},
		{"SELECT CAST('Parquet' AS INTEGER)", fault.Invalid, "Parquet"},
		{"SELECT no_such_parquet FROM landing.person", fault.Invalid, "no_such_parquet"},
		{"SELECT strptime('corrupt Parquet', '%Y')", fault.Invalid, "parse"},
		{"SELECT CAST('x' AS INTEGER)", fault.Invalid, "Could not convert"},
		{"SELECT * FROM landing.other", fault.Denied, "landing.other"},
		{"SELECT * FROM read_text('/etc/passwd')", fault.Denied, "read_text"},
		{"SELECT a FROM landing.person; DROP VIEW landing.person", fault.Denied, "SELECT"},
		{"SELECT sum(len(list_sort(range(0, 400000000 + a)))) FROM landing.person", fault.Invalid, ""},
	} {
		_, _, _, err := all(t, e, brain.Statement{SQL: tc.sql}, scan)
		if !errors.Is(err, tc.kind) || !strings.Contains(err.Error(), tc.part) {
			t.Errorf("%s: %v, want %v with %q", tc.sql, err, tc.kind, tc.part)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	r, err := e.Run(ctx, brain.Statement{SQL: "SELECT count(*) FROM range(1000000000000) a(i) WHERE i * i % 7 = 3"}, nil)
	if err == nil {
		_, err = r.Next(t.Context())
		if err := r.Close(); err == nil {
			t.Error("a cancelled job closes without an error")
		}
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("runaway: %v", err)
	}
}

func TestDamagedFilesAreSaidToBe(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	path := filepath.Join(t.TempDir(), "a.parquet")
	if _, err := WriteParquet(t.Context(), path, residents, repeat([]arrow.RecordBatch{residentBatch(t, rng, 5000)}, 5000)); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	e := newEngine(t)
	for name, spoil := range map[string]func([]byte) []byte{
		"empty":        func([]byte) []byte { return nil },
		"half":         func(b []byte) []byte { return b[:len(b)/2] },
		"no magic":     func(b []byte) []byte { copy(b[len(b)-4:], "XXXX"); return b },
		"other file":   func([]byte) []byte { return []byte(strings.Repeat("no parquet ", 100)) },
		"zeroed pages": func(b []byte) []byte { clear(b[100 : len(b)/2]); return b },
		"footer":       func(b []byte) []byte { clear(b[len(b)-200 : len(b)-100]); return b },
	} {
		bad := filepath.Join(t.TempDir(), "bad.parquet")
		if err := os.WriteFile(bad, spoil(append([]byte(nil), good...)), 0o600); err != nil {
			t.Fatal(err)
		}
		_, _, _, err := all(t, e, brain.Statement{SQL: "FROM landing.person"}, brain.Scan{Table: person, Fields: residents, Files: []brain.DataFile{{Path: bad}}})
		if !errors.Is(err, fault.Damaged) {
			t.Errorf("%s: %v, want damaged", name, err)
		}
	}
}

func TestRewrite(t *testing.T) {
	fields := []resource.Field{{ID: 1, Name: "编号", Type: resource.Integer}, {ID: 2, Name: "v", Type: resource.Decimal, Precision: 10, Scale: 2}}
	old := brain.Scan{Table: person, Fields: fields, Files: []brain.DataFile{
		write(t, fields, [][]any{{1, decimal128.FromI64(100)}, {2, decimal128.FromI64(200)}}),
		write(t, fields, [][]any{{3, decimal128.FromI64(300)}}),
	}}
	fresh := brain.Scan{Table: resource.Table{Station: "staged", Dataset: "new"}, Fields: fields, Files: []brain.DataFile{write(t, fields, [][]any{{2, decimal128.FromI64(222)}})}}
	e, dir := newEngine(t), t.TempDir()
	files, err := e.Rewrite(t.Context(), `SELECT * FROM landing.person o WHERE NOT EXISTS (SELECT 1 FROM staged.new n WHERE n."编号" = o."编号") UNION ALL FROM staged.new`,
		[]brain.Scan{old, fresh}, dir, fields)
	if err != nil || len(files) != 1 || files[0].Rows != 3 {
		t.Fatalf("files = %+v, %v", files, err)
	}
	got := must(t, e, "FROM landing.person ORDER BY 1", brain.Scan{Table: person, Fields: fields, Files: []brain.DataFile{{Path: files[0].Path}}})
	want := [][]any{{int64(1), "1.00"}, {int64(2), "2.22"}, {int64(3), "3.00"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if files, err = e.Rewrite(t.Context(), "SELECT * FROM landing.person WHERE false", []brain.Scan{old}, t.TempDir(), fields); err != nil || len(files) != 0 {
		t.Errorf("no rows: %+v, %v", files, err)
	}
}

func TestReferencesThroughTheWorker(t *testing.T) {
	e := newEngine(t)
	got, err := e.References(t.Context(), "SELECT * FROM landing.person JOIN topic.t USING (id)")
	if err != nil || fmt.Sprint(got) != "[landing.person topic.t]" {
		t.Errorf("references = %v, %v", got, err)
	}
	if _, err := e.References(t.Context(), "COPY landing.person TO 'x'"); !errors.Is(err, fault.Denied) {
		t.Errorf("copy: %v, want denied", err)
	}
}

func TestTrimEnd(t *testing.T) {
	for in, want := range map[string]string{
		"SELECT 1":                          "SELECT 1",
		"SELECT 1 ; ; -- end":               "SELECT 1",
		"SELECT ';' ;":                      "SELECT ';'",
		"SELECT ';--' /* a /* b */ c */ ; ": "SELECT ';--'",
		"SELECT $$;$$;":                     "SELECT $$;$$",
		"SELECT $a$;--$a$ --x\n":            "SELECT $a$;--$a$",
		"SELECT \"a;\"\n--":                 "SELECT \"a;\"",
		"SELECT 1 -- c\n + 2":               "SELECT 1 -- c\n + 2",
		"":                                  "",
	} {
		if got := trimEnd(in); got != want {
			t.Errorf("trimEnd(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{1, 0, 0, 0, 1, 0, 0, 0, tagInt, 1, 1, 2, 3, 4, 5, 6, 7, 8}, 1)
	f.Add([]byte{1, 0, 0, 0, 1, 0, 0, 0, tagText, 1, 2, 0, 0, 0, 'a', 'b'}, 1)
	f.Fuzz(func(t *testing.T, b []byte, columns int) {
		rows, err := decode(b, columns)
		if err == nil && len(rows) > 1<<16 {
			t.Errorf("%d rows of %d bytes", len(rows), len(b))
		}
	})
}

// BenchmarkRun reads 1 M rows of 12 columns into Go values.
func BenchmarkRun(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	var batches []arrow.RecordBatch
	for range 16 {
		batches = append(batches, residentBatch(b, rng, 65536))
	}
	path := filepath.Join(b.TempDir(), "a.parquet")
	if _, err := WriteParquet(b.Context(), path, residents, repeat(batches, 1<<20)); err != nil {
		b.Fatal(err)
	}
	scan := brain.Scan{Table: person, Fields: residents, Files: []brain.DataFile{{Path: path}}}
	e := newEngine(b)
	for b.Loop() {
		from, cells := time.Now(), 0
		r, err := e.Run(b.Context(), brain.Statement{SQL: "FROM landing.person"}, []brain.Scan{scan})
		if err != nil {
			b.Fatal(err)
		}
		for {
			rows, err := r.Next(b.Context())
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			cells += len(rows) * len(residents)
		}
		if cells != 12<<20 {
			b.Fatalf("%d cells", cells)
		}
		b.ReportMetric(float64(cells)/time.Since(from).Seconds()/1e6, "Mcells/s")
	}
}

// BenchmarkSmallQuery is what a page costs the engine: gate and query.
func BenchmarkSmallQuery(b *testing.B) {
	e := newEngine(b)
	for b.Loop() {
		if _, err := e.References(b.Context(), "SELECT 1"); err != nil {
			b.Fatal(err)
		}
		must(b, e, "SELECT 1")
	}
}

// TestFlippedBitsAreDamage flips bits all over a file: each answer is either
// the rows or damage, never anything else.
func TestFlippedBitsAreDamage(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	path := filepath.Join(t.TempDir(), "a.parquet")
	if _, err := WriteParquet(t.Context(), path, residents, repeat([]arrow.RecordBatch{residentBatch(t, rng, 2000)}, 2000)); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	e, damaged := newEngine(t), 0
	for i := range 30 {
		b := append([]byte(nil), good...)
		at := rng.IntN(len(b))
		if i%2 == 0 {
			at = len(b) - 1 - rng.IntN(3000) // in the footer
		}
		b[at] ^= 1 << rng.IntN(8)
		bad := filepath.Join(t.TempDir(), "bad.parquet")
		if err := os.WriteFile(bad, b, 0o600); err != nil {
			t.Fatal(err)
		}
		_, _, _, err := all(t, e, brain.Statement{SQL: "SELECT sum(hash(COLUMNS(*))::DOUBLE) FROM landing.person"},
			brain.Scan{Table: person, Fields: residents, Files: []brain.DataFile{{Path: bad}}})
		switch {
		case errors.Is(err, fault.Damaged):
			damaged++
		case err != nil:
			t.Errorf("bit at %d of %d: %v, want damaged", at, len(b), err)
		}
	}
	if damaged == 0 {
		t.Error("30 flipped bits, none found")
	}
}

// TestHostileStatementsLeaveTheEngineUp: each gets an answer in bounded time
// and memory, and the next statement runs.
func TestHostileStatementsLeaveTheEngineUp(t *testing.T) {
	e := newEngine(t)
	deep := func(open, middle, shut string, n int) string {
		return strings.Repeat(open, n) + middle + strings.Repeat(shut, n)
	}
	for name, sql := range map[string]string{
		"parentheses":   "SELECT " + deep("(", "1", ")", 100000),
		"functions":     "SELECT " + deep("abs(", "1", ")", 50000),
		"subqueries":    deep("SELECT * FROM (", "SELECT 1", ") t", 20000),
		"nots":          "SELECT " + strings.Repeat("NOT ", 200000) + "true",
		"sum":           "SELECT 1" + strings.Repeat("+1", 200000),
		"nested json":   "SELECT json_extract('" + deep(`{"a":`, "1", "}", 100000) + "', '$.a')",
		"json arrays":   "SELECT json_valid('" + deep("[", "", "]", 400000) + "')",
		"long":          "SELECT '" + strings.Repeat("x", 2<<20) + "'",
		"pad":           "SELECT lpad('x', 2000000000, 'y')",
		"pads":          "SELECT sum(length(lpad('x', 1000000 + i::INT, 'y'))) FROM range(1000000000) t(i)",
		"list":          "SELECT length(range(0, 20000000000))",
		"string bomb":   "WITH RECURSIVE r(s) AS (SELECT 'x' UNION ALL SELECT s || s FROM r) SELECT max(length(s)) FROM r",
		"cross product": "SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE a.range + b.range = 7",
		"regexp":        "SELECT regexp_matches(lpad('', 200000, 'a'), '(a*)*b')",
		"columns":       "SELECT " + strings.TrimSuffix(strings.Repeat("1,", 100000), ","),
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			from := time.Now()
			r, err := e.Run(ctx, brain.Statement{SQL: sql}, nil)
			if err == nil {
				_, err = r.Next(ctx)
				_ = r.Close() // err tells
			}
			if d := time.Since(from); d > 10*time.Second {
				t.Errorf("took %s", d)
			}
			if err != nil && fault.KindOf(err) == nil && !errors.Is(err, io.EOF) {
				t.Errorf("%.200s has no kind", err)
			}
			if got := must(t, e, "SELECT 42"); got[0][0] != int64(42) {
				t.Errorf("after it: %v", got)
			}
		})
	}
}
