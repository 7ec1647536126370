package shuniu_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "shuniu"

// mayImport names, for every package, the packages of this module that its
// code (not its tests) may import. A package without a line fails the test: a
// new package must first be placed. Arrows point to what stands above.
var mayImport = map[string][]string{
	"": {},

	// ground
	"fault":              {},
	"locale":             {},
	"durable":            {"fault"},
	"config":             {"fault"},
	"telemetry":          {"fault", "config"},
	"metadb":             {"fault", "durable"},
	"event":              {"metadb"},
	"run":                {"fault", "metadb", "event"},
	"resource":           {"fault"},
	"resource/catalogue": {"fault", "metadb", "resource", "guard"},
	"worker":             {"fault"},
	"packs/holidays":     {},
	"clock":              {"fault", "packs/holidays"},

	// doors
	"guard":         {"fault", "metadb", "resource"},
	"guard/audit":   {"fault", "metadb", "guard"},
	"brain":         {"fault", "resource", "guard"},
	"brain/duck":    {"fault", "resource", "brain", "worker"},
	"brain/iceberg": {"fault", "durable", "metadb", "resource", "brain"},

	"matter/define":    {"fault", "clock", "guard"},
	"matter":           {"fault", "clock", "guard", "resource", "matter/define"},
	"matter/store":     {"fault", "metadb", "event", "matter", "matter/define"},
	"matter/statement": {"fault", "metadb", "guard", "matter"},
	"matter/insight":   {"matter"},
	"matter/bpmn":      {"fault", "matter/define"},

	// principles
	"collect/intake/tabular":   {"resource"},
	"collect/intake/charset":   {"fault"},
	"collect/intake/reading":   {"resource", "collect/intake/tabular"},
	"collect/intake/grid":      {"collect/intake/tabular"},
	"collect/intake/delimited": {"collect/intake/tabular", "collect/intake/charset", "collect/intake/grid"},
	"collect/intake/workbook":  {"collect/intake/tabular", "collect/intake/grid"},
	"collect/intake/document":  {"resource", "collect/intake/tabular", "collect/intake/charset", "collect/intake/grid"},
	"collect/intake/object":    {"collect/intake/tabular", "collect/intake/charset"},
	"collect/intake": {
		"fault", "resource", "collect/intake/tabular", "collect/intake/charset", "collect/intake/reading",
		"collect/intake/delimited", "collect/intake/workbook", "collect/intake/document", "collect/intake/object",
	},
	"collect": {
		"fault", "durable", "metadb", "event", "resource", "resource/catalogue", "worker", "guard", "brain",
		"collect/intake", "collect/intake/tabular", "collect/intake/reading", "collect/intake/object",
	},

	"packs/matters":       {},
	"packs/standards":     {},
	"standard/rule":       {"fault"},
	"standard/code":       {"packs/standards", "standard/rule"},
	"standard/identifier": {"standard/rule", "standard/code"},
	"standard/address":    {"fault", "packs/standards", "standard/code"},
	"standard":            {"fault", "standard/rule", "standard/code", "standard/identifier"},

	"packs/libraries": {},
	"refine/library":  {"fault", "resource", "worker", "brain", "standard", "standard/rule", "standard/address"},

	"refine/link/compare": {},
	"refine/link": {
		"fault", "refine/link/compare", "collect/intake", "collect/intake/tabular", "collect/intake/delimited", "collect/intake/document",
	},

	// faces
	"web": {},
	"httpapi": {
		"fault", "locale", "event", "run", "resource", "resource/catalogue", "guard", "guard/audit",
		"brain", "collect", "collect/intake", "collect/intake/tabular", "metadb",
	},
	"demo":                      {},
	"demo/city":                 {"packs/standards"},
	"demo/views":                {"demo/city"},
	"demo/score":                {"demo/views", "collect/intake/tabular", "refine/link", "standard", "standard/rule"},
	"shuniutest/pg":             {},
	"shuniutest/publicdata":     {},
	"shuniutest/powerfs":        {},
	"brain/braintest":           {"fault", "resource", "brain"},
	"collect/intake/grid/messy": {},
	"bench":                     {},
	"cmd/shuniu":                {"*"},
}

