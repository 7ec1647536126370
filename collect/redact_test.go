package collect

import (
	"encoding/json"
	"strings"
	"testing"

	"shuniu/collect/intake"
	"shuniu/collect/intake/reading"
	"shuniu/collect/intake/tabular"
)

func TestRedactLeavesNoValues(t *testing.T) {
	one := "张三"
	raw, err := json.Marshal(batchReport{
		Table: intake.TableReport{
			Notes: []tabular.Note{
				{Kind: "title", Text: "台账", Place: "A1"},
				{Kind: "total", Text: "合计 张三", Place: "A9"},
				{Kind: "signature", Text: "填表人：张三", Place: "A10"},
			},
			Rejected: []tabular.Reject{{Line: 3, Text: one}}, Questions: []string{one}, Preview: [][]*string{{&one}},
			Columns: []intake.ColumnReport{{Name: "姓名", Min: one, Max: one}},
		},
		Findings: []reading.Finding{{Samples: []string{one}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	b := Batch{Receipt: Receipt{Questions: []string{one}}, Report: raw}
	b.redact()
	out, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(out), one) {
		t.Errorf("a value is left: %s", out)
	}
	for _, keep := range []string{"台账", "A9", "姓名"} {
		if !strings.Contains(string(out), keep) {
			t.Errorf("%s is gone: %s", keep, out)
		}
	}
}
