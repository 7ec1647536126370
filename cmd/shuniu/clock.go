package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"shuniu/clock"
	"shuniu/fault"
)

type clockCommand struct {
	From     string `arg:"" help:"When it starts: a day such as 2024-09-30, or an RFC 3339 time."`
	Limit    string `arg:"" help:"How long: 5wd working days, 3d days, 4wh working hours, 90m, 2h, 1w, 3mo, 1y."`
	Calendar string `enum:"always,working_days,working_hours," default:"" help:"always, working_days or working_hours; by the limit's unit when not given."`
	Hours    string `help:"Working hours, e.g. 09:00-17:00 or mon-fri 08:30-11:30,13:00-17:30; sat 09:00-12:00."`
	Start    string `enum:"next_day,same_day,same_moment," default:"" help:"next_day (days by default), same_day or same_moment (minutes and hours by default)."`
	Holidays string `help:"A file of further arrangements, as packs/holidays/arrangements.txt." type:"path"`
	Zone     string `default:"Asia/Shanghai" help:"Time zone in which days begin."`
	JSON     bool   `name:"json" help:"Print the days and why they count as one JSON object."`
}

type clockDay struct {
	Date    string `json:"date"`
	Counts  bool   `json:"counts"`
	Why     string `json:"why"`
	Minutes int64  `json:"minutes"` // counted of the day
}

type clockAnswer struct {
	Due         string     `json:"due"`
	Provisional bool       `json:"provisional"`
	Days        []clockDay `json:"days"`
	Basis       string     `json:"basis"`
	From        string     `json:"from"`
	Limit       string     `json:"limit"`
	Holidays    string     `json:"holidays"` // version of the arrangements
}

// maxHolidays bounds a file of arrangements, in bytes.
const maxHolidays = 1 << 20

// Run prints when the limit is due.
func (c *clockCommand) Run(a *app) error {
	book, err := c.book()
	if err != nil {
		return err
	}
	from, err := clockFrom(c.From, book.Zone())
	if err != nil {
		return err
	}
	limit, err := clock.ParseLimit(c.Limit)
	if err != nil {
		return usagef("%v", err)
	}
	calendar := c.Calendar
	if calendar == "" && c.Hours != "" && (limit.Unit == clock.Minute || limit.Unit == clock.Hour) {
		calendar = clock.WorkingHours
	}
	def := &clock.Definition{
		Name: "limit", Party: clock.Promised, Limit: limit, Calendar: calendar, Start: clock.StartRule(c.Start),
	}
	if _, err := clock.ParseDay(c.From); err == nil && def.Start == clock.SameMoment && limit.Unit >= clock.Day24 {
		def.Start = clock.SameDay // a day has no moment: it is the first one
	}
	started, err := book.Start(def, from)
	if err != nil {
		return usagef("%v", err)
	}
	due, days, basis, err := book.Explain(started, from)
	if err != nil {
		return err
	}
	at := due.At.Format(time.RFC3339)
	if !c.JSON {
		if due.Provisional {
			fmt.Fprintln(a.errOut, "provisional:", basis)
		}
		_, err = fmt.Fprintln(a.out, at)
		return err
	}
	answer := clockAnswer{
		Due: at, Provisional: due.Provisional, Days: make([]clockDay, 0, len(days)), Basis: basis,
		From: from.Format(time.RFC3339), Limit: limit.String(), Holidays: book.Holidays().Version(),
	}
	for _, d := range days {
		answer.Days = append(answer.Days, clockDay{d.Day.String(), d.Counts, d.Why, int64(d.Open / time.Minute)})
	}
	enc := json.NewEncoder(a.out)
	enc.SetEscapeHTML(false)
	return enc.Encode(answer)
}

// book returns the calendars that the flags ask for.
func (c *clockCommand) book() (*clock.Book, error) {
	hol := clock.Shipped()
	if c.Holidays != "" {
		info, err := os.Stat(c.Holidays)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", err, fault.NotFound)
		}
		if !info.Mode().IsRegular() || info.Size() > maxHolidays {
			return nil, fmt.Errorf("%s: want a file of at most %d bytes: %w", c.Holidays, maxHolidays, fault.Invalid)
		}
		text, err := os.ReadFile(c.Holidays)
		if err != nil {
			return nil, err
		}
		list, err := clock.ParseArrangements(string(text))
		if err == nil {
			hol, err = hol.With(list...)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Holidays, err)
		}
	}
	book := clock.NewBook(hol)
	if c.Zone != "Asia/Shanghai" {
		zone, err := time.LoadLocation(c.Zone)
		if err != nil {
			return nil, usagef("--zone: %v", err)
		}
		book = book.WithZone(zone)
	}
	if c.Hours != "" {
		hours, err := clock.ParseHours(c.Hours)
		if err != nil {
			return nil, usagef("--hours: %v", err)
		}
		book = book.WithHours(clock.WorkingHours, hours)
	}
	return book, nil
}

// clockFrom reads a day, which begins at its midnight, or a time; one without
// an offset is read in zone.
func clockFrom(s string, zone *time.Location) (time.Time, error) {
	if d, err := clock.ParseDay(s); err == nil {
		return time.ParseInLocation(time.DateOnly, d.String(), zone)
	}
	s = strings.Replace(s, " ", "T", 1)
	t, err := time.Parse(time.RFC3339, s)
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if err != nil {
			t, err = time.ParseInLocation(layout, s, zone)
		}
	}
	if err != nil {
		return t, usagef("FROM %q, want a day such as 2024-09-30 or a time such as 2024-09-30T15:00:00+08:00", s)
	}
	return t.In(zone), nil
}
