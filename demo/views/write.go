package views

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"shuniu/demo/city"
)

// A Department sends files.
type Department struct{ ID, Name string }

// Departments that send files, in the order of their views.
func Departments() []Department {
	return []Department{
		{"gaj", "区公安分局"},
		{"wjw", "区卫生健康委"},
		{"rsj", "区人力资源和社会保障局"},
		{"mzj", "区民政局"},
		{"ybj", "区医疗保障局"},
		{"jyj", "区教育局"},
		{"cl", "区残疾人联合会"},
		{"fgj", "区住房保障和房屋管理局"},
		{"scjg", "区市场监督管理局"},
		{"swj", "区税务局"},
		{"jjw", "区建设和交通委员会"},
		{"cgzf", "区城市管理行政执法局"},
		{"gzj", "区规划和自然资源局"},
		{"bzb", "区委编办"},
		{"jd", "街镇"},
	}
}

func departmentName(id string) string {
	for _, d := range Departments() {
		if d.ID == id {
			return d.Name
		}
	}
	return id
}

// A Summary says what Write wrote.
type Summary struct {
	Residents   int
	Households  int
	Firms       int
	Departments int
	Files       int
	Rows        int64
}

// Write writes the files of all departments and the truth below dir, which must
// not hold a truth already. The bytes depend on the city only, not on threads.
func Write(ctx context.Context, c *city.City, dir string, threads int) (Summary, error) {
	return write(ctx, c, dir, threads, all())
}

func write(ctx context.Context, c *city.City, dir string, threads int, views []*view) (Summary, error) {
	truthDir := filepath.Join(dir, "truth")
	if err := os.MkdirAll(truthDir, 0o750); err != nil {
		return Summary{}, err
	}
	names := make([]string, 1+len(views)) // the first is the map's
	for i := range names {
		names[i] = pad(i, 3)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(1, threads))
	for i, v := range views {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			t, err := newTruth(truthDir, names[i+1])
			if err != nil {
				return err
			}
			e := newEmitter(c, v, dir, t)
			e.stop = ctx.Err
			return e.run()
		})
	}
	var m margins
	g.Go(func() error {
		m = measure(c)
		t, err := newTruth(truthDir, names[0])
		if err != nil {
			return err
		}
		name := "gzj/街镇示意范围（" + Synthetic + "）.geojson"
		t.file("gzj", name, "geojson", "utf-8", len(c.Towns), city.End, 0)
		return errors.Join(t.close(), writeMap(filepath.Join(dir, filepath.FromSlash(name)), c))
	})
	if err := g.Wait(); err != nil {
		return Summary{}, err
	}
	if err := join(truthDir, names); err != nil {
		return Summary{}, err
	}
	if err := writeRights(filepath.Join(truthDir, "source_of_right.csv")); err != nil {
		return Summary{}, err
	}
	if err := m.write(filepath.Join(truthDir, "margins.csv")); err != nil {
		return Summary{}, err
	}
	// With these two, package city makes any true value again.
	if err := writeCSV(filepath.Join(truthDir, "city.csv"), []string{"residents", "seed", "start", "end"}, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%d,%d,%s,%s\n", c.Asked(), c.Seed(), city.Start, city.End)
		return err
	}); err != nil {
		return Summary{}, err
	}
	return summary(c, truthDir, m)
}

// summary reads the counts back from the truth.
func summary(c *city.City, truthDir string, m margins) (Summary, error) {
	out := Summary{Residents: m.residents, Households: c.Households(), Firms: c.FirmCount()}
	files, err := ReadFiles(truthDir)
	seen := map[string]bool{}
	for _, f := range files {
		out.Files++
		out.Rows += int64(f.Rows)
		if !seen[f.Department] {
			seen[f.Department] = true
			out.Departments++
		}
	}
	return out, err
}

