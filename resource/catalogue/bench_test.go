package catalogue

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"shuniu/guard"
	"shuniu/resource"
)

var (
	benchOwners   = strings.Fields("公安局 民政局 人社局 市场监管局 卫健委 教育局 建交委 规划资源局 生态环境局 应急局 税务局 城管执法局 文体旅游局 科经委 财政局 统计局 司法局 农业农村委 医保局 房管局 绿化市容局 水务局")
	benchSubjects = strings.Fields("人口 户籍 居住证 法人 企业 个体工商户 不动产 建筑 道路 桥梁 公交 停车场 学校 医院 养老机构 低保对象 残疾人 社保 公积金 税收 信用 行政处罚 行政许可 食品 药品 特种设备 危化品 消防 排污 水质 空气 噪声 垃圾 绿化 河道 防汛 网格 事件 投诉 热线 党组织 志愿者 社区 楼栋 房屋 电子证照 营业执照 婚姻 出生 疫苗 就业 培训 招聘 专利 园区 用电 用水 燃气 监控 传感器")
	benchKinds    = strings.Fields("基本信息 登记信息 变更记录 注销记录 年报 名录 统计表 台账 检查结果 处罚决定 办理过程 办理结果 评价结果 预警信息 地址信息 空间数据 实时监测 历史数据 明细 汇总")
	benchFields   = strings.Fields("姓名 证件号码 统一社会信用代码 名称 地址 经度 纬度 联系电话 登记日期 有效期 状态 类型 金额 数量 等级 面积 行政区划 所属街道 所属居委 责任人 更新时间 来源系统 备注 法定代表人 经营范围 行业代码 处罚种类 检查日期 检查结论 整改期限")
)

// benchEntries makes n entries; the same seed makes the same ones.
func benchEntries(n int, yield func(Entry)) {
	r := rand.New(rand.NewPCG(7, 7))
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		d := r.IntN(len(benchOwners))
		e := Entry{
			ID: fmt.Sprintf("d%02d_%06d", d, i), Kind: Dataset, Name: pick(benchSubjects) + pick(benchSubjects) + pick(benchKinds),
			Department: resource.DepartmentID(fmt.Sprintf("d%02d", d)), Format: []string{"csv", "xlsx", "xls", "json"}[r.IntN(4)],
			Theme: pick(benchSubjects), UpdatedAt: at.Add(time.Duration(i) * time.Second), Rows: 100,
		}
		if r.IntN(5) == 0 {
			e.Name += strconv.Itoa(2015+r.IntN(12)) + "年"
		}
		for j := range 8 {
			e.Fields = append(e.Fields, Field{Field: resource.Field{ID: j + 1, Name: pick(benchFields), Type: resource.Text}})
		}
		yield(e)
	}
}

func benchQueries(n int) []string {
	r := rand.New(rand.NewPCG(9, 9))
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	out := make([]string, n)
	for i := range out {
		switch i % 6 {
		case 0:
			out[i] = pick(benchSubjects)
		case 1:
			out[i] = pick(benchSubjects) + " " + pick(benchKinds)
		case 2:
			out[i] = pick(benchSubjects) + pick(benchKinds)
		case 3:
			out[i] = pick(benchFields) + " " + pick(benchOwners)
		case 4:
			out[i] = initials(Syllables(pick(benchSubjects) + pick(benchKinds)))
		case 5:
			out[i] = string([]rune(pick(benchSubjects))[:1])
		}
	}
	return out
}

