package httpapi

import (
	"net/http"
	"testing"
)

// A dataset that goes to another department takes its files and lines along.
func TestAMovedDatasetKeepsItsLineage(t *testing.T) {
	h := newHub(t, nil)
	h.seed(t)
	b := h.land(t, "steward", "a.csv", []byte("名称,数量\n甲,1\n乙,2\n"))[0]
	base := "/api/datasets/" + b.Dataset
	origin := base + "/origin?batch=" + b.ID + "&row=2"
	other := "mzj" // steward2's
	if r := h.do(t, "steward2", http.MethodGet, origin, nil); r.status != http.StatusForbidden {
		t.Fatalf("another department reads lines before the move: %d %s", r.status, r.body)
	}
	if r := h.do(t, "engineer", http.MethodPatch, base, DatasetChange{Department: &other}); r.status != http.StatusOK {
		t.Fatalf("move: %d %s", r.status, r.body)
	}
	if d := into[DatasetDetail](t, h.do(t, "steward2", http.MethodGet, base, nil)); d.Department != other || len(d.SourceFiles) != 1 || d.SourceFiles[0] != "a.csv" {
		t.Errorf("entry after the move: %+v", d)
	}
	if l := into[Lineage](t, h.do(t, "steward2", http.MethodGet, base+"/lineage", nil)); len(l.Nodes) != 3 || len(l.Edges) != 2 {
		t.Errorf("lineage after the move: %+v", l)
	}
	if r := h.do(t, "steward2", http.MethodGet, origin, nil); r.status != http.StatusOK {
		t.Errorf("the new owner reads a line: %d %s", r.status, r.body)
	}
	if r := h.do(t, "steward", http.MethodGet, origin, nil); r.status != http.StatusForbidden {
		t.Errorf("the department it left reads a line: %d %s", r.status, r.body)
	}
}
