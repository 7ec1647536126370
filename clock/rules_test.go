package clock

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"shuniu/fault"
)

// licence is the administrative licence's decision: 20 working days, 10 more
// with the head's approval, hearings and inspections outside the count.
// Source: Administrative Licence Law Art. 42, 45, 82.
func licence() *Definition {
	return &Definition{
		Name: "decide", Party: Legal, Limit: Limit{20, WorkingDay},
		Law:        Citation{Article: "行政许可法 第四十二条", Version: "2019-04-23"},
		Procedures: []Reason{{Name: "听证", Law: Citation{Article: "行政许可法 第四十五条", Version: "2019-04-23"}}},
		Extend:     ExtendRule{Times: 1, Max: Limit{10, WorkingDay}, AskBeforeDue: true, Approve: "head"},
		Ladder:     []Rung{{Percent: 80, Light: Yellow, Tell: "unit_head"}, {Percent: 100, Light: Red, Tell: "district", Spawn: "supervise.order"}, {Percent: 150, Tell: "leader"}},
	}
}

func handle() *Definition {
	return &Definition{
		Name: "handle", Party: Legal, Limit: Limit{10, WorkingDay}, Law: Citation{Article: "a", Version: "1"},
		Pause: PauseRule{
			Reasons: []Reason{{Name: "待天气", Max: Limit{5, WorkingDay}}, {Name: "待鉴定", Approve: "street_chief"}},
			Max:     Limit{8, WorkingDay}, Times: 3,
		},
		Extend: ExtendRule{Times: 2, MaxPercent: 100, Approve: "centre"},
	}
}

const stamp = "2006-01-02T15:04:05"

func wantDue(t *testing.T, b *Book, c Clock, now, want string) {
	t.Helper()
	if got := mustDue(t, b, c, at(t, now)).At.Format(stamp); got != want {
		t.Errorf("%s at %s is due %s, want %s", c.ID, now, got, want)
	}
}

func refused(t *testing.T, b *Book, c Clock, e Event, kind error, says string) {
	t.Helper()
	if _, err := b.Apply(c, e); !errors.Is(err, kind) || !strings.Contains(err.Error(), says) {
		t.Errorf("%s at %s: %v, want %v with %q", e.Deed, e.At.Format(stamp), err, kind, says)
	}
}

func TestExtensionRules(t *testing.T) {
	b := NewBook(Shipped())
	c, _ := mustStart(t, b, licence(), "2024-05-13") // Monday; 20 wd to 2024-06-11, 10 June is 端午节
	wantDue(t, b, c, "2024-05-13", "2024-06-11T23:59:59")
	ask := func(on string, n int, who string) Event {
		return Event{Deed: Extended, At: at(t, on), By: Limit{n, WorkingDay}, Approved: who}
	}
	refused(t, b, c, ask("2024-06-03", 10, "clerk"), fault.Denied, "head must approve")
	refused(t, b, c, ask("2024-06-03", 11, "head"), fault.Conflict, "at most 10wd")
	refused(t, b, c, ask("2024-06-12", 10, "head"), fault.Conflict, "it was due on 2024-06-11")
	refused(t, b, c, Event{Deed: Extended, At: at(t, "2024-06-03"), By: Limit{10, Day24}, Approved: "head"}, fault.Conflict, "at most 10wd")
	// Asked on the last day, granted after it: the ask was in time.
	late := ask("2024-06-12", 10, "head")
	late.Asked = at(t, "2024-06-11T23:00")
	wantDue(t, b, mustApply(t, b, c, late), "2024-06-12", "2024-06-25T23:59:59")
	x := mustApply(t, b, c, ask("2024-06-03", 4, "head"))
	wantDue(t, b, x, "2024-06-03", "2024-06-17T23:59:59")
	refused(t, b, x, ask("2024-06-04", 1, "head"), fault.Conflict, "extended 1 times")
	if len(c.Events) != 1 {
		t.Error("Apply changed the clock it was given")
	}

	h, _ := mustStart(t, b, handle(), "2024-05-13") // to 05-27
	h = mustApply(t, b, h, ask("2024-05-14", 6, "centre"))
	refused(t, b, h, ask("2024-05-15", 5, "centre"), fault.Conflict, "at most 10wd in all")
	h = mustApply(t, b, h, ask("2024-05-15", 4, "centre"))
	wantDue(t, b, h, "2024-05-15", "2024-06-11T23:59:59")
	refused(t, b, h, ask("2024-05-16", 1, "centre"), fault.Conflict, "extended 2 times")
}

