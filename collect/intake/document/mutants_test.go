package document

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"shuniu/collect/intake/tabular"
)

// TestMutants reads damaged copies of good files: each is read, in balance, or
// refused, and soon.
func TestMutants(t *testing.T) {
	shape := func(ctx context.Context, src *tabular.Source, opt tabular.Options) ([]tabular.Found, error) {
		return FindShapefile(ctx, src, opt, nil)
	}
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "a", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "b", Type: arrow.PrimitiveTypes.Int64},
		{Name: "s", Type: arrow.StructOf(arrow.Field{Name: "x", Type: arrow.FixedWidthTypes.Date32, Nullable: true}), Nullable: true},
	}, nil)
	body := `<w:tbl>` + docxRow("a", `<w:gridSpan w:val="2"/>|b`) + docxRow(`<w:vMerge w:val="restart"/>|1`, "2", "3") + docxRow(`<w:vMerge/>|`, "4", "5") + `</w:tbl>`
	docx := docxFile(t, body)
	docxText := make([]byte, docx.Size)
	if _, err := docx.ReadAt(docxText, 0); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		find tabular.Finder
		in   string
	}{
		{"JSON", FindJSON, `{"n":1,"rows":[{"id":1,"a":{"b":[1,2]},"c":[{"d":"\u4e2d"}]},{"id":2,"a":null}],"m":{"1":{"x":1},"2":{"x":2}}}`},
		{"lines", FindJSON, "{\"a\":1,\"b\":[{\"c\":2}]}\n{\"a\":\"x\"}\n[1]\n{\"a\":3}\n"},
		{"XML", FindXML, `<?xml version="1.0"?><r a="1"><i k="1">x<b>y</b></i><i k="2"><b>z</b><c><d>1</d><d>2</d></c></i><!-- n --><![CDATA[q]]></r>`},
		{"SQL", FindSQL, "CREATE TABLE `t` (`a` int, `b` varchar(9) COMMENT 'x') ENGINE=InnoDB;\nINSERT INTO `t` VALUES (1,'a\\'b'),(2,NULL);\nCOPY u (a) FROM stdin;\n1\n\\.\nINSERT INTO v (a,b) VALUES (NOW(), 'x');"},
		{"DBF", FindDBF, string(dbfBytes(3, 0x4D, []dbfColumn{{"A", 'C', 9, 0}, {"B", 'N', 5, 1}, {"D", 'D', 8, 0}, {"L", 'L', 1, 0}}, [][]string{{"x", "1.5", "20240101", "T"}, {"*", "y", "", "", ""}}))},
		{"FoxPro", FindDBF, string(dbfBytes(0x30, 0x7A, []dbfColumn{{"I", 'I', 4, 0}, {"T", 'T', 8, 0}, {"M", 'M', 4, 0}}, [][]string{{"abcd", "abcdefgh", "xxxx"}}))},
		{"shapes", shape, shapeBytes(5, shapePolygon([][2]float64{{0, 0}, {0, 1}, {1, 1}, {0, 0}}), shapePoint(1, 2))},
		{"HTML", FindHTML, `<h1>t</h1><table><caption>c<tr><th rowspan=2>a<th colspan=2>b<tr><td>1<td>2<tr><td>x<td>3<td>4<tr><td>y<td>5<td><table><tr><td>n</table></table>`},
		{"DOCX", FindDOCX, string(docxText)},
		{"Parquet", FindParquet, parquetBytes(t, schema, `[{"a":"x","b":1,"s":{"x":"2024-03-05"}},{"b":2,"s":null}]`)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(1, 2))
			for n := range 500 / slow {
				b := []byte(tc.in)
				for range 1 + rnd.IntN(4) {
					switch at := rnd.IntN(len(b)); rnd.IntN(5) {
					case 0:
						b[at] = byte(rnd.IntN(256))
					case 1:
						b[at] ^= 1 << rnd.IntN(8)
					case 2:
						b = append(b[:at], b[min(len(b), at+1+rnd.IntN(8)):]...)
					case 3:
						b = append(b[:at], append([]byte(tc.in[:rnd.IntN(len(tc.in))]), b[at:]...)...)
					case 4:
						b = b[:at+1]
					}
					if len(b) == 0 {
						b = []byte{0}
					}
				}
				begin := time.Now()
				readMutant(t, tc.find, b)
				if d := time.Since(begin); d > 2*slow*time.Second {
					t.Errorf("mutant %d took %v: %q", n, d, clip(b, 500))
				}
			}
		})
	}
}

