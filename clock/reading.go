package clock

import (
	"slices"
	"time"
)

// A Reading is what a clock shows at one moment.
type Reading struct {
	Due
	Light   Light
	Percent int    // of the limit used, whole; above 100 once overdue
	Left    Limit  // of the last unit, a begun one counted whole; N 0: none
	Why     string // what it stands still for, "" when it runs
	Done    bool   // it was stopped; the reading is of that moment
	InTime  bool   // not overdue now, or stopped in time
}

// Read returns what the clock shows at now.
func (b *Book) Read(c Clock, now time.Time) (Reading, error) {
	s := c.standing()
	if !s.stopped.IsZero() {
		now = s.stopped
	}
	due, err := b.Due(c, now)
	if err != nil {
		return Reading{}, err
	}
	k, err := b.run(c, now)
	if err != nil {
		return Reading{}, err
	}
	r := Reading{Due: due, Done: !s.stopped.IsZero(), InTime: !now.After(due.At), Why: s.paused}
	if r.Why == "" {
		for why := range s.suspended {
			if r.Why == "" || why < r.Why {
				r.Why = why
			}
		}
	}
	if !k.open {
		r.Why = ""
	}
	used, total := k.used(wall(now, k.zone))
	r.Percent = int(used * 100 / total)
	if r.InTime {
		r.Percent = min(r.Percent, 100)
	} else {
		r.Percent = max(r.Percent, 100)
	}
	r.Light = Green
	switch {
	case !r.InTime:
		r.Light = Red
	case r.Percent >= c.Def.yellow():
		r.Light = Yellow
	}
	last := k.segs[len(k.segs)-1]
	r.Left = Limit{Unit: last.limit.Unit}
	if r.InTime {
		size := max(last.amount/int64(last.limit.N), 1)
		r.Left.N = int((last.amount - last.cal.measure(last.from, min(max(wall(now, k.zone), last.from), last.to), k.holds) + size - 1) / size)
	}
	return r, nil
}

// used returns the counted seconds up to wall second w and the whole; beyond
// the due time it goes on counting by the last segment's calendar.
func (k *course) used(w int64) (used, total int64) {
	for _, s := range k.segs {
		total += s.amount
		used += s.cal.measure(s.from, min(w, s.to), k.holds)
	}
	if last := k.segs[len(k.segs)-1]; w > k.due {
		used = total + last.cal.measure(k.due, w, k.holds)
	}
	return used, max(total, 1)
}

// at returns the first wall second at which percent of the limit is used.
func (k *course) at(percent int) (int64, error) {
	var total int64
	for _, s := range k.segs {
		total += s.amount
	}
	last := k.segs[len(k.segs)-1]
	switch {
	case percent == 100:
		return k.due + 1, nil
	case percent > 100:
		return last.cal.advance(k.due+1, (total*int64(percent-100)+99)/100, k.holds)
	}
	want := (total*int64(percent) + 99) / 100
	for _, s := range k.segs {
		if want <= s.amount {
			return s.cal.advance(s.from, want, k.holds)
		}
		want -= s.amount
	}
	return k.due, nil
}

// An Alarm is a rung of the ladder with its time: for 100 percent the first
// second that is too late.
type Alarm struct {
	Rung
	At time.Time
}

// Alarms returns when the rungs of the clock's ladder fire, seen from now. A
// clock that stands still or was stopped has none: ask again when it goes on.
func (b *Book) Alarms(c Clock, now time.Time) ([]Alarm, error) {
	k, err := b.run(c, now)
	if err != nil {
		return nil, err
	}
	if k.open || !c.standing().stopped.IsZero() {
		return nil, nil
	}
	out := make([]Alarm, 0, len(c.Def.Ladder))
	for _, r := range c.Def.Ladder {
		w, err := k.at(r.Percent)
		if err != nil {
			return nil, err
		}
		out = append(out, Alarm{Rung: r, At: instant(w, k.zone).In(b.zone)})
	}
	return out, nil
}

// A Set is the clocks of one matter: the legal one, the promised one, the
// applicant's.
type Set []Clock

// Find returns the clock of that id.
func (s Set) Find(id string) (Clock, bool) {
	if i := s.index(id); i >= 0 {
		return s[i], true
	}
	return Clock{}, false
}

func (s Set) index(id string) int {
	return slices.IndexFunc(s, func(c Clock) bool { return c.ID == id })
}

// Start adds a clock and lets the clocks it holds stand still.
func (s Set) Start(b *Book, d *Definition, at time.Time) (Set, error) {
	c, err := b.Start(d, at)
	if err != nil {
		return s, err
	}
	if i := s.index(c.ID); i >= 0 {
		return s, stateError(c.ID, "runs already")
	}
	n := append(slices.Clone(s), c)
	return n.hold(b, d, Suspended, at)
}

// Apply lets e happen to the clock of that id, and to those it holds.
func (s Set) Apply(b *Book, id string, e Event) (Set, error) {
	i := s.index(id)
	if i < 0 {
		return s, stateError(id, "was not started")
	}
	c, err := b.Apply(s[i], e)
	if err != nil {
		return s, err
	}
	n := slices.Clone(s)
	n[i] = c
	switch e.Deed {
	case Stopped, Paused:
		return n.hold(b, c.Def, Lifted, e.At)
	case Resumed:
		return n.hold(b, c.Def, Suspended, e.At)
	default:
		return n, nil
	}
}

// hold suspends the clocks that d holds, or lifts that. Clocks that are not
// there, stopped, overdue, or already so, stay as they are.
func (s Set) hold(b *Book, d *Definition, deed Deed, at time.Time) (Set, error) {
	reason := holdReason(d.Name)
	for _, name := range d.Holds {
		i := s.index(name)
		if i < 0 {
			continue
		}
		st := s[i].standing()
		if !st.stopped.IsZero() || st.suspended[reason] == (deed == Suspended) {
			continue
		}
		if deed == Suspended {
			due, err := b.Due(s[i], at)
			if err != nil {
				return s, err
			}
			if at.After(due.At) {
				continue
			}
		}
		c, err := b.Apply(s[i], Event{Deed: deed, At: at, Reason: reason})
		if err != nil {
			return s, err
		}
		s[i] = c
	}
	return s, nil
}

// Pressing returns the reading of the running clock that is due first, and
// its id; "" when none runs.
func (s Set) Pressing(b *Book, now time.Time) (id string, r Reading, err error) {
	for _, c := range s {
		read, err := b.Read(c, now)
		if err != nil {
			return "", r, err
		}
		if read.Done || read.Standing {
			continue
		}
		if id == "" || read.At.Before(r.At) {
			id, r = c.ID, read
		}
	}
	return id, r, nil
}
