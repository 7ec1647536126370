package views

import (
	"fmt"
	"strconv"

	"shuniu/demo/city"
)

func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// pasts of a firm by the columns of name, legal person, address and capital; -1
// for a column that the view has not.
func pasts(f *city.Firm, name, legal, address, capital int) (out []past) {
	add := func(column int, value string, until city.Day) {
		if column >= 0 && until != 0 {
			out = append(out, past{column, value, until})
		}
	}
	add(name, f.NameBefore, f.NameChanged)
	add(legal, f.LegalBefore, f.LegalChanged)
	add(address, f.AddressBefore, f.AddressChanged)
	add(capital, f.CapitalBefore, f.CapitalChanged)
	return out
}

func (e *emitter) firms(put func(f *city.Firm) error) error {
	for i := range e.city.AllFirms() {
		f := e.city.Firm(i)
		if err := put(&f); err != nil {
			return err
		}
	}
	return nil
}

// register: 市监, every firm with those that closed.
var register = view{
	department: "scjg", table: "企业登记", title: "市场主体登记信息", layout: csvGBK,
	files: []issue{{name: "市场主体登记信息_20241231", asOf: city.End}},
	columns: []column{
		{name: "统一社会信用代码", kind: credit},
		{name: "注册号", kind: key},
		{name: "企业名称", kind: firmName},
		{name: "企业类型", kind: code},
		{name: "法定代表人", kind: name},
		{name: "法定代表人证件号", kind: citizen},
		{name: "注册资本（万元）", kind: money},
		{name: "成立日期", kind: day},
		{name: "行业代码", kind: code},
		{name: "经营范围", kind: text},
		{name: "住所", kind: address},
		{name: "联系电话", kind: phone},
		{name: "登记状态", kind: code},
		{name: "注吊销日期", kind: code},
		{name: "核准时间", kind: moment},
		{name: "备注", kind: note},
	},
	dirt: firmDoses,
	rows: func(e *emitter) error {
		return e.firms(func(f *city.Firm) error {
			return e.put(0, &line{
				values: []string{
					f.Code, f.OldNumber, f.Name, f.Kind, f.Legal.Name, f.Legal.Citizen, plain(f.CapitalWan), f.Founded.String(), f.Industry, f.Scope,
					f.Address, f.Phone, f.Status, f.Closed.String(), e.clock(f.Founded, 1), "",
				},
				refs: []ref{firm(f), {"法定代表人", "P" + utoa(uint64(f.Legal.ID))}},
				// The register is the authority: it knows its own changes.
			})
		})
	},
}

// changes: 市监, what was changed in the 36 months.
var changes = view{
	department: "scjg", table: "变更记录", title: "市场主体变更登记", layout: jsonArray, files: yearly("市场主体变更登记", 7),
	columns: []column{
		{name: "变更流水", kind: key}, {name: "统一社会信用代码", kind: credit}, {name: "变更事项", kind: code}, {name: "变更前", kind: code}, {name: "变更后", kind: code}, {name: "核准日期", kind: day},
	},
	dirt: []dose{{late, 300}, {wrongCheck, 80}, {repairable, 80}, {keyReuse, 30}},
	rows: func(e *emitter) error {
		return e.firms(func(f *city.Firm) error {
			for i, c := range []struct {
				what, before, after string
				on                  city.Day
			}{
				{"名称变更", f.NameBefore, f.Name, f.NameChanged},
				{"法定代表人变更", f.LegalBefore, f.Legal.Name, f.LegalChanged},
				{"住所变更", f.AddressBefore, f.Address, f.AddressChanged},
				{"注册资本变更", f.CapitalBefore + "万元", plain(f.CapitalWan) + "万元", f.CapitalChanged},
			} {
				if c.on == 0 {
					continue
				}
				if err := e.put(c.on.Year()-2022, &line{
					values: []string{"BG" + pad(f.ID, 8) + itoa(i), f.Code, c.what, c.before, c.after, c.on.String()}, refs: []ref{firm(f)},
				}); err != nil {
					return err
				}
			}
			return nil
		})
	},
}

// licences: 市监, those it gives itself.
var licences = view{
	department: "scjg", table: "许可证", title: "食品药品许可证台账", layout: xlsx,
	files: []issue{{name: "食品药品许可证台账_2024年", asOf: city.On(2024, 12, 15), daysLate: 12}},
	columns: []column{
		{name: "许可证编号", kind: key},
		{name: "证照名称", kind: code},
		{name: "名称", kind: firmName, group: "经营者"},
		{name: "统一社会信用代码", kind: credit, group: "经营者"},
		{name: "负责人", kind: name, group: "经营者"},
		{name: "经营场所", kind: address},
		{name: "发证日期", kind: day, group: "有效期"},
		{name: "有效期至", kind: code, group: "有效期"},
		{name: "状态", kind: code},
		{name: "备注", kind: note},
	},
	dirt: firmDoses,
	rows: func(e *emitter) error { return e.licences("scjg") },
}

