package delimited

import (
	"bytes"
	"math"
	"slices"
	"unicode"
	"unicode/utf8"

	"shuniu/collect/intake/tabular"
)

// sampleBytes is how much text the dialect is decided on.
const sampleBytes = 512 << 10

// candidates for the delimiter, with how readily each is believed.
var candidates = []struct {
	text  string
	prior float64
}{
	{",", 1},
	{";", 1},
	{"\t", 1},
	{"|", 1},
	{"||", 1},
	{"^", .9},
	{"~", .85},
	{"\x01", 1},
	{"\x1f", 1},
	{"\x1e", 1},
	{"§", .95},
	{"¦", .95},
	{"¤", .9},
	{"，", .75},
	{"；", .7},
	{"::", .8},
	{"|@|", 1},
	{"@|@", 1},
	{"^|^", 1},
	{"^^", .9},
	{"~~", .9},
	{"##", .8},
	{"$$", .8},
	{"*", .6},
	{"#", .55},
	{"!", .6},
	{"&", .55},
	{"@", .5},
	{"%", .55},
	{"$", .5},
	{"`", .6},
	{"\\", .5},
	{"+", .4},
	{"=", .35},
	{":", .45},
	{" ", .5},
	{"、", .4},
}

// lines of the text by their kinds of line end.
func newlineOf(text []byte) (n newline, crlf bool) {
	sample := text[:min(len(text), 4<<20)]
	lf := bytes.Count(sample, []byte{'\n'})
	cr := bytes.Count(sample, []byte{'\r'})
	pairs := bytes.Count(sample, []byte("\r\n"))
	bare := cr - pairs
	switch {
	case lf == 0 && cr > 0:
		return lineCR, false
	case bare*10 > lf && bare > 2*bytes.Count(sample, []byte("\r\r\n")):
		return lineAny, pairs*2 > lf
	}
	return lineLF, pairs*2 > lf
}

// sample takes whole lines from the beginning, the middle and the end.
func sampleOf(text []byte, n newline) []byte {
	if len(text) <= sampleBytes {
		return text
	}
	d := dialect{newline: n}
	var out []byte
	part := sampleBytes / 4
	for i := range 4 {
		from := (len(text) - part) / 3 * i
		if i > 0 {
			_, from = d.lineEnd(text, from)
		}
		to := min(from+part, len(text))
		if end, next := d.lineEnd(text, to); to < len(text) && end-to < part {
			to = next
		}
		out = append(out, text[from:to]...)
	}
	return out
}

// sniff decides the dialect of the text. confidence is 0 to 1.
func sniff(data []byte, opt tabular.Options) (d dialect, confidence float64) {
	n, crlf := newlineOf(data)
	sample := sampleOf(data, n)
	base := dialect{newline: n, crlf: crlf, quote: '"', escape: '"'}
	quotes := quotesOf(sample, opt)
	best, second := -1.0, -1.0
	d = base
	d.delim = []byte(",")
	tried := candidates
	if opt.Delimiter != "" {
		tried = tried[:0:0]
		tried = append(tried, struct {
			text  string
			prior float64
		}{opt.Delimiter, 1})
	}
	for _, c := range tried {
		if !bytes.Contains(sample, []byte(c.text)) {
			continue
		}
		if len(c.text) == 1 && opt.Delimiter == "" && doubledOnly(sample, c.text) {
			continue
		}
		for _, q := range quotes {
			x := base
			x.delim, x.quote = []byte(c.text), q.char
			x.escape = escapeOf(sample, q.char, x.delim, opt)
			x.skip = c.text != " " && c.text != "\t" && spaced(sample, &x)
			x.blanks = c.text == " " && bytes.Contains(sample, []byte("  "))
			score := x.score(sample) * c.prior * q.prior
			if score > best {
				if !bytes.Equal(x.delim, d.delim) {
					second = best
				}
				best, d = score, x
			} else if score > second && !bytes.Equal(x.delim, d.delim) {
				second = score
			}
		}
	}
	if best < 0 { // one column
		d = base
		d.delim = []byte(",")
		if !bytes.ContainsRune(sample, '"') {
			d.quote = 0
		}
		return d, .6
	}
	if second < 0 {
		second = 0
	}
	confidence = min(.99, .5+.5*(best-second)/max(best, .01))
	return d, confidence
}

