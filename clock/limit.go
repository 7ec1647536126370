package clock

import (
	"fmt"
	"strconv"
	"strings"

	"shuniu/fault"
)

// A Unit is what a limit is counted in.
type Unit int

// The units. Limits in minutes and hours run by the clock's calendar: on the
// calendar "always" round the clock, on others only while it is open.
const (
	Minute Unit = iota + 1
	Hour
	WorkingHour
	Day24 // a day of the calendar
	WorkingDay
	Week
	Month
	Year
)

var unitNames = map[Unit]string{Minute: "m", Hour: "h", WorkingHour: "wh", Day24: "d", WorkingDay: "wd", Week: "w", Month: "mo", Year: "y"}

// unitWords are read as units; longer words stand before those they end in.
var unitWords = []struct {
	word string
	unit Unit
}{
	{"个工作小时", WorkingHour},
	{"工作小时", WorkingHour},
	{"个工作日", WorkingDay},
	{"工作日", WorkingDay},
	{"个小时", Hour},
	{"小时", Hour},
	{"分钟", Minute},
	{"分", Minute},
	{"个月", Month},
	{"月", Month},
	{"日", Day24},
	{"天", Day24},
	{"个星期", Week},
	{"星期", Week},
	{"周", Week},
	{"年", Year},
	{"wh", WorkingHour},
	{"wd", WorkingDay},
	{"mo", Month},
	{"m", Minute},
	{"h", Hour},
	{"d", Day24},
	{"w", Week},
	{"y", Year},
}

// maxN bounds a limit at about a hundred years.
var maxN = map[Unit]int{
	Minute: 100 * 366 * 24 * 60, Hour: 100 * 366 * 24, WorkingHour: 100 * 250 * 8, Day24: 100 * 366, WorkingDay: 100 * 250,
	Week: 100 * 53, Month: 100 * 12, Year: 100,
}

// A Limit is a length of legal time, e.g. 5 working days.
type Limit struct {
	N    int
	Unit Unit
}

// ParseLimit reads 5wd, 3d, 4wh, 90m, 2h, 1w, 3mo, 1y, or 5个工作日, 3日, 4工作小时,
// 90分钟. It returns fault.Invalid for anything else, zero included.
func ParseLimit(s string) (Limit, error) {
	for _, u := range unitWords {
		num, ok := strings.CutSuffix(s, u.word)
		if !ok {
			continue
		}
		if len(num) == 0 || len(num) > 9 || strings.TrimLeft(num, "0123456789") != "" {
			break
		}
		n, err := strconv.Atoi(num)
		if err != nil || n < 1 || n > maxN[u.unit] {
			return Limit{}, fmt.Errorf("limit %q, want 1 to %d%s: %w", s, maxN[u.unit], unitNames[u.unit], fault.Invalid)
		}
		return Limit{N: n, Unit: u.unit}, nil
	}
	return Limit{}, fmt.Errorf("limit %q, want a whole number and a unit: wd, d, wh, h, m, w, mo or y, e.g. 5wd: %w", s, fault.Invalid)
}

// String returns the limit as ParseLimit reads it; the zero Limit is "".
func (l Limit) String() string {
	if l == (Limit{}) {
		return ""
	}
	return strconv.Itoa(l.N) + unitNames[l.Unit]
}

// MarshalText and UnmarshalText make a limit text in JSON and YAML.
func (l Limit) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText is ParseLimit; an empty text is the zero Limit.
func (l *Limit) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*l = Limit{}
		return nil
	}
	*l, err = ParseLimit(string(b))
	return err
}

// wholeDays says whether the unit counts days of the calendar.
func (u Unit) wholeDays() bool { return u >= Day24 }

// calendarDays says whether the unit counts every day, so that a last day off
// moves on.
func (u Unit) calendarDays() bool { return u.wholeDays() && u != WorkingDay }