func TestPauseRules(t *testing.T) {
	b := NewBook(Shipped())
	c, _ := mustStart(t, b, handle(), "2024-05-13") // to 05-27
	pause := func(on, why, who string) Event { return Event{Deed: Paused, At: at(t, on), Reason: why, Approved: who} }
	resume := func(on string) Event { return Event{Deed: Resumed, At: at(t, on)} }
	refused(t, b, c, pause("2024-05-14", "待心情", ""), fault.Invalid, "not a listed reason")
	refused(t, b, c, pause("2024-05-14", "待鉴定", "clerk"), fault.Denied, "street_chief must approve")
	refused(t, b, c, pause("2024-05-28", "待天气", ""), fault.Conflict, "it was due on 2024-05-27")
	refused(t, b, c, resume("2024-05-14"), fault.Conflict, "it runs")
	p := mustApply(t, b, c, pause("2024-05-14", "待天气", ""))
	refused(t, b, p, pause("2024-05-15", "待天气", ""), fault.Conflict, "paused already")
	refused(t, b, p, pause("2024-05-13", "待天气", ""), fault.Invalid, "before the last event")
	// While it stands still the due day moves with now: one day for each working day.
	wantDue(t, b, p, "2024-05-14", "2024-05-27T23:59:59")
	wantDue(t, b, p, "2024-05-16", "2024-05-29T23:59:59")
	wantDue(t, b, p, "2024-05-19", "2024-05-30T23:59:59") // Sunday: three working days stood still
	if d := mustDue(t, b, p, at(t, "2024-05-19")); !d.Standing {
		t.Error("a paused clock does not stand")
	}
	// 5 working days are the most for weather: it goes on by itself after 05-21.
	wantDue(t, b, p, "2024-05-30", "2024-06-03T23:59:59")
	if d := mustDue(t, b, p, at(t, "2024-05-30")); d.Standing {
		t.Error("a pause beyond its limit still stands")
	}
	p = mustApply(t, b, p, resume("2024-05-22"))
	wantDue(t, b, p, "2024-05-22", "2024-06-03T23:59:59")
	// 8 in all: 5 are used, so a second pause stops 3 days and no more.
	p = mustApply(t, b, p, pause("2024-05-23", "待鉴定", "street_chief"))
	wantDue(t, b, p, "2024-06-03", "2024-06-06T23:59:59")
	p = mustApply(t, b, p, resume("2024-06-03"))
	wantDue(t, b, p, "2024-06-03", "2024-06-06T23:59:59")
	refused(t, b, p, pause("2024-06-04", "待鉴定", "street_chief"), fault.Conflict, "used up")

	// Stopped while it stood still: its due time moves no more.
	s, _ := mustStart(t, b, handle(), "2024-05-13")
	s = mustApply(t, b, s, pause("2024-05-14", "待天气", ""))
	s = mustApply(t, b, s, Event{Deed: Stopped, At: at(t, "2024-05-16")})
	wantDue(t, b, s, "2024-07-01", "2024-05-29T23:59:59")

	q, _ := mustStart(t, b, handle(), "2024-05-13")
	for _, on := range []string{"2024-05-14", "2024-05-15", "2024-05-16"} {
		q = mustApply(t, b, mustApply(t, b, q, pause(on, "待天气", "")), resume(on))
	}
	refused(t, b, q, pause("2024-05-17", "待天气", ""), fault.Conflict, "pause 3 times")
	refused(t, b, q, Event{Deed: Suspended, At: at(t, "2024-05-17"), Reason: "听证"}, fault.Invalid, "not a listed procedure")
	refused(t, b, q, Event{Deed: Lifted, At: at(t, "2024-05-17"), Reason: "听证"}, fault.Conflict, "no suspension")
	q = mustApply(t, b, q, Event{Deed: Stopped, At: at(t, "2024-05-17")})
	refused(t, b, q, pause("2024-05-20", "待天气", ""), fault.Conflict, "it was stopped on 2024-05-17")
	// Reopened a week later, the days between are not counted.
	q = mustApply(t, b, q, resume("2024-05-24"))
	wantDue(t, b, q, "2024-05-24", "2024-06-03T23:59:59")
}

