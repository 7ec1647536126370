package link

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"shuniu/collect/intake"
	"shuniu/collect/intake/delimited"
	"shuniu/collect/intake/document"
	"shuniu/collect/intake/tabular"
	"shuniu/fault"
)

// maxRows is how many rows one linkage takes.
const maxRows = 1 << 30

// A File is one input. Name is what its rows are called by when no column
// names them.
type File struct {
	Name   string
	Source *tabular.Source
}

// An Input is the rows of all files, column by column.
type Input struct {
	Rows     int
	Files    []FileRows
	Rejected int      // lines that are no rows
	IDs      []string // of each row, when the settings name a column; else nil

	columns []*column
}

// FileRows says which rows a file gave: First and the ones after it.
type FileRows struct {
	Name        string
	First, Rows int
}

// RowID is what the row is called in the output.
func (in *Input) RowID(row int) string {
	if in.IDs != nil {
		return in.IDs[row]
	}
	f := in.fileOf(row)
	return fmt.Sprintf("%s:%d", in.Files[f].Name, row-in.Files[f].First+1)
}

func (in *Input) fileOf(row int) int {
	f := 0
	for f+1 < len(in.Files) && in.Files[f+1].First <= row {
		f++
	}
	return f
}

// A column is one column of all files, dictionary-encoded. 0 is absent.
type column struct {
	name  string
	ids   []int32
	words []string // distinct values as received; words[0] is ""
	count []int32  // rows per value
	in    []bool   // which files have it

	dict *dict
}

// Read reads the files, CSV, TSV or Parquet in any encoding that
// collect/intake knows, the first table of each; other formats with tables
// (workbooks, DBF, …) are taken too. A column named as id in the settings
// becomes Input.IDs; columns to ignore are not kept. It returns a
// *tabular.Refusal when a file cannot be taken, fault.Invalid when the
// settings name a column that is not there.
func Read(ctx context.Context, files []File, set Settings) (*Input, error) {
	r := &reader{in: &Input{}, set: set, byName: map[string]*column{}}
	for i, f := range files {
		if err := r.file(ctx, i, f); err != nil {
			return nil, fmt.Errorf("read %s: %w", f.Name, err)
		}
	}
	for _, c := range r.in.columns {
		c.words, c.count, c.dict = c.dict.values(), c.dict.count, nil
		c.pad(r.in.Rows)
		for len(c.in) < len(files) {
			c.in = append(c.in, false)
		}
	}
	if err := set.check(r.in, r.seen); err != nil {
		return nil, err
	}
	r.in.columns = joinColumns(r.in)
	return r.in, nil
}

type reader struct {
	in     *Input
	set    Settings
	byName map[string]*column
	seen   []string // all names, kept or not
}

func (r *reader) file(ctx context.Context, i int, f File) error {
	t, err := firstTable(ctx, f.Source)
	if err != nil {
		return err
	}
	if t == nil {
		return &tabular.Refusal{Kind: "unknown", Message: "文件里没有找到表格。", Hint: "请提交 CSV 或 Parquet 文件。"}
	}
	first := r.in.Rows
	cols := make([]*column, len(t.Heads))
	id := -1
	for k, h := range t.Heads {
		name := foldName(h.Name)
		if !slices.Contains(r.seen, name) {
			r.seen = append(r.seen, name)
		}
		if r.set.ID != "" && name == foldName(r.set.ID) {
			id = k
			continue
		}
		if r.set.ignores(name) {
			continue
		}
		c := r.byName[name]
		if c == nil {
			c = &column{name: h.Name, dict: newDict()}
			r.byName[name] = c
			r.in.columns = append(r.in.columns, c)
		}
		c.pad(first)
		for len(c.in) <= i {
			c.in = append(c.in, false)
		}
		c.in[i], cols[k] = true, c
	}
	if r.set.ID != "" && id < 0 {
		return fmt.Errorf("no column %q for id: %w", r.set.ID, fault.Invalid)
	}
	_, err = t.Read(ctx, func(b *tabular.Batch) error {
		if r.in.Rows+b.Rows > maxRows {
			return fmt.Errorf("more than %d rows: %w", maxRows, fault.Invalid)
		}
		for k, c := range cols {
			if c == nil {
				continue
			}
			text := &b.Columns[k]
			for row := range b.Rows {
				v, _ := text.At(row)
				c.ids = append(c.ids, c.dict.add(bytes.TrimSpace(v)))
			}
		}
		if id >= 0 {
			for row := range b.Rows {
				v, _ := b.Columns[id].At(row)
				r.in.IDs = append(r.in.IDs, string(v))
			}
		}
		r.in.Rows += b.Rows
		return nil
	}, func(tabular.Reject) error { r.in.Rejected++; return nil })
	if err != nil {
		return err
	}
	r.in.Files = append(r.in.Files, FileRows{Name: f.Name, First: first, Rows: r.in.Rows - first})
	return nil
}

