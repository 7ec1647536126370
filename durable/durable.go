package durable

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"shuniu/fault"
)

// SyncDir makes the names in dir durable.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return Kind(err)
	}
	return Kind(errors.Join(d.Sync(), d.Close()))
}

// SyncUp makes the names of dir and of every folder above it durable, up to
// the entries of root, which must be dir or above it. Call it once for folders
// that an earlier process may have made and died before it could sync them.
func SyncUp(dir, root string) error {
	dir, root = filepath.Clean(dir), filepath.Clean(root)
	if dir != root && !strings.HasPrefix(dir, strings.TrimSuffix(root, "/")+"/") {
		return fmt.Errorf("%s is not below %s: %w", dir, root, fault.Invalid)
	}
	for d := dir; ; d = filepath.Dir(d) {
		if err := SyncDir(d); err != nil {
			return err
		}
		if d == root {
			return nil
		}
	}
}

// MkdirAll makes dir and what is missing above it, and makes the names of the
// new folders durable.
func MkdirAll(dir string, mode os.FileMode) error {
	dir = filepath.Clean(dir)
	switch st, err := os.Stat(dir); {
	case err == nil && st.IsDir():
		return nil
	case err == nil:
		return Kind(&os.PathError{Op: "mkdir", Path: dir, Err: syscall.ENOTDIR})
	case !errors.Is(err, os.ErrNotExist):
		return Kind(err)
	}
	if err := MkdirAll(filepath.Dir(dir), mode); err != nil {
		return err
	}
	if err := os.Mkdir(dir, mode); err != nil && !errors.Is(err, os.ErrExist) {
		return Kind(err)
	}
	if err := SyncDir(filepath.Dir(dir)); err != nil {
		// The next call must not take the folder for a durable one.
		return errors.Join(err, os.Remove(dir))
	}
	return nil
}

// Rename moves a file whose bytes are durable already and makes its new name,
// and the disappearance of the old one, durable. A file at to is replaced.
func Rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return Kind(err)
	}
	dir := filepath.Dir(to)
	if err := SyncDir(dir); err != nil {
		return err
	}
	if old := filepath.Dir(from); old != dir {
		return SyncDir(old)
	}
	return nil
}

// WriteFile makes path hold data, whole or not at all. A file that was there
// stays as it was when WriteFile returns an error before its last step, the
// sync of the folder; after that step's failure either may be found.
func WriteFile(path string, data []byte, mode os.FileMode) error {
	f, err := Create(path, mode)
	if err != nil {
		return err
	}
	defer f.Abort()
	if _, err := f.Write(data); err != nil {
		return Kind(err)
	}
	return f.Close()
}

// A File is a file in the making. It has its name only after Close.
type File struct {
	*os.File
	path string
	done bool
}

// Create begins a file that will stand at path after Close. Its bytes are
// kept beside path under a name that ends in ".tmp" until then.
func Create(path string, mode os.FileMode) (*File, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return nil, Kind(err)
	}
	if err := f.Chmod(mode); err != nil {
		return nil, Kind(errors.Join(err, f.Close(), os.Remove(f.Name())))
	}
	return &File{File: f, path: path}, nil
}

// Write is os.File's, with fault.Full for a full disk.
func (f *File) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	return n, Kind(err)
}

// Close makes the bytes durable, gives the file its name and makes that
// durable. After an error there is no file to speak of.
func (f *File) Close() error {
	if f.done {
		return os.ErrClosed
	}
	f.done = true
	if err := errors.Join(f.Sync(), f.File.Close()); err != nil {
		return Kind(errors.Join(err, os.Remove(f.Name())))
	}
	if err := os.Rename(f.Name(), f.path); err != nil {
		return Kind(errors.Join(err, os.Remove(f.Name())))
	}
	return SyncDir(filepath.Dir(f.path))
}

// Abort drops the file. After Close it does nothing, so it can be deferred.
func (f *File) Abort() {
	if f.done {
		return
	}
	f.done = true
	_ = f.File.Close()
	_ = os.Remove(f.Name())
}

// Kind wraps an error of the file system with fault.Full where it says that
// the disk or a quota is full, and returns any other as it is.
func Kind(err error) error {
	if err == nil || errors.Is(err, fault.Full) {
		return err
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w", err, fault.Full)
	}
	return err
}
