package rule

import (
	"fmt"
	"time"

	"shuniu/fault"
)

// A Day is a calendar day of the Gregorian calendar as the number yyyymmdd;
// zero is "no day given".
type Day int32

// DayOf returns the day of t in t's own time zone.
func DayOf(t time.Time) Day {
	return Day(t.Year()*10000 + int(t.Month())*100 + t.Day())
}

// Today returns the day it is in China.
func Today() Day { return DayOf(time.Now().In(time.FixedZone("CST", 8*3600))) }

// ParseDay reads "2024-03-05" or "20240305". Anything else is fault.Invalid.
func ParseDay(s string) (Day, error) {
	var digits [8]byte
	switch {
	case len(s) == 10 && s[4] == '-' && s[7] == '-':
		copy(digits[:], s[:4]+s[5:7]+s[8:])
	case len(s) == 8:
		copy(digits[:], s)
	default:
		return 0, fmt.Errorf("day %q, want like 2024-03-05: %w", s, fault.Invalid)
	}
	d, ok := DayFromDigits(digits[:])
	if !ok {
		return 0, fmt.Errorf("day %q is not in the calendar: %w", s, fault.Invalid)
	}
	return d, nil
}

// DayFromDigits reads eight digits; ok is false when they name no day.
func DayFromDigits(v []byte) (d Day, ok bool) {
	if len(v) < 8 {
		return 0, false
	}
	n := 0
	for _, c := range v[:8] {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return MakeDay(n/10000, n/100%100, n%100)
}

// MakeDay returns the day; ok is false when the calendar has none such. The
// year 1900 has no 29 February, which some published checkers believe it has.
func MakeDay(year, month, day int) (d Day, ok bool) {
	if year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > daysOf(year, month) {
		return 0, false
	}
	return Day(year*10000 + month*100 + day), true
}

func daysOf(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// Year returns the year.
func (d Day) Year() int { return int(d) / 10000 }

// Month returns the month, 1 to 12.
func (d Day) Month() int { return int(d) / 100 % 100 }

// OfMonth returns the day of the month, from 1.
func (d Day) OfMonth() int { return int(d) % 100 }

// String returns the day as GB/T 7408 (ISO 8601) writes it, "2024-03-05"; the
// zero Day is "".
func (d Day) String() string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year(), d.Month(), d.OfMonth())
}
