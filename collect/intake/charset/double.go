package charset

import (
	"bytes"
	"fmt"
	"math"
	"unicode/utf8"
)

// finish looks for text that was read in a wrong encoding before it was
// written as UTF-8, and for characters lost that way.
func (s *scanned) finish(res *Result) {
	if s.lost > 0 || bytes.Contains(s.evidence, []byte("锟斤拷")) {
		n := s.lost + int64(bytes.Count(s.evidence, []byte("锟斤拷")))
		res.Doubt = fmt.Sprintf("文件里有 %d 处字符在来源处已经损坏（显示为 � 或“锟斤拷”），无法还原，请向提供方索取原件。", n)
		res.Confidence = min(res.Confidence, .9)
	}
	lines := splitLines(s.evidence)
	for _, wrong := range [...]string{"windows-1252", "gb18030", "mac-roman", "iso-8859-1"} {
		if twice(lines, wrong) {
			res.Double = wrong
			res.Confidence = min(res.Confidence, .8)
			res.Doubt = fmt.Sprintf("文件像是被转码两次（UTF-8 的内容被当作 %s 读过），文字显示为乱码；可选编码“double:%s”还原。", wrong, wrong)
			return
		}
	}
	if name := misread(lines); name != "" {
		res.Double = "windows-1252/" + name
		res.Confidence = min(res.Confidence, .8)
		res.Doubt = fmt.Sprintf("文件像是 %s 的内容被当作 windows-1252 读过再存为 UTF-8，文字显示为乱码；可选编码“double:%s”还原。", name, res.Double)
	}
}

// undo encodes text in the encoding it was wrongly read as.
func undo(text []byte, wrong string) ([]byte, bool) {
	if wrong != "windows-1252" {
		return Encode(wrong, text)
	}
	c, err := codecOf(wrong)
	if err != nil {
		return nil, false
	}
	out := make([]byte, 0, len(text))
	for _, r := range string(text) {
		if r < 0x80 {
			out = append(out, byte(r))
			continue
		}
		found := r >= 0x80 && r < 0xA0 // control characters stand for themselves
		b := byte(r)
		for i := 0x80; i < 0x100 && !found; i++ {
			if c.single[i] == r {
				found, b = true, byte(i)
			}
		}
		if !found {
			return nil, false
		}
		out = append(out, b)
	}
	return out, true
}

// twice reports whether the lines are UTF-8 that was read as wrong and written
// as UTF-8 again: undone, nearly all are valid UTF-8 with longer characters.
func twice(lines [][]byte, wrong string) bool {
	yes, no, chars := 0, 0, 0
	for i, line := range lines {
		if i > 2000 {
			break
		}
		if ascii(line) == len(line) {
			continue
		}
		raw, ok := undo(line, wrong)
		if ok && utf8.Valid(raw) && ascii(raw) < len(raw) {
			yes++
			chars += len(raw) - utf8.RuneCount(raw)
			continue
		}
		no++
	}
	return yes > 0 && yes >= 4*no && chars >= 4
}

// misread finds a double-byte text that was read as windows-1252: its UTF-8 has
// nothing but Latin letters and signs, in pairs, and undone it is good text.
func misread(lines [][]byte) string {
	var raw [][]byte
	for i, line := range lines {
		if i > 2000 {
			break
		}
		if ascii(line) == len(line) {
			continue
		}
		b, ok := undo(line, "windows-1252")
		if !ok {
			return ""
		}
		raw = append(raw, b)
	}
	if len(raw) == 0 {
		return ""
	}
	high := 0
	for _, l := range raw {
		for _, c := range l {
			if c >= 0x80 {
				high++
			}
		}
	}
	base := math.Inf(-1)
	for _, a := range alphabets {
		if a.codec == "windows-1252" {
			base = max(base, a.total(raw))
		}
	}
	best, name := base+1.5*float64(high), ""
	for _, c := range codecs {
		if c.family != doubleFamily {
			continue
		}
		c.once.Do(c.build)
		if x := scoreDouble(c, raw); x.bad == 0 && x.score > best && high >= 4 {
			best, name = x.score, c.name
		}
	}
	return name
}
