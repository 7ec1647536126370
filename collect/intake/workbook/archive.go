package workbook

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"shuniu/collect/intake/tabular"

	"github.com/klauspost/compress/flate"
)

// Bounds of one workbook. They are far above real files and far below what a
// worker may take.
const (
	maxParts     = 20000
	maxPart      = 6 << 30  // bytes of one part inflated
	maxRatio     = 500      // inflated over packed, once a part is large
	largePart    = 48 << 20 // from here on the ratio counts
	maxStrings   = 768 << 20
	maxCells     = 40 << 20
	maxSmallPart = 64 << 20 // styles, relations, the list of sheets
	maxRows      = 1 << 20
	maxColumns   = 1 << 14
	maxSheets    = 4096
)

func refuse(kind, message, hint string) error {
	return &tabular.Refusal{Kind: kind, Message: message, Hint: hint}
}

func damaged(what string) error {
	return refuse("damaged", what, "请用办公软件打开、另存一份再交；打不开时请向来源单位重新索取。")
}

func tooLarge(what string) error {
	return refuse("too_large", what, "请拆成几个文件，或导出为 CSV 再交。")
}

func tooManySheets() error {
	return tooLarge(fmt.Sprintf("工作簿里的工作表超过 %d 张，一次读不完。", maxSheets))
}

// An archive is a zip whose parts are read with bounds.
type archive struct {
	parts map[string]*zip.File // by lower-case path without leading slash
	raw   int64                // bytes of the whole file
}

func openArchive(r io.ReaderAt, size int64) (*archive, error) {
	zr, err := zip.NewReader(r, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, damaged("文件不完整或已损坏，压缩包的目录读不出来。")
	}
	if len(zr.File) > maxParts {
		return nil, tooLarge(fmt.Sprintf("压缩包里有 %d 个部件，超过上限。", len(zr.File)))
	}
	zr.RegisterDecompressor(zip.Deflate, flate.NewReader)
	a := &archive{parts: make(map[string]*zip.File, len(zr.File)), raw: size}
	for _, f := range zr.File {
		name := partName(f.Name)
		if _, dup := a.parts[name]; !dup {
			a.parts[name] = f
		}
	}
	return a, nil
}

func partName(name string) string {
	return strings.ToLower(strings.TrimPrefix(path.Clean("/"+strings.ReplaceAll(name, "\\", "/")), "/"))
}

func (a *archive) has(name string) bool { return a.parts[partName(name)] != nil }

// errTooLarge ends the reading of a part that inflates beyond its bounds.
var errTooLarge = errors.New("inflates beyond the bounds")

// open reads a part; most bounds its inflated bytes.
func (a *archive) open(name string, most int64) (io.ReadCloser, error) {
	f := a.parts[partName(name)]
	if f == nil {
		return nil, damaged(fmt.Sprintf("文件缺少部件 %s。", name))
	}
	if f.Flags&1 != 0 {
		return nil, refuse("encrypted", "文件加了密码。", "请去掉密码后再交。")
	}
	rc, err := f.Open()
	if err != nil {
		return nil, damaged(fmt.Sprintf("部件 %s 读不出来。", name))
	}
	return &bounded{ReadCloser: rc, left: most, packed: int64(f.CompressedSize64)}, nil
}

type bounded struct {
	io.ReadCloser
	left, read, packed int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	b.left -= int64(n)
	if b.left < 0 || b.read > largePart && b.read/maxRatio > b.packed {
		return 0, errTooLarge
	}
	return n, err
}

// ahead inflates on another core while the caller parses.
type ahead struct {
	full, free chan []byte
	stop, done chan struct{}
	cur        []byte
	buf        []byte
	err        error
	src        io.Closer
}

func readAhead(src io.ReadCloser) *ahead {
	a := &ahead{full: make(chan []byte, 4), free: make(chan []byte, 6), stop: make(chan struct{}), done: make(chan struct{}), src: src}
	for range 6 {
		a.free <- make([]byte, 128<<10)
	}
	go func() {
		defer close(a.done)
		defer close(a.full)
		for {
			var b []byte
			select {
			case b = <-a.free:
			case <-a.stop:
				return
			}
			n, err := io.ReadFull(src, b[:cap(b)])
			if n > 0 {
				select {
				case a.full <- b[:n]:
				case <-a.stop:
					return
				}
			}
			if err != nil {
				if err == io.ErrUnexpectedEOF && n > 0 {
					err = io.EOF
				}
				a.err = err
				return
			}
		}
	}()
	return a
}

func (a *ahead) Read(p []byte) (int, error) {
	if len(a.cur) == 0 {
		if a.buf != nil {
			a.free <- a.buf
			a.buf = nil
		}
		b, ok := <-a.full
		if !ok {
			if a.err != nil {
				return 0, a.err
			}
			return 0, io.EOF
		}
		a.cur, a.buf = b, b
	}
	n := copy(p, a.cur)
	a.cur = a.cur[n:]
	return n, nil
}

func (a *ahead) Close() error {
	close(a.stop)
	<-a.done
	return a.src.Close()
}
