package collect

import (
	"slices"
	"strings"

	"shuniu/collect/intake/reading"
	"shuniu/resource"
)

// maxDecimal is the most digits a decimal may have (facts of all engines).
const maxDecimal = 28

// How a typed column's null came in.
const (
	nullsEmpty  = "empty"  // as the empty text
	nullsAbsent = "absent" // as no value at all
)

// A form is how a dataset stores one source column: as text (Type text or
// time), as one typed column from which the text can be rendered, or as text
// with the typed reading beside it (Value). What came in can always be had
// back.
type form struct {
	Name      string        `json:"name"`  // as the source calls it
	Store     string        `json:"store"` // as the table calls it
	Field     int           `json:"field"` // id in the table
	Type      resource.Type `json:"type"`
	Precision int           `json:"precision,omitempty"`
	Scale     int           `json:"scale,omitempty"`
	Probe     string        `json:"probe,omitempty"`
	Nulls     string        `json:"nulls,omitempty"`
	Unit      string        `json:"unit,omitempty"`
	Value     *valueForm    `json:"value,omitempty"`
}

// A valueForm is the typed reading beside a text column.
type valueForm struct {
	Store     string        `json:"store"`
	Field     int           `json:"field"`
	Type      resource.Type `json:"type"`
	Precision int           `json:"precision,omitempty"`
	Scale     int           `json:"scale,omitempty"`
}

// reading is the type a person sees: of the value column when there is one.
func (f *form) reading() resource.Type {
	if f.Value != nil {
		return f.Value.Type
	}
	return f.Type
}

func (f *form) field() resource.Field {
	return resource.Field{ID: f.Field, Name: f.Store, Type: f.Type, Precision: f.Precision, Scale: f.Scale, Unit: f.Unit}
}

func (v *valueForm) field(unit string) resource.Field {
	return resource.Field{ID: v.Field, Name: v.Store, Type: v.Type, Precision: v.Precision, Scale: v.Scale, Unit: unit}
}

func isText(t resource.Type) bool { return t == resource.Text || t == resource.Time }

// newForm decides how a column that is new to its dataset is stored.
func newForm(name, unit string, f *reading.Finding, probe string) form {
	c := form{Name: name, Unit: unit, Type: f.Type}
	if unit == "" {
		c.Unit = f.Unit
	}
	if isText(f.Type) {
		return c
	}
	precision, scale := digits(f)
	nulls := nullsOf(f)
	if _, ok := renderSQL(f.Type, probe, nulls, "c"); ok && f.Exact {
		c.Precision, c.Scale, c.Probe, c.Nulls = precision, scale, probe, nulls
		return c
	}
	c.Type = resource.Text
	c.Value = &valueForm{Type: f.Type, Precision: precision, Scale: scale}
	return c
}

// digits of a decimal, with room: up to 18 digits cost the same.
func digits(f *reading.Finding) (precision, scale int) {
	if f.Type != resource.Decimal {
		return 0, 0
	}
	return min(max(f.Precision, 18), maxDecimal), f.Scale
}

func nullsOf(f *reading.Finding) string {
	switch {
	case f.Nulls == 0:
		return ""
	case f.EmptyNull:
		return nullsEmpty
	}
	return nullsAbsent
}

// fit says how the form must change to take a column of finding f: not at all
// (same), by a wider decimal (wider), or by a new form that keeps what is
// stored (reshaped).
type fit int

const (
	same fit = iota
	wider
	reshaped
)

// take returns the form that holds what is stored and what f found.
func (f form) take(x *reading.Finding, probe string) (form, fit) {
	if f.Value != nil {
		v := *f.Value
		f.Value = &v // the caller's stays
	}
	if x.MaxBytes == 0 { // nothing but empty or absent values
		return f, same
	}
	switch {
	case f.Value == nil && isText(f.Type):
		return f, same
	case f.Value == nil && x.Type == f.Type && x.Exact && probe == f.Probe:
		nulls := nullsOf(x)
		if nulls != "" && f.Nulls != "" && nulls != f.Nulls || f.Type == resource.Decimal && x.Scale != f.Scale {
			break
		}
		if f.Nulls == "" {
			f.Nulls = nulls
		}
		if f.Type == resource.Decimal && x.Precision > f.Precision {
			if x.Precision > maxDecimal {
				break
			}
			f.Precision = x.Precision
			return f, wider
		}
		return f, same
	case f.Value != nil:
		v, ok := f.Value.with(x)
		if !ok || v == *f.Value {
			return f, same // what does not read so stays text only, and is counted
		}
		how := reshaped
		if v.Type == f.Value.Type && v.Scale == f.Value.Scale {
			how = wider
		}
		f.Value = &v
		return f, how
	}
	v := valueForm{Type: f.Type, Precision: f.Precision, Scale: f.Scale}
	if w, ok := v.with(x); ok {
		v = w
	}
	f.Type, f.Precision, f.Scale, f.Probe, f.Nulls = resource.Text, 0, 0, "", ""
	f.Value = &v
	return f, reshaped
}

