package matter_test

import (
	"io/fs"
	"math/rand/v2"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"shuniu/clock"
	"shuniu/matter"
	"shuniu/matter/define"
	"shuniu/packs/matters"
)

// mutants is how many changed types are tried.
const mutants = 250

// TestMutants changes words and lines of shipped types at random. What the
// loader lets pass must run: random people walk through it as in
// TestRandomWalks, and time always finds its way.
func TestMutants(t *testing.T) {
	book := clock.NewBook(clock.Shipped())
	base, err := matter.Load(matters.Files, book)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	err = fs.WalkDir(matters.Files, ".", func(p string, _ fs.DirEntry, err error) error {
		if err != nil || path.Base(p) != "type.yaml" {
			return err
		}
		text, err := fs.ReadFile(matters.Files, p)
		texts = append(texts, string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	passed := 0
	for seed := range uint64(mutants) {
		r := rand.New(rand.NewPCG(seed, 3))
		text := mutate(r, texts[r.IntN(len(texts))])
		if slices.Contains(texts, text) {
			continue
		}
		typ, err := define.Parse("mutant", []byte(text), book)
		if err != nil {
			continue
		}
		others := slices.DeleteFunc(base.List(), func(o *define.Type) bool { return o.Name == typ.Name })
		types, err := matter.NewTypes(append(others, typ)...)
		if err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(typ.Spawns(), func(sp define.Spawning) bool { _, err := types.Latest(sp.Type); return err != nil }) {
			continue // Load would have refused it
		}
		passed++
		for n := range uint64(4) {
			r := rand.New(rand.NewPCG(seed, n))
			w := &walk{t: t, r: r, typ: typ, now: time.Date(2026, 1, 5, 9, 0, 0, 0, clock.Shanghai)}
			w.mc = matter.NewMachine(types, book, func() matter.ID { return matter.ID(strconv.FormatUint(r.Uint64(), 36)) })
			w.run(map[string]bool{}, map[error]int{})
		}
		if t.Failed() {
			t.Fatalf("seed %d:\n%s", seed, text)
		}
	}
	t.Logf("%d of %d mutants passed the checks and ran", passed, mutants)
	if passed < 10 {
		t.Errorf("%d: this proves little", passed)
	}
}

func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" {}[],:\n\"", r) })
}

// mutate changes one to three lines of a text.
func mutate(r *rand.Rand, text string) string {
	all, lines := words(text), strings.Split(text, "\n")
	for range 1 + r.IntN(3) {
		i := r.IntN(len(lines))
		if own := words(lines[i]); r.IntN(3) > 0 && len(own) > 0 {
			lines[i] = strings.Replace(lines[i], own[r.IntN(len(own))], all[r.IntN(len(all))], 1)
		} else {
			lines = slices.Delete(slices.Clone(lines), i, i+1)
		}
	}
	return strings.Join(lines, "\n")
}
