package grid

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// squeeze folds a label for comparison: full-width forms become ASCII, blanks
// go (so 合　计 is 合计), letters become small, a closing colon goes.
func squeeze(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	for _, r := range text {
		switch {
		case r >= 0xFF01 && r <= 0xFF5E:
			r -= 0xFEE0
		case unicode.IsSpace(r):
			continue
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return strings.TrimRight(b.String(), ":.")
}

// fold makes a header text one line: line breaks and runs of blanks become one blank.
func fold(text string) string { return strings.Join(strings.Fields(text), " ") }

// Words that make a row a total or a subtotal when they are all its label says.
var totalWords = words(`合计 总计 总合计 共计 合計 総計 總計 共計 합계 총계 total totals grandtotal overalltotal totalgeneral totalgénéral
	ensemble gesamt summe insgesamt gesamtsumme gesamtergebnis итого всего totale totaal razem ogółem suma 全部合计 合计数 总合計 總合計`)

var (
	subtotalWords = words(`小计 小計 小合计 분류계 소계 subtotal sub-total zwischensumme teilsumme sous-total soustotal subtotale подытог 本页小计 本页合计 分计 分計`)
	wholeWords    = words(`全国 全省 全市 全区 全县 全镇 总数 总体 合计数 総数 総計 全体 전국 전체 계 deutschland bundesgebiet england unitedkingdom unitedstates us u.s. all allareas france españa россия российскаяфедерация nation national statewide citywide countywide`)
	averageWords  = words(`平均 平均值 均值 平均数 average mean durchschnitt moyenne 平均値 평균`)
)

func words(list string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(list) {
		m[w] = true
	}
	return m
}

var (
	subtotalTail = regexp.MustCompile(`(小计|小計|소계)(\(.*\))?$`)
	totalTail    = regexp.MustCompile(`(合计|总计|共计|合計|総計|總計|합계|총계)(\(.*\))?$`)
	totalHead    = regexp.MustCompile(`^(合计|总计|共计|合計|総計|總計|小计|小計|合计数)([\(:（：]|\d)`)
	latinTotal   = regexp.MustCompile(`(?i)^(sub-?\s?totals?|totals?|grand totals?|summe|gesamt|insgesamt|zwischensumme|teilsumme|total g[ée]n[ée]ral|sous-total|ensemble|итого|всего)\b[\s:,-]*(.*)$|^(.*\S)\s+(sub-?\s?totals?|totals?|summe|gesamt|insgesamt|zwischensumme)$`)
)

type totalKind uint8

const (
	noTotal    totalKind = iota
	maybeTotal           // the label holds a total word among others: the sums must confirm it
	subTotal
	grandTotal
	average
)

// labelTotal judges a row's label.
func labelTotal(text string) totalKind {
	if len(text) > 120 {
		return noTotal
	}
	if countLine.MatchString(text) {
		return noTotal
	}
	w := squeeze(text)
	w = strings.Trim(w, "*#-—–=<>()[]【】「」")
	switch {
	case subtotalWords[w]:
		return subTotal
	case totalWords[w]:
		return grandTotal
	case w == "计" || w == "計" || w == "sum" || w == "总数":
		return maybeTotal
	case averageWords[w]:
		return average
	case subtotalTail.MatchString(w):
		return subTotal
	case totalTail.MatchString(w):
		return maybeTotal
	case totalHead.MatchString(w):
		if strings.HasPrefix(w, "小") {
			return subTotal
		}
		return grandTotal
	}
	if m := latinTotal.FindStringSubmatch(fold(text)); m != nil {
		word := strings.ToLower(m[1] + m[4])
		if strings.HasPrefix(word, "sub") || strings.HasPrefix(word, "zwischen") || strings.HasPrefix(word, "teil") || strings.HasPrefix(word, "sous") {
			return subTotal
		}
		return maybeTotal
	}
	return noTotal
}

var (
	unitLine   = regexp.MustCompile(`(?i)^[\(（\[【※]?\s*(计量单位|金额单位|货币单位|数据单位|单\s*位|單\s*位|単\s*位|단\s*위|units?( of measure)?|einheit(en)?|unités?|unidad(es)?( de medida)?|unità( di misura)?|unidade|maßeinheit|jednostka|eenheid|единица измерения|ед\. ?изм\.?)\s*[:：=]\s*\S`)
	unitBare   = regexp.MustCompile(`(?i)^[\(（]\s*(in\s+)?(million(en)?|mio\.?|mrd\.?|billion|thousand|tsd\.?|1[ ,.]?000|百万|千|億|万|亿|百|元|人|件|円|ドル|户|戸|euro?|€|us\$|\$|%|％|percent|prozent|천|백만|명|원)[^()（）]{0,18}[\)）]$`)
	countLine  = regexp.MustCompile(`(?i)^\s*[\(（\[]?\s*((total\s+|grand total\s+)?(number of\s+|no\.? of\s+|#\s*of\s+)?(records?|rows?|results?|entries)( returned| exported| found| selected| displayed)?\s*[:：=]?\s*[\d,]+|[\d,]+\s+(rows?|records?|zeilen|datensätze|lignes|filas|registros)( selected| returned| affected| exported)?|(total|count|summe|gesamt)\s*[:：=]\s*[\d,]+\s+(rows?|records?|items|entries|results)|(anzahl\s+)?(datensätze|zeilen)\s*[:：]\s*[\d.]+|(共|合计|总计|共计|总共)?\s*[\d,]+\s*(条|行|笔)\s*(记录|数据)?|(共|合计|总计|共计|总共)\s*[:：]?\s*[\d,]+\s*(条|行|笔|项)\s*(记录|数据)?|(总)?(记录数|条数|行数|记录总数)\s*[:：]\s*[\d,]+)\s*[\)）\]]?[.。]?\s*$`)
	unitSaid   = regexp.MustCompile(`(?i)^[\(（\[【*]?\s*(((alle\s+)?(angaben|beträge|werte|zahlen|preise)\s*:?\s+in|((all|dollar)\s+)?(figures|amounts|values|numbers|data|currency|dollars|estimates)\s*:?\s+(are\s+)?(expressed\s+)?in|(les\s+)?(montants|chiffres|valeurs|données|effectifs)\s+(sont\s+)?(exprimés\s+)?en|(los\s+)?(importes?|cifras|datos|valores|cantidades|miles|millones)\s+(expresad[oa]s\s+)?(en|de)|(valori|importi|dati)\s+in|(valores|dados)\s+em|(суммы|данные|показатели)\s+(приведены\s+)?в)\s+[^.。;；]{2,40}|(en|in|em|в)\s+(milliers|millions|milliards|miles|millones|migliaia|milioni|mil|milhões|tausend|mio\.?|mrd\.?|tsd\.?|t€|teur|euros?|eur|%|percent|pour\s?cent|porcentajes?|prozent|тыс\.?|тысячах|млн\.?|миллионах|млрд\.?|рублях|руб\.?|процентах|thousands?|billions?|dollars?|pounds?|us\$|\$|£|€)[^.。;；]{0,30}|(тыс|млн|млрд)\.?\s*(руб|чел|ед|тонн|долл)[а-я]*\.?|[£€$]\s*(thousands?|millions?|billions?|000s?|m|bn|k)|(thousands?|millions?|billions?)\s+of\s+\S[^.。;；]{1,30}|(teur|t€|keur))\s*[\)）\]】]?$`)
	sourceLine = regexp.MustCompile(`(?i)^[\(（\[*※]?\s*(资料来源|数据来源|来\s*源|信息来源|资料出处|資料來源|資料|出典|出所|자료|출처|sources?|data source|quelle[n]?|fuente|bron|источник)\s*[:：]`)
	noteLine   = regexp.MustCompile(`(?i)^([\(（\[*※]?\s*(注\s*\d*|备\s*注|說明|说\s*明|附\s*注|填表说明|填报说明|注意|注意事項|備考|脚注|주\s*\d*|비고|notes?|remarks?|nb|n\.b|footnotes?|anmerkung(en)?|hinweis(e)?|stand|nota|примечани[ея])\s*\d*\s*[)）]?\s*[:：.．、]|[*※†‡①②③④⑤]|\d{1,2}\s*[\)）]\s?\S|[¹²³⁴⁵⁶]|_{3,}|-{3,}|（?注）|\(注\)|注[1-9１-９一二三]|^\(\d+\)\s*\S.{12,})`)
	signLine   = regexp.MustCompile(`(?i)(填\s*表\s*人|填\s*报\s*人|制\s*表(人)?|审\s*核(人)?|复\s*核(人)?|负\s*责\s*人|经\s*办\s*人|联\s*系\s*人|联\s*系\s*电\s*话|电\s*话|填报日期|填表日期|制表日期|填报时间|制表时间|报出日期|上报日期|分管领导|单位负责人|统计负责人|签\s*[字章名]|盖\s*章|作成者|承認|担当者?|작성자|확인자|담당자?|결재|작성|prepared by|approved by|checked by|reviewed by|signature|signed|contact|erstellt( von)?|geprüft( von)?|unterschrift|ansprechpartner|исполнитель|руководитель|подпись)[^:：]{0,6}[:：]`)
	metaLine   = regexp.MustCompile(`(?i)^[\(（]?\s*(填报单位|填表单位|报送单位|编报单位|制表单位|编制单位|填报部门|报送部门|部\s*门|所属期|统计时间|统计日期|统计期间|统计周期|报告期|数据时间|时\s*间|日\s*期|截止日期|截至|截止|表\s*号|制定机关|文\s*号|批准文号|批准机关|有效期|有效期至|导出时间|导出日期|打印时间|年\s*度|期\s*间|地\s*区|指\s*标|数据库|範囲|時点|作成日|調査日|기준일|기준|date|period|as of|as at|report date|printed|exported|generated|created|updated|last updated|department|agency|zeitraum|stichtag|datum|berichtsjahr|erstellt am|период|дата)\s*[:：]`)
	sectionNum = regexp.MustCompile(`^\s*([一二三四五六七八九十]{1,3}\s*[、．.]|[\(（][一二三四五六七八九十]{1,3}[\)）]|第[一二三四五六七八九十\d]+[章节部类組组部分]|[IVX]{1,4}\s*[.．、]|[A-Z]\s*[.．、)]\s*\S|\d{1,2}\s*[、．]|part\s+[\dIVXA-Z]|section\s+[\dA-Z]|[■●◆▲【〈《▼★])`)
	contLine   = regexp.MustCompile(`(?i)^[\(（]?\s*(续表|续上表|续前表|接上表|接上页|转下页|下接|(table )?cont(inued|'d|\.)?|fortsetzung|つづき|続き)[\s\S]{0,8}$|^第?\s*\d+\s*页|^page\s+\d+|^共\s*\d+\s*页|^seite\s+\d+`)
	tableLine  = regexp.MustCompile(`(?i)^[\(（]?\s*(表|附表|附件|图表|table|tab\.|tabelle|表格|第)\s*[\d一二三四五六七八九十]+|(情况表|统计表|一览表|明细表|汇总表|登记表|台账|名单|名册|报表|清单|月报|年报|季报|公示表)\s*([\(（].*[\)）])?$`)
	labelled   = regexp.MustCompile(`^[^:：]{1,16}[:：]`)
)

// noteKind tells what a line outside the data says; sure is false when only
// its place speaks for it. Kinds are those of tabular.Note.
func noteKind(text string) (kind string, sure bool) {
	t := strings.TrimSpace(text)
	if len(t) > 240 { // what a line is shows at its beginning
		t = strings.ToValidUTF8(t[:240], "")
	}
	if !strings.ContainsAny(t, ":：=") { // all but these need one
		switch {
		case unitBare.MatchString(t), unitSaid.MatchString(t):
			return "unit", true
		case noteLine.MatchString(t), contLine.MatchString(t), countLine.MatchString(t):
			return "note", true
		}
		return "note", false
	}
	switch {
	case unitLine.MatchString(t) || unitBare.MatchString(t) || unitSaid.MatchString(t):
		return "unit", true
	case sourceLine.MatchString(t):
		return "source", true
	case metaLine.MatchString(t):
		if signLine.MatchString(t) {
			return "signature", true
		}
		return "note", true
	case signLine.MatchString(t):
		return "signature", true
	case noteLine.MatchString(t):
		return "note", true
	case contLine.MatchString(t), countLine.MatchString(t):
		return "note", true
	}
	return "note", false
}

// unitOf takes the unit out of a unit line: 单位：万元 gives 万元.
func unitOf(text string) string {
	t := strings.Trim(strings.TrimSpace(text), "()（）[]【】")
	if i := strings.IndexAny(t, ":：="); i >= 0 && unitLine.MatchString(strings.TrimSpace(text)) {
		_, w := utf8.DecodeRuneInString(t[i:])
		t = t[i+w:]
	}
	t = strings.TrimSpace(strings.Trim(strings.TrimSpace(t), "()（）[]【】"))
	t = strings.TrimPrefix(strings.TrimPrefix(t, "in "), "In ")
	return fold(t)
}

var (
	headUnit  = regexp.MustCompile(`[\(（\[【]([^()（）\[\]【】]{1,20})[\)）\]】]\s*$`)
	slashUnit = regexp.MustCompile(`[^\s]\s*[/／]\s*(元|万元|亿元|人|户|吨|千克|公斤|米|平方米|公顷|亩|个|件|次|%|‰|kg|km|m2|m²|t|小时|分钟|天|台|辆|家|岁)$`)
	commaUnit = regexp.MustCompile(`(?i),\s*(in\s+)?(%|percent|prozent|persons?|units?|millions?|thousands?|[a-z]{2,4}\s+millions?|mio\.?\s*\S{0,4}|tsd\.?\s*\S{0,4}|kg|tonnes?|t|ha|km²?|eur|usd|€)$`)
	unitText  = regexp.MustCompile(`(?i)^(in\s+)?([百千万亿億十]*(元|人|人次|户|戶|個|个|家|件|次|宗|起|台|套|辆|辆次|间|所|张|床|名|位|例|只|头|项|条|份|本|册|亩|公顷|平方公里|平方千米|平方米|立方米|公里|千米|米|厘米|毫米|吨|千克|公斤|克|升|千瓦时|度|千瓦|小时|分钟|分|秒|天|日|月|年|岁|周岁|美元|円|戸|世帯|人/平方公里|元/人|元/月|元/平方米|户次|批次|标准煤|吨标准煤|株|棵|栋|幢|套|处|座)|[%％‰]|百分比|百分点|percent|per cent|pct|prozent|persons?|people|number|no\.|units?|(us\$|usd|eur|gbp|jpy|cny|rmb|€|\$|£|¥)?\s*(thousands?|millions?|billions?|mio\.?|mrd\.?|tsd\.?|m|bn|k)?\s*(us\$|usd|eur|euro|gbp|jpy|cny|rmb|€|\$|£|¥|persons?|tonnes?|t|kg|ha|units)?|1,?000\s*\S{1,12}|km2|km²|m2|m²|㎡|km|cm|mm|kg|g|t|ha|kwh|gwh|mwh|°c|℃|db|μg/m3|μg/m³|mg/m3|ug/m3|µg/m³|천명|명|원|백만원|천원|%p|[一-龥]{1,4}/[一-龥]{1,6})$`)
)

// unitIn returns the unit that a header states in brackets or after a slash.
func unitIn(name string) string {
	if m := headUnit.FindStringSubmatch(name); m != nil {
		u := strings.TrimSpace(m[1])
		if i := strings.IndexAny(u, ":："); i >= 0 && strings.HasPrefix(u, "单位") {
			_, w := utf8.DecodeRuneInString(u[i:])
			return strings.TrimSpace(u[i+w:])
		}
		if u != "" && unitText.MatchString(u) {
			return u
		}
	}
	if m := slashUnit.FindStringSubmatch(name); m != nil {
		return m[1]
	}
	if m := commaUnit.FindStringSubmatch(name); m != nil {
		return strings.TrimSpace(m[2])
	}
	return ""
}

// Words that headers are made of; used only where types do not tell.
var headTail = regexp.MustCompile(`(?i)(名称|姓名|名字|编号|编码|代码|序号|号码|日期|时间|类型|类别|性别|年龄|地址|电话|单位|部门|状态|备注|数量|金额|面积|人数|户数|年份|月份|年度|地区|区域|街道|社区|项目|指标|内容|说明|等级|来源|职务|职称|学历|民族|国家|省份|城市|区县|标题|描述|比例|占比|合计|总数|单价|价格|用途|方式|情况|结果|意见|負責人|负责人|联系人|法定代表人|住所|证号|证件号|身份证|手机|邮箱|网址|经度|纬度|名|番号|住所|氏名|年齢|区分|種別|件数|金額|備考|이름|번호|주소|구분|성명|비고)\s*([\(（].*[\)）])?$|\b(id|name|code|no|nr|number|date|time|year|month|day|type|status|address|phone|email|city|state|country|region|district|category|description|amount|price|quantity|qty|total|count|value|unit|remarks?|notes?|title|url|lat|lon|latitude|longitude|zip|postcode|age|sex|gender|department|straße|ort|plz|datum|anzahl|betrag|bezeichnung|nummer|art|jahr|land|kreis|gemeinde|einwohner|fläche)\b`)

// valueHead are names for the second column of a list of facts.
var valueHead = regexp.MustCompile(`(?i)(内容|^值|数值|数据|情况|取值|结果|数量|金额|人数|户数|说明|备注|本期|上期|本年|累计|合计|总数|value|description|details?|amount|count|number|total|answer|wert|anzahl|betrag|値|件数|数|값|명)([\(（].*[\)）])?$|^(19|20)\d\d`)

// partOf begins a row that is contained in another one.
var partOf = regexp.MustCompile(`(?i)^\s*([\(（]?其中|うち|내|of which|davon|darunter|dont)([:：、\s，,]|$)|^\s*#\s*\S`)
