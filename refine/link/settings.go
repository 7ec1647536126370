package link

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"shuniu/fault"
)

// Settings are what a person may say; the zero value means: find it out.
//
//	id: uid                 # column that names the rows
//	ignore: [cluster]       # columns that are no evidence
//	across_only: true       # of two files: no links within one
//	threshold: 3            # bits of evidence; without it, chosen from the data
//	kinds: {addr: address}  # what a column holds
//	labels: [{left: a, right: b, match: true}]
type Settings struct {
	ID         string            `yaml:"id" json:"id,omitempty"`
	Ignore     []string          `yaml:"ignore" json:"ignore,omitempty"`
	Columns    []string          `yaml:"columns" json:"columns,omitempty"` // only these are evidence
	AcrossOnly bool              `yaml:"across_only" json:"across_only,omitempty"`
	Threshold  *float64          `yaml:"threshold" json:"threshold,omitempty"`
	Kinds      map[string]string `yaml:"kinds" json:"kinds,omitempty"`
	Model      string            `yaml:"model" json:"model,omitempty"` // fields or text
	Labels     []Label           `yaml:"labels" json:"labels,omitempty"`
}

// A Label is a person's word on two rows, named as in the output.
type Label struct {
	Left  string `yaml:"left" json:"left"`
	Right string `yaml:"right" json:"right"`
	Match bool   `yaml:"match" json:"match"`
}

// ParseSettings reads settings in YAML (or JSON). Unknown keys are refused
// with fault.Invalid and their line.
func ParseSettings(b []byte) (Settings, error) {
	var s Settings
	if strings.TrimSpace(string(b)) == "" {
		return s, nil
	}
	if err := yaml.UnmarshalWithOptions(b, &s, yaml.Strict()); err != nil {
		return s, fmt.Errorf("linkage settings: %w: %w", err, fault.Invalid)
	}
	for c, k := range s.Kinds {
		if _, ok := kindNames[k]; !ok {
			return s, fmt.Errorf("linkage settings: kind %q of column %s, want one of %s: %w", k, c, strings.Join(kindList(), ", "), fault.Invalid)
		}
	}
	if !slices.Contains([]string{"", "fields", "text"}, s.Model) {
		return s, fmt.Errorf("linkage settings: model %q, want fields or text: %w", s.Model, fault.Invalid)
	}
	return s, nil
}

// results are the names under which an earlier linkage or a truth is kept:
// never evidence.
var results = []string{"cluster", "cluster_id", "clusterid", "cluster_no", "entity", "entity_id", "_entity", "_batch", "_row", "truth", "true_cluster", "gold_cluster", "match_id", "duplicate_of"}

func (s *Settings) ignores(name string) bool {
	if len(s.Columns) > 0 {
		return !slices.ContainsFunc(s.Columns, func(c string) bool { return foldName(c) == name })
	}
	return slices.Contains(results, strings.TrimSpace(name)) || slices.Contains(results, "_"+name) && strings.HasPrefix(name, "_") ||
		slices.ContainsFunc(s.Ignore, func(c string) bool { return foldName(c) == name })
}

// check refuses settings that name columns no file has.
func (s *Settings) check(in *Input, seen []string) error {
	names := slices.Concat(s.Columns, s.Ignore)
	for c := range s.Kinds {
		names = append(names, c)
	}
	for _, c := range names {
		if !slices.Contains(seen, foldName(c)) {
			return fmt.Errorf("linkage settings: no column %q: %w", c, fault.Invalid)
		}
	}
	if s.AcrossOnly && len(in.Files) < 2 {
		return fmt.Errorf("linkage settings: across_only needs two files: %w", fault.Invalid)
	}
	if len(in.columns) == 0 {
		return fmt.Errorf("no column to compare: %w", fault.Invalid)
	}
	return nil
}
