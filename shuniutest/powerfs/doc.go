// Package powerfs is a file system for tests, in memory and mounted by FUSE,
// whose power can be cut: it keeps what programs see and what would be on the
// disk apart, and a cut leaves only the second. It also fails the n-th write,
// fsync, rename or mkdir with any error, and fills up at a given size.
//
//	fs := powerfs.Mount(t, powerfs.Strict)
//	… start a program that works below fs.Dir() …
//	fs.Cut(func() { program.Process.Kill() })
//	… start it again: is all there that it acknowledged? …
//
// The two modes differ in when a name is on the disk. Ext4: any fsync commits
// all names, as the journal of ext4 does. Strict: a name is there when its
// folder was fsynced, which is all that POSIX promises. In both, the bytes of
// a file are there when that file was fsynced. A cut may also keep some of what
// was not synced, page by page by the toss of a coin (Mixed), as a kernel that
// was writing back would.
//
// A failed fsync drops the pages it was to write, as Linux does: programs still
// read them, but a second fsync does not write them.
//
// kill -9 alone finds none of the faults this finds: in 34 kills of a program
// that lost every table to a power cut, nothing was lost.
package powerfs
