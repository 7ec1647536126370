package httpapi

import (
	"archive/zip"
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"shuniu/collect/intake/tabular"
)

// Whoever reads a receipt is told the person's name, not the login.
func TestReceiptsNameThePerson(t *testing.T) {
	onBothStores(t, func(t *testing.T, h *hub) {
		h.seed(t)
		b := h.land(t, "steward", "企业名录.csv", gbk(t, companies))[0]
		person := into[Me](t, h.do(t, "steward", http.MethodGet, "/api/me", nil)).Name
		if person == "" || person == "steward" {
			t.Fatalf("the steward is called %q", person)
		}
		detail := into[BatchDetail](t, h.do(t, "engineer", http.MethodGet, "/api/batches/"+b.ID, nil))
		if detail.Account != "steward" || detail.AccountName != person || detail.DepartmentName != "区市场监管局" {
			t.Errorf("batch: %q %q %q, want the name %q", detail.Account, detail.AccountName, detail.DepartmentName, person)
		}
		list := into[Page[Batch]](t, h.do(t, "engineer", http.MethodGet, "/api/batches", nil))
		if len(list.Items) != 1 || list.Items[0].AccountName != person {
			t.Errorf("list: %+v", list.Items)
		}
		set := into[DatasetDetail](t, h.do(t, "engineer", http.MethodGet, "/api/datasets/"+b.Dataset, nil))
		changes := into[Page[Change]](t, h.do(t, "engineer", http.MethodGet, "/api/datasets/"+b.Dataset+"/changes", nil))
		if set.AccountName != person || len(changes.Items) == 0 || changes.Items[0].Name != person {
			t.Errorf("dataset by %q, changes %+v", set.AccountName, changes.Items)
		}
		lineage := into[Lineage](t, h.do(t, "engineer", http.MethodGet, "/api/datasets/"+b.Dataset+"/lineage", nil))
		for _, n := range lineage.Nodes {
			if n.Kind == "batch" && n.Facts["account_name"] != person {
				t.Errorf("lineage: %+v", n.Facts)
			}
		}
		origin := into[Origin](t, h.do(t, "engineer", http.MethodGet, "/api/datasets/"+b.Dataset+"/origin?row=2&batch="+b.ID, nil))
		if origin.Name != person {
			t.Errorf("origin by %q", origin.Name)
		}
	})
}

func TestTheIDOfANewDatasetFollowsFromItsName(t *testing.T) {
	h := newHub(t, nil)
	h.seed(t)
	ask := func(who string) reply {
		return h.do(t, who, http.MethodGet, "/api/dataset-ids?name="+url.QueryEscape("企业名录"), nil)
	}
	if got := into[NewID](t, ask("steward")); got.ID != "scjg_qiyeminglu" {
		t.Errorf("id %q", got.ID)
	}
	if r := ask("consumer"); r.status != http.StatusForbidden {
		t.Errorf("who may not land gets %d", r.status)
	}
}

// A question about one file of an archive is answered for that file only.
func TestAMemberOfAnArchiveIsReadAsAPersonSays(t *testing.T) {
	h := newHub(t, nil)
	h.seed(t)
	var file bytes.Buffer
	z := zip.NewWriter(&file)
	for name, text := range map[string]string{
		"a.csv": "企业,投资额\n甲,12万元\n乙,3万元\n丙,0.5亿元\n丁,7万元\n",
		"b.csv": "企业,投资额\n戊,12万元\n己,3万元\n庚,0.5亿元\n辛,7万元\n",
	} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	u := h.send(t, "steward", "投资.zip", file.Bytes())
	look := func(o ReadOptions) *Inspection {
		t.Helper()
		if run := h.wait(t, "steward", h.do(t, "steward", http.MethodPost, "/api/inspections", NewInspection{UploadID: u.ID, Options: o})); run.State != "done" {
			t.Fatalf("inspection: %+v", run)
		}
		got := into[Inspection](t, h.do(t, "steward", http.MethodGet, "/api/inspections/"+u.ID, nil))
		if got.Report == nil || len(got.Report.Tables) != 2 {
			t.Fatalf("inspection: %+v", got)
		}
		return &got
	}
	asked := func(r *Report, member string) *TableReport {
		for i := range r.Tables {
			if r.Tables[i].Member == member {
				return &r.Tables[i]
			}
		}
		t.Fatalf("no table of %s", member)
		return nil
	}
	first := look(ReadOptions{})
	a := asked(first.Report, "a.csv")
	if len(a.Columns) != 2 || len(a.Columns[1].Units) < 2 || !strings.Contains(strings.Join(a.Questions, ""), "投资额") {
		t.Fatalf("no question of units: %+v", a)
	}
	area := *a.Area
	area.Units = map[string]string{"投资额": "万元"}
	o := ReadOptions{Members: map[string]MemberOptions{"a.csv": {Tables: []tabular.Area{area}}}}
	second := look(o)
	if got := asked(second.Report, "a.csv"); got.Columns[1].Unit != "万元" || got.Columns[1].Type != "integer" {
		t.Errorf("a.csv: %+v", got.Columns[1])
	}
	if got := asked(second.Report, "b.csv"); len(got.Questions) == 0 {
		t.Errorf("b.csv was not asked about: %+v", got.Columns[1])
	}
	if len(second.Options.Members["a.csv"].Tables) != 1 {
		t.Errorf("options in force: %+v", second.Options)
	}
}

// The tabs of the quarantine say how many lines each holds, whichever is open.
func TestCountsOfLinesDoNotHangOnTheStatusAskedFor(t *testing.T) {
	h := newHub(t, nil)
	h.seed(t)
	h.land(t, "steward", "单位.csv", []byte("名称,数量,日期\n甲,1,2020-01-01\n乙,2,3,2020-01-02\n丙,4,2020-01-03\n丁,5,6,2020-01-04\n"))
	open := into[QuarantinePage](t, h.do(t, "steward", http.MethodGet, "/api/quarantine?status=open", nil))
	if len(open.Items) != 2 || open.Items[0].Name != "单位" {
		t.Fatalf("lines: %+v", open.Items)
	}
	text := "乙,2,2020-01-02"
	h.do(t, "steward", http.MethodPatch, "/api/quarantine/"+open.Items[0].ID, Mending{Text: &text})
	again := into[QuarantinePage](t, h.do(t, "steward", http.MethodGet, "/api/quarantine?status=open", nil))
	counts := map[string]int64{}
	for _, f := range again.Facets {
		if f.Name == "status" {
			for _, v := range f.Values {
				counts[v.Value] = v.Count
			}
		}
	}
	if counts["open"] != 1 || counts["mended"] != 1 || *again.TotalEstimate != 1 {
		t.Errorf("counts %v, total %d", counts, *again.TotalEstimate)
	}
}
