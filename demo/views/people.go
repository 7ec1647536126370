package views

import (
	"fmt"

	"shuniu/demo/city"
)

// at returns a dwelling; neighbours in a household ask for the same one.
func (e *emitter) at(d int) *city.Dwelling {
	if e.home.Town == nil || e.home.ID != d {
		e.home = e.city.Dwelling(d)
	}
	return &e.home
}

// moved is the address before the person moved within the district.
func (e *emitter) moved(column int, p *city.Person) []past {
	if p.Previous < 0 {
		return nil
	}
	d := e.city.Dwelling(p.Previous)
	return []past{{column, d.Address(), p.MovedOn}}
}

func sexGB(male bool) string   { return []string{"2", "1"}[b2i(male)] }
func sexWord(male bool) string { return []string{"女", "男"}[b2i(male)] }
func two(n int) string         { return pad(n, 2) }
func yesNo(b bool) string      { return []string{"否", "是"}[b2i(b)] }

// clock is a time of a working day on the day.
func (e *emitter) clock(d city.Day, field uint64) string {
	if d == 0 {
		return ""
	}
	r := e.roll(e.n, 0xC10C+field)
	return d.String() + " " + two(8+r.N(10)) + ":" + two(r.Next().N(60)) + ":" + two(r.Next().Next().N(60))
}

// registered is a day on which a department last wrote the row.
func (e *emitter) registered(p *city.Person, last city.Day) city.Day {
	lo := max(p.Born, city.Start)
	lo = max(lo, p.ArrivedOn)
	if lo >= last {
		return last
	}
	return lo + city.Day(e.roll(e.n, 0xDA1).N(int(last-lo)))
}

var remarks = []string{"", "", "", "", "", "", "长期在外", "与父母同住", "租住", "独居", "电话确认", "本人到场", "材料已核", "待补照片"}

// population: 公安, everybody who is or was registered.
var population = view{
	department: "gaj", table: "实有人口", title: "实有人口登记信息", layout: csvGBK,
	files: []issue{{name: "实有人口登记信息_20241231", asOf: city.End}},
	columns: []column{
		{name: "人口编号", kind: key},
		{name: "姓名", kind: name},
		{name: "公民身份号码", kind: citizen},
		{name: "性别代码", kind: code},
		{name: "出生日期", kind: birth},
		{name: "民族代码", kind: code},
		{name: "人口类别", kind: code},
		{name: "户籍省市", kind: text},
		{name: "户号", kind: foreign},
		{name: "与户主关系", kind: code},
		{name: "现住址", kind: address},
		{name: "村居代码", kind: code},
		{name: "联系电话", kind: phone},
		{name: "婚姻状况代码", kind: code},
		{name: "文化程度代码", kind: code},
		{name: "状态", kind: code},
		{name: "更新时间", kind: moment},
		{name: "备注", kind: note},
	},
	dirt: without(personDoses, contradiction), // it is the authority
	rows: func(e *emitter) error {
		for p := range e.city.Everyone() {
			home := e.at(p.Dwelling)
			state, class := "1", "10"
			switch {
			case p.Died != 0:
				state = "3"
			case p.LeftOn != 0:
				state = "2"
			}
			if !p.Local {
				class = "20"
			}
			at := e.registered(p, city.End)
			if err := e.put(0, &line{
				values: []string{
					"RK" + pad(int(p.ID), 10), p.Name, p.Citizen, sexGB(p.Male), p.Born.Digits(), two(p.Nation), class, p.Origin, "H" + pad(p.Household, 9), string(p.Role),
					home.Address(), home.Committee.Code, p.Phone, itoa(p.Marital), []string{"", itoa(p.Education * 10)}[b2i(p.Education > 0)], state, e.clock(at, 1), remarks[e.roll(e.n, 2).N(len(remarks))],
				},
				refs: []ref{person(p), {"户", "H" + itoa(p.Household)}}, was: e.moved(10, p),
			}); err != nil {
				return err
			}
		}
		return nil
	},
}

func yearly(name string, late int) []issue {
	return []issue{
		{name: name + "_2022年", asOf: city.On(2022, 12, 31), daysLate: late},
		{name: name + "_2023年", asOf: city.On(2023, 12, 31), daysLate: late},
		{name: name + "_2024年", asOf: city.End, daysLate: late},
	}
}

