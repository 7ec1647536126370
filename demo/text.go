package demo

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"
	"time"
)

// companies: GBK, CRLF, a comma inside quotes, capital with its unit, three
// habits of writing dates, and four lines that a text editor broke.
func companies(g *gen) ([]byte, error) {
	var b bytes.Buffer
	csvLine(&b, ",", "\r\n", "统一社会信用代码", "企业名称", "法定代表人", "注册资本（万元）", "成立日期", "企业类型", "行业代码", "住所", "经营范围", "状态")
	trades := []string{"科技", "贸易", "餐饮管理", "物流", "建筑工程", "信息技术", "文化传播", "生物医药"}
	kinds := []string{"有限责任公司(自然人投资或控股)", "有限责任公司(法人独资)", "个体工商户", "股份有限公司(非上市)"}
	for i := range 2400 {
		born := g.day(1998, 2024)
		date := born.Format("2006-01-02")
		switch {
		case i%11 == 3:
			date = born.Format("2006/1/2")
		case i%37 == 5:
			date = born.Format("2006年1月2日")
		}
		capital := fmt.Sprintf("%d", (1+g.IntN(500))*10)
		if i%29 == 7 {
			capital = "N/A"
		}
		trade := pick(g, trades)
		scope := fmt.Sprintf("许可项目：%s服务。一般项目：技术咨询,技术转让；%s零售（除依法须经批准的项目外）", trade, trade)
		line := []string{
			g.creditCode(), "上海" + pick(g, given) + pick(g, given) + trade + "有限公司", g.name(), capital, date, pick(g, kinds),
			fmt.Sprintf("%04d", 100+g.IntN(9000)), g.address(), scope, pick(g, []string{"存续", "存续", "存续", "注销", "吊销"}),
		}
		if i == 400 || i == 1200 || i == 1801 || i == 2222 {
			line = append(line, "续行") // one value too many: the line was shifted by hand
			line[8] = "（见附件"
		}
		csvLine(&b, ",", "\r\n", line...)
	}
	return gbk(b.String())
}

// residents: UTF-8 with a BOM, identity numbers guarded from Excel by a tab,
// empty and starred values.
func residents(g *gen) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	csvLine(&b, ",", "\n", "公民身份号码", "姓名", "性别", "出生日期", "民族", "户籍地址", "现住地址", "所属街镇", "联系电话", "是否独居", "登记时间")
	for i := range 3000 {
		born := g.day(1935, 2020)
		phone := g.mobile()
		if i%17 == 2 {
			phone = ""
		}
		live := g.address()
		if i%23 == 4 {
			live = "同户籍地址"
		}
		csvLine(&b, ",", "\n", g.citizenID(born), g.name(), pick(g, []string{"男", "女"}), born.Format("20060102"),
			pick(g, []string{"汉族", "汉族", "汉族", "汉族", "回族", "满族", "土家族"}), g.address(), live, pick(g, towns), phone,
			pick(g, []string{"否", "否", "否", "是"}), g.day(2023, 2024).Add(time.Duration(g.IntN(86400))*time.Second).Format("2006-01-02 15:04:05"))
	}
	return b.Bytes(), nil
}

// hotline: nested JSON, one array of steps in each order.
func hotline(g *gen) ([]byte, error) {
	type step struct {
		At   string `json:"时间"`
		Unit string `json:"单位"`
		Act  string `json:"动作"`
	}
	type order struct {
		No      string            `json:"工单编号"`
		Title   string            `json:"标题"`
		Kind    string            `json:"类别"`
		Town    string            `json:"所属街镇"`
		Caller  map[string]string `json:"来电人"`
		Urgent  bool              `json:"是否紧急"`
		At      string            `json:"受理时间"`
		Score   *int              `json:"满意度"`
		History []step            `json:"处理过程"`
	}
	kinds := []string{"占道经营", "噪声扰民", "垃圾堆放", "违法搭建", "井盖破损", "停车纠纷", "供水问题"}
	orders := make([]order, 0, 600)
	for i := range 600 {
		at := g.day(2024, 2024).Add(time.Duration(g.IntN(86400)) * time.Second)
		kind := pick(g, kinds)
		o := order{
			No: fmt.Sprintf("SH%s%05d", at.Format("20060102"), i), Title: fmt.Sprintf("反映%s%s", pick(g, roads), kind), Kind: kind, Town: pick(g, towns),
			Caller: map[string]string{"姓名": g.name(), "电话": g.mobile()}, Urgent: g.IntN(12) == 0, At: at.Format("2006-01-02T15:04:05+08:00"),
		}
		if g.IntN(3) > 0 {
			n := 1 + g.IntN(5)
			o.Score = &n
		}
		for _, act := range []string{"受理", "派遣", "处置", "办结"}[:1+g.IntN(4)] {
			at = at.Add(time.Duration(1+g.IntN(36)) * time.Hour)
			o.History = append(o.History, step{at.Format("2006-01-02T15:04:05+08:00"), pick(g, towns), act})
		}
		orders = append(orders, o)
	}
	return json.MarshalIndent(map[string]any{"来源": "12345市民服务热线", "导出时间": "2024-12-31 23:59:59", "工单": orders}, "", "  ")
}

