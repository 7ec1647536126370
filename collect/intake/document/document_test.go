package document

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shuniu/collect/intake/tabular"
)

func fileSource(t testing.TB, path string) *tabular.Source {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return &tabular.Source{Name: filepath.Base(path), Size: st.Size(), ReaderAt: f}
}

func textSource(name, text string) *tabular.Source {
	return &tabular.Source{Name: name, Size: int64(len(text)), ReaderAt: bytes.NewReader([]byte(text))}
}

// dump reads a table into lines: name and path, heads, rows; absent is ∅.
func dump(t testing.TB, f tabular.Found) string {
	t.Helper()
	var sb strings.Builder
	sb.WriteString(f.Name + " " + f.Place.Path + "\n")
	for i, h := range f.Heads {
		if i > 0 {
			sb.WriteByte('|')
		}
		sb.WriteString(h.Name)
	}
	sb.WriteByte('\n')
	tally, err := f.Read(context.Background(), func(b *tabular.Batch) error {
		for i := range b.Rows {
			for c := range b.Columns {
				if c > 0 {
					sb.WriteByte('|')
				}
				if v, ok := b.Columns[c].At(i); ok {
					sb.Write(v)
				} else {
					sb.WriteString("∅")
				}
			}
			sb.WriteByte('\n')
		}
		return nil
	}, func(r tabular.Reject) error {
		sb.WriteString("reject " + r.Text + "\n")
		return nil
	})
	if err != nil {
		t.Fatalf("read %s: %v", f.Name, err)
	}
	if !tally.Balanced() {
		t.Errorf("%s: %+v does not balance", f.Name, tally)
	}
	return sb.String()
}

func dumpAll(t testing.TB, found []tabular.Found) string {
	t.Helper()
	var sb strings.Builder
	for _, f := range found {
		sb.WriteString(dump(t, f))
	}
	return sb.String()
}

func countRows(t testing.TB, f tabular.Found) tabular.Tally {
	t.Helper()
	tally, err := f.Read(context.Background(), func(*tabular.Batch) error { return nil }, func(tabular.Reject) error { return nil })
	if err != nil {
		t.Fatalf("read %s: %v", f.Name, err)
	}
	return tally
}
