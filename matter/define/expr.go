package define

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/decls"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"shuniu/clock"
	"shuniu/fault"
)

// What an expression sees: data (the matter's fields), m (its header), actor
// (who acts), clocks (by name: running, percent, overdue), times (how often an
// action was done), now.
const (
	dataType   = "Data"
	matterType = "Matter"
	actorType  = "Actor"
	clocksType = "Clocks"
	clockType  = "Clock"
	timesType  = "Times"
	photoType  = "Photo"
	pointType  = "Point"
	docType    = "Document"
	signType   = "Signature"
)

// maxCost bounds one evaluation, in CEL's units.
const maxCost = 10000

// errAbsent is the cause of an expression that asks a field nobody gave.
var errAbsent = errors.New("is not given")

// A member of a struct of the expressions.
type member struct {
	typ *types.Type
	get func(v any) (any, error) // from the plain value; nil: as it is
}

// A provider tells CEL the fields of our structs; their values are maps.
type provider struct {
	*types.Registry
	structs map[string]map[string]member
}

func (p *provider) FindStructType(name string) (*types.Type, bool) {
	if _, ok := p.structs[name]; ok {
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return p.Registry.FindStructType(name)
}

func (p *provider) FindStructFieldNames(name string) ([]string, bool) {
	if s, ok := p.structs[name]; ok {
		return keysOf(s), true
	}
	return p.Registry.FindStructFieldNames(name)
}

func (p *provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	s, ok := p.structs[name]
	if !ok {
		return p.Registry.FindStructFieldType(name, field)
	}
	m, ok := s[field]
	if !ok {
		return nil, false
	}
	return &types.FieldType{
		Type:  m.typ,
		IsSet: func(target any) bool { return given(asMap(target)[field]) },
		GetFrom: func(target any) (any, error) {
			v := asMap(target)[field]
			if !given(v) {
				return nil, fmt.Errorf("%s.%s %w", strings.ToLower(name), field, errAbsent)
			}
			if m.get != nil {
				return m.get(v)
			}
			return v, nil
		},
	}, true
}

func asMap(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

// given tells whether a value is there: null and the empty text are not.
func given(v any) bool { return v != nil && v != "" }

// An environment compiles the expressions of one type.
type environment struct {
	env     *cel.Env
	exprs   map[string]*Expr
	actions []string
	parts   []string
	known   map[string]*known // by state
}

func object(name string) *types.Type { return types.NewObjectType(name) }

func newEnvironment(t *Type) (*environment, error) {
	reg, err := types.NewRegistry()
	if err != nil {
		return nil, err
	}
	text, number, whole, yes, moment := types.StringType, types.DoubleType, types.IntType, types.BoolType, types.TimestampType
	data, clocks, times := map[string]member{}, map[string]member{}, map[string]member{}
	for name, f := range t.Fields {
		m := member{typ: text}
		switch f.Kind {
		case Integer:
			m = member{whole, wholeOf}
		case Number:
			m.typ = number
		case Boolean:
			m.typ = yes
		case Time:
			m = member{moment, momentOf}
		case List:
			m.typ = types.NewListType(text)
		case PointField:
			m.typ = object(pointType)
		case Photo:
			m.typ = object(photoType)
		case Document:
			m.typ = object(docType)
		case Signature:
			m.typ = object(signType)
		case TextField, Date, Choice, Department, Account, Length:
		}
		data[name] = m
	}
	for name := range t.Clocks {
		clocks[name] = member{typ: object(clockType)}
	}
	for _, a := range t.actionNames() {
		times[a] = member{whole, wholeOf}
	}
	p := &provider{reg, map[string]map[string]member{
		dataType: data, clocksType: clocks, timesType: times,
		matterType: {
			"state": {typ: text}, "org": {typ: text}, "assignee": {typ: text}, "reporter": {typ: text}, "reporter_org": {typ: text},
			"handoffs": {whole, wholeOf}, "returns": {whole, wholeOf}, "reopens": {whole, wholeOf}, "rev": {whole, wholeOf},
			"created": {moment, momentOf}, "open_children": {whole, wholeOf},
		},
		actorType: {"account": {typ: text}, "role": {typ: text}, "department": {typ: text}},
		clockType: {"running": {typ: yes}, "overdue": {typ: yes}, "percent": {whole, wholeOf}},
		photoType: {"object": {typ: text}, "sha256": {typ: text}, "at": {moment, momentOf}, "point": {typ: object(pointType)}},
		pointType: {"lon": {typ: number}, "lat": {typ: number}},
		docType:   {"object": {typ: text}, "sha256": {typ: text}, "name": {typ: text}},
		signType:  {"account": {typ: text}, "at": {moment, momentOf}, "sha256": {typ: text}},
	}}
	env, err := cel.NewCustomEnv(
		cel.StdLib(), cel.ClearMacros(), cel.Macros(cel.HasMacro), // no macro that loops
		cel.CustomTypeProvider(p), cel.CustomTypeAdapter(reg), cel.EagerlyValidateDeclarations(true),
		cel.Variable("data", object(dataType)), cel.Variable("m", object(matterType)), cel.Variable("actor", object(actorType)),
		cel.Variable("clocks", object(clocksType)), cel.Variable("times", object(timesType)), cel.Variable("now", moment),
		cel.Function("distance", // metres between two points
			cel.Overload("distance_points", []*cel.Type{object(pointType), object(pointType)}, number, cel.BinaryBinding(distance)),
			decls.DisableTypeGuards(true)), // values of our structs are maps when they are called with
	)
	if err != nil {
		return nil, err
	}
	return &environment{env: env, exprs: map[string]*Expr{}, actions: t.actionNames(), parts: t.parts()}, nil
}

func wholeOf(v any) (any, error) {
	switch n := v.(type) {
	case float64:
		return int64(n), nil
	case int:
		return int64(n), nil
	case int64:
		return n, nil
	}
	return nil, fmt.Errorf("%v is no whole number", v)
}

func momentOf(v any) (any, error) {
	switch t := v.(type) {
	case time.Time:
		return t, nil
	case string:
		return time.Parse(time.RFC3339Nano, t)
	}
	return nil, fmt.Errorf("%v is no time", v)
}

// earthM is the mean radius of the earth in metres.
const earthM = 6371008.8

// distance is the great-circle distance of two points in metres.
func distance(a, b ref.Val) ref.Val {
	lon1, lat1, ok1 := lonLat(a.Value())
	lon2, lat2, ok2 := lonLat(b.Value())
	if !ok1 || !ok2 {
		return types.NewErr("distance: no point")
	}
	return types.Double(Distance(lon1, lat1, lon2, lat2))
}

func lonLat(v any) (lon, lat float64, ok bool) {
	m := asMap(v)
	lon, ok1 := m["lon"].(float64)
	lat, ok2 := m["lat"].(float64)
	return lon, lat, ok1 && ok2
}

// Distance is the great-circle distance in metres of two points in degrees.
func Distance(lon1, lat1, lon2, lat2 float64) float64 {
	rad := func(d float64) float64 { return d * math.Pi / 180 }
	s, c := math.Sin(rad(lat2-lat1)/2), math.Sin(rad(lon2-lon1)/2)
	h := s*s + math.Cos(rad(lat1))*math.Cos(rad(lat2))*c*c
	return 2 * earthM * math.Asin(math.Min(1, math.Sqrt(h)))
}

// An Expr is a compiled expression.
type Expr struct {
	Source string
	Fields []string // of data that it asks without has()
	Tests  []string // of data that it asks has() about
	out    *types.Type
	prog   cel.Program
}

// compile returns the expression, which must give a value of one of want
// (none: any). Compiled ones are kept.
func (e *environment) compile(source string, want ...*types.Type) (*Expr, error) {
	x := e.exprs[source]
	if x == nil {
		checked, issues := e.env.Compile(source)
		if err := issues.Err(); err != nil {
			first, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), "ERROR: "), "\n")
			return nil, fmt.Errorf("%q: %s", source, first)
		}
		prog, err := e.env.Program(checked, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(maxCost))
		if err != nil {
			return nil, fmt.Errorf("%q: %w", source, err)
		}
		x = &Expr{Source: source, out: checked.OutputType(), prog: prog}
		x.Fields, x.Tests = asked(checked)
		e.exprs[source] = x
	}
	if len(want) > 0 && !slices.ContainsFunc(want, func(w *types.Type) bool { return w.IsAssignableType(x.out) }) {
		return nil, fmt.Errorf("%q gives %s, want %s", source, x.out, want[0])
	}
	return x, nil
}

