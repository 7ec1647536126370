package charset

import "sync"

// What a reader of each language knows without counting: the characters one
// meets most, roughly from the most to the less frequent. Written down for this
// package; the first of each list are a tier of their own.
const (
	hansTop = "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实"
	hans    = "日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运元流步选局标服林拿准断商石照注响容收存参育省县镇乡村街道委居社组织厅局处室科股所站称址编号码序备注单位地点联系姓名性别年龄籍贯身份证件职务职称学历毕业电话手机邮箱邮编传真网站负责日期时间星期季度上午下午合计总计小计累计平均同比增长率百分亿千零六七八九元角分吨米平方公里户口套栋楼层室幢弄里支行银行账户企业法人注册资本经营范围状态登记机关营业执照许可批准颁发有效截止类型行业代码质量安全生产消防环境卫生医院学校幼儿园养老服务中心公司有限责任股份集团分店厂矿浦东新区上海北京天津重庆广东深圳江苏浙江山东河南河北湖北湖南四川福建安徽辽宁吉林黑龙江陕西甘肃青海云南贵州海南西宁夏藏蒙古疆广州杭州南京武汉成都苏城农林牧渔业工建筑房屋土地面积价格金额收入支出预算决算税费款项项目合同采购招标投标供应商库存数据信息系统平台标准目录指标统计调查表格填报审核人复核制单来源说明截至根据关于通知公告意见办法条例规定实施方案计划任务完成情况问题处理结果反馈满意投诉举报咨询求助建议热线案件事故检查整改处罚决定黄浦徐汇普陀静安虹口杨浦闵行宝山嘉定松江青浦奉贤崇明王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文伟芳娜秀英敏静丽强磊军洋勇艳杰涛超霞平刚桂华玉兰春梅红建国志明红军"
	hantTop = "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實"
	hant    = "日軍者意無力它與長把機十民第公此已工使情明性知全三又關點正業外將兩高間由問很最重並物手應戰向頭文體政美相見被利什二等產或新己制身果加西斯月話合回特代內信表化老給世位次度門任常先海通教兒原東聲提立及比員解水名真論處走義各入幾口認條平系氣題活爾更別打女變四神總何電數安少報才結反受目太量再感建務做接必場件計管期市直德資命山金指克許統區保至隊形社便空決治展馬科司五基眼書非則聽白卻界達光放強即像難且權思王象完設式色路記南品住告類求據程北邊死張該交規萬取拉格望覺術領共確傳師觀清今切院讓識候帶導爭運元流步選局標服林拿準斷商石照注響容收存參育省縣鎮鄉村街里鄰委居組織廳處室科股所站稱址編號碼序備註單位聯繫姓名性別年齡身分證字號職務學歷畢業電話手機信箱郵遞傳真網站負責日期時間星期季度上午下午合計總計小計累計平均增長率百分億千零六七八九元角噸公尺平方公里戶口棟樓層巷弄銀行帳戶企業法人註冊資本經營範圍狀態登記機關執照許可核准有效截止類型行業代碼品質安全生產消防環境衛生醫院學校幼兒園養老服務中心公司有限責任股份集團店廠臺灣台北新北桃園臺中臺南高雄基隆竹苗栗彰化投雲林嘉義屏東宜蘭花蓮澎湖金門連江香港九龍農林漁牧工建築房屋土地面積價格金額收入支出預算決算稅費款項目合約採購招標供應庫存資料訊息系統平臺標準目錄指標統計調查表格填報審核製來源說明根據關於通知公告意見辦法條例規定實施方案計畫任務完成情況問題處理結果申請人陳林黃張李王吳劉蔡楊許鄭謝郭洪曾邱廖賴徐周葉蘇莊呂江何蕭羅高潘簡朱鍾彭游詹胡施沈余盧梁趙顏柯翁魏孫戴范方宋鄧杜傅侯曹薛丁卓阮馬董溫唐藍蔣石古紀姚連馮歐程湯"
	kanaTop = "のにをはがとでたしるいてなれさからもっすあまこりそうきくよだ"
	kanji   = "日一国会人年大十二本中長出三同時政事自行社見月分議後前民生連五発間対上部東者党地合市業内相方四定今回新場金員九入選立開手米力学問高代明実円関決子動京全目表戦経通外最言氏現理調体化田当八六約主題下首意法不来作性的要用制治度務強気小七成期公野協取都和統以機平総加山思家話世受区領多県続進正安設保改数記院女初北午指権心界支第産結百派点教報済書府活原先共得解名交資予川向際査勝面委告軍文反元重近千考判認画海参売利組知案道信策集在件団別物側任引使求所次水半品昨論計死官増係感特情投示変打男基私各始島直両朝革価式確村提運終挙果西勢減台広容必応演電歳住争談能無再位置企真流格有疑口過局少放税検藤町常校料沢裁状工建語球営空職証土与急止送援供可役構木割聞身費付施切由説転食比難防補車優夫研収断井何南石足違消境神番規術護展態導備宅害配副算視条幹独警宮究育席輸訪楽起万着乗店述残想線率病農州武声質念待試族象銀域助労例衛然早張映限親額監環験追審商葉義伝働形景落担好退準賞訴辺造英被株頭技低毎医復仕去姿味負韓渡失移差衆個門写評課末守若脳極種美岡影命含福蔵量望松非撃佐核観察整段横融型白深字答夜製票況音申様財港識注呼渉達号欄備考氏住所郵便電話番号名称所在地緯度経度世帯人口男女総数割合単位年齢階級都道府県市区町村施設一覧利用者数延床面積開館休館料金対応時間曜祝火木土丁目番地字神奈川埼玉千葉愛知阪兵庫福岡北海道青森岩手宮城秋田形島茨栃群馬新潟富石井梨野岐阜静三重滋賀奈和歌取根広媛高佐崎熊分鹿児沖縄"
	hangul  = "이다는에의을하고가한지은를로사기자도인나정대리어시서일라부해아제수장주구전상그보원공으만동있성무것니조스여세과학관안들국비방경오소진회계신위산문게거행마교음면개재생간물각영분업체유실당모미연민치금내적화년월명호번역울특별군읍길총량단합남강북광천충청라경평포항울산창전제세종용인수도권센터복지시설현황건축토목설립일자등록허가내용종류담당부서연락처팩스이메일홈페이지운영시간휴무휴관관리기관데이터기준출처구분비고가격금액예산집행결산세입세출사업자번호대표상호업종업태법인주민인구세대가구연령계층출생사망혼인이혼전입전출초중고등대학교병원약국의료보건소어린이집유치원경찰소방도서박물체육공원주차장버스지하철도로교통사고범죄환경대기질수질소음폐기물김박최윤임한오신권황송류홍"
)

