package grid

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

var (
	titleUnit   = regexp.MustCompile(`(?i)[\s,，;；]*[\(（\[【]\s*(计量单位|金额单位|货币单位|数据单位|单\s*位|單\s*位|単\s*位|단\s*위|units?|einheit(en)?|unités?|unidad(es)?|ед\. ?изм\.?)\s*[:：][^()（）\[\]【】]*[\)）\]】]\s*$`)
	titleNumber = regexp.MustCompile(`(?i)^[\(（]?\s*(表|附表|附件|图表|表格|table|tab\.|tabelle|tableau|tabla|cuadro|таблица|표)\s*[\d一二三四五六七八九十A-Z]+`)
)

// maxTitle is how long a title may be, in characters, to be a table's name.
const maxTitle = 60

// Title is the title over the block as a name, without its unit; "" when it has
// none or it is a sentence. Of several titles the numbered one (表2 …) is the
// table's own, else the first.
func (b *Block) Title() string {
	title := ""
	for _, n := range b.Notes {
		if n.Kind != "title" || n.Row >= b.Place.Top {
			continue
		}
		t := TitleName(n.Text)
		switch {
		case t == "":
		case titleNumber.MatchString(t):
			return t
		case title == "":
			title = t
		}
	}
	return title
}

// TitleName is a title as a name: one line, without the unit in brackets at its
// end; "" when it is too long to be a name.
func TitleName(text string) string {
	t := strings.TrimSpace(titleUnit.ReplaceAllString(fold(text), ""))
	if utf8.RuneCountInString(t) > maxTitle {
		return ""
	}
	return t
}
