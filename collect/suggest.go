package collect

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"shuniu/collect/intake"
	"shuniu/collect/intake/reading"
	"shuniu/guard"
	"shuniu/resource"
)

// A Suggestion says where a table would land when nobody chooses.
type Suggestion struct {
	Dataset    resource.DatasetID
	Exists     bool
	Name       string
	Department resource.DepartmentID
	Why        string  // in plain words
	Drift      []Drift // against the dataset that exists
	// Vague tells that the name of a new dataset does not say what it is about;
	// a person is asked. Names are better ones, best first, at most three.
	Vague bool
	Names []string
}

// Suggest says for each table of a report, in its order, where Land would put
// it. Nothing is changed, and a landing meanwhile may change the answer.
func (s *Service) Suggest(ctx context.Context, department resource.DepartmentID, file string, rep *intake.Report) ([]Suggestion, error) {
	if _, err := s.decide(ctx, guard.Land, "", department); err != nil {
		return nil, err
	}
	perMember := map[string]int{}
	contents := map[string]string{"": rep.SHA256}
	for i := range rep.Tables {
		perMember[rep.Tables[i].Member]++
	}
	for i := range rep.Members {
		contents[rep.Members[i].Member] = rep.Members[i].SHA256
	}
	ordinals := map[string]int{}
	out := make([]Suggestion, len(rep.Tables))
	for i := range rep.Tables {
		t := &rep.Tables[i]
		place := t.Member + "\x00" + t.Place.Sheet + "\x00" + t.Place.Path
		ordinals[place]++
		var err error
		out[i], err = s.suggest(ctx, department, file, t, contents[t.Member], storable(nameKey(file, t, ordinals[place])), perMember[t.Member] == 1)
		if err != nil {
			return nil, fmt.Errorf("suggest for table %d of %s: %w", t.N, file, err)
		}
	}
	return out, nil
}

func (s *Service) suggest(ctx context.Context, department resource.DepartmentID, file string, t *intake.TableReport, content, key string, single bool) (Suggestion, error) {
	cols := make([]column, len(t.Columns))
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = storable(c.Name)
		cols[i] = column{name: names[i], unit: c.Unit, finding: &reading.Finding{Type: c.Type}}
	}
	d, why, err := s.sameSource(ctx, department, content, key, names)
	if err != nil {
		return Suggestion{}, err
	}
	if d != nil {
		drift := append(matchColumns(d, cols, nil, nil).drift, d.rowsDrift(t.Rows, nil)...)
		return Suggestion{Dataset: d.ID, Exists: true, Name: d.Name, Department: d.Department, Why: why, Drift: drift}, nil
	}
	name := displayName(file, t, single)
	out := Suggestion{Dataset: makeID(department, name), Name: name, Department: department, Why: "没有找到相同来源的数据资源，将新建一个。"}
	if out.Vague = vague(name); out.Vague {
		out.Names = proposeNames(file, t, name)
	}
	return out, nil
}

// sameSource finds the dataset that earlier files of the same source went to;
// nil when there is none.
func (s *Service) sameSource(ctx context.Context, department resource.DepartmentID, content, key string, names []string) (*dataset, string, error) {
	var known batchRow
	err := s.DB.Bun().NewSelect().Model(&known).ExcludeColumn("report").
		Where("b.content_sha256 = ? AND b.state = ? AND b.department = ?", content, stateLanded, string(department)).Order("b.id").Limit(1).Scan(ctx)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, "", err
	}
	var rows []datasetRow
	err = s.DB.Bun().NewSelect().Model(&rows).Where("d.department = ? AND d.name_key = ?", string(department), key).
		Order("d.created_at", "d.dataset").Limit(50).Scan(ctx)
	if err != nil {
		return nil, "", err
	}
	for i := range rows {
		if rows[i].ColumnsKey == columnsKey(names) {
			d, err := rows[i].dataset()
			if known.Dataset == rows[i].Dataset {
				return d, "内容相同的文件已经归集过（批次 " + known.ID + "），再次归集不会重复入库。", err
			}
			return d, "文件名和列与它以前的文件一致。", err
		}
	}
	if generic(key) {
		return nil, "", nil
	}
	for i := range rows {
		d, err := rows[i].dataset()
		if err != nil {
			return nil, "", err
		}
		if shared, all := overlap(d.names(), names); shared >= 3 && (shared*5 >= all*4 || shared == min(len(d.Forms), len(names)) && shared*2 >= all) {
			return d, fmt.Sprintf("文件名一致，%d 列中有 %d 列与它以前的文件相同。", len(names), shared), nil
		}
	}
	return nil, "", nil
}
