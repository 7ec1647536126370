package iceberg

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"

	iceio "github.com/apache/iceberg-go/io"
	"golang.org/x/sync/errgroup"

	"shuniu/durable"
	"shuniu/fault"
)

// syncers is how many fsyncs of one commit wait at a time: the file system
// answers them together.
const syncers = 8

// A sum is what a metadata file must be.
type sum struct {
	sha256 string // hex
	size   int64
}

// files is the file access of one commit of one table. What it writes is
// remembered with its digest; settle fsyncs all of it, and the folders it
// stands in, before the catalogue is told.
type files struct {
	lake *Lake

	mu       sync.Mutex
	written  map[string]sum
	unsynced []*os.File
	dirty    map[string]bool // folders with new names
	poisoned bool            // an fsync failed: nothing of this commit may be used
}

func newFiles(l *Lake) *files {
	return &files{lake: l, written: map[string]sum{}, dirty: map[string]bool{}}
}

// io binds f to the context of one call, as iceberg-go wants it.
func (f *files) io(ctx context.Context) (iceio.IO, error) {
	return boundFiles{files: f, want: func(rel string) (sum, error) {
		f.mu.Lock()
		s, ok := f.written[rel] // a merge reads what this commit has written
		f.mu.Unlock()
		if ok {
			return s, nil
		}
		return f.lake.sumOf(ctx, rel)
	}}, nil
}

type boundFiles struct {
	*files
	want func(rel string) (sum, error)
}

var (
	_ iceio.WriteFileIO = boundFiles{}
	_ iceio.ReadFileIO  = boundFiles{}
	_ iceio.WriteFileIO = plainFiles{}
)

// Open opens a file of the lake. Metadata is read whole and checked by its
// digest, fault.Damaged when it differs; data files are checked by Scan.
func (b boundFiles) Open(name string) (iceio.File, error) {
	rel, err := b.lake.rel(name)
	if err != nil {
		return nil, err
	}
	if path.Base(path.Dir(rel)) != "metadata" {
		return os.Open(b.lake.abs(rel))
	}
	data, err := b.lake.readMetadata(rel, b.want)
	if err != nil {
		return nil, err
	}
	st, err := os.Stat(b.lake.abs(rel))
	if err != nil {
		return nil, err
	}
	return &memFile{Reader: bytes.NewReader(data), info: st}, nil
}

// ReadFile reads a whole metadata file and checks it.
func (b boundFiles) ReadFile(name string) ([]byte, error) {
	rel, err := b.lake.rel(name)
	if err != nil {
		return nil, err
	}
	return b.lake.readMetadata(rel, b.want)
}

// readMetadata reads the file at rel and compares it with what want says.
func (l *Lake) readMetadata(rel string, want func(string) (sum, error)) ([]byte, error) {
	data, err := os.ReadFile(l.abs(rel))
	if err != nil {
		return nil, err
	}
	w, err := want(rel)
	if err != nil {
		return nil, err
	}
	if got := sha256.Sum256(data); w.size != int64(len(data)) || w.sha256 != hex.EncodeToString(got[:]) {
		return nil, fmt.Errorf("%s is not what was written: %w", l.abs(rel), fault.Damaged)
	}
	return data, nil
}

// sumOf returns what the metadata file at rel must be; fault.Damaged when the
// store knows of no such file.
func (l *Lake) sumOf(ctx context.Context, rel string) (sum, error) {
	l.mu.Lock()
	s, ok := l.sums[rel]
	l.mu.Unlock()
	if ok {
		return s, nil
	}
	err := l.db.Bun().NewRaw("SELECT sha256, size_bytes FROM lake_file WHERE path = ?", rel).Scan(ctx, &s.sha256, &s.size)
	if errors.Is(err, sql.ErrNoRows) {
		return sum{}, fmt.Errorf("%s is not a file the lake recorded: %w", l.abs(rel), fault.Damaged)
	}
	if err != nil {
		return sum{}, fmt.Errorf("look up digest of %s: %w", rel, err)
	}
	l.remember(map[string]sum{rel: s})
	return s, nil
}

func (l *Lake) remember(sums map[string]sum) {
	const most = 100_000 // some 20 MB
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.sums)+len(sums) > most {
		clear(l.sums)
	}
	for k, v := range sums {
		l.sums[k] = v
	}
}

// Create begins a new metadata file; a file that exists is an error.
func (b boundFiles) Create(name string) (iceio.FileWriter, error) {
	rel, err := b.lake.rel(name)
	if err != nil {
		return nil, err
	}
	if err := b.lake.ensureDir(path.Dir(rel)); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(b.lake.abs(rel), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, durable.Kind(err)
	}
	w := &metaWriter{files: b.files, rel: rel, f: f, hash: sha256.New()}
	w.buf = bufio.NewWriterSize(io.MultiWriter(f, w.hash), 64<<10)
	return w, nil
}

// WriteFile writes a whole metadata file.
func (b boundFiles) WriteFile(name string, data []byte) error {
	w, err := b.Create(name)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return errors.Join(err, w.Close())
}

// Remove removes a metadata file that is no longer named.
func (b boundFiles) Remove(name string) error {
	rel, err := b.lake.rel(name)
	if err != nil {
		return err
	}
	return os.Remove(b.lake.abs(rel))
}

// note tells that the folder rel has new names.
func (f *files) note(rel string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dirty[rel] = true
}

