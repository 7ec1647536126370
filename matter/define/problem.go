package define

import (
	"fmt"
	"slices"
	"strings"

	"shuniu/fault"
)

// A Problem is one thing in a type that cannot hold.
type Problem struct {
	File string
	Line int // 0: of the file as a whole
	What string
	Mend string
}

// String returns file:line: what (mend).
func (p Problem) String() string {
	at := p.File
	if p.Line > 0 {
		at = fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	if p.Mend == "" {
		return at + ": " + p.What
	}
	return at + ": " + p.What + " (" + p.Mend + ")"
}

// Problems are all that was found in a type, by line. Their kind is
// fault.Invalid.
type Problems []Problem

// Error lists the problems, one a line.
func (ps Problems) Error() string {
	lines := make([]string, 0, len(ps))
	for _, p := range ps {
		lines = append(lines, p.String())
	}
	return strings.Join(lines, "\n")
}

// Unwrap makes it a fault.Invalid.
func (ps Problems) Unwrap() error { return fault.Invalid }

// finder collects problems of one file.
type finder struct {
	file  string
	at    places
	found Problems
}

// add names a problem at the line of path, or of the nearest one above it.
func (f *finder) add(path, mend, format string, args ...any) {
	f.found = append(f.found, Problem{File: f.file, Line: f.at.line(path), What: fmt.Sprintf(format, args...), Mend: mend})
}

func (f *finder) err() error {
	if len(f.found) == 0 {
		return nil
	}
	slices.SortStableFunc(f.found, func(a, b Problem) int { return a.Line - b.Line })
	return f.found
}

// oneOf is the mend for a name that is not known: the nearest ones that are.
func oneOf(what string, known []string) string {
	if len(known) == 0 {
		return "the type has no " + what
	}
	return what + ": " + strings.Join(known, ", ")
}
