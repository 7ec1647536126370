package delimited

import (
	"bytes"
	"slices"
)

// A newline is how lines end.
type newline uint8

const (
	lineLF  newline = iota // \n, with or without \r before it
	lineCR                 // \r
	lineAny                // \n, \r\n and \r mixed
)

// A dialect is how a text separates its values.
type dialect struct {
	delim   []byte
	quote   byte // 0: none
	escape  byte // the quote itself, or a backslash; 0: none
	newline newline
	crlf    bool   // for the report: most lines end in \r\n
	skip    bool   // blanks after a delimiter are padding
	blanks  bool   // a run of blanks is one delimiter
	budget  *int64 // bytes that may still be looked through in vain for closing quotes; nil: no limit
	fixed   []int  // where columns begin, in display cells; nil when delimited
}

// lineEnd returns where the line that begins at pos ends and the next begins.
func (d *dialect) lineEnd(text []byte, pos int) (end, next int) {
	s := text[pos:]
	var i int
	switch d.newline {
	case lineAny:
	case lineLF:
		i = bytes.IndexByte(s, '\n')
		if i < 0 {
			i = len(s)
			next = len(text)
		} else {
			next = pos + i + 1
		}
		for i > 0 && s[i-1] == '\r' {
			i--
		}
		return pos + i, next
	case lineCR:
		i = bytes.IndexByte(s, '\r')
		if i < 0 {
			return len(text), len(text)
		}
		return pos + i, pos + i + 1
	}
	i = bytes.IndexAny(s, "\r\n")
	if i < 0 {
		return len(text), len(text)
	}
	next = pos + i + 1
	if s[i] == '\r' && next < len(text) && text[next] == '\n' {
		next++
	}
	return pos + i, next
}

// A field is a value in the text: [from, to), escapes still in it if esc.
type field struct {
	from, to int32
	quoted   bool
	esc      bool
	literal  bool // quotes inside are characters
}

// A damage is what is wrong with a record's quotes.
type damage uint8

const (
	sound    damage = iota
	trailing        // text after a closing quote
	unclosed        // the quote is never closed
)

// most lines and bytes one record may take before its quote counts as unclosed.
const (
	mostLines = 1000
	mostBytes = 1 << 20
)

// A record is one line, or several bound by quotes.
type record struct {
	from, to int32 // of the text, line end not included
	next     int32 // where the next record begins
	lines    int32
	damage   damage
}

// split reads the record at pos into fields. An unquoted record is one line.
// On damage the record is that of its first line only, split at every
// delimiter.
func (d *dialect) split(text []byte, pos int, fields []field) (record, []field) {
	if d.fixed != nil {
		return d.splitFixed(text, pos, fields)
	}
	end, next := d.lineEnd(text, pos)
	r := record{from: int32(pos), to: int32(end), next: int32(next), lines: 1}
	if d.quote == 0 || bytes.IndexByte(text[pos:end], d.quote) < 0 {
		return r, d.plain(text, pos, end, fields)
	}
	base := len(fields)
	i := pos
	first, firstNext := end, next
	for {
		i = d.padding(text, i, end)
		if i < end && text[i] == d.quote {
			f := field{from: int32(i + 1), quoted: true}
			j := i + 1
			for {
				k := bytes.IndexByte(text[j:end], d.quote)
				if k < 0 { // goes on in the next line
					if next >= len(text) || r.lines >= mostLines || next-pos > mostBytes || d.budget != nil && *d.budget < 0 && r.lines > 2 {
						if d.budget != nil {
							*d.budget -= int64(next - firstNext)
						}
						return d.damaged(text, pos, first, firstNext, unclosed, fields[:base])
					}
					from := next
					end, next = d.lineEnd(text, from)
					r.lines++
					j = from
					continue
				}
				k += j
				if d.escape == '\\' && escaped(text, i+1, k) {
					f.esc = true
					j = k + 1
					continue
				}
				if k+1 < end && text[k+1] == d.quote && d.escape == d.quote {
					f.esc = true
					j = k + 2
					continue
				}
				f.to = int32(k)
				j = k + 1
				break
			}
			fields = append(fields, f)
			for j < end && (text[j] == ' ' || text[j] == '\t') && !d.at(text, j, end) {
				j++
			}
			if j >= end {
				break
			}
			if !d.at(text, j, end) {
				if d.budget != nil {
					*d.budget -= int64(end - first)
				}
				return d.damaged(text, pos, first, firstNext, trailing, fields[:base])
			}
			i = d.after(text, j, end)
			continue
		}
		j := d.find(text, i, end)
		if j < 0 {
			fields = append(fields, field{from: int32(i), to: int32(end)})
			break
		}
		fields = append(fields, field{from: int32(i), to: int32(j)})
		i = d.after(text, j, end)
	}
	r.to, r.next = int32(end), int32(next)
	return r, fields
}

