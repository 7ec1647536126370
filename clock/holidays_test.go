package clock

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shuniu/fault"
	"shuniu/shuniutest/publicdata"
)

// workingDaysOfYear is how many working days a public collection of the
// notices counts in each year.
var workingDaysOfYear = map[int]int{
	2007: 249, 2008: 251, 2009: 250, 2010: 250, 2011: 250, 2012: 249, 2013: 250, 2014: 250, 2015: 249, 2016: 250, 2017: 249,
	2018: 250, 2019: 250, 2020: 249, 2021: 250, 2022: 249, 2023: 249, 2024: 251, 2025: 248, 2026: 248,
}

func TestWorkingDaysOfYears(t *testing.T) {
	h := Shipped()
	for y, want := range workingDaysOfYear {
		n := 0
		for d := day(y, 1, 1); d <= day(y, 12, 31); d++ {
			if h.Working(d) {
				n++
			}
		}
		if n != want {
			t.Errorf("%d has %d working days, want %d", y, n, want)
		}
		if a, ok := h.Arrangement(y); !ok || len(a.Notices) == 0 || a.Notices[0].Issued.Year() != y-1 {
			t.Errorf("%d: notices %v, want the first of the year before", y, a.Notices)
		}
	}
	if got := len(h.Years()); got != 20 || h.Announced(2027) || h.Announced(2006) {
		t.Errorf("announced %v, want 2007 to 2026", h.Years())
	}
}

// TestPublicCollection compares every day of 2007 to 2026 with a public
// collection of the same notices.
func TestPublicCollection(t *testing.T) {
	dir := publicdata.Path(t)
	off := map[string]bool{}
	for y := 2007; y <= 2026; y++ {
		raw, err := os.ReadFile(filepath.Join(dir, "03-holidays", fmt.Sprint(y, ".json")))
		if err != nil {
			t.Fatal(err)
		}
		var f struct {
			Days []struct {
				Date     string
				IsOffDay bool
			}
		}
		if err := json.Unmarshal(raw, &f); err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Days {
			off[d.Date] = d.IsOffDay
		}
	}
	for d := day(2007, 1, 1); d <= day(2026, 12, 31); d++ {
		o, ok := off[d.String()]
		if !ok {
			o = d.weekend()
		}
		if Shipped().Working(d) == o {
			t.Errorf("%s: working %v, the collection says off %v", d, !o, o)
		}
	}
	raw, err := os.ReadFile(filepath.Join(dir, "codes", "workdays.json"))
	if err != nil {
		t.Fatal(err)
	}
	var f struct {
		Deadlines []struct {
			Start       string `json:"start"`
			WorkingDays int    `json:"working_days"`
			End         string `json:"end"`
		}
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		t.Fatal(err)
	}
	if len(f.Deadlines) == 0 {
		t.Fatal("no deadlines")
	}
	for _, d := range f.Deadlines {
		c, at := mustStart(t, NewBook(Shipped()), &Definition{Name: "x", Party: Promised, Limit: Limit{d.WorkingDays, WorkingDay}}, d.Start)
		if got := mustDue(t, NewBook(Shipped()), c, at).At.Format("2006-01-02 15:04:05"); got != d.End+" 23:59:59" {
			t.Errorf("%s + %d wd = %s, want %s", d.Start, d.WorkingDays, got, d.End)
		}
	}
}

func TestParseArrangementsRefuses(t *testing.T) {
	for _, text := range []string{
		"year 20x4", "year 24", "notice a 2024-01-01", "year 2024\nnotice a", "year 2024\nnotice a 2024-13-01", "year 2024\n元旦 rest 01-01",
		"year 2024\nnotice a 2023-01-01\n元旦", "year 2024\nnotice a 2023-01-01\n元旦 01-01", "year 2024\nnotice a 2023-01-01\n元旦 rest 02-30",
		"year 2024\nnotice a 2023-01-01\n元旦 rest 01-03..01-01", "year 2024\nnotice a 2023-01-01\n元旦 rest 01-01..12-01",
		"year 2024\nnotice a 2023-01-01\n元旦 work 01-03", "year 2024\nnotice a 2023-01-01\n元旦 rest 2021-01-01",
		"year 2024\nnotice a 2023-01-01\n元旦 rest 01-06 work 01-06", strings.Repeat("#", maxArrangements+1),
	} {
		if _, err := ParseArrangements(text); !errors.Is(err, fault.Invalid) {
			t.Errorf("ParseArrangements(%.60q) = %v, want fault.Invalid", text, err)
		}
	}
	a, err := ParseArrangements("year 2024\nnotice a 2023-01-01\nx rest 2025-01-01\nyear 2025\nnotice b 2024-01-01\ny work 01-04\n")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewHolidays(a...); err != nil {
		t.Error(err)
	}
	a[1].Festivals[0] = Festival{Name: "y", Work: []Day{day(2025, 1, 1)}}
	if _, err := NewHolidays(a...); !errors.Is(err, fault.Invalid) {
		t.Errorf("two years that contradict each other: %v, want fault.Invalid", err)
	}
}
