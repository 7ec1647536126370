package define

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"shuniu/clock"
)

// maxSource bounds a file of a type, in bytes.
const maxSource = 256 << 10

// A place is where a key stands.
type place struct{ line, offset int }

// places are the keys of a file by their path, e.g. states/filed/do/accept.
type places map[string]place

// line returns the line of path, or of the nearest path above it.
func (ps places) line(path string) int {
	for path != "" {
		if p, ok := ps[path]; ok {
			return p.line
		}
		at := strings.LastIndexByte(path, '/')
		if at < 0 {
			break
		}
		path = path[:at]
	}
	return 1
}

// ordered sorts names, keys below path, as they are written.
func (ps places) ordered(path string, names []string) []string {
	slices.SortStableFunc(names, func(a, b string) int {
		x, y := ps[path+"/"+a], ps[path+"/"+b]
		return cmp.Or(cmp.Compare(x.line, y.line), cmp.Compare(x.offset, y.offset))
	})
	return names
}

func (ps places) walk(n ast.Node, path string) {
	switch n := n.(type) {
	case *ast.MappingNode:
		for _, v := range n.Values {
			ps.walk(v, path)
		}
	case *ast.MappingValueNode:
		tok := n.Key.GetToken()
		at := strings.TrimPrefix(path+"/"+tok.Value, "/")
		ps[at] = place{tok.Position.Line, tok.Position.Offset}
		ps.walk(n.Value, at)
	case *ast.SequenceNode:
		for i, v := range n.Values {
			at := path + "/" + strconv.Itoa(i)
			ps[at] = place{v.GetToken().Position.Line, v.GetToken().Position.Offset}
			ps.walk(v, at)
		}
	}
}

// maxNodes bounds the values of a file, those that aliases stand for included.
const maxNodes = 100000

// weight counts the values below n; an alias weighs what its anchor does.
func weight(n ast.Node, anchors map[string]int) int {
	switch n := n.(type) {
	case *ast.MappingNode:
		sum := 1
		for _, v := range n.Values {
			sum = min(sum+weight(v, anchors), maxNodes+1)
		}
		return sum
	case *ast.MappingValueNode:
		return min(1+weight(n.Key, anchors)+weight(n.Value, anchors), maxNodes+1)
	case *ast.MappingKeyNode:
		return weight(n.Value, anchors)
	case *ast.SequenceNode:
		sum := 1
		for _, v := range n.Values {
			sum = min(sum+weight(v, anchors), maxNodes+1)
		}
		return sum
	case *ast.TagNode:
		return weight(n.Value, anchors)
	case *ast.AnchorNode:
		w := weight(n.Value, anchors)
		anchors[n.Name.GetToken().Value] = w
		return w
	case *ast.AliasNode:
		return max(anchors[n.Value.GetToken().Value], 1)
	}
	return 1
}

// decode reads YAML into v, which knows every key, and returns where the keys
// stand.
func decode(path string, source []byte, v any) (places, error) {
	ps := places{}
	if len(source) > maxSource {
		return ps, Problems{{File: path, What: fmt.Sprintf("%d bytes", len(source)), Mend: fmt.Sprintf("want at most %d", maxSource)}}
	}
	var tree *ast.File
	if err := safely(func() (err error) { tree, err = parser.ParseBytes(source, 0); return err }); err != nil {
		return ps, Problems{yamlProblem(path, err)}
	}
	if len(tree.Docs) != 1 || tree.Docs[0].Body == nil {
		return ps, Problems{{File: path, What: fmt.Sprintf("%d documents", len(tree.Docs)), Mend: "want one"}}
	}
	ps.walk(tree.Docs[0].Body, "")
	if n := weight(tree.Docs[0].Body, map[string]int{}); n > maxNodes {
		return ps, Problems{{File: path, What: fmt.Sprintf("its aliases stand for over %d values", maxNodes), Mend: "write less by alias"}}
	}
	if err := safely(func() error { return yaml.NewDecoder(bytes.NewReader(source), yaml.Strict()).Decode(v) }); err != nil {
		return ps, Problems{yamlProblem(path, err)}
	}
	return ps, nil
}

// safely turns a panic of the YAML library into an error: v1.19.2 has one for
// a tag where a list is wanted.
func safely(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("no YAML that can be read: %v", p)
		}
	}()
	return f()
}