// settle makes all that was written durable: the files together, then the
// folders together. When an fsync fails the files are gone: what the kernel
// shows of them may not be on the disk, and a second fsync would lie.
func (f *files) settle() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var g errgroup.Group
	g.SetLimit(syncers)
	for _, file := range f.unsynced {
		g.Go(func() error {
			if err := errors.Join(file.Sync(), file.Close()); err != nil {
				return fmt.Errorf("sync %s: %w", file.Name(), durable.Kind(err))
			}
			return nil
		})
	}
	err := g.Wait()
	f.unsynced = nil
	if err == nil {
		for d := range f.dirty {
			g.Go(func() error { return durable.SyncDir(f.lake.abs(d)) })
		}
		err = g.Wait()
	}
	clear(f.dirty)
	if err != nil {
		f.poisoned = true
		f.removeWritten()
	}
	return err
}

// discard removes what was written by a commit that surely failed.
func (f *files) discard() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, file := range f.unsynced {
		_ = file.Close() // removed next
	}
	f.unsynced = nil
	f.removeWritten()
}

func (f *files) removeWritten() {
	for rel := range f.written {
		_ = os.Remove(f.lake.abs(rel)) // swept later otherwise
	}
	clear(f.written)
}

// metaWriter writes one metadata file and remembers its digest.
type metaWriter struct {
	files *files
	rel   string
	f     *os.File
	buf   *bufio.Writer
	hash  hash.Hash
	size  int64
	err   error
}

func (w *metaWriter) Write(p []byte) (int, error) {
	n, err := w.buf.Write(p)
	w.size += int64(n)
	if err != nil {
		w.err = durable.Kind(err)
	}
	return n, w.err
}

// ReadFrom copies r through Write, so that the digest sees all of it.
func (w *metaWriter) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{w}, r)
}

// Close ends the writing; settle makes it durable.
func (w *metaWriter) Close() error {
	err := w.err
	if err == nil {
		err = w.buf.Flush()
	}
	if err != nil {
		err = durable.Kind(errors.Join(err, w.f.Close(), os.Remove(w.f.Name())))
		return fmt.Errorf("write %s: %w", w.rel, err)
	}
	w.files.mu.Lock()
	defer w.files.mu.Unlock()
	w.files.written[w.rel] = sum{sha256: hex.EncodeToString(w.hash.Sum(nil)), size: w.size}
	w.files.unsynced = append(w.files.unsynced, w.f)
	w.files.dirty[path.Dir(w.rel)] = true
	return nil
}

// ensureDir makes the folder rel and what is missing above it, and makes the
// names durable up to the lake's folder, once in the life of the process: a
// folder that is there may stem from a process that died before its fsync.
func (l *Lake) ensureDir(rel string) error {
	if rel == "." || rel == "" {
		return nil
	}
	l.mu.Lock()
	known := l.dirs[rel]
	l.mu.Unlock()
	if known {
		return nil
	}
	if err := os.Mkdir(l.abs(rel), 0o750); errors.Is(err, os.ErrNotExist) {
		if err := l.ensureDir(path.Dir(rel)); err != nil {
			return err
		}
		return l.ensureDir(rel)
	} else if err != nil && !errors.Is(err, os.ErrExist) {
		return durable.Kind(err)
	}
	if err := l.ensureDir(path.Dir(rel)); err != nil {
		return err
	}
	if err := durable.SyncDir(l.abs(path.Dir(rel))); err != nil {
		return err
	}
	l.mu.Lock()
	l.dirs[rel] = true
	l.mu.Unlock()
	return nil
}

// newTable makes the folders of a new table; settle makes their names
// durable, together with the table's first file.
func (f *files) newTable(rel string) error {
	station := path.Dir(rel)
	if err := f.lake.ensureDir(station); err != nil {
		return err
	}
	dirs := []string{rel, rel + "/metadata", rel + "/data"}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lake.mu.Lock()
	defer f.lake.mu.Unlock()
	for _, d := range dirs {
		if err := os.Mkdir(f.lake.abs(d), 0o750); err != nil {
			return durable.Kind(err)
		}
		f.lake.dirs[d] = true // create forgets them if settle fails
	}
	f.dirty[station], f.dirty[rel] = true, true
	return nil
}

// memFile is a metadata file that was read and checked.
type memFile struct {
	*bytes.Reader
	info fs.FileInfo
}

func (m *memFile) Stat() (fs.FileInfo, error) { return m.info, nil }
func (m *memFile) Close() error               { return nil }

// plainFiles is what iceberg-go gets for file:/// outside a Lake's own
// commits: durable, without digests.
type plainFiles struct{}

func local(name string) string { return strings.TrimPrefix(name, "file://") }

func (plainFiles) Open(name string) (iceio.File, error) { return os.Open(local(name)) }
func (plainFiles) Remove(name string) error             { return os.Remove(local(name)) }

func (plainFiles) WriteFile(name string, data []byte) error {
	if err := durable.MkdirAll(path.Dir(local(name)), 0o750); err != nil {
		return err
	}
	return durable.WriteFile(local(name), data, 0o640)
}

func (plainFiles) Create(name string) (iceio.FileWriter, error) {
	if err := durable.MkdirAll(path.Dir(local(name)), 0o750); err != nil {
		return nil, err
	}
	return durable.Create(local(name), 0o640)
}