// Log probabilities of tiers: the tier's share of running text over its size.
const (
	never = -24 // no character, private use
	alien = -17 // a character of another script or a rare block
)

// A language is the log probability of each character of the basic plane.
type language struct {
	once sync.Once
	logp [1 << 16]float32
	fill func(p *[1 << 16]float32)
}

func (l *language) table() *[1 << 16]float32 {
	l.once.Do(func() { l.fill(&l.logp) })
	return &l.logp
}

func raise(p *[1 << 16]float32, text string, v float32) {
	for _, r := range text {
		p[r] = max(p[r], v)
	}
}

func span(p *[1 << 16]float32, from, to rune, v float32) {
	for r := from; r <= to; r++ {
		p[r] = v
	}
}

// punctuation that every East Asian text uses.
const marks = "，。、；：？！（）“”《》—…·　「」『』【】〔〕％～"

func eastAsian(p *[1 << 16]float32) {
	span(p, 0, 0xFFFF, alien)
	span(p, 0xE000, 0xF8FF, never)
	span(p, 0x80, 0x9F, never)
	span(p, 0, 0x7F, -3)
	span(p, 0x2000, 0x2BFF, -11) // dashes, symbols, arrows, boxes, circled numbers
	span(p, 0x3000, 0x303F, -9)
	span(p, 0x3200, 0x33FF, -11)
	span(p, 0xFF01, 0xFF5E, -8)
	raise(p, marks, -5.5)
	raise(p, "０１２３４５６７８９．－＋／＆ＡＢＣ", -7)
	raise(p, "°±×÷①②③④⑤ⅠⅡⅢ㎡℃‰№○●□■△▲☆★→※", -9)
}

// level1 raises the characters of the lead-byte range in a double-byte codec.
func level(p *[1 << 16]float32, codec string, from, to byte, v float32) {
	c, err := codecOf(codec)
	if err != nil {
		return
	}
	for lead := int(from); lead <= int(to); lead++ {
		for trail := 0x40; trail < 0xFF; trail++ {
			if (codec == "gb18030" || codec == "euc-jp" || codec == "euc-kr") && trail < 0xA1 {
				continue
			}
			if w := c.double[lead<<8|trail]; w>>24 == 3 {
				r := rune(w&0xF)<<12 | rune(w>>8&0x3F)<<6 | rune(w>>16&0x3F)
				p[r] = max(p[r], v)
			}
		}
	}
}

var simplified = language{fill: func(p *[1 << 16]float32) {
	eastAsian(p)
	span(p, 0x4E00, 0x9FA5, -15.5)
	span(p, 0x3041, 0x30FE, -12)
	level(p, "gb18030", 0xD8, 0xF7, -12.6)
	level(p, "gb18030", 0xB0, 0xD7, -9.9)
	raise(p, hans, -7.4)
	raise(p, hansTop, -5.6)
}}

var traditional = language{fill: func(p *[1 << 16]float32) {
	eastAsian(p)
	span(p, 0x4E00, 0x9FA5, -15.5)
	span(p, 0x3041, 0x30FE, -13)
	level(p, "big5", 0xC9, 0xF9, -14)
	level(p, "big5", 0xA4, 0xC6, -10.6)
	raise(p, hant, -7.4)
	raise(p, hantTop, -5.6)
}}

var japaneseText = language{fill: func(p *[1 << 16]float32) {
	eastAsian(p)
	span(p, 0x4E00, 0x9FA5, -15)
	level(p, "euc-jp", 0xD0, 0xF4, -13)
	level(p, "euc-jp", 0xB0, 0xCF, -10)
	raise(p, kanji, -7.2)
	span(p, 0x3041, 0x3093, -6.8)
	span(p, 0x30A1, 0x30F6, -6.9)
	raise(p, "ーンスルトリア", -5.5)
	span(p, 0xFF61, 0xFF9F, -6.5)
	raise(p, kanaTop, -4.4)
}}

var koreanText = language{fill: func(p *[1 << 16]float32) {
	eastAsian(p)
	span(p, 0xAC00, 0xD7A3, -16)
	level(p, "euc-kr", 0xB0, 0xC8, -9.4)
	span(p, 0x4E00, 0x9FA5, -14)
	raise(p, hangul, -6.2)
	raise(p, hangul[:len("이다는에의을하고가한지은를로사기자도인나정대리어시서일라부해아제수장주구전상그보원공으만동있성무것니조스여세과학관안들국비방경오소진회계신위산문")], -5.2)
}}

// languageOf a double-byte codec.
func languageOf(name string) *language {
	switch name {
	case "gb18030":
		return &simplified
	case "big5":
		return &traditional
	case "euc-kr":
		return &koreanText
	}
	return &japaneseText
}
