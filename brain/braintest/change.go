package braintest

import (
	"slices"
	"strings"
	"testing"

	"shuniu/brain"
	"shuniu/fault"
	"shuniu/resource"
)

func createRefuses(t *testing.T, l *lab) {
	ok := resource.Table{Station: resource.Landing, Dataset: "ok"}
	text := resource.Field{Name: "a", Type: resource.Text}
	for _, tc := range []struct {
		name   string
		table  resource.Table
		fields []resource.Field
	}{
		{"a name of capitals", resource.Table{Station: resource.Landing, Dataset: "Upper"}, []resource.Field{text}},
		{"a Chinese name", resource.Table{Station: resource.Landing, Dataset: "民政"}, []resource.Field{text}},
		{"a path", resource.Table{Station: resource.Landing, Dataset: "../x"}, []resource.Field{text}},
		{"an unknown station", resource.Table{Station: "else", Dataset: "x"}, []resource.Field{text}},
		{"no columns", ok, nil},
		{"a column without a name", ok, []resource.Field{{Name: " ", Type: resource.Text}}},
		{"the same column twice", ok, []resource.Field{text, text}},
		{"columns that differ in case", ok, []resource.Field{text, {Name: "A", Type: resource.Text}}},
		{"a decimal of 29 digits", ok, []resource.Field{{Name: "d", Type: resource.Decimal, Precision: 29, Scale: 2}}},
		{"a decimal of no digits", ok, []resource.Field{{Name: "d", Type: resource.Decimal}}},
		{"a decimal finer than long", ok, []resource.Field{{Name: "d", Type: resource.Decimal, Precision: 3, Scale: 4}}},
		{"an unknown type", ok, []resource.Field{{Name: "d", Type: "float"}}},
	} {
		_, err := l.Create(t.Context(), tc.table, tc.fields)
		isKind(t, "create with "+tc.name, err, fault.Invalid)
	}
	if got, err := l.Tables(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("tables %v, %v after refusals", got, err)
	}
}

