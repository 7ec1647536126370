package intake

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf8"

	"shuniu/collect/intake/tabular"
)

// brokeOff says of a text's rejected lines whether the text was cut off in one:
// a transfer that stopped, a disk that ran full. The evidence is a last line
// that holds less than a row and has no line end.
type brokeOff struct {
	src  *tabular.Source
	line int64 // the line the text was cut off in; 0: none so far
}

const brokenReason = "；文件在这一行中断，可能没有传完"

// see looks at a rejected line, and tells its reason more exactly when the text
// ends in it.
func (c *brokeOff) see(x tabular.Reject) (tabular.Reject, error) {
	const most = 64 << 10
	if !x.Broken || len(x.Raw) == 0 || int64(len(x.Raw)) > c.src.Size {
		return x, nil
	}
	raw := x.Raw[max(0, len(x.Raw)-most):]
	text, err := tail(c.src, int64(len(raw)+utf8.UTFMax))
	if err != nil {
		return x, fmt.Errorf("read %s: %w", c.src.Name, err)
	}
	end := []byte(text)
	if !bytes.HasSuffix(end, raw) && !bytes.HasSuffix(end[:len(end)-halfCharacter(end)], raw) {
		return x, nil
	}
	c.line = x.Line
	x.Reason += brokenReason
	return x, nil
}

// notes are for the report of the table whose rejects were seen.
func (c *brokeOff) notes() []tabular.Note {
	if c.line == 0 {
		return nil
	}
	return []tabular.Note{{
		Kind: "note", Place: strconv.FormatInt(c.line, 10),
		Text: fmt.Sprintf("文件在第 %d 行中断：最后一行不完整，也没有换行符，可能没有传完或没有导出完。这一行已隔离，之前的各行照常读出；请核对来源的行数，必要时重新传一次。", c.line),
	}}
}

// halfCharacter is how many bytes at the end of b begin a UTF-8 character and
// do not complete it.
func halfCharacter(b []byte) int {
	for n := 1; n <= min(utf8.UTFMax-1, len(b)); n++ {
		c := b[len(b)-n]
		if utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(b[len(b)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}
