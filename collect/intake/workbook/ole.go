package workbook

import (
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"unicode/utf16"
)

// A compound is the directory of an OLE compound file; its streams are read
// into memory. Every chain is followed at most once through the file's sectors,
// so a chain that loops ends. Source: [MS-CFB].
type compound struct {
	r       io.ReaderAt
	size    int64
	sector  int64
	fat     []uint32
	minifat []uint32
	mini    []byte
	streams map[string]entry // by lower-case name; the first of a name
}

type entry struct {
	start uint32
	size  int64
}

var errCompound = errors.New("damaged compound file")

const (
	endOfChain  = 0xFFFFFFFE
	maxStream   = 1 << 30
	miniCutoff  = 4096
	miniSector  = 64
	maxDirEntry = 1 << 16
)

func openCompound(r io.ReaderAt, size int64) (*compound, error) {
	var h [512]byte
	if n, err := r.ReadAt(h[:], 0); n < len(h) && err != nil {
		return nil, errCompound
	}
	shift := binary.LittleEndian.Uint16(h[30:])
	if shift != 9 && shift != 12 {
		return nil, errCompound
	}
	c := &compound{r: r, size: size, sector: 1 << shift, streams: map[string]entry{}}
	sectors := size/c.sector + 1
	// The allocation table: its sectors are listed in the header and in a chain.
	var list []uint32
	for i := 76; i < 512; i += 4 {
		if s := binary.LittleEndian.Uint32(h[i:]); s < 0xFFFFFFFA {
			list = append(list, s)
		}
	}
	next := binary.LittleEndian.Uint32(h[68:])
	for hops := int64(0); next < 0xFFFFFFFA && hops < sectors; hops++ {
		b, err := c.at(next)
		if err != nil {
			return nil, err
		}
		for i := 0; i+8 <= len(b); i += 4 {
			if s := binary.LittleEndian.Uint32(b[i:]); s < 0xFFFFFFFA {
				list = append(list, s)
			}
		}
		next = binary.LittleEndian.Uint32(b[len(b)-4:])
	}
	if int64(len(list)) > sectors {
		list = list[:sectors]
	}
	for _, s := range list {
		b, err := c.at(s)
		if err != nil {
			return nil, err
		}
		for i := 0; i < len(b); i += 4 {
			c.fat = append(c.fat, binary.LittleEndian.Uint32(b[i:]))
		}
	}
	dir, err := c.chain(binary.LittleEndian.Uint32(h[48:]), maxDirEntry*128)
	if err != nil {
		return nil, err
	}
	var root entry
	for i := 0; i+128 <= len(dir); i += 128 {
		e := dir[i : i+128]
		n := int(binary.LittleEndian.Uint16(e[64:]))
		kind := e[66]
		if n < 2 || n > 64 || kind != 2 && kind != 5 {
			continue
		}
		u := make([]uint16, 0, 32)
		for k := 0; k+2 <= n-2; k += 2 {
			u = append(u, binary.LittleEndian.Uint16(e[k:]))
		}
		x := entry{binary.LittleEndian.Uint32(e[116:]), int64(binary.LittleEndian.Uint32(e[120:]))}
		if kind == 5 {
			root = x
			continue
		}
		name := strings.ToLower(string(utf16.Decode(u)))
		if _, dup := c.streams[name]; !dup {
			c.streams[name] = x
		}
	}
	if b, err := c.chain(binary.LittleEndian.Uint32(h[60:]), maxStream); err == nil {
		for i := 0; i+4 <= len(b); i += 4 {
			c.minifat = append(c.minifat, binary.LittleEndian.Uint32(b[i:]))
		}
	}
	if len(c.minifat) > 0 {
		if c.mini, err = c.chain(root.start, maxStream); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// at reads one sector; the last one of a file may be short.
func (c *compound) at(s uint32) ([]byte, error) {
	off := (int64(s) + 1) * c.sector
	if off >= c.size {
		return nil, errCompound
	}
	b := make([]byte, c.sector)
	n, err := c.r.ReadAt(b, off)
	if n == 0 && err != nil {
		return nil, errCompound
	}
	return b, nil
}

func (c *compound) chain(s uint32, most int64) ([]byte, error) {
	var out []byte
	for hops := 0; s < 0xFFFFFFFA && hops <= len(c.fat); hops++ {
		b, err := c.at(s)
		if err != nil {
			return nil, err
		}
		out = append(out, b...)
		if int64(len(out)) > most {
			return nil, errTooLarge
		}
		if int(s) >= len(c.fat) {
			return nil, errCompound
		}
		s = c.fat[s]
	}
	return out, nil
}

// read returns a stream, cut to its size. A stream that ends early gives what
// there is and errCompound.
func (c *compound) read(name string) ([]byte, bool, error) {
	e, ok := c.streams[strings.ToLower(name)]
	if !ok {
		return nil, false, nil
	}
	if e.size > maxStream {
		return nil, true, errTooLarge
	}
	var out []byte
	var err error
	if e.size < miniCutoff {
		s := e.start
		for hops := 0; int64(len(out)) < e.size && int(s) < len(c.minifat) && hops <= len(c.minifat); hops++ {
			lo := int(s) * miniSector
			if lo+miniSector > len(c.mini) {
				break
			}
			out = append(out, c.mini[lo:lo+miniSector]...)
			s = c.minifat[s]
		}
	} else {
		out, err = c.chain(e.start, min(e.size+c.sector, maxStream))
		if err != nil && !errors.Is(err, errTooLarge) {
			return nil, true, err
		}
		err = nil
	}
	if int64(len(out)) < e.size {
		return out, true, errCompound
	}
	return out[:e.size], true, err
}
