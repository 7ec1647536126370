package clock

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"shuniu/fault"
)

var someHours = []string{
	"09:00-17:00", "08:30-11:30,13:30-17:30", "22:00-06:00", "mon-fri 09:00-17:00; sat 09:00-12:00",
	"daily 00:00-24:00; holiday 10:00-16:00", "daily 20:00-08:00; holiday 20:00-08:00", "fri-mon 18:00-02:00",
}

func drawBook(t *rapid.T) *Book {
	h, err := ParseHours(rapid.SampledFrom(someHours).Draw(t, "hours"))
	if err != nil {
		t.Fatal(err)
	}
	return NewBook(Shipped()).WithHours(WorkingHours, h)
}

// drawTime draws a moment of 2016 to 2027, often at midnight.
func drawTime(t *rapid.T, name string) time.Time {
	d := rapid.IntRange(0, 12*365).Draw(t, name+" day")
	s := rapid.OneOf(rapid.Just(0), rapid.IntRange(0, daySeconds-1)).Draw(t, name+" second")
	return time.Date(2016, 1, 1+d, 0, 0, s, 0, Shanghai)
}

func drawDefinition(t *rapid.T) *Definition {
	u := rapid.SampledFrom([]Unit{Minute, Hour, WorkingHour, Day24, WorkingDay, Week, Month}).Draw(t, "unit")
	d := &Definition{
		Name: "p", Party: Promised, Limit: Limit{rapid.IntRange(1, 40).Draw(t, "n"), u},
		Pause:  PauseRule{Reasons: []Reason{{Name: "r"}}},
		Extend: ExtendRule{Times: 5, MaxPercent: 1000},
	}
	if u != Week && u != Month {
		d.Start = rapid.SampledFrom([]StartRule{"", NextDay, SameDay, SameMoment}).Draw(t, "start")
	}
	if d.Start == SameDay && !u.wholeDays() {
		d.Start = SameMoment // same_day is refused
	}
	if d.Start == SameMoment && u.calendarDays() {
		// Moved to the next working day it keeps its time of day, so a start at
		// a later hour of an earlier day may be due some hours later.
		d.Stay = true
	}
	if u == Minute || u == Hour {
		d.Calendar = rapid.SampledFrom([]string{Always, WorkingDays, WorkingHours}).Draw(t, "calendar")
	}
	return d
}

func start(t *rapid.T, b *Book, d *Definition, at time.Time) Clock {
	c, err := b.Start(d, at)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func dueAt(t *rapid.T, b *Book, c Clock, now time.Time) time.Time {
	due, err := b.Due(c, now)
	if err != nil {
		t.Fatal(err)
	}
	return due.At
}

// A later start is never due earlier, a longer limit never earlier either,
// and nothing is due before it starts.
func TestMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, d := drawBook(t), drawDefinition(t)
		from := drawTime(t, "from")
		later := from.Add(time.Duration(rapid.IntRange(0, 40*daySeconds).Draw(t, "later")) * time.Second)
		first := dueAt(t, b, start(t, b, d, from), from)
		if second := dueAt(t, b, start(t, b, d, later), later); second.Before(first) {
			t.Fatalf("%s %s: from %s due %s, from %s due %s", d.Limit, d.Start, from, first, later, second)
		}
		longer := *d
		longer.Limit.N++
		if second := dueAt(t, b, start(t, b, &longer, from), from); second.Before(first) {
			t.Fatalf("%s due %s, %s due %s", d.Limit, first, longer.Limit, second)
		}
		if first.Before(from) {
			t.Fatalf("due %s before it starts, %s", first, from)
		}
	})
}

