package clock

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"shuniu/fault"
)

type kind int

const (
	always kind = iota
	workingDays
	workingHours
	roster
)

// Names of the calendars that every Book has.
const (
	Always       = "always"        // round the clock
	WorkingDays  = "working_days"  // the State Council's working days, 24 hours each
	WorkingHours = "working_hours" // DefaultHours on working days
)

// DefaultHours are those of WorkingHours.
const DefaultHours = "09:00-17:00"

// A Shift is a stretch of a duty roster.
type Shift struct {
	From, To time.Time
	Who      string
}

// A calendar says when time counts.
type calendar struct {
	name   string
	kind   kind
	hol    *Holidays
	hours  Hours
	shifts map[Day][]span // by the day they begin on, in wall seconds after its midnight
	last   Day            // of the roster
	who    map[Day]string
}

// spans returns when the calendar is open by what begins on d, in wall seconds.
func (c *calendar) spans(d Day, out []span) []span {
	base := int64(d) * daySeconds
	switch c.kind {
	case always:
		return append(out, span{base, base + daySeconds})
	case workingDays:
		if c.hol.Working(d) {
			out = append(out, span{base, base + daySeconds})
		}
	case workingHours:
		for _, s := range c.hours.on(d, c.hol) {
			out = append(out, span{base + s.from, base + s.to})
		}
	case roster:
		for _, s := range c.shifts[d] {
			out = append(out, span{base + s.from, base + s.to})
		}
	}
	return out
}

// days returns the calendar by which whole days count: the legal working days,
// or for a roster the days on which a duty begins.
func (c *calendar) days() *calendar {
	if c.kind != roster {
		return &calendar{name: WorkingDays, kind: workingDays, hol: c.hol}
	}
	d := &calendar{name: c.name, kind: roster, hol: c.hol, shifts: map[Day][]span{}, last: c.last, who: c.who}
	for on := range c.shifts {
		d.shifts[on] = []span{{0, daySeconds}}
	}
	return d
}

// A Book holds the holidays and the calendars of a place. It never changes;
// its With methods return a new one.
type Book struct {
	hol  *Holidays
	zone *time.Location
	cals map[string]*calendar
}

// Shanghai is the time of mainland China.
var Shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

// NewBook returns a book with the calendars Always, WorkingDays and
// WorkingHours in the time of mainland China.
func NewBook(h *Holidays) *Book {
	std, err := ParseHours(DefaultHours)
	if err != nil {
		panic(err) // a constant
	}
	return &Book{hol: h, zone: Shanghai, cals: map[string]*calendar{
		Always:       {name: Always, kind: always, hol: h},
		WorkingDays:  {name: WorkingDays, kind: workingDays, hol: h},
		WorkingHours: {name: WorkingHours, kind: workingHours, hol: h, hours: std},
	}}
}

// Holidays returns the arrangements of the book.
func (b *Book) Holidays() *Holidays { return b.hol }

// Zone returns the zone in which days begin.
func (b *Book) Zone() *time.Location { return b.zone }

func (b *Book) clone() *Book {
	return &Book{hol: b.hol, zone: b.zone, cals: maps.Clone(b.cals)}
}

// WithZone returns the book with days that begin at midnight of zone. Where a
// zone changes its offset, working hours are counted by the clock on the wall.
func (b *Book) WithZone(zone *time.Location) *Book {
	n := b.clone()
	n.zone = zone
	return n
}

// WithHolidays returns the book with other arrangements under all calendars.
func (b *Book) WithHolidays(h *Holidays) *Book {
	n := b.clone()
	n.hol = h
	for name, c := range n.cals {
		d := *c
		d.hol = h
		n.cals[name] = &d
	}
	return n
}

// WithHours returns the book with the working hours of one organisation under
// name; WorkingHours may be given anew.
func (b *Book) WithHours(name string, h Hours) *Book {
	n := b.clone()
	n.cals[name] = &calendar{name: name, kind: workingHours, hol: b.hol, hours: h}
	return n
}

// maxShift bounds one duty.
const maxShift = 7 * 24 * time.Hour

