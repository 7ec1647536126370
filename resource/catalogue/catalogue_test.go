package catalogue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/uptrace/bun"
	"pgregory.net/rapid"

	"shuniu/fault"
	"shuniu/guard"
	"shuniu/metadb"
	"shuniu/resource"
	"shuniu/shuniutest/pg"
)

// byRole lets everybody see entries and only engineers, or people of the same
// department, read rows.
type byRole struct{}

func (byRole) Decide(ctx context.Context, a guard.Action, o guard.Object) (guard.Decision, error) {
	p, _ := guard.From(ctx)
	if a == guard.ReadRows && p.Role != guard.Engineer && (o.Department == "" || o.Department != p.Department) {
		return guard.Decision{}, fmt.Errorf("%s: %w", a, fault.Denied)
	}
	return guard.Decision{}, nil
}

func as(ctx context.Context, role guard.Role, d resource.DepartmentID) context.Context {
	return guard.With(ctx, guard.Principal{Account: "a", Role: role, Department: d})
}

// stores opens each kind of store.
func stores(t *testing.T, fn func(t *testing.T, s *Store)) {
	t.Run("sqlite", func(t *testing.T) {
		fn(t, openStore(t, "sqlite://"+filepath.Join(t.TempDir(), "meta.db")))
	})
	t.Run("postgres", func(t *testing.T) { fn(t, openStore(t, pg.Database(t))) })
}

func openStore(tb testing.TB, dsn string) *Store {
	tb.Helper()
	db, err := metadb.Open(context.Background(), dsn, slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	return New(db, byRole{})
}

func put(tb testing.TB, s *Store, content *string, entries ...Entry) {
	tb.Helper()
	err := s.db.Write(context.Background(), func(ctx context.Context, tx bun.Tx) error {
		for _, e := range entries {
			if e.Kind == "" {
				e.Kind = Dataset
			}
			if err := s.Put(ctx, tx, e, content, Change{Account: "a", Kind: "created"}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
}

func field(id int, name string) Field {
	return Field{
		Field:     resource.Field{ID: id, Name: name, Type: resource.Text},
		ValueRows: 90, Distinct: 80, Min: "最小", Max: "最大", Samples: []string{"秘密样例"},
	}
}

func sample() []Entry {
	return []Entry{
		{ID: "ga_rkjbxx", Name: "人口基本信息", Department: "ga", Format: "csv", Rows: 100, Fields: []Field{field(1, "姓名"), field(2, "公民身份号码")}},
		{ID: "scjg_qydj", Name: "浦东新区企业登记信息表", Department: "scjg", Format: "xlsx", Theme: "法人", Fields: []Field{field(1, "统一社会信用代码")}, Words: "上海_1979.csv"},
		{ID: "sw_gssz", Name: "二次供水水质监测", Department: "sw", Format: "csv", Fields: []Field{field(1, "余氯")}},
		{ID: "rh_yhxx", Name: "银行网点 Bank Outlets 2024年", Department: "jr", Format: "xlsx", Description: "按月更新"},
		{ID: "tj_gdp", Name: "GBT4754行业代码", Department: "tj", Status: Published},
	}
}

func TestSearch(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		err := s.db.Write(t.Context(), func(ctx context.Context, tx bun.Tx) error {
			return s.PutDepartment(ctx, tx, "sw", "水务局", true)
		})
		if err != nil {
			t.Fatal(err)
		}
		put(t, s, nil, sample()...)
		for _, tc := range []struct{ name, q, want string }{
			{"two characters", "人口", "ga_rkjbxx"},
			{"whole name", "人口基本信息", "ga_rkjbxx"},
			{"words apart", "人口 信息", "ga_rkjbxx"},
			{"a gap in the middle", "人口信息", "ga_rkjbxx"},
			{"initials", "rkjbxx", "ga_rkjbxx"},
			{"initials in the middle", "jbxx", "ga_rkjbxx"},
			{"initials typed in capitals", "QYDJ", "scjg_qydj"},
			{"more initials than are indexed", "pdxqqydjxxb", "scjg_qydj"},
			{"full pinyin", "renkou", "ga_rkjbxx"},
			{"full pinyin, long, with blanks", "ren kou ji ben xin xi", "ga_rkjbxx"},
			{"a character that sounds otherwise", "yinhang", "rh_yhxx"},
			{"field", "余氯", "sw_gssz"},
			{"field by part", "信用代码", "scjg_qydj"},
			{"one character inside", "质", "sw_gssz"},
			{"file name", "上海_1979", "scjg_qydj"},
			{"department", "水务", "sw_gssz"},
			{"department and field", "水务局 余氯", "sw_gssz"},
			{"latin prefix", "outl", "rh_yhxx"},
			{"digits inside a word", "4754", "tj_gdp"},
			{"full width", "ＧＢＴ４７５４", "tj_gdp"},
			{"id", "gssz", "sw_gssz"},
			{"description", "按月更新", "rh_yhxx"},
		} {
			page, err := s.Search(as(t.Context(), guard.Consumer, "x"), Query{Text: tc.q})
			if err != nil {
				t.Fatalf("%s: %v", tc.name, err)
			}
			if len(page.Entries) == 0 || page.Entries[0].ID != tc.want {
				t.Errorf("%s: Search(%q) = %v, want %s first", tc.name, tc.q, ids(page), tc.want)
			}
		}
		for _, q := range []string{"秘密样例", "最小", "不存在的词", `"`, "a\x00b", "AND OR NOT", "'); DROP", "*", "：：", strings.Repeat("长", 5000)} {
			page, err := s.Search(as(t.Context(), guard.Engineer, "x"), Query{Text: q})
			if err != nil {
				t.Errorf("Search(%.20q): %v", q, err)
			}
			if len(page.Entries) != 0 {
				t.Errorf("Search(%.20q) = %v, want nothing", q, ids(page))
			}
		}
	})
}

func ids(p Page) []string {
	var out []string
	for _, e := range p.Entries {
		out = append(out, e.ID)
	}
	return out
}

func TestFiltersFacetsAndChanges(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		put(t, s, nil, sample()...)
		ctx := as(t.Context(), guard.Engineer, "ga")
		page, err := s.Search(ctx, Query{Text: "信息", Formats: []string{"csv", "ods"}})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"ga_rkjbxx"}, ids(page)); diff != "" {
			t.Errorf("filter by format (-want +got):\n%s", diff)
		}
		page, err = s.Search(ctx, Query{})
		if err != nil {
			t.Fatal(err)
		}
		if page.Total != 5 || len(page.Entries) != 5 {
			t.Errorf("total %d, entries %d, want 5", page.Total, len(page.Entries))
		}
		if diff := cmp.Diff([]Count{{"draft", 4}, {"published", 1}}, page.Facets.Statuses); diff != "" {
			t.Errorf("statuses (-want +got):\n%s", diff)
		}
		// A renamed entry is found by its new name only.
		name := "常住人员名册"
		if _, err := s.Edit(ctx, "ga_rkjbxx", Edit{Name: &name}, nil); err != nil {
			t.Fatal(err)
		}
		for q, want := range map[string]int{"常住人员": 1, "czry": 1, "人口基本": 0, "余氯": 1} {
			page, err := s.Search(ctx, Query{Text: q})
			if err != nil || len(page.Entries) != want {
				t.Errorf("Search(%q) = %v, %v, want %d", q, ids(page), err, want)
			}
		}
		changes, err := s.Changes(ctx, "ga_rkjbxx", "", 0)
		if err != nil || len(changes) != 2 || changes[0].Kind != "edited" || changes[1].Kind != "created" {
			t.Errorf("Changes = %+v, %v", changes, err)
		}
		if _, err := s.Get(ctx, "nothing"); !errors.Is(err, fault.NotFound) {
			t.Errorf("Get of nothing = %v", err)
		}
	})
}

