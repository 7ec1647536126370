package score

import (
	"context"
	"fmt"
	"path"
	"sort"
	"strconv"
	"strings"

	"shuniu/demo/views"
)

// A Measure is one row of the table of scores.
type Measure struct {
	Name   string   `json:"name"`
	Value  float64  `json:"value"`
	Target *float64 `json:"target"` // nil: none was set
	Count  int64    `json:"count"`  // what the value was computed from
	Unit   string   `json:"unit"`   // share, or rows
}

// Landing is what the hub holds of the files.
type Landing interface {
	// Rows returns how many rows of the file landed; 0 when it never came.
	Rows(ctx context.Context, file string) (int64, error)
	// Read yields the fields of every row of a file in the order of its rows;
	// values are valid until the next call.
	Read(ctx context.Context, file string, fields []string, yield func(values []string) error) error
}

// A truth is what the files say of themselves, and how much of it landed.
type truth struct {
	dir    string
	files  []views.FileTruth
	whole  map[string]int // files of which every row landed: to their number of rows
	fields map[string][]field
}

type field struct{ name, kind string }

// Run computes every measure that what landed allows.
func Run(ctx context.Context, dir string, land Landing) ([]Measure, error) {
	t := &truth{dir: dir, whole: map[string]int{}, fields: map[string][]field{}}
	var err error
	if t.files, err = views.ReadFiles(dir); err != nil {
		return nil, fmt.Errorf("read the truth: %w", err)
	}
	if err := views.ReadTruth(dir, "fields.csv", func(f []string) error {
		t.fields[f[1]] = append(t.fields[f[1]], field{f[2], f[3]})
		return nil
	}); err != nil {
		return nil, err
	}
	out, err := t.landed(ctx, land)
	if err != nil {
		return nil, err
	}
	kept, err := t.values(ctx, land)
	if err != nil {
		return nil, err
	}
	out = append(out, kept...)
	found, err := t.identifiers(ctx, land)
	if err != nil {
		return nil, err
	}
	out = append(out, found...)
	for _, l := range linkages {
		linked, err := t.link(ctx, land, l)
		if err != nil {
			return nil, fmt.Errorf("link %s: %w", l.name, err)
		}
		out = append(out, linked...)
	}
	return out, nil
}

// landed compares the rows of each department with the truth.
func (t *truth) landed(ctx context.Context, land Landing) ([]Measure, error) {
	type count struct{ got, want, files, exact int64 }
	by := map[string]*count{}
	all := &count{}
	for _, f := range t.files {
		n, err := land.Rows(ctx, f.File)
		if err != nil {
			return nil, err
		}
		if by[f.Department] == nil {
			by[f.Department] = &count{}
		}
		for _, c := range []*count{by[f.Department], all} {
			c.got += n
			c.want += int64(f.Rows)
			c.files++
			if n == int64(f.Rows) {
				c.exact++
			}
		}
		if n == int64(f.Rows) {
			t.whole[f.File] = f.Rows
		}
	}
	one := 1.0
	out := []Measure{
		{"files_landed_whole", share(all.exact, all.files), &one, all.files, "share"},
		{"rows_landed", share(all.got, all.want), &one, all.want, "share"},
	}
	names := make([]string, 0, len(by))
	for d := range by {
		names = append(names, d)
	}
	sort.Strings(names)
	for _, d := range names {
		out = append(out, Measure{"rows_landed." + d, share(by[d].got, by[d].want), &one, by[d].want, "share"})
	}
	return out, nil
}

func share(a, b int64) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// A cell is a field of a row of a file; rows count from 1.
type cell struct {
	row   int32
	field string
}

// A spot is what the truth says of a cell.
type spot struct{ kind, was, written string }

// dirt reads the spoiled cells of the files that take names, by file.
func (t *truth) dirt(take func(file, field string) bool) (map[string]map[cell]spot, error) {
	out := map[string]map[cell]spot{}
	err := views.ReadTruth(t.dir, "dirt.csv", func(f []string) error {
		file := f[1]
		if f[3] != "" && !take(file, f[3]) {
			return nil
		}
		var n int32
		if _, err := fmt.Sscan(f[2], &n); err != nil {
			return err
		}
		if out[file] == nil {
			out[file] = map[cell]spot{}
		}
		out[file][cell{n, f[3]}] = spot{f[4], f[5], f[6]}
		return nil
	})
	return out, err
}

// values compares spoiled cells with what landed: a file with faults must come in
// as it was written, nothing mended on the way. Blanks around a value are the
// container's; numbers are compared as numbers.
func (t *truth) values(ctx context.Context, land Landing) ([]Measure, error) {
	spoiled, err := t.dirt(func(string, string) bool { return true })
	if err != nil {
		return nil, err
	}
	var same, all int64
	for _, f := range t.files {
		cells := spoiled[f.File]
		if t.whole[f.File] == 0 || len(cells) == 0 {
			continue
		}
		var names []string
		for _, x := range t.fields[f.File] {
			names = append(names, x.name)
		}
		row := int32(0)
		err := land.Read(ctx, f.File, names, func(values []string) error {
			row++
			for i, name := range names {
				s, ok := cells[cell{row, name}]
				if !ok || s.kind == "late" { // the delivery was late, the value is right
					continue
				}
				all++
				if equal(values[i], s.written) {
					same++
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if all == 0 {
		return nil, nil
	}
	one := 1.0
	return []Measure{{"spoiled_values_as_written", share(same, all), &one, all, "share"}}, nil
}

func equal(landed, written string) bool {
	if strings.TrimSpace(landed) == strings.TrimSpace(written) {
		return true
	}
	a, errA := strconv.ParseFloat(landed, 64)
	b, errB := strconv.ParseFloat(written, 64)
	return errA == nil && errB == nil && a == b
}

// base is the name of a file within its department's folder.
func base(file string) string { return path.Base(file) }
