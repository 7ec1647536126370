package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"os"
	"strings"

	"shuniu/standard"
	"shuniu/standard/address"
	"shuniu/standard/rule"
)

type standardCommand struct {
	Check   standardCheckCommand   `cmd:"" help:"Hold values against a standard; one JSON object a line."`
	Address standardAddressCommand `cmd:"" help:"Read addresses, one a line on standard input; one JSON object a line."`
}

type standardCheckCommand struct {
	Kind   string   `required:"" help:"What the values are, e.g. citizen_id, uscc, org_code, bank_card, phone, plate, postal_code, area_code, industry_code, ethnic_group, sex, marital_status, country, currency, date."`
	At     string   `help:"Ask about this day, e.g. 2009-01-31."`
	Values []string `arg:"" optional:"" name:"value" help:"The values; without one, one a line on standard input."`
}

// A checkLine is what the command prints for one value.
type checkLine struct {
	Value    string     `json:"value"`
	Valid    bool       `json:"valid"`
	Repaired *string    `json:"repaired"`
	Reason   string     `json:"reason"`
	Parts    rule.Parts `json:"parts"`
	Fault    string     `json:"fault,omitempty"` // the reason's key for a program
	Trace    []string   `json:"trace,omitempty"` // what was mended
}

// Run prints a verdict for each value; an invalid one is an answer, not a
// fault of the command.
func (c *standardCheckCommand) Run(a *app) error {
	r, err := standard.Find(c.Kind)
	if err != nil {
		return usagef("--kind %q, want one of %s", c.Kind, strings.Join(standard.Kinds(), ", "))
	}
	var at rule.Day
	if c.At != "" {
		if at, err = rule.ParseDay(c.At); err != nil {
			return usagef("--at %q is no day such as 2024-03-05", c.At)
		}
	}
	values := func(yield func(string, error) bool) {
		for _, v := range c.Values {
			if !yield(v, nil) {
				return
			}
		}
	}
	if len(c.Values) == 0 {
		values = lines(os.Stdin)
	}
	return a.printLines(values, func(v string) any {
		k := r.Check(v, at)
		line := checkLine{Value: k.Value, Valid: k.Verdict == rule.Valid, Reason: k.Reason, Parts: k.Parts, Fault: k.Fault.Key(), Trace: k.Mends.List()}
		if k.Verdict == rule.Repairable {
			line.Repaired = &k.Repaired
		}
		if line.Parts == nil {
			line.Parts = rule.Parts{}
		}
		return line
	})
}

type standardAddressCommand struct{}

// Run prints the parts of each address.
func (c *standardAddressCommand) Run(a *app) error {
	p := address.New()
	return a.printLines(lines(os.Stdin), func(v string) any { return p.Parse(v) })
}

// printLines prints one JSON object for each value, and what was ready before
// an error.
func (a *app) printLines(values iter.Seq2[string, error], answer func(string) any) (err error) {
	w := bufio.NewWriterSize(a.out, 64<<10)
	defer func() { err = errors.Join(err, w.Flush()) }()
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for v, err := range values {
		if err != nil {
			return err
		}
		if err := enc.Encode(answer(v)); err != nil {
			return err
		}
	}
	return nil
}

// maxLine is the longest line that is read; a longer one is cut into several.
const maxLine = 1 << 20

// lines yields the lines of r without their ends. A byte order mark before the
// first is dropped.
func lines(r io.Reader) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		in := bufio.NewReaderSize(r, maxLine)
		for first := true; ; first = false {
			b, err := in.ReadSlice('\n')
			if errors.Is(err, bufio.ErrBufferFull) {
				err = nil
			}
			if err != nil && (len(b) == 0 || !errors.Is(err, io.EOF)) {
				if !errors.Is(err, io.EOF) {
					yield("", err)
				}
				return
			}
			line := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
			if first {
				line = strings.TrimPrefix(line, "\ufeff")
			}
			if !yield(line, nil) || err != nil {
				return
			}
		}
	}
}
