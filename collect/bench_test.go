package collect

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// BenchmarkArchive lands an archive of 2,000 small files of one shape, or as
// many as SHUNIU_BENCH_MEMBERS says.
func BenchmarkArchive(b *testing.B) {
	n := 2000
	if v, err := strconv.Atoi(os.Getenv("SHUNIU_BENCH_MEMBERS")); err == nil {
		n = v
	}
	for i := range b.N {
		b.StopTimer()
		h := newHub(b)
		var buf bytes.Buffer
		z := zip.NewWriter(&buf)
		for k := range n {
			w, err := z.Create(fmt.Sprintf("日报/日报 (%d).csv", k+1))
			if err != nil {
				b.Fatal(err)
			}
			if _, err := fmt.Fprintf(w, "街道,事件数,备注\n川沙,%d,%d\n张江,%d,b\n金桥,12,c\n", k, i, k*2); err != nil {
				b.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			b.Fatal(err)
		}
		path := h.put(b, "日报.zip", buf.String())
		b.StartTimer()
		rs := h.land(b, Request{Path: path})
		b.StopTimer()
		if len(rs) != n || rs[n-1].Status != "landed" || rs[n-1].Dataset != rs[0].Dataset {
			b.Fatalf("%d receipts, last %+v", len(rs), rs[len(rs)-1])
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "files/s")
}

// BenchmarkCSV lands one CSV file of a million rows of 8 columns, or as many
// rows as SHUNIU_BENCH_ROWS says.
func BenchmarkCSV(b *testing.B) {
	n := 1_000_000
	if v, err := strconv.Atoi(os.Getenv("SHUNIU_BENCH_ROWS")); err == nil {
		n = v
	}
	for i := range b.N {
		b.StopTimer()
		h := newHub(b)
		var sb strings.Builder
		sb.WriteString("编号,姓名,登记日期,金额,街道,状态,备注,数量\n")
		for k := range n {
			fmt.Fprintf(&sb, "%d,居民%d,2024-%02d-%02d,%d.%02d,街道%d,%s,批次%d第%d行说明文字,%d\n",
				k, k%70000, k%12+1, k%28+1, k%9000, k%100, k%36, []string{"有效", "注销"}[k%2], i, k, k%1000)
		}
		path := filepath.Join(h.dir, "大表.csv")
		if err := os.WriteFile(path, []byte(sb.String()), 0o600); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(sb.Len()))
		b.StartTimer()
		if r := h.one(b, Request{Path: path}); r.RowsLanded != int64(n) {
			b.Fatalf("receipt %+v", r)
		}
		b.StopTimer()
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