func TestEntriesComeInTheOrderAsked(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		all := sample()
		put(t, s, nil, all...)
		want := []string{all[2].ID, all[0].ID}
		got, err := s.Entries(as(t.Context(), guard.Engineer, "ga"), []string{want[0], "nothing", want[1]})
		if err != nil || len(got) != 2 || got[0].ID != want[0] || got[1].ID != want[1] || got[0].Name != all[2].Name {
			t.Errorf("entries %+v, %v; want %v", got, err, want)
		}
	})
}

func TestStatusesOfAnEntry(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		put(t, s, nil, sample()...)
		ctx := as(t.Context(), guard.Engineer, "ga")
		for _, want := range []Status{Published, Retired, Draft} {
			if e, err := s.Edit(ctx, "ga_rkjbxx", Edit{Status: &want}, nil); err != nil || e.Status != want {
				t.Errorf("make it %s: %s, %v", want, e.Status, err)
			}
			changes, err := s.Changes(ctx, "ga_rkjbxx", "", 1)
			if err != nil || len(changes) != 1 || changes[0].Kind != string(want) {
				t.Errorf("history of %s: %+v, %v", want, changes, err)
			}
			page, err := s.Search(ctx, Query{Statuses: []string{string(want)}})
			if err != nil || !slices.Contains(ids(page), "ga_rkjbxx") {
				t.Errorf("entries that are %s: %v, %v", want, ids(page), err)
			}
		}
		lost := Status("lost")
		if _, err := s.Edit(ctx, "ga_rkjbxx", Edit{Status: &lost}, nil); !errors.Is(err, fault.Invalid) {
			t.Errorf("a status nobody knows: %v", err)
		}
	})
}

