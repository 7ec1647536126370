package delimited

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// register is a table of n rows and four columns, each line ended.
func register(n int) []byte {
	var b bytes.Buffer
	b.WriteString("编号,姓名,地址,金额\n")
	for i := range n {
		fmt.Fprintf(&b, "%d,张%d,\"浦东新区%d路%d号\",%d.%02d\n", i, i%97, i%31, i, i*3%1000, i%100)
	}
	return b.Bytes()
}

// A line at the end of a text that is no row is rejected, whatever is wrong
// with it and however big the text is: none is lost, none becomes a row.
func TestLastLine(t *testing.T) {
	defer func(a, b, c int64) { wholeBelow, headBytes, tailBytes = a, b, c }(wholeBelow, headBytes, tailBytes)
	wholeBelow, headBytes, tailBytes = 1<<20, 256<<10, 64<<10
	for _, size := range []struct {
		name string
		rows int
	}{{"small", 300}, {"big", 40_000}} {
		full := register(size.rows)
		if big := int64(len(full)) > wholeBelow; big != (size.name == "big") {
			t.Fatalf("%s has %d bytes", size.name, len(full))
		}
		total := int64(size.rows + 2)
		for _, tc := range []struct {
			name, line string
			ended      bool // by a line end
			before     int  // rows that stand behind it
			reason     string
			broken     bool
		}{
			{"half a character", "26000,张\xe5\xbc", false, 0, "不能按 utf-8 解读", true},
			{"half a character, ended", "26000,张\xe5\xbc", true, 0, "不能按 utf-8 解读", true},
			{"bad bytes near the end", "26000,\xe5\xbc,\"x\",1", true, 50, "不能按 utf-8 解读", true},
			{"two of four values", "26000,张", false, 0, "只有 2 个值", true},
			{"one of four values", "260", false, 0, "只有 1 个值", true},
			{"three of four values", "26000,张3,\"浦东新区\"", false, 0, "只有 3 个值", true},
			{"open quote", "26000,张3,\"浦东新", false, 0, "引号不成对", true},
			{"too many values", "26000,张3,\"浦东新区\",1.00,2", false, 0, "有 5 个值", false},
		} {
			t.Run(size.name+"/"+tc.name, func(t *testing.T) {
				lines := bytes.SplitAfter(full, []byte("\n"))
				lines = lines[:len(lines)-1]
				at := len(lines) - tc.before
				line := tc.line
				if tc.ended {
					line += "\n"
				}
				data := bytes.Join([][]byte{bytes.Join(lines[:at], nil), []byte(line), bytes.Join(lines[at:], nil)}, nil)
				tables := read(t, "register.csv", data)
				if len(tables) != 1 {
					t.Fatalf("%d tables", len(tables))
				}
				x := tables[0]
				if len(x.rows) != size.rows || len(x.rejects) != 1 || x.tally.Physical != total {
					t.Fatalf("%d rows, %d rejected, tally %+v; want %d, 1 and %d lines", len(x.rows), len(x.rejects), x.tally, size.rows, total)
				}
				r := x.rejects[0]
				if want := total - int64(tc.before); r.Line != want || !strings.Contains(r.Reason, tc.reason) || r.Broken != tc.broken || string(r.Raw) != tc.line {
					t.Errorf("rejected %+v (raw %q), want line %d, %s, broken %v", r, r.Raw, want, tc.reason, tc.broken)
				}
			})
		}
	}
}

// What stands below a table without a line end stays what it is.
func TestLastLineNotes(t *testing.T) {
	for _, last := range []string{"合计,,,1.00", "合计,1.00", "制表人：张三", "注：金额单位为元", "300,张三,\"浦东新区\",9.00"} {
		tables := read(t, "register.csv", append(register(300), last...))
		if len(tables) != 1 || len(tables[0].rejects) != 0 {
			t.Errorf("%s: %+v", last, tables)
		}
	}
}
