package demo

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

// foodLicences: a title, the sender's line, a header of two merged rows,
// vertically merged towns with subtotals, a total, notes and signatures.
func foodLicences(g *gen) ([]byte, error) {
	f := excelize.NewFile()
	const sheet = "台账"
	if err := f.SetSheetName("Sheet1", sheet); err != nil {
		return nil, err
	}
	s := sheetWriter{f: f, sheet: sheet}
	s.row("浦东新区食品经营许可证发放台账（2024年第三季度）")
	s.merge("A1", "H1")
	s.row("填报单位：市场监督管理局", nil, nil, nil, nil, nil, "单位：户、万元")
	s.row("所属街镇", "序号", "经营者名称", "许可证编号", "许可事项", nil, "有效期至", "年营业额")
	s.row(nil, nil, nil, nil, "主体业态", "是否网络经营", nil, nil)
	s.merge("E3", "F3")
	for _, c := range []string{"A", "B", "C", "D", "G", "H"} {
		s.merge(c+"3", c+"4")
	}
	n, grand := 0, 0.0
	for _, town := range towns[:6] {
		first, sum := s.n+1, 0.0
		for range 20 + g.IntN(15) {
			n++
			v := float64(g.IntN(90000)) / 100
			sum += v
			s.row(town, n, pick(g, roads)+pick(g, []string{"面馆", "茶餐厅", "便利店", "食堂", "烘焙坊"}), "JY2310115"+g.digits(7),
				pick(g, []string{"餐饮服务经营者", "食品销售经营者", "单位食堂"}), pick(g, []string{"是", "否"}), g.day(2025, 2029), v)
		}
		s.merge(fmt.Sprintf("A%d", first), fmt.Sprintf("A%d", s.n))
		s.row("小计", nil, nil, nil, nil, nil, nil, sum)
		grand += sum
	}
	s.row("合计", nil, nil, nil, nil, nil, nil, grand)
	s.row("注：年营业额为经营者自报数。")
	s.row("填表人：顾敏", nil, "审核人：姚志强", nil, nil, nil, "2024年10月8日")
	return s.bytes()
}

// indicators: two tables side by side on one sheet, one below, and a hidden sheet.
func indicators(g *gen) ([]byte, error) {
	f := excelize.NewFile()
	const sheet = "月报"
	if err := f.SetSheetName("Sheet1", sheet); err != nil {
		return nil, err
	}
	s := sheetWriter{f: f, sheet: sheet}
	s.row("主要经济指标", nil, nil, nil, nil, "分产业投资")
	s.row("指标", "计量单位", "2024年1-10月", "同比增长（%）", nil, "产业", "本月止累计（亿元）", "增速（%）")
	left := []string{"地区生产总值", "规模以上工业总产值", "固定资产投资", "社会消费品零售总额", "一般公共预算收入", "实到外资", "外贸进出口总额", "新设企业户数"}
	right := []string{"第一产业", "第二产业", "第三产业", "工业", "房地产业"}
	for i, name := range left {
		row := []any{name, pick(g, []string{"亿元", "亿美元", "户"}), float64(g.IntN(1500000)) / 100, float64(g.IntN(300)-80) / 10}
		if i < len(right) {
			row = append(row, nil, right[i], float64(g.IntN(200000))/100, float64(g.IntN(400)-150)/10)
		}
		s.row(row...)
	}
	s.row()
	s.row()
	s.row("表2 各街镇税收完成情况（单位：万元）")
	s.row("街镇", "1月", "2月", "3月", "4月", "5月", "6月")
	for _, town := range towns {
		row := []any{town}
		for range 6 {
			row = append(row, float64(g.IntN(900000))/100)
		}
		s.row(row...)
	}
	s.row("资料来源：区税务局")
	if _, err := f.NewSheet("代码"); err != nil {
		return nil, err
	}
	h := sheetWriter{f: f, sheet: "代码"}
	h.row("街镇代码", "街镇")
	for i, town := range towns {
		h.row(fmt.Sprintf("310115%03d", i+1), town)
	}
	if err := f.SetSheetVisible("代码", false); err != nil {
		return nil, err
	}
	s.err = firstOf(s.err, h.err)
	return s.bytes()
}

