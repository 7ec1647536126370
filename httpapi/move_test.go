package httpapi

import (
	"fmt"
	"net/http"
	"strings"
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

// What happened to a dataset, file by file, is told to the department it has
// gone to and no longer to the one it left.
func TestAMovedDatasetTakesItsEvents(t *testing.T) {
	onBothStores(t, func(t *testing.T, h *hub) {
		h.seed(t)
		const was, other = "scjg", "mzj" // steward's and steward2's
		table := LandedTable{N: 1, Land: true, Department: was}
		var rows strings.Builder
		rows.WriteString("编号,名称,数量\n")
		for i := range 30 {
			fmt.Fprintf(&rows, "%d,\"甲%d\",1\n", i, i)
		}
		moved := h.land(t, "engineer", "a.csv", []byte(rows.String()+"30,乙\n31,\"丙\",1\n"), table)[0]
		stays := h.land(t, "engineer", "b.csv", []byte("街道,户数\n甲街,1\n乙街,2\n"), table)[0]
		// told is which events of the two an account reads of the whole stream.
		marks := 0
		told := func(who, department string) map[string]bool {
			t.Helper()
			marks++
			mark := fmt.Sprintf("mark%d", marks)
			h.publish(t, "batch", mark, department, "")
			l := h.listen(t, who, "topics=batch,landing,quarantine", "Last-Event-ID", "0")
			defer l.close()
			out := map[string]bool{}
			for e := l.next(t); e.Key != mark; e = l.next(t) {
				out[e.Topic] = out[e.Topic] || e.Topic == "landing"
				out[e.Key] = true
			}
			return out
		}
		check := func(when, who, department string, movedToo, staysToo bool) {
			t.Helper()
			got := told(who, department)
			if got[moved.ID] != movedToo || got[stays.ID] != staysToo || got["landing"] != (movedToo || staysToo) {
				t.Errorf("%s, %s is told %v; want of the moved %v, of the other %v", when, who, got, movedToo, staysToo)
			}
		}
		check("before", "steward", was, true, true)
		check("before", "steward2", other, false, false)
		to := other
		if r := h.do(t, "engineer", http.MethodPatch, "/api/datasets/"+moved.Dataset, DatasetChange{Department: &to}); r.status != http.StatusOK {
			t.Fatalf("move: %d %s", r.status, r.body)
		}
		check("after", "steward", was, false, true)
		check("after", "steward2", other, true, false)
		var owner string
		q := "SELECT l.department FROM collect_landing AS l JOIN collect_batch AS b ON b.landing = l.id WHERE b.id = ?"
		for id, want := range map[string]string{moved.ID: other, stays.ID: was} {
			if err := h.db.Bun().NewRaw(q, id).Scan(t.Context(), &owner); err != nil || owner != want {
				t.Errorf("landing of %s belongs to %q, %v; want %s", id, owner, err, want)
			}
		}
		for who, want := range map[string]bool{"steward": false, "steward2": true} {
			got := h.do(t, who, http.MethodGet, "/api/quarantine?dataset="+moved.Dataset, nil)
			if seen := got.status == http.StatusOK && strings.Contains(string(got.body), moved.ID); seen != want {
				t.Errorf("%s sees the quarantined line: %v, want %v: %d %s", who, seen, want, got.status, got.body)
			}
		}
	})
}
