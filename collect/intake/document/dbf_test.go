package document

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"
	"pgregory.net/rapid"

	"shuniu/collect/intake/tabular"
)

// A dbfColumn is a column of a test file: name, kind, size, decimals.
type dbfColumn struct {
	name           string
	kind           byte
	size, decimals int
}

// dbfBytes writes a DBF file; rows are padded to their columns' sizes, and a
// row that begins with "*" is marked as deleted.
func dbfBytes(version, mark byte, columns []dbfColumn, rows [][]string) []byte {
	var b bytes.Buffer
	record := 1
	for _, c := range columns {
		record += c.size
	}
	head := make([]byte, 32)
	head[0], head[1], head[2], head[3], head[29] = version, 124, 3, 5, mark
	binary.LittleEndian.PutUint32(head[4:], uint32(len(rows)))
	binary.LittleEndian.PutUint16(head[8:], uint16(33+32*len(columns)))
	binary.LittleEndian.PutUint16(head[10:], uint16(record))
	b.Write(head)
	for _, c := range columns {
		d := make([]byte, 32)
		copy(d[:11], c.name)
		d[11], d[16], d[17] = c.kind, byte(c.size), byte(c.decimals)
		b.Write(d)
	}
	b.WriteByte(0x0D)
	for _, row := range rows {
		if row[0] == "*" {
			b.WriteByte('*')
			row = row[1:]
		} else {
			b.WriteByte(' ')
		}
		for i, c := range columns {
			v := row[i]
			if c.kind == 'N' {
				v = strings.Repeat(" ", max(c.size-len(v), 0)) + v
			}
			b.WriteString((v + strings.Repeat(" ", c.size))[:c.size])
		}
	}
	b.WriteByte(0x1A)
	return b.Bytes()
}

func gbk(t testing.TB, s string) string {
	t.Helper()
	out, err := simplifiedchinese.GBK.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestFindDBF(t *testing.T) {
	columns := []dbfColumn{{gbk(t, "名称"), 'C', 20, 0}, {"NUM", 'N', 8, 2}, {"D", 'D', 8, 0}, {"L", 'L', 1, 0}}
	rows := [][]string{
		{gbk(t, "浦东新区潍坊街道"), "1.10", "20240305", "T"},
		{"*", gbk(t, "已删"), "2", "", "F"},
		{gbk(t, "陆家嘴"), "", "", "?"},
	}
	want := "f /\n名称|NUM|D|L\n浦东新区潍坊街道|1.10|2024-03-05|true\n陆家嘴|∅|∅|∅\n"
	for _, mark := range []byte{0, 0x4D, 0x57, 0x03} {
		found, err := FindDBF(context.Background(), textSource("f.dbf", string(dbfBytes(3, mark, columns, rows))), tabular.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := dumpAll(t, found)
		if i := strings.Index(got, "reject"); i < 0 || !strings.Contains(got, "已删") {
			t.Errorf("mark %x: the deleted record is not rejected:\n%s", mark, got)
		} else if end := i + strings.IndexByte(got[i:], '\n') + 1; cmp.Diff(want, got[:i]+got[end:]) != "" {
			t.Errorf("mark %x (-want +got):\n%s", mark, cmp.Diff(want, got[:i]+got[end:]))
		}
	}
}

func TestVisualFoxPro(t *testing.T) {
	u32 := func(v uint32) string { return string(binary.LittleEndian.AppendUint32(nil, v)) }
	u64 := func(v uint64) string { return string(binary.LittleEndian.AppendUint64(nil, v)) }
	file := dbfBytes(0x30, 0x7A, []dbfColumn{{"I", 'I', 4, 0}, {"B", 'B', 8, 0}, {"Y", 'Y', 8, 4}, {"T", 'T', 8, 0}}, [][]string{
		{u32(0xFFFFFFFE), u64(math.Float64bits(0.1)), u64(123450000), u32(2460375) + u32(45_000_000)},
	})
	found, err := FindDBF(context.Background(), textSource("f.dbf", string(file)), tabular.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("f /\nI|B|Y|T\n-2|0.1|12345.0000|2024-03-05 12:30:00\n", dumpAll(t, found)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDBFRefusals(t *testing.T) {
	whole := dbfBytes(3, 0, []dbfColumn{{"A", 'C', 10, 0}}, [][]string{{"x"}, {"y"}, {"z"}})
	for _, n := range []int{0, 10, 32, 60, len(whole) - 5} {
		_, err := FindDBF(context.Background(), textSource("f.dbf", string(whole[:n])), tabular.Options{})
		var refusal *tabular.Refusal
		if !errors.As(err, &refusal) {
			t.Errorf("the first %d bytes: %v", n, err)
		}
	}
}

// TestDBFNumbersReturn: a number that fits its column comes back digit by digit.
func TestDBFNumbersReturn(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var rows [][]string
		for _, v := range rapid.SliceOfN(rapid.Int64Range(-99_999_999, 999_999_999), 1, 50).Draw(rt, "cents") {
			rows = append(rows, []string{strconv.FormatFloat(float64(v)/100, 'f', 2, 64)})
		}
		found, err := FindDBF(context.Background(), textSource("f.dbf", string(dbfBytes(3, 0, []dbfColumn{{"N", 'N', 12, 2}}, rows))), tabular.Options{})
		if err != nil {
			rt.Fatal(err)
		}
		i := 0
		_, err = found[0].Read(context.Background(), func(b *tabular.Batch) error {
			for r := range b.Rows {
				if got, _ := b.Columns[0].At(r); string(got) != rows[i][0] {
					rt.Fatalf("row %d is %q, want %q", i, got, rows[i][0])
				}
				i++
			}
			return nil
		}, nil)
		if err != nil || i != len(rows) {
			rt.Fatalf("%d of %d rows, %v", i, len(rows), err)
		}
	})
}

// shapeBytes writes a Shapefile of the contents given.
func shapeBytes(kind uint32, contents ...[]byte) string {
	var body []byte
	for i, c := range contents {
		body = binary.BigEndian.AppendUint32(body, uint32(i+1))
		body = binary.BigEndian.AppendUint32(body, uint32(len(c)/2))
		body = append(body, c...)
	}
	head := make([]byte, 100)
	binary.BigEndian.PutUint32(head, 9994)
	binary.BigEndian.PutUint32(head[24:], uint32((100+len(body))/2))
	binary.LittleEndian.PutUint32(head[28:], 1000)
	binary.LittleEndian.PutUint32(head[32:], kind)
	return string(append(head, body...))
}

func shapePoint(x, y float64) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 1)
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(y))
}

