package compare

import (
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/mozillazg/go-pinyin"
)

// IsHan reports whether r is a Chinese character.
func IsHan(r rune) bool { return unicode.Is(unicode.Han, r) }

// Syllable is the reading of one character without its tone, the most common
// one where there are several; "" for a character without one.
func Syllable(r rune) string {
	if r >= firstHan && r < firstHan+numHan {
		return syllables()[r-firstHan]
	}
	return syllable(r)
}

// The block of common characters, U+4E00 to U+9FFF.
const firstHan, numHan = 0x4E00, 0x5200

var syllables = sync.OnceValue(func() []string {
	out := make([]string, numHan)
	for i := range out {
		out[i] = syllable(rune(firstHan + i))
	}
	return out
})

func syllable(r rune) string {
	p, ok := pinyin.PinyinDict[int(r)]
	if !ok {
		return ""
	}
	p, _, _ = strings.Cut(p, ",")
	return plain.Replace(p)
}

var plain = strings.NewReplacer(
	"ā", "a", "á", "a", "ǎ", "a", "à", "a", "ē", "e", "é", "e", "ě", "e", "è", "e", "ê", "e",
	"ī", "i", "í", "i", "ǐ", "i", "ì", "i", "ō", "o", "ó", "o", "ǒ", "o", "ò", "o",
	"ū", "u", "ú", "u", "ǔ", "u", "ù", "u", "ǖ", "v", "ǘ", "v", "ǚ", "v", "ǜ", "v", "ü", "v",
	"ń", "n", "ň", "n", "ǹ", "n", "ḿ", "m",
)

// Pinyin is the readings of the characters of s, one after the other; letters
// stand as they are. Homophones have the same.
func Pinyin(s string) string {
	var b strings.Builder
	for _, r := range s {
		if p := Syllable(r); p != "" {
			b.WriteString(p)
		} else {
			b.WriteRune(r)
		}
		b.WriteByte(' ')
	}
	return b.String()
}

// Simplified writes traditional and variant forms that are common in names and
// addresses with the simplified character.
func Simplified(s string) string {
	for _, r := range s {
		if _, ok := forms[r]; ok {
			return strings.Map(func(r rune) rune {
				if x, ok := forms[r]; ok {
					return x
				}
				return r
			}, s)
		}
	}
	return s
}

// forms pairs traditional (and variant) with simplified characters.
// Source: 简化字总表 (1986), the entries that occur in names and places.
var forms = func() map[rune]rune {
	const pairs = "張张陳陈劉刘楊杨趙赵黃黄吳吴孫孙馬马羅罗鄭郑謝谢許许鄧邓馮冯蕭萧葉叶蘇苏魏魏呂吕盧卢蔣蒋賈贾鍾钟譚谭陸陆鄒邹龍龙萬万顧顾錢钱湯汤嚴严" +
		"賀贺龔龚賴赖樊樊蘭兰齊齐莊庄溫温魯鲁紀纪喬乔聶聂畢毕閻阎駱骆藍蓝鄔邬竇窦費费歐欧鄺邝華华國国偉伟東东軍军麗丽紅红飛飞鵬鹏傑杰峰峰濤涛輝辉燕燕玲玲" +
		"鳳凤蓮莲瓊琼瑩莹穎颖靜静潔洁嬌娇艷艳豔艳雲云寶宝貴贵財财興兴榮荣慶庆壽寿禮礼義义學学業业豐丰聰聪賢贤俠侠勝胜剛刚強强衛卫維维綱纲緒绪綺绮繼继續续" +
		"鐵铁鋒锋銀银鋼钢錦锦鎮镇鑫鑫銘铭鏡镜鐘钟釗钊鈞钧鉤钩鴻鸿鶴鹤鶯莺鷹鹰鵑鹃寧宁實实寬宽憲宪啟启啓启單单嘯啸圓圆園园場场壩坝壯壮夢梦奮奋孿孪導导將将" +
		"島岛崗岗嶺岭嶽岳巖岩帥帅師师廣广廳厅彥彦從从徵征懷怀戰战揚扬擁拥擇择敵敌數数時时暉晖曉晓曄晔書书會会權权條条棟栋楓枫樂乐樓楼樹树橋桥機机櫻樱欽钦" +
		"歡欢歲岁淵渊漢汉澤泽濱滨灣湾瀾澜瀏浏無无煒炜煥焕燁烨爾尔狀状獻献環环璣玑璽玺畫画發发監监盤盘碩硕禎祯種种稱称穀谷節节範范築筑簡简粵粤糧粮紹绍終终" +
		"絲丝綠绿線线縣县縱纵總总織织繡绣羣群聖圣聯联聲声職职肅肃膽胆臨临舊旧艦舰芻刍莖茎萊莱葦苇蔭荫薈荟藝艺蘆芦處处虛虚號号衆众眾众術术袞衮補补裝装複复" +
		"見见規规視视親亲覽览觀观計计記记訓训設设評评詩诗誠诚語语調调論论諸诸謀谋謙谦講讲證证識识護护讓让貞贞負负貝贝貢贡貨货貫贯質质賓宾贊赞趨趋車车軒轩" +
		"輪轮農农運运過过達达遠远適适遷迁選选邊边郵邮鄉乡鄰邻釋释開开間间閩闽闊阔關关陝陕陽阳隊队階阶際际隨随險险雙双雜杂電电靈灵頂顶項项順顺須须預预領领頭头" +
		"題题類类風风餘余館馆駿骏騰腾驗验驥骥體体鬥斗魚鱼鮑鲍鱗鳞鳥鸟鷗鸥麥麦點点龐庞龜龟淩凌昇升陞升堃坤喆哲祕秘峯峰崑昆崙仑滙汇匯汇區区門门號号樑梁邨村"
	m := map[rune]rune{}
	r := []rune(pairs)
	for i := 0; i+1 < len(r); i += 2 {
		if r[i] != r[i+1] {
			m[r[i]] = r[i+1]
		}
	}
	return m
}()

// HanNames tells how alike two different Chinese names are: 4 they sound alike
// or one is written with another form of a character, 3 the same but for one
// character, 2 the same family name or the same given name, 1 neither.
func HanNames(a, b []rune) uint8 {
	if slices.Equal(a, b) {
		return 5
	}
	if len(a) == 0 || len(b) == 0 {
		return 1
	}
	if len(a) == len(b) {
		differ, sound := 0, 0
		for i := range a {
			if a[i] != b[i] {
				differ++
				if s := Syllable(a[i]); s != "" && s == Syllable(b[i]) {
					sound++
				}
			}
		}
		switch {
		case differ == sound:
			return 4
		case differ == 1 && (len(a) > 2 || a[0] == b[0]):
			if len(a) > 2 {
				return 3
			}
			return 2
		case differ == 2 && len(a) > 2 && Edits(a, b, 1) == 1: // swapped characters
			return 4
		}
	} else if Edits(a, b, 1) == 1 && min(len(a), len(b)) > 1 && a[0] == b[0] {
		return 3
	}
	if a[0] == b[0] || len(a) > 2 && len(b) > 2 && slices.Equal(a[1:], b[1:]) {
		return 2
	}
	return 1
}
