package clock

import (
	"fmt"
	"slices"

	"shuniu/fault"
)

// A Party is on whose side a clock runs.
type Party string

// The parties.
const (
	Legal     Party = "legal"     // a law or rule sets the limit
	Promised  Party = "promised"  // the office promised it
	Applicant Party = "applicant" // the applicant has to act
)

// A StartRule says when an act takes effect.
type StartRule string

// The start rules. The empty one is NextDay for limits in days, weeks, months
// and years, and SameMoment for minutes and hours.
const (
	NextDay    StartRule = "next_day"    // the day of the act is not counted
	SameDay    StartRule = "same_day"    // the day of the act is the first one
	SameMoment StartRule = "same_moment" // from the moment on
)

// A Citation names the article a clock rests on and the version it was read in.
type Citation struct {
	Article string // e.g. 行政许可法 第四十二条
	Version string // e.g. 2019-04-23
}

// A Reason lets a clock stand still.
type Reason struct {
	Name    string
	Max     Limit    // of one pause; zero: none
	Approve string   // role that must approve; "": the rule's
	Law     Citation // e.g. 行政许可法 第四十五条
}

// A PauseRule lists the reasons a clock may pause for; none: it may not.
type PauseRule struct {
	Reasons []Reason
	Max     Limit  // of all pauses together; zero: none
	Times   int    // 0: any number
	Approve string // role that must approve; "": nobody
}

// An ExtendRule says who may lengthen a clock and how often; Times 0: nobody.
type ExtendRule struct {
	Times        int
	Max          Limit // of all extensions together; zero: MaxPercent holds
	MaxPercent   int   // of the limit, e.g. 100; 0: Max holds
	AskBeforeDue bool
	Approve      string
	Law          Citation
}

// A Light is how pressing a clock is.
type Light string

// The lights.
const (
	Green  Light = "green"
	Yellow Light = "yellow"
	Red    Light = "red"
)

// A Rung of the ladder says whom to tell when a share of the limit is used.
type Rung struct {
	Percent int // above 100: after the due time
	Light   Light
	Tell    string // role
	Spawn   string // type of a matter to open, e.g. supervise.order
}

// A Definition is what a clock is: pack data.
type Definition struct {
	Name       string
	Party      Party
	Limit      Limit
	Calendar   string // name in the Book; "": by the limit's unit
	Start      StartRule
	Stay       bool // a last calendar day off does not move on
	Law        Citation
	Pause      PauseRule
	Procedures []Reason // special procedures whose time is not counted (检验、听证、公示 …)
	Extend     ExtendRule
	Yellow     int // percent of the limit; 0: 80
	Ladder     []Rung
	Holds      []string // clocks of the same matter that stand still while this one runs
}

const defaultYellow = 80

func (d *Definition) yellow() int {
	if d.Yellow == 0 {
		return defaultYellow
	}
	return d.Yellow
}

// start returns the rule for a unit.
func (d *Definition) start(u Unit) StartRule {
	if d.Start != "" {
		return d.Start
	}
	if u.wholeDays() {
		return NextDay
	}
	return SameMoment
}

// calendarName returns the calendar for a unit.
func (d *Definition) calendarName(u Unit) string {
	switch {
	case d.Calendar != "":
		return d.Calendar
	case u == WorkingDay:
		return WorkingDays
	case u == WorkingHour:
		return WorkingHours
	}
	return Always
}

// Check returns fault.Invalid with everything in the definition that cannot
// hold in the book.
func (b *Book) Check(d *Definition) error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("clock %s: %s: %w", d.Name, fmt.Sprintf(format, args...), fault.Invalid)
	}
	if d.Name == "" {
		return bad("has no name")
	}
	if d.Limit.N < 1 || d.Limit.N > maxN[d.Limit.Unit] {
		return bad("has no limit")
	}
	if _, err := b.counting(d, d.Limit.Unit); err != nil {
		return fmt.Errorf("clock %s: %w", d.Name, err)
	}
	if !slices.Contains([]StartRule{"", NextDay, SameDay, SameMoment}, d.Start) {
		return bad("start %q, want next_day, same_day or same_moment", d.Start)
	}
	if d.Start == SameDay && !d.Limit.Unit.wholeDays() {
		return bad("start same_day for %s: minutes and hours start at the same moment or the next day", d.Limit)
	}
	if !slices.Contains([]Party{Legal, Promised, Applicant}, d.Party) {
		return bad("party %q, want legal, promised or applicant", d.Party)
	}
	if d.Party == Legal && (d.Law.Article == "" || d.Law.Version == "") {
		return bad("cites no article and version")
	}
	if d.yellow() < 1 || d.yellow() > 100 {
		return bad("yellow at %d%%, want 1 to 100", d.Yellow)
	}
	last := 0
	for _, r := range d.Ladder {
		if r.Percent <= last || r.Percent > 1000 {
			return bad("rung at %d%%, want rungs that rise to at most 1000%%", r.Percent)
		}
		last = r.Percent
		if r.Tell == "" && r.Spawn == "" {
			return bad("the rung at %d%% tells nobody", r.Percent)
		}
	}
	for _, list := range [][]Reason{d.Pause.Reasons, d.Procedures} {
		for i, r := range list {
			if r.Name == "" || slices.ContainsFunc(list[:i], func(o Reason) bool { return o.Name == r.Name }) {
				return bad("reason %q is empty or listed twice", r.Name)
			}
			if r.Max != (Limit{}) {
				if _, err := b.counting(d, r.Max.Unit); err != nil {
					return fmt.Errorf("clock %s, reason %s: %w", d.Name, r.Name, err)
				}
			}
		}
	}
	if d.Pause.Max != (Limit{}) {
		if _, err := b.counting(d, d.Pause.Max.Unit); err != nil {
			return fmt.Errorf("clock %s, pauses: %w", d.Name, err)
		}
	}
	if d.Extend.Times > 0 && (d.Extend.Max == (Limit{})) == (d.Extend.MaxPercent == 0) {
		return bad("an extension needs either a greatest limit or a greatest percentage")
	}
	return nil
}

// counting returns the calendar that counts a unit of d: a WorkingDay counts
// by legal working days or days of duty, a Day24 counts as a working day on a
// calendar of working days or hours.
func (b *Book) counting(d *Definition, u Unit) (*calendar, error) {
	c, err := b.calendar(d.calendarName(d.Limit.Unit))
	if err != nil {
		return nil, err
	}
	switch u {
	case Minute, Hour:
		return c, nil
	case WorkingHour:
		if c.kind == workingHours || c.kind == roster {
			return c, nil
		}
		if u != d.Limit.Unit || d.Calendar == "" {
			return b.calendar(WorkingHours)
		}
		return nil, fmt.Errorf("working hours on calendar %s, want one with hours: %w", c.name, fault.Invalid)
	case WorkingDay:
		if c.kind == always && u == d.Limit.Unit {
			return nil, fmt.Errorf("working days on calendar %s, want one of working days or hours: %w", c.name, fault.Invalid)
		}
		return c.days(), nil
	case Day24:
		if c.kind != always && u == d.Limit.Unit {
			return c.days(), nil
		}
	case Week, Month, Year:
		if c.kind != always && u == d.Limit.Unit {
			return nil, fmt.Errorf("%s on calendar %s: weeks, months and years are counted by the calendar %s: %w", d.Limit, c.name, Always, fault.Invalid)
		}
	default:
		return nil, fmt.Errorf("limit without a unit: %w", fault.Invalid)
	}
	return b.calendar(Always)
}
