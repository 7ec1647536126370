package iceberg_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"shuniu/brain"
	"shuniu/brain/braintest"
	"shuniu/brain/iceberg"
	"shuniu/durable"
	"shuniu/event"
	"shuniu/fault"
	"shuniu/metadb"
	"shuniu/resource"
)

// The durability campaigns re-execute this test binary as the program under
// test. It lands batches as collect does: upload, pending receipt, Iceberg
// commit, receipt and event in one transaction, and only then an "ack".
const (
	childMode = "SHUNIU_CAMPAIGN"     // "loop", "serve" or "writer"
	childDir  = "SHUNIU_CAMPAIGN_DIR" // data folder
	rowsEach  = 10
)

func TestMain(m *testing.M) {
	if mode := os.Getenv(childMode); mode != "" {
		if err := child(context.Background(), mode, os.Getenv(childDir)); err != nil {
			fmt.Printf("bad %s\n", strings.ReplaceAll(err.Error(), "\n", " / "))
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// A program is what the child works with.
type program struct {
	dir  string
	db   *metadb.DB
	lake *iceberg.Lake
	log  *event.Log
}

func child(ctx context.Context, mode, dir string) error {
	if mode == "writer" {
		from, err := strconv.Atoi(os.Getenv(childFrom))
		if err != nil {
			return err
		}
		return writer(ctx, dir, os.Getenv(childStore), from, 12)
	}
	p := &program{dir: dir}
	if err := durable.MkdirAll(filepath.Join(dir, "uploads"), 0o750); err != nil {
		return err
	}
	if err := durable.SyncUp(filepath.Join(dir, "uploads"), filepath.Dir(dir)); err != nil {
		return err
	}
	var err error
	if p.db, err = metadb.Open(ctx, "sqlite://"+filepath.Join(dir, "meta.db"), quiet); err != nil {
		return fmt.Errorf("open store: %w", err)
	}
	if p.lake, err = iceberg.Open(ctx, iceberg.Config{Dir: filepath.Join(dir, "lake"), DB: p.db, Log: quiet}); err != nil {
		return fmt.Errorf("open lake: %w", err)
	}
	p.log = event.New(p.db)
	err = p.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS campaign (n BIGINT PRIMARY KEY, batch TEXT NOT NULL, landed BOOLEAN NOT NULL)")
		return err
	})
	if err != nil {
		return fmt.Errorf("make receipts: %w", err)
	}
	if err := p.verify(ctx); err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	next, err := p.next(ctx)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	in := bufio.NewScanner(os.Stdin)
	for ; ; next++ {
		if mode == "serve" {
			if !in.Scan() {
				return in.Err()
			}
			if in.Text() == "check" {
				next--
				if err := p.verify(ctx); err != nil {
					return fmt.Errorf("verify: %w", err)
				}
				fmt.Println("checked")
				continue
			}
		}
		b := braintest.NewBatch()
		err := p.step(ctx, next, b)
		switch {
		case err == nil:
			fmt.Println("ack", next)
		case mode == "loop":
			return err
		default:
			kind := "plain"
			if k := fault.KindOf(err); k != nil {
				kind = strings.ReplaceAll(k.Error(), " ", "-")
			}
			fmt.Println("fail", next, kind, strings.ReplaceAll(err.Error(), "\n", " / "))
		}
	}
}

func (p *program) next(ctx context.Context) (n int, err error) {
	err = p.db.Bun().NewRaw("SELECT COALESCE(MAX(n), -1) + 1 FROM campaign").Scan(ctx, &n)
	return n, err
}

func tableOf(n int) resource.Table {
	return resource.Table{Station: resource.Landing, Dataset: resource.DatasetID("t" + strconv.Itoa(n/8))}
}

func upload(n int) string { return strings.Repeat(fmt.Sprintf("行%d\n", n), 50) }

func (p *program) uploadPath(n int) string {
	return filepath.Join(p.dir, "uploads", strconv.Itoa(n)+".csv")
}

// step lands unit n as batch b.
func (p *program) step(ctx context.Context, n int, b resource.BatchID) error {
	if err := durable.WriteFile(p.uploadPath(n), []byte(upload(n)), 0o640); err != nil {
		return fmt.Errorf("upload: %w", err)
	}
	err := p.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO campaign (n, batch, landed) VALUES (?, ?, FALSE)", n, string(b))
		return err
	})
	if err != nil {
		return fmt.Errorf("pending receipt: %w", err)
	}
	tbl, err := p.lake.Open(ctx, tableOf(n))
	if errors.Is(err, fault.NotFound) {
		tbl, err = p.lake.Create(ctx, tableOf(n), braintest.Fields)
	}
	if err != nil {
		return err
	}
	var nums []int
	for i := range rowsEach {
		nums = append(nums, n*rowsEach+i)
	}
	if err := p.commit(ctx, tbl, b, nil, nums); err != nil {
		return err
	}
	if err := p.land(ctx, n); err != nil {
		return err
	}
	switch n % 8 {
	case 5:
		err = p.compact(ctx, tbl)
	case 6:
		_, err = tbl.Maintain(ctx, brain.Upkeep{KeepSnapshots: 2})
	}
	if err != nil {
		return fmt.Errorf("upkeep: %w", err)
	}
	return nil
}

