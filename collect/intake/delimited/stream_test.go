package delimited

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"shuniu/collect/intake/charset"
	"shuniu/collect/intake/tabular"
)

// citizens writes n rows of twelve columns as a register has them.
func citizens(n int, quoted bool) []byte {
	var b bytes.Buffer
	rnd := rand.New(rand.NewPCG(1, 2))
	b.WriteString("id,姓名,性别,出生日期,手机,街道,地址,金额,数量,状态,更新时间,备注\n")
	for i := range n {
		note := ""
		switch rnd.IntN(20) {
		case 0:
			note = "已核实"
		case 1:
			if quoted {
				note = "\"一行,\"\"两行\"\"\n第二行\""
			}
		}
		fmt.Fprintf(&b, "%d,张%c%c,%s,%04d-%02d-%02d,139%08d,%s街道,上海市浦东新区%s路%d号%d室,%d.%02d,%d,%s,2024-%02d-%02d %02d:%02d:%02d,%s\n",
			i+1, '一'+rune(rnd.IntN(3000)), '丁'+rune(rnd.IntN(3000)), [...]string{"男", "女"}[rnd.IntN(2)], 1940+rnd.IntN(80), 1+rnd.IntN(12), 1+rnd.IntN(28), rnd.IntN(100000000),
			[...]string{"潍坊新村", "陆家嘴", "洋泾", "花木"}[rnd.IntN(4)], [...]string{"世纪大", "张杨", "浦东南"}[rnd.IntN(3)], rnd.IntN(2000), rnd.IntN(3000),
			rnd.IntN(100000), rnd.IntN(100), rnd.IntN(1000), [...]string{"正常", "注销", "迁出"}[rnd.IntN(3)], 1+rnd.IntN(12), 1+rnd.IntN(28), rnd.IntN(24), rnd.IntN(60), rnd.IntN(60), note)
	}
	return b.Bytes()
}

// A big file gives what encoding/csv gives, whatever the encoding, and its
// damaged lines and its footer are told.
func TestStream(t *testing.T) {
	defer func(a, b, c int64) { wholeBelow, headBytes, tailBytes = a, b, c }(wholeBelow, headBytes, tailBytes)
	wholeBelow, headBytes, tailBytes = 4<<20, 1<<20, 64<<10
	plain := citizens(60_000, true)
	want, err := csv.NewReader(bytes.NewReader(plain)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want = want[1:]
	lines := bytes.SplitAfter(plain, []byte("\n"))
	dirty := map[int]string{30_001: "only,three,values\n", 40_001: "9,\"never closed,男,1990-01-01,1,a,b,1.00,1,x,2024-01-01 00:00:00,\n", 50_002: "\n"}
	var b bytes.Buffer
	at := 0
	for i, l := range lines {
		if x, ok := dirty[i]; ok && !bytes.HasPrefix(l, []byte("第二行")) {
			b.WriteString(x)
			at++
		}
		b.Write(l)
	}
	if at != 3 {
		t.Fatalf("%d of 3 damaged lines written", at)
	}
	b.WriteString("合计,,,,,,,1.00,2,,,\n制表人：张三\n")
	for _, enc := range []string{"utf-8", "gb18030", "utf-16le"} {
		t.Run(enc, func(t *testing.T) {
			data, ok := charset.Encode(enc, b.Bytes())
			if !ok {
				t.Fatal("does not encode")
			}
			if int64(len(data)) < wholeBelow {
				t.Fatalf("%d bytes are not big", len(data))
			}
			tables := read(t, "big.csv", data)
			if len(tables) != 1 {
				t.Fatalf("%d tables", len(tables))
			}
			x := tables[0]
			if x.Encoding != enc || len(x.rows) != len(want) || x.HeaderRows != 1 {
				t.Fatalf("%s, %d rows, %d header rows, want %s, %d, 1", x.Encoding, len(x.rows), x.HeaderRows, enc, len(want))
			}
			for i := range want {
				if got := strings.Join(x.rows[i], "|"); got != strings.Join(want[i], "|") {
					t.Fatalf("row %d: %s, want %s", i, got, strings.Join(want[i], "|"))
				}
			}
			if len(x.rejects) != 2 || x.rejects[0].Text != "only,three,values" || !strings.Contains(x.rejects[1].Text, "never closed") || x.tally.Blank != 1 {
				t.Errorf("rejects %+v, tally %+v", x.rejects, x.tally)
			}
			if raw, _ := charset.Encode(enc, []byte("only,three,values")); len(x.rejects) > 0 && !bytes.Equal(x.rejects[0].Raw, raw) {
				t.Errorf("raw bytes %x, want %x", x.rejects[0].Raw, raw)
			}
			kinds := ""
			for _, n := range x.Notes {
				kinds += n.Kind + "@" + n.Place + " "
			}
			total := bytes.Count(b.Bytes(), []byte("\n"))
			if !strings.Contains(kinds, fmt.Sprintf("total@%d ", total-1)) || !strings.Contains(kinds, fmt.Sprintf("@%d ", total)) {
				t.Errorf("notes %s, want a total at line %d and a signature below", kinds, total-1)
			}
			all := bytes.Split(b.Bytes(), []byte("\n"))
			for _, i := range []int{0, 3999, 4000, 30_000, 50_010, len(x.rows) - 1} {
				if id := x.rows[i][0]; !bytes.HasPrefix(all[x.origin[i]-1], []byte(id+",")) {
					t.Errorf("row %d (id %s) is said to be line %d: %s", i, id, x.origin[i], all[x.origin[i]-1])
				}
			}
		})
	}
}

// cpu reports megabytes per second of processor time, which other programs on
// the machine do not change much.
func cpu(b *testing.B, bytes int64) func() {
	now := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	start := now()
	return func() {
		b.ReportMetric(float64(bytes)*float64(b.N)/1e6/(now()-start).Seconds(), "MB/cpu-s")
	}
}

func BenchmarkRead(b *testing.B) {
	for _, enc := range []string{"utf-8", "gb18030"} {
		for _, quoted := range []bool{false, true} {
			data, ok := charset.Encode(enc, citizens(400_000, quoted))
			if !ok {
				b.Fatal(enc)
			}
			found, err := Find(context.Background(), source("big.csv", data), tabular.Options{})
			if err != nil || len(found) != 1 {
				b.Fatal(err, len(found))
			}
			b.Run(fmt.Sprintf("%s/quotes=%v", enc, quoted), func(b *testing.B) {
				b.SetBytes(int64(len(data)))
				defer cpu(b, int64(len(data)))()
				for b.Loop() {
					if _, err := found[0].Read(context.Background(), func(*tabular.Batch) error { return nil }, func(tabular.Reject) error { return nil }); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkFile reads the file of SHUNIU_BENCH, for figures on real ones.
func BenchmarkFile(b *testing.B) {
	name := os.Getenv("SHUNIU_BENCH")
	if name == "" {
		b.Skip("SHUNIU_BENCH names no file")
	}
	f, err := os.Open(name)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	st, err := f.Stat()
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(st.Size())
	defer cpu(b, st.Size())()
	for b.Loop() {
		found, err := Find(context.Background(), &tabular.Source{Name: name, Size: st.Size(), ReaderAt: f}, tabular.Options{})
		if err != nil {
			b.Fatal(err)
		}
		for _, t := range found {
			if _, err := t.Read(context.Background(), func(*tabular.Batch) error { return nil }, func(tabular.Reject) error { return nil }); err != nil {
				b.Fatal(err)
			}
		}
	}
}
