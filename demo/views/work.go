package views

import (
	"fmt"

	"shuniu/demo/city"
)

// employment: 人社, a dump; a line for each insured job.
var employment = view{
	department: "rsj", table: "cbzg", title: "城镇职工参保登记", layout: sqlDump,
	files: []issue{{name: "城镇职工参保登记", asOf: city.On(2024, 10, 31), daysLate: 60}},
	columns: []column{
		{name: "grbh", kind: key, group: "个人编号"},
		{name: "xm", kind: name, group: "姓名"},
		{name: "sfzh", kind: citizen, group: "身份证号"},
		{name: "xb", kind: code, group: "性别"},
		{name: "csrq", kind: birth, group: "出生日期"},
		{name: "lxdh", kind: phone, group: "联系电话"},
		{name: "dwtyxydm", kind: credit, group: "单位统一社会信用代码"},
		{name: "dwmc", kind: firmName, group: "单位名称"},
		{name: "cbrq", kind: day, group: "参保日期"},
		{name: "jfjs", kind: money, group: "缴费基数（元）"},
		{name: "czsj", kind: moment, group: "操作时间"},
		{name: "bz", kind: note, group: "备注"},
	},
	dirt: personDoses,
	rows: func(e *emitter) error {
		asOf := e.view.files[0].asOf
		for p := range e.city.Everyone() {
			if p.Firm == 0 || !p.Resident(asOf) || p.JobSince > asOf {
				continue
			}
			f := e.city.FirmName(p.Firm - 1)
			if err := e.put(0, &line{
				values: []string{
					"15" + pad(int(p.ID), 10), p.Name, p.Citizen, []string{"F", "M"}[b2i(p.Male)], p.Born.String(), p.Phone, f.Code, f.Name, p.JobSince.String(),
					fmt.Sprintf("%d.%02d", p.WageYuan, 50), e.clock(max(p.JobSince, city.Start), 1), remarks[e.roll(e.n, 2).N(len(remarks))],
				},
				refs: []ref{person(p), {"单位", "F" + itoa(p.Firm-1)}},
			}); err != nil {
				return err
			}
		}
		return nil
	},
}

// pensions: 人社, parted by bars.
var pensions = view{
	department: "rsj", table: "养老金", title: "养老金发放明细", layout: pipeGBK,
	files: []issue{{name: "养老金发放明细_202411", asOf: city.On(2024, 11, 15), daysLate: 30}},
	columns: []column{
		{name: "待遇编号", kind: key},
		{name: "姓名", kind: name},
		{name: "身份证号", kind: citizen},
		{name: "退休日期", kind: day},
		{name: "月养老金元", kind: money},
		{name: "领取地址", kind: address},
		{name: "手机", kind: phone},
	},
	dirt: personDoses,
	rows: func(e *emitter) error {
		for p := range e.city.Everyone() {
			if p.PensionYuan == 0 || !p.Resident(e.view.files[0].asOf) {
				continue
			}
			if err := e.put(0, &line{
				values: []string{"YL" + pad(int(p.ID), 10), p.Name, p.Citizen, p.PensionSince.String(), itoa(p.PensionYuan) + ".00", e.at(p.Dwelling).Address(), p.Phone},
				refs:   []ref{person(p)}, was: e.moved(5, p),
			}); err != nil {
				return err
			}
		}
		return nil
	},
}

// marriages: 民政, heads of two rows; in 2024 the system was replaced and
// columns have other names.
var marriages = view{
	department: "mzj", table: "婚姻登记", title: "婚姻登记台账", layout: xlsx,
	files: func() []issue {
		out := yearly("婚姻登记台账", 15)
		out[2].renamed = map[string]string{"登记日期": "办理日期", "业务类型": "事项名称"}
		return out
	}(),
	columns: []column{
		{name: "登记字号", kind: key},
		{name: "业务类型", kind: code},
		{name: "登记日期", kind: day},
		{name: "姓名", kind: name, group: "男方"},
		{name: "证件号码", kind: citizen, group: "男方"},
		{name: "电话", kind: phone, group: "男方"},
		{name: "姓名", kind: name, group: "女方"},
		{name: "证件号码", kind: citizen, group: "女方"},
		{name: "电话", kind: phone, group: "女方"},
		{name: "登记机关", kind: text},
	},
	dirt: with(without(personDoses, testData), dose{late, 300}),
	rows: func(e *emitter) error {
		for h := range e.city.Households() {
			hh := e.city.Household(h)
			for i := range hh.Members {
				p := &hh.Members[i]
				if !p.Male || p.Partner == 0 || p.MarriedOn < city.Start || i+1 >= len(hh.Members) {
					continue
				}
				w := &hh.Members[i+1]
				if err := e.put(p.MarriedOn.Year()-2022, &line{
					values: []string{
						"J310115-" + itoa(p.MarriedOn.Year()) + "-" + pad(int(p.ID), 9), "结婚登记", p.MarriedOn.String(), p.Name, p.Citizen, p.Phone, w.Name, w.Citizen, w.Phone,
						"浦东新区民政局婚姻登记中心",
					},
					refs: []ref{{"男方", "P" + utoa(uint64(p.ID))}, {"女方", "P" + utoa(uint64(w.ID))}},
				}); err != nil {
					return err
				}
			}
		}
		return nil
	},
}

