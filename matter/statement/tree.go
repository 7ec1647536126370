package statement

import (
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/emmansun/gmsm/sm3"

	"shuniu/fault"
	"shuniu/matter"
)

// A Leaf is the newest event of a matter.
type Leaf struct {
	Matter matter.ID `json:"matter"`
	Seq    int64     `json:"seq"`
	Hash   string    `json:"hash"`
}

// The tree is that of RFC 6962, section 2.1, with SM3: leaves and nodes begin
// with another byte, so that none passes for the other.
const (
	leafByte = 0
	nodeByte = 1
)

func (l Leaf) sum() []byte {
	b := []byte{leafByte}
	for _, s := range []string{string(l.Matter), l.Hash} {
		b = binary.BigEndian.AppendUint64(b, uint64(len(s)))
		b = append(b, s...)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(l.Seq))
	h := sm3.Sum(b)
	return h[:]
}

func node(l, r []byte) []byte {
	b := append([]byte{nodeByte}, l...)
	h := sm3.Sum(append(b, r...))
	return h[:]
}

// split is the greatest power of two below n.
func split(n int) int {
	k := 1
	for k*2 < n {
		k *= 2
	}
	return k
}

// root returns the root over hashes of leaves.
func root(leaves [][]byte) []byte {
	switch len(leaves) {
	case 0:
		h := sm3.Sum(nil)
		return h[:]
	case 1:
		return leaves[0]
	}
	k := split(len(leaves))
	return node(root(leaves[:k]), root(leaves[k:]))
}

// path returns what leads from leaf i to the root, the lowest first.
func path(leaves [][]byte, i int) [][]byte {
	if len(leaves) <= 1 {
		return nil
	}
	k := split(len(leaves))
	if i < k {
		return append(path(leaves[:k], i), root(leaves[k:]))
	}
	return append(path(leaves[k:], i-k), root(leaves[:k]))
}

// climb returns the root that leaf i of n has by a path.
func climb(leaf []byte, i, n int, path [][]byte) ([]byte, error) {
	if i < 0 || i >= n {
		return nil, fmt.Errorf("leaf %d of %d: %w", i, n, fault.Invalid)
	}
	if n == 1 {
		if len(path) != 0 {
			return nil, fmt.Errorf("a path too long: %w", fault.Invalid)
		}
		return leaf, nil
	}
	if len(path) == 0 {
		return nil, fmt.Errorf("a path too short: %w", fault.Invalid)
	}
	k, last := split(n), path[len(path)-1]
	if i < k {
		h, err := climb(leaf, i, k, path[:len(path)-1])
		if err != nil {
			return nil, err
		}
		return node(h, last), nil
	}
	h, err := climb(leaf, i-k, n-k, path[:len(path)-1])
	if err != nil {
		return nil, err
	}
	return node(last, h), nil
}

func equal(hash []byte, want string) bool {
	return subtle.ConstantTimeCompare([]byte(hex.EncodeToString(hash)), []byte(want)) == 1
}