// Decode reads the YAML of path into v and refuses keys that v does not know;
// line tells where a key stands, by its path, e.g. "cases/0/expect". The error
// is Problems.
func Decode(path string, source []byte, v any) (line func(key string) int, err error) {
	ps, err := decode(path, source, v)
	return ps.line, err
}

var yamlAt = regexp.MustCompile(`^\[(\d+):\d+\] `)

// yamlProblem turns the decoder's error, "[3:5] text", into a problem.
func yamlProblem(path string, err error) Problem {
	text := yaml.FormatError(err, false, false)
	var located yaml.Error
	if errors.As(err, &located) {
		if tok := located.GetToken(); tok != nil {
			return Problem{File: path, Line: tok.Position.Line, What: yamlAt.ReplaceAllString(located.GetMessage(), "")}
		}
	}
	p := Problem{File: path, What: yamlAt.ReplaceAllString(text, "")}
	if m := yamlAt.FindStringSubmatch(text); m != nil {
		p.Line, _ = strconv.Atoi(m[1])
	}
	return p
}

// Parse reads a type and checks it against the calendars of book. The error
// is Problems: all of them, by line.
func Parse(path string, source []byte, book *clock.Book) (*Type, error) {
	t := &Type{Path: path, Source: bytes.Clone(source)}
	ps, err := decode(path, source, t)
	if err != nil {
		return nil, err
	}
	t.places = ps
	f := &finder{file: path, at: ps}
	t.name(f)
	if len(f.found) == 0 {
		t.check(f, book)
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	return t, nil
}

// name gives every part its name and its order, and empty parts a value, so
// that nothing after it meets a nil.
func (t *Type) name(f *finder) {
	for _, n := range keysOf(t.Roles) {
		if t.Roles[n] == nil {
			t.Roles[n] = &Role{}
		}
	}
	for _, n := range keysOf(t.Fields) {
		if t.Fields[n] == nil {
			f.add("fields/"+n, "say type and title", "field %s is empty", n)
			continue
		}
		t.Fields[n].Name = n
	}
	t.FieldOrder = t.places.ordered("fields", keysOf(t.Fields))
	for _, n := range keysOf(t.Clocks) {
		if t.Clocks[n] == nil {
			f.add("clocks/"+n, "say limit and party", "clock %s is empty", n)
			continue
		}
		t.Clocks[n].Name = n
	}
	for _, n := range keysOf(t.Tables) {
		if t.Tables[n] == nil {
			f.add("tables/"+n, "say in, out and rows", "table %s is empty", n)
			continue
		}
		t.Tables[n].Name = n
	}
	for _, n := range keysOf(t.Any) {
		if t.Any[n] == nil {
			f.add("any/"+n, "say role", "action %s is empty", n)
			continue
		}
		t.Any[n].Name = n
	}
	seen := map[string]bool{}
	var names func(path string, states map[string]*State, in *State, region string) []string
	names = func(path string, states map[string]*State, in *State, region string) []string {
		for _, n := range keysOf(states) {
			at := path + "/" + n
			s := states[n]
			if s == nil {
				f.add(at, "say final: true, or what to do", "state %s is empty", n)
				continue
			}
			if seen[n] {
				f.add(at, "names of states are one of a kind, those in regions too", "state %s stands twice", n)
			}
			seen[n] = true
			s.Name, s.Parent, s.Region = n, in, region
			for _, a := range keysOf(s.Do) {
				if s.Do[a] == nil {
					f.add(at+"/do/"+a, "say role", "action %s is empty", a)
					continue
				}
				s.Do[a].Name = a
			}
			s.ActionOrder = t.places.ordered(at+"/do", keysOf(s.Do))
			for _, r := range keysOf(s.Regions) {
				if s.Regions[r] == nil {
					f.add(at+"/regions/"+r, "say start and states", "region %s is empty", r)
					continue
				}
				if in != nil {
					f.add(at+"/regions", "spawn a sub-matter", "regions within a region")
					continue
				}
				s.Regions[r].StateOrder = names(at+"/regions/"+r+"/states", s.Regions[r].States, s, r)
			}
			s.RegionOrder = t.places.ordered(at+"/regions", keysOf(s.Regions))
		}
		return t.places.ordered(path, keysOf(states))
	}
	t.StateOrder = names("states", t.States, nil, "")
}

// path of a state in the file.
func (s *State) path() string {
	if s.Parent != nil {
		return s.Parent.path() + "/regions/" + s.Region + "/states/" + s.Name
	}
	return "states/" + s.Name
}
