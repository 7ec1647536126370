package duck

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"shuniu/fault"
	"shuniu/resource"
)

// maxStatement bounds the text of a statement, in bytes.
const maxStatement = 1 << 20

// gate checks that sql is one SELECT that calls only allowed functions and
// reads only tables named station.dataset, and returns these, sorted. It knows
// every kind of node it lets pass; what it does not know it refuses.
func (s *session) gate(sql string) ([]resource.Table, error) {
	if len(sql) > maxStatement {
		return nil, refused("a statement of %d bytes, at most %d", len(sql), maxStatement)
	}
	if strings.ContainsRune(sql, 0) {
		return nil, refused("a NUL byte")
	}
	text, err := s.text("SELECT json_serialize_sql($1::VARCHAR, skip_null := true, skip_empty := true)::VARCHAR", sql)
	if err != nil {
		return nil, err
	}
	var tree struct {
		Error      bool             `json:"error"`
		Type       string           `json:"error_type"`
		Message    string           `json:"error_message"`
		Statements []map[string]any `json:"statements"`
	}
	if err := json.Unmarshal([]byte(text), &tree); err != nil {
		return nil, refused("a statement that is nested too deep")
	}
	switch {
	case tree.Error && tree.Type == "not implemented":
		return nil, refused("anything but SELECT")
	case tree.Error:
		if err := s.prepareOnly(sql); err != nil {
			return nil, err // DuckDB's own message, with the place
		}
		return nil, engineError("Parser Error: " + tree.Message)
	case len(tree.Statements) != 1:
		return nil, refused("%d statements at once", len(tree.Statements))
	}
	w := walker{tables: map[resource.Table]bool{}}
	if err := w.walk(tree.Statements[0], nil); err != nil {
		return nil, err
	}
	tables := make([]resource.Table, 0, len(w.tables))
	for t := range w.tables {
		tables = append(tables, t)
	}
	slices.SortFunc(tables, func(a, b resource.Table) int { return strings.Compare(a.String(), b.String()) })
	return tables, nil
}

// refused says what a statement may not do.
func refused(format string, args ...any) error {
	what := fmt.Sprintf(format, args...)
	return fault.Explain(fmt.Errorf("the statement holds %s: %w", what, fault.Denied), KeyRefused, map[string]any{"what": what})
}

// expressions are the classes of expression that pass.
var expressions = map[string]bool{
	"BETWEEN": true, "CASE": true, "CAST": true, "COLLATE": true, "COLUMN_REF": true, "COMPARISON": true, "CONJUNCTION": true,
	"CONSTANT": true, "FUNCTION": true, "LAMBDA": true, "OPERATOR": true, "POSITIONAL_REFERENCE": true, "STAR": true,
	"SUBQUERY": true, "WINDOW": true, "LAMBDA_REF": true, "DEFAULT": false, "PARAMETER": false,
}

// nodes are the other typed nodes that pass: query nodes, table references,
// modifiers, orders and descriptions of types.
var nodes = map[string]bool{
	"SELECT_NODE": true, "SET_OPERATION_NODE": true, "RECURSIVE_CTE_NODE": true, "CTE_NODE": true,
	"BASE_TABLE": true, "JOIN": true, "SUBQUERY": true, "EMPTY": true, "TABLE_FUNCTION": true, "EXPRESSION_LIST": true,
	"ORDER_MODIFIER": true, "LIMIT_MODIFIER": true, "DISTINCT_MODIFIER": true, "LIMIT_PERCENT_MODIFIER": true,
	"ORDER_DEFAULT": true, "ASCENDING": true, "DESCENDING": true,
	"UNBOUND_TYPE_INFO": true, "DECIMAL_TYPE_INFO": true, "LIST_TYPE_INFO": true, "STRUCT_TYPE_INFO": true, "ARRAY_TYPE_INFO": true,
	"STRING_TYPE_INFO": true, "ENUM_TYPE_INFO": true, "GENERIC_TYPE_INFO": true,
}

// A walker goes through a statement's tree.
type walker struct {
	tables map[resource.Table]bool
}

// scope holds the names of common table expressions, innermost last.
type scope []string

func (w *walker) walk(v any, names scope) error {
	switch x := v.(type) {
	case []any:
		for _, e := range x {
			if err := w.walk(e, names); err != nil {
				return err
			}
		}
	case map[string]any:
		return w.node(x, names)
	}
	return nil
}

