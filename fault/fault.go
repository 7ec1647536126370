package fault

import (
	"context"
	"errors"
	"os"
	"syscall"
)

// The kinds. An error without one of them is a fault of the program itself.
var (
	Invalid  = errors.New("invalid")   // the input is wrong; the same input fails again
	NotFound = errors.New("not found") // nothing goes by that name, or the caller may not know of it
	Denied   = errors.New("denied")    // the caller has no right to it
	Conflict = errors.New("conflict")  // somebody else changed it, or it exists already
	Busy     = errors.New("busy")      // not now; the same call may succeed later
	Damaged  = errors.New("damaged")   // stored bytes are not what was written
	Full     = errors.New("no room")   // the disk or a quota is full; nothing was changed
)

// kinds in the order in which KindOf asks for them.
var kinds = []error{Denied, NotFound, Invalid, Conflict, Busy, Damaged, Full}

// KindOf returns the kind err was wrapped with, or nil when it has none.
// A deadline counts as Busy; ENOSPC and EDQUOT count as Full; a missing file
// without a kind of its own counts as NotFound.
func KindOf(err error) error {
	if err == nil {
		return nil
	}
	for _, k := range kinds {
		if errors.Is(err, k) {
			return k
		}
	}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return Full
	case errors.Is(err, context.DeadlineExceeded):
		return Busy
	case errors.Is(err, os.ErrNotExist):
		return NotFound
	}
	return nil
}

// An Explained is an error that also tells a person what to do. Key and Args
// choose the text in package locale; the wrapped error is for engineers.
type Explained struct {
	Key  string         // locale key, e.g. "collect.encrypted"
	Args map[string]any // values named in the text
	Err  error          // carries the kind
}

func (e *Explained) Error() string { return e.Err.Error() }
func (e *Explained) Unwrap() error { return e.Err }

// Explain wraps err so that a person reads the text of key. A nil err stays nil.
func Explain(err error, key string, args map[string]any) error {
	if err == nil {
		return nil
	}
	return &Explained{Key: key, Args: args, Err: err}
}
