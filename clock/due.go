package clock

import (
	"fmt"
	"slices"
	"time"

	"shuniu/fault"
)

// A Due is when a clock runs out.
type Due struct {
	At          time.Time // the last second that is in time
	Provisional bool      // the holidays of a year it looks at are not announced
	Standing    bool      // the clock stands still: At is what it would be if it went on now
}

// A segment is a part of a clock's way that is counted in one unit: the limit,
// or an extension in another unit.
type segment struct {
	cal      *calendar
	amount   int64 // seconds of cal
	from, to int64 // wall seconds; to is where the amount is used up
	limit    Limit
}

// A course is a clock worked out.
type course struct {
	zone     *time.Location
	start    int64
	segs     []segment
	holds    []span
	open     bool // a hold is not ended
	days     bool // the due time is the end of a day
	due      int64
	from, to Day // the days whose working or not was asked
	asked    bool
	moved    Day // the last day before it moved on, 0: it did not
}

// moment maps a time to the wall second from which an act takes effect.
func (d *Definition) moment(t time.Time, zone *time.Location) int64 {
	w := wall(t, zone)
	on := floorDiv(w, daySeconds) * daySeconds
	switch d.start(d.Limit.Unit) {
	case NextDay:
		return on + daySeconds
	case SameDay:
		return on
	case SameMoment:
	}
	return w
}

// run works out the clock as of now.
func (b *Book) run(c Clock, now time.Time) (*course, error) {
	d := c.Def
	k := &course{zone: b.zone}
	if b.zone != Shanghai && d.calendarName(d.Limit.Unit) == Always && d.start(d.Limit.Unit) == SameMoment && !d.Limit.Unit.wholeDays() {
		k.zone = time.UTC // round the clock a change of the zone's offset has no say
	}
	limits := []Limit{d.Limit}
	for _, e := range c.Events {
		if e.Deed == Extended {
			if n := len(limits) - 1; limits[n].Unit == e.By.Unit {
				limits[n].N += e.By.N
			} else {
				limits = append(limits, e.By)
			}
		}
	}
	k.start = d.moment(c.Events[0].At, k.zone)
	k.holds, k.open = b.holds(c, now, k.zone)
	from := k.start
	for i, l := range limits {
		if i > 0 && l.Unit.wholeDays() && d.start(l.Unit) != SameMoment {
			from = floorDiv(from+daySeconds-1, daySeconds) * daySeconds
		}
		seg, err := b.segment(d, c, l, from, i == 0, k)
		if err != nil {
			return nil, err
		}
		k.segs = append(k.segs, seg)
		from = seg.to
	}
	last := k.segs[len(k.segs)-1]
	k.due = last.to
	k.days = last.limit.Unit.wholeDays() && d.start(last.limit.Unit) != SameMoment
	k.look()
	if last.limit.Unit.calendarDays() && last.cal.kind == always && !d.Stay {
		k.moveOn(b.hol)
	}
	if k.days {
		k.due--
	}
	return k, nil
}

func (b *Book) segment(d *Definition, c Clock, l Limit, from int64, first bool, k *course) (segment, error) {
	cal, err := b.counting(d, l.Unit)
	if err != nil {
		return segment{}, err
	}
	seg := segment{cal: cal, from: from, limit: l}
	switch l.Unit {
	case Minute:
		seg.amount = int64(l.N) * 60
	case Hour, WorkingHour:
		seg.amount = int64(l.N) * 3600
	case Week:
		seg.amount = int64(l.N) * 7 * daySeconds
	case Month, Year:
		n := l.N
		if l.Unit == Year {
			n *= 12
		}
		on := Day(floorDiv(from, daySeconds)) // the day after the one that months are counted from
		switch {
		case first:
			on = DayOf(c.Events[0].At.In(k.zone))
		case d.start(l.Unit) == NextDay:
			on--
		}
		seg.amount = int64(on.addMonths(n)-on) * daySeconds
	default:
		seg.amount = int64(l.N) * daySeconds
	}
	seg.to, err = cal.advance(from, seg.amount, k.holds)
	if err != nil {
		return seg, fmt.Errorf("clock %s: %w", c.ID, err)
	}
	return seg, nil
}

// look notes the days that the holidays had a say in.
func (k *course) look() {
	for _, s := range k.segs {
		if s.cal.kind == workingDays || s.cal.kind == workingHours {
			if !k.asked {
				k.from = Day(floorDiv(s.from, daySeconds))
			}
			k.asked, k.to = true, Day(floorDiv(s.to-1, daySeconds))
		}
	}
}

// moveOn moves a last day off to the next day that is worked and not held.
func (k *course) moveOn(h *Holidays) {
	end := k.due
	if k.days {
		end--
	}
	last := Day(floorDiv(end, daySeconds))
	d := last
	for !h.Working(d) || k.days && heldDay(k.holds, d) {
		d++
	}
	if !k.asked {
		k.from = last
	}
	k.asked, k.to = true, d
	if d > last {
		k.moved = last
		k.due += int64(d-last) * daySeconds
	}
}

func heldDay(holds []span, d Day) bool {
	w := int64(d) * daySeconds
	return slices.ContainsFunc(holds, func(s span) bool { return s.from <= w && w < s.to })
}

