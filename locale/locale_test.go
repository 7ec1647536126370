package locale

import (
	"maps"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLanguagesSayTheSameThings(t *testing.T) {
	zh, en := texts[Chinese], texts[English]
	if diff := cmp.Diff(slices.Sorted(maps.Keys(zh)), slices.Sorted(maps.Keys(en))); diff != "" {
		t.Errorf("keys (-zh +en):\n%s", diff)
	}
	named := regexp.MustCompile(`\{[a-z_]+\}`)
	for key, text := range zh {
		a, b := named.FindAllString(text, -1), named.FindAllString(en[key], -1)
		slices.Sort(a)
		slices.Sort(b)
		if diff := cmp.Diff(a, b); diff != "" {
			t.Errorf("%s: values (-zh +en):\n%s", key, diff)
		}
	}
}

func TestFromHeader(t *testing.T) {
	for _, tc := range []struct {
		accept string
		want   Lang
	}{
		{"", Chinese},
		{"zh-CN,zh;q=0.9,en;q=0.8", Chinese},
		{"en-US,en;q=0.9", English},
		{"fr-FR,en;q=0.5", English},
		{"fr", Chinese},
	} {
		if got := FromHeader(tc.accept); got != tc.want {
			t.Errorf("FromHeader(%q) = %s, want %s", tc.accept, got, tc.want)
		}
	}
}

func TestTextFillsValues(t *testing.T) {
	got := Text(Chinese, "fault.full", nil)
	if got == "fault.full" {
		t.Error("no text")
	}
	if got := Text(English, "worker.deadline", map[string]any{"seconds": 10}); got == "" || regexp.MustCompile(`\{`).MatchString(got) {
		t.Errorf("Text = %q", got)
	}
	if got := Text(English, "no.such.key", nil); got != "no.such.key" {
		t.Errorf("Text = %q", got)
	}
}
