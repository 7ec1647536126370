package city

import "time"

// A Day counts days since 1800-01-01; the zero Day means "never" or "not known".
type Day int32

// epoch is 1800-01-01 in days since 1970-01-01.
const epoch = -62091

// On returns the Day of a date.
func On(year int, month time.Month, day int) Day {
	return Day(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix()/86400 - epoch)
}

// The 36 months that the city lives through.
var (
	Start = On(2022, 1, 1)
	End   = On(2024, 12, 31)
)

// Time returns midnight of the day in UTC.
func (d Day) Time() time.Time { return time.Unix((int64(d)+epoch)*86400, 0).UTC() }

// Format writes the day by a layout of package time; "" for the zero Day.
func (d Day) Format(layout string) string {
	if d == 0 {
		return ""
	}
	return d.Time().Format(layout)
}

// String writes the day as 2024-12-31.
func (d Day) String() string {
	if d == 0 {
		return ""
	}
	return string(d.Append(nil, "-"))
}

// Digits writes the day as 20241231.
func (d Day) Digits() string {
	if d == 0 {
		return ""
	}
	return string(d.Append(nil, ""))
}

// Append adds year, month and day with sep between them.
func (d Day) Append(b []byte, sep string) []byte {
	y, m, n := d.Time().Date()
	b = append(b, byte('0'+y/1000), byte('0'+y/100%10), byte('0'+y/10%10), byte('0'+y%10))
	b = append(b, sep...)
	b = append(b, byte('0'+int(m)/10), byte('0'+int(m)%10))
	b = append(b, sep...)
	return append(b, byte('0'+n/10), byte('0'+n%10))
}

// Year of the day.
func (d Day) Year() int { return d.Time().Year() }

// Age returns the completed years of somebody born on d, on the day at.
func (d Day) Age(at Day) int {
	y, m, n := d.Time().Date()
	ay, am, an := at.Time().Date()
	age := ay - y
	if am < m || am == m && an < n {
		age--
	}
	return age
}

// AddYears moves the day by whole years.
func (d Day) AddYears(n int) Day { return Day(d.Time().AddDate(n, 0, 0).Unix()/86400 - epoch) }

// between returns a day from lo to hi, hi left out; lo when there is none.
func between(r Chance, lo, hi Day) Day {
	if hi <= lo {
		return lo
	}
	return lo + Day(r.N(int(hi-lo)))
}

// inPeriod returns a day within the 36 months.
func inPeriod(r Chance) Day { return between(r, Start, End+1) }