// TestBombs reads small files that ask for a lot.
func TestBombs(t *testing.T) {
	for _, tc := range []struct {
		name string
		find tabular.Finder
		in   string
	}{
		{"spans", FindHTML, "<table>" + strings.Repeat("<tr><td colspan=1000 rowspan=1000>x<td>y", 2000/slow) + "</table>"},
		{"cells", FindHTML, "<table><tr>" + strings.Repeat("<td>", 300_000/slow)},
		{"tables", FindHTML, strings.Repeat("<table><tr><td>", 100_000/slow)},
		{"rows", FindDOCX, ""},
		{"attributes", FindXML, "<r " + strings.Repeat("a='' ", 200_000/slow) + "/>"},
		{"names", FindXML, "<r>" + strings.Repeat("<a>", 400) + strings.Repeat("</a>", 400) + "</r>"},
		{"brackets", FindSQL, "INSERT INTO t VALUES " + strings.Repeat("(f(1,\n", 200_000/slow)},
		{"quotes", FindSQL, strings.Repeat("INSERT INTO t VALUES (1,'a);\n", 100_000/slow)},
		{"comment", FindSQL, "INSERT INTO t VALUES (1);\n/*" + strings.Repeat("x", 1<<20)},
		{"brackets", FindJSON, strings.Repeat("[", 1<<20)},
		{"keys", FindJSON, "[" + strings.Repeat(`{"a":{"b":[{"c":[[1]]}]}},`, 50_000/slow) + "1]"},
	} {
		if tc.in == "" {
			cell := `<w:gridSpan w:val="1000"/><w:vMerge w:val="restart"/>|x`
			src := docxFile(t, "<w:tbl>"+strings.Repeat(docxRow(cell, cell, "y"), 2000/slow)+"</w:tbl>")
			b := make([]byte, src.Size)
			if _, err := src.ReadAt(b, 0); err != nil {
				t.Fatal(err)
			}
			tc.in = string(b)
		}
		begin := time.Now()
		readMutant(t, tc.find, []byte(tc.in))
		if d := time.Since(begin); d > 8*slow*time.Second {
			t.Errorf("%s took %v", tc.name, d)
		} else {
			t.Log(tc.name, d)
		}
	}
}

func readMutant(t *testing.T, find tabular.Finder, b []byte) {
	t.Helper()
	defer func() {
		if v := recover(); v != nil {
			t.Errorf("panic %v on %q", v, b)
		}
	}()
	var refusal *tabular.Refusal
	found, err := find(context.Background(), textSource("f", string(b)), tabular.Options{})
	if err != nil && !errors.As(err, &refusal) {
		t.Errorf("%v is no refusal: %q", err, b)
	}
	for _, f := range found {
		tally, err := f.Read(context.Background(), func(b *tabular.Batch) error {
			for _, c := range b.Columns {
				if len(c.Offsets) != b.Rows+1 {
					t.Errorf("%d offsets for %d rows", len(c.Offsets), b.Rows)
				}
			}
			return nil
		}, func(tabular.Reject) error { return nil })
		switch {
		case err != nil && !errors.As(err, &refusal):
			t.Errorf("%v is no refusal: %q", err, b)
		case err == nil && !tally.Balanced():
			t.Errorf("%+v does not balance: %q", tally, b)
		}
	}
}
