package duck

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"shuniu/brain"
	"shuniu/resource"
)

// A tableNote tells the worker of one planned table.
type tableNote struct {
	Station resource.Station   `json:"station"`
	Dataset resource.DatasetID `json:"dataset"`
	Fields  []resource.Field   `json:"fields"`
	Files   []string           `json:"files"` // names in the worker's folder
}

// notes turns scans into what the worker is told and the files it is given.
func notes(scans []brain.Scan) ([]tableNote, map[string]string) {
	tables := make([]tableNote, len(scans))
	links := map[string]string{}
	for i, s := range scans {
		tables[i] = tableNote{Station: s.Table.Station, Dataset: s.Table.Dataset, Fields: s.Fields}
		for k, f := range s.Files {
			name := strconv.Itoa(i) + "-" + strconv.Itoa(k) + ".parquet"
			links[name] = f.Path
			tables[i].Files = append(tables[i].Files, name)
		}
	}
	return tables, links
}

// define makes the tables visible as station.dataset. Columns are found by
// field id, so that files from before a change of the schema read as the
// schema says now; a table without files is empty.
func (s *session) define(tables []tableNote, in string) error {
	schemas := map[resource.Station]bool{}
	for _, t := range tables {
		if !schemas[t.Station] {
			if err := s.exec("CREATE SCHEMA IF NOT EXISTS " + quote(string(t.Station))); err != nil {
				return err
			}
			schemas[t.Station] = true
		}
		sql, err := t.definition(in)
		if err != nil {
			return err
		}
		if err := s.exec(sql); err != nil {
			return fmt.Errorf("table %s.%s: %w", t.Station, t.Dataset, err)
		}
	}
	return nil
}

func (t tableNote) definition(in string) (string, error) {
	name := quote(string(t.Station)) + "." + quote(string(t.Dataset))
	if err := checkNames(t.Fields); err != nil {
		return "", err
	}
	columns, entries := make([]string, len(t.Fields)), make([]string, len(t.Fields))
	for i, f := range t.Fields {
		typ, err := sqlType(f)
		if err != nil {
			return "", err
		}
		columns[i] = quote(f.Name) + " " + typ
		entries[i] = fmt.Sprintf("%d: {name: %s, type: %s, default_value: NULL}", f.ID, literal(f.Name), literal(typ))
	}
	if len(t.Files) == 0 {
		return "CREATE TABLE " + name + " (" + strings.Join(columns, ", ") + ")", nil
	}
	files := make([]string, len(t.Files))
	for i, f := range t.Files {
		files[i] = literal(filepath.Join(in, f))
	}
	return fmt.Sprintf("CREATE VIEW %s AS SELECT * FROM read_parquet([%s], schema = MAP {%s})",
		name, strings.Join(files, ", "), strings.Join(entries, ", ")), nil
}
