//go:build !race

package worker

// addressSpace is RLIMIT_AS for a child that may hold memory bytes; 0: none.
// Go reserves address space that it never touches, hence the second GiB.
func addressSpace(memory int64) uint64 {
	if memory <= 0 {
		return 0
	}
	return uint64(memory) + 2<<30
}
