package clock

import (
	"fmt"
	"slices"
	"time"

	"shuniu/fault"
)

// A Deed is what happened to a clock.
type Deed string

// The deeds.
const (
	Started   Deed = "started"
	Paused    Deed = "paused"    // for a listed reason
	Resumed   Deed = "resumed"   // from a pause, or from being stopped
	Suspended Deed = "suspended" // for a special procedure, or by another clock
	Lifted    Deed = "lifted"    // the end of a suspension
	Extended  Deed = "extended"
	Stopped   Deed = "stopped" // the matter was done in time or late
)

// An Event is one deed. Its text fields are for the record and the rules.
type Event struct {
	Deed     Deed
	At       time.Time
	Reason   string    // of Paused, Suspended, Lifted
	By       Limit     // of Extended
	Asked    time.Time // of Extended; zero: At
	Approved string    // role that approved
}

// A Clock is a definition and its events in order. Copy it freely: its methods
// never change it.
type Clock struct {
	ID     string
	Def    *Definition
	Events []Event
}

// Start returns a running clock. It returns fault.Invalid when the definition
// cannot hold in the book.
func (b *Book) Start(d *Definition, at time.Time) (Clock, error) {
	if err := b.Check(d); err != nil {
		return Clock{}, err
	}
	if y := at.In(b.zone).Year(); y < firstYear || y > lastYear {
		return Clock{}, fmt.Errorf("clock %s starts in %d, want a year from %d to %d: %w", d.Name, y, firstYear, lastYear, fault.Invalid)
	}
	return Clock{ID: d.Name, Def: d, Events: []Event{{Deed: Started, At: at}}}, nil
}

// standing is what the events leave behind.
type standing struct {
	paused    string // reason
	suspended map[string]bool
	pauses    int
	extended  []Limit
	stopped   time.Time
}

func (c *Clock) standing() standing {
	s := standing{suspended: map[string]bool{}}
	for _, e := range c.Events {
		switch e.Deed {
		case Paused:
			s.paused = e.Reason
			s.pauses++
		case Resumed:
			s.paused, s.stopped = "", time.Time{}
		case Suspended:
			s.suspended[e.Reason] = true
		case Lifted:
			delete(s.suspended, e.Reason)
		case Extended:
			s.extended = append(s.extended, e.By)
		case Stopped:
			s.stopped = e.At
		case Started:
		}
	}
	return s
}

// holdReason is the suspension that another clock of the matter causes.
func holdReason(clock string) string { return "clock " + clock }

// Apply returns the clock with one more event. It returns fault.Invalid for a
// reason that is not listed or an event out of order, fault.Denied when the
// wrong role approved, fault.Conflict when the clock is not in the state for
// it, is overdue, or its limits are spent.
func (b *Book) Apply(c Clock, e Event) (Clock, error) {
	s := c.standing()
	d := c.Def
	fail := func(kind error, format string, args ...any) (Clock, error) {
		return c, fmt.Errorf("clock %s, %s: %s: %w", c.ID, e.Deed, fmt.Sprintf(format, args...), kind)
	}
	if last := c.Events[len(c.Events)-1].At; e.At.Before(last) {
		return fail(fault.Invalid, "%s lies before the last event, %s", e.At.Format(time.RFC3339), last.Format(time.RFC3339))
	}
	if !s.stopped.IsZero() && e.Deed != Resumed {
		return fail(fault.Conflict, "it was stopped on %s", s.stopped.Format(time.RFC3339))
	}
	var due Due
	if e.Deed != Resumed && e.Deed != Stopped {
		var err error
		if due, err = b.Due(c, e.At); err != nil {
			return c, err
		}
	}
	switch e.Deed {
	case Paused:
		i := slices.IndexFunc(d.Pause.Reasons, func(r Reason) bool { return r.Name == e.Reason })
		switch {
		case i < 0:
			return fail(fault.Invalid, "%q is not a listed reason", e.Reason)
		case s.paused != "":
			return fail(fault.Conflict, "it is paused already: %s", s.paused)
		case d.Pause.Times > 0 && s.pauses >= d.Pause.Times:
			return fail(fault.Conflict, "it may pause %d times", d.Pause.Times)
		case e.At.After(due.At):
			return fail(fault.Conflict, "it was due on %s", due.At.Format(time.RFC3339))
		}
		if who := firstOf(d.Pause.Reasons[i].Approve, d.Pause.Approve); who != "" && who != e.Approved {
			return fail(fault.Denied, "%s must approve, not %q", who, e.Approved)
		}
		if left, limited := b.pauseLeft(c, e.At); limited && left <= 0 {
			return fail(fault.Conflict, "its pauses of %s are used up", d.Pause.Max)
		}
	case Resumed:
		if s.paused == "" && s.stopped.IsZero() {
			return fail(fault.Conflict, "it runs")
		}
	case Suspended:
		i := slices.IndexFunc(d.Procedures, func(r Reason) bool { return r.Name == e.Reason })
		switch {
		case i < 0 && !isHold(e.Reason):
			return fail(fault.Invalid, "%q is not a listed procedure", e.Reason)
		case s.suspended[e.Reason]:
			return fail(fault.Conflict, "it is suspended already: %s", e.Reason)
		case e.At.After(due.At):
			return fail(fault.Conflict, "it was due on %s", due.At.Format(time.RFC3339))
		}
		if i >= 0 && d.Procedures[i].Approve != "" && d.Procedures[i].Approve != e.Approved {
			return fail(fault.Denied, "%s must approve, not %q", d.Procedures[i].Approve, e.Approved)
		}
	case Lifted:
		if !s.suspended[e.Reason] {
			return fail(fault.Conflict, "no suspension %q", e.Reason)
		}
	case Extended:
		x := d.Extend
		asked := e.Asked
		if asked.IsZero() {
			asked = e.At
		}
		switch {
		case e.By.N < 1 || e.By.N > maxN[e.By.Unit]:
			return fail(fault.Invalid, "by no limit")
		case len(s.extended) >= x.Times:
			return fail(fault.Conflict, "it may be extended %d times", x.Times)
		case asked.After(e.At):
			return fail(fault.Invalid, "asked after it was granted")
		case x.AskBeforeDue && asked.After(due.At):
			return fail(fault.Conflict, "asked on %s, but it was due on %s", asked.Format(time.RFC3339), due.At.Format(time.RFC3339))
		case x.Approve != "" && x.Approve != e.Approved:
			return fail(fault.Denied, "%s must approve, not %q", x.Approve, e.Approved)
		}
		sum := e.By.N
		for _, l := range s.extended {
			sum += l.N
		}
		greatest := x.Max
		if x.MaxPercent > 0 {
			greatest = Limit{N: d.Limit.N * x.MaxPercent / 100, Unit: d.Limit.Unit}
		}
		if e.By.Unit != greatest.Unit || sum > greatest.N {
			return fail(fault.Conflict, "by %s, want at most %s in all", e.By, greatest)
		}
	case Stopped:
	default:
		return fail(fault.Invalid, "not a deed of a running clock")
	}
	n := c
	n.Events = append(slices.Clip(slices.Clone(c.Events)), e)
	return n, nil
}

func isHold(reason string) bool { return len(reason) > 6 && reason[:6] == "clock " }

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