// pad makes the column rows long.
func (c *column) pad(rows int) {
	if n := rows - len(c.ids); n > 0 {
		c.ids = append(c.ids, make([]int32, n)...)
		if c.dict != nil {
			c.dict.count[0] += int32(n)
		} else {
			c.count[0] += int32(n)
		}
	}
}

// firstTable finds the largest table of the file; nil when there is none.
func firstTable(ctx context.Context, src *tabular.Source) (*tabular.Found, error) {
	head := make([]byte, 8)
	n, _ := src.ReadAt(head, 0) // a short file is no error here
	head = head[:n]
	var (
		found []tabular.Found
		err   error
	)
	switch {
	case bytes.HasPrefix(head, []byte("PAR1")):
		found, err = document.FindParquet(ctx, src, tabular.Options{})
	case bytes.HasPrefix(head, []byte("PK")), bytes.HasPrefix(head, []byte{0xD0, 0xCF, 0x11, 0xE0}), len(head) > 0 && (head[0] == '{' || head[0] == '[' || head[0] == 3):
		return walkTable(ctx, src)
	default:
		found, err = delimited.Find(ctx, src, tabular.Options{})
	}
	if err != nil || len(found) == 0 {
		return nil, err
	}
	best := 0
	for i := range found {
		if size(&found[i]) > size(&found[best]) {
			best = i
		}
	}
	return &found[best], nil
}

func size(f *tabular.Found) int64 { return f.Place.LastLine - f.Place.FirstLine }

// walkTable takes the first table of a file that is opened by looking at it.
// Its rows are copied: the walk ends here.
func walkTable(ctx context.Context, src *tabular.Source) (*tabular.Found, error) {
	var (
		out     *tabular.Found
		refused *tabular.Refusal
	)
	done := errors.New("done")
	_, err := intake.Walk(ctx, src, intake.Options{}, func(m *intake.Member) error {
		if m.Refused != nil && refused == nil {
			refused = m.Refused
		}
		if len(m.Tables) > 0 {
			found := m.Tables[0].Found
			var kept []*tabular.Batch
			tally, err := found.Read(ctx, func(b *tabular.Batch) error {
				kept = append(kept, b.Clone())
				return nil
			}, func(tabular.Reject) error { return nil })
			if err != nil {
				return err
			}
			found.Read = func(_ context.Context, emit func(*tabular.Batch) error, _ func(tabular.Reject) error) (tabular.Tally, error) {
				for _, b := range kept {
					if err := emit(b); err != nil {
						return tally, err
					}
				}
				return tally, nil
			}
			out = &found
			return done
		}
		return nil
	})
	switch {
	case err != nil && !errors.Is(err, done):
		return nil, err
	case out == nil && refused != nil:
		return nil, refused
	}
	return out, nil
}

// foldName is the name of a column as names of two files are compared.
func foldName(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return r == ' ' || r == '_' || r == '-' || r == '.' || r == '\u3000'
	}), "_")
}

// joinColumns makes one column of two that stand in different files only and
// hold the same words: the same thing under two names.
func joinColumns(in *Input) []*column {
	cols := in.columns
	if len(in.Files) < 2 {
		return cols
	}
	for {
		best, at, with := .3, -1, -1
		for i := range cols {
			for j := range i {
				if disjoint(cols[i].in, cols[j].in) {
					if s := sharedWords(cols[i], cols[j]); s > best {
						best, at, with = s, i, j
					}
				}
			}
		}
		if at < 0 {
			return cols
		}
		a, b := cols[with], cols[at]
		d := newDict()
		to := [2][]int32{}
		for k, c := range []*column{a, b} {
			to[k] = make([]int32, len(c.words))
			for v := 1; v < len(c.words); v++ {
				to[k][v] = d.add([]byte(c.words[v]))
			}
		}
		clear(d.count)
		for row := range a.ids {
			v := to[0][a.ids[row]]
			if v == 0 {
				v = to[1][b.ids[row]]
			}
			a.ids[row] = v
			d.count[v]++
		}
		for k := range a.in {
			a.in[k] = a.in[k] || b.in[k]
		}
		a.words, a.count = d.values(), d.count
		cols = slices.Delete(slices.Clone(cols), at, at+1)
	}
}

func disjoint(a, b []bool) bool {
	for i := range a {
		if a[i] && b[i] {
			return false
		}
	}
	return true
}

// sharedWords is the cosine of the two columns' words, over a sample.
func sharedWords(a, b *column) float64 {
	bag := func(c *column) (map[string]float64, float64) {
		m := map[string]float64{}
		step := max(1, len(c.words)/3000)
		for i := 1; i < len(c.words); i += step {
			for _, t := range tokens(c.words[i]) {
				m[t] += float64(c.count[i])
			}
		}
		n := 0.0
		for _, x := range m {
			n += x * x
		}
		return m, n
	}
	x, nx := bag(a)
	y, ny := bag(b)
	if nx == 0 || ny == 0 {
		return 0
	}
	s := 0.0
	for t, v := range x {
		s += v * y[t]
	}
	return s * s / (nx * ny)
}
