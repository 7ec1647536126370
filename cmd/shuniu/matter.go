package main

import (
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"shuniu/clock"
	"shuniu/fault"
	"shuniu/matter"
	"shuniu/matter/bpmn"
	"shuniu/matter/define"
	"shuniu/matter/statement"
	"shuniu/packs/matters"
)

type matterCommand struct {
	Check matterCheckCommand `cmd:"" help:"Check types of matters and run their cases: the shipped ones, or those of folders."`
	List  matterListCommand  `cmd:"" help:"List the shipped types."`
	Diff  matterDiffCommand  `cmd:"" help:"Say in plain words what two versions of a type differ in."`

	Export matterExportCommand `cmd:"" help:"Write a type as BPMN 2.0."`
	Import matterImportCommand `cmd:"" help:"Draft a type out of a BPMN 2.0 file."`
	Verify matterVerifyCommand `cmd:"" help:"Check the proof file of a matter, without a hub."`
}

type matterCheckCommand struct {
	Folders []string `arg:"" optional:"" help:"Folders with type.yaml and cases.yaml, at any depth." type:"path"`
	JSON    bool     `name:"json" help:"Print one JSON object."`
}

type matterProblem struct {
	File string `json:"file"`
	Line int    `json:"line"`
	What string `json:"what"`
	Mend string `json:"mend"`
}

type matterType struct {
	Type    string `json:"type"`
	Version int    `json:"version"`
	Title   string `json:"title"`
	States  int    `json:"states"`
	Digest  string `json:"digest"`
}

func typeLine(t *define.Type) matterType {
	return matterType{t.Name, t.Version, t.Title.Zh, len(t.AllStates()), t.Digest()}
}

// shippedTypes returns the types that the program was built with.
func shippedTypes(book *clock.Book) (*matter.Types, error) { return matter.Load(matters.Files, book) }

// Run prints every problem with its place, or the types that are whole.
func (c *matterCheckCommand) Run(a *app) error {
	book := clock.NewBook(clock.Shipped())
	shipped, err := shippedTypes(book)
	if err == nil && len(c.Folders) > 0 {
		var found define.Problems
		list := []*define.Type{}
		for _, dir := range c.Folders {
			info, statErr := os.Stat(dir)
			if statErr != nil {
				return fmt.Errorf("%s: %w: %w", dir, statErr, fault.NotFound)
			}
			if !info.IsDir() {
				return usagef("%s is no folder", dir)
			}
			types, loadErr := loadFolder(dir, book, shipped.List())
			var ps define.Problems
			switch {
			case loadErr == nil:
				list = append(list, types...)
			case errors.As(loadErr, &ps):
				for _, p := range ps {
					p.File = filepath.Join(dir, p.File)
					found = append(found, p)
				}
			default:
				return loadErr
			}
		}
		if len(found) > 0 {
			err = found
		}
		return c.print(a, list, err)
	}
	if err != nil {
		return c.print(a, nil, err)
	}
	return c.print(a, shipped.List(), nil)
}

// loadFolder loads the types of a folder beside those that are known, and
// returns its own. A folder may hold a newer version of a known type.
func loadFolder(dir string, book *clock.Book, known []*define.Type) ([]*define.Type, error) {
	types, err := matter.Load(os.DirFS(dir), book, known...)
	if err != nil {
		return nil, err
	}
	digests := map[string]bool{}
	for _, t := range known {
		digests[t.Digest()] = true
	}
	var own []*define.Type
	for _, t := range types.List() {
		if !digests[t.Digest()] {
			own = append(own, t)
		}
	}
	return own, nil
}

func (c *matterCheckCommand) print(a *app, types []*define.Type, err error) error {
	var ps define.Problems
	if err != nil && !errors.As(err, &ps) {
		return err
	}
	problems := make([]matterProblem, 0, len(ps))
	for _, p := range ps {
		problems = append(problems, matterProblem(p))
	}
	lines := make([]matterType, 0, len(types))
	for _, t := range types {
		lines = append(lines, typeLine(t))
	}
	if c.JSON {
		enc := json.NewEncoder(a.out)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(map[string]any{"types": lines, "problems": problems}); err != nil {
			return err
		}
	} else {
		for _, p := range ps {
			fmt.Fprintln(a.out, p)
		}
		for _, t := range lines {
			fmt.Fprintf(a.out, "%s %d: %s, %d states\n", t.Type, t.Version, t.Title, t.States)
		}
	}
	if len(ps) > 0 {
		return &refusedError{reason: fmt.Sprintf("%d problems", len(ps)), said: true}
	}
	return nil
}

type matterListCommand struct {
	JSON bool `name:"json" help:"Print one JSON object a line."`
}

