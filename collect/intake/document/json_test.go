package document

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"shuniu/collect/intake/tabular"
	"shuniu/shuniutest/publicdata"
)

func TestFindJSON(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"array of objects", `[{"a":1.10,"b":"x"},{"b":"y","a":1e5,"c":null}]`, "f /\na|b|c\n1.10|x|∅\n1e5|y|∅\n"},
		{"big numbers keep their digits", `[{"a":123456789012345678901234567890.00}]`, "f /\na\n123456789012345678901234567890.00\n"},
		{"escapes", `[{"a":"\u4e2d\ud83d\ude00\n\"\\\/"},{"a":"\ud800x"}]`, "f /\na\n中😀\n\"\\/\n\\ud800x\n"},
		{"wrapper", `{"code":200,"data":{"list":[{"id":1},{"id":2}]}}`, "f /data/list\nid\n1\n2\n"},
		{"nested objects", `[{"a":{"b":{"c":1}},"d":true}]`, "f /\na/b/c|d\n1|true\n"},
		{
			"child tables", `[{"id":"甲","x":[{"n":1},{"n":2}]},{"id":"乙","x":[]},{"id":"丙","x":[{"n":3,"y":[{"z":9}]}]}]`,
			"f /\nid\n甲\n乙\n丙\nf/x /x\n_parent|_parent/id|n\n1|甲|1\n1|甲|2\n3|丙|3\nf/x/y /x/y\n_parent|z\n3|9\n",
		},
		{"arrays of scalars stay", `[{"a":[1, 2.50,"x,\"y"]},{"a":[]}]`, "f /\na\n[1,2.50,\"x,\\\"y\"]\n[]\n"},
		{"mixed arrays stay", `[{"a":[1,{"b":2}]},{"a":{"b":3}}]`, "f /\na\n[1,{\"b\":2}]\n{\"b\":3}\n"},
		{"object of objects", `{"甲":{"x":1,"y":2},"乙":{"x":3}}`, "f /\n_key|x|y\n甲|1|2\n乙|3|∅\n"},
		{"keyed by year", `{"2020":1,"2021":2,"2022":3}`, "f /\n_key|_value\n2020|1\n2021|2\n2022|3\n"},
		{"arrays of arrays with header", `[["名称","值"],["a",1],["b",2]]`, "f /\n名称|值\na|1\nb|2\n"},
		{"arrays of arrays without", `[["1","2"],["3","4","5"]]`, "f /\ncolumn_1|column_2|column_3\n1|2|∅\n3|4|5\n"},
		{"scalars", `["a",null,3]`, "f /\ncolumn_1\na\n∅\n3\n"},
		{"one record", `{"a":1,"b":{"c":"x"},"d":[]}`, "f /\na|b/c|d\n1|x|[]\n"},
		{"same key twice", `[{"a":1,"a":2},{"a":3}]`, "f /\na|a_2\n1|2\n3|∅\n"},
		{"lines", "{\"a\":1}\n\n{\"a\":2}\nnot json\n{\"a\":3,\"b\":[{\"c\":1}]}\n", "f /\na\n1\n2\nreject not json\n3\nf/b /b\n_parent|c\n5|1\n"},
		{"lines, one cut off", "{\"a\":1}\n{\"a\":2}\n{\"a\":", "f /\na\n1\n2\nreject {\"a\":\n"},
		{"values one after the other", "{\n\"a\":1}\n{\n\"a\":2}\n", "f /\na\n1\n2\n"},
		{"arrays by year", `{"2020":[{"a":1},{"a":2,"k":[{"z":1}]}],"2021":[{"a":3}],"2022":[]}`, "f /\n_key|a\n2020|1\n2020|2\n2021|3\nf/k /k\n_parent|z\n2|1\n"},
		{"not a number", `[{"a":NaN},{"a":-Infinity},{"a":1}]`, "f /\na\nNaN\n-Infinity\n1\n"},
		{"split", `{"columns":["名","值"],"data":[["a",1],["b",2]]}`, "f /data\n名|值\na|1\nb|2\n"},
		{"columns as arrays", `{"名":["a","b","c"],"值":[1.50,null,3]}`, "f /\n名|值\na|1.50\nb|∅\nc|3\n"},
		{"columns as objects", `{"名":{"0":"a","1":"b"},"值":{"0":1,"1":2.0}}`, "f /\n名|值\na|1\nb|2.0\n"},
		{"empty array", `[]`, ""},
		{"two tables", `{"a":[{"x":1}],"b":[{"y":2}]}`, "f/a /a\nx\n1\nf/b /b\ny\n2\n"},
		{
			"features", `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"名":"甲","type":"乡"},"geometry":{"type":"Point","coordinates":[ 1.50, 2 ]}}]}`,
			"f /features\ntype|名|type_2|geometry\nFeature|甲|乡|{\"type\":\"Point\",\"coordinates\":[1.50,2]}\n",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			found, err := FindJSON(context.Background(), textSource("f.json", tc.in), tabular.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(sorted(tc.want), sorted(dumpAll(t, found))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestJSONRefusals(t *testing.T) {
	for _, tc := range []struct{ name, in, kind string }{
		{"empty", "", "empty"},
		{"blank", " \n\t", "empty"},
		{"cut off", `[{"a":1},{"a":`, "damaged"},
		{"more behind", `[{"a":1}] x`, "damaged"},
		{"deep objects", strings.Repeat(`{"a":`, 7000), "too_large"},
		{"deep arrays", strings.Repeat(`[`, 100_000), "too_large"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			begin := time.Now()
			_, err := FindJSON(context.Background(), textSource("f.json", tc.in), tabular.Options{})
			var refusal *tabular.Refusal
			if !errors.As(err, &refusal) || refusal.Kind != tc.kind {
				t.Errorf("got %v, want a refusal of kind %s", err, tc.kind)
			}
			if d := time.Since(begin); d > slow*time.Second {
				t.Errorf("took %v", d)
			}
		})
	}
}

// TestJSONWideRows: rows with more keys than a table may have columns become
// rows of key and value that say which element, or line, they were of.
func TestJSONWideRows(t *testing.T) {
	var array, lines strings.Builder
	for i := range 3 {
		array.WriteString(map[bool]string{true: "[{", false: ",{"}[i == 0])
		for k := range 5000 {
			fmt.Fprintf(&array, `%s"k%d":%d`, map[bool]string{true: "", false: ","}[k == 0], k, i)
		}
		array.WriteString("}")
	}
	for i := range 6000 {
		fmt.Fprintf(&lines, `{"id%d":{"x":%d}}`+"\n", i, i)
	}
	for _, tc := range []struct {
		in, heads, last string
		rows            int
	}{
		{array.String() + "]", "_item|_key|_value", "3|k4999|2", 15000},
		{lines.String(), "_item|_key|x", "6000|id5999|5999", 6000},
		{strings.ReplaceAll(array.String()[1:], "},{", "}\n{") + "\n", "_item|_key|_value", "3|k4999|2", 15000},
	} {
		found, err := FindJSON(context.Background(), textSource("f.json", tc.in), tabular.Options{})
		if err != nil || len(found) != 1 {
			t.Fatal(len(found), err)
		}
		got := strings.Split(strings.TrimSpace(dump(t, found[0])), "\n")
		if got[1] != tc.heads || got[len(got)-1] != tc.last || len(got)-2 != tc.rows {
			t.Errorf("got %s, %s, %d rows", got[1], got[len(got)-1], len(got)-2)
		}
	}
}

// TestJSONRecords: the fields of records are columns, as many as a table may
// have, from the first record on.
func TestJSONRecords(t *testing.T) {
	var fields []string
	for k := range 1500 {
		fields = append(fields, fmt.Sprintf(`"c%d":%d`, k, k))
	}
	record := "{" + strings.Join(fields, ",") + "}"
	for name, in := range map[string]string{
		"array":   "[" + record + "," + record + "]",
		"wrapped": `{"data":[` + record + "," + record + `]}`,
		"lines":   record + "\n" + record + "\n",
	} {
		found, err := FindJSON(context.Background(), textSource("f.json", in), tabular.Options{})
		if err != nil || len(found) != 1 {
			t.Fatal(name, len(found), err)
		}
		if tally := countRows(t, found[0]); tally.Rows != 2 || !tally.Balanced() || len(found[0].Heads) != 1500 {
			t.Errorf("%s: %d columns, %+v", name, len(found[0].Heads), tally)
		}
	}
}

func TestJSONManyKeys(t *testing.T) {
	var sb strings.Builder
	sb.WriteString(`{"rows":[{"a":1}],"m":{`)
	for i := range 300_000 / slow {
		if i > 0 {
			sb.WriteByte(',')
		}
		fmt.Fprintf(&sb, `"k%d":{"v":%d}`, i, i)
	}
	sb.WriteString("}}")
	begin := time.Now()
	found, err := FindJSON(context.Background(), textSource("f.json", sb.String()), tabular.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if rows := countRows(t, found[1]).Rows; rows != 300_000/slow {
		t.Errorf("got %d rows", rows)
	}
	if d := time.Since(begin); d > 5*slow*time.Second {
		t.Errorf("took %v", d)
	}
}

// TestJSONTestSuite holds FindJSON against the suite: y_ files are read, n_
// files are refused, but for NaN and Infinity, which are told instead.
func TestJSONTestSuite(t *testing.T) {
	files, err := filepath.Glob(publicdata.Path(t, "hostile", "jsontestsuite", "test_*", "*.json"))
	if err != nil || len(files) < 300 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, path := range files {
		name := filepath.Base(path)
		begin := time.Now()
		found, err := FindJSON(context.Background(), fileSource(t, path), tabular.Options{})
		for _, f := range found {
			countRows(t, f)
		}
		if strings.HasPrefix(name, "y_") && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if strings.HasPrefix(name, "n_") && err == nil && !strings.Contains(name, "NaN") && !strings.Contains(name, "nfinity") {
			t.Errorf("%s was taken", name)
		}
		var refusal *tabular.Refusal
		if err != nil && !errors.As(err, &refusal) {
			t.Errorf("%s: %v is no refusal", name, err)
		}
		if d := time.Since(begin); d > 2*slow*time.Second {
			t.Errorf("%s took %v", name, d)
		}
	}
}

func TestJSONRealFiles(t *testing.T) {
	for _, tc := range []struct {
		path string
		rows []int64
	}{
		{"01-divisions/pca-code.json", []int64{31, 342, 3056}},
		{"03-holidays/2025.json", []int64{33}},
		{"16-opinion/2022-04-01.json", []int64{326}},
		{"19-bank/bank_bin_patterns.json", []int64{125, 320}},
		{"15-timeseries/combined_windows.json", []int64{58}},
		{"10-geo/busline.json", []int64{2}},
		{"10-geo/busstop.json", []int64{49}},
		{"10-geo/310000_districts.geojson", []int64{16}},
		{"13-pii/cluener_train.jsonl", []int64{10748, 17501, 23338}},
		{"20-world/opensanctions_parteispenden.ftm.jsonl", []int64{475}},
		{"hostile/blns/blns.json", []int64{515}},
	} {
		found, err := FindJSON(context.Background(), fileSource(t, publicdata.Path(t, tc.path)), tabular.Options{})
		if err != nil {
			t.Errorf("%s: %v", tc.path, err)
			continue
		}
		var rows []int64
		for _, f := range found {
			rows = append(rows, countRows(t, f).Rows)
		}
		if diff := cmp.Diff(tc.rows, rows); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.path, diff)
		}
	}
}

// TestJSONValuesReturn: any string, written as JSON, comes back as it was.
func TestJSONValuesReturn(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var sb strings.Builder
		values := rapid.SliceOfN(rapid.String(), 1, 20).Draw(rt, "values")
		sb.WriteString("[")
		for i, v := range values {
			if i > 0 {
				sb.WriteString(", ")
			}
			sb.WriteString(`{"v":` + string(appendQuoted(nil, []byte(v))) + "}")
		}
		sb.WriteString("]")
		found, err := FindJSON(context.Background(), textSource("f.json", sb.String()), tabular.Options{})
		if err != nil {
			rt.Fatal(err)
		}
		i := 0
		_, err = found[0].Read(context.Background(), func(b *tabular.Batch) error {
			for r := range b.Rows {
				got, _ := b.Columns[0].At(r)
				if string(got) != values[i] {
					rt.Fatalf("value %d is %q, want %q", i, got, values[i])
				}
				i++
			}
			return nil
		}, nil)
		if err != nil || i != len(values) {
			rt.Fatalf("%d of %d values, %v", i, len(values), err)
		}
	})
}