// moves: 公安, a line for each move into, within or out of the district.
var moves = view{
	department: "gaj", table: "迁移", title: "人口迁移变动登记", layout: tsvUTF16, files: yearly("人口迁移变动登记", 10),
	columns: []column{
		{name: "流水号", kind: key},
		{name: "人口编号", kind: foreign},
		{name: "姓名", kind: name},
		{name: "身份证号", kind: citizen},
		{name: "变动类型", kind: code},
		{name: "变动日期", kind: day},
		{name: "迁出地址", kind: address},
		{name: "迁入地址", kind: address},
	},
	dirt: []dose{{late, 250}, {nameVariant, 60}, {fifteen, 50}, {wrongCheck, 50}, {addressForm, 400}, {brokenKey, 80}, {keyReuse, 20}},
	rows: func(e *emitter) error {
		for p := range e.city.Everyone() {
			kind, on, from, to := "", city.Day(0), "", ""
			switch home := e.at(p.Dwelling).Address(); {
			case p.LeftOn != 0:
				kind, on, from, to = "迁出", p.LeftOn, home, p.Origin
			case p.Previous >= 0:
				before := e.city.Dwelling(p.Previous)
				kind, on, from, to = "区内移居", p.MovedOn, before.Address(), home
			case p.ArrivedOn != 0:
				kind, on, from, to = "迁入", p.ArrivedOn, p.Origin, home
			}
			if on == 0 || on < p.Born {
				continue
			}
			if err := e.put(on.Year()-2022, &line{
				values: []string{"QY" + pad(int(p.ID), 10), "RK" + pad(int(p.ID), 10), p.Name, p.Citizen, kind, on.Format("2006/1/2"), from, to},
				refs:   []ref{person(p)},
			}); err != nil {
				return err
			}
		}
		return nil
	},
}

// health: 卫健, the files of residents that the clinics keep: nested JSON lines.
var health = view{
	department: "wjw", table: "健康档案", title: "居民健康档案", layout: ndjson,
	files: []issue{{name: "居民健康档案", asOf: city.On(2024, 11, 30), daysLate: 31}},
	columns: []column{
		{name: "档案号", kind: key},
		{name: "姓名", kind: name, group: "个人信息"},
		{name: "证件号码", kind: citizen, group: "个人信息"},
		{name: "性别", kind: code, group: "个人信息"},
		{name: "出生日期", kind: birth, group: "个人信息"},
		{name: "民族", kind: code, group: "个人信息"}, // GB/T 3304 letters
		{name: "本人电话", kind: phone, group: "个人信息"},
		{name: "居住地址", kind: address, group: "个人信息"},
		{name: "身高厘米", kind: number, group: "体检"},
		{name: "体重公斤", kind: number, group: "体检"},
		{name: "体检时间", kind: moment, group: "体检"},
		{name: "建档机构", kind: text},
		{name: "备注", kind: note},
	},
	dirt: personDoses,
	rows: func(e *emitter) error {
		asOf := e.view.files[0].asOf
		for p := range e.city.Everyone() {
			if !p.Resident(asOf) || e.roll(uint64(p.ID), 1).N(100) >= 62 {
				continue
			}
			home := e.at(p.Dwelling)
			height, weight := 150+e.roll(uint64(p.ID), 2).N(30)+5*b2i(p.Male), 45+e.roll(uint64(p.ID), 3).N(45)
			if age := p.Born.Age(asOf); age < 15 {
				height, weight = 60+age*7, 5+age*3
			}
			if err := e.put(0, &line{
				values: []string{
					"310115" + pad(int(p.ID), 11), p.Name, p.Citizen, sexWord(p.Male), p.Born.String(), city.NationLetters(p.Nation), p.Phone, home.Address(), itoa(height), itoa(weight),
					e.clock(e.registered(p, asOf), 4), home.Town.Name + "社区卫生服务中心", remarks[e.roll(e.n, 5).N(len(remarks))],
				},
				refs: []ref{person(p)}, was: e.moved(7, p),
			}); err != nil {
				return err
			}
		}
		return nil
	},
}

// births: 卫健, with the mother's name and number.
var births = view{
	department: "wjw", table: "出生医学证明", title: "出生医学证明签发信息", layout: xmlGBK,
	files: []issue{{name: "出生医学证明_2022至2024", asOf: city.End, daysLate: 5}},
	columns: []column{
		{name: "证明编号", kind: key},
		{name: "新生儿姓名", kind: name},
		{name: "新生儿性别", kind: code},
		{name: "出生日期", kind: birth},
		{name: "体重克", kind: number},
		{name: "母亲姓名", kind: name},
		{name: "母亲身份证号", kind: citizen},
		{name: "父亲姓名", kind: name},
		{name: "父亲身份证号", kind: citizen},
		{name: "签发时间", kind: moment},
	},
	dirt: without(personDoses, contradiction),
	rows: func(e *emitter) error {
		for h := range e.city.Households() {
			hh := e.city.Household(h)
			var father, mother *city.Person
			for i := range hh.Members {
				p := &hh.Members[i]
				switch {
				case p.Role == city.Head:
					father = p
				case p.Role == city.Spouse:
					mother = p
				case p.Role == city.Child && p.Born >= city.Start && father != nil && mother != nil:
					if err := e.put(0, &line{
						values: []string{
							"Z31" + pad(int(p.ID), 9), p.Name, sexGB(p.Male), p.Born.String(), itoa(2400 + e.roll(uint64(p.ID), 1).N(1800)),
							mother.Name, mother.Citizen, father.Name, father.Citizen, e.clock(p.Born+3, 2),
						},
						refs: []ref{{"新生儿", "P" + utoa(uint64(p.ID))}, {"母亲", "P" + utoa(uint64(mother.ID))}, {"父亲", "P" + utoa(uint64(father.ID))}},
					}); err != nil {
						return err
					}
				}
			}
		}
		return nil
	},
}

