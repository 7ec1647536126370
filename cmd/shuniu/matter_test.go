package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"shuniu/clock"
	"shuniu/event"
	"shuniu/guard"
	"shuniu/matter"
	"shuniu/matter/statement"
	"shuniu/matter/store"
	"shuniu/metadb"
)

// TestMatterVerify proves a matter and gives the file to the command, whole
// and altered.
func TestMatterVerify(t *testing.T) {
	dir := t.TempDir()
	db, err := metadb.Open(t.Context(), "sqlite://"+filepath.Join(dir, "m.db"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	book := clock.NewBook(clock.Shipped())
	types, err := shippedTypes(book)
	if err != nil {
		t.Fatal(err)
	}
	st := store.New(db, event.New(db))
	ctx := guard.With(t.Context(), guard.Principal{Account: "li", Role: guard.Steward, Department: "a"})
	r, err := matter.New(types, book, st, slog.New(slog.DiscardHandler)).File(ctx, matter.Filing{Type: "approval", Data: map[string]any{"subject": "借用机房", "text": "周六施工一天"}})
	if err != nil {
		t.Fatal(err)
	}
	key, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := statement.New(db, st, statement.Options{Sign: key})
	if _, err := s.Seal(ctx); err != nil {
		t.Fatal(err)
	}
	p, err := s.Prove(ctx, r.Matter)
	if err != nil {
		t.Fatal(err)
	}
	file, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	der, err := smx509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, text []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	pub := write("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	whole := write("proof.json", file)
	altered := write("altered.json", bytes.Replace(file, []byte("周六施工"), []byte("周日施工"), 1))
	for _, tc := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{whole, "--key", pub}, exitDone, "signed by the key"},
		{[]string{whole, "--json"}, exitDone, `"sealed":1`},
		{[]string{altered}, exitRefused, "damaged"},
		{[]string{whole, "--key", whole}, exitRefused, "no PEM"},
		{[]string{pub}, exitRefused, "invalid"},
		{[]string{dir}, exitRefused, "want a file"},
	} {
		var out, errOut strings.Builder
		code := execute(append([]string{"matter", "verify"}, tc.args...), &out, &errOut)
		if code != tc.code || !strings.Contains(out.String()+errOut.String(), tc.want) {
			t.Errorf("verify %v: code %d, %q, %q; want %d, …%s…", tc.args, code, out.String(), errOut.String(), tc.code, tc.want)
		}
	}
}
