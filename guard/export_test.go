package guard

import "time"

// SetClock gives tests their own time.
func SetClock(s *Accounts, now func() time.Time) { s.now = now }
