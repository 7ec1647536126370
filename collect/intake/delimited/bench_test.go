package delimited

import (
	"bytes"
	"fmt"
	"testing"

	"shuniu/collect/intake/charset"
)

// BenchmarkTokenise splits a chunk of a register of people, 12 values and
// about 160 bytes a row, on one core.
func BenchmarkTokenise(b *testing.B) {
	var text bytes.Buffer
	for i := 0; text.Len() < chunkBytes; i++ {
		fmt.Fprintf(&text, "3101151973%02d%02d%04d,王秀%s,男,1973-%02d-%02d,川沙新镇,第%d居委会,上海市浦东新区锦绣路%d弄%d号,138%08d,户籍,%d.%02d,2025-%02d-%02d 12:00:%02d,公安\n",
			i%12+1, i%28+1, i%9000, "英梅"[:i%3*3], i%12+1, i%28+1, i%60, i%3000, i%200, i*7919%100000000, i%20000, i%100, i%12+1, i%28+1, i%60)
	}
	dec, err := charset.NewDecoder("utf-8")
	if err != nil {
		b.Fatal(err)
	}
	s := &stretch{dec: dec, enc: "utf-8", d: dialect{delim: []byte(","), quote: '"', newline: lineLF}, width: 12, columns: 12}
	for k := range s.width {
		s.targets = append(s.targets, k)
	}
	c := &chunk{raw: text.Bytes(), last: true}
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		s.tokenise(c)
	}
	if c.tally.Rejected > 0 || c.tally.Rows < 20_000 {
		b.Fatalf("tally %+v", c.tally)
	}
}