// holds returns when the clock stands still, up to now.
func (b *Book) holds(c Clock, now time.Time, zone *time.Location) (list []span, open bool) {
	d := c.Def
	begun := map[string]Event{} // pauses and stops under their deed, suspensions under their reason
	var used int64              // of Pause.Max, in its seconds
	end := func(key string, at time.Time, ended bool) {
		e, ok := begun[key]
		if !ok || at.Before(e.At) {
			return
		}
		delete(begun, key)
		s := span{d.moment(e.At, zone), d.moment(at, zone)}
		cut := b.latest(d, e, zone, used)
		if cut >= 0 && cut < s.to {
			s.to, ended = max(s.from, cut), true
		}
		if e.Deed == Paused {
			used += b.pauseUsed(d, s)
		}
		list = append(list, s)
		open = open || !ended
	}
	for _, e := range c.Events {
		switch e.Deed {
		case Paused, Stopped:
			begun[string(e.Deed)] = e
		case Suspended:
			begun["/"+e.Reason] = e
		case Resumed:
			end(string(Paused), e.At, true)
			end(string(Stopped), e.At, true)
		case Lifted:
			end("/"+e.Reason, e.At, true)
		case Started, Extended:
		}
	}
	if e, ok := begun[string(Stopped)]; ok && now.After(e.At) {
		now = e.At // what stood still then does so no longer
	}
	for key, e := range begun {
		if e.Deed != Stopped {
			end(key, now, false)
		}
	}
	return union(list), open
}

// latest returns the wall second at which a pause or suspension ends by its
// own limits, -1 when it has none.
func (b *Book) latest(d *Definition, e Event, zone *time.Location, used int64) int64 {
	rules, total := d.Procedures, Limit{}
	if e.Deed == Paused {
		rules, total = d.Pause.Reasons, d.Pause.Max
	} else if e.Deed != Suspended {
		return -1
	}
	cut := int64(-1)
	try := func(l Limit, used int64) {
		cal, amount := b.spendable(d, l)
		if cal == nil {
			return
		}
		from := d.moment(e.At, zone)
		if l.Unit.wholeDays() && d.start(d.Limit.Unit) == SameMoment {
			from = (floorDiv(from, daySeconds) + 1) * daySeconds // days of a pause begin with the next one
		}
		to, err := cal.advance(from, max(amount-used, 0), nil)
		if err == nil && (cut < 0 || to < cut) {
			cut = to
		}
	}
	if i := slices.IndexFunc(rules, func(r Reason) bool { return r.Name == e.Reason }); i >= 0 {
		try(rules[i].Max, 0)
	}
	try(total, used)
	if cut >= 0 && d.start(d.Limit.Unit) != SameMoment {
		cut = floorDiv(cut+daySeconds-1, daySeconds) * daySeconds
	}
	return cut
}

// spendable returns the calendar and the seconds of a limit of pauses; months
// and years count as 30 and 365 days.
func (b *Book) spendable(d *Definition, l Limit) (*calendar, int64) {
	if l == (Limit{}) {
		return nil, 0
	}
	cal, err := b.counting(d, l.Unit)
	if err != nil {
		return nil, 0 // Check has seen it
	}
	unit := map[Unit]int64{Minute: 60, Hour: 3600, WorkingHour: 3600, Day24: daySeconds, WorkingDay: daySeconds, Week: 7 * daySeconds, Month: 30 * daySeconds, Year: 365 * daySeconds}
	return cal, int64(l.N) * unit[l.Unit]
}

func (b *Book) pauseUsed(d *Definition, s span) int64 {
	cal, _ := b.spendable(d, d.Pause.Max)
	if cal == nil {
		return 0
	}
	return cal.measure(s.from, s.to, nil)
}

// pauseLeft returns the seconds that pauses may still take.
func (b *Book) pauseLeft(c Clock, now time.Time) (left int64, limited bool) {
	_, amount := b.spendable(c.Def, c.Def.Pause.Max)
	if amount == 0 {
		return 0, false
	}
	var begun time.Time
	for _, e := range c.Events {
		switch e.Deed {
		case Paused:
			begun = e.At
		case Resumed:
			if !begun.IsZero() {
				amount -= b.pauseUsed(c.Def, span{c.Def.moment(begun, b.zone), c.Def.moment(e.At, b.zone)})
			}
			begun = time.Time{}
		default:
		}
	}
	return amount, true
}

// Due returns when the clock runs out, seen from now: a hold that has begun by
// now and is not ended counts up to now. It returns fault.Invalid when the
// calendar never opens again.
func (b *Book) Due(c Clock, now time.Time) (Due, error) {
	if len(c.Events) == 0 || c.Events[0].Deed != Started {
		return Due{}, fmt.Errorf("clock %s was not started: %w", c.ID, fault.Invalid)
	}
	k, err := b.run(c, now)
	if err != nil {
		return Due{}, err
	}
	return b.dueOf(k), nil
}

func (b *Book) dueOf(k *course) Due {
	return Due{At: instant(k.due, k.zone).In(b.zone), Provisional: k.asked && !b.hol.announced(k.from, k.to), Standing: k.open}
}