// deaths: 卫健.
var deaths = view{
	department: "wjw", table: "死亡", title: "死亡医学证明信息", layout: csvBOM, files: yearly("死亡医学证明信息", 20),
	columns: []column{
		{name: "证明编号", kind: key},
		{name: "死者姓名", kind: name},
		{name: "身份证件号码", kind: citizen},
		{name: "性别", kind: code},
		{name: "出生日期", kind: birth},
		{name: "死亡日期", kind: day},
		{name: "死亡时年龄", kind: number},
		{name: "生前住址", kind: address},
		{name: "家属电话", kind: phone},
	},
	dirt: with(without(personDoses, contradiction), dose{late, 400}),
	rows: func(e *emitter) error {
		for p := range e.city.Everyone() {
			if p.Died == 0 {
				continue
			}
			if err := e.put(p.Died.Year()-2022, &line{
				values: []string{"SW" + pad(int(p.ID), 10), p.Name, p.Citizen, sexWord(p.Male), p.Born.String(), p.Died.String(), itoa(p.Born.Age(p.Died)), e.at(p.Dwelling).Address(), p.Phone},
				refs:   []ref{person(p)},
			}); err != nil {
				return err
			}
		}
		return nil
	},
}

// insurance: 医保, all that are insured.
var insurance = view{
	department: "ybj", table: "参保人员", title: "基本医疗保险参保人员", layout: jsonArray,
	files: []issue{{name: "医保参保人员_202412", asOf: city.On(2024, 12, 1), daysLate: 15}},
	columns: []column{
		{name: "psn_no", kind: key},
		{name: "psn_name", kind: name},
		{name: "certno", kind: citizen},
		{name: "gend", kind: code},
		{name: "brdy", kind: birth},
		{name: "tel", kind: phone},
		{name: "addr", kind: address},
		{name: "insutype", kind: code},
		{name: "bal_yuan", kind: money},
		{name: "opt_time", kind: moment},
	},
	dirt: personDoses,
	rows: func(e *emitter) error {
		asOf := e.view.files[0].asOf
		for p := range e.city.Everyone() {
			if !p.Resident(asOf) || !p.Local && p.Firm == 0 && p.PensionYuan == 0 {
				continue
			}
			kind := "390"
			if p.Firm > 0 || p.PensionYuan > 0 {
				kind = "310"
			}
			if err := e.put(0, &line{
				values: []string{
					"3101" + pad(int(p.ID), 16), p.Name, p.Citizen, sexGB(p.Male), p.Born.String(), p.Phone, e.at(p.Dwelling).Address(), kind,
					fmt.Sprintf("%d.%02d", e.roll(uint64(p.ID), 1).N(30000), 1+e.roll(uint64(p.ID), 2).N(99)), e.clock(e.registered(p, asOf), 3),
				},
				refs: []ref{person(p)}, was: e.moved(6, p),
			}); err != nil {
				return err
			}
		}
		return nil
	},
}

