package reading

import (
	"bytes"
	"unicode/utf8"
)

// markLetters are the flags that statistical offices set behind figures:
// break, confidential, definition, estimated, forecast, imputed, not
// significant, provisional, revised, unreliable (SDMX code list CL_OBS_STATUS
// and Eurostat's flags).
const markLetters = "bcdefinprsuBCDEFINPRSU"

// marked reports whether t, trimmed and narrowed, is a number with a footnote's
// mark (1,234r · 12.5* · 1234 (p) · 17 1) · 45²) or a bound (<5, ≥90). Bare
// letters need three digits or a separator: 12b is a house number.
func marked(t []byte) bool {
	for _, lead := range [...]string{"<", ">", "≤", "≥", "~", "≈", "*", "†", "r ", "p ", "e ", "约", "約"} {
		if rest, ok := bytes.CutPrefix(t, []byte(lead)); ok {
			rest = trim(bytes.TrimPrefix(rest, []byte("=")))
			return bareNumber(rest)
		}
	}
	end, digits, seps := 0, 0, 0
	for end < len(t) {
		c := t[end]
		switch {
		case isDigit(c):
			digits++
		case c == '.' || c == ',':
			seps++
		case end == 0 && (c == '-' || c == '+'):
		case c == ' ' && end+3 < len(t) && isDigit(t[end+1]) && isDigit(t[end+2]) && isDigit(t[end+3]):
			seps++
		default:
			return digits > 0 && bareNumber(t[:end]) && isMark(t[end:], digits >= 3 || seps > 0)
		}
		end++
	}
	return false
}

func bareNumber(b []byte) bool {
	a, ok := splitNumber(b)
	if !ok {
		return false
	}
	var d number
	return readBody(a.body, point, &d) || readBody(a.body, comma, &d)
}

// isMark knows what stands behind a number: one or two of a footnote's marks.
func isMark(t []byte, letters bool) bool {
	if t[0] == '%' {
		t = t[1:]
	}
	t = trim(t)
	if len(t) == 0 || len(t) > 12 {
		return false
	}
	for n := 0; n < 3; n++ {
		if len(t) == 0 {
			return true
		}
		r, w := utf8.DecodeRune(t)
		switch r {
		case '*', '†', '‡', '#', '§', '¶', '^', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹', '⁰', 'ª', 'º', '※', '①', '②', '③', '④', '⑤':
			t = trim(t[w:])
			continue
		case '(', '[':
			i := bytes.IndexAny(t, ")]")
			if i < 2 || i > 4 {
				return false
			}
			for _, c := range t[1:i] {
				if !isDigit(c) && bytes.IndexByte([]byte(markLetters+"axz"), c) < 0 && c != '*' {
					return false
				}
			}
			t = trim(t[i+1:])
			continue
		}
		if isDigit(t[0]) && len(t) <= 3 && t[len(t)-1] == ')' && isDigit(t[max(0, len(t)-2)]) {
			return true
		}
		if letters && bytes.IndexByte([]byte(markLetters), t[0]) >= 0 {
			letters = len(t) > 1 && n == 0
			t = trim(t[1:])
			continue
		}
		return false
	}
	return len(t) == 0
}