func (d *dialect) damaged(text []byte, pos, end, next int, dm damage, fields []field) (record, []field) {
	return record{from: int32(pos), to: int32(end), next: int32(next), lines: 1, damage: dm}, d.plain(text, pos, end, fields)
}

// escaped reports whether an odd number of backslashes stands before k.
func escaped(text []byte, from, k int) bool {
	n := 0
	for k-n-1 >= from && text[k-n-1] == '\\' {
		n++
	}
	return n%2 == 1
}

// padding steps over blanks that are none of the value.
func (d *dialect) padding(text []byte, i, end int) int {
	if d.skip || d.blanks {
		for i < end && text[i] == ' ' {
			i++
		}
		return i
	}
	// blanks before a quote are padding in every dialect
	j := i
	for j < end && text[j] == ' ' {
		j++
	}
	if j > i && j < end && text[j] == d.quote && d.quote != 0 && d.delim[0] != ' ' {
		return j
	}
	return i
}

// at reports whether a delimiter stands at j.
func (d *dialect) at(text []byte, j, end int) bool {
	return end-j >= len(d.delim) && (text[j] == d.delim[0]) && (len(d.delim) == 1 || bytes.HasPrefix(text[j:end], d.delim))
}

// find returns the next delimiter in [i, end), or -1.
func (d *dialect) find(text []byte, i, end int) int {
	var k int
	if len(d.delim) == 1 {
		k = bytes.IndexByte(text[i:end], d.delim[0])
	} else {
		k = bytes.Index(text[i:end], d.delim)
	}
	if k < 0 {
		return -1
	}
	return i + k
}

// after steps over the delimiter at j.
func (d *dialect) after(text []byte, j, end int) int {
	j += len(d.delim)
	if d.blanks {
		for j < end && text[j] == d.delim[0] {
			j++
		}
	}
	return j
}

// plain splits a line at every delimiter.
func (d *dialect) plain(text []byte, pos, end int, fields []field) []field {
	i := pos
	if d.blanks {
		for i < end && text[i] == ' ' {
			i++
		}
		for end > i && text[end-1] == ' ' {
			end--
		}
	}
	for {
		if d.skip {
			for i < end && text[i] == ' ' {
				i++
			}
		}
		j := d.find(text, i, end)
		stop := j
		if j < 0 {
			stop = end
		}
		if d.skip {
			for stop > i && text[stop-1] == ' ' {
				stop--
			}
		}
		fields = append(fields, field{from: int32(i), to: int32(stop)})
		if j < 0 {
			return fields
		}
		i = d.after(text, j, end)
	}
}

// value is the text of a field: in text, or in buf when it had escapes.
func (d *dialect) value(text []byte, f field, buf *[]byte) []byte {
	v := text[f.from:f.to]
	if !f.esc || f.literal {
		return v
	}
	out := (*buf)[:0]
	for i := 0; i < len(v); i++ {
		switch {
		case d.escape == '\\' && v[i] == '\\' && i+1 < len(v) && (v[i+1] == d.quote || v[i+1] == '\\'):
			i++
		case d.escape == d.quote && v[i] == d.quote && i+1 < len(v) && v[i+1] == d.quote:
			i++
		}
		out = append(out, v[i])
	}
	*buf = out
	return out
}