func shapePolygon(rings ...[][2]float64) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 5)
	b = append(b, make([]byte, 32)...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(rings)))
	n := 0
	var starts, points []byte
	for _, r := range rings {
		starts = binary.LittleEndian.AppendUint32(starts, uint32(n))
		n += len(r)
		for _, p := range r {
			points = binary.LittleEndian.AppendUint64(points, math.Float64bits(p[0]))
			points = binary.LittleEndian.AppendUint64(points, math.Float64bits(p[1]))
		}
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(n))
	return append(append(b, starts...), points...)
}

func TestFindShapefile(t *testing.T) {
	square := func(x, y, size float64, clockwise bool) [][2]float64 {
		r := [][2]float64{{x, y}, {x, y + size}, {x + size, y + size}, {x + size, y}, {x, y}}
		if !clockwise {
			r[1], r[3] = r[3], r[1]
		}
		return r
	}
	shp := shapeBytes(5, shapePolygon(square(0, 0, 10, true), square(20, 0, 10, true), square(1, 1, 2, false)), shapePolygon(square(0, 0, 1, true)))
	beside := map[string]*tabular.Source{
		".dbf": textSource("f.dbf", string(dbfBytes(3, 0, []dbfColumn{{"NAME", 'C', 12, 0}}, [][]string{{"潍坊"}, {"塘桥"}}))),
		".cpg": textSource("f.cpg", "UTF-8"),
		".prj": textSource("f.prj", `GEOGCS["GCS_WGS_1984"]`),
	}
	found, err := FindShapefile(context.Background(), textSource("f.shp", shp), tabular.Options{}, func(ext string) *tabular.Source { return beside[ext] })
	if err != nil {
		t.Fatal(err)
	}
	want := "f /\nNAME|geometry\n" +
		`潍坊|{"type":"MultiPolygon","coordinates":[[[[0,0],[0,10],[10,10],[10,0],[0,0]],[[1,1],[3,1],[3,3],[1,3],[1,1]]],[[[20,0],[20,10],[30,10],[30,0],[20,0]]]]}` + "\n" +
		`塘桥|{"type":"Polygon","coordinates":[[[0,0],[0,1],[1,1],[1,0],[0,0]]]}` + "\n"
	if diff := cmp.Diff(want, dumpAll(t, found)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(found[0].Questions) != 0 {
		t.Errorf("questions %v", found[0].Questions)
	}
	alone, err := FindShapefile(context.Background(), textSource("p.shp", shapeBytes(1, shapePoint(121.5, 31.25))), tabular.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("p /\ngeometry\n{\"type\":\"Point\",\"coordinates\":[121.5,31.25]}\n", dumpAll(t, alone)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, n := range []int{0, 50, 100, len(shp) - 10} {
		if n == 100 {
			continue // no shapes
		}
		var refusal *tabular.Refusal
		if _, err := FindShapefile(context.Background(), textSource("f.shp", shp[:n]), tabular.Options{}, nil); !errors.As(err, &refusal) {
			t.Errorf("the first %d bytes: %v", n, err)
		}
	}
}

func FuzzDBF(f *testing.F) {
	fuzz(f, FindDBF, string(dbfBytes(3, 0x4D, []dbfColumn{{"A", 'C', 4, 0}, {"B", 'N', 5, 1}}, [][]string{{"x", "1.5"}, {"y", ""}})))
}

func FuzzShape(f *testing.F) {
	find := func(ctx context.Context, src *tabular.Source, opt tabular.Options) ([]tabular.Found, error) {
		return FindShapefile(ctx, src, opt, nil)
	}
	fuzz(f, find, shapeBytes(1, shapePoint(1, 2)), shapeBytes(5, shapePolygon([][2]float64{{0, 0}, {0, 1}, {1, 1}, {0, 0}})), "x")
}
