package collect

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"

	"shuniu/resource/catalogue"
	"shuniu/shuniutest/pg"
	"shuniu/shuniutest/publicdata"
)

func TestLandGBK(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { landGBK(t, newHub(t)) })
	t.Run("postgres", func(t *testing.T) { landGBK(t, openHubOn(t, t.TempDir(), pg.Database(t))) })
}

func landGBK(t *testing.T, h *hub) {
	text, err := simplifiedchinese.GBK.NewEncoder().String("统一社会信用代码,企业名称,注册资本（万元）,成立日期\n91310115MA1K3XXX01,上海甲有限公司,1000,2019-01-02\n91310115MA1K3XXX02,上海乙有限公司,50,2020-11-30\n")
	if err != nil {
		t.Fatal(err)
	}
	path := h.put(t, "企业名录_2024.csv", text)
	r := h.one(t, Request{Path: path, Department: "scjg"})
	if r.Status != "landed" || r.RowsIn != 2 || r.RowsLanded != 2 || r.Dataset != "scjg_qiyeminglu" || r.SQL != "landing.scjg_qiyeminglu" || r.Snapshot == 0 {
		t.Errorf("receipt = %+v", r)
	}
	got := h.query(t, r.Dataset, `SELECT "企业名称", "成立日期", _row, _batch FROM landing.scjg_qiyeminglu ORDER BY _row`)
	want := []string{"上海甲有限公司|2019-01-02|2|" + string(r.Batch), "上海乙有限公司|2020-11-30|3|" + string(r.Batch)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	page, err := h.Catalogue.Search(engineer(t), catalogue.Query{Text: "qyml"})
	if err != nil || len(page.Entries) != 1 || page.Entries[0].Rows != 2 {
		t.Errorf("search: %+v, %v", page.Entries, err)
	}
	e, err := h.Catalogue.Get(engineer(t), string(r.Dataset))
	if err != nil || len(e.Fields) != 4 || e.Fields[1].Distinct != 2 || e.Fields[1].FillRate != 1 {
		t.Errorf("entry: %+v, %v", e, err)
	}
	o, err := h.Origin(engineer(t), r.Dataset, r.Batch, 3)
	if err != nil || len(o.Values) != 4 || *o.Values[1] != "上海乙有限公司" || o.Encoding != "gb18030" {
		t.Errorf("origin: %+v, %v", o, err)
	}
	again := h.one(t, Request{Path: path, Department: "scjg"})
	if again.Status != "unchanged" || again.Batch != r.Batch || again.RowsLanded != 0 {
		t.Errorf("second landing: %+v", again)
	}
	copied := h.put(t, "企业名录_2024(1).csv", text)
	if again := h.one(t, Request{Path: copied, Department: "scjg"}); again.Status != "unchanged" || again.Batch != r.Batch {
		t.Errorf("landing of a copy: %+v", again)
	}
	verdict, err := h.audit.Verify(t.Context())
	if err != nil || !verdict.OK() {
		t.Errorf("audit: %+v, %v", verdict, err)
	}
}

func TestEnterpriseFilesAreOneDataset(t *testing.T) {
	h := newHub(t)
	dir := publicdata.Path(t, "05-enterprise")
	files, err := filepath.Glob(filepath.Join(dir, "*.csv"))
	if err != nil || len(files) != 27 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	var rows int64
	sets := map[string]bool{}
	for _, f := range files {
		r := h.one(t, Request{Path: f})
		if r.Status != "landed" {
			t.Errorf("%s: %+v", f, r)
		}
		rows += r.RowsLanded
		sets[string(r.Dataset)] = true
	}
	if rows != 86_525 || len(sets) != 1 {
		t.Errorf("%d rows in %v, want 86525 in one dataset", rows, sets)
	}
	got := h.query(t, "shanghai", `SELECT count(*), count(DISTINCT _batch) FROM landing.shanghai`)
	if diff := cmp.Diff([]string{"86525|27"}, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	// Every value as the file has it, whatever reading each file suggested.
	for _, f := range []string{"上海_1979.csv", "上海_2004.csv"} {
		data, err := os.ReadFile(filepath.Join(dir, f))
		if err != nil {
			t.Fatal(err)
		}
		first := strings.Split(strings.Split(string(data), "\n")[1], ",")
		got := h.query(t, "shanghai", `SELECT "注册日期", "统一社会信用代码" FROM landing.shanghai WHERE "企业名称" = '`+first[0]+`' AND _row = 2`)
		if !slices.Contains(got, first[2]+"|"+first[1]) {
			t.Errorf("%s: %v, want %s|%s", f, got, first[2], first[1])
		}
	}
}
