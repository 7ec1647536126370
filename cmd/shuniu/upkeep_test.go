package main

import (
	"testing"
	"time"

	"shuniu/resource"
)

func TestAnUnchangedTableIsTidiedAgainAfterADay(t *testing.T) {
	at := time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)
	seen := visit{snapshot: 7, at: at}
	for _, c := range []struct {
		name     string
		v        visit
		snapshot int64
		now      time.Time
		want     bool
	}{
		{"never seen", visit{}, 7, at, true},
		{"never seen and empty", visit{}, 0, at, true},
		{"unchanged an hour later", seen, 7, at.Add(time.Hour), false},
		{"changed", seen, 8, at.Add(time.Hour), true},
		{"unchanged a day later", seen, 7, at.Add(24 * time.Hour), true},
	} {
		if got := c.v.due(resource.SnapshotID(c.snapshot), c.now); got != c.want {
			t.Errorf("%s: due %v, want %v", c.name, got, c.want)
		}
	}
}