// asked lists the fields of data that the expression needs, those it selects
// and does not ask has() about, and those it asks has() about.
func asked(checked *cel.Ast) (need, has []string) {
	root := ast.NavigateAST(checked.NativeRep())
	for _, n := range ast.MatchDescendants(root, ast.KindMatcher(ast.SelectKind)) {
		s := n.AsSelect()
		if s.Operand().Kind() != ast.IdentKind || s.Operand().AsIdent() != "data" {
			continue
		}
		if s.IsTestOnly() {
			has = append(has, s.FieldName())
		} else {
			need = append(need, s.FieldName())
		}
	}
	need = slices.DeleteFunc(need, func(f string) bool { return slices.Contains(has, f) })
	slices.Sort(need)
	return slices.Compact(need), has
}

// Facts are the values that expressions see. Data and the header are plain
// JSON values; Clocks and Times hold every name of the type.
type Facts struct {
	Data, Matter, Actor, Clocks, Times map[string]any
	Now                                time.Time
}

func (f *Facts) vars() map[string]any {
	return map[string]any{"data": f.Data, "m": f.Matter, "actor": f.Actor, "clocks": f.Clocks, "times": f.Times, "now": f.Now}
}

// Holds evaluates a condition; "" holds. An expression that asks a field
// nobody gave is fault.Conflict.
func (t *Type) Holds(source string, facts *Facts) (bool, error) {
	if source == "" {
		return true, nil
	}
	v, err := t.eval(source, facts)
	if err != nil {
		return false, err
	}
	b, ok := v.Value().(bool)
	if !ok {
		return false, fmt.Errorf("%q gives no yes or no: %w", source, fault.Invalid)
	}
	return b, nil
}

