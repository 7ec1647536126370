package delimited

import (
	"bytes"
	"unicode/utf8"
)

// splitFixed cuts a line at fixed display columns.
func (d *dialect) splitFixed(text []byte, pos int, fields []field) (record, []field) {
	end, next := d.lineEnd(text, pos)
	r := record{from: int32(pos), to: int32(end), next: int32(next), lines: 1}
	if len(bytes.TrimSpace(text[pos:end])) == 0 {
		return r, append(fields, field{from: int32(pos), to: int32(pos)})
	}
	cell, k, from := 0, 1, pos
	for i := pos; i < end; {
		if k < len(d.fixed) && cell >= d.fixed[k] {
			fields = append(fields, trimmed(text, from, i))
			from = i
			k++
		}
		c, n := rune(text[i]), 1
		if c >= utf8.RuneSelf {
			c, n = utf8.DecodeRune(text[i:end])
		}
		cell += cellsOf(c)
		i += n
	}
	fields = append(fields, trimmed(text, from, end))
	for len(fields) > 0 && k < len(d.fixed) {
		fields = append(fields, field{from: int32(end), to: int32(end)})
		k++
	}
	return r, fields
}

func trimmed(text []byte, from, to int) field {
	for from < to && text[from] == ' ' {
		from++
	}
	for to > from && text[to-1] == ' ' {
		to--
	}
	return field{from: int32(from), to: int32(to), literal: true}
}

// cellsOf is how many display cells a character takes: East Asian wide ones two.
func cellsOf(r rune) int {
	if r >= 0x1100 && (r <= 0x115F || r >= 0x2E80 && r <= 0xA4CF || r >= 0xAC00 && r <= 0xD7A3 || r >= 0xF900 && r <= 0xFAFF || r >= 0xFE30 && r <= 0xFE6F || r >= 0xFF00 && r <= 0xFF60 || r >= 0xFFE0 && r <= 0xFFE6) {
		return 2
	}
	return 1
}

// fixedColumns finds where columns begin when the lines of a text stand in
// fixed columns: cells that are blank in every line, beside cells that are not.
// nil when they do not.
func fixedColumns(text []byte, n newline) []int {
	d := dialect{newline: n}
	const most = 2000
	var filled []int
	rows, gaps := 0, 0
	lengths := map[int]int{}
	for pos := 0; pos < len(text) && rows < most; {
		end, next := d.lineEnd(text, pos)
		line := text[pos:end]
		pos = next
		if len(bytes.TrimSpace(line)) == 0 || len(line) > 4096 {
			continue
		}
		if bytes.IndexByte(line, '\t') >= 0 || bytes.Count(line, []byte{'|'}) > 1 {
			return nil
		}
		if bytes.Trim(line, "-=+| ") == nil || len(bytes.Trim(line, "-=+ ")) == 0 {
			continue // a rule between header and rows
		}
		rows++
		if bytes.Contains(bytes.TrimSpace(line), []byte("  ")) {
			gaps++
		}
		cell := 0
		for _, r := range string(line) {
			w := cellsOf(r)
			for len(filled) < cell+w {
				filled = append(filled, 0)
			}
			if r != ' ' {
				for k := range w {
					filled[cell+k]++
				}
			}
			cell += w
		}
		lengths[cell]++
	}
	same := 0
	for _, n := range lengths {
		same = max(same, n)
	}
	if rows < 3 || gaps*10 < rows*7 && same*10 < rows*9 {
		return nil
	}
	var starts []int
	gap := true
	width := 0
	for i, n := range filled {
		if n*50 <= rows { // blank, but for a title line or two
			if !gap {
				width = 0
			}
			gap = true
			width++
			continue
		}
		if gap {
			if len(starts) == 0 || width >= 2 || width == 1 && n*10 >= rows*3 {
				starts = append(starts, i)
			}
		}
		gap, width = false, 0
	}
	if len(starts) < 2 {
		return nil
	}
	starts[0] = 0
	return starts
}