// hygiene: 卫健.
var hygiene = view{
	department: "wjw", table: "许可证", title: "公共场所卫生许可", layout: csvUTF8,
	files:   []issue{{name: "公共场所卫生与医疗机构许可", asOf: city.On(2024, 9, 30), daysLate: 33}},
	columns: licences.columns,
	dirt:    firmDoses,
	rows:    func(e *emitter) error { return e.licences("wjw") },
}

// qualifications: 建交委, a page from a web system.
var qualifications = view{
	department: "jjw", table: "资质", title: "建筑与运输企业许可", layout: htmlGBK,
	files:   []issue{{name: "建筑与运输企业许可", asOf: city.On(2024, 8, 31), daysLate: 20}},
	columns: licences.columns,
	dirt:    firmDoses,
	rows:    func(e *emitter) error { return e.licences("jjw") },
}

func (e *emitter) licences(issuer string) error {
	return e.firms(func(f *city.Firm) error {
		for _, l := range e.city.Licences(f) {
			if l.Issuer != issuer || l.From > e.view.files[0].asOf {
				continue
			}
			if err := e.put(0, &line{
				values: []string{l.No, l.Kind, f.Name, f.Code, f.Legal.Name, f.Address, l.From.String(), l.To.String(), l.Status, remarks[e.roll(e.n, 1).N(len(remarks))]},
				refs:   []ref{firm(f), {"负责人", "P" + utoa(uint64(f.Legal.ID))}}, was: pasts(f, 2, 4, 5, -1),
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

// taxpayers: 税务, capital in yuan, no closed firms.
var taxpayers = view{
	department: "swj", table: "纳税人", title: "纳税人登记信息", layout: xmlGBK,
	files: []issue{{name: "纳税人登记信息", asOf: city.On(2024, 10, 31), daysLate: 25}},
	columns: []column{
		{name: "登记序号", kind: key},
		{name: "纳税人识别号", kind: credit},
		{name: "纳税人名称", kind: firmName},
		{name: "法人姓名", kind: name},
		{name: "法人证件号", kind: citizen},
		{name: "注册资本元", kind: number},
		{name: "生产经营地址", kind: address},
		{name: "财务电话", kind: phone},
		{name: "登记时间", kind: moment},
		{name: "纳税信用等级", kind: code},
		{name: "行业代码旧版", kind: code},
	},
	dirt: firmDoses,
	rows: func(e *emitter) error {
		return e.firms(func(f *city.Firm) error {
			asOf := e.view.files[0].asOf
			if f.Closed != 0 && f.Closed <= asOf || f.Founded > asOf || e.roll(uint64(f.ID), 9).N(100) < 6 {
				return nil
			}
			return e.put(0, &line{
				values: []string{
					"10113101" + pad(f.ID, 12), f.Code, f.Name, f.Legal.Name, f.Legal.Citizen, fmt.Sprintf("%.0f", f.CapitalWan*10000), f.Address, f.Phone,
					e.clock(f.Founded+10, 1), []string{"A", "B", "B", "M", "C", "D"}[e.roll(uint64(f.ID), 2).N(6)],
					city.FormerIndustry(f.Industry),
				},
				refs: []ref{firm(f), {"法定代表人", "P" + utoa(uint64(f.Legal.ID))}}, was: pasts(f, 2, 3, 6, -1),
			})
		})
	},
}

// shops: 城管, what its officers wrote down in the street: no credit code.
var shops = view{
	department: "cgzf", table: "沿街商户", title: "沿街商户一店一档", layout: xlsx,
	files: []issue{{name: "沿街商户一店一档", asOf: city.On(2024, 5, 31), daysLate: 90}},
	columns: []column{
		{name: "档案号", kind: key},
		{name: "店名", kind: firmName},
		{name: "经营者", kind: name},
		{name: "电话", kind: phone},
		{name: "门牌地址", kind: address},
		{name: "街镇", kind: text},
		{name: "经营面积", kind: number},
		{name: "检查时间", kind: moment},
		{name: "情况说明", kind: note},
	},
	dirt: firmDoses,
	rows: func(e *emitter) error {
		return e.firms(func(f *city.Firm) error {
			asOf := e.view.files[0].asOf
			if f.Founded > asOf || f.Closed != 0 && f.Closed <= asOf || !f.Individual && e.roll(uint64(f.ID), 1).N(10) > 0 {
				return nil
			}
			return e.put(0, &line{
				values: []string{
					"YD" + pad(f.ID, 8), f.Name, f.Legal.Name, f.Phone, f.Address, f.Town.Name, itoa(12 + e.roll(uint64(f.ID), 2).N(160)),
					e.clock(asOf-city.Day(e.roll(uint64(f.ID), 3).N(300)), 4), []string{"门责落实", "跨门经营，已劝改", "店招规范", "占道堆物", "垃圾分类到位"}[e.roll(uint64(f.ID), 5).N(5)],
				},
				refs: []ref{firm(f), {"经营者", "P" + utoa(uint64(f.Legal.ID))}}, was: pasts(f, 1, 2, 4, -1),
			})
		})
	},
}

// rooms: 房管, every dwelling with its owner.
var rooms = view{
	department: "fgj", table: "fw", title: "房屋权属", layout: dbfGBK,
	files: []issue{{name: "房屋权属", asOf: city.On(2024, 7, 31), daysLate: 100}},
	columns: []column{
		{name: "FWBH", kind: key, size: 14},
		{name: "ZL", kind: address, size: 200},
		{name: "JZMJ", kind: money, size: 10},
		{name: "JCNF", kind: number, size: 4},
		{name: "CQR", kind: name, size: 60},
		{name: "CQRZJH", kind: citizen, size: 30},
		{name: "DJRQ", kind: day, size: 8},
		{name: "CWBH", kind: foreign, size: 12},
		{name: "JZMC", kind: code, size: 30},
		{name: "SJXZ", kind: code, size: 10},
	},
	dirt: personDoses,
	rows: func(e *emitter) error {
		for d := range e.city.DwellingCount() {
			home := e.at(d)
			owner := e.city.LegalPerson(1<<44 + uint64(d))
			if h, lived := e.city.HouseholdAt(d); lived {
				if hh := e.city.Household(h); hh.Local && hh.Members[0].Died == 0 {
					owner = hh.Members[0]
				}
			}
			since := max(owner.Born.AddYears(20), city.On(home.BuiltIn, 6, 1))
			since = min(since, e.view.files[0].asOf)
			if err := e.put(0, &line{
				values: []string{
					"FW" + pad(d, 9), home.Address(), fmt.Sprintf("%.2f", home.AreaM2), itoa(home.BuiltIn), owner.Name, owner.Citizen, since.Digits(), home.Committee.Code[6:],
					home.Town.Name, Synthetic,
				},
				refs: []ref{{"房屋", "D" + itoa(d)}, {"产权人", "P" + utoa(uint64(owner.ID))}},
			}); err != nil {
				return err
			}
		}
		return nil
	},
}

// plates: 规资, door plates with schematic positions.
var plates = view{
	department: "gzj", table: "门牌", title: "门牌地址（位置为示意）", layout: csvBOM,
	files: []issue{{name: "门牌地址", asOf: city.End, daysLate: 30}},
	columns: []column{
		{name: "地址编码", kind: key},
		{name: "标准地址", kind: address},
		{name: "街镇代码", kind: code},
		{name: "村居代码", kind: code},
		{name: "网格编号", kind: code},
		{name: "道路", kind: code},
		{name: "弄组", kind: code},
		{name: "号", kind: code},
		{name: "室", kind: code},
		{name: "示意经度", kind: code},
		{name: "示意纬度", kind: code},
	},
	dirt: []dose{{fullWidth, 20}, {damage, 10}, {keyReuse, 5}, {missing, 40}},
	rows: func(e *emitter) error {
		for d := range e.city.DwellingCount() {
			home := e.at(d)
			if err := e.put(0, &line{
				values: []string{
					"DZ" + pad(d, 10), home.Address(), home.Town.Code, home.Committee.Code, home.Grid, home.Road, itoa(home.Lane), itoa(home.Building), home.Room,
					fmt.Sprintf("%.6f", home.At.Lon), fmt.Sprintf("%.6f", home.At.Lat),
				},
				refs: []ref{{"房屋", "D" + itoa(d)}},
			}); err != nil {
				return err
			}
		}
		return nil
	},
}

// all views. New ones go to the end: the truth of the earlier keeps its place.
func all() []*view {
	return []*view{
		&population, &moves, &health, &births, &deaths, &insurance, &pupils, &disabled, &elders, &employment, &pensions, &marriages, &associations, &offices, &members,
		&register, &changes, &licences, &hygiene, &qualifications, &taxpayers, &shops, &rooms, &plates,
	}
}
