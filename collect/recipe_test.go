package collect

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"shuniu/collect/intake"
	"shuniu/collect/intake/tabular"
	"shuniu/fault"
	"shuniu/resource"
)

func TestARecipeIsUsedForTheNextFile(t *testing.T) {
	h := newHub(t)
	none := 0
	opt := intake.Options{Options: tabular.Options{Tables: []tabular.Area{{FirstLine: 1, LastLine: 3, HeaderRows: &none, Names: map[string]string{"column_1": "单位", "column_2": "数量"}}}}}
	a := h.one(t, Request{Path: h.put(t, "领用登记2024年1月.csv", "甲,1\n乙,2\n丙,3\n"), Options: opt})
	if a.Status != "landed" || a.RowsLanded != 3 {
		t.Fatalf("by hand: %+v", a)
	}
	if err := h.SaveRecipe(engineer(t), Recipe{Dataset: a.Dataset, Options: opt}); err != nil {
		t.Fatal(err)
	}
	b := h.one(t, Request{Path: h.put(t, "领用登记2024年2月.csv", "甲,4\n乙,5\n丙,6\n丁,7\n")})
	if b.Status != "landed" || b.RowsLanded != 4 || b.Dataset != a.Dataset {
		t.Errorf("by recipe: %+v", b)
	}
	got := h.query(t, a.Dataset, `SELECT "单位", "数量" FROM landing.`+string(a.Dataset)+` ORDER BY "数量"`)
	if diff := cmp.Diff([]string{"甲|1", "乙|2", "丙|3", "甲|4", "乙|5", "丙|6", "丁|7"}, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if again := h.one(t, Request{Path: h.put(t, "领用登记2024年1月.csv", "甲,1\n乙,2\n丙,3\n")}); again.Status != "unchanged" {
		t.Errorf("the first file again: %+v", again)
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"上海_1979.csv": "上海", "企业名录_2024(1).csv": "企业名录", "企业名录 - 副本.xlsx": "企业名录", "人口20240305.csv": "人口", "2024年3月人口.xls": "人口",
		"停车场名录2023.csv.gz": "停车场名录", "report_v2.1.csv": "report", "2023.json": "", "台账2024Q1.csv": "台账", "GBT4754.xlsx": "gbt4754", "第3季度报表.xlsx": "报表",
		"附件1.xlsx": "附件1", "dc58bc709b93faf4d6765bcf0236d917e9d19cb6.entities.json": "", "69e6223f00bd7de75dc60a44b7e2e6fc9518070f.json": "", "电话13812345678.csv": "电话13812345678",
	} {
		if got := normalName(stem(name)); got != want {
			t.Errorf("normalName(%q) = %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]resource.DatasetID{
		"企业名录": "qiyeminglu", "2023": "t_2023", "！！": "table", "Bank Outlets": "bank_outlets", "A企业": "aqiye",
	} {
		if got := makeID("", name); got != want {
			t.Errorf("makeID(%q) = %q, want %q", name, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String().Draw(t, "name")
		id := makeID("scjg", name)
		if err := id.Check(); err != nil {
			t.Fatal(err)
		}
		if err := numbered(id, rapid.IntRange(2, 1<<30).Draw(t, "n")).Check(); err != nil {
			t.Fatal(err)
		}
		_ = displayName(name, &intake.TableReport{}, true)
	})
}

func TestStoreNamesAreUnique(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOf(rapid.SampledFrom([]string{"a", "A", "a_2", "a__value", "_batch", "_ROW", "甲", "Ａ"})).Draw(t, "names")
		forms := make([]form, len(names))
		for i, n := range names {
			forms[i].Name = n
			if i%2 == 0 {
				forms[i].Value = &valueForm{}
			}
		}
		storeNames(forms)
		seen := map[string]bool{"_batch": true, "_row": true}
		for _, f := range forms {
			for _, n := range []string{f.Store, "v"} {
				if n == "v" {
					if f.Value == nil {
						continue
					}
					n = f.Value.Store
				}
				if n = strings.ToLower(n); seen[n] || n == "" {
					t.Fatalf("%q twice in %+v", n, forms)
				}
				seen[n] = true
			}
		}
	})
}

func TestStrftime(t *testing.T) {
	for probe, want := range map[string]string{
		"2001-02-03": "%Y-%m-%d", "2001/2/3": "%Y/%-m/%-d", "20010203": "%Y%m%d", "2001年2月3日": "%Y年%-m月%-d日", "2001-02-03 04:05:06": "%Y-%m-%d %H:%M:%S",
		"03.02.2001 4:05": "%d.%m.%Y %-H:%M", "2001-02-03 04:05:06.789": "%Y-%m-%d %H:%M:%S.%g", "2001-02-03T04:05:06.789012": "%Y-%m-%dT%H:%M:%S.%f",
		"2001-02-03 04:05:06.7": "", "无": "",
	} {
		if got, ok := strftime(probe); got != want || ok != (want != "") {
			t.Errorf("strftime(%q) = %q, %v, want %q", probe, got, ok, want)
		}
	}
}

func TestUploadsResume(t *testing.T) {
	h := newHub(t)
	ctx := engineer(t)
	up, err := h.Uploads.Begin(ctx, "大.csv", 10, "mz")
	if err != nil {
		t.Fatal(err)
	}
	if up, err = h.Uploads.Write(ctx, up.ID, 0, strings.NewReader("甲,乙\n")); err != nil || up.Offset != 8 {
		t.Fatalf("first part: %+v, %v", up, err)
	}
	if _, err := h.Uploads.Write(ctx, up.ID, 3, strings.NewReader("x")); !errors.Is(err, fault.Conflict) {
		t.Errorf("at a wrong offset: %v", err)
	}
	if _, _, err := h.Uploads.Finish(ctx, up.ID, h.Originals); !errors.Is(err, fault.Conflict) {
		t.Errorf("finished too early: %v", err)
	}
	if got, err := h.Uploads.Write(ctx, up.ID, 8, strings.NewReader("too much")); !errors.Is(err, fault.Invalid) || got.Offset != 10 {
		t.Errorf("too much: %+v, %v", got, err)
	}
	if _, err := h.Uploads.Get(t.Context(), up.ID); !errors.Is(err, fault.NotFound) {
		t.Errorf("a stranger sees it: %v", err)
	}
	_, sha, err := h.Uploads.Finish(ctx, up.ID, h.Originals)
	if err != nil {
		t.Fatal(err)
	}
	path, err := h.Originals.Path(sha)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "甲,乙\nto" {
		t.Errorf("kept %q, %v", data, err)
	}
	for _, bad := range []string{"../../etc/passwd", "", strings.Repeat("z", 64)} {
		if _, err := h.Originals.Path(bad); !errors.Is(err, fault.Invalid) {
			t.Errorf("Path(%q): %v", bad, err)
		}
		if _, err := h.Uploads.Get(ctx, bad); !errors.Is(err, fault.NotFound) {
			t.Errorf("Get(%q): %v", bad, err)
		}
	}
}

// FuzzSplitLine holds splitLine to an answer, whatever a person types.
func FuzzSplitLine(f *testing.F) {
	f.Add("a,b", ",", `"`)
	f.Add(`'a''b'||c`, "||", "'")
	f.Fuzz(func(t *testing.T, text, delimiter, quote string) {
		values, err := splitLine(text, &tabular.Dialect{Delimiter: delimiter, Quote: quote})
		if err == nil && len(values) > len(text)+1 {
			t.Errorf("%d values of %d bytes", len(values), len(text))
		}
	})
}
