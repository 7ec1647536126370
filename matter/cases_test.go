package matter_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"shuniu/clock"
	"shuniu/fault"
	"shuniu/matter"
	"shuniu/matter/define"
	"shuniu/packs/matters"
)

// TestCasesFindWhatIsWrong changes one thing of shipped types and cases and
// wants the loader to refuse it at its line.
func TestCasesFindWhatIsWrong(t *testing.T) {
	for _, tc := range []struct{ file, old, new, at, what string }{
		{"share.request/cases.yaml", "answer: {due: 2025-10-16", "answer: {due: 2025-10-15", "", "clock answer is due 2025-10-16T23:59:59, want 2025-10-15"},
		{"share.request/cases.yaml", "action: agree, refused: denied}", "action: agree}", "as: gaj_steward, action: agree", "the actor has none of its roles"},
		{"share.request/cases.yaml", "as: scjg_steward, action: approve, refused: denied", "as: scjg_head, action: approve, refused: denied", "as: scjg_head, action: approve, refused", "was done, want it refused"},
		{"share.request/cases.yaml", "told: [authority], spawned", "told: [asker], spawned", "told: [asker]", "asker was not told"},
		{"share.request/type.yaml", "limit: 20wd, law: deliver", "limit: 21wd, law: deliver", "", "clock deliver is due 2025-11-06"},
		{"share.request/type.yaml", "spawn: supervise.order}]\n  supplement", "spawn: supervise.orders}]\n  supplement", "supervise.orders", "opens supervise.orders, which is no type"},
		{"city.event/type.yaml", "limit: 15m, calendar: always, run_out: accept", "limit: 15m, calendar: always, ladder: [{at: 100%, tell: centre}]", "", "state is accepting, want filing"},
		{"city.event/type.yaml", "not: [done], effects: [{publish", "effects: [{publish", "", "pass was done, want it refused as denied"},
		{"city.event/type.yaml", "{in: {category: 违法搭建, street: \"*\"}", "{in: {category: 违法搭建, street: 川沙}", "", "no row for category=违法搭建, street=陆家嘴"},
		{"licence.application/type.yaml", "party: legal, limit: 5wd, law: accept, run_out: accept", "party: legal, limit: 5wd, law: accept", "", "state is receiving, want reviewing"},
	} {
		t.Run(tc.what, func(t *testing.T) {
			files := fstest.MapFS{}
			err := fs.WalkDir(matters.Files, ".", func(p string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				text, err := fs.ReadFile(matters.Files, p)
				files[p] = &fstest.MapFile{Data: text}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			was := string(files[tc.file].Data)
			is := strings.Replace(was, tc.old, tc.new, 1)
			if was == is {
				t.Fatalf("%q is not in %s", tc.old, tc.file)
			}
			files[tc.file].Data = []byte(is)
			_, err = matter.Load(files, clock.NewBook(clock.Shipped()))
			var ps define.Problems
			if !errors.As(err, &ps) || !errors.Is(err, fault.Invalid) {
				t.Fatalf("err = %v, want problems", err)
			}
			line := 0
			for i, l := range strings.Split(is, "\n") {
				if tc.at != "" && strings.Contains(l, tc.at) {
					line = i + 1
					break
				}
			}
			for _, p := range ps {
				if strings.Contains(p.What, tc.what) && p.Line > 0 && (line == 0 || p.Line == line) {
					return
				}
			}
			t.Errorf("problems:\n%v\nwant line %d: %s", err, line, tc.what)
		})
	}
}
