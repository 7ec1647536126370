package library

import (
	"fmt"
	"strings"

	"shuniu/resource"
)

// Columns that a build adds.
const (
	entityColumn = "_entity" // the thing a row speaks of
	howColumn    = "_how"    // why it does: key, mended key, name, alone
	fromSuffix   = "__from"  // "<field>__from": _batch and _row of the golden value, as "batch:row"
)

func text(names ...string) (fields []resource.Field) {
	for _, n := range names {
		fields = append(fields, resource.Field{Name: n, Type: resource.Text})
	}
	return fields
}

func integer(name string) resource.Field { return resource.Field{Name: name, Type: resource.Integer} }

// linkedFields are those of library.<name>_row.
func linkedFields(p *Pack) []resource.Field {
	return append(text(entityColumn, howColumn), rowFields(p)...)
}

// linkedSQL gives each row its thing: by its key; without a sound one by its
// name, when all rows of that name with a key have the same; else the row is a
// thing of its own.
func linkedSQL(p *Pack, from resource.Table) string {
	key := quote(p.Key)
	mended := fmt.Sprintf(`coalesce(contains(_issues, '"field":"%s","verdict":"mended"'), false)`, p.Key)
	named := "SELECT NULL::VARCHAR AS _folded, NULL::VARCHAR AS _known WHERE false"
	if p.Name != "" {
		named = fmt.Sprintf("SELECT _folded, min(%[1]s) AS _known FROM %[2]s WHERE %[1]s IS NOT NULL AND _folded IS NOT NULL GROUP BY _folded HAVING count(DISTINCT %[1]s) = 1", key, from)
	}
	return fmt.Sprintf(`WITH named AS (%[1]s)
SELECT r.*,
  CASE WHEN r.%[2]s IS NOT NULL THEN r.%[2]s WHEN n._known IS NOT NULL THEN n._known ELSE r._batch || ':' || r._row END AS _entity,
  CASE WHEN r.%[2]s IS NOT NULL AND %[4]s THEN 'mended key' WHEN r.%[2]s IS NOT NULL THEN 'key' WHEN n._known IS NOT NULL THEN 'name' ELSE 'alone' END AS _how
FROM %[3]s r LEFT JOIN named n ON r.%[2]s IS NULL AND r._folded = n._folded`, named, key, from, mended)
}

// order ranks the rows of a thing for a field: authority, then the newest.
func order(p *Pack, field string) string {
	var b strings.Builder
	for _, a := range p.Authority {
		for _, f := range a.Fields {
			if f != field {
				continue
			}
			b.WriteString("CASE _department ")
			for i, d := range a.Departments {
				fmt.Fprintf(&b, "WHEN %s THEN %d ", literal(string(d)), i)
			}
			fmt.Fprintf(&b, "ELSE %d END, ", len(a.Departments))
		}
	}
	if p.has(asOf) {
		b.WriteString(quote(asOf) + " DESC NULLS LAST, ")
	}
	return b.String() + "_batch DESC, _row DESC"
}

// goldenFields are those of library.<name>.
func goldenFields(p *Pack) []resource.Field {
	fields := append(text(entityColumn), integer("_rows"), integer("_departments"))
	for _, f := range p.Fields {
		fields = append(fields, resource.Field{Name: f.Name, Type: resource.Text, Comment: f.Title.ZH})
	}
	for _, f := range p.Fields {
		fields = append(fields, resource.Field{Name: f.Name + fromSuffix, Type: resource.Text})
	}
	return fields
}

// goldenSQL is one row a thing.
func goldenSQL(p *Pack, from resource.Table) string {
	cols := []string{entityColumn, "count(*) AS _rows", "count(DISTINCT _department) AS _departments"}
	for _, f := range p.Fields {
		by := order(p, f.Name)
		q := quote(f.Name)
		cols = append(cols,
			fmt.Sprintf("first(%s ORDER BY %s) FILTER (WHERE %s IS NOT NULL) AS %s", q, by, q, q),
			fmt.Sprintf("first(_batch || ':' || _row ORDER BY %s) FILTER (WHERE %s IS NOT NULL) AS %s", by, q, quote(f.Name+fromSuffix)))
	}
	return fmt.Sprintf("SELECT %s FROM %s GROUP BY _entity ORDER BY _entity", strings.Join(cols, ",\n  "), from)
}

// conflictFields are those of library.<name>_conflict.
func conflictFields() []resource.Field {
	return append(text(entityColumn, "field", "value", departmentColumn, resource.BatchColumn), integer(resource.RowColumn),
		resource.Field{Name: "chosen", Type: resource.Boolean})
}

// conflictSQL is one row for each value of a field on which the rows of a thing
// differ. Width, case, blanks and brackets make no difference.
func conflictSQL(p *Pack, from resource.Table) string {
	var parts []string
	for _, f := range p.Fields {
		if f.Name == p.Key || f.Name == asOf {
			continue
		}
		q, by := quote(f.Name), order(p, f.Name)
		same := fmt.Sprintf(`regexp_replace(lower(translate(%s, %s, %s)), '[\s()]', '', 'g')`, q, literal(wide), literal(narrow))
		parts = append(parts, fmt.Sprintf(`SELECT _entity, %[1]s AS field, %[2]s AS value, _department, _batch, _row,
  row_number() OVER (PARTITION BY _entity ORDER BY %[3]s) = 1 AS chosen,
  min(%[4]s) OVER (PARTITION BY _entity) <> max(%[4]s) OVER (PARTITION BY _entity) AS differ
FROM %[5]s WHERE %[2]s IS NOT NULL`, literal(f.Name), q, by, same, from))
	}
	return "SELECT * EXCLUDE (differ) FROM (" + strings.Join(parts, "\nUNION ALL\n") + ") WHERE differ ORDER BY _entity, field, chosen DESC, _batch, _row"
}

// issueFields are those of library.<name>_issue.
func issueFields() []resource.Field {
	return append(text(entityColumn, "field", "verdict", "value", "repaired", "reason", departmentColumn, datasetColumn, resource.BatchColumn), integer(resource.RowColumn))
}

// issueSQL is one row for each value that was mended or rejected.
func issueSQL(from resource.Table) string {
	return fmt.Sprintf(`SELECT _entity, i ->> '$.field' AS field, i ->> '$.verdict' AS verdict, i ->> '$.value' AS value,
  i ->> '$.repaired' AS repaired, i ->> '$.reason' AS reason, _department, _dataset, _batch, _row
FROM (SELECT *, unnest(CAST(CAST(_issues AS JSON) AS JSON[])) AS i FROM %s WHERE _issues IS NOT NULL) ORDER BY _batch, _row, field`, from)
}

// wide are the full-width forms of narrow, in the same order.
var wide, narrow = func() (w, n string) {
	for r := rune('!'); r <= '~'; r++ {
		w, n = w+string(r+0xFEE0), n+string(r)
	}
	return w + "\u3000", n + " "
}()

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
