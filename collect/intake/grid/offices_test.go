package grid

import (
	"testing"
)

// draw makes a sheet of rows of values, "" for none.
func draw(rows ...[]string) *Sheet {
	s := NewSheet("")
	for i, r := range rows {
		s.StartRow(i)
		for c, v := range r {
			s.Add(c, Text, []byte(v), 0)
		}
	}
	s.Finish()
	return s
}

func only(t *testing.T, s *Sheet) *Block {
	t.Helper()
	blocks, rest := Analyse(t.Context(), s, Options{})
	if len(blocks) != 1 || len(rest) != 0 {
		t.Fatalf("%d tables, rest %+v", len(blocks), rest)
	}
	return blocks[0]
}

// TestNumberingKeepsData holds that a first data row that counts is not lost
// as a row that numbers the columns, and that one that does is no data.
func TestNumberingKeepsData(t *testing.T) {
	for _, c := range []struct {
		name string
		rows [][]string
		want int
	}{
		{"two columns", [][]string{{"id", "amount"}, {"1", "2"}, {"7", "5"}, {"9", "4"}}, 3},
		{"three figures", [][]string{{"id", "x", "y"}, {"1", "2", "3"}, {"4", "5", "6"}, {"7", "8", "9"}}, 3},
		{"part of the columns", [][]string{{"rank", "score", "name", "town", "note"}, {"1", "2", "Ann", "Ulm", "a"}, {"7", "5", "Bob", "Bonn", "b"}, {"9", "4", "Cid", "Köln", "c"}}, 3},
		{"numbering", [][]string{{"街道", "户数", "人口"}, {"1", "2", "3"}, {"张江", "50", "120"}, {"唐镇", "70", "160"}}, 2},
		{"stems", [][]string{{"街道", "户数", "人口"}, {"甲", "1", "2"}, {"张江", "50", "120"}, {"唐镇", "70", "160"}}, 2},
	} {
		if b := only(t, draw(c.rows...)); b.Rows() != c.want {
			t.Errorf("%s: %d rows, want %d; notes %+v", c.name, b.Rows(), c.want, b.Notes)
		}
	}
}

// TestSurnameIsNoTotal holds that 计 among surnames is data, whatever adds up.
func TestSurnameIsNoTotal(t *testing.T) {
	s := draw([]string{"姓", "复姓", "人数"},
		[]string{"王", "0", "10"}, []string{"李", "0", "20"}, []string{"张", "0", "30"}, []string{"计", "0", "60"},
		[]string{"狄", "0", "8"}, []string{"卿", "0", "7"}, []string{"晋", "0", "6"})
	if b := only(t, s); b.Rows() != 7 {
		t.Errorf("%d rows, want 7; notes %+v", b.Rows(), b.Notes)
	}
}

// TestUnitLines holds how offices of several countries say a unit.
func TestUnitLines(t *testing.T) {
	for _, l := range []string{
		"(Angaben in Euro)", "Beträge in TEUR", "(in thousands)", "All figures in £ million", "(En miles de euros)", "Montants en milliers d'euros",
		"(тыс. руб.)", "в тыс. рублей", "(단위 : 천원)", "（単位：千円）", "(en millions d'euros)", "Importes en euros", "Unidad: personas", "£ thousands",
	} {
		if kind, sure := noteKind(l); kind != "unit" || !sure {
			t.Errorf("%q is %s, %v", l, kind, sure)
		}
	}
	for _, l := range []string{"In April the office closed", "Data in brief. See below.", "en", "Figures 2024"} {
		if kind, sure := noteKind(l); sure && kind == "unit" {
			t.Errorf("%q is a unit", l)
		}
	}
}

// TestTitle holds that a table's own title without its unit is its name.
func TestTitle(t *testing.T) {
	s := draw([]string{"某区统计月报"}, nil,
		[]string{"表1 各街镇户籍人口（单位：人）"}, []string{"街镇", "人口"}, []string{"张江", "120"}, []string{"唐镇", "160"}, nil, nil,
		[]string{"表2 各街镇税收完成情况（单位：万元）"}, []string{"街镇", "税收", "增幅"}, []string{"张江", "12", "1.5"}, []string{"唐镇", "16", "2.5"})
	blocks, _ := Analyse(t.Context(), s, Options{})
	if len(blocks) != 2 {
		t.Fatalf("%d tables", len(blocks))
	}
	if a, b := blocks[0].Title(), blocks[1].Title(); a != "表1 各街镇户籍人口" || b != "表2 各街镇税收完成情况" {
		t.Errorf("%q, %q", a, b)
	}
}

// TestCountLines holds that a line that counts records is no total and no row.
func TestCountLines(t *testing.T) {
	for _, l := range []string{"Total Records: 3", "(3 rows)", "1,204 records", "共 12 条记录", "总计：25条", "Records: 12", "记录数：8", "Total: 12 records"} {
		if kind, sure := noteKind(l); kind != "note" || !sure || labelTotal(l) != noTotal {
			t.Errorf("%q is %s, %v, %v", l, kind, sure, labelTotal(l))
		}
	}
	for _, l := range []string{"Total", "合计", "Total: 12", "总计", "Records Management", "12 Rowan Street"} {
		if _, sure := noteKind(l); sure {
			t.Errorf("%q is a note", l)
		}
	}
}