type sheetWriter struct {
	f     *excelize.File
	sheet string
	n     int
	err   error
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *sheetWriter) row(values ...any) {
	s.n++
	for i, v := range values {
		if v == nil || s.err != nil {
			continue
		}
		cell, err := excelize.CoordinatesToCellName(i+1, s.n)
		if err != nil {
			s.err = err
			return
		}
		s.err = s.f.SetCellValue(s.sheet, cell, v)
		if _, isDay := v.(time.Time); isDay && s.err == nil {
			var style int
			if style, s.err = s.f.NewStyle(&excelize.Style{NumFmt: 14}); s.err == nil {
				s.err = s.f.SetCellStyle(s.sheet, cell, cell, style)
			}
		}
	}
}

func (s *sheetWriter) merge(from, to string) {
	if s.err == nil && from != to {
		s.err = s.f.MergeCell(s.sheet, from, to)
	}
}

func (s *sheetWriter) bytes() ([]byte, error) {
	if s.err != nil {
		return nil, s.err
	}
	// A fixed date keeps the bytes the same on every day.
	if err := s.f.SetDocProps(&excelize.DocProperties{Created: "2024-12-31T00:00:00Z", Modified: "2024-12-31T00:00:00Z", Creator: "demo"}); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := s.f.Write(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), s.f.Close()
}

type entry struct {
	name string
	data []byte
	gbk  bool // the name is written in GBK, without the UTF-8 flag
}

func zipped(entries ...entry) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate, Modified: time.Date(2024, 12, 31, 0, 0, 0, 0, time.UTC)}
		if e.gbk {
			name, err := gbk(e.name)
			if err != nil {
				return nil, err
			}
			h.Name, h.NonUTF8 = string(name), true
		}
		if e.name == "mimetype" {
			h.Method = zip.Store
		}
		w, err := z.CreateHeader(h)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(e.data); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// nursingHomes: OpenDocument, repeated empty cells and a percentage.
func nursingHomes(g *gen) ([]byte, error) {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" ` +
		`xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2">` +
		`<office:body><office:spreadsheet><table:table table:name="养老机构">`)
	text := func(v string) {
		var e bytes.Buffer
		_ = xml.EscapeText(&e, []byte(v)) // a bytes.Buffer does not fail
		fmt.Fprintf(&b, `<table:table-cell office:value-type="string"><text:p>%s</text:p></table:table-cell>`, e.String())
	}
	b.WriteString(`<table:table-row>`)
	for _, h := range []string{"机构名称", "所属街镇", "地址", "核定床位数", "实际入住", "入住率", "开业日期", "负责人"} {
		text(h)
	}
	b.WriteString(`<table:table-cell table:number-columns-repeated="1016"/></table:table-row>`)
	for range 96 {
		beds := 40 + g.IntN(300)
		in := beds * (30 + g.IntN(70)) / 100
		b.WriteString(`<table:table-row>`)
		town := pick(g, towns)
		text(strings.TrimSuffix(strings.TrimSuffix(town, "街道"), "镇") + pick(g, []string{"敬老院", "养护院", "颐养中心"}))
		text(town)
		text(g.address())
		for _, n := range []int{beds, in} {
			fmt.Fprintf(&b, `<table:table-cell office:value-type="float" office:value="%d"><text:p>%d</text:p></table:table-cell>`, n, n)
		}
		fmt.Fprintf(&b, `<table:table-cell office:value-type="percentage" office:value="%.4f"><text:p>%.1f%%</text:p></table:table-cell>`, float64(in)/float64(beds), 100*float64(in)/float64(beds))
		d := g.day(1998, 2023)
		fmt.Fprintf(&b, `<table:table-cell office:value-type="date" office:date-value="%s"><text:p>%s</text:p></table:table-cell>`, d.Format("2006-01-02"), d.Format("2006年1月2日"))
		text(g.name())
		b.WriteString(`<table:table-cell table:number-columns-repeated="1016"/></table:table-row>`)
	}
	b.WriteString(`<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="1024"/></table:table-row>` +
		`</table:table></office:spreadsheet></office:body></office:document-content>`)
	return zipped(
		entry{name: "mimetype", data: []byte("application/vnd.oasis.opendocument.spreadsheet")},
		entry{name: "content.xml", data: []byte(b.String())},
		entry{name: "META-INF/manifest.xml", data: []byte(`<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">` +
			`<manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/></manifest:manifest>`)},
	)
}

