// Package fault names the kinds of error that callers decide by.
//
// An error is wrapped with one kind where its cause is known and asked with
// errors.Is where a decision is taken: an HTTP status, an exit code, a retry.
//
//	return fmt.Errorf("open level %d, want 0 to 3: %w", n, fault.Invalid)
package fault
