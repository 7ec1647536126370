package collect

import (
	"context"
	"encoding/json"
	"slices"

	"shuniu/collect/intake/tabular"
	"shuniu/guard"
	"shuniu/resource"
)

// tells are the kinds of notes that tell of the table and hold none of its
// values: who may see the entry may see them.
var tells = []string{"title", "unit", "source"}

// seesRows reports whether the caller may read the rows of a dataset.
func (s *Service) seesRows(ctx context.Context, id resource.DatasetID, d resource.DepartmentID) bool {
	_, err := s.decide(ctx, guard.ReadRows, id, d)
	return err == nil
}

// redact takes the values of rows out of a batch: the report's notes of
// totals, sections and signatures, rejected lines, least and greatest values,
// and questions, which quote cells. Kinds, places and counts stay.
func (b *Batch) redact() {
	b.Questions = nil
	if len(b.Report) == 0 {
		return
	}
	var r batchReport
	if json.Unmarshal([]byte(b.Report), &r) != nil {
		b.Report = json.RawMessage(`{}`) // what cannot be read cannot be shown
		return
	}
	t := &r.Table
	for i := range t.Notes {
		if !slices.Contains(tells, t.Notes[i].Kind) {
			t.Notes[i].Text = ""
		}
	}
	t.Rejected, t.Questions, t.Preview, t.PreviewOrigin = []tabular.Reject{}, []string{}, nil, nil
	for i := range t.Columns {
		t.Columns[i].Min, t.Columns[i].Max = "", ""
	}
	r.Findings = nil
	raw, err := json.Marshal(r)
	if err != nil {
		raw = []byte(`{}`)
	}
	b.Report = raw
}
