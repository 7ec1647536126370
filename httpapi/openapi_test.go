package httpapi

import (
	"bytes"
	"encoding/json"
	"flag"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"testing"
)

var update = flag.Bool("update", false, "write golden files")

func document(t *testing.T) []byte {
	t.Helper()
	a := newAPI(http.NewServeMux(), &Services{}, slog.New(slog.DiscardHandler))
	raw, err := json.MarshalIndent(a.OpenAPI(), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return append(raw, '\n')
}

func TestOpenAPIDocument(t *testing.T) {
	got := document(t)
	if *update {
		if err := os.WriteFile("openapi.json", got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("openapi.json is not what the operations say; run go test ./httpapi -run OpenAPI -update, read the diff, and generate the client")
	}
}

// A parameter in the path that the document does not name is one the handler
// does not get.
func TestEveryPathParameterIsNamed(t *testing.T) {
	s := readSpec(t)
	for path, methods := range s.Paths {
		for _, m := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(path, -1) {
			for method, o := range methods {
				found := false
				for _, p := range o.Parameters {
					found = found || p.In == "path" && p.Name == m[1]
				}
				if !found {
					t.Errorf("%s %s does not name %s", method, path, m[1])
				}
			}
		}
	}
}
