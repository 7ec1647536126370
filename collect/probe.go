package collect

import (
	"fmt"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"shuniu/collect/intake/reading"
	"shuniu/resource"
)

// probeTime is rendered to learn how a column writes its dates: no two of its
// parts have the same digits.
var probeTime = time.Date(2001, 2, 3, 4, 5, 6, 789012000, time.UTC)

// boolSeparator stands between the words of a boolean probe.
const boolSeparator = "\x1f"

// probes renders a known value by each exact finding, so that the hub, which
// has no readings, knows how a typed value turns back into its text: dates as
// the third of February 2001, 04:05:06.789012, booleans as the two words.
// Numbers render in one way only and have no probe.
func probes(findings []reading.Finding) []string {
	out := make([]string, len(findings))
	mem := memory.NewGoAllocator()
	for i := range findings {
		if f := &findings[i]; f.Exact {
			out[i] = probe(f, mem)
		}
	}
	return out
}

func probe(f *reading.Finding, mem memory.Allocator) string {
	switch f.Type {
	case resource.Date:
		b := array.NewDate32Builder(mem)
		defer b.Release()
		b.Append(arrow.Date32FromTime(probeTime))
		return renderAll(f, b.NewArray())
	case resource.Timestamp:
		b := array.NewTimestampBuilder(mem, &arrow.TimestampType{Unit: arrow.Microsecond})
		defer b.Release()
		b.Append(arrow.Timestamp(probeTime.UnixMicro()))
		return renderAll(f, b.NewArray())
	case resource.Boolean:
		b := array.NewBooleanBuilder(mem)
		defer b.Release()
		b.AppendValues([]bool{true, false}, nil)
		return renderAll(f, b.NewArray())
	default:
		return ""
	}
}

func renderAll(f *reading.Finding, a arrow.Array) string {
	defer a.Release()
	parts := make([]string, a.Len())
	for i := range parts {
		text, _ := f.Render(nil, a, i)
		parts[i] = string(text)
	}
	return strings.Join(parts, boolSeparator)
}

// quoteName and quoteText write SQL; both take any text.
func quoteName(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
func quoteText(s string) string { return `'` + strings.ReplaceAll(s, `'`, `''`) + `'` }

// renderSQL is the SQL that turns the typed column col back into the text it
// came from; ok is false when SQL has no way to write it so, and then the
// column keeps its text beside it from the start.
func renderSQL(typ resource.Type, probe, nulls, col string) (sql string, ok bool) {
	switch typ {
	case resource.Text, resource.Time:
		return col, true
	case resource.Integer, resource.Decimal:
		sql = "CAST(" + col + " AS VARCHAR)"
	case resource.Boolean:
		yes, no, both := strings.Cut(probe, boolSeparator)
		if !both || yes == "" || no == "" {
			return "", false
		}
		sql = fmt.Sprintf("CASE WHEN %s THEN %s WHEN NOT %s THEN %s END", col, quoteText(yes), col, quoteText(no))
	case resource.Date, resource.Timestamp:
		format, ok := strftime(probe)
		if !ok {
			return "", false
		}
		sql = "strftime(" + col + ", " + quoteText(format) + ")"
	default:
		return "", false
	}
	if nulls == nullsEmpty {
		sql = "COALESCE(" + sql + ", '')"
	}
	return sql, true
}

// strftime turns a rendered probeTime into the format that renders it.
func strftime(probe string) (string, bool) {
	format := strings.ReplaceAll(probe, "%", "%%")
	format, fraction, hasFraction := strings.Cut(format, ".78")
	if hasFraction {
		switch fraction {
		case "9":
			fraction = ".%g"
		case "9012":
			fraction = ".%f"
		default:
			return "", false
		}
	}
	for _, p := range []struct{ text, code string }{
		{"2001", "%Y"}, {"02", "%m"}, {"03", "%d"}, {"04", "%H"}, {"05", "%M"}, {"06", "%S"}, {"2", "%-m"}, {"3", "%-d"}, {"4", "%-H"},
	} {
		if strings.Count(format, p.text) > 1 {
			return "", false
		}
		format = strings.Replace(format, p.text, p.code, 1)
	}
	if strings.ContainsAny(format, "0123456789") || !strings.Contains(format, "%Y") {
		return "", false
	}
	return format + fraction, true
}
