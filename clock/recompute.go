package clock

import (
	"fmt"
	"iter"
	"time"

	"shuniu/fault"
)

func stateError(id, what string) error {
	return fmt.Errorf("clock %s %s: %w", id, what, fault.Conflict)
}

// A Change is a due time that a changed calendar moved or settled: one line of
// the log.
type Change struct {
	Clock   string
	Old     Due
	New     Due
	Days    []Day  // days that are worked in one calendar and not in the other
	Version string // of the new holidays
}

// String says the change in plain words.
func (c Change) String() string {
	s := fmt.Sprintf("clock %s: due %s", c.Clock, c.New.At.Format(time.RFC3339))
	if !c.New.At.Equal(c.Old.At) {
		s += ", was " + c.Old.At.Format(time.RFC3339)
	}
	if c.Old.Provisional && !c.New.Provisional {
		s += ", no longer provisional"
	}
	for i, d := range c.Days {
		if i == 0 {
			s += "; changed days:"
		}
		s += " " + d.String()
	}
	return s + "; holidays " + c.Version
}

// Recompute yields what changes for the open clocks when the book was takes
// the place of is: a moved due time, or one that is no longer provisional.
// Stopped clocks keep what they had. An error goes with its clock's id and
// does not end the sequence.
func Recompute(was, is *Book, clocks iter.Seq[Clock], now time.Time) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		for c := range clocks {
			if !c.standing().stopped.IsZero() {
				continue
			}
			ch := Change{Clock: c.ID, Version: is.hol.Version()}
			var err error
			if ch.Old, err = was.Due(c, now); err == nil {
				ch.New, err = is.Due(c, now)
			}
			if err != nil {
				if !yield(ch, err) {
					return
				}
				continue
			}
			if ch.Old.At.Equal(ch.New.At) && ch.Old.Provisional == ch.New.Provisional {
				continue
			}
			to := ch.New.At
			if ch.Old.At.After(to) {
				to = ch.Old.At
			}
			ch.Days = was.hol.Differ(is.hol, DayOf(c.Events[0].At.In(is.zone)), DayOf(to.In(is.zone)))
			if !yield(ch, nil) {
				return
			}
		}
	}
}