// associations: 民政, committees and associations.
var associations = view{
	department: "mzj", table: "组织", title: "基层组织与社会组织名录", layout: xls,
	files: []issue{{name: "基层组织与社会组织名录", asOf: city.End, daysLate: 0}},
	columns: []column{
		{name: "登记证号", kind: key},
		{name: "统一社会信用代码", kind: credit},
		{name: "组织名称", kind: firmName},
		{name: "类别", kind: code},
		{name: "负责人", kind: name},
		{name: "负责人身份证号", kind: citizen},
		{name: "成立日期", kind: day},
		{name: "住所", kind: address},
		{name: "从业人数", kind: number},
	},
	dirt: firmDoses,
	rows: func(e *emitter) error {
		return e.organisations(func(o *city.Organisation) bool { return o.Code[0] == '5' })
	},
}

// offices: 编办, offices, schools and clinics.
var offices = view{
	department: "bzb", table: "机构", title: "机关事业单位名录", layout: docx,
	files:   []issue{{name: "机关事业单位名录", asOf: city.End, daysLate: 60}},
	columns: associations.columns,
	dirt:    firmDoses,
	rows: func(e *emitter) error {
		return e.organisations(func(o *city.Organisation) bool { return o.Code[0] == '1' })
	},
}

func (e *emitter) organisations(take func(*city.Organisation) bool) error {
	for k := range e.city.OrganisationCount() {
		o := e.city.Organisation(k)
		if !take(&o) {
			continue
		}
		if err := e.put(0, &line{
			values: []string{"ZZ" + pad(o.ID, 7), o.Code, o.Name, o.Class, o.Leader.Name, o.Leader.Citizen, o.Founded.String(), o.Address, itoa(o.Staff)},
			refs:   []ref{{"组织", "O" + itoa(o.ID)}, {"负责人", "P" + utoa(uint64(o.Leader.ID))}},
		}); err != nil {
			return err
		}
	}
	return nil
}

// members: 编办, the people of the organisations.
var members = view{
	department: "bzb", table: "人员", title: "机构人员花名册", layout: csvUTF8,
	files: []issue{{name: "机构人员花名册", asOf: city.End, daysLate: 60}},
	columns: []column{
		{name: "人员编号", kind: key},
		{name: "机构代码", kind: foreign},
		{name: "机构名称", kind: firmName},
		{name: "姓名", kind: name},
		{name: "身份证号", kind: citizen},
		{name: "岗位", kind: code},
		{name: "手机号", kind: phone},
		{name: "政治面貌", kind: code},
	},
	dirt: personDoses,
	rows: func(e *emitter) error {
		for k := range e.city.OrganisationCount() {
			o := e.city.Organisation(k)
			for i := range max(1, o.Staff/10) {
				p := e.city.Member(k, i)
				if i == 0 {
					p = o.Leader
				}
				if err := e.put(0, &line{
					values: []string{
						"BZ" + pad(k, 6) + pad(i, 3), o.Code, o.Name, p.Name, p.Citizen, []string{"负责人", "管理", "专技", "工勤"}[min(i, 1+i%3)], p.Phone,
						[]string{"群众", "中共党员"}[b2i(p.Party)],
					},
					refs: []ref{person(&p), {"组织", "O" + itoa(k)}},
				}); err != nil {
					return err
				}
			}
		}
		return nil
	},
}
