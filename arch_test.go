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
	"event":              {"fault", "metadb"},
	"run":                {"fault", "metadb", "event"},
	"resource":           {"fault"},
	"resource/catalogue": {"fault", "metadb", "event", "resource", "guard"},
	"worker":             {"fault"},
	"packs/holidays":     {},
	"clock":              {"fault", "packs/holidays"},

	// doors
	"guard":         {"fault", "metadb", "resource"},
	"guard/audit":   {"fault", "metadb", "guard"},
	"brain":         {"fault", "resource", "guard"},
	"brain/duck":    {"fault", "resource", "brain", "worker"},
	"brain/iceberg": {"fault", "durable", "metadb", "resource", "brain"},

	// principles
	"collect/intake/tabular":   {"fault", "resource"},
	"collect/intake/charset":   {"fault"},
	"collect/intake/reading":   {"fault", "resource", "collect/intake/tabular"},
	"collect/intake/grid":      {"fault", "resource", "collect/intake/tabular"},
	"collect/intake/delimited": {"fault", "resource", "collect/intake/tabular", "collect/intake/charset", "collect/intake/grid"},
	"collect/intake/workbook":  {"fault", "resource", "collect/intake/tabular", "collect/intake/charset", "collect/intake/grid"},
	"collect/intake/document":  {"fault", "resource", "collect/intake/tabular", "collect/intake/charset", "collect/intake/grid"},
	"collect/intake/object":    {"fault", "collect/intake/tabular", "collect/intake/charset"},
	"collect/intake": {
		"fault", "resource", "collect/intake/tabular", "collect/intake/charset", "collect/intake/reading", "collect/intake/grid",
		"collect/intake/delimited", "collect/intake/workbook", "collect/intake/document", "collect/intake/object",
	},
	"collect": {
		"fault", "durable", "metadb", "event", "run", "resource", "resource/catalogue", "worker", "guard", "guard/audit", "brain",
		"collect/intake", "collect/intake/tabular", "collect/intake/reading", "collect/intake/object", "collect/intake/charset",
	},

	"packs/standards":     {},
	"standard/rule":       {"fault"},
	"standard/code":       {"packs/standards", "standard/rule"},
	"standard/identifier": {"standard/rule", "standard/code"},
	"standard/address":    {"fault", "packs/standards", "standard/code"},
	"standard":            {"fault", "standard/rule", "standard/code", "standard/identifier", "standard/address"},

	// faces
	"web": {},
	"httpapi": {
		"fault", "locale", "config", "telemetry", "event", "run", "resource", "resource/catalogue", "guard", "guard/audit",
		"brain", "collect", "collect/intake", "collect/intake/tabular", "metadb", "web",
	},
	"demo":                      {},
	"shuniutest/pg":             {},
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
	"github.com/goccy/go-yaml":       {"config", "pack"},
	"github.com/alecthomas/kong":     {"cmd/shuniu"},
	"github.com/landlock-lsm/":       {"worker"},
	"github.com/prometheus/":         {"telemetry"},
	"github.com/hanwen/go-fuse":      {"shuniutest/powerfs"},
	"github.com/xuri/excelize":       {"demo", "bench", "collect/intake/grid/messy"},
	"github.com/richardlehane/mscfb": {"collect/intake/workbook", "collect/intake/object"},
	"github.com/mozillazg/go-pinyin": {"resource/catalogue"},
	"golang.org/x/crypto":            {"guard", "collect/intake/workbook"},
}

var bannedNames = []string{"util", "utils", "common", "helper", "helpers", "base", "types", "models", "misc", "lib"}

func TestImports(t *testing.T) {
	for _, p := range goList(t) {
		from := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
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
		for s := bufio.NewScanner(f); s.Scan(); lines++ {
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