func TestValuesNeedTheRightToRows(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		put(t, s, nil, sample()[0])
		for _, tc := range []struct {
			ctx  context.Context //nolint:containedctx // who asks is the case
			sees bool
		}{
			{as(t.Context(), guard.Engineer, ""), true},
			{as(t.Context(), guard.Consumer, "ga"), true},
			{as(t.Context(), guard.Consumer, "other"), false},
		} {
			e, err := s.Get(tc.ctx, "ga_rkjbxx")
			if err != nil {
				t.Fatal(err)
			}
			f := e.Fields[0]
			if got := f.Samples != nil || f.Min != "" || f.Max != ""; got != tc.sees {
				p, _ := guard.From(tc.ctx)
				t.Errorf("%v sees values: %v, want %v", p, got, tc.sees)
			}
			if f.FillRate != 0.9 {
				t.Errorf("fill rate %v, want 0.9", f.FillRate)
			}
		}
		text := "关于开展燃气安全检查的通知"
		put(t, s, &text, Entry{ID: "object.1", Kind: Object, Name: "通知.pdf", Department: "ga", Format: "application/pdf"})
		for _, tc := range []struct {
			ctx  context.Context //nolint:containedctx // who asks is the case
			want int
		}{
			{as(t.Context(), guard.Engineer, ""), 1},
			{as(t.Context(), guard.Consumer, "ga"), 1},
			{as(t.Context(), guard.Consumer, "other"), 0},
			{as(t.Context(), guard.Consumer, ""), 0},
		} {
			page, err := s.Search(tc.ctx, Query{Text: "燃气安全"})
			if err != nil || len(page.Entries) != tc.want {
				p, _ := guard.From(tc.ctx)
				t.Errorf("text of an object for %v: %v, %v, want %d", p, ids(page), err, tc.want)
			}
		}
		// An edit keeps the text findable.
		tag := Edit{Tags: []string{"安全"}}
		if _, err := s.Edit(as(t.Context(), guard.Engineer, ""), "object.1", tag, nil); err != nil {
			t.Fatal(err)
		}
		page, err := s.Search(as(t.Context(), guard.Engineer, ""), Query{Text: "燃气安全"})
		if err != nil || len(page.Entries) != 1 {
			t.Errorf("after an edit: %v, %v", ids(page), err)
		}
	})
}

func TestPagesJoinWithoutGapOrRepeat(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		var all []Entry
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		for i := range 57 {
			all = append(all, Entry{ID: fmt.Sprintf("d%02d", i), Name: fmt.Sprintf("停车场明细%d", i%3), UpdatedAt: at.Add(time.Duration(i/4) * time.Second)})
		}
		put(t, s, nil, all...)
		for _, text := range []string{"", "停车场", "tcc"} {
			var got []string
			q := Query{Text: text, Limit: 10}
			for {
				page, err := s.Search(as(t.Context(), guard.Engineer, ""), q)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, ids(page)...)
				if page.Next == "" {
					break
				}
				q.Cursor = page.Next
			}
			slices.Sort(got)
			if len(got) != 57 || len(slices.Compact(got)) != 57 {
				t.Errorf("text %q: %d entries over all pages, want 57 different", text, len(got))
			}
		}
		if _, err := s.Search(as(t.Context(), guard.Engineer, ""), Query{Cursor: "?"}); !errors.Is(err, fault.Invalid) {
			t.Errorf("bad cursor: %v", err)
		}
	})
}

func TestTermsOfAQueryAreTermsOfTheText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		alphabet := rapid.SampledFrom([]rune("人口信息水A1b ,_（）%\"'*ｱ한\x00é"))
		text := []rune(rapid.StringOfN(alphabet, 0, 30, -1).Draw(t, "text"))
		from := rapid.IntRange(0, len(text)).Draw(t, "from")
		to := rapid.IntRange(from, len(text)).Draw(t, "to")
		index := Terms(string(text))
		for _, q := range queryTerms(string(text[from:to])) {
			if strings.ContainsAny(q.text, " '\"\\*:\x00") {
				t.Fatalf("term %q holds a sign of the query language", q.text)
			}
			// A word cut at the front is the one thing an index of words misses.
			if r := []rune(q.text)[0]; !ideographic(r) {
				continue
			}
			if !slices.ContainsFunc(index, func(w string) bool { return w == q.text || q.prefix && strings.HasPrefix(w, q.text) }) {
				t.Fatalf("query term %+v of %q is not in %q", q, string(text), index)
			}
		}
	})
}
