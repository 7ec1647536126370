package library

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"shuniu/fault"
	"shuniu/resource"
	"shuniu/standard"
)

// A Pack says what a library is.
type Pack struct {
	Library   string      `yaml:"library"` // name of its tables
	Title     Title       `yaml:"title"`
	Grain     Title       `yaml:"grain"`
	Key       string      `yaml:"key"`  // field that identifies a thing
	Name      string      `yaml:"name"` // field by which a row without a key is matched; "": none
	Fields    []Field     `yaml:"fields"`
	Authority []Authority `yaml:"authority"`
}

// A Title is a name in both languages.
type Title struct {
	ZH string `yaml:"zh"`
	EN string `yaml:"en"`
}

// A Field of the golden row.
type Field struct {
	Name     string   `yaml:"name"`
	Title    Title    `yaml:"title"`
	Headings []string `yaml:"headings"` // under which departments send it, the usual one first
	Standard string   `yaml:"standard"` // kind of package standard that a value must meet
	Read     string   `yaml:"read"`     // part of the value that is meant: money, currency, town, area_code
}

// An Authority is the departments whose value of some fields wins, first to
// last, and the law that says so.
type Authority struct {
	Fields      []string                `yaml:"fields"`
	Departments []resource.DepartmentID `yaml:"departments"`
	Basis       string                  `yaml:"basis"`
}

// asOf is the field that says from when a row speaks.
const asOf = "as_of"

var namePattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,40}$`)

// A LoadError is one thing wrong with a pack: where, what, and what to do.
type LoadError struct {
	File string
	Line int
	What string
	Mend string
}

func (e *LoadError) Error() string {
	return fmt.Sprintf("%s:%d: %s; %s", e.File, e.Line, e.What, e.Mend)
}

// Unwrap makes it fault.Invalid.
func (e *LoadError) Unwrap() error { return fault.Invalid }

// Load reads a pack and checks it. The error joins a *LoadError for everything
// that is wrong.
func Load(file string, text []byte) (*Pack, error) {
	tree, err := parser.ParseBytes(text, 0)
	if err != nil || len(tree.Docs) != 1 {
		return nil, &LoadError{File: file, Line: lineOf(err), What: "it is no YAML document: " + firstLine(err), Mend: "mend the YAML"}
	}
	p := &Pack{}
	if err := yaml.NodeToValue(tree.Docs[0].Body, p, yaml.Strict()); err != nil {
		return nil, &LoadError{File: file, Line: lineOf(err), What: firstLine(err), Mend: "name only what a library has"}
	}
	c := &checker{file: file, root: tree.Docs[0].Body}
	c.check(p)
	if err := errors.Join(c.found...); err != nil {
		return nil, err
	}
	return p, nil
}

// A checker gathers what is wrong.
type checker struct {
	file  string
	root  ast.Node
	found []error
}

// add notes a problem at a YAML path, e.g. "$.fields[2].standard".
func (c *checker) add(path, what, mend string) {
	line := 1
	if p, err := yaml.PathString(path); err == nil {
		if n, err := p.FilterNode(c.root); err == nil && n != nil && n.GetToken() != nil {
			line = n.GetToken().Position.Line
		}
	}
	c.found = append(c.found, &LoadError{File: c.file, Line: line, What: what, Mend: mend})
}

func (c *checker) check(p *Pack) {
	if !namePattern.MatchString(p.Library) {
		c.add("$.library", fmt.Sprintf("library %q is no name", p.Library), "use small letters, digits and _")
	}
	if p.Title.ZH == "" || p.Title.EN == "" {
		c.add("$.title", "the title lacks a language", "give zh and en")
	}
	seen := map[string]int{}
	for i, f := range p.Fields {
		at := fmt.Sprintf("$.fields[%d]", i)
		switch first, again := seen[f.Name]; {
		case !namePattern.MatchString(f.Name):
			c.add(at+".name", fmt.Sprintf("field %q is no name", f.Name), "use small letters, digits and _")
		case again:
			c.add(at+".name", fmt.Sprintf("field %s stands twice", f.Name), fmt.Sprintf("remove it or field %d", first+1))
		}
		seen[f.Name] = i
		if len(f.Headings) == 0 {
			c.add(at, fmt.Sprintf("field %s has no headings", f.Name), "name the headings under which departments send it")
		}
		if f.Standard != "" && !slices.Contains(standard.Kinds(), f.Standard) {
			c.add(at+".standard", fmt.Sprintf("there is no standard %q", f.Standard), fmt.Sprintf("use one of %v", standard.Kinds()))
		}
		if f.Read != "" && readers[f.Read] == nil {
			c.add(at+".read", fmt.Sprintf("nothing is read as %q", f.Read), "use money, currency, town or area_code")
		}
		if f.Standard != "" && f.Read != "" {
			c.add(at+".read", fmt.Sprintf("field %s has both a standard and a reading", f.Name), "keep one of them")
		}
	}
	if _, ok := seen[p.Key]; !ok {
		c.add("$.key", fmt.Sprintf("the key %q is no field", p.Key), "name one of the fields")
	}
	if _, ok := seen[p.Name]; !ok && p.Name != "" {
		c.add("$.name", fmt.Sprintf("the name %q is no field", p.Name), "name one of the fields")
	}
	owner := map[string]int{}
	for i, a := range p.Authority {
		at := fmt.Sprintf("$.authority[%d]", i)
		if len(a.Departments) == 0 {
			c.add(at, "an authority of nobody", "name the departments")
		}
		if a.Basis == "" {
			c.add(at, "an authority without a basis", "name the law or rule that gives it")
		}
		for k, f := range a.Fields {
			if _, ok := seen[f]; !ok {
				c.add(fmt.Sprintf("%s.fields[%d]", at, k), fmt.Sprintf("there is no field %q", f), "name one of the fields")
			}
			if first, again := owner[f]; again {
				c.add(fmt.Sprintf("%s.fields[%d]", at, k), fmt.Sprintf("field %s has two authorities", f), fmt.Sprintf("name it in authority %d only, or there the departments in order", first+1))
			}
			owner[f] = i
		}
	}
}

func (p *Pack) has(field string) bool {
	return slices.ContainsFunc(p.Fields, func(f Field) bool { return f.Name == field })
}
