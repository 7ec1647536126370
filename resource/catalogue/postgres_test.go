package catalogue

import (
	"os"
	"testing"
)

// postgres returns the dsn of an empty PostgreSQL database for a benchmark, ""
// when the environment offers none.
func postgres(tb testing.TB) string {
	tb.Helper()
	return os.Getenv("SHUNIU_BENCH_POSTGRES")
}
