package httpapi

import (
	"encoding/json"
	"io"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// jsonFormat writes JSON in which an empty list is [], never null.
var jsonFormat = huma.Format{
	Marshal: func(w io.Writer, v any) error {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		return enc.Encode(fill(v))
	},
	Unmarshal: json.Unmarshal,
}

// fill returns v with its nil slices and maps made empty.
func fill(v any) any {
	rv := reflect.ValueOf(v)
	if !rv.IsValid() || !hasList(rv.Type(), map[reflect.Type]bool{}) {
		return v
	}
	p := reflect.New(rv.Type())
	p.Elem().Set(rv)
	fillValue(p.Elem())
	return p.Elem().Interface()
}

func hasList(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Slice, reflect.Map:
		return true
	case reflect.Pointer:
		return hasList(t.Elem(), seen)
	case reflect.Struct:
		for f := range t.NumField() {
			if t.Field(f).IsExported() && hasList(t.Field(f).Type, seen) {
				return true
			}
		}
	default: // no list in it
	}
	return false
}

func fillValue(v reflect.Value) {
	switch v.Kind() {
	case reflect.Slice:
		if v.IsNil() {
			if v.CanSet() && v.Type() != rawMessage {
				v.Set(reflect.MakeSlice(v.Type(), 0, 0))
			}
			return
		}
		if !hasList(v.Type().Elem(), map[reflect.Type]bool{}) {
			return
		}
		for i := range v.Len() {
			fillValue(v.Index(i))
		}
	case reflect.Map:
		if v.IsNil() && v.CanSet() {
			v.Set(reflect.MakeMap(v.Type()))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			fillValue(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				fillValue(v.Field(i))
			}
		}
	default: // nothing to fill
	}
}

var rawMessage = reflect.TypeFor[json.RawMessage]()

func unwrap(hc huma.Context) (*http.Request, http.ResponseWriter) { return humago.Unwrap(hc) }
