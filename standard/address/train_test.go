package address

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"flag"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"shuniu/shuniutest/publicdata"
)

// A sample is an address with its parts.
type sample struct {
	text  string
	parts []part
}

type part struct {
	label      label
	start, end int // bytes
}

var labelOf = func() map[string]label {
	m := map[string]label{"subroadno": labelSubRoadNo, "otherinfo": labelWaste}
	for l, n := range labelNames {
		m[n] = label(l)
	}
	return m
}()

func readSamples(t testing.TB, name string) []sample {
	f, err := os.Open(publicdata.Path(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var out []sample
	var cur sample
	for sc := bufio.NewScanner(f); ; {
		more := sc.Scan()
		w, tg, ok := strings.Cut(strings.TrimRight(sc.Text(), "\r"), " ")
		if !more || !ok || w == "" && tg == "" {
			if cur.text != "" {
				out = append(out, cur)
			}
			cur = sample{}
			if !more {
				return out
			}
			continue
		}
		kind, name, _ := strings.Cut(tg, "-")
		l, known := labelOf[strings.ToLower(name)]
		if !known {
			t.Fatalf("%s: label %q", name, tg)
		}
		at := len(cur.text)
		cur.text += w
		if n := len(cur.parts); kind == "I" && n > 0 && cur.parts[n-1].label == l && cur.parts[n-1].end == at {
			cur.parts[n-1].end = len(cur.text)
		} else {
			cur.parts = append(cur.parts, part{l, at, len(cur.text)})
		}
	}
}

// goldTags lays the parts of a sample over tokens; a token that two parts
// share goes to the first.
func goldTags(s sample, tokens []token) []tag {
	out := make([]tag, len(tokens))
	k := 0
	last := -1
	for i, tk := range tokens {
		for k+1 < len(s.parts) && s.parts[k].end <= int(tk.start) {
			k++
		}
		out[i] = 2 * tag(s.parts[k].label)
		if k == last {
			out[i]++
		}
		last = k
	}
	return out
}

// smallest is the least weight that is kept.
const smallest = 3

// weightScale turns averaged weights into the model's integers.
const weightScale = 16.0

// setTransitions writes weights between tags, times scale, into the model.
func setTransitions(m *model, trans *[nTags + 1][nTags]float64, scale float64) {
	for l := range nLabels {
		m.start[l] = int32(trans[nTags][2*l] * scale)
		m.stay[l] = int32(trans[2*l][2*l+1] * scale)
		for k := range nLabels {
			m.begin[l][k] = int32(trans[2*k][2*l] * scale)
		}
	}
	m.settle()
}

type prepared struct {
	feats [][nTemplates]uint32
	gold  []tag
}

func train(t testing.TB, samples []sample, epochs, minCount int, seed uint64, dropout float64) *model {
	g := divisions()
	var r reader
	var data []prepared
	counts := map[uint32]int{}
	for _, s := range samples {
		r.look(s.text, g)
		p := prepared{gold: goldTags(s, r.tokens), feats: make([][nTemplates]uint32, len(r.tokens))}
		for i := range r.tokens {
			r.features(i, &p.feats[i])
			for _, f := range p.feats[i] {
				counts[f]++
			}
		}
		data = append(data, p)
	}
	type row struct {
		w, sum [nTags]float64
		at     [nTags]int
	}
	rows := map[uint32]*row{}
	for f, n := range counts {
		if n >= minCount {
			rows[f] = &row{}
		}
	}
	var trans, tsum [nTags + 1][nTags]float64
	var tat [nTags + 1][nTags]int
	// pointers once
	ptr := make([][][nTemplates]*row, len(data))
	for i, p := range data {
		ptr[i] = make([][nTemplates]*row, len(p.feats))
		for j := range p.feats {
			for k, f := range p.feats[j] {
				ptr[i][j][k] = rows[f]
			}
		}
	}
	m := &model{}
	random := rand.New(rand.NewPCG(seed, 1))
	order := random.Perm(len(data))
	clock := 0
	var work reader
	var masks []uint64
	for e := range epochs {
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		wrong := 0
		for _, i := range order {
			clock++
			p := &data[i]
			n := len(p.gold)
			work.scores = grow(work.scores, n*nTags)
			work.back = grow(work.back, n*nTags)
			work.tags = grow(work.tags, n)
			// Some features are hidden each time, so that none is relied on alone:
			// real addresses differ from those of the generator.
			masks = grow(masks, n)
			for j := range masks {
				for k := range nTemplates {
					if random.Float64() < dropout {
						masks[j] |= 1 << k
					}
				}
			}
			for j := range n {
				var sc [nTags]float64
				for k, rw := range ptr[i][j] {
					if rw != nil && masks[j]>>k&1 == 0 {
						for t := range nTags {
							sc[t] += rw.w[t]
						}
					}
				}
				for t := range nTags {
					work.scores[j*nTags+t] = int32(sc[t] * 64)
				}
			}
			setTransitions(m, &trans, 64)
			m.viterbi(&work, n)
			bad := false
			for j := range n {
				if work.tags[j] != p.gold[j] {
					bad = true
				}
			}
			if !bad {
				continue
			}
			wrong++
			upd := func(rw *row, t tag, d float64) {
				rw.sum[t] += float64(clock-rw.at[t]) * rw.w[t]
				rw.at[t] = clock
				rw.w[t] += d
			}
			updT := func(a, b int, d float64) {
				tsum[a][b] += float64(clock-tat[a][b]) * trans[a][b]
				tat[a][b] = clock
				trans[a][b] += d
			}
			from := func(tags []tag, j int) int {
				if j == 0 {
					return nTags
				}
				return int(tags[j-1]) &^ 1
			}
			for j := range n {
				a, b := work.tags[j], p.gold[j]
				if a != b {
					for k, rw := range ptr[i][j] {
						if rw != nil && masks[j]>>k&1 == 0 {
							upd(rw, b, 1)
							upd(rw, a, -1)
						}
					}
				}
				updT(from(p.gold, j), int(b), 1)
				updT(from(work.tags, j), int(a), -1)
			}
		}
		t.Logf("epoch %d: %d of %d wrong", e, wrong, len(data))
	}
	clock++
	scale := weightScale / float64(clock)
	keys := slices.Sorted(maps.Keys(rows))
	kept := keys[:0]
	var table []int16
	for _, f := range keys {
		rw := rows[f]
		var out [nTags]int16
		use := false
		for t := range nTags {
			v := (rw.sum[t] + float64(clock-rw.at[t])*rw.w[t]) * scale
			if v > smallest || v < -smallest {
				out[t] = int16(max(min(v, maxWeight), -maxWeight))
				use = true
			}
		}
		if use {
			kept = append(kept, f)
			table = append(table, out[:]...)
		}
	}
	m.room(len(kept))
	for i, f := range kept {
		m.enter(f, i)
		for t := range nTags {
			m.set(i, t, int32(table[i*nTags+t]))
		}
	}
	for a := range trans {
		for b := range trans[a] {
			tsum[a][b] += float64(clock-tat[a][b]) * trans[a][b]
		}
	}
	setTransitions(m, &tsum, scale)
	t.Logf("%d features, %d rows kept", len(rows), len(kept))
	return m
}

type tally struct{ tp, fp, fn int }

func (c tally) f1() float64 { return 2 * float64(c.tp) / float64(2*c.tp+c.fp+c.fn) }

// score counts entities of the labels that become fields.
func score(m *model, samples []sample) (all, fields tally, by [nLabels]tally) {
	g := divisions()
	var r reader
	for _, s := range samples {
		r.look(s.text, g)
		m.tag(&r)
		gold := map[part]bool{}
		for _, p := range s.parts {
			gold[p] = true
		}
		for _, sp := range spansOf(nil, r.tags) {
			p := part{sp.label, int(r.tokens[sp.from].start), int(r.tokens[sp.to-1].end)}
			if gold[p] {
				by[p.label].tp++
				delete(gold, p)
			} else {
				by[p.label].fp++
			}
		}
		for p := range gold {
			by[p.label].fn++
		}
	}
	for l, c := range by {
		all.tp, all.fp, all.fn = all.tp+c.tp, all.fp+c.fp, all.fn+c.fn
		switch label(l) {
		case labelCountry, labelPerson, labelNear, labelWaste, labelZone, labelSubRoad, labelSubRoadNo, labelSubPOI:
			continue
		default:
		}
		fields.tp, fields.fp, fields.fn = fields.tp+c.tp, fields.fp+c.fp, fields.fn+c.fn
	}
	return all, fields, by
}

func report(t testing.TB, name string, m *model, samples []sample) {
	all, fields, by := score(m, samples)
	t.Logf("%s: all labels F1 %.4f, fields F1 %.4f", name, all.f1(), fields.f1())
	for l, c := range by {
		t.Logf("   %-10s F1 %.3f  P %.3f R %.3f  n %d", labelNames[l], c.f1(), float64(c.tp)/float64(max(1, c.tp+c.fp)), float64(c.tp)/float64(max(1, c.tp+c.fn)), c.tp+c.fn)
	}
}

// TestCeiling measures what the features could do if the tagger had learned
// from annotated addresses of the same source. Such a model is not shipped:
// the source allows research only.
func TestCeiling(t *testing.T) {
	if !*update {
		t.Skip("a measurement; run with -update")
	}
	tr := readSamples(t, "12-addresses/ccks2021_train_bio.txt")
	dev := readSamples(t, "link-quality/zh_address_parsing/dev.txt")
	m := train(t, tr, 10, 3, 1, 0)
	report(t, "dev", m, dev)
}

func halves(s []sample) (a, b []sample) {
	for i := range s {
		if i%2 == 0 {
			a = append(a, s[i])
		} else {
			b = append(b, s[i])
		}
	}
	return a, b
}

var update = flag.Bool("update", false, "train the model anew and write it")

// writeModel is the inverse of readModel, compressed.
func writeModel(m *model) []byte {
	var b []byte
	put := func(v int64) { b = binary.AppendVarint(b, v) }
	for _, w := range m.transitions() {
		put(int64(*w))
	}
	type entry struct {
		key uint32
		row int
	}
	var entries []entry
	for _, s := range m.slots {
		if s != 0 {
			entries = append(entries, entry{uint32(s >> 32), int(uint32(s)) - 1})
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return int(int64(a.key) - int64(b.key)) })
	put(int64(len(entries)))
	for _, e := range entries {
		b = binary.LittleEndian.AppendUint32(b, e.key)
		var row [nTags]int64
		for t := range row {
			row[t] = int64(m.table[e.row*nWords+t/4]>>(t%4*16)&0xFFFF) - bias
		}
		n := 0
		for _, w := range row {
			if w != 0 {
				n++
			}
		}
		put(int64(n))
		for t, w := range row {
			if w != 0 {
				put(int64(t))
				put(w)
			}
		}
	}
	var z bytes.Buffer
	w, _ := gzip.NewWriterLevel(&z, gzip.BestCompression)
	_, _ = w.Write(b)
	_ = w.Close()
	return z.Bytes()
}

// TestTrain trains the model on what the generator writes; with -update it
// becomes the shipped one.
func TestTrain(t *testing.T) {
	if !*update {
		t.Skip("takes a minute; run with -update")
	}
	m := train(t, newGenerator(1).many(60000), 4, 300, 1, .1)
	b := writeModel(m)
	t.Logf("model of %d bytes", len(b))
	if err := os.WriteFile("model.bin.gz", b, 0o600); err != nil {
		t.Fatal(err)
	}
	dev, _ := halves(readSamples(t, "link-quality/zh_address_parsing/dev.txt"))
	report(t, "dev A", m, dev)
	errorsOf(t, m, dev)
}

// errorsOf logs every eighth wrong address.
func errorsOf(t *testing.T, m *model, samples []sample) {
	errs := 0
	gz := divisions()
	var r reader
	for _, s := range samples {
		r.look(s.text, gz)
		m.tag(&r)
		var got, want []string
		for _, sp := range spansOf(nil, r.tags) {
			got = append(got, s.text[r.tokens[sp.from].start:r.tokens[sp.to-1].end]+"/"+labelNames[sp.label])
		}
		for _, p := range s.parts {
			want = append(want, s.text[p.start:p.end]+"/"+labelNames[p.label])
		}
		if x, y := strings.Join(got, " "), strings.Join(want, " "); x != y {
			if errs++; errs%8 == 3 {
				t.Logf("\n  got  %s\n  want %s", x, y)
			}
		}
	}
}

// The least F1 of the fields that TestScore accepts.
const (
	floorTuned = .87
	floorHeld  = .87
	floorOther = .86
)
