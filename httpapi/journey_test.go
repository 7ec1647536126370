package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"shuniu/guard/audit"
)

// send uploads content in one part and returns the upload.
func (h *hub) send(t *testing.T, who, name string, content []byte) Upload {
	t.Helper()
	r := h.do(t, who, http.MethodPost, "/api/uploads", NewUpload{Name: name, SizeBytes: int64(len(content))})
	if r.status != http.StatusCreated {
		t.Fatalf("announce: %d %s", r.status, r.body)
	}
	u := into[Upload](t, r)
	if len(content) == 0 {
		return u
	}
	r = h.do(t, who, http.MethodPatch, "/api/uploads/"+u.ID, bytes.NewReader(content), "Upload-Offset", "0", "Content-Type", "application/octet-stream")
	if u = into[Upload](t, r); r.status != http.StatusOK || !u.Received {
		t.Fatalf("send: %d %s", r.status, r.body)
	}
	return u
}

// wait follows a run to its end.
func (h *hub) wait(t *testing.T, who string, r reply) Run {
	t.Helper()
	if r.status != http.StatusAccepted {
		t.Fatalf("%d %s, want a run", r.status, r.body)
	}
	url := "/api/runs/" + into[RunRef](t, r).RunID
	deadline := time.Now().Add(time.Minute)
	for {
		got := into[Run](t, h.do(t, who, http.MethodGet, url, nil))
		if got.State != "waiting" && got.State != "running" {
			return got
		}
		if time.Now().After(deadline) {
			t.Fatalf("the run does not end: %+v", got)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// land uploads and lands a file and returns its batches.
func (h *hub) land(t *testing.T, who, name string, content []byte, tables ...LandedTable) []Batch {
	t.Helper()
	u := h.send(t, who, name, content)
	got := h.wait(t, who, h.do(t, who, http.MethodPost, "/api/landings", NewLanding{UploadID: u.ID, Tables: tables}))
	if got.State != "done" {
		t.Fatalf("landing of %s: %+v\n%s", name, got, h.logs)
	}
	var out []Batch
	for _, id := range got.Batches {
		r := h.do(t, who, http.MethodGet, "/api/batches/"+id, nil)
		out = append(out, into[Batch](t, r))
	}
	return out
}

func gbk(t *testing.T, s string) []byte {
	t.Helper()
	out, err := simplifiedchinese.GB18030.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(out)
}

const companies = "企业名称,统一社会信用代码,注册资本(万元),成立日期\n" +
	"浦东甲有限公司,91310115000000001X,100.5,2020-01-02\n浦东乙有限公司,91310115000000002W,200,2021-03-04\n=丙公司,91310115000000003V,300,2022-05-06\n"

// The main journey: a clerk's GBK file becomes a table whose rows lead back
// to their lines.
func TestFromFileToRowToOrigin(t *testing.T) { onBothStores(t, fromFileToRowToOrigin) }

func fromFileToRowToOrigin(t *testing.T, h *hub) {
	h.seed(t)
	u := h.send(t, "steward", "企业名录.csv", gbk(t, companies))
	run := h.wait(t, "steward", h.do(t, "steward", http.MethodPost, "/api/inspections", NewInspection{UploadID: u.ID}))
	if run.State != "done" || run.UploadID != u.ID || len(run.Steps) == 0 {
		t.Fatalf("inspection: %+v\n%s", run, h.logs)
	}
	seen := into[Inspection](t, h.do(t, "steward", http.MethodGet, "/api/inspections/"+u.ID, nil))
	if seen.State != "done" || seen.Report == nil || len(seen.Report.Tables) != 1 {
		t.Fatalf("inspection: %+v", seen)
	}
	table := seen.Report.Tables[0]
	if seen.Report.Encoding != "gb18030" || table.Rows != 3 || table.Preview == nil || len(table.Preview.Rows) != 3 || *table.Preview.Rows[0][0] != "浦东甲有限公司" ||
		table.Suggested == nil || table.Suggested.Exists || table.Suggested.Department != "scjg" {
		t.Errorf("report: %+v, suggested %+v", table, table.Suggested)
	}
	if r := h.do(t, "steward2", http.MethodGet, "/api/inspections/"+u.ID, nil); r.status != http.StatusNotFound {
		t.Errorf("another account sees the upload: %d", r.status)
	}
	// Land it under a name and id of one's own.
	run = h.wait(t, "steward", h.do(t, "steward", http.MethodPost, "/api/landings", NewLanding{
		UploadID: u.ID, Save: true,
		Tables: []LandedTable{{N: 1, Land: true, Dataset: "companies", Name: "企业基本信息", Policy: &DriftPolicy{ColumnNew: "ask"}}},
	}))
	if run.State != "done" || len(run.Batches) != 1 {
		t.Fatalf("landing: %+v\n%s", run, h.logs)
	}
	batch := into[BatchDetail](t, h.do(t, "steward", http.MethodGet, "/api/batches/"+run.Batches[0], nil))
	if batch.Status != "landed" || batch.RowsIn != 3 || batch.RowsLanded != 3 || batch.Dataset != "companies" || batch.Account != "steward" || len(batch.Columns) != 4 || batch.DatasetName != "企业基本信息" {
		t.Errorf("receipt: %+v", batch)
	}
	set := into[DatasetDetail](t, h.do(t, "steward", http.MethodGet, "/api/datasets/companies", nil))
	if set.Name != "企业基本信息" || set.Rows != 3 || set.Fields != 4 || set.Batches != 1 || set.DepartmentName != "区市场监管局" || set.Policy.ColumnNew != "ask" || set.SQL != "landing.companies" {
		t.Errorf("entry: %+v", set)
	}
	fields := into[[]DatasetField](t, h.do(t, "steward", http.MethodGet, "/api/datasets/companies/fields", nil))
	if len(fields) != 4 || fields[2].Type != "decimal" || fields[3].Type != "date" || len(fields[0].Samples) == 0 {
		t.Errorf("fields: %+v", fields)
	}
	if hidden := into[[]DatasetField](t, h.do(t, "steward2", http.MethodGet, "/api/datasets/companies/fields", nil)); len(hidden) != 4 || len(hidden[0].Samples) != 0 || hidden[2].Max != nil {
		t.Errorf("another department sees values in %+v", hidden[0])
	}

	rows := into[RowPage](t, h.do(t, "steward", http.MethodGet, "/api/datasets/companies/rows?limit=2", nil))
	if len(rows.Rows) != 2 || rows.Next == "" || rows.Total != 3 || rows.Snapshot != batch.Snapshot {
		t.Fatalf("rows: %+v", rows)
	}
	rest := into[RowPage](t, h.do(t, "steward", http.MethodGet, "/api/datasets/companies/rows?limit=2&snapshot="+rows.Snapshot+"&after="+url.QueryEscape(rows.Next), nil))
	if len(rest.Rows) != 1 || rest.Next != "" || rest.Rows[0][0] != "=丙公司" {
		t.Errorf("second page: %+v", rest)
	}
	for _, q := range []string{"where=" + url.QueryEscape(`{"企业名称":"浦东乙有限公司"}`), "contains=" + url.QueryEscape("乙有限")} {
		found := into[RowPage](t, h.do(t, "steward", http.MethodGet, "/api/datasets/companies/rows?"+q, nil))
		if len(found.Rows) != 1 || found.Rows[0][0] != "浦东乙有限公司" {
			t.Errorf("%s: %+v", q, found)
		}
	}
	if r := h.do(t, "steward", http.MethodGet, "/api/datasets/companies/rows?where="+url.QueryEscape(`{"x\" OR 1=1 --":"1"}`), nil); r.status != http.StatusUnprocessableEntity {
		t.Errorf("unknown column: %d", r.status)
	}
	if r := h.do(t, "steward2", http.MethodGet, "/api/datasets/companies/rows", nil); r.status != http.StatusForbidden || r.problem(t).Right != "read_rows" {
		t.Errorf("another department reads rows: %d %s", r.status, r.body)
	}

	o := into[Origin](t, h.do(t, "steward", http.MethodGet, "/api/datasets/companies/origin?batch="+batch.ID+"&row=3", nil))
	if o.File != "企业名录.csv" || o.Row != 3 || len(o.Values) != 4 || *o.Values[0].Text != "浦东乙有限公司" || o.Encoding != "gb18030" || o.SHA256 != u.SHA256 || len(o.Around) == 0 {
		t.Errorf("origin: %+v", o)
	}
	csv := h.do(t, "steward", http.MethodGet, "/api/datasets/companies/rows.csv", nil)
	if !strings.Contains(string(csv.body), "'=丙公司") || strings.Count(string(csv.body), "\r\n") != 4 {
		t.Errorf("export: %q", csv.body)
	}
	r := h.do(t, "steward", http.MethodPost, "/api/query", QueryRequest{SQL: `SELECT count(*) AS n, sum("注册资本(万元)__value") AS s FROM landing.companies`})
	if q := into[QueryResult](t, r); len(q.Rows) != 1 || q.Rows[0][0] != 3.0 {
		t.Errorf("query: %d %s", r.status, r.body)
	}
	if r := h.do(t, "steward2", http.MethodPost, "/api/query", QueryRequest{SQL: "SELECT * FROM landing.companies"}); r.status != http.StatusForbidden {
		t.Errorf("another department queries: %d %s", r.status, r.body)
	}
	h.lookAround(t, batch.ID)
	lines, err := h.audit.List(t.Context(), audit.Filter{Object: "dataset:companies", Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	acts := map[string]int{}
	for _, l := range lines {
		acts[l.Action]++
	}
	if acts["land"] == 0 || acts["read_rows"] < 5 || acts["edit_entry"] == 0 {
		t.Errorf("on record: %v", acts)
	}
}

// lookAround visits what the pages of a landed dataset show.
func (h *hub) lookAround(t *testing.T, batch string) {
	t.Helper()
	for q, kind := range map[string]string{"企业基本": "dataset", "qyjb": "dataset", "信用代码": "field", "企业名录": "batch", "市场监管": "department"} {
		res := into[SearchResult](t, h.do(t, "consumer", http.MethodGet, "/api/search?q="+url.QueryEscape(q), nil))
		found := false
		for _, g := range res.Groups {
			found = found || g.Kind == kind && len(g.Hits) > 0
		}
		if !found {
			t.Errorf("search %s finds no %s: %+v", q, kind, res)
		}
	}
	lineage := into[Lineage](t, h.do(t, "consumer", http.MethodGet, "/api/datasets/companies/lineage", nil))
	if len(lineage.Nodes) != 3 || len(lineage.Edges) != 2 || lineage.Edges[0].To != "batch:"+batch {
		t.Errorf("lineage: %+v", lineage)
	}
	changes := into[Page[Change]](t, h.do(t, "consumer", http.MethodGet, "/api/datasets/companies/changes", nil))
	if len(changes.Items) < 2 || !hasHan(changes.Items[0].Text) || strings.Contains(changes.Items[0].Text, "{") {
		t.Errorf("changes: %+v", changes)
	}
	for _, sort := range []string{"rows", "name", "updated", ""} {
		list := into[DatasetPage](t, h.do(t, "consumer", http.MethodGet, "/api/datasets?sort="+sort, nil))
		if len(list.Items) != 1 || len(list.Facets) != 4 || list.Items[0].Fields != 4 || *list.TotalEstimate != 1 {
			t.Errorf("list by %q: %+v", sort, list)
		}
	}
	s := into[Summary](t, h.do(t, "steward", http.MethodGet, "/api/summary", nil))
	if len(s.Recent) != 1 || len(s.Fresh) != 1 || s.Totals.Rows != 3 || s.Totals.Datasets != 1 || len(s.Totals.Days) != 30 || s.Totals.Days[29].Rows != 3 {
		t.Errorf("summary: %+v", s)
	}
	if r := h.do(t, "steward", http.MethodPatch, "/api/datasets/companies", DatasetChange{Description: ptr("全区企业"), Department: ptr("scjg")}); r.status != 200 || into[DatasetDetail](t, r).Description != "全区企业" {
		t.Errorf("edit: %d %s", r.status, r.body)
	}
	if r := h.do(t, "steward", http.MethodPatch, "/api/datasets/companies", DatasetChange{Department: ptr("mzj")}); r.status != http.StatusForbidden {
		t.Errorf("a steward gives the dataset away: %d", r.status)
	}
	if r := h.do(t, "steward2", http.MethodPatch, "/api/datasets/companies", DatasetChange{Name: ptr("x")}); r.status != http.StatusForbidden {
		t.Errorf("another department edits: %d", r.status)
	}
}

func ptr[T any](v T) *T { return &v }

func TestSecondDeliveryAndRollback(t *testing.T) { onBothStores(t, secondDeliveryAndRollback) }

func secondDeliveryAndRollback(t *testing.T, h *hub) {
	h.seed(t)
	first := h.land(t, "engineer", "a.csv", []byte("名称,数量\n甲,1\n乙,2\n"))
	if r := h.do(t, "engineer", http.MethodGet, "/api/runs/"+first[0].RunID, nil); first[0].RunID == "" || r.status != http.StatusOK {
		t.Errorf("the run that landed %+v: %d %s", first[0], r.status, r.body)
	}
	for q, want := range map[string]int{"a.csv": 1, first[0].Dataset[1:]: 1, "没有": 0} {
		if got := into[Page[Batch]](t, h.do(t, "engineer", http.MethodGet, "/api/batches?q="+url.QueryEscape(q), nil)); len(got.Items) != want {
			t.Errorf("batches by %q: %+v, want %d", q, got.Items, want)
		}
	}
	again := h.land(t, "engineer", "a.csv", []byte("名称,数量\n甲,1\n乙,2\n"))
	if len(again) != 1 || again[0].ID != first[0].ID {
		t.Errorf("the same bytes: %+v", again)
	}
	second := h.land(t, "engineer", "a.csv", []byte("名称,数量\n丙,3\n"))
	if second[0].Dataset != first[0].Dataset {
		t.Fatalf("the next issue went to %s, the first to %s", second[0].Dataset, first[0].Dataset)
	}
	base := "/api/datasets/" + first[0].Dataset
	snaps := into[Page[Snapshot]](t, h.do(t, "engineer", http.MethodGet, base+"/snapshots?limit=1", nil))
	if len(snaps.Items) != 1 || !snaps.Items[0].Current || snaps.Items[0].Rows != 3 || snaps.Next == "" {
		t.Fatalf("snapshots: %+v", snaps)
	}
	older := into[RowPage](t, h.do(t, "engineer", http.MethodGet, base+"/rows?snapshot="+first[0].Snapshot, nil))
	if len(older.Rows) != 2 || older.Total != 2 {
		t.Errorf("rows of the first state: %+v", older)
	}
	if r := h.do(t, "engineer", http.MethodPost, base+"/rollback", RollbackTo{Snapshot: "123"}); r.status != http.StatusNotFound {
		t.Errorf("to no snapshot: %d %s", r.status, r.body)
	}
	if r := h.do(t, "engineer", http.MethodPost, base+"/rollback", RollbackTo{Snapshot: first[0].Snapshot}); r.status != http.StatusOK {
		t.Fatalf("rollback: %d %s", r.status, r.body)
	}
	if d := into[DatasetDetail](t, h.do(t, "engineer", http.MethodGet, base, nil)); d.Rows != 2 || d.Snapshot != first[0].Snapshot {
		t.Errorf("entry after the rollback: %+v", d)
	}
	if rows := into[RowPage](t, h.do(t, "engineer", http.MethodGet, base+"/rows", nil)); len(rows.Rows) != 2 {
		t.Errorf("rows after the rollback: %+v", rows)
	}
	snaps = into[Page[Snapshot]](t, h.do(t, "engineer", http.MethodGet, base+"/snapshots", nil))
	for _, s := range snaps.Items {
		if s.Current != (s.ID == first[0].Snapshot) {
			t.Errorf("snapshot %+v", s)
		}
	}
	// What was rolled back says so, and may land again.
	gone := into[Page[Batch]](t, h.do(t, "engineer", http.MethodGet, "/api/batches?status=rolled_back", nil))
	if len(gone.Items) != 1 || gone.Items[0].ID != second[0].ID {
		t.Errorf("rolled back: %+v", gone.Items)
	}
	third := h.land(t, "engineer", "a.csv", []byte("名称,数量\n丙,3\n"))
	if third[0].Status != "landed" || third[0].Dataset != first[0].Dataset {
		t.Errorf("after the rollback: %+v", third)
	}
	if rows := into[RowPage](t, h.do(t, "engineer", http.MethodGet, base+"/rows", nil)); len(rows.Rows) != 3 {
		t.Errorf("rows after it landed again: %+v", rows)
	}
}

func TestQuarantineMendReplay(t *testing.T) { onBothStores(t, quarantineMendReplay) }

func quarantineMendReplay(t *testing.T, h *hub) {
	h.seed(t)
	got := h.land(t, "steward", "q.csv", []byte("编号,名称,数量\n1,甲,10\n2,乙\n3,丙,30\n4,丁,40,多\n5,戊,50\n6,己,60\n7,庚,70\n"))
	if got[0].RowsIn != got[0].RowsLanded+got[0].RowsQuarantined || got[0].RowsQuarantined == 0 {
		t.Fatalf("receipt: %+v", got[0])
	}
	list := into[QuarantinePage](t, h.do(t, "steward", http.MethodGet, "/api/quarantine?batch="+got[0].ID, nil))
	if len(list.Items) != int(got[0].RowsQuarantined) || len(list.Facets) != 2 || *list.TotalEstimate != got[0].RowsQuarantined {
		t.Fatalf("quarantine: %+v", list)
	}
	if r := h.do(t, "steward2", http.MethodGet, "/api/quarantine?batch="+got[0].ID, nil); r.status != http.StatusForbidden {
		t.Errorf("another department reads the lines: %d", r.status)
	}
	line := list.Items[0]
	if r := h.do(t, "steward", http.MethodPatch, "/api/quarantine/"+line.ID, Mending{Text: ptr("4,丁")}); r.status != http.StatusUnprocessableEntity || !strings.Contains(r.problem(t).Detail, "3") {
		t.Errorf("a mending that does not fit: %d %s", r.status, r.body)
	}
	if r := h.do(t, "steward2", http.MethodPatch, "/api/quarantine/"+line.ID, Mending{Text: ptr("4,丁,45")}); r.status != http.StatusForbidden {
		t.Errorf("another department mends: %d", r.status)
	}
	if r := h.do(t, "steward", http.MethodPatch, "/api/quarantine/"+line.ID, Mending{Text: ptr("4,丁,45")}); r.status != http.StatusOK || into[Quarantined](t, r).Status != "mended" {
		t.Fatalf("mend: %d %s", r.status, r.body)
	}
	run := h.wait(t, "steward", h.do(t, "steward", http.MethodPost, "/api/quarantine/replay", Replay{IDs: []string{line.ID}}))
	if run.State != "done" {
		t.Fatalf("replay: %+v\n%s", run, h.logs)
	}
	rows := into[RowPage](t, h.do(t, "steward", http.MethodGet, "/api/datasets/"+got[0].Dataset+"/rows?contains="+url.QueryEscape("丁"), nil))
	if len(rows.Rows) != 1 {
		t.Fatalf("the mended row: %+v", rows)
	}
	o := into[Origin](t, h.do(t, "steward", http.MethodGet, "/api/datasets/"+got[0].Dataset+"/origin?batch="+run.Batches[0]+"&row="+strconv.FormatInt(line.Line, 10), nil))
	if !o.Mended || *o.Values[2].Text != "45" {
		t.Errorf("origin of the mended row: %+v", o)
	}
	if len(list.Items) > 1 {
		if r := h.do(t, "steward", http.MethodPost, "/api/quarantine/discard", Discard{IDs: []string{list.Items[1].ID}, Reason: "重复"}); into[Affected](t, r).Count != 1 {
			t.Errorf("discard: %d %s", r.status, r.body)
		}
	}
	if open := into[QuarantinePage](t, h.do(t, "steward", http.MethodGet, "/api/quarantine?status=open", nil)); len(open.Items) != len(list.Items)-min(2, len(list.Items)) {
		t.Errorf("still open: %+v", open.Items)
	}
}

func TestUploadSurvivesCutsAndWrongOffsets(t *testing.T) {
	h := newHub(t, nil)
	h.seed(t)
	content := bytes.Repeat([]byte("0123456789abcdef"), 64<<10) // 1 MiB
	sum := sha256.Sum256(content)
	u := into[Upload](t, h.do(t, "steward", http.MethodPost, "/api/uploads", NewUpload{Name: "../夹/大.bin", SizeBytes: int64(len(content)), SHA256: hex.EncodeToString(sum[:])}))
	if u.Name != "夹/大.bin" || u.OffsetBytes != 0 {
		t.Fatalf("announced: %+v", u)
	}
	path := "/api/uploads/" + u.ID
	patch := func(offset int64, body io.Reader) reply {
		return h.do(t, "steward", http.MethodPatch, path, body, "Upload-Offset", strconv.FormatInt(offset, 10), "Content-Type", "application/octet-stream")
	}
	if r := patch(100, strings.NewReader("x")); r.status != http.StatusConflict || r.problem(t).OffsetBytes == nil || *r.problem(t).OffsetBytes != 0 {
		t.Errorf("wrong offset: %d %s", r.status, r.body)
	}
	if r := h.do(t, "steward2", http.MethodPatch, path, "x", "Upload-Offset", "0"); r.status != http.StatusNotFound {
		t.Errorf("another account writes: %d", r.status)
	}
	offset := int64(0)
	for i := 0; offset < int64(len(content)); i++ {
		part := content[offset:min(offset+200_000, int64(len(content)))]
		if i%2 == 0 {
			h.cutPatch(t, path, offset, part)
		} else if r := patch(offset, bytes.NewReader(part)); r.status != http.StatusOK {
			t.Fatalf("part at %d: %d %s", offset, r.status, r.body)
		}
		eventually(t, "the upload rests", func() bool {
			r := h.do(t, "steward", http.MethodGet, path, nil)
			u = into[Upload](t, r)
			return r.status == http.StatusOK && patch(u.OffsetBytes, strings.NewReader("")).status == http.StatusOK
		})
		if u.OffsetBytes < offset || u.OffsetBytes > offset+int64(len(part)) {
			t.Fatalf("offset %d after a part at %d", u.OffsetBytes, offset)
		}
		offset = u.OffsetBytes
		if i > 100 {
			t.Fatal("no progress")
		}
	}
	if u = into[Upload](t, h.do(t, "steward", http.MethodGet, path, nil)); !u.Received || u.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("received: %+v", u)
	}
	if r := patch(0, strings.NewReader("x")); r.status != http.StatusConflict {
		t.Errorf("written after the end: %d", r.status)
	}
	wrong := into[Upload](t, h.do(t, "steward", http.MethodPost, "/api/uploads", NewUpload{Name: "a", SizeBytes: 1, SHA256: strings.Repeat("0", 64)}))
	if r := h.do(t, "steward", http.MethodPatch, "/api/uploads/"+wrong.ID, "x", "Upload-Offset", "0"); r.status != http.StatusConflict || r.problem(t).Code != "upload.digest" {
		t.Errorf("wrong digest: %d %s", r.status, r.body)
	}
	long := into[Upload](t, h.do(t, "steward", http.MethodPost, "/api/uploads", NewUpload{Name: "a", SizeBytes: 1}))
	if r := h.do(t, "steward", http.MethodPatch, "/api/uploads/"+long.ID, "xyz", "Upload-Offset", "0"); r.status != http.StatusUnprocessableEntity {
		t.Errorf("longer than announced: %d %s", r.status, r.body)
	}
	if r := h.do(t, "steward", http.MethodPost, "/api/inspections", NewInspection{UploadID: long.ID}); r.status != http.StatusConflict || r.problem(t).Code != "upload.incomplete" {
		t.Errorf("inspect half a file: %d %s", r.status, r.body)
	}
	if r := h.do(t, "steward", http.MethodPost, "/api/uploads", NewUpload{Name: "a", SizeBytes: 2 << 30}); r.status != http.StatusUnprocessableEntity || r.problem(t).Code != "upload.too_large" {
		t.Errorf("too large: %d %s", r.status, r.body)
	}
	if r := h.do(t, "steward", http.MethodDelete, "/api/uploads/"+long.ID, nil); r.status != http.StatusNoContent {
		t.Errorf("delete: %d", r.status)
	}
}

// cutPatch sends half of a part and breaks the connection.
func (h *hub) cutPatch(t *testing.T, path string, offset int64, part []byte) {
	t.Helper()
	body := io.MultiReader(bytes.NewReader(part[:len(part)/2]), brokenReader{})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, h.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = int64(len(part))
	req.Header.Set("Upload-Offset", strconv.FormatInt(offset, 10))
	req.AddCookie(&http.Cookie{Name: cookieName, Value: h.as(t, "steward")})
	if res, err := http.DefaultTransport.RoundTrip(req); err == nil {
		if err := res.Body.Close(); err != nil {
			t.Error(err)
		}
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("the cable was pulled") }

func TestObjectsAreDownloadsOnly(t *testing.T) {
	h := newHub(t, nil)
	h.seed(t)
	svg := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89<script>alert(1)</script>")
	got := h.land(t, "steward", "图 片.png", svg)
	if got[0].Status != "kept_as_object" {
		t.Fatalf("receipt: %+v", got[0])
	}
	sum := sha256.Sum256(svg)
	path := "/api/objects/" + hex.EncodeToString(sum[:])
	o := into[Object](t, h.do(t, "steward", http.MethodGet, path, nil))
	if o.MediaType != "image/png" || o.Name != "图 片.png" || o.SizeBytes != int64(len(svg)) || len(o.Names) != 1 {
		t.Errorf("object: %+v", o)
	}
	r := h.do(t, "steward", http.MethodGet, path+"/content", nil)
	if !bytes.Equal(r.body, svg) || !strings.HasPrefix(r.header.Get("Content-Disposition"), "attachment") || r.header.Get("Content-Type") != "application/octet-stream" ||
		!strings.Contains(r.header.Get("Content-Security-Policy"), "sandbox") || r.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("content: %v", r.header)
	}
	if r := h.do(t, "steward2", http.MethodGet, path+"/content", nil); r.status != http.StatusNotFound {
		t.Errorf("another department downloads: %d", r.status)
	}
}

func TestWaitingBatchIsAnswered(t *testing.T) {
	h := newHub(t, nil)
	h.seed(t)
	first := h.land(t, "steward", "单位.csv", []byte("单位名称,地址,法人,联系电话\n甲,东,a,1\n乙,西,b,2\n丙,南,c,3\n"))
	got := h.land(t, "steward", "单位.csv", []byte("单位名称,地址,法人,联系电话号码\n丁,北,d,4\n"), LandedTable{N: 1, Land: true, Dataset: first[0].Dataset})
	if got[0].Status != "waiting" || got[0].Reason == "" {
		t.Fatalf("a renamed column: %+v", got[0])
	}
	s := into[Summary](t, h.do(t, "steward", http.MethodGet, "/api/summary", nil))
	if len(s.Waiting) != 1 {
		t.Errorf("the workbench does not show it: %+v", s.Waiting)
	}
	if r := h.do(t, "steward2", http.MethodPost, "/api/batches/"+got[0].ID+"/answer", BatchAnswer{Decision: "evolve"}); r.status != http.StatusForbidden {
		t.Errorf("another department answers: %d", r.status)
	}
	run := h.wait(t, "steward", h.do(t, "steward", http.MethodPost, "/api/batches/"+got[0].ID+"/answer", BatchAnswer{Decision: "evolve"}))
	if run.State != "done" || run.Rows != 1 {
		t.Errorf("answer: %+v\n%s", run, h.logs)
	}
}

// A file that cannot be taken says why, in its report and in its receipt.
func TestRefusedFileSaysWhy(t *testing.T) {
	h := newHub(t, nil)
	h.seed(t)
	u := h.send(t, "steward", "空.csv", nil)
	run := h.wait(t, "steward", h.do(t, "steward", http.MethodPost, "/api/inspections", NewInspection{UploadID: u.ID}))
	seen := into[Inspection](t, h.do(t, "steward", http.MethodGet, "/api/inspections/"+u.ID, nil))
	if run.State != "done" || seen.Report == nil || seen.Report.Refused == nil || seen.Report.Refused.Kind != "empty" || !hasHan(seen.Report.Refused.Message) {
		t.Errorf("inspection: %+v, %+v", run, seen)
	}
	got := h.land(t, "steward", "空.csv", nil)
	if got[0].Status != "refused" || !hasHan(got[0].Reason) {
		t.Errorf("receipt: %+v", got)
	}
}
