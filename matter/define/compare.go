package define

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// A Change is one difference between two versions, in plain words.
type Change struct {
	What string `json:"what"` // e.g. clocks/answer
	Zh   string `json:"zh"`
	En   string `json:"en"`
}

// Compare says what two versions of a type differ in, part by part.
func Compare(was, is *Type) []Change {
	c := &comparison{}
	for _, p := range []struct {
		path, zh, en string
		a, b         any
	}{
		{"roles", "角色", "role", was.Roles, is.Roles},
		{"fields", "字段", "field", was.Fields, is.Fields},
		{"laws", "依据", "law", was.Laws, is.Laws},
		{"clocks", "时限", "clock", was.Clocks, is.Clocks},
		{"tables", "决策表", "table", was.Tables, is.Tables},
		{"any", "通用动作", "common action", was.Any, is.Any},
	} {
		c.maps(p.path, p.zh, p.en, reflect.ValueOf(p.a), reflect.ValueOf(p.b))
	}
	before, after := map[string]*State{}, map[string]*State{}
	for _, s := range was.all() {
		before[s.Name] = s
	}
	for _, s := range is.all() {
		after[s.Name] = s
	}
	c.maps("states", "状态", "state", reflect.ValueOf(before), reflect.ValueOf(after))
	c.parts("file", "立项", "opening", reflect.ValueOf(was.File), reflect.ValueOf(is.File))
	c.parts("handoff", "转办限制", "limit of hand-overs", reflect.ValueOf(was.Handoff), reflect.ValueOf(is.Handoff))
	if was.Start != is.Start {
		c.add("start", fmt.Sprintf("起始状态由 %s 改为 %s", was.Start, is.Start), fmt.Sprintf("matters begin in %s instead of %s", is.Start, was.Start))
	}
	return c.out
}

type comparison struct{ out []Change }

func (c *comparison) add(what, zh, en string) { c.out = append(c.out, Change{what, zh, en}) }

func (c *comparison) maps(path, zh, en string, a, b reflect.Value) {
	names := map[string]bool{}
	for _, m := range []reflect.Value{a, b} {
		for _, k := range m.MapKeys() {
			names[k.String()] = true
		}
	}
	for _, n := range keysOf(names) {
		k := reflect.ValueOf(n)
		x, y := a.MapIndex(k), b.MapIndex(k)
		at := path + "/" + n
		switch {
		case !x.IsValid():
			c.add(at, fmt.Sprintf("新增%s %s", zh, n), fmt.Sprintf("%s %s is new", en, n))
		case !y.IsValid():
			c.add(at, fmt.Sprintf("取消%s %s", zh, n), fmt.Sprintf("%s %s is gone", en, n))
		default:
			c.parts(at, zh+" "+n, en+" "+n, reflect.Indirect(x), reflect.Indirect(y))
		}
	}
}

// parts compares two structs by the names their YAML gives.
func (c *comparison) parts(path, zh, en string, a, b reflect.Value) {
	for f, x := range a.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "" || name == "-" {
			continue
		}
		y := b.FieldByIndex(f.Index)
		if f.Name == "Regions" { // their states are compared by name
			continue
		}
		if f.Type.Kind() == reflect.Map && f.Type.Elem().Kind() == reflect.Pointer {
			c.maps(path+"/"+name, zh+" 的 "+name, en+", "+name, x, y)
			continue
		}
		v, w := words(x), words(y)
		if v == w {
			continue
		}
		at := path + "/" + name
		switch {
		case v == "":
			c.add(at, fmt.Sprintf("%s:%s 定为 %s", zh, name, w), fmt.Sprintf("%s: %s is %s, was not given", en, name, w))
		case w == "":
			c.add(at, fmt.Sprintf("%s:%s 取消(原为 %s)", zh, name, v), fmt.Sprintf("%s: %s is no longer given, was %s", en, name, v))
		default:
			c.add(at, fmt.Sprintf("%s:%s 由 %s 改为 %s", zh, name, v, w), fmt.Sprintf("%s: %s is %s, was %s", en, name, w, v))
		}
	}
}

// words says a value as a person would write it; "" for an empty one.
func words(v reflect.Value) string {
	if !v.IsValid() || v.IsZero() {
		return ""
	}
	if s, ok := v.Interface().(fmt.Stringer); ok && v.Kind() != reflect.Pointer {
		return s.String()
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return words(v.Elem())
	case reflect.Slice:
		parts := make([]string, 0, v.Len())
		for i := range v.Len() {
			parts = append(parts, words(v.Index(i)))
		}
		return strings.Join(parts, ", ")
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		parts := make([]string, 0, len(keys))
		for _, k := range keys {
			parts = append(parts, k.String()+" "+words(v.MapIndex(k)))
		}
		return strings.Join(parts, "; ")
	case reflect.Struct:
		var parts []string
		for f, x := range v.Fields() {
			if !f.IsExported() {
				continue
			}
			name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
			if w := words(x); w != "" && name != "-" {
				parts = append(parts, name+" "+w)
			}
		}
		return "{" + strings.Join(parts, " ") + "}"
	default:
		return fmt.Sprint(v.Interface())
	}
}