// Run lists the shipped types.
func (c *matterListCommand) Run(a *app) error {
	types, err := shippedTypes(clock.NewBook(clock.Shipped()))
	if err != nil {
		return err
	}
	enc := json.NewEncoder(a.out)
	enc.SetEscapeHTML(false)
	for _, t := range types.List() {
		if c.JSON {
			if err := enc.Encode(typeLine(t)); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(a.out, "%-20s %d  %s\n", t.Name, t.Version, t.Title.Zh)
	}
	return nil
}

type matterDiffCommand struct {
	Old  string `arg:"" help:"The earlier type.yaml." type:"path"`
	New  string `arg:"" help:"The later one." type:"path"`
	JSON bool   `name:"json" help:"Print one JSON object a difference."`
}

// Run prints the differences.
func (c *matterDiffCommand) Run(a *app) error {
	book := clock.NewBook(clock.Shipped())
	read := func(path string) (*define.Type, error) {
		text, err := readBounded(path, 1<<20)
		if err != nil {
			return nil, err
		}
		return define.Parse(path, text, book)
	}
	was, err := read(c.Old)
	if err != nil {
		return err
	}
	is, err := read(c.New)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(a.out)
	enc.SetEscapeHTML(false)
	for _, d := range define.Compare(was, is) {
		if c.JSON {
			if err := enc.Encode(d); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(a.out, "%s\n    %s\n", d.Zh, d.En)
	}
	return nil
}

type matterExportCommand struct {
	Type string `arg:"" help:"The name of a shipped type, or a type.yaml."`
}

// Run prints the process.
func (c *matterExportCommand) Run(a *app) error {
	book := clock.NewBook(clock.Shipped())
	shipped, err := shippedTypes(book)
	if err != nil {
		return err
	}
	t, err := shipped.Latest(c.Type)
	if err != nil {
		text, fileErr := readBounded(c.Type, 1<<20)
		if fileErr != nil {
			return fmt.Errorf("%s is neither a shipped type nor a file: %w", c.Type, fileErr)
		}
		if t, err = define.Parse(c.Type, text, book); err != nil {
			return err
		}
	}
	_, err = a.out.Write(bpmn.Marshal(bpmn.Of(t)))
	return err
}

type matterImportCommand struct {
	File string `arg:"" help:"The BPMN file." type:"path"`
	Name string `help:"Name of the type, e.g. own.permit." default:"own.draft"`
}

// Run prints the draft.
func (c *matterImportCommand) Run(a *app) error {
	file, err := readBounded(c.File, 4<<20)
	if err != nil {
		return err
	}
	p, err := bpmn.Unmarshal(c.File, file)
	if err != nil {
		return err
	}
	text, err := bpmn.Draft(p, c.Name)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	_, err = fmt.Fprint(a.out, text)
	return err
}

type matterVerifyCommand struct {
	Proof string `arg:"" help:"The proof file (JSON)." type:"path"`
	Key   string `help:"Public key that must have signed the statement (SM2, PEM)." type:"path"`
	JSON  bool   `name:"json" help:"Print one JSON object."`
}

// maxProof bounds a proof file, in bytes.
const maxProof = 64 << 20

// readBounded reads a regular file of at most most bytes.
func readBounded(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, fault.NotFound)
	}
	if !info.Mode().IsRegular() || info.Size() > most {
		return nil, fmt.Errorf("%s: want a file of at most %d bytes: %w", path, most, fault.Invalid)
	}
	return os.ReadFile(path)
}

// Run prints what the proof proves.
func (c *matterVerifyCommand) Run(a *app) error {
	file, err := readBounded(c.Proof, maxProof)
	if err != nil {
		return err
	}
	p, err := statement.Read(file)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Proof, err)
	}
	var key *ecdsa.PublicKey
	if c.Key != "" {
		text, err := readBounded(c.Key, 1<<16)
		if err != nil {
			return err
		}
		if key, err = statement.ParseKey(text); err != nil {
			return fmt.Errorf("%s: %w", c.Key, err)
		}
	}
	r, err := p.Verify(key)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Proof, err)
	}
	if c.JSON {
		enc := json.NewEncoder(a.out)
		enc.SetEscapeHTML(false)
		return enc.Encode(map[string]any{
			"matter": r.Matter, "events": r.Events, "sealed": r.Sealed, "statement": r.Statement.N, "statement_hash": r.Statement.Hash,
			"statement_at": r.Statement.At, "signed": r.Signed,
		})
	}
	fmt.Fprintf(a.out, "matter %s: %d events, %d of them sealed by statement %d of %s\nstatement %s\n",
		r.Matter, r.Events, r.Sealed, r.Statement.N, r.Statement.At.Format(time.RFC3339), r.Statement.Hash)
	if key == nil {
		_, err = fmt.Fprintln(a.out, "the signature was not checked: no --key")
	} else {
		_, err = fmt.Fprintln(a.out, "signed by the key")
	}
	return err
}
