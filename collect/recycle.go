package collect

import (
	"math/bits"
	"sync"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// A recycler is the allocator of one stream: the columns of a batch are of
// about the same size as those of the last one, so their memory is used again
// instead of being found, cleared and collected anew for each.
type recycler struct {
	mu   sync.Mutex
	free [bits.UintSize][][]byte // by the power of two that is their capacity
}

var _ memory.Allocator = (*recycler)(nil)

// Small pieces are not worth the lock, and more than a few batches never are
// on their way at once.
const (
	recycledFrom = 4 << 10
	recycledMost = 64
)

// Allocate gives size bytes; what is in them is undefined.
func (r *recycler) Allocate(size int) []byte {
	if size < recycledFrom {
		return make([]byte, size)
	}
	class := bits.Len(uint(size - 1))
	r.mu.Lock()
	if l := r.free[class]; len(l) > 0 {
		b := l[len(l)-1]
		r.free[class] = l[:len(l)-1]
		r.mu.Unlock()
		return b[:size]
	}
	r.mu.Unlock()
	return make([]byte, size, 1<<class)
}

// Reallocate gives size bytes that begin as b does; b is gone.
func (r *recycler) Reallocate(size int, b []byte) []byte {
	if size <= cap(b) && size >= cap(b)/2 {
		return b[:size]
	}
	n := r.Allocate(size)
	copy(n, b)
	r.Free(b)
	return n
}

// Free takes back what Allocate gave.
func (r *recycler) Free(b []byte) {
	c := cap(b)
	if c < recycledFrom || c&(c-1) != 0 {
		return
	}
	class := bits.Len(uint(c - 1))
	r.mu.Lock()
	if len(r.free[class]) < recycledMost {
		r.free[class] = append(r.free[class], b[:0])
	}
	r.mu.Unlock()
}
