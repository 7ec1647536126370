package clock

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"shuniu/fault"
	"shuniu/packs/holidays"
)

// A Notice is a document that arranges holidays.
type Notice struct {
	Number string // e.g. 国办发明电〔2023〕7号
	Issued Day
}

// A Festival is one line of an arrangement.
type Festival struct {
	Name string
	Rest []Day // days off, weekend days within them included
	Work []Day // weekend days that are worked for it
}

// An Arrangement is what was announced for one year. Days in late December
// may belong to the next year's arrangement.
type Arrangement struct {
	Year      int
	Notices   []Notice
	Festivals []Festival
}

// A mark is what an arrangement says of one day.
type mark struct {
	work     bool
	festival string
	year     int // of the arrangement
}

// Holidays are the arrangements that are loaded. They never change; With
// returns a new set.
type Holidays struct {
	years   map[int]Arrangement
	marks   map[Day]mark
	version string
}

// Shipped returns the arrangements this program was built with.
var Shipped = sync.OnceValue(func() *Holidays {
	list, err := ParseArrangements(holidays.Arrangements)
	if err == nil {
		var h *Holidays
		if h, err = NewHolidays(list...); err == nil {
			return h
		}
	}
	panic("packs/holidays: " + err.Error()) // the file is embedded
})

// NewHolidays builds a set; of two arrangements of one year the later one
// holds. It returns fault.Invalid when two years contradict each other.
func NewHolidays(list ...Arrangement) (*Holidays, error) {
	h := &Holidays{years: map[int]Arrangement{}, marks: map[Day]mark{}}
	for _, a := range list {
		h.years[a.Year] = a
	}
	sum := sha256.New()
	for _, y := range slices.Sorted(maps.Keys(h.years)) {
		a := h.years[y]
		fmt.Fprintln(sum, y)
		for _, f := range a.Festivals {
			for work, days := range map[bool][]Day{false: f.Rest, true: f.Work} {
				for _, d := range days {
					if m, ok := h.marks[d]; ok && m.work != work {
						return nil, fmt.Errorf("%s: %s of %d and %s of %d disagree: %w", d, m.festival, m.year, f.Name, y, fault.Invalid)
					}
					h.marks[d] = mark{work: work, festival: f.Name, year: y}
				}
			}
		}
	}
	for _, d := range slices.Sorted(maps.Keys(h.marks)) {
		fmt.Fprintln(sum, d, h.marks[d].work)
	}
	h.version = hex.EncodeToString(sum.Sum(nil)[:6])
	return h, nil
}

// With returns the set with list in place of what was known of their years.
func (h *Holidays) With(list ...Arrangement) (*Holidays, error) {
	all := make([]Arrangement, 0, len(h.years)+len(list))
	for _, y := range slices.Sorted(maps.Keys(h.years)) {
		all = append(all, h.years[y])
	}
	return NewHolidays(append(all, list...)...)
}

// Version names the days: equal sets have equal versions.
func (h *Holidays) Version() string { return h.version }

// Announced says whether the year has an arrangement.
func (h *Holidays) Announced(year int) bool {
	_, ok := h.years[year]
	return ok
}

// Years lists the years with an arrangement, the first one first.
func (h *Holidays) Years() []int { return slices.Sorted(maps.Keys(h.years)) }

// Arrangement returns what was announced for the year.
func (h *Holidays) Arrangement(year int) (Arrangement, bool) {
	a, ok := h.years[year]
	return a, ok
}

// Working says whether d is a working day by law. In a year without an
// arrangement Monday to Friday are.
func (h *Holidays) Working(d Day) bool {
	if m, ok := h.marks[d]; ok {
		return m.work
	}
	return !d.weekend()
}

// Why says what d is, for a person, e.g. "make-up working day for 国庆节, Sunday".
func (h *Holidays) Why(d Day) string {
	name := d.Weekday().String()
	m, marked := h.marks[d]
	switch {
	case marked && m.work:
		return "make-up working day for " + m.festival + ", " + name
	case marked:
		return m.festival + " holiday, " + name
	case d.weekend():
		name += " off"
	default:
		name = "working day, " + name
	}
	if !h.Announced(d.Year()) {
		name += fmt.Sprintf("; holidays of %d are not announced", d.Year())
	}
	return name
}

// announced says whether every year from a to b has an arrangement.
func (h *Holidays) announced(a, b Day) bool {
	for y := a.Year(); y <= b.Year(); y++ {
		if !h.Announced(y) {
			return false
		}
	}
	return true
}