func TestPauseInHours(t *testing.T) {
	b := NewBook(Shipped())
	d := handle()
	d.Limit, d.Pause = Limit{4, WorkingHour}, PauseRule{Reasons: []Reason{{Name: "待天气", Max: Limit{2, WorkingHour}}}}
	c, _ := mustStart(t, b, d, "2024-05-10T16:00") // Friday 16:00; Saturday 05-11 is made up for 劳动节
	wantDue(t, b, c, "2024-05-10T16:00", "2024-05-11T12:00:00")
	c = mustApply(t, b, c, Event{Deed: Paused, At: at(t, "2024-05-10T16:30"), Reason: "待天气"})
	r := mustApply(t, b, c, Event{Deed: Resumed, At: at(t, "2024-05-11T10:00")})
	wantDue(t, b, r, "2024-05-11T10:00", "2024-05-11T13:30:00") // half an hour used, 3.5 from 10:00
	wantDue(t, b, c, "2024-05-11T16:00", "2024-05-11T14:00:00") // went on by itself at 10:30
}

// A limit round the clock may pause for working days, which begin at the
// midnight of the zone: Friday 23:00, Monday is the one day it may stand.
func TestPauseInDaysOfAClockInHours(t *testing.T) {
	b := NewBook(Shipped())
	d := handle()
	d.Limit, d.Pause = Limit{2, Hour}, PauseRule{Reasons: []Reason{{Name: "待天气"}}, Max: Limit{1, WorkingDay}}
	c, _ := mustStart(t, b, d, "2024-05-17T22:30")
	c = mustApply(t, b, c, Event{Deed: Paused, At: at(t, "2024-05-17T23:00"), Reason: "待天气"})
	wantDue(t, b, c, "2024-05-22", "2024-05-21T01:30:00")
	c = mustApply(t, b, c, Event{Deed: Resumed, At: at(t, "2024-05-21T00:30")})
	wantDue(t, b, c, "2024-05-22", "2024-05-21T01:30:00")
}

