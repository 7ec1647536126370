package durable_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"shuniu/durable"
	"shuniu/fault"
)

func TestWriteFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	for _, want := range []string{"one", "two, longer"} {
		if err := durable.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != want {
			t.Fatalf("read %q, %v, want %q", got, err, want)
		}
	}
	st, err := os.Stat(path)
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v, want 0600", st.Mode(), err)
	}
	left(t, filepath.Dir(path), "a")
}

func TestCreateAbort(t *testing.T) {
	dir := t.TempDir()
	f, err := durable.Create(filepath.Join(dir, "a"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(f, strings.NewReader("half")); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "a")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file has its name before Close: %v", err)
	}
	f.Abort()
	left(t, dir)
	if err := f.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Close after Abort = %v", err)
	}
}

func TestMkdirAllAndRename(t *testing.T) {
	root := t.TempDir()
	deep := filepath.Join(root, "x", "y", "z")
	for range 2 {
		if err := durable.MkdirAll(deep, 0o750); err != nil {
			t.Fatal(err)
		}
	}
	if err := durable.WriteFile(filepath.Join(root, "f"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := durable.Rename(filepath.Join(root, "f"), filepath.Join(deep, "g")); err != nil {
		t.Fatal(err)
	}
	left(t, deep, "g")
	left(t, root, "x")
	if err := durable.MkdirAll(filepath.Join(deep, "g"), 0o750); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("MkdirAll over a file = %v", err)
	}
	if err := durable.SyncUp(deep, root); err != nil {
		t.Error(err)
	}
	if err := durable.SyncUp(root, deep); !errors.Is(err, fault.Invalid) {
		t.Errorf("SyncUp upside down = %v, want fault.Invalid", err)
	}
}

func TestKind(t *testing.T) {
	for _, e := range []error{syscall.ENOSPC, syscall.EDQUOT} {
		if err := durable.Kind(fmt.Errorf("w: %w", e)); !errors.Is(err, fault.Full) || !errors.Is(err, e) {
			t.Errorf("Kind(%v) = %v", e, err)
		}
	}
	if err := durable.Kind(syscall.EIO); fault.KindOf(err) != nil {
		t.Errorf("Kind(EIO) = %v", err)
	}
	if durable.Kind(nil) != nil {
		t.Error("Kind(nil) is an error")
	}
}

// left fails unless dir holds exactly the names.
func left(t *testing.T, dir string, names ...string) {
	t.Helper()
	es, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range es {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(names, " ") {
		t.Errorf("%s holds %v, want %v", dir, got, names)
	}
}