// Differ lists the days from a to b that are worked in one set and not in the
// other.
func (h *Holidays) Differ(other *Holidays, a, b Day) []Day {
	var out []Day
	for _, set := range []map[Day]mark{h.marks, other.marks} {
		for d := range set {
			if d >= a && d <= b && h.Working(d) != other.Working(d) {
				out = append(out, d)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Limits of a text of arrangements.
const (
	maxArrangements = 1 << 20 // bytes
	maxRest         = 60      // days of one festival
)

// ParseArrangements reads the format of packs/holidays/arrangements.txt. It
// returns fault.Invalid with the line.
func ParseArrangements(text string) ([]Arrangement, error) {
	if len(text) > maxArrangements {
		return nil, fmt.Errorf("arrangements of %d bytes, want at most %d: %w", len(text), maxArrangements, fault.Invalid)
	}
	var out []Arrangement
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		n++
		f := strings.Fields(line)
		if len(f) == 0 || strings.HasPrefix(f[0], "#") {
			continue
		}
		if f[0] == "year" {
			var y int
			if len(f) != 2 || len(f[1]) != 4 {
				return nil, lineError(n, "want: year YYYY")
			}
			for _, c := range []byte(f[1]) {
				if c < '0' || c > '9' {
					return nil, lineError(n, "want: year YYYY")
				}
				y = y*10 + int(c-'0')
			}
			if y < firstYear || y > lastYear {
				return nil, lineError(n, "year %d, want %d to %d", y, firstYear, lastYear)
			}
			out = append(out, Arrangement{Year: y})
			continue
		}
		if len(out) == 0 {
			return nil, lineError(n, "no year stands above it")
		}
		a := &out[len(out)-1]
		if f[0] == "notice" {
			if len(f) != 3 {
				return nil, lineError(n, "want: notice NUMBER DATE")
			}
			d, err := ParseDay(f[2])
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
			a.Notices = append(a.Notices, Notice{Number: f[1], Issued: d})
			continue
		}
		fest, err := parseFestival(f, a.Year)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		a.Festivals = append(a.Festivals, fest)
	}
	for _, a := range out {
		if len(a.Notices) == 0 {
			return nil, fmt.Errorf("arrangement of %d names no notice: %w", a.Year, fault.Invalid)
		}
	}
	return out, nil
}

func lineError(n int, format string, args ...any) error {
	return fmt.Errorf("line %d: %s: %w", n, fmt.Sprintf(format, args...), fault.Invalid)
}

func parseFestival(f []string, year int) (Festival, error) {
	fest := Festival{Name: f[0]}
	var to *[]Day
	for _, w := range f[1:] {
		switch w {
		case "rest":
			to = &fest.Rest
			continue
		case "work":
			to = &fest.Work
			continue
		}
		if to == nil {
			return fest, fmt.Errorf("%q, want rest or work after the festival: %w", w, fault.Invalid)
		}
		from, until, isRange := strings.Cut(w, "..")
		a, err := arrangedDay(from, year)
		if err != nil {
			return fest, err
		}
		b := a
		if isRange {
			if b, err = arrangedDay(until, year); err != nil {
				return fest, err
			}
		}
		if b < a || len(*to)+int(b-a) >= maxRest {
			return fest, fmt.Errorf("%q, want at most %d days, the first one first: %w", w, maxRest, fault.Invalid)
		}
		for d := a; d <= b; d++ {
			*to = append(*to, d)
		}
	}
	if len(fest.Rest)+len(fest.Work) == 0 {
		return fest, fmt.Errorf("%s has no days: %w", fest.Name, fault.Invalid)
	}
	for _, d := range fest.Work {
		if !d.weekend() {
			return fest, fmt.Errorf("%s is a %s: only a weekend day is made up: %w", d, d.Weekday(), fault.Invalid)
		}
		if slices.Contains(fest.Rest, d) {
			return fest, fmt.Errorf("%s is both rest and work: %w", d, fault.Invalid)
		}
	}
	return fest, nil
}

// arrangedDay reads MM-DD in the year, or a whole date within two months of it.
func arrangedDay(s string, year int) (Day, error) {
	if len(s) == len("01-02") {
		s = fmt.Sprintf("%04d-%s", year, s)
	}
	d, err := ParseDay(s)
	if err != nil {
		return 0, err
	}
	if d < day(year-1, 11, 1) || d > day(year+1, 2, 28) {
		return 0, fmt.Errorf("%s is far from %d: %w", d, year, fault.Invalid)
	}
	return d, nil
}