// airQuality: XML declared and written in GB2312.
func airQuality(g *gen) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("<?xml version=\"1.0\" encoding=\"GB2312\"?>\n<空气质量 区域=\"浦东新区\">\n")
	for _, station := range []string{"浦东张江", "浦东川沙", "浦东新区监测站", "惠南"} {
		fmt.Fprintf(&b, "  <站点 编码=\"%s\" 名称=\"%s\">\n", "31011500"+g.digits(2), station)
		for h := range 120 {
			at := time.Date(2024, 11, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(h) * time.Hour)
			fmt.Fprintf(&b, "    <监测 时间=\"%s\"><PM25>%d</PM25><PM10>%d</PM10><O3>%d</O3><NO2>%d</NO2><首要污染物>%s</首要污染物></监测>\n",
				at.Format("2006-01-02 15:04"), 8+g.IntN(90), 15+g.IntN(120), 20+g.IntN(150), 5+g.IntN(70), pick(g, []string{"PM2.5", "O3", "—", "NO2"}))
		}
		b.WriteString("  </站点>\n")
	}
	b.WriteString("</空气质量>\n")
	return gbk(b.String())
}

// schools: tab-separated UTF-16, as a spreadsheet program saves "Unicode text".
func schools(g *gen) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("浦东新区学校基本情况表\r\n填报单位：教育局\t\t\t\t\t单位：人、平方米\r\n")
	csvLine(&b, "\t", "\r\n", "学校代码", "学校名称", "办学类型", "在校学生数", "教职工数", "校舍面积")
	for i := range 180 {
		kind := pick(g, []string{"小学", "初级中学", "九年一贯制学校", "高级中学", "幼儿园"})
		csvLine(&b, "\t", "\r\n", fmt.Sprintf("013115%04d", i+1), "上海市浦东新区"+pick(g, roads)[:6]+kind, kind,
			fmt.Sprint(200+g.IntN(1800)), fmt.Sprint(20+g.IntN(180)), fmt.Sprintf("%d.%d", 3000+g.IntN(30000), g.IntN(10)))
	}
	b.WriteString("注：1.在校学生数为2024年9月30日数据。\r\n填表人：沈静\t\t审核人：陆建华\t\t填表日期：2024年10月12日\r\n")
	return utf16(b.String())
}

// employment: a MySQL dump.
func employment(g *gen) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("-- MySQL dump 10.13  Distrib 5.7.44\n/*!40101 SET NAMES utf8 */;\nDROP TABLE IF EXISTS `ygba`;\nCREATE TABLE `ygba` (\n" +
		"  `id` bigint(20) NOT NULL AUTO_INCREMENT COMMENT '主键',\n  `tyshxydm` varchar(18) NOT NULL COMMENT '统一社会信用代码',\n" +
		"  `xm` varchar(64) DEFAULT NULL COMMENT '姓名',\n  `gwmc` varchar(100) DEFAULT NULL COMMENT '岗位名称',\n" +
		"  `htqsrq` date DEFAULT NULL COMMENT '合同起始日期',\n  `yxz` decimal(10,2) DEFAULT NULL COMMENT '月薪资',\n  `bz` text COMMENT '备注',\n" +
		"  PRIMARY KEY (`id`)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8 COMMENT='用工备案';\n\n")
	id := 0
	for range 12 {
		b.WriteString("INSERT INTO `ygba` VALUES ")
		for k := range 60 {
			if k > 0 {
				b.WriteByte(',')
			}
			id++
			note := pick(g, []string{"NULL", "'试用期三个月'", `'备注：\'特殊工时\''`, "'见附件;已核'"})
			fmt.Fprintf(&b, "(%d,'%s','%s','%s','%s',%d.%02d,%s)", id, g.creditCode(), g.name(), pick(g, []string{"操作工", "会计", "软件工程师", "保安", "司机"}),
				g.day(2020, 2024).Format("2006-01-02"), 3000+g.IntN(30000), g.IntN(100), note)
		}
		b.WriteString(";\n")
	}
	return b.Bytes(), nil
}

// busStops: GeoJSON in WGS 84.
func busStops(g *gen) ([]byte, error) {
	type feature struct {
		Type       string         `json:"type"`
		Properties map[string]any `json:"properties"`
		Geometry   map[string]any `json:"geometry"`
	}
	fs := make([]feature, 0, 240)
	for i := range 240 {
		fs = append(fs, feature{"Feature", map[string]any{
			"站点编号": fmt.Sprintf("PD%04d", i+1), "站点名称": pick(g, roads) + pick(g, roads), "线路数": 1 + g.IntN(9), "有无候车亭": pick(g, []string{"有", "无"}),
		}, map[string]any{"type": "Point", "coordinates": []float64{121.45 + float64(g.IntN(45000))/1e5, 30.95 + float64(g.IntN(38000))/1e5}}})
	}
	return json.Marshal(map[string]any{"type": "FeatureCollection", "name": "公交站点", "features": fs})
}

// clinics: HTML that calls itself .xls, as web systems export it, in GBK.
func clinics(g *gen) ([]byte, error) {
	var b strings.Builder
	b.WriteString(`<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head><meta http-equiv="Content-Type" content="text/html; charset=gb2312"></head><body>` +
		`<table border="1"><tr><td colspan="6" align="center"><b>浦东新区预防接种门诊一览表</b></td></tr>` +
		`<tr><th rowspan="2">序号</th><th rowspan="2">门诊名称</th><th rowspan="2">地址</th><th colspan="2">接种时间</th><th rowspan="2">咨询电话</th></tr><tr><th>工作日</th><th>周末</th></tr>`)
	for i := range 46 {
		var name bytes.Buffer
		if err := xml.EscapeText(&name, []byte(pick(g, towns)+"社区卫生服务中心")); err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, `<tr><td>%d</td><td>%s</td><td>%s</td><td>8:00-11:00</td><td>%s</td><td style="mso-number-format:'\@'">021-%s</td></tr>`,
			i+1, name.String(), g.address(), pick(g, []string{"周六上午", "—", "周日上午"}), g.digits(8))
	}
	b.WriteString(`<tr><td colspan="6">注：节假日以门诊公告为准。</td></tr></table></body></html>`)
	return gbk(b.String())
}
