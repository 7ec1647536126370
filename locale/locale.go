package locale

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
)

// A Lang is a language of the product.
type Lang string

// The languages; Chinese comes first.
const (
	Chinese Lang = "zh"
	English Lang = "en"
)

var (
	//go:embed zh.json
	zhJSON []byte
	//go:embed en.json
	enJSON []byte

	texts = map[Lang]map[string]string{Chinese: load(zhJSON), English: load(enJSON)}
)

func load(raw []byte) map[string]string {
	var m map[string]string
	if err := json.Unmarshal(raw, &m); err != nil {
		panic("locale: embedded texts: " + err.Error())
	}
	return m
}

// FromHeader chooses by an Accept-Language header; without one it is Chinese.
func FromHeader(accept string) Lang {
	for part := range strings.SplitSeq(accept, ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		switch {
		case strings.HasPrefix(strings.ToLower(tag), "zh"):
			return Chinese
		case strings.HasPrefix(strings.ToLower(tag), "en"):
			return English
		}
	}
	return Chinese
}

// Text is the text of key with its {named} values filled in. An unknown key
// is returned as it is.
func Text(l Lang, key string, args map[string]any) string {
	t, ok := texts[l][key]
	if !ok {
		return key
	}
	for name, v := range args {
		t = strings.ReplaceAll(t, "{"+name+"}", fmt.Sprint(v))
	}
	return t
}

// Has tells whether key has a text.
func Has(key string) bool {
	_, ok := texts[Chinese][key]
	return ok
}
