package clock

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"shuniu/fault"
)

// A span is a stretch of wall time in seconds, from included, to not.
type span struct{ from, to int64 }

// Hours are the working hours of an organisation. A span that begins on a day
// belongs to that day, also when it runs past midnight.
type Hours struct {
	week    [7][]span // by time.Weekday, seconds after the day's midnight
	own     [7]bool   // the weekend day has hours of its own
	holiday []span    // on a day off by arrangement
	text    string
}

// maxHours bounds the text of hours, in bytes.
const maxHours = 1000

var weekdayNames = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// ParseHours reads working hours:
//
//	09:00-17:00                                    on working days
//	08:30-11:30,13:30-17:30                        with a break
//	22:00-06:00                                    across midnight
//	mon-fri 09:00-17:00; sat 09:00-12:00           weekend work
//	daily 00:00-24:00; holiday 10:00-16:00         holiday: days off by arrangement
//
// A part without days holds on Monday to Friday. A make-up working day has its
// weekday's own hours when they are given, else Friday's when it is a Saturday
// and Monday's when it is a Sunday. Without "holiday" nobody works on a
// day off by arrangement. It returns fault.Invalid for anything else.
func ParseHours(s string) (Hours, error) {
	h := Hours{text: strings.Join(strings.Fields(s), " ")}
	if len(s) > maxHours {
		return h, fmt.Errorf("hours of %d bytes, want at most %d: %w", len(s), maxHours, fault.Invalid)
	}
	for part := range strings.SplitSeq(s, ";") {
		f := strings.Fields(part)
		days := "mon-fri"
		if len(f) == 2 {
			days, f = f[0], f[1:]
		}
		if len(f) != 1 {
			return h, fmt.Errorf("hours %q, want e.g. 09:00-17:00 or mon-fri 09:00-17:00; sat 09:00-12:00: %w", part, fault.Invalid)
		}
		spans, err := parseSpans(f[0])
		if err != nil {
			return h, err
		}
		if days == "holiday" {
			if h.holiday != nil {
				return h, fmt.Errorf("hours %q: holiday is given twice: %w", s, fault.Invalid)
			}
			h.holiday = spans
			continue
		}
		list, err := parseWeekdays(days)
		if err != nil {
			return h, err
		}
		for _, w := range list {
			if h.week[w] != nil {
				return h, fmt.Errorf("hours %q: %s is given twice: %w", s, weekdayNames[w], fault.Invalid)
			}
			h.week[w], h.own[w] = spans, true
		}
	}
	if slices.IndexFunc(h.week[:], func(s []span) bool { return s != nil }) < 0 {
		return h, fmt.Errorf("hours %q, want a day of the week that is worked: %w", s, fault.Invalid)
	}
	return h, nil
}

// String returns the hours as they were given, blanks made one.
func (h Hours) String() string { return h.text }

func parseWeekdays(s string) ([]time.Weekday, error) {
	if s == "daily" {
		s = "mon-sun"
	}
	from, to, isRange := strings.Cut(s, "-")
	a := slices.Index(weekdayNames, from)
	b := a
	if isRange {
		b = slices.Index(weekdayNames, to)
	}
	if a < 0 || b < 0 {
		return nil, fmt.Errorf("days %q, want mon to sun, mon-fri, daily or holiday: %w", s, fault.Invalid)
	}
	var out []time.Weekday
	for w := a; ; w = (w + 1) % 7 {
		out = append(out, time.Weekday(w))
		if w == b {
			return out, nil
		}
	}
}

func parseSpans(s string) ([]span, error) {
	var out []span
	for part := range strings.SplitSeq(s, ",") {
		from, to, ok := strings.Cut(part, "-")
		a, okA := parseMinute(from)
		b, okB := parseMinute(to)
		if !ok || !okA || !okB || a == daySeconds || a == b {
			return nil, fmt.Errorf("hours %q, want e.g. 09:00-17:00: %w", part, fault.Invalid)
		}
		if b < a {
			b += daySeconds // across midnight
		}
		if n := len(out); n > 0 && a < out[n-1].to {
			return nil, fmt.Errorf("hours %q, want spans that follow each other: %w", s, fault.Invalid)
		}
		out = append(out, span{a, b})
	}
	if last := out[len(out)-1]; last.to > out[0].from+daySeconds {
		return nil, fmt.Errorf("hours %q reach into their own next day: %w", s, fault.Invalid)
	}
	return out, nil
}

// parseMinute reads HH:MM, 24:00 included, as seconds.
func parseMinute(s string) (int64, bool) {
	if len(s) == 4 {
		s = "0" + s
	}
	if len(s) != 5 || s[2] != ':' {
		return 0, false
	}
	for _, i := range []int{0, 1, 3, 4} {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	hh, mm := int64(s[0]-'0')*10+int64(s[1]-'0'), int64(s[3]-'0')*10+int64(s[4]-'0')
	if mm > 59 || hh > 24 || hh == 24 && mm > 0 {
		return 0, false
	}
	return hh*3600 + mm*60, true
}

// on returns the spans that begin on d, seconds after its midnight.
func (h *Hours) on(d Day, hol *Holidays) []span {
	w := d.Weekday()
	m, marked := hol.marks[d]
	switch {
	case marked && !m.work:
		return h.holiday
	case marked && m.work && !h.own[w] && w == time.Saturday:
		return h.week[time.Friday]
	case marked && m.work && !h.own[w]:
		return h.week[time.Monday]
	}
	return h.week[w]
}