// doubledOnly reports whether c stands in the text in pairs only.
func doubledOnly(sample []byte, c string) bool {
	pair := c + c
	n, m := bytes.Count(sample, []byte(c)), bytes.Count(sample, []byte(pair))
	return (c == "|" || c == "^" || c == "~") && n == 2*m && m > 0 && slices.ContainsFunc(candidates, func(x struct {
		text  string
		prior float64
	},
	) bool {
		return x.text == pair
	})
}

type quoteGuess struct {
	char  byte
	prior float64
}

// quotesOf lists the quotes that may be in use.
func quotesOf(sample []byte, opt tabular.Options) []quoteGuess {
	switch opt.Quote {
	case "":
	case "none":
		return []quoteGuess{{0, 1}}
	default:
		return []quoteGuess{{opt.Quote[0], 1}}
	}
	out := []quoteGuess{{'"', 1}}
	// an apostrophe is a quote when values begin and end with it
	if n := bytes.Count(sample, []byte("'")); n >= 4 {
		edges := 0
		for i, c := range sample {
			if c != '\'' {
				continue
			}
			if i == 0 || isEdge(sample[i-1]) {
				edges++
			}
			if i+1 == len(sample) || isEdge(sample[i+1]) {
				edges++
			}
		}
		if edges*10 >= n*6 && edges >= 4 {
			out = append(out, quoteGuess{'\'', .98})
		}
	}
	return out
}

func isEdge(c byte) bool {
	switch c {
	case ',', ';', '\t', '|', '\n', '\r', ' ', ':', '^', '~':
		return true
	}
	return false
}

func escapeOf(sample []byte, quote byte, delim []byte, opt tabular.Options) byte {
	switch opt.Escape {
	case "":
	case "none":
		return 0
	default:
		return opt.Escape[0]
	}
	if quote == 0 {
		return 0
	}
	slash := bytes.Count(sample, []byte{'\\', quote})
	if slash == 0 {
		return quote
	}
	// \" before a delimiter may be a value that ends in a backslash
	ends := bytes.Count(sample, append([]byte{'\\', quote}, delim...)) - bytes.Count(sample, append([]byte{'\\', quote, quote}, delim...))
	double := bytes.Count(sample, []byte{quote, quote})
	empty := bytes.Count(sample, append(append(bytes.Clone(delim), quote, quote), delim...))
	if slash > ends && slash-ends > double-empty-bytes.Count(sample, []byte{'\\', quote, quote}) {
		return '\\'
	}
	return quote
}

// spaced reports whether nearly every delimiter is followed by a blank.
func spaced(sample []byte, d *dialect) bool {
	all := bytes.Count(sample, d.delim)
	with := bytes.Count(sample, append(bytes.Clone(d.delim), ' '))
	ends := bytes.Count(sample, append(bytes.Clone(d.delim), '\n')) + bytes.Count(sample, append(bytes.Clone(d.delim), '\r'))
	return all > 0 && with > 0 && with*10 >= (all-ends)*9
}

// scoreRows is how many records are scored.
const scoreRows = 3000