// WithRoster returns the book with a duty roster under name: time counts while
// somebody is on duty. Shifts may overlap and come in any order. It returns
// fault.Invalid for a shift that ends before it begins or lasts over a week.
func (b *Book) WithRoster(name string, shifts []Shift) (*Book, error) {
	c := &calendar{name: name, kind: roster, hol: b.hol, shifts: map[Day][]span{}, who: map[Day]string{}}
	sorted := slices.SortedFunc(slices.Values(shifts), func(x, y Shift) int { return cmp.Or(x.From.Compare(y.From), x.To.Compare(y.To)) })
	for _, s := range sorted {
		if l := s.To.Sub(s.From); l <= 0 || l > maxShift {
			return nil, fmt.Errorf("roster %s: shift from %s to %s, want up to %s: %w", name, s.From.Format(time.RFC3339), s.To.Format(time.RFC3339), maxShift, fault.Invalid)
		}
		from, to := wall(s.From, b.zone), wall(s.To, b.zone)
		for from < to { // a long duty counts on each of its days
			d := Day(floorDiv(from, daySeconds))
			end := min(to, int64(d+1)*daySeconds)
			c.shifts[d] = append(c.shifts[d], span{from - int64(d)*daySeconds, end - int64(d)*daySeconds})
			if s.Who != "" && !strings.Contains(c.who[d], s.Who) {
				c.who[d] = strings.TrimPrefix(c.who[d]+", "+s.Who, ", ")
			}
			c.last = max(c.last, d)
			from = end
		}
	}
	n := b.clone()
	n.cals[name] = c
	return n, nil
}

func (b *Book) calendar(name string) (*calendar, error) {
	c, ok := b.cals[name]
	if !ok {
		return nil, fmt.Errorf("calendar %q, want one of %s: %w", name, strings.Join(slices.Sorted(maps.Keys(b.cals)), ", "), fault.Invalid)
	}
	return c, nil
}

// wall returns what a clock on the wall of zone shows at t, in seconds.
func wall(t time.Time, zone *time.Location) int64 {
	t = t.In(zone)
	_, off := t.Zone()
	return t.Unix() + int64(off)
}

// instant is the inverse of wall.
func instant(w int64, zone *time.Location) time.Time {
	d := Day(floorDiv(w, daySeconds)).utc()
	return time.Date(d.Year(), d.Month(), d.Day(), 0, 0, int(w-floorDiv(w, daySeconds)*daySeconds), 0, zone)
}

// farthest bounds the days that are looked at for the next open one.
const farthest = 400

// each calls yield with the stretches in which c is open from "from" on, cut
// by holds (sorted, not overlapping), until it returns false. It returns
// fault.Invalid when the calendar does not open within 400 days.
func (c *calendar) each(from int64, holds []span, yield func(span) bool) error {
	var buf [8]span
	cursor := from
	quiet := 0
	for d := Day(floorDiv(from, daySeconds)) - 1; ; d++ {
		if quiet++; quiet > farthest && (len(holds) == 0 || int64(d)*daySeconds > holds[len(holds)-1].to+farthest*daySeconds) || c.kind == roster && d > c.last {
			return fmt.Errorf("calendar %s is not open after %s: %w", c.name, d, fault.Invalid)
		}
		for _, s := range c.spans(d, buf[:0]) {
			s.from = max(s.from, cursor)
			for s.from < s.to {
				part := s
				for _, h := range holds {
					if h.to <= part.from {
						continue
					}
					if h.from <= part.from {
						part.from = h.to
						continue
					}
					part.to = min(part.to, h.from)
					break
				}
				if part.from >= s.to {
					break
				}
				quiet = 0
				if !yield(part) {
					return nil
				}
				s.from = part.to
			}
			cursor = max(cursor, s.to)
		}
	}
}

// advance returns the first moment at which amount seconds were open.
func (c *calendar) advance(from, amount int64, holds []span) (int64, error) {
	if amount <= 0 {
		return from, nil
	}
	if c.kind == always && len(holds) == 0 {
		return from + amount, nil
	}
	end := from
	err := c.each(from, holds, func(s span) bool {
		if s.to-s.from >= amount {
			end = s.from + amount
			return false
		}
		amount -= s.to - s.from
		return true
	})
	return end, err
}

// measure returns the seconds open from one moment to another.
func (c *calendar) measure(from, to int64, holds []span) int64 {
	var sum int64
	if from >= to {
		return 0
	}
	// A calendar that closes for good has measured all there is.
	_ = c.each(from, holds, func(s span) bool {
		if s.from >= to {
			return false
		}
		sum += min(s.to, to) - s.from
		return s.to < to
	})
	return sum
}

// union sorts spans and joins those that touch.
func union(list []span) []span {
	slices.SortFunc(list, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	out := list[:0]
	for _, s := range list {
		switch n := len(out); {
		case s.from >= s.to:
		case n > 0 && s.from <= out[n-1].to:
			out[n-1].to = max(out[n-1].to, s.to)
		default:
			out = append(out, s)
		}
	}
	return out
}