func (w *walker) node(x map[string]any, names scope) error {
	names, err := w.ctes(x, names)
	if err != nil {
		return err
	}
	if class, ok := x["class"].(string); ok {
		if !expressions[class] {
			return refused("%s", strings.ToLower(class))
		}
		switch class {
		case "CONSTANT":
			return nil // holds values only
		case "FUNCTION", "WINDOW":
			if err := callable(x, allowedFunctions); err != nil {
				return err
			}
		}
	} else if kind, ok := x["type"].(string); ok {
		if !nodes[kind] {
			return refused("%s", strings.ToLower(strings.ReplaceAll(kind, "_", " ")))
		}
		switch kind {
		case "BASE_TABLE":
			if err := w.table(x, names); err != nil {
				return err
			}
		case "TABLE_FUNCTION":
			f, _ := x["function"].(map[string]any)
			if err := callable(f, allowedTableFunctions); err != nil {
				return err
			}
		}
	}
	for key, child := range x {
		if key == "cte_map" {
			continue // done
		}
		if err := w.walk(child, names); err != nil {
			return err
		}
	}
	return nil
}

// ctes walks the common table expressions of a query node and returns the
// scope with their names. A name may be used in the expressions after it, and
// in itself when it is recursive; allowing all of them is harmless, since
// DuckDB resolves names itself and a name here only stands for no table.
func (w *walker) ctes(x map[string]any, names scope) (scope, error) {
	m, ok := x["cte_map"].(map[string]any)
	if !ok {
		return names, nil
	}
	list, ok := m["map"].([]any)
	if !ok {
		return names, nil
	}
	names = slices.Clone(names)
	for _, e := range list {
		entry, ok := e.(map[string]any)
		if !ok {
			return nil, refused("an unknown kind of WITH")
		}
		name, ok := entry["key"].(string)
		if !ok {
			return nil, refused("an unknown kind of WITH")
		}
		name = strings.ToLower(name)
		if station(name) || strings.ContainsAny(name, "/\\.") {
			return nil, refused("WITH %s, which hides a station or a file", name)
		}
		names = append(names, name)
	}
	for _, e := range list {
		if err := w.walk(e.(map[string]any)["value"], names); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// callable checks the name of a function call.
func callable(f map[string]any, allowed map[string]bool) error {
	name, _ := f["function_name"].(string)
	if c, _ := f["catalog"].(string); c != "" {
		return refused("the function %s.%s", c, name)
	}
	if !allowed[strings.ToLower(name)] {
		return refused("the function %s", name)
	}
	return nil
}

// table takes down one table.
func (w *walker) table(x map[string]any, names scope) error {
	catalog, _ := x["catalog_name"].(string)
	schema, _ := x["schema_name"].(string)
	name, _ := x["table_name"].(string)
	if x["at_clause"] != nil {
		return refused("AT; name the snapshot beside the statement")
	}
	if catalog != "" {
		return refused("the catalogue %s", catalog)
	}
	if schema == "" {
		if slices.Contains(names, strings.ToLower(name)) {
			return nil
		}
		return fault.Explain(fmt.Errorf("table %q: write station.dataset, e.g. landing.company: %w", name, fault.Invalid),
			KeyStatement, map[string]any{"message": fmt.Sprintf("table %q: write station.dataset, e.g. landing.company", name)})
	}
	t := resource.Table{Station: resource.Station(strings.ToLower(schema)), Dataset: resource.DatasetID(strings.ToLower(name))}
	if !station(string(t.Station)) {
		return refused("the schema %s", schema)
	}
	if err := t.Dataset.Check(); err != nil {
		return fault.Explain(fmt.Errorf("table %s.%s: %w", schema, name, fault.NotFound), KeyStatement,
			map[string]any{"message": fmt.Sprintf("no table %s.%s", schema, name)})
	}
	w.tables[t] = true
	return nil
}

func station(name string) bool {
	switch resource.Station(name) {
	case resource.Landing, resource.Standard, resource.Library, resource.Topic:
		return true
	}
	return false
}

// prepareOnly lets DuckDB parse sql for its message.
func (s *session) prepareOnly(sql string) error {
	stmt, err := s.prepare(sql)
	if err != nil {
		return err
	}
	stmt.close()
	return nil
}