// score is how well the dialect makes a table of the sample: records of one
// width, with values that are something.
func (d *dialect) score(sample []byte) float64 {
	widths := map[int]int{}
	var cells, typed float64
	rows, broken, empty, quoted, first := 0, 0, 0, 0, 0
	weak := d.fixed == nil && d.weak()
	var fields []field
	var buf []byte
	budget := int64(2 * len(sample))
	d.budget = &budget
	defer func() { d.budget = nil }()
	for pos := 0; pos < len(sample) && rows < scoreRows; {
		var r record
		r, fields = d.split(sample, pos, fields[:0])
		pos = int(r.next)
		if len(bytes.TrimSpace(sample[r.from:r.to])) == 0 {
			continue
		}
		rows++
		if r.damage != sound {
			broken++
		}
		widths[len(fields)]++
		if rows == 1 {
			first = len(fields)
		}
		if len(fields) == 1 {
			continue
		}
		for _, f := range fields {
			cells++
			if f.quoted {
				quoted++
			} else if f.from == f.to {
				empty++
			}
			score := cellScore(d.value(sample, f, &buf), f.quoted)
			if weak && !f.quoted && f.from > 0 && f.to > f.from && sample[f.from]-'0' < 10 && sample[f.from-1] == d.delim[0] && f.from > 1 && sample[f.from-2]-'0' < 10 && d.delim[0] != ' ' {
				score = .1 // 10:20 is a time, 3#4 a number of a house
			}
			typed += score
		}
	}
	if rows == 0 || cells == 0 {
		return -1
	}
	// runs of one width: several tables may stand in one text
	total := 0.0
	most, modal := 0, 0
	for w, n := range widths {
		if n > most || n == most && w > modal {
			most, modal = n, w
		}
		if w < 2 {
			continue
		}
		share := float64(n) / float64(rows)
		if n == 1 && rows > 2 {
			share *= .3
		}
		total += share * (float64(w) - 1) / float64(w) * math.Pow(share, .5)
	}
	t := typed / cells
	if weak && (modal < 2 || most < 3 || most*10 < rows*8 && !(quoted*8 > int(cells) && modal >= 5 && most*4 > rows) || float64(empty) > cells/4) {
		return -1 // a character of the text rather than a delimiter
	}
	if modal > 1 && first != modal && rows < 50 {
		total *= .45 // the header does not have the rows' width
	}
	return total * t * t * (1 - .5*float64(broken)/float64(rows))
}

// weak reports whether the delimiter is a character that texts use for other
// things.
func (d *dialect) weak() bool {
	switch string(d.delim) {
	case ",", ";", "\t", "|", "||", "\x01", "\x1f", "\x1e", "|@|", "@|@", "^|^", "^", "§", "¦", "¤":
		return false
	}
	return true
}

// cellScore judges how much a value looks like one: 1 for a number, a date, a
// word; less for what holds other delimiters or stray quotes.
func cellScore(v []byte, quoted bool) float64 {
	if quoted {
		return 1
	}
	v = bytes.TrimSpace(v)
	if len(v) == 0 {
		return .8
	}
	if v[0] == '"' || v[len(v)-1] == '"' {
		return .2
	}
	score := .95
	digits := 0
	for i := 0; i < len(v); {
		c := v[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRune(v[i:])
			i += n
			if (r == '，' || r == '；' || r == '。') && score > .8 {
				score = .8
			}
			if !unicode.IsPrint(r) {
				score = .2
			}
			continue
		}
		i++
		switch c {
		case ';', '|', '\t', '^', '~', '§':
			score = min(score, .5)
		case ',':
			score = min(score, .7)
		case '"':
			score = min(score, .5)
		case '{', '}', '<', '>', '=', '*':
			score = min(score, .7)
		}
		if c-'0' < 10 {
			digits++
		}
		if c < ' ' {
			score = min(score, .2)
		}
	}
	if digits == len(v) {
		return 1
	}
	if digits > 0 && isNumeric(v) {
		return 1
	}
	return score
}

// isNumeric reports whether v looks like a number, date or time as written
// anywhere.
func isNumeric(v []byte) bool {
	for i, c := range v {
		switch {
		case c-'0' < 10:
		case c == '.' || c == ',' || c == '-' || c == '/' || c == ':' || c == ' ' || c == '+' || c == '%' || c == '$' || c == 'T' || c == 'Z' || c == 'E' || c == 'e':
			if c == ',' && (i == 0 || i == len(v)-1) {
				return false
			}
		default:
			return false
		}
	}
	return true
}