// mend reads one damaged line so that it has want values: quotes that open or
// close nothing are characters. ok is false when there is no way, or more than
// one equally good.
func (d *dialect) mend(text []byte, pos, end, want int) (fields []field, ok bool) {
	if want < 1 || end-pos > 1<<16 || d.quote == 0 || d.blanks || d.fixed != nil {
		return nil, false
	}
	m := mender{d: d, text: text, end: end, want: want, memo: map[[2]int]state{}}
	s := m.from(pos, 0)
	if s.cost >= impossible || s.ways != 1 || m.steps > mostSteps {
		return nil, false
	}
	return m.trace(pos), true
}

const (
	impossible = 1 << 20
	mostSteps  = 20000
)

// A state is the best way on from a place in the line.
type state struct {
	cost  int
	ways  int // equally good ones, 2 for more
	field field
	next  int // -1: the line ends
}

type mender struct {
	d     *dialect
	text  []byte
	end   int
	want  int
	steps int
	memo  map[[2]int]state
}

// from is the best way to read the rest of the line from i with k values read.
func (m *mender) from(i, k int) state {
	key := [2]int{i, k}
	if s, ok := m.memo[key]; ok {
		return s
	}
	m.steps++
	best := state{cost: impossible}
	if m.steps > mostSteps || k >= m.want {
		return best
	}
	d := m.d
	try := func(f field, stop, cost int) {
		s := state{cost: cost, ways: 1, field: f, next: -1}
		if stop < m.end {
			next := d.after(m.text, stop, m.end)
			rest := m.from(next, k+1)
			s.cost += rest.cost
			s.ways = rest.ways
			s.next = next
		} else if k+1 != m.want {
			return
		}
		switch {
		case s.cost >= impossible:
		case s.cost < best.cost:
			best = s
		case s.cost == best.cost:
			best.ways = 2
		}
	}
	start := d.padding(m.text, i, m.end)
	if start < m.end && m.text[start] == d.quote {
		bare, skipped := 0, 0
		for j := start + 1; j < m.end; j++ {
			if m.text[j] != d.quote {
				continue
			}
			if d.escape == '\\' && escaped(m.text, start+1, j) {
				continue
			}
			if j+1 == m.end || d.at(m.text, j+1, m.end) {
				// a doubled quote before a delimiter may be an escape and the end
				f := field{from: int32(start + 1), to: int32(j), quoted: true, esc: true, literal: false}
				if bare > 0 {
					f.literal = d.escape != '\\'
				}
				try(f, j+1, bare+3*skipped)
				if skipped++; skipped > 8 {
					break
				}
				bare++
				continue
			}
			if d.escape == d.quote && j+1 < m.end && m.text[j+1] == d.quote {
				if j+2 == m.end || d.at(m.text, j+2, m.end) {
					// 48"", : the value ends in a quote that nobody doubled
					f := field{from: int32(start + 1), to: int32(j + 1), quoted: true, literal: true}
					try(f, j+2, bare+1+3*skipped)
					if skipped++; skipped > 8 {
						break
					}
				}
				j++
				continue
			}
			bare++
		}
	}
	stop := d.find(m.text, i, m.end)
	if stop < 0 {
		stop = m.end
	}
	cost := bytes.Count(m.text[i:stop], []byte{d.quote})
	if start < m.end && m.text[start] == d.quote {
		cost++
	}
	try(field{from: int32(start), to: int32(stop), literal: true}, stop, cost)
	m.memo[key] = best
	return best
}

func (m *mender) trace(i int) []field {
	var out []field
	for k := 0; i >= 0 && k < m.want; k++ {
		s := m.from(i, k)
		out = append(out, s.field)
		i = s.next
	}
	return slices.Clip(out)
}
