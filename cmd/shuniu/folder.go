package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"shuniu/durable"
	"shuniu/fault"
)

// A folder is the data folder, held by this process.
//
//	lock        held with flock while a process owns the folder; names the holder
//	serve.json  how to reach the server that holds it, mode 0600
//	meta.db     the metadata store (unless PostgreSQL)
//	reserve     room that is let go when the disk is full
//	lake/       tables   originals/ received files   uploads/ files on their way   tmp/ swept at start
type folder struct {
	dir   string
	lock  *os.File
	spent bool // the reserve was let go by this process
}

func (f *folder) path(name string) string { return filepath.Join(f.dir, name) }

// A reach is how a command gets to the server that holds the folder.
type reach struct {
	URL   string `json:"url"`
	Token string `json:"token"` // of the folder's owner
	PID   int    `json:"pid"`
	// Certificate is the SHA-256 of the server's own, in hex; "" for plain HTTP.
	Certificate string `json:"certificate,omitempty"`
}

var errServed = errors.New("a server holds the folder")

// noFolder is the answer of commands that do not make one.
func noFolder(dir string) error {
	return &refusedError{reason: fmt.Sprintf("no data folder here: %s (这里没有数据目录；请先运行 shuniu serve 或 shuniu collect，或用 --data 指定)", dir)}
}

// openFolder takes hold of the data folder. It waits up to the --wait time
// while another command holds it, and returns errServed at once when a server
// does. With create it makes a missing folder.
func (a *app) openFolder(ctx context.Context, create bool) (*folder, error) {
	wait, err := time.ParseDuration(a.cli.Wait)
	if err != nil || wait < 0 {
		return nil, usagef("--wait %q is no duration such as 30s", a.cli.Wait)
	}
	dir, err := filepath.Abs(a.conf.Data)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	st, err := os.Stat(dir)
	switch {
	case err == nil && !st.IsDir():
		return nil, &refusedError{reason: fmt.Sprintf("%s is not a folder (不是文件夹)", dir)}
	case errors.Is(err, fs.ErrNotExist) && !create:
		return nil, noFolder(dir)
	case errors.Is(err, fs.ErrNotExist):
		if err := durable.MkdirAll(dir, 0o750); err != nil {
			return nil, notOurs(dir, err)
		}
	case err != nil:
		return nil, notOurs(dir, err)
	}
	f := &folder{dir: dir}
	if !create {
		if _, err := os.Stat(f.path("lock")); errors.Is(err, fs.ErrNotExist) {
			return nil, noFolder(dir)
		}
	}
	// O_NONBLOCK: a pipe of that name must not hang.
	if f.lock, err = os.OpenFile(f.path("lock"), os.O_RDWR|os.O_CREATE|syscall.O_NONBLOCK, 0o600); err != nil {
		return nil, notOurs(dir, err)
	}
	deadline := time.Now().Add(wait)
	for {
		err := syscall.Flock(int(f.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			break
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errors.Join(fmt.Errorf("lock data folder: %w", err), f.lock.Close())
		}
		_, rerr := readReach(dir)
		if rerr == nil {
			return nil, errors.Join(errServed, f.lock.Close())
		}
		if time.Now().After(deadline) {
			holder, _ := os.ReadFile(f.path("lock")) // its text only helps the reader
			if errors.Is(rerr, fault.Damaged) {
				return nil, errors.Join(&refusedError{reason: fmt.Sprintf("%s does not say how to reach the server that holds the data folder (%s): %v; "+
					"stop that process and start shuniu serve again, which writes the file anew (serve.json 已损坏，无法连接正在运行的服务；请重启该服务)",
					f.path("serve.json"), strings.TrimSpace(string(holder)), rerr)}, f.lock.Close())
			}
			return nil, errors.Join(&refusedError{reason: fmt.Sprintf("the data folder %s is held by another command (%s); try again when it is done (数据目录正被其他命令占用)",
				dir, strings.TrimSpace(string(holder)))}, f.lock.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), f.lock.Close())
		case <-time.After(50 * time.Millisecond):
		}
	}
	if err := f.claim(a.command); err != nil {
		return nil, errors.Join(notOurs(dir, err), f.lock.Close())
	}
	return f, nil
}

