package insight_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"shuniu/matter"
	"shuniu/matter/insight"
	"shuniu/shuniutest/publicdata"
)

func at(minute int) time.Time {
	return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC).Add(time.Duration(minute) * time.Minute)
}

func TestMine(t *testing.T) {
	log := []insight.Event{
		{"1", "file", "a", at(0)},
		{"1", "do", "b", at(10)},
		{"1", "do", "b", at(40)},
		{"1", "close", "a", at(50)},
		{"2", "close", "b", at(130)}, // out of order
		{"2", "file", "a", at(100)},
		{"2", "do", "b", at(100)}, // the same moment: the order they have
		{"3", "file", "a", at(0)},
		{"3", "do", "c", at(20)},
		{"3", "close", "c", at(30)},
	}
	r := insight.Mine(log)
	if r.Cases != 3 || r.Events != 10 || r.Activities != 3 || r.Resources != 3 || r.Handovers != 4 {
		t.Errorf("%d cases, %d events, %d activities, %d resources, %d hand-overs", r.Cases, r.Events, r.Activities, r.Resources, r.Handovers)
	}
	if len(r.Variants) != 2 || r.Variants[0].Cases != 2 || !slices.Equal(r.Variants[0].Path, []string{"file", "do", "close"}) {
		t.Errorf("variants %+v", r.Variants)
	}
	if e := r.Edges[0]; e.From != "do" || e.To != "close" || e.Count != 3 || e.Median != 10*time.Minute || e.Total != 50*time.Minute {
		t.Errorf("edges %+v", r.Edges)
	}
	if len(r.Rework) != 1 || r.Rework[0] != (insight.Count{Name: "do", N: 1}) {
		t.Errorf("rework %+v", r.Rework)
	}
	if r.CaseMedian != 30*time.Minute || r.CaseP90 != 46*time.Minute {
		t.Errorf("cases take %s, %s", r.CaseMedian, r.CaseP90)
	}
	if b := r.Bottlenecks(1); len(b) != 1 || b[0].To != "close" {
		t.Errorf("bottleneck %+v", b)
	}
	if empty := insight.Mine(nil); empty.Cases != 0 || empty.CaseMedian != 0 {
		t.Errorf("nothing: %+v", empty)
	}
}

func TestOfMatters(t *testing.T) {
	got := insight.OfMatters([]matter.Event{
		{Matter: "m", Action: "file", Account: "li"},
		{Matter: "m", Action: "comment"},
		{Matter: "m", Action: "tick", From: "a", To: "a"},
		{Matter: "m", Action: "tick", From: "a", To: "b"},
		{Matter: "m", Action: "agree", Account: "wu"},
	})
	if len(got) != 3 || got[1].Activity != "tick" || got[2].Resource != "wu" {
		t.Errorf("%+v: want the opening, what time moved and the action", got)
	}
}

// TestReceipt holds the figures of a public log against those that another
// program found.
func TestReceipt(t *testing.T) {
	file, err := os.Open(publicdata.Path(t, "hubs", "bpi_receipt", "receipt.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	col := func(name string) int { return slices.Index(rows[0], name) }
	var log []insight.Event
	for _, row := range rows[1:] {
		when, err := time.Parse("2006-01-02 15:04:05.999999-07:00", row[col("time:timestamp")])
		if err != nil {
			t.Fatal(err)
		}
		log = append(log, insight.Event{Case: row[col("case:concept:name")], Activity: row[col("concept:name")], Resource: row[col("org:resource")], At: when})
	}
	raw, err := os.ReadFile(publicdata.Path(t, "hubs", "process_mining_expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	type edge struct {
		A, B   string
		Count  int
		Median float64 `json:"median_s"`
	}
	var all map[string]struct {
		Cases, Events, Activities, Variants, Resources int
		TopShare                                       float64        `json:"top_variant_share"`
		Edges                                          int            `json:"dfg_edges"`
		Median                                         float64        `json:"case_duration_median_s"`
		P90                                            float64        `json:"case_duration_p90_s"`
		Top                                            []edge         `json:"top_edges"`
		Slow                                           []edge         `json:"slowest_edges_min30"`
		Rework                                         map[string]int `json:"rework_top5"`
	}
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	want := all["receipt"]
	r := insight.Mine(log)
	for _, c := range []struct {
		what      string
		got, want int
	}{
		{"cases", r.Cases, want.Cases},
		{"events", r.Events, want.Events},
		{"activities", r.Activities, want.Activities},
		{"variants", len(r.Variants), want.Variants},
		{"edges", len(r.Edges), want.Edges},
		{"resources", r.Resources, want.Resources},
	} {
		if c.got != c.want || c.want == 0 {
			t.Errorf("%s: %d, want %d", c.what, c.got, c.want)
		}
	}
	near := func(what string, got time.Duration, want float64) {
		if math.Abs(got.Seconds()-want) > 1e-3 {
			t.Errorf("%s: %.4f s, want %.4f", what, got.Seconds(), want)
		}
	}
	if math.Abs(r.Variants[0].Share-want.TopShare) > 5e-5 {
		t.Errorf("the first variant: %.4f, want %.4f", r.Variants[0].Share, want.TopShare)
	}
	near("median of cases", r.CaseMedian, want.Median)
	near("p90 of cases", r.CaseP90, want.P90)
	for i, e := range want.Top {
		if g := r.Edges[i]; g.From != e.A || g.To != e.B || g.Count != e.Count {
			t.Errorf("edge %d: %+v, want %+v", i, g, e)
		} else {
			near(fmt.Sprint("edge ", i), g.Median, e.Median)
		}
	}
	for i, g := range r.Slowest(len(want.Slow), 30) {
		if e := want.Slow[i]; g.From != e.A || g.To != e.B || g.Count != e.Count {
			t.Errorf("slow edge %d: %+v, want %+v", i, g, e)
		} else {
			near(fmt.Sprint("slow edge ", i), g.Median, e.Median)
		}
	}
	for _, c := range r.Rework[:5] {
		if want.Rework[c.Name] != c.N {
			t.Errorf("rework %s: %d, want %d", c.Name, c.N, want.Rework[c.Name])
		}
	}
}

// BenchmarkMine mines 262,000 events of 20,000 cases.
func BenchmarkMine(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	log := make([]insight.Event, 262000)
	for i := range log {
		log[i] = insight.Event{Case: fmt.Sprint("c", r.IntN(20000)), Activity: fmt.Sprint("a", r.IntN(40)), Resource: fmt.Sprint("r", r.IntN(50)), At: at(r.IntN(1e6))}
	}
	for b.Loop() {
		insight.Mine(log)
	}
}
