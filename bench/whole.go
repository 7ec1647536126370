package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/xuri/excelize/v2"
)

// xlsx measures `shuniu inspect` on a workbook of 300,000 rows × 12 columns
// against excelize's streaming reader on the same file.
func (b *bench) xlsx(ctx context.Context) error {
	const rows = 300_000
	path := filepath.Join(b.dir, "台账.xlsx")
	if err := workbook(path, rows); err != nil {
		return err
	}
	start := time.Now()
	n, err := readExcelize(path)
	if err != nil {
		return err
	}
	peer := time.Since(start)
	fmt.Printf("excelize Rows        %6.2f s wall   %.0f rows/s\n", peer.Seconds(), float64(n)/peer.Seconds())
	c, err := measure(ctx, b.shuniu, "inspect", "--json", path)
	if err != nil {
		return err
	}
	var rep struct{ Tables []struct{ Rows int64 } }
	if err := json.Unmarshal([]byte(c.out), &rep); err != nil {
		return err
	}
	if len(rep.Tables) != 1 || rep.Tables[0].Rows != rows {
		return fmt.Errorf("found %+v, want one table of %d rows", rep.Tables, rows)
	}
	fmt.Printf("shuniu inspect       %v   %.0f rows/s (found, typed, reported)\n", c, rows/c.wall.Seconds())
	return nil
}

func workbook(path string, rows int) error {
	f := excelize.NewFile()
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		return err
	}
	head := []any{"证件号码", "姓名", "性别", "出生日期", "街镇", "居委", "住址", "手机", "户籍状态", "收入", "更新时间", "来源部门"}
	if err := w.SetRow("A1", head); err != nil {
		return err
	}
	for i := range rows {
		row := []any{
			fmt.Sprintf("31011519%010d", i), "王小" + string(rune('一'+i%2000)), "男", "1980-01-02", "张江镇", "第3居委会", fmt.Sprintf("锦绣路%d号", i%3000),
			fmt.Sprintf("138%08d", i), "户籍", float64(i%200000) / 10, "2026-01-01 08:00:00", "公安",
		}
		if err := w.SetRow(fmt.Sprintf("A%d", i+2), row); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return errors.Join(f.SaveAs(path), f.Close())
}

func readExcelize(path string) (n int, err error) {
	f, err := excelize.OpenFile(path, excelize.Options{RawCellValue: true})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	rows, err := f.Rows("Sheet1")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if _, err := rows.Columns(); err != nil {
			return n, err
		}
		n++
	}
	return n, rows.Error()
}

// sharedData lands every public file there is and prints what became of them.
func (b *bench) sharedData(ctx context.Context) error {
	data := filepath.Join(b.dir, "shared")
	cmd := exec.CommandContext(ctx, b.shuniu, "collect", "--data", data, "--json", b.shared)
	var out bytes.Buffer
	cmd.Stdout = &out
	start := time.Now()
	err := cmd.Run()
	wall := time.Since(start)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return err
	}
	var ans struct {
		Receipts []struct {
			Status string `json:"status"`
			Rows   int64  `json:"rows_landed"`
			Bad    int64  `json:"rows_quarantined"`
		} `json:"receipts"`
		Files int `json:"files"`
	}
	if err := json.Unmarshal(out.Bytes(), &ans); err != nil {
		return fmt.Errorf("receipts: %w", err)
	}
	if len(ans.Receipts) == 0 {
		return errors.New("no receipts")
	}
	count := map[string]int{}
	var rows, bad int64
	for _, r := range ans.Receipts {
		count[r.Status]++
		rows += r.Rows
		bad += r.Bad
	}
	ru, _ := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	fmt.Printf("shuniu collect %s: %d files, %d receipts %v, %d rows landed, %d quarantined\n", filepath.Base(b.shared), ans.Files, len(ans.Receipts), count, rows, bad)
	fmt.Printf("%v\n", cost{wall: wall, cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), rss: ru.Maxrss << 10})
	return os.RemoveAll(data)
}

// start measures the demo hub: time to ready, to loaded, and idle memory.
func (b *bench) start(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, b.shuniu, "serve", "--data", filepath.Join(b.dir, "start"), "--listen", "127.0.0.1:0", "--demo")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	lines := bufio.NewScanner(out)
	seen := 0
	for lines.Scan() && seen < 2 {
		for _, word := range []string{"ready", "loaded"} {
			if strings.HasPrefix(lines.Text(), word) {
				fmt.Printf("%-8s %6.2f s\n", word, time.Since(begin).Seconds())
				seen++
			}
		}
		if seen == 2 {
			break
		}
	}
	if seen < 2 {
		return errors.New("the hub did not load")
	}
	time.Sleep(5 * time.Second)
	fmt.Printf("idle     %6d MB (hub %d MB and its warm workers)\n", treeRSS(cmd.Process.Pid)>>20, rss(cmd.Process.Pid)>>20)
	cancel()
	_ = cmd.Wait() // ended by our signal
	return nil
}

func rss(pid int) int64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(raw), &size, &resident); err != nil {
		return 0
	}
	return resident * int64(os.Getpagesize())
}

func treeRSS(pid int) int64 {
	sum := rss(pid)
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return sum
	}
	for _, t := range tasks {
		raw, err := os.ReadFile(t)
		if err != nil {
			continue
		}
		for _, f := range strings.Fields(string(raw)) {
			var child int
			if _, err := fmt.Sscan(f, &child); err == nil {
				sum += rss(child)
			}
		}
	}
	return sum
}