func names(t *testing.T, l *lab) {
	list := []string{"地区/总户数", "a.b", `quo"te`, "a b", "100%", "é", "select", "😀", "_batch", "x\ty", strings.Repeat("长", 80)}
	fields := make([]resource.Field, len(list))
	for i, n := range list {
		fields[i] = resource.Field{Name: n, Type: resource.Text}
	}
	tbl, err := l.Create(t.Context(), resource.Table{Station: resource.Standard, Dataset: "names"}, fields)
	if err != nil {
		t.Fatal(err)
	}
	c := l.stageRow(t, tbl, slices.Repeat([]any{"v"}, len(list)))
	if _, err := tbl.Append(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	for i, n := range list {
		got, err := tbl.Evolve(t.Context(), []brain.Change{{Rename: &brain.Rename{From: n, To: n + "′"}}})
		if err != nil {
			t.Fatalf("rename %q: %v", n, err)
		}
		if got[i].ID != i+1 || got[i].Name != n+"′" {
			t.Errorf("after renaming %q the field is %+v", n, got[i])
		}
	}
	s, err := tbl.Scan(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range list {
		same(t, "values after renames", []string{"v"}, ReadColumn(t, s, i+1))
	}
}

func evolve(t *testing.T, l *lab) {
	tbl := l.create(t, "t")
	first := l.append(t, tbl, 0, 5)
	fields, err := tbl.Evolve(t.Context(), []brain.Change{
		{Add: &resource.Field{Name: "面积", Type: resource.Integer, Unit: "平方米", Comment: "建筑面积"}},
		{Add: &resource.Field{Name: "开门", Type: resource.Time}},
		{Rename: &brain.Rename{From: "面积", To: "建筑面积"}},
		{Rename: &brain.Rename{From: "名称", To: "企业名称"}},
		{Widen: &resource.Field{ID: 3, Type: resource.Decimal, Precision: 18, Scale: 2}},
		{Drop: "at"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []resource.Field{}
	for i, f := range Fields {
		f.ID = i + 1
		switch f.Name {
		case "名称":
			f.Name = "企业名称"
		case "注册资本":
			f.Precision = 18
		case "at":
			continue
		}
		want = append(want, f)
	}
	want = append(want,
		resource.Field{ID: 10, Name: "建筑面积", Type: resource.Integer, Unit: "平方米", Comment: "建筑面积"},
		resource.Field{ID: 11, Name: "开门", Type: resource.Time})
	same(t, "fields", want, fields)
	again, err := tbl.Fields(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "fields read again", want, again)

	l.append(t, tbl, 5, 10)
	same(t, "rows of both schemas", span(0, 10), numbers(t, tbl, 0))
	s, err := tbl.Scan(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := ReadColumn(t, s, 1); len(got) != 10 || slices.Contains(got, "NULL") {
		t.Errorf("the renamed column reads %v", got)
	}
	old, err := tbl.Scan(t.Context(), first.ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(old.Fields) != len(Fields) || old.Fields[0].Name != "名称" {
		t.Errorf("the first snapshot has fields %+v", old.Fields)
	}
	// A dropped name that comes back is a new column: its id is not the old one.
	fields, err = tbl.Evolve(t.Context(), []brain.Change{{Add: &resource.Field{Name: "at", Type: resource.Text}}})
	if err != nil {
		t.Fatal(err)
	}
	if f := fields[len(fields)-1]; f.ID != 12 || f.Name != "at" {
		t.Errorf("the column that came back is %+v, want id 12", f)
	}
}

func evolveRefuses(t *testing.T, l *lab) {
	tbl := l.create(t, "t")
	before, err := tbl.Fields(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	good := brain.Change{Add: &resource.Field{Name: "new", Type: resource.Text}}
	for _, tc := range []struct {
		name string
		c    brain.Change
		kind error
	}{
		{"an empty change", brain.Change{}, fault.Invalid},
		{"a name that is there", brain.Change{Add: &resource.Field{Name: "N", Type: resource.Text}}, fault.Invalid},
		{"a name that was just added", good, fault.Invalid},
		{"29 digits", brain.Change{Add: &resource.Field{Name: "d", Type: resource.Decimal, Precision: 29}}, fault.Invalid},
		{"a drop of nothing", brain.Change{Drop: "nothing"}, fault.NotFound},
		{"a rename of nothing", brain.Change{Rename: &brain.Rename{From: "nothing", To: "x"}}, fault.NotFound},
		{"a rename onto another", brain.Change{Rename: &brain.Rename{From: "at", To: "n"}}, fault.Invalid},
		{"fewer digits", brain.Change{Widen: &resource.Field{ID: 3, Type: resource.Decimal, Precision: 11, Scale: 2}}, fault.Invalid},
		{"another scale", brain.Change{Widen: &resource.Field{ID: 3, Type: resource.Decimal, Precision: 20, Scale: 3}}, fault.Invalid},
		{"a text made a decimal", brain.Change{Widen: &resource.Field{ID: 1, Type: resource.Decimal, Precision: 20, Scale: 3}}, fault.Invalid},
		{"no such id", brain.Change{Widen: &resource.Field{ID: 99, Type: resource.Decimal, Precision: 20, Scale: 3}}, fault.NotFound},
	} {
		_, err := tbl.Evolve(t.Context(), []brain.Change{good, tc.c})
		isKind(t, tc.name, err, tc.kind)
	}
	after, err := tbl.Fields(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "fields after refusals: all changes or none", before, after)
}

func rollback(t *testing.T, l *lab) {
	tbl := l.create(t, "t")
	first := l.append(t, tbl, 0, 5)
	lost := l.stage(t, tbl, NewBatch(), 5, 10)
	second, err := tbl.Append(t.Context(), lost)
	if err != nil {
		t.Fatal(err)
	}
	got, err := tbl.Rollback(t.Context(), first.ID)
	if err != nil || got.ID != first.ID {
		t.Fatalf("rollback: %+v, %v", got, err)
	}
	same(t, "rows", span(0, 5), numbers(t, tbl, 0))
	same(t, "rows of the other snapshot", span(0, 10), numbers(t, tbl, second.ID))
	_, err = tbl.Rollback(t.Context(), 4711)
	isKind(t, "rollback to nothing", err, fault.NotFound)
	holds := func(want bool) {
		t.Helper()
		in, err := tbl.Batches(t.Context())
		if err != nil || in[lost.Batch] != want || len(in) == 0 {
			t.Errorf("batches %v, %v; want %s there: %v", in, err, lost.Batch, want)
		}
	}
	holds(false)
	if _, err := tbl.Rollback(t.Context(), second.ID); err != nil {
		t.Fatalf("forward: %v", err)
	}
	holds(true)
	if _, err := tbl.Rollback(t.Context(), first.ID); err != nil {
		t.Fatalf("back again: %v", err)
	}
	// The batch is not in the table any more, so it may come again.
	if _, err := tbl.Append(t.Context(), l.stage(t, tbl, lost.Batch, 5, 10)); err != nil {
		t.Fatal(err)
	}
	same(t, "rows", span(0, 10), numbers(t, tbl, 0))
	if _, err := tbl.Rollback(t.Context(), second.ID); err != nil {
		t.Fatalf("forward again: %v", err)
	}
	same(t, "rows", span(0, 10), numbers(t, tbl, 0))
}
