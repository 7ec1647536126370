package powerfs

import (
	"math/rand/v2"
	"slices"
	"time"
)

const pageSize = 4096

// A node is a file or a folder: as programs see it, and as it is on the disk.
type node struct {
	ino   uint64
	mode  uint32 // permission bits
	mtime time.Time
	links uint32

	// Of a file. Pages are never changed in place once they are on the disk.
	pages [][]byte
	size  int64
	dirty map[int]bool // pages changed since the last fsync, successful or not
	saved [][]byte
	ssize int64

	// Of a folder.
	kids  map[string]*node
	skids map[string]*node
}

func (n *node) isDir() bool { return n.kids != nil }

func newFile(ino uint64, mode uint32) *node {
	return &node{ino: ino, mode: mode, mtime: time.Now(), links: 1, dirty: map[int]bool{}}
}

func newFolder(ino uint64, mode uint32) *node {
	return &node{ino: ino, mode: mode, mtime: time.Now(), links: 1, kids: map[string]*node{}, skids: map[string]*node{}}
}

// read copies from the file as programs see it.
func (n *node) read(dest []byte, off int64) int {
	if off >= n.size {
		return 0
	}
	dest = dest[:min(int64(len(dest)), n.size-off)]
	for done := 0; done < len(dest); {
		at := off + int64(done)
		page, in := int(at/pageSize), int(at%pageSize)
		k := min(pageSize-in, len(dest)-done)
		if page < len(n.pages) && n.pages[page] != nil {
			copy(dest[done:done+k], n.pages[page][in:])
		} else {
			clear(dest[done : done+k])
		}
		done += k
	}
	return len(dest)
}

// write changes the file as programs see it.
func (n *node) write(data []byte, off int64) {
	n.resize(max(n.size, off+int64(len(data))))
	for done := 0; done < len(data); {
		at := off + int64(done)
		page, in := int(at/pageSize), int(at%pageSize)
		done += copy(n.own(page)[in:], data[done:])
	}
	n.mtime = time.Now()
}

// own returns a page that may be changed.
func (n *node) own(page int) []byte {
	if !n.dirty[page] || n.pages[page] == nil {
		fresh := make([]byte, pageSize)
		copy(fresh, n.pages[page])
		n.pages[page] = fresh
		n.dirty[page] = true
	}
	return n.pages[page]
}

func (n *node) resize(size int64) {
	count := int((size + pageSize - 1) / pageSize)
	if size < n.size {
		if in := size % pageSize; in != 0 && n.pages[count-1] != nil {
			clear(n.own(count - 1)[in:])
		}
		for p := range n.dirty {
			if p >= count {
				delete(n.dirty, p)
			}
		}
		n.pages = slices.Clone(n.pages[:count])
	}
	for len(n.pages) < count {
		n.dirty[len(n.pages)] = true // a hole, whatever the disk has there
		n.pages = append(n.pages, nil)
	}
	n.size = size
	n.mtime = time.Now()
}

// save puts the bytes of a file on the disk.
func (n *node) save() {
	saved := slices.Clone(n.saved)
	saved = append(saved, make([][]byte, max(0, len(n.pages)-len(saved)))...)[:len(n.pages)]
	for p := range n.dirty {
		saved[p] = n.pages[p]
	}
	n.saved, n.ssize = saved, n.size
	clear(n.dirty)
}

// forget is a failed fsync: the pages count as clean and are not on the disk.
func (n *node) forget() { clear(n.dirty) }

// saveNames puts the names in a folder, with deep in all below it, on the disk.
func (n *node) saveNames(deep bool) {
	if !n.isDir() {
		return
	}
	clear(n.skids)
	for name, k := range n.kids {
		n.skids[name] = k
		if deep {
			k.saveNames(true)
		}
	}
}

// A survivor builds the tree that is found after a cut.
type survivor struct {
	toss func() bool // keep this page, or this name, although nobody synced it?
	seen map[*node]*node
}

func (s *survivor) node(n *node) *node {
	if k, ok := s.seen[n]; ok {
		k.links++
		return k
	}
	if n.isDir() {
		k := newFolder(n.ino, n.mode)
		s.seen[n] = k
		for _, name := range namesOf(n.kids, n.skids) {
			seen, saved := n.kids[name], n.skids[name]
			if seen != saved && s.toss() {
				saved = seen
			}
			if saved != nil {
				k.kids[name] = s.node(saved)
			}
		}
		k.saveNames(false)
		return k
	}
	k := newFile(n.ino, n.mode)
	k.mtime = n.mtime
	s.seen[n] = k
	k.pages, k.size = slices.Clone(n.saved), n.ssize
	for _, p := range slices.Sorted(keys(n.dirty)) {
		if p < len(n.pages) && s.toss() {
			for len(k.pages) <= p {
				k.pages = append(k.pages, nil)
			}
			k.pages[p] = n.pages[p]
			k.size = max(k.size, min(n.size, int64(p+1)*pageSize))
		}
	}
	k.saved, k.ssize = slices.Clone(k.pages), k.size
	return k
}

func namesOf(a, b map[string]*node) []string {
	var out []string
	for k := range a {
		out = append(out, k)
	}
	for k := range b {
		if a[k] == nil {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

func keys(m map[int]bool) func(func(int) bool) {
	return func(yield func(int) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// coin returns the toss of a cut: never, or by chance from seed.
func coin(mixed bool, seed uint64) func() bool {
	if !mixed {
		return func() bool { return false }
	}
	r := rand.New(rand.NewPCG(seed, 1))
	return func() bool { return r.IntN(2) == 0 }
}