func TestLightsAndLadder(t *testing.T) {
	b := NewBook(Shipped())
	d := licence()
	d.Limit = Limit{5, WorkingDay}
	c, _ := mustStart(t, b, d, "2024-09-27T15:00") // counts Sun 29 (补班), Mon 30, 8, 9, 10 October
	for _, tc := range []struct {
		now     string
		light   Light
		percent int
		left    int
	}{
		{"2024-09-27T15:00", Green, 0, 5},
		{"2024-09-29T12:00", Green, 10, 5},
		{"2024-10-03T12:00", Green, 40, 3},
		{"2024-10-09T23:59:59", Green, 79, 2},
		{"2024-10-10T00:00", Yellow, 80, 1},
		{"2024-10-10T23:59:59", Yellow, 99, 1},
		{"2024-10-11T00:00", Red, 100, 0},
		{"2024-10-11T12:00", Red, 110, 0},
		{"2024-10-13T12:00", Red, 140, 0}, // Saturday 12 was made up, Sunday not
	} {
		r, err := b.Read(c, at(t, tc.now))
		if err != nil {
			t.Fatal(err)
		}
		if r.Light != tc.light || r.Percent != tc.percent || r.Left.N != tc.left || r.Left.Unit != WorkingDay || r.InTime == (tc.light == Red) {
			t.Errorf("%s: %s %d%% left %s in time %v, want %s %d%% left %dwd", tc.now, r.Light, r.Percent, r.Left, r.InTime, tc.light, tc.percent, tc.left)
		}
	}
	alarms, err := b.Alarms(c, at(t, "2024-09-27T15:00"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range alarms {
		got = append(got, a.At.Format(stamp)+" "+a.Tell)
	}
	want := []string{"2024-10-10T00:00:00 unit_head", "2024-10-11T00:00:00 district", "2024-10-14T12:00:00 leader"}
	if !slices.Equal(got, want) {
		t.Errorf("alarms %v, want %v", got, want)
	}
	done := mustApply(t, b, c, Event{Deed: Stopped, At: at(t, "2024-10-10T17:00")})
	if r, _ := b.Read(done, at(t, "2025-01-01")); !r.Done || !r.InTime || r.Light != Yellow {
		t.Errorf("stopped in time: %+v", r)
	}
	if a, _ := b.Alarms(done, at(t, "2025-01-01")); len(a) != 0 {
		t.Errorf("a stopped clock has alarms %v", a)
	}
	overdue := mustApply(t, b, c, Event{Deed: Stopped, At: at(t, "2024-10-11T00:00")})
	if r, _ := b.Read(overdue, at(t, "2025-01-01")); r.InTime || r.Light != Red {
		t.Errorf("stopped late: %+v", r)
	}
}

// The applicant has 5 working days to add what is missing; meanwhile the legal
// and the promised clock stand still.
func TestSeveralClocks(t *testing.T) {
	b := NewBook(Shipped())
	promise := &Definition{Name: "promise", Party: Promised, Limit: Limit{5, WorkingDay}}
	applicant := &Definition{Name: "supplement", Party: Applicant, Limit: Limit{5, WorkingDay}, Holds: []string{"decide", "promise", "other"}}
	var s Set
	var err error
	step := func(n Set, e error) {
		t.Helper()
		if e != nil {
			t.Fatal(e)
		}
		s = n
	}
	step(s.Start(b, licence(), at(t, "2024-05-13"))) // to 06-11
	step(s.Start(b, promise, at(t, "2024-05-13")))   // to 05-20
	if id, r, err := s.Pressing(b, at(t, "2024-05-14")); err != nil || id != "promise" || r.At.Format(stamp) != "2024-05-20T23:59:59" {
		t.Errorf("pressing %s %v %v", id, r.At, err)
	}
	step(s.Start(b, applicant, at(t, "2024-05-15")))
	if id, _, _ := s.Pressing(b, at(t, "2024-05-16")); id != "supplement" {
		t.Errorf("pressing %s, want supplement", id)
	}
	c, _ := s.Find("decide")
	if r, _ := b.Read(c, at(t, "2024-05-17")); r.Why != "clock supplement" || !r.Standing {
		t.Errorf("the legal clock shows %+v", r)
	}
	step(s.Apply(b, "supplement", Event{Deed: Stopped, At: at(t, "2024-05-20")}))
	for id, want := range map[string]string{"decide": "2024-06-14T23:59:59", "promise": "2024-05-23T23:59:59"} {
		c, _ := s.Find(id)
		wantDue(t, b, c, "2024-05-21", want)
	}
	if _, err = s.Start(b, promise, at(t, "2024-05-21")); !errors.Is(err, fault.Conflict) {
		t.Errorf("the same clock twice: %v", err)
	}
	if _, err = s.Apply(b, "nobody", Event{Deed: Stopped, At: at(t, "2024-05-21")}); !errors.Is(err, fault.Conflict) {
		t.Errorf("an unknown clock: %v", err)
	}
}

// The Spring Festival of 2020 was prolonged on 26 January, the holiday of May
// 2019 on 22 March: open clocks move and say so.
func TestRecompute(t *testing.T) {
	before, err := ParseArrangements(`
year 2020
notice 国办发明电〔2019〕16号 2019-11-21
春节 rest 01-24..01-30 work 01-19 02-01
`)
	if err != nil {
		t.Fatal(err)
	}
	h, err := Shipped().With(before...)
	if err != nil {
		t.Fatal(err)
	}
	was, is := NewBook(h), NewBook(Shipped())
	a, _ := mustStart(t, was, &Definition{Name: "a", Party: Promised, Limit: Limit{3, WorkingDay}}, "2020-01-22") // 23, 31, 1 Feb
	c, _ := mustStart(t, was, &Definition{Name: "c", Party: Promised, Limit: Limit{1, WorkingDay}}, "2020-01-22") // 23: not touched
	d := mustApply(t, was, a, Event{Deed: Stopped, At: at(t, "2020-01-23")})
	var got []Change
	for ch, err := range Recompute(was, is, slices.Values([]Clock{a, c, d}), at(t, "2020-01-27")) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, ch)
	}
	want := "clock a: due 2020-02-04T23:59:59+08:00, was 2020-02-01T23:59:59+08:00; changed days: 2020-01-31 2020-02-01; holidays " + Shipped().Version()
	if len(got) != 1 || got[0].String() != want {
		t.Errorf("changes %v, want %s", got, want)
	}
}