// BenchmarkSearch measures the search over 100,000 generated entries, or as
// many as SHUNIU_BENCH_ENTRIES says: p50_ms, p95_ms, and recall@10 against a
// ranking of every entry without any cap. Budget: p95 ≤ 20 ms at 100 k, ≤ 50
// ms at 1 M, recall ≥ .95.
func BenchmarkSearch(b *testing.B) {
	n := 100_000
	if v, err := strconv.Atoi(os.Getenv("SHUNIU_BENCH_ENTRIES")); err == nil {
		n = v
	}
	dsn := postgres(b)
	if dsn == "" {
		dsn = "sqlite://" + filepath.Join(b.TempDir(), "meta.db")
	}
	s := openStore(b, dsn)
	names, bodies := make([]string, 0, n), make([]map[string]struct{}, 0, n)
	var batch []Entry
	flush := func() {
		err := s.db.Write(context.Background(), func(ctx context.Context, tx bun.Tx) error {
			for _, e := range batch {
				empty := ""
				if err := s.Put(ctx, tx, e, &empty); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		batch = batch[:0]
	}
	start := time.Now()
	err := s.db.Write(context.Background(), func(ctx context.Context, tx bun.Tx) error {
		for i, name := range benchOwners {
			if err := s.PutDepartment(ctx, tx, resource.DepartmentID(fmt.Sprintf("d%02d", i)), name, true); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	owner := func(e *Entry) string {
		i, _ := strconv.Atoi(string(e.Department[1:]))
		return benchOwners[i]
	}
	benchEntries(n, func(e Entry) {
		names = append(names, Fold(e.Name))
		text := []string{e.Name, e.ID, e.Theme, e.Format, string(e.Department), owner(&e)}
		for _, f := range e.Fields {
			text = append(text, f.Name)
		}
		words := map[string]struct{}{}
		for _, t := range text {
			for _, w := range Terms(t) {
				words[w] = struct{}{}
			}
		}
		bodies = append(bodies, words)
		if batch = append(batch, e); len(batch) == 2000 {
			flush()
		}
	})
	flush()
	b.Logf("%d entries written in %v", n, time.Since(start).Round(time.Millisecond))

	ctx := as(context.Background(), guard.Engineer, "")
	queries := benchQueries(300)
	var times []time.Duration
	results := map[string]Page{}
	b.ResetTimer()
	for i := range b.N {
		q := queries[i%len(queries)]
		t := time.Now()
		page, err := s.Search(ctx, Query{Text: q, Limit: 10})
		if err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(t))
		results[q] = page
	}
	b.StopTimer()
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "p50_ms")
	b.ReportMetric(float64(times[len(times)*95/100].Microseconds())/1000, "p95_ms")
	b.ReportMetric(recall(names, bodies, results), "recall@10")
}

// recall compares with a ranking of all entries by the same scores: the part
// of the ten best places that the search filled with something as good.
func recall(names []string, bodies []map[string]struct{}, results map[string]Page) float64 {
	var good, want int
	sound := make([]string, len(names))
	for i, n := range names {
		sound[i] = initials(Syllables(n))
	}
	for q, page := range results {
		key, terms := Fold(q), queryTerms(q)
		typed := soundQuery(q)
		score := func(i int) int {
			best := nameScore(names[i], key, terms)
			if len(typed) > 0 && strings.Contains(sound[i], key) {
				best = max(best, scoreSound)
			}
			for _, t := range terms {
				if _, ok := bodies[i][t.text]; !ok && (!t.prefix || !hasPrefixed(bodies[i], t.text)) {
					return best
				}
			}
			return max(best, scoreAny)
		}
		scores := make([]int, 0, len(names))
		for i := range names {
			if sc := score(i); sc > 0 {
				scores = append(scores, sc)
			}
		}
		slices.SortFunc(scores, func(a, b int) int { return b - a })
		k := min(10, len(scores))
		want += k
		if k == 0 {
			continue
		}
		for _, e := range page.Entries {
			i, _ := strconv.Atoi(e.ID[strings.IndexByte(e.ID, '_')+1:])
			if score(i) >= scores[k-1] {
				good++
			}
		}
	}
	return float64(good) / float64(max(want, 1))
}

func hasPrefixed(words map[string]struct{}, p string) bool {
	for w := range words {
		if strings.HasPrefix(w, p) {
			return true
		}
	}
	return false
}