// with is the narrowest reading that holds both what v holds and what x found;
// ok is false when there is none.
func (v valueForm) with(x *reading.Finding) (valueForm, bool) {
	number := func(t resource.Type) bool { return t == resource.Integer || t == resource.Decimal }
	moment := func(t resource.Type) bool { return t == resource.Date || t == resource.Timestamp }
	switch {
	case v.Type == x.Type && v.Type != resource.Decimal:
		return v, true
	case number(v.Type) && number(x.Type):
		// integers count as 18 digits: more are no measure but a code
		ints, scale := 18, x.Scale
		if v.Type == resource.Decimal {
			ints, scale = v.Precision-v.Scale, max(scale, v.Scale)
		}
		if x.Type == resource.Decimal {
			ints = max(ints, x.Precision-x.Scale)
		}
		if ints+scale > maxDecimal {
			if ints = maxDecimal - scale; v.Type == resource.Decimal || x.Type == resource.Decimal && x.Precision-x.Scale > ints {
				return v, false
			}
		}
		v.Type, v.Precision, v.Scale = resource.Decimal, ints+scale, scale
		return v, true
	case moment(v.Type) && moment(x.Type):
		v.Type = resource.Timestamp
		return v, true
	}
	return v, false
}

// storeNames gives the forms that have none yet names for their columns:
// unique without regard to case (DuckDB and Trino read A and a as one), none
// reserved.
func storeNames(forms []form) {
	taken := map[string]bool{resource.BatchColumn: true, resource.RowColumn: true}
	for _, f := range forms {
		if f.Store != "" {
			taken[strings.ToLower(f.Store)] = true
		}
		if f.Value != nil && f.Value.Store != "" {
			taken[strings.ToLower(f.Value.Store)] = true
		}
	}
	free := func(name, suffix string) string {
		try := name + suffix
		for n := 2; taken[strings.ToLower(try)]; n++ {
			try = name + "_" + itoa(n) + suffix
		}
		taken[strings.ToLower(try)] = true
		return try
	}
	for i := range forms {
		f := &forms[i]
		if f.Store == "" {
			f.Store = free(f.Name, "")
		}
		if f.Value != nil && f.Value.Store == "" {
			f.Value.Store = free(f.Store, resource.ReadingSuffix)
		}
	}
}

// fieldsOf are the fields of a table with these forms, reserved columns last.
// Ids count from 1 in this order, as Lake.Create gives them.
func fieldsOf(forms []form) []resource.Field {
	var out []resource.Field
	for i := range forms {
		f := &forms[i]
		out = append(out, f.field())
		if f.Value != nil {
			out = append(out, f.Value.field(f.Unit))
		}
	}
	return append(out,
		resource.Field{Name: resource.BatchColumn, Type: resource.Text},
		resource.Field{Name: resource.RowColumn, Type: resource.Integer})
}

// bind sets the ids of forms from the table's fields, by name.
func bind(forms []form, fields []resource.Field) {
	ids := make(map[string]int, len(fields))
	for _, f := range fields {
		ids[f.Name] = f.ID
	}
	for i := range forms {
		forms[i].Field = ids[forms[i].Store]
		if v := forms[i].Value; v != nil {
			v.Field = ids[v.Store]
		}
	}
}

func cloneForms(forms []form) []form {
	out := slices.Clone(forms)
	for i := range out {
		if out[i].Value != nil {
			v := *out[i].Value
			out[i].Value = &v
		}
	}
	return out
}

// number gives the forms the ids that a new table will give them, and returns
// those of the reserved columns.
func number(forms []form) (reserved [2]int) {
	fields := fieldsOf(forms)
	for i := range fields {
		fields[i].ID = i + 1
	}
	bind(forms, fields)
	return [2]int{len(fields) - 1, len(fields)}
}

// plainUnit folds ways of writing one unit: (万元人民币), 万人民币 → 万元.
func plainUnit(u string) string {
	u = strings.NewReplacer("(", "", ")", "", "（", "", "）", "", "人民币", "", "RMB", "", "单位", "", ":", "", "：", "", " ", "").Replace(u)
	if u == "万" || u == "亿" || u == "千" || u == "百万" {
		u += "元"
	}
	return u
}

// otherUnit reports whether the column's numbers are in another unit than the
// form's reading, so that they must not stand in one column of numbers.
func otherUnit(f *form, c *column) bool {
	number := func(t resource.Type) bool { return t == resource.Integer || t == resource.Decimal }
	if !number(f.reading()) || !number(c.finding.Type) {
		return false
	}
	unit := c.unit
	if unit == "" {
		unit = c.finding.Unit
	}
	return plainUnit(unit) != plainUnit(f.Unit)
}
