package rule

import (
	"strings"
)

// A Verdict is what becomes of one value.
type Verdict uint8

// The verdicts.
const (
	Absent     Verdict = iota // null or empty: there is nothing to judge
	Valid                     // as the standard has it
	Repairable                // not as the standard has it, but one valid value is meant
	Invalid                   // wrong, or more than one value may be meant
)

// String returns the verdict's name.
func (v Verdict) String() string {
	return [...]string{"absent", "valid", "repairable", "invalid"}[v&3]
}

// maxValue is the longest value in bytes that is worth mending; a longer one
// is invalid as it stands.
const maxValue = 128

// Parts are what a valid value says, by name, e.g. "birth": "1949-12-31".
type Parts map[string]string

// A Rule is one identifier or code list that values can be held against.
type Rule struct {
	Kind   string // its name in commands and packs, e.g. "citizen_id"
	Source string // the standard, e.g. "GB 11643-1999"

	// Strict judges a value as it stands. It must not keep v, allocate, or
	// panic, whatever the bytes.
	Strict func(v []byte, at Day) Fault

	// NeedsDay: without a day the rule asks about today, e.g. because a birth
	// date must not lie in the future.
	NeedsDay bool

	Upper      bool   // the standard has capital letters; small ones are mended
	Separators string // ASCII characters that may stand between the others and are dropped

	// Remake writes a value that means the same in the standard's form to dst
	// and returns it, or nil when v means no such value. v is already free of
	// full-width characters, blanks and small letters. Nil: there is none.
	Remake func(dst, v []byte, at Day) ([]byte, Mends)

	// Parts explains a value that Strict found sound. Nil: nothing to say.
	Parts func(v []byte, at Day) Parts

	// Explain words a fault better than its general text and may return parts
	// of a value that is known but not valid; "" keeps the general text.
	Explain func(v []byte, f Fault, at Day) (string, Parts)
}

// A Checked is one value held against a rule.
type Checked struct {
	Value    string
	Verdict  Verdict
	Repaired string // the mended value when Verdict is Repairable
	Fault    Fault  // why it is not valid
	Mends    Mends  // what was done to mend it
	Reason   string // Fault and Mends in words; "" when valid
	Parts    Parts  // of the value or its mended form; nil when neither is known
}

// Check judges and explains one value as of day at; at zero asks about no
// day in particular, which lets any value pass that was ever valid.
func (r *Rule) Check(value string, at Day) Checked {
	c := Checked{Value: value}
	if len(value) > 1<<16 {
		value = value[:1<<16] // invalid anyway
	}
	v := []byte(value)
	at = r.day(at)
	var first, second [maxValue + 32]byte
	verdict, f, mended, m := r.judge(v, at, &first, &second)
	if verdict == Absent {
		verdict, f = Invalid, Empty
	}
	c.Verdict, c.Fault, c.Mends = verdict, f, m
	switch verdict {
	case Valid:
		if r.Parts != nil {
			c.Parts = r.Parts(v, at)
		}
	case Repairable:
		c.Repaired = string(mended)
		c.Reason = "mended: " + strings.Join(m.List(), ", ")
		if r.Parts != nil {
			c.Parts = r.Parts(mended, at)
		}
	default:
		c.Reason = f.String()
		if r.Explain != nil {
			if mended == nil {
				mended = v
			}
			if said, parts := r.Explain(mended, f, at); said != "" {
				c.Reason, c.Parts = said, parts
			}
		}
	}
	return c
}

func (r *Rule) day(at Day) Day {
	if at == 0 && r.NeedsDay {
		return Today()
	}
	return at
}

// Verdict judges one value without explaining it.
func (r *Rule) Verdict(v []byte, at Day) Verdict {
	at = r.day(at)
	if r.Strict(v, at) == Sound {
		return Valid
	}
	var first, second [maxValue + 32]byte
	verdict, _, _, _ := r.judge(v, at, &first, &second)
	return verdict
}

// judge returns the verdict, the fault of the value (of its cleaned form when
// it cannot be mended) and the mended or cleaned value in one of the buffers.
func (r *Rule) judge(v []byte, at Day, first, second *[maxValue + 32]byte) (Verdict, Fault, []byte, Mends) {
	f := r.Strict(v, at)
	if f == Sound {
		return Valid, Sound, nil, 0
	}
	if len(v) > maxValue {
		return Invalid, f, nil, 0
	}
	clean, m := clean(first[:0], v, r.Upper, r.Separators)
	if len(clean) == 0 {
		return Absent, Empty, nil, 0
	}
	if m != 0 {
		g := r.Strict(clean, at)
		if g == Sound {
			return Repairable, f, clean, m
		}
		f = g
	}
	if r.Remake != nil {
		if made, more := r.Remake(second[:0], clean, at); len(made) > 0 && r.Strict(made, at) == Sound {
			return Repairable, f, made, m | more
		}
	}
	switch {
	case placeholder(clean):
		f = Placeholder
	case masked(clean):
		f = Masked
	case powerOfTen(clean):
		f = Spreadsheet
	}
	return Invalid, f, clean, 0
}

// A Column is text values one after another: value i is
// Data[Offsets[i]:Offsets[i+1]], absent when Null is not nil and Null[i]. It
// has the form of an Arrow string column.
type Column struct {
	Offsets []int32
	Data    []byte
	Null    []bool
}

// Len returns the number of values.
func (c Column) Len() int { return max(len(c.Offsets)-1, 0) }

// Counts is how many values of a column met each verdict.
type Counts [4]int

// Column judges every value. out takes the verdicts and must be as long as
// the column, or nil when only the counts are wanted.
func (r *Rule) Column(c Column, at Day, out []Verdict) Counts {
	var n Counts
	at = r.day(at)
	var first, second [maxValue + 32]byte
	for i := range c.Len() {
		verdict := Absent
		if c.Null == nil || !c.Null[i] {
			if v := c.Data[c.Offsets[i]:c.Offsets[i+1]]; len(v) > 0 {
				if r.Strict(v, at) == Sound {
					verdict = Valid
				} else {
					verdict, _, _, _ = r.judge(v, at, &first, &second)
				}
			}
		}
		n[verdict]++
		if out != nil {
			out[i] = verdict
		}
	}
	return n
}
