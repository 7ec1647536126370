package address

import (
	"unicode"
	"unicode/utf8"
)

// A token is one Chinese character, one mark, or a whole run of digits or
// Latin letters, as a span of the text.
type token struct {
	start, end int32 // bytes of the text
	first      rune  // its first character, full width folded
	class      uint16
	apart      bool // a blank stands before it
}

// Classes of tokens that are no single known character. Known characters have
// classes from classChar on, by their place in knownChars.
const (
	classNone uint16 = iota // before the first and behind the last token
	classOther
	classDigits1
	classDigits2
	classDigits3
	classDigits4
	classDigits5
	classLetter
	classLetters
	classMixed
	classHyphen
	classMark
	classNumeral
	classStem
	classChar
)

// knownChars are the characters that say something about the parts of an
// address wherever they stand; every other one is classOther.
const knownChars = "省市区县旗盟州镇乡街道村社路巷弄里号附组队幢栋座楼单元层室房户间庄屯湾桥塘港口" +
	"园苑城厦场心寓庭府居家花院校店厂司行局所馆站库门期块段坊堂岸山江河湖海溪洋浦沙东南西北中上下前后内外左右旁边侧对面近处米交叉与和到往新大小老高" +
	"长工业农商科技开发经济保税产园国际广场中学医银超市酒宾饭餐网吧公政人民自治委会电联系收请送快递丰巢柜台梯底负地幼儿教研服务部办事处住宅环线横直支胡同头角墩坑岙埠田洞"

var charClass = func() map[rune]uint16 {
	m := map[rune]uint16{}
	for _, r := range knownChars {
		if _, ok := m[r]; !ok {
			m[r] = classChar + uint16(len(m))
		}
	}
	for _, r := range "一二三四五六七八九十百〇零两" {
		m[r] = classNumeral
	}
	for _, r := range "甲乙丙丁戊己" {
		m[r] = classStem
	}
	return m
}()

// fold returns the half-width form of full-width characters.
func fold(r rune) rune {
	switch {
	case r >= 0xFF01 && r <= 0xFF5E:
		return r - 0xFF01 + '!'
	case r == 0x3000 || r == 0x00A0:
		return ' '
	}
	return r
}

// maxTokens bounds the work on one address; what stands behind is left over.
const maxTokens = 200

// tokenize appends the tokens of text to out. Blanks are no tokens.
func tokenize(out []token, text string) []token {
	apart := false
	for i := 0; i < len(text) && len(out) < maxTokens; {
		r, size := utf8.DecodeRuneInString(text[i:])
		r = fold(r)
		t := token{start: int32(i), first: r}
		i += size
		switch {
		case isDigit(r) || isLatin(r):
			digits, letters := 0, 0
			for count := r; ; {
				if isDigit(count) {
					digits++
				} else {
					letters++
				}
				if i >= len(text) {
					break
				}
				next, size := utf8.DecodeRuneInString(text[i:])
				next = fold(next)
				if !isDigit(next) && !isLatin(next) {
					break
				}
				count = next
				i += size
			}
			switch {
			case letters == 1 && digits == 0:
				t.class = classLetter
			case digits == 0:
				t.class = classLetters
			case letters > 0:
				t.class = classMixed
			default:
				t.class = classDigits1 + uint16(min(digits, 5)-1)
			}
		case r == '-' || r == '—' || r == '–' || r == '－' || r == '~' || r == '_' || r == '至':
			t.class = classHyphen
		case unicode.IsSpace(r) || r == 0xFEFF || r == 0x200B:
			apart = true
			continue
		case unicode.IsPunct(r) || unicode.IsSymbol(r) || r == utf8.RuneError:
			t.class = classMark
		default:
			if c, ok := charClass[r]; ok {
				t.class = c
			} else {
				t.class = classOther
			}
		}
		t.end, t.apart = int32(i), apart
		apart = false
		out = append(out, t)
	}
	return out
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

func isLatin(r rune) bool { return r|0x20 >= 'a' && r|0x20 <= 'z' && r < 0x80 }
