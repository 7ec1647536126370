package tabular

import (
	"context"
	"io"
	"slices"

	"shuniu/resource"
)

// A Source is the bytes of one file or archive member, at random access.
type Source struct {
	Name string // as it was called, for messages and as the table's name; never opened
	Size int64  // bytes
	io.ReaderAt
	// Scratch is a folder a reader may spill into; "" means memory only.
	Scratch string
}

// Options are a person's decisions, or a recipe's; zero values mean: find out.
type Options struct {
	Encoding  string `json:"encoding,omitempty"`
	Delimiter string `json:"delimiter,omitempty"`
	Quote     string `json:"quote,omitempty"` // "none" for no quoting
	Escape    string `json:"escape,omitempty"`
	Password  string `json:"-"`
	// Tables, when not empty, replace the areas found, in this order.
	Tables []Area `json:"tables,omitempty"`
}

// An Area is where a person (or a recipe) says a table stands.
type Area struct {
	Sheet      string                   `json:"sheet,omitempty"`       // of a workbook
	Path       string                   `json:"path,omitempty"`        // of a tree
	Range      string                   `json:"range,omitempty"`       // A5:Q35; "A5:" is open to the end
	FirstLine  int64                    `json:"first_line,omitempty"`  // of text: the header's first line
	LastLine   int64                    `json:"last_line,omitempty"`   // 0: to the end
	HeaderRows *int                     `json:"header_rows,omitempty"` // nil: find out
	Names      map[string]string        `json:"names,omitempty"`       // found column name -> name wanted
	Types      map[string]resource.Type `json:"types,omitempty"`       // column name -> type
	Skip       []string                 `json:"skip,omitempty"`        // columns not landed
	Units      map[string]string        `json:"units,omitempty"`       // column name of several units -> the one read as numbers
}

// Decided is a with a person's decisions about columns out of b.
func (a Area) Decided(b Area) Area {
	a.Names, a.Types, a.Skip, a.Units = b.Names, b.Types, b.Skip, b.Units
	return a
}

// A Place is where a table stands. Sheet and Range for workbooks, lines for
// text, Path for trees.
type Place struct {
	Sheet     string `json:"sheet,omitempty"`
	Range     string `json:"range,omitempty"`
	FirstLine int64  `json:"first_line,omitempty"`
	LastLine  int64  `json:"last_line,omitempty"`
	Path      string `json:"path,omitempty"`
}

// A Dialect is how a text file separates its values.
type Dialect struct {
	Delimiter string `json:"delimiter"`
	Quote     string `json:"quote"`
	Escape    string `json:"escape"`
	Newline   string `json:"newline"`
}

// A Head is a column as the file names it. Name is final: levels joined with
// "/", blanks folded, unique in the table, "column_N" when the file has none.
type Head struct {
	Name string
	Raw  string        // the header's own text, levels joined with "\n"
	Unit string        // as stated in the header or above the table
	Type resource.Type // when the container declares it (DBF, Parquet, SQL); else ""
}

// A Note is text that belongs to a table and is no data row.
type Note struct {
	Kind  string `json:"kind"` // title, unit, note, source, section, subtotal, total, signature
	Text  string `json:"text"`
	Place string `json:"place"`          // A1 or a line number
	Rows  int    `json:"rows,omitempty"` // physical rows it takes; 0 counts as 1
}

// A Reject is a line that could not be landed: its bytes are kept.
type Reject struct {
	Line   int64  `json:"line"`   // physical line or sheet row, from 1
	Reason string `json:"reason"` // in plain words
	Text   string `json:"text"`   // as decoded; at most 4 KiB in reports
	Raw    []byte `json:"-"`      // as received
	// Broken: the line holds less than a row, as one does that is cut off.
	Broken bool `json:"-"`
}

// A Tally accounts for every physical line of a table's place: the parts add
// up to Physical.
type Tally struct {
	Physical, Header, Rows, Notes, Rejected, Blank int64
}

