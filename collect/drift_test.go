package collect

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestANewColumnEvolvesTheDataset(t *testing.T) {
	h := newHub(t)
	a := h.one(t, Request{Path: h.put(t, "停车场名录2023.csv", "名称,地址,泊位数\n甲停车场,浦东大道1号,100\n乙停车场,世纪大道2号,80\n")})
	b := h.one(t, Request{Path: h.put(t, "停车场名录2024.csv", "名称,地址,泊位数,收费标准\n甲停车场,浦东大道1号,120,5元/小时\n")})
	if b.Dataset != a.Dataset || b.Status != "landed" || len(b.Drift) != 1 || b.Drift[0].Kind != ColumnNew {
		t.Fatalf("second version: %+v", b)
	}
	got := h.query(t, a.Dataset, `SELECT "名称", "泊位数", "收费标准" FROM landing.`+string(a.Dataset)+` ORDER BY _batch, _row`)
	want := []string{"甲停车场|100|NULL", "乙停车场|80|NULL", "甲停车场|120|5元/小时"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	// Another source of other columns is another dataset.
	c := h.one(t, Request{Path: h.put(t, "停车场名录.csv", "月份,收入\n1月,3\n2月,4\n")})
	if c.Dataset == a.Dataset || c.Status != "landed" {
		t.Errorf("other columns: %+v", c)
	}
}

func TestAValueThatNoLongerReadsKeepsEveryText(t *testing.T) {
	h := newHub(t)
	land := func(name, text string) Receipt {
		t.Helper()
		r := h.one(t, Request{Path: h.put(t, name, text), Dataset: "jc"})
		if r.Status != "landed" {
			t.Fatalf("%s: %+v", name, r)
		}
		return r
	}
	land("1.csv", "编号,日期,数值,合格,备注\nA1,2024/3/5,12,是,\nA2,2024/11/20,7,否,x\n")
	land("2.csv", "编号,日期,数值,合格,备注\nA3,2024/4/1,12.50,是,\nA4,待定,N/A,不详,y\nA5,2024/4/2,3.00,否,z\nA6,2024/4/2,3.00,否,z\nA7,2024/4/2,3.00,否,z\nA8,2024/4/2,3.00,否,z\nA9,2024/4/2,3.00,否,z\nB1,2024/4/2,3.00,否,z\nB2,2024/4/2,3.00,否,z\nB3,2024/4/2,3.00,否,z\nB4,2024/4/2,3.00,否,z\nB5,2024/4/2,3.00,否,z\nB6,2024/4/2,3.00,否,z\nB7,2024/4/2,3.00,否,z\nB8,2024/4/2,3.00,否,z\nB9,2024/4/2,3.00,否,z\nC1,2024/4/2,3.00,否,z\nC2,2024/4/2,3.00,否,z\nC3,2024/4/2,3.00,否,z\nC4,2024/4/2,3.00,否,z\n")
	got := h.query(t, "jc", `SELECT "编号", "日期", "数值", "合格", "备注" FROM landing.jc WHERE "编号" IN ('A1','A2','A3','A4') ORDER BY "编号"`)
	want := []string{"A1|2024/3/5|12|是|", "A2|2024/11/20|7|否|x", "A3|2024/4/1|12.50|是|", "A4|待定|N/A|不详|y"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
	got = h.query(t, "jc", `SELECT "日期__value", "数值__value" FROM landing.jc WHERE "编号" IN ('A1','A3','A4') ORDER BY "编号"`)
	want = []string{"2024-03-05|12.00", "2024-04-01|12.50", "NULL|NULL"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("readings (-want +got):\n%s", diff)
	}
	// The rows of the first batch are still where they came from.
	var unfinished int
	if err := h.DB.Bun().NewRaw("SELECT COUNT(*) FROM collect_reshape").Scan(t.Context(), &unfinished); err != nil || unfinished != 0 {
		t.Errorf("%d column changes unfinished, %v", unfinished, err)
	}
}

func TestARenamedColumnIsAskedAbout(t *testing.T) {
	h := newHub(t)
	first := h.one(t, Request{Path: h.put(t, "a.csv", "企业名称,信用代码,联系电话\n甲,1,11\n乙,2,22\n"), Dataset: "qy"})
	w := h.one(t, Request{Path: h.put(t, "b.csv", "企业名称,统一信用代码,联系电话\n丙,3,33\n"), Dataset: "qy"})
	if w.Status != "waiting" || w.RowsIn != 0 || w.Reason == "" {
		t.Fatalf("renamed column: %+v", w)
	}
	if got := h.query(t, "qy", "SELECT count(*) FROM landing.qy"); got[0] != "2" {
		t.Errorf("rows while it waits: %v", got)
	}
	rs, err := h.Answer(engineer(t), w.Batch, Answer{Action: Evolve}, nil)
	if err != nil || len(rs) != 1 || rs[0].Status != "landed" || rs[0].Dataset != first.Dataset {
		t.Fatalf("answer: %+v, %v", rs, err)
	}
	got := h.query(t, "qy", `SELECT "企业名称", "信用代码" FROM landing.qy ORDER BY _batch, _row`)
	if diff := cmp.Diff([]string{"甲|1", "乙|2", "丙|3"}, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if _, err := h.Answer(engineer(t), w.Batch, Answer{Action: Accept}, nil); err == nil {
		t.Error("a batch was answered twice")
	}
}

func TestAPolicyQuarantinesAWholeVersion(t *testing.T) {
	h := newHub(t)
	h.one(t, Request{Path: h.put(t, "a.csv", "甲,乙,丙\n1,2,3\n4,5,6\n"), Dataset: "p"})
	if err := h.SetPolicy(engineer(t), "p", Policy{Actions: map[DriftKind]Action{ColumnGone: Quarantine}}); err != nil {
		t.Fatal(err)
	}
	r := h.one(t, Request{Path: h.put(t, "b.csv", "甲,乙\n7,8\n9,\"a,b\"\n"), Dataset: "p"})
	if r.Status != "landed" || r.RowsIn != 2 || r.RowsQuarantined != 2 || r.RowsLanded != 0 {
		t.Fatalf("receipt: %+v", r)
	}
	lines, err := h.Lines(engineer(t), LineFilter{Batch: r.Batch})
	if err != nil || len(lines) != 2 || lines[1].Text != `9,"a,b"` || lines[1].Line != 3 {
		t.Errorf("lines: %+v, %v", lines, err)
	}
}
