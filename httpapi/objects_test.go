package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// A file that two departments sent is each one's own; to a third it is as if
// nobody had sent it.
func TestObjectBelongsToEachSender(t *testing.T) {
	h := newHub(t, nil)
	h.seed(t)
	picture := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89shared")
	for who, name := range map[string]string{"steward": "甲.png", "steward2": "乙.png"} {
		if got := h.land(t, who, name, picture); got[0].Status != "kept_as_object" {
			t.Fatalf("%s: %+v", who, got[0])
		}
	}
	digest := func(b []byte) string { sum := sha256.Sum256(b); return hex.EncodeToString(sum[:]) }
	path := "/api/objects/" + digest(picture)
	for who, name := range map[string]string{"steward": "甲.png", "steward2": "乙.png"} {
		r := h.do(t, who, http.MethodGet, path, nil)
		o := into[Object](t, r)
		if r.status != http.StatusOK || o.Name != name || o.Account != who || !slices.Equal(o.Names, []string{name}) {
			t.Errorf("%s reads its own file: %d %+v", who, r.status, o)
		}
		if r := h.do(t, who, http.MethodGet, path+"/content", nil); r.status != http.StatusOK || string(r.body) != string(picture) {
			t.Errorf("%s downloads its own file: %d", who, r.status)
		}
	}

	other := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89of one only")
	h.land(t, "steward2", "丙.png", other)
	for _, tail := range []string{"", "/content"} {
		there := h.do(t, "steward", http.MethodGet, "/api/objects/"+digest(other)+tail, nil)
		nowhere := h.do(t, "steward", http.MethodGet, "/api/objects/"+strings.Repeat("0", 64)+tail, nil)
		a, b := there.problem(t), nowhere.problem(t)
		a.TraceID, b.TraceID = "", ""
		if there.status != http.StatusNotFound || nowhere.status != http.StatusNotFound || a.Detail != b.Detail || a.Code != b.Code || a.Right != b.Right || len(a.Errors) != len(b.Errors) {
			t.Errorf("another's file answers %d %s, an unknown one %d %s", there.status, there.body, nowhere.status, nowhere.body)
		}
	}
}
