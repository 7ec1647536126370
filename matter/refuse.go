package matter

import (
	"fmt"
	"strings"
	"time"

	"shuniu/fault"
	"shuniu/matter/define"
)

// A Refusal says why an action is not done: who may, and when. Its kind is
// fault.Denied when the actor is the reason, else fault.Conflict.
type Refusal struct {
	Matter ID
	Action string
	State  string
	Roles  []string    // who may
	When   string      // the condition that does not hold
	Say    define.Text // what to tell a person; may be empty
	Until  time.Time   // until when it could be done; zero: no limit
	Why    string
	Kind   error
}

func (r *Refusal) Error() string {
	s := fmt.Sprintf("matter %s in state %s, %s: %s", r.Matter, r.State, r.Action, r.Why)
	if len(r.Roles) > 0 {
		s += "; may: " + strings.Join(r.Roles, ", ")
	}
	if r.When != "" {
		s += "; when " + r.When
	}
	return s
}

// Unwrap gives its kind.
func (r *Refusal) Unwrap() error { return r.Kind }

// A Stale command was made for an older revision. Its kind is fault.Conflict.
type Stale struct {
	Matter    ID
	Seen, Now int64
	Newer     Event // the newest event; the store fills it in
}

func (s *Stale) Error() string {
	return fmt.Sprintf("matter %s is at revision %d, not %d: %s by %q", s.Matter, s.Now, s.Seen, s.Newer.Action, s.Newer.Account)
}

// Unwrap makes it a fault.Conflict.
func (s *Stale) Unwrap() error { return fault.Conflict }

// A FormError lists the fields that are wrong or missing. Its kind is
// fault.Invalid.
type FormError struct{ Fields []FieldError }

// A FieldError is what is wrong with one field.
type FieldError struct {
	Field string
	Key   string // missing, invalid, not_yours, unknown
	Why   string
}

func (f *FormError) Error() string {
	parts := make([]string, 0, len(f.Fields))
	for _, e := range f.Fields {
		parts = append(parts, e.Field+": "+e.Key+" "+e.Why)
	}
	return "form: " + strings.Join(parts, "; ")
}

// Unwrap makes it a fault.Invalid.
func (f *FormError) Unwrap() error { return fault.Invalid }
