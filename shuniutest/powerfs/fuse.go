package powerfs

import (
	"context"
	"slices"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// An inode is go-fuse's view of a node in one epoch.
type inode struct {
	fs.Inode
	fs    *FS
	n     *node
	epoch int
}

var (
	_ fs.NodeGetattrer = (*inode)(nil)
	_ fs.NodeSetattrer = (*inode)(nil)
	_ fs.NodeLookuper  = (*inode)(nil)
	_ fs.NodeReaddirer = (*inode)(nil)
	_ fs.NodeCreater   = (*inode)(nil)
	_ fs.NodeMkdirer   = (*inode)(nil)
	_ fs.NodeUnlinker  = (*inode)(nil)
	_ fs.NodeRmdirer   = (*inode)(nil)
	_ fs.NodeLinker    = (*inode)(nil)
	_ fs.NodeRenamer   = (*inode)(nil)
	_ fs.NodeOpener    = (*inode)(nil)
	_ fs.NodeReader    = (*inode)(nil)
	_ fs.NodeWriter    = (*inode)(nil)
	_ fs.NodeFsyncer   = (*inode)(nil)
	_ fs.NodeFlusher   = (*inode)(nil)
	_ fs.NodeStatfser  = (*inode)(nil)
	_ fs.NodeAllocater = (*inode)(nil)
)

// enter locks the file system; EIO when the power of this inode's epoch is out.
func (i *inode) enter() (leave func(), errno syscall.Errno) {
	i.fs.mu.Lock()
	if i.epoch != i.fs.epoch {
		i.fs.mu.Unlock()
		return nil, syscall.EIO
	}
	return i.fs.mu.Unlock, 0
}

// change is enter for an operation that can fail by order.
func (i *inode) change(op Op) (leave func(), errno syscall.Errno) {
	leave, errno = i.enter()
	if errno != 0 {
		return nil, errno
	}
	if errno = i.fs.begin(op); errno != 0 {
		leave()
		return nil, errno
	}
	return leave, 0
}

func (i *inode) attr(a *fuse.Attr) {
	n := i.n
	a.Ino, a.Nlink = n.ino, n.links
	a.Mode = syscall.S_IFREG | n.mode
	if n.isDir() {
		a.Mode, a.Nlink = syscall.S_IFDIR|n.mode, 2
	}
	a.Size = uint64(n.size)
	a.Blocks = (a.Size + 511) / 512
	a.SetTimes(nil, &n.mtime, &n.mtime)
}

func (i *inode) child(ctx context.Context, n *node, out *fuse.EntryOut) *fs.Inode {
	k := &inode{fs: i.fs, n: n, epoch: i.epoch}
	k.attr(&out.Attr)
	mode := uint32(syscall.S_IFREG)
	if n.isDir() {
		mode = syscall.S_IFDIR
	}
	return i.NewInode(ctx, k, fs.StableAttr{Mode: mode, Ino: n.ino})
}

// Getattr is stat(2).
func (i *inode) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	leave, errno := i.enter()
	if errno != 0 {
		return errno
	}
	defer leave()
	i.attr(&out.Attr)
	return 0
}

// Setattr is truncate(2), chmod(2) and utimes(2).
func (i *inode) Setattr(_ context.Context, _ fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	size, sized := in.GetSize()
	var (
		leave func()
		errno syscall.Errno
	)
	if sized {
		leave, errno = i.change(Write)
	} else {
		leave, errno = i.enter()
	}
	if errno != 0 {
		return errno
	}
	defer leave()
	if sized {
		if errno := i.fs.take(int64(size) - i.n.size); errno != 0 {
			return errno
		}
		i.n.resize(int64(size))
	}
	if m, ok := in.GetMode(); ok {
		i.n.mode = m & 0o7777
	}
	if t, ok := in.GetMTime(); ok {
		i.n.mtime = t
	}
	i.attr(&out.Attr)
	return 0
}

// take accounts for more bytes; ENOSPC when they do not fit.
func (f *FS) take(more int64) syscall.Errno {
	if more > 0 && f.limit > 0 && f.used+more > f.limit {
		return syscall.ENOSPC
	}
	f.used += more
	return 0
}

// Lookup finds a name.
func (i *inode) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	leave, errno := i.enter()
	if errno != 0 {
		return nil, errno
	}
	defer leave()
	n, ok := i.n.kids[name]
	if !ok {
		return nil, syscall.ENOENT
	}
	return i.child(ctx, n, out), 0
}

// Readdir lists a folder.
func (i *inode) Readdir(context.Context) (fs.DirStream, syscall.Errno) {
	leave, errno := i.enter()
	if errno != 0 {
		return nil, errno
	}
	defer leave()
	var list []fuse.DirEntry
	for _, name := range namesOf(i.n.kids, nil) {
		mode := uint32(syscall.S_IFREG)
		if i.n.kids[name].isDir() {
			mode = syscall.S_IFDIR
		}
		list = append(list, fuse.DirEntry{Name: name, Mode: mode, Ino: i.n.kids[name].ino})
	}
	return fs.NewListDirStream(slices.Clip(list)), 0
}

// Create is open(2) of a new file.
func (i *inode) Create(ctx context.Context, name string, _, mode uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	leave, errno := i.change(Create)
	if errno != 0 {
		return nil, nil, 0, errno
	}
	defer leave()
	if i.n.kids[name] != nil {
		return nil, nil, 0, syscall.EEXIST
	}
	i.fs.inos++
	n := newFile(i.fs.inos, mode&0o7777)
	i.n.kids[name] = n
	return i.child(ctx, n, out), nil, 0, 0
}

