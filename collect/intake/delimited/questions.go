package delimited

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"shuniu/collect/intake/grid"
)

var rowNumber = regexp.MustCompile(`第\s*(\d+)\s*行`)

// inLines rewrites the grid's row numbers in questions as physical lines.
func (p *page) inLines(questions []string) []string {
	out := make([]string, len(questions))
	for i, q := range questions {
		out[i] = rowNumber.ReplaceAllStringFunc(q, func(s string) string {
			n, err := strconv.Atoi(rowNumber.FindStringSubmatch(s)[1])
			if err != nil || n < 1 || n > len(p.rows) {
				return s
			}
			return fmt.Sprintf("第%d行", p.at(n-1).line)
		})
	}
	return out
}

// questions names what was mended or padded in the block.
func (p *page) questions(b *grid.Block, rejects []int) (out []string) {
	var mended, padded []int64
	need := int32(b.Place.Right + 1)
	for i := b.Place.Top; i <= b.Place.Bottom; i++ {
		r := p.at(i)
		if r.verdict != fine {
			continue
		}
		if r.mended {
			mended = append(mended, r.line)
		}
		if r.padded || r.width < need && r.width > 1 && b.Role(i) == grid.Data {
			padded = append(padded, r.line)
		}
	}
	if len(mended) > 0 {
		out = append(out, fmt.Sprintf("%s的引号不规范，多余的引号已按普通字符保留，请核对。", lineList(mended)))
	}
	if len(padded) > 0 {
		out = append(out, fmt.Sprintf("%s末尾缺列，缺的列按空值读，请核对。", lineList(padded)))
	}
	var hollow []int64
	for i := b.Place.Top; i <= b.Place.Bottom; i++ {
		if r := p.at(i); r.emptyRow && b.Role(i) == grid.Data {
			hollow = append(hollow, r.line)
		}
	}
	if len(hollow) > 0 {
		out = append(out, fmt.Sprintf("%s只有分隔符没有值，按空值的数据行收下。", lineList(hollow)))
	}
	if b.HeaderRows > 0 && b.Place.Left == 0 && b.Rows() > 0 {
		head := p.at(b.Place.Top + b.HeaderRows - 1).width
		w, n, total := p.modal(p.index(b.Place.Top+b.HeaderRows), min(len(p.recs), p.index(b.Place.Bottom)+1))
		if n*2 > total && head > 1 && w > 1 && (head > w || head < w && int(w) <= b.Place.Right+1) {
			out = append(out, fmt.Sprintf("表头有 %d 列，数据行有 %d 列，列名可能错位，请核对。", head, w))
		}
	}
	if len(rejects) > 0 {
		lines := make([]int64, len(rejects))
		for k, i := range rejects {
			lines[k] = p.recs[i].line
		}
		out = append(out, fmt.Sprintf("%s读不成行，已隔离，请核对。", lineList(lines)))
	}
	return out
}

// lineList writes 第 3、5、9 行.
func lineList(lines []int64) string {
	var b strings.Builder
	b.WriteString("第 ")
	for i, n := range lines {
		if i == 6 {
			fmt.Fprintf(&b, " 等共 %d ", len(lines))
			break
		}
		if i > 0 {
			b.WriteString("、")
		}
		b.WriteString(strconv.FormatInt(n, 10))
	}
	b.WriteString(" 行")
	return b.String()
}
