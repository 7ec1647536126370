package define

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"shuniu/clock"
	"shuniu/fault"
)

// A Table decides fields from fields: a responsibility matrix, a level, a
// limit. Rows are looked at from the top.
type Table struct {
	Name string              `yaml:"-" json:"name"`
	Note Text                `yaml:"title" json:"title"`
	In   []string            `yaml:"in" json:"in"`   // fields asked
	Out  []string            `yaml:"out" json:"out"` // fields set; "org" is the handling organisation
	Hit  string              `yaml:"hit" json:"hit"` // first (the default), or unique: no two rows may match
	Rows []Row               `yaml:"rows" json:"rows"`
	Else map[string]string   `yaml:"else" json:"else,omitempty"` // when no row matches; none: the command is refused
	Gaps []map[string]string `yaml:"gaps" json:"gaps,omitempty"` // combinations that are known to have no row
}

// A Row of a table. A value of In is one text, a list, or "*".
type Row struct {
	In    map[string]Values `yaml:"in" json:"in"`
	Out   map[string]string `yaml:"out" json:"out"`
	From  string            `yaml:"from" json:"from,omitempty"` // first day it holds
	Until string            `yaml:"until" json:"until,omitempty"`
	Basis string            `yaml:"basis" json:"basis,omitempty"` // what it rests on
}

// Values are what a row matches; "*" and an absent column match everything.
type Values []string

// UnmarshalYAML reads one value or a list.
func (v *Values) UnmarshalYAML(read func(any) error) error {
	var one string
	if read(&one) == nil {
		*v = Values{one}
		return nil
	}
	return read((*[]string)(v))
}

func (v Values) match(s string) bool {
	return len(v) == 0 || slices.Contains(v, "*") || slices.Contains(v, s)
}

func (v Values) overlap(o Values) bool {
	if len(v) == 0 || len(o) == 0 || slices.Contains(v, "*") || slices.Contains(o, "*") {
		return true
	}
	return slices.ContainsFunc(v, func(s string) bool { return slices.Contains(o, s) })
}

// A Ruling is what a table decided and which row did it.
type Ruling struct {
	Out   map[string]string
	Row   int // from 1; 0: else
	Basis string
}

// Decide returns the ruling for the values of In on a day. It returns
// fault.Invalid when no row matches.
func (tb *Table) Decide(in map[string]string, on time.Time) (Ruling, error) {
	day := clock.DayOf(on)
	for i, r := range tb.Rows {
		if !r.holds(day) {
			continue
		}
		if !slices.ContainsFunc(tb.In, func(k string) bool { return !r.In[k].match(in[k]) }) {
			return Ruling{r.Out, i + 1, r.Basis}, nil
		}
	}
	if tb.Else != nil {
		return Ruling{Out: tb.Else}, nil
	}
	return Ruling{}, fmt.Errorf("table %s has no row for %s: %w", tb.Name, say(in), fault.Invalid)
}

func (r *Row) holds(d clock.Day) bool {
	from, until := r.span()
	return d >= from && d <= until
}

// span is the days a row holds; texts that are no days were found by check.
func (r *Row) span() (from, until clock.Day) {
	from, until = -1<<31, 1<<31-1
	if d, err := clock.ParseDay(r.From); err == nil {
		from = d
	}
	if d, err := clock.ParseDay(r.Until); err == nil {
		until = d
	}
	return from, until
}

func say(in map[string]string) string {
	keys := keysOf(in)
	parts := make([]string, 0, len(keys))
	for _, k := range keys {
		parts = append(parts, k+"="+in[k])
	}
	return strings.Join(parts, ", ")
}

// A Finding is a combination that no row decides, or that two decide.
type Finding struct {
	In   map[string]string
	Rows []int // none: a gap; two: an overlap, numbered from 1
}

// maxCombinations bounds the combinations that Examine looks at.
const maxCombinations = 20000

// Examine finds gaps and overlaps on a day, over all values that the fields of
// In may have. fields are the type's; a field without a list of values takes
// those that the rows name, and one other.
func (tb *Table) Examine(fields map[string]*Field, on clock.Day) (gaps, overlaps []Finding) {
	domain := make([][]string, len(tb.In))
	total := 1
	for i, k := range tb.In {
		domain[i] = tb.domain(k, fields[k])
		total *= max(len(domain[i]), 1)
	}
	for i, r := range tb.Rows {
		for j := i + 1; j < len(tb.Rows); j++ {
			o := tb.Rows[j]
			a, b := r.span()
			c, d := o.span()
			if a > d || c > b {
				continue
			}
			if !slices.ContainsFunc(tb.In, func(k string) bool { return !r.In[k].overlap(o.In[k]) }) {
				overlaps = append(overlaps, Finding{Rows: []int{i + 1, j + 1}})
			}
		}
	}
	if total > maxCombinations {
		return nil, overlaps
	}
	in := map[string]string{}
	var each func(i int)
	each = func(i int) {
		if i < len(tb.In) {
			for _, v := range domain[i] {
				in[tb.In[i]] = v
				each(i + 1)
			}
			return
		}
		for _, r := range tb.Rows {
			if r.holds(on) && !slices.ContainsFunc(tb.In, func(k string) bool { return !r.In[k].match(in[k]) }) {
				return
			}
		}
		found := map[string]string{}
		for k, v := range in {
			found[k] = v
		}
		gaps = append(gaps, Finding{In: found})
	}
	each(0)
	return gaps, overlaps
}

