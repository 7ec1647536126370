package matter

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"sync"

	"shuniu/clock"
	"shuniu/fault"
	"shuniu/matter/define"
)

// Types are the types of matters that are known, every version of each. They
// are safe for concurrent use.
type Types struct {
	mu     sync.RWMutex
	byName map[string][]*define.Type // by version
}

// NewTypes returns types that hold list.
func NewTypes(list ...*define.Type) (*Types, error) {
	ts := &Types{byName: map[string][]*define.Type{}}
	for _, t := range list {
		if err := ts.Add(t); err != nil {
			return nil, err
		}
	}
	return ts, nil
}

// Add adds a version. The same version twice is no error when it is the same
// text, and fault.Conflict when it is not: versions do not change.
func (ts *Types) Add(t *define.Type) error {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	list := ts.byName[t.Name]
	for _, o := range list {
		if o.Version == t.Version {
			if o.Digest() == t.Digest() {
				return nil
			}
			return fmt.Errorf("type %s version %d is published already and says something else: give the change version %d: %w", t.Name, t.Version, list[len(list)-1].Version+1, fault.Conflict)
		}
	}
	list = append(slices.Clone(list), t)
	slices.SortFunc(list, func(a, b *define.Type) int { return a.Version - b.Version })
	ts.byName[t.Name] = list
	return nil
}

// Get returns one version; fault.NotFound when there is none.
func (ts *Types) Get(name string, version int) (*define.Type, error) {
	ts.mu.RLock()
	defer ts.mu.RUnlock()
	for _, t := range ts.byName[name] {
		if t.Version == version {
			return t, nil
		}
	}
	return nil, fmt.Errorf("type %s version %d: %w", name, version, fault.NotFound)
}

// Latest returns the newest version; fault.NotFound when there is none.
func (ts *Types) Latest(name string) (*define.Type, error) {
	ts.mu.RLock()
	defer ts.mu.RUnlock()
	list := ts.byName[name]
	if len(list) == 0 {
		return nil, fmt.Errorf("type %q: %w", name, fault.NotFound)
	}
	return list[len(list)-1], nil
}

// List returns the newest version of each type, by name.
func (ts *Types) List() []*define.Type {
	ts.mu.RLock()
	defer ts.mu.RUnlock()
	out := make([]*define.Type, 0, len(ts.byName))
	for _, list := range ts.byName {
		out = append(out, list[len(list)-1])
	}
	slices.SortFunc(out, func(a, b *define.Type) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return out
}

// check finds what t and the types beside it ask of each other: a type that
// is opened must be there and get the fields it needs. t stands for the newest
// version of its name.
func (ts *Types) check(t *define.Type) define.Problems {
	var out define.Problems
	hold := func(parent *define.Type, sp define.Spawning, child *define.Type) {
		for _, n := range child.File.Need {
			if !slices.Contains(sp.With, n) {
				out = append(out, define.Problem{File: parent.Path, Line: sp.Line, What: fmt.Sprintf("opens %s without field %s, which it needs", sp.Type, n), Mend: "give it in `with`"})
			}
		}
	}
	for _, sp := range t.Spawns() {
		child, err := t, error(nil)
		if sp.Type != t.Name {
			child, err = ts.Latest(sp.Type)
		}
		if err != nil {
			out = append(out, define.Problem{File: t.Path, Line: sp.Line, What: fmt.Sprintf("opens %s, which is no type", sp.Type), Mend: "load it, or name another"})
			continue
		}
		hold(t, sp, child)
	}
	for _, parent := range ts.List() {
		for _, sp := range parent.Spawns() {
			if parent.Name != t.Name && sp.Type == t.Name {
				hold(parent, sp, t)
			}
		}
	}
	return out
}

// Load reads every type.yaml of a file system, checks each type and all of
// them together, and runs the cases.yaml beside each. The types of known are
// there beside them, for what they open. The error is define.Problems:
// everything that was found.
func Load(files fs.FS, book *clock.Book, known ...*define.Type) (*Types, error) {
	ts, err := NewTypes(known...)
	if err != nil {
		return nil, err
	}
	var found define.Problems
	note := func(err error, file string) {
		var ps define.Problems
		switch {
		case err == nil:
		case errors.As(err, &ps):
			found = append(found, ps...)
		default:
			found = append(found, define.Problem{File: file, What: err.Error()})
		}
	}
	type loaded struct {
		t     *define.Type
		cases string
	}
	var list []loaded
	err = fs.WalkDir(files, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || path.Base(p) != "type.yaml" {
			return err
		}
		text, err := readSmall(files, p)
		if err != nil {
			return err
		}
		t, err := define.Parse(p, text, book)
		if err != nil {
			note(err, p) // the others are looked at too
			return nil
		}
		note(ts.Add(t), p)
		list = append(list, loaded{t, path.Join(path.Dir(p), "cases.yaml")})
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, l := range list {
		if ps := ts.check(l.t); len(ps) > 0 {
			for _, p := range ps { // parent and child both tell of it
				if !slices.Contains(found, p) {
					found = append(found, p)
				}
			}
			continue
		}
		text, err := readSmall(files, l.cases)
		if errors.Is(err, fault.Invalid) {
			note(err, l.cases)
			continue
		}
		if err != nil {
			found = append(found, define.Problem{File: l.t.Path, What: "no cases.yaml beside it", Mend: "give at least one case that runs from the first to the last state"})
			continue
		}
		_, err = RunCases(l.cases, text, l.t, ts, book)
		note(err, l.cases)
	}
	if len(found) > 0 {
		return nil, found
	}
	return ts, nil
}

// maxFile bounds a file of a type or of cases, in bytes.
const maxFile = 1 << 20

// readSmall reads a regular file of at most maxFile bytes.
func readSmall(files fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(files, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return nil, fmt.Errorf("%s: want a file of at most %d bytes: %w", name, maxFile, fault.Invalid)
	}
	return fs.ReadFile(files, name)
}