func fuzz(f *testing.F, find tabular.Finder, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		found, err := find(context.Background(), textSource("f", string(data)), tabular.Options{})
		if err != nil {
			return
		}
		for _, table := range found {
			tally, err := table.Read(context.Background(), func(b *tabular.Batch) error {
				for _, c := range b.Columns {
					if len(c.Offsets) != b.Rows+1 {
						t.Fatalf("%d offsets for %d rows", len(c.Offsets), b.Rows)
					}
				}
				return nil
			}, func(tabular.Reject) error { return nil })
			if err != nil {
				t.Fatalf("found but not read: %v", err)
			}
			if !tally.Balanced() {
				t.Fatalf("%+v does not balance", tally)
			}
		}
	})
}

func FuzzJSON(f *testing.F) {
	fuzz(f, FindJSON, `[{"a":1,"b":[{"c":"\u0041"}]}]`, "{\"a\":1}\n{\"a\":2}\n", `{"x":{"1":[1],"2":[2]}}`, `[[1,2],["a"]]`)
}

func BenchmarkJSONLines(b *testing.B) {
	var sb strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&sb, `{"id":%d,"name":"上海市浦东新区%d号","amount":%d.50,"ok":true,"at":"2024-03-05 13:45:00"}`+"\n", i, i, i*7)
	}
	src := textSource("f.ndjson", sb.String())
	b.SetBytes(src.Size)
	for b.Loop() {
		found, err := FindJSON(context.Background(), src, tabular.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := found[0].Read(context.Background(), func(*tabular.Batch) error { return nil }, nil); err != nil {
			b.Fatal(err)
		}
	}
}