// doorPlates: dBase III in GBK, two records marked as deleted.
func doorPlates(g *gen) ([]byte, error) {
	type column struct {
		name     string
		kind     byte
		size, at int
	}
	columns := []column{{"MPBM", 'C', 12, 0}, {"JZMC", 'C', 20, 0}, {"LMC", 'C', 20, 0}, {"MPH", 'N', 6, 0}, {"LON", 'N', 11, 6}, {"LAT", 'N', 10, 6}, {"CJRQ", 'D', 8, 0}, {"YXBZ", 'L', 1, 0}}
	const rows = 800
	size := 1
	for _, c := range columns {
		size += c.size
	}
	var b bytes.Buffer
	head := make([]byte, 32)
	head[0], head[1], head[2], head[3], head[29] = 0x03, 124, 12, 31, 0x4d // 0x4d: GBK
	binary.LittleEndian.PutUint32(head[4:], rows)
	binary.LittleEndian.PutUint16(head[8:], uint16(32+32*len(columns)+1))
	binary.LittleEndian.PutUint16(head[10:], uint16(size))
	b.Write(head)
	for _, c := range columns {
		f := make([]byte, 32)
		copy(f, c.name)
		f[11], f[16], f[17] = c.kind, byte(c.size), byte(c.at)
		b.Write(f)
	}
	b.WriteByte(0x0d)
	for i := range rows {
		mark := byte(' ')
		if i == 99 || i == 500 {
			mark = '*'
		}
		b.WriteByte(mark)
		values := []string{
			"310115" + g.digits(6), pick(g, towns), pick(g, roads), fmt.Sprint(1 + g.IntN(3000)),
			fmt.Sprintf("%.6f", 121.45+float64(g.IntN(450000))/1e6), fmt.Sprintf("%.6f", 30.95+float64(g.IntN(380000))/1e6),
			g.day(2010, 2023).Format("20060102"), pick(g, []string{"T", "T", "F"}),
		}
		for k, c := range columns {
			v, err := gbk(values[k])
			if err != nil {
				return nil, err
			}
			pad := strings.Repeat(" ", c.size-len(v))
			if c.kind == 'N' {
				b.WriteString(pad)
				b.Write(v)
			} else {
				b.Write(v)
				b.WriteString(pad)
			}
		}
	}
	b.WriteByte(0x1a)
	return b.Bytes(), nil
}

// patrols: monthly CSVs in an archive made by a Chinese Windows.
func patrols(g *gen) ([]byte, error) {
	var entries []entry
	for month := 9; month <= 11; month++ {
		var b bytes.Buffer
		csvLine(&b, ",", "\r\n", "序号", "巡查时间", "网格编号", "网格员", "问题类型", "问题描述", "是否整改")
		for i := range 200 {
			at := time.Date(2024, time.Month(month), 1+g.IntN(28), 8+g.IntN(10), g.IntN(60), 0, 0, time.UTC)
			csvLine(&b, ",", "\r\n", fmt.Sprint(i+1), at.Format("2006-1-2 15:04"), fmt.Sprintf("HM-%03d", 1+g.IntN(80)), g.name(),
				pick(g, []string{"市容环境", "安全隐患", "违法建筑", "设施破损"}), fmt.Sprintf("%s%d号门前%s", pick(g, roads), 1+g.IntN(900), pick(g, []string{"堆物", "乱停车", "路面积水,需协调", "店招松动"})),
				pick(g, []string{"是", "否", "整改中"}))
		}
		data, err := gbk(b.String())
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry{name: fmt.Sprintf("网格巡查/2024年%d月.csv", month), data: data, gbk: true})
	}
	return zipped(entries...)
}

// notice: a PDF of one page, kept as an object and found by its text.
func notice(*gen) ([]byte, error) {
	lines := []string{"Notice on Collecting Departmental Data", "All departments shall submit their data catalogues by 31 December 2024.", "Contact: District Big Data Centre"}
	var content strings.Builder
	content.WriteString("BT /F1 14 Tf 72 760 Td 18 TL ")
	for _, l := range lines {
		fmt.Fprintf(&content, "(%s) Tj T* ", l)
	}
	content.WriteString("ET")
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	if _, err := z.Write([]byte(content.String())); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	var at []int
	object := func(body string) {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", len(at), body)
	}
	b.WriteString("%PDF-1.4\n")
	object("<< /Type /Catalog /Pages 2 0 R >>")
	object("<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
	object("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>")
	object(fmt.Sprintf("<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream", packed.Len(), packed.String()))
	object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
	object("<< /Title (Notice on Collecting Departmental Data) /CreationDate (D:20241115090000+08'00') >>")
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, o := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer << /Size %d /Root 1 0 R /Info 6 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, start)
	return b.Bytes(), nil
}
