package main

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // the peer
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/transform"
)

// land measures CSV → durable table against DuckDB's own CSV → Parquet on the
// same file. DuckDB reads no GB18030, so its figure is that of the UTF-8 file.
func (b *bench) land(ctx context.Context) error {
	utf8 := filepath.Join(b.dir, "居民.csv")
	gb := filepath.Join(b.dir, "居民_gb18030.csv")
	if err := residents(utf8, b.rows); err != nil {
		return err
	}
	if err := reencode(utf8, gb); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	// On the disk and in memory: no one reads from a cold disk or beside one
	// that is busy with what this made.
	for _, f := range []string{gb, utf8} {
		if err := touch(f); err != nil {
			return err
		}
	}
	duck, err := measure(ctx, self, "peer", utf8, filepath.Join(b.dir, "peer.parquet"))
	if err != nil {
		return err
	}
	rate := func(c cost) float64 { return float64(b.rows) / c.wall.Seconds() / 1e6 }
	fmt.Printf("DuckDB CSV → Parquet (not durable)   %v   %.2f M rows/s\n", duck, rate(duck))
	for _, f := range []string{utf8, gb} {
		data := filepath.Join(b.dir, "data-"+filepath.Base(f))
		c, err := measure(ctx, b.shuniu, "collect", "--data", data, "--department", "gaj", "--json", f)
		if err != nil {
			return err
		}
		if want := fmt.Sprintf(`"rows_landed":%d`, b.rows); !strings.Contains(strings.ReplaceAll(c.out, " ", ""), want) {
			return fmt.Errorf("the receipt does not say %s: %s", want, c.out)
		}
		fmt.Printf("shuniu collect %-20s  %v   %.2f M rows/s   %.0f %% of DuckDB by wall, CPU ×%.2f\n",
			filepath.Base(f), c, rate(c), 100*duck.wall.Seconds()/c.wall.Seconds(), c.cpu.Seconds()/duck.cpu.Seconds())
		if err := os.RemoveAll(data); err != nil {
			return err
		}
	}
	return nil
}

// peer is what DuckDB does by itself: types found by its sniffer, zstd.
func peer(in, out string) error {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return err
	}
	_, err = db.ExecContext(context.Background(), fmt.Sprintf("SET memory_limit='2GB'; SET threads=2; COPY (FROM read_csv('%s')) TO '%s' (FORMAT parquet, COMPRESSION zstd)", in, out))
	return errors.Join(err, db.Close())
}

// residents writes a register of made-up people: 12 columns, about 167 bytes a row.
func residents(path string, rows int) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriterSize(f, 1<<20)
	defer func() { err = errors.Join(err, w.Flush()) }()
	if _, err := w.WriteString("证件号码,姓名,性别,出生日期,街镇,居委,住址,手机,户籍状态,收入,更新时间,来源部门\n"); err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(1, 2))
	sur := strings.Split("王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗", "")
	giv := strings.Split("伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平", "")
	towns := []string{"花木街道", "张江镇", "唐镇", "川沙新镇", "周浦镇", "惠南镇", "金桥镇", "三林镇"}
	day := time.Date(1930, 1, 1, 0, 0, 0, 0, time.UTC)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var b []byte
	for i := range rows {
		born := day.AddDate(0, 0, r.IntN(33000))
		b = append(b[:0], "310115"...)
		b = born.AppendFormat(b, "20060102")
		b = append(b, strconv.Itoa(1000+r.IntN(9000))...)
		b = append(b, ',')
		b = append(b, sur[r.IntN(len(sur))]...)
		b = append(b, giv[r.IntN(len(giv))]...)
		if i%3 > 0 {
			b = append(b, giv[r.IntN(len(giv))]...)
		}
		b = append(b, ","...)
		b = append(b, []string{"男", "女"}[i&1]...)
		b = append(b, ',')
		b = born.AppendFormat(b, "2006-01-02")
		b = append(b, ',')
		b = append(b, towns[r.IntN(len(towns))]...)
		b = append(b, ",第"...)
		b = strconv.AppendInt(b, int64(1+r.IntN(60)), 10)
		b = append(b, "居委会,上海市浦东新区锦绣路"...)
		b = strconv.AppendInt(b, int64(1+r.IntN(3000)), 10)
		b = append(b, "弄"...)
		b = strconv.AppendInt(b, int64(1+r.IntN(200)), 10)
		b = append(b, "号,138"...)
		b = strconv.AppendInt(b, int64(10000000+r.IntN(89999999)), 10)
		b = append(b, ",户籍,"...)
		b = strconv.AppendInt(b, int64(r.IntN(20000)), 10)
		b = append(b, '.')
		b = append(b, byte('0'+r.IntN(10)), byte('0'+r.IntN(10)))
		b = append(b, ',')
		b = now.Add(-time.Duration(r.IntN(90000000))*time.Second).AppendFormat(b, "2006-01-02 15:04:05")
		b = append(b, ",公安\n"...)
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}

func reencode(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	w := transform.NewWriter(out, simplifiedchinese.GB18030.NewEncoder())
	_, err = io.CopyBuffer(struct{ io.Writer }{w}, bufio.NewReaderSize(in, 1<<20), make([]byte, 1<<20))
	return errors.Join(err, w.Close())
}

// touch brings a file to the disk and reads it into the page cache.
func touch(path string) (err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, f, make([]byte, 1<<20))
	return errors.Join(err, f.Sync())
}