// domain lists the values a column may have.
func (tb *Table) domain(column string, f *Field) []string {
	if f != nil && len(f.Options) > 0 {
		return f.Options
	}
	if f != nil && f.Kind == Boolean {
		return []string{"true", "false"}
	}
	seen := map[string]bool{}
	for _, r := range tb.Rows {
		for _, v := range r.In[column] {
			if v != "*" {
				seen[v] = true
			}
		}
	}
	out := make([]string, 0, len(seen)+1)
	for v := range seen {
		out = append(out, v)
	}
	sort.Strings(out)
	return append(out, "any other")
}

// check finds what is wrong with the table itself.
func (tb *Table) check(f *finder, t *Type) {
	path := "tables/" + tb.Name
	fields := keysOf(t.Fields)
	for _, k := range tb.In {
		if t.Fields[k] == nil {
			f.add(path+"/in", oneOf("fields", fields), "table %s asks field %q, which the type has not", tb.Name, k)
		}
	}
	for _, k := range tb.Out {
		if k != "org" && t.Fields[k] == nil {
			f.add(path+"/out", oneOf("org, or fields", fields), "table %s sets field %q, which the type has not", tb.Name, k)
		}
	}
	if len(tb.In) == 0 || len(tb.Out) == 0 || len(tb.Rows) == 0 {
		f.add(path, "say in, out and rows", "table %s decides nothing", tb.Name)
		return
	}
	if tb.Hit != "" && tb.Hit != "first" && tb.Hit != "unique" {
		f.add(path+"/hit", "first or unique", "hit %q", tb.Hit)
	}
	outs := func(at string, out map[string]string) {
		for _, k := range keysOf(out) {
			if !slices.Contains(tb.Out, k) {
				f.add(at, oneOf("out", tb.Out), "table %s does not set %q", tb.Name, k)
			} else if fd := t.Fields[k]; fd != nil {
				if _, err := fd.Value(out[k]); err != nil {
					f.add(at, "", "%v", err)
				}
			}
		}
		for _, k := range tb.Out {
			if _, ok := out[k]; !ok {
				f.add(at, "give it, or take it out of `out`", "no value for %q", k)
			}
		}
	}
	for i, r := range tb.Rows {
		at := fmt.Sprintf("%s/rows/%d", path, i)
		for _, k := range keysOf(r.In) {
			if !slices.Contains(tb.In, k) {
				f.add(at+"/in", oneOf("in", tb.In), "table %s does not ask %q", tb.Name, k)
			} else if fd := t.Fields[k]; fd != nil && len(fd.Options) > 0 {
				for _, v := range r.In[k] {
					if v != "*" && !slices.Contains(fd.Options, v) {
						f.add(at+"/in", oneOf("options", fd.Options), "%q is no option of field %s", v, k)
					}
				}
			}
		}
		outs(at+"/out", r.Out)
		for _, d := range []string{r.From, r.Until} {
			if _, err := clock.ParseDay(d); d != "" && err != nil {
				f.add(at, "a day such as 2026-01-01", "%q is no day", d)
			}
		}
	}
	if tb.Else != nil {
		outs(path+"/else", tb.Else)
	}
	gaps, overlaps := tb.Examine(t.Fields, clock.DayOf(checkDay))
	if tb.Hit == "unique" {
		for _, o := range overlaps {
			f.add(fmt.Sprintf("%s/rows/%d", path, o.Rows[1]-1), "part them by a value or by days, or say hit: first", "row %d matches what row %d matches", o.Rows[1], o.Rows[0])
		}
	}
	if tb.Else == nil {
		for _, g := range gaps {
			if !slices.ContainsFunc(tb.Gaps, func(known map[string]string) bool {
				return !slices.ContainsFunc(keysOf(known), func(k string) bool { return g.In[k] != known[k] })
			}) {
				f.add(path+"/rows", "add a row, an else, or name it in gaps", "no row for %s", say(g.In))
				break // one tells enough; the page of the matrix shows all
			}
		}
	}
}

// checkDay is the day for which gaps are looked for when a type is loaded: far
// ahead, so that rows that ended do not hide one.
var checkDay = time.Date(2099, 1, 1, 0, 0, 0, 0, clock.Shanghai)
