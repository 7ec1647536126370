package duck

import (
	"errors"
	"fmt"
	"strings"

	"shuniu/fault"
	"shuniu/worker"
)

// Classes of DuckDB's messages, by what stands before the colon, that mean the
// statement is wrong whatever the rest says.
var statementClasses = map[string]bool{
	"Parser Error": true, "Syntax Error": true, "Binder Error": true, "Catalog Error": true, "Conversion Error": true,
	"Out of Range Error": true, "Decimal Error": true, "Divide by Zero Error": true, "Mismatch Type Error": true,
	"Invalid type Error": true, "Not implemented Error": true, "Constraint Error": true, "Parameter Not Resolved Error": true,
}

// damageSigns are what DuckDB says of Parquet bytes that are not as they were
// written, in the classes it shares with wrong statements. Collected from 1,500
// files with flipped bits.
var damageSigns = []string{
	"Failed to read file", "Failed to read Parquet", "encoding found in Parquet", "Malformed Parquet", "No magic bytes",
	"too small to be a Parquet", "Invalid unicode",
}

// engineError gives DuckDB's message the kind a caller decides by.
func engineError(msg string) error {
	msg = strings.TrimSpace(msg)
	head, _, _ := strings.Cut(msg, "\n")
	class, rest, _ := strings.Cut(head, ":")
	switch {
	case class == "Out of Memory Error":
		// A worker's memory is one statement's own: the same one fails again.
		return fault.Explain(fmt.Errorf("duckdb: %s: %w", head, fault.Invalid), KeyMemory, nil)
	case statementClasses[class], class == "Invalid Input Error" && !anyOf(rest, damageSigns):
		return fault.Explain(fmt.Errorf("%w statement: %s", fault.Invalid, msg), KeyStatement, map[string]any{"message": msg})
	case class == "Permission Error":
		return fmt.Errorf("duckdb: %s: %w", head, fault.Denied)
	case class == "IO Error" && anyOf(rest, []string{"No space left", "File too large"}):
		return fmt.Errorf("duckdb: %s: %w", head, fault.Full)
	case class == "IO Error" && anyOf(rest, []string{"No files found", "Cannot open file"}):
		return fmt.Errorf("duckdb: %s: %w", head, fault.NotFound)
	case class == "IO Error", class == "Invalid Error", class == "Invalid Input Error", class == "Serialization Error":
		return fmt.Errorf("duckdb: %s: %w", head, fault.Damaged)
	}
	return fmt.Errorf("duckdb: %s", msg)
}

func anyOf(s string, parts []string) bool {
	for _, p := range parts {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}

// ofStatement makes what a caller's statement ran into the statement's fault:
// a worker it kept busy to the deadline is not a hub that is busy.
func ofStatement(err error) error {
	var e *fault.Explained
	if errors.As(err, &e) && e.Key == worker.KeyDeadline {
		return fault.Explain(fmt.Errorf("%w statement: %w", fault.Invalid, err), e.Key, e.Args)
	}
	return err
}
