package score

import (
	"context"
	"sort"
	"strings"

	"shuniu/standard"
	"shuniu/standard/rule"
)

// The numbers of the city lie in ranges that were never given, which the
// standards rightly refuse. For the score a range that was given stands in; its
// area has the same weighted sum, so that check characters keep their meaning
// (see package city).
func standIn(kind, v string) string {
	lead := len(v) - len(strings.TrimLeft(v, " "))
	w := v[lead:]
	switch {
	case kind == "citizen_id" && len(w) >= 15 && w[:2] == "39" && digits(w[:6]):
		return v[:lead] + "310115" + w[6:]
	case kind == "phone" && strings.HasPrefix(w, "154"):
		return v[:lead] + "139" + w[3:]
	case kind == "phone" && strings.HasPrefix(w, "１５４"):
		return v[:lead] + "１３９" + w[len("１５４"):]
	}
	return v
}

// standBack undoes standIn on a mended value, given the true one.
func standBack(kind, mended, was string) string {
	switch {
	case kind == "citizen_id" && len(mended) >= 6 && len(was) >= 6:
		return was[:6] + mended[6:]
	case kind == "phone" && len(mended) >= 3 && strings.HasPrefix(was, "154"):
		return "154" + mended[3:]
	}
	return mended
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// visible are the kinds of dirt that a standard can see in the value alone, and
// whether it should mend them.
var visible = map[string]map[string]bool{
	"citizen_id": {"wrong_check": false, "repairable": true, "old_id": true, "swapped_fields": false},
	"uscc":       {"wrong_check": false, "repairable": true},
	"phone":      {"full_width": true, "swapped_fields": false},
}

// identifiers holds every landed identifier against its standard, and what was
// found against the truth. Empty values and tokens for nothing are left out: they
// are no identifiers.
func (t *truth) identifiers(ctx context.Context, land Landing) ([]Measure, error) {
	kinds := map[string]map[string]string{} // file -> field -> kind
	for file, fields := range t.fields {
		if t.whole[file] == 0 {
			continue
		}
		for _, f := range fields {
			if visible[f.kind] != nil {
				if kinds[file] == nil {
					kinds[file] = map[string]string{}
				}
				kinds[file][f.name] = f.kind
			}
		}
	}
	spoiled, err := t.dirt(func(file, field string) bool { return kinds[file][field] != "" })
	if err != nil {
		return nil, err
	}
	tally := map[string]*tally{}
	for kind := range visible {
		tally[kind] = newTally()
	}
	at := rule.Day(20250101)
	for _, f := range t.files {
		fields := kinds[f.File]
		if fields == nil {
			continue
		}
		names := make([]string, 0, len(fields))
		for name := range fields {
			names = append(names, name)
		}
		sort.Strings(names)
		n := int32(0)
		err := land.Read(ctx, f.File, names, func(values []string) error {
			n++
			fake := spoiled[f.File][cell{n, ""}].kind != ""
			for i, name := range names {
				kind := fields[name]
				r, err := standard.Find(kind)
				if err != nil {
					return err
				}
				s, dirty := spoiled[f.File][cell{n, name}]
				tally[kind].add(r, at, values[i], s, dirty, fake)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	var out []Measure
	for _, kind := range []string{"citizen_id", "phone", "uscc"} {
		out = append(out, tally[kind].measures(kind)...)
	}
	return out, nil
}

// A tally counts judged values of one kind of identifier.
type tally struct {
	values, flagged, right int64
	seen, found            map[string]int64 // by kind of dirt
	meant, mended          map[string]int64
}

func newTally() *tally {
	return &tally{seen: map[string]int64{}, found: map[string]int64{}, meant: map[string]int64{}, mended: map[string]int64{}}
}

func (t *tally) add(r *rule.Rule, at rule.Day, v string, s spot, dirty, fake bool) {
	if v == "" || s.kind == "missing" {
		return
	}
	t.values++
	c := r.Check(standIn(r.Kind, v), at)
	bad := c.Verdict == rule.Invalid || c.Verdict == rule.Repairable
	if bad {
		t.flagged++
		if dirty || fake {
			t.right++
		}
	}
	mendable, known := visible[r.Kind][s.kind]
	if !dirty || !known {
		return
	}
	t.seen[s.kind]++
	if bad {
		t.found[s.kind]++
	}
	if mendable {
		t.meant[s.kind]++
		if c.Verdict == rule.Repairable && standBack(r.Kind, c.Repaired, s.was) == s.was {
			t.mended[s.kind]++
		}
	}
}

func (t *tally) measures(kind string) (out []Measure) {
	if t.flagged > 0 {
		out = append(out, Measure{"identifiers." + kind + ".precision", share(t.right, t.flagged), nil, t.flagged, "share"})
	}
	names := make([]string, 0, len(t.seen))
	for d := range t.seen {
		names = append(names, d)
	}
	sort.Strings(names)
	for _, d := range names {
		out = append(out, Measure{"identifiers." + kind + ".recall." + d, share(t.found[d], t.seen[d]), nil, t.seen[d], "share"})
		if t.meant[d] > 0 {
			out = append(out, Measure{"identifiers." + kind + ".mended." + d, share(t.mended[d], t.meant[d]), nil, t.meant[d], "share"})
		}
	}
	return out
}