// A year without a notice is computed with weekends only, and settled by it.
func TestProvisionalYear(t *testing.T) {
	b := NewBook(Shipped())
	moved, _ := mustStart(t, b, &Definition{Name: "moved", Party: Promised, Limit: Limit{3, WorkingDay}}, "2026-12-30")
	stays, _ := mustStart(t, b, &Definition{Name: "stays", Party: Promised, Limit: Limit{3, WorkingDay}}, "2027-03-01")
	wantDue(t, b, moved, "2026-12-30", "2027-01-04T23:59:59") // 31 December, 1 and 4 January
	for _, c := range []Clock{moved, stays} {
		if !mustDue(t, b, c, at(t, "2026-12-31")).Provisional {
			t.Errorf("%s is not provisional", c.ID)
		}
	}
	invented, err := ParseArrangements("year 2027\nnotice 待发布 2026-11-30\n元旦 rest 01-01..01-03\n")
	if err != nil {
		t.Fatal(err)
	}
	h, err := Shipped().With(invented...)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for ch, err := range Recompute(b, b.WithHolidays(h), slices.Values([]Clock{moved, stays}), at(t, "2026-12-31")) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		if ch.New.Provisional || !strings.Contains(ch.String(), "no longer provisional") {
			t.Errorf("%s", ch)
		}
		if want := map[string]string{"moved": "2027-01-05T23:59:59", "stays": "2027-03-04T23:59:59"}[ch.Clock]; ch.New.At.Format(stamp) != want {
			t.Errorf("%s, want %s", ch, want)
		}
	}
	if n != 2 {
		t.Errorf("%d changes, want 2", n)
	}
}

func TestRoster(t *testing.T) {
	b, err := NewBook(Shipped()).WithRoster("duty", []Shift{
		{at(t, "2024-10-01T20:00"), at(t, "2024-10-02T08:00"), "张三"},
		{at(t, "2024-10-04T08:00"), at(t, "2024-10-04T12:00"), "李四"},
		{at(t, "2024-10-04T10:00"), at(t, "2024-10-04T16:00"), "王五"}, // overlaps
	})
	if err != nil {
		t.Fatal(err)
	}
	d := &Definition{Name: "r", Party: Promised, Calendar: "duty", Limit: Limit{14, Hour}}
	c, _ := mustStart(t, b, d, "2024-10-01T18:00")
	wantDue(t, b, c, "2024-10-01T18:00", "2024-10-04T10:00:00")
	d = &Definition{Name: "r", Party: Promised, Calendar: "duty", Limit: Limit{18, Hour}}
	c, _ = mustStart(t, b, d, "2024-10-01T18:00")
	wantDue(t, b, c, "2024-10-01T18:00", "2024-10-04T14:00:00")
	d = &Definition{Name: "r", Party: Promised, Calendar: "duty", Limit: Limit{21, Hour}}
	c, _ = mustStart(t, b, d, "2024-10-01T18:00")
	if _, err := b.Due(c, at(t, "2024-10-01T18:00")); !errors.Is(err, fault.Invalid) {
		t.Errorf("a roster that ends: %v, want fault.Invalid", err)
	}
	d = &Definition{Name: "r", Party: Promised, Calendar: "duty", Limit: Limit{2, WorkingDay}}
	c, _ = mustStart(t, b, d, "2024-10-01T18:00")
	wantDue(t, b, c, "2024-10-01T18:00", "2024-10-04T23:59:59")
	if _, err := b.WithRoster("x", []Shift{{at(t, "2024-10-02"), at(t, "2024-10-01"), ""}}); !errors.Is(err, fault.Invalid) {
		t.Errorf("a shift that ends before it begins: %v", err)
	}
}

