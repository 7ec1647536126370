package document

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shuniu/collect/intake/tabular"
	"shuniu/shuniutest/publicdata"
)

func TestFindXML(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"rows", `<?xml version="1.0" encoding="gb2312"?><r><i><a>1</a><b>x &amp; y</b></i><i><a>2</a></i></r>`, "f /r/i\na|b\n1|x & y\n2|∅\n"},
		{"attributes and text", `<r><i k="1">甲</i><i k="2"/></r>`, "f /r/i\ni|k\n甲|1\n∅|2\n"},
		{"single parts", `<r><i><p q="z"><a>1</a></p></i><i><p><a>2</a></p></i></r>`, "f /r/i\np/q|p/a\nz|1\n∅|2\n"},
		{
			"child table", `<r><i id="A"><c>1</c><c>2</c></i><i id="B"><c>3</c></i></r>`,
			"f /r/i\nid\nA\nB\nf/c /r/i/c\n_parent|_parent/id|c\n1|A|1\n1|A|2\n2|B|3\n",
		},
		{"CDATA and comments", `<r><i><a><![CDATA[<b>]]>x<!-- no --></a></i><i><a> y </a></i></r>`, "f /r/i\na\n<b>x\n y \n"},
		{"prefixes", `<n:r xmlns:n="u"><n:i n:k="1"/><n:i n:k="2"/></n:r>`, "f /r/i\nk\n1\n2\n"},
		{"one record", `<r><i><a>1</a><b/></i></r>`, "f /r/i\na|b\n1|\n"},
		{"numbers of characters", `<r><i a="&#20013;&#x4e2d;"/><i a="&unknown;"/></r>`, "f /r/i\na\n中中\n&unknown;\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			found, err := FindXML(context.Background(), textSource("f.xml", tc.in), tabular.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, dumpAll(t, found)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestXMLRefusals(t *testing.T) {
	for _, tc := range []struct{ name, in, kind string }{
		{"empty", "", "empty"},
		{"cut off", "<r><i><a>1</a>", "damaged"},
		{"crossed tags", "<r><a><b></a></b></r>", "damaged"},
		{"entities", `<!DOCTYPE r [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><r>&b;</r>`, "damaged"},
		{"deep", strings.Repeat("<a>", 100_000), "too_large"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := FindXML(context.Background(), textSource("f.xml", tc.in), tabular.Options{})
			var refusal *tabular.Refusal
			if !errors.As(err, &refusal) || refusal.Kind != tc.kind {
				t.Errorf("got %v, want a refusal of kind %s", err, tc.kind)
			}
		})
	}
}

func TestXMLRealFiles(t *testing.T) {
	for _, tc := range []struct {
		path string
		rows []int64
	}{
		{"01-divisions/LocList.xml", []int64{240, 267, 3795, 2742}},
		{"20-world/mledoze_countries.xml", []int64{250}},
	} {
		found, err := FindXML(context.Background(), fileSource(t, publicdata.Path(t, tc.path)), tabular.Options{})
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

func FuzzXML(f *testing.F) {
	fuzz(f, FindXML, `<r><i k="1">x</i><i><a>&lt;<![CDATA[y]]></a></i></r>`, `<?xml version="1.0"?><!DOCTYPE r><r/>`, `<r><a><b>1</b><b>2</b></a><a/></r>`)
}
