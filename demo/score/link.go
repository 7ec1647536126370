package score

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"

	"shuniu/collect/intake/tabular"
	"shuniu/demo/views"
	"shuniu/refine/link"
)

// A linkage puts the rows of several departments together.
type linkage struct {
	name    string
	columns []string
	sources []source
}

// A source is a file, by the beginning of its name, and the fields that fill
// the columns; "" where it has none.
type source struct {
	file   string
	role   string
	fields []string
}

// linkages are what the measures of linkage are computed from: the evidence
// that the departments give, and nothing of the truth.
var linkages = []linkage{
	{
		name: "persons", columns: []string{"姓名", "身份证号", "出生日期", "电话", "地址"},
		sources: []source{
			{"实有人口登记信息", "本人", []string{"姓名", "公民身份号码", "出生日期", "联系电话", "现住址"}},
			{"居民健康档案", "本人", []string{"个人信息/姓名", "个人信息/证件号码", "个人信息/出生日期", "个人信息/本人电话", "个人信息/居住地址"}},
			{"医保参保人员", "本人", []string{"psn_name", "certno", "brdy", "tel", "addr"}},
			{"城镇职工参保登记", "本人", []string{"xm", "sfzh", "csrq", "lxdh", ""}},
			{"养老金发放明细", "本人", []string{"姓名", "身份证号", "", "手机", "领取地址"}},
			{"学籍信息", "学生", []string{"学生姓名", "身份证件号", "出生日期", "", "家庭住址"}},
			{"高龄老人关爱台账", "本人", []string{"姓名", "", "", "电话", "住址"}},
			{"持证残疾人名册_2024", "本人", []string{"姓名", "", "出生年月日", "联系电话", "住址"}},
		},
	},
	{ // the same without citizen numbers, as where a department may not hold them
		name: "persons_without_numbers", columns: []string{"姓名", "出生日期", "电话", "地址"},
		sources: []source{
			{"实有人口登记信息", "本人", []string{"姓名", "出生日期", "联系电话", "现住址"}},
			{"居民健康档案", "本人", []string{"个人信息/姓名", "个人信息/出生日期", "个人信息/本人电话", "个人信息/居住地址"}},
			{"医保参保人员", "本人", []string{"psn_name", "brdy", "tel", "addr"}},
			{"城镇职工参保登记", "本人", []string{"xm", "csrq", "lxdh", ""}},
			{"养老金发放明细", "本人", []string{"姓名", "", "手机", "领取地址"}},
			{"学籍信息", "学生", []string{"学生姓名", "出生日期", "", "家庭住址"}},
			{"高龄老人关爱台账", "本人", []string{"姓名", "", "电话", "住址"}},
			{"持证残疾人名册_2024", "本人", []string{"姓名", "出生年月日", "联系电话", "住址"}},
		},
	},
	{
		name: "firms", columns: []string{"统一社会信用代码", "名称", "法定代表人", "电话", "地址"},
		sources: []source{
			{"市场主体登记信息", "主体", []string{"统一社会信用代码", "企业名称", "法定代表人", "联系电话", "住所"}},
			{"纳税人登记信息", "主体", []string{"纳税人识别号", "纳税人名称", "法人姓名", "财务电话", "生产经营地址"}},
			{"食品药品许可证台账", "主体", []string{"经营者/统一社会信用代码", "经营者/名称", "经营者/负责人", "", "经营场所"}},
			{"公共场所卫生与医疗机构许可", "主体", []string{"统一社会信用代码", "名称", "负责人", "", "经营场所"}},
			{"建筑与运输企业许可", "主体", []string{"统一社会信用代码", "名称", "负责人", "", "经营场所"}},
			{"沿街商户一店一档", "主体", []string{"", "店名", "经营者", "电话", "门牌地址"}},
		},
	},
}