func TestSameDayAndZone(t *testing.T) {
	b := NewBook(Shipped())
	d := &Definition{Name: "x", Party: Promised, Limit: Limit{3, WorkingDay}, Start: SameDay}
	c, _ := mustStart(t, b, d, "2024-05-13T10:00")
	wantDue(t, b, c, "2024-05-13T10:00", "2024-05-15T23:59:59")
	d = &Definition{Name: "x", Party: Promised, Limit: Limit{1, Month}, Start: SameDay}
	c, _ = mustStart(t, b, d, "2024-05-13T10:00")
	wantDue(t, b, c, "2024-05-13T10:00", "2024-06-12T23:59:59")
	// 17:00 UTC is the next day in Shanghai.
	d = &Definition{Name: "x", Party: Promised, Limit: Limit{1, WorkingDay}}
	c, _ = mustStart(t, b, d, "2024-05-13T17:00:00Z")
	wantDue(t, b, c, "2024-05-13T17:00:00Z", "2024-05-15T23:59:59")
	d = &Definition{Name: "x", Party: Promised, Limit: Limit{1, Day24}, Stay: true}
	c, _ = mustStart(t, b, d, "2024-05-17") // Friday; the Saturday stays
	wantDue(t, b, c, "2024-05-17", "2024-05-18T23:59:59")
	d = &Definition{Name: "x", Party: Promised, Limit: Limit{3, Day24}, Start: SameMoment}
	c, _ = mustStart(t, b, d, "2024-09-28T10:00") // 72 hours end in 国庆节, the moment moves to 8 October
	wantDue(t, b, c, "2024-09-28T10:00", "2024-10-08T10:00:00")
	// 90 minutes round the clock are 90 minutes where summer time begins.
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	d = &Definition{Name: "x", Party: Promised, Limit: Limit{90, Minute}}
	from := time.Date(2024, 3, 31, 1, 0, 0, 0, zone)
	c, err = b.WithZone(zone).Start(d, from)
	if err != nil {
		t.Fatal(err)
	}
	if got := mustDue(t, b.WithZone(zone), c, from).At.Sub(from); got != 90*time.Minute {
		t.Errorf("90 minutes took %s", got)
	}
}

func TestCheckRefuses(t *testing.T) {
	b := NewBook(Shipped())
	for want, change := range map[string]func(d *Definition){
		"has no name":        func(d *Definition) { d.Name = "" },
		"has no limit":       func(d *Definition) { d.Limit = Limit{} },
		"want one of always": func(d *Definition) { d.Calendar = "moon" },
		"working days on":    func(d *Definition) { d.Calendar = Always },
		"working hours on":   func(d *Definition) { d.Limit, d.Calendar = Limit{4, WorkingHour}, WorkingDays },
		"weeks, months":      func(d *Definition) { d.Limit, d.Calendar = Limit{1, Month}, WorkingDays },
		"start \"soon\"":     func(d *Definition) { d.Start = "soon" },
		"start same_day":     func(d *Definition) { d.Limit, d.Start = Limit{3, Hour}, SameDay },
		"party \"me\"":       func(d *Definition) { d.Party = "me" },
		"cites no article":   func(d *Definition) { d.Law.Version = "" },
		"yellow at 101":      func(d *Definition) { d.Yellow = 101 },
		"rung at 80%":        func(d *Definition) { d.Ladder = []Rung{{Percent: 90, Tell: "a"}, {Percent: 80, Tell: "b"}} },
		"tells nobody":       func(d *Definition) { d.Ladder = []Rung{{Percent: 90}} },
		"listed twice":       func(d *Definition) { d.Procedures = []Reason{{Name: "a"}, {Name: "a"}} },
		"an extension needs": func(d *Definition) { d.Extend = ExtendRule{Times: 1} },
		"reason a: limit":    func(d *Definition) { d.Procedures = []Reason{{Name: "a", Max: Limit{N: 3}}} },
		"pauses: limit with": func(d *Definition) { d.Pause.Max = Limit{N: 1} },
	} {
		d := licence()
		change(d)
		if err := b.Check(d); !errors.Is(err, fault.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestExplain(t *testing.T) {
	b := NewBook(Shipped())
	c, now := mustStart(t, b, &Definition{Name: "x", Party: Promised, Limit: Limit{3, Day24}}, "2024-09-28")
	due, days, basis, err := b.Explain(c, now)
	if err != nil || due.At.Format(stamp) != "2024-10-08T23:59:59" {
		t.Fatalf("due %v, %v", due, err)
	}
	counted := 0
	for _, d := range days {
		if d.Counts {
			counted++
		}
	}
	if counted != 3 || len(days) != 11 || days[0].Counts || !strings.Contains(days[3].Why, "moves on") {
		t.Errorf("days %+v", days)
	}
	if !strings.Contains(basis, "国办发明电〔2023〕7号") || !strings.Contains(basis, "第二百零三条") {
		t.Errorf("basis %s", basis)
	}
}
