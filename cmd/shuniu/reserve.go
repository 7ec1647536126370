package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	"shuniu/fault"
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

// Of a server: below roomLow bytes of free room it lets stepBytes of the reserve
// go, so that sign-ins, the audit log and queries go on; below roomToLand it
// takes no landing.
const (
	stepBytes  = 2 << 20
	roomLow    = 1 << 20
	roomToLand = reserveBytes
)

// tendReserve is useReserve and keepReserve for a server, which lives through
// both: a step of the reserve goes when the disk is full, and comes back when
// there is plenty of room. Only one goroutine may call it.
func (f *folder) tendReserve() {
	free, err := roomOf(f.dir)
	if err != nil {
		return
	}
	name := f.path(reserveName)
	switch {
	case free < roomLow:
		if st, err := os.Stat(name); err == nil && st.Size() > 0 {
			_ = os.Truncate(name, max(0, st.Size()-stepBytes)) // what fails is tried again
		}
	case free >= 4*reserveBytes:
		f.keepReserve()
	}
}

// watchRoom tends the reserve until ctx ends.
func (f *folder) watchRoom(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			f.tendReserve()
		}
	}
}

// checkRoom refuses to land when the disk is full.
func (f *folder) checkRoom() error {
	free, err := roomOf(f.dir)
	if err != nil {
		return err
	}
	if free < roomToLand {
		return fmt.Errorf("only %.1f MB free on the disk of %s, nothing was taken; make room and try again (磁盘空间不足，未接收任何数据；请清理后重试): %w",
			float64(free)/(1<<20), f.dir, fault.Full)
	}
	return nil
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