// Balanced reports whether every line is accounted for.
func (t Tally) Balanced() bool {
	return t.Physical == t.Header+t.Rows+t.Notes+t.Rejected+t.Blank
}

// A Found is one table in a file.
type Found struct {
	Name       string
	Member     string
	Format     string
	Encoding   string
	Hidden     bool
	Place      Place
	Dialect    *Dialect
	HeaderRows int
	Heads      []Head
	Notes      []Note
	Confidence float64
	Questions  []string
	// Read streams the data rows in order, in batches of at most 65,536 rows,
	// and hands rejects to reject as they come. It may be called again. The
	// batch is the reader's: it is good until emit returns. After a nil error
	// Tally is exact.
	Read func(ctx context.Context, emit func(*Batch) error, reject func(Reject) error) (Tally, error)
	Area Area // what, given as Options, finds the same table again
}

// A Batch is rows of one table, column by column, text as received.
type Batch struct {
	Rows    int
	Origin  []int64 // physical line or sheet row of each row, from 1
	Columns []Text  // one per Head
}

// Clone is a copy that is the caller's.
func (b *Batch) Clone() *Batch {
	c := &Batch{Rows: b.Rows, Origin: slices.Clone(b.Origin), Columns: make([]Text, len(b.Columns))}
	for i := range b.Columns {
		t := &b.Columns[i]
		c.Columns[i] = Text{Offsets: slices.Clone(t.Offsets), Data: slices.Clone(t.Data), Null: slices.Clone(t.Null)}
	}
	return c
}

// A Text is a column of values: value i is Data[Offsets[i]:Offsets[i+1]].
// Null, when not nil, tells which values were absent (not merely empty).
type Text struct {
	Offsets []int32 // Rows+1
	Data    []byte
	Null    []bool
}

// At returns value i; ok is false when it is absent.
func (t *Text) At(i int) (v []byte, ok bool) {
	if t.Null != nil && t.Null[i] {
		return nil, false
	}
	return t.Data[t.Offsets[i]:t.Offsets[i+1]], true
}

// Append adds a value; the zero Text is ready for it.
func (t *Text) Append(v []byte) {
	if t.Offsets == nil {
		t.Offsets = append(t.Offsets, 0)
	}
	t.Data = append(t.Data, v...)
	t.Offsets = append(t.Offsets, int32(len(t.Data)))
	if t.Null != nil {
		t.Null = append(t.Null, false)
	}
}

// AppendString is Append of a string.
func (t *Text) AppendString(v string) {
	if t.Offsets == nil {
		t.Offsets = append(t.Offsets, 0)
	}
	t.Data = append(t.Data, v...)
	t.Offsets = append(t.Offsets, int32(len(t.Data)))
	if t.Null != nil {
		t.Null = append(t.Null, false)
	}
}

// AppendNull adds an absent value.
func (t *Text) AppendNull() {
	if t.Offsets == nil {
		t.Offsets = append(t.Offsets, 0)
	}
	n := len(t.Offsets) - 1
	if t.Null == nil {
		t.Null = make([]bool, n, n+1)
	}
	t.Offsets = append(t.Offsets, int32(len(t.Data)))
	t.Null = append(t.Null, true)
}

// Reset empties the column and keeps its memory.
func (t *Text) Reset() {
	t.Offsets = append(t.Offsets[:0], 0)
	t.Data = t.Data[:0]
	t.Null = nil
}

// A Refusal says why a file cannot be taken. It is an error; its kind is one
// of empty, damaged, encrypted, pointer, unknown, too_large.
type Refusal struct {
	Kind    string `json:"kind"`
	Message string `json:"message"` // one sentence: what is wrong
	Hint    string `json:"hint"`    // what to do
}

func (r *Refusal) Error() string { return r.Kind + ": " + r.Message }

// A Finder finds the tables of one format. It returns *Refusal when the file
// cannot be taken, and no tables with a nil error when there is none in it.
type Finder func(ctx context.Context, src *Source, opt Options) ([]Found, error)