// commit writes a file with the numbers and appends it, or replaces old by it.
func (p *program) commit(ctx context.Context, tbl brain.Table, b resource.BatchID, old []string, nums []int) error {
	s, err := p.lake.Stage(ctx, tbl.Name())
	if err != nil {
		return fmt.Errorf("stage: %w", err)
	}
	defer func() { _ = s.Close() }() // swept at the next start
	fields, err := tbl.Fields(ctx)
	if err != nil {
		return err
	}
	rows := make([][]any, len(nums))
	for i, n := range nums {
		rows[i] = braintest.Row(fields, b, n)
	}
	path := filepath.Join(s.Dir(), "part.parquet")
	k, err := braintest.WriteParquet(ctx, path, fields, braintest.Rows(fields, rows))
	if err != nil {
		return fmt.Errorf("write rows: %w", durable.Kind(err))
	}
	c := brain.Commit{Batch: b, Files: []brain.StagedFile{{Path: path, Rows: k}}}
	if old != nil {
		_, err = tbl.Replace(ctx, old, c)
	} else {
		_, err = tbl.Append(ctx, c)
	}
	return err
}

// land is the receipt of unit n and the event that tells of it.
func (p *program) land(ctx context.Context, n int) error {
	err := p.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.ExecContext(ctx, "UPDATE campaign SET landed = TRUE WHERE n = ?", n); err != nil {
			return err
		}
		return p.log.Publish(ctx, tx, event.Event{Topic: "campaign", Kind: "landed", Subject: strconv.Itoa(n)}, nil)
	})
	if err != nil {
		return fmt.Errorf("receipt: %w", err)
	}
	return nil
}

// compact replaces all files of a table by one with the same numbers.
func (p *program) compact(ctx context.Context, tbl brain.Table) error {
	s, err := tbl.Scan(ctx, 0)
	if err != nil {
		return err
	}
	nums, err := numbersOf(s)
	if err != nil {
		return err
	}
	var old []string
	for _, f := range s.Files {
		old = append(old, f.Path)
	}
	return p.commit(ctx, tbl, braintest.NewBatch(), old, nums)
}