// onlyIn fences third-party code: import path prefix to the packages that may
// use it outside their tests.
var onlyIn = map[string][]string{
	"github.com/duckdb/":             {"brain/duck", "bench"},
	"github.com/apache/iceberg-go":   {"brain/iceberg"},
	"github.com/pressly/goose":       {"metadb"},
	"github.com/jackc/pgx":           {"metadb"},
	"github.com/mattn/go-sqlite3":    {"metadb"},
	"github.com/danielgtaylor/huma":  {"httpapi"},
	"github.com/goccy/go-yaml":       {"config", "refine/link", "refine/library", "matter/define"},
	"github.com/google/cel-go":       {"matter/define"},
	"github.com/alecthomas/kong":     {"cmd/shuniu"},
	"github.com/landlock-lsm/":       {"worker"},
	"github.com/prometheus/":         {"telemetry"},
	"github.com/hanwen/go-fuse":      {"shuniutest/powerfs"},
	"github.com/xuri/excelize":       {"demo", "bench", "collect/intake/grid/messy"},
	"github.com/richardlehane/mscfb": {"collect/intake/workbook", "collect/intake/object"},
	"github.com/mozillazg/go-pinyin": {"resource/catalogue", "refine/link/compare"},
	"golang.org/x/crypto":            {"guard", "collect/intake/workbook"},
}

var bannedNames = []string{"util", "utils", "common", "helper", "helpers", "base", "types", "models", "misc", "lib"}

// TestImports fails for an import that the table does not allow, and for a
// line or an arrow of the table that no code needs: what is allowed for later
// is found out only when it is wrong.
func TestImports(t *testing.T) {
	used := map[string][]string{}
	for _, p := range goList(t) {
		from := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		used[from] = []string{}
		allowed, placed := mayImport[from]
		if !placed {
			t.Errorf("package %q has no line in mayImport", from)
			continue
		}
		if p.Doc == "" {
			t.Errorf("package %q has no package comment", from)
		}
		if slices.Contains(bannedNames, path.Base(from)) {
			t.Errorf("package %q: the name says nothing; put its functions with the concept they serve", from)
		}
		for _, imp := range p.Imports {
			if to, ok := strings.CutPrefix(imp, module+"/"); ok {
				used[from] = append(used[from], to)
				if !slices.Contains(allowed, to) && !slices.Contains(allowed, "*") {
					t.Errorf("%s must not import %s (may: %v)", from, to, allowed)
				}
				continue
			}
			for prefix, owners := range onlyIn {
				if strings.HasPrefix(imp, prefix) && !slices.Contains(owners, from) {
					t.Errorf("%s must not import %s; only %v may", from, imp, owners)
				}
			}
		}
	}
	checkTables(t, used)
}

// checkTables compares the tables with the imports used, by package.
func checkTables(t *testing.T, used map[string][]string) {
	t.Helper()
	for from, allowed := range mayImport {
		if used[from] == nil {
			t.Errorf("mayImport has a line for %q, which is no package", from)
			continue
		}
		for _, to := range allowed {
			if to != "*" && !slices.Contains(used[from], to) {
				t.Errorf("%s may import %s and does not: remove the arrow", from, to)
			}
		}
	}
	for prefix, owners := range onlyIn {
		for _, p := range owners {
			if used[p] == nil {
				t.Errorf("onlyIn gives %s to %q, which is no package", prefix, p)
			}
		}
	}
}

// TestArrowsPointOneWay fails when the table above allows a cycle.
func TestArrowsPointOneWay(t *testing.T) {
	const entered, left = 1, 2
	state := map[string]int{}
	var visit func(p string, trail []string)
	visit = func(p string, trail []string) {
		switch state[p] {
		case left:
			return
		case entered:
			t.Errorf("cycle: %s", strings.Join(append(trail, p), " -> "))
			return
		}
		state[p] = entered
		for _, to := range mayImport[p] {
			if to == "*" {
				continue
			}
			if _, ok := mayImport[to]; !ok {
				t.Errorf("%s may import %q, which is not in the table", p, to)
			}
			visit(to, append(trail, p))
		}
		state[p] = left
	}
	for p := range mayImport {
		visit(p, nil)
	}
}

// TestFilesAreShort fails for a source file over 800 lines: two concepts share it.
func TestFilesAreShort(t *testing.T) {
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); name == "node_modules" || name == "dist" || name == "testdata" || len(name) > 1 && name[0] == '.' {
				return filepath.SkipDir
			}
			return nil
		}
		if ext := filepath.Ext(p); ext != ".go" && ext != ".ts" && ext != ".tsx" || strings.HasSuffix(p, ".d.ts") {
			return nil
		}
		f, err := os.Open(p)
		if err != nil {
			return err
		}
		lines := 0
		s := bufio.NewScanner(f)
		s.Buffer(nil, 1<<20)
		for s.Scan() {
			lines++
		}
		if err := s.Err(); err != nil { // a line too long, and the count with it too low
			t.Errorf("%s: after line %d: %v", p, lines, err)
		}
		if lines > 800 {
			t.Errorf("%s has %d lines", p, lines)
		}
		return f.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
}

type listed struct {
	ImportPath, Doc string
	Imports         []string
}

// goList returns the packages of this module as the go command sees them.
func goList(t *testing.T) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Doc,Imports", "./...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var ps []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return ps
		} else if err != nil {
			t.Fatal(err)
		}
		ps = append(ps, p)
	}
}
