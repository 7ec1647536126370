package clock

import (
	"bufio"
	"os"
	"strings"
	"testing"
	"time"
)

// at reads 2024-03-05, 2024-03-05T13:45 or RFC 3339, in Shanghai.
func at(t testing.TB, s string) time.Time {
	t.Helper()
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04", "2006-01-02T15:04:05", time.RFC3339} {
		if v, err := time.ParseInLocation(layout, s, Shanghai); err == nil {
			return v
		}
	}
	t.Fatalf("no time: %q", s)
	return time.Time{}
}

func mustStart(t testing.TB, b *Book, d *Definition, from string) (Clock, time.Time) {
	t.Helper()
	v := at(t, from)
	c, err := b.Start(d, v)
	if err != nil {
		t.Fatalf("start %s: %v", d.Name, err)
	}
	return c, v
}

func mustDue(t testing.TB, b *Book, c Clock, now time.Time) Due {
	t.Helper()
	due, err := b.Due(c, now)
	if err != nil {
		t.Fatalf("due: %v", err)
	}
	return due
}

func mustApply(t testing.TB, b *Book, c Clock, e Event) Clock {
	t.Helper()
	n, err := b.Apply(c, e)
	if err != nil {
		t.Fatalf("%s at %s: %v", e.Deed, e.At, err)
	}
	return n
}

// TestCases runs testdata/cases.tsv: dated cases with the reason for each.
// README.md there says how they were derived.
func TestCases(t *testing.T) {
	f, err := os.Open("testdata/cases.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	groups := map[string]int{}
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	n := 0
	for line := 1; in.Scan(); line++ {
		if line == 1 || in.Text() == "" {
			continue
		}
		f := strings.Split(in.Text(), "\t")
		if len(f) != 9 || f[8] == "" {
			t.Fatalf("line %d has %d fields, want 9 with a reason", line, len(f))
		}
		n++
		groups[f[0]]++
		runCase(t, line, f)
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
	if n < 300 {
		t.Errorf("%d cases, want at least 300", n)
	}
	t.Logf("%d cases: %v", n, groups)
}

// runCase checks group, from, limit, hours, start, events, due, provisional, reason.
func runCase(t *testing.T, line int, f []string) {
	b := NewBook(Shipped())
	d := &Definition{
		Name: "case", Party: Promised, Start: StartRule(f[4]),
		Pause:      PauseRule{Reasons: []Reason{{Name: "待补正"}}},
		Procedures: []Reason{{Name: "听证"}},
		Extend:     ExtendRule{Times: 9, MaxPercent: 1000, AskBeforeDue: true},
	}
	var err error
	if d.Limit, err = ParseLimit(f[2]); err != nil {
		t.Fatalf("line %d: %v", line, err)
	}
	if f[3] != "" {
		h, err := ParseHours(f[3])
		if err != nil {
			t.Fatalf("line %d: %v", line, err)
		}
		b = b.WithHours(WorkingHours, h)
	}
	c, now := mustStart(t, b, d, f[1])
	for _, e := range strings.Split(f[5], ", ") {
		w := strings.Fields(e)
		if len(w) == 0 {
			continue
		}
		now = at(t, w[1])
		ev := Event{At: now}
		switch w[0] {
		case "pause":
			ev.Deed, ev.Reason = Paused, "待补正"
		case "resume":
			ev.Deed = Resumed
		case "suspend":
			ev.Deed, ev.Reason = Suspended, "听证"
		case "lift":
			ev.Deed, ev.Reason = Lifted, "听证"
		case "extend":
			ev.Deed = Extended
			if ev.By, err = ParseLimit(w[2]); err != nil {
				t.Fatalf("line %d: %v", line, err)
			}
		default:
			t.Fatalf("line %d: event %q", line, e)
		}
		c = mustApply(t, b, c, ev)
	}
	due := mustDue(t, b, c, now)
	if got := due.At.Format("2006-01-02T15:04:05"); got != f[6] {
		t.Errorf("line %d: %s + %s [%s] %s = %s, want %s: %s", line, f[1], f[2], f[3], f[5], got, f[6], f[8])
	}
	if prov := f[7] == "true"; due.Provisional != prov {
		t.Errorf("line %d: %s + %s: provisional %v, want %v", line, f[1], f[2], due.Provisional, prov)
	}
}