// Mkdir is mkdir(2).
func (i *inode) Mkdir(ctx context.Context, name string, mode uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	leave, errno := i.change(Mkdir)
	if errno != 0 {
		return nil, errno
	}
	defer leave()
	if i.n.kids[name] != nil {
		return nil, syscall.EEXIST
	}
	i.fs.inos++
	n := newFolder(i.fs.inos, mode&0o7777)
	i.n.kids[name] = n
	return i.child(ctx, n, out), 0
}

// drop takes a name away from what programs see.
func (i *inode) drop(name string) {
	n := i.n.kids[name]
	delete(i.n.kids, name)
	if n.links--; n.links == 0 {
		i.fs.used -= n.size
	}
}

// Unlink is unlink(2).
func (i *inode) Unlink(_ context.Context, name string) syscall.Errno {
	leave, errno := i.change(Remove)
	if errno != 0 {
		return errno
	}
	defer leave()
	if i.n.kids[name] == nil {
		return syscall.ENOENT
	}
	i.drop(name)
	return 0
}

// Rmdir is rmdir(2).
func (i *inode) Rmdir(_ context.Context, name string) syscall.Errno {
	leave, errno := i.change(Remove)
	if errno != 0 {
		return errno
	}
	defer leave()
	n := i.n.kids[name]
	switch {
	case n == nil:
		return syscall.ENOENT
	case len(n.kids) > 0:
		return syscall.ENOTEMPTY
	}
	delete(i.n.kids, name)
	return 0
}

// Link is link(2).
func (i *inode) Link(_ context.Context, target fs.InodeEmbedder, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	leave, errno := i.change(Create)
	if errno != 0 {
		return nil, errno
	}
	defer leave()
	old, ok := target.(*inode)
	if !ok {
		return nil, syscall.EXDEV
	}
	if i.n.kids[name] != nil {
		return nil, syscall.EEXIST
	}
	old.n.links++
	i.n.kids[name] = old.n
	old.attr(&out.Attr)
	return old.EmbeddedInode(), 0
}

// Rename is rename(2), with RENAME_NOREPLACE.
func (i *inode) Rename(_ context.Context, name string, parent fs.InodeEmbedder, newName string, flags uint32) syscall.Errno {
	const noReplace = 1
	leave, errno := i.change(Rename)
	if errno != 0 {
		return errno
	}
	defer leave()
	to, ok := parent.(*inode)
	n := i.n.kids[name]
	switch {
	case !ok:
		return syscall.EXDEV
	case n == nil:
		return syscall.ENOENT
	case flags&^noReplace != 0:
		return syscall.EINVAL
	}
	if old := to.n.kids[newName]; old == n {
		return 0
	} else if old != nil {
		switch {
		case flags&noReplace != 0:
			return syscall.EEXIST
		case len(old.kids) > 0:
			return syscall.ENOTEMPTY
		}
		to.drop(newName)
	}
	to.n.kids[newName] = n
	delete(i.n.kids, name)
	return 0
}

// Open is open(2) of what exists.
func (i *inode) Open(_ context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	if flags&syscall.O_TRUNC == 0 {
		leave, errno := i.enter()
		if errno == 0 {
			leave()
		}
		return nil, 0, errno
	}
	leave, errno := i.change(Write)
	if errno != 0 {
		return nil, 0, errno
	}
	defer leave()
	i.fs.used -= i.n.size
	i.n.resize(0)
	return nil, 0, 0
}

// Read is read(2).
func (i *inode) Read(_ context.Context, _ fs.FileHandle, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	leave, errno := i.enter()
	if errno != 0 {
		return nil, errno
	}
	defer leave()
	return fuse.ReadResultData(dest[:i.n.read(dest, off)]), 0
}

// Write is write(2). What does not fit is not written at all.
func (i *inode) Write(_ context.Context, _ fs.FileHandle, data []byte, off int64) (uint32, syscall.Errno) {
	leave, errno := i.change(Write)
	if errno != 0 {
		return 0, errno
	}
	defer leave()
	if errno := i.fs.take(max(0, off+int64(len(data))-i.n.size)); errno != 0 {
		return 0, errno
	}
	i.n.write(data, off)
	return uint32(len(data)), 0
}

// Fsync is fsync(2), of files and folders.
func (i *inode) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	leave, errno := i.enter()
	if errno != 0 {
		return errno
	}
	defer leave()
	if errno := i.fs.begin(Fsync); errno != 0 {
		if !i.n.isDir() && i.epoch == i.fs.epoch {
			i.n.forget()
		}
		return errno
	}
	if i.n.isDir() {
		i.n.saveNames(false)
	} else {
		i.n.save()
	}
	if i.fs.mode == Ext4 {
		i.fs.root.saveNames(true)
	}
	return 0
}

// Flush is close(2).
func (i *inode) Flush(context.Context, fs.FileHandle) syscall.Errno { return 0 }

// Allocate is fallocate(2), which is not offered.
func (i *inode) Allocate(context.Context, fs.FileHandle, uint64, uint64, uint32) syscall.Errno {
	return syscall.ENOTSUP
}

// Statfs is statfs(2).
func (i *inode) Statfs(_ context.Context, out *fuse.StatfsOut) syscall.Errno {
	leave, errno := i.enter()
	if errno != 0 {
		return errno
	}
	defer leave()
	out.Bsize, out.Frsize, out.NameLen = pageSize, pageSize, 255
	out.Files, out.Ffree = 1<<20, 1<<19
	size := i.fs.limit
	if size == 0 {
		size = 1 << 40
	}
	out.Blocks = uint64(size) / pageSize
	out.Bfree = uint64(max(0, size-i.fs.used)) / pageSize
	out.Bavail = out.Bfree
	return 0
}
