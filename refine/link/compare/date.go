package compare

import (
	"strconv"
	"strings"
	"time"
)

// A Date is a day as written: a year without a month has Month and Day 0.
type Date struct{ Year, Month, Day int }

// ParseDate reads the ways a day is written: 2024-03-05, 2024/3/5, 20240305,
// 05/03/2024 (day first unless that is impossible), 2024年3月5日, each with or
// without a time of day behind a blank or a T. ok is false for anything else.
func ParseDate(s string) (d Date, ok bool) {
	s = strings.TrimSpace(s)
	if i := strings.IndexAny(s, " T"); i >= 8 {
		s = s[:i]
	}
	s = strings.TrimSuffix(s, "日")
	s = strings.NewReplacer("年", "-", "月", "-", "/", "-", ".", "-").Replace(s)
	if len(s) == 8 && digits(s) {
		s = s[:4] + "-" + s[4:6] + "-" + s[6:]
	}
	p := strings.Split(s, "-")
	if len(p) != 3 || !digits(p[0]) || !digits(p[1]) || !digits(p[2]) {
		return d, false
	}
	n := [3]int{}
	for i := range p {
		if len(p[i]) > 4 {
			return d, false
		}
		n[i], _ = strconv.Atoi(p[i]) // digits only
	}
	switch {
	case len(p[0]) == 4:
		d = Date{n[0], n[1], n[2]}
	case len(p[2]) == 4:
		d = Date{n[2], n[1], n[0]}
		if d.Month > 12 {
			d.Month, d.Day = d.Day, d.Month
		}
	default:
		return d, false
	}
	return d, d.Year >= 1000 && d.Year <= 2200 && d.Month >= 1 && d.Month <= 12 && d.Day >= 1 && d.Day <= 31
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// Days counts days since 1970-01-01.
func (d Date) Days() int {
	return int(time.Date(d.Year, time.Month(d.Month), d.Day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// Text is the day as YYYYMMDD.
func (d Date) Text() string {
	n := d.Year*10000 + d.Month*100 + d.Day
	return strconv.Itoa(n)
}

// Dates tells how near two different days are: 4 a typing error (one digit, or
// day and month swapped), 3 within a year or the same day of another year,
// 2 within ten years, 1 neither.
func Dates(a, b Date) uint8 {
	if a == b {
		return 5
	}
	if a.Year == b.Year && a.Month == b.Day && a.Day == b.Month {
		return 4
	}
	if Edits([]byte(a.Text()), []byte(b.Text()), 1) <= 1 {
		return 4
	}
	gap := a.Days() - b.Days()
	if gap < 0 {
		gap = -gap
	}
	switch {
	case gap <= 366, a.Month == b.Month && a.Day == b.Day:
		return 3
	case gap <= 3660:
		return 2
	}
	return 1
}
