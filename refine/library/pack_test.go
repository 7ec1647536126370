package library

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"shuniu/fault"
	"shuniu/packs/libraries"
)

func TestShippedPacksLoad(t *testing.T) {
	names, err := fs.Glob(libraries.Files, "*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("packs %v, %v", names, err)
	}
	for _, n := range names {
		text, err := libraries.Files.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Load(n, text)
		if err != nil {
			t.Error(err)
			continue
		}
		if strings.ReplaceAll(p.Library, "_", "-")+".yaml" != n {
			t.Errorf("%s holds library %s", n, p.Library)
		}
	}
}

// TestLoadSaysWhere: each contradiction is refused with its line and the mend.
func TestLoadSaysWhere(t *testing.T) {
	good := `library: firm
title: {zh: 企业, en: Firms}
key: code
name: name
fields:
  - name: code
    headings: [代码]
    standard: uscc
  - name: name
    headings: [名称]
authority:
  - fields: [name]
    departments: [a]
    basis: 条例
`
	if _, err := Load("x.yaml", []byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ was, is, want string }{
		{"standard: uscc", "standard: ussc", `x.yaml:8: there is no standard "ussc"; use one of`},
		{"key: code", "key: codes", `x.yaml:3: the key "codes" is no field`},
		{"name: name\nfields", "name: title\nfields", `x.yaml:4: the name "title" is no field`},
		{"  - name: name\n", "  - name: code\n", `x.yaml:9: field code stands twice; remove it or field 1`},
		{"headings: [名称]", "read: sum\n    headings: [名称]", `x.yaml:10: nothing is read as "sum"`},
		{"standard: uscc", "standard: uscc\n    read: money", `x.yaml:9: field code has both a standard and a reading`},
		{"fields: [name]", "fields: [name, names]", `x.yaml:12: there is no field "names"`},
		{"fields: [name]", "fields: [name, name]", `x.yaml:12: field name has two authorities; name it in authority 1 only`},
		{"basis: 条例", "basis: ''", `x.yaml:12: an authority without a basis`},
		{"basis: 条例", "base: 条例", `x.yaml:14: unknown field "base"`},
		{"title: {zh: 企业, en: Firms}", "title: {zh: 企业}", `x.yaml:2: the title lacks a language`},
		{"key: code", "key: [", `x.yaml:3: it is no YAML document`},
		{"library: firm", "library: ../firm", `x.yaml:1: library "../firm" is no name`},
	} {
		text := strings.Replace(good, tt.was, tt.is, 1)
		_, err := Load("x.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), tt.want) || !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: %v, want %s", tt.is, err, tt.want)
		}
	}
}

func TestMoney(t *testing.T) {
	for _, tt := range []struct{ in, amount, currency string }{
		{"168万人民币", "1680000", "CNY"},
		{"6,209(万元人民币)", "62090000", "CNY"},
		{"6，209.5（万元 人民币）", "62095000", "CNY"},
		{"人民币100万元", "1000000", "CNY"},
		{"0.00005万美元", "0.5", "USD"},
		{"1.5亿港元", "150000000", "HKD"},
		{"500000", "500000", "CNY"},
		{"500000元", "500000", "CNY"},
		{"0", "0", "CNY"},
		{"12.3400", "12.34", "CNY"},
		{"万元", "", ""},
		{"1.2.3万", "", ""},
		{"100万块", "", ""},
		{"-5万元", "", ""},
		{"CHI YEE GAVIN）", "", ""},
	} {
		if a, c := money(tt.in); a != tt.amount || c != tt.currency {
			t.Errorf("money(%q) = %q %q, want %q %q", tt.in, a, c, tt.amount, tt.currency)
		}
	}
}

func FuzzMoney(f *testing.F) {
	f.Add("6,209(万元人民币)")
	f.Fuzz(func(t *testing.T, s string) {
		if a, c := money(s); (a == "") != (c == "") || strings.Trim(a, "0123456789.") != "" {
			t.Errorf("money(%q) = %q %q", s, a, c)
		}
	})
}

func TestFoldAndClean(t *testing.T) {
	if fold("上海（浦东）信息 有限公司") != fold("上海(浦东)信息有限公司") || fold("ＡＢＣ") != "abc" {
		t.Error("width, case, blanks and brackets count in a name")
	}
	for in, want := range map[string]string{" N/A ": "", "—": "—", "无": "", "无锡": "无锡", "　上海 ": "上海", "-": ""} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}