// Two limits one after the other are their sum: from the due day of the first
// for days, from its moment for hours.
func TestAdditive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, d := drawBook(t), drawDefinition(t)
		if d.Limit.Unit == Month || d.Start == SameDay || d.Start == NextDay && !d.Limit.Unit.wholeDays() {
			t.Skip("months and acts that count their own day do not add up")
		}
		d.Stay = true // a moved last day would count twice
		from := drawTime(t, "from")
		more := rapid.IntRange(1, 30).Draw(t, "more")
		c := start(t, b, d, from)
		mid := dueAt(t, b, c, from)
		rest, whole := *d, *d
		rest.Limit.N, whole.Limit.N = more, d.Limit.N+more
		want := dueAt(t, b, start(t, b, &rest, mid), mid)
		if got := dueAt(t, b, start(t, b, &whole, from), from); !got.Equal(want) {
			t.Fatalf("%s = %s, %s and then %s = %s", whole.Limit, got, d.Limit, rest.Limit, want)
		}
		x, err := b.Apply(c, Event{Deed: Extended, At: from, By: rest.Limit})
		if errors.Is(err, fault.Conflict) {
			return // beyond ten times the limit
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := dueAt(t, b, x, from); !got.Equal(want) {
			t.Fatalf("extended by %s = %s, want %s", rest.Limit, got, want)
		}
	})
}

// A pause takes no time: what was used before it and after it is the limit,
// one without length changes nothing, and a longer one is never due earlier.
func TestPauseTakesNoTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, d := drawBook(t), drawDefinition(t)
		from := drawTime(t, "from")
		c := start(t, b, d, from)
		due := dueAt(t, b, c, from)
		share := rapid.IntRange(0, 1000).Draw(t, "share")
		on := from.Add(due.Sub(from) / 1000 * time.Duration(share)).Truncate(time.Second)
		p, err := b.Apply(c, Event{Deed: Paused, At: on, Reason: "r"})
		if err != nil {
			t.Fatal(err)
		}
		resume := func(at time.Time) Clock {
			r, err := b.Apply(p, Event{Deed: Resumed, At: at})
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		if got := dueAt(t, b, resume(on), on); !got.Equal(due) {
			t.Fatalf("a pause without length: due %s, was %s", got, due)
		}
		back := on.Add(time.Duration(rapid.IntRange(0, 60*daySeconds).Draw(t, "length")) * time.Second)
		r := resume(back)
		got := dueAt(t, b, r, back)
		if got.Before(due) {
			t.Fatalf("paused: due %s, was %s", got, due)
		}
		if open := dueAt(t, b, p, back); !open.Equal(got) {
			t.Fatalf("resumed now %s, still paused %s", got, open)
		}
		if after := dueAt(t, b, resume(back.Add(time.Hour)), back.Add(time.Hour)); after.Before(got) {
			t.Fatalf("an hour longer: due %s, was %s", after, got)
		}
		// Two pauses that touch are one.
		mid := on.Add(back.Sub(on) / 2)
		q := resume(mid)
		if q, err = b.Apply(q, Event{Deed: Paused, At: mid, Reason: "r"}); err != nil {
			if !errors.Is(err, fault.Conflict) {
				t.Fatal(err)
			}
			return
		}
		if q, err = b.Apply(q, Event{Deed: Resumed, At: back}); err != nil {
			t.Fatal(err)
		}
		if two := dueAt(t, b, q, back); !two.Equal(got) {
			t.Fatalf("in two pauses due %s, in one %s", two, got)
		}
		// The counted days or seconds are the limit.
		_, notes, _, err := b.Explain(r, back)
		if err != nil {
			t.Fatal(err)
		}
		days, open := 0, time.Duration(0)
		for _, n := range notes {
			open += n.Open
			if n.Counts {
				days++
			}
		}
		if d.Limit.Unit == WorkingDay && d.Start != SameMoment && days != d.Limit.N {
			t.Fatalf("%d days count, want %s", days, d.Limit)
		}
		if d.Limit.Unit == WorkingHour && d.Start != NextDay && d.Start != SameDay && open != time.Duration(d.Limit.N)*time.Hour {
			t.Fatalf("%s counted, want %s", open, d.Limit)
		}
	})
}

