package catalogue

import (
	"os"
	"testing"
)

// postgres returns a dsn of an empty PostgreSQL database, or "" when none is
// offered by the environment.
func postgres(tb testing.TB) string {
	tb.Helper()
	return os.Getenv("SHUNIU_TEST_POSTGRES")
}
