package clock

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// A DayNote says of one day whether it counts, and why.
type DayNote struct {
	Day    Day
	Counts bool
	Why    string
	Open   time.Duration // counted of the day
}

// Explain returns the days from the start to the due day, the basis of the
// count in one sentence, and the due time.
func (b *Book) Explain(c Clock, now time.Time) (Due, []DayNote, string, error) {
	if _, err := b.Due(c, now); err != nil {
		return Due{}, nil, "", err
	}
	k, err := b.run(c, now)
	if err != nil {
		return Due{}, nil, "", err
	}
	first := DayOf(c.Events[0].At.In(k.zone))
	last := Day(floorDiv(k.due, daySeconds))
	rule := c.Def.start(c.Def.Limit.Unit)
	notes := make([]DayNote, 0, last-first+1)
	for d := first; d <= last; d++ {
		n := DayNote{Day: d}
		lo, hi := int64(d)*daySeconds, int64(d+1)*daySeconds
		var cal *calendar
		for _, s := range k.segs {
			from, to := max(s.from, lo), min(s.to, hi)
			if from < to {
				n.Open += time.Duration(s.cal.measure(from, to, k.holds)) * time.Second
				cal = s.cal
			}
		}
		n.Counts = n.Open > 0
		switch {
		case k.moved != 0 && d > k.moved && d < last:
			n.Why = b.hol.Why(d) + ": the last day moves on"
		case k.moved != 0 && d == last:
			n.Why = b.hol.Why(d) + ": the next working day after the last day"
		case k.moved != 0 && d == k.moved:
			n.Why = "last day, but " + b.hol.Why(d) + ": it moves on"
		case d == first && rule == NextDay && !n.Counts:
			n.Why = "the day of the act is not counted"
		case !n.Counts && cal == nil && d == first:
			n.Why = "the day of the act"
		case !n.Counts && heldDay(k.holds, d):
			n.Why = "the clock stands still"
		case cal != nil && cal.kind == always:
			n.Why = "calendar day, " + d.Weekday().String()
		case cal != nil && cal.kind == roster:
			n.Why = "no duty, " + d.Weekday().String()
			if n.Counts {
				n.Why = "on duty: " + firstOf(cal.who[d], cal.name)
			}
		case cal != nil && cal.kind == workingHours:
			n.Why = b.hol.Why(d)
			if !n.Counts && b.hol.Working(d) {
				n.Why += "; outside working hours"
			}
		default:
			n.Why = b.hol.Why(d)
		}
		notes = append(notes, n)
	}
	return b.dueOf(k), notes, b.basis(c.Def, k), nil
}

// basis says in one sentence by what rules the clock was counted.
func (b *Book) basis(d *Definition, k *course) string {
	var s []string
	if d.Law.Article != "" {
		s = append(s, strings.TrimSpace(d.Law.Article+" "+d.Law.Version))
	}
	last := k.segs[len(k.segs)-1]
	switch d.start(d.Limit.Unit) {
	case NextDay:
		s = append(s, "the day of the act is not counted (民法典 第二百零一条)")
	case SameDay:
		s = append(s, "the day of the act is the first one")
	case SameMoment:
		s = append(s, "counted from the moment (民法典 第二百零一条)")
	}
	if u := d.Limit.Unit; u == Month || u == Year {
		s = append(s, "ends on the same number of the month, or its last day (民法典 第二百零二条)")
	}
	if k.days {
		s = append(s, "ends at 24:00 of the last day (民法典 第二百零三条)")
	}
	if last.limit.Unit.calendarDays() && last.cal.kind == always && !d.Stay {
		s = append(s, "a last day off moves to the next working day (民法典 第二百零三条)")
	}
	if last.cal.kind == workingHours {
		s = append(s, "working hours "+last.cal.hours.String())
	}
	if k.asked {
		s = append(s, b.announcements(k)...)
	}
	return strings.Join(s, "; ")
}

// announcements names the notices the count rests on, and the years without.
func (b *Book) announcements(k *course) []string {
	var out, notices []string
	first, last := 0, 0
	for y := k.from.Year(); y <= k.to.Year(); y++ {
		a, ok := b.hol.Arrangement(y)
		if !ok {
			first, last = min(y, cmp.Or(first, y)), y
		}
		for _, n := range a.Notices {
			notices = append(notices, n.Number)
		}
	}
	switch {
	case first == last && first != 0:
		out = append(out, fmt.Sprintf("holidays of %d are not announced: provisional, computed without them", first))
	case first != 0:
		out = append(out, fmt.Sprintf("holidays of years from %d to %d are not announced: provisional, computed without them", first, last))
	}
	if len(notices) > 0 {
		out = append(out, "working days by "+strings.Join(notices, ", "))
	}
	return out
}
