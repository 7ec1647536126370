package score

import (
	"context"
	"path/filepath"
	"testing"

	"shuniu/demo/city"
	"shuniu/demo/views"
)

type nothing struct{}

func (nothing) Rows(context.Context, string) (int64, error) { return 0, nil }

func (nothing) Read(context.Context, string, []string, func([]string) error) error {
	panic("nothing landed, nothing is read")
}

// Where nothing landed, rows are the only measures, and they are 0.
func TestNothingLanded(t *testing.T) {
	dir := t.TempDir()
	if _, err := views.Write(t.Context(), city.New(1000, 1), dir, 2); err != nil {
		t.Fatal(err)
	}
	got, err := Run(t.Context(), filepath.Join(dir, "truth"), nothing{})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2+len(views.Departments()) {
		t.Errorf("%d measures of nothing: %v", len(got), got)
	}
	for _, m := range got {
		if m.Value != 0 || m.Count == 0 {
			t.Errorf("%+v", m)
		}
	}
}

func TestStandIn(t *testing.T) {
	for _, tc := range []struct{ kind, in, want string }{
		{"citizen_id", "391592200002288984", "310115200002288984"},
		{"citizen_id", " 391592 200002288984", " 310115 200002288984"},
		{"citizen_id", "391998920620427", "310115920620427"},
		{"citizen_id", "111111111111111111", "111111111111111111"},
		{"citizen_id", "39", "39"},
		{"phone", "15412345679", "13912345679"},
		{"phone", "１５４１２３４５６７９", "１３９１２３４５６７９"},
		{"uscc", "91310190MAAY5DMT64", "91310190MAAY5DMT64"},
	} {
		if got := standIn(tc.kind, tc.in); got != tc.want {
			t.Errorf("standIn(%s, %q) = %q, want %q", tc.kind, tc.in, got, tc.want)
		}
	}
	if got := standBack("citizen_id", "310115200002288984", "391592200002288984"); got != "391592200002288984" {
		t.Errorf("standBack: %s", got)
	}
}