// A rightful source: whose value of an attribute wins.
var rights = [][4]string{ // attribute, kind of entity, department, basis
	{"姓名", "P", "gaj", "户口登记"},
	{"公民身份号码", "P", "gaj", "户口登记"},
	{"性别", "P", "gaj", "户口登记"},
	{"出生日期", "P", "gaj", "户口登记"},
	{"民族", "P", "gaj", "户口登记"},
	{"户籍", "P", "gaj", "户口登记"},
	{"居住地址", "P", "gaj", "实有人口登记"},
	{"死亡", "P", "wjw", "死亡医学证明"},
	{"出生", "P", "wjw", "出生医学证明"},
	{"婚姻状况", "P", "mzj", "婚姻登记"},
	{"就业单位", "P", "rsj", "用工登记"},
	{"养老金", "P", "rsj", "养老保险待遇核定"},
	{"医疗保险", "P", "ybj", "参保登记"},
	{"学籍", "P", "jyj", "学籍登记"},
	{"残疾等级", "P", "cl", "残疾评定"},
	{"房屋权属", "D", "fgj", "不动产登记"},
	{"企业名称", "F", "scjg", "登记机关"},
	{"统一社会信用代码", "F", "scjg", "登记机关"},
	{"法定代表人", "F", "scjg", "登记机关"},
	{"注册资本", "F", "scjg", "登记机关"},
	{"住所", "F", "scjg", "登记机关"},
	{"登记状态", "F", "scjg", "登记机关"},
	{"纳税人状态", "F", "swj", "税务登记"},
	{"资质", "F", "jjw", "资质许可"},
	{"机构名称", "O", "bzb", "机构编制"},
	{"地址", "D", "gzj", "门牌编制"},
}

func writeRights(path string) error {
	return writeCSV(path, []string{"attribute", "entity_kind", "department", "basis", "from"}, func(w io.Writer) error {
		for _, r := range rights {
			if _, err := fmt.Fprintf(w, "%s,%s,%s,%s,%s\n", r[0], r[1], r[2], r[3], city.Start); err != nil {
				return err
			}
		}
		return nil
	})
}

// margins of the city on its last day.
type margins struct {
	residents, young, middle, old, local, households, firms int
}

func measure(c *city.City) margins {
	m := margins{households: c.Households(), firms: c.FirmCount()}
	for p := range c.Everyone() {
		if !p.Resident(city.End) {
			continue
		}
		m.residents++
		m.local += b2i(p.Local)
		switch age := p.Born.Age(city.End); {
		case age < 15:
			m.young++
		case age < 60:
			m.middle++
		default:
			m.old++
		}
	}
	return m
}

func (m margins) write(path string) error {
	return writeCSV(path, []string{"margin", "value", "published"}, func(w io.Writer) error {
		n := float64(max(1, m.residents))
		for _, x := range []struct {
			name             string
			value, published float64
		}{
			{"household_size", n / float64(m.households), city.HouseholdSize},
			{"share_0_14", float64(m.young) / n, city.ShareUnder15},
			{"share_15_59", float64(m.middle) / n, city.Share15To59},
			{"share_60_over", float64(m.old) / n, city.ShareOver59},
			{"share_local", float64(m.local) / n, city.ShareLocal},
			{"firms_per_resident", float64(m.firms) / n, city.FirmsPerResident},
		} {
			if _, err := fmt.Fprintf(w, "%s,%.5f,%s\n", x.name, x.value, strconv.FormatFloat(x.published, 'f', -1, 64)); err != nil {
				return err
			}
		}
		_, err := fmt.Fprintf(w, "residents,%d,\n", m.residents)
		return err
	})
}

// writeMap writes the schematic areas of the towns as GeoJSON.
func writeMap(path string, c *city.City) error {
	var b strings.Builder
	b.WriteString(`{"type": "FeatureCollection", "name": "街镇示意范围（` + Synthetic + `，示意，非行政区划界线）", "features": [`)
	for i := range c.Towns {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, "\n"+`{"type": "Feature", "properties": {"街镇代码": "%s", "街镇名称": "%s", "村居数": %d, "说明": "示意", "数据性质": "%s"}, "geometry": {"type": "Polygon", "coordinates": [[`,
			c.Towns[i].Code, c.Towns[i].Name, len(c.Towns[i].Committees), Synthetic)
		for k, p := range c.Cell(i) {
			if k > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "[%.5f, %.5f]", p.Lon, p.Lat)
		}
		b.WriteString("]]}}")
	}
	b.WriteString("\n]}\n")
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(b.String()), 0o600)
}
