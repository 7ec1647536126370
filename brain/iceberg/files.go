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

	"shuniu/durable"
	"shuniu/fault"
)

// A sum is what a metadata file must be.
type sum struct {
	sha256 string // hex
	size   int64
}

// files is the file access of one commit of one table: what it writes is
// fsynced when closed and remembered with its digest, and the folders it
// wrote into are fsynced by settle before the catalogue is told.
type files struct {
	lake *Lake

	mu      sync.Mutex
	written map[string]sum
	dirty   map[string]bool
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
	f, err := os.OpenFile(b.lake.abs(rel), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
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

// settle makes the names of all files written so far durable.
func (f *files) settle() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for d := range f.dirty {
		if err := durable.SyncDir(f.lake.abs(d)); err != nil {
			return fmt.Errorf("sync %s: %w", d, err)
		}
		delete(f.dirty, d)
	}
	return nil
}

// discard removes what was written by a commit that surely failed.
func (f *files) discard() {
	f.mu.Lock()
	defer f.mu.Unlock()
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

// Close fsyncs the file. After an error the file is gone: its commit must not
// go on (a second fsync would lie).
func (w *metaWriter) Close() error {
	err := w.err
	if err == nil {
		err = w.buf.Flush()
	}
	if err == nil {
		err = w.f.Sync()
	}
	err = durable.Kind(errors.Join(err, w.f.Close()))
	if err != nil {
		_ = os.Remove(w.f.Name())
		return fmt.Errorf("write %s: %w", w.rel, err)
	}
	w.files.mu.Lock()
	defer w.files.mu.Unlock()
	w.files.written[w.rel] = sum{sha256: hex.EncodeToString(w.hash.Sum(nil)), size: w.size}
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
