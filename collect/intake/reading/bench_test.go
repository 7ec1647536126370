package reading

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"

	"shuniu/collect/intake/tabular"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// cpu reports nanoseconds of processor time a value, which other programs on
// the machine do not change much.
func cpu(b *testing.B, values int) func() {
	now := func() int64 {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return u.Utime.Nano() + u.Stime.Nano()
	}
	start := now()
	return func() { b.ReportMetric(float64(now()-start)/float64(values)/float64(b.N), "cpu-ns/value") }
}

func BenchmarkColumn(b *testing.B) {
	const n = 65536
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, tc := range []struct {
		name string
		make func(i int) string
	}{
		{"id", func(i int) string { return fmt.Sprint(1_000_000 + i) }},
		{"integer", func(int) string { return fmt.Sprint(rnd.IntN(1000)) }},
		{"decimal", func(int) string { return fmt.Sprintf("%d.%02d", rnd.IntN(100000), rnd.IntN(100)) }},
		{"date", func(int) string {
			return fmt.Sprintf("%04d-%02d-%02d", 1940+rnd.IntN(80), 1+rnd.IntN(12), 1+rnd.IntN(28))
		}},
		{"timestamp", func(int) string {
			return fmt.Sprintf("2024-%02d-%02d %02d:%02d:%02d", 1+rnd.IntN(12), 1+rnd.IntN(28), rnd.IntN(24), rnd.IntN(60), rnd.IntN(60))
		}},
		{"phone", func(int) string { return fmt.Sprintf("139%08d", rnd.IntN(100000000)) }},
		{"name", func(int) string {
			return fmt.Sprintf("张%c%c", '一'+rune(rnd.IntN(3000)), '丁'+rune(rnd.IntN(3000)))
		}},
		{"address", func(int) string {
			return fmt.Sprintf("上海市浦东新区世纪大道%d号%d室", rnd.IntN(2000), rnd.IntN(3000))
		}},
		{"status", func(int) string { return [...]string{"正常", "注销", "迁出"}[rnd.IntN(3)] }},
	} {
		var t tabular.Text
		for i := range n {
			t.AppendString(tc.make(i))
		}
		b.Run("profile/"+tc.name, func(b *testing.B) {
			p := New(tabular.Head{Name: tc.name})
			p.Add(&t)
			defer cpu(b, n)()
			for b.Loop() {
				p.Add(&t)
			}
		})
		b.Run("convert/"+tc.name, func(b *testing.B) {
			p := New(tabular.Head{Name: tc.name})
			p.Add(&t)
			c := NewConverter(p.Finding(), memory.DefaultAllocator)
			defer cpu(b, n)()
			for b.Loop() {
				a, _ := c.Convert(&t)
				a.Release()
			}
		})
	}
}