// link runs refine/link with default settings over the landed rows and rates
// its clusters by the truth. Files that did not land whole are left out; with
// fewer than two there is nothing to link and no measure.
func (t *truth) link(ctx context.Context, land Landing, l linkage) ([]Measure, error) {
	entities, err := t.entities(l)
	if err != nil {
		return nil, err
	}
	var (
		files []link.File
		want  []int32
		ids   = map[string]int32{}
		first = map[string]int{} // row of a file
	)
	for _, s := range l.sources {
		for _, f := range t.files {
			if !strings.HasPrefix(base(f.File), s.file) || t.whole[f.File] == 0 {
				continue
			}
			data, err := evidence(ctx, land, f.File, l.columns, s.fields)
			if err != nil {
				return nil, err
			}
			first[f.File] = len(want)
			for _, e := range entities[f.File] {
				id, known := ids[e]
				if !known {
					id = int32(len(ids))
					ids[e] = id
				}
				want = append(want, id)
			}
			files = append(files, link.File{Name: f.File, Source: &tabular.Source{Name: base(f.File) + ".csv", Size: int64(len(data)), ReaderAt: bytes.NewReader(data)}})
		}
	}
	if len(files) < 2 {
		return nil, nil
	}
	set := link.Settings{ID: rowID}
	in, err := link.Read(ctx, files, set)
	if err != nil {
		return nil, err
	}
	if in.Rows != len(want) {
		return nil, fmt.Errorf("%d rows to link, the truth has %d", in.Rows, len(want))
	}
	res, err := link.Run(ctx, in, set)
	if err != nil {
		return nil, err
	}
	found, twins, err := t.duplicates(first, res.Cluster)
	if err != nil {
		return nil, err
	}
	// Rows that somebody typed to try a system speak of nobody: they were
	// linked with the others, and no pair of them counts.
	got, kept := make([]int32, 0, len(want)), want[:0:len(want)]
	nobody, typed := ids[""]
	for i, w := range want {
		if !typed || w != nobody {
			got, kept = append(got, res.Cluster[i]), append(kept, w)
		}
	}
	rate, n := link.Rate(got, kept), int64(len(kept))
	out := []Measure{
		{"linkage." + l.name + ".precision", rate.Precision, nil, n, "share"},
		{"linkage." + l.name + ".recall", rate.Recall, nil, n, "share"},
		{"linkage." + l.name + ".f1", rate.F1, nil, n, "share"},
	}
	if twins > 0 {
		out = append(out, Measure{"linkage." + l.name + ".duplicates_found", share(found, twins), nil, twins, "share"})
	}
	return out, nil
}

// duplicates counts the rows that repeat another of their file, and those that
// lie in the cluster of the other.
func (t *truth) duplicates(first map[string]int, cluster []int32) (found, all int64, err error) {
	seen := map[cell]bool{} // a row with two entities is one duplicate
	err = views.ReadTruth(t.dir, "duplicates.csv", func(f []string) error {
		at, linked := first[f[1]]
		if !linked {
			return nil
		}
		var row, repeats int
		if _, err := fmt.Sscan(f[2]+" "+f[3], &row, &repeats); err != nil {
			return err
		}
		c := cell{int32(row), strings.Clone(f[1])}
		if seen[c] {
			return nil
		}
		seen[c] = true
		all++
		if cluster[at+row-1] == cluster[at+repeats-1] {
			found++
		}
		return nil
	})
	return found, all, err
}

// rowID names each row for the linker. It also keeps a row whole of which only
// the name is left: a line with one value reads as the heading of a section.
const rowID = "行号"

// evidence writes the fields of a landed file as CSV under the columns' names.
func evidence(ctx context.Context, land Landing, file string, columns, fields []string) ([]byte, error) {
	var ask []string
	for _, f := range fields {
		if f != "" {
			ask = append(ask, f)
		}
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(append([]string{rowID}, columns...)) // Error says
	row, n := make([]string, 1+len(columns)), 0
	err := land.Read(ctx, file, ask, func(values []string) error {
		n++
		row[0] = file + ":" + strconv.Itoa(n)
		k := 0
		for i, f := range fields {
			row[1+i] = ""
			if f != "" {
				row[1+i] = values[k]
				k++
			}
		}
		return w.Write(row)
	})
	w.Flush()
	if err == nil {
		err = w.Error()
	}
	return b.Bytes(), err
}

// entities returns the true entity of every row of the files of a linkage, by file.
func (t *truth) entities(l linkage) (map[string][]string, error) {
	roles := map[string]string{}
	out := map[string][]string{}
	for _, f := range t.files {
		for _, s := range l.sources {
			if strings.HasPrefix(base(f.File), s.file) && t.whole[f.File] > 0 {
				roles[f.File] = s.role
				out[f.File] = make([]string, f.Rows)
			}
		}
	}
	err := views.ReadTruth(t.dir, "entity_map.csv", func(f []string) error {
		role, ok := roles[f[1]]
		if !ok || f[3] != role {
			return nil
		}
		var n int
		if _, err := fmt.Sscan(f[2], &n); err != nil {
			return err
		}
		if n < 1 || n > len(out[f[1]]) {
			return fmt.Errorf("%s has no row %d", f[1], n)
		}
		out[f[1]][n-1] = strings.Clone(f[4])
		return nil
	})
	return out, err
}
