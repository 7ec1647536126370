package matter_test

import (
	"testing"

	"shuniu/clock"
	"shuniu/matter"
	"shuniu/packs/matters"
)

// TestShippedTypes loads every shipped type: its checks and its cases.
func TestShippedTypes(t *testing.T) {
	types, err := matter.Load(matters.Files, clock.NewBook(clock.Shipped()))
	if err != nil {
		t.Fatalf("\n%v", err)
	}
	for _, typ := range types.List() {
		t.Logf("%s: %d states", typ.Name, len(typ.AllStates()))
	}
}