func numbersOf(s brain.Scan) ([]int, error) {
	vals, err := braintest.Column(s, 2)
	if err != nil {
		return nil, err
	}
	out := make([]int, len(vals))
	for i, v := range vals {
		if out[i], err = strconv.Atoi(v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// verify reads everything there is. It prints "have n" for each unit whose
// receipt, event, upload and rows are all there, once; an error is damage.
// Pending receipts are finished or dropped, as after any restart.
func (p *program) verify(ctx context.Context) error {
	problems, _, err := p.lake.Verify(ctx, false)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return fmt.Errorf("%d problems, first: %+v", len(problems), problems[0])
	}
	rows := map[int]int{}
	batches := map[string]bool{}
	tables, err := p.lake.Tables(ctx)
	if err != nil {
		return err
	}
	for _, name := range tables {
		tbl, err := p.lake.Open(ctx, name)
		if err != nil {
			return err
		}
		s, err := tbl.Scan(ctx, 0)
		if err != nil {
			return err
		}
		nums, err := numbersOf(s)
		if err != nil {
			return err
		}
		for _, n := range nums {
			if rows[n]++; rows[n] > 1 {
				return fmt.Errorf("row %d is doubled", n)
			}
		}
		for _, f := range s.Files {
			vals, err := braintest.Column(brain.Scan{Files: []brain.DataFile{f}}, 8)
			if err != nil {
				return err
			}
			for _, v := range vals {
				batches[v] = true
			}
		}
	}
	told := map[string]bool{}
	for seq := int64(0); ; {
		es, err := p.log.Since(ctx, seq, []string{"campaign"}, 500)
		if err != nil {
			return err
		}
		if len(es) == 0 {
			break
		}
		for _, e := range es {
			told[e.Subject] = true
			seq = e.Seq
		}
	}
	var receipts []struct {
		N      int
		Batch  string
		Landed bool
	}
	if err := p.db.Bun().NewRaw("SELECT n, batch, landed FROM campaign ORDER BY n").Scan(ctx, &receipts); err != nil {
		return err
	}
	for _, r := range receipts {
		full := 0
		for i := range rowsEach {
			full += rows[r.N*rowsEach+i]
		}
		switch {
		case !r.Landed && full == rowsEach:
			if err := p.land(ctx, r.N); err != nil {
				return err
			}
		case !r.Landed && full == 0:
			if err := p.dropPending(ctx, r.N); err != nil {
				return err
			}
			continue
		case full != rowsEach:
			return fmt.Errorf("unit %d has %d of %d rows (landed: %v)", r.N, full, rowsEach, r.Landed)
		case !told[strconv.Itoa(r.N)]:
			return fmt.Errorf("unit %d has a receipt and no event", r.N)
		}
		text, err := os.ReadFile(p.uploadPath(r.N))
		if err != nil || string(text) != upload(r.N) {
			return fmt.Errorf("upload of unit %d: %d bytes, %w", r.N, len(text), err)
		}
		fmt.Println("have", r.N)
	}
	return nil
}

func (p *program) dropPending(ctx context.Context, n int) error {
	return p.db.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM campaign WHERE n = ?", n)
		return err
	})
}

// A life is one run of the child, seen from the campaign.
type life struct {
	dir   string
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan string
	ended chan struct{} // all lines read, process waited for

	mu    sync.Mutex
	acked map[int]bool
	have  map[int]bool
	bad   string
}

// start begins a life in dir.
func start(t *testing.T, mode, dir string) *life {
	t.Helper()
	l := &life{dir: dir, lines: make(chan string, 1024), ended: make(chan struct{}), acked: map[int]bool{}, have: map[int]bool{}}
	l.cmd = exec.CommandContext(t.Context(), os.Args[0])
	l.cmd.Env = append(os.Environ(), childMode+"="+mode, childDir+"="+dir)
	l.cmd.Stderr = os.Stderr
	out, err := l.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if l.in, err = l.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(l.ended)
		defer close(l.lines)
		sc := bufio.NewScanner(out)
		for sc.Scan() {
			l.note(sc.Text())
			l.lines <- sc.Text()
		}
		_ = l.cmd.Wait() // killed on purpose
	}()
	return l
}

func (l *life) note(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	word, rest, _ := strings.Cut(line, " ")
	n, _ := strconv.Atoi(rest)
	switch word {
	case "ack":
		l.acked[n] = true
	case "have":
		l.have[n] = true
	case "bad":
		l.bad = rest
	}
}

// await reads lines up to one that begins with word; false when the life ends
// first.
func (l *life) await(t *testing.T, words ...string) (string, bool) {
	t.Helper()
	limit := time.After(60 * time.Second)
	for {
		select {
		case line, ok := <-l.lines:
			if !ok {
				return "", false
			}
			for _, w := range words {
				if strings.HasPrefix(line, w) {
					return line, true
				}
			}
		case <-limit:
			t.Fatalf("the program says none of %q for a minute", words)
		}
	}
}

// drain lets the reader go on when nobody awaits lines.
func (l *life) drain() {
	go func() {
		for range l.lines {
		}
	}()
}

// kill ends the life by SIGKILL.
func (l *life) kill() {
	_ = l.cmd.Process.Kill() // it may have ended by itself
	l.drain()
	<-l.ended
}

// A tally adds up a campaign.
type tally struct {
	acked  map[int]bool // of the current data folder
	all    int
	faults int
	ops    map[string]int
}

// check compares what a life found with what was acknowledged before, and
// takes over what it acknowledged itself.
func (c *tally) check(t *testing.T, l *life, what string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bad != "" {
		t.Fatalf("after %s: %s", what, l.bad)
	}
	for n := range c.acked {
		if !l.have[n] {
			t.Fatalf("after %s: unit %d was acknowledged and is not there", what, n)
		}
	}
}

func (c *tally) take(l *life) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for n := range l.acked {
		if !c.acked[n] {
			c.acked[n] = true
			c.all++
		}
	}
}
