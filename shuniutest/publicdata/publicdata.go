// Package publicdata finds the real public files that tests read and the
// repository does not hold: ../shared/data beside the checkout.
package publicdata

import (
	"os"
	"path/filepath"
	"testing"
)

// Path of a file or folder of the public data; the test is skipped where there
// is none.
func Path(tb testing.TB, parts ...string) string {
	tb.Helper()
	p, ok := Find(tb, parts...)
	if !ok {
		tb.Skip("no ../shared/data beside the checkout: ", filepath.Join(parts...))
	}
	return p
}

// Find is Path for tests that have something to do without it.
func Find(tb testing.TB, parts ...string) (path string, ok bool) {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		path = filepath.Join(append([]string{dir, "shared", "data"}, parts...)...)
		if _, err := os.Stat(path); err == nil {
			return path, true
		}
	}
	return "", false
}
