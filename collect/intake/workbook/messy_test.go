package workbook

import (
	"bytes"
	"context"
	"encoding/csv"
	"os"
	"slices"
	"strings"
	"testing"

	"shuniu/collect/intake/grid"
	"shuniu/collect/intake/grid/messy"
	"shuniu/collect/intake/tabular"
)

// readCase reads a generated file and tells what it found in the truth's terms.
func readCase(t *testing.T, c messy.Case) []messy.Reading {
	t.Helper()
	ctx := context.Background()
	var found []tabular.Found
	if c.Format == "csv" {
		recs, err := csv.NewReader(bytes.NewReader(c.Bytes)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		s := grid.NewSheet(c.Tables[0].Sheet)
		for i, rec := range recs {
			s.StartRow(i)
			for k, v := range rec {
				s.Add(k, grid.Text, []byte(v), 0)
			}
		}
		s.Finish()
		blocks, rest := grid.Analyse(ctx, s, grid.Options{})
		for _, b := range blocks {
			found = append(found, b.Found("t", "csv"))
		}
		for _, n := range rest {
			if len(found) > 0 {
				found[0].Notes = append(found[0].Notes, tabular.Note{Kind: n.Kind, Text: n.Text, Place: grid.A1(n.Row, n.Col)})
			}
		}
	} else {
		var err error
		found, err = Find(ctx, &tabular.Source{Name: c.Name + ".xlsx", Size: int64(len(c.Bytes)), ReaderAt: bytes.NewReader(c.Bytes)}, tabular.Options{})
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
	}
	var out []messy.Reading
	for _, f := range found {
		r := messy.Reading{Questions: len(f.Questions)}
		r.Sheet, r.Hidden, r.Range, r.HeaderRows = f.Place.Sheet, f.Hidden, f.Place.Range, f.HeaderRows
		for _, h := range f.Heads {
			r.Names = append(r.Names, h.Name)
		}
		for _, n := range f.Notes {
			r.Notes = append(r.Notes, messy.Note{Kind: n.Kind, Place: n.Place})
		}
		tally, err := f.Read(ctx, func(b *tabular.Batch) error {
			for i := range b.Rows {
				rec := make([]string, len(b.Columns))
				for k := range b.Columns {
					v, _ := b.Columns[k].At(i)
					rec[k] = string(v)
				}
				r.Rows = append(r.Rows, rec)
			}
			return nil
		}, nil)
		if err != nil || !tally.Balanced() || tally.Rows != int64(len(r.Rows)) {
			t.Errorf("%s %s: tally %+v, %d rows, %v", c.Name, r.Range, tally, len(r.Rows), err)
		}
		out = append(out, r)
	}
	return out
}

// measureSeed was never used to tune the analyser; tuning used other seeds.
const measureSeed = 5550123

// TestMessy scores the analyser on 320 generated files it was not tuned on.
func TestMessy(t *testing.T) {
	seed, n := uint64(measureSeed), 320
	if v := os.Getenv("MESSY_SEED"); v != "" {
		seed = 0
		for _, d := range v {
			seed = seed*10 + uint64(d-'0')
		}
	}
	type scored struct {
		c messy.Case
		s messy.Score
	}
	var all []scored
	total, perfect := 0.0, 0
	trait, count := map[string]float64{}, map[string]int{}
	for _, c := range messy.Make(seed, n) {
		s := messy.Judge(c, readCase(t, c))
		all = append(all, scored{c, s})
		total += s.Total()
		if s.Total() > 9.999 {
			perfect++
		}
		for _, k := range c.Traits {
			trait[k] += s.Total()
			count[k]++
		}
	}
	mean := total / float64(n)
	t.Logf("mean %.3f of 10, %d of %d files without a fault", mean, perfect, n)
	keys := make([]string, 0, len(trait))
	for k := range trait {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		t.Logf("  %-16s %3d files %.2f", k, count[k], trait[k]/float64(count[k]))
	}
	slices.SortFunc(all, func(a, b scored) int {
		if a.s.Total() < b.s.Total() {
			return -1
		}
		return 1
	})
	if testing.Verbose() {
		for _, x := range all[:min(25, len(all))] {
			if x.s.Total() > 9.999 {
				break
			}
			t.Logf("%s %s %.2f %v\n      %s", x.c.Name, x.c.Format, x.s.Total(), x.c.Traits, strings.Join(x.s.Wrong[:min(4, len(x.s.Wrong))], "\n      "))
		}
	}
	if mean < 9.5 {
		t.Errorf("mean score %.3f, want at least 9.5", mean)
	}
}
