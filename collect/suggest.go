package collect

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"shuniu/collect/intake"
	"shuniu/collect/intake/reading"
	"shuniu/guard"
	"shuniu/resource"
	"shuniu/resource/catalogue"
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
	place, err := json.Marshal(t.Place)
	if err != nil {
		return Suggestion{}, err
	}
	d, why, err := s.sameSource(ctx, department, content, storable(string(place)), key, names)
	if err != nil {
		return Suggestion{}, err
	}
	if d != nil {
		drift := append(matchColumns(d, cols, nil, nil).drift, d.rowsDrift(t.Rows, nil)...)
		return Suggestion{Dataset: d.ID, Exists: true, Name: d.Name, Department: d.Department, Why: why, Drift: drift}, nil
	}
	name := displayName(file, t, single)
	out := Suggestion{Dataset: makeID(department, name), Name: name, Department: department, Why: "没有找到相同来源的数据资源，将新建一个。"}
	switch {
	case unnamed(name):
		out.Vague, out.Names = true, namesWithout(file, t)
	case vague(name):
		out.Vague, out.Names = true, proposeNames(file, t, name)
	}
	return out, nil
}

var programName = regexp.MustCompile(`(?i)^(?:新建|新|未命名|无标题|untitled|new|复制)?[\s_-]*(?:microsoft|wps|office|excel|xlsx?|csv|工作表|工作簿|表格|电子表格|文档|文本文档|文件|spreadsheet|workbook|worksheet|document|book|工作簿)(?:[\s_-]*(?:excel|office|wps|工作表|工作簿|表格|电子表格|文档|worksheet|workbook|document))*[\s_-]*\d*$`)

// unnamed reports whether a name is what a program gives a file that nobody
// named: 新建 Microsoft Excel 工作表, 工作簿1, Book1, Untitled spreadsheet.
func unnamed(name string) bool {
	return programName.MatchString(catalogue.Fold(strings.TrimSpace(copyCounter.ReplaceAllString(name, ""))))
}

// namesWithout gives names for a table of a file that nobody named, best first,
// at most three: nothing of the file's own name is in them.
func namesWithout(file string, t *intake.TableReport) (out []string) {
	add := func(n string) {
		if n = strings.TrimSpace(n); n != "" && !vague(n) && !unnamed(n) && !slices.Contains(out, n) && len(out) < 3 {
			out = append(out, n)
		}
	}
	add(titleName(t))
	whole := strings.ReplaceAll(file, `\`, "/")
	if t.Member != "" {
		whole = stem(whole) + "/" + t.Member
	}
	if folder := path.Base(path.Dir(whole)); folder != "." && folder != "/" {
		add(trimIssue(folder))
	}
	if !defaultSheets.MatchString(catalogue.Fold(t.Place.Sheet)) {
		add(t.Place.Sheet)
	}
	var heads []string
	for _, c := range t.Columns {
		if _, err := strconv.Atoi(strings.TrimPrefix(c.Name, "column_")); err != nil && utf8.RuneCountInString(c.Name) <= 12 && len(heads) < 3 {
			heads = append(heads, c.Name)
		}
	}
	if len(heads) > 1 {
		add(strings.Join(heads, "、"))
	}
	return out
}

// NewID is the id that a new dataset of a department gets by its name: no
// dataset has it yet. A landing meanwhile may take it.
func (s *Service) NewID(ctx context.Context, department resource.DepartmentID, name string) (resource.DatasetID, error) {
	if _, err := s.decide(ctx, guard.Land, "", department); err != nil {
		return "", err
	}
	id, err := s.freeID(ctx, makeID(department, name))
	if err != nil {
		return "", fmt.Errorf("id for %q: %w", name, err)
	}
	return id, nil
}

// maxAlike is among how many namesakes a dataset of similar columns is looked
// for, the newest first.
const maxAlike = 50

// sameSource finds the dataset that earlier files of the same source went to,
// and says in words why; nil when there is none. content and place are the
// table's bytes and where in the file it stands.
func (s *Service) sameSource(ctx context.Context, department resource.DepartmentID, content, place, key string, names []string) (*dataset, string, error) {
	var known batchRow
	err := s.DB.Bun().NewSelect().Model(&known).ExcludeColumn("report").
		Where("b.content_sha256 = ? AND b.state = ? AND b.department = ? AND b.place_key = ?", content, stateLanded, string(department), place).
		Order("b.id").Limit(1).Scan(ctx)
	if err == nil {
		d, err := loadDataset(ctx, s.DB.Bun(), resource.DatasetID(known.Dataset))
		return d, "内容相同的文件已经归集过（批次 " + known.ID + "），再次归集不会重复入库。", err
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return nil, "", err
	}
	namesakes := func() *bun.SelectQuery {
		return s.DB.Bun().NewSelect().Where("d.department = ? AND d.name_key = ?", string(department), key)
	}
	var row datasetRow
	err = namesakes().Model(&row).Where("d.columns_key = ?", columnsKey(names)).Order("d.created_at", "d.dataset").Limit(1).Scan(ctx)
	if err == nil {
		d, err := row.dataset()
		return d, "文件名和列与它以前的文件一致。", err
	}
	if !errors.Is(err, sql.ErrNoRows) || generic(key) {
		return nil, "", ignoreNone(err)
	}
	var rows []datasetRow
	if err := namesakes().Model(&rows).Order("d.created_at DESC", "d.dataset DESC").Limit(maxAlike).Scan(ctx); err != nil {
		return nil, "", err
	}
	slices.Reverse(rows) // the oldest of those that fit
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

func ignoreNone(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}
