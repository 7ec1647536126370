package demo

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// A File is one departmental file as it would arrive.
type File struct {
	Department string // DepartmentID of the sender, one of Departments
	Name       string // file name, Chinese as they are
	Data       []byte
}

// A Department is a sender.
type Department struct{ ID, Name string }

// Departments that send the files.
func Departments() []Department {
	return []Department{
		{"scjg", "区市场监管局"},
		{"gaj", "公安分局"},
		{"mzj", "区民政局"},
		{"cgzx", "区城市运行管理中心"},
		{"sthj", "区生态环境局"},
		{"gzj", "区规划资源局"},
		{"tjj", "区统计局"},
		{"wjw", "区卫生健康委"},
		{"jyj", "区教育局"},
		{"rsj", "区人力资源社会保障局"},
		{"jtw", "区建设交通委"},
		{"jd", "花园街道"},
	}
}

// A writer makes one file from its own stream of random numbers, so that
// adding a file changes no other.
type writer struct {
	department, name string
	make             func(g *gen) ([]byte, error)
}

var writers = []writer{
	{"scjg", "企业登记信息_2024年.csv", companies},
	{"scjg", "食品经营许可证台账（2024年第三季度）.xlsx", foodLicences},
	{"gaj", "常住人口基本信息.csv", residents},
	{"mzj", "养老机构名录.ods", nursingHomes},
	{"cgzx", "12345热线工单.json", hotline},
	{"sthj", "空气质量自动监测.xml", airQuality},
	{"gzj", "门牌地址.dbf", doorPlates},
	{"tjj", "主要经济指标月报.xlsx", indicators},
	{"wjw", "预防接种门诊.xls", clinics},
	{"jyj", "学校基本情况.txt", schools},
	{"rsj", "用工备案.sql", employment},
	{"jtw", "公交站点.geojson", busStops},
	{"jd", "网格巡查记录.zip", patrols},
	{"jd", "关于开展数据归集工作的通知.pdf", notice},
}

// Files returns the whole set, in the order in which it is collected.
func Files() ([]File, error) {
	out := make([]File, 0, len(writers))
	for i, w := range writers {
		data, err := w.make(&gen{rand.New(rand.NewPCG(20261125, uint64(i)))}) //nolint:gosec // made-up data, not secrets
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", w.name, err)
		}
		out = append(out, File{w.department, w.name, data})
	}
	return out, nil
}

// A gen makes up plausible values.
type gen struct{ *rand.Rand }

func pick[T any](g *gen, from []T) T { return from[g.IntN(len(from))] }

func (g *gen) digits(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('0' + g.IntN(10))
	}
	return string(b)
}

func (g *gen) day(from, to int) time.Time {
	start := time.Date(from, 1, 1, 0, 0, 0, 0, time.UTC)
	days := int(time.Date(to, 12, 31, 0, 0, 0, 0, time.UTC).Sub(start).Hours() / 24)
	return start.AddDate(0, 0, g.IntN(days))
}

var (
	surnames = strings.Split("王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗", "")
	given    = strings.Split("伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建文志", "")
	towns    = []string{"花木街道", "张江镇", "唐镇", "川沙新镇", "周浦镇", "惠南镇", "金桥镇", "三林镇", "陆家嘴街道", "洋泾街道"}
	roads    = []string{"锦绣路", "芳甸路", "梅花路", "牡丹路", "龙东大道", "祖冲之路", "科苑路", "川沙路", "南六公路", "年家浜路"}
)

func (g *gen) name() string {
	n := pick(g, surnames) + pick(g, given)
	if g.IntN(3) > 0 {
		n += pick(g, given)
	}
	return n
}

func (g *gen) address() string {
	return fmt.Sprintf("上海市浦东新区%s%s%d号%d室", pick(g, towns), pick(g, roads), 1+g.IntN(2000), 101+g.IntN(2400))
}

// mobile numbers begin with 100, which no operator uses.
func (g *gen) mobile() string { return "100" + g.digits(8) }

// citizenID is shaped like one, of an area code that was never given out.
func (g *gen) citizenID(born time.Time) string {
	body := "310199" + born.Format("20060102") + g.digits(3)
	weights := []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} // Source: GB 11643-1999
	sum := 0
	for i, w := range weights {
		sum += int(body[i]-'0') * w
	}
	return body + string("10X98765432"[sum%11])
}

// creditCode is a unified social credit code with a right check character.
func (g *gen) creditCode() string {
	const set = "0123456789ABCDEFGHJKLMNPQRTUWXY" // Source: GB 32100-2015
	body := []byte("91310115MAXXXXXXX")
	for i := 10; i < 17; i++ {
		body[i] = set[g.IntN(len(set))]
	}
	weights := []int{1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28}
	sum := 0
	for i, w := range weights {
		sum += strings.IndexByte(set, body[i]) * w
	}
	return string(body) + string(set[(31-sum%31)%31])
}

func gbk(s string) ([]byte, error) {
	return simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(s))
}

func utf16(s string) ([]byte, error) {
	return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes([]byte(s))
}

// csvLine joins values as a spreadsheet program would.
func csvLine(b *bytes.Buffer, sep, end string, values ...string) {
	for i, v := range values {
		if i > 0 {
			b.WriteString(sep)
		}
		if strings.ContainsAny(v, sep+"\"\r\n") {
			v = `"` + strings.ReplaceAll(v, `"`, `""`) + `"`
		}
		b.WriteString(v)
	}
	b.WriteString(end)
}
