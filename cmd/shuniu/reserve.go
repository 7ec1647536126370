package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// reserveBytes are set aside in the data folder while there is room, and let
// go when the disk is full: SQLite and a query need a little room to open what
// is there, and a full disk is when doctor is needed most.
const (
	reserveBytes = 8 << 20
	reserveName  = "reserve"
)

// roomOf is how many bytes the disk of dir has free for us.
func roomOf(dir string) (int64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, fmt.Errorf("disk room of %s: %w", dir, err)
	}
	return int64(st.Bavail) * st.Bsize, nil
}

// useReserve lets the reserve go when the disk is full, for commands that only
// read; the folder's close sets it aside again, before others take the room.
func (f *folder) useReserve() {
	if free, err := roomOf(f.dir); err == nil && free < reserveBytes {
		f.spent = os.Remove(f.path(reserveName)) == nil
	}
}

// keepReserve sets the reserve aside when it is missing and the disk has
// plenty, or when this process let it go. A reserve is a convenience: what
// fails here fails nothing else, and a part of it is better than none.
func (f *folder) keepReserve() {
	name := f.path(reserveName)
	free, err := roomOf(f.dir)
	if err != nil || free < 4*reserveBytes && !f.spent {
		return
	}
	if st, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) || err == nil && st.Size() < reserveBytes {
		f.spent = setAside(name) != nil
	}
}

// setAside writes random bytes, which no file system stores in less room.
func setAside(name string) error {
	out, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.CopyN(out, rand.Reader, reserveBytes)
	return errors.Join(err, out.Close())
}
