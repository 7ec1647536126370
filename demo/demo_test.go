package demo_test

import (
	"bytes"
	"slices"
	"testing"

	"shuniu/demo"
)

func TestFilesAreTheSameEveryTime(t *testing.T) {
	a, err := demo.Files()
	if err != nil {
		t.Fatal(err)
	}
	b, err := demo.Files()
	if err != nil {
		t.Fatal(err)
	}
	if len(a) < 12 {
		t.Errorf("%d files, want at least 12", len(a))
	}
	for i := range a {
		if len(a[i].Data) == 0 || !bytes.Equal(a[i].Data, b[i].Data) {
			t.Errorf("%s: %d and %d bytes, equal %v", a[i].Name, len(a[i].Data), len(b[i].Data), bytes.Equal(a[i].Data, b[i].Data))
		}
		if !slices.ContainsFunc(demo.Departments(), func(d demo.Department) bool { return d.ID == a[i].Department }) {
			t.Errorf("%s: unknown department %q", a[i].Name, a[i].Department)
		}
	}
}
