package clock

import (
	"fmt"
	"time"

	"shuniu/fault"
)

const daySeconds = 24 * 60 * 60

// A Day is a day of the civil calendar, counted from 1970-01-01.
type Day int32

// DayOf returns the day of t in t's own location.
func DayOf(t time.Time) Day {
	y, m, d := t.Date()
	return day(y, m, d)
}

func day(y int, m time.Month, d int) Day {
	return Day(floorDiv(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix(), daySeconds))
}

// ParseDay reads a day such as 2024-03-05. Years run from 1900 to 2999.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, fmt.Errorf("day %q, want one such as 2024-03-05: %w", s, fault.Invalid)
	}
	if y := t.Year(); y < firstYear || y > lastYear {
		return 0, fmt.Errorf("day %q, want a year from %d to %d: %w", s, firstYear, lastYear, fault.Invalid)
	}
	return DayOf(t), nil
}

// Years that a clock may start in.
const firstYear, lastYear = 1900, 2999

func (d Day) utc() time.Time { return time.Unix(int64(d)*daySeconds, 0).UTC() }

// Weekday returns the day of the week.
func (d Day) Weekday() time.Weekday { return d.utc().Weekday() }

// Year returns the calendar year.
func (d Day) Year() int { return d.utc().Year() }

// String returns the day as 2024-03-05.
func (d Day) String() string { return d.utc().Format(time.DateOnly) }

// MarshalText and UnmarshalText make a day text in JSON and YAML.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText is ParseDay.
func (d *Day) UnmarshalText(b []byte) (err error) {
	*d, err = ParseDay(string(b))
	return err
}

func (d Day) weekend() bool {
	w := d.Weekday()
	return w == time.Saturday || w == time.Sunday
}

// addMonths returns the day with the same number n months later, or the last
// day of that month when it has no such day.
// Source: Civil Code of the PRC, Art. 202.
func (d Day) addMonths(n int) Day {
	y, m, dd := d.utc().Date()
	first := time.Date(y, m+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return DayOf(first) + Day(min(dd, last)-1)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