// claim writes who holds the folder and sweeps what dead holders left.
func (f *folder) claim(command string) error {
	// The command only: its arguments may hold what nobody else should read.
	text := fmt.Sprintf("pid %d: %s\n", os.Getpid(), command)
	if err := f.lock.Truncate(0); err != nil {
		return fmt.Errorf("lock data folder: %w", err)
	}
	switch command {
	case "query", "doctor":
		f.useReserve()
	case "serve":
		f.tendReserve()
	default:
		f.keepReserve()
	}
	// The text only helps a reader, so a full disk does not matter.
	if _, err := f.lock.WriteAt([]byte(text), 0); err != nil && !errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("lock data folder: %w", err)
	}
	if err := os.Remove(f.path("serve.json")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("sweep data folder: %w", err)
	}
	if err := os.RemoveAll(f.path("tmp")); err != nil {
		return fmt.Errorf("sweep data folder: %w", err)
	}
	for _, d := range []string{"tmp", "originals", "uploads", "lake"} {
		if err := durable.MkdirAll(f.path(d), 0o750); err != nil {
			return fmt.Errorf("make data folder: %w", err)
		}
	}
	return nil
}

// checkStore refuses a folder that has tables and no metadata store: a new one
// would know nothing of them. The store is made, and durable, before the first
// table's first file.
func (f *folder) checkStore() error {
	store := f.path("meta.db")
	st, err := os.Stat(store)
	if err == nil && st.Size() > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil // the store itself says what is wrong with it
	}
	tables := false
	err = filepath.WalkDir(f.path("lake"), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			tables = true
			return fs.SkipAll
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("look for tables: %w", err)
	}
	if !tables {
		return nil
	}
	return fmt.Errorf("the metadata store %s is missing or empty, and the tables in %s cannot be found without it; nothing was changed: "+
		"restore meta.db from a backup, or name the PostgreSQL store in the configuration if this folder has one "+
		"(元数据库丢失，数据文件还在，本次未做任何改动；请从备份恢复 meta.db，若元数据在 PostgreSQL 中请用 --config 指定): %w",
		store, f.path("lake"), fault.Damaged)
}

// notOurs says what to do about a folder that this process may not write; other
// errors come back as they are.
func notOurs(dir string, err error) error {
	lock := filepath.Join(dir, "lock")
	switch {
	case errors.Is(err, syscall.EROFS):
		return &refusedError{reason: fmt.Sprintf("the data folder %s is on a read-only file system, and every command must hold it: %v; nothing was changed: "+
			"mount it for writing, or work on a copy (数据目录所在的文件系统是只读的)", dir, err)}
	case errors.Is(err, fs.ErrPermission):
		owner := "unknown"
		if st, serr := os.Stat(dir); serr == nil {
			if sys, ok := st.Sys().(*syscall.Stat_t); ok {
				owner = strconv.Itoa(int(sys.Uid))
			}
		}
		return &refusedError{reason: fmt.Sprintf("this account (uid %d) may not write the data folder %s (of uid %s): %v; nothing was changed: "+
			"run shuniu as the folder's owner, or give it back with chown -R (当前账号无权写入数据目录；请用目录所有者的账号运行)", os.Getuid(), dir, owner, err)}
	case errors.Is(err, syscall.EISDIR), errors.Is(err, syscall.ENXIO):
		return &refusedError{reason: fmt.Sprintf("%s is no file: %v; nothing was changed: when no shuniu runs on this folder, remove it and try again (lock 不是文件)", lock, err)}
	}
	return fmt.Errorf("data folder: %w", err)
}

// announce tells commands how to reach the server in this process.
func (f *folder) announce(r reach) error {
	raw, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return durable.WriteFile(f.path("serve.json"), raw, 0o600)
}

// close lets the folder go.
func (f *folder) close() error {
	err := os.Remove(f.path("serve.json"))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	tmp := os.RemoveAll(f.path("tmp"))
	f.keepReserve()
	return errors.Join(err, tmp, f.lock.Close())
}

// readReach reads serve.json of a live server; fault.NotFound when there is none.
func readReach(dir string) (reach, error) {
	name := filepath.Join(dir, "serve.json")
	if st, err := os.Stat(name); err == nil && !st.Mode().IsRegular() { // a pipe would hang
		return reach{}, fmt.Errorf("serve.json is damaged: it is no file: %w", fault.Damaged)
	}
	raw, err := os.ReadFile(name)
	if err != nil {
		return reach{}, fmt.Errorf("%w: %w", err, fault.NotFound)
	}
	var r reach
	if err := json.Unmarshal(raw, &r); err != nil {
		return reach{}, fmt.Errorf("serve.json is damaged: %w: %w", err, fault.Damaged)
	}
	if u, err := url.Parse(r.URL); err != nil || u.Host == "" || r.Token == "" {
		return reach{}, fmt.Errorf("serve.json is damaged: it names no server and token: %w", fault.Damaged)
	}
	if r.PID > 0 && syscall.Kill(r.PID, 0) != nil {
		return reach{}, fmt.Errorf("the server of serve.json is gone: %w", fault.NotFound)
	}
	return r, nil
}