// Value evaluates an expression to a plain value.
func (t *Type) Value(source string, facts *Facts) (any, error) {
	v, err := t.eval(source, facts)
	if err != nil {
		return nil, err
	}
	switch x := v.Value().(type) {
	case int64:
		return float64(x), nil
	case time.Time:
		return x.UTC().Format(time.RFC3339Nano), nil
	case []ref.Val:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = e.Value()
		}
		return out, nil
	case []string:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = e
		}
		return out, nil
	default:
		return x, nil
	}
}

func (t *Type) eval(source string, facts *Facts) (ref.Val, error) {
	x := t.env.exprs[source] // all were compiled by check
	if x == nil {
		return nil, fmt.Errorf("%q was not checked: %w", source, fault.Invalid)
	}
	v, _, err := x.prog.Eval(facts.vars())
	if err != nil {
		return nil, fmt.Errorf("%q: %w: %w", source, err, fault.Conflict)
	}
	return v, nil
}

// Value checks a value against the field and returns it in its one form. It
// returns fault.Invalid with the reason.
func (f *Field) Value(v any) (any, error) {
	bad := func(format string, args ...any) (any, error) {
		return nil, fmt.Errorf("field %s: %s: %w", f.Name, fmt.Sprintf(format, args...), fault.Invalid)
	}
	s, isText := v.(string)
	within := func(n float64, what string) error {
		if f.Min != nil && n < *f.Min || f.Max != nil && n > *f.Max {
			lo, hi := "", ""
			if f.Min != nil {
				lo = fmt.Sprintf(" at least %g", *f.Min)
			}
			if f.Max != nil {
				hi = fmt.Sprintf(" at most %g", *f.Max)
			}
			return fmt.Errorf("field %s: %g%s, want%s%s: %w", f.Name, n, what, lo, hi, fault.Invalid)
		}
		return nil
	}
	switch f.Kind {
	case TextField, Department, Account:
		if !isText {
			return bad("%v is no text", v)
		}
		if len(s) > maxText {
			return bad("%d bytes, want at most %d", len(s), maxText)
		}
		return s, within(float64(len([]rune(s))), " characters")
	case Choice:
		if !isText || !slices.Contains(f.Options, s) {
			return bad("%v is no option: %s", v, strings.Join(f.Options, ", "))
		}
		return s, nil
	case Integer, Number:
		n, ok := v.(float64)
		switch x := v.(type) {
		case int:
			n, ok = float64(x), true
		case int64:
			n, ok = float64(x), true
		case uint64:
			n, ok = float64(x), true
		}
		if !ok || math.IsNaN(n) || math.IsInf(n, 0) {
			return bad("%v is no number", v)
		}
		if f.Kind == Integer && (n != math.Trunc(n) || math.Abs(n) > 1<<53) {
			return bad("%v is no whole number", v)
		}
		return n, within(n, "")
	case Boolean:
		if b, ok := v.(bool); ok {
			return b, nil
		}
		if s == "true" || s == "false" {
			return s == "true", nil
		}
		return bad("%v is neither true nor false", v)
	case Date:
		if _, err := clock.ParseDay(s); err != nil {
			return bad("%v is no day such as 2026-01-05", v)
		}
		return s, nil
	case Time:
		at, ok := v.(time.Time)
		if isText {
			var err error
			if at, err = time.Parse(time.RFC3339, s); err == nil {
				ok = true
			}
		}
		if !ok {
			return bad("%v is no time such as 2026-01-05T09:00:00+08:00", v)
		}
		return at.UTC().Format(time.RFC3339Nano), nil
	case Length:
		l, err := clock.ParseLimit(s)
		if err != nil {
			return bad("%v", err)
		}
		return l.String(), nil
	case List:
		var out []any
		switch l := v.(type) {
		case []any:
			for _, e := range l {
				if _, ok := e.(string); !ok {
					return bad("%v is no text", e)
				}
			}
			out = l
		case []string:
			for _, e := range l {
				out = append(out, e)
			}
		default:
			return bad("%v is no list", v)
		}
		return out, within(float64(len(out)), " entries")
	case PointField:
		lon, lat, ok := lonLat(v)
		if !ok || math.Abs(lon) > 180 || math.Abs(lat) > 90 {
			return bad("%v is no point {lon, lat}", v)
		}
		return map[string]any{"lon": lon, "lat": lat}, nil
	case Photo, Document, Signature:
		return f.evidence(asMap(v))
	}
	return bad("kind %q", f.Kind)
}

// maxText bounds a text, in bytes.
const maxText = 64 << 10

// evidence checks a photo, a document or a signature: all refer to a kept
// object by its digest, so that it cannot be changed afterwards.
func (f *Field) evidence(m map[string]any) (any, error) {
	need := map[Kind][]string{Photo: {"object", "sha256", "at", "point"}, Document: {"object", "sha256", "name"}, Signature: {"account", "at", "sha256"}}[f.Kind]
	out := map[string]any{}
	for _, k := range need {
		v := m[k]
		if !given(v) {
			return nil, fmt.Errorf("field %s: the %s has no %s: %w", f.Name, f.Kind, k, fault.Invalid)
		}
		part := Field{Name: f.Name + "." + k, Kind: TextField}
		switch k {
		case "at":
			part.Kind = Time
		case "point":
			part.Kind = PointField
		}
		var err error
		if out[k], err = part.Value(v); err != nil {
			return nil, err
		}
	}
	return out, nil
}
