package standard_test

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shuniu/shuniutest/publicdata"
	"shuniu/standard"
	"shuniu/standard/rule"
)

func find(t testing.TB, kind string) *rule.Rule {
	t.Helper()
	r, err := standard.Find(kind)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestVectors holds the rules against the published test vectors.
func TestVectors(t *testing.T) {
	b, err := os.ReadFile(publicdata.Path(t, "codes/vectors.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Vectors map[string][]struct {
			Value      string
			Valid      bool
			Reason     string
			Birth, Sex string
			AreaCode   string `json:"area_code"`
			OrgCode    string `json:"org_code"`
			Department string
			Category   string
			Area       struct{ Name string }
		}
	}
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	for list, kind := range map[string]string{
		"citizen_id_gb11643": "citizen_id", "uscc_gb32100": "uscc", "org_code_gb11714": "org_code", "bank_card_luhn": "bank_card",
	} {
		r := find(t, kind)
		if len(file.Vectors[list]) < 40 {
			t.Errorf("%s: %d vectors, want 40 or more", list, len(file.Vectors[list]))
		}
		for _, v := range file.Vectors[list] {
			c := r.Check(v.Value, 20260101)
			if got := c.Verdict == rule.Valid; got != v.Valid {
				t.Errorf("%s %q: %v (%s), want valid %v (%s)", kind, v.Value, c.Verdict, c.Reason, v.Valid, v.Reason)
				continue
			}
			full := strings.Contains(v.Reason, "full-width")
			if !v.Valid && c.Verdict == rule.Repairable && !full && !strings.Contains(v.Reason, "lower case") {
				t.Errorf("%s %q repaired as %q, want it left alone (%s)", kind, v.Value, c.Repaired, v.Reason)
			}
			if full && c.Verdict != rule.Repairable {
				t.Errorf("%s %q: %v, want repairable", kind, v.Value, c.Verdict)
			}
			if !v.Valid {
				if c.Reason == "" {
					t.Errorf("%s %q: no reason", kind, v.Value)
				}
				continue
			}
			for part, want := range map[string]string{
				"birth": v.Birth, "sex": v.Sex, "area_code": v.AreaCode, "org_code": v.OrgCode, "department": v.Department, "category": v.Category,
				"area": strings.Replace(v.Area.Name, "直辖", "", 1),
			} {
				if want != "" && c.Parts[part] != want {
					t.Errorf("%s %q: %s %q, want %q", kind, v.Value, part, c.Parts[part], want)
				}
			}
		}
	}
}

// TestRegister holds the credit codes of a real register against the rule:
// what the register got wrong is known and counted.
func TestRegister(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(publicdata.Path(t, "05-enterprise"), "*.csv"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	r := find(t, "uscc")
	var col rule.Column
	col.Offsets = []int32{0}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		rows := csv.NewReader(f)
		rows.FieldsPerRecord = -1
		rows.LazyQuotes = true
		for first := true; ; first = false {
			rec, err := rows.Read()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(name, err)
			}
			if first || len(rec) < 2 {
				continue
			}
			col.Data = append(col.Data, rec[1]...)
			col.Offsets = append(col.Offsets, int32(len(col.Data)))
		}
		_ = f.Close()
	}
	n := r.Column(col, 0, nil)
	t.Logf("%d codes: %d valid, %d repairable, %d invalid, %d absent", col.Len(), n[rule.Valid], n[rule.Repairable], n[rule.Invalid], n[rule.Absent])
	if n[rule.Valid] < 86000 || n[rule.Repairable] < 40 || n[rule.Invalid] > 500 {
		t.Errorf("verdicts %v of %d codes", n, col.Len())
	}
	for i := range col.Len() {
		v := col.Data[col.Offsets[i]:col.Offsets[i+1]]
		if r.Verdict(v, 0) == rule.Invalid {
			c := r.Check(string(v), 0)
			t.Log(c.Value, c.Reason)
		}
	}
}
