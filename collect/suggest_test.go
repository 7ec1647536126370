package collect

import (
	"strings"
	"testing"
)

func TestSuggestNamesTheDatasetOfTheSource(t *testing.T) {
	h := newHub(t)
	ctx := engineer(t)
	look := func(name, content string) Suggestion {
		t.Helper()
		path := h.put(t, name, content)
		rep, err := h.Inspect(ctx, Inspection{Path: path, Name: name})
		if err != nil {
			t.Fatal(err)
		}
		s, err := h.Suggest(ctx, "scjg", name, rep)
		if err != nil || len(s) != 1 {
			t.Fatalf("suggestions %+v, %v", s, err)
		}
		return s[0]
	}
	const first = "企业名称,统一代码,注册资本\n甲公司,A1,10\n乙公司,A2,20\n"
	if s := look("企业名录2024.csv", first); s.Exists || !strings.HasPrefix(string(s.Dataset), "scjg_") || s.Name != "企业名录" {
		t.Errorf("a new source: %+v", s)
	}
	got := h.land(t, Request{Path: h.put(t, "企业名录2024.csv", first), Department: "scjg"})
	if s := look("企业名录2024.csv", first); s.Dataset != got[0].Dataset || !strings.Contains(s.Why, string(got[0].Batch)) {
		t.Errorf("the same file: %+v, landed in %s", s, got[0].Dataset)
	}
	s := look("企业名录2025.csv", "企业名称,统一代码,注册资本,电话\n丙公司,A3,30,1\n")
	if s.Dataset != got[0].Dataset || !s.Exists || len(s.Drift) != 1 || s.Drift[0].Kind != ColumnNew {
		t.Errorf("the next issue: %+v", s)
	}
}

func TestOnlyChosenTablesLand(t *testing.T) {
	h := newHub(t)
	const page = "<html><body><table><tr><th>a</th><th>b</th></tr><tr><td>甲</td><td>20</td></tr><tr><td>乙</td><td>40</td></tr></table>" +
		"<table><tr><th>c</th><th>d</th></tr><tr><td>5</td><td>6</td></tr></table></body></html>"
	path := h.put(t, "two.html", page)
	for n, rows := range map[int]int64{2: 1, 1: 2} {
		got := h.land(t, Request{Path: path, Department: "scjg", Only: []int{n}})
		if len(got) != 1 || got[0].Table != n || got[0].Status != stateLanded || got[0].RowsLanded != rows {
			t.Errorf("table %d: %+v", n, got)
		}
	}
}