// What a clock shows never goes back: the percentage rises, and the light is
// red exactly after the due time.
func TestReadingRises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, d := drawBook(t), drawDefinition(t)
		from := drawTime(t, "from")
		c := start(t, b, d, from)
		due := dueAt(t, b, c, from)
		last := -1
		now := from
		for range 8 {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(due.Sub(from)/4)).Draw(t, "step")))
			r, err := b.Read(c, now)
			if err != nil {
				t.Fatal(err)
			}
			if r.Percent < last || (r.Light == Red) != now.After(due) || r.InTime == now.After(due) {
				t.Fatalf("at %s, due %s: %+v after %d%%", now, due, r, last)
			}
			last = r.Percent
		}
	})
}

func TestLimitText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := rapid.SampledFrom([]Unit{Minute, Hour, WorkingHour, Day24, WorkingDay, Week, Month, Year}).Draw(t, "unit")
		l := Limit{rapid.IntRange(1, maxN[u]).Draw(t, "n"), u}
		if got, err := ParseLimit(l.String()); err != nil || got != l {
			t.Fatalf("ParseLimit(%q) = %v, %v", l.String(), got, err)
		}
	})
	for s, want := range map[string]Limit{"5个工作日": {5, WorkingDay}, "3日": {3, Day24}, "90分钟": {90, Minute}, "4个工作小时": {4, WorkingHour}, "3个月": {3, Month}, "2周": {2, Week}, "1年": {1, Year}, "24小时": {24, Hour}} {
		if got, err := ParseLimit(s); err != nil || got != want {
			t.Errorf("ParseLimit(%q) = %v, %v, want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "5", "wd", "0wd", "-1d", "+1d", "1.5h", "5 wd", "999999999d", "1000000000d", "9x", "1h30m", "１d"} {
		if got, err := ParseLimit(s); !errors.Is(err, fault.Invalid) {
			t.Errorf("ParseLimit(%q) = %v, %v, want fault.Invalid", s, got, err)
		}
	}
}

// FuzzParse holds the parsers of outside text to their promises: an error or
// a value that can be used, never a panic, never long.
func FuzzParse(f *testing.F) {
	for _, s := range someHours {
		f.Add(s, "5wd", "2024-02-29")
	}
	f.Add("mon-fri 09:00-17:00; sat 09:00-12:00; holiday 10:00-11:00", "3个月", "year 2024\nnotice a 2023-10-25\n元旦 rest 01-01 work 01-06")
	f.Add("24:00-24:00", "0d", "2024-02-30")
	f.Fuzz(func(t *testing.T, hours, limit, text string) {
		h, errHours := ParseHours(hours)
		l, errLimit := ParseLimit(limit)
		for _, err := range []error{errHours, errLimit} {
			if err != nil && !errors.Is(err, fault.Invalid) {
				t.Errorf("an error without a kind: %v", err)
			}
		}
		if _, err := ParseDay(text); err != nil && !errors.Is(err, fault.Invalid) {
			t.Errorf("ParseDay: %v", err)
		}
		hol := Shipped()
		if list, err := ParseArrangements(text); err == nil {
			if with, err := hol.With(list...); err == nil {
				hol = with
			}
		} else if !errors.Is(err, fault.Invalid) {
			t.Errorf("ParseArrangements: %v", err)
		}
		if errHours != nil || errLimit != nil {
			return
		}
		if again, err := ParseHours(h.String()); err != nil || again.String() != h.String() {
			t.Errorf("hours %q do not read back: %v", h, err)
		}
		if l.N > 1000 {
			l.N = 1000
		}
		from := time.Date(2026, 12, 30, 10, 0, 0, 0, Shanghai)
		b := NewBook(hol).WithHours(WorkingHours, h)
		c, err := b.Start(&Definition{Name: "f", Party: Promised, Limit: l}, from)
		if err != nil {
			return
		}
		if due, err := b.Due(c, from); err == nil && due.At.Before(from) {
			t.Errorf("%s from %s is due %s", strings.TrimSpace(limit), from, due.At)
		}
	})
}

func BenchmarkDue20wd(b *testing.B) {
	book := NewBook(Shipped())
	from := time.Date(2024, 1, 15, 10, 0, 0, 0, Shanghai)
	c, err := book.Start(&Definition{Name: "x", Party: Promised, Limit: Limit{20, WorkingDay}}, from)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := book.Due(c, from); err != nil {
			b.Fatal(err)
		}
	}
}