// pupils: 教育.
var pupils = view{
	department: "jyj", table: "学籍", title: "中小学及幼儿园学籍信息", layout: tsvUTF16,
	files: []issue{{name: "学籍信息_2024学年", asOf: city.On(2024, 9, 30), daysLate: 45}},
	columns: []column{
		{name: "学籍号", kind: key},
		{name: "学生姓名", kind: name},
		{name: "性别", kind: code},
		{name: "出生日期", kind: birth},
		{name: "身份证件号", kind: citizen},
		{name: "学校代码", kind: foreign},
		{name: "学校名称", kind: text},
		{name: "年级", kind: code},
		{name: "家庭住址", kind: address},
		{name: "监护人姓名", kind: name},
		{name: "监护人电话", kind: phone},
	},
	dirt: personDoses,
	rows: func(e *emitter) error {
		schools := e.city.Schools()
		for h := range e.city.Households() {
			hh := e.city.Household(h)
			for i := range hh.Members {
				p, guardian := &hh.Members[i], &hh.Members[0]
				if p.School == 0 || !p.Resident(e.view.files[0].asOf) {
					continue
				}
				grade := "幼儿园"
				if p.Grade > 0 {
					grade = itoa(p.Grade) + "年级"
				}
				if err := e.put(0, &line{
					values: []string{
						"L" + pad(int(p.ID), 12), p.Name, sexWord(p.Male), p.Born.Digits(), p.Citizen, "3115" + pad(p.School, 6), schools[p.School-1].Name, grade,
						e.at(p.Dwelling).Address(), guardian.Name, guardian.Phone,
					},
					refs: []ref{{"学生", "P" + utoa(uint64(p.ID))}, {"监护人", "P" + utoa(uint64(guardian.ID))}}, was: e.moved(8, p),
				}); err != nil {
					return err
				}
			}
		}
		return nil
	},
}

// disabled: 残联, two deliveries: the later one lacks some of the earlier.
var disabled = view{
	department: "cl", table: "残疾人", title: "持证残疾人名册", layout: xls,
	files: []issue{{name: "持证残疾人名册_2023年", asOf: city.On(2023, 12, 31), daysLate: 40}, {name: "持证残疾人名册_2024年", asOf: city.On(2024, 6, 30), daysLate: 184}},
	columns: []column{
		{name: "残疾证号", kind: key},
		{name: "姓名", kind: name},
		{name: "性别", kind: code},
		{name: "出生年月日", kind: birth},
		{name: "残疾类别", kind: code},
		{name: "等级", kind: code},
		{name: "住址", kind: address},
		{name: "联系电话", kind: phone},
		{name: "街镇", kind: text},
		{name: "补贴元每月", kind: money},
		{name: "备注", kind: note},
	},
	dirt: with(personDoses, dose{deleted, 300}),
	rows: func(e *emitter) error {
		for p := range e.city.Everyone() {
			if p.Disability == 0 {
				continue
			}
			home := e.at(p.Dwelling)
			for i := range e.view.files {
				if !p.Resident(e.view.files[i].asOf) {
					continue
				}
				if err := e.put(i, &line{
					// The number of the certificate is the citizen number, class and level.
					values: []string{
						p.Citizen + itoa(p.Disability) + itoa(p.Level), p.Name, sexWord(p.Male), p.Born.String(),
						[]string{"视力", "听力", "言语", "肢体", "智力", "精神", "多重"}[p.Disability-1], []string{"一级", "二级", "三级", "四级"}[p.Level-1],
						home.Address(), p.Phone, home.Town.Name, itoa(600 - 100*p.Level), remarks[e.roll(e.n, 5).N(len(remarks))],
					},
					refs: []ref{person(p)}, was: e.moved(6, p),
				}); err != nil {
					return err
				}
			}
		}
		return nil
	},
}

// elders: 街镇, a list that community workers keep by hand, without numbers.
var elders = view{
	department: "jd", table: "高龄老人", title: "高龄老人关爱台账", layout: xlsx,
	files: []issue{{name: "高龄老人关爱台账", asOf: city.On(2024, 3, 31), daysLate: 200}},
	columns: []column{
		{name: "编号", kind: key},
		{name: "街镇", kind: text},
		{name: "村居", kind: text},
		{name: "姓名", kind: name},
		{name: "性别", kind: code},
		{name: "年龄", kind: number},
		{name: "住址", kind: address},
		{name: "电话", kind: phone},
		{name: "是否独居", kind: code},
		{name: "探访情况", kind: note},
	},
	dirt: personDoses,
	rows: func(e *emitter) error {
		asOf := e.view.files[0].asOf
		for h := range e.city.Households() {
			hh := e.city.Household(h)
			for i := range hh.Members {
				p := &hh.Members[i]
				if !p.Resident(asOf) || p.Born.Age(asOf) < 80 {
					continue
				}
				home := e.at(p.Dwelling)
				if err := e.put(0, &line{
					values: []string{
						"GL" + pad(int(p.ID), 9), home.Town.Name, home.Committee.Name, p.Name, sexWord(p.Male), itoa(p.Born.Age(asOf)), home.Address(), p.Phone,
						yesNo(len(hh.Members) == 1), []string{"身体尚可", "行动不便", "已送餐", "子女每周探望", "需助浴"}[e.roll(e.n, 5).N(5)],
					},
					refs: []ref{person(p)}, was: e.moved(6, p),
				}); err != nil {
					return err
				}
			}
		}
		return nil
	},
}
