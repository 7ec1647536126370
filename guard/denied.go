package guard

import (
	"fmt"
	"time"

	"shuniu/fault"
)

// A DeniedError says which right is missing. Its kind is fault.Denied.
type DeniedError struct {
	Action Action
	Object Object
	Role   Role
	Why    string // English; screens take the text of right.<Action>
}

func (e *DeniedError) Error() string {
	if e.Object == (Object{}) {
		return fmt.Sprintf("%s as %s: %s", e.Action, e.Role, e.Why)
	}
	return fmt.Sprintf("%s on %s of %q as %s: %s", e.Action, e.Object.Table, e.Object.Department, e.Role, e.Why)
}

// Unwrap makes it a fault.Denied.
func (e *DeniedError) Unwrap() error { return fault.Denied }

// A LockedError says that sign-ins are refused for a while. Its kind is
// fault.Busy.
type LockedError struct{ Wait time.Duration }

func (e *LockedError) Error() string { return fmt.Sprintf("sign-in locked for %s", e.Wait) }

// Unwrap makes it a fault.Busy.
func (e *LockedError) Unwrap() error { return fault.Busy }

// LocalAccount is the account name of the data folder's owner.
const LocalAccount = "local"

// Local is the owner of the data folder at its command line, who may do what
// an administrator and an engineer may.
func Local() Principal {
	return Principal{Account: LocalAccount, Name: LocalAccount, Role: Admin}
}
