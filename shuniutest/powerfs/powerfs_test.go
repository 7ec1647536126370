package powerfs

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"
)

// write makes or changes a file in one write, with or without fsync.
func write(t *testing.T, path, text string, sync bool) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString(text)
	if sync {
		err = errors.Join(err, f.Sync())
	}
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

func syncDir(t *testing.T, path string) {
	t.Helper()
	d, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		t.Fatal(err)
	}
}

// found reads the file, "-" when there is none.
func found(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return "-"
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func nothing() {}

func TestCutKeepsWhatModesPromise(t *testing.T) {
	for _, tc := range []struct {
		name         string
		do           func(t *testing.T, dir string)
		ext4, strict string // of dir/a after the cut
	}{
		{"written only", func(t *testing.T, d string) { write(t, d+"/a", "x", false) }, "-", "-"},
		{"file synced", func(t *testing.T, d string) { write(t, d+"/a", "x", true) }, "x", "-"},
		{"folder synced", func(t *testing.T, d string) { write(t, d+"/a", "x", false); syncDir(t, d) }, "", ""},
		{"both synced", func(t *testing.T, d string) { write(t, d+"/a", "x", true); syncDir(t, d) }, "x", "x"},
		{"written on", func(t *testing.T, d string) {
			write(t, d+"/a", "x", true)
			syncDir(t, d)
			write(t, d+"/a", "yy", false)
		}, "x", "x"},
		{"another file synced", func(t *testing.T, d string) {
			write(t, d+"/a", "x", false)
			write(t, d+"/b", "y", true)
		}, "", "-"},
		{"replaced by rename without sync", func(t *testing.T, d string) {
			write(t, d+"/a", "old", true)
			syncDir(t, d)
			write(t, d+"/b", "new", true)
			if err := os.Rename(d+"/b", d+"/a"); err != nil {
				t.Fatal(err)
			}
		}, "old", "old"},
		{"replaced by rename", func(t *testing.T, d string) {
			write(t, d+"/a", "old", true)
			write(t, d+"/b", "new", true)
			if err := os.Rename(d+"/b", d+"/a"); err != nil {
				t.Fatal(err)
			}
			syncDir(t, d)
		}, "new", "new"},
		{"removed without sync", func(t *testing.T, d string) {
			write(t, d+"/a", "x", true)
			syncDir(t, d)
			if err := os.Remove(d + "/a"); err != nil {
				t.Fatal(err)
			}
		}, "x", "x"},
	} {
		for mode, want := range map[Mode]string{Ext4: tc.ext4, Strict: tc.strict} {
			t.Run(tc.name+"/"+mode.String(), func(t *testing.T) {
				fs := Mount(t, mode)
				tc.do(t, fs.Dir())
				fs.Cut(Cut{}, nothing)
				if got := found(t, fs.Dir()+"/a"); got != want {
					t.Errorf("after the cut a is %q, want %q", got, want)
				}
			})
		}
	}
}

func TestStrictNeedsEveryFolder(t *testing.T) {
	fs := Mount(t, Strict)
	deep := filepath.Join(fs.Dir(), "x", "y")
	if err := os.MkdirAll(deep, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, deep+"/a", "x", true)
	syncDir(t, deep)
	fs.Cut(Cut{}, nothing)
	if got := found(t, deep+"/a"); got != "-" {
		t.Errorf("a is there although its folders were not synced: %q", got)
	}
}

func TestOldHandlesAreDead(t *testing.T) {
	fs := Mount(t, Ext4)
	f, err := os.Create(fs.Dir() + "/a")
	if err != nil {
		t.Fatal(err)
	}
	fs.Cut(Cut{}, func() {
		if _, err := f.WriteString("late"); !errors.Is(err, syscall.EIO) {
			t.Errorf("write after the cut: %v, want EIO", err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	if got := found(t, fs.Dir()+"/a"); got != "-" {
		t.Errorf("a = %q", got)
	}
}

func TestFailedFsyncDropsThePages(t *testing.T) {
	fs := Mount(t, Ext4)
	f, err := os.Create(fs.Dir() + "/a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("gone"); err != nil {
		t.Fatal(err)
	}
	fs.FailAt(Fsync, 1, syscall.EIO)
	if err := f.Sync(); !errors.Is(err, syscall.EIO) {
		t.Fatalf("sync: %v, want EIO", err)
	}
	if !fs.Disarm() {
		t.Error("the fault did not come to pass")
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		t.Fatalf("the second sync: %v", err)
	}
	if got := found(t, fs.Dir()+"/a"); got != "gone" {
		t.Errorf("before the cut a reads %q", got)
	}
	fs.Cut(Cut{}, nothing)
	if got := found(t, fs.Dir()+"/a"); strings.Trim(got, "\x00") != "" {
		t.Errorf("after the cut a reads %q", got)
	}
}

func TestFailAtAndCount(t *testing.T) {
	fs := Mount(t, Ext4)
	fs.FailAt(Mkdir, 2, syscall.ENOSPC)
	for i, want := range []error{nil, syscall.ENOSPC, nil} {
		err := os.Mkdir(filepath.Join(fs.Dir(), string(rune('a'+i))), 0o755)
		if !errors.Is(err, want) {
			t.Errorf("mkdir %d: %v, want %v", i, err, want)
		}
	}
	if n := fs.Count(Mkdir | Fsync); n != 3 {
		t.Errorf("count %d, want 3", n)
	}
}

func TestCutAt(t *testing.T) {
	fs := Mount(t, Ext4)
	killed := make(chan bool)
	fs.CutAt(Fsync, 2, Cut{}, func() { close(killed) })
	write(t, fs.Dir()+"/a", "x", true)
	f, err := os.Create(fs.Dir() + "/b")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Sync(); !errors.Is(err, syscall.EIO) {
		t.Errorf("the sync at the cut: %v, want EIO", err)
	}
	<-killed
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	fs.Resume()
	if a, b := found(t, fs.Dir()+"/a"), found(t, fs.Dir()+"/b"); a != "x" || b != "-" {
		t.Errorf("after the cut a = %q, b = %q", a, b)
	}
}

func TestLimit(t *testing.T) {
	fs := Mount(t, Ext4)
	fs.Limit(10_000)
	write(t, fs.Dir()+"/a", strings.Repeat("x", 9_000), false)
	err := os.WriteFile(fs.Dir()+"/b", bytes.Repeat([]byte("y"), 2_000), 0o644)
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("write beyond the limit: %v", err)
	}
	if err := os.Remove(fs.Dir() + "/a"); err != nil {
		t.Fatal(err)
	}
	write(t, fs.Dir()+"/b", strings.Repeat("y", 2_000), false)
	if n := fs.Used(); n != 2_000 {
		t.Errorf("used %d, want 2000", n)
	}
}

func TestMixedCutKeepsSomePages(t *testing.T) {
	fs := Mount(t, Ext4)
	write(t, fs.Dir()+"/a", strings.Repeat("a", 64*pageSize), true)
	write(t, fs.Dir()+"/a", strings.Repeat("b", 64*pageSize), false)
	fs.Cut(Cut{Mixed: true, Seed: 7}, nothing)
	got := found(t, fs.Dir()+"/a")
	b := strings.Count(got, "b") / pageSize
	if len(got) != 64*pageSize || b == 0 || b == 64 {
		t.Errorf("%d bytes, %d of 64 pages are new", len(got), b)
	}
}

// TestFileIsWhatAModelSays compares a file, and what a cut leaves of it, with
// two byte slices.
func TestFileIsWhatAModelSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := newFile(1, 0o644)
		var seen, saved []byte
		grow := func(size int) {
			seen = append(seen, make([]byte, max(0, size-len(seen)))...)
		}
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) {
				off := rapid.IntRange(0, 3*pageSize).Draw(t, "off")
				data := bytes.Repeat([]byte{byte(rapid.IntRange(1, 255).Draw(t, "byte"))}, rapid.IntRange(0, 2*pageSize).Draw(t, "len"))
				n.write(data, int64(off))
				if grow(off + len(data)); len(data) > 0 {
					copy(seen[off:], data)
				}
			},
			"resize": func(t *rapid.T) {
				size := rapid.IntRange(0, 4*pageSize).Draw(t, "size")
				n.resize(int64(size))
				grow(size)
				seen = slices.Clone(seen[:size])
			},
			"save": func(*rapid.T) {
				n.save()
				saved = slices.Clone(seen)
			},
			"": func(t *rapid.T) {
				if got := content(n); !bytes.Equal(got, seen) {
					t.Fatalf("file has %d bytes, model %d, or they differ", len(got), len(seen))
				}
				s := &survivor{toss: coin(false, 0), seen: map[*node]*node{}}
				if got := content(s.node(n)); !bytes.Equal(got, saved) {
					t.Fatalf("after a cut file has %d bytes, model %d, or they differ", len(got), len(saved))
				}
			},
		})
	})
}

func content(n *node) []byte {
	out := make([]byte, n.size)
	return out[:n.read(out, 0)]
}
