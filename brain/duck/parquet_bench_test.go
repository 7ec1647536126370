package duck

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"shuniu/resource"
)

// residents are the fields of a resident file as departments send it.
var residents = []resource.Field{
	{ID: 1, Name: "证件号码", Type: resource.Text},
	{ID: 2, Name: "姓名", Type: resource.Text},
	{ID: 3, Name: "性别", Type: resource.Text},
	{ID: 4, Name: "出生日期", Type: resource.Date},
	{ID: 5, Name: "街镇", Type: resource.Text},
	{ID: 6, Name: "居委", Type: resource.Text},
	{ID: 7, Name: "住址", Type: resource.Text},
	{ID: 8, Name: "手机", Type: resource.Text},
	{ID: 9, Name: "户籍状态", Type: resource.Text},
	{ID: 10, Name: "收入", Type: resource.Decimal, Precision: 12, Scale: 2},
	{ID: 11, Name: "更新时间", Type: resource.Timestamp},
	{ID: 12, Name: "来源部门", Type: resource.Text},
}

// residentBatch makes rows of residents.
func residentBatch(tb testing.TB, rng *rand.Rand, rows int) arrow.RecordBatch {
	tb.Helper()
	schema, err := Schema(residents)
	if err != nil {
		tb.Fatal(err)
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	text := func(col int, v string) { b.Field(col).(*array.StringBuilder).Append(v) }
	for range rows {
		n := rng.IntN(1 << 30)
		text(0, fmt.Sprintf("310115%08d%04d", 19300101+n%900000, n%10000))
		text(1, string([]rune("王李张刘陈杨赵黄周吴")[n%10])+string([]rune("伟芳娜敏静丽强磊军洋勇艳杰涛明")[n%15])+string([]rune("伟芳娜敏静丽强磊军洋勇艳杰涛明")[n/15%15]))
		text(2, []string{"男", "女"}[n%2])
		b.Field(3).(*array.Date32Builder).Append(arrow.Date32(n % 30000))
		text(4, fmt.Sprintf("街镇%d", n%36))
		text(5, fmt.Sprintf("第%d居民委员会", n%1300))
		text(6, fmt.Sprintf("浦东新区张江路%d弄%d号%d室", n%2000, n/7%100, n/11%1500))
		text(7, fmt.Sprintf("1%010d", n))
		if n%50 == 0 {
			b.Field(8).AppendNull()
		} else {
			text(8, []string{"户籍", "居住证", "其他"}[n%3])
		}
		b.Field(9).(*array.Decimal128Builder).Append(decimal128.FromI64(int64(n % 3000000)))
		b.Field(10).(*array.TimestampBuilder).Append(arrow.Timestamp(1700000000000000 + int64(n)*1000000))
		text(11, "公安分局")
	}
	return b.NewRecordBatch()
}

func cpuSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

// repeat yields the batches until rows are reached.
func repeat(batches []arrow.RecordBatch, rows int) iter.Seq2[arrow.RecordBatch, error] {
	return func(yield func(arrow.RecordBatch, error) bool) {
		for i := 0; rows > 0; i++ {
			b := batches[i%len(batches)]
			rows -= int(b.NumRows())
			if !yield(b, nil) {
				return
			}
		}
	}
}

// BenchmarkWriteParquet writes 10 M rows of 12 columns: Arrow batches through
// WriteParquet, and the same rows from DuckDB's own memory for comparison.
func BenchmarkWriteParquet(b *testing.B) {
	const total = 10 << 20
	rng := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{65536, 122880} {
		batches := make([]arrow.RecordBatch, 16)
		for i := range batches {
			batches[i] = residentBatch(b, rng, size)
		}
		b.Run(fmt.Sprintf("arrow batches of %d", size), func(b *testing.B) {
			for b.Loop() {
				measure(b, total, func() error {
					_, err := WriteParquet(b.Context(), filepath.Join(b.TempDir(), "a.parquet"), residents, repeat(batches, total))
					return err
				})
			}
		})
		if size != 65536 {
			continue
		}
		sample := filepath.Join(b.TempDir(), "sample.parquet")
		if _, err := WriteParquet(b.Context(), sample, residents, repeat(batches, 16*size)); err != nil {
			b.Fatal(err)
		}
		b.Run("duckdb table", func(b *testing.B) {
			s, err := openSession(limits{MemoryBytes: 2 << 30, Temp: b.TempDir()})
			if err != nil {
				b.Fatal(err)
			}
			defer s.close()
			if err := s.exec("CREATE TABLE t AS FROM read_parquet(" + literal(sample) + ")"); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				measure(b, total, func() error {
					_, err := s.count("COPY (SELECT t.* FROM range(10) r, t) TO " + literal(filepath.Join(b.TempDir(), "b.parquet")) + " " + copyOptions(residents))
					return err
				})
			}
		})
	}
}

func measure(b *testing.B, rows int, f func() error) {
	b.Helper()
	from, cpu := time.Now(), cpuSeconds()
	if err := f(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(rows)/time.Since(from).Seconds()/1e6, "Mrows/s")
	b.ReportMetric(cpuSeconds()-cpu, "cpu-s")
	b.ReportMetric(float64(maxRSS()>>20), "MiB")
}

func maxRSS() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return u.Maxrss << 10
}
